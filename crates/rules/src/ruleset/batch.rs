//! The same decision for many at once. A condition is asked only of those whom no earlier one has ruled out, the cheapest first; what is
//! paid is worked out only for those who qualify. Reasons are for whoever asks about one of them: [`RuleSet::decide`].

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use jiff::civil::Date;

use super::{Entry, RuleSet, Written};
use crate::column::{Column, Columns, Lanes};
use crate::many::{Many, Names, Slow, Worked};
use crate::parameters::Parameters;
use crate::parser::{Node, PARAMETERS};
use crate::ratio::Ratio;
use crate::value::{Answer, Facts, Value};

/// Where the facts of many come from. A column is asked for only when somebody's answer hangs on it.
pub trait Crowd {
    fn lanes(&self) -> usize;
    /// Nothing for a name that is known of nobody.
    fn column(&self, name: &str) -> Option<Column>;

    /// The same of some lanes, in the order in which they are named: for a source that can make fewer than all.
    fn column_of(&self, name: &str, lanes: &[u32]) -> Option<Column> {
        self.column(name).map(|column| column.take(lanes))
    }

    /// A let that other rules have as well, by its [`Meaning`], of all lanes: for a source that works out once what many rules say.
    fn shared(&self, meaning: &Meaning) -> Option<Column> {
        let _ = meaning;
        None
    }
}

/// What a let says on a day, those it stands on included: lets of the same meaning have the same value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Meaning {
    /// Of the text: meanings are looked up far more often than they are read.
    hash: u64,
    text: Arc<str>,
}

impl Meaning {
    fn of(text: &str) -> Meaning {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Meaning { hash: hasher.finish(), text: text.into() }
    }
}

impl Hash for Meaning {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

impl Crowd for Columns {
    fn lanes(&self) -> usize {
        self.len()
    }

    fn column(&self, name: &str) -> Option<Column> {
        self.get(name).cloned()
    }
}

/// Who qualifies, and who may: everybody else does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hits {
    /// Their lanes, in order.
    pub yes: Vec<u32>,
    /// For each of them the whole won paid; nothing where no amount is in force or it isn't known.
    pub amounts: Vec<Option<i64>>,
    pub unknown: Vec<u32>,
    /// How many lanes were worked out one at a time, because they could not be together.
    pub alone: usize,
}

impl RuleSet {
    /// The answers and amounts of `decide`, lane by lane.
    pub fn decide_many(&self, source: &dyn Crowd, parameters: &Parameters, on: Date) -> Hits {
        self.in_columns(source, parameters, on).unwrap_or_else(|Slow| self.one_by_one(source, parameters, on))
    }

    fn in_columns(&self, source: &dyn Crowd, parameters: &Parameters, on: Date) -> Result<Hits, Slow> {
        self.go_on(Batch::new(self, source, parameters, on)?, |_| true)
    }

    /// Asks the conditions in force that `which` lets through, until nobody is left.
    fn ask<'a>(&'a self, batch: &mut Batch<'a>, which: impl Fn(usize) -> bool) -> Result<(), Slow> {
        for place in self.order.iter().filter(|place| which(**place)) {
            let (Some(entry), Some(needs)) = (self.conditions.get(*place), self.needs.get(*place)) else {
                continue;
            };
            if !entry.in_force(batch.on) || batch.chosen.is_empty() {
                continue;
            }
            let column = batch.work_out(&entry.body.when, needs)?;
            batch.keep(&column);
        }
        Ok(())
    }

    /// The conditions that are left, and what is paid.
    fn go_on<'a>(&'a self, mut batch: Batch<'a>, which: impl Fn(usize) -> bool) -> Result<Hits, Slow> {
        let on = batch.on;
        self.ask(&mut batch, which)?;
        if batch.chosen.is_empty() {
            return Ok(Hits::default());
        }
        if !self.conditions.iter().any(|entry| entry.in_force(on)) {
            return Ok(Hits { unknown: batch.chosen, ..Hits::default() });
        }
        let unknown = batch.chosen.iter().zip(&batch.unsure).filter(|(_, unsure)| **unsure);
        let unknown: Vec<u32> = unknown.map(|(lane, _)| *lane).collect();
        if !unknown.is_empty() {
            let sure = (0_u32..).zip(&batch.unsure).filter(|(_, unsure)| !**unsure).map(|(lane, _)| lane);
            batch.cut(sure.collect());
        }
        let entry = self.amounts.iter().zip(&self.amount_needs).find(|(entry, _)| entry.in_force(on));
        let amounts = match entry {
            Some((entry, needs)) if !batch.chosen.is_empty() => {
                let column = batch.work_out(&entry.body, needs)?;
                won(&column, batch.chosen.len())
            }
            _ => vec![None; batch.chosen.len()],
        };
        Ok(Hits { yes: batch.chosen, amounts, unknown, alone: 0 })
    }

    fn one_by_one(&self, source: &dyn Crowd, parameters: &Parameters, on: Date) -> Hits {
        let columns: BTreeMap<String, Column> = self
            .names()
            .iter()
            .flat_map(|name| prefixes(name))
            .filter_map(|name| Some((name.to_owned(), source.column(name)?)))
            .collect();
        let mut hits = Hits { alone: source.lanes(), ..Hits::default() };
        for lane in 0..source.lanes() {
            let value = |(name, column): (&String, &Column)| match column.value(lane) {
                Value::Unknown => None,
                value => Some((name.clone(), value)),
            };
            let facts: Facts = columns.iter().filter_map(value).collect();
            let decision = self.decide(&facts, parameters, on);
            let Ok(lane) = u32::try_from(lane) else { break };
            match decision.answer {
                Answer::Yes => {
                    hits.yes.push(lane);
                    hits.amounts.push(decision.amount);
                }
                Answer::Unknown => hits.unknown.push(lane),
                Answer::No => {}
            }
        }
        hits
    }
}

/// What of a service hangs on one parameter: the rest need not be worked out again when that one changes.
#[derive(Debug, Clone)]
pub struct Hinge {
    pub(super) parameter: String,
    /// The conditions that hang on it, by their places.
    pub(super) conditions: BTreeSet<usize>,
    /// The lets that hang on it.
    pub(super) hanging: BTreeSet<usize>,
    /// What they, and what is paid, stand on that does not.
    lets: BTreeSet<usize>,
    facts: BTreeSet<String>,
    /// Of these, those that stand beside it in a condition, or else in what is paid.
    pub(super) held_against: Vec<Name>,
}

/// What a rule looks at: a let by its place, or a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    Let(usize),
    Fact(String),
}

/// Those whose answer a parameter can still turn, with all that is needed to see which way.
#[derive(Debug, Clone)]
pub struct Hinging {
    pub(super) chosen: Vec<u32>,
    pub(super) unsure: Vec<bool>,
    pub(super) lets: BTreeMap<usize, Option<Column>>,
    pub(super) facts: BTreeMap<String, Option<Column>>,
}

impl Hinging {
    /// Their lanes in the source.
    pub fn lanes(&self) -> &[u32] {
        &self.chosen
    }
}

impl Crowd for Hinging {
    fn lanes(&self) -> usize {
        self.chosen.len()
    }

    fn column(&self, name: &str) -> Option<Column> {
        self.facts.get(name).cloned().flatten()
    }
}

impl RuleSet {
    /// What each of its lets says, with what it and those it stands on look at.
    pub fn meanings(&self) -> impl Iterator<Item = (&Meaning, BTreeSet<String>)> {
        self.meanings.iter().enumerate().map(|(place, meaning)| {
            let lets = self.below.get(place).into_iter().flatten().copied().chain([place]);
            let place_of = |name: &str| self.lets.iter().any(|(id, _)| id == name);
            let entries = lets.filter_map(|place| self.lets.get(place)).flat_map(|(_, entries)| entries);
            let facts = entries.flat_map(|entry| entry.body.expr.root().names(place_of)).collect();
            (meaning, facts)
        })
    }

    /// One let of many.
    ///
    /// # Errors
    /// When it can't be worked out in columns: see [`Slow`].
    pub fn let_of_many(
        &self,
        meaning: &Meaning,
        source: &dyn Crowd,
        parameters: &Parameters,
        on: Date,
    ) -> Result<Option<Column>, Slow> {
        let place = self.meanings.iter().position(|mine| mine == meaning).ok_or(Slow)?;
        let needs: Vec<usize> = self.below.get(place).into_iter().flatten().copied().chain([place]).collect();
        let mut batch = Batch::new(self, source, parameters, on)?;
        batch.define(&needs)?;
        Ok(self.lets.get(place).and_then(|(name, _)| batch.let_(name)).flatten())
    }

    /// The parameters it reads on a day, without `매개.`.
    pub fn parameters(&self, parameters: &Parameters, on: Date) -> BTreeSet<String> {
        let read = self.names();
        let named = read.iter().filter_map(|name| name.strip_prefix(PARAMETERS)?.strip_prefix('.'));
        named
            .filter_map(|path| prefixes(path).find(|name| parameters.at(name, on).is_some()))
            .map(str::to_owned)
            .collect()
    }

    /// What hangs on a parameter on a day.
    pub fn hinge(&self, parameter: &str, on: Date) -> Hinge {
        let names_it = |written: &Written| names_it(written.expr.root(), parameter);
        let body = |place: usize| {
            let (_, entries) = self.lets.get(place)?;
            entries.iter().find(|entry| entry.in_force(on)).map(|entry| &entry.body)
        };
        let hanging: BTreeSet<usize> = (0..self.lets.len())
            .filter(|place| {
                let below = self.below.get(*place).into_iter().flatten();
                below.chain([place]).any(|place| body(*place).is_some_and(names_it))
            })
            .collect();
        let hangs = |written: &Written, needs: &[usize]| {
            names_it(written) || needs.iter().any(|n| hanging.contains(n))
        };
        let conditions = self.conditions.iter().zip(&self.needs).enumerate();
        let conditions: BTreeSet<usize> = conditions
            .filter(|(_, (entry, needs))| entry.in_force(on) && hangs(&entry.body.when, needs))
            .map(|(place, _)| place)
            .collect();
        // what is evaluated again, and what that looks at
        let mut again: Vec<&Written> = hanging.iter().filter_map(|place| body(*place)).collect();
        again.extend(
            conditions.iter().filter_map(|at| self.conditions.get(*at)).map(|entry| &entry.body.when),
        );
        again.extend(self.amounts.iter().find(|entry| entry.in_force(on)).map(|entry| &entry.body));
        let place = |name: &str| self.lets.iter().position(|(id, _)| id == name);
        let is_let = |name: &str| place(name).is_some();
        let lets = again.iter().flat_map(|written| written.expr.root().lets(&is_let).filter_map(place));
        let lets: BTreeSet<usize> = lets.filter(|place| !hanging.contains(place)).collect();
        let facts = again.iter().flat_map(|written| written.expr.root().names(is_let));
        let facts = facts.flat_map(|name| prefixes(&name).map(str::to_owned).collect::<Vec<_>>()).collect();
        // the conditions first, then what they and what is paid hang on
        let in_turn =
            conditions.iter().filter_map(|at| self.conditions.get(*at)).map(|entry| &entry.body.when);
        let held_against = in_turn.chain(again.iter().copied()).flat_map(|written| {
            let lets = written
                .expr
                .root()
                .lets(&is_let)
                .filter_map(place)
                .filter(|at| lets.contains(at))
                .map(Name::Let);
            let facts = written.expr.root().names(is_let).into_iter().map(Name::Fact);
            lets.chain(facts).collect::<Vec<_>>()
        });
        let held_against = held_against.collect();
        Hinge { parameter: parameter.to_owned(), conditions, hanging, lets, facts, held_against }
    }

    /// Asks all that does not hang on the parameter, and keeps those who are left.
    ///
    /// # Errors
    /// When it can't be done in columns: see [`Slow`].
    pub fn hinging(
        &self,
        hinge: &Hinge,
        source: &dyn Crowd,
        parameters: &Parameters,
        on: Date,
    ) -> Result<Hinging, Slow> {
        let mut batch = Batch::new(self, source, parameters, on)?;
        self.ask(&mut batch, |place| !hinge.conditions.contains(&place))?;
        let needs: Vec<usize> = hinge
            .lets
            .iter()
            .flat_map(|place| self.below.get(*place).into_iter().flatten().chain([place]))
            .copied()
            .collect();
        if !batch.chosen.is_empty() {
            batch.define(&needs)?;
        }
        let kept = |place: &usize| {
            let (name, _) = self.lets.get(*place)?;
            Some((*place, batch.let_(name)?))
        };
        let lets = hinge.lets.iter().filter_map(kept).collect();
        let facts = hinge.facts.iter().map(|name| (name.clone(), batch.fact(name))).collect();
        Ok(Hinging { chosen: batch.chosen, unsure: batch.unsure, lets, facts })
    }

    /// The answers and amounts of those kept, by other parameters: lanes are places among them.
    ///
    /// # Errors
    /// When it can't be done in columns: see [`Slow`].
    pub fn turn(
        &self,
        hinge: &Hinge,
        kept: &Hinging,
        parameters: &Parameters,
        on: Date,
    ) -> Result<Hits, Slow> {
        let mut batch = Batch::new(self, kept, parameters, on)?;
        batch.unsure.clone_from(&kept.unsure);
        let name = |place: &usize| self.lets.get(*place).map(|(name, _)| name.as_str());
        let held = |column: &Option<Column>| Held { column: column.clone(), cuts: 0 };
        let lets = kept.lets.iter().filter_map(|(at, column)| Some((name(at)?, held(column))));
        batch.lets = RefCell::new(lets.collect());
        self.go_on(batch, |place| hinge.conditions.contains(&place))
    }
}

/// Whether an expression names a parameter.
pub(super) fn names_it(node: &Node, parameter: &str) -> bool {
    node.names(|_| false).iter().any(|name| {
        let path = name.strip_prefix(PARAMETERS).and_then(|rest| rest.strip_prefix('.'));
        path.is_some_and(|path| prefixes(path).any(|name| name == parameter))
    })
}

/// A dotted name and what it may be a field of.
fn prefixes(name: &str) -> impl Iterator<Item = &str> {
    let ends = name.match_indices('.').map(|(at, _)| at).chain([name.len()]);
    ends.filter_map(move |end| name.get(..end))
}

/// Whole won, not negative.
fn won(column: &Column, lanes: usize) -> Vec<Option<i64>> {
    let whole = |number: Ratio| number.to_i64().filter(|won| *won >= 0);
    match column {
        Column::Numbers(numbers) => (0..lanes)
            .map(|lane| {
                numbers.whole_at(lane).or_else(|| numbers.get(lane).and_then(whole)).filter(|won| *won >= 0)
            })
            .collect(),
        Column::Same(Value::Number(number)) => vec![whole(*number); lanes],
        _ => vec![None; lanes],
    }
}

/// Those still asked about, and what was worked out for them so far.
pub(super) struct Batch<'a> {
    rules: &'a RuleSet,
    source: &'a dyn Crowd,
    parameters: &'a Parameters,
    on: Date,
    /// Their lanes in the source.
    chosen: Vec<u32>,
    /// Those of whom something that was asked isn't known.
    unsure: Vec<bool>,
    /// Who was left each time somebody dropped out, by places among those before.
    cuts: Vec<Vec<u32>>,
    lets: RefCell<BTreeMap<&'a str, Held>>,
    facts: RefCell<BTreeMap<String, Held>>,
}

/// A column, and how many cuts it has followed: it follows the others when it is asked for again.
struct Held {
    column: Option<Column>,
    cuts: usize,
}

impl Held {
    fn follow(&mut self, cuts: &[Vec<u32>]) -> Option<Column> {
        if let Some(column) = &mut self.column {
            for left in cuts.iter().skip(self.cuts) {
                *column = column.take(left);
            }
        }
        self.cuts = cuts.len();
        self.column.clone()
    }
}

impl<'a> Batch<'a> {
    pub fn new(
        rules: &'a RuleSet,
        source: &'a dyn Crowd,
        parameters: &'a Parameters,
        on: Date,
    ) -> Result<Batch<'a>, Slow> {
        let lanes = u32::try_from(source.lanes()).map_err(|_| Slow)?;
        Ok(Batch {
            rules,
            source,
            parameters,
            on,
            chosen: (0..lanes).collect(),
            unsure: vec![false; source.lanes()],
            cuts: Vec::new(),
            lets: RefCell::default(),
            facts: RefCell::default(),
        })
    }

    /// An expression, after the lets it stands on.
    pub fn work_out(&mut self, written: &'a Written, needs: &[usize]) -> Worked {
        self.define(needs)?;
        self.eval(written)
    }

    /// Lets, each after those it uses.
    fn define(&mut self, needs: &[usize]) -> Result<(), Slow> {
        for place in needs {
            let Some((name, entries)) = self.rules.lets.get(*place) else { continue };
            if self.lets.borrow().contains_key(name.as_str()) {
                continue;
            }
            let shared = self.rules.meanings.get(*place).and_then(|meaning| self.source.shared(meaning));
            if let Some(column) = shared {
                let column = Some(if self.cuts.is_empty() { column } else { column.take(&self.chosen) });
                let held = Held { column, cuts: self.cuts.len() };
                self.lets.get_mut().insert(name, held);
                continue;
            }
            let column = match entries.iter().find(|entry| entry.in_force(self.on)) {
                Some(entry) => Some(self.eval(&entry.body)?),
                None => None,
            };
            let held = Held { column, cuts: self.cuts.len() };
            self.lets.get_mut().insert(name, held);
        }
        Ok(())
    }

    fn eval(&self, written: &Written) -> Worked {
        Many::new(self.chosen.len(), self.on, self.parameters, self).eval(written.expr.root())
    }

    /// Goes on without those of whom it is known not to hold.
    fn keep(&mut self, holds: &Column) {
        let count = self.chosen.len();
        let left: Vec<u32> = match holds {
            Column::Same(Value::Bool(true)) => return,
            Column::Same(Value::Bool(false)) => Vec::new(),
            Column::Bools(Lanes { values, known: None }) => {
                (0_u32..).zip(values.iter()).filter(|(_, holds)| **holds).map(|(lane, _)| lane).collect()
            }
            Column::Bools(Lanes { values, known: Some(known) }) => {
                let lanes = (0_u32..).zip(values.iter().zip(known.iter()).zip(&mut self.unsure));
                lanes
                    .filter_map(|(lane, ((holds, known), unsure))| {
                        *unsure |= !known;
                        (*holds || !known).then_some(lane)
                    })
                    .collect()
            }
            // unknown, or nothing that could be true or false
            _ => {
                self.unsure.fill(true);
                return;
            }
        };
        if left.len() < count {
            self.cut(left);
        }
    }

    /// Goes on with these alone.
    fn cut(&mut self, left: Vec<u32>) {
        let at = |lane: &u32| usize::try_from(*lane).unwrap_or(usize::MAX);
        self.chosen = left.iter().filter_map(|lane| self.chosen.get(at(lane)).copied()).collect();
        self.unsure = left.iter().map(|lane| self.unsure.get(at(lane)).copied().unwrap_or(false)).collect();
        self.cuts.push(left);
    }
}

impl Names for Batch<'_> {
    fn let_(&self, name: &str) -> Option<Option<Column>> {
        self.lets.borrow_mut().get_mut(name).map(|held| held.follow(&self.cuts))
    }

    fn fact(&self, name: &str) -> Option<Column> {
        if let Some(held) = self.facts.borrow_mut().get_mut(name) {
            return held.follow(&self.cuts);
        }
        let column = if self.cuts.is_empty() {
            self.source.column(name)
        } else {
            self.source.column_of(name, &self.chosen)
        };
        let held = Held { column: column.clone(), cuts: self.cuts.len() };
        self.facts.borrow_mut().insert(name.to_owned(), held);
        column
    }
}

impl Columns {
    /// The facts of many, in columns.
    ///
    /// # Errors
    /// When a name has values of different kinds.
    pub fn of(all: &[Facts]) -> Result<Columns, Slow> {
        let mut columns = Columns::new(all.len());
        let names: BTreeSet<&str> = all.iter().flat_map(|facts| facts.iter().map(|(name, _)| name)).collect();
        for name in names {
            let values = all.iter().map(|facts| facts.get(name).cloned().unwrap_or(Value::Unknown));
            columns.insert(name, Column::of(values.collect())?);
        }
        Ok(columns)
    }
}

/// What each let says, for every day alike: its entries' texts and dates, and the meanings of those they stand on.
pub(super) fn meanings(lets: &[(String, Vec<Entry<Written>>)], below: &[BTreeSet<usize>]) -> Vec<Meaning> {
    let own = |(name, entries): &(String, Vec<Entry<Written>>)| {
        let mut text = name.clone();
        for entry in entries {
            let until = entry.until.map_or_else(String::new, |until| until.to_string());
            for part in ["\n", &entry.from.to_string(), " ", &until, "\n", &entry.body.text] {
                text.push_str(part);
            }
        }
        text
    };
    let texts: Vec<String> = lets.iter().map(own).collect();
    let whole = |(place, text): (usize, &String)| {
        let under = below.get(place).into_iter().flatten().filter_map(|under| texts.get(*under));
        let whole: Vec<&str> = std::iter::once(text).chain(under).map(String::as_str).collect();
        Meaning::of(&whole.join("\n\n"))
    };
    texts.iter().enumerate().map(whole).collect()
}
