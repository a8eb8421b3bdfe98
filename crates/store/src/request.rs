//! Which request is being worked for. A job that a request's commit leaves behind carries its id, and so do the lines that job logs.

use std::future::Future;

tokio::task_local! {
    static REQUEST: String;
}

/// Runs something on behalf of a request.
pub async fn scope<T>(id: String, work: impl Future<Output = T>) -> T {
    REQUEST.scope(id, work).await
}

/// The request that is being worked for, if there is one.
pub fn current() -> Option<String> {
    REQUEST.try_with(|id| id.clone()).ok().filter(|id| !id.is_empty())
}
