//! The journey's verbs for programs that act for a person with that person's token.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use maru_web::{ApiContext, Context, Fail, Sent, Shared, shown_answer};
use serde::Deserialize;
use serde_json::{Value as Body, json};

use crate::{
    actions::{self, Decided},
    letters,
    model::Case,
    tables,
};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/cases", get(list).post(file))
        .route("/cases/{id}", get(show))
        .route("/cases/{id}/answers", post(answer))
        .route("/cases/{id}/submit", post(submit))
        .route("/cases/{id}/withdraw", post(withdraw))
        .route("/cases/{id}/assign", post(assign))
        .route("/cases/{id}/grant", post(grant))
        .route("/cases/{id}/refuse", post(refuse))
        .route("/desk", get(desk))
}

type Answered = Result<Response, Fail>;

fn brief(case: &Case) -> Body {
    json!({
        "id": case.id,
        "service": case.service,
        "state": case.state.as_str(),
        "receipt": case.receipt,
        "submitted_at": case.submitted_at.map(|at| at.rfc3339()),
        "due_on": case.due_on,
        "decided_at": case.decided_at.map(|at| at.rfc3339()),
        "note": case.note,
    })
}

fn whole(context: &Context, case: &Case) -> Result<Body, Fail> {
    let mut body = brief(case);
    let service = actions::service(&context.app, &case.service)?;
    let decision = case.decision.as_ref().and_then(|kept| letters::shown(context, &service, kept));
    if let Some(map) = body.as_object_mut() {
        // A secret answer shows its end only, to its owner's programs too.
        let mut answers = case.answers.clone();
        for field in service.form.pages.iter().flat_map(|p| &p.fields).filter(|f| f.secret) {
            if let Some(answer) = answers.get_mut(&field.fact) {
                *answer = shown_answer(context, &service, field, answer).into();
            }
        }
        map.insert("answers".into(), Body::Object(answers));
        map.insert("decision".into(), serde_json::to_value(decision).unwrap_or(Body::Null));
    }
    Ok(body)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    service: String,
}

async fn file(ApiContext(context): ApiContext, Sent(body): Sent<File>) -> Answered {
    let person = context.resident()?;
    let id = actions::file(&context.app, person, &body.service).await?;
    let case = actions::own(&context.app, person, &id).await?;
    Ok((StatusCode::CREATED, Json(whole(&context, &case)?)).into_response())
}

async fn list(ApiContext(context): ApiContext) -> Answered {
    let person = context.resident()?;
    let cases = tables::cases_of(&context.app.store, &person.id).await?;
    Ok(Json(json!({ "cases": cases.iter().map(brief).collect::<Vec<_>>() })).into_response())
}

async fn show(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    let case = actions::own(&context.app, context.resident()?, &id).await?;
    Ok(Json(whole(&context, &case)?).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answers {
    /// By page of the form, then by field, as one would type them.
    pages: BTreeMap<String, BTreeMap<String, String>>,
}

async fn answer(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<Answers>,
) -> Answered {
    let person = context.resident()?;
    let case = actions::own(&context.app, person, &id).await?;
    let service = actions::service(&context.app, &case.service)?;
    if let Some(unknown) = body.pages.keys().find(|name| service.form.pages.iter().all(|p| p.id != **name)) {
        return Err(Fail(maru_kernel::Error::invalid(unknown, "form-unknown-page")));
    }
    // In the form's order: an answer may open the next page.
    for page in &service.form.pages {
        if let Some(typed) = body.pages.get(&page.id) {
            actions::answer(&context.app, person, &id, &page.id, typed).await?;
        }
    }
    let case = actions::own(&context.app, person, &id).await?;
    Ok(Json(whole(&context, &case)?).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Submit {
    confirmed: bool,
}

async fn submit(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<Submit>,
) -> Answered {
    let case = actions::submit(&context.app, context.resident()?, &id, body.confirmed).await?;
    Ok(Json(whole(&context, &case)?).into_response())
}

async fn withdraw(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    let case = actions::withdraw(&context.app, context.resident()?, &id).await?;
    Ok(Json(whole(&context, &case)?).into_response())
}

async fn assign(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    let (person, unit) = context.official()?;
    let case = actions::assign(&context.app, person, unit, &id).await?;
    Ok(Json(brief(&case)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    #[serde(default)]
    note: String,
}

async fn decide(context: Context, id: &str, note: &str, how: Decided) -> Answered {
    let (person, unit) = context.official()?;
    let case = actions::decide(&context.app, person, unit, id, how, note).await?;
    Ok(Json(brief(&case)).into_response())
}

async fn grant(ApiContext(context): ApiContext, Path(id): Path<String>, Sent(body): Sent<Note>) -> Answered {
    decide(context, &id, &body.note, Decided::Granted).await
}

async fn refuse(ApiContext(context): ApiContext, Path(id): Path<String>, Sent(body): Sent<Note>) -> Answered {
    decide(context, &id, &body.note, Decided::Refused).await
}

async fn desk(ApiContext(context): ApiContext) -> Answered {
    let (_, unit) = context.official()?;
    let cases = tables::desk(&context.app.store, unit, &["received", "assigned"]).await?;
    Ok(Json(json!({ "cases": cases.iter().map(brief).collect::<Vec<_>>() })).into_response())
}
