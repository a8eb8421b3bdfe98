//! A million cases: backed up while in use, brought back with what came after, proved.

use std::{sync::Arc, time::Instant};

use maru::wire;
use maru_kernel::{Error, Result};
use maru_store::Store;

use crate::{
    Place, figure,
    seed::{self, Cases},
    submit, thousands, transitions,
};

pub fn run(place: &Place) -> Result<()> {
    let file = submit::file_of_a_real_case(place)?;
    let runtime = tokio::runtime::Runtime::new().map_err(Error::internal)?;
    runtime.block_on(measured(place, &file))
}

async fn measured(place: &Place, file: &str) -> Result<()> {
    let (count, after) = (1_000_000 / place.less, 20_000 / place.less);
    let (data, root) = (place.folder.join("restore"), place.folder.join("archive"));
    let store = submit::open(&data).await?;
    let begun = Instant::now();
    seed::cases(&store, 0, count, Cases::Received, file, transitions::now()).await?;
    let made = begun.elapsed();
    let clock = Arc::new(wire::Running::from(None));
    store.archive(&root, clock).await?;
    let begun = Instant::now();
    store.back_up(&root, transitions::now()).await?;
    let saved = begun.elapsed();
    seed::cases(&store, count, count + after, Cases::Received, file, transitions::now()).await?;
    tokio::time::sleep(std::time::Duration::from_millis(800)).await;
    let state = store.state().await?;
    drop(store);
    let begun = Instant::now();
    let back = Store::restore(&root, &place.folder.join("back"), None).await?;
    let brought = begun.elapsed();
    if back.state != state.hash || back.gap {
        return Err(Error::internal("what came back is not what was there"));
    }
    let bytes = std::fs::metadata(place.folder.join("back/maru.db")).map_err(Error::internal)?.len();
    let cases = thousands((count + after) as f64);
    figure(
        format!(
            "restore of {cases} cases ({:.1} GB), checked whole and proved by its hash",
            bytes as f64 / 1e9
        ),
        format!("{:.0} s", brought.as_secs_f64()),
        "≤ 2 min",
    );
    figure(
        format!("backup of {} cases in use, proved by its hash", thousands(count as f64)),
        format!("{:.0} s", saved.as_secs_f64()),
        "",
    );
    figure("making those cases, in batches of 100", format!("{:.0} s", made.as_secs_f64()), "");
    Ok(())
}
