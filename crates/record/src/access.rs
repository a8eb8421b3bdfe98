//! The access log: writing entries, giving them their place in the ledger, auditing it.

use std::collections::BTreeMap;

use maru_kernel::{Actor, At, Both, Error, Result};
use maru_ledger::{Broken, Link, START, commit, extend, verify};
use maru_store::{Batch, Store};
use maru_web::{
    ports::{Access, Ask},
    random,
};
use serde::{Deserialize, Serialize};

use crate::tables::{self, Entry, from_hex, hex};

/// An entry as it is committed to: this text, byte for byte.
#[derive(Serialize, Deserialize)]
struct Text {
    id: String,
    subject: String,
    at: At,
    actor: Actor,
    fields: BTreeMap<String, Vec<String>>,
    purpose: String,
    why: Both,
    law: String,
    receipt: Option<String>,
    grant: String,
}

/// The change that records one read.
pub fn record(id: String, ask: &Ask, grant: &str, at: At) -> Result<Batch> {
    let text = Text {
        id: id.clone(),
        subject: ask.subject.clone(),
        at,
        actor: ask.actor.clone(),
        fields: ask.fields.clone(),
        purpose: ask.purpose.clone(),
        why: ask.why.clone(),
        law: ask.law.clone(),
        receipt: ask.receipt.clone(),
        grant: grant.to_owned(),
    };
    let entry = serde_json::to_string(&text).map_err(Error::internal)?;
    let salt: [u8; 32] = random();
    let commitment = hex(&commit(&salt, entry.as_bytes()));
    let mut batch = Batch::new();
    let entry = Entry { id, entry, salt: hex(&salt), commitment, place: None };
    tables::put_access(&mut batch, &ask.subject, at, &entry);
    Ok(batch)
}

pub fn read(entry: &Entry) -> Result<Access> {
    let text: Text = serde_json::from_str(&entry.entry).map_err(Error::internal)?;
    Ok(Access {
        id: text.id,
        at: text.at,
        actor: text.actor,
        fields: text.fields,
        purpose: text.purpose,
        why: text.why,
        law: text.law,
        receipt: text.receipt,
        grant: text.grant,
        commitment: entry.commitment.clone(),
        place: entry.place,
    })
}

/// Gives every entry that has none its place in the ledger; answers how many.
pub async fn sequence(store: &Store, now: At) -> Result<usize> {
    let open = tables::open_accesses(store).await?;
    if open.is_empty() {
        return Ok(0);
    }
    let (mut place, mut chain) = tables::head(store).await?.map_or((0, START), |l| (l.place, l.chain));
    let mut batch = Batch::new();
    for (subject, id, commitment) in &open {
        let link = extend(place, &chain, from_hex(commitment)?);
        tables::put_link(&mut batch, &link, subject, id, now);
        (place, chain) = (link.place, link.chain);
    }
    match store.commit(batch).await {
        // Somebody else was faster: what is left is left for the next turn.
        Err(Error::Guard(_)) => Ok(0),
        other => other.map(|()| open.len()),
    }
}

/// What an audit found.
#[derive(Debug, PartialEq, Eq)]
pub struct Audit {
    pub links: u64,
    pub head: String,
    pub entries: usize,
    /// What does not fit, in words.
    pub faults: Vec<String>,
}

/// Recomputes every link and every entry's commitment.
pub async fn audit(store: &Store) -> Result<Audit> {
    let mut faults = Vec::new();
    let links: Vec<Link> = tables::links(store, 0, u64::MAX).await?;
    let (count, head) = match verify(&links) {
        Ok(end) => end,
        Err(Broken { place }) => {
            faults.push(format!("the chain breaks at place {place}"));
            (u64::try_from(links.len()).unwrap_or(u64::MAX), START)
        }
    };
    let by_place: BTreeMap<u64, &Link> = links.iter().map(|l| (l.place, l)).collect();
    let (mut entries, mut after) = (0, String::new());
    loop {
        let some = tables::all_accesses(store, &after).await?;
        let Some(last) = some.last() else { break };
        after = last.id.clone();
        for entry in &some {
            entries += 1;
            let right = hex(&commit(&from_hex(&entry.salt)?, entry.entry.as_bytes()));
            if right != entry.commitment {
                faults.push(format!("entry {} was changed", entry.id));
            }
            let link = entry.place.and_then(|p| u64::try_from(p).ok()).and_then(|p| by_place.get(&p));
            match (entry.place, link) {
                (None, _) => {}
                (Some(_), Some(link)) if hex(&link.commitment) == entry.commitment => {}
                (Some(place), _) => {
                    faults.push(format!("entry {} is not what stands at place {place}", entry.id))
                }
            }
        }
    }
    Ok(Audit { links: count, head: hex(&head), entries, faults })
}
