//! The port `Registers`: the only code that reads what registers hold.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use maru_definition::Pack;
use maru_kernel::{Actor, At, Clock, Date, Error, Event, Id, Result};
use maru_rules::Value;
use maru_store::{Batch, Store};
use maru_web::{
    Ids,
    ports::{Access, Ask, Held, Ledger, NewGrant, People, Proof, Registers, SAID, Sourced},
    random,
};
use serde_json::{Map, Value as Json, json};

use crate::{access, tables};

pub struct Books {
    pub store: Store,
    pub pack: Arc<Pack>,
    pub people: Arc<dyn People>,
    pub clock: Arc<dyn Clock>,
    pub ids: Ids,
}

impl Books {
    /// The grant is there and the entry is on disk, or nothing is read.
    async fn admit(&self, ask: &Ask) -> Result<()> {
        let now = self.clock.now();
        let Some(grant) = self.people.permits(ask, now).await? else {
            return Err(Error::Denied("error-no-grant".into()));
        };
        let id = self.ids.next::<Access>(now).to_string();
        self.store.commit(access::record(id, ask, &grant, now)?).await
    }

    /// What is asked for, once it may be read.
    async fn held(&self, ask: &Ask) -> Result<Vec<Held>> {
        let mut kept: BTreeMap<String, tables::Kept> = tables::rows(&self.store, &ask.subject)
            .await?
            .into_iter()
            .map(|k| (k.register.clone(), k))
            .collect();
        let held = ask.fields.iter().map(|(register, fields)| match kept.remove(register) {
            None => Held { register: register.clone(), row: None, as_of: None },
            Some(mut kept) => {
                if !fields.is_empty() {
                    kept.body.retain(|name, _| fields.contains(name));
                }
                Held { register: register.clone(), row: Some(kept.body), as_of: Some(kept.as_of) }
            }
        });
        Ok(held.collect())
    }
}

#[async_trait]
impl Registers for Books {
    async fn read(&self, ask: &Ask) -> Result<Vec<Held>> {
        self.admit(ask).await?;
        self.held(ask).await
    }

    async fn versions(&self, ask: &Ask) -> Result<Vec<Held>> {
        self.admit(ask).await?;
        let kept = tables::versions(&self.store, &ask.subject).await?;
        let mut all = Vec::new();
        for (register, fields) in &ask.fields {
            let before = all.len();
            for one in kept.iter().filter(|one| one.register == *register) {
                let mut row = one.body.clone();
                if !fields.is_empty() {
                    row.retain(|name, _| fields.contains(name));
                }
                all.push(Held { register: register.clone(), row: Some(row), as_of: Some(one.as_of) });
            }
            if all.len() == before {
                all.push(Held { register: register.clone(), row: None, as_of: None });
            }
        }
        Ok(all)
    }

    async fn show(&self, ask: &Ask) -> Result<()> {
        self.admit(ask).await
    }

    async fn facts(&self, ask: &Ask, on: Date) -> Result<Sourced> {
        // Who asks for nothing reads nothing.
        if ask.fields.is_empty() {
            return Ok(Sourced::default());
        }
        Ok(Sourced::of(&self.pack, &self.read(ask).await?, on))
    }

    async fn facts_under(&self, grant: &NewGrant, guards: Batch, ask: &Ask, on: Date) -> Result<Sourced> {
        let now = self.clock.now();
        if ask.fields.is_empty() {
            let mut batch = self.people.grant(grant);
            batch.and(guards);
            self.store.commit(batch).await?;
            return Ok(Sourced::default());
        }
        if !self.people.lets(grant, ask, now) {
            return Err(Error::Denied("error-no-grant".into()));
        }
        let id = self.ids.next::<Access>(now).to_string();
        let mut batch = self.people.grant(grant);
        batch.and(access::record(id, ask, &grant.id, now)?).and(guards);
        self.store.commit(batch).await?;
        Ok(Sourced::of(&self.pack, &self.held(ask).await?, on))
    }

    async fn say(&self, party: &str, said: &[(String, Option<Value>)]) -> Result<()> {
        self.store
            .rerun(|| async {
                let now = self.clock.now();
                let old = tables::row(&self.store, party, SAID).await?;
                let mut body = old.as_ref().map(|k| k.body.clone()).unwrap_or_default();
                for (fact, value) in said {
                    match value {
                        Some(value) => {
                            body.insert(fact.clone(), json!({ "value": value.to_json(), "at": now }))
                        }
                        None => body.remove(fact),
                    };
                }
                let mut batch = Batch::new();
                tables::put(&mut batch, party, old.as_ref(), SAID, now, &body);
                batch.event(changed(party, now, &[SAID]));
                Ok((batch, ()))
            })
            .await
    }

    async fn accesses(&self, subject: &str, since: At) -> Result<Vec<Access>> {
        tables::accesses(&self.store, subject, since).await?.iter().map(access::read).collect()
    }
}

/// Says that rows about somebody changed: whose and in which registers, not what.
fn changed(subject: &str, at: At, registers: &[&str]) -> Event {
    Event {
        id: Id::<Event>::new(at, random()).to_string(),
        kind: "record.changed".into(),
        aggregate: format!("record/{subject}"),
        at,
        actor: Actor::System { name: "registers".into() },
        definition: None,
        grant: None,
        body: json!({ "registers": registers }),
    }
}

/// An agency's own write into its register, as of a date.
pub async fn put(
    store: &Store,
    subject: &str,
    register: &str,
    as_of: At,
    body: &Map<String, Json>,
) -> Result<()> {
    put_all(store, subject, as_of, &[(register, body)]).await
}

/// The same for what one thing that happened, a birth or a move, changes in several registers: one commit, one event. What is as it
/// was changes nothing.
pub async fn put_all(
    store: &Store,
    subject: &str,
    as_of: At,
    rows: &[(&str, &Map<String, Json>)],
) -> Result<()> {
    store
        .rerun(|| async {
            let (mut batch, mut registers) = (Batch::new(), Vec::new());
            for (register, body) in rows {
                let old = tables::row(store, subject, register).await?;
                if old.as_ref().is_none_or(|old| old.body != **body) {
                    tables::put(&mut batch, subject, old.as_ref(), register, as_of, body);
                    registers.push(*register);
                }
            }
            if !registers.is_empty() {
                batch.event(changed(subject, as_of, &registers));
            }
            Ok((batch, ()))
        })
        .await
}

#[async_trait]
impl Ledger for Books {
    fn enter(&self, subject: &str, at: At, entry: &Json) -> Result<Batch> {
        let id = self.ids.next::<Access>(at).to_string();
        Ok(access::enter(id, subject, at, serde_json::to_string(entry).map_err(Error::internal)?))
    }

    async fn proof(&self, subject: &str) -> Result<Option<Proof>> {
        match tables::accesses(&self.store, subject, At::EPOCH).await?.into_iter().next() {
            Some(entry) => access::proof(&self.store, entry).await.map(Some),
            None => Ok(None),
        }
    }
}
