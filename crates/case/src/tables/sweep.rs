//! What open cases are owed: found by two small indexes of those that nothing has decided, a page at a time.

use maru_kernel::{At, Date, Result};
use maru_store::{Batch, Store};

use super::case_of;
use crate::{model::Case, owed::Told};

/// So many are told in one commit.
const PAGE: i64 = 100;

/// Cases due on `until` or before, behind one of them, whose officer was not warned of that day or whose day is today or over.
pub async fn due(store: &Store, after: (&str, &str), until: Date, today: Date) -> Result<Vec<Case>> {
    let rows = store
        .query(
            "SELECT resident, id, service, state, version, created_at, '{}' AS answers, unit, officer, receipt, NULL AS shown_name,
               submitted_at, due_on, NULL AS file, decided_at, NULL AS decision, NULL AS note, NULL AS basis, rules_version, clock,
               warned_on, late_on, told_at
             FROM case_case
             WHERE decided_at IS NULL AND (due_on, id) > ($1, $2) AND due_on <= $3 AND state <> 'draft' AND state <> 'withdrawn'
               AND ((due_on > $4 AND coalesce(warned_on, '') <> due_on) OR (due_on <= $4 AND coalesce(late_on, '') <> due_on))
             ORDER BY due_on, id LIMIT $5",
            vec![
                after.0.into(),
                after.1.into(),
                until.to_string().into(),
                today.to_string().into(),
                PAGE.into(),
            ],
        )
        .await?;
    rows.iter().map(case_of).collect()
}

/// Cases of which nothing was told since `since`, behind one of them.
pub async fn silent(store: &Store, after: (At, &str), since: At) -> Result<Vec<Case>> {
    let rows = store
        .query(
            "SELECT resident, id, service, state, version, created_at, '{}' AS answers, unit, officer, receipt, NULL AS shown_name,
               submitted_at, due_on, NULL AS file, decided_at, NULL AS decision, NULL AS note, NULL AS basis, rules_version, clock,
               warned_on, late_on, told_at
             FROM case_case
             WHERE decided_at IS NULL AND (coalesce(told_at, submitted_at), id) > ($1, $2) AND coalesce(told_at, submitted_at) <= $3
               AND state <> 'draft' AND state <> 'withdrawn'
             ORDER BY coalesce(told_at, submitted_at), id LIMIT $4",
            vec![after.0.into(), after.1.into(), since.into(), PAGE.into()],
        )
        .await?;
    rows.iter().map(case_of).collect()
}

/// Keeps what was told: nobody has told it and nobody has written the case since it was read.
pub fn put_told(batch: &mut Batch, case: &Case, now: &Told) {
    let before = &case.told;
    let day = |day: Option<Date>| day.map(|day| day.to_string());
    batch.write_one(
        "nothing told since it was read",
        "UPDATE case_case SET warned_on = $4, late_on = $5, told_at = $6
         WHERE resident = $1 AND id = $2 AND version = $3
           AND coalesce(warned_on, '') = $7 AND coalesce(late_on, '') = $8 AND coalesce(told_at, 0) = $9",
        vec![
            case.resident.as_str().into(),
            case.id.as_str().into(),
            case.version.into(),
            day(now.warned_on).into(),
            day(now.late_on).into(),
            now.told_at.into(),
            day(before.warned_on).unwrap_or_default().into(),
            day(before.late_on).unwrap_or_default().into(),
            before.told_at.map_or(0, At::micros).into(),
        ],
    );
}

/// Takes a round until a moment; fails as a guard while somebody else has it.
pub fn take_round(batch: &mut Batch, name: &str, now: At, until: At) {
    batch.write_one(
        "round is free",
        "INSERT INTO case_sweep (name, until_at) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET until_at = excluded.until_at WHERE case_sweep.until_at <= $3",
        vec![name.into(), until.into(), now.into()],
    );
}

/// A round that did not end well is free again.
pub fn free_round(batch: &mut Batch, name: &str, until: At, now: At) {
    batch.write(
        "UPDATE case_sweep SET until_at = $3 WHERE name = $1 AND until_at = $2",
        vec![name.into(), until.into(), now.into()],
    );
}
