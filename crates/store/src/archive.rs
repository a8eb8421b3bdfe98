//! Backups of the embedded database, and going back to a moment.
//!
//! An archive folder holds `base/<moment>/` (a whole copy, proved) and `wal/` (every committed page since, in generations,
//! with the time each piece came in). Going back is a base and the pages after it, up to the moment that is asked for.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use maru_kernel::{At, Error, Result};
use rusqlite::{Connection, OpenFlags};

use crate::{
    private_folder,
    sqlite::{self, told},
    wal::{HEADER, Wal},
};

/// A log that grew to this is written back into the database, and a new generation begins.
const GENERATION: u64 = 16 * 1024 * 1024;

fn broken(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    move |e| Error::internal(format!("{}: {e}", path.display()))
}

/// The writing end: it follows the live log.
pub(crate) struct Archive {
    live: PathBuf,
    folder: PathBuf,
    number: u64,
    wal: Option<Wal>,
    /// The log begins anew and nothing was missed: the next generation continues this one.
    turned: bool,
}

impl Archive {
    /// Goes on where an earlier program stopped, if the live log is still the one it followed.
    pub(crate) fn open(database: &Path, root: &Path) -> Result<Archive> {
        let folder = root.join("wal");
        private_folder(&folder)?;
        let all = generations(root)?;
        let number = all.last().map_or(0, |last| last.number);
        let turned = all.last().is_none_or(|last| last.ended);
        let mut archive = Archive { live: beside(database, "-wal"), folder, number, wal: None, turned };
        if number > 0 {
            let kept = archive.file("wal");
            let mut bytes = Vec::new();
            File::open(&kept).and_then(|mut f| f.read_to_end(&mut bytes)).map_err(broken(&kept))?;
            if let Some(mut wal) = Wal::begin(&bytes) {
                wal.walk(bytes.get(HEADER..).unwrap_or_default());
                // A piece that was half written when the power went is taken again.
                let length = wal.offset;
                OpenOptions::new()
                    .write(true)
                    .open(&kept)
                    .and_then(|f| f.set_len(length))
                    .map_err(broken(&kept))?;
                archive.wal = Some(wal);
            }
        }
        Ok(archive)
    }

    fn file(&self, kind: &str) -> PathBuf {
        self.folder.join(format!("{:08}.{kind}", self.number))
    }

    /// Copies what was committed since the last time. Answers false where something was missed and a new base is needed.
    pub(crate) fn ship(&mut self, now: At) -> Result<bool> {
        let Some(header) = live_header(&self.live)? else { return Ok(true) };
        let mut whole = true;
        let same = self.wal.as_ref().is_some_and(|wal| wal.header == header);
        if !same {
            let Some(wal) = Wal::begin(&header) else { return Ok(true) };
            whole = self.turned;
            self.number += 1;
            let (log, index) = (self.file("wal"), self.file("idx"));
            write_new(&log, &header)?;
            write_new(
                &index,
                format!("{} {}\n", if whole { "continues" } else { "gap" }, now.micros()).as_bytes(),
            )?;
            sync_folder(&self.folder)?;
            self.wal = Some(wal);
            self.turned = false;
        }
        let (log, index) = (self.file("wal"), self.file("idx"));
        let Some(wal) = &mut self.wal else { return Ok(whole) };
        let mut live = File::open(&self.live).map_err(broken(&self.live))?;
        live.seek(SeekFrom::Start(wal.offset)).map_err(broken(&self.live))?;
        let mut bytes = Vec::new();
        live.read_to_end(&mut bytes).map_err(broken(&self.live))?;
        // The place is only taken over when the copy is on its disk: a full archive loses nothing.
        let mut walked = wal.clone();
        let committed = walked.walk(&bytes);
        if committed > 0 {
            OpenOptions::new()
                .write(true)
                .open(&log)
                .and_then(|f| f.set_len(wal.offset))
                .map_err(broken(&log))?;
            append(&log, bytes.get(..committed).unwrap_or_default())?;
            append(&index, format!("{} {}\n", walked.offset, now.micros()).as_bytes())?;
            *wal = walked;
        }
        Ok(whole)
    }

    /// Writes a log that has grown long back into the database, so that it begins anew.
    pub(crate) fn turn(&mut self, on: &Connection, now: At) -> Result<bool> {
        let length = fs::metadata(&self.live).map_or(0, |known| known.len());
        if length < GENERATION {
            return Ok(true);
        }
        let whole = self.ship(now)?;
        let shipped = self.wal.as_ref().map_or(0, Wal::frames);
        // A long reader is in the way at most this long; then the log grows on and the next try comes.
        on.execute_batch("PRAGMA busy_timeout = 50").map_err(told)?;
        let turned = on.query_row("PRAGMA wal_checkpoint(RESTART)", [], |row| Ok((row.get(0)?, row.get(1)?)));
        on.execute_batch("PRAGMA busy_timeout = 10000").map_err(told)?;
        let (busy, frames): (i64, i64) = turned.map_err(told)?;
        if busy == 0 {
            // Another program may have written between the two; then those pages are in the database and not in the archive.
            self.turned = u64::try_from(frames).unwrap_or(0) <= shipped;
            if self.turned && self.number > 0 {
                // For a program that goes on after this one was killed.
                append(&self.file("idx"), format!("end {}\n", now.micros()).as_bytes())?;
            }
        }
        Ok(whole)
    }
}

fn beside(database: &Path, end: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

fn live_header(live: &Path) -> Result<Option<[u8; HEADER]>> {
    let mut header = [0; HEADER];
    match File::open(live).and_then(|mut file| file.read_exact(&mut header)) {
        Ok(()) => Ok(Some(header)),
        Err(e) if [std::io::ErrorKind::NotFound, std::io::ErrorKind::UnexpectedEof].contains(&e.kind()) => {
            Ok(None)
        }
        Err(e) => Err(broken(live)(e)),
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    File::create(path)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .map_err(broken(path))
}

fn append(path: &Path, bytes: &[u8]) -> Result<()> {
    OpenOptions::new()
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_data()))
        .map_err(broken(path))
}

fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|f| f.sync_all()).map_err(broken(folder))
}

struct Generation {
    number: u64,
    continues: bool,
    begun: At,
    /// Everything in it was archived before the log began anew.
    ended: bool,
    /// Up to which offset the log had come, and when.
    pieces: Vec<(u64, At)>,
}

fn generations(root: &Path) -> Result<Vec<Generation>> {
    let folder = root.join("wal");
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let number =
            path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse::<u64>().ok());
        let (Some(number), Some("idx")) = (number, path.extension().and_then(|e| e.to_str())) else {
            continue;
        };
        let text = fs::read_to_string(&path).map_err(broken(&path))?;
        let mut lines = text.lines().filter_map(|line| line.split_once(' '));
        let Some((how, begun)) = lines.next() else { continue };
        let micros = |text: &str| text.parse().map(At::from_micros).ok();
        found.push(Generation {
            number,
            continues: how == "continues",
            begun: micros(begun).unwrap_or_default(),
            ended: text.lines().last().is_some_and(|line| line.starts_with("end ")),
            pieces: lines.filter_map(|(offset, at)| Some((offset.parse().ok()?, micros(at)?))).collect(),
        });
    }
    found.sort_by_key(|generation| generation.number);
    Ok(found)
}

/// Finds the state hash of a database.
pub(crate) type Prove<'a> = &'a dyn Fn(Connection) -> Result<String>;

/// A whole copy of the database as it was at one moment.
#[derive(Debug, Clone)]
pub struct Base {
    pub folder: PathBuf,
    pub at: At,
}

/// The bases of an archive, oldest first.
pub fn bases(root: &Path) -> Result<Vec<Base>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root.join("base")).into_iter().flatten().flatten() {
        let folder = entry.path();
        let at = fs::read_to_string(folder.join("at")).ok().and_then(|text| text.trim().parse().ok());
        found.extend(at.map(|at| Base { folder, at: At::from_micros(at) }));
    }
    found.sort_by_key(|base| base.at);
    Ok(found)
}

/// Copies the database of a folder, which may be in use, into `base/<moment>/`, and proves the copy against the original.
/// Answers the base and the state hash both have.
pub(crate) fn base(database: &Path, root: &Path, now: At, prove: Prove<'_>) -> Result<(Base, String)> {
    let name = now.rfc3339().replace([':', '+'], "-");
    let folder = root.join("base").join(&name);
    private_folder(&folder)?;
    let copy = folder.join("maru.db");
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let held = Connection::open_with_flags(database, flags).map_err(told)?;
    keep_log(&held)?;
    held.execute_batch("PRAGMA busy_timeout = 30000; BEGIN IMMEDIATE").map_err(told)?;
    let seen = Connection::open_with_flags(
        database,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(told)?;
    seen.execute_batch("BEGIN").map_err(told)?;
    sqlite::select(&seen, "SELECT count(*) AS n FROM store_migration", &[])?;
    // Nobody writes just now: the log is taken as far as it is committed. The reader keeps it from beginning anew.
    let live = beside(database, "-wal");
    let mut log = Vec::new();
    match File::open(&live).and_then(|mut f| f.read_to_end(&mut log)) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(broken(&live)(e)),
        _ => {}
    }
    if let Some(mut wal) = Wal::begin(&log) {
        let committed = HEADER + wal.walk(log.get(HEADER..).unwrap_or_default());
        write_new(&beside(&copy, "-wal"), log.get(..committed).unwrap_or_default())?;
    }
    held.execute_batch("ROLLBACK").map_err(told)?;
    drop(held);
    fs::copy(database, &copy).map_err(broken(&copy))?;
    File::open(&copy).and_then(|f| f.sync_all()).map_err(broken(&copy))?;
    let original = prove(seen)?;
    let copied = settle(&copy, prove)?;
    if copied != original {
        return Err(Error::internal(format!(
            "the copy in {} differs from the original; it was not kept as a backup",
            folder.display()
        )));
    }
    write_new(&folder.join("state"), format!("{copied}\n").as_bytes())?;
    write_new(&folder.join("at"), format!("{}\n", now.micros()).as_bytes())?;
    sync_folder(&folder)?;
    Ok((Base { folder, at: now }, copied))
}

/// A log that is archived must not be written back by a program that only passes by.
pub(crate) fn keep_log(on: &Connection) -> Result<()> {
    on.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(told)?;
    on.execute_batch("PRAGMA wal_autocheckpoint = 0").map_err(told)
}

/// Writes the log beside a database back into it, checks it whole, and answers what `prove` finds.
fn settle(database: &Path, prove: Prove<'_>) -> Result<String> {
    let on = Connection::open(database).map_err(told)?;
    on.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(told)?;
    let check: String = on.query_row("PRAGMA quick_check", [], |row| row.get(0)).map_err(told)?;
    if check != "ok" {
        return Err(Error::internal(format!("{} is damaged: {check}", database.display())));
    }
    prove(on)
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Restored {
    pub base: At,
    /// The newest moment that is in.
    pub at: At,
    pub state: String,
    /// What an operator must know: pages were missed after this moment.
    pub gap: bool,
}

/// Makes the database of an empty folder as it was at a moment, or as it was last known.
pub(crate) fn restore(root: &Path, database: &Path, until: Option<At>, prove: Prove<'_>) -> Result<Restored> {
    let until = until.unwrap_or(At::from_micros(i64::MAX));
    let all = bases(root)?;
    let base = all.iter().rev().find(|base| base.at <= until).ok_or_else(|| {
        let oldest = all.first().map_or("none".to_owned(), |base| base.at.rfc3339());
        Error::internal(format!(
            "{} has no base from before that moment; the oldest is {oldest}",
            root.display()
        ))
    })?;
    if database.exists() {
        return Err(Error::internal(format!(
            "{} is there already; restore into an empty folder",
            database.display()
        )));
    }
    fs::copy(base.folder.join("maru.db"), database).map_err(broken(database))?;
    let log = beside(database, "-wal");
    let all = generations(root)?;
    // The generation that was being written when the base was made, or the first after it.
    let first = all.iter().rposition(|generation| generation.begun <= base.at).unwrap_or(0);
    let (mut at, mut gap) = (base.at, false);
    for (n, generation) in all.iter().enumerate().skip(first) {
        if !generation.continues && (n > first || generation.begun > base.at) {
            gap = generation.begun <= until;
            break;
        }
        let upto = generation.pieces.iter().rev().find(|(_, came)| *came <= until);
        let Some((offset, came)) = upto else { continue };
        let path = root.join("wal").join(format!("{:08}.wal", generation.number));
        let mut bytes = Vec::new();
        File::open(&path).and_then(|f| f.take(*offset).read_to_end(&mut bytes)).map_err(broken(&path))?;
        fs::write(&log, &bytes).map_err(broken(&log))?;
        let on = Connection::open(database).map_err(told)?;
        on.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(told)?;
        at = (*came).max(at);
    }
    let state = settle(database, prove)?;
    Ok(Restored { base: base.at, at, state, gap })
}
