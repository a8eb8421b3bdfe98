//! Whole years from many days to one: the days on which they are full are worked out once, and not for every lane.

use jiff::civil::Date;

use crate::column::{date_of, days_of};
use crate::eval::years_between;

/// What is longer ago is worked out by itself.
const MOST: i16 = 150;
/// Days of four hundred years.
const ERA: i64 = 146_097;

pub(crate) struct Years {
    to: Date,
    day: i64,
    /// For each number of years the last day since which they are full.
    last: Vec<i64>,
}

impl Years {
    pub fn until(to: Date) -> Years {
        let last = |years: i16| {
            let year = to.year().checked_sub(years)?;
            // there is no 29 February to come back to: the day before is the last
            let date = Date::new(year, to.month(), to.day()).or_else(|_| Date::new(year, to.month(), 28));
            date.ok().map(|date| i64::from(days_of(date)))
        };
        Years { to, day: i64::from(days_of(to)), last: (0..=MOST).map_while(last).collect() }
    }

    #[inline]
    pub fn since(&self, day: i32) -> i64 {
        let from = i64::from(day);
        // leap days put it one off at most
        let least = ((self.day - from) * 400 / ERA - 1).max(0);
        let at = usize::try_from(least).unwrap_or(usize::MAX - 2);
        match (self.last.get(at + 1), self.last.get(at + 2)) {
            (Some(one), Some(two)) if from <= self.day => {
                least + i64::from(from <= *one) + i64::from(from <= *two)
            }
            _ => date_of(day).map_or(0, |date| years_between(date, self.to)),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn agrees(day: i32, to: Date) -> bool {
        Years::until(to).since(day) == years_between(date_of(day).unwrap(), to)
    }

    #[test]
    fn at_each_birthday_and_beside_it() {
        for to in [
            date(2026, 7, 1),
            date(2024, 2, 29),
            date(2023, 2, 28),
            date(2023, 3, 1),
            date(1901, 1, 1),
            date(2100, 12, 31),
        ] {
            for back in -2_i16..160 {
                let near = Date::new(to.year() - back, to.month(), to.day().min(28)).unwrap();
                for day in days_of(near) - 2..=days_of(near) + 2 {
                    assert!(agrees(day, to), "{day} {to}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_two_days(day in -200_000_i32..100_000, to in -150_000_i32..100_000) {
            prop_assert!(agrees(day, date_of(to).unwrap()));
        }
    }
}
