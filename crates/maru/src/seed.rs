//! Fills the demo's data folder with the pack's fictional people. Doing it again changes nothing.

use maru_definition::{Demo, DemoPerson, DemoUnit};
use maru_kernel::{Error, Lang, Result};
use maru_party::{EnrolledAgency, NewPerson, enrol};
use maru_web::{
    App, Settings,
    ports::{Person, PersonKind, Role, RoleKind, Unit},
};

use crate::wire;

pub fn settings(settings: Settings) -> Result<Settings> {
    let pack = wire::pack()?;
    let demo = pack.demo.as_ref().ok_or_else(|| Error::internal("the pack has no demo.toml"))?;
    Ok(Settings { demo_password: Some(demo.password.clone()), ..settings })
}

pub async fn seed(app: &App) -> Result<()> {
    let Some(demo) = &app.definitions.pack().demo else { return Ok(()) };
    let units: Vec<Unit> = demo
        .units
        .iter()
        .map(|u| Unit {
            id: u.id.clone(),
            kind: u.kind.clone(),
            region: u.region.clone(),
            agency_id: Some(agency_of(demo, u)),
            agency: u.agency.clone(),
            name: u.name.clone(),
            contact: u.contact.clone(),
        })
        .collect();
    let agencies: Vec<EnrolledAgency> = demo
        .units
        .iter()
        .map(|u| EnrolledAgency {
            id: agency_of(demo, u),
            kind: "local".into(),
            region: u.region.clone(),
            name: u.agency.clone(),
        })
        .collect();
    let people: Vec<NewPerson> = demo
        .people
        .iter()
        .map(|p| NewPerson {
            user: p.user.clone(),
            roles: roles_of(demo, p),
            person: Person {
                id: p.id.clone(),
                kind: if p.kind == "official" { PersonKind::Official } else { PersonKind::Resident },
                name: p.name.clone(),
                mail: p.mail.clone(),
                lang: Lang::Ko,
                unit: p.unit.clone(),
                rank: p.rank.clone(),
            },
        })
        .collect();
    enrol(&app.store, &agencies, &units, &people, &demo.password, app.now()).await?;
    for person in &demo.people {
        let rows: Vec<_> = person.registers.iter().map(|(register, row)| (register.as_str(), row)).collect();
        maru_record::put_all(&app.store, &person.id, app.now(), &rows).await?;
    }
    Ok(())
}

/// The agency a unit names, or else the first unit of the same agency's name: what an older data folder calls it too.
fn agency_of(demo: &Demo, unit: &DemoUnit) -> String {
    let named = unit.agency_id.clone();
    named.unwrap_or_else(|| {
        let same = demo.units.iter().filter(|other| other.agency == unit.agency).map(|other| &other.id);
        same.min().unwrap_or(&unit.id).clone()
    })
}

fn roles_of(demo: &Demo, person: &DemoPerson) -> Vec<(String, RoleKind)> {
    let unit = demo.units.iter().find(|unit| Some(&unit.id) == person.unit.as_ref());
    let over = |kind: RoleKind| match (kind, unit) {
        (RoleKind::Operator | RoleKind::Auditor | RoleKind::Analyst, _) => {
            Some((Role::COUNTRY.to_owned(), kind))
        }
        (RoleKind::Manager | RoleKind::Writer, Some(unit)) => Some((agency_of(demo, unit), kind)),
        (RoleKind::Clerk, Some(unit)) => Some((unit.id.clone(), kind)),
        (RoleKind::Manager | RoleKind::Writer | RoleKind::Clerk, None) => None,
    };
    if person.roles.is_empty() {
        return over(RoleKind::Clerk).into_iter().collect();
    }
    person.roles.iter().filter_map(|role| RoleKind::parse(role)).filter_map(over).collect()
}
