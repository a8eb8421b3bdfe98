//! The first guess of the office a petition belongs to: from its words and its place, learning from corrections.
//!
//! Everything is counted and weighed in integers, so that the same words give the same guess on every machine.

mod log;
mod names;
mod words;

use std::collections::{HashMap, HashSet};

use log::{MICRO, ln};
use names::Named;
pub use words::Words;

/// The row of a shelf that counts cases instead of a word.
pub const CASES: &str = "";

/// Shares are kept in parts of 2³².
const ONE: u64 = 1 << 32;
/// How many words of knowledge the whole language weighs: what a group's texts must speak against.
const LANGUAGE: u64 = 5000;
/// How many words of cases the knowledge about a group weighs: it fades as cases come.
const KNOWLEDGE: u64 = 1000;
/// How many words of its own cases the group weighs for one office.
const GROUP: u64 = 5000;
/// How many cases the shares of known work stand for before the first real one.
const WORK: u64 = 100;
/// Fragments overlap and say the same thing several times: hundredths of their weight that count.
const EVIDENCE: i64 = 13;
/// A text with more fragments than this is weighed as if it had so many: a long letter is not surer than a short one.
const FULL: i64 = 40;
/// What naming a place is worth for the offices of just that place.
const NAMED: i64 = 3 * MICRO;
/// With fewer cases behind it no guess is sure, however far ahead it is.
const ENOUGH: i64 = 200;
/// How far a sure guess is ahead of the next one: nine of ten such were right when this was chosen.
const SURE: i64 = 2_700_000;
/// The same when the place isn't known: the office of the place may be the right one and was not even thought of.
const SURE_ANYWHERE: i64 = 3_800_000;
/// A count beyond this says no more.
const MOST: i64 = 1 << 30;

/// An office that petitions can go to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Office {
    pub id: String,
    /// Offices that do the same work elsewhere (`시군구`, `교육청`) learn from one another.
    pub kind: Option<String>,
    /// The full name of the region it serves (`경기도 수원시`); none, or an empty one: the whole country.
    pub region: Option<String>,
    /// Other names of that region: former ones.
    pub also: Vec<String>,
}

impl Office {
    /// Where the words of its kind are kept; without a kind, its own.
    fn group(&self) -> String {
        self.kind.as_ref().map_or_else(|| self.id.clone(), |kind| format!("~{kind}"))
    }
}

/// What a correction adds to or takes from one stored row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// The office, or `~` and the kind of office.
    pub shelf: String,
    /// A fragment of a word; [`CASES`] counts the cases.
    pub word: String,
    pub times: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    pub office: String,
    /// How far it is ahead of the next office, in millionths of a natural logarithm.
    pub margin: i64,
    /// The words of the text that spoke for it, the loudest first.
    pub why: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct First {
    /// False: the front office decides, with the guesses before it.
    pub sure: bool,
    /// At most three, the best first.
    pub guesses: Vec<Guess>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Times {
    known: i64,
    learned: i64,
}

impl Times {
    fn add(&mut self, more: Times) {
        self.known = self.known.saturating_add(more.known);
        self.learned = self.learned.saturating_add(more.learned);
    }
}

#[derive(Debug, Clone, Default)]
struct Shelf {
    sum: Times,
    cases: Times,
}

/// One word: how often in all, and on which shelves, in their order.
#[derive(Debug, Clone, Default)]
struct Spread {
    all: i64,
    on: Vec<(usize, Times)>,
}

impl Spread {
    fn at(&self, shelf: Option<usize>) -> Times {
        shelf
            .and_then(|shelf| self.on.binary_search_by_key(&shelf, |(at, _)| *at).ok())
            .map_or_else(Times::default, |at| self.on[at].1)
    }
}

/// What is known of each office from its own words, and what was learned from cases.
#[derive(Debug, Clone, Default)]
pub struct Learned {
    ids: HashMap<String, usize>,
    shelves: Vec<Shelf>,
    words: HashMap<String, Spread>,
    /// Words on the shelves of groups: the background against which a word speaks.
    all: i64,
    work: i64,
    cases: i64,
}

fn count(times: i64) -> u64 {
    u64::try_from(times.clamp(0, MOST)).unwrap_or(0)
}

fn wide(times: i64) -> u128 {
    u128::try_from(times).unwrap_or(0)
}

fn size(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(MOST)
}

impl Learned {
    /// Takes a text of the office itself, its name or what it does, as knowledge. It is not stored: it is read again
    /// whenever the program starts. `work`: how many tasks the text stands for; 0 for a name.
    pub fn know(&mut self, text: &str, office: &Office, work: i64) {
        let shelf = self.shelf(&office.group());
        for word in Words::of(text).fragments() {
            self.count(shelf, word, Times { known: 1, learned: 0 }, 1);
        }
        let cases = &mut self.shelves[shelf].cases;
        cases.known = cases.known.saturating_add(work);
        self.work = self.work.saturating_add(work);
    }

    /// Learns that cases with this text belong to the office. The rows are what to add to the stored ones.
    pub fn learn(&mut self, text: &str, office: &Office, times: i64) -> Vec<Row> {
        let words = Words::of(text);
        let mut shelves = vec![office.id.clone()];
        shelves.extend(office.kind.is_some().then(|| office.group()));
        let mut rows = Vec::new();
        for shelf in shelves {
            for word in std::iter::once(CASES).chain(words.fragments()) {
                self.put(&shelf, word, times);
                rows.push(Row { shelf: shelf.clone(), word: word.to_owned(), times });
            }
        }
        rows
    }

    /// Takes back what [`Learned::learn`] learned.
    pub fn unlearn(&mut self, text: &str, office: &Office, times: i64) -> Vec<Row> {
        self.learn(text, office, times.saturating_neg())
    }

    /// Adds a stored row, or one that another program wrote.
    pub fn put(&mut self, shelf: &str, word: &str, times: i64) {
        // The shelf of a kind repeats what is on the shelves of its offices.
        let new = if shelf.starts_with('~') { 0 } else { times };
        let place = self.shelf(shelf);
        if word == CASES {
            let cases = &mut self.shelves[place].cases;
            cases.learned = cases.learned.saturating_add(times);
            self.cases = self.cases.saturating_add(new);
        } else {
            self.count(place, word, Times { known: 0, learned: times }, new);
        }
    }

    fn shelf(&mut self, id: &str) -> usize {
        if let Some(place) = self.ids.get(id) {
            return *place;
        }
        let place = self.shelves.len();
        self.shelves.push(Shelf::default());
        self.ids.insert(id.to_owned(), place);
        place
    }

    fn count(&mut self, shelf: usize, word: &str, times: Times, new: i64) {
        self.shelves[shelf].sum.add(times);
        self.all = self.all.saturating_add(new);
        let spread = match self.words.get_mut(word) {
            Some(spread) => spread,
            None => self.words.entry(word.to_owned()).or_default(),
        };
        spread.all = spread.all.saturating_add(new);
        match spread.on.binary_search_by_key(&shelf, |(at, _)| *at) {
            Ok(at) => spread.on[at].1.add(times),
            Err(at) => spread.on.insert(at, (shelf, times)),
        }
        // What was taken back leaves nothing behind.
        spread.on.retain(|(_, times)| *times != Times::default());
        if spread.on.is_empty() {
            self.words.remove(word);
        }
    }

    /// The offices that the text most likely belongs to. `place`: the full name of the region it is about or comes from.
    ///
    /// An office of a region is only thought of when the text names the region or the place lies in it.
    pub fn guess(&self, text: &str, place: Option<&str>, offices: &[Office]) -> First {
        let place = place.filter(|place| !place.is_empty());
        let words = Words::of(text);
        let named = Named::of(&words, offices);
        let mut heard = Heard::new(self, &words);
        let mut thought: Vec<Thought<'_>> = Vec::new();
        for (office, named) in offices.iter().zip(named) {
            let near = match (office.region.as_deref().filter(|region| !region.is_empty()), place) {
                (None, _) => true,
                (Some(region), Some(place)) => names::within(place, region),
                (Some(_), None) => false,
            };
            if near || named.is_some() {
                thought.push(heard.think(office, named));
            }
        }
        heard.weigh(&mut thought);
        thought.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.office.id.cmp(&b.office.id)));
        let guesses: Vec<Guess> = thought
            .iter()
            .take(3)
            .enumerate()
            .map(|(at, one)| Guess {
                office: one.office.id.clone(),
                margin: thought.get(at + 1).map_or(i64::MAX, |next| one.score - next.score),
                why: heard.why(one),
            })
            .collect();
        let lead = if place.is_some() { SURE } else { SURE_ANYWHERE };
        let sure = self.cases >= ENOUGH
            && guesses.first().is_some_and(|first| first.margin >= lead && !first.why.is_empty());
        First { sure, guesses }
    }
}

/// An office that is thought of.
struct Thought<'a> {
    office: &'a Office,
    /// The name of its region that stands in the text.
    named: Option<&'a str>,
    /// Its place among the groups that are thought of.
    group: usize,
    shelf: Option<usize>,
    score: i64,
}

/// A group of offices, or an office without a kind.
struct Group {
    shelf: Option<usize>,
    /// How much a word speaks for it that is not on its shelf.
    silence: i64,
    /// Twice the cases of its offices that are thought of, and one for each.
    offices: u64,
}

/// How much a word speaks for an office beyond its group that it never heard itself.
fn own_silence(shelf: &Shelf) -> i64 {
    ln(GROUP) - ln(count(shelf.sum.learned) + GROUP)
}

/// The words of a text that are known, with their share of the language.
struct Heard<'a> {
    learned: &'a Learned,
    text: &'a Words,
    /// Which word of the text, which share, where.
    known: Vec<(usize, u64, &'a Spread)>,
    groups: Vec<Group>,
    group_of: HashMap<String, usize>,
}

impl<'a> Heard<'a> {
    fn new(learned: &'a Learned, text: &'a Words) -> Heard<'a> {
        let of = 2 * wide(learned.all) + wide(size(learned.words.len())) + 1;
        let share = |all: i64| (((2 * wide(all) + 1) << 32) / of).clamp(1, u128::from(ONE));
        let known = text
            .marked()
            .filter_map(|(at, word)| learned.words.get(word).map(|spread| (at, spread)))
            .map(|(at, spread)| (at, u64::try_from(share(spread.all)).unwrap_or(ONE), spread))
            .collect();
        Heard { learned, text, known, groups: Vec::new(), group_of: HashMap::new() }
    }

    fn think(&mut self, office: &'a Office, named: Option<&'a str>) -> Thought<'a> {
        let id = office.group();
        let shelf = self.learned.ids.get(&office.id).copied();
        let cases = shelf.map_or(0, |shelf| count(self.learned.shelves[shelf].cases.learned));
        let next = self.groups.len();
        let group = *self.group_of.entry(id.clone()).or_insert(next);
        if group == next {
            let shelf = self.learned.ids.get(&id).copied();
            let sum = shelf.map_or_else(Times::default, |shelf| self.learned.shelves[shelf].sum);
            let known = ln(LANGUAGE) - ln(count(sum.known) + LANGUAGE);
            let silence = known + ln(KNOWLEDGE) - ln(count(sum.learned) + KNOWLEDGE);
            self.groups.push(Group { shelf, silence, offices: 0 });
        }
        self.groups[group].offices += 2 * cases + 1;
        Thought { office, named, group, shelf, score: 0 }
    }

    /// The share of a word in a group, in parts of [`ONE`].
    fn share(&self, group: &Group, all: u64, times: Times) -> u64 {
        let sum = group.shelf.map_or_else(Times::default, |shelf| self.learned.shelves[shelf].sum);
        let known = (count(times.known) * ONE + LANGUAGE * all) / (count(sum.known) + LANGUAGE);
        let known = known.min(ONE);
        ((count(times.learned) * ONE + KNOWLEDGE * known) / (count(sum.learned) + KNOWLEDGE)).clamp(1, ONE)
    }

    /// How much a word speaks for a group, against the language as a whole.
    fn of_group(&self, group: &Group, all: u64, spread: &Spread) -> (u64, i64) {
        let share = self.share(group, all, spread.at(group.shelf));
        (share, ln(share) - ln(all))
    }

    /// How much a word speaks for an office beyond its group: nothing for an office without a kind.
    fn of_office(&self, one: &Thought<'_>, share: u64, spread: &Spread) -> i64 {
        match (one.shelf, &one.office.kind) {
            (Some(shelf), Some(_)) => self.own(shelf, share, spread.at(one.shelf)),
            _ => 0,
        }
    }

    fn own(&self, shelf: usize, share: u64, times: Times) -> i64 {
        let sum = count(self.learned.shelves[shelf].sum.learned);
        let own = ((count(times.learned) * ONE + GROUP * share) / (sum + GROUP)).max(1);
        ln(own) - ln(share)
    }

    /// Most words are on few shelves: every shelf is first given what silence of all the words says, then each word that is on it.
    fn weigh(&self, thought: &mut [Thought<'_>]) {
        let many = size(self.known.len());
        let shelves = self.learned.shelves.len();
        let mut groups: Vec<Option<&Group>> = vec![None; shelves];
        let mut offices: Vec<Option<&Group>> = vec![None; shelves];
        for group in &self.groups {
            group.shelf.into_iter().for_each(|shelf| groups[shelf] = Some(group));
        }
        for one in thought.iter().filter(|one| one.office.kind.is_some()) {
            one.shelf.into_iter().for_each(|shelf| offices[shelf] = Some(&self.groups[one.group]));
        }
        let mut words = vec![0; shelves];
        for (_, all, spread) in &self.known {
            for (shelf, times) in &spread.on {
                if let Some(group) = groups[*shelf] {
                    words[*shelf] += ln(self.share(group, *all, *times)) - ln(*all) - group.silence;
                }
                if let Some(group) = offices[*shelf] {
                    let share = self.share(group, *all, spread.at(group.shelf));
                    let silence = own_silence(&self.learned.shelves[*shelf]);
                    words[*shelf] += self.own(*shelf, share, *times) - silence;
                }
            }
        }
        for one in thought {
            let group = &self.groups[one.group];
            let mut speak = many * group.silence + group.shelf.map_or(0, |shelf| words[shelf]);
            if let (Some(shelf), Some(_)) = (one.shelf, &one.office.kind) {
                speak += many * own_silence(&self.learned.shelves[shelf]) + words[shelf];
            }
            let weight = speak * EVIDENCE / 100 * FULL / many.max(FULL);
            one.score = self.before(one) + weight + one.named.map_or(0, |_| NAMED);
        }
    }

    /// What speaks for an office before a word is read: the share of the cases that its group has, and it in its group.
    fn before(&self, one: &Thought<'_>) -> i64 {
        let group = &self.groups[one.group];
        let cases = group.shelf.map_or_else(Times::default, |shelf| self.learned.shelves[shelf].cases);
        let work = 1000 * WORK * count(cases.known) / count(self.learned.work).max(1);
        let own = one.shelf.map_or(0, |shelf| count(self.learned.shelves[shelf].cases.learned));
        ln(1000 * count(cases.learned) + work + 500) + ln(2 * own + 1) - ln(group.offices)
    }

    /// The words of the text that spoke for an office.
    fn why(&self, one: &Thought<'_>) -> Vec<String> {
        let group = &self.groups[one.group];
        let mut speaks: HashMap<usize, i64> = HashMap::new();
        for (at, all, spread) in &self.known {
            let (share, speak) = self.of_group(group, *all, spread);
            *speaks.entry(*at).or_default() += speak + self.of_office(one, share, spread);
        }
        let mut loud: Vec<(i64, usize)> =
            speaks.into_iter().filter(|(_, much)| *much > 0).map(|(at, much)| (much, at)).collect();
        loud.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut seen = HashSet::new();
        one.named
            .into_iter()
            .chain(loud.into_iter().map(|(_, at)| self.text.word(at)))
            .filter(|word| seen.insert(*word))
            .take(5)
            .map(str::to_owned)
            .collect()
    }
}

#[cfg(test)]
mod tests;
