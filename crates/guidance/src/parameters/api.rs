//! Every parameter with its values by date, for anyone's program; what is asked for, for programs of those who may.

use axum::{
    Json, Router,
    extract::Path,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use maru_definition::{Announced, Pack};
use maru_kernel::{At, Error, Result};
use maru_web::{ApiContext, Context, Sent, Shared, number};
use serde::Deserialize;
use serde_json::{Value as Body, json};

use super::pages::asked_for;
use crate::{
    parameters::{self, part},
    writing::{
        api::{maybe, person},
        pages::{Answered, session},
    },
};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/parameters", get(list))
        .route("/parameters/{name}", get(show))
        .route("/parameters/{name}/asks", get(asks).post(ask))
        .route("/parameters/{name}/asks/{place}/approve", post(approve))
        .route("/parameters/{name}/asks/{place}/withdraw", post(withdraw))
}

fn parameter(context: &Context, pack: &Pack, name: &str) -> Body {
    let values: Vec<_> = pack
        .parameters
        .values(name)
        .map(|one| json!({ "from": one.from, "until": one.until, "value": one.value, "source": one.source }))
        .collect();
    json!({
        "name": name, "label": pack.parameter_label(name, context.lang), "unit": pack.parameters.unit(name),
        "article": pack.parameters.article(name), "agency": pack.parameter_owner(name), "values": values,
    })
}

async fn list(ApiContext(context): ApiContext) -> Answered {
    let pack = context.app.definitions.pack();
    let parameters: Vec<_> = pack.parameters.names().map(|name| parameter(&context, &pack, name)).collect();
    Ok(Json(json!({ "parameters": parameters })).into_response())
}

async fn show(ApiContext(context): ApiContext, Path(name): Path<String>) -> Answered {
    let pack = context.app.definitions.pack();
    let name = pack.parameters.names().find(|known| *known == name).ok_or(Error::NotFound)?;
    Ok(Json(parameter(&context, &pack, name)).into_response())
}

async fn asked(context: &Context, one: &Announced) -> Result<Body> {
    let pack = context.app.definitions.pack();
    let unit = pack.parameters.unit(&one.parameter).unwrap_or_default();
    let numbers: Vec<_> = one.numbers().iter().map(|number| number::measured(number, unit)).collect();
    Ok(json!({
        "place": one.place, "from": one.from, "numbers": numbers, "source": one.source, "state": one.state.as_str(),
        "asked_by": person(context, &one.asked_by).await?, "asked_at": one.asked_at.rfc3339(),
        "done_by": maybe(context, one.done_by.as_deref()).await?, "done_at": one.done_at.map(At::rfc3339),
    }))
}

async fn asks(ApiContext(context): ApiContext, Path(name): Path<String>) -> Answered {
    part(&context.app, session(&context)?, &name)?;
    let mut asks = Vec::new();
    for one in &context.app.definitions.announced(&name).await? {
        asks.push(asked(&context, one).await?);
    }
    Ok(Json(json!({ "asks": asks })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    from: String,
    /// As one writes them: `35%`, `1,200,000`.
    numbers: Vec<String>,
    source: String,
}

/// What was asked for of a parameter, the first that is meant.
async fn told_of(context: &Context, name: &str, meant: impl Fn(&Announced) -> bool) -> Result<Json<Body>> {
    let asks = context.app.definitions.announced(name).await?;
    let one = asks.iter().find(|one| meant(one)).ok_or(Error::NotFound)?;
    Ok(Json(asked(context, one).await?))
}

async fn ask(
    ApiContext(context): ApiContext,
    Path(name): Path<String>,
    Sent(body): Sent<Wanted>,
) -> Answered {
    let session = session(&context)?;
    let texts: Vec<&str> = body.numbers.iter().map(String::as_str).collect();
    asked_for(&context, &name, &body.from, &texts, &body.source).await?;
    let told = told_of(&context, &name, |one| one.asked_by == session.person.id).await?;
    Ok((StatusCode::CREATED, told).into_response())
}

async fn approve(ApiContext(context): ApiContext, Path((name, place)): Path<(String, i64)>) -> Answered {
    parameters::approve(&context.app, session(&context)?, &name, place).await?;
    answered(&context, &name, place).await
}

async fn withdraw(ApiContext(context): ApiContext, Path((name, place)): Path<(String, i64)>) -> Answered {
    parameters::withdraw(&context.app, session(&context)?, &name, place).await?;
    answered(&context, &name, place).await
}

async fn answered(context: &Context, name: &str, place: i64) -> Answered {
    Ok(told_of(context, name, |one| one.place == place).await?.into_response())
}
