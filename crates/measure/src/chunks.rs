//! Ten million rows changed in pieces by a program that is killed and started again.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use maru_kernel::{Error, Result};
use maru_store::{Batch, Chunks, Migration, Place as Kept, Store};

use crate::{Place, figure, thousands};

const ROWS: i64 = 10_000_000;
const MIGRATIONS: &[Migration] =
    &[("measure/0001", "CREATE TABLE measure_clock (id TEXT PRIMARY KEY, due BIGINT NOT NULL);")];

async fn open(place: &Place) -> Result<Store> {
    Store::open(&Kept::from(&place.folder.join("chunks")), MIGRATIONS, vec![]).await
}

fn change() -> Chunks {
    Chunks {
        name: "measured".into(),
        piece: "SELECT max(id) AS last, count(*) AS n FROM (SELECT id FROM measure_clock WHERE id > $1 ORDER BY id LIMIT $2) piece",
        change: "UPDATE measure_clock SET due = due + $3 WHERE id > $1 AND id <= $2",
        params: vec![1.into()],
        size: 10_000,
    }
}

/// The process that is killed.
pub fn work(place: &Place) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new().map_err(Error::internal)?;
    runtime.block_on(async {
        let store = open(place).await?;
        while !store.chunk(&change()).await?.done {}
        Ok(())
    })
}

pub fn run(place: &Place) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new().map_err(Error::internal)?;
    let rows = ROWS / i64::try_from(place.less).unwrap_or(1);
    runtime.block_on(async {
        let store = open(place).await?;
        for from in (0..rows).step_by(50_000) {
            let mut batch = Batch::new();
            batch.write(
                "WITH RECURSIVE n(x) AS (SELECT $1 UNION ALL SELECT x + 1 FROM n WHERE x < $2)
                 INSERT INTO measure_clock (id, due) SELECT substr('00000000' || CAST(x AS TEXT), -8), 0 FROM n",
                vec![from.into(), ((from + 50_000).min(rows) - 1).into()],
            );
            store.commit(batch).await?;
        }
        Ok::<(), Error>(())
    })?;
    let program = std::env::current_exe().map_err(Error::internal)?;
    let (begun, mut kills) = (Instant::now(), 0);
    loop {
        let mut child = Command::new(&program)
            .args(["chunks-work", "--folder"])
            .arg(&place.folder)
            .stdin(Stdio::null())
            .spawn()
            .map_err(Error::internal)?;
        // Four are killed after ever longer; the fifth may finish.
        let until = Instant::now() + Duration::from_millis(300 * (kills + 1));
        let ended = loop {
            if let Some(status) = child.try_wait().map_err(Error::internal)? {
                break Some(status);
            }
            if kills < 4 && Instant::now() >= until {
                child.kill().map_err(Error::internal)?;
                child.wait().map_err(Error::internal)?;
                break None;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        match ended {
            None => kills += 1,
            Some(status) if status.success() => break,
            Some(status) => return Err(Error::internal(format!("the work ended with {status}"))),
        }
    }
    let took = begun.elapsed();
    let row = runtime.block_on(async {
        open(place)
            .await?
            .query_one("SELECT count(*) AS n, min(due) AS least, max(due) AS most FROM measure_clock", vec![])
            .await
    })?;
    let row = row.ok_or(Error::NotFound)?;
    if (row.int("n")?, row.int("least")?, row.int("most")?) != (rows, 1, 1) {
        return Err(Error::internal("a row was changed twice or not at all"));
    }
    figure(
        format!(
            "{} rows changed in pieces of 10,000, killed {kills} times: each once",
            thousands(rows as f64)
        ),
        format!("{:.1} s", took.as_secs_f64()),
        "≤ 60 s",
    );
    Ok(())
}
