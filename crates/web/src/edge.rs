//! The edge: what stands between the wire and the rooms. Who asks, how much they may ask, whether there is room to
//! answer, the keys the program signs with, and what an operator sees of it.

mod address;
mod gate;
mod keep;
mod keys;
mod limits;
mod metrics;
mod ready;
mod tables;

use std::{net::IpAddr, path::PathBuf};

use maru_kernel::{At, Result};
use maru_store::Store;

pub use address::{Net, Peer, Seen};
pub use gate::Gate;
pub use keep::{keep, last_seen};
pub use keys::{Ring, ShownKey, keys, rotate_key};
pub use limits::{Class, Limit, Limits, limits, set_limit};
pub use metrics::{Metrics, Refused};
pub use ready::{Beat, Check, Health};

pub(crate) use keys::Who;
pub(crate) use ready::{healthz, metrics_page, readyz};

/// What an operator decides about the edge when the program starts.
#[derive(Debug, Clone)]
pub struct EdgeSettings {
    /// Proxies whose word about their clients counts.
    pub behind: Vec<Net>,
    /// Who else may read `/metrics`, besides this machine.
    pub metrics_from: Vec<Net>,
    /// How many requests are worked on at once.
    pub at_once: usize,
    /// Where free disk is looked at; none: it is not looked at.
    pub folder: Option<PathBuf>,
    /// Less free disk than this and the program says it is not ready.
    pub free_bytes: u64,
}

impl Default for EdgeSettings {
    fn default() -> Self {
        EdgeSettings {
            behind: Vec::new(),
            metrics_from: Vec::new(),
            at_once: 512,
            folder: None,
            free_bytes: 256 * 1024 * 1024,
        }
    }
}

/// The edge of one process.
pub struct Edge {
    pub settings: EdgeSettings,
    pub keys: Ring,
    pub limits: Limits,
    pub gate: Gate,
    pub metrics: Metrics,
    pub health: Health,
}

impl Edge {
    /// Reads keys, limits and this minute's counts; makes the first key where there is none.
    pub async fn open(store: &Store, settings: EdgeSettings, now: At) -> Result<Edge> {
        keys::first_key(store, now).await?;
        let edge = Edge {
            keys: Ring::default(),
            limits: Limits::default(),
            gate: Gate::new(settings.at_once),
            metrics: Metrics::new(store),
            health: Health::new(),
            settings,
        };
        edge.refresh(store, now).await?;
        // Counts that can't be read now are read a second later.
        edge.limits.settle(store, now).await.ok();
        Ok(edge)
    }

    /// Takes over what an operator changed, here or through another process.
    pub async fn refresh(&self, store: &Store, now: At) -> Result<()> {
        self.keys.refresh(store, now).await?;
        self.limits.refresh(store).await
    }

    pub fn is_proxy(&self, ip: IpAddr) -> bool {
        self.settings.behind.iter().any(|net| net.contains(ip))
    }
}
