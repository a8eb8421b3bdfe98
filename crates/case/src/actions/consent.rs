use maru_definition::Who;
use maru_kernel::{Error, Result};
use maru_store::Batch;
use maru_web::{App, ports::Person};
use serde_json::json;

use crate::{
    actions::{self, extend::longer, reply},
    model::Case,
    tables,
};

/// The applicant agrees that the case gets the time it was asked for (시행령 제21조제2항).
pub async fn agree(app: &App, person: &Person, id: &str) -> Result<Case> {
    answer(app, person, id, true).await
}

/// The applicant does not agree: the case is due when it was.
pub async fn decline(app: &App, person: &Person, id: &str) -> Result<Case> {
    answer(app, person, id, false).await
}

async fn answer(app: &App, person: &Person, id: &str, agrees: bool) -> Result<Case> {
    app.store
        .rerun(|| async {
            let (mut task, mut case, service) = actions::found(app, id).await?;
            if task.unit.is_some() || case.resident != person.id {
                return Err(Error::NotFound);
            }
            let more = task.more.ok_or(Error::NotFound)?;
            case.state.goes_on()?;
            let region = reply::region(app, &service, &task)?;
            task.state = reply::step(region, &task, if agrees { "agree" } else { "decline" }, Who::Doer)?;
            let now = app.now();
            task.ended_at = Some(now);
            task.replied_by = Some(person.id.clone());
            let event = if agrees {
                let clock =
                    case.clock(&service).ok_or_else(|| Error::Conflict("case-not-submitted".into()))?;
                let longer = longer(app, &clock, &service, more)?;
                actions::recount(app, &mut case, &service, longer);
                let body = json!({ "task": task.id, "days": more, "due_on": case.due_on });
                actions::event(app, "extended", &case, person.actor(), now, body)
            } else {
                let body = json!({ "task": task.id });
                actions::event(app, "declined", &case, person.actor(), now, body)
            };
            let mut batch = Batch::new();
            tables::put(&mut batch, &case)?;
            tables::put_task(&mut batch, &task);
            if agrees {
                tables::add_note(&mut batch, &case, &event.id, &task.asked);
            }
            batch.event(event);
            case.version += 1;
            Ok((batch, case))
        })
        .await
}
