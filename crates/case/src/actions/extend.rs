use maru_kernel::{Error, Problem, Result};
use maru_store::Batch;
use maru_web::{App, ports::Person};
use serde_json::json;

use crate::{actions, clock::Wrong, model::Case, tables};

/// More time for a case.
#[derive(Debug, Clone, Copy)]
pub struct More<'a> {
    pub days: u32,
    pub reason: &'a str,
    /// The applicant agrees: needed the second time.
    pub agreed: bool,
}

/// Gives the case more time: once for a reason, once more if the applicant agrees (시행령 제21조).
pub async fn extend(app: &App, person: &Person, unit: &str, id: &str, more: More<'_>) -> Result<Case> {
    let reason = actions::written("reason", more.reason, "case-reason-needed")?;
    app.store
        .rerun(|| async {
            let (mut case, service, _) = actions::worked(app, person, unit, id, "extend").await?;
            let mut clock =
                case.clock(&service).ok_or_else(|| Error::Conflict("case-not-submitted".into()))?;
            if clock.is_paused() {
                return Err(Error::Conflict("case-clock-stands".into()));
            }
            let now = app.now();
            if actions::reckoned(app, &clock, &service).is_over(now) {
                return Err(Error::Conflict("case-extend-late".into()));
            }
            if clock.extensions.len() == 1 && !more.agreed {
                return Err(Error::invalid("agreed", "case-extend-agreed"));
            }
            clock.extensions.push(more.days);
            match clock.wrong() {
                None => {}
                Some(Wrong::TooManyExtensions) => {
                    return Err(Error::Conflict("case-extend-enough".into()));
                }
                Some(_) => {
                    let value = Some(clock.period.n.to_string());
                    let problem = Problem { field: "days".into(), key: "task-days".into(), value };
                    return Err(Error::Invalid(vec![problem]));
                }
            }
            case.state = actions::step(app, &case, "extend")?;
            actions::recount(app, &mut case, &service, clock);
            let mut batch = Batch::new();
            tables::put(&mut batch, &case)?;
            let body = json!({ "days": more.days, "due_on": case.due_on, "agreed": more.agreed });
            let event = actions::event(app, "extended", &case, person.actor(), now, body);
            tables::add_note(&mut batch, &case, &event.id, &reason);
            batch.event(event);
            case.version += 1;
            Ok((batch, case))
        })
        .await
}
