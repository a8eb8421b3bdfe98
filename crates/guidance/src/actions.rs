//! guide, reply, skip.

use std::collections::BTreeSet;

use maru_definition::{FactKind, Guidance};
use maru_kernel::{Error, Result};
use maru_rules::Answer;
use maru_store::Batch;
use maru_web::{
    App, Context,
    ports::{Ask, Person, Sourced},
};
use serde_json::Value as Json;

use crate::tables::{self, Seen};

const SKIP_DAYS: i64 = 30;
const SAID: &str = "said";

/// A read of everything registers hold about oneself, to find one's services.
pub fn own_ask(app: &App, person: &Person) -> Ask {
    let pack = app.definitions.pack();
    let registers = &pack.registers;
    Ask {
        actor: person.actor(),
        subject: person.id.clone(),
        fields: registers
            .iter()
            .map(|r| (r.id.clone(), Vec::new()))
            .chain([(SAID.to_owned(), Vec::new())])
            .collect(),
        purpose: "own".into(),
        why: app.texts.both("guidance-why-read"),
        law: "개인정보 보호법 제35조".into(),
        receipt: None,
    }
}

/// Every service answered for one person.
pub async fn guide(context: &Context, person: &Person) -> Result<(Sourced, Guidance)> {
    let today = context.now.date();
    let sourced = context.app.ports.registers.facts(&own_ask(&context.app, person), today).await?;
    let guidance = context.app.definitions.guide(&sourced.facts, today);
    Ok((sourced, guidance))
}

/// Compares with the last look and keeps this one. Nothing is new on the first look.
pub async fn look(context: &Context, person: &Person, guidance: &Guidance) -> Result<Seen> {
    let yes: BTreeSet<String> = guidance
        .all()
        .filter(|(_, answer)| *answer == Answer::Yes)
        .map(|(entry, _)| entry.id.clone())
        .collect();
    let store = &context.app.store;
    let old = tables::seen(store, &person.id).await?;
    let seen = match &old {
        None => Seen { ids: yes, fresh: BTreeSet::new(), fresh_at: None },
        Some(old) => {
            let new: BTreeSet<String> = yes.difference(&old.ids).cloned().collect();
            if new.is_empty() {
                let fresh = old.fresh.intersection(&yes).cloned().collect();
                Seen { ids: yes, fresh, fresh_at: old.fresh_at }
            } else {
                Seen { ids: yes, fresh: new, fresh_at: Some(context.now) }
            }
        }
    };
    if old.as_ref() != Some(&seen) {
        let mut batch = Batch::new();
        tables::put_seen(&mut batch, &person.id, context.now, &seen);
        store.commit(batch).await?;
    }
    Ok(seen)
}

/// Keeps what a person answers to a question, as their own record. An empty answer takes the old one back.
pub async fn reply(app: &App, person: &Person, fact: &str, typed: &str) -> Result<()> {
    let pack = app.definitions.pack();
    let def = pack.fact(fact).filter(|f| f.question.is_some()).ok_or(Error::NotFound)?;
    let typed = typed.trim();
    if typed.is_empty() {
        return app.ports.registers.say(&person.id, fact, None).await;
    }
    let json = match (&def.kind, typed) {
        (FactKind::Boolean, "yes") => Json::Bool(true),
        (FactKind::Boolean, "no") => Json::Bool(false),
        (FactKind::Number, text) => {
            serde_json::from_str(&text.replace(',', "")).map_err(|_| Error::invalid(fact, "form-number"))?
        }
        (_, text) => Json::String(text.to_owned()),
    };
    let value = def.read(&json, &pack.regions).map_err(|key| Error::invalid(fact, &key))?;
    app.ports.registers.say(&person.id, fact, Some(&value)).await
}

/// Puts a question off.
pub async fn skip(context: &Context, person: &Person, fact: &str) -> Result<()> {
    context.app.definitions.pack().fact(fact).ok_or(Error::NotFound)?;
    let mut batch = Batch::new();
    tables::put_skip(&mut batch, &person.id, fact, context.now.plus_days(SKIP_DAYS));
    context.app.store.commit(batch).await
}
