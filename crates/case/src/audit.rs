//! For auditors: a case is opened with a written reason, then read as it stood at any moment. Pages, and JSON over the same.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maru_definition::Service;
use maru_kernel::{At, Date, Error, Event, Problem, Result, SEOUL};
use maru_web::{
    ApiContext, App, Context, Fail, Sent, Shared, Typed, admin_tabs, context,
    ports::{RoleKind, Session},
    shown,
};

use serde_json::{Value as Body, json};

use crate::{
    actions::{self, CaseFile},
    clock::Clock,
    form::Line,
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

pub fn api() -> Router<Shared> {
    Router::new().route("/audit", post(open_by_program)).route("/audit/cases/{id}", get(told_to_program))
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

/// A case that an auditor opened, at a moment.
struct Looked {
    case: Case,
    service: Arc<Service>,
    events: Vec<Event>,
    then: Stood,
    due: Option<Date>,
    tasks: Vec<Task>,
    files: Vec<CaseFile>,
    unit: Option<String>,
    officer: Option<String>,
}

impl Looked {
    async fn at(context: &Context, id: &str, at: At) -> Result<Looked> {
        let app = &context.app;
        let case = actions::audited(app, auditor(context)?, id).await?;
        let service = actions::service(app, &case.service)?;
        let events = app.store.events(&format!("case/{}", case.id)).await?;
        let (then, due, tasks) = told(app, &case, &events, at).await?;
        let files = tables::audit::files_at(&app.store, &case, at).await?;
        let unit = match &then.unit {
            Some(unit) => Some(pages::place(context, &app.ports.people.unit(unit).await?)),
            None => None,
        };
        let officer = match &then.officer {
            Some(officer) => Some(app.ports.people.person(officer).await?.titled(context.lang)),
            None => None,
        };
        Ok(Looked { case, service, events, then, due, tasks, files, unit, officer })
    }

    fn paused(&self) -> bool {
        self.then.clock.as_ref().is_some_and(Clock::is_paused) && self.then.state.is_open()
    }

    /// What was being written then is not kept.
    fn answers(&self, context: &Context) -> Vec<Line> {
        if self.then.state.is_draft() {
            Vec::new()
        } else {
            pages::answer_lines(context, &self.service, &self.case)
        }
    }

    fn decision(&self) -> Option<String> {
        (!self.then.state.is_open()).then(|| self.case.note.clone()).flatten()
    }
}

async fn look(context: Context, Path(id): Path<String>, Query(when): Query<When>) -> Answered {
    let session = auditor(&context)?;
    let asked = moment(&when.at);
    let at = asked.unwrap_or(context.now).min(context.now);
    let looked = Looked::at(&context, &id, at).await?;
    let Looked { case, service, events, then, .. } = &looked;
    let shown_then = Case { state: then.state.clone(), clock: then.clock.clone(), ..case.clone() };
    let beside = tasks::all_shown(&context, service, &shown_then, &looked.tasks).await?;
    let file = |file: &CaseFile| context! { name => file.name, kind => file.kind.name(), at => file.added_at.micros() };
    let values = context! {
        tab => "audit", tabs => admin_tabs(session), id => case.id, receipt => case.receipt,
        service => service.text(context.lang).name,
        state => letters::state_name(&context.app.definitions, &shown_then).get(context.lang),
        unit => looked.unit, officer => looked.officer, due => looked.due.map(|due| due.to_string()),
        paused => looked.paused(), beside, files => looked.files.iter().map(file).collect::<Vec<_>>(),
        answers => looked.answers(&context), decision => looked.decision(),
        at => at.micros(), typed => at.seoul().strftime("%Y-%m-%dT%H:%M").to_string(),
        wrong => asked.is_none() && !when.at.is_empty(), today => asked.is_none(),
        moments => line(&context, case, events, at).await?,
    };
    Ok(context.page("admin", "case/audited.html", values).await?)
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Opening {
    receipt: String,
    reason: String,
}

async fn open_by_program(ApiContext(context): ApiContext, Sent(body): Sent<Opening>) -> Answered {
    let id = actions::audit(&context.app, auditor(&context)?, &body.receipt, &body.reason).await?;
    Ok((StatusCode::CREATED, Json(json!({ "case": id }))).into_response())
}

/// As the page tells it. A moment that is none opens nothing and leaves no entry.
async fn told_to_program(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Query(when): Query<When>,
) -> Answered {
    auditor(&context)?;
    let at = match when.at.as_str() {
        "" => context.now,
        text => At::parse(text)
            .or_else(|| moment(text))
            .ok_or_else(|| Error::invalid("at", "clock-wrong-moment"))?,
    };
    let at = at.min(context.now);
    let looked = Looked::at(&context, &id, at).await?;
    let Looked { case, then, events, .. } = &looked;
    let zoned = |at: At| format!("{}+09:00", exact(at));
    let task = |task: &Task| {
        json!({
            "id": task.id, "kind": task.kind, "state": task.state, "unit": task.unit, "asked": task.asked,
            "asked_at": task.asked_at.rfc3339(), "due_on": task.due_on, "reply": task.reply,
            "ended_at": task.ended_at.map(At::rfc3339),
        })
    };
    let file = |file: &CaseFile| json!({ "name": file.name, "kind": file.kind.name(), "added_at": file.added_at.rfc3339() });
    let answers: Vec<Body> = looked
        .answers(&context)
        .into_iter()
        .map(|line| json!({ "label": line.key, "value": line.value }))
        .collect();
    let notes = tables::notes(&context.app.store, case).await?;
    let doers = pages::doers(&context, events).await?;
    let event = |event: &Event| {
        json!({
            "at": zoned(event.at), "kind": event.kind, "by": doers.get(&event.id),
            "note": notes.get(&event.id).filter(|_| event.at <= at),
        })
    };
    let body = json!({
        "case": case.id, "receipt": case.receipt, "service": case.service, "at": zoned(at), "state": then.state.as_str(),
        "unit": looked.unit, "officer": looked.officer, "due_on": looked.due, "paused": looked.paused(),
        "answers": answers, "decision": looked.decision(), "tasks": looked.tasks.iter().map(task).collect::<Vec<_>>(),
        "files": looked.files.iter().map(file).collect::<Vec<_>>(), "events": events.iter().map(event).collect::<Vec<_>>(),
    });
    Ok(Json(body).into_response())
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
