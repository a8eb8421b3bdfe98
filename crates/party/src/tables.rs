//! SQL, and only SQL.

mod agencies;
mod log;
mod mandates;
mod officials;
mod roles;

use maru_kernel::{At, Both, Error, Lang, Result};
use maru_store::{Batch, Row, Store};
use maru_web::ports::{NewGrant, Person, PersonKind, Session, Unit};

pub use agencies::*;
pub use log::*;
pub use mandates::*;
pub use officials::*;
pub use roles::*;

fn both(row: &Row, stem_ko: &str, stem_en: &str) -> Result<Both> {
    Ok(Both { ko: row.string(stem_ko)?, en: row.string(stem_en)? })
}

fn person_of(row: &Row) -> Result<Person> {
    let kind = match row.text("kind")? {
        "resident" => PersonKind::Resident,
        "official" => PersonKind::Official,
        other => return Err(Error::internal(format!("a person of kind {other}"))),
    };
    let rank = row.maybe_text("rank_ko").zip(row.maybe_text("rank_en")).map(|(ko, en)| Both::new(ko, en));
    Ok(Person {
        id: row.string("id")?,
        kind,
        name: both(row, "name_ko", "name_en")?,
        mail: row.maybe_text("mail").map(str::to_owned),
        lang: Lang::parse(row.text("lang")?).unwrap_or_default(),
        unit: row.maybe_text("unit").map(str::to_owned),
        rank,
    })
}

fn unit_of(row: &Row) -> Result<Unit> {
    Ok(Unit {
        id: row.string("id")?,
        kind: row.string("kind")?,
        region: row.string("region")?,
        agency_id: row.maybe_text("agency_id").map(str::to_owned),
        agency: both(row, "agency_ko", "agency_en")?,
        name: both(row, "name_ko", "name_en")?,
        contact: row.string("contact")?,
    })
}

pub async fn person(store: &Store, id: &str) -> Result<Option<Person>> {
    let row = store
        .query_one(
            "SELECT id, kind, name_ko, name_en, mail, lang, unit, rank_ko, rank_en FROM party_person WHERE id = $1",
            vec![id.into()],
        )
        .await?;
    row.as_ref().map(person_of).transpose()
}

pub fn put_person(batch: &mut Batch, person: &Person, at: At) {
    let kind = if person.kind == PersonKind::Official { "official" } else { "resident" };
    batch.write(
        "INSERT INTO party_person (id, kind, name_ko, name_en, mail, lang, unit, rank_ko, rank_en, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING",
        vec![
            person.id.as_str().into(),
            kind.into(),
            person.name.ko.as_str().into(),
            person.name.en.as_str().into(),
            person.mail.clone().into(),
            person.lang.tag().into(),
            person.unit.clone().into(),
            person.rank.as_ref().map(|r| r.ko.clone()).into(),
            person.rank.as_ref().map(|r| r.en.clone()).into(),
            at.into(),
        ],
    );
}

pub fn set_language(batch: &mut Batch, id: &str, lang: Lang) {
    batch.write("UPDATE party_person SET lang = $2 WHERE id = $1", vec![id.into(), lang.tag().into()]);
}

pub fn put_password(batch: &mut Batch, user: &str, person: &str, hash: &str) {
    batch.write(
        "INSERT INTO party_password (user_name, person, hash) VALUES ($1, $2, $3) ON CONFLICT (user_name) DO NOTHING",
        vec![user.into(), person.into(), hash.into()],
    );
}

/// A sign-in name that nobody has, with a password to be changed.
pub fn add_password(batch: &mut Batch, user: &str, person: &str, hash: &str) {
    batch.write_one(
        "sign-in name is free",
        "INSERT INTO party_password (user_name, person, hash, must_change) VALUES ($1, $2, $3, 1)
         ON CONFLICT (user_name) DO NOTHING",
        vec![user.into(), person.into(), hash.into()],
    );
}

pub fn set_password(batch: &mut Batch, user: &str, old_hash: &str, hash: &str, must_change: bool) {
    batch.write_one(
        "password as it was read",
        "UPDATE party_password SET hash = $3, must_change = $4 WHERE user_name = $1 AND hash = $2",
        vec![user.into(), old_hash.into(), hash.into(), must_change.into()],
    );
}

/// The person and the hash behind a sign-in name; of who has ended, none.
pub async fn password(store: &Store, user: &str) -> Result<Option<(String, String)>> {
    let row = store
        .query_one(
            "SELECT w.person, w.hash FROM party_password w JOIN party_person p ON p.id = w.person
             WHERE w.user_name = $1 AND p.ended_at IS NULL",
            vec![user.into()],
        )
        .await?;
    row.map(|row| Ok((row.string("person")?, row.string("hash")?))).transpose()
}

/// Whether a sign-in name is taken, also by somebody who has ended.
pub async fn is_taken(store: &Store, user: &str) -> Result<bool> {
    let row =
        store.query_one("SELECT person FROM party_password WHERE user_name = $1", vec![user.into()]).await?;
    Ok(row.is_some())
}

/// Somebody's sign-in name and hash.
pub async fn password_of(store: &Store, person: &str) -> Result<Option<(String, String)>> {
    let row = store
        .query_one(
            "SELECT user_name, hash FROM party_password WHERE person = $1 ORDER BY user_name LIMIT 1",
            vec![person.into()],
        )
        .await?;
    row.map(|row| Ok((row.string("user_name")?, row.string("hash")?))).transpose()
}

pub fn put_unit(batch: &mut Batch, unit: &Unit) {
    batch.write(
        "INSERT INTO party_unit (id, kind, region, agency_ko, agency_en, name_ko, name_en, contact, agency_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
        vec![
            unit.id.as_str().into(),
            unit.kind.as_str().into(),
            unit.region.as_str().into(),
            unit.agency.ko.as_str().into(),
            unit.agency.en.as_str().into(),
            unit.name.ko.as_str().into(),
            unit.name.en.as_str().into(),
            unit.contact.as_str().into(),
            unit.agency_id.clone().into(),
        ],
    );
}

pub async fn unit(store: &Store, id: &str) -> Result<Option<Unit>> {
    let row = store
        .query_one(
            "SELECT id, kind, region, agency_id, agency_ko, agency_en, name_ko, name_en, contact FROM party_unit WHERE id = $1",
            vec![id.into()],
        )
        .await?;
    row.as_ref().map(unit_of).transpose()
}

pub async fn unit_for(store: &Store, kind: &str, region: &str) -> Result<Option<Unit>> {
    let row = store
        .query_one(
            "SELECT id, kind, region, agency_id, agency_ko, agency_en, name_ko, name_en, contact FROM party_unit
             WHERE kind = $1 AND region = $2 AND ended_at IS NULL ORDER BY id LIMIT 1",
            vec![kind.into(), region.into()],
        )
        .await?;
    row.as_ref().map(unit_of).transpose()
}

pub fn put_session(batch: &mut Batch, id: &str, person: &str, csrf: &str, at: At, until: At) {
    batch.write(
        "INSERT INTO party_session (id, person, csrf, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        vec![id.into(), person.into(), csrf.into(), at.into(), until.into()],
    );
    batch.write("DELETE FROM party_session WHERE expires_at < $1", vec![at.into()]);
}

pub fn end_session(batch: &mut Batch, id: &str) {
    batch.write("DELETE FROM party_session WHERE id = $1", vec![id.into()]);
}

/// Ends somebody's sessions, all or all but one.
pub fn end_sessions(batch: &mut Batch, person: &str, but: &str) {
    batch.write("DELETE FROM party_session WHERE person = $1 AND id <> $2", vec![person.into(), but.into()]);
}

pub async fn session(store: &Store, id: &str, now: At) -> Result<Option<Session>> {
    let row = store
        .query_one(
            "SELECT s.csrf, p.id, p.kind, p.name_ko, p.name_en, p.mail, p.lang, p.unit, p.rank_ko, p.rank_en,
               (SELECT CAST(max(w.must_change) AS BIGINT) FROM party_password w WHERE w.person = p.id) AS must_change
             FROM party_session s JOIN party_person p ON p.id = s.person
             WHERE s.id = $1 AND s.expires_at > $2 AND p.ended_at IS NULL",
            vec![id.into(), now.into()],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let person = person_of(&row)?;
    let roles = match person.kind {
        PersonKind::Official => roles_of(store, &person.id, now).await?,
        PersonKind::Resident => Vec::new(),
    };
    let must_change = row.maybe_int("must_change").unwrap_or(0) != 0;
    Ok(Some(Session { id: id.to_owned(), person, csrf: row.string("csrf")?, roles, must_change }))
}

/// Counts one more try; a window that has passed starts anew.
pub fn count_try(batch: &mut Batch, key: &str, now: At, window_start: At) {
    batch.write(
        "INSERT INTO party_try (key, count, since) VALUES ($1, 1, $2)
         ON CONFLICT (key) DO UPDATE SET
           count = CASE WHEN party_try.since < $3 THEN 1 ELSE party_try.count + 1 END,
           since = CASE WHEN party_try.since < $3 THEN $2 ELSE party_try.since END",
        vec![key.into(), now.into(), window_start.into()],
    );
}

pub fn forget_try(batch: &mut Batch, key: &str) {
    batch.write("UPDATE party_try SET count = count - 1 WHERE key = $1 AND count > 0", vec![key.into()]);
}

/// How many tries in the window, and when it began.
pub async fn tries(store: &Store, key: &str, window_start: At) -> Result<(i64, At)> {
    let row = store
        .query_one(
            "SELECT count, since FROM party_try WHERE key = $1 AND since >= $2",
            vec![key.into(), window_start.into()],
        )
        .await?;
    row.map_or(Ok((0, window_start)), |row| Ok((row.int("count")?, row.at("since")?)))
}

pub fn put_grant(batch: &mut Batch, grant: &NewGrant) {
    let scope = serde_json::json!(grant.scope).to_string();
    batch.write(
        "INSERT INTO party_grant (grantor, id, grantee, scope, purpose, basis, from_at, until_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (grantor, id) DO NOTHING",
        vec![
            grant.grantor.as_str().into(),
            grant.id.as_str().into(),
            grant.grantee.as_str().into(),
            scope.into(),
            grant.purpose.as_str().into(),
            grant.basis.as_str().into(),
            grant.from.into(),
            grant.until.into(),
        ],
    );
}

/// Ends what one grantee was granted for a purpose.
pub fn end_grant(batch: &mut Batch, grantor: &str, purpose: &str, grantee: &str, at: At) {
    batch.write(
        "UPDATE party_grant SET ended_at = $4 WHERE grantor = $1 AND purpose = $2 AND grantee = $3 AND ended_at IS NULL",
        vec![grantor.into(), purpose.into(), grantee.into(), at.into()],
    );
}

pub fn end_grants(batch: &mut Batch, grantor: &str, purpose: &str, at: At) {
    batch.write(
        "UPDATE party_grant SET ended_at = $3 WHERE grantor = $1 AND purpose = $2 AND ended_at IS NULL",
        vec![grantor.into(), purpose.into(), at.into()],
    );
}

pub async fn grants(store: &Store, grantor: &str, grantee: &str, purpose: &str) -> Result<Vec<Row>> {
    store
        .query(
            "SELECT id, scope, from_at, until_at, ended_at FROM party_grant
             WHERE grantor = $1 AND grantee = $2 AND purpose = $3 ORDER BY id",
            vec![grantor.into(), grantee.into(), purpose.into()],
        )
        .await
}
