//! What residents are like before anybody has answered: a few made persons of whom everything is known, what each service pays them, and
//! which of its conditions turn them away. It decides what is asked first, never an answer.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use maru_kernel::Date;
use maru_rules::{Answer, Columns, Facts, Ratio, Value};

use crate::{Pack, Service, catalogue::index::Index};

/// What a service is worth to a resident on average at the least: one that pays none of the few people is asked for, too, at last.
const RARE: u64 = 1_000;
/// A number counts by which sixteenth of the people it falls in.
const STEPS: usize = 16;
/// Somebody unlike by this many halvings more than the likest counts for nothing.
const FARTHEST: u32 = 12;

type Making = dyn Fn(&Pack, Date) -> Vec<Facts> + Send + Sync;

/// Makes the prior when somebody asks first, and again when other services are served.
pub(crate) struct Likely {
    make: Box<Making>,
    made: Mutex<Option<(Arc<Index>, Arc<Prior>)>>,
}

impl Likely {
    pub(crate) fn new(make: Box<Making>) -> Likely {
        Likely { make, made: Mutex::new(None) }
    }

    /// The day is that of whoever asks first: a newer law may make the order a little worse, and no answer wrong.
    pub(crate) fn prior(&self, index: &Arc<Index>, pack: &Pack, on: Date) -> Arc<Prior> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, prior)) = &*made
            && Arc::ptr_eq(of, index)
        {
            return prior.clone();
        }
        let prior = Arc::new(Prior::of(index, pack, &(self.make)(pack, on), on));
        *made = Some((index.clone(), prior.clone()));
        prior
    }
}

/// Some people, and what is known of them.
#[derive(Debug, Default)]
pub(crate) struct Prior {
    people: usize,
    scales: HashMap<String, Scale>,
    /// By a service's place among those in depth.
    pub(crate) judged: Vec<Judged>,
}

/// How one service stands to each of the people.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    answers: Vec<Answer>,
    /// What it pays each in a year; nothing where it is not *yes*.
    pays: Vec<u64>,
    /// What it pays one of them on average.
    pub(crate) average: u64,
    /// By a condition's id: whom it turns away.
    refused: BTreeMap<String, Vec<bool>>,
    /// The facts its rules read.
    pub(crate) names: Vec<String>,
}

/// A fact's values in an order, and where each of the people stands; the last place is for whom it is unknown.
#[derive(Debug)]
struct Scale {
    steps: Steps,
    of: Vec<usize>,
}

#[derive(Debug)]
enum Steps {
    Numbers(Vec<Ratio>),
    Values(Vec<Value>),
    /// Only how many items there are.
    Lists,
}

impl Steps {
    fn of(values: &[Option<&Value>]) -> Option<Steps> {
        let known = || values.iter().flatten();
        match known().next()? {
            Value::Number(_) => {
                let mut numbers: Vec<Ratio> = known().filter_map(|value| number(value)).collect();
                numbers.sort_unstable();
                let mut cuts: Vec<Ratio> =
                    (1..STEPS).filter_map(|n| numbers.get(numbers.len() * n / STEPS).copied()).collect();
                cuts.dedup();
                Some(Steps::Numbers(cuts))
            }
            Value::Bool(_) => Some(Steps::Values(vec![Value::Bool(false), Value::Bool(true)])),
            Value::Text(_) => {
                let mut texts: Vec<Value> = Vec::new();
                for value in known() {
                    if !texts.contains(value) {
                        texts.push((*value).clone());
                    }
                }
                Some(Steps::Values(texts))
            }
            Value::List(_) => Some(Steps::Lists),
            _ => None,
        }
    }

    fn count(&self) -> usize {
        match self {
            Steps::Numbers(cuts) => cuts.len() + 1,
            Steps::Values(values) => values.len(),
            Steps::Lists => 6,
        }
    }

    fn place(&self, value: &Value) -> Option<usize> {
        match (self, value) {
            (Steps::Numbers(cuts), Value::Number(n)) => Some(cuts.partition_point(|cut| cut < n)),
            (Steps::Values(values), value) => values.iter().position(|known| known == value),
            (Steps::Lists, Value::List(items)) => Some(items.len().min(5)),
            _ => None,
        }
    }

    /// How often somebody's weight is halved for standing elsewhere.
    fn apart(&self, mine: usize, theirs: usize) -> u32 {
        let steps = u32::try_from(mine.abs_diff(theirs)).unwrap_or(FARTHEST);
        match self {
            _ if steps == 0 => 0,
            Steps::Numbers(_) => steps.min(6),
            Steps::Values(values) => {
                // A place in the same province is nearer than one elsewhere.
                let province = |n: usize| match values.get(n) {
                    Some(Value::Text(text)) => text.split_once(' ').map(|(province, _)| province),
                    _ => None,
                };
                match (province(mine), province(theirs)) {
                    (Some(mine), Some(theirs)) if mine == theirs => 1,
                    (Some(_), Some(_)) => 2,
                    _ => 5,
                }
            }
            Steps::Lists if mine == 0 || theirs == 0 => 6,
            Steps::Lists => steps.min(3),
        }
    }
}

fn number(value: &Value) -> Option<Ratio> {
    match value {
        Value::Number(n) => Some(*n),
        _ => None,
    }
}

/// The fact that a name in a rule is, or is inside.
fn fact_in(pack: &Pack, name: &str) -> Option<String> {
    let mut name = name;
    loop {
        if pack.fact(name).is_some() {
            return Some(name.to_owned());
        }
        name = name.rsplit_once('.')?.0;
    }
}

impl Prior {
    fn of(index: &Index, pack: &Pack, people: &[Facts], on: Date) -> Prior {
        let Ok(columns) = Columns::of(people) else { return Prior::default() };
        let judged = index.deep.iter().map(|(_, service)| Judged::of(service, &columns, pack, on));
        let mut scales = HashMap::new();
        for fact in &pack.facts {
            let values: Vec<Option<&Value>> = people.iter().map(|facts| facts.get(&fact.name)).collect();
            let Some(steps) = Steps::of(&values) else { continue };
            let unknown = steps.count();
            let place = |value: &Option<&Value>| value.and_then(|v| steps.place(v)).unwrap_or(unknown);
            let of = values.iter().map(place).collect();
            scales.insert(fact.name.clone(), Scale { steps, of });
        }
        Prior { people: people.len(), scales, judged: judged.collect() }
    }

    /// How much each of the people counts for somebody of whom this is known: the likest the most.
    pub(crate) fn weights(&self, facts: &Facts) -> Vec<u64> {
        let mut apart = vec![0_u32; self.people];
        for (name, value) in facts.iter() {
            let Some(scale) = self.scales.get(name) else { continue };
            let Some(mine) = scale.steps.place(value) else { continue };
            let mut table: Vec<u32> =
                (0..scale.steps.count()).map(|theirs| scale.steps.apart(mine, theirs)).collect();
            table.push(1);
            for (apart, place) in apart.iter_mut().zip(&scale.of) {
                *apart += table.get(*place).copied().unwrap_or(0);
            }
        }
        let least = apart.iter().min().copied().unwrap_or(0);
        let weight = |apart: u32| FARTHEST.checked_sub(apart - least).map_or(0, |left| 1 << left);
        apart.into_iter().map(weight).collect()
    }
}

impl Judged {
    fn of(service: &Service, people: &Columns, pack: &Pack, on: Date) -> Judged {
        let all = people.len();
        let lane = |lane: &u32| usize::try_from(*lane).unwrap_or(usize::MAX);
        let hits = service.rules.decide_many(people, &pack.parameters, on);
        let (mut answers, mut pays) = (vec![Answer::No; all], vec![0; all]);
        for place in hits.unknown.iter().map(lane) {
            if let Some(answer) = answers.get_mut(place) {
                *answer = Answer::Unknown;
            }
        }
        for (place, amount) in hits.yes.iter().map(lane).zip(&hits.amounts) {
            if let (Some(answer), Some(pays)) = (answers.get_mut(place), pays.get_mut(place)) {
                (*answer, *pays) = (Answer::Yes, service.worth(*amount));
            }
        }
        let mut refused = BTreeMap::new();
        for (id, alone) in service.rules.each_condition(on) {
            let hits = alone.decide_many(people, &pack.parameters, on);
            let mut no = vec![true; all];
            for place in hits.yes.iter().chain(&hits.unknown).map(lane) {
                if let Some(no) = no.get_mut(place) {
                    *no = false;
                }
            }
            refused.insert(id, no);
        }
        let average = pays.iter().sum::<u64>() / u64::try_from(all).unwrap_or(1).max(1);
        let average = average.max(RARE);
        let mut names: Vec<String> =
            service.rules.names().into_iter().filter_map(|name| fact_in(pack, &name)).collect();
        names.dedup();
        Judged { answers, pays, average, refused, names }
    }

    /// What hangs on knowing the answer of one of the people: what it pays them, or what it pays anybody.
    fn stake(&self, person: usize) -> u64 {
        self.pays.get(person).copied().filter(|pays| *pays > 0).unwrap_or(self.average)
    }

    /// What hangs on it for somebody like these people.
    pub(crate) fn expected(&self, weights: &[u64]) -> u64 {
        let sum: u64 = weights.iter().enumerate().map(|(person, weight)| weight * self.stake(person)).sum();
        sum / weights.iter().sum::<u64>().max(1)
    }
}

/// A condition that is still open: its id, and the questions that would close it, none when something of it can't be asked.
pub(crate) struct Way {
    pub(crate) condition: String,
    pub(crate) questions: Option<Vec<usize>>,
}

impl Judged {
    /// Shares what hangs on a service among the questions that settle it: of a person whom it turns away the fewest that say so, of
    /// everybody else all there are, in thousandths of a won. Answers what hangs on it that questions can settle.
    pub(crate) fn share(&self, weights: &[u64], ways: &[Way], more: usize, of: &mut [u64]) -> u64 {
        let all: u64 = weights.iter().sum::<u64>().max(1);
        let mut every: Vec<usize> = Vec::new();
        for question in ways.iter().filter_map(|way| way.questions.as_ref()).flatten() {
            if !every.contains(question) {
                every.push(*question);
            }
        }
        let whole = ways.iter().all(|way| way.questions.is_some()).then_some(every.as_slice());
        let mut closing: Vec<(&[bool], &[usize])> = Vec::new();
        for Way { condition, questions } in ways {
            if let (Some(no), Some(questions)) = (self.refused.get(condition), questions) {
                closing.push((no, questions));
            }
        }
        let mut ways = closing;
        ways.sort_by_key(|(_, questions)| questions.len());
        let mut by_way = vec![0_u64; ways.len() + 1];
        for (person, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0) {
            let worth = weight * self.stake(person);
            // Somebody like this whom what is open does not turn away is, as far as it goes, no different from those who qualify.
            let refusing = (self.answers.get(person) == Some(&Answer::No))
                .then(|| ways.iter().position(|(no, _)| no.get(person) == Some(&true)))
                .flatten();
            let slot = refusing.or(whole.map(|_| ways.len()));
            if let Some(sum) = slot.and_then(|slot| by_way.get_mut(slot)) {
                *sum += worth;
            }
        }
        let shares = ways.iter().map(|(_, questions)| (*questions, 0)).chain([(every.as_slice(), more)]);
        for (sum, (questions, more)) in by_way.iter().zip(shares) {
            let parts = u64::try_from(2 * questions.len() + more).unwrap_or(1).max(1);
            for question in questions {
                if let Some(of) = of.get_mut(*question) {
                    *of += 2_000 * (sum / all) / parts;
                }
            }
        }
        by_way.iter().sum::<u64>() / all
    }
}
