//! Who decides in whose place, and who is whose deputy.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, Query},
    routing::{get, post},
};
use maru_kernel::{Error, Problem, Result};
use maru_web::{
    Context, Fail, Shared, Shown, Typed, context,
    ports::{Mandate, MandateKind},
};

use crate::{
    actions::{self, NewMandate},
    pages::{Answered, page, to},
};

pub fn routes() -> Router<Shared> {
    Router::new().route("/documents/away", get(show).post(give)).route("/documents/away/{id}/end", post(end))
}

async fn shown(context: &Context, mandate: &Mandate) -> Result<Shown> {
    let people = &context.app.ports.people;
    let over = mandate.ended.or(mandate.until).is_some_and(|at| at <= context.now);
    Ok(context! {
        id => mandate.id, kind => mandate.kind.as_str(), giver => people.person(&mandate.giver).await?.titled(context.lang),
        taker => people.person(&mandate.taker).await?.titled(context.lang), from => mandate.from.date().to_string(),
        until => mandate.until.map(|at| at.plus_seconds(-1).date().to_string()), over, holds => mandate.holds(context.now),
    })
}

async fn mandates_page(
    context: &Context,
    words: &str,
    problems: &[Problem],
    typed: &BTreeMap<String, String>,
) -> Answered {
    let (person, unit) = context.official()?;
    let people = &context.app.ports.people;
    let (mut given, mut taken) = (Vec::new(), Vec::new());
    for mandate in people.mandates(&person.id).await? {
        let list = if mandate.giver == person.id { &mut given } else { &mut taken };
        list.push(shown(context, &mandate).await?);
    }
    let chosen = |name: &str| typed.get(name).cloned().unwrap_or_default();
    let mut takers = Vec::new();
    for official in people.officials(words.is_empty().then_some(unit), words, context.now).await? {
        if official.id != person.id {
            let label = official.titled(context.lang);
            takers.push(context! { value => official.id, label, selected => official.id == chosen("taker") });
        }
    }
    let kinds: Vec<Shown> = [MandateKind::Deputy, MandateKind::Decide]
        .into_iter()
        .map(|kind| {
            let key = format!("work-mandate-{}", kind.as_str());
            let checked =
                kind.as_str() == if chosen("kind").is_empty() { "deputy".into() } else { chosen("kind") };
            let hint = context.t(&format!("{key}-text"));
            context! { value => kind.as_str(), label => context.t(&key), hint, checked }
        })
        .collect();
    let values = context! {
        tab => "away", given, taken, takers, kinds, q => words, from => chosen("from"), until => chosen("until"),
    };
    page(context, "work/away.html", problems, values).await
}

async fn show(context: Context, Query(asked): Query<BTreeMap<String, String>>) -> Answered {
    let words = asked.get("q").map_or("", |words| words.trim());
    mandates_page(&context, words, &[], &BTreeMap::new()).await
}

async fn give(context: Context, typed: Typed) -> Answered {
    let (person, _) = context.official()?;
    let day = |name: &str| typed.get(name).parse().ok();
    let Some(kind) = MandateKind::parse(typed.get("kind")) else {
        let problem = Problem { field: "kind".into(), key: "work-kind-needed".into(), value: None };
        return mandates_page(&context, typed.get("q"), &[problem], &typed.0).await;
    };
    let new = NewMandate { kind, taker: typed.get("taker").into(), from: day("from"), until: day("until") };
    match actions::give_mandate(&context.app, person, &new).await {
        Ok(_) => to("/documents/away"),
        Err(Error::Invalid(problems)) => mandates_page(&context, typed.get("q"), &problems, &typed.0).await,
        Err(other) => Err(Fail(other)),
    }
}

async fn end(context: Context, Path(id): Path<String>, _typed: Typed) -> Answered {
    let (person, _) = context.official()?;
    actions::end_mandate(&context.app, person, &id).await?;
    to("/documents/away")
}
