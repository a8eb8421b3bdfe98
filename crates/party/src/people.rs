use async_trait::async_trait;
use maru_kernel::{Actor, At, Error, Lang, Result};
use maru_store::{Batch, Store};
use maru_web::ports::{Ask, Mandate, NewGrant, People, Person, RoleKind, Session, Unit};

use crate::{actions::token_id, model, tables};

/// The port `People`.
pub struct Parties {
    pub store: Store,
}

impl Parties {
    /// Whether an official is a clerk of their own unit.
    async fn works(&self, person: &Person, now: At) -> Result<bool> {
        let Some(unit) = &person.unit else { return Ok(false) };
        let roles = tables::roles_of(&self.store, &person.id, now).await?;
        Ok(roles.iter().any(|role| role.kind == RoleKind::Clerk && role.over == *unit))
    }
}

#[async_trait]
impl People for Parties {
    async fn session(&self, token: &str, now: At) -> Result<Option<Session>> {
        tables::session(&self.store, &token_id(token), now).await
    }

    async fn person(&self, id: &str) -> Result<Person> {
        tables::person(&self.store, id).await?.ok_or(Error::NotFound)
    }

    async fn unit(&self, id: &str) -> Result<Unit> {
        tables::unit(&self.store, id).await?.ok_or(Error::NotFound)
    }

    async fn units(&self) -> Result<Vec<Unit>> {
        let listed = tables::units(&self.store, "*").await?;
        Ok(listed.into_iter().filter(|listed| listed.ended.is_none()).map(|listed| listed.unit).collect())
    }

    async fn clerks(&self, unit: &str, at: At) -> Result<Vec<Person>> {
        let held = tables::roles_over(&self.store, unit, at).await?;
        let works = |person: &Person| {
            held.iter().any(|held| held.role.kind == RoleKind::Clerk && held.official == person.id)
        };
        Ok(tables::officials_of(&self.store, unit).await?.into_iter().filter(works).collect())
    }

    async fn unit_for(&self, kind: &str, region: &str) -> Result<Option<Unit>> {
        tables::unit_for(&self.store, kind, region).await
    }

    fn grant(&self, grant: &NewGrant) -> Batch {
        let mut batch = Batch::new();
        tables::put_grant(&mut batch, grant);
        batch
    }

    fn end_grants(&self, grantor: &str, purpose: &str, at: At) -> Batch {
        let mut batch = Batch::new();
        tables::end_grants(&mut batch, grantor, purpose, at);
        batch
    }

    fn end_grant(&self, grantor: &str, purpose: &str, grantee: &str, at: At) -> Batch {
        let mut batch = Batch::new();
        tables::end_grant(&mut batch, grantor, purpose, grantee, at);
        batch
    }

    fn unit_stays(&self, unit: &str) -> Batch {
        let mut batch = Batch::new();
        tables::unit_stays(&mut batch, unit);
        batch
    }

    fn lets(&self, grant: &NewGrant, ask: &Ask, at: At) -> bool {
        grant.grantor == ask.subject
            && grantees(&ask.actor).contains(&grant.grantee)
            && grant.purpose == ask.purpose
            && model::holds(grant.from, grant.until, None, at)
            && model::covers(&grant.scope, &ask.fields)
    }

    async fn permits(&self, ask: &Ask, at: At) -> Result<Option<String>> {
        for grantee in grantees(&ask.actor) {
            for row in tables::grants(&self.store, &ask.subject, &grantee, &ask.purpose).await? {
                let until = row.maybe_int("until_at").map(At::from_micros);
                let ended = row.maybe_int("ended_at").map(At::from_micros);
                let scope = serde_json::from_str(row.text("scope")?).map_err(Error::internal)?;
                if model::holds(row.at("from_at")?, until, ended, at) && model::covers(&scope, &ask.fields) {
                    return row.string("id").map(Some);
                }
            }
        }
        Ok(None)
    }

    async fn official(&self, id: &str, now: At) -> Result<Option<Person>> {
        let Some(listed) = tables::official(&self.store, id).await? else { return Ok(None) };
        let works = listed.ended.is_none() && self.works(&listed.person, now).await?;
        Ok(works.then_some(listed.person))
    }

    async fn officials(&self, unit: Option<&str>, words: &str, now: At) -> Result<Vec<Person>> {
        let looked =
            model::Looked { unit: unit.unwrap_or("*"), words, limit: 50, ..model::Looked::default() };
        let mut working = Vec::new();
        for listed in tables::officials(&self.store, &looked).await? {
            if self.works(&listed.person, now).await? {
                working.push(listed.person);
            }
        }
        Ok(working)
    }

    async fn managers(&self, agency: &str, now: At) -> Result<Vec<Person>> {
        let mut managers = Vec::new();
        for held in tables::roles_over(&self.store, agency, now).await?.into_iter().take(50) {
            if held.role.kind == RoleKind::Manager {
                managers.extend(tables::person(&self.store, &held.official).await?);
            }
        }
        Ok(managers)
    }

    async fn mandates(&self, person: &str) -> Result<Vec<Mandate>> {
        tables::mandates(&self.store, person).await
    }

    fn give_mandate(&self, mandate: &Mandate, basis: &str) -> Batch {
        self.grant(&NewGrant {
            id: mandate.id.clone(),
            grantor: mandate.giver.clone(),
            grantee: mandate.taker.clone(),
            scope: [("document".to_owned(), vec!["*".to_owned()])].into(),
            purpose: mandate.kind.as_str().into(),
            basis: basis.into(),
            from: mandate.from,
            until: mandate.until,
        })
    }

    fn end_mandate(&self, mandate: &Mandate, at: At) -> Batch {
        let mut batch = Batch::new();
        tables::end_mandate(&mut batch, mandate, at);
        batch
    }

    fn mandate_stays(&self, mandate: &Mandate) -> Batch {
        let mut batch = Batch::new();
        tables::mandate_stays(&mut batch, mandate);
        batch
    }

    async fn set_language(&self, id: &str, lang: Lang) -> Result<()> {
        let mut batch = Batch::new();
        tables::set_language(&mut batch, id, lang);
        self.store.commit(batch).await
    }
}

/// Whom a grant may name for this actor to read under it: their unit, or themselves. The program itself reads under none.
fn grantees(actor: &Actor) -> Vec<String> {
    match actor {
        Actor::Official { party, unit } => vec![unit.clone(), party.clone()],
        other => vec![other.grantee()],
    }
}
