//! The numbers of the law that change from year to year: an agency's officials announce them. What is kept of it is the room definition's.

pub mod api;
pub mod pages;

use maru_definition::{Announced, Asked, NewValue};
use maru_kernel::{Error, Event, Result};
use maru_web::{App, ports::Session};
use serde_json::{Value as Json, json};

use crate::writing::Part;

/// What somebody may do with a parameter; for who may not read it there is none.
pub fn part(app: &App, session: &Session, name: &str) -> Result<Part> {
    let pack = app.definitions.pack();
    let owner = pack.parameter_owner(name).ok_or(Error::NotFound)?;
    let part = Part::of(session, owner);
    if part.reads { Ok(part) } else { Err(Error::NotFound) }
}

fn event(app: &App, session: &Session, verb: &str, name: &str, body: Json) -> Event {
    let at = app.now();
    Event {
        id: app.ids.next::<Event>(at).to_string(),
        kind: format!("guidance.value-{verb}"),
        aggregate: format!("parameter/{name}"),
        at,
        actor: session.person.actor(),
        definition: None,
        grant: None,
        body,
    }
}

/// Asks that a parameter have a value from a day on.
pub async fn ask(app: &App, session: &Session, new: &NewValue<'_>) -> Result<()> {
    app.store
        .rerun(|| async {
            if !part(app, session, new.parameter)?.writes {
                return Err(Error::Denied("services-not-writer".into()));
            }
            let mut batch = app.definitions.ask_value(new, &session.person.id, app.now()).await?;
            let body = json!({ "from": new.from.as_ref().map(ToString::to_string).unwrap_or_default() });
            batch.event(event(app, session, "asked", new.parameter, body));
            Ok((batch, ()))
        })
        .await
}

/// Takes back what one asked for, or turns it down.
pub async fn withdraw(app: &App, session: &Session, name: &str, place: i64) -> Result<()> {
    answer(app, session, name, place, Asked::Withdrawn).await
}

/// Approves what was asked for: a second person. Every program goes by it within seconds.
pub async fn approve(app: &App, session: &Session, name: &str, place: i64) -> Result<()> {
    answer(app, session, name, place, Asked::Approved).await?;
    app.definitions.refresh_services(app.now()).await?;
    Ok(())
}

fn may_answer(session: &Session, part: Part, one: &Announced, state: Asked) -> Result<()> {
    let denied = |key: &str| Err(Error::Denied(key.into()));
    match state {
        Asked::Approved if !part.approves => denied("services-not-approver"),
        Asked::Approved if one.asked_by == session.person.id => denied("parameters-own"),
        _ if !(part.writes || part.approves) => denied("services-not-writer"),
        _ => Ok(()),
    }
}

async fn answer(app: &App, session: &Session, name: &str, place: i64, state: Asked) -> Result<()> {
    app.store
        .rerun(|| async {
            let part = part(app, session, name)?;
            let one = app.definitions.open_value(name, place).await?;
            may_answer(session, part, &one, state)?;
            let mut batch = app.definitions.answer_value(&one, state, &session.person.id, app.now())?;
            let body = json!({ "ask": place, "from": one.from.to_string() });
            batch.event(event(app, session, state.as_str(), name, body));
            Ok((batch, ()))
        })
        .await
}
