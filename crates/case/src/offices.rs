//! Where a case may go, on its check page: Maru chooses, or the applicant does among the units that take it.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use maru_definition::{Service, To};
use maru_kernel::{Error, Result};
use maru_web::{App, Context, Fail, Shared, Shown, Typed, context, ports::Unit};

use crate::{actions, form, guess, model::Case, pages};

/// So many units are shown at once.
const SHOWN: usize = 20;

pub fn routes() -> Router<Shared> {
    Router::new().route("/cases/{id}/choose", post(choose))
}

/// What was chosen while sending; whoever sends again changes nothing.
pub async fn choice(context: &Context, id: &str, unit: Option<&str>) -> Result<()> {
    let person = context.resident()?;
    if let Some(unit) = unit
        && actions::own(&context.app, person, id).await?.state.is_draft()
    {
        actions::choose(&context.app, person, id, unit).await?;
    }
    Ok(())
}

async fn choose(
    context: Context,
    Path(id): Path<String>,
    typed: Typed,
) -> std::result::Result<Response, Fail> {
    let person = context.resident()?;
    match actions::choose(&context.app, person, &id, typed.get("unit")).await {
        Ok(_) => Ok(Redirect::to(&format!("/cases/{id}/check")).into_response()),
        Err(Error::Invalid(problems)) => {
            let case = actions::own(&context.app, person, &id).await?;
            form::show_check(&context, &case, &problems, &BTreeMap::new()).await
        }
        Err(other) => Err(other.into()),
    }
}

/// Whether each word is in a unit's names, in either language.
fn named(unit: &Unit, words: &str) -> bool {
    let names = [&unit.agency.ko, &unit.agency.en, &unit.name.ko, &unit.name.en, &unit.region];
    let names = names.map(|name| name.to_lowercase()).join(" ");
    words.to_lowercase().split_whitespace().all(|word| names.contains(word))
}

/// The units that an applicant may choose from.
pub struct Offered {
    /// The one that was chosen, if it is still there.
    pub wanted: Option<Unit>,
    /// The first of those that a search found.
    pub found: Vec<Unit>,
    pub more: usize,
    /// How many there are without a search.
    all: usize,
}

/// Nothing where the service says by itself where its cases go.
pub async fn offered(app: &App, service: &Service, case: &Case, words: &str) -> Result<Option<Offered>> {
    if service.to != To::Words {
        return Ok(None);
    }
    let units = guess::units(app, service).await?;
    let all = units.len();
    let (wanted, others): (Vec<Unit>, Vec<Unit>) =
        units.into_iter().partition(|unit| case.wanted.as_deref() == Some(&unit.id));
    let mut found: Vec<Unit> = others.into_iter().filter(|unit| named(unit, words)).collect();
    let more = found.len().saturating_sub(SHOWN);
    found.truncate(SHOWN);
    Ok(Some(Offered { wanted: wanted.into_iter().next(), found, more, all }))
}

/// The same on the check page.
pub async fn shown(context: &Context, service: &Service, case: &Case, words: &str) -> Result<Option<Shown>> {
    let Some(Offered { wanted, found, more, all }) = offered(&context.app, service, case, words).await?
    else {
        return Ok(None);
    };
    let kept = wanted.is_some();
    let option = |unit: &Unit, checked: bool| {
        context! { value => unit.id, label => pages::place(context, unit), hint => unit.region, checked }
    };
    let mut options = vec![context! {
        value => "", label => context.t("case-unit-maru"), hint => context.t("case-unit-maru-hint"), checked => !kept,
    }];
    options.extend(wanted.iter().map(|unit| option(unit, true)));
    options.extend(found.iter().map(|unit| option(unit, false)));
    Ok(Some(context! {
        options, words, all, more, searched => !words.is_empty(), none => found.is_empty(),
        gone => case.wanted.is_some() && !kept,
    }))
}
