//! The desk of a unit with a million open cases: its page with random filters, beside the same list as one would write it by hand.

use std::time::Instant;

use maru_kernel::{Error, Result};
use maru_store::{Batch, Place as Kept, Store, Value};
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use tokio_postgres::NoTls;

use crate::{
    Place, figure,
    http::{Client, page},
    peers, quantile,
    seed::UNIT,
    server::Server,
    submit, thousands, transitions,
};

const OFFICERS: u64 = 40;
const VIEWS: usize = 2_000;
const TOKEN: &str = "measure-token-desk";
/// A list written by hand takes long.
const BY_HAND: usize = 20;

pub fn run(place: &Place) -> Result<()> {
    let file = submit::file_of_a_real_case(place)?;
    let cases = i64::try_from(1_000_000 / place.less).map_err(Error::internal)?;
    let runtime = tokio::runtime::Runtime::new().map_err(Error::internal)?;
    let data = place.folder.join("desk");
    drop(Server::start(&place.program, &data, &[])?);
    runtime.block_on(async { seed(&submit::open(&data).await?, cases, &file).await })?;
    let server = Server::start(&place.program, &data, &[])?;
    told("SQLite", cases, &views(server.port, VIEWS / place.less.min(10))?);
    figure(
        "memory of the program after those views of the desk, SQLite",
        format!("{:.0} MB", server.memory()),
        "",
    );
    drop(server);
    let plain = by_hand(&data.join("maru.db"))?;
    figure(
        "peer: the list alone by hand, all states in one question, ORDER BY due_on, OFFSET: p50 / longest",
        format!("{:.0} ms / {:.0} ms", quantile(&plain, 0.5), quantile(&plain, 1.0)),
        "",
    );
    std::fs::remove_dir_all(&data).map_err(Error::internal)?;
    if let Some(cluster) = &place.postgres {
        let database = runtime.block_on(peers::database(cluster, "desk"))?;
        let data = place.folder.join("desk-pg");
        let with = ["--database", database.as_str()];
        drop(Server::start(&place.program, &data, &with)?);
        runtime.block_on(async {
            let rooms = maru::wire::rooms(maru_message::Post::None);
            let kept = Kept::new(data.clone(), Some(&database));
            seed(&maru::wire::open_store(&kept, &rooms).await?, cases, &file).await?;
            settle(&database).await
        })?;
        let server = Server::start(&place.program, &data, &with)?;
        told("PostgreSQL", cases, &views(server.port, VIEWS / place.less.min(10))?);
    }
    Ok(())
}

fn told(database: &str, cases: i64, times: &[f64]) {
    figure(
        format!(
            "the desk of a unit with {} open cases, {} views with random filters, {database}: p50 / p99 / longest",
            thousands(cases as f64),
            thousands(times.len() as f64),
        ),
        format!(
            "{:.1} ms / {:.1} ms / {:.0} ms",
            quantile(times, 0.5),
            quantile(times, 0.99),
            quantile(times, 1.0)
        ),
        "p99 ≤ 50 ms",
    );
}

/// An official of the unit, signed in; colleagues; cases of two states and two services, due over three months, some never.
async fn seed(store: &Store, cases: i64, file: &str) -> Result<()> {
    let now = transitions::now();
    let mut batch = Batch::new();
    let hash: String = Sha256::digest(TOKEN).iter().map(|b| format!("{b:02x}")).collect();
    batch.write(
        "INSERT INTO party_session (id, person, csrf, created_at, expires_at) VALUES ($1, 'official-haneul', $2, $3, $4)",
        vec![hash.into(), "0123456789abcdef".repeat(2).into(), now.into(), now.plus_days(2).into()],
    );
    for n in 0..OFFICERS {
        let id = format!("measure-officer-{n}");
        batch.write(
            "INSERT INTO party_person (id, kind, name_ko, name_en, mail, lang, unit, rank_ko, rank_en, created_at)
             VALUES ($1, 'official', '박측정', 'Park Measure', NULL, 'ko', $2, '주무관', 'Officer', $3)",
            vec![id.as_str().into(), UNIT.into(), now.into()],
        );
        batch.write(
            "INSERT INTO party_grant (grantor, id, grantee, scope, purpose, basis, from_at)
             SELECT grantor, $1, $2, scope, purpose, basis, from_at FROM party_grant
             WHERE grantee = 'official-haneul' AND purpose = 'role'",
            vec![format!("clerk-{id}").into(), id.into()],
        );
    }
    store.commit(batch).await?;
    let mut from = 0;
    while from < cases {
        let to = (from + 2_000).min(cases);
        let mut batch = Batch::new();
        batch.write(
            "INSERT INTO case_case (resident, id, service, state, version, created_at, answers, unit, officer, receipt, shown_name,
               submitted_at, due_on, file, rules_version)
             WITH RECURSIVE n (n) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT n + 1 FROM n WHERE n + 1 < CAST($2 AS BIGINT))
             SELECT 'measure-' || n, 'measure-case-' || (10000000 + (n * 7919) % 9999991),
               CASE WHEN n % 10 = 3 THEN 'another-service' ELSE 'livelihood-benefit' END,
               CASE WHEN n % 3 = 0 THEN 'assigned' ELSE 'received' END, 1, $3, '{}', $4,
               CASE WHEN n % 3 > 0 THEN NULL WHEN n % 41 = 0 THEN 'official-haneul' ELSE 'measure-officer-' || (n % 40) END,
               '26' || (10 + n % 3) || '-' || (1000 + (n * 31) % 9000) || '-' || (1000 + (n * 17) % 9000) || '-' || (n % 10),
               '김○정', $3,
               CASE WHEN n % 23 = 0 THEN NULL ELSE $5 || (n % 3) || '-' || (10 + (n * 13) % 19) END, $6, '2026-01-01'
             FROM n",
            vec![
                from.into(),
                to.into(),
                now.into(),
                UNIT.into(),
                // Around today: the month before, this one, the next.
                month_before(now).into(),
                Value::from(file),
            ],
        );
        store.commit(batch).await?;
        from = to;
    }
    Ok(())
}

/// `2026-1` for the tenth to the twelfth of 2026: the months end in 0, 1 and 2.
fn month_before(now: maru_kernel::At) -> String {
    format!("{}-1", now.date().year())
}

/// What PostgreSQL does by itself within minutes.
async fn settle(database: &str) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(database, NoTls).await.map_err(Error::internal)?;
    tokio::spawn(connection);
    client.batch_execute("VACUUM ANALYZE case_case").await.map_err(Error::internal)
}

/// The same numbers each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        let place = usize::try_from(self.roll(all.len() as u64)).unwrap_or(0);
        all.get(place).copied().unwrap_or_default()
    }
}

/// An address of the list, often far inside it, some with filters that nothing fits.
fn address(dice: &mut Dice) -> String {
    if dice.roll(20) == 0 {
        return format!("/desk?q={}{}", 1000 + dice.roll(9000), dice.of(&["", "1", "23", "456"]));
    }
    let officer = format!("measure-officer-{}", dice.roll(OFFICERS));
    let mut path = format!(
        "/desk?state={}&officer={}&service={}&due={}",
        dice.of(&["", "", "received", "assigned", "decided"]),
        dice.of(&["", "me", "nobody", &officer]),
        dice.of(&["", "", "livelihood-benefit", "another-service"]),
        dice.of(&["", "", "overdue", "today", "week", "later", "none"]),
    );
    if dice.roll(2) == 0 {
        let way = dice.of(&["after", "before"]);
        let (month, day, case) = (dice.roll(3), 10 + dice.roll(19), 10_000_000 + dice.roll(9_999_991));
        path.push_str(&format!("&{way}=2026-1{month}-{day}measure-case-{case}"));
    }
    path
}

fn views(port: u16, count: usize) -> Result<Vec<f64>> {
    let mut client = Client::connect(port).map_err(Error::internal)?;
    let (mut dice, mut times) = (Dice(2026), Vec::with_capacity(count));
    let warm = count / 20;
    for n in 0..count + warm {
        let path = address(&mut dice);
        let sent = Instant::now();
        let (status, _) = client.send(&page(&path, TOKEN)).map_err(Error::internal)?;
        if status != 200 {
            return Err(Error::internal(format!("{path}: {status}")));
        }
        if n >= warm {
            times.push(sent.elapsed().as_secs_f64() * 1e3);
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

/// The first thing that comes to mind, with the one index it needs; only the rows, no counts, no page.
fn by_hand(path: &std::path::Path) -> Result<Vec<f64>> {
    let measured = || -> rusqlite::Result<Vec<f64>> {
        let on = Connection::open(path)?;
        on.execute_batch("CREATE INDEX plain_desk ON case_case (unit, due_on)")?;
        let mut dice = Dice(2026);
        let mut times = Vec::new();
        for _ in 0..BY_HAND {
            let officer = format!("measure-officer-{}", dice.roll(OFFICERS));
            let skip = i64::try_from(dice.roll(10_000)).unwrap_or(0);
            let begun = Instant::now();
            let mut question = on.prepare(
                "SELECT id, service, state, officer, receipt, shown_name, due_on FROM case_case INDEXED BY plain_desk
                 WHERE unit = ?1 AND state IN ('received', 'assigned') AND (?2 = '' OR officer = ?2)
                 ORDER BY due_on, id LIMIT 50 OFFSET ?3",
            )?;
            let who = dice.of(&["", &officer]);
            let rows =
                question.query_map(rusqlite::params![UNIT, who, skip], |row| row.get::<_, String>(0))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()?;
            times.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        Ok(times)
    };
    measured().map_err(Error::internal)
}
