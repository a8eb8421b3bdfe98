use maru_definition::{Chart, ChartRegion, ChartVerb};
use maru_kernel::{At, Error, Event, Result};
use maru_store::{Batch, NewJob};
use maru_web::{
    App,
    ports::{NewGrant, Person},
};
use serde_json::json;

use crate::{
    actions::{self, CASE_FILE},
    clock::Why,
    model::{self, Case, Task},
    tables,
};

/// What an officer asks of somebody else.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub text: &'a str,
    /// Without: as many as the chart says.
    pub days: Option<u32>,
}

/// So many units can be asked at once.
const MOST_UNITS: usize = 20;

/// The kind of task that a verb opens.
pub(super) fn opened<'a>(chart: &'a Chart, verb: &ChartVerb) -> Result<&'a ChartRegion> {
    let region = verb.opens.as_deref().and_then(|id| chart.region(id));
    region.ok_or_else(|| Error::internal(format!("{} opens nothing", verb.id)))
}

/// Asks the applicant for what is missing. The case's clock stands until it is there or the time is over.
pub async fn ask(app: &App, person: &Person, unit: &str, id: &str, asked: Asked<'_>) -> Result<Case> {
    let text = actions::written("text", asked.text, "task-text-needed")?;
    app.store
        .rerun(|| async {
            let (mut case, service, verb) = actions::worked(app, person, unit, id, "ask").await?;
            let region = opened(actions::chart(app, &service)?, &verb)?;
            let before = tables::tasks(&app.store, &case.resident, &case.id).await?;
            let days = model::days_for(region, &before, asked.days)?;
            let now = app.now();
            let task = actions::begin(app, &case, region, None, person, &text, days, now);
            if let (Some(why), Some(mut clock)) =
                (region.pauses.as_deref().and_then(Why::parse), case.clock(&service))
            {
                clock.pause(why, now);
                actions::recount(app, &mut case, &service, clock);
            }
            let mut batch = Batch::new();
            tables::put(&mut batch, &case)?;
            tables::add_task(&mut batch, &task);
            let body = json!({ "task": task.id, "until": task.due_on });
            let event = actions::event(app, "asked", &case, person.actor(), now, body);
            tables::add_note(&mut batch, &case, &event.id, &text);
            batch.event(event);
            watch(app, &mut batch, &task, now);
            case.version += 1;
            Ok((batch, case))
        })
        .await
}

/// When a task's day is over, the clock looks at it.
pub fn watch(app: &App, batch: &mut Batch, task: &Task, now: At) {
    if let Some(day_after) = task.due_on.and_then(|due| due.tomorrow().ok()) {
        batch.job(NewJob {
            id: app.ids.next::<Event>(now).to_string(),
            kind: "lapse".into(),
            lane: None,
            due: At::start_of(day_after),
            body: json!({ "task": task.id }),
        });
    }
}

/// Asks other units, all at once; the case's clock goes on. Each may read the case's own answers for its reply.
pub async fn consult(
    app: &App,
    person: &Person,
    unit: &str,
    id: &str,
    units: &[String],
    asked: Asked<'_>,
) -> Result<Case> {
    let text = actions::written("text", asked.text, "task-text-needed")?;
    if units.is_empty() {
        return Err(Error::invalid("units", "task-units-needed"));
    }
    if units.len() > MOST_UNITS {
        return Err(Error::invalid("units", "task-units-many"));
    }
    for other in units {
        if other == unit {
            return Err(Error::invalid("units", "task-unit-own"));
        }
        match app.ports.people.unit(other).await {
            Err(Error::NotFound) => return Err(Error::invalid("units", "task-unit-unknown")),
            found => found?,
        };
    }
    app.store
        .rerun(|| async {
            let (mut case, service, verb) = actions::worked(app, person, unit, id, "consult").await?;
            let region = opened(actions::chart(app, &service)?, &verb)?;
            let before = tables::tasks(&app.store, &case.resident, &case.id).await?;
            let days = model::days_for(region, &before, asked.days)?;
            let now = app.now();
            let mut batch = Batch::new();
            tables::put(&mut batch, &case)?;
            let mut begun: Vec<String> = Vec::new();
            for other in units {
                let asked_already = before.iter().any(|task| {
                    task.is_open() && task.kind == region.id && task.unit.as_ref() == Some(other)
                });
                if asked_already || begun.contains(other) {
                    return Err(Error::invalid("units", "task-unit-asked"));
                }
                let task = actions::begin(app, &case, region, Some(other.clone()), person, &text, days, now);
                tables::add_task(&mut batch, &task);
                batch.and(app.ports.people.grant(&NewGrant {
                    id: task.id.clone(),
                    grantor: case.resident.clone(),
                    grantee: other.clone(),
                    scope: [(CASE_FILE.to_owned(), vec!["*".to_owned()])].into(),
                    purpose: case.id.clone(),
                    basis: verb.article.clone().unwrap_or_default(),
                    from: now,
                    until: None,
                }));
                batch.and(app.ports.people.unit_stays(other));
                begun.push(other.clone());
            }
            let body = json!({ "units": begun });
            let event = actions::event(app, "consulted", &case, person.actor(), now, body);
            tables::add_note(&mut batch, &case, &event.id, &text);
            batch.event(event);
            case.version += 1;
            Ok((batch, case))
        })
        .await
}
