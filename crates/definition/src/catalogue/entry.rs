use maru_kernel::{At, Lang};
use serde::{Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;

use crate::{
    gov24::{self, Shape},
    region::{Area, Regions},
};

pub use crate::gov24::{Ages, Deadline};

/// A text that may exist in Korean only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Name {
    pub ko: String,
    pub en: Option<String>,
}

impl Name {
    /// English falls back to Korean.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ko => &self.ko,
            Lang::En => self.en.as_deref().unwrap_or(&self.ko),
        }
    }
}

/// A list that the catalogue is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum List {
    /// 대한민국 공공서비스(혜택) 정보: with conditions in codes.
    Gov24,
    /// 복지로: texts only.
    Bokjiro,
}

impl List {
    pub const ALL: [List; 2] = [List::Gov24, List::Bokjiro];

    pub fn as_str(self) -> &'static str {
        match self {
            List::Gov24 => "gov24",
            List::Bokjiro => "bokjiro",
        }
    }

    /// Its rows among the versions: each list has its own, so that no import touches what another brought.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            List::Gov24 => "entry",
            List::Bokjiro => "bokjiro",
        }
    }

    /// The id a row gets from the list's own: safe in an address, a file name and a log.
    pub(crate) fn id(self, source_id: &str) -> Result<String, String> {
        checked(source_id).map(|id| format!("{}-{id}", self.as_str()))
    }
}

/// The row of a list that a service was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origin {
    pub list: List,
    /// Of the row among the definitions; a service is found by it, too.
    pub id: String,
    pub source_id: String,
    /// The list's own page of it.
    pub url: String,
    /// `shipped`, or what was imported.
    pub source: String,
    pub since: At,
}

/// A suggestion that somebody confirmed: it counts as a condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Confirmed {
    pub key: String,
    /// Who, as the administration log names them.
    pub by: String,
    pub at: At,
}

/// Any service: of the catalogue, or written in depth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    pub id: String,
    /// The catalogue's own id (서비스ID).
    pub source_id: Option<String>,
    pub name: Name,
    /// The owning agency, by its official Korean name.
    pub agency: String,
    pub field: String,
    /// The region it serves, by its full name; None: the nation, or unknown (then `unread` says so).
    pub area: Option<String>,
    pub deadline: Deadline,
    /// None: it asks no age, or its ages can't be read.
    pub ages: Option<Ages>,
    /// The catalogue's codes that are set, as bits in the order of `gov24::FLAGS`; None: it has no conditions that can be read.
    pub flags: Option<u64>,
    /// What keeps its conditions from being read.
    pub unread: Option<Unread>,
    /// The service's own page.
    pub url: String,
    pub in_depth: bool,
    /// Where its row came from: `shipped` or the address of an import.
    pub source: String,
    pub since: At,
    /// The rows it was made of, the one that speaks first; none of a service written in depth that no list holds.
    pub origins: Vec<Origin>,
    /// What its text seems to ask, by key; only of a service without conditions of its own. Answers nothing.
    pub suggested: Vec<String>,
    /// Those of them that count.
    pub confirmed: Vec<Confirmed>,
}

/// Why a service is *not yet known* for everyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unread {
    /// The list has no conditions for it, or they can't be read.
    Conditions,
    /// Its ages are the wrong way round, or no numbers.
    Ages,
    /// Its agency's name does not tell which area it serves.
    Area,
}

impl Entry {
    /// The catalogue's codes that are set.
    pub fn codes(&self) -> Vec<&'static str> {
        let set = self.flags.unwrap_or(0);
        (0..).zip(gov24::FLAGS).filter(|(bit, _)| set >> bit & 1 == 1).map(|(_, (code, ..))| code).collect()
    }
}

impl Serialize for Deadline {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Deadline::On(date) => to.serialize_str(&date.to_string()),
            Deadline::Always => to.serialize_str("always"),
            Deadline::Unstated => to.serialize_none(),
        }
    }
}

impl Serialize for Ages {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (self.from, self.to).serialize(to)
    }
}

/// The facts of one catalogue row: what the index needs of it. Kept as one line with tabs, like the file that ships.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Brief {
    pub(crate) source_id: String,
    pub(crate) name: String,
    pub(crate) agency: String,
    pub(crate) agency_kind: String,
    pub(crate) field: String,
    pub(crate) ages: Option<Ages>,
    pub(crate) flags: Option<u64>,
    pub(crate) deadline: Deadline,
    /// Empty: the page of the address everyone shares, followed by the id.
    pub(crate) url: String,
    /// For the search; empty in the file that ships.
    pub(crate) summary: String,
    /// Keys of what the text seems to ask, with blanks between; see `suggest`.
    pub(crate) suggests: String,
}

/// What stands for ages that can't be read.
const UNREAD: &str = "?";

impl Brief {
    pub(crate) fn read(line: &str) -> Result<Brief, String> {
        let mut columns = line.split('\t');
        let mut next = || columns.next().unwrap_or_default();
        let (source_id, name, agency, agency_kind, field) = (next(), next(), next(), next(), next());
        let (from, to, flags, deadline, url, summary) = (next(), next(), next(), next(), next(), next());
        let suggests = next();
        entry_id(source_id)?;
        if name.is_empty() {
            return Err("a service without a name".into());
        }
        let age = |text: &str| match text {
            "" => Ok(None),
            digits => digits.parse::<u32>().map(Some).map_err(|_| format!("{digits} is no age")),
        };
        let ages = if from == UNREAD { None } else { Ages::read(age(from)?, age(to)?) };
        let flags = match flags {
            "" => None,
            hex => {
                let set = u64::from_str_radix(hex, 16).map_err(|_| format!("{hex} is no set of codes"))?;
                if set & !gov24::ALL_FLAGS != 0 {
                    return Err(format!("{hex} sets codes that don't exist"));
                }
                Some(set)
            }
        };
        let deadline = match deadline {
            "" => Deadline::Unstated,
            "always" => Deadline::Always,
            day => Deadline::On(day.parse().map_err(|_| format!("{day} is no day"))?),
        };
        Ok(Brief {
            source_id: source_id.into(),
            name: name.nfc().collect(),
            agency: agency.nfc().collect(),
            agency_kind: agency_kind.into(),
            field: field.into(),
            ages,
            flags,
            deadline,
            url: url.into(),
            summary: summary.into(),
            suggests: suggests.into(),
        })
    }

    pub(crate) fn line(&self) -> String {
        let (from, to) = match self.ages {
            None => (UNREAD.into(), String::new()),
            Some(ages) => (ages.from.to_string(), ages.to.map(|to| to.to_string()).unwrap_or_default()),
        };
        let deadline = match self.deadline {
            Deadline::On(date) => date.to_string(),
            Deadline::Always => "always".into(),
            Deadline::Unstated => String::new(),
        };
        let flags = self.flags.map(|set| format!("{set:016x}")).unwrap_or_default();
        let columns: [&str; 12] = [
            &self.source_id,
            &self.name,
            &self.agency,
            &self.agency_kind,
            &self.field,
            &from,
            &to,
            &flags,
            &deadline,
            &self.url,
            &self.summary,
            &self.suggests,
        ];
        // A row without the last column reads as it did before there was one.
        let line = columns.map(one_line).join("\t");
        line.strip_suffix('\t').map(str::to_owned).unwrap_or(line)
    }

    pub(crate) fn area<'a>(&self, regions: &'a Regions) -> Area<'a> {
        regions.of_agency(&self.agency, &self.agency_kind)
    }

    pub(crate) fn unread(&self, area: Area<'_>) -> Option<Unread> {
        if self.flags.is_none() {
            Some(Unread::Conditions)
        } else if self.ages.is_none() {
            Some(Unread::Ages)
        } else {
            (area == Area::Unknown).then_some(Unread::Area)
        }
    }

    pub(crate) fn shape(&self, area: Area<'_>) -> Shape {
        Shape::read(self.flags, self.ages, area)
    }
}

/// Without tabs and line breaks.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The id an entry of the first list gets.
pub(crate) fn entry_id(source_id: &str) -> Result<String, String> {
    List::Gov24.id(source_id)
}

fn checked(source_id: &str) -> Result<String, String> {
    if source_id.is_empty() {
        return Err("a blank id".into());
    }
    if source_id.len() > 50 || !source_id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        let shown: String = source_id.chars().take(60).flat_map(char::escape_default).collect();
        return Err(format!("the id {shown} has more than letters, digits and hyphens, or is too long"));
    }
    Ok(source_id.to_ascii_lowercase())
}
