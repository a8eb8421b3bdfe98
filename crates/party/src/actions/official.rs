use maru_kernel::{Error, Id, Lang, Result};
use maru_store::Batch;
use maru_web::{
    App,
    ports::{NewGrant, Person, PersonKind, Role, RoleKind},
    random,
};
use serde_json::json;

use crate::{
    actions::{enrol::hash, event},
    model::{self, Checked, Doer, HeldRole, ListedOfficial},
    tables,
};

const NAME_LETTERS: usize = 40;
const RANK_LETTERS: usize = 20;

/// As typed.
#[derive(Debug, Clone, Copy, Default)]
pub struct NewOfficial<'a> {
    /// Empty: one is made.
    pub id: &'a str,
    pub ko: &'a str,
    pub en: &'a str,
    pub rank_ko: &'a str,
    pub rank_en: &'a str,
    /// Empty: of no unit, as operators and auditors may be.
    pub unit: &'a str,
    pub user: &'a str,
    pub mail: &'a str,
    /// Empty: none yet.
    pub role: &'a str,
}

/// An official that is the doer's to see.
pub async fn official(app: &App, doer: &Doer, id: &str) -> Result<ListedOfficial> {
    let id = Id::<Person>::parse(id)?;
    let official = tables::official(&app.store, id.as_str()).await?.ok_or(Error::NotFound)?;
    if doer.runs(official.agency.as_deref()) { Ok(official) } else { Err(Error::NotFound) }
}

/// An official that is the doer's to change, with the roles that hold: who has a role that the doer could not give is not.
pub async fn governed(app: &App, doer: &Doer, id: &str) -> Result<(ListedOfficial, Vec<HeldRole>)> {
    let official = official(app, doer, id).await?;
    let now = app.now();
    let held = tables::held_roles(&app.store, &official.person.id).await?;
    let held: Vec<HeldRole> =
        held.into_iter().filter(|h| h.ended.is_none() && h.until.is_none_or(|until| now < until)).collect();
    for one in &held {
        if !doer.gives(one.role.kind, agency_over(app, &one.role).await?.as_deref()) {
            return Err(Error::Denied("admin-higher".into()));
        }
    }
    if official.ended.is_some() {
        return Err(Error::Conflict("admin-ended".into()));
    }
    Ok((official, held))
}

/// The agency that a role's reach lies in.
pub(super) async fn agency_over(app: &App, role: &Role) -> Result<Option<String>> {
    Ok(match role.kind {
        RoleKind::Operator | RoleKind::Auditor | RoleKind::Analyst => None,
        RoleKind::Manager | RoleKind::Writer => Some(role.over.clone()),
        RoleKind::Clerk => tables::unit(&app.store, &role.over).await?.and_then(|unit| unit.agency_id),
    })
}

pub(super) fn appointment(app: &App, official: &str, kind: RoleKind, over: &str) -> NewGrant {
    let now = app.now();
    NewGrant {
        id: app.ids.next::<NewGrant>(now).to_string(),
        grantor: over.to_owned(),
        grantee: official.to_owned(),
        scope: model::role_scope(kind),
        purpose: tables::ROLE.into(),
        basis: "appointment".into(),
        from: now,
        until: None,
    }
}

/// Takes an official on. Answers their id and the password for their first sign-in, which nobody learns again.
pub async fn add_official(app: &App, doer: &Doer, new: NewOfficial<'_>) -> Result<(String, String)> {
    let now = app.now();
    let mut checked = Checked::default();
    let name = checked.names(["ko", "en"], [new.ko, new.en], NAME_LETTERS, false).unwrap_or_default();
    let rank = checked.names(["rank_ko", "rank_en"], [new.rank_ko, new.rank_en], RANK_LETTERS, true);
    let user = checked.user(new.user);
    let mail = checked.mail(new.mail);
    let id = checked.id(new.id, || app.ids.next::<Person>(now).to_string());
    let role = RoleKind::parse(new.role);
    if role.is_none() && !new.role.is_empty() {
        checked.wrong("role", "form-choice");
    }
    let unit = match new.unit {
        "" => None,
        typed => match super::unit(app, doer, typed).await {
            Ok(unit) if unit.ended.is_none() => Some(unit.unit),
            Ok(_) | Err(Error::NotFound) => {
                checked.wrong("unit", "admin-unit-unknown");
                None
            }
            Err(other) => return Err(other),
        },
    };
    let agency = unit.as_ref().and_then(|unit| unit.agency_id.clone());
    if new.unit.is_empty() && !role.is_some_and(RoleKind::is_over_country) {
        checked.wrong("unit", "admin-unit-needed");
    }
    if let Some(kind) = role
        && (new.unit.is_empty() || unit.is_some())
        && !doer.gives(kind, agency.as_deref())
    {
        checked.wrong("role", "admin-role-higher");
    }
    if tables::is_taken(&app.store, &user).await? {
        checked.wrong("user", "admin-user-taken");
    }
    checked.done(())?;
    if unit.is_none() && !doer.runs_country() {
        return Err(Error::Denied("error-not-operator".into()));
    }

    let password = model::one_time(random());
    let hashed = hash(password.clone()).await?;
    let person = Person {
        id,
        kind: PersonKind::Official,
        name,
        mail,
        lang: Lang::default(),
        unit: unit.as_ref().map(|unit| unit.id.clone()),
        rank,
    };
    app.store
        .rerun(|| async {
            if tables::is_taken(&app.store, &user).await? {
                return Err(Error::invalid("user", "admin-user-taken"));
            }
            if tables::person(&app.store, &person.id).await?.is_some() {
                return Err(Error::invalid("id", "admin-id-taken"));
            }
            let mut batch = Batch::new();
            tables::add_official(&mut batch, &person, now);
            tables::add_password(&mut batch, &user, &person.id, &hashed);
            let about = format!("official/{}", person.id);
            let body = json!({ "official": person.id, "unit": person.unit });
            tables::tell(&mut batch, event(app, doer, "official-added", about.clone(), now, body))?;
            if let Some(kind) = role {
                let over = match kind {
                    RoleKind::Operator | RoleKind::Auditor | RoleKind::Analyst => Role::COUNTRY,
                    RoleKind::Manager | RoleKind::Writer => agency.as_deref().unwrap_or_default(),
                    RoleKind::Clerk => person.unit.as_deref().unwrap_or_default(),
                };
                tables::add_role(&mut batch, &appointment(app, &person.id, kind, over), kind);
                let body = json!({ "official": person.id, "role": kind, "over": over });
                tables::tell(&mut batch, event(app, doer, "role-granted", about, now, body))?;
            }
            if let Some(unit) = &person.unit {
                tables::unit_stays(&mut batch, unit);
            }
            Ok((batch, ()))
        })
        .await?;
    Ok((person.id, password))
}

/// Moves an official to another unit. The work of the old one is no longer theirs; who worked cases there works them here.
pub async fn move_official(app: &App, doer: &Doer, id: &str, to: &str) -> Result<()> {
    app.store
        .rerun(|| async {
            let (official, held) = governed(app, doer, id).await?;
            let unit = match super::unit(app, doer, to).await {
                Ok(unit) if unit.ended.is_none() => unit.unit,
                Ok(_) | Err(Error::NotFound) => return Err(Error::invalid("unit", "admin-unit-unknown")),
                Err(other) => return Err(other),
            };
            let person = &official.person;
            if person.unit.as_deref() == Some(&unit.id) {
                return Ok((Batch::new(), ()));
            }
            let now = app.now();
            let about = format!("official/{}", person.id);
            let mut batch = Batch::new();
            tables::move_official(&mut batch, &person.id, person.unit.as_deref(), &unit.id);
            let mut clerk = false;
            for one in &held {
                let role = &one.role;
                let left = match role.kind {
                    RoleKind::Clerk => true,
                    RoleKind::Manager | RoleKind::Writer => official.agency != unit.agency_id,
                    RoleKind::Operator | RoleKind::Auditor | RoleKind::Analyst => false,
                };
                if left {
                    clerk |= role.kind == RoleKind::Clerk;
                    tables::end_role(&mut batch, role, now);
                    let body = json!({ "official": person.id, "role": role.kind, "over": role.over });
                    tables::tell(&mut batch, event(app, doer, "role-ended", about.clone(), now, body))?;
                }
            }
            let body = json!({ "official": person.id, "from": person.unit, "unit": unit.id });
            tables::tell(&mut batch, event(app, doer, "official-moved", about.clone(), now, body))?;
            if clerk {
                tables::add_role(
                    &mut batch,
                    &appointment(app, &person.id, RoleKind::Clerk, &unit.id),
                    RoleKind::Clerk,
                );
                let body = json!({ "official": person.id, "role": RoleKind::Clerk, "over": unit.id });
                tables::tell(&mut batch, event(app, doer, "role-granted", about, now, body))?;
            }
            tables::unit_stays(&mut batch, &unit.id);
            Ok((batch, ()))
        })
        .await
}

/// An official leaves: sessions and roles end in the same moment, the sign-in name opens nothing any more.
pub async fn end_official(app: &App, doer: &Doer, id: &str) -> Result<()> {
    app.store
        .rerun(|| async {
            let (official, held) = match governed(app, doer, id).await {
                Ok(governed) => governed,
                Err(Error::Conflict(_)) => return Ok((Batch::new(), ())),
                Err(other) => return Err(other),
            };
            let person = &official.person;
            let now = app.now();
            let mut batch = Batch::new();
            if held.iter().any(|one| one.role.kind == RoleKind::Operator) {
                if !tables::has_another_operator(&app.store, &person.id, now).await? {
                    return Err(Error::Conflict("admin-last-operator".into()));
                }
                tables::another_operator(&mut batch, &person.id, now);
            }
            tables::end_official(&mut batch, &person.id, now);
            tables::end_sessions(&mut batch, &person.id, "");
            tables::end_roles_of(&mut batch, &person.id, now);
            let about = format!("official/{}", person.id);
            let body = json!({ "official": person.id, "unit": person.unit });
            tables::tell(&mut batch, event(app, doer, "official-ended", about, now, body))?;
            Ok((batch, ()))
        })
        .await
}
