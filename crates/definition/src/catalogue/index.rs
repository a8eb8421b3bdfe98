//! What is kept in memory of the catalogue: enough to answer, rank and find, no texts.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, LazyLock},
};

use maru_kernel::{At, Both, Date, Lang, Result};
use maru_rules::{Group, Kind, Restriction, Screen};
use maru_store::Store;

use super::{
    Brief, CatalogueNote, Confirmed, Deadline, Entry, List, Name, Origin, SHIPPED, Unread,
    merge::{self, Compared},
    tables,
};
use crate::{
    Pack, Service, To,
    fact::FactKind,
    gov24::{self, Shape},
    region::Area,
    search::Search,
    suggest::{self, Asks},
};

type Making = Box<dyn FnOnce() -> Result<Search> + Send>;

pub(crate) struct Index {
    /// In the catalogue's order.
    pub(crate) entries: Vec<Arc<Entry>>,
    pub(crate) shapes: Vec<Shape>,
    pub(crate) narrowness: Vec<u32>,
    by_id: HashMap<String, usize>,
    /// Services written in depth, in the order of their places. The screen leaves them out.
    pub(crate) deep: Vec<(usize, Arc<Service>)>,
    pub(crate) groups: Vec<Group>,
    pub(crate) screen: Screen,
    pub(crate) words: Words,
    /// Made when somebody searches first.
    pub(crate) search: LazyLock<Result<Search>, Making>,
    pub(crate) note: Arc<CatalogueNote>,
    pub(crate) leaves: usize,
}

/// Which fact of the dictionary speaks for which option of which group.
#[derive(Debug, Default)]
pub(crate) struct Words {
    pub(crate) sex: Option<String>,
    pub(crate) age: Option<String>,
    pub(crate) income: Option<String>,
    pub(crate) region: Option<String>,
    /// The sexes, as the dictionary words them.
    pub(crate) sexes: Vec<(String, u32)>,
    /// Traits: group, option, fact.
    pub(crate) traits: Vec<(usize, u32, String)>,
}

impl Words {
    pub(crate) fn of(pack: &Pack) -> Words {
        let mut words = Words::default();
        for fact in &pack.facts {
            match fact.group.as_deref() {
                Some("sex") => {
                    words.sex = Some(fact.name.clone());
                    let option = |code: &Option<String>| code.as_deref().and_then(gov24::option_of);
                    let sexes =
                        fact.choices.iter().filter_map(|c| Some((c.value.clone(), option(&c.code)?.1)));
                    words.sexes = sexes.collect();
                }
                Some("age") => words.age = Some(fact.name.clone()),
                Some("income") => words.income = Some(fact.name.clone()),
                Some("region") => words.region = Some(fact.name.clone()),
                Some("person" | "household") if fact.kind == FactKind::Boolean => {
                    let options = fact.codes.iter().filter_map(|code| gov24::option_of(code));
                    words.traits.extend(options.map(|(group, option)| (group, option, fact.name.clone())));
                }
                _ => {}
            }
        }
        words
    }

    pub(crate) fn trait_fact(&self, group: usize, option: u32) -> Option<&str> {
        self.traits.iter().find(|(g, o, _)| (*g, *o) == (group, option)).map(|(.., fact)| fact.as_str())
    }
}

pub(crate) fn groups(leaves: usize) -> Vec<Group> {
    gov24::GROUPS
        .iter()
        .enumerate()
        .map(|(place, id)| Group {
            id: (*id).into(),
            options: gov24::options(place, leaves),
            kind: match place {
                gov24::PERSON | gov24::HOUSEHOLD | gov24::UNREAD => Kind::AnyOf,
                _ => Kind::OneOf,
            },
        })
        .collect()
}

pub(crate) fn restriction(shape: &Shape) -> Restriction {
    let flags = |options: Option<u16>| {
        options.map(|set| (0..16).filter(|option| set >> option & 1 == 1).collect::<Vec<u32>>())
    };
    let groups = gov24::GROUPS.iter().enumerate().map(|(place, _)| match place {
        gov24::AGE => shape.ages.map(|(from, to)| (u32::from(from)..=u32::from(to)).collect()),
        gov24::REGION => shape.region.map(|(first, end)| (u32::from(first)..u32::from(end)).collect()),
        gov24::UNREAD => shape.unread.then(|| vec![0]),
        _ => flags(shape.flags_of(place)),
    });
    Restriction { groups: groups.collect(), never: shape.never }
}

impl Index {
    pub(crate) async fn load(store: &Store, pack: &Pack) -> Result<Index> {
        let mut areas = Areas { pack, known: HashMap::new() };
        let entries = areas.rows(store, List::Gov24).await?;
        let others = areas.rows(store, List::Bokjiro).await?;
        let mut confirmed: HashMap<String, Vec<Confirmed>> = HashMap::new();
        for row in tables::confirmed(store).await? {
            let (key, by, at) = (row.string("key")?, row.string("confirmed_by")?, row.at("at")?);
            confirmed.entry(row.string("id")?).or_default().push(Confirmed { key, by, at });
        }
        let mut building = Building {
            pack,
            confirmed,
            entries: Vec::new(),
            shapes: Vec::new(),
            deep: Vec::new(),
            texts: Vec::new(),
        };
        building.all(entries, others);
        let note = note(store, pack, building.entries.len()).await?;
        Ok(building.index(note))
    }

    /// A service's place, by its id or by its entry's.
    pub(crate) fn place(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn deep_at(&self, place: usize) -> Option<&Arc<Service>> {
        let found = self.deep.binary_search_by_key(&place, |(place, _)| *place).ok()?;
        self.deep.get(found).map(|(_, service)| service)
    }
}

/// What was confirmed counts as a condition beside those that nobody has read: it excludes, and makes nothing *yes*.
fn restrict(entry: &mut Entry, shape: &mut Shape, area: Area<'_>) {
    let mut flags = 0;
    let mut ages = None;
    for asks in entry.confirmed.iter().filter_map(|confirmed| Asks::read(&confirmed.key)) {
        match asks {
            Asks::Ages(span) => ages = Some(span),
            Asks::Income(percent) => flags |= suggest::bands(percent),
            Asks::Flag(bit) => flags |= 1 << bit,
        }
    }
    if let Some(span) = ages {
        entry.ages = Some(span).filter(|span| span.span().is_some());
    }
    *shape = Shape {
        unread: true,
        ..Shape::read(Some(flags), ages.or(entry.ages).or(gov24::Ages::read(None, None)), area)
    };
}

/// More kinds of people than this say nothing of what a service is about.
const FEW_KINDS: usize = 3;

/// One row of a list as it stands.
struct Listed<'a> {
    brief: Brief,
    area: Area<'a>,
    origin: Origin,
}

/// An agency's area is worked out once: some own hundreds of services.
struct Areas<'a> {
    pack: &'a Pack,
    known: HashMap<(String, String), Area<'a>>,
}

impl<'a> Areas<'a> {
    async fn rows(&mut self, store: &Store, list: List) -> Result<Vec<Listed<'a>>> {
        let address = self.pack.catalogue.as_ref().map(|c| c.address.as_str()).unwrap_or_default();
        let mut listed = Vec::new();
        for row in &tables::current_entries(store, list.kind()).await? {
            let mut brief = Brief::read(row.text("brief")?).map_err(maru_kernel::Error::Internal)?;
            let agency = (brief.agency.clone(), brief.agency_kind.clone());
            let area = *self.known.entry(agency).or_insert_with(|| brief.area(&self.pack.regions));
            let url = std::mem::take(&mut brief.url);
            let usual = url.is_empty() && list == List::Gov24;
            let origin = Origin {
                list,
                id: row.string("id")?,
                source_id: brief.source_id.clone(),
                url: if usual { format!("{address}{}", brief.source_id) } else { url },
                source: row.string("source")?,
                since: row.at("since")?,
            };
            listed.push(Listed { brief, area, origin });
        }
        Ok(listed)
    }
}

struct Building<'a> {
    pack: &'a Pack,
    /// Suggestions that count, by the row's id.
    confirmed: HashMap<String, Vec<Confirmed>>,
    entries: Vec<Arc<Entry>>,
    shapes: Vec<Shape>,
    deep: Vec<(usize, Arc<Service>)>,
    texts: Vec<(Vec<String>, Vec<String>)>,
}

impl<'a> Building<'a> {
    /// Services of the first list, those written in depth that it does not hold, and what only the second list has.
    fn all(&mut self, entries: Vec<Listed<'a>>, others: Vec<Listed<'a>>) {
        let pack = self.pack;
        let held: HashSet<&str> = entries.iter().map(|row| row.brief.source_id.as_str()).collect();
        let unheld = |s: &&Arc<Service>| {
            s.to != To::Objected && !s.ended && s.source_id.as_deref().is_none_or(|id| !held.contains(id))
        };
        let rest: Vec<Arc<Service>> = pack.services.iter().filter(unheld).cloned().collect();
        let compare = |row: &'_ Listed<'a>| (row.brief.name.clone(), row.brief.agency.clone(), row.area);
        let mut first: Vec<(String, String, Area<'a>)> = entries.iter().map(compare).collect();
        first.extend(rest.iter().map(|service| {
            let agency = pack.agency(&service.owner).map(|a| a.name.ko.clone()).unwrap_or_default();
            (service.text(Lang::Ko).name.clone(), agency, Area::Nation)
        }));
        let second: Vec<(String, String, Area<'a>)> = others.iter().map(compare).collect();
        fn sides<'b>(rows: &'b [(String, String, Area<'b>)]) -> Vec<Compared<'b>> {
            rows.iter().map(|(name, agency, area)| Compared { name, agency, area: *area }).collect()
        }
        let pairs = merge::pairs(&sides(&first), &sides(&second));
        let mut also: HashMap<usize, Listed<'a>> = HashMap::new();
        let mut alone = Vec::new();
        for (other, pair) in others.into_iter().zip(pairs) {
            match pair {
                Some(place) => drop(also.insert(place, other)),
                None => alone.push(other),
            }
        }
        for (place, entry) in (0..).zip(entries) {
            self.add(entry, also.remove(&place));
        }
        let nothing = Shape::read(Some(0), gov24::Ages::read(None, None), Area::Nation);
        for (place, service) in (first.len().saturating_sub(rest.len())..).zip(rest) {
            let texts = vec![service.field.clone()];
            self.add_deep(
                service,
                None,
                also.remove(&place).map(|row| (row.origin, row.brief)),
                nothing,
                texts,
            );
        }
        for other in alone {
            self.add(other, None);
        }
    }

    fn add(&mut self, row: Listed<'a>, also: Option<Listed<'a>>) {
        let Listed { brief, area, origin } = row;
        let service = match origin.list {
            List::Gov24 => {
                self.pack.services.iter().find(|s| !s.ended && s.source_id.as_ref() == Some(&brief.source_id))
            }
            List::Bokjiro => None,
        };
        let mut shape = brief.shape(area);
        let mut entry = Entry {
            id: origin.id.clone(),
            name: Name { ko: brief.name.clone(), en: None },
            agency: brief.agency.clone(),
            field: brief.field.clone(),
            area: match area {
                Area::Region(region) => Some(region.name.clone()),
                Area::Nation | Area::Unknown => None,
            },
            deadline: brief.deadline,
            ages: brief.ages.filter(|ages| ages.span().is_some()),
            flags: brief.flags,
            unread: brief.unread(area),
            url: origin.url.clone(),
            in_depth: false,
            source: origin.source.clone(),
            since: origin.since,
            source_id: Some(brief.source_id.clone()),
            suggested: Vec::new(),
            confirmed: Vec::new(),
            origins: vec![origin],
        };
        let also = also.map(|row| (row.origin, row.brief));
        // A text is asked only where no code speaks.
        let telling = match &also {
            Some((origin, other)) if entry.unread == Some(Unread::Conditions) => Some((&origin.id, other)),
            None if entry.origins.iter().all(|origin| origin.list == List::Bokjiro) => {
                Some((&entry.id, &brief))
            }
            _ => None,
        };
        if let Some((id, told)) = telling {
            let suggested: Vec<String> = told.suggests.split_whitespace().map(str::to_owned).collect();
            let known = self.confirmed.get(id).cloned().unwrap_or_default();
            // Of a text that has changed only what it still says counts.
            entry.confirmed = known.into_iter().filter(|c| suggested.contains(&c.key)).collect();
            entry.suggested = suggested;
            restrict(&mut entry, &mut shape, area);
        }
        let mut rest = vec![brief.agency, brief.field, brief.summary];
        rest.extend(self.meant_for(&entry));
        match service {
            Some(service) => self.add_deep(service.clone(), Some(entry), also, shape, rest),
            None => {
                let mut names = vec![brief.name];
                self.tell_also(&mut entry, also, &mut names, &mut rest);
                self.texts.push((names, rest));
                self.entries.push(Arc::new(entry));
                self.shapes.push(shape);
            }
        }
    }

    /// A service that a second list has, too, is found by its words there and names both.
    fn tell_also(
        &self,
        entry: &mut Entry,
        also: Option<(Origin, Brief)>,
        names: &mut Vec<String>,
        rest: &mut Vec<String>,
    ) {
        let Some((origin, brief)) = also else { return };
        if !names.contains(&brief.name) {
            names.push(brief.name);
        }
        rest.push(brief.summary);
        entry.origins.push(origin);
    }

    /// Whom it is meant for, where the codes name a few kinds of people.
    fn meant_for(&self, entry: &Entry) -> Vec<String> {
        let codes = entry.codes();
        let named = |fact: &&crate::FactDef| {
            matches!(fact.group.as_deref(), Some("person" | "household"))
                && fact.codes.iter().any(|code| codes.contains(&code.as_str()))
        };
        let kinds: Vec<String> =
            self.pack.facts.iter().filter(named).map(|fact| fact.label.ko.clone()).collect();
        if kinds.len() <= FEW_KINDS { kinds } else { Vec::new() }
    }

    /// A service written in depth takes the place of its entry, with words of its own.
    fn add_deep(
        &mut self,
        service: Arc<Service>,
        entry: Option<Entry>,
        also: Option<(Origin, Brief)>,
        shape: Shape,
        mut rest: Vec<String>,
    ) {
        let (ko, en) = (service.text(Lang::Ko), service.text(Lang::En));
        let name = Name { ko: ko.name.clone(), en: Some(en.name.clone()) };
        let agency = self.pack.agency(&service.owner).map(|a| a.name.ko.clone()).unwrap_or_default();
        let blank = || Entry {
            id: String::new(),
            source_id: service.source_id.clone(),
            name: name.clone(),
            agency: agency.clone(),
            field: service.field.clone(),
            area: None,
            deadline: Deadline::Always,
            ages: None,
            flags: None,
            unread: None,
            url: service.url.clone(),
            in_depth: true,
            source: "pack".into(),
            since: At::start_of(service.version),
            origins: Vec::new(),
            suggested: Vec::new(),
            confirmed: Vec::new(),
        };
        let mut entry = entry.unwrap_or_else(blank);
        rest.extend([ko.summary.clone(), ko.gives.clone(), en.summary.clone(), agency]);
        let mut names = vec![ko.name.clone(), en.name.clone()];
        if !names.contains(&entry.name.ko) {
            names.push(entry.name.ko.clone());
        }
        self.tell_also(&mut entry, also, &mut names, &mut rest);
        self.texts.push((names, rest));
        self.deep.push((self.entries.len(), service.clone()));
        self.entries.push(Arc::new(Entry {
            id: service.id.clone(),
            name,
            in_depth: true,
            unread: None,
            suggested: Vec::new(),
            confirmed: Vec::new(),
            ..entry
        }));
        // The rules speak, not the codes: the screen has nothing to say of it.
        self.shapes.push(Shape { never: true, ..shape });
    }

    fn index(mut self, note: CatalogueNote) -> Index {
        let leaves = self.pack.regions.leaves().count();
        let groups = groups(leaves);
        let mut by_id = HashMap::with_capacity(self.entries.len());
        for (place, entry) in self.entries.iter().enumerate() {
            by_id.insert(entry.id.clone(), place);
            by_id.extend(entry.origins.iter().map(|origin| (origin.id.clone(), place)));
            if entry.in_depth
                && let Some(id) = entry.source_id.as_deref().and_then(|id| List::Gov24.id(id).ok())
            {
                by_id.insert(id, place);
            }
        }
        self.entries.shrink_to_fit();
        let texts = self.texts;
        Index {
            screen: Screen::build(groups.clone(), self.shapes.iter().map(restriction)),
            search: LazyLock::new(Box::new(move || Search::build(texts.into_iter()))),
            words: Words::of(self.pack),
            narrowness: self.shapes.iter().map(|s| s.narrowness(leaves)).collect(),
            entries: self.entries,
            shapes: self.shapes,
            by_id,
            deep: self.deep,
            groups,
            note: Arc::new(note),
            leaves,
        }
    }
}

async fn note(store: &Store, pack: &Pack, count: usize) -> Result<CatalogueNote> {
    let shipped = pack.catalogue.as_ref();
    let import = tables::last_import(store).await?;
    let told = |f: fn(&crate::pack::ShippedSource) -> Both| shipped.map(|s| f(&s.source)).unwrap_or_default();
    let whole = Both::new("공식 목록 전체를 여기에서 받았습니다.", "The whole official list, read here.");
    let part = Both::new(
        "공식 목록의 일부를 여기에서 받았습니다. 받지 못한 것은 전에 있던 대로입니다.",
        "Part of the official list, read here. What was not read is as it was before.",
    );
    let (as_of, coverage) = match &import {
        Some(row) => {
            let report: serde_json::Value = serde_json::from_str(row.text("report")?).unwrap_or_default();
            let complete = report.get("complete").and_then(serde_json::Value::as_bool).unwrap_or(false);
            (row.at("begun")?.date(), if complete { whole } else { part })
        }
        None => (
            shipped.and_then(|s| s.as_of()).unwrap_or(Date::ZERO),
            shipped.map(|s| s.coverage.note.clone()).unwrap_or_default(),
        ),
    };
    Ok(CatalogueNote {
        source: told(|s| s.name.clone()),
        owner: told(|s| s.owner.clone()),
        dataset: shipped.map(|s| s.source.dataset.clone()).unwrap_or_default(),
        licence: told(|s| s.licence.clone()),
        as_of,
        count,
        coverage,
        imported: import.as_ref().is_some_and(|row| row.maybe_text("source") != Some(SHIPPED)),
    })
}
