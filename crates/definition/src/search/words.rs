//! Words that mean the same, as a pack lists them (`synonyms.toml`).

use std::collections::HashSet;

use serde::Deserialize;

use super::letters::plain;
use crate::{fault::Fault, files::Files};

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

/// What else a word may mean, by the word, the longest words first.
#[derive(Debug, Clone, Default)]
pub struct Synonyms {
    list: Vec<(String, Vec<String>)>,
    filler: HashSet<String>,
}

impl Synonyms {
    pub(crate) fn read(files: &Files, faults: &mut Vec<Fault>) -> Synonyms {
        let Some(written) = files.get(FILE).and_then(|_| files.toml::<Written>(FILE, faults)) else {
            return Synonyms::default();
        };
        let mut synonyms = Synonyms::default();
        for group in &written.group {
            for word in &group.words {
                synonyms.add(word, group.words.iter().filter(|other| *other != word));
            }
        }
        let one_way = written.means.iter().map(|m| (&m.says, &m.is));
        for (says, is) in one_way.chain(written.event.iter().map(|e| (&e.says, &e.is))) {
            for word in says {
                synonyms.add(word, is.iter());
            }
        }
        synonyms.filler =
            written.filler.iter().flat_map(|filler| &filler.says).map(|word| plain(word)).collect();
        synonyms.list.sort_by_key(|(word, _)| std::cmp::Reverse(word.chars().count()));
        synonyms
    }

    fn add<'a>(&mut self, word: &str, meant: impl Iterator<Item = &'a String>) {
        let word = plain(word);
        let at = match self.list.iter().position(|(known, _)| *known == word) {
            Some(at) => at,
            None => {
                self.list.push((word, Vec::new()));
                self.list.len() - 1
            }
        };
        let Some((_, all)) = self.list.get_mut(at) else { return };
        for other in meant.map(|other| plain(other)) {
            if !all.contains(&other) {
                all.push(other);
            }
        }
    }

    /// Says nothing of what is looked for.
    pub(crate) fn is_filler(&self, word: &str) -> bool {
        self.filler.contains(word)
    }

    /// The longest listed words that the text holds, from which letter to which, with what they may mean. A word of two letters
    /// counts only where a word of the text begins, a single letter only as a whole word.
    pub(crate) fn held<'a>(&'a self, text: &[char], begins: &[usize]) -> Vec<(usize, usize, &'a [String])> {
        let mut found: Vec<(usize, usize, &[String])> = Vec::new();
        for (word, meant) in &self.list {
            let word: Vec<char> = word.chars().collect();
            for (at, _) in text.windows(word.len().max(1)).enumerate().filter(|(_, run)| **run == *word) {
                let end = at + word.len();
                let free = found.iter().all(|(from, to, _)| end <= *from || *to <= at);
                let starts = begins.contains(&at);
                let whole = starts && (end == text.len() || begins.contains(&end));
                let counts = match word.len() {
                    1 => whole,
                    2 => starts,
                    _ => true,
                };
                if free && counts {
                    found.push((at, end, meant));
                }
            }
        }
        found.sort_by_key(|(at, ..)| *at);
        found
    }
}
