//! A made population where the pack is at hand: its facts, its areas, what services say of it, and the command.

// Tests say what they expect by unwrapping it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::{
    collections::BTreeMap,
    io::Read,
    path::PathBuf,
    process::{Command, Output},
};

use jiff::civil::{Date, date};
use maru::{population, wire};
use maru_definition::{FactKind, Pack};
use maru_population::{Block, NAMES, Population};
use maru_rules::{Answer, Value};

fn on() -> Date {
    date(2026, 11, 2)
}

fn made(pack: &Pack, persons: u64) -> Population {
    population::of(pack, persons, 6, on()).unwrap()
}

fn some(of: &Population, every: usize) -> impl Iterator<Item = Block> + '_ {
    (0..of.blocks()).step_by(every).map(|n| of.block(n).unwrap())
}

#[test]
fn every_column_is_a_fact_of_the_pack_and_of_its_kind() {
    let pack = wire::pack().unwrap();
    let population = made(&pack, 60_000);
    let mut values = 0_u64;
    for block in some(&population, 9) {
        let columns = block.columns(NAMES.iter().copied());
        for name in NAMES {
            let fact = pack.fact(name).unwrap_or_else(|| panic!("{name} is no fact"));
            let column = columns.get(name).unwrap();
            for lane in 0..block.len() {
                let value = column.value(lane);
                let fits = match (fact.kind, &value) {
                    (_, Value::Unknown) => continue,
                    (FactKind::Number, Value::Number(n)) => {
                        let n = n.floor().to_i64().unwrap();
                        fact.min.is_none_or(|min| n >= min) && fact.max.is_none_or(|max| n <= max)
                    }
                    (FactKind::Choice, Value::Text(text)) => fact.choices.iter().any(|c| c.value == *text),
                    (FactKind::Region, Value::Text(text)) => {
                        pack.region(text).is_some_and(|region| region.name == *text)
                    }
                    (FactKind::Boolean, Value::Bool(_))
                    | (FactKind::Text, Value::Text(_))
                    | (FactKind::Date, Value::Date(_))
                    | (FactKind::List, Value::List(_)) => true,
                    _ => false,
                };
                assert!(fits, "{name}: {value:?}");
                values += 1;
            }
        }
    }
    println!("{} facts, {values} values of their kind", NAMES.len());
}

#[test]
fn the_bits_of_traits_are_those_of_the_dictionary() {
    let pack = wire::pack().unwrap();
    let of = |group: &str| {
        let facts = pack.facts.iter().filter(|fact| fact.group.as_deref() == Some(group));
        facts.map(|fact| fact.name.clone()).collect::<Vec<_>>()
    };
    let names = [of("person"), of("household")].concat();
    assert_eq!(names.len(), 24);
    let population = made(&pack, 30_000);
    let mut held = vec![0_u64; names.len()];
    for block in some(&population, 3) {
        for (bit, name) in names.iter().enumerate() {
            let column = block.column(name).unwrap();
            for (lane, traits) in block.traits().iter().enumerate() {
                let holds = traits >> bit & 1 == 1;
                assert_eq!(column.value(lane), Value::Bool(holds), "{name}");
                held[bit] += u64::from(holds);
            }
        }
    }
    println!("{names:?} {held:?}");
}

#[test]
fn areas_are_the_smallest_regions_of_the_pack() {
    let pack = wire::pack().unwrap();
    let marginals = population::marginals(&pack).unwrap();
    let is_leaf = |code: &str| !pack.regions.iter().any(|region| region.parent.as_deref() == Some(code));
    let leaves: BTreeMap<&str, &str> = pack
        .regions
        .iter()
        .filter(|region| is_leaf(&region.code))
        .map(|region| (region.code.as_str(), region.name.as_str()))
        .collect();
    let areas: BTreeMap<&str, &str> =
        marginals.areas().iter().map(|area| (area.code.as_str(), area.name.as_str())).collect();
    assert_eq!(areas, leaves);
}

/// Nearly everybody has an answer of nearly every service that has rules.
#[test]
fn services_know_their_answer() {
    let pack = wire::pack().unwrap();
    let population = made(&pack, 40_000);
    let mut told: BTreeMap<&str, [u64; 4]> = BTreeMap::new();
    let mut missing: BTreeMap<&str, BTreeMap<String, u64>> = BTreeMap::new();
    let ruled: Vec<_> = pack.services.iter().filter(|service| !service.rules.names().is_empty()).collect();
    for block in some(&population, 31) {
        let columns = block.columns(NAMES.iter().copied());
        for lane in (0..block.len()).step_by(3) {
            let facts = columns.facts(lane);
            for service in &ruled {
                let counts = told.entry(&service.id).or_default();
                let (decision, faults) = service.rules.check(&facts, &pack.parameters, on());
                assert!(faults.is_empty(), "{}: {faults:?}", service.id);
                match decision.answer {
                    Answer::Yes if decision.amount.is_some() => counts[0] += 1,
                    Answer::Yes => counts[1] += 1,
                    Answer::No => counts[2] += 1,
                    Answer::Unknown => counts[3] += 1,
                }
                for name in decision.missing {
                    *missing.entry(&service.id).or_default().entry(name).or_default() += 1;
                }
            }
        }
    }
    let mut known = 0;
    for (id, [yes, without, no, unknown]) in &told {
        let all = yes + without + no + unknown;
        println!(
            "{id}: yes {yes}, yes without an amount {without}, no {no}, unknown {unknown}; {:?}",
            missing.get(id)
        );
        known += usize::from(unknown * 50 < all);
    }
    println!("{known} of {} services answer at least 98 of 100", told.len());
    assert!(known >= 36, "{known}");
}

fn maru(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_maru")).arg("population").args(arguments).output().unwrap()
}

fn said(output: &Output) -> (bool, String) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[test]
fn the_command_writes_reads_and_refuses() {
    let folder = std::env::temp_dir().join(format!("maru-population-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (one, two) = (file("one"), file("two"));
    let arguments = ["--persons", "20000", "--seed", "5", "--on", "2026-11-02", "--out"];
    let (right, first) = said(&maru(&[&arguments[..], &[&one]].concat()));
    assert!(right && first.contains("20000 persons in ") && first.contains("sha256 "), "{first}");
    assert!(said(&maru(&[&arguments[..], &[&two]].concat())).0);
    assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap());
    assert!(!folder.join("one.part").exists());
    let (right, whole) = said(&maru(&["--check", &one]));
    assert!(right && whole.contains("20000 persons in ") && whole.contains(": whole"), "{whole}");

    let bytes = std::fs::read(&one).unwrap();
    std::fs::write(&two, &bytes[..bytes.len() / 2]).unwrap();
    let (right, cut) = said(&maru(&["--check", &two]));
    assert!(!right && cut.contains("cut short") && cut.contains("make the file again"), "{cut}");

    let (right, table) = said(&maru(&["--persons", "300", "--on", "2026-11-02", "--csv"]));
    assert!(right);
    assert_eq!(table.lines().count(), 301);
    assert!(table.starts_with("area,household,role,성별,나이"));

    for (wrong, what) in [
        (&["--persons", "200000", "--on", "2026-11-02", "--csv"][..], "too many for a table"),
        (&["--persons", "10", "--on", "1999-01-01"][..], "no 기준중위소득 is in force on 1999-01-01"),
        (&["--persons", "9999999999", "--on", "2026-11-02"][..], "ask for at most"),
        (&["--persons", "10", "--on", "2026-11-02", "--out", "/nowhere/at/all"][..], "name another file"),
        (&["--check", "/nowhere/at/all"][..], "name a file"),
        (&[][..], "--persons"),
    ] {
        let (right, text) = said(&maru(wrong));
        assert!(!right && text.contains(what), "{wrong:?}: {text}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

fn data() -> Option<PathBuf> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let shared = std::env::var_os("MARU_SHARED").map_or_else(|| PathBuf::from(root), PathBuf::from);
    let data = shared.join("data/population");
    if !data.is_dir() {
        println!("# note: not compared: {} is not there", data.display());
        return None;
    }
    Some(data)
}

/// The shipped counts against the statistics they were taken from: by province, sex and age, under the names of today.
#[test]
fn the_counts_are_those_of_the_statistics() {
    let Some(data) = data() else { return };
    let pack = wire::pack().unwrap();
    let marginals = population::marginals(&pack).unwrap();
    let text = std::fs::read_to_string(data.join("pop_age_sex_sido_202406.csv")).unwrap();
    let mut theirs: BTreeMap<(String, usize, usize), u64> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let columns: Vec<&str> = line.split(',').collect();
        let [sido, _, ages, sex, count] = columns[..] else { panic!("{line}") };
        let group = ages.split(['-', '+']).next().unwrap().parse::<usize>().unwrap() / 5;
        let region = pack.region(sido).unwrap();
        let key = (region.code.clone(), usize::from(sex == "F"), group);
        *theirs.entry(key).or_default() += count.parse::<u64>().unwrap();
    }
    let mut ours: BTreeMap<(String, usize, usize), u64> = BTreeMap::new();
    for area in marginals.areas() {
        for sex in [0, 1] {
            for group in 0..21 {
                *ours.entry((area.code[..2].to_owned(), sex, group)).or_default() += area.count(sex, group);
            }
        }
    }
    assert_eq!(ours, theirs);
    println!("{} sums by province, sex and age agree; {} persons", ours.len(), ours.values().sum::<u64>());
}

/// The same by city, county and district: those of 2024 that are still one, or that are whole in what they became.
#[test]
fn the_counts_of_districts_are_those_of_the_statistics() {
    let Some(data) = data() else { return };
    let pack = wire::pack().unwrap();
    let marginals = population::marginals(&pack).unwrap();
    let mut ours: BTreeMap<&str, u64> = BTreeMap::new();
    for area in marginals.areas() {
        let region = pack.regions.by_code(&area.code).unwrap();
        for code in [Some(&region.code), region.parent.as_ref()].into_iter().flatten() {
            *ours.entry(code).or_default() += area.persons();
        }
    }
    let mut text = String::new();
    let file = std::fs::File::open(data.join("pop_age_sex_sigungu_202406.csv.gz")).unwrap();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    let mut theirs: BTreeMap<String, u64> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let columns: Vec<&str> = line.split(',').collect();
        let [sido, sigungu, _, _, _, count] = columns[..] else { panic!("{line}") };
        *theirs.entry(format!("{sido} {sigungu}").trim().to_owned()).or_default() +=
            count.parse::<u64>().unwrap();
    }
    // 중구 and 서구 of Incheon were divided on 2026-07-01; what was 동구 took in a part of 중구.
    let divided = ["인천광역시 중구", "인천광역시 동구", "인천광역시 서구"];
    let mut compared = 0;
    for (name, persons) in theirs.iter().filter(|(name, _)| !divided.contains(&name.as_str())) {
        let region = pack.region(name).unwrap_or_else(|| panic!("{name} is nowhere"));
        assert_eq!(ours.get(region.code.as_str()), Some(persons), "{name}");
        compared += 1;
    }
    let before: u64 = divided.iter().map(|name| theirs[*name]).sum();
    let after: u64 = ["28125", "28155", "28275", "28290"].iter().map(|code| ours[*code]).sum();
    assert_eq!(before, after);
    println!("{compared} districts agree, and what 3 divided ones became");
}
