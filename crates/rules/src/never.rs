//! Rules that can never be true, whatever the facts: found by working out what each part *may* be, from what the facts may be.
//!
//! It may miss some; what it names is surely so. Only known values are followed: what is unknown is never true.

mod may;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use jiff::civil::Date;

use self::may::{Items, May, Of, Span};
use maru_kernel::{Both, both};

use crate::eval::{apply, dig};
use crate::parameters::Parameters;
use crate::parser::{Arithmetic, Compare, Each, Function, Kind, Node, PARAMETERS, Path, Test};
use crate::ratio::{Ratio, Rounding};
use crate::value::Value;

/// What a fact may be, where it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Domain {
    Bool,
    Number {
        min: Option<Ratio>,
        max: Option<Ratio>,
    },
    /// One of these.
    Choice(Vec<String>),
    Text,
    Date,
    List,
}

/// How many nodes are looked at before everything counts as possible: silence, never a wrong word.
const MAX_STEPS: usize = 400_000;
/// How many lets deep a truth is followed.
const MAX_LETS: usize = 16;

/// What is taken as known so far: bounds by the text of what they bound, and how two of them compare.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    may: BTreeMap<String, May>,
    /// Less, equal, more: which of them are left.
    orders: BTreeMap<(String, String), [bool; 3]>,
    /// What each let may be, as last worked out.
    lets: Rc<BTreeMap<String, May>>,
}

impl Known {
    /// What holds whichever of the two holds.
    fn either(self, other: Known) -> Known {
        let mut may = BTreeMap::new();
        for (name, mine) in self.may {
            if let Some(theirs) = other.may.get(&name) {
                may.insert(name, mine.join(theirs));
            }
        }
        let mut orders = BTreeMap::new();
        for (pair, mine) in self.orders {
            if let Some(theirs) = other.orders.get(&pair) {
                orders.insert(pair, std::array::from_fn(|i| mine[i] || theirs[i]));
            }
        }
        Known { may, orders, lets: self.lets }
    }
}

/// What a let says in a period: its name, its expression and its text.
pub(crate) type Let<'a> = (&'a str, Option<(&'a Node, &'a str)>);

/// One period in which the law does not change.
pub(crate) struct Period<'a> {
    facts: &'a BTreeMap<String, Domain>,
    parameters: &'a Parameters,
    on: Date,
    /// The last day; nothing: it goes on.
    until: Option<Date>,
    lets: Vec<Let<'a>>,
    /// The items that names mean where it looks, innermost last.
    items: Vec<Item<'a>>,
    /// How many items there have been.
    numbered: usize,
    /// How many lets deep it looks.
    deep: usize,
    steps: usize,
}

/// A part of an expression: where it stands, and the text it stands in.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    pub node: &'a Node,
    pub text: &'a str,
}

impl<'a> Part<'a> {
    fn of(self, node: &'a Node) -> Part<'a> {
        Part { node, ..self }
    }
}

/// One item of a list, whichever it is.
#[derive(Debug, Clone)]
struct Item<'a> {
    name: &'a str,
    /// Whether bare names are its fields.
    bare: bool,
    /// No other item has the same, so that nothing known of one is taken for another's.
    number: usize,
    may: May,
}

impl<'a> Period<'a> {
    /// From a day until another (nothing: it goes on); the lets as they say it then, one before those that use it.
    pub fn new(
        facts: &'a BTreeMap<String, Domain>,
        parameters: &'a Parameters,
        (on, until): (Date, Option<Date>),
        lets: Vec<Let<'a>>,
    ) -> Period<'a> {
        let (items, numbered, deep, steps) = (Vec::new(), 0, 0, MAX_STEPS);
        Period { facts, parameters, on, until, lets, items, numbered, deep, steps }
    }

    /// What is known before anything is.
    pub fn beginning(&mut self) -> Known {
        self.settled(Known::default())
    }

    /// What is known when all of these are true, in turn; the place of one that can't be with the others.
    pub fn all_true(&mut self, beginning: &Known, parts: &[Part<'a>]) -> Result<(), usize> {
        let mut known = beginning.clone();
        for (place, part) in parts.iter().enumerate() {
            let next = self.assume(known, *part, true).ok_or(place)?;
            known = self.settled(next);
        }
        // Once more: what came later bounds what came before.
        for part in parts {
            known = self.assume(known, *part, true).ok_or(parts.len().saturating_sub(1))?;
        }
        Ok(())
    }

    /// Whether one of what `in` asks can't be.
    pub fn never_in(&mut self, beginning: &Known, value: Part<'a>, test: &'a Test) -> bool {
        self.test(beginning.clone(), value, test, true).is_none()
    }

    /// Whether its known values can be true or false at all.
    pub fn may_be_truth(&mut self, beginning: &Known, part: Part<'a>) -> bool {
        let may = self.may(beginning, part);
        may.yes || may.no
    }

    /// Whether the work was given up: then nothing is said.
    pub fn gave_up(&self) -> bool {
        self.steps == 0
    }

    /// What a fact, a let or a parameter is, where a sentence can say it.
    pub fn said(&mut self, beginning: &Known, part: Part<'a>) -> Option<Both> {
        let Kind::Path(path) = &part.node.kind else { return None };
        let may = self.may(beginning, part);
        let shown = |end: Option<(Ratio, bool)>| end.map(|(end, _)| end.to_string());
        let name = &path.full;
        match (&may.text, may.number) {
            (Some(Of::Only(texts)), None) => {
                let all: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
                let all = all.join(", ");
                Some(both!("`{name}`은(는) {all} 가운데 하나입니다", "`{name}` is one of {all}"))
            }
            (None, Some(span)) => match (shown(span.low), shown(span.high)) {
                (Some(low), Some(high)) => Some(both!(
                    "`{name}`은(는) {low} 이상 {high} 이하입니다",
                    "`{name}` is between {low} and {high}"
                )),
                (Some(low), None) => {
                    Some(both!("`{name}`은(는) {low} 이상입니다", "`{name}` is at least {low}"))
                }
                (None, Some(high)) => {
                    Some(both!("`{name}`은(는) {high} 이하입니다", "`{name}` is at most {high}"))
                }
                (None, None) => Some(both!("`{name}`은(는) 숫자입니다", "`{name}` is a number")),
            },
            _ => None,
        }
    }

    /// Gives a name to one item of a list, until `leave`, and tells what is known then; nothing when the list never has one.
    pub fn enter(&mut self, known: Known, list: Part<'a>, name: &'a str, bare: bool) -> Option<Known> {
        let (known, number, may) = self.item(known, list)?;
        self.items.push(Item { name, bare, number, may });
        Some(known)
    }

    pub fn leave(&mut self) {
        self.items.pop();
    }

    /// One item of a list, by its number: what is known with it, and what it may be. One of a filter fulfils the condition.
    fn item(&mut self, known: Known, list: Part<'a>) -> Option<(Known, usize, May)> {
        if let Kind::Path(path) = &list.node.kind
            && let Some(body) = self.body(path)
        {
            return self.outside(|period| period.item(known, body));
        }
        if let Kind::Filter { list: all, condition, bare } = &list.node.kind {
            let (known, number, may) = self.item(known, list.of(all))?;
            self.items.push(Item { name: "item", bare: *bare, number, may: may.clone() });
            let known = self.assume(known, list.of(condition), true);
            self.leave();
            return known.map(|known| (known, number, may));
        }
        let may = self.may(&known, list);
        if may.is_empty_list() {
            return None;
        }
        self.numbered += 1;
        Some((known, self.numbered, may.items()))
    }

    /// Work where no name means an item, as in a let.
    fn outside<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let items = std::mem::take(&mut self.items);
        self.deep += 1;
        let done = work(self);
        self.deep -= 1;
        self.items = items;
        done
    }

    /// The item a name means, and how many of its segments that takes; `bare` inside a filter of the expression's own, whose bare names
    /// mean another.
    fn item_of(&self, path: &Path, bare: bool) -> Option<(&Item<'a>, usize)> {
        if self.items.is_empty() || path.first() == PARAMETERS {
            return None;
        }
        if let Some(item) = self.items.iter().rfind(|item| item.name == path.first()) {
            return Some((item, 1));
        }
        if bare || path.prefixes().any(|(_, name)| self.is_let(name)) {
            return None;
        }
        self.items.iter().rfind(|item| item.bare).map(|item| (item, 0))
    }

    fn is_let(&self, name: &str) -> bool {
        self.lets.iter().any(|(one, _)| *one == name)
    }

    /// The expression of the let a name means, unless that lies too deep.
    fn body(&self, path: &Path) -> Option<Part<'a>> {
        if self.deep >= MAX_LETS || self.item_of(path, false).is_some() {
            return None;
        }
        let (node, text) = self.lets.iter().find(|(name, _)| *name == path.full)?.1?;
        Some(Part { node, text })
    }

    /// What a part is known by: the same text has the same value wherever it stands, once its items are told apart. Nothing for what is
    /// written out.
    fn key(&self, part: Part<'a>) -> Option<String> {
        let numbered = |path: &Path, bare| {
            let (item, skip) = self.item_of(path, bare)?;
            let number = format!("#{}", item.number);
            Some(path.after(skip).fold(number, |name, field| format!("{name}.{field}")))
        };
        match &part.node.kind {
            Kind::Literal(_) => None,
            Kind::Path(path) => Some(numbered(path, false).unwrap_or_else(|| path.full.clone())),
            _ => {
                let Range { start, end } = part.node.at;
                let mut names = Vec::new();
                part.node.free_places(&mut |path, at, bare| {
                    names.extend(numbered(path, bare).map(|name| (name, at)));
                });
                let (mut key, mut from) = (String::new(), start);
                for (name, at) in names {
                    key.push_str(part.text.get(from..at.start)?);
                    key.push_str(&name);
                    from = at.end;
                }
                key.push_str(part.text.get(from..end)?);
                Some(key)
            }
        }
    }

    fn spent(&mut self) -> bool {
        self.steps = self.steps.saturating_sub(1);
        self.steps == 0
    }

    /// The same, with every let worked out anew.
    fn settled(&mut self, mut known: Known) -> Known {
        known.lets = Rc::default();
        for place in 0..self.lets.len() {
            let Some((name, Some((node, text)))) = self.lets.get(place).copied() else { continue };
            // it uses only those before it
            let may = self.outside(|period| period.may(&known, Part { node, text }));
            Rc::make_mut(&mut known.lets).insert(name.to_owned(), may);
        }
        known
    }

    /// What the value of a part may be.
    fn may(&mut self, known: &Known, part: Part<'a>) -> May {
        if self.spent() {
            return May::anything();
        }
        let may = self.may_kind(known, part);
        self.kept(known, part, may)
    }

    /// What of it agrees with what is known of the part.
    fn kept(&self, known: &Known, part: Part<'a>, may: May) -> May {
        match self.key(part).and_then(|key| known.may.get(&key)) {
            Some(bound) => may.meet(bound),
            None => may,
        }
    }

    fn may_kind(&mut self, known: &Known, part: Part<'a>) -> May {
        match &part.node.kind {
            Kind::Literal(value) => May::just(value),
            Kind::Path(path) => self.path(known, path),
            Kind::List(items) => {
                let mut all = May::default();
                for item in items {
                    all = all.join(&self.may(known, part.of(item)));
                }
                May::list(all, Span::of_length(items.len()))
            }
            Kind::Context(_) => May { context: Some(Of::Any), ..May::default() },
            Kind::Negate(inner) => {
                let number = self.may(known, part.of(inner)).number;
                May { number: number.map(|span| span.negated()), ..May::default() }
            }
            Kind::Arithmetic(operator, left, right) => {
                let (left, right) = (self.may(known, part.of(left)), self.may(known, part.of(right)));
                arithmetic(*operator, left, right)
            }
            Kind::If(condition, yes, no) => {
                let condition = self.truth(known, part.of(condition));
                match condition {
                    (false, _) => self.may(known, part.of(no)),
                    (_, false) => self.may(known, part.of(yes)),
                    _ => self.may(known, part.of(yes)).join(&self.may(known, part.of(no))),
                }
            }
            Kind::Each(Each::For, name, list, body) => {
                let list = part.of(list);
                let Some(Items { count, .. }) = self.may(known, list).list else { return May::default() };
                let Some(known) = self.enter(known.clone(), list, name, false) else {
                    return May::list(May::default(), count);
                };
                let each = self.may(&known, part.of(body));
                self.leave();
                May::list(each, count)
            }
            Kind::Steps(first, last) => {
                let (first, last) = (self.may(known, part.of(first)), self.may(known, part.of(last)));
                let number = first.number.zip(last.number).map(|(first, last)| first.join(&last));
                May::list(May { number, ..May::default() }, Span::at_least(Ratio::ONE))
            }
            Kind::Shift(..) => May { date: Some(Span::all()), ..May::default() },
            Kind::Field(inner, _) => self.may(known, part.of(inner)).field(),
            Kind::Index(list, _) => self.may(known, part.of(list)).items(),
            Kind::Filter { .. } => match self.item(known.clone(), part) {
                Some((_, _, may)) => May::list(may, Span::at_least(Ratio::ZERO)),
                None => May::list(May::default(), Span::of_length(0)),
            },
            Kind::Call(Function::Not, _)
            | Kind::Compare(..)
            | Kind::Between(..)
            | Kind::In(..)
            | Kind::And(_)
            | Kind::Or(_)
            | Kind::Each(..) => {
                let (yes, no) = self.truth(known, part);
                May::truths(yes, no)
            }
            Kind::Call(function, arguments) => self.call(known, part, *function, arguments),
        }
    }

    /// Whether it may be true, and whether it may be false.
    fn truth(&mut self, known: &Known, part: Part<'a>) -> (bool, bool) {
        let yes = self.assume(known.clone(), part, true).is_some();
        (yes, self.assume(known.clone(), part, false).is_some())
    }

    fn path(&mut self, known: &Known, path: &Path) -> May {
        if path.first() == PARAMETERS {
            let found = path
                .prefixes()
                .find_map(|(count, name)| self.parameters.at(name, self.on).map(|value| (count, value)));
            // One that has no value is a fault of its own.
            let Some((count, value)) = found else { return May::anything() };
            let fields: Vec<&str> = path.after(count).collect();
            return dig(value, &fields).map_or_else(|_| May::anything(), |value| May::just(&value));
        }
        let fields = |may, count| path.after(count).fold(may, |may: May, _| may.field());
        if let Some((item, skip)) = self.item_of(path, false) {
            return fields(item.may.clone(), skip);
        }
        if let Some((count, name)) = path.prefixes().find(|(_, name)| self.is_let(name)) {
            return fields(known.lets.get(name).cloned().unwrap_or_else(May::anything), count);
        }
        let below = path.prefixes().any(|(_, name)| name != path.full && self.facts.contains_key(name));
        match self.facts.get(&path.full) {
            Some(domain) if !below => May::of(domain),
            _ => May::anything(),
        }
    }

    fn call(&mut self, known: &Known, part: Part<'a>, function: Function, arguments: &'a [Node]) -> May {
        let anything = May::anything;
        let number = |span| May { number: Some(span), ..May::default() };
        match function {
            Function::Today => {
                let high = self.until.map(|until| (until, false));
                May { date: Some(Span { low: Some((self.on, false)), high }), ..May::default() }
            }
            Function::Date if arguments.iter().all(|node| matches!(node.kind, Kind::Literal(_))) => {
                let literal = |node: &Node| match &node.kind {
                    Kind::Literal(value) => value.clone(),
                    _ => Value::Unknown,
                };
                May::just(&apply(function, arguments.iter().map(literal).collect(), self.on))
            }
            Function::Date => May { date: Some(Span::all()), ..May::default() },
            Function::Count => {
                let count = arguments.first().and_then(|list| self.may(known, part.of(list)).count());
                May { number: count, ..May::default() }
            }
            Function::StringLength => number(Span::at_least(Ratio::ZERO)),
            Function::YearsBetween | Function::MonthsBetween | Function::DaysBetween => number(Span::all()),
            Function::Contains | Function::StartsWith | Function::EndsWith => May::truths(true, true),
            Function::ListContains => {
                let [list, wanted] = arguments else { return anything() };
                let items = self.may(known, part.of(list)).items();
                let found = items.narrowed(Compare::Equal, &self.may(known, part.of(wanted)));
                May::truths(!found.is_nothing(), true)
            }
            Function::Any | Function::All => {
                let each = self.joined(known, part, arguments).items();
                let any = function == Function::Any;
                May::truths(!any || each.yes, any || each.no)
            }
            Function::Sum | Function::Mean | Function::Median | Function::Product => {
                let of = self.joined(known, part, arguments);
                if of.is_empty_list() { May::default() } else { number(Span::all()) }
            }
            Function::Abs => {
                let [value] = arguments else { return anything() };
                match self.may(known, part.of(value)).number {
                    Some(span) if span.low.is_some_and(|(low, _)| !low.is_negative()) => number(span),
                    _ => number(Span::at_least(Ratio::ZERO)),
                }
            }
            Function::Min | Function::Max => self.extreme(known, part, function, arguments),
            Function::GetValue => match arguments {
                [context, _] => match self.may(known, part.of(context)).context {
                    Some(Of::Only(fields)) => *fields,
                    _ => anything(),
                },
                _ => anything(),
            },
            Function::Floor => self.round(known, part, arguments, Rounding::Floor),
            Function::Ceiling => self.round(known, part, arguments, Rounding::Ceiling),
            Function::RoundDown => self.round(known, part, arguments, Rounding::Down),
            Function::RoundUp => self.round(known, part, arguments, Rounding::Up),
            Function::RoundHalfUp => self.round(known, part, arguments, Rounding::HalfUp),
            Function::RoundHalfDown => self.round(known, part, arguments, Rounding::HalfDown),
            Function::Decimal => self.round(known, part, arguments, Rounding::HalfEven),
            _ => anything(),
        }
    }

    /// What one of several may be.
    fn joined(&mut self, known: &Known, part: Part<'a>, nodes: &'a [Node]) -> May {
        let all = nodes.iter().map(|node| self.may(known, part.of(node)));
        all.fold(May::default(), |all, one| all.join(&one))
    }

    /// The least or the greatest of several numbers; of no items, nothing; of anything else, anything.
    fn extreme(&mut self, known: &Known, part: Part<'a>, function: Function, arguments: &'a [Node]) -> May {
        let mut spans = Vec::new();
        for argument in arguments {
            let may = self.may(known, part.of(argument));
            match may.only_number() {
                Some(span) => spans.push(span),
                // the least of no items is unknown, and lists beside others don't compare
                None if may.is_empty_list() => return May::default(),
                None => return May::anything(),
            }
        }
        let ends = spans.into_iter().reduce(|one, other| match function {
            Function::Max => Span::greater(one, other),
            _ => Span::greater(one.negated(), other.negated()).negated(),
        });
        May { number: ends, ..May::default() }
    }

    /// Every way of rounding keeps order, so that the ends may be rounded.
    fn round(&mut self, known: &Known, part: Part<'a>, arguments: &'a [Node], way: Rounding) -> May {
        let mut values = Vec::new();
        for argument in arguments {
            values.push(self.may(known, part.of(argument)).number);
        }
        let places = match values.get(1) {
            None => Some(0),
            Some(span) => span.as_ref().and_then(Span::point).and_then(|n| n.to_i64()),
        };
        let places = places.and_then(|places| i32::try_from(places).ok());
        let end = |end: Option<(Ratio, bool)>| Some((end?.0.round(places?, way)?, false));
        let number = values
            .first()
            .and_then(|span| *span)
            .map(|span| Span { low: end(span.low), high: end(span.high) });
        May { number, ..May::default() }
    }

    /// What is known once a part is taken to be true (or false); nothing when it can't be.
    fn assume(&mut self, known: Known, part: Part<'a>, want: bool) -> Option<Known> {
        if self.spent() {
            return Some(known);
        }
        match &part.node.kind {
            Kind::Literal(value) => (*value == Value::Bool(want)).then_some(known),
            Kind::And(parts) | Kind::Or(parts) => {
                let all = matches!(part.node.kind, Kind::And(_)) == want;
                if all {
                    parts.iter().try_fold(known, |known, one| self.assume(known, part.of(one), want))
                } else {
                    let mut any: Option<Known> = None;
                    for one in parts {
                        let way = self.assume(known.clone(), part.of(one), want);
                        any = either(any, way);
                    }
                    any
                }
            }
            Kind::Call(Function::Not, arguments) => {
                let inner = arguments.first()?;
                self.assume(known, part.of(inner), !want)
            }
            Kind::If(condition, yes, no) => {
                let (condition, yes, no) = (part.of(condition), part.of(yes), part.of(no));
                let then = self
                    .assume(known.clone(), condition, true)
                    .and_then(|known| self.assume(known, yes, want));
                let otherwise = self
                    .assume(known.clone(), condition, false)
                    .and_then(|known| self.assume(known, no, want));
                // Where the condition isn't known, both may say the same.
                let both = self.assume(known, yes, want).and_then(|known| self.assume(known, no, want));
                either(either(then, otherwise), both)
            }
            Kind::Compare(operator, left, right) => {
                let operator = if want { *operator } else { negated(*operator) };
                self.compare(known, part.of(left), operator, part.of(right))
            }
            Kind::Between(value, low, high) => {
                self.within(known, part.of(value), (part.of(low), false), (part.of(high), false), want)
            }
            Kind::In(value, tests) => {
                let value = part.of(value);
                if want {
                    let mut any: Option<Known> = None;
                    for test in tests {
                        let way = self.test(known.clone(), value, test, true);
                        any = either(any, way);
                    }
                    any
                } else {
                    tests.iter().try_fold(known, |known, test| self.test(known, value, test, false))
                }
            }
            Kind::Each(each @ (Each::Some | Each::Every), name, list, body) => {
                // one item makes `some` true, and `every` false
                let by_one = (*each == Each::Some) == want;
                let known = if by_one {
                    let known = self.enter(known, part.of(list), name, false)?;
                    let known = self.assume(known, part.of(body), want);
                    self.leave();
                    known?
                } else {
                    known
                };
                self.is(known, part, want)
            }
            Kind::Path(path) => {
                let known = match self.body(path) {
                    Some(body) => self.outside(|period| period.assume(known, body, want))?,
                    None => known,
                };
                self.is(known, part, want)
            }
            _ => self.is(known, part, want),
        }
    }

    /// What has a truth of its own, such as a fact, is that truth.
    fn is(&mut self, mut known: Known, part: Part<'a>, want: bool) -> Option<Known> {
        let may = self.may_plain(&known, part);
        if !(if want { may.yes } else { may.no }) {
            return None;
        }
        if let Some(key) = self.key(part) {
            known.may.insert(key, May::truths(want, !want));
        }
        Some(known)
    }

    /// `may` of what `assume` asks about: without asking `assume` again.
    fn may_plain(&mut self, known: &Known, part: Part<'a>) -> May {
        match &part.node.kind {
            Kind::And(_)
            | Kind::Or(_)
            | Kind::Compare(..)
            | Kind::Between(..)
            | Kind::In(..)
            | Kind::If(..)
            | Kind::Each(Each::Some | Each::Every, ..) => self.kept(known, part, May::truths(true, true)),
            _ => self.may(known, part),
        }
    }

    fn compare(&mut self, known: Known, left: Part<'a>, operator: Compare, right: Part<'a>) -> Option<Known> {
        let (a, b) = (self.may(&known, left), self.may(&known, right));
        let mut known = self.bound(known, left, a.clone().narrowed(operator, &b))?;
        known = self.bound(known, right, b.narrowed(flipped(operator), &a))?;
        let (Some(left), Some(right)) = (self.key(left), self.key(right)) else { return Some(known) };
        let (pair, operator) =
            if left <= right { ((left, right), operator) } else { ((right, left), flipped(operator)) };
        let mut left_of_it = orders(operator);
        if pair.0 == pair.1 {
            left_of_it = std::array::from_fn(|i| left_of_it[i] && i == 1);
        }
        let before = known.orders.get(&pair).copied().unwrap_or([true; 3]);
        let both: [bool; 3] = std::array::from_fn(|i| before[i] && left_of_it[i]);
        if both == [false; 3] {
            return None;
        }
        known.orders.insert(pair, both);
        Some(known)
    }

    /// Between two ends, each of which may be left out; or not.
    fn within(
        &mut self,
        known: Known,
        value: Part<'a>,
        (low, low_open): (Part<'a>, bool),
        (high, high_open): (Part<'a>, bool),
        want: bool,
    ) -> Option<Known> {
        let above = if low_open { Compare::More } else { Compare::AtLeast };
        let below = if high_open { Compare::Less } else { Compare::AtMost };
        if want {
            // By bounds first: they hold for a value that has no name, too.
            let (may, from, to) = (self.may(&known, value), self.may(&known, low), self.may(&known, high));
            if may.narrowed(above, &from).narrowed(below, &to).is_nothing() {
                return None;
            }
            let known = self.compare(known, value, above, low)?;
            self.compare(known, value, below, high)
        } else {
            let under = self.compare(known.clone(), value, negated(above), low);
            either(under, self.compare(known, value, negated(below), high))
        }
    }

    /// One of the things `in` asks.
    fn test(&mut self, known: Known, value: Part<'a>, test: &'a Test, want: bool) -> Option<Known> {
        match test {
            Test::Compare(operator, limit) => {
                let operator = if want { *operator } else { negated(*operator) };
                self.compare(known, value, operator, value.of(limit))
            }
            Test::Range { low, low_open, high, high_open } => {
                let (low, high) = ((value.of(low), *low_open), (value.of(high), *high_open));
                self.within(known, value, low, high, want)
            }
            Test::Is(choice) => {
                let (mine, choices) = (self.may(&known, value), self.may(&known, value.of(choice)));
                if choices.list.is_none() {
                    let operator = if want { Compare::Equal } else { Compare::Unequal };
                    return self.compare(known, value, operator, value.of(choice));
                }
                if !want {
                    return Some(known);
                }
                // One of the items, or what is no list itself; a list may also be that list.
                let mut one = choices.clone().items();
                one.list = choices.list;
                self.bound(known, value, mine.narrowed(Compare::Equal, &one))
            }
        }
    }

    /// Keeps what a part may be; nothing when it may be nothing.
    fn bound(&self, mut known: Known, part: Part<'a>, may: May) -> Option<Known> {
        if may.is_nothing() {
            return None;
        }
        if let Some(key) = self.key(part) {
            known.may.insert(key, may);
        }
        Some(known)
    }
}

fn either(one: Option<Known>, other: Option<Known>) -> Option<Known> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.either(other)),
        (one, other) => one.or(other),
    }
}

fn negated(operator: Compare) -> Compare {
    match operator {
        Compare::Equal => Compare::Unequal,
        Compare::Unequal => Compare::Equal,
        Compare::Less => Compare::AtLeast,
        Compare::AtMost => Compare::More,
        Compare::More => Compare::AtMost,
        Compare::AtLeast => Compare::Less,
    }
}

fn flipped(operator: Compare) -> Compare {
    match operator {
        Compare::Less => Compare::More,
        Compare::AtMost => Compare::AtLeast,
        Compare::More => Compare::Less,
        Compare::AtLeast => Compare::AtMost,
        same => same,
    }
}

fn orders(operator: Compare) -> [bool; 3] {
    match operator {
        Compare::Equal => [false, true, false],
        Compare::Unequal => [true, false, true],
        Compare::Less => [true, false, false],
        Compare::AtMost => [true, true, false],
        Compare::More => [false, false, true],
        Compare::AtLeast => [false, true, true],
    }
}

fn arithmetic(operator: Arithmetic, left: May, right: May) -> May {
    let texts = operator == Arithmetic::Add && left.text.is_some() && right.text.is_some();
    let number = left.number.zip(right.number).map(|(a, b)| match operator {
        Arithmetic::Add => a.plus(&b),
        Arithmetic::Subtract => a.plus(&b.negated()),
        Arithmetic::Multiply => a.times(&b),
        Arithmetic::Divide => match b.point().and_then(|by| Ratio::ONE.checked_div(&by)) {
            Some(by) => a.times(&Span::just(by)),
            None => Span::all(),
        },
        Arithmetic::Power => Span::all(),
    });
    May { number, text: texts.then_some(Of::Any), ..May::default() }
}
