//! What residents see of their cases.

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use maru_kernel::{Actor, At, Date, Event, Result};
use maru_web::{Context, Fail, Shared, Typed, context, shown};
use serde::Serialize;

use crate::{
    actions, clock, files,
    model::{Case, State},
    tables,
};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/cases", get(list))
        .route("/cases/{id}", get(show))
        .route("/cases/{id}/withdraw", get(ask_withdraw).post(withdraw))
}

type Answered = std::result::Result<Response, Fail>;

#[derive(Serialize)]
struct Card {
    id: String,
    href: String,
    service: String,
    receipt: Option<String>,
    state: &'static str,
    due: Option<String>,
    at: i64,
    steps: Vec<Stage>,
}

#[derive(Serialize)]
pub struct Stage {
    label: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
    state: &'static str,
}

/// Where a case stands among the stages its service names.
pub fn stages(context: &Context, case: &Case) -> Vec<Stage> {
    let Some(service) = context.app.definitions.service(&case.service) else { return Vec::new() };
    let text = service.text(context.lang);
    let now = match case.state {
        State::Draft => 0,
        State::Received | State::Assigned => 1,
        State::Granted => 3,
        State::Refused | State::Withdrawn => 9,
    };
    let names: Vec<&String> = match case.state {
        State::Refused => service.steps.iter().take(3).collect(),
        _ => service.steps.iter().collect(),
    };
    let day = |at: Option<At>| at.map(|at| shown::day(context.lang, at.date())).unwrap_or_default();
    names
        .iter()
        .enumerate()
        .map(|(i, step)| Stage {
            label: text.step(step).to_owned(),
            note: match i {
                0 => day(case.submitted_at),
                2 if case.state.is_decided() => day(case.decided_at),
                2 => case.due_on.map(|d| shown::day(context.lang, d)).unwrap_or_default(),
                _ => String::new(),
            },
            state: if i < now {
                "done"
            } else if i == now {
                "now"
            } else {
                "next"
            },
        })
        .collect()
}

async fn list(context: Context) -> Answered {
    let person = context.resident()?;
    let mut cards = Vec::new();
    for case in tables::cases_of(&context.app.store, &person.id).await? {
        let Some(service) = context.app.definitions.service(&case.service) else { continue };
        let draft = case.state == State::Draft;
        cards.push(Card {
            href: if draft { format!("/cases/{}/form", case.id) } else { format!("/cases/{}", case.id) },
            service: service.text(context.lang).name.clone(),
            state: case.state.as_str(),
            due: case.due_on.filter(|_| case.state.is_open()).map(|d| d.to_string()),
            at: case.decided_at.or(case.submitted_at).unwrap_or(case.created_at).micros(),
            steps: if draft || case.state == State::Withdrawn { Vec::new() } else { stages(&context, &case) },
            receipt: case.receipt,
            id: case.id,
        });
    }
    let (open, ended): (Vec<_>, Vec<_>) =
        cards.into_iter().partition(|c| matches!(c.state, "draft" | "received" | "assigned"));
    Ok(context.page("cases", "case/list.html", context! { open, ended }).await?)
}

#[derive(Serialize)]
struct Moment {
    when: String,
    at: String,
    title: String,
    text: String,
    state: &'static str,
    by: String,
}

/// The officer's name, rank and unit, as every notice tells them.
pub async fn officer(context: &Context, case: &Case) -> Result<Option<(String, String, String)>> {
    let Some(unit) = &case.unit else { return Ok(None) };
    let people = &context.app.ports.people;
    let unit = people.unit(unit).await?;
    let name = match &case.officer {
        Some(officer) => people.person(officer).await?.titled(context.lang),
        None => String::new(),
    };
    let place = format!("{} {}", unit.agency.get(context.lang), unit.name.get(context.lang));
    Ok(Some((name, place, unit.contact)))
}

fn moments(context: &Context, events: &[Event], officer: &str, note: Option<&str>) -> Vec<Moment> {
    let newest = events.len().saturating_sub(1);
    let mut out: Vec<Moment> = events
        .iter()
        .enumerate()
        .map(|(i, event)| {
            let verb = event.kind.trim_start_matches("case.");
            let yours = matches!(event.actor, Actor::Resident { .. });
            let noted = matches!(verb, "granted" | "refused");
            Moment {
                when: shown::moment(context.lang, event.at),
                at: event.at.rfc3339(),
                title: context.t(&format!("case-event-{verb}")),
                text: if noted {
                    note.unwrap_or_default().to_owned()
                } else {
                    context.t(&format!("case-event-{verb}-text"))
                },
                state: if yours {
                    "you"
                } else if i == newest {
                    "now"
                } else {
                    "done"
                },
                by: if yours { String::new() } else { officer.to_owned() },
            }
        })
        .collect();
    out.reverse();
    out
}

#[derive(Serialize)]
struct Cell {
    day: String,
    label: String,
    kind: &'static str,
}

/// The weeks from receipt to the due date, day by day: which counted, which did not and why.
fn weeks(context: &Context, days: &[clock::Day], today: Date) -> Vec<Vec<Cell>> {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return Vec::new() };
    let calendar = &context.app.definitions.pack().calendar;
    let mut weeks = Vec::new();
    let mut week = Vec::new();
    // Weeks begin on Sunday, as calendars here do.
    let mut date = first.date;
    for _ in 0..first.date.weekday().to_sunday_zero_offset() {
        date = date.yesterday().unwrap_or(date);
    }
    while date <= last.date || !week.is_empty() {
        let counted = days.iter().find(|d| d.date == date).and_then(|d| d.nth);
        let shown_day = if date.day() == 1 || (weeks.is_empty() && week.is_empty()) {
            format!("{}/{}", date.month(), date.day())
        } else {
            date.day().to_string()
        };
        let holiday = calendar.holiday(date).map(|h| h.get(context.lang).to_owned());
        let (kind, label) = if date == last.date {
            ("due", context.t("cal-due"))
        } else if date == today && date >= first.date {
            ("today", context.t("cal-today"))
        } else if let Some(nth) = counted {
            let label = context.app.texts.get(context.lang, "cal-day", &[("n", i64::from(nth).into())]);
            (if date < today { "past" } else { "count" }, label.unwrap_or_default())
        } else if date >= first.date && date <= last.date {
            ("", holiday.unwrap_or_default())
        } else {
            ("", String::new())
        };
        week.push(Cell { day: shown_day, label, kind });
        if week.len() == 7 {
            weeks.push(std::mem::take(&mut week));
            if date >= last.date {
                break;
            }
        }
        let Ok(tomorrow) = date.tomorrow() else { break };
        date = tomorrow;
    }
    weeks
}

async fn show(context: Context, Path(id): Path<String>) -> Answered {
    let person = context.resident()?;
    let case = actions::own(&context.app, person, &id).await?;
    if case.state == State::Draft {
        return Ok(Redirect::to(&format!("/cases/{id}/form")).into_response());
    }
    let service = actions::service(&context.app, &case.service)?;
    let text = service.text(context.lang);
    let officer = officer(&context, &case).await?;
    let events = context.app.store.events(&format!("case/{}", case.id)).await?;
    let by = officer
        .as_ref()
        .map(|(name, place, _)| format!("{place} {name}").trim().to_owned())
        .unwrap_or_default();
    let moments = moments(&context, &events, &by, case.note.as_deref());
    let calendar = &context.app.definitions.pack().calendar;
    let counted = case.submitted_at.and_then(|at| clock::days(calendar, at, service.period.days));
    let today = context.now.date();
    let weeks = counted.as_deref().map(|days| weeks(&context, days, today)).unwrap_or_default();
    let gone = counted
        .as_deref()
        .map_or(0, |days| days.iter().filter(|d| d.nth.is_some() && d.date <= today).count());
    let decision = case.decision.as_ref().map(|json| crate::letters::shown(&context, &service, json));
    let objection_until =
        case.decided_at.map(|at| at.plus_days(i64::from(service.objection.days)).date().to_string());
    let values = context! {
        id => case.id, service => text.name, service_id => service.id,
        receipt => case.receipt, state => case.state.as_str(), stages => stages(&context, &case),
        due => case.due_on.map(|d| d.to_string()), weeks, moments, decision, note => case.note,
        period_days => service.period.days, article => service.period.article, period_text => text.period,
        gone, officer => officer.map(|(name, place, contact)| context! { name, place, contact }),
        open => case.state.is_open(), objection_until, objection_text => text.objection,
        pays => service.pays.as_str(), files => files::papers(&context, &case).await?,
        fresh => events.last().is_some_and(|e| e.kind == "case.submitted"),
    };
    Ok(context.page("cases", "case/show.html", values).await?)
}

async fn ask_withdraw(context: Context, Path(id): Path<String>) -> Answered {
    let case = actions::own(&context.app, context.resident()?, &id).await?;
    if !case.state.is_open() {
        return Ok(Redirect::to(&format!("/cases/{id}")).into_response());
    }
    let service = actions::service(&context.app, &case.service)?;
    let draft = case.state == State::Draft;
    let values = context! { id, draft, service => service.text(context.lang).name, receipt => case.receipt };
    Ok(context.page("cases", "case/withdraw.html", values).await?)
}

async fn withdraw(context: Context, Path(id): Path<String>, _typed: Typed) -> Answered {
    let case = actions::withdraw(&context.app, context.resident()?, &id).await?;
    let back = if case.receipt.is_some() { format!("/cases/{id}") } else { "/cases".into() };
    Ok(Redirect::to(&back).into_response())
}
