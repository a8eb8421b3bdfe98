//! A draft of a service over the population, beside what is in force: whom it changes what for, before anybody publishes it.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use maru_definition::Service;
use maru_kernel::Date;
use maru_rules::{Crowd, Hits, Parameters, RuleSet};

use crate::{
    lazy::{Lazy, Shared},
    screen::{Progress, Screening},
    turn::{Change, Effect, Stuck, on_threads, places_of},
};

/// What publishing a draft would do.
pub struct Drafted {
    pub effect: Effect,
    pub persons: u64,
    /// Of how many it isn't known, as things are and by the draft.
    pub unknown_before: u64,
    pub unknown_after: u64,
}

/// Rules and the parameters they read.
pub type Law<'a> = (&'a RuleSet, &'a Parameters);

impl Screening {
    /// The service in force, which may be filed for.
    pub fn in_force(&self, id: &str) -> Option<&Arc<Service>> {
        let deep = self.nation.deep.iter().map(|(_, service)| service);
        deep.into_iter().find(|service| service.id == id && !service.ended)
    }

    /// Asks everybody by the law in force (nothing: nobody qualifies) and by the draft, both as of a day.
    pub fn drafted(
        &self,
        before: Option<Law<'_>>,
        after: Law<'_>,
        on: Date,
        threads: usize,
        progress: &Progress,
    ) -> Result<Drafted, Stuck> {
        let begun = Instant::now();
        // What services share was prepared for another day, and without the draft.
        let shared = Shared::of(std::iter::empty(), on);
        let ask = |(rules, parameters): Law<'_>, crowd: &dyn Crowd| rules.decide_many(crowd, parameters, on);
        let numbers: Vec<u64> = (0..self.population.blocks()).collect();
        let runs: Vec<&[u64]> = numbers.chunks(16).collect();
        let tables = on_threads(threads, &runs, |run| {
            let mut sum = Drafted::nothing(self.leaves.len());
            for number in *run {
                if progress.stop.load(Ordering::Relaxed) {
                    return Err(Stuck::Stopped);
                }
                let Some(block) = self.population.block(*number) else { continue };
                let crowd = |parameters| Lazy::of(&block, &shared, parameters);
                let was = before.map_or_else(Hits::default, |law| ask(law, &crowd(law.1)));
                let is = ask(after, &crowd(after.1));
                sum.effect.count(&places_of(&block), &was, &is);
                let count = |lanes: &[u32]| u64::try_from(lanes.len()).unwrap_or(0);
                sum.unknown_before += count(&was.unknown);
                sum.unknown_after += count(&is.unknown);
                sum.persons += u64::try_from(block.len()).unwrap_or(0);
            }
            Ok(sum)
        })?;
        let mut all = Drafted::nothing(self.leaves.len());
        for table in &tables {
            all.effect.join(&table.effect);
            all.unknown_before += table.unknown_before;
            all.unknown_after += table.unknown_after;
            all.persons += table.persons;
        }
        all.effect.all = Change::sum(&all.effect.areas);
        all.effect.wall = begun.elapsed();
        Ok(all)
    }
}

impl Drafted {
    fn nothing(areas: usize) -> Drafted {
        Drafted { effect: Effect::nothing(areas), persons: 0, unknown_before: 0, unknown_after: 0 }
    }
}
