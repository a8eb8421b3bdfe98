use std::fmt;
use std::ops::Range;

/// What is wrong in a text, and where: the line (1-based) and the bytes of the text that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub line: usize,
    pub at: Range<usize>,
    pub message: String,
}

impl Fault {
    /// A fault in an expression, whose line is not known yet.
    pub(crate) fn at(at: Range<usize>, message: impl Into<String>) -> Fault {
        Fault { line: 1, at, message: message.into() }
    }

    /// The same fault with the line its bytes stand on.
    pub(crate) fn on(mut self, lines: &Lines) -> Fault {
        self.line = lines.line_of(self.at.start);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for Fault {}

/// Where each line of a text begins.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    pub fn of(text: &str) -> Lines {
        Lines { starts: std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect() }
    }

    /// The 1-based line on which a byte stands.
    pub fn line_of(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start <= byte).max(1)
    }
}
