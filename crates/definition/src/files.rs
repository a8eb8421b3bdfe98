//! A pack's files, from the binary or from a folder.

use std::{borrow::Cow, collections::BTreeMap, fs, path::Path};

use include_dir::{Dir, include_dir};
use serde::de::DeserializeOwned;

use maru_kernel::{Both, both};

use crate::fault::{Fault, as_told, line_at};

static KR: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../packs/kr");

/// A file larger than this is no part of a pack.
const LARGEST: u64 = 32 * 1024 * 1024;
const DEEPEST: usize = 8;
const KINDS: [&str; 3] = ["toml", "tsv", "txt"];

#[derive(Debug, Default, Clone)]
pub(crate) struct Files(BTreeMap<String, Cow<'static, str>>);

impl Files {
    pub(crate) fn embedded() -> Result<Files, Vec<Fault>> {
        let (mut files, mut faults) = (Files::default(), Vec::new());
        files.take(&KR, &mut faults);
        if faults.is_empty() { Ok(files) } else { Err(faults) }
    }

    fn take(&mut self, folder: &'static Dir<'static>, faults: &mut Vec<Fault>) {
        for file in folder.files().filter(|file| fits(file.path())) {
            let path = name_of(file.path());
            match std::str::from_utf8(file.contents()) {
                Ok(text) => drop(self.0.insert(path, Cow::Borrowed(text))),
                Err(e) => faults.push(not_text(&path, file.contents(), e.valid_up_to())),
            }
        }
        folder.dirs().for_each(|inner| self.take(inner, faults));
    }

    pub(crate) fn read(folder: &Path) -> Result<Files, Vec<Fault>> {
        let (mut files, mut faults) = (Files::default(), Vec::new());
        if !folder.join("pack.toml").is_file() {
            let what = format!("{} has no pack.toml", folder.display());
            return Err(vec![Fault::of_pack(
                "pack.toml",
                0,
                what,
                "name the folder of one pack, e.g. packs/kr",
            )]);
        }
        files.walk(folder, Path::new(""), DEEPEST, &mut faults);
        if faults.is_empty() { Ok(files) } else { Err(faults) }
    }

    fn walk(&mut self, root: &Path, inner: &Path, room: usize, faults: &mut Vec<Fault>) {
        let told = |e: std::io::Error| Fault::of_pack(&name_of(inner), 0, e.to_string(), "make it readable");
        let entries = match fs::read_dir(root.join(inner)) {
            Ok(entries) => entries,
            Err(e) => return faults.push(told(e)),
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(e) => return faults.push(told(e)),
            };
            let path = inner.join(entry.file_name());
            let name = name_of(&path);
            match entry.metadata() {
                Ok(meta) if meta.is_dir() && room > 0 => self.walk(root, &path, room - 1, faults),
                Ok(meta) if meta.is_file() && fits(&path) => {
                    if meta.len() > LARGEST {
                        faults.push(Fault::of_pack(&name, 0, "larger than 32 MiB", "split it"));
                        continue;
                    }
                    match fs::read(root.join(&path)).map(String::from_utf8) {
                        Ok(Ok(text)) => drop(self.0.insert(name, Cow::Owned(text))),
                        Ok(Err(e)) => {
                            let good = e.utf8_error().valid_up_to();
                            faults.push(not_text(&name, e.as_bytes(), good));
                        }
                        Err(e) => faults.push(told(e)),
                    }
                }
                _ => {}
            }
        }
    }

    /// Files that were kept.
    pub(crate) fn of(texts: BTreeMap<String, String>) -> Files {
        Files(texts.into_iter().map(|(path, text)| (path, Cow::Owned(text))).collect())
    }

    /// The same with what one folder holds instead of what it held.
    pub(crate) fn with_folder(&self, folder: &str, own: &BTreeMap<String, String>) -> Files {
        let mut files = self.clone();
        files.0.retain(|path, _| !path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')));
        files.0.extend(own.iter().map(|(name, text)| (format!("{folder}/{name}"), Cow::Owned(text.clone()))));
        files
    }

    pub(crate) fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(AsRef::as_ref)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_ref()))
    }

    /// The files of one folder and below, in order.
    pub(crate) fn under<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.iter()
            .filter(move |(path, _)| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
    }

    /// Reads a TOML file that must be there.
    pub(crate) fn toml<T: DeserializeOwned>(&self, path: &str, faults: &mut Vec<Fault>) -> Option<T> {
        let Some(text) = self.get(path) else {
            faults.push(Fault::new(
                path,
                0,
                both!("파일이 없습니다", "there is no such file"),
                both!(
                    "넣으세요. 쓰는 법은 packs/README.md에 있습니다",
                    "add it; packs/README.md tells its form"
                ),
            ));
            return None;
        };
        match toml::from_str(text) {
            Ok(found) => Some(found),
            Err(e) => {
                let line = e.span().map_or(0, |at| line_at(text, at.start));
                faults.push(Fault::new(path, line, misread(&e.message().replace('\n', " ")), as_told()));
                None
            }
        }
    }

    /// The line where the needles are found one after the other; 0 when they are not.
    pub(crate) fn line(&self, path: &str, needles: &[&str]) -> usize {
        let (mut line, mut rest) = (0, needles);
        for (number, text) in self.get(path).unwrap_or_default().lines().enumerate() {
            while let [needle, after @ ..] = rest {
                if !text.contains(needle) {
                    break;
                }
                (line, rest) = (number + 1, after);
            }
            if rest.is_empty() {
                return line;
            }
        }
        if rest.is_empty() { line } else { 0 }
    }
}

fn fits(path: &Path) -> bool {
    path.extension().and_then(|e| e.to_str()).is_some_and(|e| KINDS.contains(&e))
}

fn name_of(path: &Path) -> String {
    path.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// What the reader of TOML says, which it says in English, in Korean where it is one of the usual faults.
fn misread(told: &str) -> Both {
    let named = |before: &str| told.strip_prefix(before)?.split('`').next();
    if let Some(name) = named("missing field `") {
        return both!("`{name}`이(가) 없습니다", "{told}");
    }
    match named("unknown field `").or_else(|| named("unknown variant `")).zip(told.split_once(", expected "))
    {
        Some((name, (_, known))) => {
            let known = known.trim_start_matches("one of ");
            both!("`{name}`은(는) 여기에 쓸 수 없습니다. 쓸 수 있는 것: {known}", "{told}")
        }
        None => both!("이대로는 읽을 수 없습니다 ({told})", "{told}"),
    }
}

fn not_text(path: &str, bytes: &[u8], good: usize) -> Fault {
    let line = bytes.get(..good).unwrap_or_default().iter().filter(|b| **b == b'\n').count() + 1;
    Fault::of_pack(path, line, "not UTF-8", "save the file as UTF-8")
}
