//! `maru-measure NAME --program target/release/maru [--postgres postgres://…]`: called by `cargo xtask bench`, which builds both.
//! Each line it prints is one figure: what, value, promise, divided by tabs.

// A command line tool: what it finds goes to standard output. Rates are rounded on purpose.
#![allow(clippy::print_stdout, clippy::as_conversions)]

mod catalogue;
mod chunks;
mod desk;
mod floor;
mod holiday;
mod http;
mod nation;
mod openfisca;
mod pages;
mod peers;
mod resident;
mod restore;
mod seed;
mod server;
mod submit;
mod transitions;

use std::{path::PathBuf, process::ExitCode, time::Instant};

use maru_kernel::{Error, Result};

#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a measurement works with.
pub struct Place {
    pub program: PathBuf,
    pub folder: PathBuf,
    pub postgres: Option<String>,
    /// Divides the amounts of work, for trying the tool itself.
    pub less: usize,
    /// For the soak.
    pub minutes: u64,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("maru-measure: {e}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let mut place = Place {
        program: PathBuf::from("target/release/maru"),
        folder: std::env::temp_dir().join(format!("maru-measure-{}", std::process::id())),
        postgres: None,
        less: 1,
        minutes: 120,
    };
    while let (Some(flag), Some(value)) = (arguments.next(), arguments.next()) {
        let number =
            || value.parse::<usize>().map_err(|_| Error::internal(format!("{flag} {value} is no number")));
        match flag.as_str() {
            "--program" => place.program = value.into(),
            "--folder" => place.folder = value.into(),
            "--postgres" => place.postgres = Some(value),
            "--less" => place.less = number()?.max(1),
            "--minutes" => place.minutes = u64::try_from(number()?).unwrap_or(120),
            _ => return Err(Error::internal(format!("no flag {flag}"))),
        }
    }
    std::fs::create_dir_all(&place.folder).map_err(Error::internal)?;
    let outcome = match name.as_str() {
        "submit" => submit::run(&place),
        "transitions" => transitions::run(&place),
        "pages" => pages::run(&place),
        "soak" => pages::soak(&place),
        "restore" => restore::run(&place),
        "chunks" => chunks::run(&place),
        "desk" => desk::run(&place),
        "catalogue" => catalogue::run(&place),
        "nation" => nation::run(&place),
        "openfisca" => openfisca::run(&place),
        "resident" => resident::run(&place),
        // The folder is its parent's.
        "chunks-work" => return chunks::work(&place),
        "holiday" => holiday::run(&place),
        "holiday-work" => return holiday::work(&place),
        _ => Err(Error::internal(
            "submit | transitions | pages | soak | restore | chunks | holiday | desk | catalogue | nation | openfisca | resident",
        )),
    };
    std::fs::remove_dir_all(&place.folder).ok();
    outcome
}

pub fn figure(what: impl std::fmt::Display, value: impl std::fmt::Display, promised: impl std::fmt::Display) {
    println!("{what}\t{value}\t{promised}");
}

pub fn rate(count: usize, since: Instant) -> f64 {
    count as f64 / since.elapsed().as_secs_f64()
}

/// The middle and the spread of some runs: `6,214/s (5,900–6,400)`.
pub fn rates(mut runs: Vec<f64>) -> (f64, String) {
    runs.sort_by(f64::total_cmp);
    let at = |n: usize| runs.get(n).copied().unwrap_or(0.0);
    let middle = at(runs.len() / 2);
    let shown = format!(
        "{}/s ({}–{})",
        thousands(middle),
        thousands(at(0)),
        thousands(at(runs.len().saturating_sub(1)))
    );
    (middle, shown)
}

pub fn thousands(n: f64) -> String {
    maru_kernel::Won(n.round() as i64).to_string()
}

pub fn quantile(sorted: &[f64], of: f64) -> f64 {
    let place = (sorted.len() as f64 * of) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or(0.0)
}
