//! From what was found to an answer for each item: met, not met, or for a person to look at.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{
    checks,
    item::{Both, Decide, Item, Lang, List},
    page::{Kind, Site},
    rule::RULES,
};

/// Places kept of one rule; the count goes on.
const PLACES: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Met,
    NotMet,
    /// No program can tell.
    Person,
}

#[derive(Debug, Serialize)]
pub struct Answered {
    pub list: List,
    pub number: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub level: &'static str,
    pub name: Both,
    pub verdict: Verdict,
    /// The rules that object.
    pub not_met_by: Vec<&'static str>,
    /// The rules that found something to look at.
    pub look_at: Vec<&'static str>,
    /// What a person looks at besides; absent where there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub look: Option<Both>,
}

#[derive(Debug, Serialize)]
pub struct Place {
    pub page: String,
    /// 0: the page as a whole.
    pub line: u64,
    pub excerpt: String,
    pub detail: String,
}

/// A rule with everything it found.
#[derive(Debug, Serialize)]
pub struct RuleFound {
    pub id: &'static str,
    pub what: Both,
    pub todo: Both,
    pub count: usize,
    pub places: Vec<Place>,
}

#[derive(Debug, Serialize)]
pub struct Weight {
    pub limit: u64,
    pub total: u64,
    /// Each kind with its bytes and how many there are.
    pub kinds: Vec<(Kind, u64, usize)>,
}

#[derive(Debug, Serialize)]
pub struct Left {
    pub page: String,
    pub why: String,
}

#[derive(Debug, Serialize)]
pub struct Report {
    pub asked: String,
    pub pages: Vec<String>,
    pub left: Vec<Left>,
    /// Whether the site has more pages than were read.
    pub more: bool,
    pub weight: Weight,
    /// Other hosts that pages ask.
    pub third_parties: Vec<String>,
    pub items: Vec<Answered>,
    pub rules: Vec<RuleFound>,
}

impl Report {
    pub fn count(&self, list: List, verdict: Verdict) -> usize {
        self.items.iter().filter(|item| item.list == list && item.verdict == verdict).count()
    }

    pub fn not_met(&self) -> usize {
        self.items.iter().filter(|item| item.verdict == Verdict::NotMet).count()
    }

    pub fn rule(&self, id: &str) -> Option<&RuleFound> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    pub fn item(&self, list: List, number: &str) -> Option<&Answered> {
        self.items.iter().find(|item| item.list == list && item.number == number)
    }
}

/// The same site gives the same report. `lang` is that of the reasons why pages were left.
pub fn judge(site: &Site, lang: Lang) -> Report {
    let found = checks::all(site);
    let mut places: BTreeMap<&str, Vec<Place>> = BTreeMap::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in found.findings {
        let count = counts.entry(finding.rule.id).or_default();
        *count = count.saturating_add(1);
        let places = places.entry(finding.rule.id).or_default();
        if places.len() < PLACES {
            let (page, line) = (finding.page, finding.line);
            places.push(Place { page, line, excerpt: finding.excerpt, detail: finding.detail });
        }
    }
    let objecting: BTreeSet<&str> = counts.keys().copied().collect();
    let items = [List::Kwcag, List::Wcag, List::Service]
        .into_iter()
        .flat_map(|list| list.items().iter().map(move |item| (list, item)))
        .map(|(list, item)| answer(list, item, site, &objecting))
        .collect();
    let rules = RULES
        .iter()
        .filter(|rule| counts.contains_key(rule.id))
        .map(|rule| RuleFound {
            id: rule.id,
            what: rule.what,
            todo: rule.todo,
            count: counts.get(rule.id).copied().unwrap_or_default(),
            places: places.remove(rule.id).unwrap_or_default(),
        })
        .collect::<Vec<_>>();
    let third = rules.iter().find(|rule: &&RuleFound| rule.id == "third-party");
    Report {
        asked: site.asked.to_string(),
        pages: site.pages.iter().map(|page| page.url.to_string()).collect(),
        left: site.left.iter().map(|(page, why)| Left { page: page.clone(), why: why.say(lang) }).collect(),
        more: site.more,
        weight: weight(site),
        third_parties: third
            .map(|rule| rule.places.iter().map(|place| place.detail.clone()).collect())
            .unwrap_or_default(),
        items,
        rules,
    }
}

fn answer(list: List, item: &'static Item, site: &Site, objecting: &BTreeSet<&str>) -> Answered {
    let by = |of: fn(&crate::Rule) -> &'static [&'static str]| -> Vec<&'static str> {
        RULES.iter().filter(|r| objecting.contains(r.id) && of(r).contains(&item.key)).map(|r| r.id).collect()
    };
    let (not_met_by, look_at) = (by(|rule| rule.fails), by(|rule| rule.doubts));
    let verdict = if !not_met_by.is_empty() {
        Verdict::NotMet
    } else if !look_at.is_empty() {
        Verdict::Person
    } else {
        match item.decide {
            Decide::Rules => Verdict::Met,
            Decide::Person => Verdict::Person,
            Decide::Holds(holds) if site.pages.iter().any(holds) => Verdict::Person,
            // What is not in the page may come by a script, or stand in a frame.
            Decide::Holds(_) if site.pages.iter().any(|p| p.scripted() || p.frames()) => Verdict::Person,
            Decide::Holds(_) => Verdict::Met,
        }
    };
    let look = (verdict != Verdict::Met && !item.look.ko.is_empty()).then_some(item.look);
    Answered {
        list,
        number: item.number(),
        level: item.level,
        name: item.name,
        verdict,
        not_met_by,
        look_at,
        look,
    }
}

fn weight(site: &Site) -> Weight {
    let mut kinds: BTreeMap<Kind, (u64, usize)> = BTreeMap::new();
    let first = site.pages.first();
    let own = first.map(|page| (Kind::Page, page.sent));
    let loads = first.map(|page| page.loads.as_slice()).unwrap_or_default();
    for (kind, sent) in own.into_iter().chain(loads.iter().map(|load| (load.kind, load.sent))) {
        let (bytes, count) = kinds.entry(kind).or_default();
        *bytes = bytes.saturating_add(sent);
        *count = count.saturating_add(1);
    }
    Weight {
        limit: checks::LIMIT,
        total: kinds.values().fold(0, |sum, (bytes, _)| sum.saturating_add(*bytes)),
        kinds: kinds.into_iter().map(|(kind, (bytes, count))| (kind, bytes, count)).collect(),
    }
}
