//! Exact arithmetic on columns. Tops are whole numbers over a bottom, and bounds say beforehand whether a result fits: where it does, the
//! loops are plain; where it might not, each lane is worked out as a [`Ratio`]; where one doesn't, the column is given up ([`Slow`]).

use std::cmp::Ordering;
use std::sync::Arc;

use crate::column::{Bottom, Column, Known, Lanes, Numbers, bounds, is_known, mask};
use crate::many::{Slow, Worked, bools, both_known, holds, is_unknown};
use crate::parser::{Arithmetic, Compare, Function};
use crate::ratio::{Ratio, Rounding};
use crate::value::Value;

/// A side of an operation: a column, or one number for all.
pub(crate) struct Operand<'c> {
    tops: Tops<'c>,
    bottom: Under<'c>,
    low: i64,
    high: i64,
    known: &'c Known,
}

#[derive(Clone, Copy)]
enum Tops<'c> {
    One(i64),
    Each(&'c [i64]),
}

#[derive(Clone, Copy)]
enum Under<'c> {
    All(i64),
    Each(&'c [i64]),
}

const ALL: &Known = &None;

impl<'c> Operand<'c> {
    /// Nothing where there is no number in any lane.
    pub fn of(column: &'c Column) -> Result<Option<Operand<'c>>, Slow> {
        match column {
            Column::Numbers(Numbers { tops, bottom, low, high }) => {
                let under = match bottom {
                    Bottom::All(bottom) => Under::All(*bottom),
                    Bottom::Each(bottoms) => Under::Each(bottoms),
                };
                let (tops, known) = (Tops::Each(&tops.values), &tops.known);
                Ok(Some(Operand { tops, bottom: under, low: *low, high: *high, known }))
            }
            Column::Same(Value::Number(n)) => {
                let top = i64::try_from(n.numerator()).map_err(|_| Slow)?;
                let bottom = i64::try_from(n.denominator()).map_err(|_| Slow)?;
                let (tops, bottom) = (Tops::One(top), Under::All(bottom));
                Ok(Some(Operand { tops, bottom, low: top, high: top, known: ALL }))
            }
            _ => Ok(None),
        }
    }

    fn top(&self, lane: usize) -> i64 {
        match self.tops {
            Tops::One(top) => top,
            Tops::Each(tops) => tops.get(lane).copied().unwrap_or(0),
        }
    }

    fn under(&self, lane: usize) -> i64 {
        match self.bottom {
            Under::All(bottom) => bottom,
            Under::Each(bottoms) => bottoms.get(lane).copied().unwrap_or(1),
        }
    }

    fn get(&self, lane: usize) -> Option<Ratio> {
        if !is_known(self.known, lane) {
            return None;
        }
        Ratio::new(i128::from(self.top(lane)), i128::from(self.under(lane)))
    }

    /// The whole number in a lane.
    pub fn whole(&self, lane: usize) -> Option<i64> {
        if matches!(self.bottom, Under::All(1)) {
            return is_known(self.known, lane).then(|| self.top(lane));
        }
        self.get(lane)?.to_i64()
    }
}

/// What two tops are multiplied by to stand over one bottom.
struct Common {
    left: i64,
    right: i64,
    bottom: i64,
}

fn common(a: &Operand<'_>, b: &Operand<'_>) -> Option<Common> {
    let (Under::All(x), Under::All(y)) = (a.bottom, b.bottom) else { return None };
    let shared = gcd(x, y);
    let (left, right) = (y / shared, x / shared);
    let bottom = x.checked_mul(left)?;
    // so that what is multiplied fits, too
    for (operand, by) in [(a, left), (b, right)] {
        operand.low.checked_mul(by)?;
        operand.high.checked_mul(by)?;
    }
    Some(Common { left, right, bottom })
}

fn gcd(mut a: i64, mut b: i64) -> i64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.abs().max(1)
}

fn zip<T: Clone>(a: Tops<'_>, b: Tops<'_>, lanes: usize, work: impl Fn(i64, i64) -> T) -> Vec<T> {
    match (a, b) {
        (Tops::Each(a), Tops::Each(b)) => a.iter().zip(b).map(|(a, b)| work(*a, *b)).collect(),
        (Tops::Each(a), Tops::One(b)) => a.iter().map(|a| work(*a, b)).collect(),
        (Tops::One(a), Tops::Each(b)) => b.iter().map(|b| work(a, *b)).collect(),
        (Tops::One(a), Tops::One(b)) => vec![work(a, b); lanes],
    }
}

fn whole_column(tops: Vec<i64>, known: Known, bottom: i64, (low, high): (i64, i64)) -> Column {
    let tops = Lanes { values: Arc::new(tops), known };
    Column::Numbers(Numbers { tops, bottom: Bottom::All(bottom), low, high })
}

/// A lane at a time: what has no exact result is unknown there.
fn by_lane(lanes: usize, work: impl Fn(usize) -> Option<Ratio>) -> Worked {
    let results: Vec<Option<Ratio>> = (0..lanes).map(work).collect();
    let known = mask(results.iter().map(Option::is_some).collect());
    of(&results.into_iter().map(|n| n.unwrap_or(Ratio::ZERO)).collect::<Vec<_>>(), known)
}

/// A column of exact numbers, if all fit.
pub(crate) fn of(numbers: &[Ratio], known: Known) -> Worked {
    let (mut tops, mut bottoms) = (Vec::with_capacity(numbers.len()), Vec::with_capacity(numbers.len()));
    for n in numbers {
        tops.push(i64::try_from(n.numerator()).map_err(|_| Slow)?);
        bottoms.push(i64::try_from(n.denominator()).map_err(|_| Slow)?);
    }
    let (low, high) = bounds(&tops);
    let bottom = match bottoms.first() {
        Some(first) if bottoms.iter().all(|bottom| bottom == first) => Bottom::All(*first),
        None => Bottom::All(1),
        Some(_) => Bottom::Each(Arc::new(bottoms)),
    };
    Ok(Column::Numbers(Numbers { tops: Lanes { values: Arc::new(tops), known }, bottom, low, high }))
}

fn fits(low: i128, high: i128) -> Option<(i64, i64)> {
    Some((i64::try_from(low).ok()?, i64::try_from(high).ok()?))
}

/// The least and greatest product.
fn product(a: (i64, i64), b: (i64, i64)) -> Option<(i64, i64)> {
    let corners =
        [(a.0, b.0), (a.0, b.1), (a.1, b.0), (a.1, b.1)].map(|(x, y)| i128::from(x) * i128::from(y));
    fits(*corners.iter().min()?, *corners.iter().max()?)
}

pub(crate) fn arithmetic(operator: Arithmetic, left: &Column, right: &Column, lanes: usize) -> Worked {
    let (Some(a), Some(b)) = (Operand::of(left)?, Operand::of(right)?) else { return Ok(Column::unknown()) };
    let plain = match operator {
        Arithmetic::Add => sum(&a, &b, 1, lanes),
        Arithmetic::Subtract => sum(&a, &b, -1, lanes),
        Arithmetic::Multiply => multiply(&a, &b, lanes),
        Arithmetic::Divide => divide(&a, &b, lanes),
        Arithmetic::Power => None,
    };
    if let Some(column) = plain {
        return Ok(column);
    }
    by_lane(lanes, |lane| {
        let (a, b) = (a.get(lane)?, b.get(lane)?);
        match operator {
            Arithmetic::Add => a.checked_add(&b),
            Arithmetic::Subtract => a.checked_sub(&b),
            Arithmetic::Multiply => a.checked_mul(&b),
            Arithmetic::Divide => a.checked_div(&b),
            Arithmetic::Power => b.to_i64().and_then(|exponent| a.checked_pow(exponent)),
        }
    })
}

fn sum(a: &Operand<'_>, b: &Operand<'_>, sign: i64, lanes: usize) -> Option<Column> {
    let Common { left, right, bottom } = common(a, b)?;
    let right = right.checked_mul(sign)?;
    let (a_ends, b_ends) =
        (product((a.low, a.high), (left, left))?, product((b.low, b.high), (right, right))?);
    let ends =
        fits(i128::from(a_ends.0) + i128::from(b_ends.0), i128::from(a_ends.1) + i128::from(b_ends.1))?;
    let tops = match (left, right) {
        (1, 1) => zip(a.tops, b.tops, lanes, i64::wrapping_add),
        (1, -1) => zip(a.tops, b.tops, lanes, i64::wrapping_sub),
        _ => zip(a.tops, b.tops, lanes, |a, b| a.wrapping_mul(left).wrapping_add(b.wrapping_mul(right))),
    };
    Some(whole_column(tops, both_known(a.known, b.known), bottom, ends))
}

fn multiply(a: &Operand<'_>, b: &Operand<'_>, lanes: usize) -> Option<Column> {
    match (a.tops, b.tops) {
        (Tops::One(_), Tops::Each(_)) => return multiply(b, a, lanes),
        (Tops::Each(tops), Tops::One(by)) => {
            let (Under::All(x), Under::All(y)) = (a.bottom, b.bottom) else { return None };
            return scale(tops, a.known, (a.low, a.high), x, by, y);
        }
        _ => {}
    }
    let (Under::All(x), Under::All(y)) = (a.bottom, b.bottom) else { return None };
    let bottom = x.checked_mul(y)?;
    let ends = product((a.low, a.high), (b.low, b.high))?;
    let tops = zip(a.tops, b.tops, lanes, i64::wrapping_mul);
    Some(whole_column(tops, both_known(a.known, b.known), bottom, ends))
}

/// Tops over `under`, times `by / over`.
fn scale(tops: &[i64], known: &Known, ends: (i64, i64), under: i64, by: i64, over: i64) -> Option<Column> {
    let shared = gcd(under, by);
    let (by, bottom) = (by / shared, (under / shared).checked_mul(over)?);
    let ends = product(ends, (by, by))?;
    let tops = tops.iter().map(|top| top.wrapping_mul(by)).collect();
    Some(whole_column(tops, known.clone(), bottom, ends))
}

fn divide(a: &Operand<'_>, b: &Operand<'_>, lanes: usize) -> Option<Column> {
    let (Under::All(x), Under::All(y)) = (a.bottom, b.bottom) else { return None };
    if let Tops::One(by) = b.tops {
        if by == 0 {
            return Some(Column::unknown());
        }
        let (by, over) = if by < 0 { (y.checked_neg()?, by.checked_neg()?) } else { (y, by) };
        if let Tops::Each(tops) = a.tops {
            return scale(tops, a.known, (a.low, a.high), x, by, over);
        }
    }
    // (a / x) / (b / y) = (a * y) / (b * x)
    let ends = product((a.low, a.high), (y, y))?;
    product((b.low, b.high), (x, x))?.0.checked_neg()?;
    let low = ends.0.min(ends.1.checked_neg()?);
    let high = ends.1.max(ends.0.checked_neg()?);
    let (mut tops, mut bottoms, mut known) =
        (Vec::with_capacity(lanes), Vec::with_capacity(lanes), Vec::with_capacity(lanes));
    for lane in 0..lanes {
        let (top, bottom) = (a.top(lane).wrapping_mul(y), b.top(lane).wrapping_mul(x));
        known.push(bottom != 0 && is_known(a.known, lane) && is_known(b.known, lane));
        tops.push(if bottom < 0 { top.wrapping_neg() } else { top });
        bottoms.push(bottom.wrapping_abs().max(1));
    }
    let tops = Lanes { values: Arc::new(tops), known: mask(known) };
    Some(Column::Numbers(Numbers { tops, bottom: Bottom::Each(Arc::new(bottoms)), low, high }))
}

pub(crate) fn compare(operator: Compare, left: &Column, right: &Column, lanes: usize) -> Worked {
    let (Some(a), Some(b)) = (Operand::of(left)?, Operand::of(right)?) else { return Ok(Column::unknown()) };
    let known = both_known(a.known, b.known);
    if let Some(Common { left, right, .. }) = common(&a, &b) {
        let values = match operator {
            Compare::Equal => held(&a, &b, left, right, lanes, |a, b| a == b),
            Compare::Unequal => held(&a, &b, left, right, lanes, |a, b| a != b),
            Compare::Less => held(&a, &b, left, right, lanes, |a, b| a < b),
            Compare::AtMost => held(&a, &b, left, right, lanes, |a, b| a <= b),
            Compare::More => held(&a, &b, left, right, lanes, |a, b| a > b),
            Compare::AtLeast => held(&a, &b, left, right, lanes, |a, b| a >= b),
        };
        return Ok(bools(values, &known));
    }
    let order = |lane: usize| {
        let left = i128::from(a.top(lane)) * i128::from(b.under(lane));
        left.cmp(&(i128::from(b.top(lane)) * i128::from(a.under(lane))))
    };
    Ok(bools((0..lanes).map(|lane| holds(operator, order(lane))).collect(), &known))
}

/// Whether it holds of the tops over one bottom, lane by lane.
fn held(
    a: &Operand<'_>,
    b: &Operand<'_>,
    left: i64,
    right: i64,
    lanes: usize,
    work: impl Fn(i64, i64) -> bool,
) -> Vec<bool> {
    match (times(a.tops, left), times(b.tops, right)) {
        ((a, 1), (b, 1)) => zip(a, b, lanes, work),
        ((a, left), (b, right)) => zip(a, b, lanes, |a, b| work(a.wrapping_mul(left), b.wrapping_mul(right))),
    }
}

/// One number is multiplied here, many where they are used.
fn times(tops: Tops<'_>, by: i64) -> (Tops<'_>, i64) {
    match tops {
        Tops::One(top) => (Tops::One(top.wrapping_mul(by)), 1),
        Tops::Each(_) => (tops, by),
    }
}

/// The lesser (or greater) of two; of equal ones the first, which is the same number.
pub(crate) fn choose(function: Function, left: &Column, right: &Column, lanes: usize) -> Worked {
    let least = function == Function::Min;
    let (Some(a), Some(b)) = (Operand::of(left)?, Operand::of(right)?) else { return Ok(Column::unknown()) };
    if let Some(Common { left, right, bottom }) = common(&a, &b) {
        let known = both_known(a.known, b.known);
        let pick = |a: i64, b: i64| {
            let (a, b) = (a.wrapping_mul(left), b.wrapping_mul(right));
            if least { a.min(b) } else { a.max(b) }
        };
        let (a_ends, b_ends) = (
            (a.low.wrapping_mul(left), a.high.wrapping_mul(left)),
            (b.low.wrapping_mul(right), b.high.wrapping_mul(right)),
        );
        let ends = if least {
            (a_ends.0.min(b_ends.0), a_ends.1.min(b_ends.1))
        } else {
            (a_ends.0.max(b_ends.0), a_ends.1.max(b_ends.1))
        };
        return Ok(whole_column(zip(a.tops, b.tops, lanes, pick), known, bottom, ends));
    }
    let wanted = if least { Ordering::Less } else { Ordering::Greater };
    let picked = (0..lanes).map(|lane| {
        let (x, y) = (i128::from(a.top(lane)), i128::from(b.top(lane)));
        let order = (y * i128::from(a.under(lane))).cmp(&(x * i128::from(b.under(lane))));
        let of = if order == wanted { &b } else { &a };
        (of.top(lane), of.under(lane))
    });
    let (tops, bottoms): (Vec<i64>, Vec<i64>) = picked.unzip();
    let (low, high) = bounds(&tops);
    let tops = Lanes { values: Arc::new(tops), known: both_known(a.known, b.known) };
    Ok(Column::Numbers(Numbers { tops, bottom: Bottom::Each(Arc::new(bottoms)), low, high }))
}

/// One of two numbers a lane.
pub(crate) fn select(condition: &[bool], yes: &Column, no: &Column, lanes: usize) -> Worked {
    let none = Column::Same(Value::from(0_i64));
    let (yes_known, no_known) = (!is_unknown(yes), !is_unknown(no));
    let (yes, no) = (if yes_known { yes } else { &none }, if no_known { no } else { &none });
    let (Some(a), Some(b)) = (Operand::of(yes)?, Operand::of(no)?) else { return Err(Slow) };
    let known = match (a.known, b.known, yes_known && no_known) {
        (None, None, true) => None,
        _ => mask(
            condition
                .iter()
                .enumerate()
                .map(|(lane, way)| {
                    if *way {
                        yes_known && is_known(a.known, lane)
                    } else {
                        no_known && is_known(b.known, lane)
                    }
                })
                .collect(),
        ),
    };
    if let Some(Common { left, right, bottom }) = common(&a, &b) {
        let tops = if (left, right) == (1, 1) {
            picked(condition, a.tops, b.tops, |way, a, b| if way { a } else { b })
        } else {
            let times = |way, a: i64, b: i64| if way { a.wrapping_mul(left) } else { b.wrapping_mul(right) };
            picked(condition, a.tops, b.tops, times)
        };
        let low = a.low.wrapping_mul(left).min(b.low.wrapping_mul(right));
        let high = a.high.wrapping_mul(left).max(b.high.wrapping_mul(right));
        return Ok(whole_column(tops, known, bottom, (low, high)));
    }
    by_lane(lanes, |lane| {
        let way = condition.get(lane).copied().unwrap_or(false);
        let side = if way { (&a, yes_known) } else { (&b, no_known) };
        side.0.get(lane).filter(|_| side.1)
    })
}

fn picked(ways: &[bool], a: Tops<'_>, b: Tops<'_>, pick: impl Fn(bool, i64, i64) -> i64) -> Vec<i64> {
    let ways = ways.iter();
    match (a, b) {
        (Tops::Each(a), Tops::Each(b)) => {
            ways.zip(a.iter().zip(b)).map(|(way, (a, b))| pick(*way, *a, *b)).collect()
        }
        (Tops::Each(a), Tops::One(b)) => ways.zip(a).map(|(way, a)| pick(*way, *a, b)).collect(),
        (Tops::One(a), Tops::Each(b)) => ways.zip(b).map(|(way, b)| pick(*way, a, *b)).collect(),
        (Tops::One(a), Tops::One(b)) => ways.map(|way| pick(*way, a, b)).collect(),
    }
}

pub(crate) fn abs(columns: &[Column], lanes: usize) -> Worked {
    let Some(column) = columns.first() else { return Ok(Column::unknown()) };
    let Some(a) = Operand::of(column)? else { return Ok(Column::unknown()) };
    by_lane(lanes, |lane| a.get(lane)?.checked_abs())
}

pub(crate) fn round(number: &Numbers, places: i32, way: Rounding) -> Worked {
    if let Some(column) = round_plain(number, places, way) {
        return Ok(column);
    }
    by_lane(number.tops.values.len(), |lane| number.get(lane)?.round(places, way))
}

fn round_plain(number: &Numbers, places: i32, way: Rounding) -> Option<Column> {
    let Numbers { tops, bottom: Bottom::All(bottom), low, high } = number else {
        return round_each(number, places, way);
    };
    let power = 10_i64.checked_pow(places.unsigned_abs())?;
    if places > 0 && power % bottom == 0 {
        return Some(Column::Numbers(number.clone()));
    }
    if places > 0 {
        return None;
    }
    // steps of `power`, each `step` tops wide
    let step = bottom.checked_mul(power)?;
    if step == 1 {
        return Some(Column::Numbers(number.clone()));
    }
    let ends =
        (to_step(*low, step, way)?.checked_mul(power)?, to_step(*high, step, way)?.checked_mul(power)?);
    // the ends fit, and so does all between them
    let steps = Steps::of(step)?;
    let rounded = match way {
        Rounding::Floor => steps.each(&tops.values, power, |_, _, _| false),
        Rounding::Ceiling => steps.each(&tops.values, power, |_, _, rest| rest > 0),
        Rounding::Down => steps.each(&tops.values, power, |top, _, rest| rest > 0 && top < 0),
        Rounding::Up => steps.each(&tops.values, power, |top, _, rest| rest > 0 && top > 0),
        Rounding::HalfUp => steps
            .each(&tops.values, power, |top, _, rest| rest > step - rest || rest == step - rest && top > 0),
        Rounding::HalfDown => steps
            .each(&tops.values, power, |top, _, rest| rest > step - rest || rest == step - rest && top < 0),
        Rounding::HalfEven => steps.each(&tops.values, power, |_, floor, rest| {
            rest > step - rest || rest == step - rest && floor % 2 != 0
        }),
    };
    Some(whole_column(rounded, tops.known.clone(), 1, ends))
}

/// Division by one number for many: by a factor with as many bits as there may be in a top, since dividing itself is the slowest
/// thing there is.
struct Steps {
    step: i64,
    factor: u64,
    shift: u32,
}

impl Steps {
    /// Nothing for a step that is not positive.
    fn of(step: i64) -> Option<Steps> {
        let by = u128::try_from(step).ok().filter(|by| *by > 0)?;
        let shift = 63 + by.next_power_of_two().trailing_zeros();
        let factor = u64::try_from((1_u128 << shift) / by + 1).ok()?;
        Some(Steps { step, factor, shift })
    }

    /// Whole steps below, and what is left above them. Of what is negative the complement is divided, which is not.
    #[inline]
    fn split(&self, top: i64) -> (i64, i64) {
        let sign = top >> 63;
        let product = u128::from((top ^ sign).unsigned_abs()) * u128::from(self.factor);
        let below = i64::try_from(product >> self.shift).unwrap_or(i64::MAX) ^ sign;
        (below, top.wrapping_sub(below.wrapping_mul(self.step)))
    }

    /// Whole steps of each, one more where it is rounded up, times `power`.
    fn each(&self, tops: &[i64], power: i64, up: impl Fn(i64, i64, i64) -> bool) -> Vec<i64> {
        let whole = |top: &i64| {
            let (below, rest) = self.split(*top);
            below.wrapping_add(i64::from(up(*top, below, rest))).wrapping_mul(power)
        };
        tops.iter().map(whole).collect()
    }
}

/// Whole steps below, above or nearest.
fn to_step(top: i64, step: i64, way: Rounding) -> Option<i64> {
    let (floor, rest) = (top.div_euclid(step), top.rem_euclid(step));
    let up = match way {
        Rounding::Floor => false,
        Rounding::Ceiling => rest > 0,
        Rounding::Down => rest > 0 && top < 0,
        Rounding::Up => rest > 0 && top > 0,
        Rounding::HalfUp | Rounding::HalfDown | Rounding::HalfEven => {
            match ((i128::from(rest) * 2).cmp(&i128::from(step)), way) {
                (Ordering::Less, _) => false,
                (Ordering::Greater, _) => true,
                (Ordering::Equal, Rounding::HalfUp) => top > 0,
                (Ordering::Equal, Rounding::HalfDown) => top < 0,
                (Ordering::Equal, _) => floor % 2 != 0,
            }
        }
    };
    floor.checked_add(i64::from(up))
}

/// Each over its own bottom, to whole steps.
fn round_each(number: &Numbers, places: i32, way: Rounding) -> Option<Column> {
    if places > 0 {
        return None;
    }
    let power = 10_i64.checked_pow(places.unsigned_abs())?;
    let steps =
        number.tops.values.iter().enumerate().map(|(lane, top)| {
            to_step(*top, number.bottom(lane).checked_mul(power)?, way)?.checked_mul(power)
        });
    let tops = steps.collect::<Option<Vec<i64>>>()?;
    let ends = bounds(&tops);
    Some(whole_column(tops, number.tops.known.clone(), 1, ends))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn steps_are_a_division(top in any::<i64>(), step in prop_oneof![1..=100_i64, 1..=i64::MAX, Just(i64::MAX)], shift in 0..63_u32) {
            let step = (step >> shift).max(1);
            let steps = Steps::of(step).unwrap();
            for top in [top, top >> shift, step, step - 1, -step, -step - 1, i64::MAX, i64::MIN, 0, -1] {
                prop_assert_eq!(steps.split(top), (top.div_euclid(step), top.rem_euclid(step)), "{} {}", top, step);
            }
        }

        #[test]
        fn rounding_many_is_rounding_one(
            tops in prop::collection::vec(-4_000_000_000_i64..4_000_000_000, 1..20), bottom in 1..1_000_i64, places in -4..3,
        ) {
            let ways = [Rounding::Floor, Rounding::Ceiling, Rounding::Down, Rounding::Up, Rounding::HalfUp, Rounding::HalfDown, Rounding::HalfEven];
            for way in ways {
                let numbers = Numbers::over(Lanes::all(tops.clone()), bottom);
                let rounded = round(&numbers, places, way).unwrap();
                for lane in 0..tops.len() {
                    let one = numbers.get(lane).unwrap().round(places, way).unwrap();
                    prop_assert_eq!(rounded.value(lane), Value::Number(one));
                }
            }
        }
    }
}
