//! The columns held against the reference, lane by lane.

use std::cell::Cell;

use super::*;
use crate::column::Columns;
use crate::eval::{Expr, Scope};
use crate::ruleset::{Hinging, RuleSet};
use crate::value::{Answer, Facts};
use jiff::civil::date;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Map, json};

const ON: Date = date(2026, 7, 1);

struct Of<'a>(&'a Columns);

impl Names for Of<'_> {
    fn let_(&self, _: &str) -> Option<Option<Column>> {
        None
    }

    fn fact(&self, name: &str) -> Option<Column> {
        self.0.get(name).cloned()
    }
}

fn parameters() -> Parameters {
    Parameters::parse(
        r#"
        [[parameter]]
        name = "선"
        article = "법"
        [[parameter.value]]
        from = "2020-01-01"
        source = "고시"
        value = [100, 250, 1000]
        [[parameter]]
        name = "비율"
        article = "법"
        [[parameter.value]]
        from = "2020-01-01"
        source = "고시"
        value = "1/3"
        [[parameter]]
        name = "표"
        article = "법"
        [[parameter.value]]
        from = "2020-01-01"
        source = "고시"
        value = { "가" = 10, "나" = 20 }
        "#,
    )
    .unwrap()
}

/// An expression that gives a number: of the language's every corner, unknown and impossible ones too.
fn number() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        (-3_i64..300).prop_map(|n| n.to_string()),
        Just("나이".to_owned()),
        Just("소득".to_owned()),
        Just("비율".to_owned()),
        Just("모름".to_owned()),
        Just("0.15".to_owned()),
        Just("매개.비율".to_owned()),
        Just("매개.선[2]".to_owned()),
        Just("매개.표.나".to_owned()),
        Just("null".to_owned()),
        Just("생일.year".to_owned()),
        Just("years between(생일, today())".to_owned()),
        Just("매개.선[나이]".to_owned()),
        Just("매개.선[아이수]".to_owned()),
        Just("count(아이)".to_owned()),
        Just("sum(아이.나이)".to_owned()),
        Just("max(아이.나이)".to_owned()),
        Just("아이[1].나이".to_owned()),
        Just("아이[-1].나이".to_owned()),
        Just("집.방".to_owned()),
        Just("count(아이[나이 < 6])".to_owned()),
        Just("count(아이[item.나이 < 나이 and item.학생])".to_owned()),
        Just("sum(for 하나 in 아이 return if 하나.학생 then 하나.나이 * 소득 else 0)".to_owned()),
        Just("sum(for 하나 in 아이 return years between(하나.생일, today()))".to_owned()),
        Just("sum(for 하나 in 매개.선 return 하나 + 나이)".to_owned()),
        Just("if count(아이) = 0 then 0 else sum(for 하나 in (for 둘 in 아이 return { 몫: 둘.나이 / 3, 큼: 몫 > 2 }) return if 하나.큼 then 하나.몫 else 0)".to_owned()),
    ];
    leaf.prop_recursive(3, 24, 3, |inner| {
        let way = prop_oneof![
            Just("round down"),
            Just("round up"),
            Just("round half up"),
            Just("floor"),
            Just("ceiling")
        ];
        prop_oneof![
            (inner.clone(), prop_oneof![Just("+"), Just("-"), Just("*"), Just("/")], inner.clone())
                .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            (inner.clone(), -2_i32..3, way).prop_map(|(a, places, way)| format!("{way}({a}, {places})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("max({a}, {b})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("min({a}, {b}, {c})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("sum({a}, {b})")),
            inner.clone().prop_map(|a| format!("abs(-{a})")),
            (truth_over(inner.clone()), inner.clone(), inner)
                .prop_map(|(c, a, b)| format!("(if {c} then {a} else {b})")),
        ]
    })
    .boxed()
}

fn truth_over(numbers: impl Strategy<Value = String> + Clone + 'static) -> impl Strategy<Value = String> {
    let compare = prop_oneof![Just("<"), Just("<="), Just(">"), Just(">="), Just("="), Just("!=")];
    let leaf = prop_oneof![
        (numbers.clone(), compare, numbers.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        (numbers.clone(), numbers.clone(), numbers.clone())
            .prop_map(|(a, b, c)| format!("{a} in [{b}..{c})")),
        (numbers.clone(), numbers.clone(), numbers.clone())
            .prop_map(|(a, b, c)| format!("{a} in ({b}, < {c})")),
        (numbers.clone(), numbers.clone(), numbers).prop_map(|(a, b, c)| format!("{a} between {b} and {c}")),
        Just("장애".to_owned()),
        Just("장애 = true".to_owned()),
        Just("계층 = \"차상위\"".to_owned()),
        Just("계층 in (\"차상위\", \"생계\")".to_owned()),
        Just("starts with(계층, \"생\")".to_owned()),
        Just("contains(계층, \"위\")".to_owned()),
        Just("생일 < date(\"2000-01-01\")".to_owned()),
        Just("some 하나 in 아이 satisfies 하나.학생".to_owned()),
        Just("every 하나 in 아이 satisfies 하나.나이 >= 3 or 하나.학생".to_owned()),
        Just("some 하나 in 아이 satisfies 하나.나이 * 10 > 나이".to_owned()),
        Just("list contains(매개.선, 소득)".to_owned()),
        Just("나이 in 매개.선".to_owned()),
        Just("null".to_owned()),
        Just("true".to_owned()),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(({a}) and ({b}))")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(({a}) or ({b}))")),
            inner.prop_map(|a| format!("not({a})")),
        ]
    })
}

fn person() -> impl Strategy<Value = Facts> {
    let maybe = prop::option::weighted(0.85, Just(()));
    let day = (1940_i16..2026, 1_i8..13, 1_i8..29)
        .prop_map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"));
    let child = (0_i64..20, any::<bool>(), day.clone(), prop::option::weighted(0.9, Just(()))).prop_map(
        |(age, pupil, born, known)| match known {
            Some(()) => json!({ "나이": age, "학생": pupil, "생일": born }),
            None => json!({ "학생": pupil }),
        },
    );
    (
        (0_i64..110, 0_i64..3_000_000, 0_u32..2000, any::<bool>()),
        prop_oneof![Just("차상위"), Just("생계"), Just("없음")],
        day,
        prop::collection::vec(child, 0..4),
        prop::collection::vec(maybe, 8),
    )
        .prop_map(|((age, income, share, disabled), class, born, children, known)| {
            let mut facts = Map::new();
            let mut put = |at: usize, name: &str, value: serde_json::Value| {
                if known[at].is_some() {
                    facts.insert(name.to_owned(), value);
                }
            };
            put(0, "나이", json!(age));
            put(1, "소득", json!(income));
            put(2, "비율", serde_json::from_str(&format!("{}.{:02}", share / 100, share % 100)).unwrap());
            put(3, "장애", json!(disabled));
            put(4, "계층", json!(class));
            put(5, "생일", json!(born));
            put(6, "아이수", json!(children.len()));
            put(6, "아이", json!(children));
            put(7, "집", json!({ "방": age % 5 }));
            Facts::from_json(&serde_json::Value::Object(facts)).unwrap()
        })
}

fn people() -> impl Strategy<Value = Vec<Facts>> {
    prop::collection::vec(person(), 1..24)
}

thread_local! {
    static TRIED: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

fn agrees(text: &str, people: &[Facts]) -> Result<(), TestCaseError> {
    let Ok(expr) = Expr::parse(text) else { return Ok(()) };
    let (columns, parameters) = (Columns::of(people).unwrap(), parameters());
    let names = Of(&columns);
    let worked = Many::new(people.len(), ON, &parameters, &names).eval(expr.root());
    let (tried, slow) = TRIED.get();
    TRIED.set((tried + 1, slow + usize::from(worked.is_err())));
    let Ok(column) = worked else { return Ok(()) };
    for (lane, facts) in people.iter().enumerate() {
        let alone = expr.eval(&Scope::new(facts, &parameters, ON));
        prop_assert_eq!(column.value(lane), alone, "{} for {:?}", text, facts.to_json());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn numbers_are_those_of_the_reference(text in number(), people in people()) {
        agrees(&text, &people)?;
    }

    #[test]
    fn truths_are_those_of_the_reference(text in truth_over(number()), people in people()) {
        agrees(&text, &people)?;
    }

    #[test]
    fn decisions_are_those_of_the_reference(
        first in truth_over(number()), second in truth_over(number()), third in truth_over(number()),
        let_ in number(), paid in number(), people in people(),
    ) {
        let toml = format!(
            "[[let]]\nid = '값'\narticle = 'a'\nfrom = '2020-01-01'\nvalue = '{let_}'\n\
             [[condition]]\nid = 'a'\narticle = 'a'\nfrom = '2020-01-01'\nwhen = '{first}'\n\
             [[condition]]\nid = 'b'\narticle = 'a'\nfrom = '2020-01-01'\nwhen = '값 > 3 or {second}'\n\
             [[condition]]\nid = 'c'\narticle = 'a'\nfrom = '2020-01-01'\nwhen = '{third}'\n\
             [[amount]]\narticle = 'a'\nfrom = '2020-01-01'\nvalue = 'max(0, floor({paid} + 값))'\n"
        );
        let Ok(rules) = RuleSet::parse(&toml) else { return Ok(()) };
        let hits = rules.decide_many(&Columns::of(&people).unwrap(), &parameters(), ON);
        for (lane, facts) in people.iter().enumerate() {
            let alone = rules.decide(facts, &parameters(), ON);
            let lane = u32::try_from(lane).unwrap();
            let place = hits.yes.iter().position(|yes| *yes == lane);
            let answer = match place {
                Some(_) => Answer::Yes,
                None if hits.unknown.contains(&lane) => Answer::Unknown,
                None => Answer::No,
            };
            prop_assert_eq!(answer, alone.answer, "{}\n{:?}", toml, facts.to_json());
            if let Some(place) = place {
                prop_assert_eq!(hits.amounts[place], alone.amount, "{}\n{:?}", toml, facts.to_json());
            }
        }
    }
}

/// Columns that are given up cost speed, never an answer: but few may be, or nothing was tested.
#[test]
fn few_columns_are_given_up() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    TRIED.set((0, 0));
    for _ in 0..520 {
        let text = number().new_tree(&mut runner).unwrap().current();
        let people = people().new_tree(&mut runner).unwrap().current();
        agrees(&text, &people).unwrap();
    }
    let (tried, slow) = TRIED.get();
    println!("{tried} expressions, {slow} given up");
    assert!(tried > 500 && slow * 10 < tried, "{tried} {slow}");
}

#[test]
fn numbers_that_outgrow_a_column_are_given_up_not_wrapped() {
    let big = Facts::from_json(&json!({ "소득": i64::MAX / 2, "나이": 3 })).unwrap();
    let columns = Columns::of(&[big.clone(), big]).unwrap();
    let parameters = parameters();
    for text in ["소득 * 소득", "소득 + 소득 + 소득", "소득 / 0.0001", "-소득 - 소득 - 소득"]
    {
        let expr = Expr::parse(text).unwrap();
        let worked = Many::new(2, ON, &parameters, &Of(&columns)).eval(expr.root());
        assert!(worked.is_err(), "{text}");
    }
    let rules = RuleSet::parse(
        "[[condition]]\nid = 'a'\narticle = 'a'\nfrom = '2020-01-01'\nwhen = '소득 * 나이 > 소득'\n",
    )
    .unwrap();
    let hits = rules.decide_many(&columns, &parameters, ON);
    assert_eq!((hits.yes.len(), hits.alone), (2, 2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    /// Turning one parameter gives what deciding everything anew by it gives.
    #[test]
    fn turning_a_parameter_is_deciding_anew(
        first in truth_over(number()), second in truth_over(number()), let_ in number(), paid in number(),
        limit in 0_i64..2_000_000, people in people(),
    ) {
        let toml = format!(
            "[[let]]\nid = '값'\narticle = 'a'\nfrom = '2020-01-01'\nvalue = '{let_}'\n\
             [[let]]\nid = '선'\narticle = 'a'\nfrom = '2020-01-01'\nvalue = '매개.한도 + max(나이, 값)'\n\
             [[condition]]\nid = 'a'\narticle = 'a'\nfrom = '2020-01-01'\nwhen = '{first}'\n\
             [[condition]]\nid = 'b'\narticle = 'a'\nfrom = '2020-01-01'\nwhen = '소득 <= 선 or {second}'\n\
             [[amount]]\narticle = 'a'\nfrom = '2020-01-01'\nvalue = 'max(0, floor({paid} + 값 + 매개.한도))'\n"
        );
        let Ok(rules) = RuleSet::parse(&toml) else { return Ok(()) };
        let mut before = parameters();
        before
            .merge(Parameters::parse(
                "[[parameter]]\nname = '한도'\narticle = '법'\n[[parameter.value]]\nfrom = '2020-01-01'\nsource = 's'\nvalue = 1000\n",
            ).unwrap())
            .unwrap();
        let after = before.with("한도", ON, Value::from(limit)).unwrap();
        let columns = Columns::of(&people).unwrap();
        let hinge = rules.hinge("한도", ON);
        let Ok(kept) = rules.hinging(&hinge, &columns, &before, ON) else { return Ok(()) };
        for parameters in [&before, &after] {
            let Ok(turned) = rules.turn(&hinge, &kept, parameters, ON) else { continue };
            let anew = rules.decide_many(&columns, parameters, ON);
            let of_all = |lanes: &[u32]| lanes.iter().map(|lane| kept.lanes()[*lane as usize]).collect::<Vec<_>>();
            prop_assert_eq!(&of_all(&turned.yes), &anew.yes, "{}", toml);
            prop_assert_eq!(&turned.amounts, &anew.amounts, "{}", toml);
            prop_assert_eq!(&of_all(&turned.unknown), &anew.unknown, "{}", toml);
        }
        // the same people twice, zone by zone
        let Ok(twice) = Hinging::joined(vec![kept.clone(), kept.clone()]) else { return Ok(()) };
        let zones = twice.zones(&hinge, 3);
        prop_assert_eq!(zones.iter().map(Vec::len).sum::<usize>(), 2 * kept.lanes().len());
        for lanes in zones {
            let zone = twice.zone(&lanes);
            let [was, is] = [&before, &after].map(|parameters| rules.turn(&hinge, &zone, parameters, ON));
            let (Ok(was), Ok(is)) = (was, is) else { continue };
            for (turned, parameters) in [(&was, &before), (&is, &after)] {
                let anew = rules.decide_many(&columns, parameters, ON);
                let yes = |lane: &u32| {
                    let of_kept = lanes[*lane as usize] as usize % kept.lanes().len();
                    anew.yes.iter().position(|yes| *yes == kept.lanes()[of_kept])
                };
                for (lane, won) in turned.yes.iter().zip(&turned.amounts) {
                    prop_assert_eq!(yes(lane).map(|at| anew.amounts[at]), Some(*won), "{}", toml);
                }
                for lane in (0..zone.lanes().len() as u32).filter(|lane| !turned.yes.contains(lane)) {
                    prop_assert_eq!(yes(&lane), None, "{}", toml);
                }
            }
            if rules.unmoved(&hinge, &zone, &before, &after, ON) {
                prop_assert_eq!(was, is, "{}\n{:?}", toml, zone);
            }
        }
    }
}

/// A limit moved a little concerns few: the zones away from it are known to stay by their bounds.
#[test]
fn zones_away_from_a_limit_are_not_asked() {
    let rules = RuleSet::parse(
        "[[let]]\nid = '선'\narticle = 'a'\nfrom = '2020-01-01'\nvalue = 'if 배우자 then 매개.한도[2] else 매개.한도[1]'\n\
         [[let]]\nid = '남음'\narticle = 'a'\nfrom = '2020-01-01'\nvalue = '선 - 소득'\n\
         [[condition]]\nid = 'a'\narticle = 'a'\nfrom = '2020-01-01'\nwhen = '소득 <= 선'\n\
         [[amount]]\narticle = 'a'\nfrom = '2020-01-01'\nvalue = 'round down(if 급여 * 0.5 <= 남음 then 급여 else max(10, min(급여, 남음)), -1)'\n",
    )
    .unwrap();
    let values = |limit: i64| {
        Parameters::parse(&format!(
            "[[parameter]]\nname = '한도'\narticle = '법'\n[[parameter.value]]\nfrom = '2020-01-01'\nsource = 's'\nvalue = [{limit}, 9000]\n",
        ))
        .unwrap()
    };
    let (before, after) = (values(5_000), values(5_100));
    let mut columns = Columns::new(20_000);
    columns.insert("소득", Column::whole((0..20_000).map(|lane| lane * 7_919 % 10_000).collect()));
    columns.insert("배우자", Column::bools((0..20_000).map(|lane| lane % 3 == 0).collect()));
    columns.insert("급여", Column::whole((0..20_000).map(|lane| 200 + lane % 100).collect()));
    let hinge = rules.hinge("한도", ON);
    let kept = rules.hinging(&hinge, &columns, &before, ON).unwrap();
    let (mut unmoved, mut zones) = (0, 0);
    for lanes in kept.zones(&hinge, 200) {
        let zone = kept.zone(&lanes);
        let still = rules.unmoved(&hinge, &zone, &before, &after, ON);
        let [was, is] =
            [&before, &after].map(|parameters| rules.turn(&hinge, &zone, parameters, ON).unwrap());
        assert!(!still || was == is);
        (zones, unmoved) = (zones + 1, unmoved + usize::from(still));
    }
    // a third are couples, whose limit stays; of the others those within a few hundred won of it have to be asked
    assert_eq!((zones, unmoved), (101, 99));
}
proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    #[test]
    fn lines_are_those_of_the_reference(
        let_ in number(), first in number(), second in number(), people in people(),
    ) {
        let toml = format!(
            "[[let]]\nid = '값'\narticle = 'a'\nfrom = '2020-01-01'\nvalue = '{let_}'\n\
             [[let]]\nid = '몫'\narticle = 'a'\nfrom = '2020-01-01'\nvalue = 'for 하나 in 아이 return 하나.나이 * 값'\n\
             [[condition]]\nid = 'a'\narticle = 'a'\nfrom = '2020-01-01'\nwhen = '장애'\n\
             [[line]]\nid = 'a'\narticle = '제1조'\nfrom = '2020-01-01'\nsign = -1\nvalue = '값 + {first}'\n\
             [[line]]\nid = 'b'\narticle = 'a'\nfrom = '2020-01-01'\nsign = 1\nvalue = '몫'\n\
             [[line]]\nid = 'old'\narticle = 'a'\nfrom = '2020-01-01'\nuntil = '2020-12-31'\nsign = 1\nvalue = '1'\n\
             [[line]]\nid = 'c'\narticle = 'a'\nfrom = '2020-01-01'\nsign = 1\nvalue = '{second}'\n"
        );
        let Ok(rules) = RuleSet::parse(&toml) else { return Ok(()) };
        let Ok(lines) = rules.lines_many(&Columns::of(&people).unwrap(), &parameters(), ON) else { return Ok(()) };
        for (lane, facts) in people.iter().enumerate() {
            let alone = rules.decide(facts, &parameters(), ON).lines;
            prop_assert_eq!(lines.len(), alone.len());
            for (line, alone) in lines.iter().zip(alone) {
                prop_assert_eq!((&line.id, &line.article, line.sign), (&alone.id, &alone.article, alone.sign));
                prop_assert_eq!(line.values.value(lane), alone.value.unwrap_or(Value::Unknown), "{}\n{:?}", toml, facts.to_json());
            }
        }
    }
}
