//! The desk: the list page by page, and what is done from it.

use crate::common::{Browser, Country, SERVICE, country, submit, taken};
use axum::http::{Method, StatusCode};
use maru_store::{Batch, Value};
use serde_json::{Value as Json, json};

const UNIT: &str = "suwon-livelihood";
const STATES: [&str; 7] = ["received", "received", "received", "assigned", "granted", "refused", "withdrawn"];
const OFFICERS: [Option<&str>; 3] = [None, Some("official-haneul"), Some("official-garam")];

/// A case as a list sees it.
#[derive(Debug, Clone)]
struct Made {
    id: String,
    receipt: String,
    state: &'static str,
    officer: Option<&'static str>,
    service: &'static str,
    due: Option<String>,
}

impl Made {
    fn place(&self) -> String {
        format!("{}{}", self.due.as_deref().unwrap_or("9999-12-31"), self.id)
    }
}

/// The same numbers each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        let place = usize::try_from(self.roll(u64::try_from(all.len()).unwrap())).unwrap();
        all[place].clone()
    }
}

/// Many cases of made-up people, some at another unit.
async fn many(country: &Country, count: u64, dice: &mut Dice) -> Vec<Made> {
    let now = country.app.now();
    let (mut batch, mut made) = (Batch::new(), Vec::new());
    for n in 0..count {
        let digits = format!("2610{:08}", dice.roll(100_000_000));
        let case = Made {
            id: format!("made-{n:05}"),
            receipt: format!("{}-{}-{}-{}", &digits[..4], &digits[4..8], &digits[8..], dice.roll(10)),
            state: dice.of(&STATES),
            officer: dice.of(&OFFICERS),
            service: dice.of(&[SERVICE, SERVICE, "another-service"]),
            // Many on the same day: a page may begin among them.
            due: (dice.roll(5) > 0).then(|| format!("2026-10-{:02}", 1 + dice.roll(20))),
        };
        let here = dice.roll(10) > 0;
        batch.write(
            "INSERT INTO case_case (resident, id, service, state, version, created_at, answers, unit, officer, receipt, shown_name,
               submitted_at, due_on) VALUES ($1, $2, $3, $4, 1, $5, '{}', $6, $7, $8, '김○정', $9, $10)",
            vec![
                Value::from(format!("resident-{n}")),
                case.id.as_str().into(),
                case.service.into(),
                case.state.into(),
                now.into(),
                if here { UNIT } else { "jeonju-livelihood" }.into(),
                case.officer.map(str::to_owned).into(),
                case.receipt.as_str().into(),
                now.into(),
                case.due.clone().into(),
            ],
        );
        if here {
            made.push(case);
        }
    }
    country.app.store.commit(batch).await.unwrap();
    made
}

async fn list(country: &Country, token: &str, query: &str) -> Json {
    let answer = country.call(Method::GET, &format!("/api/v1/desk?{query}"), Some(token), "").await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.body);
    answer.json()
}

fn ids(page: &Json) -> Vec<String> {
    page["cases"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap().to_owned()).collect()
}

/// What a list must show, by looking at every case.
fn wanted(made: &[Made], state: &str, officer: &str, service: &str, due: &str) -> Vec<String> {
    let mut found: Vec<&Made> = made
        .iter()
        .filter(|case| match state {
            "" => ["received", "assigned"].contains(&case.state),
            "decided" => ["granted", "refused"].contains(&case.state),
            state => case.state == state,
        })
        .filter(|case| match officer {
            "" => true,
            "me" => case.officer == Some("official-haneul"),
            "nobody" => case.officer.is_none(),
            id => case.officer == Some(id),
        })
        .filter(|case| service.is_empty() || case.service == service)
        .filter(|case| match (due, case.due.as_deref()) {
            ("", _) => true,
            ("none", day) => day.is_none(),
            ("overdue", Some(day)) => day < "2026-10-07",
            ("today", Some(day)) => day == "2026-10-07",
            ("week", Some(day)) => ("2026-10-08".."2026-10-15").contains(&day),
            ("later", Some(day)) => day >= "2026-10-15",
            _ => false,
        })
        .collect();
    found.sort_by_key(|case| case.place());
    if ["decided", "granted", "refused"].contains(&state) {
        found.reverse();
    }
    found.into_iter().map(|case| case.id.clone()).collect()
}

#[tokio::test]
async fn pages_of_a_list_are_the_whole_list_whatever_the_filters() {
    let country = country().await;
    let mut dice = Dice(7);
    let made = many(&country, 1_500, &mut dice).await;
    let token = country.token("haneul").await;
    let mut long = 0;
    for state in ["", "decided", "received", "granted", "nowhere"] {
        for turn in 0..8 {
            let officer = dice.of(&["", "me", "nobody", "official-garam"]);
            let (mut service, mut due) = ("", "");
            if turn > 1 {
                service = dice.of(&["", "", SERVICE, "another-service"]);
                due = dice.of(&["", "", "overdue", "today", "week", "later", "none"]);
            }
            let late = if due.is_empty() { String::new() } else { format!("&due={due}") };
            let query = format!("state={state}&officer={officer}&service={service}{late}");
            let wanted = wanted(&made, state, officer, service, due);
            let (mut all, mut after, mut pages) = (Vec::new(), String::new(), Vec::new());
            loop {
                let page = list(&country, &token, &format!("{query}&after={after}")).await;
                all.extend(ids(&page));
                pages.push(page.clone());
                match page["next"].as_str() {
                    Some(next) => after = next.to_owned(),
                    None => break,
                }
            }
            assert_eq!(all, wanted, "{query}");
            assert!(pages[0]["previous"].is_null(), "nothing is before the first page");
            // The same pages again, backwards.
            for (page, before) in pages.iter().skip(1).zip(&pages).rev() {
                let back = page["previous"].as_str().unwrap();
                let found = list(&country, &token, &format!("{query}&before={back}")).await;
                assert_eq!(found["cases"], before["cases"], "{query} before {back}");
                assert_eq!(found["previous"].is_null(), before["previous"].is_null(), "{query}");
            }
            long += usize::from(pages.len() > 2);
        }
    }
    assert!(long >= 5, "lists of several pages were among them: {long}");
}

#[tokio::test]
async fn receipt_numbers_are_found_by_the_start_of_a_group() {
    let country = country().await;
    let made = many(&country, 300, &mut Dice(11)).await;
    let token = country.token("haneul").await;
    let open = |case: &&Made| ["received", "assigned"].contains(&case.state);
    for case in made.iter().filter(open).take(20) {
        let groups: Vec<&str> = case.receipt.split('-').collect();
        let [_, second, third, last] = groups[..] else { panic!("{}", case.receipt) };
        for part in [
            case.receipt.clone(),
            case.receipt.replace('-', ""),
            format!("{third}-{last}"),
            format!("{second}{third}"),
        ] {
            let found = ids(&list(&country, &token, &format!("q={part}")).await);
            assert!(found.contains(&case.id), "{part} of {}", case.receipt);
        }
    }
    assert!(ids(&list(&country, &token, "q=123").await).is_empty(), "three digits are too few");
    let unknown = country.call(Method::GET, "/api/v1/desk?due=soon", Some(&token), "").await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    // The whole month begins alike: a page of them, and a word that there are more.
    let mut haneul = country.signed_in("haneul").await;
    let page = haneul.get("/desk?q=2610").await.body;
    assert!(page.contains("접수번호가 더 있습니다"), "{page}");
    assert_eq!(page.matches("/desk/cases/").count(), 50);
    let elsewhere = token_of(&country, "handeul").await;
    let own = ids(&list(&country, &elsewhere, &format!("q={}", made[0].receipt)).await);
    assert!(own.is_empty(), "another unit's case is not found by its number");
}

async fn token_of(country: &Country, user: &str) -> String {
    country.token(user).await
}

#[tokio::test]
async fn the_list_keeps_its_filters_and_counts_what_is_due_when() {
    let country = country().await;
    let made = many(&country, 2_400, &mut Dice(3)).await;
    let mut maru = country.signed_in("maru").await;
    submit(&mut maru).await;
    let mut haneul = country.signed_in("haneul").await;
    let page = haneul.get("/desk").await.body;
    let count = |due| wanted(&made, "", "", "", due).len();
    for (due, said) in
        [("overdue", "기한 지남"), ("today", "오늘까지"), ("week", "이레 안"), ("none", "기한 멈춤·모름")]
    {
        assert!(page.contains(&format!("{said} {}건", count(due))), "{due}: {page}");
    }
    let page = haneul.get("/desk?state=received&officer=nobody&due=overdue").await.body;
    let (_, rest) =
        page.split_once("rel=\"next\"").map_or_else(|| panic!("a next page: {page}"), |(a, b)| (b, a));
    let link = rest.rsplit("href=\"").next().unwrap().split('"').next().unwrap();
    let link = link.replace("&amp;", "&").replace("&#x2f;", "/");
    for kept in ["state=received", "officer=nobody", "due=overdue", "after=2026-10-"] {
        assert!(link.contains(kept), "{kept} in {link}");
    }
    let second = haneul.get(&link).await.body;
    assert!(second.contains("rel=\"prev\"") && !second.contains("김마루"));
    // A case opened from a list keeps the list beside it.
    assert!(
        second.contains(&link.split_once('?').unwrap().1.replace('&', "&amp;"))
            || second.contains("after=2026-10-")
    );
    // What does not belong into an address of ours is not carried on.
    let page = haneul.get("/desk?state=received&evil=1&officer=%22%3E").await.body;
    assert!(!page.contains("evil=1"));
}

/// What was asked of several cases, and the page that tells how it went.
async fn bulk(browser: &mut Browser<'_>, fields: &[(&str, &str)]) -> String {
    let answer = browser.post("/desk/bulk", fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{fields:?}: {}", answer.body);
    browser.get(&answer.location.unwrap()).await.body
}

async fn officer(country: &Country, id: &str) -> Option<String> {
    let row = country
        .app
        .store
        .query_one("SELECT officer FROM case_case WHERE id = $1", vec![id.into()])
        .await
        .unwrap()
        .unwrap();
    row.maybe_text("officer").map(str::to_owned)
}

#[tokio::test]
async fn several_are_taken_on_and_put_back_each_by_itself() {
    let country = country().await;
    let made = many(&country, 200, &mut Dice(5)).await;
    let of = |state: &str, officer: Option<&str>| {
        made.iter().find(|case| case.state == state && case.officer == officer).unwrap().id.clone()
    };
    let (free, mine) = (of("received", None), of("assigned", Some("official-haneul")));
    let (hers, over) = (of("assigned", Some("official-garam")), of("granted", None));
    let elsewhere = country
        .app
        .store
        .query_one("SELECT id FROM case_case WHERE unit = 'jeonju-livelihood' AND state = 'received'", vec![])
        .await
        .unwrap()
        .unwrap()
        .string("id")
        .unwrap();
    let mut haneul = country.signed_in("haneul").await;
    haneul.get("/desk").await;
    let names: Vec<String> =
        [&free, &mine, &over, &elsewhere].iter().map(|id| format!("case-{id}")).collect();
    let mut fields: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "yes")).collect();
    fields.push(("do", "assign"));
    fields.push(("query", "state=received&evil=1"));
    let told = bulk(&mut haneul, &fields).await;
    assert!(told.contains("3건 가운데 1건을 맡았습니다"), "another unit's case is not told of: {told}");
    assert!(told.contains("이미 내가 맡은 건입니다") && told.contains("이미 결정된 건입니다"), "{told}");
    assert!(told.contains("desk?state=received") && !told.contains("evil"), "{told}");
    assert_eq!(officer(&country, &free).await.as_deref(), Some("official-haneul"));
    assert_eq!(
        officer(&country, &elsewhere).await.as_deref(),
        made_officer(&country, &elsewhere).await.as_deref()
    );

    haneul.get("/desk").await;
    let names: Vec<String> = [&free, &hers].iter().map(|id| format!("case-{id}")).collect();
    let fields = [(names[0].as_str(), "yes"), (names[1].as_str(), "yes"), ("do", "release")];
    let told = bulk(&mut haneul, &fields).await;
    assert!(
        told.contains("2건 가운데 1건을 내려놓았습니다") && told.contains("다른 담당자의 건입니다"),
        "{told}"
    );
    assert_eq!(officer(&country, &free).await, None);
    assert_eq!(officer(&country, &hers).await.as_deref(), Some("official-garam"));
    let last = country.app.store.events(&format!("case/{free}")).await.unwrap().pop().unwrap();
    assert_eq!(last.kind, "case.released");

    haneul.get("/desk").await;
    for (fields, why) in [
        (vec![("do", "assign")], "먼저 목록에서 건을"),
        (vec![("do", "nonsense"), (names[0].as_str(), "yes")], "무엇을 할지"),
        (vec![("do", "reassign"), (names[0].as_str(), "yes")], "새 담당을 고르세요"),
    ] {
        let answer = haneul.post("/desk/bulk", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(answer.body.contains(why), "{}", answer.body);
    }
    let too_many: Vec<String> = (0..51).map(|n| format!("case-{n}")).collect();
    let mut fields: Vec<(&str, &str)> = too_many.iter().map(|name| (name.as_str(), "yes")).collect();
    fields.push(("do", "assign"));
    let answer = haneul.post("/desk/bulk", &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("50건까지"), "{}", answer.body);
    // Who leads nothing gives cases to nobody.
    let fields = [("do", "reassign"), ("to", "official-garam"), (names[0].as_str(), "yes")];
    assert_eq!(haneul.post("/desk/bulk", &fields).await.status, StatusCode::FORBIDDEN);
    let mut maru = country.signed_in("maru").await;
    maru.get("/").await;
    assert_eq!(
        maru.post("/desk/bulk", &[("do", "assign"), (names[0].as_str(), "yes")]).await.status,
        StatusCode::FORBIDDEN
    );

    let token = country.token("haneul").await;
    let body = json!({ "do": "assign", "cases": [free, over, "nonsense"] }).to_string();
    let answer = country.call(Method::POST, "/api/v1/desk/bulk", Some(&token), &body).await.json();
    let done: Vec<bool> =
        answer["cases"].as_array().unwrap().iter().map(|c| c["done"].as_bool().unwrap()).collect();
    assert_eq!(done, [true, false, false], "{answer}");
    assert!(answer["cases"][1]["why"].as_str().unwrap().contains("결정"), "{answer}");
}

async fn made_officer(country: &Country, id: &str) -> Option<String> {
    officer(country, id).await.filter(|officer| officer != "official-haneul")
}

#[tokio::test]
async fn who_leads_sees_what_will_be_late_and_why_and_moves_it() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = submit(&mut maru).await;
    let mut haneul = taken(&country, "haneul", &id).await;
    let question = "같은 집에 사는 사람이 있는지 알려 주십시오.";
    let consult = [("text", question), ("unit-jeonju-livelihood", "yes")];
    haneul.get(&format!("/desk/cases/{id}")).await;
    assert_eq!(haneul.post(&format!("/cases/{id}/consult"), &consult).await.status, StatusCode::SEE_OTHER);
    country.settle().await;

    let path = "/desk/load?unit=suwon-livelihood&days=20";
    for (user, status) in [
        ("haneul", StatusCode::FORBIDDEN),
        ("handeul", StatusCode::FORBIDDEN),
        ("maru", StatusCode::FORBIDDEN),
        ("onnuri", StatusCode::FORBIDDEN),
    ] {
        let mut browser = country.signed_in(user).await;
        assert_eq!(browser.get(path).await.status, status, "{user}");
    }
    let mut saebyeok = country.signed_in("saebyeok").await;
    assert_eq!(
        saebyeok.get("/desk/load?unit=jeonju-livelihood").await.status,
        StatusCode::NOT_FOUND,
        "another agency's"
    );
    let calm = saebyeok.get("/desk/load?unit=suwon-livelihood&days=3").await.body;
    assert!(calm.contains("곧 기한인 건이 없습니다"), "it is due in weeks: {calm}");
    country.clock.forward(32 * 86_400);
    let mut saebyeok = country.signed_in("saebyeok").await;
    let page = saebyeok.get(path).await.body;
    assert!(page.contains("답을 10월 14일") && page.contains("까지 기다림"), "{page}");
    assert!(
        page.contains("박하늘") && !page.contains("김○루") && !page.contains("김마루"),
        "no applicant: {page}"
    );
    assert!(!page.contains(&format!("/desk/cases/{id}")));
    assert_eq!(
        saebyeok.get(&format!("/desk/cases/{id}")).await.status,
        StatusCode::NOT_FOUND,
        "leading is not reading"
    );
    let looks = country
        .app
        .ports
        .registers
        .accesses("resident-maru", maru_kernel::At::default())
        .await
        .unwrap()
        .len();

    saebyeok.get(path).await;
    let name = format!("case-{id}");
    let fields = |to| [("do", "reassign"), ("unit", "suwon-livelihood"), ("to", to), (name.as_str(), "yes")];
    let told = bulk(&mut saebyeok, &fields("official-handeul")).await;
    assert!(told.contains("이 부서의 담당자가 아닙니다"), "{told}");
    let told = bulk(&mut saebyeok, &fields("official-garam")).await;
    assert!(
        told.contains("1건 가운데 1건의 담당을 바꾸었습니다") && told.contains("load?unit=suwon-livelihood"),
        "{told}"
    );
    let told = bulk(&mut saebyeok, &fields("official-garam")).await;
    assert!(told.contains("이미 그 담당자의 건입니다"), "{told}");
    assert_eq!(officer(&country, &id).await.as_deref(), Some("official-garam"));
    let last = country.app.store.events(&format!("case/{id}")).await.unwrap().pop().unwrap();
    assert_eq!(
        (last.kind.as_str(), &last.body["officer"], &last.body["from"]),
        ("case.assigned", &json!("official-garam"), &json!("official-haneul"))
    );
    assert!(serde_json::to_string(&last.actor).unwrap().contains("official-saebyeok"), "by whom");
    let after = country
        .app
        .ports
        .registers
        .accesses("resident-maru", maru_kernel::At::default())
        .await
        .unwrap()
        .len();
    assert_eq!(after, looks, "moving it read nothing");
    // Another agency's manager does not find it: Suwon's has no case of Jeonju.
    let made = many(&country, 60, &mut Dice(9)).await;
    assert!(!made.is_empty());
    let theirs = country
        .app
        .store
        .query_one("SELECT id FROM case_case WHERE unit = 'jeonju-livelihood' AND state = 'received' AND id LIKE 'made-%'", vec![])
        .await
        .unwrap()
        .unwrap()
        .string("id")
        .unwrap();
    let body = json!({ "do": "reassign", "to": "official-handeul", "cases": [theirs] }).to_string();
    let token = country.token("saebyeok").await;
    let answer = country.call(Method::POST, "/api/v1/desk/bulk", Some(&token), &body).await.json();
    assert_eq!(answer["cases"][0]["done"], json!(false), "{answer}");
}
