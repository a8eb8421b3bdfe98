//! The sum, the least or the greatest of each lane's items.

use std::sync::Arc;

use crate::column::{Bottom, Column, Known, Lanes, Numbers, bounds, is_known, mask, place, span};
use crate::many::{Slow, Worked};
use crate::parser::Function;

/// Unknown of none, and where an item is.
pub(crate) fn fold(
    function: Function,
    starts: &[u32],
    items: &Lanes<i64>,
    bottom: i64,
    (low, high): (i64, i64),
    listed: &Known,
    lanes: usize,
) -> Worked {
    let sums = function == Function::Sum;
    let whole =
        starts.len() == lanes + 1 && starts.last().is_some_and(|end| place(*end) <= items.values.len());
    let none_empty = whole && starts.is_sorted_by(|from, to| from < to);
    let in_order = none_empty || (whole && starts.is_sorted());
    let running = if sums && in_order { running(&items.values, (low, high)) } else { None };
    let tops = match running {
        Some(running) => {
            let until = |end: &u32| running.get(place(*end)).copied().unwrap_or(0);
            let between = |ends: &[u32]| match ends {
                [from, to] => until(to) - until(from),
                _ => 0,
            };
            starts.windows(2).map(between).collect()
        }
        None => one_by_one(function, starts, &items.values, lanes)?,
    };
    let known = if none_empty && listed.is_none() && items.known.is_none() {
        None
    } else {
        let all = |lane| {
            let (from, to) = span(starts, lane);
            from < to && is_known(listed, lane) && (from..to).all(|item| is_known(&items.known, item))
        };
        mask((0..lanes).map(all).collect())
    };
    let (low, high) = if sums { bounds(&tops) } else { (low.min(0), high.max(0)) };
    let tops = Lanes { values: Arc::new(tops), known };
    Ok(Column::Numbers(Numbers { tops, bottom: Bottom::All(bottom), low, high }))
}

/// What the items before each come to, and after the last: a lane's sum is the difference of two of them. Nothing where it could run over.
fn running(items: &[i64], (low, high): (i64, i64)) -> Option<Vec<i64>> {
    let most = i64::try_from(items.len()).ok()?;
    low.checked_mul(most)?;
    high.checked_mul(most)?;
    let mut running = Vec::with_capacity(items.len() + 1);
    let mut sum = 0_i64;
    running.push(sum);
    running.extend(items.iter().map(|item| {
        sum = sum.wrapping_add(*item);
        sum
    }));
    Some(running)
}

fn one_by_one(function: Function, starts: &[u32], items: &[i64], lanes: usize) -> Result<Vec<i64>, Slow> {
    let of = |lane| {
        let (from, to) = span(starts, lane);
        let here = items.get(from..to).unwrap_or_default();
        match function {
            Function::Sum => here.iter().try_fold(0_i64, |sum, n| sum.checked_add(*n)).ok_or(Slow),
            Function::Min => Ok(here.iter().copied().min().unwrap_or(0)),
            _ => Ok(here.iter().copied().max().unwrap_or(0)),
        }
    };
    (0..lanes).map(of).collect()
}
