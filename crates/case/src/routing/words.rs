//! What a text is taken apart into.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

/// More of one text is not read: it would say the same again.
const MOST: usize = 400;

/// The words of a text and their fragments: pairs and triples of syllables of Korean words, whole words and numbers of others.
/// Particles and endings matter little, since the fragments before them stay the same.
#[derive(Debug, Clone, Default)]
pub struct Words {
    words: Vec<String>,
    /// Each fragment once, with the word in which it first stood.
    fragments: Vec<(usize, String)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Hangul,
    Other,
}

fn script(letter: char) -> Option<Script> {
    if ('가'..='힣').contains(&letter) {
        Some(Script::Hangul)
    } else if letter.is_alphanumeric() {
        Some(Script::Other)
    } else {
        None
    }
}

impl Words {
    pub fn of(text: &str) -> Words {
        let mut words = Words::default();
        let mut seen = HashSet::new();
        let mut word = String::new();
        let mut before = None;
        for letter in text.nfc().flat_map(char::to_lowercase).chain(std::iter::once(' ')) {
            let joins = matches!(letter, '-' | '.') && word.ends_with(|last: char| last.is_ascii_digit());
            let now = if joins { Some(Script::Other) } else { script(letter) };
            if now != before && !word.is_empty() {
                words.add(std::mem::take(&mut word), before, &mut seen);
            }
            if words.fragments.len() >= MOST {
                break;
            }
            if now.is_some() {
                word.push(letter);
            }
            before = now;
        }
        words
    }

    fn add(&mut self, word: String, script: Option<Script>, seen: &mut HashSet<String>) {
        let word = word.trim_end_matches(['-', '.']).to_owned();
        // Telephone and resident numbers say nothing about the office, and aren't to be kept.
        if word.chars().filter(char::is_ascii_digit).count() > 4 {
            return;
        }
        let at = self.words.len();
        let letters: Vec<char> = word.chars().collect();
        let mut fragments = Vec::new();
        if script == Some(Script::Hangul) && letters.len() > 1 {
            for long in [2, 3] {
                fragments.extend(letters.windows(long).map(|part| part.iter().collect::<String>()));
            }
        } else {
            fragments.push(letters.iter().take(40).collect());
        }
        for fragment in fragments {
            if self.fragments.len() < MOST && seen.insert(fragment.clone()) {
                self.fragments.push((at, fragment));
            }
        }
        self.words.push(word);
    }

    pub fn fragments(&self) -> impl Iterator<Item = &str> {
        self.fragments.iter().map(|(_, fragment)| fragment.as_str())
    }

    /// Each fragment with the number of its word.
    pub(super) fn marked(&self) -> impl Iterator<Item = (usize, &str)> {
        self.fragments.iter().map(|(at, fragment)| (*at, fragment.as_str()))
    }

    pub(super) fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", String::as_str)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragments(text: &str) -> Vec<String> {
        Words::of(text).fragments().map(str::to_owned).collect()
    }

    #[test]
    fn words_fall_into_fragments() {
        assert_eq!(fragments("가로등이"), ["가로", "로등", "등이", "가로등", "로등이"]);
        assert_eq!(fragments("LH 땅, 2026년"), ["lh", "땅", "2026", "년"]);
        assert_eq!(fragments(" ,.\u{0} "), Vec::<String>::new());
    }

    #[test]
    fn long_numbers_are_left_out() {
        let text = "전화 01012345678, 010-1234-5678. 900101-1234567, 2026. 110번 10-2";
        assert_eq!(fragments(text), ["전화", "2026", "110", "번", "10-2"]);
    }

    #[test]
    fn composed_or_not_is_the_same() {
        let apart: String = "가로등".nfd().collect();
        assert_ne!(apart, "가로등");
        assert_eq!(fragments(&apart), fragments("가로등"));
    }

    #[test]
    fn an_endless_text_is_read_to_a_point() {
        let long: String = (0..100_000_u32).map(|n| format!("w{n} ")).collect();
        assert_eq!(fragments(&long).len(), MOST);
    }
}
