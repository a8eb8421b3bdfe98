//! Agencies and their units.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, Query},
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use maru_kernel::{Error, Problem};
use maru_web::{Context, Fail, Shared, Typed, context};
use serde::Serialize;

use super::{
    admin::{Answered, Filters, doer, of_agency, page},
    officials,
};
use crate::{
    actions::{self, NewAgency, NewUnit},
    model::{AGENCY_KINDS, Agency, Doer, ListedUnit},
    tables,
};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/admin/agencies", get(list))
        .route("/admin/agencies/new", get(new_agency).post(add_agency))
        .route("/admin/agencies/{id}", get(show))
        .route("/admin/agencies/{id}/rename", post(rename))
        .route("/admin/agencies/{id}/end", get(ask_end).post(end))
        .route("/admin/agencies/{id}/units/new", get(new_unit).post(add_unit))
        .route("/admin/units/{id}", get(unit))
        .route("/admin/units/{id}/change", post(change_unit))
        .route("/admin/units/{id}/end", get(ask_end_unit).post(end_unit))
}

#[derive(Serialize)]
struct Row {
    id: String,
    name: String,
    kind: String,
    region: String,
    units: i64,
    officials: i64,
    ended: bool,
}

#[derive(Serialize)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub selected: bool,
    pub checked: bool,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<String>, chosen: &str) -> Choice {
        let value = value.into();
        let chosen = value == chosen;
        Choice { value, label: label.into(), selected: chosen, checked: chosen }
    }
}

fn row(context: &Context, agency: &Agency) -> Row {
    Row {
        id: agency.id.clone(),
        name: agency.name.get(context.lang).to_owned(),
        kind: agency.kind.clone(),
        region: region(context, &agency.region),
        units: agency.units,
        officials: agency.officials,
        ended: agency.ended.is_some(),
    }
}

fn region(context: &Context, region: &str) -> String {
    if region.is_empty() { context.t("admin-country") } else { region.to_owned() }
}

/// Agencies that are this person's to see.
pub async fn own(
    context: &Context,
    doer: &Doer,
    words: &str,
    ended: bool,
) -> maru_kernel::Result<Vec<Agency>> {
    let all = tables::agencies(&context.app.store, words, ended).await?;
    Ok(all.into_iter().filter(|agency| doer.runs(Some(&agency.id))).collect())
}

async fn list(context: Context, Query(filters): Query<Filters>) -> Answered {
    let doer = doer(&context)?;
    let q = filters.get("q").cloned().unwrap_or_default();
    let ended = filters.contains_key("ended");
    let agencies: Vec<Row> =
        own(&context, &doer, &q, ended).await?.iter().map(|agency| row(&context, agency)).collect();
    let values = context! { agencies, q, ended, operator => doer.runs_country() };
    page(&context, "agencies", "party/agencies.html", values, &[]).await
}

async fn agency_form(context: &Context, typed: &BTreeMap<String, String>, problems: &[Problem]) -> Answered {
    let get = |name: &str| typed.get(name).map_or("", String::as_str);
    let kinds: Vec<Choice> = AGENCY_KINDS
        .iter()
        .map(|kind| Choice::new(*kind, context.t(&format!("admin-agency-kind-{kind}")), get("kind")))
        .collect();
    let values = context! { kinds, ko => get("ko"), en => get("en"), region => get("region") };
    page(context, "agencies", "party/agency-new.html", values, problems).await
}

async fn new_agency(context: Context) -> Answered {
    context.operator()?;
    agency_form(&context, &BTreeMap::new(), &[]).await
}

async fn add_agency(context: Context, typed: Typed) -> Answered {
    let doer = Doer::of(context.operator()?);
    let new = NewAgency {
        id: "",
        kind: typed.get("kind"),
        region: typed.get("region"),
        ko: typed.get("ko"),
        en: typed.get("en"),
    };
    match actions::add_agency(&context.app, &doer, new).await {
        Ok(id) => Ok(Redirect::to(&format!("/admin/agencies/{id}")).into_response()),
        Err(Error::Invalid(problems)) => agency_form(&context, &typed.0, &problems).await,
        Err(other) => Err(Fail(other)),
    }
}

#[derive(Serialize)]
struct UnitRow {
    id: String,
    name: String,
    kind: String,
    region: String,
    officials: i64,
    ended: bool,
}

fn unit_kind(context: &Context, kind: &str) -> String {
    let pack = context.app.definitions.pack();
    let known = pack.unit_kind(kind);
    known.map_or(kind.to_owned(), |known| known.name.get(context.lang).to_owned())
}

fn unit_row(context: &Context, listed: &ListedUnit) -> UnitRow {
    UnitRow {
        id: listed.unit.id.clone(),
        name: listed.unit.name.get(context.lang).to_owned(),
        kind: unit_kind(context, &listed.unit.kind),
        region: listed.unit.region.clone(),
        officials: listed.officials,
        ended: listed.ended.is_some(),
    }
}

async fn agency_page(
    context: &Context,
    doer: &Doer,
    id: &str,
    typed: Option<&Typed>,
    problems: &[Problem],
) -> Answered {
    let agency = actions::agency(&context.app, doer, id).await?;
    let units = tables::units(&context.app.store, &agency.id).await?;
    let units: Vec<UnitRow> = units.iter().map(|unit| unit_row(context, unit)).collect();
    let (ko, en) = match typed {
        Some(typed) => (typed.get("ko").to_owned(), typed.get("en").to_owned()),
        None => (agency.name.ko.clone(), agency.name.en.clone()),
    };
    let values = context! {
        agency => row(context, &agency), units, ko, en, operator => doer.runs_country(),
        ended => agency.ended.map(|at| at.micros()),
    };
    page(context, "agencies", "party/agency.html", values, problems).await
}

async fn show(context: Context, Path(id): Path<String>) -> Answered {
    let doer = doer(&context)?;
    agency_page(&context, &doer, &id, None, &[]).await
}

async fn rename(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let doer = Doer::of(context.operator()?);
    match actions::rename_agency(&context.app, &doer, &id, typed.get("ko"), typed.get("en")).await {
        Ok(()) => Ok(Redirect::to(&format!("/admin/agencies/{id}")).into_response()),
        Err(Error::Invalid(problems)) => agency_page(&context, &doer, &id, Some(&typed), &problems).await,
        Err(other) => Err(Fail(other)),
    }
}

async fn ask_end(context: Context, Path(id): Path<String>) -> Answered {
    let doer = Doer::of(context.operator()?);
    let agency = actions::agency(&context.app, &doer, &id).await?;
    let values = context! {
        what => "agency", name => agency.name.get(context.lang), number => agency.units, open => 0,
        possible => agency.units == 0, to => format!("/admin/agencies/{id}"),
    };
    page(&context, "agencies", "party/end.html", values, &[]).await
}

async fn end(context: Context, Path(id): Path<String>, _typed: Typed) -> Answered {
    let doer = Doer::of(context.operator()?);
    actions::end_agency(&context.app, &doer, &id).await?;
    Ok(Redirect::to(&format!("/admin/agencies/{id}")).into_response())
}

async fn unit_form(
    context: &Context,
    doer: &Doer,
    agency: &str,
    typed: &BTreeMap<String, String>,
    problems: &[Problem],
) -> Answered {
    let agency = actions::agency(&context.app, doer, agency).await?;
    let get = |name: &str| typed.get(name).map_or("", String::as_str);
    let kinds: Vec<Choice> = context
        .app
        .definitions
        .pack()
        .unit_kinds
        .iter()
        .map(|kind| Choice::new(kind.id.clone(), kind.name.get(context.lang), get("kind")))
        .collect();
    let region = typed.get("region").cloned().unwrap_or_else(|| agency.region.clone());
    let values = context! {
        kinds, region, ko => get("ko"), en => get("en"), contact => get("contact"), agency => row(context, &agency),
    };
    page(context, "agencies", "party/unit-new.html", values, problems).await
}

async fn new_unit(context: Context, Path(id): Path<String>) -> Answered {
    let doer = doer(&context)?;
    unit_form(&context, &doer, &id, &BTreeMap::new(), &[]).await
}

async fn add_unit(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let doer = doer(&context)?;
    let new = NewUnit {
        id: "",
        agency: &id,
        kind: typed.get("kind"),
        region: typed.get("region"),
        ko: typed.get("ko"),
        en: typed.get("en"),
        contact: typed.get("contact"),
    };
    match actions::add_unit(&context.app, &doer, new).await {
        Ok(unit) => Ok(Redirect::to(&format!("/admin/units/{unit}")).into_response()),
        Err(Error::Invalid(problems)) => unit_form(&context, &doer, &id, &typed.0, &problems).await,
        Err(other) => Err(Fail(other)),
    }
}

async fn unit_page(
    context: &Context,
    doer: &Doer,
    id: &str,
    typed: Option<&Typed>,
    problems: &[Problem],
) -> Answered {
    let listed = actions::unit(&context.app, doer, id).await?;
    let people = tables::officials(&context.app.store, &of_agency("*", &listed.unit.id)).await?;
    let officials = officials::rows(context, people);
    let unit = &listed.unit;
    let kept = |name: &str, now: &str| typed.map_or(now, |typed| typed.get(name)).to_owned();
    let values = context! {
        unit => unit_row(context, &listed), officials,
        agency => unit.agency.get(context.lang), agency_id => unit.agency_id,
        ko => kept("ko", &unit.name.ko), en => kept("en", &unit.name.en), contact => kept("contact", &unit.contact),
        ended => listed.ended.map(|at| at.micros()),
        open => context.app.ports.cases.open_at(&unit.id).await?,
    };
    page(context, "agencies", "party/unit.html", values, problems).await
}

async fn unit(context: Context, Path(id): Path<String>) -> Answered {
    let doer = doer(&context)?;
    unit_page(&context, &doer, &id, None, &[]).await
}

async fn change_unit(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let doer = doer(&context)?;
    let [ko, en, contact] = ["ko", "en", "contact"].map(|name| typed.get(name));
    match actions::change_unit(&context.app, &doer, &id, ko, en, contact).await {
        Ok(()) => Ok(Redirect::to(&format!("/admin/units/{id}")).into_response()),
        Err(Error::Invalid(problems)) => unit_page(&context, &doer, &id, Some(&typed), &problems).await,
        Err(other) => Err(Fail(other)),
    }
}

async fn end_unit_page(context: &Context, doer: &Doer, id: &str) -> maru_kernel::Result<maru_web::Shown> {
    let listed = actions::unit(&context.app, doer, id).await?;
    let open = context.app.ports.cases.open_at(&listed.unit.id).await?;
    Ok(context! {
        what => "unit", name => listed.unit.name.get(context.lang), number => listed.officials, open,
        possible => open == 0, to => format!("/admin/units/{id}"),
    })
}

async fn ask_end_unit(context: Context, Path(id): Path<String>) -> Answered {
    let doer = doer(&context)?;
    let values = end_unit_page(&context, &doer, &id).await?;
    page(&context, "agencies", "party/end.html", values, &[]).await
}

async fn end_unit(context: Context, Path(id): Path<String>, _typed: Typed) -> Answered {
    let doer = doer(&context)?;
    if actions::end_unit(&context.app, &doer, &id).await? > 0 {
        return Err(Error::Conflict("admin-unit-has-cases".into()).into());
    }
    Ok(Redirect::to(&format!("/admin/units/{id}")).into_response())
}
