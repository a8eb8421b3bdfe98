//! What texts of the catalogue seem to ask, and what of it was confirmed. Running programs notice a change within seconds.

use std::process::ExitCode;

use clap::Subcommand;
use maru_kernel::Result;
use maru_party::admin::{self, Doer};
use serde_json::json;

use super::people::{Asked, line, open, table, told};

#[derive(Subcommand)]
pub enum Catalogue {
    /// Conditions that a service's text seems to ask
    Suggestion {
        #[command(subcommand)]
        what: Suggestion,
    },
}

#[derive(Subcommand)]
pub enum Suggestion {
    /// The confirmed ones
    List {
        #[command(flatten)]
        asked: Asked,
    },
    /// Say that the text asks it: it counts as a condition
    Confirm {
        /// Like bokjiro-wlf00000025
        service: String,
        /// Like age:65-, income:100 or JA0328; the service's page in the API lists them
        key: String,
        #[command(flatten)]
        asked: Asked,
    },
    /// A confirmed one counts no more
    Withdraw {
        service: String,
        key: String,
        #[command(flatten)]
        asked: Asked,
    },
}

pub async fn run(catalogue: Catalogue) -> Result<ExitCode> {
    let Catalogue::Suggestion { what } = catalogue;
    match what {
        Suggestion::List { asked } => {
            let app = open(&asked).await?;
            let mut rows = Vec::new();
            for entry in app.definitions.entries() {
                rows.extend(entry.confirmed.iter().map(|confirmed| {
                    vec![
                        entry.id.clone(),
                        confirmed.key.clone(),
                        confirmed.by.clone(),
                        confirmed.at.rfc3339(),
                    ]
                }));
            }
            table(&asked, &["service", "key", "by", "at"], rows);
        }
        Suggestion::Confirm { service, key, asked } => {
            let app = open(&asked).await?;
            let doer = Doer::machine();
            admin::confirm_suggestion(&app, &doer, &service, &key).await.map_err(|e| told(&app, e))?;
            line(&asked, "confirmed", json!({ "service": service, "key": key }));
        }
        Suggestion::Withdraw { service, key, asked } => {
            let app = open(&asked).await?;
            let doer = Doer::machine();
            admin::withdraw_suggestion(&app, &doer, &service, &key).await.map_err(|e| told(&app, e))?;
            line(&asked, "withdrawn", json!({ "service": service, "key": key }));
        }
    }
    Ok(ExitCode::SUCCESS)
}
