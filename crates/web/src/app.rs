use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use maru_definition::Definitions;
use maru_kernel::{At, Clock, Id, Result};
use maru_store::Store;

use crate::{
    Edge, EdgeSettings, Pages, Texts,
    ports::{Ports, Unit},
};

/// What every handler gets: wired once by the program.
pub struct App {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub ids: Ids,
    pub definitions: Definitions,
    pub pages: Pages,
    pub texts: Arc<Texts>,
    pub ports: Ports,
    pub settings: Settings,
    pub edge: Edge,
    pub kept: Kept,
}

pub type Shared = Arc<App>;

#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Shows the chooser of fictional people and says so in the banner.
    pub demo: bool,
    /// The demo's password, so that the chooser can use the same sign-in as everybody.
    pub demo_password: Option<String>,
    /// The address people reach us at, for links in mail: `http://localhost:8080`.
    pub address: String,
    /// The address files that were handed in are opened at, another origin than `address`: `http://localhost:8081`.
    pub files_address: String,
    /// How many persons the population has that the law is tried on.
    pub policy_persons: u64,
    /// Behind TLS, cookies are for TLS only.
    pub secure: bool,
    pub edge: EdgeSettings,
}

impl App {
    pub fn now(&self) -> At {
        self.clock.now()
    }

    /// The unit of a kind that is responsible where somebody lives; a district of a city falls to the city.
    pub async fn responsible(&self, kind: &str, home: &str) -> Result<Option<Unit>> {
        let pack = self.definitions.pack();
        let regions = &pack.regions;
        let mut region = regions.find(home);
        while let Some(place) = region {
            if let Some(unit) = self.ports.people.unit_for(kind, &place.name).await? {
                return Ok(Some(unit));
            }
            region = regions.parent(place);
        }
        Ok(None)
    }
}

/// What rooms keep in memory between requests, one of a type. Never the truth: rows are.
#[derive(Default)]
pub struct Kept(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Kept {
    pub fn get<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.entry(TypeId::of::<T>()).or_insert_with(|| Arc::<T>::default()).clone();
        found.downcast::<T>().unwrap_or_default()
    }
}

/// Makes ids that grow even within one millisecond, so that what happened second sorts second.
#[derive(Default)]
pub struct Ids(Mutex<(i64, [u8; 10])>);

impl Ids {
    pub fn next<T>(&self, now: At) -> Id<T> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let millis = now.millis().max(last.0);
        if millis > last.0 {
            *last = (millis, random());
            // Room to count up without running over.
            last.1[0] &= 0x7f;
        } else {
            for byte in last.1.iter_mut().rev() {
                let (sum, carried) = byte.overflowing_add(1);
                *byte = sum;
                if !carried {
                    break;
                }
            }
        }
        Id::new(At::from_micros(last.0.saturating_mul(1_000)), last.1)
    }
}

/// Bytes from the operating system. Without randomness nothing here is safe, so then the program ends.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if getrandom::fill(&mut bytes).is_err() {
        std::process::abort();
    }
    bytes
}
