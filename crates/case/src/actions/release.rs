use maru_kernel::{Actor, Result};
use maru_store::Batch;
use maru_web::App;
use serde_json::json;

use crate::{actions, tables};

/// Puts a case back into the unit's queue when its officer works there no more. Whoever took it in the meantime keeps it.
pub async fn release(app: &App, unit: &str, officer: &str, id: &str) -> Result<()> {
    app.store
        .rerun(|| async {
            let mut case = actions::of_unit(app, unit, id).await?;
            if !case.state.is_open() || case.officer.as_deref() != Some(officer) {
                return Ok((Batch::new(), ()));
            }
            case.state = actions::step(app, &case, "release")?;
            case.officer = None;
            let mut batch = Batch::new();
            tables::put(&mut batch, &case)?;
            let actor = Actor::System { name: "desk".into() };
            batch.event(actions::event(
                app,
                "released",
                &case,
                actor,
                app.now(),
                json!({ "officer": officer }),
            ));
            Ok((batch, ()))
        })
        .await
}
