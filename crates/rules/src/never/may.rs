//! What a value may be: per kind, which ones.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::Domain;
use crate::parser::Compare;
use crate::ratio::Ratio;
use crate::value::Value;

/// Between two ends; a missing end is endless, `true` beside one leaves the end itself out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span<T> {
    pub low: Option<(T, bool)>,
    pub high: Option<(T, bool)>,
}

impl<T: Ord + Copy> Span<T> {
    pub fn all() -> Span<T> {
        Span { low: None, high: None }
    }

    pub fn just(value: T) -> Span<T> {
        Span { low: Some((value, false)), high: Some((value, false)) }
    }

    pub fn at_least(value: T) -> Span<T> {
        Span { low: Some((value, false)), high: None }
    }

    /// The one value it holds.
    pub fn point(&self) -> Option<T> {
        match (self.low, self.high) {
            (Some((low, false)), Some((high, false))) if low == high => Some(low),
            _ => None,
        }
    }

    fn is_empty(&self) -> bool {
        match (self.low, self.high) {
            (Some((low, low_open)), Some((high, high_open))) => {
                low > high || (low == high && (low_open || high_open))
            }
            _ => false,
        }
    }

    /// What is in both; nothing when nothing is.
    fn meet(self, other: &Span<T>) -> Option<Span<T>> {
        let low = match (self.low, other.low) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
        let high = match (self.high, other.high) {
            (Some((a, a_open)), Some((b, b_open))) if a == b => Some((a, a_open || b_open)),
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Some(Span { low, high }).filter(|span| !span.is_empty())
    }

    pub fn join(self, other: &Span<T>) -> Span<T> {
        let low = self.low.zip(other.low).map(|(a, b)| a.min(b));
        let high = self.high.zip(other.high).map(|((a, a_open), (b, b_open))| {
            if a == b { (a, a_open && b_open) } else { (a, a_open).max((b, b_open)) }
        });
        Span { low, high }
    }

    /// What of it may stand so to something of the other.
    fn narrowed(self, operator: Compare, other: &Span<T>) -> Option<Span<T>> {
        let open = |end: Option<(T, bool)>| end.map(|(value, _)| (value, true));
        match operator {
            Compare::Equal => self.meet(other),
            Compare::Less => self.meet(&Span { low: None, high: open(other.high) }),
            Compare::AtMost => self.meet(&Span { low: None, high: other.high }),
            Compare::More => self.meet(&Span { low: open(other.low), high: None }),
            Compare::AtLeast => self.meet(&Span { low: other.low, high: None }),
            Compare::Unequal => {
                let Some(point) = other.point() else { return Some(self) };
                let without =
                    |end: Option<(T, bool)>| end.map(|(value, is_open)| (value, is_open || value == point));
                Some(Span { low: without(self.low), high: without(self.high) })
                    .filter(|span| !span.is_empty())
            }
        }
    }

    /// Where the greater of two lies.
    pub fn greater(one: Span<T>, other: Span<T>) -> Span<T> {
        let low = match (one.low, other.low) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
        Span { low, high: one.join(&other).high }
    }
}

impl Span<Ratio> {
    /// A length that is known.
    pub fn of_length(length: usize) -> Span<Ratio> {
        i64::try_from(length).map_or_else(|_| Span::all(), |length| Span::just(Ratio::from_i64(length)))
    }

    pub fn negated(self) -> Span<Ratio> {
        let end = |end: Option<(Ratio, bool)>| end.and_then(|(n, open)| Some((n.checked_neg()?, open)));
        Span { low: end(self.high), high: end(self.low) }
    }

    pub fn plus(&self, other: &Span<Ratio>) -> Span<Ratio> {
        let end = |a: Option<(Ratio, bool)>, b: Option<(Ratio, bool)>| {
            let ((a, a_open), (b, b_open)) = a.zip(b)?;
            Some((a.checked_add(&b)?, a_open || b_open))
        };
        Span { low: end(self.low, other.low), high: end(self.high, other.high) }
    }

    pub fn times(&self, other: &Span<Ratio>) -> Span<Ratio> {
        if let Some(by) = other.point() {
            return self.scaled(&by);
        }
        if let Some(by) = self.point() {
            return other.scaled(&by);
        }
        let positive = |span: &Span<Ratio>| span.low.is_some_and(|(low, _)| !low.is_negative());
        if positive(self) && positive(other) {
            let end = |a: Option<(Ratio, bool)>, b: Option<(Ratio, bool)>| {
                let ((a, _), (b, _)) = a.zip(b)?;
                Some((a.checked_mul(&b)?, false))
            };
            return Span { low: end(self.low, other.low), high: end(self.high, other.high) };
        }
        Span::all()
    }

    fn scaled(&self, by: &Ratio) -> Span<Ratio> {
        if *by == Ratio::ZERO {
            return Span::just(Ratio::ZERO);
        }
        let end = |end: Option<(Ratio, bool)>| end.and_then(|(n, open)| Some((n.checked_mul(by)?, open)));
        let (low, high) = (end(self.low), end(self.high));
        if by.is_negative() { Span { low: high, high: low } } else { Span { low, high } }
    }
}

/// Any of a kind, or only these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of<T> {
    Any,
    Only(T),
}

/// What the items of a list may be where they are known, and how many there may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Items {
    pub each: Of<Box<May>>,
    pub count: Span<Ratio>,
}

impl Items {
    fn any() -> Items {
        Items { each: Of::Any, count: Span::at_least(Ratio::ZERO) }
    }
}

/// What a value may be, when it is known. Nothing at all: it never is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct May {
    pub yes: bool,
    pub no: bool,
    pub number: Option<Span<Ratio>>,
    pub date: Option<Span<Date>>,
    pub text: Option<Of<BTreeSet<String>>>,
    pub list: Option<Items>,
    /// A context, and what its fields may be.
    pub context: Option<Of<Box<May>>>,
}

impl May {
    pub fn anything() -> May {
        May {
            yes: true,
            no: true,
            number: Some(Span::all()),
            date: Some(Span::all()),
            text: Some(Of::Any),
            list: Some(Items::any()),
            context: Some(Of::Any),
        }
    }

    pub fn truths(yes: bool, no: bool) -> May {
        May { yes, no, ..May::default() }
    }

    /// A list of these, so many.
    pub fn list(each: May, count: Span<Ratio>) -> May {
        May { list: Some(Items { each: Of::Only(Box::new(each)), count }), ..May::default() }
    }

    pub fn of(domain: &Domain) -> May {
        let none = May::default();
        match domain {
            Domain::Bool => May::truths(true, true),
            Domain::Number { min, max } => {
                let end = |end: &Option<Ratio>| end.map(|end| (end, false));
                May { number: Some(Span { low: end(min), high: end(max) }), ..none }
            }
            Domain::Choice(choices) => {
                May { text: Some(Of::Only(choices.iter().cloned().collect())), ..none }
            }
            Domain::Text => May { text: Some(Of::Any), ..none },
            Domain::Date => May { date: Some(Span::all()), ..none },
            Domain::List => May { list: Some(Items::any()), ..none },
        }
    }

    pub fn just(value: &Value) -> May {
        let none = May::default();
        let all = |values: &mut dyn Iterator<Item = &Value>| {
            values.map(May::just).fold(May::default(), |all, one| all.join(&one))
        };
        match value {
            Value::Unknown => none,
            Value::Bool(b) => May::truths(*b, !*b),
            Value::Number(n) => May { number: Some(Span::just(*n)), ..none },
            Value::Date(date) => May { date: Some(Span::just(*date)), ..none },
            Value::Text(text) => May { text: Some(Of::Only(BTreeSet::from([text.clone()]))), ..none },
            Value::List(items) => May::list(all(&mut items.iter()), Span::of_length(items.len())),
            Value::Context(fields) => {
                May { context: Some(Of::Only(Box::new(all(&mut fields.values())))), ..none }
            }
        }
    }

    pub fn is_nothing(&self) -> bool {
        *self == May::default()
    }

    /// The numbers, where it can be nothing else.
    pub fn only_number(&self) -> Option<Span<Ratio>> {
        let number = self.number?;
        (*self == May { number: Some(number), ..May::default() }).then_some(number)
    }

    /// What one of its items may be; a single value stands for a list of itself.
    pub fn items(self) -> May {
        match self.list {
            Some(Items { each: Of::Any, .. }) => May::anything(),
            Some(Items { each: Of::Only(each), .. }) => May { list: None, ..self }.join(&each),
            None => self,
        }
    }

    /// How many items it may have; nothing where it is never known.
    pub fn count(&self) -> Option<Span<Ratio>> {
        let one = May { list: None, ..self.clone() };
        let one = (!one.is_nothing()).then(|| Span::of_length(1));
        match (&self.list, one) {
            (Some(list), Some(one)) => Some(list.count.join(&one)),
            (Some(list), None) => Some(list.count),
            (None, one) => one,
        }
    }

    /// Whether there is never an item in it.
    pub fn is_empty_list(&self) -> bool {
        self.count().is_some_and(|count| count.point() == Some(Ratio::ZERO))
    }

    /// What a field of it may be; of a list, the list of its items' fields.
    pub fn field(self) -> May {
        let mut field = match self.context {
            Some(Of::Any) => return May::anything(),
            Some(Of::Only(fields)) => *fields,
            None => May::default(),
        };
        if self.date.is_some() {
            field = field.join(&May { number: Some(Span::all()), ..May::default() });
        }
        let Some(Items { each, count }) = self.list else { return field };
        let each = match each {
            Of::Any => Of::Any,
            Of::Only(each) => Of::Only(Box::new(each.field())),
        };
        field.join(&May { list: Some(Items { each, count }), ..May::default() })
    }

    pub fn join(self, other: &May) -> May {
        let spans = |a: Option<Span<Ratio>>, b: Option<Span<Ratio>>| match (a, b) {
            (Some(a), Some(b)) => Some(a.join(&b)),
            (a, b) => a.or(b),
        };
        let dates = match (self.date, other.date) {
            (Some(a), Some(b)) => Some(a.join(&b)),
            (a, b) => a.or(b),
        };
        let text = match (self.text, &other.text) {
            (Some(Of::Only(mut a)), Some(Of::Only(b))) => {
                a.extend(b.iter().cloned());
                Some(Of::Only(a))
            }
            (Some(_), Some(_)) => Some(Of::Any),
            (a, b) => a.or_else(|| b.clone()),
        };
        let inner = |a: Option<Of<Box<May>>>, b: &Option<Of<Box<May>>>| match (a, b) {
            (Some(Of::Only(a)), Some(Of::Only(b))) => Some(Of::Only(Box::new(a.join(b)))),
            (Some(_), Some(_)) => Some(Of::Any),
            (a, b) => a.or_else(|| b.clone()),
        };
        let list = match (self.list, &other.list) {
            (Some(a), Some(b)) => Some(Items {
                count: a.count.join(&b.count),
                each: inner(Some(a.each), &Some(b.each.clone())).unwrap_or(Of::Any),
            }),
            (a, b) => a.or_else(|| b.clone()),
        };
        May {
            yes: self.yes || other.yes,
            no: self.no || other.no,
            number: spans(self.number, other.number),
            date: dates,
            text,
            list,
            context: inner(self.context, &other.context),
        }
    }

    /// What is in both.
    pub fn meet(self, other: &May) -> May {
        self.narrowed(Compare::Equal, other)
    }

    /// What of it may stand so to something of the other. Only values of one kind compare.
    pub fn narrowed(self, operator: Compare, other: &May) -> May {
        let equality = matches!(operator, Compare::Equal | Compare::Unequal);
        let number = self.number.zip(other.number).and_then(|(a, b)| a.narrowed(operator, &b));
        let date = self.date.zip(other.date).and_then(|(a, b)| a.narrowed(operator, &b));
        let text = self.text.zip(other.text.as_ref()).map(|(a, b)| match (operator, a, b) {
            (Compare::Equal, Of::Any, b) => b.clone(),
            (Compare::Equal, Of::Only(a), Of::Only(b)) => Of::Only(a.intersection(b).cloned().collect()),
            (Compare::Unequal, Of::Only(a), Of::Only(b)) if b.len() == 1 => {
                Of::Only(a.difference(b).cloned().collect())
            }
            (_, a, _) => a,
        });
        let text = text.filter(|text| *text != Of::Only(BTreeSet::new()));
        let (yes, no) = match operator {
            Compare::Equal => (self.yes && other.yes, self.no && other.no),
            Compare::Unequal => (self.yes && other.no, self.no && other.yes),
            _ => (false, false),
        };
        let list = self.list.filter(|_| equality && other.list.is_some());
        let context = self.context.filter(|_| equality && other.context.is_some());
        May { yes, no, number, date, text, list, context }
    }
}
