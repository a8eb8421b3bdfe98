//! What was granted until a day.

use std::collections::BTreeMap;

use maru_kernel::{Date, Error, Result};
use maru_store::{Batch, Row, Store};

use crate::model::Case;

/// So many are looked at in one commit.
const PAGE: i64 = 100;

/// A granted case that ends on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    pub id: String,
    pub party: String,
    pub service: String,
    pub until: Date,
    /// What was told last: so many days ahead, less than nothing once it was over.
    pub told: Option<i64>,
    pub look: Date,
}

fn ending_of(row: &Row) -> Result<Ending> {
    let day = |column: &str| -> Result<Date> { row.text(column)?.parse().map_err(Error::internal) };
    Ok(Ending {
        id: row.string("id")?,
        party: row.string("party")?,
        service: row.string("service")?,
        until: day("until")?,
        told: row.maybe_int("told"),
        look: day("look")?,
    })
}

/// Granted until a day: of an earlier grant of the same to the same person nobody needs to hear any more.
pub fn put_ending(batch: &mut Batch, case: &Case, (until, told, look): (Date, Option<i64>, Date)) {
    batch.write(
        "DELETE FROM case_ending WHERE party = $1 AND service = $2",
        vec![case.resident.as_str().into(), case.service.as_str().into()],
    );
    batch.write(
        "INSERT INTO case_ending (id, party, service, until, told, look) VALUES ($1, $2, $3, $4, $5, $6)",
        vec![
            case.id.as_str().into(),
            case.resident.as_str().into(),
            case.service.as_str().into(),
            until.to_string().into(),
            told.into(),
            look.to_string().into(),
        ],
    );
}

pub fn drop_ending(batch: &mut Batch, case: &str) {
    batch.write("DELETE FROM case_ending WHERE id = $1", vec![case.into()]);
}

/// Somebody's, by their cases' ids.
pub async fn endings_of(store: &Store, party: &str) -> Result<BTreeMap<String, Ending>> {
    let rows = store
        .query(
            "SELECT id, party, service, until, told, look FROM case_ending WHERE party = $1",
            vec![party.into()],
        )
        .await?;
    rows.iter().map(|row| ending_of(row).map(|ending| (ending.id.clone(), ending))).collect()
}

/// Those whose day to be looked at has come, behind one of them.
pub async fn endings_due(store: &Store, after: (&str, &str), today: Date) -> Result<Vec<Ending>> {
    let rows = store
        .query(
            "SELECT id, party, service, until, told, look FROM case_ending
             WHERE (look, id) > ($1, $2) AND look <= $3 ORDER BY look, id LIMIT $4",
            vec![after.0.into(), after.1.into(), today.to_string().into(), PAGE.into()],
        )
        .await?;
    rows.iter().map(ending_of).collect()
}

/// Keeps what was told, and the next look: nobody has looked since it was read.
pub fn put_looked(batch: &mut Batch, before: &Ending, told: Option<i64>, look: Date) {
    batch.write_one(
        "nobody looked since it was read",
        "UPDATE case_ending SET told = $3, look = $4 WHERE id = $1 AND look = $2",
        vec![before.id.as_str().into(), before.look.to_string().into(), told.into(), look.to_string().into()],
    );
}
