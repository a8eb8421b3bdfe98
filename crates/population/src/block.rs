//! Some thousand persons of one area, in whole households: a lane a person.

use std::sync::{Arc, OnceLock};

use crate::{
    assemble::{Parts, at},
    lives::{Lives, Living},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub enum Sex {
    #[default]
    Male,
    Female,
}

/// What somebody is in the household; the head comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub enum Role {
    #[default]
    Head,
    Spouse,
    Child,
    Grandchild,
    /// The mother or father of the head or of the spouse.
    Elder,
    /// A brother, a sister, a friend, a child taken in.
    Other,
}

impl Role {
    pub(crate) const ALL: [Role; 6] =
        [Role::Head, Role::Spouse, Role::Child, Role::Grandchild, Role::Elder, Role::Other];
}

#[derive(Debug)]
pub struct Block {
    number: u64,
    area: usize,
    /// Whatever is drawn for somebody here hangs on this and on the lane.
    pub(crate) key: u64,
    pub(crate) parts: Parts,
    houses: Vec<u32>,
    pub(crate) living: Arc<Living>,
    lives: OnceLock<Lives>,
    pub(crate) traits: OnceLock<Vec<u32>>,
}

/// Two blocks are the same when they have the same persons, and the same is drawn for them.
impl PartialEq for Block {
    fn eq(&self, other: &Block) -> bool {
        (self.number, self.area, self.key, &self.parts) == (other.number, other.area, other.key, &other.parts)
    }
}

impl Block {
    pub(crate) fn new(number: u64, area: usize, key: u64, parts: Parts, living: Arc<Living>) -> Block {
        let mut houses = Vec::with_capacity(parts.ages.len());
        for (house, span) in (0_u32..).zip(parts.starts.windows(2)) {
            let [from, to] = span else { continue };
            houses.extend((*from..*to).map(|_| house));
        }
        Block { number, area, key, parts, houses, living, lives: OnceLock::new(), traits: OnceLock::new() }
    }

    pub fn number(&self) -> u64 {
        self.number
    }

    /// Its place in [`crate::Marginals::areas`].
    pub fn area(&self) -> usize {
        self.area
    }

    /// How many persons.
    pub fn len(&self) -> usize {
        self.parts.ages.len()
    }

    pub fn is_empty(&self) -> bool {
        self.parts.ages.is_empty()
    }

    pub fn households(&self) -> usize {
        self.parts.starts.len().saturating_sub(1)
    }

    /// The household of each lane; its people are side by side.
    pub fn houses(&self) -> &[u32] {
        &self.houses
    }

    /// Where each household's lanes begin, and where the last end.
    pub fn starts(&self) -> &[u32] {
        &self.parts.starts
    }

    /// Years completed.
    pub fn ages(&self) -> &[u8] {
        &self.parts.ages
    }

    pub fn sexes(&self) -> &[Sex] {
        &self.parts.sexes
    }

    pub fn roles(&self) -> &[Role] {
        &self.parts.roles
    }

    pub(crate) fn lives(&self) -> &Lives {
        self.lives.get_or_init(|| Lives::of(self))
    }

    /// The lanes of a household.
    pub(crate) fn span(&self, house: usize) -> std::ops::Range<usize> {
        let bound = |n: usize| usize::try_from(at(&self.parts.starts, n)).unwrap_or(0);
        bound(house)..bound(house + 1)
    }

    pub(crate) fn house(&self, lane: usize) -> usize {
        usize::try_from(at(&self.houses, lane)).unwrap_or(0)
    }

    pub(crate) fn age(&self, lane: usize) -> u8 {
        at(&self.parts.ages, lane)
    }

    pub(crate) fn role(&self, lane: usize) -> Role {
        at(&self.parts.roles, lane)
    }

    pub(crate) fn is_woman(&self, lane: usize) -> bool {
        at(&self.parts.sexes, lane) == Sex::Female
    }

    /// The spouse, of the head and of the spouse.
    pub(crate) fn partner(&self, lane: usize) -> Option<usize> {
        match self.role(lane) {
            Role::Head => (lane + 1 < self.len() && self.role(lane + 1) == Role::Spouse).then_some(lane + 1),
            Role::Spouse => lane.checked_sub(1),
            _ => None,
        }
    }
}
