use maru_kernel::{Actor, Error, Result};
use maru_store::Batch;
use maru_web::{App, ports::Person};
use serde_json::json;

use crate::{actions, model::Case, tables};

/// Puts a case back into the unit's queue when its officer works there no more. Whoever took it in the meantime keeps it.
pub async fn release(app: &App, unit: &str, officer: &str, id: &str) -> Result<()> {
    app.store
        .rerun(|| async {
            let case = actions::of_unit(app, unit, id).await?;
            if !case.state.is_open() || case.officer.as_deref() != Some(officer) {
                return Ok((Batch::new(), ()));
            }
            Ok((released(app, case, Actor::System { name: "desk".into() })?, ()))
        })
        .await
}

/// An officer puts back what is theirs.
pub async fn put_back(app: &App, person: &Person, unit: &str, id: &str) -> Result<()> {
    app.store
        .rerun(|| async {
            let case = actions::of_unit(app, unit, id).await?;
            case.state.goes_on()?;
            match case.officer.as_deref() {
                None => Err(Error::Conflict("case-nobodys".into())),
                Some(officer) if officer != person.id => Err(Error::Conflict("case-other-officer".into())),
                Some(_) => Ok((released(app, case, person.actor())?, ())),
            }
        })
        .await
}

fn released(app: &App, mut case: Case, actor: Actor) -> Result<Batch> {
    case.state = actions::step(app, &case, "release")?;
    let officer = case.officer.take();
    let mut batch = Batch::new();
    tables::put(&mut batch, &case)?;
    batch.event(actions::event(app, "released", &case, actor, app.now(), json!({ "officer": officer })));
    Ok(batch)
}
