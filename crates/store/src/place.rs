use std::{
    fmt,
    path::{Path, PathBuf},
};

/// Where a country is kept. Files that were handed in lie in the folder whichever database holds the rows.
#[derive(Clone)]
pub struct Place {
    pub folder: PathBuf,
    pub database: Database,
    /// Files that were handed in lie in this bucket instead: `s3://bucket/prefix`. It is backed up by its own means.
    pub bucket: Option<String>,
}

#[derive(Clone)]
pub enum Database {
    /// `maru.db` in the folder.
    Sqlite,
    Postgres {
        url: String,
        connections: usize,
    },
}

impl Place {
    pub const CONNECTIONS: usize = 16;

    /// `database` is an address like `postgres://user:password@host:5432/maru`; without one, the folder holds everything.
    pub fn new(folder: impl Into<PathBuf>, database: Option<&str>) -> Place {
        let database = database.map_or(Database::Sqlite, |url| Database::Postgres {
            url: url.to_owned(),
            connections: Place::CONNECTIONS,
        });
        Place { folder: folder.into(), database, bucket: None }
    }

    pub fn file(&self) -> PathBuf {
        self.folder.join("maru.db")
    }
}

impl From<&Place> for Place {
    fn from(place: &Place) -> Self {
        place.clone()
    }
}

impl From<&Path> for Place {
    fn from(folder: &Path) -> Self {
        Place::new(folder, None)
    }
}

impl From<&PathBuf> for Place {
    fn from(folder: &PathBuf) -> Self {
        Place::new(folder, None)
    }
}

/// For people to read: without the password.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.database {
            Database::Sqlite => write!(f, "{}", self.file().display()),
            Database::Postgres { url, .. } => {
                let bare = url.split('?').next().unwrap_or_default();
                let (scheme, rest) = bare.split_once("://").unwrap_or(("postgres", bare));
                let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
                write!(f, "{scheme}://{host}")
            }
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let place = Place::new("data", Some("postgres://maru:s3cret@db.example:5432/maru?sslmode=require"));
        assert_eq!(
            format!("{place} {place:?}"),
            "postgres://db.example:5432/maru postgres://db.example:5432/maru"
        );
    }
}
