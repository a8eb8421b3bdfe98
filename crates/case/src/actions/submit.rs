use maru_kernel::{Actor, Error, Lang, Result};
use maru_rules::Value;
use maru_store::Batch;
use maru_web::{
    App,
    ports::{NewGrant, Person, Source, Unit},
    random,
};
use serde_json::json;

use crate::{
    actions::{self, CASE_FILE},
    clock::{Clock, Period},
    form::unanswered,
    model::{self, Case, File},
    tables,
};

/// Sends the application: consents, draws the evidence, gives a receipt. Sending again answers with the same receipt.
pub async fn submit(app: &App, person: &Person, id: &str, confirmed: bool) -> Result<Case> {
    let case = actions::own(app, person, id).await?;
    if case.receipt.is_some() {
        return Ok(case);
    }
    actions::step(app, &case, "submit")?;
    let service = actions::service(app, &case.service)?;
    if unanswered(&service.form, &case.answers).is_some() {
        return Err(Error::Conflict("case-incomplete".into()));
    }
    if !confirmed {
        return Err(Error::invalid("confirmed", "case-confirm-needed"));
    }

    let unit = responsible(app, person, &service).await?;
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
            case.file = Some(File::of(&sourced));
            case.unit = Some(unit.id.clone());
            case.shown_name = Some(model::cover(person.name.get(Lang::Ko)));
            case.submitted_at = Some(now);
            let calendar = &app.definitions.pack().calendar;
            let clock = Clock::new(now, Period::days(service.period.days));
            case.due_on = clock.due_on(calendar, calendar.hours(Some(&service.owner)));
            case.clock = Some(clock);
            case.rules_version = Some(service.version.to_string());
            let mut batch = Batch::new();
            tables::take_receipt(&mut batch, &receipt, &case.id);
            tables::put(&mut batch, &case)?;
            let body = json!({ "service": case.service, "receipt": receipt, "unit": unit.id, "due_on": case.due_on });
            batch.event(actions::event(app, "submitted", &case, person.actor(), now, body));
            // No case arrives at a unit that ends in this moment.
            batch.and(app.ports.people.unit_stays(&unit.id));
            Ok((batch, case))
        })
        .await
}

/// The unit that decides where the resident lives.
pub async fn responsible(app: &App, person: &Person, service: &maru_definition::Service) -> Result<Unit> {
    let fields = [("resident-registration".to_owned(), vec!["거주지".to_owned()])].into();
    let ask = actions::own_ask(person, service, fields);
    let sourced = app.ports.registers.facts(&ask, app.now().date()).await?;
    let Some(Value::Text(home)) = sourced.facts.get("거주지") else {
        return Err(Error::Conflict("case-no-home".into()));
    };
    app.responsible(&service.unit_kind, home).await?.ok_or_else(|| Error::Conflict("case-no-unit".into()))
}
