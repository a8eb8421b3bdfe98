//! What a rule reads and answers: values, the facts about one person, and the three-valued answer.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_normalization::{UnicodeNormalization, is_nfc};

use maru_kernel::Both;

use crate::fault::say;
use crate::ratio::Ratio;

/// Bounds that keep every input finite: no text, list or nesting beyond them is read.
pub const MAX_TEXT: usize = 16 * 1024;
pub const MAX_LIST: usize = 10_000;
pub const MAX_NESTING: usize = 32;

/// Yes, no, or not yet known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    Yes,
    No,
    Unknown,
}

impl Answer {
    pub fn of(known: Option<bool>) -> Answer {
        match known {
            Some(true) => Answer::Yes,
            Some(false) => Answer::No,
            None => Answer::Unknown,
        }
    }

    /// Kleene conjunction: one *no* settles it, whatever is unknown.
    pub fn and(self, other: Answer) -> Answer {
        match (self, other) {
            (Answer::No, _) | (_, Answer::No) => Answer::No,
            (Answer::Yes, Answer::Yes) => Answer::Yes,
            _ => Answer::Unknown,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Answer::Yes => "yes",
            Answer::No => "no",
            Answer::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `Unknown` is FEEL's `null` and also what a missing fact is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Unknown,
    Bool(bool),
    Number(Ratio),
    Text(String),
    Date(Date),
    List(Vec<Value>),
    Context(BTreeMap<String, Value>),
}

impl Value {
    /// Reads JSON. A number is read from its decimal text; text of the form `2026-01-01` is a date; `{"ratio": "1/3"}` is the exact
    /// fraction that `to_json` wrote.
    pub fn from_json(json: &serde_json::Value) -> Result<Value, String> {
        Value::from_json_within(json, MAX_NESTING)
    }

    fn from_json_within(json: &serde_json::Value, room: usize) -> Result<Value, String> {
        let Some(room) = room.checked_sub(1) else {
            return Err(format!("nested more than {MAX_NESTING} deep"));
        };
        Ok(match json {
            serde_json::Value::Null => Value::Unknown,
            serde_json::Value::Bool(b) => Value::Bool(*b),
            serde_json::Value::Number(n) => {
                let text = n.to_string();
                // The JSON reader keeps a decimal in binary; up to 15 significant digits its shortest text is what was written.
                if n.is_f64() && significant_digits(&text) > 15 {
                    return Err(format!(
                        "{text} has more digits than JSON keeps exactly: write {{\"ratio\": \"{text}\"}}"
                    ));
                }
                Value::Number(Ratio::parse(&text).ok_or_else(|| format!("{text} is out of range"))?)
            }
            serde_json::Value::String(text) => Value::from_text(text).map_err(|why| why.en)?,
            serde_json::Value::Array(items) => {
                if items.len() > MAX_LIST {
                    return Err(format!("a list of {} is longer than {MAX_LIST}", items.len()));
                }
                let read = items.iter().map(|item| Value::from_json_within(item, room));
                Value::List(read.collect::<Result<_, String>>()?)
            }
            serde_json::Value::Object(fields) => {
                if let (1, Some(serde_json::Value::String(text))) = (fields.len(), fields.get("ratio")) {
                    return Ratio::parse(text)
                        .map(Value::Number)
                        .ok_or_else(|| format!("`{text}` is not a number"));
                }
                if fields.len() > MAX_LIST {
                    return Err(format!("an object of {} fields is longer than {MAX_LIST}", fields.len()));
                }
                let mut context = BTreeMap::new();
                for (name, field) in fields {
                    context.insert(nfc(name).into_owned(), Value::from_json_within(field, room)?);
                }
                Value::Context(context)
            }
        })
    }

    pub(crate) fn from_text(text: &str) -> Result<Value, Both> {
        if text.len() > MAX_TEXT {
            return Err(say::too_long_a_text());
        }
        Ok(read_date(text).map(Value::Date).unwrap_or_else(|| Value::Text(nfc(text).into_owned())))
    }

    /// The JSON that `from_json` reads back as the same value.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Unknown => serde_json::Value::Null,
            Value::Bool(b) => serde_json::Value::Bool(*b),
            Value::Number(n) => number_to_json(n),
            Value::Text(text) => serde_json::Value::String(text.clone()),
            Value::Date(date) => serde_json::Value::String(date.to_string()),
            Value::List(items) => serde_json::Value::Array(items.iter().map(Value::to_json).collect()),
            Value::Context(fields) => serde_json::Value::Object(
                fields.iter().map(|(name, field)| (name.clone(), field.to_json())).collect(),
            ),
        }
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self, Value::Unknown)
    }

    /// What it is, in a fault's words.
    pub(crate) fn kind(&self) -> Both {
        match self {
            Value::Unknown => Both::new("모르는 값", "unknown"),
            Value::Bool(_) => Both::new("참·거짓", "true/false"),
            Value::Number(_) => say::number(),
            Value::Text(_) => say::text(),
            Value::Date(_) => say::date(),
            Value::List(_) => say::list(),
            Value::Context(_) => say::context(),
        }
    }

    /// How many values it is made of: what copying it costs.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Value::List(items) => items.iter().map(Value::weight).fold(1, usize::saturating_add),
            Value::Context(fields) => fields.values().map(Value::weight).fold(1, usize::saturating_add),
            Value::Text(text) => 1 + text.len() / 64,
            _ => 1,
        }
    }

    pub(crate) fn nesting(&self) -> usize {
        match self {
            Value::List(items) => items.iter().map(Value::nesting).max().unwrap_or(0) + 1,
            Value::Context(fields) => fields.values().map(Value::nesting).max().unwrap_or(0) + 1,
            _ => 1,
        }
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Value {
        Value::Bool(b)
    }
}
impl From<i64> for Value {
    fn from(n: i64) -> Value {
        Value::Number(Ratio::from_i64(n))
    }
}
impl From<Ratio> for Value {
    fn from(n: Ratio) -> Value {
        Value::Number(n)
    }
}
impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(nfc(text).into_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::from(text.as_str())
    }
}
impl From<Date> for Value {
    fn from(date: Date) -> Value {
        Value::Date(date)
    }
}
impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Value {
        Value::List(items)
    }
}

impl fmt::Display for Value {
    /// For faults and logs of tests; pages format values in their reader's language.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(n) => n.fmt(f),
            Value::Text(text) => f.write_str(text),
            Value::Date(date) => date.fmt(f),
            _ => self.to_json().fmt(f),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        let json = serde_json::Value::deserialize(deserializer)?;
        Value::from_json(&json).map_err(serde::de::Error::custom)
    }
}

/// The facts about one person by flat, dotted name: `나이`, `가구.소득인정액`, `가구원`. A fact that is absent is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    by_name: BTreeMap<String, Value>,
}

impl Facts {
    pub fn new() -> Facts {
        Facts::default()
    }

    pub fn insert(&mut self, name: impl AsRef<str>, value: Value) {
        self.by_name.insert(nfc(name.as_ref()).into_owned(), value);
    }

    /// The value stored under exactly this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.by_name.get(nfc(name).as_ref())
    }

    /// The same for a name already in NFC, as names in rules are.
    pub(crate) fn exactly(&self, name: &str) -> Option<&Value> {
        self.by_name.get(name)
    }

    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.by_name.remove(nfc(name).as_ref())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.by_name.iter().map(|(name, value)| (name.as_str(), value))
    }

    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Reads a JSON object: each field a fact.
    pub fn from_json(json: &serde_json::Value) -> Result<Facts, String> {
        let serde_json::Value::Object(fields) = json else {
            return Err("facts are a JSON object".to_owned());
        };
        let mut facts = Facts::new();
        for (name, field) in fields {
            facts.insert(name, Value::from_json(field).map_err(|why| format!("{name}: {why}"))?);
        }
        Ok(facts)
    }

    pub fn to_json(&self) -> serde_json::Value {
        serde_json::Value::Object(
            self.by_name.iter().map(|(name, value)| (name.clone(), value.to_json())).collect(),
        )
    }
}

impl<N: AsRef<str>, V: Into<Value>> FromIterator<(N, V)> for Facts {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Facts {
        let mut facts = Facts::new();
        facts.extend(pairs);
        facts
    }
}

impl<N: AsRef<str>, V: Into<Value>> Extend<(N, V)> for Facts {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, pairs: I) {
        for (name, value) in pairs {
            self.insert(name, value.into());
        }
    }
}

impl Serialize for Facts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.by_name.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Facts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Facts, D::Error> {
        Ok(BTreeMap::<String, Value>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// Names and texts are compared in NFC, so that a name typed on a Mac equals the same name typed elsewhere.
pub(crate) fn nfc(text: &str) -> Cow<'_, str> {
    if is_nfc(text) { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

/// Exactly `yyyy-mm-dd`, a day that exists.
pub(crate) fn read_date(text: &str) -> Option<Date> {
    let shaped = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    if shaped { text.parse().ok() } else { None }
}

fn number_to_json(n: &Ratio) -> serde_json::Value {
    if n.is_whole() {
        if let Ok(n) = i64::try_from(n.numerator()) {
            return n.into();
        }
    } else if let Some(text) = n.decimal()
        && significant_digits(&text) <= 15
        && let Ok(number) = serde_json::from_str::<serde_json::Number>(&text)
    {
        return number.into();
    }
    let mut exact = serde_json::Map::new();
    exact.insert("ratio".to_owned(), format!("{}/{}", n.numerator(), n.denominator()).into());
    exact.into()
}

fn significant_digits(text: &str) -> usize {
    let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    digits.trim_start_matches('0').len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn reads_json_without_guessing() {
        for (json, value) in [
            (json!(null), Value::Unknown),
            (json!(true), Value::Bool(true)),
            (json!(12), Value::from(12)),
            (json!(0.1), Value::Number(Ratio::new(1, 10).unwrap())),
            (json!("단독"), Value::from("단독")),
            (json!("2026-02-28"), Value::Date(jiff::civil::date(2026, 2, 28))),
            (json!("2026-02-30"), Value::from("2026-02-30")),
            (json!("2026-02-28 "), Value::from("2026-02-28 ")),
            (json!([1, null]), Value::List(vec![Value::from(1), Value::Unknown])),
            (json!({"ratio": "1/3"}), Value::Number(Ratio::new(1, 3).unwrap())),
        ] {
            assert_eq!(Value::from_json(&json), Ok(value.clone()), "{json}");
            assert_eq!(Value::from_json(&value.to_json()), Ok(value), "{json}");
        }
        assert!(Value::from_json(&json!(0.1234567890123456)).is_err());
        assert!(Value::from_json(&json!(1e300)).is_err());
        assert!(Value::from_json(&json!({"ratio": "a third"})).is_err());
        assert!(Value::from_json(&json!("x".repeat(MAX_TEXT + 1))).is_err());
        let mut deep = json!(1);
        for _ in 0..40 {
            deep = json!([deep]);
        }
        assert!(Value::from_json(&deep).is_err());
    }

    #[test]
    fn names_meet_in_nfc() {
        let decomposed: String = "나이".nfd().collect();
        let facts = Facts::from_json(&json!({decomposed.clone(): 3})).unwrap();
        assert_eq!(facts.get("나이"), Some(&Value::from(3)));
        assert_eq!(facts.get(&decomposed), Some(&Value::from(3)));
        assert_eq!(serde_json::from_value::<Facts>(facts.to_json()).unwrap(), facts);
        assert!(Facts::from_json(&json!([1])).is_err());
    }

    #[test]
    fn kleene() {
        use Answer::*;
        assert_eq!(
            (Yes.and(Unknown), No.and(Unknown), Unknown.and(No), Yes.and(Yes)),
            (Unknown, No, No, Yes)
        );
        assert_eq!(serde_json::to_string(&Unknown).unwrap(), "\"unknown\"");
    }

    proptest! {
        #[test]
        fn numbers_survive_json(n in any::<i128>(), d in any::<i128>(), small in any::<i32>(), places in 0_u32..9) {
            for ratio in [Ratio::new(n, d), Ratio::new(i128::from(small), 10_i128.pow(places))].into_iter().flatten() {
                let value = Value::Number(ratio);
                let text = value.to_json().to_string();
                prop_assert_eq!(Value::from_json(&serde_json::from_str(&text).unwrap()), Ok(value));
            }
        }
    }
}
