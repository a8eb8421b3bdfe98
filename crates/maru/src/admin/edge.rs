//! Limits and keys of the edge. Running programs notice a change within seconds.

use std::process::ExitCode;

use clap::Subcommand;
use maru_kernel::Result;
use maru_party::admin::{self, Doer};
use maru_web::{keys, limits};
use serde_json::json;

use super::people::{Asked, line, open, table, told};

#[derive(Subcommand)]
pub enum Edge {
    /// How much one client may ask in a minute
    Limits {
        #[command(subcommand)]
        what: Limits,
    },
    /// The keys that tickets are signed with
    Keys {
        #[command(subcommand)]
        what: Keys,
    },
}

#[derive(Subcommand)]
pub enum Limits {
    List {
        #[command(flatten)]
        asked: Asked,
    },
    Set {
        /// page, change or api
        name: String,
        /// Requests a minute; 0: no limit
        per_minute: i64,
        #[command(flatten)]
        asked: Asked,
    },
}

#[derive(Subcommand)]
pub enum Keys {
    List {
        #[command(flatten)]
        asked: Asked,
    },
    /// Sign with a new key from now on
    Rotate {
        /// How long the old keys still verify; 0 when one may have been seen
        #[arg(long, default_value_t = 86_400)]
        keep_old_seconds: i64,
        #[command(flatten)]
        asked: Asked,
    },
}

pub async fn run(edge: Edge) -> Result<ExitCode> {
    match edge {
        Edge::Limits { what: Limits::List { asked } } => {
            let app = open(&asked).await?;
            let rows = limits(&app.store)
                .await?
                .into_iter()
                .map(|limit| {
                    let set = limit.set_at.map(|at| at.rfc3339()).unwrap_or_default();
                    vec![limit.name.to_owned(), limit.per_minute.to_string(), limit.usual.to_string(), set]
                })
                .collect();
            table(&asked, &["name", "per_minute", "usual", "set_at"], rows);
        }
        Edge::Limits { what: Limits::Set { name, per_minute, asked } } => {
            let app = open(&asked).await?;
            admin::set_limit(&app, &Doer::machine(), &name, per_minute).await.map_err(|e| told(&app, e))?;
            line(&asked, "set", json!({ "name": name, "per_minute": per_minute }));
        }
        Edge::Keys { what: Keys::List { asked } } => {
            let app = open(&asked).await?;
            let rows = keys(&app.store, app.now())
                .await?
                .into_iter()
                .map(|key| {
                    let until = key.until.map(|at| at.rfc3339()).unwrap_or_default();
                    vec![key.id, key.from.rfc3339(), until]
                })
                .collect();
            table(&asked, &["id", "from", "until"], rows);
        }
        Edge::Keys { what: Keys::Rotate { keep_old_seconds, asked } } => {
            let app = open(&asked).await?;
            let rotated = admin::rotate_key(&app, &Doer::machine(), keep_old_seconds).await;
            let id = rotated.map_err(|e| told(&app, e))?;
            line(&asked, &id, json!({ "id": id }));
        }
    }
    Ok(ExitCode::SUCCESS)
}
