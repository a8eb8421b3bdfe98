use maru_kernel::{At, Error, Result};
use maru_store::{Batch, Row, Store};
use maru_web::ports::{Mandate, MandateKind};

fn mandate_of(row: &Row) -> Result<Mandate> {
    let kind = MandateKind::parse(row.text("purpose")?);
    Ok(Mandate {
        id: row.string("id")?,
        kind: kind.ok_or_else(|| Error::internal("a mandate of no kind"))?,
        giver: row.string("grantor")?,
        taker: row.string("grantee")?,
        from: row.at("from_at")?,
        until: row.maybe_int("until_at").map(At::from_micros),
        ended: row.maybe_int("ended_at").map(At::from_micros),
    })
}

/// What somebody gave to others or took from them, the newest first.
pub async fn mandates(store: &Store, person: &str) -> Result<Vec<Mandate>> {
    store
        .query(
            "SELECT grantor, id, grantee, purpose, from_at, until_at, ended_at FROM party_grant
             WHERE grantor = $1 AND purpose IN ('decide', 'deputy')
             UNION SELECT grantor, id, grantee, purpose, from_at, until_at, ended_at FROM party_grant
             WHERE grantee = $1 AND purpose IN ('decide', 'deputy')
             ORDER BY from_at DESC, id DESC",
            vec![person.into()],
        )
        .await?
        .iter()
        .map(mandate_of)
        .collect()
}

pub fn end_mandate(batch: &mut Batch, mandate: &Mandate, at: At) {
    batch.write_one(
        "mandate still given",
        "UPDATE party_grant SET ended_at = $3 WHERE grantor = $1 AND id = $2 AND ended_at IS NULL",
        vec![mandate.giver.as_str().into(), mandate.id.as_str().into(), at.into()],
    );
}

pub fn mandate_stays(batch: &mut Batch, mandate: &Mandate) {
    batch.still(
        "mandate stays",
        "SELECT 1 FROM party_grant WHERE grantor = $1 AND id = $2 AND ended_at IS NULL",
        vec![mandate.giver.as_str().into(), mandate.id.as_str().into()],
    );
}
