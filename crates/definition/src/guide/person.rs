//! What is known of a person, as the catalogue's groups see it.

use maru_rules::{Answer, Facts, Known, Value};

use crate::{
    catalogue::index::Index,
    gov24::{self, Shape},
    region::Regions,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) sex: Option<u32>,
    pub(crate) age: Option<u8>,
    pub(crate) income: Option<u32>,
    /// The span of smallest regions they may live in.
    pub(crate) region: Option<(u16, u16)>,
    /// Traits that surely hold and that surely don't, by group.
    person: (u16, u16),
    household: (u16, u16),
}

impl Person {
    pub(crate) fn of(index: &Index, regions: &Regions, facts: &Facts) -> Person {
        let words = &index.words;
        let get = |name: &Option<String>| name.as_deref().and_then(|name| facts.get(name));
        let number = |name: &Option<String>| match get(name) {
            Some(Value::Number(n)) => Some(n),
            _ => None,
        };
        let mut person = Person {
            sex: match get(&words.sex) {
                Some(Value::Text(sex)) => {
                    words.sexes.iter().find(|(value, _)| value == sex).map(|(_, option)| *option)
                }
                _ => None,
            },
            age: number(&words.age).and_then(gov24::age_option),
            income: number(&words.income).map(gov24::income_option),
            region: match get(&words.region) {
                Some(Value::Text(text)) => regions
                    .find(text)
                    .and_then(|r| u16::try_from(r.first).ok().zip(u16::try_from(r.end).ok())),
                _ => None,
            },
            person: (0, 0),
            household: (0, 0),
        };
        for (group, option, fact) in &words.traits {
            let (holds, not) =
                if *group == gov24::PERSON { &mut person.person } else { &mut person.household };
            match facts.get(fact) {
                Some(Value::Bool(true)) => *holds |= 1 << option,
                Some(Value::Bool(false)) => *not |= 1 << option,
                _ => {}
            }
        }
        person
    }

    /// The same person, living anywhere.
    pub(crate) fn anywhere(&self) -> Person {
        Person { region: None, ..self.clone() }
    }

    pub(crate) fn known(&self, index: &Index) -> Known {
        let mut known = Known::nothing(&index.groups);
        for (group, option) in
            [(gov24::SEX, self.sex), (gov24::AGE, self.age.map(u32::from)), (gov24::INCOME, self.income)]
        {
            if let Some(option) = option {
                known.settle(group, option);
            }
        }
        if let Some((first, end)) = self.region {
            let possible: Vec<u32> = (u32::from(first)..u32::from(end)).collect();
            known.one_of(gov24::REGION, &possible);
        }
        for (group, (holds, not)) in [(gov24::PERSON, self.person), (gov24::HOUSEHOLD, self.household)] {
            for option in 0..16 {
                if holds >> option & 1 == 1 {
                    known.set(group, option, true);
                } else if not >> option & 1 == 1 {
                    known.set(group, option, false);
                }
            }
        }
        known
    }

    /// How one group of one service is answered; None when it does not restrict.
    pub(crate) fn group(&self, shape: &Shape, group: usize) -> Option<Answer> {
        let of = |yes: bool| if yes { Answer::Yes } else { Answer::No };
        let one =
            |options: u16, mine: Option<u32>| mine.map_or(Answer::Unknown, |m| of(options >> m & 1 == 1));
        let any = |options: u16, (holds, not): (u16, u16)| {
            if options & holds != 0 {
                Answer::Yes
            } else if options & !not == 0 {
                Answer::No
            } else {
                Answer::Unknown
            }
        };
        match group {
            gov24::SEX => shape.sex.map(|options| one(options, self.sex)),
            gov24::INCOME => shape.income.map(|options| one(options, self.income)),
            gov24::AGE => shape
                .ages
                .map(|(from, to)| self.age.map_or(Answer::Unknown, |a| of((from..=to).contains(&a)))),
            gov24::PERSON => shape.person.map(|options| any(options, self.person)),
            gov24::HOUSEHOLD => shape.household.map(|options| any(options, self.household)),
            gov24::REGION => shape.region.map(|(first, end)| match self.region {
                None => Answer::Unknown,
                Some((from, to)) if first <= from && to <= end => Answer::Yes,
                Some((from, to)) if to <= first || end <= from => Answer::No,
                Some(_) => Answer::Unknown,
            }),
            _ => shape.unread.then_some(Answer::Unknown),
        }
    }
}
