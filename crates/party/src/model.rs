//! Grants and roles, what may be typed about an office, passwords. Pure.

mod grants;
mod office;
mod password;
mod roles;

pub use grants::*;
pub use office::*;
pub use password::*;
pub use roles::*;
