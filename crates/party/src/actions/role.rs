use maru_kernel::{At, Date, Error, Result};
use maru_store::Batch;
use maru_web::{
    App,
    ports::{Role, RoleKind},
};
use serde_json::json;

use crate::{
    actions::{event, official},
    model::Doer,
    tables,
};

/// Gives an official a role. `over` is asked for managers only: an agency, theirs when empty. `until` is the last day, or empty.
pub async fn grant_role(app: &App, doer: &Doer, id: &str, role: &str, over: &str, until: &str) -> Result<()> {
    let kind = RoleKind::parse(role).ok_or_else(|| Error::invalid("role", "form-choice"))?;
    let until = last_day(app.now(), until)?;
    app.store
        .rerun(|| async {
            let (official, held) = official::governed(app, doer, id).await?;
            let person = &official.person;
            let over = match kind {
                RoleKind::Operator | RoleKind::Auditor | RoleKind::Analyst => Role::COUNTRY.to_owned(),
                RoleKind::Clerk if official.unit_ended => {
                    return Err(Error::invalid("role", "admin-role-no-unit"));
                }
                RoleKind::Clerk => {
                    person.unit.clone().ok_or_else(|| Error::invalid("role", "admin-role-no-unit"))?
                }
                RoleKind::Manager | RoleKind::Writer => {
                    let over =
                        if over.is_empty() { official.agency.as_deref().unwrap_or_default() } else { over };
                    match super::agency(app, doer, over).await {
                        Ok(agency) if agency.ended.is_none() => agency.id,
                        Ok(_) | Err(Error::NotFound) => {
                            return Err(Error::invalid("role", "admin-role-no-agency"));
                        }
                        Err(other) => return Err(other),
                    }
                }
            };
            let over_agency = matches!(kind, RoleKind::Manager | RoleKind::Writer);
            let agency = if over_agency { Some(over.clone()) } else { official.agency.clone() };
            if !doer.gives(kind, agency.as_deref()) {
                return Err(Error::invalid("role", "admin-role-higher"));
            }
            if held.iter().any(|one| one.role.kind == kind && one.role.over == over) {
                return Err(Error::invalid("role", "admin-role-held"));
            }
            let now = app.now();
            let mut grant = official::appointment(app, &person.id, kind, &over);
            grant.until = until;
            let mut batch = Batch::new();
            tables::add_role(&mut batch, &grant, kind);
            let about = format!("official/{}", person.id);
            let body = json!({ "official": person.id, "role": kind, "over": over });
            tables::tell(&mut batch, event(app, doer, "role-granted", about, now, body))?;
            if kind == RoleKind::Clerk {
                tables::unit_stays(&mut batch, &over);
            }
            Ok((batch, ()))
        })
        .await
}

/// A role holds through its last day.
fn last_day(now: At, typed: &str) -> Result<Option<At>> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let day: Date = typed.parse().map_err(|_| Error::invalid("until", "form-date"))?;
    let end = At::start_of(day).plus_days(1);
    if end > now { Ok(Some(end)) } else { Err(Error::invalid("until", "admin-until-past")) }
}

/// Takes a role away, at once.
pub async fn end_role(app: &App, doer: &Doer, id: &str, grant: &str) -> Result<()> {
    app.store
        .rerun(|| async {
            let (official, held) = official::governed(app, doer, id).await?;
            let person = &official.person;
            let Some(one) = held.iter().find(|one| one.role.grant == grant) else {
                return Err(Error::NotFound);
            };
            let (role, now) = (&one.role, app.now());
            let mut batch = Batch::new();
            if role.kind == RoleKind::Operator {
                if !tables::has_another_operator(&app.store, &person.id, now).await? {
                    return Err(Error::Conflict("admin-last-operator".into()));
                }
                tables::another_operator(&mut batch, &person.id, now);
            }
            tables::end_role(&mut batch, role, now);
            let about = format!("official/{}", person.id);
            let body = json!({ "official": person.id, "role": role.kind, "over": role.over });
            tables::tell(&mut batch, event(app, doer, "role-ended", about, now, body))?;
            Ok((batch, ()))
        })
        .await
}

#[cfg(test)]
mod tests {
    // Tests say what they expect by unwrapping it.
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_role_holds_through_its_last_day() {
        let now = At::parse("2026-10-07T10:12:00+09:00").unwrap();
        assert_eq!(last_day(now, " ").unwrap(), None);
        assert_eq!(last_day(now, "2026-10-07").unwrap(), At::parse("2026-10-08T00:00:00+09:00"));
        for wrong in ["2026-10-06", "2026-13-01", "tomorrow", "9"] {
            assert!(last_day(now, wrong).is_err(), "{wrong}");
        }
    }
}
