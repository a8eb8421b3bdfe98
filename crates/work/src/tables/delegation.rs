//! The register of delegated decisions.

use maru_kernel::{At, Error, Result};
use maru_store::{Batch, Row, Store};

use crate::model::{Matter, Rule};

fn rule_of(row: &Row) -> Result<Rule> {
    let matter = Matter::parse(row.text("matter")?);
    Ok(Rule {
        id: row.string("id")?,
        agency: row.string("agency")?,
        matter: matter.ok_or_else(|| Error::internal("a rule for no matter"))?,
        decides: row.string("decides")?,
        whose: row.string("whose")?,
        from: row.at("from_at")?,
    })
}

/// The rules of an agency that hold.
pub async fn rules(store: &Store, agency: &str) -> Result<Vec<Rule>> {
    store
        .query(
            "SELECT id, agency, matter, decides, whose, from_at FROM work_delegation
             WHERE agency = $1 AND ended_at IS NULL ORDER BY matter",
            vec![agency.into()],
        )
        .await?
        .iter()
        .map(rule_of)
        .collect()
}

pub async fn rule(store: &Store, id: &str) -> Result<Option<Rule>> {
    let row = store
        .query_one(
            "SELECT id, agency, matter, decides, whose, from_at FROM work_delegation WHERE id = $1 AND ended_at IS NULL",
            vec![id.into()],
        )
        .await?;
    row.as_ref().map(rule_of).transpose()
}

pub fn put_rule(batch: &mut Batch, rule: &Rule, by: &str) {
    batch.write_one(
        "no other rule for this matter",
        "INSERT INTO work_delegation (id, agency, matter, decides, whose, given_by, from_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT DO NOTHING",
        vec![
            rule.id.as_str().into(),
            rule.agency.as_str().into(),
            rule.matter.as_str().into(),
            rule.decides.as_str().into(),
            rule.whose.as_str().into(),
            by.into(),
            rule.from.into(),
        ],
    );
}

pub fn end_rule(batch: &mut Batch, rule: &Rule, at: At) {
    batch.write_one(
        "rule still holds",
        "UPDATE work_delegation SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL",
        vec![rule.id.as_str().into(), at.into()],
    );
}

/// The guard that a rule has not been ended when the batch is in.
pub fn rule_stays(batch: &mut Batch, rule: &Rule) {
    batch.still(
        "rule stays",
        "SELECT 1 FROM work_delegation WHERE id = $1 AND ended_at IS NULL",
        vec![rule.id.as_str().into()],
    );
}
