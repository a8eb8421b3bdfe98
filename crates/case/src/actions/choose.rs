use maru_definition::{Service, To};
use maru_kernel::{Error, Result};
use maru_store::Batch;
use maru_web::{
    App,
    ports::{Person, Unit},
};

use crate::{actions, model::Case, tables};

/// Keeps which unit the applicant wants the case to go to; without one, the words decide.
pub async fn choose(app: &App, person: &Person, id: &str, unit: &str) -> Result<Case> {
    app.store
        .rerun(|| async {
            let mut case = actions::own(app, person, id).await?;
            actions::step(app, &case, "answer")?;
            let unit = unit.trim();
            let wanted = match unit {
                "" => None,
                unit => Some(taker(app, &*actions::service(app, &case.service)?, unit).await?.id),
            };
            let mut batch = Batch::new();
            if wanted != case.wanted {
                case.wanted = wanted;
                tables::put(&mut batch, &case)?;
                case.version = case.version.saturating_add(1);
            }
            Ok((batch, case))
        })
        .await
}

/// The unit with this id, if it is there and takes the cases of a service that lets one choose.
pub async fn taker(app: &App, service: &Service, unit: &str) -> Result<Unit> {
    if service.to != To::Words {
        return Err(Error::invalid("unit", "case-unit-fixed"));
    }
    let units = app.ports.people.units().await?;
    match units.into_iter().find(|found| found.id == unit) {
        Some(found) if found.kind == service.unit_kind => Ok(found),
        Some(_) => Err(Error::invalid("unit", "case-unit-kind")),
        None => Err(Error::invalid("unit", "case-unit-gone")),
    }
}
