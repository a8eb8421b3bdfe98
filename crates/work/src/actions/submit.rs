use maru_kernel::{Actor, Result};
use maru_store::Batch;
use maru_web::{App, ports::Person};
use serde_json::json;

use super::{Ground, event, found, line_of, own, resolved};
use crate::{
    model::{self, Document},
    tables,
};

/// Sends it along its line (상신). The line is looked at anew: names and ranks are those of this moment.
pub async fn submit(app: &App, person: &Person, unit: &str, id: &str) -> Result<Document> {
    app.store
        .rerun(|| async {
            let mut document = own(app, person, unit, id).await?;
            let now = app.now();
            if document.state.is_open() {
                let line = line_of(&document.round.steps);
                model::check_line(&person.id, &line)?;
                document.round.steps = resolved(&Ground::of(app, &document), &line, now).await?;
            }
            document.submit(now)?;
            let mut batch = Batch::new();
            tables::put(&mut batch, &document)?;
            let round = json!({ "round": document.round.count });
            batch.event(event(&app.ids, "submitted", &document, person.actor(), now, round));
            Ok((batch, document))
        })
        .await
}

/// Takes it back (회수), as long as nobody has signed.
pub async fn recall(app: &App, person: &Person, unit: &str, id: &str) -> Result<Document> {
    app.store
        .rerun(|| async {
            let mut document = own(app, person, unit, id).await?;
            let now = app.now();
            document.recall(now)?;
            let mut batch = Batch::new();
            tables::put(&mut batch, &document)?;
            batch.event(event(&app.ids, "recalled", &document, person.actor(), now, json!({})));
            Ok((batch, document))
        })
        .await
}

/// Somebody in its line has left: back to its drafter.
pub async fn give_back(app: &App, id: &str, person: &str) -> Result<()> {
    app.store
        .rerun(|| async {
            let mut document = found(app, id).await?;
            let now = app.now();
            let mut batch = Batch::new();
            if document.give_back(person, now) {
                tables::put(&mut batch, &document)?;
                let actor = Actor::System { name: "line".into() };
                batch.event(event(&app.ids, "rejected", &document, actor, now, json!({ "left": person })));
            }
            Ok((batch, ()))
        })
        .await
}
