//! What an import changed, for whoever answers for the catalogue: row by row, field by field, and whom it gains or loses.

use maru_kernel::{At, Both, Error, Result};
use maru_store::Row;
use serde_json::{Map, Value as Json};

use crate::{
    Definitions, List, Regions,
    catalogue::{Brief, tables},
    gov24::{self, Shape},
    import::Report,
    region::Area,
};

/// One import that ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    pub id: String,
    pub list: List,
    pub source: String,
    pub at: At,
    pub report: Report,
    /// What it changed was kept row by row; of imports by an older version only the counts are known.
    pub kept: bool,
}

/// What happened to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Changed,
    Added,
    Withdrawn,
}

impl What {
    pub const ALL: [What; 3] = [What::Changed, What::Added, What::Withdrawn];

    pub fn as_str(self) -> &'static str {
        match self {
            What::Changed => "changed",
            What::Added => "added",
            What::Withdrawn => "withdrawn",
        }
    }

    pub fn parse(text: &str) -> Option<What> {
        What::ALL.into_iter().find(|what| what.as_str() == text)
    }
}

/// One row that an import touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// Of the row; its service is found by it as long as it is there.
    pub id: String,
    pub name: String,
    pub agency: String,
    /// Key, before, after: `name agency field deadline url`, or a text's key.
    pub fields: Vec<(String, String, String)>,
    pub effects: Vec<Effect>,
    /// A service written in depth stands for it: its rules decide, not these conditions.
    pub in_depth: bool,
}

/// Whom a change of the conditions gains and loses, in one group of them. Of what was added all it asks is a gain, of what is gone a loss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// Of `gov24::GROUPS`, or `applicant`.
    pub group: &'static str,
    pub gain: Option<Both>,
    pub lose: Option<Both>,
}

impl Definitions {
    /// The newest imports that ended well.
    pub async fn imports(&self, limit: i64) -> Result<Vec<Imported>> {
        tables::ended_imports(self.store(), limit).await?.iter().map(imported).collect()
    }

    pub async fn imported(&self, id: &str) -> Result<Option<Imported>> {
        tables::ended_import(self.store(), id).await?.as_ref().map(imported).transpose()
    }

    /// What an import did, from one place on: at most so many rows.
    pub async fn touched(&self, import: &str, what: What, from: i64, limit: i64) -> Result<Vec<Touched>> {
        let rows =
            tables::changes(self.store(), import, what.as_str(), from, from.saturating_add(limit)).await?;
        rows.iter().map(|row| self.touched_row(row, what)).collect()
    }

    fn touched_row(&self, row: &Row, what: What) -> Result<Touched> {
        let regions = &self.pack().regions;
        let state = |brief: &str, body: &str| -> Result<State> {
            let brief = Brief::read(row.text(brief)?).map_err(Error::Internal)?;
            Ok(State { brief, body: serde_json::from_str(row.text(body)?).map_err(Error::internal)? })
        };
        let after = state("brief", "body")?;
        let before = match row.maybe_text("before_brief") {
            Some(_) => Some(state("before_brief", "before_body")?),
            None => None,
        };
        let (fields, effects) = match (what, &before) {
            (What::Changed, Some(before)) => {
                (fields(before, &after), effects(regions, Some(&before.brief), Some(&after.brief)))
            }
            (What::Withdrawn, _) => (Vec::new(), effects(regions, Some(&after.brief), None)),
            _ => (Vec::new(), effects(regions, None, Some(&after.brief))),
        };
        let id = row.string("id")?;
        let in_depth = self.entry(&id).is_some_and(|entry| entry.in_depth);
        Ok(Touched { id, name: after.brief.name, agency: after.brief.agency, fields, effects, in_depth })
    }
}

struct State {
    brief: Brief,
    body: Map<String, Json>,
}

fn imported(row: &Row) -> Result<Imported> {
    let id = row.string("id")?;
    let list = List::ALL.into_iter().find(|list| id.starts_with(&format!("{}-", list.as_str())));
    let report: Report = serde_json::from_str(row.text("report")?).map_err(Error::internal)?;
    let touched = report.new + report.changed + report.withdrawn;
    Ok(Imported {
        list: list.unwrap_or(List::Gov24),
        source: row.string("source")?,
        at: row.at("done")?,
        kept: touched == 0 || row.int("kept")? > 0,
        report,
        id,
    })
}

/// The fields that differ; conditions are told by their effects.
fn fields(before: &State, after: &State) -> Vec<(String, String, String)> {
    let deadline = |brief: &Brief| match brief.deadline {
        gov24::Deadline::On(day) => day.to_string(),
        gov24::Deadline::Always => "상시신청".into(),
        gov24::Deadline::Unstated => String::new(),
    };
    let of = |state: &State| {
        let brief = &state.brief;
        let facts = [&brief.name, &brief.agency, &brief.field, &deadline(brief), &brief.url, &brief.suggests];
        facts.map(String::clone)
    };
    let names = ["name", "agency", "field", "last_day", "url", "suggestions"];
    let mut found = Vec::new();
    for (name, (before, after)) in names.into_iter().zip(of(before).into_iter().zip(of(after))) {
        found.push((name.to_owned(), before, after));
    }
    let text = |body: &Map<String, Json>, key: &str| {
        body.get(key).and_then(Json::as_str).unwrap_or_default().to_owned()
    };
    let mut keys: Vec<&String> = before.body.keys().chain(after.body.keys()).collect();
    keys.sort();
    keys.dedup();
    found.extend(keys.into_iter().map(|key| (key.clone(), text(&before.body, key), text(&after.body, key))));
    found.retain(|(_, before, after)| before != after);
    found
}

/// Of one group of conditions: the options that qualify. None: it does not restrict.
fn effects(regions: &Regions, before: Option<&Brief>, after: Option<&Brief>) -> Vec<Effect> {
    let read = |brief: &Brief| {
        let area = regions.of_agency(&brief.agency, &brief.agency_kind);
        (brief.shape(area), area_words(area))
    };
    let (before, after) = (before.map(read), after.map(read));
    let mut found = Vec::new();
    let mut tell = |group: &'static str, gain: Option<Both>, lose: Option<Both>| {
        if gain.is_some() || lose.is_some() {
            found.push(Effect { group, gain, lose });
        }
    };
    match (&before, &after) {
        (Some((before, was)), Some((after, is))) => {
            for (group, name) in gov24::GROUPS.iter().enumerate() {
                let (gain, lose) = match group {
                    gov24::AGE => ages(before, after),
                    gov24::REGION if was != is => (Some(is.clone()), Some(was.clone())),
                    gov24::REGION => (None, None),
                    gov24::UNREAD => unread(before.unread, after.unread),
                    _ => options(group, before.flags_of(group), after.flags_of(group)),
                };
                tell(name, gain, lose);
            }
            if before.never != after.never {
                let residents = Some(Both::new("주민", "residents"));
                let (gain, lose) = if after.never { (None, residents) } else { (residents, None) };
                tell("applicant", gain, lose);
            }
        }
        (Some((shape, area)), None) => {
            asked(shape, area).into_iter().for_each(|(group, who)| tell(group, None, Some(who)))
        }
        (None, Some((shape, area))) => {
            asked(shape, area).into_iter().for_each(|(group, who)| tell(group, Some(who), None))
        }
        (None, None) => {}
    }
    found
}

fn area_words(area: Area<'_>) -> Both {
    match area {
        Area::Nation => Both::new("전국", "the whole country"),
        Area::Region(region) => Both::new(&region.name, &region.name),
        Area::Unknown => Both::new("알 수 없는 지역", "an unknown area"),
    }
}

fn unread(before: bool, after: bool) -> (Option<Both>, Option<Both>) {
    let open = || Some(Both::new("조건을 읽을 수 있음", "its conditions can be read"));
    match (before, after) {
        (true, false) => (open(), None),
        (false, true) => (None, open()),
        _ => (None, None),
    }
}

/// Everything a service asks, in words.
fn asked(shape: &Shape, area: &Both) -> Vec<(&'static str, Both)> {
    let mut found = Vec::new();
    for (group, name) in gov24::GROUPS.iter().enumerate() {
        let words = match group {
            gov24::AGE => shape.ages.map(|(from, to)| spans(&[(from, to)])),
            gov24::REGION => Some(area.clone()),
            gov24::UNREAD => None,
            _ => shape.flags_of(group).map(|set| listed(group, set)),
        };
        found.extend(words.map(|words| (*name, words)));
    }
    if shape.never {
        found.push(("applicant", Both::new("사업자와 단체만", "businesses and organisations only")));
    }
    found
}

/// Ages that only one of two services admits: `35–39`.
fn ages(before: &Shape, after: &Shape) -> (Option<Both>, Option<Both>) {
    let within = |shape: &Shape, age: u8| shape.ages.is_none_or(|(from, to)| (from..=to).contains(&age));
    let only = |one: &Shape, other: &Shape| {
        let mut runs: Vec<(u8, u8)> = Vec::new();
        for age in (0..=gov24::OLDEST).filter(|age| within(one, *age) && !within(other, *age)) {
            match runs.last_mut() {
                Some((_, last)) if last.checked_add(1) == Some(age) => *last = age,
                _ => runs.push((age, age)),
            }
        }
        (!runs.is_empty()).then(|| spans(&runs))
    };
    (only(after, before), only(before, after))
}

fn spans(runs: &[(u8, u8)]) -> Both {
    let (mut ko, mut en) = (Vec::new(), Vec::new());
    for (from, to) in runs {
        if *to >= gov24::OLDEST {
            ko.push(format!("{from}세 이상"));
            en.push(format!("ages {from} and over"));
        } else if from == to {
            ko.push(format!("{from}세"));
            en.push(format!("age {from}"));
        } else {
            ko.push(format!("{from}–{to}세"));
            en.push(format!("ages {from}–{to}"));
        }
    }
    Both { ko: ko.join(", "), en: en.join(", ") }
}

fn listed(group: usize, set: u16) -> Both {
    let options: Vec<u32> = (0..16).filter(|option| set >> option & 1 == 1).collect();
    let words: Vec<Both> = options
        .iter()
        .map(|option| match group {
            gov24::INCOME => {
                let Both { ko, en } = gov24::income_words(*option);
                Both {
                    ko: format!("기준 중위소득 {ko}"), en: format!("{en} of the standard median income")
                }
            }
            _ => gov24::flag_of(group, *option).map(|(_, ko, en)| Both::new(ko, en)).unwrap_or_default(),
        })
        .collect();
    let join = |pick: fn(&Both) -> &str| words.iter().map(pick).collect::<Vec<_>>().join(" · ");
    Both { ko: join(|both| &both.ko), en: join(|both| &both.en) }
}

/// Options that only one of two admits. Of sex and income everybody has one, so not to restrict admits all; of traits one may have none.
fn options(group: usize, before: Option<u16>, after: Option<u16>) -> (Option<Both>, Option<Both>) {
    let words = |set: u16| (set != 0).then(|| listed(group, set));
    match (before, after) {
        (None, None) => (None, None),
        _ if matches!(group, gov24::SEX | gov24::INCOME) => {
            let all = if group == gov24::SEX { 0b11 } else { 0b1_1111 };
            let (before, after) = (before.unwrap_or(all), after.unwrap_or(all));
            (words(after & !before), words(before & !after))
        }
        (Some(before), Some(after)) => (words(after & !before), words(before & !after)),
        (Some(before), None) => (Some(others(&listed(group, before))), None),
        (None, Some(after)) => (None, Some(others(&listed(group, after)))),
    }
}

fn others(who: &Both) -> Both {
    Both { ko: format!("{}에 들지 않는 사람", who.ko), en: format!("everyone who is not: {}", who.en) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test says what is wrong by failing
mod tests {
    use super::*;
    use crate::{Deadline, Pack, gov24::Ages};

    fn row(agency: &str, ages: (u32, u32), codes: &[&str]) -> Brief {
        Brief {
            source_id: "TEST1".into(),
            name: "시험".into(),
            agency: agency.into(),
            agency_kind: "시군구".into(),
            field: String::new(),
            ages: Ages::read(Some(ages.0), Some(ages.1)),
            flags: Some(codes.iter().filter_map(|code| gov24::flag(code)).fold(0, |set, bit| set | 1 << bit)),
            deadline: Deadline::Always,
            url: String::new(),
            summary: String::new(),
            suggests: String::new(),
        }
    }

    fn told(before: &Brief, after: &Brief) -> Vec<String> {
        let pack = Pack::embedded().unwrap();
        let both = |words: Option<Both>| words.map(|both| both.en).unwrap_or_default();
        effects(&pack.regions, Some(before), Some(after))
            .into_iter()
            .map(|e| format!("{} +{} -{}", e.group, both(e.gain), both(e.lose)))
            .collect()
    }

    #[test]
    fn whom_a_change_gains_and_loses() {
        let suwon = "경기도 수원시";
        let young = row(suwon, (19, 34), &[]);
        assert!(told(&young, &young).is_empty());
        assert_eq!(told(&young, &row(suwon, (19, 39), &[])), ["age +ages 35–39 -"]);
        assert_eq!(told(&young, &row(suwon, (24, 120), &[])), ["age +ages 35 and over -ages 19–23"]);
        assert_eq!(told(&young, &row(suwon, (0, 120), &[])), ["age +ages 0–18, ages 35 and over -"]);
        assert_eq!(
            told(&young, &row(suwon, (19, 34), &["JA0102", "JA0201", "JA0202"])),
            [
                "sex + -Male",
                "income + -75 to 100% of the standard median income · 100 to 200% of the standard median income · above 200% of the standard median income"
            ]
        );
        let disabled = row(suwon, (19, 34), &["JA0328"]);
        assert_eq!(told(&young, &disabled), ["person + -everyone who is not: person with a disability"]);
        assert_eq!(
            told(&disabled, &row(suwon, (19, 34), &["JA0329"])),
            ["person +person of national merit -person with a disability"]
        );
        assert_eq!(
            told(&young, &row("경기도 파주시", (19, 34), &[])),
            ["region +경기도 파주시 -경기도 수원시"]
        );
        assert_eq!(told(&young, &row(suwon, (19, 34), &["JA2101"])), ["applicant + -residents"]);
        let unread = Brief { flags: None, ..young.clone() };
        assert_eq!(told(&young, &unread), ["unread + -its conditions can be read"]);
    }
}
