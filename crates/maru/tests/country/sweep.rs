//! What open cases owe people as time goes by: a warning, a word that it is late, how it stands; each once.

use crate::common::{Browser, Country, country, draft, post, submit, suggestion, taken};
use axum::http::StatusCode;

async fn sweep(country: &Country) -> usize {
    let told = maru_case::sweep(&country.app).await.unwrap();
    country.settle().await;
    told
}

/// The kinds of letters about a case that somebody has.
async fn told(country: &Country, party: &str, case: &str) -> Vec<String> {
    let rows = country
        .app
        .store
        .query(
            "SELECT kind FROM message_message WHERE party = $1 AND case_id = $2 ORDER BY id",
            vec![party.into(), case.into()],
        )
        .await
        .unwrap();
    rows.iter().map(|row| row.string("kind").unwrap()).collect()
}

const MARU: &str = "resident-maru";
const HANEUL: &str = "official-haneul";
const SAEBYEOK: &str = "official-saebyeok";

#[tokio::test]
async fn each_is_told_in_time_and_once() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    // Received on 7 October, due on 18 November.
    let id = submit(&mut maru).await;
    taken(&country, "haneul", &id).await;
    country.settle().await;
    assert_eq!(sweep(&country).await, 0);

    country.at("2026-11-06T10:00");
    assert_eq!(sweep(&country).await, 0, "not quite thirty days");
    country.at("2026-11-07T11:00");
    assert_eq!(sweep(&country).await, 0, "nobody is told anything on a Saturday");
    country.at("2026-11-09T08:59");
    assert_eq!(sweep(&country).await, 0, "nor before the office opens");
    country.at("2026-11-09T09:01");
    assert_eq!(sweep(&country).await, 1);
    assert_eq!(told(&country, MARU, &id).await, ["received", "status"]);
    country.at("2026-11-13T17:00");
    assert_eq!(sweep(&country).await, 0);
    assert_eq!(told(&country, HANEUL, &id).await, [""; 0]);

    country.at("2026-11-16T09:30");
    assert_eq!(sweep(&country).await, 1);
    assert_eq!(told(&country, HANEUL, &id).await, ["warned"]);
    assert_eq!(told(&country, MARU, &id).await, ["received", "status"], "a warning is between officials");
    for hour in ["2026-11-16T11:00", "2026-11-17T11:00", "2026-11-18T17:50"] {
        country.at(hour);
        assert_eq!(sweep(&country).await, 0, "{hour}");
    }

    country.at("2026-11-19T09:30");
    assert_eq!(sweep(&country).await, 1);
    assert_eq!(told(&country, MARU, &id).await, ["received", "status", "overdue"]);
    assert_eq!(told(&country, SAEBYEOK, &id).await, ["overdue"], "who manages Suwon");
    assert_eq!(told(&country, HANEUL, &id).await, ["warned"]);
    country.at("2026-11-20T09:30");
    assert_eq!(sweep(&country).await, 0);
    country.at("2026-12-07T09:30");
    assert_eq!(sweep(&country).await, 1);
    assert_eq!(told(&country, MARU, &id).await, ["received", "status", "overdue", "status"]);

    // What officials were told is theirs to open, names no applicant, and leads to the desk only who works there.
    let mut haneul = country.signed_in("haneul").await;
    let letters = haneul.get("/messages").await.body;
    let href = letters.split("href=\"/messages/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let letter = haneul.get(&format!("/messages/{href}")).await.body;
    assert!(letter.contains("11월 18일") && letter.contains(&format!("/desk/cases/{id}")), "{letter}");
    assert!(!letter.contains("김마루"), "{letter}");
    let mut saebyeok = country.signed_in("saebyeok").await;
    assert_eq!(saebyeok.get(&format!("/messages/{href}")).await.status, StatusCode::NOT_FOUND);
    let letters = saebyeok.get("/messages").await.body;
    assert!(letters.contains("처리 기한을 넘겼습니다"), "{letters}");
    let mut maru = country.signed_in("maru").await;
    let page = maru.get(&format!("/cases/{id}")).await.body;
    assert!(
        page.contains("처리 기한을 넘겼습니다") && page.contains("진행 상황을 알려 드렸습니다"),
        "{page}"
    );
    let letters = maru.get("/messages").await.body;
    let href = letters.split("href=\"/messages/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let letter = maru.get(&format!("/messages/{href}")).await.body;
    assert!(letter.contains("2027년 1월 5일") && letter.contains("연락처"), "the next time: {letter}");
}

#[tokio::test]
async fn nobody_took_it_on_so_the_unit_is_warned() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = submit(&mut maru).await;
    country.settle().await;
    country.at("2026-11-16T09:30");
    assert_eq!(sweep(&country).await, 1, "the status and the warning of one case");
    assert_eq!(told(&country, HANEUL, &id).await, ["warned"]);
    assert_eq!(told(&country, MARU, &id).await, ["received", "status"]);
    assert_eq!(told(&country, SAEBYEOK, &id).await, [""; 0], "works elsewhere");
    let sql = "SELECT count(*) AS n FROM message_message";
    let letters = country.app.store.query_one(sql, vec![]).await.unwrap().unwrap().int("n").unwrap();
    let mails = std::fs::read_dir(country.data.join("mail")).unwrap().count();
    assert!(letters > 3 && mails == usize::try_from(letters).unwrap(), "{mails} mails of {letters} letters");
    // It moves, and is near again: told anew.
    let mut haneul = taken(&country, "haneul", &id).await;
    haneul.get(&format!("/desk/cases/{id}")).await;
    let more = [("days", "5"), ("reason", "조사에 시간이 더 필요합니다.")];
    assert_eq!(haneul.post(&format!("/cases/{id}/extend"), &more).await.status, StatusCode::SEE_OTHER);
    country.at("2026-11-19T09:30");
    assert_eq!(sweep(&country).await, 0, "it is not late: due on the 25th");
    country.at("2026-11-23T09:30");
    assert_eq!(sweep(&country).await, 1);
    assert_eq!(told(&country, HANEUL, &id).await, ["warned", "warned"]);
}

#[tokio::test]
async fn drafts_cases_that_stand_and_ended_ones_owe_nothing() {
    let country = country().await;
    let mut daon = country.signed_in("daon").await;
    draft(&mut daon).await;
    let mut maru = country.signed_in("maru").await;
    let id = submit(&mut maru).await;
    let mut haneul = taken(&country, "haneul", &id).await;
    haneul.get(&format!("/desk/cases/{id}")).await;
    let asked = [("text", "임대차계약서의 둘째 쪽을 붙여 주세요."), ("days", "30")];
    assert_eq!(haneul.post(&format!("/cases/{id}/ask"), &asked).await.status, StatusCode::SEE_OTHER);
    country.settle().await;
    country.at("2026-11-06T10:30");
    assert_eq!(sweep(&country).await, 0, "it waits for the applicant");
    haneul = country.signed_in("haneul").await;
    let page = haneul.get(&format!("/desk/cases/{id}")).await.body;
    let end = page.find("/recall\"").unwrap();
    let task = page[..end].rsplit('/').next().unwrap().to_owned();
    assert_eq!(haneul.post(&format!("/tasks/{task}/recall"), &[]).await.status, StatusCode::SEE_OTHER);
    haneul.get(&format!("/desk/cases/{id}")).await;
    let note = [("note", "확인했습니다.")];
    assert_eq!(haneul.post(&format!("/cases/{id}/grant"), &note).await.status, StatusCode::SEE_OTHER);
    country.settle().await;
    country.at("2027-03-02T10:00");
    assert_eq!(sweep(&country).await, 0);
    assert_eq!(told(&country, MARU, &id).await, ["received", "asked", "granted"]);
}

/// The round is taken by one; where two are at it after all, as when one was thought dead, each thing is told once.
#[tokio::test]
async fn two_at_once_tell_once() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = submit(&mut maru).await;
    country.settle().await;
    country.at("2026-11-19T10:00");
    let (one, other) = tokio::join!(maru_case::sweep(&country.app), maru_case::sweep(&country.app));
    assert_eq!(one.unwrap() + other.unwrap(), 1);
    assert_eq!(maru_case::sweep(&country.app).await.unwrap(), 0, "the hour is taken");
    country.at("2027-01-15T10:00");
    let again = || async { maru_case::round(&country.app, country.app.now()).await.unwrap() };
    let (a, b, c) = tokio::join!(again(), again(), again());
    assert_eq!(a + b + c, 1);
    country.settle().await;
    assert_eq!(told(&country, MARU, &id).await, ["received", "overdue", "status"]);
}

/// The line of a case in a list.
fn line<'a>(page: &'a str, of: &str) -> &'a str {
    let rest = page.split_once(of).unwrap_or_else(|| panic!("{of} is listed: {page}")).1;
    rest.split("</tr>").next().unwrap()
}

/// The letter that a case is late, as its applicant reads it.
async fn late_letter(country: &Country, browser: &mut Browser<'_>, case: &str) -> String {
    let sql = "SELECT id FROM message_message WHERE party = $1 AND case_id = $2 AND kind = 'overdue'";
    let row = country.app.store.query_one(sql, vec![MARU.into(), case.into()]).await.unwrap();
    let id = row.expect("it is told").string("id").unwrap();
    browser.get(&format!("/messages/{id}")).await.body
}

#[tokio::test]
async fn what_is_near_or_late_is_marked() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = submit(&mut maru).await;
    country.settle().await;
    let (desk, case, load) =
        ("/desk".to_owned(), format!("/desk/cases/{id}"), "/desk/load?unit=suwon-livelihood&days=30");
    for (moment, told, mark) in [
        ("2026-11-13T10:00", true, ""),
        ("2026-11-16T09:30", true, "기한 임박"),
        ("2026-11-18T17:00", true, "기한 임박"),
        ("2026-11-19T08:00", false, "기한 지남"),
        ("2026-11-19T09:30", true, "기한 지남, 관리자에게 알림"),
    ] {
        country.at(moment);
        if told {
            sweep(&country).await;
        }
        let mut haneul = country.signed_in("haneul").await;
        let mut saebyeok = country.signed_in("saebyeok").await;
        let page = haneul.get(&desk).await.body;
        let list = line(&page, &format!("href=\"{case}\"")).to_owned();
        let pane = haneul.get(&case).await.body;
        let header = pane.split_once("<article").unwrap().1.split("</header>").next().unwrap().to_owned();
        let page = saebyeok.get(load).await.body;
        let led = line(&page, &format!("case-{id}")).to_owned();
        for (place, text) in [("list", list), ("pane", header), ("load", led)] {
            if mark.is_empty() {
                assert!(
                    !text.contains("class=\"tag sun") && !text.contains("class=\"tag err"),
                    "{place} {moment}: {text}"
                );
            } else {
                assert!(text.contains(&format!(">{mark}</span>")), "{place} {moment} {mark}: {text}");
            }
        }
    }
    // It is decided: nothing presses any more.
    let mut haneul = taken(&country, "haneul", &id).await;
    post(&mut haneul, StatusCode::SEE_OTHER, &format!("/cases/{id}/grant"), &[("note", "")]).await;
    let pane = haneul.get(&case).await.body;
    let header = pane.split_once("<article").unwrap().1.split("</header>").next().unwrap();
    assert!(!header.contains("기한 지남"), "{header}");
}

#[tokio::test]
async fn a_late_letter_says_what_comes_next() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let wish = suggestion(&mut maru).await;
    country.at("2026-10-28T10:00");
    sweep(&country).await;
    let mut maru = country.signed_in("maru").await;
    let letter = late_letter(&country, &mut maru, &wish).await;
    assert!(letter.contains("10월 27일") && letter.contains(&wish), "{letter}");
    assert!(letter.contains("담당자가 정해지지 않았습니다") && letter.contains("고충민원"), "{letter}");
    assert!(
        !letter.contains("행정심판") && !letter.contains("결정이 나온 뒤"),
        "an answer is no decision: {letter}"
    );
    assert!(letter.contains("이제 처리 기간을 늘릴 수는 없습니다"), "{letter}");

    let id = submit(&mut maru).await;
    let mut haneul = taken(&country, "haneul", &id).await;
    haneul.get(&format!("/desk/cases/{id}")).await;
    let more = [("days", "1"), ("reason", "조사에 시간이 더 필요합니다.")];
    assert_eq!(haneul.post(&format!("/cases/{id}/extend"), &more).await.status, StatusCode::SEE_OTHER);
    let asked = [("text", "같은 집에 사는 사람이 있는지 알려 주십시오."), ("unit-jeonju-livelihood", "yes")];
    assert_eq!(haneul.post(&format!("/cases/{id}/consult"), &asked).await.status, StatusCode::SEE_OTHER);
    country.settle().await;
    country.at("2026-12-31T10:00");
    sweep(&country).await;
    let mut maru = country.signed_in("maru").await;
    let said = [
        "언제 끝날지는 아직 말씀드릴 수 없습니다",
        "이미 1번 늘린 처리 기간을 더 늘릴 수는 없습니다",
        "다음 기관의 의견을 기다리고 있습니다",
        "2027년 1월 26일",
        "의무이행심판",
        "결정이 나온 뒤",
        "연락처: 000-000-",
    ];
    let letter = late_letter(&country, &mut maru, &id).await;
    for said in said {
        assert!(letter.contains(said), "{said}: {letter}");
    }
    let said = ["extended already (times: 1)", "waiting for the opinion of", "26 January 2027", "ombudsman"];
    maru.get("/language/en").await;
    let letter = late_letter(&country, &mut maru, &id).await;
    for said in said.into_iter().chain(["administrative appeal", "Contact: 000-000-"]) {
        assert!(letter.contains(said), "{said}: {letter}");
    }
}
