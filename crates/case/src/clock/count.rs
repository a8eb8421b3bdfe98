//! Counting: which days and hours a period takes.

use jiff::{ToSpan, Unit as Step};
use maru_definition::{Calendar, Hours};
use maru_kernel::{At, Date};

use super::{Clock, Counting, Pause, Unit, Why};

const SECOND: i64 = 1_000_000;
const HOURS_A_DAY: i64 = 8;

/// What one date did to the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// It counted, as the n-th.
    Day(u32),
    /// So many seconds of it counted.
    Seconds(i64),
    Weekend,
    Holiday,
    Paused(Why),
    /// Nothing of it was left to count: after closing time.
    Over,
    /// The last day falls on a day off, so it is a later one.
    Rolled,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    pub date: Date,
    pub counted: Counted,
}

/// A clock counted out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reckoned {
    pub due_on: Option<Date>,
    /// To the second, where hours are counted.
    pub due_at: Option<At>,
    /// It stands still: when it is due depends on when it goes on.
    pub paused: bool,
    /// Each date from the first to the due one; empty when there is none.
    pub days: Vec<Day>,
}

impl Reckoned {
    fn at(due_on: Date, due_at: Option<At>, days: Vec<Day>) -> Reckoned {
        Reckoned { due_on: Some(due_on), due_at, paused: false, days }
    }

    fn paused() -> Reckoned {
        Reckoned { paused: true, ..Reckoned::default() }
    }

    /// Whether the moment is past due: of days at their end.
    pub fn is_over(&self, now: At) -> bool {
        match (self.due_at, self.due_on) {
            (Some(at), _) => now > at,
            (None, Some(on)) => now.date() > on,
            (None, None) => false,
        }
    }
}

pub(super) fn reckon(clock: &Clock, calendar: &Calendar, hours: &Hours) -> Reckoned {
    let total = clock.extensions.iter().fold(clock.period.n, |n, more| n.saturating_add(*more));
    let pauses = Pauses::of(&clock.pauses);
    let counted = if clock.counting == Counting::Statute && clock.period.in_hours() {
        let hours_each = if clock.period.unit == Unit::Days { HOURS_A_DAY } else { 1 };
        let seconds = i64::from(total).saturating_mul(hours_each).saturating_mul(3_600);
        in_hours(clock.received, seconds, &pauses, calendar, hours)
    } else if clock.counting == Counting::Statute && clock.period.unit == Unit::Days {
        in_days(clock.received.date(), total, &pauses, calendar, hours)
    } else {
        by_dates(clock, total, &pauses, calendar)
    };
    counted.unwrap_or_default()
}

/// A date, and whether people work on it. None beyond the calendar, which ends the counting without an answer.
fn off(calendar: &Calendar, date: Date) -> Option<Option<Counted>> {
    let working = calendar.is_working_day(date)?;
    Some(match working {
        true => None,
        false if date.weekday().to_monday_zero_offset() >= 5 => Some(Counted::Weekend),
        false => Some(Counted::Holiday),
    })
}

/// 제19조제1항: working time is counted from the moment of receipt.
fn in_hours(
    received: At,
    mut left: i64,
    pauses: &Pauses,
    calendar: &Calendar,
    hours: &Hours,
) -> Option<Reckoned> {
    let mut days = Vec::new();
    let mut date = received.date();
    loop {
        let off = off(calendar, date)?;
        if pauses.last_from(date) {
            return Some(Reckoned::paused());
        }
        if let Some(off) = off {
            days.push(Day { date, counted: off });
        } else if pauses.whole(date) {
            days.push(Day { date, counted: Counted::Paused(Why::Supplement) });
        } else {
            let mut today = 0;
            let (mut open, mut why) = (0, None);
            for (from, to) in hours.of(date) {
                let from = from.max(received);
                if from >= to {
                    continue;
                }
                open += to.micros() - from.micros();
                for (from, to) in pauses.rest(from, to) {
                    let seconds = (to.micros() - from.micros()).div_euclid(SECOND);
                    if seconds >= left {
                        days.push(Day { date, counted: Counted::Seconds(today + left) });
                        return Some(Reckoned::at(date, Some(from.plus_seconds(left)), days));
                    }
                    left -= seconds;
                    today += seconds;
                }
                why = why.or_else(|| pauses.why(from, to));
            }
            let counted = match (today, open, why) {
                (0, 1.., Some(why)) => Counted::Paused(why),
                (0, _, _) => Counted::Over,
                (seconds, _, _) => Counted::Seconds(seconds),
            };
            days.push(Day { date, counted });
        }
        if pauses.last_after(date) {
            return Some(Reckoned::paused());
        }
        date = date.tomorrow().ok()?;
    }
}

/// 제19조제2항: days are counted, the first one too.
fn in_days(first: Date, total: u32, pauses: &Pauses, calendar: &Calendar, hours: &Hours) -> Option<Reckoned> {
    let mut days = Vec::new();
    let (mut date, mut nth) = (first, 0);
    loop {
        let paused = || {
            if pauses.spare(date) {
                return None;
            }
            if pauses.whole(date) {
                return Some(Why::Supplement);
            }
            let spans = hours.of(date);
            let gone = spans.iter().all(|(from, to)| pauses.rest(*from, *to).is_empty());
            gone.then(|| spans.iter().find_map(|(from, to)| pauses.why(*from, *to))).flatten()
        };
        let off = off(calendar, date)?;
        if pauses.last_from(date) {
            return Some(Reckoned::paused());
        }
        let counted = match off {
            Some(off) => off,
            None => match paused() {
                Some(why) => Counted::Paused(why),
                None => {
                    nth += 1;
                    Counted::Day(nth)
                }
            },
        };
        days.push(Day { date, counted });
        if nth == total {
            return Some(Reckoned::at(date, None, days));
        }
        if pauses.last_after(date) {
            return Some(Reckoned::paused());
        }
        date = date.tomorrow().ok()?;
    }
}

/// Weeks, months and years (제19조제3항), and everything under the Civil Act: by the calendar, the last day rolling on.
fn by_dates(clock: &Clock, total: u32, pauses: &Pauses, calendar: &Calendar) -> Option<Reckoned> {
    let received = clock.received.date();
    // The whole way is inside the calendar, the day of receipt too.
    calendar.is_working_day(received)?;
    if clock.counting == Counting::Civil && pauses.last_after(received) {
        return Some(Reckoned::paused());
    }
    let first = match clock.counting {
        Counting::Statute => received,
        Counting::Civil => received.tomorrow().ok()?,
    };
    let nominal = end(first, total, clock.period.unit)?;
    // What ends beyond the calendar is not known, unless it stands still before.
    if calendar.is_working_day(nominal).is_none() && !clock.is_paused() {
        return None;
    }
    let length = first.until((Step::Day, nominal)).ok()?.get_days();
    let mut left = i64::from(length).saturating_add(1);
    let mut days = Vec::new();
    let (mut date, mut nth) = (first, 0);
    loop {
        // Days off count here; they only move the last one.
        let off = off(calendar, date)?;
        if pauses.last_from(date) {
            return Some(Reckoned::paused());
        }
        let paused = pauses.why_date(date);
        if let Some(why) = paused {
            days.push(Day { date, counted: Counted::Paused(why) });
        } else if left > 0 {
            left -= 1;
            nth += 1;
            let counted = if left == 0 && off.is_some() { Counted::Rolled } else { Counted::Day(nth) };
            days.push(Day { date, counted });
        } else {
            days.push(Day { date, counted: off.unwrap_or(Counted::Day(nth)) });
        }
        if left == 0 && off.is_none() && paused.is_none() {
            return Some(Reckoned::at(date, None, days));
        }
        if pauses.last_after(date) {
            return Some(Reckoned::paused());
        }
        date = date.tomorrow().ok()?;
    }
}

/// The last day of a period whose first day is counted (민법 제160조): the day before the one that corresponds to it, or
/// the end of a month that has no such day.
fn end(first: Date, n: u32, unit: Unit) -> Option<Date> {
    let n = i64::from(n);
    let months = match unit {
        Unit::Hours => return None,
        Unit::Days => return first.checked_add((n - 1).days()).ok(),
        Unit::Weeks => return first.checked_add((7 * n - 1).days()).ok(),
        Unit::Months => n,
        Unit::Years => 12 * n,
    };
    // Beyond a few centuries there is no calendar; the span itself would not fit either.
    let there = first.checked_add(months.min(12_000).months()).ok()?;
    if there.day() == first.day() { there.yesterday().ok() } else { Some(there) }
}

/// The pauses of a clock, as the counting asks them: from when to when, those of whole days spread to their ends.
struct Pauses {
    spans: Vec<Span>,
}

struct Span {
    why: Why,
    from: At,
    to: At,
}

fn ever() -> At {
    At::from_micros(i64::MAX)
}

fn day_after(date: Date) -> At {
    At::start_of(date).plus_days(1)
}

impl Pauses {
    fn of(all: &[Pause]) -> Pauses {
        let spread = |pause: &Pause| {
            let whole = pause.why.takes_whole_days();
            Span {
                why: pause.why,
                from: if whole { At::start_of(pause.from.date()) } else { pause.from },
                to: match pause.to {
                    None => ever(),
                    Some(to) if whole => day_after(to.date()),
                    Some(to) => to,
                },
            }
        };
        Pauses { spans: all.iter().map(spread).collect() }
    }

    fn over(&self, from: At, to: At) -> impl Iterator<Item = &Span> {
        self.spans.iter().filter(move |span| span.from < to && span.to > from)
    }

    /// Nothing was paused on this date.
    fn spare(&self, date: Date) -> bool {
        self.spans.is_empty() || self.over(At::start_of(date), day_after(date)).next().is_none()
    }

    /// The date is one of those that are left out whole.
    fn whole(&self, date: Date) -> bool {
        self.over(At::start_of(date), day_after(date)).any(|span| span.why.takes_whole_days())
    }

    /// What is left of a time, in order.
    fn rest(&self, from: At, to: At) -> Vec<(At, At)> {
        let mut parts = vec![(from, to)];
        for span in self.over(from, to) {
            parts = parts
                .into_iter()
                .flat_map(|(from, to)| [(from, to.min(span.from)), (from.max(span.to), to)])
                .filter(|(from, to)| from < to)
                .collect();
        }
        parts
    }

    /// A reason that lies over this time.
    fn why(&self, from: At, to: At) -> Option<Why> {
        self.over(from, to).next().map(|span| span.why)
    }

    /// Why no moment of a date counts, if none does.
    fn why_date(&self, date: Date) -> Option<Why> {
        if self.spare(date) {
            return None;
        }
        if self.whole(date) {
            return Some(Why::Supplement);
        }
        let (from, to) = (At::start_of(date), day_after(date));
        if self.rest(from, to).is_empty() { self.why(from, to) } else { None }
    }

    /// Something that began on this date or before never ends: whatever is beyond the calendar, it stands still there.
    fn last_after(&self, date: Date) -> bool {
        !self.spans.is_empty()
            && self.spans.iter().any(|span| span.to == ever() && span.from < day_after(date))
    }

    /// Nothing counts any more, this date and all that follow.
    fn last_from(&self, date: Date) -> bool {
        !self.spans.is_empty()
            && self.spans.iter().any(|span| span.to == ever() && span.from <= At::start_of(date))
    }
}
