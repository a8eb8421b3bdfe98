use maru_kernel::{Error, Result};
use maru_store::Batch;
use maru_web::{App, ports::Session, random};
use serde_json::json;

use crate::{
    actions::{enrol::hash, event, official, sign_in},
    model::{self, Doer},
    tables,
};

/// A new password for one sign-in, when somebody has lost theirs. Their sessions end. Nobody learns it again.
pub async fn renew_password(app: &App, doer: &Doer, id: &str) -> Result<String> {
    let (official, _) = official::governed(app, doer, id).await?;
    let person = &official.person;
    let password = model::one_time(random());
    let hashed = hash(password.clone()).await?;
    app.store
        .rerun(|| async {
            official::governed(app, doer, id).await?;
            let Some((user, old)) = tables::password_of(&app.store, &person.id).await? else {
                return Err(Error::NotFound);
            };
            let now = app.now();
            let mut batch = Batch::new();
            tables::set_password(&mut batch, &user, &old, &hashed, true);
            tables::end_sessions(&mut batch, &person.id, "");
            let about = format!("official/{}", person.id);
            let body = json!({ "official": person.id });
            tables::tell(&mut batch, event(app, doer, "password-renewed", about, now, body))?;
            Ok((batch, ()))
        })
        .await?;
    Ok(password)
}

/// Somebody's own new password. Their other sessions end.
pub async fn change_password(app: &App, session: &Session, old: &str, new: &str, again: &str) -> Result<()> {
    let person = &session.person;
    let (user, kept) = tables::password_of(&app.store, &person.id).await?.ok_or(Error::NotFound)?;
    model::new_password(&user, old, new, again)?;
    let now = app.now();
    // Whoever found a browser left open has as few tries as somebody at the door.
    let limits = [(format!("name:{user}"), model::TRIES_A_NAME)];
    sign_in::count_tries(app, &limits, now).await?;
    if !sign_in::is_right(old, Some(kept.clone())).await? {
        return Err(Error::invalid("old", "password-wrong"));
    }
    let hashed = hash(new.to_owned()).await?;
    let mut batch = Batch::new();
    tables::set_password(&mut batch, &user, &kept, &hashed, false);
    tables::end_sessions(&mut batch, &person.id, &session.id);
    for (key, _) in &limits {
        tables::forget_try(&mut batch, key);
    }
    let about = format!("official/{}", person.id);
    let body = json!({ "person": person.id });
    batch.event(event(app, &Doer::of(session), "password-changed", about, now, body));
    match app.store.commit(batch).await {
        Err(Error::Guard(_)) => Err(Error::Conflict("error-busy".into())),
        other => other,
    }
}
