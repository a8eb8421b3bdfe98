use maru_kernel::Result;
use maru_store::Batch;
use maru_web::{App, ports::Person};
use serde_json::json;

use crate::{actions, model::Case, tables};

/// An official takes the case on.
pub async fn assign(app: &App, person: &Person, unit: &str, id: &str) -> Result<Case> {
    app.store
        .rerun(|| async {
            let mut case = actions::of_unit(app, unit, id).await?;
            if case.officer.as_deref() == Some(&person.id) {
                return Ok((Batch::new(), case));
            }
            case.state = actions::step(app, &case, "assign")?;
            case.officer = Some(person.id.clone());
            let mut batch = Batch::new();
            tables::put(&mut batch, &case)?;
            let body = json!({ "officer": person.id });
            batch.event(actions::event(app, "assigned", &case, person.actor(), app.now(), body));
            case.version += 1;
            Ok((batch, case))
        })
        .await
}
