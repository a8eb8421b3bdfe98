//! Files on their way in: a form with a file, or a body that is one. Taken as it comes, never whole in memory.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use futures_util::{
    Stream, StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use http_body_util::BodyExt;
use maru_kernel::{Error, Result};
use tokio::sync::Mutex;

use crate::{
    Context, Fail, Refused, Shared,
    context::{BODY_BYTES_A_SECOND, BODY_PAUSE, check_csrf, same_origin},
};

/// What is left of a file that was refused is read on as far as this, so that the sender hears why.
const REST_BYTES: u64 = 256 * 1024 * 1024;
const REST_TIME: Duration = Duration::from_secs(120);
/// A form's small fields before its file.
const FIELD_BYTES: u64 = 4096;

/// A file that comes.
pub struct Coming {
    /// As the sender calls it: not yet cleaned.
    pub name: String,
    /// What the sender says it is.
    pub media: String,
    pub bytes: BoxStream<'static, Result<Bytes>>,
}

/// A form with a file whose secret is checked before anything of the file is read: it must come first.
pub struct Upload {
    context: Context,
    own_origin: bool,
    parts: multer::Multipart<'static>,
}

impl FromRequest<Shared> for Upload {
    type Rejection = Fail;
    async fn from_request(request: Request, app: &Shared) -> std::result::Result<Self, Fail> {
        let context = request.extensions().get::<Context>().cloned();
        let context = context.ok_or_else(|| Fail(Error::internal("no context layer")))?;
        let own_origin = same_origin(request.headers());
        let media = text(request.headers(), header::CONTENT_TYPE);
        let boundary = multer::parse_boundary(media).map_err(|_| Fail(Error::Denied("error-form".into())))?;
        let bytes = steady(app.clone(), request.into_body(), REST_BYTES).map_err(Carried);
        Ok(Upload { context, own_origin, parts: multer::Multipart::new(bytes, boundary) })
    }
}

impl Upload {
    /// The file of this form. None: the form came without one.
    pub async fn file(&mut self) -> Result<Option<Coming>> {
        let mut proved = false;
        while let Some(field) = self.parts.next_field().await.map_err(told)? {
            match field.name() {
                Some("csrf") => {
                    let mut sent = Vec::new();
                    let mut field = field;
                    while let Some(bytes) = field.chunk().await.map_err(told)? {
                        sent.extend_from_slice(&bytes);
                        if u64::try_from(sent.len()).unwrap_or(u64::MAX) > FIELD_BYTES {
                            return Err(Error::Denied("error-csrf".into()));
                        }
                    }
                    let sent = String::from_utf8(sent).unwrap_or_default();
                    proved = self.own_origin && check_csrf(&sent, self.context.csrf());
                }
                _ if !proved => return Err(Error::Denied("error-csrf".into())),
                Some("file") => {
                    let name = field.file_name().unwrap_or_default().to_owned();
                    let media = field.content_type().map(ToString::to_string).unwrap_or_default();
                    // A browser sends a file that was not chosen as one without a name and without content.
                    if name.is_empty() {
                        return Ok(None);
                    }
                    return Ok(Some(Coming { name, media, bytes: field.map_err(told).boxed() }));
                }
                _ => {}
            }
        }
        if proved { Ok(None) } else { Err(Error::Denied("error-csrf".into())) }
    }

    /// Reads on to the end, within bounds: who is cut off while sending sees a broken connection instead of what is wrong.
    pub async fn rest(&mut self) {
        let reading = async { while let Ok(Some(_)) = self.parts.next_field().await {} };
        tokio::time::timeout(REST_TIME, reading).await.ok();
    }
}

/// A percent-encoded name in a header may be this long.
const NAME_BYTES: usize = 1000;

/// A file as a program sends it: the body is the file, its name is in `x-file-name`.
pub struct Posted {
    file: Result<Option<Coming>>,
    /// What is left of it.
    body: Arc<Mutex<BoxStream<'static, Result<Bytes>>>>,
}

impl FromRequest<Shared> for Posted {
    type Rejection = Fail;
    async fn from_request(request: Request, app: &Shared) -> std::result::Result<Self, Fail> {
        let headers = request.headers().clone();
        let media = text(&headers, header::CONTENT_TYPE).to_owned();
        let body = Arc::new(Mutex::new(steady(app.clone(), request.into_body(), REST_BYTES).boxed()));
        let coming = stream::unfold(body.clone(), |body| async move {
            let next = body.lock().await.next().await?;
            Some((next, body))
        });
        let sent = text(&headers, header::HeaderName::from_static("x-file-name"));
        let file = percent_decoded(sent)
            .filter(|_| sent.len() <= NAME_BYTES)
            .map(|name| Some(Coming { name, media, bytes: coming.boxed() }))
            .ok_or_else(|| Error::invalid("x-file-name", "error-file-name"));
        Ok(Posted { file, body })
    }
}

impl Posted {
    /// The file, once.
    pub fn take(&mut self) -> Result<Option<Coming>> {
        std::mem::replace(&mut self.file, Ok(None))
    }

    /// Reads on to the end, within bounds.
    pub async fn rest(&mut self) {
        self.file = Ok(None);
        let reading = async { while let Some(Ok(_)) = self.body.lock().await.next().await {} };
        tokio::time::timeout(REST_TIME, reading).await.ok();
    }
}

/// Our own error on its way through somebody else's parser.
#[derive(Debug)]
struct Carried(Error);

impl std::fmt::Display for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Carried {}

fn told(e: multer::Error) -> Error {
    match e {
        multer::Error::StreamReadFailed(why) => why
            .downcast::<Carried>()
            .map_or_else(|_| Error::invalid("body", "error-form"), |carried| carried.0),
        _ => Error::invalid("body", "error-form"),
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// `None` for what is no text when decoded.
pub(crate) fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        if b == b'%' {
            let pair = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?);
        } else {
            bytes.push(b);
        }
    }
    String::from_utf8(bytes).ok()
}

/// A body as a stream that ends in an error when its sender pauses, dribbles or does not stop.
fn steady(app: Shared, body: Body, limit: u64) -> impl Stream<Item = Result<Bytes>> + Send + 'static {
    let begun = Instant::now();
    stream::try_unfold((app, body, 0_u64), move |(app, mut body, mut size)| async move {
        let slow = |app: &Shared| {
            app.edge.metrics.refused(Refused::SlowBody);
            Error::Unavailable("error-slow-body".into())
        };
        loop {
            let frame = tokio::time::timeout(BODY_PAUSE, body.frame()).await.map_err(|_| slow(&app))?;
            let Some(frame) = frame else { return Ok(None) };
            let frame = frame.map_err(|_| {
                app.edge.metrics.refused(Refused::Malformed);
                Error::invalid("body", "error-form")
            })?;
            let Ok(data) = frame.into_data() else { continue };
            size = size.saturating_add(u64::try_from(data.len()).unwrap_or(u64::MAX));
            let late =
                begun.elapsed().saturating_sub(BODY_PAUSE).as_secs().saturating_mul(BODY_BYTES_A_SECOND);
            if size < late {
                return Err(slow(&app));
            }
            if size > limit {
                return Err(Error::TooLarge);
            }
            return Ok(Some((data, (app, body, size))));
        }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_percent_encoded() {
        assert_eq!(percent_decoded("%EA%B3%84%EC%95%BD%EC%84%9C.pdf").unwrap(), "계약서.pdf");
        assert_eq!(percent_decoded("plain.pdf").unwrap(), "plain.pdf");
        for wrong in ["%", "%e", "%zz", "%ff", "%+1"] {
            assert_eq!(percent_decoded(wrong).filter(|_| wrong != "%+1"), None, "{wrong}");
        }
    }
}
