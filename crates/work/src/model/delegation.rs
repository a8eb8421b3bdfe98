//! The register of delegated decisions of an agency (위임전결): for which matters which rank decides for which other.

use maru_kernel::At;
use serde::{Deserialize, Serialize};

/// What the register tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Matter {
    /// What is decided about a case.
    Decision,
    /// What goes to another agency.
    Letter,
    /// What stays within the agency.
    Internal,
}

impl Matter {
    pub const ALL: [Matter; 3] = [Matter::Decision, Matter::Letter, Matter::Internal];

    pub fn as_str(self) -> &'static str {
        match self {
            Matter::Decision => "decision",
            Matter::Letter => "letter",
            Matter::Internal => "internal",
        }
    }

    pub fn parse(text: &str) -> Option<Matter> {
        Matter::ALL.into_iter().find(|matter| matter.as_str() == text)
    }

    /// A document about a case decides, wherever it is sent.
    pub fn of(about_case: bool, goes_out: bool) -> Matter {
        match (about_case, goes_out) {
            (true, _) => Matter::Decision,
            (false, true) => Matter::Letter,
            (false, false) => Matter::Internal,
        }
    }
}

/// One entry: in this agency, for this matter, who has the one rank decides for who has the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub id: String,
    pub agency: String,
    pub matter: Matter,
    pub decides: String,
    pub whose: String,
    pub from: At,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_of_one_matter() {
        assert_eq!(Matter::of(true, true), Matter::Decision);
        assert_eq!(Matter::of(true, false), Matter::Decision);
        assert_eq!(Matter::of(false, true), Matter::Letter);
        assert_eq!(Matter::of(false, false), Matter::Internal);
        for matter in Matter::ALL {
            assert_eq!(Matter::parse(matter.as_str()), Some(matter));
        }
        assert_eq!(Matter::parse("any"), None);
    }
}
