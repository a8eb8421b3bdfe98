//! Backups of a PostgreSQL cluster, by PostgreSQL's own programs: a base by `pg_basebackup`, the log files that its
//! `archive_command` puts into `wal` beside it, and a recovery up to a moment.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use maru::wire;
use maru_kernel::{At, Clock, Error, Result};

/// A base of the whole cluster in `to/cluster/<moment>`.
pub fn back_up(url: &str, to: &Path) -> Result<PathBuf> {
    let now = wire::Running::from(None).now();
    let folder = to.join("cluster").join(now.rfc3339().replace([':', '+'], "-"));
    maru_store::private_folder(&to.join("cluster"))?;
    let (address, password) = without_password(url);
    let mut command = Command::new(program("pg_basebackup"));
    command.args(["--checkpoint=fast", "--wal-method=stream", "-d", &address, "-D"]).arg(&folder);
    if let Some(password) = password {
        // Not on the command line, where everybody on the machine could read it.
        command.env("PGPASSWORD", password);
    }
    run(&mut command)?;
    fs::write(folder.join("maru-at"), now.micros().to_string()).map_err(Error::internal)?;
    Ok(folder)
}

/// Puts the newest base from before a moment into a new folder and tells PostgreSQL how far to go on from there.
pub fn restore(from: &Path, cluster: &Path, until: Option<At>) -> Result<String> {
    let wanted = until.unwrap_or(At::from_micros(i64::MAX));
    let mut bases: Vec<(At, PathBuf)> = fs::read_dir(from.join("cluster"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let at = fs::read_to_string(entry.path().join("maru-at")).ok()?.trim().parse().ok()?;
            Some((At::from_micros(at), entry.path()))
        })
        .filter(|(at, _)| *at <= wanted)
        .collect();
    bases.sort();
    let (at, base) = bases.pop().ok_or_else(|| {
        Error::internal(format!("{} has no base from before that moment", from.join("cluster").display()))
    })?;
    if cluster.exists() {
        return Err(Error::internal(format!("{} is there already; choose a new folder", cluster.display())));
    }
    run(Command::new("cp").arg("-a").arg(&base).arg(cluster))?;
    let wal = fs::canonicalize(from).map_err(Error::internal)?.join("wal");
    let wal = wal.to_str().filter(|path| !path.contains(['\'', '"', '%', '\n'])).ok_or_else(|| {
        Error::internal("the archive folder's name must have no quotes, percent signs or line breaks")
    })?;
    let mut settings =
        format!("restore_command = 'cp \"{wal}/%f\" \"%p\"'\nrecovery_target_action = 'promote'\n");
    if let Some(until) = until {
        settings.push_str(&format!("recovery_target_time = '{}'\n", until.rfc3339()));
    }
    fs::OpenOptions::new()
        .append(true)
        .open(cluster.join("postgresql.auto.conf"))
        .and_then(|mut file| file.write_all(settings.as_bytes()))
        .map_err(Error::internal)?;
    fs::write(cluster.join("recovery.signal"), "").map_err(Error::internal)?;
    Ok(format!(
        "{} is the base of {}; start PostgreSQL on it (pg_ctl -D {} start): it goes on {} by itself",
        cluster.display(),
        at.rfc3339(),
        cluster.display(),
        until.map_or("to the newest there is".to_owned(), |until| format!("to {}", until.rfc3339())),
    ))
}

/// From the PATH, or where Debian puts the newest.
fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let Some(found) = std::env::split_paths(&path).map(|p| p.join(name)).find(|p| p.exists()) {
        return found;
    }
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin").join(name))
        .filter(|path| path.exists())
        .collect();
    found.sort();
    found.pop().unwrap_or_else(|| PathBuf::from(name))
}

fn run(command: &mut Command) -> Result<()> {
    let name = Path::new(command.get_program()).display().to_string();
    let output = command.output().map_err(|e| {
        Error::internal(format!("{name}: {e}; the Debian package postgresql-client-15 has pg_basebackup"))
    })?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::internal(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}

/// `postgres://user:password@host/db` as an address without its password, and the password.
fn without_password(url: &str) -> (String, Option<String>) {
    let Some((scheme, rest)) = url.split_once("://") else { return (url.to_owned(), None) };
    let Some((who, host)) = rest.rsplit_once('@') else { return (url.to_owned(), None) };
    match who.split_once(':') {
        None => (url.to_owned(), None),
        Some((user, password)) => (format!("{scheme}://{user}@{host}"), Some(decoded(password))),
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let two: Vec<u8> = rest.clone().take(2).collect();
        let code = std::str::from_utf8(&two).ok().and_then(|two| u8::from_str_radix(two, 16).ok());
        match code.filter(|_| byte == b'%' && two.len() == 2) {
            Some(code) => {
                bytes.push(code);
                rest.nth(1);
            }
            None => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_leaves_the_address() {
        let (address, password) =
            without_password("postgres://maru:s%40cret%25@db:5432/maru?sslmode=require");
        assert_eq!(address, "postgres://maru@db:5432/maru?sslmode=require");
        assert_eq!(password.as_deref(), Some("s@cret%"));
        assert_eq!(without_password("postgres://maru@db/maru").1, None);
    }
}
