//! What imports did to the catalogue, and what its texts seem to ask.

use axum::{
    Router,
    extract::{Path, Query},
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use maru_definition::changes::{Imported, Touched, What};
use maru_kernel::{Both, Error, Result};
use maru_web::{Context, Shared, Shown, Typed, context};

use super::admin::{Answered, Filters, page};
use crate::{actions, model::Doer};

const IMPORTS: i64 = 50;
const ROWS: usize = 25;
/// Rows that could not be used, on one page; the rest is counted.
const UNUSABLE: usize = 50;
/// Letters of a text that are shown.
const LETTERS: usize = 300;

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/admin/catalogue", get(list))
        .route("/admin/catalogue/{import}", get(import))
        .route("/admin/catalogue/{service}/confirm", post(confirm))
        .route("/admin/catalogue/{service}/withdraw", post(withdraw))
}

fn shown(import: &Imported) -> Shown {
    let report = &import.report;
    context! {
        id => import.id, list => import.list.as_str(), source => import.source, at => import.at.micros(),
        read => report.read, added => report.new, changed => report.changed, withdrawn => report.withdrawn,
        unchanged => report.unchanged, unusable => report.unusable.len(), complete => report.complete, kept => import.kept,
    }
}

async fn list(context: Context) -> Answered {
    context.operator()?;
    let definitions = &context.app.definitions;
    let imports: Vec<_> = definitions.imports(IMPORTS).await?.iter().map(shown).collect();
    let entries = definitions.entries();
    let both = entries.iter().filter(|entry| entry.origins.len() > 1).count();
    let suggested = entries.iter().filter(|entry| !entry.suggested.is_empty()).count();
    let confirmed: usize = entries.iter().map(|entry| entry.confirmed.len()).sum();
    let values = context! { imports, total => entries.len(), both, suggested, confirmed };
    page(&context, "catalogue", "party/catalogue.html", values, &[]).await
}

fn row(context: &Context, touched: &Touched) -> Shown {
    let cut = |text: &str| match text.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    };
    let fields: Vec<_> = touched
        .fields
        .iter()
        .map(|(key, before, after)| context! { key, before => cut(before), after => cut(after) })
        .collect();
    let words = |both: &Option<Both>| both.as_ref().map(|both| both.get(context.lang).to_owned());
    let effects: Vec<_> = touched
        .effects
        .iter()
        .map(|effect| context! { group => effect.group, gain => words(&effect.gain), lose => words(&effect.lose) })
        .collect();
    context! {
        id => touched.id, name => touched.name, agency => touched.agency, fields, effects, in_depth => touched.in_depth,
        here => context.app.definitions.entry(&touched.id).is_some(),
    }
}

async fn import(context: Context, Path(id): Path<String>, Query(filters): Query<Filters>) -> Answered {
    context.operator()?;
    let definitions = &context.app.definitions;
    let import = definitions.imported(&id).await?.ok_or(Error::NotFound)?;
    let count = |what: What| match what {
        What::Changed => import.report.changed,
        What::Added => import.report.new,
        What::Withdrawn => import.report.withdrawn,
    };
    let asked = filters.get("what").and_then(|what| What::parse(what));
    let first = What::ALL.into_iter().find(|what| count(*what) > 0).unwrap_or(What::Changed);
    let what = asked.unwrap_or(first);
    let pages = count(what).div_ceil(ROWS).max(1);
    let number = filters.get("page").and_then(|page| page.parse::<usize>().ok()).unwrap_or(1).clamp(1, pages);
    let from = number.saturating_sub(1).saturating_mul(ROWS);
    let (start, limit) = (i64::try_from(from).unwrap_or(i64::MAX), i64::try_from(ROWS).unwrap_or(i64::MAX));
    let touched = definitions.touched(&id, what, start, limit).await?;
    let rows: Vec<_> = touched.iter().map(|touched| row(&context, touched)).collect();
    let kinds: Vec<_> = What::ALL
        .into_iter()
        .map(|kind| context! { key => kind.as_str(), count => count(kind), current => kind == what })
        .collect();
    let unusable: Vec<_> =
        import.report.unusable.iter().take(UNUSABLE).map(|(place, told)| context! { place, told }).collect();
    let values = context! {
        import => shown(&import), kinds, rows, what => what.as_str(), page => number, pages, of => count(what), unusable,
        from => from.saturating_add(1), to => from.saturating_add(touched.len()),
    };
    page(&context, "catalogue", "party/catalogue-import.html", values, &[]).await
}

fn back(outcome: Result<()>, service: &str) -> Answered {
    outcome?;
    Ok(Redirect::to(&format!("/services/{service}#seems")).into_response())
}

async fn confirm(context: Context, Path(service): Path<String>, typed: Typed) -> Answered {
    let doer = Doer::of(context.operator()?);
    back(actions::confirm_suggestion(&context.app, &doer, &service, typed.get("key")).await, &service)
}

async fn withdraw(context: Context, Path(service): Path<String>, typed: Typed) -> Answered {
    let doer = Doer::of(context.operator()?);
    back(actions::withdraw_suggestion(&context.app, &doer, &service, typed.get("key")).await, &service)
}
