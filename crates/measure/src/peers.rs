//! Plain loops written by hand: no rooms, no guards beyond the version in the row, the same rows.

use std::time::Instant;

use maru_kernel::{Error, Result};
use rusqlite::{Connection, params};
use tokio_postgres::NoTls;

use crate::{Place, rate};

const SCHEMA: &str = "CREATE TABLE c (resident TEXT NOT NULL, id TEXT NOT NULL, state TEXT NOT NULL, version BIGINT NOT NULL, officer TEXT,
    answers TEXT NOT NULL, file TEXT, due_on TEXT, unit TEXT, PRIMARY KEY (resident, id));
  CREATE UNIQUE INDEX c_id ON c (id);
  CREATE INDEX c_desk ON c (unit, state, due_on);
  CREATE TABLE e (id TEXT PRIMARY KEY, aggregate TEXT NOT NULL, place BIGINT NOT NULL, body TEXT NOT NULL);
  CREATE UNIQUE INDEX e_place ON e (aggregate, place);";
const LOAD: &str = "SELECT resident, state, version, answers, file FROM c WHERE id = $1";
const CHANGE: &str = "UPDATE c SET state = 'assigned', officer = $4, version = version + 1, answers = $5, file = $6 WHERE resident = $1 AND id = $2 AND version = $3";
const NOTE: &str = "INSERT INTO e (id, aggregate, place, body) VALUES ($1, $2, 1, $3)";
const ANSWERS: &str = r#"{"주거.형태":"월세","주거.보증금":5000000,"주거.월세":300000,"계좌.은행":"우체국","계좌.번호":"110482004821","동의.금융정보":true}"#;
const BODY: &str = r#"{"kind":"case.assigned","actor":{"kind":"official","party":"measure-official-0","unit":"suwon-livelihood"},"body":{"officer":"measure-official-0"}}"#;

fn name(n: usize) -> (String, String) {
    (format!("measure-{n:08}"), format!("measure-case-{n:08}"))
}

/// A transaction and an fsync for each.
pub fn sqlite_alone(place: &Place, file: &str) -> Result<f64> {
    sqlite(place, file, 6_000 / place.less, 1)
}

/// The best a single thread can hope for: many share one.
pub fn sqlite_together(place: &Place, file: &str) -> Result<f64> {
    sqlite(place, file, 60_000 / place.less, 256)
}

fn sqlite(place: &Place, file: &str, count: usize, together: usize) -> Result<f64> {
    let path = place.folder.join(format!("plain-{together}.db"));
    let measured = plain(&path, file, count, together).map_err(Error::internal);
    for end in ["", "-wal", "-shm"] {
        std::fs::remove_file(place.folder.join(format!("plain-{together}.db{end}"))).ok();
    }
    measured
}

fn plain(path: &std::path::Path, file: &str, count: usize, together: usize) -> rusqlite::Result<f64> {
    let on = Connection::open(path)?;
    on.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8000;")?;
    on.execute_batch(SCHEMA)?;
    on.execute_batch("BEGIN")?;
    for n in 0..count {
        let (resident, id) = name(n);
        on.prepare_cached(
            "INSERT INTO c VALUES (?1, ?2, 'received', 1, NULL, ?3, ?4, '2026-12-31', 'suwon-livelihood')",
        )?
        .execute(params![resident, id, ANSWERS, file])?;
    }
    on.execute_batch("COMMIT")?;
    let begun = Instant::now();
    for n in 0..count {
        if n % together == 0 {
            on.execute_batch("BEGIN IMMEDIATE")?;
        }
        let (_, id) = name(n);
        let (resident, _state, version, answers, kept) =
            on.prepare_cached(&LOAD.replace('$', "?"))?.query_row([&id], |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, i64>(2)?,
                    row.get::<_, String>(3)?,
                    row.get::<_, String>(4)?,
                ))
            })?;
        on.prepare_cached(&CHANGE.replace('$', "?"))?.execute(params![
            resident,
            id,
            version,
            "measure-official-0",
            answers,
            kept
        ])?;
        on.prepare_cached(&NOTE.replace('$', "?"))?.execute(params![
            format!("e-{n:08}"),
            format!("case/{id}"),
            BODY
        ])?;
        if n % together == together - 1 || n + 1 == count {
            on.execute_batch("COMMIT")?;
        }
    }
    Ok(rate(count, begun))
}

/// A new database in the cluster; its address.
pub async fn database(cluster: &str, what: &str) -> Result<String> {
    let (client, connection) = tokio_postgres::connect(cluster, NoTls).await.map_err(Error::internal)?;
    tokio::spawn(connection);
    let name = format!("maru-measure-{what}-{}", std::process::id());
    client.batch_execute(&format!("CREATE DATABASE \"{name}\"")).await.map_err(Error::internal)?;
    let (start, _) =
        cluster.rsplit_once('/').ok_or_else(|| Error::internal("an address with a database name"))?;
    Ok(format!("{start}/{name}"))
}

pub async fn postgres(url: &str, count: usize, file: &str) -> Result<f64> {
    let wrong = |e: tokio_postgres::Error| Error::internal(e);
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.map_err(wrong)?;
    tokio::spawn(connection);
    client.batch_execute(SCHEMA).await.map_err(wrong)?;
    client.batch_execute("BEGIN").await.map_err(wrong)?;
    for n in 0..count {
        let (resident, id) = name(n);
        client
            .execute("INSERT INTO c VALUES ($1, $2, 'received', 1, NULL, $3, $4, '2026-12-31', 'suwon-livelihood')", &[&resident, &id, &ANSWERS, &file])
            .await
            .map_err(wrong)?;
    }
    client.batch_execute("COMMIT").await.map_err(wrong)?;
    const LOOPS: usize = 16;
    let mut clients = Vec::new();
    for _ in 0..LOOPS {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.map_err(wrong)?;
        tokio::spawn(connection);
        clients.push(client);
    }
    let begun = Instant::now();
    let loops: Vec<_> = clients
        .into_iter()
        .enumerate()
        .map(|(me, client)| {
            tokio::spawn(async move {
                let (load, change, note) =
                    (client.prepare(LOAD).await?, client.prepare(CHANGE).await?, client.prepare(NOTE).await?);
                for n in (me..count).step_by(LOOPS) {
                    let (_, id) = name(n);
                    client.batch_execute("BEGIN").await?;
                    let row = client.query_one(&load, &[&id]).await?;
                    let (resident, version): (String, i64) = (row.get(0), row.get(2));
                    let (answers, kept): (String, String) = (row.get(3), row.get(4));
                    client
                        .execute(&change, &[&resident, &id, &version, &"measure-official-0", &answers, &kept])
                        .await?;
                    client.execute(&note, &[&format!("e-{n:08}"), &format!("case/{id}"), &BODY]).await?;
                    client.batch_execute("COMMIT").await?;
                }
                Ok::<(), tokio_postgres::Error>(())
            })
        })
        .collect();
    for one in loops {
        one.await.map_err(Error::internal)?.map_err(wrong)?;
    }
    Ok(rate(count, begun))
}
