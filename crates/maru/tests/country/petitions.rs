//! Petitions, reports and permits: filed by anybody, sent to whom they belong, answered.

use crate::common::{Browser, answered_with, country, filed_for, petition, post, sent, suggestion, taken};
use axum::http::StatusCode;

const ANSWER: &str = "지난주에 고쳤습니다. 다시 깨지면 같은 곳으로 알려 주세요.";

#[tokio::test]
async fn a_suggestion_is_answered_in_fourteen_days_with_its_articles() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let page = maru.get("/services/suggestion").await.body;
    assert!(page.contains("14일") && !page.contains("id=\"can\""), "there is nothing to qualify for: {page}");
    let id = suggestion(&mut maru).await;
    let page = maru.get(&format!("/cases/{id}")).await.body;
    // From Wednesday 7 October, Friday the 9th a holiday: the fourteenth day is the 27th.
    assert!(page.contains("10월 27일"), "{page}");

    let mut dasom = taken(&country, "dasom", &id).await;
    let page = dasom.get(&format!("/desk/cases/{id}")).await.body;
    assert!(page.contains("공원 벤치를 늘려 주세요") && page.contains("어르신이 쉬어 갈 자리가"), "{page}");
    assert!(!page.contains(&format!("/cases/{id}/grant")), "a petition is answered, not granted");
    post(&mut dasom, StatusCode::UNPROCESSABLE_ENTITY, &format!("/cases/{id}/respond"), &[("note", "네")])
        .await;
    post(&mut dasom, StatusCode::CONFLICT, &format!("/cases/{id}/grant"), &[("note", ANSWER)]).await;
    post(&mut dasom, StatusCode::CONFLICT, &format!("/cases/{id}/close"), &[("note", ANSWER)]).await;
    let said = [("note", ANSWER), ("basis", "도시공원법 제19조")];
    post(&mut dasom, StatusCode::SEE_OTHER, &format!("/cases/{id}/respond"), &said).await;
    post(&mut dasom, StatusCode::CONFLICT, &format!("/cases/{id}/respond"), &said).await;

    country.settle().await;
    let page = maru.get(&format!("/cases/{id}")).await.body;
    assert!(page.contains(ANSWER) && page.contains("도시공원법 제19조"), "{page}");
    let letters = maru.get("/messages").await.body;
    assert!(letters.contains("건의: 답변드립니다"), "{letters}");
}

#[tokio::test]
async fn officials_note_and_begin_from_a_draft() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = suggestion(&mut maru).await;
    let mut dasom = taken(&country, "dasom", &id).await;
    let text = "지난달에도 같은 전화가 있었습니다. 공원팀에 물어보세요.";
    post(&mut dasom, StatusCode::UNPROCESSABLE_ENTITY, &format!("/cases/{id}/note"), &[("text", "짧음")])
        .await;
    post(&mut dasom, StatusCode::SEE_OTHER, &format!("/cases/{id}/note"), &[("text", text)]).await;
    let page = dasom.get(&format!("/desk/cases/{id}?draft=considered")).await.body;
    assert!(page.contains(text) && page.contains("윤다솜"), "{page}");
    assert!(page.contains("김마루 님, 보내 주신 의견을 검토했습니다."), "the draft is filled in: {page}");
    assert!(!dasom.get(&format!("/desk/cases/{id}?draft=nothing")).await.body.contains("검토했습니다"));
    for path in [format!("/cases/{id}"), "/messages".into()] {
        let page = maru.get(&path).await.body;
        assert!(!page.contains(text) && !page.contains("메모"), "{page}");
    }
    let mut haneul = country.signed_in("haneul").await;
    haneul.get("/desk").await;
    post(&mut haneul, StatusCode::NOT_FOUND, &format!("/cases/{id}/note"), &[("text", text)]).await;
}

#[tokio::test]
async fn several_petitions_may_be_open_and_the_third_of_a_kind_may_be_closed() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let first = suggestion(&mut maru).await;
    let second = suggestion(&mut maru).await;
    assert_ne!(first, second);
    let third = suggestion(&mut maru).await;
    for id in [&first, &second] {
        let mut dasom = taken(&country, "dasom", id).await;
        post(&mut dasom, StatusCode::CONFLICT, &format!("/cases/{id}/close"), &[("note", ANSWER)]).await;
        post(&mut dasom, StatusCode::SEE_OTHER, &format!("/cases/{id}/respond"), &[("note", ANSWER)]).await;
    }
    let mut dasom = taken(&country, "dasom", &third).await;
    let note = [("note", "앞서 두 번 답변드린 것과 같은 내용입니다.")];
    post(&mut dasom, StatusCode::SEE_OTHER, &format!("/cases/{third}/close"), &note).await;
    country.settle().await;
    let letters = maru.get("/messages").await.body;
    assert!(letters.contains("반복된 민원을 종결합니다"), "{letters}");
}

#[tokio::test]
async fn a_report_goes_to_the_office_of_its_place() {
    let country = country().await;
    // Naru lives in Jeonju; the pavement is in Suwon.
    let mut naru = country.signed_in("naru").await;
    let id = filed_for(&mut naru, "street-report").await;
    let kind = [("kind", "보도·도로 파손"), ("body", "보도블록이 손바닥만큼 꺼졌습니다.")];
    answered_with(&mut naru, &id, &[("kind", &kind)]).await;
    let place = format!("/cases/{id}/form/place");
    naru.get(&place).await;
    for (typed, told) in [("팔달산 아래", "어느 시·군·구인지"), ("중구 어디", "시·도 이름도")]
    {
        let page = post(&mut naru, StatusCode::UNPROCESSABLE_ENTITY, &place, &[("where", typed)]).await;
        assert!(page.contains(told), "{page}");
    }
    let abroad = [("where", "경기도 수원시 팔달구 누리로 12 앞"), ("position", "35.68000,139.76000")];
    let page = post(&mut naru, StatusCode::UNPROCESSABLE_ENTITY, &place, &abroad).await;
    assert!(page.contains("나라 안의 위도와 경도"), "{page}");
    let here = [("where", "경기도 수원시 팔달구 누리로 12 앞"), ("position", "37.26360,127.02860")];
    answered_with(&mut naru, &id, &[("place", &here)]).await;
    sent(&mut naru, &id).await;

    let mut byeolha = taken(&country, "byeolha", &id).await;
    for other in ["dasom", "haneul"] {
        let mut other = country.signed_in(other).await;
        assert_eq!(other.get(&format!("/desk/cases/{id}")).await.status, StatusCode::NOT_FOUND);
    }
    // Received on Wednesday at 10:12: three working hours, the lunch hour not counted.
    let page = naru.get(&format!("/cases/{id}")).await.body;
    assert!(page.contains("10월 7일"), "{page}");
    post(&mut byeolha, StatusCode::SEE_OTHER, &format!("/cases/{id}/respond"), &[("note", ANSWER)]).await;
}

/// A report that is filled in, not sent.
async fn report(browser: &mut Browser<'_>, place: &str, position: &str) -> String {
    let id = filed_for(browser, "street-report").await;
    let kind = [("kind", "보도·도로 파손"), ("body", "보도블록이 손바닥만큼 꺼졌습니다.")];
    answered_with(browser, &id, &[("kind", &kind), ("place", &[("where", place), ("position", position)])])
        .await;
    id
}

#[tokio::test]
async fn who_saw_the_same_joins_and_is_told_the_same() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let first = report(&mut maru, "경기도 수원시 팔달구 누리로 12 앞", "37.26360,127.02860").await;
    sent(&mut maru, &first).await;
    let mut naru = country.signed_in("naru").await;
    let draft = report(&mut naru, "수원시 팔달구 공원 옆", "37.26380,127.02870").await;
    let page = naru.get(&format!("/cases/{draft}/check")).await.body;
    assert!(page.contains(&format!("/reports/{first}/join")) && page.contains("누리로 12 앞"), "{page}");
    // Far away nothing is near.
    let mut daon = country.signed_in("daon").await;
    let far = report(&mut daon, "경기도 수원시 영통구 다온길 3", "37.25000,127.05000").await;
    assert!(!daon.get(&format!("/cases/{far}/check")).await.body.contains(&first));

    let page = country.browser().get(&format!("/reports/{first}")).await.body;
    assert!(page.contains("누리로 12 앞") && !page.contains("김마루"), "{page}");
    assert!(!page.contains("손바닥만큼"), "what somebody wrote is not everybody's to read");
    maru.get(&format!("/reports/{first}")).await;
    maru.get(&format!("/cases/{first}/withdraw")).await;
    post(&mut maru, StatusCode::CONFLICT, &format!("/reports/{first}/join"), &[]).await;
    naru.get(&format!("/cases/{draft}/check")).await;
    for _ in 0..2 {
        post(&mut naru, StatusCode::SEE_OTHER, &format!("/reports/{first}/join"), &[("draft", &draft)]).await;
    }
    assert!(naru.get(&format!("/cases/{draft}")).await.body.contains("거두"), "the draft is taken back");
    assert!(naru.get("/cases").await.body.contains(&format!("/reports/{first}")));
    // Joining gives nothing of the case itself.
    assert_eq!(naru.get(&format!("/cases/{first}")).await.status, StatusCode::NOT_FOUND);

    let mut byeolha = taken(&country, "byeolha", &first).await;
    assert!(byeolha.page.contains("1명이 함께함"), "{}", byeolha.page);
    post(&mut byeolha, StatusCode::SEE_OTHER, &format!("/cases/{first}/respond"), &[("note", ANSWER)]).await;
    country.settle().await;
    assert!(naru.get("/messages").await.body.contains("함께하신"), "{}", naru.page);
    assert!(naru.get(&format!("/reports/{first}")).await.body.contains(ANSWER));
    assert!(!country.browser().get(&format!("/reports/{first}")).await.body.contains(ANSWER));
    assert!(maru.get("/messages").await.body.contains("생활불편 신고: 답변드립니다"));
    daon.get(&format!("/cases/{far}/check")).await;
    post(&mut daon, StatusCode::CONFLICT, &format!("/reports/{first}/join"), &[("draft", &far)]).await;
    let page =
        daon.get("/reports?place=%EC%88%98%EC%9B%90%EC%8B%9C%20%ED%8C%94%EB%8B%AC%EA%B5%AC").await.body;
    assert!(page.contains(&first) && page.contains("처리됨"), "{page}");
}

#[tokio::test]
async fn who_joined_is_told_when_the_report_is_taken_back() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let first = report(&mut maru, "경기도 수원시 팔달구 누리로 12 앞", "").await;
    sent(&mut maru, &first).await;
    let mut naru = country.signed_in("naru").await;
    naru.get(&format!("/reports/{first}")).await;
    post(&mut naru, StatusCode::SEE_OTHER, &format!("/reports/{first}/join"), &[]).await;
    maru.get(&format!("/cases/{first}/withdraw")).await;
    post(&mut maru, StatusCode::SEE_OTHER, &format!("/cases/{first}/withdraw"), &[]).await;
    country.settle().await;
    assert!(naru.get("/messages").await.body.contains("함께하신"), "{}", naru.page);
    assert!(!maru.get("/messages").await.body.contains("함께하신"));
}

#[tokio::test]
async fn nothing_is_permitted_before_all_offices_concerned_were_heard() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let place = [("where", "경기도 수원시 팔달구 마루동 12-3")];
    let build = [("work", "증축"), ("area", "42"), ("body", "살림집 뒤에 창고를 붙여 짓습니다.")];
    let id = petition(&mut maru, "building-report", &[("place", &place), ("build", &build)]).await;
    let mut jium = taken(&country, "jium", &id).await;
    let page = jium.get(&format!("/desk/cases/{id}")).await.body;
    assert!(page.contains("도로·가로 담당, 환경 담당"), "{page}");
    assert!(!page.contains(&format!("/cases/{id}/grant")), "no button before they replied");
    for unit in ["unit-suwon-street", "unit-suwon-environment"] {
        assert!(page.contains(&format!("name=\"{unit}\" value=\"yes\" checked")), "{unit} is ticked: {page}");
    }
    post(&mut jium, StatusCode::CONFLICT, &format!("/cases/{id}/grant"), &[]).await;
    let ask = [
        ("unit-suwon-street", "yes"),
        ("unit-suwon-environment", "yes"),
        ("text", "창고 증축입니다. 의견을 주세요."),
    ];
    post(&mut jium, StatusCode::SEE_OTHER, &format!("/cases/{id}/consult"), &ask).await;
    for (user, replied) in [("byeolha", 1), ("pureum", 2)] {
        let mut other = country.signed_in(user).await;
        let desk = other.get("/desk").await.body;
        let (_, rest) = desk.split_once("/desk/tasks/").unwrap();
        let task = rest.split('"').next().unwrap().to_owned();
        other.get(&format!("/desk/tasks/{task}")).await;
        post(
            &mut other,
            StatusCode::SEE_OTHER,
            &format!("/tasks/{task}/reply"),
            &[("text", "의견이 없습니다. 그대로 지어도 됩니다.")],
        )
        .await;
        let may = jium.get(&format!("/desk/cases/{id}")).await.body.contains(&format!("/cases/{id}/grant"));
        assert_eq!(may, replied == 2, "{user}");
    }
    post(&mut jium, StatusCode::SEE_OTHER, &format!("/cases/{id}/grant"), &[("basis", "건축법 제14조")])
        .await;
    country.settle().await;
    let page = maru.get(&format!("/cases/{id}")).await.body;
    assert!(page.contains("허가") && page.contains("건축법 제14조"), "{page}");
}

#[tokio::test]
async fn a_refused_request_names_the_way_to_object() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let what = [("title", "재난 대비 훈련 계획서"), ("body", "2026년 훈련 계획서 전체를 보고 싶습니다.")];
    let id = petition(&mut maru, "information-request", &[("what", &what), ("how", &[("form", "전자파일")])])
        .await;
    let mut dasom = taken(&country, "dasom", &id).await;
    let said = [
        ("note", "훈련 전에 알려지면 안 되는 내용이 들어 있습니다."),
        ("basis", "공공기관의 정보공개에 관한 법률 제9조제1항제2호"),
    ];
    post(&mut dasom, StatusCode::SEE_OTHER, &format!("/cases/{id}/refuse"), &said).await;
    country.settle().await;
    let page = maru.get(&format!("/cases/{id}")).await.body;
    // Thirty days from 7 October.
    assert!(
        page.contains("비공개") && page.contains("11월 6일") && page.contains("제9조제1항제2호"),
        "{page}"
    );
}

#[tokio::test]
async fn what_the_front_office_moves_teaches_the_first_guess() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = suggestion(&mut maru).await;
    let mut dasom = taken(&country, "dasom", &id).await;
    post(&mut dasom, StatusCode::SEE_OTHER, &format!("/cases/{id}/respond"), &[("note", ANSWER)]).await;
    country.settle().await;
    let words = country
        .app
        .store
        .query("SELECT office, word, times FROM case_word WHERE word = '벤치'", vec![])
        .await;
    let rows: Vec<String> = words.unwrap().iter().map(|row| row.string("office").unwrap()).collect();
    assert!(rows.contains(&"suwon-petition".to_owned()), "{rows:?}");
}
