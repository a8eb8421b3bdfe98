//! The proof that a completed document is what it was: for anyone's tool, without us.

use axum::{
    Json, Router,
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use maru_kernel::{Error, Result};
use maru_web::{ApiContext, Context, Fail, Shared, Shown, context};
use serde_json::{Value as Body, json};

use crate::{actions, model::Document, seal};

pub fn pages() -> Router<Shared> {
    Router::new().route("/documents/{id}/proof", get(file))
}

pub fn api() -> Router<Shared> {
    Router::new().route("/documents/{id}/proof", get(told))
}

/// What its page says of the ledger. None: it was completed before the ledger took documents.
pub async fn shown(context: &Context, document: &Document) -> Result<Option<Shown>> {
    if document.seal.is_none() {
        return Ok(None);
    }
    let Some(proof) = context.app.ports.ledger.proof(&seal::subject(document)).await? else {
        return Ok(None);
    };
    let place = proof.chain.as_ref().map(|placed| placed.place.to_string());
    let after = proof.chain.as_ref().and_then(|placed| placed.after.clone());
    Ok(Some(context! { place, after, right => seal::stands(document, &proof)? }))
}

/// What was sealed, its seal, and the ledger's entry with its place.
async fn proof(context: &Context, id: &str) -> Result<Body> {
    let (person, unit) = context.official()?;
    let document = actions::readable(&context.app, person, unit, id).await?;
    let kept = document.seal.as_ref().ok_or(Error::NotFound)?;
    let proof = context.app.ports.ledger.proof(&seal::subject(&document)).await?.ok_or(Error::NotFound)?;
    let (sealed, right) = (seal::text(&document)?, seal::stands(&document, &proof)?);
    Ok(json!({
        "document": document.id, "sealed": sealed, "seal": kept, "seal_how": "seal = SHA-256(sealed); the entry names it",
        "ledger": proof.told(), "right": right,
    }))
}

async fn told(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
) -> std::result::Result<Response, Fail> {
    Ok(Json(proof(&context, &id).await?).into_response())
}

async fn file(context: Context, Path(id): Path<String>) -> std::result::Result<Response, Fail> {
    let body = proof(&context, &id).await?;
    let name = body["document"].as_str().unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"maru-proof-{name}.json\"")),
    ];
    Ok((headers, serde_json::to_string_pretty(&body).map_err(Error::internal)?).into_response())
}
