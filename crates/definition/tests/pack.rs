//! Facts, regions, registers, the calendar and forms of the pack that ships.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)] // a test says what is wrong by failing

use std::collections::BTreeMap;

use maru_definition::{FieldKind, Form, FormField, FormPage, Pack, Regions, Service, TEXT_LIMIT, Vague};
use maru_kernel::{Date, Lang};
use maru_rules::{Expr, Facts, Ratio, Value};
use serde_json::{Value as Json, json};

fn pack() -> Pack {
    Pack::embedded().unwrap_or_else(|f| panic!("{f:#?}"))
}

fn benefit(pack: &Pack) -> &Service {
    pack.services.iter().find(|service| service.id == "livelihood-benefit").unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

#[test]
fn facts_are_read_and_shown() {
    let pack = pack();
    let read = |name: &str, json: Json| pack.fact(name).unwrap().read(&json, &pack.regions);
    let number = |text: &str| Ok(Value::Number(Ratio::parse(text).unwrap()));
    assert_eq!(read("나이", json!(36)), number("36"));
    assert_eq!(read("나이", json!(" 36 ")), number("36"));
    assert_eq!(read("나이", json!(151)), Err("fact-max".into()));
    assert_eq!(read("나이", json!(-1)), Err("fact-min".into()));
    assert_eq!(read("나이", json!("서른")), Err("fact-number".into()));
    assert_eq!(read("나이", json!(true)), Err("fact-number".into()));
    assert_eq!(read("나이", Json::Null), Ok(Value::Unknown));
    assert_eq!(read("나이", json!("")), Ok(Value::Unknown));
    assert_eq!(read("가구.중위소득비율", json!(50.5)), number("50.5"));
    assert_eq!(read("가구.금융재산", json!("3,200,000")), number("3200000"));
    assert_eq!(read("장애인", json!(true)), Ok(Value::Bool(true)));
    assert_eq!(read("장애인", json!("no")), Ok(Value::Bool(false)));
    assert_eq!(read("장애인", json!("maybe")), Err("fact-boolean".into()));
    assert_eq!(read("장애인", json!(1)), Err("fact-boolean".into()));
    assert_eq!(read("성별", json!("여성")), Ok(Value::Text("여성".into())));
    // The same letters, taken apart, as some keyboards send them.
    assert_eq!(
        read("성별", json!("\u{110b}\u{1167}\u{1109}\u{1165}\u{11bc}")),
        Ok(Value::Text("여성".into()))
    );
    assert_eq!(read("성별", json!("딴것")), Err("fact-choice".into()));
    assert_eq!(read("거주지", json!("전라북도 전주시")), Ok(Value::Text("전북특별자치도 전주시".into())));
    assert_eq!(
        read("거주지", json!("서울특별시 종로구 누리동")),
        Ok(Value::Text("서울특별시 종로구".into()))
    );
    assert_eq!(read("거주지", json!("아틀란티스")), Err("fact-region".into()));
    assert_eq!(read("계좌.번호", json!("1\u{0}2")), Err("fact-text".into()));
    assert_eq!(read("계좌.번호", json!("1".repeat(TEXT_LIMIT + 1))), Err("fact-text".into()));
    assert!(matches!(read("가구원", json!([{"나이": 5}])), Ok(Value::List(_))));
    assert_eq!(read("가구원", json!({})), Err("fact-list".into()));

    let show = |name: &str, json: Json, lang| {
        let fact = pack.fact(name).unwrap();
        fact.show(&fact.read(&json, &pack.regions).unwrap(), lang)
    };
    assert_eq!(show("나이", json!(36), Lang::Ko), "36세");
    assert_eq!(show("나이", json!(36), Lang::En), "36 years");
    assert_eq!(show("가구.금융재산", json!(3_200_000), Lang::Ko), "3,200,000원");
    assert_eq!(show("가구.금융재산", json!(3_200_000), Lang::En), "3,200,000 won");
    assert_eq!(show("가구.중위소득비율", json!(36.666), Lang::En), "36.67%");
    assert_eq!(show("성별", json!("여성"), Lang::En), "Female");
    assert_eq!(show("장애인", json!(false), Lang::Ko), "아니요");
    assert_eq!(show("나이", Json::Null, Lang::Ko), "");
}

#[test]
fn regions_resolve_by_name_former_name_and_code() {
    let pack = pack();
    let find = |text: &str| pack.regions.find(text).map(|r| r.name.as_str());
    assert_eq!(find("경기도  수원시"), Some("경기도 수원시"));
    assert_eq!(find("강원도"), Some("강원특별자치도"));
    assert_eq!(find("11110"), Some("서울특별시 종로구"));
    assert_eq!(find("1111053000"), Some("서울특별시 종로구"));
    assert_eq!(find("99"), None);
    assert_eq!(find(""), None);
    assert_eq!(
        find("인천광역시 서구"),
        Some("인천광역시"),
        "a district that was split is nobody's former name"
    );
    let suwon = pack.regions.find("경기도 수원시").unwrap();
    assert_eq!(
        (suwon.short(), pack.regions.parent(suwon).map(|r| r.name.as_str())),
        ("수원시", Some("경기도"))
    );
    let area = |agency, kind| pack.regions.of_agency(agency, kind);
    assert!(pack.regions.within(suwon, area("경기도", "광역시도")));
    assert!(pack.regions.within(suwon, area("보건복지부", "중앙행정기관")));
    assert!(!pack.regions.within(suwon, area("서울특별시", "광역시도")));
    assert!(!pack.regions.within(pack.regions.find("경기도").unwrap(), area("경기도 수원시", "시군구")));
    let sejong = pack.regions.find("세종특별자치시").unwrap();
    assert!(pack.regions.within(sejong, area("세종특별자치시교육청", "교육청")));
}

#[test]
fn registers_give_facts() {
    let pack = pack();
    let give = |register: &str, row: Option<Json>| -> BTreeMap<String, Json> {
        let row = row.map(|row| row.as_object().unwrap().clone());
        let given = pack.register(register).unwrap().facts(row.as_ref(), &pack.parameters, day("2026-11-02"));
        given.into_iter().map(|(name, value)| (name, value.to_json())).collect()
    };
    let row = json!({ "생년월일": "1990-03-02", "성별": "여성", "거주지": "경기도 수원시", "세대원수": 2, "주소": "" });
    let given = give("resident-registration", Some(row));
    assert_eq!(given["나이"], json!(36));
    assert_eq!(given["거주지"], json!("경기도 수원시"));
    assert_eq!(given["일인가구"], json!(false));
    // A complete register says no about whom it does not hold; any other says nothing.
    assert_eq!(give("disability", None)["장애인"], json!(false));
    assert_eq!(give("disability", Some(json!({})))["장애인"], json!(true));
    assert!(give("farm-registration", None).is_empty());
    assert!(give("resident-registration", None).is_empty());
    // What a row can't tell is left out: an empty field, `null`, a field of the wrong kind.
    assert!(give("health-insurance", Some(json!({ "자격": "피부양자", "보수월액": "" }))).is_empty());
    assert_eq!(give("health-insurance", Some(json!({ "자격": "직장가입자" })))["근로자"], json!(true));
    assert_eq!(give("job-seeking", Some(json!({ "유효일": "2026-11-02" })))["구직자"], json!(true));
    assert!(give("job-seeking", Some(json!({ "유효일": "2026-11-01" }))).is_empty());
    // Parameters are those of the day, and the ratio is exact.
    let share =
        &give("social-security", Some(json!({ "가구원수": 2, "월소득": 4_199_292 })))["가구.중위소득비율"];
    assert_eq!(*share, json!(100));
}

#[test]
fn the_demo_fits() {
    let pack = pack();
    let demo = pack.demo.as_ref().unwrap();
    assert!(
        demo.people.iter().any(|p| p.kind == "official") && demo.people.iter().any(|p| p.kind == "resident")
    );
    for person in demo.people.iter().filter(|p| p.kind == "resident") {
        for (register, row) in &person.registers {
            let register = pack.register(register).unwrap();
            for (name, value) in register.facts(Some(row), &pack.parameters, day("2026-11-02")) {
                let fact = pack.fact(&name).unwrap();
                let read = fact.read(&value.to_json(), &pack.regions);
                assert!(
                    read.is_ok() || matches!(value, Value::List(_) | Value::Number(_)),
                    "{name}: {value:?} {read:?}"
                );
            }
        }
    }
}

#[test]
fn the_calendar_counts_working_days() {
    let calendar = pack().calendar;
    assert_eq!(calendar.is_working_day(day("2026-11-02")), Some(true));
    assert_eq!(calendar.is_working_day(day("2026-11-01")), Some(false), "Sunday");
    assert_eq!(calendar.is_working_day(day("2026-09-25")), Some(false), "Chuseok");
    assert_eq!(calendar.holiday(day("2026-09-25")).map(|h| h.en.as_str()), Some("Chuseok"));
    assert_eq!(calendar.is_working_day(day("2031-01-02")), None, "outside what it covers");
}

#[test]
fn the_service_has_its_words() {
    let pack = pack();
    let service = pack.services.iter().find(|s| s.id == "livelihood-benefit").unwrap();
    for lang in Lang::ALL {
        let text = service.text(lang);
        assert!(!text.condition("income").no.is_empty() && !text.line("standard").is_empty());
        assert_ne!(text.step("received"), "received");
        assert!(service.letters.get("granted", lang).is_some_and(|l| l.contains("{{ amount }}")));
        assert_eq!(text.condition("nothing").label, "");
        assert_eq!(text.line("nothing"), "nothing");
        assert_eq!(text.choice("home-kind", "nothing"), "nothing");
    }
    assert_eq!((service.pays.as_str(), service.pays.text(Lang::Ko)), ("month", "매달"));
    assert_eq!(service.hash.len(), 64);
    assert!(service.version >= day("2026-01-01"));
}

fn typed(list: &[(&str, &str)]) -> BTreeMap<String, String> {
    list.iter().map(|(id, text)| ((*id).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn a_form_asks_what_applies() {
    let pack = pack();
    let (form, regions) = (&benefit(&pack).form, &pack.regions);
    let ids = |facts: &Facts| form.pages(facts).into_iter().map(|p| p.id.clone()).collect::<Vec<_>>();
    let mut facts = Facts::new();
    assert_eq!(ids(&facts), ["home", "account", "consent"]);
    facts.insert("주거.형태", Value::Text("전세".into()));
    assert_eq!(ids(&facts), ["home", "pay", "account", "consent"]);

    let pay = form.page("pay").unwrap();
    assert_eq!(
        form.read(pay, &typed(&[("deposit", "5,000,000")]), &facts, regions),
        Ok(vec![("주거.보증금".into(), json!(5_000_000))])
    );
    facts.insert("주거.형태", Value::Text("월세".into()));
    let problems = form.read(pay, &typed(&[("deposit", "10000000001")]), &facts, regions).unwrap_err();
    let shown: Vec<_> =
        problems.iter().map(|p| (p.field.as_str(), p.key.as_str(), p.value.as_deref())).collect();
    assert_eq!(shown, [("deposit", "form-max", Some("10000000000")), ("rent", "form-required", None)]);
    let account = form.page("account").unwrap();
    let read = form.read(
        account,
        &typed(&[("bank", "우체국"), ("account-number", "012-3456 78-901")]),
        &facts,
        regions,
    );
    assert_eq!(read.unwrap()[1], ("계좌.번호".into(), json!("01234567 8901".replace(' ', ""))));
}

fn field(kind: FieldKind) -> FormField {
    FormField {
        id: "it".into(),
        fact: "그것".into(),
        kind,
        required: true,
        choices: if kind == FieldKind::Choice { vec!["하나".into(), "둘".into()] } else { Vec::new() },
        when: None,
        min: None,
        max: None,
        secret: false,
        autocomplete: None,
    }
}

/// What one typed text becomes: the answer, or the key and its bound.
type Typed = Result<Option<Json>, (String, Option<String>)>;

fn read(field: FormField, text: &str) -> Typed {
    let page = FormPage { id: "page".into(), when: None, fields: vec![field] };
    let form = Form { pages: vec![page.clone()] };
    form.read(&page, &typed(&[("it", text)]), &Facts::new(), &Pack::embedded().unwrap().regions)
        .map(|answers| answers.into_iter().next().map(|(_, json)| json))
        .map_err(|problems| (problems[0].key.clone(), problems[0].value.clone()))
}

#[test]
fn every_kind_of_field_is_read() {
    let wrong = |key: &str| Err((key.to_owned(), None));
    let bound = |key: &str, bound: &str| Err((key.to_owned(), Some(bound.to_owned())));
    let with = |kind, min, max| FormField { min, max, ..field(kind) };
    let cases: Vec<(FormField, &str, Typed)> = vec![
        (field(FieldKind::Choice), " 둘 ", Ok(Some(json!("둘")))),
        (field(FieldKind::Choice), "셋", wrong("form-choice")),
        (field(FieldKind::Choice), "", wrong("form-required")),
        (field(FieldKind::YesNo), "yes", Ok(Some(json!(true)))),
        (field(FieldKind::YesNo), "no", Ok(Some(json!(false)))),
        (field(FieldKind::YesNo), "on", wrong("form-choice")),
        (field(FieldKind::YesNo), "", wrong("form-required")),
        (field(FieldKind::Text), "가\u{1100}\u{1161}", Ok(Some(json!("가가")))),
        (field(FieldKind::Text), "가\u{0}나", wrong("form-text")),
        (field(FieldKind::Text), "가\n나", wrong("form-text")),
        (with(FieldKind::Text, Some(2), Some(3)), "가", bound("form-too-short", "2")),
        (with(FieldKind::Text, Some(2), Some(3)), "가나다라", bound("form-too-long", "3")),
        (field(FieldKind::Long), "첫 줄\r\n둘째 줄", Ok(Some(json!("첫 줄\n둘째 줄")))),
        (field(FieldKind::Long), "가\u{0}나", wrong("form-text")),
        (with(FieldKind::Long, Some(3), Some(5)), "가나", bound("form-too-short", "3")),
        (
            field(FieldKind::Place),
            "경기도 수원시 팔달구 누리로 12 앞",
            Ok(Some(json!("경기도 수원시 팔달구 누리로 12 앞"))),
        ),
        (field(FieldKind::Place), "누리로 12 앞", wrong("form-place")),
        (field(FieldKind::Place), "중구 누리로 12", wrong("form-place-which")),
        (field(FieldKind::Place), "Tokyo, Shibuya", wrong("form-place")),
        (field(FieldKind::Position), "37.2636, 127.0286", Ok(Some(json!("37.26360,127.02860")))),
        (field(FieldKind::Position), "35.68,139.76", wrong("form-position")),
        (field(FieldKind::Digits), "010-1234 5678", Ok(Some(json!("01012345678")))),
        (field(FieldKind::Digits), "010a", wrong("form-digits")),
        (field(FieldKind::Digits), "１２３", wrong("form-digits")),
        (field(FieldKind::Digits), "--", wrong("form-digits")),
        (with(FieldKind::Digits, Some(10), Some(14)), "123", bound("form-too-short", "10")),
        (with(FieldKind::Digits, Some(10), Some(14)), "123456789012345", bound("form-too-long", "14")),
        (field(FieldKind::Money), "1,234,000원", Ok(Some(json!(1_234_000)))),
        (field(FieldKind::Money), "0", Ok(Some(json!(0)))),
        (field(FieldKind::Money), "12.5", wrong("form-number")),
        (field(FieldKind::Money), "99999999999999999999", wrong("form-number")),
        (field(FieldKind::Money), "9223372036854775807", wrong("form-number")),
        (with(FieldKind::Money, Some(0), None), "-5", bound("form-min", "0")),
        (field(FieldKind::Number), "1,000.50", Ok(Some(json!(1000.50)))),
        (field(FieldKind::Number), "36", Ok(Some(json!(36)))),
        (field(FieldKind::Number), "1e400", wrong("form-number")),
        (field(FieldKind::Number), "NaN", wrong("form-number")),
        (with(FieldKind::Number, None, Some(150)), "151", bound("form-max", "150")),
        (field(FieldKind::Date), "2026. 10. 7.", Ok(Some(json!("2026-10-07")))),
        (field(FieldKind::Date), "20261007", Ok(Some(json!("2026-10-07")))),
        (field(FieldKind::Date), "2026-02-30", wrong("form-date")),
        (field(FieldKind::Date), "어제", wrong("form-date")),
        (field(FieldKind::Consent), "yes", Ok(Some(json!(true)))),
        (field(FieldKind::Consent), "", wrong("form-consent")),
        (field(FieldKind::Consent), "no", wrong("form-consent")),
        (FormField { required: false, ..field(FieldKind::Consent) }, "", Ok(Some(json!(false)))),
        (FormField { required: false, ..field(FieldKind::Date) }, "  ", Ok(None)),
    ];
    for (field, text, expected) in cases {
        let kind = field.kind;
        assert_eq!(read(field, text), expected, "{kind:?} {text:?}");
    }
    let long = "9".repeat(TEXT_LIMIT + 1);
    for kind in [FieldKind::Text, FieldKind::Digits, FieldKind::Money, FieldKind::Number, FieldKind::Choice] {
        assert_eq!(read(field(kind), &long), bound("form-too-long", "2000"), "{kind:?}");
    }
}

#[test]
fn a_field_may_hang_on_one_of_its_own_page() {
    let first = FormField { id: "first".into(), fact: "첫째".into(), ..field(FieldKind::YesNo) };
    let second = FormField {
        id: "second".into(),
        fact: "둘째".into(),
        when: Some(Expr::parse("첫째 = true").unwrap()),
        ..field(FieldKind::Money)
    };
    let page = FormPage { id: "page".into(), when: None, fields: vec![first, second] };
    let form = Form { pages: vec![page.clone()] };
    // What was kept before does not count: what is typed now does.
    let mut facts = Facts::new();
    facts.insert("첫째", Value::Bool(true));
    assert_eq!(
        form.read(&page, &typed(&[("first", "no")]), &facts, &Regions::default()),
        Ok(vec![("첫째".into(), json!(false))])
    );
    let problems =
        form.read(&page, &typed(&[("first", "yes")]), &Facts::new(), &Regions::default()).unwrap_err();
    assert_eq!(
        (problems.len(), problems[0].field.as_str(), problems[0].key.as_str()),
        (1, "second", "form-required")
    );
}

#[test]
fn a_text_names_its_region() {
    let regions = pack().regions;
    let named = |text: &str| regions.named_in(text).map(|region| region.name.clone());
    for (text, name) in [
        ("경기도 수원시 팔달구 누리로 12", "경기도 수원시 팔달구"),
        ("경기 수원시 팔달구 누리로 12", "경기도 수원시 팔달구"),
        ("수원시 팔달구, 공원 옆", "경기도 수원시 팔달구"),
        ("수원시 어딘가", "경기도 수원시"),
        ("부산 남구 언덕길", "부산광역시 남구"),
        ("우리 동네는 강릉시 입니다", "강원특별자치도 강릉시"),
        ("전라북도 전주시 덕진구 나루길", "전북특별자치도 전주시 덕진구"),
    ] {
        assert_eq!(named(text).as_deref(), Ok(name), "{text}");
    }
    assert_eq!(named("남구 언덕길"), Err(Vague::Several));
    assert_eq!(named("언덕길 3"), Err(Vague::Nowhere));
    assert_eq!(named(""), Err(Vague::Nowhere));
}
