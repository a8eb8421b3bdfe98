//! Titles, headings, tables, lists, ways past what repeats, and whether the markup holds together.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    html::Element,
    name,
    page::{Page, Site},
    rule::{self, Found},
};

pub fn check(page: &Page, found: &mut Found) {
    titles(page, found);
    headings(page, found);
    bypass(page, found);
    for table in page.dom.all().filter(|e| e.name() == "table" && e.told()) {
        self::table(page, table, found);
    }
    lists(page, found);
    markup(page, found);
}

/// Two pages with one title, where their addresses differ in more than a query.
pub fn across(site: &Site, found: &mut Found) {
    let mut known: BTreeMap<String, &str> = BTreeMap::new();
    for page in &site.pages {
        let title = page.dom.first("title").map(|e| e.raw().trim().to_owned()).unwrap_or_default();
        if title.is_empty() {
            continue;
        }
        match known.get(&title) {
            Some(path) if *path != page.url.path() => found.on(&rule::SAME_TITLE, page, title),
            Some(_) => {}
            None => {
                known.insert(title, page.url.path());
            }
        }
    }
}

fn titles(page: &Page, found: &mut Found) {
    let title = page.dom.all().find(|e| e.name() == "title" && e.within("svg").is_none());
    if title.is_none_or(|title| title.raw().trim().is_empty()) {
        found.on(&rule::DOCUMENT_TITLE, page, "");
    }
    for frame in page.dom.all().filter(|e| matches!(e.name(), "iframe" | "frame") && e.shown()) {
        if frame.attr("tabindex") != Some("-1") && name::of(frame).is_empty() {
            found.at(&rule::FRAME_TITLE, page, frame, "");
        }
    }
}

fn level(element: Element<'_>) -> Option<u32> {
    if element.role() == Some("heading") {
        return element.attr("aria-level").and_then(|level| level.parse().ok()).or(Some(2));
    }
    if element.role().is_some() {
        return None;
    }
    matches!(element.name(), "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
        .then(|| element.name().chars().nth(1).and_then(|c| c.to_digit(10)))
        .flatten()
}

fn headings(page: &Page, found: &mut Found) {
    let mut last = 0_u32;
    let mut first = false;
    for (element, level) in page.dom.all().filter(|e| e.told()).filter_map(|e| level(e).map(|l| (e, l))) {
        if name::of(element).is_empty() {
            found.at(&rule::EMPTY_HEADING, page, element, "");
            continue;
        }
        if last > 0 && level > last.saturating_add(1) {
            found.at(&rule::HEADING_ORDER, page, element, format!("h{last} → h{level}"));
        }
        first |= level == 1;
        last = level;
    }
    if !first {
        found.on(&rule::NO_HEADING, page, "");
    }
}

fn jumps<'a>(link: Element<'a>) -> Option<&'a str> {
    link.attr("href").and_then(|href| href.strip_prefix('#')).filter(|id| !id.is_empty())
}

fn bypass(page: &Page, found: &mut Found) {
    let links: Vec<Element<'_>> =
        page.dom.all().filter(|e| e.name() == "a" && e.has("href") && e.shown()).collect();
    let skip = links.iter().take(3).find_map(|link| jumps(*link).map(|id| (*link, id)));
    if let Some((link, id)) = skip {
        let there = page.dom.by_id(id).is_some()
            || page.dom.all().any(|e| e.name() == "a" && e.attr("name") == Some(id))
            || id == "top";
        if !there {
            found.at(&rule::SKIP_LINK, page, link, id);
        }
        return;
    }
    // Fewer links than that nobody needs to skip.
    if links.len() > 3 {
        let landmark = page.main().is_some() || page.dom.all().any(|e| e.told() && level(e).is_some());
        found.on(if landmark { &rule::SKIP_MISSING } else { &rule::BYPASS }, page, "");
    }
}

fn table(page: &Page, table: Element<'_>, found: &mut Found) {
    if matches!(table.role(), Some("none" | "presentation")) {
        return;
    }
    let own = |e: &Element<'_>| e.within("table") == Some(table);
    let cells: Vec<Element<'_>> =
        table.below().filter(|e| matches!(e.name(), "td" | "th") && own(e)).collect();
    let rows = table.below().filter(|e| e.name() == "tr" && own(e)).count();
    let heads: Vec<&Element<'_>> = cells
        .iter()
        .filter(|e| e.name() == "th" || matches!(e.role(), Some("columnheader" | "rowheader")))
        .collect();
    if heads.is_empty() {
        let layout = cells.iter().any(|cell| {
            cell.below().any(|e| {
                matches!(
                    e.name(),
                    "table"
                        | "input"
                        | "select"
                        | "textarea"
                        | "form"
                        | "div"
                        | "h1"
                        | "h2"
                        | "h3"
                        | "iframe"
                )
            })
        });
        let big = rows >= 3 && cells.len() >= rows.saturating_mul(2);
        let titled = table.children().any(|e| e.name() == "caption") || table.says("summary").is_some();
        if !cells.is_empty() {
            let rule = if titled || (big && !layout) { &rule::TABLE_HEADS } else { &rule::TABLE_LOOK };
            found.at(rule, page, table, "");
        }
        return;
    }
    let captioned = table.children().any(|e| e.name() == "caption")
        || table.has("aria-label")
        || table.has("aria-labelledby")
        || table.within("figure").is_some();
    if !captioned {
        found.at(&rule::TABLE_CAPTION, page, table, "");
    }
    let ids: BTreeSet<&str> = cells.iter().filter_map(|cell| cell.says("id")).collect();
    for cell in &cells {
        let headers = cell.says("headers").unwrap_or_default();
        if let Some(missing) = headers.split_ascii_whitespace().find(|id| !ids.contains(id)) {
            found.at(&rule::HEADERS_ATTR, page, *cell, missing);
        }
        let scope = cell.attr("scope").map(str::to_ascii_lowercase);
        if scope.as_deref().is_some_and(|s| !matches!(s, "row" | "col" | "rowgroup" | "colgroup")) {
            found.at(&rule::SCOPE_ATTR, page, *cell, scope.unwrap_or_default());
        }
    }
}

fn lists(page: &Page, found: &mut Found) {
    for element in page.dom.all().filter(|e| e.told() && e.role().is_none()) {
        match element.name() {
            "ul" | "ol" => {
                let allowed = |e: &Element<'_>| {
                    matches!(e.name(), "li" | "script" | "template")
                        || e.role() == Some("listitem")
                        || !e.shown()
                };
                let foreign = element.children().find(|e| !allowed(e));
                if foreign.is_some() || !element.own_text().is_empty() {
                    found.at(&rule::LIST, page, foreign.unwrap_or(element), "");
                }
            }
            "li" => {
                let listed = element
                    .parent()
                    .is_some_and(|p| matches!(p.name(), "ul" | "ol" | "menu") || p.role() == Some("list"));
                if !listed {
                    found.at(&rule::LISTITEM, page, element, "");
                }
            }
            _ => {}
        }
    }
}

fn markup(page: &Page, found: &mut Found) {
    let mut ids = BTreeSet::new();
    for element in page.dom.all() {
        if let Some(id) = element.says("id").filter(|id| !ids.insert(*id)) {
            found.at(&rule::DUPLICATE_ID, page, element, id);
        }
        if element.twice() {
            found.at(&rule::DUPLICATE_ATTRIBUTE, page, element, "");
        }
    }
    for mended in page.dom.mended.iter().filter(|mended| matters(&mended.what)) {
        found.near(&rule::MARKUP, page.url.as_str(), mended.line, "", mended.what.clone());
    }
}

/// What opens, closes and nests. A missing doctype, an old one and odd characters are none of that, and the
/// attribute that is there twice has a rule of its own.
fn matters(what: &str) -> bool {
    let structural = [
        "Unexpected open tag",
        "Unexpected token",
        "No ",
        "nested",
        "Nested",
        "Closing",
        "Formatting",
        "Bad open",
        "Form element",
        "Null form",
        "Found special",
        "expected to close",
        "</",
        "Unacknowledged",
        "Attributes on",
        "Non-space",
        "Self-closing",
    ];
    structural.iter().any(|start| what.starts_with(start)) && !what.contains("mode Initial")
}
