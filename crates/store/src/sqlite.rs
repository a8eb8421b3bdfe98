//! The SQLite body: one writer thread that commits what waits with one fsync; reads on their own connections.

use std::{
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use maru_kernel::{At, Error, Event, Result};
use rusqlite::{Connection, OpenFlags, params_from_iter, types};
use tokio::sync::oneshot;

use crate::{
    Batch, Consumer, Job, Migration, Row, Value,
    batch::{NewJob, Step},
};

/// More batches than this do not share one fsync, so that the first need not wait for the last.
const GROUP: usize = 256;
const IDLE_READERS: usize = 8;

const SCHEMA: Migration = (
    "store/0001",
    "CREATE TABLE store_event (id TEXT PRIMARY KEY, kind TEXT NOT NULL, aggregate TEXT NOT NULL, at BIGINT NOT NULL,
       actor TEXT NOT NULL, definition TEXT, grant_id TEXT, body TEXT NOT NULL);
     CREATE INDEX store_event_aggregate ON store_event (aggregate, id);
     CREATE TABLE store_job (id TEXT PRIMARY KEY, kind TEXT NOT NULL, lane TEXT, body TEXT NOT NULL, due BIGINT NOT NULL,
       attempts BIGINT NOT NULL, leased_until BIGINT NOT NULL, done_at BIGINT, dead_at BIGINT, error TEXT);
     CREATE INDEX store_job_due ON store_job (due) WHERE done_at IS NULL AND dead_at IS NULL;
     CREATE INDEX store_job_lane ON store_job (lane, id) WHERE done_at IS NULL AND dead_at IS NULL;",
);

enum Order {
    Commit(Batch, oneshot::Sender<Result<()>>),
    Claim { kinds: Vec<String>, limit: usize, now: At, until: At, answer: oneshot::Sender<Result<Vec<Job>>> },
}

pub(crate) struct Body {
    path: PathBuf,
    readers: Mutex<Vec<Connection>>,
    orders: Sender<Order>,
}

impl Body {
    pub(crate) fn open(path: &Path, migrations: &[Migration], consumers: Vec<Consumer>) -> Result<Body> {
        let mut writer = Connection::open(path).map_err(Error::internal)?;
        writer
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000;
                 PRAGMA foreign_keys = ON; PRAGMA cache_size = -8000;",
            )
            .map_err(Error::internal)?;
        migrate(&mut writer, migrations)?;
        let (orders, inbox) = channel();
        thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || write_loop(&mut writer, &inbox, &consumers))
            .map_err(Error::internal)?;
        Ok(Body { path: path.to_owned(), readers: Mutex::default(), orders })
    }

    fn reader(&self) -> Result<Connection> {
        if let Some(open) = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(open);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reader = Connection::open_with_flags(&self.path, flags).map_err(Error::internal)?;
        reader
            .execute_batch("PRAGMA busy_timeout = 10000; PRAGMA cache_size = -2000;")
            .map_err(Error::internal)?;
        Ok(reader)
    }

    pub(crate) fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
        let reader = self.reader()?;
        let rows = select(&reader, sql, params);
        let mut idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_READERS {
            idle.push(reader);
        }
        rows
    }

    pub(crate) async fn commit(&self, batch: Batch) -> Result<()> {
        let (answer, told) = oneshot::channel();
        self.orders
            .send(Order::Commit(batch, answer))
            .map_err(|_| Error::internal("the writer has stopped"))?;
        told.await.map_err(|_| Error::internal("the writer has stopped"))?
    }

    pub(crate) async fn claim(
        &self,
        kinds: Vec<String>,
        limit: usize,
        now: At,
        until: At,
    ) -> Result<Vec<Job>> {
        let (answer, told) = oneshot::channel();
        let order = Order::Claim { kinds, limit, now, until, answer };
        self.orders.send(order).map_err(|_| Error::internal("the writer has stopped"))?;
        told.await.map_err(|_| Error::internal("the writer has stopped"))?
    }
}

/// `$1` is every database's way; SQLite would number `$n` by first appearance, so it gets `?1`.
fn own_parameters(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql.chars().peekable();
    while let Some(c) = rest.next() {
        let numbered = c == '$' && rest.peek().is_some_and(char::is_ascii_digit);
        out.push(if numbered { '?' } else { c });
    }
    out
}

fn bound(value: &Value) -> types::Value {
    match value {
        Value::Null => types::Value::Null,
        Value::Int(n) => types::Value::Integer(*n),
        Value::Text(text) => types::Value::Text(text.clone()),
        Value::Blob(bytes) => types::Value::Blob(bytes.clone()),
    }
}

fn select(on: &Connection, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
    let mut statement = on.prepare_cached(&own_parameters(sql)).map_err(Error::internal)?;
    let columns: std::sync::Arc<[String]> = statement.column_names().map(str::to_owned).collect();
    let mut rows = statement.query(params_from_iter(params.iter().map(bound))).map_err(Error::internal)?;
    let mut out = Vec::new();
    while let Some(row) = rows.next().map_err(Error::internal)? {
        let values = (0..columns.len())
            .map(|i| match row.get_ref(i)? {
                types::ValueRef::Null => Ok(Value::Null),
                types::ValueRef::Integer(n) => Ok(Value::Int(n)),
                types::ValueRef::Text(text) => Ok(Value::Text(String::from_utf8_lossy(text).into_owned())),
                types::ValueRef::Blob(bytes) => Ok(Value::Blob(bytes.to_vec())),
                types::ValueRef::Real(_) => {
                    Err(rusqlite::Error::InvalidColumnType(i, "no floating point".into(), types::Type::Real))
                }
            })
            .collect::<rusqlite::Result<Vec<_>>>()
            .map_err(Error::internal)?;
        out.push(Row { columns: columns.clone(), values });
    }
    Ok(out)
}

fn execute(on: &Connection, sql: &str, params: &[Value]) -> Result<usize> {
    on.prepare_cached(&own_parameters(sql))
        .and_then(|mut statement| statement.execute(params_from_iter(params.iter().map(bound))))
        .map_err(Error::internal)
}

fn migrate(on: &mut Connection, migrations: &[Migration]) -> Result<()> {
    on.execute_batch("CREATE TABLE IF NOT EXISTS store_migration (name TEXT PRIMARY KEY)")
        .map_err(Error::internal)?;
    let change = on.transaction().map_err(Error::internal)?;
    for (name, sql) in std::iter::once(&SCHEMA).chain(migrations) {
        let ran = select(&change, "SELECT name FROM store_migration WHERE name = $1", &[(*name).into()])?;
        if ran.is_empty() {
            change.execute_batch(sql).map_err(|e| Error::internal(format!("migration {name}: {e}")))?;
            execute(&change, "INSERT INTO store_migration (name) VALUES ($1)", &[(*name).into()])?;
        }
    }
    change.commit().map_err(Error::internal)
}

fn write_loop(on: &mut Connection, inbox: &Receiver<Order>, consumers: &[Consumer]) {
    on.set_prepared_statement_cache_capacity(256);
    while let Ok(first) = inbox.recv() {
        let mut orders = vec![first];
        while orders.len() < GROUP {
            match inbox.try_recv() {
                Ok(order) => orders.push(order),
                Err(_) => break,
            }
        }
        run_group(on, orders, consumers);
    }
}

/// An answer that may be told only after the fsync.
enum Told {
    Commit(oneshot::Sender<Result<()>>, Result<()>),
    Claim(oneshot::Sender<Result<Vec<Job>>>, Result<Vec<Job>>),
}

fn run_group(on: &Connection, orders: Vec<Order>, consumers: &[Consumer]) {
    let begun = on.execute_batch("BEGIN IMMEDIATE").map_err(Error::internal);
    let mut answers: Vec<Told> = Vec::with_capacity(orders.len());
    for order in orders {
        answers.push(match order {
            Order::Commit(batch, answer) => {
                let done = begun.clone().and_then(|()| in_savepoint(on, || apply(on, &batch, consumers)));
                Told::Commit(answer, done)
            }
            Order::Claim { kinds, limit, now, until, answer } => {
                let jobs =
                    begun.clone().and_then(|()| in_savepoint(on, || claim(on, &kinds, limit, now, until)));
                Told::Claim(answer, jobs)
            }
        });
    }
    let end = begun.and_then(|()| on.execute_batch("COMMIT").map_err(Error::internal));
    if let Err(e) = &end {
        tracing::error!(cause = %e, "commit failed; nothing of this group was written");
        // A failed COMMIT may leave the transaction open; without it there is nothing to roll back.
        on.execute_batch("ROLLBACK").ok();
    }
    for told in answers {
        // Whoever asked may be gone; the batch stands all the same.
        match told {
            Told::Commit(answer, result) => answer.send(end.clone().and(result)).ok(),
            Told::Claim(answer, result) => answer.send(end.clone().and(result)).ok().map(|_| ()),
        };
    }
}

fn in_savepoint<T>(on: &Connection, work: impl FnOnce() -> Result<T>) -> Result<T> {
    on.execute_batch("SAVEPOINT batch").map_err(Error::internal)?;
    let result = work();
    let end = if result.is_ok() { "RELEASE batch" } else { "ROLLBACK TO batch; RELEASE batch" };
    on.execute_batch(end).map_err(Error::internal)?;
    result
}

fn apply(on: &Connection, batch: &Batch, consumers: &[Consumer]) -> Result<()> {
    for step in &batch.steps {
        match step {
            Step::Write { sql, params } => {
                execute(on, sql, params)?;
            }
            Step::WriteOne { sql, params, what } => {
                if execute(on, sql, params)? != 1 {
                    return Err(Error::Guard((*what).into()));
                }
            }
            Step::AtMost { sql, params, bound, what } => {
                let rows = select(on, sql, params)?;
                let number = rows.first().and_then(|row| row.values.first());
                match number {
                    Some(Value::Int(n)) if n <= bound => {}
                    Some(Value::Null) | None => {}
                    _ => return Err(Error::Guard((*what).into())),
                }
            }
        }
    }
    for event in &batch.events {
        add_event(on, event)?;
        for consumer in consumers.iter().filter(|c| c.wants.iter().any(|w| event.kind.starts_with(w))) {
            add_job(
                on,
                &NewJob {
                    id: format!("{}-{}", event.id, consumer.name),
                    kind: consumer.name.into(),
                    lane: Some(format!("{}:{}", consumer.name, event.aggregate)),
                    due: event.at,
                    body: serde_json::to_value(event).map_err(Error::internal)?,
                },
            )?;
        }
    }
    batch.jobs.iter().try_for_each(|job| add_job(on, job))
}

fn add_event(on: &Connection, event: &Event) -> Result<()> {
    let actor = serde_json::to_string(&event.actor).map_err(Error::internal)?;
    execute(
        on,
        "INSERT INTO store_event (id, kind, aggregate, at, actor, definition, grant_id, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            event.id.as_str().into(),
            event.kind.as_str().into(),
            event.aggregate.as_str().into(),
            event.at.into(),
            actor.into(),
            event.definition.clone().into(),
            event.grant.clone().into(),
            event.body.to_string().into(),
        ],
    )?;
    Ok(())
}

fn add_job(on: &Connection, job: &NewJob) -> Result<()> {
    execute(
        on,
        "INSERT INTO store_job (id, kind, lane, body, due, attempts, leased_until) VALUES ($1, $2, $3, $4, $5, 0, 0)",
        &[
            job.id.as_str().into(),
            job.kind.as_str().into(),
            job.lane.clone().into(),
            job.body.to_string().into(),
            job.due.into(),
        ],
    )?;
    Ok(())
}

fn claim(on: &Connection, kinds: &[String], limit: usize, now: At, until: At) -> Result<Vec<Job>> {
    let kinds = serde_json::to_string(kinds).map_err(Error::internal)?;
    let rows = select(
        on,
        "SELECT j.id, j.kind, j.body, j.attempts FROM store_job j
         WHERE j.done_at IS NULL AND j.dead_at IS NULL AND j.due <= $1 AND j.leased_until <= $1
           AND j.kind IN (SELECT value FROM json_each($3))
           AND NOT EXISTS (SELECT 1 FROM store_job e
                           WHERE e.lane = j.lane AND e.id < j.id AND e.done_at IS NULL AND e.dead_at IS NULL)
         ORDER BY j.due, j.id LIMIT $2",
        &[now.into(), i64::try_from(limit).unwrap_or(1).into(), kinds.into()],
    )?;
    let mut jobs = Vec::with_capacity(rows.len());
    for row in rows {
        let id = row.string("id")?;
        execute(
            on,
            "UPDATE store_job SET leased_until = $2, attempts = attempts + 1 WHERE id = $1",
            &[id.as_str().into(), until.into()],
        )?;
        jobs.push(Job {
            id,
            kind: row.string("kind")?,
            body: serde_json::from_str(row.text("body")?).map_err(Error::internal)?,
            attempts: row.int("attempts")? + 1,
        });
    }
    Ok(jobs)
}
