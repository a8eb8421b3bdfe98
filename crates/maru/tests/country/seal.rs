//! A completed document has its place in the ledger: anyone's tool can check it, and what is changed shows.

use crate::common::{
    Country, country,
    office::{Office, garam_then_gureum, sign},
};
use axum::http::StatusCode;
use maru_record::Unfit;
use maru_store::{Batch, Value};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(text: &Json) -> [u8; 32] {
    let text = text.as_str().unwrap();
    let read: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect();
    read.try_into().unwrap()
}

/// Checks a proof as somebody else's tool would: with the file and nothing else.
fn holds(proof: &Json) -> bool {
    let (ledger, seal) = (&proof["ledger"], proof["seal"].as_str().unwrap());
    let (entry, chain) = (ledger["entry"].as_str().unwrap(), &ledger["chain"]);
    let commitment = maru_ledger::commit(&bytes(&ledger["salt"]), entry.as_bytes());
    let place = chain["place"].as_u64().unwrap();
    let link = maru_ledger::extend(place - 1, &bytes(&chain["before"]), commitment);
    let named: Json = serde_json::from_str(entry).unwrap();
    hex(&Sha256::digest(proof["sealed"].as_str().unwrap())) == seal
        && named["seal"] == seal
        && named["document"] == proof["document"]
        && hex(&commitment) == ledger["commitment"].as_str().unwrap()
        && hex(&link.chain) == chain["after"].as_str().unwrap()
}

async fn completed(office: &Office<'_>) -> String {
    let id = office.submitted(None, garam_then_gureum()).await;
    office.must("garam", &format!("/documents/{id}/sign"), sign(1)).await;
    let early = office.get("haneul", &format!("/documents/{id}/proof")).await;
    assert_eq!(early.status, StatusCode::NOT_FOUND, "nothing is sealed yet");
    office.must("gureum", &format!("/documents/{id}/sign"), sign(2)).await;
    id
}

async fn proof(office: &Office<'_>, id: &str) -> Json {
    let answer = office.get("haneul", &format!("/documents/{id}/proof")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

async fn write(country: &Country, sql: &'static str, values: Vec<Value>) {
    let mut batch = Batch::new();
    batch.write(sql, values);
    country.app.store.commit(batch).await.unwrap();
}

#[tokio::test]
async fn a_completed_document_is_proved_by_the_file_alone() {
    let country = country().await;
    let office = Office::of(&country).await;
    let id = completed(&office).await;
    let page = country.signed_in("haneul").await.get(&format!("/documents/{id}")).await.body;
    assert!(page.contains("원장에 자리를 매기는 중"), "{page}");
    assert_eq!(proof(&office, &id).await["ledger"]["chain"], Json::Null);
    country.settle().await;
    let told = proof(&office, &id).await;
    assert!(holds(&told) && told["right"] == true, "{told}");
    let entry = told["ledger"]["entry"].as_str().unwrap();
    assert!(!entry.contains("조사") && !entry.contains("하늘"), "nothing of what it says: {entry}");
    let page = country.signed_in("gureum").await.get(&format!("/documents/{id}")).await.body;
    assert!(page.contains("원장에 있는 봉인과 같습니다"), "{page}");
    assert!(page.contains(&told["ledger"]["chain"]["after"].as_str().unwrap().to_owned()), "{page}");
    let mut gureum = country.signed_in("gureum").await;
    let file = gureum.get(&format!("/documents/{id}/proof")).await;
    assert!(holds(&file.json()));
    // Whoever may not read it gets no proof of it.
    for (user, status) in [("handeul", 404), ("maru", 403)] {
        let path = format!("/documents/{id}/proof");
        assert_eq!(office.get(user, &path).await.status.as_u16(), status, "{user}");
        let mut browser = country.signed_in(user).await;
        assert_eq!(browser.get(&path).await.status.as_u16(), status, "{user}");
    }
    assert_eq!(maru_record::audit(&country.app.store).await.unwrap().faults, []);
}

#[tokio::test]
async fn what_is_changed_with_its_seal_is_found_by_the_ledger() {
    let country = country().await;
    let office = Office::of(&country).await;
    let id = completed(&office).await;
    country.settle().await;
    let told = proof(&office, &id).await;
    // Somebody who can write rows changes the text, and makes the seal anew.
    write(&country, "UPDATE work_round SET body = 'anders' WHERE document = $1", vec![id.as_str().into()])
        .await;
    let sealed = proof(&office, &id).await["sealed"].as_str().unwrap().to_owned();
    assert_ne!(told["sealed"], sealed.as_str());
    let seal = hex(&Sha256::digest(&sealed));
    let sql = "UPDATE work_document SET seal = $2 WHERE id = $1";
    write(&country, sql, vec![id.as_str().into(), seal.as_str().into()]).await;
    let seen = office.get("haneul", &format!("/documents/{id}")).await.json();
    assert_eq!(seen["seal_right"], true, "by itself it looks right");
    let forged = proof(&office, &id).await;
    assert!(forged["right"] == false && !holds(&forged), "{forged}");
    let page = country.signed_in("haneul").await.get(&format!("/documents/{id}")).await.body;
    assert!(page.contains("봉인이 맞습니다") && page.contains("원장에 있는 것과 다릅니다"), "{page}");

    // The entry is changed too: it is not what was committed to, and the audit of the ledger says so.
    let sql = "UPDATE record_access SET entry = replace(entry, $2, $3) WHERE subject = $1";
    let old = told["seal"].as_str().unwrap();
    write(&country, sql, vec![format!("document/{id}").into(), old.into(), seal.as_str().into()]).await;
    assert_eq!(proof(&office, &id).await["right"], false);
    let faults = maru_record::audit(&country.app.store).await.unwrap().faults;
    assert!(matches!(faults.as_slice(), [Unfit::Changed(_)]), "{faults:?}");
}

#[tokio::test]
async fn a_document_from_before_says_that_it_has_no_entry() {
    let country = country().await;
    let office = Office::of(&country).await;
    let id = completed(&office).await;
    write(&country, "DELETE FROM record_access WHERE subject = $1", vec![format!("document/{id}").into()])
        .await;
    let page = country.signed_in("haneul").await.get(&format!("/documents/{id}")).await.body;
    assert!(page.contains("봉인을 원장에 올리기 전에"), "{page}");
    assert_eq!(office.get("haneul", &format!("/documents/{id}/proof")).await.status, StatusCode::NOT_FOUND);
}
