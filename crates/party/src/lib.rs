//! People, units, signing in, grants.

mod actions;
mod api;
mod model;
mod pages;
mod people;
mod tables;

use maru_web::Room;

pub use actions::{NewPerson, enrol};
pub use people::Parties;

pub fn room() -> Room {
    Room {
        name: "party",
        migrations: &[("party/0001", include_str!("../migrations/0001_party.sql"))],
        templates: &[("party/sign-in.html", include_str!("../templates/sign-in.html"))],
        locales: [include_str!("../locales/ko.ftl"), include_str!("../locales/en.ftl")],
        pages: pages::routes(),
        api: api::routes(),
        openapi: include_str!("openapi.json"),
        handling: Vec::new(),
    }
}
