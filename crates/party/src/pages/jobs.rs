//! What waits, and what stopped.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, Query},
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use maru_kernel::Error;
use maru_store::DeadJob;
use maru_web::{Context, Shared, Typed, context};
use serde::Serialize;

use super::admin::{Answered, Filters, page};
use crate::{actions, model::Doer};

const JOBS: usize = 50;

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/admin/jobs", get(list))
        .route("/admin/jobs/retry", post(retry_kind))
        .route("/admin/jobs/{id}/retry", post(retry))
        .route("/admin/jobs/{id}/discard", get(ask).post(discard))
}

#[derive(Serialize)]
struct Dead {
    id: String,
    kind: String,
    at: i64,
    tries: i64,
    error: String,
    request: String,
}

impl From<DeadJob> for Dead {
    fn from(job: DeadJob) -> Dead {
        Dead {
            id: job.id,
            kind: job.kind,
            at: job.dead_at.micros(),
            tries: job.attempts,
            error: job.error,
            request: job.request.unwrap_or_default(),
        }
    }
}

#[derive(Serialize)]
struct Kind {
    kind: String,
    waiting: i64,
    dead: i64,
    oldest: Option<i64>,
}

async fn list(context: Context, Query(filters): Query<Filters>) -> Answered {
    context.operator()?;
    let store = &context.app.store;
    let after = filters.get("after").map_or("", String::as_str);
    let limit = i64::try_from(JOBS + 1).unwrap_or(i64::MAX);
    let mut dead = store.dead_jobs(limit, after).await?;
    let more = dead.len() > JOBS;
    dead.truncate(JOBS);
    let last = dead.last().filter(|_| more).map(|job| job.id.clone()).unwrap_or_default();
    let kinds: Vec<Kind> = store
        .job_counts()
        .await?
        .into_iter()
        .map(|count| Kind {
            kind: count.kind,
            waiting: count.waiting,
            dead: count.dead,
            oldest: count.oldest_due.map(|at| at.micros()),
        })
        .collect();
    let dead: Vec<Dead> = dead.into_iter().map(Dead::from).collect();
    let values = context! { kinds, dead, last, later => !after.is_empty() };
    page(&context, "jobs", "party/jobs.html", values, &[]).await
}

async fn retry(context: Context, Path(id): Path<String>, _typed: Typed) -> Answered {
    let doer = Doer::of(context.operator()?);
    actions::retry_job(&context.app, &doer, &id).await?;
    Ok(Redirect::to("/admin/jobs").into_response())
}

async fn retry_kind(context: Context, typed: Typed) -> Answered {
    let doer = Doer::of(context.operator()?);
    actions::retry_jobs(&context.app, &doer, typed.get("kind")).await?;
    Ok(Redirect::to("/admin/jobs").into_response())
}

async fn ask(context: Context, Path(id): Path<String>) -> Answered {
    context.operator()?;
    // The one behind what comes just before it.
    let before: String = id.chars().take(id.chars().count().saturating_sub(1)).collect();
    let mut after = before;
    loop {
        let some = context.app.store.dead_jobs(100, &after).await?;
        if let Some(job) = some.iter().find(|job| job.id == id) {
            let values: BTreeMap<&str, String> = [("kind", job.kind.clone()), ("id", job.id.clone())].into();
            return page(&context, "jobs", "party/discard.html", maru_web::show(&values), &[]).await;
        }
        match some.last() {
            Some(last) if last.id < id => after = last.id.clone(),
            _ => return Err(Error::NotFound.into()),
        }
    }
}

async fn discard(context: Context, Path(id): Path<String>, _typed: Typed) -> Answered {
    let doer = Doer::of(context.operator()?);
    actions::discard_job(&context.app, &doer, &id).await?;
    Ok(Redirect::to("/admin/jobs").into_response())
}
