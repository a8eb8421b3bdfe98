//! Documents and their approval lines: who may what when, what is kept, and what happens when two do it at once.

use crate::common::{
    country,
    office::{BODY, Office, WHY, garam_then_gureum, sign, step},
};
use axum::http::StatusCode;
use maru_store::Batch;
use maru_web::ports::{LineKind, LineStep};
use serde_json::{Value as Json, json};

#[tokio::test]
async fn a_document_goes_its_way_is_numbered_sealed_sent_and_received() {
    let country = country().await;
    let office = Office::of(&country).await;
    let line = json!([
        step("garam", "review"),
        step("isul", "cosign"),
        { "person": "official-saebyeok", "kind": "cosign", "beside": true },
        step("gureum", "approve"),
    ]);
    let id = office.draft(Some("jeonju-livelihood"), line).await;
    let path = |verb: &str| format!("/documents/{id}/{verb}");
    // A draft is its drafter's alone.
    for user in ["garam", "gureum", "isul", "handeul", "saebyeok"] {
        assert_eq!(
            office.get(user, &format!("/documents/{id}")).await.status,
            StatusCode::NOT_FOUND,
            "{user}"
        );
        office.is(404, user, &path("submit"), Json::Null).await;
        office.is(404, user, &path("sign"), sign(1)).await;
    }
    office.must("haneul", &path("submit"), Json::Null).await;
    office.is(409, "haneul", &path("submit"), Json::Null).await;
    assert_eq!(office.box_of("garam", "waiting").await, [id.as_str()]);
    assert!(
        office.box_of("isul", "waiting").await.is_empty()
            && office.box_of("gureum", "waiting").await.is_empty()
    );
    // Whom it is for when it is approved does not see it before; nor does anybody else, and no resident at all.
    assert_eq!(office.get("handeul", &format!("/documents/{id}")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(office.get("maru", &format!("/documents/{id}")).await.status, StatusCode::FORBIDDEN);
    // Nobody out of turn, nobody for somebody else.
    office.is(409, "gureum", &path("sign"), sign(4)).await;
    office.is(403, "isul", &path("sign"), sign(1)).await;
    office.is(403, "haneul", &path("sign"), sign(1)).await;
    office.must("garam", &path("sign"), json!({ "step": 1, "comment": "잘 살폈습니다." })).await;
    office.is(409, "garam", &path("sign"), sign(1)).await;
    // Two side by side, in any order; only then the approver.
    assert_eq!(office.box_of("saebyeok", "waiting").await, [id.as_str()]);
    office.must("saebyeok", &path("sign"), sign(3)).await;
    office.is(409, "gureum", &path("sign"), sign(4)).await;
    office.must("isul", &path("sign"), sign(2)).await;
    let done = office.must("gureum", &path("sign"), sign(4)).await;
    assert_eq!(done["state"], "completed");
    assert_eq!(done["number"], "복지정책과 생활보장팀-2026-1");
    assert_eq!(done["seal_right"], true);
    assert_eq!(done["seal"].as_str().unwrap().len(), 64);
    // Read only for everybody.
    office.is(409, "haneul", &path("revise"), json!({ "title": "다른 제목", "body": BODY })).await;
    office.is(409, "haneul", &path("recall"), Json::Null).await;
    office.is(409, "haneul", &path("discard"), Json::Null).await;
    office.is(409, "gureum", &path("reject"), json!({ "step": 4, "reasons": WHY })).await;
    // The receiving unit has it, takes it in hand once, and finds it again; nobody else does.
    assert_eq!(office.box_of("handeul", "sent").await, [id.as_str()]);
    office.is(403, "haneul", &path("receive"), Json::Null).await;
    office.must("handeul", &path("receive"), Json::Null).await;
    office.is(409, "handeul", &path("receive"), Json::Null).await;
    for (user, q, found) in [
        ("haneul", "2026-1", 1),
        ("isul", "%EC%8B%A4%ED%83%9C", 1),
        ("handeul", "2026-1", 1),
        ("haneul", "2026-2", 0),
        ("saebyeok", "2026-1", 0),
        ("haneul", "%25", 0),
    ] {
        let listed = office.box_of(user, &format!("archive&q={q}")).await;
        assert_eq!(listed.len(), found, "{user} {q}");
    }
    assert_eq!(office.box_of("haneul", "archive&from=2026-10-07&until=2026-10-07").await.len(), 1);
    assert!(office.box_of("haneul", "archive&from=2026-10-08").await.is_empty());
    let kinds = office.kinds(&id).await;
    let expected =
        ["drafted", "submitted", "signed", "signed", "signed", "signed", "completed", "sent", "received"];
    assert_eq!(kinds, expected.map(|kind| format!("work.{kind}")));

    // What is changed afterwards shows.
    let mut batch = Batch::new();
    batch.write("UPDATE work_round SET body = 'anders' WHERE document = $1", vec![id.as_str().into()]);
    country.app.store.commit(batch).await.unwrap();
    assert_eq!(office.get("haneul", &format!("/documents/{id}")).await.json()["seal_right"], false);
    let page = country.signed_in("haneul").await.get(&format!("/documents/{id}")).await.body;
    assert!(page.contains("봉인이 맞지 않습니다"), "{page}");
}

#[tokio::test]
async fn a_rejected_document_comes_back_is_revised_and_goes_anew() {
    let country = country().await;
    let office = Office::of(&country).await;
    let id = office.submitted(None, garam_then_gureum()).await;
    let path = |verb: &str| format!("/documents/{id}/{verb}");
    office.must("garam", &path("sign"), sign(1)).await;
    office.is(409, "haneul", &path("recall"), Json::Null).await;
    office.is(422, "gureum", &path("reject"), json!({ "step": 2, "reasons": " 안 " })).await;
    office.must("gureum", &path("reject"), json!({ "step": 2, "reasons": WHY })).await;
    office.is(409, "gureum", &path("sign"), sign(2)).await;
    // Its drafter alone sees what is written now; the others what was submitted.
    let revised = json!({ "title": "조사 계획을 고침", "body": BODY });
    office.must("haneul", &path("revise"), revised).await;
    office.is(404, "garam", &path("revise"), json!({ "title": "남의 것", "body": BODY })).await;
    let seen = office.get("gureum", &format!("/documents/{id}")).await.json();
    assert_eq!(seen["state"], "returned");
    assert_eq!(seen["rounds"].as_array().unwrap().len(), 1);
    assert_eq!(seen["rounds"][0]["outcome"], "rejected");
    assert!(!seen.to_string().contains("조사 계획을 고침"));
    let page = country.signed_in("garam").await.get(&format!("/documents/{id}")).await.body;
    assert!(
        !page.contains("조사 계획을 고침") && page.contains("생활 실태 조사 계획") && page.contains(WHY),
        "{page}"
    );
    office.must("haneul", &path("submit"), Json::Null).await;
    let seen = office.get("gureum", &format!("/documents/{id}")).await.json();
    assert_eq!(
        seen["rounds"][1]["line"][0]["state"], "waiting",
        "what was signed before counts for nothing now"
    );
    assert_eq!(seen["rounds"][0]["line"][0]["state"], "signed", "but is kept");
    // Nobody has signed yet: back once more, then to the end.
    office.must("haneul", &path("recall"), Json::Null).await;
    office.is(409, "garam", &path("sign"), sign(1)).await;
    assert!(office.box_of("garam", "waiting").await.is_empty());
    office.must("haneul", &path("submit"), Json::Null).await;
    office.must("garam", &path("sign"), sign(1)).await;
    let done = office.must("gureum", &path("sign"), sign(2)).await;
    assert_eq!(done["rounds"].as_array().unwrap().len(), 3);
    assert_eq!(done["number"], "복지정책과 생활보장팀-2026-1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn numbers_have_no_gap_and_no_twin_when_many_complete_at_once() {
    let country = country().await;
    let office = Office::of(&country).await;
    let mut ids = Vec::new();
    for _ in 0..12 {
        ids.push(office.submitted(None, json!([step("gureum", "approve")])).await);
    }
    let paths: Vec<String> = ids.iter().map(|id| format!("/documents/{id}/sign")).collect();
    let body = sign(1);
    for four in paths.chunks(4) {
        let (a, b, c, d) = tokio::join!(
            office.post("gureum", &four[0], &body),
            office.post("gureum", &four[1], &body),
            office.post("gureum", &four[2], &body),
            office.post("gureum", &four[3], &body)
        );
        for answer in [a, b, c, d] {
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        }
    }
    let mut serials = Vec::new();
    for id in &ids {
        let document = office.get("gureum", &format!("/documents/{id}")).await.json();
        let number = document["number"].as_str().unwrap().to_owned();
        serials.push(number.rsplit('-').next().unwrap().parse::<i64>().unwrap());
    }
    serials.sort_unstable();
    assert_eq!(serials, (1..=12).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_who_act_at_once_one_has_it() {
    let country = country().await;
    let office = Office::of(&country).await;
    let given =
        json!({ "kind": "deputy", "taker": "official-garam", "from": "2026-10-07", "until": "2026-10-08" });
    office.must("gureum", "/mandates", given).await;
    for round in 0..6 {
        let id = office.submitted(None, json!([step("gureum", "approve")])).await;
        let (path, no) = (format!("/documents/{id}/sign"), format!("/documents/{id}/reject"));
        let (body, why) = (sign(1), json!({ "step": 1, "reasons": WHY }));
        let second = if round % 2 == 0 { (&path, &body) } else { (&no, &why) };
        let (one, other) =
            tokio::join!(office.post("gureum", &path, &body), office.post("garam", second.0, second.1));
        let mut both = [one.status.as_u16(), other.status.as_u16()];
        both.sort_unstable();
        assert_eq!(both, [200, 409], "{} {}", one.body, other.body);
        let kinds = office.kinds(&id).await;
        let ends = kinds.iter().filter(|kind| *kind == "work.completed" || *kind == "work.rejected").count();
        assert_eq!(ends, 1, "{kinds:?}");
    }
    // Its drafter takes it back while it is signed.
    let id = office.submitted(None, garam_then_gureum()).await;
    let (path, back) = (format!("/documents/{id}/sign"), format!("/documents/{id}/recall"));
    let (body, none) = (sign(1), Json::Null);
    let (one, other) = tokio::join!(office.post("garam", &path, &body), office.post("haneul", &back, &none));
    let mut both = [one.status.as_u16(), other.status.as_u16()];
    both.sort_unstable();
    assert_eq!(both, [200, 409]);
}

#[tokio::test]
async fn pages_lead_from_a_draft_to_several_signed_at_once() {
    let country = country().await;
    let mut haneul = country.signed_in("haneul").await;
    let mut made = Vec::new();
    for title in ["첫째 문서", "둘째 문서", "셋째 문서"] {
        assert_eq!(haneul.get("/documents/new").await.status, StatusCode::OK);
        let none = haneul.post("/documents/new", &[("title", ""), ("body", BODY)]).await;
        assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(none.body.contains("나루동 일대"), "what was typed is still there");
        let begun =
            haneul.post("/documents/new", &[("title", title), ("body", BODY), ("recipient", "")]).await;
        let line = begun.location.expect("a draft leads to its line");
        let page = haneul.get(&line).await.body;
        assert!(page.contains("최구름 과장") && !page.contains("한들 주무관"), "the own unit is offered");
        let found = haneul.get(&format!("{line}?q=%ED%95%9C%EB%93%A4")).await.body;
        assert!(found.contains("한들 주무관"), "others by name: {found}");
        let early = haneul.post(&line.replace("/line", "/submit"), &[]).await;
        assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(early.body.contains("결재선이 비어 있습니다"), "{}", early.body);
        if !made.is_empty() {
            let page = haneul.get(&line).await.body;
            assert!(
                page.contains("지난번 결재선 그대로") && page.contains("이가람 팀장 → 최구름 과장"),
                "{page}"
            );
            assert_eq!(haneul.post(&format!("{line}/again"), &[]).await.status, StatusCode::SEE_OTHER);
            let sent = haneul.post(&line.replace("/line", "/submit"), &[]).await;
            assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
            made.push(line.trim_start_matches("/documents/").trim_end_matches("/line").to_owned());
            continue;
        }
        for (person, kind) in [("gureum", "approve"), ("garam", "review"), ("isul", "beside")] {
            let fields = [("person", format!("official-{person}")), ("kind", kind.to_owned())];
            let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
            let added = haneul.post(&line, &fields).await;
            assert_eq!(added.status, StatusCode::SEE_OTHER, "{person}: {}", added.body);
        }
        let page = haneul.get(&line).await.body;
        assert!(page.find("이가람").unwrap() < page.find("최구름").unwrap(), "the approver stays last");
        assert_eq!(haneul.post(&format!("{line}/2/earlier"), &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(haneul.post(&format!("{line}/1/remove"), &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(haneul.post(&format!("{line}/9/remove"), &[]).await.status, StatusCode::NOT_FOUND);
        let sent = haneul.post(&line.replace("/line", "/submit"), &[]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
        made.push(line.trim_start_matches("/documents/").trim_end_matches("/line").to_owned());
    }
    let mut garam = country.signed_in("garam").await;
    let page = garam.get("/documents").await.body;
    assert!(made.iter().all(|id| page.contains(&format!("sign-{id}-1"))), "{page}");
    // One of three is taken back before it is signed: the others are signed all the same.
    haneul.get(&format!("/documents/{}", made[1])).await;
    assert_eq!(
        haneul.post(&format!("/documents/{}/recall", made[1]), &[]).await.status,
        StatusCode::SEE_OTHER
    );
    let ticks: Vec<String> = made.iter().map(|id| format!("sign-{id}-1")).collect();
    let fields: Vec<(&str, &str)> = ticks.iter().map(|name| (name.as_str(), "yes")).collect();
    let signed = garam.post("/documents/sign", &fields).await;
    let told = garam.get(&signed.location.unwrap()).await.body;
    assert_eq!(told.matches("answer is-yes").count(), 2, "{told}");
    assert_eq!(told.matches("answer is-no").count(), 1, "{told}");
    let mut gureum = country.signed_in("gureum").await;
    let page = gureum.get("/documents").await.body;
    assert!(
        page.contains("첫째 문서") && !page.contains("둘째 문서") && page.contains("셋째 문서"),
        "{page}"
    );

    let open = format!("/documents/{}", made[0]);
    gureum.get(&open).await;
    let short = gureum.post(&format!("{open}/reject"), &[("step", "2"), ("reasons", "")]).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", short.body);
    assert_eq!(gureum.post(&format!("{open}/sign"), &[("step", "2")]).await.status, StatusCode::SEE_OTHER);
    let page = gureum.get(&open).await.body;
    assert!(page.contains("복지정책과 생활보장팀-2026-1") && page.contains("봉인이 맞습니다"), "{page}");
    let mut handeul = country.signed_in("handeul").await;
    handeul.get("/documents").await;
    assert_eq!(handeul.get(&open).await.status, StatusCode::NOT_FOUND);
    assert_eq!(handeul.post(&format!("{open}/sign"), &[("step", "2")]).await.status, StatusCode::NOT_FOUND);
    let mut maru = country.signed_in("maru").await;
    assert_eq!(maru.get("/documents").await.status, StatusCode::FORBIDDEN);
    let mut onnuri = country.signed_in("onnuri").await;
    assert_eq!(onnuri.get("/documents").await.status, StatusCode::FORBIDDEN);
    assert_eq!(country.browser().get(&open).await.status, StatusCode::SEE_OTHER, "signing in comes first");
}

#[tokio::test]
async fn a_case_asks_for_a_document_in_its_own_commit() {
    let country = country().await;
    let office = Office::of(&country).await;
    let documents = country.app.ports.documents.clone();
    let haneul = country.app.ports.people.person("official-haneul").await.unwrap();
    let last = |person: &str| LineStep {
        person: format!("official-{person}"),
        kind: LineKind::Approve,
        beside: false,
        decides_for: None,
    };
    let unit = "suwon-livelihood";
    let none = documents.propose(&haneul, unit, "case-7", "결정안", BODY, &[]).await;
    assert!(none.is_err(), "no line, no document");
    let (id, batch) =
        documents.propose(&haneul, unit, "case-7", "결정안", BODY, &[last("gureum")]).await.unwrap();
    assert!(documents.of_case("case-7").await.unwrap().is_empty(), "nothing is there before it is committed");
    country.app.store.commit(batch).await.unwrap();
    let cards = documents.of_case("case-7").await.unwrap();
    assert_eq!((cards.len(), cards[0].id.as_str(), cards[0].state), (1, id.as_str(), "running"));
    office.must("gureum", &format!("/documents/{id}/sign"), sign(1)).await;
    let events = country.app.store.events(&format!("document/{id}")).await.unwrap();
    let completed = events.iter().find(|event| event.kind == "work.completed").unwrap();
    assert_eq!(completed.body, json!({ "document": id, "case": "case-7" }));

    let (id, batch) =
        documents.propose(&haneul, unit, "case-8", "결정안", BODY, &[last("gureum")]).await.unwrap();
    country.app.store.commit(batch).await.unwrap();
    office.must("gureum", &format!("/documents/{id}/reject"), json!({ "step": 1, "reasons": WHY })).await;
    let events = country.app.store.events(&format!("document/{id}")).await.unwrap();
    let rejected = events.iter().find(|event| event.kind == "work.rejected").unwrap();
    assert_eq!((&rejected.body["document"], &rejected.body["case"]), (&json!(id), &json!("case-8")));
}
