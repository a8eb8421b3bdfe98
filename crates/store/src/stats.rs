//! What the store has done since the program started, for an operator to read.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Upper bounds in microseconds; what took longer falls behind the last.
pub const BOUNDS_MICROS: [u64; 12] =
    [250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000];

#[derive(Debug, Default)]
pub(crate) struct Stats {
    commits: AtomicU64,
    guards: AtomicU64,
    conflicts: AtomicU64,
    failures: AtomicU64,
    groups: AtomicU64,
    grouped: AtomicU64,
    retries: AtomicU64,
    micros: AtomicU64,
    buckets: [AtomicU64; BOUNDS_MICROS.len() + 1],
}

/// One look at the numbers; they only grow.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Batches that are in.
    pub commits: u64,
    /// Batches whose guard failed: their action ran again.
    pub guards: u64,
    /// Actions that gave up after their last rerun.
    pub conflicts: u64,
    /// Batches the database refused.
    pub failures: u64,
    /// SQLite: transactions that batches shared, and how many batches did.
    pub groups: u64,
    pub grouped: u64,
    /// PostgreSQL: transactions that were started over.
    pub retries: u64,
    /// Time from handing a batch over to its answer: all of it, and how many fell under each of `BOUNDS_MICROS`.
    pub micros: u64,
    pub buckets: [u64; BOUNDS_MICROS.len() + 1],
}

impl Stats {
    pub(crate) fn committed(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.commits.fetch_add(1, Relaxed);
        self.micros.fetch_add(micros, Relaxed);
        let place = BOUNDS_MICROS.iter().position(|bound| micros <= *bound).unwrap_or(BOUNDS_MICROS.len());
        if let Some(bucket) = self.buckets.get(place) {
            bucket.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn guard(&self) {
        self.guards.fetch_add(1, Relaxed);
    }

    pub(crate) fn conflict(&self) {
        self.conflicts.fetch_add(1, Relaxed);
    }

    pub(crate) fn failed(&self) {
        self.failures.fetch_add(1, Relaxed);
    }

    pub(crate) fn group(&self, batches: usize) {
        self.groups.fetch_add(1, Relaxed);
        self.grouped.fetch_add(u64::try_from(batches).unwrap_or(0), Relaxed);
    }

    pub(crate) fn retry(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    pub(crate) fn look(&self) -> Snapshot {
        let read = |n: &AtomicU64| n.load(Relaxed);
        Snapshot {
            commits: read(&self.commits),
            guards: read(&self.guards),
            conflicts: read(&self.conflicts),
            failures: read(&self.failures),
            groups: read(&self.groups),
            grouped: read(&self.grouped),
            retries: read(&self.retries),
            micros: read(&self.micros),
            buckets: std::array::from_fn(|i| self.buckets.get(i).map_or(0, read)),
        }
    }
}
