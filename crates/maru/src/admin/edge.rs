//! Limits and keys of the edge, and public holidays. Running programs notice a change within seconds.

use std::process::ExitCode;

use clap::Subcommand;
use maru_kernel::{Date, Error, Result};
use maru_party::admin::{self, Doer};
use maru_web::{keys, limits};
use serde_json::json;

use super::people::{Asked, Names, line, open, table, told};

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
    /// Public holidays declared beside those of the pack; running programs move the clocks of open cases
    Holiday {
        #[command(subcommand)]
        what: Holiday,
    },
}

#[derive(Subcommand)]
pub enum Holiday {
    List {
        #[command(flatten)]
        asked: Asked,
    },
    /// Make a day a public holiday
    Add {
        /// Like 2026-12-24
        date: String,
        #[command(flatten)]
        names: Names,
        #[command(flatten)]
        asked: Asked,
    },
    /// Make a declared one a day like others again
    Remove {
        date: String,
        #[command(flatten)]
        asked: Asked,
    },
}

fn day(text: &str) -> Result<Date> {
    text.parse().map_err(|_| Error::internal(format!("{text} is no day; write it like 2026-12-24")))
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
        Edge::Holiday { what: Holiday::List { asked } } => {
            let app = open(&asked).await?;
            let rows = app
                .definitions
                .holidays()
                .await?
                .into_iter()
                .map(|day| {
                    let ended = day.ended.map(|at| at.rfc3339()).unwrap_or_default();
                    vec![day.date.to_string(), day.name.ko, day.name.en, day.at.rfc3339(), ended]
                })
                .collect();
            table(&asked, &["date", "ko", "en", "declared_at", "ended_at"], rows);
        }
        Edge::Holiday { what: Holiday::Add { date, names, asked } } => {
            let (app, date) = (open(&asked).await?, day(&date)?);
            let name = names.both();
            admin::declare_holiday(&app, &Doer::machine(), date, &name).await.map_err(|e| told(&app, e))?;
            line(&asked, "added", json!({ "date": date.to_string() }));
        }
        Edge::Holiday { what: Holiday::Remove { date, asked } } => {
            let (app, date) = (open(&asked).await?, day(&date)?);
            admin::withdraw_holiday(&app, &Doer::machine(), date).await.map_err(|e| told(&app, e))?;
            line(&asked, "removed", json!({ "date": date.to_string() }));
        }
    }
    Ok(ExitCode::SUCCESS)
}
