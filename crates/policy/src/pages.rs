//! What analysts see: the law over a made population, and what another number in it would do. Pages, and JSON over the same.

mod api;
mod drafts;
mod look;
mod ready;
mod tables;
mod values;

use std::{collections::BTreeMap, time::Duration};

use axum::{
    Router,
    extract::{Path, Query},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use maru_kernel::{Error, Problem, Result};
use maru_web::{
    Context, Fail, Room, Shown, admin_tabs, context, number,
    ports::{RoleKind, Session},
};

use self::{
    look::{Asked, Turned},
    ready::{Desk, Made, Waited},
    tables::{Bars, Reach},
};
use crate::Effect;

type Answered = std::result::Result<Response, Fail>;
type Fields = Query<BTreeMap<String, String>>;

/// Somebody at a page rather sees how far it is than waits.
const PATIENCE: Duration = Duration::from_secs(2);
/// A page that shows how far it is comes again by itself after so many seconds.
const AGAIN: &str = "2";

pub fn room() -> Room {
    Room {
        name: "policy",
        migrations: &[],
        templates: &[
            ("policy/assumptions.html", include_str!("../templates/assumptions.html")),
            ("policy/bars.html", include_str!("../templates/bars.html")),
            ("policy/draft.html", include_str!("../templates/draft.html")),
            ("policy/drafted.html", include_str!("../templates/drafted.html")),
            ("policy/effect.html", include_str!("../templates/effect.html")),
            ("policy/list.html", include_str!("../templates/list.html")),
            ("policy/making.html", include_str!("../templates/making.html")),
            ("policy/numbers.html", include_str!("../templates/numbers.html")),
            ("policy/service.html", include_str!("../templates/service.html")),
            ("policy/turn.html", include_str!("../templates/turn.html")),
            ("policy/value.html", include_str!("../templates/value.html")),
            ("policy/who.html", include_str!("../templates/who.html")),
        ],
        locales: [include_str!("../locales/ko.ftl"), include_str!("../locales/en.ftl")],
        pages: Router::new()
            .route("/policy", get(list))
            .route("/policy/assumptions", get(assumptions))
            .route("/policy/{id}", get(service))
            .route("/policy/{id}/turn", get(turn))
            .merge(drafts::routes())
            .merge(values::routes()),
        api: api::routes(),
        openapi: include_str!("pages/openapi.json"),
        handling: Vec::new(),
    }
}

fn analyst(context: &Context) -> Result<&Session> {
    context.with_role(&[RoleKind::Analyst], "policy-not-analyst")
}

/// The population with what was found in it, when it is made within a time.
async fn made(context: &Context, time: Duration) -> Result<Waited<Result<std::sync::Arc<Made>>>> {
    analyst(context)?;
    let desk = context.app.kept.get::<Desk>();
    desk.made(&context.app, context.now.date()).within(time).await
}

/// What a page shows while something is made: how far it is.
async fn making(context: &Context, session: &Session, tab: &str, what: &str, done: u64, of: u64) -> Answered {
    let values = context! {
        tab, tabs => admin_tabs(session), what, done => done.min(of), of,
    };
    let page = context.page("admin", "policy/making.html", values).await?;
    Ok((StatusCode::ACCEPTED, [(header::REFRESH, AGAIN)], page).into_response())
}

async fn list(context: Context) -> Answered {
    let made = match made(&context, PATIENCE).await? {
        Waited::Ready(made) => made?,
        Waited::Making { done, of } => {
            return making(&context, analyst(&context)?, "policy", "people", done, of).await;
        }
    };
    let services = look::services(&made, context.lang);
    let most = services.iter().map(|one| one.yes).max().unwrap_or(0);
    let rows: Vec<_> = services
        .iter()
        .map(|one| {
            context! {
                id => one.id, name => one.name, yes => one.yes, unknown => one.unknown, won => one.won,
                pays => one.pays, share => tables::share(one.yes, made.persons()), bar => tables::bar(one.yes, most),
            }
        })
        .collect();
    let values = context! {
        tab => "policy", tabs => admin_tabs(analyst(&context)?), rows, about => look::about(&made),
    };
    Ok(context.page("admin", "policy/list.html", values).await?)
}

async fn assumptions(context: Context) -> Answered {
    let tabs = admin_tabs(analyst(&context)?);
    let pack = context.app.definitions.pack();
    let (_, text) = pack.population().ok_or(Error::NotFound)?;
    let told = |line: &str| {
        let [name, unit, values, note] = line.splitn(4, '\t').collect::<Vec<_>>().try_into().ok()?;
        Some(context! { name, unit, values, note => tables::runs(note) })
    };
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let rows: Vec<_> = lines.filter_map(told).collect();
    Ok(context.page("admin", "policy/assumptions.html", context! { tab => "policy", tabs, rows }).await?)
}

fn age_words(context: &Context, from: u8, until: Option<u8>) -> String {
    let number = |n: u8| maru_web::Said::from(i64::from(n));
    let text = match until {
        Some(until) => context.app.texts.get(
            context.lang,
            "policy-age",
            &[("from", number(from)), ("until", number(until))],
        ),
        None => context.app.texts.get(context.lang, "policy-age-last", &[("from", number(from))]),
    };
    text.unwrap_or_default()
}

async fn service(context: Context, Path(id): Path<String>) -> Answered {
    let made = match made(&context, PATIENCE).await? {
        Waited::Ready(made) => made?,
        Waited::Making { done, of } => {
            return making(&context, analyst(&context)?, "policy", "people", done, of).await;
        }
    };
    let place = look::place(&made, &id)?;
    let one = look::service(&made, place, context.lang);
    let by = tables::reach(&made, place);
    let bars = |named: Vec<(String, Reach)>| {
        Bars::of(named.iter().map(|(name, reach)| (name.clone(), reach.yes, reach.people)))
    };
    let charts = [
        ("places", bars(by.places.clone())),
        (
            "ages",
            bars(
                by.ages
                    .iter()
                    .map(|(from, until, reach)| (age_words(&context, *from, *until), *reach))
                    .collect(),
            ),
        ),
        ("incomes", bars(by.incomes(context.lang))),
    ];
    let values = context! {
        tab => "policy", tabs => admin_tabs(analyst(&context)?), about => look::about(&made),
        id => one.id, name => one.name, yes => one.yes, unknown => one.unknown, won => one.won, pays => one.pays,
        share => tables::share(one.yes, made.persons()), charts, numbers => look::numbers(&made, place, context.lang, number::written),
    };
    Ok(context.page("admin", "policy/service.html", values).await?)
}

async fn turn(context: Context, Path(id): Path<String>, Query(fields): Fields) -> Answered {
    let made = match made(&context, PATIENCE).await? {
        Waited::Ready(made) => made?,
        Waited::Making { done, of } => {
            return making(&context, analyst(&context)?, "policy", "people", done, of).await;
        }
    };
    let place = look::place(&made, &id)?;
    let get = |name: &str| fields.get(name).map_or("", |text| text.trim());
    let (typed, untouched) = (get("number"), !fields.contains_key("number"));
    let asked = look::asked(&made, place, get("parameter"), get("entry"));
    let (asked, problem) = match asked {
        Ok(asked) if untouched => {
            return turn_page(&context, &made, place, Some(&asked), typed, None, None).await;
        }
        Ok(asked) => match number::read("number", typed) {
            Ok(number) => (Asked { number: Some(number), ..asked }, None),
            Err(problem) => (asked, Some(problem)),
        },
        Err(problem) => return turn_page(&context, &made, place, None, typed, Some(problem), None).await,
    };
    if problem.is_some() {
        return turn_page(&context, &made, place, Some(&asked), typed, problem, None).await;
    }
    match look::turned(&made, place, &asked, PATIENCE).await? {
        Waited::Ready(turned) => {
            turn_page(&context, &made, place, Some(&asked), typed, None, Some(&turned?)).await
        }
        Waited::Making { done, of } => {
            making(&context, analyst(&context)?, "policy", "turning", done, of).await
        }
    }
}

/// What something does to everybody, in figures and charts.
fn effect_shown(context: &Context, made: &Made, effect: &Effect) -> Shown {
    let by = tables::changes(made, effect);
    let ages = by.ages.iter().map(|(from, until, change)| (age_words(context, *from, *until), *change));
    context! {
        all => effect.all, won_change => effect.all.won(), milliseconds => look::milliseconds(effect.wall),
        charts => [
            ("places", tables::Moves::of(by.places.clone())), ("ages", tables::Moves::of(ages.collect())),
            ("incomes", tables::Moves::of(by.incomes(context.lang))),
        ],
    }
}

async fn turn_page(
    context: &Context,
    made: &Made,
    place: usize,
    asked: Option<&Asked>,
    typed: &str,
    problem: Option<Problem>,
    turned: Option<&Turned>,
) -> Answered {
    let one = look::service(made, place, context.lang);
    let chosen = asked.map(|asked| {
        let label = made.screening.nation.pack.parameter_label(&asked.parameter, context.lang);
        context! {
            parameter => asked.parameter, entry => asked.entry.clone().unwrap_or_default(), label,
            now => number::written(&asked.was), article => asked.article, unit => asked.unit,
            then => asked.number.as_ref().map(number::written),
        }
    });
    let result = turned.map(|turned| {
        let of_turn = context! { concerned => turned.concerned, prepared => turned.prepared };
        context! { ..of_turn, ..effect_shown(context, made, &turned.effect) }
    });
    let problems: Vec<_> =
        problem.iter().map(|p| context! { id => p.field, text => context.told(p) }).collect();
    let wrong = problem.as_ref().filter(|p| p.field == "number").map(|p| context.told(p)).unwrap_or_default();
    let numbers =
        if asked.is_none() { look::numbers(made, place, context.lang, number::written) } else { Vec::new() };
    let values = context! {
        tab => "policy", tabs => admin_tabs(analyst(context)?), about => look::about(made), id => one.id, name => one.name,
        pays => one.pays, chosen, result, problems, wrong, typed, numbers,
    };
    Ok(if problem.is_none() {
        context.page("admin", "policy/turn.html", values).await?
    } else {
        context.page_again("admin", "policy/turn.html", values).await?
    })
}
