//! The facts that rules ask for, by the names of `packs/kr/facts.toml`: a column each, made when asked for.

use std::sync::Arc;

use maru_rules::{Column, Columns, Lanes, Numbers, Value};

use crate::{
    Block, Role,
    assemble::{at, by_age, of_age},
    lives::{BASIC_PENSION, Draw, Lives, Living, Means, Tenure, Work, year_of},
    random::{below, key},
};

/// The traits of the person, then of the household, in the order of `facts.toml`: a bit each of [`Block::traits`].
pub const TRAITS: [&str; 24] = [
    "예비부모_난임",
    "임산부",
    "출산_입양",
    "농업인",
    "어업인",
    "축산업인",
    "임업인",
    "초등학생",
    "중학생",
    "고등학생",
    "대학생",
    "근로자",
    "구직자",
    "장애인",
    "국가보훈대상자",
    "질병_질환자",
    "다문화가족",
    "북한이탈주민",
    "한부모_조손가정",
    "일인가구",
    "다자녀가구",
    "무주택세대",
    "신규전입",
    "확대가족",
];

/// Every fact there is a column of.
pub const NAMES: &[&str] = &[
    "성별",
    "나이",
    "출생연도",
    "거주지",
    "가구.중위소득비율",
    "예비부모_난임",
    "임산부",
    "출산_입양",
    "농업인",
    "어업인",
    "축산업인",
    "임업인",
    "초등학생",
    "중학생",
    "고등학생",
    "대학생",
    "근로자",
    "구직자",
    "장애인",
    "국가보훈대상자",
    "질병_질환자",
    "다문화가족",
    "북한이탈주민",
    "한부모_조손가정",
    "일인가구",
    "다자녀가구",
    "무주택세대",
    "신규전입",
    "확대가족",
    "가구원수",
    "가구원",
    "근로소득",
    "사업소득",
    "가구.월소득",
    "가구.재산소득",
    "가구.이전소득",
    "가구.지출비용",
    "가구.주거용재산",
    "가구.일반재산",
    "가구.금융재산",
    "가구.부채",
    "가구.자동차",
    "가구.초등학생수",
    "가구.중학생수",
    "가구.고등학생수",
    "가구.도시근로자소득비율",
    "부양의무자.있음",
    "부양의무자.연소득",
    "부양의무자.일반재산",
    "부양의무자.부양불가",
    "부양의무자.가구원수",
    "부양의무자.재산환산액",
    "부양의무자.적용제외",
    "타법_생계보장",
    "시설거주",
    "주거.형태",
    "주거.보증금",
    "주거.월세",
    "주거.공공임대",
    "주거.한방전대",
    "임대차.가족계약",
    "임대차.이촌계약",
    "부부.배우자있음",
    "부부.본인근로소득",
    "부부.배우자근로소득",
    "부부.기타소득",
    "부부.이자소득",
    "부부.일반재산",
    "부부.금융재산",
    "부부.부채",
    "부부.고급재산",
    "부부.직역연금",
    "국민연금.급여액",
    "국민연금.소득재분배급여액",
    "기초연금.전액대상",
    "기초연금.수급",
    "배우자.기초연금수급",
    "배우자.기초연금액",
    "배우자.기초급여수급",
    "장애인연금.중증",
    "장애인연금.계층",
    "긴급.위기사유",
    "자녀",
    "보호자.양육",
    "카드.국민행복카드",
    "한부모.아이",
    "한부모.미혼",
    "한부모.조손",
    "세대.구성원",
    "세대.임산부",
    "세대.산정특례",
    "세대.한부모",
    "세대.위탁아동",
    "세대.보장시설",
    "기초급여.수급",
    "에너지.다른난방지원",
    "청년.부모동거",
    "청년.혼인",
    "원가구.가구원수",
    "원가구.월소득",
    "원가구.재산",
    "청년월세.다른지원",
    "청년월세.받은달수",
    "주거급여.월차임분",
    "이직.어쩔수없음",
    "이직.날",
    "이직.나이",
    "이직.임금일액",
    "이직.하루시간",
    "고용보험.기준기간일수",
    "고용보험.육십오세후",
    "고용보험.가입연수",
    "고용보험.합산일수",
    "취업지원.재산",
    "취업지원.취업경험",
    "취업지원.선발",
    "취업지원.다른지원",
    "취업지원.부양가족수",
    "육아휴직.중",
    "육아휴직.신청시기",
    "육아휴직.달",
    "육아휴직.부모함께",
    "육아휴직.더긴휴직",
    "고용.통상임금",
    "고용.우선지원기업",
    "고용.월기준시간",
    "출산휴가.받음",
    "출산휴가.신청시기",
    "출산휴가.일수",
    "출산휴가.종류",
    "장려금.가구",
    "장려금.총소득",
    "장려금.총급여액",
    "장려금.재산",
    "장려금.부양자녀수",
    "장려금.제외",
    "참전.등록",
    "참전.다른보훈급여",
    "감면.계층",
    "감면.보훈",
    "장애.심함",
    "장애.시청각",
    "전기.월요금",
    "전기.주거용",
    "통신.월요금",
    "텔레비전.가정용",
    "장애아동.아이",
    "양육.농어촌",
    "장학.지원구간",
    "장학.성적",
    "장학.이수학점",
    "장학.첫학기",
    "장학.대학원",
    "장학.국적",
    "장학.제한대학",
    "장학.경고횟수",
    "장학.자립준비청년",
    "장학.연등록금",
    "저축.월저축액",
    "소상공인.해당",
    "자영업고용보험.가입",
    "자영업고용보험.등급",
    "자영업고용보험.보험료",
    "자영업고용보험.지원받은달수",
    "임대.지역",
    "임대.부양가족수",
    "임대.노부모부양",
    "임대.미성년자녀수",
    "임대.제조업근로",
    "임대.취약계층",
    "청약저축.납입횟수",
    "청년수당.단기근로",
    "청년수당.받은달수",
    "차상위.확인",
    "지역화폐.받음",
    "거주.시군구연속연수",
    "거주.시군구연속일수",
    "거주.시도연속연수",
    "거주.시도합산연수",
    "거주.시도전입일",
    "거주.전입전1년거주",
    "거주.전입전최장연수",
    "출산지원.받은아이",
];

/// What everybody of a household has in common.
const OF_HOUSEHOLD: [&str; 25] = [
    "거주지",
    "가구.중위소득비율",
    "가구.도시근로자소득비율",
    "가구원수",
    "가구원",
    "세대.구성원",
    "가구.월소득",
    "가구.재산소득",
    "가구.이전소득",
    "가구.지출비용",
    "가구.주거용재산",
    "가구.일반재산",
    "가구.금융재산",
    "가구.부채",
    "가구.자동차",
    "가구.초등학생수",
    "가구.중학생수",
    "가구.고등학생수",
    "세대.임산부",
    "세대.산정특례",
    "세대.한부모",
    "세대.보장시설",
    "양육.농어촌",
    "전기.월요금",
    "전기.주거용",
];

const MINOR: u8 = 19;

impl Block {
    /// The facts asked for; a name there is no column of is left out, so it is unknown of everybody.
    pub fn columns<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Columns {
        let mut columns = Columns::new(self.len());
        for name in names {
            if let Some(column) = self.column(name) {
                columns.insert(name, column);
            }
        }
        columns
    }

    /// Traits by bit: those of the person and those of the household, in the order of `facts.toml`.
    pub fn traits(&self) -> &[u32] {
        self.traits.get_or_init(|| self.drawn_traits())
    }

    fn drawn_traits(&self) -> Vec<u32> {
        let lives = self.lives();
        let houses: Vec<u32> = (0..self.households()).map(|house| self.house_traits(lives, house)).collect();
        (0..self.len()).map(|lane| self.own_traits(lives, lane) | at(&houses, self.house(lane))).collect()
    }

    /// The band of the household's income against the standard median: 0 up to 50 %, 1 up to 75, 2 up to 100, 3 up to 200, 4 above.
    pub fn bands(&self) -> Vec<u8> {
        let lives = self.lives();
        let band = |house: usize| match self.of_median(lives, house) {
            ..=5_000 => 0,
            5_001..=7_500 => 1,
            7_501..=10_000 => 2,
            10_001..=20_000 => 3,
            _ => 4,
        };
        let houses: Vec<u8> = (0..self.households()).map(band).collect();
        self.houses().iter().map(|house| at(&houses, index(*house))).collect()
    }

    /// One fact of everybody.
    pub fn column(&self, name: &str) -> Option<Column> {
        View { block: self, lanes: None }.column(name)
    }

    /// One fact of some.
    pub fn column_of(&self, name: &str, lanes: &[u32]) -> Option<Column> {
        View { block: self, lanes: Some(lanes) }.column(name)
    }

    /// Whether a fact is the same for all of a household.
    pub fn is_of_household(name: &str) -> bool {
        OF_HOUSEHOLD.contains(&name)
    }

    fn own_traits(&self, lives: &Lives, lane: usize) -> u32 {
        let living = &self.living;
        let (age, woman) = (self.age(lane), self.is_woman(lane));
        let work = at(&lives.work, lane);
        let school = at(&lives.school, lane);
        let grown = age >= 15;
        let pregnant = self.is_pregnant(lane);
        let newborn = matches!(self.role(lane), Role::Head | Role::Spouse)
            && self
                .span(self.house(lane))
                .any(|other| self.role(other) == Role::Child && self.age(other) == 0);
        let hoping = woman && !pregnant && self.partner(lane).is_some();
        let traits = [
            hoping && self.chance(lane, Draw::HOPING, of_age(&living.hoping, age)),
            pregnant,
            newborn,
            work == Work::Farmer,
            work == Work::Fisher,
            work == Work::Livestock,
            work == Work::Forester,
            school == 1,
            school == 2,
            school == 3,
            school == 4,
            work == Work::Employee,
            work == Work::Looking,
            at(&lives.disabled, lane) > 0,
            grown && self.has_merit(lane),
            self.is_ill(lane),
        ];
        traits.into_iter().zip(0..).fold(0, |bits, (holds, bit)| bits | u32::from(holds) << bit)
    }

    fn house_traits(&self, lives: &Lives, house: usize) -> u32 {
        let living = &self.living;
        let span = self.span(house);
        let minors = self.minors(house).count();
        let elder = span.clone().any(|lane| self.role(lane) == Role::Elder);
        let child = span.clone().any(|lane| self.role(lane) == Role::Child);
        let traits = [
            self.chance_house(house, Draw::MULTICULTURAL, living.multicultural),
            self.chance_house(house, Draw::NORTH, living.north),
            self.is_lone(house) || self.is_grand(house),
            span.len() == 1,
            minors >= 2,
            self.owns_no_home(lives, house),
            self.years_here(span.start) == 0,
            elder && child,
        ];
        traits.into_iter().zip(16..).fold(0, |bits, (holds, bit)| bits | u32::from(holds) << bit)
    }

    // --- what is asked of one or of a household ----------------------------------------------------

    /// Hundredths of a percent, rounded down.
    fn of_median(&self, lives: &Lives, house: usize) -> i64 {
        at(&lives.income, house) * 10_000 / self.living.median(self.span(house).len()).max(1)
    }

    fn is_pregnant(&self, lane: usize) -> bool {
        self.is_woman(lane)
            && self.chance(lane, Draw::PREGNANT, of_age(&self.living.pregnant, self.age(lane)))
    }

    fn has_merit(&self, lane: usize) -> bool {
        let share = by_age(&self.living.merit, usize::from(self.is_woman(lane)), self.age(lane));
        self.chance(lane, Draw::MERIT, share)
    }

    fn is_ill(&self, lane: usize) -> bool {
        self.chance(lane, Draw::ILL, of_age(&self.living.ill, self.age(lane)))
    }

    /// The children of head and spouse who are not of age, the eldest first; in a household of grandparents, the grandchildren.
    fn minors(&self, house: usize) -> impl Iterator<Item = usize> + '_ {
        let raised = |lane: &usize| matches!(self.role(*lane), Role::Child | Role::Grandchild);
        self.span(house).filter(raised).filter(|lane| self.age(*lane) < MINOR)
    }

    /// One parent with a child below 18.
    fn is_lone(&self, house: usize) -> bool {
        let span = self.span(house);
        self.partner(span.start).is_none()
            && span.into_iter().any(|lane| self.role(lane) == Role::Child && self.age(lane) < 18)
    }

    fn is_grand(&self, house: usize) -> bool {
        let mut grand = self.span(house).filter(|lane| self.role(*lane) == Role::Grandchild);
        grand.any(|lane| self.age(lane) < 18)
    }

    fn owns_no_home(&self, lives: &Lives, house: usize) -> bool {
        at(&lives.tenure, house) != Tenure::Owned
            && !self.chance_house(house, Draw::OTHER_HOME, self.living.other_home)
    }

    /// Raises children: the head and the spouse of a household with minors.
    fn raises(&self, lane: usize) -> bool {
        matches!(self.role(lane), Role::Head | Role::Spouse) && self.minors(self.house(lane)).next().is_some()
    }

    fn children_of(&self, lane: usize) -> Vec<usize> {
        if self.raises(lane) { self.minors(self.house(lane)).collect() } else { Vec::new() }
    }

    /// Years in the same city, county or district: nobody is there longer than they live.
    fn years_here(&self, lane: usize) -> i64 {
        let house = self.house(lane);
        if self.chance_house(house, Draw::MOVED, self.living.moved) {
            return 0;
        }
        let years = 1 + i64::try_from(below(self.draw_house(house, Draw::YEARS), 30)).unwrap_or(0);
        years.min(i64::from(self.age(lane)))
    }

    /// In a home that cares for the old.
    fn in_care(&self, lane: usize) -> bool {
        self.age(lane) >= 80
            && self.span(self.house(lane)).len() == 1
            && self.chance(lane, Draw::CARE, self.living.care)
    }

    fn public_pension(&self, lane: usize) -> bool {
        self.age(lane) >= 60 && self.chance_house(self.house(lane), Draw::PUBLIC, self.living.public)
    }

    /// Near to what 기초연금 looks at: enough to say who has it already.
    pub(crate) fn has_basic_pension(&self, lives: &Lives, lane: usize) -> bool {
        if self.age(lane) < 65 || self.public_pension(lane) {
            return false;
        }
        let house = self.house(lane);
        let both = [Some(lane), self.partner(lane)].into_iter().flatten();
        let earned: i64 = both
            .map(|one| {
                (at(&lives.wage, one) - 1_160_000).max(0) * 7 / 10
                    + at(&lives.business, one)
                    + at(&lives.pension, one)
            })
            .sum();
        let wealth = (at(&lives.home, house) + at(&lives.land, house) - 100_000_000).max(0)
            + (at(&lives.money, house) - 20_000_000).max(0)
            - at(&lives.debt, house);
        let limit = if self.partner(lane).is_some() { 3_952_000 } else { 2_470_000 };
        earned + wealth.max(0) / 25 / 12 <= limit
    }

    fn urban_worker(&self, lives: &Lives, house: usize) -> i64 {
        // The mean income of urban workers' households lies near 1.4 of the standard median.
        self.of_median(lives, house) * 10 / 14
    }

    fn rents(&self, lives: &Lives, house: usize) -> bool {
        matches!(at(&lives.tenure, house), Tenure::Lease | Tenure::Rent)
    }

    fn public_home(&self, lives: &Lives, house: usize) -> bool {
        self.rents(lives, house) && self.chance_house(house, Draw::PUBLIC_HOME, self.living.public_home)
    }

    /// A choice of their own: so many of a thousand, told apart by `turn`.
    fn other(&self, lane: usize, turn: u64, permille: u64) -> bool {
        below(key(self.draw(lane, Draw::OTHER), turn), 1000) < permille
    }

    fn other_of_house(&self, house: usize, turn: u64, permille: u64) -> bool {
        below(key(self.draw_house(house, Draw::OTHER), turn), 1000) < permille
    }

    /// Even from 0 up to but without `n`.
    fn even(&self, lane: usize, what: Draw, n: u64) -> i64 {
        i64::try_from(below(self.draw(lane, what), n)).unwrap_or(0)
    }
}

/// Some lanes of a block, of which columns are made: all, or those asked for.
struct View<'a> {
    block: &'a Block,
    lanes: Option<&'a [u32]>,
}

impl std::ops::Deref for View<'_> {
    type Target = Block;

    fn deref(&self) -> &Block {
        self.block
    }
}

impl View<'_> {
    // --- shapes of columns -------------------------------------------------------------------------

    /// Something of every lane asked for.
    fn each<T>(&self, of: impl FnMut(usize) -> T) -> Vec<T> {
        match self.lanes {
            None => (0..self.len()).map(of).collect(),
            Some(lanes) => lanes.iter().map(|lane| index(*lane)).map(of).collect(),
        }
    }

    /// The same of its household: once a household, unless few are asked for.
    fn each_house<T: Copy + Default>(&self, of: impl Fn(usize) -> T) -> Vec<T> {
        match self.lanes {
            None => {
                let houses: Vec<T> = (0..self.households()).map(of).collect();
                self.each(|lane| at(&houses, self.house(lane)))
            }
            Some(_) => self.each(|lane| of(self.house(lane))),
        }
    }

    fn bools(&self, of: impl Fn(usize) -> bool) -> Option<Column> {
        Some(Column::bools(self.each(of)))
    }

    fn whole(&self, of: impl Fn(usize) -> i64) -> Option<Column> {
        Some(Column::whole(self.each(of)))
    }

    fn bools_of_house(&self, of: impl Fn(usize) -> bool) -> Option<Column> {
        Some(Column::bools(self.each_house(of)))
    }

    fn whole_of_house(&self, of: impl Fn(usize) -> i64) -> Option<Column> {
        Some(Column::whole(self.each_house(of)))
    }

    fn choice(&self, options: &[&str], of: impl Fn(usize) -> u32) -> Option<Column> {
        let texts: Arc<[Arc<str>]> = options.iter().map(|option| Arc::from(*option)).collect();
        Some(Column::texts(self.each(of), texts))
    }

    fn hundredths(&self, of: impl Fn(usize) -> i64) -> Option<Column> {
        Some(Column::Numbers(Numbers::over(Lanes::all(self.each_house(of)), 100)))
    }

    fn list(
        &self,
        of: impl Fn(usize) -> Vec<usize>,
        fields: &dyn Fn(&Items) -> Vec<(&'static str, Column)>,
    ) -> Option<Column> {
        let mut items = Items { lanes: Vec::new() };
        let mut starts = vec![0];
        self.each(|lane| {
            items.lanes.extend(of(lane));
            starts.push(u32::try_from(items.lanes.len()).unwrap_or(u32::MAX));
        });
        let fields = fields(&items).into_iter().map(|(name, column)| (name.to_owned(), column));
        Some(Column::lists(starts, Column::contexts(fields)))
    }

    fn column(&self, name: &str) -> Option<Column> {
        let lives = self.lives();
        if let Some(bit) = TRAITS.iter().position(|known| *known == name) {
            let traits = self.traits();
            return self.bools(|lane| at(traits, lane) >> bit & 1 == 1);
        }
        self.of_person(lives, name)
            .or_else(|| self.of_household(lives, name))
            .or_else(|| self.of_couple(lives, name))
            .or_else(|| self.of_children(lives, name))
            .or_else(|| self.of_work(lives, name))
            .or_else(|| self.of_home(lives, name))
            .or_else(|| self.of_support(lives, name))
    }

    // --- the facts ---------------------------------------------------------------------------------

    fn of_person(&self, lives: &Lives, name: &str) -> Option<Column> {
        let living = &self.living;
        match name {
            "성별" => self.choice(&["남성", "여성"], |lane| u32::from(self.is_woman(lane))),
            "나이" => self.whole(|lane| i64::from(self.age(lane))),
            "출생연도" => self.whole(|lane| i64::from(year_of(at(&lives.born, lane)))),
            "거주지" => living.areas.get(self.area()).map(|(name, _)| same(name)),
            "근로소득" => self.whole(|lane| at(&lives.wage, lane)),
            "사업소득" => self.whole(|lane| at(&lives.business, lane)),
            "국민연금.급여액" => self.whole(|lane| at(&lives.pension, lane)),
            "국민연금.소득재분배급여액" => {
                self.whole(|lane| at(&lives.pension, lane) / 20_000 * 10_000)
            }
            "시설거주" => self.bools(|lane| self.in_care(lane)),
            "장애.심함" | "장애인연금.중증" => self.bools(|lane| at(&lives.disabled, lane) == 2),
            "장애.시청각" => self
                .bools(|lane| at(&lives.disabled, lane) == 2 && self.chance(lane, Draw::SENSE, living.sense)),
            "참전.등록" => self.bools(|lane| {
                !self.is_woman(lane)
                    && self.age(lane) >= 74
                    && self.has_merit(lane)
                    && self.chance(lane, Draw::VETERAN, 800)
            }),
            "참전.다른보훈급여" => {
                self.bools(|lane| self.has_merit(lane) && self.other(lane, 1, 150))
            }
            "감면.보훈" => {
                self.choice(&["상이 1~3급", "상이 4급 이하", "독립유공자", "그 밖"], |lane| {
                    match (self.has_merit(lane), self.even(lane, Draw::MERIT_KIND, 1000)) {
                        (true, ..30) => 0,
                        (true, ..150) => 1,
                        (true, ..160) => 2,
                        _ => 3,
                    }
                })
            }
            "통신.월요금" => self.whole(|lane| {
                let plan = usize::try_from(below(self.draw(lane, Draw::PHONE), 5)).unwrap_or(0);
                if self.age(lane) < 12 { 0 } else { whole(at(&living.phone, plan)) }
            }),
            "거주.시군구연속연수" => self.whole(|lane| self.years_here(lane)),
            "거주.시군구연속일수" => self.whole(|lane| self.days_here(lives, lane)),
            "거주.시도연속연수" | "거주.시도합산연수" => {
                self.whole(|lane| self.years_in_province(lane))
            }
            "거주.시도전입일" => {
                let on = maru_rules::days_of(living.on);
                let days = |lane: usize| on - i32::try_from(self.days_in_province(lives, lane)).unwrap_or(0);
                Some(Column::dates(self.each(days)))
            }
            "거주.전입전1년거주" => self.bools(|lane| self.other(lane, 2, 50)),
            "거주.전입전최장연수" => self
                .whole(|lane| if self.other(lane, 3, 150) { self.even(lane, Draw::CHOICE, 20) } else { 0 }),
            _ => None,
        }
    }

    fn days_here(&self, lives: &Lives, lane: usize) -> i64 {
        let days = self.years_here(lane) * 365 + self.even(lane, Draw::CHOICE, 365);
        days.min(i64::from(maru_rules::days_of(self.living.on) - at(&lives.born, lane)))
    }

    /// Of ten who moved, seven stayed in the province.
    fn stayed(&self, lane: usize) -> bool {
        self.other_of_house(self.house(lane), 1, 700)
    }

    fn years_in_province(&self, lane: usize) -> i64 {
        let more = if self.stayed(lane) { 10 } else { 0 };
        (self.years_here(lane) + more).min(i64::from(self.age(lane)))
    }

    fn days_in_province(&self, lives: &Lives, lane: usize) -> i64 {
        let more = if self.stayed(lane) { 3650 } else { 0 };
        (self.days_here(lives, lane) + more)
            .min(i64::from(maru_rules::days_of(self.living.on) - at(&lives.born, lane)))
    }

    fn of_household(&self, lives: &Lives, name: &str) -> Option<Column> {
        let living = &self.living;
        let pupils = |kind: u8| {
            self.whole_of_house(|house| {
                count(self.span(house).filter(|lane| at(&lives.school, *lane) == kind))
            })
        };
        match name {
            "가구.중위소득비율" => self.hundredths(|house| self.of_median(lives, house)),
            "가구.도시근로자소득비율" => self.hundredths(|house| self.urban_worker(lives, house)),
            "가구원수" => self.whole_of_house(|house| count(self.span(house))),
            "가구원" => self.list(|lane| self.span(self.house(lane)).collect(), &|items| {
                vec![
                    ("이름", self.named(items)),
                    ("나이", items.whole(|lane| i64::from(self.age(lane)))),
                    ("근로소득", items.whole(|lane| at(&lives.wage, lane))),
                    ("사업소득", items.whole(|lane| at(&lives.business, lane))),
                    ("장애인", items.bools(|lane| at(&lives.disabled, lane) > 0)),
                    ("대학생", items.bools(|lane| at(&lives.school, lane) == 4)),
                ]
            }),
            "세대.구성원" => self.list(|lane| self.span(self.house(lane)).collect(), &|items| {
                vec![
                    ("이름", self.named(items)),
                    ("생년월일", items.dates(|lane| at(&lives.born, lane))),
                    ("세대주자녀", items.bools(|lane| self.role(lane) == Role::Child)),
                    ("장애인", items.bools(|lane| at(&lives.disabled, lane) > 0)),
                ]
            }),
            "가구.월소득" => self.whole_of_house(|house| at(&lives.income, house)),
            "가구.재산소득" => self.whole_of_house(|house| at(&lives.property_income, house)),
            "가구.이전소득" => self.whole_of_house(|house| at(&lives.transfers, house)),
            "가구.지출비용" => self
                .whole_of_house(|house| 50_000 * count(self.span(house).filter(|lane| self.is_ill(*lane)))),
            "가구.주거용재산" => self.whole_of_house(|house| at(&lives.home, house)),
            "가구.일반재산" => self.whole_of_house(|house| at(&lives.land, house)),
            "가구.금융재산" => self.whole_of_house(|house| at(&lives.money, house)),
            "가구.부채" => self.whole_of_house(|house| at(&lives.debt, house)),
            "가구.자동차" => self.cars(lives),
            "가구.초등학생수" => pupils(1),
            "가구.중학생수" => pupils(2),
            "가구.고등학생수" => pupils(3),
            "세대.임산부" => {
                self.bools_of_house(|house| self.span(house).any(|lane| self.is_pregnant(lane)))
            }
            "세대.산정특례" => self.bools_of_house(|house| {
                self.span(house).any(|lane| self.is_ill(lane) && self.other(lane, 4, 200))
            }),
            "세대.한부모" => self.bools_of_house(|house| self.is_lone(house)),
            "세대.위탁아동" | "타법_생계보장" | "지역화폐.받음" => self.bools(|_| false),
            "세대.보장시설" => self.bools_of_house(|house| self.in_care(self.span(house).start)),
            "양육.농어촌" => {
                let county = living.place(self.area()).kind == 2;
                self.bools_of_house(|house| {
                    county || self.span(house).any(|lane| at(&lives.work, lane) >= Work::Farmer)
                })
            }
            "전기.월요금" => self.whole_of_house(|house| {
                let [base, each] = living.power;
                whole(base) + whole(each) * (count(self.span(house)) - 1)
            }),
            "전기.주거용" | "텔레비전.가정용" => {
                self.bools_of_house(|house| self.other_of_house(house, 2, 970))
            }
            _ => None,
        }
    }

    fn of_couple(&self, lives: &Lives, name: &str) -> Option<Column> {
        let partner = |lane: usize| self.partner(lane);
        // Only head and spouse own what the household has.
        let owned = |lane: usize, of: &dyn Fn(usize) -> i64| match self.role(lane) {
            Role::Head | Role::Spouse => of(self.house(lane)),
            _ => 0,
        };
        match name {
            "부부.배우자있음" | "청년.혼인" => self.bools(|lane| partner(lane).is_some()),
            "부부.본인근로소득" => self.whole(|lane| at(&lives.wage, lane)),
            "부부.배우자근로소득" => {
                self.whole(|lane| partner(lane).map_or(0, |other| at(&lives.wage, other)))
            }
            "부부.기타소득" => self.whole(|lane| {
                let both = [Some(lane), partner(lane)].into_iter().flatten();
                both.map(|one| at(&lives.business, one) + at(&lives.pension, one)).sum()
            }),
            "부부.이자소득" => {
                self.whole(|lane| owned(lane, &|house| at(&lives.property_income, house)))
            }
            "부부.일반재산" => {
                self.whole(|lane| owned(lane, &|house| at(&lives.home, house) + at(&lives.land, house)))
            }
            "부부.금융재산" => self.whole(|lane| owned(lane, &|house| at(&lives.money, house))),
            "부부.부채" => self.whole(|lane| owned(lane, &|house| at(&lives.debt, house))),
            "부부.고급재산" => self.whole(|_| 0),
            "부부.직역연금" => self.bools(|lane| self.public_pension(lane)),
            "기초연금.전액대상" => self.bools(|lane| at(&lives.pension, lane) == 0),
            "기초연금.수급" => self.bools(|lane| self.has_basic_pension(lives, lane)),
            "배우자.기초연금수급" => {
                self.bools(|lane| partner(lane).is_some_and(|other| self.has_basic_pension(lives, other)))
            }
            "배우자.기초연금액" => self.whole(|lane| match partner(lane) {
                Some(other) if self.has_basic_pension(lives, other) => BASIC_PENSION,
                _ => 0,
            }),
            "배우자.기초급여수급" => self.bools(|lane| {
                partner(lane).is_some_and(|other| {
                    at(&lives.disabled, other) == 2
                        && (18..65).contains(&self.age(other))
                        && at(&lives.means, self.house(lane)) != Means::Above
                })
            }),
            _ => None,
        }
    }

    fn of_children(&self, lives: &Lives, name: &str) -> Option<Column> {
        match name {
            "보호자.양육" => self.bools(|lane| self.raises(lane)),
            "자녀" => self.list(|lane| self.children_of(lane), &|items| self.child(lives, items)),
            "한부모.아이" => self.list(
                |lane| {
                    if self.is_lone(self.house(lane)) || self.is_grand(self.house(lane)) {
                        self.children_of(lane)
                    } else {
                        Vec::new()
                    }
                },
                &|items| {
                    vec![
                        ("이름", self.named(items)),
                        ("생년월일", items.dates(|lane| at(&lives.born, lane))),
                        ("재학", items.bools(|lane| (1..=3).contains(&at(&lives.school, lane)))),
                    ]
                },
            ),
            "장애아동.아이" => self.list(
                |lane| {
                    let mut children = self.children_of(lane);
                    children.retain(|child| at(&lives.disabled, *child) > 0);
                    children
                },
                &|items| {
                    vec![
                        ("이름", self.named(items)),
                        ("생년월일", items.dates(|lane| at(&lives.born, lane))),
                        ("재학", items.bools(|lane| (1..=3).contains(&at(&lives.school, lane)))),
                        ("장애인연금", Column::Same(Value::Bool(false))),
                        ("중증", items.bools(|lane| at(&lives.disabled, lane) == 2)),
                        ("시설", Column::Same(Value::Bool(false))),
                    ]
                },
            ),
            "출산지원.받은아이" => self.list(|_| Vec::new(), &|items| {
                vec![
                    ("이름", self.named(items)),
                    ("생년월일", items.dates(|lane| at(&lives.born, lane))),
                    ("지역", same("")),
                ]
            }),
            "카드.국민행복카드" => self.bools(|lane| {
                let small = self.children_of(lane).into_iter().any(|child| self.age(child) < 8);
                (small || self.is_pregnant(lane)) && self.other(lane, 5, 900)
            }),
            "한부모.미혼" => self.bools_of_house(|house| {
                self.is_lone(house) && self.chance_house(house, Draw::UNMARRIED, self.living.unmarried)
            }),
            "한부모.조손" => self.bools_of_house(|house| self.is_grand(house)),
            "육아휴직.중" => self.bools(|lane| self.on_leave(lives, lane)),
            "육아휴직.신청시기" | "출산휴가.신청시기" => {
                self.choice(&["한 달 전", "신청 기간", "열두 달 지남"], |lane| {
                    match self.even(lane, Draw::LEAVE, 100) {
                        ..6 => 0,
                        6..98 => 1,
                        _ => 2,
                    }
                })
            }
            "육아휴직.달" => self.whole(|lane| 1 + self.even(lane, Draw::CHOICE, 12)),
            "육아휴직.부모함께" | "육아휴직.더긴휴직" => {
                self.bools(|lane| self.other_of_house(self.house(lane), 3, 300))
            }
            "출산휴가.받음" => self.bools(|lane| {
                self.is_pregnant(lane) && at(&lives.work, lane) == Work::Employee && self.other(lane, 0, 400)
            }),
            "출산휴가.일수" => self.whole(|_| 90),
            "출산휴가.종류" => {
                self.choice(&["출산", "미숙아", "다태아", "유산·사산"], |lane| {
                    match self.even(lane, Draw::COURSE, 100) {
                        ..93 => 0,
                        93..95 => 1,
                        95..98 => 2,
                        _ => 3,
                    }
                })
            }
            _ => None,
        }
    }

    /// With a child below two, an employee.
    fn on_leave(&self, lives: &Lives, lane: usize) -> bool {
        let small = || self.children_of(lane).into_iter().any(|child| self.age(child) < 2);
        let share = if self.is_woman(lane) { 350 } else { 60 };
        at(&lives.work, lane) == Work::Employee && small() && self.other(lane, 0, share)
    }

    fn child(&self, lives: &Lives, items: &Items) -> Vec<(&'static str, Column)> {
        let rank = |lane: usize| {
            let before = self.span(self.house(lane)).take_while(|other| *other < lane);
            1 + count(before.filter(|other| self.role(*other) == self.role(lane)))
        };
        let care = ["가정", "어린이집 0세반", "어린이집 1세반", "어린이집", "유치원"];
        let cared = |lane: usize| {
            let home = |permille| self.other(lane, 1, permille);
            match self.age(lane) {
                0 => u32::from(!home(820)),
                1 => {
                    if home(350) {
                        0
                    } else {
                        2
                    }
                }
                2 => {
                    if home(120) {
                        0
                    } else {
                        3
                    }
                }
                3..=6 => {
                    if home(40) {
                        0
                    } else if self.other(lane, 2, 500) {
                        3
                    } else {
                        4
                    }
                }
                _ => 0,
            }
        };
        let living = &self.living;
        let county = living.place(self.area()).kind == 2;
        vec![
            ("이름", self.named(items)),
            ("생년월일", items.dates(|lane| at(&lives.born, lane))),
            ("거주지", same(living.areas.get(self.area()).map_or("", |(name, _)| name))),
            ("신분", same("국민")),
            ("등록", same("주민등록")),
            ("국외일수", items.whole(|lane| if self.other(lane, 3, 10) { 120 } else { 0 })),
            ("상품권", Column::Same(Value::Bool(county))),
            ("돌봄", items.texts(&care, cared)),
            ("돌봄지원액", items.whole(|_| 0)),
            ("출생순위", items.whole(rank)),
            ("첫만남지급", items.bools(|lane| self.age(lane) > 0 || self.other(lane, 4, 800))),
        ]
    }

    /// Somebody in a household has no name, only a place: "둘째".
    fn named(&self, items: &Items) -> Column {
        const PLACES: [&str; 12] = [
            "첫째",
            "둘째",
            "셋째",
            "넷째",
            "다섯째",
            "여섯째",
            "일곱째",
            "여덟째",
            "아홉째",
            "열째",
            "열한째",
            "열두째",
        ];
        items.texts(&PLACES, |lane| {
            let place = lane.saturating_sub(self.span(self.house(lane)).start).min(PLACES.len() - 1);
            u32::try_from(place).unwrap_or(0)
        })
    }

    fn cars(&self, lives: &Lives) -> Option<Column> {
        let of =
            |lane: usize| if at(&lives.car, self.house(lane)) { vec![self.house(lane)] } else { Vec::new() };
        self.list(of, &|items| {
            let draw =
                |house: usize, what, n| i64::try_from(below(self.draw_house(house, what), n)).unwrap_or(0);
            let years = |house| draw(house, Draw::CAR_AGE, 18);
            vec![
                (
                    "종류",
                    items.texts(&["승용", "승합", "화물"], |house| {
                        match draw(house, Draw::CAR_KIND, 100) {
                            ..84 => 0,
                            84..88 => 1,
                            _ => 2,
                        }
                    }),
                ),
                ("소형", items.bools(|house| draw(house, Draw::CAR_KIND, 1000) % 2 == 0)),
                (
                    "배기량",
                    items.whole(|house| {
                        at(
                            &[998, 1_598, 1_598, 1_998, 1_998, 2_497],
                            index_of(draw(house, Draw::CAR_VALUE, 6)),
                        )
                    }),
                ),
                ("차령", items.whole(years)),
                (
                    "가액",
                    items.whole(|house| {
                        // New for 15 to 45 million won; every year takes an eighth.
                        let new = 15_000_000 + 1_000_000 * draw(house, Draw::CAR_VALUE, 31);
                        (0..years(house)).fold(new, |value, _| value * 7 / 8) / 10_000 * 10_000
                    }),
                ),
                ("제외", items.bools(|house| self.span(house).any(|lane| at(&lives.disabled, lane) == 2))),
            ]
        })
    }

    fn of_work(&self, lives: &Lives, name: &str) -> Option<Column> {
        let living = &self.living;
        let employee = |lane: usize| at(&lives.work, lane) == Work::Employee;
        let looking = |lane: usize| at(&lives.work, lane) == Work::Looking;
        let own = |lane: usize| at(&lives.work, lane) == Work::Own;
        let insured = |lane: usize| own(lane) && self.chance(lane, Draw::INSURED, 20);
        let grade = |lane: usize| 1 + self.even(lane, Draw::GRADE, 7);
        let former_wage = |lane: usize| {
            let middle = living.wage(usize::from(self.is_woman(lane)), self.age(lane));
            Living::spread(middle, living.wage_spread(), self.draw(lane, Draw::WAGE))
        };
        let sum_of_house =
            |house: usize| at(&lives.home, house) + at(&lives.land, house) + at(&lives.money, house);
        match name {
            "이직.어쩔수없음" => self.bools(|lane| looking(lane) && self.other(lane, 1, 600)),
            "이직.날" => {
                let on = maru_rules::days_of(living.on);
                let left = |lane| on - 1 - i32::try_from(self.even(lane, Draw::CHOICE, 540)).unwrap_or(0);
                let days = self.each(left);
                Some(Column::Dates(Lanes::some(days, self.each(looking))))
            }
            "이직.나이" => Some(Column::Numbers(Numbers::whole(Lanes::some(
                self.each(|lane| i64::from(self.age(lane)).saturating_sub(1).max(0)),
                self.each(looking),
            )))),
            "이직.임금일액" => Some(Column::Numbers(Numbers::whole(Lanes::some(
                self.each(|lane| former_wage(lane) / 30),
                self.each(looking),
            )))),
            "이직.하루시간" => {
                Some(Column::Numbers(Numbers::whole(Lanes::some(self.each(|_| 8), self.each(looking)))))
            }
            "고용보험.기준기간일수" => self.whole(|lane| match at(&lives.work, lane) {
                Work::Employee => 480,
                Work::Looking => 60 + self.even(lane, Draw::INSURED, 480),
                _ => 0,
            }),
            "고용보험.육십오세후" => {
                self.bools(|lane| self.age(lane) >= 66 && self.other(lane, 2, 500))
            }
            "고용보험.가입연수" => self.whole(|lane| {
                let years = i64::from(self.age(lane)) - 18;
                if employee(lane) || looking(lane) {
                    (1 + self.even(lane, Draw::YEARS, 20)).min(years).max(0)
                } else {
                    0
                }
            }),
            "고용보험.합산일수" => {
                self.whole(|lane| if employee(lane) { 100 + self.even(lane, Draw::INSURED, 3000) } else { 0 })
            }
            "고용.통상임금" => self.whole(|lane| at(&lives.wage, lane)),
            "고용.우선지원기업" => self.bools(|lane| employee(lane) && self.other(lane, 3, 600)),
            "고용.월기준시간" => self.whole(|_| 209),
            "취업지원.재산" => {
                self.whole_of_house(|house| (sum_of_house(house) - at(&lives.debt, house)).max(0))
            }
            "취업지원.취업경험" => {
                self.bools(|lane| employee(lane) || own(lane) || self.other(lane, 4, 400))
            }
            "취업지원.선발" => self.bools(|lane| looking(lane) && self.other(lane, 5, 500)),
            "취업지원.다른지원" => self.bools(|lane| self.other(lane, 0, 60)),
            "취업지원.부양가족수" => self.whole(|lane| {
                let needy =
                    |other: &usize| *other != lane && (self.age(*other) < 19 || self.age(*other) >= 70);
                count(self.span(self.house(lane)).filter(needy))
            }),
            "소상공인.해당" => self.bools(|lane| own(lane) && self.other(lane, 2, 900)),
            "자영업고용보험.가입" => self.bools(insured),
            "자영업고용보험.등급" => self.whole(grade),
            // 2.25 % of the standard pay of the grade.
            "자영업고용보험.보험료" => self.whole(|lane| 40_950 + (grade(lane) - 1) * 5_850),
            "자영업고용보험.지원받은달수" => {
                self.whole(|lane| if insured(lane) { self.even(lane, Draw::YEARS, 72) } else { 0 })
            }
            "저축.월저축액" => self.whole(|_| 100_000),
            "장려금.가구" => {
                self.choice(&["단독", "홑벌이", "맞벌이"], |lane| match self.partner(lane) {
                    Some(other)
                        if self.yearly(lives, lane) >= 3_000_000
                            && self.yearly(lives, other) >= 3_000_000 =>
                    {
                        2
                    }
                    Some(_) => 1,
                    None if !self.dependents(lane).is_empty() => 1,
                    None => 0,
                })
            }
            "장려금.총소득" => self.whole(|lane| {
                self.yearly(lives, lane) + self.partner(lane).map_or(0, |other| self.yearly(lives, other))
            }),
            "장려금.총급여액" => self.whole(|lane| {
                let both = [Some(lane), self.partner(lane)].into_iter().flatten();
                both.map(|one| 12 * (at(&lives.wage, one) + at(&lives.business, one))).sum()
            }),
            "장려금.재산" => self.whole_of_house(sum_of_house),
            "장려금.부양자녀수" => self.whole(|lane| count(self.dependents(lane).into_iter())),
            "장려금.제외" => self.bools(|lane| {
                let child = matches!(self.role(lane), Role::Child | Role::Grandchild) && self.age(lane) < 18;
                child || (own(lane) && self.other(lane, 1, 40))
            }),
            "청년수당.단기근로" => {
                self.bools(|lane| employee(lane) && at(&lives.wage, lane) < 1_000_000)
            }
            "임대.제조업근로" => self.bools(|lane| employee(lane) && self.other(lane, 1, 190)),
            _ => None,
        }
    }

    /// What one has in a year; pensions are no income here.
    fn yearly(&self, lives: &Lives, lane: usize) -> i64 {
        12 * (at(&lives.wage, lane) + at(&lives.business, lane))
    }

    /// Children below 18 whom one of a couple, or a lone parent, raises.
    fn dependents(&self, lane: usize) -> Vec<usize> {
        let mut children = self.children_of(lane);
        children.retain(|child| self.age(*child) < 18);
        children
    }

    fn of_home(&self, lives: &Lives, name: &str) -> Option<Column> {
        let living = &self.living;
        let at_home = |lane: usize| self.role(lane) == Role::Child;
        match name {
            "주거.형태" => self.choice(&["자가", "전세", "월세", "무상"], |lane| {
                match at(&lives.tenure, self.house(lane)) {
                    Tenure::Owned => 0,
                    Tenure::Lease => 1,
                    Tenure::Rent => 2,
                    Tenure::Free => 3,
                }
            }),
            "주거.보증금" => {
                self.whole_of_house(|house| if self.rents(lives, house) { at(&lives.home, house) } else { 0 })
            }
            "주거.월세" => self.whole_of_house(|house| at(&lives.rent, house)),
            "주거.공공임대" => self.bools_of_house(|house| self.public_home(lives, house)),
            "주거.한방전대" => {
                self.bools_of_house(|house| self.rents(lives, house) && self.other_of_house(house, 4, 10))
            }
            "임대차.가족계약" | "임대차.이촌계약" => {
                self.bools_of_house(|house| self.rents(lives, house) && self.other_of_house(house, 5, 30))
            }
            "청년.부모동거" => self.bools(at_home),
            "원가구.가구원수" => self.whole(|lane| {
                if at_home(lane) {
                    count(self.span(self.house(lane)))
                } else {
                    2 + self.even(lane, Draw::TIE_SIZE, 3)
                }
            }),
            "원가구.월소득" => self.whole(|lane| {
                if at_home(lane) { at(&lives.income, self.house(lane)) } else { self.tie_income(lane) / 12 }
            }),
            "원가구.재산" => self.whole(|lane| {
                let house = self.house(lane);
                let own = at(&lives.home, house) + at(&lives.land, house) + at(&lives.money, house);
                if at_home(lane) { (own - at(&lives.debt, house)).max(0) } else { self.tie_wealth(lane) }
            }),
            "청년월세.다른지원" => self.bools(|lane| self.other(lane, 1, 20)),
            "청년월세.받은달수" | "청년수당.받은달수" => {
                self.whole(
                    |lane| if self.other(lane, 2, 60) { 1 + self.even(lane, Draw::CHOICE, 12) } else { 0 },
                )
            }
            "주거급여.월차임분" => self.whole_of_house(|house| {
                if at(&lives.means, house) <= Means::Housing {
                    at(&lives.rent, house).min(250_000)
                } else {
                    0
                }
            }),
            "임대.지역" => self.choice(&["같은 시·군·구", "이웃한 시·군·구", "그 밖"], |_| 0),
            "임대.부양가족수" => self.whole_of_house(|house| count(self.span(house)) - 1),
            "임대.노부모부양" => self.bools_of_house(|house| {
                self.span(house).any(|lane| self.role(lane) == Role::Elder && self.age(lane) >= 65)
            }),
            "임대.미성년자녀수" => self.whole_of_house(|house| count(self.minors(house))),
            "임대.취약계층" => {
                self.bools_of_house(|house| at(&lives.means, house) != Means::Above || self.is_lone(house))
            }
            "청약저축.납입횟수" => self.whole(|lane| {
                let months = (i64::from(self.age(lane)) - 19).max(0) * 12;
                if self.other(lane, 3, 500) { self.even(lane, Draw::YEARS, 180).min(months) } else { 0 }
            }),
            _ => self.of_study(lives, living, name),
        }
    }

    fn of_study(&self, lives: &Lives, living: &Living, name: &str) -> Option<Column> {
        match name {
            // The bands of the scholarship: 30, 50, 70, 90, 100, 130, 150, 200 and 300 percent of the standard median.
            "장학.지원구간" => self.whole_of_house(|house| match self.of_median(lives, house) / 100 {
                _ if at(&lives.means, house) == Means::Living => 0,
                ..=30 => 1,
                31..=50 => 2,
                51..=70 => 3,
                71..=90 => 4,
                91..=100 => 5,
                101..=130 => 6,
                131..=150 => 7,
                151..=200 => 8,
                201..=300 => 9,
                _ => 10,
            }),
            "장학.성적" => {
                self.whole(|lane| 100 - self.even(lane, Draw::GRADE, 7) * self.even(lane, Draw::COURSE, 7))
            }
            "장학.이수학점" => {
                self.whole(|lane| 21 - self.even(lane, Draw::LEAVE, 4) * self.even(lane, Draw::CHOICE, 4))
            }
            "장학.첫학기" => self.bools(|lane| self.age(lane) <= 19 && self.other(lane, 1, 500)),
            "장학.대학원" => self
                .bools(|lane| self.age(lane) >= 23 && self.chance(lane, Draw::GRADUATE, living.graduate * 5)),
            "장학.국적" => self.bools(|_| true),
            "장학.제한대학" => self.bools(|lane| self.other(lane, 2, 15)),
            "장학.경고횟수" => self.whole(|lane| i64::from(self.other(lane, 3, 20))),
            "장학.자립준비청년" => self.bools(|lane| self.other(lane, 4, 2)),
            "장학.연등록금" => self.whole(|lane| 4_000_000 + 100_000 * self.even(lane, Draw::FEE, 50)),
            _ => None,
        }
    }

    fn tie_income(&self, lane: usize) -> i64 {
        Living::spread(
            48_000_000,
            self.living.wage_spread(),
            self.draw_house(self.house(lane), Draw::TIE_INCOME),
        )
    }

    fn tie_wealth(&self, lane: usize) -> i64 {
        Living::spread(
            240_000_000,
            self.living.home_spread(),
            self.draw_house(self.house(lane), Draw::TIE_WEALTH),
        )
    }

    fn of_support(&self, lives: &Lives, name: &str) -> Option<Column> {
        let living = &self.living;
        let means = |lane: usize| at(&lives.means, self.house(lane));
        let tied = |lane: usize| self.chance_house(self.house(lane), Draw::TIE, living.tie);
        match name {
            "부양의무자.있음" => self.bools(tied),
            "부양의무자.연소득" => {
                self.whole(|lane| if tied(lane) { self.tie_income(lane) } else { 0 })
            }
            "부양의무자.일반재산" => {
                self.whole(|lane| if tied(lane) { self.tie_wealth(lane) } else { 0 })
            }
            // 4.17 % a month of what lies above a hundred million won, a third of it: what the decree leaves is near it.
            "부양의무자.재산환산액" => self.whole(|lane| {
                if tied(lane) { (self.tie_wealth(lane) - 228_000_000).max(0) / 100 * 417 / 300 } else { 0 }
            }),
            "부양의무자.가구원수" => self.whole(|lane| {
                1 + i64::try_from(below(self.draw_house(self.house(lane), Draw::TIE_SIZE), 4)).unwrap_or(0)
            }),
            "부양의무자.부양불가" => {
                self.bools(|lane| self.chance_house(self.house(lane), Draw::TIE_UNABLE, 60))
            }
            "부양의무자.적용제외" => {
                self.bools(|lane| self.chance_house(self.house(lane), Draw::TIE_UNABLE, 100))
            }
            "장애인연금.계층" => {
                self.choice(&["생계·의료급여", "차상위", "차상위 초과"], |lane| {
                    match means(lane) {
                        Means::Living => 0,
                        Means::Housing | Means::Near => 1,
                        Means::Above => 2,
                    }
                })
            }
            "감면.계층" => {
                self.choice(&["생계·의료", "주거·교육", "차상위", "해당 없음"], |lane| {
                    match means(lane) {
                        Means::Living => 0,
                        Means::Housing => 1,
                        Means::Near => 2,
                        Means::Above => 3,
                    }
                })
            }
            "기초급여.수급" => self.bools(|lane| means(lane) <= Means::Housing),
            "차상위.확인" => self.bools(|lane| means(lane) == Means::Near),
            "에너지.다른난방지원" => self.bools_of_house(|house| self.other_of_house(house, 0, 20)),
            "긴급.위기사유" => self.choice(
                &["실직", "질병이나 부상", "주소득자의 부재", "해당 없음"],
                |lane| {
                    let house = self.house(lane);
                    let lost = self
                        .span(house)
                        .any(|one| at(&lives.work, one) == Work::Looking && self.role(one) <= Role::Spouse);
                    match below(self.draw_house(house, Draw::CRISIS), 1000) {
                        ..300 if lost => 0,
                        995.. => 1,
                        993..995 => 2,
                        _ => 3,
                    }
                },
            ),
            _ => None,
        }
    }
}

/// The items of a list column: which lane (or household) each is.
struct Items {
    lanes: Vec<usize>,
}

impl Items {
    fn bools(&self, of: impl Fn(usize) -> bool) -> Column {
        Column::bools(self.lanes.iter().map(|lane| of(*lane)).collect())
    }

    fn whole(&self, of: impl Fn(usize) -> i64) -> Column {
        Column::whole(self.lanes.iter().map(|lane| of(*lane)).collect())
    }

    fn dates(&self, of: impl Fn(usize) -> i32) -> Column {
        Column::dates(self.lanes.iter().map(|lane| of(*lane)).collect())
    }

    fn texts(&self, options: &[&str], of: impl Fn(usize) -> u32) -> Column {
        let texts: Arc<[Arc<str>]> = options.iter().map(|option| Arc::from(*option)).collect();
        Column::texts(self.lanes.iter().map(|lane| of(*lane)).collect(), texts)
    }
}

fn same(text: &str) -> Column {
    Column::Same(Value::Text(text.to_owned()))
}

fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn count(of: impl Iterator<Item = usize>) -> i64 {
    i64::try_from(of.count()).unwrap_or(i64::MAX)
}

fn index(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn index_of(n: i64) -> usize {
    usize::try_from(n).unwrap_or(0)
}
