//! SQL, and only SQL.

use maru_kernel::{At, Error, Result};
use maru_ledger::{Hash, Link};
use maru_store::{Batch, Row, Store};
use serde_json::{Map, Value as Json};

pub struct Kept {
    pub register: String,
    pub version: i64,
    pub as_of: At,
    pub body: Map<String, Json>,
}

fn kept_of(row: &Row) -> Result<Kept> {
    Ok(Kept {
        register: row.string("register")?,
        version: row.int("version")?,
        as_of: row.at("as_of")?,
        body: serde_json::from_str(row.text("body")?).map_err(Error::internal)?,
    })
}

pub async fn rows(store: &Store, subject: &str) -> Result<Vec<Kept>> {
    store
        .query(
            "SELECT register, version, as_of, body FROM record_row WHERE subject = $1 ORDER BY register",
            vec![subject.into()],
        )
        .await?
        .iter()
        .map(kept_of)
        .collect()
}

pub async fn row(store: &Store, subject: &str, register: &str) -> Result<Option<Kept>> {
    let row = store
        .query_one(
            "SELECT register, version, as_of, body FROM record_row WHERE subject = $1 AND register = $2",
            vec![subject.into(), register.into()],
        )
        .await?;
    row.as_ref().map(kept_of).transpose()
}

/// What is held of somebody and what was before, the version written last first.
pub async fn versions(store: &Store, subject: &str) -> Result<Vec<Kept>> {
    store
        .query(
            "SELECT register, version, as_of, body FROM record_row WHERE subject = $1
             UNION ALL SELECT register, version, as_of, body FROM record_past WHERE subject = $1
             ORDER BY register, version DESC",
            vec![subject.into()],
        )
        .await?
        .iter()
        .map(kept_of)
        .collect()
}

/// Puts a new version in place of the one that was read; the old one becomes the past.
pub fn put(
    batch: &mut Batch,
    subject: &str,
    old: Option<&Kept>,
    register: &str,
    as_of: At,
    body: &Map<String, Json>,
) {
    let text = Json::Object(body.clone()).to_string();
    match old {
        None => batch.write_one(
            "no row yet",
            "INSERT INTO record_row (subject, register, version, as_of, body) VALUES ($1, $2, 1, $3, $4)
             ON CONFLICT (subject, register) DO NOTHING",
            vec![subject.into(), register.into(), as_of.into(), text.into()],
        ),
        Some(old) => batch
            .write(
                "INSERT INTO record_past (subject, register, version, as_of, body)
                 SELECT subject, register, version, as_of, body FROM record_row WHERE subject = $1 AND register = $2
                 ON CONFLICT (subject, register, version) DO NOTHING",
                vec![subject.into(), register.into()],
            )
            .write_one(
                "row as it was read",
                "UPDATE record_row SET version = version + 1, as_of = $4, body = $5
                 WHERE subject = $1 AND register = $2 AND version = $3",
                vec![subject.into(), register.into(), old.version.into(), as_of.into(), text.into()],
            ),
    };
}

pub struct Entry {
    pub id: String,
    pub entry: String,
    pub salt: String,
    pub commitment: String,
    pub place: Option<i64>,
}

fn entry_of(row: &Row) -> Result<Entry> {
    Ok(Entry {
        id: row.string("id")?,
        entry: row.string("entry")?,
        salt: row.string("salt")?,
        commitment: row.string("commitment")?,
        place: row.maybe_int("place"),
    })
}

pub fn put_access(batch: &mut Batch, subject: &str, at: At, entry: &Entry) {
    batch.write(
        "INSERT INTO record_access (subject, id, at, entry, salt, commitment) VALUES ($1, $2, $3, $4, $5, $6)",
        vec![
            subject.into(),
            entry.id.as_str().into(),
            at.into(),
            entry.entry.as_str().into(),
            entry.salt.as_str().into(),
            entry.commitment.as_str().into(),
        ],
    );
}

pub async fn accesses(store: &Store, subject: &str, since: At) -> Result<Vec<Entry>> {
    store
        .query(
            "SELECT id, entry, salt, commitment, place FROM record_access
             WHERE subject = $1 AND at >= $2 ORDER BY id DESC LIMIT 2000",
            vec![subject.into(), since.into()],
        )
        .await?
        .iter()
        .map(entry_of)
        .collect()
}

pub async fn access(store: &Store, subject: &str, id: &str) -> Result<Option<Entry>> {
    let row = store
        .query_one(
            "SELECT id, entry, salt, commitment, place FROM record_access WHERE subject = $1 AND id = $2",
            vec![subject.into(), id.into()],
        )
        .await?;
    row.as_ref().map(entry_of).transpose()
}

/// Every entry, a page at a time, for an audit.
pub async fn all_accesses(store: &Store, after: &str) -> Result<Vec<Entry>> {
    store
        .query(
            "SELECT id, entry, salt, commitment, place FROM record_access WHERE id > $1 ORDER BY id LIMIT 5000",
            vec![after.into()],
        )
        .await?
        .iter()
        .map(entry_of)
        .collect()
}

/// Entries without a place, in the order of reading.
pub async fn open_accesses(store: &Store) -> Result<Vec<(String, String, String)>> {
    store
        .query(
            "SELECT subject, id, commitment FROM record_access WHERE place IS NULL ORDER BY id LIMIT 500",
            Vec::new(),
        )
        .await?
        .iter()
        .map(|row| Ok((row.string("subject")?, row.string("id")?, row.string("commitment")?)))
        .collect()
}

fn link_of(row: &Row) -> Result<Link> {
    Ok(Link {
        place: u64::try_from(row.int("place")?).map_err(Error::internal)?,
        commitment: from_hex(row.text("commitment")?)?,
        chain: from_hex(row.text("chain")?)?,
    })
}

pub async fn head(store: &Store) -> Result<Option<Link>> {
    let row = store
        .query_one("SELECT place, commitment, chain FROM record_link ORDER BY place DESC LIMIT 1", Vec::new())
        .await?;
    row.as_ref().map(link_of).transpose()
}

pub async fn links(store: &Store, from: u64, to: u64) -> Result<Vec<Link>> {
    let bound = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    store
        .query(
            "SELECT place, commitment, chain FROM record_link WHERE place >= $1 AND place <= $2 ORDER BY place",
            vec![bound(from).into(), bound(to).into()],
        )
        .await?
        .iter()
        .map(link_of)
        .collect()
}

pub fn put_link(batch: &mut Batch, link: &Link, subject: &str, id: &str, at: At) {
    let place = i64::try_from(link.place).unwrap_or(i64::MAX);
    batch.write_one(
        "next place is free",
        "INSERT INTO record_link (place, commitment, chain, at) VALUES ($1, $2, $3, $4) ON CONFLICT (place) DO NOTHING",
        vec![place.into(), hex(&link.commitment).into(), hex(&link.chain).into(), at.into()],
    );
    batch.write_one(
        "entry has no place yet",
        "UPDATE record_access SET place = $3 WHERE subject = $1 AND id = $2 AND place IS NULL",
        vec![subject.into(), id.into(), place.into()],
    );
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

pub fn from_hex(text: &str) -> Result<Hash> {
    let digits = text.as_bytes();
    let mut out = [0; 32];
    if digits.len() != 64 {
        return Err(Error::internal("a hash is 64 hexadecimal digits"));
    }
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).map_err(Error::internal)?;
        *byte = u8::from_str_radix(pair, 16).map_err(Error::internal)?;
    }
    Ok(out)
}
