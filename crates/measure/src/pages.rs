//! Pages at a steady pace, as a crowd asks for them: the next request does not wait for the last answer's sake.

use std::time::{Duration, Instant};

use maru_kernel::{Error, Result};

use crate::{
    Place, figure,
    http::{Client, page},
    quantile, rate,
    seed::{self, Cases},
    server::Server,
    submit, transitions,
};

const RESIDENTS: usize = 2_000;
const CONNECTIONS: usize = 32;

/// What residents look at, signed in.
fn paths(n: usize) -> String {
    match n % 6 {
        0 => "/".into(),
        1 => "/services?q=%EC%9B%94%EC%84%B8".into(),
        2 => "/services/livelihood-benefit".into(),
        3 => "/cases".into(),
        4 => format!("/cases/{}", seed::case(n / 6 % RESIDENTS)),
        _ => "/messages".into(),
    }
}

pub fn run(place: &Place) -> Result<()> {
    let file = submit::file_of_a_real_case(place)?;
    let server = country(place, Cases::Received, &file)?;
    let seconds = if place.less > 1 { 5 } else { 30 };
    // The first requests make the program's own caches.
    steady(server.port, 100, 5)?;
    let used = server.seconds();
    let begun = Instant::now();
    let times = steady(server.port, 500, seconds)?;
    figure(
        format!("pages of signed-in residents, 500 a second for {seconds} s: p50 / p99 / longest"),
        format!(
            "{:.1} ms / {:.1} ms / {:.0} ms",
            quantile(&times, 0.5),
            quantile(&times, 0.99),
            quantile(&times, 1.0)
        ),
        "p99 ≤ 20 ms",
    );
    let busy = (server.seconds() - used) / begun.elapsed().as_secs_f64();
    figure("cores the program used for it", format!("{busy:.2}"), "");
    Ok(())
}

/// A long run at a tenth of that, with submissions in between; memory must not grow.
pub fn soak(place: &Place) -> Result<()> {
    let server = country(place, Cases::Draft, "")?;
    let (mut all, mut samples) = (0, Vec::new());
    let begun = Instant::now();
    let mut submitted = 0;
    while begun.elapsed() < Duration::from_secs(place.minutes * 60) {
        all += steady(server.port, 50, 60)?.len();
        if submitted + 20 <= RESIDENTS {
            submit::submit(server.port, submitted, 20)?;
            submitted += 20;
        }
        samples.push(server.memory());
        eprintln!("{} min: {:.0} MB", begun.elapsed().as_secs() / 60, server.memory());
    }
    // After the first tenth everything that is kept is kept.
    let warm = samples.get(samples.len() / 10).copied().unwrap_or(0.0);
    let last = samples.last().copied().unwrap_or(0.0);
    let most = samples.iter().copied().fold(0.0, f64::max);
    figure(
        format!(
            "soak of {} min, {all} pages and {submitted} submissions: memory warm / most / at the end",
            place.minutes
        ),
        format!("{warm:.0} MB / {most:.0} MB / {last:.0} MB"),
        "flat",
    );
    Ok(())
}

fn country(place: &Place, cases: Cases, file: &str) -> Result<Server> {
    let data = place.folder.join("pages");
    drop(Server::start(&place.program, &data, &[])?);
    let runtime = tokio::runtime::Runtime::new().map_err(Error::internal)?;
    runtime.block_on(async {
        let store = submit::open(&data).await?;
        seed::seed(&store, 0, RESIDENTS, cases, file, transitions::now()).await
    })?;
    Server::start(&place.program, &data, &[])
}

/// So many requests a second; each one's time counts from when it was due, not from when it could be sent.
fn steady(port: u16, a_second: usize, seconds: usize) -> Result<Vec<f64>> {
    let count = a_second * seconds;
    let begun = Instant::now();
    let all: Vec<std::io::Result<Vec<f64>>> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CONNECTIONS)
            .map(|me| {
                scope.spawn(move || {
                    let mut client = Client::connect(port)?;
                    let mut times = Vec::new();
                    for n in (me..count).step_by(CONNECTIONS) {
                        let due = begun + Duration::from_secs_f64(n as f64 / a_second as f64);
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                        let token = seed::token(n / 6 % RESIDENTS);
                        let (status, _) = client.send(&page(&paths(n), &token))?;
                        // A draft's page leads to its form.
                        if status != 200 && status != 303 {
                            return Err(std::io::Error::other(format!("{}: {status}", paths(n))));
                        }
                        times.push(due.elapsed().as_secs_f64() * 1e3);
                    }
                    Ok(times)
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|c| c.join().unwrap_or_else(|_| Err(std::io::Error::other("a client died"))))
            .collect()
    });
    let mut times = Vec::with_capacity(count);
    for one in all {
        times.extend(one.map_err(Error::internal)?);
    }
    let kept = rate(count, begun);
    if kept < a_second as f64 * 0.9 {
        return Err(Error::internal(format!("only {kept:.0} a second could be asked")));
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}
