//! The pack and the catalogue that ship: they open, answer, find and ask within their bounds.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)] // a test says what is wrong by failing

mod folder;

use std::{sync::Arc, time::Instant};

use maru_definition::{Area, Definitions, Pack, Searcher, migrations};
use maru_kernel::{At, Date};
use maru_rules::{Answer, Facts, Ratio, Value};
use maru_store::Store;

fn now() -> At {
    At::parse("2026-11-02T09:00:00+09:00").unwrap()
}

fn on() -> Date {
    now().date()
}

async fn shipped(name: &str) -> (Definitions, folder::Folder) {
    let folder = folder::Folder::new(name);
    let store = Store::open(&*folder, migrations(), Vec::new()).await.unwrap();
    let pack = Arc::new(Pack::embedded().unwrap_or_else(|f| panic!("{f:#?}")));
    (Definitions::open(store, pack, now()).await.unwrap(), folder)
}

fn facts(list: &[(&str, Value)]) -> Facts {
    let mut facts = Facts::new();
    list.iter().for_each(|(name, value)| facts.insert(name, value.clone()));
    facts
}

fn resident() -> Facts {
    facts(&[
        ("나이", Value::Number(Ratio::from_i64(36))),
        ("성별", Value::Text("여성".into())),
        ("거주지", Value::Text("경기도 수원시".into())),
        ("가구.중위소득비율", Value::Number(Ratio::from_i64(37))),
        ("장애인", Value::Bool(false)),
        ("근로자", Value::Bool(true)),
    ])
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter(|l| l.starts_with("VmRSS") || l.starts_with("VmHWM")).collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn opens_answers_and_asks() {
    let folder = folder::Folder::new("figures");
    let store = Store::open(&*folder, migrations(), Vec::new()).await.unwrap();
    let read = Instant::now();
    let pack = Arc::new(Pack::embedded().unwrap_or_else(|f| panic!("{f:#?}")));
    let read = read.elapsed();
    let begun = Instant::now();
    let definitions = Definitions::open(store.clone(), pack.clone(), now()).await.unwrap();
    let first = begun.elapsed();
    let begun = Instant::now();
    let again = Definitions::open(store, pack, now()).await.unwrap();
    println!("pack {read:?}, first open {first:?}, again {:?}, {}", begun.elapsed(), memory());
    assert_eq!(again.len(), definitions.len());
    assert_eq!(definitions.guided(), 8_255);

    for (who, facts) in [("resident", resident()), ("nobody", Facts::new())] {
        let mut times = Vec::new();
        for _ in 0..200 {
            let begun = Instant::now();
            let guidance = definitions.guide(&facts, on());
            let guided = begun.elapsed();
            let ranked = guidance.ranked(50);
            let ranked_at = begun.elapsed();
            let reasons: usize =
                ranked.iter().filter_map(|r| guidance.explain(&r.entry.id)).map(|e| e.reasons.len()).sum();
            let explained = begun.elapsed();
            let question = guidance.next_question(&|_| false);
            times.push((
                begun.elapsed(),
                guided,
                ranked_at - guided,
                explained - ranked_at,
                reasons,
                question.is_some(),
            ));
        }
        times.sort();
        println!("{who}: median {:?}", times[times.len() / 2]);
        println!("{who}: p99 {:?}", times[times.len() * 99 / 100]);
        let guidance = definitions.guide(&facts, on());
        println!("{:?} elsewhere {}", guidance.counts(), guidance.counts_elsewhere());
        let question = guidance.next_question(&|_| false);
        println!("{question:#?}");
        for ranked in guidance.ranked(8) {
            println!(
                "{} {:?} {:?} {:?}",
                ranked.entry.name.ko, ranked.answer, ranked.amount, ranked.entry.deadline
            );
        }
        let counts = guidance.counts();
        assert_eq!(counts.yes + counts.no + counts.unknown, 8_255);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_by_words() {
    let (definitions, _folder) = shipped("search").await;
    for query in
        ["생계급여", "청년 월세", "basic livelihood", "난방", "수원시", "쌀", "생계 급여", "ㅁㄴㅇㄹ"]
    {
        let begun = Instant::now();
        let hits = definitions.search(query, 3, &Searcher::default()).unwrap();
        println!("{query}: {} in {:?}", hits.total, begun.elapsed());
        hits.entries.iter().for_each(|e| println!("   {} ({}) {}", e.name.ko, e.agency, e.id));
    }
    let search = |q: &str, limit| definitions.search(q, limit, &Searcher::default()).unwrap();
    let first = |q: &str| search(q, 1).entries.first().map(|e| e.id.clone());
    assert_eq!(first("생계급여").as_deref(), Some("livelihood-benefit"));
    assert_eq!(first("생계 급여").as_deref(), Some("livelihood-benefit"));
    assert_eq!(first("Basic livelihood").as_deref(), Some("livelihood-benefit"));
    assert_eq!(search("", 1).total, definitions.len());
    assert_eq!(search("ㅁㄴㅇㄹ", 5).total, 0);
    let (a, b) =
        (definitions.entry("livelihood-benefit").unwrap(), definitions.entry("gov24-wii000001410").unwrap());
    assert_eq!(a, b);
    assert_eq!(a.source_id.as_deref(), Some("WII000001410"));
}

#[test]
fn every_agency_has_an_area() {
    let pack = Pack::embedded().unwrap();
    let catalogue = include_str!("../../../packs/kr/catalogue/gov24.tsv");
    let mut unknown = std::collections::BTreeSet::new();
    for line in catalogue.lines().filter(|l| !l.starts_with('#')).skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        if pack.regions.of_agency(columns[2], columns[3]) == Area::Unknown {
            unknown.insert(columns[2]);
        }
    }
    assert!(unknown.is_empty(), "{unknown:?}");
    let area = |agency: &str, kind: &str| match pack.regions.of_agency(agency, kind) {
        Area::Region(region) => region.name.clone(),
        other => format!("{other:?}"),
    };
    for (agency, kind, expected) in [
        ("보건복지부", "중앙행정기관", "Nation"),
        ("강원도", "광역시도", "강원특별자치도"),
        ("전라북도 전주시", "시군구", "전북특별자치도 전주시"),
        ("서울특별시교육청", "교육청", "서울특별시"),
        ("(재)대구광역시동구문화재단", "지방출자_출연기관", "대구광역시 동구"),
        ("경상북도안동의료원", "지방출자_출연기관", "경상북도"),
        ("재단법인의령군토요애유통", "지방출자_출연기관", "경상남도 의령군"),
        ("경기평택항만공사", "지방공기업", "경기도"),
        ("강북문화재단", "지방출자_출연기관", "서울특별시 강북구"),
        ("광주도시관리공사", "지방공기업", "경기도 광주시"),
        ("광주문화재단", "지방출자_출연기관", "Unknown"),
        ("없는재단", "지방출자_출연기관", "Unknown"),
    ] {
        assert_eq!(area(agency, kind), expected, "{agency}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_service_speaks_by_its_rules() {
    let (definitions, _folder) = shipped("rules").await;
    let guidance = definitions.guide(&Facts::new(), on());
    assert_eq!(guidance.answer("livelihood-benefit"), Some(Answer::Unknown));
    let explained = guidance.explain("livelihood-benefit").unwrap();
    assert_eq!(explained.spoke.as_str(), "rules");
    assert!(
        explained
            .reasons
            .iter()
            .all(|w| !w.article.is_empty() && !w.label.ko.is_empty() && !w.label.en.is_empty())
    );
    assert!(explained.missing.contains(&"가구원수".to_owned()));
    assert_eq!(guidance.answer("no-such-service"), None);
}
