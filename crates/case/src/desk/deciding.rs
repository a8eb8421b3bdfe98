//! How an officer ends a case: what may be decided now, what still waits for what, and the form for it.

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use maru_definition::{Chart, Service, To};
use maru_kernel::{Error, Result};
use maru_rules::Answer;
use maru_web::{Context, Fail, Shared, Shown, Typed, context};

use super::again;
use crate::{
    actions::{self, Decided, Line, Said},
    guess,
    model::{self, Case, Task},
    pages, tables,
};

type Answered = std::result::Result<Response, Fail>;

pub fn routes() -> Router<Shared> {
    Decided::ALL.iter().fold(Router::new().route("/cases/{id}/propose", post(propose)), |routes, how| {
        let handler =
            move |context: Context, Path(id): Path<String>, typed: Typed| decide(context, id, typed, *how);
        routes.route(&format!("/cases/{{id}}/{}", how.verb()), post(handler))
    })
}

async fn decide(context: Context, id: String, typed: Typed, how: Decided) -> Answered {
    let (person, unit) = context.official()?;
    let said = Said { note: typed.get("note"), basis: typed.get("basis") };
    let outcome = actions::decide(&context.app, person, unit, &id, how, said).await.map(drop);
    told(&context, unit, &id, &typed, outcome).await
}

/// Back to the case, or the same page with what was wrong at its field.
async fn told(context: &Context, unit: &str, id: &str, typed: &Typed, outcome: Result<()>) -> Answered {
    match outcome {
        Ok(()) => Ok(Redirect::to(&format!("/desk/cases/{id}")).into_response()),
        Err(Error::Invalid(problems)) => {
            let case = actions::of_unit(&context.app, unit, id).await?;
            again(context, &case, "decide", &problems, typed).await
        }
        Err(other) => Err(Fail(other)),
    }
}

/// Sends a decision along its approval line.
async fn propose(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    let said = Said { note: typed.get("note"), basis: typed.get("basis") };
    let line = Line { reviewer: typed.get("reviewer"), approver: typed.get("approver") };
    let outcome = match Decided::parse(typed.get("verb")) {
        Some(how) => actions::propose(&context.app, person, unit, &id, how, said, line).await.map(drop),
        None => Err(Error::invalid("verb", "form-choice")),
    };
    told(&context, unit, &id, &typed, outcome).await
}

/// The documents that propose how to decide a case, and whom else may be asked to approve one.
pub async fn line(context: &Context, case: &Case, service: &Service) -> Result<Shown> {
    let (person, unit) = context.official()?;
    let chart = actions::chart(&context.app, service)?;
    let mut proposals = Vec::new();
    let mut waits = false;
    for proposal in tables::proposals(&context.app.store, case).await? {
        let verb = chart.verbs.iter().find(|verb| verb.id == proposal.how.verb());
        waits = waits || proposal.outcome.is_none();
        proposals.push(context! {
            document => proposal.document, verb => verb.map(|verb| verb.name.get(context.lang)), at => proposal.at.micros(),
            outcome => proposal.outcome.as_deref().unwrap_or("waits"), note => proposal.note, basis => proposal.basis,
        });
    }
    let others = context.app.ports.people.officials(Some(unit), "", context.now).await?;
    let others: Vec<_> = others
        .iter()
        .filter(|other| other.id != person.id)
        .map(|other| context! { value => other.id, label => other.titled(context.lang) })
        .collect();
    Ok(context! { proposals, waits, others, needed => service.approval })
}

/// The verbs that end this case now, and what keeps it from being granted.
pub async fn verbs(
    context: &Context,
    case: &Case,
    chart: &Chart,
    tasks: &[Task],
    unheard: &[String],
    computed: Option<Answer>,
) -> Result<Shown> {
    let mut buttons = Vec::new();
    // Something is awaited: nothing can be decided yet.
    let mut waits = false;
    for how in Decided::ALL {
        let Some(verb) = chart.verb(case.state.as_str(), how.verb()) else { continue };
        let ready = model::ready(chart, verb, tasks).is_ok();
        waits = waits || (!ready && verb.lapsed.is_none());
        let may = match how {
            Decided::Granted => computed.is_none_or(|answer| answer == Answer::Yes) && unheard.is_empty(),
            Decided::Closed => tables::answered(&context.app.store, case).await? >= actions::ANSWERS,
            _ => true,
        };
        if ready && may {
            let tone = match how {
                Decided::Granted | Decided::Answered => "",
                Decided::Refused => "err",
                Decided::Closed | Decided::Returned => "line",
            };
            buttons.push(context! { id => how.verb(), name => verb.name.get(context.lang), article => verb.article, tone });
        }
    }
    let pack = context.app.definitions.pack();
    let kinds: Vec<&str> =
        unheard.iter().filter_map(|kind| Some(pack.unit_kind(kind)?.name.get(context.lang))).collect();
    Ok(context! {
        buttons, waits, unheard => kinds, answers => chart.verb(case.state.as_str(), "respond").is_some(),
        not_yes => computed.is_some_and(|answer| answer != Answer::Yes),
    })
}

/// Whom the words of a case speak for, other than the unit that has it: for the front office to choose from.
pub async fn guesses(context: &Context, case: &Case, service: &Service) -> Result<Vec<Shown>> {
    if service.to != To::Words || !case.state.is_open() {
        return Ok(Vec::new());
    }
    let units = guess::units(&context.app, service).await?;
    let mine = units.iter().find(|unit| Some(&unit.id) == case.unit.as_ref());
    let place = mine.map_or("", |unit| unit.region.as_str());
    let first = guess::first(&context.app, &units, guess::subject(service, case), place).await?;
    let shown = first.guesses.iter().filter_map(|guess| {
        let unit = units.iter().find(|unit| unit.id == guess.office)?;
        (Some(&unit.id) != case.unit.as_ref())
            .then(|| context! { id => unit.id, label => pages::place(context, unit), why => guess.why })
    });
    Ok(shown.collect())
}
