mod admin;
mod agencies;
mod catalogue;
mod edge;
mod holidays;
mod jobs;
mod officials;
mod password;

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::Query,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maru_kernel::{Error, Problem};
use maru_web::{Context, Fail, Shared, Typed, context};

use crate::actions;

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/sign-in", get(form).post(sign_in))
        .route("/sign-out", post(sign_out))
        .merge(password::routes())
        .merge(admin::routes())
        .merge(agencies::routes())
        .merge(officials::routes())
        .merge(edge::routes())
        .merge(catalogue::routes())
        .merge(holidays::routes())
        .merge(jobs::routes())
}

#[derive(serde::Serialize)]
struct Told {
    id: String,
    text: String,
}

/// What is wrong, for the summary.
fn told(context: &Context, problems: &[Problem]) -> Vec<Told> {
    problems.iter().map(|p| Told { id: p.field.clone(), text: context.told(p) }).collect()
}

/// What is wrong, by field.
fn errors(context: &Context, problems: &[Problem]) -> BTreeMap<String, String> {
    problems.iter().map(|p| (p.field.clone(), context.told(p))).collect()
}

/// Somebody to try the demo as.
#[derive(serde::Serialize)]
struct Chooser {
    name: String,
    about: String,
    kind: &'static str,
    user: String,
    password: String,
}

async fn page(context: &Context, to: &str, name: &str, error: Option<String>) -> Result<Response, Fail> {
    let settings = &context.app.settings;
    let mut people = Vec::new();
    if let (Some(password), Some(demo)) = (&settings.demo_password, &context.app.definitions.pack().demo) {
        for person in &demo.people {
            people.push(Chooser {
                name: person.name.get(context.lang).to_owned(),
                about: person.about.get(context.lang).to_owned(),
                kind: if person.kind == "official" { "official" } else { "resident" },
                user: person.user.clone(),
                password: password.clone(),
            });
        }
    }
    let values = context! { to, name, error => error.clone(), people };
    Ok(match error {
        None => context.page("sign-in", "party/sign-in.html", values).await?,
        Some(_) => context.page_again("sign-in", "party/sign-in.html", values).await?,
    })
}

async fn form(context: Context, Query(query): Query<BTreeMap<String, String>>) -> Result<Response, Fail> {
    let to = maru_web::back(query.get("to"));
    if context.session.is_some() {
        return Ok(Redirect::to(&to).into_response());
    }
    page(&context, &to, "", None).await
}

async fn sign_in(context: Context, typed: Typed) -> Result<Response, Fail> {
    let to = maru_web::back(typed.0.get("to"));
    let (name, password) = (typed.get("name"), typed.get("password"));
    match actions::sign_in(&context.app, name, password, &context.from, context.now).await {
        Ok(signed) => Ok(([context.session_cookie(Some(&signed.token))], Redirect::to(&to)).into_response()),
        Err(Error::Invalid(problems)) => {
            let told = problems.first().map(|p| context.told(p));
            page(&context, &to, name, told).await
        }
        Err(other) => Err(Fail(other)),
    }
}

async fn sign_out(context: Context, _typed: Typed) -> Result<Response, Fail> {
    if let Some(session) = &context.session {
        actions::sign_out(&context.app, &session.id).await?;
    }
    Ok(([context.session_cookie(None)], Redirect::to("/")).into_response())
}
