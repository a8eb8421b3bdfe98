//! What cases are to one another.

use maru_kernel::{At, Error, Result};
use maru_store::{Batch, Row, Store};

use crate::model::{Case, Link, LinkKind};

fn link_of(row: &Row) -> Result<Link> {
    let kind = LinkKind::parse(row.text("kind")?);
    Ok(Link {
        resident: row.string("resident")?,
        case: row.string("case_id")?,
        kind: kind.ok_or_else(|| Error::internal("a link of no kind"))?,
        other: row.string("other")?,
        at: row.at("at")?,
        ended: row.maybe_int("ended_at").is_some(),
    })
}

/// What a case is to others, the oldest first.
pub async fn links(store: &Store, case: &Case) -> Result<Vec<Link>> {
    let rows = store
        .query(
            "SELECT resident, case_id, kind, other, at, ended_at FROM case_link
             WHERE resident = $1 AND case_id = $2 ORDER BY at, other",
            vec![case.resident.as_str().into(), case.id.as_str().into()],
        )
        .await?;
    rows.iter().map(link_of).collect()
}

/// What others are to a case, the oldest first.
pub async fn links_to(store: &Store, case: &str) -> Result<Vec<Link>> {
    let rows = store
        .query(
            "SELECT resident, case_id, kind, other, at, ended_at FROM case_link WHERE other = $1 ORDER BY at, case_id",
            vec![case.into()],
        )
        .await?;
    rows.iter().map(link_of).collect()
}

pub fn add_link(batch: &mut Batch, case: &Case, kind: LinkKind, other: &str, now: At) {
    batch.write_one(
        "no such link yet",
        "INSERT INTO case_link (resident, case_id, kind, other, at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (resident, case_id, kind, other) DO UPDATE SET at = excluded.at, ended_at = NULL
         WHERE case_link.ended_at IS NOT NULL",
        vec![
            case.resident.as_str().into(),
            case.id.as_str().into(),
            kind.as_str().into(),
            other.into(),
            now.into(),
        ],
    );
}

pub fn end_link(batch: &mut Batch, link: &Link, now: At) {
    batch.write_one(
        "link still holds",
        "UPDATE case_link SET ended_at = $5 WHERE resident = $1 AND case_id = $2 AND kind = $3 AND other = $4 AND ended_at IS NULL",
        vec![
            link.resident.as_str().into(),
            link.case.as_str().into(),
            link.kind.as_str().into(),
            link.other.as_str().into(),
            now.into(),
        ],
    );
}

/// The case with a receipt number.
pub async fn by_receipt(store: &Store, receipt: &str) -> Result<Option<String>> {
    let row = store.query_one("SELECT id FROM case_receipt WHERE receipt = $1", vec![receipt.into()]).await?;
    row.map(|row| row.string("id")).transpose()
}
