//! SQL, and only SQL.

pub mod audit;
pub mod desk;
mod ending;
mod link;
mod proposal;
mod report;
mod shift;
mod sweep;

use std::collections::BTreeMap;

use maru_kernel::{At, Error, Result};
use maru_store::{Batch, Row, Store};
use serde_json::Value as Json;

use crate::{
    actions::{CASE_BYTES, CASE_FILES, CaseFile},
    kind::Kind,
    model::{Case, State, Task},
    owed::Told,
    routing::Row as Lesson,
};

pub use ending::{Ending, drop_ending, endings_due, endings_of, put_ending, put_looked};
pub use link::{add_link, by_receipt, end_link, links, links_to};
pub use proposal::{add_proposal, drop_proposals, end_proposal, proposal, proposals};
pub use report::{add_report, end_report, join, joined_by, joiners, report, reports};
pub use shift::{Running, put_due, running, running_tasks};
pub use sweep::{due, free_round, put_told, silent, take_round};

fn json(row: &Row, column: &str) -> Result<Option<Json>> {
    row.maybe_text(column).map(serde_json::from_str).transpose().map_err(Error::internal)
}

fn case_of(row: &Row) -> Result<Case> {
    let text = |column: &str| row.maybe_text(column).map(str::to_owned);
    let day = |column: &str| row.maybe_text(column).map(str::parse).transpose().map_err(Error::internal);
    Ok(Case {
        resident: row.string("resident")?,
        id: row.string("id")?,
        service: row.string("service")?,
        state: State::of(row.text("state")?),
        version: row.int("version")?,
        created_at: row.at("created_at")?,
        answers: serde_json::from_str(row.text("answers")?).map_err(Error::internal)?,
        wanted: text("wanted"),
        unit: text("unit"),
        officer: text("officer"),
        receipt: text("receipt"),
        shown_name: text("shown_name"),
        submitted_at: row.maybe_int("submitted_at").map(At::from_micros),
        due_on: day("due_on")?,
        file: json(row, "file")?.map(serde_json::from_value).transpose().map_err(Error::internal)?,
        decided_at: row.maybe_int("decided_at").map(At::from_micros),
        decision: json(row, "decision")?,
        note: text("note"),
        basis: text("basis"),
        rules_version: text("rules_version"),
        clock: json(row, "clock")?.map(serde_json::from_value).transpose().map_err(Error::internal)?,
        told: Told {
            warned_on: day("warned_on")?,
            late_on: day("late_on")?,
            told_at: row.maybe_int("told_at").map(At::from_micros),
        },
    })
}

pub async fn case(store: &Store, id: &str) -> Result<Option<Case>> {
    let row = store
        .query_one(
            "SELECT resident, id, service, state, version, created_at, answers, unit, officer, receipt, shown_name,
               submitted_at, due_on, file, decided_at, decision, note, basis, rules_version, clock, wanted,
               warned_on, late_on, told_at
             FROM case_case WHERE id = $1",
            vec![id.into()],
        )
        .await?;
    row.as_ref().map(case_of).transpose()
}

pub async fn cases_of(store: &Store, resident: &str) -> Result<Vec<Case>> {
    store
        .query(
            "SELECT resident, id, service, state, version, created_at, answers, unit, officer, receipt, shown_name,
               submitted_at, due_on, file, decided_at, decision, note, basis, rules_version, clock, wanted,
               warned_on, late_on, told_at
             FROM case_case WHERE resident = $1 ORDER BY id DESC LIMIT 200",
            vec![resident.into()],
        )
        .await?
        .iter()
        .map(case_of)
        .collect()
}

/// How many cases a unit has not decided.
pub async fn open_at(store: &Store, unit: &str) -> Result<i64> {
    let row = store
        .query_one(
            "SELECT count(*) AS n FROM case_case WHERE unit = $1
         AND state NOT IN ('draft', 'granted', 'refused', 'answered', 'returned', 'closed', 'withdrawn')",
            vec![unit.into()],
        )
        .await?;
    row.map_or(Ok(0), |row| row.int("n"))
}

pub fn none_open_at(batch: &mut Batch, unit: &str) {
    batch.at_most(
        "no open case",
        format!("unit/{unit}"),
        "SELECT count(*) AS n FROM case_case WHERE unit = $1
         AND state NOT IN ('draft', 'granted', 'refused', 'answered', 'returned', 'closed', 'withdrawn')",
        vec![unit.into()],
        0,
    );
}

/// The cases that an officer works in a unit.
pub async fn assigned_to(store: &Store, unit: &str, officer: &str) -> Result<Vec<String>> {
    let rows = store
        .query(
            "SELECT id FROM case_case WHERE unit = $1 AND officer = $2
               AND state NOT IN ('draft', 'granted', 'refused', 'answered', 'returned', 'closed', 'withdrawn') ORDER BY id",
            vec![unit.into(), officer.into()],
        )
        .await?;
    rows.iter().map(|row| row.string("id")).collect()
}

pub async fn open_case(store: &Store, resident: &str, service: &str) -> Result<Option<String>> {
    let row = store
        .query_one(
            "SELECT id FROM case_open WHERE resident = $1 AND service = $2",
            vec![resident.into(), service.into()],
        )
        .await?;
    row.map(|row| row.string("id")).transpose()
}

pub fn add(batch: &mut Batch, case: &Case) {
    batch.write_one(
        "no open case for this service",
        "INSERT INTO case_open (resident, service, id) VALUES ($1, $2, $3) ON CONFLICT (resident, service) DO NOTHING",
        vec![case.resident.as_str().into(), case.service.as_str().into(), case.id.as_str().into()],
    );
    add_row(batch, case);
}

/// The row of a new case.
pub fn add_row(batch: &mut Batch, case: &Case) {
    batch.write(
        "INSERT INTO case_case (resident, id, service, state, version, created_at, answers)
         VALUES ($1, $2, $3, $4, 1, $5, '{}')",
        vec![
            case.resident.as_str().into(),
            case.id.as_str().into(),
            case.service.as_str().into(),
            case.state.as_str().into(),
            case.created_at.into(),
        ],
    );
}

/// Nobody has written the case since it was read.
pub fn still(batch: &mut Batch, case: &Case) {
    batch.still(
        "case as it was read",
        "SELECT 1 FROM case_case WHERE resident = $1 AND id = $2 AND version = $3",
        vec![case.resident.as_str().into(), case.id.as_str().into(), case.version.into()],
    );
}

/// Writes the case as it is now over the version that was read.
pub fn put(batch: &mut Batch, case: &Case) -> Result<()> {
    let file = case.file.as_ref().map(serde_json::to_string).transpose().map_err(Error::internal)?;
    batch.write_one(
        "case as it was read",
        "UPDATE case_case SET version = version + 1, state = $4, answers = $5, unit = $6, officer = $7, receipt = $8,
           shown_name = $9, submitted_at = $10, due_on = $11, file = $12, decided_at = $13, decision = $14, note = $15,
           rules_version = $16, clock = $17, basis = $18, wanted = $19
         WHERE resident = $1 AND id = $2 AND version = $3",
        vec![
            case.resident.as_str().into(),
            case.id.as_str().into(),
            case.version.into(),
            case.state.as_str().into(),
            Json::Object(case.answers.clone()).to_string().into(),
            case.unit.clone().into(),
            case.officer.clone().into(),
            case.receipt.clone().into(),
            case.shown_name.clone().into(),
            case.submitted_at.into(),
            case.due_on.map(|d| d.to_string()).into(),
            file.into(),
            case.decided_at.into(),
            case.decision.as_ref().map(Json::to_string).into(),
            case.note.clone().into(),
            case.rules_version.clone().into(),
            case.clock.as_ref().map(serde_json::to_string).transpose().map_err(Error::internal)?.into(),
            case.basis.clone().into(),
            case.wanted.clone().into(),
        ],
    );
    if !case.state.is_open() {
        make_way(batch, case);
    }
    Ok(())
}

/// Lets the same resident file for the service again.
pub fn make_way(batch: &mut Batch, case: &Case) {
    batch.write(
        "DELETE FROM case_open WHERE resident = $1 AND service = $2 AND id = $3",
        vec![case.resident.as_str().into(), case.service.as_str().into(), case.id.as_str().into()],
    );
}

/// How many petitions of the same kind a unit has answered for a resident.
pub async fn answered(store: &Store, case: &Case) -> Result<i64> {
    let row = store
        .query_one(
            "SELECT count(*) AS n FROM case_case WHERE resident = $1 AND service = $2 AND unit = $3 AND state = $4",
            vec![case.resident.as_str().into(), case.service.as_str().into(), case.unit.clone().into(), "answered".into()],
        )
        .await?;
    row.map_or(Ok(0), |row| row.int("n"))
}

pub fn take_receipt(batch: &mut Batch, receipt: &str, case: &str) {
    batch.write_one(
        "receipt number is free",
        "INSERT INTO case_receipt (receipt, id) VALUES ($1, $2) ON CONFLICT (receipt) DO NOTHING",
        vec![receipt.into(), case.into()],
    );
}

fn file_of(row: &Row) -> Result<CaseFile> {
    Ok(CaseFile {
        id: row.string("id")?,
        name: row.string("name")?,
        kind: Kind::parse(row.text("kind")?)?,
        size: row.int("size")?,
        blob: row.string("blob")?,
        added_by: row.string("added_by")?,
        added_at: row.at("added_at")?,
    })
}

/// The files of a case that are still there, the oldest first.
pub async fn files(store: &Store, case: &Case) -> Result<Vec<CaseFile>> {
    let rows = store
        .query(
            "SELECT id, name, kind, size, blob, added_by, added_at FROM case_file
             WHERE resident = $1 AND case_id = $2 AND removed_at IS NULL ORDER BY id",
            vec![case.resident.as_str().into(), case.id.as_str().into()],
        )
        .await?;
    rows.iter().map(file_of).collect()
}

/// Adds a file to a case that is still open. Two that come at once can't pass the bounds together.
pub fn add_file(batch: &mut Batch, case: &Case, file: &CaseFile) {
    let of = || vec![case.resident.as_str().into(), case.id.as_str().into()];
    batch.at_most(
        "room for one more file",
        format!("case_file/{}", case.id),
        "SELECT CAST(count(*) AS BIGINT) FROM case_file
         WHERE resident = $1 AND case_id = $2 AND removed_at IS NULL",
        of(),
        CASE_FILES.saturating_sub(1),
    );
    batch.at_most(
        "room for so many bytes",
        format!("case_file/{}", case.id),
        "SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM case_file
         WHERE resident = $1 AND case_id = $2 AND removed_at IS NULL",
        of(),
        CASE_BYTES.saturating_sub(file.size),
    );
    batch.write(
        "INSERT INTO case_file (resident, case_id, id, name, kind, size, blob, added_by, added_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        vec![
            case.resident.as_str().into(),
            case.id.as_str().into(),
            file.id.as_str().into(),
            file.name.as_str().into(),
            file.kind.name().into(),
            file.size.into(),
            file.blob.as_str().into(),
            file.added_by.as_str().into(),
            file.added_at.into(),
        ],
    );
    as_read(batch, case);
}

pub fn remove_file(batch: &mut Batch, case: &Case, file: &str, now: At) {
    batch.write_one(
        "file still there",
        "UPDATE case_file SET removed_at = $4
         WHERE resident = $1 AND case_id = $2 AND id = $3 AND removed_at IS NULL",
        vec![case.resident.as_str().into(), case.id.as_str().into(), file.into(), now.into()],
    );
    as_read(batch, case);
}

/// The case has not moved on.
fn as_read(batch: &mut Batch, case: &Case) {
    batch.still(
        "case in the state it was read in",
        "SELECT 1 FROM case_case WHERE resident = $1 AND id = $2 AND state = $3",
        vec![case.resident.as_str().into(), case.id.as_str().into(), case.state.as_str().into()],
    );
}

fn task_of(row: &Row) -> Result<Task> {
    let text = |column: &str| row.maybe_text(column).map(str::to_owned);
    let number = |column: &str| row.int(column).map(|n| u32::try_from(n).unwrap_or(0));
    Ok(Task {
        resident: row.string("resident")?,
        case: row.string("case_id")?,
        id: row.string("id")?,
        kind: row.string("kind")?,
        state: row.string("state")?,
        version: row.int("version")?,
        unit: text("unit"),
        asked: row.string("asked")?,
        asked_by: row.string("asked_by")?,
        asked_at: row.at("asked_at")?,
        days: number("days")?,
        more: row.maybe_int("more").map(|n| u32::try_from(n).unwrap_or(0)),
        due_on: text("due_on").map(|d| d.parse()).transpose().map_err(Error::internal)?,
        prolonged: number("prolonged")?,
        reply: text("reply"),
        replied_by: text("replied_by"),
        ended_at: row.maybe_int("ended_at").map(At::from_micros),
    })
}

/// The tasks of a case, the oldest first.
pub async fn tasks(store: &Store, resident: &str, case: &str) -> Result<Vec<Task>> {
    let rows = store
        .query(
            "SELECT resident, case_id, id, kind, state, version, unit, asked, asked_by, asked_at, days, more, due_on, prolonged, reply,
               replied_by, ended_at
             FROM case_task WHERE resident = $1 AND case_id = $2 ORDER BY id",
            vec![resident.into(), case.into()],
        )
        .await?;
    rows.iter().map(task_of).collect()
}

pub async fn task(store: &Store, id: &str) -> Result<Option<Task>> {
    let row = store
        .query_one(
            "SELECT resident, case_id, id, kind, state, version, unit, asked, asked_by, asked_at, days, more, due_on, prolonged, reply,
               replied_by, ended_at
             FROM case_task WHERE id = $1",
            vec![id.into()],
        )
        .await?;
    row.as_ref().map(task_of).transpose()
}

/// What a unit was asked and has not answered, the nearest date first.
pub async fn tasks_at(store: &Store, unit: &str) -> Result<Vec<Task>> {
    let rows = store
        .query(
            "SELECT resident, case_id, id, kind, state, version, unit, asked, asked_by, asked_at, days, more, due_on, prolonged, reply,
               replied_by, ended_at
             FROM case_task WHERE unit = $1 AND ended_at IS NULL ORDER BY due_on, id LIMIT 500",
            vec![unit.into()],
        )
        .await?;
    rows.iter().map(task_of).collect()
}

pub fn add_task(batch: &mut Batch, task: &Task) {
    batch.write(
        "INSERT INTO case_task (resident, case_id, id, kind, state, version, unit, asked, asked_by, asked_at, days, more, due_on,
           prolonged)
         VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, $9, $10, $11, $12, 0)",
        vec![
            task.resident.as_str().into(),
            task.case.as_str().into(),
            task.id.as_str().into(),
            task.kind.as_str().into(),
            task.state.as_str().into(),
            task.unit.clone().into(),
            task.asked.as_str().into(),
            task.asked_by.as_str().into(),
            task.asked_at.into(),
            i64::from(task.days).into(),
            task.more.map(i64::from).into(),
            task.due_on.map(|d| d.to_string()).into(),
        ],
    );
}

/// Writes the task as it is now over the version that was read.
pub fn put_task(batch: &mut Batch, task: &Task) {
    batch.write_one(
        "task as it was read",
        "UPDATE case_task SET version = version + 1, state = $5, due_on = $6, prolonged = $7, reply = $8, replied_by = $9,
           ended_at = $10
         WHERE resident = $1 AND case_id = $2 AND id = $3 AND version = $4",
        vec![
            task.resident.as_str().into(),
            task.case.as_str().into(),
            task.id.as_str().into(),
            task.version.into(),
            task.state.as_str().into(),
            task.due_on.map(|d| d.to_string()).into(),
            i64::from(task.prolonged).into(),
            task.reply.clone().into(),
            task.replied_by.clone().into(),
            task.ended_at.into(),
        ],
    );
}

/// What somebody wrote with a verb, under the id of its event.
pub fn add_note(batch: &mut Batch, case: &Case, event: &str, text: &str) {
    batch.write(
        "INSERT INTO case_note (resident, case_id, id, text) VALUES ($1, $2, $3, $4)",
        vec![case.resident.as_str().into(), case.id.as_str().into(), event.into(), text.into()],
    );
}

/// The notes of a case by the id of their event.
pub async fn notes(store: &Store, case: &Case) -> Result<BTreeMap<String, String>> {
    let rows = store
        .query(
            "SELECT id, text FROM case_note WHERE resident = $1 AND case_id = $2",
            vec![case.resident.as_str().into(), case.id.as_str().into()],
        )
        .await?;
    rows.iter().map(|row| Ok((row.string("id")?, row.string("text")?))).collect()
}

/// When the newest lesson of the first guess was stored.
pub async fn newest_lesson(store: &Store) -> Result<i64> {
    let row = store.query_one("SELECT coalesce(max(at), 0) AS n FROM case_word", vec![]).await?;
    row.map_or(Ok(0), |row| row.int("n"))
}

pub async fn lessons(store: &Store) -> Result<Vec<Lesson>> {
    let rows = store.query("SELECT office, word, times FROM case_word", vec![]).await?;
    let lesson = |row: &Row| {
        Ok(Lesson { shelf: row.string("office")?, word: row.string("word")?, times: row.int("times")? })
    };
    rows.iter().map(lesson).collect()
}

pub fn add_lesson(batch: &mut Batch, lesson: &Lesson, now: At) {
    batch.write(
        "INSERT INTO case_word (office, word, times, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (office, word) DO UPDATE SET times = case_word.times + excluded.times, at = excluded.at",
        vec![lesson.shelf.as_str().into(), lesson.word.as_str().into(), lesson.times.into(), now.into()],
    );
}

#[cfg(test)]
mod tests {
    /// SQL can't ask the charts: every list of endings in it is whole.
    #[test]
    fn lists_of_endings_are_whole() {
        let sql = include_str!("tables.rs").split("mod tests").next().unwrap_or_default();
        let lists = sql.matches("'returned'").count();
        assert!(lists >= 3, "{lists}");
        for ending in maru_definition::ENDINGS.iter().filter(|ending| **ending != "withdrawn") {
            assert_eq!(sql.matches(&format!("'{ending}'")).count(), lists, "{ending}");
        }
    }
}
