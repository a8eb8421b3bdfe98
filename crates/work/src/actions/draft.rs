use maru_kernel::{At, Error, Id, Problem, Result};
use maru_store::Batch;
use maru_web::{
    App, Ids,
    ports::{LineStep, People, Person},
};
use serde_json::json;

use super::{Ground, event, line_of, own, resolved, too_long, who};
use crate::{
    model::{self, Document, Round, State, Step},
    tables,
};

const TITLE_MOST: usize = 200;
const BODY_MOST: usize = 20_000;

/// What a document says and where it goes.
#[derive(Debug, Clone, Default)]
pub struct Content {
    pub title: String,
    pub body: String,
    pub recipient: Option<String>,
    pub case: Option<String>,
}

/// The content with blanks at its ends away, or all that is wrong with it.
pub async fn checked(people: &dyn People, unit: &str, content: &Content) -> Result<Content> {
    let (title, body) = (content.title.trim().to_owned(), content.body.trim().replace("\r\n", "\n"));
    let mut problems = Vec::new();
    let mut wrong =
        |field: &str, key: &str| problems.push(Problem { field: field.into(), key: key.into(), value: None });
    if title.is_empty() || title.chars().any(char::is_control) {
        wrong("title", "work-title-needed");
    }
    if body.is_empty() {
        wrong("body", "work-body-needed");
    }
    if let Some(to) = &content.recipient {
        let units = people.units().await?;
        if to == unit || units.iter().all(|other| other.id != *to) {
            wrong("recipient", "work-recipient-unknown");
        }
    }
    if content.case.as_ref().is_some_and(|case| Id::<()>::parse(case).is_err()) {
        wrong("case", "work-case-wrong");
    }
    for (field, text, most) in [("title", &title, TITLE_MOST), ("body", &body, BODY_MOST)] {
        if text.chars().count() > most {
            problems.push(too_long(field, most));
        }
    }
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    Ok(Content { title, body, ..content.clone() })
}

/// A document that begins.
pub fn fresh(ids: &Ids, person: &Person, unit: &str, content: Content, now: At) -> Document {
    Document {
        id: ids.next::<Document>(now).to_string(),
        unit: unit.to_owned(),
        drafter: who(person),
        case: content.case,
        state: State::Draft,
        version: 1,
        drafted_at: now,
        number: None,
        completed_at: None,
        seal: None,
        received: None,
        round: Round {
            count: 1,
            drafter: None,
            title: content.title,
            body: content.body,
            recipient: content.recipient,
            submitted_at: None,
            ended_at: None,
            outcome: None,
            steps: Vec::new(),
        },
        past: Vec::new(),
    }
}

/// Begins a document (기안).
pub async fn draft(
    app: &App,
    person: &Person,
    unit: &str,
    content: &Content,
    line: &[LineStep],
) -> Result<Document> {
    let people = app.ports.people.as_ref();
    app.store
        .rerun(|| async {
            let content = checked(people, unit, content).await?;
            model::check_draft(&person.id, line)?;
            let now = app.now();
            let mut document = fresh(&app.ids, person, unit, content, now);
            document.round.steps = resolved(&Ground::of(app, &document), line, now).await?;
            let mut batch = Batch::new();
            tables::add(&mut batch, &document)?;
            batch.event(event(&app.ids, "drafted", &document, person.actor(), now, json!({})));
            Ok((batch, document))
        })
        .await
}

/// A document that its drafter is at.
async fn open(app: &App, person: &Person, unit: &str, id: &str) -> Result<Document> {
    let document = own(app, person, unit, id).await?;
    if document.state.is_open() { Ok(document) } else { Err(Error::Conflict("work-not-open".into())) }
}

/// Writes it anew. A document stays with the case it was begun for.
pub async fn revise(app: &App, person: &Person, unit: &str, id: &str, content: &Content) -> Result<Document> {
    app.store
        .rerun(|| async {
            let mut document = open(app, person, unit, id).await?;
            let content = Content { case: document.case.clone(), ..content.clone() };
            let content = checked(app.ports.people.as_ref(), unit, &content).await?;
            document.round.title = content.title;
            document.round.body = content.body;
            document.round.recipient = content.recipient;
            let mut batch = Batch::new();
            tables::put(&mut batch, &document)?;
            Ok((batch, document))
        })
        .await
}

/// What is changed about a line.
pub enum Change {
    Add(LineStep),
    /// The step at a place goes.
    Remove(i64),
    /// The step at a place goes before the one before it.
    Earlier(i64),
    Whole(Vec<LineStep>),
}

impl Change {
    fn made(&self, mut line: Vec<LineStep>) -> Result<Vec<LineStep>> {
        let at = |place: &i64| {
            let index = usize::try_from(place.saturating_sub(1)).ok().filter(|index| *index < line.len());
            index.ok_or(Error::NotFound)
        };
        match self {
            Change::Add(step) => model::add(&mut line, step.clone()),
            Change::Remove(place) => {
                line.remove(at(place)?);
            }
            Change::Earlier(place) => {
                let index = at(place)?;
                line.swap(index, index.saturating_sub(1));
            }
            Change::Whole(whole) => line = whole.clone(),
        }
        Ok(line)
    }
}

/// Chooses the line (결재선).
pub async fn set_line(app: &App, person: &Person, unit: &str, id: &str, change: &Change) -> Result<Document> {
    app.store
        .rerun(|| async {
            let mut document = open(app, person, unit, id).await?;
            let line = change.made(line_of(&document.round.steps))?;
            model::check_draft(&person.id, &line)?;
            document.round.steps = match change {
                // Who is gone in the meantime may go from the line too.
                Change::Remove(_) => {
                    let mut steps = document.round.steps.clone();
                    steps.retain(|step| line.iter().any(|wish| wish.person == step.who.id));
                    for ((step, position), place) in steps.iter_mut().zip(model::positions(&line)).zip(1..) {
                        (step.position, step.place) = (position, place);
                    }
                    steps
                }
                _ => resolved(&Ground::of(app, &document), &line, app.now()).await?,
            };
            let mut batch = Batch::new();
            tables::put(&mut batch, &document)?;
            Ok((batch, document))
        })
        .await
}

/// The line somebody chose for another document last.
pub async fn last_line(app: &App, person: &Person, unit: &str, id: &str) -> Result<Vec<Step>> {
    let Some(last) = tables::newest_with_line(&app.store, &person.id, unit, id).await? else {
        return Ok(Vec::new());
    };
    Ok(tables::document(&app.store, &last).await?.map_or_else(Vec::new, |document| document.round.steps))
}

/// Throws away what was never submitted.
pub async fn discard(app: &App, person: &Person, unit: &str, id: &str) -> Result<()> {
    app.store
        .rerun(|| async {
            let document = open(app, person, unit, id).await?;
            if !document.past.is_empty() {
                return Err(Error::Conflict("work-not-discardable".into()));
            }
            let mut batch = Batch::new();
            tables::remove(&mut batch, &document);
            batch.event(event(&app.ids, "discarded", &document, person.actor(), app.now(), json!({})));
            Ok((batch, ()))
        })
        .await
}
