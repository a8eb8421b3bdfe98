//! Which regions a text names, and whether a place lies in a region.

use std::collections::{HashMap, HashSet};

use super::{Office, Words};

/// What comes after the name proper, the longest first.
const ENDS: [&str; 8] = ["특별자치시", "특별자치도", "특별시", "광역시", "시", "군", "구", "도"];

/// Whether a place (`경기도 수원시 장안구`) lies in a region (`경기도 수원시`).
pub(super) fn within(place: &str, region: &str) -> bool {
    place.strip_prefix(region).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// `영주시` → `영주`, `강원특별자치도` → `강원`; nothing when a single syllable would be left (`중구`).
fn proper(name: &str) -> Option<&str> {
    ENDS.iter().find_map(|end| name.strip_suffix(end)).filter(|name| name.chars().count() > 1)
}

/// `경상남도` → `경남`.
fn half(name: &str) -> Option<String> {
    let mut letters = name.strip_suffix('도')?.chars();
    match (letters.next(), letters.next(), letters.next(), letters.next()) {
        (Some(first), Some(_), Some(side @ ('남' | '북')), None) => Some(format!("{first}{side}")),
        _ => None,
    }
}

/// The beginnings of the words of a text.
struct Beginnings<'a>(HashSet<&'a str>);

impl<'a> Beginnings<'a> {
    fn of(words: &'a Words) -> Beginnings<'a> {
        let mut all = HashSet::new();
        for word in words.all() {
            all.extend(word.char_indices().skip(2).take(8).map(|(end, _)| &word[..end]));
            all.insert(word);
        }
        Beginnings(all)
    }

    fn name<'n>(&self, name: &'n str) -> Option<&'n str> {
        if self.0.contains(name) {
            return Some(name);
        }
        proper(name).filter(|name| self.0.contains(name))
    }

    fn has(&self, name: &str) -> bool {
        self.name(name).is_some() || half(name).is_some_and(|half| self.0.contains(half.as_str()))
    }
}

pub(super) struct Named;

impl Named {
    /// For each office, the name of its region if the text names it. When `남구` is named together with one of the provinces
    /// that have one, the others are not meant.
    pub(super) fn of<'a>(words: &Words, offices: &'a [Office]) -> Vec<Option<&'a str>> {
        let text = Beginnings::of(words);
        let mut provinces: HashMap<&str, bool> = HashMap::new();
        let mut found: Vec<Option<(&str, bool)>> = Vec::with_capacity(offices.len());
        let mut meant: HashSet<&str> = HashSet::new();
        for office in offices {
            let Some(region) = office.region.as_deref() else {
                found.push(None);
                continue;
            };
            let short = region.rsplit(' ').next().unwrap_or(region);
            let province = region.split(' ').next().unwrap_or(region);
            let also = || office.also.iter().find(|name| text.has(name)).map(String::as_str);
            let name = text.name(short).or_else(|| text.has(short).then_some(short)).or_else(also);
            found.push(name.map(|name| {
                let with =
                    province != region && *provinces.entry(province).or_insert_with(|| text.has(province));
                if with {
                    meant.insert(short);
                }
                (name, with)
            }));
        }
        found
            .into_iter()
            .zip(offices)
            .map(|(one, office)| {
                let (name, with) = one?;
                let short = office.region.as_deref().and_then(|region| region.rsplit(' ').next());
                (with || short.is_none_or(|short| !meant.contains(short))).then_some(name)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str, regions: &[&str]) -> Vec<bool> {
        let offices: Vec<Office> = regions
            .iter()
            .map(|region| Office { region: Some((*region).to_owned()), ..Office::default() })
            .collect();
        Named::of(&Words::of(text), &offices).iter().map(Option::is_some).collect()
    }

    #[test]
    fn regions_are_named_in_full_in_short_and_with_particles() {
        let regions = ["경상북도 영주시", "경상남도 사천시", "경상남도", "강원특별자치도"];
        assert_eq!(named("영주댐에서 낚시가 되나요", &regions), [true, false, false, false]);
        assert_eq!(named("사천시에 삽니다", &regions), [false, true, false, false]);
        assert_eq!(named("경남의 도로", &regions), [false, false, true, false]);
        assert_eq!(named("강원도 도로", &regions), [false, false, false, true]);
        assert_eq!(named("도로 포장", &regions), [false; 4]);
    }

    #[test]
    fn a_district_is_told_by_its_province() {
        let regions = ["부산광역시 남구", "대구광역시 남구", "서울특별시 중구"];
        assert_eq!(named("남구 가로등", &regions), [true, true, false]);
        assert_eq!(named("부산 남구 가로등", &regions), [true, false, false]);
        assert_eq!(named("중요한 일", &regions), [false; 3]);
    }

    #[test]
    fn a_place_lies_in_its_regions() {
        assert!(within("경기도 수원시 장안구", "경기도 수원시"));
        assert!(within("경기도 수원시", "경기도"));
        assert!(!within("경기도", "경기도 수원시"));
        assert!(!within("경기도 광주시", "경기도 광"));
    }
}
