use maru_kernel::{At, Both, Result};
use maru_store::{Batch, Row, Store};
use maru_web::ports::Unit;

use super::{both, unit_of};
use crate::model::{Agency, ListedUnit};

/// What is looked for stands anywhere in a name; its own `%` and `_` are letters.
pub fn pattern(words: &str) -> String {
    let mut pattern = String::from("%");
    for c in words.trim().to_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

fn agency_of(row: &Row) -> Result<Agency> {
    Ok(Agency {
        id: row.string("id")?,
        kind: row.string("kind")?,
        region: row.string("region")?,
        name: both(row, "name_ko", "name_en")?,
        ended: row.maybe_int("ended_at").map(At::from_micros),
        units: row.int("units")?,
        officials: row.int("officials")?,
    })
}

pub async fn agency(store: &Store, id: &str) -> Result<Option<Agency>> {
    let row = store
        .query_one(
            "SELECT a.id, a.kind, a.region, a.name_ko, a.name_en, a.ended_at,
               (SELECT count(*) FROM party_unit u WHERE u.agency_id = a.id AND u.ended_at IS NULL) AS units,
               (SELECT count(*) FROM party_unit u JOIN party_person p ON p.unit = u.id
                WHERE u.agency_id = a.id AND p.kind = 'official' AND p.ended_at IS NULL) AS officials
             FROM party_agency a WHERE a.id = $1",
            vec![id.into()],
        )
        .await?;
    row.as_ref().map(agency_of).transpose()
}

/// Agencies by name, those that have ended last or not at all.
pub async fn agencies(store: &Store, words: &str, ended: bool) -> Result<Vec<Agency>> {
    store
        .query(
            "SELECT a.id, a.kind, a.region, a.name_ko, a.name_en, a.ended_at,
               (SELECT count(*) FROM party_unit u WHERE u.agency_id = a.id AND u.ended_at IS NULL) AS units,
               (SELECT count(*) FROM party_unit u JOIN party_person p ON p.unit = u.id
                WHERE u.agency_id = a.id AND p.kind = 'official' AND p.ended_at IS NULL) AS officials
             FROM party_agency a
             WHERE (lower(a.name_ko) LIKE $1 ESCAPE '\\' OR lower(a.name_en) LIKE $1 ESCAPE '\\' OR a.region LIKE $1 ESCAPE '\\')
               AND ($2 = 'yes' OR a.ended_at IS NULL)
             ORDER BY CASE WHEN a.ended_at IS NULL THEN 0 ELSE 1 END, a.name_ko, a.id LIMIT 1000",
            vec![pattern(words).into(), if ended { "yes" } else { "no" }.into()],
        )
        .await?
        .iter()
        .map(agency_of)
        .collect()
}

pub fn put_agency(batch: &mut Batch, id: &str, kind: &str, region: &str, name: &Both) {
    batch.write(
        "INSERT INTO party_agency (id, kind, region, name_ko, name_en) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (id) DO NOTHING",
        vec![id.into(), kind.into(), region.into(), name.ko.as_str().into(), name.en.as_str().into()],
    );
}

pub fn add_agency(batch: &mut Batch, id: &str, kind: &str, region: &str, name: &Both) {
    batch.write_one(
        "agency is new",
        "INSERT INTO party_agency (id, kind, region, name_ko, name_en) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (id) DO NOTHING",
        vec![id.into(), kind.into(), region.into(), name.ko.as_str().into(), name.en.as_str().into()],
    );
}

/// The units carry their agency's name for programs of the version before.
pub fn rename_agency(batch: &mut Batch, id: &str, name: &Both) {
    batch.write_one(
        "agency goes on",
        "UPDATE party_agency SET name_ko = $2, name_en = $3 WHERE id = $1 AND ended_at IS NULL",
        vec![id.into(), name.ko.as_str().into(), name.en.as_str().into()],
    );
    batch.write(
        "UPDATE party_unit SET agency_ko = $2, agency_en = $3 WHERE agency_id = $1",
        vec![id.into(), name.ko.as_str().into(), name.en.as_str().into()],
    );
}

/// Guarded: an agency that has units does not end.
pub fn end_agency(batch: &mut Batch, id: &str, at: At) {
    batch.write_one(
        "agency goes on",
        "UPDATE party_agency SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL",
        vec![id.into(), at.into()],
    );
    batch.at_most(
        "no units",
        format!("units/{id}"),
        "SELECT count(*) AS n FROM party_unit WHERE agency_id = $1 AND ended_at IS NULL",
        vec![id.into()],
        0,
    );
}

fn listed_of(row: &Row) -> Result<ListedUnit> {
    Ok(ListedUnit {
        unit: unit_of(row)?,
        ended: row.maybe_int("ended_at").map(At::from_micros),
        officials: row.int("officials")?,
    })
}

pub async fn listed_unit(store: &Store, id: &str) -> Result<Option<ListedUnit>> {
    let row = store
        .query_one(
            "SELECT u.id, u.kind, u.region, u.agency_id, u.agency_ko, u.agency_en, u.name_ko, u.name_en, u.contact, u.ended_at,
               (SELECT count(*) FROM party_person p WHERE p.unit = u.id AND p.kind = 'official' AND p.ended_at IS NULL)
                 AS officials
             FROM party_unit u WHERE u.id = $1",
            vec![id.into()],
        )
        .await?;
    row.as_ref().map(listed_of).transpose()
}

/// The units of an agency, or of all (`*`), those that have ended last.
pub async fn units(store: &Store, agency: &str) -> Result<Vec<ListedUnit>> {
    store
        .query(
            "SELECT u.id, u.kind, u.region, u.agency_id, u.agency_ko, u.agency_en, u.name_ko, u.name_en, u.contact, u.ended_at,
               (SELECT count(*) FROM party_person p WHERE p.unit = u.id AND p.kind = 'official' AND p.ended_at IS NULL)
                 AS officials
             FROM party_unit u WHERE ($1 = '*' OR u.agency_id = $1)
             ORDER BY CASE WHEN u.ended_at IS NULL THEN 0 ELSE 1 END, u.agency_ko, u.name_ko, u.id LIMIT 2000",
            vec![agency.into()],
        )
        .await?
        .iter()
        .map(listed_of)
        .collect()
}

/// Guarded: the agency goes on, and nobody else decides the same there.
pub fn add_unit(batch: &mut Batch, unit: &Unit, agency: &str) {
    batch.at_most(
        "place is free",
        format!("place/{}/{}", unit.kind, unit.region),
        "SELECT count(*) AS n FROM party_unit WHERE kind = $1 AND region = $2 AND ended_at IS NULL",
        vec![unit.kind.as_str().into(), unit.region.as_str().into()],
        0,
    );
    batch.at_most(
        "agency goes on",
        format!("units/{agency}"),
        "SELECT count(*) AS n FROM party_agency WHERE id = $1 AND ended_at IS NOT NULL",
        vec![agency.into()],
        0,
    );
    batch.write_one(
        "unit is new",
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
            agency.into(),
        ],
    );
}

pub fn change_unit(batch: &mut Batch, id: &str, name: &Both, contact: &str) {
    batch.write_one(
        "unit goes on",
        "UPDATE party_unit SET name_ko = $2, name_en = $3, contact = $4 WHERE id = $1 AND ended_at IS NULL",
        vec![id.into(), name.ko.as_str().into(), name.en.as_str().into(), contact.into()],
    );
}

pub fn end_unit(batch: &mut Batch, id: &str, at: At) {
    batch.write_one(
        "unit goes on",
        "UPDATE party_unit SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL",
        vec![id.into(), at.into()],
    );
}

pub fn unit_stays(batch: &mut Batch, id: &str) {
    batch.still(
        "unit goes on",
        "SELECT id FROM party_unit WHERE id = $1 AND ended_at IS NULL",
        vec![id.into()],
    );
}
