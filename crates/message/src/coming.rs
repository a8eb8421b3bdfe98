//! The page and the API of what comes due.

use std::collections::BTreeSet;

use axum::{
    Json, Router,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use maru_definition::{Lasts, Opens, Reminder, Service, ahead::days_until};
use maru_kernel::{Date, Result};
use maru_web::{ApiContext, Context, Fail, Said, Sent, Shared, Typed, context, shown};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    reminders,
    tables::{self, Wish},
};

/// Bars are full from so many days on.
const FAR: i64 = 180;

pub fn routes() -> Router<Shared> {
    Router::new().route("/reminders", get(show).post(choose))
}

pub fn api() -> Router<Shared> {
    Router::new().route("/me/reminders", get(listed).put(put))
}

#[derive(Serialize)]
struct Coming {
    name: String,
    text: String,
    law: String,
    left: String,
    late: bool,
    days: i64,
    at: String,
    until: String,
    tells: String,
    service: Option<String>,
    url: Option<String>,
    /// The granted case that ends.
    case: Option<String>,
}

#[derive(Serialize)]
struct Choice {
    id: String,
    name: String,
    reads: String,
    chosen: bool,
}

/// Something with its day, as everything of the page is shown.
fn dated(context: &Context, due: Date, name: String, text: &str, law: &str) -> Coming {
    let (lang, days) = (context.lang, days_until(context.now.date(), due));
    let left = match days {
        0 => context.t("reminder-today"),
        1.. => said(context, "reminder-days", "count", days.into()),
        _ => said(context, "reminder-past", "count", days.saturating_neg().into()),
    };
    Coming {
        name,
        text: text.to_owned(),
        law: law.to_owned(),
        left,
        late: days <= 7,
        days: days.clamp(0, FAR),
        at: due.to_string(),
        until: said(context, "reminder-until", "date", shown::full(lang, due).into()),
        tells: String::new(),
        service: None,
        url: None,
        case: None,
    }
}

fn said(context: &Context, key: &str, name: &str, value: Said<'_>) -> String {
    context.app.texts.get(context.lang, key, &[(name, value)]).unwrap_or_default()
}

/// What a person wished to be told of.
fn coming(context: &Context, wish: &Wish, reminder: &Reminder, due: Date) -> Coming {
    let (lang, today) = (context.lang, context.now.date());
    let name = reminder.name.get(lang).to_owned();
    let mut coming = dated(context, due, name, reminder.text.get(lang), &reminder.law);
    if today <= due && wish.look <= due && wish.look > today {
        coming.tells = said(context, "reminder-tells", "date", shown::full(lang, wish.look).into());
    }
    match &reminder.opens {
        Opens::Service(service) => coming.service = Some(service.clone()),
        Opens::Url(url) => coming.url = Some(url.clone()),
    }
    coming
}

/// What was granted and ends: nothing has to be chosen, and nothing is read.
fn ending(context: &Context, case: String, service: &Service, lasts: &Lasts, until: Date) -> Coming {
    let text = service.text(context.lang);
    let name = said(context, "reminder-ends", "name", text.name.as_str().into());
    Coming { case: Some(case), ..dated(context, until, name, &text.lasts, &lasts.article) }
}

/// What is read for one, in words.
fn reads(context: &Context, reminder: &Reminder) -> String {
    let pack = context.app.definitions.pack();
    let Some(register) = pack.register(&reminder.register) else {
        return String::new();
    };
    let labels: Vec<&str> = reminder
        .fields(register)
        .iter()
        .filter_map(|name| register.field(name).map(|field| field.label.get(context.lang)))
        .collect();
    let args = [("register", register.name.get(context.lang).into()), ("fields", labels.join(", ").into())];
    context.app.texts.get(context.lang, "reminder-reads", &args).unwrap_or_default()
}

async fn show(context: Context) -> std::result::Result<Response, Fail> {
    let person = context.resident()?;
    let wishes = tables::wishes(&context.app.store, &person.id).await?;
    let (mut dated, mut quiet, mut choices) = (Vec::new(), Vec::new(), Vec::new());
    for reminder in &context.app.definitions.pack().reminders {
        let wish = wishes.get(&reminder.id);
        let name = reminder.name.get(context.lang).to_owned();
        match wish.map(|wish| (wish, wish.due)) {
            Some((wish, Some(due))) => dated.push((due, coming(&context, wish, reminder, due))),
            Some(_) => quiet.push(name.clone()),
            None => {}
        }
        let id = reminder.id.clone();
        choices.push(Choice { id, name, reads: reads(&context, reminder), chosen: wish.is_some() });
    }
    for case in context.app.ports.cases.of(&person.id).await? {
        let service = context.app.definitions.service(&case.service);
        let lasts = service.as_ref().and_then(|service| Some((service, service.lasts.as_ref()?)));
        if let Some((until, (service, lasts))) =
            case.until.filter(|until| *until >= context.now.date()).zip(lasts)
        {
            dated.push((until, ending(&context, case.id, service, lasts, until)));
        }
    }
    dated.sort_by_key(|(due, _)| *due);
    let coming: Vec<Coming> = dated.into_iter().map(|(_, coming)| coming).collect();
    let read_at = wishes.values().filter_map(|wish| wish.read_at).max().map(|at| at.micros());
    let values = context! { coming, quiet, choices, most => FAR, read_at };
    Ok(context.page("messages", "message/reminders.html", values).await?)
}

async fn choose(context: Context, typed: Typed) -> std::result::Result<Response, Fail> {
    let person = context.resident()?;
    let ids: BTreeSet<&str> = typed.0.keys().filter_map(|name| name.strip_prefix("remind-")).collect();
    reminders::choose(&context.app, &person.id, &ids).await?;
    Ok(Redirect::to("/reminders").into_response())
}

async fn told(context: &Context, party: &str) -> Result<Response> {
    let wishes = tables::wishes(&context.app.store, party).await?;
    let pack = context.app.definitions.pack();
    let all = pack.reminders.iter().map(|reminder| {
        let wish = wishes.get(&reminder.id);
        let due = wish.and_then(|wish| wish.due);
        json!({
            "id": reminder.id, "name": reminder.name.get(context.lang), "law": reminder.law,
            "chosen": wish.is_some(), "due": due.map(|due| due.to_string()),
            "told_next": wish.filter(|wish| due.is_some_and(|due| wish.look <= due)).map(|wish| wish.look.to_string()),
        })
    });
    Ok(Json(json!({ "reminders": all.collect::<Vec<_>>() })).into_response())
}

/// What comes due for me, and what I am told of.
async fn listed(ApiContext(context): ApiContext) -> std::result::Result<Response, Fail> {
    let person = context.resident()?;
    Ok(told(&context, &person.id).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chosen {
    reminders: Vec<String>,
}

/// Says what I wish to be told of: these and no others.
async fn put(
    ApiContext(context): ApiContext,
    Sent(chosen): Sent<Chosen>,
) -> std::result::Result<Response, Fail> {
    let person = context.resident()?;
    let ids: BTreeSet<&str> = chosen.reminders.iter().map(String::as_str).collect();
    reminders::choose(&context.app, &person.id, &ids).await?;
    Ok(told(&context, &person.id).await?)
}
