//! Which language a page says it is in, is in, and can be had in.

use crate::{
    html::{Element, cut},
    page::{Page, Site},
    rule::{self, Found},
    text,
};

pub fn check(page: &Page, found: &mut Found) {
    if let Some(said) = &page.miswritten {
        found.on(
            &rule::CHARSET,
            page,
            format!("{} → {}", if said.is_empty() { "–" } else { said }, page.charset),
        );
    }
    let Some(html) = page.dom.first("html") else { return };
    let words = page.body().map(|body| body.text()).unwrap_or_default();
    let (korean, latin) = text::letters(&words);
    match html.says("lang").or_else(|| html.says("xml:lang")) {
        None => found.at(&rule::HTML_LANG, page, html, ""),
        Some(lang) if !known(lang) => found.at(&rule::HTML_LANG_VALID, page, html, lang),
        Some(lang) => {
            // A Korean page may quote a lot of English; a page of hardly any Hangul is no Korean page.
            let (korean_page, english_page) = (speaks(lang, "ko"), speaks(lang, "en"));
            let all = korean.saturating_add(latin);
            let mismatch = all > 100
                && ((korean_page && korean.saturating_mul(20) < all)
                    || (english_page && korean.saturating_mul(2) > all));
            if mismatch {
                found.at(&rule::LANG_MISMATCH, page, html, format!("가 {korean}, a {latin}"));
            }
        }
    }
    for element in page.dom.all().filter(|e| e.name() != "html") {
        if let Some(lang) = element.says("lang").filter(|lang| !known(lang)) {
            found.at(&rule::VALID_LANG, page, element, lang);
        }
        if element.shown() && !matches!(element.name(), "script" | "style" | "title") {
            foreign(page, element, found);
        }
    }
}

/// A sentence of Hangul where the page says it is English. Single names pass: WCAG lets proper names be.
fn foreign(page: &Page, element: Element<'_>, found: &mut Found) {
    let Some(lang) = element.up().find_map(|e| e.says("lang")) else { return };
    if speaks(lang, "en") {
        let own = element.own_text();
        let (korean, latin) = text::letters(&own);
        if korean >= 8 && korean > latin {
            found.at(&rule::PART_LANG, page, element, cut(&own, 40));
        }
    }
}

fn speaks(lang: &str, wanted: &str) -> bool {
    lang.split(['-', '_']).next().is_some_and(|primary| primary.eq_ignore_ascii_case(wanted))
}

/// Two or three letters, then parts of up to eight. Whether anybody speaks it is left open, but for what people write instead.
fn known(lang: &str) -> bool {
    let mut parts = lang.split('-');
    let primary = parts.next().unwrap_or_default().to_ascii_lowercase();
    let letters = |part: &str| part.chars().all(|c| c.is_ascii_alphabetic());
    matches!(primary.len(), 2 | 3)
        && letters(&primary)
        && !matches!(primary.as_str(), "kr" | "kor" | "eng" | "jp" | "cn" | "xx" | "xyz" | "qqq") // country codes and three letters where two are due
        && parts.all(|part| (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric()))
}

pub fn across(site: &Site, found: &mut Found) {
    let Some(first) = site.pages.first() else { return };
    let korean = site.pages.iter().any(|page| {
        let words = page.body().map(|body| body.text()).unwrap_or_default();
        let (korean, latin) = text::letters(&words);
        korean.saturating_mul(5) > latin
    });
    if !korean {
        found.on(&rule::NO_KOREAN, first, "");
    }
    let english = site.pages.iter().any(|page| {
        page.dom.first("html").and_then(|e| e.says("lang")).is_some_and(|lang| speaks(lang, "en"))
            || page.dom.all().any(offers)
    });
    if !english {
        found.on(&rule::NO_ENGLISH, first, "");
    }
}

/// A link, a button or a choice that leads to English.
fn offers(element: Element<'_>) -> bool {
    let leads = matches!(element.name(), "a" | "button" | "option" | "link" | "area");
    if !leads {
        return false;
    }
    let said = element.says("hreflang").is_some_and(|lang| speaks(lang, "en"));
    let words = crate::name::of(element);
    said || matches!(
        words.to_lowercase().as_str(),
        "english" | "eng" | "en" | "영어" | "영문" | "영문 누리집"
    )
}
