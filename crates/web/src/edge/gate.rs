//! Back-pressure: no more is worked on at once than the machine can finish.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Who waits longer than this is told to come back.
const WAIT: Duration = Duration::from_secs(1);

pub struct Gate {
    turns: Arc<Semaphore>,
    /// Bodies being read: whoever sends slowly may keep others from sending, never from reading pages.
    bodies: Arc<Semaphore>,
    waiting: AtomicUsize,
    size: usize,
}

impl Gate {
    pub fn new(size: usize) -> Gate {
        let size = size.clamp(1, Semaphore::MAX_PERMITS / 4);
        Gate {
            turns: Arc::new(Semaphore::new(size)),
            bodies: Arc::new(Semaphore::new(size.saturating_mul(2))),
            waiting: AtomicUsize::new(0),
            size,
        }
    }

    /// A turn, or none when there is too much to do.
    pub async fn enter(&self) -> Option<OwnedSemaphorePermit> {
        self.wait(&self.turns).await
    }

    /// Leave to read a body.
    pub async fn read(&self) -> Option<OwnedSemaphorePermit> {
        self.wait(&self.bodies).await
    }

    async fn wait(&self, semaphore: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
        if let Ok(turn) = semaphore.clone().try_acquire_owned() {
            return Some(turn);
        }
        let _place = Place::take(&self.waiting, self.size)?;
        tokio::time::timeout(WAIT, semaphore.clone().acquire_owned()).await.ok()?.ok()
    }
}

/// A place among those who wait. Given back also when the client goes away.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize, most: usize) -> Option<Place<'a>> {
        if waiting.fetch_add(1, Ordering::Relaxed) >= most {
            waiting.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Place(waiting))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_more_than_fit_and_few_wait() {
        let gate = Arc::new(Gate::new(2));
        let (first, _second) = (gate.enter().await.unwrap(), gate.enter().await.unwrap());
        let patient: Vec<_> = (0..2)
            .map(|_| {
                let gate = gate.clone();
                tokio::spawn(async move { gate.enter().await.is_some() })
            })
            .collect();
        while gate.waiting.load(Ordering::Relaxed) < 2 {
            tokio::task::yield_now().await;
        }
        let asked = std::time::Instant::now();
        assert!(gate.enter().await.is_none(), "nobody else may wait");
        assert!(asked.elapsed() < WAIT / 2, "and hears so at once");
        drop(first);
        let mut served = 0;
        for turn in patient {
            served += usize::from(turn.await.unwrap());
        }
        assert!(served >= 1, "a turn that is given back goes to one who waits");
        assert_eq!(gate.waiting.load(Ordering::Relaxed), 0);
    }
}
