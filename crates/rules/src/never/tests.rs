use super::*;
use crate::{Answer, Expr, Facts, Fault, RuleSet};
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
fn what_can_never_be_true_of_an_item_is_found_and_placed() {
    for (condition, place, why) in [
        ("some x in 가구원 satisfies x.나이 < 3 and x.나이 > 10", "x.나이 > 10", "together"),
        ("장애 or (some x in 가구원 satisfies x.나이 < 3 and x.나이 > 10)", "x.나이 > 10", "together"),
        ("count(가구원[나이 < 6 and 나이 > 10]) >= 1", "나이 > 10", "together"),
        ("count(가구원[item.나이 < 6 and item.나이 > 10]) > 0", "item.나이 > 10", "together"),
        // what only the list shows
        ("some x in 가구원[나이 < 6] satisfies x.나이 > 10", "x.나이 > 10", "`x.나이` is at most 6"),
        ("count(가구원[나이 < 6][나이 > 10]) > 0", "나이 > 10", "`나이` is at most 6"),
        ("count([1, 2, 3][item > 5]) > 0", "item > 5", "between 1 and 3"),
        ("some n in 1..3 satisfies n > 5", "n > 5", "between 1 and 3"),
        ("count(for x in [1, 2] return x) > 2", "count(for x in [1, 2] return x) > 2", "can never"),
        ("some x in (for y in 1..3 return y * 2) satisfies x > 6", "x > 6", "between 2 and 6"),
        ("list contains([\"남\", \"여\"], 성별)", "list contains([\"남\", \"여\"], 성별)", "can never"),
        ("any(for x in 가구원 return x.나이 < x.나이)", "x.나이 < x.나이", "can never"),
        // facts outside keep what they may be, and a field of the same name is another
        ("some x in 가구원 satisfies 나이 > 150", "나이 > 150", "between 0 and 150"),
        (
            "나이 < 5 and (some x in 가구원 satisfies 나이 > 10)",
            "some x in 가구원 satisfies 나이 > 10",
            "together",
        ),
        ("count(가구원[item.나이 > 5 and 소득 < 0]) > 0", "소득 < 0", "at least 0"),
        (
            "some x in 가구원 satisfies some y in x.자녀 satisfies y.나이 > 5 and y.나이 < 5",
            "y.나이 < 5",
            "together",
        ),
        ("some x in 가구원 satisfies count(x.자녀[나이 > 5 and 나이 < 5]) > 0", "나이 < 5", "together"),
        // the same however it is named
        (
            "some x in 가구원[years between(item.생일, today()) < 6] satisfies years between(x.생일, today()) > 6",
            "years between(x.생일, today()) > 6",
            "can never",
        ),
        // no item: nothing to add up, and nothing that falls short
        ("sum(가구원[나이 < 6 and 나이 > 10].소득) >= 0", "나이 > 10", "together"),
        ("not(every x in 가구원[나이 < 6 and 나이 > 10] satisfies x.장애)", "나이 > 10", "together"),
        (
            "not(every x in 가구원 satisfies x.나이 < 5 or x.나이 >= 5)",
            "not(every x in 가구원 satisfies x.나이 < 5 or x.나이 >= 5)",
            "can never",
        ),
        ("count(매개.표[item > 소득]) > 2 and 소득 > 20", "소득 > 20", "together"),
    ] {
        let found = said(&[], &[condition]);
        let [(at, message)] = &found[..] else { panic!("{condition}: {found:?}") };
        assert_eq!(at, place, "{condition}");
        assert!(message.contains(why), "{condition}: {message}");
    }
    // lets are looked through; a part of what may be true is named, too
    for (condition, place) in [
        ("some x in 값0 satisfies x.나이 > 10", "x.나이 > 10"),
        ("count(값0[나이 > 10]) = 0", "나이 > 10"),
        ("every x in 값0 satisfies x.나이 > 10", "x.나이 > 10"),
    ] {
        let found = said(&["가구원[나이 < 6]"], &[condition]);
        assert_eq!((found.len(), found[0].0.as_str()), (1, place), "{condition}: {found:?}");
    }
    let found = said(&["가구원[나이 < 6 and 나이 > 10]"], &["count(값0) > 0"]);
    let places: Vec<&str> = found.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(places, ["나이 > 10", "count(값0) > 0"], "{found:?}");
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
        "나이 < 3 and count(가구원[나이 > 10]) > 0",
        "나이 < 3 and (some x in 가구원 satisfies x.나이 > 10)",
        "(some x in 가구원 satisfies x.나이 < 3) and (some x in 가구원 satisfies x.나이 > 10)",
        "some x in 가구원 satisfies x.나이 < 3 and (some y in 가구원 satisfies y.나이 > 10)",
        "some x in 가구원 satisfies x.나이 < 3 and (some x in x.자녀 satisfies x.나이 > 10)",
        "some 나이 in 가구원 satisfies 나이 > 200",
        "every x in 가구원 satisfies x.나이 < 3",
        "not(some x in 가구원 satisfies x.나이 < 3)",
        "count(가구원[나이 < 3]) = 0",
        "all(for x in 가구원 return x.장애)",
        "max(가구원.나이) > 150",
        // what only reads parameters stays a switch
        "count(매개.표[item > 30]) > 0 or 나이 >= 65",
        "(some x in 매개.표 satisfies x > 30) or 나이 >= 65",
        "모르는것 > 5 and 모르는것 < 6",
        "생일.month = 12",
        "손익 + 소득 > 5 and 소득 + 손익 < 3 or 장애",
        "나이 between 0 and 150",
        "if 장애 then 나이 > 149 else 나이 < 1",
    ] {
        assert_eq!(said(&[], &[condition]), [], "{condition}");
    }
    // in a let a name means what it means there, whatever it means where the let is used
    let lets = ["가구원[item.나이 < 나이]"];
    assert_eq!(said(&lets, &["some 나이 in 1..3 satisfies some x in 값0 satisfies x.나이 > 5"]), []);
    assert_eq!(said(&lets, &["count(가구원[나이 < 3 and count(값0[item.나이 > 5]) > 0]) > 0"]), []);
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

#[test]
fn lists_of_lists_through_many_lets_are_no_trouble() {
    let mut lets = vec!["가구원".to_owned()];
    for place in 0..600 {
        lets.push(format!("[some x in 값{place} satisfies (if x then 1 else 2) = 1]"));
        lets.push(format!("값{}[(if item then 1 else 2) = 1]", place * 2 + 1));
    }
    let last = format!("some x in 값{} satisfies x", lets.len() - 1);
    let lets: Vec<&str> = lets.iter().map(String::as_str).collect();
    assert_eq!(said(&lets, &[&last]), []);
    let mut inner = "x.나이 > 3".to_owned();
    for _ in 0..12 {
        inner = format!("count(x.자녀[some x in item.자녀 satisfies {inner}]) > 0");
    }
    assert_eq!(said(&[], &[&format!("some x in 가구원 satisfies {inner}")]), []);
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

/// What is asked of items whose fields these names reach, and of facts beside them; often too much at once.
fn asked(names: &'static [&'static str]) -> BoxedStrategy<String> {
    let compare = || prop::sample::select(vec!["=", "!=", "<", "<=", ">", ">="]);
    let name = move || prop::sample::select(names);
    let leaf = prop_oneof![
        6 => (name(), compare(), 0..12_i64).prop_map(|(a, by, n)| format!("{a} {by} {n}")),
        2 => (name(), compare(), name()).prop_map(|(a, by, b)| format!("{a} {by} {b}")),
        1 => (name(), compare(), -3..12_i64).prop_map(|(a, by, n)| format!("{a} + 1 {by} {n}")),
        1 => (name(), 0..12_i64, 0..12_i64).prop_map(|(a, low, high)| format!("{a} in [{low}..{high})")),
        1 => (name(), 0..12_i64, 0..12_i64).prop_map(|(a, one, other)| format!("{a} in ({one}, < {other})")),
        1 => Just("장애".to_owned()),
        1 => Just("값1".to_owned()),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 2..4).prop_map(|all| format!("({})", all.join(" and "))),
            1 => prop::collection::vec(inner.clone(), 2..4).prop_map(|all| format!("({})", all.join(" or "))),
            1 => inner.prop_map(|a| format!("not({a})")),
        ]
    })
    .boxed()
}

fn list() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        4 => Just("가구원".to_owned()),
        1 => Just("값2".to_owned()),
        1 => Just("[{나이: 1, 소득: 손익}, {나이: 5}, null]".to_owned()),
        1 => Just("[]".to_owned()),
    ];
    leaf.prop_recursive(2, 4, 1, |inner| {
        prop_oneof![
            (inner.clone(), asked(&["나이", "소득", "값0"]))
                .prop_map(|(list, when)| format!("{list}[{when}]")),
            (inner.clone(), asked(&["item.나이", "item.소득", "나이", "소득"]))
                .prop_map(|(list, when)| format!("{list}[{when} and (item = item or true)]")),
            inner.prop_map(|list| format!("(for x in {list} return {{나이: x.나이, 소득: x.나이}})")),
        ]
    })
    .boxed()
}

/// Whatever goes over lists and is true or false.
fn over_lists() -> BoxedStrategy<String> {
    let compare = || prop::sample::select(vec!["=", "!=", "<", "<=", ">", ">="]);
    let each = || prop::sample::select(vec!["some", "every"]);
    let count = || prop::sample::select(vec!["count", "sum", "max", "min", "mean"]);
    let inner = prop_oneof![
        asked(&["x.나이", "y.나이", "y.소득"])
            .prop_map(|body| format!("(some y in x.자녀 satisfies {body})")),
        asked(&["나이", "소득", "x.나이"]).prop_map(|when| format!("count(x.자녀[{when}]) > 0")),
        asked(&["item.나이", "x.나이", "나이"])
            .prop_map(|when| format!("count(가구원[{when} and (item = item or true)]) > 0")),
        asked(&["x.나이", "x.소득"]).prop_map(|body| format!("(every x in x.자녀 satisfies {body})")),
    ];
    prop_oneof![
        3 => (each(), list(), asked(&["x.나이", "x.소득", "나이", "값0"]))
            .prop_map(|(each, list, body)| format!("({each} x in {list} satisfies {body})")),
        2 => (each(), list(), asked(&["x.나이", "나이"]), inner)
            .prop_map(|(each, list, body, inner)| format!("({each} x in {list} satisfies {body} and {inner})")),
        1 => (each(), 0..5_i64, 0..5_i64, asked(&["나이", "손익"]))
            .prop_map(|(each, from, to, body)| format!("({each} 나이 in {from}..{to} satisfies {body})")),
        1 => (0..5_i64, asked(&["나이", "손익"]), asked(&["x.나이", "나이"])).prop_map(|(to, body, inner)| {
            format!("(some 나이 in 0..{to} satisfies {body} and (some x in 값2 satisfies {inner}))")
        }),
        2 => (list(), compare(), -1..3_i64).prop_map(|(list, by, n)| format!("count({list}) {by} {n}")),
        2 => (count(), list(), compare(), 0..12_i64)
            .prop_map(|(count, list, by, n)| format!("{count}({list}.나이) {by} {n}")),
        1 => (list(), asked(&["x.나이", "x.소득"]))
            .prop_map(|(list, body)| format!("any(for x in {list} return {body})")),
        1 => (list(), asked(&["x.나이", "x.소득"]))
            .prop_map(|(list, body)| format!("all(for x in {list} return {body})")),
        1 => (list(), number()).prop_map(|(list, n)| format!("list contains({list}.나이, {n})")),
        1 => (list(), 1..3_i64, compare(), number())
            .prop_map(|(list, place, by, n)| format!("{list}[{place}].나이 {by} {n}")),
    ]
    .boxed()
}

/// The same, and beside it what is asked of facts.
fn anything() -> impl Strategy<Value = String> {
    let beside = || asked(&["나이", "소득", "손익", "값0"]);
    prop_oneof![
        3 => truth().boxed(),
        2 => over_lists(),
        1 => (over_lists(), beside()).prop_map(|(a, b)| format!("({a} and {b})")).boxed(),
        1 => (over_lists(), beside()).prop_map(|(a, b)| format!("({a} or {b})")).boxed(),
        1 => (over_lists(), over_lists()).prop_map(|(a, b)| format!("({a} and {b})")).boxed(),
        1 => over_lists().prop_map(|a| format!("not({a})")).boxed(),
    ]
}

/// Some people of a household, with children of their own.
fn household() -> impl Strategy<Value = Value> {
    let person = |children: BoxedStrategy<Option<Value>>| {
        let number = || prop::option::weighted(0.9, 0..12_i64);
        (number(), number(), prop::option::of(any::<bool>()), children).prop_map(
            |(age, income, disabled, children)| {
                let fields = [
                    ("나이", age.map(Value::from)),
                    ("소득", income.map(Value::from)),
                    ("장애", disabled.map(Value::Bool)),
                    ("자녀", children),
                ];
                let known = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
                Value::Context(known.collect())
            },
        )
    };
    let children = prop::collection::vec(person(Just(None).boxed()), 0..3);
    let children = children.prop_map(|all| Some(Value::List(all))).boxed();
    prop::collection::vec(person(children), 0..3).prop_map(Value::List)
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
        prop::option::weighted(0.9, household()),
    )
        .prop_map(|(age, income, profit, sex, word, disabled, born, household)| {
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
            put("가구원", household);
            facts
        })
}

/// A number, a truth and a list, each of which uses only those before it.
fn three_lets() -> impl Strategy<Value = [String; 3]> {
    (number(), anything(), list()).prop_map(|(first, second, third)| {
        let second = second.replace("값2", "가구원").replace("값1", "장애");
        [first.replace("값0", "1").replace("값1", "장애"), second, third.replace("값2", "가구원")]
    })
}

/// The place of a part by itself: over the lists it stands in, if any.
fn alone(node: &Node, text: &str, at: &Range<usize>) -> String {
    let of = |node: &Node| text[node.at.clone()].to_owned();
    let inner =
        node.children().into_iter().find(|child| child.at.start <= at.start && at.end <= child.at.end);
    let Some(inner) = inner else { return balanced(&text[at.clone()]) };
    let part = alone(inner, text, at);
    match &node.kind {
        Kind::Each(_, name, list, body) if std::ptr::eq(inner, &raw const **body) => {
            format!("(some {name} in ({}) satisfies ({part}))", balanced(&of(list)))
        }
        Kind::Filter { list, condition, bare } if std::ptr::eq(inner, &raw const **condition) => {
            let beside = if *bare { "true" } else { "(item = item or true)" };
            format!("count(({})[({part}) and {beside}]) > 0", balanced(&of(list)))
        }
        _ => part,
    }
}

/// With the brackets that stand around what begins or ends it.
fn balanced(text: &str) -> String {
    let (mut open, mut missing) = (0_usize, 0_usize);
    for letter in text.chars() {
        match letter {
            '(' => open += 1,
            ')' if open == 0 => missing += 1,
            ')' => open -= 1,
            _ => {}
        }
    }
    // a range may end as it did not begin
    if text.contains("..") {
        text.to_owned()
    } else {
        format!("{}{text}{}", "(".repeat(missing), ")".repeat(open))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    /// Where it says "never", nobody ever gets a yes.
    #[test]
    fn never_is_never_said_wrongly(
        lets in three_lets(),
        conditions in prop::collection::vec(anything(), 1..3),
        people in prop::collection::vec(facts(), 24),
    ) {
        let lets: Vec<&str> = lets.iter().map(String::as_str).collect();
        let conditions: Vec<&str> = conditions.iter().map(String::as_str).collect();
        let (text, rules) = rules(&lets, &conditions);
        let parameters = parameters();
        for fault in rules.never(&domains(), &parameters) {
            let place = &text[fault.at.clone()];
            let from_2026 = fault.message.en.ends_with("(from 2026-01-01 on)");
            let days = [date(2025, 6, 1), date(2026, 6, 1)].into_iter().filter(|on| !from_2026 || on.year() == 2026);
            // The part by itself, beside the conditions there are.
            let start = text[..fault.at.start].rfind("'''").unwrap() + 3;
            let end = start + text[start..].find("'''").unwrap();
            let root = Expr::parse(&text[start..end]).unwrap();
            let part = alone(root.root(), &text[start..end], &(fault.at.start - start..fault.at.end - start));
            let part = format!("[[condition]]\nid = \"part\"\narticle = \"법\"\nfrom = \"2025-01-01\"\nwhen = '''{part}'''\n");
            let alone = RuleSet::parse(&format!("{text}{part}")).ok().filter(|_| !fault.message.en.contains("together"));
            for on in days {
                for facts in &people {
                    let decision = alone.as_ref().unwrap_or(&rules).decide(facts, &parameters, on);
                    let whole = |when: &str| when == place || when == format!("({place})");
                    for (reason, when) in decision.reasons.iter().zip(conditions.iter().chain([&"part"])) {
                        let named = reason.id == "part" || (whole(when) && !fault.message.en.contains("before it"));
                        prop_assert!(!named || reason.answer != Answer::Yes, "{}\n{}\n{}\n{:?}", text, part, fault, facts);
                    }
                    let nobody = fault.message.en.contains("nobody ever qualifies");
                    prop_assert!(!nobody || decision.answer != Answer::Yes, "{}\n{}\n{:?}", text, fault, facts);
                }
            }
        }
    }

    /// What can't be true never is, and what can't be false never is.
    #[test]
    fn what_it_may_be_holds_whatever_it_is(
        lets in three_lets(),
        condition in anything(),
        people in prop::collection::vec(facts(), 24),
    ) {
        let lets: Vec<&str> = lets.iter().map(String::as_str).collect();
        let (text, rules) = rules(&lets, &[&condition]);
        let (domains, parameters) = (domains(), parameters());
        let parsed: Vec<Expr> = lets.iter().map(|text| Expr::parse(text).unwrap()).collect();
        let root = Expr::parse(&condition).unwrap();
        let part = Part { node: root.root(), text: &condition };
        for (on, until) in [(date(2025, 1, 1), Some(date(2025, 12, 31))), (date(2026, 1, 1), None)] {
            let bodies = ["값0", "값1", "값2"].into_iter().zip(parsed.iter().zip(&lets));
            let bodies = bodies.map(|(name, (expr, text))| (name, Some((expr.root(), *text))));
            let mut period = Period::new(&domains, &parameters, (on, until), bodies.collect());
            let known = period.beginning();
            let yes = period.all_true(&known, &[part]).is_ok();
            let no = period.truth(&known, part).1;
            for facts in &people {
                let decision = rules.decide(facts, &parameters, on);
                let answer = decision.reasons[0].answer;
                prop_assert!(yes || answer != Answer::Yes, "{}\n{:?}", text, facts);
                prop_assert!(no || answer != Answer::No, "{}\n{:?}", text, facts);
            }
        }
    }
}
