//! Guidance: every service answered for one person, the few that matter, why, and the one question worth asking.

mod person;
mod question;
mod why;

use std::{
    cmp::Reverse,
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use maru_kernel::{Date, Won};
use maru_rules::{Answer, Answers, Decision, Facts, Somebody, Value};

use crate::{Deadline, Entry, Pack, Pays, Service, catalogue::index::Index, gov24};
use person::Person;

pub use maru_rules::Counts;
pub use question::NextQuestion;
pub use why::{BillLine, Explained, Spoke, Why, by_rules};

/// Answers for one person on one day. Reasons are worked out when asked for.
pub struct Guidance {
    index: Arc<Index>,
    pack: Arc<Pack>,
    facts: Facts,
    on: Date,
    person: Person,
    answers: Answers,
    /// In the order of their places.
    deep: Vec<Deep>,
    /// Which of them a fact keeps open, by their places among them.
    waiting: OnceLock<HashMap<String, Vec<usize>>>,
}

/// A service written in depth. Its reasons are worked out when somebody wants them: most are *no*, and nobody asks why.
struct Deep {
    place: usize,
    service: Arc<Service>,
    answer: Answer,
    decision: OnceLock<Decision>,
}

/// A service worth showing.
#[derive(Debug, Clone)]
pub struct Ranked {
    pub entry: Arc<Entry>,
    pub answer: Answer,
    pub amount: Option<Won>,
    pub pays: Pays,
    /// How many things are still open; 0 when the answer is known.
    pub open: usize,
}

/// A deadline nearer than this counts as soon.
const SOON: i32 = 60;

impl Guidance {
    pub(crate) fn of(index: Arc<Index>, pack: Arc<Pack>, facts: &Facts, on: Date) -> Guidance {
        let odd = |(name, value): &(&str, &Value)| {
            pack.fact(name).is_some_and(|fact| !fact.fits(value, &pack.regions))
        };
        let odd: Vec<String> = facts.iter().filter(odd).map(|(name, _)| name.to_owned()).collect();
        let mut facts = facts.clone();
        for name in &odd {
            facts.remove(name);
        }
        let person = Person::of(&index, &pack.regions, &facts);
        let answers = index.screen.answers(&person.known(&index));
        let mut somebody = Somebody::new(&facts, &pack.parameters, on);
        let answered = index.deep.iter().map(|(place, service)| Deep {
            place: *place,
            answer: somebody.answer(&service.rules),
            service: service.clone(),
            decision: OnceLock::new(),
        });
        let deep = answered.collect();
        Guidance { facts, on, person, answers, deep, waiting: OnceLock::new(), index, pack }
    }

    fn deep(&self, place: usize) -> Option<&Deep> {
        let found = self.deep.binary_search_by_key(&place, |deep| deep.place).ok()?;
        self.deep.get(found)
    }

    fn whole<'a>(&'a self, deep: &'a Deep) -> &'a Decision {
        deep.decision.get_or_init(|| deep.service.rules.decide(&self.facts, &self.pack.parameters, self.on))
    }

    fn decision(&self, place: usize) -> Option<&Decision> {
        self.deep(place).map(|deep| self.whole(deep))
    }

    /// Whether there is anything to qualify for: petitions and permits are for everybody, and no guidance is needed to them.
    fn guides(&self, place: usize) -> bool {
        self.index.deep_at(place).is_none_or(|service| !service.asks_nothing())
    }

    fn at(&self, place: usize) -> Answer {
        self.deep(place).map_or_else(|| self.answers.get(place), |deep| deep.answer)
    }

    pub fn counts(&self) -> Counts {
        let mut counts = self.answers.counts();
        for deep in &self.deep {
            // The screen counts what it leaves out as no.
            counts.no = counts.no.saturating_sub(1);
            match deep.answer {
                _ if !self.guides(deep.place) => {}
                Answer::Yes => counts.yes += 1,
                Answer::No => counts.no += 1,
                Answer::Unknown => counts.unknown += 1,
            }
        }
        counts
    }

    /// How many of the *no* are so because of the region alone: services of elsewhere.
    pub fn counts_elsewhere(&self) -> usize {
        let anywhere = self.index.screen.answers(&self.person.anywhere().known(&self.index));
        self.answers.counts().no.saturating_sub(anywhere.counts().no)
    }

    /// Whether a service is *no* because of the region alone.
    pub fn elsewhere(&self, id: &str) -> bool {
        let Some(place) = self.index.place(id).filter(|place| self.deep(*place).is_none()) else {
            return false;
        };
        let Some(shape) = self.index.shapes.get(place).filter(|shape| !shape.never) else { return false };
        let no = |group: usize| self.person.group(shape, group) == Some(Answer::No);
        no(gov24::REGION) && (0..gov24::GROUPS.len()).all(|group| group == gov24::REGION || !no(group))
    }

    pub fn answer(&self, id: &str) -> Option<Answer> {
        self.index.place(id).map(|place| self.at(place))
    }

    /// Every service that one may qualify for, in the catalogue's order.
    pub fn all(&self) -> impl Iterator<Item = (&Entry, Answer)> {
        let places = self.index.entries.iter().enumerate().filter(|(place, _)| self.guides(*place));
        places.map(|(place, entry)| (&**entry, self.at(place)))
    }

    /// The services that matter most. *Yes* first: what pays most, what ends soon, what is meant most narrowly; then *not yet known*,
    /// those with the fewest things open first. *No* is not among them. What can no longer be applied for comes last of its kind.
    pub fn ranked(&self, limit: usize) -> Vec<Ranked> {
        let mut keys: Vec<(Key, usize)> = Vec::new();
        let of = |answer: Answer| {
            let screened = self.answers.of(answer);
            let decided = self.deep.iter().filter(move |deep| deep.answer == answer).map(|deep| deep.place);
            let decided = decided.filter(|place| self.guides(*place));
            screened.filter(|place| self.deep(*place).is_none()).chain(decided)
        };
        keys.extend(of(Answer::Yes).map(|place| (self.key(place, 0), place)));
        best(&mut keys, limit);
        let left = limit.saturating_sub(keys.len());
        if left > 0 {
            let mut open: Vec<(Key, usize)> =
                of(Answer::Unknown).map(|place| (self.key(place, self.open(place)), place)).collect();
            best(&mut open, left);
            keys.extend(open);
        }
        keys.into_iter().filter_map(|(((_, _, open), ..), place)| self.ranked_at(place, open)).collect()
    }

    fn ranked_at(&self, place: usize, open: usize) -> Option<Ranked> {
        let decision = self.decision(place);
        Some(Ranked {
            entry: self.index.entries.get(place)?.clone(),
            answer: self.at(place),
            amount: decision.and_then(|d| d.amount).map(Won),
            pays: decision.and_then(|_| self.index.deep_at(place)).map_or(Pays::None, |s| s.pays),
            open,
        })
    }

    /// How many groups, or facts of a service written in depth, keep a service open.
    fn open(&self, place: usize) -> usize {
        if let Some(decision) = self.decision(place) {
            return decision.missing.len().max(1);
        }
        let Some(shape) = self.index.shapes.get(place) else { return 0 };
        (0..gov24::GROUPS.len())
            .filter(|group| self.person.group(shape, *group) == Some(Answer::Unknown))
            .count()
    }

    fn key(&self, place: usize, open: usize) -> Key {
        let amount = self.decision(place).and_then(|d| d.amount).unwrap_or(0);
        let days = match self.index.entries.get(place).map(|e| e.deadline) {
            Some(Deadline::On(last)) => self.on.until(last).map_or(i32::MAX, |span| span.get_days()),
            _ => i32::MAX,
        };
        let soon = if (0..=SOON).contains(&days) { days } else { i32::MAX };
        let narrow = self.index.narrowness.get(place).copied().unwrap_or(0);
        // No answer of theirs can settle what nobody has read: it comes after what one can.
        let unread = self.deep(place).is_none() && self.index.shapes.get(place).is_some_and(|s| s.unread);
        ((days < 0, unread, open), Reverse(amount), soon, Reverse(narrow), place)
    }
}

type Key = ((bool, bool, usize), Reverse<i64>, i32, Reverse<u32>, usize);

/// Leaves the smallest few, in order.
fn best(keys: &mut Vec<(Key, usize)>, limit: usize) {
    if limit < keys.len() {
        keys.select_nth_unstable(limit);
        keys.truncate(limit);
    }
    keys.sort_unstable();
}
