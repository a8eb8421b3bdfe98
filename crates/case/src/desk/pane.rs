//! One case as the officer needs it, with the verbs at its foot.

use std::collections::BTreeMap;

use maru_definition::Who;
use maru_kernel::Result;
use maru_web::{Context, context, ports::Sourced};
use serde::Serialize;

use super::deciding;
use crate::{
    actions::{self, CASE_FILE},
    files,
    form::{Line, register_lines},
    letters, links,
    model::{self, Case},
    pages, tables, tasks,
};

/// The verbs that the page has a form for.
const FOLDED: [&str; 10] =
    ["ask", "consult", "extend", "transfer", "refuse", "return", "wait", "unite", "split", "note"];

/// Facts of one source together.
#[derive(Serialize)]
struct Facts {
    source: String,
    kind: &'static str,
    rows: Vec<Line>,
}

fn by_source(lines: Vec<Line>) -> Vec<Facts> {
    let mut groups: Vec<Facts> = Vec::new();
    for line in lines {
        match groups.iter_mut().find(|g| g.source == line.source) {
            Some(group) => group.rows.push(line),
            None => groups.push(Facts { source: line.source.clone(), kind: line.kind, rows: vec![line] }),
        }
    }
    groups
}

/// One case as the officer needs it. Opening it is a read: it is checked and logged.
pub async fn pane(context: &Context, case: &Case, draft: Option<&str>) -> Result<maru_web::Shown> {
    let (person, unit) = context.official()?;
    let service = actions::service(&context.app, &case.service)?;
    let mut fields = actions::evidence(&service);
    fields.insert(CASE_FILE.into(), case.answers.keys().cloned().collect());
    let files = files::papers(context, case).await?;
    if let Some(names) = fields.get_mut(CASE_FILE)
        && !files.is_empty()
    {
        names.push(actions::FILES.into());
    }
    if fields.get(CASE_FILE).is_some_and(Vec::is_empty) {
        fields.remove(CASE_FILE);
    }
    context.app.ports.registers.show(&actions::case_ask(person.actor(), case, &service, fields)).await?;
    let text = service.text(context.lang);
    let file = case.file.clone().unwrap_or_default();
    let sourced = Sourced { facts: file.facts(), sources: file.sources.clone() };
    let mut lines = register_lines(context, &service, &sourced, true);
    lines.extend(pages::answer_lines(context, &service, case));
    let pack = context.app.definitions.pack();
    let (decision, missing) = match &case.decision {
        Some(kept) => (letters::shown(context, &service, kept), Vec::new()),
        None if service.asks_nothing() => (None, Vec::new()),
        None => {
            let computed = actions::computed(&context.app, case)?;
            let label = |name: &String| {
                pack.fact(name).map_or(name.clone(), |f| f.label.get(context.lang).to_owned())
            };
            let missing: Vec<String> = computed.missing.iter().map(label).collect();
            (Some(letters::in_words(&pack, &service, &computed, context.lang)), missing)
        }
    };
    let applicant = context.app.ports.people.person(&case.resident).await?;
    let clock = case.clock(&service).map(|clock| pages::clock_shown(context, &clock, &service));
    let officer = match &case.officer {
        Some(id) => context.app.ports.people.person(id).await?.name.get(context.lang).to_owned(),
        None => String::new(),
    };
    let answer = decision.as_ref().map(|d| d.answer);
    let mine = case.officer.as_deref() == Some(&person.id);
    let chart = actions::chart(&context.app, &service)?;
    let kept = tables::tasks(&context.app.store, &case.resident, &case.id).await?;
    // What may be done now, with the words of the chart; what waits for something says so.
    let mut verbs: BTreeMap<&str, Option<_>> = chart
        .verbs
        .iter()
        .filter(|verb| chart.verb(case.state.as_str(), &verb.id).is_some_and(|now| std::ptr::eq(now, *verb)))
        .filter(|verb| verb.who == Who::Unit || (verb.who == Who::Officer && mine))
        .map(|verb| {
            let waits = model::ready(chart, verb, &kept).err();
            let region = verb.opens.as_deref().and_then(|id| chart.region(id));
            let days = region.map(|region| model::days_for(region, &kept, None));
            (
                verb.id.as_str(),
                Some(context! {
                    name => verb.name.get(context.lang), article => verb.article, ready => waits.is_none(),
                    days => days.as_ref().and_then(|days| days.as_ref().ok()),
                    open => days.as_ref().is_none_or(|days| days.is_ok()),
                }),
            )
        })
        .collect();
    for verb in FOLDED {
        verbs.entry(verb).or_insert(None);
    }
    // Only who may ask or move needs to choose among all units.
    let chooses =
        ["consult", "transfer", "split"].iter().any(|verb| verbs.get(verb).is_some_and(Option::is_some));
    let others = if chooses { tasks::units(context, unit).await? } else { Vec::new() };
    let unheard = actions::unheard(&context.app, &service, &kept).await?;
    let own = context.app.ports.people.unit(unit).await?;
    // Those that the service wants heard are ticked, where the case is.
    let units: Vec<_> = others
        .into_iter()
        .map(|unit| {
            let wanted = unheard.contains(&unit.kind) && unit.region == own.region;
            context! { id => unit.id, label => pages::place(context, &unit), kind => unit.kind, wanted }
        })
        .collect();
    let (drafts, drafted) = letters::drafts(context, case, applicant.name.get(context.lang), draft)?;
    Ok(context! {
        drafts, drafted,
        verbs, tasks => tasks::all_shown(context, &service, case, &kept).await?, units, unit_kind => service.unit_kind,
        extended => case.clock.as_ref().map_or(0, |clock| clock.extensions.len()), period_days => service.period.days.max(1),
        id => case.id, receipt => case.receipt, service => text.name,
        state_name => letters::state_name(&context.app.definitions, case).get(context.lang),
        applicant => applicant.name.get(context.lang),
        due => case.due_on.map(|d| d.to_string()), clock, article => service.period.article,
        received => case.submitted_at.map(|at| at.micros()),
        files, decision, missing, facts => by_source(lines), officer, officer_id => case.officer, unit, note => case.note,
        joined => if service.near { tables::joiners(&context.app.store, &case.id).await?.len() } else { 0 },
        mine, basis => case.basis,
        deciding => deciding::verbs(context, case, chart, &kept, &unheard, answer).await?,
        moments => pages::line_of(context, case).await?,
        links => links::shown(context, case).await?,
        line => deciding::line(context, case, &service).await?,
        guesses => deciding::guesses(context, case, &service).await?,
        open => case.state.is_open(), mark => case.mark(context.now.date()),
        pays => service.pays.as_str(), owed => actions::can_be_owed(&context.app, case),
    })
}
