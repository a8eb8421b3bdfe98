//! The catalogue: every service by its id, what it restricts, its versions by date.

mod entry;
pub(crate) mod index;
mod merge;
pub(crate) mod tables;
mod written;

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use maru_kernel::{At, Both, Date, Error, Result};
use maru_rules::{Decision, Facts};
use maru_store::{Batch, Store};
use serde_json::{Map, Value as Json};

use crate::{
    Calendar, Chart, Declared, Guidance, Hits, LeftOut, Pack, Searcher, Service, draft, holiday,
    pack::sha256, suggest::Suggestion,
};
use index::Index;
use written::Held;

pub use entry::{Ages, Confirmed, Deadline, Entry, List, Name, Origin, Unread};
pub(crate) use entry::{Brief, entry_id};
pub use tables::migrations;

/// Where a row that came with the program says it came from.
pub(crate) const SHIPPED: &str = "shipped";

/// All definitions in force. Cheap to clone; everyone sees the same.
#[derive(Clone)]
pub struct Definitions {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    /// The pack of this program.
    base: Arc<Pack>,
    /// The same with what was published since.
    pack: RwLock<Arc<Pack>>,
    /// Which of it that is.
    held: tokio::sync::Mutex<Held>,
    left_out: RwLock<Arc<Vec<LeftOut>>>,
    index: RwLock<Arc<Index>>,
    /// What the catalogue's rows said of themselves when they were last read.
    mark: Mutex<String>,
    /// The pack's days off with those declared since.
    calendar: RwLock<Arc<Calendar>>,
}

/// Texts of a service as they were imported from one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// By key: `summary target criteria content method deadline receiving_org phone`, and where the list has them `documents law
    /// online_url department cycle provision`. Korean only. Empty for a service of which only facts are known.
    pub texts: Vec<(String, String)>,
    /// What the texts seem to ask.
    pub suggestions: Vec<Suggestion>,
    pub list: List,
    pub source: String,
    pub since: At,
}

impl Detail {
    pub fn text(&self, key: &str) -> Option<&str> {
        self.texts.iter().find(|(k, _)| k == key).map(|(_, text)| text.as_str())
    }
}

/// Whence the catalogue is, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueNote {
    pub source: Both,
    pub owner: Both,
    pub dataset: String,
    pub licence: Both,
    pub as_of: Date,
    /// Services, those written in depth included.
    pub count: usize,
    /// What it covers, and what it leaves out.
    pub coverage: Both,
    /// Read from the official source here, rather than shipped.
    pub imported: bool,
}

impl Definitions {
    /// Seeds the shipped catalogue when there is none, records the pack's versions, loads the index.
    pub async fn open(store: Store, pack: Arc<Pack>, now: At) -> Result<Definitions> {
        // Several programs may open one database at once: who comes second finds it done.
        store
            .rerun(|| async {
                let empty = !tables::any_entry(&store).await?;
                Ok((if empty { seed(&pack, now)? } else { Batch::new() }, ()))
            })
            .await?;
        store.rerun(|| async { Ok((record(&store, &pack, now).await?, ())) }).await?;
        let mark = tables::mark(&store).await?;
        let base = pack;
        let held = Held::of(&store, now).await?;
        let (pack, left_out) = written::served(&store, &base, &held).await?;
        let index = Index::load(&store, &pack).await?;
        let calendar = pack.calendar.with(&holiday::all(&store).await?);
        let (index, mark) = (RwLock::new(Arc::new(index)), Mutex::new(mark));
        let calendar = RwLock::new(Arc::new(calendar));
        let (pack, left_out) = (RwLock::new(pack), RwLock::new(Arc::new(left_out)));
        let held = tokio::sync::Mutex::new(held);
        let inner = Inner { store, base, pack, held, left_out, index, mark, calendar };
        Ok(Definitions { inner: Arc::new(inner) })
    }

    /// Reads the catalogue anew if another program has changed it; answers whether it had.
    pub async fn refresh(&self) -> Result<bool> {
        let mark = tables::mark(&self.inner.store).await?;
        if *self.inner.mark.lock().unwrap_or_else(PoisonError::into_inner) == mark {
            return Ok(false);
        }
        self.reload().await?;
        *self.inner.mark.lock().unwrap_or_else(PoisonError::into_inner) = mark;
        Ok(true)
    }

    /// The days that count: the pack's calendar with the holidays declared since.
    pub fn calendar(&self) -> Arc<Calendar> {
        self.inner.calendar.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Every holiday that was declared, those taken back included, by date.
    pub async fn holidays(&self) -> Result<Vec<Declared>> {
        holiday::all(&self.inner.store).await
    }

    /// The change that makes a day a holiday.
    pub async fn declare_holiday(&self, date: Date, name: &Both, now: At) -> Result<Batch> {
        let calendar = self.inner.base.calendar.with(&self.holidays().await?);
        holiday::declare(&calendar, date, name, now)
    }

    /// The change that takes a declared holiday back.
    pub async fn withdraw_holiday(&self, date: Date, now: At) -> Result<Batch> {
        holiday::withdraw(&self.holidays().await?, date, now)
    }

    /// Takes over holidays that were declared or taken back, here or by another program; answers whether there were any.
    pub async fn refresh_calendar(&self) -> Result<bool> {
        let calendar = self.inner.base.calendar.with(&self.holidays().await?);
        if calendar.change() == self.calendar().change() {
            return Ok(false);
        }
        *self.inner.calendar.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(calendar);
        Ok(true)
    }

    /// Reads the catalogue anew, after an import.
    pub async fn reload(&self) -> Result<()> {
        let index = Index::load(&self.inner.store, &self.pack()).await?;
        *self.inner.index.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(index);
        Ok(())
    }

    pub(crate) fn index(&self) -> Arc<Index> {
        self.inner.index.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    /// What is served now. Who needs several things of it asks once, so that they fit together.
    pub fn pack(&self) -> Arc<Pack> {
        self.inner.pack.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How cases go; charts stay as the program brings them.
    pub fn chart(&self, id: &str) -> Option<&Chart> {
        self.inner.base.chart(id)
    }

    /// A service written in depth; one that has ended, too, since cases go on by it.
    pub fn service(&self, id: &str) -> Option<Arc<Service>> {
        self.pack().services.iter().find(|s| s.id == id).cloned()
    }

    /// Any service. A service written in depth is found by its entry's id, too.
    pub fn entry(&self, id: &str) -> Option<Arc<Entry>> {
        let index = self.index();
        index.place(id).and_then(|place| index.entries.get(place)).cloned()
    }

    /// Every service, in the catalogue's order.
    pub fn entries(&self) -> Vec<Arc<Entry>> {
        self.index().entries.clone()
    }

    /// How many services there are.
    pub fn len(&self) -> usize {
        self.index().entries.len()
    }

    /// How many services one may qualify for: petitions and permits are for everybody.
    pub fn guided(&self) -> usize {
        let index = self.index();
        let free = index.deep.iter().filter(|(_, service)| service.asks_nothing()).count();
        index.entries.len().saturating_sub(free)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What each list says of a service, in the order in which they count.
    pub async fn details(&self, id: &str) -> Result<Vec<Detail>> {
        let mut details = Vec::new();
        let Some(entry) = self.entry(id) else { return Ok(details) };
        for origin in &entry.origins {
            let Some(row) = tables::body(&self.inner.store, origin.list.kind(), &origin.id).await? else {
                continue;
            };
            let mut body: Map<String, Json> =
                serde_json::from_str(row.text("body")?).map_err(Error::internal)?;
            let suggestions = body.remove("suggestions").map(serde_json::from_value).transpose();
            let texts = body.into_iter().filter_map(|(key, text)| match text {
                Json::String(text) => Some((key, text)),
                _ => None,
            });
            details.push(Detail {
                texts: texts.collect(),
                suggestions: suggestions.map_err(Error::internal)?.unwrap_or_default(),
                list: origin.list,
                source: row.string("source")?,
                since: row.at("since")?,
            });
        }
        Ok(details)
    }

    /// Services by words, best first for who searches; no words find all.
    pub fn search(&self, query: &str, limit: usize, searcher: &Searcher<'_>) -> Result<Hits> {
        let index = self.index();
        let search = index.search.as_ref().map_err(|e| Error::internal(e.to_string()))?;
        search.find(&index.entries, &self.pack(), query, limit, searcher)
    }

    /// Every service answered for one person.
    pub fn guide(&self, facts: &Facts, on: Date) -> Guidance {
        Guidance::of(self.index(), self.pack(), facts, on)
    }

    pub fn decide(&self, service: &Service, facts: &Facts, on: Date) -> Decision {
        service.rules.decide(facts, &self.pack().parameters, on)
    }

    pub fn catalogue_note(&self) -> Arc<CatalogueNote> {
        self.index().note.clone()
    }
}

/// The catalogue that ships, as one batch.
fn seed(pack: &Pack, now: At) -> Result<Batch> {
    let mut batch = Batch::new();
    let Some((_, file, text)) = pack.shipped_rows() else { return Ok(batch) };
    for (place, (number, line)) in (0_i64..).zip(shipped_lines(text)) {
        let brief = Brief::read(line).map_err(|e| Error::Internal(format!("{file}:{number}: {e}")))?;
        let id = entry_id(&brief.source_id).map_err(Error::Internal)?;
        let (line, body) = (brief.line(), "{}".to_owned());
        let hash = sha256(&[&line, &body]);
        let version = tables::Version {
            kind: List::Gov24.kind(),
            id: &id,
            since: now,
            state: "current",
            source: SHIPPED,
            hash: &hash,
            place,
            brief: line,
            body,
        };
        tables::add(&mut batch, version);
    }
    Ok(batch)
}

/// The rows of a shipped catalogue with their line numbers: no comments, no headings.
pub(crate) fn shipped_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let rows = text.lines().enumerate().map(|(number, line)| (number + 1, line));
    rows.filter(|(_, line)| !line.starts_with('#') && !line.trim().is_empty()).skip(1)
}

/// A changed chart says where cases go on that stand in a state it no longer has.
async fn goes_on(store: &Store, chart: &Chart) -> Result<()> {
    let Some(row) = tables::body(store, "chart", &chart.id).await? else { return Ok(()) };
    let files: Map<String, Json> = serde_json::from_str(row.text("body")?).map_err(Error::internal)?;
    let texts: Vec<&str> = files.values().filter_map(Json::as_str).collect();
    let forgotten =
        Chart::earlier(&chart.id, &texts).map_or_else(Vec::new, |earlier| chart.forgets(&earlier));
    if forgotten.is_empty() {
        return Ok(());
    }
    let (id, states) = (&chart.id, forgotten.join(", "));
    Err(Error::Internal(format!(
        "chart {id} no longer has {states}, where cases may stand: write `was = [\"…\"]` at the state in which they go on"
    )))
}

/// Each definition of the pack whose files are not those of its newest version begins a new one.
async fn record(store: &Store, pack: &Pack, now: At) -> Result<Batch> {
    let mut batch = Batch::new();
    let mut known = Vec::new();
    for kind in ["pack", "chart", "service"] {
        for row in tables::newest(store, kind).await? {
            known.push((
                kind,
                row.string("id")?,
                row.at("since")?,
                row.string("hash")?,
                row.string("source")?,
            ));
        }
    }
    for (kind, id, files) in pack.definitions() {
        let parts: Vec<&str> = files.iter().flat_map(|(path, text)| [*path, *text]).collect();
        let hash = sha256(&parts);
        let mut since = now;
        if let Some((.., before, old, source)) = known.iter().find(|(k, i, ..)| *k == kind && *i == id) {
            // What people published stands until they publish something else, whatever the program brings.
            if *old == hash || source == draft::PAGES {
                continue;
            }
            if let Some(chart) = pack.chart(&id).filter(|_| kind == "chart") {
                goes_on(store, chart).await?;
            }
            // Two versions never begin at once, however slow the clock.
            since = now.max(At::from_micros(before.micros() + 1));
            tables::end(&mut batch, kind, &id, *before, since);
        }
        let body: Map<String, Json> =
            files.iter().map(|(path, text)| ((*path).into(), Json::from(*text))).collect();
        let version = tables::Version {
            kind,
            id: &id,
            since,
            state: "current",
            source: "pack",
            hash: &hash,
            place: 0,
            brief: String::new(),
            body: Json::Object(body).to_string(),
        };
        tables::add(&mut batch, version);
    }
    Ok(batch)
}
