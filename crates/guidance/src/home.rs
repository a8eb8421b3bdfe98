//! The page a person lands on.

use std::collections::BTreeSet;

use axum::{
    Router,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maru_definition::{Deadline, FactKind, Guidance, NextQuestion, Ranked, ahead::days_until};
use maru_kernel::{Actor, Error, Lang, Problem, Result, Won};
use maru_rules::{Answer, Value};
use maru_web::{
    Context, Fail, Shared, Typed, context,
    ports::{ComingCard, Person, PersonKind, Role, RoleKind},
    shown,
};
use serde::Serialize;

use crate::{actions, services, tables};

pub fn routes() -> Router<Shared> {
    Router::new().route("/", get(home)).route("/questions", post(reply))
}

#[derive(Serialize)]
pub struct Card {
    pub id: String,
    pub name: String,
    pub agency: String,
    pub field: String,
    pub answer: Answer,
    pub amount: Option<i64>,
    pub pays: &'static str,
    pub tag_icon: &'static str,
    pub tag: String,
    pub text: String,
    pub open: bool,
}

#[derive(Serialize)]
pub struct Question {
    fact: String,
    text: String,
    why: String,
    kind: &'static str,
    options: Vec<(String, String)>,
    unit: String,
    /// What 100 % of the median is, for those who are asked for a share of it.
    median: String,
    pub settles: usize,
    least: usize,
    examples: Vec<String>,
}

/// A question in words; `regions`: with the list of all regions to choose from.
pub fn question(context: &Context, next: &NextQuestion, regions: bool) -> Option<Question> {
    let pack = context.app.definitions.pack();
    let def = pack.fact(&next.fact)?;
    let (kind, options) = match def.kind {
        FactKind::Boolean => ("yesno", Vec::new()),
        FactKind::Choice => {
            let choices = def.choices.iter().map(|c| (c.value.clone(), c.label.get(context.lang).to_owned()));
            ("choice", choices.collect())
        }
        FactKind::Region => {
            let names = pack.regions.iter().filter(|_| regions).map(|r| (r.name.clone(), r.name.clone()));
            ("region", names.collect())
        }
        FactKind::Number => ("number", Vec::new()),
        _ => ("text", Vec::new()),
    };
    let examples = next
        .examples
        .iter()
        .take(3)
        .filter_map(|id| context.app.definitions.entry(id).map(|e| e.name.get(context.lang).to_owned()))
        .collect();
    Some(Question {
        fact: next.fact.clone(),
        text: def.question.as_ref()?.get(context.lang).to_owned(),
        why: def.why.as_ref().map(|w| w.get(context.lang).to_owned()).unwrap_or_default(),
        kind,
        options,
        median: if def.group.as_deref() == Some("income") { median(context) } else { String::new() },
        unit: def.unit.as_ref().map(|u| u.get(context.lang).to_owned()).unwrap_or_default(),
        settles: next.most,
        least: next.least,
        examples,
    })
}

/// The standard median income of small households, as its parameter says today.
fn median(context: &Context) -> String {
    let pack = context.app.definitions.pack();
    let parameters = &pack.parameters;
    let Some(Value::List(amounts)) = parameters.at("기준중위소득", context.now.date()) else {
        return String::new();
    };
    let sizes: Vec<String> = amounts
        .iter()
        .take(4)
        .zip(1..)
        .filter_map(|(amount, size)| match amount {
            Value::Number(n) => n.to_i64().map(|n| (size, Won(n))),
            _ => None,
        })
        .map(|(size, won)| match context.lang {
            Lang::Ko => format!("{size}인 가구 {won}원"),
            Lang::En => format!("{size} in the household {won} won"),
        })
        .collect();
    context
        .app
        .texts
        .get(context.lang, "home-median", &[("sizes", sizes.join(", ").into())])
        .unwrap_or_default()
}

fn card(context: &Context, ranked: &Ranked, fresh: &BTreeSet<String>, open: &BTreeSet<String>) -> Card {
    let today = context.now.date();
    let entry = &ranked.entry;
    let count = |key: &str, n: i64| {
        context.app.texts.get(context.lang, key, &[("count", n.into())]).unwrap_or_default()
    };
    let (tag_icon, tag) = match &entry.deadline {
        Deadline::On(date) if (0..=60).contains(&days_until(today, *date)) => {
            ("clock", count("home-tag-deadline", days_until(today, *date)))
        }
        _ if fresh.contains(&entry.id) => ("person", context.t("home-tag-new")),
        Deadline::Always => ("clock", context.t("home-tag-always")),
        _ => ("", String::new()),
    };
    let in_depth = context.app.definitions.service(&entry.id);
    let pack = context.app.definitions.pack();
    let field = pack.field(&entry.field, context.lang);
    let text = match &in_depth {
        Some(service) => service.text(context.lang).summary.clone(),
        None => field.to_owned(),
    };
    Card {
        id: entry.id.clone(),
        name: entry.name.get(context.lang).to_owned(),
        agency: services::agency(context, entry),
        field: field.to_owned(),
        answer: ranked.answer,
        amount: ranked.amount.map(|won| won.0),
        pays: in_depth.as_ref().map_or("none", |s| s.pays.as_str()),
        tag_icon,
        tag,
        text,
        open: open.contains(&entry.id),
    }
}

/// Three that matter: most money, soonest deadline, newly mine; then as ranked.
fn three(
    context: &Context,
    ranked: &[Ranked],
    fresh: &BTreeSet<String>,
    open: &BTreeSet<String>,
) -> Vec<Card> {
    let today = context.now.date();
    let yes = || ranked.iter().filter(|r| r.answer == Answer::Yes && !open.contains(&r.entry.id));
    let soonest = yes()
        .filter_map(|r| match r.entry.deadline {
            Deadline::On(date) => Some((days_until(today, date), r)).filter(|(days, _)| *days >= 0),
            _ => None,
        })
        .min_by_key(|(days, _)| *days)
        .map(|(_, r)| r);
    let richest = yes().filter(|r| r.amount.is_some()).max_by_key(|r| r.amount);
    let newest = yes().find(|r| fresh.contains(&r.entry.id));
    let mut picked: Vec<&Ranked> = Vec::new();
    for candidate in [richest, soonest, newest].into_iter().flatten().chain(yes()) {
        if picked.len() < 3 && picked.iter().all(|p| p.entry.id != candidate.entry.id) {
            picked.push(candidate);
        }
    }
    picked.into_iter().map(|r| card(context, r, fresh, open)).collect()
}

async fn home(context: Context) -> std::result::Result<Response, Fail> {
    match &context.session {
        Some(session) if session.person.kind == PersonKind::Official => {
            let admin = session.administers() && !session.has(RoleKind::Clerk);
            Ok(Redirect::to(if admin { "/admin" } else { "/desk" }).into_response())
        }
        Some(_) => show(&context, &[]).await,
        None => {
            let definitions = &context.app.definitions;
            let values = context! { total => definitions.guided(), note => note(&context) };
            Ok(context.page("home", "guidance/welcome.html", values).await?)
        }
    }
}

/// Where the catalogue comes from and what it covers.
pub fn note(context: &Context) -> maru_web::Shown {
    let note = context.app.definitions.catalogue_note();
    context! {
        source => note.source.get(context.lang), licence => note.licence.get(context.lang),
        as_of => note.as_of.to_string(), coverage => note.coverage.get(context.lang), count => note.count,
    }
}

async fn show(context: &Context, problems: &[Problem]) -> std::result::Result<Response, Fail> {
    let person = context.resident()?;
    let (_, guidance) = actions::guide(context, person).await?;
    let seen = actions::look(context, person, &guidance).await?;
    let ports = &context.app.ports;
    let cases = ports.cases.of(&person.id).await?;
    let today = context.now.date();
    // What somebody has applied for or receives is nothing to be taken care of.
    let theirs: Vec<_> = cases.iter().filter(|case| case.holds(today)).collect();
    let names: BTreeSet<String> = theirs.iter().map(|case| case.service.clone()).collect();
    let top = three(context, &guidance.ranked(120), &seen.fresh, &names);
    let question =
        next_question(context, person, &guidance).await?.and_then(|next| question(context, &next, true));
    let counts = guidance.counts();
    let mut going = Vec::new();
    for case in theirs.into_iter().take(3) {
        let name = context.app.definitions.entry(&case.service).map(|e| e.name.get(context.lang).to_owned());
        going.push(context! {
            href => if case.state == "draft" { format!("/cases/{}/form", case.id) } else { format!("/cases/{}", case.id) },
            name, state => case.state, state_name => case.state_name.get(context.lang), due => case.due.map(|d| d.to_string()),
        });
    }
    let accesses = ports.registers.accesses(&person.id, context.now.plus_days(-30)).await?;
    let others: Vec<_> = accesses.iter().filter(|a| a.actor.unit().is_some()).collect();
    let units: BTreeSet<&str> = others.iter().filter_map(|a| a.actor.unit()).collect();
    let last = match others.first().map(|a| (&a.actor, a.at)) {
        Some((Actor::Official { unit, .. } | Actor::Unit { unit }, at)) => {
            // Who acts for the country works in no unit.
            let who = if unit == Role::COUNTRY {
                context.t("shell-country")
            } else {
                let unit = ports.people.unit(unit).await?;
                format!("{} {}", unit.agency.get(context.lang), unit.name.get(context.lang))
            };
            Some(context! { who, at => at.micros() })
        }
        _ => None,
    };
    let coming = ports.inbox.coming(&person.id, today, 2).await?.map(|cards| {
        let shown =
            |card: ComingCard| context! { name => card.name.get(context.lang), due => card.due.to_string() };
        cards.into_iter().map(shown).collect::<Vec<_>>()
    });
    let told: Vec<_> = problems.iter().map(|p| context! { id => "value", text => context.told(p) }).collect();
    let values = context! {
        name => person.name.get(context.lang),
        today => shown::deadline(context.lang, context.now.date()),
        question, problems => told, top,
        yes => counts.yes, unknown => counts.unknown, no => counts.no,
        elsewhere => guidance.counts_elsewhere(), total => context.app.definitions.guided(),
        going, coming, messages => ports.inbox.newest(&person.id, 3).await?,
        looked => context! { units => units.len(), times => others.len(), last },
        note => note(context),
    };
    Ok(if problems.is_empty() {
        context.page("home", "guidance/home.html", values).await?
    } else {
        context.page_again("home", "guidance/home.html", values).await?
    })
}

/// The question that would settle the most, among those this person may be asked and has not put off.
pub async fn next_question(
    context: &Context,
    person: &Person,
    guidance: &Guidance,
) -> Result<Option<NextQuestion>> {
    let skipped = tables::skipped(&context.app.store, &person.id, context.now).await?;
    let pack = context.app.definitions.pack();
    let skip = |fact: &str| skipped.contains(fact) || pack.fact(fact).is_none_or(|f| f.question.is_none());
    Ok(guidance.next_question(&skip))
}

async fn reply(context: Context, typed: Typed) -> std::result::Result<Response, Fail> {
    let person = context.resident()?;
    let fact = typed.get("fact");
    let value = typed.get("value");
    let back = if typed.get("from") == "me" { "/me" } else { "/" };
    if typed.0.contains_key("later") || value == "unknown" {
        actions::skip(&context, person, fact).await?;
        return Ok(Redirect::to(back).into_response());
    }
    if value.is_empty() && !typed.0.contains_key("forget") {
        return show(&context, &[Problem { field: "value".into(), key: "form-choice".into(), value: None }])
            .await;
    }
    match actions::reply(&context.app, person, fact, value).await {
        Ok(()) => Ok(Redirect::to(back).into_response()),
        Err(Error::Invalid(problems)) => show(&context, &problems).await,
        Err(other) => Err(Fail(other)),
    }
}
