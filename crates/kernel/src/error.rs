use std::fmt;

/// What can go wrong in an action, in words a page and the API can both show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// No such thing, or not for this person: the two are never told apart to the outside.
    NotFound,
    /// Nobody is signed in.
    SignInNeeded,
    /// Signed in, but this is not theirs to do. The text is a message key.
    Denied(String),
    /// What was sent can't be taken; nothing was changed.
    Invalid(Vec<Problem>),
    /// The thing has moved on since it was read; the text is a message key that says what to do.
    Conflict(String),
    /// A guard failed and the action is to be rerun from its load. Never leaves the store's `rerun`.
    Guard(String),
    /// The address is right, the method is not.
    WrongMethod,
    /// What was sent is larger than is taken here; nothing was read.
    TooLarge,
    /// Too many tries; seconds until the next is allowed.
    TooMany(u64),
    /// Not now: the database is gone, full, read-only or being moved. Nothing was changed, trying again is right. The text is a message key.
    Unavailable(String),
    /// The machine, not the person. Logged with its cause, shown without.
    Internal(String),
}

/// One thing wrong with one field: `field` is the form's name for it, `key` the message key.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    pub field: String,
    pub key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn internal(cause: impl fmt::Display) -> Self {
        Error::Internal(cause.to_string())
    }

    pub fn invalid(field: &str, key: &str) -> Self {
        Error::Invalid(vec![Problem { field: field.into(), key: key.into(), value: None }])
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotFound => write!(f, "not found"),
            Error::SignInNeeded => write!(f, "sign in first"),
            Error::Denied(why) => write!(f, "denied: {why}"),
            Error::Invalid(problems) => {
                write!(f, "invalid:")?;
                problems.iter().try_for_each(|p| write!(f, " {}={}", p.field, p.key))
            }
            Error::Conflict(why) => write!(f, "conflict: {why}"),
            Error::Guard(which) => write!(f, "guard failed: {which}"),
            Error::WrongMethod => write!(f, "method not allowed"),
            Error::TooLarge => write!(f, "too large"),
            Error::TooMany(seconds) => write!(f, "too many tries; again in {seconds} s"),
            Error::Unavailable(why) => write!(f, "unavailable: {why}"),
            Error::Internal(cause) => write!(f, "internal: {cause}"),
        }
    }
}

impl std::error::Error for Error {}
