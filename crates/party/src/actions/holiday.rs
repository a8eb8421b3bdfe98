use maru_kernel::{Both, Date, Result};
use maru_web::App;
use serde_json::json;

use crate::{
    actions::{event, operators_only},
    model::Doer,
    tables,
};

/// Makes a day a public holiday; clocks that are open move by themselves.
pub async fn declare_holiday(app: &App, doer: &Doer, date: Date, name: &Both) -> Result<()> {
    operators_only(doer)?;
    app.store
        .rerun(|| async {
            let now = app.now();
            let mut batch = app.definitions.declare_holiday(date, name, now).await?;
            let about = format!("holiday/{date}");
            tables::tell(&mut batch, event(app, doer, "holiday-declared", about, now, json!({})))?;
            Ok((batch, ()))
        })
        .await?;
    app.definitions.refresh_calendar().await?;
    Ok(())
}

/// Makes a declared holiday a day like others again.
pub async fn withdraw_holiday(app: &App, doer: &Doer, date: Date) -> Result<()> {
    operators_only(doer)?;
    app.store
        .rerun(|| async {
            let now = app.now();
            let mut batch = app.definitions.withdraw_holiday(date, now).await?;
            let about = format!("holiday/{date}");
            tables::tell(&mut batch, event(app, doer, "holiday-withdrawn", about, now, json!({})))?;
            Ok((batch, ()))
        })
        .await?;
    app.definitions.refresh_calendar().await?;
    Ok(())
}
