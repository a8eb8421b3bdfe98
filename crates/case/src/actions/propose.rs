use maru_kernel::{Error, Result};
use maru_store::Batch;
use maru_web::{
    App,
    ports::{LineKind, LineStep, Person},
};
use serde_json::json;

use crate::{
    actions::{self, Decided, Said, decide},
    model::{Case, Proposal},
    tables,
};

/// Who approves a decision: somebody who looks first, if one is named, and the one who approves.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    pub reviewer: &'a str,
    pub approver: &'a str,
}

impl Line<'_> {
    fn steps(&self) -> Result<Vec<LineStep>> {
        if self.approver.is_empty() {
            return Err(Error::invalid("approver", "case-approver-needed"));
        }
        let step =
            |person: &str, kind| LineStep { person: person.into(), kind, beside: false, decides_for: None };
        let reviewer = Some(self.reviewer).filter(|reviewer| !reviewer.is_empty());
        let review = reviewer.map(|reviewer| step(reviewer, LineKind::Review));
        Ok(review.into_iter().chain([step(self.approver, LineKind::Approve)]).collect())
    }
}

/// Drafts a decision and sends it along its approval line. The case waits; when the document is approved, it is decided as proposed.
pub async fn propose(
    app: &App,
    person: &Person,
    unit: &str,
    id: &str,
    how: Decided,
    said: Said<'_>,
    line: Line<'_>,
) -> Result<Case> {
    let (note, basis) = decide::written(how, said)?;
    let steps = line.steps()?;
    app.store
        .rerun(|| async {
            let (mut case, service, _) = decide::checked(app, person, unit, id, how).await?;
            let now = app.now();
            let ko = service.text(maru_kernel::Lang::Ko);
            let chart = actions::chart(app, &service)?;
            let verb = chart.verb(case.state.as_str(), how.verb()).map_or("", |verb| &verb.name.ko);
            let receipt = case.receipt.clone().unwrap_or_default();
            // Documents of officials are written in the language of the administration.
            let title = format!("{} {verb}(안) ({receipt})", ko.name);
            let basis_line = if basis.is_empty() { String::new() } else { format!("\n\n근거: {basis}") };
            let body = format!(
                "접수번호 {receipt} {} 건을 아래와 같이 처리하고자 합니다.\n\n{verb}\n\n{note}{basis_line}",
                ko.name
            );
            let (document, change) =
                app.ports.documents.propose(person, unit, &case.id, &title, &body, &steps).await?;
            let mut batch = Batch::new();
            tables::put(&mut batch, &case)?;
            batch.and(change);
            let proposal = Proposal {
                case: case.id.clone(),
                document: document.clone(),
                how,
                note: note.clone(),
                basis: basis.clone(),
                by: person.id.clone(),
                at: now,
                outcome: None,
            };
            tables::add_proposal(&mut batch, &case, &proposal);
            let body = json!({ "document": document });
            batch.event(actions::event(app, "proposed", &case, person.actor(), now, body));
            case.version += 1;
            Ok((batch, case))
        })
        .await
}

/// The line has spoken: what it approved is decided as proposed, if it still can be. Anything else ends the proposal.
pub async fn spoken(app: &App, document: &str, outcome: &str) -> Result<()> {
    app.store
        .rerun(|| async {
            let waiting = tables::proposal(&app.store, document).await?.filter(|p| p.outcome.is_none());
            let Some(proposal) = waiting else { return Ok((Batch::new(), ())) };
            let now = app.now();
            let mut batch = Batch::new();
            tables::end_proposal(&mut batch, document, outcome, now);
            if outcome == APPROVED {
                let person = app.ports.people.person(&proposal.by).await?;
                let unit = person.unit.clone().unwrap_or_default();
                // The officer, the unit or the case may have changed meanwhile: then whoever works it now decides, with the document before them.
                match decide::possible(app, &person, &unit, &proposal.case, proposal.how).await {
                    Ok((case, service, decision)) => {
                        let said = Said { note: &proposal.note, basis: &proposal.basis };
                        let tasks = tables::tasks(&app.store, &case.resident, &case.id).await?;
                        let (_, change) = decide::ended(
                            app,
                            case,
                            &service,
                            decision,
                            proposal.how,
                            said,
                            person.actor(),
                            now,
                        )?;
                        batch.and(change);
                        actions::drop_open(app, &mut batch, &service, tasks, now)?;
                    }
                    Err(Error::Conflict(_) | Error::NotFound) => {}
                    Err(other) => return Err(other),
                }
            }
            Ok((batch, ()))
        })
        .await
}

pub const APPROVED: &str = "approved";
