//! What an audit looks for.

use maru_kernel::{At, Result};
use maru_store::Store;

use super::file_of;
use crate::{actions::CaseFile, model::Case};

/// A receipt number as it is kept, however it was typed.
pub fn written(receipt: &str) -> String {
    let digits: Vec<char> = receipt.chars().filter(char::is_ascii_digit).collect();
    digits.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// The case that has a receipt number: with one it has been submitted.
pub async fn by_receipt(store: &Store, receipt: &str) -> Result<Option<String>> {
    let row = store.query_one("SELECT id FROM case_receipt WHERE receipt = $1", vec![receipt.into()]).await?;
    row.map(|row| row.string("id")).transpose()
}

/// The files that a case had at a moment.
pub async fn files_at(store: &Store, case: &Case, at: At) -> Result<Vec<CaseFile>> {
    let rows = store
        .query(
            "SELECT id, name, kind, size, blob, added_by, added_at FROM case_file
             WHERE resident = $1 AND case_id = $2 AND added_at <= $3 AND (removed_at IS NULL OR removed_at > $3) ORDER BY id",
            vec![case.resident.as_str().into(), case.id.as_str().into(), at.into()],
        )
        .await?;
    rows.iter().map(file_of).collect()
}
