//! Lines and who stands in them: what is refused, who leaves, who decides or signs for somebody else.

use crate::common::{
    country,
    office::{BODY, Office, WHY, garam_then_gureum, sign, step},
};
use axum::http::StatusCode;
use serde_json::{Value as Json, json};

const DAY: i64 = 86_400;

#[tokio::test]
async fn a_line_that_loops_or_leads_nowhere_is_refused() {
    let country = country().await;
    let office = Office::of(&country).await;
    let draft = json!({ "title": "제목", "body": BODY });
    let with = |line: Json| {
        let mut body = draft.clone();
        body["line"] = line;
        body
    };
    let twice = json!([step("garam", "review"), step("garam", "approve")]);
    let told = office.is(422, "haneul", "/documents", with(twice)).await;
    assert!(told.contains("work-line-loops") && told.contains("돌고 도는 결재선"), "{told}");
    for (line, key) in [
        (json!([step("haneul", "approve")]), "work-line-drafter"),
        (json!([step("garam", "approve"), step("gureum", "approve")]), "work-line-approvers"),
        (json!([step("nobody", "approve")]), "work-line-gone"),
        (json!([step("onnuri", "approve")]), "work-line-gone"),
        (json!([{ "person": "resident-maru", "kind": "approve" }]), "work-line-gone"),
        (
            json!([{ "person": "official-garam", "kind": "approve", "decides_for": "official-gureum" }]),
            "work-line-not-delegated",
        ),
        (
            json!([{ "person": "official-garam", "kind": "approve", "decides_for": "official-haneul" }]),
            "work-line-drafter",
        ),
    ] {
        let told = office.is(422, "haneul", "/documents", with(line)).await;
        assert!(told.contains(key), "{key}: {told}");
    }
    let many: Vec<Json> = (0..21).map(|n| step(&format!("p{n}"), "review")).collect();
    assert!(office.is(422, "haneul", "/documents", with(json!(many))).await.contains("work-line-long"));
    for (line, key) in [
        (json!([]), "work-line-empty"),
        (json!([step("garam", "review")]), "work-line-no-approver"),
        (json!([step("garam", "approve"), step("gureum", "review")]), "work-line-last"),
    ] {
        let id = office.draft(None, line).await;
        let told = office.is(422, "haneul", &format!("/documents/{id}/submit"), Json::Null).await;
        assert!(told.contains(key), "{key}: {told}");
    }
    for bad in [
        json!({ "title": " ", "body": BODY }),
        json!({ "title": "제목", "body": " " }),
        json!({ "title": "ㄱ".repeat(201), "body": BODY }),
        json!({ "title": "제목", "body": BODY, "recipient": "suwon-livelihood" }),
        json!({ "title": "제목", "body": BODY, "recipient": "nowhere" }),
        json!({ "title": "제목", "body": BODY, "case": "../x" }),
    ] {
        office.is(422, "haneul", "/documents", bad).await;
    }
    // Whose role has ended meanwhile can't be asked any more.
    let id = office.draft(None, garam_then_gureum()).await;
    let mut saebyeok = country.signed_in("saebyeok").await;
    saebyeok.get("/admin/officials/official-gureum/end").await;
    let ended = saebyeok.post("/admin/officials/official-gureum/end", &[]).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER, "{}", ended.body);
    let told = office.is(422, "haneul", &format!("/documents/{id}/submit"), Json::Null).await;
    assert!(told.contains("work-line-gone"), "{told}");
}

#[tokio::test]
async fn when_somebody_in_the_line_leaves_it_comes_back() {
    let country = country().await;
    let office = Office::of(&country).await;
    let id = office.submitted(None, garam_then_gureum()).await;
    let other = office.submitted(None, json!([step("garam", "approve")])).await;
    let mut saebyeok = country.signed_in("saebyeok").await;
    saebyeok.get("/admin/officials/official-gureum/end").await;
    let ended = saebyeok.post("/admin/officials/official-gureum/end", &[]).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER, "{}", ended.body);
    country.settle().await;
    let seen = office.get("haneul", &format!("/documents/{id}")).await.json();
    assert_eq!((&seen["state"], &seen["rounds"][0]["outcome"]), (&json!("returned"), &json!("gone")));
    assert_eq!(office.box_of("garam", "waiting").await, [other.as_str()]);
    let told = office.is(422, "haneul", &format!("/documents/{id}/submit"), Json::Null).await;
    assert!(told.contains("work-line-gone"), "{told}");
    let mut haneul = country.signed_in("haneul").await;
    let page = haneul.get(&format!("/documents/{id}")).await.body;
    assert!(page.contains("자리를 떠나"), "{page}");
    haneul.get(&format!("/documents/{id}/line")).await;
    assert_eq!(
        haneul.post(&format!("/documents/{id}/line/2/remove"), &[]).await.status,
        StatusCode::SEE_OTHER
    );
    let isul = [("person", "official-isul"), ("kind", "approve")];
    assert_eq!(haneul.post(&format!("/documents/{id}/line"), &isul).await.status, StatusCode::SEE_OTHER);
    office.must("haneul", &format!("/documents/{id}/submit"), Json::Null).await;
}

#[tokio::test]
async fn who_has_the_word_decides_for_another_until_it_is_taken_back() {
    let country = country().await;
    let office = Office::of(&country).await;
    let given =
        json!({ "kind": "decide", "taker": "official-garam", "from": "2026-10-07", "until": "2026-12-31" });
    let word = office.must("gureum", "/mandates", given).await;
    let line = json!([
        step("isul", "review"),
        { "person": "official-garam", "kind": "approve", "decides_for": "official-gureum" },
    ]);
    let id = office.submitted(None, line.clone()).await;
    let second = office.submitted(None, line).await;
    office.must("isul", &format!("/documents/{id}/sign"), sign(1)).await;
    let done = office.must("garam", &format!("/documents/{id}/sign"), sign(2)).await;
    assert_eq!(done["state"], "completed");
    assert_eq!(done["rounds"][0]["line"][1]["decides_for"], "최구름 과장");
    let page = country.signed_in("haneul").await.get(&format!("/documents/{id}")).await.body;
    assert!(page.contains("전결") && page.contains("최구름 과장"), "{page}");

    let end = format!("/mandates/{}/end", word["id"].as_str().unwrap());
    office.is(404, "garam", &end, Json::Null).await;
    office.must("gureum", &end, Json::Null).await;
    office.is(409, "gureum", &end, Json::Null).await;
    office.must("isul", &format!("/documents/{second}/sign"), sign(1)).await;
    let told = office.is(409, "garam", &format!("/documents/{second}/sign"), sign(2)).await;
    assert!(told.contains("전결 위임이 끝났습니다"), "{told}");
    office.must("garam", &format!("/documents/{second}/reject"), json!({ "step": 2, "reasons": WHY })).await;
}

#[tokio::test]
async fn a_deputy_signs_while_somebody_is_away_who_takes_note_afterwards() {
    let country = country().await;
    let mut office = Office::of(&country).await;
    let away = |taker: &str, from: &str, until: &str| json!({ "kind": "deputy", "taker": format!("official-{taker}"), "from": from, "until": until });
    for (taker, from, until, key) in [
        ("gureum", "2026-10-08", "2026-10-09", "work-taker-needed"),
        ("nobody", "2026-10-08", "2026-10-09", "work-taker-needed"),
        ("garam", "2026-10-09", "2026-10-08", "work-until-before"),
        ("garam", "2026-10-01", "2026-10-06", "work-until-past"),
        ("garam", "2026-10-08", "2027-11-08", "work-until-far"),
    ] {
        let told = office.is(422, "gureum", "/mandates", away(taker, from, until)).await;
        assert!(told.contains(key), "{key}: {told}");
    }
    office.must("gureum", "/mandates", away("garam", "2026-10-07", "2026-10-08")).await;
    let again = office.is(422, "gureum", "/mandates", away("isul", "2026-10-08", "2026-10-12")).await;
    assert!(again.contains("work-away-already"), "{again}");
    // Garam's deputy must not lead back; Isul's way to Garam's is a chain.
    let circle = office.is(422, "garam", "/mandates", away("gureum", "2026-10-08", "2026-10-09")).await;
    assert!(circle.contains("work-taker-loops"), "{circle}");
    let id = office.submitted(None, json!([step("gureum", "approve")])).await;
    let second = office.submitted(None, json!([step("gureum", "approve")])).await;
    assert_eq!(office.box_of("garam", "waiting").await.len(), 2);
    assert_eq!(office.get("isul", "/documents?box=waiting").await.json()["documents"], json!([]));
    office.is(403, "isul", &format!("/documents/{id}/sign"), sign(1)).await;
    let done = office.must("garam", &format!("/documents/{id}/sign"), sign(1)).await;
    let stamp = &done["rounds"][0]["line"][0];
    assert_eq!(
        (&stamp["name"], &stamp["signed_by"], &stamp["deputy"]),
        (&json!("최구름 과장"), &json!("이가람 팀장"), &json!(true))
    );
    // The deputy is away too: theirs signs for both.
    office.must("garam", "/mandates", away("isul", "2026-10-07", "2026-10-07")).await;
    office.must("isul", &format!("/documents/{second}/sign"), sign(1)).await;
    // A drafter stands in for nobody on their own document.
    let own = json!({ "title": "이슬비의 문서", "body": BODY, "line": [step("gureum", "approve")] });
    let theirs = office.must("isul", "/documents", own).await["id"].as_str().unwrap().to_owned();
    office.must("isul", &format!("/documents/{theirs}/submit"), Json::Null).await;
    assert!(!office.box_of("isul", "waiting").await.contains(&theirs));
    office.is(409, "isul", &format!("/documents/{theirs}/sign"), sign(1)).await;

    country.clock.forward(2 * DAY);
    office.sign_in().await;
    assert!(office.box_of("garam", "waiting").await.is_empty(), "the time is over");
    office.is(403, "garam", &format!("/documents/{theirs}/sign"), sign(1)).await;
    let mut gureum = country.signed_in("gureum").await;
    let page = gureum.get("/documents").await.body;
    assert!(page.contains("후보고") && page.contains("대결: 이가람 팀장"), "{page}");
    let report = json!({ "round": 1, "step": 1 });
    office.is(404, "garam", &format!("/documents/{id}/acknowledge"), report.clone()).await;
    let seen = office.must("gureum", &format!("/documents/{id}/acknowledge"), report.clone()).await;
    assert_eq!(seen["seal_right"], true, "nothing that is sealed has changed");
    office.is(409, "gureum", &format!("/documents/{id}/acknowledge"), report).await;
    assert!(office.kinds(&id).await.contains(&"work.acknowledged".to_owned()));
}
