//! Values of parameters that are announced while a country runs: from which day, in which notice, who asked, who approved.

use std::collections::BTreeMap;

use maru_kernel::{At, Date, Error, Problem, Result};
use maru_rules::{Parameters, Ratio, Value};
use maru_store::{Batch, Migration, Row, Store};

use crate::{Asked, Pack};

/// Where a value was announced is told in so many letters.
const SOURCE: std::ops::RangeInclusive<usize> = 5..=200;

pub(crate) const SCHEMA: Migration = (
    "definition/0005",
    "CREATE TABLE definition_value (parameter TEXT NOT NULL, place BIGINT NOT NULL, from_on TEXT NOT NULL, value TEXT NOT NULL,
       source TEXT NOT NULL, asked_by TEXT NOT NULL, asked_at BIGINT NOT NULL, state TEXT NOT NULL, done_by TEXT, done_at BIGINT,
       PRIMARY KEY (parameter, place));",
);

/// Somebody asked that a parameter have a value from a day on.
#[derive(Debug, Clone)]
pub struct Announced {
    pub parameter: String,
    pub place: i64,
    pub from: Date,
    /// As a pack's file writes it.
    text: String,
    pub source: String,
    pub asked_by: String,
    pub asked_at: At,
    pub state: Asked,
    pub done_by: Option<String>,
    pub done_at: Option<At>,
}

impl Announced {
    /// The numbers it is made of, in their order.
    pub fn numbers(&self) -> Vec<Ratio> {
        let read = read([self]);
        read.values(&self.parameter).next().map_or_else(Vec::new, |valued| numbers(valued.value))
    }

    fn of(row: &Row) -> Result<Announced> {
        Ok(Announced {
            parameter: row.string("parameter")?,
            place: row.int("place")?,
            from: row.text("from_on")?.parse().map_err(Error::internal)?,
            text: row.string("value")?,
            source: row.string("source")?,
            asked_by: row.string("asked_by")?,
            asked_at: row.at("asked_at")?,
            state: Asked::of(row.text("state")?),
            done_by: row.maybe_text("done_by").map(str::to_owned),
            done_at: row.maybe_int("done_at").map(At::from_micros),
        })
    }
}

/// A number, or the numbers of a list; nothing for what is neither.
pub fn numbers(value: &Value) -> Vec<Ratio> {
    match value {
        Value::Number(number) => vec![*number],
        Value::List(items) => {
            let number = |item: &Value| match item {
                Value::Number(number) => Some(*number),
                _ => None,
            };
            items.iter().map(number).collect::<Option<_>>().unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// How many numbers a parameter has at most: a year for which the last ones are not fixed yet takes none away from the next.
pub fn most_numbers(parameters: &Parameters, name: &str) -> usize {
    parameters.values(name).map(|valued| numbers(valued.value).len()).max().unwrap_or(0)
}

/// A value like another, of these numbers, as a pack's file writes it.
fn written(like: &Value, numbers: &[Ratio]) -> String {
    let one = |number: &Ratio| number.decimal().unwrap_or_else(|| format!("\"{number}\""));
    let all: Vec<String> = numbers.iter().map(one).collect();
    if matches!(like, Value::List(_)) { format!("[{}]", all.join(", ")) } else { all.concat() }
}

/// Announced values as parameters; of two of one day the one that was asked for later.
pub(crate) fn read<'a>(values: impl IntoIterator<Item = &'a Announced>) -> Parameters {
    let mut by_day: BTreeMap<(&str, Date), &Announced> = BTreeMap::new();
    for value in values {
        let kept = by_day.entry((&value.parameter, value.from)).or_insert(value);
        if kept.place < value.place {
            *kept = value;
        }
    }
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let (mut text, mut last) = (String::new(), "");
    for ((parameter, from), value) in by_day {
        if parameter != last {
            let name = quoted(parameter);
            text.push_str(&format!("[[parameter]]\nname = {name}\narticle = {name}\n"));
            last = parameter;
        }
        let (source, value) = (quoted(&value.source), &value.text);
        text.push_str(&format!(
            "[[parameter.value]]\nfrom = \"{from}\"\nsource = {source}\nvalue = {value}\n"
        ));
    }
    let read = Parameters::parse(&text);
    read.inspect_err(|faults| tracing::error!(?faults, "announced values can't be read")).unwrap_or_default()
}

/// A question for rows of the table.
macro_rules! asked_for {
    ($which:literal) => {
        concat!(
            "SELECT parameter, place, from_on, value, source, asked_by, asked_at, state, done_by, done_at FROM definition_value ",
            $which
        )
    };
}

async fn rows(store: &Store, sql: &'static str, values: Vec<maru_store::Value>) -> Result<Vec<Announced>> {
    store.query(sql, values).await?.iter().map(Announced::of).collect()
}

/// What was asked for of a parameter, the newest first.
pub(crate) async fn of(store: &Store, parameter: &str) -> Result<Vec<Announced>> {
    rows(store, asked_for!("WHERE parameter = $1 ORDER BY place DESC"), vec![parameter.into()]).await
}

/// What waits for its second person, of all parameters.
pub(crate) async fn open(store: &Store) -> Result<Vec<Announced>> {
    rows(store, asked_for!("WHERE state = 'open' ORDER BY parameter"), Vec::new()).await
}

/// What had been approved at an instant.
pub(crate) async fn approved(store: &Store, at: At) -> Result<Vec<Announced>> {
    let sql = asked_for!("WHERE state = 'approved' AND done_at <= $1 ORDER BY parameter, place");
    rows(store, sql, vec![at.into()]).await
}

/// A value as it is asked for.
pub struct NewValue<'a> {
    pub parameter: &'a str,
    /// What was typed, read or not.
    pub from: std::result::Result<Date, Problem>,
    /// The same, in the order of the value's numbers; of a list the last ones may be left out.
    pub numbers: Vec<std::result::Result<Ratio, Problem>>,
    pub source: &'a str,
}

impl NewValue<'_> {
    /// The value as a pack's file writes it, or everything that is wrong with it.
    fn checked(&self, pack: &Pack, today: Date) -> Result<(Date, String)> {
        let parameters = &pack.parameters;
        let last = parameters.values(self.parameter).last().ok_or(Error::NotFound)?.value;
        let wrong = |field: &str, key: &str| Problem { field: field.into(), key: key.into(), value: None };
        // In the order in which it is asked.
        let mut problems: Vec<Problem> = self.from.clone().err().into_iter().collect();
        let from = self.from.clone().unwrap_or(today);
        if from < today {
            problems.push(wrong("from", "parameters-wrong-over"));
        }
        let whole = parameters.unit(self.parameter) == Some("원");
        let mut read = Vec::new();
        for (place, number) in (1..).zip(&self.numbers) {
            match number {
                Ok(number) if whole && !number.is_whole() => {
                    problems.push(wrong(&format!("number-{place}"), "parameters-wrong-whole"));
                }
                Ok(number) => read.push(*number),
                Err(problem) => problems.push(problem.clone()),
            }
        }
        if self.numbers.is_empty() || most_numbers(parameters, self.parameter) < self.numbers.len() {
            problems.push(wrong("number-1", "parameters-wrong-numbers"));
        }
        if !SOURCE.contains(&self.source.chars().count()) || self.source.chars().any(char::is_control) {
            problems.push(wrong("source", "parameters-wrong-source"));
        }
        let holds = parameters.at(self.parameter, from).map(numbers);
        if problems.is_empty() && holds.as_ref() == Some(&read) {
            problems.push(wrong("number-1", "parameters-wrong-same"));
        }
        if problems.is_empty() { Ok((from, written(last, &read))) } else { Err(Error::Invalid(problems)) }
    }
}

/// The change that asks for a value. One is asked for at a time.
pub(crate) fn ask(new: &NewValue<'_>, pack: &Pack, asked: &[Announced], by: &str, now: At) -> Result<Batch> {
    let (from, value) = new.checked(pack, now.date())?;
    if asked.iter().any(|one| one.state == Asked::Open) {
        return Err(Error::Conflict("parameters-asked-already".into()));
    }
    let mut batch = Batch::new();
    batch.write_one(
        "nobody asked since",
        "INSERT INTO definition_value (parameter, place, from_on, value, source, asked_by, asked_at, state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'open') ON CONFLICT DO NOTHING",
        vec![
            new.parameter.into(),
            asked.first().map_or(1, |one| one.place.saturating_add(1)).into(),
            from.to_string().into(),
            value.into(),
            new.source.into(),
            by.into(),
            now.into(),
        ],
    );
    Ok(batch)
}

/// The change that answers what was asked for, once.
pub(crate) fn answer(one: &Announced, state: Asked, by: &str, now: At) -> Result<Batch> {
    // Who decided on a day that is over decided by what was announced then.
    if state == Asked::Approved && one.from < now.date() {
        return Err(Error::Conflict("parameters-over".into()));
    }
    let mut batch = Batch::new();
    batch.write_one(
        "asked for and not yet answered",
        "UPDATE definition_value SET state = $3, done_by = $4, done_at = $5 WHERE parameter = $1 AND place = $2 AND state = 'open'",
        vec![
            one.parameter.as_str().into(),
            one.place.into(),
            state.as_str().into(),
            by.into(),
            now.into(),
        ],
    );
    Ok(batch)
}

#[cfg(test)]
mod tests {
    // Tests say what they expect by unwrapping it.
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn one(place: i64, from: &str, text: &str) -> Announced {
        Announced {
            parameter: "보기.값".into(),
            place,
            from: from.parse().unwrap(),
            text: text.into(),
            source: "고시 \"제1호\"\\".into(),
            asked_by: "a".into(),
            asked_at: At::from_micros(0),
            state: Asked::Approved,
            done_by: None,
            done_at: None,
        }
    }

    #[test]
    fn the_later_of_two_of_a_day_counts() {
        let values =
            [one(2, "2027-01-01", "0.35"), one(1, "2027-01-01", "0.33"), one(3, "2026-12-01", "\"1/3\"")];
        let read = read(&values);
        let on = |day: &str| read.at("보기.값", day.parse().unwrap()).map(numbers);
        assert_eq!(on("2027-05-01"), Some(vec![Ratio::parse("0.35").unwrap()]));
        assert_eq!(on("2026-12-31"), Some(vec![Ratio::parse("1/3").unwrap()]));
        assert_eq!(read.source("보기.값", "2027-05-01".parse().unwrap()), Some("고시 \"제1호\"\\"));
        assert_eq!(values.first().unwrap().numbers(), [Ratio::parse("0.35").unwrap()]);
    }

    #[test]
    fn a_value_is_written_as_it_is_read() {
        let ratios: Vec<Ratio> =
            ["0.32", "1200000", "1/3"].into_iter().map(|n| Ratio::parse(n).unwrap()).collect();
        for (like, numbers, text) in [
            (Value::from(1), ratios.get(..1).unwrap(), "0.32"),
            (Value::List(vec![]), ratios.as_slice(), "[0.32, 1200000, \"1/3\"]"),
            (Value::List(vec![]), ratios.get(1..2).unwrap(), "[1200000]"),
        ] {
            assert_eq!(written(&like, numbers), text);
            assert_eq!(one(1, "2027-01-01", text).numbers(), numbers);
        }
    }
}
