//! The days off that count, those declared since, and how far the moving of open clocks is.

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use maru_definition::{Calendar, Change, Declared};
use maru_kernel::{Both, Date, Error, Problem, Result};
use maru_store::Moved;
use maru_web::{Context, Shared, Shown, Typed, context, shown};

use super::admin::{Answered, page};
use crate::{actions, model::Doer};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/admin/holidays", get(show).post(declare))
        .route("/admin/holidays/{date}/withdraw", post(withdraw))
}

async fn show(context: Context) -> Answered {
    list(&context, &Typed(Default::default()), &[]).await
}

/// The holidays of a year; those that stand because they were declared can be taken back until they are over.
fn year(context: &Context, calendar: &Calendar, declared: &[Declared], year: i16) -> Shown {
    let row = |(date, name): (Date, &Both)| {
        let stands = declared.iter().find(|day| day.date == date && day.ended.is_none());
        context! {
            date => date.to_string(), name => name.get(context.lang), declared => stands.map(|day| day.at.micros()),
            open => stands.is_some() && date >= context.now.date(),
        }
    };
    let days: Vec<_> = calendar.holidays().filter(|(date, _)| date.year() == year).map(row).collect();
    context! { year => year.to_string(), days }
}

/// How far one of the two changes in pieces is. It goes from the latest day back to the first that was changed.
fn stage(context: &Context, (first, last): (Date, Date), reached: Option<(String, Moved)>) -> Shown {
    let days = |from: Date, to: Date| from.until(to).map_or(0, |span| span.get_days()).max(0);
    let whole = days(first, last).max(1);
    let Some((key, moved)) = reached else {
        return context! { whole, gone => 0, text => context.t("admin-holidays-stage-wait"), done => false };
    };
    let day: Date = key.get(..10).and_then(|day| day.parse().ok()).unwrap_or(last);
    let gone = if moved.done { whole } else { days(day, last).min(whole) };
    let args = [
        ("day", shown::day(context.lang, day).into()),
        ("first", shown::day(context.lang, first).into()),
        ("rows", moved.rows.to_string().into()),
    ];
    let key = if moved.done { "admin-holidays-stage-done" } else { "admin-holidays-stage-on" };
    let text = context.app.texts.get(context.lang, key, &args).unwrap_or_default();
    context! { whole, gone, text, done => moved.done }
}

async fn moving(context: &Context, calendar: &Calendar, change: Change) -> Result<Shown> {
    let store = &context.app.store;
    let span = (change.first, calendar.covers().map_or(change.first, |(_, last)| last));
    // As the room `case` names what it moves.
    let cases = store.chunk_reached(&format!("clocks-{}", change.place)).await?;
    let tasks = store.chunk_reached(&format!("task-clocks-{}", change.place)).await?;
    let done = |reached: &Option<(String, Moved)>| reached.as_ref().is_some_and(|(_, moved)| moved.done);
    Ok(context! {
        at => change.at.micros(), begun => cases.is_some(), done => done(&cases) && done(&tasks),
        cases => stage(context, span, cases), tasks => stage(context, span, tasks),
    })
}

async fn list(context: &Context, typed: &Typed, problems: &[Problem]) -> Answered {
    context.operator()?;
    let (calendar, declared) =
        (context.app.definitions.calendar(), context.app.definitions.holidays().await?);
    let this = context.now.date().year();
    let years: Vec<_> =
        [this, this.saturating_add(1)].map(|of| year(context, &calendar, &declared, of)).into();
    let moving = match calendar.change() {
        Some(change) => Some(moving(context, &calendar, change).await?),
        None => None,
    };
    let covers = calendar.covers().map(|(first, last)| {
        context! { first => first.to_string(), last => last.to_string(), source => calendar.source() }
    });
    let values = context! {
        years, moving, covers, date => typed.get("date"), ko => typed.get("ko"), en => typed.get("en"),
    };
    page(context, "holidays", "party/holidays.html", values, problems).await
}

fn back() -> Answered {
    Ok(Redirect::to("/admin/holidays").into_response())
}

async fn declare(context: Context, typed: Typed) -> Answered {
    let doer = Doer::of(context.operator()?);
    let name = Both { ko: typed.get("ko").into(), en: typed.get("en").into() };
    let outcome = match typed.get("date").parse() {
        Ok(date) => actions::declare_holiday(&context.app, &doer, date, &name).await,
        Err(_) => Err(Error::invalid("date", "holiday-wrong-date")),
    };
    match outcome {
        Ok(()) => back(),
        Err(Error::Invalid(mut problems)) => {
            // The name is two fields: the first that is not good.
            let one = if name.ko.trim().is_empty() || !name.en.trim().is_empty() { "ko" } else { "en" };
            problems.iter_mut().filter(|p| p.field == "name").for_each(|p| p.field = one.into());
            list(&context, &typed, &problems).await
        }
        Err(other) => Err(other.into()),
    }
}

async fn withdraw(context: Context, Path(date): Path<String>, _typed: Typed) -> Answered {
    let doer = Doer::of(context.operator()?);
    let date: Date = date.parse().map_err(|_| Error::NotFound)?;
    match actions::withdraw_holiday(&context.app, &doer, date).await {
        Ok(()) => back(),
        Err(Error::Invalid(problems)) => list(&context, &Typed(Default::default()), &problems).await,
        Err(other) => Err(other.into()),
    }
}
