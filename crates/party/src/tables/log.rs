use maru_kernel::{Error, Event, Result};
use maru_store::{Batch, Row, Store};

/// An event of the administration, and its line in the log.
pub fn tell(batch: &mut Batch, event: Event) -> Result<()> {
    let actor = serde_json::to_string(&event.actor).map_err(Error::internal)?;
    batch.write(
        "INSERT INTO party_log (id, at, kind, actor, about, body) VALUES ($1, $2, $3, $4, $5, $6)",
        vec![
            event.id.as_str().into(),
            event.at.into(),
            event.kind.as_str().into(),
            actor.into(),
            event.aggregate.as_str().into(),
            event.body.to_string().into(),
        ],
    );
    batch.event(event);
    Ok(())
}

fn line_of(row: &Row) -> Result<Event> {
    Ok(Event {
        id: row.string("id")?,
        kind: row.string("kind")?,
        aggregate: row.string("about")?,
        at: row.at("at")?,
        actor: serde_json::from_str(row.text("actor")?).map_err(Error::internal)?,
        definition: None,
        grant: None,
        body: serde_json::from_str(row.text("body")?).map_err(Error::internal)?,
    })
}

/// The newest lines before one, about one thing or any, of one kind or any (empty).
pub async fn lines(store: &Store, about: &str, kind: &str, before: &str, limit: i64) -> Result<Vec<Event>> {
    store
        .query(
            "SELECT id, at, kind, actor, about, body FROM party_log
             WHERE ($1 = '' OR about = $1) AND ($2 = '' OR kind = $2) AND ($3 = '' OR id < $3)
             ORDER BY id DESC LIMIT $4",
            vec![about.into(), kind.into(), before.into(), limit.into()],
        )
        .await?
        .iter()
        .map(line_of)
        .collect()
}
