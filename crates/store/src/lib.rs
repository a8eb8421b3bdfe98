//! Batches, events, outbox, jobs, blobs. The only room that knows a database.

mod batch;
mod blob;
mod sqlite;
mod value;

use std::{path::Path, sync::Arc};

use maru_kernel::{At, Error, Event, Result};

pub use batch::{Batch, Job, NewJob};
pub use value::{Row, Value};

/// One migration: its name orders it within its room.
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
    body: Arc<sqlite::Body>,
    blobs: Arc<blob::Blobs>,
}

/// Makes a folder, where there is none, that nobody else on the machine may look into.
pub fn private_folder(folder: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(Error::internal)
}

const RERUNS: usize = 8;

impl Store {
    /// Opens (and makes) the database in a folder and runs the migrations that have not run.
    pub fn open(folder: &Path, migrations: &[Migration], consumers: Vec<Consumer>) -> Result<Store> {
        private_folder(folder)?;
        let body = sqlite::Body::open(&folder.join("maru.db"), migrations, consumers)?;
        Ok(Store { body: Arc::new(body), blobs: Arc::new(blob::Blobs::open(folder.join("blobs"))?) })
    }

    pub async fn query(&self, sql: &'static str, params: Vec<Value>) -> Result<Vec<Row>> {
        let body = self.body.clone();
        tokio::task::spawn_blocking(move || body.query(sql, &params)).await.map_err(Error::internal)?
    }

    pub async fn query_one(&self, sql: &'static str, params: Vec<Value>) -> Result<Option<Row>> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    /// Writes a batch wholly or not at all. When it answers `Ok`, the batch is on disk.
    pub async fn commit(&self, batch: Batch) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        self.body.commit(batch).await
    }

    /// Runs load and decide, commits, and starts over when somebody else was faster.
    pub async fn rerun<T, F>(&self, mut action: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<(Batch, T)>>,
    {
        for _ in 0..RERUNS {
            let (batch, result) = action().await?;
            match self.commit(batch).await {
                Ok(()) => return Ok(result),
                Err(Error::Guard(_)) => continue,
                Err(other) => return Err(other),
            }
        }
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
        self.body.claim(kinds, limit, now, now.plus_seconds(lease_seconds)).await
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
                 WHERE aggregate = $1 ORDER BY id",
                vec![aggregate.into()],
            )
            .await?;
        rows.iter().map(batch::event_of).collect()
    }

    pub async fn put_blob(&self, bytes: Vec<u8>) -> Result<String> {
        let blobs = self.blobs.clone();
        tokio::task::spawn_blocking(move || blobs.put(&bytes)).await.map_err(Error::internal)?
    }

    pub async fn get_blob(&self, name: &str) -> Result<Vec<u8>> {
        let (blobs, name) = (self.blobs.clone(), name.to_owned());
        tokio::task::spawn_blocking(move || blobs.get(&name)).await.map_err(Error::internal)?
    }
}
