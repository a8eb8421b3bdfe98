//! The inbox and the mail.

mod api;
mod coming;
mod mail;
mod pages;
mod reminders;
mod tables;
mod work;

use std::sync::Arc;

use maru_store::Consumer;
use maru_web::{Handling, Room};

pub use mail::Post;
pub use pages::Letterbox;
pub use reminders::remind;

/// The room, with the way its mail goes out.
pub fn room(post: Post) -> Room {
    Room {
        name: "message",
        migrations: &[
            ("message/0001", include_str!("../migrations/0001_message.sql")),
            ("message/0002", include_str!("../migrations/0002_reminder.sql")),
            ("message/0003", include_str!("../migrations/0003_notice.sql")),
        ],
        templates: &[
            ("message/list.html", include_str!("../templates/list.html")),
            ("message/reminders.html", include_str!("../templates/reminders.html")),
            ("message/show.html", include_str!("../templates/show.html")),
        ],
        locales: [include_str!("../locales/ko.ftl"), include_str!("../locales/en.ftl")],
        pages: pages::routes().merge(coming::routes()),
        api: api::routes().merge(coming::api()),
        openapi: include_str!("openapi.json"),
        handling: vec![
            Handling {
                consumer: Consumer {
                    name: "letters",
                    wants: &[
                        "case.submitted",
                        "case.granted",
                        "case.refused",
                        "case.asked",
                        "case.extended",
                        "case.sought",
                        "case.transferred",
                        "case.returned",
                        "case.answered",
                        "case.closed",
                        "case.withdrawn",
                        "case.warned",
                        "case.escalated",
                        "case.reported",
                        "case.ending",
                    ],
                },
                handler: Arc::new(work::Letters),
            },
            Handling {
                consumer: Consumer { name: "mail", wants: &[] },
                handler: Arc::new(work::Mail { post: Arc::new(post) }),
            },
        ],
    }
}
