//! SQLite and PostgreSQL do the same random work and must answer alike and end alike. Needs `MARU_TEST_DATABASE`;
//! `cargo xtask test` gives it. `MARU_OPERATIONS` says how much (default 60,000), `MARU_SEED` which.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::as_conversions,
    clippy::print_stdout
)]

use maru_kernel::{Actor, At, Error, Event};
use maru_store::{Batch, Chunks, Consumer, Migration, NewJob, Place, Store, Value};

mod place;

const MIGRATIONS: &[Migration] = &[(
    "walk/0001",
    "CREATE TABLE walk_row (owner TEXT NOT NULL, id TEXT NOT NULL, version BIGINT NOT NULL, n BIGINT, note TEXT, flag SMALLINT NOT NULL,
       PRIMARY KEY (owner, id));
     CREATE UNIQUE INDEX walk_note ON walk_row (note) WHERE note IS NOT NULL;
     CREATE TABLE walk_blob (id TEXT PRIMARY KEY, bytes BYTEA NOT NULL);
     CREATE TABLE walk_count (id TEXT PRIMARY KEY, n BIGINT NOT NULL);",
)];

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
    fn one_of<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }
}

/// Names that sort differently in most collations.
const IDS: &[&str] = &[
    "a",
    "A",
    "b",
    "B",
    "_",
    "-",
    "a-b",
    "ab",
    "a b",
    "가",
    "각",
    "나",
    "é",
    "e",
    "E",
    "z",
    "Z",
    "ㄱ",
    "\u{10000}",
    "\u{ffff}",
    "ß",
    "ss",
    "1",
    "10",
    "2",
    "'",
    "\"",
    "%",
    "\\",
    "\t",
    "",
];

fn step(random: &mut Random, batch: &mut Batch, serial: &mut u64) {
    let owner = format!("o{}", random.below(40));
    let id = random.one_of(IDS);
    *serial += 1;
    // Guards fail often on random rows, and a batch is whole or nothing: most steps are plain writes.
    let guards = random.below(8) == 0;
    match random.below(14) {
        3 | 4 | 7 | 8 if !guards => batch.write(
            "UPDATE walk_row SET n = coalesce(n, 0) + $3, version = version + 1 WHERE owner = $1 AND id >= $2",
            vec![owner.into(), id.into(), (random.below(7) as i64 - 3).into()],
        ),
        0..=2 => batch.write(
            "INSERT INTO walk_row (owner, id, version, n, note, flag) VALUES ($1, $2, 1, $3, $4, $5)
             ON CONFLICT (owner, id) DO UPDATE SET n = excluded.n, version = walk_row.version + 1",
            vec![
                owner.into(),
                id.into(),
                if random.below(4) == 0 { Value::Null } else { Value::Int(random.below(1_000) as i64 - 500) },
                if random.below(6) == 0 { format!("note {}", random.below(300)).into() } else { Value::Null },
                (random.below(2) == 0).into(),
            ],
        ),
        3 => batch.write_one(
            "absent",
            "INSERT INTO walk_row (owner, id, version, n, note, flag) VALUES ($1, $2, 1, 0, NULL, 0) ON CONFLICT (owner, id) DO NOTHING",
            vec![owner.into(), id.into()],
        ),
        4 => batch.write_one(
            "as it was read",
            "UPDATE walk_row SET version = version + 1, n = coalesce(n, 0) + $4 WHERE owner = $1 AND id = $2 AND version = $3",
            vec![owner.into(), id.into(), (1 + random.below(3) as i64).into(), (random.below(9) as i64).into()],
        ),
        5 => batch.write("DELETE FROM walk_row WHERE owner = $1 AND id > $2", vec![owner.into(), id.into()]),
        6 => batch.write(
            "UPDATE walk_row SET note = substr(coalesce(note, '') || $2, 1, 40), flag = 1 - flag WHERE owner = $1 AND note IS NULL AND id = $3",
            vec![owner.into(), format!("{id} {serial}").into(), id.into()],
        ),
        7 => batch.at_most(
            "within",
            owner.clone(),
            "SELECT CAST(sum(n) AS BIGINT) FROM walk_row WHERE owner = $1",
            vec![owner.into()],
            2_000,
        ),
        8 => batch.still(
            "still there",
            "SELECT 1 FROM walk_row WHERE owner = $1 AND id <> $2 AND id = $3",
            vec![owner.into(), "x".into(), id.into()],
        ),
        9 => batch.write(
            "INSERT INTO walk_count (id, n) VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET n = walk_count.n + 1",
            vec![id.into()],
        ),
        10 => batch.write(
            "INSERT INTO walk_blob (id, bytes) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes",
            vec![id.into(), Value::Blob(vec![random.below(256) as u8; random.below(40) as usize])],
        ),
        11 => batch.write(
            "INSERT INTO walk_row (owner, id, version, n, note, flag)
             SELECT $2, id, 1, n, NULL, flag FROM walk_row WHERE owner = $1 AND n > $3 ON CONFLICT (owner, id) DO NOTHING",
            vec![owner.into(), format!("o{}", random.below(40)).into(), 100.into()],
        ),
        12 => batch.job(NewJob {
            id: format!("job-{serial:08}"),
            kind: random.one_of(&["k1", "k2"]).into(),
            lane: (random.below(3) > 0).then(|| format!("lane {}", random.below(6))),
            due: At::from_micros(random.below(100) as i64),
            body: serde_json::json!({ "n": *serial, "text": id }),
        }),
        _ => batch.event(Event {
            id: format!("event-{serial:08}"),
            kind: random.one_of(&["walk.heard", "other.unheard"]).into(),
            aggregate: format!("thing/{}", random.below(50)),
            at: At::from_micros(random.below(100) as i64),
            actor: Actor::System { name: "walk".into() },
            definition: None,
            grant: (random.below(2) == 0).then(|| "g".into()),
            body: serde_json::json!({ "id": id }),
        }),
    };
}

async fn open(place: &Place) -> Store {
    let consumer = Consumer { name: "listener", wants: &["walk."] };
    Store::open(place, MIGRATIONS, vec![consumer]).await.unwrap()
}

/// What an answer was, without the words of one database.
fn kind<T>(outcome: &Result<T, Error>) -> String {
    match outcome {
        Ok(_) => "ok".into(),
        Err(Error::Internal(_)) => "internal".into(),
        Err(other) => other.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MARU_TEST_DATABASE, which cargo xtask test gives"]
async fn the_same_random_work_leaves_the_same_state() {
    let cluster = place::cluster().expect("MARU_TEST_DATABASE is not set");
    let number = |name: &str, default| std::env::var(name).map_or(default, |n| n.parse().unwrap());
    let (operations, seed): (u64, u64) = (number("MARU_OPERATIONS", 60_000), number("MARU_SEED", 20_261_125));
    let (one, other) = (
        open(&Place::from(&place::folder("walk"))).await,
        open(&place::postgres(&cluster, "walk").await).await,
    );
    let mut random = Random(seed);
    let (mut done, mut serial, mut failed, mut batches) = (0, 0, 0_u64, 0_u64);
    let mut checked = 0;
    while done < operations {
        let mut batch = Batch::new();
        let steps = 1 + random.below(24);
        for _ in 0..steps {
            step(&mut random, &mut batch, &mut serial);
        }
        done += steps;
        batches += 1;
        let (a, b) = tokio::join!(one.commit(batch.clone()), other.commit(batch));
        assert_eq!(kind(&a), kind(&b), "seed {seed}, operation {done}: {a:?} {b:?}");
        failed += u64::from(a.is_err());
        if random.below(8) == 0 {
            let (now, limit) = (At::from_micros(random.below(200) as i64), 1 + random.below(9) as usize);
            let kinds = || vec!["k1".to_owned(), "listener".to_owned()];
            let (a, b) = tokio::join!(one.claim(kinds(), limit, now, 0), other.claim(kinds(), limit, now, 0));
            let (a, b) = (a.unwrap(), b.unwrap());
            let ids = |jobs: &[maru_store::Job]| {
                jobs.iter().map(|j| (j.id.clone(), j.attempts)).collect::<Vec<_>>()
            };
            assert_eq!(ids(&a), ids(&b), "seed {seed}, operation {done}");
            for job in &a {
                done += 1;
                match random.below(3) {
                    0 => {
                        let (a, b) =
                            tokio::join!(one.fail(job, "no luck", now), other.fail(job, "no luck", now));
                        assert_eq!(kind(&a), kind(&b));
                    }
                    1 => {
                        let mut batch = Batch::new();
                        batch.finish(job);
                        let (a, b) = tokio::join!(one.commit(batch.clone()), other.commit(batch));
                        assert_eq!(kind(&a), kind(&b));
                    }
                    _ => {}
                }
            }
        }
        if random.below(2_000) == 0 {
            let chunks = Chunks {
                name: format!("chunk {done}"),
                piece: "SELECT max(id) AS last, count(*) AS n FROM (SELECT id FROM walk_count WHERE id > $1 ORDER BY id LIMIT $2) piece",
                change: "UPDATE walk_count SET n = n + $3 WHERE id > $1 AND id <= $2",
                params: vec![1.into()],
                size: 7,
            };
            loop {
                let (a, b) = tokio::join!(one.chunk(&chunks), other.chunk(&chunks));
                assert_eq!(a, b, "seed {seed}, operation {done}");
                if a.unwrap().done {
                    break;
                }
            }
        }
        if random.below(500) == 0 {
            for sql in [
                "SELECT owner, id, n, note, flag FROM walk_row WHERE n IS NULL OR n > 0 ORDER BY id, owner",
                "SELECT owner, count(*) AS n, CAST(sum(n) AS BIGINT) AS s, max(note) AS m FROM walk_row GROUP BY owner ORDER BY s, owner",
                "SELECT id FROM walk_row WHERE id >= 'a' AND id < 'b' AND length(note) > 3 ORDER BY note DESC, owner LIMIT 50",
            ] {
                let (a, b) = tokio::join!(one.query(sql, vec![]), other.query(sql, vec![]));
                // SQLite puts NULL first, PostgreSQL last: none of these orders by what may be NULL, but sums may be.
                let (mut a, mut b) = (a.unwrap(), b.unwrap());
                if sql.contains("GROUP BY") {
                    let owner = |row: &maru_store::Row| row.string("owner").unwrap();
                    a.sort_by_key(owner);
                    b.sort_by_key(owner);
                }
                assert_eq!(a, b, "seed {seed}, operation {done}: {sql}");
            }
        }
        if done / 20_000 > checked {
            checked = done / 20_000;
            let (a, b) = tokio::join!(one.state(), other.state());
            assert_eq!(a.unwrap(), b.unwrap(), "seed {seed}, operation {done}");
        }
    }
    let (a, b) = tokio::join!(one.state(), other.state());
    let state = a.unwrap();
    assert_eq!(state, b.unwrap(), "seed {seed}");
    assert!(failed > 0 && failed < batches);
    println!(
        "note: {done} operations in {batches} batches ({failed} refused alike), {} rows, state {}",
        state.rows,
        &state.hash[..16]
    );

    // There and back again.
    let moved = open(&place::postgres(&cluster, "moved").await).await;
    assert_eq!(one.copy_to(&moved, Some("elsewhere"), &mut |_, _| {}).await.unwrap(), state);
    let mut batch = Batch::new();
    batch.write("DELETE FROM walk_count", vec![]);
    assert_eq!(
        one.commit(batch.clone()).await,
        Err(Error::Unavailable("error-store-moved".into())),
        "nothing is taken here any more"
    );
    assert_eq!(one.moved().await.unwrap().as_deref(), Some("elsewhere"));
    assert_eq!(one.state().await.unwrap(), state, "and nothing was changed");
    let back = open(&Place::from(&place::folder("back"))).await;
    assert_eq!(moved.copy_to(&back, Some("back"), &mut |_, _| {}).await.unwrap(), state);
    assert_eq!(moved.commit(batch.clone()).await, Err(Error::Unavailable("error-store-moved".into())));
    assert_eq!(back.commit(batch).await, Ok(()));
    assert!(other.copy_to(&back, None, &mut |_, _| {}).await.is_err(), "into what is not empty");
}
