//! Who leads a unit sees how the work lies, what will be late and why, and moves it. Nothing here is about an applicant.

use axum::{Router, extract::Query, routing::get};
use maru_kernel::{Date, Error, Result};
use maru_web::{
    Context, Shared, context,
    ports::{Person, RoleKind, Unit},
};
use serde::Serialize;

use super::{Answered, Due, Filter, Filters, Span, Which, list, officer_name};
use crate::{
    actions, letters,
    model::{Case, Task},
    pages, tables,
};

/// So many working days ahead are looked at, and at most.
const AHEAD: u32 = 3;
const FURTHEST: u32 = 30;

pub fn routes() -> Router<Shared> {
    Router::new().route("/desk/load", get(load))
}

/// One officer's open cases, or those that are nobody's.
#[derive(Serialize)]
struct Load {
    /// Empty: nobody's.
    officer: String,
    name: String,
    open: String,
    /// For the bar: counted no further than lists are.
    count: i64,
    overdue: String,
    week: String,
    none: String,
}

/// The units of the agencies that somebody manages.
async fn units(context: &Context) -> Result<Vec<Unit>> {
    let session = context.with_role(&[RoleKind::Manager], "error-not-manager")?;
    let own = |unit: &Unit| {
        let over =
            |agency: &str| session.roles.iter().any(|r| r.kind == RoleKind::Manager && r.over == agency);
        unit.agency_id.as_deref().is_some_and(over)
    };
    Ok(context.app.ports.people.units().await?.into_iter().filter(own).collect())
}

async fn loads(context: &Context, unit: &str, clerks: &[Person]) -> Result<Vec<Load>> {
    let today = context.now.date();
    let spans: Vec<Span> = Due::ALL.iter().map(|due| due.span(today)).collect();
    let mut loads = Vec::new();
    let nobody = (String::new(), context.t("desk-nobody"));
    let officers = clerks.iter().map(|clerk| (clerk.id.clone(), clerk.name.get(context.lang).to_owned()));
    for (officer, name) in std::iter::once(nobody).chain(officers) {
        let filter = Filter { which: Which::Open, officer: Some(&officer), service: None };
        let counts = tables::desk::counts(&context.app.store, unit, &filter, &spans).await?;
        let of = |due: Due| {
            let found = Due::ALL.iter().zip(&counts).find(|(other, _)| **other == due);
            found.map_or(0, |(_, count)| *count)
        };
        let open = counts.iter().fold(0_i64, |sum, n| sum.saturating_add(*n));
        loads.push(Load {
            open: list::said(open),
            count: open.min(list::COUNTED),
            overdue: list::said(of(Due::Overdue)),
            week: list::said(of(Due::Today).saturating_add(of(Due::Week))),
            none: list::said(of(Due::None)),
            officer,
            name,
        });
    }
    Ok(loads)
}

/// The last of so many working days after today; where the calendar ends, as far as it reaches.
fn ahead(context: &Context, days: u32) -> Date {
    let calendar = &context.app.definitions.calendar();
    let (mut date, mut left) = (context.now.date(), days);
    while left > 0 {
        let Ok(next) = date.tomorrow() else { break };
        let Some(works) = calendar.is_working_day(next) else { break };
        date = next;
        left = left.saturating_sub(u32::from(works));
    }
    date
}

/// Why a case is not decided yet, as far as can be seen from outside.
async fn reasons(context: &Context, case: &Case, loads: &[Load]) -> Result<Vec<String>> {
    let say = |key: &str, args: &[(&str, maru_web::Said<'_>)]| {
        context.app.texts.get(context.lang, key, args).unwrap_or_default()
    };
    let mut reasons = Vec::new();
    let tasks = tables::tasks(&context.app.store, &case.resident, &case.id).await?;
    for task in tasks.iter().filter(|task| task.is_open()) {
        let until = until(context, task);
        reasons.push(match &task.unit {
            None => say("load-waits-applicant", &[("date", until.into())]),
            Some(unit) => {
                let unit = pages::place(context, &context.app.ports.people.unit(unit).await?);
                say("load-waits-unit", &[("date", until.into()), ("unit", unit.into())])
            }
        });
    }
    match case.officer.as_deref() {
        None => reasons.push(context.t("load-nobody")),
        Some(officer) => {
            if let Some(load) = loads.iter().find(|load| load.officer == officer && load.count > 1) {
                let others = list::said(load.count.saturating_sub(1));
                reasons.push(say("load-others", &[("count", others.into())]));
            }
        }
    }
    if reasons.is_empty() {
        reasons.push(context.t("load-nothing"));
    }
    Ok(reasons)
}

fn until(context: &Context, task: &Task) -> String {
    task.due_on.map_or_else(String::new, |due| maru_web::shown::deadline(context.lang, due))
}

async fn load(context: Context, Query(query): Query<Filters>) -> Answered {
    context.person()?;
    let units = units(&context).await?;
    let get = |name: &str| query.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let own = context.person()?.unit.as_deref();
    let chosen = match get("unit") {
        Some(id) => Some(units.iter().find(|unit| unit.id == id).ok_or(Error::NotFound)?),
        None => units.iter().find(|unit| Some(unit.id.as_str()) == own).or(units.first()),
    };
    let choices: Vec<_> =
        units.iter().map(|unit| context! { id => unit.id, name => unit.name.get(context.lang) }).collect();
    let days = get("days").and_then(|days| days.parse().ok()).unwrap_or(AHEAD).min(FURTHEST);
    let mut board = None;
    if let Some(unit) = chosen {
        let clerks = super::clerks(&context, &unit.id).await?;
        let loads = loads(&context, &unit.id, &clerks).await?;
        let filter = Filter { which: Which::Open, officer: None, service: None };
        let last = ahead(&context, days);
        // Until the end of that day: places begin with the date.
        let before = last.tomorrow().unwrap_or(last).to_string();
        let span = Span { after: get("after").unwrap_or_default().to_owned(), before };
        let (cases, more) = tables::desk::page(&context.app.store, &unit.id, &filter, &span, false).await?;
        let next = cases
            .last()
            .filter(|_| more)
            .map(|case| format!("/desk/load?unit={}&days={days}&after={}", unit.id, super::place(case)));
        let mut rows = Vec::new();
        for case in &cases {
            let service = context.app.definitions.service(&case.service);
            rows.push(context! {
                id => case.id, receipt => case.receipt,
                service => service.map(|s| s.text(context.lang).name.clone()),
                state => letters::state_name(&context.app.definitions, case).get(context.lang),
                due => case.due_on.map(|due| due.to_string()),
                late => case.due_on.is_some_and(|due| due < context.now.date()),
                mark => case.mark(context.now.date()),
                officer => officer_name(&context, &clerks, case.officer.as_deref()).await?,
                reasons => reasons(&context, case, &loads).await?,
            });
        }
        let names: Vec<_> =
            clerks.iter().map(|clerk| (clerk.id.as_str(), clerk.name.get(context.lang))).collect();
        let most = loads.iter().map(|load| load.count).max().unwrap_or(0).max(1);
        board = Some(context! {
            rows, loads, most, next, clerks => names, last => last.to_string(), place => pages::place(&context, unit),
        });
    }
    let unit = chosen.map(|unit| unit.id.as_str());
    let values = context! { units => choices, days, furthest => FURTHEST, unit, board };
    Ok(context.page("load", "case/load.html", values).await?)
}

/// Whether somebody leads this unit: the desk then offers to move cases.
pub async fn leads(context: &Context, unit: &str) -> bool {
    match &context.session {
        Some(session) => actions::led(&context.app, session, unit).await.is_ok(),
        None => false,
    }
}
