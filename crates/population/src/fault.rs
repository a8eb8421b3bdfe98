//! What is wrong, where, and what to do.

use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub place: String,
    pub what: String,
    pub todo: String,
}

impl Fault {
    pub fn new(place: impl Into<String>, what: impl Into<String>, todo: impl Into<String>) -> Fault {
        Fault { place: place.into(), what: what.into(), todo: todo.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.place, self.what, self.todo)
    }
}

impl std::error::Error for Fault {}
