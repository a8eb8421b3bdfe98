//! What is owed when facts of the past turn out to have been others: each month decided again by the law of that month.

use maru_kernel::Date;
use maru_rules::{Answer, Facts, Parameters, RuleSet};
use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::{Pack, Pays};

/// No period is longer: a claim from further back has lapsed long before.
const MONTHS: usize = 600;

/// What was held to be so, from when on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History(Vec<(Date, Facts)>);

/// What somebody was entitled to at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entitled {
    pub answer: Answer,
    /// Whole won, nothing for a *no*; `None` is not known, and never nothing.
    pub won: Option<i64>,
    /// The facts whose absence leaves it unknown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// One payment: as it was held to be right, and as it is now known to have been.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Term {
    /// The day by whose law it is decided: the first of its month, or the day on which it began.
    pub on: String,
    pub before: Entitled,
    pub now: Entitled,
    /// What is still to be paid; below nothing, what is to be paid back.
    pub difference: Option<i64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Owed {
    pub terms: Vec<Term>,
    /// Of all terms together; not known when one of them isn't.
    pub total: Option<i64>,
    /// What has to be known first.
    pub missing: Vec<String>,
}

/// Why there is nothing to work out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTerms {
    /// The service pays nothing.
    Unpaid,
    /// The last month is before the first.
    Backwards,
    /// More than fifty years.
    TooLong,
}

impl History {
    /// The same facts throughout.
    pub fn always(facts: Facts) -> History {
        History(vec![(Date::ZERO, facts)])
    }

    pub fn of(mut dated: Vec<(Date, Facts)>) -> History {
        dated.sort_by_key(|(from, _)| *from);
        History(dated)
    }

    /// What holds on a day; before the first of all, nothing is known.
    pub fn at(&self, on: Date) -> Option<&Facts> {
        self.0.iter().rev().find(|(from, _)| *from <= on).map(|(_, facts)| facts)
    }

    /// What somebody says of each day, for whoever works it out day by day.
    pub fn on(days: impl IntoIterator<Item = Date>, facts: impl Fn(Date) -> Facts) -> History {
        History::of(days.into_iter().map(|day| (day, facts(day))).collect())
    }

    /// Reads one set of facts, or `[{"from": "2025-01", "facts": {…}}, …]`; names and values are those of the pack.
    pub fn read(pack: &Pack, json: &Json) -> Result<History, String> {
        let Json::Array(entries) = json else { return Ok(History::always(facts(pack, json)?)) };
        let mut dated: Vec<(Date, Facts)> = Vec::new();
        for (place, entry) in (1..).zip(entries) {
            let from = entry.get("from").and_then(Json::as_str).unwrap_or_default();
            let from = month(from)
                .or_else(|| from.parse().ok())
                .ok_or_else(|| format!("entry {place}: `from` is no month: write it as 2025-01"))?;
            if dated.iter().any(|(taken, _)| *taken == from) {
                return Err(format!("entry {place}: two entries begin on {from}: join them"));
            }
            let held = entry.get("facts").ok_or_else(|| format!("entry {place}: `facts` is missing"))?;
            dated.push((from, facts(pack, held).map_err(|why| format!("entry {place}: {why}"))?));
        }
        Ok(History::of(dated))
    }
}

/// `2025-01` as its first day.
pub fn month(text: &str) -> Option<Date> {
    (text.len() == 7).then(|| format!("{text}-01").parse().ok()).flatten()
}

fn facts(pack: &Pack, json: &Json) -> Result<Facts, String> {
    let fields = json.as_object().ok_or("facts are a JSON object, {\"나이\": 67}")?;
    let mut facts = Facts::new();
    for (name, value) in fields {
        let fact = pack.fact(name).ok_or_else(|| format!("{name} is no fact: see facts.toml of the pack"))?;
        let value =
            fact.read(value, &pack.regions).map_err(|key| format!("{name} can't be {value} ({key})"))?;
        facts.insert(name, value);
    }
    Ok(facts)
}

/// The days on which is decided what is paid: the first that is given, then the first of every month, or year by year; or once.
pub fn terms(pays: Pays, from: Date, to: Date) -> Result<Vec<Date>, NoTerms> {
    if to.first_of_month() < from.first_of_month() {
        return Err(NoTerms::Backwards);
    }
    let step = match pays {
        Pays::Month => 1_i32,
        Pays::Year => 12,
        Pays::Once => return Ok(vec![from]),
        Pays::None => return Err(NoTerms::Unpaid),
    };
    let mut days = Vec::new();
    let mut next = Some(from);
    while let Some(day) = next.filter(|day| day.first_of_month() <= to.first_of_month()) {
        if days.len() == MONTHS {
            return Err(NoTerms::TooLong);
        }
        days.push(day);
        next = later(day, step);
    }
    Ok(days)
}

fn later(day: Date, months: i32) -> Option<Date> {
    let count = i32::from(day.year()) * 12 + i32::from(day.month()) - 1 + months;
    Date::new(i16::try_from(count.div_euclid(12)).ok()?, i8::try_from(count.rem_euclid(12) + 1).ok()?, 1).ok()
}

fn entitled(rules: &RuleSet, parameters: &Parameters, held: &History, on: Date) -> Entitled {
    let nothing = Facts::new();
    let decision = rules.decide(held.at(on).unwrap_or(&nothing), parameters, on);
    let won = match decision.answer {
        Answer::Yes => decision.amount,
        Answer::No => Some(0),
        Answer::Unknown => None,
    };
    Entitled {
        answer: decision.answer,
        won,
        missing: if won.is_none() { decision.missing } else { Vec::new() },
    }
}

/// Decides every payment from one month to another twice: by what was held to be so, and by what is now known.
pub fn owed(
    (rules, parameters, pays): (&RuleSet, &Parameters, Pays),
    (from, to): (Date, Date),
    before: &History,
    now: &History,
) -> Result<Owed, NoTerms> {
    let mut owed = Owed::default();
    let mut total = Some(0_i64);
    for on in terms(pays, from, to)? {
        let (before, now) = (entitled(rules, parameters, before, on), entitled(rules, parameters, now, on));
        let difference = now.won.zip(before.won).and_then(|(now, before)| now.checked_sub(before));
        total = total.zip(difference).and_then(|(total, difference)| total.checked_add(difference));
        for name in before.missing.iter().chain(&now.missing) {
            if !owed.missing.contains(name) {
                owed.missing.push(name.clone());
            }
        }
        owed.terms.push(Term { on: on.to_string(), before, now, difference });
    }
    owed.total = total;
    Ok(owed)
}

impl Owed {
    pub fn to_json(&self) -> Json {
        json!({ "terms": self.terms, "total": self.total, "missing": self.missing })
    }
}

#[cfg(test)]
mod tests {
    // Tests say what they expect by unwrapping it.
    #![allow(clippy::unwrap_used, clippy::panic)]

    use maru_rules::Value;
    use proptest::prelude::*;

    use super::*;

    const RULES: &str = r#"
[[condition]]
id = "income"
article = "법"
from = "2024-01-01"
when = '소득 <= 매개.기준'
[[condition]]
id = "home"
article = "법"
from = "2025-07-01"
when = '거주'
[[amount]]
article = "법"
from = "2024-01-01"
until = "2025-03-31"
value = 'floor((매개.기준 - 소득) / 2)'
[[amount]]
article = "법"
from = "2025-04-01"
value = '매개.기준 - 소득'
"#;

    fn law() -> (RuleSet, Parameters) {
        let parameters = r#"
[[parameter]]
name = "기준"
article = "법"
[[parameter.value]]
from = "2024-01-01"
value = 100
[[parameter.value]]
from = "2025-01-01"
value = 200
"#;
        (RuleSet::parse(RULES).unwrap(), Parameters::parse(parameters).unwrap())
    }

    fn day(text: &str) -> Date {
        month(text).unwrap()
    }

    fn held(income: Option<i64>, home: Option<bool>) -> Facts {
        let mut facts = Facts::new();
        income.into_iter().for_each(|income| facts.insert("소득", Value::from(income)));
        home.into_iter().for_each(|home| facts.insert("거주", Value::Bool(home)));
        facts
    }

    #[test]
    fn each_month_goes_by_its_own_law() {
        let (rules, parameters) = law();
        let law = (&rules, &parameters, Pays::Month);
        let before = History::always(held(Some(100), Some(true)));
        let now = History::always(held(Some(51), Some(true)));
        let owed = super::owed(law, (day("2024-11"), day("2025-04")), &before, &now).unwrap();
        let told: Vec<_> =
            owed.terms.iter().map(|t| (t.on.as_str(), t.before.won, t.now.won, t.difference)).collect();
        assert_eq!(
            told,
            [
                ("2024-11-01", Some(0), Some(24), Some(24)),
                ("2024-12-01", Some(0), Some(24), Some(24)),
                ("2025-01-01", Some(50), Some(74), Some(24)),
                ("2025-02-01", Some(50), Some(74), Some(24)),
                ("2025-03-01", Some(50), Some(74), Some(24)),
                ("2025-04-01", Some(100), Some(149), Some(49)),
            ]
        );
        assert_eq!((owed.total, owed.missing), (Some(169), vec![]));
        // too much was paid: it is to be paid back
        let owed = super::owed(law, (day("2025-01"), day("2025-01")), &now, &before).unwrap();
        assert_eq!(owed.total, Some(-24));
    }

    #[test]
    fn what_is_not_known_is_never_nothing() {
        let (rules, parameters) = law();
        let law = (&rules, &parameters, Pays::Month);
        let known = History::always(held(Some(100), Some(true)));
        let half = History::of(vec![(day("2025-01"), held(Some(50), None))]);
        let owed = super::owed(law, (day("2025-06"), day("2025-07")), &known, &half).unwrap();
        let [june, july] = &owed.terms[..] else { panic!("{owed:?}") };
        assert_eq!((june.difference, july.difference), (Some(50), None));
        assert_eq!((july.now.answer, july.now.won), (Answer::Unknown, None));
        assert_eq!((owed.total, owed.missing), (None, vec!["거주".to_owned()]));
        // before anything was known
        let early = super::owed(law, (day("2024-12"), day("2024-12")), &known, &half).unwrap();
        assert_eq!((early.total, early.missing), (None, vec!["소득".to_owned()]));
        // a figure that the law has not yet is no zero either
        let none = super::owed(law, (day("2023-12"), day("2023-12")), &known, &known).unwrap();
        assert_eq!(none.total, None);
    }

    #[test]
    fn terms_are_those_in_which_it_is_paid() {
        let months = |pays, from, to| terms(pays, day(from), day(to)).map(|days| days.len());
        assert_eq!(months(Pays::Month, "2024-11", "2025-02"), Ok(4));
        assert_eq!(months(Pays::Year, "2024-03", "2026-02"), Ok(2));
        assert_eq!(months(Pays::Once, "2024-03", "2026-02"), Ok(1));
        assert_eq!(months(Pays::None, "2024-03", "2026-02"), Err(NoTerms::Unpaid));
        assert_eq!(months(Pays::Month, "2025-03", "2025-02"), Err(NoTerms::Backwards));
        assert_eq!(months(Pays::Month, "1900-01", "2025-02"), Err(NoTerms::TooLong));
        let days = terms(Pays::Month, "2025-01-20".parse().unwrap(), day("2025-02")).unwrap();
        assert_eq!(days, ["2025-01-20".parse().unwrap(), day("2025-02")]);
        assert_eq!(terms(Pays::Month, "2025-01-20".parse().unwrap(), day("2025-01")).unwrap().len(), 1);
        assert_eq!(month("2025-13"), None);
        assert_eq!(month("2025-1"), None);
    }

    fn history() -> impl Strategy<Value = History> {
        let facts = (prop::option::weighted(0.9, 0..300_i64), prop::option::weighted(0.9, any::<bool>()));
        prop::collection::vec((0..24_i32, facts), 0..4).prop_map(|all| {
            let first = day("2024-01");
            History::of(
                all.into_iter()
                    .map(|(at, (income, home))| (later(first, at).unwrap(), held(income, home)))
                    .collect(),
            )
        })
    }

    proptest! {
        #[test]
        fn owed_adds_up(before in history(), now in history(), from in 0..24_i32, long in 0..24_i32) {
            let (rules, parameters) = law();
            let first = later(day("2024-01"), from).unwrap();
            let span = (first, later(first, long).unwrap());
            let law = (&rules, &parameters, Pays::Month);
            let owed = |one, other| super::owed(law, span, one, other).unwrap();
            let there = owed(&before, &now);
            prop_assert_eq!(there.terms.len(), usize::try_from(long).unwrap() + 1);
            // the sum of the months is the total, and it is known exactly when every month is
            let sum: Option<i64> = there.terms.iter().map(|term| term.difference).sum();
            prop_assert_eq!(there.total, sum);
            prop_assert_eq!(there.total.is_none(), there.terms.iter().any(|t| t.before.won.is_none() || t.now.won.is_none()));
            prop_assert_eq!(there.total.is_none(), !there.missing.is_empty());
            // the other way round, the other sign
            prop_assert_eq!(owed(&now, &before).total, there.total.map(|total| -total));
            // nothing corrected, nothing owed
            let same = owed(&now, &now);
            prop_assert!(same.terms.iter().all(|term| term.difference.is_none_or(|won| won == 0)));
            // each month is what deciding it says
            for term in &there.terms {
                let on: Date = term.on.parse().unwrap();
                let facts = now.at(on).cloned().unwrap_or_default();
                let decision = rules.decide(&facts, &parameters, on);
                let won = if decision.answer == Answer::No { Some(0) } else { decision.amount };
                prop_assert_eq!(term.now.won, won);
            }
        }
    }
}
