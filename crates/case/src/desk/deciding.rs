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
    actions::{self, Decided, Said},
    guess,
    model::{self, Case, Task},
    pages, tables,
};

type Answered = std::result::Result<Response, Fail>;

/// What ends a case, in the order of their buttons.
const ENDS: [Decided; 5] =
    [Decided::Answered, Decided::Granted, Decided::Refused, Decided::Closed, Decided::Returned];

pub fn routes() -> Router<Shared> {
    ENDS.iter().fold(Router::new(), |routes, how| {
        let handler =
            move |context: Context, Path(id): Path<String>, typed: Typed| decide(context, id, typed, *how);
        routes.route(&format!("/cases/{{id}}/{}", how.verb()), post(handler))
    })
}

async fn decide(context: Context, id: String, typed: Typed, how: Decided) -> Answered {
    let (person, unit) = context.official()?;
    let said = Said { note: typed.get("note"), basis: typed.get("basis") };
    match actions::decide(&context.app, person, unit, &id, how, said).await {
        Ok(_) => Ok(Redirect::to(&format!("/desk/cases/{id}")).into_response()),
        Err(Error::Invalid(problems)) => {
            let case = actions::of_unit(&context.app, unit, &id).await?;
            again(&context, &case, "decide", &problems, &typed).await
        }
        Err(other) => Err(Fail(other)),
    }
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
    for how in ENDS {
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
