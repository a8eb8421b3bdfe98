//! The check refuses what packs/README.md forbids, and says file, line and what to do.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)] // a test says what is wrong by failing

use std::{fs, path::Path, sync::Arc};

use maru_definition::{Definitions, Fault, Pack, migrations};
use maru_kernel::At;
use maru_store::Store;

mod folder;

#[test]
fn the_shipped_pack_is_sound() {
    let pack = Pack::embedded().unwrap_or_else(|f| panic!("{f:#?}"));
    let (cases, faults) = pack.check();
    let shown: Vec<String> = faults.iter().map(Fault::to_string).collect();
    assert!(faults.is_empty(), "{}", shown.join("\n"));
    assert!(cases >= 12, "{cases} cases");
}

/// Nothing that ships is warned of; a contradiction added to any of its services is, at its character.
#[test]
fn what_can_never_be_true_is_warned_of() {
    let pack = Pack::read(kr()).unwrap_or_else(|faults| panic!("{faults:#?}"));
    assert_eq!(pack.warnings(), []);
    let mut tried = 0;
    for service in &pack.services {
        let mut files = pack.files_of(service);
        let Some(rules) = files.get_mut("rules.toml") else { continue };
        let line = rules.lines().count() + 5;
        rules.push_str(
            "\n[[condition]]\nid = \"never\"\narticle = \"법\"\nwhen = '나이 >= 65 and 나이 < 60'\nfrom = \"2026-01-01\"\n",
        );
        let owner = pack.agency(&service.owner).unwrap();
        let warnings = pack.with_service(owner, &service.id, &files).warnings;
        let [warning] = &warnings[..] else { panic!("{}: {warnings:#?}", service.id) };
        assert_eq!(
            (warning.file.as_str(), warning.line),
            (format!("services/{}/{}/rules.toml", service.owner, service.id).as_str(), line)
        );
        assert!(warning.what.en.starts_with("character 22: `나이 < 60`"), "{warning}");
        tried += 1;
    }
    assert!(tried > 30, "{tried}");
}

fn kr() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/kr"))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A pack with one change: what is found, as read or as checked.
fn spoilt(name: &str, file: &str, from: &str, to: &str) -> Vec<Fault> {
    let folder = folder::Folder::new(name);
    copy(kr(), &folder);
    let path = folder.join(file);
    if to == "DELETE" {
        fs::remove_file(&path).unwrap();
    } else {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        fs::write(&path, text.replacen(from, to, 1)).unwrap();
    }
    match Pack::read(&folder) {
        Ok(pack) => pack.check().1,
        Err(faults) => faults,
    }
}

const SERVICE: &str = "services/mohw/livelihood-benefit";

#[test]
fn each_fault_is_refused_with_its_file_and_line() {
    let service = |file: &str| format!("{SERVICE}/{file}");
    let wrong: &[(&str, String, &str, &str, &str)] = &[
        (
            "no-article",
            service("rules.toml"),
            "article = \"국민기초생활 보장법 제8조제2항\"\n",
            "",
            "article",
        ),
        (
            "shared-no-article",
            "shared/median-income.toml".into(),
            "article = \"국민기초생활 보장법 제6조의2\"\n",
            "",
            "article",
        ),
        (
            "shared-condition",
            "shared/median-income.toml".into(),
            "[[let]]",
            "[[condition]]\nid = \"x\"\narticle = \"제1조\"\nfrom = \"2023-01-01\"\nwhen = 'true'\n\n[[let]]",
            "only lets can be shared",
        ),
        (
            "shared-missing",
            service("service.toml"),
            "\"median-income\"",
            "\"no-such\"",
            "there is no shared/no-such.toml",
        ),
        (
            "shared-parameter",
            "shared/recognised-income.toml".into(),
            "매개.근로공제율",
            "매개.근로율",
            "근로율",
        ),
        (
            "period-article",
            service("service.toml"),
            "국민기초생활 보장법 제26조제4항",
            "",
            "period has no article",
        ),
        (
            "missing-text",
            service("text.en.toml"),
            "[line.median]\nlabel = ",
            "[line.median]\nlabels = ",
            "label",
        ),
        ("missing-lang", service("text.en.toml"), "DELETE", "DELETE", "no such file"),
        ("empty-text", service("text.ko.toml"), "name = \"생계급여\"", "name = \"\"", "name is empty"),
        ("unknown-fact", service("rules.toml"), "not(시설거주)", "not(시설거주중)", "시설거주중"),
        ("unknown-parameter", service("rules.toml"), "매개.생계급여_비율", "매개.생계급여율", "생계급여율"),
        ("overlap", "shared/recognised-income.toml".into(), "until = \"2024-12-31\"\n", "", "overlap"),
        ("failing-case", service("cases.toml"), "amount = 520556", "amount = 520557", "computed 520556"),
        (
            "case-fact",
            service("cases.toml"),
            "\"가구원수\" = 1",
            "\"가구원의수\" = 1",
            "가구원의수 is no fact",
        ),
        ("letter-name", service("letters/granted.ko.txt"), "{{ receipt }}", "{{ password }}", "no password"),
        ("letter-gone", service("letters/refused.en.txt"), "DELETE", "DELETE", "no such letter"),
        ("feel", service("rules.toml"), "when = 'not(시설거주)'", "when = 'not(시설거주'", ""),
        ("toml", service("form.toml"), "kind = \"money\"", "kind = \"gold\"", "gold"),
        ("form-fact", service("form.toml"), "fact = \"주거.월세\"", "fact = \"주거.관리비\"", "주거.관리비"),
        (
            "form-kind",
            service("form.toml"),
            "fact = \"주거.보증금\"",
            "fact = \"계좌.은행\"",
            "kinds don't fit",
        ),
        ("owner", service("service.toml"), "owner = \"mohw\"", "owner = \"nobody\"", "no agency nobody"),
        ("evidence", service("service.toml"), "\"생년월일\"", "\"생일\"", "no field 생일"),
        ("fact-lang", "facts.toml".into(), "en = \"Where you live\"", "en = \"\"", "no text in en"),
        ("fact-code", "facts.toml".into(), "\"JA0328\"", "\"JA0999\"", "JA0999"),
        ("register-name", "registers.toml".into(), "'세대원수 = 1'", "'세대원의수 = 1'", "세대원의수"),
        ("register-law", "registers.toml".into(), "law = \"주민등록법 제7조\"", "law = \"\"", "no article"),
        (
            "parameter",
            "parameters.toml".into(),
            "source = \"보건복지부고시 제2021-211호\"\n",
            "",
            "no source",
        ),
        ("holiday", "calendar.toml".into(), "2018-01-01\"\nname", "2031-01-01\"\nname", "outside"),
        (
            "region",
            "regions.tsv".into(),
            "11110\t서울특별시 종로구\t11\t",
            "11110\t서울특별시 종로구\t99\t",
            "99",
        ),
        ("demo", "demo.toml".into(), "region = \"경기도 수원시\"", "region = \"경기도 수원\"", "수원"),
        ("catalogue", "catalogue/gov24.tsv".into(), "WII000001410\t", "\t", "blank id"),
        (
            "who",
            "charts/application.toml".into(),
            "to = \"granted\"\nwho = \"officer\"",
            "to = \"granted\"\nwho = \"applicant\"",
            "grant is not for applicant",
        ),
        (
            "no-chart",
            service("service.toml"),
            "chart = \"application\"",
            "chart = \"journey\"",
            "no chart journey",
        ),
        (
            "dead-end",
            "charts/application.toml".into(),
            "from = [\"asked\"]\nto = \"recalled\"",
            "from = [\"asked\"]\nto = \"asked\"",
            "nothing leads to recalled",
        ),
        (
            "unreached",
            "charts/application.toml".into(),
            "to = \"refused\"",
            "to = \"granted\"",
            "nothing leads to refused",
        ),
        (
            "out-of-an-end",
            "charts/application.toml".into(),
            "from = [\"draft\", \"received\", \"assigned\"]",
            "from = [\"draft\", \"granted\"]",
            "has ended",
        ),
        (
            "verb",
            "charts/application.toml".into(),
            "id = \"transfer\"",
            "id = \"forget\"",
            "nothing that can be done",
        ),
        (
            "state",
            "charts/application.toml".into(),
            "to = \"returned\"",
            "to = \"retourned\"",
            "no state retourned",
        ),
        (
            "unopened",
            "charts/application.toml".into(),
            "opens = \"supplement\"\n",
            "",
            "no verb opens supplement",
        ),
        (
            "region",
            "charts/application.toml".into(),
            "closed = [\"consultation\", \"supplement\"]",
            "closed = [\"conversation\"]",
            "no region conversation",
        ),
        (
            "pause",
            "charts/application.toml".into(),
            "pauses = \"supplement\"",
            "pauses = \"lunch\"",
            "no reason for a clock",
        ),
        (
            "days",
            "charts/application.toml".into(),
            "days = 7\nmost = 30",
            "days = 31\nmost = 30",
            "`days` must be",
        ),
        (
            "recall",
            "charts/application.toml".into(),
            "id = \"recall\"\nname = { ko = \"요구 거두기\"",
            "id = \"lapse\"\nname = { ko = \"요구 거두기\"",
            "can't be recalled",
        ),
        (
            "chart-lang",
            "charts/application.toml".into(),
            "en = \"Being examined\"",
            "en = \"\"",
            "no text in en",
        ),
        (
            "chart-letter",
            "charts/application.toml".into(),
            "letter = \"asked\"",
            "letter = \"wished\"",
            "the letter wished",
        ),
        ("pack-letter", "letters/asked.en.txt".into(), "DELETE", "DELETE", "no such letter"),
        ("pack-letter-name", "letters/asked.ko.txt".into(), "{{ until }}", "{{ password }}", "no password"),
        ("hours", "calendar.toml".into(), "close = \"18:00\"", "close = \"08:00\"", "no working day"),
        ("count", "catalogue/gov24.toml".into(), "count = 8255", "count = 8256", "not 8256"),
    ];
    for (name, file, from, to, what) in wrong {
        let faults = spoilt(name, file, from, to);
        let shown: Vec<String> = faults.iter().map(Fault::to_string).collect();
        let fault = faults.iter().find(|f| f.file == *file && f.what.en.contains(what));
        let fault = fault
            .unwrap_or_else(|| panic!("{name}: no fault of {file} with {what:?} in\n{}", shown.join("\n")));
        assert!(fault.line > 0 || *from == "DELETE", "{name}: no line: {fault}");
        assert!(!fault.todo.en.is_empty(), "{name}: {fault}");
        // Whoever writes a service reads it in their own language.
        let hangul = |text: &str| text.chars().any(|c| ('가'..='힣').contains(&c));
        assert!(
            !file.starts_with("services/") || (hangul(&fault.what.ko) && hangul(&fault.todo.ko)),
            "{name}: {} — {}",
            fault.what.ko,
            fault.todo.ko
        );
    }
}

#[test]
fn a_folder_that_is_no_pack_is_told() {
    let folder = folder::Folder::new("no-pack");
    let faults = Pack::read(&folder).unwrap_err();
    assert!(
        faults.iter().any(|f| f.file == "pack.toml" && f.to_string().contains("no pack.toml")),
        "{faults:?}"
    );
    fs::write(folder.join("pack.toml"), [0xff, 0xfe, b'\n']).unwrap();
    let faults = Pack::read(&folder).unwrap_err();
    assert!(faults.iter().any(|f| f.what.en == "not UTF-8"), "{faults:?}");
}

/// A running country goes on by a new version of a chart: the chart says where, or the program does not start.
#[tokio::test]
async fn a_chart_that_loses_a_state_says_where_its_cases_go_on() {
    let folder = folder::Folder::new("chart-version");
    let pack = folder.join("pack");
    copy(kr(), &pack);
    let store = Store::open(&folder.join("data"), migrations(), Vec::new()).await.unwrap();
    let at = |text| At::parse(text).unwrap();
    let read = || Arc::new(Pack::read(&pack).unwrap_or_else(|f| panic!("{f:#?}")));
    Definitions::open(store.clone(), read(), at("2026-10-07T09:00:00+09:00")).await.unwrap();

    // "assigned" becomes "examined": in the chart itself, and in those that are like it.
    for entry in fs::read_dir(pack.join("charts")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("\"assigned\"", "\"examined\"")).unwrap();
    }
    let told = Definitions::open(store.clone(), read(), at("2026-10-08T09:00:00+09:00")).await.err().unwrap();
    assert!(told.to_string().contains("assigned") || format!("{told:?}").contains("assigned"), "{told:?}");

    for entry in fs::read_dir(pack.join("charts")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("id = \"examined\"\n", "id = \"examined\"\nwas = [\"assigned\"]\n"))
            .unwrap();
    }
    let pack = read();
    assert_eq!(pack.check().1, Vec::new());
    let chart = pack.chart("application").unwrap();
    assert_eq!(chart.verb("assigned", "grant").unwrap().to.as_deref(), Some("granted"));
    assert_eq!(chart.state("assigned").unwrap().id, "examined");
    assert!(chart.verb("examined", "grant").is_some() && chart.verb("draft", "grant").is_none());
    Definitions::open(store, pack, at("2026-10-09T09:00:00+09:00")).await.unwrap();
}
