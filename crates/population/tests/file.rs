//! A population's file: what goes in comes out, and whatever is not whole is refused with its place.

// Tests say what they expect by unwrapping it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::LazyLock;

use jiff::civil::date;
use maru_kernel::Won;
use maru_population::{Block, Fault, Marginals, NAMES, Population, Reader, Summary, Writer};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

const AREAS: &str = include_str!("../../../packs/kr/population/areas.tsv");
const ASSUMPTIONS: &str = include_str!("../../../packs/kr/population/assumptions.tsv");

static MARGINALS: LazyLock<Marginals> = LazyLock::new(|| Marginals::parse(AREAS, ASSUMPTIONS).unwrap());
static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| written(&made(5_000)).0);

fn made(persons: u64) -> Population {
    let medians = [2_564_238, 4_199_292, 5_359_036].map(Won);
    Population::new(&MARGINALS, persons, 8, date(2026, 11, 2), &medians).unwrap()
}

fn written(of: &Population) -> (Vec<u8>, Summary) {
    let mut writer = Writer::new(Vec::new(), of, &MARGINALS).unwrap();
    (0..of.blocks()).for_each(|n| writer.write(&of.block(n).unwrap()).unwrap());
    writer.finish().unwrap()
}

fn read(bytes: &[u8]) -> Result<Vec<Block>, Fault> {
    let mut reader = Reader::open(bytes, &MARGINALS)?;
    let mut blocks = Vec::new();
    while let Some(block) = reader.block()? {
        blocks.push(block);
    }
    Ok(blocks)
}

#[test]
fn what_goes_in_comes_out() {
    for persons in [0, 1, 5_000, 60_000] {
        let population = made(persons);
        let (bytes, summary) = written(&population);
        assert_eq!(summary.persons, persons);
        assert_eq!(summary.bytes, u64::try_from(bytes.len()).unwrap());
        assert_eq!(summary.sha256, <[u8; 32]>::from(Sha256::digest(&bytes)));
        assert_eq!(bytes, written(&population).0, "the same bytes again");
        let blocks = read(&bytes).unwrap();
        assert_eq!(u64::try_from(blocks.len()).unwrap(), population.blocks());
        for (n, read) in (0..).zip(&blocks) {
            let made = population.block(n).unwrap();
            assert!(*read == made);
            assert_eq!((read.traits(), read.bands()), (made.traits(), made.bands()));
        }
        if let Some(read) = blocks.first() {
            let (one, other) = (
                read.columns(NAMES.iter().copied()),
                population.block(0).unwrap().columns(NAMES.iter().copied()),
            );
            for lane in 0..read.len() {
                assert_eq!(one.facts(lane).to_json(), other.facts(lane).to_json());
            }
        }
    }
}

#[test]
fn another_version_other_marginals_and_more_than_the_end_are_refused() {
    let mut other = FILE.clone();
    other[8] += 1;
    let told = read(&other).unwrap_err().to_string();
    assert!(
        told.contains("byte 8") && told.contains("version 2") && told.contains("make the file again"),
        "{told}"
    );

    let mut other = FILE.clone();
    other[0] = b'X';
    assert!(read(&other).unwrap_err().what.contains("no population"));

    let more = [&FILE[..], &[0]].concat();
    assert!(read(&more).unwrap_err().what.contains("more after the end"));

    let changed =
        ASSUMPTIONS.replacen("work.business\twon a month\t2300000", "work.business\twon a month\t2300001", 1);
    let changed = Marginals::parse(AREAS, &changed).unwrap();
    let Err(fault) = Reader::open(&FILE[..], &changed) else { panic!("other marginals are taken") };
    assert!(fault.what.contains("other marginals"), "{fault}");
}

#[test]
fn a_block_left_out_is_refused() {
    let population = made(5_000);
    let mut writer = Writer::new(Vec::new(), &population, &MARGINALS).unwrap();
    (0..population.blocks())
        .filter(|n| *n != 3)
        .for_each(|n| writer.write(&population.block(n).unwrap()).unwrap());
    let (bytes, _) = writer.finish().unwrap();
    assert!(read(&bytes).unwrap_err().what.contains("block 3"));

    let mut writer = Writer::new(Vec::new(), &population, &MARGINALS).unwrap();
    (0..population.blocks() - 1).for_each(|n| writer.write(&population.block(n).unwrap()).unwrap());
    let (bytes, _) = writer.finish().unwrap();
    assert!(read(&bytes).unwrap_err().what.contains("end mark"));
}

#[test]
fn marginals_that_are_wrong_are_refused_with_their_line() {
    for (areas, assumptions, what) in [
        ("", ASSUMPTIONS, "0 areas"),
        ("11110\t서울특별시 종로구\t1 2\t3", ASSUMPTIONS, "areas.tsv:1: counts that can't be read"),
        ("11110\t서울특별시 종로구", ASSUMPTIONS, "areas.tsv:1: 2 columns"),
        (AREAS, "merit.men\t‰\t1 2\t", "assumptions.tsv:1: merit.men has no note"),
        (AREAS, "merit.men\t‰\t1 -2\tassumed", "assumptions.tsv:1: values of merit.men"),
        (AREAS, "a\t‰\t1\tassumed\na\t‰\t1\tassumed", "assumptions.tsv:2: a is here twice"),
    ] {
        let told = Marginals::parse(areas, assumptions).unwrap_err().to_string();
        assert!(told.contains(what), "{told}");
    }
    for (from, to, what) in [
        ("pension.amount\t", "pension.amounts\t", "there is no row pension.amount"),
        ("home.free\t‰\t40", "home.free\t‰\t40 3", "home.free has 2 values; give it 1"),
        (
            "household.mother_age\tyears\t22 31 42",
            "household.mother_age\tyears\t42 31 22",
            "three rising ages",
        ),
    ] {
        let marginals = Marginals::parse(AREAS, &ASSUMPTIONS.replacen(from, to, 1)).unwrap();
        let told =
            Population::new(&marginals, 10, 1, date(2026, 1, 1), &[Won(1), Won(2)]).unwrap_err().to_string();
        assert!(told.contains(what), "{told}");
    }
    let told = Population::new(&MARGINALS, 10, 1, date(2026, 1, 1), &[Won(2), Won(1)]).unwrap_err();
    assert!(told.todo.contains("rising"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_file_cut_short_is_refused_wherever_it_is_cut(at in 0..FILE.len()) {
        let fault = read(&FILE[..at]).unwrap_err();
        prop_assert!(fault.what.contains("cut short"), "{}: {}", at, fault);
        prop_assert!(fault.place.starts_with("byte "));
    }

    #[test]
    fn a_changed_byte_is_refused_wherever_it_is(at in 0..FILE.len(), bits in 1..=255_u8) {
        let mut bytes = FILE.clone();
        bytes[at] ^= bits;
        let fault = read(&bytes).unwrap_err();
        prop_assert!(!fault.todo.is_empty());
    }
}
