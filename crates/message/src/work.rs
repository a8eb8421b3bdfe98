//! What happens after an event: the letter into the inbox, then the mail.

use std::sync::Arc;

use async_trait::async_trait;
use maru_kernel::{At, Error, Result};
use maru_store::{Batch, Job, NewJob};
use maru_web::{App, Handler};
use serde_json::{Value as Json, json};

use crate::{
    mail::Post,
    tables::{self, About, Told},
};

pub struct Letters;

#[async_trait]
impl Handler for Letters {
    async fn handle(&self, app: &App, job: &Job) -> Result<()> {
        let event = job.event()?;
        let kind = match event.kind.as_str() {
            "case.submitted" => "received",
            "case.escalated" => "overdue",
            "case.reported" => "status",
            other => other.trim_start_matches("case."),
        };
        let case = event.aggregate.trim_start_matches("case/");
        let letters = app.ports.cases.letters(case, kind, &event.id).await?;
        let now = app.now();
        let mut batch = Batch::new();
        for letter in &letters {
            let told = Told {
                to: &letter.to,
                kind,
                about: About::Case(&letter.case),
                subject: &letter.subject,
                body: &letter.body,
                from: &letter.from,
            };
            // Mail is known by its name wherever it arrives: what several people get is several.
            let alone = letters.len() == 1;
            let mail = if alone { event.id.clone() } else { format!("{}-{}", event.id, letter.to) };
            notify(&mut batch, &event.id, &told, &mail, now);
        }
        batch.finish(job);
        match app.store.commit(batch).await {
            // Done by somebody else in the meantime: one event, one message.
            Err(Error::Guard(_)) => Ok(()),
            other => other,
        }
    }
}

/// The change that puts a message into the inbox and leaves its mail behind.
pub fn notify(batch: &mut Batch, id: &str, told: &Told<'_>, mail: &str, now: At) {
    tables::add(batch, id, told, now);
    batch.job(NewJob {
        id: format!("{id}-mail-{}", told.to),
        kind: "mail".into(),
        lane: Some(format!("mail:{}", told.to)),
        due: now,
        body: json!({ "party": told.to, "message": id, "mail": mail }),
    });
}

pub struct Mail {
    pub post: Arc<Post>,
}

#[async_trait]
impl Handler for Mail {
    async fn handle(&self, app: &App, job: &Job) -> Result<()> {
        let text = |name: &str| job.body.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        let (party, id) = (text("party"), text("message"));
        let person = app.ports.people.person(&party).await?;
        let message = tables::message(&app.store, &party, &id).await?.ok_or(Error::NotFound)?;
        let mut outcome = "no-address";
        if let Some(to) = person.mail.clone() {
            let post = self.post.clone();
            let (subject, body) =
                (message.subject.get(person.lang).to_owned(), message.body.get(person.lang).to_owned());
            // A job of the version before names only the message.
            let mail_id = Some(text("mail")).filter(|mail| !mail.is_empty()).unwrap_or_else(|| id.clone());
            tokio::task::spawn_blocking(move || post.send(&mail_id, &to, &subject, &body))
                .await
                .map_err(Error::internal)??;
            outcome = if matches!(*self.post, Post::None) { "no-channel" } else { "sent" };
        }
        let now = app.now();
        let mut batch = Batch::new();
        tables::add_attempt(&mut batch, &party, &id, self.post.channel(), now, outcome);
        batch.finish(job);
        match app.store.commit(batch).await {
            Err(Error::Guard(_)) => Ok(()),
            other => other,
        }
    }
}
