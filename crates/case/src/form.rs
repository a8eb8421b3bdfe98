//! The form: a list of what is asked, one thing a page, check your answers, send.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maru_definition::{Form, FormPage, Service};
use maru_kernel::{Error, Problem};
use maru_rules::Facts;
use maru_web::{
    Context, Fail, Shared, Typed, context, draw, is_known,
    ports::{Source, Sourced},
    shown, shown_answer,
};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::{
    actions,
    clock::{Clock, Period},
    files,
    model::{Case, facts_of},
    offices, pages, reports,
};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/services/{id}/file", post(file))
        .route("/cases/{id}/form", get(list))
        .route("/cases/{id}/form/{page}", get(question).post(answer))
        .route("/cases/{id}/check", get(check))
        .route("/cases/{id}/submit", post(submit))
}

type Answer = Result<Response, Fail>;

fn to(path: String) -> Answer {
    Ok(Redirect::to(&path).into_response())
}

async fn file(context: Context, Path(service): Path<String>, _typed: Typed) -> Answer {
    let person = context.resident()?;
    let id = actions::file(&context.app, person, &service).await?;
    to(format!("/cases/{id}/form"))
}

/// A page is answered when each required field that applies has an answer.
fn is_answered(page: &FormPage, answers: &Map<String, Json>, facts: &Facts) -> bool {
    page.fields.iter().all(|f| !f.required || !f.applies(facts) || answers.contains_key(&f.fact))
}

/// The first page that still wants an answer.
pub fn unanswered(form: &Form, answers: &Map<String, Json>) -> Option<String> {
    let facts = facts_of(answers.iter());
    form.pages(&facts).into_iter().find(|p| !is_answered(p, answers, &facts)).map(|p| p.id.clone())
}

/// Draft first: whoever comes back after sending sees the case.
async fn draft(context: &Context, id: &str) -> Result<Result<Case, Response>, Fail> {
    let case = actions::own(&context.app, context.resident()?, id).await?;
    if case.state.is_draft() {
        return Ok(Ok(case));
    }
    Ok(Err(Redirect::to(&format!("/cases/{}", case.id)).into_response()))
}

#[derive(Serialize)]
struct Step {
    id: String,
    label: String,
    title: String,
    state: &'static str,
    summary: String,
}

fn steps(context: &Context, service: &Service, case: &Case, now_at: Option<&str>) -> Vec<Step> {
    let facts = facts_of(case.answers.iter());
    let text = service.text(context.lang);
    let pages = service.form.pages(&facts);
    pages
        .iter()
        .map(|page| {
            let done = is_answered(page, &case.answers, &facts);
            let shown: Vec<String> = page
                .fields
                .iter()
                .filter_map(|f| case.answers.get(&f.fact).map(|json| shown_answer(context, service, f, json)))
                .collect();
            Step {
                id: page.id.clone(),
                label: text.page(&page.id).short.clone(),
                title: text.page(&page.id).title.clone(),
                state: if now_at == Some(&page.id) {
                    "now"
                } else if done {
                    "done"
                } else {
                    "next"
                },
                summary: shown.join(", "),
            }
        })
        .collect()
}

async fn list(context: Context, Path(id): Path<String>) -> Answer {
    let case = match draft(&context, &id).await? {
        Ok(case) => case,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let service = actions::service(&context.app, &case.service)?;
    let text = service.text(context.lang);
    let steps = steps(&context, &service, &case, None);
    let done = steps.iter().filter(|s| s.state == "done").count();
    let next = unanswered(&service.form, &case.answers)
        .map_or(format!("/cases/{id}/check"), |page| format!("/cases/{id}/form/{page}"));
    let held: Vec<&str> = service.evidence.iter().map(|e| text.evidence(&e.register)).collect();
    let values = context! {
        id, steps, done, next, held,
        service => text.name, service_id => service.id,
        total => service.form.pages(&facts_of(case.answers.iter())).len(),
        begun => case.created_at.micros(),
        papers => files::papers(&context, &case).await?.len(),
    };
    Ok(context.page("services", "case/form.html", values).await?)
}

async fn show_question(
    context: &Context,
    case: &Case,
    page_id: &str,
    typed: Option<&Typed>,
    problems: &[Problem],
) -> Answer {
    let service = actions::service(&context.app, &case.service)?;
    let mut answers = case.answers.clone();
    if let Some(typed) = typed {
        // What was just chosen decides which other fields of the page apply.
        for field in service.form.pages.iter().filter(|p| p.id == page_id).flat_map(|p| &p.fields) {
            if let Some(value) = typed.0.get(&field.id) {
                answers.insert(field.fact.clone(), value.clone().into());
            }
        }
    }
    let facts = facts_of(answers.iter());
    let pages = service.form.pages(&facts_of(case.answers.iter()));
    let place = pages.iter().position(|p| p.id == page_id).ok_or(Error::NotFound)?;
    let page = pages.get(place).copied().ok_or(Error::NotFound)?;
    let text = service.text(context.lang);
    let fields = draw(context, &service, page, &case.answers, typed.map(|t| &t.0), problems, &facts);
    // Among several fields the summary says which one.
    let told: Vec<Json> = problems
        .iter()
        .map(|p| {
            let words = context.told(p);
            let label = &text.field(&p.field).label;
            let words = if fields.len() > 1 { format!("{label}: {words}") } else { words };
            serde_json::json!({ "id": p.field, "text": words })
        })
        .collect();
    let previous = place
        .checked_sub(1)
        .and_then(|i| pages.get(i))
        .map_or(format!("/cases/{}/form", case.id), |p| format!("/cases/{}/form/{}", case.id, p.id));
    let page_text = text.page(&page.id);
    let mut steps = steps(context, &service, case, Some(&page.id));
    steps.push(Step {
        id: "check".into(),
        label: context.t("case-step-check"),
        title: String::new(),
        state: "next",
        summary: String::new(),
    });
    let values = context! {
        id => case.id, page => page.id, fields, problems => told, previous, steps,
        service => text.name,
        place => place + 1, total => pages.len(),
        title => page_text.title,
        hint => page_text.hint.clone().unwrap_or_default(),
        why => page_text.why.clone().unwrap_or_default(),
    };
    Ok(if problems.is_empty() {
        context.page("services", "case/question.html", values).await?
    } else {
        context.page_again("services", "case/question.html", values).await?
    })
}

async fn question(context: Context, Path((id, page)): Path<(String, String)>) -> Answer {
    match draft(&context, &id).await? {
        Ok(case) => show_question(&context, &case, &page, None, &[]).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

async fn answer(context: Context, Path((id, page)): Path<(String, String)>, typed: Typed) -> Answer {
    let case = match draft(&context, &id).await? {
        Ok(case) => case,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let person = context.resident()?;
    match actions::answer(&context.app, person, &id, &page, &typed.0).await {
        Ok(()) => {}
        Err(Error::Invalid(problems)) => {
            return show_question(&context, &case, &page, Some(&typed), &problems).await;
        }
        Err(other) => return Err(Fail(other)),
    }
    if typed.0.contains_key("later") {
        return to("/cases".into());
    }
    let case = actions::own(&context.app, person, &id).await?;
    let service = actions::service(&context.app, &case.service)?;
    let facts = facts_of(case.answers.iter());
    let pages = service.form.pages(&facts);
    let next =
        pages.iter().skip_while(|p| p.id != page).skip(1).find(|p| !is_answered(p, &case.answers, &facts));
    match next.map(|p| p.id.clone()).or_else(|| unanswered(&service.form, &case.answers)) {
        Some(page) => to(format!("/cases/{id}/form/{page}")),
        None => to(format!("/cases/{id}/check")),
    }
}

#[derive(Serialize)]
pub struct Line {
    pub key: String,
    pub value: String,
    pub kind: &'static str,
    pub source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
}

/// The answers to look at before sending; `query` may look for a unit.
pub async fn show_check(
    context: &Context,
    case: &Case,
    problems: &[Problem],
    query: &BTreeMap<String, String>,
) -> Answer {
    let person = context.resident()?;
    let service = actions::service(&context.app, &case.service)?;
    if let Some(page) = unanswered(&service.form, &case.answers) {
        return to(format!("/cases/{}/form/{page}", case.id));
    }
    let text = service.text(context.lang);
    let facts = facts_of(case.answers.iter());
    let today = context.now.date();
    let mut yours = Vec::new();
    for page in service.form.pages(&facts) {
        for field in page.fields.iter().filter(|f| f.applies(&facts)) {
            if let Some(json) = case.answers.get(&field.fact) {
                yours.push(Line {
                    key: text.field(&field.id).label.clone(),
                    value: shown_answer(context, &service, field, json),
                    kind: "you",
                    source: context.t("source-you"),
                    href: Some(format!("/cases/{}/form/{}", case.id, page.id)),
                    action: Some(context.t("case-change")),
                });
            }
        }
    }
    let ask = actions::own_ask(person, &service, actions::evidence(&service));
    let sourced = context.app.ports.registers.facts(&ask, today).await?;
    let theirs = register_lines(context, &service, &sourced, false);
    let clock = Clock::new(context.now, Period::of(&service.period));
    let due = actions::reckoned(&context.app, &clock, &service).due_on.map(|d| d.to_string());
    let words = query.get("q").map(String::as_str).unwrap_or_default().trim();
    let choice = offices::shown(context, &service, case, words).await?;
    let unit = match actions::responsible(&context.app, person, &service, case).await {
        Ok(unit) => Some(pages::place(context, &unit)),
        Err(Error::Conflict(_) | Error::Invalid(_)) => None,
        Err(other) => return Err(Fail(other)),
    };
    let told: Vec<Json> =
        problems.iter().map(|p| serde_json::json!({ "id": p.field, "text": context.told(p) })).collect();
    let mut steps = steps(context, &service, case, None);
    steps.push(Step {
        id: "check".into(),
        label: context.t("case-step-check"),
        title: String::new(),
        state: "now",
        summary: String::new(),
    });
    let previous = service.form.pages(&facts).last().map_or(String::new(), |p| p.id.clone());
    let values = context! {
        id => case.id, service => text.name, yours, theirs, due, unit, choice, steps, problems => told,
        files => files::papers(context, case).await?, nearby => reports::nearby(context, case).await?,
        previous => format!("/cases/{}/form/{previous}", case.id),
    };
    Ok(if problems.is_empty() {
        context.page("services", "case/check.html", values).await?
    } else {
        context.page_again("services", "case/check.html", values).await?
    })
}

/// What registers said, in the order of the service's evidence; `brief` leaves the owners out.
pub fn register_lines(context: &Context, service: &Service, sourced: &Sourced, brief: bool) -> Vec<Line> {
    let pack = context.app.definitions.pack();
    let mut lines = Vec::new();
    for evidence in &service.evidence {
        let Some(register) = pack.register(&evidence.register) else { continue };
        for gives in &register.gives {
            let from = sourced.sources.get(&gives.fact);
            let Some(Source::Register { register: source, at }) = from else { continue };
            let (Some(value), Some(def)) = (sourced.facts.get(&gives.fact), pack.fact(&gives.fact)) else {
                continue;
            };
            if *source != evidence.register || !is_known(Some(value)) {
                continue;
            }
            let when = at.map(|at| shown::day(context.lang, at.date())).unwrap_or_default();
            let owner = pack.agency(&register.owner).map(|a| a.name.get(context.lang)).unwrap_or_default();
            let owner = if brief { "" } else { owner };
            lines.push(Line {
                key: def.label.get(context.lang).to_owned(),
                value: def.show(value, context.lang),
                kind: "register",
                source: [register.name.get(context.lang), owner, &when]
                    .into_iter()
                    .filter(|s| !s.is_empty())
                    .collect::<Vec<_>>()
                    .join(" · "),
                href: None,
                action: None,
            });
        }
    }
    lines
}

async fn check(
    context: Context,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer {
    match draft(&context, &id).await? {
        Ok(case) => show_check(&context, &case, &[], &query).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

async fn submit(context: Context, Path(id): Path<String>, typed: Typed) -> Answer {
    let person = context.resident()?;
    let confirmed = typed.get("confirmed") == "yes";
    let unit = typed.0.get("unit").map(String::as_str);
    let sent = match offices::choice(&context, &id, unit).await {
        Ok(()) => actions::submit(&context.app, person, &id, confirmed, None).await,
        Err(wrong) => Err(wrong),
    };
    match sent {
        Ok(case) => to(format!("/cases/{}", case.id)),
        Err(Error::Invalid(problems)) => {
            let case = actions::own(&context.app, person, &id).await?;
            show_check(&context, &case, &problems, &BTreeMap::new()).await
        }
        Err(Error::Conflict(key)) if key == "case-incomplete" => to(format!("/cases/{id}/form")),
        Err(other) => Err(Fail(other)),
    }
}
