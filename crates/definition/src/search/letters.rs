//! Letters of texts and queries: what does not matter taken out, syllables taken apart.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfc};

const INITIALS: [char; 19] = [
    'ㄱ', 'ㄲ', 'ㄴ', 'ㄷ', 'ㄸ', 'ㄹ', 'ㅁ', 'ㅂ', 'ㅃ', 'ㅅ', 'ㅆ', 'ㅇ', 'ㅈ', 'ㅉ', 'ㅊ', 'ㅋ', 'ㅌ',
    'ㅍ', 'ㅎ',
];
/// Vowels that are spoken alike today, and so mistaken for one another, are one: ㅐ ㅔ, ㅒ ㅖ, ㅙ ㅚ ㅞ.
const VOWELS: [char; 21] = [
    'ㅏ', 'ㅔ', 'ㅑ', 'ㅖ', 'ㅓ', 'ㅔ', 'ㅕ', 'ㅖ', 'ㅗ', 'ㅘ', 'ㅚ', 'ㅚ', 'ㅛ', 'ㅜ', 'ㅝ', 'ㅚ', 'ㅟ',
    'ㅠ', 'ㅡ', 'ㅢ', 'ㅣ',
];
const FINALS: [&str; 28] = [
    "", "ㄱ", "ㄱ", "ㄱㅅ", "ㄴ", "ㄴㅈ", "ㄴㅎ", "ㄷ", "ㄹ", "ㄹㄱ", "ㄹㅁ", "ㄹㅂ", "ㄹㅅ", "ㄹㅌ", "ㄹㅍ",
    "ㄹㅎ", "ㅁ", "ㅂ", "ㅂㅅ", "ㅅ", "ㅅ", "ㅇ", "ㅈ", "ㅊ", "ㅋ", "ㅌ", "ㅍ", "ㅎ",
];
/// What follows a noun and is no part of it, the longest first.
const PARTICLES: [&str; 34] = [
    "에서는",
    "으로는",
    "에게는",
    "이라도",
    "까지는",
    "에서",
    "에게",
    "으로",
    "부터",
    "까지",
    "한테",
    "이랑",
    "하고",
    "이나",
    "에는",
    "에도",
    "들의",
    "들은",
    "들을",
    "들이",
    "을",
    "를",
    "이",
    "가",
    "은",
    "는",
    "의",
    "에",
    "도",
    "로",
    "와",
    "과",
    "만",
    "랑",
];

/// NFC, small letters, no spaces or signs between words.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Nearly all of it is whole syllables, which are their own small letters.
    let mut keep = |c: char| match c {
        '가'..='힣' | 'a'..='z' | '0'..='9' => out.push(c),
        _ => out.extend(c.to_lowercase().filter(|c| c.is_alphanumeric())),
    };
    composed(text).chars().for_each(&mut keep);
    match composed(&out) {
        Cow::Borrowed(_) => out,
        Cow::Owned(other) => other,
    }
}

/// NFC. What is of whole syllables and ASCII is so already, and that is nearly all.
fn composed(text: &str) -> Cow<'_, str> {
    let simple = |c: char| c.is_ascii() || is_syllable(c);
    if text.chars().all(simple) || is_nfc(text) { text.into() } else { text.nfc().collect() }
}

/// The words of a text, each plain.
pub(crate) fn words(text: &str) -> Vec<String> {
    composed(text).split(|c: char| !c.is_alphanumeric()).map(plain).filter(|word| !word.is_empty()).collect()
}

/// A word without the particle that may follow it; a word of two syllables is left whole.
pub(crate) fn without_particle(word: &str) -> &str {
    let noun = PARTICLES.iter().filter_map(|particle| word.strip_suffix(particle));
    noun.into_iter()
        .find(|noun| noun.chars().nth(1).is_some() && noun.chars().all(is_syllable))
        .unwrap_or(word)
}

/// A syllable as it is before an ending: 고쳐 and 고쳤 are 고치, 추워 is 추우. Nouns change too, so it is for comparing only.
pub(crate) fn stem(c: char) -> char {
    let Some((initial, vowel, last)) = parts(c) else { return c };
    // Only where nothing or ㅆ closes the syllable.
    if last != 0 && last != 20 {
        return c;
    }
    let vowel = match (INITIALS.get(initial), vowel) {
        (Some('ㄱ' | 'ㄹ' | 'ㅅ' | 'ㅈ' | 'ㅊ' | 'ㅋ' | 'ㅍ'), 6) => 20,
        (Some('ㅂ' | 'ㅇ'), 9) => 8,
        (Some('ㄷ'), 10) => 11,
        (Some('ㄴ' | 'ㄷ' | 'ㅇ' | 'ㅈ'), 14) => 13,
        (Some('ㅎ'), 1) => 0,
        (_, vowel) => vowel,
    };
    u32::try_from((initial * 21 + vowel) * 28).ok().and_then(|n| char::from_u32(0xac00 + n)).unwrap_or(c)
}

/// How verbs end in what people ask; hardly any noun does.
const ENDINGS: [&str; 20] = [
    "니다", "어요", "아요", "해요", "워요", "려요", "세요", "나요", "까요", "네요", "래요", "데요", "려면",
    "으면", "는데", "은데", "려고", "아서", "어서", "해서",
];

pub(crate) fn is_verb(word: &str) -> bool {
    ENDINGS.iter().any(|ending| word.ends_with(ending))
}

pub(crate) fn is_syllable(c: char) -> bool {
    ('가'..='힣').contains(&c)
}

/// A syllable's initial, vowel and final, by their places in the alphabet.
fn parts(c: char) -> Option<(usize, usize, usize)> {
    if !is_syllable(c) {
        return None;
    }
    let n = usize::try_from(u32::from(c).checked_sub(0xac00)?).ok()?;
    Some((n / 588, n % 588 / 28, n % 28))
}

/// Its letters one by one, those that sound alike written alike.
pub(crate) fn jamo(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match parts(c) {
            None => out.push(c),
            Some((initial, vowel, last)) => {
                out.extend(INITIALS.get(initial));
                out.extend(VOWELS.get(vowel));
                out.push_str(FINALS.get(last).copied().unwrap_or_default());
            }
        }
    }
    out
}

/// The first letter of each syllable; all else as it is.
pub(crate) fn initials(text: &str) -> String {
    let initial = |c| parts(c).and_then(|(initial, ..)| INITIALS.get(initial).copied()).unwrap_or(c);
    text.chars().map(initial).collect()
}

/// Typed as first letters alone: `ㅊㄴㅇㅅ`.
pub(crate) fn is_initials(text: &str) -> bool {
    text.chars().nth(1).is_some() && text.chars().all(|c| ('ㄱ'..='ㅎ').contains(&c))
}

/// What is looked up: two or three letters of Korean in one number, or the mark of a word in other letters.
pub(crate) type Gram = u64;

/// Every run of `n` letters (two or three), each once, in order.
pub(crate) fn grams(text: &str, n: usize) -> Vec<Gram> {
    let letters: Vec<char> = text.chars().collect();
    let packed = |run: &[char]| run.iter().fold(0, |gram, c| gram << 21 | u64::from(u32::from(*c)));
    sorted(letters.windows(n).map(packed).collect())
}

/// A text as it is searched: the pairs of its Korean letters and numbers across words, and its words in Latin letters, whole.
pub(crate) fn terms(text: &str) -> Vec<Gram> {
    let (mut korean, mut latin) = (String::new(), Vec::new());
    for word in words(text) {
        // `tv수신료` is a word and pairs.
        let mut run = String::new();
        for c in word.chars().chain(['\0']) {
            if c.is_ascii_alphanumeric() {
                run.push(c);
                continue;
            }
            if run.bytes().any(|b| b.is_ascii_alphabetic()) {
                latin.push(mark(&run));
            } else {
                korean.push_str(&run);
            }
            run.clear();
            if c != '\0' {
                korean.push(c);
            }
        }
    }
    latin.extend(grams(&korean, 2));
    sorted(latin)
}

/// One number for a Latin word, whether one of it or several: FNV-1a, with a bit that no pair of letters has.
fn mark(word: &str) -> Gram {
    let one = word.strip_suffix('s').filter(|one| one.len() > 2).unwrap_or(word);
    let hash = one
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    hash | 1 << 63
}

fn sorted(mut grams: Vec<Gram>) -> Vec<Gram> {
    grams.sort_unstable();
    grams.dedup();
    grams
}

/// How much of `of` is among `all`; both sorted.
pub(crate) fn share(of: &[Gram], all: &[Gram]) -> f32 {
    if of.is_empty() {
        return 0.0;
    }
    let held = of.iter().filter(|gram| all.binary_search(gram).is_ok()).count();
    float(held) / float(of.len())
}

/// Counts are small here; a float holds them all.
pub(crate) fn float(n: usize) -> f32 {
    u16::try_from(n).map_or(f32::from(u16::MAX), f32::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_case_and_composition_do_not_matter() {
        assert_eq!(plain(" 생계 급여 (LH) "), "생계급여lh");
        assert_eq!(plain("\u{1109}\u{1162}\u{11bc}"), "생");
        assert_eq!(plain("·-()"), "");
        assert_eq!(words("청년 월세-지원, LH"), ["청년", "월세", "지원", "lh"]);
    }

    #[test]
    fn syllables_come_apart() {
        assert_eq!(jamo("월세"), "ㅇㅝㄹㅅㅔ");
        assert_eq!(jamo("월새"), jamo("월세"));
        assert_eq!(jamo("닭 a"), "ㄷㅏㄹㄱ a");
        assert_eq!(initials("청년월세 lh"), "ㅊㄴㅇㅅ lh");
        assert!(
            is_initials("ㅊㄴㅇㅅ") && !is_initials("ㅊ") && !is_initials("청ㄴ") && !is_initials("ㅏㅏ")
        );
    }

    #[test]
    fn verbs_are_compared_by_their_stems() {
        let stems = |text: &str| text.chars().map(stem).collect::<String>();
        for (said, other) in [
            ("고쳐", "고치"),
            ("고쳤", "고치"),
            ("빌려", "빌리"),
            ("추워", "추우"),
            ("돌봐", "돌보"),
            ("했", "하"),
            ("안돼", "안되"),
        ] {
            assert_eq!(stems(said), stems(other));
        }
        assert_ne!(stems("여자"), stems("이자"));
        assert_eq!(stems("지원 lh"), "지원 lh");
    }

    #[test]
    fn verbs_end_like_verbs() {
        assert!(is_verb("빌리려면") && is_verb("고장났어요") && !is_verb("수도요금") && !is_verb("아동"));
    }

    #[test]
    fn particles_come_off_nouns() {
        for (word, noun) in [
            ("청년월세를", "청년월세"),
            ("장애인에게", "장애인"),
            ("아이", "아이"),
            ("등록금이", "등록금"),
            ("지원", "지원"),
            ("lh를", "lh를"),
        ] {
            assert_eq!(without_particle(word), noun);
        }
    }

    #[test]
    fn shares_are_of_what_is_asked() {
        let (asked, held) = (grams("청년월세", 2), grams("청년월세한시", 2));
        assert_eq!(share(&asked, &held), 1.0);
        assert!(share(&held, &asked) < 1.0);
        assert_eq!(share(&[], &held), 0.0);
        assert_eq!(terms("LH 전세임대"), terms("전세 임대 lh"));
        assert_eq!(share(&terms("youth rents"), &terms("Rent for the youth")), 1.0);
        assert_eq!(share(&terms("tv"), &terms("TV수신료 면제")), 1.0);
        assert_eq!(share(&terms("rent"), &terms("current")), 0.0);
    }
}
