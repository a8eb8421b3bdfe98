//! The journey and its denials on the whole program, in process.

use crate::common::{SERVICE, country, draft, submit, taken};
use axum::http::{Method, StatusCode};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

#[tokio::test]
async fn found_understood_applied_decided_told_and_seen() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let home = maru.get("/").await;
    assert_eq!(home.status, StatusCode::OK, "{}", home.body);
    assert!(home.body.contains("223,773"), "the amount leads the page");
    let page = maru.get(&format!("/services/{SERVICE}")).await;
    assert!(page.body.contains("국민기초생활 보장법 제8조제2항"), "reasons name their article");

    let id = submit(&mut maru).await;
    let shown = maru.get(&format!("/cases/{id}")).await;
    assert!(shown.body.contains("11월 18일 수요일"), "30 days from 7 October 2026, the first day counted");
    assert!(shown.body.contains("2610-"), "a receipt number of this month");

    let mut haneul = country.signed_in("haneul").await;
    let desk = haneul.follow("/").await;
    assert!(desk.body.contains("김○루") && !desk.body.contains("김마루"), "a list covers names");
    let open = haneul.get(&format!("/desk/cases/{id}")).await;
    assert!(open.body.contains("김마루") && open.body.contains("223,773"), "{}", open.body);
    assert!(!open.body.contains("110482109377"), "the account number is covered");
    assert_eq!(
        haneul.post(&format!("/cases/{id}/grant"), &[("note", "")]).await.status,
        StatusCode::CONFLICT,
        "not assigned yet"
    );
    assert_eq!(haneul.post(&format!("/cases/{id}/assign"), &[]).await.status, StatusCode::SEE_OTHER);
    let granted = haneul.post(&format!("/cases/{id}/grant"), &[("note", "확인했습니다.")]).await;
    assert_eq!(granted.status, StatusCode::SEE_OTHER, "{}", granted.body);
    let twice = haneul.post(&format!("/cases/{id}/refuse"), &[("note", "다시 생각해 보니 아닙니다.")]).await;
    assert_eq!(twice.status, StatusCode::CONFLICT, "decided is decided");

    country.settle().await;
    let result = maru.get(&format!("/cases/{id}")).await;
    assert!(result.body.contains("박하늘") && result.body.contains("223,773"));
    let box_ = maru.get("/messages").await;
    assert_eq!(box_.body.matches("새 글").count(), 2, "receipt and result");
    let mails: Vec<_> = std::fs::read_dir(country.data.join("mail")).unwrap().flatten().collect();
    assert_eq!(mails.len(), 2);

    let log = maru.get("/me/accesses").await;
    assert!(
        log.body.contains("박하늘") && log.body.contains("자동 조회") && log.body.contains("2610-"),
        "{}",
        log.body
    );
    let audit = maru_record::audit(&country.app.store).await.unwrap();
    assert_eq!(audit.faults, []);
    assert!(audit.links > 3 && audit.entries > 3);
}

#[tokio::test]
async fn refusing_needs_a_reason_and_tells_the_remedy() {
    let country = country().await;
    let mut daon = country.signed_in("daon").await;
    let id = submit(&mut daon).await;
    let mut haneul = taken(&country, "haneul", &id).await;
    haneul.get(&format!("/desk/cases/{id}")).await;
    let granted = haneul.post(&format!("/cases/{id}/grant"), &[]).await;
    assert_eq!(granted.status, StatusCode::CONFLICT, "the rules say no");
    let empty = haneul.post(&format!("/cases/{id}/refuse"), &[("note", " ")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let refused =
        haneul.post(&format!("/cases/{id}/refuse"), &[("note", "소득인정액이 선정기준보다 많습니다.")]).await;
    assert_eq!(refused.status, StatusCode::SEE_OTHER);
    let shown = daon.get(&format!("/cases/{id}")).await;
    assert!(shown.body.contains("2027년 1월 5일"), "objection within 90 days: {}", shown.body);
}

#[tokio::test]
async fn nobody_learns_of_somebody_elses_case() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = submit(&mut maru).await;
    let mut naru = country.signed_in("naru").await;
    naru.get("/cases").await;
    for path in ["", "/form", "/form/home", "/check", "/withdraw"] {
        let path = format!("/cases/{id}{path}");
        assert_eq!(naru.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    naru.get("/").await;
    for verb in ["submit", "withdraw"] {
        let path = format!("/cases/{id}/{verb}");
        assert_eq!(naru.post(&path, &[("confirmed", "yes")]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for verb in ["assign", "grant", "refuse"] {
        let path = format!("/cases/{id}/{verb}");
        assert_eq!(naru.post(&path, &[]).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(naru.get("/desk").await.status, StatusCode::FORBIDDEN);
    // An official of another agency: the case does not exist for them.
    let mut handeul = country.signed_in("handeul").await;
    let desk = handeul.get("/desk").await;
    assert!(!desk.body.contains("2610-"));
    assert_eq!(handeul.get(&format!("/desk/cases/{id}")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        handeul.post_with(&format!("/cases/{id}/assign"), &[], "x", None).await.status,
        StatusCode::FORBIDDEN
    );
    let jeonju = country.token("handeul").await;
    let answer = country.call(Method::POST, &format!("/api/v1/cases/{id}/assign"), Some(&jeonju), "").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    // Nothing of this reached the access log as a read by Jeonju.
    let accesses =
        country.app.ports.registers.accesses("resident-maru", maru_kernel::At::EPOCH).await.unwrap();
    assert!(accesses.iter().all(|a| a.actor.unit() != Some("jeonju-livelihood")));
}

#[tokio::test]
async fn forged_and_replayed_forms_change_nothing() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = draft(&mut maru).await;
    maru.get(&format!("/cases/{id}/check")).await;
    let path = format!("/cases/{id}/submit");
    let good = maru.secret();
    let naru = {
        let mut naru = country.signed_in("naru").await;
        naru.get("/services/livelihood-benefit").await;
        naru.secret()
    };
    for (secret, origin) in
        [("", None), ("AAAA", None), (naru.as_str(), None), (good.as_str(), Some("https://evil.example"))]
    {
        let answer = maru.post_with(&path, &[("confirmed", "yes")], secret, origin).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    let unconfirmed = maru.post(&path, &[]).await;
    assert_eq!(unconfirmed.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(maru.get(&format!("/cases/{id}/check")).await.status, StatusCode::OK, "still a draft");

    let mut receipts = std::collections::BTreeSet::new();
    for _ in 0..3 {
        assert_eq!(maru.post(&path, &[("confirmed", "yes")]).await.status, StatusCode::SEE_OTHER);
        let me = country.token("maru").await;
        let case = country.call(Method::GET, &format!("/api/v1/cases/{id}"), Some(&me), "").await.json();
        receipts.insert(case["receipt"].as_str().unwrap().to_owned());
    }
    assert_eq!(receipts.len(), 1, "a replay answers with the first receipt");
    let again = maru.post(&format!("/services/{SERVICE}/file"), &[]).await;
    assert_eq!(again.location, Some(format!("/cases/{id}/form")), "an open case is the case");
    let events = country.app.store.events(&format!("case/{id}")).await.unwrap();
    assert_eq!(events.iter().filter(|e| e.kind == "case.submitted").count(), 1);
}

#[tokio::test]
async fn wrong_answers_are_told_at_their_field() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    maru.get(&format!("/services/{SERVICE}")).await;
    let form = maru.post(&format!("/services/{SERVICE}/file"), &[]).await.location.unwrap();
    let account = format!("{form}/account");
    maru.get(&account).await;
    for (bank, number) in
        [("", ""), ("우체국", "110-482"), ("우체국", "가나다라마바사아자차"), ("아무은행", "11048210937711")]
    {
        let answer = maru.post(&account, &[("bank", bank), ("account-number", number)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bank} {number}");
        assert!(
            answer.body.contains("errors-title") && answer.body.contains("aria-invalid"),
            "{}",
            answer.body
        );
    }
    let long = "9".repeat(400_000);
    assert_eq!(maru.post(&account, &[("account-number", &long)]).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(maru.get(&format!("{form}/nothing")).await.status, StatusCode::NOT_FOUND);
    let check = maru.get(&form.replace("/form", "/check")).await;
    assert!(check.location.unwrap().contains("/form/home"), "what is open comes first");
}

#[tokio::test]
async fn a_withdrawn_case_is_closed_to_the_unit() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = submit(&mut maru).await;
    let mut haneul = country.signed_in("haneul").await;
    assert_eq!(haneul.get(&format!("/desk/cases/{id}")).await.status, StatusCode::OK);
    maru.get(&format!("/cases/{id}/withdraw")).await;
    assert_eq!(maru.post(&format!("/cases/{id}/withdraw"), &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        haneul.get(&format!("/desk/cases/{id}")).await.status,
        StatusCode::FORBIDDEN,
        "the consent has ended"
    );
}

#[tokio::test]
async fn the_door_closes_after_ten_wrong_passwords() {
    let country = country().await;
    let mut anyone = country.browser();
    anyone.get("/sign-in").await;
    let wrong = [("name", "maru"), ("password", "guess")];
    for n in 0..10 {
        let answer = anyone.post("/sign-in", &wrong).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "try {n}");
    }
    assert_eq!(anyone.post("/sign-in", &wrong).await.status, StatusCode::TOO_MANY_REQUESTS);
    let right = [("name", "maru"), ("password", "maru-demo-2026")];
    assert_eq!(anyone.post("/sign-in", &right).await.status, StatusCode::TOO_MANY_REQUESTS, "closed to all");
    country.clock.forward(16 * 60);
    assert_eq!(anyone.post("/sign-in", &right).await.status, StatusCode::SEE_OTHER, "open again");
}

#[tokio::test]
async fn signing_out_ends_the_token_and_sessions_expire() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    maru.get("/").await;
    let stolen = maru.cookies.clone();
    assert_eq!(maru.post("/sign-out", &[]).await.status, StatusCode::SEE_OTHER);
    let mut thief = country.browser();
    thief.cookies = stolen;
    let answer = thief.get("/cases").await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in?to=%2Fcases"));
    let mut naru = country.signed_in("naru").await;
    country.clock.forward(12 * 3_600 + 1);
    assert!(naru.get("/cases").await.location.is_some(), "twelve hours later");
}

#[tokio::test]
async fn going_back_leads_nowhere_else() {
    let country = country().await;
    for to in ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"] {
        let mut anyone = country.browser();
        let answer = anyone.get(&format!("/language/en?to={to}")).await;
        assert_eq!(answer.location.as_deref(), Some("/"), "{to}");
    }
}

#[tokio::test]
async fn one_question_settles_services_and_can_be_taken_back() {
    let country = country().await;
    let me = country.token("bada").await;
    let before = country.call(Method::GET, "/api/v1/me/services?limit=0", Some(&me), "").await.json();
    let fact = before["next_question"]["fact"].as_str().expect("something is open").to_owned();
    let (typed, promised) = match before["next_question"]["kind"].as_str().unwrap() {
        "yesno" => ("yes", "true"),
        "number" => ("40", "50% 이하"),
        other => panic!("a question of kind {other}: {before}"),
    };
    let mut bada = country.signed_in("bada").await;
    bada.get("/").await;
    assert_eq!(
        bada.post("/questions", &[("fact", &fact), ("value", typed)]).await.status,
        StatusCode::SEE_OTHER
    );
    let after = country.call(Method::GET, "/api/v1/me/services?limit=0", Some(&me), "").await.json();
    let settled =
        before["counts"]["unknown"].as_i64().unwrap() - after["counts"]["unknown"].as_i64().unwrap();
    assert_eq!(
        Some(settled),
        before["next_question"]["by_value"][promised].as_i64(),
        "as many as promised: {before}"
    );
    assert_ne!(after["next_question"]["fact"].as_str(), Some(fact.as_str()));
    bada.get("/me").await;
    bada.post("/questions", &[("fact", &fact), ("value", ""), ("forget", "yes"), ("from", "me")]).await;
    let again = country.call(Method::GET, "/api/v1/me/services?limit=0", Some(&me), "").await.json();
    assert_eq!(again["counts"], before["counts"]);
    bada.get("/").await;
    bada.post("/questions", &[("fact", &fact), ("later", "yes")]).await;
    let skipped = country.call(Method::GET, "/api/v1/me/services?limit=0", Some(&me), "").await.json();
    assert_ne!(skipped["next_question"]["fact"].as_str(), Some(fact.as_str()), "put off");
    let nobody = bada.post("/questions", &[("fact", "없는사실"), ("value", "yes")]).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_api_says_what_is_wrong() {
    let country = country().await;
    let ask = |body: &'static str| country.call(Method::POST, "/api/v1/eligibility", None, body);
    for body in [
        r#"{"facts": {"없는이름": 1}}"#,
        r#"{"facts": {"나이": 120000}}"#,
        r#"{"facts": {"나이": "마흔"}}"#,
        r#"{"facts": {"나이": -1}}"#,
        r#"{"facts": {"성별": "모름"}}"#,
        r#"{"facts": {"거주지": "달나라"}}"#,
        r#"{"facts": {"장애인": "perhaps"}}"#,
        r#"{"facts": {}, "limit": 100000}"#,
    ] {
        let answer = ask(body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert!(answer.json()["errors"][0]["detail"].as_str().unwrap().len() > 10, "{}", answer.body);
    }
    for body in ["", "{", "[]", r#"{"facts": 1}"#, r#"{"facts": {}, "more": 1}"#] {
        let answer = ask(body).await;
        assert!(answer.status.is_client_error(), "{body}: {}", answer.status);
        assert!(answer.json()["title"].is_string());
    }
    let none = ask(r#"{"facts": {}}"#).await.json();
    let counts = &none["counts"];
    let total: i64 = ["yes", "no", "unknown"].iter().map(|k| counts[k].as_i64().unwrap()).sum();
    // Petitions and permits are for everybody: there is nothing to qualify for.
    let guided = country.app.definitions.guided();
    assert_eq!(usize::try_from(total).unwrap(), guided);
    assert_eq!(none["services"].as_array().unwrap().len(), 50);
    let full = ask(r#"{"facts": {"나이": 30}, "full": true}"#).await.json();
    assert_eq!(full["services"].as_array().unwrap().len(), guided);
    for path in
        ["/api/v1/cases", "/api/v1/messages", "/api/v1/me/accesses", "/api/v1/desk", "/api/v1/me/services"]
    {
        assert_eq!(
            country.call(Method::GET, path, None, "").await.status,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
        assert_eq!(
            country.call(Method::GET, path, Some("guess"), "").await.status,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
    assert_eq!(country.call(Method::GET, "/api/v1/nothing", None, "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_changed_access_entry_is_found() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    maru.get("/").await;
    maru.get("/me").await;
    country.settle().await;
    let mut tamper = maru_store::Batch::new();
    tamper.write(
        "UPDATE record_access SET entry = replace(entry, 'own', 'oven') WHERE subject = $1",
        vec!["resident-maru".into()],
    );
    country.app.store.commit(tamper).await.unwrap();
    assert!(!maru_record::audit(&country.app.store).await.unwrap().faults.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_audit_of_a_running_program_finds_no_fault() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let store = country.app.store.clone();
    let audits = Arc::new(AtomicUsize::new(0));
    let auditing = tokio::spawn({
        let audits = audits.clone();
        async move {
            while audits.load(Ordering::Relaxed) < 6 {
                assert_eq!(maru_record::audit(&store).await.unwrap().faults, []);
                audits.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    // As long as it is audited, and long enough.
    for looked in 0..6_000 {
        if looked >= 60 && auditing.is_finished() {
            break;
        }
        maru.get("/me").await;
        maru_record::sequence(&country.app.store, country.app.now()).await.unwrap();
    }
    auditing.await.unwrap();
    let last = maru_record::audit(&country.app.store).await.unwrap();
    assert!(last.links >= 60, "{} links", last.links);
}

#[tokio::test]
async fn every_text_exists_in_both_languages() {
    let texts = [
        (include_str!("../../../web/locales/ko.ftl"), include_str!("../../../web/locales/en.ftl")),
        (include_str!("../../../party/locales/ko.ftl"), include_str!("../../../party/locales/en.ftl")),
        (include_str!("../../../record/locales/ko.ftl"), include_str!("../../../record/locales/en.ftl")),
        (include_str!("../../../guidance/locales/ko.ftl"), include_str!("../../../guidance/locales/en.ftl")),
        (include_str!("../../../case/locales/ko.ftl"), include_str!("../../../case/locales/en.ftl")),
        (include_str!("../../../message/locales/ko.ftl"), include_str!("../../../message/locales/en.ftl")),
    ];
    let keys = |text: &str| -> Vec<String> {
        text.lines()
            .filter(|l| l.starts_with(|c: char| c.is_ascii_lowercase()))
            .filter_map(|l| l.split_once('=').map(|(key, _)| key.trim().to_owned()))
            .collect()
    };
    for (ko, en) in texts {
        assert_eq!(keys(ko), keys(en));
    }
}
