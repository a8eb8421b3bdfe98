//! What a first visit weighs.

use crate::{
    page::Site,
    rule::{self, Found},
};

/// Bytes over the line that a first visit may cost.
pub const LIMIT: u64 = 50 * 1024;

pub fn check(site: &Site, found: &mut Found) {
    let Some(first) = site.pages.first() else { return };
    let total = first.loads.iter().fold(first.sent, |sum, load| sum.saturating_add(load.sent));
    if total > LIMIT {
        found.on(&rule::HEAVY, first, format!("{} KB", total.div_ceil(1024)));
    }
    for load in &first.loads {
        if let Some(why) = &load.unread {
            found.near(&rule::WEIGHT_UNKNOWN, first.url.as_str(), 0, &load.url, why.clone());
        }
    }
}
