//! A browser without a browser: cookies, forms, redirects, in process.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, header},
};
use maru::{seed, serve, wire};
use maru_kernel::{At, Clock};
use maru_message::Post;
use maru_store::Job;
use maru_web::{Handler, Settings, Shared};
use tower::ServiceExt;

pub mod office;

#[path = "../../../../store/tests/place/mod.rs"]
mod place;

/// A clock that only tests move.
pub struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> At {
        // Every look is a microsecond later, so that nothing happens at the same time.
        At::from_micros(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

impl Hand {
    pub fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }
}

pub struct Country {
    pub app: Shared,
    pub router: Router,
    pub clock: Arc<Hand>,
    pub data: PathBuf,
    handlers: BTreeMap<String, Arc<dyn Handler>>,
}

/// The demo's country on Wednesday 7 October 2026, 10:12.
pub async fn country() -> Country {
    country_with(|_| {}).await
}

/// The same with other settings.
pub async fn country_with(change: impl FnOnce(&mut Settings)) -> Country {
    let place = place::place("country").await;
    let data = place.folder.clone();
    let start = At::parse("2026-10-07T10:12:00+09:00").unwrap();
    let clock = Arc::new(Hand(AtomicI64::new(start.micros())));
    let settings = Settings {
        demo: true,
        address: "http://localhost:8080".into(),
        files_address: "http://localhost:8081".into(),
        policy_persons: 5_000,
        ..Settings::default()
    };
    let mut settings = seed::settings(settings).unwrap();
    change(&mut settings);
    let post = Post::parse(data.join("mail").to_str().unwrap()).unwrap();
    let wired = wire::wire(&place, post, settings, clock.clone()).await.unwrap();
    let (app, handlers) = (wired.app.clone(), wired.handlers.clone());
    seed::seed(&app).await.unwrap();
    Country { app, router: serve::router(wired), clock, data, handlers }
}

impl Country {
    /// Moves the clock to a moment in Seoul.
    pub fn at(&self, moment: &str) {
        let to = At::parse(&format!("{moment}:00+09:00")).unwrap();
        self.clock.forward((to.micros() - self.clock.now().micros()) / 1_000_000);
    }

    /// Does all work that is due: letters, mail, the ledger.
    pub async fn settle(&self) {
        loop {
            let kinds = self.handlers.keys().cloned().collect();
            let jobs = self.app.store.claim(kinds, 100, self.app.now(), 60).await.unwrap();
            if jobs.is_empty() {
                break;
            }
            for job in jobs {
                self.handlers[&job.kind].handle(&self.app, &job).await.unwrap();
            }
        }
        while maru_record::sequence(&self.app.store, self.app.now()).await.unwrap() > 0 {}
    }

    pub fn handlers(&self) -> BTreeMap<String, Arc<dyn Handler>> {
        self.handlers.clone()
    }

    /// Does one job that was claimed.
    pub async fn handle(&self, job: &Job) {
        self.handlers[&job.kind].handle(&self.app, job).await.unwrap();
    }

    pub fn browser(&self) -> Browser<'_> {
        Browser { country: self, cookies: BTreeMap::new(), page: String::new(), at: "/".into() }
    }

    pub async fn signed_in(&self, user: &str) -> Browser<'_> {
        let mut browser = self.browser();
        browser.get("/sign-in").await;
        let answer =
            browser.post("/sign-in", &[("name", user), ("password", "maru-demo-2026"), ("to", "/")]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{user} signs in");
        browser
    }

    /// The token of a program that acts for one of the demo's people.
    pub async fn token(&self, user: &str) -> String {
        let body = format!(r#"{{"name":"{user}","password":"maru-demo-2026"}}"#);
        let answer = self.call(Method::POST, "/api/v1/sessions", None, &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{user}: {}", answer.body);
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    pub async fn call(&self, method: Method, path: &str, token: Option<&str>, body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "localhost:8080");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        send(&self.router, request.body(Body::from(body.to_owned())).unwrap()).await
    }
}

pub struct Answer {
    pub status: StatusCode,
    pub location: Option<String>,
    pub cookies: Vec<String>,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }
}

async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let text = |name| {
        response.headers().get(name).and_then(|v: &header::HeaderValue| v.to_str().ok()).map(str::to_owned)
    };
    let location = text(header::LOCATION);
    let cookies = response
        .headers()
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|v| v.to_str().unwrap().to_owned())
        .collect();
    let status = response.status();
    let body = String::from_utf8(to_bytes(response.into_body(), 10_000_000).await.unwrap().to_vec()).unwrap();
    Answer { status, location, cookies, body }
}

pub struct Browser<'a> {
    country: &'a Country,
    pub cookies: BTreeMap<String, String>,
    pub page: String,
    pub at: String,
}

impl Browser<'_> {
    async fn request(&mut self, method: Method, path: &str, body: String, origin: Option<&str>) -> Answer {
        let cookies = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("; ");
        let mut request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header(header::HOST, "localhost:8080")
            .header(header::COOKIE, cookies);
        if method == Method::POST {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        let answer = send(&self.country.router, request.body(Body::from(body)).unwrap()).await;
        for cookie in &answer.cookies {
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.into(), value.into());
            }
        }
        answer
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        let answer = self.request(Method::GET, path, String::new(), None).await;
        if answer.status.is_success() {
            self.page = answer.body.clone();
            self.at = path.into();
        }
        answer
    }

    /// Goes where a page leads, at most five steps.
    pub async fn follow(&mut self, path: &str) -> Answer {
        let mut answer = self.get(path).await;
        for _ in 0..5 {
            let Some(to) = answer.location.clone() else { break };
            answer = self.get(&to).await;
        }
        answer
    }

    /// The form secret of the page that is open.
    pub fn secret(&self) -> String {
        let (_, rest) = self.page.split_once("name=\"csrf\" value=\"").expect("a form on the page");
        rest.split('"').next().unwrap().to_owned()
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let secret = self.secret();
        self.post_with(path, fields, &secret, Some("http://localhost:8080")).await
    }

    pub async fn post_with(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        secret: &str,
        origin: Option<&str>,
    ) -> Answer {
        let body = fields
            .iter()
            .chain([&("csrf", secret)])
            .map(|(k, v)| format!("{k}={}", encode(v)))
            .collect::<Vec<_>>()
            .join("&");
        self.request(Method::POST, path, body, origin).await
    }
}

pub const SERVICE: &str = "livelihood-benefit";

/// Files an application; nothing is answered yet.
pub async fn filed(browser: &mut Browser<'_>) -> String {
    filed_for(browser, SERVICE).await
}

/// The same for any service.
pub async fn filed_for(browser: &mut Browser<'_>, service: &str) -> String {
    browser.get(&format!("/services/{service}")).await;
    let filed = browser.post(&format!("/services/{service}/file"), &[]).await;
    let form = filed.location.expect("filing leads to the form");
    form.trim_start_matches("/cases/").trim_end_matches("/form").to_owned()
}

/// Answers every page of the form.
pub async fn answered(browser: &mut Browser<'_>, id: &str) {
    let pages: [Page<'_>; 4] = [
        ("home", &[("home-kind", "월세")]),
        ("pay", &[("deposit", "5,000,000"), ("rent", "300000")]),
        ("account", &[("bank", "우체국"), ("account-number", "1104-8210-937711")]),
        ("consent", &[("consent-finance", "yes")]),
    ];
    answered_with(browser, id, &pages).await;
}

/// A page of a form and what is typed on it.
pub type Page<'a> = (&'a str, &'a [(&'a str, &'a str)]);

pub async fn answered_with(browser: &mut Browser<'_>, id: &str, pages: &[Page<'_>]) {
    for (page, fields) in pages {
        let path = format!("/cases/{id}/form/{page}");
        assert_eq!(browser.get(&path).await.status, StatusCode::OK, "{page}");
        let answer = browser.post(&path, fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{page}: {}", answer.body);
    }
}

/// Checks the answers and sends them.
pub async fn sent(browser: &mut Browser<'_>, id: &str) {
    assert_eq!(browser.get(&format!("/cases/{id}/check")).await.status, StatusCode::OK);
    let sent = browser.post(&format!("/cases/{id}/submit"), &[("confirmed", "yes")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    assert_eq!(sent.location.as_deref(), Some(format!("/cases/{id}").as_str()));
}

/// Files and answers; stops before the check.
pub async fn draft(browser: &mut Browser<'_>) -> String {
    let id = filed(browser).await;
    answered(browser, &id).await;
    id
}

/// The same, and sends it.
pub async fn submit(browser: &mut Browser<'_>) -> String {
    let id = draft(browser).await;
    sent(browser, &id).await;
    id
}

/// Files for a service, answers and sends.
pub async fn petition(browser: &mut Browser<'_>, service: &str, pages: &[Page<'_>]) -> String {
    let id = filed_for(browser, service).await;
    answered_with(browser, &id, pages).await;
    sent(browser, &id).await;
    id
}

pub async fn suggestion(browser: &mut Browser<'_>) -> String {
    let what = [
        ("title", "공원 벤치를 늘려 주세요"),
        ("body", "어르신이 쉬어 갈 자리가 모자랍니다.\n두 곳이면 됩니다."),
    ];
    petition(browser, "suggestion", &[("what", &what)]).await
}

/// An official takes a case on; its page is open.
pub async fn taken<'a>(country: &'a Country, user: &str, id: &str) -> Browser<'a> {
    let mut browser = country.signed_in(user).await;
    assert_eq!(browser.get(&format!("/desk/cases/{id}")).await.status, StatusCode::OK, "{user} sees it");
    post(&mut browser, StatusCode::SEE_OTHER, &format!("/cases/{id}/assign"), &[]).await;
    browser.get(&format!("/desk/cases/{id}")).await;
    browser
}

/// Sends a form and expects a status; answers where it leads, or the page.
pub async fn post(
    browser: &mut Browser<'_>,
    status: StatusCode,
    path: &str,
    fields: &[(&str, &str)],
) -> String {
    let answer = browser.post(path, fields).await;
    assert_eq!(answer.status, status, "{path} {fields:?}: {}", answer.body);
    answer.location.unwrap_or(answer.body)
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}
