//! How much one client may ask a minute. Counted in memory, settled with the database about once a second, so that
//! counts outlive this process and hold for all of them together.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use maru_kernel::{At, Error, Result};
use maru_store::{Batch, Store};

use crate::edge::tables;

const MINUTE_MICROS: i64 = 60_000_000;
/// So many clients are remembered at once; a hundred bytes each.
const CLIENTS: usize = 100_000;
/// A client is written to the database from this part of its limit on: most never are.
const SHARED_PART: i64 = 10;
/// So many clients are written in one batch; the others follow a second later.
const WRITTEN: usize = 1_000;
/// So many busy clients are read of what all processes counted.
const READ: i64 = 20_000;
/// No limit may be set above this.
const MOST: i64 = 1_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Reading a page.
    Page,
    /// Changing something through a page.
    Change,
    /// A call of the API.
    Api,
}

impl Class {
    pub const ALL: [Class; 3] = [Class::Page, Class::Change, Class::Api];

    pub fn name(self) -> &'static str {
        match self {
            Class::Page => "page",
            Class::Change => "change",
            Class::Api => "api",
        }
    }
    fn parse(name: &str) -> Option<Class> {
        Class::ALL.into_iter().find(|class| class.name() == name)
    }
    fn usual(self) -> i64 {
        match self {
            Class::Page => 600,
            Class::Change => 120,
            Class::Api => 1_200,
        }
    }
}

/// A limit as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Limit {
    /// `page`, `change`, `api`
    pub name: &'static str,
    /// Requests a minute for one client; 0: no limit.
    pub per_minute: i64,
    /// What it is where nobody set it.
    pub usual: i64,
    /// When an operator set it.
    pub set_at: Option<At>,
}

/// Every limit, set or usual.
pub async fn limits(store: &Store) -> Result<Vec<Limit>> {
    let rows = tables::limits(store).await?;
    let mut all = Vec::new();
    for class in Class::ALL {
        let set = rows.iter().find(|row| row.text("name").is_ok_and(|name| name == class.name()));
        all.push(Limit {
            name: class.name(),
            per_minute: set.map_or(Ok(class.usual()), |row| row.int("per_minute"))?,
            usual: class.usual(),
            set_at: set.map(|row| row.at("set_at")).transpose()?,
        });
    }
    Ok(all)
}

/// The change that sets a limit for every process, within seconds. 0: no limit.
pub fn set_limit(name: &str, per_minute: i64, now: At) -> Result<Batch> {
    let class = Class::parse(name).ok_or_else(|| Error::invalid("name", "error-limit-name"))?;
    if !(0..=MOST).contains(&per_minute) {
        return Err(Error::invalid("per_minute", "error-limit-number"));
    }
    let mut batch = Batch::new();
    tables::set_limit(&mut batch, class.name(), per_minute, now);
    Ok(batch)
}

type Client = [u8; 16];

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    /// As the database said last, for all processes together.
    shared: i64,
    /// Counted here since.
    fresh: i64,
}

#[derive(Debug, Default)]
struct Counts {
    minute: i64,
    by: HashMap<(Class, Client), Count>,
}

#[derive(Debug)]
pub struct Limits {
    counts: Mutex<Counts>,
    per_minute: [AtomicI64; 3],
}

impl Default for Limits {
    fn default() -> Self {
        Limits { counts: Mutex::default(), per_minute: Class::ALL.map(|class| AtomicI64::new(class.usual())) }
    }
}

impl Limits {
    fn of(&self, class: Class) -> i64 {
        let [page, change, api] = &self.per_minute;
        match class {
            Class::Page => page,
            Class::Change => change,
            Class::Api => api,
        }
        .load(Ordering::Relaxed)
    }

    /// Reads the limits again.
    pub(crate) async fn refresh(&self, store: &Store) -> Result<()> {
        for (limit, kept) in limits(store).await?.iter().zip(&self.per_minute) {
            kept.store(limit.per_minute, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Counts one request, or says in how many seconds the client may ask again.
    pub(crate) fn take(&self, class: Class, client: Client, now: At) -> std::result::Result<(), u64> {
        let limit = self.of(class);
        if limit == 0 {
            return Ok(());
        }
        let minute = now.micros().div_euclid(MINUTE_MICROS);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.minute != minute {
            counts.minute = minute;
            counts.by.clear();
            counts.by.shrink_to(CLIENTS / 10);
        }
        if counts.by.len() >= CLIENTS && !counts.by.contains_key(&(class, client)) {
            self.make_room(&mut counts);
        }
        let count = counts.by.entry((class, client)).or_default();
        if count.shared + count.fresh >= limit {
            let left = MINUTE_MICROS - now.micros().rem_euclid(MINUTE_MICROS);
            return Err(u64::try_from(left / 1_000_000 + 1).unwrap_or(1));
        }
        count.fresh += 1;
        Ok(())
    }

    /// Forgets who asked little; if that is not enough, everybody the database remembers.
    fn make_room(&self, counts: &mut Counts) {
        counts.by.retain(|(class, _), count| count.shared + count.fresh >= self.shared_from(*class));
        if counts.by.len() >= CLIENTS / 10 * 9 {
            counts.by.retain(|_, count| count.fresh > 0 && count.shared > 0);
        }
        if counts.by.len() >= CLIENTS {
            counts.by.clear();
        }
    }

    fn shared_from(&self, class: Class) -> i64 {
        (self.of(class) / SHARED_PART).max(1)
    }

    /// Adds what was counted here to what all processes counted, and reads the whole.
    pub async fn settle(&self, store: &Store, now: At) -> Result<()> {
        let minute = now.micros().div_euclid(MINUTE_MICROS);
        let mut fresh: Vec<(Class, Client, i64)> = {
            let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            let due = |(class, _): &&(Class, Client), count: &Count| {
                count.fresh > 0 && count.shared + count.fresh >= self.shared_from(*class)
            };
            let all = counts.by.iter().filter(|(key, count)| counts.minute == minute && due(key, count));
            all.take(WRITTEN).map(|((class, client), count)| (*class, *client, count.fresh)).collect()
        };
        // One order for every process: two that add the same rows wait for each other, never in a circle.
        fresh.sort_unstable();
        let mut batch = Batch::new();
        for (class, client, more) in &fresh {
            tables::add_use(&mut batch, minute, class.name(), &hex(client), *more);
        }
        if tables::has_old_uses(store, minute).await? {
            tables::forget_uses(&mut batch, minute);
        }
        store.commit(batch).await?;
        self.change(minute, |by| {
            for (class, client, more) in &fresh {
                if let Some(count) = by.get_mut(&(*class, *client)) {
                    count.fresh -= more;
                    count.shared += more;
                }
            }
        });
        let mut whole = Vec::new();
        for row in tables::uses(store, minute, READ).await? {
            if let (Some(class), Some(client)) =
                (Class::parse(row.text("class")?), unhex(row.text("client")?))
            {
                whole.push((class, client, row.int("used")?));
            }
        }
        if !whole.is_empty() {
            self.change(minute, |by| {
                for (class, client, used) in whole {
                    if by.len() < CLIENTS || by.contains_key(&(class, client)) {
                        by.entry((class, client)).or_default().shared = used;
                    }
                }
            });
        }
        Ok(())
    }

    fn change(&self, minute: i64, change: impl FnOnce(&mut HashMap<(Class, Client), Count>)) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.by.is_empty() {
            counts.minute = counts.minute.max(minute);
        }
        if counts.minute == minute {
            change(&mut counts.by);
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> Option<Client> {
    let mut bytes = [0; 16];
    if text.len() != 32 {
        return None;
    }
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(i * 2..i * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(n: u64) -> Client {
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(n.to_be_bytes()).for_each(|(to, from)| *to = from);
        bytes
    }

    #[test]
    fn a_minute_is_a_minute() {
        let limits = Limits::default();
        let at = At::from_micros(7 * MINUTE_MICROS + 15_000_000);
        for n in 0..120 {
            assert_eq!(limits.take(Class::Change, client(1), at), Ok(()), "{n}");
        }
        assert_eq!(limits.take(Class::Change, client(1), at), Err(46), "until the minute is over");
        assert_eq!(limits.take(Class::Page, client(1), at), Ok(()), "reading is counted for itself");
        assert_eq!(limits.take(Class::Change, client(2), at), Ok(()), "and so is everybody else");
        assert_eq!(limits.take(Class::Change, client(1), at.plus_seconds(46)), Ok(()));
    }

    #[test]
    fn a_million_clients_need_no_more_room() {
        let limits = Limits::default();
        let at = At::from_micros(MINUTE_MICROS);
        for _ in 0..100 {
            limits.take(Class::Change, client(0), at).ok();
        }
        for n in 1..=1_000_000 {
            limits.take(Class::Change, client(n), at).ok();
        }
        assert!(limits.counts.lock().unwrap_or_else(PoisonError::into_inner).by.len() <= CLIENTS);
        for _ in 0..20 {
            limits.take(Class::Change, client(0), at).ok();
        }
        assert!(limits.take(Class::Change, client(0), at).is_err(), "who asked much is not forgotten");
    }
}
