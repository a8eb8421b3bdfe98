use maru_kernel::{At, Result};
use maru_store::{Batch, Row, Store};
use maru_web::ports::Person;

use super::{both, pattern, person_of, put_person};
use crate::model::{ListedOfficial, Looked};

fn listed_of(row: &Row) -> Result<ListedOfficial> {
    let unit_name = match row.maybe_text("unit_ko") {
        Some(_) => Some(both(row, "unit_ko", "unit_en")?),
        None => None,
    };
    let agency_name = match row.maybe_text("agency_ko") {
        Some(_) => Some(both(row, "agency_ko", "agency_en")?),
        None => None,
    };
    Ok(ListedOfficial {
        person: person_of(row)?,
        user: row.maybe_text("user_name").unwrap_or_default().to_owned(),
        agency: row.maybe_text("agency_id").map(str::to_owned),
        unit_name,
        agency_name,
        unit_ended: row.maybe_int("unit_ended_at").is_some(),
        ended: row.maybe_int("ended_at").map(At::from_micros),
        must_change: row.maybe_int("must_change").unwrap_or(0) != 0,
    })
}

pub async fn official(store: &Store, id: &str) -> Result<Option<ListedOfficial>> {
    let row = store
        .query_one(
            "SELECT p.id, p.kind, p.name_ko, p.name_en, p.mail, p.lang, p.unit, p.rank_ko, p.rank_en, p.ended_at,
               u.name_ko AS unit_ko, u.name_en AS unit_en, u.agency_id, u.agency_ko, u.agency_en, u.ended_at AS unit_ended_at,
               (SELECT min(w.user_name) FROM party_password w WHERE w.person = p.id) AS user_name,
               (SELECT CAST(max(w.must_change) AS BIGINT) FROM party_password w WHERE w.person = p.id) AS must_change
             FROM party_person p LEFT JOIN party_unit u ON u.id = p.unit WHERE p.id = $1 AND p.kind = 'official'",
            vec![id.into()],
        )
        .await?;
    row.as_ref().map(listed_of).transpose()
}

/// Officials by name, one more than a page shows.
pub async fn officials(store: &Store, looked: &Looked<'_>) -> Result<Vec<ListedOfficial>> {
    store
        .query(
            "SELECT p.id, p.kind, p.name_ko, p.name_en, p.mail, p.lang, p.unit, p.rank_ko, p.rank_en, p.ended_at,
               u.name_ko AS unit_ko, u.name_en AS unit_en, u.agency_id, u.agency_ko, u.agency_en, u.ended_at AS unit_ended_at,
               (SELECT min(w.user_name) FROM party_password w WHERE w.person = p.id) AS user_name,
               (SELECT CAST(max(w.must_change) AS BIGINT) FROM party_password w WHERE w.person = p.id) AS must_change
             FROM party_person p LEFT JOIN party_unit u ON u.id = p.unit
             WHERE p.kind = 'official' AND ($1 = '*' OR u.agency_id = $1) AND ($2 = '*' OR p.unit = $2)
               AND (p.name_ko LIKE $3 ESCAPE '\\' OR lower(p.name_en) LIKE $3 ESCAPE '\\'
                 OR EXISTS (SELECT 1 FROM party_password w WHERE w.person = p.id AND w.user_name LIKE $3 ESCAPE '\\'))
               AND ($4 = 'yes' OR p.ended_at IS NULL)
             ORDER BY CASE WHEN p.ended_at IS NULL THEN 0 ELSE 1 END, p.name_ko, p.id LIMIT $5 OFFSET $6",
            vec![
                looked.agency.into(),
                looked.unit.into(),
                pattern(looked.words).into(),
                if looked.ended { "yes" } else { "no" }.into(),
                looked.limit.into(),
                looked.skip.into(),
            ],
        )
        .await?
        .iter()
        .map(listed_of)
        .collect()
}

/// The officials of a unit by name.
pub async fn officials_of(store: &Store, unit: &str) -> Result<Vec<Person>> {
    let rows = store
        .query(
            "SELECT id, kind, name_ko, name_en, mail, lang, unit, rank_ko, rank_en FROM party_person
             WHERE unit = $1 AND kind = 'official' AND ended_at IS NULL ORDER BY name_ko, id",
            vec![unit.into()],
        )
        .await?;
    rows.iter().map(person_of).collect()
}

pub async fn count_officials(store: &Store, agency: &str) -> Result<i64> {
    let row = store
        .query_one(
            "SELECT count(*) AS n FROM party_person p LEFT JOIN party_unit u ON u.id = p.unit
             WHERE p.kind = 'official' AND p.ended_at IS NULL AND ($1 = '*' OR u.agency_id = $1)",
            vec![agency.into()],
        )
        .await?;
    row.map_or(Ok(0), |row| row.int("n"))
}

pub async fn count_units(store: &Store, agency: &str) -> Result<i64> {
    let row = store
        .query_one(
            "SELECT count(*) AS n FROM party_unit WHERE ended_at IS NULL AND ($1 = '*' OR agency_id = $1)",
            vec![agency.into()],
        )
        .await?;
    row.map_or(Ok(0), |row| row.int("n"))
}

pub fn add_official(batch: &mut Batch, person: &Person, at: At) {
    put_person(batch, person, at);
}

/// Guarded by the unit that was read: of two moves the second sees the first.
pub fn move_official(batch: &mut Batch, id: &str, from: Option<&str>, unit: &str) {
    batch.write_one(
        "official as read",
        "UPDATE party_person SET unit = $3 WHERE id = $1 AND coalesce(unit, '') = $2 AND ended_at IS NULL",
        vec![id.into(), from.unwrap_or_default().into(), unit.into()],
    );
}

pub fn end_official(batch: &mut Batch, id: &str, at: At) {
    batch.write_one(
        "official goes on",
        "UPDATE party_person SET ended_at = $2 WHERE id = $1 AND kind = 'official' AND ended_at IS NULL",
        vec![id.into(), at.into()],
    );
}
