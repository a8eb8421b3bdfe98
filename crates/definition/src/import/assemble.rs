//! Joins the rows of the three lists into services.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value as Json};

use super::{
    Report,
    apply::Incoming,
    wire::{self, Conditions, Listed, TEXTS},
};
use crate::{
    List,
    catalogue::{Brief, Deadline, entry_id},
    gov24,
};

/// Everything that was read.
#[derive(Default)]
pub(crate) struct Found {
    services: Vec<Service>,
    by_id: HashMap<String, usize>,
    /// Listed, but not usable: neither imported nor withdrawn.
    spoilt: HashSet<String>,
    unusable: Vec<(String, String)>,
    /// Rows of the service list.
    read: usize,
    /// Every row of every list was there.
    pub(crate) complete: bool,
    /// Every row of supportConditions was there: a service without one has none.
    pub(crate) all_conditions: bool,
    /// A row of the list could be any service.
    nameless: bool,
}

struct Service {
    source_id: String,
    listed: Listed,
    detail: Option<BTreeMap<&'static str, String>>,
    conditions: Option<Conditions>,
}

/// A service ready to be kept.
pub(crate) struct Ready {
    pub(crate) id: String,
    pub(crate) brief: Brief,
    pub(crate) body: String,
    /// Its conditions may be on a page that was not read.
    pub(crate) conditions_missing: bool,
}

impl Found {
    /// Nothing yet, and nothing known to be missing.
    pub(crate) fn new() -> Found {
        Found { complete: true, all_conditions: true, ..Found::default() }
    }

    /// Takes the rows of one page of list number `list`.
    pub(crate) fn take(&mut self, list: usize, place: &str, rows: Vec<Json>) {
        for (number, row) in (1..).zip(rows) {
            let taken = match list {
                0 => self.take_listed(&row),
                1 => self.take_detail(&row),
                _ => self.take_conditions(&row),
            };
            for what in taken {
                self.unusable.push((format!("{place} row {number}"), what));
            }
        }
    }

    fn take_listed(&mut self, row: &Json) -> Vec<String> {
        self.read += 1;
        let source_id = match wire::id_of(row) {
            Ok(id) => id,
            Err(why) => {
                self.nameless = true;
                return vec![why];
            }
        };
        let id = source_id.to_ascii_lowercase();
        if let Some(first) = self.by_id.get(&id).and_then(|at| self.services.get(*at)) {
            let same = Listed::read(row).as_ref() == Ok(&first.listed);
            let how =
                if same { "and says the same" } else { "and says something else; the first one is taken" };
            return vec![format!("{source_id} is in the list twice {how}")];
        }
        match Listed::read(row) {
            Ok(listed) => {
                self.spoilt.remove(&id);
                self.by_id.insert(id, self.services.len());
                self.services.push(Service { source_id, listed, detail: None, conditions: None });
                Vec::new()
            }
            Err(why) => {
                self.spoilt.insert(id);
                vec![format!("{source_id}: {why}")]
            }
        }
    }

    /// The listed service a row of another list is about. A row about an unusable one has been told of already.
    fn about(&mut self, row: &Json) -> Result<Option<&mut Service>, String> {
        let source_id = wire::id_of(row)?;
        let id = source_id.to_ascii_lowercase();
        match self.by_id.get(&id) {
            Some(at) => Ok(self.services.get_mut(*at)),
            None if self.spoilt.contains(&id) => Ok(None),
            None => Err(format!("{source_id} is not in serviceList")),
        }
    }

    fn take_detail(&mut self, row: &Json) -> Vec<String> {
        let texts: BTreeMap<&'static str, String> = wire::detail(row).into_iter().collect();
        match self.about(row) {
            Ok(None) => Vec::new(),
            Ok(Some(service)) => match &service.detail {
                Some(first) if *first != texts => {
                    vec![format!("{} has two details; the first one is taken", service.source_id)]
                }
                Some(_) => Vec::new(),
                None => {
                    service.detail = Some(texts);
                    Vec::new()
                }
            },
            Err(why) => vec![why],
        }
    }

    fn take_conditions(&mut self, row: &Json) -> Vec<String> {
        let read = Conditions::read(row);
        match self.about(row) {
            Ok(None) => Vec::new(),
            Ok(Some(service)) => match &service.conditions {
                Some(first) if *first != read => {
                    vec![format!("{} has two sets of conditions; the first one is taken", service.source_id)]
                }
                Some(_) => Vec::new(),
                None => {
                    let told = read.wrong.iter().map(|why| format!("{}: {why}", service.source_id)).collect();
                    service.conditions = Some(read);
                    told
                }
            },
            Err(why) => vec![why],
        }
    }

    /// The services, ready to be kept; `address` is that of their own pages.
    pub(crate) fn incoming(self, address: &str) -> Incoming {
        let all = self.all_conditions;
        Incoming {
            list: List::Gov24,
            ready: self.services.into_iter().filter_map(|service| service.ready(address, all)).collect(),
            spoilt: self.spoilt,
            report: Report {
                read: self.read,
                complete: self.complete,
                unusable: self.unusable,
                ..Report::default()
            },
            nameless: self.nameless,
        }
    }
}

impl Service {
    fn ready(self, address: &str, all_conditions: bool) -> Option<Ready> {
        let mut texts: BTreeMap<&'static str, String> = self.listed.texts.into_iter().collect();
        texts.extend(self.detail.unwrap_or_default());
        let text = |key: &str| texts.get(key).map(String::as_str).unwrap_or_default();
        let url = self.listed.url;
        let usual = url.strip_prefix(address).is_some_and(|rest| rest == self.source_id);
        let conditions_missing = self.conditions.is_none() && !all_conditions;
        let (ages, flags) = match self.conditions {
            Some(read) => (read.ages, read.flags),
            // No row, no conditions that could be read: nobody knows (reading 8 of gov24.rs).
            None => (gov24::Ages::read(None, None), None),
        };
        let brief = Brief {
            name: self.listed.name,
            agency: self.listed.agency,
            agency_kind: self.listed.agency_kind,
            field: self.listed.field,
            ages,
            flags,
            deadline: match text("deadline") {
                "" => Deadline::Unstated,
                words => gov24::deadline(words),
            },
            url: if usual { String::new() } else { url },
            summary: text("summary").to_owned(),
            suggests: String::new(),
            source_id: self.source_id,
        };
        let kept: Map<String, Json> = TEXTS
            .iter()
            .filter_map(|key| texts.get(key).map(|text| ((*key).to_owned(), Json::from(text.as_str()))))
            .collect();
        let id = entry_id(&brief.source_id).ok()?;
        Some(Ready { id, brief, body: Json::Object(kept).to_string(), conditions_missing })
    }
}
