//! Built-in functions that look at their arguments only. What is unknown stays unknown unless it cannot matter.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use jiff::{Span, Unit};

use maru_kernel::{Both, both};

use crate::eval::{all_of, any_of, as_list, order, same, take, years_between};
use crate::fault::say;
use crate::parser::{Duration, Function};
use crate::ratio::Ratio;
use crate::value::{MAX_LIST, MAX_TEXT, Value};

/// The value, or what is wrong with the arguments.
type Found = Result<Value, Both>;

/// Calls a function; `Err` is a fault, and then the value is unknown.
pub(crate) fn call(function: Function, values: Vec<Value>) -> Found {
    match function {
        Function::All => junction(values, |known| all_of(known.into_iter())),
        Function::Any => junction(values, |known| any_of(known.into_iter())),
        Function::Append => append(values),
        Function::Concatenate => concatenate(values),
        Function::Union => distinct(concatenate(values)?),
        Function::DistinctValues => distinct(listed(values)),
        Function::Flatten => flatten(listed(values)),
        Function::IndexOf => index_of(values),
        Function::InsertBefore => insert_before(values),
        Function::Remove => remove(values),
        Function::Reverse => Ok(as_list(listed(values))
            .map_or(Value::Unknown, |items| items.into_iter().rev().collect::<Vec<_>>().into())),
        Function::Sublist => sublist(values),
        Function::Mean | Function::Median | Function::Mode | Function::Product => {
            of_numbers(function, values)
        }
        Function::Modulo => modulo(values),
        Function::Even | Function::Odd => parity(function, values),
        Function::Number => number(&values),
        Function::String => string(values),
        Function::StringJoin => string_join(values),
        Function::EndsWith => on_texts(values, |text, end| Value::Bool(text.ends_with(end))),
        Function::SubstringBefore => {
            on_texts(values, |text, part| text.split_once(part).map_or("", |(before, _)| before).into())
        }
        Function::SubstringAfter => {
            on_texts(values, |text, part| text.split_once(part).map_or("", |(_, after)| after).into())
        }
        Function::LowerCase => on_text(values, |text| text.to_lowercase().into()),
        Function::UpperCase => on_text(values, |text| text.to_uppercase().into()),
        Function::Substring => substring(values),
        Function::DayOfWeek => on_date(values, |date| weekday(date.weekday()).into()),
        Function::DayOfYear => on_date(values, |date| i64::from(date.day_of_year()).into()),
        Function::MonthOfYear => on_date(values, |date| month(date).into()),
        Function::WeekOfYear => on_date(values, |date| i64::from(date.iso_week_date().week()).into()),
        Function::DaysBetween => between(values, days_between),
        Function::MonthsBetween => between(values, |from, to| Some(months_between(from, to))),
        other => {
            let name = other.name();
            Err(both!("`{name}`은(는) 이렇게 부를 수 없습니다", "`{name}` cannot be called so"))
        }
    }
}

fn listed(values: Vec<Value>) -> Value {
    let [value] = take(values);
    value
}

/// One list, or the arguments themselves.
fn items_of(mut values: Vec<Value>) -> Option<Vec<Value>> {
    if values.len() == 1 { values.pop().and_then(as_list) } else { Some(values) }
}

fn junction(values: Vec<Value>, settle: impl Fn(Vec<Option<bool>>) -> Option<bool>) -> Found {
    let Some(items) = items_of(values) else { return Ok(Value::Unknown) };
    let truths = items.iter().map(|item| if let Value::Bool(b) = item { Some(*b) } else { None });
    if let Some(settled) = settle(truths.collect()) {
        return Ok(Value::Bool(settled));
    }
    match items.iter().find(|item| !matches!(item, Value::Bool(_) | Value::Unknown)) {
        Some(other) => Err(say::needed(&say::truth(), other)),
        None => Ok(Value::Unknown),
    }
}

fn append(values: Vec<Value>) -> Found {
    let mut values = values.into_iter();
    let Some(mut items) = values.next().and_then(as_list) else { return Ok(Value::Unknown) };
    items.extend(values);
    within(items)
}

fn concatenate(values: Vec<Value>) -> Found {
    let mut all = Vec::new();
    for value in values {
        let Some(items) = as_list(value) else { return Ok(Value::Unknown) };
        all.extend(items);
    }
    within(all)
}

fn within(items: Vec<Value>) -> Found {
    if items.len() > MAX_LIST { Err(say::too_long_a_list()) } else { Ok(Value::List(items)) }
}

/// Each value once, where it first stands. Two that may or may not be equal leave the list unknown.
fn distinct(list: Value) -> Found {
    let Some(items) = as_list(list) else { return Ok(Value::Unknown) };
    let mut kept: Vec<Value> = Vec::new();
    let mut steps = 0_usize;
    for item in items {
        steps = steps.saturating_add(kept.len());
        if steps > MAX_LIST * 10 {
            return Err(both!("서로 다른 값이 너무 많습니다", "too many different values to tell apart"));
        }
        match any_of(kept.iter().map(|other| same(other, &item))) {
            Some(true) => {}
            Some(false) if !item.is_unknown() => kept.push(item),
            _ => return Ok(Value::Unknown),
        }
    }
    Ok(Value::List(kept))
}

fn flatten(list: Value) -> Found {
    fn pour(value: Value, out: &mut Vec<Value>) -> bool {
        match value {
            // what is unknown may be a list of any length
            Value::Unknown => false,
            Value::List(items) => items.into_iter().all(|item| pour(item, out)),
            one => {
                out.push(one);
                true
            }
        }
    }
    let mut out = Vec::new();
    if pour(list, &mut out) { within(out) } else { Ok(Value::Unknown) }
}

fn index_of(values: Vec<Value>) -> Found {
    let [list, wanted] = take(values);
    let Some(items) = as_list(list) else { return Ok(Value::Unknown) };
    let mut found = Vec::new();
    for (n, item) in (1_i64..).zip(&items) {
        match same(item, &wanted) {
            Some(true) => found.push(Value::from(n)),
            Some(false) => {}
            None => return Ok(Value::Unknown),
        }
    }
    Ok(Value::List(found))
}

/// Where in a list of so many `n` points, from 0: 1 is the first, -1 the last.
fn place(n: &Ratio, length: usize) -> Option<usize> {
    let n = n.to_i64()?;
    let far = usize::try_from(n.unsigned_abs()).ok()?;
    if n > 0 { Some(far - 1).filter(|at| *at < length) } else { length.checked_sub(far).filter(|_| far > 0) }
}

fn numeric(value: Value) -> Result<Option<Ratio>, Both> {
    match value {
        Value::Number(n) => Ok(Some(n)),
        Value::Unknown => Ok(None),
        other => Err(say::needed(&say::number(), &other)),
    }
}

fn insert_before(values: Vec<Value>) -> Found {
    let [list, n, item] = take(values);
    let (Some(mut items), Some(n)) = (as_list(list), numeric(n)?) else { return Ok(Value::Unknown) };
    let at = place(&n, items.len()).ok_or_else(|| say::no_item(&n, items.len()))?;
    items.insert(at, item);
    within(items)
}

fn remove(values: Vec<Value>) -> Found {
    let [list, n] = take(values);
    let (Some(mut items), Some(n)) = (as_list(list), numeric(n)?) else { return Ok(Value::Unknown) };
    let at = place(&n, items.len()).ok_or_else(|| say::no_item(&n, items.len()))?;
    items.remove(at);
    Ok(Value::List(items))
}

/// `list` from a place on, all that follow or so many of them.
fn sublist(values: Vec<Value>) -> Found {
    let counted = values.len() == 3;
    let [list, n, count] = take(values);
    let (Some(items), Some(n), count) = (as_list(list), numeric(n)?, numeric(count)?) else {
        return Ok(Value::Unknown);
    };
    let at = place(&n, items.len()).ok_or_else(|| say::no_item(&n, items.len()))?;
    let left = items.len() - at;
    let count = match count {
        None if counted => return Ok(Value::Unknown),
        None => left,
        Some(count) => count
            .to_i64()
            .and_then(|count| usize::try_from(count).ok())
            .filter(|count| *count <= left)
            .ok_or_else(|| {
                both!("거기에 {count}개가 남아 있지 않습니다", "{count} items are not left there")
            })?,
    };
    Ok(Value::List(items.into_iter().skip(at).take(count).collect()))
}

fn of_numbers(function: Function, values: Vec<Value>) -> Found {
    let Some(items) = items_of(values) else { return Ok(Value::Unknown) };
    let mut numbers = Vec::new();
    for item in items {
        match numeric(item)? {
            Some(n) => numbers.push(n),
            None => return Ok(Value::Unknown),
        }
    }
    if function == Function::Mode {
        return Ok(mode(numbers));
    }
    let count = i64::try_from(numbers.len()).ok().filter(|count| *count > 0);
    let count = count.ok_or_else(|| say::of_nothing(function.name()))?;
    let found = match function {
        Function::Product => numbers.iter().try_fold(Ratio::ONE, |product, n| product.checked_mul(n)),
        Function::Mean => numbers
            .iter()
            .try_fold(Ratio::ZERO, |sum, n| sum.checked_add(n))
            .and_then(|sum| sum.checked_div(&Ratio::from_i64(count))),
        _ => {
            numbers.sort();
            let middle = |at: usize| numbers.get(at);
            let half = numbers.len() / 2;
            let (high, low) = (middle(half), middle(numbers.len().saturating_sub(1) / 2));
            high.zip(low).and_then(|(high, low)| high.checked_add(low)?.checked_div(&Ratio::from_i64(2)))
        }
    };
    found.map(Value::Number).ok_or_else(say::no_exact_result)
}

/// The numbers that occur most often, the least first.
fn mode(numbers: Vec<Ratio>) -> Value {
    let mut counts: BTreeMap<Ratio, usize> = BTreeMap::new();
    for number in numbers {
        *counts.entry(number).or_default() += 1;
    }
    let most = counts.values().max().copied().unwrap_or(0);
    let often = counts.into_iter().filter(|(_, count)| *count == most);
    Value::List(often.map(|(number, _)| Value::Number(number)).collect())
}

/// What a division leaves, with the sign of the divisor.
fn modulo(values: Vec<Value>) -> Found {
    let [a, b] = take(values);
    let (Some(a), Some(b)) = (numeric(a)?, numeric(b)?) else { return Ok(Value::Unknown) };
    let rest = a.checked_div(&b).and_then(|times| a.checked_sub(&b.checked_mul(&times.floor())?));
    rest.map(Value::Number).ok_or_else(say::no_exact_result)
}

fn parity(function: Function, values: Vec<Value>) -> Found {
    let Some(n) = numeric(listed(values))? else { return Ok(Value::Unknown) };
    if !n.is_whole() {
        return Err(both!("{n}은(는) 정수가 아닙니다", "{n} is not a whole number"));
    }
    Ok(Value::Bool((n.numerator() % 2 == 0) == (function == Function::Even)))
}

/// A number from its text, with the signs it groups and points with: `number("1,500", ",", ".")`.
fn number(values: &[Value]) -> Found {
    let (text, signs) = match values {
        [Value::Text(text)] => (text, [None, None]),
        [
            Value::Text(text),
            group @ (Value::Text(_) | Value::Unknown),
            point @ (Value::Text(_) | Value::Unknown),
        ] => (
            text,
            [group, point].map(|sign| if let Value::Text(sign) = sign { Some(sign.as_str()) } else { None }),
        ),
        [Value::Unknown, ..] => return Ok(Value::Unknown),
        _ => {
            return Err(both!(
                "number(글)이나 number(글, 자릿점, 소수점)으로 쓰세요",
                "number(text) or number(text, grouping, point)"
            ));
        }
    };
    let [group, point] = signs;
    if group.is_some_and(|group| ![" ", ",", "."].contains(&group))
        || point.is_some_and(|point| ![",", "."].contains(&point))
        || (group.is_some() && group == point)
    {
        return Err(both!(
            "자릿점은 \" \", \",\", \".\" 가운데 하나, 소수점은 \",\"나 \".\"이고 둘은 서로 달라야 합니다",
            "grouping is \" \", \",\" or \".\", the point \",\" or \".\", and they differ"
        ));
    }
    let mut plain = text.clone();
    if let Some(group) = group {
        plain = plain.replace(group, "");
    }
    if let Some(point) = point {
        plain = plain.replace(point, ".");
    }
    let digits = !plain.contains('/') && !plain.starts_with('+');
    let read = if digits { Ratio::parse(&plain) } else { None };
    read.map(Value::Number).ok_or_else(|| both!("`{text}`은(는) 숫자가 아닙니다", "`{text}` is not a number"))
}

fn string(values: Vec<Value>) -> Found {
    match listed(values) {
        Value::Unknown => Ok(Value::Unknown),
        Value::Bool(b) => Ok(b.to_string().into()),
        one @ (Value::Number(_) | Value::Text(_) | Value::Date(_)) => Ok(one.to_string().into()),
        other => Err(say::needed(
            &Both::new("숫자, 글, 날짜나 참·거짓", "a number, text, date, or true/false"),
            &other,
        )),
    }
}

fn string_join(values: Vec<Value>) -> Found {
    let separated = values.len() == 2;
    let [list, separator] = take(values);
    let separator = match separator {
        Value::Text(text) => text,
        Value::Unknown if separated => return Ok(Value::Unknown),
        Value::Unknown => String::new(),
        other => return Err(say::needed(&say::text(), &other)),
    };
    let Some(items) = as_list(list) else { return Ok(Value::Unknown) };
    let mut texts = Vec::new();
    for item in items {
        match item {
            Value::Text(text) => texts.push(text),
            Value::Unknown => return Ok(Value::Unknown),
            other => return Err(say::needed(&say::text(), &other)),
        }
    }
    let length = texts.iter().map(String::len).sum::<usize>() + separator.len() * texts.len();
    if length > MAX_TEXT { Err(say::too_long_a_text()) } else { Ok(texts.join(&separator).into()) }
}

fn on_text(values: Vec<Value>, what: impl Fn(&str) -> Value) -> Found {
    match listed(values) {
        Value::Text(text) => Ok(what(&text)),
        Value::Unknown => Ok(Value::Unknown),
        other => Err(say::needed(&say::text(), &other)),
    }
}

fn on_texts(values: Vec<Value>, what: impl Fn(&str, &str) -> Value) -> Found {
    let [text, part] = take(values);
    match (&text, &part) {
        (Value::Text(text), Value::Text(part)) => Ok(what(text, part)),
        (Value::Text(_) | Value::Unknown, Value::Text(_) | Value::Unknown) => Ok(Value::Unknown),
        (Value::Text(_) | Value::Unknown, other) | (other, _) => Err(say::needed(&say::text(), other)),
    }
}

fn substring(values: Vec<Value>) -> Found {
    let counted = values.len() == 3;
    let [text, start, count] = take(values);
    let (start, count) = (numeric(start)?, numeric(count)?);
    let text = match text {
        Value::Text(text) => text,
        Value::Unknown => return Ok(Value::Unknown),
        other => return Err(say::needed(&say::text(), &other)),
    };
    let Some(start) = start else { return Ok(Value::Unknown) };
    let letters = text.chars().count();
    let at = place(&start, letters).ok_or_else(|| {
        both!(
            "{letters}자 글에 {start}번째 글자는 없습니다",
            "there is no letter {start} in a text of {letters}"
        )
    })?;
    let count = match count {
        None if counted => return Ok(Value::Unknown),
        None => letters,
        Some(count) => {
            let whole =
                count.to_i64().and_then(|count| usize::try_from(count).ok()).filter(|count| *count > 0);
            whole.ok_or_else(|| both!("{count}글자를 뗄 수 없습니다", "{count} letters cannot be taken"))?
        }
    };
    Ok(text.chars().skip(at).take(count).collect::<String>().into())
}

fn on_date(values: Vec<Value>, what: impl Fn(Date) -> Value) -> Found {
    match listed(values) {
        Value::Date(date) => Ok(what(date)),
        Value::Unknown => Ok(Value::Unknown),
        other => Err(say::needed(&say::date(), &other)),
    }
}

/// The names FEEL has for days and months.
fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

fn month(date: Date) -> &'static str {
    match date.month() {
        1 => "January",
        2 => "February",
        3 => "March",
        4 => "April",
        5 => "May",
        6 => "June",
        7 => "July",
        8 => "August",
        9 => "September",
        10 => "October",
        11 => "November",
        _ => "December",
    }
}

fn between(values: Vec<Value>, what: impl Fn(Date, Date) -> Option<i64>) -> Found {
    let [from, to] = take(values);
    match (from, to) {
        (Value::Date(from), Value::Date(to)) => what(from, to).map(Value::from).ok_or_else(say::beyond),
        (Value::Date(_) | Value::Unknown, Value::Date(_) | Value::Unknown) => Ok(Value::Unknown),
        (from, to) => Err(say::needed_dates(&from, &to)),
    }
}

fn days_between(from: Date, to: Date) -> Option<i64> {
    from.until((Unit::Day, to)).ok().map(|span| i64::from(span.get_days()))
}

/// Whole months completed, as years are.
fn months_between(from: Date, to: Date) -> i64 {
    if order(&Value::Date(to), &Value::Date(from)) == Some(Ordering::Less) {
        return -months_between(to, from);
    }
    let years = years_between(from, to);
    let months = i64::from(to.month()) - i64::from(from.month()) - i64::from(to.day() < from.day());
    years * 12 + months.rem_euclid(12)
}

/// So much later or earlier. A day the month does not have becomes its last: a month from 31 January ends with February.
pub(crate) fn shift(date: Date, by: Duration) -> Option<Date> {
    let span = match by {
        Duration::Months(months) => Span::new().try_months(months).ok()?,
        Duration::Days(days) => Span::new().try_days(days).ok()?,
    };
    date.checked_add(span).ok()
}
