//! The lists of a unit. Every question names one state, so that an index answers it wholly and nothing is read that is not shown.

use maru_kernel::Result;
use maru_store::{Row, Store, Value};

use super::{case_of, task_of};
use crate::{
    desk::{ALIKE, Filter, PAGE, Span, Which, place},
    model::{Case, State, Task},
};

/// One text for each set of filters: each has an index of its own.
macro_rules! filtered {
    ($filter:expr, $make:ident, $($more:literal)?) => {
        match ($filter.service.is_some(), $filter.officer.is_some()) {
            (false, false) => $make!("" $(, $more)?),
            (false, true) => $make!(" AND coalesce(officer, '') = $5" $(, $more)?),
            (true, false) => $make!(" AND service = $5" $(, $more)?),
            (true, true) => $make!(" AND (service || '/' || coalesce(officer, '')) = $5" $(, $more)?),
        }
    };
}

macro_rules! page {
    ($which:literal, $order:literal) => {
        concat!(
            "SELECT resident, id, service, state, version, created_at, '{}' AS answers, unit, officer, receipt, shown_name,
               submitted_at, due_on, NULL AS file, decided_at, NULL AS decision, NULL AS note, NULL AS basis, rules_version, clock,
               warned_on, late_on, told_at
             FROM case_case WHERE unit = $1 AND state = $2 AND (coalesce(due_on, '9999-12-31') || id) > $3
               AND (coalesce(due_on, '9999-12-31') || id) < $4", $which,
            " ORDER BY (coalesce(due_on, '9999-12-31') || id) ", $order, " LIMIT 51"
        )
    };
}

macro_rules! count {
    ($which:literal) => {
        concat!(
            "SELECT CAST(count(*) AS BIGINT) AS n FROM (
               SELECT 1 AS one FROM case_case WHERE unit = $1 AND state = $2 AND (coalesce(due_on, '9999-12-31') || id) > $3
                 AND (coalesce(due_on, '9999-12-31') || id) < $4", $which,
            " LIMIT 1001) AS found"
        )
    };
}

fn asked_with(unit: &str, state: &str, filter: &Filter<'_>, span: &Span) -> Vec<Value> {
    let mut values: Vec<Value> =
        vec![unit.into(), state.into(), span.after.as_str().into(), span.before.as_str().into()];
    values.extend(match (filter.service, filter.officer) {
        (Some(service), Some(officer)) => Some(Value::from(format!("{service}/{officer}"))),
        (one, other) => one.or(other).map(Value::from),
    });
    values
}

/// The states that a list's cases are in. An index jumps from one to the next.
async fn states(store: &Store, unit: &str, which: Which<'_>) -> Result<Vec<String>> {
    if let Which::In(state) = which {
        return Ok(vec![state.to_owned()]);
    }
    let rows = store
        .query(
            "WITH RECURSIVE found (state) AS (
               SELECT min(state) FROM case_case WHERE unit = $1
               UNION ALL
               SELECT (SELECT min(state) FROM case_case WHERE unit = $1 AND state > found.state) FROM found
               WHERE found.state IS NOT NULL)
             SELECT state FROM found WHERE state IS NOT NULL",
            vec![unit.into()],
        )
        .await?;
    let found = rows.iter().map(|row| row.string("state")).collect::<Result<Vec<_>>>()?;
    Ok(found.into_iter().filter(|state| which.has(&State::of(state))).collect())
}

/// A page of a list, and whether there is more behind it. No facts: a list needs none.
pub async fn page(
    store: &Store,
    unit: &str,
    filter: &Filter<'_>,
    span: &Span,
    falling: bool,
) -> Result<(Vec<Case>, bool)> {
    let sql = if falling { filtered!(filter, page, "DESC") } else { filtered!(filter, page, "ASC") };
    let mut cases = Vec::new();
    for state in states(store, unit, filter.which).await? {
        let rows = store.query(sql, asked_with(unit, &state, filter, span)).await?;
        for row in &rows {
            cases.push(case_of(row)?);
        }
    }
    cases.sort_by_cached_key(place);
    if falling {
        cases.reverse();
    }
    let more = cases.len() > PAGE;
    cases.truncate(PAGE);
    Ok((cases, more))
}

/// How many cases lie in each of some spans, counted up to a little over a thousand in each state.
pub async fn counts(store: &Store, unit: &str, filter: &Filter<'_>, spans: &[Span]) -> Result<Vec<i64>> {
    let sql = filtered!(filter, count,);
    let mut counts = vec![0_i64; spans.len()];
    for state in states(store, unit, filter.which).await? {
        for (count, span) in counts.iter_mut().zip(spans) {
            let row = store.query_one(sql, asked_with(unit, &state, filter, span)).await?;
            *count = count.saturating_add(row.map_or(Ok(0), |row| row.int("n"))?);
        }
    }
    Ok(counts)
}

macro_rules! alike {
    ($group:literal) => {
        concat!(
            "SELECT resident, id, service, state, version, created_at, '{}' AS answers, unit, officer, receipt, shown_name,
               submitted_at, due_on, NULL AS file, decided_at, NULL AS decision, NULL AS note, NULL AS basis, rules_version, clock,
               warned_on, late_on, told_at
             FROM case_case WHERE unit = $1 AND ", $group, " >= $2 AND ", $group, " < $3 ORDER BY ", $group, " LIMIT 201"
        )
    };
}

/// Cases whose receipt number has a group that begins so, and whether there are more than were looked at.
pub async fn alike(store: &Store, unit: &str, beginning: &str) -> Result<(Vec<Case>, bool)> {
    let (mut cases, mut more): (Vec<Case>, bool) = (Vec::new(), false);
    for sql in [alike!("receipt"), alike!("substr(receipt, 6)"), alike!("substr(receipt, 11)")] {
        // After the digits comes the colon: whatever begins like this lies before it.
        let values = vec![unit.into(), beginning.into(), format!("{beginning}:").into()];
        let rows = store.query(sql, values).await?;
        more |= rows.len() > ALIKE;
        for row in &rows {
            let case = case_of(row)?;
            if cases.iter().all(|other| other.id != case.id) {
                cases.push(case);
            }
        }
    }
    cases.sort_by_cached_key(place);
    Ok((cases, more))
}

/// What other units asked of this one and wait for, the nearest date first, each with the service and the receipt number.
pub async fn asked(store: &Store, unit: &str) -> Result<Vec<(Task, String, String)>> {
    let rows = store
        .query(
            "SELECT t.resident, t.case_id, t.id, t.kind, t.state, t.version, t.unit, t.asked, t.asked_by, t.asked_at, t.days, t.more, t.due_on,
               t.prolonged, t.reply, t.replied_by, t.ended_at, c.service, c.receipt
             FROM case_task t JOIN case_case c ON c.resident = t.resident AND c.id = t.case_id
             WHERE t.unit = $1 AND t.ended_at IS NULL ORDER BY t.due_on, t.id LIMIT 51",
            vec![unit.into()],
        )
        .await?;
    let told = |row: &Row| Ok((task_of(row)?, row.string("service")?, row.string("receipt")?));
    rows.iter().map(told).collect()
}
