use std::collections::BTreeMap;

use maru_kernel::{Both, Date};
use serde::Deserialize;

use crate::{fault::Fault, files::Files};

const FILE: &str = "calendar.toml";

/// Public holidays, and the years they are known for.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    covers: Option<(Date, Date)>,
    source: String,
    holidays: BTreeMap<Date, Both>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    covers: (String, String),
    source: String,
    #[serde(default)]
    holiday: Vec<WrittenHoliday>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenHoliday {
    date: toml::Spanned<String>,
    name: Both,
}

impl Calendar {
    pub(crate) fn read(files: &Files, faults: &mut Vec<Fault>) -> Calendar {
        let Some(written) = files.toml::<Written>(FILE, faults) else { return Calendar::default() };
        let text = files.get(FILE).unwrap_or_default();
        let mut calendar = Calendar { source: written.source, ..Calendar::default() };
        match (written.covers.0.parse::<Date>(), written.covers.1.parse::<Date>()) {
            (Ok(first), Ok(last)) if first <= last => calendar.covers = Some((first, last)),
            _ => {
                let line = files.line(FILE, &["covers"]);
                faults.push(Fault::new(
                    FILE,
                    line,
                    "covers is no span of days",
                    r#"write ["2018-01-01", "2027-12-31"]"#,
                ));
            }
        }
        for holiday in written.holiday {
            let line = crate::fault::line_at(text, holiday.date.span().start);
            let Ok(date) = holiday.date.get_ref().parse::<Date>() else {
                let what = format!("{} is no day", holiday.date.get_ref());
                faults.push(Fault::new(FILE, line, what, "write it as 2026-09-25"));
                continue;
            };
            if calendar.covers.is_some_and(|(first, last)| date < first || date > last) {
                let what = format!("{date} is outside what the calendar covers");
                faults.push(Fault::new(
                    FILE,
                    line,
                    what,
                    "widen `covers`, when all holidays up to then are here",
                ));
            }
            if calendar.holidays.insert(date, holiday.name).is_some() {
                faults.push(Fault::new(FILE, line, format!("{date} is here twice"), "make it one entry"));
            }
        }
        calendar
    }

    /// A day on which periods count: no Saturday, no Sunday, no holiday. None outside what the calendar covers.
    pub fn is_working_day(&self, date: Date) -> Option<bool> {
        let (first, last) = self.covers?;
        if date < first || date > last {
            return None;
        }
        let weekend = date.weekday().to_monday_zero_offset() >= 5;
        Some(!weekend && !self.holidays.contains_key(&date))
    }

    pub fn holiday(&self, date: Date) -> Option<&Both> {
        self.holidays.get(&date)
    }

    pub fn covers(&self) -> Option<(Date, Date)> {
        self.covers
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    pub(crate) fn holidays(&self) -> impl Iterator<Item = (Date, &Both)> {
        self.holidays.iter().map(|(date, name)| (*date, name))
    }
}
