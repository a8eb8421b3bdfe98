//! The rooms put together: what `main` and the tests both start.

// The command line speaks on standard output; logs go to standard error.
#![allow(clippy::print_stdout)]

pub mod population;
pub mod seed;
pub mod serve;
pub mod wire;
