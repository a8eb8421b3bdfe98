//! The second list of the catalogue: a small one made for the test, with everything wrong with it, and the real one where it is at hand.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)] // a test says what is wrong by failing

use std::{io::Write, path::Path, sync::Arc};

use maru_definition::{
    Definitions, List, Pack, Searcher, Unread,
    import::{self, Failure, Report, Withdrawing},
    migrations,
};
use maru_kernel::{At, Date};
use maru_rules::{Answer, Facts, Ratio, Value};
use maru_store::Store;
use serde_json::{Value as Json, json};

mod folder;
use folder::Folder;

const REAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/bokjiro");

fn now(days: i64) -> At {
    At::parse("2026-11-02T09:00:00+09:00").unwrap().plus_days(days)
}

/// The whole country with its shipped catalogue.
async fn country(folder: &Folder) -> Definitions {
    let pack = Arc::new(Pack::embedded().unwrap());
    let store = Store::open(&folder.join("data"), migrations(), Vec::new()).await.unwrap();
    Definitions::open(store, pack, now(0)).await.unwrap()
}

fn service(id: &str, name: &str, agency: &str) -> Json {
    json!({
        "id": id, "name": name, "tags": [], "themes": ["주거"], "benefit": "시험에만 쓰는 말입니다", "how_to_apply": "방문",
        "agency": agency, "contact": "", "source_url": format!("https://www.bokjiro.go.kr/x?wlfareInfoId={id}"),
        "confidence": "공공데이터포털 공식", "cycle": "월", "provision": "현금지급",
    })
}

fn lines(rows: &[Json]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

fn save(folder: &Path, name: &str, text: &str) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join(name), text).unwrap();
}

async fn take(definitions: &Definitions, from: &Path, days: i64) -> Result<Report, Failure> {
    import::bokjiro(definitions, from, Withdrawing::Asks, now(days), &mut |p| assert!(p.done <= p.of)).await
}

fn figures(report: &Report) -> [usize; 6] {
    let Report { read, new, changed, unchanged, withdrawn, unusable, .. } = report;
    [*read, *new, *changed, *unchanged, *withdrawn, unusable.len()]
}

fn lives(region: &str) -> Facts {
    let mut facts = Facts::default();
    facts.insert("거주지", Value::Text(region.into()));
    facts
}

fn day() -> Date {
    now(1).date()
}

/// A list of enough services for one to be fewer than a tenth.
fn list() -> Vec<Json> {
    let mut rows: Vec<Json> = (1..=20)
        .map(|n| {
            service(&format!("WLF9{n:07}"), &format!("시험 주거 지원 {n}"), "경기도 수원시 복지국 시험과")
        })
        .collect();
    rows[0]["tags"] = json!(["어르신"]);
    rows[1]["benefit"] = json!("만 19세 이상 34세 이하 청년에게 기준 중위소득 100% 이하이면 줍니다");
    rows[2]["tags"] = json!(["장애인"]);
    rows[2]["name"] = json!("시험 장애인 주거 지원");
    rows[3]["tags"] = json!(["장애인"]);
    rows[3]["name"] = json!("시험 장애인 이동 지원");
    rows[3]["confidence"] = json!("자동분류(키워드)");
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_of_the_second_list_is_not_yet_known_and_elsewhere_no() {
    let folder = Folder::new("bokjiro-alone");
    let definitions = country(&folder).await;
    let before = definitions.len();
    let from = folder.join("list");
    save(&from, "services_1.jsonl", &lines(&list()));
    let details = json!({ "id": "WLF90000001", "target": "관내 어르신", "content": "달마다 3만 원", "apply": ["방문", "우편"],
        "laws": ["시험법"], "contacts": ["시험과 000"], "forms": [{ "name": "신청서", "link": "https://example.org/a" }] });
    save(&from, "details_1.jsonl", &lines(&[details]));
    let report = take(&definitions, &from, 1).await.unwrap();
    assert_eq!(figures(&report), [20, 20, 0, 0, 0, 0], "{report:?}");
    assert!(report.complete);
    assert_eq!(definitions.len(), before + 20);

    let id = "bokjiro-wlf90000001";
    let entry = definitions.entry(id).unwrap();
    assert_eq!((entry.agency.as_str(), entry.area.as_deref()), ("경기도 수원시", Some("경기도 수원시")));
    assert_eq!((entry.unread, entry.field.as_str()), (Some(Unread::Conditions), "주거·자립"));
    assert_eq!(entry.suggested, ["age:65-"]);
    let [detail] = definitions.details(id).await.unwrap().try_into().unwrap();
    assert_eq!(detail.list, List::Bokjiro);
    let texts = ["target", "content", "method", "department", "documents"]
        .map(|key| detail.text(key).unwrap_or_default());
    assert_eq!(
        texts,
        ["관내 어르신", "달마다 3만 원", "방문\n우편", "복지국 시험과", "신청서 https://example.org/a"]
    );

    let answer = |facts: &Facts| definitions.guide(facts, day()).answer(id).unwrap();
    assert_eq!(answer(&Facts::default()), Answer::Unknown);
    assert_eq!(answer(&lives("경기도 수원시")), Answer::Unknown);
    assert_eq!(answer(&lives("부산광역시 연제구")), Answer::No);
    let mut child = lives("경기도 수원시");
    child.insert("나이", Value::Number(Ratio::from_i64(9)));
    assert_eq!(answer(&child), Answer::Unknown, "a suggestion decides nothing");

    let suggested = |n: usize| definitions.entry(&format!("bokjiro-wlf9{n:07}")).unwrap().suggested.clone();
    assert_eq!(suggested(2), ["age:19-34", "income:100"]);
    assert_eq!(suggested(3), ["JA0328"]);
    assert!(suggested(4).is_empty(), "guessed tags are no tags");
    let hits = definitions.search("시험 장애인 주거", 5, &Searcher::default()).unwrap();
    assert_eq!(hits.entries[0].id, "bokjiro-wlf90000003");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_service_of_two_lists_names_both_and_neither_import_disturbs_the_other() {
    let folder = Folder::new("bokjiro-both");
    let definitions = country(&folder).await;
    let before = definitions.len();
    let known = definitions
        .entries()
        .iter()
        .find(|e| e.area.as_deref() == Some("경기도 수원시") && !e.in_depth)
        .cloned()
        .unwrap();
    let deep = definitions.service("livelihood-benefit").unwrap();
    let mut rows = list();
    rows.push(service("WLF90000021", &format!("{} 사업", known.name.ko), "경기도 수원시 시험과"));
    let deep_name = definitions.entry(&deep.id).unwrap().name.ko.clone();
    let mut national = service("WLF90000022", &deep_name, "보건복지부 시험과");
    national["ministry"] = json!("보건복지부");
    rows.push(national);
    let from = folder.join("list");
    save(&from, "services_1.jsonl", &lines(&rows));
    assert_eq!(figures(&take(&definitions, &from, 1).await.unwrap()), [22, 22, 0, 0, 0, 0]);
    let check = |when: &str| {
        assert_eq!(definitions.len(), before + 20, "{when}");
        let both = definitions.entry("bokjiro-wlf90000021").unwrap();
        assert_eq!((&both.id, &both.name, both.flags), (&known.id, &known.name, known.flags), "{when}");
        let lists: Vec<List> = both.origins.iter().map(|o| o.list).collect();
        assert_eq!(lists, [List::Gov24, List::Bokjiro], "{when}");
        assert_eq!(both.url, known.url, "{when}");
        assert!(both.suggested.is_empty());
        let deeper = definitions.entry("bokjiro-wlf90000022").unwrap();
        assert_eq!((deeper.id.as_str(), deeper.in_depth), (deep.id.as_str(), true), "{when}");
    };
    check("after the import");
    assert_eq!(definitions.details(&known.id).await.unwrap().len(), 2);
    let hits = definitions.search(&format!("{} 사업", known.name.ko), 5, &Searcher::default()).unwrap();
    assert!(hits.entries.iter().any(|e| e.id == known.id));

    // The same again changes nothing; a later import of the first list leaves the second one's rows and the pairs.
    assert_eq!(figures(&take(&definitions, &from, 2).await.unwrap()), [22, 0, 0, 22, 0, 0]);
    let pages = folder.join("pages");
    let one = json!({ "서비스ID": known.source_id, "서비스명": known.name.ko, "소관기관명": "경기도 수원시", "소관기관유형": "시군구", "서비스분야": known.field });
    let page = |row: Json| {
        json!({ "page": 1, "perPage": 1, "totalCount": 1, "matchCount": 1, "currentCount": 1, "data": [row] })
            .to_string()
    };
    save(&pages, "serviceList.001.json", &page(one));
    for name in ["serviceDetail.001.json", "supportConditions.001.json"] {
        save(&pages, name, &page(json!({ "서비스ID": known.source_id })));
    }
    let source = || import::Source::parse(pages.to_str().unwrap()).unwrap();
    let asks = import::run(&definitions, source(), Withdrawing::Asks, now(3), &mut |_| ()).await;
    let told = asks.unwrap_err().to_string();
    assert!(told.contains("--withdraw-many") && told.contains("8254"), "{told}");
    check("after an import that asked");
    let report = import::run(&definitions, source(), Withdrawing::Many, now(4), &mut |_| ()).await.unwrap();
    assert_eq!((report.changed, report.withdrawn), (1, 8254));
    let both = definitions.entry(&known.id).unwrap();
    assert_eq!(both.origins.len(), 2);
    let alone = definitions.entry("bokjiro-wlf90000001").unwrap();
    assert_eq!(alone.origins.len(), 1);
    let deeper = definitions.entry("bokjiro-wlf90000022").unwrap();
    assert_eq!(
        deeper.id, deep.id,
        "a service in depth that no longer has an entry is still the one of that name"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_lines_are_told_with_their_place_and_the_others_go_on() {
    let folder = Folder::new("bokjiro-bad");
    let definitions = country(&folder).await;
    let from = folder.join("list");
    let rows = list();
    save(&from, "services_1.jsonl", &lines(&rows));
    take(&definitions, &from, 1).await.unwrap();

    let mut bad = rows.clone();
    bad[0]["benefit"] = json!("<p>시험에만&nbsp;쓰는 <b>말</b>입니다</p>");
    bad[1]["name"] = json!("  ");
    bad[4]["name"] = json!("\u{1109}\u{1175}험 주거 지원 5");
    let mut text = lines(&bad);
    text.push_str("{\"id\": \"WLF9\", \"name\":\n[1, 2]\n");
    text.push_str(&lines(&[
        rows[6].clone(),
        json!({ "name": "번호 없음" }),
        json!({ "id": "../나쁨", "name": "x" }),
    ]));
    save(&from, "services_1.jsonl", &text);
    save(
        &from,
        "details_1.jsonl",
        &lines(&[json!({ "id": "WLF90099999", "target": "없는 서비스" }), json!({ "target": "번호 없음" })]),
    );
    let report = take(&definitions, &from, 2).await.unwrap();
    let told =
        |part: &str| report.unusable.iter().any(|(place, what)| format!("{place}: {what}").contains(part));
    for part in [
        "services_1.jsonl line 1: benefit holds HTML",
        "services_1.jsonl line 2: WLF90000002 has no name",
        "services_1.jsonl line 5: name is written in separate letters (NFD)",
        "services_1.jsonl line 21: the line is no JSON",
        "services_1.jsonl line 22: the line is no object",
        "services_1.jsonl line 23: WLF90000007 is in the list twice",
        "services_1.jsonl line 24: a blank id",
        "services_1.jsonl line 25: the id ",
        "details: wlf90099999 is not in the list",
        "details_1.jsonl line 2: the text has no id",
    ] {
        assert!(told(part), "{part} in {:#?}", report.unusable);
    }
    assert!(!report.complete);
    let [read, new, .., withdrawn, _] = figures(&report);
    assert_eq!((read, new, withdrawn), (23, 0, 0));
    let summary = definitions.details("bokjiro-wlf90000001").await.unwrap().remove(0);
    assert_eq!(summary.text("summary"), Some("시험에만 쓰는 말입니다"));
    assert_eq!(definitions.entry("bokjiro-wlf90000005").unwrap().name.ko, "시험 주거 지원 5");
    assert!(
        definitions.entry("bokjiro-wlf90000002").is_some(),
        "what is listed without a name stays as it was"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cut_off_withdraws_nothing_and_what_is_missing_is_asked_about() {
    let folder = Folder::new("bokjiro-cut");
    let definitions = country(&folder).await;
    let from = folder.join("list");
    let rows = list();
    let whole = lines(&rows);
    let packed = |text: &str| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        out.write_all(text.as_bytes()).unwrap();
        out.finish().unwrap()
    };
    let details = lines(&[json!({ "id": "WLF90000001", "content": "긴 글" })]);
    save(&from, "details_1.jsonl", &details);
    std::fs::write(from.join("services_1.jsonl.gz"), packed(&whole)).unwrap();
    assert_eq!(take(&definitions, &from, 1).await.unwrap().new, 20);

    // Packed and cut.
    let gz = packed(&whole);
    std::fs::write(from.join("services_1.jsonl.gz"), &gz[..gz.len() - 40]).unwrap();
    let report = take(&definitions, &from, 2).await.unwrap();
    assert!(!report.complete && report.withdrawn == 0, "{report:?}");
    assert!(report.unusable.iter().any(|(_, what)| what.contains("cut off")), "{report:?}");
    // Not packed and cut in the middle of a line, without the longer texts: they stay.
    let plain = folder.join("cut.jsonl");
    std::fs::write(&plain, &whole[..whole.len() - 60]).unwrap();
    let report = take(&definitions, &plain, 3).await.unwrap();
    assert_eq!(
        (report.complete, report.withdrawn, report.changed, report.unchanged),
        (false, 0, 0, 19),
        "{report:?}"
    );
    let kept = definitions.details("bokjiro-wlf90000001").await.unwrap().remove(0);
    assert_eq!(kept.text("content"), Some("긴 글"));

    // Whole, and shorter by one in twenty: withdrawn. By more than a tenth: asked about.
    std::fs::write(&plain, lines(&rows[..19])).unwrap();
    let report = take(&definitions, &plain, 4).await.unwrap();
    assert_eq!((report.complete, report.withdrawn), (true, 1));
    assert!(definitions.entry("bokjiro-wlf90000020").is_none());
    std::fs::write(&plain, lines(&rows[..15])).unwrap();
    let told = take(&definitions, &plain, 5).await.unwrap_err().to_string();
    assert!(told.contains("--withdraw-many"), "{told}");
    assert!(definitions.entry("bokjiro-wlf90000019").is_some(), "nothing was changed");
    let report = import::bokjiro(&definitions, &plain, Withdrawing::Many, now(6), &mut |_| ()).await.unwrap();
    assert_eq!(report.withdrawn, 4);

    // Two lists in a folder, none, a file that is none.
    std::fs::write(from.join("services_2.jsonl"), &whole).unwrap();
    assert!(take(&definitions, &from, 7).await.unwrap_err().to_string().contains("--from"));
    assert!(take(&definitions, &folder.join("nothing"), 7).await.is_err());
    let empty = folder.join("empty.jsonl");
    std::fs::write(&empty, "").unwrap();
    assert!(take(&definitions, &empty, 7).await.unwrap_err().to_string().contains("holds no service"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_list() {
    if !Path::new(REAL).is_dir() {
        println!("the real list is not here");
        return;
    }
    let folder = Folder::new("bokjiro-real");
    let definitions = country(&folder).await;
    let before = definitions.len();
    let started = std::time::Instant::now();
    let report = take(&definitions, Path::new(REAL), 1).await.unwrap();
    println!("{report} in {:?}", started.elapsed());
    for (place, what) in report.unusable.iter().take(12) {
        println!("  {place}: {what}");
    }
    let entries = definitions.entries();
    let both = entries.iter().filter(|e| e.origins.len() == 2).count();
    let deep =
        entries.iter().filter(|e| e.in_depth && e.origins.iter().any(|o| o.list == List::Bokjiro)).count();
    let alone: Vec<_> = entries
        .iter()
        .filter(|e| !e.in_depth && e.origins.first().is_some_and(|o| o.list == List::Bokjiro))
        .collect();
    let nowhere = alone.iter().filter(|e| e.area.is_none() && !e.agency.is_empty()).count();
    let suggested = alone.iter().filter(|e| !e.suggested.is_empty()).count();
    println!(
        "{before} before, {} after: {both} in both lists, {deep} of them in depth, {} alone ({nowhere} of them for the nation or unclear), {suggested} with suggestions",
        entries.len(),
        alone.len()
    );
    assert_eq!((report.read, report.new, report.complete), (5_012, 5_012, true));
    assert!(both > 600, "{both}");
    assert_eq!(entries.len(), before + alone.len());
    let again = take(&definitions, Path::new(REAL), 2).await.unwrap();
    assert_eq!(figures(&again)[..5], [5_012, 0, 0, 5_012, 0]);
    let guidance = definitions.guide(&Facts::default(), day());
    assert!(alone.iter().all(|e| guidance.answer(&e.id) == Some(Answer::Unknown)));
    let home = definitions.guide(&lives("경기도 파주시"), day());
    assert!(alone.iter().all(|e| home.answer(&e.id) != Some(Answer::Yes)));
    let elsewhere = alone.iter().filter(|e| home.answer(&e.id) == Some(Answer::No)).count();
    println!("for a resident of Paju {elsewhere} are elsewhere");
    assert!(elsewhere > 3_000);
    for entry in alone.iter().filter(|e| !e.suggested.is_empty()).step_by(90) {
        let details = definitions.details(&entry.id).await.unwrap();
        let told: Vec<String> =
            details[0].suggestions.iter().map(|s| format!("{} “{}”", s.key, s.quote)).collect();
        println!("  {} — {}", entry.name.ko, told.join(", "));
    }
}
