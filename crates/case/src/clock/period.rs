use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Hours,
    Days,
    Weeks,
    Months,
    Years,
}

/// A length as a statute writes it, in ISO 8601: `PT3H`, `P7D`, `P2W`, `P1M`, `P1Y`. One unit only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period {
    pub n: u32,
    pub unit: Unit,
}

/// No period is longer than so many of its unit.
const MOST: u32 = 10_000;

/// `P1DT3H` and the like, or nothing at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAPeriod;

impl fmt::Display for NotAPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a period is PT3H, P7D, P2W, P1M or P1Y")
    }
}

impl Period {
    /// "즉시": three working hours (시행령 제19조).
    pub const IMMEDIATELY: Period = Period { n: 3, unit: Unit::Hours };

    pub const fn days(n: u32) -> Period {
        Period { n, unit: Unit::Days }
    }

    pub const fn hours(n: u32) -> Period {
        Period { n, unit: Unit::Hours }
    }

    /// The handling period that a service names.
    pub const fn of(period: &maru_definition::Period) -> Period {
        if period.hours > 0 { Period::hours(period.hours) } else { Period::days(period.days) }
    }

    /// Whether working hours are counted: five days and less are (제19조제1항).
    pub fn in_hours(self) -> bool {
        self.unit == Unit::Hours || (self.unit == Unit::Days && self.n <= 5)
    }
}

impl FromStr for Period {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Period, NotAPeriod> {
        let (body, units): (&str, &[(char, Unit)]) = match text.strip_prefix("PT") {
            Some(body) => (body, &[('H', Unit::Hours)]),
            None => (
                text.strip_prefix('P').ok_or(NotAPeriod)?,
                &[('D', Unit::Days), ('W', Unit::Weeks), ('M', Unit::Months), ('Y', Unit::Years)],
            ),
        };
        let (digits, unit) = units
            .iter()
            .find_map(|(letter, unit)| Some((body.strip_suffix(*letter)?, *unit)))
            .ok_or(NotAPeriod)?;
        let n = Some(digits)
            .filter(|d| d.bytes().all(|b| b.is_ascii_digit()) && d.len() <= 5)
            .and_then(|d| d.parse::<u32>().ok())
            .filter(|n| (1..=MOST).contains(n))
            .ok_or(NotAPeriod)?;
        Ok(Period { n, unit })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit {
            Unit::Hours => write!(f, "PT{}H", self.n),
            Unit::Days => write!(f, "P{}D", self.n),
            Unit::Weeks => write!(f, "P{}W", self.n),
            Unit::Months => write!(f, "P{}M", self.n),
            Unit::Years => write!(f, "P{}Y", self.n),
        }
    }
}

impl TryFrom<String> for Period {
    type Error = NotAPeriod;
    fn try_from(text: String) -> Result<Period, NotAPeriod> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> String {
        period.to_string()
    }
}
