use std::{collections::BTreeMap, sync::Arc, time::Duration};

use maru_kernel::Error;
use maru_store::Job;
use tokio::{sync::watch, task::JoinSet};
use tracing::Instrument;

use crate::{Handler, Shared};

const LEASE_SECONDS: i64 = 60;
/// So many jobs are worked on at once; the store keeps the order within a lane.
const AT_ONCE: usize = 8;
const PAUSE: Duration = Duration::from_millis(150);
/// Waits between looks at a database that is gone.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// When told to stop, jobs that were begun have this long to end. Who is cut off is done again later.
const LAST: Duration = Duration::from_secs(10);

/// Takes due jobs and hands them to their rooms until told to stop.
pub async fn work(
    app: Shared,
    handlers: BTreeMap<String, Arc<dyn Handler>>,
    mut stop: watch::Receiver<bool>,
) {
    let kinds: Vec<String> = handlers.keys().cloned().collect();
    let mut running = JoinSet::new();
    let mut gone: Option<Duration> = None;
    while !*stop.borrow() {
        app.edge.health.worker.beat();
        while running.try_join_next().is_some() {}
        let free = AT_ONCE.saturating_sub(running.len());
        let mut pause = PAUSE;
        if free > 0 {
            match app.store.claim(kinds.clone(), free, app.now(), LEASE_SECONDS).await {
                Ok(jobs) => {
                    if gone.take().is_some() {
                        tracing::info!("jobs can be taken again");
                    }
                    if !jobs.is_empty() {
                        pause = Duration::ZERO;
                    }
                    for job in jobs {
                        if let Some(handler) = handlers.get(&job.kind) {
                            let span = tracing::error_span!("job", job = %job.id, kind = %job.kind, request = job.request);
                            running.spawn(one(app.clone(), handler.clone(), job).instrument(span));
                        }
                    }
                }
                Err(e) => {
                    if gone.is_none() {
                        tracing::error!(cause = %e, "no jobs can be taken; tried again until they can");
                    }
                    pause = gone.map_or(PAUSE, |last| last.saturating_mul(2)).min(LONGEST_PAUSE);
                    gone = Some(pause);
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = app.store.job_added(), if gone.is_none() && free > 0 => {}
            Some(_) = running.join_next(), if !running.is_empty() && gone.is_none() => {}
            _ = stop.changed() => {}
        }
    }
    let ended = async { while running.join_next().await.is_some() {} };
    if tokio::time::timeout(LAST, ended).await.is_err() {
        tracing::warn!("jobs that were begun did not end in time; they are done again after their lease");
    }
}

async fn one(app: Shared, handler: Arc<dyn Handler>, job: Job) {
    // What it leaves behind was caused by the same request.
    let request = job.request.clone().unwrap_or_default();
    let outcome = maru_store::request::scope(request, handler.handle(&app, &job)).await;
    app.edge.metrics.job(&job.kind, outcome.is_ok());
    match outcome {
        Ok(()) => tracing::debug!(attempt = job.attempts, "job done"),
        // Not its fault: it comes again after its lease, and no try is told of each time.
        Err(Error::Unavailable(why)) => tracing::debug!(why, "job not now"),
        Err(e) => {
            let cause = without_addresses(&e.to_string());
            tracing::warn!(attempt = job.attempts, cause, "job failed");
            if let Err(e) = app.store.fail(&job, &cause, app.now()).await {
                tracing::error!(cause = %e, "could not record a failed job");
            }
        }
    }
}

/// Other people's programs put addresses into what they say; neither a log nor a job is a place for them.
fn without_addresses(text: &str) -> String {
    text.split(' ').map(|word| if word.contains('@') { "…" } else { word }).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::without_addresses;

    #[test]
    fn addresses_stay_out_of_what_is_kept() {
        assert_eq!(
            without_addresses("550 5.1.1 <maru@example.kr>: no such user"),
            "550 5.1.1 … no such user"
        );
    }
}
