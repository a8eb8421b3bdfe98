//! Services that officials write on pages: who may, and what they do. What is kept of it is the room definition's.

pub mod api;
pub mod pages;
mod preview;
mod publish;

use maru_definition::{Agency, Asked, Draft, Verb, file_names, good_name, skeleton};
use maru_kernel::{Date, Error, Event, Result};
use maru_store::Batch;
use maru_web::{
    App,
    ports::{RoleKind, Session},
};
use serde_json::{Value as Json, json};

/// What somebody may do with the services of one agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub writes: bool,
    pub approves: bool,
    pub reads: bool,
}

impl Part {
    pub fn of(session: &Session, owner: &str) -> Part {
        let (writes, approves) =
            (session.holds(RoleKind::Writer, owner), session.holds(RoleKind::Manager, owner));
        Part { writes, approves, reads: session.reads_drafts_of(owner) }
    }
}

/// A draft that somebody may read; for all others there is none.
pub async fn draft(app: &App, session: &Session, id: &str) -> Result<(Draft, Part)> {
    let draft = app.definitions.draft(id).await?.ok_or(Error::NotFound)?;
    let part = Part::of(session, &draft.owner.id);
    if part.reads { Ok((draft, part)) } else { Err(Error::NotFound) }
}

/// The drafts that somebody may read, the newest version of each.
pub async fn drafts(app: &App, session: &Session) -> Result<Vec<Draft>> {
    let mut drafts = app.definitions.drafts().await?;
    drafts.retain(|draft| Part::of(session, &draft.owner.id).reads);
    Ok(drafts)
}

/// How it stands with a draft, in one word.
pub async fn standing(app: &App, draft: &Draft) -> Result<&'static str> {
    let (definitions, id) = (&app.definitions, &draft.service);
    if definitions.asks(id).await?.iter().any(|ask| ask.state == Asked::Open) {
        return Ok("asked");
    }
    Ok(match definitions.pack().services.iter().find(|service| service.id == *id) {
        Some(service) if service.ended => "ended",
        Some(_) => "served",
        None if definitions.published(id).await?.is_empty() => "draft",
        None => "coming",
    })
}

async fn to_write(app: &App, session: &Session, id: &str) -> Result<Draft> {
    match draft(app, session, id).await? {
        (draft, part) if part.writes => Ok(draft),
        _ => Err(Error::Denied("services-not-writer".into())),
    }
}

/// The agencies for which somebody writes, with their names.
pub async fn agencies(app: &App, session: &Session) -> Result<Vec<Agency>> {
    let (pack, units) = (app.definitions.pack(), app.ports.people.units().await?);
    let over =
        session.roles.iter().filter(|role| role.kind == RoleKind::Writer).map(|role| role.over.as_str());
    let named = |id: &str| {
        let of_unit = || units.iter().find(|unit| unit.agency_id.as_deref() == Some(id));
        let named = |unit: &maru_web::ports::Unit| Agency { id: id.to_owned(), name: unit.agency.clone() };
        pack.agency(id).cloned().or_else(|| of_unit().map(named))
    };
    Ok(over.filter_map(named).collect())
}

fn event(app: &App, session: &Session, verb: &str, id: &str, body: Json) -> Event {
    let at = app.now();
    Event {
        id: app.ids.next::<Event>(at).to_string(),
        kind: format!("guidance.service-{verb}"),
        aggregate: format!("service/{id}"),
        at,
        actor: session.person.actor(),
        definition: None,
        grant: None,
        body,
    }
}

fn keep(app: &App, session: &Session, draft: &Draft) -> Result<Batch> {
    let mut batch = app.definitions.write_draft(draft)?;
    let body = json!({ "version": draft.version, "file": draft.file });
    batch.event(event(app, session, "written", &draft.service, body));
    Ok(batch)
}

/// Begins a draft: of a new service, or of a new version of one that the program brings.
pub async fn begin(app: &App, session: &Session, owner: &str, id: &str) -> Result<()> {
    if !session.has(RoleKind::Writer) {
        return Err(Error::Denied("services-not-writer".into()));
    }
    let agencies = agencies(app, session).await?;
    let owner = agencies.into_iter().find(|agency| agency.id == owner);
    let owner = owner.ok_or_else(|| Error::invalid("owner", "services-wrong-owner"))?;
    if !good_name(id) {
        return Err(Error::invalid("id", "services-wrong-id"));
    }
    app.store
        .rerun(|| async {
            let taken = || Error::invalid("id", "services-wrong-taken");
            if app.definitions.draft(id).await?.is_some() {
                return Err(taken());
            }
            let files = match app.definitions.shipped(id) {
                Some(service) if service.owner == owner.id => app.definitions.shipped_files(service),
                None if app.definitions.entry(id).is_none() => skeleton(&owner.id, id),
                _ => return Err(taken()),
            };
            let draft = Draft {
                service: id.to_owned(),
                version: 1,
                owner: owner.clone(),
                files,
                file: String::new(),
                writer: session.person.id.clone(),
                at: app.now(),
            };
            Ok((keep(app, session, &draft)?, ()))
        })
        .await
}

/// Keeps one file of a draft, right or not. `seen` is the version that the writer had before them.
pub async fn write(app: &App, session: &Session, id: &str, file: &str, text: &str, seen: i64) -> Result<()> {
    let file = file_names().find(|name| *name == file).ok_or(Error::NotFound)?;
    let text = text.replace("\r\n", "\n");
    if text.contains('\0') {
        return Err(Error::invalid("text", "error-nul"));
    }
    app.store
        .rerun(|| async {
            let mut draft = to_write(app, session, id).await?;
            if draft.version != seen {
                return Err(Error::Conflict("services-written-since".into()));
            }
            // An empty text is no file: petitions need no rules, and may leave letters to the pack.
            let before = draft.files.remove(file);
            if !text.trim().is_empty() {
                draft.files.insert(file.to_owned(), text.clone());
            }
            if before.as_ref() == draft.files.get(file) {
                return Ok((Batch::new(), ()));
            }
            draft.version = draft.version.saturating_add(1);
            draft.file = file.to_owned();
            draft.writer.clone_from(&session.person.id);
            draft.at = app.now();
            Ok((keep(app, session, &draft)?, ()))
        })
        .await
}

/// Asks that the draft be published, or the service ended, from a day on.
pub async fn ask(app: &App, session: &Session, id: &str, verb: Verb, from: Date) -> Result<()> {
    app.store
        .rerun(|| async {
            to_write(app, session, id).await?;
            let now = app.now();
            let mut batch = app.definitions.ask(id, verb, from, &session.person.id, now).await?;
            let body = json!({ "verb": verb.as_str(), "from": from.to_string() });
            batch.event(event(app, session, "asked", id, body));
            Ok((batch, ()))
        })
        .await
}

/// Takes back what one asked for, or turns it down.
pub async fn withdraw(app: &App, session: &Session, id: &str, place: i64) -> Result<()> {
    app.store
        .rerun(|| async {
            let (_, part) = draft(app, session, id).await?;
            if !(part.writes || part.approves) {
                return Err(Error::Denied("services-not-writer".into()));
            }
            let mut batch = app.definitions.withdraw_ask(id, place, &session.person.id, app.now()).await?;
            batch.event(event(app, session, "withdrawn", id, json!({ "ask": place })));
            Ok((batch, ()))
        })
        .await
}

/// Approves what was asked for: a second person, who neither wrote last nor asked.
pub async fn approve(app: &App, session: &Session, id: &str, place: i64) -> Result<()> {
    app.store
        .rerun(|| async {
            let (draft, part) = draft(app, session, id).await?;
            if !part.approves {
                return Err(Error::Denied("services-not-approver".into()));
            }
            let ask = app.definitions.open_ask(id, place).await?;
            if [&draft.writer, &ask.asked_by].contains(&&session.person.id) {
                return Err(Error::Denied("services-own".into()));
            }
            let mut batch = app.definitions.approve(&ask, &session.person.id, app.now()).await?;
            let body = json!({ "ask": place, "verb": ask.verb.as_str(), "version": ask.draft, "from": ask.from.to_string() });
            batch.event(event(app, session, "approved", id, body));
            Ok((batch, ()))
        })
        .await?;
    app.definitions.refresh_services(app.now()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Part;
    use maru_kernel::{Both, Lang};
    use maru_web::ports::{Person, PersonKind, Role, RoleKind, Session};

    fn session(roles: &[(RoleKind, &str)]) -> Session {
        let role =
            |(kind, over): &(RoleKind, &str)| Role { grant: "g".into(), over: (*over).into(), kind: *kind };
        Session {
            id: "s".into(),
            person: Person {
                id: "o".into(),
                kind: PersonKind::Official,
                name: Both::new("가", "A"),
                mail: None,
                lang: Lang::Ko,
                unit: None,
                rank: None,
            },
            csrf: String::new(),
            roles: roles.iter().map(role).collect(),
            must_change: false,
        }
    }

    #[test]
    fn a_part_is_of_one_agency() {
        let part = |roles: &[(RoleKind, &str)]| {
            let part = Part::of(&session(roles), "suwon");
            (part.writes, part.approves, part.reads)
        };
        assert_eq!(part(&[(RoleKind::Writer, "suwon")]), (true, false, true));
        assert_eq!(part(&[(RoleKind::Manager, "suwon")]), (false, true, true));
        assert_eq!(
            part(&[(RoleKind::Writer, "jeonju"), (RoleKind::Manager, "jeonju")]),
            (false, false, false)
        );
        assert_eq!(part(&[(RoleKind::Clerk, "suwon")]), (false, false, false));
        assert_eq!(part(&[(RoleKind::Operator, Role::COUNTRY)]), (false, false, true));
        assert_eq!(part(&[(RoleKind::Auditor, Role::COUNTRY)]), (false, false, true));
    }
}
