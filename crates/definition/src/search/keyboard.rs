//! Korean typed while the keyboard was left in English: `cjdsusdnjftp` for 청년월세.

use super::letters::is_syllable;

// The keys of the two-set keyboard, each list in the order of the alphabet.

/// ㄱ to ㅎ.
const INITIALS: &str = "rRseEfaqQtTdwWczxvg";
/// Two keys may make one vowel.
const VOWELS: [&str; 21] = [
    "k", "o", "i", "O", "j", "p", "u", "P", "h", "hk", "ho", "hl", "y", "n", "nj", "np", "nl", "b", "m",
    "ml", "l",
];
/// None first.
const FINALS: [&str; 28] = [
    "", "r", "R", "rt", "s", "sw", "sg", "e", "f", "fr", "fa", "fq", "ft", "fx", "fv", "fg", "a", "q", "qt",
    "t", "T", "d", "w", "c", "z", "x", "v", "g",
];

/// What was meant, where all of it makes whole syllables.
pub(super) fn switched(typed: &str) -> Option<String> {
    let words: Option<Vec<String>> = typed.split_whitespace().map(word).collect();
    words.filter(|words| !words.is_empty()).map(|words| words.join(" "))
}

fn word(keys: &str) -> Option<String> {
    let mut keys: Vec<char> = keys.chars().collect();
    // A capital letter that means nothing else is the same key.
    for key in &mut keys {
        if key.is_ascii_uppercase() && !"RETQWOP".contains(*key) {
            *key = key.to_ascii_lowercase();
        }
    }
    let is_vowel = |at: usize| keys.get(at).is_some_and(|key| VOWELS.contains(&key.to_string().as_str()));
    let mut out = String::new();
    let mut at = 0;
    while let Some(key) = keys.get(at) {
        if key.is_ascii_digit() {
            out.push(*key);
            at += 1;
            continue;
        }
        let initial = INITIALS.chars().position(|known| known == *key)?;
        let (vowel, taken) = longest(&keys, at + 1, &VOWELS, &|_| true)?;
        at += 1 + taken;
        // A consonant before a vowel begins the next syllable.
        let (last, taken) = longest(&keys, at, &FINALS, &|end| !is_vowel(end))?;
        at += taken;
        out.extend(syllable(initial, vowel, last));
    }
    out.chars().any(is_syllable).then_some(out)
}

/// The longest of the list that the keys hold there and that may end where it ends.
fn longest(
    keys: &[char],
    at: usize,
    list: &[&str],
    may_end: &dyn Fn(usize) -> bool,
) -> Option<(usize, usize)> {
    let held = |text: &&str| {
        let run = keys.get(at..at + text.len()).unwrap_or_default();
        text.chars().eq(run.iter().copied()) && (text.is_empty() || may_end(at + text.len()))
    };
    let all = list.iter().enumerate().filter(|(_, text)| held(text));
    all.map(|(place, text)| (place, text.len())).max_by_key(|(_, taken)| *taken)
}

fn syllable(initial: usize, vowel: usize, last: usize) -> Option<char> {
    char::from_u32(0xac00 + u32::try_from((initial * 21 + vowel) * 28 + last).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_make_syllables() {
        for (keys, meant) in [
            ("cjdsusdnjftp", "청년월세"),
            ("dlfwkfl wldnjs", "일자리 지원"),
            ("tlfdjqrmqdu", "실업급여"),
            ("Tkfwlrqnfrma", "쌀직불금"),
            ("ekfrrhrl 2rnjs", "닭고기 2권"),
            ("DMLfyrmqdu", "의료급여"),
        ] {
            assert_eq!(switched(keys).as_deref(), Some(meant));
        }
    }

    #[test]
    fn english_stays_english() {
        for keys in ["rent", "baby", "childcare", "", "  ", "123", "청년", "cj?"] {
            assert_eq!(switched(keys), None, "{keys}");
        }
    }
}
