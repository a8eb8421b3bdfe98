//! A service's own cases: facts in, decision out.

use std::collections::{BTreeMap, BTreeSet};

use maru_kernel::{Both, Date, Won, both};
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
    /// The last day of what is granted on that day.
    until: Option<String>,
    missing: Option<Vec<String>>,
    #[serde(default)]
    conditions: BTreeMap<String, Answer>,
    #[serde(default)]
    facts: Map<String, Json>,
}

/// What, and what to do.
pub(crate) type Wrong = (Both, Both);

/// An answer as Korean texts name it, of a decision and of a condition; English ones name it as it is written.
fn said(answer: Answer, [yes, no]: [&'static str; 2]) -> &'static str {
    match answer {
        Answer::Yes => yes,
        Answer::No => no,
        Answer::Unknown => "아직 모름",
    }
}
const DECISION: [&str; 2] = ["받음", "못 받음"];
const CONDITION: [&str; 2] = ["맞음", "아님"];

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
                both!("사례가 없습니다", "there is no case"),
                both!(
                    "받음, 못 받음, 아직 모름을 하나씩은 쓰세요",
                    "write some: a yes, a no and an unknown at least"
                ),
            ));
        }
        let silent = |case: &Case| case.answer != Answer::Yes || case.until.is_none();
        if service.lasts.is_some() && written.case.iter().all(silent) {
            let what = both!("어느 사례도 언제 끝나는지 쓰지 않았습니다", "no case says when it ends");
            let todo = both!(
                "받음인 사례에 until = \"2027-05-25\"처럼 쓰세요",
                "write until = \"2027-05-25\" in one that is a yes"
            );
            self.faults.push(Fault::new(&file, 0, what, todo));
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
                let (name, Both { ko, en }) = (quoted(case.name.get_ref()), what);
                let what = both!("사례 {name}: {ko}", "case {name}: {en}");
                self.faults.push(Fault::new(&file, line, what, todo));
            }
        }
    }

    fn run_case(&self, service: &Service, case: &Case) -> (Option<(Answer, Option<i64>)>, Vec<Wrong>) {
        let rules = || both!("사례나 규칙을 고치세요", "correct the case, or the rules");
        let mut wrong = Vec::new();
        let Ok(on) = case.on.parse::<Date>() else {
            let on = &case.on;
            let what = both!("{on}은(는) 날짜가 아닙니다", "{on} is no day");
            return (None, vec![(what, both!("2026-10-07처럼 쓰세요", "write it as 2026-10-07"))]);
        };
        for name in case.facts.keys().filter(|name| self.pack.fact(name).is_none()) {
            wrong.push((
                both!("{name}은(는) 사실이 아닙니다", "{name} is no fact"),
                both!(
                    "이름을 고치세요. 사실은 facts.toml에 있습니다",
                    "add it to facts.toml, or correct the name"
                ),
            ));
        }
        let mut facts = Facts::new();
        for (name, json) in &case.facts {
            let read = match self.pack.fact(name) {
                Some(fact) => fact.read(json, &self.pack.regions),
                None => continue,
            };
            match read {
                Ok(value) => facts.insert(name, value),
                Err(key) => wrong.push((
                    both!("{name}에 {json}은(는) 쓸 수 없습니다 ({key})", "{name} can't be {json} ({key})"),
                    both!("사실의 종류에 맞는 값을 쓰세요", "write a value of the fact's kind"),
                )),
            }
        }
        let (decision, faults) = service.rules.check(&facts, &self.pack.parameters, on);
        // A case may be there to show that something is not known yet, such as a figure not yet announced; a type that does not fit
        // comes out in the other cases.
        let meant = case.answer == Answer::Unknown && decision.answer == Answer::Unknown;
        for fault in faults.into_iter().filter(|_| !meant) {
            let (file, line) = service.rules_text.place(fault.line);
            let Both { ko, en } = fault.message;
            wrong.push((
                both!("{file} {line}번째 줄: {ko}", "{file} line {line}: {en}"),
                both!("규칙을 고치세요", "correct the rule"),
            ));
        }
        if let Some(expected) = &case.until {
            let found = service.lasts.as_ref().filter(|_| decision.answer == Answer::Yes);
            let found = found.and_then(|lasts| lasts.until(&facts, &self.pack.parameters, on));
            let found = found.map_or_else(|| "–".to_owned(), |day| day.to_string());
            if found != *expected {
                let what = both!(
                    "{expected}에 끝난다고 썼는데 {found}입니다",
                    "expected to end on {expected}, ends on {found}"
                );
                wrong.push((what, both!("사례나 lasts를 고치세요", "correct the case, or `lasts`")));
            }
        }
        if decision.answer != case.answer {
            let (expected, found) = (case.answer, decision.answer);
            let [expected_ko, found_ko] = [expected, found].map(|answer| said(answer, DECISION));
            wrong.push((
                both!(
                    "{expected_ko}(이)라고 썼는데 {found_ko}(으)로 정해졌습니다",
                    "expected {expected}, decided {found}"
                ),
                rules(),
            ));
        }
        if decision.amount != case.amount {
            let shown = |amount: Option<i64>| {
                amount.map_or_else(
                    || Both::new("금액 없음", "no amount"),
                    |n| {
                        let won = Won(n);
                        both!("{won}원", "{n} won")
                    },
                )
            };
            let (Both { ko, en }, found) = (shown(case.amount), shown(decision.amount));
            let (found_ko, found_en) = (found.ko, found.en);
            wrong.push((
                both!("{ko}(이)라고 썼는데 계산하면 {found_ko}입니다", "expected {en}, computed {found_en}"),
                rules(),
            ));
        }
        if let Some(missing) = &case.missing {
            let (expected, found): (BTreeSet<&String>, BTreeSet<&String>) =
                (missing.iter().collect(), decision.missing.iter().collect());
            if expected != found {
                wrong.push((
                    both!(
                        "{expected:?}을(를) 모른다고 썼는데 {found:?}을(를) 모릅니다",
                        "expected to miss {expected:?}, misses {found:?}"
                    ),
                    rules(),
                ));
            }
        }
        for (id, expected) in &case.conditions {
            match decision.reasons.iter().find(|r| r.id == *id) {
                None => wrong.push((
                    both!("{on}에는 조건 {id}이(가) 없습니다", "there is no condition {id} on {on}"),
                    rules(),
                )),
                Some(reason) if reason.answer != *expected => {
                    let found = reason.answer;
                    let [expected_ko, found_ko] = [*expected, found].map(|answer| said(answer, CONDITION));
                    wrong.push((
                        both!(
                            "조건 {id}: {expected_ko}(이)라고 썼는데 {found_ko}입니다",
                            "condition {id}: expected {expected}, found {found}"
                        ),
                        rules(),
                    ));
                }
                Some(_) => {}
            }
        }
        (Some((decision.answer, decision.amount)), wrong)
    }
}
