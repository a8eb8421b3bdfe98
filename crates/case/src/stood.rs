//! A case as it stood at a moment: told from its events, its clock and the rows beside it. Pure.

use maru_definition::Chart;
use maru_kernel::{At, Date, Event};
use serde_json::Value as Json;

use crate::{
    clock::{Clock, Pause},
    model::{State, Task},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stood {
    pub state: State,
    pub unit: Option<String>,
    pub officer: Option<String>,
    /// The clock as it was counted then.
    pub clock: Option<Clock>,
}

/// Goes through the events up to a moment. What led where is read from the chart as it is today.
pub fn stood(chart: &Chart, clock: Option<&Clock>, events: &[Event], at: At) -> Stood {
    let mut stood = Stood { state: State::draft(), unit: None, officer: None, clock: None };
    let mut extended = 0;
    for event in events.iter().filter(|event| event.at <= at) {
        let done = event.kind.trim_start_matches("case.");
        let text = |name: &str| event.body.get(name).and_then(Json::as_str).map(str::to_owned);
        if Chart::is_ending(done) {
            stood.state = State::of(done);
        } else if let Some(verb) = chart
            .verbs
            .iter()
            .find(|verb| is_past(&verb.id, done) && verb.from.iter().any(|from| from == stood.state.as_str()))
            && let Some(to) = &verb.to
        {
            stood.state = State::of(to);
        }
        match done {
            "submitted" => stood.unit = text("unit"),
            "assigned" => stood.officer = text("officer"),
            "released" => stood.officer = None,
            "transferred" => (stood.unit, stood.officer) = (text("to"), None),
            "extended" => extended += 1,
            _ => {}
        }
    }
    if !stood.state.is_draft() && stood.unit.is_some() {
        stood.clock = clock.map(|clock| clock_at(clock, extended, at));
    }
    stood
}

/// `submit` and `submitted`, `grant` and `granted`, `withdraw` and `withdrawn`.
fn is_past(verb: &str, done: &str) -> bool {
    let Some(end) = done.strip_prefix(verb) else { return false };
    match end {
        "d" | "ed" | "n" => true,
        end => verb.chars().last().is_some_and(|last| end.strip_prefix(last) == Some("ed")),
    }
}

/// The clock with what had happened to it by then.
fn clock_at(clock: &Clock, extended: usize, at: At) -> Clock {
    let pauses = clock.pauses.iter().filter(|pause| pause.from <= at);
    let pauses = pauses.map(|pause| Pause { to: pause.to.filter(|to| *to <= at), ..pause.clone() });
    Clock {
        pauses: pauses.collect(),
        extensions: clock.extensions.iter().take(extended).copied().collect(),
        ..clock.clone()
    }
}

/// A task as it was then, if it had begun: later time, replies and ends are not there yet.
pub fn task_at(task: &Task, events: &[Event], at: At, due: &dyn Fn(&Clock) -> Option<Date>) -> Option<Task> {
    if task.asked_at > at {
        return None;
    }
    let mut then = task.clone();
    let of = |event: &&Event| event.body.get("task").and_then(Json::as_str) == Some(&task.id);
    let prolonged = events.iter().filter(|e| e.at <= at && e.kind == "case.prolonged").filter(of).count();
    then.prolonged = u32::try_from(prolonged).unwrap_or(u32::MAX).min(task.prolonged);
    // What has no time of its own had none then.
    then.due_on = task.due_on.and_then(|_| due(&then.clock()));
    if task.ended_at.is_some_and(|ended| ended > at) {
        (then.ended_at, then.reply, then.replied_by) = (None, None, None);
    }
    Some(then)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_known_by_their_past() {
        for (verb, done) in [
            ("submit", "submitted"),
            ("assign", "assigned"),
            ("release", "released"),
            ("transfer", "transferred"),
            ("extend", "extended"),
            ("withdraw", "withdrawn"),
            ("grant", "granted"),
        ] {
            assert!(is_past(verb, done), "{verb} {done}");
        }
        for (verb, done) in
            [("ask", "assigned"), ("submit", "submit"), ("grant", "grantded"), ("assign", "reassigned")]
        {
            assert!(!is_past(verb, done), "{verb} {done}");
        }
    }
}
