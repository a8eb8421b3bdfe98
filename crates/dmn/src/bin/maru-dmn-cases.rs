//! Runs folders of test cases in the form of the DMN TCK: one line a folder, `name TAB passes TAB of TAB reasons`.
#![allow(clippy::print_stdout, reason = "a command line tool: what it finds goes to standard output")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::civil::{Date, date};
use maru_dmn::{Model, Outcome, Why, model_of, run_cases};

/// `today()` of every case: no clock is read.
const ON: Date = date(2026, 7, 1);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let told = arguments.iter().any(|argument| argument == "--failing");
    let folders = arguments.iter().filter(|argument| !argument.starts_with("--"));
    for folder in folders {
        if let Err(why) = all(Path::new(folder), told) {
            eprintln!("{why}");
            return ExitCode::FAILURE;
        }
    }
    if arguments.is_empty() {
        eprintln!(
            "maru-dmn-cases FOLDER … [--failing]: folders whose folders hold .dmn files and their test cases"
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

fn all(folder: &Path, told: bool) -> Result<(), String> {
    for directory in listed(folder)?.into_iter().filter(|path| path.is_dir()) {
        let mut passes = 0_usize;
        let mut of = BTreeSet::new();
        let mut reasons: BTreeMap<Why, usize> = BTreeMap::new();
        let mut failed = BTreeSet::new();
        for path in
            listed(&directory)?.into_iter().filter(|path| path.extension().is_some_and(|end| end == "xml"))
        {
            let read =
                |path: &Path| std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()));
            let cases = read(&path)?;
            let Some(model) = model_of(&cases) else { continue };
            let model = Model::read(&read(&directory.join(model))?);
            let results = run_cases(&cases, &model, ON).map_err(|e| format!("{}: {e}", path.display()))?;
            for asked in results {
                // a case may ask several decisions: it passes when all of them do
                let case = (path.clone(), asked.case.clone());
                of.insert(case.clone());
                if let Outcome::Fails(why, particulars) = asked.outcome {
                    if told {
                        println!("  {} {} {why:?}: {particulars}", asked.case, asked.decision);
                    }
                    if failed.insert(case) {
                        *reasons.entry(why).or_default() += 1;
                    }
                }
            }
        }
        passes += of.len() - failed.len();
        let reasons =
            reasons.iter().map(|(why, count)| format!("{} ({count})", why.words())).collect::<Vec<_>>();
        let name = directory.file_name().unwrap_or_default().to_string_lossy();
        println!("{name}\t{passes}\t{}\t{}", of.len(), reasons.join("; "));
    }
    Ok(())
}
