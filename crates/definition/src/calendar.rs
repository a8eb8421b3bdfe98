use std::collections::BTreeMap;

use jiff::civil::Time;
use maru_kernel::{At, Both, Date};
use serde::Deserialize;

use crate::{fault::Fault, files::Files, holiday::Declared};

const FILE: &str = "calendar.toml";

/// Public holidays, the years they are known for, and when offices are open.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    covers: Option<(Date, Date)>,
    source: String,
    holidays: BTreeMap<Date, Both>,
    hours: Hours,
    /// Of agencies that keep others.
    own_hours: BTreeMap<String, Hours>,
    change: Option<Change>,
}

/// The newest change that an operator made to the days off of the pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Grows with each change.
    pub place: i64,
    pub at: At,
    /// The first day that any change was about: what is due before it stays.
    pub first: Date,
}

/// When an office works on a working day; lunch does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    pub open: Time,
    pub close: Time,
    pub lunch: (Time, Time),
}

impl Default for Hours {
    fn default() -> Hours {
        let at = |hour| Time::constant(hour, 0, 0, 0);
        Hours { open: at(9), close: at(18), lunch: (at(12), at(13)) }
    }
}

impl Hours {
    /// The working time of a day, in order.
    pub fn of(&self, date: Date) -> [(At, At); 2] {
        let start = At::start_of(date);
        let at = |time: Time| {
            let seconds = i64::from(time.hour()) * 3_600 + i64::from(time.minute()) * 60;
            start.plus_seconds(seconds.saturating_add(i64::from(time.second())))
        };
        [(at(self.open), at(self.lunch.0)), (at(self.lunch.1), at(self.close))]
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    covers: (String, String),
    source: String,
    #[serde(default)]
    hours: Vec<WrittenHours>,
    #[serde(default)]
    holiday: Vec<WrittenHoliday>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenHours {
    /// Without: of every agency that has none of its own.
    agency: Option<String>,
    open: toml::Spanned<String>,
    close: String,
    lunch: (String, String),
}

impl WrittenHours {
    fn read(&self) -> Option<Hours> {
        let time = |text: &str| text.parse::<Time>().ok();
        let hours = Hours {
            open: time(self.open.get_ref())?,
            close: time(&self.close)?,
            lunch: (time(&self.lunch.0)?, time(&self.lunch.1)?),
        };
        let in_order =
            hours.open < hours.lunch.0 && hours.lunch.0 <= hours.lunch.1 && hours.lunch.1 < hours.close;
        in_order.then_some(hours)
    }
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
                faults.push(Fault::of_pack(
                    FILE,
                    line,
                    "covers is no span of days",
                    r#"write ["2018-01-01", "2027-12-31"]"#,
                ));
            }
        }
        for entry in written.hours {
            let line = crate::fault::line_at(text, entry.open.span().start);
            let Some(hours) = entry.read() else {
                let todo = r#"write open = "09:00", close = "18:00", lunch = ["12:00", "13:00"], in this order of the day"#;
                faults.push(Fault::of_pack(FILE, line, "these hours are no working day", todo));
                continue;
            };
            match entry.agency {
                None => calendar.hours = hours,
                Some(agency) => {
                    if calendar.own_hours.insert(agency.clone(), hours).is_some() {
                        let what = format!("the hours of {agency} are here twice");
                        faults.push(Fault::of_pack(FILE, line, what, "make it one entry"));
                    }
                }
            }
        }
        for holiday in written.holiday {
            let line = crate::fault::line_at(text, holiday.date.span().start);
            let Ok(date) = holiday.date.get_ref().parse::<Date>() else {
                let what = format!("{} is no day", holiday.date.get_ref());
                faults.push(Fault::of_pack(FILE, line, what, "write it as 2026-09-25"));
                continue;
            };
            if calendar.covers.is_some_and(|(first, last)| date < first || date > last) {
                let what = format!("{date} is outside what the calendar covers");
                faults.push(Fault::of_pack(
                    FILE,
                    line,
                    what,
                    "widen `covers`, when all holidays up to then are here",
                ));
            }
            if calendar.holidays.insert(date, holiday.name).is_some() {
                faults.push(Fault::of_pack(FILE, line, format!("{date} is here twice"), "make it one entry"));
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

    /// The newest change to the days off of the pack.
    pub fn change(&self) -> Option<Change> {
        self.change
    }

    /// These days off with those that were declared since.
    pub(crate) fn with(&self, declared: &[Declared]) -> Calendar {
        let mut calendar = self.clone();
        let stands = declared.iter().filter(|day| day.ended.is_none());
        calendar.holidays.extend(stands.map(|day| (day.date, day.name.clone())));
        let newest = declared.iter().max_by_key(|day| day.place);
        let first = declared.iter().map(|day| day.date).min();
        calendar.change = newest.zip(first).map(|(day, first)| Change {
            place: day.place,
            at: day.ended.unwrap_or(day.at),
            first,
        });
        calendar
    }

    pub fn holiday(&self, date: Date) -> Option<&Both> {
        self.holidays.get(&date)
    }

    /// When an agency is open.
    pub fn hours(&self, agency: Option<&str>) -> &Hours {
        agency.and_then(|agency| self.own_hours.get(agency)).unwrap_or(&self.hours)
    }

    /// Whether offices are open: nobody is told anything at night. Where the calendar knows no more, every day is a working day.
    pub fn is_open(&self, at: At) -> bool {
        let (hours, time) = (self.hours(None), at.seoul().time());
        self.is_working_day(at.date()).unwrap_or(true) && hours.open <= time && time < hours.close
    }

    /// The agencies that keep hours of their own.
    pub(crate) fn agencies_with_hours(&self) -> impl Iterator<Item = &str> {
        self.own_hours.keys().map(String::as_str)
    }

    pub fn covers(&self) -> Option<(Date, Date)> {
        self.covers
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    /// The days off that have a name, by date.
    pub fn holidays(&self) -> impl Iterator<Item = (Date, &Both)> {
        self.holidays.iter().map(|(date, name)| (*date, name))
    }
}
