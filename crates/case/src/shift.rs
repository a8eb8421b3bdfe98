//! Days off that are declared or taken back move the clocks that are open: in pieces, by whichever program comes, each once.

use std::collections::HashMap;

use maru_definition::{Calendar, Service};
use maru_kernel::{Date, Result};
use maru_store::{Batch, Piece};
use maru_web::App;

use crate::{
    actions,
    clock::{Clock, Counting, Period, Unit},
    tables::{self, Running},
};

/// So many are counted and written in one commit: pages of the indexes are written once for many, and others wait for less than a tenth of a second.
const PIECE: i64 = 10_000;
/// Until every program on the database counts by the new calendar (they look every five seconds), nothing moves: what one of
/// them commits by the old one meanwhile moves with the rest.
const GRACE: i64 = 30;
/// Behind every day and id there is.
const END: (&str, &str) = ("9999-12-31", "~");

/// Moves the next piece of what the newest change of the calendar moves. Answers whether nothing is left.
///
/// The latest day comes first, so that what moves to a later day is not met again.
pub async fn shift(app: &App) -> Result<bool> {
    let calendar = app.definitions.calendar();
    let Some(change) = calendar.change() else { return Ok(true) };
    if app.now() < change.at.plus_seconds(GRACE) {
        return Ok(true);
    }
    let moved = app
        .store
        .chunk_by(&format!("clocks-{}", change.place), |after| cases(app, &calendar, change.first, after))
        .await?;
    if !moved.done {
        return Ok(false);
    }
    let name = format!("task-clocks-{}", change.place);
    let moved = app.store.chunk_by(&name, |after| tasks(app, &calendar, change.first, after)).await?;
    Ok(moved.done)
}

fn before(key: &str) -> (&str, &str) {
    key.split_once('/').unwrap_or(END)
}

async fn cases(app: &App, calendar: &Calendar, first: Date, after: String) -> Result<Piece> {
    let page = tables::running(&app.store, before(&after), first, PIECE).await?;
    let (mut batch, mut rows) = (Batch::new(), 0_i64);
    let mut counted = Counted { calendar, known: HashMap::new() };
    for case in &page {
        let Some(service) = app.definitions.service(&case.service) else { continue };
        let due = counted.due_on(case, &service);
        if due != Some(case.due_on) {
            tables::put_due(&mut batch, case, due);
            rows = rows.saturating_add(1);
        }
    }
    let last = page.last().map_or(after, |case| format!("{}/{}", case.due_on, case.id));
    Ok(Piece { last, rows, done: page.len() < PIECE.try_into().unwrap_or(usize::MAX), batch })
}

/// Most clocks of a piece are alike: received on the same day for as many days, and nothing else.
struct Counted<'a> {
    calendar: &'a Calendar,
    known: HashMap<(Date, u32), Option<Date>>,
}

impl Counted<'_> {
    fn due_on(&mut self, case: &Running, service: &Service) -> Option<Date> {
        let plain = || Clock::new(case.submitted_at, Period::of(&service.period));
        let clock = case.clock.clone().unwrap_or_else(plain);
        let hours = self.calendar.hours(Some(&service.owner));
        let alike = clock.counting == Counting::Statute
            && clock.period.unit == Unit::Days
            && !clock.period.in_hours()
            && clock.pauses.is_empty()
            && clock.extensions.is_empty();
        if !alike {
            return clock.due_on(self.calendar, hours);
        }
        let key = (clock.received.date(), clock.period.n);
        *self.known.entry(key).or_insert_with(|| clock.due_on(self.calendar, hours))
    }
}

/// What was asked of applicants and units is due on another day too, where its last day is one off (민법 제161조).
async fn tasks(app: &App, calendar: &Calendar, first: Date, after: String) -> Result<Piece> {
    let page = tables::running_tasks(&app.store, before(&after), first, PIECE).await?;
    let (mut batch, mut rows) = (Batch::new(), 0_i64);
    let key = |task: &crate::model::Task| {
        format!("{}/{}", task.due_on.map(|due| due.to_string()).unwrap_or_default(), task.id)
    };
    let last = page.last().map_or(after, key);
    let done = page.len() < PIECE.try_into().unwrap_or(usize::MAX);
    for mut task in page {
        let due = task.clock().due_on(calendar, calendar.hours(None));
        if due != task.due_on {
            task.due_on = due;
            tables::put_task(&mut batch, &task);
            if task.unit.is_none() {
                actions::watch(app, &mut batch, &task, app.now());
            }
            rows = rows.saturating_add(1);
        }
    }
    Ok(Piece { last, rows, done, batch })
}
