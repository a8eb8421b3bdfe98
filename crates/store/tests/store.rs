//! What the store promises, on a real file.

// Tests say what they expect by unwrapping it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use maru_kernel::{Actor, At, Error, Event};
use maru_store::{Batch, Consumer, Migration, NewJob, Store, Value};

const MIGRATIONS: &[Migration] = &[(
    "test/0001",
    "CREATE TABLE test_row (id TEXT PRIMARY KEY, version BIGINT NOT NULL, n BIGINT NOT NULL);",
)];
const NOW: At = At::EPOCH;

fn folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("maru-store-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn open(path: &std::path::Path) -> Store {
    let consumer = Consumer { name: "listener", wants: &["test."] };
    Store::open(path, MIGRATIONS, vec![consumer]).unwrap()
}

fn insert(id: &str) -> Batch {
    let mut batch = Batch::new();
    batch.write_one(
        "row absent",
        "INSERT INTO test_row (id, version, n) VALUES ($1, 1, 0) ON CONFLICT (id) DO NOTHING",
        vec![id.into()],
    );
    batch
}

fn event(id: &str, aggregate: &str) -> Event {
    Event {
        id: id.into(),
        kind: "test.happened".into(),
        aggregate: aggregate.into(),
        at: NOW,
        actor: Actor::System { name: "test".into() },
        definition: None,
        grant: None,
        body: serde_json::json!({}),
    }
}

async fn count(store: &Store) -> i64 {
    store.query_one("SELECT count(*) AS n FROM test_row", vec![]).await.unwrap().unwrap().int("n").unwrap()
}

#[tokio::test]
async fn a_batch_is_whole_or_nothing() {
    let store = open(&folder());
    store.commit(insert("a")).await.unwrap();
    let mut both = insert("b");
    both.and(insert("a")).event(event("e1", "x"));
    assert_eq!(store.commit(both).await, Err(Error::Guard("row absent".into())));
    assert_eq!(count(&store).await, 1, "b was not written");
    assert!(store.events("x").await.unwrap().is_empty(), "nor its event");
    let mut wrong = insert("c");
    wrong.write("INSERT INTO no_such_table VALUES ($1)", vec![1.into()]);
    assert!(matches!(store.commit(wrong).await, Err(Error::Internal(_))));
    assert_eq!(count(&store).await, 1);
}

#[tokio::test]
async fn parameters_may_repeat_and_come_in_any_order() {
    let store = open(&folder());
    let rows = store.query("SELECT $2 || $1 || $2 AS t", vec!["a".into(), "b".into()]).await.unwrap();
    assert_eq!(rows[0].text("t"), Ok("bab"));
}

#[tokio::test]
async fn a_bound_holds() {
    let store = open(&folder());
    for (id, fits) in [("a", true), ("b", true), ("c", false)] {
        let mut batch = Batch::new();
        batch.at_most("two places", "SELECT count(*) + 1 FROM test_row", vec![], 2);
        batch.and(insert(id));
        assert_eq!(store.commit(batch).await.is_ok(), fits, "{id}");
    }
    assert_eq!(count(&store).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_update_is_lost_under_contention() {
    let store = open(&folder());
    store.commit(insert("a")).await.unwrap();
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut done = 0;
                while done < 50 {
                    let outcome = store
                        .rerun(|| async {
                            let row = store
                                .query_one("SELECT version, n FROM test_row WHERE id = $1", vec!["a".into()])
                                .await?
                                .ok_or(Error::NotFound)?;
                            let mut batch = Batch::new();
                            batch.write_one(
                                "row as it was read",
                                "UPDATE test_row SET n = $3, version = version + 1 WHERE id = $1 AND version = $2",
                                vec!["a".into(), row.int("version")?.into(), (row.int("n")? + 1).into()],
                            );
                            Ok((batch, ()))
                        })
                        .await;
                    match outcome {
                        Ok(()) => done += 1,
                        Err(Error::Conflict(_)) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    let row =
        store.query_one("SELECT n, version FROM test_row WHERE id = 'a'", vec![]).await.unwrap().unwrap();
    assert_eq!((row.int("n").unwrap(), row.int("version").unwrap()), (200, 201));
}

#[tokio::test]
async fn events_reach_their_consumer_in_order_and_once_done_never_again() {
    let store = open(&folder());
    for (id, aggregate) in [("e1", "x"), ("e2", "x"), ("e3", "y")] {
        let mut batch = Batch::new();
        batch.event(event(id, aggregate));
        store.commit(batch).await.unwrap();
    }
    let kinds = || vec!["listener".to_owned()];
    let first = store.claim(kinds(), 10, NOW, 60).await.unwrap();
    let ids: Vec<_> = first.iter().map(|j| j.event().unwrap().id).collect();
    assert_eq!(ids, ["e1", "e3"], "e2 waits for e1 of its aggregate");
    assert!(store.claim(kinds(), 10, NOW, 60).await.unwrap().is_empty(), "leased");

    let mut done = insert("effect");
    done.finish(&first[0], NOW);
    store.commit(done.clone()).await.unwrap();
    assert_eq!(store.commit(done).await, Err(Error::Guard("row absent".into())), "one effect");
    let second = store.claim(kinds(), 10, NOW, 60).await.unwrap();
    assert_eq!(second.len(), 1);
    assert_eq!(second[0].event().unwrap().id, "e2");

    // e3's worker died: its lease runs out and it comes again.
    let later = NOW.plus_seconds(61);
    let again = store.claim(kinds(), 10, later, 60).await.unwrap();
    assert!(again.iter().any(|j| j.event().unwrap().id == "e3" && j.attempts == 2));
}

#[tokio::test]
async fn a_job_that_keeps_failing_waits_longer_and_then_is_dead() {
    let store = open(&folder());
    let mut batch = Batch::new();
    let job = |id: &str| NewJob {
        id: id.into(),
        kind: "k".into(),
        lane: Some("lane".into()),
        due: NOW,
        body: serde_json::json!({}),
    };
    batch.job(job("j1")).job(job("j2"));
    store.commit(batch).await.unwrap();
    let mut now = NOW;
    let mut tries = 0;
    loop {
        let jobs = store.claim(vec!["k".into()], 10, now, 60).await.unwrap();
        match jobs.first() {
            Some(job) if job.id == "j1" => {
                tries += 1;
                store.fail(job, "no luck", now).await.unwrap();
                assert!(store.claim(vec!["k".into()], 10, now, 60).await.unwrap().is_empty() || tries == 12);
            }
            Some(job) => {
                assert_eq!((job.id.as_str(), tries), ("j2", 12), "the lane goes on after the dead job");
                break;
            }
            None if tries == 12 => now = now.plus_seconds(61),
            None => {}
        }
        now = now.plus_seconds(4_000);
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_opening_again() {
    let path = folder();
    {
        let store = open(&path);
        store.commit(insert("a")).await.unwrap();
    }
    let store = open(&path);
    assert_eq!(count(&store).await, 1);
    assert_eq!(
        store.query("SELECT name FROM store_migration", vec![]).await.unwrap().len(),
        2,
        "migrations ran once"
    );
}

#[tokio::test]
async fn blobs_are_named_by_what_they_hold() {
    let store = open(&folder());
    let name = store.put_blob(b"hello".to_vec()).await.unwrap();
    assert_eq!(name, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    assert_eq!(store.put_blob(b"hello".to_vec()).await.unwrap(), name);
    assert_eq!(store.get_blob(&name).await.unwrap(), b"hello");
    assert_eq!(store.get_blob(&"0".repeat(64)).await, Err(Error::NotFound));
    for bad in ["", "../../etc/passwd", &"A".repeat(64)] {
        assert_eq!(store.get_blob(bad).await, Err(Error::NotFound), "{bad}");
    }
}

#[test]
fn nobody_else_may_look_into_the_folder() {
    use std::os::unix::fs::PermissionsExt;
    let path = folder().join("data");
    let _store = open(&path);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn values_convert() {
    assert_eq!(Value::from(None::<i64>), Value::Null);
    assert_eq!(Value::from(true), Value::Int(1));
}
