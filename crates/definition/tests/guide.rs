//! Guidance equals what one gets by reading each service's codes one by one, as the reading rules say.
#![allow(clippy::manual_try_fold, clippy::unwrap_used, clippy::panic, clippy::print_stdout)] // a test says what is wrong by failing

use std::sync::{Arc, OnceLock};

use maru_definition::{Definitions, Pack, Region, gov24, migrations};
use maru_kernel::{At, Date};
use maru_rules::{Answer, Facts, Ratio, Value};
use maru_store::Store;
use proptest::prelude::*;

mod folder;

fn now() -> At {
    At::parse("2026-11-02T09:00:00+09:00").unwrap()
}

fn on() -> Date {
    now().date()
}

/// One row of the shipped catalogue, read again from its file, by other code than the room's.
struct Row {
    id: String,
    source_id: String,
    from: i64,
    to: i64,
    codes: Vec<&'static str>,
    /// Full names of the regions it serves; none = the nation.
    area: Option<String>,
}

fn shipped() -> &'static (Definitions, Vec<Row>) {
    static ALL: OnceLock<(Definitions, Vec<Row>)> = OnceLock::new();
    ALL.get_or_init(|| {
        let folder = folder::Folder::new("guide");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let store = runtime.block_on(Store::open(&*folder, migrations(), Vec::new())).unwrap();
        std::mem::forget(folder);
        let pack = Arc::new(Pack::embedded().unwrap());
        let opened = runtime.block_on(Definitions::open(store, pack, now()));
        let definitions = opened.unwrap();
        let mut rows = Vec::new();
        let text = include_str!("../../../packs/kr/catalogue/gov24.tsv");
        for line in text.lines().filter(|l| !l.starts_with('#')).skip(1) {
            let columns: Vec<&str> = line.split('\t').collect();
            let flags = u64::from_str_radix(columns[7], 16).unwrap();
            let id = format!("gov24-{}", columns[0].to_lowercase());
            rows.push(Row {
                source_id: columns[0].into(),
                from: columns[5].parse().unwrap(),
                to: columns[6].parse().unwrap(),
                codes: (0..46).filter(|bit| flags >> bit & 1 == 1).map(|bit| gov24::FLAGS[bit].0).collect(),
                area: definitions.entry(&id).unwrap().area.clone(),
                id,
            });
        }
        (definitions, rows)
    })
}

const TRAITS: [(&str, &str, bool); 24] = [
    ("예비부모_난임", "JA0301", true),
    ("임산부", "JA0302", true),
    ("출산_입양", "JA0303", true),
    ("농업인", "JA0313", true),
    ("어업인", "JA0314", true),
    ("축산업인", "JA0315", true),
    ("임업인", "JA0316", true),
    ("초등학생", "JA0317", true),
    ("중학생", "JA0318", true),
    ("고등학생", "JA0319", true),
    ("대학생", "JA0320", true),
    ("근로자", "JA0326", true),
    ("구직자", "JA0327", true),
    ("장애인", "JA0328", true),
    ("국가보훈대상자", "JA0329", true),
    ("질병_질환자", "JA0330", true),
    ("다문화가족", "JA0401", false),
    ("북한이탈주민", "JA0402", false),
    ("한부모_조손가정", "JA0403", false),
    ("일인가구", "JA0404", false),
    ("다자녀가구", "JA0411", false),
    ("무주택세대", "JA0412", false),
    ("신규전입", "JA0413", false),
    ("확대가족", "JA0414", false),
];

type Kleene = Option<bool>;

fn all(answers: impl IntoIterator<Item = Kleene>) -> Kleene {
    answers.into_iter().fold(Some(true), |sum, next| match (sum, next) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    })
}

fn any(answers: impl IntoIterator<Item = Kleene>) -> Kleene {
    all(answers.into_iter().map(|a| a.map(|b| !b))).map(|b| !b)
}

/// The reading rules, service by service, in the plainest words.
fn naive(row: &Row, facts: &Facts, pack: &Pack) -> Kleene {
    let has = |code: &str| row.codes.contains(&code);
    let other_kind = |code: &&str| code.starts_with("JA1") || code.starts_with("JA2");
    if !row.codes.is_empty() && row.codes.iter().all(other_kind) {
        return Some(false);
    }
    let text = |name: &str| match facts.get(name) {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let number = |name: &str| match facts.get(name) {
        Some(Value::Number(n)) => Some(*n),
        _ => None,
    };
    let sex = match (has("JA0101"), has("JA0102")) {
        (true, false) => text("성별").map(|sex| sex == "남성"),
        (false, true) => text("성별").map(|sex| sex == "여성"),
        _ => Some(true),
    };
    let to = if row.to >= 120 { i64::MAX } else { row.to };
    let age = match number("나이") {
        _ if row.from <= 0 && to == i64::MAX => Some(true),
        None => None,
        Some(age) => Some(age >= Ratio::from_i64(row.from) && age <= Ratio::from_i64(to)),
    };
    let bands = ["JA0201", "JA0202", "JA0203", "JA0204", "JA0205"];
    let set = bands.iter().filter(|band| has(band)).count();
    let income = match number("가구.중위소득비율") {
        _ if set == 0 || set == 5 => Some(true),
        None => None,
        Some(percent) => {
            let tops = [50, 75, 100, 200].map(Ratio::from_i64);
            let band = tops.iter().position(|top| percent <= *top).unwrap_or(4);
            Some(has(bands[band]))
        }
    };
    let traits = |person: bool, none: &str| {
        let group: Vec<_> = TRAITS.iter().filter(|(.., of)| *of == person).collect();
        let named: Vec<_> = group.iter().filter(|(_, code, _)| has(code)).collect();
        if has(none) || named.is_empty() || named.len() == group.len() {
            return Some(true);
        }
        any(named.iter().map(|(fact, ..)| match facts.get(fact) {
            Some(Value::Bool(b)) => Some(*b),
            _ => None,
        }))
    };
    let region = match (&row.area, text("거주지")) {
        (None, _) => Some(true),
        (Some(_), None) => None,
        (Some(area), Some(home)) => {
            let inside = |region: &Region, outer: &str| {
                region.name == outer || region.name.starts_with(&format!("{outer} "))
            };
            match pack.regions.find(&home) {
                None => None,
                Some(home) if inside(home, area) => Some(true),
                Some(home) if pack.regions.find(area).is_some_and(|a| inside(a, &home.name)) => None,
                Some(_) => Some(false),
            }
        }
    };
    all([sex, age, income, traits(true, "JA0322"), traits(false, "JA0410"), region])
}

fn some_facts() -> impl Strategy<Value = Facts> {
    let regions: Vec<String> = shipped().0.pack().regions.iter().map(|r| r.name.clone()).collect();
    let number = |n: i64| Value::Number(Ratio::from_i64(n));
    (
        proptest::option::of(prop_oneof![Just("남성"), Just("여성")]),
        proptest::option::of(0_i64..150),
        proptest::option::of(prop_oneof![
            (0_i64..300).prop_map(Ratio::from_i64),
            Just(Ratio::parse("50.5").unwrap()),
            Just(Ratio::parse("75").unwrap()),
            Just(Ratio::parse("100.0001").unwrap()),
        ]),
        proptest::option::of(proptest::sample::select(regions)),
        proptest::collection::vec(proptest::option::weighted(0.6, proptest::bool::ANY), TRAITS.len()),
    )
        .prop_map(move |(sex, age, income, region, traits)| {
            let mut facts = Facts::new();
            sex.into_iter().for_each(|sex| facts.insert("성별", Value::Text(sex.into())));
            age.into_iter().for_each(|age| facts.insert("나이", number(age)));
            income.into_iter().for_each(|percent| facts.insert("가구.중위소득비율", Value::Number(percent)));
            region.into_iter().for_each(|region| facts.insert("거주지", Value::Text(region)));
            for ((name, ..), holds) in TRAITS.iter().zip(traits) {
                holds.into_iter().for_each(|holds| facts.insert(name, Value::Bool(holds)));
            }
            facts
        })
}

use proptest::prelude::any as arbitrary;

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn answers_equal_the_naive_reading(facts in some_facts()) {
        let (definitions, rows) = shipped();
        let guidance = definitions.guide(&facts, on());
        let mut counts = [0_usize; 3];
        for (_, answer) in guidance.all() {
            counts[match answer { Answer::Yes => 0, Answer::No => 1, Answer::Unknown => 2 }] += 1;
        }
        for (row, (entry, answer)) in rows.iter().zip(guidance.all()) {
            prop_assert_eq!(entry.source_id.as_deref(), Some(row.source_id.as_str()));
            if entry.in_depth {
                continue;
            }
            let expected = Answer::of(naive(row, &facts, &definitions.pack()));
            prop_assert_eq!(answer, expected, "{} {:?} {:?}", row.id, row.codes, facts);
        }
        let told = guidance.counts();
        prop_assert_eq!([told.yes, told.no, told.unknown], counts);
        // Elsewhere: those that would not be no if the person lived somewhere unknown.
        let mut nowhere = facts.clone();
        nowhere.remove("거주지");
        let anywhere = definitions.guide(&nowhere, on());
        let elsewhere = rows.iter().filter(|row| {
            let here = guidance.answer(&row.id) == Some(Answer::No);
            let deep = definitions.entry(&row.id).is_some_and(|e| e.in_depth);
            here && !deep && anywhere.answer(&row.id) != Some(Answer::No)
        });
        let ids: Vec<&Row> = elsewhere.collect();
        prop_assert_eq!(guidance.counts_elsewhere(), ids.len());
        prop_assert!(ids.iter().all(|row| guidance.elsewhere(&row.id)));
    }

    #[test]
    fn reasons_add_up_to_the_answer(facts in some_facts(), pick in proptest::collection::vec(arbitrary::<proptest::sample::Index>(), 40)) {
        let (definitions, rows) = shipped();
        let guidance = definitions.guide(&facts, on());
        for row in pick.iter().map(|p| p.get(rows)) {
            let explained = guidance.explain(&row.id).unwrap();
            prop_assert!(!explained.reasons.is_empty());
            let sum = explained.reasons.iter().fold(Answer::Yes, |sum, why| sum.and(why.answer));
            prop_assert_eq!(sum, explained.answer, "{}", &row.id);
            prop_assert_eq!(Some(sum), guidance.answer(&row.id));
            for why in &explained.reasons {
                prop_assert!(!why.label.ko.is_empty() && !why.label.en.is_empty(), "{:?}", why);
                prop_assert!(!why.detail.ko.is_empty() && !why.detail.en.is_empty(), "{:?}", why);
                prop_assert!(!why.article.is_empty(), "{:?}", why);
            }
            prop_assert_eq!(explained.missing.is_empty(), explained.answer != Answer::Unknown
                || explained.reasons.iter().all(|w| w.answer != Answer::Unknown || w.group == "unread"));
        }
    }

    #[test]
    fn an_answer_alone_is_the_decisions(facts in some_facts(), home in 1_i64..9, earned in 0_i64..5_000_000) {
        let (definitions, _) = shipped();
        let mut facts = facts;
        facts.insert("가구원수", Value::Number(Ratio::from_i64(home)));
        facts.insert("근로소득", Value::Number(Ratio::from_i64(earned)));
        let guidance = definitions.guide(&facts, on());
        let pack = definitions.pack();
        for service in &pack.services {
            let whole = definitions.decide(service, &facts, on()).answer;
            prop_assert_eq!(service.rules.answer(&facts, &pack.parameters, on()), whole, "{}", &service.id);
            // Lets that several services have are worked out once for their answers, and for each alone for its reasons.
            let reasoned = guidance.explain(&service.id).map(|explained| explained.answer);
            prop_assert_eq!(guidance.answer(&service.id), reasoned, "{}", &service.id);
        }
    }

    #[test]
    fn the_question_settles_what_it_says(facts in some_facts()) {
        let (definitions, _) = shipped();
        let guidance = definitions.guide(&facts, on());
        let Some(question) = guidance.next_question(&|_| false) else { return Ok(()) };
        // Only a province is asked about again.
        let home = |fact: &str| matches!(facts.get(fact), Some(Value::Text(home)) if !home.contains(' '));
        prop_assert!(facts.get(&question.fact).is_none() || question.fact == "거주지" && home("거주지"));
        prop_assert!(question.least <= question.settles && question.settles <= question.most);
        let pack = definitions.pack();
        let fact = pack.fact(&question.fact).unwrap();
        let unknown = guidance.counts().unknown;
        for (value, settles) in &question.by_value {
            let value = match (fact.group.as_deref(), value.as_str()) {
                // Spans, bands and provinces stand for several answers.
                (Some("region" | "income"), _) => continue,
                (Some("age"), span) => span.split('–').next().unwrap().into(),
                (_, value) => serde_json::Value::from(value),
            };
            let mut then = facts.clone();
            then.insert(&question.fact, fact.read(&value, &definitions.pack().regions).unwrap());
            let left = definitions.guide(&then, on()).counts().unknown;
            prop_assert_eq!(unknown - left, *settles, "{} = {}", question.fact, value);
        }
        // Skipped, it is not asked again; skipping all ends it.
        let other = guidance.next_question(&|fact| fact == question.fact);
        prop_assert!(other.is_none_or(|other| other.fact != question.fact));
        prop_assert!(guidance.next_question(&|_| true).is_none());
    }

    #[test]
    fn a_fact_more_never_turns_an_answer(facts in some_facts(), name in proptest::sample::select(TRAITS.map(|t| t.0).to_vec()), holds in proptest::bool::ANY) {
        let (definitions, _) = shipped();
        prop_assume!(facts.get(name).is_none());
        let before = definitions.guide(&facts, on());
        let mut more = facts.clone();
        more.insert(name, Value::Bool(holds));
        let after = definitions.guide(&more, on());
        for ((entry, was), (_, is)) in before.all().zip(after.all()) {
            prop_assert!(was == is || was == Answer::Unknown, "{}: {} became {}", entry.id, was, is);
        }
    }
}

#[test]
fn ranked_leads_with_what_matters() {
    let (definitions, _) = shipped();
    let mut facts = Facts::new();
    facts.insert("나이", Value::Number(Ratio::from_i64(20)));
    facts.insert("거주지", Value::Text("경기도 수원시".into()));
    let guidance = definitions.guide(&facts, on());
    let ranked = guidance.ranked(9_000);
    let counts = guidance.counts();
    assert_eq!(ranked.len(), counts.yes + counts.unknown, "no is never among them");
    let answers: Vec<Answer> = ranked.iter().map(|r| r.answer).collect();
    let first_unknown = answers.iter().position(|a| *a == Answer::Unknown).unwrap();
    assert!(answers[first_unknown..].iter().all(|a| *a == Answer::Unknown));
    assert!(ranked.iter().all(|r| (r.answer == Answer::Unknown) == (r.open > 0)));
    assert_eq!(
        guidance.ranked(50).iter().map(|r| &r.entry.id).collect::<Vec<_>>(),
        ranked[..50].iter().map(|r| &r.entry.id).collect::<Vec<_>>()
    );
    assert!(guidance.ranked(0).is_empty());
}

#[test]
fn facts_of_the_wrong_kind_are_unknown() {
    let (definitions, _) = shipped();
    let mut facts = Facts::new();
    facts.insert("나이", Value::Text("스물".into()));
    facts.insert("성별", Value::Bool(true));
    facts.insert("거주지", Value::Text("아틀란티스".into()));
    facts.insert("장애인", Value::Number(Ratio::from_i64(1)));
    let nothing = definitions.guide(&Facts::new(), on()).counts();
    assert_eq!(definitions.guide(&facts, on()).counts(), nothing);
    facts.insert("나이", Value::Number(Ratio::from_i64(-5)));
    assert_eq!(definitions.guide(&facts, on()).counts(), nothing);
}

#[test]
fn a_province_is_asked_for_its_district() {
    let (definitions, _) = shipped();
    let with = |home: &str| {
        let mut facts = Facts::new();
        facts.insert("거주지", Value::Text(home.into()));
        definitions.guide(&facts, on())
    };
    let province = with("경기도");
    let open = province
        .all()
        .find(|(entry, _)| entry.area.as_deref() == Some("경기도 수원시") && entry.flags == Some(0x7f));
    if let Some((entry, answer)) = open {
        assert_eq!(answer, Answer::Unknown);
        assert!(province.explain(&entry.id).unwrap().missing.contains(&"거주지".to_owned()));
    }
    let question = province.next_question(&|fact| fact != "거주지").unwrap();
    assert_eq!(question.by_value.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["경기도"]);
    // A city with wards of its own is near enough.
    assert!(with("경기도 수원시").next_question(&|fact| fact != "거주지").is_none());
}
