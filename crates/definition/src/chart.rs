//! How cases go: states and verbs as data. The first region is the case; the others are tasks that run beside it.

use maru_kernel::Both;
use serde::Deserialize;

use crate::{fault::Fault, files::Files};

/// States in which a case has ended, each with a meaning of its own in the law; every other state is open.
pub const ENDINGS: [&str; 6] = ["granted", "refused", "answered", "returned", "closed", "withdrawn"];
/// Where a case begins: nobody but its author sees it.
pub const DRAFT: &str = "draft";

/// What the program can do to a case, and to a task beside it. A chart says from where to where, and who.
pub const VERBS: [&str; 12] = [
    "answer", "submit", "assign", "release", "transfer", "ask", "consult", "extend", "grant", "refuse",
    "return", "withdraw",
];
pub const TASK_VERBS: [&str; 5] = ["supply", "reply", "prolong", "recall", "lapse"];

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    pub id: String,
    pub name: Both,
    #[serde(rename = "state", default)]
    pub states: Vec<ChartState>,
    #[serde(rename = "verb", default)]
    pub verbs: Vec<ChartVerb>,
    #[serde(rename = "region", default)]
    pub regions: Vec<ChartRegion>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChartState {
    pub id: String,
    pub name: Both,
    /// Of a task's state: nothing follows.
    #[serde(default)]
    pub ends: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChartVerb {
    pub id: String,
    pub name: Both,
    pub from: Vec<String>,
    /// Without: it stays where it is.
    pub to: Option<String>,
    pub who: Who,
    /// The kind of task it opens.
    pub opens: Option<String>,
    /// Kinds of tasks none of which may be open.
    #[serde(default)]
    pub closed: Vec<String>,
    /// A kind of task that lapsed as often as it may be asked.
    pub lapsed: Option<String>,
    pub letter: Option<String>,
    pub article: Option<String>,
}

/// Who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Who {
    Applicant,
    /// Any clerk of the case's unit.
    Unit,
    /// The one who took the case on.
    Officer,
    /// Whoever the task is for.
    Doer,
    /// Nobody: it happens when the time is over.
    Clock,
}

impl Who {
    pub fn as_str(self) -> &'static str {
        match self {
            Who::Applicant => "applicant",
            Who::Unit => "unit",
            Who::Officer => "officer",
            Who::Doer => "doer",
            Who::Clock => "clock",
        }
    }
}

/// A kind of task beside the case.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChartRegion {
    pub id: String,
    pub name: Both,
    pub does: Does,
    /// Several of them may be open at once.
    #[serde(default)]
    pub many: bool,
    /// Why the case's clock stands while one is open.
    pub pauses: Option<String>,
    /// In how many days, unless others are said.
    pub days: u32,
    pub most: u32,
    /// At most so many when it is asked again.
    pub again: Option<u32>,
    /// How often it may be asked.
    pub times: Option<u32>,
    pub article: String,
    #[serde(rename = "state", default)]
    pub states: Vec<ChartState>,
    #[serde(rename = "verb", default)]
    pub verbs: Vec<ChartVerb>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Does {
    Applicant,
    Unit,
}

impl Chart {
    /// Every chart of a pack, in the order of their files.
    pub(crate) fn read(files: &Files, faults: &mut Vec<Fault>) -> Vec<Chart> {
        let paths: Vec<String> = files.under("charts").map(|(path, _)| path.to_owned()).collect();
        paths.iter().filter_map(|path| files.toml::<Chart>(path, faults)).collect()
    }

    pub fn state(&self, id: &str) -> Option<&ChartState> {
        self.states.iter().find(|state| state.id == id)
    }

    pub fn region(&self, id: &str) -> Option<&ChartRegion> {
        self.regions.iter().find(|region| region.id == id)
    }

    /// The verb as it may be done in a state.
    pub fn verb(&self, state: &str, verb: &str) -> Option<&ChartVerb> {
        find(&self.verbs, state, verb)
    }

    pub fn is_ending(state: &str) -> bool {
        ENDINGS.contains(&state)
    }
}

impl ChartRegion {
    /// Where a task begins.
    pub fn start(&self) -> &str {
        self.states.first().map_or("", |state| &state.id)
    }

    pub fn state(&self, id: &str) -> Option<&ChartState> {
        self.states.iter().find(|state| state.id == id)
    }

    pub fn verb(&self, state: &str, verb: &str) -> Option<&ChartVerb> {
        find(&self.verbs, state, verb)
    }
}

fn find<'a>(verbs: &'a [ChartVerb], state: &str, verb: &str) -> Option<&'a ChartVerb> {
    verbs.iter().find(|v| v.id == verb && v.from.iter().any(|from| from == state))
}
