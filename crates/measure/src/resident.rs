//! One resident against everything, in process: every service of the catalogue and those in depth, then amounts and reasons of the fifty that
//! matter most.

use std::{hint::black_box, time::Instant};

use maru::wire;
use maru_definition::Definitions;
use maru_kernel::{At, Error, Result};
use maru_message::Post;
use maru_policy::people;
use maru_store::Place as Kept;

use crate::{Place, figure, quantile, thousands};

const RESIDENTS: u64 = 5_000;
const EVERY: usize = 20;
const SEED: u64 = 11;
const SHOWN: usize = 50;

pub fn run(place: &Place) -> Result<()> {
    let kept = Kept::from(&place.folder.join("resident"));
    let now = At::parse("2026-11-02T09:00:00+09:00").unwrap_or_default();
    let runtime = tokio::runtime::Runtime::new().map_err(Error::internal)?;
    let definitions = runtime.block_on(async {
        let store = wire::open_store(&kept, &wire::rooms(Post::None)).await?;
        Definitions::open(store, wire::pack()?, now).await
    })?;
    let persons = RESIDENTS / place.less as u64 * EVERY as u64;
    let residents = people::every(&people::of(&definitions.pack(), persons, SEED, now.date())?, EVERY)?;
    let (mut whole, mut answered, mut ranked) = (Vec::new(), Vec::new(), Vec::new());
    for facts in &residents {
        let begun = Instant::now();
        let guidance = definitions.guide(facts, now.date());
        answered.push(begun.elapsed().as_secs_f64() * 1e6);
        let best = guidance.ranked(SHOWN);
        ranked.push(begun.elapsed().as_secs_f64() * 1e6);
        for one in &best {
            black_box(guidance.explain(&one.entry.id));
        }
        whole.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    let told = |what: &str, mut took: Vec<f64>, promise: &str| {
        took.sort_by(f64::total_cmp);
        figure(
            format!(
                "one resident, {} services, in process, {what}: p50 / p99 of {}",
                thousands(definitions.len() as f64),
                thousands(residents.len() as f64)
            ),
            format!("{:.0} / {:.0} µs", quantile(&took, 0.5), quantile(&took, 0.99)),
            promise,
        );
    };
    told("amounts and reasons of the top 50", whole, "≤ 100 µs");
    told("of that: every answer", answered, "");
    told("of that: every answer and the top 50 in order", ranked, "");
    Ok(())
}
