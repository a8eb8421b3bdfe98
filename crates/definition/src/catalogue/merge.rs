//! Which rows of two lists are one service. Pure; worked out whenever the catalogue is loaded, so that no import can undo it.
//!
//! Two rows are one service when their **names** and their **areas** are the same.
//! 1. A name is compared by its letters and digits alone (NFKC, small letters), without the name of the area in front (`파주시`, `경기도 파주시`)
//!    and without 사업 at the end: 정신질환자 자립촉진비 지원사업 is 파주시 정신질환자 자립촉진비 지원 in 파주시.
//! 2. An area is the nation or one region, by today's name of it. What serves an unknown area is compared with nothing.
//! 3. Where several rows of a list have the same name and area, only those are paired whose agency's name is the same, too, and only one with
//!    one; what still fits several is left alone. Better two entries than a wrong one.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use crate::region::Area;

/// A service as far as it is compared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Compared<'a> {
    pub(crate) name: &'a str,
    pub(crate) agency: &'a str,
    pub(crate) area: Area<'a>,
}

fn letters(text: &str) -> String {
    text.nfkc().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn name_key(name: &str, area: Area<'_>) -> String {
    let name = letters(name);
    let mut rest = name.as_str();
    if let Area::Region(region) = area {
        let in_front = [letters(&region.name), letters(region.short())];
        rest = in_front.iter().find_map(|front| rest.strip_prefix(front.as_str())).unwrap_or(rest);
    }
    rest = rest.strip_suffix("사업").unwrap_or(rest);
    if rest.is_empty() { name } else { rest.to_owned() }
}

fn key(row: &Compared<'_>) -> Option<(String, String)> {
    let area = match row.area {
        Area::Nation => String::new(),
        Area::Region(region) => region.code.clone(),
        Area::Unknown => return None,
    };
    Some((area, name_key(row.name, row.area)))
}

/// For each of the second list, the place in the first of the service it is.
pub(crate) fn pairs(first: &[Compared<'_>], second: &[Compared<'_>]) -> Vec<Option<usize>> {
    let mut same: HashMap<(String, String), (Vec<usize>, Vec<usize>)> = HashMap::new();
    for (place, key) in first.iter().enumerate().filter_map(|(place, row)| Some((place, key(row)?))) {
        same.entry(key).or_default().0.push(place);
    }
    for (place, key) in second.iter().enumerate().filter_map(|(place, row)| Some((place, key(row)?))) {
        // A key that the first list has not pairs nothing.
        same.entry(key).and_modify(|(_, seconds)| seconds.push(place));
    }
    let mut found = vec![None; second.len()];
    let mut pair = |one: usize, other: usize| {
        if let Some(place) = found.get_mut(other) {
            *place = Some(one);
        }
    };
    for (firsts, seconds) in same.values() {
        if let ([one], [other]) = (firsts.as_slice(), seconds.as_slice()) {
            pair(*one, *other);
            continue;
        }
        let agency = |rows: &[Compared<'_>], place: usize| rows.get(place).map(|row| letters(row.agency));
        for one in firsts {
            let mine = agency(first, *one);
            let mut others = seconds.iter().filter(|other| agency(second, **other) == mine);
            let alone = firsts.iter().filter(|other| agency(first, **other) == mine).count() == 1;
            if let (true, Some(other), None) = (alone, others.next(), others.next()) {
                pair(*one, *other);
            }
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test says what is wrong by failing
mod tests {
    use super::*;
    use crate::Pack;

    #[test]
    fn same_name_in_the_same_area_is_one_service() {
        let pack = Pack::embedded().unwrap();
        let of = |name: &'static str, agency: &'static str| Compared {
            name,
            agency,
            area: pack
                .regions
                .of_agency(agency, if agency.ends_with('부') { "중앙행정기관" } else { "시군구" }),
        };
        let first = [
            of("정신질환자 자립촉진비 지원", "경기도 파주시"),
            of("출산장려금 지원", "경기도 파주시"),
            of("출산장려금 지원", "경기도 수원시"),
            of("기초연금", "보건복지부"),
            of("장학금", "교육부"),
            of("장학금", "통일부"),
            of("파주시", "경기도 파주시"),
        ];
        let second = [
            of("파주시 정신질환자 자립촉진비 지원사업", "경기도 파주시"),
            of("출산장려금（지원）", "경기도 수원시"),
            of("출산장려금 지원", "경기도 성남시"),
            of("장학금", "통일부"),
            of("장학금", "국방부"),
            of("기초 연금", "보건복지부"),
            of("출산장려금 지원", "없는 곳의 기관"),
        ];
        assert_eq!(
            pairs(&first, &second),
            [Some(0), Some(2), None, Some(5), None, Some(3), None],
            "names, areas, and agencies where there are several"
        );
    }
}
