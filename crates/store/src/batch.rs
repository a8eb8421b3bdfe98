use maru_kernel::{At, Error, Event, Result};

use crate::{Consumer, Row, Value, request};

/// Everything an action wants written, at once.
#[derive(Debug, Default, Clone)]
pub struct Batch {
    pub(crate) steps: Vec<Step>,
    pub(crate) events: Vec<Event>,
    pub(crate) jobs: Vec<NewJob>,
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// The query's single number must not exceed the bound. Batches that bound the same thing go one after the other.
    AtMost {
        sql: &'static str,
        params: Vec<Value>,
        bound: i64,
        what: &'static str,
        of: String,
    },
    /// The query must answer exactly one row, and that row stays as it is until the batch is in.
    Still {
        sql: &'static str,
        params: Vec<Value>,
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

impl Step {
    pub(crate) fn sql(&self) -> (&'static str, &[Value]) {
        match self {
            Step::AtMost { sql, params, .. }
            | Step::Still { sql, params, .. }
            | Step::Write { sql, params }
            | Step::WriteOne { sql, params, .. } => (sql, params),
        }
    }
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
    /// The request that left it behind.
    pub request: Option<String>,
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

    /// A guard: the query's number (a count, a sum) is at most `bound`. `of` names what is bounded (`room/7`): batches
    /// with the same `of` never pass one another, so whatever adds to the number must carry the guard.
    pub fn at_most(
        &mut self,
        what: &'static str,
        of: impl Into<String>,
        sql: &'static str,
        params: Vec<Value>,
        bound: i64,
    ) -> &mut Self {
        self.steps.push(Step::AtMost { sql, params, bound, what, of: of.into() });
        self
    }

    /// A guard on a row that is read and, in this batch, not written: `SELECT 1 FROM … WHERE id = $1 AND version = $2` still finds it.
    pub fn still(&mut self, what: &'static str, sql: &'static str, params: Vec<Value>) -> &mut Self {
        self.steps.push(Step::Still { sql, params, what });
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
    pub fn finish(&mut self, job: &Job) -> &mut Self {
        self.write_one(
            "job not yet done",
            "DELETE FROM store_job WHERE id = $1",
            vec![job.id.as_str().into()],
        )
    }

    /// One batch may carry the changes of several rooms.
    pub fn and(&mut self, other: Batch) -> &mut Self {
        self.steps.extend(other.steps);
        self.events.extend(other.events);
        self.jobs.extend(other.jobs);
        self
    }

    /// The batch as nothing but steps: its events, what they leave for their consumers, its jobs.
    pub(crate) fn into_steps(self, consumers: &[Consumer]) -> Result<Vec<Step>> {
        let mut steps = self.steps;
        let request = request::current();
        for event in &self.events {
            steps.push(add_event(event)?);
            for consumer in consumers.iter().filter(|c| c.wants.iter().any(|w| event.kind.starts_with(w))) {
                let job = NewJob {
                    id: format!("{}-{}", event.id, consumer.name),
                    kind: consumer.name.into(),
                    lane: Some(format!("{}:{}", consumer.name, event.aggregate)),
                    due: event.at,
                    body: serde_json::to_value(event).map_err(Error::internal)?,
                };
                steps.push(add_job(job, request.as_deref()));
            }
        }
        steps.extend(self.jobs.into_iter().map(|job| add_job(job, request.as_deref())));
        // What a batch only looks at comes last, and on PostgreSQL waits for nobody: two batches that each look at what the
        // other writes would otherwise wait for each other.
        steps.sort_by_key(|step| matches!(step, Step::Still { .. }));
        let nul = |value: &Value| matches!(value, Value::Text(text) if text.contains('\0'));
        if steps.iter().any(|step| step.sql().1.iter().any(nul)) {
            return Err(Error::invalid("body", "error-form"));
        }
        Ok(steps)
    }
}

fn add_event(event: &Event) -> Result<Step> {
    let actor = serde_json::to_string(&event.actor).map_err(Error::internal)?;
    Ok(Step::Write {
        sql: "INSERT INTO store_event (id, kind, aggregate, at, actor, definition, grant_id, body, place)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8,
                (SELECT coalesce(max(place), 0) + 1 FROM store_event WHERE aggregate = $3))",
        params: vec![
            event.id.as_str().into(),
            event.kind.as_str().into(),
            event.aggregate.as_str().into(),
            event.at.into(),
            actor.into(),
            event.definition.clone().into(),
            event.grant.clone().into(),
            event.body.to_string().into(),
        ],
    })
}

fn add_job(job: NewJob, request: Option<&str>) -> Step {
    Step::Write {
        sql: "INSERT INTO store_job (id, kind, lane, body, due, attempts, leased_until, request, place)
              VALUES ($1, $2, $3, $4, $5, 0, 0, $6,
                (SELECT coalesce(max(place), 0) + 1 FROM store_job WHERE lane = $3))",
        params: vec![
            job.id.into(),
            job.kind.into(),
            job.lane.into(),
            job.body.to_string().into(),
            job.due.into(),
            request.into(),
        ],
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

pub(crate) fn job_of(row: &Row) -> Result<Job> {
    Ok(Job {
        id: row.string("id")?,
        kind: row.string("kind")?,
        body: serde_json::from_str(row.text("body")?).map_err(Error::internal)?,
        attempts: row.int("attempts")?,
        request: row.maybe_text("request").map(str::to_owned),
    })
}
