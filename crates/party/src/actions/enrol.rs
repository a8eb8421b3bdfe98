use argon2::{Argon2, PasswordHasher};
use maru_kernel::{At, Both, Error, Result};
use maru_store::{Batch, Store};
use maru_web::{
    ports::{NewGrant, Person, PersonKind, RoleKind, Unit},
    random,
};

use crate::{actions::sign_in::CHECKS, model, tables};

pub struct NewPerson {
    pub person: Person,
    pub user: String,
    /// What they are over, and as what.
    pub roles: Vec<(String, RoleKind)>,
}

pub struct EnrolledAgency {
    pub id: String,
    pub kind: String,
    pub region: String,
    pub name: Both,
}

/// Takes agencies, units and people in; who is there already stays as they are.
/// All of them get the one password that a demo has, hashed once for each.
pub async fn enrol(
    store: &Store,
    agencies: &[EnrolledAgency],
    units: &[Unit],
    people: &[NewPerson],
    password: &str,
    at: At,
) -> Result<()> {
    let mut batch = Batch::new();
    for agency in agencies {
        tables::put_agency(&mut batch, &agency.id, &agency.kind, &agency.region, &agency.name);
    }
    for unit in units {
        tables::put_unit(&mut batch, unit);
    }
    let mut hashing = Vec::new();
    for new in people {
        if tables::password(store, &new.user).await?.is_none() {
            let secret = password.to_owned();
            hashing.push((new, tokio::spawn(hash(secret))));
        }
    }
    for (new, hash) in hashing {
        let hash = hash.await.map_err(Error::internal)??;
        tables::put_person(&mut batch, &new.person, at);
        tables::put_password(&mut batch, &new.user, &new.person.id, &hash);
        for (over, kind) in &new.roles {
            tables::put_grant(
                &mut batch,
                &NewGrant {
                    id: format!("{}-{}", kind.as_str(), new.person.id),
                    grantor: over.clone(),
                    grantee: new.person.id.clone(),
                    scope: model::role_scope(*kind),
                    purpose: tables::ROLE.into(),
                    basis: "appointment".into(),
                    from: At::EPOCH,
                    until: None,
                },
            );
        }
        if new.person.kind == PersonKind::Resident {
            tables::put_grant(
                &mut batch,
                &NewGrant {
                    id: "own".into(),
                    grantor: new.person.id.clone(),
                    grantee: new.person.id.clone(),
                    scope: [("*".to_owned(), vec!["*".to_owned()])].into(),
                    purpose: "own".into(),
                    basis: "개인정보 보호법 제35조".into(),
                    // One's own data is one's own from the beginning.
                    from: At::EPOCH,
                    until: None,
                },
            );
        }
    }
    store.commit(batch).await
}

/// Slow on purpose; as many at once as sign-ins may be checked at once.
pub(super) async fn hash(password: String) -> Result<String> {
    let _turn = CHECKS.acquire().await.map_err(Error::internal)?;
    let hashed = tokio::task::spawn_blocking(move || {
        let salt: [u8; 16] = random();
        Argon2::default().hash_password_with_salt(password.as_bytes(), &salt).map(|hash| hash.to_string())
    });
    hashed.await.map_err(Error::internal)?.map_err(Error::internal)
}
