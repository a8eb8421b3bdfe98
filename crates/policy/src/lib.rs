//! What the law does to everybody: the whole catalogue over the whole population, what changes with it, and what would.

mod classes;
mod counts;
mod draft;
mod kept;
mod lazy;
mod pages;
pub mod people;
mod screen;
mod turn;

pub use classes::{AGES, CELLS, Cells, INCOMES, cell};
pub use counts::{Because, Count, Explained, Somebody, Which};
pub use draft::{Drafted, Law};
pub use kept::{Head, Kept, Reached, Region, Since};
pub use lazy::{Lazy, Shared};
pub use pages::room;
pub use screen::{Found, Paid, Progress, Screened, Screening, Spent};
pub use turn::{Change, Effect, Stuck, Turning, entries, with_entry};
