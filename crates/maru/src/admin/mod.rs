//! `maru admin`: what an operator does.

mod catalogue;
mod cluster;
mod edge;
mod keep;
mod people;

use std::process::ExitCode;

use clap::Subcommand;
use maru_kernel::Result;

#[derive(Subcommand)]
pub enum Admin {
    #[command(flatten)]
    Keep(keep::Keep),
    #[command(flatten)]
    People(people::People),
    #[command(flatten)]
    Edge(edge::Edge),
    #[command(flatten)]
    Catalogue(catalogue::Catalogue),
}

pub async fn run(admin: Admin) -> Result<ExitCode> {
    match admin {
        Admin::Keep(keep) => keep::run(keep).await,
        Admin::People(people) => people::run(people).await,
        Admin::Edge(edge) => edge::run(edge).await,
        Admin::Catalogue(catalogue) => catalogue::run(catalogue).await,
    }
}
