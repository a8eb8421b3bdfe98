//! SQL, and only SQL.

use std::collections::{BTreeMap, BTreeSet};

use maru_kernel::{At, Date, Error, Result};
use maru_store::{Batch, Row, Store, Value};
use serde::de::DeserializeOwned;

use super::model::{Change, Grounds, Kept, Law, Standing, Stood};

/// Somebody with a standing consent.
#[derive(Debug, Clone)]
pub struct Member {
    pub party: String,
    pub version: i64,
    pub since: At,
    /// What was consented to: fields by register.
    pub scope: BTreeMap<String, Vec<String>>,
    pub read_at: Option<At>,
    /// The next day on which time alone may change an answer.
    pub look: Date,
    /// The law under which they were answered last, as its hash.
    pub law: String,
}

fn json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T> {
    serde_json::from_str(row.text(column)?).map_err(Error::internal)
}

fn limit(n: usize) -> Value {
    i64::try_from(n).unwrap_or(1).into()
}

pub async fn member(store: &Store, party: &str) -> Result<Option<Member>> {
    let row = store
        .query_one(
            "SELECT party, version, since, scope, read_at, look, law FROM guidance_member WHERE party = $1",
            vec![party.into()],
        )
        .await?;
    row.map(|row| {
        Ok(Member {
            party: row.string("party")?,
            version: row.int("version")?,
            since: row.at("since")?,
            scope: json(&row, "scope")?,
            read_at: row.maybe_int("read_at").map(At::from_micros),
            look: row.text("look")?.parse().map_err(Error::internal)?,
            law: row.string("law")?,
        })
    })
    .transpose()
}

pub fn join(batch: &mut Batch, member: &Member) -> Result<()> {
    batch.write_one(
        "no member yet",
        "INSERT INTO guidance_member (party, version, since, scope, read_at, look, law) VALUES ($1, 1, $2, $3, NULL, $4, '')
         ON CONFLICT (party) DO NOTHING",
        vec![
            member.party.as_str().into(),
            member.since.into(),
            serde_json::to_string(&member.scope).map_err(Error::internal)?.into(),
            member.look.to_string().into(),
        ],
    );
    Ok(())
}

/// Keeps that a member was looked at, if nobody looked, and the consent did not end, in the meantime.
pub fn looked(batch: &mut Batch, member: &Member, at: At, look: Date, law: &str) {
    batch.write_one(
        "member as read",
        "UPDATE guidance_member SET version = version + 1, read_at = $3, look = $4, law = $5 WHERE party = $1 AND version = $2",
        vec![member.party.as_str().into(), member.version.into(), at.into(), look.to_string().into(), law.into()],
    );
}

/// The end of a membership. Notices stay: they are the person's letters; so does what they declined.
pub fn leave(batch: &mut Batch, party: &str) {
    batch.write("DELETE FROM guidance_member WHERE party = $1", vec![party.into()]);
    batch.write("DELETE FROM guidance_standing WHERE party = $1", vec![party.into()]);
}

/// How each service stood for a member at the last look.
pub async fn stood(store: &Store, party: &str) -> Result<BTreeMap<String, Stood>> {
    let rows = store
        .query(
            "SELECT service, standing, stop, told FROM guidance_standing WHERE party = $1",
            vec![party.into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let standing = Standing::parse(row.text("standing")?);
            Ok((
                row.string("service")?,
                Stood { standing, stop: row.string("stop")?, told: row.int("told")? == 1 },
            ))
        })
        .collect()
}

pub fn put_stood(batch: &mut Batch, party: &str, service: &str, stood: &Stood) {
    batch.write(
        "INSERT INTO guidance_standing (party, service, standing, stop, told) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (party, service) DO UPDATE SET standing = $3, stop = $4, told = $5",
        vec![
            party.into(),
            service.into(),
            stood.standing.as_str().into(),
            stood.stop.as_str().into(),
            stood.told.into(),
        ],
    );
}

pub fn drop_stood(batch: &mut Batch, party: &str, service: &str) {
    batch.write(
        "DELETE FROM guidance_standing WHERE party = $1 AND service = $2",
        vec![party.into(), service.into()],
    );
}

/// Members whose day has come, after one of them.
pub async fn to_look_at(store: &Store, today: Date, after: &str, most: usize) -> Result<Vec<String>> {
    let rows = store
        .query(
            "SELECT party FROM guidance_member WHERE look <= $1 AND party > $2 ORDER BY party LIMIT $3",
            vec![today.to_string().into(), after.into(), limit(most)],
        )
        .await?;
    rows.iter().map(|row| row.string("party")).collect()
}

/// Members whom a change of the law concerns, after one of them.
pub async fn concerned(store: &Store, change: &Change, after: &str, most: usize) -> Result<Vec<String>> {
    let rows = if change.stop == Change::EVERYBODY {
        let sql = "SELECT party FROM guidance_member WHERE party > $1 ORDER BY party LIMIT $2";
        store.query(sql, vec![after.into(), limit(most)]).await?
    } else {
        let sql = "SELECT party FROM guidance_standing WHERE service = $1 AND stop = $2 AND party > $3 ORDER BY party LIMIT $4";
        let params =
            vec![change.service.as_str().into(), change.stop.as_str().into(), after.into(), limit(most)];
        store.query(sql, params).await?
    };
    rows.iter().map(|row| row.string("party")).collect()
}

pub async fn declined(store: &Store, party: &str) -> Result<BTreeSet<String>> {
    let sql = "SELECT service FROM guidance_declined WHERE party = $1";
    store.query(sql, vec![party.into()]).await?.iter().map(|row| row.string("service")).collect()
}

pub fn decline(batch: &mut Batch, party: &str, service: &str, at: At) {
    batch.write_one(
        "not declined yet",
        "INSERT INTO guidance_declined (party, service, at) VALUES ($1, $2, $3) ON CONFLICT (party, service) DO NOTHING",
        vec![party.into(), service.into(), at.into()],
    );
}

pub fn want(batch: &mut Batch, party: &str, service: &str) {
    batch.write(
        "DELETE FROM guidance_declined WHERE party = $1 AND service = $2",
        vec![party.into(), service.into()],
    );
}

/// A notice as it is kept, byte for byte.
pub struct Notice {
    pub party: String,
    pub id: String,
    pub at: At,
    pub body: String,
}

impl Notice {
    pub fn kept(&self) -> Result<Kept> {
        serde_json::from_str(&self.body).map_err(Error::internal)
    }
}

fn notice_of(row: &Row) -> Result<Notice> {
    Ok(Notice {
        party: row.string("party")?,
        id: row.string("id")?,
        at: row.at("at")?,
        body: row.string("body")?,
    })
}

pub fn put_notice(batch: &mut Batch, notice: &Notice) {
    batch.write(
        "INSERT INTO guidance_notice (party, id, at, body) VALUES ($1, $2, $3, $4)",
        vec![
            notice.party.as_str().into(),
            notice.id.as_str().into(),
            notice.at.into(),
            notice.body.as_str().into(),
        ],
    );
}

pub async fn notice(store: &Store, id: &str) -> Result<Option<Notice>> {
    let sql = "SELECT party, id, at, body FROM guidance_notice WHERE id = $1";
    store.query_one(sql, vec![id.into()]).await?.as_ref().map(notice_of).transpose()
}

/// Somebody's notices, the newest first.
pub async fn notices(store: &Store, party: &str) -> Result<Vec<Notice>> {
    let sql = "SELECT party, id, at, body FROM guidance_notice WHERE party = $1 ORDER BY id DESC LIMIT 50";
    store.query(sql, vec![party.into()]).await?.iter().map(notice_of).collect()
}

/// The law as members were last compared with it, and its place.
pub async fn law(store: &Store) -> Result<Option<(i64, Law)>> {
    let sql = "SELECT place, hash, grounds FROM guidance_law ORDER BY place DESC LIMIT 1";
    let row = store.query_one(sql, Vec::new()).await?;
    row.map(|row| {
        Ok((row.int("place")?, Law { hash: row.string("hash")?, grounds: json::<Grounds>(&row, "grounds")? }))
    })
    .transpose()
}

pub fn put_law(batch: &mut Batch, place: i64, law: &Law, at: At) -> Result<()> {
    batch.write_one(
        "the law as it was read",
        "INSERT INTO guidance_law (place, at, hash, grounds) VALUES ($1, $2, $3, $4) ON CONFLICT (place) DO NOTHING",
        vec![
            place.into(),
            at.into(),
            law.hash.as_str().into(),
            serde_json::to_string(&law.grounds).map_err(Error::internal)?.into(),
        ],
    );
    Ok(())
}

pub fn put_change(batch: &mut Batch, change: &Change) {
    batch.write(
        "INSERT INTO guidance_change (law, service, stop) VALUES ($1, $2, $3)",
        vec![change.law.into(), change.service.as_str().into(), change.stop.as_str().into()],
    );
}

/// Changes that have not reached everybody they concern, the oldest first.
pub async fn open_changes(store: &Store) -> Result<Vec<Change>> {
    let sql =
        "SELECT law, service, stop FROM guidance_change WHERE done_at IS NULL ORDER BY law, service, stop";
    let rows = store.query(sql, Vec::new()).await?;
    rows.iter()
        .map(|row| {
            Ok(Change { law: row.int("law")?, service: row.string("service")?, stop: row.string("stop")? })
        })
        .collect()
}

pub fn end_change(batch: &mut Batch, change: &Change, at: At) {
    batch.write(
        "UPDATE guidance_change SET done_at = $4 WHERE law = $1 AND service = $2 AND stop = $3",
        vec![change.law.into(), change.service.as_str().into(), change.stop.as_str().into(), at.into()],
    );
}
