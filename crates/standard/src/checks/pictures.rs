//! Words for pictures.

use crate::{
    html::Element,
    name,
    page::Page,
    rule::{self, Found},
};

pub fn check(page: &Page, found: &mut Found) {
    for element in page.dom.all().filter(|e| e.told()) {
        match element.name() {
            "img" => picture(page, element, found),
            "input" if name::kind(element) == "image" && name::of(element).is_empty() => {
                found.at(&rule::INPUT_IMAGE_ALT, page, element, "");
            }
            "area" if element.has("href") && name::of(element).is_empty() => {
                found.at(&rule::AREA_ALT, page, element, "");
            }
            "object" if name::of(element).is_empty() => found.at(&rule::OBJECT_ALT, page, element, ""),
            "svg" if pictured(element) && name::of(element).is_empty() => {
                found.at(&rule::SVG_IMG_ALT, page, element, "");
            }
            other if other != "svg" && pictured(element) && role_name(element).is_empty() => {
                found.at(&rule::ROLE_IMG_ALT, page, element, "");
            }
            _ => {}
        }
    }
}

fn pictured(element: Element<'_>) -> bool {
    matches!(element.role(), Some("img" | "graphics-document" | "graphics-symbol"))
}

/// With role=img what is inside is no name.
fn role_name(element: Element<'_>) -> String {
    let labelled = name::labelled_by(element);
    let label = element.says("aria-label").or_else(|| element.says("title"));
    if labelled.is_empty() { label.unwrap_or_default().to_owned() } else { labelled }
}

fn picture(page: &Page, element: Element<'_>, found: &mut Found) {
    let decorative = matches!(element.role(), Some("none" | "presentation"));
    let Some(alt) = element.attr("alt") else {
        if !decorative && role_name(element).is_empty() {
            found.at(&rule::IMAGE_ALT, page, element, "");
        }
        return;
    };
    let lower = alt.trim().to_lowercase();
    let file = [".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp"].iter().any(|end| lower.ends_with(end));
    let empty_word = matches!(
        lower.as_str(),
        "image"
            | "img"
            | "picture"
            | "photo"
            | "icon"
            | "banner"
            | "이미지"
            | "그림"
            | "사진"
            | "아이콘"
            | "배너"
    );
    if file || empty_word {
        found.at(&rule::ALT_SAYS_NOTHING, page, element, alt);
    }
}
