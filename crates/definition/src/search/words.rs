//! Words that mean the same, as a pack lists them (`synonyms.toml`).

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use serde::Deserialize;

use super::letters::{is_syllable, plain, stem, without_particle, words};
use crate::{fault::Fault, files::Files};

const ONE_LETTER: [char; 8] = ['을', '를', '이', '가', '은', '는', '에', '도'];

pub(crate) const FILE: &str = "synonyms.toml";

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    group: Vec<Group>,
    #[serde(default)]
    means: Vec<Means>,
    #[serde(default)]
    event: Vec<Event>,
    #[serde(default)]
    filler: Vec<Filler>,
}

/// Each for each.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    words: Vec<String>,
}

/// One way only: who says this means that.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Means {
    says: Vec<String>,
    is: Vec<String>,
}

/// What happens in a life, and the words of what helps then.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    #[serde(rename = "id")]
    _id: String,
    says: Vec<String>,
    is: Vec<String>,
}

/// What people say around what they look for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filler {
    says: Vec<String>,
}

/// What a saying that begins with a noun of one letter is with the particles that noun may have, and with none: 집 고쳐, 집을 고쳐.
/// Such a noun keeps its particle in what was typed, for 아이 is no 아.
fn particles(saying: &str) -> Vec<String> {
    let words = words(saying);
    let [first, rest @ ..] = words.as_slice() else { return Vec::new() };
    let mut letters = first.chars();
    let (Some(noun), particle, None) = (letters.next(), letters.next(), letters.next()) else {
        return Vec::new();
    };
    if rest.is_empty()
        || !is_syllable(noun)
        || particle.is_some_and(|particle| !ONE_LETTER.contains(&particle))
    {
        return Vec::new();
    }
    let rest = rest.concat();
    let with = ONE_LETTER.iter().map(|particle| format!("{noun}{particle}{rest}"));
    with.chain([format!("{noun}{rest}")]).collect()
}

/// As words are looked up.
fn key(word: &str) -> String {
    word.chars().map(stem).collect()
}

/// What else a word may mean, by the word.
#[derive(Debug, Clone, Default)]
pub struct Synonyms {
    meant: HashMap<String, Vec<String>>,
    /// How many letters the longest word has.
    longest: usize,
    /// What begins with a noun of one letter, so only where a word does: 이가 아프 is not in 아이가 아프.
    begins: HashSet<String>,
    filler: HashSet<String>,
    /// Sayings of several words, which may also stand apart: 귀 … 수술.
    apart: Vec<Apart>,
}

/// A saying of several words, each as it is looked up, and what it means.
#[derive(Debug, Clone)]
struct Apart {
    words: Vec<String>,
    meant: Arc<[String]>,
}

impl Synonyms {
    pub(crate) fn read(files: &Files, faults: &mut Vec<Fault>) -> Synonyms {
        let Some(written) = files.get(FILE).and_then(|_| files.toml::<Written>(FILE, faults)) else {
            return Synonyms::default();
        };
        let filler =
            written.filler.iter().flat_map(|filler| &filler.says).map(|word| key(&plain(word))).collect();
        let mut synonyms = Synonyms { filler, ..Synonyms::default() };
        let meaning = |words: &[String]| words.iter().map(|word| plain(word)).collect::<Arc<[String]>>();
        let mut sayings = Vec::new();
        let mut say = |synonyms: &mut Synonyms, says: &[String], is: &[String]| {
            let meant = meaning(is);
            for saying in says {
                synonyms.add(saying, &meant);
                sayings.push((saying.clone(), meant.clone()));
            }
        };
        // What is said of one word alone is meant before what is said of many.
        for means in &written.means {
            say(&mut synonyms, &means.says, &means.is);
        }
        for group in &written.group {
            let words = meaning(&group.words);
            for (place, word) in group.words.iter().enumerate() {
                let others = words.iter().enumerate().filter(|(other, _)| *other != place);
                let others: Vec<String> = others.map(|(_, other)| other.clone()).collect();
                synonyms.add(word, &others);
            }
        }
        for event in &written.event {
            say(&mut synonyms, &event.says, &event.is);
        }
        synonyms.apart = sayings.iter().filter_map(|(saying, is)| synonyms.parted(saying, is)).collect();
        // The most telling first.
        synonyms.apart.sort_by_cached_key(|saying| {
            Reverse(saying.words.iter().map(|word| word.chars().count()).sum::<usize>())
        });
        synonyms.longest = synonyms.meant.keys().map(|word| word.chars().count()).max().unwrap_or_default();
        synonyms
    }

    fn add(&mut self, word: &str, meant: &[String]) {
        let (whole, said) = (plain(word), self.said(word));
        let particles = particles(word);
        if !particles.is_empty() {
            self.begins.extend(particles.iter().chain([&whole, &said]).map(|word| key(word)));
        }
        for other in particles.into_iter().chain([said]).filter(|said| *said != whole) {
            self.put(&other, meant);
        }
        self.put(&whole, meant);
    }

    fn put(&mut self, word: &str, meant: &[String]) {
        let all = self.meant.entry(key(word)).or_default();
        for other in meant {
            if !all.contains(other) {
                all.push(other.clone());
            }
        }
    }

    /// A saying of several words as it is left of what was typed: without particles and fillers; its last word may go on.
    fn said(&self, saying: &str) -> String {
        let mut said = words(saying);
        let last = said.pop().unwrap_or_default();
        let telling: Vec<&String> = said.iter().filter(|word| !self.is_filler(word)).collect();
        let kept = if telling.is_empty() { said.iter().collect() } else { telling };
        kept.into_iter().map(|word| without_particle(word)).chain([last.as_str()]).collect()
    }

    /// A saying as words that may stand apart; none of one word.
    fn parted(&self, saying: &str, meant: &Arc<[String]>) -> Option<Apart> {
        let words = words(saying).into_iter().filter(|word| !self.is_filler(word));
        let words: Vec<String> = words.map(|word| key(without_particle(&word))).collect();
        let told = words.len() > 1 && words.iter().any(|word| word.chars().nth(1).is_some());
        told.then(|| Apart { words, meant: meant.clone() })
    }

    /// Sayings whose words all stand among what was typed, whatever stands between them: which words, and what they mean.
    pub(crate) fn held_apart<'a>(&'a self, typed: &[String]) -> Vec<(Vec<usize>, &'a [String])> {
        let keys: Vec<String> = typed.iter().map(|word| key(word)).collect();
        let mut taken = vec![false; typed.len()];
        let mut found = Vec::new();
        for saying in &self.apart {
            let mut places: Vec<usize> = Vec::new();
            for word in &saying.words {
                let fits = |place: &usize| {
                    !taken.get(*place).is_none_or(|taken| *taken)
                        && !places.contains(place)
                        && keys.get(*place).is_some_and(|typed| is_said(word, typed))
                };
                let place = (0..keys.len()).find(fits);
                places.extend(place);
                if place.is_none() {
                    break;
                }
            }
            if places.len() == saying.words.len() {
                for place in &places {
                    if let Some(taken) = taken.get_mut(*place) {
                        *taken = true;
                    }
                }
                found.push((places, &*saying.meant));
            }
        }
        found
    }

    /// Listed itself, so that its end is no particle: 고양이.
    pub(crate) fn knows(&self, word: &str) -> bool {
        self.meant.contains_key(&key(word))
    }

    /// Says nothing of what is looked for.
    pub(crate) fn is_filler(&self, word: &str) -> bool {
        self.filler.contains(&key(word))
    }

    /// The longest listed words that the text holds, from which letter to which, with what they may mean. A word of two letters
    /// counts only where a word of the text begins, a single letter only as a whole word, and so do words in Latin letters.
    pub(crate) fn held<'a>(&'a self, text: &[char], begins: &[usize]) -> Vec<(usize, usize, &'a [String])> {
        let mut found: Vec<(usize, usize, &[String])> = Vec::new();
        let ends = |end: usize| end == text.len() || begins.contains(&end);
        for length in (1..=self.longest.min(text.len())).rev() {
            for (at, run) in text.windows(length).enumerate() {
                let end = at + length;
                let starts = begins.contains(&at);
                let counts = match length {
                    _ if run.iter().all(char::is_ascii_lowercase) => {
                        starts && (ends(end) || text.get(end) == Some(&'s') && ends(end + 1))
                    }
                    1 => starts && ends(end),
                    2 => starts,
                    _ => true,
                };
                let free = || found.iter().all(|(from, to, _)| end <= *from || *to <= at);
                if !counts || !free() {
                    continue;
                }
                let key: String = run.iter().copied().map(stem).collect();
                if let Some(meant) = self.meant.get(&key)
                    && (starts || !self.begins.contains(&key))
                {
                    found.push((at, end, meant));
                }
            }
        }
        found.sort_by_key(|(at, ..)| *at);
        found
    }
}

/// Whether a typed word is a word of a saying, with whatever follows it; of one letter: with a particle at most. Latin ones are whole.
fn is_said(word: &str, typed: &str) -> bool {
    let Some(rest) = typed.strip_prefix(word) else { return false };
    if word.is_ascii() {
        return rest.is_empty() || rest == "s";
    }
    if word.chars().nth(1).is_some() {
        return true;
    }
    let mut rest = rest.chars();
    match (rest.next(), rest.next()) {
        (None, _) => true,
        (Some(particle), None) => ONE_LETTER.contains(&particle),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_saying_may_stand_apart() {
        let text = "[[means]]\nsays = [\"개 주사\", \"집 고쳐\", \"ear surgery\"]\nis = [\"광견병\"]";
        let files = Files::of([(FILE.to_owned(), text.to_owned())].into());
        let list = Synonyms::read(&files, &mut Vec::new());
        let held = |typed: &str| {
            let typed: Vec<String> = typed.split(' ').map(str::to_owned).collect();
            list.held_apart(&typed).into_iter().map(|(places, _)| places).collect::<Vec<_>>()
        };
        assert_eq!(held("개가 물었을때 맞히는 주사"), [[0, 3]]);
        assert_eq!(held("주사 우리 개"), [[2, 0]]);
        assert_eq!(held("surgery of ears"), [[2, 0]]);
        assert_eq!(held("집을 누가 고치나요"), [[0, 2]]);
        for other in ["개나리 주사", "개인 주사", "주사", "surgery early", "집단 고쳐"] {
            assert!(held(other).is_empty(), "{other}");
        }
    }

    fn list() -> Synonyms {
        let mut list = Synonyms { filler: HashSet::from([key("너무")]), ..Synonyms::default() };
        for (says, is) in [
            ("집을 고쳐", "집수리"),
            ("집이 너무 추워", "난방비"),
            ("이가 아프", "치과"),
            ("고양이", "반려동물"),
            ("rent", "월세"),
            ("애", "아동"),
        ] {
            list.add(says, &[is.to_owned()]);
        }
        list.longest = 10;
        list
    }

    fn held(words: &[&str]) -> Vec<String> {
        let list = list();
        let text: Vec<char> = words.iter().flat_map(|word| word.chars()).collect();
        let begins: Vec<usize> = words
            .iter()
            .scan(0, |at, word| {
                let begin = *at;
                *at += word.chars().count();
                Some(begin)
            })
            .collect();
        list.held(&text, &begins).into_iter().flat_map(|(.., meant)| meant.to_vec()).collect()
    }

    #[test]
    fn sayings_are_found_with_other_endings_and_without_particles() {
        assert_eq!(held(&["집", "고치고"]), ["집수리"]);
        assert_eq!(held(&["집을", "고쳤는데"]), ["집수리"]);
        assert_eq!(held(&["집에", "고칠"]), [""; 0]);
        assert_eq!(held(&["집이", "추워요"]), ["난방비"]);
    }

    #[test]
    fn a_noun_of_one_letter_begins_a_word() {
        assert_eq!(held(&["이", "아파요"]), [""; 0]);
        assert_eq!(held(&["이가", "아프고"]), ["치과"]);
        assert_eq!(held(&["아이", "아프고"]), [""; 0]);
    }

    #[test]
    fn words_in_latin_letters_and_single_letters_are_whole() {
        assert_eq!(held(&["rents"]), ["월세"]);
        assert_eq!(held(&["parental"]), [""; 0]);
        assert_eq!(held(&["애"]), ["아동"]);
        assert_eq!(held(&["애니"]), [""; 0]);
    }

    #[test]
    fn a_listed_word_is_known_whole() {
        assert!(list().knows("고양이") && !list().knows("고양"));
    }
}
