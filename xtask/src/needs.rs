//! What the tests need on a machine, and how it gets there.

use crate::{Outcome, process};
use std::path::Path;
use std::process::Command;

/// The browser twice: whole, and its shell without windows, that the walks take.
const PACKAGES: [&str; 7] = [
    "chromium",
    "chromium-headless-shell",
    "fonts-noto-cjk",
    "python3-venv",
    "postgresql-15",
    "openssl",
    "systemd",
];

/// Checks for everything, installs what Debian has, and says what was found.
pub fn meet(log: &Path) -> Outcome<String> {
    let node = version("node", 20)?;
    let python = version("python3", 11)?;
    let missing: Vec<&str> = PACKAGES.into_iter().filter(|name| !there(name)).collect();
    if !missing.is_empty() {
        install(&missing, log)?;
        if let Some(still) = missing.iter().find(|name| !there(name)) {
            return Err(format!("{still} is still missing after its installation"));
        }
    }
    let chromium = process::said("chromium", &["--version"]).ok_or("chromium does not start")?;
    let chromium = chromium.split_whitespace().nth(1).unwrap_or_default().to_owned();
    Ok(format!("node {node}, python {python}, chromium {chromium}"))
}

fn there(package: &str) -> bool {
    match package {
        "chromium" | "chromium-headless-shell" => Path::new("/usr/bin").join(package).exists(),
        "python3-venv" => process::said("python3", &["-c", "import venv, ensurepip"]).is_some(),
        _ => process::said("dpkg-query", &["-W", "-f=${Status}", package])
            .is_some_and(|status| status.ends_with("ok installed")),
    }
}

fn install(packages: &[&str], log: &Path) -> Outcome {
    let line =
        format!("apt-get update && apt-get install --yes --no-install-recommends {}", packages.join(" "));
    if process::said("id", &["-u"]).as_deref() != Some("0") {
        return Err(format!("missing: {}. As root:\n  {line}", packages.join(", ")));
    }
    process::logged(Command::new("sh").args(["-c", &line]).env("DEBIAN_FRONTEND", "noninteractive"), log)
}

/// The version of node or python, if it is new enough. For python the minor version of 3 counts.
fn version(program: &str, least: u32) -> Outcome<String> {
    let said = process::said(program, &["--version"]).ok_or_else(|| format!("{program} is missing"))?;
    let number = said.trim_start_matches("Python ").trim_start_matches('v').to_owned();
    let mut parts = number.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let counts = if program == "python3" { parts.nth(1) } else { parts.next() };
    if counts.unwrap_or(0) >= least {
        Ok(number)
    } else {
        Err(format!(
            "{program} {number} is too old: at least {}{least}",
            if program == "python3" { "3." } else { "" }
        ))
    }
}
