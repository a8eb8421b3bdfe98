//! Who may decide for whom: by a personal word, or by the agency's register.

use maru_kernel::{At, Error, Event, Id, Problem, Result};
use maru_store::{Batch, Store};
use maru_web::{
    App,
    ports::{Mandate, MandateKind, People, Person, RoleKind, Session},
};
use serde_json::json;

use crate::{
    model::{Document, Matter, Rule},
    tables,
};

const RANK_MOST: usize = 30;

/// What lets somebody sign who is not simply asked.
pub enum Word {
    Mandate(Mandate),
    Rule(Rule),
}

impl Word {
    pub fn id(&self) -> &str {
        match self {
            Word::Mandate(mandate) => &mandate.id,
            Word::Rule(rule) => &rule.id,
        }
    }

    /// The guard that it still holds when the batch is in.
    pub fn stays(&self, people: &dyn People, batch: &mut Batch) {
        match self {
            Word::Mandate(mandate) => {
                batch.and(people.mandate_stays(mandate));
            }
            Word::Rule(rule) => tables::rule_stays(batch, rule),
        }
    }
}

/// What delegations of a document rest on: whose it is, and what it is about.
pub struct Ground<'a> {
    pub people: &'a dyn People,
    pub store: &'a Store,
    pub unit: &'a str,
    pub about_case: bool,
    pub recipient: Option<&'a str>,
}

impl<'a> Ground<'a> {
    pub fn of(app: &'a App, document: &'a Document) -> Ground<'a> {
        Ground {
            people: app.ports.people.as_ref(),
            store: &app.store,
            unit: &document.unit,
            about_case: document.case.is_some(),
            recipient: document.round.recipient.as_deref(),
        }
    }

    async fn agency(&self, unit: &str) -> Result<Option<String>> {
        Ok(self.people.unit(unit).await?.agency_id)
    }

    /// The rule of the agency's register for this matter.
    pub async fn rule(&self) -> Result<Option<Rule>> {
        let Some(agency) = self.agency(self.unit).await? else { return Ok(None) };
        let goes_out = match self.recipient {
            Some(to) => self.agency(to).await?.as_deref() != Some(agency.as_str()),
            None => false,
        };
        let matter = Matter::of(self.about_case, goes_out);
        Ok(tables::rules(self.store, &agency).await?.into_iter().find(|rule| rule.matter == matter))
    }

    /// Whether somebody works in the agency now with a rank.
    async fn ranks(&self, agency: &str, person: &str, rank: &str, now: At) -> Result<bool> {
        let Some(person) = self.people.official(person, now).await? else { return Ok(false) };
        let Some(unit) = person.unit.as_deref() else { return Ok(false) };
        Ok(has_rank(&person, rank) && self.agency(unit).await?.as_deref() == Some(agency))
    }

    /// The word by which one decides for another now: their own, or else the register's.
    pub async fn word(&self, giver: &str, taker: &str, now: At) -> Result<Option<Word>> {
        let given = self.people.mandates(taker).await?.into_iter().find(|mandate| {
            mandate.kind == MandateKind::Decide
                && mandate.giver == giver
                && mandate.taker == taker
                && mandate.holds(now)
        });
        if let Some(mandate) = given {
            return Ok(Some(Word::Mandate(mandate)));
        }
        let Some(rule) = self.rule().await? else { return Ok(None) };
        let holds = self.ranks(&rule.agency, taker, &rule.decides, now).await?
            && self.ranks(&rule.agency, giver, &rule.whose, now).await?;
        Ok(holds.then_some(Word::Rule(rule)))
    }
}

/// A rank is called by what officials carry, in either language.
pub fn has_rank(person: &Person, rank: &str) -> bool {
    person.rank.as_ref().is_some_and(|held| held.ko == rank || held.en == rank)
}

/// Whoever does not manage an agency does not keep its register; no other agency is there for a manager.
fn manages(session: &Session, agency: &str) -> Result<()> {
    let manages = |of: &str| session.roles.iter().any(|r| r.kind == RoleKind::Manager && r.over == of);
    if !session.has(RoleKind::Manager) {
        return Err(Error::Denied("work-not-manager".into()));
    }
    if manages(agency) { Ok(()) } else { Err(Error::NotFound) }
}

fn event(app: &App, verb: &str, rule: &Rule, session: &Session, now: At) -> Event {
    Event {
        id: app.ids.next::<Event>(now).to_string(),
        kind: format!("work.{verb}"),
        aggregate: format!("delegation/{}", rule.agency),
        at: now,
        actor: session.person.actor(),
        definition: None,
        grant: None,
        body: json!({ "rule": rule.id, "matter": rule.matter }),
    }
}

fn rank(text: &str) -> Option<String> {
    let text = text.trim();
    let good = (1..=RANK_MOST).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    good.then(|| text.to_owned())
}

/// Puts a rule into an agency's register (위임전결); one that stood for this matter ends.
pub async fn delegate(
    app: &App,
    session: &Session,
    agency: &str,
    matter: Matter,
    decides: &str,
    whose: &str,
) -> Result<Rule> {
    manages(session, agency)?;
    let (ranks, mut problems) = ((rank(decides), rank(whose)), Vec::new());
    let mut wrong =
        |field: &str, key: &str| problems.push(Problem { field: field.into(), key: key.into(), value: None });
    for (field, read) in [("whose", &ranks.1), ("decides", &ranks.0)] {
        if read.is_none() {
            wrong(field, "work-rank-needed");
        }
    }
    if ranks.0.is_some() && ranks.0 == ranks.1 {
        wrong("whose", "work-rank-same");
    }
    let ((Some(decides), Some(whose)), true) = (ranks, problems.is_empty()) else {
        return Err(Error::Invalid(problems));
    };
    app.store
        .rerun(|| async {
            let now = app.now();
            let mut batch = Batch::new();
            let held = tables::rules(&app.store, agency).await?;
            if let Some(old) = held.iter().find(|rule| rule.matter == matter) {
                tables::end_rule(&mut batch, old, now);
            }
            let rule = Rule {
                id: app.ids.next::<Rule>(now).to_string(),
                agency: agency.to_owned(),
                matter,
                decides: decides.clone(),
                whose: whose.clone(),
                from: now,
            };
            tables::put_rule(&mut batch, &rule, &session.person.id);
            batch.event(event(app, "delegated", &rule, session, now));
            Ok((batch, rule))
        })
        .await
}

/// Takes a rule out of the register: what nobody has signed yet can't be decided by it any more.
pub async fn end_delegation(app: &App, session: &Session, id: &str) -> Result<()> {
    if !session.has(RoleKind::Manager) {
        return Err(Error::Denied("work-not-manager".into()));
    }
    let id = Id::<Rule>::parse(id)?;
    app.store
        .rerun(|| async {
            let rule = tables::rule(&app.store, id.as_str()).await?.ok_or(Error::NotFound)?;
            manages(session, &rule.agency)?;
            let now = app.now();
            let mut batch = Batch::new();
            tables::end_rule(&mut batch, &rule, now);
            batch.event(event(app, "delegation-ended", &rule, session, now));
            Ok((batch, ()))
        })
        .await
}
