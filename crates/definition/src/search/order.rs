//! The order of what was found: how well names answer the whole query, then for whom, where and until when a service is.

use std::{collections::HashMap, sync::Arc};

use maru_kernel::Result;
use maru_rules::Answer;

use super::{
    Hits, Searcher,
    asked::{Asked, Idea, Way},
    index::{Candidate, Named, Search},
    letters::{Gram, float, grams, jamo, share, terms},
};
use crate::{Deadline, Entry, Pack, Region, Regions};

/// What is found less well than this is looked for among names that are written alike.
const FOUND: f32 = 0.999;

impl Search {
    /// The best entries for what was typed. Nothing typed finds everything, in the catalogue's order.
    pub(crate) fn find(
        &self,
        entries: &[Arc<Entry>],
        pack: &Pack,
        query: &str,
        limit: usize,
        searcher: &Searcher<'_>,
    ) -> Result<Hits> {
        let mut asked = Asked::of(query, &pack.synonyms, &pack.regions);
        if asked.whole.is_empty() {
            return Ok(Hits { total: entries.len(), entries: entries.iter().take(limit).cloned().collect() });
        }
        self.weigh(&mut asked)?;
        let (found, total) = if asked.initials || asked.whole.chars().nth(1).is_none() {
            let found = self.holding(&asked);
            let total = found.len();
            (found, total)
        } else {
            self.by_letters(query, &asked)?
        };
        let home = searcher.home.and_then(|home| pack.regions.find(home));
        let bearing = Bearing { asked: &asked, regions: &pack.regions, home, searcher };
        let mut found: Vec<(f32, &Arc<Entry>, usize)> = found
            .into_iter()
            .filter_map(|(place, score)| {
                let entry = entries.get(place)?;
                Some((score + bearing.of(entry), entry, place))
            })
            .collect();
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.2.cmp(&b.2)));
        Ok(Hits {
            total,
            entries: found.into_iter().take(limit).map(|(_, entry, _)| entry.clone()).collect(),
        })
    }

    /// First letters, or one letter: the names that hold them.
    fn holding(&self, asked: &Asked<'_>) -> Vec<(usize, f32)> {
        let text = |name: &Named| if asked.initials { name.initials.clone() } else { name.plain.clone() };
        let worth = |names: &[Named]| {
            let each = names.iter().map(text).filter(|text| text.contains(&asked.whole));
            each.map(|text| {
                let begins = if text.starts_with(&asked.whole) { 1.0 } else { 0.0 };
                1.0 + begins + 2.0 * float(asked.whole.chars().count()) / float(text.chars().count().max(1))
            })
            .max_by(f32::total_cmp)
        };
        self.names.iter().enumerate().filter_map(|(place, names)| Some((place, worth(names)?))).collect()
    }

    fn by_letters(&self, query: &str, asked: &Asked<'_>) -> Result<(Vec<(usize, f32)>, usize)> {
        let (found, mut total) = self.candidates(asked)?;
        let mut worth: HashMap<usize, f32> = HashMap::new();
        let pairs = terms(query);
        let sounds = grams(&jamo(&asked.whole), 3);
        let best = found.iter().map(|c| c.score).fold(f32::MIN_POSITIVE, f32::max);
        let mut fullest = 0.0_f32;
        for Candidate { place, score } in &found {
            let (covered, value) = self.worth(*place, asked, &pairs);
            fullest = fullest.max(covered);
            worth.insert(*place, score / best + value);
        }
        if fullest < FOUND {
            let (alike, more) = self.alike(asked)?;
            total = total.max(more);
            for Candidate { place, .. } in alike {
                let names = self.names.get(place).map(AsRef::as_ref).unwrap_or_default();
                let like = |name: &Named| share(&sounds, &name.sounds) + 0.5 * share(&name.sounds, &sounds);
                let like = names.iter().map(like).fold(0.0, f32::max);
                *worth.entry(place).or_default() += 2.0 * like;
            }
        }
        Ok((worth.into_iter().collect(), total))
    }

    /// How much of what was asked for a service names, and what its names are worth.
    fn worth(&self, place: usize, asked: &Asked<'_>, pairs: &[Gram]) -> (f32, f32) {
        let names = self.names.get(place).map(AsRef::as_ref).unwrap_or_default();
        let rest = self.rest.get(place).map(AsRef::as_ref).unwrap_or_default();
        let named = |gram: &Gram| names.iter().any(|name| name.pairs.binary_search(gram).is_ok());
        let held = |gram: &Gram| named(gram) || rest.binary_search(gram).is_ok();
        let covers = |has: &dyn Fn(&Gram) -> bool| {
            let of_way = |way: &Way| {
                let has = way.pairs.iter().filter(|gram| has(gram)).count();
                way.weight * float(has) / float(way.pairs.len().max(1))
            };
            let of_idea = |idea: &Idea| idea.ways.iter().map(of_way).fold(0.0, f32::max);
            let all = asked.ideas.iter().map(|idea| idea.rarity).sum::<f32>().max(f32::MIN_POSITIVE);
            asked.ideas.iter().map(|idea| idea.rarity * of_idea(idea)).sum::<f32>() / all
        };
        let (by_name, by_all) = (covers(&named), covers(&held));
        let exactly = |name: &Named| {
            let text = &name.plain;
            let same = if *text == asked.whole {
                4.0
            } else if let [only] = asked.ideas.as_slice()
                && let Some(way) = only.ways.iter().find(|way| way.word == *text)
            {
                2.0 * way.weight
            } else if text.starts_with(&asked.whole) {
                1.0
            } else if text.contains(&asked.whole) {
                0.8
            } else {
                0.0
            };
            same + share(&name.pairs, pairs) + 0.5 * share(pairs, &name.pairs)
        };
        let exactly = names.iter().map(exactly).fold(0.0, f32::max);
        (by_all, exactly + 2.0 * by_name + by_all)
    }
}

/// What a service is beside its words.
struct Bearing<'a> {
    asked: &'a Asked<'a>,
    regions: &'a Regions,
    home: Option<&'a Region>,
    searcher: &'a Searcher<'a>,
}

impl Bearing<'_> {
    fn of(&self, entry: &Entry) -> f32 {
        let answer = match self.searcher.guidance.and_then(|guidance| guidance.answer(&entry.id)) {
            Some(Answer::Yes) => 1.5,
            Some(Answer::No) => -1.5,
            Some(Answer::Unknown) | None => 0.0,
        };
        let over = matches!(entry.deadline, Deadline::On(day) if day < self.searcher.on);
        let in_depth = if entry.in_depth { 0.4 } else { 0.0 };
        answer + self.near(entry) + in_depth - if over { 0.5 } else { 0.0 }
    }

    /// What serves the place that was named, else what serves where the person lives, else the nation.
    fn near(&self, entry: &Entry) -> f32 {
        let Some(area) = entry.area.as_deref().and_then(|area| self.regions.find(area)) else { return 0.0 };
        let serves = |place: &Region| area.first <= place.first && place.end <= area.end;
        let inside = |place: &Region| place.first <= area.first && area.end <= place.end;
        if !self.asked.places.is_empty() {
            let exactly = self.asked.places.iter().any(|place| place.code == area.code);
            let around = self.asked.places.iter().any(|place| serves(place) || inside(place));
            return if exactly {
                2.0
            } else if around {
                1.0
            } else {
                -2.0
            };
        }
        match self.home {
            Some(home) if serves(home) => 0.3,
            Some(_) => -1.0,
            None => -1.0,
        }
    }
}
