//! Fills the demo's data folder with the pack's fictional people. Doing it again changes nothing.

use maru_kernel::{Error, Lang, Result};
use maru_party::{NewPerson, enrol};
use maru_web::{
    App, Settings,
    ports::{Person, PersonKind, Unit},
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
            agency: u.agency.clone(),
            name: u.name.clone(),
            contact: u.contact.clone(),
        })
        .collect();
    let people: Vec<NewPerson> = demo
        .people
        .iter()
        .map(|p| NewPerson {
            user: p.user.clone(),
            person: Person {
                id: p.id.clone(),
                kind: if p.unit.is_some() { PersonKind::Official } else { PersonKind::Resident },
                name: p.name.clone(),
                mail: p.mail.clone(),
                lang: Lang::Ko,
                unit: p.unit.clone(),
                rank: p.rank.clone(),
            },
        })
        .collect();
    enrol(&app.store, &units, &people, &demo.password, app.now()).await?;
    for person in &demo.people {
        for (register, row) in &person.registers {
            maru_record::put(&app.store, &person.id, register, app.now(), row).await?;
        }
    }
    Ok(())
}
