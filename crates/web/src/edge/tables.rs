//! SQL, and only SQL.

use maru_kernel::{At, Result};
use maru_store::{Batch, Row, Store, Value};

pub async fn keys(store: &Store, now: At) -> Result<Vec<Row>> {
    store
        .query(
            "SELECT id, secret, from_at, until_at FROM web_key WHERE until_at IS NULL OR until_at > $1
             ORDER BY from_at DESC, id DESC",
            vec![now.into()],
        )
        .await
}

/// Adds a key where there is none yet.
pub fn put_first_key(batch: &mut Batch, id: &str, secret: &str, from: At) {
    batch.write(
        "INSERT INTO web_key (id, secret, from_at)
         SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS BIGINT) WHERE NOT EXISTS (SELECT 1 FROM web_key)
         ON CONFLICT (id) DO NOTHING",
        vec![id.into(), secret.into(), from.into()],
    );
}

pub fn put_key(batch: &mut Batch, id: &str, secret: &str, from: At) {
    batch.write(
        "INSERT INTO web_key (id, secret, from_at) VALUES ($1, $2, $3)",
        vec![id.into(), secret.into(), from.into()],
    );
}

/// Keys that would stand longer end at `until`; what ended before is forgotten.
pub fn end_keys(batch: &mut Batch, until: At, now: At) {
    batch.write(
        "UPDATE web_key SET until_at = $1 WHERE until_at IS NULL OR until_at > $1",
        vec![until.into()],
    );
    batch.write("DELETE FROM web_key WHERE until_at <= $1", vec![now.into()]);
}

pub async fn limits(store: &Store) -> Result<Vec<Row>> {
    store.query("SELECT name, per_minute, set_at FROM web_limit ORDER BY name", Vec::new()).await
}

pub fn set_limit(batch: &mut Batch, name: &str, per_minute: i64, at: At) {
    batch.write(
        "INSERT INTO web_limit (name, per_minute, set_at) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET per_minute = excluded.per_minute, set_at = excluded.set_at",
        vec![name.into(), per_minute.into(), at.into()],
    );
}

pub fn add_use(batch: &mut Batch, minute: i64, class: &str, client: &str, more: i64) {
    batch.write(
        "INSERT INTO web_use (minute, class, client, used) VALUES ($1, $2, $3, $4)
         ON CONFLICT (minute, class, client) DO UPDATE SET used = web_use.used + excluded.used",
        vec![minute.into(), class.into(), client.into(), more.into()],
    );
}

/// The busiest clients of a minute.
pub async fn uses(store: &Store, minute: i64, most: i64) -> Result<Vec<Row>> {
    store
        .query(
            "SELECT class, client, used FROM web_use WHERE minute = $1 ORDER BY used DESC LIMIT $2",
            vec![minute.into(), most.into()],
        )
        .await
}

pub async fn has_old_uses(store: &Store, minute: i64) -> Result<bool> {
    let params: Vec<Value> = vec![minute.into()];
    Ok(store.query_one("SELECT minute FROM web_use WHERE minute < $1 LIMIT 1", params).await?.is_some())
}

pub fn forget_uses(batch: &mut Batch, minute: i64) {
    batch.write("DELETE FROM web_use WHERE minute < $1", vec![minute.into()]);
}

pub fn beat(batch: &mut Batch, name: &str, at: At) {
    batch.write(
        "INSERT INTO web_beat (name, at) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET at = excluded.at",
        vec![name.into(), at.into()],
    );
}

pub async fn last_beat(store: &Store, name: &str) -> Result<Option<Row>> {
    store.query_one("SELECT at FROM web_beat WHERE name = $1", vec![name.into()]).await
}
