use std::{cmp, fmt, hash, marker::PhantomData};

use crate::{At, Error};

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The name of a thing: 26 characters, sorted by the time it was made. The time and the randomness are given.
pub struct Id<T>(String, PhantomData<fn() -> T>);

impl<T> Id<T> {
    /// 48 bits of milliseconds, then 80 random bits, in Crockford's base 32.
    pub fn new(at: At, random: [u8; 10]) -> Self {
        let millis = u128::try_from(at.millis().max(0)).unwrap_or(0) & ((1 << 48) - 1);
        let mut n = random.iter().fold(millis, |n, b| (n << 8) | u128::from(*b));
        let mut text = [b'0'; 26];
        for place in text.iter_mut().rev() {
            *place = usize::try_from(n & 31).ok().and_then(|i| ALPHABET.get(i)).copied().unwrap_or(b'0');
            n >>= 5;
        }
        Id(String::from_utf8_lossy(&text).into_owned(), PhantomData)
    }

    /// Takes an id from outside: 1 to 64 of `a–z 0–9 -`, so that it is safe in an address, a file name and a log.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if (1..=64).contains(&text.len()) && text.chars().all(fits) {
            Ok(Id(text.to_owned(), PhantomData))
        } else {
            Err(Error::NotFound)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        Id(self.0.clone(), PhantomData)
    }
}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<T> hash::Hash for Id<T> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl<T> serde::Serialize for Id<T> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}
impl<'de, T> serde::Deserialize<'de> for Id<T> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Id::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_by_time_and_reads_back() {
        let early: Id<()> = Id::new(At::from_micros(1_000_000), [255; 10]);
        let late: Id<()> = Id::new(At::from_micros(2_000_000), [0; 10]);
        assert!(early < late);
        assert_eq!(early.as_str().len(), 26);
        assert_eq!(Id::<()>::parse(early.as_str()), Ok(early));
    }

    #[test]
    fn refuses_what_is_no_id() {
        for text in ["", "a/b", "A", "../x", "가", &"a".repeat(65)] {
            assert_eq!(Id::<()>::parse(text), Err(Error::NotFound), "{text}");
        }
    }
}
