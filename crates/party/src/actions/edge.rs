use maru_kernel::Result;
use maru_web::App;
use serde_json::json;

use crate::{
    actions::{event, operators_only},
    model::Doer,
    tables,
};

/// Sets how much one client may ask in a minute.
pub async fn set_limit(app: &App, doer: &Doer, name: &str, per_minute: i64) -> Result<()> {
    operators_only(doer)?;
    let now = app.now();
    let mut batch = maru_web::set_limit(name, per_minute, now)?;
    let body = json!({ "per_minute": per_minute });
    tables::tell(&mut batch, event(app, doer, "limit-set", format!("limit/{name}"), now, body))?;
    app.store.commit(batch).await
}

/// Signs tickets with a new key from now on; its id.
pub async fn rotate_key(app: &App, doer: &Doer, keep_old_seconds: i64) -> Result<String> {
    operators_only(doer)?;
    let now = app.now();
    let (id, mut batch) = maru_web::rotate_key(now, keep_old_seconds)?;
    let body = json!({ "keep_old_seconds": keep_old_seconds });
    tables::tell(&mut batch, event(app, doer, "key-rotated", format!("key/{id}"), now, body))?;
    app.store.commit(batch).await?;
    Ok(id)
}
