use maru_definition::{Service, ServiceKind, To};
use maru_kernel::{Actor, Error, Result};
use maru_rules::Value;
use maru_store::Batch;
use maru_web::{
    App,
    ports::{NewGrant, Person, Source, Unit},
    random,
};
use serde_json::{Value as Json, json};

use crate::{
    actions::{self, CASE_FILE},
    form::unanswered,
    guess,
    model::{self, Case, File, LinkKind},
    tables,
};

/// Sends the application: consents, draws the evidence, gives a receipt. Sending again answers with the same receipt. What goes `with` an
/// earlier one is tied to it.
pub async fn submit(
    app: &App,
    person: &Person,
    id: &str,
    confirmed: bool,
    with: Option<&Case>,
) -> Result<Case> {
    let case = actions::own(app, person, id).await?;
    if case.receipt.is_some() {
        return Ok(case);
    }
    actions::step(app, &case, "submit")?;
    let service = actions::service(app, &case.service)?;
    if service.ended {
        return Err(Error::Conflict("case-service-ended".into()));
    }
    if unanswered(&service.form, &case.answers).is_some() {
        return Err(Error::Conflict("case-incomplete".into()));
    }
    if !confirmed {
        return Err(Error::invalid("confirmed", "case-confirm-needed"));
    }

    let unit = responsible(app, person, &service, &case).await?;
    let mut scope = actions::evidence(&service);
    scope.insert(CASE_FILE.into(), vec!["*".into()]);
    let consent = NewGrant {
        id: case.id.clone(),
        grantor: person.id.clone(),
        grantee: unit.id.clone(),
        scope,
        purpose: case.id.clone(),
        basis: format!("consent; {}", service.law.first().map_or("", String::as_str)),
        from: app.now(),
        until: None,
    };
    app.store
        .rerun(|| async {
            let mut case = actions::own(app, person, id).await?;
            if case.receipt.is_some() {
                return Ok((Batch::new(), case));
            }
            case.state = actions::step(app, &case, "submit")?;
            let now = app.now();
            // The number comes first: the log of what is read now names it.
            let receipt = model::receipt(now, u32::from_le_bytes(random()));
            case.receipt = Some(receipt.clone());
            let machine = Actor::Unit { unit: unit.id.clone() };
            let ask = actions::case_ask(machine, &case, &service, actions::evidence(&service));
            // A consent is only given to a case that is still what was read: not to one that is being withdrawn.
            let mut guards = Batch::new();
            tables::still(&mut guards, &case);
            let mut sourced = app.ports.registers.facts_under(&consent, guards, &ask, now.date()).await?;
            for (name, json) in &case.answers {
                if let Ok(value) = Value::from_json(json)
                    && !matches!(sourced.sources.get(name), Some(Source::Register { .. }))
                {
                    sourced.facts.insert(name.as_str(), value);
                    sourced.sources.insert(name.clone(), Source::Said { at: now });
                }
            }
            case.arrives(person, &service, &unit, File::of(&sourced), &app.definitions.calendar(), now);
            let mut batch = Batch::new();
            tables::take_receipt(&mut batch, &receipt, &case.id);
            tables::put(&mut batch, &case)?;
            if let Some(first) = with {
                tables::add_link(&mut batch, &case, LinkKind::Together, &first.id, now);
            }
            // A benefit is applied for once at a time; of all else one may file several.
            if service.kind != ServiceKind::Benefit {
                tables::make_way(&mut batch, &case);
            }
            if let Some(report) = actions::report(app, &service, &case) {
                tables::add_report(&mut batch, &report);
            }
            let body = json!({ "service": case.service, "receipt": receipt, "unit": unit.id, "due_on": case.due_on });
            batch.event(actions::event(app, "submitted", &case, person.actor(), now, body));
            // No case arrives at a unit that ends in this moment.
            batch.and(app.ports.people.unit_stays(&unit.id));
            Ok((batch, case))
        })
        .await
}

/// The unit that a case goes to: the one of its place, the one that was chosen, the one its words speak for, or the one where the
/// resident lives.
pub async fn responsible(app: &App, person: &Person, service: &Service, case: &Case) -> Result<Unit> {
    let nobody = || Error::Conflict("case-no-unit".into());
    if service.to == To::Objected {
        let link = tables::links(&app.store, case).await?.into_iter().find(|l| l.kind == LinkKind::Objection);
        let original = tables::case(&app.store, &link.ok_or_else(nobody)?.other).await?.ok_or_else(nobody)?;
        return app.ports.people.unit(&original.unit.ok_or_else(nobody)?).await;
    }
    if service.to == To::Place {
        let place = service.place().and_then(|field| case.answers.get(&field.fact)).and_then(Json::as_str);
        let pack = app.definitions.pack();
        let regions = &pack.regions;
        let region = regions.named_in(place.unwrap_or_default()).map_err(|_| nobody())?;
        return app.responsible(&service.unit_kind, &region.name).await?.ok_or_else(nobody);
    }
    if let Some(wanted) = case.wanted.as_deref().filter(|_| service.to == To::Words) {
        return actions::taker(app, service, wanted).await;
    }
    let home = home(app, person, service).await?;
    let own = app.responsible(&service.unit_kind, &home).await?;
    if service.to == To::Home {
        return own.ok_or_else(nobody);
    }
    let units = guess::units(app, service).await?;
    let first = guess::first(app, &units, guess::subject(service, case), &home).await?;
    let best = first.guesses.first().and_then(|best| units.into_iter().find(|unit| unit.id == best.office));
    // When the words are not clear, the front office where the resident lives decides.
    match (own, best) {
        (_, Some(best)) if first.sure => Ok(best),
        (Some(own), _) => Ok(own),
        (None, best) => best.ok_or_else(nobody),
    }
}

async fn home(app: &App, person: &Person, service: &Service) -> Result<String> {
    let fields = [("resident-registration".to_owned(), vec!["거주지".to_owned()])].into();
    let ask = actions::own_ask(person, service, fields);
    let sourced = app.ports.registers.facts(&ask, app.now().date()).await?;
    match sourced.facts.get("거주지") {
        Some(Value::Text(home)) => Ok(home.clone()),
        _ => Err(Error::Conflict("case-no-home".into())),
    }
}
