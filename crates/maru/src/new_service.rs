//! Begins a new public service in a pack's folder.

use std::{io::Write, path::Path, process::ExitCode};

pub fn begin(pack: &Path, name: &str) -> ExitCode {
    match maru_definition::write_skeleton(pack, name) {
        Ok(place) => {
            let told = writeln!(
                std::io::stdout(),
                "{} is there, with files that are right as they stand.\nEdit them, then: maru check {}",
                place.display(),
                pack.display()
            );
            // Whoever closed the pipe has seen enough.
            drop(told);
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("maru: {why}");
            ExitCode::FAILURE
        }
    }
}
