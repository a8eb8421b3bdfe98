use axum::{
    Json, Router,
    response::{IntoResponse, Response},
    routing::get,
};
use maru_web::{ApiContext, Fail, Shared};
use serde_json::json;

use crate::tables;

pub fn routes() -> Router<Shared> {
    Router::new().route("/messages", get(list))
}

/// My inbox, newest first.
async fn list(ApiContext(context): ApiContext) -> Result<Response, Fail> {
    let person = context.resident()?;
    let messages = tables::newest(&context.app.store, &person.id, 200).await?;
    let told: Vec<_> = messages
        .iter()
        .map(|m| {
            json!({
                "id": m.id, "subject": m.subject.get(context.lang), "from": m.from.get(context.lang),
                "at": m.at.rfc3339(), "read": m.read,
            })
        })
        .collect();
    Ok(Json(json!({ "messages": told })).into_response())
}
