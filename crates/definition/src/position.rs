//! Where a phone says it is, in whole hundred-thousandths of a degree: about a metre.

use std::fmt;

/// A point of the country, by WGS 84.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub lat: i64,
    pub lon: i64,
}

const DEGREE: i64 = 100_000;
/// The country with its outermost islands: latitude, longitude.
const BOUNDS: [(i64, i64); 2] = [(33 * DEGREE, 3_870_000), (12_450_000, 132 * DEGREE)];

impl Position {
    /// `37.26360,127.02860`; nothing outside the country.
    pub fn read(text: &str) -> Option<Position> {
        let (lat, lon) = text.split_once(',')?;
        let [lats, lons] = BOUNDS;
        let within = |n: i64, (from, to): (i64, i64)| (from..=to).contains(&n).then_some(n);
        Some(Position { lat: within(degrees(lat)?, lats)?, lon: within(degrees(lon)?, lons)? })
    }

    /// How far another point is, in metres; right to a percent within a city.
    pub fn metres(self, other: Position) -> i64 {
        // A hundred-thousandth of a degree is 1.11 m from south to north, and at these latitudes 0.88 m from west to east.
        let north = self.lat.saturating_sub(other.lat).saturating_mul(111);
        let east = self.lon.saturating_sub(other.lon).saturating_mul(88);
        let square = north.saturating_mul(north).saturating_add(east.saturating_mul(east));
        square.checked_isqrt().unwrap_or(0) / 100
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |n: i64| (n / DEGREE, n % DEGREE);
        let ((lat, lat_rest), (lon, lon_rest)) = (part(self.lat), part(self.lon));
        write!(f, "{lat}.{lat_rest:05},{lon}.{lon_rest:05}")
    }
}

/// Degrees as people and phones write them: at most three digits, a point, as many more as there are; those beyond the fifth say nothing.
fn degrees(text: &str) -> Option<i64> {
    let (whole, rest) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || !digits(whole) || !digits(rest) || rest.len() > 20 {
        return None;
    }
    let fraction: String = rest.chars().chain("00000".chars()).take(5).collect();
    whole.parse::<i64>().ok()?.checked_mul(DEGREE)?.checked_add(fraction.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_read_and_written_and_lie_in_the_country() {
        for (typed, read) in [
            ("37.26360,127.02860", Some("37.26360,127.02860")),
            ("37.2636, 127.0286", Some("37.26360,127.02860")),
            ("37.263600123,127.028612345", Some("37.26360,127.02861")),
            ("33.5,126.5", Some("33.50000,126.50000")),
            ("35.68,139.76", None),
            ("-37.2,127.0", None),
            ("0,0", None),
            ("127.0286,37.2636", None),
            ("37.26,127.02,5", None),
            ("NaN,127", None),
            ("", None),
        ] {
            assert_eq!(Position::read(typed).map(|p| p.to_string()).as_deref(), read, "{typed}");
        }
    }

    #[test]
    fn distances_are_right_to_a_percent() {
        let at = |text| Position::read(text).unwrap();
        // One minute of latitude is a nautical mile, 1,852 m.
        let mile = at("37.00000,127.0").metres(at("37.01667,127.0"));
        assert!((1_830..1_875).contains(&mile), "{mile}");
        assert_eq!(at("37.0,127.0").metres(at("37.0,127.0")), 0);
        let east = at("37.5,127.0").metres(at("37.5,127.1"));
        assert!((8_700..8_950).contains(&east), "{east}");
    }
}
