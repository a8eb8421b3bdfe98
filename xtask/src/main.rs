//! Development tasks: `cargo xtask test | bench | new-service | catalogue | gov24 | tck`.
#![allow(clippy::print_stdout, reason = "a command line tool: what it finds goes to standard output")]

mod bench;
mod catalogue;
mod directions;
mod gov24;
mod gov24_source;
mod http;
mod import;
mod needs;
mod postgres;
mod process;
mod tck;
mod test;
mod words;

use std::process::ExitCode;

/// What a task answers. The text is for the person who called it.
pub type Outcome<T = ()> = Result<T, String>;

const USAGE: &str = "cargo xtask TASK
  test  [--only STEP,…] [--list]      everything that must hold before a change lands
  bench [NAME]                        measures and writes docs/figures.md; by name also `build` and `soak --minutes N`
  new-service OWNER/ID                begins a public service in packs/kr (as `maru new-service packs/kr OWNER/ID`)
  catalogue                           makes packs/kr/catalogue/gov24.tsv from ../shared/data/gov24
  gov24 --listen 127.0.0.1:PORT | --save FOLDER
        [--data FOLDER] [--raw] [--fault KIND] [--key KEY]
                                      the national catalogue in its official wire format
  tck   [FOLDER [--commit ID]]        our models of decision tables, and the DMN TCK: writes docs/tck.md";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let task = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let outcome = match task.as_str() {
        "test" => test::run(&rest),
        "bench" => bench::run(&rest),
        "new-service" => new_service(&rest),
        "catalogue" => catalogue::run(&rest),
        "gov24" => gov24::run(&rest),
        "tck" => tck::run(&rest),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// The program itself knows how; this builds it first.
fn new_service(rest: &[String]) -> Outcome {
    let [name] = rest else { return Err(USAGE.to_owned()) };
    let status = std::process::Command::new("cargo")
        .args(["run", "--quiet", "-p", "maru", "--", "new-service", "packs/kr", name])
        .current_dir(root())
        .status()
        .map_err(|e| format!("cargo does not start: {e}"))?;
    if status.success() { Ok(()) } else { Err("nothing was written".to_owned()) }
}

/// The folder of the workspace.
pub fn root() -> std::path::PathBuf {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// What is kept beside the project and is not part of it: `../shared`, or the folder that `MARU_SHARED` names.
pub fn shared() -> std::path::PathBuf {
    std::env::var_os("MARU_SHARED").map_or_else(|| root().join("../shared"), std::path::PathBuf::from)
}
