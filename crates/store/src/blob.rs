use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use maru_kernel::{Error, Result};
use sha2::{Digest, Sha256};

/// Files named by what they hold.
pub(crate) struct Blobs {
    folder: PathBuf,
}

impl Blobs {
    pub(crate) fn open(folder: PathBuf) -> Result<Self> {
        fs::create_dir_all(&folder).map_err(Error::internal)?;
        Ok(Blobs { folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, name: &str) -> Result<PathBuf> {
        let good = name.len() == 64 && name.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let (shelf, rest) = name.split_at_checked(2).filter(|_| good).ok_or(Error::NotFound)?;
        Ok(self.folder.join(shelf).join(rest))
    }

    /// Copies every blob that another folder lacks; what a blob holds never changes, so what is there stays.
    pub(crate) fn copy_to(&self, other: &Path) -> Result<()> {
        let other = Blobs::open(other.to_owned())?;
        for shelf in fs::read_dir(&self.folder).map_err(Error::internal)?.flatten() {
            for file in fs::read_dir(shelf.path()).into_iter().flatten().flatten() {
                let name =
                    format!("{}{}", shelf.file_name().to_string_lossy(), file.file_name().to_string_lossy());
                if let Ok(path) = other.path(&name)
                    && !path.exists()
                {
                    other.put(&fs::read(file.path()).map_err(Error::internal)?)?;
                }
            }
        }
        Ok(())
    }

    pub(crate) fn put(&self, bytes: &[u8]) -> Result<String> {
        let name: String = Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
        let path = self.path(&name)?;
        if path.exists() {
            return Ok(name);
        }
        let shelf = path.parent().ok_or(Error::NotFound)?;
        fs::create_dir_all(shelf).map_err(Error::internal)?;
        let mut salt = [0_u8; 8];
        getrandom::fill(&mut salt).map_err(Error::internal)?;
        let beside = shelf.join(format!("new-{:016x}", u64::from_le_bytes(salt)));
        let mut file = fs::File::create(&beside).map_err(Error::internal)?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(Error::internal)?;
        fs::rename(&beside, &path).map_err(Error::internal)?;
        fs::File::open(shelf).and_then(|f| f.sync_all()).map_err(Error::internal)?;
        Ok(name)
    }

    pub(crate) fn get(&self, name: &str) -> Result<Vec<u8>> {
        let path = self.path(name)?;
        match fs::read(path) {
            Ok(bytes) => Ok(bytes),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Err(Error::NotFound),
            Err(e) => Err(Error::internal(e)),
        }
    }
}
