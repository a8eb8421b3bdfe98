//! Reports that everybody sees without knowing whose they are, and who joined them.

use maru_kernel::{At, Result};
use maru_store::{Batch, Row, Store};

use crate::model::Report;

fn report_of(row: &Row) -> Result<Report> {
    Ok(Report {
        id: row.string("id")?,
        service: row.string("service")?,
        region: row.string("region")?,
        topic: row.string("topic")?,
        place: row.string("place")?,
        position: row.maybe_text("position").and_then(maru_definition::Position::read),
        at: row.at("at")?,
        ended_at: row.maybe_int("ended_at").map(At::from_micros),
        joined: row.int("joined")?,
    })
}

/// The newest reports of a region, those that have ended after `since` among them.
pub async fn reports(store: &Store, region: &str, since: At) -> Result<Vec<Report>> {
    let rows = store
        .query(
            "SELECT r.id, r.service, r.region, r.topic, r.place, r.position, r.at, r.ended_at,
               (SELECT count(*) FROM case_joined j WHERE j.id = r.id) AS joined
             FROM case_report r WHERE r.region = $1 AND (r.ended_at IS NULL OR r.ended_at > $2)
             ORDER BY r.at DESC LIMIT 200",
            vec![region.into(), since.into()],
        )
        .await?;
    rows.iter().map(report_of).collect()
}

pub async fn report(store: &Store, id: &str) -> Result<Option<Report>> {
    let row = store
        .query_one(
            "SELECT r.id, r.service, r.region, r.topic, r.place, r.position, r.at, r.ended_at,
               (SELECT count(*) FROM case_joined j WHERE j.id = r.id) AS joined
             FROM case_report r WHERE r.id = $1",
            vec![id.into()],
        )
        .await?;
    row.as_ref().map(report_of).transpose()
}

/// The reports that somebody joined, the newest first.
pub async fn joined_by(store: &Store, resident: &str) -> Result<Vec<Report>> {
    let rows = store
        .query(
            "SELECT r.id, r.service, r.region, r.topic, r.place, r.position, r.at, r.ended_at,
               (SELECT count(*) FROM case_joined j WHERE j.id = r.id) AS joined
             FROM case_joined m JOIN case_report r ON r.id = m.id WHERE m.resident = $1 ORDER BY m.at DESC LIMIT 200",
            vec![resident.into()],
        )
        .await?;
    rows.iter().map(report_of).collect()
}

/// Who joined a report, in the order they did.
pub async fn joiners(store: &Store, id: &str) -> Result<Vec<String>> {
    let rows = store
        .query("SELECT resident FROM case_joined WHERE id = $1 ORDER BY at, resident", vec![id.into()])
        .await?;
    rows.iter().map(|row| row.string("resident")).collect()
}

pub fn add_report(batch: &mut Batch, report: &Report) {
    batch.write(
        "INSERT INTO case_report (id, service, region, topic, place, position, at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        vec![
            report.id.as_str().into(),
            report.service.as_str().into(),
            report.region.as_str().into(),
            report.topic.as_str().into(),
            report.place.as_str().into(),
            report.position.map(|position| position.to_string()).into(),
            report.at.into(),
        ],
    );
}

pub fn end_report(batch: &mut Batch, id: &str, now: At) {
    batch.write("UPDATE case_report SET ended_at = $2 WHERE id = $1", vec![id.into(), now.into()]);
}

/// Adds somebody who has not joined to a report that is still open. Many at once don't pass the bound.
pub fn join(batch: &mut Batch, resident: &str, id: &str, now: At, most: i64) {
    batch.still(
        "report still open",
        "SELECT 1 FROM case_report WHERE id = $1 AND ended_at IS NULL",
        vec![id.into()],
    );
    batch.at_most(
        "room for one more",
        format!("case_report/{id}"),
        "SELECT count(*) AS n FROM case_joined WHERE id = $1",
        vec![id.into()],
        most.saturating_sub(1),
    );
    batch.write_one(
        "not joined yet",
        "INSERT INTO case_joined (resident, id, at) VALUES ($1, $2, $3) ON CONFLICT (resident, id) DO NOTHING",
        vec![resident.into(), id.into(), now.into()],
    );
}
