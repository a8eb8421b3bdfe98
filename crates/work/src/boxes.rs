//! What waits, what is under way, what is done, what was sent here; and the register of what a unit completed or was sent.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::Query,
    response::Response,
    routing::{get, post},
};
use maru_kernel::{At, Date, Error, Result};
use maru_web::{Context, Fail, Shared, Shown, Typed, context, ports::DocumentCard};

use crate::{
    actions,
    model::stands_in_for,
    pages::{Answered, page, place_of, to},
    tables::{self, Listed, Looked, kind_name},
};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/documents", get(inbox))
        .route("/documents/archive", get(archive))
        .route("/documents/sign", post(sign_many))
}

type Filters = BTreeMap<String, String>;

const BOXES: [&str; 4] = ["waiting", "mine", "done", "sent"];
const AT_ONCE: usize = 50;
const ROWS: i64 = 30;

fn card(context: &Context, card: &DocumentCard) -> Shown {
    context! {
        id => card.id, title => card.title, state => card.state, number => card.number,
        drafter => card.drafter.get(context.lang), at => card.at.micros(),
    }
}

fn listed(context: &Context, listed: &Listed, me: &str) -> Shown {
    let lang = context.lang;
    context! {
        ..context! {
            kind => kind_name(listed.kind), round => listed.round, place => listed.place, named => listed.name.get(lang),
            stands_in => listed.person != me, by => listed.signed.as_ref().map(|by| by.get(lang)),
        },
        ..card(context, &listed.card)
    }
}

/// What waits for somebody, and for whom they stand in; never what they drafted themselves.
pub async fn waiting(context: &Context) -> Result<Vec<Listed>> {
    let (person, _) = context.official()?;
    let store = &context.app.store;
    let mut found = tables::waiting(store, &person.id).await?;
    let edges = actions::away(&context.app, &person.id, context.now).await?;
    for edge in stands_in_for(&person.id, &edges) {
        let theirs = tables::waiting(store, &edge.away).await?;
        found.extend(theirs.into_iter().filter(|listed| listed.drafted_by != person.id));
    }
    Ok(found)
}

async fn inbox(context: Context, Query(asked): Query<Filters>) -> Answered {
    let (person, unit) = context.official()?;
    let store = &context.app.store;
    let open = asked.get("box").map_or("waiting", String::as_str);
    if !BOXES.contains(&open) {
        return Err(Fail(Error::NotFound));
    }
    let waits = waiting(&context).await?;
    let unseen = tables::sent_to(store, unit).await?.iter().filter(|(_, at)| at.is_none()).count();
    let mut rows: Vec<Shown> = Vec::new();
    let (mut reports, mut returned) = (Vec::new(), Vec::new());
    match open {
        "waiting" => {
            rows = waits.iter().map(|one| listed(&context, one, &person.id)).collect();
            reports = tables::unreported(store, &person.id).await?;
            let drafted = tables::drafted(store, &person.id, unit).await?;
            returned = drafted.iter().filter(|c| c.state == "returned").map(|c| card(&context, c)).collect();
        }
        "mine" => {
            let drafted = tables::drafted(store, &person.id, unit).await?;
            rows = drafted.iter().map(|one| card(&context, one)).collect();
        }
        "done" => {
            let signed = tables::signed(store, &person.id).await?;
            rows = signed.iter().map(|one| listed(&context, one, &person.id)).collect();
        }
        _ => {
            for (one, at) in tables::sent_to(store, unit).await? {
                let received = at.map(|at| at.micros());
                rows.push(context! { ..context! { received }, ..card(&context, &one) });
            }
        }
    }
    let reports: Vec<Shown> = reports.iter().map(|one| listed(&context, one, &person.id)).collect();
    let values = context! {
        tab => open, count => waits.len(), unseen, rows, reports, returned, results => results(&context, &asked).await?,
    };
    page(&context, "work/inbox.html", &[], values).await
}

/// What came of signing several at once, as the address says it: only of documents that may be read.
async fn results(context: &Context, asked: &Filters) -> Result<Vec<Shown>> {
    let (person, unit) = context.official()?;
    let mut results = Vec::new();
    for one in asked.get("told").map_or("", String::as_str).split('.').take(AT_ONCE) {
        let Some((id, key)) = one.split_once('~') else { continue };
        let Ok(document) = actions::readable(&context.app, person, unit, id).await else { continue };
        let Some(round) = document.submitted() else { continue };
        let told = key.starts_with("work-") || key.starts_with("error-");
        let text = context.app.texts.get(context.lang, key, &[]).filter(|_| told);
        let Some(text) = text else { continue };
        results.push(context! { id, title => round.title, ok => key == "work-signed", text });
    }
    Ok(results)
}

/// Signs what was ticked, each by itself: what one can't be does not keep the others.
async fn sign_many(context: Context, typed: Typed) -> std::result::Result<Response, Fail> {
    let (person, unit) = context.official()?;
    let mut told = Vec::new();
    for name in typed.0.keys().take(AT_ONCE) {
        let chosen = name.strip_prefix("sign-").and_then(|rest| rest.rsplit_once('-'));
        let Some((id, step)) = chosen else { continue };
        let outcome = match place_of(step) {
            Ok(place) => actions::sign(&context.app, person, unit, id, place, "").await,
            Err(wrong) => Err(wrong),
        };
        let key = match outcome {
            Ok(_) => "work-signed".to_owned(),
            Err(Error::Conflict(key) | Error::Denied(key) | Error::Unavailable(key)) => key,
            Err(Error::NotFound) => continue,
            Err(other) => return Err(Fail(other)),
        };
        told.push(format!("{id}~{key}"));
    }
    if told.is_empty() { to("/documents") } else { to(&format!("/documents?told={}", told.join("."))) }
}

fn day(asked: &Filters, name: &str) -> Option<Date> {
    asked.get(name).and_then(|text| text.parse().ok())
}

/// What is looked for, as an address says it.
pub fn looked<'a>(asked: &'a Filters, unit: &'a str) -> Looked<'a> {
    Looked {
        unit,
        words: asked.get("q").map_or("", |words| words.trim()),
        from: day(asked, "from").map_or(At::EPOCH, At::start_of),
        until: day(asked, "until").map_or(At::from_micros(i64::MAX), |day| At::start_of(day).plus_days(1)),
    }
}

async fn archive(context: Context, Query(asked): Query<Filters>) -> Answered {
    let (_, unit) = context.official()?;
    let page_of = asked.get("page").and_then(|text| text.parse::<i64>().ok()).unwrap_or(1).clamp(1, 10_000);
    let skip = page_of.saturating_sub(1).saturating_mul(ROWS);
    let looked = looked(&asked, unit);
    let found = tables::archived(&context.app.store, &looked, ROWS.saturating_add(1), skip).await?;
    let more = i64::try_from(found.len()).unwrap_or(0) > ROWS;
    let shown = usize::try_from(ROWS).unwrap_or(0);
    let rows: Vec<Shown> = found.iter().take(shown).map(|one| card(&context, one)).collect();
    let shown_day = |name: &str| day(&asked, name).map(|day| day.to_string()).unwrap_or_default();
    let values = context! {
        tab => "archive", rows, more, page => page_of, q => looked.words, from => shown_day("from"), until => shown_day("until"),
    };
    page(&context, "work/archive.html", &[], values).await
}
