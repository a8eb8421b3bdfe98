//! What cases are to one another: objections, cases that wait, go together, or are parts.

use crate::common::{Country, answered_with, country, petition, post, sent, suggestion, taken};
use axum::http::StatusCode;

const ANSWER: &str = "말씀하신 대로 다음 달까지 고치겠습니다.";
const DAY: i64 = 86_400;

async fn receipt(country: &Country, id: &str) -> String {
    let row =
        country.app.store.query_one("SELECT receipt FROM case_case WHERE id = $1", vec![id.into()]).await;
    row.unwrap().unwrap().string("receipt").unwrap()
}

async fn state(country: &Country, id: &str) -> String {
    let row = country.app.store.query_one("SELECT state FROM case_case WHERE id = $1", vec![id.into()]).await;
    row.unwrap().unwrap().string("state").unwrap()
}

async fn refused(country: &Country) -> String {
    let mut maru = country.signed_in("maru").await;
    let what = [("title", "재난 대비 훈련 계획서"), ("body", "2026년 훈련 계획서 전체를 보고 싶습니다.")];
    let how = [("form", "전자파일")];
    let id = petition(&mut maru, "information-request", &[("what", &what), ("how", &how)]).await;
    let mut dasom = taken(country, "dasom", &id).await;
    let said = [("note", "훈련 전에 알려지면 안 되는 내용이 들어 있습니다.")];
    post(&mut dasom, StatusCode::SEE_OTHER, &format!("/cases/{id}/refuse"), &said).await;
    country.settle().await;
    id
}

#[tokio::test]
async fn an_objection_that_is_right_has_the_case_examined_anew() {
    let country = country().await;
    let id = refused(&country).await;
    let mut daon = country.signed_in("daon").await;
    daon.get("/").await;
    post(&mut daon, StatusCode::NOT_FOUND, &format!("/cases/{id}/object"), &[]).await;
    let mut maru = country.signed_in("maru").await;
    let page = maru.get(&format!("/cases/{id}")).await.body;
    assert!(page.contains("이의신청하기"), "{page}");
    let first = post(&mut maru, StatusCode::SEE_OTHER, &format!("/cases/{id}/object"), &[]).await;
    let again = post(&mut maru, StatusCode::SEE_OTHER, &format!("/cases/{id}/object"), &[]).await;
    assert_eq!(first, again, "one objection to a decision");
    let objection = first.rsplit('/').next().unwrap().to_owned();
    answered_with(&mut maru, &objection, &[("why", &[("body", "훈련은 이미 지난달에 끝났습니다.")])]).await;
    sent(&mut maru, &objection).await;
    assert!(!maru.get(&format!("/cases/{id}")).await.body.contains("이의신청하기"));

    let mut dasom = taken(&country, "dasom", &objection).await;
    assert!(
        dasom.page.contains(&format!("/desk/cases/{id}")),
        "what it objects to is a link: {}",
        dasom.page
    );
    let note = [("note", "훈련이 끝난 것을 확인했습니다.")];
    post(&mut dasom, StatusCode::SEE_OTHER, &format!("/cases/{objection}/grant"), &note).await;
    country.settle().await;
    country.settle().await;
    let page = maru.get(&format!("/cases/{id}")).await.body;
    assert!(page.contains("다시 심사"), "{page}");
    let letters = maru.get("/messages").await.body;
    assert!(letters.contains("이의신청을 받아들였습니다"), "{letters}");
    let rows =
        country.app.store.query("SELECT case_id FROM case_link WHERE kind = 'anew'", vec![]).await.unwrap();
    let [row] = rows.as_slice() else { panic!("{} cases are examined anew", rows.len()) };
    let anew = row.string("case_id").unwrap();
    let mut dasom = taken(&country, "dasom", &anew).await;
    assert!(dasom.page.contains("재난 대비 훈련 계획서"), "on the same facts: {}", dasom.page);
    let note = [("note", "계획서를 붙입니다.")];
    post(&mut dasom, StatusCode::SEE_OTHER, &format!("/cases/{anew}/grant"), &note).await;
}

#[tokio::test]
async fn an_objection_too_late_or_against_an_answer_is_none() {
    let country = country().await;
    let id = refused(&country).await;
    let mut maru = country.signed_in("maru").await;
    let wish = suggestion(&mut maru).await;
    maru.get(&format!("/cases/{wish}/withdraw")).await;
    post(&mut maru, StatusCode::CONFLICT, &format!("/cases/{wish}/object"), &[]).await;
    maru.get("/services/objection").await;
    country.clock.forward(31 * DAY);
    let mut maru = country.signed_in("maru").await;
    let page = maru.get(&format!("/cases/{id}")).await.body;
    assert!(!page.contains("이의신청하기"), "{page}");
    maru.get(&format!("/cases/{wish}/withdraw")).await;
    let told = post(&mut maru, StatusCode::CONFLICT, &format!("/cases/{id}/object"), &[]).await;
    assert!(told.contains("기간이 지났습니다"), "{told}");
    post(&mut maru, StatusCode::NOT_FOUND, "/services/objection/file", &[]).await;
}

#[tokio::test]
async fn a_case_that_waits_for_another_stands_until_that_has_ended() {
    let country = country().await;
    let (mut maru, mut daon) = (country.signed_in("maru").await, country.signed_in("daon").await);
    let (first, second, other) =
        (suggestion(&mut maru).await, suggestion(&mut maru).await, suggestion(&mut daon).await);
    let mut dasom = taken(&country, "dasom", &second).await;
    let wait = format!("/cases/{second}/wait");
    for wrong in ["", "1234", &receipt(&country, &other).await, &receipt(&country, &second).await] {
        post(&mut dasom, StatusCode::UNPROCESSABLE_ENTITY, &wait, &[("receipt", wrong)]).await;
    }
    let number = receipt(&country, &first).await;
    post(&mut dasom, StatusCode::SEE_OTHER, &wait, &[("receipt", &number)]).await;
    post(&mut dasom, StatusCode::CONFLICT, &wait, &[("receipt", &number)]).await;
    post(&mut dasom, StatusCode::CONFLICT, &format!("/cases/{second}/respond"), &[("note", ANSWER)]).await;
    assert!(!maru.get(&format!("/cases/{second}")).await.body.contains("10월 27일"), "the clock stands");
    country.clock.forward(2 * DAY);
    let mut dasom = taken(&country, "dasom", &first).await;
    // A circle would wait for ever.
    let loops = [("receipt", receipt(&country, &second).await)];
    let loops: Vec<(&str, &str)> = loops.iter().map(|(k, v)| (*k, v.as_str())).collect();
    post(&mut dasom, StatusCode::UNPROCESSABLE_ENTITY, &format!("/cases/{first}/wait"), &loops).await;
    post(&mut dasom, StatusCode::SEE_OTHER, &format!("/cases/{first}/respond"), &[("note", ANSWER)]).await;
    country.settle().await;
    let mut maru = country.signed_in("maru").await;
    let page = maru.get(&format!("/cases/{second}")).await.body;
    assert!(page.contains("기다리던 건이 끝났습니다"), "{page}");
    dasom.get(&format!("/desk/cases/{second}")).await;
    post(&mut dasom, StatusCode::SEE_OTHER, &format!("/cases/{second}/respond"), &[("note", ANSWER)]).await;
}

#[tokio::test]
async fn cases_about_the_same_are_decided_together() {
    let country = country().await;
    let (mut maru, mut daon) = (country.signed_in("maru").await, country.signed_in("daon").await);
    let (main, same) = (suggestion(&mut maru).await, suggestion(&mut daon).await);
    let mut dasom = taken(&country, "dasom", &main).await;
    let mut other = taken(&country, "dasom", &same).await;
    let unite = format!("/cases/{same}/unite");
    let own = receipt(&country, &same).await;
    post(&mut other, StatusCode::UNPROCESSABLE_ENTITY, &unite, &[("receipt", &own)]).await;
    let number = receipt(&country, &main).await;
    post(&mut other, StatusCode::SEE_OTHER, &unite, &[("receipt", &number)]).await;
    // Parted and joined again.
    post(&mut other, StatusCode::SEE_OTHER, &format!("/cases/{same}/part"), &[("other", &main)]).await;
    post(&mut other, StatusCode::NOT_FOUND, &format!("/cases/{same}/part"), &[("other", &main)]).await;
    post(&mut other, StatusCode::SEE_OTHER, &unite, &[("receipt", &number)]).await;
    post(&mut other, StatusCode::CONFLICT, &format!("/cases/{same}/respond"), &[("note", ANSWER)]).await;
    // What leads others can't follow another.
    post(&mut dasom, StatusCode::UNPROCESSABLE_ENTITY, &format!("/cases/{main}/unite"), &[("receipt", &own)])
        .await;
    assert!(
        !daon.get(&format!("/cases/{same}")).await.body.contains(&number),
        "not even the number of another's case"
    );
    post(&mut dasom, StatusCode::SEE_OTHER, &format!("/cases/{main}/respond"), &[("note", ANSWER)]).await;
    country.settle().await;
    country.settle().await;
    assert_eq!(state(&country, &same).await, "answered");
    assert!(daon.get(&format!("/cases/{same}")).await.body.contains(ANSWER));
    assert!(daon.get("/messages").await.body.contains("건의: 답변드립니다"), "each is told");
}

#[tokio::test]
async fn a_part_goes_to_another_unit_and_the_whole_waits_for_it() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let whole = suggestion(&mut maru).await;
    let mut dasom = taken(&country, "dasom", &whole).await;
    let split = format!("/cases/{whole}/split");
    let text = ("text", "보도 쪽 벤치는 가로팀에서 답해 주십시오.");
    post(&mut dasom, StatusCode::UNPROCESSABLE_ENTITY, &split, &[("unit", "suwon-petition"), text]).await;
    post(&mut dasom, StatusCode::UNPROCESSABLE_ENTITY, &split, &[("unit", "nowhere"), text]).await;
    post(&mut dasom, StatusCode::SEE_OTHER, &split, &[("unit", "suwon-street"), text]).await;
    post(&mut dasom, StatusCode::CONFLICT, &format!("/cases/{whole}/respond"), &[("note", ANSWER)]).await;
    country.settle().await;
    let rows =
        country.app.store.query("SELECT case_id FROM case_link WHERE kind = 'part'", vec![]).await.unwrap();
    let part = rows[0].string("case_id").unwrap();
    let mut byeolha = taken(&country, "byeolha", &part).await;
    assert_eq!(byeolha.get(&format!("/desk/cases/{whole}")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(dasom.get(&format!("/desk/cases/{part}")).await.status, StatusCode::NOT_FOUND);
    let page = maru.get(&format!("/cases/{part}")).await.body;
    assert!(page.contains("10월 27일"), "its clock counts from the first receipt: {page}");
    byeolha.get(&format!("/desk/cases/{part}")).await;
    post(&mut byeolha, StatusCode::SEE_OTHER, &format!("/cases/{part}/respond"), &[("note", ANSWER)]).await;
    dasom.get(&format!("/desk/cases/{whole}")).await;
    post(&mut dasom, StatusCode::SEE_OTHER, &format!("/cases/{whole}/respond"), &[("note", ANSWER)]).await;
    assert!(maru.get(&format!("/cases/{whole}")).await.body.contains(&format!("/cases/{part}")));
}
