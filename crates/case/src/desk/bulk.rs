//! What is done to several cases of the list at once. Each is its own batch: one that can't be done holds no other up.

use axum::{
    Router,
    extract::Query,
    response::{IntoResponse, Redirect},
    routing::get,
};
use maru_kernel::{Error, Problem, Result};
use maru_web::{Context, Shared, Typed, context};

use super::{Answered, Filters, PAGE, address};
use crate::{actions, letters, tables};

pub fn routes() -> Router<Shared> {
    Router::new().route("/desk/bulk", get(told).post(bulk))
}

/// What can be done to many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb<'a> {
    Assign,
    Release,
    Reassign(&'a str),
}

impl<'a> Verb<'a> {
    pub fn parse(text: &str, to: &'a str) -> Result<Verb<'a>> {
        match text {
            "assign" => Ok(Verb::Assign),
            "release" => Ok(Verb::Release),
            "reassign" if to.is_empty() => Err(Error::invalid("to", "desk-bulk-to")),
            "reassign" => Ok(Verb::Reassign(to)),
            _ => Err(Error::invalid("do", "desk-bulk-what")),
        }
    }
}

/// Why something was not done that may stand in an address.
const WHY: [&str; 11] = [
    "case-already-decided",
    "case-already-withdrawn",
    "case-not-assigned",
    "case-not-clerk",
    "case-nobodys",
    "case-other-officer",
    "case-theirs-already",
    "case-yours-already",
    "desk-bulk-gone",
    "error-busy",
    "desk-bulk-failed",
];

/// Does it to each, in order; for each the key of why not.
pub async fn each(
    context: &Context,
    verb: Verb<'_>,
    ids: &[String],
) -> Result<Vec<(String, Option<&'static str>)>> {
    if ids.is_empty() {
        return Err(Error::invalid("cases", "desk-bulk-none"));
    }
    if ids.len() > PAGE {
        let value = Some(PAGE.to_string());
        let problem = Problem { field: "cases".into(), key: "desk-bulk-many".into(), value };
        return Err(Error::Invalid(vec![problem]));
    }
    let mut done = Vec::with_capacity(ids.len());
    for id in ids {
        let outcome = one(context, verb, id).await;
        let why = match outcome {
            Ok(()) => None,
            Err(Error::NotFound) => Some("desk-bulk-gone"),
            Err(Error::Conflict(key)) => known(&key),
            Err(Error::Invalid(problems)) => {
                problems.first().map_or(Some("desk-bulk-gone"), |problem| known(&problem.key))
            }
            // Who may do none of it, and a database that is gone: the rest would fare no better.
            Err(other) => return Err(other),
        };
        done.push((id.clone(), why));
    }
    Ok(done)
}

fn known(key: &str) -> Option<&'static str> {
    WHY.into_iter().find(|known| *known == key).or(Some("desk-bulk-failed"))
}

async fn one(context: &Context, verb: Verb<'_>, id: &str) -> Result<()> {
    let app = &context.app;
    match verb {
        Verb::Assign => {
            let (person, unit) = context.official()?;
            let case = actions::of_unit(app, unit, id).await?;
            if case.officer.as_deref() == Some(&person.id) {
                return Err(Error::Conflict("case-yours-already".into()));
            }
            actions::assign(app, person, unit, id).await.map(|_| ())
        }
        Verb::Release => {
            let (person, unit) = context.official()?;
            actions::put_back(app, person, unit, id).await
        }
        Verb::Reassign(to) => actions::reassign(app, context.manager()?, id, to).await,
    }
}

async fn bulk(context: Context, typed: Typed) -> Answered {
    let ids: Vec<String> =
        typed.0.keys().filter_map(|name| name.strip_prefix("case-")).map(str::to_owned).collect();
    let name = typed.get("do");
    let done = match Verb::parse(name, typed.get("to")) {
        Ok(verb) => each(&context, verb, &ids).await,
        Err(wrong) => Err(wrong),
    };
    let back = back(typed.get("unit"), typed.get("query"));
    match done {
        Ok(done) => {
            let cases: Vec<&str> = done.iter().map(|(id, _)| id.as_str()).collect();
            let why: Vec<&str> = done.iter().map(|(_, why)| why.unwrap_or_default()).collect();
            let to = format!("/desk/bulk?do={name}&cases={}&why={}{back}", cases.join(","), why.join(","));
            Ok(Redirect::to(&to).into_response())
        }
        Err(Error::Invalid(problems)) => {
            let why = problems.first().map(|problem| context.told(problem)).unwrap_or_default();
            let values = context! { rows => Vec::<maru_web::Shown>::new(), wrong => why, back => link(&back), done => 0, verb => "" };
            Ok(context.page_again("desk", "case/bulk.html", values).await?)
        }
        Err(other) => Err(other.into()),
    }
}

/// Where somebody came from, kept in the address of the result.
fn back(unit: &str, query: &str) -> String {
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let filters: Filters = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    match (unit, address(&filters, &[])) {
        (unit, _) if !unit.is_empty() && plain(unit) => format!("&unit={unit}"),
        (_, query) if query.is_empty() => String::new(),
        (_, query) => format!("&{query}"),
    }
}

fn link(back: &str) -> String {
    match back.strip_prefix("&unit=") {
        Some(unit) => format!("/desk/load?unit={unit}"),
        None if back.is_empty() => "/desk".into(),
        None => format!("/desk?{}", back.trim_start_matches('&')),
    }
}

/// What was done, case by case: each as it is now, and why it is so if nothing was done.
async fn told(context: Context, Query(query): Query<Filters>) -> Answered {
    let app = &context.app;
    let person = context.person()?;
    let get = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let mut rows = Vec::new();
    let mut done = 0_i64;
    for (n, id) in get("cases").split(',').take(PAGE).enumerate() {
        let Ok(id) = maru_kernel::Id::<crate::model::Case>::parse(id) else { continue };
        let Some(case) = tables::case(&app.store, id.as_str()).await? else { continue };
        let unit = case.unit.as_deref().unwrap_or_default();
        let own = context.official().is_ok_and(|(_, own)| own == unit);
        let leads = match &context.session {
            Some(session) => actions::led(app, session, unit).await.is_ok(),
            None => false,
        };
        if case.state.is_draft() || !(own || leads) {
            continue;
        }
        let why = get("why").split(',').nth(n).filter(|key| WHY.contains(key));
        done = done.saturating_add(i64::from(why.is_none()));
        let officer = match case.officer.as_deref() {
            Some(officer) if officer == person.id => context.t("desk-officer-me"),
            Some(officer) => app.ports.people.person(officer).await?.name.get(context.lang).to_owned(),
            None => context.t("desk-nobody"),
        };
        let service = app.definitions.service(&case.service);
        rows.push(context! {
            id => own.then(|| case.id.clone()), officer,
            state => letters::state_name(&app.definitions, &case).get(context.lang),
            receipt => case.receipt, why => why.map(|key| context.t(key)),
            service => service.map(|s| s.text(context.lang).name.clone()),
        });
    }
    let back = back(get("unit"), &address(&query, &[]));
    let verb = ["assign", "release", "reassign"].into_iter().find(|verb| *verb == get("do"));
    let values = context! { rows, wrong => "", back => link(&back), done, verb => verb.unwrap_or("assign") };
    Ok(context.page("desk", "case/bulk.html", values).await?)
}
