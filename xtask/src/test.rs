//! `cargo xtask test`: everything that must hold before a change lands, stopping at the first failure. Steps begin in order; those that
//! wait for a browser more than they compute run two at a time, the others alone.

use crate::process::Scratch;
use crate::{Outcome, directions, import, needs, postgres, process, root, shared, words};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
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
    /// Whether another may run at the same time: it measures nothing and leaves a core free.
    beside: bool,
    run: fn(&Place) -> Outcome<Report>,
}

/// So many steps at once, of those that may run beside others.
const AT_ONCE: usize = 2;

/// What people do in a browser, judged page by page.
const fn walk(name: &'static str, run: fn(&Place) -> Outcome<Report>) -> Step {
    Step { name, after: &["build", "judges"], beside: true, run }
}

/// What programs ask.
const fn asking(name: &'static str, run: fn(&Place) -> Outcome<Report>) -> Step {
    Step { name, after: &["build", "clients-install"], beside: true, run }
}

/// Needs the whole machine: compiles, measures, or breaks things on purpose.
const fn alone(
    name: &'static str,
    after: &'static [&'static str],
    run: fn(&Place) -> Outcome<Report>,
) -> Step {
    Step { name, after, beside: false, run }
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
    alone("needs", &[], |place| needs::meet(&place.log).map(Report::one)),
    alone("fmt", &[], |place| cargo(place, &["fmt", "--all", "--check"])),
    alone("clippy", &[], |place| {
        cargo(place, &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])
    }),
    alone("directions", &[], |_| directions::check().map(|rooms| Report::one(format!("{rooms} rooms")))),
    // Programs and tests in one go, so that each dependency is built once.
    alone("build", &[], build),
    alone("unit", &["build"], unit),
    alone("postgres", &["needs", "build"], |place| {
        postgres::suites(&place.log)
            .map(|(passed, note)| Report { passed, note: format!("{passed} tests; {note}") })
    }),
    alone("packs", &["build"], packs),
    alone("clients-install", &["needs"], install),
    alone("judges", &["clients-install"], |place| node(place, "judges.test.mjs")),
    walk("journey", |place| node(place, "journey.test.mjs")),
    walk("find", |place| node(place, "find.test.mjs")),
    walk("reminders", |place| node(place, "reminders.test.mjs")),
    walk("membership", |place| node(place, "membership.test.mjs")),
    walk("written", |place| node(place, "written.test.mjs")),
    walk("admin", |place| node(place, "admin.test.mjs")),
    walk("petitions", |place| node(place, "petitions.test.mjs")),
    walk("tasks", |place| node(place, "tasks.test.mjs")),
    walk("work", |place| node(place, "work.test.mjs")),
    walk("desk", |place| node(place, "desk.test.mjs")),
    walk("policy", |place| node(place, "policy.test.mjs")),
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
        beside: true,
        run: |place| node(place, "templates.test.mjs"),
    },
    walk("standard", |place| node(place, "standard.test.mjs")),
    walk("offline", |place| node(place, "offline.test.mjs")),
    walk("files", |place| node(place, "files.test.mjs")),
    asking("denials", |place| node(place, "denials.test.mjs")),
    asking("api", api),
    asking("edge", |place| node(place, "edge.test.mjs")),
    asking("import", |place| import::suite(&place.program, &place.log)),
    asking("openfisca", openfisca),
    asking("disk", |place| node(place, "disk.test.mjs")),
    asking("mail", |place| node(place, "smtp.test.mjs")),
    alone("guide", &["needs", "build"], |place| node(place, "guide.test.mjs")),
    alone("nation", &["needs", "build"], |place| node(place, "nation.test.mjs")),
    alone("faults", &["build", "clients-install"], |place| node(place, "faults.test.mjs")),
    alone("crash", &["build", "clients-install"], |place| node(place, "crash.test.mjs")),
    alone("lighthouse", &["build", "judges"], |place| node(place, "lighthouse.test.mjs")),
    // Looks for what was typed in the logs of all that ran.
    alone("words", &["journey"], words::check),
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
    let place = |step: &Step| {
        let log = logs.join(format!("{}.log", step.name));
        let _absent = std::fs::remove_file(&log);
        Place { root: root(), clients: clients.clone(), program: program.clone(), log }
    };
    let (mut passed, mut lines, mut failed) = (0, Vec::new(), Vec::new());
    let mut waiting: Vec<&Step> = chosen.clone();
    let mut running: Vec<&Step> = Vec::new();
    let (ended, heard) = mpsc::channel();
    std::thread::scope(|scope| {
        loop {
            while failed.is_empty() {
                let Some(next) = may_begin(&waiting, &running) else { break };
                let step = waiting.remove(next);
                running.push(step);
                let (place, ended) = (place(step), ended.clone());
                println!("         {} …", step.name);
                scope.spawn(move || {
                    let clock = Instant::now();
                    let outcome = (step.run)(&place);
                    ended.send((step.name, clock.elapsed().as_secs_f32(), place.log, outcome))
                });
            }
            if running.is_empty() {
                break;
            }
            let Ok((name, seconds, log, outcome)) = heard.recv() else { break };
            running.retain(|step| step.name != name);
            let number = chosen.len() - waiting.len() - running.len();
            match outcome {
                Ok(report) => {
                    passed += report.passed;
                    println!("[{number:2}/{}] {name}: {seconds:.0} s  {}", chosen.len(), report.note);
                    lines.push(format!("  {name:16} {seconds:5.0} s  {}", report.note));
                }
                Err(why) => {
                    println!(
                        "[{number:2}/{}] {name} FAILED after {seconds:.0} s\n{why}\n\nWhole output: {}",
                        chosen.len(),
                        log.display()
                    );
                    failed.push(name);
                }
            }
        }
    });
    println!("\n{}\n  {:16} {:5.0} s\n", lines.join("\n"), "all", started.elapsed().as_secs_f32());
    if failed.is_empty() {
        println!("{passed} passed, 0 failed");
        return Ok(());
    }
    if !waiting.is_empty() {
        let never: Vec<&str> = waiting.iter().map(|step| step.name).collect();
        println!("Not run: {}", never.join(", "));
    }
    println!("{passed} passed, {} failed", failed.len());
    let failed = failed.join(",");
    Err(format!("{failed} failed; again: cargo xtask test --only {failed}"))
}

/// The next to begin, in order: alone when nothing runs, beside others when one more may, and not before what it stands on.
fn may_begin(waiting: &[&Step], running: &[&Step]) -> Option<usize> {
    let next = waiting.first()?;
    if !next.beside || running.iter().any(|step| !step.beside) {
        return running.is_empty().then_some(0);
    }
    let stands = |step: &Step| {
        !step.after.iter().any(|name| running.iter().chain(waiting).any(|other| other.name == *name))
    };
    let beside = waiting.iter().take_while(|step| step.beside).position(|step| stands(step));
    (running.len() < AT_ONCE).then_some(beside).flatten()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&str]) -> Vec<&'static Step> {
        names.iter().map(|name| STEPS.iter().find(|step| step.name == *name).expect("a step")).collect()
    }

    #[test]
    fn what_stands_on_a_running_step_waits_and_the_next_goes_first() {
        let waiting = named(&["templates", "standard", "guide"]);
        assert_eq!(may_begin(&waiting, &named(&["policy"])), Some(1));
        assert_eq!(may_begin(&waiting, &named(&["policy", "desk"])), None, "two run already");
        assert_eq!(may_begin(&waiting, &[]), Some(0));
    }

    #[test]
    fn what_needs_the_machine_runs_alone() {
        assert_eq!(may_begin(&named(&["guide"]), &named(&["mail"])), None);
        assert_eq!(may_begin(&named(&["standard"]), &named(&["guide"])), None);
        assert_eq!(may_begin(&named(&["guide"]), &[]), Some(0));
    }

    #[test]
    fn every_step_stands_on_earlier_ones() {
        for (place, step) in STEPS.iter().enumerate() {
            for name in step.after {
                assert!(
                    STEPS.iter().take(place).any(|earlier| earlier.name == *name),
                    "{} before {name}",
                    step.name
                );
            }
        }
    }
}
