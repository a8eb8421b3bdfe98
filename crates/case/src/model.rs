//! A case, its states, and what each verb needs. Pure.

use std::collections::BTreeMap;

use maru_kernel::{At, Date, Error, Result};
use maru_rules::{Facts, Value};
use maru_web::ports::{Source, Sourced};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Draft,
    Received,
    Assigned,
    Granted,
    Refused,
    Withdrawn,
}

impl State {
    pub const ALL: [State; 6] =
        [State::Draft, State::Received, State::Assigned, State::Granted, State::Refused, State::Withdrawn];

    pub fn as_str(self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::Received => "received",
            State::Assigned => "assigned",
            State::Granted => "granted",
            State::Refused => "refused",
            State::Withdrawn => "withdrawn",
        }
    }

    pub fn parse(text: &str) -> Result<State> {
        State::ALL
            .into_iter()
            .find(|s| s.as_str() == text)
            .ok_or_else(|| Error::internal(format!("a case in state {text}")))
    }

    pub fn is_open(self) -> bool {
        matches!(self, State::Draft | State::Received | State::Assigned)
    }
    pub fn is_decided(self) -> bool {
        matches!(self, State::Granted | State::Refused)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Answer,
    Submit,
    Assign,
    Release,
    Grant,
    Refuse,
    Withdraw,
}

/// The state a verb leads to, or why it can't be done now.
pub fn step(from: State, verb: Verb) -> Result<State> {
    use {State::*, Verb::*};
    match (from, verb) {
        (Draft, Answer) => Ok(Draft),
        (Draft, Submit) => Ok(Received),
        (Received | Assigned, Assign) => Ok(Assigned),
        (Received | Assigned, Release) => Ok(Received),
        (Assigned, Grant) => Ok(Granted),
        (Assigned, Refuse) => Ok(Refused),
        (Draft | Received | Assigned, Withdraw) => Ok(Withdrawn),
        (Received, Grant | Refuse) => Err(Error::Conflict("case-not-assigned".into())),
        (Granted | Refused, _) => Err(Error::Conflict("case-already-decided".into())),
        (Withdrawn, _) => Err(Error::Conflict("case-already-withdrawn".into())),
        (Received | Assigned, _) => Err(Error::Conflict("case-already-submitted".into())),
        (Draft, _) => Err(Error::Conflict("case-not-submitted".into())),
    }
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
    pub rules_version: Option<String>,
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
    fn verbs_lead_where_the_diagram_says() {
        use {State::*, Verb::*};
        let verbs = [Answer, Submit, Assign, Release, Grant, Refuse, Withdraw];
        let allowed = [
            (Draft, Answer, Draft),
            (Draft, Submit, Received),
            (Draft, Withdraw, Withdrawn),
            (Received, Assign, Assigned),
            (Received, Withdraw, Withdrawn),
            (Assigned, Assign, Assigned),
            (Received, Release, Received),
            (Assigned, Release, Received),
            (Assigned, Grant, Granted),
            (Assigned, Refuse, Refused),
            (Assigned, Withdraw, Withdrawn),
        ];
        for from in State::ALL {
            for verb in verbs {
                let to = allowed.iter().find(|(f, v, _)| *f == from && *v == verb).map(|(_, _, to)| *to);
                assert_eq!(step(from, verb).ok(), to, "{from:?} {verb:?}");
            }
        }
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
