use std::collections::BTreeMap;

use maru_kernel::{Error, Result};
use maru_store::Batch;
use maru_web::{
    App,
    ports::{NewGrant, Person},
};
use serde_json::json;

use crate::{
    actions::{self, CASE_FILE},
    model::Case,
    tables,
};

/// Moves a case to the unit it belongs to, with all that was sent and done. The applicant files nothing again and is told.
pub async fn transfer(
    app: &App,
    person: &Person,
    unit: &str,
    id: &str,
    to: &str,
    reason: &str,
) -> Result<Case> {
    let reason = actions::written("reason", reason, "case-reason-needed")?;
    if to == unit {
        return Err(Error::invalid("unit", "task-unit-own"));
    }
    let target = match app.ports.people.unit(to).await {
        Err(Error::NotFound) => return Err(Error::invalid("unit", "task-unit-unknown")),
        found => found?,
    };
    app.store
        .rerun(|| async {
            let (mut case, service, verb) = actions::worked(app, person, unit, id, "transfer").await?;
            if target.kind != service.unit_kind {
                return Err(Error::invalid("unit", "case-transfer-kind"));
            }
            let now = app.now();
            case.state = actions::step(app, &case, "transfer")?;
            case.unit = Some(target.id.clone());
            case.officer = None;
            let body = json!({ "from": unit, "to": target.id });
            let event = actions::event(app, "transferred", &case, person.actor(), now, body);
            let grant = |id: String, grantee: &str, scope: BTreeMap<String, Vec<String>>| {
                app.ports.people.grant(&NewGrant {
                    id,
                    grantor: case.resident.clone(),
                    grantee: grantee.to_owned(),
                    scope,
                    purpose: case.id.clone(),
                    basis: verb.article.clone().unwrap_or_default(),
                    from: now,
                    until: None,
                })
            };
            let answers = || (CASE_FILE.to_owned(), vec!["*".to_owned()]);
            let mut batch = Batch::new();
            tables::put(&mut batch, &case)?;
            tables::drop_proposals(&mut batch, &case, now);
            // Who had it may read no more; who has it now may, the same and for the same. Units that were asked go on.
            batch.and(app.ports.people.end_grants(&case.resident, &case.id, now));
            let mut scope = actions::evidence(&service);
            scope.extend([answers()]);
            batch.and(grant(event.id.clone(), &target.id, scope));
            for task in tables::tasks(&app.store, &case.resident, &case.id).await? {
                if let Some(asked) = task.unit.as_ref().filter(|_| task.is_open()) {
                    batch.and(grant(format!("{}-{}", event.id, task.id), asked, [answers()].into()));
                }
            }
            batch.and(app.ports.people.unit_stays(&target.id));
            tables::add_note(&mut batch, &case, &event.id, &reason);
            batch.event(event);
            case.version += 1;
            Ok((batch, case))
        })
        .await
}
