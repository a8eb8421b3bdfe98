//! Several drafts in one visit: which are complete, what each has read from registers, one confirmation, one button.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::Query,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maru_kernel::{Error, Id, Problem};
use maru_web::{ApiContext, Context, Fail, Sent, Shared, Shown, Typed, context};
use serde::Deserialize;
use serde_json::{Value as Body, json};

use crate::{
    actions::{self, TOGETHER, WHY},
    form::unanswered,
    letters,
    model::Case,
    pages, tables,
};

pub fn routes() -> Router<Shared> {
    Router::new().route("/cases/together", get(list).post(send)).route("/cases/together/sent", get(told))
}

pub fn api() -> Router<Shared> {
    Router::new().route("/cases/together", post(api_send))
}

type Answered = Result<Response, Fail>;

async fn list(context: Context) -> Answered {
    show(&context, None, &[]).await
}

/// A case of the list that has not been sent, and the page of its form that still wants an answer.
pub fn draft(context: &Context, case: &Case) -> Option<Option<String>> {
    let service = context.app.definitions.service(&case.service)?;
    case.state.is_draft().then(|| unanswered(&service.form, &case.answers))
}

/// The drafts; what was ticked stays ticked. At first all that are complete are.
async fn show(context: &Context, typed: Option<&Typed>, problems: &[Problem]) -> Answered {
    let app = &context.app;
    let person = context.resident()?;
    let (mut ready, mut lacking) = (Vec::new(), Vec::new());
    for case in tables::cases_of(&app.store, &person.id).await? {
        let Some(missing) = draft(context, &case) else { continue };
        let service = actions::service(app, &case.service)?;
        let text = service.text(context.lang);
        if let Some(page) = missing {
            let asks = &text.page(&page).title;
            lacking.push(context! { id => case.id, service => text.name, page, asks });
            continue;
        }
        if ready.len() >= TOGETHER {
            continue;
        }
        let unit = match actions::responsible(app, person, &service, &case).await {
            Ok(unit) => Some(pages::place(context, &unit)),
            Err(Error::Conflict(_) | Error::Invalid(_)) => None,
            Err(other) => return Err(other.into()),
        };
        let held: Vec<&str> = service.evidence.iter().map(|e| text.evidence(&e.register)).collect();
        let name = format!("case-{}", case.id);
        let ticked = typed.map_or(unit.is_some(), |typed| typed.0.contains_key(&name));
        ready.push(context! {
            id => case.id, name, service => text.name, unit, held => held.join(", "), ticked,
            subject => pages::answer_lines(context, &service, &case).first().map(|line| line.value.clone()),
        });
    }
    let told: Vec<Shown> = problems
        .iter()
        .map(|p| context! { id => if p.field == "confirmed" { "confirmed" } else { "drafts" }, text => context.told(p) })
        .collect();
    let values = context! { ready, lacking, problems => told };
    Ok(if problems.is_empty() {
        context.page("cases", "case/together.html", values).await?
    } else {
        context.page_again("cases", "case/together.html", values).await?
    })
}

async fn send(context: Context, typed: Typed) -> Answered {
    let person = context.resident()?;
    let ids: Vec<String> =
        typed.0.keys().filter_map(|name| name.strip_prefix("case-")).map(str::to_owned).collect();
    // They come back in an address.
    let ids: Vec<String> = ids.into_iter().filter(|id| Id::<Case>::parse(id).is_ok()).collect();
    match actions::together(&context.app, person, &ids, typed.get("confirmed") == "yes").await {
        Ok(sent) => {
            let cases: Vec<&str> = sent.iter().map(|(id, _)| id.as_str()).collect();
            let why: Vec<&str> =
                sent.iter().map(|(_, done)| done.as_ref().err().copied().unwrap_or("")).collect();
            let to = format!("/cases/together/sent?cases={}&why={}", cases.join(","), why.join(","));
            Ok(Redirect::to(&to).into_response())
        }
        Err(Error::Invalid(problems)) => show(&context, Some(&typed), &problems).await,
        Err(other) => Err(other.into()),
    }
}

/// What was done, case by case: each as it is now, and why it is so if it was not sent.
async fn told(context: Context, Query(query): Query<BTreeMap<String, String>>) -> Answered {
    let app = &context.app;
    let person = context.resident()?;
    let get = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let mut rows = Vec::new();
    let mut done = 0_i64;
    for (n, id) in get("cases").split(',').take(TOGETHER).enumerate() {
        let case = match actions::own(app, person, id).await {
            Ok(case) => case,
            // Somebody else's, or none: nothing is said of it but that it was not sent.
            Err(Error::NotFound | Error::Invalid(_)) => {
                rows.push(context! { id => "", service => "", why => context.t("together-gone") });
                continue;
            }
            Err(other) => return Err(other.into()),
        };
        let sent = case.receipt.is_some();
        done = done.saturating_add(i64::from(sent));
        let why = get("why").split(',').nth(n).filter(|key| WHY.contains(key)).unwrap_or("together-failed");
        rows.push(context! {
            id => case.id, sent, receipt => case.receipt, due => case.due_on.map(|on| on.to_string()),
            draft => case.state.is_draft(),
            service => actions::service(app, &case.service)?.text(context.lang).name,
            state => letters::state_name(&app.definitions, &case).get(context.lang),
            why => if sent { String::new() } else { context.t(why) },
        });
    }
    Ok(context.page("cases", "case/sent.html", context! { rows, done }).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Several {
    cases: Vec<String>,
    confirmed: bool,
}

async fn api_send(ApiContext(context): ApiContext, Sent(body): Sent<Several>) -> Answered {
    let person = context.resident()?;
    let sent = actions::together(&context.app, person, &body.cases, body.confirmed).await?;
    let told = |(id, done): &actions::Sent| -> Body {
        let receipt = done.as_ref().ok().and_then(|case| case.receipt.clone());
        json!({ "id": id, "done": done.is_ok(), "receipt": receipt, "why": done.as_ref().err().map(|key| context.t(key)) })
    };
    Ok(Json(json!({ "cases": sent.iter().map(told).collect::<Vec<_>>() })).into_response())
}
