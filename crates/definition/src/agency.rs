use maru_kernel::Both;
use serde::{Deserialize, Serialize};

/// An agency that owns registers or services written in depth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agency {
    pub id: String,
    pub name: Both,
}

/// A kind of unit that decides: a service names one, the resident's region picks the unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitKind {
    pub id: String,
    pub name: Both,
}
