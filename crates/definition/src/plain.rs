//! How plainly texts are written: short sentences, plain words, particles that fit whatever comes before them.

use maru_kernel::{Both, Lang, both};
use serde::Deserialize;

use crate::{fault::Fault, files::Files};

pub(crate) const FILE: &str = "plain.toml";
const PARTICLES: [&str; 10] = ["은", "는", "이", "가", "을", "를", "와", "과", "으로", "로"];

/// What makes a text hard to read. Of nothing, nothing does.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plain {
    /// Letters of a Korean sentence at most, without spaces.
    letters: usize,
    /// Words of an English sentence at most.
    words: usize,
    #[serde(default)]
    ko: Vec<Hard>,
    #[serde(default)]
    en: Vec<Hard>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hard {
    hard: Vec<String>,
    plain: String,
}

impl Plain {
    pub(crate) fn read(files: &Files, faults: &mut Vec<Fault>) -> Plain {
        match files.get(FILE) {
            Some(_) => files.toml(FILE, faults).unwrap_or_default(),
            None => Plain::default(),
        }
    }

    /// What is wrong with a line of text, and what to do. `{…}` stands for what is put in when it is shown.
    pub fn faults(&self, lang: Lang, line: &str) -> Vec<(Both, Both)> {
        let mut faults = Vec::new();
        if lang == Lang::Ko
            && let Some(particle) = loose_particle(line)
        {
            let what = both!(
                "끼워 넣는 말 뒤의 {particle}: 어떤 말에는 맞지 않습니다",
                "{particle} after something that is put in fits some words only"
            );
            // Filled in by nobody: its particles stay as they are.
            let todo = Both::new(
                "을(를), 이(가), 은(는), 와(과), (으)로처럼 둘 다 쓰세요",
                "write both, as in 을(를), 이(가), 은(는), 와(과), (으)로",
            );
            faults.push((what, todo));
        }
        let (list, most, unit, units) = match lang {
            Lang::Ko => (&self.ko, self.letters, "글자", "letters"),
            Lang::En => (&self.en, self.words, "낱말", "words"),
        };
        let lower = line.to_lowercase();
        for entry in list {
            for hard in entry.hard.iter().filter(|hard| begins_a_word(&lower, hard)) {
                let (hard, plain) = (hard.trim(), &entry.plain);
                faults.push((
                    both!("“{hard}”은(는) 어려운 말입니다", "“{hard}” is hard to read"),
                    both!("쉽게 쓰세요: {plain}", "say it plainly: {plain}"),
                ));
            }
        }
        for sentence in sentences(line) {
            let long = match lang {
                Lang::Ko => sentence.chars().filter(|c| !c.is_whitespace()).count(),
                Lang::En => sentence.split_whitespace().count(),
            };
            if most > 0 && long > most {
                let begin: String = sentence.trim().chars().take(24).collect();
                faults.push((
                    both!(
                        "문장 “{begin}…”이 {long}{unit}입니다",
                        "the sentence “{begin}…” has {long} {units}"
                    ),
                    both!("둘로 나누세요. {most}{unit}까지입니다", "make two of it: {most} at most"),
                ));
            }
        }
        faults
    }
}

/// A particle right after `}` with which the word ends.
fn loose_particle(line: &str) -> Option<&'static str> {
    line.match_indices('}').find_map(|(at, _)| {
        let after = line.get(at..)?.strip_prefix('}')?;
        let ends = |rest: &str| rest.chars().next().is_none_or(|c| !c.is_alphanumeric() && c != '(');
        PARTICLES.into_iter().find(|particle| after.strip_prefix(particle).is_some_and(ends))
    })
}

fn begins_a_word(text: &str, hard: &str) -> bool {
    text.match_indices(hard).any(|(at, _)| {
        text.get(..at).and_then(|before| before.chars().next_back()).is_none_or(|c| !c.is_alphanumeric())
    })
}

/// The sentences of a line, without what is in brackets; what is put in counts as a word. A sentence of a template ends where the template
/// decides.
fn sentences(line: &str) -> Vec<String> {
    let (mut all, mut one, mut depth) = (Vec::new(), String::new(), 0_usize);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '(' => depth = depth.saturating_add(1),
            ')' => depth = depth.saturating_sub(1),
            '{' if chars.peek() == Some(&'%') => {
                for c in chars.by_ref() {
                    if c == '}' {
                        break;
                    }
                }
                all.push(std::mem::take(&mut one));
            }
            '{' => {
                while chars.next_if(|c| *c != '}').is_some() {}
                while chars.next_if(|c| *c == '}').is_some() {}
                one.push_str("○○");
            }
            '.' | '?' | '!' | ';'
                if depth == 0
                    && chars
                        .peek()
                        .is_none_or(|next| next.is_whitespace() || *next == '{' || *next == '"') =>
            {
                all.push(std::mem::take(&mut one));
            }
            _ if depth > 0 => {}
            other => one.push(other),
        }
    }
    all.push(one);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Plain {
        toml::from_str("letters = 12\nwords = 5\n[[ko]]\nhard = [\"익일\"]\nplain = \"다음 날\"\n[[en]]\nhard = [\"prior to\"]\nplain = \"before\"")
            .unwrap()
    }

    #[test]
    fn hard_texts_are_told_and_plain_ones_are_not() {
        let told = |lang, text: &str| {
            plain().faults(lang, text).into_iter().map(|(what, _)| what.en).collect::<Vec<_>>()
        };
        assert_eq!(told(Lang::Ko, "짧은 글입니다. 또 하나입니다."), [""; 0]);
        assert!(told(Lang::Ko, "익일에 드립니다")[0].contains("익일"));
        assert_eq!(told(Lang::Ko, "공익일 때"), [""; 0], "within a word it is another word");
        assert!(told(Lang::Ko, "가나다라마바사아자차카타파")[0].contains("13 letters"));
        assert_eq!(told(Lang::Ko, "가나다라마바 (사아자차카타파) 하"), [""; 0]);
        assert!(told(Lang::En, "Pay it Prior to May")[0].contains("prior to"));
        assert!(told(Lang::En, "one two three four five six")[0].contains("6 words"));
        assert_eq!(told(Lang::En, "one two three. Four {{ five }} six"), [""; 0]);
        for (text, fits) in [
            ("{{ service }}를 드립니다", false),
            ("{ $name }을(를)", true),
            ("{{ unit }}이 ", false),
            ("{$n}이나", true),
            ("{{ a }}로", false),
            ("{{ a }}(으)로", true),
            ("{ $date }까지", true),
        ] {
            assert_eq!(told(Lang::Ko, text).is_empty(), fits, "{text}");
        }
    }
}
