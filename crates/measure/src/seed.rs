//! A country for measuring: made-up residents with the registers of the demo's first one, signed in, each with one case.

use maru_kernel::{Actor, At, Error, Result};
use maru_store::{Batch, Store, Value};
use serde_json::json;
use sha2::{Digest, Sha256};

pub const UNIT: &str = "suwon-livelihood";
const SERVICE: &str = "livelihood-benefit";

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Cases {
    /// Every answer given, ready to be submitted.
    Draft,
    /// Received by the unit, nobody's yet.
    Received,
}

pub fn token(n: usize) -> String {
    format!("measure-token-{n:08}")
}

pub fn resident(n: usize) -> String {
    format!("measure-{n:08}")
}

pub fn case(n: usize) -> String {
    format!("measure-case-{n:08}")
}

/// Adds residents `from..to`. What a case of the demo keeps on file is given, so that rows are as large as real ones.
pub async fn seed(store: &Store, from: usize, to: usize, cases: Cases, file: &str, now: At) -> Result<()> {
    let pack = maru::wire::pack()?;
    let demo = pack.demo.as_ref().ok_or_else(|| Error::internal("no demo"))?;
    let first = demo.people.first().ok_or_else(|| Error::internal("no people"))?;
    let registers: Vec<(String, String)> = first
        .registers
        .iter()
        .map(|(name, row)| (name.clone(), serde_json::Value::Object(row.clone()).to_string()))
        .collect();
    let answers = json!({
        "주거.형태": "월세", "주거.보증금": 5_000_000, "주거.월세": 300_000,
        "계좌.은행": "우체국", "계좌.번호": "110482004821", "동의.금융정보": true,
    })
    .to_string();
    let mut batch = Batch::new();
    for n in from..to {
        person(&mut batch, n, &registers, now);
        one_case(&mut batch, n, cases, &answers, file, now);
        if n % 100 == 99 {
            store.commit(std::mem::take(&mut batch)).await?;
        }
    }
    store.commit(batch).await
}

fn person(batch: &mut Batch, n: usize, registers: &[(String, String)], now: At) {
    let id = resident(n);
    batch.write(
        "INSERT INTO party_person (id, kind, name_ko, name_en, mail, lang, unit, rank_ko, rank_en, created_at)
         VALUES ($1, 'resident', '김측정', 'Kim Measure', NULL, 'ko', NULL, NULL, NULL, $2)",
        vec![id.as_str().into(), now.into()],
    );
    batch.write(
        "INSERT INTO party_grant (grantor, id, grantee, scope, purpose, basis, from_at, until_at)
         VALUES ($1, 'own', $1, '{\"*\":[\"*\"]}', 'own', '개인정보 보호법 제35조', 0, NULL)",
        vec![id.as_str().into()],
    );
    let hash: String = Sha256::digest(token(n)).iter().map(|b| format!("{b:02x}")).collect();
    batch.write(
        "INSERT INTO party_session (id, person, csrf, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        vec![
            hash.as_str().into(),
            id.as_str().into(),
            "0123456789abcdef".repeat(2).into(),
            now.into(),
            now.plus_days(2).into(),
        ],
    );
    for (name, body) in registers {
        batch.write(
            "INSERT INTO record_row (subject, register, version, as_of, body) VALUES ($1, $2, 1, $3, $4)",
            vec![id.as_str().into(), name.as_str().into(), now.into(), body.as_str().into()],
        );
    }
}

fn one_case(batch: &mut Batch, n: usize, cases: Cases, answers: &str, file: &str, now: At) {
    let received = cases == Cases::Received;
    let given = |text: &str| if received { Value::from(text) } else { Value::Null };
    let receipt = format!("{:04}-{:04}-{:04}-0", n / 100_000_000, n / 10_000 % 10_000, n % 10_000);
    batch.write(
        "INSERT INTO case_case (resident, id, service, state, version, created_at, answers, unit, receipt, shown_name, submitted_at,
           due_on, file, rules_version)
         VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        vec![
            resident(n).into(),
            case(n).into(),
            SERVICE.into(),
            if received { "received" } else { "draft" }.into(),
            now.into(),
            answers.into(),
            given(UNIT),
            given(&receipt),
            given("김○정"),
            if received { now.into() } else { Value::Null },
            given("2026-12-31"),
            given(file),
            given("2026-01-01"),
        ],
    );
    batch.write(
        "INSERT INTO case_open (resident, service, id) VALUES ($1, $2, $3)",
        vec![resident(n).into(), SERVICE.into(), case(n).into()],
    );
    if received {
        batch.write(
            "INSERT INTO case_receipt (receipt, id) VALUES ($1, $2)",
            vec![receipt.as_str().into(), case(n).into()],
        );
        batch.event(maru_kernel::Event {
            id: format!("measure-event-{n:08}"),
            kind: "case.filed".into(),
            aggregate: format!("case/{}", case(n)),
            at: now,
            actor: Actor::Resident { party: resident(n) },
            definition: None,
            grant: None,
            body: json!({ "service": SERVICE }),
        });
    }
}
