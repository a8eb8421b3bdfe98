use std::sync::Arc;

use maru_definition::Service;
use maru_kernel::{Actor, At, Error, Result};
use maru_rules::{Answer, Decision};
use maru_store::Batch;
use maru_web::{App, ports::Person};
use serde_json::{Value as Json, json};

use crate::{
    actions, ending,
    model::{self, Case, LinkKind, State},
    tables,
};

/// Days after a decision during which the unit may still read, for objections: what the service says, and a month to answer.
const AFTER_OBJECTION_DAYS: i64 = 30;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    Granted,
    Refused,
    /// A petition is answered.
    Answered,
    /// The same petition for the third time, after two answers.
    Closed,
    /// Not decided: what was asked for never came.
    Returned,
}

impl Decided {
    pub const ALL: [Decided; 5] =
        [Decided::Answered, Decided::Granted, Decided::Refused, Decided::Closed, Decided::Returned];

    pub fn parse(verb: &str) -> Option<Decided> {
        Decided::ALL.into_iter().find(|how| how.verb() == verb)
    }

    /// How a case that has ended was decided; one that was taken back was not.
    pub fn of(state: &State) -> Option<Decided> {
        match state.as_str() {
            "granted" => Some(Decided::Granted),
            "refused" => Some(Decided::Refused),
            "answered" => Some(Decided::Answered),
            "closed" => Some(Decided::Closed),
            "returned" => Some(Decided::Returned),
            _ => None,
        }
    }

    pub fn verb(self) -> &'static str {
        match self {
            Decided::Granted => "grant",
            Decided::Refused => "refuse",
            Decided::Answered => "respond",
            Decided::Closed => "close",
            Decided::Returned => "return",
        }
    }
}

/// What the rules say on the case's own facts, as of the day it was submitted: the same answer today and in ten years.
pub fn computed(app: &App, case: &Case) -> Result<Decision> {
    let service = actions::service(app, &case.service)?;
    let facts = case.file.as_ref().map(model::File::facts).unwrap_or_default();
    let on = case.submitted_at.map_or(app.now(), |at| at).date();
    Ok(app.definitions.decide(&service, &facts, on))
}

/// What the officer writes with a decision; both go into the letter.
#[derive(Debug, Clone, Copy, Default)]
pub struct Said<'a> {
    pub note: &'a str,
    /// The articles it rests on.
    pub basis: &'a str,
}

/// After so many answers the same petition may be closed (민원 처리에 관한 법률 제23조).
pub const ANSWERS: i64 = 2;

/// What an officer wrote, as it goes into the letter.
pub fn written(how: Decided, said: Said<'_>) -> Result<(String, String)> {
    let (note, basis) = (said.note.trim(), said.basis.trim());
    match how {
        Decided::Granted => actions::bounded("note", note)?,
        _ => drop(actions::written("note", note, "case-note-needed")?),
    }
    actions::bounded("basis", basis)?;
    Ok((note.to_owned(), basis.to_owned()))
}

/// A case that can be ended like this by this officer now, with what the rules say of it.
pub async fn possible(
    app: &App,
    person: &Person,
    unit: &str,
    id: &str,
    how: Decided,
) -> Result<(Case, Arc<Service>, Option<Decision>)> {
    let (case, service, verb) = actions::worked(app, person, unit, id, how.verb()).await?;
    let tasks = tables::tasks(&app.store, &case.resident, &case.id).await?;
    model::ready(actions::chart(app, &service)?, &verb, &tasks)?;
    // What waits for another case, or goes with one, is not decided by itself; nor is a whole before its parts.
    for link in tables::links(&app.store, &case).await?.iter().filter(|link| !link.ended) {
        match link.kind {
            LinkKind::First => return Err(Error::Conflict("case-waits".into())),
            LinkKind::Same => return Err(Error::Conflict("case-united".into())),
            LinkKind::Part | LinkKind::Objection | LinkKind::Anew | LinkKind::Together => {}
        }
    }
    for link in tables::links_to(&app.store, &case.id).await?.iter().filter(|l| l.kind == LinkKind::Part) {
        if tables::case(&app.store, &link.case).await?.is_some_and(|part| part.state.is_open()) {
            return Err(Error::Conflict("case-parts-open".into()));
        }
    }
    let decision = if service.asks_nothing() { None } else { Some(computed(app, &case)?) };
    if how == Decided::Granted {
        if decision.as_ref().is_some_and(|decision| decision.answer != Answer::Yes) {
            return Err(Error::Conflict("case-rules-not-yes".into()));
        }
        if !actions::unheard(app, &service, &tasks).await?.is_empty() {
            return Err(Error::Conflict("case-unheard".into()));
        }
    }
    if how == Decided::Closed && tables::answered(&app.store, &case).await? < ANSWERS {
        return Err(Error::Conflict("case-no-repeat".into()));
    }
    Ok((case, service, decision))
}

/// The same, where nothing waits for its approval line.
pub async fn checked(
    app: &App,
    person: &Person,
    unit: &str,
    id: &str,
    how: Decided,
) -> Result<(Case, Arc<Service>, Option<Decision>)> {
    let found = possible(app, person, unit, id, how).await?;
    if tables::proposals(&app.store, &found.0).await?.iter().any(|proposal| proposal.outcome.is_none()) {
        return Err(Error::Conflict("case-proposed".into()));
    }
    Ok(found)
}

/// Ends a case: the computed decision, if rules made one, is kept with it.
pub async fn decide(
    app: &App,
    person: &Person,
    unit: &str,
    id: &str,
    how: Decided,
    said: Said<'_>,
) -> Result<Case> {
    let (note, basis) = written(how, said)?;
    app.store
        .rerun(|| async {
            let (case, service, decision) = checked(app, person, unit, id, how).await?;
            if service.approval {
                return Err(Error::Conflict("case-approval-needed".into()));
            }
            let said = Said { note: &note, basis: &basis };
            let now = app.now();
            let tasks = tables::tasks(&app.store, &case.resident, &case.id).await?;
            let (mut case, mut batch) = ended(app, case, &service, decision, how, said, person.actor(), now)?;
            actions::drop_open(app, &mut batch, &service, tasks, now)?;
            case.version += 1;
            Ok((batch, case))
        })
        .await
}

/// The change that ends a case.
#[expect(clippy::too_many_arguments, reason = "each is a part of the decision")]
pub fn ended(
    app: &App,
    mut case: Case,
    service: &Service,
    decision: Option<Decision>,
    how: Decided,
    said: Said<'_>,
    actor: Actor,
    now: At,
) -> Result<(Case, Batch)> {
    case.state = actions::step(app, &case, how.verb())?;
    let name = case.state.as_str().to_owned();
    case.decided_at = Some(now);
    case.decision = decision.as_ref().map(serde_json::to_value).transpose().map_err(Error::internal)?;
    let version = decision.and_then(|decision| decision.version);
    case.rules_version = version.map(|v| v.to_string()).or(case.rules_version);
    case.note = (!said.note.is_empty()).then(|| said.note.to_owned());
    case.basis = (!said.basis.is_empty()).then(|| said.basis.to_owned());
    let mut batch = Batch::new();
    tables::put(&mut batch, &case)?;
    if service.near {
        tables::end_report(&mut batch, &case.id, now);
    }
    if how == Decided::Granted {
        ending::begin(app, &mut batch, &case, service, now);
    }
    let until = ends(now, service.objection.as_ref().map_or(0, |objection| objection.days));
    batch.and(app.ports.people.end_grants(&case.resident, &case.id, until));
    let body: Json = json!({ "receipt": case.receipt });
    batch.event(actions::event(app, &name, &case, actor, now, body));
    Ok((case, batch))
}

fn ends(now: At, objection_days: u32) -> At {
    now.plus_days(i64::from(objection_days).saturating_add(AFTER_OBJECTION_DAYS))
}
