//! A service's own cases: facts in, decision out.

use std::collections::{BTreeMap, BTreeSet};

use maru_kernel::Date;
use maru_rules::{Answer, Facts};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::{Check, quoted};
use crate::{Fault, Service, fault::line_at};

/// How one of a service's own cases went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RanCase {
    pub name: String,
    pub on: String,
    pub expected: (Answer, Option<i64>),
    /// Nothing when it could not be decided at all.
    pub decided: Option<(Answer, Option<i64>)>,
    /// What is not as expected, with what to do.
    pub wrong: Vec<Wrong>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: toml::Spanned<String>,
    on: String,
    answer: Answer,
    amount: Option<i64>,
    missing: Option<Vec<String>>,
    #[serde(default)]
    conditions: BTreeMap<String, Answer>,
    #[serde(default)]
    facts: Map<String, Json>,
}

/// What, and what to do.
type Wrong = (String, &'static str);

impl Check<'_> {
    pub(super) fn run_cases(&mut self, service: &Service) {
        let file = service.file("cases.toml");
        if service.asks_nothing() && self.pack.files.get(&file).is_none() {
            return;
        }
        let Some(written) = self.pack.files.toml::<Written>(&file, &mut self.faults) else { return };
        if written.case.is_empty() {
            self.faults.push(Fault::new(
                &file,
                0,
                "there is no case",
                "write some: a yes, a no and an unknown at least",
            ));
        }
        let text = self.pack.files.get(&file).unwrap_or_default();
        for case in written.case {
            let line = line_at(text, case.name.span().start);
            let (decided, wrong) = self.run_case(service, &case);
            self.cases.push(RanCase {
                name: case.name.get_ref().clone(),
                on: case.on.clone(),
                expected: (case.answer, case.amount),
                decided,
                wrong: wrong.clone(),
            });
            for (what, todo) in wrong {
                let what = format!("case {}: {what}", quoted(case.name.get_ref()));
                self.faults.push(Fault::new(&file, line, what, todo));
            }
        }
    }

    fn run_case(&self, service: &Service, case: &Case) -> (Option<(Answer, Option<i64>)>, Vec<Wrong>) {
        const RULES: &str = "correct the case, or the rules";
        let mut wrong = Vec::new();
        let Ok(on) = case.on.parse::<Date>() else {
            return (None, vec![(format!("{} is no day", case.on), "write it as 2026-10-07")]);
        };
        for name in case.facts.keys().filter(|name| self.pack.fact(name).is_none()) {
            wrong.push((format!("{name} is no fact"), "add it to facts.toml, or correct the name"));
        }
        let mut facts = Facts::new();
        for (name, json) in &case.facts {
            let read = match self.pack.fact(name) {
                Some(fact) => fact.read(json, &self.pack.regions),
                None => continue,
            };
            match read {
                Ok(value) => facts.insert(name, value),
                Err(key) => wrong
                    .push((format!("{name} can't be {json} ({key})"), "write a value of the fact's kind")),
            }
        }
        let (decision, faults) = service.rules.check(&facts, &self.pack.parameters, on);
        // A case may be there to show that something is not known yet, such as a figure not yet announced; a type that does not fit
        // comes out in the other cases.
        let meant = case.answer == Answer::Unknown && decision.answer == Answer::Unknown;
        for fault in faults.into_iter().filter(|_| !meant) {
            let (file, line) = service.rules_text.place(fault.line);
            wrong.push((format!("{file} line {line}: {}", fault.message), "correct the rule"));
        }
        if decision.answer != case.answer {
            wrong.push((format!("expected {}, decided {}", case.answer, decision.answer), RULES));
        }
        if decision.amount != case.amount {
            let shown = |amount: Option<i64>| amount.map_or("no amount".into(), |n| format!("{n} won"));
            wrong.push((
                format!("expected {}, computed {}", shown(case.amount), shown(decision.amount)),
                RULES,
            ));
        }
        if let Some(missing) = &case.missing {
            let (expected, found): (BTreeSet<&String>, BTreeSet<&String>) =
                (missing.iter().collect(), decision.missing.iter().collect());
            if expected != found {
                wrong.push((format!("expected to miss {expected:?}, misses {found:?}"), RULES));
            }
        }
        for (id, expected) in &case.conditions {
            match decision.reasons.iter().find(|r| r.id == *id) {
                None => wrong.push((format!("there is no condition {id} on {on}"), RULES)),
                Some(reason) if reason.answer != *expected => {
                    wrong.push((
                        format!("condition {id}: expected {expected}, found {}", reason.answer),
                        RULES,
                    ));
                }
                Some(_) => {}
            }
        }
        (Some((decision.answer, decision.amount)), wrong)
    }
}
