//! What happens to documents when people change.

use async_trait::async_trait;
use maru_kernel::{Error, Result};
use maru_store::{Batch, Job};
use maru_web::{App, Handler, ports::RoleKind};
use serde_json::Value as Json;

use crate::{actions, tables};

/// A document whose line asks somebody who has left can't go on: it goes back to its drafter.
pub struct Left;

#[async_trait]
impl Handler for Left {
    async fn handle(&self, app: &App, job: &Job) -> Result<()> {
        let event = job.event()?;
        let text = |name: &str| event.body.get(name).and_then(Json::as_str).unwrap_or_default();
        let official = text("official");
        // Who moved has left the place the line asked for; a role may have been one of several.
        let gone = match event.kind.as_str() {
            "party.role-ended" => {
                text("role") == RoleKind::Clerk.as_str()
                    && app.ports.people.official(official, app.now()).await?.is_none()
            }
            _ => true,
        };
        if gone {
            for document in tables::asked_of(&app.store, official).await? {
                actions::give_back(app, &document, official).await?;
            }
        }
        let mut batch = Batch::new();
        batch.finish(job);
        match app.store.commit(batch).await {
            // Done by somebody else in the meantime.
            Err(Error::Guard(_)) => Ok(()),
            other => other,
        }
    }
}
