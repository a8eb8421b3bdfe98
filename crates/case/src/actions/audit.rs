use maru_kernel::{Both, Error, Result};
use maru_web::{
    App,
    ports::{Ask, NewGrant, RoleKind, Session},
};
use serde_json::json;

use crate::{
    actions::{self, CASE_FILE, FILES},
    model::{Case, receipt_is_right},
    tables,
};

/// What an auditor's look rests on: whoever is audited has to hand over what is asked for.
pub const AUDIT_LAW: &str = "공공감사에 관한 법률 제20조";
const DAY: i64 = 86_400;

fn audits(session: &Session) -> Result<()> {
    if session.has(RoleKind::Auditor) { Ok(()) } else { Err(Error::Denied("audit-not-auditor".into())) }
}

/// Opens a case to one auditor for a day. The reason stands in the applicant's list of who looked.
pub async fn audit(app: &App, session: &Session, receipt: &str, reason: &str) -> Result<String> {
    audits(session)?;
    let reason = actions::written("reason", reason, "audit-reason-needed")?;
    if !receipt_is_right(receipt) {
        return Err(Error::invalid("receipt", "desk-q-wrong"));
    }
    app.store
        .rerun(|| async {
            let id = tables::audit::by_receipt(&app.store, &tables::audit::written(receipt)).await?;
            let case = match id {
                Some(id) => tables::case(&app.store, &id).await?,
                None => None,
            };
            let case = case.ok_or_else(|| Error::invalid("receipt", "audit-receipt-unknown"))?;
            let now = app.now();
            let until = now.plus_seconds(DAY);
            let body = json!({ "until": until.rfc3339() });
            let event = actions::event(app, "audited", &case, session.person.actor(), now, body);
            let mut batch = app.ports.people.grant(&NewGrant {
                id: event.id.clone(),
                grantor: case.resident.clone(),
                grantee: session.person.id.clone(),
                scope: [(CASE_FILE.to_owned(), vec!["*".to_owned()])].into(),
                purpose: case.id.clone(),
                basis: AUDIT_LAW.into(),
                from: now,
                until: Some(until),
            });
            tables::still(&mut batch, &case);
            tables::add_note(&mut batch, &case, &event.id, &reason);
            batch.event(event);
            Ok((batch, case.id))
        })
        .await
}

/// Looks at a case that was opened: checked and logged, with the reason that was written.
pub async fn audited(app: &App, session: &Session, id: &str) -> Result<Case> {
    audits(session)?;
    let case = tables::case(&app.store, maru_kernel::Id::<Case>::parse(id)?.as_str()).await?;
    // Whoever has not opened it learns nothing, not even that it is there.
    let case = case.ok_or_else(|| Error::Denied("audit-not-opened".into()))?;
    let actor = session.person.actor();
    let events = app.store.events(&format!("case/{}", case.id)).await?;
    let opened = events.iter().rev().find(|event| event.kind == "case.audited" && event.actor == actor);
    let opened = opened.ok_or_else(|| Error::Denied("audit-not-opened".into()))?;
    let reason = tables::notes(&app.store, &case).await?.remove(&opened.id).unwrap_or_default();
    let mut names: Vec<String> = case.answers.keys().cloned().collect();
    names.push(FILES.into());
    let ask = Ask {
        actor,
        subject: case.resident.clone(),
        fields: [(CASE_FILE.to_owned(), names)].into(),
        purpose: case.id.clone(),
        why: Both { ko: format!("감사: {reason}"), en: format!("For an audit: {reason}") },
        law: AUDIT_LAW.into(),
        receipt: case.receipt.clone(),
    };
    match app.ports.registers.show(&ask).await {
        Ok(()) => Ok(case),
        Err(Error::Denied(_)) => Err(Error::Denied("audit-not-opened".into())),
        Err(other) => Err(other),
    }
}
