use maru_definition::Service;
use maru_kernel::{Error, Problem, Result};
use maru_store::Batch;
use maru_web::{App, ports::Person};
use serde_json::json;

use crate::{
    actions::{self, ask::opened},
    clock::{Clock, Wrong},
    model::{self, Case, Task},
    tables,
};

/// More time for a case.
#[derive(Debug, Clone, Copy)]
pub struct More<'a> {
    pub days: u32,
    pub reason: &'a str,
    /// The officer knows that the applicant has to be asked: whoever meant the first extension and comes second asks nobody.
    pub consent: bool,
}

/// Gives the case more time for a reason, once. Once more only if the applicant agrees: then they are asked, and the case is due
/// when it was until they have (시행령 제21조).
pub async fn extend(app: &App, person: &Person, unit: &str, id: &str, more: More<'_>) -> Result<Case> {
    let reason = actions::written("reason", more.reason, "case-reason-needed")?;
    app.store
        .rerun(|| async {
            let (mut case, service, verb) = actions::worked(app, person, unit, id, "extend").await?;
            let clock = case.clock(&service).ok_or_else(|| Error::Conflict("case-not-submitted".into()))?;
            if clock.is_paused() {
                return Err(Error::Conflict("case-clock-stands".into()));
            }
            let second = !clock.extensions.is_empty();
            let longer = longer(app, &clock, &service, more.days)?;
            if second && !more.consent {
                return Err(Error::Conflict("case-extend-again".into()));
            }
            let now = app.now();
            let mut batch = Batch::new();
            let event = if second {
                let region = opened(actions::chart(app, &service)?, &verb)?;
                let before = tables::tasks(&app.store, &case.resident, &case.id).await?;
                model::may_begin(region, &before)?;
                let task = actions::begin(app, &case, region, None, person, &reason, 0, now);
                let task = Task { more: Some(more.days), ..task };
                tables::add_task(&mut batch, &task);
                let body = json!({ "task": task.id, "days": more.days });
                actions::event(app, "sought", &case, person.actor(), now, body)
            } else {
                case.state = actions::step(app, &case, "extend")?;
                actions::recount(app, &mut case, &service, longer);
                let body = json!({ "days": more.days, "due_on": case.due_on });
                actions::event(app, "extended", &case, person.actor(), now, body)
            };
            tables::put(&mut batch, &case)?;
            tables::add_note(&mut batch, &case, &event.id, &reason);
            batch.event(event);
            case.version += 1;
            Ok((batch, case))
        })
        .await
}

/// A clock that is not over yet, with more days: or why it can't have them.
pub(super) fn longer(app: &App, clock: &Clock, service: &Service, days: u32) -> Result<Clock> {
    if actions::reckoned(app, clock, service).is_over(app.now()) {
        return Err(Error::Conflict("case-extend-late".into()));
    }
    let longer = clock.with(days);
    match longer.wrong() {
        None => Ok(longer),
        Some(Wrong::TooManyExtensions) => Err(Error::Conflict("case-extend-enough".into())),
        Some(_) => {
            let value = Some(clock.period.n.to_string());
            Err(Error::Invalid(vec![Problem { field: "days".into(), key: "task-days".into(), value }]))
        }
    }
}
