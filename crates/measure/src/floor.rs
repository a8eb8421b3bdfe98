//! What the machine itself can do.

use std::{fs::File, io::Write, path::Path, time::Instant};

use maru_kernel::{Error, Result};

/// Writes of 4 KiB, each synced before the next: how many a second.
pub fn syncs(folder: &Path) -> Result<f64> {
    let path = folder.join("syncs");
    let mut file = File::create(&path).map_err(Error::internal)?;
    let block = [7_u8; 4096];
    let (begun, mut count) = (Instant::now(), 0);
    while begun.elapsed().as_secs_f64() < 1.5 {
        file.write_all(&block).and_then(|()| file.sync_data()).map_err(Error::internal)?;
        count += 1;
    }
    let found = crate::rate(count, begun);
    std::fs::remove_file(&path).map_err(Error::internal)?;
    Ok(found)
}
