//! The whole catalogue over a small made population, against what one person is told.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::as_conversions
)]

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use maru::{population, wire};
use maru_definition::{Definitions, Nation};
use maru_kernel::{At, Date};
use maru_message::Post;
use maru_policy::{Found, Head, Kept, Progress, Region, Screened, Screening, Which};
use maru_population::NAMES;
use maru_rules::{Answer, Ratio};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("maru-screen-test-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

async fn nation(name: &str) -> Arc<Nation> {
    let folder = Folder::new(name);
    let place = maru_store::Place::new(&folder.0, None);
    let store = wire::open_store(&place, &wire::rooms(Post::None)).await.unwrap();
    let definitions = Definitions::open(store, wire::pack().unwrap(), At::default()).await.unwrap();
    Arc::new(definitions.nation())
}

fn screening(nation: &Arc<Nation>, persons: u64, on: Date) -> Screening {
    let marginals = population::marginals(&nation.pack).unwrap();
    let people = population::of(&nation.pack, persons, 7, on).unwrap();
    Screening::new(Arc::clone(nation), Arc::new(marginals), Arc::new(people), on)
}

fn run(screening: &Screening) -> Screened {
    screening.run(2, &Progress::default(), Vec::new(), None)
}

fn same(a: &[Found], b: &[Found]) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        // how many were worked out alone is not part of what was found
        assert_eq!(Found { alone: 0, ..a.clone() }, Found { alone: 0, ..b.clone() });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_counted_is_what_each_is_told() {
    let nation = nation("counted").await;
    let screening = screening(&nation, 2_500, day("2026-07-01"));
    let screened = run(&screening);
    assert_eq!(screened.persons(), 2_500);
    assert_eq!(screened.alone(), 0, "no service needs to be asked of one person at a time");

    let (mut coded, mut deep, mut won, mut people) =
        (BTreeMap::new(), BTreeMap::new(), BTreeMap::new(), 0_u64);
    for area in 0..screening.marginals.areas().len() {
        let name = &screening.marginals.areas()[area].name;
        let leaf = nation.pack.regions.find(name).and_then(maru_definition::Region::leaf).unwrap();
        for number in screening.population.blocks_of(area) {
            let block = screening.population.block(number).unwrap();
            let columns = block.columns(NAMES.iter().copied());
            for (lane, profile) in screening.profiles(&block).into_iter().enumerate() {
                people += 1;
                for (place, (_, shape)) in nation.coded.iter().enumerate() {
                    let answer = if shape.serves(leaf) { shape.answer(&profile) } else { Answer::No };
                    *coded.entry((place, answer == Answer::Yes)).or_insert(0_u64) +=
                        u64::from(answer != Answer::No);
                }
                // the rules are slow one by one: every fifth person
                if people % 5 != 0 {
                    continue;
                }
                let facts = columns.facts(lane);
                for (place, (_, service)) in nation.deep.iter().enumerate() {
                    let decision = screening.decide(service, &facts);
                    *deep.entry((place, decision.answer == Answer::Yes)).or_insert(0_u64) += 1;
                    *won.entry(place).or_insert(0_i64) += decision.amount.unwrap_or(0);
                    let hits = service.rules.decide_many(&one(&facts), &nation.pack.parameters, screening.on);
                    assert_eq!(hits.yes.len() == 1, decision.answer == Answer::Yes, "{}", service.id);
                    assert_eq!(hits.amounts.first().copied().flatten(), decision.amount, "{}", service.id);
                }
            }
        }
    }
    for place in 0..nation.coded.len() {
        let count = screened.count(&screening, Which::Coded(place));
        let of = |yes| coded.get(&(place, yes)).copied().unwrap_or(0);
        assert_eq!((count.yes, count.unknown), (of(true), of(false)), "{}", nation.coded[place].0.id);
    }
    println!("{people} persons, {} services: each as one person is told", screening.services());
    assert!(deep.keys().any(|(_, yes)| *yes) && won.values().any(|won| *won > 0));
    let known: u64 =
        nation.deep.iter().enumerate().map(|(at, _)| screened.count(&screening, Which::Deep(at)).yes).sum();
    let sampled: u64 = deep.iter().filter(|((_, yes), _)| *yes).map(|(_, count)| count).sum();
    assert!((known / 8..known / 3).contains(&sampled), "{sampled} of {known}");
}

fn one(facts: &maru_rules::Facts) -> maru_rules::Columns {
    maru_rules::Columns::of(std::slice::from_ref(facts)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_kept_goes_on_where_it_was_cut_and_tells_what_changed() {
    let nation = nation("cut").await;
    let before = screening(&nation, 12_000, day("2026-06-30"));
    let whole = run(&before);
    let folder = Folder::new("kept");
    let path = folder.0.join("june");
    let head = Head::of(&before);
    let keep = |path: &std::path::Path| {
        let kept = std::sync::Mutex::new(Kept::go_on(path, &head).unwrap());
        let areas: Vec<usize> = kept.lock().unwrap().areas().collect();
        let known: Vec<Found> = areas
            .iter()
            .map(|area| before.found(&kept.lock().unwrap().region(*area).unwrap().unwrap()))
            .collect();
        let add = |region: Region| kept.lock().unwrap().add(&region).unwrap();
        (areas.len(), before.run(2, &Progress::default(), known, Some(&add)))
    };
    let (none, first) = keep(&path);
    assert_eq!(none, 0);
    same(&first.regions, &whole.regions);

    // cut short anywhere, it goes on; what was whole is not done again
    let bytes = std::fs::read(&path).unwrap();
    for part in [3_usize, 5, 9] {
        let cut = folder.0.join(format!("cut-{part}"));
        std::fs::write(&cut, &bytes[..bytes.len() * part / 10]).unwrap();
        if Kept::open(&cut).is_err() {
            // cut within its head: that is said, and nothing is made of it
            continue;
        }
        let (known, again) = keep(&cut);
        assert!(known < whole.regions.len());
        same(&again.regions, &whole.regions);
        assert!(Kept::open(&cut).unwrap().is_whole());
    }
    // a changed byte is found
    let spoilt = folder.0.join("spoilt");
    let mut other = bytes.clone();
    let at = other.len() - 100;
    other[at] ^= 1;
    std::fs::write(&spoilt, other).unwrap();
    let error = Kept::open(&spoilt).err().unwrap().to_string();
    assert!(error.contains("changed after it was written"), "{error}");
    std::fs::write(&spoilt, "something else").unwrap();
    assert!(Kept::open(&spoilt).is_err());
    let error = Kept::go_on(&path, &Head::of(&screening(&nation, 12_001, day("2026-06-30")))).err().unwrap();
    assert!(error.to_string().contains("--since"), "{error}");

    // against itself nothing changed; against one whose law is another, what each of the two says
    let mut june = Kept::open(&path).unwrap();
    assert!(june.since(&mut Kept::open(&path).unwrap()).unwrap().is_empty());
    let later = screening(&nation, 12_000, day("2025-12-31"));
    let path = folder.0.join("december");
    let kept = std::sync::Mutex::new(Kept::go_on(&path, &Head::of(&later)).unwrap());
    let add = |region: Region| kept.lock().unwrap().add(&region).unwrap();
    let other = later.run(2, &Progress::default(), Vec::new(), Some(&add));
    let changes = Kept::open(&path).unwrap().since(&mut june).unwrap();
    println!("{} services reach others", changes.len());
    for (id, change) in &changes {
        let which = before.find(id).unwrap();
        let (was, is) = (whole.count(&before, which).yes, other.count(&later, which).yes);
        assert_eq!(was + change.new - change.gone, is, "{id}");
    }
    assert!(changes.contains_key("basic-pension"), "the limit of 2026 is another");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_turned_is_the_law_with_that_parameter() {
    let nation = nation("turned").await;
    let screening = screening(&nation, 30_000, day("2026-07-01"));
    let Some(Which::Deep(service)) = screening.find("basic-pension") else { panic!("no basic pension") };
    let name = "기초연금_선정기준액";
    let turning = screening.turning(service, name, 2, &Progress::default()).unwrap();
    let value = nation.pack.parameters.at(name, screening.on).unwrap();
    let now = screening.turn(&turning, value.clone(), 2).unwrap();
    let whole = run(&screening).count(&screening, Which::Deep(service));
    assert_eq!((now.all.before, now.all.after, now.all.gain, now.all.lose), (whole.yes, whole.yes, 0, 0));
    assert_eq!(Some(now.all.won_after), whole.won);
    let lower = maru_policy::with_entry(value, Some("1"), Ratio::from_i64(500_000)).unwrap();
    let effect = screening.turn(&turning, lower, 2).unwrap();
    assert!(effect.all.lose > 0 && effect.all.gain == 0 && effect.all.won_after < effect.all.won_before);
    assert_eq!(effect.all.before - effect.all.lose, effect.all.after);
    let areas: u64 = effect.areas.iter().map(|change| change.lose).sum();
    let cells: u64 = effect.cells.iter().map(|change| change.lose).sum();
    assert_eq!((areas, cells), (effect.all.lose, effect.all.lose));
    assert!(screening.turning(service, "없는것", 2, &Progress::default()).is_err());
    assert!(screening.turning(9_999, name, 2, &Progress::default()).is_err());
    assert!(maru_policy::with_entry(value, Some("0"), Ratio::ONE).is_none());
    assert!(maru_policy::with_entry(value, None, Ratio::ONE).is_none());
}
