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
        NewAgency, NewOfficial, NewUnit, add_agency, add_official, add_unit, discard_job, end_agency,
        end_official, end_role, end_unit, grant_role, move_official, official, rename_agency, renew_password,
        retry_job, retry_jobs, unit,
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
        templates: &[("party/sign-in.html", include_str!("../templates/sign-in.html"))],
        locales: [include_str!("../locales/ko.ftl"), include_str!("../locales/en.ftl")],
        pages: pages::routes(),
        api: api::routes(),
        openapi: include_str!("openapi.json"),
        handling: Vec::new(),
    }
}
