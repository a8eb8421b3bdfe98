use async_trait::async_trait;
use axum::{Router, extract::Path, response::Response, routing::get};
use maru_definition::{Definitions, Opens, ahead::days_until};
use maru_kernel::{At, Date, Error, Id, Result};
use maru_store::{Batch, Store};
use maru_web::{
    Context, Fail, Shared, context,
    ports::{ComingCard, Inbox, MessageCard, NewMessage, PersonKind},
};

use crate::{
    tables::{self, About, Told},
    work,
};

pub fn routes() -> Router<Shared> {
    Router::new().route("/messages", get(list)).route("/messages/{id}", get(show))
}

/// The port `Inbox`.
pub struct Letterbox {
    pub store: Store,
    pub definitions: Definitions,
}

#[async_trait]
impl Inbox for Letterbox {
    async fn unread(&self, party: &str) -> Result<usize> {
        tables::unread(&self.store, party).await
    }
    async fn newest(&self, party: &str, limit: usize) -> Result<Vec<MessageCard>> {
        tables::newest(&self.store, party, limit).await
    }
    fn tell(&self, message: &NewMessage, now: At) -> Batch {
        let told = Told {
            to: &message.to,
            kind: "notice",
            about: About::Notice(&message.notice),
            subject: &message.subject,
            body: &message.body,
            from: &message.from,
        };
        let mut batch = Batch::new();
        work::notify(&mut batch, &message.notice, &told, &message.notice, now);
        batch
    }
    async fn coming(&self, party: &str, today: Date, limit: usize) -> Result<Option<Vec<ComingCard>>> {
        let wishes = tables::wishes(&self.store, party).await?;
        let pack = self.definitions.pack();
        let cards = wishes.values().filter_map(|wish| {
            let reminder = pack.reminder(&wish.reminder)?;
            let due = wish.due.filter(|due| *due >= today)?;
            Some(ComingCard { name: reminder.name.clone(), due, days: days_until(today, due) })
        });
        let mut cards: Vec<ComingCard> = cards.collect();
        cards.sort_by_key(|card| card.due);
        cards.truncate(limit);
        Ok((!wishes.is_empty()).then_some(cards))
    }
}

async fn list(context: Context) -> std::result::Result<Response, Fail> {
    let person = context.person()?;
    let messages = tables::newest(&context.app.store, &person.id, 200).await?;
    Ok(context
        .page(
            "messages",
            "message/list.html",
            context! { messages, mail => person.mail, resident => person.kind == PersonKind::Resident },
        )
        .await?)
}

/// Opening a message acknowledges it.
async fn show(context: Context, Path(id): Path<String>) -> std::result::Result<Response, Fail> {
    let person = context.person()?;
    let id = Id::<tables::Message>::parse(&id)?;
    let store = &context.app.store;
    let message = tables::message(store, &person.id, id.as_str()).await?.ok_or(Error::NotFound)?;
    if !message.read {
        let mut batch = Batch::new();
        tables::mark_read(&mut batch, &person.id, id.as_str(), context.now);
        store.commit(batch).await?;
    }
    let sent = tables::sent(store, &person.id, id.as_str()).await?;
    let body = message.body.get(context.lang);
    let paragraphs: Vec<Vec<&str>> = body.split("\n\n").map(|p| p.lines().collect()).collect();
    // Whoever manages an agency hears of cases that are not theirs to open.
    let desk = person.kind == PersonKind::Official;
    let case = message.case.filter(|_| !desk || message.kind == "warned");
    let pack = context.app.definitions.pack();
    let opens = message.reminder.as_deref().and_then(|id| pack.reminder(id));
    let (service, url) = match opens.map(|reminder| &reminder.opens) {
        Some(Opens::Service(service)) => (Some(service.as_str()), None),
        Some(Opens::Url(url)) => (None, Some(url.as_str())),
        None => (None, None),
    };
    let values = context! {
        service, url, subject => message.subject.get(context.lang), from => message.from.get(context.lang),
        at => message.at.micros(), paragraphs, case, desk, notice => message.notice, kind => message.kind,
        sent => sent.map(|at| at.micros()), mail => person.mail,
    };
    Ok(context.page("messages", "message/show.html", values).await?)
}
