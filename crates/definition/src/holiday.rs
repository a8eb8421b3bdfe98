//! Public holidays that are declared while a country runs: rows that stand beside the pack's calendar.

use maru_kernel::{At, Both, Date, Error, Result};
use maru_store::{Batch, Migration, Row, Store};

use crate::Calendar;

/// A day off is called something, in so many letters at most.
const NAME_LENGTH: usize = 60;

pub(crate) const SCHEMA: Migration = (
    "definition/0002",
    "CREATE TABLE definition_holiday (date TEXT PRIMARY KEY, name_ko TEXT NOT NULL, name_en TEXT NOT NULL, place BIGINT NOT NULL,
       at BIGINT NOT NULL, ended_at BIGINT);",
);

/// A day off as it was declared, and taken back perhaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    pub date: Date,
    pub name: Both,
    /// Grows with each change of any of them.
    pub place: i64,
    pub at: At,
    pub ended: Option<At>,
}

fn declared_of(row: &Row) -> Result<Declared> {
    Ok(Declared {
        date: row.text("date")?.parse().map_err(Error::internal)?,
        name: Both { ko: row.string("name_ko")?, en: row.string("name_en")? },
        place: row.int("place")?,
        at: row.at("at")?,
        ended: row.maybe_int("ended_at").map(At::from_micros),
    })
}

pub(crate) async fn all(store: &Store) -> Result<Vec<Declared>> {
    let rows = store
        .query(
            "SELECT date, name_ko, name_en, place, at, ended_at FROM definition_holiday ORDER BY date",
            vec![],
        )
        .await?;
    rows.iter().map(declared_of).collect()
}

/// The change that makes a day a holiday, or why it can't be one.
pub(crate) fn declare(calendar: &Calendar, date: Date, name: &Both, now: At) -> Result<Batch> {
    let named = |text: &str| (1..=NAME_LENGTH).contains(&text.trim().chars().count());
    if !named(&name.ko) || !named(&name.en) {
        return Err(Error::invalid("name", "holiday-wrong-name"));
    }
    // What has been counted on a day that is over stays as it was.
    if date < now.date() {
        return Err(Error::invalid("date", "holiday-wrong-over"));
    }
    match calendar.is_working_day(date) {
        None => return Err(Error::invalid("date", "holiday-wrong-outside")),
        Some(false) => return Err(Error::invalid("date", "holiday-wrong-off")),
        Some(true) => {}
    }
    let mut batch = Batch::new();
    batch.write_one(
        "no such holiday yet",
        "INSERT INTO definition_holiday (date, name_ko, name_en, place, at)
         VALUES ($1, $2, $3, (SELECT coalesce(max(place), 0) + 1 FROM definition_holiday), $4)
         ON CONFLICT (date) DO UPDATE SET name_ko = excluded.name_ko, name_en = excluded.name_en, place = excluded.place,
           at = excluded.at, ended_at = NULL WHERE definition_holiday.ended_at IS NOT NULL",
        vec![date.to_string().into(), name.ko.trim().into(), name.en.trim().into(), now.into()],
    );
    Ok(batch)
}

/// The change that makes a declared holiday a day like others again.
pub(crate) fn withdraw(declared: &[Declared], date: Date, now: At) -> Result<Batch> {
    if !declared.iter().any(|day| day.date == date && day.ended.is_none()) {
        return Err(Error::NotFound);
    }
    if date < now.date() {
        return Err(Error::invalid("date", "holiday-wrong-over"));
    }
    let mut batch = Batch::new();
    batch.write_one(
        "holiday still stands",
        "UPDATE definition_holiday SET ended_at = $2, place = (SELECT max(place) + 1 FROM definition_holiday)
         WHERE date = $1 AND ended_at IS NULL",
        vec![date.to_string().into(), now.into()],
    );
    Ok(batch)
}
