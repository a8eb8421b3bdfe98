//! Words that must not be where they are: unfinished work in the source, a person's data in a log (invariant 9).

use crate::Outcome;
use crate::test::{Place, Report};
use std::path::Path;
use std::process::Command;

pub fn check(place: &Place) -> Outcome<Report> {
    let files = unfinished(&place.root)?;
    let (logs, words) = logs(place)?;
    Ok(Report {
        passed: 2,
        note: format!("{files} files without loose ends; {logs} logs without any of {words} private words"),
    })
}

/// No file that is part of the project may promise to be finished later.
fn unfinished(root: &Path) -> Outcome<usize> {
    // Put together here, so that this file does not hold them.
    let marks = [["TO", "DO"], ["FIX", "ME"], ["XX", "X:"], ["to", "do!"], ["unimple", "mented!"]]
        .map(|two| two.concat());
    let output = Command::new("git")
        .args([
            "ls-files", "-z", "--", "*.rs", "*.mjs", "*.html", "*.css", "*.js", "*.toml", "*.md", "*.ftl",
            "*.txt",
        ])
        .current_dir(root)
        .output()
        .map_err(|e| format!("git ls-files: {e}"))?;
    let list = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut found = Vec::new();
    let mut files = 0;
    for name in list.split('\0').filter(|name| !name.is_empty()) {
        let Ok(text) = std::fs::read_to_string(root.join(name)) else { continue };
        files += 1;
        for (index, line) in text.lines().enumerate() {
            if let Some(mark) = marks.iter().find(|mark| line.contains(mark.as_str())) {
                found.push(format!("{name}:{}: {mark}", index + 1));
            }
        }
    }
    match (files, found.is_empty()) {
        (0, _) => Err("git lists no file".to_owned()),
        (_, true) => Ok(files),
        _ => Err(found.join("\n")),
    }
}

/// The server's logs of the journeys must hold no name, address or account of anybody, at any level of detail.
fn logs(place: &Place) -> Outcome<(usize, usize)> {
    let words = private_words(place)?;
    let folder = place.clients.join("out/logs");
    let entries =
        std::fs::read_dir(&folder).map_err(|e| format!("no logs to look at: {}: {e}", folder.display()))?;
    let (mut logs, mut bytes, mut found) = (0, 0, Vec::new());
    for entry in entries.flatten() {
        let text = std::fs::read(entry.path()).map_err(|e| e.to_string())?;
        let text = String::from_utf8_lossy(&text);
        logs += 1;
        bytes += text.len();
        for (index, line) in text.lines().enumerate() {
            if let Some(word) = words.iter().find(|word| line.contains(word.as_str())) {
                found.push(format!("{}:{}: {word}", entry.path().display(), index + 1));
            }
        }
    }
    if logs == 0 || bytes == 0 {
        return Err(format!("{} holds no log", folder.display()));
    }
    found.truncate(20);
    if found.is_empty() { Ok((logs, words.len())) } else { Err(found.join("\n")) }
}

/// Everything the demo's people are called and reached by, and whatever the journeys typed.
fn private_words(place: &Place) -> Outcome<Vec<String>> {
    let path = place.root.join("packs/kr/demo.toml");
    let demo = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut words = demo_words(&demo);
    let typed = place.clients.join("out/typed.txt");
    let typed = std::fs::read_to_string(&typed).map_err(|e| format!("{}: {e}", typed.display()))?;
    words.extend(typed.lines().filter(|line| line.len() >= 6).map(str::to_owned));
    words.sort();
    words.dedup();
    if words.len() < 4 { Err("no private words to look for".to_owned()) } else { Ok(words) }
}

/// Quoted values of the keys that name or reach a person, out of `[[person]]` tables and their registers.
fn demo_words(demo: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut in_person = false;
    for line in demo.lines().map(str::trim) {
        if line.starts_with('[') {
            in_person = line.starts_with("[[person") || line.starts_with("[person");
            continue;
        }
        let Some((key, value)) = line.split_once('=').filter(|_| in_person) else { continue };
        let key = key.trim().trim_matches('"');
        let private = ["name", "mail", "성명", "주민등록번호", "계좌번호", "전화번호", "주소"].contains(&key);
        if private {
            words.extend(
                value
                    .split('"')
                    .skip(1)
                    .step_by(2)
                    .filter(|word| word.chars().count() >= 3)
                    .map(str::to_owned),
            );
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::demo_words;

    #[test]
    fn people_are_found_in_the_demo() {
        let demo = r#"
[[unit]]
name = { ko = "복지정책과", en = "Welfare" }
[[person]]
user = "maru"
name = { ko = "김마루", en = "Kim Maru" }
mail = "maru@example.invalid"
[person.registers.resident-registration]
"성명" = "김마루"
"주소" = "경기도 수원시 마루길 12"
"#;
        assert_eq!(
            demo_words(demo),
            ["김마루", "Kim Maru", "maru@example.invalid", "김마루", "경기도 수원시 마루길 12"]
        );
    }
}
