//! Decisions that wait for their approval line.

use maru_kernel::{At, Error, Result};
use maru_store::{Batch, Row, Store};

use crate::{
    actions::Decided,
    model::{Case, Proposal},
};

fn proposal_of(row: &Row) -> Result<Proposal> {
    let how = Decided::parse(row.text("verb")?);
    Ok(Proposal {
        case: row.string("case_id")?,
        document: row.string("document")?,
        how: how.ok_or_else(|| Error::internal("a proposal of no kind"))?,
        note: row.string("note")?,
        basis: row.string("basis")?,
        by: row.string("party")?,
        at: row.at("at")?,
        outcome: row.maybe_text("outcome").map(str::to_owned),
    })
}

/// What was proposed for a case, the newest first.
pub async fn proposals(store: &Store, case: &Case) -> Result<Vec<Proposal>> {
    let rows = store
        .query(
            "SELECT case_id, document, verb, note, basis, party, at, outcome FROM case_proposal
             WHERE resident = $1 AND case_id = $2 ORDER BY at DESC, document DESC",
            vec![case.resident.as_str().into(), case.id.as_str().into()],
        )
        .await?;
    rows.iter().map(proposal_of).collect()
}

pub async fn proposal(store: &Store, document: &str) -> Result<Option<Proposal>> {
    let row = store
        .query_one(
            "SELECT case_id, document, verb, note, basis, party, at, outcome FROM case_proposal WHERE document = $1",
            vec![document.into()],
        )
        .await?;
    row.as_ref().map(proposal_of).transpose()
}

pub fn add_proposal(batch: &mut Batch, case: &Case, proposal: &Proposal) {
    batch.write(
        "INSERT INTO case_proposal (resident, case_id, document, verb, note, basis, party, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        vec![
            case.resident.as_str().into(),
            case.id.as_str().into(),
            proposal.document.as_str().into(),
            proposal.how.verb().into(),
            proposal.note.as_str().into(),
            proposal.basis.as_str().into(),
            proposal.by.as_str().into(),
            proposal.at.into(),
        ],
    );
}

/// How a proposal that still waits has ended.
pub fn end_proposal(batch: &mut Batch, document: &str, outcome: &str, now: At) {
    batch.write_one(
        "proposal still waits",
        "UPDATE case_proposal SET outcome = $2, ended_at = $3 WHERE document = $1 AND outcome IS NULL",
        vec![document.into(), outcome.into(), now.into()],
    );
}

/// What waits for a case that moves or ends otherwise is dropped.
pub fn drop_proposals(batch: &mut Batch, case: &Case, now: At) {
    batch.write(
        "UPDATE case_proposal SET outcome = 'dropped', ended_at = $3 WHERE resident = $1 AND case_id = $2 AND outcome IS NULL",
        vec![case.resident.as_str().into(), case.id.as_str().into(), now.into()],
    );
}
