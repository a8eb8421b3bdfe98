//! What was handed in, named by what it holds. It comes and goes in pieces: never whole in memory.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::{Bytes, BytesMut};
use futures_util::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use maru_kernel::{Error, Result};
use sha2::{Digest, Sha256};

use crate::bucket::Bucket;

/// What was never finished is kept this long: another process may be writing it.
const LEFTOVER: Duration = Duration::from_secs(24 * 60 * 60);
/// So much is collected before it is written, and so much is read at once.
const PIECE: usize = 256 * 1024;
/// So many of the first bytes are told.
const HEAD: usize = 512;
/// Unfinished files lie here; no shelf has such a name.
const UNFINISHED: &str = "unfinished";

/// What came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The SHA-256 of what it holds, in hexadecimal digits.
    pub name: String,
    pub size: u64,
    /// The first bytes, at most 512.
    pub head: Vec<u8>,
}

/// Files named by what they hold.
pub(crate) struct Blobs {
    folder: PathBuf,
    /// They live here instead; the folder only holds what is on its way.
    bucket: Option<Bucket>,
}

impl Blobs {
    pub(crate) fn open(folder: PathBuf) -> Result<Self> {
        fs::create_dir_all(folder.join(UNFINISHED)).map_err(kept)?;
        let blobs = Blobs { folder, bucket: None };
        blobs.sweep(SystemTime::now())?;
        Ok(blobs)
    }

    pub(crate) fn open_with(folder: PathBuf, bucket: Option<&str>) -> Result<Self> {
        let mut blobs = Blobs::open(folder)?;
        blobs.bucket = bucket.map(Bucket::open).transpose()?;
        Ok(blobs)
    }

    pub(crate) fn in_folder(&self) -> bool {
        self.bucket.is_none()
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, name: &str) -> Result<PathBuf> {
        let good = name.len() == 64 && name.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let (shelf, rest) = name.split_at_checked(2).filter(|_| good).ok_or(Error::NotFound)?;
        Ok(self.folder.join(shelf).join(rest))
    }

    /// Removes what a process that ended left unfinished more than a day ago.
    fn sweep(&self, now: SystemTime) -> Result<()> {
        for file in fs::read_dir(self.folder.join(UNFINISHED)).map_err(kept)?.flatten() {
            let written = file.metadata().and_then(|about| about.modified());
            if written.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > LEFTOVER)) {
                fs::remove_file(file.path()).ok();
            }
        }
        Ok(())
    }

    /// Copies every blob that another folder lacks; what a blob holds never changes, so what is there stays.
    pub(crate) fn copy_to(&self, other: &Path) -> Result<()> {
        let other = Blobs::open(other.to_owned())?;
        for shelf in fs::read_dir(&self.folder).map_err(kept)?.flatten() {
            for file in fs::read_dir(shelf.path()).into_iter().flatten().flatten() {
                let name =
                    format!("{}{}", shelf.file_name().to_string_lossy(), file.file_name().to_string_lossy());
                if other.path(&name).is_ok() {
                    self.copy_one(&name, &other)?;
                }
            }
        }
        Ok(())
    }

    /// Copies one blob, unless it is there.
    pub(crate) fn copy_one(&self, name: &str, other: &Blobs) -> Result<()> {
        if other.path(name)?.exists() {
            return Ok(());
        }
        let path = self.path(name)?;
        let mut from = File::open(&path).map_err(kept)?;
        let mut coming = other.begin()?;
        let mut piece = vec![0; PIECE];
        loop {
            let read = from.read(&mut piece).map_err(kept)?;
            if read == 0 {
                break;
            }
            coming.take(piece.get(..read).unwrap_or_default())?;
        }
        if other.keep(coming)?.name == name {
            Ok(())
        } else {
            Err(Error::internal(format!("{} is damaged", path.display())))
        }
    }

    #[cfg(test)]
    fn put(&self, bytes: &[u8]) -> Result<String> {
        let mut coming = self.begin()?;
        coming.take(bytes)?;
        Ok(self.keep(coming)?.name)
    }

    fn begin(&self) -> Result<Coming> {
        let mut salt = [0_u8; 16];
        getrandom::fill(&mut salt).map_err(Error::internal)?;
        let name: String = salt.iter().map(|b| format!("{b:02x}")).collect();
        let path = self.folder.join(UNFINISHED).join(name);
        let file = File::options().read(true).write(true).create_new(true).open(&path).map_err(kept)?;
        Ok(Coming { file, path, hash: Sha256::new(), size: 0, head: Vec::new() })
    }

    /// What came is on disk under its name when this answers, file and folder.
    fn keep(&self, coming: Coming) -> Result<Received> {
        let name = coming.name();
        let path = self.path(&name)?;
        let shelf = path.parent().ok_or(Error::NotFound)?;
        // What is there already may not be on disk yet: whoever is writing it at this moment has only just renamed it.
        if !path.exists() {
            coming.file.sync_all().map_err(kept)?;
            fs::create_dir_all(shelf).map_err(kept)?;
            fs::rename(&coming.path, &path).map_err(kept)?;
        }
        File::open(shelf).and_then(|folder| folder.sync_all()).map_err(kept)?;
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(kept)?;
        Ok(Received { name, size: coming.size, head: coming.head.clone() })
    }

    /// Takes a stream in. `look` sees the whole file before it is kept; what it refuses leaves nothing, and neither does a
    /// stream that breaks off or is longer than `limit`.
    pub(crate) async fn receive<T: Send + 'static>(
        self: &Arc<Self>,
        from: impl Stream<Item = Result<Bytes>>,
        limit: u64,
        look: impl FnOnce(&mut File, &Received) -> Result<T> + Send + 'static,
    ) -> Result<(Received, T)> {
        let blobs = self.clone();
        let mut coming = apart(move || blobs.begin()).await?;
        let mut from = std::pin::pin!(from);
        let (mut piece, mut size) = (BytesMut::new(), 0_u64);
        loop {
            let next = from.next().await.transpose()?;
            if let Some(bytes) = &next {
                size = size.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
                if size > limit {
                    return Err(Error::TooLarge);
                }
                piece.extend_from_slice(bytes);
            }
            if piece.len() >= PIECE || (next.is_none() && !piece.is_empty()) {
                let full = piece.split().freeze();
                coming = apart(move || coming.take(&full).map(|()| coming)).await?;
            }
            if next.is_none() {
                break;
            }
        }
        let blobs = self.clone();
        let (done, seen) = apart(move || {
            let told = Received { name: String::new(), size: coming.size, head: coming.head.clone() };
            coming.file.seek(SeekFrom::Start(0)).map_err(kept)?;
            let seen = look(&mut coming.file, &told)?;
            if blobs.bucket.is_none() {
                return Ok((Done::Kept(blobs.keep(coming)?), seen));
            }
            coming.file.seek(SeekFrom::Start(0)).map_err(kept)?;
            Ok((Done::Here(coming), seen))
        })
        .await?;
        let received = match (done, &self.bucket) {
            (Done::Kept(received), _) => received,
            (Done::Here(coming), Some(bucket)) => {
                let name = coming.name();
                bucket.keep(&name, coming.file.try_clone().map_err(kept)?).await?;
                Received { name, size: coming.size, head: coming.head.clone() }
            }
            (Done::Here(coming), None) => self.keep(coming)?,
        };
        Ok((received, seen))
    }

    pub(crate) async fn size(&self, name: &str) -> Result<u64> {
        let path = self.path(name)?;
        match &self.bucket {
            Some(bucket) => bucket.size(name).await,
            None => apart(move || Ok(fs::metadata(path).map_err(found)?.len())).await,
        }
    }

    /// A part of a blob, piece by piece.
    pub(crate) async fn send(
        self: &Arc<Self>,
        name: &str,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes>>> {
        let path = self.path(name)?;
        if let Some(bucket) = &self.bucket {
            return bucket.send(name, range).await;
        }
        let file = apart(move || {
            let mut file = File::open(path).map_err(found)?;
            file.seek(SeekFrom::Start(range.start)).map_err(kept)?;
            Ok(file)
        })
        .await?;
        let left = range.end.saturating_sub(range.start);
        Ok(stream::try_unfold((file, left), |(mut file, left)| async move {
            if left == 0 {
                return Ok(None);
            }
            apart(move || {
                let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
                let mut piece = vec![0; most];
                let read = file.read(&mut piece).map_err(kept)?;
                if read == 0 {
                    return Err(Error::internal("a blob is shorter than it was"));
                }
                piece.truncate(read);
                let left = left.saturating_sub(u64::try_from(read).unwrap_or(left));
                Ok(Some((Bytes::from(piece), (file, left))))
            })
            .await
        })
        .boxed())
    }

    #[cfg(test)]
    fn get(&self, name: &str) -> Result<Vec<u8>> {
        fs::read(self.path(name)?).map_err(found)
    }
}

/// Disks make one wait: not where requests are worked on.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

/// A file that is being written. Dropped before it is kept, it is gone.
struct Coming {
    file: File,
    path: PathBuf,
    hash: Sha256,
    size: u64,
    head: Vec<u8>,
}

enum Done {
    Kept(Received),
    /// Hashed and looked at; on this disk, not yet in the bucket.
    Here(Coming),
}

impl Coming {
    fn name(&self) -> String {
        self.hash.clone().finalize().iter().map(|b| format!("{b:02x}")).collect()
    }

    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(kept)?;
        self.hash.update(bytes);
        self.size = self.size.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let wanted = HEAD.saturating_sub(self.head.len());
        self.head.extend(bytes.iter().take(wanted));
        Ok(())
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        // After it was renamed there is nothing here.
        fs::remove_file(&self.path).ok();
    }
}

/// What a disk says.
fn kept(e: io::Error) -> Error {
    match e.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Error::Unavailable("error-store-full".into())
        }
        io::ErrorKind::ReadOnlyFilesystem => Error::Unavailable("error-store-read-only".into()),
        _ => Error::internal(e),
    }
}

fn found(e: io::Error) -> Error {
    if e.kind() == io::ErrorKind::NotFound { Error::NotFound } else { kept(e) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn folder(what: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("maru-blob-{what}-{}", std::process::id()));
        fs::remove_dir_all(&path).ok();
        path
    }

    fn unfinished(blobs: &Blobs) -> usize {
        fs::read_dir(blobs.folder.join(UNFINISHED)).unwrap().count()
    }

    fn pieces(of: Vec<Result<Bytes>>) -> impl Stream<Item = Result<Bytes>> {
        stream::iter(of)
    }

    #[tokio::test]
    async fn comes_and_goes_in_pieces() {
        let blobs = Arc::new(Blobs::open(folder("pieces")).unwrap());
        let whole: Vec<u8> = (0..1_000_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
        let parts = whole.chunks(7_001).map(|part| Ok(Bytes::copy_from_slice(part))).collect();
        let look = |file: &mut File, told: &Received| {
            let mut all = Vec::new();
            file.read_to_end(&mut all).map_err(kept)?;
            Ok((all.len(), told.size))
        };
        let (received, seen) = blobs.receive(pieces(parts), 1_000_000, look).await.unwrap();
        assert_eq!((received.size, seen), (1_000_000, (1_000_000, 1_000_000)));
        assert_eq!(received.head, whole[..512]);
        assert_eq!(received.name, blobs.put(&whole).unwrap(), "the same content is the same blob");
        assert_eq!(blobs.size(&received.name).await.unwrap(), 1_000_000);
        for range in [0..1_000_000, 0..1, 262_144..700_001, 999_999..1_000_000, 5..5] {
            let parts: Vec<_> = blobs.send(&received.name, range.clone()).await.unwrap().collect().await;
            let sent: Vec<u8> = parts.into_iter().flat_map(|part| part.unwrap()).collect();
            let bounds = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
            assert_eq!(sent, whole[bounds]);
        }
        assert_eq!(unfinished(&blobs), 0);
        let other = folder("other");
        blobs.copy_to(&other).unwrap();
        assert_eq!(Blobs::open(other).unwrap().get(&received.name).unwrap(), whole);
    }

    #[tokio::test]
    async fn what_breaks_off_is_too_long_or_refused_leaves_nothing() {
        let blobs = Arc::new(Blobs::open(folder("nothing")).unwrap());
        let part = || Ok(Bytes::from(vec![7; 400_000]));
        let broken = pieces(vec![part(), Err(Error::invalid("body", "error-form"))]);
        assert!(matches!(blobs.receive(broken, 1_000_000, |_, _| Ok(())).await, Err(Error::Invalid(_))));
        let long = pieces(vec![part(), part(), part()]);
        assert_eq!(blobs.receive(long, 1_000_000, |_, _| Ok(())).await, Err(Error::TooLarge));
        let refused = blobs.receive(pieces(vec![part()]), 1_000_000, |_, _| Err::<(), _>(Error::NotFound));
        assert_eq!(refused.await, Err(Error::NotFound));
        let endless = stream::iter([part()]).chain(stream::pending());
        let given_up = blobs.receive(endless, 1_000_000, |_, _| Ok(()));
        assert!(tokio::time::timeout(Duration::from_millis(200), given_up).await.is_err());
        assert_eq!(unfinished(&blobs), 0);
        assert_eq!(fs::read_dir(&blobs.folder).unwrap().count(), 1, "no shelf was made");
    }

    #[test]
    fn leftovers_of_a_killed_process_are_swept_after_a_day() {
        let blobs = Blobs::open(folder("sweep")).unwrap();
        fs::write(blobs.folder.join(UNFINISHED).join("left"), b"half").unwrap();
        let now = SystemTime::now();
        blobs.sweep(now + LEFTOVER / 2).unwrap();
        assert_eq!(unfinished(&blobs), 1);
        blobs.sweep(now + LEFTOVER * 2).unwrap();
        assert_eq!(unfinished(&blobs), 0);
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let blobs = Blobs::open(folder("names")).unwrap();
        for name in ["", "..", "../../etc/passwd", &"A".repeat(64), &"../".repeat(21), &"a".repeat(63)] {
            assert_eq!(blobs.get(name), Err(Error::NotFound), "{name}");
        }
    }
}
