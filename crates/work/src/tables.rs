//! SQL, and only SQL.

mod delegation;
mod lists;

use maru_kernel::{At, Both, Error, Result};
use maru_store::{Batch, Row, Store, Value};
use maru_web::ports::LineKind;

pub use delegation::*;
pub use lists::*;

use crate::model::{Document, Mark, Number, Outcome, Round, State, Step, Who};

fn both(row: &Row, column: &str) -> Result<Both> {
    serde_json::from_str(row.text(column)?).map_err(Error::internal)
}

fn text_of(name: &Both) -> Result<String> {
    serde_json::to_string(name).map_err(Error::internal)
}

fn who(row: &Row, id: &str, name: &str) -> Result<Option<Who>> {
    row.maybe_text(id).map(|id| Ok(Who { id: id.to_owned(), name: both(row, name)? })).transpose()
}

fn maybe_at(row: &Row, column: &str) -> Option<At> {
    row.maybe_int(column).map(At::from_micros)
}

fn known<T: Copy>(all: &[T], text: &str, of: impl Fn(T) -> &'static str) -> Result<T> {
    let found = all.iter().copied().find(|one| of(*one) == text);
    found.ok_or_else(|| Error::internal(format!("a row says {text}")))
}

pub const KINDS: [LineKind; 3] = [LineKind::Review, LineKind::Cosign, LineKind::Approve];

pub fn kind_name(kind: LineKind) -> &'static str {
    match kind {
        LineKind::Review => "review",
        LineKind::Cosign => "cosign",
        LineKind::Approve => "approve",
    }
}

fn step_of(row: &Row) -> Result<Step> {
    let missing = || Error::internal("a step of nobody");
    Ok(Step {
        place: row.int("place")?,
        position: row.int("position")?,
        kind: known(&KINDS, row.text("kind")?, kind_name)?,
        who: who(row, "person", "name")?.ok_or_else(missing)?,
        decides_for: who(row, "decides_for", "decides_name")?,
        mark: known(&Mark::ALL, row.text("mark")?, Mark::as_str)?,
        signed_by: who(row, "signed_by", "signed_name")?,
        mandate: row.maybe_text("mandate").map(str::to_owned),
        at: maybe_at(row, "at"),
        comment: row.string("comment")?,
        reported: maybe_at(row, "reported_at"),
    })
}

fn round_of(row: &Row) -> Result<Round> {
    let outcome = row.maybe_text("outcome");
    Ok(Round {
        count: row.int("round")?,
        drafter: who(row, "drafter", "drafter_name")?,
        title: row.string("title")?,
        body: row.string("body")?,
        recipient: row.maybe_text("recipient").map(str::to_owned),
        submitted_at: maybe_at(row, "submitted_at"),
        ended_at: maybe_at(row, "ended_at"),
        outcome: outcome.map(|text| known(&Outcome::ALL, text, Outcome::as_str)).transpose()?,
        steps: Vec::new(),
    })
}

/// A document with all its rounds and their steps.
pub async fn document(store: &Store, id: &str) -> Result<Option<Document>> {
    let found = store
        .query_one(
            "SELECT id, unit, drafter, drafter_name, case_id, state, version, drafted_at, year, serial, number, completed_at, seal,
               received_by, received_name, received_at FROM work_document WHERE id = $1",
            vec![id.into()],
        )
        .await?;
    let Some(row) = found else { return Ok(None) };
    let rounds = store
        .query(
            "SELECT round, title, body, recipient, submitted_at, ended_at, outcome, drafter, drafter_name FROM work_round
             WHERE document = $1 ORDER BY round",
            vec![id.into()],
        )
        .await?;
    let mut past = rounds.iter().map(round_of).collect::<Result<Vec<Round>>>()?;
    let steps = store
        .query(
            "SELECT round, place, position, kind, person, name, decides_for, decides_name, mark, signed_by, signed_name, mandate,
               at, comment, reported_at FROM work_step WHERE document = $1 ORDER BY round, place",
            vec![id.into()],
        )
        .await?;
    for step in &steps {
        let count = step.int("round")?;
        if let Some(round) = past.iter_mut().find(|round| round.count == count) {
            round.steps.push(step_of(step)?);
        }
    }
    let number = row.maybe_int("year").zip(row.maybe_int("serial")).zip(row.maybe_text("number"));
    Ok(Some(Document {
        id: row.string("id")?,
        unit: row.string("unit")?,
        drafter: who(&row, "drafter", "drafter_name")?
            .ok_or_else(|| Error::internal("a document of nobody"))?,
        case: row.maybe_text("case_id").map(str::to_owned),
        state: known(&State::ALL, row.text("state")?, State::as_str)?,
        version: row.int("version")?,
        drafted_at: row.at("drafted_at")?,
        number: number.map(|((year, serial), text)| Number { year, serial, text: text.to_owned() }),
        completed_at: maybe_at(&row, "completed_at"),
        seal: row.maybe_text("seal").map(str::to_owned),
        received: who(&row, "received_by", "received_name")?.zip(maybe_at(&row, "received_at")),
        round: past.pop().ok_or_else(|| Error::internal("a document without a round"))?,
        past,
    }))
}

pub fn add(batch: &mut Batch, document: &Document) -> Result<()> {
    batch.write_one(
        "document is new",
        "INSERT INTO work_document (id, unit, drafter, drafter_name, case_id, state, round, version, drafted_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
        vec![
            document.id.as_str().into(),
            document.unit.as_str().into(),
            document.drafter.id.as_str().into(),
            text_of(&document.drafter.name)?.into(),
            document.case.clone().into(),
            document.state.as_str().into(),
            document.round.count.into(),
            document.version.into(),
            document.drafted_at.into(),
        ],
    );
    put_round(batch, &document.id, &document.round)
}

/// Writes a document as it has become, if nobody else has changed it since it was read.
pub fn put(batch: &mut Batch, document: &Document) -> Result<()> {
    let (by, at) = match &document.received {
        Some((by, at)) => (Some(by), Some(*at)),
        None => (None, None),
    };
    batch.write_one(
        "document as read",
        "UPDATE work_document SET case_id = $3, state = $4, round = $5, version = version + 1, year = $6, serial = $7, number = $8,
           completed_at = $9, seal = $10, sent_to = $11, received_by = $12, received_name = $13, received_at = $14,
           drafter = $15, drafter_name = $16
         WHERE id = $1 AND version = $2",
        vec![
            document.id.as_str().into(),
            document.version.into(),
            document.case.clone().into(),
            document.state.as_str().into(),
            document.round.count.into(),
            document.number.as_ref().map(|number| number.year).into(),
            document.number.as_ref().map(|number| number.serial).into(),
            document.number.as_ref().map(|number| number.text.clone()).into(),
            document.completed_at.into(),
            document.seal.clone().into(),
            document.sent_to().map(str::to_owned).into(),
            by.map(|by| by.id.clone()).into(),
            by.map(|by| text_of(&by.name)).transpose()?.into(),
            at.into(),
            document.drafter.id.as_str().into(),
            text_of(&document.drafter.name)?.into(),
        ],
    );
    for round in document.past.iter().chain([&document.round]) {
        put_round(batch, &document.id, round)?;
    }
    Ok(())
}

fn put_round(batch: &mut Batch, document: &str, round: &Round) -> Result<()> {
    batch.write(
        "INSERT INTO work_round (document, round, title, body, recipient, submitted_at, ended_at, outcome, drafter, drafter_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (document, round) DO UPDATE SET title = $3, body = $4, recipient = $5, submitted_at = $6, ended_at = $7,
           outcome = $8, drafter = $9, drafter_name = $10",
        vec![
            document.into(),
            round.count.into(),
            round.title.as_str().into(),
            round.body.as_str().into(),
            round.recipient.clone().into(),
            round.submitted_at.into(),
            round.ended_at.into(),
            round.outcome.map(|outcome| outcome.as_str().to_owned()).into(),
            round.drafter.as_ref().map(|who| who.id.clone()).into(),
            round.drafter.as_ref().map(|who| text_of(&who.name)).transpose()?.into(),
        ],
    );
    batch.write(
        "DELETE FROM work_step WHERE document = $1 AND round = $2",
        vec![document.into(), round.count.into()],
    );
    for step in &round.steps {
        put_step(batch, document, round.count, step)?;
    }
    Ok(())
}

fn put_step(batch: &mut Batch, document: &str, round: i64, step: &Step) -> Result<()> {
    let name = |who: &Option<Who>| who.as_ref().map(|who| text_of(&who.name)).transpose();
    let id = |who: &Option<Who>| -> Value { who.as_ref().map(|who| who.id.clone()).into() };
    batch.write(
        "INSERT INTO work_step (document, round, place, position, kind, person, name, decides_for, decides_name, mark, signed_by,
           signed_name, mandate, at, comment, reported_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        vec![
            document.into(),
            round.into(),
            step.place.into(),
            step.position.into(),
            kind_name(step.kind).into(),
            step.who.id.as_str().into(),
            text_of(&step.who.name)?.into(),
            id(&step.decides_for),
            name(&step.decides_for)?.into(),
            step.mark.as_str().into(),
            id(&step.signed_by),
            name(&step.signed_by)?.into(),
            step.mandate.clone().into(),
            step.at.into(),
            step.comment.as_str().into(),
            step.reported.into(),
        ],
    );
    Ok(())
}

/// The last serial number a unit has given in a year.
pub async fn last_serial(store: &Store, unit: &str, year: i64) -> Result<Option<i64>> {
    let row = store
        .query_one(
            "SELECT last FROM work_register WHERE unit = $1 AND year = $2",
            vec![unit.into(), year.into()],
        )
        .await?;
    row.map(|row| row.int("last")).transpose()
}

/// Gives the next one, if nobody else has given it since the last was read.
pub fn give_serial(batch: &mut Batch, unit: &str, year: i64, last: Option<i64>, next: i64) {
    match last {
        Some(last) => batch.write_one(
            "register as read",
            "UPDATE work_register SET last = $4 WHERE unit = $1 AND year = $2 AND last = $3",
            vec![unit.into(), year.into(), last.into(), next.into()],
        ),
        None => batch.write_one(
            "register begins",
            "INSERT INTO work_register (unit, year, last) VALUES ($1, $2, $3) ON CONFLICT (unit, year) DO NOTHING",
            vec![unit.into(), year.into(), next.into()],
        ),
    };
}

/// A draft that was never submitted leaves nothing but its events.
pub fn remove(batch: &mut Batch, document: &Document) {
    batch.write_one(
        "document as read",
        "DELETE FROM work_document WHERE id = $1 AND version = $2",
        vec![document.id.as_str().into(), document.version.into()],
    );
    batch.write("DELETE FROM work_round WHERE document = $1", vec![document.id.as_str().into()]);
    batch.write("DELETE FROM work_step WHERE document = $1", vec![document.id.as_str().into()]);
}
