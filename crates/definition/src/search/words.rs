//! Words that mean the same, as a pack lists them (`synonyms.toml`).

use std::collections::{HashMap, HashSet};

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
}

impl Synonyms {
    pub(crate) fn read(files: &Files, faults: &mut Vec<Fault>) -> Synonyms {
        let Some(written) = files.get(FILE).and_then(|_| files.toml::<Written>(FILE, faults)) else {
            return Synonyms::default();
        };
        let filler =
            written.filler.iter().flat_map(|filler| &filler.says).map(|word| key(&plain(word))).collect();
        let mut synonyms = Synonyms { filler, ..Synonyms::default() };
        // What is said of one word alone is meant before what is said of many.
        for means in &written.means {
            for word in &means.says {
                synonyms.add(word, means.is.iter());
            }
        }
        for group in &written.group {
            for word in &group.words {
                synonyms.add(word, group.words.iter().filter(|other| *other != word));
            }
        }
        for event in &written.event {
            for word in &event.says {
                synonyms.add(word, event.is.iter());
            }
        }
        synonyms.longest = synonyms.meant.keys().map(|word| word.chars().count()).max().unwrap_or_default();
        synonyms
    }

    fn add<'a>(&mut self, word: &str, meant: impl Iterator<Item = &'a String> + Clone) {
        let (whole, said) = (plain(word), self.said(word));
        let particles = particles(word);
        if !particles.is_empty() {
            self.begins.extend(particles.iter().chain([&whole, &said]).map(|word| key(word)));
        }
        for other in particles.into_iter().chain([said]).filter(|said| *said != whole) {
            self.put(other, meant.clone());
        }
        self.put(whole, meant);
    }

    fn put<'a>(&mut self, word: String, meant: impl Iterator<Item = &'a String>) {
        let all = self.meant.entry(key(&word)).or_default();
        for other in meant.map(|other| plain(other)) {
            if !all.contains(&other) {
                all.push(other);
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

#[cfg(test)]
mod tests {
    use super::*;

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
            list.add(says, [is.to_owned()].iter());
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
