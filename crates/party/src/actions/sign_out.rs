use maru_kernel::Result;
use maru_store::Batch;
use maru_web::App;

use crate::tables;

/// Ends a session: its token opens nothing any more.
pub async fn sign_out(app: &App, session: &str) -> Result<()> {
    let mut batch = Batch::new();
    tables::end_session(&mut batch, session);
    app.store.commit(batch).await
}
