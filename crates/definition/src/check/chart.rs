//! Charts: no state that is never reached, none that is never left, nothing that waits for what can't happen.

use std::collections::BTreeSet;

use maru_kernel::{Lang, both};

use super::Check;
use crate::chart::{Chart, ChartState, ChartVerb, DRAFT, Does, TASK_VERBS, VERBS, Who};
use crate::{Letters, Service};

/// The reasons for which a clock may stand; the room of the clock has the articles.
const PAUSES: [&str; 8] = [
    "supplement",
    "shared-data",
    "prerequisite",
    "travel",
    "representative",
    "hearing",
    "expert",
    "inspection",
];

/// One region: what leads where in it.
struct Region<'a> {
    name: String,
    states: &'a [ChartState],
    verbs: &'a [ChartVerb],
    start: &'a str,
    ends: BTreeSet<&'a str>,
}

impl Check<'_> {
    pub(super) fn charts(&mut self) {
        let pack = self.pack;
        // What is wrong with a chart is said of it, not again of those that are like it.
        let (alone, like): (Vec<&Chart>, Vec<&Chart>) = pack.charts.iter().partition(|c| c.like.is_none());
        let before = self.faults.len();
        alone.into_iter().for_each(|chart| self.chart(chart));
        if self.faults.len() == before {
            like.into_iter().for_each(|chart| self.chart(chart));
        }
        let of = |folder: &'static str, letters: &Letters| -> Vec<(&'static str, String)> {
            letters.kinds().map(|kind| (folder, kind.to_owned())).collect()
        };
        let all = [of("letters", &pack.letters), of("drafts", &pack.drafts)].concat();
        for (folder, kind) in all {
            let letters = if folder == "letters" { &pack.letters } else { &pack.drafts };
            for lang in Lang::ALL {
                let file = format!("{folder}/{kind}.{}.txt", lang.tag());
                match letters.get(&kind, lang) {
                    Some(text) => self.letter(&file, text),
                    None => self.of_pack(
                        &file,
                        &[],
                        "there is no such letter",
                        "write it: a subject, an empty line, the text",
                    ),
                }
            }
        }
    }

    /// The chart that a service goes by is there, and so are its letters.
    pub(super) fn course(&mut self, service: &Service) {
        let pack = self.pack;
        let file = service.file("service.toml");
        let Some(chart) = pack.chart(&service.chart) else {
            let chart = &service.chart;
            let what = both!("{chart}(이)라는 절차가 없습니다", "no chart {chart}");
            let todo = both!("charts/에 있는 것을 쓰세요", "name one of charts/, or add it there");
            return self.at(&file, &["chart"], what, todo);
        };
        for letter in chart.verbs.iter().filter_map(|verb| verb.letter.as_deref()) {
            let there = |letters: &Letters| letters.kinds().any(|kind| kind == letter);
            if !there(&service.letters) && !there(&pack.letters) {
                let file = format!("charts/{}.toml", chart.id);
                let id = &service.id;
                let what = both!(
                    "안내문 {letter}이(가) {id}에도 공통 안내문에도 없습니다",
                    "the letter {letter} is neither {id}'s nor the pack's"
                );
                let todo = both!(
                    "letters/{letter}.ko.txt와 .en.txt를 쓰세요",
                    "write letters/{letter}.ko.txt and .en.txt"
                );
                self.at(&file, &[&format!("letter = \"{letter}\"")], what, todo);
            }
        }
    }

    fn chart(&mut self, chart: &Chart) {
        let file = format!("charts/{}.toml", chart.id);
        let name = |id: &str| format!("id = \"{id}\"");
        self.ids(&file, "state", chart.states.iter().map(|s| s.id.as_str()));
        self.ids(&file, "region", chart.regions.iter().map(|r| r.id.as_str()));
        self.both(&file, &["name"], &chart.name, "the chart");
        let main = Region {
            name: "the case".into(),
            states: &chart.states,
            verbs: &chart.verbs,
            start: DRAFT,
            ends: chart.states.iter().map(|s| s.id.as_str()).filter(|id| Chart::is_ending(id)).collect(),
        };
        self.region(&file, &main, &VERBS);
        for verb in &chart.verbs {
            if matches!(verb.who, Who::Doer | Who::Clock) {
                let what =
                    format!("{} is for nobody: a case has no doer and no end of time of its own", verb.id);
                self.of_pack(&file, &[&name(&verb.id), "who"], what, "write applicant, unit or officer");
            }
            let applicants = ["answer", "submit", "withdraw"].contains(&verb.id.as_str());
            if applicants != (verb.who == Who::Applicant) {
                let what = format!("{} is not for {}", verb.id, verb.who.as_str());
                let todo = if applicants { "write applicant" } else { "write unit or officer" };
                self.of_pack(&file, &[&name(&verb.id), "who"], what, todo);
            }
            let named = verb.opens.iter().chain(&verb.closed).chain(&verb.lapsed);
            for region in named.filter(|region| chart.region(region).is_none()) {
                let what = format!("{}: there is no region {region}", verb.id);
                self.of_pack(&file, &[&name(&verb.id), region], what, "name a [[region]] of this chart");
            }
            if let Some(region) = verb.lapsed.as_ref().and_then(|id| chart.region(id))
                && (region.times.is_none() || !region.verbs.iter().any(|v| v.who == Who::Clock))
            {
                let what = format!("{} waits until {} lapses, which it never does", verb.id, region.id);
                self.of_pack(
                    &file,
                    &[&name(&verb.id), "lapsed"],
                    what,
                    "give the region `times` and a verb for the clock",
                );
            }
        }
        for region in &chart.regions {
            self.both(&file, &[&name(&region.id)], &region.name, &region.id);
            self.ids(&file, "state", region.states.iter().map(|s| s.id.as_str()));
            self.region(
                &file,
                &Region {
                    name: region.id.clone(),
                    states: &region.states,
                    verbs: &region.verbs,
                    start: region.start(),
                    ends: region.states.iter().filter(|s| s.ends).map(|s| s.id.as_str()).collect(),
                },
                &TASK_VERBS,
            );
            if !chart.verbs.iter().any(|verb| verb.opens.as_deref() == Some(region.id.as_str())) {
                let what = format!("no verb opens {}", region.id);
                self.of_pack(
                    &file,
                    &[&name(&region.id)],
                    what,
                    "write `opens` at the verb that does, or take the region out",
                );
            }
            if let Some(why) = region.pauses.as_deref().filter(|why| !PAUSES.contains(why)) {
                let what = format!("{why} is no reason for a clock to stand");
                self.of_pack(
                    &file,
                    &[&name(&region.id), "pauses"],
                    what,
                    format!("write one of {}", PAUSES.join(", ")),
                );
            }
            // Without a time of its own nothing is too late, and nobody is given more of it.
            let timed = region.verbs.iter().any(|v| v.who == Who::Clock || v.id == "prolong");
            let no_days = region.days == 0 && (timed || region.most > 0 || region.pauses.is_some());
            if no_days || region.days > region.most || region.again.is_some_and(|again| again == 0) {
                let what = format!("{}: `days` must be 1 to `most`, `again` 1 or more", region.id);
                self.of_pack(&file, &[&name(&region.id), "days"], what, "correct the numbers");
            }
            if region.article.trim().is_empty() {
                self.of_pack(
                    &file,
                    &[&name(&region.id), "article"],
                    "no article",
                    "name the article that sets the time",
                );
            }
            for state in region.states.iter().filter(|state| !state.ends) {
                if region.verb(&state.id, "recall").is_none() {
                    let what = format!(
                        "{}: what is in {} can't be recalled when the case ends",
                        region.id, state.id
                    );
                    self.of_pack(&file, &[&name(&region.id)], what, "let the officer recall it from there");
                }
            }
            // Who must answer may never do so: somebody else has to be able to go on.
            let others = region.verbs.iter().any(|v| {
                matches!(v.who, Who::Officer | Who::Unit | Who::Clock)
                    && v.to.as_ref().is_some_and(|to| region.state(to).is_some_and(|s| s.ends))
            });
            let waited = chart.verbs.iter().any(|verb| verb.closed.contains(&region.id));
            if waited && !others && region.does == Does::Applicant {
                let what = format!("{} can wait for ever for the applicant", region.id);
                self.of_pack(&file, &[&name(&region.id)], what, "let the clock or the officer end it");
            }
        }
    }

    fn region(&mut self, file: &str, region: &Region<'_>, known: &[&str]) {
        let name = |id: &str| format!("id = \"{id}\"");
        for state in region.states {
            self.both(file, &[&name(&state.id)], &state.name, &state.id);
        }
        let has = |id: &str| region.states.iter().any(|state| state.id == id);
        for state in region.states {
            for was in state.was.iter().filter(|was| has(was)) {
                let what = format!("{}: {was} is a state, too", state.id);
                self.of_pack(file, &[&name(&state.id), "was"], what, "name states that are gone");
            }
        }
        if !has(region.start) {
            let what = format!("{} does not begin: there is no state {}", region.name, region.start);
            self.of_pack(file, &[], what, "add it");
            return;
        }
        let mut seen = BTreeSet::new();
        for verb in region.verbs {
            self.both(file, &[&name(&verb.id)], &verb.name, &verb.id);
            if !known.contains(&verb.id.as_str()) {
                let what = format!("{} is nothing that can be done", verb.id);
                self.of_pack(file, &[&name(&verb.id)], what, format!("write one of {}", known.join(", ")));
            }
            for state in verb.from.iter().chain(&verb.to).filter(|state| !has(state)) {
                let what = format!("{}: there is no state {state}", verb.id);
                self.of_pack(
                    file,
                    &[&name(&verb.id), &format!("\"{state}\"")],
                    what,
                    "name a state of this region",
                );
            }
            for from in &verb.from {
                if region.ends.contains(from.as_str()) {
                    let what = format!("{} leads out of {from}, which has ended", verb.id);
                    self.of_pack(
                        file,
                        &[&name(&verb.id), from],
                        what,
                        "an end is an end: take it out of `from`",
                    );
                }
                if !seen.insert((from, &verb.id)) {
                    let what = format!("{} is said twice for {from}", verb.id);
                    self.of_pack(file, &[&name(&verb.id), from], what, "leave one of the two");
                }
            }
        }
        // Forwards from the start, backwards from the ends.
        let steps: Vec<(&str, &str)> = region
            .verbs
            .iter()
            .flat_map(|verb| verb.from.iter().filter_map(|from| Some((from.as_str(), verb.to.as_deref()?))))
            .collect();
        let spread = |from: BTreeSet<&'_ str>, forwards: bool| {
            let mut reached: BTreeSet<String> = from.into_iter().map(str::to_owned).collect();
            loop {
                let before = reached.len();
                for (a, b) in &steps {
                    let (from, to) = if forwards { (a, b) } else { (b, a) };
                    if reached.contains(*from) {
                        reached.insert((*to).to_owned());
                    }
                }
                if reached.len() == before {
                    return reached;
                }
            }
        };
        let reached = spread(BTreeSet::from([region.start]), true);
        let ending = spread(region.ends.clone(), false);
        for state in region.states {
            if !reached.contains(&state.id) {
                let what = format!("{}: nothing leads to {}", region.name, state.id);
                self.of_pack(file, &[&name(&state.id)], what, "add a verb that does, or take the state out");
            } else if !ending.contains(&state.id) {
                let what = format!("{}: {} is a dead end", region.name, state.id);
                self.of_pack(file, &[&name(&state.id)], what, "add a verb that leads on to an end");
            }
        }
    }
}
