//! HTTPS, and the headers that protect a visit.

use super::third::sources;
use crate::{
    page::{Page, Site},
    rule::{self, Found},
    visit::loopback,
};

const HALF_A_YEAR: u64 = 15_552_000;

pub fn check(page: &Page, found: &mut Found) {
    let secure = page.url.scheme() == "https";
    if secure {
        let mixed = page.loads.iter().find(|load| load.url.starts_with("http://"));
        if let Some(load) = mixed {
            found.near(&rule::MIXED, page.url.as_str(), 0, &load.url, "");
        }
        let age = page.header("strict-transport-security").and_then(|value| {
            let (_, age) = value.split_once("max-age=")?;
            age.trim_matches('"').split([';', '"']).next()?.trim().parse::<u64>().ok()
        });
        if age.is_none_or(|age| age < HALF_A_YEAR) {
            found.on(&rule::NO_HSTS, page, page.header("strict-transport-security").unwrap_or_default());
        }
    }
    policy(page, found);
    if page.header("x-content-type-options").is_none_or(|v| !v.eq_ignore_ascii_case("nosniff")) {
        found.on(&rule::NO_NOSNIFF, page, "");
    }
    for (_, cookie) in page.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")) {
        let lower = cookie.to_ascii_lowercase();
        let flags: Vec<&str> = lower.split(';').skip(1).map(str::trim).collect();
        let called = cookie.split('=').next().unwrap_or_default().trim();
        let same_site = flags.iter().any(|flag| flag.starts_with("samesite="));
        if (secure && !flags.contains(&"secure")) || !same_site {
            found.on(&rule::COOKIE, page, called);
        }
        if !flags.contains(&"httponly") {
            found.on(&rule::COOKIE_READABLE, page, called);
        }
    }
}

fn policy(page: &Page, found: &mut Found) {
    let Some(policy) = page.header("content-security-policy") else {
        found.on(&rule::NO_CSP, page, "");
        if page.header("x-frame-options").is_none() {
            found.on(&rule::FRAMEABLE, page, "");
        }
        return;
    };
    match sources(policy, "script-src") {
        None => found.on(&rule::WEAK_CSP, page, "script-src"),
        Some(sources) => {
            // With a nonce or a hash a browser passes over unsafe-inline.
            let strict = sources.iter().any(|s| s.starts_with("'nonce-") || s.starts_with("'sha"));
            let weak = sources.iter().find(|s| {
                matches!(s.as_str(), "'unsafe-eval'" | "*" | "http:" | "https:" | "data:")
                    || (!strict && s.as_str() == "'unsafe-inline'")
            });
            if let Some(weak) = weak {
                found.on(&rule::WEAK_CSP, page, weak.clone());
            }
        }
    }
    if !policy.contains("frame-ancestors") && page.header("x-frame-options").is_none() {
        found.on(&rule::FRAMEABLE, page, "");
    }
}

pub fn across(site: &Site, found: &mut Found) {
    let Some(first) = site.pages.first() else { return };
    if loopback(&first.url) {
        found.on(&rule::LOOPBACK, first, first.url.host_str().unwrap_or_default());
    } else if first.url.scheme() != "https" {
        found.on(&rule::NOT_HTTPS, first, "");
        found.on(&rule::NO_HSTS, first, "");
    } else if site.plain_leads == Some(false) {
        found.on(&rule::PLAIN_STAYS, first, "");
    }
}
