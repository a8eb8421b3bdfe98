//! What a text seems to ask. A suggestion answers nothing until a person has confirmed it, and even then only excludes whom it surely
//! excludes: the rest of the text's conditions stay unknown. Few patterns, each precise; what may mean two things suggests nothing.

use maru_kernel::Both;
use serde::{Deserialize, Serialize};

use crate::gov24::{self, Ages, OLDEST};

/// One suggestion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// `age:19-34`, `age:65-`, `age:-18`, `income:100`, or a code of `gov24::FLAGS`.
    pub key: String,
    /// The text it is from (`target`, `criteria`, …), or `tags`.
    pub from: String,
    /// The words that say so.
    pub quote: String,
}

/// What a key asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    Ages(Ages),
    /// At most so many percent of the median income.
    Income(u32),
    /// The bit of a code.
    Flag(u32),
}

impl Asks {
    pub(crate) fn read(key: &str) -> Option<Asks> {
        if let Some(span) = key.strip_prefix("age:") {
            let (from, to) = span.split_once('-')?;
            let number = |text: &str| if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) };
            return Ages::read(number(from)?, number(to)?).map(Asks::Ages);
        }
        match key.strip_prefix("income:") {
            Some(percent) => percent.parse().ok().map(Asks::Income),
            None => gov24::flag(key).map(Asks::Flag),
        }
    }

    /// In words.
    pub(crate) fn words(self) -> Both {
        match self {
            Asks::Ages(Ages { from, to: None }) => {
                Both { ko: format!("{from}세부터"), en: format!("from {from} years of age") }
            }
            Asks::Ages(Ages { from: 0, to: Some(to) }) => {
                Both { ko: format!("{to}세까지"), en: format!("up to {to} years of age") }
            }
            Asks::Ages(Ages { from, to: Some(to) }) => Both {
                ko: format!("{from}세부터 {to}세까지"),
                en: format!("{from} to {to} years of age"),
            },
            Asks::Income(percent) => Both {
                ko: format!("기준 중위소득 {percent}% 이하"),
                en: format!("up to {percent}% of the standard median income"),
            },
            Asks::Flag(bit) => {
                let flag = usize::try_from(bit).ok().and_then(|bit| gov24::FLAGS.get(bit));
                flag.map(|(_, ko, en)| Both::new(ko, en)).unwrap_or_default()
            }
        }
    }
}

/// A suggestion's key in words.
pub fn words(key: &str) -> Both {
    Asks::read(key).map(Asks::words).unwrap_or_default()
}

/// The bands of income in which somebody may be who has at most so many percent.
pub(crate) fn bands(percent: u32) -> u64 {
    let tops = [50, 75, 100, 200];
    let below = tops.iter().filter(|top| **top < percent).count();
    (0..=below.min(4)).fold(0, |set, band| set | 1 << (2 + band))
}

/// Tags of a stage of life that one law bounds: the tag, its ages.
const STAGES: [(&str, &str); 2] = [("청년", "age:19-34"), ("어르신", "age:65-")];
const OTHER_STAGES: [&str; 4] = ["영유아", "아동", "청소년", "중장년"];
/// Tags of a kind of people: the tag, its code, words of which the text must hold one.
const KINDS: [(&str, &str, &[&str]); 6] = [
    ("장애인", "JA0328", &["장애"]),
    ("보훈", "JA0329", &["보훈", "유공자", "참전"]),
    ("한부모", "JA0403", &["한부모", "조손"]),
    ("다문화", "JA0401", &["다문화", "결혼이민"]),
    ("다자녀", "JA0411", &["다자녀", "자녀"]),
    ("임신·출산", "JA0302", &["임산부", "임신부", "임부"]),
];
/// A tag beside which none of the kinds is known to be asked alone.
const POOR: &str = "저소득";
/// The texts that are looked at, the most telling first.
const TEXTS: [&str; 4] = ["target", "criteria", "name", "summary"];

/// What a service's texts and tags seem to ask. Tags that were guessed from words are no tags: leave them out.
pub(crate) fn suggest(text: &dyn Fn(&str) -> String, tags: &[String]) -> Vec<Suggestion> {
    let mut found = Vec::new();
    let texts: Vec<(&str, String)> = TEXTS.iter().map(|key| (*key, text(key))).collect();
    let has = |tag: &str| tags.iter().any(|t| t == tag);

    // The first text that names ages speaks; if it names several, nothing is suggested.
    let spoken = texts.iter().map(|(from, text)| (*from, ages(text))).find(|(_, ages)| !ages.is_empty());
    match spoken {
        Some((from, ages)) => {
            if let [(key, quote)] = ages.as_slice() {
                found.push(Suggestion { key: key.clone(), from: from.into(), quote: quote.clone() });
            }
        }
        None if !OTHER_STAGES.iter().any(|stage| has(stage)) => {
            let stages: Vec<_> = STAGES.iter().filter(|(tag, _)| has(tag)).collect();
            if let [(tag, key)] = stages.as_slice() {
                found.push(Suggestion { key: (*key).into(), from: "tags".into(), quote: (*tag).into() });
            }
        }
        None => {}
    }

    let spoken = texts.iter().map(|(from, text)| (*from, incomes(text))).find(|(_, caps)| !caps.is_empty());
    if let Some((from, caps)) = spoken
        && let [(key, quote)] = caps.as_slice()
    {
        found.push(Suggestion { key: key.clone(), from: from.into(), quote: quote.clone() });
    }

    let kinds: Vec<_> = KINDS.iter().filter(|(tag, ..)| has(tag)).collect();
    if let [(tag, key, words)] = kinds.as_slice()
        && !has(POOR)
        && texts.iter().any(|(_, text)| words.iter().any(|word| text.contains(word)))
    {
        found.push(Suggestion { key: (*key).into(), from: "tags".into(), quote: (*tag).into() });
    }
    found
}

/// Whole numbers of a text: value, and what stands before and after.
fn numbers(text: &str) -> impl Iterator<Item = (u32, &str, &str)> {
    let starts = text.char_indices().filter(move |(at, c)| {
        let before = text.get(..*at).and_then(|b| b.chars().next_back());
        c.is_ascii_digit() && !before.is_some_and(|b| b.is_ascii_digit() || matches!(b, '.' | ','))
    });
    starts.filter_map(move |(at, _)| {
        let (before, rest) = (text.get(..at)?, text.get(at..)?);
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        Some((rest.get(..end)?.parse().ok()?, before, rest.get(end..)?))
    })
}

/// Drops the word in front of a text, with blanks around it.
fn past<'a>(text: &'a str, words: &[&str]) -> Option<&'a str> {
    let text = text.trim_start();
    words.iter().find_map(|word| text.strip_prefix(word)).map(str::trim_start)
}

fn note(found: &mut Vec<(String, String)>, key: String, text: &str, first: &str, last: &str) {
    if found.iter().any(|(known, _)| *known == key) {
        return;
    }
    let quote = first.len()..text.len().saturating_sub(last.len());
    found.push((key, text.get(quote).unwrap_or_default().trim().to_owned()));
}

/// Words so near after an age that say it is not the applicant's.
const OTHERS: [&str; 3] = ["자녀", "제외", "양육"];
const NEAR: usize = 12;

/// Spans of ages that a text names, each once: `19세 이상 34세 이하`, `19~34세`, `만 65세 이상`, `18세 미만`.
fn ages(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut taken = 0;
    for (number, before, after) in numbers(text) {
        if before.len() < taken || number > u32::from(OLDEST) {
            continue;
        }
        let aged = past(after, &["세"]).filter(|rest| !rest.starts_with(['대', '금', '트']));
        let least = aged.and_then(|rest| past(rest, &["이상", "부터"]));
        let between = past(aged.unwrap_or(after), &["~", "-", "∼", "～", "부터"]);
        // The upper end: right after a dash, or after 이상.
        let upper = least
            .or(between)
            .map(|rest| past(rest, &["~", "-", "∼", "～"]).unwrap_or(rest))
            .and_then(|rest| {
                let rest = past(rest, &["만"]).unwrap_or(rest);
                let (to, empty, after) = numbers(rest).next()?;
                let after = past(after, &["세"])?;
                if !empty.is_empty() || to > u32::from(OLDEST) || to < number {
                    return None;
                }
                let below = past(after, &["미만"]);
                let end = below.or_else(|| past(after, &["이하", "까지"])).unwrap_or(after);
                Some((if below.is_some() { to.checked_sub(1)? } else { to }, end))
            });
        let (key, end) = if let Some((to, end)) = upper {
            (format!("age:{number}-{to}"), end)
        } else if let Some(end) = least {
            (format!("age:{number}-"), end)
        } else if let Some(end) = aged.and_then(|rest| past(rest, &["이하", "까지"])) {
            (format!("age:-{number}"), end)
        } else if let Some((end, to)) = aged.and_then(|rest| past(rest, &["미만"])).zip(number.checked_sub(1))
        {
            (format!("age:-{to}"), end)
        } else {
            continue;
        };
        taken = text.len().saturating_sub(end.len());
        // Ages of the applicant's children, or of whom it is not for, are no ages of the applicant.
        let next: String = end.chars().take(NEAR).collect();
        if OTHERS.iter().any(|word| next.contains(word)) {
            continue;
        }
        note(&mut found, key, text, before, end);
    }
    found
}

/// Caps of income that a text names: `기준 중위소득 100% 이하`.
fn incomes(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (percent, before, after) in numbers(text) {
        let Some(end) = past(after, &["%", "％", "퍼센트"]).and_then(|rest| past(rest, &["이하", "이내"]))
        else {
            continue;
        };
        let Some(first) = before.trim_end().strip_suffix("중위소득") else { continue };
        let first = first.trim_end().strip_suffix("기준").unwrap_or(first);
        if (1..=300).contains(&percent) {
            note(&mut found, format!("income:{percent}"), text, first, end);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<String> {
        ages(text).into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn ages_in_words() {
        for (text, expected) in [
            ("만 65세 이상 어르신", "age:65-"),
            ("19세 이상 34세 이하 청년", "age:19-34"),
            ("만19세~만34세", "age:19-34"),
            ("19~39세 청년", "age:19-39"),
            ("18세 미만 아동", "age:-17"),
            ("6세부터 12세까지", "age:6-12"),
            ("12세 이하의 아동", "age:-12"),
            ("0세 이상 2세 미만", "age:0-1"),
        ] {
            assert_eq!(keys(text), [expected], "{text}");
        }
        let none = [
            "3세대 주택",
            "2026년 1월 1일 이후",
            "65세",
            "소득세 10만원 이상",
            "1,065세 이상",
            "12세 이하 자녀를 둔 가정",
            "65세 이상은 제외",
        ];
        for text in none {
            assert!(keys(text).is_empty(), "{text}: {:?}", keys(text));
        }
        assert_eq!(keys("34세 이상 19세 이하").len(), 2);
        assert_eq!(keys("남성 65세 이상, 여성 60세 이상").len(), 2);
    }

    #[test]
    fn a_quote_is_the_words_themselves() {
        assert_eq!(ages("관내 만 65세 이상 어르신"), [("age:65-".to_owned(), "65세 이상".to_owned())]);
        assert_eq!(
            incomes("가구 소득이 기준 중위소득 100% 이하인 가구"),
            [("income:100".to_owned(), "기준 중위소득 100% 이하".to_owned())]
        );
        assert!(incomes("기준 중위소득 100% 초과, 소득 50% 이하").is_empty());
    }

    #[test]
    fn what_may_mean_two_things_suggests_nothing() {
        let of = |target: &str, tags: &[&str]| {
            let tags: Vec<String> = tags.iter().map(|t| (*t).to_owned()).collect();
            let text = |key: &str| if key == "target" { target.to_owned() } else { String::new() };
            suggest(&text, &tags).into_iter().map(|s| s.key).collect::<Vec<_>>()
        };
        assert_eq!(of("관내 어르신", &["어르신"]), ["age:65-"]);
        assert_eq!(of("관내 60세 이상", &["어르신"]), ["age:60-"]);
        assert!(of("누구나", &["청년", "어르신"]).is_empty());
        assert!(of("누구나", &["청년", "중장년"]).is_empty());
        assert_eq!(of("등록 장애인", &["장애인"]), ["JA0328"]);
        assert!(of("등록 장애인", &["장애인", "저소득"]).is_empty());
        assert!(of("등록 장애인과 한부모", &["장애인", "한부모"]).is_empty());
        assert!(of("누구나", &["장애인"]).is_empty());
        assert!(of("남성 65세 이상, 여성 60세 이상", &["어르신"]).is_empty());
    }

    #[test]
    fn keys_say_what_they_ask() {
        assert_eq!(Asks::read("age:19-34"), Some(Asks::Ages(Ages { from: 19, to: Some(34) })));
        assert_eq!(Asks::read("income:60"), Some(Asks::Income(60)));
        assert_eq!(Asks::read("JA0328"), gov24::flag("JA0328").map(Asks::Flag));
        assert!(
            ["", "age:", "age:9-x", "age:50-20", "income:", "JA9999"].iter().all(
                |key| Asks::read(key).is_none_or(|a| matches!(a, Asks::Ages(Ages { from: 0, to: None })))
            )
        );
        assert_eq!(bands(50), 0b1 << 2);
        assert_eq!(bands(60), 0b11 << 2);
        assert_eq!(bands(100), 0b111 << 2);
        assert_eq!(bands(150), 0b1111 << 2);
    }
}
