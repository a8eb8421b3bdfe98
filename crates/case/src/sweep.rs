//! The round that tells people what open cases owe them, and what was granted and ends: hourly while offices are open, by one process of several.

use maru_kernel::{Actor, At, Error, Result};
use maru_store::Batch;
use maru_web::App;
use serde_json::json;

use crate::{
    actions, ending,
    model::Case,
    owed::{self, owed},
    tables,
};

/// A round belongs to who takes it for so long.
const HOUR: i64 = 3_600;
const NAME: &str = "owed";

/// Tells what is owed now and answers how much that was. Whoever comes while somebody else is at it, or outside office hours, tells
/// nothing. A round that was cut off is taken up after an hour: what was told is kept with each case.
pub async fn sweep(app: &App) -> Result<usize> {
    let now = app.now();
    if !app.definitions.calendar().is_open(now) {
        return Ok(0);
    }
    let until = now.plus_seconds(HOUR);
    let mut batch = Batch::new();
    tables::take_round(&mut batch, NAME, now, until);
    match app.store.commit(batch).await {
        Ok(()) => {}
        Err(Error::Guard(_)) => return Ok(0),
        Err(other) => return Err(other),
    }
    let told = round(app, now).await;
    if told.is_err() {
        let mut batch = Batch::new();
        tables::free_round(&mut batch, NAME, until, now);
        app.store.commit(batch).await?;
    }
    told
}

/// The round itself, whoever else is at it.
pub async fn round(app: &App, now: At) -> Result<usize> {
    let until = owed::warned_until(now.date(), &app.definitions.calendar());
    let mut told = 0_usize;
    let (mut day, mut id) = (String::new(), String::new());
    loop {
        let (last, n) = tell(app, || tables::due(&app.store, (&day, &id), until, now.date())).await?;
        told = told.saturating_add(n);
        let Some(case) = last else { break };
        (day, id) = (case.due_on.map(|due| due.to_string()).unwrap_or_default(), case.id);
    }
    let since = now.plus_days(-owed::STATUS_DAYS);
    let (mut heard, mut id) = (At::EPOCH, String::new());
    loop {
        let (last, n) = tell(app, || tables::silent(&app.store, (heard, &id), since)).await?;
        told = told.saturating_add(n);
        let Some(case) = last else { break };
        (heard, id) = (case.told.told_at.or(case.submitted_at).unwrap_or(now), case.id);
    }
    Ok(told.saturating_add(ending::round(app, now).await?))
}

/// Tells what a page of cases owes, in one commit; answers the last of them as it was read, and how much was told.
async fn tell<F>(app: &App, page: impl Fn() -> F) -> Result<(Option<Case>, usize)>
where
    F: Future<Output = Result<Vec<Case>>>,
{
    app.store
        .rerun(|| async {
            let page = page().await?;
            let (mut batch, mut told) = (Batch::new(), 0_usize);
            for case in &page {
                told = told.saturating_add(usize::from(one(app, &mut batch, case)?));
            }
            Ok((batch, (page.into_iter().last(), told)))
        })
        .await
}

/// Adds what one case owes: what was told, and the events that tell it.
fn one(app: &App, batch: &mut Batch, case: &Case) -> Result<bool> {
    // A service that is gone has nobody to answer for it; its cases are the operator's to close.
    let (Some(service), Some(submitted)) = (app.definitions.service(&case.service), case.submitted_at) else {
        return Ok(false);
    };
    let Some(clock) = case.clock(&service) else { return Ok(false) };
    let reckoned = actions::reckoned(app, &clock, &service);
    let now = app.now();
    let owed = owed(submitted, &reckoned, &case.told, now, &app.definitions.calendar());
    if owed.is_nothing() {
        return Ok(false);
    }
    tables::put_told(batch, case, &owed.and_then(&case.told));
    // A letter that the day is over says how the case stands.
    let verbs = [
        ("warned", owed.warn.is_some()),
        ("escalated", owed.escalate.is_some()),
        ("reported", owed.report.is_some() && owed.escalate.is_none()),
    ];
    for verb in verbs.into_iter().filter(|(_, is)| *is).map(|(verb, _)| verb) {
        let actor = Actor::System { name: "clock".into() };
        batch.event(actions::event(app, verb, case, actor, now, json!({ "due_on": reckoned.due_on })));
    }
    Ok(true)
}
