//! Backups of the embedded database, and going back to a moment.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use maru_kernel::{At, Clock};
use maru_store::{Batch, Migration, Place, Store, Value, bases};

mod place;
use place::folder;

const MIGRATIONS: &[Migration] =
    &[("archive/0001", "CREATE TABLE archive_row (id TEXT PRIMARY KEY, bytes BYTEA NOT NULL);")];

/// Stands still until it is moved.
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> At {
        At::from_micros(self.0.load(Ordering::Relaxed))
    }
}

async fn open(folder: &Path) -> Store {
    Store::open(&Place::from(folder), MIGRATIONS, vec![]).await.unwrap()
}

/// Rows that together are about so many megabytes.
async fn fill(store: &Store, name: &str, megabytes: u8) {
    for n in 0..megabytes {
        let mut batch = Batch::new();
        for k in 0..16_u8 {
            let bytes = Value::Blob(vec![n ^ k; 64 * 1024]);
            batch.write(
                "INSERT INTO archive_row (id, bytes) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes",
                vec![format!("{name}-{k}").into(), bytes],
            );
        }
        batch.write("DELETE FROM archive_row WHERE id = $1", vec![format!("{name}-{}", n % 16).into()]);
        store.commit(batch).await.unwrap();
    }
}

/// Until what was committed is in the archive, however busy the machine: the writer ships every 200 ms.
async fn shipped(root: &Path, store: &Store) {
    let wanted = store.state().await.unwrap().hash;
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let newest = Store::restore(root, &folder("shipped").join("data"), None).await;
        if newest.is_ok_and(|restored| restored.state == wanted) {
            return;
        }
    }
    panic!("what was committed does not come into the archive");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_moment_can_be_gone_back_to() {
    let (data, root) = (folder("live"), folder("archive"));
    let clock = Arc::new(Hand(AtomicI64::new(1_000_000)));
    let later = || clock.0.fetch_add(1_000_000, Ordering::Relaxed);
    let mut moments = Vec::new();

    let store = open(&data).await;
    fill(&store, "before", 2).await;
    let gap = store.archive(&root, clock.clone()).await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), gap.notified()).await.expect("a first base is asked for");
    let blob = store.put_blob(b"handed in".to_vec()).await.unwrap();
    let (base, hash) = store.back_up(&root, clock.now()).await.unwrap();
    assert_eq!(hash, store.state().await.unwrap().hash);
    shipped(&root, &store).await;
    moments.push((clock.now(), hash));

    // Several generations of the log, another program writing in between, a second base in the middle.
    for round in 0..5 {
        later();
        fill(&store, &format!("round-{round}"), 12).await;
        let beside = open(&data).await;
        fill(&beside, "beside", 1).await;
        drop(beside);
        if round == 2 {
            store.back_up(&root, clock.now()).await.unwrap();
        }
        shipped(&root, &store).await;
        moments.push((clock.now(), store.state().await.unwrap().hash));
    }
    // The program ends without a last word, and another goes on.
    drop(store);
    later();
    let store = open(&data).await;
    fill(&store, "after a stop", 1).await;
    let gap = store.archive(&root, clock.clone()).await.unwrap();
    shipped(&root, &store).await;
    let later_blob = store.put_blob(b"handed in later".to_vec()).await.unwrap();
    assert!(
        tokio::time::timeout(Duration::from_millis(50), gap.notified()).await.is_err(),
        "nothing was missed"
    );
    moments.push((clock.now(), store.state().await.unwrap().hash));
    later();

    let generations = std::fs::read_dir(root.join("wal")).unwrap().count() / 2;
    assert!(generations >= 3, "the log turned over: {generations}");
    assert_eq!(bases(&root).unwrap().len(), 2);
    for (at, hash) in &moments {
        let back = folder("back").join("data");
        let restored = Store::restore(&root, &back, Some(*at)).await.unwrap();
        assert_eq!((&restored.state, restored.gap), (hash, false), "{at:?}");
        let store = open(&back).await;
        assert_eq!(&store.state().await.unwrap().hash, hash);
        assert_eq!(store.get_blob(&blob).await.unwrap(), b"handed in");
    }
    let back = folder("newest").join("data");
    let newest = Store::restore(&root, &back, None).await.unwrap();
    assert_eq!(newest.state, moments.last().unwrap().1);
    assert_eq!(
        open(&back).await.get_blob(&later_blob).await.unwrap(),
        b"handed in later",
        "files come along without a new base"
    );
    assert!(
        Store::restore(&root, &folder("never").join("data"), Some(At::from_micros(5))).await.is_err(),
        "before the first base"
    );
    assert!(Store::restore(&root, &data, None).await.is_err(), "over what is there");
    assert!(base.folder.starts_with(&root));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_missed_is_said_and_never_papered_over() {
    let (data, root) = (folder("live"), folder("archive"));
    let clock = Arc::new(Hand(AtomicI64::new(1_000_000)));
    let store = open(&data).await;
    store.archive(&root, clock.clone()).await.unwrap();
    store.back_up(&root, clock.now()).await.unwrap();
    fill(&store, "known", 1).await;
    shipped(&root, &store).await;
    let known = store.state().await.unwrap().hash;
    drop(store);
    tokio::time::sleep(Duration::from_millis(300)).await;

    // Somebody opens the file with another tool, writes, and writes the log back: those pages went past the archive.
    let tool = rusqlite::Connection::open(data.join("maru.db")).unwrap();
    tool.execute_batch("DELETE FROM archive_row; PRAGMA wal_checkpoint(TRUNCATE);").unwrap();
    drop(tool);

    clock.0.fetch_add(1_000_000, Ordering::Relaxed);
    let store = open(&data).await;
    let gap = store.archive(&root, clock.clone()).await.unwrap();
    fill(&store, "new", 1).await;
    tokio::time::timeout(Duration::from_secs(5), gap.notified()).await.expect("a new base is asked for");
    // Nothing of it may come into the archive; it has had the time.
    tokio::time::sleep(Duration::from_millis(600)).await;
    let restored = Store::restore(&root, &folder("back").join("data"), None).await.unwrap();
    assert_eq!(
        (restored.state.as_str(), restored.gap),
        (known.as_str(), true),
        "up to the gap, and it says so"
    );

    clock.0.fetch_add(1_000_000, Ordering::Relaxed);
    store.back_up(&root, clock.now()).await.unwrap();
    fill(&store, "newer", 1).await;
    shipped(&root, &store).await;
    let restored = Store::restore(&root, &folder("again").join("data"), None).await.unwrap();
    assert_eq!((restored.state, restored.gap), (store.state().await.unwrap().hash, false));
}
