//! `maru population`: makes a country of persons who don't exist, into a file, as a table to read, or to see how long it takes.

use std::{
    fs::File,
    io::{BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use maru_kernel::{Clock, Date, Error, Result};
use maru_population::{Block, Fault, Marginals, Population, Reader, Role, Summary, Writer};
use maru_rules::Value;

use crate::wire;

pub use maru_policy::people::{marginals, of};

#[derive(Debug, Clone, Args)]
pub struct Making {
    /// How many
    #[arg(long, required_unless_present = "check")]
    persons: Option<u64>,
    /// The same seed on the same day gives the same bytes
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The day on which they have their ages, such as 2026-11-02; today when left out
    #[arg(long)]
    on: Option<Date>,
    /// Where to write; without it they are made and counted only
    #[arg(long)]
    out: Option<PathBuf>,
    /// A table to read instead, of at most 100000 persons; to standard output without --out
    #[arg(long)]
    csv: bool,
    /// Read a file wholly and say what is in it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["persons", "out", "csv"])]
    check: Option<PathBuf>,
}

/// A table is for people.
const READABLE: u64 = 100_000;
/// Blocks made at a time on each core: what is in memory is bounded by this, not by how many persons there are.
const AT_A_TIME: u64 = 32;

fn failed(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    move |e| Error::Internal(format!("{}: {e}; make room, or name another file", path.display()))
}

/// Every block in order: made on all cores, handed on one by one.
pub fn each(of: &Population, mut take: impl FnMut(Block) -> Result<()>) -> Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let blocks = of.blocks();
    let share = u64::try_from(cores).unwrap_or(1) * AT_A_TIME;
    let mut first = 0;
    while first < blocks {
        let end = blocks.min(first + share);
        let made: Vec<Vec<Block>> = std::thread::scope(|scope| {
            let workers: Vec<_> = (first..end)
                .step_by(usize::try_from(AT_A_TIME).unwrap_or(1))
                .map(|from| {
                    let to = end.min(from + AT_A_TIME);
                    scope.spawn(move || (from..to).filter_map(|n| of.block(n)).collect::<Vec<Block>>())
                })
                .collect();
            workers.into_iter().map(|worker| worker.join().unwrap_or_default()).collect()
        });
        let made: Vec<Block> = made.into_iter().flatten().collect();
        if u64::try_from(made.len()).unwrap_or(0) != end - first {
            return Err(Error::internal(format!("a block of {first} to {end} could not be made")));
        }
        made.into_iter().try_for_each(&mut take)?;
        first = end;
    }
    Ok(())
}

pub async fn run(making: &Making) -> Result<ExitCode> {
    let making = making.clone();
    // The making keeps all cores busy; the runtime's own threads must not wait for it.
    tokio::task::spawn_blocking(move || made(&making)).await.map_err(Error::internal)??;
    Ok(ExitCode::SUCCESS)
}

fn made(making: &Making) -> Result<()> {
    let pack = wire::pack()?;
    if let Some(path) = &making.check {
        return check(path, &marginals(&pack)?);
    }
    let persons = making.persons.unwrap_or(0);
    let on = making.on.unwrap_or_else(|| wire::Running::from(None).now().date());
    let population = of(&pack, persons, making.seed, on)?;
    if making.csv {
        return match &making.out {
            Some(path) => whole(path, |out| table(&population, &marginals(&pack)?, out)),
            None => table(&population, &marginals(&pack)?, &mut std::io::stdout().lock()),
        };
    }
    let started = Instant::now();
    let marginals = marginals(&pack)?;
    let summary = match &making.out {
        Some(path) => {
            let mut summary = None;
            whole(path, |out| {
                summary = Some(written(&population, &marginals, out)?);
                Ok(())
            })?;
            summary.ok_or_else(|| Error::internal("nothing was written"))?
        }
        None => written(&population, &marginals, &mut std::io::sink())?,
    };
    say(&summary, making.seed, on, started.elapsed())
}

/// Writes beside the file and puts it in place when it is whole, so that nobody meets a part of one.
fn whole(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> Result<()>) -> Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let outcome = File::create(&part).map_err(failed(&part)).and_then(|file| {
        let mut out = BufWriter::with_capacity(1 << 20, file);
        write(&mut out)?;
        out.flush().map_err(failed(&part))?;
        out.get_ref().sync_all().map_err(failed(&part))?;
        std::fs::rename(&part, path).map_err(failed(path))
    });
    if outcome.is_err() {
        drop(std::fs::remove_file(&part));
    }
    outcome
}

fn bar(persons: u64) -> Result<ProgressBar> {
    let bar = ProgressBar::with_draw_target(Some(persons), ProgressDrawTarget::stderr());
    bar.set_style(
        ProgressStyle::with_template("persons {wide_bar} {pos}/{len} {eta}").map_err(Error::internal)?,
    );
    Ok(bar)
}

fn written(of: &Population, marginals: &Marginals, out: &mut impl Write) -> Result<Summary> {
    let unwritten = |e: std::io::Error| Error::Internal(format!("it can't be written: {e}; make room"));
    let bar = bar(of.persons())?;
    let mut writer = Writer::new(out, of, marginals).map_err(unwritten)?;
    let outcome = each(of, |block| {
        bar.inc(u64::try_from(block.len()).unwrap_or(0));
        writer.write(&block).map_err(unwritten)
    });
    bar.finish_and_clear();
    outcome?;
    writer.finish().map(|(_, summary)| summary).map_err(unwritten)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn say(of: &Summary, seed: u64, on: Date, took: Duration) -> Result<()> {
    writeln!(
        std::io::stdout().lock(),
        "{} persons in {} households, {} blocks, seed {seed}, on {on}; {}.{:03} s, {} bytes, sha256 {}",
        of.persons,
        of.households,
        of.blocks,
        took.as_secs(),
        took.subsec_millis(),
        of.bytes,
        hex(&of.sha256)
    )
    .map_err(Error::internal)
}

fn check(path: &Path, marginals: &Marginals) -> Result<()> {
    let bad = |fault: Fault| Error::Internal(format!("{}: {fault}", path.display()));
    let file =
        File::open(path).map_err(|e| Error::Internal(format!("{}: {e}; name a file", path.display())))?;
    let mut reader = Reader::open(BufReader::with_capacity(1 << 20, file), marginals).map_err(bad)?;
    let header = reader.header().clone();
    let bar = bar(header.persons)?;
    let (mut households, mut blocks) = (0_u64, 0_u64);
    loop {
        match reader.block() {
            Ok(Some(block)) => {
                bar.inc(u64::try_from(block.len()).unwrap_or(0));
                households += u64::try_from(block.households()).unwrap_or(0);
                blocks += 1;
            }
            Ok(None) => break,
            Err(fault) => {
                bar.finish_and_clear();
                return Err(bad(fault));
            }
        }
    }
    bar.finish_and_clear();
    writeln!(
        std::io::stdout().lock(),
        "{} persons in {households} households, {blocks} blocks, seed {}, on {}: whole",
        header.persons,
        header.seed,
        header.on
    )
    .map_err(Error::internal)
}

const SHOWN: [&str; 12] = [
    "성별",
    "나이",
    "출생연도",
    "거주지",
    "근로소득",
    "사업소득",
    "국민연금.급여액",
    "가구.월소득",
    "가구.중위소득비율",
    "주거.형태",
    "가구.주거용재산",
    "가구.금융재산",
];

/// A line a person: household, role, some facts.
fn table(of: &Population, marginals: &Marginals, out: &mut impl Write) -> Result<()> {
    if of.persons() > READABLE {
        return Err(Error::Internal(format!(
            "{} persons are too many for a table; ask for at most {READABLE}, or leave out --csv",
            of.persons()
        )));
    }
    let unwritten = |e: std::io::Error| Error::Internal(format!("the table can't be written: {e}"));
    writeln!(out, "area,household,role,{}", SHOWN.join(",")).map_err(unwritten)?;
    let mut before = 0;
    each(of, |block| {
        let columns = block.columns(SHOWN);
        let code = marginals.areas().get(block.area()).map_or("", |area| area.code.as_str());
        for (lane, (house, role)) in block.houses().iter().zip(block.roles()).enumerate() {
            let role = match role {
                Role::Head => "head",
                Role::Spouse => "spouse",
                Role::Child => "child",
                Role::Grandchild => "grandchild",
                Role::Elder => "elder",
                Role::Other => "other",
            };
            write!(out, "{code},{},{role}", before + u64::from(*house) + 1).map_err(unwritten)?;
            for name in SHOWN {
                let value = columns.get(name).map_or(Value::Unknown, |column| column.value(lane));
                match value {
                    Value::Number(n) => match n.decimal() {
                        Some(decimal) => write!(out, ",{decimal}"),
                        None => write!(out, ",{n}"),
                    },
                    Value::Text(text) => write!(out, ",{text}"),
                    Value::Bool(holds) => write!(out, ",{holds}"),
                    _ => write!(out, ","),
                }
                .map_err(unwritten)?;
            }
            writeln!(out).map_err(unwritten)?;
        }
        before += u64::try_from(block.households()).unwrap_or(0);
        Ok(())
    })?;
    out.flush().map_err(unwritten)
}
