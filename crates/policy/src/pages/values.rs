//! A value of a parameter that waits for approval, over the population, for whoever may read it.

use std::sync::Arc;

use axum::{Router, extract::Path, routing::get};
use maru_definition::{Announced, Asked, Service};
use maru_kernel::{Error, Result};
use maru_web::{
    Context, Shared, Typed, admin_tabs, context,
    ports::{RoleKind, Session},
};
use serde_json::json;

use super::{
    Answered, PATIENCE, drafts, effect_shown, look,
    ready::{Desk, Waited},
};

pub fn routes() -> Router<Shared> {
    Router::new().route("/admin/parameters/{name}/population", get(show).post(run))
}

/// What waits, for those who may read it; for all others there is none.
async fn open<'a>(context: &'a Context, name: &str) -> Result<(&'a Session, Announced)> {
    let kinds = [RoleKind::Writer, RoleKind::Manager, RoleKind::Operator, RoleKind::Auditor];
    let session = context.with_role(&kinds, "services-not-yours")?;
    let pack = context.app.definitions.pack();
    let owner = pack.parameter_owner(name).ok_or(Error::NotFound)?;
    let announced = context.app.definitions.announced(name).await?;
    let open = announced.into_iter().find(|one| one.state == Asked::Open);
    match open {
        Some(one) if session.reads_drafts_of(owner) => Ok((session, one)),
        _ => Err(Error::NotFound),
    }
}

async fn show(context: Context, Path(name): Path<String>) -> Answered {
    drawn(&context, &name, None).await
}

async fn run(context: Context, Path(name): Path<String>, typed: Typed) -> Answered {
    drawn(&context, &name, Some(&typed)).await
}

async fn drawn(context: &Context, name: &str, typed: Option<&Typed>) -> Answered {
    let (session, one) = open(context, name).await?;
    let population = context.app.kept.get::<Desk>().made(&context.app, context.now.date());
    let made = match population.within(PATIENCE).await? {
        Waited::Ready(made) => made?,
        Waited::Making { done, of } => {
            return super::making(context, session, "parameters", "people", done, of).await;
        }
    };
    let pack = context.app.definitions.pack();
    let reads = |service: &&Arc<Service>| {
        !service.ended && service.rules.parameters(&pack.parameters, one.from).contains(name)
    };
    let services: Vec<&Arc<Service>> = pack.services.iter().filter(reads).collect();
    let wanted = typed.map_or("", |typed| typed.get("service"));
    let service = services.iter().find(|service| service.id == wanted).or(services.first()).copied();
    let drafted = match (typed, service) {
        (Some(_), Some(service)) => {
            let about = json!({
                "parameter": name, "ask": one.place, "service": service.id, "on": one.from.to_string(),
                "persons": made.persons(),
            });
            drafts::enter(context, session, "policy.value-screened", &format!("parameter/{name}"), about)
                .await?;
            let then = context.app.definitions.parameters_with(&one);
            let before = (service.clone(), Arc::new(pack.parameters.clone()));
            let after = (service.clone(), Arc::new(then));
            Some(drafts::compared(context, &made, Some(before), after, one.from).await?)
        }
        _ => None,
    };
    let pays = service.map_or("none", |service| service.pays.as_str());
    let result = drafted.map(|drafted| context! { ..drafts::told(&drafted, pays, true), ..effect_shown(context, &made, &drafted.effect) });
    let options: Vec<_> = services
        .iter()
        .map(|of| {
            let selected = service.is_some_and(|service| service.id == of.id);
            context! { value => of.id, label => of.text(context.lang).name, selected }
        })
        .collect();
    let values = context! {
        tab => "parameters", tabs => admin_tabs(session), about => look::about(&made), name,
        label => pack.parameter_label(name, context.lang), from => one.from.to_string(), pays, result, services => options,
    };
    Ok(context.page("admin", "policy/value.html", values).await?)
}
