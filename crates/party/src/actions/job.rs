use maru_kernel::{Error, Result};
use maru_store::Batch;
use maru_web::App;
use serde_json::json;

use crate::{
    actions::{event, operators_only},
    model::Doer,
    tables,
};

async fn tell(app: &App, doer: &Doer, verb: &str, about: String, count: usize) -> Result<()> {
    let mut batch = Batch::new();
    tables::tell(&mut batch, event(app, doer, verb, about, app.now(), json!({ "count": count })))?;
    app.store.commit(batch).await
}

/// Lets a dead job live again.
pub async fn retry_job(app: &App, doer: &Doer, id: &str) -> Result<()> {
    operators_only(doer)?;
    app.store.retry_job(id, app.now()).await?;
    tell(app, doer, "job-retried", format!("job/{id}"), 1).await
}

/// Lets all dead jobs of a kind live again; answers how many.
pub async fn retry_jobs(app: &App, doer: &Doer, kind: &str) -> Result<usize> {
    operators_only(doer)?;
    let count = app.store.retry_kind(kind, app.now()).await?;
    if count == 0 {
        return Err(Error::Conflict("error-no-dead-jobs".into()));
    }
    tell(app, doer, "jobs-retried", format!("jobs/{kind}"), count).await?;
    Ok(count)
}

/// Gives a dead job up for good.
pub async fn discard_job(app: &App, doer: &Doer, id: &str) -> Result<()> {
    operators_only(doer)?;
    app.store.discard_job(id).await?;
    tell(app, doer, "job-discarded", format!("job/{id}"), 1).await
}
