//! What somebody wishes to be told of, and how far that is.

use std::collections::BTreeMap;

use maru_kernel::{At, Date, Error, Result};
use maru_store::{Batch, Row, Store};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub party: String,
    pub reminder: String,
    /// The last day, as the register told it when it was read.
    pub due: Option<Date>,
    /// The number of days ahead that was told of last, about this day.
    pub told: Option<i64>,
    /// The day of the next look.
    pub look: Date,
    pub read_at: Option<At>,
}

fn wish_of(row: &Row) -> Result<Wish> {
    let date = |text: &str| text.parse::<Date>().map_err(Error::internal);
    Ok(Wish {
        party: row.string("party")?,
        reminder: row.string("reminder")?,
        due: row.maybe_text("due").map(date).transpose()?,
        told: row.maybe_int("told"),
        look: date(row.text("look")?)?,
        read_at: row.maybe_int("read_at").map(At::from_micros),
    })
}

/// By reminder.
pub async fn wishes(store: &Store, party: &str) -> Result<BTreeMap<String, Wish>> {
    let rows = store
        .query(
            "SELECT party, reminder, due, told, look, read_at FROM message_reminder WHERE party = $1",
            vec![party.into()],
        )
        .await?;
    rows.iter().map(|row| wish_of(row).map(|wish| (wish.reminder.clone(), wish))).collect()
}

/// Whose day to be looked at has come, after a person.
pub async fn to_look_at(store: &Store, today: Date, after: &str, limit: usize) -> Result<Vec<String>> {
    let rows = store
        .query(
            "SELECT DISTINCT party FROM message_reminder WHERE look <= $1 AND party > $2 ORDER BY party LIMIT $3",
            vec![today.to_string().into(), after.into(), i64::try_from(limit).unwrap_or(1).into()],
        )
        .await?;
    rows.iter().map(|row| row.string("party")).collect()
}

pub fn forget_wishes(batch: &mut Batch, party: &str) {
    batch.write("DELETE FROM message_reminder WHERE party = $1", vec![party.into()]);
}

pub fn put_wish(batch: &mut Batch, wish: &Wish) {
    batch.write(
        "INSERT INTO message_reminder (party, reminder, due, told, look, read_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (party, reminder) DO UPDATE SET due = $3, told = $4, look = $5, read_at = $6",
        vec![
            wish.party.as_str().into(),
            wish.reminder.as_str().into(),
            wish.due.map(|due| due.to_string()).into(),
            wish.told.into(),
            wish.look.to_string().into(),
            wish.read_at.into(),
        ],
    );
}

/// The same, if nobody looked in the meantime.
pub fn move_wish(batch: &mut Batch, old: &Wish, new: &Wish) {
    batch.write_one(
        "nobody looked in the meantime",
        "UPDATE message_reminder SET due = $3, told = $4, look = $5, read_at = $6
         WHERE party = $1 AND reminder = $2 AND look = $7",
        vec![
            old.party.as_str().into(),
            old.reminder.as_str().into(),
            new.due.map(|due| due.to_string()).into(),
            new.told.into(),
            new.look.to_string().into(),
            new.read_at.into(),
            old.look.to_string().into(),
        ],
    );
}
