//! Due days that move with the calendar: the fewest columns of open cases and tasks, the latest day first.

use maru_kernel::{At, Date, Error, Result};
use maru_store::{Batch, Row, Store};

use super::task_of;
use crate::{clock::Clock, model::Task};

/// What it takes to count a case out again.
pub struct Running {
    pub resident: String,
    pub id: String,
    pub service: String,
    pub version: i64,
    pub due_on: Date,
    pub submitted_at: At,
    pub clock: Option<Clock>,
}

fn running_of(row: &Row) -> Result<Running> {
    Ok(Running {
        resident: row.string("resident")?,
        id: row.string("id")?,
        service: row.string("service")?,
        version: row.int("version")?,
        due_on: row.text("due_on")?.parse().map_err(Error::internal)?,
        submitted_at: row.at("submitted_at")?,
        clock: row.maybe_text("clock").map(serde_json::from_str).transpose().map_err(Error::internal)?,
    })
}

/// Open cases due on `first` or later, before one of them.
pub async fn running(store: &Store, before: (&str, &str), first: Date, limit: i64) -> Result<Vec<Running>> {
    let rows = store
        .query(
            "SELECT resident, id, service, version, due_on, submitted_at, clock FROM case_case
             WHERE decided_at IS NULL AND (due_on, id) < ($1, $2) AND due_on >= $3 AND state <> 'draft' AND state <> 'withdrawn'
             ORDER BY due_on DESC, id DESC LIMIT $4",
            vec![before.0.into(), before.1.into(), first.to_string().into(), limit.into()],
        )
        .await?;
    rows.iter().map(running_of).collect()
}

/// A case is due on another day. Whoever read it before reads it again.
pub fn put_due(batch: &mut Batch, case: &Running, due: Option<Date>) {
    batch.write_one(
        "case as it was read",
        "UPDATE case_case SET version = version + 1, due_on = $4 WHERE resident = $1 AND id = $2 AND version = $3",
        vec![
            case.resident.as_str().into(),
            case.id.as_str().into(),
            case.version.into(),
            due.map(|due| due.to_string()).into(),
        ],
    );
}

/// Open tasks due on `first` or later, before one of them.
pub async fn running_tasks(
    store: &Store,
    before: (&str, &str),
    first: Date,
    limit: i64,
) -> Result<Vec<Task>> {
    let rows = store
        .query(
            "SELECT resident, case_id, id, kind, state, version, unit, asked, asked_by, asked_at, days, more, due_on, prolonged, reply,
               replied_by, ended_at
             FROM case_task WHERE ended_at IS NULL AND (due_on, id) < ($1, $2) AND due_on >= $3
             ORDER BY due_on DESC, id DESC LIMIT $4",
            vec![before.0.into(), before.1.into(), first.to_string().into(), limit.into()],
        )
        .await?;
    rows.iter().map(task_of).collect()
}
