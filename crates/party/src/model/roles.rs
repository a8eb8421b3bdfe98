//! Roles, and who may give which.

use std::collections::BTreeMap;

use maru_kernel::{Actor, At};
use maru_web::ports::{Role, RoleKind, Session};

use super::holds;

/// A role somebody has or had.
#[derive(Debug, Clone)]
pub struct HeldRole {
    pub role: Role,
    pub official: String,
    pub from: At,
    pub until: Option<At>,
    pub ended: Option<At>,
}

impl HeldRole {
    pub fn holds(&self, now: At) -> bool {
        holds(self.from, self.until, self.ended, now)
    }
}

pub fn role_scope(kind: RoleKind) -> BTreeMap<String, Vec<String>> {
    [("role".to_owned(), vec![kind.as_str().to_owned()])].into()
}

pub fn role_of(scope: &BTreeMap<String, Vec<String>>) -> Option<RoleKind> {
    scope.get("role").and_then(|names| names.first()).and_then(|name| RoleKind::parse(name))
}

/// Who administers: somebody with roles, or whoever has the machine itself.
#[derive(Debug, Clone)]
pub struct Doer {
    pub actor: Actor,
    roles: Vec<Role>,
}

impl Doer {
    /// The command line.
    pub fn machine() -> Doer {
        Doer { actor: Actor::System { name: "admin".into() }, roles: Vec::new() }
    }

    pub fn of(session: &Session) -> Doer {
        Doer { actor: session.person.actor(), roles: session.roles.clone() }
    }

    /// Over everything.
    pub fn runs_country(&self) -> bool {
        matches!(self.actor, Actor::System { .. }) || self.roles.iter().any(|r| r.kind == RoleKind::Operator)
    }

    /// Over an agency. What belongs to none is the operators'.
    pub fn runs(&self, agency: Option<&str>) -> bool {
        let manages =
            |agency: &str| self.roles.iter().any(|r| r.kind == RoleKind::Manager && r.over == agency);
        self.runs_country() || agency.is_some_and(manages)
    }

    /// The agencies somebody manages; none: all of them.
    pub fn agencies(&self) -> Option<Vec<&str>> {
        let managed = self.roles.iter().filter(|r| r.kind == RoleKind::Manager).map(|r| r.over.as_str());
        (!self.runs_country()).then(|| managed.collect())
    }

    /// Whether this role may be given or taken. `agency` is what it is over, or whose unit it is over.
    pub fn gives(&self, kind: RoleKind, agency: Option<&str>) -> bool {
        match kind {
            RoleKind::Operator | RoleKind::Auditor | RoleKind::Analyst => self.runs_country(),
            RoleKind::Manager | RoleKind::Clerk | RoleKind::Writer => self.runs(agency),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doer(roles: &[(RoleKind, &str)]) -> Doer {
        let roles = roles
            .iter()
            .map(|(kind, over)| Role { grant: "g".into(), over: (*over).into(), kind: *kind })
            .collect();
        Doer { actor: Actor::Official { party: "o".into(), unit: "u".into() }, roles }
    }

    #[test]
    fn roles_reach_as_far_as_they_say() {
        use RoleKind::*;
        let operator = doer(&[(Operator, "country")]);
        let manager = doer(&[(Manager, "suwon")]);
        let clerk = doer(&[(Clerk, "suwon")]);
        let auditor = doer(&[(Auditor, "country")]);
        for kind in RoleKind::ALL {
            assert!(operator.gives(kind, Some("suwon")) && Doer::machine().gives(kind, None), "{kind:?}");
            assert!(!clerk.gives(kind, Some("suwon")) && !auditor.gives(kind, Some("suwon")), "{kind:?}");
            assert!(!manager.gives(kind, Some("jeonju")) && !manager.gives(kind, None), "{kind:?}");
            assert_eq!(
                manager.gives(kind, Some("suwon")),
                matches!(kind, Manager | Clerk | Writer),
                "{kind:?}"
            );
        }
        assert!(operator.runs(None) && operator.agencies().is_none());
        assert!(manager.runs(Some("suwon")) && !manager.runs(Some("jeonju")) && !manager.runs(None));
        assert_eq!(manager.agencies(), Some(vec!["suwon"]));
        assert_eq!(clerk.agencies(), Some(vec![]));
    }

    #[test]
    fn a_role_is_read_from_its_scope() {
        for kind in RoleKind::ALL {
            assert_eq!(role_of(&role_scope(kind)), Some(kind));
        }
        assert_eq!(role_of(&BTreeMap::new()), None);
        assert_eq!(role_of(&[("role".to_owned(), vec!["king".to_owned()])].into()), None);
    }
}
