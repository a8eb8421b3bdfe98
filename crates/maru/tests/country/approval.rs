//! Decisions that go along an approval line before they are made.

use crate::common::{Browser, Country, country, petition, post, submit, taken};
use axum::http::StatusCode;

const NOTE: &str = "확인한 대로 지급하고자 합니다.";

/// A case that Haneul works on.
async fn worked<'a>(country: &'a Country) -> (String, Browser<'a>, Browser<'a>) {
    let mut maru = country.signed_in("maru").await;
    let id = submit(&mut maru).await;
    let haneul = taken(country, "haneul", &id).await;
    (id, maru, haneul)
}

fn line(verb: &str) -> [(&str, &str); 4] {
    [("verb", verb), ("note", NOTE), ("reviewer", "official-gureum"), ("approver", "official-garam")]
}

/// The document that a case's page leads to.
async fn document(browser: &mut Browser<'_>, id: &str) -> String {
    let page = browser.get(&format!("/desk/cases/{id}")).await.body;
    let (_, rest) = page.split_once("<a href=\"/documents/").expect("a document");
    rest.split('"').next().unwrap().to_owned()
}

async fn signs(country: &Country, user: &str, document: &str, verb: &str, fields: &[(&str, &str)]) {
    let mut browser = country.signed_in(user).await;
    let page = browser.get(&format!("/documents/{document}")).await;
    assert_eq!(page.status, StatusCode::OK, "{user}");
    // The place in the line that is theirs to sign.
    let (_, rest) = page.body.split_once("name=\"step\" value=\"").expect("a place to sign");
    let step = rest.split('"').next().unwrap();
    let fields: Vec<(&str, &str)> = fields.iter().copied().chain([("step", step)]).collect();
    post(&mut browser, StatusCode::SEE_OTHER, &format!("/documents/{document}/{verb}"), &fields).await;
    country.settle().await;
}

#[tokio::test]
async fn what_is_approved_is_decided_as_proposed() {
    let country = country().await;
    let (id, mut maru, mut haneul) = worked(&country).await;
    let propose = format!("/cases/{id}/propose");
    let nobody = [("verb", "grant"), ("note", NOTE)];
    let told = post(&mut haneul, StatusCode::UNPROCESSABLE_ENTITY, &propose, &nobody).await;
    assert!(told.contains("결재할 분을 골라") && told.contains(NOTE), "{told}");
    let short = [("verb", "refuse"), ("note", "네"), ("approver", "official-garam")];
    post(&mut haneul, StatusCode::UNPROCESSABLE_ENTITY, &propose, &short).await;
    let own = [("verb", "grant"), ("note", NOTE), ("approver", "official-haneul")];
    post(&mut haneul, StatusCode::UNPROCESSABLE_ENTITY, &propose, &own).await;
    let mut garam = country.signed_in("garam").await;
    garam.get(&format!("/desk/cases/{id}")).await;
    post(&mut garam, StatusCode::CONFLICT, &propose, &line("grant")).await;
    post(&mut haneul, StatusCode::SEE_OTHER, &propose, &line("grant")).await;

    // While it waits nothing else is decided, and nothing is proposed twice.
    post(&mut haneul, StatusCode::CONFLICT, &propose, &line("grant")).await;
    post(&mut haneul, StatusCode::CONFLICT, &format!("/cases/{id}/grant"), &[]).await;
    let page = maru.get(&format!("/cases/{id}")).await.body;
    assert!(page.contains("결재를 받고 있습니다") && !page.contains(NOTE), "{page}");
    let document = document(&mut haneul, &id).await;
    signs(&country, "gureum", &document, "sign", &[]).await;
    assert!(!maru.get(&format!("/cases/{id}")).await.body.contains(NOTE), "a review decides nothing");
    signs(&country, "garam", &document, "sign", &[]).await;
    let page = maru.get(&format!("/cases/{id}")).await.body;
    assert!(page.contains(NOTE), "{page}");
    country.settle().await;
    assert_eq!(maru.get("/messages").await.body.matches("생계급여를 드리기로").count(), 1, "{}", maru.page);
}

#[tokio::test]
async fn what_is_sent_back_or_comes_too_late_decides_nothing() {
    let country = country().await;
    let (id, mut maru, mut haneul) = worked(&country).await;
    let propose = format!("/cases/{id}/propose");
    post(&mut haneul, StatusCode::SEE_OTHER, &propose, &line("refuse")).await;
    let first = document(&mut haneul, &id).await;
    let why = [("reasons", "금융 재산을 다시 확인해 주십시오.")];
    signs(&country, "gureum", &first, "reject", &why).await;
    let page = haneul.get(&format!("/desk/cases/{id}")).await.body;
    assert!(page.contains("반려됨") && page.contains("/grant"), "{page}");
    post(&mut haneul, StatusCode::SEE_OTHER, &propose, &line("grant")).await;
    let second = document(&mut haneul, &id).await;
    assert_ne!(first, second);
    maru.get(&format!("/cases/{id}/withdraw")).await;
    post(&mut maru, StatusCode::SEE_OTHER, &format!("/cases/{id}/withdraw"), &[]).await;
    signs(&country, "gureum", &second, "sign", &[]).await;
    signs(&country, "garam", &second, "sign", &[]).await;
    let page = maru.get(&format!("/cases/{id}")).await.body;
    assert!(!page.contains(NOTE), "a case that was taken back is not decided: {page}");
}

#[tokio::test]
async fn some_services_are_decided_with_approval_only() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let place = [("where", "경기도 수원시 팔달구 누리로 12")];
    let dates = [
        ("purpose", "공사용 시설"),
        ("area", "12"),
        ("from", "2026-11-01"),
        ("until", "2026-12-31"),
        ("body", "비계를 세웁니다. 길을 반쯤 씁니다."),
    ];
    let id = petition(&mut maru, "road-use", &[("place", &place), ("use", &dates)]).await;
    let mut byeolha = taken(&country, "byeolha", &id).await;
    let page = byeolha.page.clone();
    assert!(page.contains("official-hangyeol"), "{page}");
    let note = [("note", "보행 통로가 남지 않아 허가할 수 없습니다.")];
    post(&mut byeolha, StatusCode::CONFLICT, &format!("/cases/{id}/refuse"), &note).await;
    let line = [("verb", "refuse"), note[0], ("approver", "official-hangyeol")];
    post(&mut byeolha, StatusCode::SEE_OTHER, &format!("/cases/{id}/propose"), &line).await;
    let document = document(&mut byeolha, &id).await;
    signs(&country, "hangyeol", &document, "sign", &[]).await;
    assert!(maru.get(&format!("/cases/{id}")).await.body.contains("보행 통로가 남지 않아"));
}
