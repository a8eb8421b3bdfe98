//! `maru import`: a progress bar, the rows that could not be used, one line of counts.

use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use maru::wire;
use maru_definition::{
    Definitions,
    import::{self, Progress, Source},
};
use maru_kernel::{Clock, Error, Result};
use maru_message::Post;
use maru_store::Place;

/// More than these are counted only.
const SHOWN: usize = 20;

pub async fn gov24(from: &str, place: &Place) -> Result<ExitCode> {
    let source = Source::parse(from)?;
    let now = wire::Running::from(None).now();
    let store = wire::open_store(place, &wire::rooms(Post::None)).await?;
    let definitions = Definitions::open(store, wire::pack()?, now).await?;

    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style =
        ProgressStyle::with_template("{msg:20} {wide_bar} {pos}/{len} {eta}").map_err(Error::internal)?;
    bar.set_style(style);
    let mut show = |progress: Progress| {
        bar.set_length(u64::try_from(progress.of).unwrap_or(u64::MAX));
        bar.set_position(u64::try_from(progress.done).unwrap_or(u64::MAX));
        bar.set_message(progress.step);
    };
    let outcome = import::run(&definitions, source, now, &mut show).await;
    bar.finish_and_clear();
    let report = outcome?;
    for (place, what) in report.unusable.iter().take(SHOWN) {
        println!("{place}: {what}");
    }
    if report.unusable.len() > SHOWN {
        println!("… and {} more rows that could not be used", report.unusable.len() - SHOWN);
    }
    println!("{report}");
    Ok(ExitCode::SUCCESS)
}
