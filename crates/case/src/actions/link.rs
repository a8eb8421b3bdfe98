use maru_kernel::{At, Error, Result};
use maru_store::Batch;
use maru_web::{
    App,
    ports::{NewGrant, Person},
    random,
};
use serde_json::{Value as Json, json};

use crate::{
    actions::{self, CASE_FILE, Decided, Said, decide},
    clock::Why,
    model::{self, Case, Link, LinkKind, State},
    owed::Told,
    tables,
};

/// The case that somebody names by its receipt number.
async fn named(app: &App, receipt: &str) -> Result<Case> {
    let unknown = || Error::invalid("receipt", "link-receipt");
    let digits: String = receipt.chars().filter(char::is_ascii_digit).collect();
    if !model::receipt_is_right(&digits) {
        return Err(unknown());
    }
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    let receipt = format!("{}-{}-{}-{}", part(0, 4), part(4, 8), part(8, 12), part(12, 13));
    let id = tables::by_receipt(&app.store, &receipt).await?.ok_or_else(unknown)?;
    tables::case(&app.store, &id).await?.ok_or_else(unknown)
}

/// What a case waits for or goes with.
async fn bound(app: &App, case: &Case, kind: LinkKind) -> Result<Option<Link>> {
    Ok(tables::links(&app.store, case).await?.into_iter().find(|link| link.kind == kind && !link.ended))
}

/// Another case of the same person has to come first: the clock stands until it has ended (시행령 제12조제9항).
pub async fn wait(app: &App, person: &Person, unit: &str, id: &str, receipt: &str) -> Result<Case> {
    app.store
        .rerun(|| async {
            let (mut case, service, _) = actions::worked(app, person, unit, id, "wait").await?;
            let first = named(app, receipt).await?;
            // Somebody else's case is none that this officer knows of.
            if first.resident != case.resident || first.id == case.id || !first.state.is_open() {
                return Err(Error::invalid("receipt", "link-first"));
            }
            if bound(app, &first, LinkKind::First).await?.is_some_and(|link| link.other == case.id) {
                return Err(Error::invalid("receipt", "link-loop"));
            }
            if bound(app, &case, LinkKind::First).await?.is_some() {
                return Err(Error::Conflict("case-waits".into()));
            }
            let now = app.now();
            if let Some(mut clock) = case.clock(&service) {
                clock.pause(Why::Prerequisite, now);
                actions::recount(app, &mut case, &service, clock);
            }
            linked(app, person, case, LinkKind::First, &first, "waits", now)
        })
        .await
}

/// The same matter as another case of the unit: it is decided with that one.
pub async fn unite(app: &App, person: &Person, unit: &str, id: &str, receipt: &str) -> Result<Case> {
    app.store
        .rerun(|| async {
            let (case, _, _) = actions::worked(app, person, unit, id, "unite").await?;
            let main = named(app, receipt).await?;
            let fits = main.unit.as_deref() == Some(unit)
                && main.service == case.service
                && main.id != case.id
                && main.state.is_open();
            if !fits || bound(app, &main, LinkKind::Same).await?.is_some() {
                return Err(Error::invalid("receipt", "link-same"));
            }
            if bound(app, &case, LinkKind::Same).await?.is_some() {
                return Err(Error::Conflict("case-united".into()));
            }
            // What others go with can't go with another itself.
            if tables::links_to(&app.store, &case.id)
                .await?
                .iter()
                .any(|l| l.kind == LinkKind::Same && !l.ended)
            {
                return Err(Error::Conflict("case-leads".into()));
            }
            linked(app, person, case, LinkKind::Same, &main, "united", app.now())
        })
        .await
}

fn linked(
    app: &App,
    person: &Person,
    mut case: Case,
    kind: LinkKind,
    other: &Case,
    event: &str,
    now: At,
) -> Result<(Batch, Case)> {
    let mut batch = Batch::new();
    tables::put(&mut batch, &case)?;
    // The other one has not ended meanwhile.
    tables::still(&mut batch, other);
    tables::add_link(&mut batch, &case, kind, &other.id, now);
    batch.event(actions::event(app, event, &case, person.actor(), now, json!({ "other": other.id })));
    case.version += 1;
    Ok((batch, case))
}

/// It no longer waits for another case, or goes its own way again.
pub async fn part(app: &App, person: &Person, unit: &str, id: &str, other: &str) -> Result<Case> {
    app.store
        .rerun(|| async {
            let (mut case, service, _) = actions::worked(app, person, unit, id, "wait").await?;
            let links = tables::links(&app.store, &case).await?;
            let held = |link: &&Link| link.other == other && !link.ended && link.kind.can_end();
            let link = links.iter().find(held).ok_or(Error::NotFound)?;
            let now = app.now();
            resume(app, &mut case, &service, link, now);
            let mut batch = Batch::new();
            tables::put(&mut batch, &case)?;
            tables::end_link(&mut batch, link, now);
            batch.event(actions::event(app, "parted", &case, person.actor(), now, json!({ "other": other })));
            case.version += 1;
            Ok((batch, case))
        })
        .await
}

fn resume(app: &App, case: &mut Case, service: &maru_definition::Service, link: &Link, now: At) {
    if let Some(mut clock) = case.clock(service).filter(|_| link.kind == LinkKind::First) {
        clock.resume(Why::Prerequisite, now);
        actions::recount(app, case, service, clock);
    }
}

/// A matter that concerns another unit too: a part of it becomes a case there, received when this one was, under the same clock.
pub async fn split(app: &App, person: &Person, unit: &str, id: &str, to: &str, text: &str) -> Result<Case> {
    let text = actions::written("text", text, "task-text-needed")?;
    if to == unit {
        return Err(Error::invalid("unit", "task-unit-own"));
    }
    let target = match app.ports.people.unit(to).await {
        Err(Error::NotFound) => return Err(Error::invalid("unit", "task-unit-unknown")),
        found => found?,
    };
    app.store
        .rerun(|| async {
            let (case, service, verb) = actions::worked(app, person, unit, id, "split").await?;
            for link in
                tables::links_to(&app.store, &case.id).await?.iter().filter(|l| l.kind == LinkKind::Part)
            {
                let part = tables::case(&app.store, &link.case).await?;
                if part.is_some_and(|part| part.state.is_open() && part.unit.as_ref() == Some(&target.id)) {
                    return Err(Error::invalid("unit", "link-part-there"));
                }
            }
            let now = app.now();
            let piece = again(app, &case, &service, &target.id, case.submitted_at.unwrap_or(now), now)?;
            let mut batch =
                begun(app, &piece, &service, person, verb.article.as_deref().unwrap_or_default(), now)?;
            // Two that split at once see one another.
            tables::put(&mut batch, &case)?;
            tables::add_link(&mut batch, &piece, LinkKind::Part, &case.id, now);
            let event = actions::event(app, "split", &case, person.actor(), now, json!({ "part": piece.id }));
            tables::add_note(&mut batch, &case, &event.id, &text);
            batch.event(event);
            Ok((batch, piece))
        })
        .await
}

/// A new case on what another one holds: its answers and facts, at a unit, its clock counting from `received`.
fn again(
    app: &App,
    case: &Case,
    service: &maru_definition::Service,
    unit: &str,
    received: At,
    now: At,
) -> Result<Case> {
    let chart = actions::chart(app, service)?;
    let state = model::step(chart, &State::draft(), "submit")?;
    let mut piece = Case {
        id: app.ids.next::<Case>(now).to_string(),
        state,
        version: 1,
        created_at: now,
        unit: Some(unit.to_owned()),
        officer: None,
        receipt: Some(model::receipt(now, u32::from_le_bytes(random()))),
        submitted_at: Some(received),
        decided_at: None,
        decision: None,
        note: None,
        basis: None,
        told: Told::default(),
        ..case.clone()
    };
    let clock = crate::clock::Clock::new(received, crate::clock::Period::of(&service.period));
    actions::recount(app, &mut piece, service, clock);
    Ok(piece)
}

/// The change that begins it: its rows, the unit's grant, the event from which the applicant is told.
fn begun(
    app: &App,
    piece: &Case,
    service: &maru_definition::Service,
    person: &Person,
    basis: &str,
    now: At,
) -> Result<Batch> {
    let mut batch = Batch::new();
    tables::add_row(&mut batch, piece);
    tables::put(&mut batch, piece)?;
    let receipt = piece.receipt.clone().unwrap_or_default();
    tables::take_receipt(&mut batch, &receipt, &piece.id);
    let unit = piece.unit.clone().unwrap_or_default();
    let mut scope = actions::evidence(service);
    scope.insert(CASE_FILE.into(), vec!["*".into()]);
    batch.and(app.ports.people.grant(&NewGrant {
        id: piece.id.clone(),
        grantor: piece.resident.clone(),
        grantee: unit.clone(),
        scope,
        purpose: piece.id.clone(),
        basis: basis.to_owned(),
        from: now,
        until: None,
    }));
    batch.and(app.ports.people.unit_stays(&unit));
    let body = json!({ "service": piece.service, "receipt": receipt, "unit": unit, "due_on": piece.due_on });
    batch.event(actions::event(app, "submitted", piece, person.actor(), now, body));
    Ok(batch)
}

/// What follows for others when a case has ended: whoever waited for it goes on, whoever goes with it is decided with it, and a decision
/// that was objected to with success is examined anew. Each on its own; done twice it changes nothing.
pub async fn follow(app: &App, id: &str) -> Result<()> {
    let Some(ended) = tables::case(&app.store, id).await?.filter(|case| !case.state.is_open()) else {
        return Ok(());
    };
    for link in tables::links_to(&app.store, id).await?.into_iter().filter(|link| !link.ended) {
        match link.kind {
            LinkKind::First | LinkKind::Same => follow_one(app, &ended, &link).await?,
            LinkKind::Part | LinkKind::Objection | LinkKind::Anew | LinkKind::Together => {}
        }
    }
    let objected =
        tables::links(&app.store, &ended).await?.into_iter().find(|l| l.kind == LinkKind::Objection);
    match objected {
        Some(link) if ended.state.as_str() == "granted" => anew(app, &ended, &link.other).await,
        _ => Ok(()),
    }
}

async fn follow_one(app: &App, ended: &Case, link: &Link) -> Result<()> {
    app.store
        .rerun(|| async {
            let case = tables::case(&app.store, &link.case).await?.ok_or(Error::NotFound)?;
            let holds = tables::links(&app.store, &case).await?.iter().any(|l| l == link);
            if !holds || !case.state.is_open() {
                return Ok((Batch::new(), ()));
            }
            let service = actions::service(app, &case.service)?;
            let now = app.now();
            let officer = app.ports.people.person(ended.officer.as_deref().unwrap_or_default()).await.ok();
            let mut batch = match (link.kind, Decided::of(&ended.state), officer) {
                (LinkKind::Same, Some(how), Some(officer)) => {
                    let tasks = tables::tasks(&app.store, &case.resident, &case.id).await?;
                    let (note, basis) =
                        (ended.note.clone().unwrap_or_default(), ended.basis.clone().unwrap_or_default());
                    let said = Said { note: &note, basis: &basis };
                    let decision =
                        if service.asks_nothing() { None } else { Some(actions::computed(app, &case)?) };
                    let (_, mut batch) =
                        decide::ended(app, case, &service, decision, how, said, officer.actor(), now)?;
                    actions::drop_open(app, &mut batch, &service, tasks, now)?;
                    batch
                }
                // What led it was taken back: it goes its own way again.
                _ => {
                    let mut case = case;
                    resume(app, &mut case, &service, link, now);
                    let mut batch = Batch::new();
                    tables::put(&mut batch, &case)?;
                    let actor = maru_kernel::Actor::System { name: "clock".into() };
                    let body: Json = json!({ "other": ended.id });
                    batch.event(actions::event(app, "resumed", &case, actor, now, body));
                    batch
                }
            };
            tables::end_link(&mut batch, link, now);
            Ok((batch, ()))
        })
        .await
}

/// The objection was right: what was decided is examined anew, on the same facts, at the same unit, with a clock of its own.
async fn anew(app: &App, objection: &Case, original: &str) -> Result<()> {
    app.store
        .rerun(|| async {
            let case = tables::case(&app.store, original).await?.ok_or(Error::NotFound)?;
            let done = tables::links_to(&app.store, original).await?.iter().any(|l| l.kind == LinkKind::Anew);
            let (false, Some(unit), Some(officer)) = (done, case.unit.clone(), objection.officer.as_deref())
            else {
                return Ok((Batch::new(), ()));
            };
            let service = actions::service(app, &case.service)?;
            let person = app.ports.people.person(officer).await?;
            let now = app.now();
            let piece = again(app, &case, &service, &unit, now, now)?;
            let basis = service.objection.as_ref().map_or("", |objection| objection.article.as_str());
            let mut batch = begun(app, &piece, &service, &person, basis, now)?;
            tables::add_link(&mut batch, &piece, LinkKind::Anew, original, now);
            Ok((batch, ()))
        })
        .await
}
