//! The same for programs.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{Path, Query},
    response::{IntoResponse, Response},
    routing::get,
};
use maru_kernel::{Error, Result};
use maru_web::{ApiContext, Context, Shared, number};
use serde::Serialize;
use serde_json::{Value as Body, json};

use super::{
    Answered, Fields, analyst,
    look::{self, Asked},
    ready::{Made, Waited},
    tables::{self, By, Sum},
};

/// A program waits longer than a person, and less long than a request may last.
const PATIENCE: Duration = Duration::from_secs(20);

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/policy", get(list))
        .route("/policy/{id}", get(service))
        .route("/policy/{id}/turn", get(turn))
}

fn later() -> Error {
    Error::Unavailable("policy-later".into())
}

async fn made(context: &Context) -> Result<std::sync::Arc<Made>> {
    analyst(context)?;
    match super::made(context, PATIENCE).await? {
        Waited::Ready(made) => made,
        Waited::Making { .. } => Err(later()),
    }
}

fn answer(body: Body) -> Response {
    Json(body).into_response()
}

fn by<T: Sum + Serialize>(context: &Context, by: &By<T>) -> Body {
    let named = |named: Vec<(String, T)>| -> Vec<Body> {
        named.iter().map(|(name, of)| json!({ "name": name, "counts": of })).collect()
    };
    let ages = by.ages.iter().map(|(from, until, of)| json!({ "from": from, "until": until, "counts": of }));
    json!({
        "places": named(by.places.clone()),
        "ages": ages.collect::<Vec<_>>(),
        "incomes": named(by.incomes(context.lang)),
    })
}

async fn list(ApiContext(context): ApiContext) -> Answered {
    let made = made(&context).await?;
    Ok(answer(json!({ "population": look::about(&made), "services": look::services(&made, context.lang) })))
}

async fn service(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    let made = made(&context).await?;
    let place = look::place(&made, &id)?;
    Ok(answer(json!({
        "population": look::about(&made),
        "service": look::service(&made, place, context.lang),
        "by": by(&context, &tables::reach(&made, place)),
        "parameters": look::numbers(&made, place, context.lang, look::plain),
    })))
}

async fn turn(ApiContext(context): ApiContext, Path(id): Path<String>, Query(fields): Fields) -> Answered {
    let made = made(&context).await?;
    let place = look::place(&made, &id)?;
    let get = |name: &str| fields.get(name).map_or("", |text| text.trim());
    let wrong = |problem| Error::Invalid(vec![problem]);
    let asked = look::asked(&made, place, get("parameter"), get("entry")).map_err(wrong)?;
    let number = number::read("number", get("number")).map_err(wrong)?;
    let asked = Asked { number: Some(number), ..asked };
    let turned = match look::turned(&made, place, &asked, PATIENCE).await? {
        Waited::Ready(turned) => turned?,
        Waited::Making { .. } => return Err(later().into()),
    };
    Ok(answer(json!({
        "population": look::about(&made),
        "parameter": asked.parameter, "entry": asked.entry,
        "was": look::plain(&asked.was), "number": look::plain(&number),
        "concerned": turned.concerned,
        "all": turned.effect.all,
        "by": by(&context, &tables::changes(&made, &turned.effect)),
        "milliseconds": { "prepare": turned.prepared, "turn": turned.milliseconds },
    })))
}
