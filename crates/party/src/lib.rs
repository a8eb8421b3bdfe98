//! People, units, signing in, grants.

mod actions;
mod api;
mod model;
mod pages;
mod people;
mod tables;

use maru_web::Room;

pub use actions::{EnrolledAgency, NewPerson, enrol};

/// The administration's verbs, for the command line.
pub mod admin {
    pub use crate::actions::{
        NewAgency, NewOfficial, NewUnit, add_agency, add_official, add_unit, confirm_suggestion,
        declare_holiday, discard_job, end_agency, end_official, end_role, end_unit, grant_role,
        move_official, official, rename_agency, renew_password, retry_job, retry_jobs, rotate_key, set_limit,
        unit, withdraw_holiday, withdraw_suggestion,
    };
    pub use crate::model::{Agency, Doer, HeldRole, ListedOfficial, ListedUnit, Looked};
    pub use crate::tables::{agencies, held_roles, officials, units};
}
pub use people::Parties;

pub fn room() -> Room {
    Room {
        name: "party",
        migrations: &[
            ("party/0001", include_str!("../migrations/0001_party.sql")),
            ("party/0002", include_str!("../migrations/0002_administration.sql")),
        ],
        templates: &[
            ("party/sign-in.html", include_str!("../templates/sign-in.html")),
            ("party/password.html", include_str!("../templates/password.html")),
            ("party/log-lines.html", include_str!("../templates/log-lines.html")),
            ("party/admin.html", include_str!("../templates/admin.html")),
            ("party/log.html", include_str!("../templates/log.html")),
            ("party/agencies.html", include_str!("../templates/agencies.html")),
            ("party/agency-new.html", include_str!("../templates/agency-new.html")),
            ("party/agency.html", include_str!("../templates/agency.html")),
            ("party/unit-new.html", include_str!("../templates/unit-new.html")),
            ("party/official-rows.html", include_str!("../templates/official-rows.html")),
            ("party/unit.html", include_str!("../templates/unit.html")),
            ("party/end.html", include_str!("../templates/end.html")),
            ("party/officials.html", include_str!("../templates/officials.html")),
            ("party/official-new.html", include_str!("../templates/official-new.html")),
            ("party/official.html", include_str!("../templates/official.html")),
            ("party/given.html", include_str!("../templates/given.html")),
            ("party/edge.html", include_str!("../templates/edge.html")),
            ("party/rotate.html", include_str!("../templates/rotate.html")),
            ("party/catalogue.html", include_str!("../templates/catalogue.html")),
            ("party/catalogue-import.html", include_str!("../templates/catalogue-import.html")),
            ("party/holidays.html", include_str!("../templates/holidays.html")),
            ("party/jobs.html", include_str!("../templates/jobs.html")),
            ("party/discard.html", include_str!("../templates/discard.html")),
        ],
        locales: [include_str!("../locales/ko.ftl"), include_str!("../locales/en.ftl")],
        pages: pages::routes(),
        api: api::routes(),
        openapi: include_str!("openapi.json"),
        handling: Vec::new(),
    }
}
