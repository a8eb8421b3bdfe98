//! What a standing look at somebody's services needs: which services, which fields of registers, what their answers stand on, and how
//! the law stood on another day.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use maru_kernel::{At, Date, Error, Result};
use maru_rules::{Decision, Facts, Parameters, RuleSet};
use serde_json::{Map, Value as Json};

use crate::{
    Definitions, Pack, Register, Service, ServiceKind, announced,
    catalogue::tables,
    files::Files,
    pack::{PARAMETERS, sha256},
    written::RulesText,
};

impl Pack {
    /// The services in depth that one may qualify for and file today.
    pub fn watched(&self) -> impl Iterator<Item = &Arc<Service>> {
        self.services.iter().filter(|service| {
            service.kind == ServiceKind::Benefit && !service.ended && !service.asks_nothing()
        })
    }

    /// The facts that decide them.
    pub fn watched_facts(&self) -> BTreeSet<String> {
        self.watched()
            .flat_map(|service| service.rules.names())
            .filter(|name| self.fact(name).is_some())
            .collect()
    }

    /// The fields of registers that give these facts, and no others.
    pub fn watched_fields(&self) -> BTreeMap<String, Vec<String>> {
        let facts = self.watched_facts();
        let of = |register: &Register| {
            let gives = || register.gives.iter().filter(|gives| facts.contains(&gives.fact));
            // That there is a row at all says something, too; a list without names would mean all of it.
            let first = gives().next().and(register.fields.first()).map(|field| field.name.clone());
            let names: BTreeSet<String> = gives().flat_map(|gives| gives.value.names()).collect();
            let named = |field: &&str| {
                names.iter().any(|name| {
                    name.strip_prefix(*field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                })
            };
            let fields =
                register.fields.iter().map(|field| field.name.as_str()).filter(named).map(str::to_owned);
            let fields: Vec<String> = fields.collect();
            if fields.is_empty() { first.into_iter().collect() } else { fields }
        };
        let scope = self.registers.iter().map(|register| (register.id.clone(), of(register)));
        scope.filter(|(_, fields)| !fields.is_empty()).collect()
    }

    /// Those of the facts that people may say themselves.
    pub fn watched_answers(&self) -> Vec<String> {
        let facts = self.watched_facts();
        self.facts
            .iter()
            .filter(|fact| fact.question.is_some() && facts.contains(&fact.name))
            .map(|fact| fact.name.clone())
            .collect()
    }

    /// The dates that facts of a person may turn on: what registers hold as dates, wherever it stands in a row.
    pub fn dates_in(row: &Map<String, Json>) -> BTreeSet<Date> {
        let mut found = BTreeSet::new();
        let mut left: Vec<&Json> = row.values().collect();
        while let Some(json) = left.pop() {
            match json {
                Json::String(text) if text.len() == 10 => found.extend(text.parse::<Date>().ok()),
                Json::Array(items) => left.extend(items),
                Json::Object(map) => left.extend(map.values()),
                _ => {}
            }
        }
        found
    }
}

impl Service {
    /// What each condition in force on a day stands on, as a hash by its id.
    pub fn grounds(&self, parameters: &Parameters, on: Date) -> BTreeMap<String, String> {
        let grounds = self.rules.grounds(parameters, on);
        grounds.into_iter().map(|(id, text)| (id, sha256(&[&text]))).collect()
    }
}

/// A service's rules and the country's parameters as they stood at a moment.
pub struct AsOf {
    rules: RuleSet,
    parameters: Parameters,
    /// Of the service's files.
    pub hash: String,
}

impl AsOf {
    pub fn decide(&self, facts: &Facts, on: Date) -> Decision {
        self.rules.decide(facts, &self.parameters, on)
    }
}

impl Definitions {
    /// How a service stood at a moment; `None`: it was not there.
    pub async fn as_of(&self, service: &str, at: At) -> Result<Option<AsOf>> {
        let store = self.store();
        let parameters = format!("{}-parameters", self.pack().id);
        let Some(row) = tables::body_at(store, "service", service, at).await? else { return Ok(None) };
        let Some(country) = tables::body_at(store, "pack", &parameters, at).await? else { return Ok(None) };
        let texts =
            |body: &str| serde_json::from_str::<BTreeMap<String, String>>(body).map_err(Error::internal);
        let files = Files::of(texts(row.text("body")?)?);
        let country = texts(country.text("body")?)?;
        let read = |what: &str| Error::internal(format!("{what} of {service} as of then can't be read"));
        let text = country.get(PARAMETERS).ok_or_else(|| read("the parameters"))?;
        let mut parameters = Parameters::parse(text).map_err(|_| read("the parameters"))?;
        for (_, own) in files.iter().filter(|(path, _)| path.ends_with(&format!("/{PARAMETERS}"))) {
            let own = Parameters::parse(own).map_err(|_| read("the parameters"))?;
            parameters.merge(own).map_err(|_| read("the parameters"))?;
        }
        let parameters = parameters.announced(&announced::read(&announced::approved(store, at).await?));
        let rules = RuleSet::parse(&RulesText::as_kept(&files).ok_or_else(|| read("the rules"))?.text);
        let rules = rules.map_err(|_| read("the rules"))?;
        Ok(Some(AsOf { rules, parameters, hash: row.string("hash")? }))
    }
}
