//! What comes due for a person: a day that follows from a row of a register, and how long ahead people are told.

use maru_kernel::{Both, Date};
use maru_rules::{Expr, Facts, Parameters, Value};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::{Register, fault::Fault, files::Files, register};

pub(crate) const FILE: &str = "reminders.toml";

#[derive(Debug, Clone)]
pub struct Reminder {
    pub id: String,
    pub name: Both,
    /// What happens then, and what there is to do.
    pub text: Both,
    /// The register it reads.
    pub register: String,
    /// The last day, over the register's fields.
    pub due: Expr,
    /// So many days before it people are told, once each; the longest first.
    pub ahead: Vec<i64>,
    pub law: String,
    pub opens: Opens,
}

/// Where it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opens {
    /// The form of a service written in depth.
    Service(String),
    /// Somebody else's page.
    Url(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    reminder: Vec<WrittenReminder>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenReminder {
    id: String,
    name: Both,
    text: Both,
    register: String,
    due: toml::Spanned<String>,
    ahead: Vec<i64>,
    law: String,
    service: Option<String>,
    url: Option<String>,
}

impl Reminder {
    pub(crate) fn read(files: &Files, faults: &mut Vec<Fault>) -> Vec<Reminder> {
        let Some(text) = files.get(FILE) else { return Vec::new() };
        let Some(written) = files.toml::<Written>(FILE, faults) else { return Vec::new() };
        let mut reminders = Vec::new();
        for one in written.reminder {
            let opens = match (one.service, one.url) {
                (Some(service), None) => Opens::Service(service),
                (None, Some(url)) => Opens::Url(url),
                _ => {
                    let line = files.line(FILE, &[&format!("\"{}\"", one.id)]);
                    let what = format!("{} opens a form or a page, one of them", one.id);
                    faults.push(Fault::of_pack(FILE, line, what, "write `service` or `url`"));
                    continue;
                }
            };
            let Some(due) = register::feel(FILE, text, &one.due, faults) else { continue };
            reminders.push(Reminder {
                id: one.id,
                name: one.name,
                text: one.text,
                register: one.register,
                due,
                ahead: one.ahead,
                law: one.law,
                opens,
            });
        }
        reminders
    }

    /// The fields it reads, and no others.
    pub fn fields(&self, register: &Register) -> Vec<String> {
        let names = self.due.names();
        let used = |field: &&str| {
            names.iter().any(|name| {
                name == field || name.strip_prefix(*field).is_some_and(|rest| rest.starts_with('.'))
            })
        };
        register.fields.iter().map(|field| field.name.as_str()).filter(used).map(str::to_owned).collect()
    }

    /// The last day as a row tells it; `None`: nothing comes due, or the row can't tell.
    pub fn due(
        &self,
        register: &Register,
        row: &Map<String, Json>,
        parameters: &Parameters,
        on: Date,
    ) -> Option<Date> {
        let known: Facts = register.known(row, on);
        match register::value_of(&self.due, &known, parameters, on) {
            Value::Date(date) => Some(date),
            _ => None,
        }
    }
}
