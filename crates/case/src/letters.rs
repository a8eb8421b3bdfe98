//! Decisions in words, and the letters a case calls for. Implements the port `Cases`.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use maru_definition::{Definitions, Pack, Service};
use maru_kernel::{Both, Clock, Date, Error, Lang, Result, Won, josa};
use maru_rules::{Answer, Decision, Value};
use maru_store::{Batch, Store};
use maru_web::{
    Context, context,
    ports::{CaseCard, Cases, Letter, People},
    shown,
};
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;
use serde_json::Value as Json;

use crate::{
    actions::{self, Decided},
    model::Case,
    owed, tables,
};

/// One condition as people read it.
#[derive(Debug, Serialize)]
pub struct ShownReason {
    pub id: String,
    pub answer: Answer,
    pub label: String,
    pub detail: String,
    pub text: String,
    pub article: String,
    pub value: String,
    pub limit: String,
    pub facts: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct ShownLine {
    pub label: String,
    pub article: String,
    pub amount: String,
    pub sign: i8,
}

#[derive(Debug, Serialize)]
pub struct ShownDecision {
    pub answer: Answer,
    pub amount: Option<i64>,
    pub version: Option<String>,
    pub reasons: Vec<ShownReason>,
    pub lines: Vec<ShownLine>,
}

/// A kept decision, for a page.
pub fn shown(context: &Context, service: &Service, kept: &Json) -> Option<ShownDecision> {
    serde_json::from_value::<Decision>(kept.clone())
        .ok()
        .map(|decision| in_words(&context.app.definitions.pack(), service, &decision, context.lang))
}

fn value_text(value: Option<&Value>, lang: Lang) -> String {
    match value {
        None | Some(Value::Unknown) => String::new(),
        Some(Value::Bool(true)) => if lang == Lang::Ko { "네" } else { "yes" }.into(),
        Some(Value::Bool(false)) => if lang == Lang::Ko { "아니요" } else { "no" }.into(),
        Some(Value::Number(n)) => match (n.to_i64(), lang) {
            (Some(whole), Lang::Ko) if whole.abs() >= 1000 => format!("{}원", Won(whole)),
            (Some(whole), Lang::En) if whole.abs() >= 1000 => format!("{} won", Won(whole)),
            (Some(whole), _) => whole.to_string(),
            (None, _) => n.to_string(),
        },
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Date(date)) => shown::full(lang, *date),
        Some(other) => other.to_json().to_string(),
    }
}

/// A condition that names no value of its own shows the facts it looked at, the first few.
fn looked_at(pack: &Pack, facts: &[(String, Option<Value>)], lang: Lang) -> String {
    let known = facts.iter().filter_map(|(name, value)| {
        let (def, value) = (pack.fact(name)?, value.as_ref().filter(|v| !matches!(v, Value::Unknown))?);
        Some(format!("{}: {}", def.label.get(lang), def.show(value, lang)))
    });
    known.take(2).collect::<Vec<_>>().join(", ")
}

/// A decision with the service's own words for its conditions and lines.
pub fn in_words(pack: &Pack, service: &Service, decision: &Decision, lang: Lang) -> ShownDecision {
    let text = service.text(lang);
    let reasons = decision
        .reasons
        .iter()
        .map(|reason| {
            let words = text.condition(&reason.id);
            ShownReason {
                id: reason.id.clone(),
                answer: reason.answer,
                label: words.label.clone(),
                detail: words.detail.clone(),
                text: if reason.answer == Answer::No { words.no.clone() } else { words.detail.clone() },
                article: reason.article.clone(),
                value: match &reason.value {
                    None => looked_at(pack, &reason.facts, lang),
                    value => value_text(value.as_ref(), lang),
                },
                limit: value_text(reason.limit.as_ref(), lang),
                facts: reason.facts.iter().map(|(name, _)| name.clone()).collect(),
            }
        })
        .collect();
    let lines = decision
        .lines
        .iter()
        .map(|line| ShownLine {
            label: text.line(&line.id).to_owned(),
            article: line.article.clone(),
            amount: match &line.value {
                Some(Value::Number(n)) => n.to_i64().map_or(n.to_string(), |n| Won(n).to_string()),
                other => value_text(other.as_ref(), lang),
            },
            sign: line.sign,
        })
        .collect();
    ShownDecision {
        answer: decision.answer,
        amount: decision.amount,
        version: decision.version.map(|v| v.to_string()),
        reasons,
        lines,
    }
}

/// What its chart calls the state of a case.
pub fn state_name(definitions: &Definitions, case: &Case) -> Both {
    let service = definitions.service(&case.service);
    let chart = service.and_then(|service| definitions.chart(&service.chart));
    let state = chart.and_then(|chart| chart.state(case.state.as_str()));
    let bare = || Both { ko: case.state.as_str().into(), en: case.state.as_str().into() };
    state.map_or_else(bare, |state| state.name.clone())
}

/// The beginnings of answers that the pack has, by their first lines; and the text of one, for this case.
pub fn drafts(
    context: &Context,
    case: &Case,
    applicant: &str,
    wanted: Option<&str>,
) -> Result<(Vec<(String, String)>, String)> {
    let pack = context.app.definitions.pack();
    let service = context.app.definitions.service(&case.service).ok_or(Error::NotFound)?;
    let values = context! {
        applicant, service => service.text(context.lang).name, receipt => case.receipt,
        received_on => case.submitted_at.map(|at| shown::full(context.lang, at.date())),
        due_on => case.due_on.map(|on| shown::deadline(context.lang, on)),
    };
    let (mut names, mut text) = (Vec::new(), String::new());
    for kind in pack.drafts.kinds() {
        let Some(template) = pack.drafts.get(kind, context.lang) else { continue };
        let (name, body) = template.split_once('\n').unwrap_or((template, ""));
        names.push((kind.to_owned(), name.trim().to_owned()));
        if wanted == Some(kind) {
            let written = writer().render_str(body, &values);
            let written = written.map_err(|e| Error::internal(format!("draft {kind}: {e:#}")))?;
            text = particles(context.lang, &written).trim().to_owned();
        }
    }
    Ok((names, text))
}

fn particles(lang: Lang, text: &str) -> String {
    if lang == Lang::Ko { josa(text) } else { text.to_owned() }
}

/// The port `Cases`.
pub struct Matters {
    pub store: Store,
    pub definitions: Definitions,
    pub people: Arc<dyn People>,
    pub clock: Arc<dyn Clock>,
    /// Where people reach us: `http://localhost:8080`.
    pub address: String,
}

#[async_trait]
impl Cases for Matters {
    async fn of(&self, party: &str) -> Result<Vec<CaseCard>> {
        let cases = tables::cases_of(&self.store, party).await?;
        let endings = tables::endings_of(&self.store, party).await?;
        Ok(cases
            .into_iter()
            .map(|case| CaseCard {
                until: endings.get(&case.id).map(|ending| ending.until),
                state_name: state_name(&self.definitions, &case),
                open: case.state.is_open(),
                state: case.state.as_str().into(),
                id: case.id,
                service: case.service,
                receipt: case.receipt,
                filed: case.submitted_at,
                due: case.due_on,
            })
            .collect())
    }

    async fn letters(&self, case: &str, kind: &str, event: &str) -> Result<Vec<Letter>> {
        let case = tables::case(&self.store, case).await?.ok_or(Error::NotFound)?;
        let service = self.definitions.service(&case.service).ok_or(Error::NotFound)?;
        let about = self.about(&case, &service, event).await?;
        let mut letters = Vec::new();
        // Who did not apply hears once: that it is granted, and by which article.
        let kind = match kind {
            "received" | "granted" if actions::unasked(&self.store, &case.id).await? => {
                if kind == "received" {
                    return Ok(letters);
                }
                UNASKED
            }
            other => other,
        };
        if TIMELY.contains(&kind) && !case.state.is_open() {
            return Ok(letters);
        }
        for (official, kind) in self.officials_told(&case, kind).await? {
            letters.push(self.letter(&case, &service, kind, &about, &official).await?);
        }
        // Who takes a case back knows it; a warning is for whoever works it.
        if !matches!(kind, WITHDRAWN | WARNED) {
            letters.push(self.letter(&case, &service, kind, &about, &case.resident).await?);
        }
        if service.near && !case.state.is_open() {
            for resident in tables::joiners(&self.store, &case.id).await? {
                letters.push(self.letter(&case, &service, JOINED, &about, &resident).await?);
            }
        }
        Ok(letters)
    }

    async fn open_at(&self, unit: &str) -> Result<i64> {
        tables::open_at(&self.store, unit).await
    }

    fn none_open_at(&self, unit: &str) -> Batch {
        let mut batch = Batch::new();
        tables::none_open_at(&mut batch, unit);
        batch
    }
}

/// Letters are written from the service's own text, strictly: an unknown name in one is a fault of the pack.
fn writer() -> &'static Environment<'static> {
    static WRITER: OnceLock<Environment<'static>> = OnceLock::new();
    WRITER.get_or_init(|| {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment
    })
}

/// What a letter tells of the event it follows.
struct About {
    /// What the officer wrote with the verb.
    said: String,
    /// The day of what the applicant was asked for.
    until: Option<Date>,
    /// By how many days the applicant was asked to agree to an extension, and when the case were due then.
    more: Option<(u32, Option<Date>)>,
    /// The units whose opinion it waits for.
    waits: Vec<Both>,
    /// When the applicant hears next of a case that stays open.
    next: Option<Date>,
    /// The last day of what was granted.
    ends: Option<Date>,
}

const WITHDRAWN: &str = "withdrawn";
/// Granted to somebody who did not apply.
const UNASKED: &str = "unasked";
/// How the report ended that somebody joined.
const JOINED: &str = "joined";
/// To whoever works a case: its day is near.
const WARNED: &str = "warned";
/// To the applicant: its day is over.
const OVERDUE: &str = "overdue";
/// The same to those who manage the agency.
const ESCALATED: &str = "escalated";
/// These say how an open case stands: once it has ended, the letter about that says more.
const TIMELY: [&str; 3] = [WARNED, OVERDUE, "status"];

impl Matters {
    async fn letter(
        &self,
        case: &Case,
        service: &Service,
        kind: &str,
        about: &About,
        to: &str,
    ) -> Result<Letter> {
        let (subject_ko, body_ko, from_ko) = self.written(case, service, kind, about, to, Lang::Ko).await?;
        let (subject_en, body_en, from_en) = self.written(case, service, kind, about, to, Lang::En).await?;
        Ok(Letter {
            to: to.to_owned(),
            case: case.id.clone(),
            subject: Both { ko: subject_ko, en: subject_en },
            body: Both { ko: body_ko, en: body_en },
            from: Both { ko: from_ko, en: from_en },
        })
    }

    /// Officials who hear of a case's time, each with the kind of letter: the officer or, while there is none, the unit; those
    /// who manage the agency once its day is over.
    async fn officials_told(&self, case: &Case, kind: &str) -> Result<Vec<(String, &'static str)>> {
        let Some(unit) = case.unit.as_deref() else { return Ok(Vec::new()) };
        let now = self.clock.now();
        Ok(match kind {
            WARNED => match &case.officer {
                Some(officer) => vec![(officer.clone(), WARNED)],
                None => {
                    let working = self.people.officials(Some(unit), "", now).await?;
                    working.into_iter().map(|person| (person.id, WARNED)).collect()
                }
            },
            OVERDUE => match self.people.unit(unit).await?.agency_id {
                Some(agency) => {
                    let managers = self.people.managers(&agency, now).await?;
                    managers.into_iter().map(|person| (person.id, ESCALATED)).collect()
                }
                None => Vec::new(),
            },
            _ => Vec::new(),
        })
    }

    async fn about(&self, case: &Case, service: &Service, event: &str) -> Result<About> {
        let tasks = tables::tasks(&self.store, &case.resident, &case.id).await?;
        let mut waits = Vec::new();
        for unit in tasks.iter().filter(|task| task.is_open()).filter_map(|task| task.unit.as_deref()) {
            let unit = self.people.unit(unit).await?;
            let place = |lang| format!("{} {}", unit.agency.get(lang), unit.name.get(lang));
            waits.push(Both { ko: place(Lang::Ko), en: place(Lang::En) });
        }
        let calendar = &self.definitions.calendar();
        let more = tasks.iter().rev().find_map(|task| task.more).map(|days| {
            let longer = case.clock(service).map(|clock| clock.with(days));
            (days, longer.and_then(|c| c.due_on(calendar, calendar.hours(Some(&service.owner)))))
        });
        let ends = match service.lasts {
            Some(_) => tables::endings_of(&self.store, &case.resident).await?.remove(&case.id),
            None => None,
        };
        let ends = ends.map(|ending| ending.until);
        Ok(About {
            more,
            waits,
            ends,
            next: case.submitted_at.map(|at| owed::next_status(at, self.clock.now())),
            said: tables::notes(&self.store, case).await?.remove(event).unwrap_or_default(),
            until: tasks.iter().rev().filter(|task| task.unit.is_none()).find_map(|task| task.due_on),
        })
    }

    async fn written(
        &self,
        case: &Case,
        service: &Service,
        kind: &str,
        about: &About,
        to: &str,
        lang: Lang,
    ) -> Result<(String, String, String)> {
        let resident = self.people.person(to).await?;
        let unit = self.people.unit(case.unit.as_deref().ok_or(Error::NotFound)?).await?;
        let officer = match &case.officer {
            Some(id) => self.people.person(id).await?.titled(lang),
            None => match lang {
                Lang::Ko => "담당자가 정해지면 알려 드립니다".into(),
                Lang::En => "not yet assigned; we will tell you".into(),
            },
        };
        let decision: Option<Decision> =
            case.decision.clone().map(serde_json::from_value).transpose().map_err(Error::internal)?;
        let how = if kind == "refused" { Decided::Refused } else { Decided::Granted };
        let reasons: Vec<ShownReason> = decision
            .as_ref()
            .map(|d| in_words(&self.definitions.pack(), service, d, lang).reasons)
            .unwrap_or_default()
            .into_iter()
            .filter(|r| how == Decided::Granted || r.answer != Answer::Yes)
            .collect();
        let text = service.text(lang);
        let full =
            |at: Option<maru_kernel::At>| at.map(|at| shown::full(lang, at.date())).unwrap_or_default();
        let place = format!("{} {}", unit.agency.get(lang), unit.name.get(lang));
        let values = context! {
            applicant => resident.name.get(lang),
            service => text.name,
            receipt => case.receipt.clone().unwrap_or_default(),
            received_on => full(case.submitted_at),
            due_on => case.due_on.map(|d| shown::deadline(lang, d)).unwrap_or_default(),
            decided_on => full(case.decided_at),
            amount => decision.as_ref().and_then(|d| d.amount).map(|n| Won(n).to_string()).unwrap_or_default(),
            pays_text => service.pays.text(lang),
            reasons,
            note => case.note.clone().unwrap_or_default(),
            officer, unit => place, contact => unit.contact,
            basis => case.basis.clone().unwrap_or_default(),
            objection_until => case
                .objection_until(service)
                .map(|on| shown::full(lang, on))
                .unwrap_or_default(),
            objection_text => text.objection,
            objectable => service.objection.is_some(),
            extended => case.clock(service).map_or(0, |clock| clock.extensions.len()),
            said => about.said,
            until => about.until.map(|on| shown::deadline(lang, on)).unwrap_or_default(),
            more => about.more.map(|(days, _)| days),
            due_then => about.more.and_then(|(_, on)| on).map(|on| shown::deadline(lang, on)).unwrap_or_default(),
            waits => about.waits.iter().map(|unit| unit.get(lang)).collect::<Vec<_>>().join(", "),
            assigned => case.officer.is_some(),
            next_on => about.next.map(|on| shown::full(lang, on)).unwrap_or_default(),
            ends_on => about.ends.map(|on| shown::full(lang, on)).unwrap_or_default(),
            ended => about.ends.is_some_and(|on| on < self.clock.now().date()),
            lasts_text => text.lasts,
            again_url => match &service.lasts {
                Some(lasts) if lasts.again && !service.ended => format!("{}/services/{}", self.address, service.id),
                _ => String::new(),
            },
            case_url => format!("{}/cases/{}", self.address, case.id),
            desk_url => format!("{}/desk/cases/{}", self.address, case.id),
        };
        let pack = self.definitions.pack();
        let template = service
            .letters
            .get(kind, lang)
            .or_else(|| pack.letters.get(kind, lang))
            .ok_or(Error::NotFound)?;
        let written = writer()
            .render_str(template, values)
            .map_err(|e| Error::internal(format!("letter {kind}: {e:#}")))?;
        let written = particles(lang, &written);
        let (subject, body) = written.split_once('\n').unwrap_or((&written, ""));
        Ok((subject.trim().to_owned(), body.trim().to_owned(), place))
    }
}
