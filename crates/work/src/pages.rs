//! One document: written, read, signed.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maru_kernel::{Error, Id, Problem, Result};
use maru_web::{Context, Fail, Shared, Shown, Typed, context};

use crate::{
    actions::{self, Content},
    model::{Document, Mark, Outcome, Round, State, Step},
    proof, seal,
    tables::kind_name,
};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/documents/new", get(new).post(begin))
        .route("/documents/{id}", get(show))
        .route("/documents/{id}/edit", get(edit).post(revise))
        .route("/documents/{id}/submit", post(submit))
        .route("/documents/{id}/recall", post(recall))
        .route("/documents/{id}/discard", post(discard))
        .route("/documents/{id}/sign", post(sign))
        .route("/documents/{id}/reject", post(reject))
        .route("/documents/{id}/receive", post(receive))
        .route("/documents/{id}/acknowledge", post(acknowledge))
}

pub type Answered = std::result::Result<Response, Fail>;

pub fn to(path: &str) -> Answered {
    Ok(Redirect::to(path).into_response())
}

/// What is wrong, for the top of a page: with the id of the field it is at.
pub fn told(context: &Context, problems: &[Problem]) -> Vec<Shown> {
    problems.iter().map(|p| context! { id => p.field, text => context.told(p) }).collect()
}

pub fn errors(context: &Context, problems: &[Problem]) -> BTreeMap<String, String> {
    problems.iter().map(|p| (p.field.clone(), context.told(p))).collect()
}

/// A page, or the page that says what is wrong.
pub async fn page(context: &Context, template: &str, problems: &[Problem], values: Shown) -> Answered {
    let values = context! { ..context! { problems => told(context, problems), errors => errors(context, problems) }, ..values };
    Ok(if problems.is_empty() {
        context.page("work", template, values).await?
    } else {
        context.page_again("work", template, values).await?
    })
}

/// `수원시 생활보장팀`
pub async fn place(context: &Context, unit: &str) -> Result<String> {
    let unit = context.app.ports.people.unit(unit).await?;
    Ok(format!("{} {}", unit.agency.get(context.lang), unit.name.get(context.lang)))
}

// ── Written ──────────────────────────────────────────────────────────────────────────────────────────────────────

fn content_of(typed: &Typed) -> Content {
    let filled = |name: &str| Some(typed.get(name).to_owned()).filter(|text| !text.is_empty());
    Content {
        title: typed.get("title").into(),
        body: typed.get("body").into(),
        recipient: filled("recipient"),
        case: filled("case"),
    }
}

async fn writing(context: &Context, id: Option<&str>, content: &Content, problems: &[Problem]) -> Answered {
    let (_, unit) = context.official()?;
    let chosen = content.recipient.as_deref().unwrap_or_default();
    let inside = context! { value => "", label => context.t("work-inside"), selected => chosen.is_empty() };
    let mut recipients = vec![inside];
    for other in context.app.ports.people.units().await? {
        if other.id != unit {
            let label = format!("{} {}", other.agency.get(context.lang), other.name.get(context.lang));
            recipients.push(context! { value => other.id, label, selected => other.id == chosen });
        }
    }
    let values = context! {
        id, recipients, title => content.title, body => content.body, case => content.case,
    };
    page(context, "work/write.html", problems, values).await
}

async fn new(context: Context, Query(asked): Query<BTreeMap<String, String>>) -> Answered {
    let case = asked.get("case").filter(|case| Id::<()>::parse(case).is_ok()).cloned();
    let content = Content { case, ..Content::default() };
    writing(&context, None, &content, &[]).await
}

async fn begin(context: Context, typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    let content = content_of(&typed);
    match actions::draft(&context.app, person, unit, &content, &[]).await {
        Ok(document) => to(&format!("/documents/{}/line", document.id)),
        Err(Error::Invalid(problems)) => writing(&context, None, &content, &problems).await,
        Err(other) => Err(Fail(other)),
    }
}

async fn edit(context: Context, Path(id): Path<String>) -> Answered {
    let (person, unit) = context.official()?;
    let document = actions::own(&context.app, person, unit, &id).await?;
    if !document.state.is_open() {
        return to(&format!("/documents/{id}"));
    }
    let round = document.round;
    let content =
        Content { title: round.title, body: round.body, recipient: round.recipient, case: document.case };
    writing(&context, Some(&id), &content, &[]).await
}

async fn revise(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    let content = content_of(&typed);
    match actions::revise(&context.app, person, unit, &id, &content).await {
        Ok(_) => to(&format!("/documents/{id}")),
        Err(Error::Invalid(problems)) => writing(&context, Some(&id), &content, &problems).await,
        Err(other) => Err(Fail(other)),
    }
}

// ── Read ─────────────────────────────────────────────────────────────────────────────────────────────────────────

pub fn stamp(context: &Context, step: &Step) -> Shown {
    let lang = context.lang;
    context! {
        place => step.place, position => step.position, kind => kind_name(step.kind), name => step.who.name.get(lang),
        mark => step.mark.as_str(), at => step.at.map(|at| at.micros()), comment => step.comment,
        decides_for => step.decides_for.as_ref().map(|who| who.name.get(lang)),
        deputy => step.signed_by.as_ref().filter(|_| step.is_deputised()).map(|by| by.name.get(lang)),
        reported => step.reported.map(|at| at.micros()),
    }
}

/// The drafter's stamp and the line's.
fn stamps(context: &Context, document: &Document, round: &Round) -> Shown {
    let steps: Vec<Shown> = round.steps.iter().map(|step| stamp(context, step)).collect();
    context! {
        drafter => document.drafter_of(round).name.get(context.lang), at => round.submitted_at.map(|at| at.micros()), steps,
    }
}

/// A round that ended without a decision.
fn ended(context: &Context, document: &Document, round: &Round) -> Shown {
    let rejected = round.steps.iter().find(|step| step.mark == Mark::Rejected);
    context! {
        count => round.count, outcome => round.outcome.map(Outcome::as_str), ended => round.ended_at.map(|at| at.micros()),
        reasons => rejected.map(|step| step.comment.clone()),
        by => rejected.and_then(|step| step.signed_by.as_ref()).map(|by| by.name.get(context.lang)),
        title => round.title, body => round.body, stamps => stamps(context, document, round),
    }
}

/// The step that waits for this person, or for whom they stand in.
async fn my_step<'a>(context: &Context, document: &'a Document) -> Result<Option<&'a Step>> {
    let (person, _) = context.official()?;
    if document.state != State::Running || document.drafter.id == person.id {
        return Ok(None);
    }
    if let Some(own) = document.round.waiting().find(|step| step.who.id == person.id) {
        return Ok(Some(own));
    }
    let edges = actions::away(&context.app, &person.id, context.now).await?;
    let stands_in = crate::model::stands_in_for(&person.id, &edges);
    Ok(document.round.waiting().find(|step| stands_in.iter().any(|edge| edge.away == step.who.id)))
}

async fn reading(context: &Context, id: &str, form: &str, problems: &[Problem], typed: &str) -> Answered {
    let (person, unit) = context.official()?;
    let document = actions::readable(&context.app, person, unit, id).await?;
    let own = actions::is_own(person, unit, &document);
    // Whoever did not draft it sees what was submitted last, never what is being written.
    let shown = if own { Some(&document.round) } else { document.submitted() };
    let round = shown.ok_or(Error::NotFound)?;
    let past = document.past.iter().rev().filter(|past| past.count != round.count);
    let past: Vec<Shown> = past.map(|past| ended(context, &document, past)).collect();
    let mine = my_step(context, &document).await?;
    let recipient = match &round.recipient {
        Some(unit) => Some(place(context, unit).await?),
        None => None,
    };
    let agency = context.app.ports.people.unit(&document.unit).await?.agency.get(context.lang).to_owned();
    let unreported: Vec<Shown> = document
        .past
        .iter()
        .chain([&document.round])
        .flat_map(|round| round.steps.iter().map(|step| (round.count, step)))
        .filter(|(_, step)| step.who.id == person.id && step.is_deputised() && step.reported.is_none())
        .map(|(count, step)| context! { round => count, step => stamp(context, step) })
        .collect();
    let values = context! {
        id, form, typed, own, title => round.title, body => round.body, recipient, past, unreported,
        state => document.state.as_str(), open => document.state.is_open(), from => place(context, &document.unit).await?, agency,
        stamps => stamps(context, &document, round), number => document.number.as_ref().map(|number| number.text.clone()),
        case => document.case, recallable => own && document.recallable(), mine => mine.map(|step| stamp(context, step)),
        away => mine.is_some_and(|step| step.who.id != person.id), seal => document.seal, right => seal::is_right(&document)?,
        completed => document.completed_at.map(|at| at.micros()), to_receive => document.sent_to() == Some(unit) && document.received.is_none(),
        received => document.received.as_ref().map(|(by, at)| context! { by => by.name.get(context.lang), at => at.micros() }),
        left => !own && actions::waits_for_heir(&context.app, &document).await?,
        ledger => proof::shown(context, &document).await?,
        discardable => own && document.past.is_empty() && document.state == State::Draft, has_line => !round.steps.is_empty(),
    };
    page(context, "work/document.html", problems, values).await
}

async fn show(context: Context, Path(id): Path<String>) -> Answered {
    reading(&context, &id, "", &[], "").await
}

// ── Sent, signed ─────────────────────────────────────────────────────────────────────────────────────────────────

/// Back to the document, as it has become or with what is wrong.
async fn back(context: &Context, id: &str, form: &str, typed: &str, outcome: Result<Document>) -> Answered {
    match outcome {
        Ok(_) => to(&format!("/documents/{id}")),
        Err(Error::Invalid(problems)) => reading(context, id, form, &problems, typed).await,
        Err(other) => Err(Fail(other)),
    }
}

async fn submit(context: Context, Path(id): Path<String>, _typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    match actions::submit(&context.app, person, unit, &id).await {
        // What is wrong is wrong with the line: it is told where the line is chosen.
        Err(Error::Invalid(problems)) => crate::line::choosing(&context, &id, "", &problems).await,
        outcome => back(&context, &id, "submit", "", outcome).await,
    }
}

async fn recall(context: Context, Path(id): Path<String>, _typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    let outcome = actions::recall(&context.app, person, unit, &id).await;
    back(&context, &id, "recall", "", outcome).await
}

async fn discard(context: Context, Path(id): Path<String>, _typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    actions::discard(&context.app, person, unit, &id).await?;
    to("/documents?box=mine")
}

/// Which step a form signs.
pub fn place_of(text: &str) -> Result<i64> {
    text.parse().map_err(|_| Error::Conflict("work-already-signed".into()))
}

async fn sign(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    let (place, comment) = (place_of(typed.get("step"))?, typed.get("comment"));
    let outcome = actions::sign(&context.app, person, unit, &id, place, comment).await;
    back(&context, &id, "sign", comment, outcome).await
}

async fn reject(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    let (place, reasons) = (place_of(typed.get("step"))?, typed.get("reasons"));
    let outcome = actions::reject(&context.app, person, unit, &id, place, reasons).await;
    back(&context, &id, "reject", reasons, outcome).await
}

async fn receive(context: Context, Path(id): Path<String>, _typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    let outcome = actions::receive(&context.app, person, unit, &id).await;
    back(&context, &id, "receive", "", outcome).await
}

async fn acknowledge(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    let (round, place) = (place_of(typed.get("round"))?, place_of(typed.get("step"))?);
    let outcome = actions::acknowledge(&context.app, person, unit, &id, round, place).await;
    back(&context, &id, "acknowledge", "", outcome).await
}
