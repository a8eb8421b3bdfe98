//! What can be seen of colours, sizes and spacing in the markup itself.

use crate::{
    colour, css,
    html::Element,
    page::{Kind, Page},
    rule::{self, Found},
};

pub fn check(page: &Page, found: &mut Found) {
    // A sheet may colour what stands between, and stretch what is too small.
    let sheets = page.styles().any(|(_, style)| {
        style.declared.iter().any(|d| d.property.contains("color") || d.property.starts_with("background"))
    }) || page.loads.iter().any(|load| load.kind == Kind::Style && load.unread.is_some());
    let insists = page.styles().any(|(_, style)| {
        style
            .declared
            .iter()
            .any(|d| d.important && (d.property.contains("color") || d.property == "background"))
    });
    let stretches = page.styles().any(|(_, style)| {
        style
            .declared
            .iter()
            .any(|d| d.important || d.property.starts_with("min-") || d.property.starts_with("padding"))
    });
    for element in page.dom.all() {
        if element.name() == "meta"
            && element.attr("name").is_some_and(|n| n.eq_ignore_ascii_case("viewport"))
        {
            zoom(page, element, found);
        }
        if !element.shown() {
            continue;
        }
        if !insists {
            contrast(page, element, sheets, found);
        }
        let fixed = css::declarations(element.attr("style").unwrap_or_default());
        if let Some(fixed) = fixed.iter().find(|d| d.important && narrow(&d.property, &d.value)) {
            found.at(&rule::SPACING, page, element, format!("{}: {}", fixed.property, fixed.value));
        }
        if !stretches {
            size(page, element, found);
        }
    }
    for (from, style) in page.styles() {
        let turned = style.within.iter().any(|query| query.contains("orientation"))
            && style
                .value("transform")
                .or_else(|| style.value("rotate"))
                .is_some_and(|v| v.contains("90deg"));
        if turned {
            found.near(&rule::ORIENTATION, from, style.line, &style.selectors.join(", "), "rotate");
        }
    }
}

/// Narrower than what WCAG 1.4.12 lets a reader choose.
fn narrow(property: &str, value: &str) -> bool {
    let least = match property {
        "line-height" => 1.5,
        "letter-spacing" => 0.12,
        "word-spacing" => 0.16,
        _ => return false,
    };
    let number = value.strip_suffix("em").unwrap_or(value).parse::<f64>();
    number.map_or(value != "inherit" && value != "unset", |number| number < least)
}

fn zoom(page: &Page, element: Element<'_>, found: &mut Found) {
    let content = element.attr("content").unwrap_or_default().to_ascii_lowercase();
    let forbids = content.split([',', ';']).filter_map(|part| part.split_once('=')).any(|(name, value)| {
        let value = value.trim();
        match name.trim() {
            "user-scalable" => matches!(value, "no" | "0"),
            "maximum-scale" => value.parse::<f64>().is_ok_and(|scale| scale < 2.0),
            _ => false,
        }
    });
    if forbids {
        found.at(&rule::VIEWPORT_ZOOM, page, element, content);
    }
}

/// Where both colours are written in the markup, its own or what it stands in. A picture behind or a link's own colour decide nothing.
fn contrast(page: &Page, element: Element<'_>, sheets: bool, found: &mut Found) {
    if element.own_text().is_empty() || element.within("a").is_some() || element.has("disabled") {
        return;
    }
    // Beside a sheet that colours, only what stands on the element itself is sure.
    let reach = if sheets { 1 } else { usize::MAX };
    let written = |property: &str, attribute: &str| {
        element.up().take(reach).find_map(|e| {
            e.style(property)
                .or_else(|| e.attr(attribute).map(str::to_owned))
                .or_else(|| (property == "background-color").then(|| e.style("background")).flatten())
        })
    };
    let see_through = element.up().any(|e| e.style("opacity").is_some() || e.has("background"));
    let (Some(front), Some(back)) = (written("color", "color"), written("background-color", "bgcolor"))
    else {
        return;
    };
    let (Some(a), Some(b)) = (colour::read(&front), colour::read(&back)) else { return };
    let contrast = colour::contrast(a, b);
    let pixels = element.up().find_map(|e| e.style("font-size")).and_then(|size| css::pixels(&size));
    let bold = element.up().any(|e| {
        matches!(e.name(), "b" | "strong" | "th" | "h1" | "h2" | "h3")
            || e.style("font-weight").is_some_and(|w| w == "bold" || w.parse::<u32>().is_ok_and(|w| w >= 700))
    });
    let heading = matches!(element.name(), "h1" | "h2") && pixels.is_none();
    let large = heading || pixels.is_some_and(|size| size >= 24.0 || (bold && size >= 18.66));
    if !see_through && contrast < if large { 3.0 } else { 4.5 } {
        // One digit, cut and not rounded: 4.49 isn't 4.5.
        let shown = (contrast * 10.0).floor() / 10.0;
        found.at(&rule::CONTRAST, page, element, format!("{shown:.1}:1 ({front} / {back})"));
    }
}

/// Six millimetres across, in CSS pixels of 96 to the inch.
const DIAGONAL: f64 = 22.68;

fn size(page: &Page, element: Element<'_>, found: &mut Found) {
    let target = matches!(element.name(), "button" | "input" | "select")
        || (element.name() == "a"
            && element.has("href")
            && element.style("display").is_some_and(|d| d != "inline"));
    if !target {
        return;
    }
    let length = |property: &str| {
        element.style(property).and_then(|v| css::pixels(&v)).filter(|_| element.style("padding").is_none())
    };
    if let (Some(width), Some(height)) = (length("width"), length("height"))
        && width.hypot(height) < DIAGONAL
    {
        found.at(&rule::TARGET_SIZE, page, element, format!("{width}×{height} px"));
    }
}
