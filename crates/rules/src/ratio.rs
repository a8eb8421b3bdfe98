//! Exact numbers. A law's "100분의 32" is 8/25 and stays 8/25 until the law itself says how to round.

use std::cmp::Ordering;
use std::fmt;

/// A fraction in lowest terms with a positive denominator. Arithmetic is checked: what does not fit is `None`, never wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ratio {
    top: i128,
    bottom: i128,
}

/// Which way a number goes when it falls between two steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Towards minus infinity.
    Floor,
    /// Towards plus infinity.
    Ceiling,
    /// Towards zero (절사).
    Down,
    /// Away from zero.
    Up,
    /// To the nearest; a half goes away from zero (반올림).
    HalfUp,
    /// To the nearest; a half goes towards zero.
    HalfDown,
    /// To the nearest; a half goes to the even neighbour.
    HalfEven,
}

impl Ratio {
    pub const ZERO: Ratio = Ratio { top: 0, bottom: 1 };
    pub const ONE: Ratio = Ratio { top: 1, bottom: 1 };

    pub fn from_i64(n: i64) -> Ratio {
        Ratio { top: i128::from(n), bottom: 1 }
    }

    pub fn from_i128(n: i128) -> Ratio {
        Ratio { top: n, bottom: 1 }
    }

    /// `top / bottom`; nothing when the bottom is zero or the fraction does not fit.
    pub fn new(top: i128, bottom: i128) -> Option<Ratio> {
        if bottom == 0 {
            return None;
        }
        let shared = i128::try_from(gcd(top.unsigned_abs(), bottom.unsigned_abs())).ok()?;
        let (top, bottom) = (top.checked_div(shared)?, bottom.checked_div(shared)?);
        if bottom < 0 {
            Some(Ratio { top: top.checked_neg()?, bottom: bottom.checked_neg()? })
        } else {
            Some(Ratio { top, bottom })
        }
    }

    /// Reads `12`, `-0.32`, `1.5e3` or `8/25`, exactly.
    pub fn parse(text: &str) -> Option<Ratio> {
        if let Some((top, bottom)) = text.split_once('/') {
            let digits = bottom.bytes().all(|b| b.is_ascii_digit());
            return if digits { Ratio::new(top.parse().ok()?, bottom.parse().ok()?) } else { None };
        }
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, digits) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        // `0.500` is `0.5`: trailing zeros must not push a number out of range.
        let fraction = fraction.trim_end_matches('0');
        let mut top: i128 = 0;
        for c in whole.chars().chain(fraction.chars()) {
            top = top.checked_mul(10)?.checked_add(i128::from(c.to_digit(10)?))?;
        }
        if negative {
            top = top.checked_neg()?;
        }
        let places = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
        if top == 0 {
            return Some(Ratio::ZERO);
        }
        let scale = 10_i128.checked_pow(places.unsigned_abs())?;
        if places >= 0 { Some(Ratio::from_i128(top.checked_mul(scale)?)) } else { Ratio::new(top, scale) }
    }

    pub fn numerator(&self) -> i128 {
        self.top
    }

    pub fn denominator(&self) -> i128 {
        self.bottom
    }

    pub fn is_whole(&self) -> bool {
        self.bottom == 1
    }

    pub fn is_negative(&self) -> bool {
        self.top < 0
    }

    /// The whole number it is; nothing for a fraction or what does not fit.
    pub fn to_i64(&self) -> Option<i64> {
        if self.is_whole() { i64::try_from(self.top).ok() } else { None }
    }

    pub fn checked_add(&self, other: &Ratio) -> Option<Ratio> {
        // Over the least common denominator, so that sums of like fractions do not grow.
        let shared = i128::try_from(gcd(self.bottom.unsigned_abs(), other.bottom.unsigned_abs())).ok()?;
        let (mine, theirs) = (other.bottom.checked_div(shared)?, self.bottom.checked_div(shared)?);
        let top = self.top.checked_mul(mine)?.checked_add(other.top.checked_mul(theirs)?)?;
        Ratio::new(top, self.bottom.checked_mul(mine)?)
    }

    pub fn checked_neg(&self) -> Option<Ratio> {
        Some(Ratio { top: self.top.checked_neg()?, bottom: self.bottom })
    }

    pub fn checked_sub(&self, other: &Ratio) -> Option<Ratio> {
        self.checked_add(&other.checked_neg()?)
    }

    pub fn checked_mul(&self, other: &Ratio) -> Option<Ratio> {
        // Cancel crosswise first: the product is then already in lowest terms and as small as it can be.
        let left = Ratio::new(self.top, other.bottom)?;
        let right = Ratio::new(other.top, self.bottom)?;
        Ratio::new(left.top.checked_mul(right.top)?, left.bottom.checked_mul(right.bottom)?)
    }

    pub fn checked_div(&self, other: &Ratio) -> Option<Ratio> {
        self.checked_mul(&Ratio::new(other.bottom, other.top)?)
    }

    /// A whole power, negative allowed.
    pub fn checked_pow(&self, exponent: i64) -> Option<Ratio> {
        let size = u32::try_from(exponent.unsigned_abs()).ok()?;
        let raised = Ratio { top: self.top.checked_pow(size)?, bottom: self.bottom.checked_pow(size)? };
        if exponent < 0 { Ratio::ONE.checked_div(&raised) } else { Some(raised) }
    }

    pub fn checked_abs(&self) -> Option<Ratio> {
        Some(Ratio { top: self.top.checked_abs()?, bottom: self.bottom })
    }

    /// The greatest whole number not above.
    pub fn floor(&self) -> Ratio {
        Ratio::from_i128(self.top.div_euclid(self.bottom))
    }

    /// The nearest whole number, a half away from zero; nothing only when it does not fit.
    pub fn round_half_up(&self) -> Option<Ratio> {
        self.round(0, Rounding::HalfUp)
    }

    /// Rounds to `places` decimals; negative places are tens, hundreds … (-1: 십원 미만).
    pub fn round(&self, places: i32, way: Rounding) -> Option<Ratio> {
        let step = Ratio::from_i64(10).checked_pow(i64::from(places).checked_neg()?)?;
        let steps = self.checked_div(&step)?;
        let below = steps.top.div_euclid(steps.bottom);
        let rest = steps.top.rem_euclid(steps.bottom);
        let up = rest != 0
            && match way {
                Rounding::Floor => false,
                Rounding::Ceiling => true,
                Rounding::Down => steps.is_negative(),
                Rounding::Up => !steps.is_negative(),
                // rest against half the bottom, written so that nothing can overflow
                Rounding::HalfUp | Rounding::HalfDown | Rounding::HalfEven => {
                    match (rest.cmp(&(steps.bottom - rest)), way) {
                        (Ordering::Less, _) => false,
                        (Ordering::Greater, _) => true,
                        (Ordering::Equal, Rounding::HalfUp) => !steps.is_negative(),
                        (Ordering::Equal, Rounding::HalfDown) => steps.is_negative(),
                        (Ordering::Equal, _) => below % 2 != 0,
                    }
                }
            };
        let whole = if up { below.checked_add(1)? } else { below };
        Ratio::from_i128(whole).checked_mul(&step)
    }

    /// As decimal digits, when it has finitely many (and they fit).
    pub fn decimal(&self) -> Option<String> {
        let (mut rest, mut twos, mut fives) = (self.bottom, 0_u32, 0_u32);
        while rest % 2 == 0 {
            rest /= 2;
            twos += 1;
        }
        while rest % 5 == 0 {
            rest /= 5;
            fives += 1;
        }
        if rest != 1 {
            return None;
        }
        let places = twos.max(fives);
        if places == 0 {
            return Some(self.top.to_string());
        }
        let scaled = self.top.checked_mul(10_i128.checked_pow(places)?.checked_div(self.bottom)?)?;
        let width = usize::try_from(places).ok()?.checked_add(1)?;
        let digits = format!("{:0width$}", scaled.unsigned_abs());
        let (whole, fraction) = digits.split_at(digits.len().checked_sub(width - 1)?);
        let sign = if scaled < 0 { "-" } else { "" };
        Some(format!("{sign}{whole}.{fraction}"))
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

impl Ord for Ratio {
    /// Exact for every pair: compares whole parts, then the reciprocals of what remains, so no product can overflow.
    fn cmp(&self, other: &Ratio) -> Ordering {
        let (mut a, mut b) = ((self.top, self.bottom), (other.top, other.bottom));
        loop {
            let (whole_a, whole_b) = (a.0.div_euclid(a.1), b.0.div_euclid(b.1));
            if whole_a != whole_b {
                return whole_a.cmp(&whole_b);
            }
            let (rest_a, rest_b) = (a.0.rem_euclid(a.1), b.0.rem_euclid(b.1));
            match (rest_a, rest_b) {
                (0, 0) => return Ordering::Equal,
                (0, _) => return Ordering::Less,
                (_, 0) => return Ordering::Greater,
                // a/b < c/d exactly when d/c < b/a
                _ => (a, b) = ((b.1, rest_b), (a.1, rest_a)),
            }
        }
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Ratio) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Ratio {
    /// `12`, `0.32`, or `1/3` where there are no final digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.decimal() {
            Some(text) => f.write_str(&text),
            None => write!(f, "{}/{}", self.top, self.bottom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn r(text: &str) -> Ratio {
        Ratio::parse(text).unwrap()
    }

    #[test]
    fn reads_and_writes() {
        for (text, shown) in [
            ("12", "12"),
            ("-12", "-12"),
            ("+3", "3"),
            ("0.32", "0.32"),
            ("-0.05", "-0.05"),
            (".5", "0.5"),
            ("5.", "5"),
            ("1.500", "1.5"),
            ("1.5e3", "1500"),
            ("25E-2", "0.25"),
            ("0e999", "0"),
            ("1/3", "1/3"),
            ("8/25", "0.32"),
            ("-6/4", "-1.5"),
        ] {
            assert_eq!(r(text).to_string(), shown, "{text}");
        }
        for text in [
            "",
            ".",
            "-",
            "1e",
            "1e99",
            "abc",
            "1.2.3",
            "1/0",
            "1/-2",
            "--1",
            "1_000",
            " 1",
            "9".repeat(40).as_str(),
        ] {
            assert_eq!(Ratio::parse(text), None, "{text}");
        }
    }

    #[test]
    fn rounds_as_feel_does() {
        use Rounding::*;
        for (text, places, way, shown) in [
            ("5.5", 0, Up, "6"),
            ("-5.5", 0, Up, "-6"),
            ("5.5", 0, Down, "5"),
            ("-5.5", 0, Down, "-5"),
            ("5.5", 0, HalfUp, "6"),
            ("-5.5", 0, HalfUp, "-6"),
            ("-5.4", 0, HalfUp, "-5"),
            ("1.125", 2, HalfUp, "1.13"),
            ("1.121", 2, HalfUp, "1.12"),
            ("123456", -2, Down, "123400"),
            ("123450", -2, HalfUp, "123500"),
            ("-1.5", 0, Floor, "-2"),
            ("-1.5", 0, Ceiling, "-1"),
            ("7", 0, Up, "7"),
            ("820556.16", 0, HalfUp, "820556"),
        ] {
            assert_eq!(r(text).round(places, way).unwrap().to_string(), shown, "{text} {places} {way:?}");
        }
        assert_eq!(r("1").round(1000, Up), None);
        assert_eq!(r("2/3").floor(), Ratio::ZERO);
        assert_eq!(r("2/3").round_half_up(), Some(Ratio::ONE));
    }

    #[test]
    fn only_whole_numbers_become_integers() {
        assert_eq!(r("3").to_i64(), Some(3));
        assert_eq!(r("3.5").to_i64(), None);
        assert_eq!(Ratio::from_i128(i128::from(i64::MAX) + 1).to_i64(), None);
    }

    #[test]
    fn the_edges_are_nothing_and_never_a_panic() {
        let (least, most) = (Ratio::from_i128(i128::MIN), Ratio::from_i128(i128::MAX));
        assert_eq!(least.checked_neg(), None);
        assert_eq!(least.checked_abs(), None);
        assert_eq!(most.checked_add(&Ratio::ONE), None);
        assert_eq!(most.checked_mul(&r("2")), None);
        assert_eq!(Ratio::ONE.checked_div(&Ratio::ZERO), None);
        assert_eq!(Ratio::ONE.checked_div(&least), None);
        assert_eq!(r("10").checked_pow(39), None);
        assert_eq!(Ratio::ZERO.checked_pow(-1), None);
        assert_eq!(r("2").checked_pow(-2), Some(r("0.25")));
        assert_eq!(Ratio::new(i128::MIN, i128::MIN), None);
        assert!(least < most && Ratio::new(1, i128::MAX).unwrap() > Ratio::ZERO);
        for places in [i32::MIN, -38, 38, i32::MAX] {
            for way in [Rounding::Floor, Rounding::Ceiling, Rounding::Down, Rounding::Up, Rounding::HalfUp] {
                let _ = least.round(places, way);
                let _ = most.round(places, way);
            }
        }
    }

    fn small() -> impl Strategy<Value = Ratio> {
        (-1_000_000_000_i64..1_000_000_000, 1_i64..1_000_000)
            .prop_map(|(n, d)| Ratio::new(i128::from(n), i128::from(d)).unwrap())
    }

    fn large() -> impl Strategy<Value = Ratio> {
        (any::<i128>(), any::<i128>()).prop_filter_map("fits", |(n, d)| Ratio::new(n, d))
    }

    proptest! {
        #[test]
        fn agrees_with_cross_multiplication(a in small(), b in small()) {
            let (an, ad, bn, bd) = (a.numerator(), a.denominator(), b.numerator(), b.denominator());
            prop_assert_eq!(a.checked_add(&b), Ratio::new(an * bd + bn * ad, ad * bd));
            prop_assert_eq!(a.checked_sub(&b), Ratio::new(an * bd - bn * ad, ad * bd));
            prop_assert_eq!(a.checked_mul(&b), Ratio::new(an * bn, ad * bd));
            prop_assert_eq!(a.checked_div(&b), Ratio::new(an * bd, ad * bn));
            prop_assert_eq!(a.cmp(&b), (an * bd).cmp(&(bn * ad)));
        }

        #[test]
        fn is_always_in_lowest_terms(a in large()) {
            prop_assert!(a.denominator() > 0);
            prop_assert_eq!(gcd(a.numerator().unsigned_abs(), a.denominator().unsigned_abs()), 1);
        }

        #[test]
        fn text_comes_back(a in small(), b in large()) {
            prop_assert_eq!(Ratio::parse(&a.to_string()), Some(a));
            prop_assert_eq!(Ratio::parse(&b.to_string()), Some(b));
        }

        #[test]
        fn comparison_is_an_order(a in large(), b in large()) {
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            prop_assert_eq!(a.cmp(&b) == Ordering::Equal, a == b);
            if let Some(difference) = a.checked_sub(&b) {
                prop_assert_eq!(a.cmp(&b), difference.cmp(&Ratio::ZERO));
            }
        }

        #[test]
        fn rounding_stays_within_a_step(a in small(), places in -3_i32..4) {
            let step = Ratio::from_i64(10).checked_pow(-i64::from(places)).unwrap();
            for way in [Rounding::Floor, Rounding::Ceiling, Rounding::Down, Rounding::Up, Rounding::HalfUp] {
                let rounded = a.round(places, way).unwrap();
                prop_assert!(rounded.checked_div(&step).unwrap().is_whole());
                let off = rounded.checked_sub(&a).unwrap().checked_abs().unwrap();
                prop_assert!(off < step);
                if way == Rounding::HalfUp {
                    prop_assert!(off.checked_add(&off).unwrap() <= step);
                }
            }
        }

        #[test]
        fn never_panics(a in large(), b in large(), n in any::<i64>(), text in "\\PC{0,12}") {
            let _ = (a.checked_add(&b), a.checked_sub(&b), a.checked_mul(&b), a.checked_div(&b), a.checked_pow(n));
            let _ = (Ratio::parse(&text), a.floor(), a.to_i64(), a.decimal());
        }
    }
}
