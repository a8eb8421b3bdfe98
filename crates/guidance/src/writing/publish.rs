//! Publishing a draft from a day on, with a second person's approval; and who did what.

use axum::{
    extract::Path,
    response::{IntoResponse, Redirect},
};
use maru_definition::{Ask, Draft, Verb};
use maru_kernel::{Error, Problem, Result};
use maru_web::{Context, Shown, Typed, context};

use super::pages::{Answered, head, page, session, verb_of};
use crate::writing;

pub async fn show(context: Context, Path(id): Path<String>) -> Answered {
    form(&context, &id, &Typed(Default::default()), &[]).await
}

async fn name(context: &Context, id: &str) -> Result<String> {
    Ok(context.app.ports.people.person(id).await?.name.get(context.lang).to_owned())
}

async fn asked(context: &Context, ask: &Ask) -> Result<Shown> {
    let done = match &ask.done_by {
        Some(by) => Some(name(context, by).await?),
        None => None,
    };
    Ok(context! {
        place => ask.place, verb => ask.verb.as_str(), version => ask.draft, from => ask.from.to_string(),
        by => name(context, &ask.asked_by).await?, at => ask.asked_at.micros(), state => ask.state.as_str(),
        done, done_at => ask.done_at.map(|at| at.micros()),
    })
}

async fn written(context: &Context, draft: &Draft) -> Result<Shown> {
    Ok(context! {
        version => draft.version, file => draft.file, by => name(context, &draft.writer).await?, at => draft.at.micros(),
    })
}

async fn form(context: &Context, id: &str, typed: &Typed, problems: &[Problem]) -> Answered {
    let (session, definitions) = (session(context)?, &context.app.definitions);
    let (draft, part) = writing::draft(&context.app, session, id).await?;
    let tried = definitions.tried(&draft);
    let asks = definitions.asks(id).await?;
    let open = asks.iter().find(|ask| ask.state == maru_definition::Asked::Open);
    let own = open.is_some_and(|ask| [&draft.writer, &ask.asked_by].contains(&&session.person.id));
    let open = match open {
        Some(ask) => Some(asked(context, ask).await?),
        None => None,
    };
    let (mut told, mut history) = (Vec::new(), Vec::new());
    for ask in &asks {
        told.push(asked(context, ask).await?);
    }
    for draft in definitions.draft_history(id).await? {
        history.push(written(context, &draft).await?);
    }
    let versions: Vec<_> = definitions
        .published(id)
        .await?
        .iter()
        .map(|one| {
            context! {
                since => one.since.micros(), until => one.until.map(|at| at.micros()), ended => one.ended,
                holds => one.since <= context.now && one.until.is_none_or(|until| until > context.now),
            }
        })
        .collect();
    let served = definitions.service(id).is_some_and(|service| !service.ended);
    let today = context.now.date().to_string();
    let from = Some(typed.get("from")).filter(|from| !from.is_empty()).unwrap_or(&today);
    let values = context! {
        open, own, asks => told, history, versions, served, from, verb => typed.get("verb"),
    };
    let values = context! { ..values, ..head(context, &draft, part, &tried) };
    page(context, "guidance/writing-publish.html", values, problems).await
}

fn back(id: &str) -> Answered {
    Ok(Redirect::to(&format!("/admin/services/{id}/publish")).into_response())
}

/// What is asked for as it was typed or sent.
pub async fn asked_for(context: &Context, id: &str, verb: &str, from: &str) -> Result<()> {
    let verb: Verb = verb_of(verb)?;
    let from = from.parse().map_err(|_| Error::invalid("from", "form-date"))?;
    writing::ask(&context.app, session(context)?, id, verb, from).await
}

pub async fn ask(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    match asked_for(&context, &id, typed.get("verb"), typed.get("from")).await {
        Ok(()) => back(&id),
        Err(Error::Invalid(problems)) => form(&context, &id, &typed, &problems).await,
        Err(other) => Err(other.into()),
    }
}

pub async fn approve(context: Context, Path((id, place)): Path<(String, i64)>, typed: Typed) -> Answered {
    match writing::approve(&context.app, session(&context)?, &id, place).await {
        Ok(()) => back(&id),
        Err(Error::Invalid(problems)) => form(&context, &id, &typed, &problems).await,
        Err(other) => Err(other.into()),
    }
}

pub async fn withdraw(context: Context, Path((id, place)): Path<(String, i64)>, _typed: Typed) -> Answered {
    writing::withdraw(&context.app, session(&context)?, &id, place).await?;
    back(&id)
}
