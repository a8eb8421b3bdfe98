use maru_definition::Service;
use maru_kernel::{Actor, At, Error, Event, Result};
use maru_rules::{Answer, Value};
use maru_store::{Batch, Store};
use maru_web::{
    App,
    ports::{NewGrant, Person, Unit},
    random,
};
use serde_json::json;

use crate::{
    actions::{self, CASE_FILE, Decided, Said},
    model::{self, Case, File, State},
    tables,
};

/// The program, where somebody with a standing consent is given what the law lets be given without an application.
pub const GIVER: &str = "membership";

fn system() -> Actor {
    Actor::System { name: GIVER.into() }
}

/// Whether nobody applied: the program filed it.
pub fn is_unasked(events: &[Event]) -> bool {
    events.iter().any(|event| event.kind == "case.submitted" && event.actor == system())
}

pub async fn unasked(store: &Store, case: &str) -> Result<bool> {
    Ok(is_unasked(&store.events(&format!("case/{case}")).await?))
}

/// Files, submits and decides a benefit for somebody who did not apply: in one commit, under a grant to the unit that rests on the article
/// which the service names, and only if the rules say yes on what the unit may read. Who has a case for it, open or granted and not over, gets none.
/// The case's `id` is the entitlement's: begun again after a kill, it is the same case under the same grant.
pub async fn give(app: &App, party: &str, service: &str, id: &str) -> Result<()> {
    let service = actions::service(app, service)?;
    let Some(article) = service.without_application.clone().filter(|_| !service.ended) else { return Ok(()) };
    let person = app.ports.people.person(party).await?;
    app.store
        .rerun(|| async {
            let nothing = || Ok((Batch::new(), ()));
            let (now, cases) = (app.now(), app.ports.cases.of(party).await?);
            if cases.iter().any(|case| case.service == service.id && case.holds(now.date())) {
                return nothing();
            }
            let mut case = Case::draft(&person, &service.id, id.to_owned(), now);
            let Some(unit) = home_unit(app, &person, &service).await? else { return nothing() };
            let receipt = model::receipt(now, u32::from_le_bytes(random()));
            case.receipt = Some(receipt.clone());
            let consent = grant(&case, &service, &unit, &article, now);
            let mut ask =
                actions::case_ask(Actor::Unit { unit: unit.id.clone() }, &case, &service, actions::evidence(&service));
            ask.law.clone_from(&article);
            let sourced = app.ports.registers.facts_under(&consent, Batch::new(), &ask, now.date()).await?;
            let decision = app.definitions.decide(&service, &sourced.facts, now.date());
            if decision.answer != Answer::Yes {
                // What the unit may read does not bear it out: they may still apply.
                return Ok((app.ports.people.end_grants(party, &case.id, now), ()));
            }
            let mut batch = Batch::new();
            tables::add(&mut batch, &case);
            batch.event(actions::event(app, "filed", &case, system(), now, json!({ "service": case.service })));
            case.arrives(&person, &service, &unit, File::of(&sourced), &app.definitions.calendar(), now);
            tables::take_receipt(&mut batch, &receipt, &case.id);
            let body = json!({ "service": case.service, "receipt": receipt, "unit": unit.id, "due_on": case.due_on });
            batch.event(actions::event(app, "submitted", &case, system(), now, body));
            // The rules decide where the law leaves nothing to weigh; no officer takes it on first.
            case.state = State::of("assigned");
            let said = Said { note: "", basis: &article };
            let (_, ended) = actions::ended(app, case, &service, Some(decision), Decided::Granted, said, system(), now)?;
            batch.and(ended).and(app.ports.people.unit_stays(&unit.id));
            Ok((batch, ()))
        })
        .await
}

fn grant(case: &Case, service: &Service, unit: &Unit, article: &str, now: At) -> NewGrant {
    let mut scope = actions::evidence(service);
    scope.insert(CASE_FILE.into(), vec!["*".into()]);
    NewGrant {
        id: case.id.clone(),
        grantor: case.resident.clone(),
        grantee: unit.id.clone(),
        scope,
        purpose: case.id.clone(),
        basis: format!("without application; {article}"),
        from: now,
        until: None,
    }
}

/// The unit where the registers say that somebody lives, read under their standing consent: once that has ended, nothing is given.
async fn home_unit(app: &App, person: &Person, service: &Service) -> Result<Option<Unit>> {
    let fields = [("resident-registration".to_owned(), vec!["거주지".to_owned()])].into();
    let mut ask = actions::own_ask(person, service, fields);
    ask.actor = system();
    ask.purpose = GIVER.into();
    ask.law = service.without_application.clone().unwrap_or_default();
    let sourced = match app.ports.registers.facts(&ask, app.now().date()).await {
        Err(Error::Denied(_)) => return Ok(None),
        other => other?,
    };
    match sourced.facts.get("거주지") {
        Some(Value::Text(home)) => app.responsible(&service.unit_kind, home).await,
        _ => Ok(None),
    }
}

/// They do not want it: what was given to them unasked is taken back. What they applied for themselves stays.
pub async fn ungive(app: &App, party: &str, service: &str) -> Result<()> {
    for case in tables::cases_of(&app.store, party).await? {
        if case.service != service
            || case.state.as_str() != "granted"
            || !unasked(&app.store, &case.id).await?
        {
            continue;
        }
        let id = case.id;
        app.store
            .rerun(|| async {
                let Some(mut case) = tables::case(&app.store, &id).await? else {
                    return Ok((Batch::new(), ()));
                };
                if case.state.as_str() != "granted" {
                    return Ok((Batch::new(), ()));
                }
                let now = app.now();
                case.state = State::of("withdrawn");
                let mut batch = Batch::new();
                tables::put(&mut batch, &case)?;
                tables::drop_ending(&mut batch, &case.id);
                batch.and(app.ports.people.end_grants(party, &case.id, now));
                let actor = Actor::Resident { party: party.to_owned() };
                batch.event(actions::event(app, "withdrawn", &case, actor, now, json!({ "unasked": true })));
                Ok((batch, ()))
            })
            .await?;
    }
    Ok(())
}
