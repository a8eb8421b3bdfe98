//! How many questions it takes until what the services in depth are worth to somebody is settled: made residents of whom nothing is known
//! answer by what is true of them. The order that pages ask in, beside a fixed one and one by entropy.
//!
//! A service is *settled* when its answer is known and, when *yes*, its amount. It weighs what it pays this person in a year, and where it
//! pays them nothing, what it pays a resident on average: so a *no* has to be found out, too. Somebody is done when 95 % of the weight is
//! settled. What the truth itself leaves unknown is left out.

use std::{collections::BTreeSet, sync::Arc, time::Instant};

use maru::wire;
use maru_definition::{Definitions, Pack, Service};
use maru_kernel::{At, Date, Error, Result};
use maru_message::Post;
use maru_policy::people;
use maru_rules::{Answer, Facts};
use maru_store::Place as Kept;

use crate::{Place, entropy::Entropy, figure, quantile, thousands};

const RESIDENTS: usize = 10_000;
/// Every so manyeth of a population is asked, so that their households are whole.
const EVERY: usize = 100;
/// Not the one that the order of pages knows.
const SEED: u64 = 2026;
const PERCENT: u64 = 95;
/// Nobody is asked for ever.
const MOST: usize = 150;

/// One resident, and what is true of them.
pub struct Resident {
    pub facts: Facts,
    /// By service: the answer, and what it pays in a year.
    truth: Vec<(Answer, Option<i64>, u64)>,
}

/// What is asked: the services, and the questions with their facts.
pub struct Asking {
    pub pack: Arc<Pack>,
    pub services: Vec<Arc<Service>>,
    pub questions: Vec<Vec<String>>,
    pub on: Date,
    names: Vec<BTreeSet<String>>,
    averages: Vec<u64>,
}

/// An order of questions.
pub trait Order: Sync {
    /// The place of the next question for somebody who was asked these, none when it has no more; and whether it would stop here.
    fn next(&self, asking: &Asking, course: &Course<'_>) -> (Option<usize>, bool);

    fn knows_when_to_stop(&self) -> bool {
        false
    }
}

/// What pages ask.
struct Ours<'a> {
    definitions: &'a Definitions,
}

impl Order for Ours<'_> {
    fn next(&self, asking: &Asking, course: &Course<'_>) -> (Option<usize>, bool) {
        let guidance = self.definitions.guide(&course.known, asking.on);
        let place = |fact: &str| {
            asking.questions.iter().position(|facts| facts.first().is_some_and(|lead| lead == fact))
        };
        let asked = |fact: &str| place(fact).is_some_and(|question| course.asked.contains(&question));
        match guidance.next_question(&asked) {
            Some(next) => (place(&next.fact), !next.matters),
            None => (None, true),
        }
    }

    fn knows_when_to_stop(&self) -> bool {
        true
    }
}

/// Always the same: what most services read comes first.
struct Fixed {
    order: Vec<usize>,
}

impl Fixed {
    fn of(asking: &Asking) -> Fixed {
        let readers = |question: &usize| {
            (0..asking.services.len()).filter(|service| asking.reads(*service, *question)).count()
        };
        let mut order: Vec<usize> = (0..asking.questions.len()).collect();
        order.sort_by_key(|question| std::cmp::Reverse(readers(question)));
        Fixed { order }
    }
}

impl Order for Fixed {
    fn next(&self, _: &Asking, course: &Course<'_>) -> (Option<usize>, bool) {
        (self.order.iter().find(|question| !course.asked.contains(question)).copied(), false)
    }
}

/// How far one resident has come.
pub struct Course<'a> {
    pub resident: &'a Resident,
    pub known: Facts,
    pub asked: Vec<usize>,
    /// The services that are not settled.
    pub open: Vec<usize>,
}

/// What came of it.
#[derive(Default, Clone)]
struct Outcome {
    /// Questions until the weight was settled; and until what is paid was, where anything is.
    done: Option<usize>,
    paid: Option<usize>,
    /// Where the page would have stopped, and of what is paid how much was settled by then.
    stopped: Option<usize>,
    found: u64,
    choosing: Vec<f64>,
}

pub fn run(place: &Place) -> Result<()> {
    let kept = Kept::from(&place.folder.join("questions"));
    let runtime = tokio::runtime::Runtime::new().map_err(Error::internal)?;
    let now = At::parse("2026-11-02T09:00:00+09:00").unwrap_or_default();
    let definitions = runtime.block_on(async {
        let store = wire::open_store(&kept, &wire::rooms(Post::None)).await?;
        Definitions::open(store, wire::pack()?, now).await
    })?;
    definitions.suppose(wire::people_alike);
    let (asking, residents) = drawn(&definitions, now.date(), RESIDENTS / place.less)?;
    let ours = Ours { definitions: &definitions };
    let made = Instant::now();
    definitions.guide(&Facts::new(), now.date()).next_question(&|_| false);
    let made = made.elapsed();
    let entropy = Entropy::of(&asking, &people::few(&asking.pack, now.date())?);
    let all = thousands(residents.len() as f64);
    let orders: [(&str, &dyn Order, &str); 3] = [
        ("what pages ask", &ours, "median ≤ 7, p95 ≤ 12"),
        ("a fixed order: what most services read first", &Fixed::of(&asking), ""),
        ("greedy entropy over the services' answers", &entropy, ""),
    ];
    for (name, order, promise) in orders {
        let begun = Instant::now();
        let outcomes = asked(&asking, &residents, order);
        let seconds = begun.elapsed().as_secs_f64();
        let never = outcomes.iter().filter(|one| one.done.is_none()).count();
        figure(
            format!(
                "questions until {PERCENT} % of the weight of {} services is settled, {all} residents of seed {SEED}, {name}: median / p95",
                asking.services.len()
            ),
            format!(
                "{} (never: {never}; {seconds:.0} s)",
                counted(outcomes.iter().map(|one| one.done.unwrap_or(MOST)))
            ),
            promise,
        );
        let paid = outcomes.iter().filter_map(|one| one.paid);
        figure(
            format!(
                "until {PERCENT} % of what is paid to them is settled, the {} who get anything, {name}: median / p95",
                thousands(paid.clone().count() as f64)
            ),
            counted(paid),
            "",
        );
        if name == "what pages ask" {
            told(&asking, &residents, &outcomes, made.as_secs_f64());
        }
    }
    Ok(())
}

fn told(asking: &Asking, residents: &[Resident], outcomes: &[Outcome], made: f64) {
    let whole: u64 = residents.iter().map(|one| asking.paid(one, |_| true)).sum();
    let found: u64 = outcomes.iter().map(|one| one.found).sum();
    figure(
        "questions until the page says that nothing open matters any more: median / p95; of what is paid, settled by then",
        format!(
            "{}; {:.1} %",
            counted(outcomes.iter().filter_map(|one| one.stopped)),
            100.0 * found as f64 / whole as f64
        ),
        "",
    );
    let mut took: Vec<f64> = outcomes.iter().flat_map(|one| one.choosing.iter().copied()).collect();
    took.sort_by(f64::total_cmp);
    figure(
        format!(
            "choosing a question: p50 / p99 (and once {:.0} ms to make the people it is weighed against)",
            made * 1e3
        ),
        format!("{:.2} / {:.2} ms", quantile(&took, 0.5), quantile(&took, 0.99)),
        "≤ 1 ms",
    );
}

fn counted(counts: impl Iterator<Item = usize>) -> String {
    let mut sorted: Vec<f64> = counts.map(|n| n as f64).collect();
    sorted.sort_by(f64::total_cmp);
    format!("{} / {}", quantile(&sorted, 0.5), quantile(&sorted, 0.95))
}

/// Residents with what is true of them.
fn drawn(definitions: &Definitions, on: Date, count: usize) -> Result<(Asking, Vec<Resident>)> {
    let pack = definitions.pack();
    let services: Vec<Arc<Service>> = pack.services.iter().filter(|s| !s.asks_nothing()).cloned().collect();
    let population = people::of(&pack, (count * EVERY) as u64, SEED, on)?;
    let truth = |facts: Facts| {
        let one = |service: &Arc<Service>| {
            let decision = service.rules.decide(&facts, &pack.parameters, on);
            let pays = if decision.answer == Answer::Yes { service.worth(decision.amount) } else { 0 };
            (decision.answer, decision.amount, pays)
        };
        Resident { truth: services.iter().map(one).collect(), facts }
    };
    let residents: Vec<Resident> = people::every(&population, EVERY)?.into_iter().map(truth).collect();
    let sum =
        |service: usize| residents.iter().filter_map(|one| one.truth.get(service)).map(|t| t.2).sum::<u64>();
    let averages = (0..services.len()).map(|service| sum(service) / residents.len().max(1) as u64).collect();
    let leads = pack.facts.iter().filter(|fact| fact.question.is_some());
    let questions = leads.map(|fact| definitions.asked_together(&fact.name)).collect();
    let names = services.iter().map(|service| service.rules.names()).collect();
    Ok((Asking { pack, services, questions, on, names, averages }, residents))
}

fn asked(asking: &Asking, residents: &[Resident], order: &dyn Order) -> Vec<Outcome> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        let parts = residents.chunks(residents.len().div_ceil(cores).max(1)).map(|part| {
            scope.spawn(move || part.iter().map(|one| asking.course(one, order)).collect::<Vec<_>>())
        });
        let workers: Vec<_> = parts.collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    })
}

impl Asking {
    /// Whether a service's rules read something that is asked in a question.
    pub fn reads(&self, service: usize, question: usize) -> bool {
        let (Some(read), Some(facts)) = (self.names.get(service), self.questions.get(question)) else {
            return false;
        };
        let inside = |name: &String, fact: &String| {
            name.strip_prefix(fact.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        read.iter().any(|name| facts.iter().any(|fact| inside(name, fact)))
    }

    /// What of the services chosen by place is paid to somebody.
    fn paid(&self, resident: &Resident, which: impl Fn(usize) -> bool) -> u64 {
        resident.truth.iter().enumerate().filter(|(place, _)| which(*place)).map(|(_, truth)| truth.2).sum()
    }

    fn weight(&self, resident: &Resident, place: usize) -> u64 {
        match resident.truth.get(place) {
            None | Some((Answer::Unknown, ..)) => 0,
            Some((.., 0)) => self.averages.get(place).copied().unwrap_or(0),
            Some((.., pays)) => *pays,
        }
    }

    fn settled(&self, resident: &Resident, known: &Facts, place: usize) -> bool {
        let (Some(service), Some((answer, amount, _))) =
            (self.services.get(place), resident.truth.get(place))
        else {
            return true;
        };
        match service.rules.answer(known, &self.pack.parameters, self.on) {
            Answer::Unknown => false,
            found => {
                assert_eq!(found, *answer, "{}: what is asked for never turns an answer", service.id);
                found == Answer::No || {
                    let decision = service.rules.decide(known, &self.pack.parameters, self.on);
                    decision.amount == *amount && decision.missing.is_empty()
                }
            }
        }
    }

    /// Asks one resident until all is settled that matters here.
    fn course(&self, resident: &Resident, order: &dyn Order) -> Outcome {
        let all = || 0..self.services.len();
        let weights: Vec<u64> = all().map(|place| self.weight(resident, place)).collect();
        let whole: u64 = weights.iter().sum();
        let paid = self.paid(resident, |_| true);
        let mut course = Course { resident, known: Facts::new(), asked: Vec::new(), open: all().collect() };
        let mut outcome = Outcome::default();
        loop {
            let known = &course.known;
            course.open.retain(|place| !self.settled(resident, known, *place));
            let open: u64 = course.open.iter().filter_map(|place| weights.get(*place)).sum();
            let left = self.paid(resident, |place| course.open.contains(&place));
            let count = course.asked.len();
            if outcome.done.is_none() && open * 100 <= whole * (100 - PERCENT) {
                outcome.done = Some(count);
            }
            if outcome.paid.is_none() && paid > 0 && left * 100 <= paid * (100 - PERCENT) {
                outcome.paid = Some(count);
            }
            let finished = outcome.done.is_some() && (outcome.paid.is_some() || paid == 0);
            if finished && (outcome.stopped.is_some() || !order.knows_when_to_stop()) || count >= MOST {
                return outcome;
            }
            let begun = Instant::now();
            let (next, stops) = order.next(self, &course);
            outcome.choosing.push(begun.elapsed().as_secs_f64() * 1e3);
            if outcome.stopped.is_none() && stops {
                outcome.stopped = Some(count);
                outcome.found = paid - left;
                if finished {
                    return outcome;
                }
            }
            let Some(question) = next else { return outcome };
            for fact in self.questions.get(question).into_iter().flatten() {
                if let Some(value) = resident.facts.get(fact) {
                    course.known.insert(fact, value.clone());
                }
            }
            course.asked.push(question);
        }
    }
}
