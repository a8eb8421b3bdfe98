//! Programs this one starts.

use crate::Outcome;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Runs a command with its output added to a log. An error names the command and shows its faults and its end.
pub fn logged(command: &mut Command, log: &Path) -> Outcome {
    let start = std::fs::metadata(log).map_or(0, |known| known.len());
    let file = append(log)?;
    let copy = file.try_clone().map_err(|e| e.to_string())?;
    let shown = describe(command);
    let status = command
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(copy)
        .status()
        .map_err(|e| format!("`{shown}` does not start: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{shown}` ended with {status}\n{}", telling(log, start)))
    }
}

/// What a command prints, if it can be run and succeeds.
pub fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

pub fn append(log: &Path) -> Outcome<File> {
    OpenOptions::new().create(true).append(true).open(log).map_err(|e| format!("{}: {e}", log.display()))
}

pub fn describe(command: &Command) -> String {
    let words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).collect();
    words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// What a log says of a failure, from `start` on: the faults wherever they stand, and how it ended.
fn telling(log: &Path, start: u64) -> String {
    const ENDED: usize = 80;
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(text.get(usize::try_from(start).unwrap_or(0)..).unwrap_or_default());
    let lines: Vec<&str> = text.lines().collect();
    let (before, end) = lines.split_at(lines.len().saturating_sub(ENDED));
    let faults = faults(before);
    let gap = if faults.is_empty() { [].as_slice() } else { ["…"].as_slice() };
    [faults.as_slice(), gap, end].concat().join("\n")
}

/// The lines that tell of a failed test or of a fault of the compiler, each with what follows it.
fn faults<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    const AFTER: usize = 12;
    const MOST: usize = 120;
    let (mut told, mut left) = (Vec::new(), 0);
    for line in lines {
        let begins = line.contains("panicked at")
            || line.starts_with("error")
            || line.starts_with("not ok")
            || (line.starts_with("test ") && line.ends_with("FAILED"));
        if begins {
            left = AFTER;
        }
        if left > 0 && told.len() < MOST && !line.ends_with("... ok") {
            told.push(*line);
        }
        left = left.saturating_sub(1);
    }
    told
}

/// A program that runs beside this one and ends with it.
pub struct Beside {
    child: Child,
}

impl Beside {
    pub fn start(command: &mut Command, log: &Path) -> Outcome<Self> {
        let file = append(log)?;
        let copy = file.try_clone().map_err(|e| e.to_string())?;
        let shown = describe(command);
        let child = command
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(copy)
            .spawn()
            .map_err(|e| format!("`{shown}` does not start: {e}"))?;
        Ok(Self { child })
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

/// A port nobody listens on just now.
pub fn free_port() -> Outcome<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
    Ok(listener.local_addr().map_err(|e| e.to_string())?.port())
}

/// A new folder for one run, removed when it is dropped.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Outcome<Self> {
        let folder = std::env::temp_dir().join(format!("maru-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _left = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::faults;

    #[test]
    fn a_failed_test_is_told_wherever_it_stands() {
        let log = [
            "test a ... ok",
            "test b ... FAILED",
            "test c ... ok",
            "thread 'b' panicked at x.rs:1:1:",
            "left is not right",
        ];
        assert_eq!(
            faults(&log),
            ["test b ... FAILED", "thread 'b' panicked at x.rs:1:1:", "left is not right"]
        );
        let long: Vec<&str> = ["error[E0001]"].into_iter().chain(["more"; 40]).collect();
        assert_eq!(faults(&long).len(), 12);
        assert!(faults(&["test a ... ok", "running 1 test"]).is_empty());
    }
}
