//! Decision tables of others: reads `.dmn` files, evaluates them with our FEEL, and takes a table over as rules of a service. Pure.

mod cases;
mod evaluate;
mod model;
mod names;

pub use cases::{Asked, Outcome, Why, run as run_cases};
pub use evaluate::Evaluation;
pub use model::{Decision, Model, Place, Policy, Refusal};
