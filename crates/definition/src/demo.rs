use std::collections::BTreeMap;

use maru_kernel::Both;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// A small country of plainly fictional people, for `maru demo` and tests.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demo {
    pub password: String,
    #[serde(rename = "unit", default)]
    pub units: Vec<DemoUnit>,
    #[serde(rename = "person", default)]
    pub people: Vec<DemoPerson>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoUnit {
    pub id: String,
    pub kind: String,
    pub region: String,
    /// Units that name the same agency belong together.
    pub agency_id: Option<String>,
    pub agency: Both,
    pub name: Both,
    pub contact: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoPerson {
    pub user: String,
    pub id: String,
    /// `resident` or `official`.
    pub kind: String,
    pub name: Both,
    pub about: Both,
    pub mail: Option<String>,
    pub unit: Option<String>,
    pub rank: Option<Both>,
    /// Of an official; without, an official of a unit is its `clerk`.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The row of each register, by its fields.
    #[serde(default)]
    pub registers: BTreeMap<String, Map<String, Json>>,
    /// What may happen to a resident, at the push of a button.
    #[serde(rename = "event", default)]
    pub events: Vec<DemoEvent>,
}

/// Something that changes rows of registers at once.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoEvent {
    pub id: String,
    pub name: Both,
    pub registers: BTreeMap<String, Map<String, Json>>,
}
