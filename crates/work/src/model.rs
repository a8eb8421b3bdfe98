//! A document and its approval line: who is next, who may sign, what comes of it. Pure.

mod delegation;
mod line;
mod stand_in;

use maru_kernel::{At, Both, Error, Result};
use maru_web::ports::LineKind;
use serde::Serialize;

pub use delegation::{Matter, Rule};
pub use line::{add, check_draft, check_line, positions};
pub use stand_in::{Edge, loops, stands_in_for};

/// Somebody with the name and rank of that day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Who {
    pub id: String,
    pub name: Both,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Draft,
    Running,
    /// Somebody rejected it; the drafter may revise it.
    Returned,
    Completed,
}

impl State {
    pub const ALL: [State; 4] = [State::Draft, State::Running, State::Returned, State::Completed];

    pub fn as_str(self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::Running => "running",
            State::Returned => "returned",
            State::Completed => "completed",
        }
    }

    /// Its drafter is at it.
    pub fn is_open(self) -> bool {
        matches!(self, State::Draft | State::Returned)
    }
}

/// How far a step has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Planned,
    Waiting,
    Signed,
    Rejected,
    /// Its round ended before it was signed.
    Dropped,
}

impl Mark {
    pub const ALL: [Mark; 5] = [Mark::Planned, Mark::Waiting, Mark::Signed, Mark::Rejected, Mark::Dropped];

    pub fn as_str(self) -> &'static str {
        match self {
            Mark::Planned => "planned",
            Mark::Waiting => "waiting",
            Mark::Signed => "signed",
            Mark::Rejected => "rejected",
            Mark::Dropped => "dropped",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Counted from 1; names the step within its round.
    pub place: i64,
    /// Steps at the same position wait at the same time.
    pub position: i64,
    pub kind: LineKind,
    pub who: Who,
    /// Whose decision it is (전결).
    pub decides_for: Option<Who>,
    pub mark: Mark,
    /// Who signed; somebody else than `who` signed as the deputy (대결).
    pub signed_by: Option<Who>,
    /// The mandate under which somebody decided or stood in.
    pub mandate: Option<String>,
    pub at: Option<At>,
    pub comment: String,
    /// When whom a deputy stood in for has seen it (후보고).
    pub reported: Option<At>,
}

impl Step {
    pub fn is_deputised(&self) -> bool {
        self.signed_by.as_ref().is_some_and(|by| by.id != self.who.id)
    }
}

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Completed,
    Rejected,
    Recalled,
    /// Somebody in the line has left.
    Gone,
}

impl Outcome {
    pub const ALL: [Outcome; 4] = [Outcome::Completed, Outcome::Rejected, Outcome::Recalled, Outcome::Gone];

    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Completed => "completed",
            Outcome::Rejected => "rejected",
            Outcome::Recalled => "recalled",
            Outcome::Gone => "gone",
        }
    }
}

/// What was submitted once, and what came of it. What is being written is a round that has not been submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    pub count: i64,
    /// Who submitted it, where that was another than who drafts the document now.
    pub drafter: Option<Who>,
    pub title: String,
    pub body: String,
    /// The unit it is sent to; none: it stays inside.
    pub recipient: Option<String>,
    pub submitted_at: Option<At>,
    pub ended_at: Option<At>,
    pub outcome: Option<Outcome>,
    pub steps: Vec<Step>,
}

impl Round {
    fn end(&mut self, outcome: Outcome, now: At) {
        self.ended_at = Some(now);
        self.outcome = Some(outcome);
        for step in &mut self.steps {
            if matches!(step.mark, Mark::Planned | Mark::Waiting) {
                step.mark = Mark::Dropped;
            }
        }
    }

    /// The same once more, with nothing signed.
    fn again(&self) -> Round {
        let planned = |step: &Step| Step {
            mark: Mark::Planned,
            signed_by: None,
            mandate: None,
            at: None,
            comment: String::new(),
            reported: None,
            ..step.clone()
        };
        Round {
            count: self.count.saturating_add(1),
            submitted_at: None,
            ended_at: None,
            outcome: None,
            drafter: None,
            steps: self.steps.iter().map(planned).collect(),
            ..self.clone()
        }
    }

    /// Lets everybody at the next position sign; answers whether there is one.
    fn go_on(&mut self) -> bool {
        let next =
            self.steps.iter().filter(|step| step.mark == Mark::Planned).map(|step| step.position).min();
        let Some(next) = next else { return false };
        for step in self.steps.iter_mut().filter(|step| step.position == next) {
            step.mark = Mark::Waiting;
        }
        true
    }

    pub fn waiting(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.mark == Mark::Waiting)
    }
}

/// The place of a document in its unit's register of a year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    pub year: i64,
    pub serial: i64,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub id: String,
    pub unit: String,
    pub drafter: Who,
    pub case: Option<String>,
    pub state: State,
    pub version: i64,
    pub drafted_at: At,
    pub number: Option<Number>,
    pub completed_at: Option<At>,
    pub seal: Option<String>,
    pub received: Option<(Who, At)>,
    pub round: Round,
    /// Rounds that have ended, the oldest first.
    pub past: Vec<Round>,
}

/// Who signs which step.
pub struct Signing<'a> {
    pub place: i64,
    pub by: &'a Who,
    /// The mandate under which somebody signs who is not named there.
    pub mandate: Option<String>,
    pub comment: &'a str,
}

impl Document {
    pub fn submit(&mut self, now: At) -> Result<()> {
        if !self.state.is_open() {
            return Err(Error::Conflict("work-not-open".into()));
        }
        self.round.submitted_at = Some(now);
        if !self.round.go_on() {
            return Err(Error::invalid("line", "work-line-empty"));
        }
        self.state = State::Running;
        Ok(())
    }

    /// Whether it may still be taken back: nobody has signed.
    pub fn recallable(&self) -> bool {
        self.state == State::Running && self.round.steps.iter().all(|step| step.mark != Mark::Signed)
    }

    pub fn recall(&mut self, now: At) -> Result<()> {
        if !self.recallable() {
            return Err(Error::Conflict("work-not-recallable".into()));
        }
        self.end_round(Outcome::Recalled, now);
        self.state = State::Draft;
        Ok(())
    }

    fn end_round(&mut self, outcome: Outcome, now: At) {
        let next = self.round.again();
        self.round.end(outcome, now);
        self.past.push(std::mem::replace(&mut self.round, next));
    }

    fn mark(&mut self, signing: &Signing<'_>, mark: Mark, now: At) -> Result<()> {
        if signing.by.id == self.drafter.id {
            return Err(Error::Conflict("work-own-document".into()));
        }
        let waiting = |step: &&mut Step| step.place == signing.place && step.mark == Mark::Waiting;
        let step = self.round.steps.iter_mut().find(waiting).filter(|_| self.state == State::Running);
        let step = step.ok_or_else(|| Error::Conflict("work-already-signed".into()))?;
        step.mark = mark;
        step.signed_by = Some(signing.by.clone());
        step.mandate = signing.mandate.clone();
        step.at = Some(now);
        step.comment = signing.comment.to_owned();
        Ok(())
    }

    /// Signs one step; answers whether that was the last of all.
    pub fn sign(&mut self, signing: &Signing<'_>, now: At) -> Result<bool> {
        self.mark(signing, Mark::Signed, now)?;
        if self.round.waiting().next().is_some() || self.round.go_on() {
            return Ok(false);
        }
        self.round.end(Outcome::Completed, now);
        self.state = State::Completed;
        self.completed_at = Some(now);
        Ok(true)
    }

    /// Sends it back to its drafter, from whichever step it waits at.
    pub fn reject(&mut self, signing: &Signing<'_>, now: At) -> Result<()> {
        self.mark(signing, Mark::Rejected, now)?;
        self.end_round(Outcome::Rejected, now);
        self.state = State::Returned;
        Ok(())
    }

    /// Somebody the line still asks has left: back to its drafter. Answers whether there was anything to do.
    pub fn give_back(&mut self, person: &str, now: At) -> bool {
        let asks = |step: &Step| step.who.id == person && matches!(step.mark, Mark::Planned | Mark::Waiting);
        if self.state != State::Running || !self.round.steps.iter().any(asks) {
            return false;
        }
        self.end_round(Outcome::Gone, now);
        self.state = State::Returned;
        true
    }

    /// What came back may go on with somebody else. What was never submitted was its drafter's alone, and stays so.
    pub fn may_be_handed_over(&self) -> bool {
        self.state.is_open() && !self.past.is_empty()
    }

    /// Somebody else drafts it from now on.
    pub fn hand_over(&mut self, to: Who) {
        let before = std::mem::replace(&mut self.drafter, to);
        for round in &mut self.past {
            round.drafter.get_or_insert_with(|| before.clone());
        }
    }

    /// Who submitted a round of it.
    pub fn drafter_of<'a>(&'a self, round: &'a Round) -> &'a Who {
        round.drafter.as_ref().unwrap_or(&self.drafter)
    }

    /// Whom it was sent to has it in hand.
    pub fn receive(&mut self, by: &Who, now: At) -> Result<()> {
        if self.received.is_some() {
            return Err(Error::Conflict("work-already-received".into()));
        }
        self.received = Some((by.clone(), now));
        Ok(())
    }

    /// Whom a deputy stood in for has seen what was signed in their place. Nothing else changes.
    pub fn acknowledge(&mut self, round: i64, place: i64, person: &str, now: At) -> Result<()> {
        let rounds = self.past.iter_mut().chain([&mut self.round]);
        let mut steps = rounds.filter(|r| r.count == round).flat_map(|r| r.steps.iter_mut());
        let step = steps.find(|step| step.place == place && step.who.id == person && step.is_deputised());
        let step = step.ok_or(Error::NotFound)?;
        if step.reported.is_some() {
            return Err(Error::Conflict("work-already-acknowledged".into()));
        }
        step.reported = Some(now);
        Ok(())
    }

    /// The unit that has it besides the one that drafted it.
    pub fn sent_to(&self) -> Option<&str> {
        self.round.recipient.as_deref().filter(|_| self.state == State::Completed)
    }

    /// What somebody else than its drafter may see of it: what was submitted last. None: nothing was.
    pub fn submitted(&self) -> Option<&Round> {
        if self.state.is_open() { self.past.last() } else { Some(&self.round) }
    }

    /// Whether somebody of a unit may read what was submitted: the unit's, the receiving unit's, and whoever stands in a line.
    pub fn is_for(&self, person: &str, unit: &str) -> bool {
        let names = |step: &Step| {
            let decides = step.decides_for.as_ref().is_some_and(|who| who.id == person);
            step.who.id == person || decides || step.signed_by.as_ref().is_some_and(|by| by.id == person)
        };
        let open = self.state.is_open();
        let mut rounds = self.past.iter().chain((!open).then_some(&self.round));
        self.unit == unit || self.sent_to() == Some(unit) || rounds.any(|round| round.steps.iter().any(names))
    }
}

#[cfg(test)]
mod tests;
