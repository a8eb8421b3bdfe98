//! The desk of a unit: what is due, one case beside it, the verbs at its foot.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maru_kernel::{Error, Problem, Result};
use maru_rules::Answer;
use maru_web::{Context, Fail, Shared, Typed, context, ports::Sourced, shown, shown_answer};
use serde::Serialize;
use serde_json::Value as Json;

use crate::{
    actions::{self, CASE_FILE, Decided},
    clock, files,
    form::{Line, register_lines},
    letters,
    model::{Case, State, facts_of, receipt_is_right},
    tables,
};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/desk", get(desk))
        .route("/desk/cases/{id}", get(open))
        .route("/cases/{id}/assign", post(assign))
        .route("/cases/{id}/grant", post(grant))
        .route("/cases/{id}/refuse", post(refuse))
}

type Answered = std::result::Result<Response, Fail>;
type Filters = BTreeMap<String, String>;

#[derive(Serialize)]
struct Row {
    id: String,
    name: String,
    receipt: String,
    service: String,
    state: &'static str,
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
    let states: &[State] = match get("state") {
        "received" => &[State::Received],
        "assigned" => &[State::Assigned],
        "decided" => &[State::Granted, State::Refused],
        _ => &[State::Received, State::Assigned],
    };
    let wanted: String = get("q").chars().filter(char::is_ascii_digit).collect();
    let today = context.now.date();
    let (mut late, mut week, mut later, mut done) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut total, mut mine) = (0, 0);
    let mut officers: BTreeMap<String, String> = BTreeMap::new();
    for case in tables::desk(&context.app.store, unit, states).await? {
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
            id: case.id,
            name: case.shown_name.unwrap_or_default(),
            receipt,
            service: service.map(|s| s.text(context.lang).name.clone()).unwrap_or(case.service),
            state: case.state.as_str(),
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

async fn page(
    context: &Context,
    filters: &Filters,
    case: Option<&Case>,
    problems: &[Problem],
    note: &str,
) -> Answered {
    let (groups, total, mine) = groups(context, filters, case.map(|c| c.id.as_str())).await?;
    let pane = match case {
        Some(case) => Some(pane(context, case).await?),
        None => None,
    };
    let told: Vec<Json> =
        problems.iter().map(|p| serde_json::json!({ "id": p.field, "text": context.told(p) })).collect();
    let query: String = filters
        .iter()
        .filter(|(_, v)| v.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
        .map(|(k, v)| format!("{k}={v}"))
        .collect::<Vec<_>>()
        .join("&");
    let values = context! {
        groups, total, mine, pane, problems => told, note, query,
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
    let answers = facts_of(case.answers.iter());
    for page in service.form.pages(&answers) {
        for field in page.fields.iter().filter(|f| f.applies(&answers)) {
            if let Some(json) = case.answers.get(&field.fact) {
                lines.push(Line {
                    key: text.field(&field.id).label.clone(),
                    value: shown_answer(context, &service, field, json),
                    source: context.t("source-applicant"),
                    kind: "you",
                    href: None,
                    action: None,
                });
            }
        }
    }
    let pack = context.app.definitions.pack();
    let (decision, missing) = match &case.decision {
        Some(kept) => (letters::shown(context, &service, kept), Vec::new()),
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
    let calendar = &context.app.definitions.pack().calendar;
    let today = context.now.date();
    let gone = case
        .submitted_at
        .and_then(|at| clock::days(calendar, at, service.period.days))
        .map_or(0, |days| days.iter().filter(|d| d.nth.is_some() && d.date <= today).count());
    let officer = match &case.officer {
        Some(id) => context.app.ports.people.person(id).await?.name.get(context.lang).to_owned(),
        None => String::new(),
    };
    let answer = decision.as_ref().map(|d| d.answer);
    Ok(context! {
        id => case.id, receipt => case.receipt, state => case.state.as_str(), service => text.name,
        applicant => applicant.name.get(context.lang),
        due => case.due_on.map(|d| d.to_string()), gone, period => service.period.days, article => service.period.article,
        received => case.submitted_at.map(|at| at.micros()),
        files, decision, missing, facts => by_source(lines), officer, unit, note => case.note,
        mine => case.officer.as_deref() == Some(&person.id),
        can_grant => answer == Some(Answer::Yes),
        open => case.state.is_open(),
        pays => service.pays.as_str(),
    })
}

async fn desk(context: Context, Query(filters): Query<Filters>) -> Answered {
    page(&context, &filters, None, &[], "").await
}

async fn open(context: Context, Path(id): Path<String>, Query(filters): Query<Filters>) -> Answered {
    let (_, unit) = context.official()?;
    let case = actions::of_unit(&context.app, unit, &id).await?;
    page(&context, &filters, Some(&case), &[], "").await
}

fn back(id: &str) -> Answered {
    Ok(Redirect::to(&format!("/desk/cases/{id}")).into_response())
}

async fn assign(context: Context, Path(id): Path<String>, _typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    actions::assign(&context.app, person, unit, &id).await?;
    back(&id)
}

async fn decide(context: Context, id: String, typed: Typed, how: Decided) -> Answered {
    let (person, unit) = context.official()?;
    match actions::decide(&context.app, person, unit, &id, how, typed.get("note")).await {
        Ok(_) => back(&id),
        Err(Error::Invalid(problems)) => {
            let case = actions::of_unit(&context.app, unit, &id).await?;
            page(&context, &Filters::new(), Some(&case), &problems, typed.get("note")).await
        }
        Err(other) => Err(Fail(other)),
    }
}

async fn grant(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    decide(context, id, typed, Decided::Granted).await
}

async fn refuse(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    decide(context, id, typed, Decided::Refused).await
}
