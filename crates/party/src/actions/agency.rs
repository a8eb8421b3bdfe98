use maru_kernel::{Error, Id, Result};
use maru_store::Batch;
use maru_web::App;
use serde_json::json;

use crate::{
    actions::{event, operators_only},
    model::{AGENCY_KINDS, Agency, Checked, Doer},
    tables,
};

const NAME_LETTERS: usize = 60;

/// As typed.
#[derive(Debug, Clone, Copy, Default)]
pub struct NewAgency<'a> {
    /// Empty: one is made.
    pub id: &'a str,
    pub kind: &'a str,
    pub region: &'a str,
    pub ko: &'a str,
    pub en: &'a str,
}

/// An agency that is the doer's to see. Others do not exist for them.
pub async fn agency(app: &App, doer: &Doer, id: &str) -> Result<Agency> {
    let id = Id::<Agency>::parse(id)?;
    if !doer.runs(Some(id.as_str())) {
        return Err(Error::NotFound);
    }
    tables::agency(&app.store, id.as_str()).await?.ok_or(Error::NotFound)
}

pub async fn add_agency(app: &App, doer: &Doer, new: NewAgency<'_>) -> Result<String> {
    operators_only(doer)?;
    let now = app.now();
    let mut checked = Checked::default();
    let kind = checked.choice("kind", new.kind, AGENCY_KINDS.contains(&new.kind));
    let region = checked.region(&app.definitions.pack(), new.region, new.kind != "local");
    let names = checked.names(["ko", "en"], [new.ko, new.en], NAME_LETTERS, false).unwrap_or_default();
    let id = checked.id(new.id, || app.ids.next::<Agency>(now).to_string());
    let names = checked.done(names)?;
    app.store
        .rerun(|| async {
            if tables::agency(&app.store, &id).await?.is_some() {
                return Err(Error::invalid("id", "admin-id-taken"));
            }
            let same = tables::agencies(&app.store, &names.ko, false).await?;
            if same.iter().any(|agency| agency.name.ko == names.ko) {
                return Err(Error::invalid("ko", "admin-name-taken"));
            }
            let mut batch = Batch::new();
            tables::add_agency(&mut batch, &id, &kind, &region, &names);
            let body = json!({ "agency": id });
            tables::tell(&mut batch, event(app, doer, "agency-added", format!("agency/{id}"), now, body))?;
            Ok((batch, ()))
        })
        .await?;
    Ok(id)
}

pub async fn rename_agency(app: &App, doer: &Doer, id: &str, ko: &str, en: &str) -> Result<()> {
    operators_only(doer)?;
    let mut checked = Checked::default();
    let names = checked.names(["ko", "en"], [ko, en], NAME_LETTERS, false).unwrap_or_default();
    let names = checked.done(names)?;
    app.store
        .rerun(|| async {
            let agency = going_on(agency(app, doer, id).await?)?;
            let same = tables::agencies(&app.store, &names.ko, false).await?;
            if same.iter().any(|other| other.name.ko == names.ko && other.id != agency.id) {
                return Err(Error::invalid("ko", "admin-name-taken"));
            }
            let mut batch = Batch::new();
            if agency.name != names {
                tables::rename_agency(&mut batch, &agency.id, &names);
                let about = format!("agency/{}", agency.id);
                let body = json!({ "agency": agency.id });
                tables::tell(&mut batch, event(app, doer, "agency-renamed", about, app.now(), body))?;
            }
            Ok((batch, ()))
        })
        .await
}

/// An agency ends when it has no unit any more; its managers' roles end with it.
pub async fn end_agency(app: &App, doer: &Doer, id: &str) -> Result<()> {
    operators_only(doer)?;
    app.store
        .rerun(|| async {
            let agency = agency(app, doer, id).await?;
            if agency.ended.is_some() {
                return Ok((Batch::new(), ()));
            }
            if agency.units > 0 {
                return Err(Error::Conflict("admin-agency-has-units".into()));
            }
            let now = app.now();
            let mut batch = Batch::new();
            tables::end_agency(&mut batch, &agency.id, now);
            tables::end_roles_over(&mut batch, &agency.id, now);
            let about = format!("agency/{}", agency.id);
            let body = json!({ "agency": agency.id });
            tables::tell(&mut batch, event(app, doer, "agency-ended", about, now, body))?;
            Ok((batch, ()))
        })
        .await
}

pub(super) fn going_on(agency: Agency) -> Result<Agency> {
    if agency.ended.is_some() { Err(Error::Conflict("admin-ended".into())) } else { Ok(agency) }
}
