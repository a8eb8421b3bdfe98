//! The journey's verbs for programs that act for a person with that person's token.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use maru_kernel::Error;
use maru_web::{ApiContext, Context, Fail, Sent, Shared, ports::Unit, shown_answer};
use serde::Deserialize;
use serde_json::{Value as Body, json};

use crate::{
    actions::{self, Asked, Decided, Line, More, Said},
    desk, letters,
    model::{Case, Task},
    offices, tables,
};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/cases", get(list).post(file))
        .route("/cases/{id}", get(show))
        .route("/cases/{id}/answers", post(answer))
        .route("/cases/{id}/units", get(units))
        .route("/cases/{id}/choose", post(choose))
        .route("/cases/{id}/submit", post(submit))
        .route("/cases/{id}/withdraw", post(withdraw))
        .route("/cases/{id}/assign", post(assign))
        .route("/cases/{id}/grant", post(grant))
        .route("/cases/{id}/refuse", post(refuse))
        .route("/cases/{id}/ask", post(ask))
        .route("/cases/{id}/consult", post(consult))
        .route("/cases/{id}/extend", post(extend))
        .route("/cases/{id}/transfer", post(transfer))
        .route("/cases/{id}/return", post(give_back))
        .route("/cases/{id}/respond", post(respond))
        .route("/cases/{id}/propose", post(propose))
        .route("/cases/{id}/close", post(close))
        .route("/cases/{id}/tasks", get(tasks))
        .route("/cases/{id}/owed", get(owed))
        .route("/tasks/{id}/supply", post(supply))
        .route("/tasks/{id}/reply", post(reply))
        .route("/tasks/{id}/prolong", post(prolong))
        .route("/tasks/{id}/recall", post(recall))
        .route("/tasks/{id}/agree", post(agree))
        .route("/tasks/{id}/decline", post(decline))
        .route("/desk", get(listed))
        .route("/desk/bulk", post(bulk))
        .route("/desk/tasks", get(asked))
}

type Answered = Result<Response, Fail>;

fn brief(case: &Case) -> Body {
    json!({
        "id": case.id,
        "service": case.service,
        "state": case.state.as_str(),
        "receipt": case.receipt,
        "submitted_at": case.submitted_at.map(|at| at.rfc3339()),
        "due_on": case.due_on,
        "decided_at": case.decided_at.map(|at| at.rfc3339()),
        "note": case.note,
        "basis": case.basis,
    })
}

fn whole(context: &Context, case: &Case) -> Result<Body, Fail> {
    let mut body = brief(case);
    let service = actions::service(&context.app, &case.service)?;
    let decision = case.decision.as_ref().and_then(|kept| letters::shown(context, &service, kept));
    if let Some(map) = body.as_object_mut() {
        // A secret answer shows its end only, to its owner's programs too.
        let mut answers = case.answers.clone();
        for field in service.form.pages.iter().flat_map(|p| &p.fields).filter(|f| f.secret) {
            if let Some(answer) = answers.get_mut(&field.fact) {
                *answer = shown_answer(context, &service, field, answer).into();
            }
        }
        map.insert("answers".into(), Body::Object(answers));
        map.insert("wanted".into(), case.wanted.clone().into());
        map.insert("decision".into(), serde_json::to_value(decision).unwrap_or(Body::Null));
    }
    Ok(body)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    service: String,
}

async fn file(ApiContext(context): ApiContext, Sent(body): Sent<File>) -> Answered {
    let person = context.resident()?;
    let id = actions::file(&context.app, person, &body.service).await?;
    let case = actions::own(&context.app, person, &id).await?;
    Ok((StatusCode::CREATED, Json(whole(&context, &case)?)).into_response())
}

async fn list(ApiContext(context): ApiContext) -> Answered {
    let person = context.resident()?;
    let cases = tables::cases_of(&context.app.store, &person.id).await?;
    let endings = tables::endings_of(&context.app.store, &person.id).await?;
    let cases: Vec<Body> = cases.iter().map(|case| until(brief(case), endings.get(&case.id))).collect();
    Ok(Json(json!({ "cases": cases })).into_response())
}

async fn show(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    let case = actions::own(&context.app, context.resident()?, &id).await?;
    let endings = tables::endings_of(&context.app.store, &case.resident).await?;
    Ok(Json(until(whole(&context, &case)?, endings.get(&case.id))).into_response())
}

/// The same with the last day of what was granted, where it has one.
fn until(mut case: Body, ending: Option<&tables::Ending>) -> Body {
    if let (Some(map), Some(ending)) = (case.as_object_mut(), ending) {
        map.insert("until".into(), json!(ending.until));
    }
    case
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answers {
    /// By page of the form, then by field, as one would type them.
    pages: BTreeMap<String, BTreeMap<String, String>>,
}

async fn answer(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<Answers>,
) -> Answered {
    let person = context.resident()?;
    let case = actions::own(&context.app, person, &id).await?;
    let service = actions::service(&context.app, &case.service)?;
    if let Some(unknown) = body.pages.keys().find(|name| service.form.pages.iter().all(|p| p.id != **name)) {
        return Err(Fail(Error::invalid(unknown, "form-unknown-page")));
    }
    // In the form's order: an answer may open the next page.
    for page in &service.form.pages {
        if let Some(typed) = body.pages.get(&page.id) {
            actions::answer(&context.app, person, &id, &page.id, typed).await?;
        }
    }
    let case = actions::own(&context.app, person, &id).await?;
    Ok(Json(whole(&context, &case)?).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Submit {
    confirmed: bool,
    /// Where it goes, if that is said with it.
    unit: Option<String>,
}

async fn submit(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<Submit>,
) -> Answered {
    let person = context.resident()?;
    offices::choice(&context, &id, body.unit.as_deref()).await?;
    let case = actions::submit(&context.app, person, &id, body.confirmed, None).await?;
    Ok(Json(whole(&context, &case)?).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    unit: String,
}

async fn choose(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<Choice>,
) -> Answered {
    let case = actions::choose(&context.app, context.resident()?, &id, &body.unit).await?;
    Ok(Json(whole(&context, &case)?).into_response())
}

/// Where it may go, for the applicant who may choose.
async fn units(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Query(search): Query<BTreeMap<String, String>>,
) -> Answered {
    let case = actions::own(&context.app, context.resident()?, &id).await?;
    let service = actions::service(&context.app, &case.service)?;
    let offered =
        offices::offered(&context.app, &service, &case, search.get("q").map_or("", String::as_str)).await?;
    let Some(offered) = offered else { return Err(Error::Conflict("case-unit-fixed".into()).into()) };
    let told = |unit: &Unit| json!({ "id": unit.id, "agency": unit.agency, "name": unit.name, "region": unit.region });
    Ok(Json(json!({
        "wanted": offered.wanted.as_ref().map(told),
        "units": offered.found.iter().map(told).collect::<Vec<_>>(),
        "more": offered.more,
    }))
    .into_response())
}

async fn withdraw(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    let case = actions::withdraw(&context.app, context.resident()?, &id).await?;
    Ok(Json(whole(&context, &case)?).into_response())
}

async fn assign(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    let (person, unit) = context.official()?;
    let case = actions::assign(&context.app, person, unit, &id).await?;
    Ok(Json(brief(&case)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    #[serde(default)]
    note: String,
    #[serde(default)]
    basis: String,
}

async fn decide(context: Context, id: &str, body: &Note, how: Decided) -> Answered {
    let (person, unit) = context.official()?;
    let said = Said { note: &body.note, basis: &body.basis };
    let case = actions::decide(&context.app, person, unit, id, how, said).await?;
    Ok(Json(brief(&case)).into_response())
}

async fn grant(ApiContext(context): ApiContext, Path(id): Path<String>, Sent(body): Sent<Note>) -> Answered {
    decide(context, &id, &body, Decided::Granted).await
}

async fn refuse(ApiContext(context): ApiContext, Path(id): Path<String>, Sent(body): Sent<Note>) -> Answered {
    decide(context, &id, &body, Decided::Refused).await
}

async fn respond(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<Note>,
) -> Answered {
    decide(context, &id, &body, Decided::Answered).await
}

async fn close(ApiContext(context): ApiContext, Path(id): Path<String>, Sent(body): Sent<Note>) -> Answered {
    decide(context, &id, &body, Decided::Closed).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Proposed {
    verb: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    basis: String,
    #[serde(default)]
    reviewer: String,
    approver: String,
}

async fn propose(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<Proposed>,
) -> Answered {
    let (person, unit) = context.official()?;
    let how = Decided::parse(&body.verb).ok_or_else(|| Error::invalid("verb", "form-choice"))?;
    let said = Said { note: &body.note, basis: &body.basis };
    let line = Line { reviewer: &body.reviewer, approver: &body.approver };
    let case = actions::propose(&context.app, person, unit, &id, how, said, line).await?;
    Ok(Json(brief(&case)).into_response())
}

async fn give_back(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<Note>,
) -> Answered {
    decide(context, &id, &body, Decided::Returned).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    text: String,
    days: Option<u32>,
}

async fn ask(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<Question>,
) -> Answered {
    let (person, unit) = context.official()?;
    let asked = Asked { text: &body.text, days: body.days };
    let case = actions::ask(&context.app, person, unit, &id, asked).await?;
    Ok(Json(brief(&case)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Consultation {
    units: Vec<String>,
    text: String,
    days: Option<u32>,
}

async fn consult(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<Consultation>,
) -> Answered {
    let (person, unit) = context.official()?;
    let asked = Asked { text: &body.text, days: body.days };
    let case = actions::consult(&context.app, person, unit, &id, &body.units, asked).await?;
    Ok(Json(brief(&case)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Extension {
    days: u32,
    reason: String,
    #[serde(default)]
    consent: bool,
}

async fn extend(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<Extension>,
) -> Answered {
    let (person, unit) = context.official()?;
    let more = More { days: body.days, reason: &body.reason, consent: body.consent };
    let case = actions::extend(&context.app, person, unit, &id, more).await?;
    Ok(Json(brief(&case)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Transfer {
    unit: String,
    reason: String,
}

async fn transfer(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<Transfer>,
) -> Answered {
    let (person, unit) = context.official()?;
    let case = actions::transfer(&context.app, person, unit, &id, &body.unit, &body.reason).await?;
    Ok(Json(brief(&case)).into_response())
}

fn told(task: &Task) -> Body {
    json!({
        "id": task.id,
        "case": task.case,
        "kind": task.kind,
        "state": task.state,
        "unit": task.unit,
        "asked": task.asked,
        "asked_at": task.asked_at.rfc3339(),
        "more": task.more,
        "due_on": task.due_on,
        "reply": task.reply,
        "ended_at": task.ended_at.map(|at| at.rfc3339()),
    })
}

/// What runs beside a case, for its applicant and its unit.
async fn tasks(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    let case = match context.official() {
        Ok((_, unit)) => actions::of_unit(&context.app, unit, &id).await?,
        Err(_) => actions::own(&context.app, context.resident()?, &id).await?,
    };
    let tasks = tables::tasks(&context.app.store, &case.resident, &case.id).await?;
    Ok(Json(json!({ "tasks": tasks.iter().map(told).collect::<Vec<_>>() })).into_response())
}

/// What each payment of a granted case was to be by what registers say now, for its unit.
async fn owed(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    let (person, unit) = context.official()?;
    let case = actions::of_unit(&context.app, unit, &id).await?;
    Ok(Json(actions::owed_now(&context.app, person, &case).await?).into_response())
}

/// What the unit was asked and has not answered.
async fn asked(ApiContext(context): ApiContext) -> Answered {
    let (_, unit) = context.official()?;
    let tasks = tables::tasks_at(&context.app.store, unit).await?;
    Ok(Json(json!({ "tasks": tasks.iter().map(told).collect::<Vec<_>>() })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reply {
    text: String,
}

async fn supply(
    ApiContext(context): ApiContext,
    Path(id): Path<String>,
    Sent(body): Sent<Reply>,
) -> Answered {
    let case = actions::supply(&context.app, context.resident()?, &id, &body.text).await?;
    Ok(Json(brief(&case)).into_response())
}

async fn reply(ApiContext(context): ApiContext, Path(id): Path<String>, Sent(body): Sent<Reply>) -> Answered {
    let (person, unit) = context.official()?;
    actions::reply(&context.app, person, unit, &id, &body.text).await?;
    let (task, _, _) = actions::found(&context.app, &id).await?;
    Ok(Json(told(&task)).into_response())
}

async fn prolong(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    let unit = context.official().ok().map(|(_, unit)| unit);
    let task = actions::prolong(&context.app, context.person()?, unit, &id).await?;
    Ok(Json(told(&task)).into_response())
}

async fn recall(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    let (person, unit) = context.official()?;
    let case = actions::recall(&context.app, person, unit, &id).await?;
    Ok(Json(brief(&case)).into_response())
}

async fn agree(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    let case = actions::agree(&context.app, context.resident()?, &id).await?;
    Ok(Json(brief(&case)).into_response())
}

async fn decline(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    let case = actions::decline(&context.app, context.resident()?, &id).await?;
    Ok(Json(brief(&case)).into_response())
}

/// The list of the desk, a page at a time, with the filters of the page.
async fn listed(
    ApiContext(context): ApiContext,
    Query(filters): Query<BTreeMap<String, String>>,
) -> Answered {
    let (person, unit) = context.official()?;
    // A page shows everything where a program should learn of its mistake.
    if filters.get("due").is_some_and(|due| !due.is_empty() && desk::Due::parse(due).is_none()) {
        return Err(Fail(maru_kernel::Error::invalid("due", "desk-due-unknown")));
    }
    let found = desk::Asked::of(&filters, &person.id).find(&context, unit).await?;
    Ok(Json(json!({
        "cases": found.cases.iter().map(brief).collect::<Vec<_>>(),
        "previous": found.previous,
        "next": found.next,
    }))
    .into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bulk {
    #[serde(rename = "do")]
    verb: String,
    cases: Vec<String>,
    #[serde(default)]
    to: String,
}

/// The same to several cases: each is told whether it was done, and why not.
async fn bulk(ApiContext(context): ApiContext, Sent(body): Sent<Bulk>) -> Answered {
    let done =
        desk::bulk::each(&context, desk::bulk::Verb::parse(&body.verb, &body.to)?, &body.cases).await?;
    let told = |(id, why): &(String, Option<&'static str>)| json!({ "id": id, "done": why.is_none(), "why": why.map(|key| context.t(key)) });
    Ok(Json(json!({ "cases": done.iter().map(told).collect::<Vec<_>>() })).into_response())
}
