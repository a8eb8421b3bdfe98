//! One file per verb: authorise → load → decide (model) → commit.

mod answer;
mod ask;
mod assign;
mod attach;
mod audit;
mod choose;
mod consent;
mod decide;
mod extend;
mod file;
mod give;
mod join;
mod link;
mod note;
mod object;
mod owed;
mod propose;
mod reassign;
mod release;
mod reply;
mod submit;
mod together;
mod transfer;
mod withdraw;

use std::{collections::BTreeMap, sync::Arc};

pub use answer::answer;
pub use ask::{Asked, ask, consult, watch};
pub use assign::{assign, assign_from};
pub use attach::{
    CASE_BYTES, CASE_FILES, CaseFile, FILES, attach, case_for, look_at_files, open_file, remove,
};
pub use audit::{AUDIT_LAW, audit, audited};
pub use choose::{choose, taker};
pub use consent::{agree, decline};
pub use decide::{ANSWERS, Decided, Said, computed, decide, ended};
pub use extend::{More, extend};
pub use file::file;
pub use give::{give, is_unasked, unasked, ungive};
pub use join::{join, report};
pub use link::{follow, part, split, unite, wait};
pub use note::note;
pub use object::object;
pub use owed::{can_be_owed, owed_now};
pub use propose::{APPROVED, Line, propose, spoken};
pub use reassign::{led, reassign};
pub use release::{put_back, release};
pub use reply::{drop_open, found, lapse, prolong, recall, reply, supply};
pub use submit::{responsible, submit};
pub use together::{Sent, TOGETHER, WHY, together};
pub use transfer::transfer;
pub use withdraw::withdraw;

use maru_definition::{Chart, ChartRegion, ChartVerb, Service, Who};
use maru_kernel::{Actor, At, Both, Error, Event, Id, Problem, Result};
use maru_web::{
    App,
    ports::{Ask, Person, PersonKind},
};
use serde_json::Value as Json;

use crate::{
    clock::{Clock, Reckoned},
    model::{self, Case, State, Task},
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
    if case.unit.as_deref() == Some(unit) && !case.state.is_draft() { Ok(case) } else { Err(Error::NotFound) }
}

pub fn service(app: &App, id: &str) -> Result<Arc<Service>> {
    app.definitions.service(id).ok_or(Error::NotFound)
}

/// A case's clock counted out, by the calendar and the hours of the agency that owns the service.
pub fn reckoned(app: &App, clock: &Clock, service: &Service) -> Reckoned {
    let calendar = &app.definitions.calendar();
    clock.reckon(calendar, calendar.hours(Some(&service.owner)))
}

/// How the service's cases go.
pub fn chart<'a>(app: &'a App, service: &Service) -> Result<&'a Chart> {
    let chart = app.definitions.chart(&service.chart);
    chart.ok_or_else(|| Error::internal(format!("no chart {}", service.chart)))
}

/// The state a verb leads a case to, or why not.
pub fn step(app: &App, case: &Case, verb: &str) -> Result<State> {
    model::step(chart(app, &*service(app, &case.service)?)?, &case.state, verb)
}

/// A case that this officer may do something to now, with the verb as its chart has it.
pub async fn worked(
    app: &App,
    person: &Person,
    unit: &str,
    id: &str,
    verb: &str,
) -> Result<(Case, Arc<Service>, ChartVerb)> {
    let case = of_unit(app, unit, id).await?;
    let service = service(app, &case.service)?;
    let chart = chart(app, &service)?;
    model::step(chart, &case.state, verb)?;
    let found = chart.verb(case.state.as_str(), verb).cloned();
    let found = found.ok_or_else(|| Error::Conflict("case-not-assigned".into()))?;
    if found.who == Who::Officer && case.officer.as_deref() != Some(&person.id) {
        return Err(Error::Conflict("case-other-officer".into()));
    }
    Ok((case, service, found))
}

/// The kinds of units that a service wants heard and that have not replied.
pub async fn unheard(app: &App, service: &Service, tasks: &[Task]) -> Result<Vec<String>> {
    let mut kinds = service.consults.clone();
    for task in tasks.iter().filter(|task| task.state == "replied") {
        if let Some(unit) = task.unit.as_ref().filter(|_| !kinds.is_empty()) {
            let kind = app.ports.people.unit(unit).await?.kind;
            kinds.retain(|wanted| *wanted != kind);
        }
    }
    Ok(kinds)
}

/// What somebody has to write so that others understand: ten characters to two thousand.
pub fn written(field: &str, text: &str, key: &str) -> Result<String> {
    let text = text.trim();
    if text.chars().count() < 10 {
        return Err(Error::invalid(field, key));
    }
    bounded(field, text)?;
    Ok(text.to_owned())
}

/// No text of a case is longer than two thousand characters.
pub fn bounded(field: &str, text: &str) -> Result<()> {
    if text.chars().count() <= 2_000 {
        return Ok(());
    }
    let value = Some("2000".into());
    Err(Error::Invalid(vec![Problem { field: field.into(), key: "form-too-long".into(), value }]))
}

/// Counts a case's clock out anew after something changed it.
pub fn recount(app: &App, case: &mut Case, service: &Service, clock: Clock) {
    case.due_on = reckoned(app, &clock, service).due_on;
    case.clock = Some(clock);
}

/// A task that begins, with so many days; with none it has no time of its own.
#[expect(clippy::too_many_arguments, reason = "each is a column of its row")]
pub fn begin(
    app: &App,
    case: &Case,
    region: &ChartRegion,
    unit: Option<String>,
    person: &Person,
    asked: &str,
    days: u32,
    now: At,
) -> Task {
    let mut task = Task {
        resident: case.resident.clone(),
        case: case.id.clone(),
        id: app.ids.next::<Task>(now).to_string(),
        kind: region.id.clone(),
        state: region.start().to_owned(),
        version: 1,
        unit,
        asked: asked.into(),
        asked_by: person.id.clone(),
        asked_at: now,
        days,
        more: None,
        due_on: None,
        prolonged: 0,
        reply: None,
        replied_by: None,
        ended_at: None,
    };
    if days == 0 {
        return task;
    }
    let calendar = &app.definitions.calendar();
    task.due_on = task.clock().due_on(calendar, calendar.hours(None));
    task
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
