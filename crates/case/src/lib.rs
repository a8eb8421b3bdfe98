//! Cases, their clock, the desk.

mod actions;
mod api;
mod audit;
mod clock;
mod clocks;
mod course;
mod desk;
mod ending;
mod files;
mod form;
mod guess;
mod kind;
mod letters;
mod links;
mod model;
mod offices;
mod owed;
mod pages;
mod petitions;
mod reports;
pub mod routing;
mod shift;
mod stood;
mod sweep;
mod tables;
mod tasks;
mod together;
mod work;

use std::sync::Arc;

use maru_store::Consumer;
use maru_web::{Handling, Room};

pub use actions::assign;
pub use audit::{Then, as_it_stood};
pub use letters::Matters;
pub use shift::shift;
pub use sweep::{round, sweep};

pub fn room() -> Room {
    Room {
        name: "case",
        migrations: &[
            ("case/0001", include_str!("../migrations/0001_case.sql")),
            ("case/0002", include_str!("../migrations/0002_file.sql")),
            ("case/0003", include_str!("../migrations/0003_clock.sql")),
            ("case/0004", include_str!("../migrations/0004_desk.sql")),
            ("case/0005", include_str!("../migrations/0005_petition.sql")),
            ("case/0006", include_str!("../migrations/0006_report.sql")),
            ("case/0007", include_str!("../migrations/0007_proposal.sql")),
            ("case/0008", include_str!("../migrations/0008_sweep.sql")),
            ("case/0009", include_str!("../migrations/0009_link.sql")),
            ("case/0010", include_str!("../migrations/0010_consent.sql")),
            ("case/0011", include_str!("../migrations/0011_wanted.sql")),
            ("case/0012", include_str!("../migrations/0012_ending.sql")),
        ],
        templates: &[
            ("case/list.html", include_str!("../templates/list.html")),
            ("case/show.html", include_str!("../templates/show.html")),
            ("case/files.html", include_str!("../templates/files.html")),
            ("case/papers.html", include_str!("../templates/papers.html")),
            ("case/form.html", include_str!("../templates/form.html")),
            ("case/question.html", include_str!("../templates/question.html")),
            ("case/check.html", include_str!("../templates/check.html")),
            ("case/together.html", include_str!("../templates/together.html")),
            ("case/sent.html", include_str!("../templates/sent.html")),
            ("case/withdraw.html", include_str!("../templates/withdraw.html")),
            ("case/desk.html", include_str!("../templates/desk.html")),
            ("case/audit.html", include_str!("../templates/audit.html")),
            ("case/audited.html", include_str!("../templates/audited.html")),
            ("case/bulk.html", include_str!("../templates/bulk.html")),
            ("case/owed.html", include_str!("../templates/owed.html")),
            ("case/load.html", include_str!("../templates/load.html")),
            ("case/course.html", include_str!("../templates/course.html")),
            ("case/task.html", include_str!("../templates/task.html")),
            ("case/links.html", include_str!("../templates/links.html")),
            ("case/report.html", include_str!("../templates/report.html")),
            ("case/reports.html", include_str!("../templates/reports.html")),
            ("case/nearby.html", include_str!("../templates/nearby.html")),
            ("case/petitions.html", include_str!("../templates/petitions.html")),
            ("case/verbs.html", include_str!("../templates/verbs.html")),
        ],
        locales: [include_str!("../locales/ko.ftl"), include_str!("../locales/en.ftl")],
        pages: pages::routes()
            .merge(form::routes())
            .merge(desk::routes())
            .merge(audit::routes())
            .merge(files::pages())
            .merge(tasks::routes())
            .merge(petitions::routes())
            .merge(offices::routes())
            .merge(together::routes())
            .merge(reports::routes())
            .merge(links::pages())
            .merge(course::routes()),
        api: api::routes()
            .merge(audit::api())
            .merge(files::api())
            .merge(clocks::api())
            .merge(links::api())
            .merge(together::api()),
        openapi: include_str!("openapi.json"),
        handling: vec![
            Handling {
                consumer: Consumer {
                    name: "queue",
                    wants: &["party.official-ended", "party.official-moved", "party.role-ended"],
                },
                handler: Arc::new(work::Queue),
            },
            Handling {
                consumer: Consumer { name: "unasked", wants: &["guidance.entitled", "guidance.declined"] },
                handler: Arc::new(work::Unasked),
            },
            Handling { consumer: Consumer { name: "lapse", wants: &[] }, handler: Arc::new(work::Lapse) },
            Handling {
                consumer: Consumer {
                    name: "ended",
                    wants: &[
                        "case.granted",
                        "case.refused",
                        "case.answered",
                        "case.closed",
                        "case.returned",
                        "case.withdrawn",
                    ],
                },
                handler: Arc::new(work::Ended),
            },
            Handling {
                consumer: Consumer {
                    name: "spoken",
                    wants: &["work.completed", "work.rejected", "work.recalled"],
                },
                handler: Arc::new(work::Spoken),
            },
        ],
    }
}
