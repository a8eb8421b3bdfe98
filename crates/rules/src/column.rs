//! Values of many at once: one column a name, one lane a person (or a household, or an item of a list).

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::many::Slow;
use crate::ratio::Ratio;
use crate::value::{Facts, Value};

/// One value a lane, all of one type. What is not known of a lane is unknown there, never zero.
#[derive(Debug, Clone)]
pub enum Column {
    /// The same in every lane; `Same(Value::Unknown)` is a column nobody has.
    Same(Value),
    Bools(Lanes<bool>),
    Numbers(Numbers),
    /// Days since 1970-01-01.
    Dates(Lanes<i32>),
    /// Places in a dictionary.
    Texts(Lanes<u32>, Arc<[Arc<str>]>),
    /// The items of lane `n` are those from `starts[n]` up to `starts[n + 1]` of the column of items.
    Lists {
        starts: Arc<Vec<u32>>,
        items: Box<Column>,
        known: Known,
    },
    Contexts {
        fields: BTreeMap<String, Column>,
        known: Known,
    },
}

/// Which lanes are known; nothing: all of them.
pub type Known = Option<Arc<Vec<bool>>>;

#[derive(Debug, Clone)]
pub struct Lanes<T> {
    pub(crate) values: Arc<Vec<T>>,
    pub(crate) known: Known,
}

/// Exact numbers: `tops[n] / bottom`, with bounds that hold for every lane, so that arithmetic which could run over is seen before it is done.
#[derive(Debug, Clone)]
pub struct Numbers {
    pub(crate) tops: Lanes<i64>,
    pub(crate) bottom: Bottom,
    pub(crate) low: i64,
    pub(crate) high: i64,
}

/// What the tops are divided by: positive.
#[derive(Debug, Clone)]
pub(crate) enum Bottom {
    All(i64),
    Each(Arc<Vec<i64>>),
}

impl<T: Copy + Default> Lanes<T> {
    pub fn all(values: Vec<T>) -> Lanes<T> {
        Lanes { values: Arc::new(values), known: None }
    }

    /// A lane the mask says nothing of is unknown.
    pub fn some(values: Vec<T>, mut known: Vec<bool>) -> Lanes<T> {
        known.resize(values.len(), false);
        Lanes { values: Arc::new(values), known: mask(known) }
    }

    pub fn get(&self, lane: usize) -> Option<T> {
        is_known(&self.known, lane).then(|| self.values.get(lane).copied()).flatten()
    }

    pub(crate) fn take(&self, lanes: &[u32]) -> Lanes<T> {
        let values = lanes.iter().map(|lane| self.values.get(place(*lane)).copied().unwrap_or_default());
        Lanes { values: Arc::new(values.collect()), known: take_known(&self.known, lanes) }
    }
}

/// A mask, or nothing where all is known.
pub(crate) fn mask(known: Vec<bool>) -> Known {
    if known.iter().all(|known| *known) { None } else { Some(Arc::new(known)) }
}

#[inline]
pub(crate) fn is_known(known: &Known, lane: usize) -> bool {
    known.as_ref().is_none_or(|known| known.get(lane).copied().unwrap_or(false))
}

pub(crate) fn take_known(known: &Known, lanes: &[u32]) -> Known {
    let known = known.as_ref()?;
    mask(lanes.iter().map(|lane| known.get(place(*lane)).copied().unwrap_or(false)).collect())
}

#[inline]
pub(crate) fn place(lane: u32) -> usize {
    usize::try_from(lane).unwrap_or(usize::MAX)
}

impl Numbers {
    pub fn whole(tops: Lanes<i64>) -> Numbers {
        Numbers::over(tops, 1)
    }

    /// `tops / bottom`; a bottom below one is taken as one.
    pub fn over(tops: Lanes<i64>, bottom: i64) -> Numbers {
        let (low, high) = bounds(&tops.values);
        Numbers { tops, bottom: Bottom::All(bottom.max(1)), low, high }
    }

    pub(crate) fn bottom(&self, lane: usize) -> i64 {
        match &self.bottom {
            Bottom::All(bottom) => *bottom,
            Bottom::Each(bottoms) => bottoms.get(lane).copied().unwrap_or(1),
        }
    }

    /// The number in a lane, where all of them are whole.
    pub(crate) fn whole_at(&self, lane: usize) -> Option<i64> {
        matches!(self.bottom, Bottom::All(1)).then(|| self.tops.get(lane)).flatten()
    }

    pub fn get(&self, lane: usize) -> Option<Ratio> {
        Ratio::new(i128::from(self.tops.get(lane)?), i128::from(self.bottom(lane)))
    }
}

/// The least and the greatest; both zero of none.
pub(crate) fn bounds(values: &[i64]) -> (i64, i64) {
    let (low, high) = values.iter().fold((i64::MAX, i64::MIN), |(low, high), n| (low.min(*n), high.max(*n)));
    if values.is_empty() { (0, 0) } else { (low, high) }
}

impl Column {
    pub fn unknown() -> Column {
        Column::Same(Value::Unknown)
    }

    pub fn bools(values: Vec<bool>) -> Column {
        Column::Bools(Lanes::all(values))
    }

    pub fn whole(values: Vec<i64>) -> Column {
        Column::Numbers(Numbers::whole(Lanes::all(values)))
    }

    pub fn dates(days: Vec<i32>) -> Column {
        Column::Dates(Lanes::all(days))
    }

    pub fn texts(codes: Vec<u32>, texts: Arc<[Arc<str>]>) -> Column {
        Column::Texts(Lanes::all(codes), texts)
    }

    /// `starts` has one place more than there are lanes: where the items of each lane begin, and where the last end.
    pub fn lists(starts: Vec<u32>, items: Column) -> Column {
        Column::Lists { starts: Arc::new(starts), items: Box::new(items), known: None }
    }

    pub fn contexts(fields: impl IntoIterator<Item = (String, Column)>) -> Column {
        Column::Contexts { fields: fields.into_iter().collect(), known: None }
    }

    /// The value in one lane.
    pub fn value(&self, lane: usize) -> Value {
        match self {
            Column::Same(value) => value.clone(),
            Column::Bools(lanes) => lanes.get(lane).map_or(Value::Unknown, Value::Bool),
            Column::Numbers(numbers) => numbers.get(lane).map_or(Value::Unknown, Value::Number),
            Column::Dates(lanes) => lanes.get(lane).and_then(date_of).map_or(Value::Unknown, Value::Date),
            Column::Texts(lanes, texts) => lanes
                .get(lane)
                .and_then(|code| texts.get(place(code)))
                .map_or(Value::Unknown, |text| Value::Text(text.to_string())),
            Column::Lists { starts, items, known } if is_known(known, lane) => {
                let (from, to) = span(starts, lane);
                Value::List((from..to).map(|item| items.value(item)).collect())
            }
            Column::Contexts { fields, known } if is_known(known, lane) => {
                Value::Context(fields.iter().map(|(name, field)| (name.clone(), field.value(lane))).collect())
            }
            Column::Lists { .. } | Column::Contexts { .. } => Value::Unknown,
        }
    }

    /// The same values in some of the lanes, in the order they are named.
    pub fn take(&self, lanes: &[u32]) -> Column {
        match self {
            Column::Same(value) => Column::Same(value.clone()),
            Column::Bools(values) => Column::Bools(values.take(lanes)),
            Column::Numbers(Numbers { tops, bottom, low, high }) => {
                let bottom = match bottom {
                    Bottom::All(bottom) => Bottom::All(*bottom),
                    Bottom::Each(bottoms) => {
                        let each = lanes.iter().map(|lane| bottoms.get(place(*lane)).copied().unwrap_or(1));
                        Bottom::Each(Arc::new(each.collect()))
                    }
                };
                Column::Numbers(Numbers { tops: tops.take(lanes), bottom, low: *low, high: *high })
            }
            Column::Dates(values) => Column::Dates(values.take(lanes)),
            Column::Texts(codes, texts) => Column::Texts(codes.take(lanes), Arc::clone(texts)),
            Column::Lists { starts, items, known } => {
                let (mut from_here, mut chosen) = (vec![0_u32], Vec::new());
                for lane in lanes {
                    let (from, to) = span(starts, place(*lane));
                    chosen.extend((from..to).filter_map(|item| u32::try_from(item).ok()));
                    from_here.push(u32::try_from(chosen.len()).unwrap_or(u32::MAX));
                }
                let items = Box::new(items.take(&chosen));
                Column::Lists { starts: Arc::new(from_here), items, known: take_known(known, lanes) }
            }
            Column::Contexts { fields, known } => Column::Contexts {
                fields: fields.iter().map(|(name, field)| (name.clone(), field.take(lanes))).collect(),
                known: take_known(known, lanes),
            },
        }
    }

    /// The same column, its bounds no wider than its lanes; one value where it is the same in all.
    pub(crate) fn narrowed(self) -> Column {
        match self {
            Column::Numbers(Numbers { tops, bottom: Bottom::All(bottom), .. }) => {
                let numbers = Numbers::over(tops, bottom);
                match (numbers.tops.known.is_none() && numbers.low == numbers.high, numbers.get(0)) {
                    (true, Some(one)) => Column::Same(Value::Number(one)),
                    _ => Column::Numbers(numbers),
                }
            }
            Column::Bools(Lanes { values, known: None }) => {
                match (values.first(), values.contains(&true), values.contains(&false)) {
                    (Some(first), true, false) | (Some(first), false, true) => {
                        Column::Same(Value::Bool(*first))
                    }
                    _ => Column::Bools(Lanes { values, known: None }),
                }
            }
            other => other,
        }
    }

    /// Columns one behind the other, of so many lanes each; nothing where there is none.
    ///
    /// # Errors
    /// When their values are of different kinds: see [`Slow`].
    pub(crate) fn joined(
        columns: impl Iterator<Item = Option<Column>>,
        lanes: &[usize],
    ) -> Result<Option<Column>, Slow> {
        let columns: Vec<Option<Column>> = columns.collect();
        if columns.iter().all(Option::is_none) {
            return Ok(None);
        }
        let columns: Vec<Column> =
            columns.into_iter().map(|column| column.unwrap_or(Column::unknown())).collect();
        if let Some(Column::Same(first)) = columns.first()
            && columns.iter().all(|column| matches!(column, Column::Same(value) if value == first))
        {
            return Ok(Some(Column::Same(first.clone())));
        }
        if let Some(column) = joined_numbers(&columns).or_else(|| joined_bools(&columns)) {
            return Ok(Some(column));
        }
        let values =
            columns.iter().zip(lanes).flat_map(|(column, lanes)| (0..*lanes).map(|lane| column.value(lane)));
        Column::of(values.collect()).map(Some)
    }
}

/// Where all are known, over one bottom.
fn joined_numbers(columns: &[Column]) -> Option<Column> {
    let (mut tops, mut over) = (Vec::new(), None);
    for column in columns {
        let Column::Numbers(Numbers {
            tops: Lanes { values, known: None }, bottom: Bottom::All(bottom), ..
        }) = column
        else {
            return None;
        };
        if *over.get_or_insert(*bottom) != *bottom {
            return None;
        }
        tops.extend_from_slice(values);
    }
    Some(Column::Numbers(Numbers::over(Lanes::all(tops), over?)))
}

/// Where all are known.
fn joined_bools(columns: &[Column]) -> Option<Column> {
    let mut all = Vec::new();
    for column in columns {
        let Column::Bools(Lanes { values, known: None }) = column else { return None };
        all.extend_from_slice(values);
    }
    Some(Column::bools(all))
}

/// Where the items of a lane are.
#[inline]
pub(crate) fn span(starts: &[u32], lane: usize) -> (usize, usize) {
    let at = |n: usize| starts.get(n).map_or(0, |start| place(*start));
    (at(lane), at(lane + 1).max(at(lane)))
}

pub(crate) fn date_of(days: i32) -> Option<Date> {
    let (year, month, day) = civil(days);
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Year, month and day of a day counted from 1970-01-01: by eras of 400 years that begin in March.
pub(crate) fn civil(days: i32) -> (i32, i32, i32) {
    let from_march = days.wrapping_add(719_468);
    let (era, day) = (from_march.div_euclid(146_097), from_march.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let in_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let (day, month) = (in_year - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    (year + era * 400 + i32::from(month <= 2), month, day)
}

/// Days since 1970-01-01.
pub fn days_of(date: Date) -> i32 {
    date.since(Date::constant(1970, 1, 1)).map_or(0, |span| span.get_days())
}

/// The facts of many, by name: what [`Facts`] is for one. A name that is not here is unknown of everybody.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    lanes: usize,
    by_name: BTreeMap<String, Column>,
}

impl Columns {
    pub fn new(lanes: usize) -> Columns {
        Columns { lanes, by_name: BTreeMap::new() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.lanes
    }

    pub fn is_empty(&self) -> bool {
        self.lanes == 0
    }

    pub fn insert(&mut self, name: &str, column: Column) {
        self.by_name.insert(name.to_owned(), column);
    }

    pub fn get(&self, name: &str) -> Option<&Column> {
        self.by_name.get(name)
    }

    /// What is known of one: for the reasons, which are worked out only when somebody asks.
    pub fn facts(&self, lane: usize) -> Facts {
        let value = |(name, column): (&String, &Column)| match column.value(lane) {
            Value::Unknown => None,
            value => Some((name.clone(), value)),
        };
        self.by_name.iter().filter_map(value).collect()
    }
}
