//! What pages and programs are told alike: services, their numbers, and a number moved.

use std::{sync::Arc, time::Duration};

use maru_definition::{Pays, Service};
use maru_kernel::{Error, Lang, Problem, Result};
use maru_rules::{Ratio, Value};
use serde::Serialize;

use super::ready::{Made, Waited, threads};
use crate::{Effect, Stuck, Which, entries, with_entry};

/// A service and how many of the population it reaches.
#[derive(Serialize)]
pub struct Told {
    pub id: String,
    pub name: String,
    pub pays: &'static str,
    pub yes: u64,
    pub unknown: u64,
    pub won: Option<i64>,
}

/// What the population is.
#[derive(Serialize)]
pub struct About {
    pub persons: u64,
    pub on: String,
    /// How many people one of them stands for, to one digit after the point.
    pub stands_for: String,
    pub services: usize,
    pub milliseconds: u64,
}

/// A parameter with its numbers in force.
#[derive(Serialize)]
pub struct Number {
    pub parameter: String,
    pub label: String,
    pub article: String,
    pub unit: String,
    pub since: Option<String>,
    pub source: Option<String>,
    pub numbers: Vec<Entry>,
}

#[derive(Serialize)]
pub struct Entry {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    pub number: String,
}

/// A number of a parameter, and what it is to be.
#[derive(Debug)]
pub struct Asked {
    pub parameter: String,
    pub entry: Option<String>,
    pub was: Ratio,
    pub number: Option<Ratio>,
    pub article: String,
    pub unit: String,
}

/// What came of moving it.
pub struct Turned {
    pub effect: Effect,
    pub concerned: usize,
    pub milliseconds: u64,
    /// How long getting ready took, once.
    pub prepared: u64,
}

pub fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

pub fn about(made: &Made) -> About {
    let people: u64 = made.screening.marginals.areas().iter().map(maru_population::Area::persons).sum();
    let tenths = people.saturating_mul(10) / made.persons().max(1);
    About {
        persons: made.persons(),
        on: made.screening.on.to_string(),
        stands_for: format!("{}.{}", tenths / 10, tenths % 10),
        services: made.screening.nation.deep.len(),
        milliseconds: milliseconds(made.screened.wall),
    }
}

/// The service's place among those written in depth.
pub fn place(made: &Made, id: &str) -> Result<usize> {
    match made.screening.find(id) {
        Some(Which::Deep(place)) => Ok(place),
        _ => Err(Error::NotFound),
    }
}

fn in_depth(made: &Made, place: usize) -> Option<&Arc<Service>> {
    made.screening.nation.deep.get(place).map(|(_, service)| service)
}

pub fn service(made: &Made, place: usize, lang: Lang) -> Told {
    let which = Which::Deep(place);
    let count = made.screened.count(&made.screening, which);
    Told {
        id: made.screening.id(which).to_owned(),
        name: made.screening.name(which, lang).to_owned(),
        pays: in_depth(made, place).map_or(Pays::None, |service| service.pays).as_str(),
        yes: count.yes,
        unknown: count.unknown,
        won: count.won,
    }
}

/// Every service written in depth, those that reach most first.
pub fn services(made: &Made, lang: Lang) -> Vec<Told> {
    let mut services: Vec<Told> =
        (0..made.screening.nation.deep.len()).map(|place| service(made, place, lang)).collect();
    services.sort_by(|a, b| b.yes.cmp(&a.yes).then_with(|| a.id.cmp(&b.id)));
    services
}

/// A number for programs: without groups.
pub fn plain(number: &Ratio) -> String {
    number.decimal().unwrap_or_else(|| number.to_string())
}

/// The parameters that a service reads and that have a number to move, written in a way.
pub fn numbers(made: &Made, place: usize, lang: Lang, write: fn(&Ratio) -> String) -> Vec<Number> {
    let (screening, pack) = (&made.screening, &made.screening.nation.pack);
    let (parameters, on) = (&pack.parameters, screening.on);
    let Some(service) = in_depth(made, place) else { return Vec::new() };
    let read = service.rules.parameters(parameters, on);
    read.iter()
        .filter_map(|name| {
            let numbers: Vec<Entry> = entries(parameters.at(name, on)?)
                .into_iter()
                .map(|(entry, number)| Entry { entry, number: write(&number) })
                .collect();
            (!numbers.is_empty()).then(|| Number {
                parameter: name.clone(),
                label: pack.parameter_label(name, lang).to_owned(),
                article: parameters.article(name).unwrap_or_default().to_owned(),
                unit: parameters.unit(name).unwrap_or_default().to_owned(),
                since: parameters.since(name, on).map(|day| day.to_string()),
                source: parameters.source(name, on).map(str::to_owned),
                numbers,
            })
        })
        .collect()
}

fn wrong(field: &str, key: &str, bound: Option<i64>) -> Problem {
    Problem { field: field.into(), key: key.into(), value: bound.map(|bound| bound.to_string()) }
}

/// The number that is meant by a parameter and an entry of it; empty where it has only one.
pub fn asked(made: &Made, place: usize, parameter: &str, entry: &str) -> std::result::Result<Asked, Problem> {
    let (parameters, on) = (&made.screening.nation.pack.parameters, made.screening.on);
    let reads = in_depth(made, place)
        .is_some_and(|service| service.rules.parameters(parameters, on).contains(parameter));
    let value = parameters.at(parameter, on).filter(|_| reads);
    let value = value.ok_or_else(|| wrong("parameter", "policy-parameter-unknown", None))?;
    let entry = (!entry.is_empty()).then(|| entry.to_owned());
    let found = entries(value).into_iter().find(|(name, _)| *name == entry);
    let (entry, was) = found.ok_or_else(|| wrong("entry", "policy-entry-unknown", None))?;
    Ok(Asked {
        parameter: parameter.to_owned(),
        entry,
        was,
        number: None,
        article: parameters.article(parameter).unwrap_or_default().to_owned(),
        unit: parameters.unit(parameter).unwrap_or_default().to_owned(),
    })
}

fn refused(stuck: &Stuck) -> Error {
    match stuck {
        Stuck::Service => Error::NotFound,
        Stuck::Parameter => Error::invalid("parameter", "policy-parameter-unknown"),
        Stuck::Entry => Error::invalid("entry", "policy-entry-unknown"),
        Stuck::Slow => Error::Conflict("policy-slow".into()),
        Stuck::Stopped => Error::Unavailable("policy-later".into()),
    }
}

/// Moves a number, once what does not hang on it is worked out.
pub async fn turned(
    made: &Arc<Made>,
    place: usize,
    asked: &Asked,
    patience: Duration,
) -> Result<Waited<Result<Turned>>> {
    let number = asked.number.ok_or_else(|| Error::invalid("number", "form-ratio"))?;
    let turning = match made.turning(place, &asked.parameter).within(patience).await? {
        Waited::Ready(Ok(turning)) => turning,
        Waited::Ready(Err(stuck)) => return Err(refused(&stuck)),
        Waited::Making { done, of } => return Ok(Waited::Making { done, of }),
    };
    let parameters = &made.screening.nation.pack.parameters;
    let value: Value = parameters
        .at(&asked.parameter, made.screening.on)
        .and_then(|value| with_entry(value, asked.entry.as_deref(), number))
        .ok_or_else(|| refused(&Stuck::Entry))?;
    let made = made.clone();
    let work = move || {
        let effect = made.screening.turn(&turning, value, threads()).map_err(|stuck| refused(&stuck))?;
        let (took, prepared) = (milliseconds(effect.wall), milliseconds(turning.wall));
        Ok(Turned { effect, concerned: turning.persons(), milliseconds: took, prepared })
    };
    Ok(Waited::Ready(tokio::task::spawn_blocking(work).await.map_err(Error::internal)?))
}
