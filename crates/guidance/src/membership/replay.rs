//! A notice worked out again, from the facts and the law of its day.

use maru_kernel::{Actor, At, Date, Error, Id, Result};
use maru_rules::{Decision, Facts};
use maru_web::{
    App,
    ports::{Ask, NewGrant},
};
use serde_json::{Value as Json, json};

use super::{
    model::{Item, Kept},
    seal, subject,
    tables::{self, Notice},
};

/// Who looks at a notice that is not their own.
const READER: &str = "replay";
const LAW: &str = "개인정보 보호법 제15조제1항제3호";
/// So long may it be looked at.
const SECONDS: i64 = 60;

pub struct Replay {
    pub at: At,
    pub on: Date,
    /// The notice is, byte for byte, what the ledger committed to.
    pub sealed: bool,
    pub items: Vec<Replayed>,
}

impl Replay {
    pub fn same(&self) -> bool {
        self.sealed && self.items.iter().all(Replayed::same)
    }
}

/// One service of a notice: as it was told, and as it is worked out now.
pub struct Replayed {
    pub service: String,
    pub told: Decision,
    /// `None`: the service of that day is not to be found.
    pub now: Option<Decision>,
    /// The rules are those of the version that was told of.
    pub version: bool,
}

impl Replayed {
    pub fn same(&self) -> bool {
        self.version && self.now.as_ref().is_some_and(|now| json!(now) == json!(self.told))
    }
}

/// Works a notice out again for an operator, who says why. The person sees that somebody looked.
pub async fn replay(app: &App, id: &str, reason: &str) -> Result<Replay> {
    let reason = reason.trim();
    if reason.chars().count() < 10 {
        return Err(Error::internal(
            "say why in ten characters or more: the person reads it in their access log",
        ));
    }
    let id = Id::<Notice>::parse(id).map_err(|_| missing())?;
    let notice = tables::notice(&app.store, id.as_str()).await?.ok_or_else(missing)?;
    let now = app.now();
    let scope = || [("notice".to_owned(), vec![notice.id.clone()])].into();
    let actor = Actor::System { name: READER.into() };
    let purpose = subject(&notice.id);
    app.store
        .commit(app.ports.people.grant(&NewGrant {
            id: app.ids.next::<NewGrant>(now).to_string(),
            grantor: notice.party.clone(),
            grantee: actor.grantee(),
            scope: scope(),
            purpose: purpose.clone(),
            basis: LAW.into(),
            from: now,
            until: Some(now.plus_seconds(SECONDS)),
        }))
        .await?;
    let mut why = app.texts.both("membership-why-replay");
    for text in [&mut why.ko, &mut why.en] {
        text.push_str(&format!(": {reason}"));
    }
    let ask = Ask {
        actor,
        subject: notice.party.clone(),
        fields: scope(),
        purpose,
        why,
        law: LAW.into(),
        receipt: None,
    };
    app.ports.registers.show(&ask).await?;
    worked_out(app, &notice).await
}

fn missing() -> Error {
    Error::internal("there is no such notice; its id is the end of its page's address")
}

/// The same for the one whose notice it is.
pub async fn worked_out(app: &App, notice: &Notice) -> Result<Replay> {
    let Kept { on, items } = notice.kept()?;
    let entry = app.ports.ledger.proof(&subject(&notice.id)).await?;
    let sealed = entry.is_some_and(|proof| {
        proof.right && proof.entry.parse::<Json>().is_ok_and(|entry| entry == seal(&notice.id, &notice.body))
    });
    let mut replayed = Vec::new();
    for item in items {
        replayed.push(one(app, item, on, notice.at).await?);
    }
    Ok(Replay { at: notice.at, on, sealed, items: replayed })
}

async fn one(app: &App, item: Item, on: Date, at: At) -> Result<Replayed> {
    let then = app.definitions.as_of(&item.service, at).await?;
    let facts = Facts::from_json(&item.facts).map_err(Error::internal)?;
    Ok(Replayed {
        version: then.as_ref().is_some_and(|then| then.hash == item.version),
        now: then.map(|then| then.decide(&facts, on)),
        service: item.service,
        told: item.decision,
    })
}
