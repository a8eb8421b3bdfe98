//! A number of the law, announced on pages: by two people, from its day on, for every service that reads it.

use crate::common::{Browser, Country, country, post};
use axum::http::{Method, StatusCode};
use maru_definition::{Definitions, numbers};
use maru_kernel::Date;
use maru_party::admin::{self, Doer, NewAgency};
use maru_rules::{Answer, Facts};
use serde_json::{Value as Json, json};

const GRANT: &str = "수원출산지원금";
const NOTICE: &str = "수원시 고시 제2026-900호";
const DAY: i64 = 86_400;

/// /admin/parameters/수원출산지원금
fn page_of(name: &str) -> String {
    format!("/admin/parameters/{}", maru_web::encode(name))
}

fn form<'a>(from: &'a str, numbers: &[&'a str], source: &'a str) -> Vec<(&'static str, &'a str)> {
    let fields = ["number-1", "number-2", "number-3", "number-4", "number-5", "number-6"];
    let numbers = fields.into_iter().zip(numbers.iter().copied());
    [("from", from), ("source", source)].into_iter().chain(numbers).collect()
}

async fn asked(country: &Country, user: &str, name: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
    let mut browser = country.signed_in(user).await;
    browser.get("/me/password").await;
    let answer = browser.post(&page_of(name), fields).await;
    (answer.status, answer.body)
}

async fn answered(country: &Country, user: &str, name: &str, place: i64, verb: &str) -> (StatusCode, String) {
    let mut browser = country.signed_in(user).await;
    browser.get("/me/password").await;
    let answer = browser.post(&format!("{}/{place}/{verb}", page_of(name)), &[]).await;
    (answer.status, answer.body)
}

fn first_on(definitions: &Definitions, name: &str, day: &str) -> Option<String> {
    let pack = definitions.pack();
    let value = pack.parameters.at(name, day.parse::<Date>().unwrap())?;
    numbers(value).first().map(ToString::to_string)
}

/// What a first child's family in Suwon is given on a day.
fn paid(definitions: &Definitions, day: &str) -> Option<i64> {
    let service = definitions.service("suwon-birth-grant").unwrap();
    let facts = json!({
        "보호자.양육": true, "거주지": "경기도 수원시 팔달구", "거주.시군구연속일수": 900, "출산지원.받은아이": [],
        "자녀": [{ "이름": "이봄", "생년월일": "2026-03-20", "거주지": "경기도 수원시 팔달구", "신분": "국민",
            "등록": "주민등록", "국외일수": 0, "출생순위": 1 }],
    });
    let decision = definitions.decide(&service, &Facts::from_json(&facts).unwrap(), day.parse().unwrap());
    assert_eq!(decision.answer, Answer::Yes, "{day}");
    decision.amount
}

async fn announce(country: &Country, name: &str, fields: &[(&str, &str)], place: i64) {
    let (status, body) = asked(country, "sarang", name, fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{body}");
    let (status, body) = answered(country, "saebyeok", name, place, "approve").await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{body}");
}

const MORE: [&str; 5] = ["700,000", "1200000", "2,000,000", "5000000", "10000000"];

#[tokio::test]
async fn announced_by_two_it_holds_from_its_day() {
    let country = country().await;
    let definitions = &country.app.definitions;
    let mut sarang = country.signed_in("sarang").await;
    let list = sarang.get("/admin/parameters").await.body;
    assert!(
        list.contains(&page_of(GRANT)) && list.contains("500,000") && !list.contains("기준 중위소득"),
        "{list}"
    );
    let page = sarang.get(&page_of(GRANT)).await.body;
    assert!(page.contains("name=\"number-5\"") && page.contains("/services/suwon-birth-grant"), "{page}");

    let to =
        post(&mut sarang, StatusCode::SEE_OTHER, &page_of(GRANT), &form("2026-11-01", &MORE, NOTICE)).await;
    assert_eq!(to, page_of(GRANT));
    let page = sarang.get(&to).await.body;
    assert!(page.contains("+40%") && page.contains("+20%") && page.contains("같음"), "{page}");
    assert!(page.contains("/population") && !page.contains("/approve"), "who asked does not approve: {page}");
    assert_eq!(first_on(definitions, GRANT, "2026-12-01").as_deref(), Some("500000"), "not before approval");
    assert!(sarang.get("/admin/parameters").await.body.contains("승인 기다림"));

    assert_eq!(answered(&country, "saebyeok", GRANT, 1, "approve").await.0, StatusCode::SEE_OTHER);
    let other =
        Definitions::open(country.app.store.clone(), maru::wire::pack().unwrap(), country.app.now()).await;
    for definitions in [definitions, &other.unwrap()] {
        assert_eq!(first_on(definitions, GRANT, "2026-10-31").as_deref(), Some("500000"));
        assert_eq!(first_on(definitions, GRANT, "2026-11-01").as_deref(), Some("700000"));
        assert_eq!(
            (paid(definitions, "2026-10-31"), paid(definitions, "2026-11-01")),
            (Some(500_000), Some(700_000))
        );
    }

    // For anyone's program, and on the page that analysts see.
    let told: Json =
        serde_json::from_str(&country.call(Method::GET, "/api/v1/parameters", None, "").await.body).unwrap();
    let one = told["parameters"].as_array().unwrap().iter().find(|one| one["name"] == GRANT).unwrap();
    assert_eq!((&one["agency"], &one["unit"]), (&json!("suwon"), &json!("원")));
    let values = one["values"].as_array().unwrap();
    assert_eq!(values.last().unwrap()["from"], "2026-11-01");
    assert_eq!(
        values.last().unwrap()["value"],
        json!([700_000, 1_200_000, 2_000_000, 5_000_000, 10_000_000])
    );
    assert_eq!(values.last().unwrap()["source"], NOTICE);
    assert_eq!(values[values.len() - 2]["until"], "2026-10-31");

    // How it stood at a moment is how it stood.
    let approved = country.app.now();
    country.clock.forward(DAY);
    announce(&country, GRANT, &form("2026-11-01", &["800000"], "수원시 고시 제2026-901호"), 2).await;
    let facts = Facts::new();
    let then = definitions.as_of("suwon-birth-grant", approved).await.unwrap().unwrap();
    assert_eq!(then.decide(&facts, "2026-11-02".parse().unwrap()).answer, Answer::Unknown);
    assert_eq!(
        first_on(definitions, GRANT, "2026-11-01").as_deref(),
        Some("800000"),
        "the later one of a day counts"
    );
    let page = country.signed_in("sarang").await.get(&page_of(GRANT)).await.body;
    assert!(page.contains("<b>800,000</b>") && !page.contains("<b>700,000</b>"), "{page}");
    assert!(page.contains("name=\"number-5\""), "what was left out for now may be fixed later: {page}");
    let sql = "SELECT id FROM store_event WHERE kind = 'guidance.value-approved'";
    assert_eq!(country.app.store.query(sql, Vec::new()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn who_may_announce_and_what() {
    let country = country().await;
    for user in ["maru", "haneul", "narae"] {
        let mut browser = country.signed_in(user).await;
        for path in ["/admin/parameters".to_owned(), page_of(GRANT)] {
            assert_eq!(browser.get(&path).await.status, StatusCode::FORBIDDEN, "{user} {path}");
        }
        let told = asked(&country, user, GRANT, &form("2026-11-01", &MORE, NOTICE)).await;
        assert_eq!(told.0, StatusCode::FORBIDDEN, "{user}");
    }
    assert_eq!(country.browser().get("/admin/parameters").await.status, StatusCode::SEE_OTHER);
    // Operators and auditors read all of them and write none; managers approve and don't write.
    for user in ["onnuri", "sebom", "saebyeok"] {
        let mut browser = country.signed_in(user).await;
        let page = browser.get(&page_of(GRANT)).await;
        assert!(page.status == StatusCode::OK && !page.body.contains("name=\"from\""), "{user}");
        let told = asked(&country, user, GRANT, &form("2026-11-01", &MORE, NOTICE)).await;
        assert_eq!(told.0, StatusCode::FORBIDDEN, "{user}");
    }
    assert!(country.signed_in("sebom").await.get("/admin/parameters").await.body.contains("기준 중위소득"));
    // Another agency's, and one that is none.
    for name in ["기준중위소득", "전주양육비", "없는값"] {
        assert_eq!(country.signed_in("sarang").await.get(&page_of(name)).await.status, StatusCode::NOT_FOUND);
        let told = asked(&country, "sarang", name, &form("2026-11-01", &["1"], NOTICE)).await;
        assert_eq!(told.0, StatusCode::NOT_FOUND, "{name}");
    }

    let wrong: [(&str, &[&str], &str, &str); 9] = [
        ("2026-10-06", &MORE, NOTICE, "지난날의 결정"),
        ("내일", &["많이"], NOTICE, "number-1"),
        ("2026-11-01", &["많이"], NOTICE, "0.35"),
        ("2026-11-01", &["500000.5"], NOTICE, "소수점 없이"),
        ("2026-11-01", &["-1"], NOTICE, "0 이상"),
        ("2026-11-01", &["", "1000000"], NOTICE, "number-1"),
        ("2026-11-01", &MORE, "고시", "5자에서"),
        ("2026-11-01", &["500000", "1000000", "2000000", "5000000", "10000000"], NOTICE, "같습니다"),
        ("2026-11-01", &[], NOTICE, "number-1"),
    ];
    for (from, numbers, source, said) in wrong {
        let (status, body) = asked(&country, "sarang", GRANT, &form(from, numbers, source)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{from} {numbers:?} {source}");
        assert!(body.contains(said), "{said}: {body}");
    }
    assert!(country.app.definitions.announced(GRANT).await.unwrap().is_empty(), "nothing of it was kept");

    assert_eq!(
        asked(&country, "sarang", GRANT, &form("2026-10-08", &MORE, NOTICE)).await.0,
        StatusCode::SEE_OTHER
    );
    let (status, body) = asked(&country, "sarang", GRANT, &form("2026-11-01", &MORE, NOTICE)).await;
    assert!(status == StatusCode::CONFLICT && body.contains("이미 승인을 기다리고"), "{body}");
    admin::grant_role(&country.app, &Doer::machine(), "official-sarang", "manager", "", "").await.unwrap();
    let (status, body) = answered(&country, "sarang", GRANT, 1, "approve").await;
    assert!(status == StatusCode::FORBIDDEN && body.contains("다른 관리자"), "{body}");
    for user in ["onnuri", "sebom", "haneul"] {
        assert_eq!(answered(&country, user, GRANT, 1, "approve").await.0, StatusCode::FORBIDDEN, "{user}");
    }
    assert_eq!(answered(&country, "saebyeok", GRANT, 7, "approve").await.0, StatusCode::NOT_FOUND);
    // Its day is over: not approved, but taken back.
    country.clock.forward(3 * DAY);
    let (status, body) = answered(&country, "saebyeok", GRANT, 1, "approve").await;
    assert!(status == StatusCode::CONFLICT && body.contains("날이 지났습니다"), "{body}");
    assert_eq!(answered(&country, "saebyeok", GRANT, 1, "withdraw").await.0, StatusCode::SEE_OTHER);
    assert_eq!(answered(&country, "saebyeok", GRANT, 1, "approve").await.0, StatusCode::CONFLICT);
    assert_eq!(first_on(&country.app.definitions, GRANT, "2026-12-01").as_deref(), Some("500000"));

    // Approved by two at once: once.
    assert_eq!(
        asked(&country, "sarang", GRANT, &form("2026-11-01", &MORE, NOTICE)).await.0,
        StatusCode::SEE_OTHER
    );
    admin::grant_role(&country.app, &Doer::machine(), "official-haneul", "manager", "", "").await.unwrap();
    let approve = |user| answered(&country, user, GRANT, 2, "approve");
    let (a, b) = tokio::join!(approve("saebyeok"), approve("haneul"));
    let mut both = [a.0, b.0];
    both.sort();
    assert_eq!(both, [StatusCode::SEE_OTHER, StatusCode::CONFLICT]);
}

async fn written(country: &Country, writer: &mut Browser<'_>, id: &str, file: &str, text: &str) -> String {
    let version = country.app.definitions.draft(id).await.unwrap().unwrap().version.to_string();
    writer.get(&format!("/admin/services/{id}")).await;
    let fields = [("file", file), ("text", text), ("version", version.as_str())];
    post(writer, StatusCode::SEE_OTHER, &format!("/admin/services/{id}"), &fields).await;
    writer.get(&format!("/admin/services/{id}?file={file}")).await.body
}

const OWN: &str = r#"
[[parameter]]
name = "겨울난방비"
label = { ko = "겨울 난방비", en = "Winter heating grant" }
article = "보기 조례 제4조"
unit = "원"
[[parameter.value]]
from = "2026-01-01"
source = "보기시 고시 제2026-1호"
value = 100000
"#;

#[tokio::test]
async fn a_service_brings_its_own() {
    let country = country().await;
    let mut writer = country.signed_in("sarang").await;
    for id in ["winter-heating", "summer-cooling"] {
        writer.get("/admin/services/new").await;
        let fields = [("owner", "suwon"), ("id", id)];
        post(&mut writer, StatusCode::SEE_OTHER, "/admin/services/new", &fields).await;
    }
    let draft = country.app.definitions.draft("winter-heating").await.unwrap().unwrap();
    let rules = draft.files["rules.toml"].replace("'100000'", "'매개.겨울난방비'");
    let page = written(&country, &mut writer, "winter-heating", "rules.toml", &rules).await;
    assert!(page.contains("매개.겨울난방비") && page.contains("고칠 곳"), "{page}");
    // Wrong ones are told with place and remedy.
    for (text, told) in [
        (OWN.replace("겨울난방비", "기준중위소득"), "다른 파일에도 있습니다"),
        (OWN.replace("unit = \"원\"", ""), "unit"),
        (OWN.replace("source = \"보기시 고시 제2026-1호\"", ""), "source"),
        (OWN.replace("value = 100000", "value = "), "째 줄"),
    ] {
        let page = written(&country, &mut writer, "winter-heating", "parameters.toml", &text).await;
        assert!(page.contains("parameters.toml") && page.contains(told), "{told}: {page}");
    }
    let page = written(&country, &mut writer, "winter-heating", "parameters.toml", OWN).await;
    assert!(page.contains("고칠 것이 없습니다"), "{page}");
    writer.get("/admin/services/winter-heating/publish").await;
    let fields = [("verb", "publish"), ("from", "2026-10-07")];
    post(&mut writer, StatusCode::SEE_OTHER, "/admin/services/winter-heating/publish", &fields).await;
    let mut manager = country.signed_in("saebyeok").await;
    manager.get("/me/password").await;
    let approved = manager.post("/admin/services/winter-heating/publish/1/approve", &[]).await;
    assert_eq!(approved.status, StatusCode::SEE_OTHER);

    // It is the agency's to announce, and nobody else's to read.
    let page = writer.get(&page_of("겨울난방비")).await.body;
    assert!(page.contains("100,000") && page.contains("/services/winter-heating"), "{page}");
    let rules = country.app.definitions.draft("summer-cooling").await.unwrap().unwrap().files["rules.toml"]
        .replace("'100000'", "'매개.겨울난방비'");
    let page = written(&country, &mut writer, "summer-cooling", "rules.toml", &rules).await;
    assert!(page.contains("다른 서비스만 쓰는 값입니다"), "{page}");

    country.clock.forward(DAY);
    let before = country.app.now();
    country.clock.forward(DAY);
    announce(&country, "겨울난방비", &form("2026-12-01", &["150,000"], "보기시 고시 제2026-2호"), 1).await;
    let definitions = &country.app.definitions;
    let service = definitions.service("winter-heating").unwrap();
    let facts = Facts::from_json(&json!({ "나이": 70 })).unwrap();
    let paid = |day: &str| definitions.decide(&service, &facts, day.parse().unwrap()).amount;
    assert_eq!((paid("2026-11-30"), paid("2026-12-01")), (Some(100_000), Some(150_000)));
    let as_of = async |at| {
        let then = definitions.as_of("winter-heating", at).await.unwrap().unwrap();
        then.decide(&facts, "2026-12-01".parse().unwrap()).amount
    };
    assert_eq!((as_of(before).await, as_of(country.app.now()).await), (Some(100_000), Some(150_000)));
}

#[tokio::test]
async fn whom_a_number_changes_what_for_is_seen_before_it_is_approved() {
    let country = country().await;
    let path = format!("{}/population", page_of(GRANT));
    let mut sarang = country.signed_in("sarang").await;
    assert_eq!(sarang.get(&path).await.status, StatusCode::NOT_FOUND, "nothing waits");
    let fields = form("2026-11-01", &MORE, NOTICE);
    assert_eq!(asked(&country, "sarang", GRANT, &fields).await.0, StatusCode::SEE_OTHER);
    for user in ["maru", "haneul", "narae"] {
        assert_eq!(country.signed_in(user).await.get(&path).await.status, StatusCode::FORBIDDEN, "{user}");
    }
    let page = crate::policy::shown(&mut sarang, &path).await;
    assert!(page.status == StatusCode::OK && page.body.contains("suwon-birth-grant"), "{}", page.body);
    let runs = "SELECT id FROM store_event WHERE kind = 'policy.value-screened'";
    assert!(
        country.app.store.query(runs, Vec::new()).await.unwrap().is_empty(),
        "looking at the button asks nobody"
    );
    let answer = sarang.post(&path, &[("service", "suwon-birth-grant")]).await;
    assert!(
        answer.status == StatusCode::OK && answer.body.contains("11월 1일부터의 숫자"),
        "{}",
        answer.body
    );
    assert_eq!(country.app.store.query(runs, Vec::new()).await.unwrap().len(), 1);
    let proof = country.app.ports.ledger.proof(&format!("parameter/{GRANT}")).await.unwrap().unwrap();
    assert!(proof.right && proof.entry.contains("policy.value-screened"), "{}", proof.entry);
}

#[tokio::test]
async fn of_the_whole_country_by_its_ministry() {
    let country = country().await;
    let app = &country.app;
    let ministry = NewAgency {
        id: "mohw",
        ko: "보건복지부",
        en: "Ministry of Health and Welfare",
        region: "",
        kind: "central",
    };
    admin::add_agency(app, &Doer::machine(), ministry).await.unwrap();
    for (official, role) in [("official-sarang", "writer"), ("official-saebyeok", "manager")] {
        admin::grant_role(app, &Doer::machine(), official, role, "mohw", "").await.unwrap();
    }
    let before = app.definitions.pack();
    // A share is told and typed in hundredths; what is not yet fixed at the end of a list is left out and unknown.
    announce(&country, "생계급여_비율", &form("2027-01-01", &["35%"], "보건복지부고시 제2026-900호"), 1)
        .await;
    let mut sarang = country.signed_in("sarang").await;
    let page = sarang.get(&page_of("생계급여_비율")).await.body;
    assert!(
        page.contains("35%") && page.contains("32%") && page.contains("/services/livelihood-benefit"),
        "{page}"
    );
    let sizes = ["2800000", "4500000"];
    announce(&country, "기준중위소득", &form("2027-01-01", &sizes, "보건복지부고시 제2026-901호"), 1).await;
    // What the membership's round compares: on its day, and not before.
    let service = app.definitions.service("livelihood-benefit").unwrap();
    let grounds =
        |pack: &maru_definition::Pack, day: &str| service.grounds(&pack.parameters, day.parse().unwrap());
    let pack = app.definitions.pack();
    assert_eq!(grounds(&before, "2026-12-31"), grounds(&pack, "2026-12-31"));
    assert_ne!(grounds(&before, "2027-01-01"), grounds(&pack, "2027-01-01"));
    let known = |day: &str| numbers(pack.parameters.at("기준중위소득", day.parse().unwrap()).unwrap()).len();
    assert_eq!((known("2026-12-31"), known("2027-01-01")), (7, 2));
}
