//! From counts of persons by sex and age to households: couples of near ages, children with parents of a plausible age, the rest alone,
//! with a grown child, or sharing. Nobody is added or lost.

use crate::{
    Fault, Marginals, Role, Sex,
    marginals::{GROUPS, OLDEST, Table},
    random::Stream,
};

const AGES: usize = 105;
const GROWN: u8 = 19;

/// How many persons of each sex and age.
#[derive(Debug, Clone)]
pub(crate) struct Cells([[u32; AGES]; 2]);

impl Default for Cells {
    fn default() -> Cells {
        Cells([[0; AGES]; 2])
    }
}

impl Cells {
    pub(crate) fn set(&mut self, sex: usize, age: u8, count: u64) {
        if let Some(cell) = self.0.get_mut(sex).and_then(|ages| ages.get_mut(usize::from(age))) {
            *cell = u32::try_from(count).unwrap_or(u32::MAX);
        }
    }

    fn get(&self, sex: usize, age: u8) -> u32 {
        at(self.0.get(sex).map_or(&[][..], |ages| ages), usize::from(age))
    }

    /// In a tiny population a block may hold children only: its eldest is then taken for somebody of 40.
    fn with_somebody_grown(mut self) -> Cells {
        let held: Vec<(usize, u8)> = (0..=OLDEST)
            .flat_map(|age| [(0, age), (1, age)])
            .filter(|(sex, age)| self.get(*sex, *age) > 0)
            .collect();
        if let Some((sex, age)) = held.last().copied().filter(|(_, age)| *age < GROWN) {
            self.set(sex, age, u64::from(self.get(sex, age) - 1));
            self.set(sex, 40, 1);
        }
        self
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Households {
    at_home: Table,
    couple: Table,
    lone_parent: Table,
    elder: Table,
    shared: [u64; GROUPS],
    sibling: [u64; 2],
    mother_age: [u64; 3],
    grandparent: u64,
}

impl Households {
    pub(crate) fn read(marginals: &Marginals) -> Result<Households, Fault> {
        let mother_age: [u64; 3] = marginals.row("household.mother_age")?;
        let [young, usual, old] = mother_age;
        if young < 15 || usual <= young || old <= usual || old > 60 {
            return Err(Fault::new(
                "population/assumptions.tsv",
                format!("household.mother_age is {young} {usual} {old}"),
                "write three rising ages between 15 and 60",
            ));
        }
        Ok(Households {
            at_home: marginals.by_sex("household.at_home")?,
            couple: marginals.by_sex("household.couple")?,
            lone_parent: marginals.by_sex("household.lone_parent")?,
            elder: marginals.by_sex("household.elder")?,
            shared: marginals.row("household.shared")?,
            sibling: marginals.row("household.sibling")?,
            mother_age,
            grandparent: marginals.one("household.grandparent")?,
        })
    }
}

/// The persons of a block, household by household.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) ages: Vec<u8>,
    pub(crate) sexes: Vec<Sex>,
    pub(crate) roles: Vec<Role>,
    /// Where each household begins, and where the last ends.
    pub(crate) starts: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Being {
    sex: usize,
    age: u8,
}

#[derive(Debug, Clone, Copy)]
struct Core {
    head: Being,
    spouse: Option<Being>,
}

impl Core {
    /// The age a mother would have: the wife's, or that of a lone parent.
    fn mother(&self) -> u8 {
        match self.spouse {
            Some(spouse) if spouse.sex == 1 => spouse.age,
            _ if self.head.sex == 1 => self.head.age,
            _ => self.head.age.saturating_sub(2),
        }
    }

    fn eldest(&self) -> u8 {
        self.spouse.map_or(self.head.age, |spouse| self.head.age.max(spouse.age))
    }
}

struct Member {
    core: u32,
    role: Role,
    being: Being,
}

pub(crate) fn at<T: Copy + Default>(list: &[T], place: usize) -> T {
    list.get(place).copied().unwrap_or_default()
}

pub(crate) fn by_age(table: &Table, sex: usize, age: u8) -> u64 {
    table.get(sex).map_or(0, |row| of_age(row, age))
}

pub(crate) fn of_age(row: &[u64; GROUPS], age: u8) -> u64 {
    at(row, usize::from(age / 5).min(GROUPS - 1))
}

fn place(core: u32) -> usize {
    usize::try_from(core).unwrap_or(usize::MAX)
}

fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// That many of a thousand, whole, right on the average.
fn part(count: u32, share: u64, stream: &mut Stream) -> u32 {
    let part = (u64::from(count) * share + stream.below(1000)) / 1000;
    u32::try_from(part).unwrap_or(0).min(count)
}

pub(crate) fn assemble(cells: Cells, rates: &Households, stream: &mut Stream) -> Parts {
    let mut kin = Kin::sort(&cells.with_somebody_grown(), rates, stream);
    let mut making = Making { rates, cores: kin.couples(stream), members: Vec::new() };
    let couples = making.cores.len();
    let mut hosts = Hosts::new();
    for core in 0..couples {
        let mother = making.mother(number(core));
        let grand = (55..75).contains(&mother) && stream.permille(rates.grandparent);
        hosts.add(number(core), mother, grand);
    }
    let elders = making.settle_alone(&kin.alone, &mut hosts, stream);
    making.place_children(&kin.children, &mut hosts, stream);
    making.place_elders(&elders, couples, stream);
    making.written(stream)
}

/// Everybody, by how they live.
struct Kin {
    children: Vec<Being>,
    husbands: Vec<u8>,
    wives: Vec<u8>,
    alone: Vec<Being>,
}

impl Kin {
    fn sort(cells: &Cells, rates: &Households, stream: &mut Stream) -> Kin {
        let mut kin =
            Kin { children: Vec::new(), husbands: Vec::new(), wives: Vec::new(), alone: Vec::new() };
        for age in 0..=OLDEST {
            for sex in [0, 1] {
                let count = cells.get(sex, age);
                let at_home = part(count, by_age(&rates.at_home, sex, age), stream);
                let coupled = part(count - at_home, by_age(&rates.couple, sex, age), stream);
                let being = Being { sex, age };
                kin.children.extend((0..at_home).map(|_| being));
                let partners = if sex == 0 { &mut kin.husbands } else { &mut kin.wives };
                partners.extend((0..coupled).map(|_| age));
                kin.alone.extend((at_home + coupled..count).map(|_| being));
            }
        }
        kin
    }

    /// As many couples as there are of the rarer sex; the others, taken evenly from all ages, live alone. Who is at the same place of
    /// the ages of wives and of husbands is a couple, give or take some places.
    fn couples(&mut self, stream: &mut Stream) -> Vec<Core> {
        let count = self.husbands.len().min(self.wives.len());
        for (sex, partners) in [(0, &mut self.husbands), (1, &mut self.wives)] {
            let all = partners.len();
            let mut turn = 0;
            let alone = &mut self.alone;
            partners.retain(|age| {
                turn += count;
                let kept = turn >= all;
                if kept {
                    turn -= all;
                } else {
                    alone.push(Being { sex, age: *age });
                }
                kept
            });
        }
        self.alone.sort_unstable_by_key(|being| (being.age, being.sex));
        let reach = 1 + count / 40;
        for n in 0..count {
            let other = (n + stream.place(reach)).min(count - 1);
            if at(&self.husbands, n).abs_diff(at(&self.husbands, other)) <= 3 {
                self.husbands.swap(n, other);
            }
        }
        let couple = |(husband, wife): (&u8, &u8)| {
            let (husband, wife) = (Being { sex: 0, age: *husband }, Being { sex: 1, age: *wife });
            if stream.permille(780) {
                Core { head: husband, spouse: Some(wife) }
            } else {
                Core { head: wife, spouse: Some(husband) }
            }
        };
        self.husbands.iter().zip(&self.wives).map(couple).collect()
    }
}

/// Who may take in a child: by the age of the mother and the children there already.
struct Hosts {
    by_age: Vec<[Vec<u32>; 4]>,
    grand: Vec<u32>,
}

impl Hosts {
    fn new() -> Hosts {
        Hosts { by_age: vec![Default::default(); AGES], grand: Vec::new() }
    }

    fn add(&mut self, core: u32, mother: u8, grand: bool) {
        if grand {
            self.grand.push(core);
        } else if let Some([none, ..]) = self.by_age.get_mut(usize::from(mother)) {
            none.push(core);
        }
    }

    /// The nearest to the wanted age that has a place, in the order of places asked for.
    fn take(&mut self, wanted: u8, ages: (u8, u8), order: [usize; 3], stream: &mut Stream) -> Option<u32> {
        for away in 0..=24_u8 {
            for mother in [wanted.checked_add(away), wanted.checked_sub(away)].into_iter().flatten() {
                if mother < ages.0 || mother > ages.1 || (away == 0 && mother != wanted) {
                    continue;
                }
                let Some(levels) = self.by_age.get_mut(usize::from(mother)) else { continue };
                for level in order {
                    let Some(cores) = levels.get_mut(level) else { continue };
                    if cores.is_empty() {
                        continue;
                    }
                    let core = cores.swap_remove(stream.place(cores.len()));
                    if let Some(next) = levels.get_mut(level + 1) {
                        next.push(core);
                    }
                    return Some(core);
                }
            }
        }
        None
    }
}

struct Making<'a> {
    rates: &'a Households,
    cores: Vec<Core>,
    members: Vec<Member>,
}

impl Making<'_> {
    fn mother(&self, core: u32) -> u8 {
        self.cores.get(place(core)).map_or(0, Core::mother)
    }

    fn add(&mut self, head: Being) -> u32 {
        self.cores.push(Core { head, spouse: None });
        number(self.cores.len() - 1)
    }

    fn join(&mut self, core: u32, role: Role, being: Being) {
        self.members.push(Member { core, role, being });
    }

    /// Those without a spouse: heads of their own, parents in waiting, sharing with somebody near in age; the old who live with a child are returned.
    fn settle_alone(&mut self, alone: &[Being], hosts: &mut Hosts, stream: &mut Stream) -> Vec<Being> {
        let mut elders = Vec::new();
        let mut waiting: Option<(u32, u8)> = None;
        for being in alone.iter().copied() {
            if stream.permille(by_age(&self.rates.elder, being.sex, being.age)) {
                elders.push(being);
            } else if stream.permille(of_age(&self.rates.shared, being.age)) {
                match waiting.take() {
                    Some((core, age)) if being.age.abs_diff(age) <= 6 => self.join(core, Role::Other, being),
                    _ => waiting = Some((self.add(being), being.age)),
                }
            } else {
                let core = self.add(being);
                if stream.permille(by_age(&self.rates.lone_parent, being.sex, being.age)) {
                    hosts.add(core, self.mother(core), false);
                }
            }
        }
        elders
    }

    /// From the eldest on, each to a mother of a plausible age.
    fn place_children(&mut self, children: &[Being], hosts: &mut Hosts, stream: &mut Stream) {
        let [youngest, usual, oldest] = self.rates.mother_age;
        let [second, third] = self.rates.sibling;
        for child in children.iter().rev().copied() {
            if child.age < GROWN && !hosts.grand.is_empty() && stream.below(12) == 0 {
                let fits = hosts.grand.iter().position(|core| self.mother(*core) >= child.age + 42);
                if let Some(core) = fits.map(|fits| hosts.grand.swap_remove(fits)) {
                    self.join(core, Role::Grandchild, child);
                    continue;
                }
            }
            // Two even draws make a peak at the usual age.
            let below = stream.below(2) == 0;
            let span = if below { usual - youngest } else { oldest - usual } + 1;
            let off = stream.below(span).min(stream.below(span));
            let gap = u8::try_from(if below { usual - off } else { usual + off }).unwrap_or(u8::MAX);
            let wanted = child.age.saturating_add(gap).min(OLDEST);
            let draw = stream.below(1000);
            let order = match draw {
                _ if draw < second => [1, 0, 2],
                _ if draw < second + third => [2, 1, 0],
                _ => [0, 1, 2],
            };
            let ages = (child.age.saturating_add(18), child.age.saturating_add(47));
            match hosts.take(wanted, ages, order, stream) {
                Some(core) => self.join(core, Role::Child, child),
                None if child.age >= GROWN => drop(self.add(child)),
                None => self.take_in(child),
            }
        }
    }

    /// A child for whom no parent was found: with somebody who could be one, else with whoever is grown.
    fn take_in(&mut self, child: Being) {
        let usual = child.age.saturating_add(31);
        let fits = |core: &Core| core.mother() >= child.age + 18 && core.mother() <= child.age + 50;
        let nearest = (0_u32..)
            .zip(&self.cores)
            .min_by_key(|(_, core)| (!fits(core), core.eldest() < GROWN, core.mother().abs_diff(usual)));
        match nearest.map(|(n, core)| (n, fits(core))) {
            Some((core, true)) => self.join(core, Role::Child, child),
            Some((core, false)) => self.join(core, Role::Other, child),
            None => drop(self.add(child)),
        }
    }

    /// The old who live with a child: in the household of a couple of which somebody may be that child, else alone.
    fn place_elders(&mut self, elders: &[Being], couples: usize, stream: &mut Stream) {
        let mut by_age: Vec<Vec<u32>> = vec![Vec::new(); AGES];
        for (core, couple) in (0_u32..).zip(self.cores.iter().take(couples)) {
            if let Some(cores) = by_age.get_mut(usize::from(couple.eldest())) {
                cores.push(core);
            }
        }
        for elder in elders.iter().copied() {
            let wanted = elder.age.saturating_sub(24 + u8::try_from(stream.below(14)).unwrap_or(0));
            let ages = (0..8_u8).flat_map(|away| [wanted.saturating_add(away), wanted.saturating_sub(away)]);
            let found = ages.filter(|age| *age + 18 <= elder.age).find_map(|age| {
                let cores = by_age.get_mut(usize::from(age)).filter(|cores| !cores.is_empty())?;
                Some(cores.swap_remove(stream.place(cores.len())))
            });
            match found {
                Some(core) => self.join(core, Role::Elder, elder),
                None => drop(self.add(elder)),
            }
        }
    }

    /// In an order by chance, so that the first households are like the last.
    fn written(self, stream: &mut Stream) -> Parts {
        let count = self.cores.len();
        let mut order: Vec<usize> = (0..count).collect();
        for n in (1..count).rev() {
            order.swap(n, stream.place(n + 1));
        }
        // Where each household's members are in a list sorted by household.
        let mut ends = vec![0_usize; count + 1];
        for member in &self.members {
            if let Some(end) = ends.get_mut(place(member.core) + 1) {
                *end += 1;
            }
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += *end;
            *end = sum;
        }
        let mut next = ends.clone();
        let mut sorted = vec![0_usize; self.members.len()];
        for (n, member) in self.members.iter().enumerate() {
            if let Some(free) = next.get_mut(place(member.core)) {
                if let Some(slot) = sorted.get_mut(*free) {
                    *slot = n;
                }
                *free += 1;
            }
        }
        let persons = self.members.len() + count * 2;
        let mut parts = Parts {
            ages: Vec::with_capacity(persons),
            sexes: Vec::with_capacity(persons),
            roles: Vec::with_capacity(persons),
            starts: Vec::with_capacity(count + 1),
        };
        parts.starts.push(0);
        for core in order {
            let Some(couple) = self.cores.get(core) else { continue };
            parts.push(couple.head, Role::Head);
            if let Some(spouse) = couple.spouse {
                parts.push(spouse, Role::Spouse);
            }
            let members = sorted.get(at(&ends, core)..at(&ends, core + 1)).unwrap_or(&[]);
            for member in members.iter().filter_map(|n| self.members.get(*n)) {
                parts.push(member.being, member.role);
            }
            parts.starts.push(number(parts.ages.len()));
        }
        parts
    }
}

impl Parts {
    fn push(&mut self, being: Being, role: Role) {
        self.ages.push(being.age);
        self.sexes.push(if being.sex == 0 { Sex::Male } else { Sex::Female });
        self.roles.push(role);
    }
}
