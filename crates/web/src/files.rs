//! The other origin: what people handed in is shown from an address of its own, where no page and no session lives.

use std::{ops::Range, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use maru_kernel::{At, Error, Result};

use crate::{App, Shared, context::encode, upload::percent_decoded};

/// A ticket is good for so long: to begin loading, not to keep.
const TICKET_SECONDS: i64 = 5 * 60;
const PURPOSE: &str = "file";
const NOTHING: &str =
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox";
/// What a browser needs to show an image by itself.
const IMAGE: &str = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; \
                     base-uri 'none'; form-action 'none'; sandbox";
/// A browser's own viewer of PDF does not start in a sandbox; it is no page and runs no script of ours.
const PDF: &str = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; \
                   img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Kinds of files a ticket may name; a number in an address says which.
const MEDIA: &[(&str, bool)] = &[
    ("application/pdf", true),
    ("image/jpeg", true),
    ("image/png", true),
    ("image/webp", true),
    ("image/heic", true),
    ("application/x-hwp", false),
    ("application/hwp+zip", false),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", false),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", false),
    ("text/plain", false),
];

impl App {
    /// Where a file can be opened for the next minutes, by whoever holds the address. Only for who may see it.
    pub fn file_address(&self, blob: &str, name: &str, media: &str, now: At) -> Result<String> {
        let kind = MEDIA
            .iter()
            .position(|(known, _)| *known == media)
            .ok_or_else(|| Error::internal(format!("a file of the kind {media}")))?;
        let what = about(blob, kind, name);
        let ticket = self.edge.keys.ticket(PURPOSE, &what, now.plus_seconds(TICKET_SECONDS), now)?;
        Ok(format!("{}/{blob}.{kind}.{ticket}/{}", self.settings.files_address, encode(name)))
    }
}

fn about(blob: &str, kind: usize, name: &str) -> String {
    format!("{blob}\n{kind}\n{name}")
}

/// All that the other origin serves.
pub fn files(app: Shared) -> Router {
    Router::new()
        .route("/{ticket}/{name}", get(serve))
        .fallback(|| async { nothing() })
        .method_not_allowed_fallback(|| async { nothing() })
        .layer(middleware::from_fn_with_state(app.clone(), dressed))
        .with_state(app)
}

/// The same for a wrong ticket, an old one and an address that never was.
fn nothing() -> Response {
    let page = "<!doctype html><html lang=\"ko\"><meta charset=\"utf-8\"><title>404</title>\
                <p>여기에는 아무것도 없습니다. 파일은 신청 화면에서 다시 열어 주세요.</p>\
                <p lang=\"en\">There is nothing here. Open the file again from the page of the application.</p></html>";
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (StatusCode::NOT_FOUND, kind, page).into_response()
}

/// Headers of every answer, and one line without the address: it holds a name and a ticket.
async fn dressed(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let _working = app.edge.metrics.working();
    let begun = std::time::Instant::now();
    let method = if request.method() == Method::HEAD { "HEAD" } else { "GET" };
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::CACHE_CONTROL, "private, no-store");
    set(header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(header::HeaderName::from_static("x-robots-tag"), "noindex");
    if app.settings.files_address.starts_with("https://") {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(NOTHING));
    let status = response.status().as_u16();
    app.edge.metrics.served(method, "/files", status, begun.elapsed());
    tracing::info!(method, route = "/{ticket}/{name}", status, origin = "files", "served");
    response
}

async fn serve(
    State(app): State<Shared>,
    Path((ticket, _)): Path<(String, String)>,
    method: Method,
    request: Request,
) -> Response {
    let path = request.uri().path().to_owned();
    let range = request.headers().get(header::RANGE).cloned();
    drop(request);
    match answer(&app, &ticket, &method, &path, range.as_ref()).await {
        Ok(response) => response,
        Err(Error::NotFound) => nothing(),
        Err(Error::Unavailable(_)) => {
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], "").into_response()
        }
        Err(other) => {
            tracing::error!(cause = %other, "a file could not be sent");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn answer(
    app: &Arc<App>,
    ticket: &str,
    method: &Method,
    path: &str,
    range: Option<&HeaderValue>,
) -> Result<Response> {
    // As it was signed: decoded once, by us.
    let name = path.rsplit('/').next().and_then(percent_decoded).ok_or(Error::NotFound)?;
    let mut parts = ticket.splitn(3, '.');
    let (Some(blob), Some(kind), Some(ticket)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Error::NotFound);
    };
    let kind: usize = kind.parse().map_err(|_| Error::NotFound)?;
    let (media, shown) = *MEDIA.get(kind).ok_or(Error::NotFound)?;
    if !app.edge.keys.check(PURPOSE, &about(blob, kind, &name), ticket, app.now()) {
        return Err(Error::NotFound);
    }
    let size = app.store.blob_size(blob).await?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let how = if shown { "inline" } else { "attachment" };
    let disposition = format!("{how}; filename*=UTF-8''{}", encode(&name));
    headers.insert(header::CONTENT_DISPOSITION, disposition.parse().map_err(Error::internal)?);
    let policy = match media {
        "application/pdf" => PDF,
        _ if shown => IMAGE,
        _ => NOTHING,
    };
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    let (status, range) = match wanted(range, size) {
        Wanted::Whole => (StatusCode::OK, 0..size),
        Wanted::Part(range) => {
            let part = format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1));
            headers.insert(header::CONTENT_RANGE, part.parse().map_err(Error::internal)?);
            (StatusCode::PARTIAL_CONTENT, range)
        }
        Wanted::Beyond => {
            let part = format!("bytes */{size}").parse().map_err(Error::internal)?;
            headers.insert(header::CONTENT_RANGE, part);
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response());
        }
    };
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end.saturating_sub(range.start)));
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        Body::from_stream(app.store.send_blob(blob, range).await?)
    };
    Ok((status, headers, body).into_response())
}

#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Whole,
    Part(Range<u64>),
    Beyond,
}

/// One range is answered; several, or what is no range, gets the whole (RFC 9110, 14.2).
fn wanted(header: Option<&HeaderValue>, size: u64) -> Wanted {
    let Some(range) = header.and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("bytes=")) else {
        return Wanted::Whole;
    };
    let Some((first, last)) = range.split_once('-') else { return Wanted::Whole };
    let number =
        |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    match (first, number(first), last, number(last)) {
        ("", _, _, Some(end)) if end > 0 && size > 0 => Wanted::Part(size.saturating_sub(end)..size),
        ("", _, _, Some(_)) => Wanted::Beyond,
        (_, Some(first), "", _) if first < size => Wanted::Part(first..size),
        (_, Some(first), _, Some(last)) if first <= last && first < size => {
            Wanted::Part(first..last.saturating_add(1).min(size))
        }
        (_, Some(first), "", _) if first >= size => Wanted::Beyond,
        (_, Some(first), _, Some(last)) if first <= last => Wanted::Beyond,
        _ => Wanted::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_answered() {
        let of = |text: &'static str| wanted(Some(&HeaderValue::from_static(text)), 100);
        assert_eq!(wanted(None, 100), Wanted::Whole);
        assert_eq!(of("bytes=0-9"), Wanted::Part(0..10));
        assert_eq!(of("bytes=90-"), Wanted::Part(90..100));
        assert_eq!(of("bytes=90-900"), Wanted::Part(90..100));
        assert_eq!(of("bytes=-5"), Wanted::Part(95..100));
        assert_eq!(of("bytes=-500"), Wanted::Part(0..100));
        for beyond in ["bytes=100-", "bytes=100-200", "bytes=-0"] {
            assert_eq!(of(beyond), Wanted::Beyond, "{beyond}");
        }
        for whole in
            ["bytes=", "bytes=-", "bytes=5-2", "bytes=0-1,5-6", "lines=1-2", "bytes=a-b", "bytes=+1-2"]
        {
            assert_eq!(of(whole), Wanted::Whole, "{whole}");
        }
    }
}
