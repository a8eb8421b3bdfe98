use std::fmt;

/// What is wrong with a pack: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Fault {
    pub file: String,
    /// 1-based; 0 when the whole file is meant.
    pub line: usize,
    pub what: String,
    pub todo: String,
}

impl Fault {
    pub(crate) fn new(file: &str, line: usize, what: impl Into<String>, todo: impl Into<String>) -> Fault {
        Fault { file: file.into(), line, what: what.into(), todo: todo.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} — {}", self.file, self.line, self.what, self.todo)
    }
}

impl std::error::Error for Fault {}

/// The 1-based line a byte of a text lies in.
pub(crate) fn line_at(text: &str, byte: usize) -> usize {
    let before = text.as_bytes().get(..byte.min(text.len())).unwrap_or_default();
    before.iter().filter(|b| **b == b'\n').count() + 1
}
