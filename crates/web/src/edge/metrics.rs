//! What an operator sees in numbers: OpenMetrics text. Labels are bounded and never tell of a person.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use maru_kernel::{At, Error, Result};
use maru_store::{BOUNDS_MICROS, Store};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, text::encode},
    metrics::{
        MetricType,
        counter::{ConstCounter, Counter},
        family::Family,
        gauge::{ConstGauge, Gauge},
        histogram::Histogram,
        info::Info,
    },
    registry::Registry,
};

use crate::Class;

const SECONDS: [f64; 14] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Served {
    method: &'static str,
    route: String,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Limited {
    class: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Worked {
    kind: String,
    outcome: &'static str,
}

/// Why something was turned away before it was a request, or before a room saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// As many connections as there may be.
    Connections,
    /// As many connections as one client may have.
    ClientConnections,
    /// The header did not come in time.
    SlowHeader,
    /// The body did not come in time.
    SlowBody,
    /// The answer was not read in time.
    SlowReader,
    /// Nothing was asked for long.
    Idle,
    /// No TLS came about.
    Tls,
    /// As many requests as are worked on at once.
    Busy,
    /// Not answered in time.
    TooSlow,
    /// Not HTTP as it should be.
    Malformed,
}

impl Refused {
    fn name(self) -> &'static str {
        match self {
            Refused::Connections => "connections",
            Refused::ClientConnections => "client-connections",
            Refused::SlowHeader => "slow-header",
            Refused::SlowBody => "slow-body",
            Refused::SlowReader => "slow-reader",
            Refused::Idle => "idle",
            Refused::Tls => "tls",
            Refused::Busy => "busy",
            Refused::TooSlow => "too-slow",
            Refused::Malformed => "malformed",
        }
    }
}

type Histograms = Family<Route, Histogram, fn() -> Histogram>;

pub struct Metrics {
    registry: Registry,
    served: Family<Served, Counter>,
    seconds: Histograms,
    in_work: Gauge,
    connections: Gauge,
    refused: Family<Reason, Counter>,
    limited: Family<Limited, Counter>,
    jobs: Family<Worked, Counter>,
    waiting: Arc<Waiting>,
}

fn histogram() -> Histogram {
    Histogram::new(SECONDS)
}

impl Metrics {
    pub(crate) fn new(store: &Store) -> Metrics {
        let mut whole = Registry::default();
        let registry = whole.sub_registry_with_prefix("maru");
        let served = Family::default();
        let seconds: Histograms = Family::new_with_constructor(histogram);
        let (in_work, connections) = (Gauge::default(), Gauge::default());
        let (refused, limited, jobs) = (Family::default(), Family::default(), Family::default());
        let waiting = Arc::new(Waiting::default());
        registry.register("requests", "Requests answered", served.clone());
        registry.register("request_seconds", "From the request's header to the answer's", seconds.clone());
        registry.register("requests_in_work", "Requests being worked on", in_work.clone());
        registry.register("connections", "Connections that are open", connections.clone());
        registry.register("refused", "Turned away at the edge", refused.clone());
        registry.register("limited", "Requests over a client's limit", limited.clone());
        registry.register("jobs", "Jobs tried", jobs.clone());
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program", build);
        registry.register_collector(Box::new(waiting.clone()));
        registry.register_collector(Box::new(Stored(store.clone())));
        whole.register_collector(Box::new(Process));
        Metrics { registry: whole, served, seconds, in_work, connections, refused, limited, jobs, waiting }
    }

    pub(crate) fn served(&self, method: &str, route: &str, status: u16, took: Duration) {
        let method =
            ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"].into_iter().find(|m| *m == method);
        let status = match status {
            200..=299 => "2xx",
            300..=399 => "3xx",
            400..=499 => "4xx",
            500..=599 => "5xx",
            _ => "1xx",
        };
        let labels = Served { method: method.unwrap_or("other"), route: route.to_owned(), status };
        self.served.get_or_create(&labels).inc();
        self.seconds.get_or_create(&Route { route: route.to_owned() }).observe(took.as_secs_f64());
    }

    pub fn refused(&self, why: Refused) {
        self.refused.get_or_create(&Reason { reason: why.name() }).inc();
    }

    pub(crate) fn limited(&self, class: Class) {
        self.limited.get_or_create(&Limited { class: class.name() }).inc();
    }

    pub(crate) fn job(&self, kind: &str, done: bool) {
        let outcome = if done { "done" } else { "failed" };
        self.jobs.get_or_create(&Worked { kind: kind.to_owned(), outcome }).inc();
    }

    /// One more connection, until it is dropped.
    pub fn connection(&self) -> Counted {
        Counted::one(&self.connections)
    }

    /// One more request in work, until it is dropped.
    pub(crate) fn working(&self) -> Counted {
        Counted::one(&self.in_work)
    }

    /// Asks the database how much work lies there.
    pub(crate) async fn look_at_jobs(&self, store: &Store, now: At) -> Result<()> {
        let counts = store.job_counts().await?;
        let mut waiting = self.waiting.0.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting = counts
            .into_iter()
            .map(|count| Lying {
                oldest: count.oldest_due.map_or(0, |due| (now.micros() - due.micros()).max(0) / 1_000_000),
                waiting: count.waiting,
                dead: count.dead,
                kind: count.kind,
            })
            .collect();
        Ok(())
    }

    /// Everything, as OpenMetrics text.
    pub fn text(&self) -> Result<String> {
        let mut text = String::with_capacity(16 * 1024);
        encode(&mut text, &self.registry).map_err(Error::internal)?;
        Ok(text)
    }
}

/// Counts itself in a gauge while it lives.
pub struct Counted(Gauge);

impl Counted {
    fn one(gauge: &Gauge) -> Counted {
        gauge.inc();
        Counted(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The work of each kind that lies in the database, as it was a few seconds ago.
#[derive(Debug, Default)]
struct Waiting(Mutex<Vec<Lying>>);

#[derive(Debug)]
struct Lying {
    kind: String,
    waiting: i64,
    dead: i64,
    oldest: i64,
}

impl Collector for Waiting {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        type Take = fn(&Lying) -> i64;
        let told: [(&str, &str, Take); 3] = [
            ("jobs_waiting", "Jobs not yet done", |lying| lying.waiting),
            ("jobs_dead", "Jobs given up", |lying| lying.dead),
            ("jobs_oldest_due_seconds", "How long the oldest due job has waited", |lying| lying.oldest),
        ];
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, help, take) in told {
            let mut encoder = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for lying in all.iter() {
                let labels = [("kind", lying.kind.as_str())];
                ConstGauge::new(take(lying)).encode(encoder.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

/// What the store counted since the program started.
struct Stored(Store);

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stored")
    }
}

impl Collector for Stored {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let now = self.0.stats();
        let counters = [
            ("store_commits", "Batches committed", now.commits),
            ("store_guards", "Batches whose guard failed, so that their action ran again", now.guards),
            ("store_conflicts", "Actions that gave up after their last rerun", now.conflicts),
            ("store_failures", "Batches the database refused", now.failures),
            ("store_groups", "SQLite: transactions that batches shared, each with one fsync", now.groups),
            ("store_grouped", "SQLite: batches that shared them", now.grouped),
            ("store_retries", "PostgreSQL: transactions that were started over", now.retries),
        ];
        for (name, help, value) in counters {
            ConstCounter::new(value).encode(encoder.encode_descriptor(
                name,
                help,
                None,
                MetricType::Counter,
            )?)?;
        }
        let bounds = BOUNDS_MICROS.iter().map(|micros| Duration::from_micros(*micros).as_secs_f64());
        let buckets: Vec<(f64, u64)> = bounds.chain([f64::INFINITY]).zip(now.buckets).collect();
        let name = "store_commit_seconds";
        let mut encoder = encoder.encode_descriptor(
            name,
            "From handing a batch over to its answer",
            None,
            MetricType::Histogram,
        )?;
        let sum = Duration::from_micros(now.micros).as_secs_f64();
        encoder.encode_histogram::<[(&str, &str); 0]>(sum, now.buckets.iter().sum(), &buckets, None)
    }
}

/// What the operating system says about this process, read when it is asked for.
#[derive(Debug)]
struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let mut gauge = |name: &str, help: &str, value: Option<i64>| match value {
            Some(value) => ConstGauge::new(value).encode(encoder.encode_descriptor(
                name,
                help,
                None,
                MetricType::Gauge,
            )?),
            None => Ok(()),
        };
        gauge("process_resident_memory_bytes", "Memory in use", process::memory())?;
        gauge("process_open_fds", "Open files and connections", process::open_files())?;
        gauge("process_max_fds", "Files and connections that may be open", process::most_files())?;
        gauge(
            "process_start_time_seconds",
            "When the process started, in seconds since 1970",
            process::started(),
        )?;
        if let Some(spent) = process::cpu() {
            let descriptor = encoder.encode_descriptor(
                "process_cpu_seconds",
                "Processor time spent",
                None,
                MetricType::Counter,
            )?;
            ConstCounter::new(spent.as_secs_f64()).encode(descriptor)?;
        }
        Ok(())
    }
}

mod process {
    use std::{fs, time::Duration};

    use rustix::{
        param::{clock_ticks_per_second, page_size},
        process::{Resource, getrlimit},
    };

    pub fn memory() -> Option<i64> {
        let text = fs::read_to_string("/proc/self/statm").ok()?;
        let pages: i64 = text.split_ascii_whitespace().nth(1)?.parse().ok()?;
        pages.checked_mul(i64::try_from(page_size()).ok()?)
    }

    pub fn open_files() -> Option<i64> {
        // Reading the folder opens one itself.
        i64::try_from(fs::read_dir("/proc/self/fd").ok()?.count()).ok().map(|n| n - 1)
    }

    pub fn most_files() -> Option<i64> {
        getrlimit(Resource::Nofile).current.and_then(|n| i64::try_from(n).ok())
    }

    /// A number of `/proc/self/stat`, counted from its third field on; the second may hold blanks.
    fn stat(field: usize) -> Option<u64> {
        let text = fs::read_to_string("/proc/self/stat").ok()?;
        text.rsplit_once(')')?.1.split_ascii_whitespace().nth(field)?.parse().ok()
    }

    fn ticks(count: u64) -> Option<Duration> {
        Some(Duration::from_millis(count.checked_mul(1_000)? / clock_ticks_per_second()))
    }

    pub fn cpu() -> Option<Duration> {
        ticks(stat(11)?.checked_add(stat(12)?)?)
    }

    pub fn started() -> Option<i64> {
        let boot: i64 = fs::read_to_string("/proc/stat")
            .ok()?
            .lines()
            .find_map(|line| line.strip_prefix("btime "))?
            .trim()
            .parse()
            .ok()?;
        boot.checked_add(i64::try_from(ticks(stat(19)?)?.as_secs()).ok()?)
    }
}
