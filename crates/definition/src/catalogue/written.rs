//! Services written while the country runs, in what every program of it serves.

use std::sync::{Arc, PoisonError};

use maru_kernel::{At, Date, Error, Result};
use maru_rules::Parameters;
use maru_store::{Batch, Store};

use super::Definitions;
use crate::{
    Announced, Ask, Asked, Draft, LeftOut, NewValue, Pack, Published, Service, ServiceFiles, Tried, Verb,
    announced, check, draft,
};

/// What people wrote while the country runs, as it holds at an instant.
pub(super) struct Held {
    services: Vec<Published>,
    values: Vec<Announced>,
}

impl Held {
    pub(super) async fn of(store: &Store, now: At) -> Result<Held> {
        let (services, values) = (draft::in_force(store, now).await?, announced::approved(store, now).await?);
        Ok(Held { services, values })
    }

    /// What ends a version later changes nothing now.
    fn same(&self, other: &Held) -> bool {
        let services = |held: &Held| {
            held.services.iter().map(|one| (one.service.clone(), one.since)).collect::<Vec<_>>()
        };
        let values = |held: &Held| {
            held.values.iter().map(|one| (one.parameter.clone(), one.place)).collect::<Vec<_>>()
        };
        services(self) == services(other) && values(self) == values(other)
    }
}

/// The pack of the program with what was published of it, and what had to be left out.
pub(super) async fn served(
    store: &Store,
    base: &Arc<Pack>,
    held: &Held,
) -> Result<(Arc<Pack>, Vec<LeftOut>)> {
    let (mut pack, mut left_out) = (base.clone(), Vec::new());
    if !held.values.is_empty() {
        pack = Arc::new(pack.with_announced(announced::read(&held.values)));
    }
    for one in &held.services {
        let (owner, files) = draft::read(store, one).await?;
        let faults = match owner {
            Some(owner) => {
                let tried = pack.with_service(&owner, &one.service, &files);
                if tried.faults.is_empty() {
                    pack = Arc::new(tried.pack);
                }
                tried.faults
            }
            None => Vec::new(),
        };
        // What is left out is not filed for, but cases go on by an older version where there is one.
        if one.ended || !faults.is_empty() {
            pack = Arc::new(pack.with_ended(&one.service));
        }
        if !faults.is_empty() {
            tracing::error!(
                service = one.service,
                cause = faults.first().map(ToString::to_string),
                "a published service can't be read by this program and is left out"
            );
            left_out.push(LeftOut { service: one.service.clone(), faults });
        }
    }
    Ok((pack, left_out))
}

impl Definitions {
    /// Takes over services that were published or ended, or whose day has come, and values that were announced, here or by another
    /// program; answers whether there were any.
    pub async fn refresh_services(&self, now: At) -> Result<bool> {
        let mut known = self.inner.held.lock().await;
        let held = Held::of(&self.inner.store, now).await?;
        if known.same(&held) {
            return Ok(false);
        }
        let (pack, left_out) = served(&self.inner.store, &self.inner.base, &held).await?;
        *self.inner.pack.write().unwrap_or_else(PoisonError::into_inner) = pack;
        *self.inner.left_out.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(left_out);
        self.reload().await?;
        *known = held;
        Ok(true)
    }

    /// Published services that are not served, and why.
    pub fn left_out(&self) -> Arc<Vec<LeftOut>> {
        self.inner.left_out.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The newest version of every draft.
    pub async fn drafts(&self) -> Result<Vec<Draft>> {
        draft::all(&self.inner.store).await
    }

    pub async fn draft(&self, service: &str) -> Result<Option<Draft>> {
        draft::newest(&self.inner.store, service).await
    }

    /// Who wrote a draft when, the newest first; without the files.
    pub async fn draft_history(&self, service: &str) -> Result<Vec<Draft>> {
        draft::history(&self.inner.store, service).await
    }

    /// What was asked for of a service, the newest first.
    pub async fn asks(&self, service: &str) -> Result<Vec<Ask>> {
        draft::asks(&self.inner.store, service).await
    }

    /// The versions of a service that were published on pages, the newest first.
    pub async fn published(&self, service: &str) -> Result<Vec<Published>> {
        draft::published(&self.inner.store, service).await
    }

    /// What a draft's files make of what is served.
    pub fn tried(&self, draft: &Draft) -> Tried {
        let mut tried = self.pack().with_service(&draft.owner, &draft.service, &draft.files);
        if let Some(service) = &tried.service {
            tried.faults.extend(check::plain(&tried.pack, service));
        }
        tried
    }

    /// The change that keeps the next version of a draft.
    pub fn write_draft(&self, draft: &Draft) -> Result<Batch> {
        draft::write(draft)
    }

    /// What was asked for of a parameter, the newest first.
    pub async fn announced(&self, parameter: &str) -> Result<Vec<Announced>> {
        announced::of(&self.inner.store, parameter).await
    }

    /// The values that wait for a second person.
    pub async fn announced_open(&self) -> Result<Vec<Announced>> {
        announced::open(&self.inner.store).await
    }

    /// The one that is asked for, if it still is.
    pub async fn open_value(&self, parameter: &str, place: i64) -> Result<Announced> {
        let one = self.announced(parameter).await?.into_iter().find(|one| one.place == place);
        let one = one.ok_or(Error::NotFound)?;
        if one.state == Asked::Open { Ok(one) } else { Err(Error::Conflict("services-answered".into())) }
    }

    /// The change that asks for a value of a parameter from a day on.
    pub async fn ask_value(&self, new: &NewValue<'_>, by: &str, now: At) -> Result<Batch> {
        announced::ask(new, &self.pack(), &self.announced(new.parameter).await?, by, now)
    }

    /// The change that makes it hold, or takes it back.
    pub fn answer_value(&self, one: &Announced, state: Asked, by: &str, now: At) -> Result<Batch> {
        announced::answer(one, state, by, now)
    }

    /// The parameters as they would be with a value.
    pub fn parameters_with(&self, one: &Announced) -> Parameters {
        self.pack().parameters.announced(&announced::read([one]))
    }

    /// The change that asks for a publication or an end from a day on. One thing is asked for at a time.
    pub async fn ask(&self, service: &str, verb: Verb, from: Date, by: &str, now: At) -> Result<Batch> {
        let asks = self.asks(service).await?;
        if asks.iter().any(|ask| ask.state == Asked::Open) {
            return Err(Error::Conflict("services-asked-already".into()));
        }
        if from < now.date() {
            return Err(Error::invalid("from", "services-wrong-over"));
        }
        draft::since(from, now, draft::last(&self.inner.store, service).await?)?;
        let version = match verb {
            Verb::Publish => {
                let draft = self.draft(service).await?.ok_or(Error::NotFound)?;
                if !self.tried(&draft).faults.is_empty() {
                    return Err(Error::Conflict("services-faulty".into()));
                }
                draft.version
            }
            Verb::End => {
                self.service(service).filter(|service| !service.ended).ok_or(Error::NotFound)?;
                0
            }
        };
        Ok(draft::ask(&Ask {
            service: service.to_owned(),
            place: asks.first().map_or(1, |ask| ask.place.saturating_add(1)),
            verb,
            draft: version,
            from,
            asked_by: by.to_owned(),
            asked_at: now,
            state: Asked::Open,
            done_by: None,
            done_at: None,
        }))
    }

    /// The change that takes back or turns down what was asked for.
    pub async fn withdraw_ask(&self, service: &str, place: i64, by: &str, now: At) -> Result<Batch> {
        let ask = self.open_ask(service, place).await?;
        Ok(draft::answer(&ask, Asked::Withdrawn, by, now))
    }

    /// What is asked for, if it still is.
    pub async fn open_ask(&self, service: &str, place: i64) -> Result<Ask> {
        let ask =
            self.asks(service).await?.into_iter().find(|ask| ask.place == place).ok_or(Error::NotFound)?;
        match ask.state {
            Asked::Open => Ok(ask),
            Asked::Void => Err(Error::Conflict("services-changed-since".into())),
            Asked::Approved | Asked::Withdrawn => Err(Error::Conflict("services-answered".into())),
        }
    }

    /// The change that approves it: the version that begins, and the end of the one before.
    pub async fn approve(&self, ask: &Ask, by: &str, now: At) -> Result<Batch> {
        let store = &self.inner.store;
        let before = draft::last(store, &ask.service).await?;
        let since = draft::since(ask.from, now, before)?;
        let mut batch = draft::answer(ask, Asked::Approved, by, now);
        match (ask.verb, before) {
            (Verb::Publish, _) => {
                let draft = self.draft(&ask.service).await?.ok_or(Error::NotFound)?;
                if draft.version != ask.draft {
                    return Err(Error::Conflict("services-changed-since".into()));
                }
                let tried = self.tried(&draft);
                let Some(service) = tried.service.filter(|_| tried.faults.is_empty()) else {
                    return Err(Error::Conflict("services-faulty".into()));
                };
                let texts = tried.pack.texts_of(&service);
                draft::begin(&mut batch, &draft.owner, &service, texts, since, before)?;
            }
            (Verb::End, Some(before)) => draft::finish(&mut batch, &ask.service, since, before),
            (Verb::End, None) => return Err(Error::NotFound),
        }
        Ok(batch)
    }

    /// A service that this program brings, as somebody begins a new version of it.
    pub fn shipped(&self, id: &str) -> Option<&Arc<Service>> {
        self.shipped_services().iter().find(|service| service.id == id)
    }

    /// The files of such a service.
    pub fn shipped_files(&self, service: &Service) -> ServiceFiles {
        self.inner.base.files_of(service)
    }

    /// The services that this program brings.
    pub fn shipped_services(&self) -> &[Arc<Service>] {
        &self.inner.base.services
    }
}
