//! A new place for one test: a folder, or with `MARU_TEST_DATABASE` (an address of a PostgreSQL cluster) also a database there.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use maru_store::Place;

static NEXT: AtomicU32 = AtomicU32::new(0);

fn name(what: &str) -> String {
    format!("maru-{what}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

pub fn folder(what: &str) -> PathBuf {
    let path = std::env::temp_dir().join(name(what));
    std::fs::create_dir_all(&path).unwrap();
    path
}

pub fn cluster() -> Option<String> {
    std::env::var("MARU_TEST_DATABASE").ok()
}

pub async fn place(what: &str) -> Place {
    match cluster() {
        None => Place::from(&folder(what)),
        Some(cluster) => postgres(&cluster, what).await,
    }
}

/// A new empty database in a cluster.
pub async fn postgres(cluster: &str, what: &str) -> Place {
    let (client, connection) = tokio_postgres::connect(cluster, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let name = name(what);
    client.batch_execute(&format!("CREATE DATABASE \"{name}\"")).await.unwrap();
    let (start, _) = cluster.rsplit_once('/').unwrap();
    Place::new(folder(what), Some(&format!("{start}/{name}")))
}
