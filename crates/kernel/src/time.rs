use jiff::{Timestamp, ZonedDateTime, civil, tz};
use serde::{Deserialize, Serialize};

pub type Date = civil::Date;

/// Korea keeps one time all year: UTC+9.
pub const SEOUL: tz::TimeZone = tz::TimeZone::fixed(tz::offset(9));

/// An instant: microseconds since 1970 in UTC, as the store keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct At(i64);

impl At {
    pub const EPOCH: At = At(0);

    pub fn from_micros(micros: i64) -> Self {
        At(micros)
    }
    pub fn micros(self) -> i64 {
        self.0
    }
    pub fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }
    pub fn plus_seconds(self, seconds: i64) -> Self {
        At(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }
    pub fn plus_days(self, days: i64) -> Self {
        self.plus_seconds(days.saturating_mul(86_400))
    }

    /// The wall clock in Seoul.
    pub fn seoul(self) -> ZonedDateTime {
        Timestamp::from_microsecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned_datetime(SEOUL)
    }
    pub fn date(self) -> Date {
        self.seoul().date()
    }

    /// `2026-10-07T14:05:00+09:00`, as the API shows it.
    pub fn rfc3339(self) -> String {
        self.seoul().strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// Reads RFC 3339.
    pub fn parse(text: &str) -> Option<At> {
        text.parse::<Timestamp>().ok().map(|t| At(t.as_microsecond()))
    }

    /// The start of a day in Seoul.
    pub fn start_of(date: Date) -> At {
        date.to_zoned_datetime(SEOUL).map_or(At(0), |z| At(z.timestamp().as_microsecond()))
    }
}

/// Where time comes from; tests give their own.
pub trait Clock: Send + Sync {
    fn now(&self) -> At;

    /// Something that is kept says that it was this late already: time goes on from there rather than go back.
    fn not_before(&self, _at: At) {}
}

pub fn weekday_ko(date: Date) -> &'static str {
    use civil::Weekday::*;
    match date.weekday() {
        Monday => "월요일",
        Tuesday => "화요일",
        Wednesday => "수요일",
        Thursday => "목요일",
        Friday => "금요일",
        Saturday => "토요일",
        Sunday => "일요일",
    }
}

pub fn weekday_en(date: Date) -> &'static str {
    use civil::Weekday::*;
    match date.weekday() {
        Monday => "Monday",
        Tuesday => "Tuesday",
        Wednesday => "Wednesday",
        Thursday => "Thursday",
        Friday => "Friday",
        Saturday => "Saturday",
        Sunday => "Sunday",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_seoul_time() {
        let at = At::parse("2026-10-07T05:05:00Z").unwrap();
        assert_eq!(at.rfc3339(), "2026-10-07T14:05:00+09:00");
        assert_eq!(At::parse("2026-10-06T15:00:00Z").unwrap(), At::start_of(civil::date(2026, 10, 7)));
        assert_eq!(weekday_ko(at.date()), "수요일");
    }
}
