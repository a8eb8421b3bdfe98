//! What was typed, taken apart: the ideas it names, each with the words that may stand for it, and the places.

use super::{
    letters::{Gram, is_initials, is_syllable, is_verb, plain, terms, without_particle, words},
    words::Synonyms,
};
use crate::{Region, Regions};

/// Nobody types more to find a service.
const LONGEST: usize = 100;
/// Another word for what was typed counts a little less than the word itself, the next one a little less again.
const OTHER_WORD: f32 = 0.95;
const NEXT_WORD: f32 = 0.04;
const LEAST_WORD: f32 = 0.55;

/// One thing that was asked for: the word as it was typed, and others for it, each with its weight.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Idea {
    pub(super) ways: Vec<Way>,
    /// How rare it is in the catalogue: what is in every name says little.
    pub(super) rarity: f32,
    /// The pack lists it.
    pub(super) known: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Way {
    pub(super) word: String,
    pub(super) pairs: Vec<Gram>,
    pub(super) weight: f32,
}

impl Way {
    pub(super) fn of(word: String, weight: f32) -> Way {
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
        let noun = |word: &String| {
            if synonyms.knows(word) { word.clone() } else { without_particle(word).to_owned() }
        };
        let mut typed: Vec<String> = words(&query).iter().map(noun).collect();
        if typed.iter().any(|word| !synonyms.is_filler(word)) {
            typed.retain(|word| !synonyms.is_filler(word));
        }
        let initials = is_initials(&whole);
        let mut places = Vec::new();
        if typed.len() > 1 {
            let mut rest = Vec::new();
            for word in &typed {
                let named = if synonyms.knows(word) { Vec::new() } else { named(word, regions) };
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

/// An idea that the pack lists, in the word that was typed and in others for it.
fn listed(word: String, meant: &[String]) -> Idea {
    let mut ways = vec![Way::of(word, 1.0)];
    let mut weight = OTHER_WORD;
    for other in meant {
        ways.push(Way::of(other.clone(), weight));
        weight = (weight - NEXT_WORD).max(LEAST_WORD);
    }
    Idea { ways, rarity: 1.0, known: true }
}

/// Sayings of several words first, which may stand apart, then what else was typed.
fn ideas(typed: &[String], synonyms: &Synonyms) -> Vec<Idea> {
    let apart = synonyms.held_apart(typed);
    let told = |place: usize| apart.iter().any(|(places, _)| places.contains(&place));
    let rest: Vec<String> =
        typed.iter().enumerate().filter(|(place, _)| !told(*place)).map(|(_, word)| word.clone()).collect();
    let said = |(places, meant): &(Vec<usize>, &[String])| {
        let words: Vec<&str> = places.iter().filter_map(|at| typed.get(*at)).map(String::as_str).collect();
        listed(words.concat(), meant)
    };
    let mut ideas: Vec<Idea> = apart.iter().map(said).collect();
    ideas.extend(in_order(&rest, synonyms));
    // What is done says less than what it is done to: 빌리려면, 고쳐주세요.
    let is_noun = |idea: &Idea| match idea.ways.as_slice() {
        [only] => !is_verb(&only.word),
        _ => true,
    };
    if ideas.iter().any(is_noun) {
        ideas.retain(is_noun);
    }
    ideas
}

/// Words of the list first, wherever they stand; what lies between them are ideas of their own.
fn in_order(typed: &[String], synonyms: &Synonyms) -> Vec<Idea> {
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
                ideas.push(Idea { ways: vec![Way::of(word, 1.0)], rarity: 1.0, known: false });
            }
            last = cut;
        }
    };
    let mut last = 0;
    for (from, to, meant) in synonyms.held(&text, &begins) {
        between(last, from, &mut ideas);
        ideas.push(listed(piece(from, to), meant));
        last = to;
    }
    between(last, text.len(), &mut ideas);
    // Nothing but what people say around it: then that is what they look for.
    if ideas.is_empty() {
        let whole = typed.iter().filter(|word| word.chars().nth(1).is_some());
        return whole
            .map(|word| Idea { ways: vec![Way::of(word.clone(), 1.0)], rarity: 1.0, known: false })
            .collect();
    }
    ideas
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Pack;

    fn words(query: &str) -> Vec<String> {
        let pack = Pack::embedded().unwrap();
        let asked = Asked::of(query, &pack.synonyms, &pack.regions);
        asked.ideas.iter().filter_map(|idea| idea.ways.first()).map(|way| way.word.clone()).collect()
    }

    #[test]
    fn what_is_done_says_less_than_what_it_is_done_to() {
        assert_eq!(words("풍금을 조율하려면"), ["풍금"]);
        assert_eq!(words("조율하려면"), ["조율하려면"]);
    }

    #[test]
    fn filler_alone_is_looked_for() {
        assert_eq!(words("신청 방법"), ["신청", "방법"]);
        assert_eq!(words("풍금 신청 방법"), ["풍금"]);
    }

    #[test]
    fn a_listed_word_is_no_place() {
        let pack = Pack::embedded().unwrap();
        assert!(Asked::of("고양이 중성화", &pack.synonyms, &pack.regions).places.is_empty());
        assert!(!Asked::of("고양 중성화", &pack.synonyms, &pack.regions).places.is_empty());
    }
}
