//! Registers, the one way to read them, and who looked.

mod access;
mod api;
mod ledger;
mod pages;
mod registers;
mod tables;

use maru_web::Room;

pub use access::{Audit, Unfit, audit, sequence};
pub use registers::{Books, put, put_all};

pub fn room() -> Room {
    Room {
        name: "record",
        migrations: &[("record/0001", include_str!("../migrations/0001_record.sql"))],
        templates: &[
            ("record/me.html", include_str!("../templates/me.html")),
            ("record/ledger.html", include_str!("../templates/ledger.html")),
            ("record/accesses.html", include_str!("../templates/accesses.html")),
        ],
        locales: [include_str!("../locales/ko.ftl"), include_str!("../locales/en.ftl")],
        pages: pages::routes().merge(ledger::routes()),
        api: api::routes(),
        openapi: include_str!("openapi.json"),
        handling: Vec::new(),
    }
}
