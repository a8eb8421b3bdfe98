//! A row that is corrected for the past: the officer of a granted case sees what each month was to be, and nobody else does.

use crate::common::{country, post, submit, taken};
use axum::http::{Method, StatusCode};
use maru_kernel::{At, Won};
use maru_record::put;
use maru_web::ports::{Held, Sourced};
use serde_json::{Map, Value as Json, json};

const MARU: &str = "resident-maru";
const REGISTER: &str = "social-security";

#[tokio::test]
async fn a_correction_of_the_past_gives_the_difference_owed() {
    let country = country().await;
    let store = &country.app.store;
    let mut maru = country.signed_in("maru").await;
    let id = submit(&mut maru).await;
    let mut haneul = taken(&country, "haneul", &id).await;
    let page = format!("/desk/cases/{id}/owed");
    assert_eq!(haneul.get(&page).await.status, StatusCode::NOT_FOUND, "nothing has been granted yet");
    haneul.get(&format!("/desk/cases/{id}")).await;
    post(&mut haneul, StatusCode::SEE_OTHER, &format!("/cases/{id}/grant"), &[]).await;
    assert!(haneul.get(&format!("/desk/cases/{id}")).await.body.contains(&page), "the case leads there");

    let seen = async || {
        let accesses = country.app.ports.registers.accesses(MARU, At::EPOCH).await.unwrap();
        accesses.into_iter().filter(|a| a.why.en == "To work out again what was due").count()
    };
    let same = haneul.get(&page).await;
    assert_eq!(same.status, StatusCode::OK, "{}", same.body);
    assert!(same.body.contains("더 주거나 돌려받을 돈이 없습니다"), "{}", same.body);
    assert_eq!(seen().await, 1, "one look, one entry");

    // She earned less than the register said, since before she applied.
    let sql = "SELECT register, as_of, body FROM record_row WHERE subject = $1";
    let rows = store.query(sql, vec![MARU.into()]).await.unwrap();
    let held: Vec<Held> = rows
        .iter()
        .map(|row| Held {
            register: row.string("register").unwrap(),
            row: serde_json::from_str::<Json>(row.text("body").unwrap()).unwrap().as_object().cloned(),
            as_of: Some(row.at("as_of").unwrap()),
        })
        .collect();
    let mut corrected = held.clone();
    let (mut since, mut right) = (At::EPOCH, Map::new());
    for row in corrected.iter_mut().filter(|row| row.register == REGISTER) {
        let body = row.row.as_mut().unwrap();
        body["가구원"][0]["근로소득"] = json!(1_000_000);
        body.insert("월소득".into(), json!(1_140_000));
        (since, right) = (row.as_of.unwrap(), body.clone());
    }
    country.clock.forward(40 * 24 * 3600);
    put(store, MARU, REGISTER, since, &right).await.unwrap();
    country.settle().await;

    let (pack, today) = (country.app.definitions.pack(), country.app.now().date());
    let service = country.app.definitions.service("livelihood-benefit").unwrap();
    let first = country.app.now().date();
    let on = first.first_of_month();
    let won = |held: &[Held]| {
        let facts = Sourced::of(&pack, held, on).facts;
        country.app.definitions.decide(&service, &facts, on).amount.unwrap()
    };
    let monthly = won(&corrected) - won(&held);
    assert!(monthly > 0, "{monthly}");
    let mut haneul = country.signed_in("haneul").await;
    let after = haneul.get(&page).await;
    assert_eq!(after.status, StatusCode::OK, "{}", after.body);
    // from the month she applied in, until this one
    let months = i64::try_from(after.body.matches("<th scope=\"row\"").count()).unwrap();
    assert!(months >= 2, "{months} until {today}");
    assert!(after.body.contains(&format!("+{}", Won(monthly))), "{}", after.body);
    assert!(
        after.body.contains(&format!("{}원을 더 주어야 합니다", Won(monthly * months))),
        "{}",
        after.body
    );
    assert_eq!(seen().await, 2);
    // The same to a program that acts for the officer.
    let api = format!("/api/v1/cases/{id}/owed");
    let call = async |token: Option<&str>| country.call(Method::GET, &api, token, "").await;
    let officer = country.token("haneul").await;
    let said = call(Some(&officer)).await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.body);
    let said = said.json();
    assert_eq!(
        (said["total"].as_i64(), said["terms"].as_array().map(Vec::len)),
        (Some(monthly * months), usize::try_from(months).ok())
    );
    assert_eq!(said["terms"][0]["difference"].as_i64(), Some(monthly));
    assert_eq!(seen().await, 3);

    // Nobody else: not the one it is about, not an official of another unit, not anybody.
    assert_eq!(country.browser().get(&page).await.status, StatusCode::SEE_OTHER);
    let mut maru = country.signed_in("maru").await;
    assert_eq!(maru.get(&page).await.status, StatusCode::FORBIDDEN);
    for user in ["dasom", "byeolha", "saebyeok"] {
        let status = country.signed_in(user).await.get(&page).await.status;
        assert!(matches!(status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN), "{user}: {status}");
    }
    assert_eq!(call(None).await.status, StatusCode::UNAUTHORIZED);
    for (user, status) in [
        ("maru", StatusCode::FORBIDDEN),
        ("dasom", StatusCode::NOT_FOUND),
        ("byeolha", StatusCode::NOT_FOUND),
    ] {
        assert_eq!(call(Some(&country.token(user).await)).await.status, status, "{user}");
    }
    assert_eq!(seen().await, 3, "nothing was read for them");
    // Once the consent has run out, not even the officer.
    country.clock.forward(200 * 24 * 3600);
    let mut haneul = country.signed_in("haneul").await;
    assert_eq!(haneul.get(&page).await.status, StatusCode::FORBIDDEN);
    assert_eq!(call(Some(&country.token("haneul").await)).await.status, StatusCode::FORBIDDEN);
    assert_eq!(seen().await, 3);
}

/// What `maru owed` says of two files of facts.
fn told(before: &Json, now: &Json, more: &[&str]) -> (bool, String, String) {
    let folder = std::env::temp_dir().join(format!("maru-owed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (one, other) = (folder.join("before.json"), folder.join("now.json"));
    std::fs::write(&one, before.to_string()).unwrap();
    std::fs::write(&other, now.to_string()).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_maru"))
        .args(["owed", "--service", "child-allowance", "--before", one.to_str().unwrap()])
        .args(["--now", other.to_str().unwrap()])
        .args(more)
        .output()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

#[test]
fn two_files_of_facts_are_held_against_one_another() {
    let months = ["--from", "2025-10", "--to", "2025-12"];
    let child = |born: &str| {
        json!({ "보호자.양육": true, "자녀": [{ "이름": "김별", "생년월일": born, "거주지": "경기도 수원시 팔달구", "신분": "국민",
            "등록": "주민등록", "국외일수": 0, "상품권": false }] })
    };
    let (held, wrong) = (child("2021-05-05"), child("2012-05-05"));
    let said = |before: &Json, now: &Json| {
        let (right, out, err) = told(before, now, &months);
        assert!(right, "{err}");
        out
    };
    assert!(said(&held, &held).contains("nothing is owed"));
    // held to be too old, and is four: three months of 100,000
    assert!(said(&wrong, &held).contains("300,000 won are still to be paid"));
    assert!(said(&held, &wrong).contains("300,000 won are to be paid back"));
    // nothing was known before: not known, and never nothing
    let (right, unknown, _) = told(&json!({}), &held, &months);
    assert!(right && unknown.contains("not known yet; to be known first: "), "{unknown}");
    let (_, json, _) =
        told(&json!([{ "from": "2025-11", "facts": {} }]), &held, &[&months[..], &["--json"]].concat());
    let json: Json = serde_json::from_str(&json).unwrap();
    assert_eq!((json["terms"].as_array().unwrap().len(), &json["total"]), (3, &Json::Null), "{json}");
    for (before, more, why) in [
        (json!({ "나이테": 1 }), &months, "나이테 is no fact"),
        (json!([{ "from": "soon", "facts": {} }]), &months, "`from` is no month"),
        (json!([{ "from": "2026-01" }]), &months, "`facts` is missing"),
        (json!(3), &months, "JSON object"),
        (json!({}), &["--from", "2026-03", "--to", "2026-01"], "before the first"),
        (json!({}), &["--from", "2026-13", "--to", "2026-01"], "2025-01"),
    ] {
        let (right, _, said) = told(&before, &held, more);
        assert!(!right && said.contains(why), "{why}: {said}");
    }
}
