//! A service written on pages: from its first file to a letter, by whom, and by whom not.

use crate::common::{Browser, Country, country, filed_for, petition, post, sent, taken};
use axum::http::StatusCode;
use maru_definition::Definitions;
use maru_party::admin::{self, Doer, NewAgency};

const DAY: i64 = 86_400;
const HEATING: &str = "/admin/services/winter-heating";
pub const ACCOUNT: [(&str, &str); 2] = [("bank", "우체국"), ("account-number", "1104-8210-937711")];

pub async fn begun(country: &Country) -> Browser<'_> {
    let mut writer = country.signed_in("sarang").await;
    assert_eq!(writer.get("/admin/services/new").await.status, StatusCode::OK);
    let fields = [("owner", "suwon"), ("id", "winter-heating")];
    let to = post(&mut writer, StatusCode::SEE_OTHER, "/admin/services/new", &fields).await;
    assert_eq!(to, HEATING);
    writer
}

/// Replaces words in a file, as somebody does in its text area.
pub async fn edited(country: &Country, writer: &mut Browser<'_>, file: &str, from: &str, to: &str) -> String {
    edited_of(country, writer, "winter-heating", file, from, to).await
}

async fn edited_of(
    country: &Country,
    writer: &mut Browser<'_>,
    id: &str,
    file: &str,
    from: &str,
    to: &str,
) -> String {
    let draft = country.app.definitions.draft(id).await.unwrap().unwrap();
    let text = draft.files[file].replace(from, to);
    assert_ne!(text, draft.files[file], "{file} has {from}");
    let version = draft.version.to_string();
    writer.get(&format!("/admin/services/{id}")).await;
    let fields = [("file", file), ("text", text.as_str()), ("version", version.as_str())];
    post(writer, StatusCode::SEE_OTHER, &format!("/admin/services/{id}"), &fields).await;
    writer.get(&format!("/admin/services/{id}?file={file}")).await.body
}

pub async fn asked(writer: &mut Browser<'_>, id: &str, verb: &str, from: &str) {
    let path = format!("/admin/services/{id}/publish");
    assert_eq!(writer.get(&path).await.status, StatusCode::OK);
    post(writer, StatusCode::SEE_OTHER, &path, &[("verb", verb), ("from", from)]).await;
}

async fn answered(country: &Country, user: &str, id: &str, place: i64, verb: &str) -> (StatusCode, String) {
    let mut manager = country.signed_in(user).await;
    manager.get("/me/password").await;
    let answer = manager.post(&format!("/admin/services/{id}/publish/{place}/{verb}"), &[]).await;
    (answer.status, answer.body)
}

pub async fn approved(country: &Country, id: &str, place: i64) {
    let (status, body) = answered(country, "saebyeok", id, place, "approve").await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{body}");
}

async fn published(country: &Country) {
    let mut writer = begun(country).await;
    edited(country, &mut writer, "text.ko.toml", "보기 지원금", "겨울 난방비").await;
    edited(country, &mut writer, "text.en.toml", "Example grant", "Winter heating grant").await;
    asked(&mut writer, "winter-heating", "publish", "2026-10-07").await;
    approved(country, "winter-heating", 1).await;
}

#[tokio::test]
async fn from_a_first_file_to_a_letter() {
    let country = country().await;
    let mut writer = begun(&country).await;
    let page = writer.get(HEATING).await.body;
    assert!(page.contains("고칠 것이 없습니다") && page.contains("service.toml"), "{page}");

    // A mistake is kept, told with its place, and can't be published.
    let page = edited(&country, &mut writer, "rules.toml", "나이 >= 65", "나이 >= 70").await;
    assert!(
        page.contains("cases.toml") && page.contains("받음이라고 썼는데 못 받음으로 정해졌습니다"),
        "{page}"
    );
    writer.get("/language/en").await;
    let page = writer.get(HEATING).await.body;
    assert!(
        page.contains("expected yes, decided no") && page.contains("correct the case, or the rules"),
        "{page}"
    );
    writer.get("/language/ko").await;
    writer.get(HEATING).await;
    let preview = writer.get(&format!("{HEATING}/preview")).await.body;
    assert!(preview.contains("3개 가운데 2개가 맞음") && preview.contains("is-err"), "{preview}");
    let page = edited(&country, &mut writer, "form.toml", "[[page]]", "[[page]").await;
    assert!(
        page.contains("form.toml") && page.contains("째 줄") && page.contains("읽을 수 없습니다"),
        "{page}"
    );
    assert_eq!(writer.get(&format!("{HEATING}/preview")).await.status, StatusCode::OK);
    let page = writer.get(&format!("{HEATING}/publish")).await.body;
    assert!(page.contains("고칠 곳") && !page.contains("name=\"from\""), "{page}");
    let refused =
        writer.post(&format!("{HEATING}/publish"), &[("verb", "publish"), ("from", "2026-10-07")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    edited(&country, &mut writer, "form.toml", "[[page]\n", "[[page]]\n").await;
    edited(&country, &mut writer, "rules.toml", "나이 >= 70", "나이 >= 65").await;
    edited(&country, &mut writer, "text.ko.toml", "보기 지원금", "겨울 난방비").await;

    // Tried with facts of one's own.
    let preview = writer.get(&format!("{HEATING}/preview")).await.body;
    assert!(preview.contains("3개 가운데 3개가 맞음") && preview.contains("겨울 난방비"), "{preview}");
    assert!(preview.contains("계좌번호") && preview.contains("미리 보기입니다"), "{preview}");
    let tried = writer.post(&format!("{HEATING}/preview"), &[("on", "2026-10-07"), ("fact-0", "65")]).await;
    assert!(tried.status == StatusCode::OK && tried.body.contains("id=\"decided\""), "{}", tried.body);
    assert!(tried.body.contains("100,000"), "{}", tried.body);
    let tried = writer.post(&format!("{HEATING}/preview"), &[("on", "2026-10-07"), ("fact-0", "64")]).await;
    assert!(tried.body.contains("아직 65세가 되지 않으셨습니다"), "{}", tried.body);
    let wrong = writer.post(&format!("{HEATING}/preview"), &[("on", "soon"), ("fact-0", "many")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);

    // Nobody outside sees it before it is approved.
    let mut daon = country.signed_in("daon").await;
    assert_eq!(daon.get("/services/winter-heating").await.status, StatusCode::NOT_FOUND);
    asked(&mut writer, "winter-heating", "publish", "2026-10-07").await;
    assert_eq!(daon.get("/services/winter-heating").await.status, StatusCode::NOT_FOUND);
    approved(&country, "winter-heating", 1).await;

    // Search, guidance, eligibility, filing, deciding, the letter.
    let found = daon.get("/services?q=%EA%B2%A8%EC%9A%B8%20%EB%82%9C%EB%B0%A9%EB%B9%84").await.body;
    assert!(found.contains("/services/winter-heating"), "{found}");
    let page = daon.get("/services/winter-heating").await.body;
    assert!(
        page.contains("100,000") && page.contains("나이가 65세 이상") && page.contains("수원시"),
        "{page}"
    );
    let case = petition(&mut daon, "winter-heating", &[("account", &ACCOUNT)]).await;
    country.settle().await;
    let mut haneul = taken(&country, "haneul", &case).await;
    let note = [("note", "나이를 확인했습니다.")];
    post(&mut haneul, StatusCode::SEE_OTHER, &format!("/cases/{case}/grant"), &note).await;
    country.settle().await;
    let page = daon.get(&format!("/cases/{case}")).await.body;
    assert!(page.contains("지급하기로 결정했습니다"), "{page}");
    let letters = daon.get("/messages").await.body;
    assert!(letters.contains("겨울 난방비를 드리기로 했습니다"), "{letters}");

    // Who did what.
    let trail = writer.get(&format!("{HEATING}/publish")).await.body;
    for word in ["한사랑", "승인됨", "저장함"] {
        assert!(trail.contains(word), "{word}: {trail}");
    }
    let kinds = "SELECT count(*) AS n FROM store_event WHERE kind = $1";
    for (kind, least) in
        [("guidance.service-written", 6), ("guidance.service-asked", 1), ("guidance.service-approved", 1)]
    {
        let row = country.app.store.query_one(kinds, vec![kind.into()]).await.unwrap().unwrap();
        assert!(row.int("n").unwrap() >= least, "{kind}");
    }
}

#[tokio::test]
async fn who_may_and_who_may_not() {
    let country = country().await;
    // Nobody without a part in it gets in.
    for (user, status) in [("maru", StatusCode::FORBIDDEN), ("haneul", StatusCode::FORBIDDEN)] {
        let mut browser = country.signed_in(user).await;
        for path in ["/admin/services", "/admin/services/new"] {
            assert_eq!(browser.get(path).await.status, status, "{user} {path}");
        }
    }
    let mut nobody = country.browser();
    assert_ne!(nobody.get("/admin/services").await.status, StatusCode::OK);
    let mut writer = begun(&country).await;
    // Names that are odd, taken, or another agency's.
    writer.get("/admin/services/new").await;
    for (owner, id) in [
        ("suwon", "winter-heating"),
        ("suwon", "livelihood-benefit"),
        ("suwon", "Winter"),
        ("suwon", "new"),
        ("suwon", "../x"),
        ("jeonju", "jeonju-heating"),
        ("mohw", "suwon-heating"),
    ] {
        let fields = [("owner", owner), ("id", id)];
        post(&mut writer, StatusCode::UNPROCESSABLE_ENTITY, "/admin/services/new", &fields).await;
    }
    // A clerk, the city's manager, an operator, an auditor: none writes.
    for user in ["saebyeok", "onnuri", "sebom"] {
        let mut browser = country.signed_in(user).await;
        assert_eq!(browser.get(HEATING).await.status, StatusCode::OK, "{user} reads");
        assert!(!browser.page.contains("<textarea"), "{user}");
        browser.get("/me/password").await;
        let fields = [("file", "rules.toml"), ("text", "x"), ("version", "1")];
        assert_eq!(browser.post(HEATING, &fields).await.status, StatusCode::FORBIDDEN, "{user}");
        let fields = [("owner", "suwon"), ("id", "another-one")];
        assert_eq!(
            browser.post("/admin/services/new", &fields).await.status,
            StatusCode::FORBIDDEN,
            "{user}"
        );
        let fields = [("verb", "publish"), ("from", "2026-10-07")];
        assert_eq!(
            browser.post(&format!("{HEATING}/publish"), &fields).await.status,
            StatusCode::FORBIDDEN,
            "{user}"
        );
    }
    let mut clerk = country.signed_in("haneul").await;
    clerk.get("/me/password").await;
    assert_eq!(clerk.post(&format!("{HEATING}/publish/1/approve"), &[]).await.status, StatusCode::FORBIDDEN);
    // A manager of another city does not even learn of it.
    admin::grant_role(&country.app, &Doer::machine(), "official-handeul", "manager", "", "").await.unwrap();
    let mut other = country.signed_in("handeul").await;
    for path in [HEATING.to_owned(), format!("{HEATING}/preview"), format!("{HEATING}/publish")] {
        assert_eq!(other.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(!other.get("/admin/services").await.body.contains("winter-heating"));

    // Days that are over, twice, something that is not asked for.
    let path = format!("{HEATING}/publish");
    writer.get(&path).await;
    for from in ["2026-10-06", "soon", ""] {
        post(&mut writer, StatusCode::UNPROCESSABLE_ENTITY, &path, &[("verb", "publish"), ("from", from)])
            .await;
    }
    let end = [("verb", "end"), ("from", "2026-10-07")];
    post(&mut writer, StatusCode::NOT_FOUND, &path, &end).await;
    asked(&mut writer, "winter-heating", "publish", "2026-10-07").await;
    let twice = [("verb", "publish"), ("from", "2026-10-08")];
    post(&mut writer, StatusCode::CONFLICT, &path, &twice).await;
    // The writer can't approve, not even as a manager.
    assert_eq!(answered(&country, "sarang", "winter-heating", 1, "approve").await.0, StatusCode::FORBIDDEN);
    admin::grant_role(&country.app, &Doer::machine(), "official-sarang", "manager", "", "").await.unwrap();
    let (status, body) = answered(&country, "sarang", "winter-heating", 1, "approve").await;
    assert!(status == StatusCode::FORBIDDEN && body.contains("다른 관리자"), "{body}");
    for user in ["onnuri", "sebom"] {
        assert_eq!(
            answered(&country, user, "winter-heating", 1, "approve").await.0,
            StatusCode::FORBIDDEN,
            "{user}"
        );
    }
    assert_eq!(answered(&country, "handeul", "winter-heating", 1, "approve").await.0, StatusCode::NOT_FOUND);
    assert_eq!(answered(&country, "saebyeok", "winter-heating", 9, "approve").await.0, StatusCode::NOT_FOUND);
    assert!(country.app.definitions.service("winter-heating").is_none());

    // Changed after asking: what was asked for is void.
    let mut writer = country.signed_in("sarang").await;
    edited(&country, &mut writer, "text.ko.toml", "보기 지원금", "다른 이름").await;
    let (status, body) = answered(&country, "saebyeok", "winter-heating", 1, "approve").await;
    assert!(status == StatusCode::CONFLICT && body.contains("다시 부탁"), "{body}");
    // Taken back: not approved either. Turned down by the manager: the same.
    for (place, user) in [(2, "sarang"), (3, "saebyeok")] {
        asked(&mut writer, "winter-heating", "publish", "2026-10-07").await;
        assert_eq!(
            answered(&country, user, "winter-heating", place, "withdraw").await.0,
            StatusCode::SEE_OTHER
        );
        assert_eq!(
            answered(&country, "saebyeok", "winter-heating", place, "approve").await.0,
            StatusCode::CONFLICT
        );
    }
    assert!(country.app.definitions.service("winter-heating").is_none());
    // Somebody who saw an older version overwrites nothing.
    writer.get(HEATING).await;
    let old = [("file", "rules.toml"), ("text", "x"), ("version", "1")];
    post(&mut writer, StatusCode::CONFLICT, HEATING, &old).await;
}

#[tokio::test]
async fn approvals_at_once_hold_once() {
    let country = country().await;
    let mut writer = begun(&country).await;
    asked(&mut writer, "winter-heating", "publish", "2026-10-07").await;
    admin::grant_role(&country.app, &Doer::machine(), "official-haneul", "manager", "", "").await.unwrap();
    let approve = |user| answered(&country, user, "winter-heating", 1, "approve");
    let (a, b, c) = tokio::join!(approve("saebyeok"), approve("haneul"), approve("saebyeok"));
    let mut all = [a.0, b.0, c.0];
    all.sort();
    assert_eq!(all, [StatusCode::SEE_OTHER, StatusCode::CONFLICT, StatusCode::CONFLICT]);
    assert_eq!(country.app.definitions.published("winter-heating").await.unwrap().len(), 1);

    // A change and an approval at once: either the approved text is what was asked for, or nothing was approved.
    asked(&mut writer, "winter-heating", "publish", "2026-10-08").await;
    let change = async {
        let mut writer = country.signed_in("sarang").await;
        edited(&country, &mut writer, "text.ko.toml", "보기 지원금", "다른 이름").await;
    };
    let ((), (status, _)) =
        tokio::join!(change, answered(&country, "saebyeok", "winter-heating", 2, "approve"));
    country.clock.forward(2 * DAY);
    country.app.definitions.refresh_services(country.app.now()).await.unwrap();
    let name =
        country.app.definitions.service("winter-heating").unwrap().text(maru_kernel::Lang::Ko).name.clone();
    assert_eq!(name, "보기 지원금", "{status}");
}

#[tokio::test]
async fn versions_begin_on_their_day_and_end() {
    let country = country().await;
    let app = &country.app;
    published(&country).await;
    let mut daon = country.signed_in("daon").await;
    let draft = filed_for(&mut daon, "winter-heating").await;
    let case = {
        let mut browser = country.signed_in("bada").await;
        browser.get("/services/winter-heating").await;
        browser.at.clone()
    };
    assert_eq!(case, "/services/winter-heating");

    // The next version pays more from November on.
    let mut writer = country.signed_in("sarang").await;
    edited(&country, &mut writer, "rules.toml", "'100000'", "'150000'").await;
    edited(&country, &mut writer, "cases.toml", "amount = 100000", "amount = 150000").await;
    asked(&mut writer, "winter-heating", "publish", "2026-11-01").await;
    approved(&country, "winter-heating", 2).await;
    assert!(daon.get("/services/winter-heating").await.body.contains("100,000"));
    // Nothing is to begin before what is to come.
    edited(&country, &mut writer, "text.ko.toml", "겨울 난방비", "겨울 온기").await;
    writer.get(&format!("{HEATING}/publish")).await;
    let earlier = [("verb", "publish"), ("from", "2026-10-20")];
    post(&mut writer, StatusCode::UNPROCESSABLE_ENTITY, &format!("{HEATING}/publish"), &earlier).await;
    // A second program on the database, a restart in between, and the day comes.
    let other = Definitions::open(app.store.clone(), maru::wire::pack().unwrap(), app.now()).await.unwrap();
    assert!(other.service("winter-heating").is_some(), "a restart keeps it");
    assert!(!other.refresh_services(app.now()).await.unwrap());
    country.clock.forward(25 * DAY);
    for definitions in [&other, &app.definitions] {
        assert!(definitions.refresh_services(app.now()).await.unwrap());
        assert!(!definitions.refresh_services(app.now()).await.unwrap(), "once");
    }
    let mut daon = country.signed_in("daon").await;
    assert!(daon.get("/services/winter-heating").await.body.contains("150,000"));

    // Filed before the end, decided after it.
    daon.get(&format!("/cases/{draft}/form/account")).await;
    post(&mut daon, StatusCode::SEE_OTHER, &format!("/cases/{draft}/form/account"), &ACCOUNT).await;
    sent(&mut daon, &draft).await;
    country.settle().await;
    let mut maru = country.signed_in("maru").await;
    let unsent = filed_for(&mut maru, "winter-heating").await;
    maru.get(&format!("/cases/{unsent}/form/account")).await;
    post(&mut maru, StatusCode::SEE_OTHER, &format!("/cases/{unsent}/form/account"), &ACCOUNT).await;
    let mut writer = country.signed_in("sarang").await;
    asked(&mut writer, "winter-heating", "end", "2026-11-03").await;
    approved(&country, "winter-heating", 3).await;
    country.clock.forward(3 * DAY);
    assert!(app.definitions.refresh_services(app.now()).await.unwrap());
    assert!(other.refresh_services(app.now()).await.unwrap() && other.entry("winter-heating").is_none());
    let mut maru = country.signed_in("maru").await;
    assert_eq!(maru.get("/services/winter-heating").await.status, StatusCode::NOT_FOUND);
    maru.get("/").await;
    maru.get(&format!("/cases/{unsent}/check")).await;
    let sent = maru.post(&format!("/cases/{unsent}/submit"), &[("confirmed", "yes")]).await;
    assert!(sent.status == StatusCode::CONFLICT && sent.body.contains("이 서비스는 끝나서"), "{}", sent.body);
    let mut haneul = taken(&country, "haneul", &draft).await;
    let note = [("note", "나이를 확인했습니다.")];
    post(&mut haneul, StatusCode::SEE_OTHER, &format!("/cases/{draft}/grant"), &note).await;
    country.settle().await;
    let mut daon = country.signed_in("daon").await;
    let page = daon.get(&format!("/cases/{draft}")).await.body;
    assert!(page.contains("지급하기로 결정했습니다") && page.contains("150,000"), "{page}");
    assert!(!page.contains("href=\"/services/winter-heating\""), "its page is no more: {page}");
    // And begun again.
    let mut writer = country.signed_in("sarang").await;
    asked(&mut writer, "winter-heating", "publish", "2026-11-04").await;
    approved(&country, "winter-heating", 4).await;
    assert_eq!(daon.get("/services/winter-heating").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_new_version_of_what_the_program_brings_stands_over_a_restart() {
    let country = country().await;
    let app = &country.app;
    let new = NewAgency {
        id: "acrc",
        ko: "국민권익위원회",
        en: "Anti-Corruption and Civil Rights Commission",
        region: "",
        kind: "central",
    };
    admin::add_agency(app, &Doer::machine(), new).await.unwrap();
    for (official, role) in [("official-sarang", "writer"), ("official-saebyeok", "manager")] {
        admin::grant_role(app, &Doer::machine(), official, role, "acrc", "").await.unwrap();
    }
    let mut writer = country.signed_in("sarang").await;
    let page = writer.get("/admin/services").await.body;
    assert!(page.contains("value=\"suggestion\""), "{page}");
    post(
        &mut writer,
        StatusCode::SEE_OTHER,
        "/admin/services/new",
        &[("owner", "acrc"), ("id", "suggestion")],
    )
    .await;
    let before = app.definitions.service("suggestion").unwrap();
    let name = before.text(maru_kernel::Lang::Ko).name.clone();
    edited_of(
        &country,
        &mut writer,
        "suggestion",
        "text.ko.toml",
        &format!("name = \"{name}\""),
        "name = \"바라는 것\"",
    )
    .await;
    asked(&mut writer, "suggestion", "publish", "2026-10-07").await;
    approved(&country, "suggestion", 1).await;
    let other = Definitions::open(app.store.clone(), maru::wire::pack().unwrap(), app.now()).await.unwrap();
    for definitions in [&other, &app.definitions] {
        assert_eq!(definitions.service("suggestion").unwrap().text(maru_kernel::Lang::Ko).name, "바라는 것");
        assert_eq!(
            definitions.pack().services.iter().filter(|service| service.id == "suggestion").count(),
            1
        );
    }
    let newest = "SELECT source FROM definition_version WHERE kind = 'service' AND id = 'suggestion' AND until IS NULL";
    let row = app.store.query_one(newest, Vec::new()).await.unwrap().unwrap();
    assert_eq!(row.text("source").unwrap(), "pages");
}

#[tokio::test]
async fn what_can_not_be_read_is_left_out_and_told() {
    let country = country().await;
    let app = &country.app;
    published(&country).await;
    let mut batch = maru_store::Batch::new();
    batch.write_one(
        "one",
        "UPDATE definition_version SET body = REPLACE(body, '나이 >= 65', '없는사실 >= 65') WHERE id = 'winter-heating'",
        Vec::new(),
    );
    app.store.commit(batch).await.unwrap();
    let other = Definitions::open(app.store.clone(), maru::wire::pack().unwrap(), app.now()).await.unwrap();
    assert!(other.service("winter-heating").is_none() && other.entry("livelihood-benefit").is_some());
    let left_out = other.left_out();
    assert_eq!(left_out.len(), 1);
    assert!(
        left_out[0].faults.iter().any(|fault| fault.what.en.contains("없는사실")),
        "{:?}",
        left_out[0].faults
    );
    assert!(app.definitions.left_out().is_empty());
    // This program reads it again when something else is published; it goes on, and says so.
    let mut writer = country.signed_in("sarang").await;
    writer.get("/admin/services/new").await;
    post(
        &mut writer,
        StatusCode::SEE_OTHER,
        "/admin/services/new",
        &[("owner", "suwon"), ("id", "other-grant")],
    )
    .await;
    asked(&mut writer, "other-grant", "publish", "2026-10-07").await;
    approved(&country, "other-grant", 1).await;
    assert!(
        app.definitions.service("winter-heating").is_none()
            && app.definitions.service("other-grant").is_some()
    );
    let told = country.signed_in("onnuri").await.get("/admin").await.body;
    assert!(told.contains("내보내지 못하는 서비스") && told.contains("winter-heating"), "{told}");
}
