//! What a look makes of a service, what a change of the law concerns, and when time alone may change an answer. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{ToSpan, civil::date};
use maru_definition::{Pack, Service, ahead::days_until};
use maru_kernel::Date;
use maru_rules::{Answer, Decision, Facts};
use maru_web::ports::{Held, Sourced};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// How a service stands for a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    Yes,
    /// Not yet known, and nothing is open but what the service's own form asks.
    Ready,
    /// Not yet known.
    Open,
    No,
}

impl Standing {
    const ALL: [Standing; 4] = [Standing::Yes, Standing::Ready, Standing::Open, Standing::No];

    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Yes => "yes",
            Standing::Ready => "ready",
            Standing::Open => "open",
            Standing::No => "no",
        }
    }
    pub fn parse(text: &str) -> Standing {
        Standing::ALL.into_iter().find(|known| known.as_str() == text).unwrap_or(Standing::Open)
    }
    pub fn of(service: &Service, decision: &Decision) -> Standing {
        let asked = |name: &String| service.form.fields().any(|field| field.fact == *name);
        match decision.answer {
            Answer::Yes => Standing::Yes,
            Answer::No => Standing::No,
            Answer::Unknown if !decision.missing.is_empty() && decision.missing.iter().all(asked) => {
                Standing::Ready
            }
            Answer::Unknown => Standing::Open,
        }
    }
    /// Worth filing for.
    pub fn is_possible(self) -> bool {
        matches!(self, Standing::Yes | Standing::Ready)
    }
}

/// A service as it stood for a member at a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stood {
    pub standing: Standing,
    /// The condition that said no; empty where none did.
    pub stop: String,
    /// Known to them: told, shown when they joined, or theirs already.
    pub told: bool,
}

/// Why a possible service is not told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silent {
    No,
    /// They have it, or see it where they are.
    Known,
    /// They said that it is not for them; should they want it again, it is told of.
    Declined,
}

/// What a look makes of a service, and whether it is news.
pub fn step(old: Option<&Stood>, standing: Standing, decision: &Decision, silent: Silent) -> (Stood, bool) {
    let stop =
        decision.reasons.iter().find(|reason| reason.answer == Answer::No).map(|reason| reason.id.clone());
    // An entitlement that ended may come again; what is merely not known has not ended.
    let told = old.is_some_and(|old| old.told) && standing != Standing::No;
    let news = standing.is_possible() && !told && silent == Silent::No;
    let known = standing.is_possible() && silent == Silent::Known;
    let stop = stop.filter(|_| standing == Standing::No).unwrap_or_default();
    (Stood { standing, stop, told: told || news || known }, news)
}

/// What each service's conditions stand on: a hash by service and condition.
pub type Grounds = BTreeMap<String, BTreeMap<String, String>>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Law {
    pub hash: String,
    pub grounds: Grounds,
}

impl Law {
    pub fn of(pack: &Pack, on: Date) -> Law {
        let grounds: Grounds = pack
            .watched()
            .map(|service| (service.id.clone(), service.grounds(&pack.parameters, on)))
            .collect();
        Law { hash: maru_definition::sha256(&[&serde_json::json!(grounds).to_string()]), grounds }
    }
}

/// A change of the law that is brought to those whom it may concern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub law: i64,
    pub service: String,
    /// Members whom this condition said no to; empty: those whom none did.
    pub stop: String,
}

impl Change {
    /// A service that nobody was answered for yet.
    pub const EVERYBODY: &'static str = "*";
}

/// Whom a change of the law may concern. Somebody to whom a condition says no that did not change is still told no: they are left alone.
pub fn changes(law: i64, old: &Grounds, new: &Grounds) -> Vec<Change> {
    let mut found = Vec::new();
    for (service, conditions) in new {
        let of = |stop: &str| Change { law, service: service.clone(), stop: stop.to_owned() };
        let Some(before) = old.get(service) else {
            found.push(of(Change::EVERYBODY));
            continue;
        };
        let ids: BTreeSet<&String> = before.keys().chain(conditions.keys()).collect();
        let changed: Vec<&String> =
            ids.into_iter().filter(|id| before.get(*id) != conditions.get(*id)).collect();
        if !changed.is_empty() {
            found.push(of(""));
            found.extend(changed.into_iter().map(|id| of(id)));
        }
    }
    found
}

/// The first day after today on which time alone changes an answer, as far as a year ahead. Answers are worked out for the days on which
/// ages and months turn, and between two that differ for the day itself.
pub fn next_look(pack: &Pack, held: &[Held], today: Date) -> Date {
    let answers = |on: Date| -> Vec<Answer> {
        let facts = Sourced::of(pack, held, on).facts;
        pack.watched().map(|service| service.rules.answer(&facts, &pack.parameters, on)).collect()
    };
    let after = |day: Date, days: i64| day.checked_add(days.days()).unwrap_or(day);
    let end = today.checked_add(1.year()).unwrap_or(today);
    let mut days: BTreeSet<Date> = BTreeSet::from([end]);
    for month in 1..=12_i32 {
        days.extend(today.first_of_month().checked_add(month.months()).ok());
    }
    for row in held.iter().filter_map(|held| held.row.as_ref()) {
        for found in Pack::dates_in(row) {
            days.extend([found, after(found, 1)]);
            for year in [today.year(), end.year()] {
                // Who is born on the last of February has a birthday in every year.
                let last = date(year, found.month(), 1).days_in_month();
                days.insert(date(year, found.month(), found.day().min(last)));
                if found.day() > last {
                    days.insert(after(date(year, found.month(), last), 1));
                }
            }
        }
    }
    let now = answers(today);
    let mut before = today;
    for day in days.into_iter().filter(|day| *day > today && *day <= end) {
        if answers(day) == now {
            before = day;
            continue;
        }
        let (mut same, mut other) = (before, day);
        loop {
            let between = days_until(same, other);
            if between <= 1 {
                return other;
            }
            let middle = after(same, between / 2);
            if answers(middle) == now { same = middle } else { other = middle }
        }
    }
    end
}

/// A notice as it is kept: what was told, on which facts, under which version of which service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    pub on: Date,
    pub items: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub service: String,
    /// Of the service's files.
    pub version: String,
    pub standing: Standing,
    pub decision: Decision,
    /// The facts that its rules may look at, as they were known.
    pub facts: Json,
}

impl Item {
    pub fn of(service: &Service, standing: Standing, decision: &Decision, facts: &Facts) -> Item {
        let mut own = Facts::new();
        for name in service.rules.names() {
            if let Some(value) = facts.get(&name) {
                own.insert(&name, value.clone());
            }
        }
        Item {
            service: service.id.clone(),
            version: service.hash.clone(),
            standing,
            decision: decision.clone(),
            facts: own.to_json(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(answer: Answer) -> Decision {
        Decision {
            answer,
            amount: None,
            version: None,
            reasons: Vec::new(),
            lines: Vec::new(),
            missing: Vec::new(),
        }
    }

    #[test]
    fn a_service_is_told_of_once_until_it_has_ended() {
        let mut old: Option<Stood> = None;
        let mut heard = Vec::new();
        for standing in [
            Standing::No,
            Standing::Ready,
            Standing::Yes,
            Standing::Open,
            Standing::Yes,
            Standing::No,
            Standing::Yes,
        ] {
            let answer = match standing {
                Standing::Yes => Answer::Yes,
                Standing::No => Answer::No,
                Standing::Ready | Standing::Open => Answer::Unknown,
            };
            let (new, news) = step(old.as_ref(), standing, &decision(answer), Silent::No);
            heard.push(news);
            old = Some(new);
        }
        assert_eq!(heard, [false, true, false, false, false, false, true]);
    }

    #[test]
    fn what_is_theirs_or_not_wanted_is_silent() {
        let yes = decision(Answer::Yes);
        let (held, news) = step(None, Standing::Yes, &yes, Silent::Known);
        assert!(!news && held.told);
        let (declined, news) = step(None, Standing::Yes, &yes, Silent::Declined);
        assert!(!news && !declined.told);
        assert!(step(Some(&declined), Standing::Yes, &yes, Silent::No).1, "wanted again, it is told of");
    }

    #[test]
    fn a_change_concerns_those_whom_it_may_change() {
        let grounds = |of: &[(&str, &[(&str, &str)])]| -> Grounds {
            let conditions = |all: &[(&str, &str)]| {
                all.iter().map(|(id, text)| ((*id).to_owned(), (*text).to_owned())).collect()
            };
            of.iter().map(|(service, all)| ((*service).to_owned(), conditions(all))).collect()
        };
        let old = grounds(&[("pension", &[("age", "65"), ("income", "100")]), ("gone", &[("age", "1")])]);
        assert_eq!(changes(2, &old, &old), []);
        let new = grounds(&[("pension", &[("age", "65"), ("income", "120")]), ("new", &[("age", "1")])]);
        let told: Vec<(String, String)> =
            changes(2, &old, &new).into_iter().map(|change| (change.service, change.stop)).collect();
        let is = |service: &str, stop: &str| (service.to_owned(), stop.to_owned());
        assert_eq!(
            told,
            [is("new", "*"), is("pension", ""), is("pension", "income")],
            "whoever is too young is left alone"
        );
    }

    #[test]
    fn the_next_look_is_the_day_on_which_somebody_turns_65() {
        let pack = Pack::embedded().unwrap();
        let row = |json: Json| json.as_object().cloned();
        let held = |birth: &str| {
            let registration =
                serde_json::json!({ "생년월일": birth, "거주지": "경기도 수원시 팔달구", "세대원수": 1 });
            let survey = serde_json::json!({
                "배우자있음": false, "본인근로소득": 0, "배우자근로소득": 0, "기타소득": 0, "이자소득": 0, "일반재산": 0,
                "금융재산": 0, "부채": 0, "고급재산": 0, "직역연금": false, "전액대상": true, "배우자기초연금수급": false,
            });
            [("resident-registration", registration), ("pension-survey", survey)]
                .map(|(register, json)| Held { register: register.into(), row: row(json), as_of: None })
        };
        let today = date(2026, 10, 7);
        assert_eq!(next_look(&pack, &held("1961-11-19"), today), date(2026, 11, 19));
        let far = next_look(&pack, &held("1961-10-07"), today);
        assert!(far > date(2026, 11, 19), "who turned 65 today is not looked at on account of it: {far}");
    }
}
