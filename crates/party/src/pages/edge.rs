//! Limits and keys of the edge.

use axum::{
    Router,
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use maru_kernel::{Error, Problem};
use maru_web::{Context, Shared, Typed, context, keys, limits};

use super::admin::{Answered, page};
use crate::{actions, model::Doer};

/// What was signed with the old keys stays good for a day, or not at all.
const KEEP_SECONDS: i64 = 86_400;

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/admin/edge", get(show))
        .route("/admin/edge/limits", post(set_limit))
        .route("/admin/edge/keys", get(ask_rotate).post(rotate))
}

async fn show(context: Context) -> Answered {
    list(&context, "", "", &[]).await
}

async fn list(context: &Context, name: &str, typed: &str, problems: &[Problem]) -> Answered {
    context.operator()?;
    let store = &context.app.store;
    let limits: Vec<_> = limits(store)
        .await?
        .into_iter()
        .map(|limit| {
            let mine = limit.name == name;
            context! {
                name => limit.name, now => limit.per_minute, usual => limit.usual, since => limit.set_at.map(|at| at.micros()),
                typed => if mine { typed.to_owned() } else { limit.per_minute.to_string() },
                error => if mine { problems.first().map(|p| context.told(p)).unwrap_or_default() } else { String::new() },
            }
        })
        .collect();
    let keys: Vec<_> = keys(store, context.now)
        .await?
        .into_iter()
        .map(|key| context! { id => key.id, from => key.from.micros(), until => key.until.map(|at| at.micros()) })
        .collect();
    page(context, "edge", "party/edge.html", context! { limits, keys }, problems).await
}

async fn set_limit(context: Context, typed: Typed) -> Answered {
    let doer = Doer::of(context.operator()?);
    let (name, number) = (typed.get("name"), typed.get("per_minute").trim().replace(',', ""));
    let set = match number.parse() {
        Ok(per_minute) => actions::set_limit(&context.app, &doer, name, per_minute).await,
        Err(_) => Err(Error::invalid("per_minute", "error-limit-number")),
    };
    match set {
        Ok(()) => Ok(Redirect::to("/admin/edge").into_response()),
        // No field of the page has such a name.
        Err(Error::Invalid(problems)) if problems.iter().any(|p| p.field == "name") => {
            Err(Error::NotFound.into())
        }
        Err(Error::Invalid(mut problems)) => {
            // The field of this limit, as each has one.
            problems.iter_mut().for_each(|p| p.field = format!("limit-{name}"));
            list(&context, name, typed.get("per_minute"), &problems).await
        }
        Err(other) => Err(other.into()),
    }
}

async fn ask_rotate(context: Context) -> Answered {
    context.operator()?;
    page(&context, "edge", "party/rotate.html", context! {}, &[]).await
}

async fn rotate(context: Context, typed: Typed) -> Answered {
    let doer = Doer::of(context.operator()?);
    let keep = if typed.get("seen") == "yes" { 0 } else { KEEP_SECONDS };
    actions::rotate_key(&context.app, &doer, keep).await?;
    Ok(Redirect::to("/admin/edge").into_response())
}
