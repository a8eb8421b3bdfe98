//! Who lives where: persons are shared out over areas, sexes and ages by their counts, and cut into blocks that can be made alone.

use jiff::civil::Date;
use maru_kernel::Won;

use crate::{
    Block, Fault, Marginals,
    assemble::{Cells, Households, assemble},
    lives::Living,
    marginals::{Area, GROUPS, OLDEST, Table},
    random::{Stream, below, key},
};

/// No block holds more persons.
pub const LARGEST_BLOCK: usize = 8192;
/// Sharing a block out of an area may round up in each of the 210 cells of sex and year of age: there is room for all of them.
const AIM: u64 = 7900;
/// 100 to 104: of a thousand, those not older.
const HUNDRED: [u64; 5] = [480, 740, 880, 950, 1000];

#[derive(Debug, Clone)]
pub struct Population {
    persons: u64,
    seed: u64,
    on: Date,
    areas: Vec<Quota>,
    households: Households,
    living: std::sync::Arc<Living>,
}

#[derive(Debug, Clone)]
struct Quota {
    counts: Table,
    first_block: u64,
    blocks: u64,
}

impl Population {
    /// `medians`: the standard median income of households of 1, 2, … persons; beyond the last each person adds what the last one added.
    pub fn new(
        marginals: &Marginals,
        persons: u64,
        seed: u64,
        on: Date,
        medians: &[Won],
    ) -> Result<Population, Fault> {
        if persons > u64::from(u32::MAX) {
            return Err(Fault::new(
                "persons",
                format!("{persons} are too many"),
                "ask for at most 4294967295",
            ));
        }
        let living = Living::read(marginals, on, medians)?;
        let households = Households::read(marginals)?;
        let mut first_block = 0;
        let sizes = shares(&marginals.areas, persons);
        let areas = marginals.areas.iter().zip(sizes).zip(0_u64..).map(|((area, size), place)| {
            let blocks = size.div_ceil(AIM);
            let quota = Quota { counts: cells(area, size, key(seed, place)), first_block, blocks };
            first_block += blocks;
            quota
        });
        Ok(Population {
            persons,
            seed,
            on,
            areas: areas.collect(),
            households,
            living: std::sync::Arc::new(living),
        })
    }

    pub fn persons(&self) -> u64 {
        self.persons
    }

    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The day on which everybody has the age they have.
    pub fn on(&self) -> Date {
        self.on
    }

    /// How many blocks there are: those of the first area come first.
    pub fn blocks(&self) -> u64 {
        self.areas.last().map_or(0, |last| last.first_block + last.blocks)
    }

    /// The blocks of one area.
    pub fn blocks_of(&self, area: usize) -> std::ops::Range<u64> {
        self.areas.get(area).map_or(0..0, |quota| quota.first_block..quota.first_block + quota.blocks)
    }

    /// How many persons live in one area.
    pub fn persons_of(&self, area: usize) -> u64 {
        self.areas.get(area).map_or(0, |quota| quota.counts.iter().flatten().sum())
    }

    /// One block, made from the seed and its number alone; none beyond the last.
    pub fn block(&self, number: u64) -> Option<Block> {
        let area = self.areas.partition_point(|quota| quota.first_block + quota.blocks <= number);
        let quota = self.areas.get(area)?;
        let part = number.checked_sub(quota.first_block)?;
        let place = u64::try_from(area).ok()?;
        let cells = quota.part(part, key(key(self.seed, place), 1));
        let block_key = key(key(self.seed, place), part + 2);
        let parts = assemble(cells, &self.households, &mut Stream::new(block_key));
        Some(Block::new(number, area, block_key, parts, std::sync::Arc::clone(&self.living)))
    }

    pub(crate) fn living(&self) -> &std::sync::Arc<Living> {
        &self.living
    }
}

impl Quota {
    /// One part of the blocks' share of every cell: the parts of a cell differ by one at most and add up to it.
    fn part(&self, part: u64, key_of_area: u64) -> Cells {
        let mut cells = Cells::default();
        for age in 0..=OLDEST {
            let (group, year) = (usize::from(age / 5), u64::from(age % 5));
            for (sex, counts) in self.counts.iter().enumerate() {
                let count = counts.get(group).copied().unwrap_or(0);
                let cell = key(key_of_area, u64::from(age) * 2 + u64::from(sex == 1));
                let of_group = key(key_of_area, 1000 + u64::from(age / 5) * 2 + u64::from(sex == 1));
                let upto = |years: u64| match (group + 1 == GROUPS, years) {
                    (_, 0) => 0,
                    (true, _) => {
                        let share = usize::try_from(years - 1).ok().and_then(|n| HUNDRED.get(n)).copied();
                        (count * share.unwrap_or(1000) + below(of_group, 1000)) / 1000
                    }
                    (false, _) => (count * years + below(of_group, 5)) / 5,
                };
                let of_year = upto(year + 1) - upto(year);
                let turn = below(cell, self.blocks.max(1));
                let share = |parts: u64| (parts * of_year + turn) / self.blocks.max(1);
                cells.set(sex, age, share(part + 1) - share(part));
            }
        }
        cells
    }
}

/// Largest remainder: the whole numbers nearest to the shares that add up to all.
fn shares(areas: &[Area], persons: u64) -> Vec<u64> {
    let total: u128 = areas.iter().map(|area| u128::from(area.persons())).sum::<u128>().max(1);
    let exact = areas.iter().map(|area| u128::from(area.persons()) * u128::from(persons));
    let mut sizes: Vec<(u128, u128)> = exact.map(|part| (part / total, part % total)).collect();
    let given: u128 = sizes.iter().map(|(size, _)| size).sum();
    let left = usize::try_from(u128::from(persons).saturating_sub(given)).unwrap_or(0);
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|place| std::cmp::Reverse(sizes.get(*place).map_or(0, |(_, rest)| *rest)));
    for place in order.into_iter().take(left) {
        if let Some((size, _)) = sizes.get_mut(place) {
            *size += 1;
        }
    }
    sizes.into_iter().map(|(size, _)| u64::try_from(size).unwrap_or(0)).collect()
}

/// An area's persons over its cells: each gets its share rounded down or up, and where they round up changes from area to area, so that no
/// cell comes short in all of them.
fn cells(area: &Area, size: u64, key_of_area: u64) -> Table {
    let all = u128::from(area.persons()).max(1);
    let start = u128::from(key_of_area) % all;
    let (mut before, mut given) = (0_u128, 0_u128);
    area.counts.map(|counts| {
        counts.map(|count| {
            before += u128::from(count);
            let upto = (before * u128::from(size) + start) / all;
            let part = upto - given;
            given = upto;
            u64::try_from(part).unwrap_or(0)
        })
    })
}
