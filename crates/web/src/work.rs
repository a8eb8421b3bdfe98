use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{Handler, Shared};

const LEASE_SECONDS: i64 = 60;

/// Takes due jobs and hands them to their rooms until told to stop.
pub async fn work(
    app: Shared,
    handlers: BTreeMap<String, Arc<dyn Handler>>,
    mut stop: watch::Receiver<bool>,
) {
    let kinds: Vec<String> = handlers.keys().cloned().collect();
    while !*stop.borrow() {
        let jobs = match app.store.claim(kinds.clone(), 32, app.now(), LEASE_SECONDS).await {
            Ok(jobs) => jobs,
            Err(e) => {
                tracing::error!(cause = %e, "could not take jobs");
                Vec::new()
            }
        };
        if jobs.is_empty() {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(150)) => {}
                _ = stop.changed() => {}
            }
            continue;
        }
        for job in jobs {
            let Some(handler) = handlers.get(&job.kind) else { continue };
            if let Err(e) = handler.handle(&app, &job).await {
                tracing::warn!(job = %job.id, kind = %job.kind, attempt = job.attempts, cause = %e, "job failed");
                if let Err(e) = app.store.fail(&job, &e.to_string(), app.now()).await {
                    tracing::error!(job = %job.id, cause = %e, "could not record a failed job");
                }
            }
        }
    }
}
