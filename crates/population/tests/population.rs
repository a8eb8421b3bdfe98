//! The population against its marginals, and against itself.

// Tests say what they expect by unwrapping it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use maru_kernel::Won;
use maru_population::{Block, LARGEST_BLOCK, Marginals, NAMES, Population, Role, Sex, Writer};

const AREAS: &str = include_str!("../../../packs/kr/population/areas.tsv");
const ASSUMPTIONS: &str = include_str!("../../../packs/kr/population/assumptions.tsv");

fn marginals() -> Marginals {
    Marginals::parse(AREAS, ASSUMPTIONS).unwrap()
}

fn medians() -> Vec<Won> {
    [2_564_238, 4_199_292, 5_359_036, 6_494_738, 7_556_719, 8_555_952, 9_515_150].map(Won).to_vec()
}

fn made(persons: u64, seed: u64) -> Population {
    Population::new(&marginals(), persons, seed, on(), &medians()).unwrap()
}

fn on() -> Date {
    date(2026, 11, 2)
}

fn blocks(of: &Population) -> impl Iterator<Item = Block> + '_ {
    (0..of.blocks()).map(|n| of.block(n).unwrap())
}

#[test]
fn every_person_is_in_one_whole_household() {
    for persons in [0, 1, 2, 100, 999, 20_000, 300_000] {
        let population = made(persons, 7);
        let mut sum = 0;
        for (n, block) in (0..).zip(blocks(&population)) {
            assert_eq!(block.number(), n);
            assert!((1..=LARGEST_BLOCK).contains(&block.len()));
            assert_eq!(block.starts().last().copied(), u32::try_from(block.len()).ok());
            assert!(block.starts().windows(2).all(|pair| pair[0] < pair[1]), "no household is empty");
            assert_eq!(block.houses().len(), block.len());
            sum += block.len();
        }
        assert_eq!(sum, usize::try_from(persons).unwrap());
        assert!(population.block(population.blocks()).is_none());
    }
}

#[test]
fn the_same_seed_gives_the_same_and_a_block_alone_is_the_block_in_its_row() {
    let (one, again, other) = (made(120_000, 3), made(120_000, 3), made(120_000, 4));
    let row: Vec<Block> = blocks(&one).collect();
    for n in (0..again.blocks()).rev() {
        let alone = again.block(n).unwrap();
        let in_row = &row[usize::try_from(n).unwrap()];
        assert!(alone == *in_row);
        assert_eq!((alone.traits(), alone.bands()), (in_row.traits(), in_row.bands()));
    }
    let differ = blocks(&other).zip(&row).filter(|(a, b)| a.ages() != b.ages() || a.traits() != b.traits());
    assert_eq!(differ.count(), row.len());
}

/// Counts by area, sex and age group.
fn counted(of: &Population) -> BTreeMap<(usize, usize, usize), u64> {
    let mut counts = BTreeMap::new();
    for block in blocks(of) {
        for (age, sex) in block.ages().iter().zip(block.sexes()) {
            let group = usize::from(age / 5).min(20);
            *counts.entry((block.area(), usize::from(*sex == Sex::Female), group)).or_default() += 1;
        }
    }
    counts
}

#[test]
fn every_cell_of_every_area_has_its_share_rounded() {
    cells_have_their_share(&[100_000, 1_000_000]);
}

#[test]
#[ignore = "long; run with --release"]
fn every_cell_of_a_whole_nation_has_its_share_rounded() {
    cells_have_their_share(&[52_000_000]);
}

fn cells_have_their_share(sizes: &[u64]) {
    let marginals = marginals();
    let total: u64 = marginals.areas().iter().map(|area| area.persons()).sum();
    for persons in sizes.iter().copied() {
        let counts = counted(&made(persons, 11));
        let mut cells = 0;
        for (place, area) in marginals.areas().iter().enumerate() {
            for sex in [0, 1] {
                for group in 0..21 {
                    let share = u128::from(area.count(sex, group)) * u128::from(persons);
                    let got = u128::from(counts.get(&(place, sex, group)).copied().unwrap_or(0));
                    // The area's own size is rounded too: by less than one, so a cell by less than two.
                    assert!(
                        got * u128::from(total) < share + 2 * u128::from(total)
                            && share < (got + 2) * u128::from(total),
                        "{} {sex} {group}",
                        area.name
                    );
                    cells += 1;
                }
            }
        }
        println!("{persons} persons: {cells} cells within two of their share");
    }
}

#[test]
fn provinces_keep_their_ages_in_a_small_population() {
    let marginals = marginals();
    let total: u64 = marginals.areas().iter().map(|area| area.persons()).sum();
    let persons = 100_000;
    let counts = counted(&made(persons, 5));
    let mut by_province: BTreeMap<(&str, usize), (u64, u64, u64)> = BTreeMap::new();
    for (place, area) in marginals.areas().iter().enumerate() {
        for group in 0..21 {
            let sum = by_province.entry((&area.code[..2], group)).or_default();
            sum.2 += 1;
            for sex in [0, 1] {
                sum.0 += area.count(sex, group) * persons;
                sum.1 += counts.get(&(place, sex, group)).copied().unwrap_or(0) * total;
            }
        }
    }
    // Roundings of one area have nothing to do with those of another: they grow with the root of the areas, not with their number.
    let mut worst = 0;
    for ((province, group), (share, got, areas)) in &by_province {
        let off = share.abs_diff(*got) / (total / 100);
        worst = worst.max(off);
        assert!(off <= 300 + 100 * areas.isqrt(), "{province} {group}: {off} hundredths of {areas} areas");
    }
    println!(
        "{} sums by province and age group, the worst {worst} hundredths of a person off",
        by_province.len()
    );
}

#[test]
fn households_are_plausible() {
    let population = made(400_000, 2);
    let (mut sizes, mut households) = ([0_u64; 6], 0_u64);
    let (mut couples, mut far_couples, mut children, mut odd_children, mut without) =
        (0_u64, 0_u64, 0_u64, 0_u64, 0_u64);
    let (mut elders, mut lone, mut families) = (0_u64, 0_u64, 0_u64);
    for block in blocks(&population) {
        for span in block.starts().windows(2) {
            let lanes = usize::try_from(span[0]).unwrap()..usize::try_from(span[1]).unwrap();
            households += 1;
            sizes[lanes.len().min(5)] += 1;
            let head = lanes.start;
            assert_eq!(block.roles()[head], Role::Head);
            assert!(block.ages()[head] >= 15, "a head of {}", block.ages()[head]);
            let spouse = lanes.clone().find(|lane| block.roles()[*lane] == Role::Spouse);
            assert!(lanes.clone().filter(|lane| block.roles()[*lane] == Role::Spouse).count() <= 1);
            if let Some(spouse) = spouse {
                assert_eq!(spouse, head + 1);
                couples += 1;
                assert_ne!(block.sexes()[head], block.sexes()[spouse]);
                assert!(block.ages()[spouse] >= 18);
                far_couples += u64::from(block.ages()[head].abs_diff(block.ages()[spouse]) > 12);
            }
            let mother =
                [Some(head), spouse].into_iter().flatten().find(|lane| block.sexes()[*lane] == Sex::Female);
            let parent = i32::from(block.ages()[mother.unwrap_or(head)]);
            families += u64::from(lanes.clone().any(|lane| block.roles()[lane] == Role::Child));
            lone +=
                u64::from(spouse.is_none() && lanes.clone().any(|lane| block.roles()[lane] == Role::Child));
            for lane in lanes.clone() {
                let age = i32::from(block.ages()[lane]);
                match block.roles()[lane] {
                    Role::Child => {
                        children += 1;
                        assert!((16..=52).contains(&(parent - age)), "{parent} {age}");
                        odd_children += u64::from(!(20..=43).contains(&(parent - age)));
                    }
                    Role::Grandchild => assert!(parent - age >= 40),
                    Role::Elder => {
                        elders += 1;
                        assert!(age >= 65 && age - i32::from(block.ages()[head]) >= 14);
                    }
                    Role::Other => without += u64::from(age < 15),
                    _ => {}
                }
            }
        }
    }
    let share = |n: u64, of: u64| n * 1000 / of;
    println!(
        "{households} households; of 1, 2, 3, 4, 5+: {:?} of 1000",
        sizes[1..].iter().map(|n| share(*n, households)).collect::<Vec<_>>()
    );
    println!(
        "couples {}, lone {} of 1000 households; {} elders; {} couples more than 12 years apart; of {children} children {odd_children} with a mother not 20 to 43 years older, {without} below 15 with nobody who could be a parent; families {families}",
        share(couples, households),
        share(lone, households),
        elders,
        far_couples
    );
    assert!(far_couples * 100 < couples);
    assert!(odd_children * 50 < children);
    assert!(without * 1000 < children);
    for (size, census) in (1..).zip([317_u64, 280, 201, 156, 46]) {
        let made = share(sizes[size], households);
        assert!(made.abs_diff(census) <= 10, "households of {size}: {made} of 1000, the census {census}");
    }
}

#[test]
fn every_named_fact_has_a_column_for_everybody() {
    let population = made(30_000, 9);
    let block = population.block(population.blocks() / 2).unwrap();
    let columns = block.columns(NAMES.iter().copied());
    assert_eq!(columns.len(), block.len());
    for name in NAMES {
        assert!(columns.get(name).is_some(), "{name}");
    }
    assert!(block.columns(["민원.제목"]).get("민원.제목").is_none());
}

#[test]
#[ignore = "prints how lives come out"]
fn lives_come_out() {
    let population = made(300_000, 2);
    let mut traits = [0_u64; 24];
    let mut bands = [0_u64; 5];
    let mut persons = 0_u64;
    let mut grown = 0_u64;
    let mut working = 0_u64;
    let mut tenure: BTreeMap<String, u64> = BTreeMap::new();
    let mut means: BTreeMap<String, u64> = BTreeMap::new();
    for block in blocks(&population) {
        let columns = block.columns(["근로소득", "사업소득", "주거.형태", "감면.계층"]);
        let number = |name: &str, lane| match columns.get(name).unwrap().value(lane) {
            maru_rules::Value::Number(n) => n.to_i64().unwrap(),
            _ => 0,
        };
        let text = |name: &str, lane| match columns.get(name).unwrap().value(lane) {
            maru_rules::Value::Text(n) => n,
            _ => String::new(),
        };
        for lane in 0..block.len() {
            persons += 1;
            for (bit, held) in traits.iter_mut().enumerate() {
                *held += u64::from(block.traits()[lane] >> bit & 1);
            }
            if block.ages()[lane] >= 15 {
                grown += 1;
                working += u64::from(
                    number("근로소득", lane) + number("사업소득", lane) > 0
                        || block.traits()[lane] >> 11 & 1 == 1,
                );
            }
            if block.roles()[lane] == Role::Head {
                *tenure.entry(text("주거.형태", lane)).or_default() += 1;
            }
            *means.entry(text("감면.계층", lane)).or_default() += 1;
        }
        for band in block.bands() {
            bands[usize::from(band)] += 1;
        }
    }
    println!("traits {:?} of 10000", traits.map(|n| n * 10000 / persons));
    println!(
        "bands {:?} of 1000; working {} of 1000 of 15 and over; {tenure:?} {means:?}",
        bands.map(|n| n * 1000 / persons),
        working * 1000 / grown
    );
}

/// Nanoseconds this thread has had a core, whatever else the machine does.
fn processor_time() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

#[test]
#[ignore = "measures; run with --release"]
fn measure() {
    let population = made(52_000_000, 1);
    for (what, with_traits) in [("persons and households", false), ("with lives, traits and bands", true)] {
        let start = processor_time();
        let mut persons = 0_u64;
        for n in (0..population.blocks()).step_by(16) {
            let block = population.block(n).unwrap();
            persons += u64::try_from(block.len()).unwrap();
            if with_traits {
                std::hint::black_box((block.traits().len(), block.bands().len()));
            }
        }
        let milliseconds = ((processor_time() - start) / 1_000_000).max(1);
        println!("{what}: {persons} persons, {} for a second of one core", persons * 1000 / milliseconds);
    }
}

#[test]
#[ignore = "measures; run with --release"]
fn measure_a_nation_into_a_file() {
    let population = made(52_000_000, 1);
    let start = processor_time();
    let mut writer = Writer::new(std::io::sink(), &population, &marginals()).unwrap();
    blocks(&population).for_each(|block| writer.write(&block).unwrap());
    let (_, summary) = writer.finish().unwrap();
    println!("{summary:?}; {} milliseconds of one core", (processor_time() - start) / 1_000_000);
}

#[test]
fn facts_of_some_are_those_of_all_and_a_household_agrees() {
    let population = made(60_000, 5);
    for block in blocks(&population).step_by(23) {
        let some: Vec<u32> = (0..u32::try_from(block.len()).unwrap()).step_by(7).collect();
        for name in NAMES {
            let (Some(all), Some(few)) = (block.column(name), block.column_of(name, &some)) else { continue };
            for (place, lane) in some.iter().enumerate() {
                let lane = usize::try_from(*lane).unwrap();
                assert_eq!(few.value(place), all.value(lane), "{name}");
                let head =
                    usize::try_from(block.starts()[usize::try_from(block.houses()[lane]).unwrap()]).unwrap();
                if Block::is_of_household(name) {
                    assert_eq!(all.value(lane), all.value(head), "{name}");
                }
            }
        }
    }
}
