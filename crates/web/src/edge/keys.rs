//! The program's own keys: for hashes that only it can make, and for tickets that only it can give.

use std::{
    fmt,
    net::IpAddr,
    sync::{PoisonError, RwLock},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use maru_kernel::{At, Error, Result};
use maru_store::{Batch, Store};
use ring::hmac;

use crate::{edge::tables, random};

/// A new key signs only after every process has had time to read it.
const SPREAD_SECONDS: i64 = 10;

struct Key {
    id: String,
    secret: hmac::Key,
    from: At,
    until: Option<At>,
}

impl Key {
    fn stands(&self, now: At) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// Says nothing of the secret.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("from", &self.from)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

/// The keys that stand, newest first.
#[derive(Debug, Default)]
pub struct Ring(RwLock<Vec<Key>>);

impl Ring {
    /// Reads the keys again.
    pub async fn refresh(&self, store: &Store, now: At) -> Result<()> {
        let mut keys = Vec::new();
        for row in tables::keys(store, now).await? {
            let bytes = URL_SAFE_NO_PAD
                .decode(row.text("secret")?)
                .map_err(|_| Error::internal("a key in web_key is not base64url"))?;
            keys.push(Key {
                id: row.string("id")?,
                secret: hmac::Key::new(hmac::HMAC_SHA256, &bytes),
                from: row.at("from_at")?,
                until: row.maybe_int("until_at").map(At::from_micros),
            });
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    /// The newest key that has begun; where a clock is behind, the newest at all.
    fn signing<T>(&self, now: At, then: impl FnOnce(&Key) -> T) -> Result<T> {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let standing = || keys.iter().filter(|key| key.stands(now));
        let key = standing().find(|key| key.from <= now).or_else(|| standing().next());
        key.map(then).ok_or_else(|| Error::internal("no key stands"))
    }

    /// A permission that carries its own proof: for `purpose`, about `what`, until an instant. It holds no secret of
    /// anybody, and nobody else can make one. A key's end is the end of all its tickets.
    pub fn ticket(&self, purpose: &str, what: &str, until: At, now: At) -> Result<String> {
        self.signing(now, |key| {
            let tag = hmac::sign(&key.secret, &signed(purpose, what, until.micros()));
            format!("{}.{}.{}", key.id, until.micros(), URL_SAFE_NO_PAD.encode(tag.as_ref()))
        })
    }

    /// Whether a ticket is one of ours for exactly this, and still good. Takes the same time however much of it is right.
    pub fn check(&self, purpose: &str, what: &str, ticket: &str, now: At) -> bool {
        let mut parts = ticket.splitn(3, '.');
        let (Some(id), Some(until), Some(tag)) = (parts.next(), parts.next(), parts.next()) else {
            return false;
        };
        let (Ok(until), Ok(tag)) = (until.parse::<i64>(), URL_SAFE_NO_PAD.decode(tag)) else { return false };
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let Some(key) = keys.iter().find(|key| key.id == id && key.stands(now)) else { return false };
        hmac::verify(&key.secret, &signed(purpose, what, until), &tag).is_ok() && now < At::from_micros(until)
    }

    /// What counts are kept under: nobody can tell the address from it.
    pub(crate) fn client(&self, who: &Who<'_>, now: At) -> Result<[u8; 16]> {
        let text = match who {
            Who::Session(id) => format!("session\0{id}"),
            Who::Address(IpAddr::V4(ip)) => format!("address\0{ip}"),
            // A household has a /64 of its own and any address in it.
            Who::Address(IpAddr::V6(ip)) => format!("network\0{:x}", ip.to_bits() >> 64),
        };
        self.signing(now, |key| {
            let tag = hmac::sign(&key.secret, text.as_bytes());
            let mut short = [0; 16];
            short.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
            short
        })
    }
}

/// Who is counted: somebody signed in for themselves, so that people behind one address do not take each other's turns;
/// everybody else by address.
pub(crate) enum Who<'a> {
    Session(&'a str),
    Address(IpAddr),
}

/// Lengths before texts: no two different questions look the same.
fn signed(purpose: &str, what: &str, until: i64) -> Vec<u8> {
    format!("ticket\0{}:{purpose}{}:{what}{until}", purpose.len(), what.len()).into_bytes()
}

fn new_key() -> (String, String) {
    let id = random::<6>().iter().map(|b| format!("{b:02x}")).collect();
    (id, URL_SAFE_NO_PAD.encode(random::<32>()))
}

/// Makes the first key of a database. Two processes that start at once may make one each; both stand.
pub(crate) async fn first_key(store: &Store, now: At) -> Result<()> {
    if !tables::keys(store, now).await?.is_empty() {
        return Ok(());
    }
    let (id, secret) = new_key();
    let mut batch = Batch::new();
    tables::put_first_key(&mut batch, &id, &secret, now);
    store.commit(batch).await
}

/// A key as an operator sees it: never its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownKey {
    pub id: String,
    pub from: At,
    pub until: Option<At>,
}

/// The keys that stand, newest first.
pub async fn keys(store: &Store, now: At) -> Result<Vec<ShownKey>> {
    let rows = tables::keys(store, now).await?;
    rows.iter()
        .map(|row| {
            Ok(ShownKey {
                id: row.string("id")?,
                from: row.at("from_at")?,
                until: row.maybe_int("until_at").map(At::from_micros),
            })
        })
        .collect()
}

/// The change to a new key that signs from now on; the old ones verify for `keep_old_seconds` more. Every process notices within
/// seconds; so that none meets a ticket of a key it has not read, the new key begins a moment later, unless the old one
/// must go at once (`keep_old_seconds` = 0). Gives the new key's id too.
pub fn rotate_key(now: At, keep_old_seconds: i64) -> Result<(String, Batch)> {
    if !(0..=366 * 86_400).contains(&keep_old_seconds) {
        return Err(Error::invalid("keep_old_seconds", "error-keep-old"));
    }
    let (id, secret) = new_key();
    let mut batch = Batch::new();
    tables::end_keys(&mut batch, now.plus_seconds(keep_old_seconds), now);
    tables::put_key(&mut batch, &id, &secret, now.plus_seconds(keep_old_seconds.min(SPREAD_SECONDS)));
    Ok((id, batch))
}
