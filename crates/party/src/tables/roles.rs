use maru_kernel::{At, Error, Result};
use maru_store::{Batch, Row, Store};
use maru_web::ports::{NewGrant, Role, RoleKind};

use crate::model::{self, HeldRole};

/// The purpose of a grant that is a role.
pub const ROLE: &str = "role";

pub fn scope_of(kind: RoleKind) -> String {
    serde_json::json!(model::role_scope(kind)).to_string()
}

fn held_of(row: &Row) -> Result<HeldRole> {
    let scope = serde_json::from_str(row.text("scope")?).map_err(Error::internal)?;
    let kind = model::role_of(&scope).ok_or_else(|| Error::internal("a role that names none"))?;
    Ok(HeldRole {
        role: Role { grant: row.string("id")?, over: row.string("grantor")?, kind },
        official: row.string("grantee")?,
        from: row.at("from_at")?,
        until: row.maybe_int("until_at").map(At::from_micros),
        ended: row.maybe_int("ended_at").map(At::from_micros),
    })
}

/// Every role somebody has had, the newest first.
pub async fn held_roles(store: &Store, person: &str) -> Result<Vec<HeldRole>> {
    store
        .query(
            "SELECT grantor, id, grantee, scope, from_at, until_at, ended_at FROM party_grant
             WHERE grantee = $1 AND purpose = 'role' ORDER BY from_at DESC, id DESC",
            vec![person.into()],
        )
        .await?
        .iter()
        .map(held_of)
        .collect()
}

/// The roles that hold now.
pub async fn roles_of(store: &Store, person: &str, now: At) -> Result<Vec<Role>> {
    let held = held_roles(store, person).await?;
    Ok(held.into_iter().filter(|held| held.holds(now)).map(|held| held.role).collect())
}

/// Who has roles over a unit, an agency or the country now.
pub async fn roles_over(store: &Store, over: &str, now: At) -> Result<Vec<HeldRole>> {
    let rows = store
        .query(
            "SELECT grantor, id, grantee, scope, from_at, until_at, ended_at FROM party_grant
             WHERE grantor = $1 AND purpose = 'role' AND ended_at IS NULL ORDER BY id",
            vec![over.into()],
        )
        .await?;
    let held = rows.iter().map(held_of).collect::<Result<Vec<_>>>()?;
    Ok(held.into_iter().filter(|held| held.holds(now)).collect())
}

/// A role, guarded: the same person does not hold the same one twice.
pub fn add_role(batch: &mut Batch, grant: &NewGrant, kind: RoleKind) {
    batch.at_most(
        "role is new",
        format!("role/{}/{}", grant.grantor, grant.grantee),
        "SELECT count(*) AS n FROM party_grant
         WHERE grantor = $1 AND grantee = $2 AND purpose = 'role' AND scope = $3 AND ended_at IS NULL
           AND (until_at IS NULL OR until_at > $4)",
        vec![
            grant.grantor.as_str().into(),
            grant.grantee.as_str().into(),
            scope_of(kind).into(),
            grant.from.into(),
        ],
        0,
    );
    super::put_grant(batch, grant);
}

pub fn end_role(batch: &mut Batch, role: &Role, at: At) {
    batch.write_one(
        "role still held",
        "UPDATE party_grant SET ended_at = $3 WHERE grantor = $1 AND id = $2 AND purpose = 'role' AND ended_at IS NULL",
        vec![role.over.as_str().into(), role.grant.as_str().into(), at.into()],
    );
}

/// Ends every role over a unit or an agency that has ended.
pub fn end_roles_over(batch: &mut Batch, over: &str, at: At) {
    super::end_grants(batch, over, ROLE, at);
}

pub fn end_roles_of(batch: &mut Batch, person: &str, at: At) {
    batch.write(
        "UPDATE party_grant SET ended_at = $2 WHERE grantee = $1 AND purpose = 'role' AND ended_at IS NULL",
        vec![person.into(), at.into()],
    );
}

/// The guard that somebody else is an operator from now on. Whatever takes an operator away carries it.
pub fn another_operator(batch: &mut Batch, than: &str, now: At) {
    batch.at_most(
        "another operator",
        "operators",
        "SELECT CASE WHEN EXISTS (
           SELECT 1 FROM party_grant g JOIN party_person p ON p.id = g.grantee
           WHERE g.grantor = 'country' AND g.purpose = 'role' AND g.scope = $2 AND g.grantee <> $1 AND g.ended_at IS NULL
             AND g.from_at <= $3 AND g.until_at IS NULL AND p.ended_at IS NULL) THEN CAST(0 AS BIGINT) ELSE CAST(1 AS BIGINT) END AS n",
        vec![than.into(), scope_of(RoleKind::Operator).into(), now.into()],
        0,
    );
}

/// Whether there is an operator besides this one.
pub async fn has_another_operator(store: &Store, than: &str, now: At) -> Result<bool> {
    for held in roles_over(store, Role::COUNTRY, now).await? {
        if held.role.kind == RoleKind::Operator && held.official != than && held.until.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}
