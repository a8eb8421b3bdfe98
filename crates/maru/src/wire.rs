//! Puts the rooms together.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use maru_definition::{Definitions, Pack};
use maru_kernel::{At, Clock, Error, Lang, Result};
use maru_message::Post;
use maru_store::{Consumer, Migration, Place, Store};
use maru_web::{
    App, Edge, Handler, Ids, Kept, Pages, Room, Settings, Shared, Texts,
    ports::{People, Ports},
};

/// The wall clock, or one that started somewhere else. It never goes back: a wall clock that was set back is waited for, at the
/// usual pace, and what a database holds from before a start counts as well.
pub struct Running {
    anchor: Mutex<(At, Instant)>,
    wall: bool,
}

/// A kept time further ahead than this is a mistake that is not followed.
const AHEAD_SECONDS: i64 = 86_400;

impl Running {
    pub fn from(start: Option<At>) -> Self {
        let at = start.unwrap_or_else(wall);
        Running { anchor: Mutex::new((at, Instant::now())), wall: start.is_none() }
    }
}

fn wall() -> At {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    At::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

impl Clock for Running {
    fn now(&self) -> At {
        let mut anchor = self.anchor.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = i64::try_from(anchor.1.elapsed().as_micros()).unwrap_or(i64::MAX);
        let steady = At::from_micros(anchor.0.micros().saturating_add(gone));
        let shown = if self.wall { wall() } else { steady };
        if shown > steady {
            *anchor = (shown, Instant::now());
        }
        shown.max(steady)
    }

    fn not_before(&self, at: At) {
        let now = self.now();
        if at > now.plus_seconds(AHEAD_SECONDS) {
            tracing::warn!(
                kept = at.rfc3339(),
                "the database holds a time more than a day ahead of the clock; it is not followed"
            );
        } else if at > now {
            tracing::warn!(
                kept = at.rfc3339(),
                "the clock is behind what the database holds; time goes on from there"
            );
            *self.anchor.lock().unwrap_or_else(PoisonError::into_inner) = (at, Instant::now());
        }
    }
}

pub fn rooms(post: Post) -> Vec<Room> {
    vec![
        maru_web::shell(),
        maru_party::room(),
        maru_record::room(),
        maru_guidance::room(),
        maru_case::room(),
        maru_message::room(post),
        maru_work::room(),
        maru_policy::room(),
    ]
}

pub async fn open_store(place: &Place, rooms: &[Room]) -> Result<Store> {
    let migrations: Vec<Migration> = maru_definition::migrations()
        .iter()
        .chain(rooms.iter().flat_map(|room| room.migrations))
        .copied()
        .collect();
    let consumers: Vec<Consumer> =
        rooms.iter().flat_map(|room| room.handling.iter().map(|h| h.consumer.clone())).collect();
    Store::open(place, &migrations, consumers).await
}

/// The pack inside the program, read once.
pub fn pack() -> Result<Arc<Pack>> {
    static READ: OnceLock<std::result::Result<Arc<Pack>, String>> = OnceLock::new();
    let read = READ.get_or_init(|| {
        Pack::embedded().map(Arc::new).map_err(|faults| {
            let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
            format!("the pack inside the program is broken:\n{}", told.join("\n"))
        })
    });
    read.clone().map_err(Error::internal)
}

pub struct Wired {
    pub app: Shared,
    pub pages: axum::Router<Shared>,
    pub api: axum::Router<Shared>,
    pub openapi: serde_json::Value,
    pub handlers: BTreeMap<String, Arc<dyn Handler>>,
}

pub async fn wire(place: &Place, post: Post, settings: Settings, clock: Arc<dyn Clock>) -> Result<Wired> {
    let rooms = rooms(post);
    let store = open_store(place, &rooms).await?;
    if let Some(seen) = maru_web::last_seen(&store).await? {
        clock.not_before(seen);
    }
    let pack = pack()?;
    let definitions = Definitions::open(store.clone(), pack.clone(), clock.now()).await?;
    let texts = Arc::new(Texts::new(rooms.iter().flat_map(|room| Lang::ALL.into_iter().zip(room.locales)))?);
    let pages =
        Pages::new(&texts, rooms.iter().flat_map(|room| room.templates.iter().copied()).collect::<Vec<_>>())?;
    let people: Arc<dyn People> = Arc::new(maru_party::Parties { store: store.clone() });
    let books = Arc::new(maru_record::Books {
        store: store.clone(),
        pack,
        people: people.clone(),
        clock: clock.clone(),
        ids: Ids::default(),
    });
    let ports = Ports {
        registers: books.clone(),
        ledger: books,
        cases: Arc::new(maru_case::Matters {
            store: store.clone(),
            definitions: definitions.clone(),
            people: people.clone(),
            clock: clock.clone(),
            address: settings.address.clone(),
        }),
        inbox: Arc::new(maru_message::Letterbox { store: store.clone(), definitions: definitions.clone() }),
        documents: Arc::new(maru_work::Papers {
            store: store.clone(),
            people: people.clone(),
            clock: clock.clone(),
            ids: Ids::default(),
        }),
        people,
    };
    let edge = Edge::open(&store, settings.edge.clone(), clock.now()).await?;
    let app = Arc::new(App {
        store,
        clock,
        ids: Ids::default(),
        definitions,
        pages,
        texts,
        ports,
        settings,
        edge,
        kept: Kept::default(),
    });
    let mut wired = Wired {
        app,
        pages: axum::Router::new(),
        api: axum::Router::new(),
        openapi: openapi(&rooms)?,
        handlers: BTreeMap::new(),
    };
    for room in rooms {
        wired.pages = wired.pages.merge(room.pages);
        wired.api = wired.api.merge(room.api);
        for handling in room.handling {
            wired.handlers.insert(handling.consumer.name.to_owned(), handling.handler);
        }
    }
    Ok(wired)
}

/// The rooms' parts of the OpenAPI document, as one.
fn openapi(rooms: &[Room]) -> Result<serde_json::Value> {
    let mut whole: serde_json::Value =
        serde_json::from_str(include_str!("openapi.json")).map_err(Error::internal)?;
    for room in rooms {
        let part: serde_json::Value = serde_json::from_str(room.openapi)
            .map_err(|e| Error::internal(format!("openapi of {}: {e}", room.name)))?;
        for place in ["/paths", "/components/schemas"] {
            let (Some(from), Some(to)) = (part.pointer(place), whole.pointer_mut(place)) else { continue };
            if let (Some(from), Some(to)) = (from.as_object(), to.as_object_mut()) {
                for (name, value) in from {
                    to.insert(name.clone(), value.clone());
                }
            }
        }
    }
    Ok(whole)
}
