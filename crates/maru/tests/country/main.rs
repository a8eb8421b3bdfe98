//! What the program does, in countries of their own: one program of tests, so that it is linked once and reads the pack once.
//! `MARU_TEST_DATABASE=postgres://… cargo test -p maru --test country` gives each country a database of a PostgreSQL cluster.

// Tests say what they expect by unwrapping it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod common;

mod admin;
mod approval;
mod audit;
mod catalogue;
mod delegation;
mod desk;
mod edge;
mod ending;
mod files;
mod first_service;
mod handover;
mod holiday;
mod journey;
mod lines;
mod links;
mod membership;
mod owed;
mod pages;
mod parameters;
mod petitions;
mod policy;
mod programs;
mod races;
mod reminders;
mod seal;
mod sweep;
mod tasks;
mod together;
mod work;
mod written;
