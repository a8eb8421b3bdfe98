//! What registers hold about me, and who looked.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, Query},
    http::header,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maru_definition::Pack;
use maru_kernel::{Actor, Both, Error, Id, Result};
use maru_web::{
    Context, Fail, Shared, Typed, context,
    ports::{Access, Ask, Role, SAID},
    shown,
};
use serde::Serialize;
use serde_json::Value as Json;

use crate::{registers::put_all, tables};

/// What a notice of somebody's stands under in grants and accesses; its id says nothing to people.
const NOTICE: &str = "notice";
/// How far back the page looks by itself.
const DAYS: i64 = 30;

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/me", get(me))
        .route("/demo/events/{id}", post(happen))
        .route("/me/accesses", get(accesses))
        .route("/me/accesses/{id}", get(proof))
}

#[derive(Serialize)]
struct Book {
    name: String,
    owner: String,
    law: String,
    at: Option<i64>,
    fields: Vec<(String, String)>,
}

fn shown_field(json: &Json, lang: maru_kernel::Lang) -> String {
    match json {
        Json::Null => String::new(),
        Json::Bool(true) => if lang == maru_kernel::Lang::Ko { "예" } else { "yes" }.into(),
        Json::Bool(false) => if lang == maru_kernel::Lang::Ko { "아니요" } else { "no" }.into(),
        Json::Number(n) => match (n.as_i64(), lang) {
            // Sums are whole won; what is smaller counts people, homes or years.
            (Some(n), maru_kernel::Lang::Ko) if n.abs() >= 10_000 => format!("{}원", maru_kernel::Won(n)),
            (Some(n), maru_kernel::Lang::En) if n.abs() >= 10_000 => format!("{} won", maru_kernel::Won(n)),
            _ => n.to_string(),
        },
        Json::String(text) => match text.parse::<maru_kernel::Date>() {
            Ok(date) if text.len() == 10 => shown::full(lang, date),
            _ => text.clone(),
        },
        Json::Array(items) if items.is_empty() => {
            if lang == maru_kernel::Lang::Ko { "없음" } else { "none" }.into()
        }
        Json::Array(items) => items.iter().map(|i| shown_field(i, lang)).collect::<Vec<_>>().join("; "),
        Json::Object(map) => map
            .iter()
            .map(|(key, value)| format!("{key} {}", shown_field(value, lang)))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

async fn me(context: Context) -> std::result::Result<Response, Fail> {
    let person = context.resident()?;
    let pack = context.app.definitions.pack();
    let fields =
        pack.registers.iter().map(|r| (r.id.clone(), Vec::new())).chain([(SAID.to_owned(), Vec::new())]);
    let ask = Ask {
        actor: person.actor(),
        subject: person.id.clone(),
        fields: fields.collect(),
        purpose: "own".into(),
        why: context.app.texts.both("record-why-own"),
        law: "개인정보 보호법 제35조".into(),
        receipt: None,
    };
    let mut books = Vec::new();
    let mut empty = Vec::new();
    let mut said = Vec::new();
    for held in context.app.ports.registers.read(&ask).await? {
        if held.register == SAID {
            for (name, answer) in held.row.unwrap_or_default() {
                let Some(fact) = pack.fact(&name) else { continue };
                let value = answer.get("value").and_then(|v| maru_rules::Value::from_json(v).ok());
                let text = value.map(|v| fact.show(&v, context.lang)).unwrap_or_default();
                let at = answer.get("at").and_then(Json::as_i64).unwrap_or(0);
                said.push(
                    context! { fact => name, label => fact.label.get(context.lang), value => text, at },
                );
            }
            continue;
        }
        let Some(register) = pack.register(&held.register) else { continue };
        let name = register.name.get(context.lang).to_owned();
        let Some(row) = held.row else {
            empty.push(name);
            continue;
        };
        let owner =
            pack.agency(&register.owner).map(|a| a.name.get(context.lang).to_owned()).unwrap_or_default();
        let fields = register
            .fields
            .iter()
            .filter_map(|field| row.get(&field.name).map(|json| (field, json)))
            .filter(|(_, json)| !json.is_null())
            .map(|(field, json)| {
                // A value that the dictionary knows as a choice is shown by the choice's own words.
                let choices = pack.fact(&field.name).map(|f| f.choices.as_slice()).unwrap_or_default();
                let chosen = choices.iter().find(|c| Some(c.value.as_str()) == json.as_str());
                let value = chosen.map_or_else(
                    || shown_field(json, context.lang),
                    |c| c.label.get(context.lang).to_owned(),
                );
                (field.label.get(context.lang).to_owned(), value)
            })
            .collect();
        books.push(Book {
            name,
            owner,
            law: register.law.clone(),
            at: held.as_of.map(|a| a.micros()),
            fields,
        });
    }
    let name = person.name.get(context.lang);
    Ok(context.page("me", "record/me.html", context! { books, empty, said, name }).await?)
}

/// In the demo something happens to its resident: an agency writes what follows into its registers.
async fn happen(
    context: Context,
    Path(id): Path<String>,
    _typed: Typed,
) -> std::result::Result<Response, Fail> {
    let person = context.resident()?;
    let pack = context.app.definitions.pack();
    let demo = pack.demo.as_ref().filter(|_| context.app.settings.demo).ok_or(Error::NotFound)?;
    let who = demo.people.iter().find(|one| one.id == person.id).ok_or(Error::NotFound)?;
    let event = who.events.iter().find(|event| event.id == id).ok_or(Error::NotFound)?;
    let rows: Vec<_> = event.registers.iter().map(|(register, row)| (register.as_str(), row)).collect();
    put_all(&context.app.store, &person.id, context.now, &rows).await?;
    Ok(Redirect::to("/messages").into_response())
}

#[derive(Serialize)]
struct Line {
    id: String,
    when: String,
    at: String,
    /// Person and unit; for one's own reads, a word for that.
    who: String,
    unit: String,
    own: bool,
    automatic: bool,
    what: Vec<String>,
    why: String,
    law: String,
    receipt: Option<String>,
    case: Option<String>,
    place: Option<i64>,
    /// Own reads that followed one another on one day are one line.
    times: usize,
}

/// What was read, in the registers' and the dictionary's own words.
fn what(pack: &Pack, context: &Context, access: &Access) -> Vec<String> {
    let lang = context.lang;
    access
        .fields
        .iter()
        .map(|(register, fields)| {
            let def = pack.register(register);
            let name = match def {
                Some(def) => def.name.get(lang).to_owned(),
                None if register == SAID => context.t("record-said"),
                None if register == NOTICE => return context.t("record-notice"),
                None => context.t("record-case-file"),
            };
            let labels: Vec<String> = fields
                .iter()
                .map(|field| {
                    let label = match def {
                        Some(def) => def.fields.iter().find(|f| f.name == *field).map(|f| &f.label),
                        None => pack.fact(field).map(|f| &f.label),
                    };
                    // What was handed in with the case stands beside its answers.
                    let unnamed = || if field == "files" { context.t("record-files") } else { field.clone() };
                    label.map_or_else(unnamed, |l: &Both| l.get(lang).to_owned())
                })
                .collect();
            if labels.is_empty() { name } else { format!("{name}: {}", labels.join(", ")) }
        })
        .collect()
}

/// A unit with its agency; who acts for the country works in no unit.
async fn unit_name(context: &Context, unit: &str) -> Result<String> {
    if unit == Role::COUNTRY {
        return Ok(context.t("shell-country"));
    }
    let unit = context.app.ports.people.unit(unit).await?;
    Ok(format!("{} {}", unit.agency.get(context.lang), unit.name.get(context.lang)))
}

async fn lines(context: &Context, accesses: Vec<Access>) -> Result<Vec<Line>> {
    let people = &context.app.ports.people;
    let pack = context.app.definitions.pack();
    let mut out: Vec<Line> = Vec::new();
    for access in accesses {
        let (who, own) = match &access.actor {
            Actor::Resident { .. } => (context.t("record-you"), true),
            Actor::Official { party, .. } => (people.person(party).await?.titled(context.lang), false),
            Actor::Unit { .. } | Actor::System { .. } => (context.t("record-automatic"), false),
        };
        let unit = match access.actor.unit() {
            Some(unit) => unit_name(context, unit).await?,
            None => String::new(),
        };
        let why = access.why.get(context.lang).to_owned();
        let day = shown::day(context.lang, access.at.date());
        if let Some(last) = out.last_mut()
            && own
            && last.own
            && last.why == why
            && last.when.starts_with(&day)
        {
            last.times += 1;
            continue;
        }
        out.push(Line {
            when: shown::moment(context.lang, access.at),
            at: access.at.rfc3339(),
            what: what(&pack, context, &access),
            automatic: matches!(access.actor, Actor::Unit { .. }),
            case: access.receipt.as_ref().map(|_| access.purpose.clone()),
            who,
            unit,
            own,
            why,
            law: access.law,
            receipt: access.receipt,
            place: access.place,
            id: access.id,
            times: 1,
        });
    }
    Ok(out)
}

async fn accesses(
    context: Context,
    Query(query): Query<BTreeMap<String, String>>,
) -> std::result::Result<Response, Fail> {
    let person = context.resident()?;
    let days = match query.get("days").map(String::as_str) {
        Some("365") => 365,
        _ => DAYS,
    };
    let only_others = query.get("who").map(String::as_str) == Some("others");
    let all = context.app.ports.registers.accesses(&person.id, context.now.plus_days(-days)).await?;
    let mut by_unit: BTreeMap<String, usize> = BTreeMap::new();
    let mut by_register: BTreeMap<String, usize> = BTreeMap::new();
    for access in all.iter().filter(|a| a.actor.unit().is_some()) {
        *by_unit.entry(access.actor.unit().unwrap_or_default().to_owned()).or_default() += 1;
        for register in access.fields.keys() {
            *by_register.entry(register.clone()).or_default() += 1;
        }
    }
    let times: usize = by_unit.values().sum();
    let most_unit = match by_unit.iter().max_by_key(|(_, n)| **n) {
        Some((unit, n)) => Some(context! { name => unit_name(&context, unit).await?, times => n }),
        None => None,
    };
    let pack = context.app.definitions.pack();
    let most_register = by_register
        .iter()
        .filter_map(|(id, n)| pack.register(id).map(|r| (r.name.get(context.lang), n)))
        .max_by_key(|(_, n)| **n)
        .map(|(name, times)| context! { name, times });
    let own = all.iter().filter(|a| a.actor.unit().is_none()).count();
    let mut lines = lines(&context, all).await?;
    if only_others {
        lines.retain(|l| !l.own);
    }
    let values = context! {
        lines, times, units => by_unit.len(), own, most_unit, most_register, days,
        whose => if only_others { "others" } else { "all" },
    };
    Ok(context.page("me", "record/accesses.html", values).await?)
}

/// Everything needed to check one entry without us: its text, its salt, its commitment, and the chain around its place.
async fn proof(context: Context, Path(id): Path<String>) -> std::result::Result<Response, Fail> {
    let person = context.resident()?;
    let id = Id::<Access>::parse(&id)?;
    let store = &context.app.store;
    let entry = tables::access(store, &person.id, id.as_str()).await?.ok_or(Error::NotFound)?;
    let body = crate::access::proof(store, entry).await?.told();
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"maru-proof-{id}.json\"")),
    ];
    Ok((headers, serde_json::to_string_pretty(&body).map_err(Error::internal)?).into_response())
}
