use std::sync::Arc;

use maru_definition::{ChartRegion, Service, Who};
use maru_kernel::{Actor, At, Error, Id, Result};
use maru_store::Batch;
use maru_web::{App, ports::Person};
use serde_json::json;

use crate::{
    actions::{self, ask::watch},
    clock::Why,
    model::{self, Case, Task},
    tables,
};

/// A task, its case and the service.
pub async fn found(app: &App, id: &str) -> Result<(Task, Case, Arc<Service>)> {
    let task = tables::task(&app.store, Id::<Task>::parse(id)?.as_str()).await?.ok_or(Error::NotFound)?;
    let case = tables::case(&app.store, &task.case).await?.ok_or(Error::NotFound)?;
    let service = actions::service(app, &case.service)?;
    Ok((task, case, service))
}

/// The kind of a task.
pub(super) fn region<'a>(app: &'a App, service: &Service, task: &Task) -> Result<&'a ChartRegion> {
    let region = actions::chart(app, service)?.region(&task.kind);
    region.ok_or_else(|| Error::internal(format!("no region {}", task.kind)))
}

/// A unit that has replied, or need not any more, reads nothing of the case from then on: unless the case has come to be its own.
fn no_more_to_read(app: &App, case: &Case, task: &Task, now: At) -> Batch {
    match &task.unit {
        Some(unit) if case.unit.as_ref() != Some(unit) => {
            app.ports.people.end_grant(&case.resident, &case.id, unit, now)
        }
        _ => Batch::new(),
    }
}

/// Ends whatever is still open beside a case that ends: nobody need do it any more.
pub fn drop_open(app: &App, batch: &mut Batch, service: &Service, tasks: Vec<Task>, now: At) -> Result<()> {
    for mut task in tasks.into_iter().filter(Task::is_open) {
        task.state = step(region(app, service, &task)?, &task, "recall", Who::Officer)?;
        task.ended_at = Some(now);
        tables::put_task(batch, &task);
    }
    Ok(())
}

/// The state a verb leads a task to.
pub(super) fn step(region: &ChartRegion, task: &Task, verb: &str, who: Who) -> Result<String> {
    let found = region.verb(&task.state, verb).filter(|found| found.who == who);
    let found = found.ok_or_else(|| Error::Conflict("task-already-ended".into()))?;
    Ok(found.to.clone().unwrap_or_else(|| task.state.clone()))
}

/// Ends a task, and lets the case's clock go on from `at` if it stood for it.
fn end(app: &App, task: &mut Task, case: &mut Case, service: &Service, region: &ChartRegion, at: At) {
    task.ended_at = Some(app.now());
    if let (Some(why), Some(mut clock)) = (region.pauses.as_deref().and_then(Why::parse), case.clock(service))
    {
        clock.resume(why, at);
        actions::recount(app, case, service, clock);
    }
}

/// The applicant supplies what was asked for.
pub async fn supply(app: &App, person: &Person, id: &str, text: &str) -> Result<Case> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid("text", "task-supply-needed"));
    }
    actions::bounded("text", text)?;
    let theirs = |task: &Task, case: &Case| task.unit.is_none() && case.resident == person.id;
    answered(app, person, id, "supply", text, theirs).await
}

/// A unit that was asked replies.
pub async fn reply(app: &App, person: &Person, unit: &str, id: &str, text: &str) -> Result<Case> {
    let text = actions::written("text", text, "task-reply-needed")?;
    answered(app, person, id, "reply", &text, |task, _| task.unit.as_deref() == Some(unit)).await
}

async fn answered(
    app: &App,
    person: &Person,
    id: &str,
    verb: &str,
    text: &str,
    theirs: impl Fn(&Task, &Case) -> bool,
) -> Result<Case> {
    app.store
        .rerun(|| async {
            let (mut task, mut case, service) = found(app, id).await?;
            if !theirs(&task, &case) {
                return Err(Error::NotFound);
            }
            case.state.goes_on()?;
            let region = region(app, &service, &task)?;
            task.state = step(region, &task, verb, Who::Doer)?;
            let now = app.now();
            end(app, &mut task, &mut case, &service, region, now);
            task.reply = Some(text.to_owned());
            task.replied_by = Some(person.id.clone());
            let mut batch = Batch::new();
            tables::put(&mut batch, &case)?;
            tables::put_task(&mut batch, &task);
            batch.and(no_more_to_read(app, &case, &task, now));
            let body = json!({ "task": task.id });
            let event = actions::event(app, &task.state, &case, person.actor(), now, body);
            tables::add_note(&mut batch, &case, &event.id, text);
            batch.event(event);
            case.version += 1;
            Ok((batch, case))
        })
        .await
}

/// Whoever was asked takes more time: as much again as was given.
pub async fn prolong(app: &App, person: &Person, unit: Option<&str>, id: &str) -> Result<Task> {
    app.store
        .rerun(|| async {
            let (mut task, case, service) = found(app, id).await?;
            let theirs = match &task.unit {
                Some(asked) => unit == Some(asked.as_str()),
                None => case.resident == person.id,
            };
            if !theirs {
                return Err(Error::NotFound);
            }
            case.state.goes_on()?;
            let region = region(app, &service, &task)?;
            task.state = step(region, &task, "prolong", Who::Doer)?;
            let now = app.now();
            if !model::may_prolong(&task) {
                return Err(Error::Conflict("task-prolonged-enough".into()));
            }
            if task.due_on.is_some_and(|due| now.date() > due) {
                return Err(Error::Conflict("task-prolonged-late".into()));
            }
            task.prolonged = task.prolonged.saturating_add(1);
            let calendar = &app.definitions.calendar();
            task.due_on = task.clock().due_on(calendar, calendar.hours(None));
            let mut batch = Batch::new();
            tables::still(&mut batch, &case);
            tables::put_task(&mut batch, &task);
            if task.unit.is_none() {
                watch(app, &mut batch, &task, now);
            }
            let body = json!({ "task": task.id, "until": task.due_on });
            batch.event(actions::event(app, "prolonged", &case, person.actor(), now, body));
            task.version += 1;
            Ok((batch, task))
        })
        .await
}

/// The officer no longer needs what was asked.
pub async fn recall(app: &App, person: &Person, unit: &str, id: &str) -> Result<Case> {
    app.store
        .rerun(|| async {
            let (mut task, mut case, service) = found(app, id).await?;
            if case.unit.as_deref() != Some(unit) {
                return Err(Error::NotFound);
            }
            if case.officer.as_deref() != Some(&person.id) {
                return Err(Error::Conflict("case-other-officer".into()));
            }
            case.state.goes_on()?;
            let region = region(app, &service, &task)?;
            task.state = step(region, &task, "recall", Who::Officer)?;
            let now = app.now();
            end(app, &mut task, &mut case, &service, region, now);
            let mut batch = Batch::new();
            tables::put(&mut batch, &case)?;
            tables::put_task(&mut batch, &task);
            batch.and(no_more_to_read(app, &case, &task, now));
            let body = json!({ "task": task.id });
            batch.event(actions::event(app, "recalled", &case, person.actor(), now, body));
            case.version += 1;
            Ok((batch, case))
        })
        .await
}

/// A task's day is over: what has not come lapses. Whoever got more time meanwhile is left alone.
pub async fn lapse(app: &App, id: &str) -> Result<()> {
    app.store
        .rerun(|| async {
            let (mut task, mut case, service) = match found(app, id).await {
                Err(Error::NotFound) => return Ok((Batch::new(), ())),
                other => other?,
            };
            let now = app.now();
            let over = task.due_on.is_some_and(|due| now.date() > due);
            let region = region(app, &service, &task)?;
            let Ok(state) = step(region, &task, "lapse", Who::Clock) else { return Ok((Batch::new(), ())) };
            if !over || !case.state.is_open() {
                return Ok((Batch::new(), ()));
            }
            task.state = state;
            // What was left out ends with the last day that was given, whenever somebody looks.
            let last = task.due_on.map_or(now, |due| At::start_of(due).plus_seconds(86_399));
            end(app, &mut task, &mut case, &service, region, last);
            let mut batch = Batch::new();
            tables::put(&mut batch, &case)?;
            tables::put_task(&mut batch, &task);
            let actor = Actor::System { name: "clock".into() };
            batch.event(actions::event(app, "lapsed", &case, actor, now, json!({ "task": task.id })));
            Ok((batch, ()))
        })
        .await
}
