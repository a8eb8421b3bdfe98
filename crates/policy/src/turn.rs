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
    /// What is counted while nothing moves.
    still: Effect,
    pub wall: Duration,
}

/// People alike in what the parameter is held against.
struct Part {
    places: Vec<Place>,
    kept: Hinging,
    before: Hits,
}

/// Where somebody is counted: by area, and by age and income.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    area: u16,
    cell: u8,
}

impl Place {
    const NOWHERE: Place = Place { area: u16::MAX, cell: u8::MAX };
}

/// Those of one block who are asked about.
type Kept = (Vec<Place>, Hinging);

/// Persons in one zone at most: as many as its bounds still say something about.
const ZONE: usize = 4_096;
/// So many at least are put in zones together: the more, the more alike are those of one.
const TOGETHER: usize = 1 << 20;

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
    /// Somebody paid one way before and another after.
    fn between(was: Paid, is: Paid) -> Change {
        let (won_before, won_after) = (was.flatten().unwrap_or(0), is.flatten().unwrap_or(0));
        let both = was.is_some() && is.is_some();
        Change {
            before: u64::from(was.is_some()),
            after: u64::from(is.is_some()),
            gain: u64::from(was.is_none()),
            lose: u64::from(is.is_none()),
            more: u64::from(both && won_after > won_before),
            less: u64::from(both && won_after < won_before),
            won_before,
            won_after,
        }
    }

    /// What it costs more than before; below nothing, less.
    pub fn won(&self) -> i64 {
        self.won_after.saturating_sub(self.won_before)
    }

    fn leave(&mut self, other: &Change) {
        self.before = self.before.saturating_sub(other.before);
        self.after = self.after.saturating_sub(other.after);
        self.gain = self.gain.saturating_sub(other.gain);
        self.lose = self.lose.saturating_sub(other.lose);
        self.more = self.more.saturating_sub(other.more);
        self.less = self.less.saturating_sub(other.less);
        self.won_before = self.won_before.saturating_sub(other.won_before);
        self.won_after = self.won_after.saturating_sub(other.won_after);
    }

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
        let part = |number: u64| -> Result<Option<Kept>, Stuck> {
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
            let all = places_of(&block);
            let place_of = |lane: &u32| usize::try_from(*lane).ok().and_then(|lane| all.get(lane)).copied();
            let places = kept.lanes().iter().map(|lane| place_of(lane).unwrap_or(Place::NOWHERE)).collect();
            Ok(Some((places, kept)))
        };
        let numbers: Vec<u64> = (0..blocks).collect();
        let kept = on_threads(threads, &numbers, |number| part(*number))?;
        let tables = on_threads(threads, &together(kept.into_iter().flatten()), |kept| {
            // taken, so that few are held twice
            let kept = std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
            let mut still = Effect::nothing(self.leaves.len());
            let part = |(places, kept): Kept| {
                let before = found.rules.turn(&hinge, &kept, parameters, self.on)?;
                still.count(&places, &before, &before);
                Ok(Part { places, kept, before })
            };
            Ok((zones(kept, &hinge).into_iter().map(part).collect::<Result<Vec<Part>, Stuck>>()?, still))
        })?;
        let (mut parts, mut still) = (Vec::new(), Effect::nothing(self.leaves.len()));
        for (some, counted) in tables {
            parts.extend(some);
            still.join(&counted);
        }
        let parameter = parameter.to_owned();
        Ok(Turning { service, parameter, on: self.on, hinge, parts, still, wall: begun.elapsed() })
    }

    /// What another value of the parameter does.
    pub fn turn(&self, turning: &Turning, value: Value, threads: usize) -> Result<Effect, Stuck> {
        let begun = Instant::now();
        let (_, service) = self.nation.deep.get(turning.service).ok_or(Stuck::Service)?;
        let before = &self.nation.pack.parameters;
        let after: Parameters = before.with(&turning.parameter, turning.on, value).ok_or(Stuck::Parameter)?;
        // a run of parts at a time, so that each brings back one table
        let runs: Vec<&[Part]> = turning.parts.chunks(64).collect();
        let (hinge, on) = (&turning.hinge, turning.on);
        let tables = on_threads(threads, &runs, |run| {
            let nothing = || Effect::nothing(turning.still.areas.len());
            let (mut no_longer, mut instead) = (nothing(), nothing());
            for part in *run {
                if service.rules.unmoved(hinge, &part.kept, before, &after, on) {
                    continue;
                }
                let hits = service.rules.turn(hinge, &part.kept, &after, on)?;
                instead.asked += part.places.len();
                for (lane, was, is) in side_by_side(&part.before, &hits).filter(|(_, was, is)| was != is) {
                    no_longer.add(&part.places, lane, Change::between(was, was));
                    instead.add(&part.places, lane, Change::between(was, is));
                }
            }
            Ok((no_longer, instead))
        })?;
        let mut effect = turning.still.clone();
        for (no_longer, instead) in &tables {
            effect.leave(no_longer);
            effect.join(instead);
        }
        effect.all = Change::sum(&effect.areas);
        effect.wall = begun.elapsed();
        Ok(effect)
    }
}

impl Turning {
    /// How many persons it can concern.
    pub fn persons(&self) -> usize {
        self.parts.iter().map(|part| part.places.len()).sum()
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

    /// Takes out what was counted.
    fn leave(&mut self, other: &Effect) {
        self.areas.iter_mut().zip(&other.areas).for_each(|(sum, part)| sum.leave(part));
        self.cells.iter_mut().zip(&other.cells).for_each(|(sum, part)| sum.leave(part));
    }

    /// Everybody before and after, each where they are counted.
    pub(crate) fn count(&mut self, places: &[Place], before: &Hits, after: &Hits) {
        for (lane, was, is) in side_by_side(before, after) {
            self.add(places, lane, Change::between(was, is));
        }
    }

    fn add(&mut self, places: &[Place], lane: u32, change: Change) {
        let Some(place) = usize::try_from(lane).ok().and_then(|lane| places.get(lane)) else { return };
        if let Some(sum) = self.areas.get_mut(usize::from(place.area)) {
            sum.add(&change);
        }
        if let Some(sum) = self.cells.get_mut(usize::from(place.cell)) {
            sum.add(&change);
        }
    }
}

/// What somebody who qualifies is paid; nothing inside where that isn't known or no amount is in force.
type Paid = Option<Option<i64>>;

/// The lanes that qualify before or after, in order, with what each way pays.
fn side_by_side<'h>(before: &'h Hits, after: &'h Hits) -> impl Iterator<Item = (u32, Paid, Paid)> + 'h {
    let (mut b, mut a) = (0, 0);
    std::iter::from_fn(move || {
        let (was, is) = (before.yes.get(b), after.yes.get(a));
        let lane = match (was, is) {
            (None, None) => return None,
            (Some(lane), None) | (None, Some(lane)) => *lane,
            (Some(was), Some(is)) => *was.min(is),
        };
        let was = (was == Some(&lane)).then(|| before.amounts.get(b).copied().flatten());
        let is = (is == Some(&lane)).then(|| after.amounts.get(a).copied().flatten());
        (b, a) = (b + usize::from(was.is_some()), a + usize::from(is.is_some()));
        Some((lane, was, is))
    })
}

/// Blocks in groups of enough people, to be taken by whoever works on them.
fn together(blocks: impl Iterator<Item = Kept>) -> Vec<Mutex<Vec<Kept>>> {
    let (mut groups, mut group, mut persons) = (Vec::new(), Vec::new(), 0);
    for block in blocks {
        persons += block.0.len();
        group.push(block);
        if persons >= TOGETHER {
            groups.push(Mutex::new(std::mem::take(&mut group)));
            persons = 0;
        }
    }
    if !group.is_empty() {
        groups.push(Mutex::new(group));
    }
    groups
}

/// A group put in zones; block by block as it came where the columns don't go together.
fn zones(blocks: Vec<Kept>, hinge: &Hinge) -> Vec<Kept> {
    let Ok(all) = Hinging::joined(blocks.iter().map(|(_, kept)| kept.clone()).collect()) else {
        return blocks;
    };
    let places: Vec<Place> = blocks.iter().flat_map(|(places, _)| places.iter().copied()).collect();
    let zone = |lanes: Vec<u32>| {
        let at = |lane: &u32| usize::try_from(*lane).ok().and_then(|lane| places.get(lane)).copied();
        (lanes.iter().map(|lane| at(lane).unwrap_or(Place::NOWHERE)).collect(), all.zone(&lanes))
    };
    all.zones(hinge, ZONE).into_iter().map(zone).collect()
}

/// Where everybody of a block is counted.
pub(crate) fn places_of(block: &Block) -> Vec<Place> {
    let area = u16::try_from(block.area()).unwrap_or(u16::MAX);
    let (ages, bands) = (block.ages(), block.bands());
    let cells = ages.iter().zip(&bands).map(|(age, band)| u8::try_from(cell(*age, *band)).unwrap_or(u8::MAX));
    cells.map(|cell| Place { area, cell }).collect()
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
