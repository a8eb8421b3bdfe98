//! What anybody may file: petitions, reports, permits.

use axum::{Router, response::Response, routing::get};
use maru_definition::ServiceKind;
use maru_web::{Context, Fail, Shared, Shown, context};

pub fn routes() -> Router<Shared> {
    Router::new().route("/petitions", get(list))
}

async fn list(context: Context) -> Result<Response, Fail> {
    let pack = context.app.definitions.pack();
    let services = &pack.services;
    let of = |kind: ServiceKind| -> Vec<Shown> {
        let of = services.iter().filter(|s| s.kind == kind && s.asks_nothing() && !s.ended);
        of.map(|service| {
            let text = service.text(context.lang);
            context! {
                id => service.id, name => text.name, summary => text.summary,
                days => service.period.days, hours => service.period.hours,
            }
        })
        .collect()
    };
    let values = context! { petitions => of(ServiceKind::Petition), permits => of(ServiceKind::Permit) };
    Ok(context.page("services", "case/petitions.html", values).await?)
}
