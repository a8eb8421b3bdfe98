//! The models that travel with the project, by their own cases.

use std::path::Path;

use jiff::civil::date;
use maru_dmn::{Model, Outcome, run_cases};

#[test]
fn our_own_models_come_out() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut asked = 0;
    for folder in fixtures.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let model = std::fs::read_to_string(folder.join(format!("{name}.dmn"))).unwrap();
        let cases = std::fs::read_to_string(folder.join(format!("{name}-test.xml"))).unwrap();
        for one in run_cases(&cases, &Model::read(&model), date(2026, 7, 1)).unwrap() {
            assert_eq!(one.outcome, Outcome::Passes, "{name} {} {}", one.case, one.decision);
            asked += 1;
        }
        // a case that is wrong does not pass
        let wrong = cases.replacen(
            "<expected><value xsi:type=\"xsd:decimal\">",
            "<expected><value xsi:type=\"xsd:decimal\">9",
            1,
        );
        if wrong != cases {
            let outcomes = run_cases(&wrong, &Model::read(&model), date(2026, 7, 1)).unwrap();
            assert!(outcomes.iter().any(|one| one.outcome != Outcome::Passes), "{name}");
        }
    }
    assert!(asked >= 25, "{asked}");
}

#[test]
fn what_is_no_model_says_where() {
    for (xml, line, column, part) in [
        ("<definitions>\n  <decision name=\"가\">", 1, 1, "not well-formed"),
        ("<a/>", 1, 1, "begins with `definitions`"),
        ("<!DOCTYPE a [<!ENTITY b \"c\">]><definitions/>", 1, 1, "not well-formed"),
        (
            "<definitions>\n<decision name=\"가\"><decisionTable hitPolicy=\"BEST\"/></decision></definitions>",
            2,
            20,
            "no hit policy",
        ),
        (
            "<definitions><decision name=\"가\"><decisionTable>\n <output/><rule><inputEntry/></rule></decisionTable></decision></definitions>",
            2,
            11,
            "1 and 0 entries",
        ),
    ] {
        let refusal = Model::read(xml).unwrap_err();
        assert!(refusal.message.contains(part), "{refusal}");
        assert_eq!((refusal.place.line, refusal.place.column), (line, column), "{refusal}");
    }
}
