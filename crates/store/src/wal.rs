//! SQLite's write-ahead log as a file: how much of it is committed. The format is SQLite's own, "WAL-mode file format".

pub(crate) const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// A place in one generation of the log, with the running checksum up to there.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Wal {
    pub(crate) header: [u8; HEADER],
    page: usize,
    sum: (u32, u32),
    /// Everything before this is committed.
    pub(crate) offset: u64,
}

impl Wal {
    /// The start of a generation; none if this is no such log.
    pub(crate) fn begin(header: &[u8]) -> Option<Wal> {
        let header: [u8; HEADER] = header.get(..HEADER)?.try_into().ok()?;
        let big = big(&header)?;
        let page = usize::try_from(number(&header, 8)?).ok()?;
        let sum = add((0, 0), header.get(..24)?, big)?;
        let right = sum == (number(&header, 24)?, number(&header, 28)?) && page.is_power_of_two();
        right.then_some(Wal { header, page, sum, offset: 32 })
    }

    fn frame(&self) -> usize {
        FRAME_HEADER + self.page
    }

    /// Frames of pages before this place.
    pub(crate) fn frames(&self) -> u64 {
        let frame = u64::try_from(self.frame()).unwrap_or(1);
        self.offset.saturating_sub(32) / frame
    }

    /// Walks over what follows this place, as far as it is whole and committed; answers how many bytes that is.
    /// What was written and never committed, or stands there from before, ends the walk: its checksum does not fit.
    pub(crate) fn walk(&mut self, bytes: &[u8]) -> usize {
        let (Some(big), mut sum) = (big(&self.header), self.sum) else { return 0 };
        let mut committed = 0;
        for (n, frame) in bytes.chunks_exact(self.frame()).enumerate() {
            let (head, page) = frame.split_at(FRAME_HEADER);
            let (Some(salt), Some(own)) = (head.get(8..16), self.header.get(16..24)) else { break };
            let next = head.get(..8).and_then(|h| add(sum, h, big)).and_then(|s| add(s, page, big));
            let (Some(next), Some(one), Some(two), Some(size)) =
                (next, number(head, 16), number(head, 20), number(head, 4))
            else {
                break;
            };
            if salt != own || next != (one, two) {
                break;
            }
            sum = next;
            if size > 0 {
                committed = (n + 1) * self.frame();
                self.sum = sum;
            }
        }
        self.offset = self.offset.saturating_add(u64::try_from(committed).unwrap_or(0));
        committed
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// Whether checksums read big-endian words; none if the magic number is another.
fn big(header: &[u8; HEADER]) -> Option<bool> {
    match number(header, 0)? {
        0x377f_0682 => Some(false),
        0x377f_0683 => Some(true),
        _ => None,
    }
}

fn add(sum: (u32, u32), bytes: &[u8], big: bool) -> Option<(u32, u32)> {
    let (mut one, mut two) = sum;
    for pair in bytes.chunks_exact(8) {
        let word = |at: usize| -> Option<u32> {
            let four: [u8; 4] = pair.get(at..at + 4)?.try_into().ok()?;
            Some(if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) })
        };
        one = one.wrapping_add(word(0)?).wrapping_add(two);
        two = two.wrapping_add(word(4)?).wrapping_add(one);
    }
    Some((one, two))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A real log by the real library.
    fn log() -> Vec<u8> {
        let folder = std::env::temp_dir().join(format!(
            "maru-wal-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        ));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.db");
        let on = rusqlite::Connection::open(&path).unwrap();
        on.execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (a)")
            .unwrap();
        for _ in 0..5 {
            on.execute_batch("INSERT INTO t VALUES (hex(randomblob(3000)))").unwrap();
        }
        let bytes = std::fs::read(folder.join("a.db-wal")).unwrap();
        drop(on);
        std::fs::remove_dir_all(&folder).unwrap();
        bytes
    }

    #[test]
    fn walks_to_the_last_commit_and_no_further() {
        let bytes = log();
        let mut wal = Wal::begin(&bytes).unwrap();
        assert_eq!(wal.walk(&bytes[HEADER..]), bytes.len() - HEADER);
        assert_eq!(wal.walk(&[]), 0);
        let whole = wal.frames();

        // In pieces it comes to the same.
        let mut pieces = Wal::begin(&bytes).unwrap();
        let mut at = HEADER;
        while at < bytes.len() {
            let end = (at + 9 * 4120).min(bytes.len());
            let walked = pieces.walk(&bytes[at..end]);
            at = if walked == 0 { break } else { at + walked };
        }
        assert!(pieces == wal);

        // Half a frame, a flipped bit, a frame of another generation: what comes before stands.
        let mut half = Wal::begin(&bytes).unwrap();
        half.walk(&bytes[HEADER..bytes.len() - 1]);
        assert!(half.frames() < whole);
        let mut flipped = bytes.clone();
        let last = flipped.len() - 50;
        flipped[last] ^= 1;
        let mut wal = Wal::begin(&flipped).unwrap();
        wal.walk(&flipped[HEADER..]);
        assert!(wal.frames() < whole);
        assert!(Wal::begin(&bytes[..31]).is_none() && Wal::begin(&[0; 32]).is_none());
    }
}
