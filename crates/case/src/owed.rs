//! What an open case owes people as time goes by: a warning before its day, a word after it, its status meanwhile. Pure.

use maru_definition::Calendar;
use maru_kernel::{At, Date};

use crate::clock::Reckoned;

/// Who works a case is warned so many working days before it is due.
const WARNING_DAYS: u32 = 2;
/// The applicant hears of an open case this often (시행령 제23조).
pub const STATUS_DAYS: i64 = 30;
/// No row of days off is longer: where the calendar knows no more, looking ahead ends.
const AHEAD: u32 = 30;

/// What was told already. Days are those the case was due on then: a day that moves is told anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    pub warned_on: Option<Date>,
    pub late_on: Option<Date>,
    /// Up to which multiple of thirty days after receipt the status was told.
    pub told_at: Option<At>,
}

/// What is to be told now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Owed {
    /// Who works it, of the day it is due.
    pub warn: Option<Date>,
    /// The applicant and the agency's managers, of the day it was due.
    pub escalate: Option<Date>,
    /// The applicant, how it stands.
    pub report: Option<At>,
}

impl Owed {
    pub fn is_nothing(&self) -> bool {
        *self == Owed::default()
    }

    /// What was told once this is.
    pub fn and_then(&self, told: &Told) -> Told {
        Told {
            // Who hears that the day is over needs no warning of it.
            warned_on: self.warn.or(self.escalate).or(told.warned_on),
            late_on: self.escalate.or(told.late_on),
            told_at: self.report.or(told.told_at),
        }
    }
}

/// What lists say beside an open case whose time is short or over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Its day is near, and who works it was warned.
    Warned,
    /// Its day is over.
    Overdue,
    /// The same, and the applicant and the agency's managers were told.
    Escalated,
}

impl Mark {
    /// What was told of another day than the one it is due on now no longer counts.
    pub fn of(due: Option<Date>, told: &Told, today: Date) -> Option<Mark> {
        let due = due?;
        if told.late_on == Some(due) {
            Some(Mark::Escalated)
        } else if due < today {
            Some(Mark::Overdue)
        } else {
            (told.warned_on == Some(due)).then_some(Mark::Warned)
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Mark::Warned => "warned",
            Mark::Overdue => "overdue",
            Mark::Escalated => "escalated",
        }
    }
}

/// What a case that was submitted and that nothing has ended owes now. While its clock stands, nothing.
pub fn owed(submitted: At, reckoned: &Reckoned, told: &Told, now: At, calendar: &Calendar) -> Owed {
    if reckoned.paused {
        return Owed::default();
    }
    let report = status_at(submitted, told, now);
    let Some(due) = reckoned.due_on else { return Owed { report, ..Owed::default() } };
    if reckoned.is_over(now) {
        let escalate = (told.late_on != Some(due)).then_some(due);
        return Owed { warn: None, escalate, report };
    }
    let near = |day: Date| due <= warned_until(day, calendar);
    // What has no more time than that from the start arrives with its day in sight.
    let warns = told.warned_on != Some(due) && near(now.date()) && !near(submitted.date());
    Owed { warn: warns.then_some(due), escalate: None, report }
}

/// The last due day of which somebody is warned today.
pub fn warned_until(today: Date, calendar: &Calendar) -> Date {
    let (mut last, mut working) = (today, 0);
    for _ in 0..AHEAD {
        let Ok(next) = last.tomorrow() else { break };
        match calendar.is_working_day(next) {
            Some(true) if working == WARNING_DAYS => break,
            Some(true) => working += 1,
            Some(false) => {}
            None => break,
        }
        last = next;
    }
    last
}

/// The newest multiple of thirty days after receipt, if it has not been told.
fn status_at(submitted: At, told: &Told, now: At) -> Option<At> {
    let next = told.told_at.unwrap_or(submitted).plus_days(STATUS_DAYS);
    if now < next {
        return None;
    }
    let length = STATUS_DAYS.saturating_mul(86_400_000_000);
    let times = now.micros().saturating_sub(submitted.micros()).div_euclid(length);
    Some(submitted.plus_days(times.saturating_mul(STATUS_DAYS)))
}

/// When the applicant hears next of a case that stays open.
pub fn next_status(submitted: At, now: At) -> Date {
    let told = status_at(submitted, &Told::default(), now);
    told.unwrap_or(submitted).plus_days(STATUS_DAYS).date()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use maru_definition::Pack;

    use super::*;
    use crate::clock::{Clock, Pause, Period, Why};

    fn at(text: &str) -> At {
        At::parse(&format!("{text}+09:00")).unwrap()
    }

    fn owes(clock: &Clock, told: &Told, now: At) -> Owed {
        let pack = Pack::embedded().unwrap();
        let calendar = &pack.calendar;
        owed(clock.received, &clock.reckon(calendar, calendar.hours(None)), told, now, calendar)
    }

    /// Received on 23 September 2026, seven days: due on 6 October, with a holiday week between.
    fn week() -> Clock {
        Clock::new(at("2026-09-23T10:00:00"), Period::days(7))
    }

    #[test]
    fn a_day_is_told_before_and_after_and_once() {
        let clock = week();
        let due = date(2026, 10, 6);
        let nothing = Told::default();
        // Monday the 5th is a holiday: the two working days before Tuesday the 6th begin on Thursday the 1st.
        assert!(owes(&clock, &nothing, at("2026-09-30T18:00:00")).is_nothing());
        let warning = owes(&clock, &nothing, at("2026-10-01T09:00:00"));
        assert_eq!(warning, Owed { warn: Some(due), ..Owed::default() });
        let told = warning.and_then(&nothing);
        for later in ["2026-10-01T10:00:00", "2026-10-04T10:00:00", "2026-10-06T23:59:59"] {
            assert!(owes(&clock, &told, at(later)).is_nothing(), "{later}");
        }
        let late = owes(&clock, &told, at("2026-10-07T00:00:00"));
        assert_eq!(late, Owed { escalate: Some(due), ..Owed::default() });
        assert!(owes(&clock, &late.and_then(&told), at("2026-10-07T09:00:00")).is_nothing());
    }

    #[test]
    fn a_day_that_moves_is_told_anew() {
        let mut clock = week();
        let told =
            Told { warned_on: Some(date(2026, 10, 6)), late_on: Some(date(2026, 10, 6)), ..Told::default() };
        clock.extensions.push(3);
        assert!(owes(&clock, &told, at("2026-10-06T10:00:00")).is_nothing());
        let due = date(2026, 10, 12);
        assert_eq!(owes(&clock, &told, at("2026-10-08T10:00:00")).warn, Some(due));
        assert_eq!(owes(&clock, &told, at("2026-10-13T10:00:00")).escalate, Some(due));
    }

    #[test]
    fn a_mark_is_of_the_day_it_is_due_on() {
        let (due, moved) = (date(2026, 10, 6), date(2026, 10, 12));
        let nothing = Told::default();
        let warned = Told { warned_on: Some(due), ..nothing };
        let late = Told { late_on: Some(due), ..warned };
        let (before, after) = (date(2026, 10, 5), date(2026, 10, 13));
        for (on, told, today, mark) in [
            (Some(due), nothing, before, None),
            (Some(due), nothing, due, None),
            (Some(due), nothing, after, Some(Mark::Overdue)),
            (Some(due), warned, before, Some(Mark::Warned)),
            (Some(due), warned, due, Some(Mark::Warned)),
            (Some(due), warned, after, Some(Mark::Overdue)),
            (Some(due), late, due, Some(Mark::Escalated)),
            (Some(due), late, after, Some(Mark::Escalated)),
            (Some(moved), late, before, None),
            (Some(moved), late, after, Some(Mark::Overdue)),
            (None, late, after, None),
        ] {
            assert_eq!(Mark::of(on, &told, today), mark, "{on:?} {told:?} {today}");
        }
    }

    #[test]
    fn what_was_missed_is_told_once() {
        // Nobody looked for a hundred days.
        let late = owes(&week(), &Told::default(), at("2027-01-01T10:00:00"));
        let third = at("2026-12-22T10:00:00");
        assert_eq!(late, Owed { warn: None, escalate: Some(date(2026, 10, 6)), report: Some(third) });
        let told = late.and_then(&Told::default());
        assert!(owes(&week(), &told, at("2027-01-21T09:59:59")).is_nothing());
        assert_eq!(owes(&week(), &told, at("2027-01-21T10:00:00")).report, Some(third.plus_days(30)));
        assert_eq!(next_status(week().received, at("2027-01-01T10:00:00")), date(2027, 1, 21));
    }

    #[test]
    fn a_clock_that_stands_owes_nothing() {
        let mut clock = week();
        clock.pauses.push(Pause { why: Why::Supplement, from: at("2026-09-24T10:00:00"), to: None });
        assert!(owes(&clock, &Told::default(), at("2027-03-01T10:00:00")).is_nothing());
    }

    #[test]
    fn short_periods_are_not_warned_of() {
        let clock = Clock::new(at("2026-09-22T10:00:00"), Period::IMMEDIATELY);
        assert!(owes(&clock, &Told::default(), at("2026-09-22T11:00:00")).is_nothing());
        let late = owes(&clock, &Told::default(), at("2026-09-22T14:00:01"));
        assert_eq!(late.escalate, Some(date(2026, 9, 22)));
    }

    #[test]
    fn beyond_the_calendar_only_the_status_is_told() {
        let clock = Clock::new(at("2027-12-20T10:00:00"), Period::days(30));
        let owed = owes(&clock, &Told::default(), at("2028-01-20T10:00:00"));
        assert_eq!(owed, Owed { report: Some(at("2028-01-19T10:00:00")), ..Owed::default() });
    }
}
