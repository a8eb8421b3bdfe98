//! One expression over many lanes at once. Lane by lane the values are those of `eval`, which stays the reference: a property test
//! holds the two together. What can't be worked out in columns exactly is not worked out at all ([`Slow`]): the caller then asks `eval`.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::column::{Bottom, Column, Known, Lanes, Numbers, civil, days_of, is_known, mask, place, span};
use crate::eval::{among, apply, compared, dig, operate, same};
use crate::fold::fold;
use crate::numbers::{self, Operand};
use crate::parameters::Parameters;
use crate::parser::{Arithmetic, Compare, Each, Function, Kind, Node, PARAMETERS, Path, Test};
use crate::ratio::{Ratio, Rounding};
use crate::value::Value;
use crate::years::Years;

/// These lanes can't be worked out together: kinds of values mix, or a number outgrows its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slow;

pub(crate) type Worked = Result<Column, Slow>;

/// Where names lead: the lets already worked out, and the facts.
pub(crate) trait Names {
    /// `Some(None)` for a let that is not in force.
    fn let_(&self, name: &str) -> Option<Option<Column>>;
    fn fact(&self, name: &str) -> Option<Column>;
}

pub(crate) struct Many<'a> {
    on: Date,
    parameters: &'a Parameters,
    names: &'a dyn Names,
    levels: Vec<Level>,
    locals: Vec<Local<'a>>,
    /// Which of the locals are items whose fields bare names reach.
    bare: Vec<usize>,
}

/// The lanes inside a list: the items of all lanes around it.
struct Level {
    lanes: usize,
    starts: Arc<Vec<u32>>,
    /// The lane around it that each item belongs to, once somebody asks.
    owners: OnceCell<Vec<u32>>,
}

impl Level {
    fn owners(&self) -> &[u32] {
        self.owners.get_or_init(|| {
            let mut owners = Vec::with_capacity(self.lanes);
            for lane in 0..self.starts.len().saturating_sub(1) {
                let (from, to) = span(&self.starts, lane);
                owners.resize(owners.len() + (to - from), u32::try_from(lane).unwrap_or(u32::MAX));
            }
            owners
        })
    }
}

struct Local<'a> {
    name: &'a str,
    column: Column,
    level: usize,
}

impl<'a> Many<'a> {
    pub fn new(lanes: usize, on: Date, parameters: &'a Parameters, names: &'a dyn Names) -> Many<'a> {
        let levels = vec![Level { lanes, starts: Arc::default(), owners: OnceCell::new() }];
        Many { on, parameters, names, levels, locals: Vec::new(), bare: Vec::new() }
    }

    fn lanes(&self) -> usize {
        self.levels.last().map_or(0, |level| level.lanes)
    }

    /// What was worked out around a list, for the items in it.
    fn lift(&self, column: Column, from: usize) -> Column {
        if matches!(column, Column::Same(_)) {
            return column;
        }
        self.levels.iter().skip(from + 1).fold(column, |column, level| column.take(level.owners()))
    }

    pub fn eval(&mut self, node: &'a Node) -> Worked {
        match &node.kind {
            Kind::Literal(value) => Ok(Column::Same(value.clone())),
            Kind::Path(path) => self.path(path),
            Kind::Field(inner, name) => field(self.eval(inner)?, &[name]),
            Kind::List(items) => self.list(items),
            Kind::Context(fields) => self.context(fields),
            Kind::Negate(inner) => {
                let column = self.eval(inner)?;
                self.arithmetic(Arithmetic::Subtract, &Column::Same(Value::from(0_i64)), &column)
            }
            Kind::Arithmetic(operator, left, right) => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                self.arithmetic(*operator, &left, &right)
            }
            Kind::Compare(operator, left, right) => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                self.compare(*operator, &left, &right)
            }
            Kind::Between(value, low, high) => {
                let (value, low, high) = (self.eval(value)?, self.eval(low)?, self.eval(high)?);
                let above = self.compare(Compare::AtLeast, &value, &low)?;
                let below = self.compare(Compare::AtMost, &value, &high)?;
                Ok(junction(&[above, below], false, self.lanes()))
            }
            Kind::In(value, tests) => self.is_in(value, tests),
            Kind::And(parts) => self.junction(parts, false),
            Kind::Or(parts) => self.junction(parts, true),
            Kind::If(condition, yes, no) => self.conditional(condition, yes, no),
            Kind::Each(each, variable, list, body) => self.each(*each, variable, list, body),
            // loops over steps and moved dates: rare, and each lane has its own length
            Kind::Steps(..) | Kind::Shift(..) => Err(Slow),
            Kind::Index(list, index) => {
                let (list, index) = (self.eval(list)?, self.eval(index)?);
                self.index(&list, &index)
            }
            Kind::Filter { list, condition, bare } => self.filter(list, condition, *bare),
            Kind::Call(function, arguments) => self.call(*function, arguments),
        }
    }

    fn path(&mut self, path: &'a Path) -> Worked {
        if path.first() == PARAMETERS {
            let found = path
                .prefixes()
                .find_map(|(count, name)| self.parameters.at(name, self.on).map(|value| (count, value)));
            let Some((count, value)) = found else { return Ok(Column::unknown()) };
            let fields: Vec<&str> = path.after(count).collect();
            return Ok(Column::Same(dig(value, &fields).map_or(Value::Unknown, Cow::into_owned)));
        }
        if let Some(local) = self.locals.iter().rfind(|local| local.name == path.first()) {
            let fields: Vec<&str> = path.after(1).collect();
            return Ok(self.lift(field(local.column.clone(), &fields)?, local.level));
        }
        for (count, name) in path.prefixes() {
            if let Some(found) = self.names.let_(name) {
                let fields: Vec<&str> = path.after(count).collect();
                return Ok(self.lift(field(found.unwrap_or(Column::unknown()), &fields)?, 0));
            }
        }
        if let Some(local) = self.bare.last().and_then(|at| self.locals.get(*at)) {
            let fields: Vec<&str> = path.after(0).collect();
            return Ok(self.lift(field(local.column.clone(), &fields)?, local.level));
        }
        let mut found = None;
        for (count, name) in path.prefixes() {
            let Some(column) = self.names.fact(name).filter(|column| !is_unknown(column)) else { continue };
            // a lane that lacks the longer name would be looked up by the shorter one
            if found.is_some() {
                return Err(Slow);
            }
            let partly = partly_unknown(&column);
            let fields: Vec<&str> = path.after(count).collect();
            found = Some(field(column, &fields)?);
            if !partly {
                break;
            }
        }
        Ok(self.lift(found.unwrap_or(Column::unknown()), 0))
    }

    fn list(&mut self, items: &'a [Node]) -> Worked {
        let columns = items.iter().map(|item| self.eval(item)).collect::<Result<Vec<_>, _>>()?;
        if let Some(values) = same_values(&columns) {
            return Ok(Column::Same(Value::List(values)));
        }
        let lists =
            (0..self.lanes()).map(|lane| Value::List(columns.iter().map(|c| c.value(lane)).collect()));
        Column::of(lists.collect())
    }

    fn context(&mut self, fields: &'a [(String, Node)]) -> Worked {
        let depth = self.locals.len();
        let level = self.levels.len() - 1;
        let mut context = BTreeMap::new();
        for (name, field) in fields {
            let column = self.eval(field)?;
            self.locals.push(Local { name, column: column.clone(), level });
            context.insert(name.clone(), column);
        }
        self.locals.truncate(depth);
        Ok(Column::Contexts { fields: context, known: None })
    }

    fn arithmetic(&self, operator: Arithmetic, left: &Column, right: &Column) -> Worked {
        match (left, right) {
            (Column::Same(left), Column::Same(right)) => {
                Ok(Column::Same(operate(operator, left.clone(), right.clone())))
            }
            (Column::Texts(..), _) | (_, Column::Texts(..)) => {
                self.by_lane(|lane| operate(operator, left.value(lane), right.value(lane)))
            }
            _ => numbers::arithmetic(operator, left, right, self.lanes()),
        }
    }

    /// A lane at a time, where columns offer nothing better.
    fn by_lane(&self, value: impl Fn(usize) -> Value) -> Worked {
        Column::of((0..self.lanes()).map(value).collect())
    }

    fn compare(&self, operator: Compare, left: &Column, right: &Column) -> Worked {
        if is_unknown(left) || is_unknown(right) {
            return Ok(Column::unknown());
        }
        match (left, right) {
            (Column::Same(left), Column::Same(right)) => Ok(truth(compared(operator, left, right))),
            (Column::Numbers(_), Column::Numbers(_) | Column::Same(Value::Number(_)))
            | (Column::Same(Value::Number(_)), Column::Numbers(_)) => {
                numbers::compare(operator, left, right, self.lanes())
            }
            (Column::Dates(dates), Column::Same(Value::Date(day))) => {
                let day = days_of(*day);
                Ok(bools(
                    dates.values.iter().map(|date| holds(operator, date.cmp(&day))).collect(),
                    &dates.known,
                ))
            }
            (Column::Bools(lanes), Column::Same(Value::Bool(wanted)))
                if matches!(operator, Compare::Equal | Compare::Unequal) =>
            {
                let wanted = *wanted == (operator == Compare::Equal);
                Ok(bools(lanes.values.iter().map(|b| *b == wanted).collect(), &lanes.known))
            }
            (Column::Texts(codes, texts), Column::Same(one @ Value::Text(_))) => {
                let held: Vec<bool> = texts
                    .iter()
                    .map(|text| compared(operator, &Value::Text(text.to_string()), one) == Some(true))
                    .collect();
                Ok(by_code(codes, &held))
            }
            _ => self.by_lane(|lane| {
                compared(operator, &left.value(lane), &right.value(lane)).map_or(Value::Unknown, Value::Bool)
            }),
        }
    }

    fn junction(&mut self, parts: &'a [Node], settles: bool) -> Worked {
        let mut columns = Vec::with_capacity(parts.len());
        for part in parts {
            let column = self.eval(part)?;
            if matches!(column, Column::Same(Value::Bool(b)) if b == settles) {
                return Ok(column);
            }
            columns.push(column);
        }
        Ok(junction(&columns, settles, self.lanes()))
    }

    fn is_in(&mut self, value: &'a Node, tests: &'a [Test]) -> Worked {
        let value = self.eval(value)?;
        if is_unknown(&value) {
            return Ok(Column::unknown());
        }
        let mut answers = Vec::new();
        for test in tests {
            answers.push(match test {
                Test::Is(choice) => {
                    let choice = self.eval(choice)?;
                    self.is_choice(&value, &choice)?
                }
                Test::Compare(operator, limit) => {
                    let limit = self.eval(limit)?;
                    self.compare(*operator, &value, &limit)?
                }
                Test::Range { low, low_open, high, high_open } => {
                    let (low, high) = (self.eval(low)?, self.eval(high)?);
                    let above = if *low_open { Compare::More } else { Compare::AtLeast };
                    let below = if *high_open { Compare::Less } else { Compare::AtMost };
                    let parts = [self.compare(above, &value, &low)?, self.compare(below, &value, &high)?];
                    junction(&parts, false, self.lanes())
                }
            });
        }
        let found = junction(&answers, true, self.lanes());
        // of what is unknown nothing is asked, not even a test that all would pass
        Ok(where_known(found, &value, self.lanes()))
    }

    fn is_choice(&self, value: &Column, choice: &Column) -> Worked {
        let is_list = |column: &Column| matches!(column, Column::Lists { .. } | Column::Same(Value::List(_)));
        match (value, choice) {
            (Column::Texts(codes, texts), Column::Same(Value::List(items)))
                if items.iter().all(|item| !item.is_unknown()) =>
            {
                let held = |text: &Arc<str>| {
                    items.iter().any(|item| matches!(item, Value::Text(t) if **t == **text))
                };
                Ok(by_code(codes, &texts.iter().map(held).collect::<Vec<bool>>()))
            }
            (value, choice) if is_list(choice) => self.by_lane(|lane| {
                let Value::List(items) = choice.value(lane) else { return Value::Unknown };
                among(&value.value(lane), &items).map_or(Value::Unknown, Value::Bool)
            }),
            _ => self.compare(Compare::Equal, value, choice),
        }
    }

    fn conditional(&mut self, condition: &'a Node, yes: &'a Node, no: &'a Node) -> Worked {
        let condition = match self.eval(condition)? {
            Column::Same(Value::Bool(true)) => return self.eval(yes),
            Column::Same(Value::Bool(false)) => return self.eval(no),
            Column::Bools(lanes) => lanes,
            // unknown, or nothing that could be true or false
            _ => {
                let lanes = self.lanes();
                Lanes::some(vec![false; lanes], vec![false; lanes])
            }
        };
        // what nobody comes to is not worked out
        let all_known = condition.known.is_none();
        if all_known && !condition.values.contains(&false) {
            return self.eval(yes);
        }
        if all_known && !condition.values.contains(&true) {
            return self.eval(no);
        }
        let (yes, no) = (self.eval(yes)?, self.eval(no)?);
        select(&condition, &yes, &no, self.lanes())
    }

    /// Goes into a list: what `work` says of its items, all lanes at once.
    fn inside<T>(
        &mut self,
        starts: &Arc<Vec<u32>>,
        items: &Column,
        name: &'a str,
        bare: bool,
        work: impl FnOnce(&mut Self) -> Result<T, Slow>,
    ) -> Result<T, Slow> {
        let length = |ends: &[u32]| match ends {
            [from, to] => place(to.saturating_sub(*from)),
            _ => 0,
        };
        let lanes = starts.windows(2).map(length).sum();
        self.levels.push(Level { lanes, starts: Arc::clone(starts), owners: OnceCell::new() });
        if bare {
            self.bare.push(self.locals.len());
        }
        self.locals.push(Local { name, column: items.clone(), level: self.levels.len() - 1 });
        let worked = work(self);
        self.locals.pop();
        if bare {
            self.bare.pop();
        }
        self.levels.pop();
        worked
    }

    fn each(&mut self, each: Each, variable: &'a str, list: &'a Node, body: &'a Node) -> Worked {
        match self.eval(list)? {
            Column::Lists { starts, items, known } => {
                let out = self.inside(&starts, &items, variable, false, |inner| inner.eval(body))?;
                if each == Each::For {
                    return Ok(Column::Lists { starts, items: Box::new(out), known });
                }
                Ok(fold_lanes(&starts, &out, each == Each::Some, &known, self.lanes()))
            }
            Column::Same(Value::List(items)) => {
                let mut out = Vec::new();
                for item in items {
                    let level = self.levels.len() - 1;
                    self.locals.push(Local { name: variable, column: Column::Same(item), level });
                    let worked = self.eval(body);
                    self.locals.pop();
                    out.push(worked?);
                }
                if each != Each::For {
                    return Ok(junction(&out, each == Each::Some, self.lanes()));
                }
                self.by_lane(|lane| Value::List(out.iter().map(|column| column.value(lane)).collect()))
            }
            _ => Ok(Column::unknown()),
        }
    }

    fn index(&self, list: &Column, index: &Column) -> Worked {
        let lanes = self.lanes();
        if is_unknown(list) {
            return Ok(Column::unknown());
        }
        if !matches!(list, Column::Lists { .. } | Column::Same(Value::List(_))) {
            // a single value stands for a list of itself
            return self.by_lane(|lane| nth(list.value(lane), &index.value(lane)));
        }
        let items_of = |lane| match list {
            Column::Lists { starts, .. } => span(starts, lane),
            Column::Same(Value::List(items)) => (0, items.len()),
            _ => (0, 0),
        };
        if let (Column::Same(list), Column::Same(index)) = (list, index) {
            return Ok(Column::Same(nth(list.clone(), index)));
        }
        let Some(number) = Operand::of(index)? else { return Ok(Column::unknown()) };
        let (mut places, mut known) = (Vec::with_capacity(lanes), Vec::with_capacity(lanes));
        for lane in 0..lanes {
            let (from, to) = items_of(lane);
            let wanted = number.whole(lane).and_then(|n| match usize::try_from(n.unsigned_abs()).ok()? {
                0 => None,
                n_th if n > 0 => Some(from + n_th - 1).filter(|at| *at < to),
                from_end => to.checked_sub(from_end).filter(|at| *at >= from),
            });
            let listed = match list {
                Column::Lists { known, .. } => is_known(known, lane),
                _ => true,
            };
            known.push(listed && wanted.is_some());
            places.push(wanted.and_then(|at| u32::try_from(at).ok()).unwrap_or(0));
        }
        let items = match list {
            Column::Lists { items, .. } => (**items).clone(),
            Column::Same(Value::List(items)) => Column::of(items.clone())?,
            _ => return Err(Slow),
        };
        Ok(masked(items.take(&places), &mask(known), lanes))
    }

    fn filter(&mut self, list: &'a Node, condition: &'a Node, bare: bool) -> Worked {
        let (starts, items, known) = match self.eval(list)? {
            Column::Lists { starts, items, known } => (starts, items, known),
            Column::Same(Value::Unknown) => return Ok(Column::unknown()),
            column => {
                let lists = (0..self.lanes()).map(|lane| match column.value(lane) {
                    list @ (Value::List(_) | Value::Unknown) => list,
                    one => Value::List(vec![one]),
                });
                match Column::of(lists.collect())? {
                    Column::Lists { starts, items, known } => (starts, items, known),
                    other => return Ok(other),
                }
            }
        };
        let keep = self.inside(&starts, &items, "item", bare, |inner| inner.eval(condition))?;
        let lanes = self.lanes();
        let (mut from_here, mut chosen, mut sure) = (vec![0_u32], Vec::new(), Vec::with_capacity(lanes));
        for lane in 0..lanes {
            let (from, to) = span(&starts, lane);
            let mut all_known = is_known(&known, lane);
            for item in from..to {
                match kept(&keep, item) {
                    Some(true) => chosen.push(u32::try_from(item).map_err(|_| Slow)?),
                    Some(false) => {}
                    None => all_known = false,
                }
            }
            sure.push(all_known);
            from_here.push(u32::try_from(chosen.len()).map_err(|_| Slow)?);
        }
        let items = Box::new(items.take(&chosen));
        Ok(Column::Lists { starts: Arc::new(from_here), items, known: mask(sure) })
    }

    fn call(&mut self, function: Function, arguments: &'a [Node]) -> Worked {
        let columns = arguments.iter().map(|argument| self.eval(argument)).collect::<Result<Vec<_>, _>>()?;
        if let Some(values) = same_values(&columns) {
            return Ok(Column::Same(apply(function, values, self.on)));
        }
        let lanes = self.lanes();
        match (function, columns.as_slice()) {
            (Function::Count, [Column::Lists { starts, known, .. }]) => {
                let length = |lane| {
                    let (from, to) = span(starts, lane);
                    i64::try_from(to - from).map_err(|_| Slow)
                };
                let counts = (0..lanes).map(length).collect::<Result<Vec<_>, _>>()?;
                Ok(Column::Numbers(Numbers::whole(Lanes { values: Arc::new(counts), known: known.clone() })))
            }
            (Function::Sum | Function::Min | Function::Max, [Column::Lists { starts, items, known }]) => {
                match &**items {
                    Column::Numbers(Numbers { tops, bottom: Bottom::All(bottom), low, high }) => {
                        fold(function, starts, tops, *bottom, (*low, *high), known, lanes)
                    }
                    _ => self.by_lane(|lane| {
                        apply(function, columns.iter().map(|column| column.value(lane)).collect(), self.on)
                    }),
                }
            }
            (Function::Min | Function::Max, [first, rest @ ..]) if numeric(&columns) => rest
                .iter()
                .try_fold(first.clone(), |best, next| numbers::choose(function, &best, next, lanes)),
            (Function::Sum, [first, rest @ ..]) if numeric(&columns) => rest
                .iter()
                .try_fold(first.clone(), |sum, next| numbers::arithmetic(Arithmetic::Add, &sum, next, lanes)),
            (Function::Not, [Column::Bools(values)]) => {
                let not = values.values.iter().map(|b| !b).collect();
                Ok(bools(not, &values.known))
            }
            (Function::Abs, [Column::Numbers(_)]) => numbers::abs(&columns, lanes),
            (
                Function::Floor
                | Function::Ceiling
                | Function::RoundDown
                | Function::RoundUp
                | Function::RoundHalfUp,
                [Column::Numbers(number), places @ ..],
            ) => {
                let way = match function {
                    Function::Floor => Rounding::Floor,
                    Function::Ceiling => Rounding::Ceiling,
                    Function::RoundDown => Rounding::Down,
                    Function::RoundUp => Rounding::Up,
                    _ => Rounding::HalfUp,
                };
                match places {
                    [] => numbers::round(number, 0, way),
                    [Column::Same(Value::Number(places))] => {
                        let places = places.to_i64().and_then(|places| i32::try_from(places).ok());
                        places.map_or(Ok(Column::unknown()), |places| numbers::round(number, places, way))
                    }
                    _ => self.by_lane(|lane| {
                        apply(function, columns.iter().map(|column| column.value(lane)).collect(), self.on)
                    }),
                }
            }
            (
                Function::Contains | Function::StartsWith,
                [Column::Texts(codes, texts), Column::Same(part)],
            ) => {
                if !matches!(part, Value::Text(_)) {
                    return Ok(Column::unknown());
                }
                let held = |text: &Arc<str>| {
                    let found = apply(function, vec![Value::Text(text.to_string()), part.clone()], self.on);
                    found == Value::Bool(true)
                };
                Ok(by_code(codes, &texts.iter().map(held).collect::<Vec<bool>>()))
            }
            (Function::YearsBetween, [Column::Dates(from), Column::Same(Value::Date(to))]) => {
                let until = Years::until(*to);
                let years = from.values.iter().map(|day| until.since(*day));
                let lanes = Lanes { values: Arc::new(years.collect()), known: from.known.clone() };
                Ok(Column::Numbers(Numbers::whole(lanes)))
            }
            _ => self.by_lane(|lane| {
                apply(function, columns.iter().map(|column| column.value(lane)).collect(), self.on)
            }),
        }
    }
}

/// One value each, where every column is the same in all lanes.
fn same_values(columns: &[Column]) -> Option<Vec<Value>> {
    let value = |column: &Column| match column {
        Column::Same(value) => Some(value.clone()),
        _ => None,
    };
    columns.iter().map(value).collect()
}

fn numeric(columns: &[Column]) -> bool {
    columns
        .iter()
        .all(|column| matches!(column, Column::Numbers(_) | Column::Same(Value::Number(_) | Value::Unknown)))
}

/// The nth item of one list, as `eval` finds it.
fn nth(list: Value, index: &Value) -> Value {
    let items = match list {
        Value::Unknown => return Value::Unknown,
        Value::List(items) => items,
        one => vec![one],
    };
    let Value::Number(n) = index else { return Value::Unknown };
    let length = items.len();
    let at = n.to_i64().and_then(|n| match usize::try_from(n.unsigned_abs()).ok()? {
        0 => None,
        n_th if n > 0 => Some(n_th - 1),
        from_end => length.checked_sub(from_end),
    });
    at.and_then(|at| items.into_iter().nth(at)).unwrap_or(Value::Unknown)
}

fn truth(known: Option<bool>) -> Column {
    Column::Same(known.map_or(Value::Unknown, Value::Bool))
}

pub(crate) fn is_unknown(column: &Column) -> bool {
    matches!(column, Column::Same(Value::Unknown))
}

fn partly_unknown(column: &Column) -> bool {
    match column {
        Column::Same(value) => value.is_unknown(),
        Column::Bools(lanes) => lanes.known.is_some(),
        Column::Numbers(numbers) => numbers.tops.known.is_some(),
        Column::Dates(lanes) => lanes.known.is_some(),
        Column::Texts(lanes, _) => lanes.known.is_some(),
        Column::Lists { known, .. } | Column::Contexts { known, .. } => known.is_some(),
    }
}

pub(crate) fn holds(operator: Compare, order: std::cmp::Ordering) -> bool {
    match operator {
        Compare::Equal => order.is_eq(),
        Compare::Unequal => order.is_ne(),
        Compare::Less => order.is_lt(),
        Compare::AtMost => order.is_le(),
        Compare::More => order.is_gt(),
        Compare::AtLeast => order.is_ge(),
    }
}

/// Truths, false wherever they are not known.
pub(crate) fn bools(mut values: Vec<bool>, known: &Known) -> Column {
    if let Some(known) = known {
        values.iter_mut().zip(known.iter()).for_each(|(value, known)| *value &= known);
    }
    Column::Bools(Lanes { values: Arc::new(values), known: known.clone() })
}

fn by_code(codes: &Lanes<u32>, held: &[bool]) -> Column {
    let values = codes.values.iter().map(|code| held.get(place(*code)).copied().unwrap_or(false)).collect();
    bools(values, &codes.known)
}

pub(crate) fn both_known(a: &Known, b: &Known) -> Known {
    match (a, b) {
        (None, known) | (known, None) => known.clone(),
        (Some(a), Some(b)) => Some(Arc::new(a.iter().zip(b.iter()).map(|(a, b)| *a && *b).collect())),
    }
}

/// Kleene's *or* where `settles` is true, *and* where it is false; a part that is neither true nor false is unknown.
fn junction(parts: &[Column], settles: bool, lanes: usize) -> Column {
    let mut settled = vec![false; lanes];
    let mut all_known: Known = None;
    let mut sure = true;
    let mut bools_seen = false;
    for part in parts {
        match part {
            Column::Same(Value::Bool(b)) if *b == settles => return Column::Same(Value::Bool(settles)),
            Column::Same(Value::Bool(_)) => {}
            Column::Bools(values) => {
                bools_seen = true;
                match (&values.known, settles) {
                    (_, true) => settled.iter_mut().zip(values.values.iter()).for_each(|(s, b)| *s |= b),
                    (None, false) => settled.iter_mut().zip(values.values.iter()).for_each(|(s, b)| *s |= !b),
                    (Some(known), false) => settled
                        .iter_mut()
                        .zip(values.values.iter().zip(known.iter()))
                        .for_each(|(s, (b, known))| *s |= known & !b),
                }
                all_known = both_known(&all_known, &values.known);
            }
            _ => sure = false,
        }
    }
    if !bools_seen {
        return truth(sure.then_some(!settles));
    }
    let known: Known = match (sure, all_known) {
        (true, None) => None,
        (true, Some(known)) => mask(settled.iter().zip(known.iter()).map(|(s, k)| *s || *k).collect()),
        (false, _) => mask(settled.clone()),
    };
    let values = if settles { settled } else { settled.iter().map(|settled| !settled).collect() };
    bools(values, &known)
}

/// `some` and `every` over the items of each lane.
fn fold_lanes(starts: &[u32], items: &Column, settles: bool, listed: &Known, lanes: usize) -> Column {
    if let (Column::Bools(Lanes { values, known: None }), None) = (items, listed) {
        let found = |lane| {
            let (from, to) = span(starts, lane);
            values.get(from..to).is_some_and(|items| items.contains(&settles)) == settles
        };
        return Column::Bools(Lanes::all((0..lanes).map(found).collect()));
    }
    let (mut values, mut known) = (Vec::with_capacity(lanes), Vec::with_capacity(lanes));
    for lane in 0..lanes {
        let (from, to) = span(starts, lane);
        let (mut settled, mut sure) = (false, true);
        for item in from..to {
            match kept(items, item) {
                Some(b) => settled |= b == settles,
                None => sure = false,
            }
        }
        let is_listed = is_known(listed, lane);
        known.push(is_listed && (settled || sure));
        values.push(settled == settles);
    }
    bools(values, &mask(known))
}

/// A truth in one lane.
pub(crate) fn kept(column: &Column, lane: usize) -> Option<bool> {
    match column {
        Column::Same(Value::Bool(b)) => Some(*b),
        Column::Bools(lanes) => lanes.get(lane),
        _ => None,
    }
}

/// The same column, unknown where another one is.
fn where_known(column: Column, other: &Column, lanes: usize) -> Column {
    let known = match other {
        Column::Same(_) => return column,
        Column::Bools(lanes) => &lanes.known,
        Column::Numbers(numbers) => &numbers.tops.known,
        Column::Dates(lanes) => &lanes.known,
        Column::Texts(lanes, _) => &lanes.known,
        Column::Lists { known, .. } | Column::Contexts { known, .. } => known,
    };
    masked(column, known, lanes)
}

/// The same column, unknown outside the mask.
fn masked(column: Column, by: &Known, lanes: usize) -> Column {
    if by.is_none() {
        return column;
    }
    match column {
        Column::Same(Value::Unknown) => column,
        Column::Same(value) => masked(spread(value, lanes), by, lanes),
        Column::Bools(values) => bools(values.values.to_vec(), &both_known(&values.known, by)),
        Column::Numbers(Numbers { tops: Lanes { values, known }, bottom, low, high }) => {
            let tops = Lanes { values, known: both_known(&known, by) };
            Column::Numbers(Numbers { tops, bottom, low, high })
        }
        Column::Dates(Lanes { values, known }) => {
            Column::Dates(Lanes { values, known: both_known(&known, by) })
        }
        Column::Texts(Lanes { values, known }, texts) => {
            Column::Texts(Lanes { values, known: both_known(&known, by) }, texts)
        }
        Column::Lists { starts, items, known } => {
            Column::Lists { starts, items, known: both_known(&known, by) }
        }
        Column::Contexts { fields, known } => Column::Contexts { fields, known: both_known(&known, by) },
    }
}

/// One value in every lane, written out.
fn spread(value: Value, lanes: usize) -> Column {
    Column::of(vec![value.clone(); lanes]).unwrap_or(Column::Same(value))
}

/// `if … then … else …`: where the condition is unknown, what both ways agree on.
fn select(condition: &Lanes<bool>, yes: &Column, no: &Column, lanes: usize) -> Worked {
    let numbers_or_unknown = |column: &Column| {
        matches!(column, Column::Numbers(_) | Column::Same(Value::Number(_) | Value::Unknown))
    };
    if is_unknown(yes) && is_unknown(no) {
        return Ok(Column::unknown());
    }
    if numbers_or_unknown(yes) && numbers_or_unknown(no) {
        let chosen = numbers::select(&condition.values, yes, no, lanes)?;
        let Some(known) = &condition.known else { return Ok(chosen) };
        let agree = numbers::compare(Compare::Equal, yes, no, lanes)?;
        let settled =
            known.iter().enumerate().map(|(lane, known)| *known || kept(&agree, lane) == Some(true));
        return Ok(masked(chosen, &mask(settled.collect()), lanes));
    }
    let bools_or_unknown =
        |column: &Column| matches!(column, Column::Bools(_) | Column::Same(Value::Bool(_) | Value::Unknown));
    if condition.known.is_none() && bools_or_unknown(yes) && bools_or_unknown(no) {
        let chosen = |lane: usize, yes_way: &bool| kept(if *yes_way { yes } else { no }, lane);
        let picked: Vec<Option<bool>> =
            condition.values.iter().enumerate().map(|(lane, way)| chosen(lane, way)).collect();
        let known = mask(picked.iter().map(Option::is_some).collect());
        return Ok(bools(picked.into_iter().map(|b| b == Some(true)).collect(), &known));
    }
    let one = |lane: usize| match condition.get(lane) {
        Some(true) => yes.value(lane),
        Some(false) => no.value(lane),
        None => {
            let (yes, no) = (yes.value(lane), no.value(lane));
            if same(&yes, &no) == Some(true) { yes } else { Value::Unknown }
        }
    };
    Column::of((0..lanes).map(one).collect())
}

/// Follows fields into each lane's value; through lists, into each of their items.
fn field(column: Column, fields: &[&str]) -> Worked {
    let Some((name, rest)) = fields.split_first() else { return Ok(column) };
    match column {
        Column::Same(value) => Ok(Column::Same(dig(&value, fields).map_or(Value::Unknown, Cow::into_owned))),
        Column::Contexts { fields: inner, known } => {
            let Some(found) = inner.get(*name) else { return Ok(Column::unknown()) };
            let found = field(found.clone(), rest)?;
            // lanes: only needed to write out what is the same in all of them
            let lanes = known.as_ref().map_or(0, |known| known.len());
            Ok(masked(found, &known, lanes))
        }
        Column::Lists { starts, items, known } => {
            let items = field(*items, fields)?;
            Ok(Column::Lists { starts, items: Box::new(items), known })
        }
        Column::Dates(Lanes { values, known }) if rest.is_empty() => {
            let part = |days: &i32| {
                let (year, month, day) = civil(*days);
                i64::from(match *name {
                    "year" => year,
                    "month" => month,
                    _ => day,
                })
            };
            if !matches!(*name, "year" | "month" | "day") {
                return Ok(Column::unknown());
            }
            let lanes = Lanes { values: Arc::new(values.iter().map(part).collect()), known };
            Ok(Column::Numbers(Numbers::whole(lanes)))
        }
        _ => Ok(Column::unknown()),
    }
}

impl Column {
    /// A column of given values: of one kind, or unknown.
    pub fn of(values: Vec<Value>) -> Result<Column, Slow> {
        let Some(first) = values.iter().find(|value| !value.is_unknown()) else {
            return Ok(Column::unknown());
        };
        let kind = first.kind();
        if values.iter().any(|value| !value.is_unknown() && value.kind() != kind) {
            return Err(Slow);
        }
        let known = mask(values.iter().map(|value| !value.is_unknown()).collect());
        match first {
            Value::Unknown => Ok(Column::unknown()),
            Value::Bool(_) => {
                Ok(bools(values.iter().map(|value| *value == Value::Bool(true)).collect(), &known))
            }
            Value::Number(_) => {
                let number = |value: &Value| match value {
                    Value::Number(n) => *n,
                    _ => Ratio::ZERO,
                };
                numbers::of(&values.iter().map(number).collect::<Vec<_>>(), known)
            }
            Value::Date(_) => {
                let day = |value: &Value| match value {
                    Value::Date(date) => days_of(*date),
                    _ => 0,
                };
                Ok(Column::Dates(Lanes { values: Arc::new(values.iter().map(day).collect()), known }))
            }
            Value::Text(_) => {
                let mut codes: BTreeMap<&str, u32> = BTreeMap::new();
                let mut texts: Vec<Arc<str>> = Vec::new();
                let mut lanes = Vec::with_capacity(values.len());
                for value in &values {
                    let text = match value {
                        Value::Text(text) => text.as_str(),
                        _ => "",
                    };
                    let next = u32::try_from(texts.len()).map_err(|_| Slow)?;
                    let code = *codes.entry(text).or_insert_with(|| {
                        texts.push(Arc::from(text));
                        next
                    });
                    lanes.push(code);
                }
                Ok(Column::Texts(Lanes { values: Arc::new(lanes), known }, texts.into()))
            }
            Value::List(_) => {
                let (mut starts, mut items) = (vec![0_u32], Vec::new());
                for value in values {
                    if let Value::List(list) = value {
                        items.extend(list);
                    }
                    starts.push(u32::try_from(items.len()).map_err(|_| Slow)?);
                }
                Ok(Column::Lists { starts: Arc::new(starts), items: Box::new(Column::of(items)?), known })
            }
            Value::Context(_) => {
                let lanes = values.len();
                let mut fields: BTreeMap<String, Vec<Value>> = BTreeMap::new();
                for (lane, value) in values.into_iter().enumerate() {
                    let Value::Context(context) = value else { continue };
                    for (name, value) in context {
                        if let Some(slot) =
                            fields.entry(name).or_insert_with(|| vec![Value::Unknown; lanes]).get_mut(lane)
                        {
                            *slot = value;
                        }
                    }
                }
                let fields = fields
                    .into_iter()
                    .map(|(name, values)| Ok((name, Column::of(values)?)))
                    .collect::<Result<_, Slow>>()?;
                Ok(Column::Contexts { fields, known })
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]
mod tests;
