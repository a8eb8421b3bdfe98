//! Membership: a standing consent, a look whenever an answer may have changed, and one notice of what is new.

mod model;
pub mod pages;
mod replay;
mod tables;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use maru_definition::{Pack, Service, sha256};
use maru_kernel::{Actor, At, Both, Date, Error, Event, Lang, Result, Won, josa};
use maru_rules::{Decision, Value};
use maru_store::{Batch, Job, Piece};
use maru_web::{
    App, Handler, context,
    minijinja::{AutoEscape, Environment, UndefinedBehavior},
    ports::{Ask, NewGrant, NewMessage, Person, SAID, Sourced},
};
use serde_json::{Value as Json, json};

use model::{Change, Item, Kept, Law, Silent, Standing, next_look, step};
use tables::{Member, Notice};

pub use replay::{Replay, Replayed, replay};

/// Grants for this purpose let the program look for what is new to somebody, and nothing else.
const PURPOSE: &str = "membership";
/// Who reads: the program itself.
const READER: &str = "membership";
const LAW: &str = "개인정보 보호법 제15조제1항제1호";
/// Whoever is younger is consented for by a guardian.
const OF_AGE: i64 = 14;
const PAGE: usize = 100;

/// Why somebody is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// They have just joined: the page shows what is theirs already.
    Begun,
    /// A register changed.
    Changed,
    /// They answered a question and see on the page what follows.
    Said,
    Law,
    Night,
}

/// What is read, by register, and no more: what the services in depth look at.
fn scope(pack: &Pack) -> BTreeMap<String, Vec<String>> {
    let mut scope = pack.watched_fields();
    scope.insert(SAID.into(), pack.watched_answers());
    scope
}

fn system() -> Actor {
    Actor::System { name: READER.into() }
}

fn ask(app: &App, member: &Member) -> Ask {
    Ask {
        actor: system(),
        subject: member.party.clone(),
        fields: member.scope.clone(),
        purpose: PURPOSE.into(),
        why: app.texts.both("membership-why-read"),
        law: LAW.into(),
        receipt: None,
    }
}

fn event(app: &App, kind: &str, aggregate: String, actor: Actor, body: Json, at: At) -> Event {
    let id = app.ids.next::<Event>(at).to_string();
    Event { id, kind: format!("guidance.{kind}"), aggregate, at, actor, definition: None, grant: None, body }
}

/// Gives the standing consent and looks at once.
pub async fn join(app: &App, person: &Person) -> Result<()> {
    if tables::member(&app.store, &person.id).await?.is_some() {
        return Ok(());
    }
    of_age(app, person).await?;
    let now = app.now();
    let member = Member {
        party: person.id.clone(),
        version: 1,
        since: now,
        scope: scope(&app.definitions.pack()),
        read_at: None,
        look: now.date(),
        law: String::new(),
    };
    let mut batch = app.ports.people.end_grants(&person.id, PURPOSE, now);
    tables::join(&mut batch, &member)?;
    batch.and(app.ports.people.grant(&NewGrant {
        id: app.ids.next::<NewGrant>(now).to_string(),
        grantor: person.id.clone(),
        grantee: system().grantee(),
        scope: member.scope.clone(),
        purpose: PURPOSE.into(),
        basis: "consent".into(),
        from: now,
        until: None,
    }));
    batch.event(event(app, "joined", format!("member/{}", person.id), person.actor(), json!({}), now));
    match app.store.commit(batch).await {
        // Sent twice.
        Err(Error::Guard(_)) => return Ok(()),
        other => other?,
    }
    assess(app, &person.id, Cause::Begun).await?;
    Ok(())
}

/// A child's guardian consents, for the child's facts stand in the guardian's own rows.
async fn of_age(app: &App, person: &Person) -> Result<()> {
    let ask = Ask {
        actor: person.actor(),
        subject: person.id.clone(),
        fields: [("resident-registration".to_owned(), vec!["생년월일".to_owned()])].into(),
        purpose: "own".into(),
        why: app.texts.both("membership-why-age"),
        law: "개인정보 보호법 제22조의2".into(),
        receipt: None,
    };
    let sourced = app.ports.registers.facts(&ask, app.now().date()).await?;
    match sourced.facts.get("나이") {
        Some(Value::Number(age)) if age.to_i64().is_some_and(|age| age < OF_AGE) => {
            Err(Error::Conflict("membership-too-young".into()))
        }
        _ => Ok(()),
    }
}

/// Ends the consent: from now on nobody looks.
pub async fn leave(app: &App, person: &Person) -> Result<()> {
    if tables::member(&app.store, &person.id).await?.is_none() {
        return Ok(());
    }
    let now = app.now();
    let mut batch = app.ports.people.end_grants(&person.id, PURPOSE, now);
    tables::leave(&mut batch, &person.id);
    batch.event(event(app, "left", format!("member/{}", person.id), person.actor(), json!({}), now));
    app.store.commit(batch).await
}

/// Says that a service is not for oneself: nothing is told of it, and what was given without an application is taken back.
pub async fn decline(app: &App, person: &Person, service: &str) -> Result<()> {
    let known = app.definitions.pack().watched().any(|known| known.id == service);
    let declined = tables::declined(&app.store, &person.id).await?;
    if declined.contains(service) {
        return Ok(());
    }
    if !known {
        return Err(Error::invalid("service", "membership-no-service"));
    }
    let now = app.now();
    let mut batch = Batch::new();
    tables::decline(&mut batch, &person.id, service, now);
    let body = json!({ "service": service });
    batch.event(event(app, "declined", format!("member/{}", person.id), person.actor(), body, now));
    match app.store.commit(batch).await {
        Err(Error::Guard(_)) => Ok(()),
        other => other,
    }
}

/// Takes that back. What is possible now is told of.
pub async fn want(app: &App, person: &Person, service: &str) -> Result<()> {
    let mut batch = Batch::new();
    tables::want(&mut batch, &person.id, service);
    app.store.commit(batch).await?;
    assess(app, &person.id, Cause::Changed).await?;
    Ok(())
}

/// The law as this program serves it, worked out once a day and whenever something is published.
#[derive(Default)]
struct Served(Mutex<Option<Serving>>);

struct Serving {
    pack: Arc<Pack>,
    on: Date,
    law: Arc<Law>,
}

fn law_now(app: &App, pack: &Arc<Pack>, today: Date) -> Arc<Law> {
    let served = app.kept.get::<Served>();
    let mut kept = served.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(serving) = kept.as_ref().filter(|one| Arc::ptr_eq(&one.pack, pack) && one.on == today) {
        return serving.law.clone();
    }
    let law = Arc::new(Law::of(pack, today));
    *kept = Some(Serving { pack: pack.clone(), on: today, law: law.clone() });
    law
}

/// Looks at one member: reads under their consent, answers every service, keeps how each stands, and tells what is new. Answers whether
/// there was a look. Done again it changes nothing.
pub async fn assess(app: &App, party: &str, cause: Cause) -> Result<bool> {
    app.store.rerun(|| look(app, party, cause)).await
}

async fn look(app: &App, party: &str, cause: Cause) -> Result<(Batch, bool)> {
    let Some(member) = tables::member(&app.store, party).await? else { return Ok((Batch::new(), false)) };
    let (pack, now) = (app.definitions.pack(), app.now());
    let today = now.date();
    let law = law_now(app, &pack, today);
    let done = match cause {
        Cause::Law => member.law == law.hash,
        Cause::Night => member.look > today,
        Cause::Begun | Cause::Changed | Cause::Said => false,
    };
    if done {
        return Ok((Batch::new(), false));
    }
    let held = match app.ports.registers.read(&ask(app, &member)).await {
        Ok(held) => held,
        // The consent is gone, and with it the membership.
        Err(Error::Denied(_)) => {
            let mut batch = Batch::new();
            tables::leave(&mut batch, party);
            return Ok((batch, false));
        }
        Err(other) => return Err(other),
    };
    let sourced = Sourced::of(&pack, &held, today);
    let mut stood = tables::stood(&app.store, party).await?;
    let declined = tables::declined(&app.store, party).await?;
    let cases = app.ports.cases.of(party).await?;
    let mut batch = Batch::new();
    tables::looked(&mut batch, &member, now, next_look(&pack, &held, today), &law.hash);
    let (mut items, mut given) = (Vec::new(), Vec::new());
    for service in pack.watched() {
        let decision = service.rules.decide(&sourced.facts, &pack.parameters, today);
        let standing = Standing::of(service, &decision);
        let theirs = cases.iter().any(|case| case.service == service.id && case.holds(today));
        let gives = gives(app, service, standing, &sourced).await?;
        let silent = if declined.contains(&service.id) {
            Silent::Declined
        } else if theirs || (!gives && matches!(cause, Cause::Begun | Cause::Said)) {
            Silent::Known
        } else {
            Silent::No
        };
        let old = stood.remove(&service.id);
        let (new, news) = step(old.as_ref(), standing, &decision, silent);
        if old.as_ref() != Some(&new) {
            tables::put_stood(&mut batch, party, &service.id, &new);
        }
        if news && gives {
            given.push(service.id.clone());
        } else if news {
            items.push(Item::of(service, standing, &decision, &sourced.facts));
        }
    }
    // What is no service any more stands no more.
    for service in stood.keys() {
        tables::drop_stood(&mut batch, party, service);
    }
    if !items.is_empty() {
        tell(app, &pack, &mut batch, party, &Kept { on: today, items }, now).await?;
    }
    for service in given {
        let body = json!({ "service": service });
        batch.event(event(app, "entitled", format!("member/{party}"), system(), body, now));
    }
    Ok((batch, true))
}

/// Whether a service is given now without an application: its definition names the article, it is yes, and a unit is responsible.
async fn gives(app: &App, service: &Service, standing: Standing, sourced: &Sourced) -> Result<bool> {
    if service.without_application.is_none() || standing != Standing::Yes {
        return Ok(false);
    }
    match sourced.facts.get("거주지") {
        Some(Value::Text(home)) => Ok(app.responsible(&service.unit_kind, home).await?.is_some()),
        _ => Ok(false),
    }
}

/// Adds the notice, sealed, and the message that tells it.
async fn tell(app: &App, pack: &Pack, batch: &mut Batch, party: &str, kept: &Kept, now: At) -> Result<()> {
    let id = app.ids.next::<Notice>(now).to_string();
    let body = serde_json::to_string(kept).map_err(Error::internal)?;
    batch.and(app.ports.ledger.enter(&subject(&id), now, &seal(&id, &body))?);
    let person = app.ports.people.person(party).await?;
    let (ko, en) =
        (letter(app, pack, &person, &id, kept, Lang::Ko)?, letter(app, pack, &person, &id, kept, Lang::En)?);
    let message = NewMessage {
        to: party.to_owned(),
        notice: id.clone(),
        subject: Both { ko: ko.0, en: en.0 },
        body: Both { ko: ko.1, en: en.1 },
        from: pack.name.clone(),
    };
    batch.and(app.ports.inbox.tell(&message, now));
    batch.event(event(app, "noticed", subject(&id), system(), json!({ "party": party }), now));
    tables::put_notice(batch, &Notice { party: party.to_owned(), id, at: now, body });
    Ok(())
}

fn subject(notice: &str) -> String {
    format!("notice/{notice}")
}

/// What the ledger commits to.
fn seal(id: &str, body: &str) -> Json {
    json!({ "notice": id, "hash": sha256(&[body]) })
}

/// A service of a notice in one line: its name, what it pays, by which article.
fn line(app: &App, service: &Service, item: &Item, lang: Lang) -> String {
    let name = service.text(lang).name.as_str();
    let article = item.decision.reasons.first().map_or("", |reason| reason.article.as_str());
    let (key, amount) = match (item.standing, paid(service, &item.decision, lang)) {
        (Standing::Yes, Some(amount)) => ("membership-line-amount", amount),
        (Standing::Yes, None) => ("membership-line-yes", String::new()),
        _ => ("membership-line-ready", String::new()),
    };
    let args = [("name", name.into()), ("amount", amount.into()), ("article", article.into())];
    app.texts.get(lang, key, &args).unwrap_or_else(|| app.texts.of(lang, key))
}

/// "매달 100,000원", where money is paid.
fn paid(service: &Service, decision: &Decision, lang: Lang) -> Option<String> {
    let (won, pays) = (Won(decision.amount?), service.pays.text(lang));
    (!pays.is_empty()).then(|| match lang {
        Lang::Ko => format!("{pays} {won}원"),
        Lang::En => format!("{won} won {pays}"),
    })
}

fn letter(
    app: &App,
    pack: &Pack,
    person: &Person,
    id: &str,
    kept: &Kept,
    lang: Lang,
) -> Result<(String, String)> {
    let address = &app.settings.address;
    let lines = kept.items.iter().filter_map(|item| {
        let service = pack.services.iter().find(|service| service.id == item.service)?;
        Some(format!("- {}\n  {address}/services/{}", line(app, service, item, lang), service.id))
    });
    let values = context! {
        applicant => person.name.get(lang), count => kept.items.len(),
        services => lines.collect::<Vec<_>>().join("\n"), notice_url => format!("{address}/membership/notices/{id}"),
    };
    let template =
        pack.letters.get("notice", lang).ok_or_else(|| Error::internal("the pack has no letter notice"))?;
    let mut writer = Environment::new();
    writer.set_undefined_behavior(UndefinedBehavior::Strict);
    writer.set_auto_escape_callback(|_| AutoEscape::None);
    let written =
        writer.render_str(template, values).map_err(|e| Error::internal(format!("letter notice: {e:#}")))?;
    let written = if lang == Lang::Ko { josa(&written) } else { written };
    let (subject, body) = written.split_once('\n').unwrap_or((&written, ""));
    Ok((subject.trim().to_owned(), body.trim().to_owned()))
}

/// A register changed: whoever consented is looked at, within moments.
pub struct Changed;

#[async_trait]
impl Handler for Changed {
    async fn handle(&self, app: &App, job: &Job) -> Result<()> {
        let event = job.event()?;
        let party = event.aggregate.trim_start_matches("record/");
        let said = event.body.get("registers") == Some(&json!([SAID]));
        assess(app, party, if said { Cause::Said } else { Cause::Changed }).await?;
        let mut batch = Batch::new();
        batch.finish(job);
        match app.store.commit(batch).await {
            Err(Error::Guard(_)) => Ok(()),
            other => other,
        }
    }
}

/// Brings what changed in the law to those whom it may concern, then looks at those whose day has come. Answers how many were looked at.
/// Several programs may share the work; one that was killed is taken up where it stopped.
pub async fn reassess(app: &App) -> Result<usize> {
    note_law(app).await?;
    let mut looked = 0_usize;
    for change in tables::open_changes(&app.store).await? {
        looked = looked.saturating_add(bring(app, &change).await?);
    }
    Ok(looked.saturating_add(night(app).await?))
}

/// Compares the law of today with the one members were answered under, and keeps whom a change may concern.
async fn note_law(app: &App) -> Result<()> {
    let (pack, now) = (app.definitions.pack(), app.now());
    let law = law_now(app, &pack, now.date());
    let old = tables::law(&app.store).await?;
    if old.as_ref().is_some_and(|(_, old)| old.hash == law.hash) {
        return Ok(());
    }
    let mut batch = Batch::new();
    let place = old.as_ref().map_or(1, |(place, _)| place.saturating_add(1));
    tables::put_law(&mut batch, place, &law, now)?;
    // The first law is nobody's change.
    for change in old.iter().flat_map(|(_, old)| model::changes(place, &old.grounds, &law.grounds)) {
        tables::put_change(&mut batch, &change);
    }
    match app.store.commit(batch).await {
        // Another program noted it.
        Err(Error::Guard(_)) => Ok(()),
        other => other,
    }
}

async fn bring(app: &App, change: &Change) -> Result<usize> {
    let name = format!("membership {} {} {}", change.law, change.service, change.stop);
    let looked = std::sync::atomic::AtomicUsize::new(0);
    loop {
        let piece = |after: String| {
            let looked = &looked;
            async move {
                let parties = tables::concerned(&app.store, change, &after, PAGE).await?;
                for party in &parties {
                    if assess(app, party, Cause::Law).await? {
                        looked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    }
                }
                let (done, rows) = (parties.len() < PAGE, i64::try_from(parties.len()).unwrap_or(i64::MAX));
                Ok(Piece {
                    last: parties.into_iter().last().unwrap_or(after),
                    rows,
                    done,
                    batch: Batch::new(),
                })
            }
        };
        if app.store.chunk_by(&name, piece).await?.done {
            break;
        }
    }
    let mut batch = Batch::new();
    tables::end_change(&mut batch, change, app.now());
    app.store.commit(batch).await?;
    Ok(looked.into_inner())
}

/// Looks at members whose answers time alone may have changed.
async fn night(app: &App) -> Result<usize> {
    let (today, mut looked, mut last) = (app.now().date(), 0_usize, String::new());
    loop {
        let parties = tables::to_look_at(&app.store, today, &last, PAGE).await?;
        for party in &parties {
            looked = looked.saturating_add(usize::from(assess(app, party, Cause::Night).await?));
        }
        match parties.into_iter().last() {
            Some(party) => last = party,
            None => return Ok(looked),
        }
    }
}
