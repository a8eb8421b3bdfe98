//! Writes what an import changed: one batch, wholly or not at all.

use std::collections::{HashMap, HashSet};

use maru_kernel::{At, Error};
use maru_store::Batch;

use super::{Failure, Progress, Report, Withdrawing, assemble::Ready};
use crate::{
    Definitions, List,
    catalogue::tables::{self, Changing},
    pack::sha256,
};

/// The newest version of a row.
struct Newest {
    since: At,
    current: bool,
    hash: String,
}

/// Everything that was read of a list.
pub(crate) struct Incoming {
    pub(crate) list: List,
    /// Ready to be kept.
    pub(crate) ready: Vec<Ready>,
    /// Ids of rows that are listed but not usable: neither imported nor withdrawn.
    pub(crate) spoilt: HashSet<String>,
    /// Rows of the list, complete as far as pages and lines go, what is wrong with it.
    pub(crate) report: Report,
    /// A row could be any service: then nothing is known to be missing.
    pub(crate) nameless: bool,
}

/// One import.
pub(crate) struct Import<'a> {
    pub(crate) id: &'a str,
    pub(crate) source: &'a str,
    pub(crate) withdrawing: Withdrawing,
    pub(crate) now: At,
}

/// Two versions never begin at once, however slow the clock.
fn after(before: At, now: At) -> At {
    now.max(At::from_micros(before.micros().saturating_add(1)))
}

/// The batch, with a place for every kind of change.
struct Writing<'a> {
    batch: Batch,
    import: &'a Import<'a>,
    kind: &'static str,
}

impl Writing<'_> {
    fn change(&mut self, what: &str, place: usize, id: &str, since: At, before: Option<At>) {
        let place = i64::try_from(place).unwrap_or(i64::MAX);
        let change = Changing { import: self.import.id, what, place, kind: self.kind, id, since, before };
        tables::add_change(&mut self.batch, change);
    }
}

/// An import that would withdraw more than one in so many of what it lists asks first.
const ASKED: usize = 10;

pub(crate) async fn apply(
    definitions: &Definitions,
    import: &Import<'_>,
    incoming: Incoming,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, Failure> {
    let Incoming { list, ready, spoilt, mut report, nameless } = incoming;
    let (kind, now) = (list.kind(), import.now);
    let mut newest = HashMap::new();
    for row in tables::newest(definitions.store(), kind).await? {
        let current = row.text("state")? == "current";
        newest.insert(
            row.string("id")?,
            Newest { since: row.at("since")?, current, hash: row.string("hash")? },
        );
    }
    let mut writing = Writing { batch: Batch::new(), import, kind };
    let of = ready.len();
    for (place, service) in (0_i64..).zip(ready) {
        if place % 500 == 0 {
            progress(Progress { step: "save", done: usize::try_from(place).unwrap_or(0), of });
        }
        let before = newest.remove(&service.id);
        if service.conditions_missing && before.as_ref().is_some_and(|b| b.current) {
            let what =
                format!("{} has no conditions on the pages that were read; it stays as it was", service.id);
            report.unusable.push(("supportConditions".into(), what));
            report.unchanged += 1;
            continue;
        }
        let brief = service.brief.line();
        let hash = sha256(&[&brief, &service.body]);
        let mut since = now;
        match before {
            Some(before) if before.current && before.hash == hash => {
                report.unchanged += 1;
                continue;
            }
            Some(before) => {
                since = after(before.since, now);
                tables::end(&mut writing.batch, kind, &service.id, before.since, since);
                writing.change("changed", report.changed, &service.id, since, Some(before.since));
                report.changed += 1;
            }
            None => {
                writing.change("added", report.new, &service.id, since, None);
                report.new += 1;
            }
        }
        let version = tables::Version {
            kind,
            id: &service.id,
            since,
            state: "current",
            source: import.source,
            hash: &hash,
            place,
            brief,
            body: service.body,
        };
        tables::add(&mut writing.batch, version);
    }
    report.complete &= !nameless;
    if report.complete {
        let prefix = format!("{}-", list.as_str());
        let listed = |id: &str| id.strip_prefix(&prefix).is_some_and(|id| spoilt.contains(id));
        let mut gone: Vec<(String, Newest)> =
            newest.into_iter().filter(|(id, before)| before.current && !listed(id)).collect();
        if import.withdrawing == Withdrawing::Asks && gone.len().saturating_mul(ASKED) > report.read {
            return Err(Failure::new(
                format!(
                    "the list holds {} services and lacks {} that were there: more than one in ten would be withdrawn",
                    report.read,
                    gone.len()
                ),
                "nothing was changed; see whether the list is whole, and if it is, run the import again with --withdraw-many",
            ));
        }
        gone.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (id, before) in gone {
            let since = after(before.since, now);
            tables::withdraw(&mut writing.batch, kind, &id, before.since, since, import.source);
            tables::end(&mut writing.batch, kind, &id, before.since, since);
            writing.change("withdrawn", report.withdrawn, &id, since, Some(before.since));
            report.withdrawn += 1;
        }
    }
    let mut batch = writing.batch;
    let told = serde_json::to_string(&report).map_err(Error::internal)?;
    match list {
        List::Gov24 => tables::end_import(&mut batch, import.id, now, told),
        List::Bokjiro => tables::record_import(&mut batch, import.id, import.source, now, told),
    }
    definitions.store().commit(batch).await.map_err(|e| match e {
        Error::Guard(_) => Failure::new(
            "the catalogue was changed meanwhile, by another import",
            "run the import again; this one changed nothing",
        ),
        other => Failure::from(other),
    })?;
    progress(Progress { step: "save", done: of, of });
    Ok(report)
}
