use std::fmt;

use serde::{Deserialize, Serialize};

/// Whole won. There is no smaller coin and no floating point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Won(pub i64);

impl fmt::Display for Won {
    /// `1,343,773`: the page adds the word for the currency.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.unsigned_abs().to_string();
        let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
        if self.0 < 0 {
            out.push('−');
        }
        for (i, c) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                out.push(',');
            }
            out.push(c);
        }
        f.write_str(&out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_digits() {
        for (n, text) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (1_343_773, "1,343,773"), (-5200, "−5,200")]
        {
            assert_eq!(Won(n).to_string(), text);
        }
        assert_eq!(Won(i64::MIN).to_string(), "−9,223,372,036,854,775,808");
    }
}
