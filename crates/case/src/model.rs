//! A case, its states, and what each verb needs. Pure.

use std::collections::{BTreeMap, BTreeSet};

use maru_definition::{Calendar, Chart, ChartRegion, ChartVerb, DRAFT, Position, Service};
use maru_kernel::{At, Date, Error, Lang, Problem, Result};
use maru_rules::{Facts, Value};
use maru_web::ports::{Person, Source, Sourced, Unit};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::{
    actions::Decided,
    clock::{Clock, Counting, Period},
    owed::{Mark, Told},
};

/// Where a case stands: a state of its chart. Those that end it have fixed names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State(String);

impl State {
    pub fn draft() -> State {
        State(DRAFT.into())
    }
    pub fn of(id: &str) -> State {
        State(id.into())
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
    pub fn is_draft(&self) -> bool {
        self.0 == DRAFT
    }
    pub fn is_withdrawn(&self) -> bool {
        self.0 == "withdrawn"
    }
    /// Nothing has ended it.
    pub fn is_open(&self) -> bool {
        !Chart::is_ending(&self.0)
    }
    pub fn is_decided(&self) -> bool {
        !self.is_open() && !self.is_withdrawn()
    }
    /// Nothing more is done to a case that has ended.
    pub fn goes_on(&self) -> Result<()> {
        match self {
            state if state.is_withdrawn() => Err(Error::Conflict("case-already-withdrawn".into())),
            state if !state.is_open() => Err(Error::Conflict("case-already-decided".into())),
            _ => Ok(()),
        }
    }
}

/// The state a verb leads to, or why it can't be done now.
pub fn step(chart: &Chart, from: &State, verb: &str) -> Result<State> {
    if let Some(found) = chart.verb(from.as_str(), verb) {
        return Ok(found.to.as_deref().map_or_else(|| from.clone(), State::of));
    }
    from.goes_on()?;
    Err(Error::Conflict(
        match from {
            from if from.is_draft() => "case-not-submitted",
            _ if matches!(verb, "answer" | "submit") => "case-already-submitted",
            _ => "case-not-assigned",
        }
        .into(),
    ))
}

/// A piece of a case that somebody else does: the applicant supplies, a unit replies.
#[derive(Debug, Clone)]
pub struct Task {
    pub resident: String,
    pub case: String,
    pub id: String,
    /// A region of the chart.
    pub kind: String,
    pub state: String,
    pub version: i64,
    /// Who is asked; without one, the applicant.
    pub unit: Option<String>,
    pub asked: String,
    pub asked_by: String,
    pub asked_at: At,
    /// In how many days it was wanted; 0: it has no time of its own.
    pub days: u32,
    /// A yes or no of the applicant to more time: by how many days the case would be extended.
    pub more: Option<u32>,
    pub due_on: Option<Date>,
    /// How often more time was given.
    pub prolonged: u32,
    pub reply: Option<String>,
    pub replied_by: Option<String>,
    pub ended_at: Option<At>,
}

impl Task {
    pub fn is_open(&self) -> bool {
        self.ended_at.is_none()
    }
    pub fn clock(&self) -> Clock {
        let days = self.days.saturating_mul(self.prolonged.saturating_add(1));
        Clock { counting: Counting::Civil, ..Clock::new(self.asked_at, Period::days(days.max(1))) }
    }
}

/// How often a task's doer may ask for time: an applicant twice (시행령 제24조), a unit once (법 제20조).
pub fn may_prolong(task: &Task) -> bool {
    task.prolonged < if task.unit.is_some() { 1 } else { 2 }
}

/// How often a task of a kind was begun, or why none can be now.
pub fn may_begin(region: &ChartRegion, before: &[Task]) -> Result<u32> {
    let same = || before.iter().filter(|task| task.kind == region.id);
    if !region.many && same().any(Task::is_open) {
        return Err(Error::Conflict("task-already-open".into()));
    }
    let times = u32::try_from(same().filter(|task| task.state != "recalled").count()).unwrap_or(u32::MAX);
    if region.times.is_some_and(|most| times >= most) {
        return Err(Error::Conflict("task-asked-enough".into()));
    }
    Ok(times)
}

/// The days for a new task of a kind after those there were, or why there can't be one. None where the kind has no time.
pub fn days_for(region: &ChartRegion, before: &[Task], wanted: Option<u32>) -> Result<u32> {
    let times = may_begin(region, before)?;
    if region.most == 0 && wanted.is_none() {
        return Ok(0);
    }
    let most = if times == 0 { region.most } else { region.again.unwrap_or(region.most).min(region.most) };
    let days = wanted.unwrap_or_else(|| region.days.min(most));
    if days == 0 || days > most {
        let problem =
            Problem { field: "days".into(), key: "task-days".into(), value: Some(most.to_string()) };
        return Err(Error::Invalid(vec![problem]));
    }
    Ok(days)
}

/// Whether what a verb waits for has happened: tasks that must be closed, tasks that must have lapsed.
pub fn ready(chart: &Chart, verb: &ChartVerb, tasks: &[Task]) -> Result<()> {
    if tasks.iter().any(|task| task.is_open() && verb.closed.contains(&task.kind)) {
        return Err(Error::Conflict("case-tasks-open".into()));
    }
    if let Some(kind) = &verb.lapsed {
        let times = chart.region(kind).and_then(|region| region.times).unwrap_or(1);
        let counted: Vec<&Task> = tasks.iter().filter(|t| t.kind == *kind && t.state != "recalled").collect();
        let enough = counted.len() >= usize::try_from(times).unwrap_or(usize::MAX);
        if !enough || counted.last().is_none_or(|task| task.state != "lapsed") {
            return Err(Error::Conflict("case-not-lapsed".into()));
        }
    }
    Ok(())
}

/// One case as its row says.
#[derive(Debug, Clone)]
pub struct Case {
    pub resident: String,
    pub id: String,
    pub service: String,
    pub state: State,
    pub version: i64,
    pub created_at: At,
    /// The resident's own answers by fact name.
    pub answers: Map<String, Json>,
    /// The unit that the applicant chose, where one may choose.
    pub wanted: Option<String>,
    pub unit: Option<String>,
    pub officer: Option<String>,
    pub receipt: Option<String>,
    /// The name as work lists show it: `김○루`.
    pub shown_name: Option<String>,
    pub submitted_at: Option<At>,
    pub due_on: Option<Date>,
    pub file: Option<File>,
    pub decided_at: Option<At>,
    pub decision: Option<Json>,
    pub note: Option<String>,
    /// The articles that the answer or decision rests on, as the officer named them.
    pub basis: Option<String>,
    pub rules_version: Option<String>,
    pub clock: Option<Clock>,
    /// What was told of its time. Only the round that tells it writes it.
    pub told: Told,
}

/// What one case is to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// It waits for the other one to end.
    First,
    /// The same matter: it is decided with the other one.
    Same,
    /// A part of the other one, at another unit.
    Part,
    /// It objects to how the other one was decided.
    Objection,
    /// The other one examined anew, after an objection that was right.
    Anew,
    /// It was sent together with the other one, which went first.
    Together,
}

impl LinkKind {
    const ALL: [LinkKind; 6] = [
        LinkKind::First,
        LinkKind::Same,
        LinkKind::Part,
        LinkKind::Objection,
        LinkKind::Anew,
        LinkKind::Together,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            LinkKind::First => "first",
            LinkKind::Same => "same",
            LinkKind::Part => "part",
            LinkKind::Objection => "objection",
            LinkKind::Anew => "anew",
            LinkKind::Together => "together",
        }
    }
    pub fn parse(text: &str) -> Option<LinkKind> {
        LinkKind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
    /// The officer may take it back.
    pub fn can_end(self) -> bool {
        matches!(self, LinkKind::First | LinkKind::Same)
    }
}

/// A case and another one it has to do with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub resident: String,
    pub case: String,
    pub kind: LinkKind,
    pub other: String,
    pub at: At,
    pub ended: bool,
}

impl Case {
    /// It arrives at a unit, with the file that the unit decides on: from now on its time runs.
    pub fn arrives(
        &mut self,
        person: &Person,
        service: &Service,
        unit: &Unit,
        file: File,
        calendar: &Calendar,
        now: At,
    ) {
        self.file = Some(file);
        self.unit = Some(unit.id.clone());
        self.shown_name = Some(cover(person.name.get(Lang::Ko)));
        self.submitted_at = Some(now);
        let clock = Clock::new(now, Period::of(&service.period));
        self.due_on = clock.due_on(calendar, calendar.hours(Some(&service.owner)));
        self.clock = Some(clock);
        self.rules_version = Some(service.version.to_string());
    }

    /// What somebody begins to write.
    pub fn draft(person: &Person, service: &str, id: String, now: At) -> Case {
        Case {
            resident: person.id.clone(),
            id,
            service: service.to_owned(),
            state: State::draft(),
            version: 1,
            created_at: now,
            answers: Map::new(),
            wanted: None,
            unit: None,
            officer: None,
            receipt: None,
            shown_name: None,
            submitted_at: None,
            due_on: None,
            file: None,
            decided_at: None,
            decision: None,
            note: None,
            basis: None,
            rules_version: None,
            clock: None,
            told: Told::default(),
        }
    }

    /// An answer is no decision; whoever took it back has nothing to object to.
    pub fn may_be_objected(&self) -> bool {
        matches!(self.state.as_str(), "granted" | "refused" | "returned")
    }

    /// Whether its time is short or over, while nothing has ended it.
    pub fn mark(&self, today: Date) -> Option<&'static str> {
        let mark = Mark::of(self.due_on, &self.told, today).filter(|_| self.state.is_open());
        mark.map(Mark::name)
    }

    /// Until when its decision can be objected to, if the law says so.
    pub fn objection_until(&self, service: &Service) -> Option<Date> {
        let days = service.objection.as_ref()?.days;
        Some(self.decided_at?.plus_days(i64::from(days)).date())
    }

    /// The clock of a submitted case; one from before clocks were kept has the plain one of its service.
    pub fn clock(&self, service: &Service) -> Option<Clock> {
        let plain = || Some(Clock::new(self.submitted_at?, Period::of(&service.period)));
        self.clock.clone().or_else(plain)
    }
}

/// A decision that waits for its approval line, or that has had its answer.
#[derive(Debug, Clone)]
pub struct Proposal {
    pub case: String,
    pub document: String,
    pub how: Decided,
    pub note: String,
    pub basis: String,
    pub by: String,
    pub at: At,
    /// `approved`, `rejected`, `recalled`, `dropped`; none while it waits.
    pub outcome: Option<String>,
}

/// What everybody may see of a case that concerns a public place: nothing of the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub id: String,
    pub service: String,
    /// The code of the region that the place lies in.
    pub region: String,
    pub topic: String,
    pub place: String,
    pub position: Option<Position>,
    pub at: At,
    pub ended_at: Option<At>,
    /// How many others joined it.
    pub joined: i64,
}

/// Reports nearer than this may be of the same thing.
const NEAR_METRES: i64 = 300;
/// So many of them are shown.
const NEAR_SHOWN: usize = 5;

/// Those of a region's open reports that may be the same as one: near it where both know where they are, else with a word of the
/// place in common that is not the region's. The nearest and those of the same kind first.
pub fn near(mine: &Report, others: Vec<Report>) -> Vec<Report> {
    let words = |place: &str| -> BTreeSet<String> {
        let end = |w: &str| !["시", "도", "구", "군", "앞", "옆", "뒤"].iter().any(|end| w.ends_with(end));
        let letters = |w: &str| w.chars().any(char::is_alphabetic) && w.chars().count() > 1;
        place.split([' ', ',']).filter(|w| letters(w) && end(w)).map(str::to_owned).collect()
    };
    let own = words(&mine.place);
    let mut found: Vec<((bool, i64), Report)> = others
        .into_iter()
        .filter(|other| other.id != mine.id && other.ended_at.is_none())
        .filter_map(|other| {
            let far = match mine.position.zip(other.position) {
                Some((a, b)) => Some(a.metres(b)).filter(|metres| *metres <= NEAR_METRES)?,
                None if words(&other.place).intersection(&own).next().is_some() => NEAR_METRES,
                None => return None,
            };
            Some(((other.topic != mine.topic, far), other))
        })
        .collect();
    found.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| y.at.cmp(&x.at)));
    found.into_iter().take(NEAR_SHOWN).map(|(_, other)| other).collect()
}

/// What a case is decided on: facts, each with where it came from.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct File {
    pub facts: BTreeMap<String, Json>,
    pub sources: BTreeMap<String, Source>,
}

impl File {
    pub fn of(sourced: &Sourced) -> File {
        File {
            facts: sourced.facts.iter().map(|(name, value)| (name.to_owned(), value.to_json())).collect(),
            sources: sourced.sources.clone(),
        }
    }

    pub fn facts(&self) -> Facts {
        facts_of(self.facts.iter())
    }
}

/// Facts from kept JSON; what can't be read is unknown.
pub fn facts_of<'a>(pairs: impl Iterator<Item = (&'a String, &'a Json)>) -> Facts {
    let mut facts = Facts::default();
    for (name, json) in pairs {
        facts.insert(name.as_str(), Value::from_json(json).unwrap_or(Value::Unknown));
    }
    facts
}

/// `2611-4821-0937-5`: year and month, eight random digits, a check digit.
pub fn receipt(at: At, random: u32) -> String {
    let date = at.date();
    let digits = format!("{:02}{:02}{:08}", date.year().rem_euclid(100), date.month(), random % 100_000_000);
    let check = check_digit(&digits);
    format!("{}-{}-{}-{check}", &digits[..4], &digits[4..8], &digits[8..])
}

/// ISO 7064 MOD 11,10.
fn check_digit(digits: &str) -> u32 {
    let product = digits.chars().filter_map(|c| c.to_digit(10)).fold(10, |product, digit| {
        let sum = (product + digit) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10
}

/// Whether somebody typed a receipt number right; blanks and hyphens don't matter.
pub fn receipt_is_right(text: &str) -> bool {
    let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    match digits.split_at_checked(12) {
        Some((body, check)) if digits.len() == 13 && digits.bytes().all(|b| b.is_ascii_digit()) => {
            check_digit(body).to_string() == check
        }
        _ => false,
    }
}

/// A name for lists, where the whole name is not needed: the middle is covered.
pub fn cover(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    match chars.as_slice() {
        [] => String::new(),
        [only] => only.to_string(),
        [first, _] => format!("{first}○"),
        [first, middle @ .., last] => {
            let covered: String = middle.iter().map(|c| if *c == ' ' { ' ' } else { '○' }).collect();
            format!("{first}{covered}{last}")
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn verbs_lead_where_the_chart_says() {
        let pack = maru_definition::Pack::embedded().unwrap();
        let chart = pack.chart("application").unwrap();
        let allowed = [
            ("draft", "answer", "draft"),
            ("draft", "submit", "received"),
            ("draft", "withdraw", "withdrawn"),
            ("received", "assign", "assigned"),
            ("received", "withdraw", "withdrawn"),
            ("assigned", "assign", "assigned"),
            ("received", "release", "received"),
            ("assigned", "release", "received"),
            ("received", "transfer", "received"),
            ("assigned", "transfer", "received"),
            ("assigned", "ask", "assigned"),
            ("assigned", "consult", "assigned"),
            ("assigned", "extend", "assigned"),
            ("received", "note", "received"),
            ("assigned", "note", "assigned"),
            ("assigned", "wait", "assigned"),
            ("assigned", "unite", "assigned"),
            ("assigned", "split", "assigned"),
            ("assigned", "grant", "granted"),
            ("assigned", "refuse", "refused"),
            ("assigned", "return", "returned"),
            ("assigned", "withdraw", "withdrawn"),
        ];
        for from in &chart.states {
            for verb in &chart.verbs {
                let to =
                    allowed.iter().find(|(f, v, _)| *f == from.id && *v == verb.id).map(|(_, _, to)| *to);
                let got = step(chart, &State::of(&from.id), &verb.id).ok();
                assert_eq!(got.as_ref().map(State::as_str), to, "{} {}", from.id, verb.id);
            }
        }
    }

    #[test]
    fn reports_near_one_another_are_found() {
        let at = At::parse("2026-11-23T10:00:00+09:00").unwrap();
        let report = |id: &str, topic: &str, place: &str, position: Option<&str>| Report {
            id: id.into(),
            service: "street-report".into(),
            region: "41110".into(),
            topic: topic.into(),
            place: place.into(),
            position: position.and_then(Position::read),
            at,
            ended_at: None,
            joined: 0,
        };
        let mine = report("mine", "보도", "경기도 수원시 팔달구 누리로 12 앞", Some("37.26360,127.02860"));
        let ended = Report { ended_at: Some(at), ..report("ended", "보도", "누리로 12", None) };
        let others = vec![
            report("far", "보도", "경기도 수원시 팔달구 누리로 900", Some("37.28360,127.02860")),
            report("lamp", "가로등", "경기도 수원시 팔달구 공원길 1", Some("37.26365,127.02865")),
            report("same", "보도", "경기도 수원시 팔달구 공원길 3", Some("37.26400,127.02860")),
            report("road", "보도", "수원시 팔달구 누리로 14 옆", None),
            report("other", "보도", "경기도 수원시 팔달구 강변길 1 앞", None),
            ended,
            mine.clone(),
        ];
        let found: Vec<String> = near(&mine, others).into_iter().map(|report| report.id).collect();
        assert_eq!(found, ["same", "road", "lamp"]);
    }

    #[test]
    fn a_receipt_has_its_month_and_a_check_digit() {
        let at = At::parse("2026-11-23T10:00:00+09:00").unwrap();
        let number = receipt(at, 48_210_937);
        assert!(number.starts_with("2611-4821-0937-"), "{number}");
        assert!(receipt_is_right(&number));
        assert!(receipt_is_right(&number.replace('-', " ")));
        assert!(!receipt_is_right("2611-4821-0937"));
        // The standard's own example: 0794 has the check digit 5.
        assert_eq!(check_digit("0794"), 5);
    }

    #[test]
    fn names_are_covered() {
        assert_eq!(cover("김마루"), "김○루");
        assert_eq!(cover("윤슬"), "윤○");
        assert_eq!(cover("Kim Maru"), "K○○ ○○○u");
        assert_eq!(cover(""), "");
    }

    proptest! {
        #[test]
        fn one_wrong_digit_is_noticed(random in 0_u32..100_000_000, place in 0_usize..13, by in 1_u32..10) {
            let right = receipt(At::parse("2026-01-05T00:00:00Z").unwrap(), random).replace('-', "");
            let mut digits: Vec<u32> = right.chars().map(|c| c.to_digit(10).unwrap()).collect();
            digits[place] = (digits[place] + by) % 10;
            let wrong: String = digits.iter().map(|d| d.to_string()).collect();
            prop_assert!(receipt_is_right(&right));
            prop_assert!(!receipt_is_right(&wrong));
        }
    }
}
