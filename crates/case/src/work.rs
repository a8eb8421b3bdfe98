//! What happens to cases when people change.

use async_trait::async_trait;
use maru_definition::To;
use maru_kernel::{Error, Result};
use maru_store::{Batch, Job};
use maru_web::{App, Handler, ports::RoleKind};
use serde_json::Value as Json;

use crate::{actions, guess, tables};

/// An officer who ended, moved or works cases no more leaves what was theirs to the unit's queue.
pub struct Queue;

#[async_trait]
impl Handler for Queue {
    async fn handle(&self, app: &App, job: &Job) -> Result<()> {
        let event = job.event()?;
        let text = |name: &str| event.body.get(name).and_then(Json::as_str).unwrap_or_default();
        let unit = match event.kind.as_str() {
            "party.official-ended" => text("unit"),
            "party.official-moved" => text("from"),
            "party.role-ended" if text("role") == RoleKind::Clerk.as_str() => text("over"),
            _ => "",
        };
        let officer = text("official");
        if !unit.is_empty() {
            for case in tables::assigned_to(&app.store, unit, officer).await? {
                actions::release(app, unit, officer, &case).await?;
            }
        }
        finish(app, job).await
    }
}

/// What was asked for and has not come when its day is over.
pub struct Lapse;

#[async_trait]
impl Handler for Lapse {
    async fn handle(&self, app: &App, job: &Job) -> Result<()> {
        let task = job.body.get("task").and_then(Json::as_str).unwrap_or_default();
        actions::lapse(app, task).await?;
        finish(app, job).await
    }
}

/// What an approval line said of a document that proposes a decision.
pub struct Spoken;

#[async_trait]
impl Handler for Spoken {
    async fn handle(&self, app: &App, job: &Job) -> Result<()> {
        let event = job.event()?;
        let document = event.body.get("document").and_then(Json::as_str).unwrap_or_default();
        let outcome = match event.kind.as_str() {
            "work.completed" => actions::APPROVED,
            other => other.trim_start_matches("work."),
        };
        actions::spoken(app, document, outcome).await?;
        finish(app, job).await
    }
}

/// What follows when a case has ended: for the cases it has to do with, and for the first guess. Where a service goes whither its words
/// say, a decision teaches that the words belong to the unit that made it.
pub struct Ended;

#[async_trait]
impl Handler for Ended {
    async fn handle(&self, app: &App, job: &Job) -> Result<()> {
        let event = job.event()?;
        let id = event.aggregate.trim_start_matches("case/");
        actions::follow(app, id).await?;
        let mut batch = Batch::new();
        batch.finish(job);
        if matches!(event.kind.as_str(), "case.answered" | "case.granted" | "case.refused")
            && let Some(case) = tables::case(&app.store, id).await?
            && let Some(service) = app.definitions.service(&case.service)
            && service.to == To::Words
            && let Some(unit) = &case.unit
        {
            let unit = app.ports.people.unit(unit).await?;
            for row in guess::lesson(app, &unit, guess::subject(&service, &case)) {
                tables::add_lesson(&mut batch, &row, event.at);
            }
        }
        commit(app, batch).await
    }
}

/// What the law lets be given without an application is given to whoever consented, and taken back from whoever declines it.
pub struct Unasked;

#[async_trait]
impl Handler for Unasked {
    async fn handle(&self, app: &App, job: &Job) -> Result<()> {
        let event = job.event()?;
        let party = event.aggregate.trim_start_matches("member/");
        let service = event.body.get("service").and_then(Json::as_str).unwrap_or_default();
        if event.kind == "guidance.entitled" {
            actions::give(app, party, service, &event.id).await?;
        } else {
            actions::ungive(app, party, service).await?;
        }
        finish(app, job).await
    }
}

async fn finish(app: &App, job: &Job) -> Result<()> {
    let mut batch = Batch::new();
    batch.finish(job);
    commit(app, batch).await
}

async fn commit(app: &App, batch: Batch) -> Result<()> {
    match app.store.commit(batch).await {
        // Done by somebody else in the meantime.
        Err(Error::Guard(_)) => Ok(()),
        other => other,
    }
}
