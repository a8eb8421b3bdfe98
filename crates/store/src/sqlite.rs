//! The SQLite body: one writer thread that commits what waits with one fsync; reads on their own connections.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use maru_kernel::{At, Clock, Error, Result};
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior, ffi, params_from_iter, types};
use tokio::sync::{Notify, oneshot};

use crate::{
    Job, Migration, Row, Value,
    archive::{Archive, keep_log},
    batch::{Step, job_of},
    schema::{MOVED, SCHEMA},
    stats::Stats,
};

/// More batches than this do not share one fsync, so that the first need not wait for the last.
const GROUP: usize = 256;
const IDLE_READERS: usize = 32;

enum Order {
    /// Follow the log into an archive from now on.
    Archive(Box<Following>, oneshot::Sender<Result<()>>),
    Commit(Vec<Step>, oneshot::Sender<Result<()>>),
    Claim {
        kinds: Vec<String>,
        limit: usize,
        now: At,
        until: At,
        answer: oneshot::Sender<Result<Vec<Job>>>,
    },
}

struct Following {
    archive: Archive,
    clock: Arc<dyn Clock>,
    /// Told when pages were missed and a new base is needed.
    gap: Arc<Notify>,
    shipped: Instant,
}

/// An archive is at most about this far behind.
const BEHIND: Duration = Duration::from_millis(200);

pub(crate) struct Body {
    path: PathBuf,
    readers: Mutex<Vec<Connection>>,
    orders: Sender<Order>,
}

impl Body {
    pub(crate) fn open(path: &Path, migrations: &[Migration], stats: Arc<Stats>) -> Result<Body> {
        let mut writer = Connection::open(path).map_err(told)?;
        writer
            .execute_batch(
                "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                 PRAGMA foreign_keys = ON; PRAGMA cache_size = -8000;",
            )
            .map_err(told)?;
        if archived(&writer)? {
            keep_log(&writer)?;
        }
        steady(&writer)?;
        migrate(&mut writer, migrations)?;
        let (orders, inbox) = channel();
        thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || write_loop(&mut writer, &inbox, &stats))
            .map_err(Error::internal)?;
        Ok(Body { path: path.to_owned(), readers: Mutex::default(), orders })
    }

    fn reader(&self) -> Result<Connection> {
        if let Some(open) = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(open);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reader = Connection::open_with_flags(&self.path, flags).map_err(told)?;
        reader.execute_batch("PRAGMA busy_timeout = 10000; PRAGMA cache_size = -2000;").map_err(told)?;
        reader.set_prepared_statement_cache_capacity(256);
        steady(&reader)?;
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

    /// From now on every committed page also goes into the archive, within moments.
    pub(crate) async fn archive(&self, root: &Path, clock: Arc<dyn Clock>, gap: Arc<Notify>) -> Result<()> {
        let archive = Archive::open(&self.path, root)?;
        // Counted from before the beginning of time, so that the first look comes at once.
        let shipped = Instant::now().checked_sub(BEHIND).unwrap_or_else(Instant::now);
        let following = Box::new(Following { archive, clock, gap, shipped });
        let (answer, done) = oneshot::channel();
        self.orders.send(Order::Archive(following, answer)).map_err(|_| stopped())?;
        done.await.map_err(|_| stopped())?
    }

    pub(crate) async fn commit(&self, steps: Vec<Step>) -> Result<()> {
        let (answer, done) = oneshot::channel();
        self.orders.send(Order::Commit(steps, answer)).map_err(|_| stopped())?;
        done.await.map_err(|_| stopped())?
    }

    pub(crate) async fn claim(
        &self,
        kinds: Vec<String>,
        limit: usize,
        now: At,
        until: At,
    ) -> Result<Vec<Job>> {
        let (answer, done) = oneshot::channel();
        let order = Order::Claim { kinds, limit, now, until, answer };
        self.orders.send(order).map_err(|_| stopped())?;
        done.await.map_err(|_| stopped())?
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A connection that sees one moment; frozen, it is the only one that could write.
    pub(crate) fn moment(&self, freeze: bool) -> Result<Connection> {
        let flags = if freeze { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
        let connection =
            Connection::open_with_flags(&self.path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(told)?;
        let begin = if freeze { "BEGIN IMMEDIATE" } else { "BEGIN" };
        connection.execute_batch("PRAGMA busy_timeout = 30000; PRAGMA synchronous = FULL").map_err(told)?;
        connection.execute_batch(begin).map_err(told)?;
        // A transaction sees the moment of its first read.
        select(&connection, MOVED, &[])?;
        Ok(connection)
    }

    pub(crate) fn load(&self, sql: &str, rows: &[Row]) -> Result<()> {
        let connection = Connection::open(&self.path).map_err(told)?;
        connection
            .execute_batch("PRAGMA busy_timeout = 10000; PRAGMA synchronous = FULL; BEGIN IMMEDIATE")
            .map_err(told)?;
        for row in rows {
            execute(&connection, sql, &row.values)?;
        }
        connection.execute_batch("COMMIT").map_err(told)
    }
}

/// A statement keeps its plan whatever it is asked with: planning again for each value costs more than it finds.
fn steady(on: &Connection) -> Result<()> {
    on.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(|_| ()).map_err(told)
}

fn stopped() -> Error {
    Error::internal("the writer has stopped")
}

/// What SQLite's refusals mean to whoever asked.
pub(crate) fn told(error: rusqlite::Error) -> Error {
    let unavailable = |key: &str| {
        tracing::error!(cause = %error, "the database refused");
        Error::Unavailable(key.into())
    };
    let rusqlite::Error::SqliteFailure(code, _) = &error else { return Error::internal(error) };
    match code.code {
        ErrorCode::DiskFull => unavailable("error-store-full"),
        ErrorCode::ReadOnly => unavailable("error-store-read-only"),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::OutOfMemory => {
            unavailable("error-store-busy")
        }
        ErrorCode::SystemIoFailure | ErrorCode::CannotOpen => unavailable("error-store-gone"),
        ErrorCode::ConstraintViolation
            if [ffi::SQLITE_CONSTRAINT_UNIQUE, ffi::SQLITE_CONSTRAINT_PRIMARYKEY]
                .contains(&code.extended_code) =>
        {
            Error::Guard("no such row yet".into())
        }
        _ => Error::internal(error),
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

pub(crate) fn select(on: &Connection, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
    let mut statement = on.prepare_cached(&own_parameters(sql)).map_err(told)?;
    let columns: std::sync::Arc<[String]> = statement.column_names().map(str::to_owned).collect();
    let mut rows = statement.query(params_from_iter(params.iter().map(bound))).map_err(told)?;
    let mut out = Vec::new();
    while let Some(row) = rows.next().map_err(told)? {
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
            .map_err(told)?;
        out.push(Row { columns: columns.clone(), values });
    }
    Ok(out)
}

pub(crate) fn execute(on: &Connection, sql: &str, params: &[Value]) -> Result<usize> {
    on.prepare_cached(&own_parameters(sql))
        .and_then(|mut statement| statement.execute(params_from_iter(params.iter().map(bound))))
        .map_err(told)
}

fn migrate(on: &mut Connection, migrations: &[Migration]) -> Result<()> {
    on.execute_batch("CREATE TABLE IF NOT EXISTS store_migration (name TEXT PRIMARY KEY)").map_err(told)?;
    let change = on.transaction_with_behavior(TransactionBehavior::Immediate).map_err(told)?;
    for (name, sql) in SCHEMA.iter().chain(migrations) {
        let ran = select(&change, "SELECT name FROM store_migration WHERE name = $1", &[(*name).into()])?;
        if ran.is_empty() {
            change.execute_batch(sql).map_err(|e| Error::internal(format!("migration {name}: {e}")))?;
            execute(&change, "INSERT INTO store_migration (name) VALUES ($1)", &[(*name).into()])?;
        }
    }
    change.commit().map_err(told)
}

/// Whether this database is followed by an archive: then its log is not to be written back by anybody but the writer that ships it.
fn archived(on: &Connection) -> Result<bool> {
    let known = select(on, "SELECT name FROM sqlite_master WHERE name = 'store_state'", &[])?;
    Ok(!known.is_empty()
        && !select(on, "SELECT value FROM store_state WHERE name = 'archive'", &[])?.is_empty())
}

fn write_loop(on: &mut Connection, inbox: &Receiver<Order>, stats: &Stats) {
    on.set_prepared_statement_cache_capacity(256);
    let mut following: Option<Box<Following>> = None;
    let mut alone = 0;
    loop {
        let first = match &following {
            None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(_) => inbox.recv_timeout(BEHIND),
        };
        let mut orders = match first {
            Ok(first) => vec![first],
            Err(RecvTimeoutError::Timeout) => Vec::new(),
            Err(RecvTimeoutError::Disconnected) => break,
        };
        while !orders.is_empty() && orders.len() < GROUP {
            match inbox.try_recv() {
                Ok(order) => orders.push(order),
                Err(_) => break,
            }
        }
        if !orders.is_empty() {
            following = run_group(on, orders, stats, &mut alone).or(following);
        }
        if let Some(following) = &mut following {
            ship(on, following, false);
        }
    }
    if let Some(mut following) = following {
        ship(on, &mut following, true);
    }
}

/// What can't be archived just now is archived later: it stays in the log.
fn ship(on: &Connection, following: &mut Following, last: bool) {
    if following.shipped.elapsed() < BEHIND && !last {
        return;
    }
    following.shipped = Instant::now();
    let now = following.clock.now();
    match following
        .archive
        .ship(now)
        .and_then(|whole| Ok(whole && (last || following.archive.turn(on, now)?)))
    {
        Ok(true) => {}
        Ok(false) => following.gap.notify_one(),
        Err(e) => tracing::error!(cause = %e, "the archive is behind"),
    }
}

fn run_group(on: &Connection, orders: Vec<Order>, stats: &Stats, alone: &mut u32) -> Option<Box<Following>> {
    let mut following = None;
    let (end, told) = if *alone == 0 {
        // Most batches go in: all of them in one go, without a savepoint each.
        match grouped(on, &orders, false) {
            Ok(done) => done,
            Err(()) => {
                *alone = ALONE;
                grouped(on, &orders, true).unwrap_or_else(|()| (Err(stopped()), Vec::new()))
            }
        }
    } else {
        *alone -= 1;
        grouped(on, &orders, true).unwrap_or_else(|()| (Err(stopped()), Vec::new()))
    };
    stats.group(orders.len());
    let mut told = told.into_iter();
    for order in orders {
        let result = told.next().unwrap_or_else(|| Err(stopped()));
        let result = end.clone().and(result);
        // Whoever asked may be gone; the batch stands all the same.
        match order {
            Order::Archive(new, answer) => {
                following = result.is_ok().then_some(new);
                answer.send(result.map(|_| ())).ok();
            }
            Order::Commit(_, answer) => {
                answer.send(result.map(|_| ())).ok();
            }
            Order::Claim { answer, .. } => {
                answer.send(result).ok();
            }
        }
    }
    following
}

/// Once a batch of a group did not go in, so many groups give each batch a savepoint of its own.
const ALONE: u32 = 16;

type Outcome = Result<Vec<Job>>;

/// Runs a group as one transaction. Without savepoints the first batch that fails undoes everything and answers `Err`:
/// then the group is to be run again with them.
fn grouped(
    on: &Connection,
    orders: &[Order],
    savepoints: bool,
) -> std::result::Result<(Result<()>, Vec<Outcome>), ()> {
    let mut begun = run(on, "BEGIN IMMEDIATE").and_then(|()| {
        // Without its transaction the group ends here.
        not_moved(on).inspect_err(|_| drop(run(on, "ROLLBACK")))
    });
    let mut outcomes: Vec<Outcome> = Vec::with_capacity(orders.len());
    for order in orders {
        let work = || match order {
            Order::Archive(..) => {
                execute(
                    on,
                    "INSERT INTO store_state (name, value) VALUES ('archive', '') ON CONFLICT (name) DO NOTHING",
                    &[],
                )?;
                keep_log(on).map(|()| Vec::new())
            }
            Order::Commit(steps, _) => apply(on, steps).map(|()| Vec::new()),
            Order::Claim { kinds, limit, now, until, .. } => claim(on, kinds, *limit, *now, *until),
        };
        let outcome = begun.clone().and_then(|()| if savepoints { in_savepoint(on, work) } else { work() });
        if !savepoints && begun.is_ok() && outcome.is_err() && orders.len() > 1 {
            run(on, "ROLLBACK").ok();
            return Err(());
        }
        let lone = !savepoints && outcome.is_err() && begun.is_ok();
        outcomes.push(outcome);
        if lone {
            // Its failure is the whole story, and nothing of it may stay.
            run(on, "ROLLBACK").ok();
            return Ok((Ok(()), outcomes));
        }
        // A full or failing disk ends the whole transaction: nothing of this group is in, and nothing more may go in alone.
        if begun.is_ok() && on.is_autocommit() {
            begun = Err(Error::Unavailable("error-store-full".into()));
        }
    }
    let end = begun.and_then(|()| run(on, "COMMIT"));
    if !on.is_autocommit() {
        // A failed COMMIT may leave the transaction open; the next group needs a fresh one.
        run(on, "ROLLBACK").ok();
    }
    Ok((end, outcomes))
}

/// A statement without parameters or rows, prepared once.
fn run(on: &Connection, sql: &str) -> Result<()> {
    on.prepare_cached(sql).and_then(|mut statement| statement.execute([])).map(|_| ()).map_err(told)
}

fn not_moved(on: &Connection) -> Result<()> {
    if select(on, MOVED, &[])?.is_empty() {
        Ok(())
    } else {
        Err(Error::Unavailable("error-store-moved".into()))
    }
}

fn in_savepoint<T>(on: &Connection, work: impl FnOnce() -> Result<T>) -> Result<T> {
    run(on, "SAVEPOINT batch")?;
    let result = work();
    if result.is_err() {
        run(on, "ROLLBACK TO batch")?;
    }
    run(on, "RELEASE batch")?;
    result
}

fn apply(on: &Connection, steps: &[Step]) -> Result<()> {
    for step in steps {
        let (sql, params) = step.sql();
        let failed = match step {
            Step::Write { .. } => {
                execute(on, sql, params)?;
                None
            }
            Step::WriteOne { what, .. } => (execute(on, sql, params)? != 1).then_some(what),
            Step::Still { what, .. } => (select(on, sql, params)?.len() != 1).then_some(what),
            Step::AtMost { bound, what, .. } => {
                (!within(select(on, sql, params)?.first(), *bound)).then_some(what)
            }
        };
        if let Some(what) = failed {
            return Err(Error::Guard((*what).into()));
        }
    }
    Ok(())
}

/// Whether the single number of an answer is within a bound; nothing to count is.
pub(crate) fn within(row: Option<&Row>, bound: i64) -> bool {
    match row.and_then(|row| row.values.first()) {
        Some(Value::Int(n)) => *n <= bound,
        Some(Value::Null) | None => true,
        _ => false,
    }
}

fn claim(on: &Connection, kinds: &[String], limit: usize, now: At, until: At) -> Result<Vec<Job>> {
    let kinds = serde_json::to_string(kinds).map_err(Error::internal)?;
    let rows = select(
        on,
        "SELECT j.id FROM store_job j
         WHERE j.done_at IS NULL AND j.dead_at IS NULL AND j.due <= $1 AND j.leased_until <= $1
           AND j.kind IN (SELECT value FROM json_each($3))
           AND NOT EXISTS (SELECT 1 FROM store_job e WHERE e.lane = j.lane AND e.place < j.place AND e.dead_at IS NULL)
         ORDER BY j.due, j.id LIMIT $2",
        &[now.into(), i64::try_from(limit).unwrap_or(1).into(), kinds.into()],
    )?;
    let mut jobs = Vec::with_capacity(rows.len());
    for row in rows {
        let taken = select(
            on,
            "UPDATE store_job SET leased_until = $2, attempts = attempts + 1 WHERE id = $1
             RETURNING id, kind, body, attempts, request",
            &[row.text("id")?.into(), until.into()],
        )?;
        jobs.extend(taken.first().map(job_of).transpose()?);
    }
    Ok(jobs)
}
