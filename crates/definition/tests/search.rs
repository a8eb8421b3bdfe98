//! What people find: the relevance set over the catalogue that ships.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::indexing_slicing)] // a test says what is wrong by failing

mod folder;
mod queries;

use std::sync::Arc;

use maru_definition::{Definitions, Pack, Searcher, migrations};
use maru_kernel::At;
use maru_store::Store;

const NOW: &str = "2026-11-02T09:00:00+09:00";

async fn definitions(folder: &folder::Folder) -> Definitions {
    let store = Store::open(&**folder, migrations(), Vec::new()).await.unwrap();
    let pack = Arc::new(Pack::embedded().unwrap_or_else(|f| panic!("{f:#?}")));
    Definitions::open(store, pack, At::parse(NOW).unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_what_people_mean() {
    let folder = folder::Folder::new("queries");
    let definitions = definitions(&folder).await;
    let now = At::parse(NOW).unwrap();
    let tell = std::env::var("MARU_TELL").unwrap_or_default();
    let first = queries::judge(&queries::FIRST, &definitions, now.date(), tell == "first");
    let second = queries::judge(&queries::SECOND, &definitions, now.date(), tell == "second");
    for (found, first, five) in
        [(first.tuned, 94, 97), (first.held_out, 88, 95), (second.tuned, 85, 91), (second.held_out, 79, 91)]
    {
        assert!(found.asked > 40, "{found:?}");
        assert!(found.first_percent() >= first && found.five_percent() >= five, "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn however_it_is_typed() {
    let folder = folder::Folder::new("typed");
    let definitions = definitions(&folder).await;
    let searcher = Searcher { on: At::parse(NOW).unwrap().date(), ..Searcher::default() };
    for (typed, found) in [
        // The keyboard was left in English.
        ("cjdsusdnjftp", "청년월세 지원"),
        ("tlfdjqrmqdu", "구직급여 (실업급여)"),
        // Verbs with other endings than the list has.
        ("트랙터를 빌려야 하는데", "농기계 임대 서비스"),
        ("트랙터 빌리고 싶어요", "농기계 임대 서비스"),
        // Half of a long sentence is nowhere in the catalogue.
        ("어제 새벽에 뜬금없이 환불 거절당했습니다", "소비자 피해구제"),
    ] {
        let hits = definitions.search(typed, 5, &searcher).unwrap();
        let names: Vec<&str> = hits.entries.iter().map(|entry| entry.name.ko.as_str()).collect();
        assert_eq!(names.first(), Some(&found), "{typed}: {names:?}");
    }
}
