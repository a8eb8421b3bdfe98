//! What comes due: a person chooses, is told ahead once, opens the form, and ends it. Nobody is read who didn't wish it.

use crate::common::{Country, country};
use axum::http::{Method, StatusCode};
use maru_kernel::{At, Clock};
use maru_record::put;
use serde_json::{Value as Json, json};

const MARU: &str = "resident-maru";

async fn remind(country: &Country) -> usize {
    let told = maru_message::remind(&country.app).await.unwrap();
    country.settle().await;
    told
}

async fn subjects(country: &Country, party: &str) -> Vec<String> {
    let sql = "SELECT subject_ko FROM message_message WHERE party = $1 AND kind = 'reminder' ORDER BY id";
    let rows = country.app.store.query(sql, vec![party.into()]).await.unwrap();
    rows.iter().map(|row| row.string("subject_ko").unwrap()).collect()
}

/// How often the program looked at somebody's registers for this.
async fn looks(country: &Country, party: &str) -> usize {
    let accesses = country.app.ports.registers.accesses(party, At::EPOCH).await.unwrap();
    accesses.iter().filter(|access| access.purpose == "remind").count()
}

async fn register(country: &Country, party: &str, register: &str, row: Json) {
    put(&country.app.store, party, register, country.clock.now(), row.as_object().unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_person_is_told_ahead_once_and_opens_the_form() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let page = maru.get("/reminders").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(remind(&country).await, 0);
    assert_eq!(looks(&country, MARU).await, 0, "nobody looks before it is wished");

    let fields = [("remind-passport", "yes"), ("remind-health-check-up", "yes"), ("remind-school", "yes")];
    assert_eq!(maru.post("/reminders", &fields).await.status, StatusCode::SEE_OTHER);
    assert_eq!(looks(&country, MARU).await, 1, "one look, logged");
    let page = maru.get("/reminders").await;
    assert!(page.body.contains("2027년 3월 15일까지"), "{}", page.body);
    assert!(page.body.contains("2026년 12월 31일까지") && page.body.contains("2028년 3월 1일까지"));
    assert!(page.body.contains("/services/passport-renewal/file"));
    assert_eq!(subjects(&country, MARU).await, [""; 0], "what was just shown is not written, too");
    assert!(maru.get("/").await.body.contains("건강검진"), "the first page says what comes next");

    // 30 days before the end of the year is a Tuesday.
    country.at("2026-11-30T10:00");
    assert_eq!(remind(&country).await, 0);
    country.at("2026-12-01T08:00");
    assert_eq!(remind(&country).await, 0, "offices are not open yet");
    country.at("2026-12-01T10:00");
    assert_eq!(remind(&country).await, 1);
    assert_eq!(remind(&country).await, 0);
    assert_eq!(subjects(&country, MARU).await, ["건강검진: 30일 남았습니다 (2026년 12월 31일)"]);

    // The passport was renewed in the meantime: no word about the old day.
    let renewed = json!({ "발급일": "2026-12-10", "만료일": "2036-12-10" });
    register(&country, MARU, "passport", renewed).await;
    country.at("2027-02-15T10:00");
    remind(&country).await;
    assert!(subjects(&country, MARU).await.iter().all(|subject| !subject.starts_with("여권")));
    // The session of last year is over.
    let mut maru = country.signed_in("maru").await;
    assert!(maru.get("/reminders").await.body.contains("2036년 12월 10일까지"));

    // Two steps: the message's button opens the form, filled from the registers.
    let rows = country
        .app
        .store
        .query("SELECT id FROM message_message WHERE party = $1 AND kind = 'reminder'", vec![MARU.into()])
        .await
        .unwrap();
    let letter = maru.get(&format!("/messages/{}", rows[0].string("id").unwrap())).await;
    assert!(letter.body.contains("www.nhis.or.kr") && letter.body.contains("/reminders"));
    let opened = maru.post("/services/passport-renewal/file", &[]).await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn who_ends_it_is_read_no_more() {
    let country = country().await;
    let mut noeul = country.signed_in("noeul").await;
    noeul.get("/reminders").await;
    noeul
        .post("/reminders", &[("remind-vehicle-inspection", "yes"), ("remind-disability-review", "yes")])
        .await;
    let party = "resident-noeul";
    assert_eq!(looks(&country, party).await, 1);
    noeul.get("/reminders").await;
    noeul.post("/reminders", &[("remind-vehicle-inspection", "yes")]).await;
    assert_eq!(looks(&country, party).await, 2);
    let accesses = country.app.ports.registers.accesses(party, At::EPOCH).await.unwrap();
    let last = accesses.iter().find(|access| access.purpose == "remind").unwrap();
    assert_eq!(last.fields.keys().collect::<Vec<_>>(), ["vehicles"], "only what is wished");

    noeul.get("/reminders").await;
    noeul.post("/reminders", &[]).await;
    country.at("2026-12-01T10:00");
    assert_eq!(remind(&country).await, 0);
    assert_eq!(looks(&country, party).await, 2);
    assert_eq!(subjects(&country, party).await, [""; 0]);

    // A wish that is left without its consent reads nothing.
    let store = &country.app.store;
    let mut batch = maru_store::Batch::new();
    batch.write(
        "INSERT INTO message_reminder (party, reminder, look) VALUES ($1, 'passport', '2026-01-01')",
        vec![party.into()],
    );
    store.commit(batch).await.unwrap();
    assert_eq!(remind(&country).await, 0);
    assert_eq!(looks(&country, party).await, 2);
    let left = store.query("SELECT party FROM message_reminder", vec![]).await.unwrap();
    assert!(left.is_empty());
}

#[tokio::test]
async fn an_end_that_was_missed_is_said_once_and_bad_wishes_change_nothing() {
    let country = country().await;
    let mut noeul = country.signed_in("noeul").await;
    noeul.get("/reminders").await;
    noeul.post("/reminders", &[("remind-vehicle-inspection", "yes")]).await;
    assert_eq!(
        noeul.post("/reminders", &[("remind-moon", "yes")]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    // Due on 4 December; nobody looked for weeks.
    country.at("2026-12-21T10:00");
    assert_eq!(remind(&country).await, 1);
    assert_eq!(subjects(&country, "resident-noeul").await, ["자동차 정기검사: 2026년 12월 4일에 지났습니다"]);
    country.at("2027-01-25T10:00");
    assert_eq!(remind(&country).await, 0);

    let token = country.token("noeul").await;
    let path = "/api/v1/me/reminders";
    let listed = country.call(Method::GET, path, Some(&token), "").await.json();
    let of = |listed: &Json, id: &str| {
        listed["reminders"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap().clone()
    };
    assert_eq!(of(&listed, "vehicle-inspection")["due"], "2026-12-04");
    assert_eq!(of(&listed, "passport")["chosen"], false);
    let wrong = country.call(Method::PUT, path, Some(&token), r#"{"reminders": ["moon"]}"#).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let chosen =
        country.call(Method::PUT, path, Some(&token), r#"{"reminders": ["disability-review"]}"#).await;
    assert_eq!(of(&chosen.json(), "disability-review")["chosen"], true);
    assert_eq!(of(&chosen.json(), "vehicle-inspection")["chosen"], false);
    assert_eq!(country.call(Method::GET, path, None, "").await.status, StatusCode::UNAUTHORIZED);
    let haneul = country.token("haneul").await;
    assert_eq!(country.call(Method::GET, path, Some(&haneul), "").await.status, StatusCode::FORBIDDEN);
}

/// What a benefit hangs on runs out: a registration, and a voucher that was paid for one child and not for another.
#[tokio::test]
async fn benefits_that_run_out_are_told_ahead() {
    let country = country().await;
    let child = |born: &str, paid: bool| {
        json!({ "이름": "정물결", "생년월일": born, "거주지": "부산광역시 해운대구", "신분": "국민", "등록": "주민등록", "국외일수": 0,
                "상품권": false, "출생순위": 1, "돌봄": "가정", "돌봄지원액": 0, "첫만남지급": paid })
    };
    let children =
        json!({ "자녀": [child("2024-12-03", false), child("2025-01-20", true), child("2025-06-01", true)] });
    register(&country, "resident-bada", "children", children).await;
    country.settle().await;
    let mut bada = country.signed_in("bada").await;
    bada.get("/reminders").await;
    bada.post("/reminders", &[("remind-job-seeking", "yes"), ("remind-first-meeting-voucher", "yes")]).await;
    let page = bada.get("/reminders").await.body;
    assert!(page.contains("2027년 2월 28일까지") && page.contains("2027년 1월 19일까지"), "{page}");
    assert!(!page.contains("2026년 12월 2일"), "nothing of what was never paid runs out: {page}");

    country.at("2026-12-21T10:00");
    assert_eq!(remind(&country).await, 1);
    let voucher = "첫만남이용권 쓰는 기한: 29일 남았습니다 (2027년 1월 19일)";
    assert_eq!(subjects(&country, "resident-bada").await, [voucher]);
    country.at("2027-02-15T10:00");
    remind(&country).await;
    let told = subjects(&country, "resident-bada").await;
    assert_eq!(
        told.last().map(String::as_str),
        Some("구직 등록 끝: 13일 남았습니다 (2027년 2월 28일)"),
        "{told:?}"
    );
}
