//! The store's own tables.

use crate::Migration;

pub(crate) const SCHEMA: &[Migration] = &[
    (
        "store/0001",
        "CREATE TABLE store_event (id TEXT PRIMARY KEY, kind TEXT NOT NULL, aggregate TEXT NOT NULL, at BIGINT NOT NULL,
           actor TEXT NOT NULL, definition TEXT, grant_id TEXT, body TEXT NOT NULL);
         CREATE INDEX store_event_aggregate ON store_event (aggregate, id);
         CREATE TABLE store_job (id TEXT PRIMARY KEY, kind TEXT NOT NULL, lane TEXT, body TEXT NOT NULL, due BIGINT NOT NULL,
           attempts BIGINT NOT NULL, leased_until BIGINT NOT NULL, done_at BIGINT, dead_at BIGINT, error TEXT);
         CREATE INDEX store_job_due ON store_job (due) WHERE done_at IS NULL AND dead_at IS NULL;
         CREATE INDEX store_job_lane ON store_job (lane, id) WHERE done_at IS NULL AND dead_at IS NULL;",
    ),
    // Order within an aggregate and within a lane no longer rests on clocks: it is counted. A finished job is deleted.
    (
        "store/0002",
        "ALTER TABLE store_event ADD COLUMN place BIGINT NOT NULL DEFAULT 0;
         UPDATE store_event SET place =
           (SELECT count(*) FROM store_event o WHERE o.aggregate = store_event.aggregate AND o.id <= store_event.id);
         DROP INDEX store_event_aggregate;
         CREATE UNIQUE INDEX store_event_place ON store_event (aggregate, place);
         DELETE FROM store_job WHERE done_at IS NOT NULL;
         ALTER TABLE store_job ADD COLUMN place BIGINT NOT NULL DEFAULT 0;
         ALTER TABLE store_job ADD COLUMN request TEXT;
         UPDATE store_job SET place =
           (SELECT count(*) FROM store_job o WHERE o.lane = store_job.lane AND o.id <= store_job.id);
         DROP INDEX store_job_lane;
         CREATE UNIQUE INDEX store_job_place ON store_job (lane, place);
         CREATE INDEX store_job_dead ON store_job (kind, id) WHERE dead_at IS NOT NULL;
         CREATE TABLE store_state (name TEXT PRIMARY KEY, value TEXT NOT NULL);
         CREATE TABLE store_mark (id TEXT PRIMARY KEY, at BIGINT NOT NULL);
         CREATE TABLE store_chunk (name TEXT PRIMARY KEY, after TEXT NOT NULL, changed BIGINT NOT NULL, done BIGINT NOT NULL);",
    ),
];

/// What a move leaves behind in the place it moved away from: no batch is taken there any more.
pub(crate) const MOVED: &str = "SELECT value FROM store_state WHERE name = 'moved'";

/// Two batches that count up the same thing at the same moment: the later one starts over.
pub(crate) const COUNTED: [&str; 2] = ["store_event_place", "store_job_place"];
