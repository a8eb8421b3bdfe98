//! Who stands behind the site, how to reach them, what they do with personal data.

use crate::{
    name,
    page::{Page, Site},
    rule::{self, Found},
};

const OPERATORS: [&str; 14] = [
    "공식 전자정부",
    "운영기관",
    "운영 기관",
    "운영자",
    "운영:",
    "담당부서",
    "담당 부서",
    "대한민국정부",
    "대한민국 정부",
    "행정안전부",
    "official website",
    "official site",
    "operated by",
    "run by",
];

pub fn check(site: &Site, found: &mut Found) {
    let Some(first) = site.pages.first() else { return };
    let words = first.body().map(name::content).unwrap_or_default();
    let lower = words.to_lowercase();
    if !OPERATORS.iter().any(|word| lower.contains(word)) {
        let hidden = first.scripted() || first.dom.all().any(|e| e.name() == "img");
        found.on(if hidden { &rule::OPERATOR_UNSEEN } else { &rule::NO_OPERATOR }, first, "");
    }
    if !contact(first, &words) {
        found.on(&rule::NO_CONTACT, first, "");
    }
    let policy = first.dom.all().filter(|e| e.name() == "a" && e.has("href")).any(|e| {
        let called = name::of(e).to_lowercase().replace(' ', "");
        called.contains("개인정보처리방침")
            || called.contains("개인정보보호방침")
            || called.contains("privacy")
    });
    if !policy {
        found.on(&rule::NO_PRIVACY, first, "");
    }
}

fn contact(page: &Page, words: &str) -> bool {
    let linked = page.dom.all().filter(|e| e.name() == "a").any(|e| {
        let called = name::of(e).to_lowercase();
        e.attr("href").is_some_and(|href| href.starts_with("tel:") || href.starts_with("mailto:"))
            || ["문의", "고객센터", "콜센터", "오시는 길", "contact"].iter().any(|word| called.contains(word))
    });
    linked || words.split(|c: char| !(c.is_ascii_digit() || matches!(c, '-' | ')'))).any(telephone)
}

/// `02-123-4567`, `1588-0000`, `031)123-4567`.
fn telephone(word: &str) -> bool {
    let parts: Vec<&str> = word.split(['-', ')']).collect();
    match parts.as_slice() {
        [a, b] => a.len() == 4 && b.len() == 4 && a.starts_with('1'),
        [a, b, c] => {
            a.starts_with('0') && matches!(a.len(), 2 | 3) && matches!(b.len(), 3 | 4) && c.len() == 4
        }
        _ => false,
    }
}
