//! One program: serve, demo, import, new-service, check, audit, standard, population.

// The command line speaks on standard output; logs go to standard error.
#![allow(clippy::print_stdout)]

mod admin;
mod check;
mod import;
mod new_service;
mod owed;
mod replay;
mod screen;
mod standard;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use maru::{
    population::{self, Making},
    serve::{self, Serving, Where},
    wire,
};
use maru_definition::import::Withdrawing;
use maru_kernel::{Error, Result};
use tracing_subscriber::EnvFilter;

/// Gives memory back after bursts (hashing passwords, seeding a catalogue); the system's allocator keeps it.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "maru", version, about = "A digital government in one program")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve a small country of fictional people
    Demo(Serving),
    /// Serve what the data folder holds
    Serve(Serving),
    /// Bring a catalogue up to date; a program that runs on it takes it over within seconds
    Import {
        #[command(subcommand)]
        what: Importing,
    },
    /// Validate packs and run their cases
    Check {
        /// A pack, or a folder of packs
        folder: PathBuf,
    },
    /// Begin a new public service: its folder with small files that are right as they stand
    NewService {
        /// A pack, such as packs/kr
        pack: PathBuf,
        /// The agency that owns it and the id of the service, such as mohw/winter-heating
        name: String,
    },
    /// What an operator does
    Admin {
        #[command(subcommand)]
        what: admin::Admin,
    },
    /// A site against the digital service standard
    Standard {
        #[command(subcommand)]
        what: standard::Standard,
    },
    /// Work a notice of the welfare membership out again, from the facts and the law of its day
    Replay {
        /// The notice: the end of its page's address
        notice: String,
        /// Why; the person reads it in their access log
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        place: Where,
    },
    /// Work out what is owed when facts of the past turn out to have been others: month by month, by the law of each
    Owed(owed::Asked),
    /// Make a country of persons in households who don't exist, from published counts and written assumptions
    Population(Making),
    /// The whole catalogue over a whole population: who qualifies for what, and why
    Screen(screen::Screen),
    /// Recompute the access ledger
    Audit {
        #[command(flatten)]
        place: Where,
    },
}

#[derive(Subcommand)]
enum Importing {
    /// The national catalogue of benefits: its Open API, or a folder of saved pages. The key is read from GOV24_SERVICE_KEY
    Gov24 {
        /// https://…/api or a folder with serviceList.001.json, serviceDetail.001.json, supportConditions.001.json, …
        #[arg(long)]
        from: String,
        #[command(flatten)]
        whole: Whole,
        #[command(flatten)]
        place: Where,
    },
    /// The list of 복지로, beside the national catalogue: services of both become one
    Bokjiro {
        /// services_….jsonl or services_….jsonl.gz, or a folder with it and details_….jsonl
        #[arg(long)]
        from: PathBuf,
        #[command(flatten)]
        whole: Whole,
        #[command(flatten)]
        place: Where,
    },
    /// A decision table from a .dmn file, as rules of a service
    Dmn(import::Dmn),
}

#[derive(clap::Args)]
struct Whole {
    /// The list is whole although more than a tenth of what it holds would be withdrawn
    #[arg(long)]
    withdraw_many: bool,
}

impl Whole {
    fn withdrawing(&self) -> Withdrawing {
        if self.withdraw_many { Withdrawing::Many } else { Withdrawing::Asks }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| {
        EnvFilter::new(if matches!(cli.command, Command::Serve(_)) { "info" } else { "warn" })
    });
    tracing_subscriber::fmt()
        .json()
        .with_span_list(false)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    // Reads of the embedded database run where they are asked: a thread may wait for a disk while others go on.
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.saturating_mul(2).max(4))
        .enable_all()
        .build()
        .map_err(Error::internal)
        .and_then(|runtime| runtime.block_on(run(cli)));
    match outcome {
        Ok(code) => code,
        Err(e) => {
            let told = match e {
                Error::Internal(cause) => cause,
                other => other.to_string(),
            };
            eprintln!("maru: {told}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<ExitCode> {
    match cli.command {
        Command::Demo(serving) => serve::serve(serving, true).await,
        Command::Serve(serving) => serve::serve(serving, false).await,
        Command::Import { what: Importing::Gov24 { from, whole, place } } => {
            import::gov24(&from, whole.withdrawing(), &place.place()).await
        }
        Command::Import { what: Importing::Bokjiro { from, whole, place } } => {
            import::bokjiro(&from, whole.withdrawing(), &place.place()).await
        }
        Command::Import { what: Importing::Dmn(dmn) } => Ok(import::dmn(&dmn)),
        Command::Admin { what } => admin::run(what).await,
        Command::NewService { pack, name } => Ok(new_service::begin(&pack, &name)),
        Command::Check { folder } => Ok(check::check(&folder)),
        Command::Standard { what } => standard::run(what).await,
        Command::Replay { notice, reason, place } => replay::replay(&notice, &reason, &place.place()).await,
        Command::Owed(asked) => owed::run(&asked),
        Command::Screen(what) => screen::run(&what).await,
        Command::Population(making) => population::run(&making).await,
        Command::Audit { place } => {
            let store = wire::open_store(&place.place(), &wire::rooms(maru_message::Post::None)).await?;
            let audit = maru_record::audit(&store).await?;
            for fault in &audit.faults {
                println!("{fault}");
            }
            println!(
                "{} links, {} entries, {} faults, head {}",
                audit.links,
                audit.entries,
                audit.faults.len(),
                audit.head
            );
            Ok(if audit.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}
