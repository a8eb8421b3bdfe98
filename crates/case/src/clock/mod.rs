//! The statutory clock: when something is due, counted as the law counts, and why. Pure.
//!
//! 민원 처리에 관한 법률 제19조 and 시행령 제19–21조 for what an agency has to do in time, 민법 제155–161조 for what a person has.

mod count;
mod explain;
mod period;
#[cfg(test)]
mod tests;

pub use count::{Counted, Day, Reckoned};
pub use explain::{Clause, clauses};
use maru_definition::{Calendar, Hours};
use maru_kernel::{At, Date};
pub use period::{Period, Unit};
use serde::{Deserialize, Serialize};

/// How a period is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Counting {
    /// The first day counted, without Saturdays, Sundays and holidays; up to five days in working hours (제19조).
    #[default]
    Statute,
    /// The first day not counted, every day counted, a last day off rolls on (민법 제157조, 제161조).
    Civil,
}

/// Why time does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The applicant was asked for more: whole days, both ends included.
    Supplement,
    /// Looking up what other agencies hold.
    SharedData,
    /// Another case that has to come first.
    Prerequisite,
    /// Papers on their way between agencies.
    Travel,
    /// Many applicants choose who speaks for them.
    Representative,
    Hearing,
    /// Tests, and reviews by experts.
    Expert,
    /// Looking at the place of a grievance.
    Inspection,
}

impl Why {
    pub const ALL: [Why; 8] = [
        Why::Supplement,
        Why::SharedData,
        Why::Prerequisite,
        Why::Travel,
        Why::Representative,
        Why::Hearing,
        Why::Expert,
        Why::Inspection,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Why::Supplement => "supplement",
            Why::SharedData => "shared-data",
            Why::Prerequisite => "prerequisite",
            Why::Travel => "travel",
            Why::Representative => "representative",
            Why::Hearing => "hearing",
            Why::Expert => "expert",
            Why::Inspection => "inspection",
        }
    }

    pub fn parse(text: &str) -> Option<Why> {
        Why::ALL.into_iter().find(|why| why.as_str() == text)
    }

    /// The article that says so.
    pub fn article(self) -> &'static str {
        match self {
            Why::Supplement | Why::Travel | Why::Representative | Why::Hearing | Why::Expert => {
                "행정절차법 시행령 제11조"
            }
            Why::SharedData => "민원 처리에 관한 법률 시행령 제7조의2제3항",
            Why::Prerequisite => "민원 처리에 관한 법률 시행령 제12조제9항",
            Why::Inspection => "민원 처리에 관한 법률 시행령 제17조",
        }
    }

    /// Both its days are left out whole, whatever the time of day.
    fn takes_whole_days(self) -> bool {
        self == Why::Supplement
    }
}

/// A time that does not count. Without an end it lasts still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    pub why: Why,
    pub from: At,
    pub to: Option<At>,
}

/// A clock as it is kept with what it measures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    pub received: At,
    pub period: Period,
    #[serde(default)]
    pub counting: Counting,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Pause>,
    /// What was added, in the unit of the period: at most twice (시행령 제21조).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<u32>,
}

/// Why a clock can't be what it is asked to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// Only working days have working hours.
    HoursCivil,
    PauseEndsBefore,
    TooManyExtensions,
    ExtensionBeyondPeriod,
}

impl Clock {
    pub fn new(received: At, period: Period) -> Clock {
        Clock { received, period, counting: Counting::Statute, pauses: Vec::new(), extensions: Vec::new() }
    }

    pub fn wrong(&self) -> Option<Wrong> {
        if self.counting == Counting::Civil && self.period.unit == Unit::Hours {
            Some(Wrong::HoursCivil)
        } else if self.pauses.iter().any(|p| p.to.is_some_and(|to| to < p.from)) {
            Some(Wrong::PauseEndsBefore)
        } else if self.extensions.len() > 2 {
            Some(Wrong::TooManyExtensions)
        } else if self.extensions.iter().any(|n| *n == 0 || *n > self.period.n) {
            Some(Wrong::ExtensionBeyondPeriod)
        } else {
            None
        }
    }

    /// The same with so much more.
    #[must_use]
    pub fn with(&self, more: u32) -> Clock {
        let mut longer = self.clone();
        longer.extensions.push(more);
        longer
    }

    /// Begins a pause, unless one for the same reason is running.
    pub fn pause(&mut self, why: Why, at: At) {
        if !self.pauses.iter().any(|p| p.why == why && p.to.is_none()) {
            self.pauses.push(Pause { why, from: at, to: None });
        }
    }

    /// Ends what was paused for this reason.
    pub fn resume(&mut self, why: Why, at: At) {
        for pause in self.pauses.iter_mut().filter(|p| p.why == why && p.to.is_none()) {
            pause.to = Some(at.max(pause.from));
        }
    }

    pub fn is_paused(&self) -> bool {
        self.pauses.iter().any(|p| p.to.is_none())
    }

    /// Counts it out.
    pub fn reckon(&self, calendar: &Calendar, hours: &Hours) -> Reckoned {
        count::reckon(self, calendar, hours)
    }

    /// The day it is due; none while it is paused or beyond what the calendar knows.
    pub fn due_on(&self, calendar: &Calendar, hours: &Hours) -> Option<Date> {
        self.reckon(calendar, hours).due_on
    }
}
