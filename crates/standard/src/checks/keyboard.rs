//! Keyboard, focus, and what happens on press, hover, focus or change.

use std::collections::BTreeSet;

use crate::{
    css::Style,
    html::Element,
    page::{Page, Site, handlers},
    rule::{self, Found},
};

/// What a keyboard reaches by itself.
pub(super) fn reachable(element: Element<'_>) -> bool {
    let native = match element.name() {
        "a" | "area" => element.has("href"),
        "button" | "select" | "textarea" | "input" => !element.has("disabled"),
        "summary" | "iframe" => true,
        "audio" | "video" => element.has("controls"),
        _ => element.attr("contenteditable").is_some_and(|v| v != "false"),
    };
    match element.attr("tabindex").and_then(|t| t.trim().parse::<i32>().ok()) {
        Some(index) => index >= 0,
        None => native,
    }
}

pub fn check(page: &Page, found: &mut Found) {
    let mut keys = BTreeSet::new();
    for element in page.dom.all() {
        let acts = |event: &str| handlers(element).find(|(known, _)| *known == event).map(|(_, act)| act);
        if element.name() == "body" {
            if acts("onload").is_some_and(|act| act.contains("window.open")) {
                found.at(&rule::POPUP, page, element, "onload");
            }
            continue;
        }
        if !element.shown() {
            continue;
        }
        let leads = |act: &str| ["location", "submit(", "window.open"].iter().any(|word| act.contains(word));
        if acts("onclick").is_some() && !operable(element) {
            found.at(&rule::CLICK_ONLY, page, element, "onclick");
        }
        if acts("onchange").is_some_and(leads) && element.name() == "select" {
            found.at(&rule::CHANGE_LEADS, page, element, "onchange");
        }
        if let Some(act) = acts("onfocus") {
            if act.contains("blur(") {
                found.at(&rule::FOCUS_REMOVED, page, element, "onfocus");
            } else if leads(act) {
                found.at(&rule::FOCUS_LEADS, page, element, "onfocus");
            }
        }
        let hover = acts("onmouseover").or_else(|| acts("onmouseenter"));
        if hover.is_some() && acts("onfocus").is_none() {
            found.at(&rule::HOVER_ONLY, page, element, "onmouseover");
        }
        for press in ["onmousedown", "onpointerdown", "ontouchstart"] {
            if acts(press).is_some() {
                found.at(&rule::PRESS_ACTS, page, element, press);
            }
        }
        if element.attr("tabindex").and_then(|t| t.trim().parse::<i32>().ok()).is_some_and(|t| t > 0) {
            found.at(&rule::TABINDEX, page, element, element.attr("tabindex").unwrap_or_default());
        }
        if let Some(key) = element.says("accesskey").map(str::to_ascii_lowercase)
            && !keys.insert(key.clone())
        {
            found.at(&rule::ACCESSKEYS, page, element, key);
        }
    }
}

/// A click somewhere in a control or on a label is none that only a mouse can do.
fn operable(element: Element<'_>) -> bool {
    let by_key = ["onkeydown", "onkeyup", "onkeypress"].iter().any(|key| element.has(key));
    let within = element.up().any(|e| reachable(e) || matches!(e.name(), "label" | "option"));
    let disabled = element.has("disabled");
    within || disabled || (by_key && element.has("tabindex"))
}

/// Style sheets that take the focus ring away.
pub fn sheets(site: &Site, found: &mut Found) {
    let mut seen = BTreeSet::new();
    for page in &site.pages {
        let others: Vec<&Style> = page.styles().map(|(_, style)| style).collect();
        // Where any rule shows focus another way, whether it does so everywhere takes a look.
        let restored =
            others.iter().any(|style| shows(style) && style.selectors.iter().any(|s| s.contains(":focus")));
        for (from, style) in page.styles() {
            if !removes(style) || !seen.insert((from.to_owned(), style.line)) {
                continue;
            }
            let focused =
                |s: &&String| s.contains(":focus") || matches!(s.as_str(), "*" | "a" | "button" | "input");
            for selector in style.selectors.iter().filter(focused) {
                // `:focus:not(:focus-visible)` takes it from the mouse only.
                if selector.contains(":not(:focus-visible)") {
                    continue;
                }
                let everywhere = wide(selector) && style.within.is_empty() && !restored;
                let rule = if everywhere { &rule::OUTLINE } else { &rule::OUTLINE_SOMEWHERE };
                found.near(rule, from, style.line, selector, "outline");
            }
        }
    }
}

fn none(value: &str) -> bool {
    value.split_whitespace().any(|word| matches!(word, "none" | "0" | "0px"))
}

fn removes(style: &Style) -> bool {
    style.value("outline").or_else(|| style.value("outline-style")).is_some_and(none) && !shows(style)
}

/// Another mark of focus in the same rule.
fn shows(style: &Style) -> bool {
    let marks =
        ["border", "border-color", "border-bottom", "background", "background-color", "text-decoration"];
    style.value("outline").is_some_and(|v| !none(v))
        || style.value("box-shadow").is_some_and(|v| v != "none")
        || marks.iter().any(|mark| style.value(mark).is_some_and(|v| !none(v)))
}

/// Whether it is about every link, button or field.
fn wide(selector: &str) -> bool {
    let bare = selector.replace(":focus-visible", "").replace(":focus-within", "").replace(":focus", "");
    matches!(bare.trim(), "" | "*" | "a" | "a:link" | "button" | "input" | "select" | "textarea" | "a:hover")
}
