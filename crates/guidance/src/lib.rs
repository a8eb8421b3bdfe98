//! My services, find, a service's page, the one question.

mod actions;
mod api;
mod find;
mod home;
mod membership;
mod parameters;
mod services;
mod tables;
mod writing;

use std::sync::Arc;

use maru_store::Consumer;
use maru_web::{Handling, Room};

pub use membership::{Replay, Replayed, join, reassess, replay};

pub fn room() -> Room {
    Room {
        name: "guidance",
        migrations: &[
            ("guidance/0001", include_str!("../migrations/0001_guidance.sql")),
            ("guidance/0002", include_str!("../migrations/0002_membership.sql")),
        ],
        templates: &[
            ("guidance/home.html", include_str!("../templates/home.html")),
            ("guidance/welcome.html", include_str!("../templates/welcome.html")),
            ("guidance/find.html", include_str!("../templates/find.html")),
            ("guidance/compare.html", include_str!("../templates/compare.html")),
            ("guidance/membership.html", include_str!("../templates/membership.html")),
            ("guidance/notice.html", include_str!("../templates/notice.html")),
            ("guidance/mine.html", include_str!("../templates/mine.html")),
            ("guidance/in-depth.html", include_str!("../templates/in-depth.html")),
            ("guidance/writing-list.html", include_str!("../templates/writing-list.html")),
            ("guidance/writing-new.html", include_str!("../templates/writing-new.html")),
            ("guidance/writing-tabs.html", include_str!("../templates/writing-tabs.html")),
            ("guidance/writing.html", include_str!("../templates/writing.html")),
            ("guidance/writing-preview.html", include_str!("../templates/writing-preview.html")),
            ("guidance/writing-publish.html", include_str!("../templates/writing-publish.html")),
            ("guidance/parameters.html", include_str!("../templates/parameters.html")),
            ("guidance/parameter.html", include_str!("../templates/parameter.html")),
            ("guidance/service.html", include_str!("../templates/service.html")),
        ],
        locales: [include_str!("../locales/ko.ftl"), include_str!("../locales/en.ftl")],
        pages: home::routes()
            .merge(find::routes())
            .merge(services::routes())
            .merge(membership::pages::routes())
            .merge(writing::pages::routes())
            .merge(parameters::pages::routes()),
        api: api::routes()
            .merge(membership::pages::api())
            .merge(writing::api::routes())
            .merge(parameters::api::routes()),
        openapi: include_str!("openapi.json"),
        handling: vec![Handling {
            consumer: Consumer { name: "membership", wants: &["record.changed"] },
            handler: Arc::new(membership::Changed),
        }],
    }
}
