//! A nation against its law: 52 million made persons and the whole catalogue, by the program itself; one parameter turned over all of them;
//! and beside it how fast this machine reads memory, in the same minutes.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use maru_kernel::{Error, Result};
use serde_json::Value as Json;

use crate::{Place, figure, thousands};

const PERSONS: usize = 52_000_000;
/// Words read for the bandwidth: half a gigabyte a core, more than any cache holds.
const WORDS: usize = 1 << 26;
const ROUNDS: u32 = 6;

pub fn run(place: &Place) -> Result<()> {
    let persons = (PERSONS / place.less).max(1_000);
    let before = bandwidth();
    let screen = ask(place, persons, &[])?;
    let cores = number(&screen, "threads")?;
    let second = |json: &Json, phase: &str| json["seconds"][phase].as_f64().unwrap_or(f64::NAN);
    figure(
        format!(
            "{} persons × {} services, {cores} cores: counts by service, region, age and income",
            thousands(persons as f64),
            thousands(number(&screen, "services")?)
        ),
        format!("{:.1} s", second(&screen, "whole")),
        "≤ 60 s",
    );
    for (phase, what) in [
        ("open", "reading the catalogue"),
        ("population", "making the persons and their facts' sources"),
        ("catalogue", "services read from codes"),
        ("rules", "services written in depth, their facts included"),
    ] {
        figure(format!("of that: {what}"), format!("{:.1} s", second(&screen, phase)), "");
    }
    figure(
        "answers that were *yes*, and pairs that had to be asked one by one".to_owned(),
        format!("{} / {}", thousands(number(&screen, "hits")?), thousands(number(&screen, "one_by_one")?)),
        "",
    );
    figure("most memory held".to_owned(), megabytes(&screen)?, "");
    let reads = before.max(bandwidth());
    figure("memory read by as many cores in the same minutes".to_owned(), format!("{reads:.1} GB/s"), "");

    let turned = ask(place, persons, &["--turn", "basic-pension", "기초연금_선정기준액[1]=2600000"])?;
    figure(
        format!(
            "기초연금's limit turned, {} of them concerned: ready once in {:.1} s, then",
            thousands(number(&turned, "concerned")?),
            second(&turned, "prepare")
        ),
        format!("{:.0} ms", second(&turned, "turn") * 1000.0),
        "≤ 1 s",
    );
    figure("most memory held for that".to_owned(), megabytes(&turned)?, "");
    Ok(())
}

fn ask(place: &Place, persons: usize, more: &[&str]) -> Result<Json> {
    let output = Command::new(&place.program)
        .args(["screen", "--json", "--on", "2026-07-01", "--persons", &persons.to_string()])
        .arg("--data")
        .arg(place.folder.join("no-such-country"))
        .args(more)
        .output()
        .map_err(Error::internal)?;
    if !output.status.success() {
        return Err(Error::Internal(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    serde_json::from_slice(&output.stdout).map_err(Error::internal)
}

fn number(json: &Json, name: &str) -> Result<f64> {
    json[name].as_f64().ok_or_else(|| Error::internal(format!("no {name} in {json}")))
}

fn megabytes(json: &Json) -> Result<String> {
    Ok(format!("{} MB", thousands(number(json, "peak_bytes")? / 1e6)))
}

/// Gigabytes a second that all cores read together: the best round.
fn bandwidth() -> f64 {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let words: Vec<u64> = (0..WORDS as u64).collect();
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        std::thread::scope(|scope| {
            for part in words.chunks(WORDS.div_ceil(cores)) {
                scope.spawn(move || {
                    std::hint::black_box(part.iter().fold(0_u64, |sum, word| sum.wrapping_add(*word)))
                });
            }
        });
        best = best.min(start.elapsed());
    }
    (WORDS * 8) as f64 / 1e9 / best.as_secs_f64()
}
