//! A country of made persons in households: from published marginals and written assumptions, the same for the same seed. Nobody in it exists.
//!
//! Pure: no I/O of its own, no clock, no floating point. Any block can be made alone.

mod assemble;
mod block;
mod facts;
mod fault;
mod file;
mod lives;
mod marginals;
mod population;
mod random;

pub use block::{Block, Role, Sex};
pub use facts::{NAMES, TRAITS};
pub use fault::Fault;
pub use file::{Header, Reader, Summary, Writer};
pub use marginals::{Area, Marginals};
pub use population::{LARGEST_BLOCK, Population};
