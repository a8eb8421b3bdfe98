//! What a population is made from: counts of persons by area, sex and age, and rows of assumptions, each with its note.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::Fault;

/// Ages by five years: 0-4, 5-9, … 95-99, 100 and over.
pub(crate) const GROUPS: usize = 21;
/// Nobody is older.
pub(crate) const OLDEST: u8 = 104;

/// By sex, then by age group.
pub(crate) type Table = [[u64; GROUPS]; 2];

#[derive(Debug, Clone)]
pub struct Area {
    pub code: String,
    pub name: String,
    pub(crate) counts: Table,
    pub(crate) place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// 0 서울, 1 경기, 2 a metropolitan city, 3 elsewhere.
    pub(crate) class: usize,
    /// 0 a district, 1 a city, 2 a county.
    pub(crate) kind: usize,
}

impl Area {
    /// How many persons the marginals count there.
    pub fn persons(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// Of one sex (0 men, 1 women) in one group of five years.
    pub fn count(&self, sex: usize, group: usize) -> u64 {
        self.counts.get(sex).and_then(|counts| counts.get(group)).copied().unwrap_or(0)
    }

    pub(crate) fn province(&self) -> &str {
        self.code.get(..2).unwrap_or("")
    }
}

#[derive(Debug, Clone)]
pub struct Marginals {
    pub(crate) areas: Vec<Area>,
    rows: BTreeMap<String, Vec<i64>>,
    hash: [u8; 32],
}

impl Marginals {
    /// Reads `population/areas.tsv` and `population/assumptions.tsv` of a pack.
    pub fn parse(areas: &str, assumptions: &str) -> Result<Marginals, Fault> {
        let mut hash = Sha256::new();
        for text in [areas, assumptions] {
            hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
            hash.update(text.as_bytes());
        }
        Ok(Marginals {
            areas: read_areas(areas)?,
            rows: read_rows(assumptions)?,
            hash: hash.finalize().into(),
        })
    }

    /// In the order of their codes.
    pub fn areas(&self) -> &[Area] {
        &self.areas
    }

    pub fn hash(&self) -> [u8; 32] {
        self.hash
    }

    /// A row of exactly so many values.
    pub(crate) fn row<const N: usize>(&self, name: &str) -> Result<[u64; N], Fault> {
        let values = self.rows.get(name).ok_or_else(|| {
            Fault::new(ASSUMPTIONS, format!("there is no row {name}"), "add it, with its values and a note")
        })?;
        let whole: Vec<u64> = values.iter().filter_map(|value| u64::try_from(*value).ok()).collect();
        <[u64; N]>::try_from(whole).map_err(|_| {
            Fault::new(
                ASSUMPTIONS,
                format!("{name} has {} values", values.len()),
                format!("give it {N}, none below zero"),
            )
        })
    }

    pub(crate) fn one(&self, name: &str) -> Result<u64, Fault> {
        self.row::<1>(name).map(|[value]| value)
    }

    pub(crate) fn by_sex(&self, name: &str) -> Result<Table, Fault> {
        Ok([self.row(&format!("{name}.men"))?, self.row(&format!("{name}.women"))?])
    }
}

const AREAS: &str = "population/areas.tsv";
const ASSUMPTIONS: &str = "population/assumptions.tsv";

fn lines(text: &str) -> impl Iterator<Item = (usize, Vec<&str>)> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.starts_with('#') && !line.trim().is_empty())
        .map(|(number, line)| (number + 1, line.split('\t').collect()))
}

fn read_areas(text: &str) -> Result<Vec<Area>, Fault> {
    let mut areas: Vec<Area> = Vec::new();
    for (number, columns) in lines(text) {
        let fault = |what: String, todo: &str| Fault::new(format!("{AREAS}:{number}"), what, todo);
        let [code, name, men, women] = columns.as_slice() else {
            return Err(fault(
                format!("{} columns", columns.len()),
                "write code, name, counts of men, counts of women, with tabs between",
            ));
        };
        let table = |text: &str| -> Option<[u64; GROUPS]> {
            let counts: Option<Vec<u64>> =
                text.split(' ').map(|n| n.parse::<u32>().ok().map(u64::from)).collect();
            counts?.try_into().ok()
        };
        let counts = table(men)
            .zip(table(women))
            .map(|(men, women)| [men, women])
            .ok_or_else(|| fault("counts that can't be read".into(), "write 21 whole numbers a sex"))?;
        if areas.last().is_some_and(|last| last.code.as_str() >= *code) {
            return Err(fault(format!("{code} is out of order"), "order the areas by code, each once"));
        }
        let class = match () {
            () if name.starts_with("서울") => 0,
            () if name.starts_with("경기") => 1,
            () if name.contains("광역시") || name.starts_with("세종") => 2,
            () => 3,
        };
        let kind = match name.chars().last() {
            Some('구') => 0,
            Some('군') => 2,
            _ => 1,
        };
        areas.push(Area {
            code: (*code).to_owned(),
            name: (*name).to_owned(),
            counts,
            place: Place { class, kind },
        });
    }
    let nobody = areas.iter().map(Area::persons).sum::<u64>() == 0;
    if nobody || areas.len() > usize::from(u16::MAX) {
        return Err(Fault::new(
            AREAS,
            format!("{} areas with nobody in them", areas.len()),
            "add the counts",
        ));
    }
    Ok(areas)
}

fn read_rows(text: &str) -> Result<BTreeMap<String, Vec<i64>>, Fault> {
    let mut rows = BTreeMap::new();
    for (number, columns) in lines(text) {
        let fault = |what: String, todo: &str| Fault::new(format!("{ASSUMPTIONS}:{number}"), what, todo);
        let [name, _unit, values, note] = columns.as_slice() else {
            return Err(fault(
                format!("{} columns", columns.len()),
                "write name, unit, values, note, with tabs between",
            ));
        };
        if note.trim().is_empty() {
            return Err(fault(
                format!("{name} has no note"),
                "say which figure it follows, or that it is assumed",
            ));
        }
        let read: Option<Vec<i64>> =
            values.split(' ').map(|n| n.parse::<u32>().ok().map(i64::from)).collect();
        let read =
            read.ok_or_else(|| fault(format!("values of {name} that can't be read"), "write whole numbers"))?;
        if rows.insert((*name).to_owned(), read).is_some() {
            return Err(fault(format!("{name} is here twice"), "keep one"));
        }
    }
    Ok(rows)
}
