//! For auditors: a case is opened with a written reason, then read as it stood at any moment.

use axum::{
    Router,
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use maru_kernel::{At, Date, Error, Event, Problem, Result, SEOUL};
use maru_web::{
    App, Context, Fail, Shared, Typed, admin_tabs, context,
    ports::{RoleKind, Session},
    shown,
};

use crate::{
    actions,
    clock::Clock,
    letters,
    model::{Case, Task},
    pages,
    stood::{Stood, stood, task_at},
    tables, tasks,
};

type Answered = std::result::Result<Response, Fail>;

pub fn routes() -> Router<Shared> {
    Router::new().route("/audit", get(ask).post(open)).route("/audit/cases/{id}", get(look))
}

fn auditor(context: &Context) -> Result<&Session> {
    context.with_role(&[RoleKind::Auditor], "audit-not-auditor")
}

async fn ask(context: Context) -> Answered {
    page(&context, &[], &Typed(Default::default())).await
}

async fn page(context: &Context, problems: &[Problem], typed: &Typed) -> Answered {
    let session = auditor(context)?;
    let of =
        |field: &str| problems.iter().find(|p| p.field == field).map(|p| context.told(p)).unwrap_or_default();
    let told: Vec<_> = problems.iter().map(|p| context! { id => p.field, text => context.told(p) }).collect();
    let values = context! {
        tab => "audit", tabs => admin_tabs(session), problems => told, law => actions::AUDIT_LAW,
        receipt => typed.get("receipt"), reason => typed.get("reason"),
        receipt_wrong => of("receipt"), reason_wrong => of("reason"),
    };
    Ok(if problems.is_empty() {
        context.page("admin", "case/audit.html", values).await?
    } else {
        context.page_again("admin", "case/audit.html", values).await?
    })
}

async fn open(context: Context, typed: Typed) -> Answered {
    let session = auditor(&context)?;
    match actions::audit(&context.app, session, typed.get("receipt"), typed.get("reason")).await {
        Ok(id) => Ok(Redirect::to(&format!("/audit/cases/{id}")).into_response()),
        Err(Error::Invalid(problems)) => page(&context, &problems, &typed).await,
        Err(other) => Err(Fail(other)),
    }
}

/// What was the case at a moment: itself, its due date, what was asked beside it with what had come of it by then.
async fn told(app: &App, case: &Case, events: &[Event], at: At) -> Result<(Stood, Option<Date>, Vec<Task>)> {
    let service = actions::service(app, &case.service)?;
    let chart = actions::chart(app, &service)?;
    let then = stood(chart, case.clock(&service).as_ref(), events, at);
    let due = then.clock.as_ref().and_then(|clock| actions::reckoned(app, clock, &service).due_on);
    let calendar = &app.definitions.calendar();
    let theirs = |clock: &Clock| clock.due_on(calendar, calendar.hours(None));
    let mut tasks = Vec::new();
    for task in tables::tasks(&app.store, &case.resident, &case.id).await? {
        let Some(mut task) = task_at(&task, events, at, &theirs) else { continue };
        if task.is_open()
            && let Some(region) = chart.region(&task.kind)
        {
            task.state = region.start().to_owned();
        }
        tasks.push(task);
    }
    Ok((then, due, tasks))
}

/// A case at a moment, told from its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Then {
    pub state: String,
    pub unit: Option<String>,
    pub officer: Option<String>,
    pub due_on: Option<Date>,
    /// The tasks that were open.
    pub open: Vec<String>,
}

/// What the page of an audit rests on, without the page; whoever calls it has checked that it may be told.
pub async fn as_it_stood(app: &App, id: &str, at: At) -> Result<Then> {
    let case = tables::case(&app.store, id).await?.ok_or(Error::NotFound)?;
    let events = app.store.events(&format!("case/{id}")).await?;
    let (then, due_on, tasks) = told(app, &case, &events, at).await?;
    let open = tasks.into_iter().filter(Task::is_open).map(|task| task.id).collect();
    Ok(Then { state: then.state.as_str().to_owned(), unit: then.unit, officer: then.officer, due_on, open })
}

#[derive(serde::Deserialize)]
struct When {
    #[serde(default)]
    at: String,
}

/// A moment as somebody typed it in Seoul's time; a minute is meant to its end.
fn moment(text: &str) -> Option<At> {
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    let at = At::from_micros(civil.to_zoned_datetime(SEOUL).ok()?.timestamp().as_microsecond());
    let to_the_minute = text.len() <= "2026-11-26T10:00".len();
    Some(if to_the_minute { At::from_micros(at.micros().saturating_add(59_999_999)) } else { at })
}

/// The same moment as an address says it, to the microsecond.
fn exact(at: At) -> String {
    at.seoul().strftime("%Y-%m-%dT%H:%M:%S%.6f").to_string()
}

async fn look(context: Context, Path(id): Path<String>, Query(when): Query<When>) -> Answered {
    let session = auditor(&context)?;
    let app = &context.app;
    let case = actions::audited(app, session, &id).await?;
    let service = actions::service(app, &case.service)?;
    let events = app.store.events(&format!("case/{}", case.id)).await?;
    let asked = moment(&when.at);
    let at = asked.unwrap_or(context.now).min(context.now);
    let (then, due, tasks) = told(app, &case, &events, at).await?;
    let mut beside = Vec::new();
    for task in &tasks {
        beside.push(tasks::shown(&context, &service, &case, task).await?);
    }
    let files: Vec<_> = tables::audit::files_at(&app.store, &case, at)
        .await?
        .into_iter()
        .map(|file| context! { name => file.name, kind => file.kind.name(), at => file.added_at.micros() })
        .collect();
    let unit = match &then.unit {
        Some(unit) => pages::place(&context, &app.ports.people.unit(unit).await?),
        None => String::new(),
    };
    let officer = match &then.officer {
        Some(officer) => app.ports.people.person(officer).await?.titled(context.lang),
        None => String::new(),
    };
    let shown_then = Case { state: then.state.clone(), ..case.clone() };
    let paused = then.clock.as_ref().is_some_and(Clock::is_paused) && then.state.is_open();
    let values = context! {
        tab => "audit", tabs => admin_tabs(session), id => case.id, receipt => case.receipt,
        service => service.text(context.lang).name,
        state => letters::state_name(&app.definitions, &shown_then).get(context.lang),
        unit, officer, due => due.map(|due| due.to_string()), paused, beside, files,
        // What was being written then is not kept.
        answers => if then.state.is_draft() { Vec::new() } else { pages::answer_lines(&context, &service, &case) },
        decision => (!then.state.is_open()).then(|| case.note.clone()).flatten(),
        at => at.micros(), typed => at.seoul().strftime("%Y-%m-%dT%H:%M").to_string(),
        wrong => asked.is_none() && !when.at.is_empty(), today => asked.is_none(),
        moments => line(&context, &case, &events, at).await?,
    };
    Ok(context.page("admin", "case/audited.html", values).await?)
}

/// Every event as a way to its moment, the newest first; what was written with it only up to the moment that is looked at.
async fn line(context: &Context, case: &Case, events: &[Event], at: At) -> Result<Vec<maru_web::Shown>> {
    let notes = tables::notes(&context.app.store, case).await?;
    let doers = pages::doers(context, events).await?;
    let now = events.iter().rposition(|event| event.at <= at);
    let shown = |(n, event): (usize, &Event)| {
        let verb = event.kind.trim_start_matches("case.");
        context! {
            exact => exact(event.at), when => shown::moment(context.lang, event.at),
            title => context.t(&format!("case-event-{verb}")),
            note => notes.get(&event.id).filter(|_| event.at <= at), by => doers.get(&event.id),
            here => Some(n) == now, then => event.at <= at,
        }
    };
    Ok(events.iter().enumerate().map(shown).rev().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_back_as_it_was_written() {
        let at = At::from_micros(1_790_000_000_123_456);
        assert_eq!(moment(&exact(at)), Some(at));
        let minute = moment("2026-11-26T10:00").unwrap();
        assert_eq!(exact(minute), "2026-11-26T10:00:59.999999");
        assert_eq!(moment("yesterday"), None);
    }
}
