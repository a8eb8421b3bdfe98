//! Who else hears of a visit.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use crate::{
    page::{Page, Site},
    rule::{self, Found},
};

const TRACKERS: [&str; 20] = [
    "google-analytics.com",
    "googletagmanager.com",
    "doubleclick.net",
    "googlesyndication.com",
    "facebook.net",
    "hotjar.com",
    "clarity.ms",
    "wcs.naver.net",
    "wcs.naver.com",
    "acecounter.com",
    "logger.co.kr",
    "criteo.net",
    "criteo.com",
    "mixpanel.com",
    "segment.com",
    "amplitude.com",
    "adobedtm.com",
    "omtrdc.net",
    "scorecardresearch.com",
    "matomo.cloud",
];

/// Under these, names are given away one level further down.
const SHARED: [&str; 13] = ["go", "or", "co", "ac", "re", "ne", "pe", "hs", "ms", "es", "kg", "sc", "mil"];
const SHARED_ABROAD: [&str; 7] = ["co", "com", "gov", "ac", "org", "net", "edu"];

/// The part of a host's name that one owner has: `www.mois.go.kr` → `mois.go.kr`.
pub(super) fn owner(host: &str) -> String {
    if host.parse::<std::net::IpAddr>().is_ok() || host.starts_with('[') {
        return host.to_owned();
    }
    let labels: Vec<&str> = host.rsplit('.').collect();
    let shared = match labels.as_slice() {
        ["kr", second, ..] => SHARED.contains(second),
        [top, second, ..] => top.len() == 2 && SHARED_ABROAD.contains(second),
        _ => false,
    };
    let take = if shared { 3 } else { 2 };
    let mut kept: Vec<&str> = labels.into_iter().take(take).collect();
    kept.reverse();
    kept.join(".")
}

pub fn host(address: &str) -> Option<String> {
    Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_owned))
}

pub fn check(site: &Site, found: &mut Found) {
    let Some(first) = site.pages.first() else { return };
    let own = owner(first.url.host_str().unwrap_or_default());
    let mut hosts: BTreeMap<String, (&Page, String)> = BTreeMap::new();
    for page in &site.pages {
        for load in &page.loads {
            if let Some(host) = host(&load.url).filter(|host| owner(host) != own) {
                hosts.entry(host).or_insert((page, load.url.clone()));
            }
        }
    }
    for (host, (page, address)) in &hosts {
        found.near(&rule::THIRD_PARTY, page.url.as_str(), 0, address, host.clone());
        if tracks(host) {
            found.near(&rule::TRACKER, page.url.as_str(), 0, address, host.clone());
        }
    }
    let mut seen = BTreeSet::new();
    for page in &site.pages {
        let mut named = BTreeSet::new();
        for (from, text) in &page.scripts {
            for host in named_hosts(text).into_iter().filter(|host| owner(host) != own) {
                if tracks(&host) && seen.insert(host.clone()) {
                    found.near(&rule::TRACKER, from, 0, "", host.clone());
                }
                named.insert(host);
            }
        }
        if page.scripted() && !confined(page) {
            let named: Vec<String> = named.into_iter().take(5).collect();
            found.on(&rule::THIRD_POSSIBLE, page, named.join(", "));
        }
    }
}

fn tracks(host: &str) -> bool {
    TRACKERS
        .iter()
        .any(|known| host == *known || host.strip_suffix(known).is_some_and(|rest| rest.ends_with('.')))
}

/// Hosts that a script's text names.
fn named_hosts(text: &str) -> BTreeSet<String> {
    let mut hosts = BTreeSet::new();
    for rest in text.split("//").skip(1) {
        let host: String =
            rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).collect();
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        // A comment has no dot before its first space; a namespace is only a name.
        let named =
            host.contains('.') && !host.ends_with("w3.org") && !host.contains("..") && host.len() < 100;
        let top = host.rsplit('.').next().unwrap_or_default();
        if named && top.len() >= 2 && top.chars().all(|c| c.is_ascii_alphabetic()) {
            hosts.insert(host);
        }
    }
    hosts
}

/// The sources that a policy allows for one thing, falling back as browsers do.
pub(super) fn sources(policy: &str, directive: &str) -> Option<Vec<String>> {
    let find = |wanted: &str| {
        policy.split(';').find_map(|part| {
            let mut words = part.split_ascii_whitespace();
            let name = words.next()?.to_ascii_lowercase();
            (name == wanted).then(|| words.map(str::to_ascii_lowercase).collect())
        })
    };
    find(directive).or_else(|| find("default-src"))
}

/// Whether its policy lets a page ask nobody else.
fn confined(page: &Page) -> bool {
    let Some(policy) = page.header("content-security-policy") else { return false };
    ["connect-src", "img-src", "script-src", "style-src", "font-src", "frame-src", "media-src", "object-src"]
        .iter()
        .all(|directive| {
            sources(policy, directive).is_some_and(|sources| {
                sources.iter().all(|s| {
                    matches!(s.as_str(), "'self'" | "'none'" | "data:" | "blob:" | "'unsafe-inline'")
                        || s.starts_with("'nonce-")
                        || s.starts_with("'sha")
                })
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_told_from_a_host() {
        for (host, own) in [
            ("www.mois.go.kr", "mois.go.kr"),
            ("img.gov.kr", "gov.kr"),
            ("www.suwon.go.kr", "suwon.go.kr"),
            ("a.b.example.com", "example.com"),
            ("www.service.gov.uk", "service.gov.uk"),
            ("127.0.0.1", "127.0.0.1"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(owner(host), own);
        }
    }

    #[test]
    fn hosts_are_found_in_scripts_and_comments_are_not() {
        let hosts = named_hosts(
            "fetch('https://api.example.com/x'); // see below.\nvar n='http://www.w3.org/2000/svg'; s.src='//cdn.example.net/a.js'",
        );
        assert_eq!(hosts.into_iter().collect::<Vec<_>>(), ["api.example.com", "cdn.example.net"]);
    }
}
