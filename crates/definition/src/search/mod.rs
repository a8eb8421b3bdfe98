//! Search as people type: two letters at a time, with words that mean the same, slips of the finger, first letters alone and places.
//!
//! An index (tantivy, in memory) finds candidates by BM25; what their names say of the whole query puts them in order.

mod asked;
mod begun;
mod index;
mod keyboard;
mod letters;
mod order;
mod words;

use std::sync::Arc;

pub use words::Synonyms;

pub(crate) use self::index::Search;
use maru_kernel::Date;

use crate::{Entry, Guidance};

/// What was found: the best few, and how many there are.
#[derive(Debug, Clone, Default)]
pub struct Hits {
    pub total: usize,
    pub entries: Vec<Arc<Entry>>,
}

/// Who searches and when, as far as that is known: it decides the order, never what is found.
#[derive(Default, Clone, Copy)]
pub struct Searcher<'a> {
    /// The full name of the region where the person lives.
    pub home: Option<&'a str>,
    /// What the services answer this person.
    pub guidance: Option<&'a Guidance>,
    pub on: Date,
}
