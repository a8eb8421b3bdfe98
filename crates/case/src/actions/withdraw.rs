use maru_kernel::Result;
use maru_store::Batch;
use maru_web::{App, ports::Person};
use serde_json::json;

use crate::{actions, model::Case, tables};

/// The resident takes the application back. The unit may no longer read.
pub async fn withdraw(app: &App, person: &Person, id: &str) -> Result<Case> {
    app.store
        .rerun(|| async {
            let mut case = actions::own(app, person, id).await?;
            if case.state.is_withdrawn() {
                return Ok((Batch::new(), case));
            }
            case.state = actions::step(app, &case, "withdraw")?;
            let now = app.now();
            let mut batch = Batch::new();
            tables::put(&mut batch, &case)?;
            tables::drop_proposals(&mut batch, &case, now);
            let service = actions::service(app, &case.service)?;
            if service.near {
                tables::end_report(&mut batch, &case.id, now);
            }
            let tasks = tables::tasks(&app.store, &case.resident, &case.id).await?;
            actions::drop_open(app, &mut batch, &service, tasks, now)?;
            batch.and(app.ports.people.end_grants(&person.id, &case.id, now));
            batch.event(actions::event(app, "withdrawn", &case, person.actor(), now, json!({})));
            Ok((batch, case))
        })
        .await
}
