//! The register of delegated decisions: who keeps it, what it offers, what it lets through, and until when.

use crate::common::{
    country,
    office::{BODY, Office, sign, step},
};
use axum::http::StatusCode;
use maru_web::ports::{LineKind, LineStep};
use serde_json::{Value as Json, json};

fn rule(agency: &str, matter: &str, decides: &str, whose: &str) -> Json {
    json!({ "agency": agency, "matter": matter, "decides": decides, "whose": whose })
}

/// Garam, team leader, decides for Gureum, head of division.
fn delegated() -> Json {
    json!([{ "person": "official-garam", "kind": "approve", "decides_for": "official-gureum" }])
}

#[tokio::test]
async fn the_manager_of_the_agency_keeps_it() {
    let country = country().await;
    let office = Office::of(&country).await;
    let good = rule("suwon", "internal", "팀장", "과장");
    for user in ["haneul", "gureum", "maru"] {
        office.is(403, user, "/delegations", good.clone()).await;
    }
    office.is(404, "saebyeok", "/delegations", rule("jeonju", "internal", "팀장", "과장")).await;
    for (wrong, field) in [
        (rule("suwon", "internal", " ", "과장"), "decides"),
        (rule("suwon", "internal", "팀장", ""), "whose"),
        (rule("suwon", "internal", "팀장", "팀장"), "whose"),
        (rule("suwon", "internal", &"장".repeat(31), "과장"), "decides"),
        (rule("suwon", "any", "팀장", "과장"), "body"),
    ] {
        let told = office.is(422, "saebyeok", "/delegations", wrong).await;
        assert!(told.contains(&format!("\"field\":\"{field}\"")), "{field}: {told}");
    }
    let first = office.must("saebyeok", "/delegations", good.clone()).await;
    let second = office.must("saebyeok", "/delegations", rule("suwon", "internal", "팀장", "국장")).await;
    let listed = office.get("haneul", "/delegations").await.json();
    assert_eq!(listed["delegations"], json!([second]), "one for a matter: {listed}");
    assert_eq!(office.get("handeul", "/delegations").await.json()["delegations"], json!([]), "of Jeonju");
    assert_eq!(office.get("maru", "/delegations").await.status, StatusCode::FORBIDDEN);
    let end = |rule: &Json| format!("/delegations/{}/end", rule["id"].as_str().unwrap());
    office.is(403, "haneul", &end(&second), Json::Null).await;
    office.is(404, "saebyeok", &end(&first), Json::Null).await;
    office.must("saebyeok", &end(&second), Json::Null).await;
    office.is(404, "saebyeok", &end(&second), Json::Null).await;
    let events = country.app.store.events("delegation/suwon").await.unwrap();
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["work.delegated", "work.delegated", "work.delegation-ended"]);
    // Two at once: one rule stands.
    let (one, other) = tokio::join!(
        office.post("saebyeok", "/delegations", &good),
        office.post("saebyeok", "/delegations", &good)
    );
    assert!(one.status == StatusCode::CREATED && other.status == StatusCode::CREATED, "{}", other.body);
    assert_eq!(office.get("haneul", "/delegations").await.json()["delegations"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_line_may_end_with_whom_the_register_names() {
    let country = country().await;
    let office = Office::of(&country).await;
    let refused = |line: Json, recipient: Option<&str>| json!({ "title": "제목", "body": BODY, "line": line, "recipient": recipient });
    let told = office.is(422, "haneul", "/documents", refused(delegated(), None)).await;
    assert!(told.contains("work-line-not-delegated"), "{told}");
    let kept = office.must("saebyeok", "/delegations", rule("suwon", "internal", "팀장", "과장")).await;
    // Another matter, another rank, another agency, the other way round: not by this rule.
    for (decides, whose, recipient) in [
        ("garam", "gureum", Some("jeonju-livelihood")),
        ("gureum", "garam", None),
        ("isul", "gureum", None),
        ("garam", "isul", None),
        ("handeul", "gureum", None),
        ("garam", "handeul", None),
        ("garam", "nobody", None),
    ] {
        let mut step = step(decides, "approve");
        step["decides_for"] = format!("official-{whose}").into();
        let told = office.is(422, "haneul", "/documents", refused(json!([step]), recipient)).await;
        assert!(told.contains("work-line-not-delegated"), "{decides} for {whose}: {told}");
    }
    let id = office.submitted(None, delegated()).await;
    let done = office.must("garam", &format!("/documents/{id}/sign"), sign(1)).await;
    assert_eq!((&done["state"], &done["seal_right"]), (&json!("completed"), &json!(true)));
    assert_eq!(done["rounds"][0]["line"][0]["decides_for"], "최구름 과장");
    let sql = "SELECT mandate FROM work_step WHERE document = $1";
    let row = country.app.store.query_one(sql, vec![id.as_str().into()]).await.unwrap().unwrap();
    assert_eq!(row.maybe_text("mandate"), kept["id"].as_str(), "by which word it was decided is kept");

    // A draft whose recipient changes becomes another matter; the line is looked at again when it goes.
    let draft = office.draft(None, delegated()).await;
    let out = json!({ "title": "제목", "body": BODY, "recipient": "jeonju-livelihood" });
    office.must("haneul", &format!("/documents/{draft}/revise"), out).await;
    let told = office.is(422, "haneul", &format!("/documents/{draft}/submit"), Json::Null).await;
    assert!(told.contains("work-line-not-delegated"), "{told}");

    // What waits when the rule goes can only go back.
    let waits = office.submitted(None, delegated()).await;
    let end = format!("/delegations/{}/end", kept["id"].as_str().unwrap());
    office.must("saebyeok", &end, Json::Null).await;
    let told = office.is(409, "garam", &format!("/documents/{waits}/sign"), sign(1)).await;
    assert!(told.contains("전결 위임이 끝났습니다"), "{told}");
    let why = json!({ "step": 1, "reasons": "전결 규정이 바뀌었습니다." });
    office.must("garam", &format!("/documents/{waits}/reject"), why).await;
    // A personal word does without the register.
    let word =
        json!({ "kind": "decide", "taker": "official-garam", "from": "2026-10-07", "until": "2026-10-31" });
    office.must("gureum", "/mandates", word).await;
    let id = office.submitted(None, delegated()).await;
    office.must("garam", &format!("/documents/{id}/sign"), sign(1)).await;
}

#[tokio::test]
async fn what_is_decided_about_a_case_is_a_matter_of_its_own() {
    let country = country().await;
    let office = Office::of(&country).await;
    let haneul = country.app.ports.people.person("official-haneul").await.unwrap();
    let line = [LineStep {
        person: "official-garam".into(),
        kind: LineKind::Approve,
        beside: false,
        decides_for: Some("official-gureum".into()),
    }];
    let propose = async || {
        let documents = country.app.ports.documents.clone();
        documents.propose(&haneul, "suwon-livelihood", "case-7", "결정안", BODY, &line).await.is_ok()
    };
    office.must("saebyeok", "/delegations", rule("suwon", "internal", "팀장", "과장")).await;
    assert!(!propose().await);
    office.must("saebyeok", "/delegations", rule("suwon", "decision", "팀장", "과장")).await;
    assert!(propose().await);
}

#[tokio::test]
async fn pages_keep_the_register_and_propose_the_line() {
    let country = country().await;
    let mut saebyeok = country.signed_in("saebyeok").await;
    let page = saebyeok.get("/admin/delegations").await.body;
    assert!(page.contains("민원 처리 결정") && page.contains("전결이 없습니다"), "{page}");
    let fields = |decides: &'static str| {
        [("agency", "suwon"), ("matter", "internal"), ("decides", decides), ("whose", "과장")]
    };
    let wrong = saebyeok.post("/admin/delegations", &fields("과장")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("href=\"#whose-suwon-internal\""), "{}", wrong.body);
    let set = saebyeok.post("/admin/delegations", &fields("팀장")).await;
    assert_eq!(set.status, StatusCode::SEE_OTHER, "{}", set.body);
    let other = [("agency", "suwon"), ("matter", "any"), ("decides", "팀장"), ("whose", "과장")];
    assert_eq!(saebyeok.post("/admin/delegations", &other).await.status, StatusCode::NOT_FOUND);
    for user in ["haneul", "onnuri", "sebom", "maru"] {
        let mut browser = country.signed_in(user).await;
        browser.get("/me/password").await;
        assert_eq!(browser.get("/admin/delegations").await.status, StatusCode::FORBIDDEN, "{user}");
        let denied = browser.post("/admin/delegations", &fields("팀장")).await;
        assert_eq!(denied.status, StatusCode::FORBIDDEN, "{user}");
    }

    let mut haneul = country.signed_in("haneul").await;
    haneul.get("/documents/new").await;
    let begun = haneul.post("/documents/new", &[("title", "점검"), ("body", BODY), ("recipient", "")]).await;
    let line = begun.location.unwrap();
    let page = haneul.get(&line).await.body;
    assert!(page.contains("과장 결재를 팀장 전결로 합니다"), "{page}");
    assert!(page.contains("이가람 팀장 전결(최구름 과장)"), "{page}");
    let taken = haneul.post(&line, &[("person", "official-garam:official-gureum")]).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.body);
    let page = haneul.get(&line).await.body;
    assert!(page.contains("전결") && !page.contains("이 전결로 결재선 맺기"), "{page}");
    let sent = haneul.post(&line.replace("/line", "/submit"), &[]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);

    let page = saebyeok.get("/admin/delegations").await.body;
    let (_, rest) = page.split_once("action=\"/admin/delegations/").unwrap();
    let end = format!("/admin/delegations/{}", rest.split('"').next().unwrap());
    let mut clerk = country.signed_in("haneul").await;
    clerk.get("/documents").await;
    assert_eq!(clerk.post(&end, &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(saebyeok.post(&end, &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(saebyeok.post(&end, &[]).await.status, StatusCode::NOT_FOUND, "twice");
    assert!(!saebyeok.get("/admin/delegations").await.body.contains("/end\""));
    saebyeok.get("/language/en").await;
    assert!(saebyeok.get("/admin/delegations").await.body.contains("Letters to other agencies"));
}
