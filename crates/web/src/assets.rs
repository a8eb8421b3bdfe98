use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

pub const FAVICON: &str = include_str!("../assets/favicon.svg");
const CSS: &str = include_str!("../assets/maru.css");
const JS: &str = include_str!("../assets/maru.js");
const WORKER: &str = include_str!("../assets/worker.js");
const ICON: &str = include_str!("../assets/icon.svg");

/// Addresses that change with what they hold, so that browsers may keep them for ever.
#[derive(Debug)]
pub(crate) struct Assets {
    pub css: String,
    pub js: String,
}

/// What they hold is built in, so their addresses are worked out once.
pub(crate) static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    css: format!("/assets/maru-{}.css", fingerprint(CSS)),
    js: format!("/assets/maru-{}.js", fingerprint(JS)),
});

fn fingerprint(text: &str) -> String {
    Sha256::digest(text).iter().take(6).map(|b| format!("{b:02x}")).collect()
}

/// What stands by for a lost connection; it changes with what it keeps.
static STANDBY: LazyLock<String> = LazyLock::new(|| {
    let filled = WORKER.replace("{css}", &ASSETS.css).replace("{js}", &ASSETS.js);
    let version = fingerprint(&(filled.clone() + crate::room::OFFLINE));
    filled.replace("{version}", &version)
});

pub(crate) async fn worker() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (headers, STANDBY.as_str()).into_response()
}

pub(crate) async fn serve(Path(name): Path<String>) -> Response {
    let (kind, body) = match name.rsplit_once('.') {
        Some((_, "css")) if name.starts_with("maru-") => ("text/css; charset=utf-8", CSS),
        Some(("icon", "svg")) => ("image/svg+xml", ICON),
        Some((_, "js")) if name.starts_with("maru-") => ("text/javascript; charset=utf-8", JS),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let headers =
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, body).into_response()
}
