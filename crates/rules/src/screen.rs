//! A whole catalogue at once. A service is an AND of groups, a group an OR of options or no restriction. Each option is a column of
//! bits over the services, so one resident against ten thousand services is a few hundred word operations.

use crate::value::Answer;

const WORD: usize = 64;

/// A set of services. Bits past the last service are never set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    pub fn none(len: usize) -> Bits {
        Bits { words: vec![0; len.div_ceil(WORD)], len }
    }

    pub fn all(len: usize) -> Bits {
        let mut bits = Bits { words: vec![u64::MAX; len.div_ceil(WORD)], len };
        let spare = bits.words.len() * WORD - len;
        if let Some(last) = bits.words.last_mut() {
            *last >>= spare;
        }
        bits
    }

    /// How many services there are, in the set or not.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the set holds none.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub fn get(&self, i: usize) -> bool {
        self.words.get(i / WORD).is_some_and(|word| word >> (i % WORD) & 1 == 1)
    }

    pub fn set(&mut self, i: usize) {
        if i < self.len
            && let Some(word) = self.words.get_mut(i / WORD)
        {
            *word |= 1 << (i % WORD);
        }
    }

    /// How many are in the set.
    pub fn count(&self) -> usize {
        total(self.words.iter().map(|word| word.count_ones()))
    }

    /// Those in the set, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(place, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = usize::try_from(rest.trailing_zeros()).ok().filter(|bit| *bit < WORD)?;
                rest &= rest - 1;
                Some(place * WORD + bit)
            })
        })
    }

    fn each(&mut self, other: &Bits, change: impl Fn(&mut u64, u64)) {
        self.words.iter_mut().zip(&other.words).for_each(|(mine, theirs)| change(mine, *theirs));
    }

    pub fn and(&mut self, other: &Bits) {
        self.each(other, |mine, theirs| *mine &= theirs);
    }

    pub fn or(&mut self, other: &Bits) {
        self.each(other, |mine, theirs| *mine |= theirs);
    }

    pub fn and_not(&mut self, other: &Bits) {
        self.each(other, |mine, theirs| *mine &= !theirs);
    }

    /// How many are in both.
    fn count_and(&self, other: &Bits) -> usize {
        total(self.words.iter().zip(&other.words).map(|(mine, theirs)| (mine & theirs).count_ones()))
    }
}

fn total(counts: impl Iterator<Item = u32>) -> usize {
    usize::try_from(counts.sum::<u32>()).unwrap_or(usize::MAX)
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub id: String,
    pub options: usize,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A person has exactly one of the options: sex, age in years, income band, region.
    OneOf,
    /// Each option is a fact of its own: traits.
    AnyOf,
}

/// What one service restricts: per group nothing, or the options that qualify. `never`: no resident qualifies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Restriction {
    pub groups: Vec<Option<Vec<u32>>>,
    pub never: bool,
}

/// How many services are (or become) yes, no, or stay unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub yes: usize,
    pub no: usize,
    pub unknown: usize,
}

impl Counts {
    /// What a reply settles.
    pub fn settled(&self) -> usize {
        self.yes + self.no
    }
}

/// What is known of a person: per group the options possibly theirs and, of a group of traits, those surely theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    groups: Vec<KnownGroup>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct KnownGroup {
    kind: Kind,
    surely: Bits,
    possibly: Bits,
}

impl Known {
    pub fn nothing(groups: &[Group]) -> Known {
        let nothing = |group: &Group| KnownGroup {
            kind: group.kind,
            surely: Bits::none(group.options),
            possibly: Bits::all(group.options),
        };
        Known { groups: groups.iter().map(nothing).collect() }
    }

    /// This option is theirs: in a one-of group, and no other. An option the group does not have leaves them with none of its options.
    pub fn settle(&mut self, group: usize, option: u32) {
        self.set(group, option, true);
    }

    /// Theirs is one of these options, as far as is known.
    pub fn one_of(&mut self, group: usize, possible: &[u32]) {
        if let Some(known) = self.groups.get_mut(group) {
            let mut set = Bits::none(known.possibly.len());
            possible.iter().for_each(|option| set.set(index(*option)));
            known.possibly = set;
            known.surely.and(&known.possibly);
        }
    }

    /// This option is theirs, or is not.
    pub fn set(&mut self, group: usize, option: u32, holds: bool) {
        let Some(known) = self.groups.get_mut(group) else { return };
        let mut one = Bits::none(known.possibly.len());
        one.set(index(option));
        match (holds, known.kind) {
            (true, Kind::OneOf) => known.possibly = one,
            (true, Kind::AnyOf) => {
                known.surely.or(&one);
                known.possibly.or(&one);
            }
            (false, _) => {
                known.surely.and_not(&one);
                known.possibly.and_not(&one);
            }
        }
    }

    /// Whether an option is theirs.
    pub fn holds(&self, group: usize, option: u32) -> Answer {
        let Some(known) = self.groups.get(group) else { return Answer::Unknown };
        let option = index(option);
        let only = known.kind == Kind::OneOf && known.possibly.count() == 1;
        if !known.possibly.get(option) {
            Answer::No
        } else if only || known.surely.get(option) {
            Answer::Yes
        } else {
            Answer::Unknown
        }
    }

    /// The options still possible in a group.
    pub fn possible(&self, group: usize) -> impl Iterator<Item = u32> {
        let known = self.groups.get(group);
        known
            .into_iter()
            .flat_map(|known| known.possibly.iter())
            .filter_map(|option| u32::try_from(option).ok())
    }

    /// Whether nothing more can be learnt about a group.
    pub fn is_settled(&self, group: usize) -> bool {
        self.groups.get(group).is_none_or(|known| match known.kind {
            Kind::OneOf => known.possibly.count() <= 1,
            Kind::AnyOf => known.surely == known.possibly,
        })
    }
}

fn index(option: u32) -> usize {
    usize::try_from(option).unwrap_or(usize::MAX)
}

/// Which services a resident surely and possibly qualifies for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    pub yes: Bits,
    pub possible: Bits,
}

impl Answers {
    pub fn get(&self, service: usize) -> Answer {
        if self.yes.get(service) {
            Answer::Yes
        } else if self.possible.get(service) {
            Answer::Unknown
        } else {
            Answer::No
        }
    }

    pub fn counts(&self) -> Counts {
        let (yes, possible) = (self.yes.count(), self.possible.count());
        Counts { yes, no: self.possible.len() - possible, unknown: possible - yes }
    }

    /// Every service's answer, in order.
    pub fn iter(&self) -> impl Iterator<Item = Answer> {
        (0..self.possible.len()).map(|service| self.get(service))
    }

    /// The services with a given answer, in order.
    pub fn of(&self, answer: Answer) -> impl Iterator<Item = usize> + use<> {
        let set = match answer {
            Answer::Yes => self.yes.clone(),
            Answer::Unknown => self.unknown(),
            Answer::No => {
                let mut none = Bits::all(self.possible.len());
                none.and_not(&self.possible);
                none
            }
        };
        let found: Vec<usize> = set.iter().collect();
        found.into_iter()
    }

    /// Possibly but not surely.
    pub fn unknown(&self) -> Bits {
        let mut unknown = self.possible.clone();
        unknown.and_not(&self.yes);
        unknown
    }
}

/// The catalogue in columns.
#[derive(Debug, Clone)]
pub struct Screen {
    groups: Vec<Group>,
    columns: Vec<Column>,
    /// Services some resident may qualify for.
    ever: Bits,
}

#[derive(Debug, Clone)]
struct Column {
    /// The services this group does not restrict.
    open: Bits,
    /// Per option, the services that name it.
    options: Vec<Bits>,
    /// The services that name any option, and those that name every one: what holds before a question is asked.
    any: Bits,
    every: Bits,
}

impl Screen {
    /// One restriction a service, in the services' order. An option its group does not have qualifies nobody.
    pub fn build(groups: Vec<Group>, services: impl Iterator<Item = Restriction>) -> Screen {
        let services: Vec<Restriction> = services.collect();
        let len = services.len();
        let mut ever = Bits::none(len);
        services.iter().enumerate().filter(|(_, service)| !service.never).for_each(|(i, _)| ever.set(i));
        let column = |(place, group): (usize, &Group)| {
            let mut open = Bits::none(len);
            let mut options = vec![Bits::none(len); group.options];
            for (i, service) in services.iter().enumerate() {
                match service.groups.get(place) {
                    None | Some(None) => open.set(i),
                    Some(Some(named)) => {
                        for option in named {
                            if let Some(bits) = options.get_mut(index(*option)) {
                                bits.set(i);
                            }
                        }
                    }
                }
            }
            let mut any = Bits::none(len);
            options.iter().for_each(|bits| any.or(bits));
            let mut every = if options.is_empty() { Bits::none(len) } else { Bits::all(len) };
            options.iter().for_each(|bits| every.and(bits));
            Column { open, options, any, every }
        };
        let columns = groups.iter().enumerate().map(column).collect();
        Screen { groups, columns, ever }
    }

    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The place of a group.
    pub fn group(&self, id: &str) -> Option<usize> {
        self.groups.iter().position(|group| group.id == id)
    }

    /// How many services there are.
    pub fn len(&self) -> usize {
        self.ever.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn answers(&self, known: &Known) -> Answers {
        let mut answers = Answers { yes: self.ever.clone(), possible: self.ever.clone() };
        for (column, known) in self.columns.iter().zip(&known.groups) {
            let group = column.answers(known);
            answers.yes.and(&group.yes);
            answers.possible.and(&group.possible);
        }
        answers
    }

    /// The groups that restrict a service, each with its answer.
    pub fn groups_of(&self, service: usize, known: &Known) -> Vec<(usize, Answer)> {
        let restricting = self.columns.iter().zip(&known.groups).enumerate();
        restricting
            .filter(|(_, (column, _))| service < self.len() && !column.open.get(service))
            .map(|(place, (column, known))| (place, column.answer(service, known)))
            .collect()
    }

    /// How many now-unknown services one reply would make yes and no, and how many it leaves. For many replies make an [`Asker`] once.
    pub fn what_if(&self, known: &Known, now: &Answers, group: usize, option: u32, holds: bool) -> Counts {
        let mut then = known.clone();
        then.set(group, option, holds);
        let then = self.answers(&then);
        let unknown = now.unknown();
        let all = unknown.count();
        let (yes, possible) = (unknown.count_and(&then.yes), unknown.count_and(&then.possible));
        Counts { yes, no: all - possible, unknown: possible - yes }
    }

    /// Prepares to try every reply: see [`Asker`].
    pub fn asker<'s>(&'s self, known: &Known, now: &Answers) -> Asker<'s> {
        let groups: Vec<Answers> =
            self.columns.iter().zip(&known.groups).map(|(column, known)| column.answers(known)).collect();
        let unknown = now.unknown();
        // What is unknown and would be yes if only this group were: products of the groups after it …
        let mut after = vec![unknown.clone()];
        for group in groups.iter().skip(1).rev() {
            let mut product = after.last().cloned().unwrap_or_default();
            product.and(&group.yes);
            after.push(product);
        }
        // … and of those before.
        let mut before = Bits::all(self.len());
        let mut tries = Vec::with_capacity(groups.len());
        for ((column, known), group) in self.columns.iter().zip(&known.groups).zip(&groups) {
            let mut last = after.pop().unwrap_or_default();
            last.and(&before);
            before.and(&group.yes);
            tries.push(Try::new(column, known, last, &unknown));
        }
        Asker { screen: self, tries, unknown: unknown.count() }
    }
}

impl Column {
    fn answers(&self, known: &KnownGroup) -> Answers {
        let mut possible = self.open.clone();
        let mut yes = self.open.clone();
        let nothing_known = known.possibly.count() == self.options.len();
        if nothing_known {
            possible.or(&self.any);
        } else {
            self.named(&known.possibly).for_each(|bits| possible.or(bits));
        }
        match known.kind {
            Kind::AnyOf => self.named(&known.surely).for_each(|bits| yes.or(bits)),
            Kind::OneOf if nothing_known => yes.or(&self.every),
            // sure only where every option still possible qualifies; where none is possible, nothing is sure
            Kind::OneOf => {
                let mut options = self.named(&known.possibly);
                if let Some(first) = options.next() {
                    let mut sure = first.clone();
                    options.for_each(|bits| sure.and(bits));
                    yes.or(&sure);
                }
            }
        }
        Answers { yes, possible }
    }

    fn named<'a>(&'a self, options: &'a Bits) -> impl Iterator<Item = &'a Bits> {
        options.iter().filter_map(|option| self.options.get(option))
    }

    /// One service's answer in this group.
    fn answer(&self, service: usize, known: &KnownGroup) -> Answer {
        let possible = self.named(&known.possibly).any(|bits| bits.get(service));
        let sure = match known.kind {
            Kind::AnyOf => self.named(&known.surely).any(|bits| bits.get(service)),
            Kind::OneOf => possible && self.named(&known.possibly).all(|bits| bits.get(service)),
        };
        match (sure, possible) {
            (true, _) => Answer::Yes,
            (_, true) => Answer::Unknown,
            _ => Answer::No,
        }
    }
}

/// Tries replies. Made once for a state of knowledge, it answers each [`Screen::what_if`] by counting the bits two sets share.
#[derive(Debug, Clone)]
pub struct Asker<'s> {
    screen: &'s Screen,
    tries: Vec<Try>,
    unknown: usize,
}

/// What one group's replies can still change.
#[derive(Debug, Clone)]
struct Try {
    known: KnownGroup,
    /// Unknown services that become yes as soon as this group is.
    last: Bits,
    /// Unknown services that this group restricts.
    held: Bits,
    held_count: usize,
    /// Of those, the ones that only one of the options still possible can satisfy.
    single: Bits,
    /// Of `last`, in a one-of group: those that all the options still possible satisfy but one.
    all_but_one: Bits,
}

impl Try {
    fn new(column: &Column, known: &KnownGroup, last: Bits, unknown: &Bits) -> Try {
        let mut held = unknown.clone();
        held.and_not(&column.open);
        // Counting to two, for all services at once: how many possible options name each, and how many leave it out.
        let len = held.len();
        let (mut named_once, mut named_twice) = (Bits::none(len), Bits::none(len));
        let (mut left_once, mut left_twice) = (Bits::none(len), Bits::none(len));
        for bits in column.named(&known.possibly) {
            for (((word, once), twice), (left, left_again)) in bits
                .words
                .iter()
                .zip(&mut named_once.words)
                .zip(&mut named_twice.words)
                .zip(left_once.words.iter_mut().zip(&mut left_twice.words))
            {
                *twice |= *once & word;
                *once |= word;
                *left_again |= *left & !word;
                *left |= !word;
            }
        }
        let mut single = held.clone();
        single.and(&named_once);
        single.and_not(&named_twice);
        let mut all_but_one = last.clone();
        all_but_one.and(&left_once);
        all_but_one.and_not(&left_twice);
        // the last possible option denied leaves nobody sure
        if known.possibly.count() < 2 {
            all_but_one = Bits::none(len);
        }
        let held_count = held.count();
        Try { known: known.clone(), last, held, held_count, single, all_but_one }
    }

    fn what_if(&self, column: &Column, option: u32, holds: bool) -> (usize, usize) {
        let option = index(option);
        let bits = column.options.get(option);
        let shared = |set: &Bits| bits.map_or(0, |bits| set.count_and(bits));
        match (holds, self.known.kind) {
            (true, Kind::OneOf) => (shared(&self.last), self.held_count - shared(&self.held)),
            // a trait that holds rules nothing out; nor does one that was thought impossible make anything less possible
            (true, Kind::AnyOf) => (shared(&self.last), 0),
            (false, _) if !self.known.possibly.get(option) => (0, 0),
            (false, Kind::AnyOf) => (0, shared(&self.single)),
            (false, Kind::OneOf) => {
                (self.all_but_one.count() - shared(&self.all_but_one), shared(&self.single))
            }
        }
    }
}

impl Asker<'_> {
    /// The same answer as [`Screen::what_if`].
    pub fn what_if(&self, group: usize, option: u32, holds: bool) -> Counts {
        let (yes, no) = match (self.tries.get(group), self.screen.columns.get(group)) {
            (Some(attempt), Some(column)) => attempt.what_if(column, option, holds),
            _ => (0, 0),
        };
        Counts { yes, no, unknown: self.unknown.saturating_sub(yes + no) }
    }

    /// How many unknown services this group keeps open: none means its questions need not be asked.
    pub fn holds_open(&self, group: usize) -> usize {
        self.tries.get(group).map_or(0, |attempt| attempt.held_count)
    }
}
