//! The words all rooms use. Pure and tiny: no I/O, no clock of its own, no randomness of its own.

mod error;
mod event;
mod id;
mod josa;
mod text;
mod time;
mod won;

pub use error::{Error, Problem, Result};
pub use event::{Actor, Event};
pub use id::Id;
pub use josa::josa;
pub use text::{Both, Lang};
pub use time::{At, Clock, Date, SEOUL, weekday_en, weekday_ko};
pub use won::Won;
