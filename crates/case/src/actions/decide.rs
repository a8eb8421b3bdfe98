use maru_kernel::{At, Error, Result};
use maru_rules::{Answer, Decision};
use maru_store::Batch;
use maru_web::{App, ports::Person};
use serde_json::{Value as Json, json};

use crate::{
    actions,
    model::{self, Case},
    tables,
};

/// Days after a decision during which the unit may still read, for objections: what the service says, and a month to answer.
const AFTER_OBJECTION_DAYS: i64 = 30;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    Granted,
    Refused,
    /// Not decided: what was asked for never came.
    Returned,
}

impl Decided {
    pub fn verb(self) -> &'static str {
        match self {
            Decided::Granted => "grant",
            Decided::Refused => "refuse",
            Decided::Returned => "return",
        }
    }
}

/// What the rules say on the case's own facts, as of the day it was submitted: the same answer today and in ten years.
pub fn computed(app: &App, case: &Case) -> Result<Decision> {
    let service = actions::service(app, &case.service)?;
    let facts = case.file.as_ref().map(model::File::facts).unwrap_or_default();
    let on = case.submitted_at.map_or(app.now(), |at| at).date();
    Ok(app.definitions.decide(&service, &facts, on))
}

/// Grants or refuses, with the computed decision kept and the note that goes into the letter.
pub async fn decide(
    app: &App,
    person: &Person,
    unit: &str,
    id: &str,
    how: Decided,
    note: &str,
) -> Result<Case> {
    let note = note.trim();
    match how {
        Decided::Granted => actions::bounded("note", note)?,
        Decided::Refused | Decided::Returned => drop(actions::written("note", note, "case-note-needed")?),
    }
    app.store
        .rerun(|| async {
            let (mut case, service, verb) = actions::worked(app, person, unit, id, how.verb()).await?;
            let tasks = tables::tasks(&app.store, &case.resident, &case.id).await?;
            model::ready(actions::chart(app, &service)?, &verb, &tasks)?;
            case.state = actions::step(app, &case, how.verb())?;
            let decision = computed(app, &case)?;
            if how == Decided::Granted && decision.answer != Answer::Yes {
                return Err(Error::Conflict("case-rules-not-yes".into()));
            }
            let now = app.now();
            let name = case.state.as_str().to_owned();
            case.decided_at = Some(now);
            case.decision = Some(serde_json::to_value(&decision).map_err(Error::internal)?);
            case.rules_version = decision.version.map(|v| v.to_string()).or(case.rules_version);
            case.note = (!note.is_empty()).then(|| note.to_owned());
            let mut batch = Batch::new();
            tables::put(&mut batch, &case)?;
            batch.and(app.ports.people.end_grants(
                &case.resident,
                &case.id,
                ends(now, service.objection.days),
            ));
            let body: Json = json!({ "receipt": case.receipt });
            batch.event(actions::event(app, &name, &case, person.actor(), now, body));
            case.version += 1;
            Ok((batch, case))
        })
        .await
}

fn ends(now: At, objection_days: u32) -> At {
    now.plus_days(i64::from(objection_days).saturating_add(AFTER_OBJECTION_DAYS))
}
