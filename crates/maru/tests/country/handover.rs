//! A document that came back to somebody who has left goes on with a colleague whom the manager chooses.

use crate::common::{
    Country, country,
    office::{Office, WHY, garam_then_gureum, sign, step},
};
use axum::http::StatusCode;
use maru_party::admin::{self, Doer, NewOfficial};
use serde_json::{Value as Json, json};

fn to(person: &str) -> Json {
    json!({ "to": format!("official-{person}") })
}

async fn returned(office: &Office<'_>) -> String {
    let id = office.submitted(None, garam_then_gureum()).await;
    office.must("garam", &format!("/documents/{id}/reject"), json!({ "step": 1, "reasons": WHY })).await;
    id
}

async fn leaves(country: &Country, user: &str) {
    let mut saebyeok = country.signed_in("saebyeok").await;
    let path = format!("/admin/officials/official-{user}/end");
    saebyeok.get(&path).await;
    let ended = saebyeok.post(&path, &[]).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER, "{}", ended.body);
    country.settle().await;
}

#[tokio::test]
async fn the_manager_hands_over_what_came_back_when_its_drafter_has_left() {
    let country = country().await;
    let office = Office::of(&country).await;
    let id = returned(&office).await;
    let running = office.submitted(None, garam_then_gureum()).await;
    let private = office.draft(None, garam_then_gureum()).await;
    let path = format!("/documents/{id}/hand-over");
    let told = office.is(409, "saebyeok", &path, to("garam")).await;
    assert!(told.contains("아직 그 부서에서 일합니다"), "{told}");
    leaves(&country, "haneul").await;
    for user in ["garam", "gureum", "maru"] {
        office.is(403, user, &path, to("garam")).await;
    }
    for wrong in ["onnuri", "handeul", "haneul", "nobody"] {
        let told = office.is(422, "saebyeok", &path, to(wrong)).await;
        assert!(told.contains("\"field\":\"to\""), "{wrong}: {told}");
    }
    for other in [&running, &private] {
        office.is(409, "saebyeok", &format!("/documents/{other}/hand-over"), to("garam")).await;
    }
    office.is(404, "saebyeok", "/documents/01m49ynnr02fn5cyjpd6q9jr5x/hand-over", to("garam")).await;
    let page = country.signed_in("garam").await.get(&format!("/documents/{id}")).await.body;
    assert!(page.contains("기안자가 떠났습니다"), "what comes next is said: {page}");

    let (garam, gureum) = (to("garam"), to("gureum"));
    let (one, other) =
        tokio::join!(office.post("saebyeok", &path, &garam), office.post("saebyeok", &path, &gureum));
    let mut both = [one.status.as_u16(), other.status.as_u16()];
    both.sort_unstable();
    assert_eq!(both, [200, 409], "{} {}", one.body, other.body);
    let (heir, last) = if one.status == StatusCode::OK { ("garam", "gureum") } else { ("gureum", "garam") };
    // The heir stood in the line and can't stay there; after that it goes its way.
    let told = office.is(422, heir, &format!("/documents/{id}/submit"), Json::Null).await;
    assert!(told.contains("work-line-drafter"), "{told}");
    let line = json!([step(last, "approve")]);
    let body = json!({ "title": "조사 계획을 이어받아 고침", "body": "다시 씁니다.", "line": line });
    office.must(heir, &format!("/documents/{id}/revise"), body).await;
    office.must(heir, &format!("/documents/{id}/submit"), Json::Null).await;
    office.is(403, heir, &format!("/documents/{id}/sign"), sign(1)).await;
    let done = office.must(last, &format!("/documents/{id}/sign"), sign(1)).await;
    assert_eq!((&done["state"], &done["seal_right"]), (&json!("completed"), &json!(true)));
    let page = country.signed_in(last).await.get(&format!("/documents/{id}")).await.body;
    let (now, before) = page.split_once("id=\"past\"").unwrap();
    assert!(!now.contains("박하늘") && before.contains("박하늘"), "each round has its own drafter: {page}");
    assert!(office.kinds(&id).await.contains(&"work.handed-over".to_owned()));
    office.is(409, "saebyeok", &path, to(last)).await;
}

#[tokio::test]
async fn the_page_of_left_documents_tells_no_text_and_is_of_one_agency() {
    let country = country().await;
    let office = Office::of(&country).await;
    let id = returned(&office).await;
    let mut saebyeok = country.signed_in("saebyeok").await;
    assert!(saebyeok.get("/admin/documents").await.body.contains("남은 문서가 없습니다"));
    leaves(&country, "haneul").await;
    // A manager of another agency sees none of it.
    let new = NewOfficial {
        ko: "고요",
        en: "Go Yo",
        unit: "jeonju-livelihood",
        user: "goyo",
        role: "manager",
        ..NewOfficial::default()
    };
    let (_, given) = admin::add_official(&country.app, &Doer::machine(), new).await.unwrap();
    let mut goyo = country.browser();
    goyo.get("/sign-in").await;
    goyo.post("/sign-in", &[("name", "goyo"), ("password", &given)]).await;
    goyo.get("/me/password").await;
    let own = "a word of one's own";
    goyo.post("/me/password", &[("old", &given), ("password", own), ("again", own)]).await;
    let path = format!("/admin/documents/{id}/hand-over");
    assert!(goyo.get("/admin/documents").await.body.contains("남은 문서가 없습니다"));
    assert_eq!(goyo.post(&path, &[("to", "official-garam")]).await.status, StatusCode::NOT_FOUND);
    for user in ["garam", "onnuri", "sebom", "maru"] {
        let mut other = country.signed_in(user).await;
        other.get("/me/password").await;
        assert_eq!(other.get("/admin/documents").await.status, StatusCode::FORBIDDEN, "{user}");
        let denied = other.post(&path, &[("to", "official-garam")]).await;
        assert_eq!(denied.status, StatusCode::FORBIDDEN, "{user}");
    }

    let page = saebyeok.get("/admin/documents").await.body;
    assert!(page.contains("박하늘 주무관") && page.contains("이가람 팀장"), "{page}");
    assert!(
        !page.contains("생활 실태 조사 계획") && !page.contains("나루동"),
        "leading is not reading: {page}"
    );
    let wrong = saebyeok.post(&path, &[("to", "official-handeul")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains(&format!("href=\"#to-{id}\"")), "{}", wrong.body);
    let handed = saebyeok.post(&path, &[("to", "official-garam")]).await;
    assert_eq!(handed.status, StatusCode::SEE_OTHER, "{}", handed.body);
    assert!(saebyeok.get("/admin/documents").await.body.contains("남은 문서가 없습니다"));
    let mut garam = country.signed_in("garam").await;
    let page = garam.get("/documents?box=mine").await.body;
    assert!(page.contains(&id), "{page}");
    assert!(garam.get(&format!("/documents/{id}")).await.body.contains("/submit"));
}
