//! Services written while a country runs: drafts, who asked to publish them and who approved, and what of them holds.
//!
//! A draft is the files of one service, kept version by version. Published, it is a row of `definition_version` beside those of the
//! pack, from a day on; what holds at an instant is read from there.

use maru_kernel::{At, Both, Date, Error, Result};
use maru_store::{Batch, Migration, Row, Store};
use serde_json::{Map, Value as Json};

use crate::{Agency, Fault, Service, ServiceFiles, catalogue::tables, pack::sha256};

pub(crate) const SCHEMA: Migration = (
    "definition/0003",
    "CREATE TABLE definition_draft (service TEXT NOT NULL, version BIGINT NOT NULL, owner TEXT NOT NULL, owner_ko TEXT NOT NULL,
       owner_en TEXT NOT NULL, files TEXT NOT NULL, file TEXT NOT NULL, writer TEXT NOT NULL, at BIGINT NOT NULL,
       PRIMARY KEY (service, version));
     CREATE TABLE definition_ask (service TEXT NOT NULL, place BIGINT NOT NULL, verb TEXT NOT NULL, draft BIGINT NOT NULL,
       from_on TEXT NOT NULL, asked_by TEXT NOT NULL, asked_at BIGINT NOT NULL, state TEXT NOT NULL, done_by TEXT, done_at BIGINT,
       PRIMARY KEY (service, place));",
);

/// Where a version that was published on a page says it is from.
pub(crate) const PAGES: &str = "pages";
/// A file longer than this many bytes is not kept.
const LONGEST: usize = 64 * 1024;

/// One version of a service that is being written.
#[derive(Debug, Clone)]
pub struct Draft {
    pub service: String,
    pub version: i64,
    pub owner: Agency,
    pub files: ServiceFiles,
    /// Which file was written; empty: all of them, at its beginning.
    pub file: String,
    pub writer: String,
    pub at: At,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Publish,
    End,
}

impl Verb {
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Publish => "publish",
            Verb::End => "end",
        }
    }
}

/// How it stands with what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Open,
    Approved,
    /// Taken back by who asked, or turned down.
    Withdrawn,
    /// The draft was changed after it was asked for.
    Void,
}

impl Asked {
    const ALL: [Asked; 4] = [Asked::Open, Asked::Approved, Asked::Withdrawn, Asked::Void];

    /// What is not to be read stands for nothing any more.
    pub(crate) fn of(text: &str) -> Asked {
        Asked::ALL.into_iter().find(|known| known.as_str() == text).unwrap_or(Asked::Void)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Asked::Open => "open",
            Asked::Approved => "approved",
            Asked::Withdrawn => "withdrawn",
            Asked::Void => "void",
        }
    }
}

/// Somebody asked that a draft be published, or a service ended, from a day on.
#[derive(Debug, Clone)]
pub struct Ask {
    pub service: String,
    pub place: i64,
    pub verb: Verb,
    /// The version of the draft that is meant; an end means none.
    pub draft: i64,
    pub from: Date,
    pub asked_by: String,
    pub asked_at: At,
    pub state: Asked,
    pub done_by: Option<String>,
    pub done_at: Option<At>,
}

/// A version that was published on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    pub service: String,
    pub since: At,
    pub until: Option<At>,
    /// From then on nobody can file for it.
    pub ended: bool,
}

/// A published service that this program can't read or that is wrong: it is served by none.
#[derive(Debug, Clone)]
pub struct LeftOut {
    pub service: String,
    pub faults: Vec<Fault>,
}

fn draft_of(row: &Row) -> Result<Draft> {
    Ok(Draft {
        service: row.string("service")?,
        version: row.int("version")?,
        owner: Agency {
            id: row.string("owner")?,
            name: Both { ko: row.string("owner_ko")?, en: row.string("owner_en")? },
        },
        files: row
            .maybe_text("files")
            .map_or(Ok(ServiceFiles::new()), serde_json::from_str)
            .map_err(Error::internal)?,
        file: row.string("file")?,
        writer: row.string("writer")?,
        at: row.at("at")?,
    })
}

fn ask_of(row: &Row) -> Result<Ask> {
    Ok(Ask {
        service: row.string("service")?,
        place: row.int("place")?,
        verb: if row.text("verb")? == Verb::End.as_str() { Verb::End } else { Verb::Publish },
        draft: row.int("draft")?,
        from: row.text("from_on")?.parse().map_err(Error::internal)?,
        asked_by: row.string("asked_by")?,
        asked_at: row.at("asked_at")?,
        state: Asked::of(row.text("state")?),
        done_by: row.maybe_text("done_by").map(str::to_owned),
        done_at: row.maybe_int("done_at").map(At::from_micros),
    })
}

fn published_of(row: &Row) -> Result<Published> {
    Ok(Published {
        service: row.string("id")?,
        since: row.at("since")?,
        until: row.maybe_int("until").map(At::from_micros),
        ended: row.text("state")? == "withdrawn",
    })
}

/// The newest version of every draft.
pub(crate) async fn all(store: &Store) -> Result<Vec<Draft>> {
    let rows = store
        .query(
            "SELECT d.service, d.version, d.owner, d.owner_ko, d.owner_en, d.files, d.file, d.writer, d.at FROM definition_draft d
             WHERE d.version = (SELECT max(n.version) FROM definition_draft n WHERE n.service = d.service) ORDER BY d.service",
            Vec::new(),
        )
        .await?;
    rows.iter().map(draft_of).collect()
}

pub(crate) async fn newest(store: &Store, service: &str) -> Result<Option<Draft>> {
    let row = store
        .query_one(
            "SELECT service, version, owner, owner_ko, owner_en, files, file, writer, at FROM definition_draft
             WHERE service = $1 ORDER BY version DESC LIMIT 1",
            vec![service.into()],
        )
        .await?;
    row.as_ref().map(draft_of).transpose()
}

/// Who wrote what when, the newest first; without the files.
pub(crate) async fn history(store: &Store, service: &str) -> Result<Vec<Draft>> {
    let rows = store
        .query(
            "SELECT service, version, owner, owner_ko, owner_en, file, writer, at FROM definition_draft
             WHERE service = $1 ORDER BY version DESC LIMIT 50",
            vec![service.into()],
        )
        .await?;
    rows.iter().map(draft_of).collect()
}

/// What was asked for of a service, the newest first.
pub(crate) async fn asks(store: &Store, service: &str) -> Result<Vec<Ask>> {
    let rows = store
        .query(
            "SELECT service, place, verb, draft, from_on, asked_by, asked_at, state, done_by, done_at FROM definition_ask
             WHERE service = $1 ORDER BY place DESC",
            vec![service.into()],
        )
        .await?;
    rows.iter().map(ask_of).collect()
}

/// The versions of a service that were published on pages, the newest first.
pub(crate) async fn published(store: &Store, service: &str) -> Result<Vec<Published>> {
    let rows = store
        .query(
            "SELECT id, since, until, state FROM definition_version WHERE kind = 'service' AND id = $1 AND source = 'pages'
             ORDER BY since DESC",
            vec![service.into()],
        )
        .await?;
    rows.iter().map(published_of).collect()
}

/// What of it holds at an instant.
pub(crate) async fn in_force(store: &Store, now: At) -> Result<Vec<Published>> {
    let rows = store
        .query(
            "SELECT id, since, until, state FROM definition_version WHERE kind = 'service' AND source = 'pages' AND since <= $1
               AND (until IS NULL OR until > $1) ORDER BY id",
            vec![now.into()],
        )
        .await?;
    rows.iter().map(published_of).collect()
}

/// The owner and the files of a published version. An end that the pack's own version is under has no owner.
pub(crate) async fn read(store: &Store, one: &Published) -> Result<(Option<Agency>, ServiceFiles)> {
    let row = store
        .query_one(
            "SELECT brief, body FROM definition_version WHERE kind = 'service' AND id = $1 AND since = $2",
            vec![one.service.as_str().into(), one.since.into()],
        )
        .await?
        .ok_or(Error::NotFound)?;
    let owner: Option<Agency> = serde_json::from_str(row.text("brief")?).ok();
    let body: Map<String, Json> = serde_json::from_str(row.text("body")?).map_err(Error::internal)?;
    let folder =
        owner.as_ref().map(|owner| format!("services/{}/{}/", owner.id, one.service)).unwrap_or_default();
    let files = body
        .into_iter()
        .filter_map(|(path, text)| Some((path.strip_prefix(&folder)?.to_owned(), text.as_str()?.to_owned())));
    Ok((owner, files.collect()))
}

/// The change that keeps a version of a draft. What was asked for of an older one is void.
pub(crate) fn write(draft: &Draft) -> Result<Batch> {
    if draft.files.values().any(|text| text.len() > LONGEST) {
        return Err(Error::invalid("text", "services-wrong-long"));
    }
    let mut batch = Batch::new();
    batch.write_one(
        "nobody wrote since",
        "INSERT INTO definition_draft (service, version, owner, owner_ko, owner_en, files, file, writer, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
        vec![
            draft.service.as_str().into(),
            draft.version.into(),
            draft.owner.id.as_str().into(),
            draft.owner.name.ko.as_str().into(),
            draft.owner.name.en.as_str().into(),
            serde_json::to_string(&draft.files).map_err(Error::internal)?.into(),
            draft.file.as_str().into(),
            draft.writer.as_str().into(),
            draft.at.into(),
        ],
    );
    batch.write(
        "UPDATE definition_ask SET state = 'void', done_by = $2, done_at = $3 WHERE service = $1 AND state = 'open' AND verb = 'publish'",
        vec![draft.service.as_str().into(), draft.writer.as_str().into(), draft.at.into()],
    );
    Ok(batch)
}

pub(crate) fn ask(ask: &Ask) -> Batch {
    let mut batch = Batch::new();
    batch.write_one(
        "nobody asked since",
        "INSERT INTO definition_ask (service, place, verb, draft, from_on, asked_by, asked_at, state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'open') ON CONFLICT DO NOTHING",
        vec![
            ask.service.as_str().into(),
            ask.place.into(),
            ask.verb.as_str().into(),
            ask.draft.into(),
            ask.from.to_string().into(),
            ask.asked_by.as_str().into(),
            ask.asked_at.into(),
        ],
    );
    batch
}

/// The change that answers what was asked for, once.
pub(crate) fn answer(ask: &Ask, state: Asked, by: &str, now: At) -> Batch {
    let mut batch = Batch::new();
    batch.write_one(
        "asked for and not yet answered",
        "UPDATE definition_ask SET state = $3, done_by = $4, done_at = $5 WHERE service = $1 AND place = $2 AND state = 'open'",
        vec![ask.service.as_str().into(), ask.place.into(), state.as_str().into(), by.into(), now.into()],
    );
    batch
}

/// From when a version can hold at the earliest: not before its day, not before now, never at once with the one before it.
pub(crate) fn since(from: Date, now: At, before: Option<At>) -> Result<At> {
    let since = now.max(At::start_of(from));
    match before {
        Some(before) if before > since => Err(Error::invalid("from", "services-wrong-earlier")),
        Some(before) if before == since => Ok(At::from_micros(since.micros().saturating_add(1))),
        _ => Ok(since),
    }
}

/// When the newest version of a service begins or began, from wherever it came.
pub(crate) async fn last(store: &Store, service: &str) -> Result<Option<At>> {
    let row = tables::body(store, "service", service).await?;
    row.map(|row| row.at("since")).transpose()
}

/// The version that begins; the one before ends then.
pub(crate) fn begin(
    batch: &mut Batch,
    owner: &Agency,
    service: &Service,
    texts: Vec<(String, String)>,
    since: At,
    before: Option<At>,
) -> Result<()> {
    if let Some(before) = before {
        tables::end(batch, "service", &service.id, before, since);
    }
    let parts: Vec<&str> = texts.iter().flat_map(|(path, text)| [path.as_str(), text.as_str()]).collect();
    let hash = sha256(&parts);
    let body: Map<String, Json> = texts.into_iter().map(|(path, text)| (path, Json::from(text))).collect();
    tables::add(
        batch,
        tables::Version {
            kind: "service",
            id: &service.id,
            since,
            state: "current",
            source: PAGES,
            hash: &hash,
            place: 0,
            brief: serde_json::to_string(owner).map_err(Error::internal)?,
            body: Json::Object(body).to_string(),
        },
    );
    Ok(())
}

/// The end of a service from an instant on: the same again, withdrawn.
pub(crate) fn finish(batch: &mut Batch, service: &str, since: At, before: At) {
    tables::end(batch, "service", service, before, since);
    batch.write_one(
        "what ends was there",
        "INSERT INTO definition_version (kind, id, since, until, state, source, hash, place, brief, body)
         SELECT kind, id, $3, NULL, 'withdrawn', 'pages', hash, place, brief, body FROM definition_version
         WHERE kind = 'service' AND id = $1 AND since = $2",
        vec![service.into(), before.into(), since.into()],
    );
}

#[cfg(test)]
mod tests {
    // Tests say what they expect by unwrapping it.
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_version_begins_on_its_day_and_after_the_one_before() {
        let at = |text: &str| At::parse(text).unwrap();
        let (now, day) = (at("2026-10-07T10:12:00+09:00"), |text: &str| text.parse::<Date>().unwrap());
        let begins = |from, before| since(day(from), now, before).map_err(|_| ());
        assert_eq!(begins("2026-10-07", None), Ok(now), "today: at once");
        assert_eq!(begins("2026-10-01", None), Ok(now), "a day that is over meanwhile: at once");
        assert_eq!(begins("2026-11-01", Some(now)), Ok(at("2026-11-01T00:00:00+09:00")));
        assert_eq!(
            begins("2026-10-20", Some(at("2026-11-01T00:00:00+09:00"))),
            Err(()),
            "another is to come"
        );
        let same = at("2026-11-01T00:00:00+09:00");
        assert_eq!(begins("2026-11-01", Some(same)), Ok(At::from_micros(same.micros() + 1)));
    }
}
