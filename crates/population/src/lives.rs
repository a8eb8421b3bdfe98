//! What people do and have: work, income, home, wealth, health. All of it is drawn from the block's key, the lane and what is drawn.

use jiff::civil::Date;
use maru_kernel::Won;
use maru_rules::days_of;

use crate::{
    Block, Fault, Marginals,
    assemble::{at, by_age, of_age},
    marginals::{GROUPS, OLDEST, Place, Table},
    random::{below, nth},
};

/// What is drawn of a person or of a household: each has draws of its own, so that one never moves with another unless it is meant to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) const BIRTHDAY: Draw = Draw(0);
    pub(crate) const EMPLOYED: Draw = Draw(1);
    pub(crate) const LOOKING: Draw = Draw(2);
    pub(crate) const OWN: Draw = Draw(3);
    pub(crate) const LAND: Draw = Draw(4);
    pub(crate) const LAND_KIND: Draw = Draw(5);
    pub(crate) const WAGE: Draw = Draw(6);
    pub(crate) const BUSINESS: Draw = Draw(7);
    pub(crate) const PENSION: Draw = Draw(8);
    pub(crate) const PENSION_SUM: Draw = Draw(9);
    pub(crate) const PUBLIC: Draw = Draw(10);
    pub(crate) const UNIVERSITY: Draw = Draw(11);
    pub(crate) const GRADUATE: Draw = Draw(12);
    pub(crate) const DISABLED: Draw = Draw(13);
    pub(crate) const SEVERE: Draw = Draw(14);
    pub(crate) const SENSE: Draw = Draw(15);
    pub(crate) const ILL: Draw = Draw(16);
    pub(crate) const PREGNANT: Draw = Draw(17);
    pub(crate) const HOPING: Draw = Draw(18);
    pub(crate) const MERIT: Draw = Draw(19);
    pub(crate) const MERIT_KIND: Draw = Draw(20);
    pub(crate) const MULTICULTURAL: Draw = Draw(21);
    pub(crate) const NORTH: Draw = Draw(22);
    pub(crate) const MOVED: Draw = Draw(23);
    pub(crate) const TIE: Draw = Draw(24);
    pub(crate) const TIE_INCOME: Draw = Draw(25);
    pub(crate) const TIE_WEALTH: Draw = Draw(26);
    pub(crate) const TIE_SIZE: Draw = Draw(27);
    pub(crate) const TIE_UNABLE: Draw = Draw(28);
    pub(crate) const UNMARRIED: Draw = Draw(29);
    pub(crate) const TENURE: Draw = Draw(30);
    pub(crate) const PUBLIC_HOME: Draw = Draw(31);
    pub(crate) const PRICE: Draw = Draw(32);
    pub(crate) const OTHER_HOME: Draw = Draw(33);
    pub(crate) const OTHER_LAND: Draw = Draw(34);
    pub(crate) const LAND_VALUE: Draw = Draw(35);
    pub(crate) const MONEY: Draw = Draw(36);
    pub(crate) const DEBT: Draw = Draw(37);
    pub(crate) const DEBT_VALUE: Draw = Draw(38);
    pub(crate) const CAR: Draw = Draw(39);
    pub(crate) const CAR_KIND: Draw = Draw(40);
    pub(crate) const CAR_AGE: Draw = Draw(41);
    pub(crate) const CAR_VALUE: Draw = Draw(42);
    pub(crate) const CARE: Draw = Draw(43);
    pub(crate) const PHONE: Draw = Draw(44);
    pub(crate) const CRISIS: Draw = Draw(45);
    pub(crate) const TAKE_UP: Draw = Draw(46);
    pub(crate) const YEARS: Draw = Draw(47);
    pub(crate) const INSURED: Draw = Draw(48);
    pub(crate) const LEAVE: Draw = Draw(49);
    pub(crate) const COURSE: Draw = Draw(50);
    pub(crate) const GRADE: Draw = Draw(51);
    pub(crate) const FEE: Draw = Draw(52);
    pub(crate) const VETERAN: Draw = Draw(53);
    pub(crate) const OTHER: Draw = Draw(54);
    pub(crate) const CHOICE: Draw = Draw(55);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub(crate) enum Work {
    #[default]
    None,
    Looking,
    Employee,
    Own,
    Farmer,
    Fisher,
    Livestock,
    Forester,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Tenure {
    #[default]
    Owned,
    Lease,
    Rent,
    Free,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub(crate) enum Means {
    /// 생계·의료급여
    Living,
    /// 주거·교육급여
    Housing,
    /// 차상위
    Near,
    #[default]
    Above,
}

pub(crate) const SPREAD: usize = 20;

/// The assumptions about lives, and the day.
#[derive(Debug, Clone)]
pub(crate) struct Living {
    pub(crate) on: Date,
    /// Days since 1970-01-01 of the day on which somebody of that age was born at the latest.
    birthdays: Vec<i32>,
    medians: Vec<i64>,
    pub(crate) areas: Vec<(String, Place)>,
    /// How much of the national share of workers an area's province has, ‰.
    province: Vec<u64>,
    employed: Table,
    looking: [u64; GROUPS],
    own: [u64; GROUPS],
    land: [u64; 3],
    land_old: [u64; GROUPS],
    land_kind: [u64; 4],
    wage: Table,
    spread: [u64; SPREAD],
    business: u64,
    business_spread: [u64; SPREAD],
    land_income: u64,
    pension_share: [u64; GROUPS],
    pension: u64,
    pension_spread: [u64; SPREAD],
    pub(crate) public: u64,
    university: [u64; 3],
    pub(crate) graduate: u64,
    disabled: [u64; GROUPS],
    severe: u64,
    pub(crate) sense: u64,
    pub(crate) ill: [u64; GROUPS],
    pub(crate) pregnant: [u64; GROUPS],
    pub(crate) hoping: [u64; GROUPS],
    pub(crate) merit: Table,
    pub(crate) multicultural: u64,
    pub(crate) north: u64,
    pub(crate) moved: u64,
    pub(crate) tie: u64,
    pub(crate) unmarried: u64,
    owned: [u64; GROUPS],
    lease: [u64; GROUPS],
    free: u64,
    pub(crate) public_home: u64,
    price: [u64; 4],
    home_spread: [u64; SPREAD],
    deposit: [u64; 2],
    rent: u64,
    pub(crate) other_home: u64,
    other_land: u64,
    land_value: u64,
    money: u64,
    money_spread: [u64; SPREAD],
    debt: u64,
    debt_value: u64,
    interest: u64,
    car: [u64; 2],
    pub(crate) power: [u64; 2],
    pub(crate) phone: [u64; 5],
    pub(crate) care: u64,
    pub(crate) take_up: u64,
}

impl Living {
    pub(crate) fn read(from: &Marginals, on: Date, medians: &[Won]) -> Result<Living, Fault> {
        let medians: Vec<i64> = medians.iter().map(|won| won.0).collect();
        if !(2..=64).contains(&medians.len())
            || medians.windows(2).any(|pair| at(pair, 0) >= at(pair, 1))
            || at(&medians, 0) <= 0
        {
            return Err(Fault::new(
                "the standard median incomes",
                format!("{medians:?}"),
                "give rising sums for households of 1, 2, … persons",
            ));
        }
        let birthdays = (0..=i16::from(OLDEST)).map(|age| {
            let years = jiff::Span::new().years(age);
            on.checked_sub(years).map(days_of).map_err(|_| {
                Fault::new("the date", format!("{on} is too early"), "name a day that people live on")
            })
        });
        let employed = from.by_sex("work.employed")?;
        Ok(Living {
            on,
            birthdays: birthdays.collect::<Result<_, _>>()?,
            medians,
            areas: from.areas.iter().map(|area| (area.name.clone(), area.place)).collect(),
            province: provinces(from, &employed)?,
            employed,
            looking: from.row("work.looking")?,
            own: from.row("work.own")?,
            land: from.row("work.land")?,
            land_old: from.row("work.land.old")?,
            land_kind: from.row("work.land.kind")?,
            wage: from.by_sex("work.wage")?,
            spread: from.row("work.spread")?,
            business: from.one("work.business")?,
            business_spread: from.row("work.business.spread")?,
            land_income: from.one("work.land.income")?,
            pension_share: from.row("pension.share")?,
            pension: from.one("pension.amount")?,
            pension_spread: from.row("pension.spread")?,
            public: from.one("pension.public")?,
            university: from.row("study.university")?,
            graduate: from.one("study.graduate")?,
            disabled: from.row("health.disabled")?,
            severe: from.one("health.severe")?,
            sense: from.one("health.sense")?,
            ill: from.row("health.ill")?,
            pregnant: from.row("health.pregnant")?,
            hoping: from.row("health.hoping")?,
            merit: from.by_sex("merit")?,
            multicultural: from.one("family.multicultural")?,
            north: from.one("family.from_north")?,
            moved: from.one("family.moved")?,
            tie: from.one("family.tie")?,
            unmarried: from.one("family.unmarried")?,
            owned: from.row("home.owned")?,
            lease: from.row("home.lease")?,
            free: from.one("home.free")?,
            public_home: from.one("home.public")?,
            price: from.row("home.price")?,
            home_spread: from.row("home.spread")?,
            deposit: from.row("home.deposit")?,
            rent: from.one("home.rent")?,
            other_home: from.one("wealth.other_home")?,
            other_land: from.one("wealth.land")?,
            land_value: from.one("wealth.land.value")?,
            money: from.one("wealth.money")?,
            money_spread: from.row("wealth.money.spread")?,
            debt: from.one("wealth.debt")?,
            debt_value: from.one("wealth.debt.value")?,
            interest: from.one("wealth.interest")?,
            car: from.row("wealth.car")?,
            power: from.row("bill.power")?,
            phone: from.row("bill.phone")?,
            care: from.one("receipt.care")?,
            take_up: from.one("receipt.take_up")?,
        })
    }

    /// The standard median income of a household.
    pub(crate) fn median(&self, size: usize) -> i64 {
        let last = self.medians.len();
        let step = at(&self.medians, last.saturating_sub(1)) - at(&self.medians, last.saturating_sub(2));
        let more = i64::try_from(size.saturating_sub(last)).unwrap_or(0);
        at(&self.medians, size.clamp(1, last) - 1) + more * step
    }

    /// One of twenty equal parts of a spread around the middle, and evenly within it; in ten thousands of won.
    pub(crate) fn spread(middle: u64, percent: &[u64; SPREAD], word: u64) -> i64 {
        let twentieth = usize::try_from(below(word, 20)).unwrap_or(0);
        let from = at(percent, twentieth);
        let to = at(percent, (twentieth + 1).min(SPREAD - 1));
        let percent = from + (to.saturating_sub(from)) * ((word & 0xff) + 1) / 256;
        i64::try_from(middle * percent / 1_000_000).unwrap_or(0) * 10_000
    }

    pub(crate) fn medians(&self) -> &[i64] {
        &self.medians
    }

    pub(crate) fn wage_spread(&self) -> &[u64; SPREAD] {
        &self.spread
    }

    pub(crate) fn home_spread(&self) -> &[u64; SPREAD] {
        &self.home_spread
    }

    pub(crate) fn wage(&self, sex: usize, age: u8) -> u64 {
        by_age(&self.wage, sex, age)
    }

    pub(crate) fn place(&self, area: usize) -> Place {
        self.areas.get(area).map_or(Place { class: 3, kind: 1 }, |(_, place)| *place)
    }

    pub(crate) fn born(&self, age: u8, day: i32) -> i32 {
        at(&self.birthdays, usize::from(age)) - day
    }
}

/// What the national shares by age and sex give for a province, against what the survey counted there.
fn provinces(from: &Marginals, employed: &Table) -> Result<Vec<u64>, Fault> {
    let mut expected: std::collections::BTreeMap<&str, (u64, u64)> = std::collections::BTreeMap::new();
    for area in &from.areas {
        let (working, persons) = expected.entry(area.province()).or_default();
        for (counts, shares) in area.counts.iter().zip(employed) {
            for (count, share) in counts.iter().zip(shares).skip(3) {
                *working += count * share;
                *persons += count;
            }
        }
    }
    let mut factors = std::collections::BTreeMap::new();
    for (province, (working, persons)) in expected {
        let [counted, grown] = from.row(&format!("work.province.{province}"))?;
        let factor = u128::from(counted) * u128::from(persons) * 1_000_000
            / (u128::from(grown) * u128::from(working)).max(1);
        factors.insert(province, u64::try_from(factor).unwrap_or(0));
    }
    Ok(from.areas.iter().map(|area| factors.get(area.province()).copied().unwrap_or(1000)).collect())
}

/// The lives of a block's people, worked out once, when first asked for.
#[derive(Debug, Default)]
pub(crate) struct Lives {
    // A lane a person.
    pub(crate) work: Vec<Work>,
    pub(crate) wage: Vec<i64>,
    pub(crate) business: Vec<i64>,
    pub(crate) pension: Vec<i64>,
    /// 0 none, 1 not severe, 2 severe.
    pub(crate) disabled: Vec<u8>,
    /// 1 primary, 2 middle, 3 high school, 4 university.
    pub(crate) school: Vec<u8>,
    pub(crate) born: Vec<i32>,
    // A lane a household.
    pub(crate) income: Vec<i64>,
    pub(crate) property_income: Vec<i64>,
    pub(crate) transfers: Vec<i64>,
    pub(crate) tenure: Vec<Tenure>,
    /// What the home is worth, whoever owns it.
    pub(crate) price: Vec<i64>,
    pub(crate) home: Vec<i64>,
    pub(crate) rent: Vec<i64>,
    pub(crate) land: Vec<i64>,
    pub(crate) money: Vec<i64>,
    pub(crate) debt: Vec<i64>,
    pub(crate) car: Vec<bool>,
    pub(crate) means: Vec<Means>,
}

const HOUSE: u64 = 1 << 40;
/// Near to what most receive.
pub(crate) const BASIC_PENSION: i64 = 340_000;

impl Block {
    pub(crate) fn draw(&self, lane: usize, what: Draw) -> u64 {
        self.word(u64::try_from(lane).unwrap_or(0), what)
    }

    pub(crate) fn draw_house(&self, house: usize, what: Draw) -> u64 {
        self.word(HOUSE + u64::try_from(house).unwrap_or(0), what)
    }

    fn word(&self, place: u64, what: Draw) -> u64 {
        nth(self.key, (place << 8) + what.0)
    }

    pub(crate) fn chance(&self, lane: usize, what: Draw, permille: u64) -> bool {
        below(self.draw(lane, what), 1000) < permille
    }

    pub(crate) fn chance_house(&self, house: usize, what: Draw, permille: u64) -> bool {
        below(self.draw_house(house, what), 1000) < permille
    }
}

impl Lives {
    pub(crate) fn of(block: &Block) -> Lives {
        let persons = block.len();
        let mut lives = Lives {
            work: Vec::with_capacity(persons),
            wage: Vec::with_capacity(persons),
            business: Vec::with_capacity(persons),
            pension: Vec::with_capacity(persons),
            disabled: Vec::with_capacity(persons),
            school: Vec::with_capacity(persons),
            born: Vec::with_capacity(persons),
            ..Lives::default()
        };
        for lane in 0..persons {
            lives.person(block, lane);
        }
        for house in 0..block.households() {
            lives.household(block, house);
        }
        lives
    }

    fn person(&mut self, block: &Block, lane: usize) {
        let living = &block.living;
        let (age, sex) = (block.age(lane), usize::from(block.is_woman(lane)));
        let day = i32::try_from(below(block.draw(lane, Draw::BIRTHDAY), 365)).unwrap_or(0);
        let born = living.born(age, day);
        let school = living.school(block, lane, born);
        let work = if (1..=3).contains(&school) { Work::None } else { living.work(block, lane, school) };
        let wage = if work == Work::Employee {
            Living::spread(living.wage(sex, age), &living.spread, block.draw(lane, Draw::WAGE))
        } else {
            0
        };
        let business = match work {
            Work::None | Work::Looking | Work::Employee => 0,
            Work::Own => {
                Living::spread(living.business, &living.business_spread, block.draw(lane, Draw::BUSINESS))
            }
            _ => {
                Living::spread(living.land_income, &living.business_spread, block.draw(lane, Draw::BUSINESS))
            }
        };
        let pension = if block.chance(lane, Draw::PENSION, of_age(&living.pension_share, age)) {
            Living::spread(living.pension, &living.pension_spread, block.draw(lane, Draw::PENSION_SUM))
        } else {
            0
        };
        let disabled = block.chance(lane, Draw::DISABLED, of_age(&living.disabled, age));
        let severe = disabled && block.chance(lane, Draw::SEVERE, living.severe);
        self.work.push(work);
        self.wage.push(wage);
        self.business.push(business);
        self.pension.push(pension);
        self.disabled.push(u8::from(disabled) + u8::from(severe));
        self.school.push(school);
        self.born.push(born);
    }

    fn household(&mut self, block: &Block, house: usize) {
        let living = &block.living;
        let span = block.span(house);
        let head = block.age(span.start);
        let sum = |list: &[i64]| span.clone().map(|lane| at(list, lane)).sum::<i64>();
        let earned = sum(&self.wage) + sum(&self.business);
        let transfers = sum(&self.pension);
        let word = |what| block.draw_house(house, what);

        let share = below(word(Draw::TENURE), 1000);
        let (owned, lease) = (of_age(&living.owned, head), of_age(&living.lease, head));
        // Who earns more, owns more: a quarter of the chance hangs on it.
        let richer = earned + transfers > living.median(span.len());
        let owned = if richer { owned * 5 / 4 } else { owned * 17 / 20 };
        let tenure = match share {
            _ if share < owned => Tenure::Owned,
            _ if share < owned + lease => Tenure::Lease,
            _ if share < owned + lease + living.free => Tenure::Free,
            _ => Tenure::Rent,
        };
        let class = living.place(block.area()).class;
        let price = Living::spread(at(&living.price, class), &living.home_spread, word(Draw::PRICE));
        let [of_lease, of_rent] = living.deposit;
        let hundredths = |share: u64| price / 1_000_000 * i64::try_from(share).unwrap_or(0) * 10_000;
        let home = match tenure {
            Tenure::Owned => price,
            Tenure::Lease => hundredths(of_lease),
            Tenure::Rent => hundredths(of_rent),
            Tenure::Free => 0,
        };
        let millionths = |of: i64, share: u64| of / 10_000 * i64::try_from(share).unwrap_or(0) / 100;
        let rent = if tenure == Tenure::Rent { millionths(price, living.rent) / 10_000 * 10_000 } else { 0 };
        let mut land = 0;
        if block.chance_house(house, Draw::OTHER_LAND, living.other_land) {
            land = Living::spread(living.land_value, &living.home_spread, word(Draw::LAND_VALUE));
        }
        if tenure != Tenure::Owned && block.chance_house(house, Draw::OTHER_HOME, living.other_home) {
            land += price;
        }
        let mut money = Living::spread(living.money, &living.money_spread, word(Draw::MONEY));
        if !richer {
            money = money / 20_000 * 10_000;
        }
        let mut debt = 0;
        if block.chance_house(house, Draw::DEBT, living.debt) {
            debt = Living::spread(living.debt_value, &living.money_spread, word(Draw::DEBT_VALUE));
            debt = debt.min((home + land) * 7 / 10 + earned * 10);
        }
        let property_income = millionths(money, living.interest);
        self.home.push(home);
        self.land.push(land);
        self.money.push(money);
        self.debt.push(debt);
        let basic = span.clone().filter(|lane| block.has_basic_pension(self, *lane)).count();
        let transfers = transfers + i64::try_from(basic).unwrap_or(0) * BASIC_PENSION;
        let income = earned + transfers + property_income;
        let has_car = at(&living.car, usize::from(span.len() > 1));
        let car = head >= 20 && block.chance_house(house, Draw::CAR, has_car);

        let counted = (home + land + money - debt - 90_000_000).max(0) / 24;
        let of_median = (income * 9 / 10 + counted / 12) * 100 / living.median(span.len()).max(1);
        let takes = block.chance_house(house, Draw::TAKE_UP, living.take_up);
        let means = match of_median {
            _ if !takes => Means::Above,
            ..=40 => Means::Living,
            41..=48 => Means::Housing,
            49..=52 => Means::Near,
            _ => Means::Above,
        };
        self.income.push(income);
        self.property_income.push(property_income);
        self.transfers.push(transfers);
        self.tenure.push(tenure);
        self.price.push(price);
        self.rent.push(rent);
        self.car.push(car);
        self.means.push(means);
    }
}

impl Living {
    /// By the school year, which begins in March: primary school from the year of the seventh birthday on.
    fn school(&self, block: &Block, lane: usize, born: i32) -> u8 {
        let age = block.age(lane);
        if !(5..30).contains(&age) {
            return 0;
        }
        let year = i32::from(self.on.year()) - i32::from(self.on.month() < 3);
        match year - i32::from(year_of(born)) {
            7..=12 => 1,
            13..=15 => 2,
            16..=18 => 3,
            grade if grade > 18 => {
                let [first, second, third] = self.university;
                let share = match age {
                    ..=21 => first,
                    22..=24 => second,
                    _ => third,
                };
                if block.chance(lane, Draw::UNIVERSITY, share) { 4 } else { 0 }
            }
            _ => 0,
        }
    }

    fn work(&self, block: &Block, lane: usize, school: u8) -> Work {
        let (age, sex) = (block.age(lane), usize::from(block.is_woman(lane)));
        let place = self.place(block.area());
        let share = by_age(&self.employed, sex, age) * at(&self.province, block.area()) / 1000;
        // A student works half as often; others of these ages more often, so that the share of all stays.
        let share = match (school, age) {
            (4, _) => share / 2,
            (_, 18..=24) => share * 7 / 5,
            _ => share,
        };
        if !block.chance(lane, Draw::EMPLOYED, share.min(970)) {
            let looks = school == 0 && block.chance(lane, Draw::LOOKING, of_age(&self.looking, age));
            return if looks { Work::Looking } else { Work::None };
        }
        let land = at(&self.land, place.kind) * of_age(&self.land_old, age) / 1000;
        if block.chance(lane, Draw::LAND, land.min(900)) {
            let [farmers, fishers, livestock, _] = self.land_kind;
            return match below(block.draw(lane, Draw::LAND_KIND), 1000) {
                kind if kind < farmers => Work::Farmer,
                kind if kind < farmers + fishers => Work::Fisher,
                kind if kind < farmers + fishers + livestock => Work::Livestock,
                _ => Work::Forester,
            };
        }
        if block.chance(lane, Draw::OWN, of_age(&self.own, age)) { Work::Own } else { Work::Employee }
    }
}

/// The year of a day counted from 1970-01-01, by the Gregorian calendar: years are counted from March, so that the leap day is the last.
pub(crate) fn year_of(days: i32) -> i16 {
    let day = days + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let past_december = i32::from(of_year >= 306);
    i16::try_from(year + era * 400 + past_december).unwrap_or(0)
}
