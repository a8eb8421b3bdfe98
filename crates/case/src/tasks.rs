//! Tasks beside a case: what an officer asks of the applicant and of other units, and what they answer.

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maru_kernel::{Error, Problem, Result};
use maru_web::{Context, Fail, Shared, Typed, context, ports::Unit};
use serde::Serialize;

use crate::{
    actions::{self, Asked, CASE_FILE, More},
    desk,
    form::Line,
    model::{self, Case, Task},
    pages,
};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/cases/{id}/ask", post(ask))
        .route("/cases/{id}/consult", post(consult))
        .route("/cases/{id}/extend", post(extend))
        .route("/cases/{id}/transfer", post(transfer))
        .route("/desk/tasks/{id}", get(show))
        .route("/tasks/{id}/supply", post(supply))
        .route("/tasks/{id}/reply", post(reply))
        .route("/tasks/{id}/prolong", post(prolong))
        .route("/tasks/{id}/recall", post(recall))
        .route("/tasks/{id}/agree", post(agree))
        .route("/tasks/{id}/decline", post(decline))
}

type Answered = std::result::Result<Response, Fail>;

/// A task as people see it.
#[derive(Serialize)]
pub struct ShownTask {
    pub id: String,
    pub kind: String,
    pub title: String,
    /// The state's own name.
    pub state: String,
    pub open: bool,
    pub unit: String,
    pub asked: String,
    pub asked_at: i64,
    pub due: Option<String>,
    pub late: bool,
    pub reply: Option<String>,
    pub ended_at: Option<i64>,
    pub may_prolong: bool,
    /// It is a yes or no to more time: by how many days, and while it is open, when the case were due then.
    pub more: Option<u32>,
    pub due_then: Option<String>,
}

pub async fn shown(
    context: &Context,
    service: &maru_definition::Service,
    case: &Case,
    task: &Task,
) -> Result<ShownTask> {
    let region = actions::chart(&context.app, service)?.region(&task.kind);
    let state = region.and_then(|region| region.state(&task.state));
    let unit = match &task.unit {
        Some(id) => pages::place(context, &context.app.ports.people.unit(id).await?),
        None => String::new(),
    };
    let longer =
        case.clock(service).zip(task.more.filter(|_| task.is_open())).map(|(clock, days)| clock.with(days));
    let due_then = longer.and_then(|clock| actions::reckoned(&context.app, &clock, service).due_on);
    Ok(ShownTask {
        id: task.id.clone(),
        kind: task.kind.clone(),
        title: region.map(|region| region.name.get(context.lang).to_owned()).unwrap_or_default(),
        state: state.map(|state| state.name.get(context.lang).to_owned()).unwrap_or_default(),
        open: task.is_open(),
        unit,
        asked: task.asked.clone(),
        asked_at: task.asked_at.micros(),
        due: task.due_on.map(|due| due.to_string()),
        late: task.is_open() && task.due_on.is_some_and(|due| context.now.date() > due),
        reply: task.reply.clone(),
        ended_at: task.ended_at.map(|at| at.micros()),
        may_prolong: task.is_open() && model::may_prolong(task),
        more: task.more,
        due_then: due_then.map(|due| due.to_string()),
    })
}

pub async fn all_shown(
    context: &Context,
    service: &maru_definition::Service,
    case: &Case,
    tasks: &[Task],
) -> Result<Vec<ShownTask>> {
    let mut out = Vec::new();
    for task in tasks {
        out.push(shown(context, service, case, task).await?);
    }
    Ok(out)
}

/// The units an officer may name: every other one, by agency.
pub async fn units(context: &Context, own: &str) -> Result<Vec<Unit>> {
    let units = context.app.ports.people.units().await?;
    Ok(units.into_iter().filter(|unit| unit.id != own).collect())
}

/// How many days were typed; nothing typed is the usual number.
fn days(typed: &Typed) -> Result<Option<u32>> {
    match typed.get("days").trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| Error::invalid("days", "task-days-number")),
    }
}

/// Back to the case on the desk, or the same page with what was wrong at its field.
async fn worked(context: &Context, id: &str, form: &str, typed: &Typed, outcome: Result<Case>) -> Answered {
    let (_, unit) = context.official()?;
    match outcome {
        Ok(case) if case.unit.as_deref() == Some(unit) => {
            Ok(Redirect::to(&format!("/desk/cases/{id}")).into_response())
        }
        Ok(_) => Ok(Redirect::to("/desk").into_response()),
        Err(Error::Invalid(problems)) => {
            let case = actions::of_unit(&context.app, unit, id).await?;
            desk::again(context, &case, form, &problems, typed).await
        }
        Err(other) => Err(Fail(other)),
    }
}

async fn ask(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    let outcome = match days(&typed) {
        Ok(days) => {
            actions::ask(&context.app, person, unit, &id, Asked { text: typed.get("text"), days }).await
        }
        Err(wrong) => Err(wrong),
    };
    worked(&context, &id, "ask", &typed, outcome).await
}

async fn consult(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    let units: Vec<String> =
        typed.0.keys().filter_map(|name| name.strip_prefix("unit-")).map(str::to_owned).collect();
    let outcome = match days(&typed) {
        Ok(days) => {
            let asked = Asked { text: typed.get("text"), days };
            actions::consult(&context.app, person, unit, &id, &units, asked).await
        }
        Err(wrong) => Err(wrong),
    };
    worked(&context, &id, "consult", &typed, outcome).await
}

async fn extend(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    let outcome = match days(&typed) {
        Ok(Some(days)) => {
            let consent = typed.get("consent") == "yes";
            let more = More { days, reason: typed.get("reason"), consent };
            actions::extend(&context.app, person, unit, &id, more).await
        }
        Ok(None) => Err(Error::invalid("days", "task-days-number")),
        Err(wrong) => Err(wrong),
    };
    worked(&context, &id, "extend", &typed, outcome).await
}

async fn transfer(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    let (to, reason) = (typed.get("unit"), typed.get("reason"));
    let outcome = actions::transfer(&context.app, person, unit, &id, to, reason).await;
    worked(&context, &id, "transfer", &typed, outcome).await
}

async fn supply(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let person = context.resident()?;
    match actions::supply(&context.app, person, &id, typed.get("text")).await {
        Ok(case) => Ok(Redirect::to(&format!("/cases/{}", case.id)).into_response()),
        Err(Error::Invalid(problems)) => {
            let (_, case, _) = actions::found(&context.app, &id).await?;
            let case = actions::own(&context.app, person, &case.id).await?;
            pages::again(&context, &case, &problems, typed.get("text")).await
        }
        Err(other) => Err(Fail(other)),
    }
}

async fn prolong(context: Context, Path(id): Path<String>, _typed: Typed) -> Answered {
    let person = context.person()?;
    let unit = context.official().ok().map(|(_, unit)| unit);
    let task = actions::prolong(&context.app, person, unit, &id).await?;
    let back = match task.unit {
        Some(_) => format!("/desk/tasks/{id}"),
        None => format!("/cases/{}", task.case),
    };
    Ok(Redirect::to(&back).into_response())
}

async fn recall(context: Context, Path(id): Path<String>, _typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    let case = actions::recall(&context.app, person, unit, &id).await?;
    Ok(Redirect::to(&format!("/desk/cases/{}", case.id)).into_response())
}

async fn agree(context: Context, Path(id): Path<String>, _typed: Typed) -> Answered {
    let case = actions::agree(&context.app, context.resident()?, &id).await?;
    Ok(Redirect::to(&format!("/cases/{}", case.id)).into_response())
}

async fn decline(context: Context, Path(id): Path<String>, _typed: Typed) -> Answered {
    let case = actions::decline(&context.app, context.resident()?, &id).await?;
    Ok(Redirect::to(&format!("/cases/{}", case.id)).into_response())
}

async fn reply(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    match actions::reply(&context.app, person, unit, &id, typed.get("text")).await {
        Ok(_) => Ok(Redirect::to(&format!("/desk/tasks/{id}")).into_response()),
        Err(Error::Invalid(problems)) => page(&context, &id, &problems, typed.get("text")).await,
        Err(other) => Err(Fail(other)),
    }
}

async fn show(context: Context, Path(id): Path<String>) -> Answered {
    page(&context, &id, &[], "").await
}

/// What a unit was asked, with the applicant's own answers. Seeing them is a read: it is checked and logged.
async fn page(context: &Context, id: &str, problems: &[Problem], typed: &str) -> Answered {
    let (person, unit) = context.official()?;
    let (task, case, service) = actions::found(&context.app, id).await?;
    if task.unit.as_deref() != Some(unit) {
        return Err(Fail(Error::NotFound));
    }
    let mut lines: Vec<Line> = Vec::new();
    if task.is_open() && case.state.is_open() && !case.answers.is_empty() {
        let fields = [(CASE_FILE.to_owned(), case.answers.keys().cloned().collect())].into();
        let ask = actions::case_ask(person.actor(), &case, &service, fields);
        context.app.ports.registers.show(&ask).await?;
        lines = pages::answer_lines(context, &service, &case);
    }
    let asker = context.app.ports.people.person(&task.asked_by).await?.titled(context.lang);
    let by = match &case.unit {
        Some(unit) => pages::place(context, &context.app.ports.people.unit(unit).await?),
        None => String::new(),
    };
    let told: Vec<_> = problems.iter().map(|p| context! { id => p.field, text => context.told(p) }).collect();
    let values = context! {
        task => shown(context, &service, &case, &task).await?, service => service.text(context.lang).name,
        receipt => case.receipt, by, asker, lines, problems => told, typed,
        over => !case.state.is_open(),
    };
    Ok(if problems.is_empty() {
        context.page("desk", "case/task.html", values).await?
    } else {
        context.page_again("desk", "case/task.html", values).await?
    })
}
