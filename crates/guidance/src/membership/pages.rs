//! The pages and the API of membership.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maru_definition::{Pack, Service, by_rules};
use maru_kernel::{Error, Id, Result};
use maru_rules::Reason;
use maru_web::{ApiContext, Context, Fail, Sent, Shared, Shown, Typed, context, ports::SAID};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{
    line,
    model::{Item, Standing},
    paid,
    replay::worked_out,
    scope,
    tables::{self, Member, Notice},
};
use crate::services::condition;

type Answered = std::result::Result<Response, Fail>;

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/membership", get(show))
        .route("/membership/join", post(join))
        .route("/membership/leave", post(leave))
        .route("/membership/decline", post(decline))
        .route("/membership/want", post(want))
        .route("/membership/notices/{id}", get(notice))
}

pub fn api() -> Router<Shared> {
    Router::new().route("/me/membership", get(told).put(put))
}

/// Whether a service is one that somebody who asked to be told may decline, or has declined.
pub async fn wish(context: &Context, party: &str, service: &Service) -> Result<Option<&'static str>> {
    let store = &context.app.store;
    if tables::declined(store, party).await?.contains(&service.id) {
        return Ok(Some("declined"));
    }
    let known = context.app.definitions.pack().watched().any(|known| known.id == service.id);
    Ok((known && tables::member(store, party).await?.is_some()).then_some("wanted"))
}

#[derive(Serialize)]
struct Read {
    register: String,
    fields: Vec<String>,
}

/// What is read, in words.
fn reads(context: &Context, pack: &Pack, scope: &BTreeMap<String, Vec<String>>) -> Vec<Read> {
    let lang = context.lang;
    let mut reads: Vec<Read> = Vec::new();
    for register in &pack.registers {
        let Some(fields) = scope.get(&register.id) else { continue };
        let label = |name: &String| register.field(name).map(|field| field.label.get(lang).to_owned());
        let fields = fields.iter().filter_map(label).collect();
        reads.push(Read { register: register.name.get(lang).to_owned(), fields });
    }
    if let Some(facts) = scope.get(SAID) {
        let label = |name: &String| pack.fact(name).map(|fact| fact.label.get(lang).to_owned());
        let fields = facts.iter().filter_map(label).collect();
        reads.push(Read { register: context.t("membership-said"), fields });
    }
    reads
}

fn named(context: &Context, pack: &Pack, ids: impl Iterator<Item = String>) -> Vec<Shown> {
    let found = ids.filter_map(|id| pack.services.iter().find(|service| service.id == id));
    found.map(|service| context! { id => service.id, name => service.text(context.lang).name }).collect()
}

async fn show(context: Context) -> Answered {
    let person = context.resident()?;
    let (store, pack) = (&context.app.store, context.app.definitions.pack());
    let member = tables::member(store, &person.id).await?;
    let declined = tables::declined(store, &person.id).await?;
    let covered = member.as_ref().map_or_else(|| scope(&pack), |member| member.scope.clone());
    let services: Vec<Shown> = pack
        .watched()
        .map(|service| {
            context! {
                id => service.id, name => service.text(context.lang).name, article => service.without_application,
            }
        })
        .collect();
    let stood = tables::stood(store, &person.id).await?;
    let of = |standing: Standing| {
        let ids = stood.iter().filter(|(id, one)| one.standing == standing && !declined.contains(*id));
        named(&context, &pack, ids.map(|(id, _)| id.clone()))
    };
    let mut notices = Vec::new();
    for notice in tables::notices(store, &person.id).await? {
        let items = notice.kept()?.items;
        let names = named(&context, &pack, items.into_iter().map(|item| item.service));
        notices.push(context! { id => notice.id, at => notice.at.micros(), names });
    }
    // A law may need more than was consented to: nothing more is read until they say so again.
    let more = member.as_ref().is_some_and(|member| !covers(&member.scope, &scope(&pack)));
    let demo = pack.demo.as_ref().filter(|_| context.app.settings.demo);
    let who = demo.and_then(|demo| demo.people.iter().find(|one| one.id == person.id));
    let events: Vec<Shown> = who
        .map(|who| {
            who.events.iter().map(|event| context! { id => event.id, name => event.name.get(context.lang) })
        })
        .into_iter()
        .flatten()
        .collect();
    let values = context! {
        events, member => member.is_some(), since => member.as_ref().map(|member| member.since.micros()),
        read_at => member.as_ref().and_then(|member| member.read_at).map(|at| at.micros()),
        reads => reads(&context, &pack, &covered), services, yes => of(Standing::Yes), ready => of(Standing::Ready), notices, more,
        declined => named(&context, &pack, declined.iter().cloned()),
    };
    Ok(context.page("home", "guidance/membership.html", values).await?)
}

fn covers(old: &BTreeMap<String, Vec<String>>, new: &BTreeMap<String, Vec<String>>) -> bool {
    let has =
        |register: &String, field: &String| old.get(register).is_some_and(|fields| fields.contains(field));
    new.iter().all(|(register, fields)| fields.iter().all(|field| has(register, field)))
}

async fn join(context: Context, _typed: Typed) -> Answered {
    super::join(&context.app, context.resident()?).await?;
    Ok(Redirect::to("/membership").into_response())
}

async fn leave(context: Context, _typed: Typed) -> Answered {
    super::leave(&context.app, context.resident()?).await?;
    Ok(Redirect::to("/membership").into_response())
}

/// Back to the page of ours where the button was.
fn back(typed: &Typed) -> Response {
    let to = typed.get("to");
    let own = ["/services/", "/cases/", "/membership"].iter().any(|page| to.starts_with(page));
    Redirect::to(if own { to } else { "/membership" }).into_response()
}

async fn decline(context: Context, typed: Typed) -> Answered {
    super::decline(&context.app, context.resident()?, typed.get("service")).await?;
    Ok(back(&typed))
}

async fn want(context: Context, typed: Typed) -> Answered {
    super::want(&context.app, context.resident()?, typed.get("service")).await?;
    Ok(back(&typed))
}

/// Somebody's own notice. Somebody else's does not exist.
async fn own(context: &Context, party: &str, id: &str) -> Result<Notice> {
    let id = Id::<Notice>::parse(id)?;
    let notice = tables::notice(&context.app.store, id.as_str()).await?.ok_or(Error::NotFound)?;
    if notice.party == party { Ok(notice) } else { Err(Error::NotFound) }
}

fn item(context: &Context, service: &Service, item: &Item, declined: &BTreeSet<String>) -> Shown {
    let explained = by_rules(service, &item.decision);
    let reasons: Vec<_> = explained.reasons.iter().map(|why| condition(context, why, None)).collect();
    context! {
        id => service.id, name => service.text(context.lang).name, standing => item.standing,
        amount => paid(service, &item.decision, context.lang), reasons, declined => declined.contains(&service.id),
    }
}

async fn notice(context: Context, Path(id): Path<String>) -> Answered {
    let person = context.resident()?;
    let notice = own(&context, &person.id, &id).await?;
    let (kept, pack) = (notice.kept()?, context.app.definitions.pack());
    let declined = tables::declined(&context.app.store, &person.id).await?;
    let items = kept.items.iter().filter_map(|one| {
        let service = pack.services.iter().find(|service| service.id == one.service)?;
        Some(item(&context, service, one, &declined))
    });
    let items: Vec<Shown> = items.collect();
    let same = worked_out(&context.app, &notice).await?.same();
    let values = context! { id => notice.id, at => notice.at.micros(), items, same };
    Ok(context.page("home", "guidance/notice.html", values).await?)
}

fn in_words(context: &Context, notice: &Notice) -> Result<Json> {
    let (kept, pack) = (notice.kept()?, context.app.definitions.pack());
    let items = kept.items.iter().map(|one| {
        let service = pack.services.iter().find(|service| service.id == one.service);
        let reason =
            |reason: &Reason| json!({ "id": reason.id, "article": reason.article, "answer": reason.answer });
        json!({
            "service": one.service, "standing": one.standing, "amount": one.decision.amount,
            "text": service.map(|service| line(&context.app, service, one, context.lang)),
            "reasons": one.decision.reasons.iter().map(reason).collect::<Vec<_>>(),
        })
    });
    let items: Vec<_> = items.collect();
    Ok(json!({ "id": notice.id, "at": notice.at.rfc3339(), "on": kept.on.to_string(), "items": items }))
}

async fn stands(context: &Context, party: &str) -> Result<Response> {
    let store = &context.app.store;
    let member = tables::member(store, party).await?;
    let stood = tables::stood(store, party).await?;
    let possible = stood.iter().filter(|(_, one)| one.standing.is_possible());
    let possible: Vec<_> =
        possible.map(|(id, one)| json!({ "service": id, "standing": one.standing })).collect();
    let mut notices = Vec::new();
    for notice in tables::notices(store, party).await? {
        notices.push(in_words(context, &notice)?);
    }
    let covered = |member: &Option<Member>| match member {
        Some(member) => member.scope.clone(),
        None => scope(&context.app.definitions.pack()),
    };
    Ok(axum::Json(json!({
        "member": member.is_some(), "since": member.as_ref().map(|member| member.since.rfc3339()),
        "read_at": member.as_ref().and_then(|member| member.read_at).map(|at| at.rfc3339()), "reads": covered(&member),
        "possible": possible, "declined": tables::declined(store, party).await?, "notices": notices,
    }))
    .into_response())
}

/// Whether I consent, what is read, and what I was told.
async fn told(ApiContext(context): ApiContext) -> Answered {
    let person = context.resident()?;
    Ok(stands(&context, &person.id).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    member: bool,
    declined: Option<BTreeSet<String>>,
}

/// Gives or ends the consent, and says which services are not for me: these and no others.
async fn put(ApiContext(context): ApiContext, Sent(wanted): Sent<Wanted>) -> Answered {
    let (person, app) = (context.resident()?, &context.app);
    if let Some(declined) = &wanted.declined {
        let before = tables::declined(&app.store, &person.id).await?;
        let known =
            |id: &String| before.contains(id) || app.definitions.pack().watched().any(|one| one.id == *id);
        if !declined.iter().all(known) {
            return Err(Error::invalid("declined", "membership-no-service").into());
        }
        for service in declined.difference(&before) {
            super::decline(app, person, service).await?;
        }
        for service in before.difference(declined) {
            super::want(app, person, service).await?;
        }
    }
    if wanted.member {
        super::join(app, person).await?;
    } else {
        super::leave(app, person).await?;
    }
    Ok(stands(&context, &person.id).await?)
}
