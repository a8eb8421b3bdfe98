//! What a clock says of itself: "7 days, the first day counted, two holidays, paused three days for your supplement".

use std::collections::BTreeMap;

use super::{Clock, Counted, Counting, Period, Reckoned, Unit, Why};

/// One clause; the pages have the words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clause {
    Period(Period),
    /// Counted in working hours, eight to a day.
    InHours,
    FirstDay,
    FirstDayNot,
    Extended(u32),
    Weekends(u32),
    Holidays(u32),
    Paused(Why, u32),
    /// Stands still.
    Still(Why),
    /// The last day fell on a day off.
    Rolled,
    /// Beyond what the calendar knows.
    Unknown,
}

pub fn clauses(clock: &Clock, reckoned: &Reckoned) -> Vec<Clause> {
    let mut said = vec![Clause::Period(clock.period)];
    let by_dates = clock.counting == Counting::Civil
        || matches!(clock.period.unit, Unit::Weeks | Unit::Months | Unit::Years);
    said.push(match clock.counting {
        Counting::Civil => Clause::FirstDayNot,
        Counting::Statute if clock.period.in_hours() => Clause::InHours,
        Counting::Statute => Clause::FirstDay,
    });
    let more = clock.extensions.iter().sum::<u32>();
    if more > 0 {
        said.push(Clause::Extended(more));
    }
    if reckoned.paused {
        said.extend(clock.pauses.iter().filter(|p| p.to.is_none()).map(|p| Clause::Still(p.why)));
        return said;
    }
    if reckoned.due_on.is_none() {
        said.push(Clause::Unknown);
        return said;
    }
    let count = |what: Counted| {
        u32::try_from(reckoned.days.iter().filter(|day| day.counted == what).count()).unwrap_or(u32::MAX)
    };
    if by_dates {
        if reckoned.days.iter().any(|day| day.counted == Counted::Rolled) {
            said.push(Clause::Rolled);
        }
    } else {
        let (weekends, holidays) = (count(Counted::Weekend), count(Counted::Holiday));
        said.extend((weekends > 0).then_some(Clause::Weekends(weekends)));
        said.extend((holidays > 0).then_some(Clause::Holidays(holidays)));
    }
    let mut paused: BTreeMap<&str, (Why, u32)> = BTreeMap::new();
    for day in &reckoned.days {
        if let Counted::Paused(why) = day.counted {
            paused.entry(why.as_str()).or_insert((why, 0)).1 += 1;
        }
    }
    said.extend(paused.into_values().map(|(why, n)| Clause::Paused(why, n)));
    said
}
