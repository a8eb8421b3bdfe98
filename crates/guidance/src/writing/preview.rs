//! A draft as residents would see it, with its cases, and tried with facts of one's own. Nothing of it is kept.

use std::collections::BTreeMap;

use axum::extract::Path;
use maru_definition::{FactDef, FactKind, Pack, RanCase, Service};
use maru_kernel::{Date, Problem, Won};
use maru_rules::{Answer, Facts};
use maru_web::{Context, Shown, Typed, context};
use serde_json::Value as Json;

use super::pages::{Answered, head, page, session, told};
use crate::{services, writing};

pub async fn show(context: Context, Path(id): Path<String>) -> Answered {
    drawn(&context, &id, &Typed(BTreeMap::new())).await
}

pub async fn attempt(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    drawn(&context, &id, &typed).await
}

/// The answer and the amount, ready to read.
fn outcome(context: &Context, (answer, amount): (Answer, Option<i64>)) -> Shown {
    let text = context.t(&format!("services-answer-{answer}"));
    context! { answer => answer.to_string(), text, amount => amount.map(|won| Won(won).to_string()) }
}

fn ran(context: &Context, case: &RanCase) -> Shown {
    let wrong: Vec<_> = case
        .wrong
        .iter()
        .map(|(what, todo)| context! { what => what.get(context.lang), todo => todo.get(context.lang) })
        .collect();
    context! {
        name => case.name, on => case.on, expected => outcome(context, case.expected),
        decided => case.decided.map(|decided| outcome(context, decided)), wrong,
    }
}

/// The facts that the rules read, as fields to fill in.
fn fields<'a>(pack: &'a Pack, service: &Service) -> Vec<&'a FactDef> {
    let names = service.rules.names();
    let reads = |fact: &&FactDef| {
        names.iter().any(|name| {
            name.strip_prefix(&fact.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    };
    pack.facts.iter().filter(reads).collect()
}

fn field(context: &Context, place: usize, fact: &FactDef, typed: &str, error: &str) -> Shown {
    let kind = match fact.kind {
        FactKind::Boolean => "yesno",
        FactKind::Choice => "choice",
        FactKind::Number => "number",
        FactKind::Date => "date",
        FactKind::List => "list",
        FactKind::Text | FactKind::Region => "text",
    };
    let choices: Vec<_> = std::iter::once(context! { value => "", label => context.t("form-choose"), selected => typed.is_empty() })
        .chain(fact.choices.iter().map(|choice| {
            context! { value => choice.value, label => choice.label.get(context.lang), selected => choice.value == typed }
        }))
        .collect();
    context! {
        id => format!("fact-{place}"), kind, label => fact.label.get(context.lang), value => typed, error, choices,
        hint => (fact.kind == FactKind::List).then(|| context.t("services-try-list")),
    }
}

/// What was typed, as the fact would be sent.
fn sent(fact: &FactDef, typed: &str) -> Option<Json> {
    match fact.kind {
        FactKind::Boolean => match typed {
            "yes" => Some(Json::Bool(true)),
            "no" => Some(Json::Bool(false)),
            _ => None,
        },
        FactKind::Number | FactKind::List => Some(
            serde_json::from_str(&typed.replace(',', if fact.kind == FactKind::Number { "" } else { "," }))
                .unwrap_or_else(|_| typed.into()),
        ),
        FactKind::Choice | FactKind::Text | FactKind::Date | FactKind::Region => Some(typed.into()),
    }
}

async fn drawn(context: &Context, id: &str, typed: &Typed) -> Answered {
    let (draft, part) = writing::draft(&context.app, session(context)?, id).await?;
    let tried = context.app.definitions.tried(&draft);
    let faults = told(context, &draft, &tried.faults);
    let cases: Vec<_> = tried.cases.iter().map(|case| ran(context, case)).collect();
    let good = tried.cases.iter().filter(|case| case.wrong.is_empty()).count();
    let values = context! { faults, cases, good };
    let values = context! { ..values, ..head(context, &draft, part, &tried) };
    let Some(service) = &tried.service else {
        return page(context, "guidance/writing-preview.html", values, &[]).await;
    };
    let today = context.now.date();
    let (mut facts, mut problems, mut shown) = (Facts::new(), Vec::new(), Vec::new());
    let on = match typed.get("on") {
        "" => today,
        text => text.parse::<Date>().unwrap_or_else(|_| {
            problems.push(Problem { field: "on".into(), key: "form-date".into(), value: None });
            today
        }),
    };
    for (place, fact) in fields(&tried.pack, service).into_iter().enumerate() {
        let id = format!("fact-{place}");
        let text = typed.get(&id).trim();
        let mut error = String::new();
        if !text.is_empty()
            && let Some(json) = sent(fact, text)
        {
            match fact.read(&json, &tried.pack.regions) {
                Ok(value) => facts.insert(&fact.name, value),
                Err(key) => {
                    let problem = Problem { field: id, key, value: None };
                    error = context.told(&problem);
                    problems.push(problem);
                }
            }
        }
        shown.push(field(context, place, fact, text, &error));
    }
    let asked = !typed.0.is_empty() && problems.is_empty();
    let decision = asked.then(|| service.rules.decide(&facts, &tried.pack.parameters, on));
    let words = service.text(context.lang);
    let decided = decision.map(|decision| {
        let reasons: Vec<_> = decision
            .reasons
            .iter()
            .map(|reason| {
                let text = words.condition(&reason.id);
                let said = if reason.answer == Answer::No { &text.no } else { &text.detail };
                context! { answer => reason.answer.to_string(), label => text.label, said, article => reason.article }
            })
            .collect();
        let label = |name: &String| tried.pack.fact(name).map_or(name.clone(), |f| f.label.get(context.lang).to_owned());
        let missing: Vec<_> = decision.missing.iter().map(label).collect();
        context! { outcome => outcome(context, (decision.answer, decision.amount)), reasons, missing }
    });
    let questions: Vec<_> = service
        .form
        .pages
        .iter()
        .map(|page| {
            let fields: Vec<_> =
                page.fields.iter().map(|field| words.field(&field.id).label.as_str()).collect();
            let text = words.page(&page.id);
            context! { title => text.title, why => text.why, fields }
        })
        .collect();
    let resident = services::in_depth(context, &tried.pack, service);
    let more = context! {
        ready => true, unit => None::<maru_web::Shown>, questions, fields => shown, on => on.to_string(), decided, url => service.url, service_name => words.name,
    };
    let values = context! { ..more, ..context! { ..values, ..resident } };
    page(context, "guidance/writing-preview.html", values, &problems).await
}
