//! A run that is kept: who qualifies for what, small enough for a nation. What the coded part of the catalogue sees of somebody is their
//! profile, so each person's is written, not each answer; of services written in depth, a compressed bitmap each. From it come the counts
//! again, so that a run that was cut short goes on; everybody who qualifies for a service; and what has changed since another run.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fs::File,
    io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    path::Path,
};

use maru_definition::{Profile, Shape};
use maru_kernel::Date;
use maru_rules::Answer;
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    classes::{CELLS, cell},
    screen::{Paid, Screening},
};

const MAGIC: &str = "maru-screen 1";
/// Longer than any region's record, to bound what a broken file can ask for.
const LONGEST: usize = 1 << 30;
const DIGEST: usize = 8;

/// What was asked, of whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub persons: u64,
    pub seed: u64,
    pub on: Date,
    pub areas: usize,
    /// Services read from codes, with what they restrict.
    pub coded: Vec<(String, Shape)>,
    /// Services written in depth, with a mark of their rules and of the parameters.
    pub deep: Vec<(String, String)>,
    /// The numbers of the areas among the smallest regions.
    pub leaves: Vec<Option<u16>>,
}

/// One region of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    pub area: usize,
    /// The profiles there are, and which of them each person has.
    pub profiles: Vec<u64>,
    pub persons: Vec<u32>,
    pub deep: Vec<Reached>,
}

/// Whom a service written in depth reaches, by their places in the region.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reached {
    pub yes: RoaringBitmap,
    pub unknown: RoaringBitmap,
    /// By cell: whole won.
    pub won: Vec<(u8, i64)>,
    pub with_amount: u32,
}

/// Who newly qualifies for a service, and who no longer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Since {
    pub new: u64,
    pub gone: u64,
}

fn broken(what: &str, todo: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{what}; {todo}"))
}

impl Head {
    pub fn of(screening: &Screening) -> Head {
        let parameters = &screening.nation.pack.parameters;
        let mark = |service: &maru_definition::Service| {
            let grounds = service.rules.grounds(parameters, screening.on);
            let mut hash = Sha256::new();
            grounds.iter().for_each(|(id, text)| hash.update(format!("{id}\n{text}\n")));
            hash.finalize().iter().take(DIGEST).map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        Head {
            persons: screening.population.persons(),
            seed: screening.population.seed(),
            on: screening.on,
            areas: screening.leaves.len(),
            coded: screening.nation.coded.iter().map(|(entry, shape)| (entry.id.clone(), *shape)).collect(),
            deep: screening.nation.deep.iter().map(|(_, s)| (s.id.clone(), mark(s))).collect(),
            leaves: screening.leaves.clone(),
        }
    }

    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{MAGIC}")?;
        write_part(out, &serde_json::to_vec(self)?)
    }

    pub fn read(from: &mut impl Read) -> io::Result<Head> {
        let mut magic = vec![0; MAGIC.len() + 1];
        let is_ours = from.read_exact(&mut magic).is_ok() && magic == format!("{MAGIC}\n").into_bytes();
        if !is_ours {
            return Err(broken(
                "this is no run of maru screen, or one of another version",
                "name another file",
            ));
        }
        match read_part(from)? {
            Some(part) => Ok(serde_json::from_slice(&part)?),
            None => Err(broken("the file ends in its head", "begin the run anew")),
        }
    }

    fn serves(&self, service: usize, area: usize) -> Option<&Shape> {
        let leaf = self.leaves.get(area).copied().flatten().unwrap_or(u16::MAX);
        self.coded.get(service).map(|(_, shape)| shape).filter(|shape| shape.serves(leaf))
    }
}

/// A length, a part of a digest, the bytes.
fn write_part(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let length =
        u32::try_from(bytes.len()).map_err(|_| broken("a region is too large", "screen fewer persons"))?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(Sha256::digest(bytes).get(..DIGEST).unwrap_or_default())?;
    out.write_all(bytes)
}

/// Nothing at the end, or where the rest was never wholly written.
fn read_part(from: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let (mut length, mut digest) = ([0_u8; 4], [0_u8; DIGEST]);
    let mut whole = |bytes: &mut [u8]| match from.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(e) => Err(e),
    };
    if !whole(&mut length)? || !whole(&mut digest)? {
        return Ok(None);
    }
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if length > LONGEST {
        return Err(broken("a length that no region has", "begin the run anew"));
    }
    let mut bytes = vec![0; length];
    if !whole(&mut bytes)? {
        return Ok(None);
    }
    if Sha256::digest(&bytes).get(..DIGEST) != Some(&digest) {
        return Err(broken("a region was changed after it was written", "begin the run anew"));
    }
    Ok(Some(bytes))
}

fn put(out: &mut Vec<u8>, number: usize) {
    out.extend(u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
}

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn number(&mut self) -> io::Result<u32> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    fn length(&mut self) -> io::Result<usize> {
        let length = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        if length > self.0.len() {
            return Err(broken("a region is shorter than it says", "begin the run anew"));
        }
        Ok(length)
    }
}

impl Region {
    pub fn of(area: usize, keys: &[u64], deep: Vec<Reached>) -> Region {
        let mut places: HashMap<u64, u32> = HashMap::new();
        let mut profiles = Vec::new();
        let persons = keys
            .iter()
            .map(|key| {
                *places.entry(*key).or_insert_with(|| {
                    profiles.push(*key);
                    u32::try_from(profiles.len() - 1).unwrap_or(u32::MAX)
                })
            })
            .collect();
        Region { area, profiles, persons, deep }
    }

    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut bytes = Vec::new();
        for number in [self.area, self.profiles.len(), self.persons.len(), self.deep.len()] {
            put(&mut bytes, number);
        }
        self.profiles.iter().for_each(|key| bytes.extend(key.to_le_bytes()));
        let narrow = self.profiles.len() <= usize::from(u16::MAX);
        for person in &self.persons {
            match u16::try_from(*person) {
                Ok(person) if narrow => bytes.extend(person.to_le_bytes()),
                _ => bytes.extend(person.to_le_bytes()),
            }
        }
        for reached in &self.deep {
            reached.yes.serialize_into(&mut bytes)?;
            reached.unknown.serialize_into(&mut bytes)?;
            bytes.extend(reached.with_amount.to_le_bytes());
            put(&mut bytes, reached.won.len());
            for (cell, won) in &reached.won {
                bytes.push(*cell);
                bytes.extend(won.to_le_bytes());
            }
        }
        write_part(out, &bytes)
    }

    /// Nothing at the end of the run.
    pub fn read(from: &mut impl Read) -> io::Result<Option<Region>> {
        let Some(part) = read_part(from)? else { return Ok(None) };
        let mut bytes = Bytes(&part);
        let area = usize::try_from(bytes.number()?).unwrap_or(usize::MAX);
        let (profiles, persons, deep) = (bytes.length()?, bytes.length()?, bytes.length()?);
        let profiles = (0..profiles).map(|_| Ok(u64::from_le_bytes(bytes.take()?)));
        let profiles = profiles.collect::<io::Result<Vec<u64>>>()?;
        let narrow = profiles.len() <= usize::from(u16::MAX);
        let mut person = || {
            if narrow { Ok(u32::from(u16::from_le_bytes(bytes.take()?))) } else { bytes.number() }
        };
        let persons = (0..persons).map(|_| person()).collect::<io::Result<Vec<u32>>>()?;
        let mut reached = Vec::new();
        for _ in 0..deep {
            let yes = RoaringBitmap::deserialize_from(&mut bytes.0)?;
            let unknown = RoaringBitmap::deserialize_from(&mut bytes.0)?;
            let (with_amount, cells) = (bytes.number()?, bytes.length()?);
            let cell = |_| -> io::Result<(u8, i64)> {
                let [cell] = bytes.take()?;
                Ok((cell, i64::from_le_bytes(bytes.take()?)))
            };
            let won = (0..cells).map(cell).collect::<io::Result<Vec<_>>>()?;
            reached.push(Reached { yes, unknown, won, with_amount });
        }
        Ok(Some(Region { area, profiles, persons, deep: reached }))
    }

    fn profile(&self, person: usize) -> Profile {
        let place = self.persons.get(person).and_then(|at| usize::try_from(*at).ok());
        Profile::of_key(place.and_then(|at| self.profiles.get(at)).copied().unwrap_or(0))
    }

    /// Everybody's profile again.
    pub fn keys(&self) -> Vec<u64> {
        (0..self.persons.len()).map(|person| self.profile(person).key()).collect()
    }

    /// What was counted of the services written in depth.
    pub fn paid(&self) -> Vec<Paid> {
        let cells: Vec<usize> = (0..self.persons.len())
            .map(|person| self.profile(person))
            .map(|profile| cell(profile.age, profile.income))
            .collect();
        let of = |reached: &Reached| {
            let mut paid = Paid::none();
            paid.with_amount = reached.with_amount;
            for (lanes, counts) in [(&reached.yes, &mut paid.yes), (&reached.unknown, &mut paid.unknown)] {
                for lane in lanes {
                    let cell = usize::try_from(lane).ok().and_then(|lane| cells.get(lane));
                    if let Some(count) = cell.and_then(|cell| counts.get_mut(*cell)) {
                        *count += 1;
                    }
                }
            }
            for (cell, won) in &reached.won {
                if let Some(slot) = paid.won.get_mut(usize::from(*cell)) {
                    *slot = *won;
                }
            }
            paid
        };
        self.deep.iter().map(of).collect()
    }

    /// Who qualifies for a service, by their places in the region.
    pub fn reached(&self, head: &Head, id: &str) -> Option<RoaringBitmap> {
        if let Some(place) = head.deep.iter().position(|(known, _)| known == id) {
            return self.deep.get(place).map(|reached| reached.yes.clone());
        }
        let place = head.coded.iter().position(|(known, _)| known == id)?;
        let Some(shape) = head.serves(place, self.area) else { return Some(RoaringBitmap::new()) };
        let yes = |key: &u64| shape.answer(&Profile::of_key(*key)) == Answer::Yes;
        let by_profile: Vec<bool> = self.profiles.iter().map(yes).collect();
        let holds = |at: &u32| usize::try_from(*at).ok().and_then(|at| by_profile.get(at)) == Some(&true);
        Some((0_u32..).zip(&self.persons).filter(|(_, at)| holds(at)).map(|(lane, _)| lane).collect())
    }
}

impl Reached {
    pub(crate) fn won_by(cells: &[i64; CELLS]) -> Vec<(u8, i64)> {
        (0_u8..).zip(cells).filter(|(_, won)| **won != 0).map(|(cell, won)| (cell, *won)).collect()
    }
}

/// What has changed in a region from one run to another, by service. The persons must be the same.
pub fn since(old: (&Head, &Region), new: (&Head, &Region), changes: &mut BTreeMap<String, Since>) {
    let ((old_head, old), (new_head, new)) = (old, new);
    let mut add = |id: &str, new: u64, gone: u64| {
        if new + gone > 0 {
            let change = changes.entry(id.to_owned()).or_default();
            change.new += new;
            change.gone += gone;
        }
    };
    let none = RoaringBitmap::new();
    let reached = |head: &Head, region: &Region, id: &str| {
        let place = head.deep.iter().position(|(known, _)| known == id)?;
        region.deep.get(place).map(|reached| reached.yes.clone())
    };
    let ids: BTreeSet<&String> = old_head.deep.iter().chain(&new_head.deep).map(|(id, _)| id).collect();
    for id in ids {
        let before = reached(old_head, old, id).unwrap_or_else(|| none.clone());
        let after = reached(new_head, new, id).unwrap_or_else(|| none.clone());
        add(id, after.difference_len(&before), before.difference_len(&after));
    }
    // pairs of profiles, as many as persons have them
    let mut pairs: HashMap<(u64, u64), u64> = HashMap::new();
    for person in 0..new.persons.len().max(old.persons.len()) {
        *pairs.entry((old.profile(person).key(), new.profile(person).key())).or_insert(0) += 1;
    }
    let moved: Vec<(Profile, Profile, u64)> = pairs
        .into_iter()
        .map(|((before, after), count)| (Profile::of_key(before), Profile::of_key(after), count))
        .collect();
    let places: HashMap<&str, usize> =
        old_head.coded.iter().enumerate().map(|(at, (id, _))| (id.as_str(), at)).collect();
    let mut compare = |id: &str, before: Option<&Shape>, after: Option<&Shape>| {
        let yes = |shape: Option<&Shape>, profile: &Profile| {
            shape.is_some_and(|shape| shape.answer(profile) == Answer::Yes)
        };
        let (mut came, mut went) = (0, 0);
        for (was, is, count) in moved.iter().filter(|(was, is, _)| before != after || was != is) {
            match (yes(before, was), yes(after, is)) {
                (false, true) => came += count,
                (true, false) => went += count,
                _ => {}
            }
        }
        add(id, came, went);
    };
    let mut seen = HashSet::new();
    for (place, (id, _)) in new_head.coded.iter().enumerate() {
        seen.insert(id.as_str());
        let before = places.get(id.as_str()).and_then(|at| old_head.serves(*at, old.area));
        compare(id, before, new_head.serves(place, new.area));
    }
    for (place, (id, _)) in
        old_head.coded.iter().enumerate().filter(|(_, (id, _))| !seen.contains(id.as_str()))
    {
        compare(id, old_head.serves(place, old.area), None);
    }
}

/// A kept run in its file: its regions are read one at a time.
pub struct Kept {
    file: File,
    pub head: Head,
    /// Where each area's record begins.
    places: BTreeMap<usize, u64>,
    /// Where the last whole record ends.
    end: u64,
}

impl Kept {
    /// Begins a run, or goes on with one of the same head that was cut short: what was never wholly written is done again.
    ///
    /// # Errors
    /// When the file holds something else.
    pub fn go_on(path: &Path, head: &Head) -> io::Result<Kept> {
        if !path.exists() {
            let mut file = File::options().read(true).write(true).create_new(true).open(path)?;
            head.write(&mut file)?;
            file.sync_all()?;
        }
        let mut kept = Kept::open(path)?;
        if kept.head != *head {
            return Err(broken(
                "this run was asked something else, of others or on another day",
                "name another file, or compare with it by --since",
            ));
        }
        kept.file = File::options().read(true).write(true).open(path)?;
        kept.file.set_len(kept.end)?;
        kept.file.seek(SeekFrom::End(0))?;
        Ok(kept)
    }

    /// # Errors
    /// When it is no run, or was changed after it was written.
    pub fn open(path: &Path) -> io::Result<Kept> {
        let file = File::open(path)?;
        let mut from = BufReader::new(file.try_clone()?);
        let head = Head::read(&mut from)?;
        let (mut places, mut end) = (BTreeMap::new(), from.stream_position()?);
        while let Some(region) = Region::read(&mut from)? {
            places.insert(region.area, end);
            end = from.stream_position()?;
        }
        Ok(Kept { file, head, places, end })
    }

    /// The areas that are done.
    pub fn areas(&self) -> impl Iterator<Item = usize> + '_ {
        self.places.keys().copied()
    }

    pub fn is_whole(&self) -> bool {
        self.places.len() == self.head.areas
    }

    pub fn region(&mut self, area: usize) -> io::Result<Option<Region>> {
        let Some(place) = self.places.get(&area) else { return Ok(None) };
        self.file.seek(SeekFrom::Start(*place))?;
        Region::read(&mut BufReader::new(&self.file))
    }

    /// Adds a region at the end; it is safe on the disk when this returns.
    pub fn add(&mut self, region: &Region) -> io::Result<()> {
        let place = self.file.seek(SeekFrom::Start(self.end))?;
        let mut out = BufWriter::new(&self.file);
        region.write(&mut out)?;
        out.flush()?;
        drop(out);
        self.file.sync_data()?;
        self.end = self.file.stream_position()?;
        self.places.insert(region.area, place);
        Ok(())
    }

    /// What has changed since an older run over the same persons, by service.
    ///
    /// # Errors
    /// When the persons are others, or one of the runs isn't whole.
    pub fn since(&mut self, old: &mut Kept) -> io::Result<BTreeMap<String, Since>> {
        let of = |head: &Head| (head.persons, head.seed, head.areas);
        if of(&self.head) != of(&old.head) {
            return Err(broken(
                "the two runs are over different persons",
                "run with the same --persons and --seed",
            ));
        }
        if !self.is_whole() || !old.is_whole() {
            return Err(broken(
                "one of the runs was cut short",
                "run it again with the same --keep: it goes on",
            ));
        }
        let mut changes = BTreeMap::new();
        for area in 0..self.head.areas {
            if let (Some(before), Some(after)) = (old.region(area)?, self.region(area)?) {
                since((&old.head, &before), (&self.head, &after), &mut changes);
            }
        }
        Ok(changes)
    }
}
