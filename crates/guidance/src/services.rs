//! Finding a service, the lists of mine, and one service's page.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, Query},
    response::Response,
    routing::get,
};
use maru_definition::{
    Deadline, Detail, Entry, Explained, List, Pack, Service, ServiceKind, To, Why, suggest,
};
use maru_kernel::{Error, Lang, Result};
use maru_rules::{Answer, Value};
use maru_web::{
    Context, Fail, Shared, Shown, context,
    ports::{PersonKind, RoleKind, Source, Sourced},
    shown,
};
use serde::Serialize;

use crate::{actions, home, membership};

pub const PAGE: usize = 40;

pub fn routes() -> Router<Shared> {
    Router::new().route("/services/mine", get(mine)).route("/services/{id}", get(service))
}

pub type Terms = BTreeMap<String, String>;
pub type Answered = std::result::Result<Response, Fail>;

#[derive(Serialize)]
pub struct Item {
    id: String,
    name: String,
    agency: String,
    field: String,
    deadline: String,
    answer: Option<Answer>,
    amount: Option<i64>,
    why: String,
}

pub fn deadline(context: &Context, entry: &Entry) -> String {
    match entry.deadline {
        Deadline::Always => context.t("service-always"),
        Deadline::On(date) if date < context.now.date() => {
            let day = shown::full(context.lang, date);
            context.app.texts.get(context.lang, "service-closed", &[("day", day.into())]).unwrap_or_default()
        }
        Deadline::On(date) => shown::deadline(context.lang, date),
        Deadline::Unstated => String::new(),
    }
}

/// The owner of a service written in depth has a name in every language; the catalogue's agencies are Korean.
pub fn agency(context: &Context, entry: &Entry) -> String {
    let definitions = &context.app.definitions;
    let owner = definitions.service(&entry.id).and_then(|s| definitions.pack().agency(&s.owner).cloned());
    owner.map_or(entry.agency.clone(), |a| a.name.get(context.lang).to_owned())
}

pub fn item(context: &Context, entry: &Entry, answer: Option<Answer>) -> Item {
    Item {
        id: entry.id.clone(),
        name: entry.name.get(context.lang).to_owned(),
        agency: agency(context, entry),
        field: context.app.definitions.pack().field(&entry.field, context.lang).to_owned(),
        deadline: deadline(context, entry),
        answer,
        amount: None,
        why: String::new(),
    }
}

pub fn page_number(terms: &Terms) -> usize {
    terms.get("page").and_then(|p| p.parse::<usize>().ok()).unwrap_or(1).clamp(1, 1_000)
}

pub fn resident(context: &Context) -> bool {
    context.session.as_ref().is_some_and(|s| s.person.kind == PersonKind::Resident)
}

async fn mine(context: Context, Query(terms): Query<Terms>) -> Answered {
    let person = context.resident()?;
    let (_, guidance) = actions::guide(&context, person).await?;
    let (answer, name) = match terms.get("answer").map(String::as_str) {
        Some("no") => (Answer::No, "no"),
        Some("unknown") => (Answer::Unknown, "unknown"),
        _ => (Answer::Yes, "yes"),
    };
    let field = terms.get("field").cloned().unwrap_or_default();
    let mut fields: BTreeMap<String, usize> = BTreeMap::new();
    for (entry, _) in guidance.all().filter(|(_, a)| *a == answer) {
        *fields.entry(entry.field.clone()).or_default() += 1;
    }
    let page = page_number(&terms);
    let wanted = |entry: &Entry| field.is_empty() || entry.field == field;
    let mut items: Vec<Item> = if answer == Answer::No {
        guidance
            .all()
            .filter(|(e, a)| *a == answer && wanted(e))
            .map(|(e, a)| item(&context, e, Some(a)))
            .collect()
    } else {
        guidance
            .ranked(context.app.definitions.guided())
            .iter()
            .filter(|r| r.answer == answer && wanted(&r.entry))
            .map(|r| Item { amount: r.amount.map(|won| won.0), ..item(&context, &r.entry, Some(r.answer)) })
            .collect()
    };
    let total = items.len();
    items = items.into_iter().skip(PAGE * (page - 1)).take(PAGE).collect();
    for item in &mut items {
        let explained = guidance.explain(&item.id);
        item.why = explained.and_then(|e| leading(&context, &e, answer)).unwrap_or_default();
    }
    let pack = context.app.definitions.pack();
    let fields: Vec<(&str, &str, usize)> =
        fields.iter().map(|(ko, count)| (ko.as_str(), pack.field(ko, context.lang), *count)).collect();
    let counts = guidance.counts();
    let values = context! {
        answer => name, items, total, page, from => PAGE * (page - 1) + 1, to => (PAGE * page).min(total),
        more => total > PAGE * page, fields, field, yes => counts.yes, unknown => counts.unknown, no => counts.no,
    };
    Ok(context.page("home", "guidance/mine.html", values).await?)
}

/// The one reason a list shows: what decided against, what is open, or what it is meant for.
pub fn leading(context: &Context, explained: &Explained, answer: Answer) -> Option<String> {
    let why = explained.reasons.iter().find(|why| why.answer == answer)?;
    let (label, detail) = (why.label.get(context.lang), why.detail.get(context.lang));
    Some(if detail.is_empty() { label.to_owned() } else { format!("{label}: {detail}") })
}

#[derive(Serialize)]
pub struct Condition {
    answer: Answer,
    label: String,
    detail: String,
    article: String,
    value: String,
    kind: &'static str,
    source: String,
    ask: Option<String>,
}

/// My value and where it comes from.
pub fn condition(context: &Context, why: &Why, sourced: Option<&Sourced>) -> Condition {
    let pack = context.app.definitions.pack();
    let lang = context.lang;
    let show = |name: &str, value: &Value| pack.fact(name).map_or(String::new(), |f| f.show(value, lang));
    let mut values: Vec<String> = Vec::new();
    let mut sources: Vec<String> = Vec::new();
    let mut kind = "computed";
    let mut ask = None;
    let known: Vec<_> =
        why.facts.iter().filter(|(_, value)| !matches!(value, None | Some(Value::Unknown))).collect();
    for (name, value) in &known {
        if (known.len() == 1 || why.value.is_none())
            && let Some(value) = value
        {
            let label = pack.fact(name).map(|f| f.label.get(lang).to_owned()).unwrap_or_default();
            let text = show(name, value);
            values.push(if matches!(value, Value::Bool(_)) { format!("{label}: {text}") } else { text });
        }
        match sourced.and_then(|s| s.sources.get(name)) {
            Some(Source::Register { register, at }) => {
                kind = "register";
                let name = pack.register(register).map(|r| r.name.get(lang).to_owned()).unwrap_or_default();
                let when = at.map(|at| shown::day(lang, at.date())).unwrap_or_default();
                let text = format!("{name} · {when}");
                if !sources.contains(&text) {
                    sources.push(text);
                }
            }
            Some(Source::Said { at }) => {
                kind = if kind == "register" { kind } else { "you" };
                let text = format!("{} · {}", context.t("source-you"), shown::day(lang, at.date()));
                if !sources.contains(&text) {
                    sources.push(text);
                }
            }
            None => {}
        }
    }
    if let Some(value) = &why.value
        && values.is_empty()
    {
        values.push(plain(value, lang));
    }
    if values.is_empty() {
        values.push(context.t("service-not-known"));
        ask = why
            .facts
            .iter()
            .find(|(name, _)| pack.fact(name).is_some_and(|f| f.asked()))
            .map(|(name, _)| name.clone());
    }
    // A trait nobody asks about one by one: three are enough to see what it is about.
    let more = values.len().saturating_sub(3);
    values.truncate(3);
    let mut value = values.join(", ");
    if more > 0 {
        value.push_str(&format!(" +{more}"));
    }
    sources.truncate(3);
    let mut detail = why.detail.get(lang).to_owned();
    if let Some(limit) = &why.limit {
        detail = format!("{detail} ({})", plain(limit, lang));
    }
    Condition {
        answer: why.answer,
        label: why.label.get(lang).to_owned(),
        detail,
        article: why.article.clone(),
        value,
        kind,
        source: sources.join(", "),
        ask,
    }
}

fn plain(value: &Value, lang: Lang) -> String {
    match value {
        Value::Number(n) => {
            let text = n.to_i64().map_or(n.to_string(), |n| maru_kernel::Won(n).to_string());
            if n.to_i64().is_some_and(|n| n.abs() >= 1_000) {
                if lang == Lang::Ko { format!("{text}원") } else { format!("{text} won") }
            } else {
                text
            }
        }
        Value::Bool(true) => if lang == Lang::Ko { "네" } else { "Yes" }.into(),
        Value::Bool(false) => if lang == Lang::Ko { "아니요" } else { "No" }.into(),
        Value::Text(text) => text.clone(),
        Value::Date(date) => shown::full(lang, *date),
        Value::Unknown => String::new(),
        other => other.to_json().to_string(),
    }
}

/// What a service written in depth says of itself.
pub fn in_depth(context: &Context, pack: &Pack, service: &Service) -> maru_web::Shown {
    let text = service.text(context.lang);
    let steps: Vec<_> = service
        .steps
        .iter()
        .enumerate()
        .map(|(i, s)| context! { label => text.step(s), state => if i == 0 { "now" } else { "next" } })
        .collect();
    let held: Vec<&str> = service.evidence.iter().map(|e| text.evidence(&e.register)).collect();
    let asked: Vec<&str> = service
        .form
        .pages
        .iter()
        .filter(|p| p.when.is_none())
        .map(|p| text.page(&p.id).short.as_str())
        .collect();
    let owner = pack.agency(&service.owner).map(|a| a.name.get(context.lang).to_owned());
    context! {
        summary => text.summary, gives => text.gives, method => text.method, decides => text.decides,
        period_text => text.period, period_days => service.period.days, period_hours => service.period.hours, kind => service.kind.as_str(),
        anywhere => service.to != To::Home, period_article => service.period.article,
        objection => text.objection, steps, held, asked, owner, law => service.law, pays => service.pays.as_str(),
        in_depth => true, texts => Vec::<maru_web::Shown>::new(), others => Vec::<maru_web::Shown>::new(),
    }
}

async fn service(context: Context, Path(id): Path<String>) -> Answered {
    let definitions = &context.app.definitions;
    let entry = definitions.entry(&id).ok_or(Error::NotFound)?;
    let deep = definitions.service(&id).filter(|service| !service.ended);
    let mut answer = None;
    let mut conditions: Vec<Condition> = Vec::new();
    let mut lines = Vec::new();
    let (mut amount, mut spoke) = (None, "");
    let (mut unit, mut open) = (None, None);
    let mut wish = None;
    if resident(&context) {
        let person = context.person()?;
        let (sourced, guidance) = actions::guide(&context, person).await?;
        if let Some(explained) = guidance.explain(&id) {
            answer = Some(explained.answer);
            conditions =
                explained.reasons.iter().map(|why| condition(&context, why, Some(&sourced))).collect();
            amount = explained.amount.map(|won| won.0);
            spoke = if deep.is_none() && only_words(&entry) { "words" } else { explained.spoke.as_str() };
            if let Some(service) = &deep {
                let text = service.text(context.lang);
                for line in &explained.lines {
                    let value = match &line.value {
                        Some(Value::Number(n)) => {
                            n.to_i64().map_or(n.to_string(), |n| maru_kernel::Won(n).to_string())
                        }
                        _ => continue,
                    };
                    lines.push(context! { label => text.line(&line.id), value, sign => line.sign });
                }
            }
        }
        if let Some(service) = &deep {
            wish = membership::pages::wish(&context, &person.id, service).await?;
            if service.to == To::Home {
                unit = responsible(&context, &sourced, &service.unit_kind).await?;
            }
            open = context
                .app
                .ports
                .cases
                .of(&person.id)
                .await?
                .into_iter()
                .find(|c| c.service == id && c.open && (c.state == "draft" || service.kind == ServiceKind::Benefit))
                .map(|c| context! {
                    href => if c.state == "draft" { format!("/cases/{}/form", c.id) } else { format!("/cases/{}", c.id) },
                    draft => c.state == "draft",
                });
        }
    }
    let details = definitions.details(&id).await?;
    let values = match &deep {
        Some(service) => in_depth(&context, &definitions.pack(), service),
        None => {
            let (texts, others) = texts(&details);
            context! { in_depth => false, texts, others, pays => "none", kind => "benefit" }
        }
    };
    let origins: Vec<_> = entry
        .origins
        .iter()
        .map(|o| context! { list => o.list.as_str(), id => o.source_id, url => o.url, on => o.since.date().to_string() })
        .collect();
    let origin = entry.origins.first().map_or("gov24", |origin| origin.list.as_str());
    let shell = context! {
        suggestions => suggestions(&context, &entry, &details), origins, origin,
        edits => context.session.as_ref().is_some_and(|s| s.has(RoleKind::Operator)),
        id, name => entry.name.get(context.lang), agency => agency(&context, &entry), field => definitions.pack().field(&entry.field, context.lang), url => entry.url,
        deadline => deadline(&context, &entry), area => area(&context, &entry), answer, conditions, lines, amount, spoke,
        unit, open, wish, resident => resident(&context), signed_in => context.session.is_some(), note => home::note(&context),
    };
    Ok(context.page("services", "guidance/service.html", context! { ..shell, ..values }).await?)
}

/// Whether no list gives codes for it.
fn only_words(entry: &Entry) -> bool {
    entry.origins.iter().all(|origin| origin.list == List::Bokjiro) && !entry.origins.is_empty()
}

/// The first list's texts, and of each further one what it says otherwise.
fn texts(details: &[Detail]) -> (Vec<Shown>, Vec<Shown>) {
    let mut said: Vec<&str> = Vec::new();
    let mut lists = details.iter().filter(|detail| !detail.texts.is_empty()).map(|detail| {
        let new: Vec<_> = detail.texts.iter().filter(|(_, text)| !said.contains(&text.as_str())).collect();
        said.extend(new.iter().map(|(_, text)| text.as_str()));
        let part = |(key, text): &&(String, String)| {
            let paragraphs: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
            context! { key, paragraphs }
        };
        (detail.list, new.iter().map(part).collect::<Vec<_>>())
    });
    let first = lists.next().map(|(_, parts)| parts).unwrap_or_default();
    let others = lists.filter(|(_, parts)| !parts.is_empty());
    (first, others.map(|(list, parts)| context! { list => list.as_str(), parts }).collect())
}

/// What the text seems to ask, each with the words that say so and whether somebody confirmed it.
fn suggestions(context: &Context, entry: &Entry, details: &[Detail]) -> Vec<Shown> {
    let all = details.iter().flat_map(|detail| &detail.suggestions);
    all.filter(|s| entry.suggested.contains(&s.key))
        .map(|s| {
            let confirmed = entry.confirmed.iter().find(|c| c.key == s.key);
            context! {
                key => s.key, words => suggest::words(&s.key).get(context.lang), from => s.from, quote => s.quote,
                confirmed => confirmed.map(|c| c.at.date().to_string()),
            }
        })
        .collect()
}

pub fn area(context: &Context, entry: &Entry) -> String {
    entry.area.clone().unwrap_or_else(|| context.t("service-nationwide"))
}

/// The unit that would decide, by where the registers say the person lives.
async fn responsible(context: &Context, sourced: &Sourced, kind: &str) -> Result<Option<Shown>> {
    let Some(Value::Text(home)) = sourced.facts.get("거주지") else { return Ok(None) };
    Ok(context.app.responsible(kind, home).await?.map(|unit| {
        let name = format!("{} {}", unit.agency.get(context.lang), unit.name.get(context.lang));
        context! { name, contact => unit.contact }
    }))
}
