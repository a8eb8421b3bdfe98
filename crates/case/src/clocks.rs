//! The clock for everybody: what is due when, by the calendar and the articles, for programs that ask. Nothing is read about anyone.

use axum::{
    Json, Router,
    response::{IntoResponse, Response},
    routing::post,
};
use maru_kernel::{At, Error, Problem, Result};
use maru_web::{ApiContext, Fail, Sent, Shared};
use serde::Deserialize;
use serde_json::{Value as Body, json};

use crate::clock::{Clock, Counted, Counting, Day, Pause, Reckoned, Why, Wrong};

/// So many are answered at once.
const MOST: usize = 500;
/// No matter pauses more often.
const MOST_PAUSES: usize = 50;

pub fn api() -> Router<Shared> {
    Router::new().route("/clocks", post(clocks))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    clocks: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    received: String,
    period: String,
    counting: Option<String>,
    agency: Option<String>,
    #[serde(default)]
    pauses: Vec<WrittenPause>,
    #[serde(default)]
    extensions: Vec<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPause {
    why: String,
    from: String,
    to: Option<String>,
}

fn wrong(at: usize, field: &str, key: &str) -> Error {
    Error::invalid(&format!("clocks.{at}.{field}"), key)
}

impl Written {
    fn read(self, n: usize) -> Result<Clock> {
        let moment =
            |text: &str, field: &str| At::parse(text).ok_or_else(|| wrong(n, field, "clock-wrong-moment"));
        if self.pauses.len() > MOST_PAUSES {
            let many = Problem {
                field: format!("clocks.{n}.pauses"),
                key: "clock-wrong-many".into(),
                value: Some(MOST_PAUSES.to_string()),
            };
            return Err(Error::Invalid(vec![many]));
        }
        let mut pauses = Vec::new();
        for (i, pause) in self.pauses.iter().enumerate() {
            pauses.push(Pause {
                why: Why::parse(&pause.why)
                    .ok_or_else(|| wrong(n, &format!("pauses.{i}.why"), "clock-wrong-why"))?,
                from: moment(&pause.from, &format!("pauses.{i}.from"))?,
                to: match &pause.to {
                    Some(to) => Some(moment(to, &format!("pauses.{i}.to"))?),
                    None => None,
                },
            });
        }
        let clock = Clock {
            received: moment(&self.received, "received")?,
            period: self.period.parse().map_err(|_| wrong(n, "period", "clock-wrong-period"))?,
            counting: match self.counting.as_deref() {
                None | Some("statute") => Counting::Statute,
                Some("civil") => Counting::Civil,
                Some(_) => return Err(wrong(n, "counting", "clock-wrong-counting")),
            },
            pauses,
            extensions: self.extensions,
        };
        match clock.wrong() {
            None => Ok(clock),
            Some(Wrong::HoursCivil) => Err(wrong(n, "period", "clock-wrong-hours")),
            Some(Wrong::PauseEndsBefore) => Err(wrong(n, "pauses", "clock-wrong-pause")),
            Some(Wrong::TooManyExtensions) => Err(wrong(n, "extensions", "clock-wrong-extensions")),
            Some(Wrong::ExtensionBeyondPeriod) => Err(wrong(n, "extensions", "clock-wrong-extension")),
        }
    }
}

async fn clocks(
    ApiContext(context): ApiContext,
    Sent(asked): Sent<Asked>,
) -> std::result::Result<Response, Fail> {
    if asked.clocks.len() > MOST {
        let many =
            Problem { field: "clocks".into(), key: "clock-wrong-many".into(), value: Some(MOST.to_string()) };
        return Err(Fail(Error::Invalid(vec![many])));
    }
    let (pack, calendar) = (context.app.definitions.pack(), context.app.definitions.calendar());
    let mut answers = Vec::with_capacity(asked.clocks.len());
    for (n, written) in asked.clocks.into_iter().enumerate() {
        let agency = written.agency.clone();
        if agency.as_ref().is_some_and(|id| pack.agency(id).is_none()) {
            return Err(Fail(wrong(n, "agency", "clock-wrong-agency")));
        }
        let clock = written.read(n)?;
        let reckoned = clock.reckon(&calendar, calendar.hours(agency.as_deref()));
        answers.push(answer(&reckoned));
    }
    Ok(Json(json!({ "clocks": answers })).into_response())
}

fn answer(reckoned: &Reckoned) -> Body {
    let weekend = |day: &Day| day.date.weekday().to_monday_zero_offset() >= 5;
    // The nominal last day, when it is a day off, explains why the due date is a later one.
    let off = |day: &&Day| matches!(day.counted, Counted::Weekend | Counted::Holiday | Counted::Rolled);
    let days_off = || reckoned.days.iter().filter(off);
    let state = match (reckoned.due_on, reckoned.paused) {
        (Some(_), _) => "running",
        (None, true) => "paused",
        (None, false) => "unknown",
    };
    json!({
        "state": state,
        "due_on": reckoned.due_on,
        "due_at": reckoned.due_at.map(|at| at.rfc3339()),
        "weekend_days": days_off().filter(|day| weekend(day)).count(),
        "holidays": days_off().filter(|day| !weekend(day)).map(|day| day.date).collect::<Vec<_>>(),
        "paused_days": reckoned.days.iter().filter(|day| matches!(day.counted, Counted::Paused(_))).count(),
    })
}
