//! The whole catalogue for whoever asks it of many people at once.

use std::sync::Arc;

use maru_rules::Answer;

use crate::{Definitions, Entry, Pack, Service, catalogue::index::Words, gov24};

pub use crate::gov24::Shape;

/// Every service one may qualify for, as it is in force: those read from codes with what they restrict, and those written in depth.
pub struct Nation {
    pub pack: Arc<Pack>,
    pub coded: Vec<(Arc<Entry>, Shape)>,
    pub deep: Vec<(Arc<Entry>, Arc<Service>)>,
    /// The facts that speak for traits: each with its group's number and its option there.
    pub traits: Vec<Trait>,
}

/// A yes-or-no fact of a person or a household that the catalogue asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trait {
    pub fact: String,
    pub of_household: bool,
    pub option: u32,
}

/// All that the coded part of the catalogue can see of somebody, but for where they live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Profile {
    /// Years completed, at most 120.
    pub age: u8,
    /// 0 or 1, in the dictionary's order.
    pub sex: u8,
    /// The band of the household's income: 0 to 4.
    pub income: u8,
    /// The options that hold of the person, a bit each.
    pub person: u16,
    pub household: u16,
}

impl Profile {
    /// The same in one number, ordered by age, sex and income first.
    pub fn key(&self) -> u64 {
        u64::from(self.age) << 40
            | u64::from(self.sex) << 36
            | u64::from(self.income) << 32
            | u64::from(self.person) << 16
            | u64::from(self.household)
    }

    pub fn of_key(key: u64) -> Profile {
        let part = |shift: u32, mask: u64| u16::try_from(key >> shift & mask).unwrap_or(0);
        let byte = |shift: u32, mask: u64| u8::try_from(part(shift, mask)).unwrap_or(0);
        Profile {
            age: byte(40, 0xff),
            sex: byte(36, 0xf),
            income: byte(32, 0xf),
            person: part(16, 0xffff),
            household: part(0, 0xffff),
        }
    }
}

impl Shape {
    /// The same wherever one lives.
    pub fn anywhere(self) -> Shape {
        Shape { region: None, ..self }
    }

    /// Whether it serves the smallest region of this number.
    pub fn serves(&self, leaf: u16) -> bool {
        self.region.is_none_or(|(first, end)| (first..end).contains(&leaf))
    }

    /// The answer for one of whom all is known, where it serves.
    pub fn answer(&self, profile: &Profile) -> Answer {
        let one = |options: Option<u16>, mine: u8| options.is_none_or(|options| options >> mine & 1 == 1);
        let any = |options: Option<u16>, mine: u16| options.is_none_or(|options| options & mine != 0);
        let fits = !self.never
            && one(self.sex, profile.sex)
            && one(self.income, profile.income)
            && self.ages.is_none_or(|(from, to)| (from..=to).contains(&profile.age))
            && any(self.person, profile.person)
            && any(self.household, profile.household);
        match (fits, self.unread) {
            (false, _) => Answer::No,
            (true, true) => Answer::Unknown,
            (true, false) => Answer::Yes,
        }
    }
}

impl Definitions {
    pub fn nation(&self) -> Nation {
        let (index, pack) = (self.index(), self.pack());
        let places = index.entries.iter().zip(&index.shapes).enumerate();
        let coded = places.filter(|(place, _)| index.deep_at(*place).is_none());
        let deep = index.deep.iter().filter(|(_, service)| !service.asks_nothing());
        Nation {
            coded: coded.map(|(_, (entry, shape))| (Arc::clone(entry), *shape)).collect(),
            deep: deep
                .filter_map(|(place, service)| {
                    Some((index.entries.get(*place)?.clone(), Arc::clone(service)))
                })
                .collect(),
            traits: Words::of(&pack)
                .traits
                .into_iter()
                .map(|(group, option, fact)| Trait { fact, of_household: group == gov24::HOUSEHOLD, option })
                .collect(),
            pack,
        }
    }
}
