//! Administration: who may what, what is refused, and what follows.

use crate::common::{Browser, Country, country};
use axum::http::StatusCode;
use maru_party::admin::{self, Doer};

/// Adds an official by the machine and signs them in with a password of their own.
async fn official<'a>(country: &'a Country, user: &str, unit: &str, role: &str) -> (String, Browser<'a>) {
    let new =
        admin::NewOfficial { ko: "고요", en: "Go Yo", unit, user, role, ..admin::NewOfficial::default() };
    let (id, given) = admin::add_official(&country.app, &Doer::machine(), new).await.unwrap();
    let mut browser = country.browser();
    browser.get("/sign-in").await;
    let signed = browser.post("/sign-in", &[("name", user), ("password", &given)]).await;
    assert_eq!(signed.status, StatusCode::SEE_OTHER);
    browser.get("/me/password").await;
    let own = "a word of one's own";
    let changed = browser.post("/me/password", &[("old", &given), ("password", own), ("again", own)]).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.body);
    (id, browser)
}

/// One status for each: nobody, resident, clerk, manager elsewhere, manager, auditor, operator.
type Expected = [u16; 7];

#[tokio::test]
async fn every_page_and_verb_asks_for_its_role() {
    let country = country().await;
    let (_, jeonju) = official(&country, "elsewhere", "jeonju-livelihood", "manager").await;
    let (_, auditor) = official(&country, "auditor", "", "auditor").await;
    let (target, _) = official(&country, "target", "suwon-livelihood", "clerk").await;
    let mut people = [
        country.browser(),
        country.signed_in("maru").await,
        country.signed_in("haneul").await,
        jeonju,
        country.signed_in("saebyeok").await,
        auditor,
        country.signed_in("onnuri").await,
    ];
    let official = format!("/admin/officials/{target}");
    let of = |rest: &str| format!("{official}{rest}");
    let pages: Vec<(String, Expected)> = vec![
        ("/desk".into(), [303, 403, 200, 403, 200, 403, 403]),
        ("/admin".into(), [303, 403, 403, 200, 200, 200, 200]),
        ("/admin/agencies".into(), [303, 403, 403, 200, 200, 403, 200]),
        ("/admin/agencies/new".into(), [303, 403, 403, 403, 403, 403, 200]),
        ("/admin/agencies/suwon".into(), [303, 403, 403, 404, 200, 403, 200]),
        ("/admin/agencies/suwon/end".into(), [303, 403, 403, 403, 403, 403, 200]),
        ("/admin/agencies/suwon/units/new".into(), [303, 403, 403, 404, 200, 403, 200]),
        ("/admin/units/suwon-livelihood".into(), [303, 403, 403, 404, 200, 403, 200]),
        ("/admin/units/suwon-livelihood/end".into(), [303, 403, 403, 404, 200, 403, 200]),
        ("/admin/officials".into(), [303, 403, 403, 200, 200, 403, 200]),
        ("/admin/officials/new".into(), [303, 403, 403, 200, 200, 403, 200]),
        (official.clone(), [303, 403, 403, 404, 200, 403, 200]),
        (of("/end"), [303, 403, 403, 404, 200, 403, 200]),
        (of("/password"), [303, 403, 403, 404, 200, 403, 200]),
        ("/admin/officials/official-onnuri".into(), [303, 403, 403, 404, 404, 403, 200]),
        ("/admin/officials/nobody".into(), [303, 403, 403, 404, 404, 403, 404]),
        ("/admin/jobs".into(), [303, 403, 403, 403, 403, 403, 200]),
        ("/admin/log".into(), [303, 403, 403, 403, 403, 200, 200]),
        ("/admin/edge".into(), [303, 403, 403, 403, 403, 403, 200]),
        ("/admin/edge/keys".into(), [303, 403, 403, 403, 403, 403, 200]),
        ("/admin/holidays".into(), [303, 403, 403, 403, 403, 403, 200]),
        ("/admin/catalogue".into(), [303, 403, 403, 403, 403, 403, 200]),
        ("/admin/catalogue/none".into(), [303, 403, 403, 403, 403, 403, 404]),
        ("/admin/ledger".into(), [303, 403, 403, 403, 403, 200, 200]),
        ("/admin/ledger?check=now".into(), [303, 403, 403, 403, 403, 200, 200]),
        ("/audit".into(), [303, 403, 403, 403, 403, 200, 403]),
        ("/desk/load".into(), [303, 403, 403, 200, 200, 403, 403]),
        ("/admin/delegations".into(), [303, 403, 403, 200, 200, 403, 403]),
        ("/admin/documents".into(), [303, 403, 403, 200, 200, 403, 403]),
        ("/me/password".into(), [303, 200, 200, 200, 200, 200, 200]),
    ];
    for (path, expected) in &pages {
        for (browser, status) in people.iter_mut().zip(expected) {
            for lang in ["ko", "en"] {
                browser.get(&format!("/language/{lang}")).await;
                let answer = browser.get(path).await;
                assert_eq!(answer.status.as_u16(), *status, "{path} {lang}: {}", answer.body);
            }
        }
    }
    let verbs: Vec<(String, Expected)> = vec![
        ("/admin/agencies/new".into(), [303, 403, 403, 403, 403, 403, 422]),
        ("/admin/agencies/suwon/rename".into(), [303, 403, 403, 403, 403, 403, 422]),
        ("/admin/agencies/suwon/end".into(), [303, 403, 403, 403, 403, 403, 409]),
        ("/admin/agencies/suwon/units/new".into(), [303, 403, 403, 404, 422, 403, 422]),
        ("/admin/units/suwon-livelihood/change".into(), [303, 403, 403, 404, 422, 403, 422]),
        ("/admin/officials/new".into(), [303, 403, 403, 422, 422, 403, 422]),
        (of("/move"), [303, 403, 403, 404, 422, 403, 422]),
        (of("/roles"), [303, 403, 403, 404, 422, 403, 422]),
        (of("/roles/none/end"), [303, 403, 403, 404, 404, 403, 404]),
        ("/admin/officials/official-onnuri/end".into(), [303, 403, 403, 404, 404, 403, 409]),
        ("/admin/officials/official-onnuri/password".into(), [303, 403, 403, 404, 404, 403, 303]),
        ("/admin/edge/limits".into(), [303, 403, 403, 403, 403, 403, 422]),
        ("/admin/edge/keys".into(), [303, 403, 403, 403, 403, 403, 303]),
        ("/admin/jobs/none/retry".into(), [303, 403, 403, 403, 403, 403, 404]),
        ("/admin/jobs/none/discard".into(), [303, 403, 403, 403, 403, 403, 404]),
    ];
    // The last verb but two ends the operator's own sessions: the others go first.
    for (path, expected) in verbs.iter().filter(|(path, _)| !path.ends_with("onnuri/password")) {
        for (browser, status) in people.iter_mut().zip(expected) {
            browser.get("/services").await;
            let secret = if browser.page.contains("name=\"csrf\"") {
                browser.secret()
            } else {
                browser.get("/sign-in").await;
                browser.secret()
            };
            let answer = browser.post_with(path, &[], &secret, Some("http://localhost:8080")).await;
            assert_eq!(answer.status.as_u16(), *status, "POST {path}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn limits_and_keys_are_changed_with_their_line_in_the_log() {
    let country = country().await;
    let mut onnuri = country.signed_in("onnuri").await;
    onnuri.get("/admin/edge").await;
    let path = "/admin/edge/limits";
    for (name, number, status) in
        [("page", "-1", 422), ("page", "many", 422), ("page", "", 422), ("door", "5", 404)]
    {
        let answer = onnuri.post(path, &[("name", name), ("per_minute", number)]).await;
        assert_eq!(answer.status.as_u16(), status, "{name} {number}: {}", answer.body);
    }
    assert!(!onnuri.get("/admin/log").await.body.contains("한도를 정함</b>"), "what is refused is not told");
    onnuri.get("/admin/edge").await;
    let set = onnuri.post(path, &[("name", "page"), ("per_minute", "1,234")]).await;
    assert_eq!(set.status, StatusCode::SEE_OTHER);
    assert!(onnuri.get("/admin/edge").await.body.contains("value=\"1234\""));
    assert_eq!(onnuri.post("/admin/edge/keys", &[("seen", "yes")]).await.status, StatusCode::SEE_OTHER);
    let log = onnuri.get("/admin/log").await.body;
    assert!(log.contains("한도를 정함</b>") && log.contains("1234") && log.contains("쪽 보기"), "{log}");
    assert!(log.contains("열쇠를 바꿈</b>") && !log.contains("key/"), "{log}");
}

#[tokio::test]
async fn what_is_typed_wrong_is_told_at_its_field_and_changes_nothing() {
    let country = country().await;
    let mut manager = country.signed_in("saebyeok").await;
    let long = "가".repeat(500);
    let right = [
        ("ko", "고요"),
        ("en", "Go Yo"),
        ("unit", "suwon-livelihood"),
        ("role", "clerk"),
        ("user", "goyo"),
        ("mail", ""),
    ];
    for (field, value) in [
        ("ko", ""),
        ("ko", long.as_str()),
        ("ko", "Go Yo"),
        ("en", "고요"),
        ("unit", ""),
        ("unit", "jeonju-livelihood"),
        ("unit", "none"),
        ("role", "operator"),
        ("role", "auditor"),
        ("role", "king"),
        ("user", "x"),
        ("user", "haneul"),
        ("mail", "nowhere"),
    ] {
        manager.get("/admin/officials/new").await;
        let typed: Vec<_> = right.iter().map(|(k, v)| (*k, if *k == field { value } else { *v })).collect();
        let answer = manager.post("/admin/officials/new", &typed).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field} {value}: {}", answer.body);
        assert!(answer.body.contains(&format!("href=\"#{field}\"")), "{field} {value}");
    }
    let all = admin::officials(&country.app.store, &admin::Looked::default()).await.unwrap();
    assert!(all.iter().all(|official| official.user != "goyo"));
    manager.get("/admin/officials/official-haneul").await;
    let operator = manager.post("/admin/officials/official-haneul/roles", &[("role", "operator")]).await;
    assert_eq!(operator.status, StatusCode::UNPROCESSABLE_ENTITY, "a manager makes no operator");

    let mut onnuri = country.signed_in("onnuri").await;
    onnuri.get("/admin/officials/official-onnuri").await;
    let ended = onnuri.post("/admin/officials/official-onnuri/end", &[]).await;
    assert_eq!(ended.status, StatusCode::CONFLICT, "the last operator stays");
}

#[tokio::test]
async fn an_official_comes_works_moves_and_goes() {
    let country = country().await;
    let mut onnuri = country.signed_in("onnuri").await;
    onnuri.get("/admin/agencies/new").await;
    let agency = onnuri
        .post(
            "/admin/agencies/new",
            &[
                ("ko", "경기도 성남시 (시연)"),
                ("en", "Seongnam (demo)"),
                ("kind", "local"),
                ("region", "경기도 성남시"),
            ],
        )
        .await;
    let agency = agency.location.unwrap_or_else(|| panic!("{}", agency.body));
    onnuri.get(&format!("{agency}/units/new")).await;
    let unit = onnuri
        .post(
            &format!("{agency}/units/new"),
            &[
                ("ko", "복지팀"),
                ("en", "Welfare Team"),
                ("kind", "livelihood"),
                ("region", "경기도 성남시"),
                ("contact", "000-000-0101"),
            ],
        )
        .await;
    let unit = unit.location.unwrap_or_else(|| panic!("{}", unit.body));
    let unit = unit.trim_start_matches("/admin/units/").to_owned();
    onnuri.get("/admin/officials/new").await;
    let added = onnuri
        .post(
            "/admin/officials/new",
            &[("ko", "고요"), ("en", "Go Yo"), ("unit", &unit), ("role", "clerk"), ("user", "goyo")],
        )
        .await;
    let shown = added.location.unwrap_or_else(|| panic!("{}", added.body));
    let page = onnuri.get(&shown).await;
    let given = page.body.split("id=\"given\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(!onnuri.get(&shown).await.body.contains(&given), "shown once");
    let id = shown.trim_start_matches("/admin/officials/").trim_end_matches("/password").to_owned();

    let mut goyo = country.browser();
    goyo.get("/sign-in").await;
    goyo.post("/sign-in", &[("name", "goyo"), ("password", &given)]).await;
    assert_eq!(goyo.get("/desk").await.location.as_deref(), Some("/me/password"), "first a password");
    goyo.get("/me/password").await;
    for (new, again) in
        [("short", "short"), ("goyo-goyo-goyo", "goyo-goyo-goyo"), ("long enough 1", "another")]
    {
        let answer = goyo.post("/me/password", &[("old", &given), ("password", new), ("again", again)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{new}");
    }
    let own = "long enough 1";
    goyo.post("/me/password", &[("old", &given), ("password", own), ("again", own)]).await;
    assert_eq!(goyo.get("/desk").await.status, StatusCode::OK);

    onnuri.get(&format!("/admin/officials/{id}")).await;
    let moved = onnuri.post(&format!("/admin/officials/{id}/move"), &[("unit", "suwon-livelihood")]).await;
    assert_eq!(moved.status, StatusCode::SEE_OTHER);
    assert_eq!(goyo.get("/desk").await.status, StatusCode::OK, "works in the new unit at once");
    onnuri.get(&format!("/admin/officials/{id}/end")).await;
    assert_eq!(onnuri.post(&format!("/admin/officials/{id}/end"), &[]).await.status, StatusCode::SEE_OTHER);
    assert!(goyo.get("/desk").await.location.unwrap().starts_with("/sign-in"), "signed out at once");
    let mut again = country.browser();
    again.get("/sign-in").await;
    let shut = again.post("/sign-in", &[("name", "goyo"), ("password", own)]).await;
    assert_eq!(shut.status, StatusCode::UNPROCESSABLE_ENTITY);
    onnuri.get(&format!("/admin/units/{unit}/end")).await;
    assert_eq!(onnuri.post(&format!("/admin/units/{unit}/end"), &[]).await.status, StatusCode::SEE_OTHER);
    onnuri.get(&format!("{agency}/end")).await;
    assert_eq!(onnuri.post(&format!("{agency}/end"), &[]).await.status, StatusCode::SEE_OTHER);
    let log = onnuri.get("/admin/log").await.body;
    for did in [
        "기관을 더함",
        "부서를 더함",
        "담당자를 더함",
        "담당자를 옮김",
        "담당자를 끝냄",
        "부서를 끝냄",
        "기관을 끝냄",
    ] {
        assert!(log.contains(&format!("<b>{did}</b>")), "{did}");
    }
}

#[tokio::test]
async fn a_case_goes_back_to_the_queue_and_keeps_its_unit_alive() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    maru.get("/services/livelihood-benefit").await;
    let form = maru.post("/services/livelihood-benefit/file", &[]).await.location.unwrap();
    for (page, fields) in [
        ("home", &[("home-kind", "자가")][..]),
        ("account", &[("bank", "우체국"), ("account-number", "110482109377")]),
        ("consent", &[("consent-finance", "yes")]),
    ] {
        maru.post(&format!("{form}/{page}"), fields).await;
    }
    let case = form.trim_end_matches("/form").to_owned();
    maru.get(&format!("{case}/check")).await;
    maru.post(&format!("{case}/submit"), &[("confirmed", "yes")]).await;
    let mut haneul = country.signed_in("haneul").await;
    haneul.get(&format!("/desk{case}")).await;
    haneul.post(&format!("{case}/assign"), &[]).await;

    let mut manager = country.signed_in("saebyeok").await;
    let page = manager.get("/admin/units/suwon-livelihood/end").await;
    assert!(page.body.contains("1건"), "{}", page.body);
    let kept = admin::end_unit(&country.app, &Doer::machine(), "suwon-livelihood").await.unwrap();
    assert_eq!(kept, 1, "a unit with an open case stays");
    manager.get("/admin/officials/official-haneul/end").await;
    let ended = manager.post("/admin/officials/official-haneul/end", &[]).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER);
    country.settle().await;
    let mut garam = country.signed_in("garam").await;
    let desk = garam.get("/desk?officer=nobody").await;
    assert!(desk.body.contains("김○루"), "back in the queue: {}", desk.body);
}

#[tokio::test]
async fn a_job_that_stopped_is_tried_again_or_discarded() {
    let country = country().await;
    let store = &country.app.store;
    for id in ["job-one", "job-two", "job-three"] {
        let mut batch = maru_store::Batch::new();
        batch.job(maru_store::NewJob {
            id: id.into(),
            kind: "mail".into(),
            lane: None,
            due: country.app.now(),
            body: serde_json::json!({}),
        });
        store.commit(batch).await.unwrap();
    }
    while store.dead_jobs(10, "").await.unwrap().len() < 3 {
        for job in store.claim(vec!["mail".into()], 10, country.app.now(), 60).await.unwrap() {
            store.fail(&job, "the post is away", country.app.now()).await.unwrap();
        }
        country.clock.forward(100_000);
    }
    let mut onnuri = country.signed_in("onnuri").await;
    let page = onnuri.get("/admin/jobs").await;
    assert_eq!(page.body.matches("the post is away").count(), 3, "{}", page.body);
    assert_eq!(onnuri.post("/admin/jobs/job-one/retry", &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(onnuri.get("/admin/jobs/job-two/discard").await.status, StatusCode::OK);
    assert_eq!(onnuri.post("/admin/jobs/job-two/discard", &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(onnuri.get("/admin/jobs/job-two/discard").await.status, StatusCode::NOT_FOUND);
    onnuri.get("/admin/jobs").await;
    assert_eq!(onnuri.post("/admin/jobs/retry", &[("kind", "none")]).await.status, StatusCode::CONFLICT);
    assert_eq!(onnuri.post("/admin/jobs/retry", &[("kind", "mail")]).await.status, StatusCode::SEE_OTHER);
    assert!(store.dead_jobs(10, "").await.unwrap().is_empty());
    let counts = store.job_counts().await.unwrap();
    assert_eq!(counts.iter().find(|count| count.kind == "mail").unwrap().waiting, 2);
    let log = onnuri.get("/admin/log").await.body;
    for did in ["멈춘 일을 다시 함", "멈춘 일을 버림", "멈춘 일을 모두 다시 함"] {
        assert!(log.contains(&format!("<b>{did}</b>")), "{did}");
    }
}
