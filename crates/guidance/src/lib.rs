//! My services, find, a service's page, the one question.

mod actions;
mod api;
mod find;
mod home;
mod services;
mod tables;
mod writing;

use maru_web::Room;

pub fn room() -> Room {
    Room {
        name: "guidance",
        migrations: &[("guidance/0001", include_str!("../migrations/0001_guidance.sql"))],
        templates: &[
            ("guidance/home.html", include_str!("../templates/home.html")),
            ("guidance/welcome.html", include_str!("../templates/welcome.html")),
            ("guidance/find.html", include_str!("../templates/find.html")),
            ("guidance/compare.html", include_str!("../templates/compare.html")),
            ("guidance/mine.html", include_str!("../templates/mine.html")),
            ("guidance/in-depth.html", include_str!("../templates/in-depth.html")),
            ("guidance/writing-list.html", include_str!("../templates/writing-list.html")),
            ("guidance/writing-new.html", include_str!("../templates/writing-new.html")),
            ("guidance/writing-tabs.html", include_str!("../templates/writing-tabs.html")),
            ("guidance/writing.html", include_str!("../templates/writing.html")),
            ("guidance/writing-preview.html", include_str!("../templates/writing-preview.html")),
            ("guidance/writing-publish.html", include_str!("../templates/writing-publish.html")),
            ("guidance/service.html", include_str!("../templates/service.html")),
        ],
        locales: [include_str!("../locales/ko.ftl"), include_str!("../locales/en.ftl")],
        pages: home::routes().merge(find::routes()).merge(services::routes()).merge(writing::pages::routes()),
        api: api::routes(),
        openapi: include_str!("openapi.json"),
        handling: Vec::new(),
    }
}
