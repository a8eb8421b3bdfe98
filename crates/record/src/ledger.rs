//! The ledger as those who watch over it see it: how long it is, and whether everything fits. Nobody's data is shown.

use std::{collections::BTreeMap, time::Instant};

use axum::{Router, extract::Query, response::Response, routing::get};
use maru_web::{Context, Fail, Shared, admin_tabs, context, ports::RoleKind};

use crate::{
    access::{self, Unfit},
    tables,
};

/// So many faults are named; more are counted.
const SHOWN: usize = 100;

pub fn routes() -> Router<Shared> {
    Router::new().route("/admin/ledger", get(ledger))
}

async fn ledger(context: Context, Query(asked): Query<BTreeMap<String, String>>) -> Result<Response, Fail> {
    let session = context.with_role(&[RoleKind::Operator, RoleKind::Auditor], "error-not-admin")?;
    let store = &context.app.store;
    let head = tables::head(store).await?;
    let checked = if asked.get("check").is_some_and(|check| check == "now") {
        let began = Instant::now();
        let audit = access::audit(store).await?;
        let faults: Vec<_> = audit
            .faults
            .iter()
            .take(SHOWN)
            .map(|fault| match fault {
                Unfit::Broken(place) => context! { key => "broken", place => place.to_string() },
                Unfit::Changed(id) => context! { key => "changed", id },
                Unfit::Elsewhere(id, place) => {
                    context! { key => "elsewhere", id, place => place.to_string() }
                }
            })
            .collect();
        Some(context! {
            links => audit.links, entries => audit.entries, head => audit.head, faults, count => audit.faults.len(),
            millis => i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX),
        })
    } else {
        None
    };
    let values = context! {
        tab => "ledger", tabs => admin_tabs(session), checked,
        links => head.as_ref().map_or(0, |link| link.place), head => head.map(|link| tables::hex(&link.chain)),
    };
    Ok(context.page("admin", "record/ledger.html", values).await?)
}
