//! One file per group of verbs: authorise → load → decide (model) → commit.

mod delegation;
mod draft;
mod hand_over;
mod mandate;
mod sign;
mod submit;

use maru_kernel::{Actor, At, Both, Error, Event, Id, Lang, Problem, Result};
use maru_web::{
    App, Ids,
    ports::{LineStep, MandateKind, Person},
};
use serde_json::{Value as Json, json};

pub use delegation::{Ground, Word, delegate, end_delegation, has_rank};
pub use draft::{Change, Content, checked, discard, draft, fresh, last_line, revise, set_line};
pub use hand_over::{hand_over, left_in, waits_for_heir};
pub use mandate::{NewMandate, end_mandate, give_mandate};
pub use sign::{acknowledge, receive, reject, sign};
pub use submit::{give_back, recall, submit};

use crate::{
    model::{self, Document, Edge, Mark, Step, Who},
    tables,
};

pub fn who(person: &Person) -> Who {
    Who { id: person.id.clone(), name: Both { ko: person.titled(Lang::Ko), en: person.titled(Lang::En) } }
}

async fn found(app: &App, id: &str) -> Result<Document> {
    tables::document(&app.store, Id::<Document>::parse(id)?.as_str()).await?.ok_or(Error::NotFound)
}

/// A document that this official drafted, for the unit they are in.
pub async fn own(app: &App, person: &Person, unit: &str, id: &str) -> Result<Document> {
    let document = found(app, id).await?;
    if is_own(person, unit, &document) { Ok(document) } else { Err(Error::NotFound) }
}

pub fn is_own(person: &Person, unit: &str, document: &Document) -> bool {
    document.drafter.id == person.id && document.unit == unit
}

/// A document that this official may read. For everybody else there is none.
pub async fn readable(app: &App, person: &Person, unit: &str, id: &str) -> Result<Document> {
    let document = found(app, id).await?;
    if is_own(person, unit, &document) {
        return Ok(document);
    }
    if document.submitted().is_none() {
        return Err(Error::NotFound);
    }
    if document.is_for(&person.id, unit) {
        return Ok(document);
    }
    let edges = away(app, &person.id, app.now()).await?;
    let stands_in = model::stands_in_for(&person.id, &edges);
    let waits = document.round.waiting().any(|step| stands_in.iter().any(|edge| edge.away == step.who.id));
    if waits { Ok(document) } else { Err(Error::NotFound) }
}

/// Who is away now and leads, deputy by deputy, to somebody.
pub async fn away(app: &App, person: &str, now: At) -> Result<Vec<Edge>> {
    let mut reached = vec![person.to_owned()];
    let mut edges: Vec<Edge> = Vec::new();
    let mut at = 0;
    while let Some(deputy) = reached.get(at).cloned() {
        for mandate in app.ports.people.mandates(&deputy).await? {
            if mandate.kind == MandateKind::Deputy && mandate.taker == deputy && mandate.holds(now) {
                if !reached.contains(&mandate.giver) {
                    reached.push(mandate.giver.clone());
                }
                edges.push(Edge { mandate: mandate.id, away: mandate.giver, deputy: mandate.taker });
            }
        }
        at = at.saturating_add(1);
    }
    Ok(edges)
}

/// A line as steps: everybody in it works in their unit now, and who decides for somebody has their word or the register's.
pub async fn resolved(ground: &Ground<'_>, line: &[LineStep], now: At) -> Result<Vec<Step>> {
    let people = ground.people;
    let mut steps = Vec::with_capacity(line.len());
    for ((wish, position), place) in line.iter().zip(model::positions(line)).zip(1_i64..) {
        let gone = || {
            let value = Some(wish.person.clone());
            Error::Invalid(vec![Problem { field: "line".into(), key: "work-line-gone".into(), value }])
        };
        let person = people.official(&wish.person, now).await?.ok_or_else(gone)?;
        let mut decides_for = None;
        if let Some(giver) = &wish.decides_for {
            if ground.word(giver, &wish.person, now).await?.is_none() {
                return Err(Error::invalid("line", "work-line-not-delegated"));
            }
            decides_for = Some(who(&people.person(giver).await?));
        }
        steps.push(Step {
            place,
            position,
            kind: wish.kind,
            who: who(&person),
            decides_for,
            mark: Mark::Planned,
            signed_by: None,
            mandate: None,
            at: None,
            comment: String::new(),
            reported: None,
        });
    }
    Ok(steps)
}

/// The line of steps as its drafter would choose it again.
pub fn line_of(steps: &[Step]) -> Vec<LineStep> {
    let mut before = None;
    steps
        .iter()
        .map(|step| {
            let beside = before == Some(step.position);
            before = Some(step.position);
            LineStep {
                person: step.who.id.clone(),
                kind: step.kind,
                beside,
                decides_for: step.decides_for.as_ref().map(|who| who.id.clone()),
            }
        })
        .collect()
}

/// What happened to a document; who follows a case finds the case in it.
pub fn event(ids: &Ids, verb: &str, document: &Document, actor: Actor, at: At, more: Json) -> Event {
    let mut body = json!({ "document": document.id, "case": document.case });
    if let (Some(body), Json::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    Event {
        id: ids.next::<Event>(at).to_string(),
        kind: format!("work.{verb}"),
        aggregate: format!("document/{}", document.id),
        at,
        actor,
        definition: None,
        grant: None,
        body,
    }
}

fn too_long(field: &str, most: usize) -> Problem {
    Problem { field: field.into(), key: "form-too-long".into(), value: Some(most.to_string()) }
}

/// What was written with a signature: two thousand characters at most.
fn bounded(field: &str, text: &str) -> Result<String> {
    let text = text.trim().replace("\r\n", "\n");
    if text.chars().count() > 2_000 {
        return Err(Error::Invalid(vec![too_long(field, 2_000)]));
    }
    Ok(text)
}
