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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
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
        if self.held_count == 0 {
            return (0, 0);
        }
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

#[cfg(test)]
#[allow(clippy::as_conversions)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a reader of the README would do by hand: service by service, group by group, option by option.
    fn naive(groups: &[Group], service: &Restriction, known: &Known) -> Answer {
        if service.never {
            return Answer::No;
        }
        let mut answer = Answer::Yes;
        for (place, group) in groups.iter().enumerate() {
            let Some(Some(named)) = service.groups.get(place) else { continue };
            answer = answer.and(naive_group(group, place, named, known));
        }
        answer
    }

    fn naive_group(group: &Group, place: usize, named: &[u32], known: &Known) -> Answer {
        let possible: Vec<u32> = known.possible(place).collect();
        let hits = possible.iter().filter(|option| named.contains(option)).count();
        let sure = match group.kind {
            Kind::OneOf => hits > 0 && hits == possible.len(),
            Kind::AnyOf => named.iter().any(|option| known.holds(place, *option) == Answer::Yes),
        };
        match (sure, hits) {
            (true, _) => Answer::Yes,
            (false, 0) => Answer::No,
            _ => Answer::Unknown,
        }
    }

    fn groups() -> impl Strategy<Value = Vec<Group>> {
        prop::collection::vec((0_usize..6, any::<bool>()), 0..5).prop_map(|sizes| {
            let group = |(place, (options, one)): (usize, (usize, bool))| Group {
                id: format!("g{place}"),
                options,
                kind: if one { Kind::OneOf } else { Kind::AnyOf },
            };
            sizes.into_iter().enumerate().map(group).collect()
        })
    }

    fn services() -> impl Strategy<Value = Vec<Restriction>> {
        let group = prop::option::of(prop::collection::vec(0_u32..7, 0..6));
        let service = (prop::collection::vec(group, 0..6), prop::bool::weighted(0.05));
        prop::collection::vec(service.prop_map(|(groups, never)| Restriction { groups, never }), 0..150)
    }

    #[derive(Debug, Clone)]
    enum Reply {
        Set(usize, u32, bool),
        OneOf(usize, Vec<u32>),
    }

    fn replies() -> impl Strategy<Value = Vec<Reply>> {
        let set = (0_usize..5, 0_u32..7, any::<bool>()).prop_map(|(g, o, holds)| Reply::Set(g, o, holds));
        let one_of =
            (0_usize..5, prop::collection::vec(0_u32..6, 1..5)).prop_map(|(g, o)| Reply::OneOf(g, o));
        prop::collection::vec(prop_oneof![4 => set, 1 => one_of], 0..8)
    }

    fn hear(known: &mut Known, reply: &Reply) {
        match reply {
            Reply::Set(group, option, holds) => known.set(*group, *option, *holds),
            Reply::OneOf(group, options) => known.one_of(*group, options),
        }
    }

    /// A reply that contradicts nothing known and names an option that exists.
    fn is_consistent(groups: &[Group], known: &Known, reply: &Reply) -> bool {
        match reply {
            Reply::Set(group, option, holds) => {
                let last = *holds
                    || groups.get(*group).is_none_or(|g| g.kind == Kind::AnyOf)
                    || known.possible(*group).count() > 1;
                let held = known.holds(*group, *option);
                held == Answer::Unknown
                    && last
                    && groups.get(*group).is_some_and(|g| (*option as usize) < g.options)
            }
            Reply::OneOf(group, options) => {
                let possible: Vec<u32> = known.possible(*group).collect();
                groups.get(*group).is_some_and(|g| g.kind == Kind::OneOf)
                    && options.iter().all(|option| possible.contains(option))
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]

        #[test]
        fn equals_the_naive_evaluation(groups in groups(), services in services(), replies in replies()) {
            let screen = Screen::build(groups.clone(), services.iter().cloned());
            let mut known = Known::nothing(&groups);
            replies.iter().for_each(|reply| hear(&mut known, reply));
            let answers = screen.answers(&known);
            let mut counts = Counts::default();
            for (i, service) in services.iter().enumerate() {
                let answer = naive(&groups, service, &known);
                prop_assert_eq!(answers.get(i), answer, "service {} {:?} {:?}", i, service, known);
                match answer {
                    Answer::Yes => counts.yes += 1,
                    Answer::No => counts.no += 1,
                    Answer::Unknown => counts.unknown += 1,
                }
                let by_group = screen.groups_of(i, &known);
                let restricted = service.groups.iter().take(groups.len()).flatten().count();
                prop_assert_eq!(by_group.len(), restricted);
                for (place, answer) in by_group {
                    let named = service.groups[place].as_ref().unwrap();
                    prop_assert_eq!(answer, naive_group(&groups[place], place, named, &known));
                }
            }
            prop_assert_eq!(answers.counts(), counts);
            prop_assert_eq!(answers.iter().filter(|answer| *answer == Answer::No).count(), answers.of(Answer::No).count());
            prop_assert_eq!(answers.of(Answer::Yes).collect::<Vec<_>>(), answers.yes.iter().collect::<Vec<_>>());
            prop_assert_eq!(answers.of(Answer::Unknown).count(), counts.unknown);
        }

        #[test]
        fn learning_never_overturns(groups in groups(), services in services(), replies in replies()) {
            let screen = Screen::build(groups.clone(), services.into_iter());
            let mut known = Known::nothing(&groups);
            let mut before = screen.answers(&known);
            for reply in &replies {
                if !is_consistent(&groups, &known, reply) {
                    continue;
                }
                hear(&mut known, reply);
                let after = screen.answers(&known);
                for (was, is) in before.iter().zip(after.iter()) {
                    prop_assert!(was == Answer::Unknown || was == is);
                }
                before = after;
            }
        }

        /// For every reply there is, those that contradict what is known included.
        #[test]
        fn the_asker_agrees_with_asking(groups in groups(), services in services(), replies in replies()) {
            let screen = Screen::build(groups.clone(), services.into_iter());
            let mut known = Known::nothing(&groups);
            replies.iter().for_each(|reply| hear(&mut known, reply));
            let now = screen.answers(&known);
            let asker = screen.asker(&known, &now);
            for (place, group) in groups.iter().enumerate() {
                for option in 0..group.options as u32 + 1 {
                    for holds in [true, false] {
                        let slow = screen.what_if(&known, &now, place, option, holds);
                        prop_assert_eq!(asker.what_if(place, option, holds), slow, "{} {} {} {:?}", place, option, holds, known);
                        prop_assert_eq!(slow.settled() + slow.unknown, now.counts().unknown);
                    }
                }
            }
        }

        #[test]
        fn bits_are_a_set(len in 0_usize..300, members in prop::collection::btree_set(0_usize..300, 0..40)) {
            let mut bits = Bits::none(len);
            members.iter().for_each(|i| bits.set(*i));
            let inside: Vec<usize> = members.iter().copied().filter(|i| *i < len).collect();
            prop_assert_eq!(bits.iter().collect::<Vec<_>>(), inside.clone());
            prop_assert_eq!(bits.count(), inside.len());
            prop_assert!((0..310).all(|i| bits.get(i) == inside.contains(&i)));
            prop_assert_eq!(Bits::all(len).count(), len);
        }
    }

    #[test]
    fn nothing_outside_panics() {
        let groups = vec![Group { id: "sex".to_owned(), options: 2, kind: Kind::OneOf }];
        let screen = Screen::build(
            groups.clone(),
            [Restriction { groups: vec![Some(vec![9])], never: false }].into_iter(),
        );
        let mut known = Known::nothing(&groups);
        assert_eq!(screen.answers(&known).get(0), Answer::No);
        known.settle(7, 0);
        known.settle(0, 99);
        known.one_of(0, &[99]);
        assert_eq!((known.possible(0).count(), known.possible(5).count()), (0, 0));
        let now = screen.answers(&known);
        assert_eq!(screen.asker(&known, &now).what_if(4, 4, true), Counts::default());
        assert_eq!(screen.groups_of(12, &known), Vec::new());
        assert_eq!(now.get(12), Answer::No);
        assert_eq!(
            screen.answers(&Known::nothing(&[])).counts().yes,
            1,
            "groups nobody spoke of do not restrict"
        );
        assert_eq!(
            (screen.group("sex"), screen.group("age"), screen.len(), screen.is_empty()),
            (Some(0), None, 1, false)
        );
    }

    /// Not a test of speed but a way to see it: `cargo test --release -p maru-rules -- --ignored --nocapture measure`.
    #[test]
    #[ignore = "prints timings"]
    fn measure() {
        let group = |id: &str, options, kind| Group { id: id.to_owned(), options, kind };
        let groups = vec![
            group("sex", 2, Kind::OneOf),
            group("age", 121, Kind::OneOf),
            group("income", 5, Kind::OneOf),
            group("region", 250, Kind::OneOf),
            group("person", 20, Kind::AnyOf),
            group("household", 10, Kind::AnyOf),
        ];
        let mut seed = 7_u64;
        let mut next = |below: u32| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((seed >> 33) % u64::from(below)) as u32
        };
        let services: Vec<Restriction> = (0..10_000)
            .map(|_| {
                let mut some = |chance: u32, options: Vec<u32>| (next(100) < chance).then_some(options);
                let restricted = vec![
                    some(10, vec![1]),
                    some(50, (19..65).collect()),
                    some(30, vec![0, 1]),
                    some(70, vec![3]),
                    some(50, vec![2, 5, 7]),
                    some(30, vec![1, 4]),
                ];
                let region = next(250);
                let groups = restricted
                    .into_iter()
                    .enumerate()
                    .map(|(i, g)| if i == 3 { g.map(|_| vec![region]) } else { g });
                Restriction { groups: groups.collect(), never: false }
            })
            .collect();
        let start = std::time::Instant::now();
        let screen = Screen::build(groups.clone(), services.into_iter());
        println!("build: {:?}", start.elapsed());

        let nothing = Known::nothing(&groups);
        let mut some = nothing.clone();
        some.settle(0, 1);
        some.settle(1, 34);
        some.settle(3, 11);
        let mut all = some.clone();
        all.settle(2, 1);
        (4..6).for_each(|g| (0..groups[g].options as u32).for_each(|o| all.set(g, o, o % 3 == 0)));
        for (name, known) in [("nothing", &nothing), ("some", &some), ("all", &all)] {
            let rounds = 2_000_u32;
            let start = std::time::Instant::now();
            for _ in 0..rounds {
                std::hint::black_box(screen.answers(std::hint::black_box(known)));
            }
            let answers = start.elapsed() / rounds;
            let now = screen.answers(known);
            let start = std::time::Instant::now();
            for _ in 0..rounds {
                std::hint::black_box(screen.asker(std::hint::black_box(known), &now));
            }
            let asker = start.elapsed() / rounds;
            let ready = screen.asker(known, &now);
            let (start, mut tried) = (std::time::Instant::now(), 0_u32);
            for _ in 0..200 {
                for (place, group) in groups.iter().enumerate() {
                    for option in 0..group.options as u32 {
                        std::hint::black_box(ready.what_if(place, option, true));
                        tried += 1;
                    }
                }
            }
            let (one, round) = (start.elapsed() / tried, start.elapsed() / 200);
            println!(
                "knowing {name}: answers {answers:?}, asker {asker:?}, what_if {one:?}, every option once {round:?}"
            );
            println!("  {:?}", now.counts());
        }
    }
}
