use maru_kernel::{At, Date, Error, Event, Id, Problem, Result};
use maru_store::Batch;
use maru_web::{
    App,
    ports::{Mandate, MandateKind, Person},
};
use serde_json::json;

use crate::model::{self, Edge};

/// Nobody lets another act for them for longer than this at a time.
const DAYS_MOST: i64 = 366;

/// What somebody lets another do, from the start of one day to the end of another.
#[derive(Debug, Clone)]
pub struct NewMandate {
    pub kind: MandateKind,
    pub taker: String,
    pub from: Option<Date>,
    pub until: Option<Date>,
}

fn basis(kind: MandateKind) -> &'static str {
    match kind {
        MandateKind::Decide => "행정업무의 운영 및 혁신에 관한 규정 제10조제2항",
        MandateKind::Deputy => "행정업무의 운영 및 혁신에 관한 규정 제10조제3항",
    }
}

fn event(app: &App, verb: &str, mandate: &Mandate, person: &Person, now: At) -> Event {
    Event {
        id: app.ids.next::<Event>(now).to_string(),
        kind: format!("work.{verb}"),
        aggregate: format!("mandate/{}", mandate.id),
        at: now,
        actor: person.actor(),
        definition: None,
        grant: Some(mandate.id.clone()),
        body: json!({ "kind": mandate.kind, "giver": mandate.giver, "taker": mandate.taker }),
    }
}

/// Deputies that hold some time within a period, from one person on.
async fn edges(app: &App, person: &str, from: At, until: At) -> Result<Vec<Edge>> {
    let mut reached = vec![person.to_owned()];
    let mut edges: Vec<Edge> = Vec::new();
    let mut at = 0;
    while let Some(away) = reached.get(at).cloned() {
        for mandate in app.ports.people.mandates(&away).await? {
            let within = mandate.ended.is_none()
                && mandate.from < until
                && mandate.until.is_none_or(|ends| from < ends);
            if mandate.kind == MandateKind::Deputy && mandate.giver == away && within {
                if !reached.contains(&mandate.taker) {
                    reached.push(mandate.taker.clone());
                }
                edges.push(Edge { mandate: mandate.id, away: mandate.giver, deputy: mandate.taker });
            }
        }
        at = at.saturating_add(1);
    }
    Ok(edges)
}

/// Says who decides in one's place, or who is one's deputy while one is away.
pub async fn give_mandate(app: &App, person: &Person, new: &NewMandate) -> Result<Mandate> {
    let people = app.ports.people.as_ref();
    app.store
        .rerun(|| async {
            let now = app.now();
            let mut problems = Vec::new();
            let mut wrong = |field: &str, key: &str| {
                problems.push(Problem { field: field.into(), key: key.into(), value: None });
            };
            let (from, until) = (new.from.unwrap_or_default(), new.until.unwrap_or_default());
            let ends = At::start_of(until).plus_days(1);
            match (new.from, new.until) {
                (None, _) => wrong("from", "work-day-needed"),
                (_, None) => wrong("until", "work-day-needed"),
                _ if until < from => wrong("until", "work-until-before"),
                _ if ends <= now => wrong("until", "work-until-past"),
                _ if ends > At::start_of(from).plus_days(DAYS_MOST) => wrong("until", "work-until-far"),
                _ => {}
            }
            if new.taker == person.id || people.official(&new.taker, now).await?.is_none() {
                wrong("taker", "work-taker-needed");
            } else if new.kind == MandateKind::Deputy {
                let known = edges(app, &new.taker, At::start_of(from), ends).await?;
                let own = edges(app, &person.id, At::start_of(from), ends).await?;
                if model::loops(&person.id, &new.taker, &known) {
                    wrong("taker", "work-taker-loops");
                } else if own.iter().any(|edge| edge.away == person.id) {
                    wrong("from", "work-away-already");
                }
            }
            if !problems.is_empty() {
                return Err(Error::Invalid(problems));
            }
            let mandate = Mandate {
                id: app.ids.next::<Mandate>(now).to_string(),
                kind: new.kind,
                giver: person.id.clone(),
                taker: new.taker.clone(),
                from: At::start_of(from),
                until: Some(ends),
                ended: None,
            };
            let mut batch = people.give_mandate(&mandate, basis(mandate.kind));
            batch.event(event(app, "mandated", &mandate, person, now));
            Ok((batch, mandate))
        })
        .await
}

/// Takes it back, or is there again.
pub async fn end_mandate(app: &App, person: &Person, id: &str) -> Result<()> {
    let id = Id::<Mandate>::parse(id)?;
    app.store
        .rerun(|| async {
            let given = app.ports.people.mandates(&person.id).await?;
            let theirs = |mandate: &&Mandate| mandate.id == id.as_str() && mandate.giver == person.id;
            let mandate = given.iter().find(theirs).ok_or(Error::NotFound)?;
            let now = app.now();
            if mandate.ended.is_some() || mandate.until.is_some_and(|until| until <= now) {
                return Err(Error::Conflict("work-mandate-over".into()));
            }
            let mut batch: Batch = app.ports.people.end_mandate(mandate, now);
            batch.event(event(app, "mandate-ended", mandate, person, now));
            Ok((batch, ()))
        })
        .await
}
