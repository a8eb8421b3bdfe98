//! How long what was granted holds, and how long ahead its holder is told that it ends.

use maru_kernel::Date;
use maru_rules::{Expr, Facts, Parameters, Value};
use serde::Deserialize;

use crate::{fault::Fault, register};

#[derive(Debug, Clone)]
pub struct Lasts {
    /// The last day, over the facts of the case, with the day of the decision as 오늘; what it can't tell is not told.
    pub until: Expr,
    /// So many days before it its holder is told, once each; the longest first.
    pub ahead: Vec<i64>,
    pub article: String,
    /// One may apply again for the time after it.
    pub again: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenLasts {
    until: toml::Spanned<String>,
    ahead: Vec<i64>,
    article: String,
    #[serde(default)]
    again: bool,
}

impl Lasts {
    pub(crate) fn read(
        written: WrittenLasts,
        file: &str,
        text: &str,
        faults: &mut Vec<Fault>,
    ) -> Option<Lasts> {
        let WrittenLasts { until, ahead, article, again } = written;
        let until = register::feel(file, text, &until, faults)?;
        Some(Lasts { until, ahead, article, again })
    }

    /// The last day of what is granted on a day.
    pub fn until(&self, facts: &Facts, parameters: &Parameters, on: Date) -> Option<Date> {
        let mut facts = facts.clone();
        facts.insert(register::TODAY, Value::Date(on));
        match register::value_of(&self.until, &facts, parameters, on) {
            Value::Date(date) => Some(date),
            _ => None,
        }
    }
}
