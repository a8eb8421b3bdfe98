//! `cargo xtask test`: everything that must hold before a change lands, in order, stopping at the first failure.

use crate::process::Scratch;
use crate::{Outcome, directions, import, needs, postgres, process, root, shared, words};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// What a step found out.
pub struct Report {
    /// How many tests ran in it; a step without tests of its own counts as one.
    pub passed: usize,
    pub note: String,
}

impl Report {
    fn one(note: impl Into<String>) -> Self {
        Self { passed: 1, note: note.into() }
    }
}

struct Step {
    name: &'static str,
    /// Steps that must have run before, also with `--only`.
    after: &'static [&'static str],
    run: fn(&Place) -> Outcome<Report>,
}

/// Where one run works.
pub struct Place {
    pub root: PathBuf,
    pub clients: PathBuf,
    pub program: PathBuf,
    /// This step's log.
    pub log: PathBuf,
}

const STEPS: [Step; 38] = [
    Step { name: "needs", after: &[], run: |place| needs::meet(&place.log).map(Report::one) },
    Step { name: "fmt", after: &[], run: |place| cargo(place, &["fmt", "--all", "--check"]) },
    Step {
        name: "clippy",
        after: &[],
        run: |place| {
            cargo(place, &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])
        },
    },
    Step {
        name: "directions",
        after: &[],
        run: |_| directions::check().map(|rooms| Report::one(format!("{rooms} rooms"))),
    },
    // Programs and tests in one go, so that each dependency is built once.
    Step { name: "build", after: &[], run: build },
    Step { name: "unit", after: &["build"], run: unit },
    Step {
        name: "postgres",
        after: &["needs", "build"],
        run: |place| {
            postgres::suites(&place.log)
                .map(|(passed, note)| Report { passed, note: format!("{passed} tests; {note}") })
        },
    },
    Step { name: "packs", after: &["build"], run: packs },
    Step { name: "clients-install", after: &["needs"], run: install },
    Step { name: "import", after: &["build"], run: |place| import::suite(&place.program, &place.log) },
    Step { name: "openfisca", after: &["build"], run: openfisca },
    Step { name: "judges", after: &["clients-install"], run: |place| node(place, "judges.test.mjs") },
    Step { name: "standard", after: &["build", "judges"], run: |place| node(place, "standard.test.mjs") },
    Step { name: "journey", after: &["build", "judges"], run: |place| node(place, "journey.test.mjs") },
    Step { name: "find", after: &["build", "judges"], run: |place| node(place, "find.test.mjs") },
    Step { name: "reminders", after: &["build", "judges"], run: |place| node(place, "reminders.test.mjs") },
    Step { name: "membership", after: &["build", "judges"], run: |place| node(place, "membership.test.mjs") },
    Step { name: "offline", after: &["build", "judges"], run: |place| node(place, "offline.test.mjs") },
    Step { name: "admin", after: &["build", "judges"], run: |place| node(place, "admin.test.mjs") },
    Step { name: "written", after: &["build", "judges"], run: |place| node(place, "written.test.mjs") },
    Step { name: "petitions", after: &["build", "judges"], run: |place| node(place, "petitions.test.mjs") },
    Step { name: "tasks", after: &["build", "judges"], run: |place| node(place, "tasks.test.mjs") },
    Step { name: "work", after: &["build", "judges"], run: |place| node(place, "work.test.mjs") },
    Step { name: "desk", after: &["build", "judges"], run: |place| node(place, "desk.test.mjs") },
    Step { name: "policy", after: &["build", "judges"], run: |place| node(place, "policy.test.mjs") },
    Step {
        name: "denials",
        after: &["build", "clients-install"],
        run: |place| node(place, "denials.test.mjs"),
    },
    Step {
        name: "templates",
        after: &[
            "journey",
            "find",
            "reminders",
            "membership",
            "written",
            "admin",
            "petitions",
            "tasks",
            "work",
            "desk",
            "policy",
        ],
        run: |place| node(place, "templates.test.mjs"),
    },
    Step { name: "api", after: &["build", "clients-install"], run: api },
    Step { name: "edge", after: &["build", "clients-install"], run: |place| node(place, "edge.test.mjs") },
    Step { name: "files", after: &["build", "judges"], run: |place| node(place, "files.test.mjs") },
    Step { name: "disk", after: &["clients-install"], run: |place| node(place, "disk.test.mjs") },
    Step { name: "guide", after: &["needs", "build"], run: |place| node(place, "guide.test.mjs") },
    Step { name: "nation", after: &["needs", "build"], run: |place| node(place, "nation.test.mjs") },
    Step {
        name: "faults",
        after: &["build", "clients-install"],
        run: |place| node(place, "faults.test.mjs"),
    },
    Step { name: "crash", after: &["build", "clients-install"], run: |place| node(place, "crash.test.mjs") },
    Step { name: "mail", after: &["build", "clients-install"], run: |place| node(place, "smtp.test.mjs") },
    Step { name: "lighthouse", after: &["build", "judges"], run: |place| node(place, "lighthouse.test.mjs") },
    Step { name: "words", after: &["journey"], run: words::check },
];

pub fn run(arguments: &[String]) -> Outcome {
    let chosen = match arguments {
        [] => STEPS.iter().collect(),
        [list] if list == "--list" => {
            STEPS.iter().for_each(|step| println!("{}", step.name));
            return Ok(());
        }
        [only, names] if only == "--only" => choose(names)?,
        _ => return Err("cargo xtask test [--list | --only STEP,…]".to_owned()),
    };
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let logs = target.join("xtask");
    std::fs::create_dir_all(&logs).map_err(|e| format!("{}: {e}", logs.display()))?;
    let clients = root().join("clients");
    if chosen.iter().any(|step| step.name == "journey") {
        // Only what this run does may be found in its logs and pictures.
        let _absent = std::fs::remove_dir_all(clients.join("out"));
    }
    let program =
        std::env::var_os("MARU_BIN").map_or_else(|| target.join("debug/maru"), |named| root().join(named));
    let started = Instant::now();
    let (mut passed, mut lines) = (0, Vec::new());
    for (index, step) in chosen.iter().enumerate() {
        let log = logs.join(format!("{}.log", step.name));
        let _absent = std::fs::remove_file(&log);
        let place =
            Place { root: root(), clients: clients.clone(), program: program.clone(), log: log.clone() };
        print!("[{}/{}] {} … ", index + 1, chosen.len(), step.name);
        let _unseen = std::io::stdout().flush();
        let clock = Instant::now();
        let outcome = (step.run)(&place);
        let seconds = clock.elapsed().as_secs_f32();
        match outcome {
            Ok(report) => {
                passed += report.passed;
                println!("{seconds:.0} s  {}", report.note);
                lines.push(format!("  {:16} {seconds:5.0} s  {}", step.name, report.note));
            }
            Err(why) => {
                println!("FAILED after {seconds:.0} s\n{why}\n\nWhole output: {}", log.display());
                let never: Vec<&str> = chosen.iter().skip(index + 1).map(|step| step.name).collect();
                if !never.is_empty() {
                    println!("Not run: {}", never.join(", "));
                }
                println!("\n{passed} passed, 1 failed");
                return Err(format!("{} failed; again: cargo xtask test --only {}", step.name, step.name));
            }
        }
    }
    println!("\n{}\n  {:16} {:5.0} s\n", lines.join("\n"), "all", started.elapsed().as_secs_f32());
    println!("{passed} passed, 0 failed");
    Ok(())
}

/// The named steps and what they stand on, in the usual order.
fn choose(names: &str) -> Outcome<Vec<&'static Step>> {
    let mut wanted: Vec<&str> = names.split(',').collect();
    let mut index = 0;
    while let Some(name) = wanted.get(index).copied() {
        let step = STEPS.iter().find(|step| step.name == name);
        let step = step.ok_or_else(|| {
            format!(
                "no step {name}; there are {}",
                STEPS.iter().map(|step| step.name).collect::<Vec<_>>().join(", ")
            )
        })?;
        wanted.extend(step.after);
        index += 1;
    }
    Ok(STEPS.iter().filter(|step| wanted.contains(&step.name)).collect())
}

fn cargo(place: &Place, arguments: &[&str]) -> Outcome<Report> {
    process::logged(Command::new(env!("CARGO")).args(arguments).current_dir(&place.root), &place.log)?;
    Ok(Report::one(""))
}

/// `MARU_BIN` names a program that is there already, to be tried instead of one built now.
fn build(place: &Place) -> Outcome<Report> {
    if std::env::var_os("MARU_BIN").is_some() {
        return if place.program.exists() {
            Ok(Report::one(format!("not built, tries {}", place.program.display())))
        } else {
            Err(format!("there is no program {}", place.program.display()))
        };
    }
    cargo(place, &["build", "--workspace", "--all-targets", "--locked"])
}

fn unit(place: &Place) -> Outcome<Report> {
    cargo(place, &["test", "--workspace", "--locked", "--no-fail-fast"])?;
    let passed = sum_after(&place.log, "test result: ok. ")?;
    if passed == 0 {
        return Err("no test ran".to_owned());
    }
    Ok(Report { passed, note: format!("{passed} tests") })
}

fn packs(place: &Place) -> Outcome<Report> {
    process::logged(
        Command::new(&place.program).args(["check", "packs/"]).current_dir(&place.root),
        &place.log,
    )?;
    let said = std::fs::read_to_string(&place.log).unwrap_or_default();
    Ok(Report::one(said.lines().last().unwrap_or_default()))
}

/// Two thousand people of `OpenFisca`'s country template: its values are ours.
fn openfisca(place: &Place) -> Outcome<Report> {
    python(&place.clients.join("openfisca"), &place.log)?;
    let folder = Scratch::new("openfisca")?;
    process::logged(
        Command::new(place.program.with_file_name("maru-measure"))
            .args(["openfisca", "--less", "500", "--program"])
            .arg(&place.program)
            .arg("--folder")
            .arg(&folder.0)
            .current_dir(&place.root),
        &place.log,
    )?;
    let said = std::fs::read_to_string(&place.log).unwrap_or_default();
    let equal = said.lines().find(|line| line.contains("equal to ours"));
    Ok(Report::one(equal.ok_or("it does not say what it compared")?.replace('\t', ": ")))
}

/// Installs what is pinned, unless exactly that is already there.
fn install(place: &Place) -> Outcome<Report> {
    let clients = &place.clients;
    let in_clients = |program: &Path, arguments: &[&str]| {
        process::logged(Command::new(program).args(arguments).current_dir(clients), &place.log)
    };
    let mut note = Vec::new();
    if !fresh(clients, "package-lock.json", "node_modules/.installed") {
        in_clients(Path::new("npm"), &["ci", "--no-audit", "--no-fund", "--ignore-scripts"])?;
        stamp(clients, "package-lock.json", "node_modules/.installed")?;
        note.push("npm");
    }
    if python(clients, &place.log)? {
        note.push("pip");
    }
    Ok(Report::one(if note.is_empty() { "already there".to_owned() } else { note.join(", ") }))
}

/// Whether exactly what is pinned was installed.
fn fresh(folder: &Path, list: &str, stamp: &str) -> bool {
    let list = std::fs::read(folder.join(list)).ok();
    list.is_some() && list == std::fs::read(folder.join(stamp)).ok()
}

fn stamp(folder: &Path, list: &str, stamp: &str) -> Outcome {
    std::fs::copy(folder.join(list), folder.join(stamp)).map(drop).map_err(|e| format!("{stamp}: {e}"))
}

/// The Python packages a folder pins, in its `.venv`; whether they had to be installed.
pub fn python(folder: &Path, log: &Path) -> Outcome<bool> {
    if fresh(folder, "requirements.txt", ".venv/.installed") {
        return Ok(false);
    }
    let here = |program: &Path, arguments: &[&str]| {
        process::logged(Command::new(program).args(arguments).current_dir(folder), log)
    };
    here(Path::new("python3"), &["-m", "venv", "--clear", ".venv"])?;
    let pip = folder.join(".venv/bin/pip");
    here(&pip, &["install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"])?;
    stamp(folder, "requirements.txt", ".venv/.installed")?;
    Ok(true)
}

fn node(place: &Place, file: &str) -> Outcome<Report> {
    node_all(place, &[file])
}

/// Several files in one go: their numbers and notes are in the log once.
fn node_all(place: &Place, files: &[&str]) -> Outcome<Report> {
    process::logged(
        Command::new("node")
            .args(["--test", "--test-reporter=tap", "--test-concurrency=1"])
            .args(files)
            .current_dir(&place.clients)
            .env("MARU_BIN", &place.program)
            .env("MARU_SHARED", shared()),
        &place.log,
    )?;
    let passed = sum_after(&place.log, "# pass ")?;
    let skipped = sum_after(&place.log, "# skipped ")? + sum_after(&place.log, "# todo ")?;
    if passed == 0 || skipped > 0 {
        let files = files.join(", ");
        return Err(format!("{files}: {passed} passed, {skipped} skipped; none may be skipped"));
    }
    let notes = notes(&place.log)?;
    Ok(Report { passed, note: format!("{passed} tests{notes}") })
}

fn api(place: &Place) -> Outcome<Report> {
    node_all(place, &["api.test.mjs", "openapi.test.mjs", "clock.test.mjs"])
}

/// Adds the numbers that follow `mark` in a log.
pub fn sum_after(log: &Path, mark: &str) -> Outcome<usize> {
    let text = std::fs::read_to_string(log).map_err(|e| format!("{}: {e}", log.display()))?;
    Ok(text
        .lines()
        .filter_map(|line| line.strip_prefix(mark))
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<usize>().ok())
        .sum())
}

/// What tests said with `t.diagnostic('note: …')`.
fn notes(log: &Path) -> Outcome<String> {
    let text = std::fs::read_to_string(log).map_err(|e| format!("{}: {e}", log.display()))?;
    Ok(text.lines().filter_map(|line| line.trim_start().strip_prefix("# note: ")).fold(
        String::new(),
        |mut all, note| {
            all.push_str("; ");
            all.push_str(note);
            all
        },
    ))
}
