//! What is worked out once and kept for whoever asks next: the population with what was found in it, and a few parameters ready to be
//! moved. It is made beside the requests, never in one.

use std::{
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::Duration,
};

use maru_definition::{Definitions, Nation, Pack};
use maru_kernel::{Date, Error, Result};
use maru_web::App;
use tokio::sync::watch;

use crate::{Progress, Screened, Screening, Stuck, Turning, people};

/// The same persons every time.
const SEED: u64 = 1;
/// So many parameters are kept ready; the one not asked for longest makes room.
const READY: usize = 4;

/// Half the cores, so that pages go on being answered.
pub fn threads() -> usize {
    (std::thread::available_parallelism().map_or(2, std::num::NonZero::get) / 2).max(1)
}

/// Something that is being made, or is.
pub struct Making<T> {
    progress: Arc<Progress>,
    of: u64,
    done: watch::Receiver<Option<T>>,
}

pub enum Waited<T> {
    Ready(T),
    Making { done: u64, of: u64 },
}

impl<T: Clone + Send + Sync + 'static> Making<T> {
    fn start(of: u64, work: impl FnOnce(&Progress) -> T + Send + 'static) -> Making<T> {
        let (say, done) = watch::channel(None);
        let progress = Arc::new(Progress::default());
        let told = progress.clone();
        tokio::task::spawn_blocking(move || {
            say.send_replace(Some(work(&told)));
        });
        Making { progress, of, done }
    }

    /// Whoever made it broke before there was anything.
    fn is_broken(&self) -> bool {
        self.done.has_changed().is_err() && self.done.borrow().is_none()
    }

    pub async fn within(&self, time: Duration) -> Result<Waited<T>> {
        let mut done = self.done.clone();
        match tokio::time::timeout(time, done.wait_for(Option::is_some)).await {
            Ok(Ok(found)) => {
                found.clone().map(Waited::Ready).ok_or_else(|| Error::internal("made, but nothing is there"))
            }
            Ok(Err(_)) => Err(Error::internal("what made it broke")),
            Err(_) => Ok(Waited::Making { done: self.progress.persons.load(Ordering::Relaxed), of: self.of }),
        }
    }
}

/// What nobody can ask for any more need not be made.
impl<T> Drop for Making<T> {
    fn drop(&mut self) {
        self.progress.stop.store(true, Ordering::Relaxed);
    }
}

type Population = Making<Result<Arc<Made>>>;
type Ready = Making<std::result::Result<Arc<Turning>, Stuck>>;

/// Kept with the program; see [`maru_web::Kept`].
#[derive(Default)]
pub struct Desk {
    held: Mutex<Option<Held>>,
    turn: tokio::sync::Mutex<()>,
}

struct Held {
    pack: Arc<Pack>,
    on: Date,
    population: Arc<Population>,
}

impl Desk {
    /// Whose turn it is to ask everybody again, for as long as the guard is kept.
    pub async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// The population under the law of a day and the services in force; made anew when either is another.
    pub fn made(&self, app: &App, on: Date) -> Arc<Population> {
        let pack = app.definitions.pack();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let fits =
            |held: &&Held| Arc::ptr_eq(&held.pack, &pack) && held.on == on && !held.population.is_broken();
        if let Some(held) = held.as_ref().filter(fits) {
            return held.population.clone();
        }
        let (definitions, persons) = (app.definitions.clone(), app.settings.policy_persons);
        let population =
            Arc::new(Making::start(persons, move |progress| make(&definitions, persons, on, progress)));
        *held = Some(Held { pack, on, population: population.clone() });
        population
    }
}

fn make(definitions: &Definitions, persons: u64, on: Date, progress: &Progress) -> Result<Arc<Made>> {
    // What is only known by its codes has no parameters and no amounts.
    let nation = Nation { coded: Vec::new(), ..definitions.nation() };
    let marginals = people::marginals(&nation.pack)?;
    let population = people::of(&nation.pack, persons, SEED, on)?;
    let screening = Screening::new(Arc::new(nation), Arc::new(marginals), Arc::new(population), on);
    let screened = screening.run(threads(), progress, Vec::new(), None);
    if progress.stop.load(Ordering::Relaxed) {
        return Err(Error::Unavailable("policy-later".into()));
    }
    Ok(Arc::new(Made { screening, screened, ready: Mutex::default() }))
}

/// A population, asked wholly.
pub struct Made {
    pub screening: Screening,
    pub screened: Screened,
    /// By service and parameter; the one asked for last is the last.
    ready: Mutex<Vec<(usize, String, Arc<Ready>)>>,
}

impl Made {
    pub fn persons(&self) -> u64 {
        self.screening.population.persons()
    }

    /// A parameter ready to be moved.
    pub fn turning(self: &Arc<Made>, service: usize, parameter: &str) -> Arc<Ready> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let at = ready.iter().position(|(of, name, _)| *of == service && name == parameter);
        if let Some(found) = at.map(|at| ready.remove(at)).filter(|(_, _, making)| !making.is_broken()) {
            let making = found.2.clone();
            ready.push(found);
            return making;
        }
        while ready.len() >= READY {
            ready.remove(0);
        }
        let (made, name) = (self.clone(), parameter.to_owned());
        let making = Arc::new(Making::start(self.persons(), move |progress| {
            made.screening.turning(service, &name, threads(), progress).map(Arc::new)
        }));
        ready.push((service, parameter.to_owned(), making.clone()));
        making
    }
}
