//! SQL, and only SQL.

use maru_kernel::{At, Result};
use maru_store::{Batch, Migration, Row, Store};

/// `brief` is the row's facts in one line: what the index needs, so that a start never reads the long texts of `body`.
const SCHEMA: Migration = (
    "definition/0001",
    "CREATE TABLE definition_version (kind TEXT NOT NULL, id TEXT NOT NULL, since BIGINT NOT NULL, until BIGINT,
       state TEXT NOT NULL, source TEXT NOT NULL, hash TEXT NOT NULL, place BIGINT NOT NULL, brief TEXT NOT NULL,
       body TEXT NOT NULL, PRIMARY KEY (kind, id, since));
     CREATE INDEX definition_current ON definition_version (kind, place, id, since, source, brief)
       WHERE until IS NULL AND state = 'current';
     CREATE TABLE definition_import (id TEXT PRIMARY KEY, source TEXT NOT NULL, begun BIGINT NOT NULL, done BIGINT,
       state TEXT NOT NULL, report TEXT NOT NULL);
     CREATE TABLE definition_import_page (import TEXT NOT NULL, list TEXT NOT NULL, page BIGINT NOT NULL, total BIGINT NOT NULL,
       per_page BIGINT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (import, list, page));",
);

/// What each import changed, and what of the texts an editor confirmed.
const SECOND_LIST: Migration = (
    "definition/0004",
    "CREATE TABLE definition_change (import TEXT NOT NULL, what TEXT NOT NULL, place BIGINT NOT NULL, kind TEXT NOT NULL,
       id TEXT NOT NULL, since BIGINT NOT NULL, before BIGINT, PRIMARY KEY (import, what, place));
     CREATE TABLE definition_confirmed (id TEXT NOT NULL, key TEXT NOT NULL, confirmed_by TEXT NOT NULL, at BIGINT NOT NULL,
       ended_at BIGINT, PRIMARY KEY (id, key));",
);

pub fn migrations() -> &'static [Migration] {
    &[SCHEMA, crate::holiday::SCHEMA, crate::draft::SCHEMA, SECOND_LIST, crate::announced::SCHEMA]
}

/// One version of one definition, about to be written.
pub(crate) struct Version<'a> {
    pub(crate) kind: &'a str,
    pub(crate) id: &'a str,
    pub(crate) since: At,
    pub(crate) state: &'a str,
    pub(crate) source: &'a str,
    pub(crate) hash: &'a str,
    pub(crate) place: i64,
    pub(crate) brief: String,
    pub(crate) body: String,
}

pub(crate) fn add(batch: &mut Batch, version: Version<'_>) {
    batch.write_one(
        "a version is written once",
        "INSERT INTO definition_version (kind, id, since, until, state, source, hash, place, brief, body)
         VALUES ($1, $2, $3, NULL, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
        vec![
            version.kind.into(),
            version.id.into(),
            version.since.into(),
            version.state.into(),
            version.source.into(),
            version.hash.into(),
            version.place.into(),
            version.brief.into(),
            version.body.into(),
        ],
    );
}

/// Ends a version; it must be the current one.
pub(crate) fn end(batch: &mut Batch, kind: &str, id: &str, since: At, until: At) {
    batch.write_one(
        "the version that ends is the current one",
        "UPDATE definition_version SET until = $4 WHERE kind = $1 AND id = $2 AND since = $3 AND until IS NULL",
        vec![kind.into(), id.into(), since.into(), until.into()],
    );
}

/// A version that says the same as the one before, but that the definition is withdrawn.
pub(crate) fn withdraw(batch: &mut Batch, kind: &str, id: &str, since: At, now: At, source: &str) {
    batch.write_one(
        "what is withdrawn was there",
        "INSERT INTO definition_version (kind, id, since, until, state, source, hash, place, brief, body)
         SELECT kind, id, $4, NULL, 'withdrawn', $5, hash, place, brief, body FROM definition_version
         WHERE kind = $1 AND id = $2 AND since = $3",
        vec![kind.into(), id.into(), since.into(), now.into(), source.into()],
    );
}

pub(crate) async fn any_entry(store: &Store) -> Result<bool> {
    let rows =
        store.query("SELECT id FROM definition_version WHERE kind = 'entry' LIMIT 1", Vec::new()).await?;
    Ok(!rows.is_empty())
}

/// The rows of a list as they stand: id, since, source, brief.
pub(crate) async fn current_entries(store: &Store, kind: &str) -> Result<Vec<Row>> {
    store
        .query(
            "SELECT id, since, source, brief FROM definition_version
             WHERE kind = $1 AND until IS NULL AND state = 'current' ORDER BY place, id",
            vec![kind.into()],
        )
        .await
}

/// The newest version of each definition of one kind: id, since, state, source, hash, place.
pub(crate) async fn newest(store: &Store, kind: &str) -> Result<Vec<Row>> {
    store
        .query(
            "SELECT id, since, state, source, hash, place FROM definition_version WHERE kind = $1 AND until IS NULL",
            vec![kind.into()],
        )
        .await
}

pub(crate) async fn body(store: &Store, kind: &str, id: &str) -> Result<Option<Row>> {
    store
        .query_one(
            "SELECT since, source, body FROM definition_version WHERE kind = $1 AND id = $2 AND until IS NULL",
            vec![kind.into(), id.into()],
        )
        .await
}

/// The version of a definition that held at a moment: hash, body.
pub(crate) async fn body_at(store: &Store, kind: &str, id: &str, at: At) -> Result<Option<Row>> {
    store
        .query_one(
            "SELECT hash, body FROM definition_version WHERE kind = $1 AND id = $2 AND since <= $3
               AND (until IS NULL OR until > $3) ORDER BY since DESC LIMIT 1",
            vec![kind.into(), id.into(), at.into()],
        )
        .await
}

/// What stands in the bodies of one kind: id, body.
pub(crate) async fn bodies(store: &Store, kind: &str) -> Result<Vec<Row>> {
    store
        .query(
            "SELECT id, body FROM definition_version WHERE kind = $1 AND until IS NULL AND state = 'current'",
            vec![kind.into()],
        )
        .await
}

/// The newest import of the first list that ended well: source, begun, report.
pub(crate) async fn last_import(store: &Store) -> Result<Option<Row>> {
    store
        .query_one(
            "SELECT source, begun, report FROM definition_import
             WHERE state = 'done' AND id LIKE 'gov24-%' ORDER BY begun DESC, id DESC LIMIT 1",
            Vec::new(),
        )
        .await
}

/// Changes whenever an import has ended, or a suggestion was confirmed or taken back.
pub(crate) async fn mark(store: &Store) -> Result<String> {
    let row = store
        .query_one(
            "SELECT count(*) AS n, coalesce(max(done), 0) AS last,
               (SELECT coalesce(max(at), 0) FROM definition_confirmed) AS confirmed,
               (SELECT coalesce(max(ended_at), 0) FROM definition_confirmed) AS ended,
               (SELECT count(*) FROM definition_confirmed WHERE ended_at IS NULL) AS standing
             FROM definition_import WHERE state = 'done'",
            Vec::new(),
        )
        .await?;
    row.map_or(Ok(String::new()), |row| {
        let numbers =
            [row.int("n")?, row.int("last")?, row.int("confirmed")?, row.int("ended")?, row.int("standing")?];
        Ok(numbers.map(|n| n.to_string()).join(" "))
    })
}

/// How many imports were begun.
pub(crate) async fn imports(store: &Store) -> Result<i64> {
    let row = store.query_one("SELECT count(*) AS n FROM definition_import", Vec::new()).await?;
    row.map_or(Ok(0), |row| row.int("n"))
}

/// An import that was broken off and may go on.
pub(crate) async fn open_import(store: &Store, source: &str, since: At) -> Result<Option<Row>> {
    store
        .query_one(
            "SELECT id FROM definition_import WHERE source = $1 AND state = 'open' AND begun >= $2 ORDER BY begun DESC LIMIT 1",
            vec![source.into(), since.into()],
        )
        .await
}

/// A new import; whatever was left open is given up, with its pages.
pub(crate) fn begin_import(batch: &mut Batch, id: &str, source: &str, now: At) {
    batch.write("DELETE FROM definition_import_page", Vec::new());
    batch.write("UPDATE definition_import SET state = 'given up' WHERE state = 'open'", Vec::new());
    batch.write_one(
        "an import begins once",
        "INSERT INTO definition_import (id, source, begun, done, state, report) VALUES ($1, $2, $3, NULL, 'open', '{}')
         ON CONFLICT DO NOTHING",
        vec![id.into(), source.into(), now.into()],
    );
}

pub(crate) fn end_import(batch: &mut Batch, id: &str, now: At, report: String) {
    batch.write_one(
        "an import ends once",
        "UPDATE definition_import SET done = $2, state = 'done', report = $3 WHERE id = $1 AND state = 'open'",
        vec![id.into(), now.into(), report.into()],
    );
    batch.write("DELETE FROM definition_import_page WHERE import = $1", vec![id.into()]);
}

/// An import that was read and written in one go.
pub(crate) fn record_import(batch: &mut Batch, id: &str, source: &str, now: At, report: String) {
    batch.write_one(
        "an import is recorded once",
        "INSERT INTO definition_import (id, source, begun, done, state, report) VALUES ($1, $2, $3, $3, 'done', $4)
         ON CONFLICT DO NOTHING",
        vec![id.into(), source.into(), now.into(), report.into()],
    );
}

/// What an import did to one row.
pub(crate) struct Changing<'a> {
    pub(crate) import: &'a str,
    /// `added`, `changed` or `withdrawn`.
    pub(crate) what: &'a str,
    /// Counted from 0 among those of its kind.
    pub(crate) place: i64,
    pub(crate) kind: &'a str,
    pub(crate) id: &'a str,
    pub(crate) since: At,
    pub(crate) before: Option<At>,
}

pub(crate) fn add_change(batch: &mut Batch, change: Changing<'_>) {
    batch.write(
        "INSERT INTO definition_change (import, what, place, kind, id, since, before) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        vec![
            change.import.into(),
            change.what.into(),
            change.place.into(),
            change.kind.into(),
            change.id.into(),
            change.since.into(),
            change.before.into(),
        ],
    );
}

/// The newest imports that ended well: id, source, done, report, and whether what they changed was kept.
pub(crate) async fn ended_imports(store: &Store, limit: i64) -> Result<Vec<Row>> {
    store
        .query(
            "SELECT i.id, i.source, i.done, i.report,
               (SELECT count(*) FROM definition_change c WHERE c.import = i.id AND c.place = 0) AS kept
             FROM definition_import i WHERE i.state = 'done' ORDER BY i.done DESC, i.id DESC LIMIT $1",
            vec![limit.into()],
        )
        .await
}

pub(crate) async fn ended_import(store: &Store, id: &str) -> Result<Option<Row>> {
    store
        .query_one(
            "SELECT i.id, i.source, i.done, i.report,
               (SELECT count(*) FROM definition_change c WHERE c.import = i.id AND c.place = 0) AS kept
             FROM definition_import i WHERE i.state = 'done' AND i.id = $1",
            vec![id.into()],
        )
        .await
}

/// What an import did, place by place: the row as it is since, and as it was before.
pub(crate) async fn changes(store: &Store, import: &str, what: &str, from: i64, to: i64) -> Result<Vec<Row>> {
    store
        .query(
            "SELECT c.id, v.brief, v.body, b.brief AS before_brief, b.body AS before_body FROM definition_change c
             JOIN definition_version v ON v.kind = c.kind AND v.id = c.id AND v.since = c.since
             LEFT JOIN definition_version b ON b.kind = c.kind AND b.id = c.id AND b.since = c.before
             WHERE c.import = $1 AND c.what = $2 AND c.place >= $3 AND c.place < $4 ORDER BY c.place",
            vec![import.into(), what.into(), from.into(), to.into()],
        )
        .await
}

/// A suggestion counts from now on.
pub(crate) fn confirm(batch: &mut Batch, id: &str, key: &str, by: &str, now: At) {
    batch.write_one(
        "the suggestion does not count yet",
        "INSERT INTO definition_confirmed (id, key, confirmed_by, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id, key) DO UPDATE SET confirmed_by = excluded.confirmed_by, at = excluded.at, ended_at = NULL
           WHERE definition_confirmed.ended_at IS NOT NULL",
        vec![id.into(), key.into(), by.into(), now.into()],
    );
}

/// It counts no more.
pub(crate) fn unconfirm(batch: &mut Batch, id: &str, key: &str, now: At) {
    batch.write_one(
        "the suggestion still counts",
        "UPDATE definition_confirmed SET ended_at = $3 WHERE id = $1 AND key = $2 AND ended_at IS NULL",
        vec![id.into(), key.into(), now.into()],
    );
}

/// The suggestions that count: id, key, by, at.
pub(crate) async fn confirmed(store: &Store) -> Result<Vec<Row>> {
    store
        .query(
            "SELECT id, key, confirmed_by, at FROM definition_confirmed WHERE ended_at IS NULL ORDER BY id, key",
            Vec::new(),
        )
        .await
}

pub(crate) fn add_page(
    batch: &mut Batch,
    import: &str,
    list: &str,
    page: i64,
    total: i64,
    per_page: i64,
    body: String,
) {
    batch.write(
        "INSERT INTO definition_import_page (import, list, page, total, per_page, body) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (import, list, page) DO UPDATE SET total = excluded.total, per_page = excluded.per_page, body = excluded.body",
        vec![import.into(), list.into(), page.into(), total.into(), per_page.into(), body.into()],
    );
}

pub(crate) fn drop_pages(batch: &mut Batch, import: &str, list: &str) {
    batch.write(
        "DELETE FROM definition_import_page WHERE import = $1 AND list = $2",
        vec![import.into(), list.into()],
    );
}

pub(crate) async fn pages_kept(store: &Store, import: &str, list: &str) -> Result<Vec<Row>> {
    store
        .query(
            "SELECT page, total, per_page FROM definition_import_page WHERE import = $1 AND list = $2 ORDER BY page",
            vec![import.into(), list.into()],
        )
        .await
}

pub(crate) async fn page(store: &Store, import: &str, list: &str, page: i64) -> Result<Option<Row>> {
    store
        .query_one(
            "SELECT body FROM definition_import_page WHERE import = $1 AND list = $2 AND page = $3",
            vec![import.into(), list.into(), page.into()],
        )
        .await
}
