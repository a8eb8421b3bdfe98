//! The PostgreSQL body: each batch is one transaction whose statements leave in one go.
//!
//! READ COMMITTED is enough because a batch names what it relies on: a row's version (`write_one`, `still`) or a bound
//! (`at_most`, which queues those that bound the same thing). What is counted up inside the store starts over when two do it at once.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::BytesMut;
use deadpool_postgres::{Hook, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use futures_util::future::join_all;
use maru_kernel::{At, Error, Result};
use sha2::{Digest, Sha256};
use tokio_postgres::{
    Config, Row as PgRow, Statement,
    error::SqlState,
    types::{IsNull, ToSql, Type, to_sql_checked},
};

use crate::{
    Job, Migration, Row, Value,
    batch::{Step, job_of},
    schema::{COUNTED, SCHEMA},
    sqlite::within,
    stats::Stats,
};

/// How often a transaction starts over before whoever asked is told to come again.
const TRIES: u32 = 60;
/// Statements that leave in one go; more would only wait in buffers.
const TOGETHER: usize = 30;
/// A database that has not answered for so long is treated as gone; while that is fresh, the next ones wait much shorter.
const PATIENCE: Duration = Duration::from_secs(4);
const LITTLE_PATIENCE: Duration = Duration::from_millis(500);
const FRESH: Duration = Duration::from_secs(5);
/// How long the outcome of a commit whose connection broke is asked for.
const RESOLVE: Duration = Duration::from_secs(8);
/// Programs that start together make the tables one after the other.
const MIGRATING: i64 = 0x6d61_7275;

#[derive(Clone)]
pub(crate) struct Body {
    pool: Pool,
    stats: Arc<Stats>,
    /// When the database last failed to answer in time.
    silent: Arc<Mutex<Option<Instant>>>,
}

/// Why a transaction did not go in.
enum Fail {
    /// Somebody else was in the way; the same batch may well go in now.
    Again,
    /// The connection broke before the commit was sent: nothing is in.
    Broke,
    /// The connection broke after the commit was sent; the mark that the transaction left tells later.
    Unknown(String),
    Told(Error),
}

impl Body {
    pub(crate) async fn open(
        url: &str,
        connections: usize,
        migrations: &[Migration],
        stats: Arc<Stats>,
    ) -> Result<Body> {
        let body = Body { pool: pool(url, connections)?, stats, silent: Arc::default() };
        // Whoever starts a program is told why; whoever uses it later is not.
        if let Err(e) = body.pool.get().await {
            let mut why = e.to_string();
            let mut cause = std::error::Error::source(&e);
            while let Some(e) = cause {
                why.push_str(&format!(": {e}"));
                cause = e.source();
            }
            return Err(Error::internal(format!("the database can't be reached: {why}")));
        }
        body.check().await?;
        body.migrate(migrations).await?;
        Ok(body)
    }

    pub(crate) async fn client(&self) -> Result<Object> {
        let Ok(found) = self.in_time(Duration::ZERO, self.pool.get()).await else {
            return Err(Error::Unavailable("error-store-gone".into()));
        };
        found.map_err(|e| match e {
            PoolError::Backend(e) => told(&e),
            PoolError::Timeout(deadpool_postgres::TimeoutType::Wait) => {
                Error::Unavailable("error-store-busy".into())
            }
            other => {
                tracing::debug!(cause = %other, "no connection to the database");
                Error::Unavailable("error-store-gone".into())
            }
        })
    }

    /// Waits for an answer, but not for a database that has fallen silent.
    async fn in_time<T>(
        &self,
        more: Duration,
        answer: impl Future<Output = T>,
    ) -> std::result::Result<T, ()> {
        let silent = || self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = silent().is_some_and(|since| since.elapsed() < FRESH);
        let patience = more + if fresh { LITTLE_PATIENCE } else { PATIENCE };
        match tokio::time::timeout(patience, answer).await {
            Ok(answer) => {
                *silent() = None;
                Ok(answer)
            }
            Err(_) => {
                *silent() = Some(Instant::now());
                Err(())
            }
        }
    }

    /// The promises that everything above rests on.
    async fn check(&self) -> Result<()> {
        let client = self.client().await?;
        let row = client
            .query_one(
                "SELECT current_setting('server_version_num')::bigint, pg_encoding_to_char(encoding)::text,
                   datcollate::text, current_setting('fsync'), current_setting('synchronous_commit'),
                   current_setting('full_page_writes')
                 FROM pg_database WHERE datname = current_database()",
                &[],
            )
            .await
            .map_err(|e| told(&e))?;
        let version: i64 = row.get(0);
        let (encoding, collation): (String, String) = (row.get(1), row.get(2));
        if version < 150_000 {
            return Err(Error::internal(format!("PostgreSQL 15 or newer is needed, this is {version}")));
        }
        if encoding != "UTF8" || !["C", "POSIX", "C.UTF-8", "C.utf8"].contains(&collation.as_str()) {
            return Err(Error::internal(format!(
                "the database sorts by {collation} in {encoding}; make one with \
                 `createdb --template=template0 --encoding=UTF8 --locale=C NAME`"
            )));
        }
        for (place, name) in [(3, "fsync"), (4, "synchronous_commit"), (5, "full_page_writes")] {
            let value: String = row.get(place);
            if value == "off" {
                tracing::warn!(setting = name, "is off: what was acknowledged can be lost with the power");
            }
        }
        Ok(())
    }

    async fn migrate(&self, migrations: &[Migration]) -> Result<()> {
        let mut client = self.client().await?;
        let internal = |e: tokio_postgres::Error| told(&e);
        let change = client.transaction().await.map_err(internal)?;
        change.execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATING]).await.map_err(internal)?;
        change
            .batch_execute("CREATE TABLE IF NOT EXISTS store_migration (name TEXT PRIMARY KEY)")
            .await
            .map_err(internal)?;
        for (name, sql) in SCHEMA.iter().chain(migrations) {
            let ran = change
                .query_opt("SELECT name FROM store_migration WHERE name = $1", &[name])
                .await
                .map_err(internal)?;
            if ran.is_none() {
                change
                    .batch_execute(sql)
                    .await
                    .map_err(|e| Error::internal(format!("migration {name}: {}", detail(&e))))?;
                change
                    .execute("INSERT INTO store_migration (name) VALUES ($1)", &[name])
                    .await
                    .map_err(internal)?;
            }
        }
        change.commit().await.map_err(internal)
    }

    pub(crate) async fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
        let mut again = true;
        loop {
            let client = self.client().await?;
            let Ok(answer) = self.in_time(Duration::ZERO, read(&client, sql, params)).await else {
                drop(Object::take(client));
                return Err(Error::Unavailable("error-store-gone".into()));
            };
            match answer {
                Ok(rows) => return rows,
                // A connection that died while it waited in the pool; a read may be asked twice.
                Err(e) if again && gone(&e) => {
                    again = false;
                    drop(Object::take(client));
                }
                Err(e) => return Err(told(&e)),
            }
        }
    }

    /// Runs to its end also when whoever asked has gone: a half-done transaction must not go back to the pool.
    pub(crate) async fn commit(&self, mut steps: Vec<Step>) -> Result<()> {
        let (body, stats) = (self.clone(), self.stats.clone());
        let mark = mark(&mut steps)?;
        tokio::spawn(async move {
            for number in 0..TRIES {
                match body.transaction(&steps).await {
                    Ok(()) => return Ok(()),
                    Err(Fail::Again | Fail::Broke) => {
                        stats.retry();
                        rest(number).await?;
                    }
                    Err(Fail::Unknown(transaction)) => {
                        if body.committed(&mark, &transaction).await? {
                            return Ok(());
                        }
                    }
                    Err(Fail::Told(e)) => return Err(e),
                }
            }
            Err(Error::Unavailable("error-store-busy".into()))
        })
        .await
        .map_err(Error::internal)?
    }

    async fn transaction(&self, steps: &[Step]) -> std::result::Result<(), Fail> {
        let client = self.client().await.map_err(Fail::Told)?;
        // An import writes thousands of rows at once.
        let long = Duration::from_millis(u64::try_from(steps.len()).unwrap_or(0));
        let Ok((number, outcome)) = self.in_time(long, run(&client, steps)).await else {
            // The database has stopped answering; without a commit nothing is in.
            drop(Object::take(client));
            return Err(Fail::Told(Error::Unavailable("error-store-gone".into())));
        };
        match outcome {
            Ok(()) => match self.in_time(Duration::ZERO, client.batch_execute("COMMIT")).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(e)) if !gone(&e) => Err(fail(&e)),
                _ => {
                    drop(Object::take(client));
                    Err(number.map_or(Fail::Broke, Fail::Unknown))
                }
            },
            Err(why) => {
                let undone = self.in_time(Duration::ZERO, client.batch_execute("ROLLBACK")).await;
                if !matches!(undone, Ok(Ok(()))) {
                    // Nobody may find it with an open transaction.
                    drop(Object::take(client));
                }
                Err(why)
            }
        }
    }

    /// Whether a transaction whose answer was lost is in: the mark it left is there. Its number alone would not do: after a crash
    /// PostgreSQL hands out numbers again that were never written down.
    async fn committed(&self, mark: &Mark, transaction: &str) -> Result<bool> {
        let begun = Instant::now();
        loop {
            let status = self
                .query(
                    "SELECT pg_xact_status(CAST(CAST($1 AS TEXT) AS xid8))::text AS status",
                    &[transaction.into()],
                )
                .await;
            let running = match &status {
                Ok(rows) => rows.first().and_then(|row| row.maybe_text("status")) == Some("in progress"),
                // A number from before a crash may lie ahead of what is known now.
                Err(Error::Internal(_)) => false,
                Err(_) => true,
            };
            // Asked after it has ended, so that the answer is final.
            if !running && let Ok(rows) = self.query(mark.sql, &[mark.id.as_str().into()]).await {
                return Ok(!rows.is_empty());
            }
            if begun.elapsed() > RESOLVE {
                return Err(Error::Unavailable("error-store-gone".into()));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Locked rows are passed over, so that many workers never wait for one another.
    pub(crate) async fn claim(
        &self,
        kinds: Vec<String>,
        limit: usize,
        now: At,
        until: At,
    ) -> Result<Vec<Job>> {
        let client = self.client().await?;
        let statement = client
            .prepare_cached(
                "WITH picked AS (
                   SELECT j.id FROM store_job j
                   WHERE j.done_at IS NULL AND j.dead_at IS NULL AND j.due <= $1 AND j.leased_until <= $1 AND j.kind = ANY($2)
                     AND NOT EXISTS (SELECT 1 FROM store_job e
                                     WHERE e.lane = j.lane AND e.place < j.place AND e.dead_at IS NULL)
                   ORDER BY j.due, j.id LIMIT $3 FOR UPDATE SKIP LOCKED),
                 taken AS (
                   UPDATE store_job SET leased_until = $4, attempts = attempts + 1 FROM picked
                   WHERE store_job.id = picked.id
                   RETURNING store_job.id, kind, body, attempts, request, due)
                 SELECT id, kind, body, attempts, request FROM taken ORDER BY due, id",
            )
            .await
            .map_err(|e| told(&e))?;
        let limit = i64::try_from(limit).unwrap_or(1);
        let rows = client
            .query(&statement, &[&now.micros(), &kinds, &limit, &until.micros()])
            .await
            .map_err(|e| told(&e))?;
        rows_of(&statement, &rows)?.iter().map(job_of).collect()
    }

    /// A connection that sees one moment; frozen, nobody else writes until it is closed.
    pub(crate) async fn moment(&self, freeze: bool) -> Result<Object> {
        let client = self.client().await?;
        let begun = async {
            if !freeze {
                return client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await;
            }
            client
                .batch_execute(
                    "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0",
                )
                .await?;
            let tables = client
                .query_one(
                    "SELECT string_agg(quote_ident(relname), ', ' ORDER BY relname) FROM pg_class
                     WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace",
                    &[],
                )
                .await?;
            let tables: String = tables.get(0);
            client.batch_execute(&format!("LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE")).await
        }
        .await;
        match begun {
            Ok(()) => Ok(client),
            Err(e) => {
                drop(Object::take(client));
                Err(told(&e))
            }
        }
    }

    pub(crate) async fn load(&self, table: &str, columns: &[String], rows: &[Row]) -> Result<()> {
        let client = self.client().await?;
        let names = columns.join(", ");
        let copied = async {
            let shape = client.prepare(&format!("SELECT {names} FROM {table} LIMIT 0")).await?;
            let types: Vec<Type> = shape.columns().iter().map(|column| column.type_().clone()).collect();
            let sink = client.copy_in(&format!("COPY {table} ({names}) FROM STDIN BINARY")).await?;
            let writer = tokio_postgres::binary_copy::BinaryCopyInWriter::new(sink, &types);
            let mut writer = std::pin::pin!(writer);
            for row in rows {
                let values: Vec<&(dyn ToSql + Sync)> = row.values.iter().map(sent).collect();
                writer.as_mut().write(&values).await?;
            }
            writer.finish().await
        };
        copied.await.map(|_| ()).map_err(|e| told(&e))
    }
}

/// Ends the transaction of a view, writing one last thing if there is one.
pub(crate) async fn close(client: Object, sql: &str, params: &[Value]) -> Result<()> {
    let ended = async {
        if !params.is_empty() {
            let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(sent).collect();
            client.execute(sql, &params).await?;
        }
        client.batch_execute("COMMIT").await
    }
    .await;
    if ended.is_err() {
        drop(Object::take(client));
    }
    ended.map_err(|e| told(&e))
}

/// What a transaction leaves behind for ever, or long enough: how to find out whether it is in.
struct Mark {
    sql: &'static str,
    id: String,
}

/// The batch's first event, or else a row of its own.
fn mark(steps: &mut Vec<Step>) -> Result<Mark> {
    let event = steps.iter().find_map(|step| match step {
        Step::Write { sql, params } if sql.starts_with("INSERT INTO store_event") => match params.first() {
            Some(Value::Text(id)) => Some(id.clone()),
            _ => None,
        },
        _ => None,
    });
    if let Some(id) = event {
        return Ok(Mark { sql: "SELECT 1 AS found FROM store_event WHERE id = $1", id });
    }
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).map_err(Error::internal)?;
    let id: String = random.iter().map(|b| format!("{b:02x}")).collect();
    steps.insert(
        0,
        Step::Write {
            sql: "INSERT INTO store_mark (id, at) VALUES ($1, CAST(extract(epoch FROM now()) * 1000000 AS BIGINT))",
            params: vec![id.as_str().into()],
        },
    );
    // Now and then whoever comes by clears away what nobody will ask for any more.
    if random.first().is_some_and(|n| *n == 0) {
        steps.push(Step::Write {
            sql: "DELETE FROM store_mark WHERE at < CAST(extract(epoch FROM now()) * 1000000 AS BIGINT) - 3600000000",
            params: vec![],
        });
    }
    Ok(Mark { sql: "SELECT 1 AS found FROM store_mark WHERE id = $1", id })
}

/// A connection pool for an address like `postgres://user:password@host:5432/maru?sslmode=require&sslrootcert=/etc/maru/ca.pem`.
fn pool(url: &str, connections: usize) -> Result<Pool> {
    let (url, authority) = own_parameters(url);
    // Never the address itself: it holds a password.
    let mut config: Config = url.parse().map_err(|e| {
        Error::internal(format!("--database: write it like postgres://user:password@host:5432/maru: {e}"))
    })?;
    config
        .application_name("maru")
        .connect_timeout(Duration::from_secs(5))
        .tcp_user_timeout(Duration::from_secs(20))
        .keepalives_idle(Duration::from_secs(30));
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(config, tls(authority.as_deref())?, recycling);
    Pool::builder(manager)
        .max_size(connections)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(PATIENCE))
        .create_timeout(Some(Duration::from_secs(6)))
        .recycle_timeout(Some(Duration::from_secs(5)))
        .post_create(Hook::async_fn(|client, _| {
            Box::pin(async move {
                client
                    .batch_execute(
                        "SET statement_timeout = '60s'; SET lock_timeout = '5s';
                         SET idle_in_transaction_session_timeout = '60s'; SET synchronous_commit = on;
                         SET default_transaction_isolation = 'read committed'; SET timezone = 'UTC'",
                    )
                    .await
                    .map_err(deadpool_postgres::HookError::Backend)
            })
        }))
        .build()
        .map_err(Error::internal)
}

/// Takes `sslrootcert`, which is ours, out of the address.
fn own_parameters(url: &str) -> (String, Option<String>) {
    let Some((base, query)) = url.split_once('?') else { return (url.to_owned(), None) };
    let mut authority = None;
    let rest: Vec<&str> = query
        .split('&')
        .filter(|pair| match pair.strip_prefix("sslrootcert=") {
            Some(file) => {
                authority = Some(file.to_owned());
                false
            }
            None => true,
        })
        .collect();
    let url = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
    (url, authority)
}

/// The authorities that browsers know, or the one that was named instead.
fn tls(authority: Option<&str>) -> Result<tokio_postgres_rustls::MakeRustlsConnect> {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let mut roots = rustls::RootCertStore::empty();
    match authority {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(file) => {
            let wrong = |e: &dyn std::fmt::Display| Error::internal(format!("sslrootcert={file}: {e}"));
            for certificate in CertificateDer::pem_file_iter(file).map_err(|e| wrong(&e))? {
                roots.add(certificate.map_err(|e| wrong(&e))?).map_err(|e| wrong(&e))?;
            }
        }
    }
    let config =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(Error::internal)?
            .with_root_certificates(roots)
            .with_no_client_auth();
    Ok(tokio_postgres_rustls::MakeRustlsConnect::new(config))
}

/// Waits a little longer each time, never in step with others.
async fn rest(number: u32) -> Result<()> {
    let mut byte = [0_u8; 1];
    getrandom::fill(&mut byte).map_err(Error::internal)?;
    let most = 2_u64.saturating_pow(number.min(6));
    let micros = most.saturating_mul(u64::from(byte.first().copied().unwrap_or(0)) + 64) * 4;
    tokio::time::sleep(Duration::from_micros(micros)).await;
    Ok(())
}

/// Queues those that bound the same thing.
const QUEUE: &str = "SELECT pg_advisory_xact_lock($1)";
/// Asked last, so that it sees what a move did while the batch waited for it.
const END: &str =
    "SELECT pg_current_xact_id()::text AS id, (SELECT value FROM store_state WHERE name = 'moved') AS moved";

async fn prepare(
    client: &Object,
    steps: &[Step],
) -> std::result::Result<(Vec<Statement>, Statement, Statement), tokio_postgres::Error> {
    let mut prepared = Vec::with_capacity(steps.len());
    for step in steps {
        let (sql, _) = step.sql();
        prepared.push(match step {
            Step::Still { .. } => client.prepare_cached(&format!("{sql} FOR SHARE NOWAIT")).await?,
            _ => client.prepare_cached(sql).await?,
        });
    }
    Ok((prepared, client.prepare_cached(QUEUE).await?, client.prepare_cached(END).await?))
}

/// What one statement of a batch found.
enum Found {
    Nothing,
    Changed(u64),
    Rows(Statement, Vec<PgRow>),
}

type Asked<'a> = Pin<Box<dyn Future<Output = std::result::Result<Found, tokio_postgres::Error>> + Send + 'a>>;

/// Begins a transaction and runs a batch's statements; answers the transaction's number and whether it may be committed.
async fn run(client: &Object, steps: &[Step]) -> (Option<String>, std::result::Result<(), Fail>) {
    // Everything is prepared before anything leaves: from then on the order of sending is the order of this function.
    let (prepared, queue, end) = match prepare(client, steps).await {
        Ok(prepared) => prepared,
        Err(e) if gone(&e) => return (None, Err(Fail::Broke)),
        Err(e) => return (None, Err(fail(&e))),
    };
    // In one order everywhere, so that two batches never wait for each other.
    let mut bounds: Vec<i64> = steps
        .iter()
        .filter_map(|s| if let Step::AtMost { of, .. } = s { Some(lock(of)) } else { None })
        .collect();
    bounds.sort_unstable();
    bounds.dedup();

    let mut asked: Vec<Asked<'_>> = Vec::with_capacity(steps.len() + bounds.len() + 3);
    asked.push(Box::pin(async { client.batch_execute("BEGIN").await.map(|()| Found::Nothing) }));
    for bound in &bounds {
        let queue = &queue;
        asked.push(Box::pin(async move { client.query(queue, &[bound]).await.map(|_| Found::Nothing) }));
    }
    let before = asked.len();
    for (step, statement) in steps.iter().zip(&prepared) {
        let (_, params) = step.sql();
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(sent).collect();
        let reads = matches!(step, Step::AtMost { .. } | Step::Still { .. });
        asked.push(Box::pin(async move {
            if reads {
                client.query(statement, &params).await.map(|rows| Found::Rows(statement.clone(), rows))
            } else {
                client.execute(statement, &params).await.map(Found::Changed)
            }
        }));
    }
    asked.push(Box::pin(async { client.query(&end, &[]).await.map(|rows| Found::Rows(end.clone(), rows)) }));

    let mut found = Vec::with_capacity(asked.len());
    let mut left = asked.into_iter();
    loop {
        let some: Vec<Asked<'_>> = left.by_ref().take(TOGETHER).collect();
        if some.is_empty() {
            break;
        }
        found.extend(join_all(some).await);
        if found.iter().any(|one| one.is_err()) {
            break;
        }
    }
    judge(steps, found, before)
}

/// Holds what the statements found against what the batch asked for, in its order: the first that is wrong is what is told,
/// though those behind it have left already. The first `before` answers are not the batch's own.
fn judge(
    steps: &[Step],
    found: Vec<std::result::Result<Found, tokio_postgres::Error>>,
    before: usize,
) -> (Option<String>, std::result::Result<(), Fail>) {
    let looks = steps.iter().any(|step| matches!(step, Step::Still { .. }));
    let mut end = None;
    for (place, one) in found.into_iter().enumerate() {
        let one = match one {
            Ok(one) => one,
            Err(e) if gone(&e) => return (None, Err(Fail::Broke)),
            Err(e) if e.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) && looks => {
                return (None, Err(Fail::Again));
            }
            Err(e) => return (None, Err(fail(&e))),
        };
        let failed = match (place.checked_sub(before).map(|n| steps.get(n)), one) {
            (Some(Some(Step::WriteOne { what, .. })), Found::Changed(n)) => (n != 1).then_some(what),
            (Some(Some(Step::Still { what, .. })), Found::Rows(_, rows)) => (rows.len() != 1).then_some(what),
            (Some(Some(Step::AtMost { what, bound, .. })), Found::Rows(statement, rows)) => {
                match rows_of(&statement, &rows) {
                    Ok(rows) => (!within(rows.first(), *bound)).then_some(what),
                    Err(e) => return (None, Err(Fail::Told(e))),
                }
            }
            (Some(None), Found::Rows(_, rows)) => {
                end = rows.into_iter().next();
                None
            }
            _ => None,
        };
        if let Some(what) = failed {
            return (None, Err(Fail::Told(Error::Guard((*what).into()))));
        }
    }
    match end {
        Some(row) if row.get::<_, Option<String>>(1).is_some() => {
            (None, Err(Fail::Told(Error::Unavailable("error-store-moved".into()))))
        }
        Some(row) => (row.get(0), Ok(())),
        None => (None, Err(Fail::Told(Error::internal("a statement was not answered")))),
    }
}

/// The name of what is bounded, as the number PostgreSQL locks.
fn lock(of: &str) -> i64 {
    let hash = Sha256::digest(of);
    hash.iter().take(8).fold(0_i64, |n, byte| (n << 8) | i64::from(*byte))
}

fn sent(value: &Value) -> &(dyn ToSql + Sync) {
    value
}

pub(crate) async fn read(
    client: &Object,
    sql: &str,
    params: &[Value],
) -> std::result::Result<Result<Vec<Row>>, tokio_postgres::Error> {
    let statement = client.prepare_cached(sql).await?;
    let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(sent).collect();
    let rows = client.query(&statement, &params).await?;
    Ok(rows_of(&statement, &rows))
}

pub(crate) fn rows_of(statement: &Statement, rows: &[PgRow]) -> Result<Vec<Row>> {
    let columns: Arc<[String]> = statement.columns().iter().map(|c| c.name().to_owned()).collect();
    rows.iter()
        .map(|row| {
            let values = statement
                .columns()
                .iter()
                .enumerate()
                .map(|(i, column)| value_of(row, i, column.type_()))
                .collect::<Result<Vec<_>>>()?;
            Ok(Row { columns: columns.clone(), values })
        })
        .collect()
}

fn value_of(row: &PgRow, i: usize, kind: &Type) -> Result<Value> {
    let value = if *kind == Type::INT8 {
        row.try_get::<_, Option<i64>>(i).map(Value::from)
    } else if *kind == Type::INT4 {
        row.try_get::<_, Option<i32>>(i).map(Value::from)
    } else if *kind == Type::INT2 {
        row.try_get::<_, Option<i16>>(i).map(|n| n.map(i64::from).into())
    } else if *kind == Type::BOOL {
        row.try_get::<_, Option<bool>>(i).map(Value::from)
    } else if *kind == Type::BYTEA {
        row.try_get::<_, Option<Vec<u8>>>(i).map(|bytes| bytes.map_or(Value::Null, Value::Blob))
    } else if [Type::TEXT, Type::VARCHAR, Type::NAME, Type::BPCHAR].contains(kind) {
        row.try_get::<_, Option<String>>(i).map(Value::from)
    } else {
        return Err(Error::internal(format!("a column of type {kind}: cast it to BIGINT or TEXT")));
    };
    value.map_err(Error::internal)
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(n) if *kind == Type::INT8 => n.to_sql(kind, out),
            Value::Int(n) if *kind == Type::INT4 => i32::try_from(*n)?.to_sql(kind, out),
            Value::Int(n) if *kind == Type::INT2 => i16::try_from(*n)?.to_sql(kind, out),
            Value::Text(text) if <&str as ToSql>::accepts(kind) => text.as_str().to_sql(kind, out),
            Value::Blob(bytes) if *kind == Type::BYTEA => bytes.as_slice().to_sql(kind, out),
            other => Err(format!("{} for a {kind}", other.kind()).into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn gone(error: &tokio_postgres::Error) -> bool {
    let ended = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ];
    error.is_closed() || error.code().is_none_or(|code| ended.contains(code)) && !encoding(error)
}

/// A value that does not fit its column never left this program.
fn encoding(error: &tokio_postgres::Error) -> bool {
    error.to_string().starts_with("error serializing parameter")
        || error.to_string().starts_with("error deserializing column")
}

fn fail(error: &tokio_postgres::Error) -> Fail {
    let counted =
        error.as_db_error().and_then(|e| e.constraint()).is_some_and(|name| COUNTED.contains(&name));
    match error.code() {
        Some(code)
            if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED =>
        {
            Fail::Again
        }
        Some(code) if *code == SqlState::UNIQUE_VIOLATION && counted => Fail::Again,
        _ => Fail::Told(told(error)),
    }
}

/// What PostgreSQL's refusals mean to whoever asked.
pub(crate) fn told(error: &tokio_postgres::Error) -> Error {
    let unavailable = |key: &str| {
        tracing::debug!(cause = detail(error), "the database refused");
        Error::Unavailable(key.into())
    };
    if gone(error) {
        return unavailable("error-store-gone");
    }
    match error.code() {
        Some(code) if *code == SqlState::UNIQUE_VIOLATION => Error::Guard("no such row yet".into()),
        Some(code) if *code == SqlState::DISK_FULL => unavailable("error-store-full"),
        Some(code) if *code == SqlState::READ_ONLY_SQL_TRANSACTION => unavailable("error-store-read-only"),
        Some(code)
            if [
                SqlState::TOO_MANY_CONNECTIONS,
                SqlState::OUT_OF_MEMORY,
                SqlState::LOCK_NOT_AVAILABLE,
                SqlState::QUERY_CANCELED,
            ]
            .contains(code) =>
        {
            unavailable("error-store-busy")
        }
        _ => Error::internal(detail(error)),
    }
}

/// The server's own words; `Display` alone says only "db error".
fn detail(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => format!("{} ({})", db.message(), db.code().code()),
        None => error.to_string(),
    }
}
