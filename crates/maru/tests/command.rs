//! `maru admin` as an operator runs it.

// Tests say what they expect by unwrapping it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::{Command, Output};

fn maru(data: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_maru"))
        .arg("admin")
        .args(arguments)
        .args(["--data", data])
        .env_remove("MARU_DATABASE")
        .output()
        .unwrap()
}

fn right(data: &str, arguments: &[&str]) -> String {
    let output = maru(data, arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn wrong(data: &str, arguments: &[&str]) -> String {
    let output = maru(data, arguments);
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn an_empty_country_gets_its_first_people() {
    let folder = std::env::temp_dir().join(format!("maru-command-{}", std::process::id()));
    let data = folder.to_str().unwrap();
    let added = right(
        data,
        &[
            "official", "add", "--user", "first", "--ko", "처음", "--en", "First", "--role", "operator",
            "--json",
        ],
    );
    let added: serde_json::Value = serde_json::from_str(&added).unwrap();
    let operator = added["id"].as_str().unwrap().to_owned();
    assert_eq!(added["password"].as_str().unwrap().len(), 19);
    assert!(wrong(data, &["official", "end", &operator]).contains("last operator"));

    right(
        data,
        &["agency", "add", "--id", "suwon", "--ko", "수원시", "--en", "Suwon", "--region", "경기도 수원시"],
    );
    let unit =
        ["unit", "add", "--agency", "suwon", "--ko", "복지팀", "--en", "Welfare", "--kind", "livelihood"];
    let place = ["--region", "경기도 수원시", "--contact", "000-000-0101", "--id", "welfare"];
    assert_eq!(right(data, &[&unit[..], &place].concat()).trim(), "welfare");
    assert!(
        wrong(data, &[&unit[..], &["--region", "달나라", "--contact", "x"]].concat()).contains("region: ")
    );
    let clerk = right(
        data,
        &[
            "official", "add", "--id", "goyo", "--user", "goyo", "--ko", "고요", "--en", "Go Yo", "--unit",
            "welfare",
        ],
    );
    assert!(clerk.starts_with("goyo\n"));
    right(data, &["role", "grant", "goyo", "manager", "--until", "2099-12-31"]);
    let roles = right(data, &["role", "list", "goyo"]);
    assert!(roles.contains("manager") && roles.contains("2099-12-31") && roles.contains("clerk"), "{roles}");
    assert!(wrong(data, &["role", "grant", "goyo", "king"]).contains("role: "));
    assert!(wrong(data, &["agency", "end", "suwon"]).contains("units"));
    assert_eq!(right(data, &["official", "password", "goyo"]).trim().len(), 19);
    right(data, &["official", "end", "goyo"]);
    right(data, &["unit", "end", "welfare"]);
    right(data, &["agency", "end", "suwon"]);
    let agencies: serde_json::Value =
        serde_json::from_str(&right(data, &["agency", "list", "--ended", "--json"])).unwrap();
    assert_eq!(agencies[0]["id"], "suwon");
    right(data, &["jobs", "list"]);
    right(data, &["limits", "set", "page", "900"]);
    assert!(right(data, &["limits", "list"]).contains("900"));
    assert!(wrong(data, &["limits", "set", "king", "9"]).contains("name: "));
    let key = right(data, &["keys", "rotate"]);
    assert!(right(data, &["keys", "list"]).contains(key.trim()));
    assert!(wrong(data, &["jobs", "retry", "none"]).contains("none with this id"));
    std::fs::remove_dir_all(&folder).unwrap();
}
