//! Names of DMN may hold spaces and signs, ours may not: each such name of a model gets one of ours, and texts are rewritten with them.

use std::collections::{BTreeMap, BTreeSet};

/// From a model's names to ours, one to one.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Only those that differ, the longest first, so that `소득 인정액` is not read as `소득`.
    by_length: Vec<(String, String)>,
    ours: BTreeMap<String, String>,
}

impl Names {
    pub fn of(names: impl IntoIterator<Item = String>) -> Names {
        let all: BTreeSet<String> = names.into_iter().map(|name| single_spaced(&name)).collect();
        let mut taken: BTreeSet<String> = all.iter().filter(|name| is_dotted(name)).cloned().collect();
        let mut ours = BTreeMap::new();
        for name in all.into_iter().filter(|name| !name.is_empty() && !is_dotted(name)) {
            let mut plain: String = name.chars().filter(|c| is_name(*c) || *c == '.').collect();
            if !is_dotted(&plain) {
                plain.retain(is_name);
            }
            if !plain.starts_with(begins_name) {
                plain.insert(0, '_');
            }
            while taken.contains(&plain) {
                plain.push('_');
            }
            taken.insert(plain.clone());
            ours.insert(name, plain);
        }
        let mut by_length: Vec<(String, String)> =
            ours.iter().map(|(name, plain)| (name.clone(), plain.clone())).collect();
        by_length.sort_by_key(|(name, _)| std::cmp::Reverse(name.chars().count()));
        Names { by_length, ours }
    }

    /// Our name for one of the model's.
    pub fn ours(&self, name: &str) -> String {
        let name = single_spaced(name);
        self.ours.get(&name).cloned().unwrap_or(name)
    }

    /// A text with our names in place of the model's; texts in quotes stay.
    pub fn rewrite(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let mut before = ' ';
        while let Some(first) = rest.chars().next() {
            let (length, written) = if first == '"' {
                let length = quoted(rest);
                (length, rest.get(..length).unwrap_or(rest).to_owned())
            } else if is_name(before) {
                (first.len_utf8(), first.to_string())
            } else {
                let found = self
                    .by_length
                    .iter()
                    .find_map(|(name, plain)| Some((begins_with(rest, name)?, plain.clone())));
                found.unwrap_or_else(|| (first.len_utf8(), first.to_string()))
            };
            let (taken, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
            before = if first == '"' { '"' } else { taken.chars().last().unwrap_or(' ') };
            out.push_str(&written);
            rest = after;
        }
        out
    }
}

/// How many bytes at the start of a text are this name, with whatever white space between its words.
fn begins_with(text: &str, name: &str) -> Option<usize> {
    let mut at = 0;
    for c in name.chars() {
        let rest = text.get(at..)?;
        if c == ' ' {
            let spaces = rest.len() - rest.trim_start().len();
            if spaces == 0 {
                return None;
            }
            at += spaces;
        } else if rest.starts_with(c) {
            at += c.len_utf8();
        } else {
            return None;
        }
    }
    // `나이` does not begin `나이대`
    let ends = name.chars().last().is_some_and(is_name);
    let goes_on = text.get(at..)?.chars().next().is_some_and(is_name);
    (!(ends && goes_on)).then_some(at)
}

/// The length of a text in quotes at the start, its closing quote included.
pub(crate) fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (i, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return i + 1,
            _ => {}
        }
    }
    text.len()
}

fn single_spaced(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn begins_name(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn is_name(c: char) -> bool {
    begins_name(c) || c.is_alphanumeric()
}

/// Whether a name is one of ours, or several joined by dots, as facts have them.
pub fn is_dotted(name: &str) -> bool {
    name.split('.').all(is_plain)
}

/// Whether a name is one of ours as it stands.
pub fn is_plain(name: &str) -> bool {
    name.starts_with(begins_name) && name.chars().all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_go_and_texts_stay() {
        let names = Names::of(
            ["소득 인정액", "소득", "가구-원 수", "소득 인정액 상한", "1인 가구"].map(str::to_owned),
        );
        assert_eq!(names.ours("소득  인정액"), "소득인정액");
        assert_eq!(names.ours("1인 가구"), "_1인가구");
        assert_eq!(
            names.rewrite("소득 인정액 <= 소득 인정액\n상한 and \"소득 인정액\" = 소득 or 신청.가구-원 수 > 소득 인정액들"),
            "소득인정액 <= 소득인정액상한 and \"소득 인정액\" = 소득 or 신청.가구원수 > 소득 인정액들"
        );
        assert_eq!(names.rewrite("\"\\\"소득 인정액\" + 소득 인정액"), "\"\\\"소득 인정액\" + 소득인정액");
    }

    #[test]
    fn dots_join_names() {
        let names = Names::of(["사람.이름", "사람.나이 대", "약어 A.B."].map(str::to_owned));
        assert_eq!(names.ours("사람.이름"), "사람.이름");
        assert_eq!(names.rewrite("사람.나이 대 + 약어 A.B."), "사람.나이대 + 약어AB");
    }

    #[test]
    fn two_names_stay_two() {
        let names = Names::of(["소득 인정액", "소득인정액"].map(str::to_owned));
        assert_eq!(names.rewrite("소득 인정액 + 소득인정액"), "소득인정액_ + 소득인정액");
    }
}
