//! What runs beside a case: supplements, consultations, extensions, transfers; who may, and what the clock does.

// Tests say what they expect by unwrapping it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use axum::http::StatusCode;
use common::{Browser, Country, country};

const SERVICE: &str = "livelihood-benefit";
const TEXT: &str = "임대차계약서의 둘째 쪽이 빠져 있습니다. 붙여 주세요.";

async fn submitted(browser: &mut Browser<'_>) -> String {
    browser.get(&format!("/services/{SERVICE}")).await;
    let filed = browser.post(&format!("/services/{SERVICE}/file"), &[]).await;
    let form = filed.location.expect("filing leads to the form");
    let id = form.trim_start_matches("/cases/").trim_end_matches("/form").to_owned();
    for (page, fields) in [
        ("home", &[("home-kind", "월세")][..]),
        ("pay", &[("deposit", "5,000,000"), ("rent", "300000")]),
        ("account", &[("bank", "우체국"), ("account-number", "1104-8210-937711")]),
        ("consent", &[("consent-finance", "yes")]),
    ] {
        let path = format!("/cases/{id}/form/{page}");
        browser.get(&path).await;
        assert_eq!(browser.post(&path, fields).await.status, StatusCode::SEE_OTHER, "{page}");
    }
    browser.get(&format!("/cases/{id}/check")).await;
    let sent = browser.post(&format!("/cases/{id}/submit"), &[("confirmed", "yes")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    id
}

/// A case that Haneul works on, open on the desk.
async fn worked<'a>(country: &'a Country) -> (String, Browser<'a>, Browser<'a>) {
    let mut maru = country.signed_in("maru").await;
    let id = submitted(&mut maru).await;
    let mut haneul = country.signed_in("haneul").await;
    haneul.get(&format!("/desk/cases/{id}")).await;
    ok(&mut haneul, &format!("/cases/{id}/assign"), &[]).await;
    haneul.get(&format!("/desk/cases/{id}")).await;
    country.settle().await;
    (id, maru, haneul)
}

async fn ok(browser: &mut Browser<'_>, path: &str, fields: &[(&str, &str)]) {
    let answer = browser.post(path, fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.body);
}

async fn is(browser: &mut Browser<'_>, status: StatusCode, path: &str, fields: &[(&str, &str)]) -> String {
    let answer = browser.post(path, fields).await;
    assert_eq!(answer.status, status, "{path} {fields:?}: {}", answer.body);
    answer.body
}

/// The id in the address of a form on a page: `/tasks/{id}/supply`.
fn task(page: &str, verb: &str) -> String {
    let end = page.find(&format!("/{verb}\"")).unwrap_or_else(|| panic!("no form to {verb}: {page}"));
    page[..end].rsplit('/').next().unwrap().to_owned()
}

async fn mails(country: &Country) -> usize {
    country.settle().await;
    std::fs::read_dir(country.data.join("mail")).unwrap().count()
}

const DAY: i64 = 86_400;

#[tokio::test]
async fn a_supplement_stops_the_clock_until_it_is_here() {
    let country = country().await;
    let (id, mut maru, mut haneul) = worked(&country).await;
    assert!(maru.get(&format!("/cases/{id}")).await.body.contains("11월 18일"));
    let before = mails(&country).await;

    is(&mut haneul, StatusCode::UNPROCESSABLE_ENTITY, &format!("/cases/{id}/ask"), &[("text", "짧음")]).await;
    let far = [("text", TEXT), ("days", "31")];
    let told = is(&mut haneul, StatusCode::UNPROCESSABLE_ENTITY, &format!("/cases/{id}/ask"), &far).await;
    assert!(told.contains("1일부터 30일까지"), "{told}");
    assert!(told.contains(TEXT), "what was typed is still there");
    ok(&mut haneul, &format!("/cases/{id}/ask"), &[("text", TEXT), ("days", "7")]).await;
    is(&mut haneul, StatusCode::CONFLICT, &format!("/cases/{id}/ask"), &[("text", TEXT)]).await;
    let note = [("note", "보완을 기다리지 않고 거부합니다.")];
    is(&mut haneul, StatusCode::CONFLICT, &format!("/cases/{id}/refuse"), &note).await;
    let more = [("days", "5"), ("reason", "조사에 시간이 더 필요합니다.")];
    is(&mut haneul, StatusCode::CONFLICT, &format!("/cases/{id}/extend"), &more).await;
    assert_eq!(mails(&country).await, before + 1, "the applicant is told once");

    let page = maru.get(&format!("/cases/{id}")).await.body;
    assert!(page.contains(TEXT) && page.contains("10월 14일"), "{page}");
    assert!(!page.contains("11월 18일"), "while it stands there is no due date");
    let asked = task(&page, "supply");
    let letters = maru.get("/messages").await.body;
    assert!(letters.contains("보완이 필요합니다"), "{letters}");

    // Somebody else has nothing to supply, and the unit does not do it for the applicant.
    let mut daon = country.signed_in("daon").await;
    daon.get("/").await;
    is(&mut daon, StatusCode::NOT_FOUND, &format!("/tasks/{asked}/supply"), &[("text", "제 것")]).await;
    is(&mut daon, StatusCode::NOT_FOUND, &format!("/tasks/{asked}/prolong"), &[]).await;
    haneul.get(&format!("/desk/cases/{id}")).await;
    is(&mut haneul, StatusCode::FORBIDDEN, &format!("/tasks/{asked}/supply"), &[("text", "대신")]).await;
    is(&mut haneul, StatusCode::NOT_FOUND, &format!("/tasks/{asked}/prolong"), &[]).await;

    maru.get(&format!("/cases/{id}")).await;
    ok(&mut maru, &format!("/tasks/{asked}/prolong"), &[]).await;
    assert!(maru.get(&format!("/cases/{id}")).await.body.contains("10월 21일"));
    country.clock.forward(9 * DAY);
    country.settle().await;
    let mut maru = country.signed_in("maru").await;
    let mut haneul = country.signed_in("haneul").await;
    let page = maru.get(&format!("/cases/{id}")).await.body;
    assert_eq!(task(&page, "supply"), asked, "with more time it has not lapsed");
    is(&mut maru, StatusCode::UNPROCESSABLE_ENTITY, &format!("/tasks/{asked}/supply"), &[("text", " ")])
        .await;
    ok(&mut maru, &format!("/tasks/{asked}/supply"), &[("text", "둘째 쪽을 붙였습니다.")]).await;
    is(&mut maru, StatusCode::CONFLICT, &format!("/tasks/{asked}/supply"), &[("text", "또 붙였습니다.")])
        .await;
    // Asked on the 7th, here on the 16th: nothing of that counted, and it began on the 7th.
    let page = maru.get(&format!("/cases/{id}")).await.body;
    assert!(page.contains("11월 27일") && page.contains("서류 보완 7일 뺌"), "{page}");
    let page = haneul.get(&format!("/desk/cases/{id}")).await.body;
    assert!(page.contains("둘째 쪽을 붙였습니다."));
    ok(&mut haneul, &format!("/cases/{id}/grant"), &[("note", "확인했습니다.")]).await;
}

#[tokio::test]
async fn what_never_comes_lapses_twice_and_is_returned() {
    let country = country().await;
    let (id, _, mut haneul) = worked(&country).await;
    let back = [("note", "두 번 부탁드렸으나 오지 않았습니다.")];
    for (turn, days) in [(1, "20"), (2, "10")] {
        is(&mut haneul, StatusCode::CONFLICT, &format!("/cases/{id}/return"), &back).await;
        if turn == 2 {
            let far = [("text", TEXT), ("days", "11")];
            is(&mut haneul, StatusCode::UNPROCESSABLE_ENTITY, &format!("/cases/{id}/ask"), &far).await;
        }
        ok(&mut haneul, &format!("/cases/{id}/ask"), &[("text", TEXT), ("days", days)]).await;
        country.clock.forward(31 * DAY);
        country.settle().await;
        haneul = country.signed_in("haneul").await;
        let page = haneul.get(&format!("/desk/cases/{id}")).await.body;
        assert!(page.contains("기한 안에 오지 않음"), "{page}");
    }
    is(&mut haneul, StatusCode::CONFLICT, &format!("/cases/{id}/ask"), &[("text", TEXT)]).await;
    ok(&mut haneul, &format!("/cases/{id}/return"), &back).await;
    country.settle().await;
    let mut maru = country.signed_in("maru").await;
    let page = maru.get(&format!("/cases/{id}")).await.body;
    assert!(page.contains("돌려드렸습니다") && page.contains("이의를 신청할 수"), "{page}");
    let letters = maru.get("/messages").await.body;
    assert!(letters.contains("신청을 돌려드립니다"), "{letters}");
}

#[tokio::test]
async fn units_reply_side_by_side_and_see_only_what_they_may() {
    let country = country().await;
    let (id, mut maru, mut haneul) = worked(&country).await;
    let path = format!("/cases/{id}/consult");
    let question = "같은 집에 사는 사람이 있는지 알려 주십시오.";
    is(&mut haneul, StatusCode::UNPROCESSABLE_ENTITY, &path, &[("text", question)]).await;
    let own = [("text", question), ("unit-suwon-livelihood", "yes")];
    is(&mut haneul, StatusCode::UNPROCESSABLE_ENTITY, &path, &own).await;
    let unknown = [("text", question), ("unit-nowhere", "yes")];
    is(&mut haneul, StatusCode::UNPROCESSABLE_ENTITY, &path, &unknown).await;
    let both = [("text", question), ("unit-jeonju-livelihood", "yes"), ("unit-suwon-petition", "yes")];
    ok(&mut haneul, &path, &both).await;
    is(&mut haneul, StatusCode::UNPROCESSABLE_ENTITY, &path, &both).await;
    assert!(maru.get(&format!("/cases/{id}")).await.body.contains("11월 18일"), "the clock goes on");

    let mut handeul = country.signed_in("handeul").await;
    let desk = handeul.get("/desk").await.body;
    let (_, rest) = desk.split_once("/desk/tasks/").expect("the question is on their desk");
    let theirs = rest.split('"').next().unwrap().to_owned();
    let looks = async || {
        let since = maru_kernel::At::default();
        country.app.ports.registers.accesses("resident-maru", since).await.unwrap().len()
    };
    let before = looks().await;
    let page = handeul.get(&format!("/desk/tasks/{theirs}")).await.body;
    assert!(page.contains(question) && page.contains("월세"), "{page}");
    assert!(!page.contains("223,773"), "nothing of what registers say");
    assert_eq!(looks().await, before + 1, "seeing it is a read");
    assert_eq!(handeul.get(&format!("/desk/cases/{id}")).await.status, StatusCode::NOT_FOUND);
    handeul.get(&format!("/desk/tasks/{theirs}")).await;
    is(
        &mut handeul,
        StatusCode::NOT_FOUND,
        &format!("/cases/{id}/extend"),
        &[("days", "5"), ("reason", question)],
    )
    .await;

    let mut saebyeok = country.signed_in("saebyeok").await;
    saebyeok.get("/desk").await;
    assert_eq!(saebyeok.get(&format!("/desk/tasks/{theirs}")).await.status, StatusCode::NOT_FOUND);
    is(&mut saebyeok, StatusCode::NOT_FOUND, &format!("/tasks/{theirs}/reply"), &[("text", question)]).await;

    handeul.get(&format!("/desk/tasks/{theirs}")).await;
    is(&mut handeul, StatusCode::UNPROCESSABLE_ENTITY, &format!("/tasks/{theirs}/reply"), &[("text", "네")])
        .await;
    ok(&mut handeul, &format!("/tasks/{theirs}/reply"), &[("text", "같은 집에 사는 사람이 없습니다.")]).await;
    is(
        &mut handeul,
        StatusCode::CONFLICT,
        &format!("/tasks/{theirs}/reply"),
        &[("text", "다시 보니 있습니다. 고칩니다.")],
    )
    .await;
    let page = handeul.get(&format!("/desk/tasks/{theirs}")).await.body;
    assert!(!page.contains("월세"), "who has replied has nothing to read any more");

    let page = haneul.get(&format!("/desk/cases/{id}")).await.body;
    assert!(page.contains("같은 집에 사는 사람이 없습니다."));
    is(&mut haneul, StatusCode::CONFLICT, &format!("/cases/{id}/grant"), &[("note", "")]).await;
    let other = task(&page, "recall");
    ok(&mut haneul, &format!("/tasks/{other}/recall"), &[]).await;
    ok(&mut haneul, &format!("/cases/{id}/grant"), &[("note", "")]).await;
}

#[tokio::test]
async fn it_is_extended_once_and_once_more_with_consent() {
    let country = country().await;
    let (id, mut maru, mut haneul) = worked(&country).await;
    let path = format!("/cases/{id}/extend");
    let reason = "금융 재산을 조회하는 데 시간이 더 필요합니다.";
    for bad in [
        &[("reason", reason)][..],
        &[("days", "31"), ("reason", reason)],
        &[("days", "0"), ("reason", reason)],
        &[("days", "5")],
        &[("days", "다섯"), ("reason", reason)],
    ] {
        is(&mut haneul, StatusCode::UNPROCESSABLE_ENTITY, &path, bad).await;
    }
    ok(&mut haneul, &path, &[("days", "5"), ("reason", reason)]).await;
    let page = maru.get(&format!("/cases/{id}")).await.body;
    assert!(page.contains("11월 25일") && page.contains(reason), "{page}");
    let again = [("days", "3"), ("reason", reason)];
    is(&mut haneul, StatusCode::UNPROCESSABLE_ENTITY, &path, &again).await;
    let agreed = [("days", "3"), ("reason", reason), ("agreed", "yes")];
    ok(&mut haneul, &path, &agreed).await;
    assert!(maru.get(&format!("/cases/{id}")).await.body.contains("11월 30일"));
    is(&mut haneul, StatusCode::CONFLICT, &path, &agreed).await;
    country.settle().await;
    assert_eq!(maru.get("/messages").await.body.matches("처리 기간이 늘어났습니다").count(), 2);
}

#[tokio::test]
async fn a_misrouted_case_moves_with_all_it_has() {
    let country = country().await;
    let (id, mut maru, mut haneul) = worked(&country).await;
    let path = format!("/cases/{id}/transfer");
    let reason = "전주로 이사하신 분이라 전주에서 맡습니다.";
    for (unit, reason) in [
        ("suwon-livelihood", reason),
        ("suwon-petition", reason),
        ("nowhere", reason),
        ("jeonju-livelihood", "짧음"),
    ] {
        is(&mut haneul, StatusCode::UNPROCESSABLE_ENTITY, &path, &[("unit", unit), ("reason", reason)]).await;
    }
    let mut handeul = country.signed_in("handeul").await;
    assert_eq!(handeul.get(&format!("/desk/cases/{id}")).await.status, StatusCode::NOT_FOUND);
    ok(&mut haneul, &path, &[("unit", "jeonju-livelihood"), ("reason", reason)]).await;
    assert_eq!(haneul.get(&format!("/desk/cases/{id}")).await.status, StatusCode::NOT_FOUND);
    let page = handeul.get(&format!("/desk/cases/{id}")).await.body;
    assert!(page.contains("김마루") && page.contains("223,773"), "{page}");
    let page = maru.get(&format!("/cases/{id}")).await.body;
    assert!(page.contains("전주") && page.contains(reason) && page.contains("11월 18일"), "{page}");
    country.settle().await;
    assert!(maru.get("/messages").await.body.contains("맡는 곳이 바뀌었습니다"));
    ok(&mut handeul, &format!("/cases/{id}/assign"), &[]).await;
    handeul.get(&format!("/desk/cases/{id}")).await;
    ok(&mut handeul, &format!("/cases/{id}/grant"), &[("note", "")]).await;
}

/// Two officials, one case, every verb: one of two has it, and the case stays one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_officials_race() {
    let country = country().await;
    let (id, mut maru, mut haneul) = worked(&country).await;
    let mut again = country.signed_in("haneul").await;
    again.get(&format!("/desk/cases/{id}")).await;
    let ask = format!("/cases/{id}/ask");
    let (one, other) =
        tokio::join!(haneul.post(&ask, &[("text", TEXT)]), again.post(&ask, &[("text", TEXT)]));
    let mut both = [one.status.as_u16(), other.status.as_u16()];
    both.sort_unstable();
    assert_eq!(both, [303, 409]);
    let asked = task(&maru.get(&format!("/cases/{id}")).await.body, "supply");
    let (supplied, recalled) = (format!("/tasks/{asked}/supply"), format!("/tasks/{asked}/recall"));
    let (one, other) =
        tokio::join!(maru.post(&supplied, &[("text", "여기 있습니다.")]), haneul.post(&recalled, &[]));
    let mut both = [one.status.as_u16(), other.status.as_u16()];
    both.sort_unstable();
    assert_eq!(both, [303, 409]);
    let (grant, refuse) = (format!("/cases/{id}/grant"), format!("/cases/{id}/refuse"));
    let (one, other) = tokio::join!(
        haneul.post(&grant, &[("note", "")]),
        again.post(&refuse, &[("note", "요건에 맞지 않아 드리지 못합니다.")])
    );
    let mut both = [one.status.as_u16(), other.status.as_u16()];
    both.sort_unstable();
    assert_eq!(both, [303, 409]);
}
