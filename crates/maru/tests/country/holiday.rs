//! A public holiday declared on a running country: who may, and what it moves.

use crate::common::{Browser, Country, country, submit, taken};
use axum::http::StatusCode;
use maru_definition::Definitions;
use maru_kernel::{Both, Date, Error};
use maru_party::admin::{self, Doer};

const DAY: i64 = 86_400;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

async fn declare(country: &Country, date: &str) -> Result<(), Error> {
    let name = Both { ko: "임시공휴일".into(), en: "Temporary holiday".into() };
    admin::declare_holiday(&country.app, &Doer::machine(), day(date), &name).await
}

async fn shifted(country: &Country) {
    country.clock.forward(31);
    while !maru_case::shift(&country.app).await.unwrap() {}
}

async fn due(country: &Country, id: &str) -> (Option<String>, i64) {
    let sql = "SELECT due_on, version FROM case_case WHERE id = $1";
    let row = country.app.store.query_one(sql, vec![id.into()]).await.unwrap().unwrap();
    (row.maybe_text("due_on").map(str::to_owned), row.int("version").unwrap())
}

async fn assigned<'a>(country: &'a Country, id: &str) -> Browser<'a> {
    let mut haneul = taken(country, "haneul", id).await;
    haneul.get(&format!("/desk/cases/{id}")).await;
    country.settle().await;
    haneul
}

#[tokio::test]
async fn open_clocks_move_and_move_back() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    // Received on 7 October, thirty days: due on 18 November.
    let id = submit(&mut maru).await;
    let (before, version) = due(&country, &id).await;
    assert_eq!(before.as_deref(), Some("2026-11-18"));
    declare(&country, "2026-11-11").await.unwrap();
    assert!(maru_case::shift(&country.app).await.unwrap(), "other programs may not know yet");
    assert_eq!(due(&country, &id).await.0, before);
    shifted(&country).await;
    assert_eq!(due(&country, &id).await, (Some("2026-11-19".into()), version + 1));
    shifted(&country).await;
    assert_eq!(due(&country, &id).await, (Some("2026-11-19".into()), version + 1), "once");
    let page = maru.get(&format!("/cases/{id}")).await.body;
    assert!(page.contains("11월 19일") && !page.contains("11월 18일"), "{page}");

    // The last day itself becomes one off; a day behind it moves nothing.
    declare(&country, "2026-11-19").await.unwrap();
    declare(&country, "2026-12-24").await.unwrap();
    shifted(&country).await;
    assert_eq!(due(&country, &id).await, (Some("2026-11-20".into()), version + 2));
    for date in ["2026-11-11", "2026-11-19", "2026-12-24"] {
        admin::withdraw_holiday(&country.app, &Doer::machine(), day(date)).await.unwrap();
    }
    shifted(&country).await;
    assert_eq!(due(&country, &id).await, (before, version + 3));
}

#[tokio::test]
async fn what_stands_or_has_ended_stays_and_a_supplement_rolls_on() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = submit(&mut maru).await;
    let mut haneul = assigned(&country, &id).await;
    let asked = [("text", "임대차계약서의 둘째 쪽을 붙여 주세요."), ("days", "7")];
    assert_eq!(haneul.post(&format!("/cases/{id}/ask"), &asked).await.status, StatusCode::SEE_OTHER);
    country.settle().await;
    declare(&country, "2026-10-14").await.unwrap();
    shifted(&country).await;
    assert_eq!(due(&country, &id).await.0, None, "its clock stands");
    let page = maru.get(&format!("/cases/{id}")).await.body;
    assert!(page.contains("10월 15일"), "the last day is off, so it is the next: {page}");
    // At the end of the day it was, nothing lapses; at the end of the day it is, it does.
    country.clock.forward(8 * DAY);
    country.settle().await;
    haneul = country.signed_in("haneul").await;
    let page = haneul.get(&format!("/desk/cases/{id}")).await.body;
    assert!(!page.contains("기한 안에 오지 않음"), "{page}");
    country.clock.forward(DAY);
    country.settle().await;
    haneul = country.signed_in("haneul").await;
    let page = haneul.get(&format!("/desk/cases/{id}")).await.body;
    assert!(page.contains("기한 안에 오지 않음"), "{page}");

    let refusal = [("note", "두 번 부탁드렸으나 오지 않았습니다."), ("basis", "국민기초생활 보장법 제8조")];
    haneul.get(&format!("/desk/cases/{id}")).await;
    assert_eq!(haneul.post(&format!("/cases/{id}/refuse"), &refusal).await.status, StatusCode::SEE_OTHER);
    let ended = due(&country, &id).await;
    declare(&country, "2026-11-02").await.unwrap();
    shifted(&country).await;
    assert_eq!(due(&country, &id).await, ended);
}

#[tokio::test]
async fn two_programs_move_each_clock_once_while_officers_work() {
    let country = country().await;
    let mut ids = Vec::new();
    for user in ["maru", "daon"] {
        let mut browser = country.signed_in(user).await;
        ids.push(submit(&mut browser).await);
    }
    let before = [due(&country, &ids[0]).await.1, due(&country, &ids[1]).await.1];
    declare(&country, "2026-11-11").await.unwrap();
    country.clock.forward(31);
    let all = || async { while !maru_case::shift(&country.app).await.unwrap() {} };
    let ((), (), _) = tokio::join!(all(), all(), assigned(&country, &ids[0]));
    assert_eq!(
        due(&country, &ids[0]).await,
        (Some("2026-11-19".into()), before[0] + 2),
        "moved and assigned"
    );
    assert_eq!(due(&country, &ids[1]).await.1, before[1] + 1);
}

#[tokio::test]
async fn operators_declare_days_that_can_be() {
    let country = country().await;
    let app = &country.app;
    let name = Both { ko: "임시공휴일".into(), en: "Temporary holiday".into() };
    let clerk = country.signed_in("haneul").await;
    let mut session = None;
    for token in clerk.cookies.values() {
        session = session.or(app.ports.people.session(token, app.now()).await.unwrap());
    }
    let doer = Doer::of(&session.unwrap());
    let date = day("2026-12-24");
    assert!(matches!(admin::declare_holiday(app, &doer, date, &name).await, Err(Error::Denied(_))));
    for (wrong, key) in [
        ("2026-10-06", "holiday-wrong-over"),
        ("2026-10-09", "holiday-wrong-off"),
        ("2026-10-10", "holiday-wrong-off"),
        ("2031-10-06", "holiday-wrong-outside"),
    ] {
        match declare(&country, wrong).await {
            Err(Error::Invalid(problems)) => assert_eq!(problems[0].key, key, "{wrong}"),
            other => panic!("{wrong}: {other:?}"),
        }
    }
    let other = Definitions::open(app.store.clone(), maru::wire::pack().unwrap(), app.now()).await.unwrap();
    declare(&country, "2026-12-24").await.unwrap();
    assert!(matches!(declare(&country, "2026-12-24").await, Err(Error::Invalid(_))), "twice");
    assert_eq!(app.definitions.calendar().is_working_day(date), Some(false));
    assert_eq!(other.calendar().is_working_day(date), Some(true), "another program has not looked yet");
    assert!(other.refresh_calendar().await.unwrap() && !other.refresh_calendar().await.unwrap());
    assert_eq!(other.calendar().is_working_day(date), Some(false));
    assert!(matches!(admin::withdraw_holiday(app, &doer, date).await, Err(Error::Denied(_))));
    let none = admin::withdraw_holiday(app, &Doer::machine(), day("2026-12-25")).await;
    assert!(matches!(none, Err(Error::NotFound)), "the pack's own stay");
    admin::withdraw_holiday(app, &Doer::machine(), date).await.unwrap();
    assert!(matches!(admin::withdraw_holiday(app, &Doer::machine(), date).await, Err(Error::NotFound)));
    assert_eq!(app.definitions.calendar().is_working_day(date), Some(true));
    let mut operator = country.signed_in("onnuri").await;
    let log = operator.get("/admin/log").await.body;
    assert!(log.contains("공휴일을 지정함") && log.contains("공휴일 지정을 거둠"), "{log}");
    assert!(log.contains("2026-12-24"), "{log}");
}

#[tokio::test]
async fn the_page_lists_declares_takes_back_and_says_how_far_it_is() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = submit(&mut maru).await;
    for user in ["haneul", "saebyeok", "sebom", "maru"] {
        let mut other = country.signed_in(user).await;
        other.get("/me/password").await;
        for (path, fields) in [
            ("/admin/holidays", &[("date", "2026-11-11"), ("ko", "임시공휴일"), ("en", "Day off")][..]),
            ("/admin/holidays/2026-12-25/withdraw", &[]),
        ] {
            assert_eq!(other.post(path, fields).await.status, StatusCode::FORBIDDEN, "{user} {path}");
        }
    }
    let mut operator = country.signed_in("onnuri").await;
    let page = operator.get("/admin/holidays").await.body;
    assert!(page.contains("2026년 공휴일") && page.contains("2027년 공휴일"), "{page}");
    assert!(page.contains("기독탄신일") && page.contains("한글날") && !page.contains("/withdraw"), "{page}");
    assert!(!page.contains("id=\"moving\""), "nothing was changed: {page}");
    for (date, ko, en, why) in [
        ("2026-10-06", "임시공휴일", "Day off", "이미 지난 날"),
        ("2026-10-09", "임시공휴일", "Day off", "이미 쉬는 날"),
        ("2035-10-09", "임시공휴일", "Day off", "달력이 다루지 않는 날"),
        ("someday", "임시공휴일", "Day off", "날을 골라"),
        ("2026-11-11", "", "Day off", "href=\"#ko\""),
        ("2026-11-11", "임시공휴일", "", "href=\"#en\""),
    ] {
        let answer = operator.post("/admin/holidays", &[("date", date), ("ko", ko), ("en", en)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{date}");
        assert!(answer.body.contains(why), "{date}: {}", answer.body);
    }

    operator.get("/admin/holidays").await;
    let fields = [("date", "2026-11-11"), ("ko", "임시공휴일"), ("en", "Day off")];
    let declared = operator.post("/admin/holidays", &fields).await;
    assert_eq!(
        (declared.status, declared.location.as_deref()),
        (StatusCode::SEE_OTHER, Some("/admin/holidays"))
    );
    let page = operator.get("/admin/holidays").await.body;
    assert!(page.contains("/admin/holidays/2026-11-11/withdraw") && page.contains("30초 뒤부터"), "{page}");
    assert!(!page.contains("/2026-12-25/withdraw"), "the pack's own stay: {page}");
    let again = operator.post("/admin/holidays", &fields).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "twice");

    // Half way: a piece is done, others are left.
    let place = country.app.definitions.calendar().change().unwrap().place;
    let piece = |_| async {
        let batch = maru_store::Batch::new();
        Ok(maru_store::Piece { last: "2026-12-01/x".into(), rows: 7, done: false, batch })
    };
    country.app.store.chunk_by(&format!("clocks-{place}"), piece).await.unwrap();
    let page = operator.get("/admin/holidays").await.body;
    assert!(page.contains("지금까지 7건 옮김") && page.contains("아직 시작하지 않음"), "{page}");
    let gone = |page: &str| {
        let bar = page.split("<progress max=\"").nth(1).unwrap().split('>').next().unwrap().to_owned();
        let (whole, rest) = bar.split_once('"').unwrap();
        let gone = rest.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
        (gone.parse::<i64>().unwrap(), whole.parse::<i64>().unwrap())
    };
    let (some, whole) = gone(&page);
    assert!(0 < some && some < whole, "{some} of {whole}");
    shifted(&country).await;
    assert_eq!(due(&country, &id).await.0.as_deref(), Some("2026-11-19"));
    let page = operator.get("/admin/holidays").await.body;
    assert!(page.contains("마침, 8건 옮김") && page.contains("다시 세었습니다"), "{page}");
    assert_eq!(gone(&page), (whole, whole));

    let back = operator.post("/admin/holidays/2026-11-11/withdraw", &[]).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER);
    shifted(&country).await;
    assert_eq!(due(&country, &id).await.0.as_deref(), Some("2026-11-18"));
    operator.get("/admin/holidays").await;
    for date in ["2026-11-11", "2026-12-25", "never"] {
        let none = operator.post(&format!("/admin/holidays/{date}/withdraw"), &[]).await;
        assert_eq!(none.status, StatusCode::NOT_FOUND, "{date}");
    }
    // A day that is over stays.
    operator.get("/admin/holidays").await;
    operator.post("/admin/holidays", &fields).await;
    country.clock.forward(40 * DAY);
    let mut operator = country.signed_in("onnuri").await;
    let page = operator.get("/admin/holidays").await.body;
    assert!(page.contains("임시공휴일") && !page.contains("/2026-11-11/withdraw"), "{page}");
    let over = operator.post("/admin/holidays/2026-11-11/withdraw", &[]).await;
    assert_eq!(over.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(over.body.contains("이미 지난 날"), "{}", over.body);
    operator.get("/language/en").await;
    let page = operator.get("/admin/holidays").await.body;
    assert!(page.contains("Holidays of 2026") && page.contains("Day off"), "{page}");
}
