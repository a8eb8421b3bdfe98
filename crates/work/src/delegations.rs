//! The register of delegated decisions (위임전결), kept by whoever manages an agency.

use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use maru_kernel::{Error, Problem, Result};
use maru_web::{
    Context, Fail, Shared, Shown, Typed, admin_tabs, context,
    ports::{RoleKind, Session},
};

use crate::{
    actions,
    model::Matter,
    pages::{Answered, errors, to, told},
    tables,
};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/admin/delegations", get(show).post(delegate))
        .route("/admin/delegations/{id}/end", post(end))
}

pub fn manager(context: &Context) -> Result<&Session> {
    context.with_role(&[RoleKind::Manager], "work-not-manager")
}

/// The agencies that somebody manages.
pub fn managed(session: &Session) -> impl Iterator<Item = &str> {
    session.roles.iter().filter(|role| role.kind == RoleKind::Manager).map(|role| role.over.as_str())
}

async fn show(context: Context) -> Answered {
    list(&context, &Typed(Default::default()), &[]).await
}

/// Every matter of an agency: with its rule, or with none.
async fn matters(context: &Context, agency: &str, typed: &Typed) -> Result<Vec<Shown>> {
    let rules = tables::rules(&context.app.store, agency).await?;
    let one = |matter: Matter| {
        let rule = rules.iter().find(|rule| rule.matter == matter);
        let mine = typed.get("matter") == matter.as_str() && typed.get("agency") == agency;
        let kept = |of: fn(&crate::model::Rule) -> &String, field: &str| {
            if mine {
                typed.get(field).to_owned()
            } else {
                rule.map(|rule| of(rule).clone()).unwrap_or_default()
            }
        };
        context! {
            id => matter.as_str(), rule => rule.map(|rule| rule.id.clone()), since => rule.map(|rule| rule.from.micros()),
            decides => kept(|rule| &rule.decides, "decides"), whose => kept(|rule| &rule.whose, "whose"), mine,
        }
    };
    Ok(Matter::ALL.into_iter().map(one).collect())
}

async fn list(context: &Context, typed: &Typed, problems: &[Problem]) -> Answered {
    let session = manager(context)?;
    let units = context.app.ports.people.units().await?;
    let mut agencies = Vec::new();
    for agency in managed(session) {
        let unit = units.iter().find(|unit| unit.agency_id.as_deref() == Some(agency));
        let name = unit.map_or(agency, |unit| unit.agency.get(context.lang));
        agencies.push(context! { id => agency, name, matters => matters(context, agency, typed).await? });
    }
    let values = context! {
        tab => "delegations", tabs => admin_tabs(session), agencies,
        problems => told(context, problems), errors => errors(context, problems),
    };
    Ok(if problems.is_empty() {
        context.page("admin", "work/delegations.html", values).await?
    } else {
        context.page_again("admin", "work/delegations.html", values).await?
    })
}

async fn delegate(context: Context, typed: Typed) -> Answered {
    let (session, matter) = (manager(&context)?, Matter::parse(typed.get("matter")).ok_or(Error::NotFound)?);
    let (agency, decides, whose) = (typed.get("agency"), typed.get("decides"), typed.get("whose"));
    match actions::delegate(&context.app, session, agency, matter, decides, whose).await {
        Ok(_) => to("/admin/delegations"),
        Err(Error::Invalid(mut problems)) => {
            // Each matter of each agency has fields of its own.
            for problem in &mut problems {
                problem.field = format!("{}-{agency}-{}", problem.field, typed.get("matter"));
            }
            list(&context, &typed, &problems).await
        }
        Err(other) => Err(Fail(other)),
    }
}

async fn end(context: Context, Path(id): Path<String>, _typed: Typed) -> Answered {
    actions::end_delegation(&context.app, manager(&context)?, &id).await?;
    to("/admin/delegations")
}
