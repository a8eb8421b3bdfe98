//! Choosing an approval line: who is in it, in which order, and whom to add.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Router,
    extract::{Path, Query},
    routing::{get, post},
};
use maru_kernel::{Error, Problem, Result};
use maru_web::{
    Context, Fail, Shared, Shown, Typed, context,
    ports::{LineKind, LineStep, MandateKind},
};

use crate::{
    actions::{self, Change, Ground, has_rank},
    model::{Document, Rule},
    pages::{Answered, page, place, place_of, stamp, to},
};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/documents/{id}/line", get(show).post(add))
        .route("/documents/{id}/line/again", post(again))
        .route("/documents/{id}/line/{place}/remove", post(remove))
        .route("/documents/{id}/line/{place}/earlier", post(earlier))
}

/// What the form offers for a place in the line.
const KINDS: [&str; 4] = ["review", "cosign", "beside", "approve"];

/// Whom to add: of the own unit, or of any unit by name; nobody twice. Who decides for somebody is offered for that too.
async fn candidates(
    context: &Context,
    document: &Document,
    words: &str,
    rule: Option<&Rule>,
) -> Result<Vec<Shown>> {
    let (person, unit) = context.official()?;
    let people = &context.app.ports.people;
    let mut whose = Vec::new();
    if let Some(rule) = rule {
        let colleagues = people.officials(Some(unit), "", context.now).await?;
        whose.extend(colleagues.into_iter().filter(|colleague| has_rank(colleague, &rule.whose)));
    }
    let unit = words.is_empty().then_some(unit);
    let taken = |id: &str| {
        let named = |step: &&crate::model::Step| {
            step.who.id == id || step.decides_for.as_ref().is_some_and(|who| who.id == id)
        };
        id == person.id || document.round.steps.iter().any(|step| named(&step))
    };
    let mut units: BTreeMap<String, String> = BTreeMap::new();
    let mut found = Vec::new();
    for official in people.officials(unit, words, context.now).await? {
        if taken(&official.id) {
            continue;
        }
        let at = official.unit.clone().unwrap_or_default();
        if !units.contains_key(&at) {
            units.insert(at.clone(), place(context, &at).await?);
        }
        let hint = units.get(&at).cloned().unwrap_or_default();
        let name = official.titled(context.lang);
        found.push(context! { value => official.id, label => name, hint });
        let mut givers = Vec::new();
        for word in people.mandates(&official.id).await? {
            let decides = word.kind == MandateKind::Decide && word.taker == official.id;
            if decides && word.holds(context.now) {
                givers.push(people.person(&word.giver).await?);
            }
        }
        if rule.is_some_and(|rule| has_rank(&official, &rule.decides)) {
            let known = givers.iter().map(|giver| giver.id.clone()).collect::<BTreeSet<_>>();
            givers.extend(whose.iter().filter(|giver| !known.contains(&giver.id)).cloned());
        }
        for giver in givers.into_iter().filter(|giver| !taken(&giver.id)) {
            let args = [("giver", giver.titled(context.lang).into())];
            let hint = context.app.texts.get(context.lang, "work-decides-for", &args);
            let value = format!("{}:{}", official.id, giver.id);
            found.push(context! { value, label => name, hint => hint.unwrap_or_default() });
        }
    }
    Ok(found)
}

/// What the agency's register says of this document, and who of the unit would decide it by that.
async fn proposed(context: &Context, document: &Document, rule: &Rule) -> Result<Shown> {
    let (person, unit) = context.official()?;
    let colleagues = context.app.ports.people.officials(Some(unit), "", context.now).await?;
    let who = |rank: &str| colleagues.iter().find(|one| has_rank(one, rank) && one.id != person.id);
    let pair = who(&rule.decides).zip(who(&rule.whose)).map(|(taker, giver)| {
        let value = format!("{}:{}", taker.id, giver.id);
        context! { value, decides => taker.titled(context.lang), whose => giver.titled(context.lang) }
    });
    let approver = document.round.steps.iter().any(|step| step.kind == LineKind::Approve);
    Ok(context! {
        matter => rule.matter.as_str(), decides => rule.decides, whose => rule.whose, pair => pair.filter(|_| !approver),
    })
}

pub async fn choosing(context: &Context, id: &str, words: &str, problems: &[Problem]) -> Answered {
    let (person, unit) = context.official()?;
    let document = actions::own(&context.app, person, unit, id).await?;
    if !document.state.is_open() {
        return to(&format!("/documents/{id}"));
    }
    let steps: Vec<Shown> = document.round.steps.iter().map(|step| stamp(context, step)).collect();
    let last =
        if steps.is_empty() { actions::last_line(&context.app, person, unit, id).await? } else { Vec::new() };
    let last: Vec<&str> = last.iter().map(|step| step.who.name.get(context.lang)).collect();
    let rule = Ground::of(&context.app, &document).rule().await?;
    let people = candidates(context, &document, words, rule.as_ref()).await?;
    let proposed = match &rule {
        Some(rule) => Some(proposed(context, &document, rule).await?),
        None => None,
    };
    let approver = document.round.steps.iter().any(|step| step.kind == LineKind::Approve);
    let kinds: Vec<Shown> = KINDS
        .into_iter()
        .filter(|kind| !(approver && *kind == "approve"))
        .map(|kind| {
            let key = format!("work-kind-{kind}");
            let checked = kind == if approver { "review" } else { "approve" };
            context! { value => kind, label => context.t(&key), hint => context.t(&format!("{key}-text")), checked }
        })
        .collect();
    let values = context! {
        id, title => document.round.title, drafter => document.drafter.name.get(context.lang), steps, kinds, approver, last, q => words,
        people, proposed,
    };
    page(context, "work/line.html", problems, values).await
}

async fn show(
    context: Context,
    Path(id): Path<String>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Answered {
    let words = asked.get("q").map_or("", |words| words.trim());
    choosing(&context, &id, words, &[]).await
}

/// What the form chose: a person, perhaps with `:` and whose decision it is.
fn chosen(typed: &Typed) -> Result<LineStep> {
    let (person, decides_for) = match typed.get("person").split_once(':') {
        Some((person, giver)) => (person, Some(giver.to_owned())),
        None => (typed.get("person"), None),
    };
    if person.is_empty() {
        return Err(Error::invalid("person", "work-person-needed"));
    }
    let (kind, beside) = match (typed.get("kind"), &decides_for) {
        (_, Some(_)) | ("approve", _) => (LineKind::Approve, false),
        ("review", _) => (LineKind::Review, false),
        ("cosign", _) => (LineKind::Cosign, false),
        ("beside", _) => (LineKind::Cosign, true),
        _ => return Err(Error::invalid("kind", "work-kind-needed")),
    };
    Ok(LineStep { person: person.to_owned(), kind, beside, decides_for })
}

async fn changed(context: &Context, id: &str, words: &str, change: Result<Change>) -> Answered {
    let (person, unit) = context.official()?;
    let outcome = match change {
        Ok(change) => actions::set_line(&context.app, person, unit, id, &change).await,
        Err(wrong) => Err(wrong),
    };
    match outcome {
        Ok(_) => to(&format!("/documents/{id}/line")),
        Err(Error::Invalid(problems)) => choosing(context, id, words, &problems).await,
        Err(other) => Err(Fail(other)),
    }
}

async fn add(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    changed(&context, &id, typed.get("q"), chosen(&typed).map(Change::Add)).await
}

async fn again(context: Context, Path(id): Path<String>, _typed: Typed) -> Answered {
    let (person, unit) = context.official()?;
    let last = actions::last_line(&context.app, person, unit, &id).await?;
    changed(&context, &id, "", Ok(Change::Whole(actions::line_of(&last)))).await
}

async fn remove(context: Context, Path((id, place)): Path<(String, String)>, _typed: Typed) -> Answered {
    changed(&context, &id, "", place_of(&place).map(Change::Remove)).await
}

async fn earlier(context: Context, Path((id, place)): Path<(String, String)>, _typed: Typed) -> Answered {
    changed(&context, &id, "", place_of(&place).map(Change::Earlier)).await
}
