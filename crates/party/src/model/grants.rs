//! What a grant covers, and when the door closes.

use std::collections::BTreeMap;

use maru_kernel::At;

pub const TRY_WINDOW_SECONDS: i64 = 15 * 60;
pub const TRIES_A_NAME: i64 = 10;
pub const TRIES_AN_ADDRESS: i64 = 100;
pub const SESSION_HOURS: i64 = 12;

type Fields = BTreeMap<String, Vec<String>>;

/// Whether a scope lets these fields be read. `*` among the registers covers every register, `*` among the fields every field.
/// A wish that names no fields of a register wants all of them.
pub fn covers(scope: &Fields, wish: &Fields) -> bool {
    !wish.is_empty()
        && wish.iter().all(|(register, fields)| {
            let Some(allowed) = scope.get(register).or_else(|| scope.get("*")) else { return false };
            allowed.iter().any(|f| f == "*")
                || (!fields.is_empty() && fields.iter().all(|field| allowed.contains(field)))
        })
}

pub fn holds(from: At, until: Option<At>, ended: Option<At>, now: At) -> bool {
    from <= now && until.is_none_or(|until| now < until) && ended.is_none_or(|ended| now < ended)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(of: &[(&str, &[&str])]) -> Fields {
        of.iter().map(|(r, f)| ((*r).into(), f.iter().map(|x| (*x).into()).collect())).collect()
    }

    #[test]
    fn a_scope_covers_only_what_it_names() {
        let scope = fields(&[("tax", &["income"]), ("resident", &["*"])]);
        assert!(covers(&scope, &fields(&[("tax", &["income"])])));
        assert!(covers(&scope, &fields(&[("resident", &["name", "birth"]), ("tax", &["income"])])));
        assert!(!covers(&scope, &fields(&[("tax", &["income", "debts"])])));
        assert!(!covers(&scope, &fields(&[("tax", &[])])), "all fields is more than one field");
        assert!(!covers(&scope, &fields(&[("health", &["visits"])])));
        assert!(!covers(&scope, &fields(&[])), "a wish for nothing is a mistake");
        assert!(covers(&fields(&[("*", &["*"])]), &fields(&[("health", &[])])));
    }

    #[test]
    fn a_grant_holds_from_until() {
        let at = At::from_micros;
        assert!(holds(at(5), None, None, at(5)));
        assert!(!holds(at(5), None, None, at(4)));
        assert!(!holds(at(5), Some(at(9)), None, at(9)));
        assert!(!holds(at(5), None, Some(at(7)), at(8)));
    }
}
