//! What a moved parameter can't reach. Those kept for a turn are put in order and cut into zones; of each zone only the bounds of its
//! columns are looked at, and where these alone show that every answer and amount stays as it is, nobody in it is asked again.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::civil::Date;

use super::RuleSet;
use super::batch::{Hinge, Hinging, Name, names_it};
use crate::column::{Bottom, Column, Lanes, Numbers, place};
use crate::eval::{compared, dig, operate};
use crate::many::Slow;
use crate::parameters::Parameters;
use crate::parser::{Arithmetic, Compare, Function, Kind, Node, PARAMETERS, Path, Test};
use crate::ratio::{Ratio, Rounding};
use crate::value::Value;

/// Numbers beyond this, or over greater bottoms, are followed no further: the exact arithmetic of each lane may then have no result.
const MOST: i128 = 1 << 50;

/// What a part of a rule may be in any lane of a zone, by the one value of the parameter and by the other.
#[derive(Debug, Clone)]
struct Reach {
    what: What,
    /// Whether a lane's value may differ between the two.
    moves: bool,
    /// Whether it is known in every lane, by both.
    sure: bool,
}

#[derive(Debug, Clone)]
enum What {
    /// The same in every lane, by both.
    Is(Value),
    /// The parameter: what it was, and what it is moved to.
    Turned(Value, Value),
    /// Between two numbers, over no greater bottom than this.
    Between(Ratio, Ratio, i128),
    Anything,
}

impl Reach {
    fn anything(moves: bool) -> Reach {
        Reach { what: What::Anything, moves, sure: false }
    }

    fn is(value: Value) -> Reach {
        let sure = !value.is_unknown();
        Reach { what: What::Is(value), moves: false, sure }
    }

    fn truth(known: Option<bool>, moves: bool, sure: bool) -> Reach {
        match known {
            Some(known) => Reach::is(Value::Bool(known)),
            None => Reach { what: What::Anything, moves, sure },
        }
    }

    /// Bounds that are too wide to be relied on are none.
    fn between(
        low: Option<Ratio>,
        high: Option<Ratio>,
        over: Option<i128>,
        moves: bool,
        sure: bool,
    ) -> Reach {
        let small = |n: &Ratio| n.numerator().abs() <= MOST && n.denominator() <= MOST;
        match (low.filter(small), high.filter(small), over.filter(|over| *over <= MOST)) {
            (Some(low), Some(high), Some(over)) => {
                Reach { what: What::Between(low, high, over), moves, sure }
            }
            _ => Reach::anything(moves),
        }
    }

    /// By both values of the parameter.
    fn turned(before: Value, after: Value) -> Reach {
        match (&before, &after) {
            _ if before == after => Reach::is(before),
            (Value::Number(a), Value::Number(b)) => {
                let over = a.denominator().max(b.denominator());
                Reach::between(Some(*a.min(b)), Some(*a.max(b)), Some(over), true, true)
            }
            _ => Reach { what: What::Turned(before, after), moves: true, sure: false },
        }
    }

    fn of(column: &Column) -> Reach {
        match column {
            Column::Same(value) => Reach::is(value.clone()),
            Column::Numbers(Numbers { tops, bottom: Bottom::All(bottom), low, high }) => {
                let ratio = |top: i64| Ratio::new(top.into(), (*bottom).into());
                Reach::between(ratio(*low), ratio(*high), Some((*bottom).into()), false, tops.known.is_none())
            }
            Column::Bools(Lanes { values, known: None }) => {
                match (values.contains(&true), values.contains(&false)) {
                    (true, true) => Reach { what: What::Anything, moves: false, sure: true },
                    (holds, _) => Reach::is(Value::Bool(holds)),
                }
            }
            _ => Reach::anything(false),
        }
    }

    fn number(&self) -> Option<(Ratio, Ratio, i128)> {
        match &self.what {
            What::Is(Value::Number(n)) => Some((*n, *n, n.denominator())),
            What::Between(low, high, over) => Some((*low, *high, *over)),
            _ => None,
        }
    }

    fn bool(&self) -> Option<bool> {
        match self.what {
            What::Is(Value::Bool(known)) => Some(known),
            _ => None,
        }
    }
}

/// One zone, asked about by bounds.
struct Zone<'a> {
    rules: &'a RuleSet,
    hinge: &'a Hinge,
    kept: &'a Hinging,
    before: &'a Parameters,
    after: &'a Parameters,
    on: Date,
    lets: BTreeMap<usize, Reach>,
}

impl RuleSet {
    /// Whether the bounds of those kept show that every answer and amount is the same by both: false says nothing.
    pub fn unmoved(
        &self,
        hinge: &Hinge,
        kept: &Hinging,
        before: &Parameters,
        after: &Parameters,
        on: Date,
    ) -> bool {
        let mut zone = Zone { rules: self, hinge, kept, before, after, on, lets: BTreeMap::new() };
        let mut conditions = Vec::new();
        for entry in hinge.conditions.iter().filter_map(|place| self.conditions.get(*place)) {
            conditions.push(zone.look(entry.body.when.expr.root()));
        }
        if conditions.iter().any(|condition| condition.bool() == Some(false)) {
            return true;
        }
        let amount = self.amounts.iter().find(|entry| entry.in_force(on));
        !conditions.iter().any(|condition| condition.moves)
            && amount.is_none_or(|entry| !zone.look(entry.body.expr.root()).moves)
    }
}

impl<'a> Zone<'a> {
    fn look(&mut self, node: &'a Node) -> Reach {
        match &node.kind {
            Kind::Literal(value) => Reach::is(value.clone()),
            Kind::Path(path) => self.path(path),
            Kind::Negate(inner) => {
                let inner = self.look(inner);
                arithmetic(Arithmetic::Subtract, &Reach::is(Value::from(0_i64)), &inner)
            }
            Kind::Arithmetic(operator, left, right) => {
                arithmetic(*operator, &self.look(left), &self.look(right))
            }
            Kind::Compare(operator, left, right) => compare(*operator, &self.look(left), &self.look(right)),
            Kind::Between(value, low, high) => {
                let value = self.look(value);
                let above = compare(Compare::AtLeast, &value, &self.look(low));
                junction(&[above, compare(Compare::AtMost, &value, &self.look(high))], false)
            }
            Kind::In(value, tests) => {
                let value = self.look(value);
                let answers: Vec<Reach> = tests.iter().map(|test| self.test(&value, test)).collect();
                let found = junction(&answers, true);
                // of what is unknown nothing is asked
                if value.sure {
                    found
                } else {
                    Reach::anything(value.moves || answers.iter().any(|a| a.moves))
                }
            }
            Kind::And(parts) => {
                junction(&parts.iter().map(|part| self.look(part)).collect::<Vec<_>>(), false)
            }
            Kind::Or(parts) => junction(&parts.iter().map(|part| self.look(part)).collect::<Vec<_>>(), true),
            Kind::If(condition, yes, no) => {
                let condition = self.look(condition);
                match condition.bool() {
                    Some(true) => self.look(yes),
                    Some(false) => self.look(no),
                    None => either(&condition, &self.look(yes), &self.look(no)),
                }
            }
            Kind::Index(list, index) => nth(&self.look(list), &self.look(index)),
            Kind::Call(function, arguments) => self.call(*function, arguments, node),
            _ => self.opaque(node),
        }
    }

    /// What is not looked into: it moves if anything in it may.
    fn opaque(&self, node: &Node) -> Reach {
        let place = |name: &str| self.rules.lets.iter().position(|(id, _)| id == name);
        let is_let = |name: &str| place(name).is_some();
        let hangs = node.lets(&is_let).filter_map(place).any(|place| self.hinge.hanging.contains(&place));
        Reach::anything(hangs || names_it(node, &self.hinge.parameter))
    }

    fn path(&mut self, path: &'a Path) -> Reach {
        if path.first() == PARAMETERS {
            let value = |parameters: &Parameters| {
                let found =
                    path.prefixes().find_map(|(count, name)| Some((count, parameters.at(name, self.on)?)));
                let Some((count, value)) = found else { return Value::Unknown };
                dig(value, &path.after(count).collect::<Vec<_>>()).map_or(Value::Unknown, Cow::into_owned)
            };
            return Reach::turned(value(self.before), value(self.after));
        }
        for (count, name) in path.prefixes() {
            let Some(at) = self.rules.lets.iter().position(|(id, _)| id == name) else { continue };
            let hangs = self.hinge.hanging.contains(&at);
            if path.after(count).next().is_some() {
                return Reach::anything(hangs);
            }
            return match self.kept.lets.get(&at) {
                Some(column) if !hangs => column.as_ref().map_or(Reach::is(Value::Unknown), Reach::of),
                _ => self.let_(at),
            };
        }
        // a lane that lacks the longer name would be looked up by the shorter one
        let known = |(_, name): &(usize, &str)| self.kept.facts.get(*name).is_some_and(Option::is_some);
        match (path.prefixes().filter(known).count(), self.kept.facts.get(&path.full)) {
            (1, Some(Some(column))) => Reach::of(column),
            _ => Reach::anything(false),
        }
    }

    /// A let that hangs on the parameter.
    fn let_(&mut self, at: usize) -> Reach {
        if let Some(may) = self.lets.get(&at) {
            return may.clone();
        }
        let rules = self.rules;
        let entries = rules.lets.get(at).map(|(_, entries)| entries);
        let body = entries.and_then(|entries| entries.iter().find(|entry| entry.in_force(self.on)));
        let may = body.map_or(Reach::is(Value::Unknown), |entry| self.look(entry.body.expr.root()));
        self.lets.insert(at, may.clone());
        may
    }

    fn test(&mut self, value: &Reach, test: &'a Test) -> Reach {
        match test {
            Test::Is(choice) => {
                let choice = self.look(choice);
                match (value.number(), choice.number()) {
                    (Some(_), Some(_)) => compare(Compare::Equal, value, &choice),
                    _ => Reach::anything(value.moves || choice.moves),
                }
            }
            Test::Compare(operator, limit) => compare(*operator, value, &self.look(limit)),
            Test::Range { low, low_open, high, high_open } => {
                let above = if *low_open { Compare::More } else { Compare::AtLeast };
                let below = if *high_open { Compare::Less } else { Compare::AtMost };
                let above = compare(above, value, &self.look(low));
                junction(&[above, compare(below, value, &self.look(high))], false)
            }
        }
    }

    fn call(&mut self, function: Function, arguments: &'a [Node], node: &'a Node) -> Reach {
        let way = match function {
            Function::Floor => Some(Rounding::Floor),
            Function::Ceiling => Some(Rounding::Ceiling),
            Function::RoundDown => Some(Rounding::Down),
            Function::RoundUp => Some(Rounding::Up),
            Function::RoundHalfUp => Some(Rounding::HalfUp),
            _ => None,
        };
        match (function, way, arguments) {
            (Function::Min | Function::Max, _, [first, rest @ ..]) if !rest.is_empty() => {
                let first = self.look(first);
                rest.iter()
                    .fold(first, |chosen, next| choose(function == Function::Min, &chosen, &self.look(next)))
            }
            (Function::Not, _, [inner]) => {
                let inner = self.look(inner);
                Reach::truth(inner.bool().map(|known| !known), inner.moves, inner.sure)
            }
            (_, Some(way), [number, places @ ..]) => {
                let number = self.look(number);
                let places = match places {
                    [] => Some(0),
                    [places, ..] => match self.look(places).what {
                        What::Is(Value::Number(n)) => n.to_i64().and_then(|n| i32::try_from(n).ok()),
                        _ => None,
                    },
                };
                let (Some((low, high, over)), Some(places)) = (number.number(), places) else {
                    return self.opaque(node);
                };
                let power = 10_i128.checked_pow(places.unsigned_abs());
                let over = if places > 0 { power.map(|power| power.max(over)) } else { Some(1) };
                Reach::between(
                    low.round(places, way),
                    high.round(places, way),
                    over,
                    number.moves,
                    number.sure,
                )
            }
            _ => self.opaque(node),
        }
    }
}

fn arithmetic(operator: Arithmetic, left: &Reach, right: &Reach) -> Reach {
    let (moves, sure) = (left.moves || right.moves, left.sure && right.sure);
    if let (What::Is(left), What::Is(right)) = (&left.what, &right.what) {
        return Reach::is(operate(operator, left.clone(), right.clone()));
    }
    let (Some((a, b, over)), Some((c, d, under))) = (left.number(), right.number()) else {
        return Reach::anything(moves);
    };
    let over = over.checked_mul(under);
    match operator {
        Arithmetic::Add => Reach::between(a.checked_add(&c), b.checked_add(&d), over, moves, sure),
        Arithmetic::Subtract => Reach::between(a.checked_sub(&d), b.checked_sub(&c), over, moves, sure),
        Arithmetic::Multiply => {
            corners([(a, c), (a, d), (b, c), (b, d)].map(|(x, y)| x.checked_mul(&y)), over, moves, sure)
        }
        // by one number alone: the bottoms of others are not known
        Arithmetic::Divide if c == d && c != Ratio::ZERO => {
            let by = Ratio::from_i64(1).checked_div(&c);
            let over = by.and_then(|by| over?.checked_mul(by.denominator()));
            corners([a.checked_div(&c), b.checked_div(&c)], over, moves, sure)
        }
        _ => Reach::anything(moves),
    }
}

fn corners<const N: usize>(all: [Option<Ratio>; N], over: Option<i128>, moves: bool, sure: bool) -> Reach {
    let known: Option<Vec<Ratio>> = all.into_iter().collect();
    let ends = known.and_then(|known| Some((*known.iter().min()?, *known.iter().max()?)));
    Reach::between(ends.map(|(low, _)| low), ends.map(|(_, high)| high), over, moves, sure)
}

fn compare(operator: Compare, left: &Reach, right: &Reach) -> Reach {
    let (moves, sure) = (left.moves || right.moves, left.sure && right.sure);
    if let (What::Is(left), What::Is(right)) = (&left.what, &right.what) {
        return Reach::is(compared(operator, left, right).map_or(Value::Unknown, Value::Bool));
    }
    let (Some((a, b, _)), Some((c, d, _))) = (left.number(), right.number()) else {
        return Reach { what: What::Anything, moves, sure: false };
    };
    let known = match operator {
        Compare::Less => (b < c).then_some(true).or((a >= d).then_some(false)),
        Compare::AtMost => (b <= c).then_some(true).or((a > d).then_some(false)),
        Compare::More => (a > d).then_some(true).or((b <= c).then_some(false)),
        Compare::AtLeast => (a >= d).then_some(true).or((b < c).then_some(false)),
        Compare::Equal => (b < c || a > d).then_some(false),
        Compare::Unequal => (b < c || a > d).then_some(true),
    };
    match known {
        Some(_) if sure => Reach::truth(known, false, true),
        // where one of them isn't known, neither is this
        _ => Reach { what: What::Anything, moves, sure },
    }
}

/// Kleene's *or* where `settles` is true, *and* where it is false.
fn junction(parts: &[Reach], settles: bool) -> Reach {
    if parts.iter().any(|part| part.bool() == Some(settles)) {
        return Reach::is(Value::Bool(settles));
    }
    let all = parts.iter().all(|part| part.bool().is_some());
    let (moves, sure) = (parts.iter().any(|part| part.moves), parts.iter().all(|part| part.sure));
    Reach::truth(all.then_some(!settles), moves, sure)
}

/// One of two, by a condition that is not the same in all lanes.
fn either(condition: &Reach, yes: &Reach, no: &Reach) -> Reach {
    let moves = condition.moves || yes.moves || no.moves;
    let sure = condition.sure && yes.sure && no.sure;
    match (yes.number(), no.number()) {
        (Some((a, b, over)), Some((c, d, under))) => {
            Reach::between(Some(a.min(c)), Some(b.max(d)), Some(over.max(under)), moves, sure)
        }
        _ => Reach { what: What::Anything, moves, sure },
    }
}

fn choose(least: bool, left: &Reach, right: &Reach) -> Reach {
    let (moves, sure) = (left.moves || right.moves, left.sure && right.sure);
    let (Some((a, b, over)), Some((c, d, under))) = (left.number(), right.number()) else {
        return Reach::anything(moves);
    };
    // the other one is never chosen, and always known
    if sure && (if least { b <= c } else { a >= d }) {
        return left.clone();
    }
    if sure && (if least { d <= a } else { c >= b }) {
        return right.clone();
    }
    let (low, high) = if least { (a.min(c), b.min(d)) } else { (a.max(c), b.max(d)) };
    Reach::between(Some(low), Some(high), Some(over.max(under)), moves, sure)
}

/// An entry of a list: of all that may be meant, those that moved.
fn nth(list: &Reach, index: &Reach) -> Reach {
    let (before, after) = match &list.what {
        What::Is(Value::List(items)) => (items, items),
        What::Turned(Value::List(before), Value::List(after)) if before.len() == after.len() => {
            (before, after)
        }
        _ => return Reach::anything(list.moves || index.moves),
    };
    let whole = |n: Ratio| n.to_i64().and_then(|n| usize::try_from(n).ok());
    let ends = index.number().and_then(|(low, high, _)| Some((whole(low)?.checked_sub(1)?, whole(high)?)));
    let Some((from, to)) = ends else { return Reach::anything(list.moves || index.moves) };
    let (Some(before), Some(after)) = (before.get(from..to), after.get(from..to)) else {
        return Reach::anything(list.moves || index.moves);
    };
    let one = |(before, after): (&Value, &Value)| Reach::turned(before.clone(), after.clone());
    let mut entries = before.iter().zip(after).map(one);
    let Some(first) = entries.next() else { return Reach::anything(list.moves || index.moves) };
    let mut all = entries.fold(first, |all, next| either(&Reach::is(Value::Bool(true)), &all, &next));
    all.moves |= index.moves;
    all.sure &= index.sure;
    all
}

impl Hinging {
    /// Several as one: their lanes are counted on.
    ///
    /// # Errors
    /// When what is known of them can't be put in one column: see [`Slow`].
    pub fn joined(all: Vec<Hinging>) -> Result<Hinging, Slow> {
        let lanes: Vec<usize> = all.iter().map(|one| one.chosen.len()).collect();
        let count = u32::try_from(lanes.iter().sum::<usize>()).map_err(|_| Slow)?;
        let unsure = all.iter().flat_map(|one| one.unsure.iter().copied()).collect();
        let (mut lets, mut facts) = (BTreeMap::new(), BTreeMap::new());
        let Some(first) = all.first() else { return Err(Slow) };
        for name in first.lets.keys() {
            lets.insert(
                *name,
                Column::joined(all.iter().map(|one| one.lets.get(name).cloned().flatten()), &lanes)?,
            );
        }
        for name in first.facts.keys() {
            let columns = all.iter().map(|one| one.facts.get(name).cloned().flatten());
            facts.insert(name.clone(), Column::joined(columns, &lanes)?);
        }
        Ok(Hinging { chosen: (0..count).collect(), unsure, lets, facts })
    }

    /// Their places in zones of at most so many: alike in what is true of them, then by the first number that the parameter is held
    /// against.
    pub fn zones(&self, hinge: &Hinge, most: usize) -> Vec<Vec<u32>> {
        let columns = || self.lets.values().chain(self.facts.values()).flatten();
        let truths: Vec<&Lanes<bool>> = columns()
            .filter_map(|column| match column {
                Column::Bools(lanes) => Some(lanes),
                _ => None,
            })
            .take(60)
            .collect();
        let number = hinge.held_against.iter().find_map(|name| {
            let column = match name {
                Name::Let(at) => self.lets.get(at),
                Name::Fact(name) => self.facts.get(name),
            };
            match column {
                Some(Some(Column::Numbers(numbers))) => Some(numbers),
                _ => None,
            }
        });
        // tops over bottoms of their own say nothing of an order
        let number = number.filter(|numbers| matches!(numbers.bottom, Bottom::All(_)));
        let key = |lane: &u32| {
            let at = place(*lane);
            let bits =
                truths.iter().fold(0_u64, |bits, truth| bits << 1 | u64::from(truth.get(at) == Some(true)));
            (bits, number.and_then(|numbers| numbers.tops.get(at)).unwrap_or(i64::MIN), *lane)
        };
        let mut order: Vec<(u64, i64, u32)> = self.chosen.iter().map(key).collect();
        order.sort_unstable();
        let mut zones: Vec<Vec<u32>> = Vec::new();
        let mut last = None;
        for (bits, _, lane) in order {
            match zones.last_mut() {
                Some(zone) if zone.len() < most && last == Some(bits) => zone.push(lane),
                _ => zones.push(vec![lane]),
            }
            last = Some(bits);
        }
        zones
    }

    /// Some of them alone, with bounds of their own.
    pub fn zone(&self, lanes: &[u32]) -> Hinging {
        let part = |column: &Option<Column>| column.as_ref().map(|column| column.take(lanes).narrowed());
        Hinging {
            chosen: (0_u32..).zip(lanes).map(|(place, _)| place).collect(),
            unsure: lanes
                .iter()
                .map(|lane| self.unsure.get(place(*lane)).copied().unwrap_or(false))
                .collect(),
            lets: self.lets.iter().map(|(name, column)| (*name, part(column))).collect(),
            facts: self.facts.iter().map(|(name, column)| (name.clone(), part(column))).collect(),
        }
    }
}
