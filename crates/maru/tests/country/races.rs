//! Two people do the same at once: it is done once, nothing breaks, and who came second is told plainly.

use crate::common::{
    Answer, Browser, Country, answered_with, country, draft, filed_for, petition, post, sent, submit,
    suggestion, taken,
};
use axum::http::StatusCode;

const TEXT: &str = "임대차계약서의 둘째 쪽이 빠져 있습니다. 붙여 주세요.";
const NOTE: &str = "이 건을 이렇게 마칩니다. 까닭은 이렇습니다.";
const DAY: i64 = 86_400;

/// What the second one gets.
#[derive(Clone, Copy)]
enum Second {
    /// A page that says why not.
    Told(StatusCode, &'static str),
    /// What is there already, as if it had been first.
    Same,
    /// A list that says of each case why not.
    Listed,
    /// Both count: neither is in the way of the other.
    Too,
}
use Second::{Listed, Same, Told, Too};

const GONE: StatusCode = StatusCode::NOT_FOUND;
const LATE: StatusCode = StatusCode::CONFLICT;
const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// Every verb of cases and tasks, the event it leaves, and what the second one gets.
const VERBS: [(&str, &str, Second); 29] = [
    ("submit", "submitted", Same),
    ("assign", "assigned", Told(LATE, "다른 담당자가 맡았습니다")),
    ("release", "released", Listed),
    ("transfer", "transferred", Told(GONE, "")),
    ("ask", "asked", Told(LATE, "이미 부탁하고")),
    ("consult", "consulted", Told(WRONG, "이미 물어")),
    ("extend", "extended", Told(LATE, "이미 한 번 늘렸습니다")),
    ("seek", "sought", Told(LATE, "이미 부탁하고")),
    ("grant", "granted", Told(LATE, "이미 결정")),
    ("refuse", "refused", Told(LATE, "이미 결정")),
    ("respond", "answered", Told(LATE, "이미 결정")),
    ("close", "closed", Told(LATE, "이미 결정")),
    ("return", "returned", Told(LATE, "이미 결정")),
    ("propose", "proposed", Told(LATE, "결재")),
    ("wait", "waits", Told(LATE, "기다")),
    ("unite", "united", Told(LATE, "")),
    ("split", "split", Told(WRONG, "이미 나눈 건")),
    ("part", "parted", Told(GONE, "")),
    ("note", "noted", Too),
    ("object", "filed", Same),
    ("withdraw", "withdrawn", Same),
    ("supply", "supplied", Told(LATE, "이미 끝난")),
    ("reply", "replied", Told(LATE, "이미 끝난")),
    ("prolong", "prolonged", Told(LATE, "더 늘릴 수 없습니다")),
    ("recall", "recalled", Told(LATE, "이미 끝난")),
    ("agree", "extended", Told(LATE, "이미 끝난")),
    ("decline", "declined", Told(LATE, "이미 끝난")),
    ("answer either way", "", Told(LATE, "이미 끝난")),
    ("join", "joined", Same),
];

/// A race that is about to begin: two browsers, and what each sends where.
struct Start<'a> {
    one: Browser<'a>,
    other: Browser<'a>,
    paths: [String; 2],
    fields: Vec<(&'static str, String)>,
}

impl<'a> Start<'a> {
    fn new(one: Browser<'a>, other: Browser<'a>, path: String, fields: &[(&'static str, &str)]) -> Start<'a> {
        let fields = fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Start { one, other, paths: [path.clone(), path], fields }
    }
}

async fn receipt(country: &Country, id: &str) -> String {
    let row =
        country.app.store.query_one("SELECT receipt FROM case_case WHERE id = $1", vec![id.into()]).await;
    row.unwrap().unwrap().string("receipt").unwrap()
}

/// The same person in another window, on the same page.
async fn beside<'a>(country: &'a Country, user: &str, page: &str) -> Browser<'a> {
    let mut browser = country.signed_in(user).await;
    assert_eq!(browser.get(page).await.status, StatusCode::OK, "{user} {page}");
    browser
}

/// The task of a page's form: `/tasks/{id}/supply`.
fn task(page: &str, verb: &str) -> String {
    let end = page.find(&format!("/{verb}\"")).unwrap_or_else(|| panic!("no form to {verb}: {page}"));
    page[..end].rsplit('/').next().unwrap().to_owned()
}

async fn done(browser: &mut Browser<'_>, path: &str, fields: &[(&str, &str)]) {
    post(browser, StatusCode::SEE_OTHER, path, fields).await;
}

async fn at_the_desk<'a>(country: &'a Country, user: &str, id: &str) -> (Browser<'a>, Browser<'a>) {
    let desk = format!("/desk/cases/{id}");
    (beside(country, user, &desk).await, beside(country, user, &desk).await)
}

/// A benefit that Haneul works on.
async fn worked(country: &Country) -> String {
    let id = submit(&mut country.signed_in("maru").await).await;
    taken(country, "haneul", &id).await;
    id
}

/// A suggestion that Dasom works on.
async fn wished(country: &Country) -> String {
    let id = suggestion(&mut country.signed_in("maru").await).await;
    taken(country, "dasom", &id).await;
    id
}

/// Two windows of the applicant, and a task that waits for them.
async fn awaited<'a>(country: &'a Country, id: &str, verb: &str) -> (Browser<'a>, Browser<'a>, String) {
    let page = format!("/cases/{id}");
    let (one, other) = (beside(country, "maru", &page).await, beside(country, "maru", &page).await);
    let task = task(&one.page, verb);
    (one, other, task)
}

async fn sought(country: &Country) -> String {
    let id = worked(country).await;
    let mut haneul = beside(country, "haneul", &format!("/desk/cases/{id}")).await;
    for more in
        [&[("days", "5"), ("reason", TEXT)][..], &[("days", "3"), ("reason", TEXT), ("consent", "yes")]]
    {
        done(&mut haneul, &format!("/cases/{id}/extend"), more).await;
    }
    id
}

async fn ready<'a>(country: &'a Country, verb: &str) -> Start<'a> {
    match verb {
        "submit" => {
            let id = draft(&mut country.signed_in("maru").await).await;
            let check = format!("/cases/{id}/check");
            let (one, other) = (beside(country, "maru", &check).await, beside(country, "maru", &check).await);
            Start::new(one, other, format!("/cases/{id}/submit"), &[("confirmed", "yes")])
        }
        "assign" => {
            let id = submit(&mut country.signed_in("maru").await).await;
            let desk = format!("/desk/cases/{id}");
            let (one, other) =
                (beside(country, "haneul", &desk).await, beside(country, "garam", &desk).await);
            Start::new(one, other, format!("/cases/{id}/assign"), &[("from", "")])
        }
        "release" => {
            let id = worked(country).await;
            let (one, other) = at_the_desk(country, "haneul", &id).await;
            let mut start = Start::new(one, other, "/desk/bulk".into(), &[("do", "release")]);
            start.fields.push((format!("case-{id}").leak(), "yes".into()));
            start
        }
        "transfer" | "ask" | "extend" | "grant" | "refuse" | "propose" => {
            let id = worked(country).await;
            let (one, other) = at_the_desk(country, "haneul", &id).await;
            let fields: &[(&'static str, &str)] = match verb {
                "transfer" => &[("unit", "jeonju-livelihood"), ("reason", TEXT)],
                "ask" => &[("text", TEXT), ("days", "7")],
                "extend" => &[("days", "5"), ("reason", TEXT)],
                "propose" => &[("verb", "grant"), ("note", NOTE), ("approver", "official-garam")],
                _ => &[("note", NOTE)],
            };
            Start::new(one, other, format!("/cases/{id}/{verb}"), fields)
        }
        "consult" => {
            let id = worked(country).await;
            let (one, other) = at_the_desk(country, "haneul", &id).await;
            let fields = [("text", TEXT), ("unit-jeonju-livelihood", "yes")];
            Start::new(one, other, format!("/cases/{id}/consult"), &fields)
        }
        "seek" => {
            let id = worked(country).await;
            let path = format!("/cases/{id}/extend");
            let mut haneul = beside(country, "haneul", &format!("/desk/cases/{id}")).await;
            done(&mut haneul, &path, &[("days", "5"), ("reason", TEXT)]).await;
            let (one, other) = at_the_desk(country, "haneul", &id).await;
            Start::new(one, other, path, &[("days", "3"), ("reason", TEXT), ("consent", "yes")])
        }
        "return" => {
            let id = worked(country).await;
            for days in ["20", "10"] {
                let mut haneul = beside(country, "haneul", &format!("/desk/cases/{id}")).await;
                done(&mut haneul, &format!("/cases/{id}/ask"), &[("text", TEXT), ("days", days)]).await;
                country.clock.forward(31 * DAY);
                country.settle().await;
            }
            let (one, other) = at_the_desk(country, "haneul", &id).await;
            Start::new(one, other, format!("/cases/{id}/return"), &[("note", NOTE)])
        }
        "respond" | "note" | "split" => {
            let id = wished(country).await;
            let (one, other) = at_the_desk(country, "dasom", &id).await;
            let fields: &[(&'static str, &str)] = match verb {
                "respond" => &[("note", NOTE)],
                "note" => &[("text", TEXT)],
                _ => &[("unit", "suwon-street"), ("text", TEXT)],
            };
            Start::new(one, other, format!("/cases/{id}/{verb}"), fields)
        }
        "close" => {
            for _ in 0..2 {
                let id = wished(country).await;
                let mut dasom = beside(country, "dasom", &format!("/desk/cases/{id}")).await;
                done(&mut dasom, &format!("/cases/{id}/respond"), &[("note", NOTE)]).await;
            }
            let id = wished(country).await;
            let (one, other) = at_the_desk(country, "dasom", &id).await;
            Start::new(one, other, format!("/cases/{id}/close"), &[("note", NOTE)])
        }
        "wait" | "unite" | "part" => {
            let (first, id) = (wished(country).await, wished(country).await);
            let number = receipt(country, &first).await;
            let (mut one, other) = at_the_desk(country, "dasom", &id).await;
            if verb == "part" {
                done(&mut one, &format!("/cases/{id}/wait"), &[("receipt", &number)]).await;
                return Start::new(one, other, format!("/cases/{id}/part"), &[("other", &first)]);
            }
            Start::new(one, other, format!("/cases/{id}/{verb}"), &[("receipt", &number)])
        }
        "object" => {
            let what = [("title", "훈련 계획서"), ("body", "2026년 훈련 계획서 전체를 보고 싶습니다.")];
            let pages = [("what", &what[..]), ("how", &[("form", "전자파일")][..])];
            let id = petition(&mut country.signed_in("maru").await, "information-request", &pages).await;
            let mut dasom = taken(country, "dasom", &id).await;
            done(&mut dasom, &format!("/cases/{id}/refuse"), &[("note", NOTE)]).await;
            let page = format!("/cases/{id}");
            let (one, other) = (beside(country, "maru", &page).await, beside(country, "maru", &page).await);
            Start::new(one, other, format!("/cases/{id}/object"), &[])
        }
        "withdraw" => {
            let id = worked(country).await;
            let page = format!("/cases/{id}/withdraw");
            let (one, other) = (beside(country, "maru", &page).await, beside(country, "maru", &page).await);
            Start::new(one, other, page, &[])
        }
        "supply" | "recall" => {
            let id = worked(country).await;
            let mut haneul = beside(country, "haneul", &format!("/desk/cases/{id}")).await;
            done(&mut haneul, &format!("/cases/{id}/ask"), &[("text", TEXT)]).await;
            let (mut one, mut other, task) = awaited(country, &id, "supply").await;
            if verb == "recall" {
                (one, other) = at_the_desk(country, "haneul", &id).await;
            }
            Start::new(one, other, format!("/tasks/{task}/{verb}"), &[("text", TEXT)])
        }
        "reply" | "prolong" => {
            let id = worked(country).await;
            let mut haneul = beside(country, "haneul", &format!("/desk/cases/{id}")).await;
            let asked = [("text", TEXT), ("unit-jeonju-livelihood", "yes")];
            done(&mut haneul, &format!("/cases/{id}/consult"), &asked).await;
            let desk = beside(country, "handeul", "/desk").await;
            let theirs =
                desk.page.split_once("/desk/tasks/").unwrap().1.split('"').next().unwrap().to_owned();
            let page = format!("/desk/tasks/{theirs}");
            let (one, other) =
                (beside(country, "handeul", &page).await, beside(country, "handeul", &page).await);
            Start::new(one, other, format!("/tasks/{theirs}/{verb}"), &[("text", TEXT)])
        }
        "agree" | "decline" | "answer either way" => {
            let id = sought(country).await;
            let (one, other, task) = awaited(country, &id, "agree").await;
            let [first, second] = match verb {
                "answer either way" => ["agree", "decline"],
                same => [same, same],
            };
            let mut start = Start::new(one, other, String::new(), &[]);
            start.paths = [format!("/tasks/{task}/{first}"), format!("/tasks/{task}/{second}")];
            start
        }
        "join" => {
            let mut maru = country.signed_in("maru").await;
            let id = filed_for(&mut maru, "street-report").await;
            let kind = [("kind", "보도·도로 파손"), ("body", "보도블록이 손바닥만큼 꺼졌습니다.")];
            let place = [("where", "경기도 수원시 팔달구 누리로 12 앞"), ("position", "37.26360,127.02860")];
            answered_with(&mut maru, &id, &[("kind", &kind), ("place", &place)]).await;
            sent(&mut maru, &id).await;
            let page = format!("/reports/{id}");
            let (one, other) = (beside(country, "naru", &page).await, beside(country, "naru", &page).await);
            Start::new(one, other, format!("/reports/{id}/join"), &[])
        }
        other => panic!("nobody has said how to {other}"),
    }
}

/// How many events there are of a kind; of no kind: those that answer a question to the applicant.
async fn events(country: &Country, kind: &str) -> i64 {
    let kinds = if kind.is_empty() { ["case.extended", "case.declined"] } else { ["", ""] };
    let kind = format!("case.{kind}");
    let sql = "SELECT count(*) AS n FROM store_event WHERE kind = $1 OR kind = $2 OR kind = $3";
    let values = vec![kind.into(), kinds[0].into(), kinds[1].into()];
    country.app.store.query_one(sql, values).await.unwrap().unwrap().int("n").unwrap()
}

/// What was wrong with a race.
async fn race(country: &Country, verb: &str, event: &str, second: Second) -> Option<String> {
    let Start { mut one, mut other, paths: [here, there], fields } = ready(country, verb).await;
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let before = events(country, event).await;
    let (first, last) = tokio::join!(one.post(&here, &fields), other.post(&there, &fields));
    let done = events(country, event).await - before;
    let (won, lost): (Vec<Answer>, Vec<Answer>) =
        [first, last].into_iter().partition(|answer| answer.status == StatusCode::SEE_OTHER);
    let to: Vec<&str> = won.iter().filter_map(|answer| answer.location.as_deref()).collect();
    let right = match (second, lost.as_slice()) {
        (Told(status, words), [lost]) => {
            done == 1 && lost.status == status && lost.body.contains("<h1") && lost.body.contains(words)
        }
        (Same, []) => done == 1 && to.first() == to.last(),
        (Listed, []) => done == 1 && to.iter().filter(|to| to.contains("why=case-nobodys")).count() == 1,
        (Too, []) => done == 2,
        _ => false,
    };
    let told: Vec<_> = lost.iter().map(|lost| (lost.status, heading(&lost.body))).collect();
    (!right).then(|| format!("{verb}: {done} times; led to {to:?}; told {told:?}"))
}

/// What a page says at its top, without its marks.
fn heading(page: &str) -> String {
    let main = page.split_once("<main").map_or(page, |(_, rest)| rest);
    main.split('<')
        .filter_map(|part| part.split_once('>'))
        .flat_map(|(_, text)| text.split_whitespace())
        .take(40)
        .collect::<Vec<_>>()
        .join(" ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_comes_second_is_told() {
    let mut wrong = Vec::new();
    for (verb, event, second) in VERBS {
        wrong.extend(race(&country().await, verb, event, second).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// No chart has a verb that nobody races for.
#[tokio::test]
async fn every_verb_of_the_charts_is_raced_for() {
    let country = country().await;
    for chart in &country.app.definitions.pack().charts {
        let of_tasks = chart.regions.iter().flat_map(|region| &region.verbs);
        for verb in chart.verbs.iter().chain(of_tasks) {
            // An answer of a form is the last one that was typed; what lapses is the clock's.
            let raced = ["answer", "lapse"].contains(&verb.id.as_str());
            assert!(raced || VERBS.iter().any(|(name, ..)| *name == verb.id), "{} {}", chart.id, verb.id);
        }
    }
}
