//! A population as a file: a head, the blocks in order, each with its length and a checksum, and an end mark with the counts. What is drawn
//! for people is not written: it follows from a block's key and the marginals, whose hash is in the head.

use std::{
    io::{ErrorKind, Read, Write},
    sync::Arc,
};

use jiff::civil::Date;
use maru_kernel::Won;
use sha2::{Digest, Sha256};

use crate::{
    Block, Fault, LARGEST_BLOCK, Marginals, Population, Role, Sex,
    assemble::{Parts, at},
    lives::Living,
};

const MAGIC: [u8; 8] = *b"MARUPOP\n";
/// Changes whenever the same file would give other blocks or other facts.
const VERSION: u32 = 1;
const END: u32 = u32::MAX;
const SUM: usize = 8;
/// A block's number, area, key and its count of households.
const BLOCK_HEAD: usize = 8 + 2 + 8 + 4;
const LARGEST: usize = BLOCK_HEAD + LARGEST_BLOCK * 4;
const MEDIANS: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub persons: u64,
    pub seed: u64,
    pub on: Date,
    pub marginals: [u8; 32],
    pub medians: Vec<Won>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub blocks: u64,
    pub persons: u64,
    pub households: u64,
    pub bytes: u64,
    pub sha256: [u8; 32],
}

pub struct Writer<W> {
    out: W,
    sums: Sha256,
    whole: Sha256,
    summary: Summary,
}

fn checksum(bytes: &[u8]) -> [u8; SUM] {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    let [a, b, c, d, e, f, g, h, ..] = digest;
    [a, b, c, d, e, f, g, h]
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl<W: Write> Writer<W> {
    pub fn new(out: W, of: &Population, marginals: &Marginals) -> std::io::Result<Writer<W>> {
        let summary = Summary { blocks: 0, persons: 0, households: 0, bytes: 0, sha256: [0; 32] };
        let mut writer = Writer { out, sums: Sha256::new(), whole: Sha256::new(), summary };
        let mut head = MAGIC.to_vec();
        head.extend(VERSION.to_le_bytes());
        head.extend(of.persons().to_le_bytes());
        head.extend(of.seed().to_le_bytes());
        let on = of.on();
        head.extend(on.year().to_le_bytes());
        head.extend([on.month().unsigned_abs(), on.day().unsigned_abs()]);
        head.extend(marginals.hash());
        let medians = of.living().medians();
        head.push(u8::try_from(medians.len()).unwrap_or(u8::MAX));
        medians.iter().for_each(|median| head.extend(median.to_le_bytes()));
        writer.put(&head)?;
        writer.put(&checksum(&head))?;
        Ok(writer)
    }

    fn put(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.whole.update(bytes);
        self.summary.bytes += u64::from(number(bytes.len()));
        self.out.write_all(bytes)
    }

    /// The next block: all of them, in order.
    pub fn write(&mut self, block: &Block) -> std::io::Result<()> {
        let parts = &block.parts;
        let mut bytes = Vec::with_capacity(BLOCK_HEAD + block.len() * 4);
        bytes.extend(block.number().to_le_bytes());
        bytes.extend(u16::try_from(block.area()).unwrap_or(u16::MAX).to_le_bytes());
        bytes.extend(block.key.to_le_bytes());
        bytes.extend(number(block.households()).to_le_bytes());
        for span in parts.starts.windows(2) {
            let size = at(span, 1) - at(span, 0);
            bytes.extend(u16::try_from(size).unwrap_or(u16::MAX).to_le_bytes());
        }
        for ((age, sex), role) in parts.ages.iter().zip(&parts.sexes).zip(&parts.roles) {
            let role = Role::ALL.iter().position(|known| known == role).unwrap_or(0);
            let sex = u8::from(*sex == Sex::Female);
            bytes.extend([*age, sex << 7 | u8::try_from(role).unwrap_or(0)]);
        }
        let sum = checksum(&bytes);
        self.sums.update(sum);
        self.put(&number(bytes.len()).to_le_bytes())?;
        self.put(&bytes)?;
        self.put(&sum)?;
        self.summary.blocks += 1;
        self.summary.persons += u64::from(number(block.len()));
        self.summary.households += u64::from(number(block.households()));
        Ok(())
    }

    pub fn finish(mut self) -> std::io::Result<(W, Summary)> {
        let end = end_mark(&self.summary, self.sums.clone());
        self.put(&END.to_le_bytes())?;
        self.put(&end)?;
        self.out.flush()?;
        self.summary.sha256 = self.whole.finalize().into();
        Ok((self.out, self.summary))
    }
}

/// The counts, and a checksum over them and over the checksums of all blocks.
fn end_mark(of: &Summary, sums: Sha256) -> Vec<u8> {
    let mut bytes = Vec::new();
    for count in [of.blocks, of.persons, of.households] {
        bytes.extend(count.to_le_bytes());
    }
    let mut under = bytes.clone();
    under.extend(sums.finalize());
    bytes.extend(checksum(&under));
    bytes
}

pub struct Reader<R> {
    from: R,
    header: Header,
    living: Arc<Living>,
    sums: Sha256,
    seen: Summary,
    done: bool,
}

const AGAIN: &str = "make the file again with maru population";

impl<R: Read> Reader<R> {
    /// Reads the head. The marginals must be those the file was made from.
    pub fn open(mut from: R, marginals: &Marginals) -> Result<Reader<R>, Fault> {
        let mut at = 0;
        let magic: [u8; 8] = take(&mut from, &mut at)?;
        if magic != MAGIC {
            return Err(Fault::new(
                "byte 0",
                "this is no population of Maru",
                "name a file that maru population wrote",
            ));
        }
        let version: [u8; 4] = take(&mut from, &mut at)?;
        if u32::from_le_bytes(version) != VERSION {
            let found = u32::from_le_bytes(version);
            return Err(Fault::new(
                "byte 8",
                format!("version {found}, this program reads {VERSION}"),
                AGAIN,
            ));
        }
        let persons: [u8; 8] = take(&mut from, &mut at)?;
        let seed: [u8; 8] = take(&mut from, &mut at)?;
        let day: [u8; 4] = take(&mut from, &mut at)?;
        let hash: [u8; 32] = take(&mut from, &mut at)?;
        let many: [u8; 1] = take(&mut from, &mut at)?;
        let [count] = many;
        let mut medians = Vec::new();
        for _ in 0..usize::from(count).min(MEDIANS) {
            medians.push(take::<8>(&mut from, &mut at)?);
        }
        let sum: [u8; SUM] = take(&mut from, &mut at)?;
        let mut head = [&MAGIC[..], &version, &persons, &seed, &day, &hash, &many].concat();
        medians.iter().for_each(|median| head.extend(median));
        if checksum(&head) != sum {
            return Err(Fault::new("the head", "its checksum does not fit: a byte was changed", AGAIN));
        }
        if hash != marginals.hash() {
            return Err(Fault::new("the head", "it was made from other marginals or assumptions", AGAIN));
        }
        let [low, high, month, day] = day;
        let narrow = |n: u8| i8::try_from(n).unwrap_or(0);
        let on = Date::new(i16::from_le_bytes([low, high]), narrow(month), narrow(day))
            .map_err(|_| Fault::new("the head", "no such day", AGAIN))?;
        let medians: Vec<Won> = medians.into_iter().map(|median| Won(i64::from_le_bytes(median))).collect();
        let living = Arc::new(Living::read(marginals, on, &medians)?);
        let (persons, seed) = (u64::from_le_bytes(persons), u64::from_le_bytes(seed));
        let header = Header { persons, seed, on, marginals: hash, medians };
        let seen = Summary { blocks: 0, persons: 0, households: 0, bytes: at, sha256: [0; 32] };
        Ok(Reader { from, header, living, sums: Sha256::new(), seen, done: false })
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The next block; nothing after the last, when the end mark is there and fits.
    pub fn block(&mut self) -> Result<Option<Block>, Fault> {
        if self.done {
            return Ok(None);
        }
        let start = self.seen.bytes;
        let fault = |what: String| Err(Fault::new(format!("byte {start}"), what, AGAIN));
        let length = u32::from_le_bytes(take(&mut self.from, &mut self.seen.bytes)?);
        if length == END {
            return self.end().map(|()| None);
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if !(BLOCK_HEAD..=LARGEST).contains(&length) {
            return fault(format!("a block of {length} bytes, which none has"));
        }
        let mut bytes = vec![0; length];
        fill(&mut self.from, &mut bytes, &mut self.seen.bytes)?;
        let sum: [u8; SUM] = take(&mut self.from, &mut self.seen.bytes)?;
        if checksum(&bytes) != sum {
            return fault(format!(
                "the checksum of block {} does not fit: a byte was changed",
                self.seen.blocks
            ));
        }
        self.sums.update(sum);
        let Some(block) = self.read(&bytes) else {
            return fault(format!("block {} is not what its place asks for", self.seen.blocks));
        };
        self.seen.blocks += 1;
        self.seen.persons += u64::from(number(block.len()));
        self.seen.households += u64::from(number(block.households()));
        Ok(Some(block))
    }

    fn read(&self, mut bytes: &[u8]) -> Option<Block> {
        let number_of = u64::from_le_bytes(split(&mut bytes)?);
        let area = usize::from(u16::from_le_bytes(split(&mut bytes)?));
        let key = u64::from_le_bytes(split(&mut bytes)?);
        let households = u32::from_le_bytes(split(&mut bytes)?);
        if number_of != self.seen.blocks || area >= self.living.areas.len() {
            return None;
        }
        let mut parts = Parts { starts: vec![0], ..Parts::default() };
        let mut upto = 0_u32;
        for _ in 0..households {
            let size = u16::from_le_bytes(split(&mut bytes)?);
            upto = upto.checked_add(u32::from(size)).filter(|_| size > 0)?;
            parts.starts.push(upto);
        }
        for _ in 0..upto {
            let [age, who] = split(&mut bytes)?;
            if age > crate::marginals::OLDEST {
                return None;
            }
            parts.ages.push(age);
            parts.sexes.push(if who >> 7 == 1 { Sex::Female } else { Sex::Male });
            parts.roles.push(*Role::ALL.get(usize::from(who & 0x7f))?);
        }
        bytes.is_empty().then(|| Block::new(number_of, area, key, parts, Arc::clone(&self.living)))
    }

    fn end(&mut self) -> Result<(), Fault> {
        let at = self.seen.bytes;
        let mut mark = vec![0; 3 * 8 + SUM];
        fill(&mut self.from, &mut mark, &mut self.seen.bytes)?;
        if mark != end_mark(&self.seen, self.sums.clone()) || self.seen.persons != self.header.persons {
            let what = format!("the end mark does not fit the {} blocks before it", self.seen.blocks);
            return Err(Fault::new(format!("byte {at}"), what, AGAIN));
        }
        let mut more = [0];
        match self.from.read(&mut more) {
            Ok(0) => {
                self.done = true;
                Ok(())
            }
            Ok(_) => {
                Err(Fault::new(format!("byte {}", self.seen.bytes), "there is more after the end", AGAIN))
            }
            Err(e) => Err(unread(self.seen.bytes, &e)),
        }
    }
}

fn split<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*first)
}

fn unread(at: u64, why: &std::io::Error) -> Fault {
    match why.kind() {
        ErrorKind::UnexpectedEof => {
            Fault::new(format!("byte {at}"), "the file ends here: it was cut short", AGAIN)
        }
        _ => Fault::new(format!("byte {at}"), format!("it can't be read: {why}"), "look at the disk"),
    }
}

fn fill(from: &mut impl Read, bytes: &mut [u8], at: &mut u64) -> Result<(), Fault> {
    from.read_exact(bytes).map_err(|e| unread(*at, &e))?;
    *at += u64::from(number(bytes.len()));
    Ok(())
}

fn take<const N: usize>(from: &mut impl Read, at: &mut u64) -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    fill(from, &mut bytes, at)?;
    Ok(bytes)
}
