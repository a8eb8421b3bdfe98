//! One parameter moved: who gains, who loses, and what it costs. All that does not hang on the parameter is worked out once and kept for
//! those it can still concern, in zones of people alike; moving it then asks only the zones whose bounds say that it may change something.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use maru_kernel::Date;
use maru_population::Block;
use maru_rules::{Hinge, Hinging, Hits, Parameters, Ratio, Slow, Value};
use serde::Serialize;

use crate::{
    classes::{CELLS, cell},
    lazy::Lazy,
    screen::{Progress, Screening},
};

/// Why a parameter can't be moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stuck {
    /// No such service, or it isn't written in depth.
    Service,
    /// The service doesn't read it, or it has no value on the day.
    Parameter,
    /// It has no such entry, or the entry isn't a number.
    Entry,
    /// The rules of this service can't be worked out for many at once.
    Slow,
    /// It was stopped.
    Stopped,
}

impl From<Slow> for Stuck {
    fn from(_: Slow) -> Stuck {
        Stuck::Slow
    }
}

/// Those whom a parameter of a service can concern, ready to be asked.
pub struct Turning {
    /// The service's place among those written in depth.
    pub service: usize,
    pub parameter: String,
    pub on: Date,
    hinge: Hinge,
    parts: Vec<Part>,
    areas: usize,
    pub wall: Duration,
}

/// People of one area, alike in what the parameter is held against.
struct Part {
    area: usize,
    cells: Vec<u8>,
    kept: Hinging,
    before: Hits,
    /// What they are counted as while nothing moves, by cell.
    still: Vec<(u8, Change)>,
}

/// Persons in one zone at most: as many as its bounds still say something about.
const ZONE: usize = 4_096;

/// How many and how much, by one way of dividing people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Change {
    pub before: u64,
    pub after: u64,
    /// Who didn't qualify and now would, and the other way round.
    pub gain: u64,
    pub lose: u64,
    /// Who qualifies both ways and would be paid more, or less.
    pub more: u64,
    pub less: u64,
    pub won_before: i64,
    pub won_after: i64,
}

/// What moving it does.
#[derive(Debug, Clone)]
pub struct Effect {
    pub all: Change,
    /// In the population's order.
    pub areas: Vec<Change>,
    /// By age and income, see [`crate::cell`].
    pub cells: Vec<Change>,
    /// How many had to be asked one by one: of the others bounds said that nothing changes.
    pub asked: usize,
    pub wall: Duration,
}

impl Change {
    fn add(&mut self, other: &Change) {
        self.before += other.before;
        self.after += other.after;
        self.gain += other.gain;
        self.lose += other.lose;
        self.more += other.more;
        self.less += other.less;
        self.won_before = self.won_before.saturating_add(other.won_before);
        self.won_after = self.won_after.saturating_add(other.won_after);
    }

    pub fn sum<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Change {
        let mut sum = Change::default();
        changes.into_iter().for_each(|change| sum.add(change));
        sum
    }
}

/// A parameter's value with one number of it changed: the number itself, or an entry of a list (counted from 1) or of a table (by name).
pub fn with_entry(value: &Value, entry: Option<&str>, number: Ratio) -> Option<Value> {
    match (value, entry) {
        (Value::Number(_), None) => Some(Value::Number(number)),
        (Value::List(items), Some(entry)) => {
            let at = entry.parse::<usize>().ok()?.checked_sub(1)?;
            let mut items = items.clone();
            let slot = items.get_mut(at).filter(|item| matches!(item, Value::Number(_)))?;
            *slot = Value::Number(number);
            Some(Value::List(items))
        }
        (Value::Context(fields), Some(entry)) => {
            let mut fields = fields.clone();
            let slot = fields.get_mut(entry).filter(|item| matches!(item, Value::Number(_)))?;
            *slot = Value::Number(number);
            Some(Value::Context(fields))
        }
        _ => None,
    }
}

/// The numbers of a parameter's value, each with the entry it stands in.
pub fn entries(value: &Value) -> Vec<(Option<String>, Ratio)> {
    let number = |value: &Value| match value {
        Value::Number(number) => Some(*number),
        _ => None,
    };
    match value {
        Value::Number(number) => vec![(None, *number)],
        Value::List(items) => {
            let places = items.iter().enumerate();
            places.filter_map(|(at, item)| Some((Some((at + 1).to_string()), number(item)?))).collect()
        }
        Value::Context(fields) => {
            fields.iter().filter_map(|(name, item)| Some((Some(name.clone()), number(item)?))).collect()
        }
        _ => Vec::new(),
    }
}

impl Screening {
    /// Works out all of a service that doesn't hang on a parameter.
    pub fn turning(
        &self,
        service: usize,
        parameter: &str,
        threads: usize,
        progress: &Progress,
    ) -> Result<Turning, Stuck> {
        let begun = Instant::now();
        let (_, found) = self.nation.deep.get(service).ok_or(Stuck::Service)?;
        let parameters = &self.nation.pack.parameters;
        if !found.rules.parameters(parameters, self.on).contains(parameter) {
            return Err(Stuck::Parameter);
        }
        let hinge = found.rules.hinge(parameter, self.on);
        let blocks = self.population.blocks();
        let part = |number: u64| -> Result<Option<(usize, Kept)>, Stuck> {
            if progress.stop.load(Ordering::Relaxed) {
                return Err(Stuck::Stopped);
            }
            let Some(block) = self.population.block(number) else { return Ok(None) };
            let kept = found.rules.hinging(
                &hinge,
                &Lazy::of(&block, &self.shared, parameters),
                parameters,
                self.on,
            )?;
            progress.persons.fetch_add(u64::try_from(block.len()).unwrap_or(0), Ordering::Relaxed);
            if kept.lanes().is_empty() {
                return Ok(None);
            }
            let all = cells_of(&block);
            let cell_of = |lane: &u32| {
                let lane = usize::try_from(*lane).ok();
                lane.and_then(|lane| all.get(lane)).copied().unwrap_or(u8::MAX)
            };
            let cells = kept.lanes().iter().map(cell_of).collect();
            Ok(Some((block.area(), (cells, kept))))
        };
        let numbers: Vec<u64> = (0..blocks).collect();
        let parts = on_threads(threads, &numbers, |number| part(*number))?;
        let mut of_area: Vec<(usize, Vec<Kept>)> =
            (0..self.leaves.len()).map(|area| (area, Vec::new())).collect();
        for (area, kept) in parts.into_iter().flatten() {
            if let Some((_, all)) = of_area.get_mut(area) {
                all.push(kept);
            }
        }
        let of_area: Vec<(usize, Mutex<Vec<Kept>>)> =
            of_area.into_iter().map(|(area, kept)| (area, Mutex::new(kept))).collect();
        let parts = on_threads(threads, &of_area, |(area, kept)| {
            // taken, so that no more than one area is held twice
            let zones =
                zones(std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner)), &hinge);
            let part = |(cells, kept): Kept| {
                let before = found.rules.turn(&hinge, &kept, parameters, self.on)?;
                let still = counted(&before, &before, &cells);
                Ok(Part { area: *area, cells, kept, before, still })
            };
            zones.into_iter().map(part).collect::<Result<Vec<Part>, Stuck>>()
        })?;
        let mut parts: Vec<Part> = parts.into_iter().flatten().collect();
        parts.sort_by_key(|part| part.area);
        let (parameter, areas) = (parameter.to_owned(), self.leaves.len());
        Ok(Turning { service, parameter, on: self.on, hinge, parts, areas, wall: begun.elapsed() })
    }

    /// What another value of the parameter does.
    pub fn turn(&self, turning: &Turning, value: Value, threads: usize) -> Result<Effect, Stuck> {
        let begun = Instant::now();
        let (_, service) = self.nation.deep.get(turning.service).ok_or(Stuck::Service)?;
        let before = &self.nation.pack.parameters;
        let after: Parameters = before.with(&turning.parameter, turning.on, value).ok_or(Stuck::Parameter)?;
        // a run of parts at a time, so that each brings back one table
        let runs: Vec<&[Part]> = turning.parts.chunks(64).collect();
        let tables = on_threads(threads, &runs, |run| {
            let mut table = Effect::nothing(turning.areas);
            for part in *run {
                let (hinge, on) = (&turning.hinge, turning.on);
                if service.rules.unmoved(hinge, &part.kept, before, &after, on) {
                    table.add(part.area, &part.still);
                } else {
                    let hits = service.rules.turn(hinge, &part.kept, &after, on)?;
                    table.asked += part.cells.len();
                    table.add(part.area, &counted(&part.before, &hits, &part.cells));
                }
            }
            Ok(table)
        })?;
        let mut effect = Effect::nothing(turning.areas);
        tables.iter().for_each(|table| effect.join(table));
        effect.all = Change::sum(&effect.areas);
        effect.wall = begun.elapsed();
        Ok(effect)
    }
}

impl Turning {
    /// How many persons it can concern.
    pub fn persons(&self) -> usize {
        self.parts.iter().map(|part| part.cells.len()).sum()
    }
}

impl Effect {
    pub(crate) fn nothing(areas: usize) -> Effect {
        Effect {
            all: Change::default(),
            areas: vec![Change::default(); areas],
            cells: vec![Change::default(); CELLS],
            asked: 0,
            wall: Duration::ZERO,
        }
    }

    pub(crate) fn join(&mut self, other: &Effect) {
        self.asked += other.asked;
        self.areas.iter_mut().zip(&other.areas).for_each(|(sum, part)| sum.add(part));
        self.cells.iter_mut().zip(&other.cells).for_each(|(sum, part)| sum.add(part));
    }

    pub(crate) fn add(&mut self, area: usize, counted: &[(u8, Change)]) {
        if let Some(sum) = self.areas.get_mut(area) {
            counted.iter().for_each(|(_, change)| sum.add(change));
        }
        for (cell, change) in counted {
            if let Some(sum) = self.cells.get_mut(usize::from(*cell)) {
                sum.add(change);
            }
        }
    }
}

/// Who is asked about, by their cells.
type Kept = (Vec<u8>, Hinging);

/// Those of an area, block by block, put in zones; as they came where their columns don't go together.
fn zones(blocks: Vec<Kept>, hinge: &Hinge) -> Vec<Kept> {
    let Ok(all) = Hinging::joined(blocks.iter().map(|(_, kept)| kept.clone()).collect()) else {
        return blocks;
    };
    let cells: Vec<u8> = blocks.iter().flat_map(|(cells, _)| cells.iter().copied()).collect();
    let zone = |lanes: Vec<u32>| {
        let at = |lane: &u32| usize::try_from(*lane).ok().and_then(|lane| cells.get(lane)).copied();
        (lanes.iter().map(|lane| at(lane).unwrap_or(u8::MAX)).collect(), all.zone(&lanes))
    };
    all.zones(hinge, ZONE).into_iter().map(zone).collect()
}

/// How those of one zone are counted, by cell.
pub(crate) fn counted(before: &Hits, after: &Hits, cells: &[u8]) -> Vec<(u8, Change)> {
    let mut counts = vec![Change::default(); CELLS];
    let (mut b, mut a) = (0, 0);
    loop {
        let (was, is) = (before.yes.get(b), after.yes.get(a));
        let lane = match (was, is) {
            (None, None) => break,
            (Some(lane), None) | (None, Some(lane)) => *lane,
            (Some(was), Some(is)) => *was.min(is),
        };
        let was = (was == Some(&lane)).then(|| before.amounts.get(b).copied().flatten());
        let is = (is == Some(&lane)).then(|| after.amounts.get(a).copied().flatten());
        (b, a) = (b + usize::from(was.is_some()), a + usize::from(is.is_some()));
        let (won_before, won_after) = (was.flatten().unwrap_or(0), is.flatten().unwrap_or(0));
        let both = was.is_some() && is.is_some();
        let change = Change {
            before: u64::from(was.is_some()),
            after: u64::from(is.is_some()),
            gain: u64::from(was.is_none()),
            lose: u64::from(is.is_none()),
            more: u64::from(both && won_after > won_before),
            less: u64::from(both && won_after < won_before),
            won_before,
            won_after,
        };
        let cell = usize::try_from(lane).ok().and_then(|lane| cells.get(lane));
        if let Some(cell) = cell.and_then(|cell| counts.get_mut(usize::from(*cell))) {
            cell.add(&change);
        }
    }
    let some = |(_, change): &(u8, Change)| *change != Change::default();
    (0_u8..).zip(counts).filter(some).collect()
}

/// The cell of everybody in a block, by age and income.
pub(crate) fn cells_of(block: &Block) -> Vec<u8> {
    let bands = block.bands();
    let lanes = block.ages().iter().zip(&bands);
    lanes.map(|(age, band)| u8::try_from(cell(*age, *band)).unwrap_or(u8::MAX)).collect()
}

/// Work shared out over threads; the results in no order, or the first failure.
pub(crate) fn on_threads<I: Sync, T: Send>(
    threads: usize,
    items: &[I],
    work: impl Fn(&I) -> Result<T, Stuck> + Sync,
) -> Result<Vec<T>, Stuck> {
    let next = AtomicUsize::new(0);
    let all: Mutex<Result<Vec<T>, Stuck>> = Mutex::new(Ok(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                let mut mine = Vec::new();
                let mut failed = None;
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match work(item) {
                        Ok(result) => mine.push(result),
                        Err(stuck) => {
                            failed = Some(stuck);
                            next.store(items.len(), Ordering::Relaxed);
                        }
                    }
                }
                let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                match (failed, all.as_mut()) {
                    (Some(stuck), _) => *all = Err(stuck),
                    (None, Ok(results)) => results.extend(mine),
                    (None, Err(_)) => {}
                }
            });
        }
    });
    all.into_inner().unwrap_or_else(PoisonError::into_inner)
}
