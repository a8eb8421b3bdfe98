//! What was counted, read by service, region, age and income; and why one of the counted was.

use maru_definition::{Profile, Service};
use maru_kernel::Lang;
use maru_rules::{Answer, Facts, Value};

use crate::{
    classes::Cells,
    screen::{Found, Screened, Screening},
};

/// A service: its place among those read from codes, or among those written in depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Which {
    Coded(usize),
    Deep(usize),
}

/// How many a service reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    pub service: Which,
    pub deep: bool,
    pub yes: u64,
    pub unknown: u64,
    /// What all of them are paid together, where the service says how much.
    pub won: Option<i64>,
}

/// Somebody of the population.
pub struct Somebody {
    pub area: String,
    pub profile: Profile,
    pub facts: Facts,
    leaf: Option<u16>,
}

/// Why somebody does or doesn't qualify.
pub struct Explained {
    pub answer: Answer,
    pub amount: Option<i64>,
    pub reasons: Vec<Because>,
    pub missing: Vec<String>,
}

pub struct Because {
    pub what: String,
    pub article: String,
    pub answer: Answer,
    pub value: Option<String>,
    pub limit: Option<String>,
}

pub(crate) fn sum(cells: &Cells) -> u64 {
    cells.iter().map(|n| u64::from(*n)).sum()
}

impl Found {
    fn class(&self, class: usize) -> Option<&Cells> {
        let at = self.classes.binary_search_by_key(&class, |(class, _)| *class).ok()?;
        self.classes.get(at).map(|(_, cells)| cells)
    }
}

impl Screened {
    /// Every service that anybody qualifies for, or may.
    pub fn counts(&self, screening: &Screening) -> Vec<Count> {
        let coded = (0..screening.nation.coded.len()).map(Which::Coded);
        let deep = (0..screening.nation.deep.len()).map(Which::Deep);
        let counts = deep.chain(coded).map(|service| self.count(screening, service));
        counts.filter(|count| count.deep || count.yes + count.unknown > 0).collect()
    }

    pub fn count(&self, screening: &Screening, service: Which) -> Count {
        let mut count =
            Count { service, deep: matches!(service, Which::Deep(_)), yes: 0, unknown: 0, won: None };
        let (mut won, mut paid) = (0_i64, 0_u64);
        for region in &self.regions {
            if let Some((yes, unknown)) = self.cells(screening, region, service) {
                count.yes += sum(yes);
                count.unknown += unknown.map_or(0, sum);
            }
            if let Which::Deep(place) = service
                && let Some(found) = region.deep.get(place)
            {
                won = won.saturating_add(found.won.iter().sum());
                paid += u64::from(found.with_amount);
            }
        }
        // what is read from codes and can't be read wholly is not known of anybody
        if screening.unread(service) {
            (count.yes, count.unknown) = (0, count.yes);
        }
        count.won = (paid > 0).then_some(won);
        count
    }

    /// Who qualifies in a region, and of whom it isn't known.
    pub fn cells<'f>(
        &self,
        screening: &Screening,
        region: &'f Found,
        service: Which,
    ) -> Option<(&'f Cells, Option<&'f Cells>)> {
        match service {
            Which::Deep(place) => region.deep.get(place).map(|paid| (&paid.yes, Some(&paid.unknown))),
            Which::Coded(place) => {
                let leaf = screening.leaves.get(region.area).copied().flatten().unwrap_or(u16::MAX);
                let class = screening.classes.of_service.get(place).copied().flatten()?;
                if !screening.classes.serves(place, leaf) {
                    return None;
                }
                region.class(class).map(|cells| (cells, None))
            }
        }
    }
}

impl Screening {
    fn unread(&self, service: Which) -> bool {
        match service {
            Which::Coded(place) => self.nation.coded.get(place).is_some_and(|(_, shape)| shape.unread),
            Which::Deep(_) => false,
        }
    }

    pub fn id(&self, service: Which) -> &str {
        match service {
            Which::Coded(place) => self.nation.coded.get(place).map_or("", |(entry, _)| &entry.id),
            Which::Deep(place) => self.nation.deep.get(place).map_or("", |(_, service)| &service.id),
        }
    }

    pub fn name(&self, service: Which, lang: Lang) -> &str {
        let entry = match service {
            Which::Coded(place) => self.nation.coded.get(place).map(|(entry, _)| entry),
            Which::Deep(place) => self.nation.deep.get(place).map(|(entry, _)| entry),
        };
        entry.map_or("", |entry| entry.name.get(lang))
    }

    /// A service by its id.
    pub fn find(&self, id: &str) -> Option<Which> {
        let deep = self.nation.deep.iter().position(|(_, service)| service.id == id).map(Which::Deep);
        deep.or_else(|| self.nation.coded.iter().position(|(entry, _)| entry.id == id).map(Which::Coded))
    }

    /// A person by number, counted from 0 in the order in which they are made.
    pub fn person(&self, number: u64) -> Option<Somebody> {
        let mut before = 0_u64;
        for (area, of) in self.marginals.areas().iter().enumerate() {
            let here = self.population.persons_of(area);
            if number >= before + here {
                before += here;
                continue;
            }
            for block in self.population.blocks_of(area) {
                let block = self.population.block(block)?;
                let len = u64::try_from(block.len()).ok()?;
                if number >= before + len {
                    before += len;
                    continue;
                }
                let lane = usize::try_from(number - before).ok()?;
                let facts = block.columns(maru_population::NAMES.iter().copied()).facts(lane);
                let profile = self.profiles(&block).get(lane).copied()?;
                let leaf = self.leaves.get(area).copied().flatten();
                return Some(Somebody { area: of.name.clone(), profile, facts, leaf });
            }
        }
        None
    }

    /// Why somebody does or doesn't qualify for a service.
    pub fn explain(&self, somebody: &Somebody, id: &str) -> Option<Explained> {
        match self.find(id)? {
            Which::Deep(place) => {
                let (_, service) = self.nation.deep.get(place)?;
                Some(self.by_rules(service, &somebody.facts))
            }
            Which::Coded(place) => {
                let (_, shape) = self.nation.coded.get(place)?;
                let serves = shape.serves(somebody.leaf.unwrap_or(u16::MAX));
                let answer = if serves { shape.answer(&somebody.profile) } else { Answer::No };
                let because = |what: &str, holds: bool| Because {
                    what: what.to_owned(),
                    article: "the catalogue's codes".to_owned(),
                    answer: if holds { Answer::Yes } else { Answer::No },
                    value: None,
                    limit: None,
                };
                let profile = &somebody.profile;
                let of = |bits: Option<u16>, mine: u16| bits.map(|bits| bits & mine != 0);
                let asked = [
                    ("region", shape.region.map(|_| serves)),
                    ("age", shape.ages.map(|(from, to)| (from..=to).contains(&profile.age))),
                    ("sex", of(shape.sex, 1 << profile.sex)),
                    ("income", of(shape.income, 1 << profile.income)),
                    ("person", of(shape.person, profile.person)),
                    ("household", of(shape.household, profile.household)),
                ];
                let reasons = asked.iter().filter_map(|(what, holds)| Some(because(what, (*holds)?)));
                let missing =
                    if shape.unread { vec!["what its codes don't say".to_owned()] } else { Vec::new() };
                Some(Explained { answer, amount: None, reasons: reasons.collect(), missing })
            }
        }
    }

    fn by_rules(&self, service: &Service, facts: &Facts) -> Explained {
        let decision = self.decide(service, facts);
        let shown = |value: Option<Value>| value.map(|value| value.to_string());
        let reasons = decision.reasons.into_iter().map(|reason| Because {
            what: reason.id,
            article: reason.article,
            answer: reason.answer,
            value: shown(reason.value),
            limit: shown(reason.limit),
        });
        Explained {
            answer: decision.answer,
            amount: decision.amount,
            reasons: reasons.collect(),
            missing: decision.missing,
        }
    }
}
