//! How the words of names begin: by it a word with a slip of the finger is told, and letters that are in names by chance.

use std::{cmp::Reverse, collections::HashMap};

use super::letters::{is_syllable, jamo, words};

/// How many syllables of a word are kept.
const KEPT: std::ops::RangeInclusive<usize> = 2..=6;
/// What so many names say is not what a slip of the finger meant: 복비 is not 복지.
const COMMON: usize = 100;
/// So many words may have been meant.
const ALIKE: usize = 3;

/// The beginning of a word.
#[derive(Debug)]
struct Begin {
    /// Its letters one by one, those that sound alike written alike.
    sound: String,
    word: String,
    names: usize,
}

#[derive(Debug, Default)]
pub(super) struct Begun {
    counted: HashMap<String, usize>,
    /// By the number of syllables, those that sound alike side by side.
    begins: HashMap<usize, Vec<Begin>>,
}

impl Begun {
    /// Takes the words of a name in.
    pub(super) fn count(&mut self, name: &str) {
        for word in words(name) {
            for (syllables, (at, c)) in (1..).zip(word.char_indices()) {
                if !is_syllable(c) {
                    break;
                }
                if KEPT.contains(&syllables) {
                    let begin = word.get(..at + c.len_utf8()).unwrap_or_default();
                    *self.counted.entry(begin.to_owned()).or_default() += 1;
                }
            }
        }
    }

    /// All names are in.
    pub(super) fn settle(&mut self) {
        for (word, names) in std::mem::take(&mut self.counted) {
            let all = self.begins.entry(word.chars().count()).or_default();
            all.push(Begin { sound: jamo(&word), word, names });
        }
        for all in self.begins.values_mut() {
            all.sort_unstable_by(|one, other| one.sound.cmp(&other.sound));
        }
    }

    fn of_length(&self, word: &str) -> &[Begin] {
        self.begins.get(&word.chars().count()).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a word of a name begins so; nothing can be said of other letters, nor of what is shorter or longer than is kept.
    pub(super) fn knows(&self, word: &str) -> Option<bool> {
        if !word.chars().all(is_syllable) || !KEPT.contains(&word.chars().count()) {
            return None;
        }
        let (all, sound) = (self.of_length(word), jamo(word));
        let from = all.partition_point(|begin| begin.sound < sound);
        let mut same = all.iter().skip(from).take_while(|begin| begin.sound == sound);
        Some(same.any(|begin| begin.word == word))
    }

    /// Beginnings of as many syllables that sound the same, or else are one letter away; those of most names first.
    pub(super) fn alike(&self, word: &str) -> Vec<String> {
        let sound = jamo(word);
        let near = self.of_length(word).iter().filter(|begin| begin.names <= COMMON);
        let mut near: Vec<&Begin> = near.filter(|begin| one_apart(&begin.sound, &sound)).collect();
        if near.iter().any(|begin| begin.sound == sound) {
            near.retain(|begin| begin.sound == sound);
        }
        near.sort_by_key(|begin| (Reverse(begin.names), &begin.word));
        near.into_iter().take(ALIKE).map(|begin| begin.word.clone()).collect()
    }
}

/// Whether two words are the same but for one letter changed, put in or left out.
fn one_apart(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len().abs_diff(other.len()) > 1 {
        return false;
    }
    let begin = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let left = one.len().min(other.len()) - begin;
    let end = one.iter().rev().zip(other.iter().rev()).take(left).take_while(|(a, b)| a == b).count();
    one.len().max(other.len()) - begin - end <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_in_one_word_is_seen() {
        let mut begun = Begun::default();
        for name in ["노인 틀니지원사업", "고엽제 후유의증 수당", "틀니", "들깨", "혹비 지원"]
        {
            begun.count(name);
        }
        begun.counted.insert("복지".into(), COMMON + 1);
        begun.settle();
        assert_eq!(begun.alike("틀리"), ["틀니"]);
        assert_eq!(begun.alike("고엽재"), ["고엽제"], "it sounds the same");
        assert_eq!(begun.alike("복비"), ["혹비"], "what many names say is not what was meant");
        assert!(begun.alike("하드디스크").is_empty());
        assert_eq!(
            ["틀니지", "틀리", "고엽재", "틀", "tv"].map(|word| begun.knows(word)),
            [Some(true), Some(false), Some(false), None, None]
        );
        for (one, other, apart) in
            [("가나", "가나", true), ("가나", "가", true), ("가나다", "가다", true), ("가나", "나가", false)]
        {
            assert_eq!(one_apart(one, other), apart, "{one} {other}");
        }
    }
}
