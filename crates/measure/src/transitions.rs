//! Transitions of cases inside one process: load, check, decide, commit durably with the event. Beside plain loops that write the same rows.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use maru::wire;
use maru_kernel::{At, Clock, Error, Result};
use maru_message::Post;
use maru_store::Place as Kept;
use maru_web::{
    Settings,
    ports::{Person, PersonKind},
};

use crate::{
    Place, figure, floor, peers, rate, rates,
    seed::{self, Cases, UNIT},
    submit,
};

const AT_ONCE: usize = 512;
const RUNS: usize = 3;

pub fn now() -> At {
    wire::Running::from(None).now()
}

pub fn run(place: &Place) -> Result<()> {
    let file = submit::file_of_a_real_case(place)?;
    let runtime = tokio::runtime::Runtime::new().map_err(Error::internal)?;
    let each = 60_000 / place.less;
    let syncs = floor::syncs(&place.folder)?;
    let sqlite = Kept::from(&place.folder.join("transitions"));
    let found = runtime.block_on(ours(&sqlite, each, &file))?;
    let (ours_rate, shown) = rates(found);
    figure(
        "one-at-a-time fsync of 4 KiB, before the transitions",
        format!("{}/s", crate::thousands(syncs)),
        "",
    );
    figure("case transitions in process, durable, SQLite", shown, "≥ 20,000/s");
    let (alone, alone_shown) =
        rates((0..RUNS).map(|_| peers::sqlite_alone(place, &file)).collect::<Result<Vec<_>>>()?);
    figure("peer: a plain SQLite loop, the same rows, a transaction each", alone_shown, "");
    let (together, together_shown) =
        rates((0..RUNS).map(|_| peers::sqlite_together(place, &file)).collect::<Result<Vec<_>>>()?);
    figure("peer: a plain SQLite loop, the same rows, 256 in one transaction", together_shown, "");
    figure(
        "ratio of our transitions to the plain loops",
        format!("{:.2} / {:.2}", ours_rate / alone, ours_rate / together),
        "",
    );
    if let Some(cluster) = &place.postgres {
        let mine = runtime.block_on(peers::database(cluster, "transitions"))?;
        let each = 12_000 / place.less;
        let kept = Kept::new(place.folder.join("transitions-pg"), Some(&mine));
        let (ours_rate, shown) = rates(runtime.block_on(ours(&kept, each, &file))?);
        figure("case transitions in process, durable, PostgreSQL", shown, "");
        let mut plain = Vec::new();
        for round in 0..RUNS {
            let database = runtime.block_on(peers::database(cluster, &format!("plain-{round}")))?;
            plain.push(runtime.block_on(peers::postgres(&database, each, &file))?);
        }
        let (plain_rate, plain_shown) = rates(plain);
        figure(
            "peer: plain PostgreSQL loops on 16 connections, the same rows, a transaction each",
            plain_shown,
            "",
        );
        figure("ratio to the plain PostgreSQL loops", format!("{:.2}", ours_rate / plain_rate), "");
    }
    Ok(())
}

/// Every case is taken on by somebody else in each run: one transition, one event.
async fn ours(kept: &Kept, each: usize, file: &str) -> Result<Vec<f64>> {
    let settings = Settings::default();
    let wired = wire::wire(kept, Post::None, settings, Arc::new(wire::Running::from(None))).await?;
    let app = wired.app;
    seed::seed(&app.store, 0, each, Cases::Received, file, now()).await?;
    let mut runs = Vec::new();
    for round in 0..RUNS {
        let (next, begun) = (Arc::new(AtomicUsize::new(0)), Instant::now());
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let (app, next) = (app.clone(), next.clone());
                tokio::spawn(async move {
                    let official = official(round);
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if n >= each {
                            return Ok::<(), Error>(());
                        }
                        maru_case::assign(&app, &official, UNIT, &seed::case(n)).await?;
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.await.map_err(Error::internal)??;
        }
        runs.push(rate(each, begun));
    }
    Ok(runs)
}

fn official(round: usize) -> Person {
    Person {
        id: format!("measure-official-{round}"),
        kind: PersonKind::Official,
        name: maru_kernel::Both::new("박측정", "Park Measure"),
        mail: None,
        lang: maru_kernel::Lang::Ko,
        unit: Some(UNIT.into()),
        rank: None,
    }
}
