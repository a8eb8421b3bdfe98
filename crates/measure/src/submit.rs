//! Applications submitted over HTTP, durably, by 64 clients; beside what the machine's disk does one at a time.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use maru_kernel::{Error, Result};
use maru_store::Store;

use crate::{
    Place, figure, floor,
    http::{Client, post},
    quantile, rate, rates,
    seed::{self, Cases},
    server::Server,
    thousands,
};

const CLIENTS: usize = 64;
const RUNS: usize = 3;

pub fn run(place: &Place) -> Result<()> {
    let each = 12_000 / place.less;
    let runtime = tokio::runtime::Runtime::new().map_err(Error::internal)?;
    let data = place.folder.join("submit");
    // A first start makes the units and the catalogue.
    drop(Server::start(&place.program, &data, &[])?);
    let now = crate::transitions::now();
    runtime.block_on(async {
        let store = open(&data).await?;
        seed::seed(&store, 0, each * RUNS, Cases::Draft, "", now).await
    })?;
    let server = Server::start(&place.program, &data, &[])?;
    let before = server.memory();
    let (mut runs, mut disk, mut times) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..RUNS {
        disk.push(floor::syncs(&place.folder)?);
        let (found, took) = submit(server.port, round * each, each)?;
        runs.push(found);
        times.extend(took);
        disk.push(floor::syncs(&place.folder)?);
    }
    times.sort_by(f64::total_cmp);
    let ((submits, shown), (syncs, syncs_shown)) = (rates(runs), rates(disk));
    figure("one-at-a-time fsync of 4 KiB, before and after each run of submissions", syncs_shown, "");
    figure(
        format!("applications submitted over HTTP, durable, {CLIENTS} clients, SQLite"),
        shown,
        "≥ 3 × the fsync rate",
    );
    figure("ratio of submissions to that", format!("{:.2}", submits / syncs), "≥ 3");
    figure(
        "time of one submission: p50 / p99",
        format!("{:.1} ms / {:.1} ms", quantile(&times, 0.5), quantile(&times, 0.99)),
        "",
    );
    figure(
        format!("memory before and after {} submissions", thousands((each * RUNS) as f64)),
        format!("{before:.0} MB / {:.0} MB", server.memory()),
        "",
    );
    figure(
        "processor time of the program for one submission",
        format!("{:.0} µs", server.seconds() * 1e6 / (each * RUNS) as f64),
        "",
    );
    Ok(())
}

pub async fn open(data: &std::path::Path) -> Result<Store> {
    let rooms = maru::wire::rooms(maru_message::Post::None);
    maru::wire::open_store(&maru_store::Place::from(data), &rooms).await
}

/// Submits the cases `from..from + count`; answers the rate and each one's milliseconds.
pub fn submit(port: u16, from: usize, count: usize) -> Result<(f64, Vec<f64>)> {
    let (next, all) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(count)));
    let begun = Instant::now();
    let outcomes: Vec<std::io::Result<()>> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = Client::connect(port)?;
                    let mut times = Vec::new();
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if n >= count {
                            all.lock().unwrap_or_else(PoisonError::into_inner).extend(times);
                            return Ok(());
                        }
                        let (case, token) = (seed::case(from + n), seed::token(from + n));
                        let request =
                            post(&format!("/api/v1/cases/{case}/submit"), &token, "{\"confirmed\":true}");
                        let sent = Instant::now();
                        let (status, body) = client.send(&request)?;
                        if status != 200 || !body.windows(8).any(|part| part == b"received") {
                            let told = String::from_utf8_lossy(body).into_owned();
                            return Err(std::io::Error::other(format!("{status} {told}")));
                        }
                        times.push(sent.elapsed().as_secs_f64() * 1e3);
                    }
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|c| c.join().unwrap_or_else(|_| Err(std::io::Error::other("a client died"))))
            .collect()
    });
    let found = rate(count, begun);
    for outcome in outcomes {
        outcome.map_err(Error::internal)?;
    }
    Ok((found, all.into_inner().unwrap_or_else(PoisonError::into_inner)))
}

/// What a case of the demo keeps on file once it was submitted, so that seeded rows are as large as real ones.
pub fn file_of_a_real_case(place: &Place) -> Result<String> {
    let data = place.folder.join("sample");
    drop(Server::start(&place.program, &data, &[])?);
    let runtime = tokio::runtime::Runtime::new().map_err(Error::internal)?;
    runtime.block_on(async {
        seed::seed(&open(&data).await?, 0, 1, Cases::Draft, "", crate::transitions::now()).await
    })?;
    let server = Server::start(&place.program, &data, &[])?;
    submit(server.port, 0, 1)?;
    drop(server);
    let row = runtime.block_on(async {
        open(&data)
            .await?
            .query_one("SELECT file FROM case_case WHERE id = $1", vec![seed::case(0).into()])
            .await
    })?;
    row.ok_or(Error::NotFound)?.string("file")
}
