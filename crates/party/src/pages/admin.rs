//! What the administration's pages share; its first page and its log.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::Query,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use maru_kernel::{Actor, Error, Event, Problem, Result};
use maru_web::{Context, Fail, Shared, Shown, admin_tabs, context, ports::RoleKind};
use serde::Serialize;

use crate::{
    model::{Doer, Looked},
    tables,
};

pub type Filters = BTreeMap<String, String>;
pub type Answered = std::result::Result<Response, Fail>;

const LINES: usize = 50;

pub fn routes() -> Router<Shared> {
    Router::new().route("/admin", get(overview)).route("/admin/log", get(log))
}

/// Whoever manages an agency or operates the country.
pub fn doer(context: &Context) -> Result<Doer> {
    context.manager().map(Doer::of)
}

/// A page of the administration: the template with the tabs that are this person's.
pub async fn page(
    context: &Context,
    tab: &str,
    template: &str,
    values: Shown,
    problems: &[Problem],
) -> Answered {
    let session = context.person().map(|_| context.session.as_ref())?.ok_or(Error::SignInNeeded)?;
    let shared = context! {
        tab, tabs => admin_tabs(session),
        problems => super::told(context, problems),
        errors => super::errors(context, problems),
    };
    let values = context! { ..values, ..shared };
    Ok(if problems.is_empty() {
        context.page("admin", template, values).await?
    } else {
        context.page_again("admin", template, values).await?
    })
}

#[derive(Serialize)]
struct Count {
    key: &'static str,
    href: &'static str,
    count: i64,
}

/// Published services that this program can't serve: which, and the first thing that is wrong.
fn left_out(context: &Context) -> Vec<Shown> {
    let left_out = context.app.definitions.left_out();
    let first = |one: &maru_definition::LeftOut| one.faults.first().map(ToString::to_string);
    left_out.iter().map(|one| context! { id => one.service, fault => first(one) }).collect()
}

async fn overview(context: Context) -> Answered {
    let session = context.with_role(
        &[RoleKind::Operator, RoleKind::Manager, RoleKind::Auditor, RoleKind::Writer, RoleKind::Analyst],
        "error-not-admin",
    )?;
    if session.roles.iter().all(|role| role.kind == RoleKind::Analyst) {
        return Ok(Redirect::to("/policy").into_response());
    }
    let (doer, store) = (Doer::of(session), &context.app.store);
    let mut counts = Vec::new();
    if doer.runs_country() {
        let agencies = tables::agencies(store, "", false).await?.len();
        let jobs = store.job_counts().await?;
        counts.push(Count {
            key: "agencies",
            href: "/admin/agencies",
            count: i64::try_from(agencies).unwrap_or(i64::MAX),
        });
        counts.push(Count {
            key: "officials",
            href: "/admin/officials",
            count: tables::count_officials(store, "*").await?,
        });
        counts.push(Count {
            key: "waiting",
            href: "/admin/jobs",
            count: jobs.iter().map(|job| job.waiting).sum(),
        });
        counts.push(Count {
            key: "dead",
            href: "/admin/jobs#dead",
            count: jobs.iter().map(|job| job.dead).sum(),
        });
    } else if let Some(agencies) = doer.agencies().filter(|agencies| !agencies.is_empty()) {
        let (mut units, mut officials) = (0, 0);
        for agency in agencies {
            units += tables::count_units(store, agency).await?;
            officials += tables::count_officials(store, agency).await?;
        }
        counts.push(Count { key: "units", href: "/admin/agencies", count: units });
        counts.push(Count { key: "officials", href: "/admin/officials", count: officials });
    }
    let reads = doer.runs_country() || session.has(RoleKind::Auditor);
    let lines = if reads {
        let newest = tables::lines(store, "", "", "", 5).await?;
        shown_lines(&context, newest).await?
    } else {
        Vec::new()
    };
    page(
        &context,
        "overview",
        "party/admin.html",
        context! { counts, lines, reads, left_out => left_out(&context) },
        &[],
    )
    .await
}

#[derive(Serialize)]
pub struct Line {
    at: i64,
    who: String,
    what: String,
    about: String,
    href: String,
    role: String,
    /// The number that was set.
    number: Option<i64>,
}

/// Lines of the log with the names that their ids have now.
pub async fn shown_lines(context: &Context, events: Vec<Event>) -> Result<Vec<Line>> {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut lines = Vec::new();
    for event in events {
        let who = match &event.actor {
            Actor::System { .. } => context.t("admin-log-machine"),
            actor => name_of(context, &mut names, &format!("official/{}", actor.id())).await?,
        };
        let role = event.body.get("role").and_then(|role| role.as_str()).unwrap_or_default().to_owned();
        lines.push(Line {
            at: event.at.micros(),
            who,
            what: event.kind.trim_start_matches("party.").to_owned(),
            about: name_of(context, &mut names, &event.aggregate).await?,
            href: match event.aggregate.split_once('/') {
                Some(("agency", id)) => format!("/admin/agencies/{id}"),
                Some(("unit", id)) => format!("/admin/units/{id}"),
                Some(("official", id)) => format!("/admin/officials/{id}"),
                Some(("limit" | "key", _)) => "/admin/edge".into(),
                Some(("service", id)) => format!("/services/{id}"),
                Some(("holiday", _)) => "/admin/holidays".into(),
                _ => String::new(),
            },
            role,
            number: event.body.get("per_minute").and_then(serde_json::Value::as_i64),
        });
    }
    Ok(lines)
}

async fn name_of(context: &Context, names: &mut BTreeMap<String, String>, about: &str) -> Result<String> {
    if let Some(name) = names.get(about) {
        return Ok(name.clone());
    }
    let (store, lang) = (&context.app.store, context.lang);
    let name = match about.split_once('/') {
        Some(("agency", id)) => tables::agency(store, id).await?.map(|a| a.name.get(lang).to_owned()),
        Some(("unit", id)) => tables::unit(store, id).await?.map(|u| u.name.get(lang).to_owned()),
        Some(("official", id)) => tables::person(store, id).await?.map(|p| p.name.get(lang).to_owned()),
        Some(("limit", name)) => Some(context.t(&format!("admin-limit-{name}"))),
        Some(("service", id)) => context.app.definitions.entry(id).map(|e| e.name.get(lang).to_owned()),
        Some(("holiday", day)) => Some(day.to_owned()),
        Some(("key", id)) => Some(format!("{} {id}", context.t("admin-key"))),
        _ => None,
    };
    let name = name.unwrap_or_else(|| about.to_owned());
    names.insert(about.to_owned(), name.clone());
    Ok(name)
}

const KINDS: [&str; 21] = [
    "agency-added",
    "agency-renamed",
    "agency-ended",
    "unit-added",
    "unit-changed",
    "unit-ended",
    "official-added",
    "official-moved",
    "official-ended",
    "password-renewed",
    "role-granted",
    "role-ended",
    "job-retried",
    "jobs-retried",
    "job-discarded",
    "limit-set",
    "key-rotated",
    "holiday-declared",
    "holiday-withdrawn",
    "suggestion-confirmed",
    "suggestion-withdrawn",
];

async fn log(context: Context, Query(filters): Query<Filters>) -> Answered {
    context.with_role(&[RoleKind::Operator, RoleKind::Auditor], "error-not-admin")?;
    let get = |name: &str| filters.get(name).map_or("", String::as_str);
    let what = get("what");
    let kind = if KINDS.contains(&what) { format!("party.{what}") } else { String::new() };
    let limit = i64::try_from(LINES + 1).unwrap_or(i64::MAX);
    let mut events = tables::lines(&context.app.store, get("about"), &kind, get("before"), limit).await?;
    let more = events.len() > LINES;
    events.truncate(LINES);
    let last = events.last().filter(|_| more).map(|event| event.id.clone()).unwrap_or_default();
    let lines = shown_lines(&context, events).await?;
    let operator = context.session.as_ref().is_some_and(|s| s.has(RoleKind::Operator));
    let values = context! {
        lines, last, operator, kinds => KINDS, what => what, about => get("about"),
        later => !get("before").is_empty(),
    };
    page(&context, "log", "party/log.html", values, &[]).await
}

/// All officials of an agency, for a page that lists them.
pub fn of_agency<'a>(agency: &'a str, unit: &'a str) -> Looked<'a> {
    Looked { agency, unit, ..Looked::default() }
}
