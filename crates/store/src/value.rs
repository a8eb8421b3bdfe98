use std::sync::Arc;

use maru_kernel::{At, Error, Result};

/// What a column holds, in the subset every database has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Null,
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

impl Value {
    /// What it is, without what it says.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "nothing",
            Value::Int(_) => "a number",
            Value::Text(_) => "text",
            Value::Blob(_) => "bytes",
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.into())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}
impl From<i32> for Value {
    fn from(n: i32) -> Self {
        Value::Int(n.into())
    }
}
impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Value::Int(n)
    }
}
impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Value::Int(i64::from(b))
    }
}
impl From<At> for Value {
    fn from(at: At) -> Self {
        Value::Int(at.micros())
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(option: Option<T>) -> Self {
        option.map_or(Value::Null, Into::into)
    }
}

/// One row of an answer, by column name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub(crate) columns: Arc<[String]>,
    pub(crate) values: Vec<Value>,
}

impl Row {
    pub fn value(&self, column: &str) -> Option<&Value> {
        self.columns.iter().position(|c| c == column).and_then(|i| self.values.get(i))
    }

    /// A column that must hold text.
    pub fn text(&self, column: &str) -> Result<&str> {
        match self.value(column) {
            Some(Value::Text(text)) => Ok(text),
            other => Err(Error::internal(format!("column {column} holds {}, not text", kind(other)))),
        }
    }
    pub fn string(&self, column: &str) -> Result<String> {
        self.text(column).map(str::to_owned)
    }
    pub fn maybe_text(&self, column: &str) -> Option<&str> {
        match self.value(column) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
    /// A column that must hold a whole number.
    pub fn int(&self, column: &str) -> Result<i64> {
        match self.value(column) {
            Some(Value::Int(n)) => Ok(*n),
            other => Err(Error::internal(format!("column {column} holds {}, not a number", kind(other)))),
        }
    }
    pub fn maybe_int(&self, column: &str) -> Option<i64> {
        match self.value(column) {
            Some(Value::Int(n)) => Some(*n),
            _ => None,
        }
    }
    pub fn at(&self, column: &str) -> Result<At> {
        self.int(column).map(At::from_micros)
    }
    pub fn blob(&self, column: &str) -> Result<&[u8]> {
        match self.value(column) {
            Some(Value::Blob(bytes)) => Ok(bytes),
            other => Err(Error::internal(format!("column {column} holds {}, not bytes", kind(other)))),
        }
    }
}

/// For errors, which go to logs: never the value itself.
fn kind(value: Option<&Value>) -> &'static str {
    value.map_or("no such column", Value::kind)
}
