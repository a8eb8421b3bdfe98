//! A row that is corrected for the past: the officer of a granted case sees what each month was to be, and nobody else does.

// Tests say what they expect by unwrapping it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use axum::http::StatusCode;
use common::{country, post, submit, taken};
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

    // Nobody else: not the one it is about, not an official of another unit, not anybody.
    assert_eq!(country.browser().get(&page).await.status, StatusCode::SEE_OTHER);
    let mut maru = country.signed_in("maru").await;
    assert_eq!(maru.get(&page).await.status, StatusCode::FORBIDDEN);
    for user in ["dasom", "byeolha", "saebyeok"] {
        let status = country.signed_in(user).await.get(&page).await.status;
        assert!(matches!(status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN), "{user}: {status}");
    }
    assert_eq!(seen().await, 2, "nothing was read for them");
    // Once the consent has run out, not even the officer.
    country.clock.forward(200 * 24 * 3600);
    let mut haneul = country.signed_in("haneul").await;
    assert_eq!(haneul.get(&page).await.status, StatusCode::FORBIDDEN);
    assert_eq!(seen().await, 2);
}
