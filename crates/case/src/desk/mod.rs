//! The desk of a unit: what is due, one case beside it, the verbs at its foot.

mod deciding;

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maru_definition::{Chart, DRAFT, Who};
use maru_kernel::{Problem, Result};
use maru_web::{Context, Fail, Shared, Typed, context, ports::Sourced, shown};
use serde::Serialize;
use serde_json::Value as Json;

use crate::{
    actions::{self, CASE_FILE},
    files,
    form::{Line, register_lines},
    letters, links,
    model::{self, Case, receipt_is_right},
    pages,
    tables::{self, Listed},
    tasks,
};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/desk", get(desk))
        .route("/desk/cases/{id}", get(open))
        .route("/cases/{id}/assign", post(assign))
        .merge(deciding::routes())
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
    officer: String,
    open: bool,
}

#[derive(Serialize)]
struct Group {
    label: String,
    rows: Vec<Row>,
}

/// The list, filtered by what the address says.
async fn groups(
    context: &Context,
    filters: &Filters,
    open: Option<&str>,
) -> Result<(Vec<Group>, usize, usize)> {
    let (person, unit) = context.official()?;
    let get = |name: &str| filters.get(name).map_or("", String::as_str);
    let listed = match get("state") {
        "" => Listed::Open,
        "decided" => Listed::Decided,
        state => Listed::In(state),
    };
    let wanted: String = get("q").chars().filter(char::is_ascii_digit).collect();
    let today = context.now.date();
    let (mut late, mut week, mut later, mut done) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut total, mut mine) = (0, 0);
    let mut officers: BTreeMap<String, String> = BTreeMap::new();
    for case in tables::desk(&context.app.store, unit, listed).await? {
        let own = case.officer.as_deref() == Some(&person.id);
        let fits_officer = match get("officer") {
            "me" => own,
            "nobody" => case.officer.is_none(),
            _ => true,
        };
        let receipt = case.receipt.clone().unwrap_or_default();
        let fits_words = wanted.is_empty() || receipt.replace('-', "").contains(&wanted);
        if !fits_officer || !fits_words {
            continue;
        }
        total += 1;
        mine += usize::from(own);
        let officer = match &case.officer {
            None => String::new(),
            Some(id) => match officers.get(id) {
                Some(name) => name.clone(),
                None => {
                    let name = context.app.ports.people.person(id).await?.name.get(context.lang).to_owned();
                    officers.insert(id.clone(), name.clone());
                    name
                }
            },
        };
        let service = context.app.definitions.service(&case.service);
        let days_left = case
            .due_on
            .and_then(|due| today.until((jiff::Unit::Day, due)).ok())
            .map(|span| i64::from(span.get_days()));
        let row = Row {
            open: open == Some(&case.id),
            state_name: letters::state_name(&context.app.definitions, &case).get(context.lang).to_owned(),
            undecided: case.state.is_open(),
            paused: case.clock.as_ref().is_some_and(|clock| clock.is_paused()),
            id: case.id,
            name: case.shown_name.unwrap_or_default(),
            receipt,
            service: service.map(|s| s.text(context.lang).name.clone()).unwrap_or(case.service),
            due: case.due_on.map(|d| d.to_string()),
            days_left,
            officer,
        };
        match (case.state.is_decided(), days_left) {
            (true, _) => done.push(row),
            (_, Some(days)) if days <= 0 => late.push(row),
            (_, Some(days)) if days <= 7 => week.push(row),
            _ => later.push(row),
        }
    }
    let groups = [("desk-today", late), ("desk-week", week), ("desk-later", later), ("desk-done", done)]
        .into_iter()
        .filter(|(_, rows)| !rows.is_empty())
        .map(|(key, rows)| {
            let count = i64::try_from(rows.len()).unwrap_or(0);
            let label =
                context.app.texts.get(context.lang, key, &[("count", count.into())]).unwrap_or_default();
            Group { label, rows }
        })
        .collect();
    Ok((groups, total, mine))
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
    let (groups, total, mine) = groups(context, filters, case.map(|c| c.id.as_str())).await?;
    let pane = match case {
        Some(case) => Some(pane(context, case).await?),
        None => None,
    };
    let told: Vec<Json> = problems
        .iter()
        .map(|p| serde_json::json!({ "id": format!("{form}-{}", p.field), "text": context.told(p) }))
        .collect();
    let wrong: BTreeMap<&str, String> =
        problems.iter().map(|p| (p.field.as_str(), context.told(p))).collect();
    let (_, unit) = context.official()?;
    let mut asked = Vec::new();
    for task in tables::tasks_at(&context.app.store, unit).await? {
        let (_, of, service) = actions::found(&context.app, &task.id).await?;
        let task = tasks::shown(context, &service, &task).await?;
        asked.push(context! { task, service => service.text(context.lang).name, receipt => of.receipt });
    }
    let query: String = filters
        .iter()
        .filter(|(_, v)| v.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
        .map(|(k, v)| format!("{k}={v}"))
        .collect::<Vec<_>>()
        .join("&");
    let values = context! {
        states => open_states(context), groups, total, mine, pane, problems => told, query, asked, form, typed, wrong,
        q => filters.get("q").cloned().unwrap_or_default(),
        q_wrong => filters.get("q").is_some_and(|q| q.len() >= 13 && !receipt_is_right(q)),
        state => filters.get("state").cloned().unwrap_or_default(),
        officer => filters.get("officer").cloned().unwrap_or_default(),
        weekday => shown::deadline(context.lang, context.now.date()),
    };
    Ok(if problems.is_empty() {
        context.page("desk", "case/desk.html", values).await?
    } else {
        context.page_again("desk", "case/desk.html", values).await?
    })
}

/// The verbs that the page has a form for.
const FOLDED: [&str; 9] =
    ["ask", "consult", "extend", "transfer", "refuse", "return", "wait", "unite", "split"];

/// Facts of one source together.
#[derive(Serialize)]
struct Facts {
    source: String,
    kind: &'static str,
    rows: Vec<Line>,
}

fn by_source(lines: Vec<Line>) -> Vec<Facts> {
    let mut groups: Vec<Facts> = Vec::new();
    for line in lines {
        match groups.iter_mut().find(|g| g.source == line.source) {
            Some(group) => group.rows.push(line),
            None => groups.push(Facts { source: line.source.clone(), kind: line.kind, rows: vec![line] }),
        }
    }
    groups
}

/// One case as the officer needs it. Opening it is a read: it is checked and logged.
async fn pane(context: &Context, case: &Case) -> Result<maru_web::Shown> {
    let (person, unit) = context.official()?;
    let service = actions::service(&context.app, &case.service)?;
    let mut fields = actions::evidence(&service);
    fields.insert(CASE_FILE.into(), case.answers.keys().cloned().collect());
    let files = files::papers(context, case).await?;
    if let Some(names) = fields.get_mut(CASE_FILE)
        && !files.is_empty()
    {
        names.push(actions::FILES.into());
    }
    if fields.get(CASE_FILE).is_some_and(Vec::is_empty) {
        fields.remove(CASE_FILE);
    }
    context.app.ports.registers.show(&actions::case_ask(person.actor(), case, &service, fields)).await?;
    let text = service.text(context.lang);
    let file = case.file.clone().unwrap_or_default();
    let sourced = Sourced { facts: file.facts(), sources: file.sources.clone() };
    let mut lines = register_lines(context, &service, &sourced, true);
    lines.extend(pages::answer_lines(context, &service, case));
    let pack = context.app.definitions.pack();
    let (decision, missing) = match &case.decision {
        Some(kept) => (letters::shown(context, &service, kept), Vec::new()),
        None if service.asks_nothing() => (None, Vec::new()),
        None => {
            let computed = actions::computed(&context.app, case)?;
            let label = |name: &String| {
                pack.fact(name).map_or(name.clone(), |f| f.label.get(context.lang).to_owned())
            };
            let missing: Vec<String> = computed.missing.iter().map(label).collect();
            (Some(letters::in_words(pack, &service, &computed, context.lang)), missing)
        }
    };
    let applicant = context.app.ports.people.person(&case.resident).await?;
    let clock = case.clock(&service).map(|clock| pages::clock_shown(context, &clock, &service));
    let officer = match &case.officer {
        Some(id) => context.app.ports.people.person(id).await?.name.get(context.lang).to_owned(),
        None => String::new(),
    };
    let answer = decision.as_ref().map(|d| d.answer);
    let mine = case.officer.as_deref() == Some(&person.id);
    let chart = actions::chart(&context.app, &service)?;
    let kept = tables::tasks(&context.app.store, &case.resident, &case.id).await?;
    // What may be done now, with the words of the chart; what waits for something says so.
    let mut verbs: BTreeMap<&str, Option<_>> = chart
        .verbs
        .iter()
        .filter(|verb| verb.from.iter().any(|from| from == case.state.as_str()))
        .filter(|verb| verb.who == Who::Unit || (verb.who == Who::Officer && mine))
        .map(|verb| {
            let waits = model::ready(chart, verb, &kept).err();
            let region = verb.opens.as_deref().and_then(|id| chart.region(id));
            let days = region.map(|region| model::days_for(region, &kept, None));
            (
                verb.id.as_str(),
                Some(context! {
                    name => verb.name.get(context.lang), article => verb.article, ready => waits.is_none(),
                    days => days.as_ref().and_then(|days| days.as_ref().ok()),
                    open => days.as_ref().is_none_or(|days| days.is_ok()),
                }),
            )
        })
        .collect();
    for verb in FOLDED {
        verbs.entry(verb).or_insert(None);
    }
    // Only who may ask or move needs to choose among all units.
    let chooses =
        ["consult", "transfer", "split"].iter().any(|verb| verbs.get(verb).is_some_and(Option::is_some));
    let others = if chooses { tasks::units(context, unit).await? } else { Vec::new() };
    let unheard = actions::unheard(&context.app, &service, &kept).await?;
    let own = context.app.ports.people.unit(unit).await?;
    // Those that the service wants heard are ticked, where the case is.
    let units: Vec<_> = others
        .into_iter()
        .map(|unit| {
            let wanted = unheard.contains(&unit.kind) && unit.region == own.region;
            context! { id => unit.id, label => pages::place(context, &unit), kind => unit.kind, wanted }
        })
        .collect();
    Ok(context! {
        verbs, tasks => tasks::all_shown(context, &service, &kept).await?, units, unit_kind => service.unit_kind,
        extended => case.clock.as_ref().map_or(0, |clock| clock.extensions.len()), period_days => service.period.days.max(1),
        id => case.id, receipt => case.receipt, service => text.name,
        state_name => letters::state_name(&context.app.definitions, case).get(context.lang),
        applicant => applicant.name.get(context.lang),
        due => case.due_on.map(|d| d.to_string()), clock, article => service.period.article,
        received => case.submitted_at.map(|at| at.micros()),
        files, decision, missing, facts => by_source(lines), officer, unit, note => case.note,
        joined => if service.near { tables::joiners(&context.app.store, &case.id).await?.len() } else { 0 },
        mine, basis => case.basis,
        deciding => deciding::verbs(context, case, chart, &kept, &unheard, answer).await?,
        links => links::shown(context, case).await?,
        line => deciding::line(context, case, &service).await?,
        guesses => deciding::guesses(context, case, &service).await?,
        open => case.state.is_open(),
        pays => service.pays.as_str(),
    })
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

async fn assign(context: Context, Path(id): Path<String>, _typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    actions::assign(&context.app, person, unit, &id).await?;
    back(&id)
}
