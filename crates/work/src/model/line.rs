//! What an approval line must be.

use std::collections::BTreeSet;

use maru_kernel::{Error, Result};
use maru_web::ports::{LineKind, LineStep};

const LINE_MOST: usize = 20;

/// What is wrong with a line, as a message key.
type Problematic = Option<&'static str>;

/// The position of each step: a co-sign beside the one before shares its position.
pub fn positions(line: &[LineStep]) -> Vec<i64> {
    let mut position = 0_i64;
    let mut before = None;
    let mut found = Vec::with_capacity(line.len());
    for step in line {
        let beside = step.beside && step.kind == LineKind::Cosign && before == Some(LineKind::Cosign);
        if !beside {
            position = position.saturating_add(1);
        }
        before = Some(step.kind);
        found.push(position);
    }
    found
}

/// Adds a step where it belongs: the approver is last.
pub fn add(line: &mut Vec<LineStep>, step: LineStep) {
    let last = line.iter().position(|other| other.kind == LineKind::Approve);
    match last {
        Some(at) if step.kind != LineKind::Approve => line.insert(at, step),
        _ => line.push(step),
    }
}

/// What can never be right, however the line goes on.
fn never_right(drafter: &str, line: &[LineStep]) -> Problematic {
    if line.len() > LINE_MOST {
        return Some("work-line-long");
    }
    let mut seen = BTreeSet::from([drafter]);
    let named = line.iter().flat_map(|step| [Some(step.person.as_str()), step.decides_for.as_deref()]);
    for person in named.flatten() {
        if !seen.insert(person) {
            return Some(if person == drafter { "work-line-drafter" } else { "work-line-loops" });
        }
    }
    let approvers = line.iter().filter(|step| step.kind == LineKind::Approve).count();
    if approvers > 1 {
        return Some("work-line-approvers");
    }
    if line.iter().any(|step| step.decides_for.is_some() && step.kind != LineKind::Approve) {
        return Some("work-line-decides");
    }
    None
}

fn refused(problem: Problematic) -> Result<()> {
    problem.map_or(Ok(()), |key| Err(Error::invalid("line", key)))
}

/// A line that is still being chosen.
pub fn check_draft(drafter: &str, line: &[LineStep]) -> Result<()> {
    refused(never_right(drafter, line))
}

/// A line that is to be gone.
pub fn check_line(drafter: &str, line: &[LineStep]) -> Result<()> {
    refused(match line.last() {
        None => Some("work-line-empty"),
        Some(last) => never_right(drafter, line).or_else(|| {
            let approved = line.iter().any(|step| step.kind == LineKind::Approve);
            match last.kind {
                LineKind::Approve => None,
                _ if approved => Some("work-line-last"),
                _ => Some("work-line-no-approver"),
            }
        }),
    })
}
