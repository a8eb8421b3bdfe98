//! TOML read with its lines, so that every fault can say where; and so that a decimal is read from its text.

use std::ops::Range;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use maru_kernel::{Both, both};

use crate::Fault;
use crate::fault::Lines;
use crate::value::read_date;

/// The largest file that is read.
const MAX_FILE: usize = 4 * 1024 * 1024;

/// A file as it was written.
pub(crate) struct Source<'t> {
    pub text: &'t str,
    pub lines: Lines,
}

impl<'t> Source<'t> {
    pub fn of(text: &'t str) -> Source<'t> {
        Source { text, lines: Lines::of(text) }
    }

    pub fn document(&self, faults: &mut Vec<Fault>) -> Option<Spanned<DeTable<'t>>> {
        if self.text.len() > MAX_FILE {
            faults.push(Fault::at(
                0..self.text.len(),
                both!("{MAX_FILE}바이트보다 깁니다", "longer than {MAX_FILE} bytes"),
            ));
            return None;
        }
        match DeTable::parse(self.text) {
            Ok(file) => Some(file),
            Err(error) => {
                // TOML's bare keys are ASCII; whoever writes a Korean one should be told what to do about it.
                let told = error.message();
                let message = if told.contains("unquoted key") {
                    both!(
                        "한글 이름은 따옴표 안에 쓰세요 ({told})",
                        "{told}: a key in Korean stands in quotes"
                    )
                } else {
                    both!("TOML로 읽을 수 없습니다 ({told})", "{told}")
                };
                faults.push(Fault::at(error.span().unwrap_or(0..0), message).on(&self.lines));
                None
            }
        }
    }
}

/// One table of a file.
pub(crate) struct Table<'t> {
    source: &'t Source<'t>,
    fields: &'t DeTable<'t>,
    at: Range<usize>,
}

impl<'t> Table<'t> {
    pub fn top(source: &'t Source<'t>, file: &'t Spanned<DeTable<'t>>) -> Table<'t> {
        Table { source, fields: file.get_ref(), at: file.span() }
    }

    pub fn source(&self) -> &'t Source<'t> {
        self.source
    }

    pub fn at(&self) -> Range<usize> {
        self.at.clone()
    }

    pub fn line(&self) -> usize {
        self.source.lines.line_of(self.at.start)
    }

    pub fn get(&self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.fields.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    pub fn fault(&self, message: Both, faults: &mut Vec<Fault>) {
        faults.push(Fault::at(self.at(), message).on(&self.source.lines));
    }

    pub fn fault_at(&self, at: Range<usize>, message: Both, faults: &mut Vec<Fault>) {
        faults.push(Fault::at(at, message).on(&self.source.lines));
    }

    /// Refuses every key that is not one of these: a misspelt `untill` must not silently mean "for ever".
    pub fn only(&self, known: &[&str], faults: &mut Vec<Fault>) {
        for (name, _) in self.fields {
            if !known.contains(&name.get_ref().as_ref()) {
                let (key, known) = (name.get_ref(), known.join(", "));
                let message = both!(
                    "`{key}`은(는) 쓸 수 없는 이름입니다. 쓸 수 있는 것: {known}",
                    "`{key}` is not one of {known}"
                );
                self.fault_at(name.span(), message, faults);
            }
        }
    }

    /// How many things are written `[[key]]`.
    pub fn count(&self, key: &str) -> usize {
        self.get(key).and_then(|value| value.get_ref().as_array()).map_or(0, |items| items.len())
    }

    /// The tables written `[[key]]`.
    pub fn tables(&self, key: &str, faults: &mut Vec<Fault>) -> Vec<Table<'t>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let wrong = |at| {
            let why = both!(
                "`{key}`은(는) 하나씩 [[{key}]] 표로 쓰세요",
                "write each `{key}` as a table of its own, [[{key}]]"
            );
            Fault::at(at, why).on(&self.source.lines)
        };
        let DeValue::Array(items) = value.get_ref() else {
            faults.push(wrong(value.span()));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items.iter() {
            match item.get_ref() {
                DeValue::Table(fields) => tables.push(Table { source: self.source, fields, at: item.span() }),
                _ => faults.push(wrong(item.span())),
            }
        }
        tables
    }

    /// A text, with where it stands.
    pub fn spanned(&self, key: &str, faults: &mut Vec<Fault>) -> Option<(&'t str, Range<usize>)> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some((text, value.span())),
            _ => {
                self.fault_at(
                    value.span(),
                    both!("`{key}`은(는) 따옴표 안에 쓰는 글입니다", "`{key}` must be text, in quotes"),
                    faults,
                );
                None
            }
        }
    }

    pub fn text(&self, key: &str, faults: &mut Vec<Fault>) -> Option<String> {
        self.spanned(key, faults).map(|(text, _)| text.to_owned())
    }

    /// A text that must be there and not be empty.
    pub fn required(&self, key: &str, faults: &mut Vec<Fault>) -> Option<String> {
        self.must_have(key, faults);
        let (text, at) = self.spanned(key, faults)?;
        if text.trim().is_empty() {
            self.fault_at(at, both!("`{key}`이(가) 비어 있습니다", "`{key}` is empty"), faults);
            return None;
        }
        Some(text.to_owned())
    }

    pub fn must_have(&self, key: &str, faults: &mut Vec<Fault>) {
        if self.get(key).is_none() {
            self.fault(both!("`{key}`이(가) 없습니다", "`{key}` is missing"), faults);
        }
    }

    /// A date, as text or as TOML's own.
    pub fn date(&self, key: &str, faults: &mut Vec<Fault>) -> Option<Date> {
        let value = self.get(key)?;
        let date = match value.get_ref() {
            DeValue::String(text) => read_date(text),
            DeValue::Datetime(date) => read_date(&date.to_string()),
            _ => None,
        };
        if date.is_none() {
            self.fault_at(
                value.span(),
                both!(
                    "`{key}`은(는) 날짜가 아닙니다. \"yyyy-mm-dd\"로 쓰세요",
                    "`{key}` is not a date: write \"yyyy-mm-dd\""
                ),
                faults,
            );
        }
        date
    }

    pub fn required_date(&self, key: &str, faults: &mut Vec<Fault>) -> Option<Date> {
        self.must_have(key, faults);
        self.date(key, faults)
    }
}

/// When an entry holds, both days included, and the line it is written on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Period {
    pub from: Date,
    pub until: Option<Date>,
    pub line: usize,
}

/// The first two periods that share a day: the line of the later one, and of the one it runs into.
pub(crate) fn first_overlap(mut periods: Vec<Period>) -> Option<(usize, usize)> {
    periods.sort_by_key(|period| (period.from, period.line));
    // Sorted by their first days, if any two overlap then some two neighbours do.
    let mut pairs = periods.iter().zip(periods.iter().skip(1));
    let clash = pairs.find(|(one, next)| one.until.is_none_or(|until| next.from <= until));
    clash.map(|(one, next)| (next.line, one.line))
}
