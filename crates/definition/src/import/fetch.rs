//! Gets the pages: from a folder, or over HTTP with patience. Pages got are kept in the store, so that a broken import goes on.

use std::{collections::BTreeSet, path::PathBuf};

use maru_kernel::{At, Error};
use maru_store::{Batch, Store};
use serde_json::Value as Json;

use super::{Failure, LISTS, Patience, Progress, assemble::Found, wire::Page};
use crate::catalogue::tables;

/// The environment variable with the key of the official API.
pub const KEY: &str = "GOV24_SERVICE_KEY";

/// A page larger than this is none.
const LARGEST: u64 = 64 * 1024 * 1024;
/// Pages kept longer ago are not gone on with: the list has moved on.
const KEEP_DAYS: i64 = 1;

/// The address below which the lists are. It may end anywhere: at the host, at `/api`, at `/gov24`, at `/gov24/v3`, or at one of the lists; what
/// comes after is put there. Of any other path `/gov24/v3` is taken to lie below it.
pub(crate) fn base(from: &str) -> Result<String, Failure> {
    let todo = "give an address such as https://api.odcloud.kr/api";
    let plain = from.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let (scheme, rest) =
        plain.split_once("://").ok_or_else(|| Failure::new(format!("{from} is no address"), todo))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c == '"') {
        return Err(Failure::new(format!("{from} names no host"), todo));
    }
    if host.contains('@') {
        return Err(Failure::new(
            "the address holds a name or a password",
            "leave it out; the key is taken from GOV24_SERVICE_KEY",
        ));
    }
    let mut path = path.trim_end_matches('/');
    for list in LISTS {
        path = path.strip_suffix(list).unwrap_or(path).trim_end_matches('/');
    }
    let path = match path {
        "" => "api/gov24/v3".to_owned(),
        path if path == "gov24/v3" || path.ends_with("/gov24/v3") => path.to_owned(),
        path if path == "gov24" || path.ends_with("/gov24") => format!("{path}/v3"),
        path => format!("{path}/gov24/v3"),
    };
    Ok(format!("{scheme}://{host}/{path}"))
}

/// Finds the import to go on with, or begins one.
pub(crate) async fn begin(store: &Store, source: &str, resume: bool, now: At) -> Result<String, Failure> {
    if resume && let Some(row) = tables::open_import(store, source, now.plus_days(-KEEP_DAYS)).await? {
        return Ok(row.string("id")?);
    }
    let id = format!("gov24-{}-{}", now.micros(), tables::imports(store).await?);
    let mut batch = Batch::new();
    tables::begin_import(&mut batch, &id, source, now);
    match store.commit(batch).await {
        Err(Error::Guard(_)) => {
            Err(Failure::new("an import has begun at this very moment", "wait until it ends"))
        }
        other => Ok(other.map(|()| id)?),
    }
}

/// Reads a folder of saved pages.
pub(crate) async fn folder(
    folder: PathBuf,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Found, Failure> {
    let mut found = Found::new();
    for (list, step) in LISTS.into_iter().enumerate() {
        let files = saved(&folder, step)?;
        if files.is_empty() {
            if step == "serviceDetail" {
                // Only texts, and the list has most of them; but it is not everything.
                found.complete = false;
                continue;
            }
            let what = format!("{} has no {step}.001.json", folder.display());
            return Err(Failure::new(
                what,
                "save the pages of all three lists there: serviceList, serviceDetail, supportConditions",
            ));
        }
        let (mut rows, mut total) = (0, None);
        for (number, path) in files {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            let read =
                tokio::task::spawn_blocking(move || std::fs::read(&path)).await.map_err(Error::internal)?;
            let again =
                format!("save page {number} of {step} anew and run the import again; nothing was changed");
            let bytes =
                read.map_err(|e| Failure::new(format!("{name} can't be read: {e}"), again.clone()))?;
            let page =
                Page::read(&bytes).map_err(|e| Failure::new(format!("{name} can't be used: {e}"), again))?;
            rows += page.rows.len();
            let all = *total.get_or_insert(page.total);
            progress(Progress { step, done: rows, of: all.max(rows) });
            found.take(list, &name, page.rows);
        }
        found.complete &= total == Some(rows);
        if list == 2 {
            found.all_conditions &= total == Some(rows);
        }
    }
    Ok(found)
}

/// The saved pages of one list by their number.
fn saved(folder: &std::path::Path, list: &str) -> Result<Vec<(u32, PathBuf)>, Failure> {
    let told = |e: std::io::Error| {
        Failure::new(format!("{} can't be read: {e}", folder.display()), "make it readable")
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(told)? {
        let entry = entry.map_err(told)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let number =
            name.strip_prefix(list).and_then(|n| n.strip_prefix('.')).and_then(|n| n.strip_suffix(".json"));
        if let Some(number) = number.and_then(|n| n.parse().ok()) {
            files.push((number, entry.path()));
        }
    }
    files.sort();
    Ok(files)
}

/// Reads the lists over HTTP.
pub(crate) struct Reader<'a> {
    pub(crate) store: &'a Store,
    pub(crate) import: &'a str,
    pub(crate) base: String,
    pub(crate) key: Option<String>,
    pub(crate) patience: Patience,
}

/// Why a try failed: another may do, or not.
enum Miss {
    Again(String),
    Stop(Failure),
}

impl Reader<'_> {
    pub(crate) async fn read(&self, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<Found, Failure> {
        let agent = self.agent();
        let mut found = Found::new();
        for (list, step) in LISTS.into_iter().enumerate() {
            let pages = self.list(&agent, step, progress).await?;
            for number in 1..=pages {
                let row = tables::page(self.store, self.import, step, number).await?;
                let rows = row.map(|row| row.string("body")).transpose()?.unwrap_or_default();
                let rows: Vec<Json> = serde_json::from_str(&rows).map_err(Error::internal)?;
                found.take(list, &format!("{step} page {number}"), rows);
            }
        }
        Ok(found)
    }

    fn agent(&self) -> ureq::Agent {
        ureq::Agent::config_builder()
            .timeout_global(Some(self.patience.timeout))
            .http_status_as_error(false)
            // A key must not follow a redirect to somewhere else.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .build()
            .into()
    }

    /// Sees to it that every page of a list is in the store; answers how many there are.
    async fn list(
        &self,
        agent: &ureq::Agent,
        list: &'static str,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<i64, Failure> {
        // The first page is always asked for: it tells whether the list is still the one that was begun.
        let first = self.page(agent, list, 1, None).await?;
        let (total, per_page) = (first.total, first.per_page);
        if total == 0 && list == "serviceList" {
            return Err(Failure::new(
                format!("{}/{list} says it holds no service at all", self.base),
                "nothing was changed; try again later",
            ));
        }
        let mut kept = BTreeSet::new();
        let mut moved = false;
        for row in tables::pages_kept(self.store, self.import, list).await? {
            moved |= row.int("total")? != signed(total) || row.int("per_page")? != signed(per_page);
            kept.insert(row.int("page")?);
        }
        if moved {
            kept.clear();
            let mut batch = Batch::new();
            tables::drop_pages(&mut batch, self.import, list);
            self.store.commit(batch).await?;
        }
        let pages = signed(total.div_ceil(per_page).max(1));
        self.keep(list, 1, first).await?;
        let done = |page: i64| usize::try_from(page).unwrap_or(0).saturating_mul(per_page).min(total);
        progress(Progress { step: list, done: done(1), of: total });
        for number in 2..=pages {
            if !kept.contains(&number) {
                let page = self.page(agent, list, number, Some((total, per_page))).await?;
                self.keep(list, number, page).await?;
            }
            progress(Progress { step: list, done: done(number), of: total });
        }
        Ok(pages)
    }

    async fn keep(&self, list: &str, number: i64, page: Page) -> Result<(), Failure> {
        let mut batch = Batch::new();
        let (total, per_page) = (signed(page.total), signed(page.per_page));
        tables::add_page(
            &mut batch,
            self.import,
            list,
            number,
            total,
            per_page,
            Json::Array(page.rows).to_string(),
        );
        Ok(self.store.commit(batch).await?)
    }

    /// One page, tried for a few times.
    async fn page(
        &self,
        agent: &ureq::Agent,
        list: &str,
        number: i64,
        expected: Option<(usize, usize)>,
    ) -> Result<Page, Failure> {
        let mut pause = self.patience.pause;
        let mut tries = 0;
        loop {
            tries += 1;
            let (agent, address, key) = (agent.clone(), format!("{}/{list}", self.base), self.key.clone());
            let per_page = expected.map_or(self.patience.per_page, |(_, per_page)| per_page);
            let got =
                tokio::task::spawn_blocking(move || get(&agent, &address, key.as_deref(), number, per_page))
                    .await
                    .map_err(Error::internal)?;
            let why = match got.and_then(|page| promised(page, number, expected).map_err(Miss::Again)) {
                Ok(page) => return Ok(page),
                Err(Miss::Stop(failure)) => return Err(failure),
                Err(Miss::Again(why)) => why,
            };
            if tries >= self.patience.tries {
                return Err(Failure::new(
                    format!("page {number} of {}/{list} can't be used after {tries} tries: {why}", self.base),
                    "nothing was changed; run the import again, it goes on from here",
                ));
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2);
        }
    }
}

/// Whether a page holds the rows it should.
fn promised(page: Page, number: i64, expected: Option<(usize, usize)>) -> Result<Page, String> {
    let (total, per_page) = expected.unwrap_or((page.total, page.per_page));
    if (page.total, page.per_page) != (total, per_page) {
        return Err(format!("the list said {total} rows before and now says {}", page.total));
    }
    let before = usize::try_from(number - 1).unwrap_or(0).saturating_mul(per_page);
    let due = total.saturating_sub(before).min(per_page);
    if page.rows.len() != due {
        return Err(format!("{due} rows were due and {} came", page.rows.len()));
    }
    Ok(page)
}

fn signed(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn get(
    agent: &ureq::Agent,
    address: &str,
    key: Option<&str>,
    page: i64,
    per_page: usize,
) -> Result<Page, Miss> {
    let mut request =
        agent.get(address).query("page", page.to_string()).query("perPage", per_page.to_string());
    request = request.query("returnType", "JSON");
    if let Some(key) = key {
        // The portal hands the key out in two ways; one is already written for an address.
        request = if key.contains('%') {
            request.query_raw("serviceKey", key)
        } else {
            request.query("serviceKey", key)
        };
    }
    let again = |e: ureq::Error| match e {
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => Miss::Stop(Failure::new(
            format!("{address} is no address"),
            "give an address such as https://api.odcloud.kr/api",
        )),
        other => Miss::Again(without(&other.to_string(), key)),
    };
    let mut answer = request.call().map_err(again)?;
    let status = answer.status().as_u16();
    let body = answer.body_mut().with_config().limit(LARGEST).read_to_vec();
    if status == 200 {
        let body = body.map_err(|e| {
            Miss::Again(format!("it is cut off in the middle ({})", without(&e.to_string(), key)))
        })?;
        return Page::read(&body).map_err(Miss::Again);
    }
    let told = body.ok().and_then(|body| serde_json::from_slice::<Json>(&body).ok());
    let told = told.as_ref().and_then(Json::as_object).and_then(super::wire::refusal);
    let what = format!(
        "{address} answers {status}{}",
        told.map(|t| format!("; {}", without(&t, key))).unwrap_or_default()
    );
    match status {
        500.. | 408 | 429 => Err(Miss::Again(what)),
        401 | 403 => {
            let todo = match key {
                Some(_) => {
                    "the key in GOV24_SERVICE_KEY is not accepted; copy it anew from the public data portal"
                }
                None => "set GOV24_SERVICE_KEY to your key from the public data portal (data.go.kr 15113968)",
            };
            Err(Miss::Stop(Failure::new(what, todo)))
        }
        _ => Err(Miss::Stop(Failure::new(
            what,
            "check the address given to --from, such as https://api.odcloud.kr/api",
        ))),
    }
}

/// A key never gets into a message.
fn without(text: &str, key: Option<&str>) -> String {
    key.map_or_else(|| text.to_owned(), |key| text.replace(key, "…"))
}
