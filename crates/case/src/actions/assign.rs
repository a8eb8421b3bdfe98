use maru_kernel::{Error, Result};
use maru_store::Batch;
use maru_web::{App, ports::Person};
use serde_json::json;

use crate::{actions, model::Case, tables};

/// An official takes the case on, from whoever has it.
pub async fn assign(app: &App, person: &Person, unit: &str, id: &str) -> Result<Case> {
    assign_from(app, person, unit, id, None).await
}

/// The same from one they saw it with, or from nobody: who else took it on meanwhile keeps it.
pub async fn assign_from(
    app: &App,
    person: &Person,
    unit: &str,
    id: &str,
    seen: Option<&str>,
) -> Result<Case> {
    app.store
        .rerun(|| async {
            let mut case = actions::of_unit(app, unit, id).await?;
            if case.officer.as_deref() == Some(&person.id) {
                return Ok((Batch::new(), case));
            }
            case.state.goes_on()?;
            if seen.is_some_and(|seen| case.officer.as_deref().unwrap_or_default() != seen) {
                return Err(Error::Conflict("case-taken".into()));
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
