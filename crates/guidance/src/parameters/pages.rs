//! The parameters of an agency, the values of one over time, and what is asked for.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use maru_definition::{Announced, Asked, NewValue, Pack, Service, most_numbers, numbers};
use maru_kernel::{Date, Error, Problem, Result};
use maru_rules::{Ratio, Value};
use maru_web::{Context, Shared, Shown, Typed, context, number};

use crate::{
    parameters::{self, part},
    writing::{
        Part,
        pages::{Answered, page_of, session},
    },
};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/admin/parameters", get(list))
        .route("/admin/parameters/{name}", get(show).post(ask))
        .route("/admin/parameters/{name}/{place}/approve", post(approve))
        .route("/admin/parameters/{name}/{place}/withdraw", post(withdraw))
}

/// A value's numbers as one reads them.
fn read_out(value: &Value, unit: &str) -> Vec<String> {
    numbers(value).iter().map(|one| number::measured(one, unit)).collect()
}

/// A unit of the pack in the reader's language.
fn unit_shown(context: &Context, unit: &str) -> String {
    let key = match unit {
        "원" => "won",
        "세" => "years",
        "달" => "months",
        "일" => "days",
        "년" => "year",
        "점" => "points",
        "학점" => "credits",
        "%" => "percent",
        number::SHARE => "share",
        other => return other.to_owned(),
    };
    context.t(&format!("parameters-unit-{key}"))
}

/// The services and registers that go by a parameter.
fn readers(context: &Context, pack: &Pack, name: &str) -> Vec<Shown> {
    let path = format!("매개.{name}");
    let reads = |names: BTreeSet<String>| {
        names
            .iter()
            .any(|read| read.strip_prefix(&path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    };
    let services = pack.services.iter().filter(|service| !service.ended && reads(service.rules.names()));
    let registers = pack
        .registers
        .iter()
        .filter(|register| register.gives.iter().any(|gives| reads(gives.value.names())));
    let service = |service: &Arc<Service>| {
        context! { name => service.text(context.lang).name, id => service.id }
    };
    services
        .map(service)
        .chain(registers.map(|one| context! { name => one.name.get(context.lang), id => "" }))
        .collect()
}

async fn list(context: Context) -> Answered {
    let (session, pack) = (session(&context)?, context.app.definitions.pack());
    let today = context.now.date();
    let open: Vec<String> =
        context.app.definitions.announced_open().await?.into_iter().map(|one| one.parameter).collect();
    let mut agencies: BTreeMap<&str, Vec<Shown>> = BTreeMap::new();
    for name in pack.parameters.names() {
        let Some(owner) = pack.parameter_owner(name) else { continue };
        if !Part::of(session, owner).reads {
            continue;
        }
        let unit = pack.parameters.unit(name).unwrap_or_default();
        let value = pack.parameters.at(name, today);
        let next = pack.parameters.values(name).find(|valued| valued.from > today);
        agencies.entry(owner).or_default().push(context! {
            name, label => pack.parameter_label(name, context.lang), unit => unit_shown(&context, unit),
            share => unit == number::SHARE,
            numbers => value.map(|value| read_out(value, unit)).unwrap_or_default(),
            since => pack.parameters.since(name, today).map(|day| day.to_string()),
            next => next.map(|valued| valued.from.to_string()),
            asked => open.iter().any(|asked| asked == name),
        });
    }
    let agencies: Vec<_> = agencies
        .into_iter()
        .map(|(id, rows)| {
            let name = pack.agency(id).map_or(id, |agency| agency.name.get(context.lang));
            context! { id, name, rows }
        })
        .collect();
    page_of("parameters", &context, "guidance/parameters.html", context! { agencies }, &[]).await
}

async fn person(context: &Context, id: &str) -> Result<String> {
    Ok(context.app.ports.people.person(id).await?.name.get(context.lang).to_owned())
}

/// What was asked for, with the numbers it would put in the place of others.
async fn asked_shown(context: &Context, pack: &Pack, one: &Announced) -> Result<Shown> {
    let unit = pack.parameters.unit(&one.parameter).unwrap_or_default();
    let before = one.from.yesterday().ok().and_then(|eve| pack.parameters.at(&one.parameter, eve));
    let before = before.map(numbers).unwrap_or_default();
    let after = one.numbers();
    let largest = before.iter().chain(&after).max().copied();
    let bar = |number: Option<&Ratio>| bar(number, largest.as_ref());
    let rows: Vec<_> = (0..before.len().max(after.len()))
        .map(|place| {
            let (was, is) = (before.get(place), after.get(place));
            context! {
                place => place.saturating_add(1),
                was => was.map(|n| number::measured(n, unit)), is => is.map(|n| number::measured(n, unit)),
                was_bar => bar(was), is_bar => bar(is), more => was < is, same => was == is,
                change => was.zip(is).and_then(|(was, is)| percent(was, is)),
            }
        })
        .collect();
    let done = match &one.done_by {
        Some(by) => Some(person(context, by).await?),
        None => None,
    };
    Ok(context! {
        place => one.place, from => one.from.to_string(), source => one.source, rows,
        by => person(context, &one.asked_by).await?, at => one.asked_at.micros(), state => one.state.as_str(),
        done, done_at => one.done_at.map(|at| at.micros()),
    })
}

/// How long a number's bar is, in thousandths of the largest.
fn bar(number: Option<&Ratio>, largest: Option<&Ratio>) -> i64 {
    let length = |number: &Ratio, largest: &Ratio| {
        number.checked_mul(&Ratio::from_i64(1000))?.checked_div(largest)?.floor().to_i64()
    };
    number.zip(largest).and_then(|(number, largest)| length(number, largest)).unwrap_or(0)
}

/// By how much it grows or shrinks, in tenths of a hundredth: `+4.5%`.
fn percent(was: &Ratio, is: &Ratio) -> Option<String> {
    let change = is.checked_sub(was)?.checked_mul(&Ratio::from_i64(100))?.checked_div(was)?;
    let tenths = change.round(1, maru_rules::Rounding::HalfUp)?;
    let sign = if tenths.is_negative() { "" } else { "+" };
    Some(format!("{sign}{}%", tenths.decimal()?))
}

async fn show(context: Context, Path(name): Path<String>) -> Answered {
    form(&context, &name, None, &[]).await
}

async fn form(context: &Context, name: &str, typed: Option<&Typed>, problems: &[Problem]) -> Answered {
    let (session, pack) = (session(context)?, context.app.definitions.pack());
    let part = part(&context.app, session, name)?;
    let parameters = &pack.parameters;
    let (today, unit) = (context.now.date(), parameters.unit(name).unwrap_or_default());
    let announced = context.app.definitions.announced(name).await?;
    let (mut open, mut own, mut trail) = (None, false, Vec::new());
    for one in &announced {
        let shown = asked_shown(context, &pack, one).await?;
        if one.state == Asked::Open {
            (open, own) = (Some(shown.clone()), one.asked_by == session.person.id);
        }
        trail.push(shown);
    }
    let last: Vec<String> =
        parameters.values(name).last().map(|valued| read_out(valued.value, unit)).unwrap_or_default();
    let fields: Vec<_> = (1..=most_numbers(parameters, name))
        .map(|place| {
            let id = format!("number-{place}");
            let known = last.get(place.saturating_sub(1)).map_or("", String::as_str);
            let value = typed.map_or(known, |typed| typed.get(&id));
            context! { place, value, error => problems.iter().find(|p| p.field == id).map(|p| context.told(p)), id }
        })
        .collect();
    let largest = parameters.values(name).filter_map(|valued| numbers(valued.value).first().copied()).max();
    let values: Vec<_> = parameters
        .values(name)
        .map(|valued| {
            context! {
                from => valued.from.to_string(), until => valued.until.map(|day| day.to_string()),
                numbers => read_out(valued.value, unit), source => valued.source,
                bar => bar(numbers(valued.value).first(), largest.as_ref()),
                holds => valued.from <= today && valued.until.is_none_or(|until| today <= until),
                coming => valued.from > today,
            }
        })
        .collect();
    let owner = pack.parameter_owner(name).and_then(|id| pack.agency(id));
    let get = |field: &str| typed.map_or("", |typed| typed.get(field)).to_owned();
    let values = context! {
        name, label => pack.parameter_label(name, context.lang), unit => unit_shown(context, unit),
        share => unit == number::SHARE, article => parameters.article(name),
        owner => owner.map(|agency| agency.name.get(context.lang)), writes => part.writes, approves => part.approves,
        open, own, trail, fields, values, readers => readers(context, &pack, name),
        from => get("from"), source => get("source"),
    };
    page_of("parameters", context, "guidance/parameter.html", values, problems).await
}

/// The numbers as they were typed or sent; of a list the last ones may be left empty.
fn read_numbers(texts: &[&str]) -> Vec<std::result::Result<Ratio, Problem>> {
    let last = texts.iter().rposition(|text| !text.trim().is_empty());
    let filled = last.map_or(1, |last| last.saturating_add(1));
    let read = |(place, text): (usize, &&str)| number::read(&format!("number-{place}"), text.trim());
    (1..).zip(texts).take(filled).map(read).collect()
}

/// A value as it was typed or sent.
pub async fn asked_for(
    context: &Context,
    name: &str,
    from: &str,
    texts: &[&str],
    source: &str,
) -> Result<()> {
    let session = session(context)?;
    part(&context.app, session, name)?;
    let from = from.parse::<Date>();
    let from = from.map_err(|_| Problem { field: "from".into(), key: "form-date".into(), value: None });
    let new = NewValue { parameter: name, from, numbers: read_numbers(texts), source: source.trim() };
    parameters::ask(&context.app, session, &new).await
}

async fn ask(context: Context, Path(name): Path<String>, typed: Typed) -> Answered {
    let most = most_numbers(&context.app.definitions.pack().parameters, &name);
    let fields: Vec<String> = (1..=most).map(|place| format!("number-{place}")).collect();
    let texts: Vec<&str> = fields.iter().map(|field| typed.get(field)).collect();
    match asked_for(&context, &name, typed.get("from"), &texts, typed.get("source")).await {
        Ok(()) => back(&name),
        Err(Error::Invalid(problems)) => form(&context, &name, Some(&typed), &problems).await,
        Err(other) => Err(other.into()),
    }
}

fn back(name: &str) -> Answered {
    Ok(Redirect::to(&format!("/admin/parameters/{}", maru_web::encode(name))).into_response())
}

async fn approve(context: Context, Path((name, place)): Path<(String, i64)>, _typed: Typed) -> Answered {
    parameters::approve(&context.app, session(&context)?, &name, place).await?;
    back(&name)
}

async fn withdraw(context: Context, Path((name, place)): Path<(String, i64)>, _typed: Typed) -> Answered {
    parameters::withdraw(&context.app, session(&context)?, &name, place).await?;
    back(&name)
}

#[cfg(test)]
mod tests {
    // Tests say what they expect by unwrapping it.
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_last_numbers_of_a_list_may_be_left_out() {
        let typed = |texts: &[&str]| {
            let read = read_numbers(texts);
            read.into_iter().map(|one| one.map(|n| n.to_string()).map_err(|p| p.field)).collect::<Vec<_>>()
        };
        let ok = |text: &str| Ok(text.to_owned());
        assert_eq!(typed(&["1,000", "20%", ""]), [ok("1000"), ok("0.2")]);
        assert_eq!(typed(&["1", "", "3"]), [ok("1"), Err("number-2".to_owned()), ok("3")]);
        assert_eq!(typed(&["", ""]), [Err("number-1".to_owned())]);
    }

    #[test]
    fn a_change_is_told_in_hundredths() {
        let change = |was: i64, is: i64| percent(&Ratio::from_i64(was), &Ratio::from_i64(is));
        assert_eq!(change(2_564_238, 2_736_042).as_deref(), Some("+6.7%"));
        assert_eq!(change(200, 150).as_deref(), Some("-25%"));
        assert_eq!(change(0, 5), None);
    }
}
