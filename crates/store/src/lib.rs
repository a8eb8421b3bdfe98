//! Batches, events, outbox, jobs, blobs. The only room that knows a database.

mod archive;
mod batch;
mod blob;
mod bucket;
mod chunk;
mod jobs;
mod place;
mod postgres;
pub mod request;
mod schema;
mod sqlite;
mod stats;
mod value;
mod view;
mod wal;

use std::{
    fs::File,
    ops::Range,
    path::Path,
    sync::{Arc, OnceLock},
    time::Instant,
};

use bytes::Bytes;
use futures_util::{
    Stream, TryStreamExt,
    stream::{self, BoxStream},
};

use maru_kernel::{At, Clock, Error, Event, Result};

pub use archive::{Base, Restored, bases};
pub use batch::{Batch, Job, NewJob};
pub use blob::Received;
pub use chunk::{Chunks, Moved, Piece};
pub use jobs::{DeadJob, JobCount};
pub use place::{Database, Place};
pub use stats::{BOUNDS_MICROS, Snapshot as StatsSnapshot};
pub use value::{Row, Value};
pub use view::{State, Table, View};

/// One migration: its name orders it within its room. A migration only adds, so that the program of the version before
/// can go on while the new one starts.
pub type Migration = (&'static str, &'static str);

/// Who gets which events: a consumer's name and the beginnings of the kinds it wants.
#[derive(Debug, Clone)]
pub struct Consumer {
    pub name: &'static str,
    pub wants: &'static [&'static str],
}

/// A handle to the database; cheap to clone.
#[derive(Clone)]
pub struct Store {
    body: Arc<Body>,
    blobs: Arc<blob::Blobs>,
    consumers: Arc<[Consumer]>,
    stats: Arc<stats::Stats>,
    added: Arc<tokio::sync::Notify>,
    /// Where files handed in are copied as they come.
    archived: Arc<OnceLock<blob::Blobs>>,
}

/// The same promises, kept by two databases in their own ways.
enum Body {
    Sqlite(Arc<sqlite::Body>),
    Postgres(postgres::Body),
}

/// Makes a folder, where there is none, that nobody else on the machine may look into.
pub fn private_folder(folder: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|e| Error::internal(format!("{}: {e}", folder.display())))
}

const RERUNS: usize = 8;

impl Store {
    /// Opens (and makes) the database of a place and runs the migrations that have not run.
    pub async fn open(
        place: impl Into<Place>,
        migrations: &[Migration],
        consumers: Vec<Consumer>,
    ) -> Result<Store> {
        let place = place.into();
        private_folder(&place.folder)?;
        let stats = Arc::new(stats::Stats::default());
        let body = match &place.database {
            Database::Sqlite => {
                Body::Sqlite(Arc::new(sqlite::Body::open(&place.file(), migrations, stats.clone())?))
            }
            Database::Postgres { url, connections } => {
                Body::Postgres(postgres::Body::open(url, *connections, migrations, stats.clone()).await?)
            }
        };
        Ok(Store {
            body: Arc::new(body),
            blobs: Arc::new(blob::Blobs::open_with(place.folder.join("blobs"), place.bucket.as_deref())?),
            consumers: consumers.into(),
            stats,
            added: Arc::default(),
            archived: Arc::default(),
        })
    }

    pub async fn query(&self, sql: &'static str, params: Vec<Value>) -> Result<Vec<Row>> {
        // No row holds such text, and PostgreSQL would not take it.
        if params.iter().any(|value| matches!(value, Value::Text(text) if text.contains('\0'))) {
            return Err(Error::invalid("body", "error-form"));
        }
        match self.body.as_ref() {
            // Asked where it stands: reading some rows is quicker than handing the question to another thread and back. The
            // program has more threads than cores, so that one that waits for a disk holds nobody up.
            Body::Sqlite(body) => body.query(sql, &params),
            Body::Postgres(body) => body.query(sql, &params).await,
        }
    }

    pub async fn query_one(&self, sql: &'static str, params: Vec<Value>) -> Result<Option<Row>> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    /// Writes a batch wholly or not at all. When it answers `Ok`, the batch is on disk.
    pub async fn commit(&self, batch: Batch) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let begun = Instant::now();
        let steps = batch.into_steps(&self.consumers)?;
        let adds = steps.iter().any(|step| step.sql().0.starts_with("INSERT INTO store_job"));
        let outcome = match self.body.as_ref() {
            Body::Sqlite(body) => body.commit(steps).await,
            Body::Postgres(body) => body.commit(steps).await,
        };
        match &outcome {
            Ok(()) => {
                self.stats.committed(begun.elapsed());
                if adds {
                    self.added.notify_one();
                }
            }
            Err(Error::Guard(_)) => self.stats.guard(),
            Err(_) => self.stats.failed(),
        }
        outcome
    }

    /// Answers when this program has added a job since it was last asked.
    pub async fn job_added(&self) {
        self.added.notified().await;
    }

    /// From now on every committed page of an embedded database also goes into `root/wal`, within about 200 ms. Where pages were
    /// missed (or there is no base yet), the answer's `notified` says that a new base is needed.
    pub async fn archive(&self, root: &Path, clock: Arc<dyn Clock>) -> Result<Arc<tokio::sync::Notify>> {
        let Body::Sqlite(body) = self.body.as_ref() else {
            return Err(Error::internal(
                "an archive is kept of the embedded database; PostgreSQL keeps its own",
            ));
        };
        private_folder(root)?;
        if self.blobs.in_folder() {
            self.archived.set(blob::Blobs::open(root.join("blobs"))?).ok();
        }
        let gap = Arc::new(tokio::sync::Notify::new());
        body.archive(root, clock, gap.clone()).await?;
        if bases(root)?.is_empty() {
            gap.notify_one();
        }
        Ok(gap)
    }

    /// Copies the embedded database into `root/base/…`, proves the copy, and copies the blobs it lacks into `root/blobs`.
    pub async fn back_up(&self, root: &Path, now: At) -> Result<(Base, String)> {
        let Body::Sqlite(body) = self.body.as_ref() else {
            return Err(Error::internal("this is for the embedded database; PostgreSQL has pg_basebackup"));
        };
        let (body, root, blobs) = (body.clone(), root.to_owned(), self.blobs.clone());
        tokio::task::spawn_blocking(move || {
            private_folder(&root)?;
            let made = archive::base(body.path(), &root, now, &view::state_of)?;
            blobs.copy_to(&root.join("blobs"))?;
            Ok(made)
        })
        .await
        .map_err(Error::internal)?
    }

    /// Copies every file that was handed in and that another place lacks.
    pub fn copy_blobs(&self, to: &Store) -> Result<()> {
        self.blobs.copy_to(to.blobs.folder())
    }

    /// Makes an empty folder the country as it was at a moment, or as it was last known.
    pub async fn restore(root: &Path, folder: &Path, until: Option<At>) -> Result<Restored> {
        let (root, folder) = (root.to_owned(), folder.to_owned());
        tokio::task::spawn_blocking(move || {
            private_folder(&folder)?;
            let restored = archive::restore(&root, &folder.join("maru.db"), until, &view::state_of)?;
            blob::Blobs::open(root.join("blobs"))?.copy_to(&folder.join("blobs"))?;
            Ok(restored)
        })
        .await
        .map_err(Error::internal)?
    }

    pub fn stats(&self) -> StatsSnapshot {
        self.stats.look()
    }

    /// Runs load and decide, commits, and starts over when somebody else was faster. An action loads with several reads: if
    /// somebody commits between two of them, it may refuse for a reason that was never true. A conflict counts when it is met twice.
    pub async fn rerun<T, F>(&self, mut action: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<(Batch, T)>>,
    {
        let mut refused = None;
        for _ in 0..RERUNS {
            let (batch, result) = match action().await {
                Ok(decided) => decided,
                // A part of it that is committed first may have a guard of its own.
                Err(Error::Guard(_)) => continue,
                Err(Error::Conflict(why)) if refused.as_ref() != Some(&why) => {
                    refused = Some(why);
                    continue;
                }
                Err(other) => return Err(other),
            };
            match self.commit(batch).await {
                Ok(()) => return Ok(result),
                Err(Error::Guard(_)) => continue,
                Err(other) => return Err(other),
            }
        }
        self.stats.conflict();
        Err(Error::Conflict("error-busy".into()))
    }

    /// Takes up to `limit` due jobs of the given kinds under a lease.
    pub async fn claim(
        &self,
        kinds: Vec<String>,
        limit: usize,
        now: At,
        lease_seconds: i64,
    ) -> Result<Vec<Job>> {
        let until = now.plus_seconds(lease_seconds);
        match self.body.as_ref() {
            Body::Sqlite(body) => body.claim(kinds, limit, now, until).await,
            Body::Postgres(body) => body.claim(kinds, limit, now, until).await,
        }
    }

    /// Records that a job failed: it comes again later, or is dead.
    pub async fn fail(&self, job: &Job, why: &str, now: At) -> Result<()> {
        let wait = 2_i64.saturating_pow(u32::try_from(job.attempts.clamp(1, 12)).unwrap_or(12)).min(3_600);
        let dead = if job.attempts >= Job::TRIES { Value::Int(now.micros()) } else { Value::Null };
        let mut batch = Batch::new();
        batch.write(
            "UPDATE store_job SET due = $2, leased_until = 0, error = $3, dead_at = $4 WHERE id = $1",
            vec![
                job.id.as_str().into(),
                now.plus_seconds(wait).micros().into(),
                why.chars().take(500).collect::<String>().into(),
                dead,
            ],
        );
        self.commit(batch).await
    }

    /// What happened to one thing, oldest first.
    pub async fn events(&self, aggregate: &str) -> Result<Vec<Event>> {
        let rows = self
            .query(
                "SELECT id, kind, aggregate, at, actor, definition, grant_id, body FROM store_event \
                 WHERE aggregate = $1 ORDER BY place",
                vec![aggregate.into()],
            )
            .await?;
        rows.iter().map(batch::event_of).collect()
    }

    /// Takes a file in, piece by piece. `look` sees it whole before it is kept; what it refuses, what breaks off and what is
    /// longer than `limit` bytes leaves nothing.
    pub async fn receive<T: Send + 'static>(
        &self,
        from: impl Stream<Item = Result<Bytes>>,
        limit: u64,
        look: impl FnOnce(&mut File, &Received) -> Result<T> + Send + 'static,
    ) -> Result<(Received, T)> {
        let received = self.blobs.receive(from, limit, look).await?;
        if self.archived.get().is_some() {
            let (blobs, archived, name) =
                (self.blobs.clone(), self.archived.clone(), received.0.name.clone());
            let copied = tokio::task::spawn_blocking(move || {
                archived.get().map_or(Ok(()), |other| blobs.copy_one(&name, other))
            });
            // What can't be archived just now is taken along by the next base.
            if let Err(e) = copied.await.map_err(Error::internal)? {
                tracing::error!(cause = %e, "the archive lacks a file that was handed in");
            }
        }
        Ok(received)
    }

    /// How many bytes a blob has.
    pub async fn blob_size(&self, name: &str) -> Result<u64> {
        self.blobs.size(name).await
    }

    /// A part of a blob, piece by piece.
    pub async fn send_blob(
        &self,
        name: &str,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes>>> {
        self.blobs.send(name, range).await
    }

    pub async fn put_blob(&self, bytes: Vec<u8>) -> Result<String> {
        let whole = stream::iter([Ok(Bytes::from(bytes))]);
        Ok(self.receive(whole, u64::MAX, |_, _| Ok(())).await?.0.name)
    }

    /// A small blob, whole.
    pub async fn get_blob(&self, name: &str) -> Result<Vec<u8>> {
        let size = self.blob_size(name).await?;
        let pieces: Vec<Bytes> = self.send_blob(name, 0..size).await?.try_collect().await?;
        Ok(pieces.concat())
    }
}
