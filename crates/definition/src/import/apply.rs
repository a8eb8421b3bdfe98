//! Writes what an import changed: one batch, wholly or not at all.

use std::collections::HashMap;

use maru_kernel::{At, Error};
use maru_store::Batch;

use super::{Failure, Progress, Report, assemble::Found};
use crate::{Definitions, catalogue::tables, pack::sha256};

/// The newest version of an entry.
struct Newest {
    since: At,
    current: bool,
    hash: String,
}

/// Two versions never begin at once, however slow the clock.
fn after(before: At, now: At) -> At {
    now.max(At::from_micros(before.micros().saturating_add(1)))
}

pub(crate) async fn apply(
    definitions: &Definitions,
    import: &str,
    source: &str,
    mut found: Found,
    now: At,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, Failure> {
    let mut newest = HashMap::new();
    for row in tables::newest(definitions.store(), tables::ENTRY).await? {
        let current = row.text("state")? == "current";
        newest.insert(
            row.string("id")?,
            Newest { since: row.at("since")?, current, hash: row.string("hash")? },
        );
    }
    let mut batch = Batch::new();
    let of = found.len();
    let ready = found.ready();
    let mut report = Report { read: found.read, complete: found.complete, ..Report::default() };
    for (place, service) in (0_i64..).zip(ready) {
        if place % 500 == 0 {
            progress(Progress { step: "save", done: usize::try_from(place).unwrap_or(0), of });
        }
        let before = newest.remove(&service.id);
        if service.conditions_missing && before.as_ref().is_some_and(|b| b.current) {
            let what =
                format!("{} has no conditions on the pages that were read; it stays as it was", service.id);
            found.unusable.push(("supportConditions".into(), what));
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
                tables::end(&mut batch, tables::ENTRY, &service.id, before.since, since);
                report.changed += 1;
            }
            None => report.new += 1,
        }
        let version = tables::Version {
            kind: tables::ENTRY,
            id: &service.id,
            since,
            state: "current",
            source,
            hash: &hash,
            place,
            brief,
            body: service.body,
        };
        tables::add(&mut batch, version);
    }
    // A row without an id could be any service: then nothing is known to be missing.
    report.complete &= !found.nameless;
    if report.complete {
        for (id, before) in newest.into_iter().filter(|(_, before)| before.current) {
            let listed = id.strip_prefix("gov24-").is_some_and(|id| found.spoilt.contains(id));
            if !listed {
                let since = after(before.since, now);
                tables::withdraw(&mut batch, &id, before.since, since, source);
                tables::end(&mut batch, tables::ENTRY, &id, before.since, since);
                report.withdrawn += 1;
            }
        }
    }
    report.unusable = found.unusable;
    tables::end_import(&mut batch, import, now, serde_json::to_string(&report).map_err(Error::internal)?);
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
