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
