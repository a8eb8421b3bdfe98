//! The desk of a unit: what is due, one case beside it, the verbs at its foot.

pub mod bulk;
mod deciding;
mod list;
mod load;
mod owed;
mod pane;

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maru_definition::{Chart, DRAFT};
use maru_kernel::{Problem, Result};
use maru_web::{Context, Fail, Shared, Shown as Value, Typed, context, ports::Person, shown};
use serde::Serialize;
use serde_json::Value as Json;

pub use list::{ALIKE, Asked, Due, Filter, Found, PAGE, Span, Which, place};

use crate::{
    actions, letters,
    model::{Case, Task, receipt_is_right},
    tables,
};

/// So many questions of other units are shown.
const ASKED: usize = 50;

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/desk", get(desk))
        .route("/desk/cases/{id}", get(open))
        .route("/cases/{id}/assign", post(assign))
        .merge(deciding::routes())
        .merge(bulk::routes())
        .merge(load::routes())
        .merge(owed::routes())
}

type Answered = std::result::Result<Response, Fail>;
type Filters = BTreeMap<String, String>;

#[derive(Serialize)]
struct Row {
    id: String,
    name: String,
    receipt: String,
    service: String,
    state_name: String,
    undecided: bool,
    paused: bool,
    due: Option<String>,
    days_left: Option<i64>,
    mark: Option<&'static str>,
    officer: String,
    open: bool,
}

/// Cases that are due about the same time, in the order of the list.
#[derive(Serialize)]
struct Group {
    label: String,
    rows: Vec<Row>,
}

/// How much is due when: a bar, and the way to it.
#[derive(Serialize)]
struct Bar {
    due: &'static str,
    label: String,
    count: i64,
    chosen: bool,
}

/// The unit's clerks by id: they are asked for once, not case by case.
async fn clerks(context: &Context, unit: &str) -> Result<Vec<Person>> {
    context.app.ports.people.clerks(unit, context.now).await
}

/// The name of an officer; who has moved elsewhere in the meantime is looked up.
async fn officer_name(context: &Context, clerks: &[Person], id: Option<&str>) -> Result<String> {
    let Some(id) = id else { return Ok(String::new()) };
    let name = match clerks.iter().find(|clerk| clerk.id == id) {
        Some(clerk) => clerk.name.clone(),
        None => context.app.ports.people.person(id).await?.name,
    };
    Ok(name.get(context.lang).to_owned())
}

fn label(context: &Context, key: &str, count: i64) -> String {
    context.app.texts.get(context.lang, key, &[("count", list::said(count).into())]).unwrap_or_default()
}

async fn row(context: &Context, clerks: &[Person], case: Case, open: Option<&str>) -> Result<Row> {
    let service = context.app.definitions.service(&case.service);
    let until = |due| context.now.date().until((jiff::Unit::Day, due)).ok();
    Ok(Row {
        open: open == Some(&case.id),
        state_name: letters::state_name(&context.app.definitions, &case).get(context.lang).to_owned(),
        undecided: case.state.is_open(),
        mark: case.mark(context.now.date()),
        paused: case.clock.as_ref().is_some_and(|clock| clock.is_paused()),
        officer: officer_name(context, clerks, case.officer.as_deref()).await?,
        id: case.id,
        name: case.shown_name.unwrap_or_default(),
        receipt: case.receipt.unwrap_or_default(),
        service: service.map(|s| s.text(context.lang).name.clone()).unwrap_or(case.service),
        due: case.due_on.map(|d| d.to_string()),
        days_left: case.due_on.and_then(until).map(|span| i64::from(span.get_days())),
    })
}

/// The rows under their headings, and a bar for each heading of a list of what is open.
async fn grouped(
    context: &Context,
    clerks: &[Person],
    found: Found,
    chosen: Option<Due>,
    open: Option<&str>,
) -> Result<(Vec<Group>, Vec<Bar>)> {
    let today = context.now.date();
    let counted =
        |due: Due| Due::ALL.iter().zip(&found.counts).find(|(d, _)| **d == due).map_or(0, |(_, n)| *n);
    let bars = Due::ALL
        .into_iter()
        .map(|due| Bar {
            due: due.name(),
            label: label(context, &format!("desk-due-{}", due.name()), counted(due)),
            count: counted(due).min(list::COUNTED),
            chosen: chosen == Some(due),
        })
        .collect();
    let mut groups: Vec<(Option<Due>, Group)> = Vec::new();
    for case in found.cases {
        let due = Some(Due::of(&case, today)).filter(|_| case.state.is_open());
        let row = row(context, clerks, case, open).await?;
        match groups.last_mut().filter(|(last, _)| *last == due) {
            Some((_, group)) => group.rows.push(row),
            None => {
                let all = found.counts.iter().fold(0_i64, |sum, n| sum.saturating_add(*n));
                let label = match due {
                    Some(due) => label(context, &format!("desk-due-{}", due.name()), counted(due)),
                    None => label(context, "desk-done", all),
                };
                groups.push((due, Group { label, rows: vec![row] }));
            }
        }
    }
    Ok((groups.into_iter().map(|(_, group)| group).collect(), bars))
}

/// What may stand in an address, put together again: what is not asked for here is left out.
fn address(filters: &Filters, but: &[&str]) -> String {
    const NAMES: [&str; 7] = ["q", "state", "officer", "due", "service", "after", "before"];
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    filters
        .iter()
        .filter(|(name, value)| {
            NAMES.contains(&name.as_str()) && !but.contains(&name.as_str()) && plain(value)
        })
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("&")
}

/// The address of a list with one thing more.
fn with(rest: &str, name: &str, value: &str) -> String {
    if rest.is_empty() { format!("/desk?{name}={value}") } else { format!("/desk?{rest}&{name}={value}") }
}

/// What was sent with which form, and what is wrong with it.
#[derive(Default)]
struct Again<'a> {
    form: &'a str,
    problems: &'a [Problem],
    typed: Filters,
}

/// A case on the desk once more, with what was wrong at its field.
pub async fn again(
    context: &Context,
    case: &Case,
    form: &str,
    problems: &[Problem],
    typed: &Typed,
) -> Answered {
    let again = Again { form, problems, typed: typed.0.clone() };
    page(context, &Filters::new(), Some(case), again).await
}

/// The states in which a case waits for somebody, with what the charts call them.
fn open_states(context: &Context) -> Vec<(String, String)> {
    let mut states: Vec<(String, String)> = Vec::new();
    for state in context.app.definitions.pack().charts.iter().flat_map(|chart| &chart.states) {
        let waits = state.id != DRAFT && !Chart::is_ending(&state.id);
        if waits && states.iter().all(|(id, _)| *id != state.id) {
            states.push((state.id.clone(), state.name.get(context.lang).to_owned()));
        }
    }
    states
}

async fn page(context: &Context, filters: &Filters, case: Option<&Case>, again: Again<'_>) -> Answered {
    let Again { form, problems, typed } = again;
    let (person, unit) = context.official()?;
    let (store, clerks) = (&context.app.store, clerks(context, unit).await?);
    let asked = Asked::of(filters, &person.id);
    let found = asked.find(context, unit).await?;
    let mine = Filter { which: Which::Open, officer: Some(&person.id), service: None };
    let mine = tables::desk::counts(store, unit, &mine, &[Span::whole()]).await?;
    let total = found.counts.iter().fold(0_i64, |sum, n| sum.saturating_add(*n));
    let (more_alike, too_few) = (found.more_alike, found.too_few);
    let turned = |place: &Option<String>, name: &str| {
        place.as_ref().map(|place| with(&address(filters, &["after", "before"]), name, place))
    };
    let (previous, next) = (turned(&found.previous, "before"), turned(&found.next, "after"));
    let open = case.map(|c| c.id.as_str());
    let (groups, bars) = grouped(context, &clerks, found, asked.due, open).await?;
    let pane = match case {
        Some(case) => Some(pane::pane(context, case, filters.get("draft").map(String::as_str)).await?),
        None => None,
    };
    let told: Vec<Json> = problems
        .iter()
        .map(|p| serde_json::json!({ "id": format!("{form}-{}", p.field), "text": context.told(p) }))
        .collect();
    let wrong: BTreeMap<&str, String> =
        problems.iter().map(|p| (p.field.as_str(), context.told(p))).collect();
    let get = |name: &str| filters.get(name).cloned().unwrap_or_default();
    let names: Vec<_> = clerks
        .iter()
        .filter(|clerk| clerk.id != person.id)
        .map(|clerk| (clerk.id.as_str(), clerk.name.get(context.lang)))
        .collect();
    let everybody: Vec<_> =
        clerks.iter().map(|clerk| (clerk.id.as_str(), clerk.name.get(context.lang))).collect();
    let values = context! {
        leads => load::leads(context, unit).await, everybody,
        states => open_states(context), services => services(context, unit).await?, clerks => names,
        groups, most => bars.iter().map(|bar| bar.count).max().unwrap_or(0).max(1), bars, previous, next, more_alike, too_few,
        total => list::said(total), mine => list::said(mine.first().copied().unwrap_or(0)),
        pane, problems => told, form, typed, wrong,
        asked => asked_of(context, unit).await?, asked_most => ASKED,
        query => address(filters, &[]), bare => address(filters, &["due", "after", "before"]),
        undecided => asked.filter.which == Which::Open,
        q => get("q"), q_wrong => filters.get("q").is_some_and(|q| q.len() >= 13 && !receipt_is_right(q)),
        state => get("state"), officer => get("officer"), service => get("service"), due => get("due"),
        weekday => shown::deadline(context.lang, context.now.date()),
    };
    Ok(if problems.is_empty() {
        context.page("desk", "case/desk.html", values).await?
    } else {
        context.page_again("desk", "case/desk.html", values).await?
    })
}

/// The services that a unit of this kind decides.
async fn services(context: &Context, unit: &str) -> Result<Vec<(String, String)>> {
    let kind = context.app.ports.people.unit(unit).await?.kind;
    let pack = context.app.definitions.pack();
    let own = pack.services.iter().filter(|service| service.unit_kind == kind);
    Ok(own.map(|service| (service.id.clone(), service.text(context.lang).name.clone())).collect())
}

/// What other units asked of this one.
async fn asked_of(context: &Context, unit: &str) -> Result<Vec<Value>> {
    let asked = tables::desk::asked(&context.app.store, unit).await?;
    let shown = |(task, service, receipt): (Task, String, String)| {
        let service = context.app.definitions.service(&service);
        context! {
            id => task.id, due => task.due_on.map(|due| due.to_string()), receipt,
            late => task.due_on.is_some_and(|due| context.now.date() > due),
            service => service.map(|service| service.text(context.lang).name.clone()),
        }
    };
    Ok(asked.into_iter().map(shown).collect())
}

async fn desk(context: Context, Query(filters): Query<Filters>) -> Answered {
    page(&context, &filters, None, Again::default()).await
}

async fn open(context: Context, Path(id): Path<String>, Query(filters): Query<Filters>) -> Answered {
    let (_, unit) = context.official()?;
    let case = actions::of_unit(&context.app, unit, &id).await?;
    page(&context, &filters, Some(&case), Again::default()).await
}

fn back(id: &str) -> Answered {
    Ok(Redirect::to(&format!("/desk/cases/{id}")).into_response())
}

async fn assign(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    let seen = typed.0.get("from").map(String::as_str);
    actions::assign_from(&context.app, person, unit, &id, seen).await?;
    back(&id)
}
