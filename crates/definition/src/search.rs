//! Search: two letters at a time, BM25, the name weighing most. Small enough to live in memory for a whole nation.

use std::{collections::HashMap, sync::Arc};

use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::Entry;

/// What was found: the best few, and how many there are.
#[derive(Debug, Clone, Default)]
pub struct Hits {
    pub total: usize,
    pub entries: Vec<Arc<Entry>>,
}

/// Nobody types more to find a service.
const LONGEST: usize = 100;
const NAME_WEIGHT: u8 = 4;

/// Postings: for each pair of letters the services that hold it, as steps between their numbers, each with its weight.
#[derive(Debug, Default)]
pub(crate) struct Search {
    grams: Vec<(u32, u32)>,
    /// Where each gram's postings begin; one more at the end.
    starts: Vec<u32>,
    postings: Vec<u8>,
    lengths: Vec<u16>,
    /// Each service's names, as they are searched.
    names: Vec<Box<[String]>>,
    average: f32,
}

/// NFC, small letters, no spaces or signs between words.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Nearly all of it is whole syllables, which are their own small letters.
    let mut keep = |c: char| match c {
        '가'..='힣' | 'a'..='z' | '0'..='9' => out.push(c),
        _ => out.extend(c.to_lowercase().filter(|c| c.is_alphanumeric())),
    };
    if is_nfc(text) {
        text.chars().for_each(keep)
    } else {
        text.nfc().for_each(&mut keep)
    }
    if is_nfc(&out) { out } else { out.nfc().collect() }
}

fn pairs(text: &str) -> impl Iterator<Item = (u32, u32)> {
    text.chars().zip(text.chars().skip(1)).map(|(a, b)| (u32::from(a), u32::from(b)))
}

fn put_number(out: &mut Vec<u8>, mut n: u32) {
    while n >= 0x80 {
        out.push(u8::try_from(n & 0x7f).unwrap_or(0) | 0x80);
        n >>= 7;
    }
    out.push(u8::try_from(n).unwrap_or(0));
}

fn take_number(bytes: &mut std::slice::Iter<'_, u8>) -> Option<u32> {
    let (mut n, mut shift) = (0_u32, 0);
    loop {
        let byte = bytes.next()?;
        n |= u32::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(n);
        }
        shift += 7;
    }
}

/// Counts are small here; a float holds them all.
fn float(n: usize) -> f32 {
    u16::try_from(n).map_or(f32::from(u16::MAX), f32::from)
}

impl Search {
    /// Each service's texts: its names, then everything else.
    pub(crate) fn build(texts: impl Iterator<Item = (Vec<String>, Vec<String>)>) -> Search {
        // Gram, service and whether it is of a name in one number, so that sorting is quick: 21 + 21 + 21 + 1 bits.
        let mut found: Vec<u64> = Vec::new();
        let mut search = Search::default();
        for (number, (names, rest)) in (0_u32..1 << 21).zip(texts) {
            let from = found.len();
            let names: Box<[String]> = names.iter().map(|name| plain(name)).collect();
            let packed = |(a, b): (u32, u32), of_name: u64| {
                u64::from(a) << 43 | u64::from(b) << 22 | u64::from(number) << 1 | of_name
            };
            found.extend(names.iter().flat_map(|name| pairs(name)).map(|pair| packed(pair, 1)));
            for text in &rest {
                found.extend(pairs(&plain(text)).map(|pair| packed(pair, 0)));
            }
            search.names.push(names);
            search.lengths.push(u16::try_from(found.len() - from).unwrap_or(u16::MAX));
        }
        found.sort_unstable();
        let total: usize = search.lengths.iter().map(|l| usize::from(*l)).sum();
        search.average = float((total / search.lengths.len().max(1)).max(1));
        let part = |packed: u64, shift: u32| u32::try_from(packed >> shift & 0x1f_ffff).unwrap_or(0);
        let mut last = 0;
        for same in found.chunk_by(|a, b| a >> 1 == b >> 1) {
            let Some(packed) = same.first().copied() else { continue };
            let (gram, number) = ((part(packed, 43), part(packed, 22)), part(packed, 1));
            if search.grams.last() != Some(&gram) {
                search.grams.push(gram);
                search.starts.push(u32::try_from(search.postings.len()).unwrap_or(u32::MAX));
                last = 0;
            }
            let weights = same.iter().map(|packed| if packed & 1 == 1 { NAME_WEIGHT } else { 1 });
            put_number(&mut search.postings, number - last);
            search.postings.push(weights.fold(0, u8::saturating_add));
            last = number;
        }
        search.starts.push(u32::try_from(search.postings.len()).unwrap_or(u32::MAX));
        search.grams.shrink_to_fit();
        search.postings.shrink_to_fit();
        search
    }

    fn of(&self, gram: (u32, u32)) -> Vec<(u32, u8)> {
        let place = |n: Option<&u32>| n.and_then(|n| usize::try_from(*n).ok());
        let Ok(at) = self.grams.binary_search(&gram) else { return Vec::new() };
        let (Some(from), Some(to)) = (place(self.starts.get(at)), place(self.starts.get(at + 1))) else {
            return Vec::new();
        };
        let mut bytes = self.postings.get(from..to).unwrap_or_default().iter();
        let (mut out, mut number) = (Vec::new(), 0);
        while let (Some(step), Some(weight)) = (take_number(&mut bytes), bytes.next()) {
            number += step;
            out.push((number, *weight));
        }
        out
    }

    /// The numbers of the services that hold at least half of the query's pairs, best first, each with its score.
    fn scored(&self, query: &str) -> HashMap<u32, f32> {
        let mut grams: Vec<(u32, u32)> = pairs(query).collect();
        grams.sort_unstable();
        grams.dedup();
        let mut scores: HashMap<u32, (usize, f32)> = HashMap::new();
        let all = float(self.lengths.len());
        for gram in &grams {
            let postings = self.of(*gram);
            let with = float(postings.len());
            let rare = (1.0 + (all - with + 0.5) / (with + 0.5)).ln();
            for (number, weight) in postings {
                let length = usize::try_from(number)
                    .ok()
                    .and_then(|n| self.lengths.get(n))
                    .map_or(1.0, |l| f32::from(*l));
                let weight = f32::from(weight);
                let score = rare * weight * 2.2 / (weight + 1.2 * (0.25 + 0.75 * length / self.average));
                let (held, sum) = scores.entry(number).or_default();
                *held += 1;
                *sum += score;
            }
        }
        let enough = |held: usize| held * 2 >= grams.len();
        scores.into_iter().filter(|(_, (held, _))| enough(*held)).map(|(n, (_, score))| (n, score)).collect()
    }

    /// The best entries for what was typed. Nothing typed finds everything, in the catalogue's order.
    pub(crate) fn find(&self, entries: &[Arc<Entry>], query: &str, limit: usize) -> Hits {
        let query: String = plain(query).chars().take(LONGEST).collect();
        if query.is_empty() {
            return Hits { total: entries.len(), entries: entries.iter().take(limit).cloned().collect() };
        }
        let mut found: Vec<(u8, f32, usize)> = Vec::new();
        let mut add = |number: usize, score: f32| {
            let names = || self.names.get(number).into_iter().flatten();
            // The very name first, then names that begin with it, then names that hold it.
            let rank = if names().any(|n| *n == query) {
                0
            } else if names().any(|n| n.starts_with(&query)) {
                1
            } else if names().any(|n| n.contains(&query)) {
                2
            } else {
                3
            };
            found.push((rank, score, number));
        };
        if query.chars().nth(1).is_none() {
            for (number, names) in self.names.iter().enumerate() {
                if names.iter().any(|name| name.contains(&query)) {
                    add(number, 0.0);
                }
            }
        } else {
            for (number, score) in self.scored(&query) {
                if let Ok(number) = usize::try_from(number) {
                    add(number, score);
                }
            }
        }
        let total = found.len();
        found.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2)));
        let entries = found.into_iter().take(limit).filter_map(|(_, _, n)| entries.get(n).cloned()).collect();
        Hits { total, entries }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(names: &[(&str, &str)]) -> Search {
        Search::build(names.iter().map(|(name, rest)| (vec![(*name).to_owned()], vec![(*rest).to_owned()])))
    }

    #[test]
    fn numbers_come_back_from_their_bytes() {
        for n in [0, 1, 127, 128, 300, 8_254, 1 << 20, u32::MAX] {
            let mut bytes = Vec::new();
            put_number(&mut bytes, n);
            assert_eq!(take_number(&mut bytes.iter()), Some(n));
        }
        assert_eq!(take_number(&mut [0x80].iter()), None);
    }

    #[test]
    fn spaces_case_and_composition_do_not_matter() {
        assert_eq!(plain(" 생계 급여 (LH) "), "생계급여lh");
        assert_eq!(plain("\u{1109}\u{1162}\u{11bc}"), "생");
        assert_eq!(plain("·-()"), "");
    }

    #[test]
    fn half_of_the_pairs_must_be_there_and_names_weigh_more() {
        let search = search(&[
            ("청년 한시 월세 지원", "국토교통부"),
            ("청년 통장", "보건복지부"),
            ("주거 안내", "청년 월세"),
            ("난방비", "산업통상부"),
        ]);
        let scored = search.scored(&plain("청년 월세"));
        let mut found: Vec<u32> = scored.keys().copied().collect();
        found.sort_unstable();
        assert_eq!(found, [0, 2], "청년 alone is one pair of three");
        let [first, third] = [0, 2].map(|n| scored.get(&n).copied().unwrap_or(0.0));
        assert!(third > 0.0 && first > 0.0);
        let name_wins = search.scored(&plain("청년"));
        assert!(name_wins.get(&1) > name_wins.get(&2));
        assert!(search.scored("없는말").is_empty());
    }
}
