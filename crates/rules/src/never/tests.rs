use super::*;
use crate::{Answer, Facts, Fault, RuleSet};
use jiff::civil::date;
use proptest::prelude::*;

fn domains() -> BTreeMap<String, Domain> {
    let number = |min: Option<i64>, max: Option<i64>| Domain::Number {
        min: min.map(Ratio::from_i64),
        max: max.map(Ratio::from_i64),
    };
    let texts = |all: &[&str]| Domain::Choice(all.iter().map(|&text| text.to_owned()).collect());
    [
        ("나이", number(Some(0), Some(150))),
        ("소득", number(Some(0), None)),
        ("손익", number(None, None)),
        ("성별", texts(&["남성", "여성"])),
        ("장애", Domain::Bool),
        ("혼인", Domain::Bool),
        ("생일", Domain::Date),
        ("말", Domain::Text),
        ("가구원", Domain::List),
    ]
    .into_iter()
    .map(|(name, domain)| (name.to_owned(), domain))
    .collect()
}

fn parameters() -> Parameters {
    let file = r#"
        [[parameter]]
        name = "기준"
        article = "법"
        [[parameter.value]]
        from = "2025-01-01"
        value = 100
        [[parameter.value]]
        from = "2026-01-01"
        value = 200
        [[parameter]]
        name = "표"
        article = "법"
        [[parameter.value]]
        from = "2025-01-01"
        value = [10, 20]
        [[parameter]]
        name = "켬"
        article = "법"
        [[parameter.value]]
        from = "2025-01-01"
        value = false
    "#;
    Parameters::parse(file).unwrap()
}

/// Rules with these lets and conditions, all from 2025 on.
fn rules(lets: &[&str], conditions: &[&str]) -> (String, RuleSet) {
    let mut text = String::new();
    for (place, value) in lets.iter().enumerate() {
        text.push_str(&format!(
            "[[let]]\nid = \"값{place}\"\narticle = \"법\"\nfrom = \"2025-01-01\"\nvalue = '''{value}'''\n"
        ));
    }
    for (place, when) in conditions.iter().enumerate() {
        text.push_str(&format!(
            "[[condition]]\nid = \"c{place}\"\narticle = \"법\"\nfrom = \"2025-01-01\"\nwhen = '''{when}'''\n"
        ));
    }
    let rules = RuleSet::parse(&text).unwrap_or_else(|faults| panic!("{text}\n{faults:?}"));
    (text, rules)
}

/// What is said, each with the text it points at.
fn said(lets: &[&str], conditions: &[&str]) -> Vec<(String, String)> {
    let (text, rules) = rules(lets, conditions);
    let never = rules.never(&domains(), &parameters());
    never.into_iter().map(|Fault { at, message, .. }| (text[at].to_owned(), message.en)).collect()
}

#[test]
fn what_can_never_be_true_is_found_and_placed() {
    for (condition, place, why) in [
        ("나이 >= 65 and 나이 < 60", "나이 < 60", "together"),
        ("장애 or 나이 >= 65 and 나이 < 60", "나이 < 60", "together"),
        ("나이 in [10..5]", "나이 in [10..5]", "ends before it begins"),
        ("나이 in ([1..3], [10..5])", "10..5", "ends before it begins"),
        ("나이 in (5..5)", "나이 in (5..5)", "between 0 and 150"),
        ("나이 > 150", "나이 > 150", "between 0 and 150"),
        ("소득 < 0 or 장애", "소득 < 0", "at least 0"),
        ("성별 = \"중성\"", "성별 = \"중성\"", "is one of \"남성\", \"여성\""),
        ("성별 in (\"남\", \"여성\")", "\"남\"", "is one of"),
        ("성별 in [\"남\", \"여\"]", "성별 in [\"남\", \"여\"]", "is one of"),
        ("장애 and not(장애)", "not(장애)", "together"),
        ("장애 = true and 장애 = false", "장애 = false", "together"),
        ("나이 = \"열\"", "나이 = \"열\"", "between 0 and 150"),
        ("말 = \"가\" and 말 = \"나\"", "말 = \"나\"", "together"),
        ("손익 < 소득 and 손익 > 소득", "손익 > 소득", "together"),
        ("손익 < 손익", "손익 < 손익", "can never"),
        ("손익 + 1 > 5 and 손익 + 1 < 3", "손익 + 1 < 3", "together"),
        ("손익 < -5 and 손익 * -1 < 3 and 손익 < -6", "손익 * -1 < 3", "together"),
        ("max(0, 손익) < 0", "max(0, 손익) < 0", "can never"),
        ("floor(나이 / 10) > 15", "floor(나이 / 10) > 15", "can never"),
        ("소득 <= 매개.표[2] and 소득 > 20", "소득 > 20", "together"),
        (
            "생일 > date(\"2030-01-01\") and 생일 < date(\"2020-01-01\")",
            "생일 < date(\"2020-01-01\")",
            "together",
        ),
        ("count(가구원) < 0", "count(가구원) < 0", "can never"),
        ("(if 장애 then 나이 else 5) > 150", "if 장애 then 나이 else 5) > 150", "can never"),
        ("성별 != \"남성\" and 성별 != \"여성\"", "성별 != \"여성\"", "together"),
        ("false", "false", "can never"),
    ] {
        let found = said(&[], &[condition]);
        let [(at, message)] = &found[..] else { panic!("{condition}: {found:?}") };
        assert_eq!(at, place, "{condition}");
        assert!(message.contains(why), "{condition}: {message}");
    }
    // lets are looked through, and conditions are held together
    let found = said(&["소득 * 2", "값0 > 10"], &["값1", "장애", "소득 < 5"]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "소득 < 5");
    assert!(found[0].1.contains("conditions before it"), "{found:?}");
    let found = said(&["장애 and 혼인"], &["값0", "not(혼인)"]);
    assert_eq!((found.len(), found[0].0.as_str()), (1, "not(혼인)"), "{found:?}");
    assert_eq!(said(&["if 나이 > 200 then 1 else 2"], &["값0 = 2"])[0].0, "나이 > 200");
}

#[test]
fn what_may_be_true_is_left_alone() {
    for condition in [
        "나이 >= 65 and 나이 < 66",
        "나이 in [10..10]",
        "true",
        "소득 = 0",
        "성별 in (\"남성\", \"여성\")",
        "장애 or not(장애)",
        "말 = \"가\" or 말 = \"나\"",
        "소득 <= 매개.기준",
        // a switch that the law may turn
        "매개.켬 or 나이 >= 65",
        "today() >= date(\"2030-01-01\")",
        "some x in 가구원 satisfies x.나이 < 0",
        "count(가구원[나이 < 0]) > 0",
        "모르는것 > 5 and 모르는것 < 6",
        "생일.month = 12",
        "손익 + 소득 > 5 and 소득 + 손익 < 3 or 장애",
        "나이 between 0 and 150",
        "if 장애 then 나이 > 149 else 나이 < 1",
    ] {
        assert_eq!(said(&[], &[condition]), [], "{condition}");
    }
}

#[test]
fn what_closes_on_a_day_says_so() {
    let found = said(&[], &["소득 > 매개.기준 and 소득 < 150"]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].1.ends_with("(from 2026-01-01 on)"), "{found:?}");
    // a part is named only when it is never true on any day
    assert_eq!(said(&[], &["장애 or 소득 > 매개.기준 and 소득 < 150"]), []);
    assert_eq!(said(&[], &["장애 or 소득 > 매개.기준 and 소득 < 50"]).len(), 1);
}

#[test]
fn nothing_takes_long() {
    let mut inner = "나이".to_owned();
    for _ in 0..7 {
        inner = format!("(if {inner} > 1 and {inner} < 2.5 then 1 else 2)");
    }
    assert_eq!(said(&[], &[&format!("({inner}) < 3 or 장애")]), []);
}

/// Expressions about the facts above, near their borders.
fn number() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("나이".to_owned()),
        Just("소득".to_owned()),
        Just("손익".to_owned()),
        Just("값0".to_owned()),
        Just("매개.기준".to_owned()),
        (-3..12_i64).prop_map(|n| n.to_string()),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            two.clone().prop_map(|(a, b)| format!("({a} + {b})")),
            two.clone().prop_map(|(a, b)| format!("({a} - {b})")),
            two.clone().prop_map(|(a, b)| format!("({a} * {b})")),
            two.clone().prop_map(|(a, b)| format!("({a} / {b})")),
            two.clone().prop_map(|(a, b)| format!("max({a}, {b})")),
            two.clone().prop_map(|(a, b)| format!("min({a}, {b})")),
            two.prop_map(|(a, b)| format!("(if 장애 then {a} else {b})")),
            inner.clone().prop_map(|a| format!("floor({a} / 2)")),
            inner.clone().prop_map(|a| format!("round up({a}, -1)")),
            inner.clone().prop_map(|a| format!("abs({a})")),
            inner.prop_map(|a| format!("-{a}")),
        ]
    })
}

fn truth() -> impl Strategy<Value = String> {
    let compare = prop::sample::select(vec!["=", "!=", "<", "<=", ">", ">="]);
    let text = prop::sample::select(vec!["\"남성\"", "\"여성\"", "\"중성\"", "말", "성별"]);
    let leaf = prop_oneof![
        4 => (number(), compare, number()).prop_map(|(a, by, b)| format!("{a} {by} {b}")),
        1 => (number(), number(), number()).prop_map(|(a, b, c)| format!("{a} between {b} and {c}")),
        1 => (number(), number(), number()).prop_map(|(a, b, c)| format!("{a} in ({b}..{c}]")),
        1 => (number(), number(), number()).prop_map(|(a, b, c)| format!("{a} in ({b}, < {c})")),
        1 => (number(), number(), number()).prop_map(|(a, b, c)| format!("{a} in [{b}, {c}]")),
        1 => (text.clone(), prop::sample::select(vec!["=", "!=", "<"]), text.clone())
            .prop_map(|(a, by, b)| format!("{a} {by} {b}")),
        1 => (text.clone(), text).prop_map(|(a, b)| format!("성별 in ({a}, {b})")),
        1 => Just("장애".to_owned()),
        1 => Just("값1".to_owned()),
        1 => Just("생일.year > 2000".to_owned()),
        1 => Just("생일 < today()".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(|all| format!("({})", all.join(" and "))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|all| format!("({})", all.join(" or "))),
            inner.clone().prop_map(|a| format!("not({a})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("(if {a} then {b} else {c})")),
        ]
    })
}

/// Facts within their domains, some unknown.
fn facts() -> impl Strategy<Value = Facts> {
    let number = |from: i64, to: i64| prop::option::weighted(0.85, prop_oneof![from..to, 0..12_i64]);
    let half = |from: i64, to: i64| {
        prop::option::weighted(0.85, (from..to).prop_map(|n| Ratio::new(i128::from(n), 2).unwrap()))
    };
    (
        prop_oneof![number(0, 151)],
        half(0, 30),
        half(-30, 30),
        prop::option::of(prop::sample::select(vec!["남성", "여성"])),
        prop::option::of(prop::sample::select(vec!["남성", "여성", "중성", "가"])),
        prop::option::of(any::<bool>()),
        prop::option::of((1990..2030_i16).prop_map(|year| date(year, 6, 1))),
    )
        .prop_map(|(age, income, profit, sex, word, disabled, born)| {
            let mut facts = Facts::new();
            let mut put = |name: &str, value: Option<Value>| {
                if let Some(value) = value {
                    facts.insert(name, value);
                }
            };
            put("나이", age.map(Value::from));
            put("소득", income.map(Value::Number));
            put("손익", profit.map(Value::Number));
            put("성별", sex.map(Value::from));
            put("말", word.map(Value::from));
            put("장애", disabled.map(Value::Bool));
            put("생일", born.map(Value::Date));
            facts
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    /// Where it says "never", nobody ever gets a yes.
    #[test]
    fn never_is_never_said_wrongly(
        first in number(),
        second in truth(),
        conditions in prop::collection::vec(truth(), 1..3),
        people in prop::collection::vec(facts(), 24),
    ) {
        let lets = [first.replace("값0", "1").replace("값1", "장애"), second.replace("값1", "장애")];
        let lets: Vec<&str> = lets.iter().map(String::as_str).collect();
        let conditions: Vec<&str> = conditions.iter().map(String::as_str).collect();
        let (text, rules) = rules(&lets, &conditions);
        let parameters = parameters();
        for fault in rules.never(&domains(), &parameters) {
            let place = &text[fault.at.clone()];
            let from_2026 = fault.message.en.ends_with("(from 2026-01-01 on)");
            let days = [date(2025, 6, 1), date(2026, 6, 1)].into_iter().filter(|on| !from_2026 || on.year() == 2026);
            // The part by itself, beside the conditions there are.
            let part = format!("[[condition]]\nid = \"part\"\narticle = \"법\"\nfrom = \"2025-01-01\"\nwhen = \'\'\'{place}\'\'\'\n");
            let alone = RuleSet::parse(&format!("{text}{part}")).ok().filter(|_| !fault.message.en.contains("together"));
            for on in days {
                for facts in &people {
                    let decision = alone.as_ref().unwrap_or(&rules).decide(facts, &parameters, on);
                    let whole = |when: &str| when == place || when == format!("({place})");
                    for (reason, when) in decision.reasons.iter().zip(conditions.iter().chain([&"part"])) {
                        let named = reason.id == "part" || (whole(when) && !fault.message.en.contains("before it"));
                        prop_assert!(!named || reason.answer != Answer::Yes, "{}\n{}\n{:?}", text, fault, facts);
                    }
                    let nobody = fault.message.en.contains("nobody ever qualifies");
                    prop_assert!(!nobody || decision.answer != Answer::Yes, "{}\n{}\n{:?}", text, fault, facts);
                }
            }
        }
    }
}
