//! `maru import`: a progress bar, the rows that could not be used, one line of counts; and decision tables of others as rules.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use maru::wire;
use maru_definition::{
    Definitions,
    import::{self, Progress, Report, Source, Withdrawing},
};
use maru_dmn::{Legal, Model, take_over};
use maru_kernel::{At, Clock, Error, Result};
use maru_message::Post;
use maru_store::Place;

/// More than these are counted only.
const SHOWN: usize = 20;

/// Shows how far an import is.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Result<Bar> {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style =
            ProgressStyle::with_template("{msg:20} {wide_bar} {pos}/{len} {eta}").map_err(Error::internal)?;
        bar.set_style(style);
        Ok(Bar(bar))
    }

    fn show(&self, progress: Progress) {
        self.0.set_length(u64::try_from(progress.of).unwrap_or(u64::MAX));
        self.0.set_position(u64::try_from(progress.done).unwrap_or(u64::MAX));
        self.0.set_message(progress.step);
    }
}

async fn definitions(place: &Place) -> Result<(Definitions, At)> {
    let now = wire::Running::from(None).now();
    let store = wire::open_store(place, &wire::rooms(Post::None)).await?;
    Ok((Definitions::open(store, wire::pack()?, now).await?, now))
}

fn told(report: &Report) -> ExitCode {
    for (place, what) in report.unusable.iter().take(SHOWN) {
        println!("{place}: {what}");
    }
    if report.unusable.len() > SHOWN {
        println!("… and {} more rows that could not be used", report.unusable.len() - SHOWN);
    }
    println!("{report}");
    ExitCode::SUCCESS
}

pub async fn gov24(from: &str, withdrawing: Withdrawing, place: &Place) -> Result<ExitCode> {
    let source = Source::parse(from)?;
    let (definitions, now) = definitions(place).await?;
    let bar = Bar::new()?;
    let outcome =
        import::run(&definitions, source, withdrawing, now, &mut |progress| bar.show(progress)).await;
    bar.0.finish_and_clear();
    Ok(told(&outcome?))
}

pub async fn bokjiro(from: &Path, withdrawing: Withdrawing, place: &Place) -> Result<ExitCode> {
    let (definitions, now) = definitions(place).await?;
    let bar = Bar::new()?;
    let outcome =
        import::bokjiro(&definitions, from, withdrawing, now, &mut |progress| bar.show(progress)).await;
    bar.0.finish_and_clear();
    let code = told(&outcome?);
    let both = definitions.entries().iter().filter(|entry| entry.origins.len() > 1).count();
    println!("{} services in all, {both} of them in both lists", definitions.len());
    Ok(code)
}

#[derive(clap::Args)]
pub struct Dmn {
    /// The .dmn file (DMN 1.1 to 1.5)
    file: PathBuf,
    /// Put the rules at the end of rules.toml in this folder of a service
    #[arg(long, required_unless_present = "print", conflicts_with = "print")]
    service: Option<PathBuf>,
    /// Print the rules instead
    #[arg(long)]
    print: bool,
    /// The decision, if several have tables
    #[arg(long)]
    decision: Option<String>,
    /// The first day the rules hold, yyyy-mm-dd; else it is left to fill
    #[arg(long)]
    from: Option<maru_kernel::Date>,
    /// The article they stand on; else it is left to fill
    #[arg(long)]
    article: Option<String>,
}

/// Takes a decision table over, or says of each thing that cannot be where it stands and what to do. Then nothing is changed.
pub fn dmn(asked: &Dmn) -> ExitCode {
    match take(asked) {
        Ok(told) => {
            print!("{told}");
            ExitCode::SUCCESS
        }
        Err(faults) => {
            for fault in faults {
                eprintln!("{fault}");
            }
            eprintln!("maru: nothing was changed");
            ExitCode::FAILURE
        }
    }
}

fn take(asked: &Dmn) -> std::result::Result<String, Vec<String>> {
    let read =
        |path: &Path| std::fs::read_to_string(path).map_err(|e| vec![format!("{}: {e}", path.display())]);
    let file = asked.file.display();
    let placed = |refusal: &maru_dmn::Refusal| {
        format!("{file}:{}:{}: {}", refusal.place.line, refusal.place.column, refusal.message)
    };
    let model = Model::read(&read(&asked.file)?).map_err(|refusal| vec![placed(&refusal)])?;
    let origin = asked.file.file_name().unwrap_or_default().to_string_lossy();
    let taken = take_over(&model, asked.decision.as_deref(), &origin)
        .map_err(|refusals| refusals.iter().map(placed).collect::<Vec<_>>())?;
    let legal = Legal {
        article: asked.article.clone().unwrap_or_default(),
        from: asked.from.map(|from| from.to_string()).unwrap_or_default(),
    };
    let Some(service) = &asked.service else { return Ok(taken.toml(&legal)) };
    let path = service.join("rules.toml");
    let rules = read(&path)?;
    let whole = taken.added_to(&rules, &legal).map_err(|faults| {
        faults.iter().map(|fault| format!("{} would have: {fault}", path.display())).collect::<Vec<_>>()
    })?;
    // Beside it and then in its place, so that it is never half written.
    let beside = path.with_extension("toml.new");
    let put = std::fs::write(&beside, whole).and_then(|()| std::fs::rename(&beside, &path));
    put.map_err(|e| vec![format!("{}: {e}", path.display())])?;
    let facts = taken.facts.iter().cloned().collect::<Vec<_>>().join(", ");
    let (left, path) = (taken.to_fill(&legal), path.display());
    Ok(format!(
        "{path}: the rules stand at its end, {left} places left to fill; they read {facts}\nNext: maru check, which says what to do\n"
    ))
}
