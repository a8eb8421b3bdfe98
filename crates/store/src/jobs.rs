//! Jobs as an operator sees them.

use maru_kernel::{At, Error, Result};

use crate::{Batch, Store};

/// A job that failed every time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadJob {
    pub id: String,
    pub kind: String,
    pub due: At,
    pub attempts: i64,
    pub error: String,
    pub dead_at: At,
    pub request: Option<String>,
}

/// How much of one kind there is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobCount {
    pub kind: String,
    pub waiting: i64,
    pub dead: i64,
    /// When the one that waits longest was due.
    pub oldest_due: Option<At>,
}

impl Store {
    /// Dead jobs in the order of their ids, those behind `after`.
    pub async fn dead_jobs(&self, limit: i64, after: &str) -> Result<Vec<DeadJob>> {
        let rows = self
            .query(
                "SELECT id, kind, due, attempts, error, dead_at, request FROM store_job
                 WHERE dead_at IS NOT NULL AND id > $1 ORDER BY id LIMIT $2",
                vec![after.into(), limit.into()],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(DeadJob {
                    id: row.string("id")?,
                    kind: row.string("kind")?,
                    due: row.at("due")?,
                    attempts: row.int("attempts")?,
                    error: row.maybe_text("error").unwrap_or_default().to_owned(),
                    dead_at: row.at("dead_at")?,
                    request: row.maybe_text("request").map(str::to_owned),
                })
            })
            .collect()
    }

    pub async fn job_counts(&self) -> Result<Vec<JobCount>> {
        let rows = self
            .query(
                "SELECT kind, CAST(sum(CASE WHEN dead_at IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS waiting,
                   CAST(sum(CASE WHEN dead_at IS NULL THEN 0 ELSE 1 END) AS BIGINT) AS dead,
                   min(CASE WHEN dead_at IS NULL THEN due END) AS oldest_due
                 FROM store_job GROUP BY kind ORDER BY kind",
                vec![],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(JobCount {
                    kind: row.string("kind")?,
                    waiting: row.int("waiting")?,
                    dead: row.int("dead")?,
                    oldest_due: row.maybe_int("oldest_due").map(At::from_micros),
                })
            })
            .collect()
    }

    /// Lets a dead job live again, with all its tries before it.
    pub async fn retry_job(&self, id: &str, now: At) -> Result<()> {
        let mut batch = Batch::new();
        batch.write_one(
            "job is dead",
            "UPDATE store_job SET dead_at = NULL, attempts = 0, leased_until = 0, due = $2
             WHERE id = $1 AND dead_at IS NOT NULL",
            vec![id.into(), now.into()],
        );
        not_found(self.commit(batch).await)
    }

    /// Lets every dead job of a kind live again; answers how many there were.
    pub async fn retry_kind(&self, kind: &str, now: At) -> Result<usize> {
        let mut retried = 0;
        let mut after = String::new();
        loop {
            let some = self.dead_jobs(500, &after).await?;
            let Some(last) = some.last() else { return Ok(retried) };
            after = last.id.clone();
            for job in some.iter().filter(|job| job.kind == kind) {
                match self.retry_job(&job.id, now).await {
                    Ok(()) => retried += 1,
                    // Somebody else was faster.
                    Err(Error::NotFound) => {}
                    Err(other) => return Err(other),
                }
            }
        }
    }

    /// Gives a dead job up for good.
    pub async fn discard_job(&self, id: &str) -> Result<()> {
        let mut batch = Batch::new();
        batch.write_one(
            "job is dead",
            "DELETE FROM store_job WHERE id = $1 AND dead_at IS NOT NULL",
            vec![id.into()],
        );
        not_found(self.commit(batch).await)
    }
}

fn not_found(outcome: Result<()>) -> Result<()> {
    match outcome {
        Err(Error::Guard(_)) => Err(Error::NotFound),
        other => other,
    }
}
