//! Where a petition goes by choice, and several that are sent in one visit.

use crate::common::{Browser, Country, answered_with, country, draft, filed_for, post, taken};
use axum::http::{Method, StatusCode};
use maru_store::Batch;
use serde_json::{Value, json};

/// A suggestion that is written, not sent.
async fn wish(browser: &mut Browser<'_>) -> String {
    written(browser, "suggestion").await
}

async fn written(browser: &mut Browser<'_>, service: &str) -> String {
    let id = filed_for(browser, service).await;
    let what = [("title", "공원 벤치를 늘려 주세요"), ("body", "어르신이 쉬어 갈 자리가 모자랍니다.")];
    answered_with(browser, &id, &[("what", &what)]).await;
    id
}

async fn column(country: &Country, id: &str, name: &str) -> Option<String> {
    let row = country
        .app
        .store
        .query_one("SELECT unit, wanted, receipt, state FROM case_case WHERE id = $1", vec![id.into()])
        .await;
    row.unwrap().unwrap().maybe_text(name).map(str::to_owned)
}

async fn end(country: &Country, unit: &str) {
    let mut batch = Batch::new();
    batch.write("UPDATE party_unit SET ended_at = 1 WHERE id = $1", vec![unit.into()]);
    country.app.store.commit(batch).await.unwrap();
}

async fn ties(country: &Country) -> Vec<(String, String)> {
    let rows = country
        .app
        .store
        .query("SELECT case_id, other FROM case_link WHERE kind = 'together' ORDER BY case_id", vec![])
        .await
        .unwrap();
    rows.iter().map(|row| (row.string("case_id").unwrap(), row.string("other").unwrap())).collect()
}

/// What a page says, without the address in its frame.
fn body(page: &str) -> String {
    page.split_once("<main").unwrap().1.split_once("</main>").unwrap().0.to_owned()
}

const SENT: &[(&str, &str)] = &[("confirmed", "yes")];

/// What a program of this person is told of the units a case may go to.
async fn offered(country: &Country, token: &str, id: &str, words: &str) -> (StatusCode, Value) {
    let path = format!("/api/v1/cases/{id}/units{words}");
    let answer = country.call(Method::GET, &path, Some(token), "").await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn a_program_lists_the_units_its_person_may_choose() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = wish(&mut maru).await;
    let token = country.token("maru").await;
    let ids = |units: &Value| {
        let units = units["units"].as_array().unwrap();
        units.iter().map(|unit| unit["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (_, all) = offered(&country, &token, &id, "").await;
    assert!(
        ids(&all).contains(&"jeonju-petition".to_owned()) && !ids(&all).contains(&"suwon-street".to_owned())
    );
    assert_eq!(all["wanted"], Value::Null, "Maru chooses at first");
    let (_, found) = offered(&country, &token, &id, "?q=%EC%A0%84%EC%A3%BC").await;
    assert_eq!((ids(&found), &found["more"]), (vec!["jeonju-petition".to_owned()], &json!(0)));
    assert!(ids(&offered(&country, &token, &id, "?q=xyz").await.1).is_empty());

    let choice = json!({ "unit": ids(&found)[0] }).to_string();
    let chosen =
        country.call(Method::POST, &format!("/api/v1/cases/{id}/choose"), Some(&token), &choice).await;
    assert_eq!(chosen.status, StatusCode::OK);
    let (_, after) = offered(&country, &token, &id, "?q=xyz").await;
    assert_eq!(after["wanted"]["id"], "jeonju-petition", "what was chosen stays: {after}");

    // Somebody else's, an official's, nobody's; and where the service says by itself.
    let daon = country.token("daon").await;
    assert_eq!(offered(&country, &daon, &id, "").await.0, StatusCode::NOT_FOUND);
    let haneul = country.token("haneul").await;
    assert_eq!(offered(&country, &haneul, &id, "").await.0, StatusCode::FORBIDDEN);
    let unknown = country.call(Method::GET, &format!("/api/v1/cases/{id}/units"), None, "").await;
    assert_eq!(unknown.status, StatusCode::UNAUTHORIZED);
    let fixed = filed_for(&mut maru, "livelihood-benefit").await;
    assert_eq!(offered(&country, &token, &fixed, "").await.0, StatusCode::CONFLICT);
}

#[tokio::test]
async fn the_applicant_may_choose_the_agency() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = wish(&mut maru).await;
    let page = maru.get(&format!("/cases/{id}/check")).await.body;
    assert!(page.contains("value=\"\" checked> <span>마루가 정하기"), "Maru chooses at first: {page}");
    assert!(page.contains("value=\"jeonju-petition\"") && !page.contains("value=\"suwon-street\""), "{page}");
    let found = maru.get(&format!("/cases/{id}/check?q=%EC%A0%84%EC%A3%BC")).await.body;
    assert!(found.contains("value=\"jeonju-petition\"") && !found.contains("value=\"suwon-petition\""));
    assert!(maru.get(&format!("/cases/{id}/check?q=xyz")).await.body.contains("그런 이름의 기관이"));

    let choose = format!("/cases/{id}/choose");
    for (unit, told) in [("nowhere", "없는 기관입니다"), ("suwon-street", "이 일을 맡지 않는")]
    {
        let page = post(&mut maru, StatusCode::UNPROCESSABLE_ENTITY, &choose, &[("unit", unit)]).await;
        assert!(page.contains(told), "{page}");
        let wrong = [("unit", unit), ("confirmed", "yes")];
        let submit = format!("/cases/{id}/submit");
        let page = post(&mut maru, StatusCode::UNPROCESSABLE_ENTITY, &submit, &wrong).await;
        assert!(page.contains(told), "{page}");
        assert_eq!(column(&country, &id, "state").await.as_deref(), Some("draft"));
    }
    post(&mut maru, StatusCode::SEE_OTHER, &choose, &[("unit", "jeonju-petition")]).await;
    let page = maru.get(&format!("/cases/{id}/check?q=xyz")).await.body;
    assert!(page.contains("value=\"jeonju-petition\" checked"), "what was chosen stays: {page}");
    // Not somebody else's to choose.
    let mut daon = country.signed_in("daon").await;
    daon.get("/").await;
    post(&mut daon, StatusCode::NOT_FOUND, &choose, &[("unit", "")]).await;

    maru.get(&format!("/cases/{id}/check")).await;
    post(&mut maru, StatusCode::SEE_OTHER, &format!("/cases/{id}/submit"), SENT).await;
    assert_eq!(column(&country, &id, "unit").await.as_deref(), Some("jeonju-petition"));
    post(&mut maru, StatusCode::CONFLICT, &choose, &[("unit", "suwon-petition")]).await;
    // Sending again with another choice changes nothing.
    let again = [("unit", "suwon-petition"), ("confirmed", "yes")];
    post(&mut maru, StatusCode::SEE_OTHER, &format!("/cases/{id}/submit"), &again).await;
    assert_eq!(column(&country, &id, "unit").await.as_deref(), Some("jeonju-petition"));

    // Chosen wrongly, it is moved; the guess learns from the unit that answers.
    let mut onnuri = country.signed_in("onnuri").await;
    onnuri.get("/admin/officials/official-haneul").await;
    let moved = [("unit", "jeonju-petition")];
    post(&mut onnuri, StatusCode::SEE_OTHER, "/admin/officials/official-haneul/move", &moved).await;
    let mut haneul = taken(&country, "haneul", &id).await;
    let move_to = [("unit", "suwon-petition"), ("reason", "수원시의 공원에 대한 의견입니다.")];
    post(&mut haneul, StatusCode::SEE_OTHER, &format!("/cases/{id}/transfer"), &move_to).await;
    let mut dasom = taken(&country, "dasom", &id).await;
    let said = [("note", "다음 달까지 두 곳에 놓겠습니다.")];
    post(&mut dasom, StatusCode::SEE_OTHER, &format!("/cases/{id}/respond"), &said).await;
    country.settle().await;
    let rows = country.app.store.query("SELECT DISTINCT office FROM case_word", vec![]).await.unwrap();
    let offices: Vec<String> = rows.iter().map(|row| row.string("office").unwrap()).collect();
    assert!(offices.contains(&"suwon-petition".to_owned()), "{offices:?}");
    assert!(!offices.contains(&"jeonju-petition".to_owned()), "{offices:?}");
}

#[tokio::test]
async fn a_chosen_agency_that_ended_is_chosen_anew() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = wish(&mut maru).await;
    maru.get(&format!("/cases/{id}/check")).await;
    let chosen = [("unit", "jeonju-petition")];
    post(&mut maru, StatusCode::SEE_OTHER, &format!("/cases/{id}/choose"), &chosen).await;
    end(&country, "jeonju-petition").await;
    let page = maru.get(&format!("/cases/{id}/check")).await.body;
    assert!(page.contains("없는 기관입니다") && !page.contains("value=\"jeonju-petition\""), "{page}");
    let submit = format!("/cases/{id}/submit");
    post(&mut maru, StatusCode::UNPROCESSABLE_ENTITY, &submit, SENT).await;
    post(&mut maru, StatusCode::SEE_OTHER, &submit, &[("unit", ""), ("confirmed", "yes")]).await;
    assert_eq!(column(&country, &id, "unit").await.as_deref(), Some("suwon-petition"));
    assert_eq!(column(&country, &id, "wanted").await, None);
}

#[tokio::test]
async fn programs_choose_too() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = wish(&mut maru).await;
    let money = draft(&mut maru).await;
    let key = country.token("maru").await;
    let call = async |path: String, body: Value| {
        country.call(Method::POST, &path, Some(&key), &body.to_string()).await
    };
    for unit in ["nowhere", "suwon-street"] {
        let answer = call(format!("/api/v1/cases/{id}/choose"), json!({ "unit": unit })).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{unit}: {}", answer.body);
    }
    let fixed = call(format!("/api/v1/cases/{money}/choose"), json!({ "unit": "jeonju-petition" })).await;
    assert_eq!(fixed.status, StatusCode::UNPROCESSABLE_ENTITY, "its agency is fixed: {}", fixed.body);
    let chosen = call(format!("/api/v1/cases/{id}/choose"), json!({ "unit": "suwon-petition" })).await;
    assert_eq!(chosen.json()["wanted"], "suwon-petition");
    let sent = json!({ "confirmed": true, "unit": "jeonju-petition" });
    let answer = call(format!("/api/v1/cases/{id}/submit"), sent).await;
    assert_eq!((answer.status, &answer.json()["wanted"]), (StatusCode::OK, &json!("jeonju-petition")));
    assert_eq!(column(&country, &id, "unit").await.as_deref(), Some("jeonju-petition"));
}

#[tokio::test]
async fn several_go_in_one_visit_each_by_itself() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let (one, two, three) =
        (wish(&mut maru).await, draft(&mut maru).await, written(&mut maru, "grievance").await);
    let open = filed_for(&mut maru, "street-report").await;
    let mut daon = country.signed_in("daon").await;
    let theirs = wish(&mut daon).await;
    assert!(maru.get("/cases").await.body.contains("href=\"/cases/together\""));
    maru.get(&format!("/cases/{three}/check")).await;
    let chosen = [("unit", "jeonju-petition")];
    post(&mut maru, StatusCode::SEE_OTHER, &format!("/cases/{three}/choose"), &chosen).await;

    let page = maru.get("/cases/together").await.body;
    for id in [&one, &two, &three] {
        assert!(page.contains(&format!("name=\"case-{id}\" value=\"yes\" checked")), "{id}: {page}");
    }
    assert!(page.contains(&format!("/cases/{open}/form/kind")), "what is missing is a link: {page}");
    assert!(page.contains("이 신청에만 보는 것") && page.contains("정보는 보지 않습니다"), "{page}");
    assert!(!page.contains(&theirs), "{page}");
    let to = "/cases/together";
    let page = post(&mut maru, StatusCode::UNPROCESSABLE_ENTITY, to, SENT).await;
    assert!(page.contains("하나 이상 골라"), "{page}");
    let names: Vec<String> = [&one, &two, &three, &open, &theirs].map(|id| format!("case-{id}")).into();
    let mut fields: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "yes")).collect();
    let page = post(&mut maru, StatusCode::UNPROCESSABLE_ENTITY, to, &fields).await;
    assert!(page.contains("동의에 표시"), "{page}");
    assert_eq!(column(&country, &one, "receipt").await, None);

    fields.push(("confirmed", "yes"));
    let first = post(&mut maru, StatusCode::SEE_OTHER, to, &fields).await;
    let page = body(&maru.get(&first).await.body);
    assert!(page.contains("5건 가운데 3건") && page.contains("아직 답하지 않은"), "{page}");
    assert!(page.contains("이런 신청서가 없습니다") && !page.contains(&theirs), "{page}");
    let mut receipts = Vec::new();
    for id in [&one, &two, &three] {
        let receipt = column(&country, id, "receipt").await.expect("it was sent");
        assert!(page.contains(&receipt), "{receipt}: {page}");
        receipts.push(receipt);
    }
    receipts.dedup();
    assert_eq!(receipts.len(), 3, "each has its own");
    for id in [&open, &theirs] {
        assert_eq!(column(&country, id, "receipt").await, None);
    }
    assert_eq!(column(&country, &three, "unit").await.as_deref(), Some("jeonju-petition"));
    let expected = vec![(two.clone(), one.clone()), (three.clone(), one.clone())];
    assert_eq!(ties(&country).await, expected);

    // Again: the same receipts, nothing more.
    assert_eq!(post(&mut maru, StatusCode::SEE_OTHER, to, &fields).await, first);
    assert_eq!(ties(&country).await, expected);
    for (id, others) in [(&one, [&two, &three]), (&two, [&one, &three]), (&three, [&one, &two])] {
        let page = maru.get(&format!("/cases/{id}")).await.body;
        for other in others {
            assert!(page.contains("함께 낸 건") && page.contains(&format!("/cases/{other}\"")), "{page}");
        }
    }
    // An officer sees the number of what went elsewhere, not what it is.
    let mut dasom = taken(&country, "dasom", &one).await;
    let page = dasom.get(&format!("/desk/cases/{one}")).await.body;
    let number = column(&country, &two, "receipt").await.unwrap();
    assert!(page.contains(&number) && !page.contains(&format!("/desk/cases/{two}")), "{page}");
    assert!(!page.contains("생계급여"), "{page}");
    // Somebody else's address tells nothing.
    let page = body(&daon.get(&first).await.body);
    assert!(!page.contains(&receipts[0]) && !page.contains(&one), "{page}");
}

#[tokio::test]
async fn programs_send_several_and_racing_sends_each_once() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let ids = [
        wish(&mut maru).await,
        written(&mut maru, "grievance").await,
        written(&mut maru, "legal-inquiry").await,
    ];
    let key = country.token("maru").await;
    let send = async |cases: Vec<String>, confirmed: bool| {
        let body = json!({ "cases": cases, "confirmed": confirmed }).to_string();
        country.call(Method::POST, "/api/v1/cases/together", Some(&key), &body).await
    };
    let many = (0..21).map(|n| format!("case-{n}")).collect();
    for (cases, confirmed) in [(vec![], true), (many, true), (ids.to_vec(), false)] {
        let answer = send(cases, confirmed).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    }
    assert_eq!(
        country
            .call(Method::POST, "/api/v1/cases/together", None, r#"{ "cases": [], "confirmed": true }"#)
            .await
            .status,
        StatusCode::UNAUTHORIZED
    );
    let mut back = ids.to_vec();
    back.reverse();
    let (a, b) = tokio::join!(send(ids.to_vec(), true), send(back, true));
    assert_eq!((a.status, b.status), (StatusCode::OK, StatusCode::OK), "{} {}", a.body, b.body);
    assert_eq!(a.json(), b.json(), "both tell of the same receipts");
    assert!(a.json()["cases"].as_array().unwrap().iter().all(|case| case["done"] == true), "{}", a.body);
    let rows = country.app.store.query("SELECT receipt FROM case_receipt", vec![]).await.unwrap();
    assert_eq!(rows.len(), 3);
    let [first, second, third] = ids;
    assert_eq!(ties(&country).await, [(second, first.clone()), (third, first)]);
}
