//! How the national catalogue's structured conditions are read. Every choice of reading is in this file, each with its reason.
//!
//! 1. **Groups**: sex, age, income band, traits of the person (JA03), traits of the household (JA04), and region. OR inside a group,
//!    AND across groups, Kleene logic: that is how the official site lets people tick them.
//! 2. **A group with no flag, with all its flags, or with its 해당사항없음 flag does not restrict.** Clerks tick everything to say
//!    "no matter which", or nothing; and JA0322 and JA0410 are a property of the service ("no such condition"), never of a person.
//! 3. **Ages are inclusive; an upper age of 120 or more is no limit** (120, 180, 999 and 120000 all occur), so 0–120 asks nothing. Somebody
//!    older than 120 counts as 120.
//! 4. **Income bands are continuous and closed above**: up to 50, 75, 100, 200 percent, and above. The list's words "51~75 %" leave a gap
//!    between 50 and 51 that no law knows; 50.5 % falls in the second band.
//! 5. **Business (JA11, JA12) and organisation (JA21, JA22) flags name another kind of applicant.** They don't restrict a resident when any
//!    other flag is set; a service with only those is *no* for a resident.
//! 6. **Region comes from the owning agency's name** ([`area`]): the list has no field for it, and local services are for local residents.
//! 7. **No inference between facts**: a man is not known to be not pregnant; age 8 is not known to be a pupil. What a register says
//!    counts, else ask.
//! 8. **What can't be read restricts to nobody knows**: a service without a row of conditions, with ages the wrong way round, or of an
//!    agency whose area is unknown is *not yet known*, never *yes* by default and never *no* for that reason.
//! 9. **Codes decide, not sentences.** Text and code conflict in places (79 texts name an income cap while all bands are set); a service
//!    written in depth overrides its entry, and the page says which of the two spoke.

use maru_kernel::{Both, Date};
use maru_rules::Ratio;

use crate::region::{Area, Regions};

/// The 46 flags in the order of the official list (the two ages, JA0110 and JA0111, are numbers): code, Korean, English.
pub const FLAGS: [(&str, &str, &str); 46] = [
    ("JA0101", "남성", "Male"),
    ("JA0102", "여성", "Female"),
    ("JA0201", "중위소득 0~50%", "up to 50% of the median income"),
    ("JA0202", "중위소득 51~75%", "50 to 75% of the median income"),
    ("JA0203", "중위소득 76~100%", "75 to 100% of the median income"),
    ("JA0204", "중위소득 101~200%", "100 to 200% of the median income"),
    ("JA0205", "중위소득 200% 초과", "above 200% of the median income"),
    ("JA0301", "예비부모/난임", "hoping for a child"),
    ("JA0302", "임산부", "pregnant"),
    ("JA0303", "출산/입양", "birth or adoption"),
    ("JA0313", "농업인", "farmer"),
    ("JA0314", "어업인", "fisher"),
    ("JA0315", "축산업인", "livestock farmer"),
    ("JA0316", "임업인", "forester"),
    ("JA0317", "초등학생", "primary school pupil"),
    ("JA0318", "중학생", "middle school pupil"),
    ("JA0319", "고등학생", "high school pupil"),
    ("JA0320", "대학생/대학원생", "university student"),
    ("JA0322", "해당사항없음", "no such condition"),
    ("JA0326", "근로자/직장인", "employee"),
    ("JA0327", "구직자/실업자", "looking for work"),
    ("JA0328", "장애인", "person with a disability"),
    ("JA0329", "국가보훈대상자", "person of national merit"),
    ("JA0330", "질병/질환자", "ill"),
    ("JA0401", "다문화가족", "multicultural family"),
    ("JA0402", "북한이탈주민", "from North Korea"),
    ("JA0403", "한부모가정/조손가정", "single-parent or grandparent family"),
    ("JA0404", "1인가구", "living alone"),
    ("JA0410", "해당사항없음", "no such condition"),
    ("JA0411", "다자녀가구", "family with several children"),
    ("JA0412", "무주택세대", "household owning no home"),
    ("JA0413", "신규전입", "newly moved in"),
    ("JA0414", "확대가족", "extended family"),
    ("JA1101", "예비창업자", "about to start a business"),
    ("JA1102", "영업중", "business in operation"),
    ("JA1103", "생계곤란/폐업예정자", "business about to close"),
    ("JA1201", "음식점업", "food service"),
    ("JA1202", "제조업", "manufacturing"),
    ("JA1299", "기타업종", "other trade"),
    ("JA2101", "중소기업", "small or medium company"),
    ("JA2102", "사회복지시설", "welfare facility"),
    ("JA2103", "기관/단체", "institution or association"),
    ("JA2201", "제조업", "manufacturing"),
    ("JA2202", "농업, 임업 및 어업", "agriculture, forestry and fishing"),
    ("JA2203", "정보통신업", "information and communication"),
    ("JA2299", "기타업종", "other trade"),
];

/// The groups, by the name the dictionary gives them; their order is that of the screen's columns.
pub const GROUPS: [&str; 7] = ["sex", "age", "income", "person", "household", "region", "unread"];
pub(crate) const SEX: usize = 0;
pub(crate) const AGE: usize = 1;
pub(crate) const INCOME: usize = 2;
pub(crate) const PERSON: usize = 3;
pub(crate) const HOUSEHOLD: usize = 4;
pub(crate) const REGION: usize = 5;
/// Nobody is known to fulfil it: reading 8.
pub(crate) const UNREAD: usize = 6;

pub const OLDEST: u8 = 120;

const fn bits(from: u32, count: u32) -> u64 {
    ((1 << count) - 1) << from
}
const SEX_FROM: u32 = 0;
const INCOME_FROM: u32 = 2;
const PERSON_FROM: u32 = 7;
const PERSON_NONE: u64 = 1 << 18;
const HOUSEHOLD_FROM: u32 = 24;
const HOUSEHOLD_NONE: u64 = 1 << 28;
const RESIDENT: u64 = bits(0, 33);
const OTHERS: u64 = bits(33, 13);
pub const ALL_FLAGS: u64 = bits(0, 46);

/// The bit of a flag.
pub fn flag(code: &str) -> Option<u32> {
    FLAGS.iter().position(|(c, ..)| *c == code).and_then(|p| u32::try_from(p).ok())
}

/// One group's flags as options counted from 0, its 해당사항없음 flag taken out. Reading 2: None = does not restrict.
fn group(flags: u64, from: u32, count: u32, none: u64) -> Option<u16> {
    let (mut options, mut place) = (0_u16, 0);
    for bit in from..from + count {
        if none == 1 << bit {
            continue;
        }
        if flags >> bit & 1 == 1 {
            options |= 1 << place;
        }
        place += 1;
    }
    let restricts = flags & none == 0 && options != 0 && options.count_ones() < place;
    restricts.then_some(options)
}

/// The option's number in its group, and the group, of a flag that names an option.
pub(crate) fn option_of(code: &str) -> Option<(usize, u32)> {
    let bit = flag(code)?;
    let past = |none: u64| if none < 1 << bit { 1 } else { 0 };
    match bit {
        18 | 28 => None,
        0..=1 => Some((SEX, bit)),
        2..=6 => Some((INCOME, bit - INCOME_FROM)),
        7..=23 => Some((PERSON, bit - PERSON_FROM - past(PERSON_NONE))),
        24..=32 => Some((HOUSEHOLD, bit - HOUSEHOLD_FROM - past(HOUSEHOLD_NONE))),
        _ => None,
    }
}

/// The flag of a group's option: the way back.
pub(crate) fn flag_of(
    group: usize,
    option: u32,
) -> Option<&'static (&'static str, &'static str, &'static str)> {
    let past = |bit: u32, none: u64| if 1 << bit < none { bit } else { bit + 1 };
    let bit = match group {
        SEX if option < 2 => option,
        INCOME if option < 5 => INCOME_FROM + option,
        PERSON if option < 16 => past(PERSON_FROM + option, PERSON_NONE),
        HOUSEHOLD if option < 8 => past(HOUSEHOLD_FROM + option, HOUSEHOLD_NONE),
        _ => return None,
    };
    FLAGS.get(usize::try_from(bit).ok()?)
}

/// How many options a group has; the region's depend on the country.
pub(crate) fn options(group: usize, leaves: usize) -> usize {
    match group {
        SEX => 2,
        AGE => usize::from(OLDEST) + 1,
        INCOME => 5,
        PERSON => 16,
        HOUSEHOLD => 8,
        REGION => leaves,
        _ => 1,
    }
}

/// What one service restricts, read from its codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Shape {
    pub sex: Option<u16>,
    pub income: Option<u16>,
    pub person: Option<u16>,
    pub household: Option<u16>,
    /// Both ends inclusive.
    pub ages: Option<(u8, u8)>,
    /// The span of smallest regions it serves.
    pub region: Option<(u16, u16)>,
    /// Something of it can't be read: reading 8.
    pub unread: bool,
    /// Not for residents at all: reading 5.
    pub never: bool,
}

impl Shape {
    pub(crate) fn read(flags: Option<u64>, ages: Option<Ages>, area: Area<'_>) -> Shape {
        let set = flags.unwrap_or(0) & ALL_FLAGS;
        let region = match area {
            Area::Region(region) => u16::try_from(region.first).ok().zip(u16::try_from(region.end).ok()),
            Area::Nation | Area::Unknown => None,
        };
        let ages_span = ages.and_then(|ages| ages.span());
        Shape {
            sex: group(set, SEX_FROM, 2, 0),
            income: group(set, INCOME_FROM, 5, 0),
            person: group(set, PERSON_FROM, 17, PERSON_NONE),
            household: group(set, HOUSEHOLD_FROM, 9, HOUSEHOLD_NONE),
            ages: ages_span,
            region,
            unread: flags.is_none() || ages.is_none() || area == Area::Unknown,
            never: set & OTHERS != 0 && set & RESIDENT == 0,
        }
    }

    /// The options of a OneOf or AnyOf group of flags.
    pub(crate) fn flags_of(&self, group: usize) -> Option<u16> {
        match group {
            SEX => self.sex,
            INCOME => self.income,
            PERSON => self.person,
            HOUSEHOLD => self.household,
            _ => None,
        }
    }

    /// How narrowly it is meant: the more, the fewer people it is for. Only orders what is shown.
    pub(crate) fn narrowness(&self, leaves: usize) -> u32 {
        let missing = |flags: Option<u16>, of: u32| flags.map_or(0, |f| of - f.count_ones());
        let ages =
            self.ages.map_or(0, |(from, to)| u32::from(OLDEST.saturating_sub(to.saturating_sub(from))) / 12);
        let region =
            self.region.map_or(0, |(first, end)| if usize::from(end - first) * 20 < leaves { 6 } else { 3 });
        missing(self.sex, 2) * 2
            + missing(self.income, 5)
            + missing(self.person, 16) / 2
            + missing(self.household, 8)
            + ages
            + region
    }
}

/// A service's ages as the list gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ages {
    pub from: u32,
    /// None = no limit.
    pub to: Option<u32>,
}

impl Ages {
    /// Reading 3. None when they are the wrong way round.
    pub(crate) fn read(from: Option<u32>, to: Option<u32>) -> Option<Ages> {
        let oldest = u32::from(OLDEST);
        let (from, to) = (from.unwrap_or(0), to.filter(|to| *to < oldest));
        to.is_none_or(|to| from <= to).then_some(Ages { from, to })
    }

    /// Those who qualify, both ends inclusive; None = everyone.
    pub(crate) fn span(self) -> Option<(u8, u8)> {
        let least = |age: u32| u8::try_from(age).unwrap_or(OLDEST).min(OLDEST);
        let (from, to) = (least(self.from), self.to.map_or(OLDEST, least));
        (from > 0 || to < OLDEST).then_some((from, to))
    }
}

/// Reading 3: whole years lived, at most 120.
pub(crate) fn age_option(age: &Ratio) -> Option<u8> {
    let years = age.floor().to_i64()?;
    u8::try_from(years.clamp(-1, i64::from(OLDEST))).ok()
}

/// Reading 4: the band of a household's percentage of the median income.
pub(crate) fn income_option(percent: &Ratio) -> u32 {
    [50, 75, 100, 200]
        .iter()
        .zip(0..)
        .find(|(top, _)| *percent <= Ratio::from_i64(**top))
        .map_or(4, |(_, band)| band)
}

/// A band in words, as a share of the median income.
pub fn income_words(band: u32) -> Both {
    let words = [
        ("50% 이하", "up to 50%"),
        ("50% 초과 75% 이하", "50 to 75%"),
        ("75% 초과 100% 이하", "75 to 100%"),
        ("100% 초과 200% 이하", "100 to 200%"),
        ("200% 초과", "above 200%"),
    ];
    let found = usize::try_from(band).ok().and_then(|b| words.get(b));
    found.map(|(ko, en)| Both::new(ko, en)).unwrap_or_default()
}

/// About how many of a hundred residents say yes to a trait. **Only orders questions; no answer rests on it.** Rough on purpose: it keeps a
/// rare trait that would settle much from being asked before a common one. Orders of magnitude from national statistics.
pub(crate) fn share(group: usize, option: u32) -> u32 {
    match (group, option) {
        (PERSON, 0..=2) => 2, // hoping for a child, pregnant, birth
        (PERSON, 3) => 4,     // farmers
        (PERSON, 4..=6) => 1, // fishers, livestock, forestry
        (PERSON, 7..=9) => 4, // pupils, each
        (PERSON, 10) => 6,    // students
        (PERSON, 11) => 40,   // employees
        (PERSON, 12) => 4,    // looking for work
        (PERSON, 13) => 5,    // registered with a disability
        (PERSON, 14) => 2,    // national merit
        (PERSON, 15) => 10,   // under treatment
        (HOUSEHOLD, 0) => 2,  // multicultural
        (HOUSEHOLD, 1) => 1,  // from North Korea
        (HOUSEHOLD, 2) => 5,  // single parent, grandparent
        (HOUSEHOLD, 3) => 30, // living alone
        (HOUSEHOLD, 4) => 10, // several children
        (HOUSEHOLD, 5) => 40, // no home of their own
        (HOUSEHOLD, 6) => 5,  // newly moved
        (HOUSEHOLD, 7) => 3,  // extended family
        _ => 50,
    }
}

/// The last day to apply as the list words it: `상시신청`, one day, or a span of days; anything else names no single day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    On(Date),
    Always,
    /// No single day; the words are in the detail.
    Unstated,
}

pub(crate) fn deadline(text: &str) -> Deadline {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if text == "상시신청" {
        return Deadline::Always;
    }
    let text = text.strip_suffix("까지").unwrap_or(&text);
    let (first, last) = match text.split_once('~') {
        Some(("", last)) => (None, last),
        Some((first, last)) => match written_day(first) {
            Some(first) => (Some(first), last),
            None => return Deadline::Unstated,
        },
        None => (None, text),
    };
    match written_day(last) {
        Some(last) if first.is_none_or(|first| first <= last) => Deadline::On(last),
        _ => Deadline::Unstated,
    }
}

/// `2026-12-01`, `2026.12.01.`, `2026.12.1.(화)`.
fn written_day(text: &str) -> Option<Date> {
    let text = match text.split_once('(') {
        Some((day, rest)) => {
            let weekday = rest.strip_suffix(')').or_else(|| rest.strip_suffix(")."))?;
            ["월", "화", "수", "목", "금", "토", "일"].contains(&weekday).then_some(day)?
        }
        None => text,
    };
    let text = text.strip_suffix('.').unwrap_or(text);
    let mark = if text.contains('-') { '-' } else { '.' };
    let parts: Vec<&str> = text.split(mark).collect();
    let [year, month, day] = parts.as_slice() else { return None };
    if year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// Bodies whose name would mislead, settled by their telephone area or their texts (packs/README.md, "Regions of public bodies").
const BY_HAND: [(&str, &str); 10] = [
    ("세종문화회관", "서울특별시"),
    ("벡스코", "부산광역시"),
    ("녹색에너지연구원", "전남광주통합특별시"),
    ("남도장학회", "전남광주통합특별시"),
    ("광주교통공사", "전남광주통합특별시"),
    ("광주환경공단", "전남광주통합특별시"),
    ("광주도시관리공사", "경기도 광주시"),
    ("광주시민장학회", "경기도 광주시"),
    ("고성교육재단", "경상남도 고성군"),
    ("인천광역시남제물포구도시관리공단", "인천광역시"),
];
/// Short province names and the beginnings they stand for; 광주 is two places and never resolved.
const SHORT: [(&str, &str); 15] = [
    ("서울", "서울특별시"),
    ("부산", "부산광역시"),
    ("대구", "대구광역시"),
    ("인천", "인천광역시"),
    ("전남", "전남광주통합특별시"),
    ("대전", "대전광역시"),
    ("울산", "울산광역시"),
    ("세종", "세종특별자치시"),
    ("경기", "경기도"),
    ("강원", "강원특별자치도"),
    ("충북", "충청북도"),
    ("충남", "충청남도"),
    ("전북", "전북특별자치도"),
    ("경북", "경상북도"),
    ("경남", "경상남도"),
];
const JEJU: (&str, &str) = ("제주", "제주특별자치도");
const FORMS: [&str; 7] = ["(재)", "(주)", "(사)", "재단법인", "사단법인", "농업회사법인", "주식회사"];

/// Reading 6. Ministries and national bodies serve the nation; a province or a district its own residents, by today's or a former name;
/// an education office its province; local corporations and foundations the area their name tells.
pub(crate) fn area<'a>(regions: &'a Regions, agency: &str, kind: &str) -> Area<'a> {
    let found = |name: &str| regions.find(name).map_or(Area::Unknown, Area::Region);
    match kind {
        "중앙행정기관" | "공공기관" => Area::Nation,
        "광역시도" | "시군구" => found(agency),
        "교육청" => found(agency.trim().strip_suffix("교육청").unwrap_or(agency)),
        "지방공기업" | "지방출자_출연기관" => local_body(regions, agency),
        // A kind the list did not have when this was written: only a name that is a region's own tells anything.
        _ => found(agency),
    }
}

fn local_body<'a>(regions: &'a Regions, agency: &str) -> Area<'a> {
    let mut name: String = agency.chars().filter(|c| !c.is_whitespace()).collect();
    while let Some(rest) = FORMS.iter().find_map(|form| name.strip_prefix(form)) {
        name = rest.to_owned();
    }
    let by_name = |full: &str| regions.find(full).map_or(Area::Unknown, Area::Region);
    if let Some((_, full)) = BY_HAND.iter().find(|(body, _)| *body == name) {
        return by_name(full);
    }
    let provinces = || regions.iter().filter(|r| r.parent.is_none());
    let districts = || regions.iter().filter(|r| r.parent.is_some());
    // A province in front, then perhaps one of its districts with its suffix.
    let inside = |province: &'a crate::Region, rest: &str| {
        let district = districts()
            .filter(|d| d.parent.as_deref() == Some(&province.code) && rest.starts_with(d.short()))
            .max_by_key(|d| d.short().len());
        Area::Region(district.unwrap_or(province))
    };
    let full = |r: &'a crate::Region| {
        std::iter::once(&r.name)
            .chain(&r.former)
            .find_map(|n| name.strip_prefix(n.as_str()))
            .map(|rest| (r, rest.to_owned()))
    };
    if let Some((province, rest)) = provinces().find_map(full) {
        return inside(province, &rest);
    }
    let only = |fits: &dyn Fn(&str) -> bool| {
        let mut found = districts().filter(|d| fits(d.short()));
        match (found.next(), found.next()) {
            (Some(one), None) => Some(Area::Region(one)),
            _ => None,
        }
    };
    if let Some(area) = only(&|district| name.starts_with(district)) {
        return area;
    }
    if let Some((short, full)) = SHORT.iter().chain([&JEJU]).find(|(short, _)| name.starts_with(short))
        && let Some(province) = regions.find(full)
    {
        return inside(province, name.strip_prefix(short).unwrap_or_default());
    }
    let bare = |district: &str| {
        let stem = district.strip_suffix(['시', '군', '구']).unwrap_or(district);
        stem.chars().count() >= 2 && stem != "광주" && name.starts_with(stem)
    };
    only(&bare).unwrap_or(Area::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(codes: &[&str]) -> u64 {
        codes.iter().filter_map(|code| flag(code)).fold(0, |set, bit| set | 1 << bit)
    }

    fn shape(codes: &[&str]) -> Shape {
        Shape::read(Some(set(codes)), Ages::read(None, None), Area::Nation)
    }

    #[test]
    fn no_flag_all_flags_or_none_of_these_does_not_restrict() {
        let people: Vec<&str> = (0..16).filter_map(|o| flag_of(PERSON, o)).map(|f| f.0).collect();
        assert_eq!(people.len(), 16);
        assert_eq!(shape(&[]).person, None);
        assert_eq!(shape(&people).person, None);
        assert_eq!(shape(&["JA0313", "JA0322"]).person, None);
        assert_eq!(shape(&["JA0313"]).person, Some(1 << 3));
        assert_eq!(shape(&["JA0330"]).person, Some(1 << 15));
        assert_eq!(shape(&["JA0404", "JA0410"]).household, None);
        assert_eq!(shape(&["JA0414"]).household, Some(1 << 7));
        assert_eq!(shape(&["JA0101", "JA0102"]).sex, None);
        assert_eq!(shape(&["JA0201", "JA0202"]).income, Some(0b11));
    }

    #[test]
    fn other_kinds_of_applicants() {
        assert!(shape(&["JA1101", "JA2101"]).never);
        assert!(!shape(&["JA1101", "JA0102"]).never);
        assert!(!shape(&[]).never, "no flag at all says nothing");
    }

    #[test]
    fn options_and_flags_are_two_ways_of_one() {
        for (code, ..) in FLAGS {
            match option_of(code) {
                Some((group, option)) => assert_eq!(flag_of(group, option).map(|f| f.0), Some(code)),
                None => assert!(matches!(code, "JA0322" | "JA0410") || code > "JA1"),
            }
        }
    }

    #[test]
    fn ages_at_their_ends() {
        let span = |from, to| Ages::read(from, to).map(Ages::span);
        assert_eq!(span(Some(0), Some(120)), Some(None));
        assert_eq!(span(None, Some(120_000)), Some(None));
        assert_eq!(span(Some(65), Some(999)), Some(Some((65, 120))));
        assert_eq!(span(Some(19), Some(34)), Some(Some((19, 34))));
        assert_eq!(span(Some(0), Some(119)), Some(Some((0, 119))));
        assert_eq!(span(Some(150), None), Some(Some((120, 120))));
        assert_eq!(span(Some(70), Some(34)), None);
        let age = |text: &str| Ratio::parse(text).and_then(|n| age_option(&n));
        assert_eq!(
            (age("119.99"), age("120"), age("200"), age("-1")),
            (Some(119), Some(120), Some(120), None)
        );
    }

    #[test]
    fn bands_are_closed_above() {
        for (percent, band) in
            [("0", 0), ("50", 0), ("50.5", 1), ("75", 1), ("100", 2), ("100.01", 3), ("200", 3), ("201", 4)]
        {
            assert_eq!(Ratio::parse(percent).map(|n| income_option(&n)), Some(band), "{percent}");
        }
    }

    #[test]
    fn deadlines_that_name_a_day() {
        let on = |text: &str| match deadline(text) {
            Deadline::On(date) => date.to_string(),
            other => format!("{other:?}"),
        };
        for (text, expected) in [
            ("상시신청", "Always"),
            ("2026.12.31", "2026-12-31"),
            ("2026-01-02 ~ 2026-12-31", "2026-12-31"),
            ("2026. 3. 2. ~ 2026. 12. 1.(화)", "2026-12-01"),
            ("~2026.12.31까지", "2026-12-31"),
            ("2026.12.31 ~ 2026.1.1", "Unstated"),
            ("예산 소진 시까지", "Unstated"),
            ("2026.2.30", "Unstated"),
            ("", "Unstated"),
        ] {
            assert_eq!(on(text), expected, "{text}");
        }
    }
}
