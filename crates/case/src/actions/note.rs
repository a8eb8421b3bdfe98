use maru_kernel::Result;
use maru_store::Batch;
use maru_web::{App, ports::Person};
use serde_json::json;

use crate::{actions, model::Case, tables};

/// Writes something down for whoever works the case. The applicant does not read it; who audits the case does.
pub async fn note(app: &App, person: &Person, unit: &str, id: &str, text: &str) -> Result<Case> {
    let text = actions::written("text", text, "task-text-needed")?;
    app.store
        .rerun(|| async {
            let (case, _, _) = actions::worked(app, person, unit, id, "note").await?;
            let event = actions::event(app, "noted", &case, person.actor(), app.now(), json!({}));
            let mut batch = Batch::new();
            tables::still(&mut batch, &case);
            tables::add_note(&mut batch, &case, &event.id, &text);
            batch.event(event);
            Ok((batch, case))
        })
        .await
}
