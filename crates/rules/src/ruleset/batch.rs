//! The same decision for many at once. A condition is asked only of those whom no earlier one has ruled out, the cheapest first; what is
//! paid is worked out only for those who qualify. Reasons are for whoever asks about one of them: [`RuleSet::decide`].

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{RuleSet, Written};
use crate::column::{Column, Columns};
use crate::many::{Many, Names, Slow, Worked, kept};
use crate::parameters::Parameters;
use crate::parser::PARAMETERS;
use crate::value::{Answer, Facts, Value};

/// Where the facts of many come from. A column is asked for only when somebody's answer hangs on it.
pub trait Crowd {
    fn lanes(&self) -> usize;
    /// Nothing for a name that is known of nobody.
    fn column(&self, name: &str) -> Option<Column>;
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
            batch.keep(|lane| kept(&column, lane));
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
        let sure: Vec<bool> = batch.unsure.iter().map(|unsure| !unsure).collect();
        batch.keep(|lane| sure.get(lane).copied());
        let entry = self.amounts.iter().zip(&self.amount_needs).find(|(entry, _)| entry.in_force(on));
        let amounts = match entry {
            Some((entry, needs)) if !batch.chosen.is_empty() => {
                let column = batch.work_out(&entry.body, needs)?;
                (0..batch.chosen.len()).map(|lane| won(&column, lane)).collect()
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
    /// The conditions that hang on it, by their places.
    conditions: BTreeSet<usize>,
    /// What they, and what is paid, stand on that does not.
    lets: BTreeSet<usize>,
    facts: BTreeSet<String>,
}

/// Those whose answer a parameter can still turn, with all that is needed to see which way.
#[derive(Debug, Clone)]
pub struct Hinging {
    chosen: Vec<u32>,
    unsure: Vec<bool>,
    lets: BTreeMap<usize, Option<Column>>,
    facts: BTreeMap<String, Option<Column>>,
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
        let names_it = |written: &Written| {
            let names = written.expr.root().names(|_| false);
            names.iter().any(|name| {
                let path = name.strip_prefix(PARAMETERS).and_then(|rest| rest.strip_prefix('.'));
                path.is_some_and(|path| prefixes(path).any(|name| name == parameter))
            })
        };
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
        let lets = lets.filter(|place| !hanging.contains(place)).collect();
        let facts = again.iter().flat_map(|written| written.expr.root().names(is_let));
        let facts = facts.flat_map(|name| prefixes(&name).map(str::to_owned).collect::<Vec<_>>()).collect();
        Hinge { conditions, lets, facts }
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
            Some((*place, batch.lets.get(name.as_str())?.clone()))
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
        batch.lets = kept.lets.iter().filter_map(|(at, column)| Some((name(at)?, column.clone()))).collect();
        self.go_on(batch, |place| hinge.conditions.contains(&place))
    }
}

/// A dotted name and what it may be a field of.
fn prefixes(name: &str) -> impl Iterator<Item = &str> {
    let ends = name.match_indices('.').map(|(at, _)| at).chain([name.len()]);
    ends.filter_map(move |end| name.get(..end))
}

/// Whole won, not negative.
fn won(column: &Column, lane: usize) -> Option<i64> {
    let number = match column {
        Column::Numbers(numbers) => numbers.get(lane)?,
        Column::Same(Value::Number(number)) => *number,
        _ => return None,
    };
    number.to_i64().filter(|won| *won >= 0)
}

/// Those still asked about, and what was worked out for them so far.
struct Batch<'a> {
    rules: &'a RuleSet,
    source: &'a dyn Crowd,
    parameters: &'a Parameters,
    on: Date,
    /// Their lanes in the source.
    chosen: Vec<u32>,
    whole: bool,
    /// Those of whom something that was asked isn't known.
    unsure: Vec<bool>,
    lets: BTreeMap<&'a str, Option<Column>>,
    facts: RefCell<BTreeMap<String, Option<Column>>>,
}

impl<'a> Batch<'a> {
    fn new(
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
            whole: true,
            unsure: vec![false; source.lanes()],
            lets: BTreeMap::new(),
            facts: RefCell::new(BTreeMap::new()),
        })
    }

    /// An expression, after the lets it stands on.
    fn work_out(&mut self, written: &'a Written, needs: &[usize]) -> Worked {
        self.define(needs)?;
        self.eval(written)
    }

    /// Lets, each after those it uses.
    fn define(&mut self, needs: &[usize]) -> Result<(), Slow> {
        for place in needs {
            let Some((name, entries)) = self.rules.lets.get(*place) else { continue };
            if self.lets.contains_key(name.as_str()) {
                continue;
            }
            let column = match entries.iter().find(|entry| entry.in_force(self.on)) {
                Some(entry) => Some(self.eval(&entry.body)?),
                None => None,
            };
            self.lets.insert(name, column);
        }
        Ok(())
    }

    fn eval(&self, written: &Written) -> Worked {
        Many::new(self.chosen.len(), self.on, self.parameters, self).eval(written.expr.root())
    }

    /// Goes on without those of whom it is known not to hold.
    fn keep(&mut self, holds: impl Fn(usize) -> Option<bool>) {
        let mut left = Vec::with_capacity(self.chosen.len());
        for (lane, unsure) in self.unsure.iter_mut().enumerate() {
            match holds(lane) {
                Some(false) => continue,
                Some(true) => {}
                None => *unsure = true,
            }
            left.extend(u32::try_from(lane));
        }
        if left.len() == self.chosen.len() {
            return;
        }
        let at = |lane: &u32| usize::try_from(*lane).unwrap_or(usize::MAX);
        self.chosen = left.iter().filter_map(|lane| self.chosen.get(at(lane)).copied()).collect();
        self.unsure = left.iter().map(|lane| self.unsure.get(at(lane)).copied().unwrap_or(false)).collect();
        self.whole = false;
        self.lets.values_mut().flatten().for_each(|column| *column = column.take(&left));
        self.facts.borrow_mut().values_mut().flatten().for_each(|column| *column = column.take(&left));
    }
}

impl Names for Batch<'_> {
    fn let_(&self, name: &str) -> Option<Option<Column>> {
        self.lets.get(name).cloned()
    }

    fn fact(&self, name: &str) -> Option<Column> {
        if let Some(found) = self.facts.borrow().get(name) {
            return found.clone();
        }
        let column = self.source.column(name);
        let column = if self.whole { column } else { column.map(|column| column.take(&self.chosen)) };
        self.facts.borrow_mut().insert(name.to_owned(), column.clone());
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
