//! What each payment of a granted case was to be, once facts of the past turn out to have been others.

use axum::{Router, extract::Path, routing::get};
use maru_definition::{Entitled, Term};
use maru_kernel::Won;
use maru_web::{Context, Shared, Shown, context};

use super::Answered;
use crate::actions;

pub fn routes() -> Router<Shared> {
    Router::new().route("/desk/cases/{id}/owed", get(show))
}

async fn show(context: Context, Path(id): Path<String>) -> Answered {
    let (person, unit) = context.official()?;
    let case = actions::of_unit(&context.app, unit, &id).await?;
    let owed = actions::owed_now(&context.app, person, &case).await?;
    let service = actions::service(&context.app, &case.service)?;
    let pack = context.app.definitions.pack();
    let label =
        |name: &String| pack.fact(name).map_or(name.clone(), |f| f.label.get(context.lang).to_owned());
    let missing: Vec<String> = owed.missing.iter().map(label).collect();
    let one = |entitled: &Entitled| {
        context! { answer => entitled.answer.to_string(), won => entitled.won.map(|won| Won(won).to_string()) }
    };
    let difference = |won: i64| if won > 0 { format!("+{}", Won(won)) } else { Won(won).to_string() };
    let terms: Vec<Shown> = owed
        .terms
        .iter()
        .map(|term: &Term| {
            context! {
                on => term.on, before => one(&term.before), now => one(&term.now),
                changed => term.difference != Some(0), difference => term.difference.map(difference),
            }
        })
        .collect();
    let resident = context.app.ports.people.person(&case.resident).await?;
    let values = context! {
        id => case.id, receipt => case.receipt, applicant => resident.name.get(context.lang),
        service => service.text(context.lang).name, pays => service.pays.as_str(), terms, missing,
        total => owed.total, won => owed.total.map(|total| Won(total.saturating_abs()).to_string()),
    };
    Ok(context.page("desk", "case/owed.html", values).await?)
}
