use maru_definition::To;
use maru_kernel::{Error, Result};
use maru_store::Batch;
use maru_web::{App, ports::Person};
use serde_json::json;

use crate::{actions, model::Case, tables};

/// Begins an application. Who has an open one for this service gets that one.
pub async fn file(app: &App, person: &Person, service: &str) -> Result<String> {
    let definition = actions::service(app, service)?;
    app.store
        .rerun(|| async {
            if let Some(open) = tables::open_case(&app.store, &person.id, &definition.id).await? {
                return Ok((Batch::new(), open));
            }
            // An objection begins at what it is against; a service that has ended takes nobody any more.
            if definition.ended || definition.form.pages.is_empty() || definition.to == To::Objected {
                return Err(Error::NotFound);
            }
            let now = app.now();
            let mut case = Case::draft(person, &definition.id, app.ids.next::<Case>(now).to_string(), now);
            let mut batch = Batch::new();
            tables::add(&mut batch, &case);
            // Who is granted something and applies for the time after it answers nothing twice.
            let cases = if definition.lasts.is_some() {
                tables::cases_of(&app.store, &person.id).await?
            } else {
                Vec::new()
            };
            let before =
                cases.into_iter().find(|c| c.service == definition.id && c.state.as_str() == "granted");
            if let Some(before) = before {
                case.answers = definition.form.still(&before.answers, &app.definitions.pack().regions);
                tables::put(&mut batch, &case)?;
            }
            let body = json!({ "service": case.service });
            batch.event(actions::event(app, "filed", &case, person.actor(), now, body));
            Ok((batch, case.id))
        })
        .await
}
