//! Changing very many rows in pieces: between two pieces others get their turn, and a killed program goes on where it stopped.

use maru_kernel::{Error, Result};

use crate::{Batch, Store, Value};

/// A change of many rows of one table, taken in the order of a text key.
#[derive(Debug, Clone)]
pub struct Chunks {
    /// Names this change for ever: `holiday-2026-10-02`. What is done under a name is not done again.
    pub name: String,
    /// The last key of the next piece and how many rows it has, of those behind `$1`, at most `$2`:
    /// `SELECT max(id) AS last, count(*) AS n FROM (SELECT id FROM t WHERE id > $1 ORDER BY id LIMIT $2) piece`
    pub piece: &'static str,
    /// Changes the rows behind `$1` up to and with `$2`: `UPDATE t SET due = due + $3 WHERE id > $1 AND id <= $2`.
    pub change: &'static str,
    /// `$3` and on of the change.
    pub params: Vec<Value>,
    pub size: i64,
}

/// How far it got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    pub rows: i64,
    pub done: bool,
}

/// A piece as a program read it: its last key, how many rows it has, and what is to be done to them.
#[derive(Debug)]
pub struct Piece {
    pub last: String,
    pub rows: i64,
    /// No rows are behind it.
    pub done: bool,
    pub batch: Batch,
}

impl Store {
    /// How far a change in pieces has got: the last key that is done, the rows so far. None: it has not begun.
    pub async fn chunk_reached(&self, name: &str) -> Result<Option<(String, Moved)>> {
        let row = self
            .query_one("SELECT after, changed, done FROM store_chunk WHERE name = $1", vec![name.into()])
            .await?;
        row.map(|row| {
            let moved = Moved { rows: row.int("changed")?, done: row.int("done")? == 1 };
            Ok((row.string("after")?, moved))
        })
        .transpose()
    }

    /// Does the next piece. Several may do so at once: each piece is done once.
    pub async fn chunk(&self, chunks: &Chunks) -> Result<Moved> {
        self.chunk_by(&chunks.name, |after| async {
            let row = self
                .query_one(chunks.piece, vec![after.as_str().into(), chunks.size.into()])
                .await?
                .ok_or_else(|| Error::internal("a piece without an answer"))?;
            let (last, rows) = (row.maybe_text("last").unwrap_or(&after).to_owned(), row.int("n")?);
            let mut params: Vec<Value> = vec![after.into(), last.as_str().into()];
            params.extend(chunks.params.iter().cloned());
            let mut batch = Batch::new();
            batch.write(chunks.change, params);
            Ok(Piece { last, rows, done: rows < chunks.size, batch })
        })
        .await
    }

    /// The same where only the program knows what to do: `piece` reads what is behind a key, at first behind `""`, and says what
    /// is done to it. Its keys are its own.
    pub async fn chunk_by<F>(&self, name: &str, piece: impl Fn(String) -> F) -> Result<Moved>
    where
        F: Future<Output = Result<Piece>>,
    {
        self.rerun(|| async {
            let state = self.chunk_reached(name).await?;
            let begun = state.is_some();
            let (after, Moved { rows, done }) =
                state.unwrap_or_else(|| (String::new(), Moved { rows: 0, done: false }));
            let mut batch = Batch::new();
            if done {
                return Ok((batch, Moved { rows, done }));
            }
            let piece = piece(after.clone()).await?;
            let moved = Moved { rows: rows.saturating_add(piece.rows), done: piece.done };
            if !begun {
                batch.write_one(
                    "first piece",
                    "INSERT INTO store_chunk (name, after, changed, done) VALUES ($1, '', 0, 0) ON CONFLICT (name) DO NOTHING",
                    vec![name.into()],
                );
            }
            batch.write_one(
                "piece not yet done",
                "UPDATE store_chunk SET after = $3, changed = $4, done = $5 WHERE name = $1 AND after = $2 AND done = 0",
                vec![name.into(), after.into(), piece.last.into(), moved.rows.into(), moved.done.into()],
            );
            batch.and(piece.batch);
            Ok((batch, moved))
        })
        .await
    }
}
