use maru_kernel::{At, Error, Result};
use maru_store::Batch;
use maru_web::{App, ports::Person};
use serde_json::json;

use super::{Ground, Word, away, bounded, event, readable, who};
use crate::{
    model::{self, Document, Mark, Number, Signing, Step},
    seal, tables,
};

/// The words under which somebody may sign a step: none for one's own, the deputy's, the delegation's.
async fn words(app: &App, person: &Person, document: &Document, step: &Step, now: At) -> Result<Vec<Word>> {
    let people = app.ports.people.as_ref();
    let mut words = Vec::new();
    if step.who.id != person.id {
        let edges = away(app, &person.id, now).await?;
        let stands_in = model::stands_in_for(&person.id, &edges);
        let edge = stands_in.into_iter().find(|edge| edge.away == step.who.id);
        let edge = edge.ok_or_else(|| Error::Denied("work-not-yours".into()))?;
        let given = people.mandates(&edge.away).await?;
        let word = given.into_iter().find(|mandate| mandate.id == edge.mandate);
        words.push(Word::Mandate(word.ok_or_else(|| Error::Guard("mandate".into()))?));
    }
    if let Some(giver) = &step.decides_for {
        let word = Ground::of(app, document).word(&giver.id, &step.who.id, now).await?;
        words.push(word.ok_or_else(|| Error::Conflict("work-delegation-ended".into()))?);
    }
    Ok(words)
}

/// Loads, looks who it is, and lets `decide` do what is done to the step.
async fn signed(
    app: &App,
    person: &Person,
    unit: &str,
    id: &str,
    place: i64,
    comment: &str,
    rejects: bool,
) -> Result<Document> {
    app.store
        .rerun(|| async {
            let mut document = readable(app, person, unit, id).await?;
            let now = app.now();
            let waits = |step: &&Step| step.place == place && step.mark == Mark::Waiting;
            let step = document.round.steps.iter().find(waits).cloned();
            let step = step.ok_or_else(|| Error::Conflict("work-already-signed".into()))?;
            let words = match words(app, person, &document, &step, now).await {
                // Who gave the word has taken it back: it can only go back.
                Err(Error::Conflict(_)) if rejects && step.who.id == person.id => Vec::new(),
                other => other?,
            };
            let by = who(person);
            let mandate = words.first().map(|word| word.id().to_owned());
            let signing = Signing { place, by: &by, mandate, comment };
            let mut batch = Batch::new();
            for word in &words {
                word.stays(app.ports.people.as_ref(), &mut batch);
            }
            let actor = person.actor();
            let what = json!({ "step": place, "round": document.round.count });
            if rejects {
                document.reject(&signing, now)?;
                batch.event(event(&app.ids, "rejected", &document, actor, now, what));
            } else {
                let completed = document.sign(&signing, now)?;
                batch.event(event(&app.ids, "signed", &document, actor.clone(), now, what));
                if completed {
                    number(app, &mut batch, &mut document, now).await?;
                    let sealed = seal::seal(&document)?;
                    let entry = seal::entry(&document, &sealed);
                    batch.and(app.ports.ledger.enter(&seal::subject(&document), now, &entry)?);
                    document.seal = Some(sealed);
                    batch.event(event(&app.ids, "completed", &document, actor.clone(), now, json!({})));
                    if let Some(to) = document.sent_to() {
                        let to = json!({ "unit": to });
                        batch.event(event(&app.ids, "sent", &document, actor, now, to));
                    }
                }
            }
            tables::put(&mut batch, &document)?;
            Ok((batch, document))
        })
        .await
}

/// The next number of the unit's register (문서등록번호): unit, year, serial.
async fn number(app: &App, batch: &mut Batch, document: &mut Document, now: At) -> Result<()> {
    let year = i64::from(now.date().year());
    let last = tables::last_serial(&app.store, &document.unit, year).await?;
    let serial = last.unwrap_or(0).saturating_add(1);
    tables::give_serial(batch, &document.unit, year, last, serial);
    let unit = app.ports.people.unit(&document.unit).await?;
    document.number = Some(Number { year, serial, text: format!("{}-{year}-{serial}", unit.name.ko) });
    Ok(())
}

/// Signs one step; the last one completes the document.
pub async fn sign(
    app: &App,
    person: &Person,
    unit: &str,
    id: &str,
    place: i64,
    comment: &str,
) -> Result<Document> {
    let comment = bounded("comment", comment)?;
    signed(app, person, unit, id, place, &comment, false).await
}

/// Sends it back (반려), with the reasons.
pub async fn reject(
    app: &App,
    person: &Person,
    unit: &str,
    id: &str,
    place: i64,
    reasons: &str,
) -> Result<Document> {
    let reasons = bounded("reasons", reasons)?;
    if reasons.chars().count() < 5 {
        return Err(Error::invalid("reasons", "work-reasons-needed"));
    }
    signed(app, person, unit, id, place, &reasons, true).await
}

/// The receiving unit takes it in hand (접수).
pub async fn receive(app: &App, person: &Person, unit: &str, id: &str) -> Result<Document> {
    app.store
        .rerun(|| async {
            let mut document = readable(app, person, unit, id).await?;
            if document.sent_to() != Some(unit) {
                return Err(Error::Denied("work-not-sent-here".into()));
            }
            let now = app.now();
            document.receive(&who(person), now)?;
            let mut batch = Batch::new();
            tables::put(&mut batch, &document)?;
            let at = json!({ "unit": unit });
            batch.event(event(&app.ids, "received", &document, person.actor(), now, at));
            Ok((batch, document))
        })
        .await
}

/// Who was away has seen what the deputy signed (후보고).
pub async fn acknowledge(
    app: &App,
    person: &Person,
    unit: &str,
    id: &str,
    round: i64,
    place: i64,
) -> Result<Document> {
    app.store
        .rerun(|| async {
            let mut document = readable(app, person, unit, id).await?;
            let now = app.now();
            document.acknowledge(round, place, &person.id, now)?;
            let mut batch = Batch::new();
            tables::put(&mut batch, &document)?;
            let what = json!({ "step": place, "round": round });
            batch.event(event(&app.ids, "acknowledged", &document, person.actor(), now, what));
            Ok((batch, document))
        })
        .await
}
