use std::fmt;

use maru_kernel::{Both, both};

/// What is wrong with a pack: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Fault {
    pub file: String,
    /// 1-based; 0 when the whole file is meant.
    pub line: usize,
    pub what: Both,
    pub todo: Both,
}

impl Fault {
    /// What whoever writes a service may meet, on a page too.
    pub(crate) fn new(file: &str, line: usize, what: Both, todo: Both) -> Fault {
        Fault { file: file.into(), line, what, todo }
    }

    /// What only whoever keeps the pack meets, on the command line: in English.
    pub(crate) fn of_pack(
        file: &str,
        line: usize,
        what: impl Into<String>,
        todo: impl Into<String>,
    ) -> Fault {
        let both = |text: String| Both { ko: text.clone(), en: text };
        Fault::new(file, line, both(what.into()), both(todo.into()))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} — {}", self.file, self.line, self.what.en, self.todo.en)
    }
}

impl std::error::Error for Fault {}

/// What to do with a file that can't be read.
pub(crate) fn as_told() -> Both {
    both!("packs/README.md에 있는 대로 쓰세요", "write it as packs/README.md tells")
}

/// The 1-based line a byte of a text lies in.
pub(crate) fn line_at(text: &str, byte: usize) -> usize {
    let before = text.as_bytes().get(..byte.min(text.len())).unwrap_or_default();
    before.iter().filter(|b| **b == b'\n').count() + 1
}
