//! What links and controls are called.

use crate::{
    html::Element,
    name,
    page::Page,
    rule::{self, Found},
};

const NOTHING: [&str; 12] = [
    "여기",
    "이곳",
    "클릭",
    "바로가기",
    "더보기",
    "자세히",
    "자세히 보기",
    "here",
    "click here",
    "more",
    "read more",
    "link",
];

pub fn check(page: &Page, found: &mut Found) {
    for element in page.dom.all().filter(|e| e.told()) {
        let link = element.name() == "a" && element.has("href");
        if link {
            let called = name::of(element);
            if called.is_empty() {
                found.at(&rule::LINK_NAME, page, element, "");
            } else if NOTHING.contains(&called.to_lowercase().as_str()) {
                found.at(&rule::LINK_SAYS_NOTHING, page, element, called);
            }
        }
        if link || element.name() == "button" || matches!(element.role(), Some("button" | "link")) {
            renamed(page, element, found);
        }
    }
}

/// Who says what is seen must reach it by voice.
fn renamed(page: &Page, element: Element<'_>, found: &mut Found) {
    let plain =
        |text: &str| -> String { text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect() };
    let label = element.says("aria-label").map(str::to_owned).unwrap_or_else(|| name::labelled_by(element));
    let seen = plain(&name::content(element));
    if !label.is_empty() && seen.chars().count() > 1 && !plain(&label).contains(&seen) {
        found.at(&rule::LABEL_MISMATCH, page, element, label);
    }
}
