//! Simpler and other ways to guess, to compare with: they see the same questions, offices and places.

use std::collections::{BTreeMap, HashMap, HashSet};

use maru_case::routing::{First, Office, Words};

/// The offices that may be thought of, told simply.
pub fn reachable<'a>(title: &str, place: Option<&str>, offices: &'a [Office]) -> Vec<&'a Office> {
    let lies =
        |region: &str| place.is_some_and(|place| format!("{place} ").starts_with(&format!("{region} ")));
    offices
        .iter()
        .filter(|office| {
            office.region.as_deref().is_none_or(|region| {
                lies(region) || region.rsplit(' ').next().is_some_and(|short| title.contains(short))
            })
        })
        .collect()
}

pub fn group(office: &Office) -> &str {
    office.kind.as_deref().unwrap_or(&office.id)
}

/// Naive Bayes over whole words as they stand, add-one smoothing, per office.
#[derive(Default)]
pub struct WholeWords {
    cases: HashMap<String, f64>,
    words: HashMap<String, HashMap<String, f64>>,
    vocabulary: HashSet<String>,
}

impl WholeWords {
    pub fn learn(&mut self, title: &str, office: &str) {
        *self.cases.entry(office.to_owned()).or_default() += 1.0;
        for word in title.split_whitespace() {
            let words = self.words.entry(office.to_owned()).or_default();
            *words.entry(word.to_owned()).or_default() += 1.0;
            self.vocabulary.insert(word.to_owned());
        }
    }

    pub fn guess<'a>(&self, title: &str, offices: &[&'a Office]) -> Vec<&'a str> {
        let size = self.vocabulary.len() as f64;
        best(offices.iter().map(|office| {
            let words = self.words.get(&office.id);
            let sum: f64 = words.map_or(0.0, |words| words.values().sum());
            let prior = (self.cases.get(&office.id).copied().unwrap_or(0.0) + 0.5).ln();
            let score = title.split_whitespace().filter(|word| self.vocabulary.contains(*word)).map(|word| {
                let times = words.and_then(|words| words.get(word)).copied().unwrap_or(0.0);
                ((times + 1.0) / (sum + size)).ln()
            });
            (prior + score.sum::<f64>(), office.id.as_str())
        }))
    }
}

/// The twenty most similar known titles (BM25 over the same fragments) vote for their group.
#[derive(Default)]
pub struct Similar {
    titles: Vec<(String, f64)>,
    on: HashMap<String, Vec<usize>>,
}

impl Similar {
    pub fn learn(&mut self, title: &str, office: &Office) {
        let words = Words::of(title);
        for word in words.fragments() {
            self.on.entry(word.to_owned()).or_default().push(self.titles.len());
        }
        self.titles.push((group(office).to_owned(), words.fragments().count() as f64));
    }

    /// The share of the votes of each group.
    fn votes(&self, title: &str) -> HashMap<&str, f64> {
        let many = self.titles.len() as f64;
        let mean = self.titles.iter().map(|(_, long)| long).sum::<f64>() / many;
        let mut like: BTreeMap<usize, f64> = BTreeMap::new();
        for word in Words::of(title).fragments() {
            let Some(on) = self.on.get(word) else { continue };
            let rare = (1.0 + (many - on.len() as f64 + 0.5) / (on.len() as f64 + 0.5)).ln();
            for at in on {
                *like.entry(*at).or_default() +=
                    rare * 2.2 / (1.0 + 1.2 * (0.25 + 0.75 * self.titles[*at].1 / mean));
            }
        }
        let mut like: Vec<(f64, usize)> = like.into_iter().map(|(at, much)| (much, at)).collect();
        like.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        like.truncate(20);
        let all: f64 = like.iter().map(|(much, _)| much * much).sum();
        let mut votes = HashMap::new();
        for (much, at) in like {
            *votes.entry(self.titles[at].0.as_str()).or_default() += much * much / all;
        }
        votes
    }

    pub fn guess<'a>(&self, title: &str, offices: &[&'a Office]) -> Vec<&'a str> {
        let votes = self.votes(title);
        best(
            offices
                .iter()
                .map(|office| (votes.get(group(office)).copied().unwrap_or(0.0), office.id.as_str())),
        )
    }

    /// The three guesses, put in a new order by what similar titles say.
    pub fn reorder<'a>(
        &self,
        title: &str,
        first: &First,
        offices: &'a BTreeMap<&str, &Office>,
    ) -> Vec<&'a str> {
        let votes = self.votes(title);
        let mut behind = 0.0;
        let scored: Vec<_> = first
            .guesses
            .iter()
            .map(|guess| {
                let office = offices[guess.office.as_str()];
                let vote = (0.02 + votes.get(group(office)).copied().unwrap_or(0.0)).ln();
                let score = 2.0 * vote - behind;
                behind += guess.margin as f64 / 1e6;
                (score, office.id.as_str())
            })
            .collect();
        best(scored.into_iter())
    }
}

fn best<'a>(scored: impl Iterator<Item = (f64, &'a str)>) -> Vec<&'a str> {
    let mut scored: Vec<_> = scored.collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.into_iter().take(3).map(|(_, office)| office).collect()
}
