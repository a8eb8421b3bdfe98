//! SQL, and only SQL.

use std::collections::BTreeSet;

use maru_kernel::{At, Error, Result};
use maru_store::{Batch, Store};

/// What was *yes* at the last look, and what had just become so.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Seen {
    pub ids: BTreeSet<String>,
    pub fresh: BTreeSet<String>,
    pub fresh_at: Option<At>,
}

pub async fn seen(store: &Store, resident: &str) -> Result<Option<Seen>> {
    let row = store
        .query_one(
            "SELECT ids, fresh, fresh_at FROM guidance_seen WHERE resident = $1",
            vec![resident.into()],
        )
        .await?;
    row.map(|row| {
        Ok(Seen {
            ids: serde_json::from_str(row.text("ids")?).map_err(Error::internal)?,
            fresh: serde_json::from_str(row.text("fresh")?).map_err(Error::internal)?,
            fresh_at: row.maybe_int("fresh_at").map(At::from_micros),
        })
    })
    .transpose()
}

pub fn put_seen(batch: &mut Batch, resident: &str, at: At, seen: &Seen) {
    let list = |ids: &BTreeSet<String>| serde_json::json!(ids).to_string();
    batch.write(
        "INSERT INTO guidance_seen (resident, at, ids, fresh, fresh_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (resident) DO UPDATE SET at = $2, ids = $3, fresh = $4, fresh_at = $5",
        vec![
            resident.into(),
            at.into(),
            list(&seen.ids).into(),
            list(&seen.fresh).into(),
            seen.fresh_at.into(),
        ],
    );
}

pub async fn skipped(store: &Store, resident: &str, now: At) -> Result<BTreeSet<String>> {
    let rows = store
        .query(
            "SELECT fact FROM guidance_skip WHERE resident = $1 AND until_at > $2",
            vec![resident.into(), now.into()],
        )
        .await?;
    rows.iter().map(|row| row.string("fact")).collect()
}

pub fn put_skip(batch: &mut Batch, resident: &str, fact: &str, until: At) {
    batch.write(
        "INSERT INTO guidance_skip (resident, fact, until_at) VALUES ($1, $2, $3)
         ON CONFLICT (resident, fact) DO UPDATE SET until_at = $3",
        vec![resident.into(), fact.into(), until.into()],
    );
}
