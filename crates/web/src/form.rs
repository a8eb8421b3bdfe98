//! One renderer draws every service's form from its definition.

use std::collections::BTreeMap;

use maru_definition::{FieldKind, FormField, FormPage, Service};
use maru_kernel::{Problem, Won};
use maru_rules::{Facts, Value};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::Context;

#[derive(Debug, Serialize)]
pub struct DrawnField {
    pub id: String,
    pub kind: &'static str,
    pub label: String,
    pub hint: String,
    pub error: String,
    pub value: String,
    pub options: Vec<DrawnOption>,
    pub autocomplete: String,
    pub required: bool,
}

#[derive(Debug, Serialize)]
pub struct DrawnOption {
    pub value: String,
    pub label: String,
    pub checked: bool,
    pub selected: bool,
}

/// More choices than this are a list to pick from.
const RADIOS: usize = 7;

/// The fields of a page that apply, filled with what was typed or kept.
pub fn draw(
    context: &Context,
    service: &Service,
    page: &FormPage,
    kept: &Map<String, Json>,
    typed: Option<&BTreeMap<String, String>>,
    problems: &[Problem],
    facts: &Facts,
) -> Vec<DrawnField> {
    let text = service.text(context.lang);
    page.fields
        .iter()
        .filter(|field| field.applies(facts))
        .map(|field| {
            let value = typed.and_then(|t| t.get(&field.id).cloned()).unwrap_or_else(|| {
                kept.get(&field.fact).map(|json| as_typed(field, json)).unwrap_or_default()
            });
            let error =
                problems.iter().find(|p| p.field == field.id).map(|p| context.told(p)).unwrap_or_default();
            let options = field
                .choices
                .iter()
                .map(|choice| DrawnOption {
                    value: choice.clone(),
                    label: text.choice(&field.id, choice).to_owned(),
                    checked: *choice == value,
                    selected: *choice == value,
                })
                .collect();
            DrawnField {
                id: field.id.clone(),
                kind: kind(field),
                label: text.field(&field.id).label.clone(),
                hint: text.field(&field.id).hint.clone().unwrap_or_default(),
                error,
                value,
                options,
                autocomplete: field.autocomplete.clone().unwrap_or_default(),
                required: field.required,
            }
        })
        .collect()
}

fn kind(field: &FormField) -> &'static str {
    match field.kind {
        FieldKind::Choice if field.choices.len() <= RADIOS => "radios",
        FieldKind::Choice => "select",
        FieldKind::YesNo => "yesno",
        FieldKind::Text | FieldKind::Place => "text",
        FieldKind::Long => "long",
        FieldKind::Position => "position",
        FieldKind::Digits => "digits",
        FieldKind::Money => "money",
        FieldKind::Number => "number",
        FieldKind::Date => "date",
        FieldKind::Consent => "consent",
    }
}

/// A kept answer as it would be typed.
fn as_typed(field: &FormField, json: &Json) -> String {
    match (json, field.kind) {
        (Json::Bool(b), _) => if *b { "yes" } else { "no" }.into(),
        (Json::Number(n), FieldKind::Money) => n.as_i64().map_or(n.to_string(), |n| Won(n).to_string()),
        (Json::String(text), _) => text.clone(),
        (Json::Null, _) => String::new(),
        (other, _) => other.to_string(),
    }
}

/// An answer as people read it back; a secret one shows its end only.
pub fn shown_answer(context: &Context, service: &Service, field: &FormField, json: &Json) -> String {
    let text = service.text(context.lang);
    match (field.kind, json) {
        (_, Json::String(value)) if field.secret => cover_secret(value),
        (FieldKind::Choice, Json::String(value)) => text.choice(&field.id, value).to_owned(),
        (FieldKind::YesNo | FieldKind::Consent, Json::Bool(true)) => context.t("form-yes"),
        (FieldKind::YesNo | FieldKind::Consent, Json::Bool(false)) => context.t("form-no"),
        (FieldKind::Money, Json::Number(n)) => {
            format!("{}{}", n.as_i64().map_or(n.to_string(), |n| Won(n).to_string()), context.t("form-won"))
        }
        (_, Json::String(value)) => value.clone(),
        (_, other) => other.to_string(),
    }
}

fn cover_secret(value: &str) -> String {
    let count = value.chars().count();
    value.chars().enumerate().map(|(i, c)| if i + 4 < count { '•' } else { c }).collect()
}

/// Whether a value says anything.
pub fn is_known(value: Option<&Value>) -> bool {
    !matches!(value, None | Some(Value::Unknown))
}
