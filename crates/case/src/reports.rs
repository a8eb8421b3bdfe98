//! What others have reported nearby, and joining them. Nobody learns whose a report is.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maru_definition::{FieldKind, Position};
use maru_kernel::{Error, Result};
use maru_web::{Context, Fail, Shared, Typed, context};
use serde::Serialize;

use crate::{
    actions, letters,
    model::{Case, Report, near},
    pages, tables,
};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/reports", get(list))
        .route("/reports/{id}", get(show))
        .route("/reports/{id}/join", post(join))
}

type Answered = std::result::Result<Response, Fail>;

/// Reports that have ended are shown so many days more.
const AFTER: i64 = 90;

#[derive(Serialize)]
pub struct Shown {
    id: String,
    topic: String,
    place: String,
    at: i64,
    ended: bool,
    joined: i64,
    metres: Option<i64>,
}

/// A report as everybody sees it.
pub fn shown(context: &Context, report: &Report, from: Option<Position>) -> Shown {
    let service = context.app.definitions.service(&report.service);
    let topic = service.as_ref().and_then(|service| {
        let field = service.form.fields().find(|field| field.kind == FieldKind::Choice)?;
        Some(service.text(context.lang).choice(&field.id, &report.topic).to_owned())
    });
    Shown {
        id: report.id.clone(),
        topic: topic.unwrap_or_else(|| report.topic.clone()),
        place: report.place.clone(),
        at: report.at.micros(),
        ended: report.ended_at.is_some(),
        joined: report.joined,
        metres: from.zip(report.position).map(|(a, b)| a.metres(b)),
    }
}

/// Open reports of others that may be the same as a draft.
pub async fn nearby(context: &Context, case: &Case) -> Result<Vec<Shown>> {
    let service = actions::service(&context.app, &case.service)?;
    let Some(mine) = actions::report(&context.app, &service, case) else { return Ok(Vec::new()) };
    let all = tables::reports(&context.app.store, &mine.region, context.now).await?;
    Ok(near(&mine, all).iter().map(|report| shown(context, report, mine.position)).collect())
}

async fn list(context: Context, Query(asked): Query<BTreeMap<String, String>>) -> Answered {
    let place = asked.get("place").map(|place| place.trim()).unwrap_or_default();
    let pack = context.app.definitions.pack();
    let regions = &pack.regions;
    let found = regions.named_in(place);
    let reports = match &found {
        Ok(region) => {
            tables::reports(&context.app.store, &region.code, context.now.plus_days(-AFTER)).await?
        }
        Err(_) => Vec::new(),
    };
    let reports: Vec<Shown> = reports.iter().map(|report| shown(&context, report, None)).collect();
    let values = context! {
        place, reports, region => found.as_ref().ok().map(|region| region.name.as_str()),
        wrong => (!place.is_empty() && found.is_err()).then(|| context.t("form-place")),
    };
    Ok(context.page("services", "case/reports.html", values).await?)
}

async fn show(context: Context, Path(id): Path<String>) -> Answered {
    let report = tables::report(&context.app.store, &id).await?.ok_or(Error::NotFound)?;
    let case = tables::case(&context.app.store, &id).await?.ok_or(Error::NotFound)?;
    let person = context.resident().ok();
    let joined = match person {
        Some(person) => tables::joiners(&context.app.store, &id).await?.contains(&person.id),
        None => false,
    };
    let own = person.is_some_and(|person| person.id == case.resident);
    let unit = match &case.unit {
        Some(unit) => {
            let unit = context.app.ports.people.unit(unit).await?;
            Some(context! { name => pages::place(&context, &unit), contact => unit.contact })
        }
        None => None,
    };
    // Those who joined read the answer, nobody else.
    let (note, basis) = if joined { (case.note.clone(), case.basis.clone()) } else { (None, None) };
    let values = context! {
        report => shown(&context, &report, None), joined, own, unit, note, basis,
        resident => person.is_some(), stages => pages::stages(&context, &case),
        state_name => letters::state_name(&context.app.definitions, &case).get(context.lang),
        due => case.due_on.filter(|_| case.state.is_open()).map(|on| on.to_string()),
    };
    Ok(context.page("services", "case/report.html", values).await?)
}

async fn join(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let draft = Some(typed.get("draft")).filter(|draft| !draft.is_empty());
    actions::join(&context.app, context.resident()?, &id, draft).await?;
    Ok(Redirect::to(&format!("/reports/{id}")).into_response())
}
