//! The list: which cases, in which order, and where a page of it begins.

use std::collections::BTreeMap;

use maru_kernel::{Date, Result};
use maru_web::Context;

use crate::{
    model::{Case, State},
    tables::desk as tables,
};

/// So many cases are on a page.
pub const PAGE: usize = 50;
/// So many cases are looked at whose receipt number begins alike.
pub const ALIKE: usize = 200;
/// Cases are counted up to here; of more it is said that there are more.
pub const COUNTED: i64 = 1_000;
/// Where what has no due date now lies: its clock stands, or the calendar does not reach so far.
const NO_DATE: &str = "9999-12-31";
/// Behind every place.
const END: &str = "~";
/// Fewer digits of a receipt number find too much.
const DIGITS: usize = 4;

/// Which cases of a unit a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which<'a> {
    Open,
    Decided,
    In(&'a str),
}

impl Which<'_> {
    pub fn has(self, state: &State) -> bool {
        match self {
            Which::Open => state.is_open() && !state.is_draft(),
            Which::Decided => state.is_decided(),
            Which::In(one) => state.as_str() == one,
        }
    }
    /// What is decided is looked for from its end.
    fn falls(self) -> bool {
        match self {
            Which::Open => false,
            Which::Decided => true,
            Which::In(state) => !State::of(state).is_open(),
        }
    }
}

/// What an index finds.
#[derive(Debug, Clone, Copy)]
pub struct Filter<'a> {
    pub which: Which<'a>,
    /// Nobody is the empty name.
    pub officer: Option<&'a str>,
    pub service: Option<&'a str>,
}

impl Filter<'_> {
    fn has(&self, case: &Case) -> bool {
        self.which.has(&case.state)
            && self.officer.is_none_or(|officer| case.officer.as_deref().unwrap_or_default() == officer)
            && self.service.is_none_or(|service| case.service == service)
    }
}

/// Where a case stands in the order of lists: its due date, then its id.
pub fn place(case: &Case) -> String {
    let due = case.due_on.map_or_else(|| NO_DATE.to_owned(), |due| due.to_string());
    format!("{due}{}", case.id)
}

/// What lies between two places, without them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub after: String,
    pub before: String,
}

impl Span {
    pub fn whole() -> Span {
        Span { after: String::new(), before: END.into() }
    }
    fn within(self, other: &Span) -> Span {
        Span { after: self.after.max(other.after.clone()), before: self.before.min(other.before.clone()) }
    }
    fn has(&self, place: &str) -> bool {
        self.after.as_str() < place && place < self.before.as_str()
    }
}

/// When something is due, as a list groups it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    Overdue,
    Today,
    Week,
    Later,
    None,
}

impl Due {
    pub const ALL: [Due; 5] = [Due::Overdue, Due::Today, Due::Week, Due::Later, Due::None];

    pub fn name(self) -> &'static str {
        match self {
            Due::Overdue => "overdue",
            Due::Today => "today",
            Due::Week => "week",
            Due::Later => "later",
            Due::None => "none",
        }
    }

    pub fn parse(text: &str) -> Option<Due> {
        Due::ALL.into_iter().find(|due| due.name() == text)
    }

    pub fn of(case: &Case, today: Date) -> Due {
        let place = place(case);
        Due::ALL.into_iter().find(|due| due.span(today).has(&place)).unwrap_or(Due::None)
    }

    /// The places it takes: every place begins with its date.
    pub fn span(self, today: Date) -> Span {
        let on = |days: i64| {
            let span = jiff::Span::new().days(days);
            today.checked_add(span).map_or_else(|_| NO_DATE.to_owned(), |date| date.to_string())
        };
        let (after, before) = match self {
            Due::Overdue => (String::new(), on(0)),
            Due::Today => (on(0), on(1)),
            Due::Week => (on(1), on(8)),
            Due::Later => (on(8), NO_DATE.into()),
            Due::None => (NO_DATE.into(), END.into()),
        };
        Span { after, before }
    }
}

/// What an address asks of the list.
pub struct Asked<'a> {
    pub filter: Filter<'a>,
    pub due: Option<Due>,
    /// Digits of a receipt number.
    pub digits: String,
    after: Option<&'a str>,
    before: Option<&'a str>,
}

/// What was found, in order.
#[derive(Default)]
pub struct Found {
    pub cases: Vec<Case>,
    /// How many there are of each [`Due`] under the same filters.
    pub counts: Vec<i64>,
    pub previous: Option<String>,
    pub next: Option<String>,
    /// More receipt numbers begin so than were looked at.
    pub more_alike: bool,
    /// Too few digits of a receipt number.
    pub too_few: bool,
}

impl<'a> Asked<'a> {
    pub fn of(query: &'a BTreeMap<String, String>, me: &'a str) -> Asked<'a> {
        let get = |name: &str| query.get(name).map(String::as_str).filter(|text| !text.is_empty());
        let which = match get("state") {
            None => Which::Open,
            Some("decided") => Which::Decided,
            // A draft is nobody's but the applicant's.
            Some(state) if State::of(state).is_draft() || State::of(state).is_withdrawn() => Which::Open,
            Some(state) => Which::In(state),
        };
        let officer = match get("officer") {
            Some("me") => Some(me),
            Some("nobody") => Some(""),
            other => other,
        };
        Asked {
            filter: Filter { which, officer, service: get("service") },
            due: get("due").and_then(Due::parse),
            digits: get("q").unwrap_or_default().chars().filter(char::is_ascii_digit).collect(),
            after: get("after"),
            before: get("before"),
        }
    }

    /// Reads what is asked for: fifty cases at most, whatever the unit has.
    pub async fn find(&self, context: &Context, unit: &str) -> Result<Found> {
        let (store, today) = (&context.app.store, context.now.date());
        if !self.digits.is_empty() {
            return self.find_alike(context, unit).await;
        }
        let falls = self.filter.which.falls();
        // `after` is further along the list, whichever way the list goes.
        let beyond = |from: Option<&str>, up: bool| match from {
            None => Span::whole(),
            Some(from) if up => Span { after: from.into(), before: END.into() },
            Some(from) => Span { after: String::new(), before: from.into() },
        };
        let back = self.after.is_none() && self.before.is_some();
        let span = if back { beyond(self.before, falls) } else { beyond(self.after, !falls) };
        let wanted = self.due.map_or_else(Span::whole, |due| due.span(today));
        let (mut cases, more) =
            tables::page(store, unit, &self.filter, &span.within(&wanted), falls != back).await?;
        if back {
            cases.reverse();
        }
        let first = cases.first().map(place);
        let last = cases.last().map(place);
        let spans: Vec<Span> = Due::ALL.iter().map(|due| due.span(today)).collect();
        Ok(Found {
            counts: tables::counts(store, unit, &self.filter, &spans).await?,
            previous: first.filter(|_| if back { more } else { self.after.is_some() }),
            next: last.filter(|_| back || more),
            cases,
            ..Found::default()
        })
    }

    async fn find_alike(&self, context: &Context, unit: &str) -> Result<Found> {
        let today = context.now.date();
        if self.digits.len() < DIGITS {
            return Ok(Found { too_few: true, ..Found::default() });
        }
        let mut beginning = String::new();
        for (n, digit) in self.digits.chars().enumerate() {
            if n > 0 && n % 4 == 0 {
                beginning.push('-');
            }
            beginning.push(digit);
        }
        let (found, more_alike) = tables::alike(&context.app.store, unit, &beginning).await?;
        let fits =
            |case: &Case| self.filter.has(case) && self.due.is_none_or(|due| Due::of(case, today) == due);
        let mut cases: Vec<Case> = found.into_iter().filter(fits).collect();
        let of = |due: &Due| cases.iter().filter(|case| Due::of(case, today) == *due).count();
        let counts = Due::ALL.iter().map(|due| i64::try_from(of(due)).unwrap_or(i64::MAX)).collect();
        let more_alike = more_alike || cases.len() > PAGE;
        cases.truncate(PAGE);
        Ok(Found { cases, counts, more_alike, ..Found::default() })
    }
}

/// "12", or "1,000+" for what was not counted to its end.
pub fn said(count: i64) -> String {
    if count > COUNTED {
        format!("{}+", maru_kernel::Won(COUNTED))
    } else {
        maru_kernel::Won(count.max(0)).to_string()
    }
}
