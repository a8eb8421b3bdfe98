//! A peer for the order of questions: the one whose answer tells most, in bits, about the answers of the services that are open. It knows the
//! same people as the order of pages, and holds to those who have answered alike so far.

use std::collections::{BTreeMap, HashMap};

use maru_rules::{Answer, Facts, Value};

use crate::questions::{Asking, Course, Order};

/// Fewer say too little: then those who answered most alike count.
const FEWEST: usize = 30;
/// A number counts by which quarter of the people it falls in.
const QUARTERS: usize = 4;

pub struct Entropy {
    /// By question: each person's answer, as a number.
    labels: Vec<Vec<u32>>,
    /// The same for whoever is asked.
    scales: Vec<Scale>,
    /// By service: each person's answer.
    answers: Vec<Vec<Answer>>,
}

/// How the answers of one question become numbers.
struct Scale {
    cuts: HashMap<String, Vec<Value>>,
    known: BTreeMap<Vec<usize>, u32>,
}

impl Scale {
    fn of(facts: &[String], people: &[Facts]) -> Scale {
        let mut cuts = HashMap::new();
        for fact in facts {
            let mut numbers: Vec<_> = people
                .iter()
                .filter_map(|one| match one.get(fact) {
                    Some(Value::Number(n)) => Some(*n),
                    _ => None,
                })
                .collect();
            numbers.sort_unstable();
            let quarter = |n: usize| numbers.get(numbers.len() * n / QUARTERS).copied().map(Value::Number);
            cuts.insert(fact.clone(), (1..QUARTERS).filter_map(quarter).collect());
        }
        Scale { cuts, known: BTreeMap::new() }
    }

    /// Where each of the question's facts falls.
    fn places(&self, facts: &[String], one: &Facts) -> Vec<usize> {
        let place = |fact: &String| match one.get(fact) {
            None | Some(Value::Unknown) => 0,
            Some(Value::Bool(holds)) => 1 + usize::from(*holds),
            Some(Value::Number(n)) => {
                let cuts = self.cuts.get(fact).map_or(&[][..], Vec::as_slice);
                1 + cuts.iter().filter(|cut| matches!(cut, Value::Number(cut) if cut < n)).count()
            }
            Some(Value::List(items)) => 1 + items.len().min(3),
            // A word by itself: alike only where it is the same.
            Some(other) => {
                1 + other.to_string().bytes().fold(7_usize, |sum, byte| {
                    sum.wrapping_mul(31).wrapping_add(usize::from(byte)) % 1_000_003
                })
            }
        };
        facts.iter().map(place).collect()
    }
}

impl Entropy {
    pub fn of(asking: &Asking, people: &[Facts]) -> Entropy {
        let (mut labels, mut scales) = (Vec::new(), Vec::new());
        for facts in &asking.questions {
            let mut scale = Scale::of(facts, people);
            let mut of = Vec::new();
            for one in people {
                let places = scale.places(facts, one);
                let next = u32::try_from(scale.known.len()).unwrap_or(u32::MAX);
                of.push(*scale.known.entry(places).or_insert(next));
            }
            labels.push(of);
            scales.push(scale);
        }
        let answer = |one: &Facts, service: &maru_definition::Service| {
            service.rules.answer(one, &asking.pack.parameters, asking.on)
        };
        let answers =
            asking.services.iter().map(|service| people.iter().map(|one| answer(one, service)).collect());
        Entropy { labels, scales, answers: answers.collect() }
    }

    /// Those who have answered as this person has.
    fn alike(&self, asking: &Asking, course: &Course<'_>) -> Vec<usize> {
        let mut same = vec![0_usize; self.answers.first().map_or(0, Vec::len)];
        for question in &course.asked {
            let (Some(scale), Some(facts), Some(labels)) =
                (self.scales.get(*question), asking.questions.get(*question), self.labels.get(*question))
            else {
                continue;
            };
            let mine = scale.known.get(&scale.places(facts, &course.resident.facts));
            for (same, theirs) in same.iter_mut().zip(labels) {
                *same += usize::from(mine == Some(theirs));
            }
        }
        let mut order: Vec<usize> = (0..same.len()).collect();
        order.sort_by_key(|person| std::cmp::Reverse(same.get(*person).copied()));
        let most = same.iter().max().copied().unwrap_or(0);
        let all = same.iter().filter(|count| **count == most).count();
        order.truncate(all.max(FEWEST));
        order
    }

    fn gain(&self, asking: &Asking, course: &Course<'_>, alike: &[usize], question: usize) -> f64 {
        let Some(labels) = self.labels.get(question) else { return 0.0 };
        let mut gain = 0.0;
        for service in course.open.iter().filter(|service| asking.reads(**service, question)) {
            let Some(answers) = self.answers.get(*service) else { continue };
            let mut by_label: HashMap<u32, [f64; 3]> = HashMap::new();
            let mut whole = [0.0; 3];
            for person in alike {
                let slot = match answers.get(*person) {
                    Some(Answer::Yes) => 0,
                    Some(Answer::No) => 1,
                    _ => 2,
                };
                let label = labels.get(*person).copied().unwrap_or(0);
                for counts in [&mut whole, by_label.entry(label).or_default()] {
                    if let Some(count) = counts.get_mut(slot) {
                        *count += 1.0;
                    }
                }
            }
            let all: f64 = whole.iter().sum();
            let rest: f64 =
                by_label.values().map(|counts| counts.iter().sum::<f64>() / all * bits(counts)).sum();
            gain += bits(&whole) - rest;
        }
        gain
    }
}

fn bits(counts: &[f64; 3]) -> f64 {
    let all: f64 = counts.iter().sum();
    let part = |count: &f64| if *count > 0.0 { -(count / all) * (count / all).log2() } else { 0.0 };
    counts.iter().map(part).sum()
}

impl Order for Entropy {
    fn next(&self, asking: &Asking, course: &Course<'_>) -> (Option<usize>, bool) {
        let alike = self.alike(asking, course);
        let left = (0..asking.questions.len()).filter(|question| !course.asked.contains(question));
        let read =
            left.filter(|question| course.open.iter().any(|service| asking.reads(*service, *question)));
        let gains = read.map(|question| (self.gain(asking, course, &alike, question), question));
        // Of two that tell as much the first.
        let best = gains.reduce(|best, other| if other.0 > best.0 { other } else { best });
        (best.map(|(_, question)| question), false)
    }
}
