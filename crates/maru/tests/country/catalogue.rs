//! The catalogue's editor: what imports changed and for whom, and what a text seems to ask.

use std::path::{Path, PathBuf};

use crate::common::{Country, country};
use axum::http::{Method, StatusCode};
use maru_definition::{
    changes::What,
    import::{self, Report, Source, Withdrawing},
};
use maru_kernel::Error;
use maru_party::admin::{self, Doer};
use maru_rules::{Answer, Facts, Ratio, Value};
use serde_json::{Value as Json, json};

fn folder(country: &Country, name: &str) -> PathBuf {
    let folder = country.data.join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn words(id: &str, name: &str, benefit: &str) -> Json {
    json!({ "id": id, "name": name, "tags": [], "themes": ["주거"], "benefit": benefit, "how_to_apply": "방문", "agency": "경기도 수원시 시험과",
        "contact": "", "source_url": format!("https://www.bokjiro.go.kr/x?wlfareInfoId={id}"), "confidence": "공식", "cycle": "월", "provision": "현금" })
}

async fn second(country: &Country, rows: &[Json]) -> Report {
    let file = folder(country, "second").join("services_1.jsonl");
    std::fs::write(&file, rows.iter().map(|row| format!("{row}\n")).collect::<String>()).unwrap();
    let now = country.app.now();
    import::bokjiro(&country.app.definitions, &file, Withdrawing::Asks, now, &mut |_| ()).await.unwrap()
}

/// A first list of twenty whose first service has an upper age.
async fn first(country: &Country, to: u32, services: std::ops::RangeInclusive<usize>) -> Report {
    let folder = folder(country, "first");
    let page = |rows: Vec<Json>| {
        let count = rows.len();
        json!({ "page": 1, "perPage": count, "totalCount": count, "matchCount": count, "currentCount": count, "data": rows })
            .to_string()
    };
    let id = |n: usize| format!("TEST{n:04}");
    let save = |list: &str, row: &dyn Fn(usize) -> Json| {
        let rows = services.clone().map(row).collect();
        std::fs::write(folder.join(format!("{list}.001.json")), page(rows)).unwrap();
    };
    save(
        "serviceList",
        &|n| json!({ "서비스ID": id(n), "서비스명": format!("시험 서비스 {n}"), "소관기관명": "경기도 수원시", "소관기관유형": "시군구", "서비스분야": "생활안정" }),
    );
    save(
        "serviceDetail",
        &|n| json!({ "서비스ID": id(n), "지원대상": format!("{}세까지", if n == 1 { to } else { 34 }) }),
    );
    save(
        "supportConditions",
        &|n| json!({ "서비스ID": id(n), "JA0110": 19, "JA0111": if n == 1 { to } else { 34 } }),
    );
    let source = Source::parse(folder.to_str().unwrap()).unwrap();
    import::run(&country.app.definitions, source, Withdrawing::Many, country.app.now(), &mut |_| ())
        .await
        .unwrap()
}

async fn newest(country: &Country) -> String {
    country.app.definitions.imports(1).await.unwrap().remove(0).id
}

#[tokio::test(flavor = "multi_thread")]
async fn the_editor_sees_what_an_import_changed_and_for_whom() {
    let country = country().await;
    let mut operator = country.signed_in("onnuri").await;
    let page = operator.get("/admin/catalogue").await.body;
    assert!(page.contains("아직 받은 목록이 없습니다"), "{page}");

    first(&country, 34, 1..=20).await;
    let report = first(&country, 39, 1..=20).await;
    assert_eq!((report.changed, report.unchanged, report.new, report.withdrawn), (1, 19, 0, 0));
    let id = newest(&country).await;
    let page = operator.get("/admin/catalogue").await.body;
    assert!(page.contains(&format!("/admin/catalogue/{id}")) && page.contains("정부24"), "{page}");
    let page = operator.get(&format!("/admin/catalogue/{id}")).await.body;
    assert!(page.contains("시험 서비스 1") && page.contains("35–39세 새로 해당"), "{page}");
    assert!(page.contains("34세까지") && page.contains("39세까지") && page.contains("누구에게"), "{page}");
    assert!(!page.contains("시험 서비스 2<"), "{page}");
    operator.get("/language/en").await;
    let page = operator.get(&format!("/admin/catalogue/{id}")).await.body;
    assert!(page.contains("ages 35–39 gain") && page.contains("Before"), "{page}");

    // One is gone, two came; each kind by itself.
    let report = first(&country, 39, 2..=22).await;
    assert_eq!((report.changed, report.new, report.withdrawn), (0, 2, 1));
    let id = newest(&country).await;
    let of = |what| country.app.definitions.touched(&id, what, 0, 50);
    assert_eq!((of(What::Changed).await.unwrap().len(), of(What::Added).await.unwrap().len()), (0, 2));
    let gone = of(What::Withdrawn).await.unwrap();
    assert_eq!((gone.len(), gone[0].name.as_str()), (1, "시험 서비스 1"));
    let page = operator.get(&format!("/admin/catalogue/{id}?what=withdrawn")).await.body;
    assert!(page.contains("시험 서비스 1") && page.contains("ages 19–39"), "{page}");
    assert!(!page.contains("/services/gov24-test0001\""), "what is gone has no page: {page}");
    let page = operator.get(&format!("/admin/catalogue/{id}?what=added&page=9")).await.body;
    assert!(page.contains("시험 서비스 22") && page.contains("/services/gov24-test0022"), "{page}");

    // The import that took the place of the shipped catalogue has many pages of one size.
    let imports = country.app.definitions.imports(9).await.unwrap();
    let big = imports.last().unwrap();
    assert_eq!((big.report.new, big.report.withdrawn > 8_000, big.kept), (20, true, true));
    let page = operator.get(&format!("/admin/catalogue/{}?what=withdrawn&page=100", big.id)).await.body;
    assert_eq!(page.matches("<h2 class=\"h3\">").count(), 25, "a page is a page");
    assert!(page.contains("page=99") && page.contains("page=101"), "{page}");
    assert!(page.len() < 60_000, "{}", page.len());
    assert_eq!(operator.get("/admin/catalogue/none").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suggestion_counts_when_an_operator_confirms_it_and_never_makes_yes() {
    let country = country().await;
    let rows = [
        words("WLF90000001", "시험 노후 주거 지원", "만 65세 이상 시민의 집을 고칩니다"),
        words("WLF90000002", "시험 주거 지원", "기준 중위소득 100% 이하 가구의 집을 고칩니다"),
    ];
    assert_eq!(second(&country, &rows).await.new, 2);
    let id = "bokjiro-wlf90000001";
    let confirm = format!("/admin/catalogue/{id}/confirm");
    let answer = |age: i64| {
        let mut facts = Facts::default();
        facts.insert("거주지", Value::Text("경기도 수원시".into()));
        facts.insert("나이", Value::Number(Ratio::from_i64(age)));
        let on = country.app.now().date();
        country.app.definitions.guide(&facts, on).answer(id).unwrap()
    };
    let mut anyone = country.browser();
    let page = anyone.get(&format!("/services/{id}")).await.body;
    assert!(
        page.contains("확인되지 않음") && page.contains("65세부터") && page.contains("65세 이상"),
        "{page}"
    );
    assert!(page.contains("복지로에서 보기") && !page.contains("정부24에서 신청하기"), "{page}");
    assert!(!page.contains("/confirm"), "{page}");
    assert_eq!(answer(30), Answer::Unknown);

    // Nobody else.
    for user in ["maru", "haneul", "saebyeok", "sebom"] {
        let mut other = country.signed_in(user).await;
        other.get("/me/password").await;
        assert_eq!(other.post(&confirm, &[("key", "age:65-")]).await.status, StatusCode::FORBIDDEN, "{user}");
    }
    assert_eq!(answer(30), Answer::Unknown);

    let mut operator = country.signed_in("onnuri").await;
    let page = operator.get(&format!("/services/{id}")).await.body;
    assert!(page.contains(&confirm), "{page}");
    assert_eq!(
        operator.post(&confirm, &[("key", "age:19-34")]).await.status,
        StatusCode::NOT_FOUND,
        "not what it says"
    );
    operator.get(&format!("/services/{id}")).await;
    let done = operator.post(&confirm, &[("key", "age:65-")]).await;
    assert_eq!((done.status, done.location), (StatusCode::SEE_OTHER, Some(format!("/services/{id}#seems"))));
    assert_eq!((answer(30), answer(70)), (Answer::No, Answer::Unknown), "it excludes, and makes nothing yes");
    operator.get(&format!("/services/{id}")).await;
    assert_eq!(operator.post(&confirm, &[("key", "age:65-")]).await.status, StatusCode::CONFLICT, "twice");
    let page = anyone.get(&format!("/services/{id}")).await.body;
    assert!(page.contains("담당자가 확인함"), "{page}");
    let told = country.call(Method::GET, &format!("/api/v1/services/{id}"), None, "").await.body;
    let told: Json = serde_json::from_str(&told).unwrap();
    assert_eq!(told["suggestions"], json!([{ "key": "age:65-", "quote": "65세 이상", "confirmed": true }]));
    assert_eq!(told["sources"][0]["list"], "bokjiro");
    let log = operator.get("/admin/log").await.body;
    assert!(log.contains("글에서 읽은 조건을 확인함") && log.contains("시험 노후 주거 지원"), "{log}");

    // The same list again leaves it; a text that says otherwise ends it; said again, it counts again.
    second(&country, &rows).await;
    assert_eq!(answer(30), Answer::No);
    let other =
        [words("WLF90000001", "시험 노후 주거 지원", "만 60세 이상 시민의 집을 고칩니다"), rows[1].clone()];
    assert_eq!(second(&country, &other).await.changed, 1);
    assert_eq!(answer(30), Answer::Unknown, "what was confirmed is no longer said");
    second(&country, &rows).await;
    assert_eq!(answer(30), Answer::No);

    let app = &country.app;
    admin::confirm_suggestion(app, &Doer::machine(), "bokjiro-wlf90000002", "income:100").await.unwrap();
    let machine = Doer::machine();
    let race = || admin::withdraw_suggestion(app, &machine, id, "age:65-");
    let (one, two) = tokio::join!(race(), race());
    let refused = [&one, &two].into_iter().filter(|end| matches!(end, Err(Error::Conflict(_)))).count();
    assert_eq!((one.is_ok() ^ two.is_ok(), refused), (true, 1), "{one:?} {two:?}");
    assert_eq!(answer(30), Answer::Unknown);
    let gone = admin::confirm_suggestion(app, &Doer::machine(), "bokjiro-none", "age:65-").await;
    assert!(matches!(gone, Err(Error::NotFound)));
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_of_operators_confirm_a_suggestion() {
    let country = country().await;
    let rows = [words("WLF90000001", "시험 노후 주거 지원", "만 65세 이상 시민의 집을 고칩니다")];
    second(&country, &rows).await;
    let path = |key: &str, verb: &str| {
        format!("/api/v1/catalogue/bokjiro-wlf90000001/suggestions/{}/{verb}", maru_web::encode(key))
    };
    let told = async || {
        let answer = country.call(Method::GET, "/api/v1/services/bokjiro-wlf90000001", None, "").await;
        answer.json()["suggestions"][0]["confirmed"].clone()
    };
    let asked =
        async |token: Option<&str>, path: &str| country.call(Method::POST, path, token, "").await.status;
    for verb in ["confirm", "withdraw"] {
        assert_eq!(asked(None, &path("age:65-", verb)).await, StatusCode::UNAUTHORIZED);
        for user in ["maru", "haneul", "saebyeok", "sebom", "narae"] {
            let token = country.token(user).await;
            assert_eq!(asked(Some(&token), &path("age:65-", verb)).await, StatusCode::FORBIDDEN, "{user}");
        }
    }
    let token = country.token("onnuri").await;
    let operator = async |key: &str, verb: &str| asked(Some(&token), &path(key, verb)).await;
    assert_eq!(operator("age:65-", "withdraw").await, StatusCode::CONFLICT, "not confirmed");
    assert_eq!(operator("age:19-34", "confirm").await, StatusCode::NOT_FOUND, "not what it says");
    let none = "/api/v1/catalogue/bokjiro-none/suggestions/age:65-/confirm";
    assert_eq!(asked(Some(&token), none).await, StatusCode::NOT_FOUND);
    assert_eq!(told().await, false);
    assert_eq!(operator("age:65-", "confirm").await, StatusCode::NO_CONTENT);
    assert_eq!(told().await, true);
    assert_eq!(operator("age:65-", "confirm").await, StatusCode::CONFLICT, "twice");
    assert_eq!(operator("age:65-", "withdraw").await, StatusCode::NO_CONTENT);
    assert_eq!(told().await, false);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_lists_together_answer_search_and_show() {
    let real = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/bokjiro");
    if !Path::new(real).is_dir() {
        return;
    }
    let country = country().await;
    let now = country.app.now();
    import::bokjiro(&country.app.definitions, Path::new(real), Withdrawing::Asks, now, &mut |_| ())
        .await
        .unwrap();
    let both =
        country.app.definitions.entries().into_iter().find(|e| e.origins.len() == 2 && !e.in_depth).unwrap();
    let page = country.browser().get(&format!("/services/{}", both.id)).await.body;
    for origin in &both.origins {
        assert!(page.contains(&origin.source_id), "{page}");
    }
    assert!(page.contains("id=\"sources\""), "{page}");
    let asked = json!({ "facts": { "나이": 70, "거주지": "경기도 파주시" } }).to_string();
    let answer = country.call(Method::POST, "/api/v1/eligibility", None, &asked).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let found =
        country.call(Method::GET, "/api/v1/services?q=%EA%B2%BD%EB%A1%9C%EB%8B%B9&limit=5", None, "").await;
    assert!(found.body.contains("bokjiro-"), "{}", found.body);
    let id = newest(&country).await;
    let page = country
        .signed_in("onnuri")
        .await
        .get(&format!("/admin/catalogue/{id}?what=added&page=201"))
        .await
        .body;
    assert!(page.contains("5012") || page.contains("5,012"), "{page}");
}
