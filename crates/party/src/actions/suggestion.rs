use maru_kernel::Result;
use maru_web::App;
use serde_json::json;

use crate::{
    actions::{event, operators_only},
    model::Doer,
    tables,
};

/// What a service's text seems to ask counts from now on.
pub async fn confirm_suggestion(app: &App, doer: &Doer, id: &str, key: &str) -> Result<()> {
    decide(app, doer, id, key, true).await
}

/// A confirmed suggestion counts no more.
pub async fn withdraw_suggestion(app: &App, doer: &Doer, id: &str, key: &str) -> Result<()> {
    decide(app, doer, id, key, false).await
}

async fn decide(app: &App, doer: &Doer, id: &str, key: &str, counts: bool) -> Result<()> {
    operators_only(doer)?;
    app.store
        .rerun(|| async {
            // Another program may have decided meanwhile.
            app.definitions.refresh().await?;
            let now = app.now();
            let ((mut batch, row), verb) = if counts {
                (app.definitions.confirm(id, key, doer.actor.id(), now)?, "suggestion-confirmed")
            } else {
                (app.definitions.unconfirm(id, key, now)?, "suggestion-withdrawn")
            };
            let told = event(app, doer, verb, format!("service/{row}"), now, json!({ "key": key }));
            tables::tell(&mut batch, told)?;
            Ok((batch, ()))
        })
        .await?;
    app.definitions.refresh().await?;
    Ok(())
}
