//! The natural logarithm in whole millionths: the same on every machine, which a floating-point one need not be.

use std::sync::LazyLock;

pub(super) const MICRO: i64 = 1_000_000;

/// ln 2 in units of 10⁻¹².
const LN_2: u128 = 693_147_180_560;

/// ln(1 + i/1024) in millionths.
static STEPS: LazyLock<Vec<i64>> = LazyLock::new(|| (1024..=2048).map(|of| step(of, 1024)).collect());

/// ln(number / of), where 1 ≤ number / of ≤ 2: the binary digits of the base-2 logarithm, one squaring each.
fn step(number: u128, of: u128) -> i64 {
    let mut left = (number << 62) / of;
    let mut digits: u128 = 0;
    for digit in 0..=40_u32 {
        if left >= 2 << 62 {
            digits += 1 << (40 - digit);
            left >>= 1;
        }
        left = (left * left) >> 62;
    }
    i64::try_from(((digits * LN_2) >> 40) / 1_000_000).unwrap_or(0)
}

/// ln(number) in millionths; ln(0) is taken as 0.
pub(super) fn ln(number: u64) -> i64 {
    if number == 0 {
        return 0;
    }
    let zeros = number.leading_zeros();
    // The number as 1.xxx: ten digits choose the step, the next twenty the way to the one after it.
    let digits = (number << zeros) >> 33;
    let at = usize::try_from((digits >> 20) & 1023).unwrap_or(0);
    let way = i64::try_from(digits & 0xF_FFFF).unwrap_or(0);
    let between = ((STEPS[at + 1] - STEPS[at]) * way) >> 20;
    i64::from(63 - zeros) * 693_147_181 / 1000 + STEPS[at] + between
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_right_to_a_few_millionths() {
        let known = [
            (1, 0),
            (2, 693_147),
            (3, 1_098_612),
            (10, 2_302_585),
            (1000, 6_907_755),
            (123_456_789, 18_631_401),
            (1 << 32, 22_180_710),
            (u64::MAX, 44_361_420),
        ];
        for (number, right) in known {
            assert!((ln(number) - right).abs() <= 3, "{number}: {} is not {right}", ln(number));
        }
    }

    #[test]
    fn more_is_never_less() {
        let mut last = 0;
        for number in (1..2_000_u64).chain((1..2_000).map(|n| n * 1_000_003)) {
            if number == 1_000_003 {
                last = 0;
            }
            assert!(ln(number) >= last, "{number}");
            last = ln(number);
        }
    }
}
