//! One file per verb: authorise → load → decide (model) → commit.

mod answer;
mod assign;
mod attach;
mod decide;
mod file;
mod release;
mod submit;
mod withdraw;

use std::{collections::BTreeMap, sync::Arc};

pub use answer::answer;
pub use assign::assign;
pub use attach::{
    CASE_BYTES, CASE_FILES, CaseFile, FILES, attach, case_for, look_at_files, open_file, remove,
};
pub use decide::{Decided, computed, decide};
pub use file::file;
pub use release::release;
pub use submit::{responsible, submit};
pub use withdraw::withdraw;

use maru_definition::Service;
use maru_kernel::{Actor, At, Both, Error, Event, Id, Result};
use maru_web::{
    App,
    ports::{Ask, Person, PersonKind},
};
use serde_json::Value as Json;

use crate::{
    model::{Case, State},
    tables,
};

/// The register name under which a case's own answers stand in grants and in the access log.
pub const CASE_FILE: &str = "case";

/// The resident's own case. Somebody else's does not exist.
pub async fn own(app: &App, person: &Person, id: &str) -> Result<Case> {
    let case = tables::case(&app.store, Id::<Case>::parse(id)?.as_str()).await?.ok_or(Error::NotFound)?;
    if person.kind == PersonKind::Resident && case.resident == person.id {
        Ok(case)
    } else {
        Err(Error::NotFound)
    }
}

/// A case of the official's own unit that has been submitted.
pub async fn of_unit(app: &App, unit: &str, id: &str) -> Result<Case> {
    let case = tables::case(&app.store, Id::<Case>::parse(id)?.as_str()).await?.ok_or(Error::NotFound)?;
    if case.unit.as_deref() == Some(unit) && case.state != State::Draft {
        Ok(case)
    } else {
        Err(Error::NotFound)
    }
}

pub fn service(app: &App, id: &str) -> Result<Arc<Service>> {
    app.definitions.service(id).ok_or(Error::NotFound)
}

pub fn event(app: &App, verb: &str, case: &Case, actor: Actor, at: At, body: Json) -> Event {
    Event {
        id: app.ids.next::<Event>(at).to_string(),
        kind: format!("case.{verb}"),
        aggregate: format!("case/{}", case.id),
        at,
        actor,
        definition: case.rules_version.as_ref().map(|version| format!("{}@{version}", case.service)),
        grant: Some(case.id.clone()),
        body,
    }
}

/// What the service lists as evidence, field by field, and the case's own answers.
pub fn evidence(service: &Service) -> BTreeMap<String, Vec<String>> {
    service.evidence.iter().map(|e| (e.register.clone(), e.fields.clone())).collect()
}

/// A read about one's own application.
pub fn own_ask(person: &Person, service: &Service, fields: BTreeMap<String, Vec<String>>) -> Ask {
    let name = |lang| &service.text(lang).name;
    Ask {
        actor: person.actor(),
        subject: person.id.clone(),
        fields,
        purpose: "own".into(),
        why: Both {
            ko: format!("내 {} 신청서를 채우는 데", name(maru_kernel::Lang::Ko)),
            en: format!("To fill in my application: {}", name(maru_kernel::Lang::En)),
        },
        law: "개인정보 보호법 제35조".into(),
        receipt: None,
    }
}

/// A read by the unit on a case it works.
pub fn case_ask(actor: Actor, case: &Case, service: &Service, fields: BTreeMap<String, Vec<String>>) -> Ask {
    let name = |lang| &service.text(lang).name;
    Ask {
        actor,
        subject: case.resident.clone(),
        fields,
        purpose: case.id.clone(),
        why: Both {
            ko: format!("{} 신청을 처리하는 데", name(maru_kernel::Lang::Ko)),
            en: format!("To work on the application: {}", name(maru_kernel::Lang::En)),
        },
        law: service.law.first().cloned().unwrap_or_default(),
        receipt: case.receipt.clone(),
    }
}
