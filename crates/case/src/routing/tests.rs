use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn office(id: &str, kind: Option<&str>, region: Option<&str>) -> Office {
    Office {
        id: id.to_owned(),
        kind: kind.map(str::to_owned),
        region: region.map(str::to_owned),
        also: Vec::new(),
    }
}

/// Two municipalities, a ministry of roads and one of schools.
fn country() -> Vec<Office> {
    vec![
        office("yeongju", Some("시군구"), Some("경상북도 영주시")),
        office("sacheon", Some("시군구"), Some("경상남도 사천시")),
        office("roads", None, None),
        office("schools", None, None),
    ]
}

fn known() -> (Learned, Vec<Office>) {
    let offices = country();
    let mut learned = Learned::default();
    learned.know("도로교통부 고속도로과 철도과 항공과", &offices[2], 0);
    learned.know("교육부 학교정책과 교원과 대학과", &offices[3], 0);
    learned.know("가로등 수리, 쓰레기 수거, 여권 발급", &offices[0], 3);
    (learned, offices)
}

fn taught() -> (Learned, Vec<Office>) {
    let (mut learned, offices) = known();
    for (text, office) in [
        ("골목 가로등이 고장났어요", 0),
        ("쓰레기 수거가 늦어요", 1),
        ("고속도로 소음이 심해요", 2),
        ("학교 급식이 궁금해요", 3),
    ] {
        learned.learn(text, &offices[office], 600);
    }
    (learned, offices)
}

fn first(first: &First) -> &str {
    first.guesses.first().map_or("", |guess| guess.office.as_str())
}

#[test]
fn words_find_the_office() {
    let (learned, offices) = taught();
    let guess = learned.guess("우리 학교 급식 문의", Some("경상북도 영주시"), &offices);
    assert_eq!(first(&guess), "schools");
    assert!(guess.guesses[0].why.contains(&"급식".to_owned()), "{guess:?}");
    assert_eq!(first(&learned.guess("고속도로에서", Some("경상북도 영주시"), &offices)), "roads");
}

#[test]
fn the_place_finds_the_office_of_a_kind() {
    let (learned, offices) = taught();
    // Nobody in Sacheon ever asked about lamps: what Yeongju learned is enough.
    let sacheon = learned.guess("가로등이 꺼졌습니다", Some("경상남도 사천시 사남면"), &offices);
    assert_eq!(first(&sacheon), "sacheon");
    assert!(sacheon.guesses.iter().all(|guess| guess.office != "yeongju"), "{sacheon:?}");
}

#[test]
fn a_named_place_moves_the_guess() {
    let (learned, offices) = taught();
    let named = learned.guess("영주시 가로등이 꺼졌습니다", Some("경상남도 사천시"), &offices);
    assert_eq!(first(&named), "yeongju");
    assert_eq!(named.guesses[0].why.first().map(String::as_str), Some("영주시"));
    assert_eq!(first(&learned.guess("영주 가로등", None, &offices)), "yeongju");
    let nowhere = learned.guess("가로등", None, &offices);
    assert!(nowhere.guesses.iter().all(|guess| guess.office == "roads" || guess.office == "schools"));
}

#[test]
fn nothing_said_is_unsure() {
    let (learned, offices) = taught();
    for text in ["", " \n", "?!", "zzz", "\u{0}"] {
        assert!(!learned.guess(text, Some("경상북도 영주시"), &offices).sure, "{text:?}");
        assert!(!learned.guess(text, None, &offices).sure, "{text:?}");
    }
    assert_eq!(learned.guess("가로등", None, &[]), First::default());
    assert_eq!(Learned::default().guess("가로등", None, &offices[..1]), First::default());
}

#[test]
fn an_empty_region_is_the_country_and_an_empty_place_is_none() {
    let (learned, mut offices) = taught();
    let none = learned.guess("학교 급식", None, &offices);
    assert_eq!(learned.guess("학교 급식", Some(""), &offices), none);
    offices[3].region = Some(String::new());
    assert_eq!(learned.guess("학교 급식", None, &offices), none);
}

#[test]
fn only_what_was_learned_makes_sure() {
    let text = "고속도로 소음이 심해요";
    let (learned, offices) = known();
    assert!(!learned.guess(text, Some("경상북도 영주시"), &offices).sure);
    let (mut learned, offices) = taught();
    learned.learn(text, &offices[2], 1000);
    assert!(learned.guess(text, Some("경상북도 영주시"), &offices).sure);
}

#[test]
fn a_correction_moves_the_next_one() {
    let (mut learned, offices) = taught();
    let text = "통학로 가로수 정비";
    let place = Some("경상북도 영주시");
    learned.learn(text, &offices[3], 500);
    assert_eq!(first(&learned.guess(text, place, &offices)), "schools");
    learned.unlearn(text, &offices[3], 500);
    learned.learn(text, &offices[0], 500);
    assert_eq!(first(&learned.guess(text, place, &offices)), "yeongju");
}

/// What a table would hold after these rows.
fn table(rows: &[Row]) -> BTreeMap<(String, String), i64> {
    let mut table = BTreeMap::new();
    for row in rows {
        *table.entry((row.shelf.clone(), row.word.clone())).or_insert(0) += row.times;
    }
    table.retain(|_, times| *times != 0);
    table
}

const TEXTS: [&str; 6] =
    ["가로등 고장", "고속도로 소음", "학교 급식", "영주시 쓰레기", "여권 재발급 LH 2026", "가로등과 학교"];

fn lessons() -> impl Strategy<Value = Vec<(usize, usize, i64)>> {
    proptest::collection::vec((0..TEXTS.len(), 0..4_usize, 1..80_i64), 0..12)
}

fn teach(learned: &mut Learned, lessons: &[(usize, usize, i64)], offices: &[Office]) -> Vec<Row> {
    lessons
        .iter()
        .flat_map(|(text, office, times)| learned.learn(TEXTS[*text], &offices[*office], *times))
        .collect()
}

fn guesses(learned: &Learned, offices: &[Office]) -> Vec<First> {
    TEXTS
        .iter()
        .flat_map(|text| [None, Some("경상남도 사천시")].map(|place| learned.guess(text, place, offices)))
        .collect()
}

proptest! {
    #[test]
    fn learning_and_taking_back_leaves_nothing(before in lessons(), more in lessons()) {
        let (mut learned, offices) = known();
        let mut rows = teach(&mut learned, &before, &offices);
        let (held, told) = (table(&rows), guesses(&learned, &offices));
        rows.extend(teach(&mut learned, &more, &offices));
        for (text, office, times) in &more {
            rows.extend(learned.unlearn(TEXTS[*text], &offices[*office], *times));
        }
        prop_assert_eq!(table(&rows), held);
        prop_assert_eq!(guesses(&learned, &offices), told);
    }

    #[test]
    fn the_order_of_lessons_does_not_matter(mut lessons in lessons()) {
        let (mut one, offices) = known();
        let (mut other, _) = known();
        let rows = table(&teach(&mut one, &lessons, &offices));
        lessons.reverse();
        prop_assert_eq!(table(&teach(&mut other, &lessons, &offices)), rows.clone());
        prop_assert_eq!(guesses(&one, &offices), guesses(&other, &offices));

        // Nor does it matter whether it was learned here or read from the table.
        let (mut read, _) = known();
        rows.iter().for_each(|((shelf, word), times)| read.put(shelf, word, *times));
        prop_assert_eq!(guesses(&read, &offices), guesses(&one, &offices));
    }

    #[test]
    fn any_text_is_guessed(text in any::<String>(), place in proptest::option::of(any::<String>())) {
        let (learned, mut offices) = taught();
        let guess = learned.guess(&text, place.as_deref(), &offices);
        prop_assert!(guess.guesses.len() <= 3);
        offices.reverse();
        prop_assert_eq!(learned.guess(&text, place.as_deref(), &offices), guess);
    }

    #[test]
    fn no_count_is_too_big(times in any::<i64>(), again in any::<i64>()) {
        let (mut learned, offices) = known();
        learned.learn("가로등 고장", &offices[0], times);
        learned.learn("가로등 고장", &offices[2], again);
        learned.guess("가로등 고장", Some("경상북도 영주시"), &offices);
    }
}
