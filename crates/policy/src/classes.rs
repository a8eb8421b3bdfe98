//! The coded part of the catalogue, folded: services that ask the same of everybody are one class, and where one lives decides which
//! classes there are. Within a region, people who look alike to the catalogue are asked once.

use std::collections::BTreeMap;

use maru_definition::{Profile, Shape};

/// A person's place in a table: age in steps of five years, the last from 100 on, by income band.
pub const CELLS: usize = AGES * INCOMES;
pub const AGES: usize = 21;
pub const INCOMES: usize = 5;

pub fn cell(age: u8, income: u8) -> usize {
    usize::from(age / 5).min(AGES - 1) * INCOMES + usize::from(income).min(INCOMES - 1)
}

/// How many, by cell.
pub type Cells = [u32; CELLS];

/// All classes of a nation, and which service is of which.
pub struct Classes {
    /// What each class asks, wherever one lives.
    pub shapes: Vec<Shape>,
    /// For each service its class; nothing for one that no resident qualifies for.
    pub of_service: Vec<Option<usize>>,
    services: Vec<Shape>,
}

impl Classes {
    pub fn of(services: &[Shape]) -> Classes {
        let mut numbers: BTreeMap<Shape, usize> = BTreeMap::new();
        let mut shapes = Vec::new();
        let of_service = services.iter().map(|shape| {
            (!shape.never).then(|| {
                let anywhere = shape.anywhere();
                *numbers.entry(anywhere).or_insert_with(|| {
                    shapes.push(anywhere);
                    shapes.len() - 1
                })
            })
        });
        let of_service = of_service.collect();
        Classes { shapes, of_service, services: services.to_vec() }
    }

    /// How many services of each class serve a region.
    pub fn serving(&self, leaf: u16) -> BTreeMap<usize, u64> {
        let mut serving = BTreeMap::new();
        for (shape, class) in self.services.iter().zip(&self.of_service) {
            if let Some(class) = class
                && shape.serves(leaf)
            {
                *serving.entry(*class).or_insert(0) += 1;
            }
        }
        serving
    }

    pub fn serves(&self, service: usize, leaf: u16) -> bool {
        self.services.get(service).is_some_and(|shape| shape.serves(leaf))
    }
}

type Words = Vec<u64>;

/// The classes of one region, each option a column of bits over them.
pub struct Open {
    /// Their numbers among all classes, and how many services each stands for here.
    pub classes: Vec<(usize, u64)>,
    ages: Vec<Words>,
    sexes: Vec<Words>,
    incomes: Vec<Words>,
    /// Classes that ask nothing of the person's traits, and by option those that it satisfies.
    person: (Words, Vec<Words>),
    household: (Words, Vec<Words>),
    /// Classes that ask nothing of either.
    plain: Words,
}

fn words(classes: &[Shape], holds: impl Fn(&Shape) -> bool) -> Words {
    let mut words = vec![0; classes.len().div_ceil(64)];
    for (place, _) in classes.iter().enumerate().filter(|(_, shape)| holds(shape)) {
        if let Some(word) = words.get_mut(place / 64) {
            *word |= 1_u64 << (place % 64);
        }
    }
    words
}

fn each(words: &[u64], mut say: impl FnMut(usize)) {
    for (place, word) in words.iter().enumerate() {
        let mut rest = *word;
        while rest != 0 {
            if let Ok(bit) = usize::try_from(rest.trailing_zeros()) {
                say(place * 64 + bit);
            }
            rest &= rest - 1;
        }
    }
}

impl Open {
    pub fn of(classes: &Classes, leaf: u16) -> Open {
        let serving: Vec<(usize, u64)> = classes.serving(leaf).into_iter().collect();
        let shapes: Vec<Shape> =
            serving.iter().filter_map(|(class, _)| classes.shapes.get(*class).copied()).collect();
        let option = |options: Option<u16>, at: u32| options.is_none_or(|options| options >> at & 1 == 1);
        let traits = |of: &dyn Fn(&Shape) -> Option<u16>| {
            let by_option = (0..16)
                .map(|at| words(&shapes, |shape| of(shape).is_some_and(|options| options >> at & 1 == 1)));
            (words(&shapes, |shape| of(shape).is_none()), by_option.collect())
        };
        Open {
            ages: (0..=u8::MAX)
                .map(|age| {
                    words(&shapes, |shape| shape.ages.is_none_or(|(from, to)| (from..=to).contains(&age)))
                })
                .collect(),
            sexes: (0..2).map(|at| words(&shapes, |shape| option(shape.sex, at))).collect(),
            incomes: (0..5).map(|at| words(&shapes, |shape| option(shape.income, at))).collect(),
            person: traits(&|shape| shape.person),
            household: traits(&|shape| shape.household),
            plain: words(&shapes, |shape| shape.person.is_none() && shape.household.is_none()),
            classes: serving,
        }
    }

    /// Counts people, given by the keys of their profiles, in `counts`: for each class of this region how many qualify, by cell.
    pub fn count(&self, keys: &mut [u64], counts: &mut [Cells]) {
        keys.sort_unstable();
        let mut base: Words = vec![0; self.plain.len()];
        let mut traits = base.clone();
        let look = |key: &u64| key >> 32;
        for alike in keys.chunk_by(|a, b| look(a) == look(b)) {
            let Some(first) = alike.first().map(|key| Profile::of_key(*key)) else { continue };
            let at = |columns: &'_ [Words], at: u8| columns.get(usize::from(at)).cloned().unwrap_or_default();
            let (ages, sexes, incomes) =
                (at(&self.ages, first.age), at(&self.sexes, first.sex), at(&self.incomes, first.income));
            for (base, ((age, sex), income)) in base.iter_mut().zip(ages.iter().zip(&sexes).zip(&incomes)) {
                *base = age & sex & income;
            }
            let cell = cell(first.age, first.income);
            let mut add = |class: usize, people: usize| {
                if let Some(count) = counts.get_mut(class).and_then(|cells| cells.get_mut(cell)) {
                    *count = count.saturating_add(u32::try_from(people).unwrap_or(u32::MAX));
                }
            };
            for (traits, (base, plain)) in traits.iter_mut().zip(base.iter().zip(&self.plain)) {
                *traits = base & plain;
            }
            each(&traits, |class| add(class, alike.len()));
            for same in alike.chunk_by(|a, b| a == b) {
                let Some(profile) = same.first().map(|key| Profile::of_key(*key)) else { continue };
                for (place, word) in traits.iter_mut().enumerate() {
                    let any = |(open, options): &(Words, Vec<Words>), mine: u16| {
                        let mut found = open.get(place).copied().unwrap_or(0);
                        let mut rest = mine;
                        while rest != 0 {
                            let option = usize::try_from(rest.trailing_zeros()).unwrap_or(0);
                            found |= options.get(option).and_then(|w| w.get(place)).copied().unwrap_or(0);
                            rest &= rest - 1;
                        }
                        found
                    };
                    let open = base.get(place).copied().unwrap_or(0);
                    let plain = self.plain.get(place).copied().unwrap_or(0);
                    *word = open & !plain;
                    if *word != 0 {
                        *word &= any(&self.person, profile.person) & any(&self.household, profile.household);
                    }
                }
                each(&traits, |class| add(class, same.len()));
            }
        }
    }
}
