//! An auditor opens a case with a reason and reads it as it stood at any moment.

use crate::common::{Browser, Country, country, submit, taken};
use axum::http::{Method, StatusCode};
use serde_json::{Value as Json, json};

const REASON: &str = "정기 감사에서 처리 기간을 지켰는지 살핍니다.";
const DAY: i64 = 86_400;

async fn receipt(country: &Country, id: &str) -> String {
    let row = country
        .app
        .store
        .query_one("SELECT receipt FROM case_case WHERE id = $1", vec![id.into()])
        .await
        .unwrap();
    row.unwrap().string("receipt").unwrap()
}

async fn looks(country: &Country) -> usize {
    let all =
        country.app.ports.registers.accesses("resident-maru", maru_kernel::At::default()).await.unwrap();
    all.iter().filter(|access| access.law.contains("공공감사")).count()
}

async fn opens(browser: &mut Browser<'_>, number: &str, reason: &str) -> (StatusCode, String) {
    browser.get("/audit").await;
    let answer = browser.post("/audit", &[("receipt", number), ("reason", reason)]).await;
    (answer.status, answer.location.unwrap_or(answer.body))
}

#[tokio::test]
async fn a_case_is_opened_with_a_reason_for_a_day_and_the_applicant_sees_it() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = submit(&mut maru).await;
    let number = receipt(&country, &id).await;
    for user in ["haneul", "saebyeok", "onnuri", "maru"] {
        let mut other = country.signed_in(user).await;
        other.get("/me/password").await;
        assert_eq!(other.get("/audit").await.status, StatusCode::FORBIDDEN, "{user}");
        assert_eq!(other.get(&format!("/audit/cases/{id}")).await.status, StatusCode::FORBIDDEN, "{user}");
        let fields = [("receipt", number.as_str()), ("reason", REASON)];
        assert_eq!(other.post("/audit", &fields).await.status, StatusCode::FORBIDDEN, "{user}");
    }
    let mut auditor = country.signed_in("sebom").await;
    let path = format!("/audit/cases/{id}");
    let told = auditor.get(&path).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    assert!(told.body.contains("접수번호와 까닭을 적고"), "how to open it is said: {}", told.body);
    let nowhere = auditor.get("/audit/cases/01m49ynnr02fn5cyjpd6q9jr5x").await;
    assert_eq!(nowhere.status, StatusCode::FORBIDDEN, "no case is told from a closed one");
    for (number, reason, why) in [
        (number.as_str(), "짧음", "10자 이상"),
        ("2610-0000-0000-0", REASON, "마지막 숫자가 맞지"),
        ("", REASON, "마지막 숫자가 맞지"),
    ] {
        let (status, body) = opens(&mut auditor, number, reason).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{number} {reason}");
        assert!(body.contains(why), "{body}");
    }
    assert_eq!(looks(&country).await, 0, "nothing was opened, nothing was read");

    let (status, to) = opens(&mut auditor, &number.replace('-', " "), REASON).await;
    assert_eq!((status, to.as_str()), (StatusCode::SEE_OTHER, path.as_str()));
    let page = auditor.get(&path).await.body;
    assert!(
        page.contains("접수") && page.contains("월세") && page.contains("감사관이 이 건을 열었습니다"),
        "{page}"
    );
    assert!(!page.contains("223,773"), "nothing of what registers say");
    assert_eq!(looks(&country).await, 1, "each look is one");
    // Another auditor's key does not open it, nor does this one open the desk.
    assert_eq!(auditor.get(&format!("/desk/cases/{id}")).await.status, StatusCode::FORBIDDEN);
    let ask = |party: &str| maru_web::ports::Ask {
        actor: maru_kernel::Actor::Official { party: party.into(), unit: "country".into() },
        subject: "resident-maru".into(),
        fields: [("case".to_owned(), vec!["주거.형태".to_owned()])].into(),
        purpose: id.clone(),
        why: maru_kernel::Both { ko: "시험".into(), en: "A test".into() },
        law: String::new(),
        receipt: None,
    };
    let registers = &country.app.ports.registers;
    assert!(registers.show(&ask("official-sebom")).await.is_ok());
    assert!(
        registers.show(&ask("official-onnuri")).await.is_err(),
        "it was given to one auditor, not to all"
    );

    let mut maru = country.signed_in("maru").await;
    let seen = maru.get("/me/accesses").await.body;
    assert!(seen.contains(REASON) && seen.contains("유세봄 감사관") && seen.contains("나라 전체"), "{seen}");
    assert_eq!(maru.get("/").await.status, StatusCode::OK, "the first page says who looked last");
    assert!(seen.contains("공공감사에 관한 법률 제20조"), "{seen}");
    let case = maru.get(&format!("/cases/{id}")).await;
    assert_eq!(case.status, StatusCode::OK);
    assert!(case.body.contains("감사관이 이 건을 열었습니다"), "{}", case.body);

    country.clock.forward(DAY + 60);
    let mut auditor = country.signed_in("sebom").await;
    let over = auditor.get(&path).await;
    assert_eq!(over.status, StatusCode::FORBIDDEN, "the day is over");
    let (status, _) = opens(&mut auditor, &number, REASON).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(auditor.get(&path).await.status, StatusCode::OK, "opened again");
}

#[tokio::test]
async fn a_case_is_read_as_it_stood() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = submit(&mut maru).await;
    country.clock.forward(3 * 3_600);
    taken(&country, "haneul", &id).await;
    country.clock.forward(DAY);
    let mut haneul = country.signed_in("haneul").await;
    haneul.get(&format!("/desk/cases/{id}")).await;
    let text = "임대차계약서의 둘째 쪽이 빠져 있습니다. 붙여 주세요.";
    let asked = haneul.post(&format!("/cases/{id}/ask"), &[("text", text), ("days", "7")]).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.body);
    let number = receipt(&country, &id).await;
    let mut auditor = country.signed_in("sebom").await;
    opens(&mut auditor, &number, REASON).await;
    let path = format!("/audit/cases/{id}");
    let now = auditor.get(&path).await.body;
    assert!(now.contains("박하늘") && now.contains("멈춤") && now.contains(text), "{now}");
    let first = auditor.get(&format!("{path}?at=2026-10-07T11:00")).await.body;
    assert!(first.contains("10월 7일 11:00") && first.contains("11월 18일"), "{first}");
    assert!(!first.contains(text), "what came later is not told yet");
    assert!(first.contains("<b>없음</b>"), "nobody had taken it on: {first}");
    let second = auditor.get(&format!("{path}?at=2026-10-07T14:00")).await.body;
    assert!(second.contains("<b>박하늘 주무관</b>") && !second.contains(text), "{second}");
    // Every event leads to its moment.
    let links: Vec<&str> =
        now.split(&format!("{path}?at=")).skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(links.len() >= 5, "{links:?}");
    for link in links {
        assert_eq!(auditor.get(&format!("{path}?at={link}")).await.status, StatusCode::OK, "{link}");
    }
    let wrong = auditor.get(&format!("{path}?at=yesterday")).await;
    assert_eq!(wrong.status, StatusCode::OK);
    assert!(wrong.body.contains("2026-11-26T10:00처럼"));
}

#[tokio::test]
async fn programs_of_auditors_open_and_read_the_same() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = submit(&mut maru).await;
    country.clock.forward(3 * 3_600);
    taken(&country, "haneul", &id).await;
    let number = receipt(&country, &id).await;
    let path = format!("/api/v1/audit/cases/{id}");
    let opening = |number: &str, reason: &str| json!({ "receipt": number, "reason": reason }).to_string();
    let good = opening(&number, REASON);
    let post = async |token: Option<&str>, body: &str| {
        country.call(Method::POST, "/api/v1/audit", token, body).await
    };
    let get = async |token: Option<&str>, path: &str| country.call(Method::GET, path, token, "").await;
    assert_eq!(post(None, &good).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(get(None, &path).await.status, StatusCode::UNAUTHORIZED);
    for user in ["haneul", "saebyeok", "onnuri", "maru"] {
        let token = country.token(user).await;
        assert_eq!(post(Some(&token), &good).await.status, StatusCode::FORBIDDEN, "{user}");
        assert_eq!(get(Some(&token), &path).await.status, StatusCode::FORBIDDEN, "{user}");
    }
    let auditor = country.token("sebom").await;
    assert_eq!(get(Some(&auditor), &path).await.status, StatusCode::FORBIDDEN, "not opened");
    for (body, field) in [
        (opening(&number, "짧음"), "reason"),
        (opening("2610-0000-0000-0", REASON), "receipt"),
        (opening("", REASON), "receipt"),
        (json!({ "receipt": number }).to_string(), "body"),
    ] {
        let wrong = post(Some(&auditor), &body).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(wrong.json()["errors"][0]["field"], field, "{}", wrong.body);
    }
    assert_eq!(looks(&country).await, 0);

    let opened = post(Some(&auditor), &good).await;
    assert_eq!(opened.status, StatusCode::CREATED, "{}", opened.body);
    assert_eq!(opened.json()["case"], id.as_str());
    for wrong in ["yesterday", "2026-13-40T10:00", "1"] {
        let answer = get(Some(&auditor), &format!("{path}?at={wrong}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert_eq!(answer.json()["errors"][0]["field"], "at");
    }
    assert_eq!(looks(&country).await, 0, "nothing was shown");
    let now = get(Some(&auditor), &path).await.json();
    assert_eq!(now["officer"], "박하늘 주무관", "{now}");
    assert_eq!((&now["receipt"], &now["due_on"]), (&json!(number), &json!("2026-11-18")), "{now}");
    assert!(now["answers"].as_array().is_some_and(|answers| !answers.is_empty()), "{now}");
    let first = get(Some(&auditor), &format!("{path}?at=2026-10-07T11:00")).await.json();
    assert_eq!((&first["officer"], &first["state"]), (&Json::Null, &json!("received")), "{first}");
    assert_eq!(looks(&country).await, 2, "each look is one");
    // Every moment that is named can be asked for, and is answered with itself.
    let events = now["events"].as_array().unwrap();
    assert!(events.len() >= 4, "{events:?}");
    for event in events {
        let at = event["at"].as_str().unwrap();
        let then = get(Some(&auditor), &format!("{path}?at={}", at.replace('+', "%2B"))).await.json();
        assert_eq!(then["at"], event["at"], "{then}");
    }
    let last = events.last().unwrap();
    assert_eq!((&last["kind"], &last["note"]), (&json!("case.audited"), &json!(REASON)));
    assert_eq!(first["events"].as_array().unwrap().last().unwrap()["note"], Json::Null, "not written yet");

    // The grant ends after a day, and the session with it: another one opens nothing either.
    country.clock.forward(DAY + 60);
    let later = country.token("sebom").await;
    assert_eq!(get(Some(&later), &path).await.status, StatusCode::FORBIDDEN, "the day is over");
}
