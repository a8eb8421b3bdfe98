//! Whether the process lives, whether it can serve, and its numbers.

use std::{
    future::Future,
    net::IpAddr,
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
    time::{Duration, Instant},
};

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use maru_kernel::{At, Error};
use maru_store::{Batch, Store};
use serde::Serialize;
use serde_json::json;
use tokio::sync::Mutex;

use crate::{
    Context, Fail,
    edge::{Edge, tables},
};

/// An answer that takes longer is no answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// So long an answer stands, however often it is asked for.
const STANDS: Duration = Duration::from_secs(1);
/// The database is asked to take a write no more often than this.
const WRITE_EVERY: Duration = Duration::from_secs(5);
/// Whoever works gives a sign at least every few seconds.
const SILENCE: Duration = Duration::from_secs(30);

/// The last sign of life of something that runs all the time.
#[derive(Debug)]
pub struct Beat {
    begun: Instant,
    /// Milliseconds after `begun`; -1 before the first.
    last: AtomicI64,
}

impl Beat {
    fn new() -> Beat {
        Beat { begun: Instant::now(), last: AtomicI64::new(-1) }
    }
    pub fn beat(&self) {
        let millis = i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.last.store(millis, Ordering::Relaxed);
    }
    fn silent(&self) -> Option<Duration> {
        let last = u64::try_from(self.last.load(Ordering::Relaxed)).ok()?;
        Some(self.begun.elapsed().saturating_sub(Duration::from_millis(last)))
    }
}

/// One thing that must be well.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    pub name: &'static str,
    pub ok: bool,
    pub ms: u64,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
}

impl Check {
    async fn of(name: &'static str, check: impl Future<Output = std::result::Result<(), String>>) -> Check {
        let begun = Instant::now();
        let outcome = tokio::time::timeout(PATIENCE, check)
            .await
            .unwrap_or_else(|_| Err(format!("no answer in {} s", PATIENCE.as_secs())));
        let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Check { name, ok: outcome.is_ok(), ms, why: outcome.err().unwrap_or_default() }
    }
}

pub struct Health {
    draining: AtomicBool,
    pub worker: Beat,
    pub sequencer: Beat,
    written: Mutex<Option<Instant>>,
    last: Mutex<Option<(Instant, Vec<Check>)>>,
}

impl Health {
    pub(crate) fn new() -> Health {
        Health {
            draining: AtomicBool::new(false),
            worker: Beat::new(),
            sequencer: Beat::new(),
            written: Mutex::default(),
            last: Mutex::default(),
        }
    }

    /// From now on the program says that it is about to go.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
    }
    pub fn draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }

    async fn write(&self, store: &Store, now: At) -> std::result::Result<(), String> {
        let mut written = self.written.lock().await;
        if written.is_some_and(|at| at.elapsed() < WRITE_EVERY) {
            return Ok(());
        }
        *written = None;
        let mut batch = Batch::new();
        tables::beat(&mut batch, "ready", now);
        store.commit(batch).await.map_err(|e| told("the database takes no write", &e))?;
        *written = Some(Instant::now());
        Ok(())
    }
}

/// Why, without the error's own words: they may name the database's address; the log has them.
fn told(what: &str, error: &Error) -> String {
    tracing::debug!(cause = %error, "not ready: {what}");
    what.to_owned()
}

/// Says once what is no longer well, and once what is again: `/readyz` is asked every few seconds.
fn tell_changes(before: &[Check], now: &[Check]) {
    for check in now {
        let was = before.iter().find(|other| other.name == check.name).is_none_or(|other| other.ok);
        match (was, check.ok) {
            (true, false) => tracing::warn!(check = check.name, why = check.why, "not ready"),
            (false, true) => tracing::warn!(check = check.name, "ready again"),
            _ => {}
        }
    }
}

fn alive(beat: &Beat) -> std::result::Result<(), String> {
    match beat.silent() {
        None => Err("has not begun".to_owned()),
        Some(silent) if silent > SILENCE => Err(format!("gave no sign for {} s", silent.as_secs())),
        Some(_) => Ok(()),
    }
}

impl Edge {
    /// Everything that must be well to serve.
    pub async fn checks(&self, store: &Store, now: At) -> Vec<Check> {
        let mut last = self.health.last.lock().await;
        let mut checks = match &*last {
            Some((at, checks)) if at.elapsed() < STANDS => checks.clone(),
            _ => {
                let read = Check::of("database-read", async {
                    let row = tables::last_beat(store, "ready").await;
                    row.map(drop).map_err(|e| told("the database answers no read", &e))
                });
                let write = Check::of("database-write", self.health.write(store, now));
                let disk = Check::of("disk", async { self.disk() });
                let worker = Check::of("worker", async { alive(&self.health.worker) });
                let sequencer = Check::of("sequencer", async { alive(&self.health.sequencer) });
                let (read, write, disk, worker, sequencer) =
                    tokio::join!(read, write, disk, worker, sequencer);
                let checks = vec![read, write, disk, worker, sequencer];
                tell_changes(last.as_ref().map_or(&[], |(_, before)| before), &checks);
                *last = Some((Instant::now(), checks.clone()));
                checks
            }
        };
        let draining = self.health.draining();
        let why = if draining { "is about to stop" } else { "" };
        checks.push(Check { name: "serving", ok: !draining, ms: 0, why: why.to_owned() });
        checks
    }

    fn disk(&self) -> std::result::Result<(), String> {
        let Some(folder) = &self.settings.folder else { return Ok(()) };
        let disk =
            rustix::fs::statvfs(folder).map_err(|e| format!("the data folder can't be looked at: {e}"))?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let mib = |bytes: u64| bytes / (1024 * 1024);
        if free >= self.settings.free_bytes {
            return Ok(());
        }
        Err(format!("{} MiB are free, {} are wanted", mib(free), mib(self.settings.free_bytes)))
    }
}

pub(crate) async fn healthz() -> Json<serde_json::Value> {
    Json(json!({ "status": "ok" }))
}

pub(crate) async fn readyz(context: Context) -> Response {
    let checks = context.app.edge.checks(&context.app.store, context.now).await;
    let ready = checks.iter().all(|check| check.ok);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let word = if ready { "ready" } else { "not-ready" };
    (status, Json(json!({ "status": word, "checks": checks }))).into_response()
}

/// Numbers are for whoever runs the program: from this machine itself, or from where they said.
pub(crate) async fn metrics_page(context: Context) -> std::result::Result<Response, Fail> {
    let edge = &context.app.edge;
    let own = context.seen.direct && context.seen.client.is_some_and(|ip| ip.is_loopback());
    let allowed = |ip: IpAddr| edge.settings.metrics_from.iter().any(|net| net.contains(ip));
    if !own && !context.seen.client.is_some_and(allowed) {
        return Err(Fail(Error::NotFound));
    }
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], edge.metrics.text()?).into_response())
}
