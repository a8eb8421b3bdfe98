//! Whether it fits a phone.

use std::collections::BTreeSet;

use crate::{
    css,
    page::{Page, Site},
    rule::{self, Found},
};

/// Wider than any phone held upright.
const WIDE: f64 = 480.0;

pub fn check(page: &Page, found: &mut Found) {
    let viewport = page
        .dom
        .all()
        .filter(|e| e.name() == "meta" && e.attr("name").is_some_and(|n| n.eq_ignore_ascii_case("viewport")))
        .find_map(|e| e.says("content"));
    if !viewport.is_some_and(|content| content.replace(' ', "").contains("width=device-width")) {
        found.on(&rule::NO_VIEWPORT, page, viewport.unwrap_or_default());
    }
    for element in page.dom.all().filter(|e| e.shown()) {
        let attribute = matches!(element.name(), "table" | "img" | "iframe" | "td")
            .then(|| element.attr("width").and_then(|w| w.trim().parse::<f64>().ok()))
            .flatten();
        let style = element.style("width").or_else(|| element.style("min-width"));
        let style = style.filter(|v| v.ends_with("px")).and_then(|v| css::pixels(&v));
        if let Some(width) = style.or(attribute).filter(|width| *width > WIDE) {
            let whole = matches!(element.name(), "body" | "main") && style.is_some();
            let rule = if whole { &rule::FIXED_WIDTH } else { &rule::WIDE };
            found.at(rule, page, element, format!("{width} px"));
        }
    }
}

pub fn sheets(site: &Site, found: &mut Found) {
    let mut seen = BTreeSet::new();
    for page in &site.pages {
        for (from, style) in page.styles() {
            // Under a query it may be for wide screens only.
            if style.within.iter().any(|query| query.contains("@media")) {
                continue;
            }
            let wide = ["width", "min-width"].iter().find_map(|property| {
                let value = style.value(property).filter(|v| v.ends_with("px"))?;
                css::pixels(value).filter(|width| *width > WIDE)
            });
            let Some(width) = wide else { continue };
            if !seen.insert((from.to_owned(), style.line)) {
                continue;
            }
            let whole = style.selectors.iter().any(|s| matches!(s.as_str(), "html" | "body" | "main"));
            let rule = if whole { &rule::FIXED_WIDTH } else { &rule::WIDE };
            found.near(rule, from, style.line, &style.selectors.join(", "), format!("{width} px"));
        }
    }
}
