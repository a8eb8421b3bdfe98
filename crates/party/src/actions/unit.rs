use maru_kernel::{Error, Id, Result};
use maru_store::Batch;
use maru_web::{App, ports::Unit};
use serde_json::json;

use crate::{
    actions::{agency::going_on, event},
    model::{Checked, Doer, ListedUnit},
    tables,
};

const NAME_LETTERS: usize = 60;

/// As typed.
#[derive(Debug, Clone, Copy, Default)]
pub struct NewUnit<'a> {
    /// Empty: one is made.
    pub id: &'a str,
    pub agency: &'a str,
    pub kind: &'a str,
    pub region: &'a str,
    pub ko: &'a str,
    pub en: &'a str,
    pub contact: &'a str,
}

/// A unit that is the doer's to see.
pub async fn unit(app: &App, doer: &Doer, id: &str) -> Result<ListedUnit> {
    let id = Id::<Unit>::parse(id)?;
    let unit = tables::listed_unit(&app.store, id.as_str()).await?.ok_or(Error::NotFound)?;
    if doer.runs(unit.unit.agency_id.as_deref()) { Ok(unit) } else { Err(Error::NotFound) }
}

pub async fn add_unit(app: &App, doer: &Doer, new: NewUnit<'_>) -> Result<String> {
    let now = app.now();
    let agency = going_on(super::agency(app, doer, new.agency).await?)?;
    let pack = app.definitions.pack();
    let mut checked = Checked::default();
    let kind = checked.choice("kind", new.kind, pack.unit_kind(new.kind).is_some());
    let region = checked.region(&pack, new.region, false);
    let name = checked.names(["ko", "en"], [new.ko, new.en], NAME_LETTERS, false).unwrap_or_default();
    let contact = checked.contact(new.contact);
    let id = checked.id(new.id, || app.ids.next::<Unit>(now).to_string());
    checked.done(())?;
    let unit = Unit {
        id,
        kind,
        region,
        agency_id: Some(agency.id.clone()),
        agency: agency.name.clone(),
        name,
        contact,
    };
    app.store
        .rerun(|| async {
            if tables::unit(&app.store, &unit.id).await?.is_some() {
                return Err(Error::invalid("id", "admin-id-taken"));
            }
            if tables::unit_for(&app.store, &unit.kind, &unit.region).await?.is_some() {
                return Err(Error::invalid("region", "admin-unit-taken"));
            }
            going_on(super::agency(app, doer, &agency.id).await?)?;
            let mut batch = Batch::new();
            tables::add_unit(&mut batch, &unit, &agency.id);
            let about = format!("unit/{}", unit.id);
            let body = json!({ "unit": unit.id, "agency": agency.id });
            tables::tell(&mut batch, event(app, doer, "unit-added", about, now, body))?;
            Ok((batch, ()))
        })
        .await?;
    Ok(unit.id)
}

/// A unit's names, and where people reach it.
pub async fn change_unit(app: &App, doer: &Doer, id: &str, ko: &str, en: &str, contact: &str) -> Result<()> {
    let unit = unit(app, doer, id).await?;
    if unit.ended.is_some() {
        return Err(Error::Conflict("admin-ended".into()));
    }
    let mut checked = Checked::default();
    let name = checked.names(["ko", "en"], [ko, en], NAME_LETTERS, false).unwrap_or_default();
    let contact = checked.contact(contact);
    let (name, contact) = checked.done((name, contact))?;
    if unit.unit.name == name && unit.unit.contact == contact {
        return Ok(());
    }
    let mut batch = Batch::new();
    tables::change_unit(&mut batch, &unit.unit.id, &name, &contact);
    let about = format!("unit/{}", unit.unit.id);
    let body = json!({ "unit": unit.unit.id });
    tables::tell(&mut batch, event(app, doer, "unit-changed", about, app.now(), body))?;
    once(app.store.commit(batch).await)
}

/// A unit ends when it has decided every case; the roles over it end with it. Answers how many cases are open, if any.
pub async fn end_unit(app: &App, doer: &Doer, id: &str) -> Result<i64> {
    app.store
        .rerun(|| async {
            let unit = unit(app, doer, id).await?;
            if unit.ended.is_some() {
                return Ok((Batch::new(), 0));
            }
            let open = app.ports.cases.open_at(&unit.unit.id).await?;
            if open > 0 {
                return Ok((Batch::new(), open));
            }
            let now = app.now();
            let mut batch = Batch::new();
            tables::end_unit(&mut batch, &unit.unit.id, now);
            batch.and(app.ports.cases.none_open_at(&unit.unit.id));
            tables::end_roles_over(&mut batch, &unit.unit.id, now);
            let about = format!("unit/{}", unit.unit.id);
            let body = json!({ "unit": unit.unit.id });
            tables::tell(&mut batch, event(app, doer, "unit-ended", about, now, body))?;
            Ok((batch, 0))
        })
        .await
}

/// A guard that failed where nothing is to be tried again: it ended in the meantime.
pub(super) fn once(outcome: Result<()>) -> Result<()> {
    match outcome {
        Err(Error::Guard(_)) => Err(Error::Conflict("admin-ended".into())),
        other => other,
    }
}
