//! A tree and the facts to a value. Everything unknown stays unknown unless Kleene logic settles it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use jiff::civil::Date;

use maru_kernel::{Both, both};

use crate::Fault;
use crate::fault::{Lines, say};
use crate::functions;
use crate::parameters::Parameters;
use crate::parser::{
    self, Arithmetic, Compare, Duration, Each, Function, Kind, Node, PARAMETERS, Path, Test,
};
use crate::ratio::{Ratio, Rounding};
use crate::value::{Facts, MAX_LIST, MAX_NESTING, MAX_TEXT, Value, read_date};

/// How many steps one expression may take (a step is a node visited or a value copied); past them it is unknown.
const MAX_STEPS: usize = 200_000;
/// As many faults as a person reads.
const MAX_FAULTS: usize = 20;

/// One expression, parsed once.
#[derive(Debug, Clone)]
pub struct Expr {
    root: Node,
}

impl Expr {
    pub fn parse(text: &str) -> Result<Expr, Fault> {
        parser::parse(text).map(|root| Expr { root }).map_err(|fault| fault.on(&Lines::of(text)))
    }

    /// The facts and `매개.…` parameters it may read. Fields of a filter's own items are not among them.
    pub fn names(&self) -> BTreeSet<String> {
        self.root.names(|_| false)
    }

    pub fn eval(&self, scope: &Scope<'_>) -> Value {
        run(&self.root, scope, Wish::Value).value
    }

    /// The value, and what was wrong with types, bounds or parameters on the way to it.
    pub fn check(&self, scope: &Scope<'_>) -> (Value, Vec<Fault>) {
        let outcome = run(&self.root, scope, Wish::Faults);
        (outcome.value, outcome.faults)
    }

    pub(crate) fn root(&self) -> &Node {
        &self.root
    }

    pub(crate) fn run(&self, scope: &Scope<'_>, wish: Wish) -> Outcome {
        run(&self.root, scope, wish)
    }
}

/// What whoever evaluates wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wish {
    Value,
    /// Which facts were looked at on the way, and which are absent.
    Facts,
    /// That, and what was wrong.
    Faults,
}

/// What names mean: the facts, the parameters of a date, and the intermediate values already worked out.
pub struct Scope<'a> {
    facts: &'a Facts,
    parameters: &'a Parameters,
    on: Date,
    lets: BTreeMap<&'a str, Option<Arc<Outcome>>>,
}

impl<'a> Scope<'a> {
    pub fn new(facts: &'a Facts, parameters: &'a Parameters, on: Date) -> Scope<'a> {
        Scope { facts, parameters, on, lets: BTreeMap::new() }
    }

    /// Gives a name its value once, for every expression evaluated after; `None` for one not in force on the date.
    pub(crate) fn define(&mut self, name: &'a str, outcome: Option<Arc<Outcome>>) {
        self.lets.insert(name, outcome);
    }
}

/// A value and how it came about.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub value: Value,
    /// Every fact looked at, in order, with what was found.
    pub looked: Vec<(String, Option<Value>)>,
    /// The facts whose absence leaves the value unknown.
    pub absent: Vec<String>,
    pub faults: Vec<Fault>,
    /// The fact whose items these are, when the value is a list of them.
    origin: Option<String>,
}

fn run(root: &Node, scope: &Scope<'_>, wish: Wish) -> Outcome {
    let mut run = Run::new(scope, wish);
    let mut value = run.eval(root);
    if value.nesting() > MAX_NESTING {
        run.fault(root, say::too_deep);
        value = Value::Unknown;
    }
    let mut once = BTreeSet::new();
    let absent = run.absent.into_iter().filter(|name| once.insert(name.clone())).collect();
    let Run { looked, faults, .. } = run;
    let named = wish >= Wish::Facts && matches!(value, Value::List(_));
    let origin = if named { origin(root, scope, &[]) } else { None };
    Outcome { value, looked, absent, faults, origin }
}

/// What a function makes of values, on a day: for whoever has worked out the arguments.
pub(crate) fn apply(function: Function, values: Vec<Value>, on: Date) -> Value {
    bare(on, |run| run.apply(&Node::nowhere(), function, values))
}

/// What an operator makes of two values.
pub(crate) fn operate(operator: Arithmetic, left: Value, right: Value) -> Value {
    let nowhere = Node::nowhere();
    bare(Date::ZERO, |run| run.operate(&nowhere, operator, (&nowhere, &left), (&nowhere, &right)))
}

/// How two values compare; nothing where that isn't known.
pub(crate) fn compared(operator: Compare, left: &Value, right: &Value) -> Option<bool> {
    bare(Date::ZERO, |run| run.compare(&(0..0), operator, left, right))
}

/// A run in which no name means anything.
fn bare<T>(on: Date, work: impl FnOnce(&mut Run<'_>) -> T) -> T {
    let (facts, parameters) = (Facts::default(), Parameters::default());
    let scope = Scope::new(&facts, &parameters, on);
    work(&mut Run::new(&scope, Wish::Value))
}

struct Local<'a> {
    name: &'a str,
    value: Cow<'a, Value>,
    origin: Option<String>,
}

struct Run<'a> {
    scope: &'a Scope<'a>,
    /// Variables, innermost last.
    locals: Vec<Local<'a>>,
    /// Which of the locals are items whose fields bare names reach.
    bare: Vec<usize>,
    steps: usize,
    seen: BTreeSet<String>,
    looked: Vec<(String, Option<Value>)>,
    absent: Vec<String>,
    faults: Vec<Fault>,
    wish: Wish,
}

/// What is not known; it costs nothing to say.
const UNKNOWN: Cow<'static, Value> = Cow::Owned(Value::Unknown);

impl<'a> Run<'a> {
    fn new(scope: &'a Scope<'a>, wish: Wish) -> Run<'a> {
        Run {
            scope,
            locals: Vec::new(),
            bare: Vec::new(),
            steps: MAX_STEPS,
            seen: BTreeSet::new(),
            looked: Vec::new(),
            absent: Vec::new(),
            faults: Vec::new(),
            wish,
        }
    }

    fn fault(&mut self, node: &Node, message: impl FnOnce() -> Both) {
        self.fault_at(&node.at, message);
    }

    fn fault_at(&mut self, at: &Range<usize>, message: impl FnOnce() -> Both) {
        if self.wish == Wish::Faults && self.faults.len() < MAX_FAULTS {
            let fault = Fault::at(at.clone(), message());
            // an expression over a list says the same for every item
            if !self.faults.contains(&fault) {
                self.faults.push(fault);
            }
        }
    }

    /// Whether there are steps left for this.
    fn spend(&mut self, steps: usize, node: &Node) -> bool {
        self.spend_at(steps, &node.at)
    }

    fn spend_at(&mut self, steps: usize, at: &Range<usize>) -> bool {
        if self.steps == 0 {
            return false;
        }
        self.steps = self.steps.saturating_sub(steps);
        if self.steps == 0 {
            self.fault_at(at, || {
                both!("{MAX_STEPS}걸음보다 오래 걸립니다", "takes more than {MAX_STEPS} steps")
            });
        }
        self.steps > 0
    }

    /// A value to keep.
    fn eval(&mut self, node: &'a Node) -> Value {
        let seen = self.see(node);
        self.keep(node, seen)
    }

    /// Copies what belongs to somebody else, while there are steps left for it.
    fn keep(&mut self, node: &Node, value: Cow<'_, Value>) -> Value {
        match value {
            Cow::Owned(value) => value,
            Cow::Borrowed(value) if self.spend(value.weight(), node) => value.clone(),
            Cow::Borrowed(_) => Value::Unknown,
        }
    }

    /// A value to look at: what stands in the rules, the facts or the parameters is not copied for it.
    fn see(&mut self, node: &'a Node) -> Cow<'a, Value> {
        if !self.spend(1, node) {
            return UNKNOWN;
        }
        let absent_before = self.absent.len();
        let value = self.see_kind(node);
        // Once a value is settled, no absent fact on the way to it mattered.
        if !matches!(*value, Value::Unknown | Value::List(_) | Value::Context(_)) {
            self.absent.truncate(absent_before);
        }
        value
    }

    fn see_kind(&mut self, node: &'a Node) -> Cow<'a, Value> {
        let made = match &node.kind {
            Kind::Literal(value) => return Cow::Borrowed(value),
            Kind::Path(path) => return self.path(node, path),
            Kind::Field(inner, name) => {
                let inner = self.see(inner);
                return self.part(node, &inner, &[name]);
            }
            Kind::If(condition, yes, no) => return self.conditional(condition, yes, no),
            Kind::Index(list, index) => return self.index(node, list, index),
            Kind::List(items) => Value::List(items.iter().map(|item| self.eval(item)).collect()),
            Kind::Context(fields) => self.context(fields),
            Kind::Negate(inner) => {
                let value = self.see(inner);
                self.number(inner, &value).map_or(Value::Unknown, |n| self.exact(node, n.checked_neg()))
            }
            Kind::Arithmetic(operator, left, right) => self.arithmetic(node, *operator, left, right),
            Kind::Compare(operator, left, right) => {
                let (left, right) = (self.see(left), self.see(right));
                truth(self.compare(&node.at, *operator, &left, &right))
            }
            Kind::Between(value, low, high) => {
                let (value, low, high) = (self.see(value), self.see(low), self.see(high));
                let above = self.compare(&node.at, Compare::AtLeast, &value, &low);
                let below = self.compare(&node.at, Compare::AtMost, &value, &high);
                truth(both(above, below))
            }
            Kind::In(value, tests) => self.is_in(node, value, tests),
            Kind::And(parts) => self.junction(parts, false),
            Kind::Or(parts) => self.junction(parts, true),
            Kind::Each(each, variable, list, body) => self.each(*each, variable, list, body),
            Kind::Steps(first, last) => self.numbers_from(node, first, last),
            Kind::Shift(date, by) => self.shift(node, date, *by),
            Kind::Filter { list, condition, bare } => self.filter(list, condition, *bare),
            Kind::Call(function, arguments) => self.call(node, *function, arguments),
        };
        Cow::Owned(made)
    }

    /// A dotted name: a parameter, a variable, a let, a field of the item being filtered, or a fact; the longest name that is one.
    fn path(&mut self, node: &'a Node, path: &'a Path) -> Cow<'a, Value> {
        if path.first() == PARAMETERS {
            return self.parameter(node, path);
        }
        if let Some(at) = self.locals.iter().rposition(|local| local.name == path.first()) {
            return self.local(node, at, path, 1);
        }
        let scope = self.scope;
        for (count, name) in path.prefixes() {
            if let Some(outcome) = scope.lets.get(name) {
                let Some(outcome) = outcome else {
                    self.fault(node, || {
                        let on = scope.on;
                        both!("`{name}`은(는) {on}에 시행되지 않습니다", "`{name}` is not in force on {on}")
                    });
                    return UNKNOWN;
                };
                return self.memoised(node, outcome, path, count);
            }
        }
        match self.bare.last() {
            Some(at) => self.local(node, *at, path, 0),
            None => self.fact(node, path),
        }
    }

    fn parameter(&mut self, node: &'a Node, path: &'a Path) -> Cow<'a, Value> {
        let scope = self.scope;
        for (count, name) in path.prefixes() {
            if let Some(value) = scope.parameters.at(name, scope.on) {
                let fields: Vec<&str> = path.after(count).collect();
                return self.dig(node, value, &fields);
            }
        }
        self.fault(node, || {
            let (name, on) = (&path.full, scope.on);
            both!("매개변수 `{name}`에 {on}의 값이 없습니다", "the parameter `{name}` has no value on {on}")
        });
        UNKNOWN
    }

    fn local(&mut self, node: &'a Node, at: usize, path: &'a Path, skip: usize) -> Cow<'a, Value> {
        let fields: Vec<&str> = path.after(skip).collect();
        let Some(local) = self.locals.get_mut(at) else { return UNKNOWN };
        // Taken out for the walk and put back: the walk may report faults.
        let value = std::mem::replace(&mut local.value, UNKNOWN);
        let found = self.part(node, &value, &fields);
        if let Some(local) = self.locals.get_mut(at) {
            local.value = value;
            if found.is_unknown()
                && let Some(origin) = &local.origin
            {
                let name =
                    if fields.is_empty() { origin.clone() } else { format!("{origin}.{}", fields.join(".")) };
                self.absent.push(name);
            }
        }
        found
    }

    fn memoised(
        &mut self,
        node: &'a Node,
        outcome: &'a Outcome,
        path: &'a Path,
        count: usize,
    ) -> Cow<'a, Value> {
        if self.wish >= Wish::Facts {
            for (name, value) in &outcome.looked {
                if !self.seen.contains(name) {
                    self.seen.insert(name.clone());
                    self.looked.push((name.clone(), value.clone()));
                }
            }
            self.absent.extend(outcome.absent.iter().cloned());
        }
        self.spend(outcome.absent.len(), node);
        let fields: Vec<&str> = path.after(count).collect();
        self.dig(node, &outcome.value, &fields)
    }

    fn fact(&mut self, node: &'a Node, path: &'a Path) -> Cow<'a, Value> {
        let facts = self.scope.facts;
        let found = path.prefixes().find_map(|(count, name)| {
            let value = facts.exactly(name).filter(|value| !value.is_unknown())?;
            Some((count, value))
        });
        let value = match found {
            Some((count, value)) => {
                let fields: Vec<&str> = path.after(count).collect();
                self.dig(node, value, &fields)
            }
            None => UNKNOWN,
        };
        if self.wish == Wish::Value {
            return value;
        }
        let name = path.fact();
        if value.is_unknown() {
            self.absent.push(name.to_owned());
        }
        if !self.seen.contains(name) {
            self.seen.insert(name.to_owned());
            // `생년월일.year` looked at the date, not at a number
            let shown = if name == path.full { Some(&*value) } else { facts.exactly(name) };
            self.looked.push((name.to_owned(), shown.filter(|value| !value.is_unknown()).cloned()));
        }
        value
    }

    /// The same into a value that may have been made on the way: of that, the part is kept.
    fn part(&mut self, node: &Node, value: &Cow<'a, Value>, fields: &[&str]) -> Cow<'a, Value> {
        match value {
            Cow::Borrowed(value) => self.dig(node, value, fields),
            Cow::Owned(value) => {
                let found = self.dig(node, value, fields);
                Cow::Owned(self.keep(node, found))
            }
        }
    }

    /// Follows fields into a value; through a list, into each of its items.
    fn dig<'v>(&mut self, node: &Node, value: &'v Value, fields: &[&str]) -> Cow<'v, Value> {
        match dig(value, fields) {
            Ok(Cow::Borrowed(found)) => Cow::Borrowed(found),
            Ok(Cow::Owned(made)) if self.spend(made.weight(), node) => Cow::Owned(made),
            Ok(Cow::Owned(_)) => UNKNOWN,
            Err(why) => {
                self.fault(node, || why);
                UNKNOWN
            }
        }
    }

    fn context(&mut self, fields: &'a [(String, Node)]) -> Value {
        let depth = self.locals.len();
        let mut context = BTreeMap::new();
        for (name, field) in fields {
            let value = self.eval(field);
            self.spend(value.weight(), field);
            self.locals.push(Local { name, value: Cow::Owned(value.clone()), origin: None });
            context.insert(name.clone(), value);
        }
        self.locals.truncate(depth);
        Value::Context(context)
    }

    fn number(&mut self, node: &Node, value: &Value) -> Option<Ratio> {
        match value {
            Value::Number(n) => Some(*n),
            Value::Unknown => None,
            other => {
                self.fault(node, || say::needed(&say::number(), other));
                None
            }
        }
    }

    fn text<'v>(&mut self, node: &Node, value: &'v Value) -> Option<&'v str> {
        match value {
            Value::Text(text) => Some(text),
            Value::Unknown => None,
            other => {
                self.fault(node, || say::needed(&say::text(), other));
                None
            }
        }
    }

    fn bool(&mut self, node: &Node, value: &Value) -> Option<bool> {
        match value {
            Value::Bool(b) => Some(*b),
            Value::Unknown => None,
            other => {
                self.fault(node, || say::needed(&say::truth(), other));
                None
            }
        }
    }

    /// A result of checked arithmetic: what does not fit is unknown, never wrong.
    fn exact(&mut self, node: &Node, result: Option<Ratio>) -> Value {
        match result {
            Some(n) => Value::Number(n),
            None => {
                self.fault(node, say::no_exact_result);
                Value::Unknown
            }
        }
    }

    fn arithmetic(&mut self, node: &'a Node, operator: Arithmetic, left: &'a Node, right: &'a Node) -> Value {
        let (a, b) = (self.see(left), self.see(right));
        self.operate(node, operator, (left, &a), (right, &b))
    }

    fn operate(
        &mut self,
        node: &Node,
        operator: Arithmetic,
        (left, a): (&Node, &Value),
        (right, b): (&Node, &Value),
    ) -> Value {
        if let (Arithmetic::Add, Value::Text(a), Value::Text(b)) = (operator, a, b) {
            if a.len() + b.len() > MAX_TEXT {
                self.fault(node, say::too_long_a_text);
                return Value::Unknown;
            }
            let joined = Value::from(format!("{a}{b}"));
            self.spend(joined.weight(), node);
            return joined;
        }
        let (a, b) = (self.number(left, a), self.number(right, b));
        let (Some(a), Some(b)) = (a, b) else { return Value::Unknown };
        let result = match operator {
            Arithmetic::Add => a.checked_add(&b),
            Arithmetic::Subtract => a.checked_sub(&b),
            Arithmetic::Multiply => a.checked_mul(&b),
            Arithmetic::Divide => a.checked_div(&b),
            Arithmetic::Power => b.to_i64().and_then(|exponent| a.checked_pow(exponent)),
        };
        self.exact(node, result)
    }

    fn compare(&mut self, at: &Range<usize>, operator: Compare, left: &Value, right: &Value) -> Option<bool> {
        if left.is_unknown() || right.is_unknown() {
            return None;
        }
        // What is large takes as many steps to hold against another as to copy.
        let large = left.weight().saturating_add(right.weight()).saturating_sub(2);
        if large > 0 && !self.spend_at(large, at) {
            return None;
        }
        let same_kind = left.kind() == right.kind();
        if same_kind && operator == Compare::Equal {
            return same(left, right);
        }
        if same_kind && operator == Compare::Unequal {
            return same(left, right).map(|same| !same);
        }
        let Some(order) = order(left, right) else {
            self.fault_at(at, || say::not_comparable(left, right));
            return None;
        };
        Some(match operator {
            Compare::Equal => order == Ordering::Equal,
            Compare::Unequal => order != Ordering::Equal,
            Compare::Less => order == Ordering::Less,
            Compare::AtMost => order != Ordering::Greater,
            Compare::More => order == Ordering::Greater,
            Compare::AtLeast => order != Ordering::Less,
        })
    }

    /// `or` when `settles` is true, `and` when it is false: the first part that settles it ends it.
    fn junction(&mut self, parts: &'a [Node], settles: bool) -> Value {
        let mut all_known = true;
        for part in parts {
            let value = self.see(part);
            match self.bool(part, &value) {
                Some(b) if b == settles => return Value::Bool(settles),
                Some(_) => {}
                None => all_known = false,
            }
        }
        if all_known { Value::Bool(!settles) } else { Value::Unknown }
    }

    fn is_in(&mut self, node: &'a Node, value: &'a Node, tests: &'a [Test]) -> Value {
        let value = self.see(value);
        if value.is_unknown() {
            return Value::Unknown;
        }
        let mut answer = Some(false);
        for test in tests {
            let found = match test {
                Test::Is(choice) => {
                    let choice = self.see(choice);
                    match &*choice {
                        Value::List(items) if self.spend(choice.weight(), node) => among(&value, items),
                        Value::List(_) => None,
                        choice => self.compare(&node.at, Compare::Equal, &value, choice),
                    }
                }
                Test::Compare(operator, limit) => {
                    let limit = self.see(limit);
                    self.compare(&node.at, *operator, &value, &limit)
                }
                Test::Range { low, low_open, high, high_open } => {
                    let (low, high) = (self.see(low), self.see(high));
                    let above = if *low_open { Compare::More } else { Compare::AtLeast };
                    let below = if *high_open { Compare::Less } else { Compare::AtMost };
                    let above = self.compare(&node.at, above, &value, &low);
                    let below = self.compare(&node.at, below, &value, &high);
                    both(above, below)
                }
            };
            answer = either(answer, found);
            if answer == Some(true) {
                break;
            }
        }
        truth(answer)
    }

    fn conditional(&mut self, condition: &'a Node, yes: &'a Node, no: &'a Node) -> Cow<'a, Value> {
        let chosen = self.see(condition);
        match self.bool(condition, &chosen) {
            Some(true) => self.see(yes),
            Some(false) => self.see(no),
            None => {
                // Whichever way the condition turns out, the same value comes of it: then it is known.
                let (yes, no) = (self.see(yes), self.see(no));
                if same(&yes, &no) == Some(true) { yes } else { UNKNOWN }
            }
        }
    }

    fn each(&mut self, each: Each, variable: &'a str, list: &'a Node, body: &'a Node) -> Value {
        let list_value = self.see(list);
        let items = match &*list_value {
            Value::List(_) => Items::of(list_value),
            Value::Unknown => return Value::Unknown,
            other => {
                self.fault(list, || say::needed(&say::list(), other));
                return Value::Unknown;
            }
        };
        let origin = self.origin(list);
        let mut answer = Some(each == Each::Every);
        let mut out = Vec::new();
        for item in items {
            self.locals.push(Local { name: variable, value: item, origin: origin.clone() });
            let value = self.see(body);
            self.locals.pop();
            if self.steps == 0 {
                return Value::Unknown;
            }
            match each {
                Each::For => {
                    let value = self.keep(body, value);
                    out.push(value);
                }
                Each::Some => {
                    answer = either(answer, self.bool(body, &value));
                    if answer == Some(true) {
                        break;
                    }
                }
                Each::Every => {
                    answer = both(answer, self.bool(body, &value));
                    if answer == Some(false) {
                        break;
                    }
                }
            }
        }
        if each == Each::For { Value::List(out) } else { truth(answer) }
    }

    /// `1..n`, downwards too; both ends are in it.
    fn numbers_from(&mut self, node: &'a Node, first: &'a Node, last: &'a Node) -> Value {
        let (from, to) = (self.see(first), self.see(last));
        let (Some(from), Some(to)) = (self.number(first, &from), self.number(last, &to)) else {
            return Value::Unknown;
        };
        let ends = from.to_i64().zip(to.to_i64());
        let ends = ends.filter(|(from, to)| usize::try_from(from.abs_diff(*to)).is_ok_and(|n| n < MAX_LIST));
        let Some((from, to)) = ends else {
            self.fault(node, || {
                both!(
                    "되풀이는 정수 {MAX_LIST}개까지 할 수 있습니다",
                    "a loop goes over at most {MAX_LIST} whole numbers"
                )
            });
            return Value::Unknown;
        };
        let up: Vec<Value> = (from.min(to)..=from.max(to)).map(Value::from).collect();
        self.spend(up.len(), node);
        Value::List(if from <= to { up } else { up.into_iter().rev().collect() })
    }

    fn shift(&mut self, node: &'a Node, date: &'a Node, by: Duration) -> Value {
        match &*self.see(date) {
            Value::Unknown => Value::Unknown,
            Value::Date(day) => functions::shift(*day, by).map_or_else(
                || {
                    self.fault(node, say::beyond);
                    Value::Unknown
                },
                Value::Date,
            ),
            other => {
                self.fault(date, || say::needed(&say::date(), other));
                Value::Unknown
            }
        }
    }

    fn index(&mut self, node: &'a Node, list: &'a Node, index: &'a Node) -> Cow<'a, Value> {
        let (list_value, index_value) = (self.see(list), self.see(index));
        let Some(n) = self.number(index, &index_value).filter(|_| !list_value.is_unknown()) else {
            return UNKNOWN;
        };
        let mut items = Items::of(list_value);
        let length = items.len();
        let place = n.to_i64().and_then(|n| match usize::try_from(n.unsigned_abs()).ok()? {
            0 => None,
            n_th if n > 0 => Some(n_th - 1),
            from_end => length.checked_sub(from_end),
        });
        match place.and_then(|place| items.nth(place)) {
            Some(item) => {
                if item.is_unknown()
                    && let Some(origin) = self.origin(list)
                {
                    self.absent.push(origin);
                }
                item
            }
            None => {
                self.fault(node, || say::no_item(&n, length));
                UNKNOWN
            }
        }
    }

    /// The fact that a list's items come from, for whoever wants to know.
    fn origin(&self, list: &Node) -> Option<String> {
        if self.wish == Wish::Value { None } else { origin(list, self.scope, &self.locals) }
    }

    fn filter(&mut self, list: &'a Node, condition: &'a Node, bare: bool) -> Value {
        let list_value = self.see(list);
        if list_value.is_unknown() {
            return Value::Unknown;
        }
        let origin = self.origin(list);
        let mut kept = Vec::new();
        let mut known = true;
        for item in Items::of(list_value) {
            if bare {
                self.bare.push(self.locals.len());
            }
            self.locals.push(Local { name: "item", value: item, origin: origin.clone() });
            let value = self.see(condition);
            let keep = self.bool(condition, &value);
            let item = self.locals.pop();
            if bare {
                self.bare.pop();
            }
            if self.steps == 0 {
                return Value::Unknown;
            }
            match keep {
                Some(true) => kept.extend(item.map(|local| self.keep(list, local.value))),
                Some(false) => {}
                None => known = false,
            }
        }
        // Not knowing whether one item belongs is not knowing the list.
        if known { Value::List(kept) } else { Value::Unknown }
    }

    fn call(&mut self, node: &'a Node, function: Function, arguments: &'a [Node]) -> Value {
        match (function, arguments) {
            (Function::Count | Function::Sum | Function::Min | Function::Max, [one]) => {
                let one = self.see(one);
                self.aggregate(node, function, std::slice::from_ref(&*one))
            }
            (Function::Contains | Function::StartsWith, [text, part]) => {
                let (text, part) = (self.see(text), self.see(part));
                self.holds(node, function, &text, &part)
            }
            _ => {
                let values: Vec<Value> = arguments.iter().map(|argument| self.eval(argument)).collect();
                self.apply(node, function, values)
            }
        }
    }

    fn apply(&mut self, node: &Node, function: Function, values: Vec<Value>) -> Value {
        match function {
            Function::Today => Value::Date(self.scope.on),
            Function::Count | Function::Sum | Function::Min | Function::Max => {
                self.aggregate(node, function, &values)
            }
            Function::Not => {
                let [value] = take(values);
                truth(self.bool(node, &value).map(|b| !b))
            }
            Function::Abs => {
                let [value] = take(values);
                self.number(node, &value).map_or(Value::Unknown, |n| self.exact(node, n.checked_abs()))
            }
            Function::Floor => self.round(node, values, Rounding::Floor),
            Function::Ceiling => self.round(node, values, Rounding::Ceiling),
            Function::RoundDown => self.round(node, values, Rounding::Down),
            Function::RoundUp => self.round(node, values, Rounding::Up),
            Function::RoundHalfUp => self.round(node, values, Rounding::HalfUp),
            Function::RoundHalfDown => self.round(node, values, Rounding::HalfDown),
            Function::Decimal => self.round(node, values, Rounding::HalfEven),
            Function::Contains | Function::StartsWith => {
                let [text, part] = take(values);
                self.holds(node, function, &text, &part)
            }
            Function::StringLength => {
                let [text] = take(values);
                let length = self.text(node, &text).and_then(|text| i64::try_from(text.chars().count()).ok());
                length.map_or(Value::Unknown, Value::from)
            }
            Function::ListContains => {
                let [list, wanted] = take(values);
                let Some(items) = as_list(list) else { return Value::Unknown };
                self.spend(items.len(), node);
                truth(any_of(items.iter().map(|item| same(item, &wanted))))
            }
            Function::GetValue => {
                let [context, key] = take(values);
                let key = self.text(node, &key);
                match (context, key) {
                    (Value::Context(mut fields), Some(key)) => fields.remove(key).unwrap_or_else(|| {
                        self.fault(node, || {
                            both!("그 안에 `{key}`이(가) 없습니다", "there is no `{key}` in it")
                        });
                        Value::Unknown
                    }),
                    (Value::Context(_) | Value::Unknown, _) => Value::Unknown,
                    (other, _) => {
                        self.fault(node, || say::needed(&say::context(), &other));
                        Value::Unknown
                    }
                }
            }
            Function::Date => self.date(node, values),
            Function::YearsBetween => {
                let [from, to] = take(values);
                match (from, to) {
                    (Value::Date(from), Value::Date(to)) => Value::from(years_between(from, to)),
                    (Value::Date(_) | Value::Unknown, Value::Date(_) | Value::Unknown) => Value::Unknown,
                    (from, to) => {
                        self.fault(node, || say::needed_dates(&from, &to));
                        Value::Unknown
                    }
                }
            }
            other => {
                self.spend(values.iter().map(Value::weight).fold(0, usize::saturating_add), node);
                match functions::call(other, values) {
                    Ok(value) => value,
                    Err(why) => {
                        self.fault(node, || why);
                        Value::Unknown
                    }
                }
            }
        }
    }

    /// Whether a text begins with another, or has it somewhere.
    fn holds(&mut self, node: &Node, function: Function, text: &Value, part: &Value) -> Value {
        let (text, part) = (self.text(node, text), self.text(node, part));
        let (Some(text), Some(part)) = (text, part) else { return Value::Unknown };
        self.spend((text.len() + part.len()) / 64, node);
        let starts = function == Function::StartsWith;
        Value::Bool(if starts { text.starts_with(part) } else { text.contains(part) })
    }

    /// Over the arguments, or over the one that is a list.
    fn aggregate(&mut self, node: &Node, function: Function, arguments: &[Value]) -> Value {
        let items = match arguments {
            [Value::List(items)] => items,
            [Value::Unknown] => return Value::Unknown,
            all => all,
        };
        self.spend(items.len(), node);
        if function == Function::Count {
            return i64::try_from(items.len()).map_or(Value::Unknown, Value::from);
        }
        let Some((first, items)) = items.split_first() else {
            self.fault(node, || say::of_nothing(function.name()));
            return Value::Unknown;
        };
        if function == Function::Sum {
            let Some(mut sum) = self.number(node, first) else { return Value::Unknown };
            for item in items {
                let Some(n) = self.number(node, item) else { return Value::Unknown };
                let Some(more) = sum.checked_add(&n) else { return self.exact(node, None) };
                sum = more;
            }
            return Value::Number(sum);
        }
        let wanted = if function == Function::Min { Compare::Less } else { Compare::More };
        // a list of one still has to be comparable
        self.compare(&node.at, wanted, first, first);
        let mut result = first;
        for item in items {
            match self.compare(&node.at, wanted, item, result) {
                Some(true) => result = item,
                Some(false) => {}
                None => return Value::Unknown,
            }
        }
        if order(result, result).is_some() { result.clone() } else { Value::Unknown }
    }

    fn round(&mut self, node: &Node, mut values: Vec<Value>, way: Rounding) -> Value {
        let places = if values.len() > 1 { values.pop() } else { None };
        let [value] = take(values);
        let value = self.number(node, &value);
        let places = match places {
            Some(places) => self.number(node, &places),
            None => Some(Ratio::ZERO),
        };
        let (Some(value), Some(places)) = (value, places) else { return Value::Unknown };
        let places = places.to_i64().and_then(|places| i32::try_from(places).ok());
        self.exact(node, places.and_then(|places| value.round(places, way)))
    }

    fn date(&mut self, node: &Node, values: Vec<Value>) -> Value {
        if values.iter().any(Value::is_unknown) {
            return Value::Unknown;
        }
        let small = |value: &Value| match value {
            Value::Number(n) => n.to_i64().and_then(|n| i16::try_from(n).ok()),
            _ => None,
        };
        let date = match &values[..] {
            [Value::Date(date)] => Some(*date),
            [Value::Text(text)] => read_date(text),
            [year, month, day] => {
                small(year).zip(small(month)).zip(small(day)).and_then(|((year, month), day)| {
                    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
                })
            }
            _ => None,
        };
        date.map_or_else(
            || {
                self.fault(node, || both!("날짜가 아닙니다", "this is not a date"));
                Value::Unknown
            },
            Value::Date,
        )
    }
}

/// The arguments of a call, whose number the parser has checked.
pub(crate) fn take<const N: usize>(values: Vec<Value>) -> [Value; N] {
    let mut values = values.into_iter();
    std::array::from_fn(|_| values.next().unwrap_or(Value::Unknown))
}

/// A single value stands for a list of itself, as in DMN; what is unknown is no list.
pub(crate) fn as_list(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Unknown => None,
        Value::List(items) => Some(items),
        one => Some(vec![one]),
    }
}

/// The items of a list, each as it stands; a single value stands for a list of itself, as in DMN.
enum Items<'a> {
    There(std::slice::Iter<'a, Value>),
    Made(std::vec::IntoIter<Value>),
}

impl<'a> Items<'a> {
    fn of(list: Cow<'a, Value>) -> Items<'a> {
        match list {
            Cow::Borrowed(Value::List(items)) => Items::There(items.iter()),
            Cow::Borrowed(one) => Items::There(std::slice::from_ref(one).iter()),
            Cow::Owned(Value::List(items)) => Items::Made(items.into_iter()),
            Cow::Owned(one) => Items::Made(vec![one].into_iter()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Items::There(items) => items.len(),
            Items::Made(items) => items.len(),
        }
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Cow<'a, Value>;

    fn next(&mut self) -> Option<Cow<'a, Value>> {
        self.nth(0)
    }

    fn nth(&mut self, n: usize) -> Option<Cow<'a, Value>> {
        match self {
            Items::There(items) => items.nth(n).map(Cow::Borrowed),
            Items::Made(items) => items.nth(n).map(Cow::Owned),
        }
    }
}

pub(crate) fn dig<'v>(value: &'v Value, fields: &[&str]) -> Result<Cow<'v, Value>, Both> {
    let Some((name, rest)) = fields.split_first() else { return Ok(Cow::Borrowed(value)) };
    let part = |number: i64| Ok(Cow::Owned(Value::from(number)));
    match value {
        Value::Unknown => Ok(UNKNOWN),
        Value::Context(context) => context.get(*name).map_or(Ok(UNKNOWN), |field| dig(field, rest)),
        Value::List(items) => {
            let each = items.iter().map(|item| dig(item, fields).map(Cow::into_owned));
            each.collect::<Result<_, _>>().map(|found| Cow::Owned(Value::List(found)))
        }
        Value::Date(date) if rest.is_empty() => match *name {
            "year" => part(date.year().into()),
            "month" => part(date.month().into()),
            "day" => part(date.day().into()),
            _ => Err(both!(
                "날짜에는 year, month, day가 있고 `{name}`은(는) 없습니다",
                "a date has year, month and day, but no `{name}`"
            )),
        },
        other => {
            let Both { ko, en } = other.kind();
            Err(both!("{ko}에는 `{name}`이(가) 없습니다", "{en} has no `{name}`"))
        }
    }
}

/// The fact that a list's items come from, so that a field one of them lacks can be named and asked for.
fn origin(list: &Node, scope: &Scope<'_>, locals: &[Local<'_>]) -> Option<String> {
    match &list.kind {
        Kind::Path(path) if path.first() != PARAMETERS => {
            if let Some(local) = locals.iter().rfind(|local| local.name == path.first()) {
                let fields: Vec<&str> = path.after(1).collect();
                let origin = local.origin.as_ref()?;
                return Some(if fields.is_empty() {
                    origin.clone()
                } else {
                    format!("{origin}.{}", fields.join("."))
                });
            }
            for (_, name) in path.prefixes() {
                if let Some(outcome) = scope.lets.get(name) {
                    return outcome.as_ref()?.origin.clone();
                }
            }
            Some(path.full.clone())
        }
        Kind::Filter { list, .. } => origin(list, scope, locals),
        _ => None,
    }
}

fn truth(known: Option<bool>) -> Value {
    known.map_or(Value::Unknown, Value::Bool)
}

fn both(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn either(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

/// Kleene's *and* over many.
pub(crate) fn all_of(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut answer = Some(true);
    for part in parts {
        answer = both(answer, part);
    }
    answer
}

/// Kleene's *or* over many.
pub(crate) fn any_of(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    all_of(parts.map(|part| part.map(|b| !b))).map(|b| !b)
}

/// Whether a value is one of a list; a list may also be that list itself.
pub(crate) fn among(value: &Value, items: &[Value]) -> Option<bool> {
    let one = any_of(items.iter().map(|item| same(value, item)));
    match value {
        Value::List(own) if own.len() == items.len() => {
            either(one, all_of(own.iter().zip(items).map(|(a, b)| same(a, b))))
        }
        _ => one,
    }
}

/// Equality; values of different kinds differ. Inside lists and contexts an unknown part leaves it open unless another part differs.
pub(crate) fn same(a: &Value, b: &Value) -> Option<bool> {
    match (a, b) {
        (Value::Unknown, _) | (_, Value::Unknown) => None,
        (Value::List(a), Value::List(b)) => {
            if a.len() != b.len() {
                return Some(false);
            }
            all_of(a.iter().zip(b).map(|(a, b)| same(a, b)))
        }
        (Value::Context(a), Value::Context(b)) => {
            // a field that is absent is unknown, so it decides nothing
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            all_of(names.into_iter().map(|name| a.get(name).zip(b.get(name)).and_then(|(a, b)| same(a, b))))
        }
        (a, b) => Some(a == b),
    }
}

pub(crate) fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// Whole years completed. One born on 29 February completes a year, in a year without one, as 1 March begins
/// (민법 제160조제3항: the period ends with the last day of February).
pub(crate) fn years_between(from: Date, to: Date) -> i64 {
    if to < from {
        return -years_between(to, from);
    }
    let years = i64::from(to.year()) - i64::from(from.year());
    let before_anniversary = (to.month(), to.day()) < (from.month(), from.day());
    years - i64::from(before_anniversary)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parser::MAX_DEPTH;
    use jiff::civil::date;
    use proptest::prelude::*;
    use serde_json::json;

    fn facts() -> Facts {
        Facts::from_json(&json!({
            "나이": 67,
            "이름": "홍길동",
            "장애": true,
            "혼인": false,
            "생년월일": "1958-03-15",
            "가구.소득인정액": 1_200_000,
            "가구": { "지역": "부산", "점수": [3, 1, 2] },
            "가구원": [
                { "이름": "가", "나이": 40, "관계": "본인" },
                { "이름": "나", "나이": 5, "관계": "자녀" },
                { "이름": "다", "나이": 3, "관계": "자녀", "자녀": [ { "나이": 1 } ] },
            ],
            "형제": [ { "나이": 10 }, { "나이": null }, { "나이": 30 } ],
            "아는것": null,
        }))
        .unwrap()
    }

    fn parameters() -> Parameters {
        Parameters::parse(
            r#"
            [[parameter]]
            name = "기준중위소득"
            article = "법"
            [[parameter.value]]
            from = "2026-01-01"
            value = [2564238, 4199292]
            [[parameter]]
            name = "기초연금.선정기준액"
            article = "법"
            [[parameter.value]]
            from = "2026-01-01"
            value = { "단독" = 2470000, "부부" = 3952000 }
            "#,
        )
        .unwrap()
    }

    fn check(text: &str, facts: &Facts) -> (Value, Vec<Fault>, Vec<String>) {
        let expr = Expr::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        let parameters = parameters();
        let scope = Scope::new(facts, &parameters, date(2026, 7, 1));
        let outcome = expr.run(&scope, Wish::Faults);
        assert_eq!(expr.eval(&scope), outcome.value, "{text}: checking changes nothing");
        (outcome.value, outcome.faults, outcome.absent)
    }

    fn shown(text: &str) -> String {
        check(text, &facts()).0.to_string()
    }

    fn all(cases: &[(&str, &str)]) {
        for (text, value) in cases {
            assert_eq!(shown(text), *value, "{text}");
        }
    }

    #[test]
    fn arithmetic_is_exact() {
        all(&[
            ("0.1 + 0.2", "0.3"),
            ("0.1 + 0.2 = 0.3", "true"),
            ("1 / 3 * 3 = 1", "true"),
            ("10 - 2 - 3", "5"),
            ("2 ** 10", "1024"),
            ("2 ** -2", "0.25"),
            ("-2 ** 2", "4"),
            ("-나이 + 1", "-66"),
            ("1 / 0", "null"),
            ("2 ** 0.5", "null"),
            ("2 ** 1000", "null"),
            ("170141183460469231731687303715884105727 + 1", "null"),
            ("\"가\" + \"나\"", "가나"),
            ("\"가\" + 1", "null"),
            ("1 + null", "null"),
        ]);
    }

    #[test]
    fn comparisons() {
        all(&[
            ("나이 >= 65", "true"),
            ("나이 = 67.0", "true"),
            ("나이 != 67", "false"),
            ("\"가\" < \"나\"", "true"),
            ("이름 = \"홍길동\"", "true"),
            ("장애 = true", "true"),
            ("생년월일 < date(\"1960-01-01\")", "true"),
            ("[1, 2] = [1, 2]", "true"),
            ("[1, null] = [2, null]", "false"),
            ("[1, null] = [1, null]", "null"),
            ("[1] = [1, null]", "false"),
            ("{a: 1} = {a: 1}", "true"),
            ("{a: 1} = {a: 2}", "false"),
            ("나이 = \"67\"", "null"),
            ("true < false", "null"),
            ("null = null", "null"),
            ("없는것 = null", "null"),
        ]);
    }

    #[test]
    fn between_and_in() {
        all(&[
            ("나이 between 65 and 67", "true"),
            ("나이 between 68 and 없는것", "false"),
            ("나이 between 60 and 없는것", "null"),
            ("나이 in [67..70]", "true"),
            ("나이 in (67..70]", "false"),
            ("나이 in ]67..70]", "false"),
            ("나이 in [60..67]", "true"),
            ("나이 in [60..67)", "false"),
            ("나이 in [60..67[", "false"),
            ("나이 in [68..없는것]", "false"),
            ("나이 in (1, 67)", "true"),
            ("나이 in (없는것, 67)", "true"),
            ("나이 in (없는것, 68)", "null"),
            ("나이 in (< 10, [60..70])", "true"),
            ("나이 in >= 65", "true"),
            ("나이 in [1, 67]", "true"),
            ("이름 in (\"가\", \"홍길동\")", "true"),
            ("가구.점수[1] in 가구.점수", "true"),
            ("없는것 in (1, 2)", "null"),
            ("나이 in \"글\"", "null"),
            ("생년월일 in [date(\"1958-01-01\")..date(\"1958-12-31\")]", "true"),
        ]);
    }

    #[test]
    fn looking_at_what_is_large_takes_steps_too() {
        let long = |item: Value| Value::List(vec![item; 5_000]);
        let mut facts = facts();
        facts.insert("긴것", long(1.into()));
        facts.insert("글들", long("가".repeat(4_000).into()));
        for text in [
            "every x in 긴것 satisfies 긴것 = 긴것",
            "every x in 긴것 satisfies 2 in 긴것 or true",
            "every x in 글들 satisfies contains(x, \"나\") or true",
            "every x in 글들 satisfies x = x",
            "every x in 긴것 satisfies [{a: 긴것}][1].a[1] = 1",
        ] {
            let (value, faults, _) = check(text, &facts);
            assert_eq!(value, Value::Unknown, "{text}");
            assert!(faults.iter().any(|fault| fault.message.en.contains("steps")), "{text}: {faults:?}");
        }
        assert_eq!(check("every x in 긴것 satisfies 긴것[-1] = x", &facts).0, Value::Bool(true));
    }

    #[test]
    fn kleene_logic() {
        let values = [("true", Some(true)), ("false", Some(false)), ("null", None)];
        for (a, x) in values {
            for (b, y) in values {
                assert_eq!(shown(&format!("{a} and {b}")), truth(both(x, y)).to_string());
                assert_eq!(shown(&format!("{a} or {b}")), truth(either(x, y)).to_string());
            }
        }
        all(&[
            ("not(true)", "false"),
            ("not(null)", "null"),
            ("not(나이)", "null"),
            ("5 and false", "false"),
            ("5 and true", "null"),
            ("없는것 or 나이 > 60", "true"),
            ("없는것 and 나이 < 60", "false"),
        ]);
    }

    #[test]
    fn conditional() {
        all(&[
            ("if 장애 then 1 else 2", "1"),
            ("if 혼인 then 1 else 2", "2"),
            ("if 없는것 then 1 else 2", "null"),
            ("if 없는것 then 1 else 1", "1"),
            ("if 없는것 then null else null", "null"),
        ]);
    }

    #[test]
    fn lists_and_contexts() {
        all(&[
            ("[10, 20, 30][1]", "10"),
            ("[10, 20, 30][-1]", "30"),
            ("[10, 20, 30][0]", "null"),
            ("[10, 20, 30][4]", "null"),
            ("[10, 20, 30][-4]", "null"),
            ("[10, 20, 30][1.5]", "null"),
            ("[10, 20, 30][없는것]", "null"),
            ("나이[1]", "67"),
            ("[1, 2, 3][item > 1]", "[2,3]"),
            ("[1, 2, 3][item > 없는것]", "null"),
            ("가구원[관계 = \"자녀\"].나이", "[5,3]"),
            ("가구원[item.나이 < 나이].나이", "[40,5,3]"),
            ("count(가구원[나이 < 6])", "2"),
            ("가구원[나이 = 5][1].이름", "나"),
            ("가구원.이름", r#"["가","나","다"]"#),
            ("가구원[count(자녀[나이 < 6]) > 0].이름", "null"),
            ("가구원[이름 = \"다\"][1].자녀[1].나이", "1"),
            ("형제[나이 > 5]", "null"),
            ("형제.나이", "[10,null,30]"),
            ("{a: 나이, b: a + 1}.b", "68"),
            ("{a: 1}.b", "null"),
            ("가구.지역", "부산"),
            ("가구.점수[2]", "1"),
            ("가구.소득인정액", "1200000"),
            ("가구.없는것", "null"),
            ("생년월일.year", "1958"),
            ("생년월일.month * 100 + 생년월일.day", "315"),
            ("나이.year", "null"),
        ]);
    }

    #[test]
    fn some_every_for() {
        all(&[
            ("some x in 가구원 satisfies x.나이 < 6", "true"),
            ("every x in 가구원 satisfies x.나이 < 6", "false"),
            ("some x in 형제 satisfies x.나이 > 20", "true"),
            ("some x in 형제 satisfies x.나이 > 90", "null"),
            ("every x in 형제 satisfies x.나이 > 20", "false"),
            ("every x in 형제 satisfies x.나이 > 5", "null"),
            ("some x in [] satisfies x", "false"),
            ("every x in [] satisfies x", "true"),
            ("some x in 없는것 satisfies x", "null"),
            ("some x in 나이 satisfies true", "null"),
            ("some x in 가구원 satisfies some y in 가구원 satisfies x.나이 > y.나이 * 10", "true"),
            ("for x in [1, 2] return x * 나이", "[67,134]"),
            ("sum(for x in 가구원 return if x.나이 < 6 then 100 else 0)", "200"),
            ("for x in 없는것 return x", "null"),
        ]);
    }

    #[test]
    fn functions() {
        all(&[
            ("count([1, null])", "2"),
            ("count([])", "0"),
            ("count(없는것)", "null"),
            ("sum([1, 2.5])", "3.5"),
            ("sum(1, 2, 3)", "6"),
            ("sum([])", "null"),
            ("sum([1, null])", "null"),
            ("min([3, 1, 2])", "1"),
            ("max(3, 1, 2)", "3"),
            ("max([])", "null"),
            ("min(\"나\", \"가\")", "가"),
            ("max(date(\"2026-01-01\"), date(\"2025-01-01\"))", "2026-01-01"),
            ("max(1, \"가\")", "null"),
            ("max([true])", "null"),
            ("max(1, null)", "null"),
            ("abs(-3)", "3"),
            ("floor(-1.5)", "-2"),
            ("floor(1.56, 1)", "1.5"),
            ("ceiling(1.2)", "2"),
            ("round half up(2564238 * 0.32, 0)", "820556"),
            ("round half up(-5.5, 0)", "-6"),
            ("round up(123451, -1)", "123460"),
            ("round down(123459, -1)", "123450"),
            ("round down(1, 0.5)", "null"),
            ("round down(1, 99999)", "null"),
            ("string length(\"홍길동\")", "3"),
            ("contains(\"홍길동\", \"길\")", "true"),
            ("starts with(\"홍길동\", \"길\")", "false"),
            ("contains(없는것, \"길\")", "null"),
            ("contains(나이, \"길\")", "null"),
            ("list contains([1, 2], 2)", "true"),
            ("list contains([1, null], 2)", "null"),
            ("list contains([\"가\"], 2)", "false"),
            ("get value({\"a b\": 1}, \"a b\")", "1"),
            ("get value(매개.기초연금.선정기준액, \"부부\")", "3952000"),
            ("get value(매개.기초연금.선정기준액, \"셋\")", "null"),
            ("get value(매개.기초연금.선정기준액, 없는것)", "null"),
            ("get value(나이, \"가\")", "null"),
            ("매개.기초연금.선정기준액.단독", "2470000"),
            ("매개.기준중위소득[2]", "4199292"),
            ("매개.없는것", "null"),
            ("date(2024, 2, 29)", "2024-02-29"),
            ("date(2025, 2, 29)", "null"),
            ("date(이름)", "null"),
            ("date(없는것)", "null"),
            ("today()", "2026-07-01"),
            ("years between(생년월일, today())", "68"),
            ("years between(나이, today())", "null"),
        ]);
    }

    #[test]
    fn functions_of_numbers() {
        all(&[
            ("round half down(2.5, 0)", "2"),
            ("round half down(-2.5, 0)", "-2"),
            ("round half down(2.51, 0)", "3"),
            ("decimal(2.5, 0)", "2"),
            ("decimal(3.5, 0)", "4"),
            ("decimal(-0.25, 1)", "-0.2"),
            ("modulo(12, 5)", "2"),
            ("modulo(-12, 5)", "3"),
            ("modulo(12, -5)", "-3"),
            ("modulo(10.1, 4.5)", "1.1"),
            ("modulo(1, 0)", "null"),
            ("modulo(1, 없는것)", "null"),
            ("even(-4)", "true"),
            ("odd(3)", "true"),
            ("even(2.5)", "null"),
            ("product([2, 3.5])", "7"),
            ("product([])", "null"),
            ("mean(1, 2)", "1.5"),
            ("mean([1, 없는것])", "null"),
            ("median([8, 2, 5, 3, 4])", "4"),
            ("median([6, 1, 2, 3])", "2.5"),
            ("mode([6, 3, 9, 6, 6, 3, 3])", "[3,6]"),
            ("mode([])", "[]"),
            ("number(\"1,500.5\", \",\", \".\")", "1500.5"),
            ("number(\"1 500,5\", \" \", \",\")", "1500.5"),
            ("number(\"1/3\")", "null"),
            ("number(\"열\")", "null"),
        ]);
    }

    #[test]
    fn functions_of_lists() {
        all(&[
            ("all([true, 없는것])", "null"),
            ("all([false, 없는것])", "false"),
            ("all([])", "true"),
            ("any(false, 없는것, true)", "true"),
            ("any([])", "false"),
            ("any(1)", "null"),
            ("append([1], 2, 없는것)", "[1,2,null]"),
            ("concatenate([1], [2, 3], 4)", "[1,2,3,4]"),
            ("concatenate([1], 없는것)", "null"),
            ("union([1, 2], [2, 3])", "[1,2,3]"),
            ("distinct values([1, \"가\", 1])", "[1,\"가\"]"),
            ("distinct values([1, 없는것])", "null"),
            ("flatten([[1, [2]], 3])", "[1,2,3]"),
            ("flatten([[1], 없는것])", "null"),
            ("index of([1, 2, 1], 1)", "[1,3]"),
            ("index of([1, 없는것], 1)", "null"),
            ("insert before([1, 3], 2, 2)", "[1,2,3]"),
            ("insert before([1, 3], 5, 2)", "null"),
            ("remove([1, 2, 3], -1)", "[1,2]"),
            ("reverse([1, 없는것])", "[null,1]"),
            ("sublist([1, 2, 3], 2)", "[2,3]"),
            ("sublist([1, 2, 3], -2, 1)", "[2]"),
            ("sublist([1, 2, 3], 2, 3)", "null"),
            ("[1, 2] in [[1, 2], [3]]", "true"),
            ("[1, 2] in [1, 2]", "true"),
            ("[1, 2] in [[2, 1]]", "false"),
            ("for x in 1..3 return x * x", "[1,4,9]"),
            ("for x in 2..-1 return x", "[2,1,0,-1]"),
            ("sum(for x in 1..count(가구원) return x)", "6"),
            ("some x in 1..없는것 satisfies x > 2", "null"),
            ("for x in 1..1.5 return x", "null"),
            ("for x in 1..10001 return x", "null"),
        ]);
    }

    #[test]
    fn functions_of_text_and_dates() {
        all(&[
            ("ends with(이름, \"길동\")", "true"),
            ("substring(이름, 2)", "길동"),
            ("substring(이름, -2, 1)", "길"),
            ("substring(이름, 4)", "null"),
            ("substring(이름, 1, 없는것)", "null"),
            ("substring before(\"서울-종로\", \"-\")", "서울"),
            ("substring after(\"서울-종로\", \"-\")", "종로"),
            ("substring after(\"서울\", \"-\")", ""),
            ("upper case(\"aß\")", "ASS"),
            ("lower case(\"A\")", "a"),
            ("string join([\"가\", \"나\"], \"·\")", "가·나"),
            ("string join([\"가\", 1])", "null"),
            ("string(1 / 4)", "0.25"),
            ("string(생년월일)", "1958-03-15"),
            ("string([1])", "null"),
            ("day of week(date(\"2026-07-01\"))", "Wednesday"),
            ("month of year(date(\"2026-07-01\"))", "July"),
            ("day of year(date(\"2024-12-31\"))", "366"),
            ("week of year(date(\"2005-01-01\"))", "53"),
            ("days between(date(\"2024-02-28\"), date(\"2024-03-01\"))", "2"),
            ("days between(today(), date(\"2026-06-30\"))", "-1"),
            ("months between(date(\"2026-01-31\"), date(\"2026-03-30\"))", "1"),
            ("months between(date(\"2026-03-30\"), date(\"2025-03-30\"))", "-12"),
            ("months between(이름, today())", "null"),
            ("date(\"2026-01-31\") + duration(\"P1M\")", "2026-02-28"),
            ("date(\"2024-02-29\") - duration(\"P1Y\")", "2023-02-28"),
            ("today() + duration(\"P90D\")", "2026-09-29"),
            ("생년월일 + duration(\"P65Y\") <= today()", "true"),
            ("없는것 + duration(\"P1D\")", "null"),
            ("나이 + duration(\"P1D\")", "null"),
            ("today() + duration(\"P99999Y\")", "null"),
        ]);
    }

    #[test]
    fn years_are_completed_years() {
        for (from, to, years) in [
            ("2000-03-15", "2020-03-14", 19),
            ("2000-03-15", "2020-03-15", 20),
            ("2004-02-29", "2005-02-28", 0),
            ("2004-02-29", "2005-03-01", 1),
            ("2004-02-29", "2008-02-29", 4),
            ("2020-03-15", "2000-03-15", -20),
            ("2020-03-15", "2020-03-14", 0),
        ] {
            assert_eq!(
                shown(&format!("years between(date(\"{from}\"), date(\"{to}\"))")),
                years.to_string(),
                "{from} {to}"
            );
        }
    }

    #[test]
    fn the_longest_name_wins() {
        let facts =
            Facts::from_json(&json!({ "가": { "나": { "다": 1 } }, "가.나": { "다": 2 }, "가.나.다": 3 }))
                .unwrap();
        assert_eq!(check("가.나.다", &facts).0, Value::from(3));
        let mut fewer = facts.clone();
        fewer.remove("가.나.다");
        assert_eq!(check("가.나.다", &fewer).0, Value::from(2));
        fewer.insert("가.나", Value::Unknown);
        assert_eq!(check("가.나.다", &fewer).0, Value::from(1));
        assert_eq!(check("some 가 in [{나: {다: 9}}] satisfies 가.나.다 = 9", &facts).0, Value::Bool(true));
        // In a filter that does not say `item`, a bare name is the item's: a fact of that name must not fill in for what it lacks.
        let facts = Facts::from_json(&json!({ "나이": 3, "가구원": [{ "이름": "가" }] })).unwrap();
        assert_eq!(check("가구원[나이 < 6]", &facts).0, Value::Unknown);
        assert_eq!(
            check("가구원[item.이름 = \"가\" and 나이 < 6].이름", &facts).0,
            Value::List(vec![Value::from("가")])
        );
    }

    #[test]
    fn only_what_matters_is_missing() {
        for (text, missing) in [
            ("모름 > 1", "모름"),
            ("모름 > 1 and 나이 > 100", ""),
            ("모름 > 1 or 나이 > 60", ""),
            ("(모름 > 1 or 나이 > 60) and 혼인기간 > 3", "혼인기간"),
            ("모름 > 1 and 또모름", "모름 또모름"),
            ("모름 + 모름 > 1", "모름"),
            ("if 모름 then 1 else 2", "모름"),
            ("if 모름 then 1 else 1", ""),
            ("모름날.year > 1960", "모름날"),
            ("가구.없는것 > 1", "가구.없는것"),
            ("아는것", "아는것"),
            ("some x in 형제 satisfies x.나이 > 90", "형제.나이"),
            ("every x in 형제[나이 > 3] satisfies x.나이 > 90", "형제.나이"),
            ("count(형제[나이 > 3]) > 1", "형제.나이"),
            ("형제[2].나이 > 1", ""),
            ("매개.없는것 > 1", ""),
            ("[모름, 1][2] = 1", ""),
        ] {
            let (value, _, absent) = check(text, &facts());
            assert_eq!(absent.join(" "), missing, "{text} = {value}");
        }
    }

    #[test]
    fn type_errors_are_told_to_the_checker() {
        for (text, part) in [
            ("나이 = \"67\"", "a number and text cannot be compared"),
            ("이름 + 1", "a number is needed here, not text"),
            ("나이 and true", "true or false is needed here, not a number"),
            ("some x in 나이 satisfies true", "a list is needed here, not a number"),
            ("1 / 0", "no exact result"),
            ("매개.없는것", "`매개.없는것` has no value on 2026-07-01"),
            ("[1][2]", "no item 2 in a list of 1"),
            ("sum([])", "empty list"),
            ("나이.가", "a number has no `가`"),
            ("생년월일.가", "but no `가`"),
            ("get value({a: 1}, \"b\")", "no `b`"),
        ] {
            let (value, faults, _) = check(text, &facts());
            assert_eq!(value, Value::Unknown, "{text}");
            assert!(faults.iter().any(|fault| fault.message.en.contains(part)), "{text}: {faults:?}");
        }
        let (_, faults, _) = check("없는것 + 1 > 2 and 모름 = \"가\"", &facts());
        assert_eq!(faults, [], "what is merely unknown is no fault");
    }

    #[test]
    fn the_deepest_expression_fits_on_the_stack() {
        let shapes = [
            ("not(", ")"),
            ("-", ""),
            ("1 + (", ")"),
            ("if 장애 then ", " else 0"),
            ("{a: ", "}.a"),
            ("[", "][1]"),
            ("abs(", ")"),
            ("for x in [1] return ", ""),
            ("가구원[count(", ") = 1]"),
            ("1 in (", ")"),
        ];
        for (open, close) in shapes {
            let mut nested = (1..MAX_DEPTH).rev().map(|n| format!("{}1{}", open.repeat(n), close.repeat(n)));
            let deepest = nested.find(|text| Expr::parse(text).is_ok()).unwrap();
            assert!(deepest.matches(open).count() >= 15, "{open}");
            check(&deepest, &facts());
        }
    }

    #[test]
    fn nothing_runs_long() {
        let mut facts = facts();
        facts.insert("목록", Value::List(vec![Value::from(1); 10_000]));
        facts.insert("글", Value::from("가".repeat(5_000)));
        for text in [
            "some x in 목록 satisfies some y in 목록 satisfies some z in 목록 satisfies x + y + z = 0",
            "for x in 목록 return 목록",
            "for x in (for y in 목록 return 목록) return 목록",
            "목록[item = count(목록[item = 2])]",
            "for x in 목록 return 글 + \"가\"",
            "for x in 목록 return list contains(목록, 2)",
        ] {
            let start = std::time::Instant::now();
            let (value, faults, _) = check(text, &facts);
            assert_eq!(value, Value::Unknown, "{text}");
            assert!(faults.iter().any(|fault| fault.message.en.contains("steps")), "{text}: {faults:?}");
            assert!(start.elapsed().as_secs() < 10, "{text}");
        }
        assert_eq!(check("글 + 글", &facts).0, Value::Unknown);
        assert_eq!(check("count(목록)", &facts).0, Value::from(10_000));
    }

    /// Conditions over a few facts, of every shape the language has.
    fn expression() -> impl Strategy<Value = String> {
        let leaf = prop::sample::select(vec![
            "수",
            "수2",
            "참",
            "글",
            "날",
            "목록",
            "목록[1]",
            "가구원[1].수",
            "매개.기준중위소득[1]",
            "1",
            "2",
            "\"가\"",
            "true",
            "false",
            "null",
            "[1, 수]",
            "날.year",
            "today()",
        ])
        .prop_map(str::to_owned);
        leaf.prop_recursive(4, 40, 3, |inner| {
            let two = (inner.clone(), inner.clone());
            let operator =
                prop::sample::select(vec!["+", "-", "*", "/", "=", "!=", "<", "<=", ">", ">=", "and", "or"]);
            prop_oneof![
                (two.clone(), operator).prop_map(|((a, b), operator)| format!("({a}) {operator} ({b})")),
                inner.clone().prop_map(|a| format!("not({a})")),
                (inner.clone(), two.clone()).prop_map(|(a, (b, c))| format!("if {a} then {b} else {c}")),
                (inner.clone(), two.clone()).prop_map(|(a, (b, c))| format!("({a}) in (({b})..({c})]")),
                (inner.clone(), two.clone()).prop_map(|(a, (b, c))| format!("({a}) in (({b}), ({c}))")),
                (inner.clone(), two.clone()).prop_map(|(a, (b, c))| format!("({a}) between ({b}) and ({c})")),
                inner.clone().prop_map(|a| format!("some x in 가구원 satisfies x.수 = ({a})")),
                inner.clone().prop_map(|a| format!("every x in 목록 satisfies x > ({a})")),
                inner.clone().prop_map(|a| format!("count(가구원[수 > ({a})])")),
                inner.clone().prop_map(|a| format!("목록[item > ({a})]")),
                inner.clone().prop_map(|a| format!("목록[{a}]")),
                inner.clone().prop_map(|a| format!("sum(for x in 목록 return x + ({a}))")),
                two.clone().prop_map(|(a, b)| format!("max({a}, {b})")),
                two.clone().prop_map(|(a, b)| format!("list contains({a}, {b})")),
                two.clone().prop_map(|(a, b)| format!("years between({a}, {b})")),
                two.clone().prop_map(|(a, b)| format!("days between({a}, {b})")),
                two.clone().prop_map(|(a, b)| format!("concatenate({a}, {b})")),
                two.clone().prop_map(|(a, b)| format!("append({a}, {b})")),
                two.clone().prop_map(|(a, b)| format!("index of({a}, {b})")),
                two.clone().prop_map(|(a, b)| format!("union({a}, {b})")),
                two.clone().prop_map(|(a, b)| format!("sublist({a}, {b})")),
                two.clone().prop_map(|(a, b)| format!("remove({a}, {b})")),
                two.clone().prop_map(|(a, b)| format!("modulo({a}, {b})")),
                two.clone().prop_map(|(a, b)| format!("[{a}] in [[{b}], 목록]")),
                two.prop_map(|(a, b)| format!("any(for x in {a}..{b} return x = 수)")),
                inner.clone().prop_map(|a| format!("all([참, {a}])")),
                inner.clone().prop_map(|a| format!("flatten([{a}, 목록])")),
                inner.clone().prop_map(|a| format!("mode({a})")),
                inner.clone().prop_map(|a| format!("median({a})")),
                inner.clone().prop_map(|a| format!("({a}) + duration(\"P1M\")")),
                inner.clone().prop_map(|a| format!("string({a})")),
                inner.prop_map(|a| format!("round half up({a}, 0)")),
            ]
        })
    }

    fn value_of(name: &'static str) -> BoxedStrategy<Value> {
        let number = || (0_i64..4).prop_map(Value::from);
        let perhaps = || prop_oneof![3 => number(), 1 => Just(Value::Unknown)];
        match name {
            "참" => any::<bool>().prop_map(Value::Bool).boxed(),
            "글" => prop::sample::select(vec!["가", "나"]).prop_map(Value::from).boxed(),
            "날" => (2020_i16..2026).prop_map(|year| Value::Date(date(year, 5, 5))).boxed(),
            "목록" => prop::collection::vec(perhaps(), 0..4).prop_map(Value::List).boxed(),
            "가구원" => {
                let member =
                    perhaps().prop_map(|n| Value::Context([("수".to_owned(), n)].into_iter().collect()));
                prop::collection::vec(member, 0..3).prop_map(Value::List).boxed()
            }
            _ => number().boxed(),
        }
    }

    /// Fills in one thing that was unknown, at whatever depth.
    fn learn(value: &Value, n: i64) -> Value {
        match value {
            Value::Unknown => Value::from(n),
            Value::List(items) => Value::List(items.iter().map(|item| learn(item, n)).collect()),
            Value::Context(fields) => {
                Value::Context(fields.iter().map(|(name, field)| (name.clone(), learn(field, n))).collect())
            }
            known => known.clone(),
        }
    }

    /// Whether `after` says all that `before` said.
    fn refines(before: &Value, after: &Value) -> bool {
        match (before, after) {
            (Value::Unknown, _) => true,
            (Value::List(a), Value::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| refines(a, b))
            }
            (Value::Context(a), Value::Context(b)) => {
                a.iter().all(|(name, a)| b.get(name).is_some_and(|b| refines(a, b)))
            }
            (a, b) => a == b,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        #[test]
        fn learning_never_overturns(
            text in expression(),
            values in ["수", "수2", "참", "글", "날", "목록", "가구원"].map(|name| (any::<bool>(), value_of(name)).prop_map(move |v| (name, v))),
            n in 0_i64..4,
        ) {
            let Ok(expr) = Expr::parse(&text) else { return Ok(()) };
            let parameters = parameters();
            let on = date(2026, 7, 1);
            let little: Facts = values.iter().filter(|(_, (known, _))| *known).map(|(name, (_, value))| (*name, value.clone())).collect();
            let more: Facts = values.iter().map(|(name, (_, value))| (*name, learn(value, n))).collect();
            let before = expr.eval(&Scope::new(&little, &parameters, on));
            let after = expr.eval(&Scope::new(&more, &parameters, on));
            prop_assert!(refines(&before, &after), "{text}: {before} then {after}");
            prop_assert_eq!(&before, &expr.eval(&Scope::new(&little, &parameters, on)));
            // an unknown truth or number has a reason: a fact, a type, a bound
            let (value, faults, absent) = {
                let outcome = expr.run(&Scope::new(&little, &parameters, on), Wish::Faults);
                (outcome.value, outcome.faults, outcome.absent)
            };
            if value.is_unknown() && !text.contains("null") && !text.contains("목록") && !text.contains("가구원") {
                prop_assert!(!faults.is_empty() || !absent.is_empty(), "{text}");
            }
            if !matches!(value, Value::Unknown | Value::List(_)) {
                prop_assert!(absent.is_empty());
            }
        }
    }
}
