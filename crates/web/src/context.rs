//! One request as handlers see it: who, in which language, when; and the layer that makes it and dresses the answer.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::body::HttpBody;
use axum::{
    Form, Json,
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, MatchedPath, Path, Query, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{Html, IntoResponse, Redirect, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http_body_util::BodyExt;
use maru_kernel::{Actor, At, Error, Lang, Problem, Result};
use minijinja::Value;
use serde::de::DeserializeOwned;
use serde_json::json;
use subtle::ConstantTimeEq;

use tracing::Instrument;

use crate::{
    Class, Fail, Peer, Refused, Seen, Shared,
    app::random,
    assets::ASSETS,
    context,
    edge::Who,
    error::status,
    ports::{Person, PersonKind, RoleKind, Session},
    shown,
};

const ONE_YEAR: u32 = 31_536_000;
/// A form or an API call is small; a file is taken as it comes (`Upload`, `Posted`).
pub const BODY_BYTES: usize = 256 * 1024;
/// A request that is not answered by then is given up.
const WHOLE_TIME: Duration = Duration::from_secs(30);
/// A file may take longer to come.
const UPLOAD_TIME: Duration = Duration::from_secs(15 * 60);
/// A body must go on at least this often, and after a while come at this pace.
pub(crate) const BODY_PAUSE: Duration = Duration::from_secs(10);
pub(crate) const BODY_BYTES_A_SECOND: u64 = 1024;
/// Who is told that this is temporary may ask again after this many seconds.
const AGAIN_SECONDS: u64 = 5;
const DRAINED_BYTES: usize = 8 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(10);
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'";
/// Of a visitor's machine only the full screen and, where it is asked for, the position.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), fullscreen=(self), geolocation=(self), \
                           gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()";

/// Why somebody with a password given to them sees nothing yet.
const PASSWORD_FIRST: &str = "error-password-first";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    Plain,
    Clear,
}

/// What a page handler knows of its request.
#[derive(Clone)]
pub struct Context {
    pub app: Shared,
    pub lang: Lang,
    pub view: View,
    /// Path and query, for coming back.
    pub path: String,
    pub session: Option<Session>,
    /// The secret that forms carry; `csrf` in pages is a masked copy of it.
    csrf: String,
    pub now: At,
    pub request: String,
    /// The address the request came from, as far as it is known.
    pub from: String,
    /// What is known of where it came from.
    pub seen: Seen,
    /// It came over TLS.
    pub secure: bool,
    /// Somebody may be signed in; nobody could look.
    unsure: bool,
}

/// The same for the JSON API, where people show a bearer token and no cookie counts.
#[derive(Clone)]
pub struct ApiContext(pub Context);

impl Context {
    /// Who is signed in, with a password of their own.
    fn signed_in(&self) -> Result<&Session> {
        let session = self.session.as_ref().ok_or(Error::SignInNeeded)?;
        if session.must_change { Err(Error::Denied(PASSWORD_FIRST.into())) } else { Ok(session) }
    }
    pub fn person(&self) -> Result<&Person> {
        self.signed_in().map(|session| &session.person)
    }
    pub fn resident(&self) -> Result<&Person> {
        let person = self.person()?;
        if person.kind == PersonKind::Resident {
            Ok(person)
        } else {
            Err(Error::Denied("error-not-resident".into()))
        }
    }
    /// An official who works the cases of their own unit.
    pub fn official(&self) -> Result<(&Person, &str)> {
        let session = self.signed_in()?;
        let person = &session.person;
        let works = |unit: &str| session.roles.iter().any(|r| r.kind == RoleKind::Clerk && r.over == unit);
        match (&person.kind, &person.unit) {
            (PersonKind::Official, Some(unit)) if works(unit) => Ok((person, unit)),
            (PersonKind::Official, _) => Err(Error::Denied("error-not-clerk".into())),
            _ => Err(Error::Denied("error-not-official".into())),
        }
    }
    /// An official who administers the country.
    pub fn operator(&self) -> Result<&Session> {
        self.with_role(&[RoleKind::Operator], "error-not-operator")
    }
    /// An official who administers an agency, or the country.
    pub fn manager(&self) -> Result<&Session> {
        self.with_role(&[RoleKind::Operator, RoleKind::Manager], "error-not-manager")
    }
    /// An official with one of these roles.
    pub fn with_role(&self, kinds: &[RoleKind], otherwise: &str) -> Result<&Session> {
        let session = self.signed_in()?;
        if kinds.iter().any(|kind| session.has(*kind)) {
            Ok(session)
        } else {
            Err(Error::Denied(otherwise.into()))
        }
    }
    /// What a form of theirs must prove to know.
    pub(crate) fn csrf(&self) -> &str {
        &self.csrf
    }

    pub fn actor(&self) -> Result<Actor> {
        self.person().map(Person::actor)
    }

    pub fn t(&self, key: &str) -> String {
        self.app.texts.of(self.lang, key)
    }

    /// A page: the template with the shell's own values added.
    pub async fn page(&self, section: &str, template: &str, values: Value) -> Result<Response> {
        Ok(Html(self.render(section, template, values).await?).into_response())
    }

    /// A page that says what is wrong with what was sent.
    pub async fn page_again(&self, section: &str, template: &str, values: Value) -> Result<Response> {
        let html = self.render(section, template, values).await?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(html)).into_response())
    }

    async fn render(&self, section: &str, template: &str, values: Value) -> Result<String> {
        let (mut unread, mut unit_name) = (0, None);
        if let Some(session) = &self.session {
            let person = &session.person;
            if let Some(unit) = &person.unit {
                let unit = self.app.ports.people.unit(unit).await?;
                unit_name = Some(format!("{} {}", unit.agency.get(self.lang), unit.name.get(self.lang)));
            }
            unread = self.app.ports.inbox.unread(&person.id).await?;
        }
        self.render_with(section, template, values, unread, unit_name)
    }

    /// The shell and a page in it, from what is at hand: asks no database.
    fn render_with(
        &self,
        section: &str,
        template: &str,
        values: Value,
        unread: usize,
        unit_name: Option<String>,
    ) -> Result<String> {
        let mut who = Value::from(());
        if let Some(session) = &self.session {
            let person = &session.person;
            let (desk, admin) = (session.has(RoleKind::Clerk), session.administers());
            who =
                context! { name => person.name.get(self.lang), kind => person.kind, unit_name, desk, admin };
        }
        let shell = context! {
            lang => self.lang.tag(),
            view => if self.view == View::Clear { "clear" } else { "plain" },
            path => self.path,
            csrf => mask(&self.csrf),
            section, unread, who,
            unsure => self.unsure,
            demo => self.app.settings.demo,
            css => ASSETS.css,
            js => ASSETS.js,
            now_text => shown::moment(self.lang, self.now),
        };
        self.app.pages.render(self.lang, template, context! { ..shell, ..values })
    }

    /// The page for an error.
    async fn error_page(&self, error: &Error) -> Response {
        if matches!(error, Error::SignInNeeded) {
            let to = if self.path.starts_with('/') { encode(&self.path) } else { "%2F".into() };
            return Redirect::to(&format!("/sign-in?to={to}")).into_response();
        }
        if matches!(error, Error::Denied(key) if key == PASSWORD_FIRST) {
            return Redirect::to("/me/password").into_response();
        }
        let status = status(error);
        let detail = match error {
            Error::Denied(key) | Error::Conflict(key) => Some(self.t(key)),
            Error::Unavailable(key) => Some(self.unavailable(key)),
            Error::TooMany(seconds) => Some(self.wait(*seconds)),
            _ => None,
        };
        let values = context! { status => status.as_u16(), detail, reference => self.request };
        // What says that the machine is in trouble must not need the machine.
        let page = match error {
            Error::Unavailable(_) | Error::TooMany(_) | Error::Internal(_) => {
                self.render_with("", "error.html", values, 0, None)
            }
            _ => match self.render("", "error.html", values.clone()).await {
                Ok(page) => Ok(page),
                Err(_) => self.render_with("", "error.html", values, 0, None),
            },
        };
        match page {
            Ok(html) => (status, Html(html)).into_response(),
            Err(e) => {
                tracing::error!(cause = %e, "the error page failed");
                (status, "error").into_response()
            }
        }
    }

    /// Why it can't be done now; what was not said is that nothing was changed.
    fn unavailable(&self, key: &str) -> String {
        self.app.texts.get(self.lang, key, &[]).unwrap_or_else(|| self.t("error-503-kept"))
    }

    fn wait(&self, seconds: u64) -> String {
        let (key, name, number) = if seconds < 90 {
            ("error-wait-seconds", "seconds", seconds)
        } else {
            ("error-wait", "minutes", seconds / 60 + 1)
        };
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        self.app.texts.get(self.lang, key, &[(name, number.into())]).unwrap_or_else(|| self.t("error-429-do"))
    }

    fn problem_json(&self, error: &Error) -> Response {
        let status = status(error);
        let kind = match error {
            Error::NotFound => "not-found",
            Error::SignInNeeded => "sign-in-needed",
            Error::Denied(_) => "denied",
            Error::Invalid(_) => "invalid",
            Error::Conflict(_) | Error::Guard(_) => "conflict",
            Error::WrongMethod => "wrong-method",
            Error::TooLarge => "too-large",
            Error::TooMany(_) => "too-many",
            Error::Unavailable(_) => "unavailable",
            Error::Internal(_) => "internal",
        };
        let text = |key: &str| self.app.texts.get(self.lang, key, &[]);
        let detail = match error {
            Error::Denied(key) | Error::Conflict(key) => text(key),
            Error::TooMany(seconds) => Some(self.wait(*seconds)),
            Error::Unavailable(key) => Some(self.unavailable(key)),
            _ => text(&format!("error-{}-what", status.as_u16())),
        };
        let mut body = json!({
            "type": format!("/problems/{kind}"),
            "title": text(&format!("error-{}-title", status.as_u16())).unwrap_or_else(|| kind.into()),
            "status": status.as_u16(),
            "detail": detail.unwrap_or_default(),
            "request": self.request,
        });
        if let (Error::Invalid(problems), Some(map)) = (error, body.as_object_mut()) {
            let told: Vec<_> = problems
                .iter()
                .map(|p| json!({"field": p.field, "key": p.key, "detail": self.told(p)}))
                .collect();
            map.insert("errors".into(), told.into());
        }
        let mut response = (status, Json(body)).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }

    /// A problem with a field, in words.
    pub fn told(&self, problem: &Problem) -> String {
        let bound = problem.value.clone().unwrap_or_default();
        let bound = bound.parse::<i64>().map(|n| maru_kernel::Won(n).to_string()).unwrap_or(bound);
        self.app.texts.get(self.lang, &problem.key, &[("bound", bound.into())]).unwrap_or_else(|| {
            tracing::error!(key = problem.key, "text missing");
            problem.key.clone()
        })
    }
}

impl FromRequestParts<Shared> for Context {
    type Rejection = Fail;
    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> std::result::Result<Self, Fail> {
        parts.extensions.get::<Context>().cloned().ok_or_else(|| Fail(Error::internal("no context layer")))
    }
}

impl FromRequestParts<Shared> for ApiContext {
    type Rejection = Fail;
    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> std::result::Result<Self, Fail> {
        Context::from_request_parts(parts, app).await.map(ApiContext)
    }
}

/// What a form sent: its CSRF secret was right.
pub struct Typed(pub BTreeMap<String, String>);

impl Typed {
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

impl FromRequest<Shared> for Typed {
    type Rejection = Fail;
    async fn from_request(request: Request, app: &Shared) -> std::result::Result<Self, Fail> {
        let context = request.extensions().get::<Context>().cloned();
        let context = context.ok_or_else(|| Fail(Error::internal("no context layer")))?;
        let own_origin = same_origin(request.headers());
        let Form(pairs) = Form::<Vec<(String, String)>>::from_request(request, app).await.map_err(|e| {
            Fail(if e.status() == 413 { Error::TooLarge } else { Error::Denied("error-form".into()) })
        })?;
        let mut typed: BTreeMap<String, String> = pairs.into_iter().collect();
        let sent = typed.remove("csrf").unwrap_or_default();
        if !own_origin || !check_csrf(&sent, &context.csrf) {
            return Err(Fail(Error::Denied("error-csrf".into())));
        }
        if typed.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
            return Err(Fail(Error::invalid("body", "error-nul")));
        }
        Ok(Typed(typed))
    }
}

/// A browser tells where a form stood; a form that stood elsewhere is refused whatever it carries.
pub(crate) fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok());
    match (text(header::ORIGIN), text(header::HOST)) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        (Some(_), None) => false,
    }
}

/// The secret goes out masked with fresh randomness, so that compressing the page tells nothing about it.
fn mask(secret: &str) -> String {
    let pad: [u8; 16] = random();
    let raw: Vec<u8> = secret.bytes().zip(pad.iter().cycle()).map(|(s, p)| s ^ p).collect();
    URL_SAFE_NO_PAD.encode([pad.as_slice(), raw.as_slice()].concat())
}

pub(crate) fn check_csrf(sent: &str, secret: &str) -> bool {
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(sent) else { return false };
    let Some((pad, raw)) = bytes.split_at_checked(16) else { return false };
    let open: Vec<u8> = raw.iter().zip(pad.iter().cycle()).map(|(s, p)| s ^ p).collect();
    !secret.is_empty() && bool::from(open.ct_eq(secret.as_bytes()))
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

fn set_cookie(secure: bool, name: &str, value: &str, seconds: Option<u32>) -> String {
    let secure = if secure { "; Secure" } else { "" };
    let age = seconds.map(|s| format!("; Max-Age={s}")).unwrap_or_default();
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}")
}

impl Context {
    /// The header that gives or takes a session.
    pub fn session_cookie(&self, token: Option<&str>) -> (header::HeaderName, String) {
        let value = match token {
            Some(token) => set_cookie(self.secure, "maru_session", token, None),
            None => set_cookie(self.secure, "maru_session", "", Some(0)),
        };
        (header::SET_COOKIE, value)
    }
}

fn language(headers: &HeaderMap) -> Lang {
    if let Some(chosen) = cookie(headers, "maru_lang").and_then(Lang::parse) {
        return chosen;
    }
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or("");
    accepted
        .split(',')
        .filter_map(|range| Lang::parse(range.trim().get(..2).unwrap_or("")))
        .next()
        .unwrap_or_default()
}

/// Makes the context, runs the handler, turns errors into pages or problems, adds the security headers, logs one line.
pub async fn layer(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let now = app.now();
    let peer = request.extensions().get::<Peer>().copied();
    let seen = Seen::of(peer, request.headers(), &app.edge.settings.behind);
    let id = seen.request.clone().unwrap_or_else(|| app.ids.next::<()>(now).to_string());
    // On every line that anything logs while this request is answered.
    let span = tracing::error_span!("request", request = %id);
    let answered = answer(app, request, next, now, seen, id.clone()).instrument(span);
    maru_store::request::scope(id, answered).await
}

/// What the address asked for tells.
#[derive(Clone, Copy)]
struct Kind {
    api: bool,
    /// Needs nobody's session: styles, scripts, and what operators ask.
    asset: bool,
    /// For operators: never refused.
    operator: bool,
    /// A file comes in: the room takes it piece by piece.
    file: bool,
}

impl Kind {
    /// A route whose template ends in `/files` takes files by POST.
    fn of(path: &str, method: &Method, route: &str) -> Kind {
        let operator = matches!(path, "/healthz" | "/readyz" | "/metrics");
        let file = *method == Method::POST && route.ends_with("/files");
        let asset = path.starts_with("/assets/") || matches!(path, "/favicon.svg" | "/worker.js") || operator;
        Kind { api: path.starts_with("/api/") || path == "/openapi.json", asset, operator, file }
    }
}

async fn answer(app: Shared, request: Request, next: Next, now: At, seen: Seen, id: String) -> Response {
    let begun = Instant::now();
    let _working = app.edge.metrics.working();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("-".to_owned(), |p| p.as_str().to_owned());
    let kind = Kind::of(request.uri().path(), &method, &route);
    let headers = request.headers();
    let mut context = Context {
        lang: language(headers),
        view: if cookie(headers, "maru_view") == Some("clear") { View::Clear } else { View::Plain },
        path: request.uri().path_and_query().map_or("/".into(), |p| p.as_str().to_owned()),
        from: seen.client.map_or("-".into(), |ip| ip.to_string()),
        secure: app.settings.secure || seen.secure,
        app: app.clone(),
        session: None,
        csrf: String::new(),
        now,
        request: id,
        unsure: false,
        seen,
    };
    let mut new_secret = None;
    let admitted = admit(&mut context, kind, request, next, &mut new_secret);
    let mut response =
        match tokio::time::timeout(if kind.file { UPLOAD_TIME } else { WHOLE_TIME }, admitted).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => Fail(error).into_response(),
            Err(_) => {
                app.edge.metrics.refused(Refused::TooSlow);
                Fail(Error::Unavailable("error-slow".into())).into_response()
            }
        };
    let error = response.extensions().get::<Arc<Error>>().cloned();
    // A status without our error comes from the router or an extractor: it gets the same face.
    let error = error.or_else(|| foreign(&response).map(Arc::new));
    if let Some(error) = &error {
        match error.as_ref() {
            Error::Internal(cause) => tracing::error!(cause, "failed"),
            // Whoever works all the time says once that the database is gone; the line below says it of each request.
            Error::Unavailable(why) => tracing::debug!(why, "not now"),
            _ => {}
        }
        let allowed = response.headers_mut().remove(header::ALLOW);
        response = if kind.api { context.problem_json(error) } else { context.error_page(error).await };
        let headers = response.headers_mut();
        if let Some(allowed) = allowed {
            headers.insert(header::ALLOW, allowed);
        }
        let again = match error.as_ref() {
            Error::TooMany(seconds) => Some(*seconds),
            Error::Unavailable(_) => Some(AGAIN_SECONDS),
            _ => None,
        };
        if let Some(seconds) = again {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
    }
    if let Some(secret) = new_secret
        && let Ok(value) = HeaderValue::from_str(&set_cookie(context.secure, "maru_form", &secret, None))
    {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    dress(response.headers_mut(), kind.asset && !kind.operator, context.secure);
    if let Ok(id) = HeaderValue::from_str(&context.request) {
        response.headers_mut().insert("x-request-id", id);
    }
    if app.edge.health.draining() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let took = begun.elapsed();
    app.edge.metrics.served(method.as_str(), &route, response.status().as_u16(), took);
    let (method_name, status) = (known(&method), response.status().as_u16());
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if kind.operator {
        // Asked every few seconds, for ever.
        tracing::debug!(method = method_name, route, status, ms, "served");
    } else {
        tracing::info!(method = method_name, route, status, ms, "served");
    }
    if method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}

/// A method's name; one that nobody knows may be anything, so it is not written down.
fn known(method: &Method) -> &str {
    match method.as_str() {
        name @ ("GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "OPTIONS" | "PATCH" | "TRACE" | "CONNECT") => {
            name
        }
        _ => "other",
    }
}

/// Takes the whole request in, then looks whether there is room for it, who asks, and whether they may ask more; only then
/// a room sees it.
async fn admit(
    context: &mut Context,
    kind: Kind,
    request: Request,
    next: Next,
    new_secret: &mut Option<String>,
) -> Result<Response> {
    let app = context.app.clone();
    let headers = request.headers();
    let token = if kind.api {
        headers
            .get(header::AUTHORIZATION)
            .and_then(|v| v.to_str().ok())
            .and_then(|v| v.strip_prefix("Bearer "))
            .map(str::to_owned)
    } else {
        cookie(headers, "maru_session").map(str::to_owned)
    };
    let token = token.filter(|_| !kind.asset);
    context.unsure = token.is_some() && !kind.api;
    let (path, query) = context.path.split_once('?').unwrap_or((&context.path, ""));
    if path.contains("%00") {
        return Err(Error::NotFound);
    }
    if query.contains("%00") {
        return Err(Error::invalid("address", "error-nul"));
    }
    let mut request = if kind.file { request } else { received(&app, request).await? };
    let _turn = if kind.operator {
        None
    } else if kind.file {
        // Whoever sends a file slowly keeps others from sending, never from reading pages.
        Some(app.edge.gate.read().await.ok_or_else(|| {
            app.edge.metrics.refused(Refused::Busy);
            Error::Unavailable("error-full".into())
        })?)
    } else {
        Some(app.edge.gate.enter().await.ok_or_else(|| {
            app.edge.metrics.refused(Refused::Busy);
            Error::Unavailable("error-full".into())
        })?)
    };
    if let Some(token) = token {
        context.session =
            app.ports.people.session(&token, context.now).await.map_err(|error| match error {
                Error::Unavailable(_) => error,
                // Whoever is signed in must not look signed out because nobody could look.
                other => {
                    tracing::error!(cause = %other, "session lookup failed");
                    Error::Unavailable("error-away".into())
                }
            })?;
    }
    context.unsure = false;
    let old_secret = cookie(request.headers(), "maru_form").filter(|s| s.len() == 32).map(str::to_owned);
    if context.session.is_none() && old_secret.is_none() && !kind.api && !kind.asset {
        *new_secret = Some(random::<16>().iter().map(|b| format!("{b:02x}")).collect());
    }
    let own = context.session.as_ref().map(|s| s.csrf.clone());
    context.csrf = own.or(old_secret).or(new_secret.clone()).unwrap_or_default();
    if !kind.asset {
        within_limit(context, kind, request.method())?;
    }
    request.extensions_mut().insert(context.clone());
    Ok(next.run(request).await)
}

/// Counts the request for whoever asks.
fn within_limit(context: &Context, kind: Kind, method: &Method) -> Result<()> {
    let app = &context.app;
    let who = match (&context.session, context.seen.client) {
        (Some(session), Some(_)) => Who::Session(&session.id),
        (None, Some(ip)) => Who::Address(ip),
        // Nobody was connected: a test in process.
        (_, None) => return Ok(()),
    };
    let own_machine = context.seen.direct && context.seen.client.is_some_and(|ip| ip.is_loopback());
    if app.settings.demo && own_machine {
        return Ok(());
    }
    let class = match *method {
        _ if kind.api => Class::Api,
        Method::GET | Method::HEAD => Class::Page,
        _ => Class::Change,
    };
    let client = app.edge.keys.client(&who, context.now)?;
    app.edge.limits.take(class, client, context.now).map_err(|seconds| {
        app.edge.metrics.limited(class);
        Error::TooMany(seconds)
    })
}

/// Reads the body before anybody works on it: who sends slowly takes nobody's turn.
async fn received(app: &Shared, request: Request) -> Result<Request> {
    if declared_length(&request) > BODY_BYTES {
        drain(request.into_body()).await;
        return Err(Error::TooLarge);
    }
    let (parts, mut body) = request.into_parts();
    if body.is_end_stream() {
        return Ok(Request::from_parts(parts, body));
    }
    let _leave = app.edge.gate.read().await.ok_or_else(|| {
        app.edge.metrics.refused(Refused::Busy);
        Error::Unavailable("error-full".into())
    })?;
    let slow = || {
        app.edge.metrics.refused(Refused::SlowBody);
        Error::Unavailable("error-slow-body".into())
    };
    let begun = Instant::now();
    let mut whole = Vec::new();
    loop {
        let frame = tokio::time::timeout(BODY_PAUSE, body.frame()).await.map_err(|_| slow())?;
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|_| {
            app.edge.metrics.refused(Refused::Malformed);
            Error::invalid("body", "error-form")
        })?;
        let Ok(data) = frame.into_data() else { continue };
        whole.extend_from_slice(&data);
        if whole.len() > BODY_BYTES {
            drain(body).await;
            return Err(Error::TooLarge);
        }
        let late = begun.elapsed().saturating_sub(BODY_PAUSE).as_secs().saturating_mul(BODY_BYTES_A_SECOND);
        if u64::try_from(whole.len()).unwrap_or(u64::MAX) < late {
            return Err(slow());
        }
    }
    Ok(Request::from_parts(parts, Body::from(Bytes::from(whole))))
}

fn declared_length(request: &Request) -> usize {
    let length = request.headers().get(header::CONTENT_LENGTH);
    length.and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok()).unwrap_or(0)
}

/// Lets a sender finish, within bounds: who is cut off while sending sees a broken connection instead of what is wrong.
async fn drain(mut body: Body) {
    let reading = async {
        let mut left = DRAINED_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, |data| data.len()));
            if left == 0 {
                break;
            }
        }
    };
    tokio::time::timeout(DRAIN_TIME, reading).await.ok();
}

/// What the framework refused, in our words.
fn foreign(response: &Response) -> Option<Error> {
    let ours = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| {
        kind.as_bytes().starts_with(b"text/html") || kind.as_bytes().starts_with(b"application/")
    });
    if ours {
        return None;
    }
    match response.status().as_u16() {
        404 => Some(Error::NotFound),
        400 | 415 | 422 => Some(Error::invalid("body", "error-form")),
        405 => Some(Error::WrongMethod),
        413 => Some(Error::TooLarge),
        408 | 500..=599 => Some(Error::internal(format!("status {}", response.status()))),
        _ => None,
    }
}

fn dress(headers: &mut HeaderMap, kept: bool, secure: bool) {
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::HeaderName::from_static("permissions-policy"), PERMISSIONS);
    set(header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if secure {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if !kept {
        set(header::CACHE_CONTROL, "no-store");
    }
}

/// A text as a part of an address.
pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(b).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// Only a path of this site may be gone back to.
pub fn back(to: Option<&String>) -> String {
    match to {
        Some(to)
            if to.starts_with('/')
                && !to.starts_with("//")
                && !to.contains('\\')
                && !to.chars().any(char::is_control) =>
        {
            to.clone()
        }
        _ => "/".into(),
    }
}

type To = Query<BTreeMap<String, String>>;

pub(crate) async fn choose_language(
    context: Context,
    Path(tag): Path<String>,
    Query(query): To,
) -> std::result::Result<Response, Fail> {
    let lang = Lang::parse(&tag).ok_or(Error::NotFound)?;
    if let Some(session) = &context.session {
        context.app.ports.people.set_language(&session.person.id, lang).await?;
    }
    let cookie = set_cookie(context.secure, "maru_lang", lang.tag(), Some(ONE_YEAR));
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&back(query.get("to")))).into_response())
}

pub(crate) async fn choose_view(
    context: Context,
    Path(view): Path<String>,
    Query(query): To,
) -> std::result::Result<Response, Fail> {
    if view != "plain" && view != "clear" {
        return Err(Fail(Error::NotFound));
    }
    let cookie = set_cookie(context.secure, "maru_view", &view, Some(ONE_YEAR));
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&back(query.get("to")))).into_response())
}

pub(crate) async fn design(context: Context) -> std::result::Result<Response, Fail> {
    Ok(context.page("", "design.html", context! {}).await?)
}
pub(crate) async fn accessibility(context: Context) -> std::result::Result<Response, Fail> {
    Ok(context.page("", "accessibility.html", context! {}).await?)
}
pub(crate) async fn privacy(context: Context) -> std::result::Result<Response, Fail> {
    Ok(context.page("", "privacy.html", context! {}).await?)
}

/// What a browser keeps for when there is no connection.
pub(crate) async fn offline(
    mut context: Context,
    Path(tag): Path<String>,
) -> std::result::Result<Response, Fail> {
    context.lang = Lang::parse(&tag).ok_or(Error::NotFound)?;
    Ok(context.page("", "offline.html", context! {}).await?)
}

/// What a phone needs to put Maru on its first screen.
pub(crate) async fn manifest(
    context: Context,
    Path(tag): Path<String>,
) -> std::result::Result<Response, Fail> {
    let lang = Lang::parse(&tag).ok_or(Error::NotFound)?;
    let name = context.app.texts.of(lang, "shell-name");
    let icon = |src: &str, purpose: &str| json!({ "src": src, "type": "image/svg+xml", "sizes": "any", "purpose": purpose });
    let told = json!({
        "name": name, "short_name": name, "lang": lang.tag(), "id": "/", "start_url": "/", "scope": "/",
        "display": "standalone", "background_color": "#ffffff", "theme_color": "#ffffff",
        "icons": [icon("/assets/icon.svg", "any"), icon("/assets/icon.svg", "maskable")],
    });
    Ok(([(header::CONTENT_TYPE, "application/manifest+json")], told.to_string()).into_response())
}

/// Reads a JSON body, with our own words for what is wrong with it.
pub struct Sent<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Shared> for Sent<T> {
    type Rejection = Fail;
    async fn from_request(request: Request, app: &Shared) -> std::result::Result<Self, Fail> {
        match Json::<T>::from_request(request, app).await {
            Ok(Json(value)) => Ok(Sent(value)),
            Err(e) if e.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(Fail(Error::TooLarge)),
            Err(e) => Err(Fail(Error::Invalid(vec![Problem {
                field: "body".into(),
                key: "error-json".into(),
                value: Some(e.body_text()),
            }]))),
        }
    }
}
