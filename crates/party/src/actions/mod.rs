//! One file per verb, or per thing whose verbs are few.

mod agency;
mod edge;
mod enrol;
mod holiday;
mod job;
mod official;
mod password;
mod role;
mod sign_in;
mod sign_out;
mod suggestion;
mod unit;

pub use agency::{NewAgency, add_agency, agency, end_agency, rename_agency};
pub use edge::{rotate_key, set_limit};
pub use enrol::{EnrolledAgency, NewPerson, enrol};
pub use holiday::{declare_holiday, withdraw_holiday};
pub use job::{discard_job, retry_job, retry_jobs};
pub use official::{NewOfficial, add_official, end_official, governed, move_official, official};
pub use password::{change_password, renew_password};
pub use role::{end_role, grant_role};
pub use sign_in::sign_in;
pub use sign_out::sign_out;
pub use suggestion::{confirm_suggestion, withdraw_suggestion};
pub use unit::{NewUnit, add_unit, change_unit, end_unit, unit};

use maru_kernel::{At, Error, Event, Result};
use maru_web::App;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::model::Doer;

/// What the store knows of a token.
pub(crate) fn token_id(token: &str) -> String {
    Sha256::digest(token).iter().map(|b| format!("{b:02x}")).collect()
}

/// What happened to something of the administration.
fn event(app: &App, doer: &Doer, verb: &str, about: String, at: At, body: Json) -> Event {
    Event {
        id: app.ids.next::<Event>(at).to_string(),
        kind: format!("party.{verb}"),
        aggregate: about,
        at,
        actor: doer.actor.clone(),
        definition: None,
        grant: None,
        body,
    }
}

fn operators_only(doer: &Doer) -> Result<()> {
    if doer.runs_country() { Ok(()) } else { Err(Error::Denied("error-not-operator".into())) }
}
