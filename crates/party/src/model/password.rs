//! Passwords people choose, and those they are given.

use maru_kernel::{Error, Problem, Result};

pub const PASSWORD_LEAST: usize = 10;
pub const PASSWORD_MOST: usize = 256;
/// No letter that looks like another.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A password for one sign-in: 80 random bits in four groups.
pub fn one_time(random: [u8; 16]) -> String {
    let mut text = String::new();
    for (place, byte) in random.iter().enumerate() {
        if place > 0 && place % 4 == 0 {
            text.push('-');
        }
        text.push(LETTERS.get(usize::from(byte & 31)).map_or('0', |letter| char::from(*letter)));
    }
    text
}

/// What a new password must be.
pub fn new_password(user: &str, old: &str, new: &str, again: &str) -> Result<()> {
    let problem = |field: &str, key: &str, value: Option<usize>| Problem {
        field: field.into(),
        key: key.into(),
        value: value.map(|n| n.to_string()),
    };
    let length = new.chars().count();
    let lower = new.to_lowercase();
    let problem = if length < PASSWORD_LEAST {
        problem("password", "password-short", Some(PASSWORD_LEAST))
    } else if length > PASSWORD_MOST {
        problem("password", "form-too-long", Some(PASSWORD_MOST))
    } else if new.chars().any(char::is_control) {
        problem("password", "form-text", None)
    } else if !user.is_empty() && lower.contains(&user.to_lowercase()) {
        problem("password", "password-is-name", None)
    } else if new == old {
        problem("password", "password-same", None)
    } else if new != again {
        problem("again", "password-again", None)
    } else {
        return Ok(());
    };
    Err(Error::Invalid(vec![problem]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_password_can_be_read_out() {
        assert_eq!(one_time([0; 16]), "0000-0000-0000-0000");
        let text = one_time([255, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        assert_eq!(text, "z123-4567-89ab-cdef");
        assert!(one_time([7; 16]).len() == 19);
    }

    #[test]
    fn a_chosen_password_is_long_and_new() {
        let key = |user: &str, old: &str, new: &str, again: &str| match new_password(user, old, new, again) {
            Err(Error::Invalid(problems)) => format!("{} {}", problems[0].field, problems[0].key),
            other => format!("{other:?}"),
        };
        assert_eq!(key("haneul", "x", "short", "short"), "password password-short");
        assert_eq!(key("haneul", "x", "하늘하늘하늘하늘하", "하늘하늘하늘하늘하"), "password password-short");
        assert_eq!(key("haneul", "x", &"a".repeat(257), ""), "password form-too-long");
        assert_eq!(key("haneul", "x", "my-Haneul-2026", "my-Haneul-2026"), "password password-is-name");
        assert_eq!(
            key("haneul", "long enough 1", "long enough 1", "long enough 1"),
            "password password-same"
        );
        assert_eq!(key("haneul", "x", "long enough 1", "long enough 2"), "again password-again");
        assert_eq!(key("haneul", "x", "long\u{7}enough 1", "long\u{7}enough 1"), "password form-text");
        assert!(new_password("haneul", "x", "하늘하늘하늘하늘하늘", "하늘하늘하늘하늘하늘").is_ok());
    }
}
