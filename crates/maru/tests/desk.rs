//! The desk: the list page by page, and what is done from it.

// Tests say what they expect by unwrapping it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod common;

use axum::http::{Method, StatusCode};
use common::{Country, SERVICE, country, submit};
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
        let place = usize::try_from(self.roll(all.len() as u64)).unwrap();
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

async fn token(country: &Country, user: &str) -> String {
    let body = json!({ "name": user, "password": "maru-demo-2026" }).to_string();
    let answer = country.call(Method::POST, "/api/v1/sessions", None, &body).await;
    answer.json()["token"].as_str().unwrap().to_owned()
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
    let token = token(&country, "haneul").await;
    let mut long = 0;
    for state in ["", "decided", "received", "granted", "nowhere"] {
        for turn in 0..8 {
            let officer = dice.of(&["", "me", "nobody", "official-garam"]);
            let (mut service, mut due) = ("", "");
            if turn > 1 {
                service = dice.of(&["", "", SERVICE, "another-service"]);
                due = dice.of(&["", "", "overdue", "today", "week", "later", "none"]);
            }
            let query = format!("state={state}&officer={officer}&service={service}&due={due}");
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
    let token = token(&country, "haneul").await;
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
    token(country, user).await
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
