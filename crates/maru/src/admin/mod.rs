//! `maru admin`: what an operator does.

mod cluster;
mod keep;

use std::process::ExitCode;

use clap::Subcommand;
use maru_kernel::Result;

#[derive(Subcommand)]
pub enum Admin {
    #[command(flatten)]
    Keep(keep::Keep),
}

pub async fn run(admin: Admin) -> Result<ExitCode> {
    match admin {
        Admin::Keep(keep) => keep::run(keep).await,
    }
}
