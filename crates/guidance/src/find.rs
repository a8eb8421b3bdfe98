//! Finding a service by words, with filters, and two services side by side.

use std::collections::BTreeMap;

use axum::{Router, extract::Query, routing::get};
use maru_definition::{Deadline, Entry, Guidance, Searcher};
use maru_kernel::Error;
use maru_rules::{Answer, Value};
use maru_web::{Context, Shared, context, ports::Sourced};
use serde::Serialize;

use crate::{
    actions, home,
    services::{Answered, Item, PAGE, Terms, agency, area, deadline, item, leading, page_number, resident},
};

pub fn routes() -> Router<Shared> {
    Router::new().route("/services", get(find)).route("/services/compare", get(compare))
}

/// What an address keeps of a search beside its words.
#[derive(Serialize, Default)]
struct Filters<'a> {
    field: &'a str,
    /// `near`: what serves where the person lives; `nation`: what serves everybody.
    place: &'a str,
    answer: &'a str,
    /// Only what can still be applied for.
    open: bool,
}

impl<'a> Filters<'a> {
    fn of(terms: &'a Terms) -> Filters<'a> {
        let get = |name: &str| terms.get(name).map(String::as_str).unwrap_or_default();
        let one_of = |name: &str, all: &[&str]| if all.contains(&get(name)) { get(name) } else { "" };
        Filters {
            field: get("field"),
            place: one_of("place", &["near", "nation"]),
            answer: one_of("answer", &["yes", "unknown", "no"]),
            open: get("open") == "yes",
        }
    }

    fn any(&self) -> bool {
        self.open || [self.field, self.place, self.answer].iter().any(|chosen| !chosen.is_empty())
    }

    fn pass(&self, context: &Context, entry: &Entry, known: Option<&Known>) -> bool {
        let today = context.now.date();
        let answer = known.and_then(|known| known.guidance.answer(&entry.id)).map(name_of);
        let near = |entry: &Entry| known.is_some_and(|known| known.near(context, entry));
        (self.field.is_empty() || entry.field == self.field)
            && (self.answer.is_empty() || answer == Some(self.answer))
            && (!self.open || !matches!(entry.deadline, Deadline::On(day) if day < today))
            && match self.place {
                "nation" => entry.area.is_none(),
                "near" => near(entry),
                _ => true,
            }
    }
}

fn name_of(answer: Answer) -> &'static str {
    match answer {
        Answer::Yes => "yes",
        Answer::No => "no",
        Answer::Unknown => "unknown",
    }
}

/// What is known of a resident who searches.
struct Known {
    sourced: Sourced,
    guidance: Guidance,
}

impl Known {
    fn home(&self) -> Option<&str> {
        match self.sourced.facts.get("거주지") {
            Some(Value::Text(home)) => Some(home),
            _ => None,
        }
    }

    /// Serves the region where the person lives, and not the whole nation.
    fn near(&self, context: &Context, entry: &Entry) -> bool {
        let pack = context.app.definitions.pack();
        let regions = &pack.regions;
        let home = self.home().and_then(|home| regions.find(home));
        let area = entry.area.as_deref().and_then(|area| regions.find(area));
        home.zip(area).is_some_and(|(home, area)| regions.within(home, maru_definition::Area::Region(area)))
    }
}

async fn known(context: &Context) -> maru_kernel::Result<Option<Known>> {
    if !resident(context) {
        return Ok(None);
    }
    let (sourced, guidance) = actions::guide(context, context.person()?).await?;
    Ok(Some(Known { sourced, guidance }))
}

async fn find(context: Context, Query(terms): Query<Terms>) -> Answered {
    let q: String = terms.get("q").map_or("", String::as_str).trim().chars().take(100).collect();
    let page = page_number(&terms);
    let filters = Filters::of(&terms);
    let asked = !q.is_empty() || filters.any();
    let known = if asked { known(&context).await? } else { None };
    let searcher = Searcher {
        home: known.as_ref().and_then(Known::home),
        guidance: known.as_ref().map(|known| &known.guidance),
        on: context.now.date(),
    };
    let hits = context.app.definitions.search(&q, usize::MAX, &searcher)?;
    let mut fields: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in &hits.entries {
        *fields.entry(&entry.field).or_default() += 1;
    }
    let pack = context.app.definitions.pack();
    let fields: Vec<_> = fields.iter().map(|(ko, n)| (*ko, pack.field(ko, context.lang), *n)).collect();
    let found: Vec<&Entry> = hits
        .entries
        .iter()
        .map(AsRef::as_ref)
        .filter(|entry| filters.pass(&context, entry, known.as_ref()))
        .collect();
    let total = if filters.any() { found.len() } else { hits.total };
    let items: Vec<Item> = found
        .iter()
        .skip(PAGE * (page - 1))
        .take(PAGE)
        .map(|entry| item(&context, entry, known.as_ref().and_then(|known| known.guidance.answer(&entry.id))))
        .collect();
    let values = context! {
        q, asked, items, total, page, fields, filters, from => PAGE * (page - 1) + 1, all => context.app.definitions.len(),
        more => found.len() > PAGE * page, note => home::note(&context), resident => known.is_some() || resident(&context),
    };
    Ok(context.page("services", "guidance/find.html", values).await?)
}

/// One side of two.
#[derive(Serialize)]
struct Side {
    id: String,
    name: String,
    agency: String,
    field: String,
    area: String,
    deadline: String,
    gives: String,
    method: String,
    period: String,
    answer: Option<Answer>,
    why: String,
    amount: Option<i64>,
    pays: &'static str,
}

async fn side(context: &Context, id: &str, known: Option<&Known>) -> maru_kernel::Result<Side> {
    let definitions = &context.app.definitions;
    let entry = definitions.entry(id).ok_or(Error::NotFound)?;
    let explained = known.and_then(|known| known.guidance.explain(&entry.id));
    let (gives, method, period, pays) = match definitions.service(&entry.id) {
        Some(service) => {
            let text = service.text(context.lang);
            (text.gives.clone(), text.method.clone(), text.period.clone(), service.pays.as_str())
        }
        None => {
            let details = definitions.details(id).await?;
            let of =
                |key: &str| details.iter().find_map(|detail| detail.text(key)).unwrap_or_default().to_owned();
            (of("content"), of("method"), String::new(), "none")
        }
    };
    Ok(Side {
        name: entry.name.get(context.lang).to_owned(),
        agency: agency(context, &entry),
        field: definitions.pack().field(&entry.field, context.lang).to_owned(),
        area: area(context, &entry),
        deadline: deadline(context, &entry),
        answer: explained.as_ref().map(|explained| explained.answer),
        why: explained.as_ref().and_then(|e| leading(context, e, e.answer)).unwrap_or_default(),
        amount: explained.as_ref().and_then(|explained| explained.amount).map(|won| won.0),
        id: entry.id.clone(),
        gives,
        method,
        period,
        pays,
    })
}

/// The two that were ticked: `with-ID=yes`.
async fn compare(context: Context, Query(terms): Query<Terms>) -> Answered {
    let ids: Vec<&str> = terms.keys().filter_map(|name| name.strip_prefix("with-")).collect();
    let q: String = terms.get("q").map_or("", String::as_str).chars().take(100).collect();
    let [first, second] = ids.as_slice() else {
        let values = context! { q, sides => Vec::<Side>::new(), chosen => ids.len() };
        return Ok(context.page("services", "guidance/compare.html", values).await?);
    };
    let known = known(&context).await?;
    let sides = [side(&context, first, known.as_ref()).await?, side(&context, second, known.as_ref()).await?];
    Ok(context.page("services", "guidance/compare.html", context! { q, sides, chosen => 2 }).await?)
}
