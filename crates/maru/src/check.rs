//! Validates packs and runs their cases.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use maru_definition::Pack;

pub fn check(folder: &Path) -> ExitCode {
    let packs: Vec<PathBuf> = if folder.join("pack.toml").exists() {
        vec![folder.to_owned()]
    } else {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut packs: Vec<PathBuf> =
            entries.map(|e| e.path()).filter(|p| p.join("pack.toml").exists()).collect();
        packs.sort();
        packs
    };
    if packs.is_empty() {
        eprintln!("maru: {} holds no pack (a folder with pack.toml)", folder.display());
        return ExitCode::FAILURE;
    }
    let (mut services, mut cases, mut faults, mut warnings) = (0, 0, Vec::new(), Vec::new());
    for path in &packs {
        match Pack::read(path) {
            Ok(pack) => {
                let (ran, found) = pack.check();
                services += pack.services.len();
                cases += ran;
                faults.extend(found);
                warnings.extend(pack.warnings());
            }
            Err(found) => faults.extend(found),
        }
    }
    let mut out = std::io::stdout().lock();
    let told = warnings.iter().try_for_each(|warning| writeln!(out, "warning: {warning}"));
    let told =
        told.and_then(|()| faults.iter().try_for_each(|fault| writeln!(out, "{fault}"))).and_then(|()| {
            let (packs, found, warned) = (packs.len(), faults.len(), warnings.len());
            let all = format!("{packs} packs, {services} services in depth, {cases} cases, {found} faults");
            if warned == 0 { writeln!(out, "{all}") } else { writeln!(out, "{all}, {warned} warnings") }
        });
    // Whoever reads through `head` closes the pipe early; what was found stays what was found.
    if told.is_err_and(|e| e.kind() != std::io::ErrorKind::BrokenPipe) {
        return ExitCode::FAILURE;
    }
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
