use axum::{
    Json, Router,
    response::{IntoResponse, Response},
    routing::get,
};
use maru_web::{ApiContext, Fail, Shared};
use serde_json::json;

pub fn routes() -> Router<Shared> {
    Router::new().route("/me/accesses", get(accesses))
}

/// Who looked at my data in the last year.
async fn accesses(ApiContext(context): ApiContext) -> Result<Response, Fail> {
    let person = context.resident()?;
    let since = context.now.plus_days(-365);
    let all = context.app.ports.registers.accesses(&person.id, since).await?;
    let told: Vec<_> = all
        .iter()
        .map(|a| {
            json!({
                "id": a.id, "at": a.at.rfc3339(), "actor": a.actor, "fields": a.fields, "purpose": a.purpose,
                "why": a.why.get(context.lang), "law": a.law, "receipt": a.receipt, "commitment": a.commitment, "place": a.place,
            })
        })
        .collect();
    Ok(Json(json!({ "accesses": told })).into_response())
}
