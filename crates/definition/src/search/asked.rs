//! What was typed, taken apart: the ideas it names, each with the words that may stand for it, and the places.

use super::{
    letters::{Gram, is_initials, is_syllable, plain, terms, without_particle, words},
    words::Synonyms,
};
use crate::{Region, Regions};

/// Nobody types more to find a service.
const LONGEST: usize = 100;
/// Another word for what was typed counts a little less than the word itself, the next one a little less again.
const OTHER_WORD: f32 = 0.95;
const NEXT_WORD: f32 = 0.02;
const LEAST_WORD: f32 = 0.6;

/// One thing that was asked for: the word as it was typed, and others for it, each with its weight.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Idea {
    pub(super) ways: Vec<Way>,
    /// How rare it is in the catalogue: what is in every name says little.
    pub(super) rarity: f32,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Way {
    pub(super) word: String,
    pub(super) pairs: Vec<Gram>,
    pub(super) weight: f32,
}

impl Way {
    fn of(word: String, weight: f32) -> Way {
        Way { pairs: terms(&word), word, weight }
    }
}

#[derive(Debug)]
pub(super) struct Asked<'a> {
    /// All of it, plain.
    pub(super) whole: String,
    /// Without places.
    pub(super) ideas: Vec<Idea>,
    /// The regions that a word of it names: several where several have that name.
    pub(super) places: Vec<&'a Region>,
    pub(super) initials: bool,
}

impl<'a> Asked<'a> {
    pub(super) fn of(query: &str, synonyms: &Synonyms, regions: &'a Regions) -> Asked<'a> {
        let query: String = query.chars().take(LONGEST).collect();
        let whole = plain(&query);
        let mut typed: Vec<String> =
            words(&query).iter().map(|word| without_particle(word).to_owned()).collect();
        let initials = is_initials(&whole);
        let mut places = Vec::new();
        if typed.len() > 1 {
            let mut rest = Vec::new();
            for word in &typed {
                let named = named(word, regions);
                if named.is_empty() {
                    rest.push(word.clone());
                } else {
                    narrow(&mut places, named);
                }
            }
            // A place alone is looked for like any other word.
            if rest.is_empty() {
                places.clear();
            } else {
                typed = rest;
            }
        }
        Asked { ideas: ideas(&typed, synonyms), whole, places, initials }
    }
}

/// Without what kind of region it is: 수원, 경기, 충북.
fn bare(name: &str) -> String {
    let kinds = ["특별자치시", "특별자치도", "통합특별시", "특별시", "광역시", "도", "시", "군", "구"];
    let name = kinds.iter().find_map(|kind| name.strip_suffix(kind)).unwrap_or(name);
    // 충청북도, 전라남도, 경상남도: 충북, 전남, 경남.
    let letters: Vec<char> = name.chars().collect();
    match letters.as_slice() {
        [first, _, last @ ('북' | '남')] => format!("{first}{last}"),
        _ => name.to_owned(),
    }
}

/// The regions called so: by the whole last part of the name (`수원시`), without what kind of region it is (`수원`), or a
/// province by its short name (`경기`).
fn named<'a>(word: &str, regions: &'a Regions) -> Vec<&'a Region> {
    let letters = word.chars().filter(|c| is_syllable(*c)).count();
    if letters < 2 || letters != word.chars().count() {
        return Vec::new();
    }
    let called = |region: &&Region| {
        let short = region.short();
        short == word || bare(short) == word || {
            let formerly =
                |name: &String| name == word || bare(name.rsplit(' ').next().unwrap_or(name)) == word;
            region.former.iter().any(formerly)
        }
    };
    regions.iter().filter(called).collect()
}

/// `경기 광주`: of several regions of a name those that lie in a region named before.
fn narrow<'a>(places: &mut Vec<&'a Region>, named: Vec<&'a Region>) {
    let inside = |outer: &Region, region: &Region| outer.first <= region.first && region.end <= outer.end;
    let within: Vec<&Region> =
        named.iter().filter(|region| places.iter().any(|place| inside(place, region))).copied().collect();
    if !within.is_empty() {
        *places = within;
    } else if places.is_empty() {
        *places = named;
    }
}

/// Words of the list first, wherever they stand; what lies between them are ideas of their own.
fn ideas(typed: &[String], synonyms: &Synonyms) -> Vec<Idea> {
    let text: Vec<char> = typed.iter().flat_map(|word| word.chars()).collect();
    let mut begins = Vec::new();
    let mut at = 0;
    for word in typed {
        begins.push(at);
        at += word.chars().count();
    }
    let mut ideas = Vec::new();
    let piece = |from: usize, to: usize| text.get(from..to).unwrap_or_default().iter().collect::<String>();
    let between = |from: usize, to: usize, ideas: &mut Vec<Idea>| {
        let cuts = begins.iter().copied().filter(|cut| from < *cut && *cut < to);
        let mut last = from;
        for cut in cuts.chain(std::iter::once(to)) {
            let word = piece(last, cut);
            // One letter between two words is a particle.
            if word.chars().nth(1).is_some() && !synonyms.is_filler(&word) {
                ideas.push(Idea { ways: vec![Way::of(word, 1.0)], rarity: 1.0 });
            }
            last = cut;
        }
    };
    let mut last = 0;
    for (from, to, meant) in synonyms.held(&text, &begins) {
        between(last, from, &mut ideas);
        let mut ways = vec![Way::of(piece(from, to), 1.0)];
        let mut weight = OTHER_WORD;
        for other in meant {
            ways.push(Way::of(other.clone(), weight));
            weight = (weight - NEXT_WORD).max(LEAST_WORD);
        }
        ideas.push(Idea { ways, rarity: 1.0 });
        last = to;
    }
    between(last, text.len(), &mut ideas);
    ideas
}
