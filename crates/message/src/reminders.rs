//! What comes due: a person chooses what to be told of, and is told ahead.

use std::collections::{BTreeMap, BTreeSet};

use maru_definition::{
    Opens, Reminder,
    ahead::{OVER, days_until, step},
};
use maru_kernel::{Actor, At, Both, Error, Lang, Result};
use maru_store::Batch;
use maru_web::{
    App,
    ports::{Ask, Held, MessageCard, NewGrant},
    shown,
};

use crate::{
    tables::{self, About, Told, Wish},
    work,
};

/// Grants for this purpose let the program read what a person wishes to be told of, and nothing else.
const PURPOSE: &str = "remind";
/// Who reads: the program itself.
const READER: &str = "reminders";
const PAGE: usize = 200;

/// The fields that reminders read, by register.
fn scope(app: &App, reminders: &[&Reminder]) -> BTreeMap<String, Vec<String>> {
    let pack = app.definitions.pack();
    let mut scope: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for reminder in reminders {
        if let Some(register) = pack.register(&reminder.register) {
            scope.entry(register.id.clone()).or_default().extend(reminder.fields(register));
        }
    }
    scope.into_iter().map(|(register, fields)| (register, fields.into_iter().collect())).collect()
}

fn ask(app: &App, party: &str, reminders: &[&Reminder]) -> Ask {
    Ask {
        actor: Actor::System { name: READER.into() },
        subject: party.to_owned(),
        fields: scope(app, reminders),
        purpose: PURPOSE.into(),
        why: app.texts.both("reminder-why-read"),
        law: "개인정보 보호법 제15조제1항제1호".into(),
        receipt: None,
    }
}

/// A wish after a look: what the registers say now, and what is to be told of it.
fn looked(app: &App, wish: &Wish, reminder: &Reminder, held: &[Held], now: At) -> (Wish, Option<i64>) {
    let pack = app.definitions.pack();
    let row = held.iter().find(|held| held.register == reminder.register).and_then(|held| held.row.as_ref());
    let due = pack
        .register(&reminder.register)
        .zip(row)
        .and_then(|(register, row)| reminder.due(register, row, &pack.parameters, now.date()));
    let told = wish.told.filter(|_| wish.due == due);
    let step = step(due, &reminder.ahead, told, now.date());
    let new = Wish { due, told: step.tell.or(told), look: step.look, read_at: Some(now), ..wish.clone() };
    (new, step.tell)
}

/// Keeps what a person wishes to be told of: this and nothing more. The registers are read at once, so that the page can show it.
pub async fn choose(app: &App, party: &str, ids: &BTreeSet<&str>) -> Result<()> {
    let pack = app.definitions.pack();
    let reminders: Vec<&Reminder> = pack.reminders.iter().filter(|r| ids.contains(r.id.as_str())).collect();
    if reminders.len() != ids.len() {
        return Err(Error::invalid("reminders", "reminder-wrong"));
    }
    let now = app.now();
    let old = tables::wishes(&app.store, party).await?;
    let mut batch = app.ports.people.end_grants(party, PURPOSE, now);
    tables::forget_wishes(&mut batch, party);
    let wishes: Vec<Wish> = reminders
        .iter()
        .map(|reminder| {
            old.get(&reminder.id).cloned().unwrap_or_else(|| Wish {
                party: party.to_owned(),
                reminder: reminder.id.clone(),
                due: None,
                told: None,
                look: now.date(),
                read_at: None,
            })
        })
        .collect();
    for wish in &wishes {
        tables::put_wish(&mut batch, wish);
    }
    if !reminders.is_empty() {
        batch.and(app.ports.people.grant(&NewGrant {
            id: app.ids.next::<NewGrant>(now).to_string(),
            grantor: party.to_owned(),
            grantee: Actor::System { name: READER.into() }.grantee(),
            scope: scope(app, &reminders),
            purpose: PURPOSE.into(),
            basis: "consent".into(),
            from: now,
            until: None,
        }));
    }
    app.store.commit(batch).await?;
    if reminders.is_empty() {
        return Ok(());
    }
    let held = app.ports.registers.read(&ask(app, party, &reminders)).await?;
    let mut batch = Batch::new();
    for (wish, reminder) in wishes.iter().zip(&reminders) {
        // They see it now; a letter about the same would only be more to read.
        tables::move_wish(&mut batch, wish, &looked(app, wish, reminder, &held, now).0);
    }
    match app.store.commit(batch).await {
        // The round was there first.
        Err(Error::Guard(_)) => Ok(()),
        other => other,
    }
}

/// Looks at everything whose day has come, while offices are open. Answers how much was told.
pub async fn remind(app: &App) -> Result<usize> {
    let now = app.now();
    if !app.definitions.calendar().is_open(now) {
        return Ok(0);
    }
    let (mut told, mut last) = (0_usize, String::new());
    loop {
        let parties = tables::to_look_at(&app.store, now.date(), &last, PAGE).await?;
        for party in &parties {
            match remind_one(app, party, now).await {
                Ok(n) => told = told.saturating_add(n),
                // Done by another process in the meantime.
                Err(Error::Guard(_)) => {}
                Err(other) => return Err(other),
            }
        }
        match parties.into_iter().last() {
            Some(party) => last = party,
            None => return Ok(told),
        }
    }
}

async fn remind_one(app: &App, party: &str, now: At) -> Result<usize> {
    let pack = app.definitions.pack();
    let today = now.date();
    let wishes = tables::wishes(&app.store, party).await?;
    // A reminder that is no more is looked at no more.
    let known: Vec<(&Wish, &Reminder)> = wishes
        .values()
        .filter(|wish| wish.look <= today)
        .filter_map(|wish| pack.reminder(&wish.reminder).map(|reminder| (wish, reminder)))
        .collect();
    let reminders: Vec<&Reminder> = known.iter().map(|(_, reminder)| *reminder).collect();
    if reminders.is_empty() {
        return Ok(0);
    }
    let held = match app.ports.registers.read(&ask(app, party, &reminders)).await {
        Ok(held) => held,
        // The consent is gone, and with it the wish.
        Err(Error::Denied(_)) => {
            let mut batch = Batch::new();
            tables::forget_wishes(&mut batch, party);
            app.store.commit(batch).await?;
            return Ok(0);
        }
        Err(other) => return Err(other),
    };
    let (mut batch, mut told) = (Batch::new(), 0_usize);
    for (wish, reminder) in known {
        let (new, tell) = looked(app, wish, reminder, &held, now);
        if let (Some(step), Some(due)) = (tell, new.due) {
            let subject = subject(app, reminder, step, days_until(today, due), due)?;
            let owner = pack.register(&reminder.register).and_then(|register| pack.agency(&register.owner));
            let id = app.ids.next::<MessageCard>(now).to_string();
            let letter = Told {
                to: party,
                kind: "reminder",
                about: About::Reminder(&reminder.id),
                subject: &subject,
                body: &body(app, reminder),
                from: owner.map_or(&pack.name, |agency| &agency.name),
            };
            work::notify(&mut batch, &id, &letter, &id, now);
            told = told.saturating_add(1);
        }
        tables::move_wish(&mut batch, wish, &new);
    }
    app.store.commit(batch).await?;
    Ok(told)
}

fn subject(app: &App, reminder: &Reminder, step: i64, left: i64, due: maru_kernel::Date) -> Result<Both> {
    let key = if step == OVER { "reminder-over" } else { "reminder-left" };
    let said = |lang: Lang| {
        let args = [
            ("name", reminder.name.get(lang).into()),
            ("days", left.into()),
            ("date", shown::full(lang, due).into()),
        ];
        app.texts.get(lang, key, &args).ok_or_else(|| Error::internal(format!("no text {key}")))
    };
    Ok(Both { ko: said(Lang::Ko)?, en: said(Lang::En)? })
}

/// What there is to do, by which law, and where; mail has no buttons.
fn body(app: &App, reminder: &Reminder) -> Both {
    let address = match &reminder.opens {
        Opens::Service(service) => format!("{}/services/{service}", app.settings.address),
        Opens::Url(url) => url.clone(),
    };
    let said = |lang: Lang| {
        format!(
            "{}\n\n{}: {address}\n{}: {}",
            reminder.text.get(lang),
            app.texts.of(lang, "reminder-where"),
            app.texts.of(lang, "reminder-law"),
            reminder.law
        )
    };
    Both { ko: said(Lang::Ko), en: said(Lang::En) }
}
