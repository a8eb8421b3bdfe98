//! One request as handlers see it: who, in which language, when; and the layer that makes it and dresses the answer.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Form, Json,
    body::Body,
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

use crate::{
    Fail, Shared,
    app::random,
    assets::ASSETS,
    context,
    error::status,
    ports::{Person, PersonKind, RoleKind, Session},
    shown,
};

const ONE_YEAR: u32 = 31_536_000;
/// A form or an API call is small; uploads will have their own limit.
pub const BODY_BYTES: usize = 256 * 1024;
const DRAINED_BYTES: usize = 8 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(10);
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

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
        let (mut unread, mut who) = (0, Value::from(()));
        if let Some(session) = &self.session {
            let person = &session.person;
            let mut unit_name = None;
            if let Some(unit) = &person.unit {
                let unit = self.app.ports.people.unit(unit).await?;
                unit_name = Some(format!("{} {}", unit.agency.get(self.lang), unit.name.get(self.lang)));
            } else {
                unread = self.app.ports.inbox.unread(&person.id).await?;
            }
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
        let why = match error {
            Error::Denied(key) | Error::Conflict(key) | Error::Unavailable(key) => Some(self.t(key)),
            _ => None,
        };
        let seconds = if let Error::TooMany(seconds) = error { *seconds } else { 0 };
        let detail = match (why, seconds) {
            (Some(why), _) => Some(why),
            (None, 0) => None,
            (None, seconds) => {
                let minutes = i64::try_from(seconds / 60 + 1).unwrap_or(i64::MAX);
                self.app.texts.get(self.lang, "error-wait", &[("minutes", minutes.into())])
            }
        };
        let values = context! { status => status.as_u16(), detail, reference => self.request };
        match self.render("", "error.html", values).await {
            Ok(html) => (status, Html(html)).into_response(),
            Err(e) => {
                tracing::error!(request = %self.request, cause = %e, "the error page failed");
                (status, "error").into_response()
            }
        }
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
            Error::Denied(key) | Error::Conflict(key) | Error::Unavailable(key) => text(key),
            Error::TooMany(seconds) => Some(format!("{seconds} s")),
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
        if let Error::TooMany(seconds) = error {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
        }
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
        Ok(Typed(typed))
    }
}

/// A browser tells where a form stood; a form that stood elsewhere is refused whatever it carries.
fn same_origin(headers: &HeaderMap) -> bool {
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

fn check_csrf(sent: &str, secret: &str) -> bool {
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

pub(crate) fn set_cookie(app: &Shared, name: &str, value: &str, seconds: Option<u32>) -> String {
    let secure = if app.settings.secure { "; Secure" } else { "" };
    let age = seconds.map(|s| format!("; Max-Age={s}")).unwrap_or_default();
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}")
}

impl Context {
    /// The header that gives or takes a session.
    pub fn session_cookie(&self, token: Option<&str>) -> (header::HeaderName, String) {
        let value = match token {
            Some(token) => set_cookie(&self.app, "maru_session", token, None),
            None => set_cookie(&self.app, "maru_session", "", Some(0)),
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
pub async fn layer(State(app): State<Shared>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let now = app.now();
    let request_id = app.ids.next::<()>(now).to_string();
    let path = request.uri().path().to_owned();
    let api = path.starts_with("/api/") || path == "/openapi.json";
    let asset = path.starts_with("/assets/") || path == "/healthz" || path == "/favicon.svg";
    let headers = request.headers();

    let token = if api {
        headers
            .get(header::AUTHORIZATION)
            .and_then(|v| v.to_str().ok())
            .and_then(|v| v.strip_prefix("Bearer "))
            .map(str::to_owned)
    } else {
        cookie(headers, "maru_session").map(str::to_owned)
    };
    let session = match token {
        Some(token) if !asset => match app.ports.people.session(&token, now).await {
            Ok(session) => session,
            Err(e) => {
                tracing::error!(request = request_id, cause = %e, "session lookup failed");
                None
            }
        },
        _ => None,
    };
    let old_secret = cookie(headers, "maru_form").filter(|s| s.len() == 32).map(str::to_owned);
    let new_secret = (session.is_none() && old_secret.is_none() && !api && !asset)
        .then(|| random::<16>().iter().map(|b| format!("{b:02x}")).collect::<String>());
    let csrf =
        session.as_ref().map(|s| s.csrf.clone()).or(old_secret).or(new_secret.clone()).unwrap_or_default();
    let context = Context {
        lang: language(headers),
        view: if cookie(headers, "maru_view") == Some("clear") { View::Clear } else { View::Plain },
        path: request.uri().path_and_query().map_or("/".into(), |p| p.as_str().to_owned()),
        from: request
            .extensions()
            .get::<axum::extract::ConnectInfo<std::net::SocketAddr>>()
            .map_or("-".into(), |info| info.0.ip().to_string()),
        app: app.clone(),
        session,
        csrf,
        now,
        request: request_id.clone(),
    };
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("-".to_owned(), |p| p.as_str().to_owned());
    request.extensions_mut().insert(context.clone());

    let mut response = if declared_length(&request) > BODY_BYTES {
        drain(request.into_body()).await;
        Fail(Error::TooLarge).into_response()
    } else {
        next.run(request).await
    };
    let error = response.extensions().get::<Arc<Error>>().cloned();
    // A status without our error comes from the router or an extractor: it gets the same face.
    let error = error.or_else(|| foreign(&response).map(Arc::new));
    if let Some(error) = &error {
        if let Error::Internal(cause) = error.as_ref() {
            tracing::error!(request = request_id, cause, "failed");
        }
        let allowed = response.headers_mut().remove(header::ALLOW);
        response = if api { context.problem_json(error) } else { context.error_page(error).await };
        if let Some(allowed) = allowed {
            response.headers_mut().insert(header::ALLOW, allowed);
        }
    }
    if let Some(secret) = new_secret
        && let Ok(value) = HeaderValue::from_str(&set_cookie(&app, "maru_form", &secret, None))
    {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    dress(response.headers_mut(), asset);
    tracing::info!(
        request = request_id,
        method = %method,
        route,
        status = response.status().as_u16(),
        ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        "served"
    );
    if method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
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

fn dress(headers: &mut HeaderMap, asset: bool) {
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    set(header::X_FRAME_OPTIONS, "DENY");
    if !asset {
        set(header::CACHE_CONTROL, "no-store");
    }
}

fn encode(text: &str) -> String {
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
    let cookie = set_cookie(&context.app, "maru_lang", lang.tag(), Some(ONE_YEAR));
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
    let cookie = set_cookie(&context.app, "maru_view", &view, Some(ONE_YEAR));
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
