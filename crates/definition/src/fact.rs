//! The dictionary: every name a rule, a register or a question may use.

use maru_kernel::{Both, Date, Lang, Won};
use maru_rules::{Domain, Ratio, Value};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use unicode_normalization::UnicodeNormalization;

use crate::{form::TEXT_LIMIT, region::Regions};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FactKind {
    Boolean,
    Number,
    Choice,
    Text,
    Date,
    Region,
    List,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactDef {
    pub name: String,
    pub kind: FactKind,
    pub unit: Option<Both>,
    pub min: Option<i64>,
    pub max: Option<i64>,
    pub label: Both,
    /// Present: it may be asked.
    pub question: Option<Both>,
    pub why: Option<Both>,
    /// The fact with which it is asked, on one page and under its question.
    pub with: Option<String>,
    /// The catalogue's group it settles.
    pub group: Option<String>,
    /// The catalogue's codes it stands for.
    #[serde(default)]
    pub codes: Vec<String>,
    #[serde(rename = "choice", default)]
    pub choices: Vec<Choice>,
    /// What is asked of each item of a list.
    #[serde(rename = "item", default)]
    pub items: Vec<FactDef>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub value: String,
    pub label: Both,
    pub code: Option<String>,
}

impl FactDef {
    /// Whether people may be asked for it, alone or with another.
    pub fn asked(&self) -> bool {
        self.question.is_some() || self.with.is_some()
    }

    /// Takes a value from outside, or answers a message key: `fact-boolean`, `fact-number`, `fact-min`, `fact-max`, `fact-choice`,
    /// `fact-text`, `fact-date`, `fact-region`, `fact-list`. `null` and an empty text are *unknown*.
    pub fn read(&self, json: &Json, regions: &Regions) -> Result<Value, String> {
        let typed = match json {
            Json::Null => return Ok(Value::Unknown),
            Json::String(text) => {
                let text: String = text.trim().nfc().collect();
                if text.is_empty() {
                    return Ok(Value::Unknown);
                }
                Some(text)
            }
            _ => None,
        };
        match (self.kind, json, typed) {
            (FactKind::Boolean, Json::Bool(b), _) => Ok(Value::Bool(*b)),
            (FactKind::Boolean, _, Some(text)) => match text.as_str() {
                "yes" | "true" => Ok(Value::Bool(true)),
                "no" | "false" => Ok(Value::Bool(false)),
                _ => Err("fact-boolean".into()),
            },
            (FactKind::Boolean, ..) => Err("fact-boolean".into()),
            (FactKind::Number, Json::Number(n), _) => self.number(&n.to_string()),
            (FactKind::Number, _, Some(text)) => self.number(&text.replace(',', "")),
            (FactKind::Number, ..) => Err("fact-number".into()),
            (FactKind::Choice, _, Some(text)) if self.choices.iter().any(|c| c.value == text) => {
                Ok(Value::Text(text))
            }
            (FactKind::Choice, ..) => Err("fact-choice".into()),
            (FactKind::Text, _, Some(text)) if is_plain(&text) => Ok(Value::Text(text)),
            (FactKind::Text, ..) => Err("fact-text".into()),
            (FactKind::Date, _, Some(text)) => text.parse().map(Value::Date).map_err(|_| "fact-date".into()),
            (FactKind::Date, ..) => Err("fact-date".into()),
            (FactKind::Region, _, Some(text)) => {
                regions.find(&text).map(|r| Value::Text(r.name.clone())).ok_or_else(|| "fact-region".into())
            }
            (FactKind::Region, ..) => Err("fact-region".into()),
            (FactKind::List, Json::Array(_), _) => Value::from_json(json).map_err(|_| "fact-list".into()),
            (FactKind::List, ..) => Err("fact-list".into()),
        }
    }

    /// What values it may have, for whoever asks what a rule can come to.
    pub(crate) fn domain(&self) -> Domain {
        match self.kind {
            FactKind::Boolean => Domain::Bool,
            FactKind::Number => {
                Domain::Number { min: self.min.map(Ratio::from_i64), max: self.max.map(Ratio::from_i64) }
            }
            FactKind::Choice => Domain::Choice(self.choices.iter().map(|c| c.value.clone()).collect()),
            FactKind::Text | FactKind::Region => Domain::Text,
            FactKind::Date => Domain::Date,
            FactKind::List => Domain::List,
        }
    }

    /// Whether a value is of this fact's kind and within its bounds: what is not, nobody knows.
    pub(crate) fn fits(&self, value: &Value, regions: &Regions) -> bool {
        let within = |n: &Ratio| {
            self.min.is_none_or(|min| *n >= Ratio::from_i64(min))
                && self.max.is_none_or(|max| *n <= Ratio::from_i64(max))
        };
        match (self.kind, value) {
            (FactKind::Number, Value::Number(n)) => within(n),
            (FactKind::Choice, Value::Text(text)) => self.choices.iter().any(|c| c.value == *text),
            (FactKind::Region, Value::Text(text)) => regions.find(text).is_some(),
            (FactKind::Boolean, Value::Bool(_))
            | (FactKind::Text, Value::Text(_))
            | (FactKind::Date, Value::Date(_))
            | (FactKind::List, Value::List(_))
            | (_, Value::Unknown) => true,
            _ => false,
        }
    }

    fn number(&self, text: &str) -> Result<Value, String> {
        let number = Ratio::parse(text).ok_or("fact-number")?;
        if self.min.is_some_and(|min| number < Ratio::from_i64(min)) {
            return Err("fact-min".into());
        }
        if self.max.is_some_and(|max| number > Ratio::from_i64(max)) {
            return Err("fact-max".into());
        }
        Ok(Value::Number(number))
    }

    /// A value as people read it.
    pub fn show(&self, value: &Value, lang: Lang) -> String {
        match value {
            Value::Unknown => String::new(),
            Value::Bool(true) => if lang == Lang::Ko { "예" } else { "yes" }.into(),
            Value::Bool(false) => if lang == Lang::Ko { "아니요" } else { "no" }.into(),
            Value::Number(n) => self.show_number(n, lang),
            Value::Text(text) => {
                let choice = self.choices.iter().find(|c| c.value == *text);
                choice.map_or(text.as_str(), |c| c.label.get(lang)).to_owned()
            }
            Value::Date(date) => show_date(*date, lang),
            Value::List(list) => match lang {
                Lang::Ko => format!("{}건", list.len()),
                Lang::En if list.len() == 1 => "1 entry".into(),
                Lang::En => format!("{} entries", list.len()),
            },
            Value::Context(_) => value.to_json().to_string(),
        }
    }

    fn show_number(&self, number: &Ratio, lang: Lang) -> String {
        // A third of a percent is shown rounded; what is computed with stays exact.
        let shown = number.to_i64().map_or_else(
            || number.round(2, maru_rules::Rounding::HalfUp).unwrap_or(*number).to_string(),
            |n| Won(n).to_string(),
        );
        match (&self.unit, lang) {
            (None, _) => shown,
            (Some(unit), Lang::Ko) => format!("{shown}{}", unit.ko),
            (Some(unit), Lang::En) if unit.en == "%" => format!("{shown}%"),
            (Some(unit), Lang::En) => format!("{shown} {}", unit.en),
        }
    }
}

pub(crate) fn show_date(date: Date, lang: Lang) -> String {
    match lang {
        Lang::Ko => date.strftime("%Y년 %-m월 %-d일").to_string(),
        Lang::En => date.strftime("%-d %B %Y").to_string(),
    }
}

/// Short enough, and without control characters.
pub(crate) fn is_plain(text: &str) -> bool {
    text.chars().count() <= TEXT_LIMIT && !text.chars().any(char::is_control)
}
