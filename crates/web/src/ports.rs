//! The ports: small traits through which noun rooms meet. One room implements each, `maru` wires them.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use maru_definition::{Pack, Register};
use maru_kernel::{Actor, At, Both, Date, Lang, Result};
use maru_rules::{Facts, Value};
use maru_store::Batch;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

pub struct Ports {
    pub people: Arc<dyn People>,
    pub registers: Arc<dyn Registers>,
    pub cases: Arc<dyn Cases>,
    pub inbox: Arc<dyn Inbox>,
    pub documents: Arc<dyn Documents>,
    pub ledger: Arc<dyn Ledger>,
}

// ── party ────────────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PersonKind {
    Resident,
    Official,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    pub id: String,
    pub kind: PersonKind,
    pub name: Both,
    pub mail: Option<String>,
    pub lang: Lang,
    pub unit: Option<String>,
    pub rank: Option<Both>,
}

impl Person {
    /// The name with the rank where each language puts it: `박하늘 주무관`, `Officer Park Haneul`.
    pub fn titled(&self, lang: Lang) -> String {
        let name = self.name.get(lang);
        match (&self.rank, lang) {
            (None, _) => name.to_owned(),
            (Some(rank), Lang::Ko) => format!("{name} {}", rank.ko),
            (Some(rank), Lang::En) => format!("{} {name}", rank.en),
        }
    }

    /// An official who works in no unit acts for the country.
    pub fn actor(&self) -> Actor {
        match (&self.kind, &self.unit) {
            (PersonKind::Official, unit) => Actor::Official {
                party: self.id.clone(),
                unit: unit.clone().unwrap_or_else(|| Role::COUNTRY.into()),
            },
            _ => Actor::Resident { party: self.id.clone() },
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unit {
    pub id: String,
    pub kind: String,
    pub region: String,
    /// The agency it belongs to; a program of the version before knew none.
    pub agency_id: Option<String>,
    pub agency: Both,
    pub name: Both,
    pub contact: String,
}

/// What an official may do. Each is a grant with the purpose `role`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RoleKind {
    /// The country's agencies, units, officials, roles, jobs.
    Operator,
    /// One agency's units and officials, and their roles up to this one.
    Manager,
    /// The cases of one unit.
    Clerk,
    /// The administration log, and one case at a time with a written reason.
    Auditor,
    /// The services of one agency, as drafts; its managers publish them.
    Writer,
    /// What the law does to a made population. No person's data.
    Analyst,
}

impl RoleKind {
    pub const ALL: [RoleKind; 6] = [
        RoleKind::Operator,
        RoleKind::Manager,
        RoleKind::Clerk,
        RoleKind::Auditor,
        RoleKind::Writer,
        RoleKind::Analyst,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            RoleKind::Operator => "operator",
            RoleKind::Manager => "manager",
            RoleKind::Clerk => "clerk",
            RoleKind::Auditor => "auditor",
            RoleKind::Writer => "writer",
            RoleKind::Analyst => "analyst",
        }
    }

    /// Over the whole country, so that it needs no unit.
    pub fn is_over_country(self) -> bool {
        matches!(self, RoleKind::Operator | RoleKind::Auditor | RoleKind::Analyst)
    }

    pub fn parse(text: &str) -> Option<RoleKind> {
        RoleKind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A role that holds now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Role {
    /// The grant it is.
    pub grant: String,
    /// What it is over: a unit, an agency, or [`Role::COUNTRY`].
    pub over: String,
    pub kind: RoleKind,
}

impl Role {
    /// The grantor of what is over everything.
    pub const COUNTRY: &'static str = "country";
}

/// Somebody signed in.
#[derive(Debug, Clone)]
pub struct Session {
    /// The hash of its token: what the store knows.
    pub id: String,
    pub person: Person,
    pub csrf: String,
    /// The roles that held when the request came.
    pub roles: Vec<Role>,
    /// The password was given by somebody else: nothing else is open until it is changed.
    pub must_change: bool,
}

impl Session {
    pub fn has(&self, kind: RoleKind) -> bool {
        self.roles.iter().any(|role| role.kind == kind)
    }
    /// Whether they hold a role over an agency.
    pub fn holds(&self, kind: RoleKind, over: &str) -> bool {
        self.roles.iter().any(|role| role.kind == kind && role.over == over)
    }

    /// Whether what is being written for an agency is theirs to read.
    pub fn reads_drafts_of(&self, agency: &str) -> bool {
        let over = self.holds(RoleKind::Writer, agency) || self.holds(RoleKind::Manager, agency);
        over || self.has(RoleKind::Operator) || self.has(RoleKind::Auditor)
    }

    /// Whether anything of the administration is theirs to see.
    pub fn administers(&self) -> bool {
        self.roles.iter().any(|role| role.kind != RoleKind::Clerk)
    }
}

/// Who may read which fields of which registers of somebody, for what, until when.
#[derive(Debug, Clone)]
pub struct NewGrant {
    pub id: String,
    /// Whose data.
    pub grantor: String,
    /// A unit or a person.
    pub grantee: String,
    /// Field names by register; `*` stands for every register.
    pub scope: BTreeMap<String, Vec<String>>,
    /// `own`, or a case's id.
    pub purpose: String,
    /// The article or the consent it rests on.
    pub basis: String,
    pub from: At,
    pub until: Option<At>,
}

/// What one official lets another do in their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MandateKind {
    /// Decide for good (전결).
    Decide,
    /// Sign while they are away (대결).
    Deputy,
}

impl MandateKind {
    pub const ALL: [MandateKind; 2] = [MandateKind::Decide, MandateKind::Deputy];

    pub fn as_str(self) -> &'static str {
        match self {
            MandateKind::Decide => "decide",
            MandateKind::Deputy => "deputy",
        }
    }

    pub fn parse(text: &str) -> Option<MandateKind> {
        MandateKind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A grant from one official to another; its purpose is its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    pub id: String,
    pub kind: MandateKind,
    pub giver: String,
    pub taker: String,
    pub from: At,
    pub until: Option<At>,
    pub ended: Option<At>,
}

impl Mandate {
    pub fn holds(&self, now: At) -> bool {
        self.from <= now
            && self.until.is_none_or(|until| now < until)
            && self.ended.is_none_or(|ended| now < ended)
    }
}

#[async_trait]
pub trait People: Send + Sync {
    async fn session(&self, token: &str, now: At) -> Result<Option<Session>>;
    async fn person(&self, id: &str) -> Result<Person>;
    async fn unit(&self, id: &str) -> Result<Unit>;
    /// Every unit there is, by agency.
    async fn units(&self) -> Result<Vec<Unit>>;
    /// Who works the cases of a unit at a moment, by name.
    async fn clerks(&self, unit: &str, at: At) -> Result<Vec<Person>>;
    /// The unit of a kind that is responsible for a region.
    async fn unit_for(&self, kind: &str, region: &str) -> Result<Option<Unit>>;
    /// The change that gives a grant.
    fn grant(&self, grant: &NewGrant) -> Batch;
    /// The change that ends what a purpose was granted.
    fn end_grants(&self, grantor: &str, purpose: &str, at: At) -> Batch;
    /// The change that ends what one grantee was granted for a purpose.
    fn end_grant(&self, grantor: &str, purpose: &str, grantee: &str, at: At) -> Batch;
    /// The guard that the unit is still there when the batch is in.
    fn unit_stays(&self, unit: &str) -> Batch;
    /// Whether a grant that is about to be given lets this be read.
    fn lets(&self, grant: &NewGrant, ask: &Ask, at: At) -> bool;
    /// The grant under which this may be read, if there is one.
    async fn permits(&self, ask: &Ask, at: At) -> Result<Option<String>>;
    /// Somebody who works the cases of their own unit now.
    async fn official(&self, id: &str, now: At) -> Result<Option<Person>>;
    /// Officials who work in their unit now, by name, at most fifty: of one unit, or of any.
    async fn officials(&self, unit: Option<&str>, words: &str, now: At) -> Result<Vec<Person>>;
    /// Who manages an agency now, at most fifty.
    async fn managers(&self, agency: &str, now: At) -> Result<Vec<Person>>;
    /// What somebody gave to others or took from them, the newest first.
    async fn mandates(&self, person: &str) -> Result<Vec<Mandate>>;
    /// The change that gives one.
    fn give_mandate(&self, mandate: &Mandate, basis: &str) -> Batch;
    /// The change that ends one that has not ended.
    fn end_mandate(&self, mandate: &Mandate, at: At) -> Batch;
    /// The guard that one has not been ended when the batch is in.
    fn mandate_stays(&self, mandate: &Mandate) -> Batch;
    async fn set_language(&self, id: &str, lang: Lang) -> Result<()>;
}

// ── record ───────────────────────────────────────────────────────────────────────────────────────────────────────

/// A wish to read: who, whose, what, why.
#[derive(Debug, Clone)]
pub struct Ask {
    pub actor: Actor,
    pub subject: String,
    /// Field names by register; no names means all its fields.
    pub fields: BTreeMap<String, Vec<String>>,
    /// `own` for people reading about themselves, else a case's id.
    pub purpose: String,
    /// What the access log says about why, in both languages.
    pub why: Both,
    /// The article it rests on.
    pub law: String,
    /// The number people know the case by.
    pub receipt: Option<String>,
}

/// What a register holds about someone.
#[derive(Debug, Clone)]
pub struct Held {
    pub register: String,
    /// None: the register has no row about this person.
    pub row: Option<Map<String, Json>>,
    pub as_of: Option<At>,
}

/// Where a fact comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Source {
    /// A register says so; the date is its own.
    Register { register: String, at: Option<At> },
    /// The person said so.
    Said { at: At },
}

/// Facts, each with where it comes from.
#[derive(Debug, Clone, Default)]
pub struct Sourced {
    pub facts: Facts,
    pub sources: BTreeMap<String, Source>,
}

/// The register of what people said themselves.
pub const SAID: &str = "said";

impl Sourced {
    /// The facts that rows give on a day. What a register says counts: it is never overwritten by what somebody said.
    pub fn of(pack: &Pack, held: &[Held], on: Date) -> Sourced {
        let mut sourced = Sourced::default();
        for held in held {
            if held.register == SAID {
                sourced.say(held.row.as_ref());
            } else if let Some(register) = pack.register(&held.register) {
                sourced.take(register, held, pack, on);
            }
        }
        sourced
    }

    fn take(&mut self, register: &Register, held: &Held, pack: &Pack, on: Date) {
        for (name, value) in register.facts(held.row.as_ref(), &pack.parameters, on) {
            if matches!(value, Value::Unknown) {
                continue;
            }
            self.facts.insert(name.as_str(), value);
            self.sources.insert(name, Source::Register { register: held.register.clone(), at: held.as_of });
        }
    }

    fn say(&mut self, row: Option<&Map<String, Json>>) {
        for (name, said) in row.into_iter().flatten() {
            let at = said.get("at").and_then(Json::as_i64).map_or(At::default(), At::from_micros);
            let value = said.get("value").and_then(|v| Value::from_json(v).ok());
            if let Some(value) = value
                && !matches!(self.sources.get(name), Some(Source::Register { .. }))
            {
                self.facts.insert(name.as_str(), value);
                self.sources.insert(name.clone(), Source::Said { at });
            }
        }
    }
}

/// One line of the access log.
#[derive(Debug, Clone, Serialize)]
pub struct Access {
    pub id: String,
    pub at: At,
    pub actor: Actor,
    pub fields: BTreeMap<String, Vec<String>>,
    pub purpose: String,
    pub why: Both,
    pub law: String,
    pub receipt: Option<String>,
    pub grant: String,
    pub commitment: String,
    /// Its place in the ledger, once it has one.
    pub place: Option<i64>,
}

#[async_trait]
pub trait Registers: Send + Sync {
    /// Checks the grant, writes the access entry durably, then reads. There is no other way.
    async fn read(&self, ask: &Ask) -> Result<Vec<Held>>;
    /// The same, but every version there was, the one written last first; of a register that never had one, one without a row.
    async fn versions(&self, ask: &Ask) -> Result<Vec<Held>>;
    /// The same for what is about to be shown from a case's file.
    async fn show(&self, ask: &Ask) -> Result<()>;
    /// Facts that registers and the person's own answers give; registers win.
    async fn facts(&self, ask: &Ask, on: Date) -> Result<Sourced>;
    /// The same under a grant that is given in the same commit as the access entry, if `guards` hold.
    async fn facts_under(&self, grant: &NewGrant, guards: Batch, ask: &Ask, on: Date) -> Result<Sourced>;
    /// The change that keeps a person's own answer to a question; `None` takes it back.
    async fn say(&self, party: &str, fact: &str, value: Option<&Value>) -> Result<()>;
    /// The newest lines of somebody's access log, theirs to see.
    async fn accesses(&self, subject: &str, since: At) -> Result<Vec<Access>>;
}

/// What the ledger holds about something, and all that anyone needs to check it without us.
#[derive(Debug, Clone)]
pub struct Proof {
    /// The text that was committed to, byte for byte.
    pub entry: String,
    pub salt: String,
    pub commitment: String,
    /// Its place, once it has one.
    pub chain: Option<Placed>,
    /// The text is what was committed to, and that stands at its place.
    pub right: bool,
}

/// A place in the chain with the values before and after it.
#[derive(Debug, Clone, Serialize)]
pub struct Placed {
    pub place: u64,
    pub before: Option<String>,
    pub after: Option<String>,
}

impl Proof {
    pub fn told(&self) -> Json {
        json!({
            "how": "commitment = SHA-256('maru-entry' || salt || entry); after = SHA-256('maru-link' || before || place as 8 bytes, big end first || commitment)",
            "entry": self.entry, "salt": self.salt, "commitment": self.commitment, "chain": self.chain,
        })
    }
}

#[async_trait]
pub trait Ledger: Send + Sync {
    /// The change that enters something about a thing, with nobody's data in it; it has its place within moments.
    fn enter(&self, subject: &str, at: At, entry: &Json) -> Result<Batch>;
    /// The newest entry about a thing.
    async fn proof(&self, subject: &str) -> Result<Option<Proof>>;
}

// ── case ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/// A case as a card on somebody's page.
#[derive(Debug, Clone, Serialize)]
pub struct CaseCard {
    pub id: String,
    pub service: String,
    pub receipt: Option<String>,
    pub state: String,
    /// What the state is called.
    pub state_name: Both,
    /// Nothing has ended it.
    pub open: bool,
    pub filed: Option<At>,
    pub due: Option<Date>,
    /// The last day of what was granted; none: nothing ends it by itself.
    pub until: Option<Date>,
}

impl CaseCard {
    /// It is under way, or what was granted still holds.
    pub fn holds(&self, today: Date) -> bool {
        self.open || (self.state == "granted" && self.until.is_none_or(|until| today <= until))
    }
}

/// A letter about a case, ready to be sent.
#[derive(Debug, Clone)]
pub struct Letter {
    pub to: String,
    pub case: String,
    pub subject: Both,
    pub body: Both,
    /// Who signs: agency and unit, officer.
    pub from: Both,
}

#[async_trait]
pub trait Cases: Send + Sync {
    async fn of(&self, party: &str) -> Result<Vec<CaseCard>>;
    /// The letters of a kind that a case's event calls for: to the applicant, to those who joined a report, to officials when time
    /// runs out.
    async fn letters(&self, case: &str, kind: &str, event: &str) -> Result<Vec<Letter>>;
    /// How many cases a unit has not decided yet.
    async fn open_at(&self, unit: &str) -> Result<i64>;
    /// The guard that a unit has none of them when the batch is in.
    fn none_open_at(&self, unit: &str) -> Batch;
}

// ── message ──────────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Debug, Clone, Serialize)]
pub struct MessageCard {
    pub id: String,
    pub subject: Both,
    pub from: Both,
    pub at: At,
    pub read: bool,
}

/// Something that comes due for somebody, as they wished to be told.
#[derive(Debug, Clone, Serialize)]
pub struct ComingCard {
    pub name: Both,
    pub due: Date,
    pub days: i64,
}

/// A message that another room writes, about a notice of its own.
#[derive(Debug, Clone)]
pub struct NewMessage {
    pub to: String,
    /// The notice; the message has the same id.
    pub notice: String,
    pub subject: Both,
    pub body: Both,
    pub from: Both,
}

#[async_trait]
pub trait Inbox: Send + Sync {
    /// The change that puts a message into the inbox and leaves its mail behind.
    fn tell(&self, message: &NewMessage, now: At) -> Batch;
    async fn unread(&self, party: &str) -> Result<usize>;
    async fn newest(&self, party: &str, limit: usize) -> Result<Vec<MessageCard>>;
    /// What comes due next, the soonest first; `None`: they never said what to be told of.
    async fn coming(&self, party: &str, today: Date, limit: usize) -> Result<Option<Vec<ComingCard>>>;
}

// ── work ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/// What somebody in an approval line does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LineKind {
    /// 검토
    Review,
    /// 협조
    Cosign,
    /// 결재: the last, and exactly one.
    Approve,
}

/// One place in an approval line as its drafter wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineStep {
    pub person: String,
    pub kind: LineKind,
    /// At the same time as the co-sign before it.
    pub beside: bool,
    /// Whose decision it is, where the approver decides for somebody (전결).
    pub decides_for: Option<String>,
}

/// A document as a line in a list.
#[derive(Debug, Clone, Serialize)]
pub struct DocumentCard {
    pub id: String,
    pub title: String,
    /// `draft`, `running`, `returned`, `completed`
    pub state: &'static str,
    pub number: Option<String>,
    /// Who drafted it, with the rank of that day.
    pub drafter: Both,
    pub at: At,
}

#[async_trait]
pub trait Documents: Send + Sync {
    /// The change that drafts and submits a document about a case's decision, and the document's id.
    async fn propose(
        &self,
        by: &Person,
        unit: &str,
        case: &str,
        title: &str,
        body: &str,
        line: &[LineStep],
    ) -> Result<(String, Batch)>;
    /// The documents about a case, the newest first. Whoever asks has looked whether the case may be seen.
    async fn of_case(&self, case: &str) -> Result<Vec<DocumentCard>>;
}
