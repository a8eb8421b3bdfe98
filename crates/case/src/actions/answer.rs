use std::collections::BTreeMap;

use maru_kernel::{Error, Result};
use maru_store::Batch;
use maru_web::{App, ports::Person};

use crate::{actions, model, tables};

/// Keeps what was typed on one page of the form.
pub async fn answer(
    app: &App,
    person: &Person,
    id: &str,
    page: &str,
    typed: &BTreeMap<String, String>,
) -> Result<()> {
    app.store
        .rerun(|| async {
            let mut case = actions::own(app, person, id).await?;
            case.state = actions::step(app, &case, "answer")?;
            let service = actions::service(app, &case.service)?;
            let facts = model::facts_of(case.answers.iter());
            let pages = service.form.pages(&facts);
            let page = pages.into_iter().find(|p| p.id == page).ok_or(Error::NotFound)?;
            let answers = service
                .form
                .read(page, typed, &facts, &app.definitions.pack().regions)
                .map_err(Error::Invalid)?;
            // A field that no longer applies keeps no old answer.
            for field in &page.fields {
                case.answers.remove(&field.fact);
            }
            case.answers.extend(answers);
            let mut batch = Batch::new();
            tables::put(&mut batch, &case)?;
            Ok((batch, ()))
        })
        .await
}
