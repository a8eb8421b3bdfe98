//! The page shell, components, texts, errors, CSRF, and the ports through which the noun rooms meet.

mod admin;
mod app;
mod assets;
mod context;
mod edge;
mod error;
mod files;
mod form;
pub mod number;
mod pages;
pub mod ports;
mod room;
mod texts;
mod upload;
mod work;

pub use admin::admin_tabs;
pub use app::{App, Ids, Kept, Settings, Shared, random};
pub use assets::FAVICON;
pub use context::{ApiContext, BODY_BYTES, Context, Sent, Typed, View, back, encode, layer};
pub use edge::{
    Beat, Check, Class, Edge, EdgeSettings, Gate, Health, Limit, Limits, Metrics, Net, Peer, Refused, Ring,
    Seen, ShownKey, keep, keys, last_seen, limits, rotate_key, set_limit,
};
pub use error::Fail;
pub use files::files;
pub use form::{DrawnField, draw, is_known, shown_answer};
pub use pages::{Pages, show};
pub use room::{Handler, Handling, Room, shell};
pub use texts::{Texts, shown};
pub use upload::{Coming, Posted, Upload};
pub use work::work;

/// A value that a text says.
pub use fluent_bundle::FluentValue as Said;
#[doc(hidden)]
pub use minijinja;
pub use minijinja::Value as Shown;
