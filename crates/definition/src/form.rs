//! Forms: what no register answers, one thing a page.

use std::collections::BTreeMap;

use maru_kernel::{Date, Problem};
use maru_rules::{Expr, Facts, Parameters, Ratio, Value};
use serde::Deserialize;
use serde_json::{Map, Number, Value as Json};
use unicode_normalization::UnicodeNormalization;

use crate::{
    fault::Fault,
    files::Files,
    position::Position,
    region::{Regions, Vague},
    register::{feel, value_of},
};

/// No typed answer is longer.
pub const TEXT_LIMIT: usize = 2_000;
/// More than any sum of money here; a number beyond it is a slip of the finger.
const LARGEST: i64 = 1_000_000_000_000_000;

#[derive(Debug, Clone, Default)]
pub struct Form {
    pub pages: Vec<FormPage>,
}

#[derive(Debug, Clone)]
pub struct FormPage {
    pub id: String,
    pub when: Option<Expr>,
    pub fields: Vec<FormField>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldKind {
    Choice,
    YesNo,
    Text,
    /// Text of several lines.
    Long,
    /// An address or a description of a place that names its city, county or district.
    Place,
    /// Where a phone says it is: `37.26360,127.02860`.
    Position,
    Digits,
    Money,
    Number,
    Date,
    Consent,
}

#[derive(Debug, Clone)]
pub struct FormField {
    pub id: String,
    /// The name the answer gets.
    pub fact: String,
    pub kind: FieldKind,
    pub required: bool,
    pub choices: Vec<String>,
    pub when: Option<Expr>,
    /// Number and money: bounds of the value; text and digits: of the length.
    pub min: Option<i64>,
    pub max: Option<i64>,
    pub secret: bool,
    pub autocomplete: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    page: Vec<WrittenPage>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPage {
    id: String,
    when: Option<toml::Spanned<String>>,
    #[serde(default)]
    field: Vec<WrittenField>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenField {
    id: String,
    fact: String,
    kind: FieldKind,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    choices: Vec<String>,
    when: Option<toml::Spanned<String>>,
    min: Option<i64>,
    max: Option<i64>,
    #[serde(default)]
    secret: bool,
    autocomplete: Option<String>,
}

/// Only a clear *yes* shows a page or a field: what is not yet known is not yet asked for.
fn holds(when: Option<&Expr>, facts: &Facts) -> bool {
    // Conditions of a form read answers only, never a parameter or the day, so none is given.
    when.is_none_or(|expr| value_of(expr, facts, &Parameters::default(), Date::ZERO) == Value::Bool(true))
}

impl Form {
    pub(crate) fn read_file(files: &Files, file: &str, faults: &mut Vec<Fault>) -> Form {
        let Some(written) = files.toml::<Written>(file, faults) else { return Form::default() };
        let text = files.get(file).unwrap_or_default();
        let mut when = |written: &Option<toml::Spanned<String>>| {
            written.as_ref().and_then(|written| feel(file, text, written, faults))
        };
        let pages = written.page.into_iter().map(|page| FormPage {
            when: when(&page.when),
            id: page.id,
            fields: page
                .field
                .into_iter()
                .map(|field| FormField {
                    when: when(&field.when),
                    id: field.id,
                    fact: field.fact,
                    kind: field.kind,
                    required: field.required,
                    choices: field.choices,
                    min: field.min,
                    max: field.max,
                    secret: field.secret,
                    autocomplete: field.autocomplete,
                })
                .collect(),
        });
        Form { pages: pages.collect() }
    }

    /// The pages that apply now.
    pub fn pages(&self, facts: &Facts) -> Vec<&FormPage> {
        self.pages.iter().filter(|page| holds(page.when.as_ref(), facts)).collect()
    }

    pub fn fields(&self) -> impl Iterator<Item = &FormField> {
        self.pages.iter().flat_map(|page| &page.fields)
    }

    pub fn page(&self, id: &str) -> Option<&FormPage> {
        self.pages.iter().find(|page| page.id == id)
    }

    /// What of earlier answers still answers this form, page by page: what one says again each time is left out.
    pub fn still(&self, earlier: &Map<String, Json>, regions: &Regions) -> Map<String, Json> {
        let (mut kept, mut facts) = (Map::new(), Facts::new());
        for page in &self.pages {
            if !holds(page.when.as_ref(), &facts) || page.fields.iter().any(|f| f.kind == FieldKind::Consent)
            {
                continue;
            }
            let typed = page
                .fields
                .iter()
                .filter_map(|field| Some((field.id.clone(), typed(earlier.get(&field.fact)?))));
            // What has become wrong is asked for anew, with its whole page.
            for (fact, answer) in self.read(page, &typed.collect(), &facts, regions).unwrap_or_default() {
                if let Ok(value) = Value::from_json(&answer) {
                    facts.insert(&fact, value);
                }
                kept.insert(fact, answer);
            }
        }
        kept
    }

    /// Checks what was typed for one page. A field that does not apply, with what was typed on this very page, gives no answer.
    pub fn read(
        &self,
        page: &FormPage,
        typed: &BTreeMap<String, String>,
        facts: &Facts,
        regions: &Regions,
    ) -> Result<Vec<(String, Json)>, Vec<Problem>> {
        let (mut answers, mut problems) = (Vec::new(), Vec::new());
        let mut facts = facts.clone();
        // What was kept for this page before is typed anew.
        for field in &page.fields {
            facts.remove(&field.fact);
        }
        for field in &page.fields {
            if !field.applies(&facts) {
                continue;
            }
            match field.read(typed.get(&field.id).map(String::as_str).unwrap_or_default(), regions) {
                Ok(None) => {}
                Ok(Some(answer)) => {
                    if let Ok(value) = Value::from_json(&answer) {
                        facts.insert(&field.fact, value);
                    }
                    answers.push((field.fact.clone(), answer));
                }
                Err((key, value)) => {
                    problems.push(Problem { field: field.id.clone(), key: key.into(), value })
                }
            }
        }
        if problems.is_empty() { Ok(answers) } else { Err(problems) }
    }
}

/// An answer as one types it.
fn typed(answer: &Json) -> String {
    match answer {
        Json::String(text) => text.clone(),
        Json::Bool(true) => "yes".into(),
        Json::Bool(false) => "no".into(),
        Json::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

type Wrong = (&'static str, Option<String>);

fn wrong<T>(key: &'static str) -> Result<T, Wrong> {
    Err((key, None))
}

impl FormField {
    pub fn applies(&self, facts: &Facts) -> bool {
        holds(self.when.as_ref(), facts)
    }

    fn read(&self, typed: &str, regions: &Regions) -> Result<Option<Json>, Wrong> {
        // Looked at before anything is trimmed: a control character in the middle of a number is no number either.
        if typed.chars().count() > TEXT_LIMIT {
            return Err(("form-too-long", Some(self.longest().to_string())));
        }
        let typed: String = typed.trim().nfc().collect();
        let lines = |c: char| self.kind == FieldKind::Long && matches!(c, '\n' | '\t');
        let typed = if self.kind == FieldKind::Long { typed.replace("\r\n", "\n") } else { typed };
        if typed.chars().any(|c| c.is_control() && !lines(c)) {
            return wrong("form-text");
        }
        if self.kind == FieldKind::Consent {
            return match typed.as_str() {
                "yes" => Ok(Some(Json::Bool(true))),
                "" | "no" if self.required => wrong("form-consent"),
                "" | "no" => Ok(Some(Json::Bool(false))),
                _ => wrong("form-consent"),
            };
        }
        if typed.is_empty() {
            return if self.required { wrong("form-required") } else { Ok(None) };
        }
        match self.kind {
            FieldKind::Consent => wrong("form-consent"),
            FieldKind::YesNo => match typed.as_str() {
                "yes" => Ok(Some(Json::Bool(true))),
                "no" => Ok(Some(Json::Bool(false))),
                _ => wrong("form-choice"),
            },
            FieldKind::Choice if self.choices.contains(&typed) => Ok(Some(Json::String(typed))),
            FieldKind::Choice => wrong("form-choice"),
            FieldKind::Text | FieldKind::Long => self.long_enough(typed),
            FieldKind::Place => match regions.named_in(&typed) {
                Ok(_) => self.long_enough(typed),
                Err(Vague::Several) => wrong("form-place-which"),
                Err(Vague::Nowhere) => wrong("form-place"),
            },
            FieldKind::Position => match Position::read(&typed) {
                Some(position) => Ok(Some(Json::String(position.to_string()))),
                None => wrong("form-position"),
            },
            FieldKind::Digits => {
                let digits: String = typed.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
                if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                    return wrong("form-digits");
                }
                self.long_enough(digits)
            }
            FieldKind::Money => {
                let digits: String = typed.chars().filter(|c| !matches!(c, ',' | ' ')).collect();
                let digits = digits.strip_suffix('원').unwrap_or(&digits);
                match digits.parse::<i64>() {
                    Ok(won) if won.checked_abs().is_some_and(|n| n <= LARGEST) => {
                        self.bounded(&Ratio::from_i64(won))?;
                        Ok(Some(Json::from(won)))
                    }
                    _ => wrong("form-number"),
                }
            }
            FieldKind::Number => {
                let text = typed.replace(',', "");
                let number = Ratio::parse(&text).ok_or(("form-number", None))?;
                self.bounded(&number)?;
                // Kept as it was written, so that no digit is lost.
                match text.parse::<i64>() {
                    Ok(whole) => Ok(Some(Json::from(whole))),
                    Err(_) => text.parse::<Number>().map(|n| Some(Json::Number(n))).or(wrong("form-number")),
                }
            }
            FieldKind::Date => match read_date(&typed) {
                Some(date) => Ok(Some(Json::String(date.to_string()))),
                None => wrong("form-date"),
            },
        }
    }

    fn longest(&self) -> i64 {
        let limit = i64::try_from(TEXT_LIMIT).unwrap_or(i64::MAX);
        match self.kind {
            FieldKind::Text | FieldKind::Long | FieldKind::Place | FieldKind::Digits => {
                self.max.unwrap_or(limit).min(limit)
            }
            _ => limit,
        }
    }

    fn long_enough(&self, text: String) -> Result<Option<Json>, Wrong> {
        let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        match (self.min, self.longest()) {
            (Some(min), _) if length < min => Err(("form-too-short", Some(min.to_string()))),
            (_, max) if length > max => Err(("form-too-long", Some(max.to_string()))),
            _ => Ok(Some(Json::String(text))),
        }
    }

    fn bounded(&self, number: &Ratio) -> Result<(), Wrong> {
        match (self.min, self.max) {
            (Some(min), _) if *number < Ratio::from_i64(min) => Err(("form-min", Some(min.to_string()))),
            (_, Some(max)) if *number > Ratio::from_i64(max) => Err(("form-max", Some(max.to_string()))),
            _ => Ok(()),
        }
    }
}

/// `2026-10-07`, `2026.10.7`, `2026. 10. 7.`, `2026/10/7`, `20261007`.
fn read_date(typed: &str) -> Option<Date> {
    let text: String = typed.chars().filter(|c| *c != ' ').collect();
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        let part = |from: usize, to: usize| text.get(from..to);
        return day(part(0, 4)?, part(4, 6)?, part(6, 8)?);
    }
    let text = text.strip_suffix('.').unwrap_or(&text);
    let parts: Vec<&str> = text.split(['-', '.', '/']).collect();
    match parts.as_slice() {
        [year, month, date] if year.len() == 4 => day(year, month, date),
        _ => None,
    }
}

fn day(year: &str, month: &str, date: &str) -> Option<Date> {
    Date::new(year.parse().ok()?, month.parse().ok()?, date.parse().ok()?).ok()
}
