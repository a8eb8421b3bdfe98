//! Decision tables of others: reads `.dmn` files, evaluates them with our FEEL, and takes a table over as rules of a service. Pure.

mod cases;
mod evaluate;
mod import;
mod model;
mod names;

pub use cases::{Asked, Outcome, Why, model_of, run as run_cases};
pub use evaluate::Evaluation;
pub use import::{Legal, Taken, take_over};
pub use model::{Decision, Model, Place, Policy, Refusal};
