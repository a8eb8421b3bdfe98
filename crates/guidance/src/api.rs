//! Facts in, answers out: for anyone's program, keeping nothing.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::{Path, Query},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use maru_definition::{Deadline, Entry, Explained, Guidance, NextQuestion};
use maru_kernel::{Error, Problem};
use maru_rules::{Facts, Value};
use maru_web::{ApiContext, Context, Fail, Sent, Shared};
use serde::Deserialize;
use serde_json::{Map, Value as Body, json};

use crate::{actions, home};

/// The whole catalogue fits.
const MOST: usize = 20_000;

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/facts", get(facts))
        .route("/eligibility", post(eligibility))
        .route("/services", get(search))
        .route("/services/{id}", get(service))
        .route("/me/services", get(mine))
}

type Answered = Result<Response, Fail>;

/// The dictionary: every name a program may send.
async fn facts(ApiContext(context): ApiContext) -> Answered {
    let pack = context.app.definitions.pack();
    let facts: Vec<Body> = pack
        .facts
        .iter()
        .map(|f| {
            let choices: Vec<Body> = f
                .choices
                .iter()
                .map(|c| json!({ "value": c.value, "label": c.label, "code": c.code }))
                .collect();
            json!({
                "name": f.name, "kind": f.kind, "label": f.label, "unit": f.unit, "min": f.min, "max": f.max,
                "question": f.question, "group": f.group, "codes": f.codes, "choices": choices,
            })
        })
        .collect();
    let regions: Vec<&str> = pack.regions.iter().map(|r| r.name.as_str()).collect();
    Ok(Json(json!({ "facts": facts, "regions": regions })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    facts: Map<String, Body>,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    full: bool,
    /// As of which day; today when absent.
    #[serde(default)]
    on: Option<maru_kernel::Date>,
}

/// Reads facts by the dictionary; every wrong one is told at once.
fn read(context: &Context, sent: &Map<String, Body>) -> Result<Facts, Error> {
    let pack = context.app.definitions.pack();
    let mut facts = Facts::default();
    let mut problems = Vec::new();
    for (name, json) in sent {
        let Some(def) = pack.fact(name) else {
            problems.push(Problem { field: name.clone(), key: "fact-unknown".into(), value: None });
            continue;
        };
        if json.is_null() {
            continue;
        }
        match def.read(json, &pack.regions) {
            Ok(value) => facts.insert(def.name.as_str(), value),
            Err(key) => problems.push(Problem { field: name.clone(), key, value: None }),
        }
    }
    if problems.is_empty() { Ok(facts) } else { Err(Error::Invalid(problems)) }
}

fn values(facts: &[(String, Option<Value>)]) -> Vec<Body> {
    facts
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": value.as_ref().map(Value::to_json) }))
        .collect()
}

fn explained(context: &Context, explained: &Explained, body: &mut Map<String, Body>) {
    let reasons: Vec<Body> = explained
        .reasons
        .iter()
        .map(|why| {
            json!({
                "group": why.group, "answer": why.answer, "label": why.label.get(context.lang),
                "detail": why.detail.get(context.lang), "article": why.article, "facts": values(&why.facts),
                "value": why.value.as_ref().map(Value::to_json), "limit": why.limit.as_ref().map(Value::to_json),
            })
        })
        .collect();
    if let Some(amount) = explained.amount {
        body.insert("amount".into(), amount.0.into());
    }
    body.insert("spoke".into(), explained.spoke.as_str().into());
    body.insert("reasons".into(), reasons.into());
}

fn brief(context: &Context, entry: &Entry) -> Map<String, Body> {
    let deadline = match entry.deadline {
        Deadline::On(date) => Body::String(date.to_string()),
        Deadline::Always => Body::String("always".into()),
        Deadline::Unstated => Body::Null,
    };
    let mut map = Map::new();
    map.insert("id".into(), entry.id.as_str().into());
    map.insert("source_id".into(), entry.source_id.clone().into());
    map.insert("name".into(), entry.name.get(context.lang).into());
    map.insert("agency".into(), entry.agency.as_str().into());
    map.insert("field".into(), entry.field.as_str().into());
    map.insert("deadline".into(), deadline);
    map.insert("url".into(), entry.url.as_str().into());
    map
}

fn next(context: &Context, question: Option<NextQuestion>) -> Body {
    let Some(next) = question else { return Body::Null };
    let shown = home::question(context, &next);
    let mut body = shown.and_then(|q| serde_json::to_value(q).ok()).unwrap_or(Body::Null);
    if let Some(map) = body.as_object_mut() {
        map.insert("settles".into(), next.settles.into());
        map.insert("most".into(), next.most.into());
        let by_value: BTreeMap<String, usize> = next.by_value.into_iter().collect();
        map.insert("by_value".into(), json!(by_value));
        // Hundreds of regions are in /facts.
        if map.get("kind").and_then(Body::as_str) == Some("region") {
            map.insert("options".into(), json!([]));
        }
    }
    body
}

fn answer(
    context: &Context,
    guidance: &Guidance,
    limit: usize,
    full: bool,
    next_question: Option<NextQuestion>,
) -> Body {
    let counts = guidance.counts();
    let services: Vec<Body> = if full {
        guidance.all().map(|(entry, answer)| json!({ "id": entry.id, "answer": answer })).collect()
    } else {
        guidance
            .ranked(limit)
            .iter()
            .map(|ranked| {
                let mut body = brief(context, &ranked.entry);
                body.insert("answer".into(), json!(ranked.answer));
                if let Some(why) = guidance.explain(&ranked.entry.id) {
                    explained(context, &why, &mut body);
                }
                Body::Object(body)
            })
            .collect()
    };
    json!({
        "counts": { "yes": counts.yes, "no": counts.no, "unknown": counts.unknown },
        "services": services,
        "next_question": next(context, next_question),
    })
}

async fn eligibility(ApiContext(context): ApiContext, Sent(asked): Sent<Asked>) -> Answered {
    let facts = read(&context, &asked.facts)?;
    let limit = asked.limit.unwrap_or(50);
    if limit > MOST {
        return Err(Fail(Error::invalid("limit", "api-limit")));
    }
    let on = asked.on.unwrap_or(context.now.date());
    let guidance = context.app.definitions.guide(&facts, on);
    let pack = context.app.definitions.pack();
    let question = guidance.next_question(&|fact| pack.fact(fact).is_none_or(|f| f.question.is_none()));
    Ok(Json(answer(&context, &guidance, limit, asked.full, question)).into_response())
}

#[derive(Deserialize)]
struct Terms {
    #[serde(default)]
    q: String,
    #[serde(default)]
    limit: Option<usize>,
}

async fn search(ApiContext(context): ApiContext, Query(terms): Query<Terms>) -> Answered {
    let limit = terms.limit.unwrap_or(20);
    if limit > MOST {
        return Err(Fail(Error::invalid("limit", "api-limit")));
    }
    let hits = context.app.definitions.search(terms.q.trim(), limit);
    let services: Vec<Body> = hits.entries.iter().map(|e| Body::Object(brief(&context, e))).collect();
    Ok(Json(json!({ "total": hits.total, "services": services })).into_response())
}

async fn service(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    let entry = context.app.definitions.entry(&id).ok_or(Error::NotFound)?;
    let mut body = brief(&context, &entry);
    let detail = context.app.definitions.detail(&id).await?;
    let texts: BTreeMap<&str, &str> =
        detail.iter().flat_map(|d| &d.texts).map(|(k, v)| (k.as_str(), v.as_str())).collect();
    body.insert("texts".into(), json!(texts));
    body.insert("in_depth".into(), entry.in_depth.into());
    Ok(Json(Body::Object(body)).into_response())
}

/// My services, from what registers hold about me: a read that is logged like any other.
async fn mine(ApiContext(context): ApiContext, Query(terms): Query<Terms>) -> Answered {
    let person = context.resident()?;
    let (_, guidance) = actions::guide(&context, person).await?;
    let question = home::next_question(&context, person, &guidance).await?;
    let limit = terms.limit.unwrap_or(50);
    if limit > MOST {
        return Err(Fail(Error::invalid("limit", "api-limit")));
    }
    Ok(Json(answer(&context, &guidance, limit, false, question)).into_response())
}
