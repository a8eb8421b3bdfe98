//! What a drafter who has left leaves behind goes on with a colleague, by the word of whoever manages the agency.

use maru_kernel::{Error, Result};
use maru_store::Batch;
use maru_web::{
    App,
    ports::{Person, RoleKind, Session},
};
use serde_json::json;

use super::{event, found, who};
use crate::{model::Document, tables};

/// Whether its drafter still works in its unit.
async fn is_left(app: &App, document: &Document) -> Result<bool> {
    let drafter = app.ports.people.official(&document.drafter.id, app.now()).await?;
    Ok(drafter.is_none_or(|drafter| drafter.unit.as_deref() != Some(document.unit.as_str())))
}

/// Whether it has to be handed over to go on: it came back, and nobody is there to revise it.
pub async fn waits_for_heir(app: &App, document: &Document) -> Result<bool> {
    Ok(document.may_be_handed_over() && is_left(app, document).await?)
}

/// What has been left behind in the units of an agency.
pub async fn left_in(app: &App, unit: &str) -> Result<Vec<Document>> {
    let mut left = Vec::new();
    for id in tables::came_back(&app.store, unit).await? {
        let Some(document) = tables::document(&app.store, &id).await? else { continue };
        if waits_for_heir(app, &document).await? {
            left.push(document);
        }
    }
    Ok(left)
}

/// Who manages an agency leads its units, and learns of no other's documents.
async fn led(app: &App, session: &Session, document: &Document) -> Result<()> {
    let agency = app.ports.people.unit(&document.unit).await?.agency_id.ok_or(Error::NotFound)?;
    let leads = session.roles.iter().any(|role| role.kind == RoleKind::Manager && role.over == agency);
    if leads { Ok(()) } else { Err(Error::NotFound) }
}

async fn heir(app: &App, document: &Document, to: &str) -> Result<Person> {
    let person = app.ports.people.official(to, app.now()).await?;
    let person = person.filter(|person| person.unit.as_deref() == Some(document.unit.as_str()));
    person.ok_or_else(|| Error::invalid("to", "work-heir-needed"))
}

/// Gives it to a colleague of its unit, who drafts it from now on. What was submitted before keeps the name it was submitted by.
pub async fn hand_over(app: &App, session: &Session, id: &str, to: &str) -> Result<Document> {
    if !session.has(RoleKind::Manager) {
        return Err(Error::Denied("work-not-leader".into()));
    }
    app.store
        .rerun(|| async {
            let mut document = found(app, id).await?;
            led(app, session, &document).await?;
            if !document.may_be_handed_over() {
                return Err(Error::Conflict("work-not-left".into()));
            }
            if !is_left(app, &document).await? {
                return Err(Error::Conflict("work-drafter-there".into()));
            }
            let heir = heir(app, &document, to).await?;
            document.hand_over(who(&heir));
            let now = app.now();
            let mut batch = Batch::new();
            tables::put(&mut batch, &document)?;
            let what = json!({ "to": heir.id });
            batch.event(event(&app.ids, "handed-over", &document, session.person.actor(), now, what));
            Ok((batch, document))
        })
        .await
}
