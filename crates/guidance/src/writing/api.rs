//! The same for programs of those who write, approve or look after services.

use axum::{
    Json, Router,
    extract::Path,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post, put},
};
use maru_definition::{Ask, Draft, RanCase};
use maru_kernel::{At, Error, Result};
use maru_rules::Answer;
use maru_web::{ApiContext, Context, Sent, Shared};
use serde::Deserialize;
use serde_json::{Value as Body, json};

use super::{
    pages::{Answered, name_of, session, told},
    publish,
};
use crate::writing;

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/drafts", get(list).post(begin))
        .route("/drafts/{id}", get(show))
        .route("/drafts/{id}/files", put(write))
        .route("/drafts/{id}/asks", post(ask))
        .route("/drafts/{id}/asks/{place}/approve", post(approve))
        .route("/drafts/{id}/asks/{place}/withdraw", post(withdraw))
}

/// Who did something.
pub async fn person(context: &Context, id: &str) -> Result<Body> {
    let person = context.app.ports.people.person(id).await?;
    Ok(json!({ "id": id, "name": person.name.get(context.lang) }))
}

/// The same, where nobody may have done it yet.
pub async fn maybe(context: &Context, id: Option<&str>) -> Result<Option<Body>> {
    match id {
        Some(id) => person(context, id).await.map(Some),
        None => Ok(None),
    }
}

async fn brief(context: &Context, draft: &Draft) -> Result<Body> {
    Ok(json!({
        "id": draft.service, "name": name_of(draft, context.lang), "owner": draft.owner.id,
        "state": writing::standing(&context.app, draft).await?, "version": draft.version, "at": draft.at.rfc3339(),
    }))
}

fn outcome((answer, amount): (Answer, Option<i64>)) -> Body {
    json!({ "answer": answer, "amount": amount })
}

fn case(context: &Context, case: &RanCase) -> Body {
    let wrong = case
        .wrong
        .iter()
        .map(|(what, todo)| json!({ "what": what.get(context.lang), "todo": todo.get(context.lang) }));
    json!({
        "name": case.name, "on": case.on, "expected": outcome(case.expected), "decided": case.decided.map(outcome),
        "wrong": wrong.collect::<Vec<_>>(),
    })
}

async fn asked(context: &Context, ask: &Ask) -> Result<Body> {
    Ok(json!({
        "place": ask.place, "verb": ask.verb.as_str(), "version": ask.draft, "from": ask.from, "state": ask.state.as_str(),
        "asked_by": person(context, &ask.asked_by).await?, "asked_at": ask.asked_at.rfc3339(),
        "done_by": maybe(context, ask.done_by.as_deref()).await?, "done_at": ask.done_at.map(At::rfc3339),
    }))
}

async fn written(context: &Context, draft: &Draft) -> Result<Body> {
    let file = Some(&draft.file).filter(|file| !file.is_empty());
    Ok(json!({
        "version": draft.version, "file": file, "by": person(context, &draft.writer).await?, "at": draft.at.rfc3339(),
    }))
}

/// A draft with all that is to be said of it.
async fn whole(context: &Context, id: &str) -> Result<Json<Body>> {
    let definitions = &context.app.definitions;
    let (draft, _) = writing::draft(&context.app, session(context)?, id).await?;
    let tried = definitions.tried(&draft);
    let (mut asks, mut history) = (Vec::new(), Vec::new());
    for ask in &definitions.asks(id).await? {
        asks.push(asked(context, ask).await?);
    }
    for draft in &definitions.draft_history(id).await? {
        history.push(written(context, draft).await?);
    }
    let cases: Vec<_> = tried.cases.iter().map(|ran| case(context, ran)).collect();
    let mut body = brief(context, &draft).await?;
    if let Some(map) = body.as_object_mut() {
        map.insert("files".into(), json!(draft.files));
        map.insert("faults".into(), json!(told(context, &draft, &tried.faults)));
        map.insert("warnings".into(), json!(told(context, &draft, &tried.warnings)));
        map.insert("cases".into(), cases.into());
        map.insert("asks".into(), asks.into());
        map.insert("history".into(), history.into());
    }
    Ok(Json(body))
}

async fn list(ApiContext(context): ApiContext) -> Answered {
    let mut drafts = Vec::new();
    for draft in &writing::drafts(&context.app, session(&context)?).await? {
        drafts.push(brief(&context, draft).await?);
    }
    Ok(Json(json!({ "drafts": drafts })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Begun {
    owner: String,
    id: String,
}

async fn begin(ApiContext(context): ApiContext, Sent(body): Sent<Begun>) -> Answered {
    writing::begin(&context.app, session(&context)?, &body.owner, &body.id).await?;
    Ok((StatusCode::CREATED, whole(&context, &body.id).await?).into_response())
}

async fn show(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    Ok(whole(&context, &id).await?.into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    file: String,
    text: String,
    /// The version that the writer had before them.
    version: i64,
}

async fn write(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<Written>,
) -> Answered {
    let Written { file, text, version } = body;
    writing::write(&context.app, session(&context)?, &id, &file, &text, version).await?;
    Ok(whole(&context, &id).await?.into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    verb: String,
    from: String,
}

/// What was asked for of a draft, the first that is meant.
async fn told_of(context: &Context, id: &str, meant: impl Fn(&Ask) -> bool) -> Result<Json<Body>> {
    let asks = context.app.definitions.asks(id).await?;
    let ask = asks.iter().find(|ask| meant(ask)).ok_or(Error::NotFound)?;
    Ok(Json(asked(context, ask).await?))
}

async fn ask(ApiContext(context): ApiContext, Path(id): Path<String>, Sent(body): Sent<Wanted>) -> Answered {
    let session = session(&context)?;
    publish::asked_for(&context, &id, &body.verb, &body.from).await?;
    let told = told_of(&context, &id, |ask| ask.asked_by == session.person.id).await?;
    Ok((StatusCode::CREATED, told).into_response())
}

async fn approve(ApiContext(context): ApiContext, Path((id, place)): Path<(String, i64)>) -> Answered {
    writing::approve(&context.app, session(&context)?, &id, place).await?;
    answered(&context, &id, place).await
}

async fn withdraw(ApiContext(context): ApiContext, Path((id, place)): Path<(String, i64)>) -> Answered {
    writing::withdraw(&context.app, session(&context)?, &id, place).await?;
    answered(&context, &id, place).await
}

async fn answered(context: &Context, id: &str, place: i64) -> Answered {
    Ok(told_of(context, id, |ask| ask.place == place).await?.into_response())
}
