//! `cargo xtask tck FOLDER`: the DMN TCK, read from a folder that is no part of the project, and our models in the same form.

use crate::bench::{figure, write};
use crate::{Outcome, process, root};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const LEVELS: [&str; 2] = ["compliance-level-2", "compliance-level-3"];
const USAGE: &str = "cargo xtask tck FOLDER [--commit ID]
  FOLDER is a checkout of the DMN TCK (or its TestCases); ID is the commit it is at, if FOLDER/COMMIT does not say so.
  Without FOLDER: only the models of crates/dmn/fixtures.";

/// A directory of test cases: how many pass, of how many, and what keeps the others.
struct Row {
    name: String,
    passes: usize,
    of: usize,
    reasons: String,
}

pub fn run(arguments: &[String]) -> Outcome {
    let (folder, commit) = match arguments {
        [] => (None, None),
        [folder] => (Some(PathBuf::from(folder)), None),
        [folder, flag, commit] if flag == "--commit" => (Some(PathBuf::from(folder)), Some(commit.clone())),
        _ => return Err(USAGE.to_owned()),
    };
    let program = built()?;
    let own = rows(&program, &root().join("crates/dmn/fixtures"))?;
    if let Some(wrong) = own.iter().find(|row| row.passes != row.of || row.of == 0) {
        return Err(format!("{}: {} of {} pass: {}", wrong.name, wrong.passes, wrong.of, wrong.reasons));
    }
    println!("{} models of our own: all their cases pass", own.len());
    let Some(folder) = folder else { return Ok(()) };
    let inside = folder.join("TestCases");
    let cases = if inside.is_dir() { inside } else { folder.clone() };
    let commit = match commit {
        Some(commit) => commit,
        None => std::fs::read_to_string(folder.join("COMMIT")).map(|text| text.trim().to_owned()).map_err(
            |_| format!("say which commit it is: --commit ID, or a file COMMIT in {}", folder.display()),
        )?,
    };
    let levels = LEVELS.map(|level| rows(&program, &cases.join(level)).map(|rows| (level, rows)));
    let levels = levels.into_iter().collect::<Outcome<Vec<_>>>()?;
    let (text, summary) = page(&levels, &commit);
    println!("{text}");
    let path = root().join("docs/tck.md");
    std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    println!("docs/tck.md");
    write(&[figure("DMN TCK: cases that pass (docs/tck.md says what is out by design)", summary, "")])
}

fn built() -> Outcome<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let log = target.join("xtask/tck.log");
    std::fs::create_dir_all(target.join("xtask")).map_err(|e| e.to_string())?;
    process::logged(
        Command::new(env!("CARGO")).args(["build", "--locked", "--package", "maru-dmn"]).current_dir(root()),
        &log,
    )?;
    Ok(target.join("debug/maru-dmn-cases"))
}

fn rows(program: &Path, folder: &Path) -> Outcome<Vec<Row>> {
    let output = Command::new(program)
        .arg(folder)
        .output()
        .map_err(|e| format!("{} does not start: {e}", program.display()))?;
    if !output.status.success() {
        return Err(format!("{}\n{USAGE}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().map(row).collect()
}

fn row(line: &str) -> Outcome<Row> {
    let parts: Vec<&str> = line.split('\t').collect();
    let [name, passes, of, reasons] = parts.as_slice() else { return Err(format!("not a row: {line}")) };
    let number = |text: &str| text.parse::<usize>().map_err(|_| format!("not a number: {text}"));
    Ok(Row {
        name: (*name).to_owned(),
        passes: number(passes)?,
        of: number(of)?,
        reasons: (*reasons).to_owned(),
    })
}

fn page(levels: &[(&str, Vec<Row>)], commit: &str) -> (String, String) {
    let today = process::said("date", &["+%Y-%m-%d"]).unwrap_or_default();
    let mut text = format!(
        "# The DMN TCK\n\nMade by `cargo xtask tck FOLDER --commit {commit}` on {today}; FOLDER is a checkout of the DMN TCK, which is no part of this\n\
         project. A case passes when every decision it asks comes to the expected value: an unknown is DMN's `null`, fractions agree to eight\n\
         decimals, `today()` is a fixed day. What is out by design stands beside each directory, with the number of its cases; what rules of law need of\n\
         FEEL, and why the rest is left out, stands in [crates/rules](../crates/rules/README.md).\n"
    );
    let mut summary = Vec::new();
    for (level, rows) in levels {
        let (passes, of) = rows.iter().fold((0, 0), |sum, row| (sum.0 + row.passes, sum.1 + row.of));
        let whole = rows.iter().filter(|row| row.passes == row.of && row.of > 0).count();
        let _ = write!(
            text,
            "\n## {level}: {passes} of {of} cases, {whole} of {} directories whole\n| directory | passes | out by design |\n|---|---|---|\n",
            rows.len()
        );
        for row in rows {
            let passes = if row.passes == row.of {
                format!("all {}", row.of)
            } else {
                format!("{} of {}", row.passes, row.of)
            };
            let _ = writeln!(text, "| {} | {passes} | {} |", row.name, row.reasons);
        }
        summary.push(format!("{}: {passes} of {of}", level.replace("compliance-level-", "level ")));
    }
    (text, summary.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_how_many_and_why() {
        let rows = vec![row("0001-a\t3\t3\t").unwrap(), row("0002-b\t1\t4\ttimes (3)").unwrap()];
        let (text, summary) = page(&[("compliance-level-2", rows)], "abc");
        assert!(text.contains("4 of 7 cases, 1 of 2 directories whole"), "{text}");
        assert!(text.contains("| 0002-b | 1 of 4 | times (3) |"), "{text}");
        assert_eq!(summary, "level 2: 4 of 7");
        assert!(row("0001-a\tx\t3\t").is_err() && row("0001-a").is_err());
    }
}
