use maru_kernel::{Error, Problem, Result};
use maru_web::{App, ports::Person};

use crate::{actions, model::Case};

/// So many are sent at once.
pub const TOGETHER: usize = 20;

/// Why one of several was not sent that may stand in an address.
pub const WHY: [&str; 11] = [
    "case-already-decided",
    "case-already-submitted",
    "case-already-withdrawn",
    "case-incomplete",
    "case-no-home",
    "case-no-unit",
    "case-unit-gone",
    "case-unit-kind",
    "error-busy",
    "together-gone",
    "together-failed",
];

/// What became of one of several: the case as it was sent, or why not.
pub type Sent = (String, std::result::Result<Case, &'static str>);

/// Sends several drafts, each its own case in its own commit: one that can't be sent holds no other up. All are tied to the first.
/// Sending again answers with the same receipts.
pub async fn together(app: &App, person: &Person, ids: &[String], confirmed: bool) -> Result<Vec<Sent>> {
    let mut ids = ids.to_vec();
    // Two that come at once go in the same order, so that both tie to the same first one.
    ids.sort();
    ids.dedup();
    if ids.is_empty() {
        return Err(Error::invalid("cases", "together-none"));
    }
    if ids.len() > TOGETHER {
        let value = Some(TOGETHER.to_string());
        let problem = Problem { field: "cases".into(), key: "together-many".into(), value };
        return Err(Error::Invalid(vec![problem]));
    }
    if !confirmed {
        return Err(Error::invalid("confirmed", "case-confirm-needed"));
    }
    let mut first: Option<Case> = None;
    let mut sent = Vec::with_capacity(ids.len());
    for id in ids {
        let outcome = match actions::submit(app, person, &id, true, first.as_ref()).await {
            Ok(case) => {
                first.get_or_insert_with(|| case.clone());
                Ok(case)
            }
            Err(Error::NotFound) => Err("together-gone"),
            Err(Error::Conflict(key) | Error::Denied(key)) => Err(known(&key)),
            Err(Error::Invalid(problems)) => {
                Err(problems.first().map_or("together-gone", |problem| known(&problem.key)))
            }
            // A database that is gone: the rest would fare no better.
            Err(other) => return Err(other),
        };
        sent.push((id, outcome));
    }
    Ok(sent)
}

fn known(key: &str) -> &'static str {
    WHY.into_iter().find(|known| *known == key).unwrap_or("together-failed")
}
