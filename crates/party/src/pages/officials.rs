//! Officials and their roles.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, Query},
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maru_kernel::{Error, Problem, Result};
use maru_web::{
    Context, Fail, Shared, Typed, context,
    ports::{Role, RoleKind},
};
use serde::Serialize;

use super::{
    admin::{Answered, Filters, doer, page},
    agencies::{Choice, own},
};
use crate::{
    actions::{self, NewOfficial},
    model::{Doer, ListedOfficial, Looked},
    tables,
};

const PEOPLE: usize = 50;
/// Holds a new password between the form and the page that shows it; nothing else ever does.
const ONCE: &str = "maru_once";

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/admin/officials", get(list))
        .route("/admin/officials/new", get(new).post(add))
        .route("/admin/officials/{id}", get(show))
        .route("/admin/officials/{id}/move", post(move_to))
        .route("/admin/officials/{id}/end", get(ask_end).post(end))
        .route("/admin/officials/{id}/password", get(password).post(renew))
        .route("/admin/officials/{id}/roles", post(grant))
        .route("/admin/officials/{id}/roles/{grant}/end", post(end_role))
}

#[derive(Serialize)]
pub struct Row {
    id: String,
    name: String,
    rank: String,
    unit: String,
    agency: String,
    ended: bool,
    first: bool,
}

pub fn rows(context: &Context, officials: Vec<ListedOfficial>) -> Vec<Row> {
    officials.into_iter().map(|official| row(context, &official)).collect()
}

fn row(context: &Context, official: &ListedOfficial) -> Row {
    let lang = context.lang;
    let name = |both: &Option<maru_kernel::Both>| {
        both.as_ref().map(|both| both.get(lang).to_owned()).unwrap_or_default()
    };
    Row {
        id: official.person.id.clone(),
        name: official.person.name.get(lang).to_owned(),
        rank: name(&official.person.rank),
        unit: name(&official.unit_name),
        agency: name(&official.agency_name),
        ended: official.ended.is_some(),
        first: official.must_change,
    }
}

/// The agency to look in: the one asked for, if it may be; else all of them or a manager's first.
fn agency_of(doer: &Doer, asked: &str) -> String {
    match doer.agencies() {
        None if asked.is_empty() => "*".into(),
        None => asked.to_owned(),
        Some(own) if own.contains(&asked) => asked.to_owned(),
        Some(own) => own.first().copied().unwrap_or_default().to_owned(),
    }
}

async fn list(context: Context, Query(filters): Query<Filters>) -> Answered {
    let doer = doer(&context)?;
    let get = |name: &str| filters.get(name).map_or("", String::as_str);
    let number = get("page").parse::<usize>().unwrap_or(1).clamp(1, 10_000);
    let agency = agency_of(&doer, get("agency"));
    let looked = Looked {
        agency: &agency,
        words: get("q"),
        ended: filters.contains_key("ended"),
        limit: i64::try_from(PEOPLE + 1).unwrap_or(i64::MAX),
        skip: i64::try_from((number - 1) * PEOPLE).unwrap_or(i64::MAX),
        ..Looked::default()
    };
    let mut people = tables::officials(&context.app.store, &looked).await?;
    let more = people.len() > PEOPLE;
    people.truncate(PEOPLE);
    let mut agencies: Vec<Choice> = own(&context, &doer, "", false)
        .await?
        .iter()
        .map(|a| Choice::new(a.id.clone(), a.name.get(context.lang), get("agency")))
        .collect();
    if doer.runs_country() {
        agencies.insert(0, Choice::new("", context.t("admin-all-agencies"), get("agency")));
    }
    let values = context! {
        officials => rows(&context, people), agencies, q => get("q"), agency => get("agency"), ended => looked.ended,
        page => number, more,
    };
    page(&context, "officials", "party/officials.html", values, &[]).await
}

async fn units(context: &Context, doer: &Doer, chosen: &str) -> Result<Vec<Choice>> {
    let all = tables::units(&context.app.store, "*").await?;
    Ok(all
        .into_iter()
        .filter(|listed| listed.ended.is_none() && doer.runs(listed.unit.agency_id.as_deref()))
        .map(|listed| {
            let (unit, lang) = (&listed.unit, context.lang);
            let label = format!("{} · {}", unit.agency.get(lang), unit.name.get(lang));
            Choice::new(unit.id.clone(), label, chosen)
        })
        .collect())
}

fn roles(context: &Context, doer: &Doer, chosen: &str) -> Vec<Choice> {
    let kinds = [
        RoleKind::Clerk,
        RoleKind::Writer,
        RoleKind::Manager,
        RoleKind::Analyst,
        RoleKind::Auditor,
        RoleKind::Operator,
    ];
    kinds
        .into_iter()
        .filter(|kind| doer.runs_country() || !kind.is_over_country())
        .map(|kind| Choice::new(kind.as_str(), context.t(&format!("admin-role-{}", kind.as_str())), chosen))
        .collect()
}

async fn form(
    context: &Context,
    doer: &Doer,
    typed: &BTreeMap<String, String>,
    problems: &[Problem],
) -> Answered {
    let get = |name: &str| typed.get(name).map_or("", String::as_str);
    let mut units = units(context, doer, get("unit")).await?;
    let none = if doer.runs_country() { "admin-no-unit" } else { "form-choose" };
    units.insert(0, Choice::new("", context.t(none), get("unit")));
    let chosen = typed.get("role").map_or("clerk", String::as_str);
    let values = context! {
        units, roles => roles(context, doer, chosen),
        ko => get("ko"), en => get("en"), rank_ko => get("rank_ko"), rank_en => get("rank_en"),
        user => get("user"), mail => get("mail"),
    };
    page(context, "officials", "party/official-new.html", values, problems).await
}

async fn new(context: Context, Query(filters): Query<Filters>) -> Answered {
    let doer = doer(&context)?;
    let asked = filters.into_iter().filter(|(name, _)| name == "unit").collect();
    form(&context, &doer, &asked, &[]).await
}

/// To the page that shows a password once.
fn once(context: &Context, id: &str, password: &str) -> Response {
    let secure = if context.secure { "; Secure" } else { "" };
    let path = format!("/admin/officials/{id}/password");
    let cookie = format!("{ONCE}={password}; Path={path}; HttpOnly; SameSite=Strict; Max-Age=120{secure}");
    ([(header::SET_COOKIE, cookie)], Redirect::to(&path)).into_response()
}

async fn add(context: Context, typed: Typed) -> Answered {
    let doer = doer(&context)?;
    let new = NewOfficial {
        id: "",
        ko: typed.get("ko"),
        en: typed.get("en"),
        rank_ko: typed.get("rank_ko"),
        rank_en: typed.get("rank_en"),
        unit: typed.get("unit"),
        user: typed.get("user"),
        mail: typed.get("mail"),
        role: typed.get("role"),
    };
    match actions::add_official(&context.app, &doer, new).await {
        Ok((id, password)) => Ok(once(&context, &id, &password)),
        Err(Error::Invalid(problems)) => form(&context, &doer, &typed.0, &problems).await,
        Err(other) => Err(Fail(other)),
    }
}

#[derive(Serialize)]
struct Held {
    grant: String,
    kind: RoleKind,
    over: String,
    from: Option<i64>,
    until: Option<i64>,
    ended: Option<i64>,
    holds: bool,
}

async fn over(context: &Context, role: &Role) -> Result<String> {
    let (store, lang) = (&context.app.store, context.lang);
    Ok(match role.kind {
        RoleKind::Operator | RoleKind::Auditor | RoleKind::Analyst => context.t("admin-country"),
        RoleKind::Manager | RoleKind::Writer => tables::agency(store, &role.over)
            .await?
            .map_or(role.over.clone(), |agency| agency.name.get(lang).to_owned()),
        RoleKind::Clerk => tables::unit(store, &role.over)
            .await?
            .map_or(role.over.clone(), |unit| unit.name.get(lang).to_owned()),
    })
}

async fn official_page(
    context: &Context,
    doer: &Doer,
    id: &str,
    typed: Option<&Typed>,
    problems: &[Problem],
) -> Answered {
    let official = actions::official(&context.app, doer, id).await?;
    let person = &official.person;
    let governed = match actions::governed(&context.app, doer, id).await {
        Ok(_) => true,
        Err(Error::Denied(_) | Error::Conflict(_)) => false,
        Err(other) => return Err(Fail(other)),
    };
    let mut held = Vec::new();
    for one in tables::held_roles(&context.app.store, &person.id).await? {
        held.push(Held {
            over: over(context, &one.role).await?,
            holds: one.holds(context.now),
            grant: one.role.grant,
            kind: one.role.kind,
            from: (one.from > maru_kernel::At::EPOCH).then(|| one.from.micros()),
            // The last day, not the moment after it.
            until: one.until.map(|at| at.plus_seconds(-1).micros()),
            ended: one.ended.map(|at| at.micros()),
        });
    }
    let own_unit = person.unit.clone().unwrap_or_default();
    let get = |name: &str| typed.map_or("", |typed| typed.get(name));
    let mut units = units(context, doer, get("unit")).await?;
    units.retain(|unit| unit.value != own_unit);
    units.insert(0, Choice::new("", context.t("form-choose"), get("unit")));
    let values = context! {
        one => row(context, &official), user => official.user, mail => person.mail, unit_id => person.unit,
        held, units, governed, roles => roles(context, doer, get("role")), until => get("until"),
        ended => official.ended.map(|at| at.micros()),
    };
    page(context, "officials", "party/official.html", values, problems).await
}

async fn show(context: Context, Path(id): Path<String>) -> Answered {
    let doer = doer(&context)?;
    official_page(&context, &doer, &id, None, &[]).await
}

async fn back(context: &Context, doer: &Doer, id: &str, typed: &Typed, outcome: Result<()>) -> Answered {
    match outcome {
        Ok(()) => Ok(Redirect::to(&format!("/admin/officials/{id}")).into_response()),
        Err(Error::Invalid(problems)) => official_page(context, doer, id, Some(typed), &problems).await,
        Err(other) => Err(Fail(other)),
    }
}

async fn move_to(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let doer = doer(&context)?;
    let outcome = actions::move_official(&context.app, &doer, &id, typed.get("unit")).await;
    back(&context, &doer, &id, &typed, outcome).await
}

async fn grant(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let doer = doer(&context)?;
    let [role, until] = ["role", "until"].map(|name| typed.get(name));
    let outcome = actions::grant_role(&context.app, &doer, &id, role, "", until).await;
    back(&context, &doer, &id, &typed, outcome).await
}

async fn end_role(context: Context, Path((id, grant)): Path<(String, String)>, typed: Typed) -> Answered {
    let doer = doer(&context)?;
    let outcome = actions::end_role(&context.app, &doer, &id, &grant).await;
    back(&context, &doer, &id, &typed, outcome).await
}

async fn ask_end(context: Context, Path(id): Path<String>) -> Answered {
    let doer = doer(&context)?;
    let (official, _) = actions::governed(&context.app, &doer, &id).await?;
    let values = context! {
        what => "official", name => official.person.name.get(context.lang), number => 0, open => 0, possible => true,
        to => format!("/admin/officials/{id}"),
    };
    page(&context, "officials", "party/end.html", values, &[]).await
}

async fn end(context: Context, Path(id): Path<String>, _typed: Typed) -> Answered {
    let doer = doer(&context)?;
    actions::end_official(&context.app, &doer, &id).await?;
    Ok(Redirect::to(&format!("/admin/officials/{id}")).into_response())
}

async fn password(context: Context, Path(id): Path<String>, headers: HeaderMap) -> Answered {
    let doer = doer(&context)?;
    let (official, _) = actions::governed(&context.app, &doer, &id).await?;
    let kept = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == ONCE)
        .map(|(_, value)| value.to_owned())
        .filter(|value| value.len() == 19 && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
        .unwrap_or_default();
    let values = context! { one => row(&context, &official), user => official.user, password => kept };
    let mut response = page(&context, "officials", "party/given.html", values, &[]).await?;
    let gone = format!("{ONCE}=; Path=/admin/officials/{id}/password; Max-Age=0");
    if !kept.is_empty()
        && let Ok(value) = gone.parse()
    {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}

async fn renew(context: Context, Path(id): Path<String>, _typed: Typed) -> Answered {
    let doer = doer(&context)?;
    let password = actions::renew_password(&context.app, &doer, &id).await?;
    Ok(once(&context, &id, &password))
}
