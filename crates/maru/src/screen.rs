//! `maru screen`: the whole catalogue over a whole population.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use maru_definition::{Definitions, Nation};
use maru_kernel::{Clock, Date, Error, Lang, Result};
use maru_message::Post;
use maru_policy::{Head, Kept, Progress, Region, Screened, Screening, Stuck, Which};
use maru_rules::{Answer, Ratio};
use serde_json::json;

use maru::{population, serve::Where, wire};

#[derive(Args)]
pub struct Screen {
    /// How many persons are made
    #[arg(long, default_value_t = 100_000)]
    persons: u64,
    /// The same seed on the same day makes the same persons
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The day whose law counts, and on which they have their ages; today when left out
    #[arg(long)]
    on: Option<Date>,
    /// How many cores work; all when left out
    #[arg(long)]
    threads: Option<usize>,
    /// One line of JSON instead of a table
    #[arg(long)]
    json: bool,
    /// Why a person, by number from 0, does or doesn't qualify for a service, by its id
    #[arg(long, num_args = 2, value_names = ["PERSON", "SERVICE"])]
    explain: Option<Vec<String>>,
    /// Move one parameter of a service written in depth: its id, and NAME=NUMBER, or NAME[ENTRY]=NUMBER where it has several
    #[arg(long, num_args = 2, value_names = ["SERVICE", "PARAMETER=NUMBER"], conflicts_with = "explain")]
    turn: Option<Vec<String>>,
    /// Keep who qualifies for what in a file; a run that was cut short goes on from there
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
    /// What has changed since an older run that was kept: who newly qualifies for what, and who no longer does
    #[arg(long, value_name = "FILE", requires = "keep")]
    since: Option<PathBuf>,
    /// The catalogue of this country, rather than the one that ships
    #[command(flatten)]
    place: Where,
}

/// Services that a table shows: those that reach most people first.
const SHOWN: usize = 20;

pub async fn run(screen: &Screen) -> Result<ExitCode> {
    let begun = Instant::now();
    let now = wire::Running::from(None).now();
    let on = screen.on.unwrap_or_else(|| now.date());
    let nation = nation(screen).await?;
    let marginals = population::marginals(&nation.pack)?;
    let people = population::of(&nation.pack, screen.persons, screen.seed, on)?;
    let screening = Screening::new(Arc::new(nation), Arc::new(marginals), Arc::new(people), on);
    let opened = begun.elapsed();
    if let Some([person, service]) = screen.explain.as_deref() {
        return explain(&screening, person, service);
    }

    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let threads = screen.threads.unwrap_or(cores).max(1);
    if let Some([service, change]) = screen.turn.as_deref() {
        return turn(&screening, service, change, threads, screen.json);
    }
    let bar = bar(screen.persons)?;
    let progress = Progress::default();
    let show = || bar.set_position(progress.persons.load(Ordering::Relaxed));
    let screened = match &screen.keep {
        None => watched(&progress, &show, || Ok(screening.run(threads, &progress, Vec::new(), None)))?,
        Some(path) => watched(&progress, &show, || keep(&screening, path, threads, &progress))?,
    };
    bar.finish_and_clear();
    if screen.json {
        println!("{}", summary(&screening, &screened, opened, begun.elapsed()));
    } else {
        table(&screening, &screened);
    }
    if let (Some(new), Some(old)) = (&screen.keep, &screen.since) {
        since(&screening, new, old)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows how far it is while it works.
fn watched<T>(progress: &Progress, show: &(dyn Fn() + Sync), work: impl FnOnce() -> Result<T>) -> Result<T> {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) && !progress.stop.load(Ordering::Relaxed) {
                show();
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        let worked = work();
        done.store(true, Ordering::Relaxed);
        worked
    })
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    move |e| Error::Internal(format!("{}: {e}", path.display()))
}

/// A run whose regions are kept as they are done.
fn keep(screening: &Screening, path: &Path, threads: usize, progress: &Progress) -> Result<Screened> {
    let mut kept = Kept::go_on(path, &Head::of(screening)).map_err(failed(path))?;
    let areas: Vec<usize> = kept.areas().collect();
    let mut known = Vec::new();
    for area in areas {
        let region = kept.region(area).map_err(failed(path))?;
        known.extend(region.map(|region| screening.found(&region)));
    }
    let persons: u64 = known.iter().flat_map(|found| &found.people).map(|n| u64::from(*n)).sum();
    progress.persons.store(persons, Ordering::Relaxed);
    let file = Mutex::new((kept, None));
    let add = |region: Region| {
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(e) = file.0.add(&region) {
            file.1 = Some(e);
            progress.stop.store(true, Ordering::Relaxed);
        }
    };
    let screened = screening.run(threads, progress, known, Some(&add));
    match file.into_inner().unwrap_or_else(PoisonError::into_inner).1 {
        Some(e) => Err(failed(path)(e)),
        None => Ok(screened),
    }
}

fn since(screening: &Screening, new: &Path, old: &Path) -> Result<()> {
    let mut before = Kept::open(old).map_err(failed(old))?;
    let mut after = Kept::open(new).map_err(failed(new))?;
    let changes = after.since(&mut before).map_err(failed(old))?;
    println!("{} services reach others than on {}", changes.len(), before.head.on);
    let mut changes: Vec<_> = changes.into_iter().collect();
    changes.sort_by_key(|(_, change)| std::cmp::Reverse(change.new + change.gone));
    println!("{:>12} {:>12}  service", "newly", "no longer");
    for (id, change) in changes.iter().take(SHOWN) {
        let name = screening.find(id).map_or("", |service| screening.name(service, Lang::Ko));
        println!("{:>12} {:>12}  {id} {name}", change.new, change.gone);
    }
    Ok(())
}

/// The services of a folder or database; without one, those that ship.
async fn nation(screen: &Screen) -> Result<Nation> {
    let now = wire::Running::from(None).now();
    let place = screen.place.place();
    let aside = std::env::temp_dir().join(format!("maru-screen-{}", std::process::id()));
    let is_there = screen.place.database.is_some() || screen.place.data.join("maru.db").exists();
    let place = if is_there { place } else { maru_store::Place::new(&aside, None) };
    let definitions = async {
        let store = wire::open_store(&place, &wire::rooms(Post::None)).await?;
        Definitions::open(store, wire::pack()?, now).await
    };
    let nation = definitions.await.map(|definitions| definitions.nation());
    if !is_there {
        // nothing of it is needed any more; what can't be removed is the system's to clean
        let _ = std::fs::remove_dir_all(&aside);
    }
    nation
}

fn bar(persons: u64) -> Result<ProgressBar> {
    let bar = ProgressBar::with_draw_target(Some(persons), ProgressDrawTarget::stderr());
    let style =
        ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len} {eta}").map_err(Error::internal)?;
    bar.set_style(style);
    Ok(bar)
}

fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

fn summary(screening: &Screening, screened: &Screened, opened: Duration, whole: Duration) -> String {
    let cores = u32::try_from(screened.threads).unwrap_or(1).max(1);
    json!({
        "persons": screened.persons(),
        "services": screening.services(),
        "hits": screened.hits(),
        "seconds": {
            "open": seconds(opened),
            "population": seconds(screened.spent.population / cores),
            "catalogue": seconds(screened.spent.catalogue / cores),
            "rules": seconds(screened.spent.rules / cores),
            "whole": seconds(whole),
        },
        "threads": screened.threads,
        "one_by_one": screened.alone(),
        "peak_bytes": peak_bytes(),
    })
    .to_string()
}

/// The most memory this program ever held, as the system counts it.
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

fn table(screening: &Screening, screened: &Screened) {
    println!("{} persons, {} services, {} hits", screened.persons(), screening.services(), screened.hits());
    let mut counts = screened.counts(screening);
    counts.sort_by_key(|count| std::cmp::Reverse(count.yes));
    println!("{:>12} {:>12} {:>18}  service", "qualify", "not known", "won together");
    let written = counts.iter().filter(|count| count.deep);
    for count in written.chain(counts.iter().filter(|count| !count.deep).take(SHOWN)) {
        let won = count.won.map_or_else(String::new, |won| won.to_string());
        let name = screening.name(count.service, Lang::Ko);
        println!("{:>12} {:>12} {won:>18}  {} {name}", count.yes, count.unknown, screening.id(count.service));
    }
}

fn explain(screening: &Screening, person: &str, service: &str) -> Result<ExitCode> {
    let number = person.parse().map_err(|_| {
        Error::Internal(format!("{person} is no person's number; persons are counted from 0"))
    })?;
    let Some(found) = screening.person(number) else {
        return Err(Error::Internal(format!(
            "there is no person {number}; --persons says how many there are"
        )));
    };
    let Some(explained) = screening.explain(&found, service) else {
        return Err(Error::Internal(format!("there is no service {service}; `maru screen` lists some")));
    };
    println!("{number}: {} years, {}", found.profile.age, found.area);
    let word = |answer: Answer| match answer {
        Answer::Yes => "yes",
        Answer::No => "no",
        Answer::Unknown => "not yet known",
    };
    let won = explained.amount.map_or_else(String::new, |won| format!(", {won} won"));
    println!("{service}: {}{won}", word(explained.answer));
    for reason in &explained.reasons {
        let part = |value: &Option<String>, before: &str| {
            value.as_ref().map_or_else(String::new, |v| format!("{before}{v}"))
        };
        println!(
            "  {:<14} {}{}{}  {}",
            word(reason.answer),
            reason.what,
            part(&reason.value, " "),
            part(&reason.limit, " against "),
            reason.article
        );
    }
    for name in &explained.missing {
        println!("  not known: {name}");
    }
    Ok(ExitCode::SUCCESS)
}

/// `NAME=NUMBER` or `NAME[ENTRY]=NUMBER`.
fn read_change(text: &str) -> Option<(&str, Option<&str>, Ratio)> {
    let (place, number) = text.split_once('=')?;
    let (name, entry) = match place.split_once('[') {
        Some((name, entry)) => (name, Some(entry.strip_suffix(']')?)),
        None => (place, None),
    };
    Some((name, entry, Ratio::parse(number)?))
}

fn stuck(why: &Stuck, service: &str, change: &str) -> Error {
    Error::Internal(match why {
        Stuck::Service => {
            format!("no service written in depth is called {service}; `maru screen` lists them")
        }
        Stuck::Parameter => {
            format!("{service} does not read the parameter of {change}; see packs/kr/parameters.toml")
        }
        Stuck::Entry => {
            format!("{change} is no number of that parameter: NAME=NUMBER, or NAME[ENTRY]=NUMBER")
        }
        Stuck::Slow => format!("the rules of {service} can't be turned for many at once"),
        Stuck::Stopped => "stopped".to_owned(),
    })
}

fn turn(screening: &Screening, id: &str, change: &str, threads: usize, as_json: bool) -> Result<ExitCode> {
    let failed = |why: Stuck| stuck(&why, id, change);
    let Some(Which::Deep(service)) = screening.find(id) else { return Err(failed(Stuck::Service)) };
    let (name, entry, number) = read_change(change).ok_or_else(|| failed(Stuck::Entry))?;
    let value =
        screening.nation.pack.parameters.at(name, screening.on).ok_or_else(|| failed(Stuck::Parameter))?;
    let value = maru_policy::with_entry(value, entry, number).ok_or_else(|| failed(Stuck::Entry))?;
    let progress = Progress::default();
    let turning = screening.turning(service, name, threads, &progress).map_err(failed)?;
    let effect = screening.turn(&turning, value, threads).map_err(failed)?;
    let all = &effect.all;
    if as_json {
        println!(
            "{}",
            json!({
                "persons": screening.population.persons(),
                "concerned": turning.persons(),
                "asked": effect.asked,
                "before": all.before, "after": all.after,
                "gain": all.gain, "lose": all.lose, "more": all.more, "less": all.less,
                "won_before": all.won_before, "won_after": all.won_after,
                "seconds": { "prepare": seconds(turning.wall), "turn": seconds(effect.wall) },
                "peak_bytes": peak_bytes(),
            })
        );
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} persons, {} of them can be concerned", screening.population.persons(), turning.persons());
    println!("qualify   {} before, {} after: {} gain, {} lose", all.before, all.after, all.gain, all.lose);
    println!("paid      {} more, {} less", all.more, all.less);
    println!("won       {} before, {} after", all.won_before, all.won_after);
    println!("prepared in {:?}, turned in {:?}", turning.wall, effect.wall);
    Ok(ExitCode::SUCCESS)
}
