//! Who may use whom: the invariants of ARCHITECTURE.md, read off `cargo metadata`.

use crate::{Outcome, root};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;

const NOUNS: [&str; 6] =
    ["maru-party", "maru-record", "maru-guidance", "maru-case", "maru-message", "maru-work"];
const FLOOR: [&str; 5] = ["maru-kernel", "maru-store", "maru-ledger", "maru-rules", "maru-definition"];

/// What each room may use at most. A room that is not here must be written down first.
fn allowed(room: &str) -> Option<Vec<&'static str>> {
    let (kernel, rules, store) = ("maru-kernel", "maru-rules", "maru-store");
    Some(match room {
        "maru-kernel" | "maru-ledger" | "maru-standard" | "xtask" => vec![],
        "maru-rules" => vec![kernel],
        "maru-dmn" => vec![rules],
        "maru-store" => vec![kernel],
        "maru-population" => vec![kernel, rules],
        "maru-definition" => vec![kernel, store, rules],
        "maru-web" => FLOOR.to_vec(),
        "maru-policy" => [&FLOOR[..], &["maru-web", "maru-population"]].concat(),
        // Measures the whole, so it may use the whole.
        "maru-measure" => {
            [&FLOOR[..], &NOUNS[..], &["maru-web", "maru", "maru-population", "maru-policy"]].concat()
        }
        "maru" => {
            let aside = ["maru-web", "maru-standard", "maru-population", "maru-policy", "maru-dmn"];
            [&FLOOR[..], &NOUNS[..], &aside].concat()
        }
        noun if NOUNS.contains(&noun) => [&FLOOR[..], &["maru-web"]].concat(),
        _ => return None,
    })
}

pub fn check() -> Outcome<usize> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--locked"])
        .current_dir(root())
        .output()
        .map_err(|e| format!("cargo metadata: {e}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let metadata: Value =
        serde_json::from_slice(&output.stdout).map_err(|e| format!("cargo metadata: {e}"))?;
    let faults = faults(&uses(&metadata));
    if faults.is_empty() { Ok(uses(&metadata).len()) } else { Err(faults.join("\n")) }
}

/// Each room with the rooms it uses outside its tests.
fn uses(metadata: &Value) -> Vec<(String, Vec<String>)> {
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ours: BTreeSet<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
            let used = dependencies
                .iter()
                .filter(|dependency| dependency["kind"].as_str() != Some("dev"))
                .filter_map(|dependency| dependency["name"].as_str())
                .filter(|name| ours.contains(name))
                .map(str::to_owned)
                .collect();
            (package["name"].as_str().unwrap_or_default().to_owned(), used)
        })
        .collect()
}

fn faults(rooms: &[(String, Vec<String>)]) -> Vec<String> {
    let mut faults = Vec::new();
    for (room, used) in rooms {
        let Some(allowed) = allowed(room) else {
            faults.push(format!(
                "{room} is not on the map: write it into ARCHITECTURE.md and xtask/src/directions.rs"
            ));
            continue;
        };
        for other in used.iter().filter(|other| !allowed.contains(&other.as_str())) {
            let both = NOUNS.contains(&room.as_str()) && NOUNS.contains(&other.as_str());
            let why = if both { ": noun rooms meet through events or a port in web::ports" } else { "" };
            faults.push(format!("{room} may not use {other}{why}"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_direction_is_named() {
        let rooms = [("maru-case".to_owned(), vec!["maru-web".to_owned(), "maru-party".to_owned()])];
        assert_eq!(
            faults(&rooms),
            ["maru-case may not use maru-party: noun rooms meet through events or a port in web::ports"]
        );
        assert_eq!(
            faults(&[("maru-kernel".to_owned(), vec!["maru-store".to_owned()])]),
            ["maru-kernel may not use maru-store"]
        );
        assert_eq!(faults(&[("maru-civic".to_owned(), vec![])]).len(), 1);
        assert_eq!(
            faults(&[("maru-web".to_owned(), vec!["maru-standard".to_owned()])]),
            ["maru-web may not use maru-standard"]
        );
    }

    #[test]
    fn this_workspace_keeps_them() -> Outcome {
        assert!(check()? > 5);
        Ok(())
    }
}
