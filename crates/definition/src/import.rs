//! Reads the national catalogue from its official sources: the Open API of 대한민국 공공서비스(혜택) 정보, or a folder of its saved pages; and the
//! list of 복지로 from a file ([`bokjiro`]).
//!
//! Everything is read and checked first; what changed is then written as one batch. An import that breaks off has changed nothing, and the
//! next one goes on where it stopped.

mod apply;
mod assemble;
mod bokjiro;
mod fetch;
mod lines;
mod plain;
mod wire;

use std::{fmt, path::PathBuf, time::Duration};

use maru_kernel::{At, Error};
use serde::{Deserialize, Serialize};

use crate::Definitions;

pub use bokjiro::bokjiro;
pub use fetch::KEY;

use apply::Import;

/// The three lists, joined by 서비스ID.
pub(crate) const LISTS: [&str; 3] = ["serviceList", "serviceDetail", "supportConditions"];

/// Where the catalogue is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A folder of saved pages: `serviceList.001.json`, `serviceDetail.001.json`, `supportConditions.001.json`, …
    Folder(PathBuf),
    /// The address below which the lists are, and the key to them.
    Url { base: String, key: Option<String> },
}

impl Source {
    /// An address or a folder; an address takes the key from the environment ([`KEY`]).
    pub fn parse(from: &str) -> Result<Source, Failure> {
        if from.starts_with("http://") || from.starts_with("https://") {
            let key = std::env::var(KEY).ok().filter(|key| !key.trim().is_empty());
            return Ok(Source::Url { base: fetch::base(from)?, key: key.map(|key| key.trim().to_owned()) });
        }
        let folder = PathBuf::from(from);
        if folder.is_dir() {
            return Ok(Source::Folder(folder));
        }
        let todo =
            "give the address of the Open API (https://api.odcloud.kr/api) or a folder of its saved pages";
        Err(Failure::new(format!("{from} is neither an address nor a folder"), todo))
    }

    /// As it is recorded; a key is no part of it.
    pub fn name(&self) -> String {
        match self {
            Source::Folder(folder) => {
                folder.canonicalize().unwrap_or_else(|_| folder.clone()).display().to_string()
            }
            Source::Url { base, .. } => base.clone(),
        }
    }
}

/// Whether a complete list may withdraw more than a tenth of what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawing {
    /// It changes nothing and says how many it would be.
    Asks,
    Many,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// `serviceList`, `serviceDetail`, `supportConditions`, then `save`.
    pub step: &'static str,
    /// Rows.
    pub done: usize,
    pub of: usize,
}

/// What an import did. Its display is one line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Rows of the service list.
    pub read: usize,
    pub new: usize,
    pub changed: usize,
    pub unchanged: usize,
    pub withdrawn: usize,
    /// Where, and what is wrong with it. The rest was imported.
    pub unusable: Vec<(String, String)>,
    /// Everything the source has was read; only then is what is missing marked as withdrawn.
    pub complete: bool,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { read, new, changed, unchanged, withdrawn, unusable, complete } = self;
        let unusable = unusable.len();
        write!(
            f,
            "{read} read: {new} new, {changed} changed, {unchanged} unchanged, {withdrawn} withdrawn, {unusable} unusable"
        )?;
        if *complete { Ok(()) } else { write!(f, " (incomplete: nothing was withdrawn)") }
    }
}

/// Why an import stopped, and what to do. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub what: String,
    pub todo: String,
}

impl Failure {
    pub(crate) fn new(what: impl Into<String>, todo: impl Into<String>) -> Failure {
        Failure { what: what.into(), todo: todo.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} — {}", self.what, self.todo)
    }
}

impl std::error::Error for Failure {}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Error {
        Error::Internal(failure.to_string())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let todo = "nothing was changed; run the import again, and look at the disk if it stays so";
        Failure::new(format!("the store did not take it: {error}"), todo)
    }
}

/// How hard a page is tried for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    pub tries: u32,
    /// Before the second try; doubled before each further one.
    pub pause: Duration,
    /// For one page.
    pub timeout: Duration,
    pub per_page: usize,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            tries: 3,
            pause: Duration::from_millis(500),
            timeout: Duration::from_secs(60),
            per_page: 500,
        }
    }
}

/// Imports the catalogue and reloads the index.
pub async fn run(
    definitions: &Definitions,
    source: Source,
    withdrawing: Withdrawing,
    now: At,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, Failure> {
    run_with(definitions, source, withdrawing, Patience::default(), now, progress).await
}

/// The same, with another patience.
pub async fn run_with(
    definitions: &Definitions,
    source: Source,
    withdrawing: Withdrawing,
    patience: Patience,
    now: At,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, Failure> {
    let name = source.name();
    let store = definitions.store();
    let (id, found) = match source {
        Source::Folder(folder) => {
            let id = fetch::begin(store, &name, false, now).await?;
            (id, fetch::folder(folder, progress).await?)
        }
        Source::Url { base, key } => {
            let id = fetch::begin(store, &name, true, now).await?;
            let reader = fetch::Reader { store, import: &id, base, key, patience };
            let found = reader.read(progress).await?;
            (id, found)
        }
    };
    let pack = definitions.pack();
    let address = pack.catalogue.as_ref().map(|c| c.address.as_str()).unwrap_or_default();
    let import = Import { id: &id, source: &name, withdrawing, now };
    let report = apply::apply(definitions, &import, found.incoming(address), progress).await?;
    definitions.reload().await?;
    Ok(report)
}
