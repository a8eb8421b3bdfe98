//! What was granted until a day: its holder is told ahead, and once more when it is over.

use maru_definition::{
    Service,
    ahead::{AGAIN, days_until, step},
};
use maru_kernel::{Actor, At, Date, Result};
use maru_store::Batch;
use maru_web::App;
use serde_json::json;

use crate::{
    actions,
    model::{Case, File},
    tables,
};

/// Nothing is looked at any more.
const NEVER: Date = Date::constant(9999, 12, 31);

/// Adds the day on which what is granted now ends, where its service says how that is found.
pub fn begin(app: &App, batch: &mut Batch, case: &Case, service: &Service, now: At) {
    let Some(lasts) = &service.lasts else { return };
    let facts = case.file.as_ref().map(File::facts).unwrap_or_default();
    let today = now.date();
    let until = lasts.until(&facts, &app.definitions.pack().parameters, today);
    let Some(until) = until.filter(|until| *until >= today) else { return };
    // What is near already is told by the letter about the grant.
    let left = days_until(today, until);
    let told = lasts.ahead.iter().copied().filter(|days| left <= *days).min();
    let look = step(Some(until), &lasts.ahead, told, today).look;
    tables::put_ending(batch, case, (until, told, look));
}

/// Tells what ends, as of those whose day to be looked at has come.
pub async fn round(app: &App, now: At) -> Result<usize> {
    let today = now.date();
    let mut told = 0_usize;
    let (mut look, mut id) = (String::new(), String::new());
    loop {
        let (last, n) = app
            .store
            .rerun(|| async {
                let page = tables::endings_due(&app.store, (&look, &id), today).await?;
                let (mut batch, mut told) = (Batch::new(), 0_usize);
                for ending in &page {
                    told = told.saturating_add(usize::from(one(app, &mut batch, ending, now).await?));
                }
                Ok((batch, (page.into_iter().last(), told)))
            })
            .await?;
        told = told.saturating_add(n);
        let Some(last) = last else { return Ok(told) };
        (look, id) = (last.look.to_string(), last.id);
    }
}

async fn one(app: &App, batch: &mut Batch, ending: &tables::Ending, now: At) -> Result<bool> {
    let (today, service) = (now.date(), app.definitions.service(&ending.service));
    let ahead = service.as_ref().and_then(|service| service.lasts.as_ref()).map(|lasts| lasts.ahead.clone());
    // How a service ended is told by who ended it.
    let Some(ahead) = ahead.filter(|_| service.is_some_and(|service| !service.ended)) else {
        tables::put_looked(batch, ending, ending.told, NEVER);
        return Ok(false);
    };
    let step = step(Some(ending.until), &ahead, ending.told, today);
    let over = days_until(today, ending.until) < -AGAIN;
    tables::put_looked(batch, ending, step.tell.or(ending.told), if over { NEVER } else { step.look });
    if step.tell.is_none() {
        return Ok(false);
    }
    let Some(case) = tables::case(&app.store, &ending.id).await? else { return Ok(false) };
    // Who has applied anew knows; a draft is no application yet.
    let anew = match tables::open_case(&app.store, &ending.party, &ending.service).await? {
        Some(id) => tables::case(&app.store, &id).await?.is_some_and(|anew| !anew.state.is_draft()),
        None => false,
    };
    if anew || case.state.as_str() != "granted" {
        return Ok(false);
    }
    let actor = Actor::System { name: "clock".into() };
    let body = json!({ "until": ending.until, "days": days_until(today, ending.until) });
    batch.event(actions::event(app, "ending", &case, actor, now, body));
    Ok(true)
}
