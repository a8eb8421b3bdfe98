//! Keeping a country: moving it, backing it up, bringing it back.

use std::{path::PathBuf, process::ExitCode};

use clap::Subcommand;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use maru::{serve::Where, wire};
use maru_kernel::{At, Clock, Error, Result};
use maru_message::Post;
use maru_store::{Place, Store};

use super::cluster;

#[derive(Subcommand)]
pub enum Keep {
    /// The hash of everything this country holds: the same on every database
    State {
        #[command(flatten)]
        place: Where,
    },
    /// Move to another database. Residents can read meanwhile; afterwards the old place takes nothing any more
    Move {
        #[command(flatten)]
        place: Where,
        /// The new folder, for the embedded database
        #[arg(long, conflicts_with = "to_database")]
        to_data: Option<PathBuf>,
        /// The new PostgreSQL database, empty; files stay in the folder of --data
        #[arg(long, env = "MARU_TO_DATABASE", hide_env_values = true)]
        to_database: Option<String>,
    },
    /// Copy the country, in use or not, into an archive folder. The embedded database's copy is proved by its hash; PostgreSQL's is
    /// made by its own pg_basebackup
    Backup {
        #[command(flatten)]
        place: Where,
        #[arg(long)]
        to: PathBuf,
    },
    /// Make a new folder the country as it was at a moment, from an archive folder
    Restore {
        #[arg(long)]
        from: PathBuf,
        /// The new folder
        #[arg(long, default_value = "data")]
        data: PathBuf,
        /// For PostgreSQL: the new cluster's folder. Its log files are looked for in the archive folder's `wal`
        #[arg(long)]
        cluster: Option<PathBuf>,
        /// The moment, like 2026-11-25T14:05:00+09:00; default: the newest there is
        #[arg(long)]
        until: Option<String>,
    },
}

pub async fn run(keep: Keep) -> Result<ExitCode> {
    match keep {
        Keep::State { place } => {
            let state = open(&place.place()).await?.state().await?;
            println!("{} {} rows", state.hash, state.rows);
        }
        Keep::Move { place, to_data, to_database } => {
            move_to(&place, to_data, to_database.as_deref()).await?
        }
        Keep::Backup { place, to } if place.database.is_some() => {
            let url = place.database.unwrap_or_default();
            println!("{}", cluster::back_up(&url, &to)?.display());
        }
        Keep::Backup { place, to } => {
            let now = wire::Running::from(None).now();
            let (base, state) = open(&place.place()).await?.back_up(&to, now).await?;
            println!("{}\nstate {state}, the same as the original's", base.folder.display());
            told_of_bucket(&place);
        }
        Keep::Restore { from, cluster: Some(cluster), until, .. } => {
            let until = until.as_deref().map(moment).transpose()?;
            println!("{}", cluster::restore(&from, &cluster, until)?);
        }
        Keep::Restore { from, data, cluster: None, until } => {
            let until = until.as_deref().map(moment).transpose()?;
            let restored = Store::restore(&from, &data, until).await?;
            let store = open(&Place::from(&data)).await?;
            let audit = maru_record::audit(&store).await?;
            println!(
                "{} as of {}, from the base of {}\nstate {}, database whole, {} access entries, {} faults in the ledger",
                data.display(),
                restored.at.rfc3339(),
                restored.base.rfc3339(),
                restored.state,
                audit.entries,
                audit.faults.len()
            );
            if restored.gap {
                println!(
                    "Later pages are in the archive, but some before them are missing: this is the last moment that is whole."
                );
            }
            if !audit.faults.is_empty() {
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn told_of_bucket(place: &Where) {
    if let Some(bucket) = &place.blobs {
        println!(
            "Files handed in stay in {bucket}: back that up by its own means, and name it again with --blobs."
        );
    }
}

async fn open(place: &Place) -> Result<Store> {
    wire::open_store(place, &wire::rooms(Post::None)).await
}

fn moment(text: &str) -> Result<At> {
    At::parse(text)
        .ok_or_else(|| Error::internal(format!("--until {text}: write it like 2026-11-25T14:05:00+09:00")))
}

async fn move_to(from: &Where, to_data: Option<PathBuf>, to_database: Option<&str>) -> Result<()> {
    let to = match (&to_data, to_database) {
        (Some(folder), None) => Place::new(folder, None),
        (None, Some(url)) => Place::new(&from.data, Some(url)),
        _ => return Err(Error::internal("say where to: --to-data FOLDER or --to-database postgres://…")),
    };
    let old = open(&from.place()).await?;
    if let Some(place) = old.moved().await? {
        return Err(Error::internal(format!("this country has moved already, to {place}")));
    }
    let to = Place { bucket: from.blobs.clone(), ..to };
    let new = open(&to).await?;
    told_of_bucket(from);
    if to_data.is_some() && from.blobs.is_none() {
        old.copy_blobs(&new)?;
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.set_style(
        ProgressStyle::with_template("{spinner} {msg:30} {pos} rows {elapsed}").map_err(Error::internal)?,
    );
    let mut show = |table: &str, rows: u64| {
        bar.set_message(table.to_owned());
        bar.set_position(rows);
    };
    let copied = old.copy_to(&new, Some(&to.to_string()), &mut show).await;
    bar.finish_and_clear();
    let state = copied?;
    println!("{} rows are now in {to}\nstate {}, the same in both", state.rows, state.hash);
    Ok(())
}
