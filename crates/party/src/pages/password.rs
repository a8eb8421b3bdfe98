//! One's own new password.

use axum::{
    Router,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use maru_kernel::{Error, Problem};
use maru_web::{Context, Fail, Shared, Typed, context};

use crate::{actions, model::PASSWORD_LEAST};

pub fn routes() -> Router<Shared> {
    Router::new().route("/me/password", get(form).post(change))
}

async fn page(context: &Context, problems: &[Problem]) -> Result<Response, Fail> {
    let session = context.session.as_ref().ok_or(Error::SignInNeeded)?;
    let values = context! {
        must => session.must_change,
        least => PASSWORD_LEAST,
        problems => super::told(context, problems),
        errors => super::errors(context, problems),
    };
    Ok(if problems.is_empty() {
        context.page("me", "party/password.html", values).await?
    } else {
        context.page_again("me", "party/password.html", values).await?
    })
}

async fn form(context: Context) -> Result<Response, Fail> {
    page(&context, &[]).await
}

async fn change(context: Context, typed: Typed) -> Result<Response, Fail> {
    let session = context.session.as_ref().ok_or(Error::SignInNeeded)?;
    let [old, new, again] = ["old", "password", "again"].map(|name| typed.get(name));
    match actions::change_password(&context.app, session, old, new, again).await {
        Ok(()) => Ok(Redirect::to("/").into_response()),
        Err(Error::Invalid(problems)) => page(&context, &problems).await,
        Err(other) => Err(Fail(other)),
    }
}
