//! The port `Registers`: the only code that reads what registers hold.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use maru_definition::{Pack, Register};
use maru_kernel::{At, Clock, Date, Error, Result};
use maru_rules::Value;
use maru_store::{Batch, Store};
use maru_web::{
    Ids,
    ports::{Access, Ask, Held, Ledger, NewGrant, People, Proof, Registers, Source, Sourced},
};
use serde_json::{Map, Value as Json, json};

use crate::{access, tables};

/// The register of what people said themselves.
pub const SAID: &str = "said";

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

    fn sourced(&self, all: Vec<Held>, on: Date) -> Sourced {
        let mut sourced = Sourced::default();
        for held in all {
            if held.register == SAID {
                continue_said(&mut sourced, held.row);
            } else if let Some(register) = self.pack.register(&held.register) {
                take(&mut sourced, register, &held, &self.pack, on);
            }
        }
        sourced
    }
}

#[async_trait]
impl Registers for Books {
    async fn read(&self, ask: &Ask) -> Result<Vec<Held>> {
        self.admit(ask).await?;
        self.held(ask).await
    }

    async fn show(&self, ask: &Ask) -> Result<()> {
        self.admit(ask).await
    }

    async fn facts(&self, ask: &Ask, on: Date) -> Result<Sourced> {
        // Who asks for nothing reads nothing.
        if ask.fields.is_empty() {
            return Ok(Sourced::default());
        }
        Ok(self.sourced(self.read(ask).await?, on))
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
        Ok(self.sourced(self.held(ask).await?, on))
    }

    async fn say(&self, party: &str, fact: &str, value: Option<&Value>) -> Result<()> {
        self.store
            .rerun(|| async {
                let now = self.clock.now();
                let old = tables::row(&self.store, party, SAID).await?;
                let mut body = old.as_ref().map(|k| k.body.clone()).unwrap_or_default();
                match value {
                    Some(value) => {
                        body.insert(fact.to_owned(), json!({ "value": value.to_json(), "at": now }))
                    }
                    None => body.remove(fact),
                };
                let mut batch = Batch::new();
                tables::put(&mut batch, party, old.as_ref(), SAID, now, &body);
                Ok((batch, ()))
            })
            .await
    }

    async fn accesses(&self, subject: &str, since: At) -> Result<Vec<Access>> {
        tables::accesses(&self.store, subject, since).await?.iter().map(access::read).collect()
    }
}

/// What a register says counts: it is never overwritten by what somebody said.
fn take(sourced: &mut Sourced, register: &Register, held: &Held, pack: &Pack, on: Date) {
    for (name, value) in register.facts(held.row.as_ref(), &pack.parameters, on) {
        if matches!(value, Value::Unknown) {
            continue;
        }
        sourced.facts.insert(name.as_str(), value);
        sourced.sources.insert(name, Source::Register { register: held.register.clone(), at: held.as_of });
    }
}

fn continue_said(sourced: &mut Sourced, row: Option<Map<String, Json>>) {
    for (name, said) in row.unwrap_or_default() {
        let at = said.get("at").and_then(Json::as_i64).map_or(At::default(), At::from_micros);
        let value = said.get("value").and_then(|v| Value::from_json(v).ok());
        if let Some(value) = value
            && !matches!(sourced.sources.get(&name), Some(Source::Register { .. }))
        {
            sourced.facts.insert(name.as_str(), value);
            sourced.sources.insert(name, Source::Said { at });
        }
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
    store
        .rerun(|| async {
            let old = tables::row(store, subject, register).await?;
            let mut batch = Batch::new();
            if old.as_ref().is_none_or(|old| old.body != *body) {
                tables::put(&mut batch, subject, old.as_ref(), register, as_of, body);
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
