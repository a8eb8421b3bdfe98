//! The lines of a bill for many at once: for whoever wants what each comes to, and not only who qualifies.

use jiff::civil::Date;

use super::RuleSet;
use super::batch::{Batch, Crowd};
use crate::column::Column;
use crate::many::Slow;
use crate::parameters::Parameters;

/// One line in force, with its value in every lane.
#[derive(Debug, Clone)]
pub struct LineColumn {
    pub id: String,
    pub article: String,
    pub sign: i8,
    pub values: Column,
}

impl RuleSet {
    /// The lines of `decide`, lane by lane; as there, whether somebody qualifies makes no difference to them.
    ///
    /// # Errors
    /// When it can't be done in columns: then `decide` says it of each.
    pub fn lines_many(
        &self,
        source: &dyn Crowd,
        parameters: &Parameters,
        on: Date,
    ) -> Result<Vec<LineColumn>, Slow> {
        let mut batch = Batch::new(self, source, parameters, on)?;
        let in_force = self.lines.iter().zip(&self.line_needs).filter(|(entry, _)| entry.in_force(on));
        in_force
            .map(|(entry, needs)| {
                let (written, sign) = &entry.body;
                let values = batch.work_out(written, needs)?;
                Ok(LineColumn { id: entry.id.clone(), article: entry.article.clone(), sign: *sign, values })
            })
            .collect()
    }
}
