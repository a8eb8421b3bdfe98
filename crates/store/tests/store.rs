//! What the store promises, on a real file.

// Tests say what they expect by unwrapping it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use maru_kernel::{Actor, At, Error, Event};
use maru_store::{Batch, Chunks, Consumer, Migration, NewJob, Place, Store, Value};

mod place;
use place::{folder, place};
use std::sync::atomic::{AtomicUsize, Ordering};

const MIGRATIONS: &[Migration] = &[(
    "test/0001",
    "CREATE TABLE test_row (id TEXT PRIMARY KEY, version BIGINT NOT NULL, n BIGINT NOT NULL);",
)];
const NOW: At = At::EPOCH;

async fn open(place: &Place) -> Store {
    let consumer = Consumer { name: "listener", wants: &["test."] };
    Store::open(place, MIGRATIONS, vec![consumer]).await.unwrap()
}

async fn fresh() -> Store {
    open(&place("store").await).await
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
    let store = fresh().await;
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
    let store = fresh().await;
    let rows = store.query("SELECT $2 || $1 || $2 AS t", vec!["a".into(), "b".into()]).await.unwrap();
    assert_eq!(rows[0].text("t"), Ok("bab"));
}

#[tokio::test]
async fn a_bound_holds() {
    let store = fresh().await;
    for (id, fits) in [("a", true), ("b", true), ("c", false)] {
        let mut batch = Batch::new();
        batch.at_most("two places", "rows", "SELECT count(*) + 1 FROM test_row", vec![], 2);
        batch.and(insert(id));
        assert_eq!(store.commit(batch).await.is_ok(), fits, "{id}");
    }
    assert_eq!(count(&store).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_update_is_lost_under_contention() {
    let store = fresh().await;
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
    let store = fresh().await;
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
    done.finish(&first[0]);
    store.commit(done.clone()).await.unwrap();
    assert!(matches!(store.commit(done).await, Err(Error::Guard(_))), "one effect");
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
    let store = fresh().await;
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
    let place = place("again").await;
    {
        let store = open(&place).await;
        store.commit(insert("a")).await.unwrap();
    }
    let store = open(&place).await;
    assert_eq!(count(&store).await, 1);
    assert_eq!(
        store.query("SELECT name FROM store_migration", vec![]).await.unwrap().len(),
        3,
        "migrations ran once"
    );
}

#[tokio::test]
async fn blobs_are_named_by_what_they_hold() {
    let store = fresh().await;
    let name = store.put_blob(b"hello".to_vec()).await.unwrap();
    assert_eq!(name, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    assert_eq!(store.put_blob(b"hello".to_vec()).await.unwrap(), name);
    assert_eq!(store.get_blob(&name).await.unwrap(), b"hello");
    assert_eq!(store.get_blob(&"0".repeat(64)).await, Err(Error::NotFound));
    for bad in ["", "../../etc/passwd", &"A".repeat(64)] {
        assert_eq!(store.get_blob(bad).await, Err(Error::NotFound), "{bad}");
    }
}

#[tokio::test]
async fn nobody_else_may_look_into_the_folder() {
    use std::os::unix::fs::PermissionsExt;
    let path = folder("private").join("data");
    let _store = open(&Place::from(&path)).await;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn values_convert() {
    assert_eq!(Value::from(None::<i64>), Value::Null);
    assert_eq!(Value::from(true), Value::Int(1));
}

/// A number in a row, and the row's version.
async fn number(store: &Store, id: &str) -> (i64, i64) {
    let row = store
        .query_one("SELECT n, version FROM test_row WHERE id = $1", vec![id.into()])
        .await
        .unwrap()
        .unwrap();
    (row.int("n").unwrap(), row.int("version").unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_apply_for_one_place_and_one_gets_it() {
    let store = fresh().await;
    let applicants: Vec<_> = (0..100)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut batch = Batch::new();
                batch.at_most("one place", "place/1", "SELECT count(*) + 1 FROM test_row", vec![], 1);
                batch.and(insert(&format!("applicant-{n}")));
                store.commit(batch).await
            })
        })
        .collect();
    let mut got = 0;
    for applicant in applicants {
        match applicant.await.unwrap() {
            Ok(()) => got += 1,
            Err(Error::Guard(what)) => assert_eq!(what, "one place"),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((got, count(&store).await), (1, 1));
}

/// Two doctors, one must stay on call: each sees the other on call and wants to leave. A lock on one row alone would let both go.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_that_rely_on_each_other_never_both_leave() {
    let store = fresh().await;
    for round in 0..40 {
        let names = [format!("a-{round}"), format!("b-{round}")];
        for name in &names {
            store.commit(insert(name)).await.unwrap();
        }
        let leaving: Vec<_> = (0..2)
            .map(|me| {
                let (store, mine, other) = (store.clone(), names[me].clone(), names[1 - me].clone());
                tokio::spawn(async move {
                    store
                        .rerun(|| async {
                            let (gone, version) = number(&store, &other).await;
                            if gone == 1 {
                                return Err(Error::Conflict("the other has left".into()));
                            }
                            let mut batch = Batch::new();
                            batch.still(
                                "the other is on call",
                                "SELECT 1 FROM test_row WHERE id = $1 AND version = $2",
                                vec![other.as_str().into(), version.into()],
                            );
                            batch.write_one(
                                "I am on call",
                                "UPDATE test_row SET n = 1, version = version + 1 WHERE id = $1 AND n = 0",
                                vec![mine.as_str().into()],
                            );
                            Ok((batch, ()))
                        })
                        .await
                })
            })
            .collect();
        let mut left = 0;
        for one in leaving {
            left += usize::from(one.await.unwrap().is_ok());
        }
        assert_eq!(left, 1, "round {round}");
    }
}

/// Somebody commits between an action's two reads: what they tell together was never true, and is no reason to refuse.
#[tokio::test]
async fn what_two_reads_tell_of_two_moments_is_no_reason() {
    let store = fresh().await;
    for name in ["task", "case"] {
        store.commit(insert(name)).await.unwrap();
    }
    let runs = AtomicUsize::new(0);
    let outcome: Result<(), Error> = store
        .rerun(|| async {
            let first = runs.fetch_add(1, Ordering::SeqCst) == 0;
            let (task, _) = number(&store, "task").await;
            if first {
                let mut batch = Batch::new();
                batch.write("UPDATE test_row SET n = 1", vec![]);
                store.commit(batch).await.unwrap();
            }
            let (case, _) = number(&store, "case").await;
            match (task, case) {
                (1, _) => Err(Error::Conflict("it was done".into())),
                (_, 1) => Err(Error::Conflict("it can't be done".into())),
                _ => Ok((Batch::new(), ())),
            }
        })
        .await;
    assert_eq!(outcome, Err(Error::Conflict("it was done".into())));
    assert_eq!(runs.load(Ordering::SeqCst), 3, "and it is not asked for ever");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_workers_take_every_job_once_and_lanes_keep_their_order() {
    let store = fresh().await;
    let (lanes, each) = (40, 10);
    for lane in 0..lanes {
        let mut batch = Batch::new();
        // Ids run backwards: a clock that was set back must not turn the order round.
        for n in 0..each {
            batch.job(NewJob {
                id: format!("{lane:02}-{:02}", each - n),
                kind: "k".into(),
                lane: Some(format!("lane-{lane}")),
                due: NOW,
                body: serde_json::json!({ "n": n }),
            });
        }
        store.commit(batch).await.unwrap();
    }
    let begun = std::time::Instant::now();
    let workers: Vec<_> = (0..50)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut seen = Vec::new();
                loop {
                    let jobs = store.claim(vec!["k".into()], 4, NOW, 60).await.unwrap();
                    if jobs.is_empty() {
                        let left = store.job_counts().await.unwrap();
                        if left.is_empty() {
                            return seen;
                        }
                        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                    }
                    for job in jobs {
                        seen.push((job.id.clone(), begun.elapsed()));
                        let mut batch = Batch::new();
                        batch.finish(&job);
                        store.commit(batch).await.unwrap();
                    }
                }
            })
        })
        .collect();
    let mut seen = Vec::new();
    for worker in workers {
        seen.extend(worker.await.unwrap());
    }
    seen.sort_by_key(|(_, at)| *at);
    assert_eq!(seen.len(), lanes * each, "each once");
    for lane in 0..lanes {
        let order: Vec<_> = seen
            .iter()
            .filter(|(id, _)| id.starts_with(&format!("{lane:02}-")))
            .map(|(id, _)| id.clone())
            .collect();
        let mut sorted = order.clone();
        sorted.sort_by(|a, b| b.cmp(a));
        assert_eq!(order, sorted, "as they were added, not by id");
    }
}

#[tokio::test]
async fn events_of_one_thing_are_counted_whatever_the_clock_says() {
    let store = fresh().await;
    for id in ["e9", "e5", "e7"] {
        let mut batch = Batch::new();
        batch.event(event(id, "x"));
        store.commit(batch).await.unwrap();
    }
    let order: Vec<_> = store.events("x").await.unwrap().into_iter().map(|e| e.id).collect();
    assert_eq!(order, ["e9", "e5", "e7"]);
}

#[tokio::test]
async fn a_row_that_is_there_already_fails_as_a_guard() {
    let store = fresh().await;
    store.commit(insert("a")).await.unwrap();
    let mut again = Batch::new();
    again.write("INSERT INTO test_row (id, version, n) VALUES ($1, 1, 0)", vec!["a".into()]);
    assert!(matches!(store.commit(again).await, Err(Error::Guard(_))));
}

#[tokio::test]
async fn text_that_no_database_keeps_is_refused() {
    let store = fresh().await;
    assert!(matches!(store.commit(insert("a\0b")).await, Err(Error::Invalid(_))));
    let asked = store.query("SELECT id FROM test_row WHERE id = $1", vec!["a\0b".into()]).await;
    assert!(matches!(asked, Err(Error::Invalid(_))));
    let odd = "가나 \u{10FFFF} \r\n\t ' \" \\ $1 ?1 %";
    store.commit(insert(odd)).await.unwrap();
    let row = store.query_one("SELECT id FROM test_row", vec![]).await.unwrap().unwrap();
    assert_eq!(row.text("id"), Ok(odd));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_rows_are_changed_in_pieces_each_once() {
    let place = place("chunks").await;
    let store = open(&place).await;
    for page in 0..10 {
        let mut batch = Batch::new();
        for n in 0..100 {
            batch.and(insert(&format!("{:05}", page * 100 + n)));
        }
        store.commit(batch).await.unwrap();
    }
    let chunks = Chunks {
        name: "later".into(),
        piece: "SELECT max(id) AS last, count(*) AS n FROM (SELECT id FROM test_row WHERE id > $1 ORDER BY id LIMIT $2) piece",
        change: "UPDATE test_row SET n = n + $3 WHERE id > $1 AND id <= $2",
        params: vec![7.into()],
        size: 64,
    };
    // Four at once, and each is stopped and started anew after a few pieces.
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let (place, chunks) = (place.clone(), chunks.clone());
            tokio::spawn(async move {
                loop {
                    let store = open(&place).await;
                    for _ in 0..3 {
                        match store.chunk(&chunks).await {
                            Ok(moved) if moved.done => return moved.rows,
                            Ok(_) | Err(Error::Conflict(_)) => {}
                            Err(other) => panic!("{other}"),
                        }
                    }
                }
            })
        })
        .collect();
    for worker in workers {
        assert_eq!(worker.await.unwrap(), 1_000);
    }
    let row = store
        .query_one("SELECT count(*) AS all_rows, min(n) AS least, max(n) AS most FROM test_row", vec![])
        .await
        .unwrap()
        .unwrap();
    assert_eq!((row.int("all_rows"), row.int("least"), row.int("most")), (Ok(1_000), Ok(7), Ok(7)));
}

#[tokio::test]
async fn a_dead_job_can_live_again_or_be_given_up() {
    let store = fresh().await;
    let mut batch = Batch::new();
    for id in ["j1", "j2"] {
        batch.job(NewJob {
            id: id.into(),
            kind: "k".into(),
            lane: None,
            due: NOW,
            body: serde_json::json!({}),
        });
    }
    maru_store::request::scope("edge-7".into(), store.commit(batch)).await.unwrap();
    assert_eq!(store.retry_job("j1", NOW).await, Err(Error::NotFound), "it is not dead");
    let mut now = NOW;
    for _ in 0..12 {
        for job in store.claim(vec!["k".into()], 10, now, 60).await.unwrap() {
            assert_eq!(job.request.as_deref(), Some("edge-7"));
            store.fail(&job, "no luck", now).await.unwrap();
        }
        now = now.plus_seconds(4_000);
    }
    let dead = store.dead_jobs(10, "").await.unwrap();
    assert_eq!(
        dead.iter().map(|j| (j.id.as_str(), j.error.as_str())).collect::<Vec<_>>(),
        [("j1", "no luck"), ("j2", "no luck")]
    );
    assert_eq!(store.retry_kind("other", now).await, Ok(0));
    assert_eq!(store.discard_job("j2").await, Ok(()));
    assert_eq!(store.retry_kind("k", now).await, Ok(1));
    let counts = store.job_counts().await.unwrap();
    assert_eq!((counts[0].waiting, counts[0].dead), (1, 0));
    assert_eq!(store.claim(vec!["k".into()], 10, now, 60).await.unwrap()[0].attempts, 1);
}
