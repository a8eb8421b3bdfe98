use maru_definition::{History, NoTerms, Owed, Pack, ServiceKind, owed, terms};
use maru_kernel::{At, Date, Error, Result};
use maru_rules::{Facts, Value};
use maru_web::{
    App,
    ports::{Held, Person, Source, Sourced},
};

use crate::{
    actions::{self, decide::Decided},
    model::Case,
};

/// Whether it can be asked of a case: a benefit that was granted.
pub fn can_be_owed(app: &App, case: &Case) -> bool {
    let paid = app.definitions.service(&case.service).is_some_and(|service| {
        service.kind == ServiceKind::Benefit && !service.asks_nothing() && service.pays.as_str() != "none"
    });
    paid && Decided::of(&case.state) == Some(Decided::Granted)
}

/// What each payment of a granted case was to be, by what registers say of that time now, beside what follows from the rows it was
/// granted on; since it was sent, until today. Read under the case's grant, with an entry in the access log.
pub async fn owed_now(app: &App, person: &Person, case: &Case) -> Result<Owed> {
    if !can_be_owed(app, case) {
        return Err(Error::NotFound);
    }
    let service = actions::service(app, &case.service)?;
    let mut ask = actions::case_ask(person.actor(), case, &service, actions::evidence(&service));
    ask.why = app.texts.both("owed-why");
    let versions = if ask.fields.is_empty() {
        app.ports.registers.show(&ask).await?;
        Vec::new()
    } else {
        app.ports.registers.versions(&ask).await?
    };
    let pack = app.definitions.pack();
    let span = (case.submitted_at.unwrap_or(app.now()).date(), app.now().date());
    let days = terms(service.pays, span.0, span.1).map_err(refused)?;
    let then: Vec<Held> =
        ask.fields.keys().filter_map(|register| granted_on(case, &versions, register)).collect();
    let before = History::on(days.iter().copied(), |on| facts(&pack, case, &then, on));
    let now = History::on(days.iter().copied(), |on| {
        let held: Vec<Held> =
            ask.fields.keys().filter_map(|register| held_on(&versions, register, on)).collect();
        facts(&pack, case, &held, on)
    });
    owed((&service.rules, &pack.parameters, service.pays), span, &before, &now).map_err(refused)
}

fn refused(_: NoTerms) -> Error {
    Error::Conflict("owed-too-long".into())
}

/// The row of a register that a case was decided on.
fn granted_on(case: &Case, versions: &[Held], register: &str) -> Option<Held> {
    let sources = case.file.as_ref()?.sources.values();
    let read = |source: &Source| match source {
        Source::Register { register: of, at } if of == register => Some(*at),
        _ => None,
    };
    let at: Option<At> = sources.into_iter().find_map(read)?;
    // Corrected as of the same day: the one that was there first.
    match at {
        Some(_) => versions.iter().rfind(|held| held.register == register && held.as_of == at).cloned(),
        None => Some(Held { register: register.to_owned(), row: None, as_of: None }),
    }
}

/// What a register says now of a day: the version written last of those that reach back to it. Where none does, it says nothing.
fn held_on(versions: &[Held], register: &str, on: Date) -> Option<Held> {
    let mut of = versions.iter().filter(|held| held.register == register);
    of.find(|held| held.as_of.is_none_or(|at| at.date() <= on)).cloned()
}

fn facts(pack: &Pack, case: &Case, held: &[Held], on: Date) -> Facts {
    let mut sourced = Sourced::of(pack, held, on);
    for (name, json) in &case.answers {
        if let Ok(value) = Value::from_json(json)
            && !sourced.sources.contains_key(name)
        {
            sourced.facts.insert(name.as_str(), value);
        }
    }
    sourced.facts
}

#[cfg(test)]
mod tests {
    // Tests say what they expect by unwrapping it.
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_version_counts_from_its_day_and_the_last_written_wins() {
        let held = |day: &str, income: i64| Held {
            register: "income".into(),
            row: serde_json::json!({ "소득": income }).as_object().cloned(),
            as_of: Some(At::start_of(day.parse().unwrap())),
        };
        // written last first: a correction for March on, after a change in June
        let versions = [held("2026-03-01", 3), held("2026-06-01", 2), held("2026-01-01", 1)];
        let says = |day: &str| {
            held_on(&versions, "income", day.parse().unwrap())
                .map(|h| h.row.unwrap()["소득"].as_i64().unwrap())
        };
        assert_eq!(says("2025-12-31"), None, "nothing is known before the first");
        assert_eq!(says("2026-02-01"), Some(1));
        assert_eq!(says("2026-03-01"), Some(3));
        assert_eq!(
            says("2026-07-01"),
            Some(3),
            "what was written last holds until something is written again"
        );
        assert_eq!(held_on(&versions, "other", "2026-07-01".parse().unwrap()).map(|h| h.register), None);
    }
}
