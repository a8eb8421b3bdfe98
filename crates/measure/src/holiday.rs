//! Ten million open clocks moved by a public holiday that is declared later: counted out again and written by a program that is killed and
//! started again. Beside a plain loop that is told the answers.

use std::{
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use maru::wire;
use maru_kernel::{At, Both, Error, Result};
use maru_message::Post;
use maru_party::admin::{self, Doer};
use maru_store::{Batch, Place as Kept, Store};
use maru_web::{Settings, Shared};
use rusqlite::{Connection, params};

use crate::{Place, figure, thousands};

const CASES: i64 = 10_000_000;
/// The plain loop moves so many of them back.
const BACK: i64 = 1_000_000;
const HOLIDAY: &str = "2027-03-17";
/// Cases of five days, in a thousand units; every tenth was extended by three days and stood for a while, so it is counted by itself.
/// As narrow as cases get: what an applicant wrote and the registers said lies beyond, and is not read.
const FILL: &str = r#"WITH RECURSIVE n(x) AS (SELECT $1 UNION ALL SELECT x + 1 FROM n WHERE x < $2)
 INSERT INTO case_case (resident, id, service, state, version, created_at, answers, unit, submitted_at, due_on, clock)
 SELECT 'measure-' || substr('00000000' || x, -8), 'measure-case-' || substr('00000000' || x, -8), 'livelihood-benefit', 'received', 1, at, '{}',
   'unit-' || (x * 7919 % 1000), at,
   CASE WHEN odd THEN substr('2027-03-242027-03-252027-03-262027-03-292027-03-30', day * 10 + 1, 10)
     ELSE substr('2027-03-192027-03-222027-03-232027-03-242027-03-25', day * 10 + 1, 10) END,
   '{"received":' || at || ',"period":"P14D","counting":"statute"' || CASE WHEN odd THEN ',"pauses":[{"why":"expert","from":'
     || (at + 86400000000) || ',"to":' || (at + 100000000000) || '}],"extensions":[3]' ELSE '' END || '}'
 FROM (SELECT x, x % 5 AS day, x / 5 % 10 = 0 AS odd,
   $3 + CASE x % 5 WHEN 4 THEN 6 ELSE x % 5 END * 86400000000 AS at FROM n)"#;
/// What must be there in the end: each case on its new day, written once.
const WRONG: &str = "SELECT count(*) AS n FROM case_case WHERE version <> 2 OR due_on <> CASE WHEN clock LIKE '%extensions%'
   THEN substr('2027-03-252027-03-262027-03-292027-03-302027-03-31', CAST(substr(id, -1) AS BIGINT) % 5 * 10 + 1, 10)
   ELSE substr('2027-03-222027-03-232027-03-242027-03-252027-03-26', CAST(substr(id, -1) AS BIGINT) % 5 * 10 + 1, 10) END";

async fn open(place: &Place, at: &str) -> Result<Shared> {
    let kept = Kept::from(&place.folder.join("holiday"));
    let clock = Arc::new(wire::Running::from(At::parse(at)));
    Ok(wire::wire(&kept, Post::None, Settings::default(), clock).await?.app)
}

/// The process that is killed, an hour after the day was declared.
pub fn work(place: &Place) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new().map_err(Error::internal)?;
    runtime.block_on(async {
        let app = open(place, "2027-03-15T11:00:00+09:00").await?;
        while !maru_case::shift(&app).await? {}
        Ok(())
    })
}

async fn fill(store: &Store, rows: i64) -> Result<()> {
    let first = At::parse("2027-03-02T10:00:00+09:00").unwrap_or_default();
    for from in (0..rows).step_by(20_000) {
        let mut batch = Batch::new();
        batch.write(FILL, vec![from.into(), ((from + 20_000).min(rows) - 1).into(), first.into()]);
        store.commit(batch).await?;
    }
    Ok(())
}

pub fn run(place: &Place) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new().map_err(Error::internal)?;
    let less = i64::try_from(place.less).unwrap_or(1);
    let rows = CASES / less;
    runtime.block_on(async {
        let app = open(place, "2027-03-15T10:00:00+09:00").await?;
        fill(&app.store, rows).await?;
        let date = HOLIDAY.parse().map_err(Error::internal)?;
        let name = Both { ko: "임시공휴일".into(), en: "Temporary holiday".into() };
        admin::declare_holiday(&app, &Doer::machine(), date, &name).await
    })?;
    let begun = Instant::now();
    let (kills, peak) = killed(place)?;
    let took = begun.elapsed().as_secs_f64();
    let wrong = runtime.block_on(async {
        let app = open(place, "2027-03-15T12:00:00+09:00").await?;
        app.store.query_one(WRONG, vec![]).await
    })?;
    if wrong.ok_or(Error::NotFound)?.int("n")? != 0 {
        return Err(Error::internal("a clock was moved wrongly, twice or not at all"));
    }
    figure(
        format!(
            "{} open clocks counted again and moved by a holiday, killed {kills} times: each once",
            thousands(rows as f64)
        ),
        format!("{took:.1} s ({}/s)", thousands(rows as f64 / took)),
        "≤ 60 s",
    );
    figure("peak memory of the program that moves them", format!("{peak:.0} MB"), "");
    let back = back(place, BACK / less).map_err(Error::internal)?;
    figure(
        "peer: a plain SQLite loop on the same table that is told the answers, 10,000 in one transaction",
        format!("{}/s", thousands(back)),
        "",
    );
    figure("ratio to the plain loop", format!("{:.2}", rows as f64 / took / back), "");
    Ok(())
}

/// Three are killed after ever longer; the fourth may finish. How many that were, and the most memory one had.
fn killed(place: &Place) -> Result<(u64, f64)> {
    let program = std::env::current_exe().map_err(Error::internal)?;
    let (mut kills, mut peak) = (0, 0.0_f64);
    loop {
        let mut child = Command::new(&program)
            .args(["holiday-work", "--folder"])
            .arg(&place.folder)
            .stdin(Stdio::null())
            .spawn()
            .map_err(Error::internal)?;
        let until = Instant::now() + Duration::from_millis(1_500 * (kills + 1));
        let ended = loop {
            peak = peak.max(high(&child));
            if let Some(status) = child.try_wait().map_err(Error::internal)? {
                break Some(status);
            }
            if kills < 3 && Instant::now() >= until {
                child.kill().map_err(Error::internal)?;
                child.wait().map_err(Error::internal)?;
                break None;
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        match ended {
            None => kills += 1,
            Some(status) if status.success() => return Ok((kills, peak)),
            Some(status) => return Err(Error::internal(format!("the work ended with {status}"))),
        }
    }
}

/// The most memory a process has had so far, in MB.
fn high(child: &Child) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number =
        kilobytes.and_then(|rest| rest.split_whitespace().next()).and_then(|n| n.parse::<f64>().ok());
    number.unwrap_or(0.0) * 1024.0 / 1e6
}

/// Moves cases to a day that is given; how many in a second.
fn back(place: &Place, rows: i64) -> rusqlite::Result<f64> {
    let on = Connection::open(place.folder.join("holiday/maru.db"))?;
    on.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8000;")?;
    let begun = Instant::now();
    for from in (0..rows).step_by(10_000) {
        on.execute_batch("BEGIN")?;
        for x in from..(from + 10_000).min(rows) {
            on.prepare_cached(
                "UPDATE case_case SET due_on = ?3, version = version + 1 WHERE resident = ?1 AND id = ?2 AND version = 2",
            )?
            .execute(params![
                format!("measure-{x:08}"),
                format!("measure-case-{x:08}"),
                format!("2027-03-{:02}", 18 + x % 5)
            ])?;
        }
        on.execute_batch("COMMIT")?;
    }
    Ok(crate::rate(usize::try_from(rows).unwrap_or(0), begun))
}
