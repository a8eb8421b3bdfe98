use std::sync::Arc;

use async_trait::async_trait;
use axum::{Router, routing::get};
use maru_kernel::Result;
use maru_store::{Consumer, Job, Migration};

use crate::{App, Shared, assets, edge};

/// What a room brings: the program puts rooms together and knows nothing else about them.
pub struct Room {
    pub name: &'static str,
    pub migrations: &'static [Migration],
    pub templates: &'static [(&'static str, &'static str)],
    /// Texts in Korean and English.
    pub locales: [&'static str; 2],
    pub pages: Router<Shared>,
    /// Below `/api/v1`.
    pub api: Router<Shared>,
    /// The `paths` and `schemas` of its part of the OpenAPI document, as JSON.
    pub openapi: &'static str,
    pub handling: Vec<Handling>,
}

/// A consumer of events and the code that handles them.
pub struct Handling {
    pub consumer: Consumer,
    pub handler: Arc<dyn Handler>,
}

#[async_trait]
pub trait Handler: Send + Sync {
    /// Does what the event asks for and finishes the job in the same batch. May be called twice for one event.
    async fn handle(&self, app: &App, job: &Job) -> Result<()>;
}

pub(crate) const OFFLINE: &str = include_str!("../templates/offline.html");

/// The floor's own part: shell, error pages, assets.
pub fn shell() -> Room {
    Room {
        name: "web",
        migrations: &[("web/0001", include_str!("../migrations/0001_edge.sql"))],
        templates: &[
            ("shell.html", include_str!("../templates/shell.html")),
            ("admin-tabs.html", include_str!("../templates/admin-tabs.html")),
            ("parts.html", include_str!("../templates/parts.html")),
            ("error.html", include_str!("../templates/error.html")),
            ("design.html", include_str!("../templates/design.html")),
            ("accessibility.html", include_str!("../templates/accessibility.html")),
            ("offline.html", OFFLINE),
            ("privacy.html", include_str!("../templates/privacy.html")),
        ],
        locales: [include_str!("../locales/ko.ftl"), include_str!("../locales/en.ftl")],
        pages: Router::new()
            .route("/healthz", get(edge::healthz))
            .route("/readyz", get(edge::readyz))
            .route("/metrics", get(edge::metrics_page))
            .route("/assets/{name}", get(assets::serve))
            .route("/worker.js", get(assets::worker))
            .route("/manifest/{tag}", get(crate::context::manifest))
            .route("/offline/{tag}", get(crate::context::offline))
            .route("/language/{tag}", get(crate::context::choose_language))
            .route("/view/{view}", get(crate::context::choose_view))
            .route("/design", get(crate::context::design))
            .route("/accessibility", get(crate::context::accessibility))
            .route("/privacy", get(crate::context::privacy)),
        api: Router::new(),
        openapi: "{}",
        handling: Vec::new(),
    }
}
