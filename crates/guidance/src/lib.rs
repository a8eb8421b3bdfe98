//! My services, find, a service's page, the one question.

mod actions;
mod api;
mod find;
mod home;
mod services;
mod tables;

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
            ("guidance/service.html", include_str!("../templates/service.html")),
        ],
        locales: [include_str!("../locales/ko.ftl"), include_str!("../locales/en.ftl")],
        pages: home::routes().merge(find::routes()).merge(services::routes()),
        api: api::routes(),
        openapi: include_str!("openapi.json"),
        handling: Vec::new(),
    }
}
