//! The relevance set of `tests/search/`: what was found of it, by kind.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::{collections::BTreeMap, time::Instant};

use maru_definition::{Definitions, Searcher};
use maru_kernel::Date;
use sha2::{Digest, Sha256};

/// What one hand wrote, and of a query's hash the first byte from which on the search was tuned on it.
pub struct Written {
    lines: &'static str,
    tuned_from: u8,
}

/// By the hand that wrote the synonyms.
pub const FIRST: Written = Written { lines: include_str!("../search/queries.tsv"), tuned_from: 64 };
/// By a hand that had seen neither the synonyms nor the first.
pub const SECOND: Written = Written { lines: include_str!("../search/second.tsv"), tuned_from: 128 };

/// How many were asked, first, and among five.
#[derive(Debug, Default, Clone, Copy)]
pub struct Found {
    pub asked: u32,
    pub first: u32,
    pub five: u32,
}

impl Found {
    fn add(&mut self, place: Option<usize>) {
        self.asked += 1;
        self.first += u32::from(place == Some(0));
        self.five += u32::from(place.is_some_and(|place| place < 5));
    }
    pub fn first_percent(self) -> u32 {
        self.first * 100 / self.asked.max(1)
    }
    pub fn five_percent(self) -> u32 {
        self.five * 100 / self.asked.max(1)
    }
}

pub struct Judged {
    pub tuned: Found,
    pub held_out: Found,
    pub by_kind: BTreeMap<String, Found>,
    pub slowest: std::time::Duration,
}

/// Asks every query; prints what was not found first where `tell` says so.
pub fn judge(written: &Written, definitions: &Definitions, on: Date, tell: bool) -> Judged {
    let mut judged = Judged {
        tuned: Found::default(),
        held_out: Found::default(),
        by_kind: BTreeMap::new(),
        slowest: std::time::Duration::ZERO,
    };
    let searcher = Searcher { on, ..Searcher::default() };
    definitions.search("한 번", 1, &searcher).unwrap();
    for line in written.lines.lines().skip(1).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut columns = line.split('\t');
        let mut next = || columns.next().unwrap_or_default();
        let (kind, query, ids) = (next(), next(), next());
        // The catalogue's own id resolves to what was written in depth since.
        let entry = |id: &str| {
            let of_catalogue = || definitions.entry(&format!("gov24-{}", id.to_lowercase()));
            definitions.entry(id).or_else(of_catalogue).unwrap_or_else(|| panic!("{query}: no {id}"))
        };
        let wanted: Vec<String> = ids.split('|').map(|id| entry(id).id.clone()).collect();
        let begun = Instant::now();
        let hits = definitions.search(query, 5, &searcher).unwrap();
        judged.slowest = judged.slowest.max(begun.elapsed());
        let place = hits.entries.iter().position(|entry| wanted.contains(&entry.id));
        let held_out = Sha256::digest(query)[0] < written.tuned_from;
        (if held_out { &mut judged.held_out } else { &mut judged.tuned }).add(place);
        judged.by_kind.entry(kind.to_owned()).or_default().add(place);
        if tell && !held_out && place != Some(0) {
            let name = |id: &String| definitions.entry(id).unwrap().name.ko.clone();
            println!("{kind} {query}: wanted {} …, at {place:?}", name(&wanted[0]));
            hits.entries.iter().for_each(|e| println!("      {} ({})", e.name.ko, e.agency));
        }
    }
    for (kind, found) in &judged.by_kind {
        println!(
            "{kind:10} {:4} asked, first {:3} %, among five {:3} %",
            found.asked,
            found.first_percent(),
            found.five_percent()
        );
    }
    for (name, found) in [("tuned on", judged.tuned), ("held out", judged.held_out)] {
        println!(
            "{name}: {} asked, first {} %, among five {} %",
            found.asked,
            found.first_percent(),
            found.five_percent()
        );
    }
    println!("slowest {:?}", judged.slowest);
    judged
}
