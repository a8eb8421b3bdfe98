//! A draft of a service over the population, for whoever may read the draft.

use std::sync::Arc;

use axum::{Router, extract::Path, routing::get};
use maru_definition::{Draft, Service};
use maru_kernel::{Date, Error, Event, Problem, Result};
use maru_rules::Parameters;
use maru_web::{
    Context, Shared, Shown, Typed, admin_tabs, context,
    ports::{RoleKind, Session},
};
use serde_json::json;

use super::{
    Answered, PATIENCE, effect_shown, look,
    ready::{Desk, Made, Waited, threads},
};
use crate::{Drafted, Progress, Stuck};

pub fn routes() -> Router<Shared> {
    Router::new().route("/admin/services/{id}/population", get(show).post(run))
}

/// A draft that somebody may read; for all others there is none.
async fn draft<'a>(context: &'a Context, id: &str) -> Result<(&'a Session, Draft)> {
    let kinds = [RoleKind::Writer, RoleKind::Manager, RoleKind::Operator, RoleKind::Auditor];
    let session = context.with_role(&kinds, "services-not-yours")?;
    let draft = context.app.definitions.draft(id).await?.ok_or(Error::NotFound)?;
    if session.reads_drafts_of(&draft.owner.id) { Ok((session, draft)) } else { Err(Error::NotFound) }
}

async fn show(context: Context, Path(id): Path<String>) -> Answered {
    drawn(&context, &id, None).await
}

async fn run(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    drawn(&context, &id, Some(&typed)).await
}

/// Enters in the ledger and tells that something was held against the population: once a run, with nobody's data in it.
pub async fn enter(
    context: &Context,
    session: &Session,
    kind: &str,
    subject: &str,
    about: serde_json::Value,
) -> Result<()> {
    let (app, at) = (&context.app, context.app.now());
    let entry = json!({ "kind": kind, "about": about, "actor": session.person.id, "at": at });
    let mut batch = app.ports.ledger.enter(subject, at, &entry)?;
    batch.event(Event {
        id: app.ids.next::<Event>(at).to_string(),
        kind: kind.into(),
        aggregate: subject.into(),
        at,
        actor: session.person.actor(),
        definition: None,
        grant: None,
        body: about,
    });
    app.store.commit(batch).await?;
    Ok(())
}

/// A service and the parameters it goes by.
pub type Law = (Arc<Service>, Arc<Parameters>);

/// Everybody by the one law and by the other. One at a time: each takes half the cores.
pub async fn compared(
    context: &Context,
    made: &Arc<Made>,
    now: Option<Law>,
    then: Law,
    on: Date,
) -> Result<Drafted> {
    let made = made.clone();
    let desk = context.app.kept.get::<Desk>();
    let _turn = desk.turn().await;
    let work = move || {
        let now = now.as_ref().map(|(service, parameters)| (&service.rules, parameters.as_ref()));
        let then = (&then.0.rules, then.1.as_ref());
        made.screening.drafted(now, then, on, threads(), &Progress::default())
    };
    let done = tokio::task::spawn_blocking(work).await.map_err(Error::internal)?;
    done.map_err(|stuck| match stuck {
        Stuck::Stopped => Error::Unavailable("policy-later".into()),
        _ => Error::internal("a draft can't be held against the population"),
    })
}

/// What both laws say of everybody, beside the effect itself.
pub fn told(drafted: &Drafted, pays: &str, served: bool) -> Shown {
    context! {
        won_year => if pays == "month" { drafted.effect.all.won().saturating_mul(12) } else { 0 },
        served, concerned => drafted.persons,
        unknown_before => drafted.unknown_before, unknown_after => drafted.unknown_after,
    }
}

async fn drawn(context: &Context, id: &str, typed: Option<&Typed>) -> Answered {
    let (session, draft) = draft(context, id).await?;
    let today = context.now.date();
    let population = context.app.kept.get::<Desk>().made(&context.app, today);
    let made = match population.within(PATIENCE).await? {
        Waited::Ready(made) => made?,
        Waited::Making { done, of } => {
            return super::making(context, session, "services", "people", done, of).await;
        }
    };
    let tried = context.app.definitions.tried(&draft);
    let named = tried.service.as_ref().map(|service| service.text(context.lang).name.clone());
    let pays = tried.service.as_ref().map_or("none", |service| service.pays.as_str());
    let ready = tried.service.as_ref().is_some_and(|service| !service.asks_nothing());
    let asked = typed.map_or("", |typed| typed.get("on").trim());
    let (on, problem) = match asked.parse::<Date>() {
        _ if asked.is_empty() => (today, None),
        Ok(on) => (on, None),
        Err(_) => (today, Some(Problem { field: "on".into(), key: "form-date".into(), value: None })),
    };
    let served = made.screening.in_force(&draft.service).is_some();
    let drafted = match &tried.service {
        Some(service) if typed.is_some() && ready && problem.is_none() => {
            let subject = format!("service/{}", draft.service);
            let about = json!({
                "service": draft.service, "version": draft.version, "on": on.to_string(), "persons": made.persons(),
            });
            enter(context, session, "policy.draft-screened", &subject, about).await?;
            let parameters = Arc::new(made.screening.nation.pack.parameters.clone());
            let now = made.screening.in_force(&draft.service).map(|now| (now.clone(), parameters));
            let then = (service.clone(), Arc::new(tried.pack.parameters.clone()));
            Some(compared(context, &made, now, then, on).await?)
        }
        _ => None,
    };
    let result = drafted.map(|drafted| {
        context! { ..told(&drafted, pays, served), ..effect_shown(context, &made, &drafted.effect) }
    });
    let problems: Vec<_> =
        problem.iter().map(|p| context! { id => p.field, text => context.told(p) }).collect();
    let wrong = problem.as_ref().map(|p| context.told(p)).unwrap_or_default();
    let shown = if problem.is_some() { asked.to_owned() } else { on.to_string() };
    let values = context! {
        tab => "services", tabs => admin_tabs(session), about => look::about(&made), id => draft.service,
        name => named.unwrap_or_else(|| draft.service.clone()), version => draft.version, pays, ready, result, problems, wrong, on => shown,
    };
    Ok(if problem.is_none() {
        context.page("admin", "policy/draft.html", values).await?
    } else {
        context.page_again("admin", "policy/draft.html", values).await?
    })
}
