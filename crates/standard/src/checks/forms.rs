//! Fields, their names, and what is asked of whoever signs in.

use std::collections::BTreeMap;

use crate::{
    html::Element,
    name,
    page::{Page, handlers},
    rule::{self, Found},
};

pub fn check(page: &Page, found: &mut Found) {
    let mut groups: BTreeMap<&str, Vec<Element<'_>>> = BTreeMap::new();
    for element in page.dom.all().filter(|e| e.told()) {
        let kind = name::kind(element);
        match element.name() {
            "input"
                if matches!(kind.as_str(), "submit" | "reset" | "button") && name::of(element).is_empty() =>
            {
                found.at(&rule::INPUT_BUTTON_NAME, page, element, "");
            }
            "input" if matches!(kind.as_str(), "submit" | "reset" | "button" | "image" | "hidden") => {}
            "input" | "textarea" => {
                named(page, element, found);
                purpose(page, element, &kind, found);
                if kind == "radio" {
                    groups.entry(element.attr("name").unwrap_or_default()).or_default().push(element);
                }
            }
            "select" => {
                if name::of(element).is_empty() {
                    found.at(&rule::SELECT_NAME, page, element, "");
                }
                autocomplete(page, element, found);
            }
            "button" if name::of(element).is_empty() => found.at(&rule::BUTTON_NAME, page, element, ""),
            _ => {}
        }
        let pasting = handlers(element).find(|(event, _)| *event == "onpaste");
        if pasting.is_some_and(|(_, act)| act.contains("false") || act.contains("preventDefault")) {
            found.at(&rule::PASTE_BLOCKED, page, element, "onpaste");
        }
    }
    for group in groups.values().filter(|group| group.len() > 1) {
        let Some(first) = group.first() else { continue };
        let grouped = first.up().any(|e| {
            (e.name() == "fieldset" && e.children().any(|c| c.name() == "legend"))
                || matches!(e.role(), Some("radiogroup" | "group"))
        });
        if !grouped {
            found.at(&rule::GROUP_NAME, page, *first, first.attr("name").unwrap_or_default());
        }
    }
    captcha(page, found);
}

fn named(page: &Page, element: Element<'_>, found: &mut Found) {
    if !name::of(element).is_empty() {
        return;
    }
    match element.says("placeholder") {
        Some(words) => found.at(&rule::PLACEHOLDER_LABEL, page, element, words),
        None => found.at(&rule::LABEL, page, element, ""),
    }
}

const TOKENS: [&str; 55] = [
    "additional-name",
    "address-level1",
    "address-level2",
    "address-level3",
    "address-level4",
    "address-line1",
    "address-line2",
    "address-line3",
    "bday",
    "bday-day",
    "bday-month",
    "bday-year",
    "cc-additional-name",
    "cc-csc",
    "cc-exp",
    "cc-exp-month",
    "cc-exp-year",
    "cc-family-name",
    "cc-given-name",
    "cc-name",
    "cc-number",
    "cc-type",
    "country",
    "country-name",
    "current-password",
    "email",
    "family-name",
    "given-name",
    "honorific-prefix",
    "honorific-suffix",
    "impp",
    "language",
    "name",
    "new-password",
    "nickname",
    "off",
    "on",
    "one-time-code",
    "organization",
    "organization-title",
    "photo",
    "postal-code",
    "sex",
    "street-address",
    "tel",
    "tel-area-code",
    "tel-country-code",
    "tel-extension",
    "tel-local",
    "tel-local-prefix",
    "tel-local-suffix",
    "tel-national",
    "transaction-amount",
    "transaction-currency",
    "url",
];

/// `[section-…] [shipping|billing] [home|work|mobile|fax|pager] field [webauthn]`.
fn valid(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let mut words: Vec<&str> = lower.split_ascii_whitespace().collect();
    if words.last() == Some(&"webauthn") {
        words.pop();
    }
    let Some((field, before)) = words.split_last() else { return true };
    let known = TOKENS.contains(field) || *field == "username";
    known
        && before.iter().all(|word| {
            word.starts_with("section-")
                || matches!(*word, "shipping" | "billing" | "home" | "work" | "mobile" | "fax" | "pager")
        })
}

fn autocomplete(page: &Page, element: Element<'_>, found: &mut Found) {
    if let Some(value) = element.says("autocomplete").filter(|value| !valid(value)) {
        found.at(&rule::AUTOCOMPLETE_VALID, page, element, value);
    }
}

fn purpose(page: &Page, element: Element<'_>, kind: &str, found: &mut Found) {
    if element.says("autocomplete").is_some() {
        autocomplete(page, element, found);
        return;
    }
    let asked = name::of(element).to_lowercase();
    let personal = matches!(kind, "email" | "tel" | "password")
        || [
            "성명",
            "이메일",
            "전자우편",
            "휴대전화",
            "전화번호",
            "생년월일",
            "우편번호",
            "your name",
            "full name",
            "e-mail",
            "email",
            "phone",
            "birth",
            "postal code",
        ]
        .iter()
        .any(|word| asked.contains(word));
    if personal && matches!(kind, "text" | "email" | "tel" | "password" | "date" | "number") {
        found.at(&rule::AUTOCOMPLETE_MISSING, page, element, asked);
    }
}

fn captcha(page: &Page, found: &mut Found) {
    let says = |e: Element<'_>| {
        ["src", "id", "class", "name"]
            .iter()
            .any(|a| e.attr(a).is_some_and(|v| v.to_ascii_lowercase().contains("captcha")))
    };
    let Some(puzzle) = page.dom.all().find(|e| matches!(e.name(), "img" | "canvas" | "iframe") && says(*e))
    else {
        return;
    };
    let words = page.body().map(|body| name::content(body)).unwrap_or_default().to_lowercase();
    let other = ["음성", "듣기", "audio", "listen"].iter().any(|word| words.contains(word));
    let rule = if other { &rule::CAPTCHA_OTHER } else { &rule::CAPTCHA };
    found.at(rule, page, puzzle, "");
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn purposes_are_those_of_the_standard() {
        for right in ["name", "off", "section-a shipping street-address", "work email", "username webauthn"] {
            assert!(valid(right), "{right}");
        }
        for wrong in ["ko", "mail", "email work", "yes"] {
            assert!(!valid(wrong), "{wrong}");
        }
    }
}
