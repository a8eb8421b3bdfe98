//! guide, reply, skip.

use std::collections::{BTreeMap, BTreeSet};

use maru_definition::{FactDef, FactKind, Guidance, Pack};
use maru_kernel::{Error, Problem, Result};
use maru_rules::{Answer, Value};
use maru_store::Batch;
use maru_web::{
    App, Context, Typed,
    ports::{Ask, Person, Sourced},
};
use serde_json::Value as Json;

use crate::tables::{self, Seen};

const SKIP_DAYS: i64 = 30;
const SAID: &str = "said";
/// As many items of a list as a page asks for.
pub const ROWS: usize = 8;

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
    let def = pack.fact(fact).filter(|f| f.asked()).ok_or(Error::NotFound)?;
    let value = match typed.trim() {
        "" => None,
        typed => Some(read(&pack, def, typed).map_err(|key| Error::invalid(fact, &key))?),
    };
    app.ports.registers.say(&person.id, &[(fact.to_owned(), value)]).await
}

/// Keeps what was typed on the page of a question that asks for several facts. What was shown and left blank stays unknown, and the
/// question is put off. Where a box was ticked, or the one that says *none of these*, the others say no; else they are blank, too.
pub async fn reply_all(context: &Context, person: &Person, lead: &str, typed: &Typed) -> Result<()> {
    let definitions = &context.app.definitions;
    let pack = definitions.pack();
    let (mut said, mut problems, mut blank) = (Vec::new(), Vec::new(), false);
    let shown = |fact: &String| typed.0.contains_key(&format!("shown-{fact}"));
    let together: Vec<String> = definitions.asked_together(lead).into_iter().filter(shown).collect();
    let boxes = typed.get("none") == "yes"
        || together
            .iter()
            .filter_map(|fact| pack.fact(fact))
            .any(|def| def.kind == FactKind::Boolean && typed.get(&def.name) == "yes");
    for def in together.iter().filter_map(|fact| pack.fact(fact)) {
        if def.kind == FactKind::Boolean && !boxes {
            blank = true;
            continue;
        }
        match asked(&pack, def, &def.name, typed) {
            Ok(Some(value)) => said.push((def.name.clone(), Some(value))),
            Ok(None) => blank = true,
            Err((field, key)) => problems.push(Problem { field, key, value: None }),
        }
    }
    if said.is_empty() && problems.is_empty() {
        return Err(Error::invalid("value", "form-choice"));
    }
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    context.app.ports.registers.say(&person.id, &said).await?;
    if blank { skip(context, person, lead).await } else { Ok(()) }
}

/// What was typed for one fact, or the field that is wrong and a message key. Nothing: it was left blank.
fn asked(
    pack: &Pack,
    def: &FactDef,
    field: &str,
    typed: &Typed,
) -> std::result::Result<Option<Value>, (String, String)> {
    let text = typed.get(field).trim();
    let wrong = |key| (field.to_owned(), key);
    match def.kind {
        FactKind::Boolean => Ok(Some(Value::Bool(text == "yes"))),
        FactKind::List => {
            let mut rows = Vec::new();
            for row in 1..=ROWS {
                let of = |item: &FactDef| format!("{field}.{row}.{}", item.name);
                // A box alone makes no item.
                let typed_any = |item: &&FactDef| {
                    item.kind != FactKind::Boolean && !typed.get(&of(item)).trim().is_empty()
                };
                if !def.items.iter().any(|item| typed_any(&item)) {
                    continue;
                }
                let mut found = BTreeMap::new();
                for item in &def.items {
                    if let Some(value) = asked(pack, item, &of(item), typed)? {
                        found.insert(item.name.clone(), value);
                    }
                }
                rows.push(Value::Context(found));
            }
            let none = typed.get(&format!("{field}.none")) == "yes";
            if none && !rows.is_empty() {
                return Err(wrong("home-none-and-some".to_owned()));
            }
            Ok((none || !rows.is_empty()).then_some(Value::List(rows)))
        }
        _ if text.is_empty() => Ok(None),
        _ => read(pack, def, text).map(Some).map_err(wrong),
    }
}

/// One typed value; wrong, the key of what to say.
fn read(pack: &Pack, def: &FactDef, typed: &str) -> std::result::Result<Value, String> {
    let json = match (&def.kind, typed) {
        (FactKind::Boolean, "yes") => Json::Bool(true),
        (FactKind::Boolean, "no") => Json::Bool(false),
        (FactKind::Number, text) => {
            serde_json::from_str(&text.replace(',', "")).map_err(|_| "form-number".to_owned())?
        }
        (_, text) => Json::String(text.to_owned()),
    };
    def.read(&json, &pack.regions)
}

/// Puts a question off.
pub async fn skip(context: &Context, person: &Person, fact: &str) -> Result<()> {
    context.app.definitions.pack().fact(fact).ok_or(Error::NotFound)?;
    let mut batch = Batch::new();
    tables::put_skip(&mut batch, &person.id, fact, context.now.plus_days(SKIP_DAYS));
    context.app.store.commit(batch).await
}
