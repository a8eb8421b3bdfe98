//! Numbers of the law as people type and read them: exact, and never too large to count with.

use maru_kernel::{Problem, Won};
use maru_rules::Ratio;

/// The unit of a share of something, told in hundredths.
pub const SHARE: &str = "비율";
/// A number longer than this is a mistake.
const DIGITS: usize = 24;
/// No number of a law is larger.
const LARGEST: i64 = 1_000_000_000_000_000;

/// What was typed in a field: `0.35`, `35%`, `1,200,000`.
pub fn read(field: &str, typed: &str) -> Result<Ratio, Problem> {
    let wrong = |key: &str, bound: Option<i64>| Problem {
        field: field.into(),
        key: key.into(),
        value: bound.map(|bound| bound.to_string()),
    };
    let unread = || wrong("form-ratio", None);
    let plain: String = typed.chars().filter(|c| !matches!(c, ',' | ' ')).collect();
    let (digits, hundredths) = match plain.strip_suffix('%') {
        Some(digits) => (digits, true),
        None => (plain.as_str(), false),
    };
    let usual = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-');
    if digits.is_empty() || digits.len() > DIGITS || !digits.chars().all(usual) {
        return Err(unread());
    }
    let read = Ratio::parse(digits).ok_or_else(unread)?;
    let read = if hundredths { read.checked_div(&Ratio::from_i64(100)).ok_or_else(unread)? } else { read };
    if read.is_negative() {
        return Err(wrong("form-min", Some(0)));
    }
    if read > Ratio::from_i64(LARGEST) {
        return Err(wrong("form-max", Some(LARGEST)));
    }
    Ok(read)
}

/// A number as one writes it: decimal digits where that is exact, in groups of three; else a fraction.
pub fn written(number: &Ratio) -> String {
    match (number.to_i64(), number.decimal()) {
        (Some(whole), _) => Won(whole).to_string(),
        (None, Some(decimal)) => decimal,
        (None, None) => number.to_string(),
    }
}

/// The same with its unit in mind.
pub fn measured(number: &Ratio, unit: &str) -> String {
    let hundredths = || number.checked_mul(&Ratio::from_i64(100));
    match (unit == SHARE).then(hundredths).flatten() {
        Some(share) => format!("{}%", written(&share)),
        None => written(number),
    }
}

#[cfg(test)]
mod tests {
    // Tests say what they expect by unwrapping it.
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn numbers_are_read_as_people_type_them() {
        for (typed, written_as) in
            [("0.35", "0.35"), ("35%", "0.35"), ("1,200,000", "1,200,000"), (" 2 000 ", "2,000"), ("0", "0")]
        {
            assert_eq!(written(&read("n", typed).unwrap()), written_as, "{typed}");
        }
        for (typed, key) in [
            ("", "form-ratio"),
            ("많이", "form-ratio"),
            ("1e9", "form-ratio"),
            ("1/3", "form-ratio"),
            ("%", "form-ratio"),
            ("--1", "form-ratio"),
            ("1.2.3", "form-ratio"),
            ("9999999999999999999999999999999", "form-ratio"),
            ("-1", "form-min"),
            ("1000000000000001", "form-max"),
        ] {
            assert_eq!(read("n", typed).unwrap_err().key, key, "{typed}");
        }
        let shown = |typed: &str, unit| measured(&read("n", typed).unwrap(), unit);
        assert_eq!(
            [shown("0.0104", "비율"), shown("1", "비율"), shown("1200000", "원")],
            ["1.04%", "100%", "1,200,000"]
        );
    }
}
