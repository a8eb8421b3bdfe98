//! What is there and works before any script has run.

use std::collections::BTreeSet;

use crate::{
    html::Element,
    name,
    page::{Page, handlers, runs, scheme},
    rule::{self, Found},
};

pub fn check(page: &Page, found: &mut Found) {
    let scripted = page.dom.all().any(runs);
    let words = page.body().map(|body| body.text()).unwrap_or_default();
    let content = page.main().map_or(words, Element::text);
    // A heading and a sentence: less is a frame that scripts fill.
    if scripted && content.chars().filter(|c| c.is_alphanumeric()).count() < 40 {
        found.on(&rule::NO_CONTENT, page, content);
    }
    // The forms that a button elsewhere sends.
    let senders: BTreeSet<&str> =
        page.dom.all().filter(|e| submits(*e)).filter_map(|e| e.says("form")).collect();
    for element in page.dom.all() {
        match element.name() {
            "noscript" => {
                let said: String = std::iter::once(element.own_text())
                    .chain(element.below().map(Element::own_text))
                    .collect();
                let lower = said.to_lowercase();
                let about =
                    ["자바스크립트", "스크립트", "javascript"].iter().any(|word| lower.contains(word));
                let demands = [
                    "켜",
                    "활성",
                    "허용",
                    "사용 가능",
                    "지원",
                    "enable",
                    "need",
                    "require",
                    "must",
                    "turn on",
                    "without",
                ]
                .iter()
                .any(|word| lower.contains(word));
                if about && demands {
                    found.near(&rule::SCRIPT_DEMANDED, page.url.as_str(), element.line(), &said, "noscript");
                }
            }
            "a" if element.shown() => {
                let empty = element.attr("href").is_some_and(|href| matches!(href.trim(), "#" | ""));
                if scheme(element, "javascript")
                    || (empty && handlers(element).any(|(event, _)| event == "onclick"))
                {
                    found.at(&rule::SCRIPT_LINK, page, element, element.attr("href").unwrap_or_default());
                }
            }
            "button" | "input" if element.shown() && presses(element) && !stands_still(element) => {
                // Whatever works by itself: a submit of a form, what opens a popover, a control of details.
                let submits = submits(element) && form(element).is_some();
                let native = ["popovertarget", "command"].iter().any(|a| element.has(a))
                    || name::kind(element) == "reset";
                if !submits && !native {
                    found.at(&rule::SCRIPT_BUTTON, page, element, "");
                }
            }
            "form" if element.shown() => {
                let fields = element.below().any(|e| {
                    matches!(e.name(), "select" | "textarea")
                        || (e.name() == "input" && name::kind(e) != "hidden")
                });
                let named = element.says("id").is_some_and(|id| senders.contains(id));
                let sends = named || element.below().any(|e| submits(e) && !e.has("form"));
                let blocked = element.attr("onsubmit").is_some_and(|act| act.contains("return false"));
                if fields && (!sends || blocked || scheme(element, "javascript")) {
                    found.at(&rule::SCRIPT_FORM, page, element, "");
                }
            }
            _ => {}
        }
    }
}

/// It says that it can't be pressed now.
fn stands_still(element: Element<'_>) -> bool {
    element.has("disabled") || element.attr("aria-disabled") == Some("true")
}

fn presses(element: Element<'_>) -> bool {
    element.name() == "button" || name::kind(element) == "button"
}

fn submits(element: Element<'_>) -> bool {
    let kind = element.says("type").map(str::to_ascii_lowercase);
    match element.name() {
        "button" => kind.is_none_or(|kind| kind == "submit"),
        "input" => kind.is_some_and(|kind| kind == "submit" || kind == "image"),
        _ => false,
    }
}

/// The form it belongs to: around it, or named by `form`.
fn form(element: Element<'_>) -> Option<Element<'_>> {
    match element.says("form") {
        Some(id) => element.dom().by_id(id),
        None => element.within("form"),
    }
}
