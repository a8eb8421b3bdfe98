//! The seal of a completed document: SHA-256 over all that was decided, by whom and when.

use maru_kernel::{At, Error, Result};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::model::{Document, Mark, Step, Who};

/// Text that is sealed: field by field in this order, as JSON. A later form gets another `form`.
#[derive(Serialize)]
struct Sealed<'a> {
    form: u8,
    id: &'a str,
    number: &'a str,
    unit: &'a str,
    drafter: &'a Who,
    drafted: At,
    title: &'a str,
    body: &'a str,
    recipient: Option<&'a str>,
    case: Option<&'a str>,
    round: i64,
    submitted: Option<At>,
    line: Vec<SealedStep<'a>>,
    completed: Option<At>,
}

#[derive(Serialize)]
struct SealedStep<'a> {
    place: i64,
    position: i64,
    kind: maru_web::ports::LineKind,
    who: &'a Who,
    decides_for: Option<&'a Who>,
    signed_by: Option<&'a Who>,
    mandate: Option<&'a str>,
    at: Option<At>,
    comment: &'a str,
}

fn sealed(step: &Step) -> SealedStep<'_> {
    SealedStep {
        place: step.place,
        position: step.position,
        kind: step.kind,
        who: &step.who,
        decides_for: step.decides_for.as_ref(),
        signed_by: step.signed_by.as_ref(),
        mandate: step.mandate.as_deref(),
        at: step.at,
        comment: &step.comment,
    }
}

pub fn seal(document: &Document) -> Result<String> {
    let round = &document.round;
    let text = serde_json::to_vec(&Sealed {
        form: 1,
        id: &document.id,
        number: document.number.as_ref().map_or("", |number| &number.text),
        unit: &document.unit,
        drafter: &document.drafter,
        drafted: document.drafted_at,
        title: &round.title,
        body: &round.body,
        recipient: round.recipient.as_deref(),
        case: document.case.as_deref(),
        round: round.count,
        submitted: round.submitted_at,
        line: round.steps.iter().filter(|step| step.mark == Mark::Signed).map(sealed).collect(),
        completed: document.completed_at,
    })
    .map_err(Error::internal)?;
    Ok(Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether a completed document is what was sealed. None: it has no seal yet.
pub fn is_right(document: &Document) -> Result<Option<bool>> {
    let Some(kept) = &document.seal else { return Ok(None) };
    Ok(Some(*kept == seal(document)?))
}
