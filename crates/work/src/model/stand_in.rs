//! Who signs for whom while they are away.

use std::collections::BTreeSet;

/// Somebody who is away, and their deputy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    pub mandate: String,
    pub away: String,
    pub deputy: String,
}

/// Whom somebody stands in for now, each with the mandate that says so: also for whom an absent one would have stood in.
/// Deputies in a circle stand in for nobody.
pub fn stands_in_for<'a>(me: &str, edges: &'a [Edge]) -> Vec<&'a Edge> {
    let mut found: Vec<&Edge> = Vec::new();
    let mut reached: Vec<&str> = vec![me];
    let mut at = 0;
    while let Some(deputy) = reached.get(at).copied() {
        for edge in edges.iter().filter(|edge| edge.deputy == deputy) {
            if edge.away == me {
                return Vec::new();
            }
            if !reached.contains(&edge.away.as_str()) {
                reached.push(&edge.away);
                found.push(edge);
            }
        }
        at = at.saturating_add(1);
    }
    found
}

/// Whether somebody who is away would, deputy by deputy, come back to themselves.
pub fn loops(away: &str, deputy: &str, edges: &[Edge]) -> bool {
    let mut seen = BTreeSet::new();
    let mut next = vec![deputy];
    while let Some(person) = next.pop() {
        if person == away {
            return true;
        }
        if seen.insert(person) {
            next.extend(edges.iter().filter(|edge| edge.away == person).map(|edge| edge.deputy.as_str()));
        }
    }
    false
}
