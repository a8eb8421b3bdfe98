//! What people find: the relevance set over the catalogue that ships.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::indexing_slicing)] // a test says what is wrong by failing

mod folder;
mod queries;

use std::sync::Arc;

use maru_definition::{Definitions, Pack, migrations};
use maru_kernel::At;
use maru_store::Store;

#[tokio::test(flavor = "multi_thread")]
async fn finds_what_people_mean() {
    let folder = folder::Folder::new("queries");
    let store = Store::open(&*folder, migrations(), Vec::new()).await.unwrap();
    let pack = Arc::new(Pack::embedded().unwrap_or_else(|f| panic!("{f:#?}")));
    let now = At::parse("2026-11-02T09:00:00+09:00").unwrap();
    let definitions = Definitions::open(store, pack, now).await.unwrap();
    let judged = queries::judge(&definitions, now.date(), std::env::var_os("MARU_TELL").is_some());
    for found in [judged.tuned, judged.held_out] {
        assert!(found.asked > 40 && found.first_percent() >= 78 && found.five_percent() >= 88, "{found:?}");
    }
}
