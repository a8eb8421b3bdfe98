use maru_definition::{FieldKind, Position, Service};
use maru_kernel::{Error, Result};
use maru_store::Batch;
use maru_web::{App, ports::Person};
use serde_json::{Value as Json, json};

use crate::{
    actions,
    model::{Case, Report},
    tables,
};

/// So many can join one report.
pub const JOINED: i64 = 500;

/// What everybody may see of a report: its kind and its place, nothing of the person. None for services that show nothing.
pub fn report(app: &App, service: &Service, case: &Case) -> Option<Report> {
    if !service.near {
        return None;
    }
    let answer = |kind: FieldKind| {
        let field = service.form.fields().find(|field| field.kind == kind)?;
        case.answers.get(&field.fact).and_then(Json::as_str)
    };
    let place = answer(FieldKind::Place)?;
    Some(Report {
        id: case.id.clone(),
        service: service.id.clone(),
        region: app.definitions.pack().regions.named_in(place).ok()?.code.clone(),
        topic: answer(FieldKind::Choice).unwrap_or_default().to_owned(),
        place: place.to_owned(),
        position: answer(FieldKind::Position).and_then(Position::read),
        at: case.submitted_at.unwrap_or(app.now()),
        ended_at: None,
        joined: 0,
    })
}

/// Adds a resident to a report that somebody made already, instead of a second one; the draft it was going to be is taken back with it.
pub async fn join(app: &App, person: &Person, id: &str, draft: Option<&str>) -> Result<()> {
    app.store
        .rerun(|| async {
            let case = tables::case(&app.store, id).await?.ok_or(Error::NotFound)?;
            let report = tables::report(&app.store, id).await?.ok_or(Error::NotFound)?;
            if case.resident == person.id {
                return Err(Error::Conflict("report-own".into()));
            }
            if tables::joiners(&app.store, id).await?.contains(&person.id) {
                return Ok((Batch::new(), ()));
            }
            if report.ended_at.is_some() {
                return Err(Error::Conflict("report-ended".into()));
            }
            if report.joined >= JOINED {
                return Err(Error::Conflict("report-full".into()));
            }
            let now = app.now();
            let mut batch = Batch::new();
            tables::join(&mut batch, &person.id, id, now, JOINED);
            batch.event(actions::event(app, "joined", &case, person.actor(), now, json!({})));
            if let Some(draft) = draft {
                let mut draft = actions::own(app, person, draft).await?;
                if draft.state.is_draft() {
                    draft.state = actions::step(app, &draft, "withdraw")?;
                    tables::put(&mut batch, &draft)?;
                    batch.event(actions::event(app, "withdrawn", &draft, person.actor(), now, json!({})));
                }
            }
            Ok((batch, ()))
        })
        .await
}
