//! What stands in somebody's inbox, and what a unit keeps.

use maru_kernel::{At, Both, Result};
use maru_store::{Row, Store};
use maru_web::ports::{DocumentCard, LineKind};

use super::{KINDS, both, kind_name, known, maybe_at};
use crate::model::State;

/// A step that waits for somebody, or that somebody has done.
pub struct Listed {
    pub card: DocumentCard,
    pub drafted_by: String,
    pub round: i64,
    pub place: i64,
    pub kind: LineKind,
    /// Who is named there.
    pub person: String,
    pub name: Both,
    /// Who signed.
    pub signed: Option<Both>,
}

fn card_of(row: &Row) -> Result<DocumentCard> {
    Ok(DocumentCard {
        id: row.string("id")?,
        title: row.string("title")?,
        state: known(&State::ALL, row.text("state")?, State::as_str)?.as_str(),
        number: row.maybe_text("number").map(str::to_owned),
        drafter: both(row, "drafter_name")?,
        at: maybe_at(row, "at").unwrap_or_default(),
    })
}

fn listed_of(row: &Row) -> Result<Listed> {
    Ok(Listed {
        card: card_of(row)?,
        drafted_by: row.string("drafter")?,
        round: row.int("round")?,
        place: row.int("place")?,
        kind: known(&KINDS, row.text("kind")?, kind_name)?,
        person: row.string("person")?,
        name: both(row, "name")?,
        signed: row.maybe_text("signed_name").map(|_| both(row, "signed_name")).transpose()?,
    })
}

fn all<T>(rows: &[Row], read: impl Fn(&Row) -> Result<T>) -> Result<Vec<T>> {
    rows.iter().map(read).collect()
}

/// What waits for somebody, the oldest first.
pub async fn waiting(store: &Store, person: &str) -> Result<Vec<Listed>> {
    let rows = store
        .query(
            "SELECT d.id, d.state, d.number, d.drafter, d.drafter_name, r.title, r.submitted_at AS at, s.round, s.place, s.kind, s.person, s.name,
               s.signed_name
             FROM work_step s JOIN work_document d ON d.id = s.document
             JOIN work_round r ON r.document = s.document AND r.round = s.round
             WHERE s.person = $1 AND s.mark = 'waiting' ORDER BY r.submitted_at, d.id LIMIT 200",
            vec![person.into()],
        )
        .await?;
    all(&rows, listed_of)
}

/// The documents under way whose line still asks somebody.
pub async fn asked_of(store: &Store, person: &str) -> Result<Vec<String>> {
    let rows = store
        .query(
            "SELECT DISTINCT d.id FROM work_step s JOIN work_document d ON d.id = s.document AND d.round = s.round
             WHERE s.person = $1 AND s.mark IN ('planned', 'waiting') AND d.state = 'running' ORDER BY d.id",
            vec![person.into()],
        )
        .await?;
    all(&rows, |row| row.string("id"))
}

/// What deputies signed for somebody who has not seen it yet.
pub async fn unreported(store: &Store, person: &str) -> Result<Vec<Listed>> {
    let rows = store
        .query(
            "SELECT d.id, d.state, d.number, d.drafter, d.drafter_name, r.title, s.at AS at, s.round, s.place, s.kind, s.person, s.name,
               s.signed_name
             FROM work_step s JOIN work_document d ON d.id = s.document
             JOIN work_round r ON r.document = s.document AND r.round = s.round
             WHERE s.person = $1 AND s.mark IN ('signed', 'rejected') AND s.signed_by <> s.person AND s.reported_at IS NULL
             ORDER BY s.at, d.id LIMIT 200",
            vec![person.into()],
        )
        .await?;
    all(&rows, listed_of)
}

/// What somebody signed or rejected, the newest first.
pub async fn signed(store: &Store, person: &str) -> Result<Vec<Listed>> {
    let rows = store
        .query(
            "SELECT d.id, d.state, d.number, d.drafter, d.drafter_name, r.title, s.at AS at, s.round, s.place, s.kind, s.person, s.name,
               s.signed_name
             FROM work_step s JOIN work_document d ON d.id = s.document
             JOIN work_round r ON r.document = s.document AND r.round = s.round
             WHERE s.signed_by = $1 ORDER BY s.at DESC, d.id LIMIT 200",
            vec![person.into()],
        )
        .await?;
    all(&rows, listed_of)
}

/// What somebody drafted, the newest first.
pub async fn drafted(store: &Store, person: &str, unit: &str) -> Result<Vec<DocumentCard>> {
    let rows = store
        .query(
            "SELECT d.id, d.state, d.number, d.drafter_name, r.title, coalesce(d.completed_at, r.submitted_at, d.drafted_at) AS at
             FROM work_document d JOIN work_round r ON r.document = d.id AND r.round = d.round
             WHERE d.drafter = $1 AND d.unit = $2 ORDER BY d.id DESC LIMIT 200",
            vec![person.into(), unit.into()],
        )
        .await?;
    all(&rows, card_of)
}

/// What was sent to a unit, and when it took it in hand; what it has not comes first.
pub async fn sent_to(store: &Store, unit: &str) -> Result<Vec<(DocumentCard, Option<At>)>> {
    let rows = store
        .query(
            "SELECT d.id, d.state, d.number, d.drafter_name, r.title, d.completed_at AS at, d.received_at
             FROM work_document d JOIN work_round r ON r.document = d.id AND r.round = d.round
             WHERE d.sent_to = $1
             ORDER BY CASE WHEN d.received_at IS NULL THEN 0 ELSE 1 END, d.completed_at DESC, d.id LIMIT 200",
            vec![unit.into()],
        )
        .await?;
    all(&rows, |row| Ok((card_of(row)?, maybe_at(row, "received_at"))))
}

/// What was submitted once and came back, in a unit.
pub async fn came_back(store: &Store, unit: &str) -> Result<Vec<String>> {
    let rows = store
        .query(
            "SELECT id FROM work_document WHERE unit = $1 AND completed_at IS NULL AND state IN ('draft', 'returned') AND round > 1
             ORDER BY id LIMIT 200",
            vec![unit.into()],
        )
        .await?;
    all(&rows, |row| row.string("id"))
}

/// The newest other document of somebody that has a line.
pub async fn newest_with_line(store: &Store, person: &str, unit: &str, than: &str) -> Result<Option<String>> {
    let row = store
        .query_one(
            "SELECT d.id FROM work_document d WHERE d.drafter = $1 AND d.unit = $2 AND d.id <> $3
               AND EXISTS (SELECT 1 FROM work_step s WHERE s.document = d.id AND s.round = d.round)
             ORDER BY d.id DESC LIMIT 1",
            vec![person.into(), unit.into(), than.into()],
        )
        .await?;
    row.map(|row| row.string("id")).transpose()
}

pub async fn of_case(store: &Store, case: &str) -> Result<Vec<DocumentCard>> {
    let rows = store
        .query(
            "SELECT d.id, d.state, d.number, d.drafter_name, r.title, coalesce(d.completed_at, r.submitted_at, d.drafted_at) AS at
             FROM work_document d JOIN work_round r ON r.document = d.id AND r.round = d.round
             WHERE d.case_id = $1 AND (d.state <> 'draft' OR d.round > 1) ORDER BY d.id DESC LIMIT 100",
            vec![case.into()],
        )
        .await?;
    all(&rows, card_of)
}

/// What is looked for among what a unit completed or was sent.
pub struct Looked<'a> {
    pub unit: &'a str,
    /// A part of the number or of the title.
    pub words: &'a str,
    pub from: At,
    pub until: At,
}

/// The newest first, one more than a page shows.
pub async fn archived(
    store: &Store,
    looked: &Looked<'_>,
    limit: i64,
    skip: i64,
) -> Result<Vec<DocumentCard>> {
    let mut pattern = String::from("%");
    for letter in looked.words.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    let rows = store
        .query(
            "SELECT d.id, d.state, d.number, d.drafter_name, r.title, d.completed_at AS at
             FROM work_document d JOIN work_round r ON r.document = d.id AND r.round = d.round
             WHERE (d.unit = $1 OR d.sent_to = $1) AND d.completed_at >= $2 AND d.completed_at < $3
               AND (lower(r.title) LIKE $4 ESCAPE '\\' OR lower(d.number) LIKE $4 ESCAPE '\\')
             ORDER BY d.completed_at DESC, d.id LIMIT $5 OFFSET $6",
            vec![
                looked.unit.into(),
                looked.from.into(),
                looked.until.into(),
                pattern.into(),
                limit.into(),
                skip.into(),
            ],
        )
        .await?;
    all(&rows, card_of)
}
