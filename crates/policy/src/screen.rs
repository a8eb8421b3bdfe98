//! A whole population against the whole catalogue. Regions are done one after the other on every core; of each only counts are kept, so that
//! the memory needed is the same for a town and for a nation. Reasons are worked out for whoever asks about somebody.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use maru_definition::{Nation, Profile, Service};
use maru_kernel::Date;
use maru_population::{Block, Marginals, Population, TRAITS};
use maru_rules::{Decision, Facts};

use crate::{
    classes::{CELLS, Cells, Classes, Open, cell},
    kept::{Reached, Region},
    lazy::{Lazy, Shared},
};

/// What is screened: who, against what, on which day.
pub struct Screening {
    pub nation: Arc<Nation>,
    pub marginals: Arc<Marginals>,
    pub population: Arc<Population>,
    pub on: Date,
    pub(crate) classes: Classes,
    /// For each area of the population its number among the smallest regions.
    pub(crate) leaves: Vec<Option<u16>>,
    /// Where each trait of the population stands in a profile.
    traits: Vec<(bool, u32)>,
    pub(crate) shared: Shared,
}

/// Of one service written in depth, in one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paid {
    pub yes: Cells,
    pub unknown: Cells,
    /// Whole won, all amounts together.
    pub won: Box<[i64; CELLS]>,
    /// Of those who qualify, how many whose amount is known.
    pub with_amount: u32,
}

/// What was found in one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub area: usize,
    pub people: Cells,
    /// By class; what nobody there qualifies for is left out.
    pub classes: Vec<(usize, Cells)>,
    pub deep: Vec<Paid>,
    pub hits: u64,
    /// Persons whom a rule had to be asked for one at a time.
    pub alone: u64,
}

/// Where the time went, of all cores together.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    pub population: Duration,
    pub catalogue: Duration,
    pub rules: Duration,
}

#[derive(Debug, Clone, Default)]
pub struct Screened {
    /// In the areas' order.
    pub regions: Vec<Found>,
    pub spent: Spent,
    pub wall: Duration,
    pub threads: usize,
}

impl Paid {
    pub(crate) fn none() -> Paid {
        Paid { yes: [0; CELLS], unknown: [0; CELLS], won: Box::new([0; CELLS]), with_amount: 0 }
    }
}

/// How far it is, for whoever shows it, and a way to stop it.
#[derive(Debug, Default)]
pub struct Progress {
    pub persons: AtomicU64,
    pub stop: AtomicBool,
}

impl Screening {
    pub fn new(
        nation: Arc<Nation>,
        marginals: Arc<Marginals>,
        population: Arc<Population>,
        on: Date,
    ) -> Screening {
        let shapes: Vec<_> = nation.coded.iter().map(|(_, shape)| *shape).collect();
        let place = |fact: &&str| {
            let found = nation.traits.iter().find(|known| known.fact == **fact);
            found.map_or((false, 16), |known| (known.of_household, known.option))
        };
        let leaf = |name: &str| nation.pack.regions.find(name).and_then(maru_definition::Region::leaf);
        let leaves = marginals.areas().iter().map(|area| leaf(&area.name)).collect();
        let traits = TRAITS.iter().map(place).collect();
        let shared = Shared::of(nation.deep.iter().map(|(_, service)| Arc::clone(service)), on);
        let classes = Classes::of(&shapes);
        Screening { classes, leaves, traits, shared, nation, marginals, population, on }
    }

    /// How many services are asked about.
    pub fn services(&self) -> usize {
        self.nation.coded.len() + self.nation.deep.len()
    }

    /// Everybody's profile.
    pub fn profiles(&self, block: &Block) -> Vec<Profile> {
        let bands = block.bands();
        let lanes = block.ages().iter().zip(block.sexes()).zip(&bands).zip(block.traits());
        lanes
            .map(|(((age, sex), income), bits)| {
                let (mut person, mut household) = (0_u16, 0_u16);
                let mut rest = *bits;
                while rest != 0 {
                    let at = usize::try_from(rest.trailing_zeros()).unwrap_or(usize::MAX);
                    rest &= rest - 1;
                    if let Some((of_household, option)) = self.traits.get(at) {
                        let bit = 1_u16.checked_shl(*option).unwrap_or(0);
                        *(if *of_household { &mut household } else { &mut person }) |= bit;
                    }
                }
                let sex = u8::from(*sex == maru_population::Sex::Female);
                Profile { age: *age, sex, income: *income, person, household }
            })
            .collect()
    }

    pub fn decide(&self, service: &Service, facts: &Facts) -> Decision {
        service.rules.decide(facts, &self.nation.pack.parameters, self.on)
    }

    /// Everybody but in the areas that are known already. What `stop` cuts short is given back as far as it went.
    pub fn run(
        &self,
        threads: usize,
        progress: &Progress,
        known: Vec<Found>,
        keep: Option<&(dyn Fn(Region) + Sync)>,
    ) -> Screened {
        let begun = Instant::now();
        let done: Vec<usize> = known.iter().map(|found| found.area).collect();
        let mut order: Vec<usize> = (0..self.leaves.len()).filter(|area| !done.contains(area)).collect();
        // the largest first, so that no core is left with one at the end
        order.sort_by_key(|area| {
            let blocks = self.population.blocks_of(*area);
            std::cmp::Reverse(blocks.end.saturating_sub(blocks.start))
        });
        let next = AtomicUsize::new(0);
        let found: Mutex<(Vec<Found>, Spent)> = Mutex::new((known, Spent::default()));
        std::thread::scope(|scope| {
            for _ in 0..threads.max(1) {
                scope.spawn(|| {
                    while let Some(area) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let mut spent = Spent::default();
                        let Some((region, kept)) = self.region(*area, progress, keep.is_some(), &mut spent)
                        else {
                            return;
                        };
                        if let (Some(keep), Some(kept)) = (keep, kept) {
                            keep(kept);
                        }
                        let mut all = found.lock().unwrap_or_else(PoisonError::into_inner);
                        all.1.population += spent.population;
                        all.1.catalogue += spent.catalogue;
                        all.1.rules += spent.rules;
                        all.0.push(region);
                    }
                });
            }
        });
        let (mut regions, spent) = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        regions.sort_by_key(|region| region.area);
        Screened { regions, spent, wall: begun.elapsed(), threads: threads.max(1) }
    }

    /// One region; nothing when it was stopped.
    fn region(
        &self,
        area: usize,
        progress: &Progress,
        keeps: bool,
        spent: &mut Spent,
    ) -> Option<(Found, Option<Region>)> {
        // a region the pack doesn't know is served by what serves the nation
        let leaf = self.leaves.get(area).copied().flatten().unwrap_or(u16::MAX);
        let open = Open::of(&self.classes, leaf);
        let mut people = [0; CELLS];
        let mut counts: Vec<Cells> = vec![[0; CELLS]; open.classes.len()];
        let mut deep: Vec<Paid> = self.nation.deep.iter().map(|_| Paid::none()).collect();
        let mut alone = 0;
        let mut everybody: Vec<u64> = Vec::new();
        let mut reached: Vec<Reached> = deep.iter().map(|_| Reached::default()).collect();
        for number in self.population.blocks_of(area) {
            if progress.stop.load(Ordering::Relaxed) {
                return None;
            }
            let start = Instant::now();
            let block = self.population.block(number)?;
            let profiles = self.profiles(&block);
            spent.population += start.elapsed();

            let start = Instant::now();
            let cells: Vec<usize> =
                profiles.iter().map(|profile| cell(profile.age, profile.income)).collect();
            for cell in &cells {
                if let Some(count) = people.get_mut(*cell) {
                    *count += 1;
                }
            }
            let mut keys: Vec<u64> = profiles.iter().map(Profile::key).collect();
            // where in the region this block begins
            let from = u32::try_from(everybody.len()).unwrap_or(u32::MAX);
            if keeps {
                everybody.extend(&keys);
            }
            open.count(&mut keys, &mut counts);
            spent.catalogue += start.elapsed();

            let start = Instant::now();
            let crowd = Lazy::of(&block, &self.shared, &self.nation.pack.parameters);
            for (((_, service), paid), reached) in self.nation.deep.iter().zip(&mut deep).zip(&mut reached) {
                let hits = service.rules.decide_many(&crowd, &self.nation.pack.parameters, self.on);
                alone += u64::try_from(hits.alone).unwrap_or(0);
                if keeps {
                    reached.yes.extend(hits.yes.iter().map(|lane| from.saturating_add(*lane)));
                    reached.unknown.extend(hits.unknown.iter().map(|lane| from.saturating_add(*lane)));
                }
                for (lane, amount) in hits.yes.iter().zip(&hits.amounts) {
                    let Some(cell) = cells.get(usize::try_from(*lane).unwrap_or(usize::MAX)) else {
                        continue;
                    };
                    add(&mut paid.yes, *cell);
                    if let (Some(amount), Some(won)) = (amount, paid.won.get_mut(*cell)) {
                        *won = won.saturating_add(*amount);
                        paid.with_amount += 1;
                    }
                }
                for lane in &hits.unknown {
                    let Some(cell) = cells.get(usize::try_from(*lane).unwrap_or(usize::MAX)) else {
                        continue;
                    };
                    add(&mut paid.unknown, *cell);
                }
            }
            spent.rules += start.elapsed();
            progress.persons.fetch_add(u64::try_from(block.len()).unwrap_or(0), Ordering::Relaxed);
        }
        for (reached, paid) in reached.iter_mut().zip(&deep) {
            (reached.won, reached.with_amount) = (Reached::won_by(&paid.won), paid.with_amount);
        }
        let region = keeps.then(|| Region::of(area, &everybody, reached));
        Some((self.summed(area, people, &open, counts, deep, alone), region))
    }

    fn summed(
        &self,
        area: usize,
        people: Cells,
        open: &Open,
        counts: Vec<Cells>,
        deep: Vec<Paid>,
        alone: u64,
    ) -> Found {
        let sum = |cells: &Cells| cells.iter().map(|n| u64::from(*n)).sum::<u64>();
        let known = |class: usize| self.classes.shapes.get(class).is_some_and(|shape| !shape.unread);
        let classes = open.classes.iter().zip(&counts).filter(|((class, _), _)| known(*class));
        let coded: u64 = classes.map(|((_, services), cells)| services * sum(cells)).sum();
        let hits = coded + deep.iter().map(|paid| sum(&paid.yes)).sum::<u64>();
        let classes = open.classes.iter().zip(counts).map(|((class, _), cells)| (*class, cells));
        let classes = classes.filter(|(_, cells)| cells.iter().any(|n| *n > 0)).collect();
        Found { area, people, classes, deep, hits, alone }
    }

    /// A region of a kept run, counted again.
    pub fn found(&self, region: &Region) -> Found {
        let leaf = self.leaves.get(region.area).copied().flatten().unwrap_or(u16::MAX);
        let open = Open::of(&self.classes, leaf);
        let (mut people, mut counts) = ([0; CELLS], vec![[0; CELLS]; open.classes.len()]);
        let mut keys = region.keys();
        for profile in keys.iter().map(|key| Profile::of_key(*key)) {
            add(&mut people, cell(profile.age, profile.income));
        }
        open.count(&mut keys, &mut counts);
        self.summed(region.area, people, &open, counts, region.paid(), 0)
    }
}

fn add(cells: &mut Cells, cell: usize) {
    if let Some(count) = cells.get_mut(cell) {
        *count += 1;
    }
}

impl Screened {
    pub fn persons(&self) -> u64 {
        self.regions.iter().flat_map(|region| &region.people).map(|n| u64::from(*n)).sum()
    }

    /// How often anybody qualifies for anything.
    pub fn hits(&self) -> u64 {
        self.regions.iter().map(|region| region.hits).sum()
    }

    /// Pairs of a person and a service written in depth that had to be worked out alone.
    pub fn alone(&self) -> u64 {
        self.regions.iter().map(|region| region.alone).sum()
    }
}
