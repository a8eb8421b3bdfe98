use maru_definition::To;
use maru_kernel::{Error, Result};
use maru_store::Batch;
use maru_web::{App, ports::Person};
use serde_json::json;

use crate::{
    actions,
    model::{Case, LinkKind},
    tables,
};

/// Begins an objection against a decision, within the time its law gives (민원 처리에 관한 법률 제35조). Who has begun one gets that one.
pub async fn object(app: &App, person: &Person, id: &str) -> Result<String> {
    let definition =
        app.definitions.pack().services.iter().find(|s| s.to == To::Objected && !s.ended).cloned();
    let definition = definition.ok_or(Error::NotFound)?;
    app.store
        .rerun(|| async {
            let original = actions::own(app, person, id).await?;
            let service = actions::service(app, &original.service)?;
            let now = app.now();
            let until = original.objection_until(&service).filter(|_| original.may_be_objected());
            let until = until.ok_or_else(|| Error::Conflict("case-not-objectable".into()))?;
            for link in tables::links_to(&app.store, &original.id).await? {
                if link.kind == LinkKind::Objection {
                    let other = tables::case(&app.store, &link.case).await?.ok_or(Error::NotFound)?;
                    if !other.state.is_withdrawn() {
                        return Ok((Batch::new(), other.id));
                    }
                }
            }
            if now.date() > until {
                return Err(Error::Conflict("case-objection-late".into()));
            }
            let case = Case::draft(person, &definition.id, app.ids.next::<Case>(now).to_string(), now);
            let mut batch = Batch::new();
            tables::add_row(&mut batch, &case);
            // One objection at a time, whoever clicks twice.
            batch.at_most(
                "no other objection",
                format!("case_link/{}", original.id),
                "SELECT count(*) AS n FROM case_link l JOIN case_case c ON c.resident = l.resident AND c.id = l.case_id
                 WHERE l.other = $1 AND l.kind = 'objection' AND c.state <> 'withdrawn'",
                vec![original.id.as_str().into()],
                0,
            );
            tables::add_link(&mut batch, &case, LinkKind::Objection, &original.id, now);
            batch.event(actions::event(app, "filed", &case, person.actor(), now, json!({ "service": case.service })));
            Ok((batch, case.id))
        })
        .await
}
