//! What a case is to others, on its page and on the desk, and the verbs that bind and part them.

use axum::{
    Json, Router,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use maru_definition::Service;
use maru_kernel::{Error, Result};
use maru_web::{ApiContext, Context, Fail, Sent, Shared, Shown, Typed, context};
use serde::Deserialize;
use serde_json::json;

use crate::{
    actions, desk, letters,
    model::{Case, LinkKind},
    tables,
};

pub fn pages() -> Router<Shared> {
    Router::new()
        .route("/cases/{id}/object", post(object))
        .route("/cases/{id}/wait", post(wait))
        .route("/cases/{id}/unite", post(unite))
        .route("/cases/{id}/split", post(split))
        .route("/cases/{id}/part", post(part))
        .route("/cases/{id}/note", post(note))
}

pub fn api() -> Router<Shared> {
    Router::new()
        .route("/cases/{id}/object", post(api_object))
        .route("/cases/{id}/wait", post(api_wait))
        .route("/cases/{id}/unite", post(api_unite))
        .route("/cases/{id}/split", post(api_split))
        .route("/cases/{id}/part", post(api_part))
        .route("/cases/{id}/note", post(api_note))
}

type Answered = std::result::Result<Response, Fail>;

/// The cases that one has to do with, as its resident or its unit sees them: others' are a number, no more.
pub async fn shown(context: &Context, case: &Case) -> Result<Vec<Shown>> {
    let app = &context.app;
    let unit = context.official().ok().map(|(_, unit)| unit.to_owned());
    let mine = tables::links(&app.store, case)
        .await?
        .into_iter()
        .map(|link| (link.kind, true, link.other, link.ended));
    let theirs = tables::links_to(&app.store, &case.id).await?;
    let theirs = theirs.into_iter().map(|link| (link.kind, false, link.case, link.ended));
    let mut found: Vec<_> = mine.chain(theirs).collect();
    // What was sent together is tied to the first; the others belong together too.
    if let Some(first) = found
        .iter()
        .find(|(kind, from, ..)| *kind == LinkKind::Together && *from)
        .map(|(_, _, id, _)| id.clone())
    {
        let others = tables::links_to(&app.store, &first).await?;
        let others =
            others.into_iter().filter(|link| link.kind == LinkKind::Together && link.case != case.id);
        found.extend(others.map(|link| (link.kind, false, link.case, link.ended)));
    }
    let mut out = Vec::new();
    for (kind, from, id, ended) in found {
        let Some(other) = tables::case(&app.store, &id).await? else { continue };
        let leads = unit.is_none() || other.unit == unit;
        // A resident learns nothing of another's case, not even its number.
        if unit.is_none() && other.resident != case.resident {
            continue;
        }
        let service = actions::service(app, &other.service)?;
        // Whatever else somebody applied for in the same visit concerns no other unit: of that it sees the number.
        let told = leads || kind != LinkKind::Together;
        out.push(context! {
            what => context.t(&format!("link-{}-{}", kind.as_str(), if from { "from" } else { "to" })),
            leads, desk => unit.is_some(), receipt => other.receipt, service => if told { service.text(context.lang).name.as_str() } else { "" },
            state => if told { letters::state_name(&app.definitions, &other).get(context.lang).to_owned() } else { String::new() },
            open => other.state.is_open(), other => id, draft => other.state.is_draft(),
            can_part => from && !ended && kind.can_end() && unit.is_some(),
        });
    }
    Ok(out)
}

/// Whether its applicant may object to how a case was decided now.
pub async fn may_object(context: &Context, case: &Case, service: &Service) -> Result<bool> {
    let until = case.objection_until(service).filter(|_| case.may_be_objected());
    if until.is_none_or(|until| context.now.date() > until) {
        return Ok(false);
    }
    for link in tables::links_to(&context.app.store, &case.id).await? {
        if link.kind == LinkKind::Objection {
            let other = tables::case(&context.app.store, &link.case).await?;
            if other.is_some_and(|other| !other.state.is_withdrawn()) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

async fn object(context: Context, Path(id): Path<String>, _typed: Typed) -> Answered {
    let objection = actions::object(&context.app, context.resident()?, &id).await?;
    Ok(Redirect::to(&format!("/cases/{objection}")).into_response())
}

/// Back to the case on the desk, or the same page with what was wrong at its field.
async fn worked(context: &Context, id: &str, form: &str, typed: &Typed, outcome: Result<Case>) -> Answered {
    let (_, unit) = context.official()?;
    match outcome {
        Ok(_) => Ok(Redirect::to(&format!("/desk/cases/{id}")).into_response()),
        Err(Error::Invalid(problems)) => {
            let case = actions::of_unit(&context.app, unit, id).await?;
            desk::again(context, &case, form, &problems, typed).await
        }
        Err(other) => Err(Fail(other)),
    }
}

async fn wait(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    let outcome = actions::wait(&context.app, person, unit, &id, typed.get("receipt")).await;
    worked(&context, &id, "wait", &typed, outcome).await
}

async fn unite(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    let outcome = actions::unite(&context.app, person, unit, &id, typed.get("receipt")).await;
    worked(&context, &id, "unite", &typed, outcome).await
}

async fn split(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    let outcome = actions::split(&context.app, person, unit, &id, typed.get("unit"), typed.get("text")).await;
    worked(&context, &id, "split", &typed, outcome).await
}

async fn part(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    let outcome = actions::part(&context.app, person, unit, &id, typed.get("other")).await;
    worked(&context, &id, "part", &typed, outcome).await
}

async fn note(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    let outcome = actions::note(&context.app, person, unit, &id, typed.get("text")).await;
    worked(&context, &id, "note", &typed, outcome).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    receipt: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Split {
    unit: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Other {
    other: String,
}

fn done(case: &Case) -> Answered {
    let body = json!({ "id": case.id, "receipt": case.receipt, "state": case.state.as_str(), "due_on": case.due_on });
    Ok(Json(body).into_response())
}

async fn api_object(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    let person = context.resident()?;
    let objection = actions::object(&context.app, person, &id).await?;
    done(&actions::own(&context.app, person, &objection).await?)
}

async fn api_wait(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<Named>,
) -> Answered {
    let (person, unit) = context.official()?;
    done(&actions::wait(&context.app, person, unit, &id, &body.receipt).await?)
}

async fn api_unite(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<Named>,
) -> Answered {
    let (person, unit) = context.official()?;
    done(&actions::unite(&context.app, person, unit, &id, &body.receipt).await?)
}

async fn api_split(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<Split>,
) -> Answered {
    let (person, unit) = context.official()?;
    done(&actions::split(&context.app, person, unit, &id, &body.unit, &body.text).await?)
}

async fn api_note(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<Text>,
) -> Answered {
    let (person, unit) = context.official()?;
    done(&actions::note(&context.app, person, unit, &id, &body.text).await?)
}

async fn api_part(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<Other>,
) -> Answered {
    let (person, unit) = context.official()?;
    done(&actions::part(&context.app, person, unit, &id, &body.other).await?)
}
