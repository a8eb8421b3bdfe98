use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::At;

/// Who does something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Actor {
    /// A resident, for themselves.
    Resident { party: String },
    /// An official, for a unit of an agency.
    Official { party: String, unit: String },
    /// A unit's own program, on a case the unit works.
    Unit { unit: String },
    /// The program, for the reason its name tells: `guidance`, `delivery`.
    System { name: String },
}

impl Actor {
    /// The party, or the program's name.
    pub fn id(&self) -> &str {
        match self {
            Actor::Resident { party } | Actor::Official { party, .. } => party,
            Actor::Unit { unit } => unit,
            Actor::System { name } => name,
        }
    }
    /// What a grant to it alone calls it; a slash is in no party's id.
    pub fn grantee(&self) -> String {
        match self {
            Actor::System { name } => format!("system/{name}"),
            other => other.id().to_owned(),
        }
    }
    pub fn unit(&self) -> Option<&str> {
        match self {
            Actor::Official { unit, .. } | Actor::Unit { unit } => Some(unit),
            _ => None,
        }
    }
}

/// What happened to a row: written in the same batch as the row, delivered through the outbox at least once and in
/// order per aggregate. Carries ids and facts of the process, never personal data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub id: String,
    /// `case.submitted`: the room, then the verb.
    pub kind: String,
    /// What it happened to, e.g. `case/01j…`.
    pub aggregate: String,
    pub at: At,
    pub actor: Actor,
    /// Which definition in which version the actor went by, e.g. `livelihood-benefit@2026-01-01`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// Under which grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    #[serde(default)]
    pub body: Json,
}
