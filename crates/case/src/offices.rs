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
use maru_web::{Context, Fail, Shared, Shown, Typed, context, ports::Unit};

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

/// The units that one may choose from: the one that was chosen, and those that a search found.
pub async fn shown(context: &Context, service: &Service, case: &Case, words: &str) -> Result<Option<Shown>> {
    if service.to != To::Words {
        return Ok(None);
    }
    let units = guess::units(&context.app, service).await?;
    let wanted = |unit: &Unit| case.wanted.as_deref() == Some(&unit.id);
    let kept = units.iter().any(wanted);
    let all = units.len();
    let found: Vec<&Unit> = units.iter().filter(|unit| !wanted(unit) && named(unit, words)).collect();
    let option = |unit: &Unit| {
        context! { value => unit.id, label => pages::place(context, unit), hint => unit.region, checked => wanted(unit) }
    };
    let mut options = vec![context! {
        value => "", label => context.t("case-unit-maru"), hint => context.t("case-unit-maru-hint"), checked => !kept,
    }];
    options.extend(units.iter().filter(|unit| wanted(unit)).map(option));
    options.extend(found.iter().take(SHOWN).map(|unit| option(unit)));
    Ok(Some(context! {
        options, words, all, more => found.len().saturating_sub(SHOWN), searched => !words.is_empty(), none => found.is_empty(),
        gone => case.wanted.is_some() && !kept,
    }))
}
