//! What the law does to everybody: the whole catalogue over the whole population, what changes with it, and what would.

mod classes;
mod screen;

pub use classes::{AGES, CELLS, Cells, INCOMES, cell};
pub use screen::{Found, Paid, Progress, Screened, Screening, Spent};
