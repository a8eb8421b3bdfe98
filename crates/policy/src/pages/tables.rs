//! Counts by province, age and income, and how long the bars that show them are.

use std::collections::BTreeMap;

use maru_definition::gov24::income_words;
use maru_kernel::Lang;
use serde::Serialize;

use super::ready::Made;
use crate::{AGES, Change, Effect, INCOMES};

/// A bar that is as long as it gets.
const LONGEST: u64 = 1000;
/// Ages are told by ten years, the last from 80 on.
const DECADES: usize = 9;

/// How many a service reaches among some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Reach {
    pub people: u64,
    pub yes: u64,
    pub unknown: u64,
    pub won: i64,
}

pub trait Sum: Copy + Default {
    fn add(&mut self, other: &Self);
}

impl Sum for Reach {
    fn add(&mut self, other: &Reach) {
        self.people += other.people;
        self.yes += other.yes;
        self.unknown += other.unknown;
        self.won = self.won.saturating_add(other.won);
    }
}

impl Sum for Change {
    fn add(&mut self, other: &Change) {
        *self = Change::sum([&*self, other]);
    }
}

/// The same people divided three ways.
pub struct By<T> {
    /// In the country's order.
    pub places: Vec<(String, T)>,
    /// From an age up to another; the last has no end.
    pub ages: Vec<(u8, Option<u8>, T)>,
    bands: Vec<T>,
}

impl<T: Sum> By<T> {
    fn of(made: &Made, areas: impl Iterator<Item = (usize, T)>, cells: impl Iterator<Item = T>) -> By<T> {
        let names = made.screening.marginals.areas();
        let mut order: Vec<String> = Vec::new();
        let mut places: BTreeMap<String, T> = BTreeMap::new();
        for (area, of) in areas {
            let name = names.get(area).map_or("", |area| area.name.as_str());
            let province = name.split(' ').next().unwrap_or(name);
            if !places.contains_key(province) {
                order.push(province.to_owned());
            }
            places.entry(province.to_owned()).or_default().add(&of);
        }
        let mut decades = [T::default(); DECADES];
        let mut bands = vec![T::default(); INCOMES];
        for (place, of) in cells.enumerate() {
            let decade = (place / INCOMES).min(AGES) / 2;
            if let Some(sum) = decades.get_mut(decade.min(DECADES - 1)) {
                sum.add(&of);
            }
            if let Some(sum) = bands.get_mut(place % INCOMES) {
                sum.add(&of);
            }
        }
        let ages = decades.into_iter().zip(0_u8..).map(|(of, decade)| {
            let last = usize::from(decade) == DECADES - 1;
            (decade * 10, (!last).then_some(decade * 10 + 9), of)
        });
        let found = order.into_iter().filter_map(|name| places.get(&name).map(|of| (name.clone(), *of)));
        By { places: found.collect(), ages: ages.collect(), bands }
    }

    /// Each band of income in words.
    pub fn incomes(&self, lang: Lang) -> Vec<(String, T)> {
        self.bands.iter().zip(0..).map(|(of, band)| (income_words(band).get(lang).to_owned(), *of)).collect()
    }
}

/// How many a service written in depth reaches.
pub fn reach(made: &Made, service: usize) -> By<Reach> {
    let mut cells = vec![Reach::default(); AGES * INCOMES];
    let mut areas = Vec::new();
    for region in &made.screened.regions {
        let mut here = Reach::default();
        let Some(paid) = region.deep.get(service) else { continue };
        let found = region.people.iter().zip(&paid.yes).zip(paid.unknown.iter().zip(paid.won.iter()));
        for (sum, ((people, yes), (unknown, won))) in cells.iter_mut().zip(found) {
            let of = Reach {
                people: u64::from(*people),
                yes: u64::from(*yes),
                unknown: u64::from(*unknown),
                won: *won,
            };
            sum.add(&of);
            here.add(&of);
        }
        areas.push((region.area, here));
    }
    By::of(made, areas.into_iter(), cells.into_iter())
}

/// Whom a moved number changes what for.
pub fn changes(made: &Made, effect: &Effect) -> By<Change> {
    By::of(made, effect.areas.iter().copied().enumerate(), effect.cells.iter().copied())
}

/// How long a bar is when another is the longest.
pub fn bar(count: u64, most: u64) -> u64 {
    let long = u128::from(count) * u128::from(LONGEST) / u128::from(most.max(1));
    // whoever is there is seen
    u64::try_from(long).unwrap_or(LONGEST).max(u64::from(count > 0) * 4)
}

/// Of a hundred, to one digit after the point: `3.2`.
pub fn share(part: u64, whole: u64) -> String {
    let thousandths = (u128::from(part) * 1000 + u128::from(whole) / 2) / u128::from(whole.max(1));
    format!("{}.{}", thousandths / 10, thousandths % 10)
}

/// A text cut where Korean begins or ends, so that each part is read out rightly.
pub fn runs(text: &str) -> Vec<(bool, String)> {
    let mut runs: Vec<(bool, String)> = Vec::new();
    for c in text.chars() {
        let korean = ('가'..='힣').contains(&c);
        match runs.last_mut() {
            Some((same, run)) if *same == korean => run.push(c),
            _ => runs.push((korean, c.to_string())),
        }
    }
    runs
}

/// Rows of a chart of one count.
#[derive(Serialize)]
pub struct Bars(Vec<Bar>);

#[derive(Serialize)]
struct Bar {
    name: String,
    count: u64,
    share: String,
    bar: u64,
}

impl Bars {
    /// Names, how many, and among how many.
    pub fn of(rows: impl Iterator<Item = (String, u64, u64)> + Clone) -> Bars {
        let most = rows.clone().map(|(_, count, _)| count).max().unwrap_or(0);
        let bar =
            |(name, count, whole)| Bar { name, count, share: share(count, whole), bar: bar(count, most) };
        Bars(rows.map(bar).collect())
    }
}

/// Rows of a chart of who gains and who loses.
#[derive(Serialize)]
pub struct Moves(Vec<Move>);

#[derive(Serialize)]
struct Move {
    name: String,
    change: Change,
    /// Who gains or is paid more, and who loses or is paid less.
    up: u64,
    down: u64,
    up_bar: u64,
    down_bar: u64,
    won: i64,
}

impl Moves {
    pub fn of(rows: Vec<(String, Change)>) -> Moves {
        let up = |change: &Change| change.gain + change.more;
        let down = |change: &Change| change.lose + change.less;
        let most = rows.iter().map(|(_, change)| up(change).max(down(change))).max().unwrap_or(0);
        let told = |(name, change): (String, Change)| Move {
            name,
            up: up(&change),
            down: down(&change),
            up_bar: bar(up(&change), most),
            down_bar: bar(down(&change), most),
            won: change.won(),
            change,
        };
        Moves(rows.into_iter().map(told).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_korean_begins_or_ends() {
        let part = |korean, text: &str| (korean, text.to_owned());
        assert_eq!(
            runs("in 서울, 경기"),
            [part(false, "in "), part(true, "서울"), part(false, ", "), part(true, "경기")]
        );
        assert_eq!(runs(""), []);
    }

    #[test]
    fn shares_are_rounded_and_bars_of_somebody_are_seen() {
        assert_eq!(share(1, 3), "33.3");
        assert_eq!(share(2, 3), "66.7");
        assert_eq!(share(0, 0), "0.0");
        assert_eq!((bar(0, 10), bar(1, 100_000), bar(5, 10), bar(10, 10)), (0, 4, 500, 1000));
    }
}
