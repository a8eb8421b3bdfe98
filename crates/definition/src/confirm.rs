//! A person says that a suggestion is what the text asks.

use maru_kernel::{At, Error, Result};
use maru_store::Batch;

use crate::{Definitions, Entry, List, catalogue::tables};

impl Definitions {
    /// The row of a service whose text is asked, by any of its ids.
    fn asked(&self, id: &str, key: &str) -> Result<(String, std::sync::Arc<Entry>)> {
        let entry = self.entry(id).ok_or(Error::NotFound)?;
        let row = entry.origins.iter().find(|origin| origin.list == List::Bokjiro);
        let row = row
            .filter(|_| entry.suggested.iter().any(|suggested| suggested == key))
            .ok_or(Error::NotFound)?;
        Ok((row.id.clone(), entry.clone()))
    }

    /// The change that makes a suggestion count, and the row it is of.
    pub fn confirm(&self, id: &str, key: &str, by: &str, now: At) -> Result<(Batch, String)> {
        let (row, entry) = self.asked(id, key)?;
        if entry.confirmed.iter().any(|confirmed| confirmed.key == key) {
            return Err(Error::Conflict("suggestion-wrong-confirmed".into()));
        }
        let mut batch = Batch::new();
        tables::confirm(&mut batch, &row, key, by, now);
        Ok((batch, row))
    }

    /// The change that makes a confirmed suggestion count no more.
    pub fn unconfirm(&self, id: &str, key: &str, now: At) -> Result<(Batch, String)> {
        let (row, entry) = self.asked(id, key)?;
        if !entry.confirmed.iter().any(|confirmed| confirmed.key == key) {
            return Err(Error::Conflict("suggestion-wrong-open".into()));
        }
        let mut batch = Batch::new();
        tables::unconfirm(&mut batch, &row, key, now);
        Ok((batch, row))
    }
}
