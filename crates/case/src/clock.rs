//! The statutory clock, first cut: periods of six days and more (민원 처리에 관한 법률 제19조제2항).

use maru_definition::Calendar;
use maru_kernel::{At, Date};

/// One day as the clock sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    pub date: Date,
    /// Which day of the period it is; None when it does not count.
    pub nth: Option<u32>,
}

/// The days from receipt to the due date. None when the calendar does not reach that far.
pub fn days(calendar: &Calendar, received: At, period: u32) -> Option<Vec<Day>> {
    let mut out = Vec::new();
    let mut date = received.date();
    let mut counted = 0;
    while counted < period {
        let nth = calendar.is_working_day(date)?.then(|| counted + 1);
        counted = nth.unwrap_or(counted);
        out.push(Day { date, nth });
        date = date.tomorrow().ok()?;
    }
    Some(out)
}

pub fn due(calendar: &Calendar, received: At, period: u32) -> Option<Date> {
    days(calendar, received, period).and_then(|days| days.last().map(|d| d.date))
}

#[cfg(test)]
mod tests {
    use maru_definition::Pack;

    use super::*;

    fn at(text: &str) -> At {
        At::parse(text).unwrap()
    }

    #[test]
    fn counts_as_the_statute_says() {
        let calendar = Pack::embedded().unwrap().calendar;
        // Worked out independently: the first day counts; Saturdays, Sundays and holidays do not.
        for (received, period, expected) in [
            ("2026-09-23T14:05:00+09:00", 7, "2026-10-06"),
            ("2026-09-23T14:05:00+09:00", 14, "2026-10-16"),
            ("2026-10-07T10:12:00+09:00", 30, "2026-11-18"),
            // Received on a Saturday: Monday is the first day.
            ("2026-11-21T10:00:00+09:00", 6, "2026-11-30"),
            // Late in the evening in Seoul is still that day, whatever the day is elsewhere.
            ("2026-09-23T23:59:00+09:00", 7, "2026-10-06"),
        ] {
            assert_eq!(
                due(&calendar, at(received), period).unwrap().to_string(),
                expected,
                "{received} {period}"
            );
        }
    }

    #[test]
    fn every_day_is_told_with_its_number_or_none() {
        let calendar = Pack::embedded().unwrap().calendar;
        let days = days(&calendar, at("2026-09-23T09:00:00+09:00"), 7).unwrap();
        let counted: Vec<u32> = days.iter().filter_map(|d| d.nth).collect();
        assert_eq!(counted, [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(days.len(), 14);
    }

    #[test]
    fn outside_the_calendar_there_is_no_date() {
        let calendar = Pack::embedded().unwrap().calendar;
        assert_eq!(due(&calendar, at("2027-12-20T09:00:00+09:00"), 30), None);
        assert_eq!(due(&calendar, at("2010-01-04T09:00:00+09:00"), 6), None);
    }
}
