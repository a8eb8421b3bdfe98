use axum::{
    Json, Router,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use maru_kernel::Error;
use maru_web::{ApiContext, Fail, Sent, Shared};
use serde::Deserialize;
use serde_json::json;

use crate::{actions, model::Doer};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/sessions", post(sign_in).delete(sign_out))
        .route("/catalogue/{service}/suggestions/{key}/confirm", post(confirm))
        .route("/catalogue/{service}/suggestions/{key}/withdraw", post(withdraw))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    name: String,
    password: String,
}

async fn sign_in(ApiContext(context): ApiContext, Sent(body): Sent<SignIn>) -> Result<Response, Fail> {
    let signed =
        actions::sign_in(&context.app, &body.name, &body.password, &context.from, context.now).await?;
    let answer = json!({ "token": signed.token, "person": signed.person, "until": signed.until.rfc3339() });
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

async fn sign_out(ApiContext(context): ApiContext) -> Result<Response, Fail> {
    let session = context.session.as_ref().ok_or(Error::SignInNeeded)?;
    actions::sign_out(&context.app, &session.id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A service of the catalogue, and what its text seems to ask.
type Suggestion = Path<(String, String)>;

async fn confirm(
    ApiContext(context): ApiContext,
    Path((service, key)): Suggestion,
) -> Result<Response, Fail> {
    let doer = Doer::of(context.operator()?);
    actions::confirm_suggestion(&context.app, &doer, &service, &key).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn withdraw(
    ApiContext(context): ApiContext,
    Path((service, key)): Suggestion,
) -> Result<Response, Fail> {
    let doer = Doer::of(context.operator()?);
    actions::withdraw_suggestion(&context.app, &doer, &service, &key).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
