//! Registers: what a row holds and which facts it gives.

use maru_kernel::{Both, Date, both};
use maru_rules::{Expr, Facts, Parameters, Value};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::{
    fact::FactKind,
    fault::{Fault, line_at},
    files::Files,
};

pub(crate) const FILE: &str = "registers.toml";
/// The day a register is read, as its expressions call it.
pub(crate) const TODAY: &str = "오늘";

#[derive(Debug, Clone)]
pub struct Register {
    pub id: String,
    pub name: Both,
    pub owner: String,
    pub law: String,
    /// Everyone concerned is in it: no row means `otherwise` holds.
    pub complete: bool,
    pub fields: Vec<Field>,
    pub gives: Vec<Gives>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    pub name: String,
    pub kind: FactKind,
    pub label: Both,
}

#[derive(Debug, Clone)]
pub struct Gives {
    pub fact: String,
    pub value: Expr,
    pub otherwise: Option<Expr>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    register: Vec<WrittenRegister>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRegister {
    id: String,
    name: Both,
    owner: String,
    law: String,
    complete: bool,
    #[serde(default)]
    field: Vec<Field>,
    #[serde(default)]
    gives: Vec<WrittenGives>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenGives {
    fact: String,
    value: toml::Spanned<String>,
    otherwise: Option<toml::Spanned<String>>,
}

/// Reads FEEL written in a TOML file; a fault names the line.
pub(crate) fn feel(
    file: &str,
    text: &str,
    written: &toml::Spanned<String>,
    faults: &mut Vec<Fault>,
) -> Option<Expr> {
    match Expr::parse(written.get_ref()) {
        Ok(expr) => Some(expr),
        Err(e) => {
            let line = line_at(text, written.span().start) + line_at(written.get_ref(), e.at.start) - 1;
            faults.push(Fault::new(
                file,
                line,
                e.message,
                both!(
                    "식을 고치세요. 쓰는 법은 crates/rules/README.md에 있습니다",
                    "correct the expression; crates/rules/README.md tells the language"
                ),
            ));
            None
        }
    }
}

impl Register {
    pub(crate) fn read(files: &Files, faults: &mut Vec<Fault>) -> Vec<Register> {
        let Some(written) = files.toml::<Written>(FILE, faults) else { return Vec::new() };
        let text = files.get(FILE).unwrap_or_default();
        written
            .register
            .into_iter()
            .map(|register| {
                let gives = register.gives.into_iter().filter_map(|gives| {
                    Some(Gives {
                        fact: gives.fact,
                        value: feel(FILE, text, &gives.value, faults)?,
                        otherwise: match &gives.otherwise {
                            Some(otherwise) => Some(feel(FILE, text, otherwise, faults)?),
                            None => None,
                        },
                    })
                });
                Register {
                    gives: gives.collect(),
                    id: register.id,
                    name: register.name,
                    owner: register.owner,
                    law: register.law,
                    complete: register.complete,
                    fields: register.field,
                }
            })
            .collect()
    }

    /// The facts this register gives about someone whose row is `row`; None = it has no row about them. What a row can't tell is left out.
    pub fn facts(
        &self,
        row: Option<&Map<String, Json>>,
        parameters: &Parameters,
        on: Date,
    ) -> Vec<(String, Value)> {
        let known = match row {
            Some(row) => self.known(row, on),
            None => [(TODAY.to_owned(), Value::Date(on))].into_iter().collect(),
        };
        let given = self.gives.iter().filter_map(|gives| {
            let expr = match row {
                Some(_) => &gives.value,
                None => gives.otherwise.as_ref().filter(|_| self.complete)?,
            };
            Some((gives.fact.clone(), value_of(expr, &known, parameters, on)))
        });
        given.filter(|(_, value)| !matches!(value, Value::Unknown)).collect()
    }

    /// What a row says, as expressions read it. An empty field is unknown.
    pub(crate) fn known(&self, row: &Map<String, Json>, on: Date) -> Facts {
        let mut known = Facts::new();
        known.insert(TODAY, Value::Date(on));
        for field in &self.fields {
            let json = row.get(&field.name).filter(|json| **json != Json::String(String::new()));
            if let Some(Ok(value)) = json.map(Value::from_json) {
                known.insert(&field.name, value);
            }
        }
        known
    }

    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }
}

/// The one place where this room evaluates an expression.
pub(crate) fn value_of(expr: &Expr, facts: &Facts, parameters: &Parameters, on: Date) -> Value {
    expr.eval(&maru_rules::Scope::new(facts, parameters, on))
}
