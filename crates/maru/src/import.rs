//! `maru import`: a progress bar, the rows that could not be used, one line of counts.

use std::{path::Path, process::ExitCode};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use maru::wire;
use maru_definition::{
    Definitions,
    import::{self, Progress, Report, Source, Withdrawing},
};
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
