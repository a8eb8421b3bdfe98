//! Documents whose drafter has left, for whoever manages the agency. Leading is not reading: no title and no text is in it.

use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use maru_kernel::{Error, Problem, Result};
use maru_web::{Context, Fail, Shared, Shown, Typed, admin_tabs, context};

use crate::{
    actions,
    delegations::{managed, manager},
    model::Document,
    pages::{Answered, errors, place, to, told},
};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/admin/documents", get(show))
        .route("/admin/documents/{id}/hand-over", post(hand_over))
}

async fn show(context: Context) -> Answered {
    list(&context, &[]).await
}

async fn row(context: &Context, document: &Document, place: &str) -> Result<Shown> {
    let (people, lang) = (&context.app.ports.people, context.lang);
    let clerks = people.clerks(&document.unit, context.now).await?;
    let heirs: Vec<Shown> =
        clerks.iter().map(|one| context! { value => one.id, label => one.titled(lang) }).collect();
    Ok(context! {
        id => document.id, place, heirs, drafter => document.drafter.name.get(lang), state => document.state.as_str(),
        back => document.past.last().and_then(|round| round.ended_at).map(|at| at.micros()),
    })
}

async fn list(context: &Context, problems: &[Problem]) -> Answered {
    let session = manager(context)?;
    let led: Vec<&str> = managed(session).collect();
    let mut documents = Vec::new();
    for unit in context.app.ports.people.units().await? {
        if !unit.agency_id.as_deref().is_some_and(|agency| led.contains(&agency)) {
            continue;
        }
        for document in actions::left_in(&context.app, &unit.id).await? {
            documents.push(row(context, &document, &place(context, &unit.id).await?).await?);
        }
    }
    let values = context! {
        tab => "documents", tabs => admin_tabs(session), documents,
        problems => told(context, problems), errors => errors(context, problems),
    };
    Ok(if problems.is_empty() {
        context.page("admin", "work/left.html", values).await?
    } else {
        context.page_again("admin", "work/left.html", values).await?
    })
}

async fn hand_over(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let session = manager(&context)?;
    match actions::hand_over(&context.app, session, &id, typed.get("to")).await {
        Ok(_) => to("/admin/documents"),
        Err(Error::Invalid(mut problems)) => {
            // Each document has a field of its own.
            problems.iter_mut().for_each(|problem| problem.field = format!("to-{id}"));
            list(&context, &problems).await
        }
        Err(other) => Err(Fail(other)),
    }
}
