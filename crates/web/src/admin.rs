//! What the pages of the administration share across rooms.

use crate::ports::{RoleKind, Session};

/// The tabs of the administration that are somebody's: their name and their address.
pub fn admin_tabs(session: &Session) -> Vec<(&'static str, &'static str)> {
    let operator = session.has(RoleKind::Operator);
    let manages = operator || session.has(RoleKind::Manager);
    let services = manages || session.has(RoleKind::Writer) || session.has(RoleKind::Auditor);
    let reads = operator || session.has(RoleKind::Auditor);
    [
        (true, ("overview", "/admin")),
        (manages, ("agencies", "/admin/agencies")),
        (manages, ("officials", "/admin/officials")),
        (services, ("services", "/admin/services")),
        (services, ("parameters", "/admin/parameters")),
        (session.has(RoleKind::Manager), ("load", "/desk/load")),
        (session.has(RoleKind::Manager), ("delegations", "/admin/delegations")),
        (session.has(RoleKind::Manager), ("documents", "/admin/documents")),
        (operator, ("jobs", "/admin/jobs")),
        (operator, ("edge", "/admin/edge")),
        (operator, ("holidays", "/admin/holidays")),
        (operator, ("catalogue", "/admin/catalogue")),
        (session.has(RoleKind::Analyst), ("policy", "/policy")),
        (session.has(RoleKind::Auditor), ("audit", "/audit")),
        (reads, ("ledger", "/admin/ledger")),
        (reads, ("log", "/admin/log")),
    ]
    .into_iter()
    .filter_map(|(shown, tab)| shown.then_some(tab))
    .collect()
}
