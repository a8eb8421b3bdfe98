//! `maru owed`: what is owed when facts of the past turn out to have been others.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use maru_definition::{Entitled, History, NoTerms, Pack, month, owed};
use maru_kernel::{Date, Error, Result, Won};

#[derive(Args)]
pub struct Asked {
    /// The service, by its id
    #[arg(long)]
    service: String,
    /// The first month, as 2025-01
    #[arg(long, value_parser = read_month)]
    from: Date,
    /// The last month
    #[arg(long, value_parser = read_month)]
    to: Date,
    /// What was held to be so: a file with one set of facts, or [{"from": "2025-01", "facts": {…}}, …]
    #[arg(long, value_name = "FILE")]
    before: PathBuf,
    /// What is now known to have been so, in the same form
    #[arg(long, value_name = "FILE")]
    now: PathBuf,
    /// One line of JSON instead of a table
    #[arg(long)]
    json: bool,
    /// The country's pack, rather than the one that ships
    #[arg(long, value_name = "FOLDER")]
    pack: Option<PathBuf>,
}

fn read_month(text: &str) -> std::result::Result<Date, String> {
    month(text).ok_or_else(|| "write a month as 2025-01".to_owned())
}

fn facts(pack: &Pack, path: &Path) -> Result<History> {
    let wrong = |why: String| Error::internal(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|e| wrong(e.to_string()))?;
    let json = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
    History::read(pack, &json).map_err(wrong)
}

fn shown(one: &Entitled) -> String {
    one.won.map_or_else(|| "not known".to_owned(), |won| Won(won).to_string())
}

pub fn run(asked: &Asked) -> Result<ExitCode> {
    let pack = match &asked.pack {
        Some(folder) => Pack::read(folder),
        None => Pack::embedded(),
    };
    let pack = pack.map_err(|faults| {
        Error::internal(faults.first().map_or("the pack can't be read".to_owned(), ToString::to_string))
    })?;
    let service = pack.services.iter().find(|service| service.id == asked.service);
    let service = service
        .ok_or_else(|| Error::internal(format!("no service {} is written in depth", asked.service)))?;
    let (before, now) = (facts(&pack, &asked.before)?, facts(&pack, &asked.now)?);
    let law = (&service.rules, &pack.parameters, service.pays);
    let found = owed(law, (asked.from, asked.to), &before, &now).map_err(|why| {
        Error::internal(match why {
            NoTerms::Unpaid => "this service pays nothing",
            NoTerms::Backwards => "the last month is before the first",
            NoTerms::TooLong => "fifty years at most",
        })
    })?;
    if asked.json {
        println!("{}", found.to_json());
        return Ok(ExitCode::SUCCESS);
    }
    println!("{:<12}{:>16}{:>16}{:>16}", "month", "before", "now", "difference");
    for term in &found.terms {
        let difference = term.difference.map_or_else(|| "not known".to_owned(), |won| Won(won).to_string());
        println!("{:<12}{:>16}{:>16}{difference:>16}", term.on, shown(&term.before), shown(&term.now));
    }
    match found.total {
        Some(0) => println!("nothing is owed"),
        Some(won) if won > 0 => println!("{} won are still to be paid", Won(won)),
        Some(won) => println!("{} won are to be paid back", Won(won.saturating_neg())),
        None => println!("not known yet; to be known first: {}", found.missing.join(", ")),
    }
    Ok(ExitCode::SUCCESS)
}
