//! The same verbs for programs that act for an official with that official's token.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Json, Router,
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use maru_kernel::{At, Date, Error};
use maru_web::{
    ApiContext, Context, Fail, Sent, Shared,
    ports::{DocumentCard, LineKind, LineStep, Mandate, MandateKind},
};
use serde::Deserialize;
use serde_json::{Value as Body, json};

use crate::{
    actions::{self, Change, Content, NewMandate},
    boxes,
    delegations::{managed, manager},
    model::{Document, Matter, Outcome, Round, Rule, Step},
    seal,
    tables::{self, kind_name},
};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/documents", get(list).post(draft))
        .route("/documents/{id}", get(show))
        .route("/documents/{id}/revise", post(revise))
        .route("/documents/{id}/submit", post(submit))
        .route("/documents/{id}/recall", post(recall))
        .route("/documents/{id}/discard", post(discard))
        .route("/documents/{id}/hand-over", post(hand_over))
        .route("/documents/{id}/sign", post(sign))
        .route("/documents/{id}/reject", post(reject))
        .route("/documents/{id}/receive", post(receive))
        .route("/documents/{id}/acknowledge", post(acknowledge))
        .route("/mandates", get(mandates).post(give))
        .route("/mandates/{id}/end", post(end))
        .route("/delegations", get(delegations).post(delegate))
        .route("/delegations/{id}/end", post(end_delegation))
}

type Answered = Result<Response, Fail>;

fn rfc(at: Option<At>) -> Option<String> {
    at.map(At::rfc3339)
}

fn card(context: &Context, card: &DocumentCard) -> Body {
    json!({
        "id": card.id, "title": card.title, "state": card.state, "number": card.number,
        "drafter": card.drafter.get(context.lang), "at": card.at.rfc3339(),
    })
}

fn step(context: &Context, step: &Step) -> Body {
    let name = |who: &crate::model::Who| who.name.get(context.lang).to_owned();
    json!({
        "step": step.place, "position": step.position, "kind": kind_name(step.kind), "person": step.who.id, "name": name(&step.who),
        "decides_for": step.decides_for.as_ref().map(name), "state": step.mark.as_str(),
        "signed_by": step.signed_by.as_ref().map(name), "deputy": step.is_deputised(), "at": rfc(step.at), "comment": step.comment,
        "acknowledged_at": rfc(step.reported),
    })
}

fn round(context: &Context, round: &Round) -> Body {
    json!({
        "round": round.count, "title": round.title, "body": round.body, "recipient": round.recipient,
        "submitted_at": rfc(round.submitted_at), "ended_at": rfc(round.ended_at), "outcome": round.outcome.map(Outcome::as_str),
        "line": round.steps.iter().map(|one| step(context, one)).collect::<Vec<_>>(),
    })
}

/// A document as this person may see it: its drafter what is written, all others what was submitted.
fn whole(context: &Context, document: &Document) -> Result<Body, Fail> {
    let (person, unit) = context.official()?;
    let own = actions::is_own(person, unit, document);
    let shown = if own { Some(&document.round) } else { document.submitted() };
    let mut rounds: Vec<Body> = document.past.iter().map(|past| round(context, past)).collect();
    if shown == Some(&document.round) {
        rounds.push(round(context, &document.round));
    }
    Ok(json!({
        "id": document.id, "unit": document.unit, "state": document.state.as_str(), "case": document.case,
        "drafter": document.drafter.name.get(context.lang), "number": document.number.as_ref().map(|number| number.text.clone()),
        "completed_at": rfc(document.completed_at), "seal": document.seal, "seal_right": seal::is_right(document)?,
        "received_at": rfc(document.received.as_ref().map(|(_, at)| *at)), "rounds": rounds,
    }))
}

fn answered(context: &Context, document: &Document) -> Answered {
    Ok(Json(whole(context, document)?).into_response())
}

/// `box`: `waiting` (usual), `mine`, `done`, `sent`, `archive`; the last is looked through by `q`, `from`, `until`.
async fn list(ApiContext(context): ApiContext, Query(asked): Query<BTreeMap<String, String>>) -> Answered {
    let (person, unit) = context.official()?;
    for day in ["from", "until"] {
        if asked.get(day).is_some_and(|text| text.parse::<Date>().is_err()) {
            return Err(Fail(Error::invalid(day, "work-day-needed")));
        }
    }
    let store = &context.app.store;
    let cards: Vec<DocumentCard> = match asked.get("box").map_or("waiting", String::as_str) {
        "waiting" => boxes::waiting(&context).await?.into_iter().map(|listed| listed.card).collect(),
        "mine" => tables::drafted(store, &person.id, unit).await?,
        "done" => tables::signed(store, &person.id).await?.into_iter().map(|listed| listed.card).collect(),
        "sent" => tables::sent_to(store, unit).await?.into_iter().map(|(card, _)| card).collect(),
        "archive" => tables::archived(store, &boxes::looked(&asked, unit), 200, 0).await?,
        _ => return Err(Fail(Error::invalid("box", "work-box-unknown"))),
    };
    let told: Vec<Body> = cards.iter().map(|one| card(&context, one)).collect();
    Ok(Json(json!({ "documents": told })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentStep {
    person: String,
    kind: LineKind,
    #[serde(default)]
    beside: bool,
    decides_for: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    title: String,
    body: String,
    recipient: Option<String>,
    case: Option<String>,
    line: Option<Vec<SentStep>>,
}

impl Written {
    fn parts(self) -> (Content, Option<Vec<LineStep>>) {
        let step = |sent: SentStep| LineStep {
            person: sent.person,
            kind: sent.kind,
            beside: sent.beside,
            decides_for: sent.decides_for,
        };
        let line = self.line.map(|line| line.into_iter().map(step).collect());
        let content =
            Content { title: self.title, body: self.body, recipient: self.recipient, case: self.case };
        (content, line)
    }
}

async fn draft(ApiContext(context): ApiContext, Sent(body): Sent<Written>) -> Answered {
    let (person, unit) = context.official()?;
    let (content, line) = body.parts();
    let document = actions::draft(&context.app, person, unit, &content, &line.unwrap_or_default()).await?;
    Ok((StatusCode::CREATED, Json(whole(&context, &document)?)).into_response())
}

async fn show(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    let (person, unit) = context.official()?;
    answered(&context, &actions::readable(&context.app, person, unit, &id).await?)
}

/// What is written, and the line where there is one.
async fn revise(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<Written>,
) -> Answered {
    let (person, unit) = context.official()?;
    let (content, line) = body.parts();
    let mut document = actions::revise(&context.app, person, unit, &id, &content).await?;
    if let Some(line) = line {
        document = actions::set_line(&context.app, person, unit, &id, &Change::Whole(line)).await?;
    }
    answered(&context, &document)
}

async fn submit(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    let (person, unit) = context.official()?;
    answered(&context, &actions::submit(&context.app, person, unit, &id).await?)
}

async fn recall(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    let (person, unit) = context.official()?;
    answered(&context, &actions::recall(&context.app, person, unit, &id).await?)
}

async fn discard(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    let (person, unit) = context.official()?;
    actions::discard(&context.app, person, unit, &id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HandOver {
    to: String,
}

/// Who manages the agency leads; the text is not theirs to read by that.
async fn hand_over(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<HandOver>,
) -> Answered {
    let document = actions::hand_over(&context.app, manager(&context)?, &id, &body.to).await?;
    Ok(Json(json!({ "id": document.id, "drafter": document.drafter.id })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    step: i64,
    #[serde(default)]
    comment: String,
}

async fn sign(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<Signature>,
) -> Answered {
    let (person, unit) = context.official()?;
    answered(&context, &actions::sign(&context.app, person, unit, &id, body.step, &body.comment).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rejection {
    step: i64,
    reasons: String,
}

async fn reject(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<Rejection>,
) -> Answered {
    let (person, unit) = context.official()?;
    answered(&context, &actions::reject(&context.app, person, unit, &id, body.step, &body.reasons).await?)
}

async fn receive(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    let (person, unit) = context.official()?;
    answered(&context, &actions::receive(&context.app, person, unit, &id).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    round: i64,
    step: i64,
}

async fn acknowledge(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<Report>,
) -> Answered {
    let (person, unit) = context.official()?;
    answered(&context, &actions::acknowledge(&context.app, person, unit, &id, body.round, body.step).await?)
}

fn mandate(mandate: &Mandate) -> Body {
    json!({
        "id": mandate.id, "kind": mandate.kind, "giver": mandate.giver, "taker": mandate.taker, "from": mandate.from.rfc3339(),
        "until": rfc(mandate.until), "ended_at": rfc(mandate.ended),
    })
}

async fn mandates(ApiContext(context): ApiContext) -> Answered {
    let (person, _) = context.official()?;
    let held = context.app.ports.people.mandates(&person.id).await?;
    Ok(Json(json!({ "mandates": held.iter().map(mandate).collect::<Vec<_>>() })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    kind: MandateKind,
    taker: String,
    from: Date,
    until: Date,
}

async fn give(ApiContext(context): ApiContext, Sent(body): Sent<Given>) -> Answered {
    let (person, _) = context.official()?;
    let new =
        NewMandate { kind: body.kind, taker: body.taker, from: Some(body.from), until: Some(body.until) };
    let given = actions::give_mandate(&context.app, person, &new).await?;
    Ok((StatusCode::CREATED, Json(mandate(&given))).into_response())
}

async fn end(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    let (person, _) = context.official()?;
    actions::end_mandate(&context.app, person, &id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn rule(rule: &Rule) -> Body {
    json!({
        "id": rule.id, "agency": rule.agency, "matter": rule.matter, "whose": rule.whose, "decides": rule.decides,
        "from": rule.from.rfc3339(),
    })
}

/// The register of the agencies somebody manages, or of the one they work in.
async fn delegations(ApiContext(context): ApiContext) -> Answered {
    let mut agencies: BTreeSet<String> = BTreeSet::new();
    if let Ok(session) = manager(&context) {
        agencies.extend(managed(session).map(str::to_owned));
    } else {
        let (_, unit) = context.official()?;
        agencies.extend(context.app.ports.people.unit(unit).await?.agency_id);
    }
    let mut rules = Vec::new();
    for agency in agencies {
        rules.extend(tables::rules(&context.app.store, &agency).await?.iter().map(rule));
    }
    Ok(Json(json!({ "delegations": rules })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delegated {
    agency: String,
    matter: Matter,
    whose: String,
    decides: String,
}

async fn delegate(ApiContext(context): ApiContext, Sent(body): Sent<Delegated>) -> Answered {
    let (session, matter) = (manager(&context)?, body.matter);
    let set =
        actions::delegate(&context.app, session, &body.agency, matter, &body.decides, &body.whose).await?;
    Ok((StatusCode::CREATED, Json(rule(&set))).into_response())
}

async fn end_delegation(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    actions::end_delegation(&context.app, manager(&context)?, &id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
