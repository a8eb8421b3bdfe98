//! What residents see of their cases.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use maru_definition::{Chart, Service, ahead::days_until};
use maru_kernel::{Actor, At, Date, Event, Problem, Result};
use maru_web::{
    Context, Fail, Shared, Typed, context,
    ports::{Role, Unit as Office},
    shown, shown_answer,
};
use serde::Serialize;

use crate::{
    actions,
    clock::{self, Clause, Clock, Counted, Counting, Day, Unit},
    files,
    form::Line,
    links,
    model::{Case, facts_of},
    tables, tasks, together,
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
    state: String,
    state_name: String,
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
    let now = match case.state.as_str() {
        "draft" => 0,
        "granted" => 3,
        _ if case.state.is_open() => 1,
        _ => 9,
    };
    let names: Vec<&String> = match case.state.as_str() {
        "refused" | "returned" => service.steps.iter().take(3).collect(),
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
    let mut ready = 0_usize;
    for case in tables::cases_of(&context.app.store, &person.id).await? {
        let Some(service) = context.app.definitions.service(&case.service) else { continue };
        let draft = case.state.is_draft();
        ready = ready.saturating_add(usize::from(together::draft(&context, &case) == Some(None)));
        cards.push(Card {
            href: if draft { format!("/cases/{}/form", case.id) } else { format!("/cases/{}", case.id) },
            service: service.text(context.lang).name.clone(),
            state: case.state.as_str().to_owned(),
            state_name: crate::letters::state_name(&context.app.definitions, &case)
                .get(context.lang)
                .to_owned(),
            due: case.due_on.filter(|_| case.state.is_open()).map(|d| d.to_string()),
            at: case.decided_at.or(case.submitted_at).unwrap_or(case.created_at).micros(),
            steps: if draft || case.state.is_withdrawn() { Vec::new() } else { stages(&context, &case) },
            receipt: case.receipt,
            id: case.id,
        });
    }
    let (open, ended): (Vec<_>, Vec<_>) = cards.into_iter().partition(|c| !Chart::is_ending(&c.state));
    let joined = tables::joined_by(&context.app.store, &person.id).await?;
    let joined: Vec<_> = joined.iter().map(|report| crate::reports::shown(&context, report, None)).collect();
    Ok(context.page("cases", "case/list.html", context! { open, ended, joined, ready }).await?)
}

#[derive(Serialize)]
pub struct Moment {
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
    Ok(Some((name, place(context, &unit), unit.contact)))
}

/// Agency and unit, as people write them.
pub fn place(context: &Context, unit: &Office) -> String {
    format!("{} {}", unit.agency.get(context.lang), unit.name.get(context.lang))
}

/// What the applicant answered, with the questions' own words.
pub fn answer_lines(context: &Context, service: &Service, case: &Case) -> Vec<Line> {
    let text = service.text(context.lang);
    let answers = facts_of(case.answers.iter());
    let mut lines = Vec::new();
    for page in service.form.pages(&answers) {
        for field in page.fields.iter().filter(|f| f.applies(&answers)) {
            if let Some(json) = case.answers.get(&field.fact) {
                lines.push(Line {
                    key: text.field(&field.id).label.clone(),
                    value: shown_answer(context, service, field, json),
                    source: context.t("source-applicant"),
                    kind: "you",
                    href: None,
                    action: None,
                });
            }
        }
    }
    lines
}

/// Who did what an event tells, by the event's id: officer and unit, as every notice names them.
pub async fn doers(context: &Context, events: &[Event]) -> Result<BTreeMap<String, String>> {
    let people = &context.app.ports.people;
    let mut known: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut out = BTreeMap::new();
    for event in events {
        let Actor::Official { party, unit } = &event.actor else { continue };
        let key = (party.clone(), unit.clone());
        let name = match known.get(&key) {
            Some(name) => name.clone(),
            None => {
                let person = people.person(party).await?.titled(context.lang);
                // Who acts for the country works in no unit.
                let name = match unit.as_str() {
                    Role::COUNTRY => person,
                    unit => format!("{} {person}", place(context, &people.unit(unit).await?)),
                };
                known.insert(key, name.clone());
                name
            }
        };
        out.insert(event.id.clone(), name);
    }
    Ok(out)
}

fn moments(
    context: &Context,
    events: &[Event],
    notes: &BTreeMap<String, String>,
    doers: &BTreeMap<String, String>,
    case: &Case,
    official: bool,
) -> Vec<Moment> {
    let note = case.note.as_deref();
    let ended = crate::letters::state_name(&context.app.definitions, case);
    let newest = events.len().saturating_sub(1);
    let mut out: Vec<Moment> = events
        .iter()
        // What officials note for one another is not the applicant's to read.
        .filter(|event| official || event.kind != "case.noted")
        .enumerate()
        // That an officer was reminded is between officials.
        .filter(|(_, event)| event.kind != "case.warned")
        .map(|(i, event)| {
            let verb = event.kind.trim_start_matches("case.");
            let yours = matches!(&event.actor, Actor::Resident { party } if *party == case.resident);
            let noted = matches!(verb, "granted" | "refused" | "returned" | "answered" | "closed");
            // That others were asked is told; what officials write to one another before a decision is theirs.
            let among_officials = !official && matches!(verb, "consulted" | "replied");
            Moment {
                when: shown::moment(context.lang, event.at),
                at: event.at.rfc3339(),
                // How a case ended has the words of its chart.
                title: if noted && case.decision.is_none() {
                    ended.get(context.lang).to_owned()
                } else {
                    context.t(&format!("case-event-{verb}"))
                },
                text: if noted {
                    note.unwrap_or_default().to_owned()
                } else if let Some(note) = notes.get(&event.id).filter(|_| !among_officials) {
                    note.clone()
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
                by: doers.get(&event.id).cloned().unwrap_or_default(),
            }
        })
        .collect();
    out.reverse();
    out
}

/// All that has happened to a case with what officials wrote, the newest first: for who works it.
pub async fn line_of(context: &Context, case: &Case) -> Result<Vec<Moment>> {
    let events = context.app.store.events(&format!("case/{}", case.id)).await?;
    let notes = tables::notes(&context.app.store, case).await?;
    Ok(moments(context, &events, &notes, &doers(context, &events).await?, case, true))
}

#[derive(Serialize)]
struct Cell {
    day: String,
    label: String,
    kind: &'static str,
}

/// The weeks from receipt to the due date, day by day: which counted, which did not and why.
fn weeks(context: &Context, days: &[Day], today: Date) -> Vec<Vec<Cell>> {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return Vec::new() };
    let calendar = &context.app.definitions.calendar();
    let mut weeks = Vec::new();
    let mut week = Vec::new();
    // Weeks begin on Sunday, as calendars here do.
    let mut date = first.date;
    for _ in 0..first.date.weekday().to_sunday_zero_offset() {
        date = date.yesterday().unwrap_or(date);
    }
    while date <= last.date || !week.is_empty() {
        let counted = days.iter().find(|d| d.date == date).map(|d| d.counted);
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
        } else if let Some(Counted::Day(nth)) = counted {
            let label = context.app.texts.get(context.lang, "cal-day", &[("n", i64::from(nth).into())]);
            (if date < today { "past" } else { "count" }, label.unwrap_or_default())
        } else if let Some(Counted::Seconds(1..)) = counted {
            (if date < today { "past" } else { "count" }, context.t("cal-hours"))
        } else if let Some(Counted::Paused(_)) = counted {
            ("", context.t("cal-paused"))
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

/// A clock as pages show it: how far it is, its weeks, and why it is due when it is.
#[derive(Serialize)]
pub struct ClockShown {
    /// What counted up to today, in days or hours.
    gone: i64,
    period: i64,
    in_hours: bool,
    paused: bool,
    /// To the minute, where hours are counted.
    due_at: Option<i64>,
    over: bool,
    weeks: Vec<Vec<Cell>>,
    said: Vec<String>,
}

pub fn clock_shown(context: &Context, clock: &Clock, service: &Service) -> ClockShown {
    let reckoned = actions::reckoned(&context.app, clock, service);
    let today = context.now.date();
    let in_hours = clock.counting == Counting::Statute && clock.period.in_hours();
    let total = i64::from(clock.extensions.iter().fold(clock.period.n, |n, more| n.saturating_add(*more)));
    let calendar = &context.app.definitions.calendar();
    // Of today only what is over.
    let worked = |day: Date| -> i64 {
        let spans = calendar.hours(Some(&service.owner)).of(day);
        let over = |(from, to): (At, At)| {
            to.min(context.now).micros().saturating_sub(from.max(clock.received).micros())
        };
        spans.into_iter().map(|span| over(span).max(0) / 1_000_000).sum()
    };
    let counted = reckoned.days.iter().filter(|day| day.date <= today).map(|day| match day.counted {
        Counted::Day(_) | Counted::Rolled => 3_600,
        Counted::Seconds(seconds) if day.date == today => seconds.min(worked(today)),
        Counted::Seconds(seconds) => seconds,
        _ => 0,
    });
    let gone = counted.sum::<i64>() / 3_600;
    ClockShown {
        gone,
        period: if in_hours && clock.period.unit == Unit::Days { total * 8 } else { total },
        in_hours,
        paused: reckoned.paused,
        due_at: reckoned.due_at.map(At::micros),
        over: reckoned.is_over(context.now),
        weeks: weeks(context, &reckoned.days, today),
        said: clock::clauses(clock, &reckoned).iter().map(|clause| clause_text(context, clause)).collect(),
    }
}

/// A clause of a clock in words.
fn clause_text(context: &Context, clause: &Clause) -> String {
    let counted = |key: &str, n: u32| {
        context.app.texts.get(context.lang, key, &[("n", i64::from(n).into())]).unwrap_or_default()
    };
    match clause {
        Clause::Period(period) => {
            let unit = match period.unit {
                Unit::Hours => "hours",
                Unit::Days => "days",
                Unit::Weeks => "weeks",
                Unit::Months => "months",
                Unit::Years => "years",
            };
            counted(&format!("clock-period-{unit}"), period.n)
        }
        Clause::InHours => context.t("clock-in-hours"),
        Clause::FirstDay => context.t("clock-first-day"),
        Clause::FirstDayNot => context.t("clock-first-day-not"),
        Clause::Extended(n) => counted("clock-extended", *n),
        Clause::Weekends(n) => counted("clock-weekends", *n),
        Clause::Holidays(n) => counted("clock-holidays", *n),
        Clause::Paused(why, n) => counted(&format!("clock-paused-{}", why.as_str()), *n),
        Clause::Still(why) => context.t(&format!("clock-still-{}", why.as_str())),
        Clause::Rolled => context.t("clock-rolled"),
        Clause::Unknown => context.t("clock-unknown"),
    }
}

async fn show(context: Context, Path(id): Path<String>) -> Answered {
    let case = actions::own(&context.app, context.resident()?, &id).await?;
    if case.state.is_draft() {
        return Ok(Redirect::to(&format!("/cases/{id}/form")).into_response());
    }
    again(&context, &case, &[], "").await
}

/// The case as its resident follows it; `problems` are those of a supplement that was sent.
pub async fn again(context: &Context, case: &Case, problems: &[Problem], typed: &str) -> Answered {
    let service = actions::service(&context.app, &case.service)?;
    let text = service.text(context.lang);
    let officer = officer(context, case).await?;
    let events = context.app.store.events(&format!("case/{}", case.id)).await?;
    let kept = tables::tasks(&context.app.store, &case.resident, &case.id).await?;
    let notes = tables::notes(&context.app.store, case).await?;
    let moments = moments(context, &events, &notes, &doers(context, &events).await?, case, false);
    let clock = case.clock(&service).map(|clock| clock_shown(context, &clock, &service));
    let decision = case.decision.as_ref().map(|json| crate::letters::shown(context, &service, json));
    let objection_until = case.objection_until(&service).map(|on| on.to_string());
    let told: Vec<_> = problems.iter().map(|p| context! { id => p.field, text => context.told(p) }).collect();
    let values = context! {
        tasks => tasks::all_shown(context, &service, case, &kept).await?, problems => told, typed,
        id => case.id, service => text.name, service_id => service.id, service_ended => service.ended,
        receipt => case.receipt, state => case.state.as_str(), stages => stages(context, case),
        due => case.due_on.map(|d| d.to_string()), clock, moments, decision, note => case.note, basis => case.basis,
        state_name => crate::letters::state_name(&context.app.definitions, case).get(context.lang),
        article => service.period.article, period_text => text.period,
        officer => officer.map(|(name, place, contact)| context! { name, place, contact }),
        open => case.state.is_open(), objection_until, objection_text => text.objection,
        links => links::shown(context, case).await?, may_object => links::may_object(context, case, &service).await?,
        pays => service.pays.as_str(), files => files::papers(context, case).await?,
        unasked => actions::is_unasked(&events) && case.state.as_str() == "granted",
        ends => ends_shown(context, case, &service).await?,
        fresh => events.last().is_some_and(|e| e.kind == "case.submitted"),
    };
    Ok(if problems.is_empty() {
        context.page("cases", "case/show.html", values).await?
    } else {
        context.page_again("cases", "case/show.html", values).await?
    })
}

/// Until when what was granted holds, and whether it is time to apply anew.
async fn ends_shown(context: &Context, case: &Case, service: &Service) -> Result<Option<maru_web::Shown>> {
    let endings = tables::endings_of(&context.app.store, &case.resident).await?;
    let Some((ending, lasts)) = endings.get(&case.id).zip(service.lasts.as_ref()) else { return Ok(None) };
    let left = days_until(context.now.date(), ending.until);
    let near = lasts.ahead.first().is_some_and(|days| left <= *days);
    let open = tables::open_case(&context.app.store, &case.resident, &case.service).await?.is_some();
    Ok(Some(context! {
        on => ending.until.to_string(), over => left < 0, text => service.text(context.lang).lasts,
        article => lasts.article, again => lasts.again && near && !open && !service.ended,
    }))
}

async fn ask_withdraw(context: Context, Path(id): Path<String>) -> Answered {
    let case = actions::own(&context.app, context.resident()?, &id).await?;
    if !case.state.is_open() {
        return Ok(Redirect::to(&format!("/cases/{id}")).into_response());
    }
    let service = actions::service(&context.app, &case.service)?;
    let draft = case.state.is_draft();
    let values = context! { id, draft, service => service.text(context.lang).name, receipt => case.receipt };
    Ok(context.page("cases", "case/withdraw.html", values).await?)
}

async fn withdraw(context: Context, Path(id): Path<String>, _typed: Typed) -> Answered {
    let case = actions::withdraw(&context.app, context.resident()?, &id).await?;
    let back = if case.receipt.is_some() { format!("/cases/{id}") } else { "/cases".into() };
    Ok(Redirect::to(&back).into_response())
}
