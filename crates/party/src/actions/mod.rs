//! One file per verb.

mod enrol;
mod sign_in;
mod sign_out;

pub use enrol::{NewPerson, enrol};
pub use sign_in::sign_in;
pub use sign_out::sign_out;

use sha2::{Digest, Sha256};

/// What the store knows of a token.
pub(crate) fn token_id(token: &str) -> String {
    Sha256::digest(token).iter().map(|b| format!("{b:02x}")).collect()
}
