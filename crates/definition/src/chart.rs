//! How cases go: states and verbs as data. The first region is the case; the others are tasks that run beside it.

use maru_kernel::Both;
use serde::Deserialize;

use crate::{fault::Fault, files::Files};

/// States in which a case has ended, each with a meaning of its own in the law; every other state is open.
pub const ENDINGS: [&str; 6] = ["granted", "refused", "answered", "returned", "closed", "withdrawn"];
/// Where a case begins: nobody but its author sees it.
pub const DRAFT: &str = "draft";

/// What the program can do to a case, and to a task beside it. A chart says from where to where, and who.
pub const VERBS: [&str; 18] = [
    "answer", "submit", "assign", "release", "transfer", "ask", "consult", "extend", "grant", "refuse",
    "respond", "return", "close", "wait", "unite", "split", "note", "withdraw",
];
pub const TASK_VERBS: [&str; 7] = ["supply", "reply", "agree", "decline", "prolong", "recall", "lapse"];

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    pub id: String,
    pub name: Both,
    /// Goes like another chart, but for what it says itself.
    pub like: Option<String>,
    /// States and verbs of that chart that it does not have.
    #[serde(default)]
    pub without: Vec<String>,
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
    /// States of earlier versions: running cases that stand there stand here from now on.
    #[serde(default)]
    pub was: Vec<String>,
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
    /// In how many days, unless others are said. Without: it has no time of its own and is open as long as it is of use.
    #[serde(default)]
    pub days: u32,
    #[serde(default)]
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
        let written: Vec<Chart> = paths.iter().filter_map(|path| files.toml::<Chart>(path, faults)).collect();
        let mut charts = Vec::new();
        for chart in &written {
            let Some(like) = &chart.like else {
                charts.push(chart.clone());
                continue;
            };
            match written.iter().find(|other| other.id == *like && other.like.is_none()) {
                Some(base) => charts.push(chart.over(base)),
                None => {
                    let file = format!("charts/{}.toml", chart.id);
                    let line = files.line(&file, &["like"]);
                    let todo = "name a chart that stands by itself";
                    faults.push(Fault::of_pack(
                        &file,
                        line,
                        format!("there is no chart {like} to be like"),
                        todo,
                    ));
                }
            }
        }
        charts
    }

    /// What the chart says itself, over what it takes from another. A way to a state it does not have is none.
    fn over(&self, base: &Chart) -> Chart {
        fn merged<T: Clone>(own: &[T], base: &[T], id: impl Fn(&T) -> &str, without: &[String]) -> Vec<T> {
            let kept = base.iter().filter(|b| !without.iter().any(|w| w == id(b)));
            let said = |b: &T| own.iter().find(|o| id(o) == id(b)).unwrap_or(b).clone();
            let mut all: Vec<T> = kept.map(said).collect();
            all.extend(own.iter().filter(|o| !base.iter().any(|b| id(b) == id(o))).cloned());
            all
        }
        let states = merged(&self.states, &base.states, |s| &s.id, &self.without);
        let verbs = merged(&self.verbs, &base.verbs, |v| &v.id, &self.without);
        let regions = merged(&self.regions, &base.regions, |r| &r.id, &self.without);
        Chart { states, verbs, regions, ..self.clone() }
    }

    /// A state by its name, or by one that it had in an earlier version.
    pub fn state(&self, id: &str) -> Option<&ChartState> {
        let named = self.states.iter().find(|state| state.id == id);
        named.or_else(|| self.states.iter().find(|state| state.was.iter().any(|was| was == id)))
    }

    /// The open states of an earlier version in which cases may stand that this one knows nothing of.
    pub(crate) fn forgets(&self, earlier: &Chart) -> Vec<String> {
        let gone = |state: &&ChartState| !Chart::is_ending(&state.id) && self.state(&state.id).is_none();
        earlier.states.iter().filter(gone).map(|state| state.id.clone()).collect()
    }

    /// A chart as its files said in an earlier version.
    pub(crate) fn earlier(id: &str, files: &[&str]) -> Option<Chart> {
        let charts: Vec<Chart> = files.iter().filter_map(|text| toml::from_str(text).ok()).collect();
        let chart = charts.iter().find(|chart| chart.id == id)?;
        let base = charts.iter().find(|other| Some(&other.id) == chart.like.as_ref());
        Some(base.map_or_else(|| chart.clone(), |base| chart.over(base)))
    }

    pub fn region(&self, id: &str) -> Option<&ChartRegion> {
        self.regions.iter().find(|region| region.id == id)
    }

    /// The verb as it may be done in a state.
    pub fn verb(&self, state: &str, verb: &str) -> Option<&ChartVerb> {
        let now = self.state(state).map_or(state, |state| &state.id);
        find(&self.verbs, now, verb)
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
