//! SQL, and only SQL.

use maru_kernel::{At, Both, Result};
use maru_store::{Batch, Row, Store};
use maru_web::ports::MessageCard;

mod reminder;

pub use reminder::*;

pub struct Message {
    pub id: String,
    pub case: Option<String>,
    pub reminder: Option<String>,
    pub notice: Option<String>,
    pub kind: String,
    pub subject: Both,
    pub body: Both,
    pub from: Both,
    pub at: At,
    pub read: bool,
}

fn message_of(row: &Row) -> Result<Message> {
    let both =
        |ko: &str, en: &str| Ok::<_, maru_kernel::Error>(Both { ko: row.string(ko)?, en: row.string(en)? });
    Ok(Message {
        id: row.string("id")?,
        case: row.maybe_text("case_id").map(str::to_owned),
        reminder: row.maybe_text("reminder").map(str::to_owned),
        notice: row.maybe_text("notice").map(str::to_owned),
        kind: row.string("kind")?,
        subject: both("subject_ko", "subject_en")?,
        body: both("body_ko", "body_en")?,
        from: both("from_ko", "from_en")?,
        at: row.at("at")?,
        read: row.maybe_int("read_at").is_some(),
    })
}

/// What a message is about.
#[derive(Debug, Clone, Copy)]
pub enum About<'a> {
    Case(&'a str),
    Reminder(&'a str),
    Notice(&'a str),
}

/// A message to one person, before it is there.
pub struct Told<'a> {
    pub to: &'a str,
    pub kind: &'a str,
    pub about: About<'a>,
    pub subject: &'a Both,
    pub body: &'a Both,
    pub from: &'a Both,
}

pub fn add(batch: &mut Batch, id: &str, told: &Told<'_>, at: At) {
    let (case, reminder, notice) = match told.about {
        About::Case(id) => (Some(id), None, None),
        About::Reminder(id) => (None, Some(id), None),
        About::Notice(id) => (None, None, Some(id)),
    };
    batch.write(
        "INSERT INTO message_message (party, id, case_id, reminder, kind, subject_ko, subject_en, body_ko, body_en, from_ko, from_en, at, notice)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (party, id) DO NOTHING",
        vec![
            told.to.into(),
            id.into(),
            case.into(),
            reminder.into(),
            told.kind.into(),
            told.subject.ko.as_str().into(),
            told.subject.en.as_str().into(),
            told.body.ko.as_str().into(),
            told.body.en.as_str().into(),
            told.from.ko.as_str().into(),
            told.from.en.as_str().into(),
            at.into(),
            notice.into(),
        ],
    );
}

pub async fn message(store: &Store, party: &str, id: &str) -> Result<Option<Message>> {
    let row = store
        .query_one(
            "SELECT id, case_id, reminder, notice, kind, subject_ko, subject_en, body_ko, body_en, from_ko, from_en, at, read_at
             FROM message_message WHERE party = $1 AND id = $2",
            vec![party.into(), id.into()],
        )
        .await?;
    row.as_ref().map(message_of).transpose()
}

pub async fn newest(store: &Store, party: &str, limit: usize) -> Result<Vec<MessageCard>> {
    store
        .query(
            "SELECT id, case_id, reminder, notice, kind, subject_ko, subject_en, '' AS body_ko, '' AS body_en, from_ko, from_en, at, read_at
             FROM message_message WHERE party = $1 ORDER BY id DESC LIMIT $2",
            vec![party.into(), i64::try_from(limit).unwrap_or(1).into()],
        )
        .await?
        .iter()
        .map(|row| {
            let m = message_of(row)?;
            Ok(MessageCard { id: m.id, subject: m.subject, from: m.from, at: m.at, read: m.read })
        })
        .collect()
}

pub async fn unread(store: &Store, party: &str) -> Result<usize> {
    let row = store
        .query_one(
            "SELECT count(*) AS n FROM message_message WHERE party = $1 AND read_at IS NULL",
            vec![party.into()],
        )
        .await?;
    row.map_or(Ok(0), |row| row.int("n").map(|n| usize::try_from(n).unwrap_or(0)))
}

pub fn mark_read(batch: &mut Batch, party: &str, id: &str, at: At) {
    batch.write(
        "UPDATE message_message SET read_at = $3 WHERE party = $1 AND id = $2 AND read_at IS NULL",
        vec![party.into(), id.into(), at.into()],
    );
}

pub fn add_attempt(batch: &mut Batch, party: &str, message: &str, channel: &str, at: At, outcome: &str) {
    batch.write(
        "INSERT INTO message_attempt (party, message, channel, at, outcome) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (party, message, channel, at) DO NOTHING",
        vec![party.into(), message.into(), channel.into(), at.into(), outcome.into()],
    );
}

/// When it went out by mail, if it did.
pub async fn sent(store: &Store, party: &str, message: &str) -> Result<Option<At>> {
    let row = store
        .query_one(
            "SELECT at FROM message_attempt WHERE party = $1 AND message = $2 AND outcome = 'sent' ORDER BY at LIMIT 1",
            vec![party.into(), message.into()],
        )
        .await?;
    row.map(|row| row.at("at")).transpose()
}
