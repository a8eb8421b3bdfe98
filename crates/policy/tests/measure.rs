//! Not a test of speed but a way to see it: what each service written in depth costs a person, and what their facts cost.
//! `cargo test --release -p maru-policy --test measure -- --ignored --nocapture`

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::{
    cell::RefCell,
    collections::BTreeMap,
    time::{Duration, Instant},
};

use maru_definition::Pack;
use maru_kernel::{Date, Won};
use maru_policy::{Lazy, Shared};
use maru_population::{Block, Marginals, Population};
use maru_rules::{Column, Crowd, Meaning, Value};

/// Counts what the columns cost apart from the rules.
struct Timed<'a> {
    inner: Lazy<'a>,
    spent: RefCell<BTreeMap<String, Duration>>,
}

impl Crowd for Timed<'_> {
    fn lanes(&self) -> usize {
        self.inner.lanes()
    }

    fn column(&self, name: &str) -> Option<Column> {
        let start = Instant::now();
        let column = self.inner.column(name);
        *self.spent.borrow_mut().entry(name.to_owned()).or_default() += start.elapsed();
        column
    }

    fn column_of(&self, name: &str, lanes: &[u32]) -> Option<Column> {
        let start = Instant::now();
        let column = self.inner.column_of(name, lanes);
        *self.spent.borrow_mut().entry(name.to_owned()).or_default() += start.elapsed();
        column
    }

    fn shared(&self, meaning: &Meaning) -> Option<Column> {
        self.inner.shared(meaning)
    }
}

#[test]
#[ignore = "prints timings"]
fn measure() {
    let pack = Pack::embedded().unwrap();
    let (areas, assumptions) = pack.population().unwrap();
    let marginals = Marginals::parse(areas, assumptions).unwrap();
    let on: Date = "2026-07-01".parse().unwrap();
    let Some(Value::List(medians)) = pack.parameters.at("기준중위소득", on) else {
        panic!("no medians")
    };
    let medians: Vec<Won> = medians
        .iter()
        .filter_map(|n| match n {
            Value::Number(n) => n.to_i64().map(Won),
            _ => None,
        })
        .collect();
    let people = Population::new(&marginals, 52_000_000, 1, on, &medians).unwrap();
    let numbers: Vec<u64> = (0..people.blocks()).step_by(97).collect();
    let start = Instant::now();
    let blocks: Vec<Block> = numbers.iter().map(|n| people.block(*n).unwrap()).collect();
    let made = start.elapsed();
    let persons: u32 = blocks.iter().map(|block| u32::try_from(block.len()).unwrap()).sum();
    let each =
        |time: Duration| f64::from(u32::try_from(time.as_micros()).unwrap()) * 1000.0 / f64::from(persons);
    println!("{persons} persons in {} blocks, made at {:.1} ns a person", blocks.len(), each(made));
    let start = Instant::now();
    blocks.iter().for_each(|block| {
        block.traits();
    });
    println!("{:>8.1} ns  lives and traits", each(start.elapsed()));

    let written = || pack.services.iter().filter(|service| !service.asks_nothing()).cloned();
    let shared = Shared::of(written(), on);
    let crowds: Vec<Timed<'_>> = blocks
        .iter()
        .map(|block| Timed { inner: Lazy::of(block, &shared, &pack.parameters), spent: RefCell::default() })
        .collect();
    let mut rows = Vec::new();
    for service in written() {
        let facts = || -> Duration {
            crowds.iter().flat_map(|c| c.spent.borrow().values().copied().collect::<Vec<_>>()).sum()
        };
        let (before, start) = (facts(), Instant::now());
        let mut yes = 0;
        for crowd in &crowds {
            yes += service.rules.decide_many(crowd, &pack.parameters, on).yes.len();
        }
        let (whole, facts) = (start.elapsed(), facts() - before);
        rows.push((whole.saturating_sub(facts), facts, yes, service.id.clone()));
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.0 + row.1));
    let sum =
        |part: fn(&(Duration, Duration, usize, String)) -> Duration| rows.iter().map(part).sum::<Duration>();
    println!(
        "{:>8.1} ns  rules, and {:.1} ns of facts, of all services",
        each(sum(|r| r.0)),
        each(sum(|r| r.1))
    );
    for (rules, facts, yes, id) in &rows {
        println!("{:>8.1} ns  {:>8.1} ns of facts  {yes:>9} yes  {id}", each(*rules), each(*facts));
    }
    let mut names: BTreeMap<String, Duration> = BTreeMap::new();
    for crowd in &crowds {
        for (name, spent) in crowd.spent.borrow().iter() {
            *names.entry(name.clone()).or_default() += *spent;
        }
    }
    let mut names: Vec<_> = names.into_iter().collect();
    names.sort_by_key(|(_, spent)| std::cmp::Reverse(*spent));
    for (name, spent) in names.iter().take(25) {
        println!("{:>8.1} ns  {name}", each(*spent));
    }
}
