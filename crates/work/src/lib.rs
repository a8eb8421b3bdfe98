//! Documents of officials, their approval lines, the register of what was decided.

mod actions;
mod api;
mod boxes;
mod delegations;
mod handover;
mod left;
mod line;
mod mandates;
mod model;
mod pages;
mod papers;
mod proof;
mod seal;
mod tables;

use std::sync::Arc;

use maru_store::Consumer;
use maru_web::{Handling, Room};

pub use papers::Papers;

pub fn room() -> Room {
    Room {
        name: "work",
        migrations: &[
            ("work/0001", include_str!("../migrations/0001_work.sql")),
            ("work/0002", include_str!("../migrations/0002_delegation.sql")),
            ("work/0003", include_str!("../migrations/0003_handover.sql")),
        ],
        templates: &[
            ("work/inbox.html", include_str!("../templates/inbox.html")),
            ("work/archive.html", include_str!("../templates/archive.html")),
            ("work/write.html", include_str!("../templates/write.html")),
            ("work/line.html", include_str!("../templates/line.html")),
            ("work/document.html", include_str!("../templates/document.html")),
            ("work/stamps.html", include_str!("../templates/stamps.html")),
            ("work/tabs.html", include_str!("../templates/tabs.html")),
            ("work/delegations.html", include_str!("../templates/delegations.html")),
            ("work/left.html", include_str!("../templates/left.html")),
            ("work/away.html", include_str!("../templates/away.html")),
        ],
        locales: [include_str!("../locales/ko.ftl"), include_str!("../locales/en.ftl")],
        pages: pages::routes()
            .merge(line::routes())
            .merge(boxes::routes())
            .merge(mandates::routes())
            .merge(delegations::routes())
            .merge(proof::pages())
            .merge(handover::routes()),
        api: api::routes().merge(proof::api()),
        openapi: include_str!("openapi.json"),
        handling: vec![Handling {
            consumer: Consumer {
                name: "left",
                wants: &["party.official-ended", "party.official-moved", "party.role-ended"],
            },
            handler: Arc::new(left::Left),
        }],
    }
}
