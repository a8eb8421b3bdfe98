use maru_kernel::{Error, Result};
use maru_store::Batch;
use maru_web::{App, ports::Person};
use serde_json::{Map, json};

use crate::{
    actions,
    model::{Case, State},
    tables,
};

/// Begins an application. Who has an open one for this service gets that one.
pub async fn file(app: &App, person: &Person, service: &str) -> Result<String> {
    let definition = actions::service(app, service)?;
    app.store
        .rerun(|| async {
            if let Some(open) = tables::open_case(&app.store, &person.id, &definition.id).await? {
                return Ok((Batch::new(), open));
            }
            if definition.form.pages.is_empty() {
                return Err(Error::NotFound);
            }
            let now = app.now();
            let case = Case {
                resident: person.id.clone(),
                id: app.ids.next::<Case>(now).to_string(),
                service: definition.id.clone(),
                state: State::draft(),
                version: 1,
                created_at: now,
                answers: Map::new(),
                unit: None,
                officer: None,
                receipt: None,
                shown_name: None,
                submitted_at: None,
                due_on: None,
                file: None,
                decided_at: None,
                decision: None,
                note: None,
                basis: None,
                rules_version: None,
                clock: None,
            };
            let mut batch = Batch::new();
            tables::add(&mut batch, &case);
            let body = json!({ "service": case.service });
            batch.event(actions::event(app, "filed", &case, person.actor(), now, body));
            Ok((batch, case.id))
        })
        .await
}
