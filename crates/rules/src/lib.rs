//! From a law's condition, written as text, to *yes*, *no* or *not yet known*, exact amounts, and reasons.
//!
//! Two doors: [`RuleSet::decide`] for a service written in depth, [`Screen`] for a whole catalogue at once. Pure: no I/O, no clock,
//! no randomness, no floating point. Nothing here panics on any input.

mod column;
mod eval;
mod fault;
mod fold;
mod functions;
mod lexer;
mod many;
mod never;
mod numbers;
mod parameters;
mod parser;
mod ratio;
mod ruleset;
mod screen;
mod toml_text;
mod value;
mod years;

pub use column::{Column, Columns, Known as KnownLanes, Lanes, Numbers, days_of};
pub use eval::{Expr, Scope};
pub use fault::Fault;
pub use many::Slow;
pub use never::Domain;
pub use parameters::{Parameters, Valued};
pub use parser::{MAX_DEPTH, PARAMETERS};
pub use ratio::{Ratio, Rounding};
pub use ruleset::{
    Crowd, Decision, Hinge, Hinging, Hits, Line, LineColumn, Meaning, Reason, RuleSet, Somebody,
};
pub use screen::{Answers, Asker, Bits, Counts, Group, Kind, Known, Restriction, Screen};
pub use value::{Answer, Facts, MAX_LIST, MAX_NESTING, MAX_TEXT, Value};
