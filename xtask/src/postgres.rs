//! A PostgreSQL of one's own: a new folder, a free port, gone at the end. Never run as root.

use crate::process::{self, free_port};
use crate::{Outcome, root};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

pub struct Cluster {
    folder: PathBuf,
    programs: PathBuf,
    owner: Option<(u32, u32)>,
    pub address: String,
}

impl Cluster {
    /// `durable` waits for the disk, as a real one does; tests of behaviour need not.
    pub fn start(durable: bool, log: &Path) -> Outcome<Self> {
        let programs = programs()?;
        let owner = owner()?;
        let port = free_port()?;
        let folder = std::env::temp_dir().join(format!("maru-postgres-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        if let Some((user, group)) = owner {
            chown(&folder, Some(user), Some(group)).map_err(|e| format!("{}: {e}", folder.display()))?;
        }
        let cluster =
            Self { folder, programs, owner, address: format!("postgres://maru@127.0.0.1:{port}/postgres") };
        let data = cluster.folder.join("data");
        process::logged(
            cluster.command("initdb").arg("-D").arg(&data).args([
                "-E",
                "UTF8",
                "--locale=C",
                "-A",
                "trust",
                "-U",
                "maru",
            ]),
            log,
        )?;
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=400 \
             -c shared_buffers=128MB -c fsync={}",
            if durable { "on" } else { "off" }
        );
        // Its own log: a server that goes on would hold this one open.
        process::logged(
            cluster
                .command("pg_ctl")
                .arg("-D")
                .arg(&data)
                .arg("-l")
                .arg(cluster.folder.join("log"))
                .args(["-w", "-o", &options, "start"]),
            log,
        )?;
        Ok(cluster)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(&self.folder);
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // It may never have started.
        let _stopped = self
            .command("pg_ctl")
            .arg("-D")
            .arg(self.folder.join("data"))
            .args(["-m", "immediate", "-w", "stop"])
            .output();
        let _left = std::fs::remove_dir_all(&self.folder);
    }
}

/// Where `initdb` and `pg_ctl` are: where Debian puts the newest.
fn programs() -> Outcome<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|folder| folder.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().ok_or_else(|| "no PostgreSQL server: the Debian package is postgresql-15".to_owned())
}

/// For root, the user that Debian's package made for it.
fn owner() -> Outcome<Option<(u32, u32)>> {
    if process::said("id", &["-u"]).as_deref() != Some("0") {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd").map_err(|e| e.to_string())?;
    let line = users.lines().find_map(|line| line.strip_prefix("postgres:")).ok_or("no user postgres")?;
    let mut numbers =
        line.split(':').skip(1).map(|number| number.parse().map_err(|_| "no number".to_owned()));
    match (numbers.next(), numbers.next()) {
        (Some(user), Some(group)) => Ok(Some((user?, group?))),
        _ => Err("the user postgres has no numbers".to_owned()),
    }
}

/// The suites that run on both databases, on PostgreSQL; then the same random work on both.
pub fn suites(log: &Path) -> Outcome<(usize, String)> {
    let cluster = Cluster::start(false, log)?;
    let cargo = |arguments: &[&str]| {
        process::logged(
            Command::new(env!("CARGO"))
                .args(arguments)
                .env("MARU_TEST_DATABASE", &cluster.address)
                .env("MARU_OPERATIONS", OPERATIONS)
                .current_dir(root()),
            log,
        )
    };
    cargo(&["test", "--locked", "--no-fail-fast", "-p", "maru-store", "--test", "store"])?;
    cargo(&["test", "--locked", "--no-fail-fast", "-p", "maru", "--test", "country"])?;
    cargo(&["test", "--locked", "-p", "maru-store", "--test", "bodies", "--", "--ignored", "--nocapture"])?;
    let said = std::fs::read_to_string(log).map_err(|e| e.to_string())?;
    let note = said.lines().rev().find_map(|line| line.split_once("note: ")).map(|(_, note)| note);
    let passed = crate::test::sum_after(log, "test result: ok. ")?;
    if passed == 0 {
        return Err("no test ran".to_owned());
    }
    Ok((passed, note.unwrap_or("the random work said nothing").to_owned()))
}

/// Enough to meet every kind of step thousands of times; `MARU_OPERATIONS=1000000 cargo test -p maru-store --test bodies -- --ignored`
/// does a million.
const OPERATIONS: &str = "100000";
