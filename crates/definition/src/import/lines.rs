//! Files of lines, each a JSON object, perhaps packed (`.jsonl`, `.jsonl.gz`). What can't be read is said with its place; the rest is read.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use serde_json::{Map, Value as Json};

use super::Failure;

/// A line longer than this is none.
const LONGEST: usize = 4 * 1024 * 1024;

/// What was read of one file.
#[derive(Default)]
pub(crate) struct Lines {
    /// With their places.
    pub(crate) rows: Vec<(String, Map<String, Json>)>,
    pub(crate) unusable: Vec<(String, String)>,
    /// The file ends where it should.
    pub(crate) whole: bool,
    /// Every line was a row.
    pub(crate) clean: bool,
}

/// The one file of a folder whose name begins so; none is no failure.
pub(crate) fn one(folder: &Path, begins: &str) -> Result<Option<PathBuf>, Failure> {
    let told = |e: std::io::Error| {
        Failure::new(format!("{} can't be read: {e}", folder.display()), "make it readable")
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with(begins) && (name.ends_with(".jsonl") || name.ends_with(".jsonl.gz")) {
            files.push(path);
        }
    }
    files.sort();
    if files.len() > 1 {
        let what = format!("{} holds {} files {begins}…", folder.display(), files.len());
        return Err(Failure::new(what, "leave the newest one there, or give it itself to --from"));
    }
    Ok(files.pop())
}

pub(crate) fn read(path: &Path) -> Result<Lines, Failure> {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let file = File::open(path).map_err(|e| {
        Failure::new(format!("{} can't be read: {e}", path.display()), "give a file that can be read")
    })?;
    if name.ends_with(".gz") {
        Ok(take(&name, BufReader::new(MultiGzDecoder::new(file))))
    } else {
        Ok(take(&name, BufReader::new(file)))
    }
}

fn take(name: &str, mut from: impl BufRead) -> Lines {
    let mut lines = Lines { clean: true, ..Lines::default() };
    let mut bytes = Vec::new();
    for number in 1_usize.. {
        let place = format!("{name} line {number}");
        bytes.clear();
        let most = u64::try_from(LONGEST).unwrap_or(u64::MAX);
        match from.by_ref().take(most).read_until(b'\n', &mut bytes) {
            Ok(0) => {
                lines.whole = true;
                break;
            }
            Ok(_) => {}
            Err(e) => {
                let what = format!(
                    "the file is cut off or damaged here ({e}) — get it anew; what stands before was taken, nothing is withdrawn"
                );
                lines.unusable.push((place, what));
                break;
            }
        }
        let ended = bytes.last() == Some(&b'\n');
        let line = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes).trim_ascii();
        if line.is_empty() {
            continue;
        }
        match serde_json::from_slice::<Json>(line) {
            Ok(Json::Object(row)) => lines.rows.push((place, row)),
            Ok(_) => lines.refuse(place, "the line is no object — each line must be one service"),
            Err(_) if bytes.len() >= LONGEST => {
                lines.refuse(
                    place,
                    "the line is longer than 4 MiB — get the file anew; the rest of it was left out",
                );
                break;
            }
            Err(e) if !ended && e.is_eof() => {
                lines.refuse(place, "the file is cut off here — get it anew; what stands before was taken, nothing is withdrawn");
                break;
            }
            Err(e) => {
                lines.refuse(place, &format!("the line is no JSON ({e}) — correct it or get the file anew"))
            }
        }
    }
    lines
}

impl Lines {
    fn refuse(&mut self, place: String, what: &str) {
        self.clean = false;
        self.unusable.push((place, what.to_owned()));
    }
}
