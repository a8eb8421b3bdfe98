//! What runs beside a case: supplements, consultations, extensions, transfers; who may, and what the clock does.

use crate::common::{Answer, Browser, Country, SERVICE, country, submit};
use axum::http::{Method, StatusCode};
use maru_definition::Chart;
use serde_json::{Value as Json, json};

const TEXT: &str = "임대차계약서의 둘째 쪽이 빠져 있습니다. 붙여 주세요.";

/// A case that Haneul works on, open on the desk.
async fn worked<'a>(country: &'a Country) -> (String, Browser<'a>, Browser<'a>) {
    let mut maru = country.signed_in("maru").await;
    let id = submit(&mut maru).await;
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
    let ask = maru_web::ports::Ask {
        actor: maru_kernel::Actor::Official {
            party: "official-handeul".into(),
            unit: "jeonju-livelihood".into(),
        },
        subject: "resident-maru".into(),
        fields: [("case".to_owned(), vec!["주거.형태".to_owned()])].into(),
        purpose: id.clone(),
        why: maru_kernel::Both { ko: "시험".into(), en: "A test".into() },
        law: String::new(),
        receipt: None,
    };
    assert!(country.app.ports.registers.show(&ask).await.is_err(), "the grant has ended with the reply");

    let page = haneul.get(&format!("/desk/cases/{id}")).await.body;
    assert!(page.contains("같은 집에 사는 사람이 없습니다."));
    let page_of_maru = maru.get(&format!("/cases/{id}")).await.body;
    assert!(
        page_of_maru.contains("다른 부서에 물었습니다") && page_of_maru.contains("다른 부서가 답했습니다")
    );
    assert!(!page_of_maru.contains(question) && !page_of_maru.contains("같은 집에 사는 사람이 없습니다."));
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
    is(&mut haneul, StatusCode::CONFLICT, &path, &[("days", "3"), ("reason", reason)]).await;
    let again = [("days", "3"), ("reason", reason), ("consent", "yes")];
    haneul.get(&format!("/desk/cases/{id}")).await;
    assert!(haneul.page.contains("신청인에게 동의 묻기") && haneul.page.contains("name=\"consent\""));
    ok(&mut haneul, &path, &again).await;
    is(&mut haneul, StatusCode::CONFLICT, &path, &again).await;
    country.settle().await;
    assert!(maru.get("/messages").await.body.contains("한 번 더 늘려도 되는지"), "{}", maru.page);
    let page = maru.get(&format!("/cases/{id}")).await.body;
    assert!(page.contains("11월 25일") && page.contains("11월 30일"), "only an agreement extends: {page}");
    let asked = task(&page, "agree");
    let agree = format!("/tasks/{asked}/agree");
    let mut daon = country.signed_in("daon").await;
    daon.get("/cases").await;
    is(&mut daon, StatusCode::NOT_FOUND, &agree, &[]).await;
    is(&mut haneul, StatusCode::FORBIDDEN, &agree, &[]).await;
    ok(&mut maru, &agree, &[]).await;
    is(&mut maru, StatusCode::CONFLICT, &agree, &[]).await;
    assert!(maru.get(&format!("/cases/{id}")).await.body.contains("11월 30일"));
    is(&mut haneul, StatusCode::CONFLICT, &path, &again).await;
    country.settle().await;
    assert_eq!(maru.get("/messages").await.body.matches("처리 기간이 늘어났습니다").count(), 2);
}

/// A case whose applicant was asked to agree to three days more than the five it got.
async fn sought<'a>(country: &'a Country) -> (String, Browser<'a>, Browser<'a>, String) {
    let (id, mut maru, mut haneul) = worked(country).await;
    let reason = "금융 재산을 조회하는 데 시간이 더 필요합니다.";
    let path = format!("/cases/{id}/extend");
    ok(&mut haneul, &path, &[("days", "5"), ("reason", reason)]).await;
    ok(&mut haneul, &path, &[("days", "3"), ("reason", reason), ("consent", "yes")]).await;
    let asked = task(&maru.get(&format!("/cases/{id}")).await.body, "agree");
    (id, maru, haneul, asked)
}

#[tokio::test]
async fn who_declines_keeps_the_date_and_is_not_asked_again() {
    let country = country().await;
    let (id, mut maru, mut haneul, asked) = sought(&country).await;
    // An official states nothing for the applicant, and it is no supplement that one could supply.
    let mut other = country.signed_in("garam").await;
    other.get(&format!("/desk/cases/{id}")).await;
    for verb in ["agree", "decline"] {
        is(&mut haneul, StatusCode::FORBIDDEN, &format!("/tasks/{asked}/{verb}"), &[]).await;
        is(&mut other, StatusCode::FORBIDDEN, &format!("/tasks/{asked}/{verb}"), &[]).await;
    }
    let supply = format!("/tasks/{asked}/supply");
    is(&mut maru, StatusCode::CONFLICT, &supply, &[("text", "동의합니다.")]).await;
    is(&mut maru, StatusCode::CONFLICT, &format!("/tasks/{asked}/prolong"), &[]).await;
    let mut daon = country.signed_in("daon").await;
    daon.get("/cases").await;
    is(&mut daon, StatusCode::NOT_FOUND, &format!("/tasks/{asked}/decline"), &[]).await;
    ok(&mut maru, &format!("/tasks/{asked}/decline"), &[]).await;
    is(&mut maru, StatusCode::CONFLICT, &format!("/tasks/{asked}/agree"), &[]).await;
    let page = maru.get(&format!("/cases/{id}")).await.body;
    assert!(page.contains("11월 25일") && !page.contains("/agree\""), "{page}");
    assert!(page.contains("신청인이 연장에 동의하지 않았습니다"), "{page}");
    let again = [("days", "3"), ("reason", TEXT), ("consent", "yes")];
    is(&mut haneul, StatusCode::CONFLICT, &format!("/cases/{id}/extend"), &again).await;
    let page = haneul.get(&format!("/desk/cases/{id}")).await.body;
    assert!(page.contains("동의하지 않음") && !page.contains(&format!("/cases/{id}/extend")), "{page}");
    country.settle().await;
    assert_eq!(maru.get("/messages").await.body.matches("처리 기간이 늘어났습니다").count(), 1);
}

#[tokio::test]
async fn a_question_that_is_taken_back_can_be_asked_again() {
    let country = country().await;
    let (id, mut maru, mut haneul, asked) = sought(&country).await;
    is(&mut maru, StatusCode::FORBIDDEN, &format!("/tasks/{asked}/recall"), &[]).await;
    ok(&mut haneul, &format!("/tasks/{asked}/recall"), &[]).await;
    is(&mut maru, StatusCode::CONFLICT, &format!("/tasks/{asked}/agree"), &[]).await;
    let again = [("days", "2"), ("reason", TEXT), ("consent", "yes")];
    ok(&mut haneul, &format!("/cases/{id}/extend"), &again).await;
    let asked = task(&maru.get(&format!("/cases/{id}")).await.body, "agree");
    // What is decided meanwhile waits for no answer.
    ok(&mut haneul, &format!("/cases/{id}/grant"), &[("note", "")]).await;
    is(&mut maru, StatusCode::CONFLICT, &format!("/tasks/{asked}/agree"), &[]).await;
    assert!(!maru.get(&format!("/cases/{id}")).await.body.contains("/agree\""));
}

#[tokio::test]
async fn after_its_day_nobody_can_agree_any_more() {
    let country = country().await;
    let (id, _, _, asked) = sought(&country).await;
    // Due on 25 November.
    country.clock.forward(50 * DAY);
    country.settle().await;
    let mut maru = country.signed_in("maru").await;
    let page = maru.get(&format!("/cases/{id}")).await.body;
    assert!(page.contains("답하지 않으셔도 됩니다") && !page.contains("/agree\""), "{page}");
    maru.get("/me").await;
    let told = is(&mut maru, StatusCode::CONFLICT, &format!("/tasks/{asked}/agree"), &[]).await;
    assert!(told.contains("기한이 지나"), "{told}");
    ok(&mut maru, &format!("/tasks/{asked}/decline"), &[]).await;
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

/// A walker who tries whatever there is, allowed or not, and looks whether the chart was kept.
struct Walk<'a> {
    country: &'a Country,
    way: &'static Way,
    random: u64,
    id: String,
    tokens: std::collections::BTreeMap<&'static str, String>,
    done: usize,
    refused: usize,
    /// What the rows said at moments of this walk.
    told: Vec<(maru_kernel::At, maru_case::Then)>,
}

impl Walk<'_> {
    fn pick(&mut self, of: usize) -> usize {
        // xorshift: the same walk for the same seed.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        usize::try_from(self.random % u64::try_from(of).unwrap()).unwrap()
    }

    async fn sign_in(&mut self) {
        let users = self.way.workers.iter().chain(self.way.others).chain([&"maru"]);
        for user in users.copied() {
            self.tokens.insert(user, self.country.token(user).await);
        }
    }

    async fn call(&self, user: &str, method: Method, path: &str, body: &str) -> Answer {
        self.country.call(method, path, Some(&self.tokens[user]), body).await
    }

    /// The case and what runs beside it, as its applicant sees them.
    async fn now(&self) -> (Json, Vec<Json>) {
        let case = self.call("maru", Method::GET, &format!("/api/v1/cases/{}", self.id), "").await.json();
        let tasks =
            self.call("maru", Method::GET, &format!("/api/v1/cases/{}/tasks", self.id), "").await.json();
        (case, tasks["tasks"].as_array().unwrap().clone())
    }

    /// Tries one verb, as anybody.
    async fn step(&mut self, chart: &Chart) {
        // Most is tried by those who may.
        let user = match self.pick(9) {
            0 | 1 => "maru",
            2..7 => self.way.workers[self.pick(self.way.workers.len())],
            _ => self.way.others[self.pick(self.way.others.len())],
        };
        let before = self.now().await;
        let state = before.0["state"].as_str().unwrap().to_owned();
        let main = self.pick(2) > 0 || before.1.is_empty();
        let (path, verb, allowed) = if main {
            let verbs: &[&str] = match user {
                "maru" => &["submit", "submit", "submit", "submit", "withdraw", "grant"],
                _ => &OFFICIAL,
            };
            let verb = verbs[self.pick(verbs.len())];
            (format!("/api/v1/cases/{}/{verb}", self.id), verb, chart.verb(&state, verb).is_some())
        } else {
            let verbs = ["supply", "reply", "prolong", "recall", "agree", "decline"];
            let verb = verbs[self.pick(verbs.len())];
            let task = &before.1[self.pick(before.1.len())];
            let region = chart.region(task["kind"].as_str().unwrap()).unwrap();
            let can =
                region.verb(task["state"].as_str().unwrap(), verb).is_some() && !Chart::is_ending(&state);
            (format!("/api/v1/tasks/{}/{verb}", task["id"].as_str().unwrap()), verb, can)
        };
        let days = self.pick(12);
        let body = match verb {
            "submit" => json!({ "confirmed": true }),
            "grant" | "refuse" | "return" | "respond" | "close" => {
                json!({ "note": "이 건을 이렇게 마칩니다. 까닭은 이렇습니다." })
            }
            "ask" => json!({ "text": TEXT, "days": days }),
            "consult" => {
                json!({ "text": TEXT, "units": &self.way.asked[self.pick(self.way.asked.len())..] })
            }
            "extend" => json!({ "days": days, "reason": TEXT, "consent": self.pick(2) == 0 }),
            "transfer" => {
                json!({ "unit": self.way.units[self.pick(self.way.units.len())], "reason": TEXT })
            }
            // Of no case that there is.
            "wait" | "unite" => json!({ "receipt": "2610-0000-0000-0" }),
            "supply" | "reply" => json!({ "text": TEXT }),
            _ => Json::Null,
        };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.call(user, Method::POST, &path, &body).await;
        let after = self.now().await;
        let told = format!("{user} {verb} in {state}: {} {}", answer.status, answer.body);
        if answer.status == StatusCode::OK {
            self.done += 1;
            // Doing again what is done already answers with what is there.
            let same = before == after && ["submit", "assign", "withdraw"].contains(&verb);
            assert!(allowed || same, "{told}");
            if main && !same {
                let to = chart.verb(&state, verb).unwrap().to.clone().unwrap_or(state);
                assert_eq!(after.0["state"], to, "{told}");
            }
        } else {
            self.refused += 1;
            assert!(answer.status.is_client_error(), "{told}");
            assert_eq!(before, after, "what is refused changes nothing: {told}");
        }
        let open = |kind: &str| after.1.iter().any(|task| task["kind"] == kind && task["ended_at"].is_null());
        let at = self.country.app.now();
        self.told.push((at, self.row().await));
        if after.0["state"] != "draft" && !Chart::is_ending(after.0["state"].as_str().unwrap()) {
            let due = after.0["due_on"].as_str().map(str::to_owned);
            // What was over already stays over, whatever is asked then.
            let over = due.is_some_and(|due| due <= at.date().to_string());
            let stands = after.0["due_on"].is_null();
            assert!(
                stands == open("supplement") || over,
                "the clock stands while something is awaited: {told}"
            );
        }
    }

    /// The case as its rows say it now.
    async fn row(&self) -> maru_case::Then {
        let store = &self.country.app.store;
        let row = store
            .query_one(
                "SELECT state, unit, officer, due_on FROM case_case WHERE id = $1",
                vec![self.id.as_str().into()],
            )
            .await
            .unwrap()
            .unwrap();
        let tasks = store
            .query(
                "SELECT id FROM case_task WHERE case_id = $1 AND ended_at IS NULL ORDER BY id",
                vec![self.id.as_str().into()],
            )
            .await
            .unwrap();
        let text = |name: &str| row.maybe_text(name).map(str::to_owned);
        maru_case::Then {
            state: text("state").unwrap(),
            unit: text("unit"),
            officer: text("officer"),
            due_on: text("due_on").map(|due| due.parse().unwrap()),
            open: tasks.iter().map(|task| task.string("id").unwrap()).collect(),
        }
    }

    /// Whenever one looks back, the events tell what the rows were then.
    async fn look_back(&mut self) {
        let app = &self.country.app;
        assert_eq!(maru_case::as_it_stood(app, &self.id, app.now()).await.unwrap(), self.row().await);
        for (at, row) in std::mem::take(&mut self.told) {
            assert_eq!(maru_case::as_it_stood(app, &self.id, at).await.unwrap(), row, "{}", at.rfc3339());
        }
    }

    /// From wherever it stands, the case comes to an end by what its officials can do alone.
    async fn end(&mut self) {
        let (case, tasks) = self.now().await;
        let state = case["state"].as_str().unwrap();
        if Chart::is_ending(state) {
            return;
        }
        if state == "draft" {
            let answer =
                self.call("maru", Method::POST, &format!("/api/v1/cases/{}/withdraw", self.id), "").await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
            return;
        }
        let mut ended = false;
        for user in self.way.workers.iter().copied() {
            let path = format!("/api/v1/cases/{}/assign", self.id);
            if self.call(user, Method::POST, &path, "").await.status != StatusCode::OK {
                continue;
            }
            for task in tasks.iter().filter(|task| task["ended_at"].is_null()) {
                let path = format!("/api/v1/tasks/{}/recall", task["id"].as_str().unwrap());
                let answer = self.call(user, Method::POST, &path, "").await;
                assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
            }
            let path = format!("/api/v1/cases/{}/{}", self.id, self.way.end);
            let answer =
                self.call(user, Method::POST, &path, r#"{"note":"요건에 맞지 않아 드리지 못합니다."}"#).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
            ended = true;
            break;
        }
        assert!(ended, "stuck: {case} {tasks:?}");
    }
}

/// No walk gets stuck, none leaves its chart, and every notice that was owed was sent, once.
#[tokio::test]
async fn random_walks_stay_on_the_chart() {
    walks(&WAYS[0], 40).await;
}

/// The same on every other chart that somebody can begin.
#[tokio::test]
async fn random_walks_stay_on_every_chart() {
    let country = country().await;
    let begun = |way: &&Way| country.app.definitions.service(way.service).unwrap().chart.clone();
    let walked: std::collections::BTreeSet<String> = WAYS.iter().map(|way| begun(&way)).collect();
    for chart in &country.app.definitions.pack().charts {
        // An objection begins at a decision; its way is the application's, without what it leaves out.
        assert!(walked.contains(&chart.id) || chart.id == "objection", "{} is walked", chart.id);
    }
    for way in &WAYS[1..] {
        walks(way, 10).await;
    }
}

async fn walks(way: &'static Way, times: usize) {
    let country = country().await;
    let service = country.app.definitions.service(way.service).unwrap();
    let chart = country.app.definitions.pack().chart(&service.chart).unwrap().clone();
    let seed = std::env::var("MARU_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_126_u64);
    let mut walk = Walk {
        country: &country,
        way,
        random: seed,
        id: String::new(),
        tokens: Default::default(),
        done: 0,
        refused: 0,
        told: Vec::new(),
    };
    let mut ends = std::collections::BTreeMap::new();
    for _ in 0..times {
        walk.sign_in().await;
        let filed = walk
            .call("maru", Method::POST, "/api/v1/cases", &json!({ "service": way.service }).to_string())
            .await;
        walk.id = filed.json()["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/cases/{}/answers", walk.id);
        let answered = walk.call("maru", Method::POST, &path, way.pages).await;
        assert_eq!(answered.status, StatusCode::OK, "{}: {}", way.service, answered.body);
        for _ in 0..40 {
            walk.step(&chart).await;
            if walk.pick(20) == 0 {
                let days = i64::try_from(walk.pick(7)).unwrap();
                country.clock.forward(days * DAY);
                country.settle().await;
                walk.sign_in().await;
            }
        }
        walk.end().await;
        walk.look_back().await;
        let (case, _) = walk.now().await;
        *ends.entry(case["state"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    country.settle().await;
    // The second extension has a letter of its own before there is one.
    let letters = chart.verbs.iter().filter_map(|verb| verb.letter.clone()).chain(["sought".to_owned()]);
    for letter in letters {
        let event = if letter == "received" { "case.submitted".to_owned() } else { format!("case.{letter}") };
        let count = async |sql: &'static str, value: &str| {
            country.app.store.query_one(sql, vec![value.into()]).await.unwrap().unwrap().int("n").unwrap()
        };
        let owed = count("SELECT count(*) AS n FROM store_event WHERE kind = $1", &event).await;
        let sent = count("SELECT count(*) AS n FROM message_message WHERE kind = $1", &letter).await;
        assert_eq!(owed, sent, "{letter}");
    }
    println!(
        "note: {}: {times} walks, {} steps done, {} refused, ended as {ends:?}; seed {seed}",
        chart.id, walk.done, walk.refused
    );
    assert!(walk.done > times * 5 && walk.refused > times * 5);
}

/// A service to walk: what is typed, who works it where, who else tries.
struct Way {
    service: &'static str,
    pages: &'static str,
    /// The officials of `units`, in their order.
    workers: &'static [&'static str],
    others: &'static [&'static str],
    units: &'static [&'static str],
    asked: &'static [&'static str],
    /// The verb that always ends it.
    end: &'static str,
}

const OFFICIAL: [&str; 22] = [
    "assign", "assign", "assign", "assign", "ask", "ask", "ask", "consult", "consult", "consult", "extend",
    "extend", "return", "transfer", "grant", "refuse", "submit", "respond", "respond", "close", "wait",
    "unite",
];
const WAYS: [Way; 5] = [
    Way {
        service: SERVICE,
        pages: r#"{ "pages": {
            "home": { "home-kind": "월세" }, "pay": { "deposit": "5,000,000", "rent": "300000" },
            "account": { "bank": "우체국", "account-number": "1104-8210-937711" }, "consent": { "consent-finance": "yes" } } }"#,
        workers: &["haneul", "handeul"],
        others: &["garam", "saebyeok"],
        units: &["suwon-livelihood", "jeonju-livelihood"],
        asked: &["jeonju-livelihood", "suwon-petition", "suwon-livelihood"],
        end: "refuse",
    },
    Way {
        service: "suggestion",
        pages: r#"{ "pages": { "what": { "title": "공원 벤치", "body": "어르신이 쉬어 갈 자리가 모자랍니다." } } }"#,
        workers: &["dasom"],
        others: &["haneul", "byeolha"],
        units: &["suwon-petition", "suwon-street"],
        asked: &["suwon-street", "suwon-petition"],
        end: "respond",
    },
    Way {
        service: "building-report",
        pages: r#"{ "pages": { "place": { "where": "경기도 수원시 팔달구 마루동 12-3" },
            "build": { "work": "증축", "area": "42", "body": "살림집 뒤에 창고를 붙여 짓습니다." } } }"#,
        workers: &["jium"],
        others: &["byeolha", "pureum", "dasom"],
        units: &["suwon-building", "suwon-street"],
        asked: &["suwon-street", "suwon-environment"],
        end: "refuse",
    },
    Way {
        service: "moving-in",
        pages: r#"{ "pages": { "place": { "where": "경기도 수원시 팔달구 마루동 12, 101호" },
            "move": { "day": "2026-10-01", "who": "혼자" } } }"#,
        workers: &["saedam"],
        others: &["dasom", "haneul"],
        units: &["suwon-resident", "suwon-petition"],
        asked: &["suwon-petition", "suwon-street"],
        end: "refuse",
    },
    Way {
        service: "information-request",
        pages: r#"{ "pages": { "what": { "title": "훈련 계획서", "body": "2026년 훈련 계획서를 보고 싶습니다." },
            "how": { "form": "전자파일" } } }"#,
        workers: &["dasom"],
        others: &["haneul", "byeolha"],
        units: &["suwon-petition", "suwon-street"],
        asked: &["suwon-street", "jeonju-livelihood"],
        end: "refuse",
    },
];
