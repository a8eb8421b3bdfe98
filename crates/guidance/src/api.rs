//! Facts in, answers out: for anyone's program, keeping nothing.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::{Path, Query},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use maru_definition::{Counts, Deadline, Detail, Entry, Guidance, List, NextQuestion, Searcher, Why};
use maru_kernel::{Error, Lang, Problem, Won};
use maru_rules::{Answer, Facts, Value};
use maru_web::{ApiContext, Context, Fail, Sent, Shared};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Body, json};

use crate::{actions, home};

/// Nobody types more to find a service.
const LONGEST: usize = 100;
/// The whole catalogue fits.
const MOST: usize = 20_000;

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/facts", get(facts))
        .route("/eligibility", post(eligibility))
        .route("/services", get(search))
        .route("/services/{id}", get(service))
        .route("/me/services", get(mine))
}

type Reply = Result<Response, Fail>;

/// The dictionary: every name a program may send.
async fn facts(ApiContext(context): ApiContext) -> Reply {
    let pack = context.app.definitions.pack();
    let facts: Vec<Body> = pack
        .facts
        .iter()
        .map(|f| {
            let choices: Vec<Body> = f
                .choices
                .iter()
                .map(|c| json!({ "value": c.value, "label": c.label, "code": c.code }))
                .collect();
            json!({
                "name": f.name, "kind": f.kind, "label": f.label, "unit": f.unit, "min": f.min, "max": f.max,
                "question": f.question, "with": f.with, "group": f.group, "codes": f.codes, "choices": choices,
            })
        })
        .collect();
    let regions: Vec<&str> = pack.regions.iter().map(|r| r.name.as_str()).collect();
    Ok(Json(json!({ "facts": facts, "regions": regions })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    facts: Map<String, Body>,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    full: bool,
    /// As of which day; today when absent.
    #[serde(default)]
    on: Option<maru_kernel::Date>,
}

/// Reads facts by the dictionary; every wrong one is told at once.
fn read(context: &Context, sent: &Map<String, Body>) -> Result<Facts, Error> {
    let pack = context.app.definitions.pack();
    let mut facts = Facts::default();
    let mut problems = Vec::new();
    for (name, json) in sent {
        let Some(def) = pack.fact(name) else {
            problems.push(Problem { field: name.clone(), key: "fact-unknown".into(), value: None });
            continue;
        };
        if json.is_null() {
            continue;
        }
        match def.read(json, &pack.regions) {
            Ok(value) => facts.insert(def.name.as_str(), value),
            Err(key) => problems.push(Problem { field: name.clone(), key, value: None }),
        }
    }
    if problems.is_empty() { Ok(facts) } else { Err(Error::Invalid(problems)) }
}

/// One service as programs see it.
#[derive(Serialize)]
struct Brief<'a> {
    id: &'a str,
    source_id: Option<&'a str>,
    name: &'a str,
    agency: &'a str,
    field: &'a str,
    deadline: &'a Deadline,
    url: &'a str,
}

impl<'a> Brief<'a> {
    fn of(entry: &'a Entry, lang: Lang) -> Self {
        Brief {
            id: &entry.id,
            source_id: entry.source_id.as_deref(),
            name: entry.name.get(lang),
            agency: &entry.agency,
            field: &entry.field,
            deadline: &entry.deadline,
            url: &entry.url,
        }
    }
}

/// One service with its answer and the reasons.
#[derive(Serialize)]
struct Answered<'a> {
    #[serde(flatten)]
    brief: Brief<'a>,
    answer: Answer,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Won>,
    spoke: &'static str,
    reasons: Vec<Reason<'a>>,
}

#[derive(Serialize)]
struct Reason<'a> {
    group: &'a str,
    answer: Answer,
    label: &'a str,
    detail: &'a str,
    article: &'a str,
    facts: Vec<Looked<'a>>,
    value: Option<&'a Value>,
    limit: Option<&'a Value>,
}

#[derive(Serialize)]
struct Looked<'a> {
    name: &'a str,
    value: Option<&'a Value>,
}

impl<'a> Reason<'a> {
    fn of(why: &'a Why, lang: Lang) -> Self {
        Reason {
            group: &why.group,
            answer: why.answer,
            label: why.label.get(lang),
            detail: why.detail.get(lang),
            article: &why.article,
            facts: why.facts.iter().map(|(name, value)| Looked { name, value: value.as_ref() }).collect(),
            value: why.value.as_ref(),
            limit: why.limit.as_ref(),
        }
    }
}

/// An answer alone, for those who want all services.
#[derive(Serialize)]
struct Bare<'a> {
    id: &'a str,
    answer: Answer,
}

#[derive(Serialize)]
struct Guided<T> {
    counts: Counts,
    services: Vec<T>,
    next_question: Option<Next>,
}

#[derive(Serialize)]
struct Next {
    #[serde(flatten)]
    question: home::Question,
    most: usize,
    by_value: BTreeMap<String, usize>,
}

/// The question as programs get it: `settles` is what is expected, `most` what is possible; regions are in `/facts`.
fn next(context: &Context, question: Option<NextQuestion>) -> Option<Next> {
    let next = question?;
    let mut question = home::question(context, &next, false)?;
    question.settles = next.settles;
    Some(Next { question, most: next.most, by_value: next.by_value.into_iter().collect() })
}

fn answer(
    context: &Context,
    guidance: &Guidance,
    limit: usize,
    full: bool,
    next_question: Option<NextQuestion>,
) -> Response {
    let (counts, next_question) = (guidance.counts(), next(context, next_question));
    if full {
        let services = guidance.all().map(|(entry, answer)| Bare { id: &entry.id, answer }).collect();
        return Json(Guided { counts, services, next_question }).into_response();
    }
    let ranked = guidance.ranked(limit);
    let explained: Vec<_> = ranked.iter().filter_map(|r| Some((r, guidance.explain(&r.entry.id)?))).collect();
    let services = explained
        .iter()
        .map(|(ranked, why)| Answered {
            brief: Brief::of(&ranked.entry, context.lang),
            answer: ranked.answer,
            amount: why.amount,
            spoke: why.spoke.as_str(),
            reasons: why.reasons.iter().map(|why| Reason::of(why, context.lang)).collect(),
        })
        .collect();
    Json(Guided { counts, services, next_question }).into_response()
}

async fn eligibility(ApiContext(context): ApiContext, Sent(asked): Sent<Asked>) -> Reply {
    let facts = read(&context, &asked.facts)?;
    let limit = asked.limit.unwrap_or(50);
    if limit > MOST {
        return Err(Fail(Error::invalid("limit", "api-limit")));
    }
    let on = asked.on.unwrap_or(context.now.date());
    let guidance = context.app.definitions.guide(&facts, on);
    let pack = context.app.definitions.pack();
    let question = guidance.next_question(&|fact| pack.fact(fact).is_none_or(|f| f.question.is_none()));
    Ok(answer(&context, &guidance, limit, asked.full, question))
}

#[derive(Deserialize)]
struct Terms {
    #[serde(default)]
    q: String,
    #[serde(default)]
    limit: Option<usize>,
}

async fn search(ApiContext(context): ApiContext, Query(terms): Query<Terms>) -> Reply {
    let limit = terms.limit.unwrap_or(20);
    if limit > MOST {
        return Err(Fail(Error::invalid("limit", "api-limit")));
    }
    if terms.q.chars().count() > LONGEST {
        let value = Some(LONGEST.to_string());
        return Err(Fail(Error::Invalid(vec![Problem {
            field: "q".into(),
            key: "form-too-long".into(),
            value,
        }])));
    }
    let searcher = Searcher { on: context.now.date(), ..Searcher::default() };
    let hits = context.app.definitions.search(terms.q.trim(), limit, &searcher)?;
    let services: Vec<Brief<'_>> = hits.entries.iter().map(|e| Brief::of(e, context.lang)).collect();
    Ok(Json(json!({ "total": hits.total, "services": services })).into_response())
}

async fn service(ApiContext(context): ApiContext, Path(id): Path<String>) -> Reply {
    let entry = context.app.definitions.entry(&id).ok_or(Error::NotFound)?;
    let brief = Brief::of(&entry, context.lang);
    let details = context.app.definitions.details(&id).await?;
    let mut texts = BTreeMap::new();
    for detail in details.iter().rev() {
        texts.extend(words(detail));
    }
    let sources = entry.origins.iter().map(|origin| {
        let said = details.iter().find(|detail| detail.list == origin.list);
        Source {
            list: origin.list,
            source_id: &origin.source_id,
            url: &origin.url,
            texts: said.map(words).unwrap_or_default(),
        }
    });
    let whole = Whole {
        brief,
        texts,
        in_depth: entry.in_depth,
        sources: sources.collect(),
        suggestions: suggested(&entry, &details),
    };
    Ok(Json(whole).into_response())
}

#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    brief: Brief<'a>,
    /// What the lists say of it; where several do, the one that speaks first.
    texts: BTreeMap<&'a str, &'a str>,
    in_depth: bool,
    /// Every list that has it.
    sources: Vec<Source<'a>>,
    /// What the text seems to ask; none answers anything until it is confirmed.
    suggestions: Vec<Suggested<'a>>,
}

#[derive(Serialize)]
struct Source<'a> {
    list: List,
    source_id: &'a str,
    url: &'a str,
    texts: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct Suggested<'a> {
    key: &'a str,
    quote: &'a str,
    confirmed: bool,
}

fn words(detail: &Detail) -> BTreeMap<&str, &str> {
    detail.texts.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect()
}

fn suggested<'a>(entry: &'a Entry, details: &'a [Detail]) -> Vec<Suggested<'a>> {
    let all = details.iter().flat_map(|detail| &detail.suggestions);
    all.filter(|suggestion| entry.suggested.contains(&suggestion.key))
        .map(|suggestion| Suggested {
            key: &suggestion.key,
            quote: &suggestion.quote,
            confirmed: entry.confirmed.iter().any(|c| c.key == suggestion.key),
        })
        .collect()
}

/// My services, from what registers hold about me: a read that is logged like any other.
async fn mine(ApiContext(context): ApiContext, Query(terms): Query<Terms>) -> Reply {
    let person = context.resident()?;
    let (_, guidance) = actions::guide(&context, person).await?;
    let question = home::next_question(&context, person, &guidance).await?;
    let limit = terms.limit.unwrap_or(50);
    if limit > MOST {
        return Err(Fail(Error::invalid("limit", "api-limit")));
    }
    Ok(answer(&context, &guidance, limit, false, question))
}
