//! The demo's people: their units, registers and regions are there.

use super::{Check, quoted};
use crate::{DemoUnit, FactKind};

/// Roles over the country, which need no unit.
const COUNTRY: [&str; 3] = ["operator", "auditor", "analyst"];
const ROLES: [&str; 6] = ["operator", "auditor", "analyst", "manager", "clerk", "writer"];

impl Check<'_> {
    pub(super) fn demo(&mut self) {
        const FILE: &str = "demo.toml";
        let pack = self.pack;
        let Some(demo) = &pack.demo else { return };
        self.ids(FILE, "unit", demo.units.iter().map(|u| u.id.as_str()));
        self.ids(FILE, "person", demo.people.iter().map(|p| p.id.as_str()));
        for unit in &demo.units {
            let id = quoted(&unit.id);
            if pack.unit_kind(&unit.kind).is_none() {
                self.of_pack(
                    FILE,
                    &[&id, "kind"],
                    format!("no unit kind {}", unit.kind),
                    "add it to agencies.toml",
                );
            }
            if pack.regions.find(&unit.region).is_none_or(|r| r.name != unit.region) {
                self.of_pack(
                    FILE,
                    &[&id, "region"],
                    format!("no region {}", unit.region),
                    "use a full name of regions.tsv",
                );
            }
            self.both(FILE, &[&id], &unit.name, &format!("the name of {}", unit.id));
            self.both(FILE, &[&id], &unit.agency, &format!("the agency of {}", unit.id));
            let same = |other: &&DemoUnit| unit.agency_id.is_some() && other.agency_id == unit.agency_id;
            if demo.units.iter().filter(same).any(|other| other.agency != unit.agency) {
                let what = format!("{} names its agency otherwise than another unit", unit.id);
                self.of_pack(FILE, &[&id, "agency"], what, "one agency_id has one agency");
            }
        }
        for person in &demo.people {
            let id = quoted(&person.id);
            self.both(FILE, &[&id], &person.name, &format!("the name of {}", person.id));
            self.both(FILE, &[&id], &person.about, &format!("about of {}", person.id));
            let official = person.kind == "official";
            let unit = person.unit.as_ref().map(|unit| demo.units.iter().any(|u| u.id == *unit));
            let country =
                !person.roles.is_empty() && person.roles.iter().all(|r| COUNTRY.contains(&r.as_str()));
            if !(official && (unit == Some(true) || unit.is_none() && country)
                || person.kind == "resident" && unit.is_none() && person.roles.is_empty())
            {
                let todo =
                    "a resident has none; an official has one of the units above, or a role over the country";
                self.of_pack(FILE, &[&id], format!("{} has the wrong kind or unit", person.id), todo);
            }
            for role in person.roles.iter().filter(|role| !ROLES.contains(&role.as_str())) {
                self.of_pack(
                    FILE,
                    &[&id, "roles"],
                    format!("no role {role}"),
                    format!("use {}", ROLES.join(", ")),
                );
            }
            for event in &person.events {
                self.both(
                    FILE,
                    &[&id, &quoted(&event.id)],
                    &event.name,
                    &format!("the name of {}", event.id),
                );
            }
            let events = person.events.iter().flat_map(|event| &event.registers);
            for (register, row) in person.registers.iter().chain(events) {
                let Some(known) = pack.register(register) else {
                    self.of_pack(
                        FILE,
                        &[&id, register],
                        format!("no register {register}"),
                        "use one of registers.toml",
                    );
                    continue;
                };
                for (name, value) in row {
                    let Some(field) = known.field(name) else {
                        let what = format!("{register} has no field {name}");
                        self.of_pack(FILE, &[&id, register, name], what, "use one of registers.toml");
                        continue;
                    };
                    let place =
                        value.as_str().and_then(|text| pack.regions.find(text).map(|r| r.name == text));
                    if field.kind == FactKind::Region && place != Some(true) {
                        let what = format!("{value} is no region's full name");
                        self.of_pack(FILE, &[&id, register, name], what, "use a full name of regions.tsv");
                    }
                }
            }
        }
    }
}
