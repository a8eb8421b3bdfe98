//! The seal of a completed document: SHA-256 over all that was decided, by whom and when.

use maru_kernel::{At, Error, Result};
use maru_web::ports::{LineKind, Proof};
use serde::Serialize;
use serde_json::{Value as Json, json};
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
    kind: LineKind,
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

/// What is sealed of a document, byte for byte.
pub fn text(document: &Document) -> Result<String> {
    let round = &document.round;
    serde_json::to_string(&Sealed {
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
    .map_err(Error::internal)
}

pub fn seal(document: &Document) -> Result<String> {
    let text = text(document)?;
    Ok(Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether a completed document is what was sealed. None: it has no seal yet.
pub fn is_right(document: &Document) -> Result<Option<bool>> {
    let Some(kept) = &document.seal else { return Ok(None) };
    Ok(Some(*kept == seal(document)?))
}

/// What the ledger is told of a completed document: nothing of what it says.
pub fn entry(document: &Document, seal: &str) -> Json {
    json!({ "what": "document sealed", "document": document.id, "seal": seal })
}

/// The name under which the ledger holds it.
pub fn subject(document: &Document) -> String {
    format!("document/{}", document.id)
}

/// Whether the ledger's entry is about this document as it is now. What was changed together with its seal shows here.
pub fn stands(document: &Document, proof: &Proof) -> Result<bool> {
    let entry = serde_json::to_string(&entry(document, &seal(document)?)).map_err(Error::internal)?;
    Ok(proof.right && proof.entry == entry)
}
