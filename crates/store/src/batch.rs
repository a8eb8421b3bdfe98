use maru_kernel::{At, Error, Event, Result};

use crate::{Row, Value};

/// Everything an action wants written, at once.
#[derive(Debug, Default, Clone)]
pub struct Batch {
    pub(crate) steps: Vec<Step>,
    pub(crate) events: Vec<Event>,
    pub(crate) jobs: Vec<NewJob>,
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// The query's single number must not exceed the bound.
    AtMost {
        sql: &'static str,
        params: Vec<Value>,
        bound: i64,
        what: &'static str,
    },
    Write {
        sql: &'static str,
        params: Vec<Value>,
    },
    /// Must change exactly one row.
    WriteOne {
        sql: &'static str,
        params: Vec<Value>,
        what: &'static str,
    },
}

/// A job to add. Jobs of one lane run in order, one at a time.
#[derive(Debug, Clone)]
pub struct NewJob {
    pub id: String,
    pub kind: String,
    pub lane: Option<String>,
    pub due: At,
    /// Ids only: a job is no place for personal data.
    pub body: serde_json::Value,
}

/// A job taken under a lease.
#[derive(Debug, Clone)]
pub struct Job {
    pub id: String,
    pub kind: String,
    pub body: serde_json::Value,
    /// This try included.
    pub attempts: i64,
}

impl Job {
    pub const TRIES: i64 = 12;

    /// The event that an outbox job delivers.
    pub fn event(&self) -> Result<Event> {
        serde_json::from_value(self.body.clone()).map_err(Error::internal)
    }
}

impl Batch {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.events.is_empty() && self.jobs.is_empty()
    }

    pub fn write(&mut self, sql: &'static str, params: Vec<Value>) -> &mut Self {
        self.steps.push(Step::Write { sql, params });
        self
    }

    /// A write that is its own guard: it must change exactly one row. `what` names the guard in logs.
    pub fn write_one(&mut self, what: &'static str, sql: &'static str, params: Vec<Value>) -> &mut Self {
        self.steps.push(Step::WriteOne { sql, params, what });
        self
    }

    /// A guard: the query's number (a count, a sum) is at most `bound`.
    pub fn at_most(
        &mut self,
        what: &'static str,
        sql: &'static str,
        params: Vec<Value>,
        bound: i64,
    ) -> &mut Self {
        self.steps.push(Step::AtMost { sql, params, bound, what });
        self
    }

    pub fn event(&mut self, event: Event) -> &mut Self {
        self.events.push(event);
        self
    }

    pub fn job(&mut self, job: NewJob) -> &mut Self {
        self.jobs.push(job);
        self
    }

    /// Ticks a job off together with its effects. Guarded: a job is finished once.
    pub fn finish(&mut self, job: &Job, now: At) -> &mut Self {
        self.write_one(
            "job not yet done",
            "UPDATE store_job SET done_at = $2, error = NULL WHERE id = $1 AND done_at IS NULL",
            vec![job.id.as_str().into(), now.into()],
        )
    }

    /// One batch may carry the changes of several rooms.
    pub fn and(&mut self, other: Batch) -> &mut Self {
        self.steps.extend(other.steps);
        self.events.extend(other.events);
        self.jobs.extend(other.jobs);
        self
    }
}

pub(crate) fn event_of(row: &Row) -> Result<Event> {
    Ok(Event {
        id: row.string("id")?,
        kind: row.string("kind")?,
        aggregate: row.string("aggregate")?,
        at: row.at("at")?,
        actor: serde_json::from_str(row.text("actor")?).map_err(Error::internal)?,
        definition: row.maybe_text("definition").map(str::to_owned),
        grant: row.maybe_text("grant_id").map(str::to_owned),
        body: serde_json::from_str(row.text("body")?).map_err(Error::internal)?,
    })
}
