use std::sync::OnceLock;

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use maru_kernel::{At, Error, Result};
use maru_store::Batch;
use maru_web::{App, random};
use tokio::sync::Semaphore;

use crate::{actions::token_id, model, tables};

pub struct SignedIn {
    pub token: String,
    pub person: String,
    pub until: At,
}

/// One password check takes 19 MiB: no more than this at a time.
pub(crate) static CHECKS: Semaphore = Semaphore::const_new(2);

/// Signs somebody in. `from` is the address the request came from.
pub async fn sign_in(app: &App, user: &str, password: &str, from: &str, now: At) -> Result<SignedIn> {
    let user = user.trim().to_lowercase();
    if user.is_empty() || user.chars().count() > 64 || password.chars().count() > 256 {
        return Err(Error::invalid("name", "signin-wrong"));
    }
    let limits =
        [(format!("name:{user}"), model::TRIES_A_NAME), (format!("from:{from}"), model::TRIES_AN_ADDRESS)];
    let limits = count_tries(app, &limits, now).await?;

    let known = tables::password(&app.store, &user).await?;
    let (person, hash) = known.map_or((None, None), |(person, hash)| (Some(person), Some(hash)));
    let right = is_right(password, hash).await?;
    let Some(person) = person.filter(|_| right) else {
        return Err(Error::invalid("name", "signin-wrong"));
    };

    let token = URL_SAFE_NO_PAD.encode(random::<32>());
    let csrf: String = random::<16>().iter().map(|b| format!("{b:02x}")).collect();
    let until = now.plus_seconds(model::SESSION_HOURS * 3_600);
    let mut batch = Batch::new();
    tables::put_session(&mut batch, &token_id(&token), &person, &csrf, now, until);
    for (key, _) in limits {
        tables::forget_try(&mut batch, key);
    }
    app.store.commit(batch).await?;
    Ok(SignedIn { token, person, until })
}

/// Counts one more try for each key, unless one has had too many.
pub(crate) async fn count_tries<'a>(
    app: &App,
    limits: &'a [(String, i64)],
    now: At,
) -> Result<&'a [(String, i64)]> {
    let window = now.plus_seconds(-model::TRY_WINDOW_SECONDS);
    let mut counted = Batch::new();
    for (key, limit) in limits {
        let (count, since) = tables::tries(&app.store, key, window).await?;
        if count >= *limit {
            let again = since.plus_seconds(model::TRY_WINDOW_SECONDS).micros() - now.micros();
            return Err(Error::TooMany(u64::try_from(again / 1_000_000 + 1).unwrap_or(1)));
        }
        tables::count_try(&mut counted, key, now, window);
    }
    app.store.commit(counted).await?;
    Ok(limits)
}

/// Checks a password, slowly, a few at a time.
pub(crate) async fn is_right(password: &str, hash: Option<String>) -> Result<bool> {
    let _turn = CHECKS.acquire().await.map_err(Error::internal)?;
    let password = password.to_owned();
    tokio::task::spawn_blocking(move || check(&password, hash)).await.map_err(Error::internal)?
}

/// A name nobody has takes as long as one that somebody has.
fn check(password: &str, hash: Option<String>) -> Result<bool> {
    static NOBODY: OnceLock<String> = OnceLock::new();
    let known = hash.is_some();
    let hash = hash.unwrap_or_else(|| {
        NOBODY
            .get_or_init(|| {
                let salt: [u8; 16] = random();
                Argon2::default()
                    .hash_password_with_salt(&random::<16>(), &salt)
                    .map(|h| h.to_string())
                    .unwrap_or_default()
            })
            .clone()
    });
    match Argon2::default().verify_password(password.as_bytes(), hash.as_str()) {
        Ok(()) => Ok(known),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        // Too little memory for the check is no wrong password.
        Err(e) if known => Err(Error::internal(e)),
        Err(_) => Ok(false),
    }
}
