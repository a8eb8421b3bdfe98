//! `cargo xtask bench`: the figures the project promises, measured on the machine at hand and written to docs/figures.md.

use crate::http::{Answer, Client};
use crate::import::ready;
use crate::postgres::Cluster;
use crate::process::{Beside, Scratch, free_port};
use crate::test::python;
use crate::{Outcome, process, root};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const REQUESTS: usize = 5_000;
const WARM_UP: usize = 200;
/// Measured by `maru-measure`, beside peers in the same run.
const MEASURED: [&str; 11] = [
    "submit",
    "transitions",
    "pages",
    "chunks",
    "holiday",
    "restore",
    "desk",
    "catalogue",
    "nation",
    "openfisca",
    "resident",
];
/// These also measure PostgreSQL.
const BOTH: [&str; 2] = ["transitions", "desk"];
const OWN: [&str; 4] = ["start", "eligibility", "memory", "weight"];
/// Only by name: they take long.
const LONG: [&str; 2] = ["build", "soak"];

/// One line of the table.
pub struct Figure {
    what: String,
    value: String,
    bound: String,
}

pub fn figure(what: impl Into<String>, value: impl Into<String>, bound: impl Into<String>) -> Figure {
    Figure { what: what.into(), value: value.into(), bound: bound.into() }
}

pub fn run(arguments: &[String]) -> Outcome {
    let known = || MEASURED.iter().chain(&OWN).chain(&LONG);
    let (name, rest) = match arguments {
        [] => (None, &[][..]),
        [name, rest @ ..] if known().any(|known| known == name) => (Some(name.as_str()), rest),
        _ => {
            let names: Vec<&str> = known().copied().collect();
            return Err(format!("cargo xtask bench [{}] [--less N] [--minutes N]", names.join(" | ")));
        }
    };
    let scratch = Scratch::new("bench")?;
    let log = scratch.0.join("log");
    let mut figures = Vec::new();
    if name == Some("build") {
        figures = cold_build(&scratch.0, &log)?;
    } else {
        let named = std::env::var_os("MARU_BIN").map(|named| root().join(named));
        let program = if let Some(program) = named { program } else { built(&log)? };
        if name.is_none_or(|name| OWN.contains(&name)) {
            figures = running(&program, &scratch.0, &log, name)?;
        }
        for one in MEASURED.iter().chain(&["soak"]) {
            if name.map_or(*one != "soak", |name| name == *one) {
                println!("{one} …");
                figures.extend(measured(one, &program, &scratch.0, rest, &log)?);
            }
        }
    }
    for figure in &figures {
        println!("{:90} {:>34}   {}", figure.what, figure.value, figure.bound);
    }
    // A try with less work is no figure.
    if rest.iter().any(|word| word == "--less") { Ok(()) } else { write(&figures) }
}

/// Runs one measurement of `maru-measure`; each line it prints is a figure.
fn measured(name: &str, program: &Path, folder: &Path, rest: &[String], log: &Path) -> Outcome<Vec<Figure>> {
    if name == "openfisca" {
        python(&root().join("clients/openfisca"), log)?;
    }
    let cluster = if BOTH.contains(&name) { Some(Cluster::start(true, log)?) } else { None };
    let mut command = Command::new(program.with_file_name("maru-measure"));
    command.arg(name).arg("--program").arg(program).arg("--folder").arg(folder.join(name)).args(rest);
    if let Some(cluster) = &cluster {
        command.args(["--postgres", &cluster.address]);
    }
    let output =
        command.current_dir(root()).output().map_err(|e| format!("maru-measure does not start: {e}"))?;
    if !output.status.success() {
        return Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    lines
        .map(|parts| match parts.as_slice() {
            [what, value, bound] => Ok(figure(*what, *value, *bound)),
            _ => Err(format!("{name} printed {parts:?}")),
        })
        .collect()
}

/// The release build, unless `MARU_BIN` names one that is there already.
fn built(log: &Path) -> Outcome<PathBuf> {
    println!("building …");
    process::logged(
        Command::new(env!("CARGO"))
            .args(["build", "--release", "--locked", "--package", "maru", "--package", "maru-measure"])
            .current_dir(root()),
        log,
    )?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join("release/maru"))
}

fn running(program: &Path, folder: &Path, log: &Path, name: Option<&str>) -> Outcome<Vec<Figure>> {
    let wanted = |figure| name.is_none_or(|name| name == figure);
    let mut figures = Vec::new();
    let data = folder.join("data");
    let start = |what: &str| -> Outcome<(Beside, String, Duration, String)> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let clock = Instant::now();
        let mut server = Beside::start(
            Command::new(program)
                .args(["demo", "--listen", &address, "--data"])
                .arg(&data)
                .current_dir(root()),
            log,
        )?;
        let mut client = ready(&mut server, &address)?;
        let first = client.get("/sign-in", "")?;
        let took = clock.elapsed();
        if first.status == 200 {
            Ok((server, address, took, what.to_owned()))
        } else {
            Err(format!("/sign-in answers {}", first.status))
        }
    };
    let (first, _, empty, what) = start("start to first page, empty folder (makes the demo's people)")?;
    if wanted("start") {
        figures.push(figure(what, milliseconds(empty), ""));
    }
    drop(first);
    let (server, address, again, what) = start("start to first page")?;
    if wanted("start") {
        figures.push(figure(what, milliseconds(again), "≤ 1 s"));
    }
    let before = resident(server.id())?;
    if wanted("weight") {
        figures.extend(weight(&address)?);
    }
    if wanted("eligibility") || wanted("memory") {
        let bodies = people();
        let mut loads = Vec::new();
        for connections in [1, 8] {
            let floor = load(&address, connections, &|address, _| {
                format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\n\r\n").into_bytes()
            })?;
            let asked = load(&address, connections, &|address, number| {
                let body = bodies.get(number % bodies.len()).map(String::as_str).unwrap_or_default();
                Client::json_request(address, "/api/v1/eligibility", body)
            })?;
            let many = if connections == 1 {
                "1 connection".to_owned()
            } else {
                format!("{connections} connections")
            };
            let bound = if connections == 1 { "p99 ≤ 2 ms" } else { "" };
            loads.push(figure(format!("eligibility, limit 50, {many}: p50 / p99"), asked.text(), bound));
            loads.push(figure(format!("the same for /healthz (the floor), {many}"), floor.text(), ""));
        }
        if wanted("eligibility") {
            figures.extend(loads);
            figures.push(naive()?);
        }
    }
    if wanted("memory") {
        figures.push(figure("resident memory after start", before, ""));
        figures.push(figure(
            format!("resident memory after {} requests", 4 * (REQUESTS + WARM_UP)),
            resident(server.id())?,
            "≤ 150 MB",
        ));
    }
    Ok(figures)
}

struct Load {
    times: Vec<Duration>,
    whole: Duration,
}

impl Load {
    fn quantile(&self, per_thousand: usize) -> Duration {
        let index = (self.times.len() * per_thousand / 1000).min(self.times.len().saturating_sub(1));
        self.times.get(index).copied().unwrap_or_default()
    }

    fn text(&self) -> String {
        let rate =
            u128::try_from(self.times.len()).unwrap_or_default() * 1_000_000 / self.whole.as_micros().max(1);
        format!("{} / {} ({rate}/s)", milliseconds(self.quantile(500)), milliseconds(self.quantile(990)))
    }
}

/// The same number of requests in all, however many connections share them.
fn load(
    address: &str,
    connections: usize,
    request: &(dyn Fn(&str, usize) -> Vec<u8> + Sync),
) -> Outcome<Load> {
    let each = REQUESTS / connections;
    let clock = Instant::now();
    let threads: Vec<Outcome<Vec<Duration>>> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..connections)
            .map(|thread| {
                scope.spawn(move || {
                    let mut client = Client::connect(address)?;
                    let mut times = Vec::with_capacity(each);
                    for number in 0..WARM_UP / connections + each {
                        let bytes = request(address, thread * each + number);
                        let clock = Instant::now();
                        let answer = client.send(&bytes)?;
                        let took = clock.elapsed();
                        if answer.status != 200 {
                            return Err(format!(
                                "{}: {}",
                                answer.status,
                                String::from_utf8_lossy(&answer.body)
                            ));
                        }
                        if number >= WARM_UP / connections {
                            times.push(took);
                        }
                    }
                    Ok(times)
                })
            })
            .collect();
        handles
            .into_iter()
            .map(|handle| handle.join().unwrap_or_else(|_| Err("a load thread died".to_owned())))
            .collect()
    });
    let whole = clock.elapsed();
    let mut times = Vec::with_capacity(REQUESTS);
    for thread in threads {
        times.extend(thread?);
    }
    times.sort();
    Ok(Load { times, whole })
}

/// Requests of 64 made-up people, from almost nothing known to almost everything.
fn people() -> Vec<String> {
    let regions = ["경기도 수원시", "서울특별시 종로구", "전북특별자치도 임실군", "제주특별자치도 제주시"];
    let traits =
        ["장애인", "임산부", "농업인", "구직자", "무주택세대", "다자녀가구", "한부모_조손가정", "일인가구"];
    let mut seed: u64 = 2026;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    (0..64)
        .map(|person| {
            let mut facts = serde_json::Map::new();
            facts.insert("나이".to_owned(), (18 + random(60)).into());
            if person % 4 > 0 {
                facts.insert("성별".to_owned(), if random(2) == 0 { "남성" } else { "여성" }.into());
                let region =
                    regions.get(usize::try_from(random(4)).unwrap_or_default()).copied().unwrap_or_default();
                facts.insert("거주지".to_owned(), region.into());
            }
            if person % 4 > 1 {
                facts.insert("가구.중위소득비율".to_owned(), random(300).into());
            }
            if person % 4 > 2 {
                for name in traits {
                    facts.insert(name.to_owned(), (random(4) == 0).into());
                }
            }
            serde_json::json!({ "facts": facts, "limit": 50 }).to_string()
        })
        .collect()
}

/// What a plain loop over the same catalogue takes in Python, with nothing prepared but the parsed table.
fn naive() -> Outcome<Figure> {
    let said = process::said("python3", &[&root().join("clients/naive.py").to_string_lossy()])
        .ok_or("clients/naive.py does not run")?;
    Ok(figure("peer: the same answers by a plain loop in Python, no HTTP: p50", said, ""))
}

/// Bytes of what a browser fetches for a page it sees for the first time, as sent to one that takes packed answers.
fn weight(address: &str) -> Outcome<Vec<Figure>> {
    let mut client = Client::connect(address)?;
    let (mut path, mut plain) = ("/".to_owned(), client.get("/", "")?);
    for _ in 0..3 {
        let Some(next) = plain.headers.get("location").filter(|_| plain.status / 100 == 3).cloned() else {
            break;
        };
        plain = client.get(&next, "")?;
        path = next;
    }
    let html = String::from_utf8_lossy(&plain.body).into_owned();
    let packed = |client: &mut Client, path: &str| -> Outcome<Answer> {
        client.get(path, "Accept-Encoding: gzip, deflate, br, zstd\r\n")
    };
    let page = packed(&mut client, &path)?.body.len();
    let mut rest = 0;
    for resource in resources(&html) {
        let answer = packed(&mut client, &resource)?;
        if answer.status != 200 {
            return Err(format!("{resource} answers {}", answer.status));
        }
        rest += answer.body.len();
    }
    Ok(vec![
        figure("home page, first visit: all bytes", format!("{:.1} KB", kilobytes(page + rest)), "≤ 50 KB"),
        figure("home page: HTML alone, as sent", format!("{:.1} KB", kilobytes(page)), "≤ 14 KB"),
    ])
}

/// Addresses of styles, scripts and pictures that a page asks for on this server.
fn resources(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    for tag in
        html.split('<').filter(|tag| ["link ", "script ", "img "].iter().any(|name| tag.starts_with(name)))
    {
        let tag = tag.split('>').next().unwrap_or_default();
        if tag.starts_with("link") && !["stylesheet", "icon", "preload"].iter().any(|rel| tag.contains(rel)) {
            continue;
        }
        for key in [" href=\"", " src=\""] {
            if let Some(address) = tag.split(key).nth(1).and_then(|rest| rest.split('"').next())
                && let address = address.replace("&#x2f;", "/")
                && address.starts_with('/')
            {
                found.push(address);
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

fn cold_build(folder: &Path, log: &Path) -> Outcome<Vec<Figure>> {
    println!("fetching what is to be built, then building from nothing …");
    let cargo = |arguments: &[&str]| {
        process::logged(
            Command::new(env!("CARGO"))
                .args(arguments)
                .env("CARGO_TARGET_DIR", folder.join("target"))
                .current_dir(root()),
            log,
        )
    };
    cargo(&["fetch", "--locked"])?;
    let clock = Instant::now();
    cargo(&["build", "--locked", "--package", "maru"])?;
    let seconds = clock.elapsed().as_secs();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    Ok(vec![figure(
        format!("cold debug build, {cores} cores"),
        format!("{} min {} s", seconds / 60, seconds % 60),
        "≤ 6 min on two idle cores",
    )])
}

fn resident(process: u32) -> Outcome<String> {
    let path = format!("/proc/{process}/status");
    let status = std::fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
    let kilobytes = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse::<u64>().ok())
        .ok_or_else(|| format!("{path} tells no VmRSS"))?;
    Ok(format!("{} MB", kilobytes * 1024 / 1_000_000))
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

fn kilobytes(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1000.0
}

/// Puts the figures into docs/figures.md, each in place of its older self.
pub fn write(figures: &[Figure]) -> Outcome {
    let path = root().join("docs/figures.md");
    let old = std::fs::read_to_string(&path).unwrap_or_default();
    let mut rows: Vec<(String, String)> = old
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(1)
        .filter_map(|line| Some((line.strip_prefix("| ")?.split(" | ").next()?.to_owned(), line.to_owned())))
        .collect();
    let today = process::said("date", &["+%Y-%m-%d"]).unwrap_or_default();
    for figure in figures {
        let line = format!("| {} | {} | {} | {today} |", figure.what, figure.value, figure.bound);
        match rows.iter_mut().find(|(what, _)| *what == figure.what) {
            Some(row) => row.1 = line,
            None => rows.push((figure.what.clone(), line)),
        }
    }
    let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1))
        .unwrap_or("unknown");
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let table: Vec<String> = rows.into_iter().map(|(_, line)| line).collect();
    let text = format!(
        "# Figures\n\nMade by `cargo xtask bench`, `cargo xtask bench build` and `cargo xtask bench soak` (and `cargo xtask tck`, where it says so), on the release build, over loopback with kept\n\
         connections; the clients run on the same cores. Eligibility: {REQUESTS} requests each after {WARM_UP} to warm up. Rates are the middle of three\n\
         runs, with the least and the most. Last machine: {cores} cores, {model}, shared with other work.\n\n\
         | figure | measured | promised | on |\n|---|---|---|---|\n{}\n",
        table.join("\n")
    );
    std::fs::create_dir_all(root().join("docs")).map_err(|e| e.to_string())?;
    std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    println!("docs/figures.md");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_what_it_needs() {
        let html = r#"<link rel="stylesheet" href="&#x2f;a.css"><link rel="canonical" href="/x"><script src="/m.js" defer></script><img src="https://x/y" alt="">"#;
        assert_eq!(resources(html), ["/a.css", "/m.js"]);
    }

    #[test]
    fn quantiles_are_of_the_sorted_times() {
        let load =
            Load { times: (1..=100).map(Duration::from_millis).collect(), whole: Duration::from_secs(1) };
        assert_eq!(
            (load.quantile(500), load.quantile(990)),
            (Duration::from_millis(51), Duration::from_millis(100))
        );
    }
}
