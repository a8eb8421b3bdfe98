//! The import: over HTTP and from a folder, with everything that can be wrong with a source.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)] // a test says what is wrong by failing

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
    time::Duration,
};

use maru_definition::{
    Deadline, Definitions, Pack, Unread,
    import::{self, Failure, Patience, Report, Source, Withdrawing},
    migrations,
};
use maru_kernel::At;
use maru_rules::{Answer, Facts, Ratio, Value};
use maru_store::Store;
use serde_json::{Value as Json, json};

mod folder;
mod queries;
use folder::Folder;

const LISTS: [&str; 3] = ["serviceList", "serviceDetail", "supportConditions"];

/// The three lists of a source.
#[derive(Clone, Default)]
struct Lists([Vec<Json>; 3]);

impl Lists {
    fn of(count: usize) -> Lists {
        let mut lists = Lists::default();
        (1..=count).for_each(|n| lists.add(&format!("TEST{n:04}"), n));
        lists
    }

    fn add(&mut self, id: &str, n: usize) {
        let (agency, kind) = if n.is_multiple_of(2) {
            ("경기도 수원시", "시군구")
        } else {
            ("보건복지부", "중앙행정기관")
        };
        let [list, detail, conditions] = &mut self.0;
        list.push(json!({
            "서비스ID": id, "서비스명": format!("시험 서비스 {n}"), "소관기관명": agency, "소관기관유형": kind, "서비스분야": "생활안정",
            "서비스목적요약": "시험에만 쓰는 서비스", "신청기한": "2026.01.01 ~ 2026.12.31", "지원대상": "누구나",
            "상세조회URL": format!("https://www.gov.kr/portal/rcvfvrSvc/dtlEx/{id}"), "조회수": n,
        }));
        detail.push(json!({ "서비스ID": id, "지원대상": format!("누구나 {n}"), "문의처": "시험과", "법령": "시험법" }));
        conditions.push(json!({ "서비스ID": id, "JA0101": null, "JA0102": "Y", "JA0110": 19, "JA0111": 34 }));
    }

    fn row(&mut self, list: usize, row: usize) -> &mut Json {
        &mut self.0[list][row]
    }

    fn page(&self, list: usize, page: usize, per_page: usize) -> String {
        let rows = &self.0[list];
        let data: Vec<&Json> = rows.iter().skip((page - 1) * per_page).take(per_page).collect();
        json!({ "page": page, "perPage": per_page, "totalCount": rows.len(), "matchCount": rows.len(),
            "currentCount": data.len(), "data": data })
        .to_string()
    }

    fn save(&self, folder: &std::path::Path, per_page: usize) {
        for (list, name) in LISTS.iter().enumerate() {
            for page in 1..=self.0[list].len().div_ceil(per_page).max(1) {
                std::fs::write(
                    folder.join(format!("{name}.{page:03}.json")),
                    self.page(list, page, per_page),
                )
                .unwrap();
            }
        }
    }
}

/// What a source answers: status, body, and how many bytes it promises beyond those that come.
type Reply = (u16, String, usize);
type Fault = fn(&str, usize, usize, Reply) -> Reply;

/// A source on the loopback. `fault` may spoil an answer; it is told the list, the page, how often that page was asked for, and the good answer.
struct Api {
    address: String,
    asked: Arc<Mutex<Vec<(String, usize)>>>,
}

fn serve(lists: Lists, fault: impl Fn(&str, usize, usize, Reply) -> Reply + Send + 'static) -> Api {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/api", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            reader.read_line(&mut request).unwrap();
            let mut header = String::new();
            while reader.read_line(&mut header).unwrap() > 2 {
                header.clear();
            }
            let target = request.split(' ').nth(1).unwrap_or_default().to_owned();
            let (path, query) = target.split_once('?').unwrap_or((&target, ""));
            let query: BTreeMap<&str, &str> = query.split('&').filter_map(|p| p.split_once('=')).collect();
            let name = path.strip_prefix("/api/gov24/v3/").unwrap_or(path).to_owned();
            let number = |key: &str| query.get(key).and_then(|n| n.parse().ok()).unwrap_or(1);
            let (page, per_page): (usize, usize) = (number("page"), number("perPage"));
            log.lock().unwrap().push((name.clone(), page));
            let times = log.lock().unwrap().iter().filter(|a| **a == (name.clone(), page)).count();
            let good = match (LISTS.iter().position(|l| *l == name), query.get("serviceKey")) {
                (None, _) => (404, json!({ "code": -404, "msg": "없음" }).to_string(), 0),
                (_, Some(key)) if *key != "a%2Fkey" => {
                    (401, json!({ "code": -4, "msg": "등록되지 않은 인증키 입니다." }).to_string(), 0)
                }
                (Some(list), _) => (200, lists.page(list, page, per_page), 0),
            };
            let (status, body, missing) = fault(&name, page, times, good);
            let head = format!(
                "HTTP/1.1 {status} .\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len() + missing
            );
            stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).ok();
        }
    });
    Api { address, asked }
}

fn honest(lists: Lists) -> Api {
    serve(lists, |_, _, _, good| good)
}

/// A tiny country whose catalogue ships two services, one of them in no import.
async fn country(folder: &Folder) -> Definitions {
    let kr = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/kr"));
    let pack = folder.join("pack");
    std::fs::create_dir_all(pack.join("catalogue")).unwrap();
    for file in [
        "pack.toml",
        "facts.toml",
        "regions.tsv",
        "agencies.toml",
        "registers.toml",
        "parameters.toml",
        "calendar.toml",
    ] {
        std::fs::copy(kr.join(file), pack.join(file)).unwrap();
    }
    let about = std::fs::read_to_string(kr.join("catalogue/gov24.toml")).unwrap();
    std::fs::write(pack.join("catalogue/gov24.toml"), about.replace("count = 8255", "count = 2")).unwrap();
    let rows = "# made for a test\nsource_id\tname\tagency\tagency_type\tfield\tage_from\tage_to\tflags\tdeadline\turl_id\n\
        TEST0001\t옛 이름\t보건복지부\t중앙행정기관\t생활안정\t0\t120\t0000000000000003\talways\t\n\
        GONE0001\t사라진 서비스\t보건복지부\t중앙행정기관\t생활안정\t0\t120\t0000000000000003\t2026-12-31\t\n";
    std::fs::write(pack.join("catalogue/gov24.tsv"), rows).unwrap();
    let pack = Pack::read(&pack).unwrap_or_else(|f| panic!("{f:#?}"));
    let (_, faults) = pack.check();
    assert!(faults.is_empty(), "{faults:#?}");
    let store = Store::open(&folder.join("data"), migrations(), Vec::new()).await.unwrap();
    Definitions::open(store, Arc::new(pack), now(0)).await.unwrap()
}

fn now(days: i64) -> At {
    At::parse("2026-11-02T09:00:00+09:00").unwrap().plus_days(days)
}

fn hasty() -> Patience {
    Patience { pause: Duration::ZERO, timeout: Duration::from_secs(2), per_page: 10, ..Patience::default() }
}

async fn import_at(definitions: &Definitions, from: &str, at: At) -> Result<Report, Failure> {
    let source = match Source::parse(from)? {
        Source::Url { base, .. } => Source::Url { base, key: Some("a/key".into()) },
        folder => folder,
    };
    let mut last = None;
    let report = import::run_with(definitions, source, Withdrawing::Many, hasty(), at, &mut |p| {
        assert!(p.done <= p.of, "{p:?}");
        last = Some(p);
    })
    .await?;
    assert!(last.is_some_and(|p| p.step == "save" && p.done == p.of));
    Ok(report)
}

async fn import(definitions: &Definitions, from: &str) -> Result<Report, Failure> {
    import_at(definitions, from, now(1)).await
}

fn figures(report: &Report) -> (usize, usize, usize, usize, usize, usize) {
    let Report { read, new, changed, unchanged, withdrawn, unusable, .. } = report;
    (*read, *new, *changed, *unchanged, *withdrawn, unusable.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_import_and_the_same_again() {
    let folder = Folder::new("whole");
    let definitions = country(&folder).await;
    assert_eq!(definitions.len(), 2);
    assert_eq!(definitions.catalogue_note().as_of.to_string(), "2026-07-10");
    let api = honest(Lists::of(25));
    let report = import(&definitions, &api.address).await.unwrap();
    assert_eq!(figures(&report), (25, 24, 1, 0, 1, 0));
    assert_eq!(report.to_string(), "25 read: 24 new, 1 changed, 0 unchanged, 1 withdrawn, 0 unusable");
    assert_eq!(definitions.len(), 25);
    assert_eq!(definitions.entry("gov24-gone0001"), None);
    let entry = definitions.entry("gov24-test0001").unwrap();
    assert_eq!((entry.name.ko.as_str(), entry.since), ("시험 서비스 1", now(1)));
    assert_eq!(entry.deadline, Deadline::On("2026-12-31".parse().unwrap()));
    assert_eq!(entry.url, "https://www.gov.kr/portal/rcvfvrSvc/dtlEx/TEST0001");
    let detail = definitions.details("gov24-test0001").await.unwrap().remove(0);
    assert_eq!(detail.text("target"), Some("누구나 1"), "the detail's words win");
    assert_eq!(detail.text("summary"), Some("시험에만 쓰는 서비스"), "what the detail lacks the list has");
    assert_eq!(detail.texts.first().map(|(key, _)| key.as_str()), Some("summary"));
    assert_eq!(definitions.search("시험에만", 1, &maru_definition::Searcher::default()).unwrap().total, 25);
    let note = definitions.catalogue_note();
    assert!(note.imported && note.as_of == now(1).date() && note.count == 25, "{note:?}");

    let again = import_at(&definitions, &api.address, now(2)).await.unwrap();
    assert_eq!(figures(&again), (25, 0, 0, 25, 0, 0));
    assert_eq!(definitions.entry("gov24-test0001").unwrap().since, now(1));

    // A service that comes back, one that changes, one that goes.
    let mut lists = Lists::of(24);
    lists.add("GONE0001", 25);
    *lists.row(0, 1).get_mut("서비스명").unwrap() = "새 이름".into();
    let report = import_at(&definitions, &honest(lists).address, now(3)).await.unwrap();
    assert_eq!(figures(&report), (25, 0, 2, 23, 1, 0));
    assert_eq!(definitions.entry("gov24-test0002").unwrap().name.ko, "새 이름");
    assert!(definitions.entry("gov24-gone0001").is_some() && definitions.entry("gov24-test0025").is_none());

    // Opened anew it is the same: the shipped catalogue does not come back.
    let store = Store::open(&folder.join("again"), migrations(), Vec::new()).await.unwrap();
    drop(store);
    definitions.reload().await.unwrap();
    assert_eq!(definitions.len(), 25);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_stays_with_its_dates() {
    let folder = Folder::new("versions");
    let definitions = country(&folder).await;
    // The clock may stand still; versions still follow one another.
    for name in ["하나", "둘", "셋"] {
        let mut lists = Lists::of(1);
        *lists.row(0, 0).get_mut("서비스명").unwrap() = name.into();
        import_at(&definitions, &honest(lists).address, now(0)).await.unwrap();
    }
    let store = Store::open(&folder.join("data"), migrations(), Vec::new()).await.unwrap();
    let rows = store
        .query(
            "SELECT since, until, state, brief FROM definition_version WHERE kind = 'entry' AND id = 'gov24-test0001' ORDER BY since",
            Vec::new(),
        )
        .await
        .unwrap();
    assert_eq!(rows.len(), 4);
    for pair in rows.windows(2) {
        assert_eq!(pair[0].maybe_int("until"), pair[1].maybe_int("since"), "one ends when the next begins");
    }
    assert_eq!(rows[3].maybe_int("until"), None);
    let gone = store
        .query(
            "SELECT state, until FROM definition_version WHERE id = 'gov24-gone0001' ORDER BY since",
            Vec::new(),
        )
        .await
        .unwrap();
    assert_eq!(gone.len(), 2);
    assert_eq!((gone[1].text("state").unwrap(), gone[1].maybe_int("until")), ("withdrawn", None));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_got_in_the_end_is_got() {
    let faults: [(&str, Fault); 5] = [
        (
            "500",
            |_, page, times, good| {
                if page == 2 && times < 3 { (500, "잠시 뒤에".into(), 0) } else { good }
            },
        ),
        ("429", |_, page, times, good| if page == 1 && times < 2 { (429, "{}".into(), 0) } else { good }),
        ("cut", |_, page, times, (status, body, _)| {
            if page == 2 && times < 3 {
                let half: String = body.chars().take(body.chars().count() / 2).collect();
                let missing = body.len() - half.len();
                (status, half, missing)
            } else {
                (status, body, 0)
            }
        }),
        ("half", |_, page, times, (status, body, _)| {
            let length = if page == 3 && times < 2 { body.chars().count() / 2 } else { usize::MAX };
            (status, body.chars().take(length).collect(), 0)
        }),
        ("mistyped", |_, page, times, good| {
            if page == 2 && times < 2 {
                (200, r#"{"data": {"1": 2}, "totalCount": "x"}"#.into(), 0)
            } else {
                good
            }
        }),
    ];
    for (name, fault) in faults {
        let folder = Folder::new(&format!("got-{name}"));
        let definitions = country(&folder).await;
        let report = import(&definitions, &serve(Lists::of(25), fault).address).await;
        let report = report.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(figures(&report), (25, 24, 1, 0, 1, 0), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_got_is_told_and_changes_nothing() {
    let faults: [(&str, Fault, &[&str]); 8] = [
        (
            "truncated",
            |_, page, _, (status, body, _)| {
                let length = if page == 2 { body.chars().count() / 2 } else { usize::MAX };
                (status, body.chars().take(length).collect(), 0)
            },
            &["page 2", "serviceList", "cut off", "run the import again"],
        ),
        (
            "short",
            |list, page, _, good| {
                if (list, page) == ("supportConditions", 2) {
                    (200, Lists::of(25).page(2, 3, 10), 0)
                } else {
                    good
                }
            },
            &["page 2", "supportConditions", "10 rows were due and 5 came"],
        ),
        (
            "shrinks",
            |_, page, _, good| if page == 2 { (200, Lists::of(14).page(0, 2, 10), 0) } else { good },
            &["page 2", "the list said 25 rows before and now says 14"],
        ),
        ("down", |_, _, _, _| (503, "<html>점검 중</html>".into(), 0), &["answers 503", "3 tries"]),
        (
            "key",
            |_, _, _, _| (401, json!({ "code": -4, "msg": "등록되지 않은 인증키 입니다." }).to_string(), 0),
            &["answers 401", "등록되지 않은 인증키", "GOV24_SERVICE_KEY"],
        ),
        ("gone", |_, _, _, _| (404, "{}".into(), 0), &["answers 404", "--from"]),
        ("elsewhere", |_, _, _, _| (302, String::new(), 0), &["answers 302"]),
        ("empty", |_, _, _, _| (200, Lists::of(0).page(0, 1, 10), 0), &["no service at all"]),
    ];
    for (name, fault, words) in faults {
        let folder = Folder::new(&format!("not-{name}"));
        let definitions = country(&folder).await;
        let failure =
            import(&definitions, &serve(Lists::of(25), fault).address).await.unwrap_err().to_string();
        for word in words {
            assert!(failure.contains(word), "{name}: {word:?} is not in {failure:?}");
        }
        assert!(!failure.contains("a/key") && !failure.contains("a%2Fkey"), "{failure}");
        definitions.reload().await.unwrap();
        assert_eq!(definitions.len(), 2, "{name}: nothing was changed");
        assert_eq!(definitions.entry("gov24-test0001").unwrap().name.ko, "옛 이름");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_import_goes_on() {
    let folder = Folder::new("resume");
    let definitions = country(&folder).await;
    let broken = std::sync::atomic::AtomicBool::new(true);
    let broken = Arc::new(broken);
    let still = broken.clone();
    let api = serve(Lists::of(45), move |list, page, _, good| {
        let down = still.load(std::sync::atomic::Ordering::SeqCst) && (list, page) == ("serviceDetail", 3);
        if down { (500, String::new(), 0) } else { good }
    });
    let failure = import(&definitions, &api.address).await.unwrap_err();
    assert!(failure.what.contains("page 3") && failure.what.contains("serviceDetail"), "{failure}");
    let before = api.asked.lock().unwrap().len();
    broken.store(false, std::sync::atomic::Ordering::SeqCst);

    // The program may have been ended meanwhile.
    drop(definitions);
    let definitions = country(&folder).await;
    let report = import(&definitions, &api.address).await.unwrap();
    assert_eq!(figures(&report), (45, 44, 1, 0, 1, 0));
    let asked: Vec<(String, usize)> = api.asked.lock().unwrap().iter().skip(before).cloned().collect();
    let expected = [
        ("serviceList", 1),
        ("serviceDetail", 1),
        ("serviceDetail", 3),
        ("serviceDetail", 4),
        ("serviceDetail", 5),
    ];
    let expected: Vec<(String, usize)> = expected
        .into_iter()
        .chain((1..=5).map(|page| ("supportConditions", page)))
        .map(|(list, page)| (list.to_owned(), page))
        .collect();
    assert_eq!(asked, expected, "only what was not yet there is asked for, and each first page");
    // Nothing is left of the pages.
    let store = Store::open(&folder.join("data"), migrations(), Vec::new()).await.unwrap();
    assert!(store.query("SELECT page FROM definition_import_page", Vec::new()).await.unwrap().is_empty());

    // A list that has moved on is read from its beginning.
    let folder = Folder::new("moved");
    let definitions = country(&folder).await;
    let lists = Arc::new(Mutex::new(Lists::of(45)));
    let (source, down) = (lists.clone(), Arc::new(Mutex::new(true)));
    let stop = down.clone();
    let api = serve(Lists::default(), move |list, page, _, _| {
        if *stop.lock().unwrap() && (list, page) == ("serviceList", 4) {
            return (500, String::new(), 0);
        }
        let list = LISTS.iter().position(|l| *l == list).unwrap();
        (200, source.lock().unwrap().page(list, page, 10), 0)
    });
    import(&definitions, &api.address).await.unwrap_err();
    *lists.lock().unwrap() = Lists::of(44);
    *down.lock().unwrap() = false;
    let report = import(&definitions, &api.address).await.unwrap();
    assert_eq!(figures(&report), (44, 43, 1, 0, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn unusable_rows_are_told_and_the_rest_is_imported() {
    let folder = Folder::new("rows");
    let definitions = country(&folder).await;
    let mut lists = Lists::of(20);
    let set =
        |row: &mut Json, key: &str, value: Json| drop(row.as_object_mut().unwrap().insert(key.into(), value));
    set(lists.row(0, 1), "서비스ID", "".into());
    set(lists.row(0, 2), "서비스ID", Json::Null);
    set(lists.row(0, 3), "서비스ID", "../../etc".into());
    set(lists.row(0, 4), "서비스명", Json::Null);
    set(lists.row(0, 5), "서비스명", 12.into());
    *lists.row(0, 6) = "no object".into();
    let mut twice = lists.row(0, 7).clone();
    lists.0[0].push(twice.clone());
    set(&mut twice, "서비스명", "다른 이름".into());
    set(&mut twice, "서비스ID", "test0008".into());
    lists.0[0].push(twice);
    set(lists.row(2, 9), "JA0111", 120_000.into());
    set(lists.row(2, 10), "JA0110", "19세".into());
    set(lists.row(2, 11), "JA0110", 70.into());
    set(lists.row(2, 12), "JA0111", "서른".into());
    set(lists.row(2, 13), "JA0101", 7.into());
    set(lists.row(2, 14), "JA0101", true.into());
    set(lists.row(2, 15), "JA0110", Json::Null);
    set(lists.row(2, 16), "서비스ID", "NOBODY01".into());
    lists.0[2].remove(17);
    set(lists.row(0, 18), "소관기관명", Json::Null);
    set(lists.row(0, 18), "소관기관유형", Json::Null);
    set(lists.row(0, 19), "상세조회URL", "javascript:alert(1)".into());
    set(lists.row(0, 19), "지원대상", "이름\u{0}\r\n\u{1b}[31m둘째 줄".into());
    lists.0[1].remove(19);
    let report = import(&definitions, &honest(lists).address).await.unwrap();
    let told: Vec<String> = report.unusable.iter().map(|(place, what)| format!("{place}: {what}")).collect();
    let told = told.join("\n");
    for words in [
        "serviceList page 1 row 2: a blank id",
        "serviceList page 1 row 3: a blank id",
        "serviceList page 1 row 4: the id ../../etc has more than letters",
        "serviceList page 1 row 5: TEST0005: it has no name",
        "serviceList page 1 row 6: TEST0006: the name is no text",
        "serviceList page 1 row 7: the row is no object",
        "serviceList page 3 row 1: TEST0008 is in the list twice and says the same",
        "serviceList page 3 row 2: test0008 is in the list twice and says something else; the first one is taken",
        "supportConditions page 2 row 2: TEST0012: ages 70–34 are the wrong way round",
        "supportConditions page 2 row 3: TEST0013: JA0111 is no age (서른)",
        "supportConditions page 2 row 4: TEST0014: JA0101 is neither Y nor empty",
        "supportConditions page 2 row 7: NOBODY01 is not in serviceList",
    ] {
        assert!(told.contains(words), "{words:?} is not in\n{told}");
    }
    // A row without an id could be anyone: nothing is withdrawn.
    assert!(!report.complete && report.withdrawn == 0, "{report}");
    assert!(report.to_string().ends_with("(incomplete: nothing was withdrawn)"));
    assert!(definitions.entry("gov24-gone0001").is_some());
    assert_eq!(report.read, 22);

    let entry = |id: &str| definitions.entry(id).unwrap();
    assert_eq!(entry("gov24-test0008").name.ko, "시험 서비스 8", "the first of a double counts");
    let ages = |id: &str| entry(id).ages.map(|ages| (ages.from, ages.to));
    assert_eq!(ages("gov24-test0010"), Some((19, None)), "120000 is no limit");
    assert_eq!(ages("gov24-test0011"), Some((19, Some(34))));
    assert_eq!(ages("gov24-test0016"), Some((0, Some(34))));
    assert_eq!(entry("gov24-test0012").unread, Some(Unread::Ages));
    assert_eq!(entry("gov24-test0013").unread, Some(Unread::Ages));
    assert_eq!(entry("gov24-test0014").unread, Some(Unread::Conditions));
    assert_eq!(entry("gov24-test0015").flags, Some(3), "true says yes");
    assert_eq!(entry("gov24-test0017").unread, Some(Unread::Conditions), "no row of conditions");
    assert_eq!(entry("gov24-test0019").unread, Some(Unread::Area), "no agency");
    assert_eq!(entry("gov24-test0020").url, "https://www.gov.kr/portal/rcvfvrSvc/dtlEx/TEST0020");
    let detail = definitions.details("gov24-test0020").await.unwrap().remove(0);
    assert_eq!(detail.text("target"), Some("이름\n[31m둘째 줄"), "no control characters");

    // What can't be read is unknown for everyone, never yes.
    let mut facts = Facts::new();
    facts.insert("나이", Value::Number(Ratio::from_i64(20)));
    facts.insert("성별", Value::Text("여성".into()));
    facts.insert("거주지", Value::Text("경기도 수원시".into()));
    let guidance = definitions.guide(&facts, now(1).date());
    for id in ["gov24-test0012", "gov24-test0013", "gov24-test0014", "gov24-test0017", "gov24-test0019"] {
        assert_eq!(guidance.answer(id), Some(Answer::Unknown), "{id}");
        let why = guidance.explain(id).unwrap();
        assert!(why.reasons.iter().any(|w| w.group == "unread" && w.answer == Answer::Unknown), "{id}");
    }
    assert_eq!(guidance.answer("gov24-test0010"), Some(Answer::Yes));
    assert_eq!(guidance.explain("gov24-test0010").unwrap().reasons.len(), 3);

    // A row that is listed but spoilt is not taken for withdrawn.
    let mut lists = Lists::of(20);
    set(lists.row(0, 9), "서비스명", Json::Null);
    let report = import_at(&definitions, &honest(lists).address, now(2)).await.unwrap();
    assert!(report.complete && report.withdrawn == 1 && report.unusable.len() == 1, "{report}");
    assert!(definitions.entry("gov24-test0010").is_some() && definitions.entry("gov24-gone0001").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_saved_pages() {
    let folder = Folder::new("saved");
    let definitions = country(&folder).await;
    let pages = Folder::new("saved-pages");
    Lists::of(25).save(&pages, 10);
    let from = pages.to_string_lossy().into_owned();
    let report = import(&definitions, &from).await.unwrap();
    assert_eq!(figures(&report), (25, 24, 1, 0, 1, 0));
    let again = import(&definitions, &from).await.unwrap();
    assert_eq!(figures(&again), (25, 0, 0, 25, 0, 0));

    // A truncated page is told by its file, and nothing is changed.
    let path = pages.join("serviceDetail.002.json");
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, whole.chars().take(300).collect::<String>()).unwrap();
    let failure = import(&definitions, &from).await.unwrap_err().to_string();
    assert!(
        failure.contains("serviceDetail.002.json") && failure.contains("page 2 of serviceDetail"),
        "{failure}"
    );
    std::fs::write(&path, "[1, 2]").unwrap();
    assert!(import(&definitions, &from).await.unwrap_err().to_string().contains("no object"));

    // A page that is missing: the rest is taken, nothing is withdrawn, and what has no conditions here keeps those it had.
    std::fs::write(&path, whole).unwrap();
    std::fs::remove_file(pages.join("serviceList.003.json")).unwrap();
    std::fs::remove_file(pages.join("supportConditions.002.json")).unwrap();
    let report = import(&definitions, &from).await.unwrap();
    assert!(
        !report.complete && report.withdrawn == 0 && report.changed == 0 && report.unchanged == 20,
        "{report}"
    );
    assert_eq!(definitions.len(), 25);
    std::fs::remove_file(pages.join("supportConditions.001.json")).unwrap();
    std::fs::remove_file(pages.join("supportConditions.003.json")).unwrap();
    let failure = import(&definitions, &from).await.unwrap_err().to_string();
    assert!(failure.contains("no supportConditions.001.json"), "{failure}");
}

#[test]
fn sources_are_read_however_they_end() {
    let base = |from: &str| match Source::parse(from) {
        Ok(Source::Url { base, .. }) => base,
        other => panic!("{from}: {other:?}"),
    };
    let whole = "https://api.odcloud.kr/api/gov24/v3";
    for from in [
        "https://api.odcloud.kr",
        "https://api.odcloud.kr/",
        "https://api.odcloud.kr/api",
        "https://api.odcloud.kr/api/",
        "https://api.odcloud.kr/api/gov24",
        "https://api.odcloud.kr/api/gov24/v3/",
        "https://api.odcloud.kr/api/gov24/v3/serviceList",
        "https://api.odcloud.kr/api/gov24/v3/serviceList?page=1&perPage=10&serviceKey=x",
    ] {
        assert_eq!(base(from), whole, "{from}");
    }
    assert_eq!(base("http://127.0.0.1:8080/mirror"), "http://127.0.0.1:8080/mirror/gov24/v3");
    for from in ["/nowhere/at/all", "mailto:somebody", "https://", "https://me:secret@example.org/api", ""] {
        let failure = Source::parse(from).unwrap_err().to_string();
        assert!(!failure.contains("secret") && failure.contains('—'), "{failure}");
    }
}

/// The real catalogue through saved pages, where it is at hand.
#[tokio::test(flavor = "multi_thread")]
async fn the_real_catalogue() {
    let shared = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/gov24"));
    let upwards = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/data/gov24"));
    let Some(data) = [shared, upwards].into_iter().find(|p| p.join("services_20260710.jsonl.gz").exists())
    else {
        println!("the real catalogue: not here");
        return;
    };
    let unpacked = std::process::Command::new("gzip")
        .args(["-dc"])
        .arg(data.join("services_20260710.jsonl.gz"))
        .output();
    let Ok(unpacked) = unpacked else {
        println!("the real catalogue: no gzip");
        return;
    };
    let mut lists = Lists::default();
    for line in String::from_utf8(unpacked.stdout).unwrap().lines() {
        let row: Json = serde_json::from_str(line).unwrap();
        let [list, detail, conditions] = &mut lists.0;
        let get = |key: &str| row[key].clone();
        list.push(json!({
            "서비스ID": get("service_id"), "서비스명": get("name"), "소관기관명": get("agency"), "소관기관유형": get("agency_type"),
            "서비스분야": get("field"), "서비스목적요약": get("summary"), "신청기한": get("deadline"), "지원대상": get("target"),
            "지원내용": get("content"), "상세조회URL": get("url"), "조회수": get("views"),
        }));
        detail.push(
            json!({ "서비스ID": get("service_id"), "지원대상": get("target"), "지원내용": get("content"),
            "신청방법": get("method"), "문의처": get("phone"), "선정기준": get("criteria") }),
        );
        let mut codes = serde_json::Map::new();
        codes.insert("서비스ID".into(), get("service_id"));
        codes.insert("JA0110".into(), get("age_from"));
        codes.insert("JA0111".into(), get("age_to"));
        for code in row["ja"].as_array().unwrap() {
            codes.insert(code.as_str().unwrap().into(), "Y".into());
        }
        conditions.push(Json::Object(codes));
    }
    let pages = Folder::new("real-pages");
    lists.save(&pages, 500);
    drop(lists);
    let folder = Folder::new("real");
    let store = Store::open(&*folder, migrations(), Vec::new()).await.unwrap();
    let definitions =
        Definitions::open(store.clone(), Arc::new(Pack::embedded().unwrap()), now(0)).await.unwrap();
    let before = answers(&definitions);
    let begun = std::time::Instant::now();
    let report = import(&definitions, &pages.to_string_lossy()).await.unwrap();
    println!("the real catalogue: {report} in {:?}", begun.elapsed());
    assert!(
        report.complete && report.read == 8_255 && report.new == 0 && report.changed == 8_255,
        "{report}"
    );
    assert!(report.unusable.is_empty(), "{:?}", report.unusable.first());
    let again = import(&definitions, &pages.to_string_lossy()).await.unwrap();
    println!("again: {again}");
    assert_eq!(figures(&again), (8_255, 0, 0, 8_255, 0, 0));
    let after = answers(&definitions);
    assert_eq!(before, after, "the shipped file says the same as what it was made from");
    let begun = std::time::Instant::now();
    let again = Definitions::open(store, Arc::new(Pack::embedded().unwrap()), now(1)).await.unwrap();
    println!("opened with texts in {:?}: {}, {:?}", begun.elapsed(), again.len(), memory());
    for written in [&queries::FIRST, &queries::SECOND] {
        let judged = queries::judge(written, &again, now(1).date(), false);
        assert!(judged.held_out.five_percent() >= 85, "with summaries: {:?}", judged.held_out);
    }
}

fn memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find(|line| line.starts_with("VmRSS")).map(str::to_owned)
}

fn answers(definitions: &Definitions) -> Vec<(String, Answer)> {
    let mut facts = Facts::new();
    facts.insert("나이", Value::Number(Ratio::from_i64(29)));
    facts.insert("거주지", Value::Text("부산광역시 해운대구".into()));
    facts.insert("구직자", Value::Bool(true));
    let guidance = definitions.guide(&facts, now(0).date());
    let mut all: Vec<(String, Answer)> =
        guidance.all().map(|(entry, answer)| (entry.id.clone(), answer)).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}
