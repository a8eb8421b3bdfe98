//! When somebody is told of what comes due or ends. Pure.

use jiff::ToSpan;
use maru_kernel::Date;

/// What can't be told now is looked at again after so many days.
pub const AGAIN: i64 = 30;
/// Told of once, when the day is over.
pub const OVER: i64 = -1;

/// What a look at a day calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The number of days ahead that is told of now, `OVER` after the day; `None`: nothing.
    pub tell: Option<i64>,
    /// The day of the next look.
    pub look: Date,
}

/// `told` is what was told last about this same day. Of several numbers that have passed only the last is told.
pub fn step(due: Option<Date>, ahead: &[i64], told: Option<i64>, today: Date) -> Step {
    let later = Step { tell: None, look: after(today, AGAIN) };
    let Some(due) = due else { return later };
    let left = days_until(today, due);
    let new = |step: i64| told.is_none_or(|told| step < told).then_some(step);
    if left < 0 {
        // Long over is no news.
        return Step { tell: if left >= -AGAIN { new(OVER) } else { None }, ..later };
    }
    let tell = ahead.iter().copied().filter(|days| left <= *days).min().and_then(new);
    let next = ahead.iter().copied().filter(|days| *days < left).max().unwrap_or(OVER);
    // The register is read when it is needed, not daily.
    Step { tell, look: after(due, next.saturating_neg()) }
}

pub fn days_until(today: Date, due: Date) -> i64 {
    today.until((jiff::Unit::Day, due)).map_or(0, |span| i64::from(span.get_days()))
}

fn after(date: Date, days: i64) -> Date {
    date.checked_add(days.days()).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    const AHEAD: [i64; 3] = [180, 30, 7];

    #[test]
    fn each_number_is_told_once_and_the_last_that_passed_alone() {
        let due = date(2027, 3, 1);
        let at = |day: Date, told| step(Some(due), &AHEAD, told, day);
        assert_eq!(at(date(2026, 8, 1), None), Step { tell: None, look: date(2026, 9, 2) });
        assert_eq!(at(date(2026, 9, 2), None), Step { tell: Some(180), look: date(2027, 1, 30) });
        assert_eq!(at(date(2026, 9, 2), Some(180)), Step { tell: None, look: date(2027, 1, 30) });
        assert_eq!(at(date(2027, 2, 25), None), Step { tell: Some(7), look: date(2027, 3, 2) });
        assert_eq!(at(date(2027, 3, 1), Some(7)), Step { tell: None, look: date(2027, 3, 2) });
        assert_eq!(at(date(2027, 3, 2), Some(7)).tell, Some(OVER));
        assert_eq!(at(date(2027, 3, 2), Some(OVER)).tell, None);
        assert_eq!(at(date(2027, 9, 2), None).tell, None);
        assert_eq!(step(None, &AHEAD, None, due), Step { tell: None, look: date(2027, 3, 31) });
    }

    proptest! {
        /// Looked at on the days it says, everything is told once, in order, and never later than its day.
        #[test]
        fn looking_when_it_says_misses_nothing(start in -20_i64..500, ahead in prop::collection::btree_set(1_i64..400, 1..5)) {
            let due = date(2027, 3, 1);
            let ahead: Vec<i64> = ahead.into_iter().rev().collect();
            let (mut day, mut told, mut heard) = (after(due, -start), None, Vec::new());
            while day <= after(due, AGAIN) {
                let now = step(Some(due), &ahead, told, day);
                prop_assert!(now.look > day);
                if let Some(step) = now.tell {
                    prop_assert!(step == OVER || days_until(day, due) <= step);
                    heard.push(step);
                    told = Some(step);
                }
                day = now.look;
            }
            let wanted: Vec<i64> = ahead.iter().copied().filter(|days| *days < start).chain([OVER]).collect();
            prop_assert!(heard.ends_with(&wanted), "{:?} {:?}", heard, wanted);
            prop_assert!(heard.len() <= wanted.len() + 1);
        }
    }
}
