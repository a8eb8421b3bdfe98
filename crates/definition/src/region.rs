//! Provinces, cities, counties and districts, with the names they used to have.

use std::collections::HashMap;

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use crate::{fault::Fault, files::Files, gov24};

const FILE: &str = "regions.tsv";

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Region {
    pub code: String,
    /// The full name: `경기도 수원시`.
    pub name: String,
    /// The code of the region it lies in.
    pub parent: Option<String>,
    pub former: Vec<String>,
    /// Its place among the smallest regions: it covers those from `first` up to but without `end`.
    #[serde(skip)]
    pub(crate) first: u32,
    #[serde(skip)]
    pub(crate) end: u32,
}

impl Region {
    /// Its number among the smallest regions, when it is one.
    pub fn leaf(&self) -> Option<u16> {
        (self.end == self.first + 1).then(|| u16::try_from(self.first).ok()).flatten()
    }

    /// The name without the regions it lies in: `수원시`.
    pub fn short(&self) -> &str {
        self.name.rsplit(' ').next().unwrap_or(&self.name)
    }
}

/// Whom a public body serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area<'a> {
    Nation,
    Region(&'a Region),
    Unknown,
}

/// Why a text names no one region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vague {
    /// Several have that name: `중구`.
    Several,
    Nowhere,
}

#[derive(Debug, Clone, Default)]
pub struct Regions {
    list: Vec<Region>,
    by_code: HashMap<String, usize>,
    by_name: HashMap<String, usize>,
    /// The smallest regions, in the order that makes every region one span of them.
    leaves: Vec<usize>,
}

impl Regions {
    pub(crate) fn read(files: &Files, faults: &mut Vec<Fault>) -> Regions {
        let mut regions = Regions::default();
        let Some(text) = files.get(FILE) else {
            faults.push(Fault::of_pack(
                FILE,
                0,
                "there is no such file",
                "add it; packs/README.md tells its form",
            ));
            return regions;
        };
        for (number, line) in text.lines().enumerate() {
            let mut fault =
                |what: String, todo: &str| faults.push(Fault::of_pack(FILE, number + 1, what, todo));
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            let columns: Vec<&str> = line.split('\t').collect();
            let (code, name) =
                (columns.first().copied().unwrap_or(""), columns.get(1).copied().unwrap_or("").trim());
            if name.is_empty() || code.is_empty() || !code.bytes().all(|b| b.is_ascii_digit()) {
                fault("no code and name".into(), "write code, name, parent, former names, with tabs between");
                continue;
            }
            let parent = columns.get(2).copied().filter(|p| !p.is_empty());
            if parent.is_some_and(|p| !regions.by_code.contains_key(p)) {
                fault(
                    format!("{name} lies in {}, which is not above", parent.unwrap_or("")),
                    "put the province first",
                );
                continue;
            }
            let former: Vec<String> = columns
                .get(3)
                .unwrap_or(&"")
                .split('|')
                .map(str::trim)
                .filter(|f| !f.is_empty())
                .map(str::to_owned)
                .collect();
            let place = regions.list.len();
            if regions.by_code.insert(code.into(), place).is_some() {
                fault(format!("code {code} is here twice"), "give each region its own code");
            }
            for called in std::iter::once(name).chain(former.iter().map(String::as_str)) {
                if regions.by_name.insert(called.nfc().collect(), place).is_some() {
                    fault(format!("{called} is here twice"), "a name may mean one region only");
                }
            }
            regions.list.push(Region {
                code: code.into(),
                name: name.nfc().collect(),
                parent: parent.map(str::to_owned),
                former,
                first: 0,
                end: 0,
            });
        }
        regions.lay_out();
        regions
    }

    /// Numbers the smallest regions so that each region is one span of them.
    fn lay_out(&mut self) {
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); self.list.len()];
        let mut tops = Vec::new();
        for (place, region) in self.list.iter().enumerate() {
            match region.parent.as_ref().and_then(|p| self.by_code.get(p)).and_then(|p| children.get_mut(*p))
            {
                Some(siblings) => siblings.push(place),
                None => tops.push(place),
            }
        }
        tops.into_iter().for_each(|top| self.number(top, &children));
    }

    fn number(&mut self, place: usize, children: &[Vec<usize>]) {
        let next = |leaves: &Vec<usize>| u32::try_from(leaves.len()).unwrap_or(u32::MAX);
        let first = next(&self.leaves);
        match children.get(place) {
            Some(inner) if !inner.is_empty() => inner.iter().for_each(|c| self.number(*c, children)),
            _ => self.leaves.push(place),
        }
        let end = next(&self.leaves);
        if let Some(region) = self.list.get_mut(place) {
            (region.first, region.end) = (first, end);
        }
    }

    /// By name, former name or code. A longer text resolves by its longest part that ends at a space: `경기도 수원시 팔달구` is
    /// `경기도 수원시`; a longer code by its first five, then two digits.
    pub fn find(&self, text: &str) -> Option<&Region> {
        let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect();
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            let part = |digits: usize| text.get(..digits).and_then(|code| self.by_code.get(code));
            return part(text.len()).or_else(|| part(5)).or_else(|| part(2)).and_then(|p| self.list.get(*p));
        }
        let mut rest = text.as_str();
        loop {
            if let Some(place) = self.by_name.get(rest) {
                return self.list.get(*place);
            }
            rest = rest.rsplit_once(' ')?.0;
        }
    }

    pub fn by_code(&self, code: &str) -> Option<&Region> {
        self.by_code.get(code).and_then(|p| self.list.get(*p))
    }

    /// Whom an agency of the catalogue serves, by its name and kind.
    pub fn of_agency(&self, agency: &str, kind: &str) -> Area<'_> {
        gov24::area(self, agency, kind)
    }

    /// Whether somebody of `region` lives in `area`. Nobody is known to live in an unknown area.
    pub fn within(&self, region: &Region, area: Area<'_>) -> bool {
        match area {
            Area::Nation => true,
            Area::Region(outer) => outer.first <= region.first && region.end <= outer.end,
            Area::Unknown => false,
        }
    }

    /// The region that an address or a description names: in full (`경기도 수원시 팔달구 …`), or from its city, county or
    /// district on where only one has that name (`수원시 팔달구 …`, `강릉시 …`).
    pub fn named_in(&self, text: &str) -> Result<&Region, Vague> {
        let text: String = text.nfc().collect();
        let words: Vec<&str> =
            text.split(|c: char| c.is_whitespace() || c == ',').filter(|w| !w.is_empty()).collect();
        let mut several = false;
        for start in 0..words.len() {
            for length in (1..=3).rev() {
                let Some(words) = words.get(start..start.saturating_add(length)) else { continue };
                let name = words.join(" ");
                if let Some(place) = self.by_name.get(&name).and_then(|p| self.list.get(*p)) {
                    return Ok(place);
                }
                // `수원시 팔달구` or `경기 수원시 팔달구` for `경기도 수원시 팔달구`.
                let tail = format!(" {name}");
                let short = |region: &Region| {
                    let parts = name.split_once(' ').zip(region.name.split_once(' '));
                    parts.is_some_and(|((a, rest), (b, all))| b.starts_with(a) && rest == all)
                };
                let mut named = self.list.iter().filter(|r| r.name.ends_with(&tail) || short(r));
                match (named.next(), named.next()) {
                    (Some(only), None) => return Ok(only),
                    (Some(_), Some(_)) => several = true,
                    _ => {}
                }
            }
        }
        Err(if several { Vague::Several } else { Vague::Nowhere })
    }

    pub fn parent(&self, region: &Region) -> Option<&Region> {
        region.parent.as_ref().and_then(|code| self.by_code(code))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Region> {
        self.list.iter()
    }

    /// The smallest regions, in the order of their numbers.
    pub(crate) fn leaves(&self) -> impl Iterator<Item = &Region> {
        self.leaves.iter().filter_map(|p| self.list.get(*p))
    }
}
