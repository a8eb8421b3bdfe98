//! A service's rules as one text: the shared ones it names (`uses` in service.toml), then its own.

use maru_kernel::both;

use crate::{fault::Fault, files::Files};

/// The text that is read, and which file its lines come from.
#[derive(Debug, Clone, Default)]
pub(crate) struct RulesText {
    pub(crate) text: String,
    /// Each file with the number of the line before its first.
    parts: Vec<(String, usize)>,
}

impl RulesText {
    pub(crate) fn of(files: &Files, folder: &str, uses: &[String], faults: &mut Vec<Fault>) -> RulesText {
        let (own, service) = (format!("{folder}/rules.toml"), format!("{folder}/service.toml"));
        let mut rules = RulesText::default();
        for name in uses {
            let file = shared(name);
            match files.get(&file) {
                Some(text) => rules.add(&file, text),
                None => {
                    let line = files.line(&service, &["uses"]);
                    let what = both!("{file}이(가) 없습니다", "there is no {file}");
                    let todo = both!("쓰거나 uses에서 지우세요", "write it, or take it out of uses");
                    faults.push(Fault::new(&service, line, what, todo));
                }
            }
        }
        rules.add(&own, files.get(&own).unwrap_or_default());
        rules
    }

    /// The rules of the one service whose files were kept together with the shared ones it uses.
    pub(crate) fn as_kept(files: &Files) -> Option<RulesText> {
        #[derive(serde::Deserialize)]
        struct Uses {
            #[serde(default)]
            uses: Vec<String>,
        }
        let (path, text) = files.iter().find(|(path, _)| path.ends_with("/service.toml"))?;
        let uses = toml::from_str::<Uses>(text).ok()?.uses;
        let mut faults = Vec::new();
        let rules = RulesText::of(files, path.strip_suffix("/service.toml")?, &uses, &mut faults);
        faults.is_empty().then_some(rules)
    }

    fn add(&mut self, file: &str, text: &str) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.parts.push((file.to_owned(), self.text.lines().count()));
        self.text.push_str(text);
    }

    /// Which character of its line a byte of the whole begins, counted from 1.
    pub(crate) fn character(&self, byte: usize) -> usize {
        let before = self.text.get(..byte).unwrap_or_default();
        before.rsplit('\n').next().unwrap_or_default().chars().count() + 1
    }

    /// The file and line of a line of the whole.
    pub(crate) fn place(&self, line: usize) -> (&str, usize) {
        let part = self.parts.iter().rev().find(|(_, before)| *before < line).or(self.parts.last());
        part.map_or(("", line), |(file, before)| (file.as_str(), line.saturating_sub(*before)))
    }
}

pub(crate) fn shared(name: &str) -> String {
    format!("shared/{name}.toml")
}
