//! The first guess at work: what `routing` has learned, kept in memory and made anew when the stored rows have changed.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use maru_definition::Service;
use maru_kernel::{At, Result};
use maru_web::{App, ports::Unit};

use crate::{
    model::Case,
    routing::{First, Learned, Office, Row},
    tables,
};

/// Lessons that other programs stored are read at most so often, in seconds.
const REFRESH: i64 = 60;
/// What the services of one agency stand for, in cases learned.
const SERVICES: i64 = 100;

#[derive(Default)]
struct Memory(Mutex<Option<Known>>);

struct Known {
    learned: Learned,
    units: Vec<String>,
    /// The newest lesson in it.
    newest: i64,
    read: At,
}

/// Units that a service's cases can go to.
pub async fn units(app: &App, service: &Service) -> Result<Vec<Unit>> {
    let units = app.ports.people.units().await?;
    Ok(units.into_iter().filter(|unit| unit.kind == service.unit_kind).collect())
}

/// Offices that serve a city, county or district learn from one another, and so do provinces. All others are the only ones of their kind.
fn office(app: &App, unit: &Unit) -> Office {
    let pack = app.definitions.pack();
    let region = pack.regions.find(&unit.region);
    let level = |parent: bool| if parent { "municipality" } else { "province" };
    Office {
        id: unit.id.clone(),
        kind: region.map(|region| format!("{}/{}", unit.kind, level(region.parent.is_some()))),
        region: region.map(|region| region.name.clone()),
        also: region
            .map(|region| &region.former)
            .into_iter()
            .flatten()
            .filter_map(|name| name.rsplit(' ').next().map(str::to_owned))
            .collect(),
    }
}

/// What the offices' own names and the names of their agencies' services say.
fn knowledge(app: &App, units: &[Unit]) -> Learned {
    let mut learned = Learned::default();
    let entries = app.definitions.entries();
    let mut by_agency: HashMap<&str, Vec<&str>> = HashMap::new();
    for entry in &entries {
        by_agency.entry(&entry.agency).or_default().push(&entry.name.ko);
    }
    for unit in units {
        let office = office(app, unit);
        learned.know(&unit.agency.ko, &office, 0);
        learned.know(&unit.name.ko, &office, 0);
        let theirs = by_agency.get(unit.agency.ko.as_str()).map_or(&[][..], Vec::as_slice);
        let each = i64::try_from(theirs.len()).map_or(0, |n| SERVICES.checked_div(n).unwrap_or(0));
        for name in theirs {
            learned.know(name, &office, each);
        }
    }
    learned
}

/// Which of the units a text and a place speak for.
pub async fn first(app: &App, units: &[Unit], text: &str, place: &str) -> Result<First> {
    let memory = app.kept.get::<Memory>();
    let now = app.now();
    let ids = || units.iter().map(|unit| unit.id.as_str());
    let fresh = |known: &Known| {
        ids().eq(known.units.iter().map(String::as_str)) && now < known.read.plus_seconds(REFRESH)
    };
    let offices: Vec<Office> = units.iter().map(|unit| office(app, unit)).collect();
    let guess = |known: &Known| known.learned.guess(text, Some(place), &offices);
    if let Some(known) = memory.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().filter(|k| fresh(k))
    {
        return Ok(guess(known));
    }
    let newest = tables::newest_lesson(&app.store).await?;
    {
        let mut held = memory.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) =
            held.as_mut().filter(|k| k.newest == newest && ids().eq(k.units.iter().map(String::as_str)))
        {
            known.read = now;
            return Ok(guess(known));
        }
    }
    let mut learned = knowledge(app, units);
    for Row { shelf, word, times } in tables::lessons(&app.store).await? {
        learned.put(&shelf, &word, times);
    }
    let known = Known { learned, units: ids().map(str::to_owned).collect(), newest, read: now };
    let first = guess(&known);
    *memory.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
    Ok(first)
}

/// The line that says what a case is about: the first text that its form asks for.
pub fn subject<'a>(service: &Service, case: &'a Case) -> &'a str {
    let field = service.form.fields().find(|field| field.kind == maru_definition::FieldKind::Text);
    field.and_then(|field| case.answers.get(&field.fact)).and_then(|text| text.as_str()).unwrap_or_default()
}

/// What a case that ended at a unit teaches: rows to add to the stored ones.
pub fn lesson(app: &App, unit: &Unit, subject: &str) -> Vec<Row> {
    Learned::default().learn(subject, &office(app, unit), 1)
}
