//! Agencies, units, officials, roles and jobs: the verbs of the administration's pages.

use std::{process::ExitCode, sync::Arc};

use clap::{Args, Subcommand};
use maru::{serve::Where, wire};
use maru_kernel::{Both, Error, Lang, Problem, Result};
use maru_message::Post;
use maru_party::admin::{self, Doer};
use maru_web::{App, Settings, Shared};
use serde_json::{Value as Json, json};

#[derive(Subcommand)]
pub enum People {
    /// Agencies
    Agency {
        #[command(subcommand)]
        what: Agency,
    },
    /// Units of agencies
    Unit {
        #[command(subcommand)]
        what: Unit,
    },
    /// Officials
    Official {
        #[command(subcommand)]
        what: Official,
    },
    /// What officials may do
    Role {
        #[command(subcommand)]
        what: Role,
    },
    /// Work behind the scenes
    Jobs {
        #[command(subcommand)]
        what: Jobs,
    },
}

/// Where, and in which form the answer comes.
#[derive(Args)]
pub struct Asked {
    #[command(flatten)]
    place: Where,
    /// For programs
    #[arg(long)]
    json: bool,
}

/// A name in both languages.
#[derive(Args)]
pub struct Names {
    /// The Korean name
    #[arg(long)]
    ko: String,
    /// The English name
    #[arg(long)]
    en: String,
}

impl Names {
    pub fn both(self) -> Both {
        Both { ko: self.ko, en: self.en }
    }
}

#[derive(Subcommand)]
pub enum Agency {
    /// Add one; its id is printed
    Add {
        #[command(flatten)]
        names: Names,
        /// central, local or public
        #[arg(long, default_value = "local")]
        kind: String,
        /// The full Korean name of its region; without: the whole country
        #[arg(long, default_value = "")]
        region: String,
        /// Without: one is made
        #[arg(long, default_value = "")]
        id: String,
        #[command(flatten)]
        asked: Asked,
    },
    List {
        /// Also those that have ended
        #[arg(long)]
        ended: bool,
        #[command(flatten)]
        asked: Asked,
    },
    Rename {
        id: String,
        #[command(flatten)]
        names: Names,
        #[command(flatten)]
        asked: Asked,
    },
    /// End one that has no units
    End {
        id: String,
        #[command(flatten)]
        asked: Asked,
    },
}

#[derive(Subcommand)]
pub enum Unit {
    /// Add one; its id is printed
    Add {
        #[arg(long)]
        agency: String,
        #[command(flatten)]
        names: Names,
        /// What it decides: a unit kind of the pack, like livelihood
        #[arg(long)]
        kind: String,
        /// The full Korean name of its region
        #[arg(long)]
        region: String,
        /// Its telephone number
        #[arg(long)]
        contact: String,
        /// Without: one is made
        #[arg(long, default_value = "")]
        id: String,
        #[command(flatten)]
        asked: Asked,
    },
    List {
        /// Of this agency only
        #[arg(long, default_value = "*")]
        agency: String,
        #[command(flatten)]
        asked: Asked,
    },
    /// End one that has decided every case
    End {
        id: String,
        #[command(flatten)]
        asked: Asked,
    },
}

#[derive(Subcommand)]
pub enum Official {
    /// Add one; the id and the password for the first sign-in are printed, once
    Add {
        /// The name to sign in with
        #[arg(long)]
        user: String,
        #[command(flatten)]
        names: Names,
        #[arg(long, default_value = "")]
        rank_ko: String,
        #[arg(long, default_value = "")]
        rank_en: String,
        /// Without: of no unit, as an operator, analyst or auditor may be
        #[arg(long, default_value = "")]
        unit: String,
        #[arg(long, default_value = "")]
        mail: String,
        /// operator, manager, clerk, writer, analyst or auditor; default: clerk of the unit
        #[arg(long, default_value = "clerk")]
        role: String,
        /// Without: one is made
        #[arg(long, default_value = "")]
        id: String,
        #[command(flatten)]
        asked: Asked,
    },
    List {
        /// Words of a name
        #[arg(long, default_value = "")]
        find: String,
        /// Of this agency only
        #[arg(long, default_value = "*")]
        agency: String,
        /// Also those who have ended
        #[arg(long)]
        ended: bool,
        #[command(flatten)]
        asked: Asked,
    },
    Move {
        id: String,
        #[arg(long)]
        unit: String,
        #[command(flatten)]
        asked: Asked,
    },
    /// Sessions and roles end at once
    End {
        id: String,
        #[command(flatten)]
        asked: Asked,
    },
    /// A new password for one sign-in, printed once
    Password {
        id: String,
        #[command(flatten)]
        asked: Asked,
    },
}

#[derive(Subcommand)]
pub enum Role {
    Grant {
        official: String,
        /// operator, manager, clerk, writer, analyst or auditor
        role: String,
        /// The agency to manage; default: that of the official's unit
        #[arg(long, default_value = "")]
        agency: String,
        /// The last day, like 2026-12-31; default: until it is ended
        #[arg(long, default_value = "")]
        until: String,
        #[command(flatten)]
        asked: Asked,
    },
    End {
        official: String,
        /// The id that `role list` shows
        grant: String,
        #[command(flatten)]
        asked: Asked,
    },
    List {
        official: String,
        #[command(flatten)]
        asked: Asked,
    },
}

#[derive(Subcommand)]
pub enum Jobs {
    /// Counts by kind, and the dead ones
    List {
        #[command(flatten)]
        asked: Asked,
    },
    /// Let a dead job, or all of a kind, live again
    Retry {
        #[arg(required_unless_present = "kind", conflicts_with = "kind")]
        id: Option<String>,
        #[arg(long)]
        kind: Option<String>,
        #[command(flatten)]
        asked: Asked,
    },
    /// Give a dead job up for good
    Discard {
        id: String,
        #[command(flatten)]
        asked: Asked,
    },
}

/// Dead jobs that a list shows.
const DEAD: i64 = 200;

pub(super) async fn open(asked: &Asked) -> Result<Shared> {
    let clock = Arc::new(wire::Running::from(None));
    Ok(wire::wire(&asked.place.place(), Post::None, Settings::default(), clock).await?.app)
}

/// What is wrong in words: the field, and what to do.
pub(super) fn told(app: &App, error: Error) -> Error {
    let text = |key: &str| app.texts.of(Lang::En, key);
    let one = |p: &Problem| {
        let bound = p.value.clone().unwrap_or_default();
        let said = app.texts.get(Lang::En, &p.key, &[("bound", bound.into())]);
        format!("{}: {}", p.field, said.unwrap_or_else(|| p.key.clone()))
    };
    match error {
        Error::Invalid(problems) => Error::internal(problems.iter().map(one).collect::<Vec<_>>().join("\n")),
        Error::Denied(key) | Error::Conflict(key) => Error::internal(text(&key)),
        Error::NotFound => Error::internal("there is none with this id"),
        other => other,
    }
}

pub(super) fn line(asked: &Asked, told: &str, value: Json) {
    if asked.json { println!("{value}") } else { println!("{told}") }
}

/// Rows under their heads, aligned; for programs an array of objects.
pub(super) fn table(asked: &Asked, heads: &[&str], rows: Vec<Vec<String>>) {
    if asked.json {
        let objects: Vec<Json> = rows
            .into_iter()
            .map(|row| {
                heads.iter().map(|head| (*head).to_owned()).zip(row.into_iter().map(Json::from)).collect()
            })
            .collect();
        println!("{}", Json::Array(objects));
        return;
    }
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let all: Vec<Vec<String>> = std::iter::once(heads).chain(rows).collect();
    let widths: Vec<usize> = (0..all.first().map_or(0, Vec::len))
        .map(|column| all.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0))
        .collect();
    for row in all {
        let mut text = String::new();
        for (cell, most) in row.iter().zip(&widths) {
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', most.saturating_sub(width(cell)) + 2));
        }
        println!("{}", text.trim_end());
    }
}

/// Columns on a terminal: Korean letters take two.
fn width(text: &str) -> usize {
    text.chars().map(|c| if ('\u{1100}'..='\u{ffdc}').contains(&c) { 2 } else { 1 }).sum()
}

fn ended(at: Option<maru_kernel::At>) -> String {
    at.map(|at| at.date().to_string()).unwrap_or_default()
}

pub async fn run(people: People) -> Result<ExitCode> {
    match people {
        People::Agency { what } => agency(what).await,
        People::Unit { what } => unit(what).await,
        People::Official { what } => official(what).await,
        People::Role { what } => role(what).await,
        People::Jobs { what } => jobs(what).await,
    }?;
    Ok(ExitCode::SUCCESS)
}

async fn agency(what: Agency) -> Result<()> {
    let doer = Doer::machine();
    match what {
        Agency::Add { names, kind, region, id, asked } => {
            let app = open(&asked).await?;
            let new =
                admin::NewAgency { id: &id, kind: &kind, region: &region, ko: &names.ko, en: &names.en };
            let id = admin::add_agency(&app, &doer, new).await.map_err(|e| told(&app, e))?;
            line(&asked, &id, json!({ "id": id }));
        }
        Agency::List { ended: all, asked } => {
            let app = open(&asked).await?;
            let rows = admin::agencies(&app.store, "", all)
                .await?
                .into_iter()
                .map(|a| {
                    let (units, people) = (a.units.to_string(), a.officials.to_string());
                    vec![a.id, a.kind, a.region, a.name.ko, a.name.en, units, people, ended(a.ended)]
                })
                .collect();
            table(&asked, &["id", "kind", "region", "ko", "en", "units", "officials", "ended"], rows);
        }
        Agency::Rename { id, names, asked } => {
            let app = open(&asked).await?;
            let done = admin::rename_agency(&app, &doer, &id, &names.ko, &names.en).await;
            done.map_err(|e| told(&app, e))?;
            line(&asked, "renamed", json!({ "id": id }));
        }
        Agency::End { id, asked } => {
            let app = open(&asked).await?;
            admin::end_agency(&app, &doer, &id).await.map_err(|e| told(&app, e))?;
            line(&asked, "ended", json!({ "id": id }));
        }
    }
    Ok(())
}

async fn unit(what: Unit) -> Result<()> {
    let doer = Doer::machine();
    match what {
        Unit::Add { agency, names, kind, region, contact, id, asked } => {
            let app = open(&asked).await?;
            let new = admin::NewUnit {
                id: &id,
                agency: &agency,
                kind: &kind,
                region: &region,
                ko: &names.ko,
                en: &names.en,
                contact: &contact,
            };
            let id = admin::add_unit(&app, &doer, new).await.map_err(|e| told(&app, e))?;
            line(&asked, &id, json!({ "id": id }));
        }
        Unit::List { agency, asked } => {
            let app = open(&asked).await?;
            let rows = admin::units(&app.store, &agency)
                .await?
                .into_iter()
                .map(|listed| {
                    let (unit, people) = (listed.unit, listed.officials.to_string());
                    let agency = unit.agency_id.unwrap_or_default();
                    vec![
                        unit.id,
                        agency,
                        unit.kind,
                        unit.region,
                        unit.name.ko,
                        unit.name.en,
                        people,
                        ended(listed.ended),
                    ]
                })
                .collect();
            table(&asked, &["id", "agency", "kind", "region", "ko", "en", "officials", "ended"], rows);
        }
        Unit::End { id, asked } => {
            let app = open(&asked).await?;
            let open = admin::end_unit(&app, &doer, &id).await.map_err(|e| told(&app, e))?;
            if open > 0 {
                return Err(Error::internal(format!("it has {open} undecided cases; decide them first")));
            }
            line(&asked, "ended", json!({ "id": id }));
        }
    }
    Ok(())
}

async fn official(what: Official) -> Result<()> {
    let doer = Doer::machine();
    match what {
        Official::Add { user, names, rank_ko, rank_en, unit, mail, role, id, asked } => {
            let app = open(&asked).await?;
            let new = admin::NewOfficial {
                id: &id,
                ko: &names.ko,
                en: &names.en,
                rank_ko: &rank_ko,
                rank_en: &rank_en,
                unit: &unit,
                user: &user,
                mail: &mail,
                role: &role,
            };
            let added = admin::add_official(&app, &doer, new).await;
            let (id, password) = added.map_err(|e| told(&app, e))?;
            let text = format!("{id}\npassword for the first sign-in, shown only now: {password}");
            line(&asked, &text, json!({ "id": id, "password": password }));
        }
        Official::List { find, agency, ended: all, asked } => {
            let app = open(&asked).await?;
            let looked =
                admin::Looked { agency: &agency, words: &find, ended: all, ..admin::Looked::default() };
            let rows = admin::officials(&app.store, &looked)
                .await?
                .into_iter()
                .map(|o| {
                    let unit = o.person.unit.unwrap_or_default();
                    vec![o.person.id, o.user, o.person.name.ko, o.person.name.en, unit, ended(o.ended)]
                })
                .collect();
            table(&asked, &["id", "user", "ko", "en", "unit", "ended"], rows);
        }
        Official::Move { id, unit, asked } => {
            let app = open(&asked).await?;
            admin::move_official(&app, &doer, &id, &unit).await.map_err(|e| told(&app, e))?;
            line(&asked, "moved", json!({ "id": id, "unit": unit }));
        }
        Official::End { id, asked } => {
            let app = open(&asked).await?;
            admin::end_official(&app, &doer, &id).await.map_err(|e| told(&app, e))?;
            line(&asked, "ended", json!({ "id": id }));
        }
        Official::Password { id, asked } => {
            let app = open(&asked).await?;
            let password = admin::renew_password(&app, &doer, &id).await.map_err(|e| told(&app, e))?;
            line(&asked, &password, json!({ "id": id, "password": password }));
        }
    }
    Ok(())
}

async fn role(what: Role) -> Result<()> {
    let doer = Doer::machine();
    match what {
        Role::Grant { official, role, agency, until, asked } => {
            let app = open(&asked).await?;
            let done = admin::grant_role(&app, &doer, &official, &role, &agency, &until).await;
            done.map_err(|e| told(&app, e))?;
            line(&asked, "granted", json!({ "official": official, "role": role }));
        }
        Role::End { official, grant, asked } => {
            let app = open(&asked).await?;
            admin::end_role(&app, &doer, &official, &grant).await.map_err(|e| told(&app, e))?;
            line(&asked, "ended", json!({ "official": official, "grant": grant }));
        }
        Role::List { official, asked } => {
            let app = open(&asked).await?;
            admin::official(&app, &doer, &official).await.map_err(|e| told(&app, e))?;
            let rows = admin::held_roles(&app.store, &official)
                .await?
                .into_iter()
                .map(|held| {
                    let kind = held.role.kind.as_str().to_owned();
                    let last = held.until.map(|at| at.plus_seconds(-1));
                    vec![
                        held.role.grant,
                        kind,
                        held.role.over,
                        ended(Some(held.from)),
                        ended(last),
                        ended(held.ended),
                    ]
                })
                .collect();
            table(&asked, &["grant", "role", "over", "from", "last_day", "ended"], rows);
        }
    }
    Ok(())
}

async fn jobs(what: Jobs) -> Result<()> {
    let doer = Doer::machine();
    match what {
        Jobs::List { asked } => {
            let app = open(&asked).await?;
            let dead = app.store.dead_jobs(DEAD, "").await?;
            let counts = app.store.job_counts().await?;
            if asked.json {
                let counts: Vec<Json> = counts
                    .iter()
                    .map(|c| json!({ "kind": c.kind, "waiting": c.waiting, "dead": c.dead }))
                    .collect();
                let dead: Vec<Json> = dead
                    .iter()
                    .map(|job| {
                        json!({ "id": job.id, "kind": job.kind, "tries": job.attempts, "error": job.error,
                            "dead_at": job.dead_at.rfc3339(), "request": job.request })
                    })
                    .collect();
                println!("{}", json!({ "kinds": counts, "dead": dead }));
                return Ok(());
            }
            let rows = counts
                .into_iter()
                .map(|count| vec![count.kind, count.waiting.to_string(), count.dead.to_string()])
                .collect();
            table(&asked, &["kind", "waiting", "dead"], rows);
            if !dead.is_empty() {
                println!();
                let rows = dead
                    .into_iter()
                    .map(|job| {
                        vec![job.id, job.kind, job.attempts.to_string(), job.dead_at.rfc3339(), job.error]
                    })
                    .collect();
                table(&asked, &["id", "kind", "tries", "dead_at", "error"], rows);
            }
        }
        Jobs::Retry { id, kind, asked } => {
            let app = open(&asked).await?;
            let count = match (id, kind) {
                (Some(id), _) => {
                    admin::retry_job(&app, &doer, &id).await.map_err(|e| told(&app, e))?;
                    1
                }
                (None, kind) => admin::retry_jobs(&app, &doer, kind.as_deref().unwrap_or_default())
                    .await
                    .map_err(|e| told(&app, e))?,
            };
            line(&asked, &format!("{count} to be tried again"), json!({ "count": count }));
        }
        Jobs::Discard { id, asked } => {
            let app = open(&asked).await?;
            admin::discard_job(&app, &doer, &id).await.map_err(|e| told(&app, e))?;
            line(&asked, "discarded", json!({ "id": id }));
        }
    }
    Ok(())
}
