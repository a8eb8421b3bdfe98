//! The port `Documents`.

use std::sync::Arc;

use async_trait::async_trait;
use maru_kernel::{Clock, Result};
use maru_store::{Batch, Store};
use maru_web::{
    Ids,
    ports::{DocumentCard, Documents, LineStep, People, Person},
};
use serde_json::json;

use crate::{
    actions::{self, Content, Ground, event},
    model, tables,
};

pub struct Papers {
    pub store: Store,
    pub people: Arc<dyn People>,
    pub clock: Arc<dyn Clock>,
    pub ids: Ids,
}

#[async_trait]
impl Documents for Papers {
    async fn propose(
        &self,
        by: &Person,
        unit: &str,
        case: &str,
        title: &str,
        body: &str,
        line: &[LineStep],
    ) -> Result<(String, Batch)> {
        let (people, now) = (self.people.as_ref(), self.clock.now());
        let content =
            Content { title: title.into(), body: body.into(), recipient: None, case: Some(case.into()) };
        let content = actions::checked(people, unit, &content).await?;
        model::check_line(&by.id, line)?;
        let mut document = actions::fresh(&self.ids, by, unit, content, now);
        let ground = Ground { people, store: &self.store, unit, about_case: true, recipient: None };
        document.round.steps = actions::resolved(&ground, line, now).await?;
        document.submit(now)?;
        let mut batch = Batch::new();
        tables::add(&mut batch, &document)?;
        batch.event(event(&self.ids, "drafted", &document, by.actor(), now, json!({})));
        batch.event(event(&self.ids, "submitted", &document, by.actor(), now, json!({ "round": 1 })));
        Ok((document.id, batch))
    }

    async fn of_case(&self, case: &str) -> Result<Vec<DocumentCard>> {
        tables::of_case(&self.store, case).await
    }
}
