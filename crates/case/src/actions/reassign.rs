use maru_kernel::{Error, Id, Result};
use maru_store::Batch;
use maru_web::{
    App,
    ports::{RoleKind, Session, Unit},
};
use serde_json::json;

use crate::{actions, model::Case, tables};

/// Who manages the agency leads its units. For everybody else there is no such unit.
pub async fn led(app: &App, session: &Session, unit: &str) -> Result<Unit> {
    let unit = app.ports.people.unit(unit).await?;
    let leads = |over: &str| unit.agency_id.as_deref() == Some(over);
    if session.roles.iter().any(|role| role.kind == RoleKind::Manager && leads(&role.over)) {
        Ok(unit)
    } else {
        Err(Error::NotFound)
    }
}

/// Gives a case to another clerk of its unit. Who does so opens no case by it and reads nothing of the applicant.
pub async fn reassign(app: &App, session: &Session, id: &str, to: &str) -> Result<()> {
    app.store
        .rerun(|| async {
            let found = tables::case(&app.store, Id::<Case>::parse(id)?.as_str()).await?;
            let mut case = found.filter(|case| !case.state.is_draft()).ok_or(Error::NotFound)?;
            let unit = led(app, session, case.unit.as_deref().unwrap_or_default()).await?;
            let now = app.now();
            case.state.goes_on()?;
            let clerks = app.ports.people.clerks(&unit.id, now).await?;
            if clerks.iter().all(|clerk| clerk.id != to) {
                return Err(Error::invalid("to", "case-not-clerk"));
            }
            if case.officer.as_deref() == Some(to) {
                return Err(Error::Conflict("case-theirs-already".into()));
            }
            case.state = actions::step(app, &case, "assign")?;
            let from = case.officer.replace(to.to_owned());
            let mut batch = Batch::new();
            tables::put(&mut batch, &case)?;
            let body = json!({ "officer": to, "from": from });
            batch.event(actions::event(app, "assigned", &case, session.person.actor(), now, body));
            Ok((batch, ()))
        })
        .await
}
