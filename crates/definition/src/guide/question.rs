//! The one question that settles the most.

use std::collections::HashMap;

use maru_rules::{Answer, Decision, Ratio, Value};
use serde::Serialize;

use super::{Deep, Guidance, prior::Way};
use crate::{FactDef, FactKind, gov24};

/// What to ask next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NextQuestion {
    /// The fact that has the question's words.
    pub fact: String,
    /// What is asked for, on one page.
    pub facts: Vec<String>,
    /// Services now unknown that an answer to `fact` alone settles, on average over the answers people give.
    pub settles: usize,
    pub least: usize,
    pub most: usize,
    /// How many each answer settles. A region's answers are given by province, an age's by spans of ages that settle the same.
    pub by_value: Vec<(String, usize)>,
    /// A few services it may make *yes*.
    pub examples: Vec<String>,
    /// Whether what is open can still change an answer that matters: more than a twentieth of what all services in depth are worth to
    /// somebody like this person.
    pub matters: bool,
}

/// One possible answer: how it is shown, how many services it settles, and how common it is.
struct Reply {
    value: String,
    settles: usize,
    weight: usize,
}

/// What hangs on the questions, in thousandths of a won a year.
struct Worth {
    of: Vec<u64>,
    matters: bool,
}

const EXAMPLES: usize = 3;
/// What it is worth to know the answer of a service that only codes describe: nobody has written what it pays.
const CODED: u64 = 100;
/// What is open no longer matters when it is at most one part of so many.
const PARTS: u64 = 20;

impl Guidance {
    /// The question, not yet answered, that settles the most for somebody like this. None: nothing that may be asked would settle anything.
    pub fn next_question(&self, skip: &dyn Fn(&str) -> bool) -> Option<NextQuestion> {
        let known = self.person.known(&self.index);
        let asker = self.index.screen.asker(&known, &self.answers);
        let worth = self.worth(skip);
        let mut best: Option<(u64, usize, &FactDef, Vec<Reply>)> = None;
        for fact in self.pack.facts.iter().filter(|fact| fact.question.is_some()) {
            let together = self.index.questions.facts(&fact.name);
            if !(together.iter().any(|fact| self.unknown(fact)) || self.vague(fact)) || skip(&fact.name) {
                continue;
            }
            let what_if = |group, option, holds| asker.what_if(group, option, holds).settled();
            // What is known already is not asked for again, though it has the question's words.
            let open = self.unknown(&fact.name) || self.vague(fact);
            let mut replies = if open { self.replies(fact, &what_if) } else { Vec::new() };
            let others = together.iter().skip(1).filter(|other| self.unknown(other));
            let others: u64 = others
                .filter_map(|other| self.pack.fact(other))
                .map(|other| self.replies(other, &what_if))
                .map(|replies| expected(sum(&replies), &replies))
                .sum();
            let held = self.group_of(fact).map_or(0, |group| asker.holds_open(group));
            let hangs = worth.as_ref().map(|worth| {
                let question = self.index.questions.asking(&fact.name);
                question.and_then(|question| worth.of.get(question)).copied().unwrap_or(0)
            });
            let score = |sum: usize, replies: &[Reply]| match hangs {
                Some(hangs) => hangs + CODED * (others + expected(sum, replies)),
                None => others + expected(sum, replies),
            };
            let better =
                |score: u64| best.as_ref().is_none_or(|(most, open, ..)| (score, held) > (*most, *open));
            // Trying an answer on the rules costs more than on the bits: only where it could make a difference.
            let waiting = if hangs.is_none() { self.waiting(&fact.name).count() } else { 0 };
            let weights: usize = replies.iter().map(|r| r.weight).sum();
            if !better(score(sum(&replies) + weights * waiting, &replies)) {
                continue;
            }
            if waiting > 0 {
                self.add_decided(fact, &mut replies);
            }
            let score = score(sum(&replies), &replies);
            if score > 0 && better(score) {
                best = Some((score, held, fact, replies));
            }
        }
        let (.., fact, mut replies) = best?;
        if worth.is_some() {
            self.add_decided(fact, &mut replies);
        }
        let together = self.index.questions.facts(&fact.name).iter();
        let again = |name: &String| *name == fact.name && self.vague(fact);
        let facts: Vec<String> = together.filter(|fact| self.unknown(fact) || again(fact)).cloned().collect();
        let (sum, weights) = (sum(&replies), replies.iter().map(|r| r.weight).sum::<usize>());
        Some(NextQuestion {
            fact: fact.name.clone(),
            settles: (sum + weights / 2) / weights.max(1),
            least: replies.iter().map(|r| r.settles).min().unwrap_or(0),
            most: replies.iter().map(|r| r.settles).max().unwrap_or(0),
            by_value: by_value(fact, replies),
            examples: self.examples(&fact.name),
            matters: worth.is_none_or(|worth| worth.matters),
            facts,
        })
    }

    fn unknown(&self, fact: &str) -> bool {
        self.facts.get(fact).is_none_or(|value| matches!(value, Value::Unknown))
    }

    /// What hangs on each question among the services in depth, over people like this one: see [`Judged::share`].
    fn worth(&self, skip: &dyn Fn(&str) -> bool) -> Option<Worth> {
        let prior = self.likely.as_ref()?.prior(&self.index, &self.pack, self.on);
        let weights = prior.weights(&self.facts);
        let questions = &self.index.questions;
        let mut of = vec![0; questions.all.len()];
        let (mut open, mut whole) = (0, 0);
        let may = |question: &usize| {
            let lead = questions.all.get(*question).and_then(|facts| facts.first());
            lead.is_some_and(|lead| !skip(lead))
        };
        let ways_of = |condition: &str, names: &mut dyn Iterator<Item = &String>| {
            let mut asked: Vec<usize> = Vec::new();
            let mut askable = true;
            for name in names {
                match questions.asking(name).filter(may) {
                    Some(question) if !asked.contains(&question) => asked.push(question),
                    Some(_) => {}
                    None => askable = false,
                }
            }
            Way { condition: condition.to_owned(), questions: askable.then_some(asked) }
        };
        for (deep, judged) in self.deep.iter().zip(&prior.judged) {
            if deep.service.asks_nothing() {
                continue;
            }
            if deep.answer == Answer::No {
                whole += judged.average;
                continue;
            }
            let decision = self.whole(deep);
            let paid = deep.answer == Answer::Yes && decision.missing.is_empty();
            if paid {
                whole += deep.service.worth(decision.amount);
                continue;
            }
            whole += judged.expected(&weights);
            let mut ways: Vec<Way> = Vec::new();
            for reason in decision.reasons.iter().filter(|reason| reason.answer == Answer::Unknown) {
                let unknown = reason.facts.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| name);
                ways.push(ways_of(&reason.id, &mut unknown.into_iter()));
            }
            if deep.answer == Answer::Yes {
                ways.push(ways_of("", &mut decision.missing.iter()));
            }
            let named = |question: &usize| {
                ways.iter().filter_map(|w| w.questions.as_ref()).flatten().any(|q| q == question)
            };
            let mut more: Vec<usize> = Vec::new();
            for name in judged.names.iter().filter(|name| self.unknown(name)) {
                if let Some(question) = questions.asking(name).filter(|q| !named(q) && may(q))
                    && !more.contains(&question)
                {
                    more.push(question);
                }
            }
            open += judged.share(&weights, &ways, more.len(), &mut of);
        }
        Some(Worth { of, matters: open * PARTS > whole })
    }

    /// Whether all that is known of where somebody lives is the province: then it is worth asking again.
    fn vague(&self, fact: &FactDef) -> bool {
        let home = match self.facts.get(&fact.name) {
            Some(Value::Text(text)) if self.group_of(fact) == Some(gov24::REGION) => {
                self.pack.regions.find(text)
            }
            _ => None,
        };
        home.is_some_and(|home| home.parent.is_none() && home.end > home.first + 1)
    }

    fn group_of(&self, fact: &FactDef) -> Option<usize> {
        gov24::GROUPS.iter().position(|group| fact.group.as_deref() == Some(group))
    }

    /// The answers a fact may get, with what each settles in the catalogue.
    fn replies(&self, fact: &FactDef, what_if: &dyn Fn(usize, u32, bool) -> usize) -> Vec<Reply> {
        let group = self.group_of(fact);
        let options = |group: usize| 0..u32::try_from(gov24::options(group, self.index.leaves)).unwrap_or(0);
        match group {
            Some(gov24::SEX) => {
                let sexes = self.index.words.sexes.iter();
                sexes
                    .map(|(value, option)| Reply {
                        value: value.clone(),
                        settles: what_if(gov24::SEX, *option, true),
                        weight: 1,
                    })
                    .collect()
            }
            Some(gov24::AGE) => options(gov24::AGE)
                // Few are older; their answers would weigh as much as everyone's.
                .filter(|age| *age < 100)
                .map(|age| Reply {
                    value: age.to_string(),
                    settles: what_if(gov24::AGE, age, true),
                    weight: 1,
                })
                .collect(),
            Some(gov24::INCOME) => options(gov24::INCOME)
                .map(|band| Reply {
                    value: gov24::income_words(band).ko,
                    settles: what_if(gov24::INCOME, band, true),
                    weight: 1,
                })
                .collect(),
            Some(gov24::REGION) => {
                let (first, end) = self.person.region.unwrap_or((0, u16::MAX));
                let possible = u32::from(first)..u32::from(end);
                let leaves = self.pack.regions.leaves().zip(0..).filter(|(_, leaf)| possible.contains(leaf));
                leaves
                    .map(|(r, leaf)| Reply {
                        value: r.name.clone(),
                        settles: what_if(gov24::REGION, leaf, true),
                        weight: 1,
                    })
                    .collect()
            }
            _ if fact.kind == FactKind::Boolean => {
                let found = self.index.words.traits.iter().find(|(.., name)| *name == fact.name);
                let share = found.map_or(50, |(group, option, _)| gov24::share(*group, *option));
                let settles = |holds| found.map_or(0, |(group, option, _)| what_if(*group, *option, holds));
                let reply = |value: &str, holds, weight: u32| Reply {
                    value: value.into(),
                    settles: settles(holds),
                    weight: usize::try_from(weight).unwrap_or(1),
                };
                vec![reply("true", true, share), reply("false", false, 100 - share.min(100))]
            }
            _ if fact.kind == FactKind::Choice => {
                fact.choices.iter().map(|c| Reply { value: c.value.clone(), settles: 0, weight: 1 }).collect()
            }
            // A number that only rules look at: its value can't be guessed, only whether it is the last thing open.
            _ => vec![Reply { value: String::new(), settles: 0, weight: 1 }],
        }
    }

    /// The services written in depth that are unknown, among other things because this fact is.
    fn waiting(&self, fact: &str) -> impl Iterator<Item = (&Deep, &Decision)> {
        let by_fact = self.waiting.get_or_init(|| {
            let mut by_fact: HashMap<String, Vec<usize>> = HashMap::new();
            for (place, deep) in
                self.deep.iter().enumerate().filter(|(_, deep)| deep.answer == Answer::Unknown)
            {
                for missing in &self.whole(deep).missing {
                    by_fact.entry(missing.clone()).or_default().push(place);
                }
            }
            by_fact
        });
        let places = by_fact.get(fact).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|place| self.deep.get(*place)).map(|deep| (deep, self.whole(deep)))
    }

    /// Adds what each answer settles among services written in depth.
    fn add_decided(&self, fact: &FactDef, replies: &mut [Reply]) {
        let age = self.group_of(fact) == Some(gov24::AGE);
        let mut facts = self.facts.clone();
        for (deep, decision) in self.waiting(&fact.name) {
            let service = &deep.service;
            let mut settled = |reply: &Reply| {
                facts.insert(&fact.name, value_of(fact, &reply.value));
                service.rules.answer(&facts, &self.pack.parameters, self.on) != Answer::Unknown
            };
            if age {
                // Ages between two numbers of the rules give the same answer.
                let turns = service.rules.turning_points(&self.pack.parameters, self.on);
                let mut same = None;
                for (age, reply) in (0..).zip(replies.iter_mut()) {
                    let turned = turns.contains(&age) || turns.contains(&(age - 1));
                    let settles = same.filter(|_| !turned).unwrap_or_else(|| settled(reply));
                    same = Some(settles);
                    reply.settles += usize::from(settles);
                }
            } else {
                let enumerable = matches!(fact.kind, FactKind::Boolean | FactKind::Choice);
                for reply in replies.iter_mut() {
                    let settles = if enumerable { settled(reply) } else { decision.missing.len() == 1 };
                    reply.settles += usize::from(settles);
                }
            }
        }
    }

    /// Services that only this fact keeps open, the narrowest first.
    fn examples(&self, fact: &str) -> Vec<String> {
        let words = &self.index.words;
        let is = |name: &Option<String>| name.as_deref() == Some(fact);
        let (group, option) = match words.traits.iter().find(|(.., name)| name == fact) {
            Some((group, option, _)) => (*group, Some(*option)),
            None if is(&words.sex) => (gov24::SEX, None),
            None if is(&words.age) => (gov24::AGE, None),
            None if is(&words.income) => (gov24::INCOME, None),
            None if is(&words.region) => (gov24::REGION, None),
            None => return self.deep_examples(fact),
        };
        let open = |place: &usize| {
            let Some(shape) = self.index.shapes.get(*place) else { return false };
            let unknown = |g: usize| self.person.group(shape, g) == Some(Answer::Unknown);
            let named = option.is_none_or(|o| shape.flags_of(group).is_some_and(|set| set >> o & 1 == 1));
            named && unknown(group) && (0..gov24::GROUPS.len()).all(|g| g == group || !unknown(g))
        };
        let mut found: Vec<(std::cmp::Reverse<u32>, usize)> = self
            .answers
            .of(Answer::Unknown)
            .filter(open)
            .map(|place| (std::cmp::Reverse(self.index.narrowness.get(place).copied().unwrap_or(0)), place))
            .collect();
        found.sort_unstable();
        let ids =
            found.into_iter().filter_map(|(_, place)| self.index.entries.get(place)).map(|e| e.id.clone());
        let mut examples = self.deep_examples(fact);
        examples.extend(ids);
        examples.truncate(EXAMPLES);
        examples
    }

    fn deep_examples(&self, fact: &str) -> Vec<String> {
        self.waiting(fact)
            .filter_map(|(deep, _)| self.index.entries.get(deep.place))
            .map(|e| e.id.clone())
            .take(EXAMPLES)
            .collect()
    }
}

fn sum(replies: &[Reply]) -> usize {
    replies.iter().map(|r| r.settles * r.weight).sum()
}

/// In thousandths of a service, so that a question that settles seldom still beats one that never does.
fn expected(sum: usize, replies: &[Reply]) -> u64 {
    let weights: usize = replies.iter().map(|r| r.weight).sum();
    u64::try_from(sum * 1_000 / weights.max(1)).unwrap_or(u64::MAX)
}

fn value_of(fact: &FactDef, reply: &str) -> Value {
    match (fact.kind, reply) {
        (FactKind::Boolean, text) => Value::Bool(text == "true"),
        (FactKind::Number, text) => Ratio::parse(text).map_or(Value::Unknown, Value::Number),
        (_, text) => Value::Text(text.into()),
    }
}

fn by_value(fact: &FactDef, replies: Vec<Reply>) -> Vec<(String, usize)> {
    match fact.group.as_deref() {
        Some("age") => {
            let mut spans: Vec<(String, String, usize)> = Vec::new();
            for reply in replies {
                match spans.last_mut() {
                    Some((_, last, settles)) if *settles == reply.settles => *last = reply.value,
                    _ => spans.push((reply.value.clone(), reply.value, reply.settles)),
                }
            }
            let span = |(first, last, settles): (String, String, usize)| {
                (if first == last { first } else { format!("{first}–{last}") }, settles)
            };
            spans.into_iter().map(span).collect()
        }
        Some("region") => {
            let mut provinces: Vec<(String, usize, usize)> = Vec::new();
            for reply in replies {
                let province = reply.value.split(' ').next().unwrap_or_default();
                match provinces.last_mut() {
                    Some((name, sum, count)) if name == province => {
                        (*sum, *count) = (*sum + reply.settles, *count + 1)
                    }
                    _ => provinces.push((province.into(), reply.settles, 1)),
                }
            }
            provinces.into_iter().map(|(name, sum, count)| (name, sum / count)).collect()
        }
        _ => replies.into_iter().filter(|r| !r.value.is_empty()).map(|r| (r.value, r.settles)).collect(),
    }
}
