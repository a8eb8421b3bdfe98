//! OpenFisca's country template beside the same rules in our language: equal results, persons a second, and one household over HTTP.
//! `clients/openfisca/country.py` makes the people and computes theirs; ours is computed from the same columns, in the same run.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use maru_kernel::{Error, Result};
use maru_rules::{Column, Columns, Lanes, LineColumn, Parameters, RuleSet, Value};
use serde_json::{Value as Json, json};

use crate::{Place, figure, http::Client, quantile, server::Server, thousands};

const PERSONS: usize = 1_000_000;
const RUNS: usize = 3;
/// Persons worked out together: what is between two operations stays in the cache.
const BLOCK: usize = 32_768;
const RULES: &str = include_str!("../../../clients/openfisca/rules.toml");
const PARAMETERS: &str = include_str!("../../../clients/openfisca/parameters.toml");
/// In the order of the codes in the file.
const STATUS: [&str; 4] = ["owner", "tenant", "free_lodger", "homeless"];
const REQUESTS: usize = 500;

pub fn run(place: &Place) -> Result<()> {
    let persons = (PERSONS / place.less).max(1);
    let theirs = compute(&place.folder, persons)?;
    let rules = RuleSet::parse(RULES).map_err(|faults| Error::internal(format!("rules.toml: {faults:?}")))?;
    let parameters = Parameters::parse(PARAMETERS)
        .map_err(|faults| Error::internal(format!("parameters.toml: {faults:?}")))?;
    let crowd = People::read(&place.folder)?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut worst = Difference::default();
    for (month, variables) in theirs.get("variables").and_then(Json::as_object).into_iter().flatten() {
        let on = format!("{month}-01").parse().map_err(Error::internal)?;
        let work = |threads| crowd.lines(&rules, &parameters, on, threads);
        let (one, _) = timed(|| work(1))?;
        let (all, lines) = timed(|| work(cores))?;
        if worst.compared == 0 {
            figure(
                format!(
                    "memory: OpenFisca with both months of {} persons / ours with one",
                    thousands(persons as f64)
                ),
                format!(
                    "{:.0} MB / {:.0} MB",
                    theirs.get("memory").and_then(Json::as_f64).unwrap_or(0.0) / 1e6,
                    peak()
                ),
                "",
            );
        }
        let names: Vec<&str> = variables.as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        for name in &names {
            let file = place.folder.join(format!("{month}.{name}.f32"));
            worst.hold(name, &crowd, &lines, &floats(&file)?)?;
        }
        let took = theirs.get("took").and_then(|took| took.get(month)).and_then(Json::as_array);
        let took = took.into_iter().flatten().filter_map(Json::as_f64).collect();
        let (slow, shown) = rates(persons, took);
        let what = format!("{} variables of {month}, {} persons", names.len(), thousands(persons as f64));
        figure(format!("OpenFisca's country template, {what}, calculation only, one core"), shown, "");
        for (cores, took) in [(1, one), (cores, all)] {
            let (fast, shown) = rates(persons, took);
            let cores = if cores == 1 { "one core".to_owned() } else { format!("{cores} cores") };
            figure(format!("the same rules in ours, {what}, exact, {cores}"), shown, "");
            let promised = if cores == "one core" { "" } else { "≥ 50" };
            figure(
                format!("ratio of ours to OpenFisca, {month}, {cores}"),
                format!("{:.1}", fast / slow),
                promised,
            );
        }
    }
    worst.say();
    one_household(place)
}

/// Runs theirs, which also makes the people.
fn compute(folder: &Path, persons: usize) -> Result<Json> {
    let output = Command::new(venv("python"))
        .arg("clients/openfisca/country.py")
        .arg(folder)
        .args([persons.to_string(), RUNS.to_string()])
        // one core, like one of ours
        .env("OPENBLAS_NUM_THREADS", "1")
        .env("NUMEXPR_NUM_THREADS", "1")
        .output()
        .map_err(|e| Error::internal(format!("{}: {e}", venv("python").display())))?;
    if !output.status.success() {
        return Err(Error::internal(String::from_utf8_lossy(&output.stderr)));
    }
    serde_json::from_slice(&output.stdout).map_err(Error::internal)
}

fn venv(program: &str) -> PathBuf {
    Path::new("clients/openfisca/.venv/bin").join(program)
}

/// The seconds of some runs, and what the last one gave.
fn timed<T>(work: impl Fn() -> Result<T>) -> Result<(Vec<f64>, T)> {
    let mut took = Vec::new();
    let mut last = None;
    for _ in 0..RUNS {
        drop(last.take());
        let begun = Instant::now();
        last = Some(work()?);
        took.push(begun.elapsed().as_secs_f64());
    }
    Ok((took, last.ok_or(Error::NotFound)?))
}

fn rates(persons: usize, took: Vec<f64>) -> (f64, String) {
    crate::rates(took.into_iter().map(|seconds| persons as f64 / seconds).collect())
}

/// The households in blocks, each as columns.
struct People {
    blocks: Vec<Columns>,
    /// About what the terms of a household's sums come to (incomes, rent, its tax of a month): what rounding errors are measured by.
    terms: Vec<f64>,
}

impl People {
    fn read(folder: &Path) -> Result<People> {
        let column = |name: &str| whole(&folder.join(format!("{name}.i32")));
        let (starts, birth, adult) = (column("starts")?, column("birth")?, column("adult")?);
        let (salary, returns) = (column("salary")?, column("capital_returns")?);
        let (rent, size, status) =
            (column("rent")?, column("accommodation_size")?, column("housing_occupancy_status")?);
        let texts: std::sync::Arc<[std::sync::Arc<str>]> = STATUS.iter().map(|text| (*text).into()).collect();
        let start =
            |household: usize| starts.get(household).and_then(|n| usize::try_from(*n).ok()).unwrap_or(0);
        let mut people = People { blocks: Vec::new(), terms: Vec::new() };
        let mut first = 0;
        while first < rent.len() {
            let mut end = first + 1;
            while end < rent.len() && start(end + 1) - start(first) <= BLOCK {
                end += 1;
            }
            let (from, to) = (start(first), start(end));
            let persons = |column: &[i32]| column.get(from..to).unwrap_or_default().to_vec();
            let households = |column: &[i32]| column.get(first..end).unwrap_or_default().to_vec();
            let numbers = |column: Vec<i32>| Column::whole(column.into_iter().map(i64::from).collect());
            let members = Column::contexts([
                ("생일".to_owned(), Column::dates(persons(&birth))),
                ("급여".to_owned(), numbers(persons(&salary))),
                ("자본소득".to_owned(), numbers(persons(&returns))),
                ("성인".to_owned(), Column::bools(persons(&adult).iter().map(|one| *one != 0).collect())),
            ]);
            let places = (first..=end).filter_map(|household| u32::try_from(start(household) - from).ok());
            let mut columns = Columns::new(end - first);
            columns.insert("구성원", Column::lists(places.collect(), members));
            columns.insert("월세", numbers(households(&rent)));
            columns.insert("면적", numbers(households(&size)));
            let codes = households(&status).into_iter().filter_map(|code| u32::try_from(code).ok()).collect();
            columns.insert("점유", Column::Texts(Lanes::all(codes), texts.clone()));
            people.blocks.push(columns);
            let sum = |household| {
                let span = start(household)..start(household + 1);
                let all = [&salary, &returns].map(|column| column.get(span.clone()).unwrap_or_default());
                all.into_iter().flatten().map(|n| f64::from(*n)).sum::<f64>()
            };
            // twenty metres are the least that is taxed
            let home = |household: usize| {
                let of = |column: &[i32], least: i32| {
                    column.get(household).map_or(0.0, |n| f64::from((*n).max(least)))
                };
                of(&rent, 0) + of(&size, 20)
            };
            people.terms.extend((first..end).map(|household| sum(household) + home(household)));
            first = end;
        }
        Ok(people)
    }

    /// The lines of each block.
    fn lines(
        &self,
        rules: &RuleSet,
        parameters: &Parameters,
        on: jiff::civil::Date,
        threads: usize,
    ) -> Result<Vec<Vec<LineColumn>>> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(block) = self.blocks.get(number) else { return Ok::<_, Error>(done) };
                let lines = rules.lines_many(block, parameters, on);
                done.push((number, lines.map_err(|_| Error::internal("the rules don't run in columns"))?));
            }
        };
        let mut all = Vec::new();
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            all.extend(work()?);
            for other in others {
                all.extend(other.join().map_err(|_| Error::internal("a thread died"))??);
            }
            Ok::<(), Error>(())
        })?;
        all.sort_by_key(|(number, _)| *number);
        Ok(all.into_iter().map(|(_, lines)| lines).collect())
    }
}

/// The largest difference between theirs and ours.
#[derive(Default)]
struct Difference {
    compared: usize,
    exact: usize,
    largest: f64,
    at: String,
}

impl Difference {
    /// Holds one variable against its line. Theirs is rounded to 24 bits at each step; ours never is.
    fn hold(&mut self, name: &str, people: &People, lines: &[Vec<LineColumn>], theirs: &[f32]) -> Result<()> {
        let mut theirs = theirs.iter();
        let mut terms = people.terms.iter();
        for (block, lines) in people.blocks.iter().zip(lines) {
            let line = lines.iter().find(|line| line.id == name);
            let line = line.ok_or_else(|| Error::internal(format!("no line {name} in force")))?;
            let (ours, count) = match &line.values {
                Column::Lists { starts, items, .. } => {
                    (&**items, starts.last().and_then(|n| usize::try_from(*n).ok()).unwrap_or(0))
                }
                other => (other, block.len()),
            };
            let of_persons = matches!(line.values, Column::Lists { .. });
            for lane in 0..count {
                let (Value::Number(ours), Some(theirs)) = (ours.value(lane), theirs.next()) else {
                    return Err(Error::internal(format!("{name}: theirs and ours are not as many")));
                };
                let ours = ours.numerator() as f64 / ours.denominator() as f64;
                let terms = if of_persons { 0.0 } else { terms.next().copied().unwrap_or(0.0) };
                let difference = (f64::from(*theirs) - ours).abs();
                if difference > 4.0 * f64::from(f32::EPSILON) * (ours.abs() + terms) {
                    return Err(Error::internal(format!("{name}: theirs is {theirs}, ours {ours}")));
                }
                self.compared += 1;
                self.exact += usize::from(difference == 0.0);
                if difference > self.largest {
                    (self.largest, self.at) = (difference, format!("{name} {ours:.4}"));
                }
            }
        }
        if theirs.next().is_some() {
            return Err(Error::internal(format!("{name}: theirs and ours are not as many")));
        }
        Ok(())
    }

    fn say(&self) {
        figure(
            format!(
                "values of OpenFisca's country template equal to ours within four roundings of float32, of {}",
                thousands(self.compared as f64)
            ),
            format!(
                "all ({} to the last bit); largest difference {:.6} ({})",
                thousands(self.exact as f64),
                self.largest,
                self.at
            ),
            "all",
        );
    }
}

fn whole(file: &Path) -> Result<Vec<i32>> {
    let bytes = std::fs::read(file).map_err(|e| Error::internal(format!("{}: {e}", file.display())))?;
    Ok(bytes.as_chunks::<4>().0.iter().map(|four| i32::from_le_bytes(*four)).collect())
}

fn floats(file: &Path) -> Result<Vec<f32>> {
    let bytes = std::fs::read(file).map_err(|e| Error::internal(format!("{}: {e}", file.display())))?;
    Ok(bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect())
}

/// The most memory this process has had so far, in MB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number =
        kilobytes.and_then(|rest| rest.split_whitespace().next()).and_then(|n| n.parse::<f64>().ok());
    number.unwrap_or(0.0) * 1024.0 / 1e6
}

/// Their server, ended with the measurement.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        // It ends its worker when it is asked to; if it can't be asked, it is killed.
        let asked = Command::new("kill").arg(self.0.id().to_string()).status();
        if !asked.is_ok_and(|status| status.success()) {
            self.0.kill().ok();
        }
        self.0.wait().ok();
    }
}

/// One household asked over HTTP, a new connection each, one at a time.
fn one_household(place: &Place) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(Error::internal)?;
    let port = listener.local_addr().map_err(Error::internal)?.port();
    drop(listener);
    let child = Command::new(venv("openfisca"))
        .args(["serve", "--country-package", "openfisca_country_template", "--workers", "1"])
        .args(["--bind", &format!("127.0.0.1:{port}")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| Error::internal(format!("{}: {e}", venv("openfisca").display())))?;
    let served = Served(child);
    let couple = json!({
        "persons": {
            "one": { "birth": { "ETERNITY": "1980-01-01" }, "salary": { "2017-01": 4_000 } },
            "two": { "birth": { "ETERNITY": "1984-01-01" }, "salary": { "2017-01": 2_500 } },
        },
        "households": { "_": {
            "adults": ["one", "two"], "disposable_income": { "2017-01": null },
            "total_benefits": { "2017-01": null }, "total_taxes": { "2017-01": null },
        } },
    });
    let theirs = asked(port, "/calculate", &couple.to_string(), (REQUESTS / place.less).max(20))?;
    drop(served);
    let server = Server::start(&place.program, &place.folder.join("household"), &[])?;
    let resident = json!({
        "facts": { "나이": 37, "성별": "여성", "거주지": "서울특별시 종로구", "가구.중위소득비율": 120, "구직자": false },
        "limit": 50,
    });
    let ours =
        asked(server.port, "/api/v1/eligibility", &resident.to_string(), (REQUESTS / place.less).max(20))?;
    figure(
        "OpenFisca's web API, three variables of one household: p50 / p99",
        format!("{:.2} ms / {:.2} ms", quantile(&theirs, 0.5), quantile(&theirs, 0.99)),
        "",
    );
    figure(
        "our API, every service of the catalogue for one resident, asked the same way: p50 / p99",
        format!("{:.2} ms / {:.2} ms", quantile(&ours, 0.5), quantile(&ours, 0.99)),
        "",
    );
    let ratio = quantile(&theirs, 0.5) / quantile(&ours, 0.5);
    figure("ratio of OpenFisca's web API to ours, p50", format!("{ratio:.1}"), "");
    Ok(())
}

/// The milliseconds each took, sorted.
fn asked(port: u16, path: &str, body: &str, requests: usize) -> Result<Vec<f64>> {
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let ask = || {
        Client::connect(port).and_then(|mut client| client.send(request.as_bytes()).map(|(status, _)| status))
    };
    let begun = Instant::now();
    while ask().is_err() {
        if begun.elapsed() > Duration::from_secs(60) {
            return Err(Error::internal(format!("nothing answers {path} within a minute")));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let mut took = Vec::with_capacity(requests);
    for n in 0..requests + requests / 10 {
        let begun = Instant::now();
        let status = ask().map_err(Error::internal)?;
        if status != 200 {
            return Err(Error::internal(format!("{path} answers {status}")));
        }
        // the first tenth warms up
        if n >= requests / 10 {
            took.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
    }
    took.sort_by(f64::total_cmp);
    Ok(took)
}
