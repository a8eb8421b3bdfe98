//! What officials do on pages, done by programs with their token: services written and published, numbers announced.

use crate::common::{Answer, Country, country};
use axum::http::{Method, StatusCode};
use maru_party::admin::{self, Doer};
use serde_json::{Value as Json, json};

const DRAFTS: &str = "/api/v1/drafts";
const HEATING: &str = "/api/v1/drafts/winter-heating";
const GRANT: &str = "수원출산지원금";
const NOTICE: &str = "수원시 고시 제2026-900호";

/// One program, with the token of one of the demo's people or with none.
struct Program<'a> {
    country: &'a Country,
    user: &'a str,
    token: Option<String>,
}

impl<'a> Program<'a> {
    async fn of(country: &'a Country, user: &'a str) -> Program<'a> {
        Program { country, user, token: Some(country.token(user).await) }
    }

    fn of_nobody(country: &'a Country) -> Program<'a> {
        Program { country, user: "nobody", token: None }
    }

    async fn ask(&self, method: Method, path: &str, body: &Json) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.country.call(method, path, self.token.as_deref(), &body).await
    }

    async fn must(&self, status: StatusCode, method: Method, path: &str, body: Json) -> Json {
        let answer = self.ask(method.clone(), path, &body).await;
        assert_eq!(answer.status, status, "{} {method} {path}: {}", self.user, answer.body);
        let told = answer.json();
        if status.is_client_error() {
            assert_eq!(told["status"], status.as_u16(), "{told}");
        }
        told
    }

    async fn get(&self, path: &str) -> Json {
        self.must(StatusCode::OK, Method::GET, path, Json::Null).await
    }

    async fn post(&self, status: StatusCode, path: &str, body: Json) -> Json {
        self.must(status, Method::POST, path, body).await
    }

    /// Replaces words in a file of the draft, and gives the draft as it is then.
    async fn edit(&self, file: &str, from: &str, to: &str) -> Json {
        let draft = self.get(HEATING).await;
        let text = draft["files"][file].as_str().unwrap().replace(from, to);
        assert_ne!(draft["files"][file], text, "{file} has {from}");
        let body = json!({ "file": file, "text": text, "version": draft["version"] });
        self.must(StatusCode::OK, Method::PUT, &format!("{HEATING}/files"), body).await
    }

    async fn begin(&self) -> Json {
        self.post(StatusCode::CREATED, DRAFTS, json!({ "owner": "suwon", "id": "winter-heating" })).await
    }

    async fn publish(&self) -> Json {
        let body = json!({ "verb": "publish", "from": "2026-10-07" });
        self.post(StatusCode::CREATED, &format!("{HEATING}/asks"), body).await
    }

    async fn answer(&self, status: StatusCode, place: i64, verb: &str) -> Json {
        self.post(status, &format!("{HEATING}/asks/{place}/{verb}"), Json::Null).await
    }
}

fn asks_of(name: &str) -> String {
    format!("/api/v1/parameters/{}/asks", maru_web::encode(name))
}

fn value(from: &str, numbers: &[&str], source: &str) -> Json {
    json!({ "from": from, "numbers": numbers, "source": source })
}

/// A day, numbers and a source, and what is told of them.
type Refused<'a> = (&'a str, &'a [&'a str], &'a str, (&'a str, &'a str));

/// The keys of what is wrong, by field.
fn wrong(problem: &Json) -> Vec<(&str, &str)> {
    let errors = problem["errors"].as_array().unwrap();
    errors.iter().map(|e| (e["field"].as_str().unwrap(), e["key"].as_str().unwrap())).collect()
}

async fn manages(country: &Country, official: &str) {
    admin::grant_role(&country.app, &Doer::machine(), official, "manager", "", "").await.unwrap();
}

#[tokio::test]
async fn programs_write_a_service_and_publish_it() {
    let country = country().await;
    let sarang = Program::of(&country, "sarang").await;
    let begun = sarang.begin().await;
    assert_eq!(
        (&begun["id"], &begun["owner"], &begun["state"], &begun["version"]),
        (&json!("winter-heating"), &json!("suwon"), &json!("draft"), &json!(1))
    );
    assert_eq!((&begun["faults"], &begun["warnings"], &begun["asks"]), (&json!([]), &json!([]), &json!([])));
    assert_eq!(begun["cases"].as_array().unwrap().len(), 3);
    assert_eq!(begun["history"][0]["file"], Json::Null);
    assert_eq!(begun["history"][0]["by"]["id"], "official-sarang");

    // A fault is kept and told with its place; a case is told as written and as decided.
    let draft = sarang.edit("rules.toml", "나이 >= 65", "나이 >= 70").await;
    let fault = &draft["faults"][0];
    assert_eq!((&fault["file"], &fault["ours"]), (&json!("cases.toml"), &json!(true)));
    assert!(fault["line"].as_i64().unwrap() > 0 && !fault["todo"].as_str().unwrap().is_empty(), "{fault}");
    let what = |fault: &Json| fault["what"].as_str().unwrap().contains("받음이라고 썼는데");
    assert!(draft["faults"].as_array().unwrap().iter().any(what), "{}", draft["faults"]);
    let cases = draft["cases"].as_array().unwrap();
    let case = cases.iter().find(|case| case["wrong"] != json!([])).unwrap();
    assert_eq!((&case["expected"]["answer"], &case["decided"]["answer"]), (&json!("yes"), &json!("no")));
    assert_eq!(case["expected"]["amount"], 100_000);
    let draft = sarang.edit("form.toml", "[[page]]", "[[page]").await;
    assert_eq!((&draft["faults"][0]["file"], &draft["cases"]), (&json!("form.toml"), &json!([])));
    let body = json!({ "verb": "publish", "from": "2026-10-07" });
    sarang.post(StatusCode::CONFLICT, &format!("{HEATING}/asks"), body).await;
    sarang.edit("form.toml", "[[page]\n", "[[page]]\n").await;
    sarang.edit("rules.toml", "나이 >= 70", "나이 >= 65").await;
    let draft = sarang.edit("text.ko.toml", "보기 지원금", "겨울 난방비").await;
    assert_eq!((&draft["faults"], &draft["name"]), (&json!([]), &json!("겨울 난방비")));
    assert_eq!((&draft["version"], &draft["history"][0]["file"]), (&json!(6), &json!("text.ko.toml")));
    let never = sarang.edit("rules.toml", "나이 >= 65", "나이 >= 65 and 나이 < 65").await;
    assert_eq!(never["warnings"][0]["file"], "rules.toml", "{never}");
    sarang.edit("rules.toml", "나이 >= 65 and 나이 < 65", "나이 >= 65").await;

    let ask = sarang.publish().await;
    assert_eq!((&ask["place"], &ask["state"], &ask["version"]), (&json!(1), &json!("open"), &json!(8)));
    assert_eq!((&ask["from"], &ask["done_by"]), (&json!("2026-10-07"), &Json::Null));
    let anyone = Program::of_nobody(&country);
    let service = "/api/v1/services/winter-heating";
    anyone.must(StatusCode::NOT_FOUND, Method::GET, service, Json::Null).await;
    let saebyeok = Program::of(&country, "saebyeok").await;
    let listed = saebyeok.get(DRAFTS).await;
    assert_eq!(
        (&listed["drafts"][0]["id"], &listed["drafts"][0]["state"]),
        (&json!("winter-heating"), &json!("asked"))
    );
    let approved = saebyeok.answer(StatusCode::OK, 1, "approve").await;
    assert_eq!(
        (&approved["state"], &approved["done_by"]["id"]),
        (&json!("approved"), &json!("official-saebyeok"))
    );
    assert_eq!(anyone.get(service).await["name"], "겨울 난방비");
    assert_eq!(sarang.get(HEATING).await["state"], "served");
    let asked = json!({ "facts": { "나이": 70, "거주지": "경기도 수원시" }, "full": true });
    let answers = anyone.post(StatusCode::OK, "/api/v1/eligibility", asked).await;
    let services = answers["services"].as_array().unwrap();
    let answered = services.iter().find(|one| one["id"] == "winter-heating").unwrap();
    assert_eq!(answered["answer"], "yes");

    // And ended.
    let body = json!({ "verb": "end", "from": "2026-10-07" });
    let end = sarang.post(StatusCode::CREATED, &format!("{HEATING}/asks"), body).await;
    assert_eq!((&end["place"], &end["verb"]), (&json!(2), &json!("end")));
    saebyeok.answer(StatusCode::OK, 2, "approve").await;
    anyone.must(StatusCode::NOT_FOUND, Method::GET, service, Json::Null).await;
    let draft = sarang.get(HEATING).await;
    assert_eq!((&draft["state"], &draft["asks"][0]["verb"]), (&json!("ended"), &json!("end")));
    let kinds = "SELECT id FROM store_event WHERE kind = 'guidance.service-approved'";
    assert_eq!(country.app.store.query(kinds, Vec::new()).await.unwrap().len(), 2, "the same actions");
}

/// Every call on a draft, with bodies that are right.
fn on_drafts() -> Vec<(Method, String, Json)> {
    let of = |rest: &str| format!("{HEATING}{rest}");
    vec![
        (Method::GET, DRAFTS.to_owned(), Json::Null),
        (Method::GET, of(""), Json::Null),
        (Method::POST, DRAFTS.to_owned(), json!({ "owner": "suwon", "id": "another-one" })),
        (Method::PUT, of("/files"), json!({ "file": "rules.toml", "text": "x", "version": 1 })),
        (Method::POST, of("/asks"), json!({ "verb": "publish", "from": "2026-10-07" })),
        (Method::POST, of("/asks/1/approve"), Json::Null),
        (Method::POST, of("/asks/1/withdraw"), Json::Null),
    ]
}

#[tokio::test]
async fn programs_write_no_service_that_is_not_theirs() {
    let country = country().await;
    let sarang = Program::of(&country, "sarang").await;
    sarang.begin().await;
    sarang.publish().await;
    let nobody = Program::of_nobody(&country);
    for (method, path, body) in on_drafts() {
        nobody.must(StatusCode::UNAUTHORIZED, method, &path, body).await;
    }
    for user in ["maru", "haneul", "narae"] {
        let program = Program::of(&country, user).await;
        for (method, path, body) in on_drafts() {
            program.must(StatusCode::FORBIDDEN, method, &path, body).await;
        }
    }
    // The city's manager, an operator, an auditor: they read, and write nothing.
    for user in ["saebyeok", "onnuri", "sebom"] {
        let program = Program::of(&country, user).await;
        for (method, path, body) in on_drafts() {
            let status = match (method.clone(), path.ends_with("/1/approve") || path.ends_with("/withdraw")) {
                (Method::GET, _) => StatusCode::OK,
                (_, true) if user == "saebyeok" => continue,
                _ => StatusCode::FORBIDDEN,
            };
            program.must(status, method, &path, body).await;
        }
    }
    // For another agency there is no such draft.
    manages(&country, "official-handeul").await;
    let other = Program::of(&country, "handeul").await;
    assert_eq!(other.get(DRAFTS).await["drafts"], json!([]));
    for (method, path, body) in on_drafts().into_iter().filter(|(_, path, _)| path.starts_with(HEATING)) {
        other.must(StatusCode::NOT_FOUND, method, &path, body).await;
    }

    // Bodies and names that are wrong.
    let names = [
        ("suwon", "winter-heating", ("id", "services-wrong-taken")),
        ("suwon", "livelihood-benefit", ("id", "services-wrong-taken")),
        ("suwon", "../x", ("id", "services-wrong-id")),
        ("jeonju", "jeonju-heating", ("owner", "services-wrong-owner")),
    ];
    for (owner, id, told) in names {
        let body = json!({ "owner": owner, "id": id });
        assert_eq!(wrong(&sarang.post(StatusCode::UNPROCESSABLE_ENTITY, DRAFTS, body).await), [told]);
    }
    let files = format!("{HEATING}/files");
    let write =
        |file: &str, text: &str, version: i64| json!({ "file": file, "text": text, "version": version });
    let put = |status, body| sarang.must(status, Method::PUT, &files, body);
    let unread = put(StatusCode::UNPROCESSABLE_ENTITY, json!({ "file": "rules.toml", "text": "x" })).await;
    assert_eq!(wrong(&unread), [("body", "error-json")]);
    let more = json!({ "file": "rules.toml", "text": "x", "version": 1, "more": true });
    put(StatusCode::UNPROCESSABLE_ENTITY, more).await;
    let nul = put(StatusCode::UNPROCESSABLE_ENTITY, write("rules.toml", "\0", 1)).await;
    assert_eq!(wrong(&nul), [("text", "error-nul")]);
    let long = put(StatusCode::UNPROCESSABLE_ENTITY, write("rules.toml", &"x".repeat(70_000), 1)).await;
    assert_eq!(wrong(&long), [("text", "services-wrong-long")]);
    put(StatusCode::NOT_FOUND, write("../rules.toml", "x", 1)).await;
    put(StatusCode::CONFLICT, write("rules.toml", "x", 0)).await;
    assert_eq!(sarang.get(HEATING).await["version"], 1, "nothing of it was kept");
    let asks = format!("{HEATING}/asks");
    for (verb, from, told) in
        [("burn", "2026-10-07", ("verb", "form-choice")), ("publish", "soon", ("from", "form-date"))]
    {
        let body = json!({ "verb": verb, "from": from });
        assert_eq!(wrong(&sarang.post(StatusCode::UNPROCESSABLE_ENTITY, &asks, body).await), [told]);
    }
    let twice = json!({ "verb": "publish", "from": "2026-10-08" });
    sarang.post(StatusCode::CONFLICT, &asks, twice).await;
    let none = "/api/v1/drafts/no-such-draft";
    sarang.must(StatusCode::NOT_FOUND, Method::GET, none, Json::Null).await;
    let body = json!({ "verb": "publish", "from": "2026-10-07" });
    sarang.post(StatusCode::NOT_FOUND, &format!("{none}/asks"), body).await;
    let odd = format!("{HEATING}/asks/first/approve");
    sarang.post(StatusCode::UNPROCESSABLE_ENTITY, &odd, Json::Null).await;

    // Their own is not theirs to approve, not even as a manager.
    sarang.answer(StatusCode::FORBIDDEN, 1, "approve").await;
    manages(&country, "official-sarang").await;
    let sarang = Program::of(&country, "sarang").await;
    let told = sarang.answer(StatusCode::FORBIDDEN, 1, "approve").await;
    assert!(told["detail"].as_str().unwrap().contains("다른 관리자"), "{told}");
    let saebyeok = Program::of(&country, "saebyeok").await;
    saebyeok.answer(StatusCode::NOT_FOUND, 9, "approve").await;
    // Changed after asking: void. Taken back, turned down: answered.
    sarang.edit("text.ko.toml", "보기 지원금", "다른 이름").await;
    assert_eq!(sarang.get(HEATING).await["asks"][0]["state"], "void");
    saebyeok.answer(StatusCode::CONFLICT, 1, "approve").await;
    for (place, program) in [(2, &sarang), (3, &saebyeok)] {
        sarang.publish().await;
        assert_eq!(program.answer(StatusCode::OK, place, "withdraw").await["state"], "withdrawn");
        saebyeok.answer(StatusCode::CONFLICT, place, "approve").await;
    }
    assert!(country.app.definitions.service("winter-heating").is_none());
}

#[tokio::test]
async fn programs_announce_a_number() {
    let country = country().await;
    let (sarang, saebyeok) = (Program::of(&country, "sarang").await, Program::of(&country, "saebyeok").await);
    let anyone = Program::of_nobody(&country);
    let path = format!("/api/v1/parameters/{}", maru_web::encode(GRANT));
    let asks = asks_of(GRANT);
    let all = anyone.get("/api/v1/parameters").await;
    let one = anyone.get(&path).await;
    assert!(all["parameters"].as_array().unwrap().contains(&one), "as in the list: {one}");
    assert_eq!(sarang.get(&asks).await, json!({ "asks": [] }));

    let numbers = ["700,000", "1200000", "2,000,000", "5000000", "10000000"];
    let ask = sarang.post(StatusCode::CREATED, &asks, value("2026-11-01", &numbers, NOTICE)).await;
    assert_eq!(
        (&ask["place"], &ask["state"], &ask["from"]),
        (&json!(1), &json!("open"), &json!("2026-11-01"))
    );
    assert_eq!(ask["numbers"], json!(["700,000", "1,200,000", "2,000,000", "5,000,000", "10,000,000"]));
    assert_eq!((&ask["source"], &ask["asked_by"]["id"]), (&json!(NOTICE), &json!("official-sarang")));
    assert_eq!(anyone.get(&path).await, one, "not before approval");
    let approved = saebyeok.post(StatusCode::OK, &format!("{asks}/1/approve"), Json::Null).await;
    assert_eq!(approved["state"], "approved");
    let values = anyone.get(&path).await["values"].clone();
    let last = values.as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&last["from"], &last["value"][0], &last["source"]),
        (&json!("2026-11-01"), &json!(700_000), &json!(NOTICE))
    );
    for user in ["onnuri", "sebom"] {
        let seen = Program::of(&country, user).await.get(&asks).await;
        assert_eq!(seen["asks"], json!([approved]), "{user}");
    }
    // Of a list the last ones may be left out or empty.
    let short = value("2026-12-01", &["800000", "", ""], "수원시 고시 제2026-901호");
    assert_eq!(sarang.post(StatusCode::CREATED, &asks, short).await["numbers"], json!(["800,000"]));
    let back = sarang.post(StatusCode::OK, &format!("{asks}/2/withdraw"), Json::Null).await;
    assert_eq!(back["state"], "withdrawn");
}

#[tokio::test]
async fn programs_announce_no_number_that_is_not_theirs() {
    let country = country().await;
    let sarang = Program::of(&country, "sarang").await;
    let asks = asks_of(GRANT);
    let right = || value("2026-11-01", &["700000"], NOTICE);
    let all = || {
        let of = |rest: &str| format!("{asks}{rest}");
        [
            (Method::GET, of(""), Json::Null),
            (Method::POST, of(""), right()),
            (Method::POST, of("/1/approve"), Json::Null),
            (Method::POST, of("/1/withdraw"), Json::Null),
        ]
    };
    let nobody = Program::of_nobody(&country);
    for (method, path, body) in all() {
        nobody.must(StatusCode::UNAUTHORIZED, method, &path, body).await;
    }
    for user in ["maru", "haneul", "narae"] {
        let program = Program::of(&country, user).await;
        for (method, path, body) in all() {
            program.must(StatusCode::FORBIDDEN, method, &path, body).await;
        }
    }
    for user in ["saebyeok", "onnuri", "sebom"] {
        let program = Program::of(&country, user).await;
        program.post(StatusCode::FORBIDDEN, &asks, right()).await;
    }
    manages(&country, "official-handeul").await;
    let other = Program::of(&country, "handeul").await;
    for (method, path, body) in all() {
        other.must(StatusCode::NOT_FOUND, method, &path, body).await;
    }
    for name in ["기준중위소득", "없는값"] {
        sarang.must(StatusCode::NOT_FOUND, Method::GET, &asks_of(name), Json::Null).await;
        sarang.post(StatusCode::NOT_FOUND, &asks_of(name), right()).await;
    }
    let none = format!("/api/v1/parameters/{}", maru_web::encode("없는값"));
    nobody.must(StatusCode::NOT_FOUND, Method::GET, &none, Json::Null).await;

    let six = ["1", "2", "3", "4", "5", "6"];
    let cases: [Refused<'_>; 8] = [
        ("2026-10-06", &["700000"], NOTICE, ("from", "parameters-wrong-over")),
        ("내일", &["700000"], NOTICE, ("from", "form-date")),
        ("2026-11-01", &["많이"], NOTICE, ("number-1", "form-ratio")),
        ("2026-11-01", &["-1"], NOTICE, ("number-1", "form-min")),
        ("2026-11-01", &["700000", "", "1"], NOTICE, ("number-2", "form-ratio")),
        ("2026-11-01", &six, NOTICE, ("number-1", "parameters-wrong-numbers")),
        ("2026-11-01", &[], NOTICE, ("number-1", "parameters-wrong-numbers")),
        ("2026-11-01", &["700000"], "고시", ("source", "parameters-wrong-source")),
    ];
    for (from, numbers, source, told) in cases {
        let problem =
            sarang.post(StatusCode::UNPROCESSABLE_ENTITY, &asks, value(from, numbers, source)).await;
        assert_eq!(wrong(&problem), [told]);
    }
    let typed = json!({ "from": "2026-11-01", "numbers": [700_000], "source": NOTICE });
    let unread = sarang.post(StatusCode::UNPROCESSABLE_ENTITY, &asks, typed).await;
    assert_eq!(wrong(&unread), [("body", "error-json")]);
    assert_eq!(sarang.get(&asks).await, json!({ "asks": [] }), "nothing of it was kept");

    sarang.post(StatusCode::CREATED, &asks, right()).await;
    sarang.post(StatusCode::CONFLICT, &asks, right()).await;
    manages(&country, "official-sarang").await;
    let sarang = Program::of(&country, "sarang").await;
    let own = sarang.post(StatusCode::FORBIDDEN, &format!("{asks}/1/approve"), Json::Null).await;
    assert!(own["detail"].as_str().unwrap().contains("다른 관리자"), "{own}");
    let saebyeok = Program::of(&country, "saebyeok").await;
    saebyeok.post(StatusCode::NOT_FOUND, &format!("{asks}/7/approve"), Json::Null).await;
    saebyeok.post(StatusCode::UNPROCESSABLE_ENTITY, &format!("{asks}/first/approve"), Json::Null).await;
    saebyeok.post(StatusCode::OK, &format!("{asks}/1/withdraw"), Json::Null).await;
    saebyeok.post(StatusCode::CONFLICT, &format!("{asks}/1/approve"), Json::Null).await;
}
