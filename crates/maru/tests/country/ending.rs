//! What was granted until a day: its holder is told ahead, once each, and applies for the time after it without answering twice.

use crate::{
    common::{Browser, Country, country, filed_for, petition, post, sent, taken},
    written::{ACCOUNT, approved, asked, begun, edited},
};
use axum::http::StatusCode;

const ID: &str = "winter-heating";
const LASTS: &str = r#"lasts = { until = '오늘 + duration("P3M")', ahead = [30, 7], article = "보기 조례 제7조", again = true }
steps = "#;

/// The example service, lasting three months.
async fn published(country: &Country) {
    let mut writer = begun(country).await;
    let page = edited(country, &mut writer, "service.toml", "steps = ", LASTS).await;
    assert!(page.contains("lasts") && page.contains("어느 사례도 언제 끝나는지"), "{page}");
    for (file, words) in
        [("text.ko.toml", "더 받으시려면 다시 신청하세요."), ("text.en.toml", "Apply again to go on.")]
    {
        let first = format!("lasts = \"{words}\"\nname = ");
        edited(country, &mut writer, file, "name = ", &first).await;
    }
    let page = edited(
        country,
        &mut writer,
        "cases.toml",
        "answer = \"yes\"",
        "answer = \"yes\"\nuntil = \"2027-01-08\"",
    )
    .await;
    assert!(page.contains("2027-01-08에 끝난다고 썼는데 2027-01-07입니다"), "{page}");
    edited(country, &mut writer, "cases.toml", "until = \"2027-01-08\"", "until = \"2027-01-07\"").await;
    for (wrong, told) in
        [("다시.없음", "다시.없음"), ("ahead = [7, 30]", "ahead"), ("article = \"\"", "조문")]
    {
        let right = match told {
            "다시.없음" => "오늘 + duration",
            "ahead" => "ahead = [30, 7]",
            _ => "article = \"보기 조례 제7조\"",
        };
        let put = if told == "다시.없음" { "다시.없음 + duration" } else { wrong };
        let page = edited(country, &mut writer, "service.toml", right, put).await;
        assert!(page.contains("고칠 곳") && page.contains(told), "{told}: {page}");
        edited(country, &mut writer, "service.toml", put, right).await;
    }
    asked(&mut writer, ID, "publish", "2026-10-07").await;
    approved(country, ID, 1).await;
}

async fn granted(country: &Country, case: &str) {
    country.settle().await;
    let mut haneul = taken(country, "haneul", case).await;
    let note = [("note", "나이를 확인했습니다.")];
    post(&mut haneul, StatusCode::SEE_OTHER, &format!("/cases/{case}/grant"), &note).await;
    country.settle().await;
}

/// What the person was told of an end, the oldest first.
async fn told(country: &Country) -> Vec<String> {
    maru_case::sweep(&country.app).await.unwrap();
    country.settle().await;
    let sql = "SELECT subject_ko FROM message_message WHERE kind = 'ending' ORDER BY id";
    let rows = country.app.store.query(sql, Vec::new()).await.unwrap();
    rows.iter().map(|row| row.string("subject_ko").unwrap()).collect()
}

async fn page(browser: &mut Browser<'_>, path: &str) -> String {
    let answer = browser.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}");
    answer.body
}

#[tokio::test]
async fn it_is_told_ahead_and_applied_for_anew() {
    let country = country().await;
    published(&country).await;
    let mut daon = country.signed_in("daon").await;
    let case = petition(&mut daon, ID, &[("account", &ACCOUNT)]).await;
    granted(&country, &case).await;
    let path = format!("/cases/{case}");
    let shown = page(&mut daon, &path).await;
    assert!(shown.contains("2027년 1월 7일까지입니다") && shown.contains("더 받으시려면"), "{shown}");
    assert!(!shown.contains("이어서 신청하기"), "not yet: {shown}");
    let coming = page(&mut daon, "/reminders").await;
    assert!(coming.contains("92일") && coming.contains(&path), "what ends needs no wish: {coming}");
    assert!(told(&country).await.is_empty());

    // Thirty days ahead, once, in office hours, whoever looks and however often.
    country.at("2026-12-07T10:00");
    assert!(told(&country).await.is_empty());
    country.at("2026-12-08T08:00");
    assert!(told(&country).await.is_empty(), "offices are closed");
    country.at("2026-12-08T10:00");
    let round = || maru_case::round(&country.app, country.app.now());
    let (one, other) = tokio::join!(round(), round());
    assert_eq!(one.unwrap() + other.unwrap(), 1);
    country.at("2026-12-08T12:30");
    let once = told(&country).await;
    assert_eq!(once.len(), 1, "{once:?}");
    assert!(once[0].contains("2027년 1월 7일에 끝납니다"), "{once:?}");
    let mut daon = country.signed_in("daon").await;
    let shown = page(&mut daon, &path).await;
    assert!(shown.contains("이어서 신청하기") && shown.contains("끝나는 날을 알려 드렸습니다"), "{shown}");
    let mail = country
        .app
        .store
        .query("SELECT body_ko FROM message_message WHERE kind = 'ending'", Vec::new())
        .await
        .unwrap();
    let body = mail[0].text("body_ko").unwrap();
    assert!(body.contains("/services/winter-heating") && body.contains("더 받으시려면"), "{body}");

    // Applying anew: nothing is answered twice, and nothing more is told.
    let next = filed_for(&mut daon, ID).await;
    assert_ne!(next, case);
    let check = page(&mut daon, &format!("/cases/{next}/check")).await;
    assert!(check.contains("우체국") && check.contains("계좌번호"), "{check}");
    sent(&mut daon, &next).await;
    country.at("2026-12-31T10:00");
    assert_eq!(told(&country).await.len(), 1, "who has applied anew knows");
    granted(&country, &next).await;
    let sql = "SELECT id, until FROM case_ending";
    let rows = country.app.store.query(sql, Vec::new()).await.unwrap();
    let kept: Vec<_> =
        rows.iter().map(|row| (row.string("id").unwrap(), row.string("until").unwrap())).collect();
    assert_eq!(kept, [(next.clone(), "2027-03-31".to_owned())], "of the earlier one nobody hears any more");

    // Both steps, then that it is over; then nothing.
    let mut said = 1;
    for (moment, more) in [
        ("2027-03-02T10:00", 1),
        ("2027-03-23T10:00", 0),
        ("2027-03-24T10:00", 1),
        ("2027-04-01T10:00", 1),
        ("2027-05-03T10:00", 0),
        ("2027-06-28T10:00", 0),
    ] {
        country.at(moment);
        let all = told(&country).await;
        said += more;
        assert_eq!(all.len(), said, "{moment}: {all:?}");
    }
    let all = told(&country).await;
    assert!(all.last().unwrap().contains("끝났습니다"), "{all:?}");
    let mut daon = country.signed_in("daon").await;
    assert!(page(&mut daon, &format!("/cases/{next}")).await.contains("2027년 3월 31일에 끝났습니다"));
    let cards = country.app.ports.cases.of("resident-daon").await.unwrap();
    let today = country.app.now().date();
    assert!(cards.iter().filter(|card| card.service == ID).count() >= 2);
    assert!(
        cards.iter().filter(|card| card.id == next).all(|card| !card.holds(today)),
        "it is theirs no more"
    );
}

#[tokio::test]
async fn what_does_not_fit_any_more_is_asked_anew() {
    let country = country().await;
    published(&country).await;
    let mut daon = country.signed_in("daon").await;
    let case = petition(&mut daon, ID, &[("account", &ACCOUNT)]).await;
    granted(&country, &case).await;
    // A new version asks for shorter numbers: the whole page is asked again.
    let mut writer = country.signed_in("sarang").await;
    edited(&country, &mut writer, "form.toml", "max = 14", "max = 11").await;
    asked(&mut writer, ID, "publish", "2026-10-07").await;
    approved(&country, ID, 2).await;
    country.at("2026-12-20T10:00");
    let mut daon = country.signed_in("daon").await;
    let next = filed_for(&mut daon, ID).await;
    let form = page(&mut daon, &format!("/cases/{next}/form/account")).await;
    assert!(!form.contains("937711") && !form.contains("value=\"우체국\""), "{form}");
    country.at("2026-12-31T10:00");
    assert_eq!(told(&country).await.len(), 1, "a draft is no application yet");
    // A stranger's earlier answers are nobody else's.
    let mut maru = country.signed_in("maru").await;
    let theirs = filed_for(&mut maru, ID).await;
    let form = page(&mut maru, &format!("/cases/{theirs}/form/account")).await;
    assert!(!form.contains("937711"), "{form}");
}
