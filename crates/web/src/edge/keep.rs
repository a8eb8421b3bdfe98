//! What the edge does by itself all the time: settles counts, takes over what an operator changed, looks at the jobs.

use std::time::Duration;

use maru_kernel::{At, Result};
use maru_store::{Batch, Store};
use tokio::sync::watch;

use crate::{App, Shared, edge::tables};

const EVERY: Duration = Duration::from_secs(1);
/// Keys and limits are read every this many rounds, jobs counted every that many.
const REFRESH: u64 = 2;
const LOOK: u64 = 5;

/// The latest time that a program on this database has kept.
pub async fn last_seen(store: &Store) -> Result<Option<At>> {
    let row = tables::last_beat(store, "clock").await?;
    row.map(|row| row.at("at")).transpose()
}

/// Runs until told to stop; then settles once more, so that a restart forgets nothing.
pub async fn keep(app: Shared, mut stop: watch::Receiver<bool>) {
    let mut gone = false;
    for round in 0_u64.. {
        match once(&app, round, app.now()).await {
            Ok(()) if gone => {
                tracing::info!("limits, keys and numbers are read again");
                gone = false;
            }
            Err(e) if !gone => {
                tracing::warn!(cause = %e, "limits, keys and numbers can't be read; those known stand until they can");
                gone = true;
            }
            Ok(()) | Err(_) => {}
        }
        if *stop.borrow() {
            break;
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn once(app: &App, round: u64, now: At) -> Result<()> {
    app.edge.limits.settle(&app.store, now).await?;
    if round.is_multiple_of(REFRESH) {
        app.edge.refresh(&app.store, now).await?;
    }
    if round.is_multiple_of(LOOK) {
        // The next start goes on from here, whatever the machine's clock says then.
        let mut batch = Batch::new();
        tables::beat(&mut batch, "clock", now);
        app.store.commit(batch).await?;
        if app.definitions.refresh().await? {
            tracing::info!("another program has changed the catalogue; it was read again");
        }
        if app.definitions.refresh_calendar().await? {
            tracing::info!("the days off have changed; they were read again");
        }
        if app.definitions.refresh_services(now).await? {
            tracing::info!("services were published or ended; what is served was read again");
        }
        app.edge.metrics.look_at_jobs(&app.store, now).await?;
    }
    Ok(())
}
