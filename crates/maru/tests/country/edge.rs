//! The edge in process: who is counted, keys, readiness, numbers, and what is shown when the database is gone.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::common::{Country, country, country_with};
use async_trait::async_trait;
use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use maru_kernel::Error;
use maru_store::{Batch, Job, NewJob};
use maru_web::{App, Edge, EdgeSettings, Handler, Net, Peer, limits, rotate_key, set_limit};
use tower::ServiceExt;

struct Got {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

/// One GET from an address.
async fn get(country: &Country, from: &str, path: &str, headers: &[(&str, &str)]) -> Got {
    let mut request = Request::builder().uri(path).header(header::HOST, "localhost:8080");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(Peer { ip: from.parse().unwrap(), tls: false });
    let response = country.router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = String::from_utf8(to_bytes(body, 10_000_000).await.unwrap().to_vec()).unwrap();
    Got { status: parts.status, headers: parts.headers, body }
}

fn net(text: &str) -> Net {
    text.parse().unwrap()
}

#[tokio::test]
async fn each_client_has_a_limit_of_its_own() {
    let country = country_with(|s| s.edge.behind = vec![net("10.0.0.0/8")]).await;
    let (store, now) = (&country.app.store, country.app.now());
    store.commit(set_limit("page", 3, now).unwrap()).await.unwrap();
    country.app.edge.refresh(store, now).await.unwrap();
    for _ in 0..3 {
        assert_eq!(get(&country, "203.0.113.1", "/sign-in", &[]).await.status, StatusCode::OK);
    }
    for (lang, told) in [("ko", "초 뒤에 다시 할 수 있습니다"), ("en", "You can try again in")] {
        let over = get(&country, "203.0.113.1", "/sign-in", &[("accept-language", lang)]).await;
        assert_eq!(over.status, StatusCode::TOO_MANY_REQUESTS);
        let seconds: u64 = over.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&seconds));
        assert!(over.body.contains(told), "{}", over.body);
    }
    assert_eq!(get(&country, "203.0.113.2", "/sign-in", &[]).await.status, StatusCode::OK, "another address");
    let forged = [("x-forwarded-for", "198.51.100.1")];
    assert_eq!(
        get(&country, "203.0.113.1", "/sign-in", &forged).await.status,
        StatusCode::TOO_MANY_REQUESTS,
        "who is no proxy can not name somebody else"
    );
    assert_eq!(get(&country, "10.0.0.1", "/sign-in", &forged).await.status, StatusCode::OK, "a proxy can");
    for _ in 0..2 {
        get(&country, "10.0.0.1", "/sign-in", &forged).await;
    }
    assert_eq!(get(&country, "10.0.0.1", "/sign-in", &forged).await.status, StatusCode::TOO_MANY_REQUESTS);
    let other = [("x-forwarded-for", "198.51.100.2")];
    assert_eq!(get(&country, "10.0.0.1", "/sign-in", &other).await.status, StatusCode::OK, "and the next");
    assert_eq!(
        get(&country, "203.0.113.1", "/openapi.json", &[]).await.status,
        StatusCode::OK,
        "another class"
    );
    assert_eq!(get(&country, "203.0.113.1", "/healthz", &[]).await.status, StatusCode::OK, "never refused");
    // One household may be many addresses.
    for host in ["1", "2", "ffff:1"] {
        assert_eq!(get(&country, &format!("2001:db8::{host}"), "/sign-in", &[]).await.status, StatusCode::OK);
    }
    assert_eq!(get(&country, "2001:db8::9", "/sign-in", &[]).await.status, StatusCode::TOO_MANY_REQUESTS);

    // People behind one address who are signed in do not take each other's turns.
    let maru = country.signed_in("maru").await;
    let cookie = format!("maru_session={}", maru.cookies["maru_session"]);
    let mine = [("cookie", cookie.as_str())];
    assert_eq!(get(&country, "203.0.113.1", "/cases", &mine).await.status, StatusCode::OK);

    country.clock.forward(60);
    assert_eq!(get(&country, "203.0.113.1", "/sign-in", &[]).await.status, StatusCode::OK, "the next minute");
    store.commit(set_limit("page", 0, now).unwrap()).await.unwrap();
    country.app.edge.refresh(store, now).await.unwrap();
    for _ in 0..5 {
        assert_eq!(get(&country, "203.0.113.1", "/sign-in", &[]).await.status, StatusCode::OK, "no limit");
    }
}

#[tokio::test]
async fn the_api_says_it_as_a_problem() {
    let country = country().await;
    let (store, now) = (&country.app.store, country.app.now());
    store.commit(set_limit("api", 1, now).unwrap()).await.unwrap();
    country.app.edge.refresh(store, now).await.unwrap();
    assert_eq!(get(&country, "203.0.113.1", "/openapi.json", &[]).await.status, StatusCode::OK);
    let over = get(&country, "203.0.113.1", "/api/v1/services", &[]).await;
    assert_eq!(over.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(over.header("content-type"), "application/problem+json");
    assert!(!over.header("retry-after").is_empty());
    let problem: serde_json::Value = serde_json::from_str(&over.body).unwrap();
    assert_eq!(problem["type"], "/problems/too-many");
    assert_eq!(problem["request"], over.header("x-request-id"));
}

#[tokio::test]
async fn counts_hold_over_processes_and_restarts_and_hide_the_address() {
    let country = country().await;
    let (store, now) = (&country.app.store, country.app.now());
    store.commit(set_limit("page", 20, now).unwrap()).await.unwrap();
    let other = Edge::open(store, EdgeSettings::default(), now).await.unwrap();
    country.app.edge.refresh(store, now).await.unwrap();
    for _ in 0..20 {
        get(&country, "203.0.113.1", "/sign-in", &[]).await;
    }
    country.app.edge.limits.settle(store, now).await.unwrap();
    let rows = store.query("SELECT class, client, used FROM web_use", vec![]).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].text("class").unwrap(), rows[0].int("used").unwrap()), ("page", 20));
    let client = rows[0].text("client").unwrap();
    assert!(client.len() == 32 && client.bytes().all(|b| b.is_ascii_hexdigit()), "{client}");

    // Another process, and one that starts later, know.
    other.limits.settle(store, now).await.unwrap();
    for edge in [other, Edge::open(store, EdgeSettings::default(), now).await.unwrap()] {
        let known = format!("{:?}", edge.limits);
        assert!(known.contains("shared: 20"), "{known}");
    }
    // A client that asks little is not written at all.
    get(&country, "203.0.113.2", "/sign-in", &[]).await;
    country.app.edge.limits.settle(store, now).await.unwrap();
    assert_eq!(store.query("SELECT client FROM web_use", vec![]).await.unwrap().len(), 1);
    // A minute that passed is deleted.
    country.clock.forward(60);
    country.app.edge.limits.settle(store, country.app.now()).await.unwrap();
    assert!(store.query("SELECT client FROM web_use", vec![]).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_operator_sets_limits() {
    let country = country().await;
    let (store, now) = (&country.app.store, country.app.now());
    let usual: Vec<(&str, i64)> =
        limits(store).await.unwrap().iter().map(|limit| (limit.name, limit.per_minute)).collect();
    assert_eq!(usual, [("page", 600), ("change", 120), ("api", 1_200)]);
    store.commit(set_limit("change", 7, now).unwrap()).await.unwrap();
    store.commit(set_limit("change", 8, now).unwrap()).await.unwrap();
    let set = limits(store).await.unwrap();
    assert_eq!((set[1].per_minute, set[1].usual, set[1].set_at), (8, 120, Some(now)));
    for (name, number) in [("page", -1), ("page", 1_000_001), ("pages", 5), ("", 5)] {
        assert!(matches!(set_limit(name, number, now), Err(Error::Invalid(_))), "{name} {number}");
    }
    assert_eq!(limits(store).await.unwrap(), set, "what was refused changed nothing");
}

#[tokio::test]
async fn tickets_are_ours_and_keys_end() {
    let country = country().await;
    let (store, now) = (&country.app.store, country.app.now());
    let keys = &country.app.edge.keys;
    let until = now.plus_seconds(1_000);
    let ticket = keys.ticket("upload", "case/1", until, now).unwrap();
    assert!(ticket.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)), "fit for an address");
    assert!(keys.check("upload", "case/1", &ticket, now));
    assert!(!keys.check("upload", "case/2", &ticket, now) && !keys.check("download", "case/1", &ticket, now));
    assert!(!keys.check("uploadc", "ase/1", &ticket, now), "what is signed can not be cut elsewhere");
    assert!(!keys.check("upload", "case/1", &ticket, until), "until then and no longer");
    let longer = ticket.replacen(&until.micros().to_string(), &(until.micros() + 1_000_000).to_string(), 1);
    assert_ne!(longer, ticket);
    for forged in [longer.as_str(), "", ".", "..", &ticket[..ticket.len() - 2], &format!("{ticket}x")] {
        assert!(!keys.check("upload", "case/1", forged, now), "{forged}");
    }

    // A new key signs soon; the old one's tickets are good until the old key ends.
    let (new, change) = rotate_key(now, 300).unwrap();
    store.commit(change).await.unwrap();
    keys.refresh(store, now).await.unwrap();
    assert!(
        !keys.ticket("upload", "case/1", until, now).unwrap().starts_with(&new),
        "not before all can know it"
    );
    let later = now.plus_seconds(11);
    keys.refresh(store, later).await.unwrap();
    let newer = keys.ticket("upload", "case/1", until, later).unwrap();
    assert!(newer.starts_with(&new));
    assert!(keys.check("upload", "case/1", &ticket, later) && keys.check("upload", "case/1", &newer, later));
    assert!(keys.check("upload", "case/1", &ticket, now.plus_seconds(299)));
    let ended = now.plus_seconds(300);
    assert!(!keys.check("upload", "case/1", &ticket, ended), "at its end, read again or not");
    keys.refresh(store, ended).await.unwrap();
    assert!(!keys.check("upload", "case/1", &ticket, ended) && keys.check("upload", "case/1", &newer, ended));

    // At once, when a key got into wrong hands.
    let (third, change) = rotate_key(ended, 0).unwrap();
    store.commit(change).await.unwrap();
    keys.refresh(store, ended).await.unwrap();
    assert!(!keys.check("upload", "case/1", &newer, ended));
    assert!(keys.ticket("upload", "case/1", until, ended).unwrap().starts_with(&third));
    for wrong in [-1, i64::MAX] {
        assert!(matches!(rotate_key(ended, wrong), Err(Error::Invalid(_))));
    }

    // What can be printed of a key is not its secret.
    let secret =
        store.query_one("SELECT secret FROM web_key WHERE id = $1", vec![third.into()]).await.unwrap();
    let secret = secret.unwrap().string("secret").unwrap();
    assert_eq!(secret.len(), 43, "32 bytes");
    assert!(!format!("{keys:?}").contains(&secret));
}

#[tokio::test]
async fn another_process_has_the_same_keys() {
    let country = country().await;
    let (store, now) = (&country.app.store, country.app.now());
    let other = Edge::open(store, EdgeSettings::default(), now).await.unwrap();
    let ticket = country.app.edge.keys.ticket("upload", "x", now.plus_seconds(60), now).unwrap();
    assert!(other.keys.check("upload", "x", &ticket, now));
    assert_eq!(store.query("SELECT id FROM web_key", vec![]).await.unwrap().len(), 1, "made once");
}

#[tokio::test]
async fn a_database_that_is_gone_is_told_as_that() {
    let country = country().await;
    let maru = country.signed_in("maru").await;
    let cookie = format!("maru_session={}", maru.cookies["maru_session"]);
    let mut broken = Batch::new();
    broken.write("ALTER TABLE party_session RENAME TO party_gone", vec![]);
    country.app.store.commit(broken).await.unwrap();
    for (lang, told, sign_in) in
        [("ko", "바뀐 것은 없습니다", "로그인"), ("en", "nothing was changed", "Sign in")]
    {
        let headers = [("cookie", cookie.as_str()), ("accept-language", lang)];
        let page = get(&country, "203.0.113.1", "/cases", &headers).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(!page.header("retry-after").is_empty());
        assert!(page.body.contains(told), "{}", page.body);
        assert!(!page.body.contains(sign_in), "nobody looks signed out");
        assert!(page.headers.get(header::SET_COOKIE).is_none());
        assert!(page.body.contains(page.header("x-request-id")));
    }
    let headers = [("authorization", "Bearer something")];
    let problem = get(&country, "203.0.113.1", "/api/v1/cases", &headers).await;
    assert_eq!(problem.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&problem.body).unwrap()["type"],
        "/problems/unavailable"
    );
    assert_eq!(
        get(&country, "203.0.113.1", "/sign-in", &[]).await.status,
        StatusCode::OK,
        "who is nobody needs none"
    );
}

#[tokio::test]
async fn too_much_at_once_is_refused_without_the_database() {
    let country = country_with(|s| s.edge.at_once = 1).await;
    let turn = country.app.edge.gate.enter().await.unwrap();
    let page = get(&country, "203.0.113.1", "/", &[("accept-language", "en")]).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.body.contains("Very many people came at once") && !page.header("retry-after").is_empty());
    let problem = get(&country, "203.0.113.1", "/api/v1/services", &[]).await;
    assert_eq!(problem.header("content-type"), "application/problem+json");
    for path in ["/healthz", "/readyz"] {
        assert_ne!(get(&country, "203.0.113.1", path, &[]).await.body, "", "{path} is never refused");
    }
    assert_eq!(get(&country, "127.0.0.1", "/metrics", &[]).await.status, StatusCode::OK);
    drop(turn);
    assert_eq!(get(&country, "203.0.113.1", "/", &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn readiness_names_what_is_not_well() {
    let country = country_with(|s| s.edge.folder = Some("/".into())).await;
    let edge = &country.app.edge;
    let failing = async || loop {
        tokio::time::sleep(Duration::from_millis(1_050)).await;
        let told = get(&country, "203.0.113.1", "/readyz", &[]).await;
        let json: serde_json::Value = serde_json::from_str(&told.body).unwrap();
        let failing: Vec<&serde_json::Value> =
            json["checks"].as_array().unwrap().iter().filter(|check| check["ok"] == false).collect();
        let expected = if failing.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        assert_eq!(told.status, expected, "{}", told.body);
        // A machine that stood still for a while is asked again.
        let stood =
            failing.iter().any(|check| check["why"].as_str().unwrap_or("").starts_with("no answer in"));
        if !stood {
            break failing.iter().map(|check| check["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        }
    };
    let begun = std::time::Instant::now();
    assert_eq!(failing().await, ["worker", "sequencer"], "nobody works in this test");
    edge.health.worker.beat();
    edge.health.sequencer.beat();
    assert!(failing().await.is_empty());
    let mut broken = Batch::new();
    broken.write("ALTER TABLE web_beat RENAME TO web_gone", vec![]);
    country.app.store.commit(broken).await.unwrap();
    let gone = failing().await;
    // Where this took longer than the pause between two writes, one was tried.
    let soon = begun.elapsed() < Duration::from_secs(5);
    let both = ["database-read", "database-write"];
    assert!(gone == both[..1] || (!soon && gone == both), "no write is tried again so soon: {gone:?}");
    let mut mended = Batch::new();
    mended.write("ALTER TABLE web_gone RENAME TO web_beat", vec![]);
    country.app.store.commit(mended).await.unwrap();
    edge.health.drain();
    assert_eq!(failing().await, ["serving"]);
    let page = get(&country, "203.0.113.1", "/", &[]).await;
    assert_eq!((page.status, page.header("connection")), (StatusCode::OK, "close"));
}

#[tokio::test]
async fn too_little_disk_is_not_ready() {
    let country = country_with(|s| {
        s.edge.folder = Some("/".into());
        s.edge.free_bytes = u64::MAX;
    })
    .await;
    let told = get(&country, "203.0.113.1", "/readyz", &[]).await;
    assert!(told.body.contains("MiB are free"), "{}", told.body);
}

#[tokio::test]
async fn numbers_are_for_operators_only() {
    let country = country_with(|s| {
        s.edge.behind = vec![net("127.0.0.1")];
        s.edge.metrics_from = vec![net("192.0.2.0/24")];
    })
    .await;
    let status = async |from: &str, headers: &[(&str, &str)]| {
        get(&country, from, "/metrics", headers).await.status.as_u16()
    };
    assert_eq!(status("127.0.0.1", &[]).await, 200);
    assert_eq!(status("::1", &[]).await, 200);
    assert_eq!(status("192.0.2.9", &[]).await, 200);
    assert_eq!(status("203.0.113.1", &[]).await, 404);
    for name in ["x-forwarded-for", "forwarded", "x-real-ip", "via"] {
        assert_eq!(status("127.0.0.1", &[(name, "203.0.113.1")]).await, 404, "{name}");
    }
    assert_eq!(status("127.0.0.1", &[("x-forwarded-for", "192.0.2.9")]).await, 200, "through the proxy");
    assert_eq!(status("203.0.113.1", &[("x-forwarded-for", "192.0.2.9")]).await, 404, "not for the asking");
    assert_eq!(status("203.0.113.1", &[("x-forwarded-for", "127.0.0.1")]).await, 404);
    let text = get(&country, "127.0.0.1", "/metrics", &[]).await;
    assert!(text.header("content-type").starts_with("application/openmetrics-text"));
    assert!(text.body.ends_with("# EOF\n") && text.body.contains("route=\"/metrics\""));
    assert!(!text.body.contains("203.0.113"));
}

#[tokio::test]
async fn a_request_has_one_id() {
    let country = country_with(|s| s.edge.behind = vec![net("10.0.0.1")]).await;
    let named = [("x-request-id", "proxy-0001")];
    assert_eq!(get(&country, "10.0.0.1", "/", &named).await.header("x-request-id"), "proxy-0001");
    let own = get(&country, "203.0.113.1", "/nothing", &named).await;
    assert_ne!(own.header("x-request-id"), "proxy-0001", "nobody else names a request");
    assert!(own.body.contains(own.header("x-request-id")), "the error page tells it");
}

#[tokio::test]
async fn security_headers_are_on_everything() {
    let country = country_with(|s| s.edge.behind = vec![net("10.0.0.1")]).await;
    for path in ["/", "/nothing", "/api/v1/cases", "/healthz", "/favicon.svg", "/assets/none.css"] {
        let got = get(&country, "203.0.113.1", path, &[("x-forwarded-proto", "https")]).await;
        for name in [
            "content-security-policy",
            "permissions-policy",
            "cross-origin-opener-policy",
            "cross-origin-resource-policy",
            "x-content-type-options",
            "referrer-policy",
            "x-request-id",
        ] {
            assert_ne!(got.header(name), "", "{name} on {path}");
        }
        assert_eq!(got.header("strict-transport-security"), "", "nobody but a proxy says that it is secure");
    }
    let secure = get(&country, "10.0.0.1", "/", &[("x-forwarded-proto", "https")]).await;
    assert_eq!(secure.header("strict-transport-security"), "max-age=31536000");
    assert!(secure.header("set-cookie").contains("; Secure"));
}

#[tokio::test]
async fn nul_characters_go_nowhere() {
    let country = country().await;
    assert_eq!(get(&country, "203.0.113.1", "/services/%00", &[]).await.status, StatusCode::NOT_FOUND);
    let query = get(&country, "203.0.113.1", "/services?q=%00", &[]).await;
    assert_eq!(query.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut anyone = country.browser();
    anyone.get("/sign-in").await;
    let answer = anyone.post("/sign-in", &[("name", "a\0b"), ("password", "x")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let body = r#"{"name": "a\u0000b", "password": "x"}"#;
    let answer = country.call(axum::http::Method::POST, "/api/v1/sessions", None, body).await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
}

/// Counts how many are handled at once and in which order.
#[derive(Default)]
struct Watched {
    now: AtomicUsize,
    most: AtomicUsize,
    order: Mutex<Vec<String>>,
    requests: Mutex<Vec<Option<String>>>,
}

#[async_trait]
impl Handler for Watched {
    async fn handle(&self, app: &App, job: &Job) -> maru_kernel::Result<()> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(200)).await;
        self.order.lock().unwrap().push(job.id.clone());
        self.requests.lock().unwrap().push(maru_store::request::current());
        self.now.fetch_sub(1, Ordering::SeqCst);
        let mut batch = Batch::new();
        batch.finish(job);
        app.store.commit(batch).await
    }
}

#[tokio::test]
async fn several_jobs_at_once_each_lane_in_order() {
    let country = country().await;
    let (app, now) = (&country.app, country.app.now());
    let mut batch = Batch::new();
    for n in 0..24 {
        batch.job(NewJob {
            id: format!("job-{n:02}"),
            kind: "watched".into(),
            // The first four share a lane.
            lane: Some(if n < 4 { "one".into() } else { format!("lane-{n}") }),
            due: now,
            body: serde_json::json!({}),
        });
    }
    maru_store::request::scope("the-request".into(), app.store.commit(batch)).await.unwrap();
    let watched = Arc::new(Watched::default());
    let handler: Arc<dyn Handler> = watched.clone();
    let handlers = BTreeMap::from([("watched".to_owned(), handler)]);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let worker = tokio::spawn(maru_web::work(app.clone(), handlers, stopped));
    for _ in 0..1_200 {
        if watched.order.lock().unwrap().len() == 24 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.send(true).unwrap();
    worker.await.unwrap();
    let order = watched.order.lock().unwrap();
    assert_eq!(order.len(), 24, "{order:?}");
    let lane: Vec<&String> = order.iter().filter(|id| id.as_str() < "job-04").collect();
    assert_eq!(lane, ["job-00", "job-01", "job-02", "job-03"]);
    let most = watched.most.load(Ordering::SeqCst);
    assert!((2..=8).contains(&most), "{most} at once");
    assert!(watched.requests.lock().unwrap().iter().all(|id| id.as_deref() == Some("the-request")));
    let text = app.edge.metrics.text().unwrap();
    assert!(text.contains("maru_jobs_total{kind=\"watched\",outcome=\"done\"} 24"), "{text}");
}

#[tokio::test]
async fn a_stopped_worker_ends_what_it_began() {
    let country = country().await;
    let (app, now) = (&country.app, country.app.now());
    let mut batch = Batch::new();
    batch.job(NewJob {
        id: "begun".into(),
        kind: "watched".into(),
        lane: None,
        due: now,
        body: serde_json::json!({}),
    });
    app.store.commit(batch).await.unwrap();
    let watched = Arc::new(Watched::default());
    let handler: Arc<dyn Handler> = watched.clone();
    let handlers = BTreeMap::from([("watched".to_owned(), handler)]);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let worker = tokio::spawn(maru_web::work(app.clone(), handlers, stopped));
    while watched.now.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.send(true).unwrap();
    worker.await.unwrap();
    assert_eq!(*watched.order.lock().unwrap(), ["begun"]);
}
