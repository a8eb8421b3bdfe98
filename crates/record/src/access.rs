//! The access log: writing entries, giving them their place in the ledger, auditing it.

use std::{collections::BTreeMap, fmt};

use maru_kernel::{Actor, At, Both, Error, Result};
use maru_ledger::{Broken, Hash, START, commit, extend, follow};
use maru_store::{Batch, Store};
use maru_web::{
    ports::{Access, Ask, Placed, Proof},
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
    Ok(enter(id, &ask.subject, at, entry))
}

/// The change that commits to a text about somebody or something.
pub fn enter(id: String, subject: &str, at: At, entry: String) -> Batch {
    let salt: [u8; 32] = random();
    let commitment = hex(&commit(&salt, entry.as_bytes()));
    let mut batch = Batch::new();
    let entry = Entry { id, entry, salt: hex(&salt), commitment, place: None };
    tables::put_access(&mut batch, subject, at, &entry);
    batch
}

/// An entry with all that is needed to check it.
pub async fn proof(store: &Store, entry: Entry) -> Result<Proof> {
    let committed = commit(&from_hex(&entry.salt)?, entry.entry.as_bytes());
    let mut right = hex(&committed) == entry.commitment;
    let mut chain = None;
    if let Some(place) = entry.place.and_then(|place| u64::try_from(place).ok()) {
        let links = tables::links(store, place.saturating_sub(1), place).await?;
        let value = |at: u64| {
            if at == 0 { Some(START) } else { links.iter().find(|l| l.place == at).map(|l| l.chain) }
        };
        let (before, after) = (value(place.saturating_sub(1)), value(place));
        let follows = before.map(|before| extend(place.saturating_sub(1), &before, committed).chain);
        right = right && follows.is_some() && follows == after;
        chain = Some(Placed {
            place,
            before: before.map(|hash| hex(&hash)),
            after: after.map(|hash| hex(&hash)),
        });
    }
    Ok(Proof { entry: entry.entry, salt: entry.salt, commitment: entry.commitment, chain, right })
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
    pub faults: Vec<Unfit>,
}

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// From this place on the chain is none.
    Broken(u64),
    /// The text of this entry is not what was committed to.
    Changed(String),
    /// This entry is not what stands at its place.
    Elsewhere(String, i64),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Broken(place) => write!(f, "the chain breaks at place {place}"),
            Unfit::Changed(id) => write!(f, "entry {id} was changed"),
            Unfit::Elsewhere(id, place) => write!(f, "entry {id} is not what stands at place {place}"),
        }
    }
}

/// Recomputes every link and every entry's commitment. The program may run meanwhile: an entry gets its place in one
/// commit with its link, so the chain is walked on whenever an entry names a place beyond what was seen.
pub async fn audit(store: &Store) -> Result<Audit> {
    let mut chain = Chain::default();
    chain.walk(store).await?;
    let (mut faults, mut entries, mut after) = (Vec::new(), 0, String::new());
    loop {
        let some = tables::all_accesses(store, &after).await?;
        let Some(last) = some.last() else { break };
        after = last.id.clone();
        if some.iter().any(|entry| entry.place.is_some_and(|place| !chain.reaches(place))) {
            chain.walk(store).await?;
        }
        for entry in &some {
            entries += 1;
            let right = hex(&commit(&from_hex(&entry.salt)?, entry.entry.as_bytes()));
            if right != entry.commitment {
                faults.push(Unfit::Changed(entry.id.clone()));
            }
            if let Some(place) = entry.place
                && chain.at(place).is_none_or(|commitment| hex(commitment) != entry.commitment)
            {
                faults.push(Unfit::Elsewhere(entry.id.clone(), place));
            }
        }
    }
    if let Some(place) = chain.broken {
        faults.insert(0, Unfit::Broken(place));
    }
    let links = u64::try_from(chain.commitments.len()).unwrap_or(u64::MAX);
    let head = if chain.broken.is_some() { START } else { chain.end.1 };
    Ok(Audit { links, head: hex(&head), entries, faults })
}

/// So many links are read at a time.
const PAGE: u64 = 10_000;

/// What an audit has seen of the chain.
struct Chain {
    end: (u64, Hash),
    broken: Option<u64>,
    /// By place, the first one at 0.
    commitments: Vec<Hash>,
    /// The last place that was read.
    read: u64,
}

impl Default for Chain {
    fn default() -> Chain {
        Chain { end: (0, START), broken: None, commitments: Vec::new(), read: 0 }
    }
}

impl Chain {
    /// Reads and verifies what follows, a page at a time.
    async fn walk(&mut self, store: &Store) -> Result<()> {
        loop {
            let from = self.read.saturating_add(1);
            let links = tables::links(store, from, self.read.saturating_add(PAGE)).await?;
            let Some(last) = links.last() else { return Ok(()) };
            self.read = last.place;
            if self.broken.is_none() {
                match follow(self.end, &links) {
                    Ok(end) => self.end = end,
                    Err(Broken { place }) => self.broken = Some(place),
                }
            }
            self.commitments.extend(links.iter().map(|link| link.commitment));
        }
    }

    fn at(&self, place: i64) -> Option<&Hash> {
        let index = usize::try_from(place).ok()?.checked_sub(1)?;
        self.commitments.get(index)
    }

    fn reaches(&self, place: i64) -> bool {
        self.at(place).is_some()
    }
}
