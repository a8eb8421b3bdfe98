//! ARIA that says what isn't so.

use super::keyboard::reachable;
use crate::{
    html::Element,
    page::Page,
    rule::{self, Found},
};

const ROLES: [&str; 92] = [
    "alert",
    "alertdialog",
    "application",
    "article",
    "banner",
    "blockquote",
    "button",
    "caption",
    "cell",
    "checkbox",
    "code",
    "columnheader",
    "combobox",
    "comment",
    "complementary",
    "contentinfo",
    "definition",
    "deletion",
    "dialog",
    "directory",
    "document",
    "emphasis",
    "feed",
    "figure",
    "form",
    "generic",
    "grid",
    "gridcell",
    "group",
    "heading",
    "image",
    "img",
    "insertion",
    "link",
    "list",
    "listbox",
    "listitem",
    "log",
    "main",
    "mark",
    "marquee",
    "math",
    "menu",
    "menubar",
    "menuitem",
    "menuitemcheckbox",
    "menuitemradio",
    "meter",
    "navigation",
    "none",
    "note",
    "option",
    "paragraph",
    "presentation",
    "progressbar",
    "radio",
    "radiogroup",
    "region",
    "row",
    "rowgroup",
    "rowheader",
    "scrollbar",
    "search",
    "searchbox",
    "sectionfooter",
    "sectionheader",
    "separator",
    "slider",
    "spinbutton",
    "status",
    "strong",
    "subscript",
    "suggestion",
    "superscript",
    "switch",
    "tab",
    "table",
    "tablist",
    "tabpanel",
    "term",
    "textbox",
    "time",
    "timer",
    "toolbar",
    "tooltip",
    "tree",
    "treegrid",
    "treeitem",
    "graphics-document",
    "graphics-object",
    "graphics-symbol",
    "doc-toc",
];

const ATTRIBUTES: [&str; 53] = [
    "activedescendant",
    "atomic",
    "autocomplete",
    "braillelabel",
    "brailleroledescription",
    "busy",
    "checked",
    "colcount",
    "colindex",
    "colindextext",
    "colspan",
    "controls",
    "current",
    "describedby",
    "description",
    "details",
    "disabled",
    "dropeffect",
    "errormessage",
    "expanded",
    "flowto",
    "grabbed",
    "haspopup",
    "hidden",
    "invalid",
    "keyshortcuts",
    "label",
    "labelledby",
    "level",
    "live",
    "modal",
    "multiline",
    "multiselectable",
    "orientation",
    "owns",
    "placeholder",
    "posinset",
    "pressed",
    "readonly",
    "relevant",
    "required",
    "roledescription",
    "rowcount",
    "rowindex",
    "rowindextext",
    "rowspan",
    "selected",
    "setsize",
    "sort",
    "valuemax",
    "valuemin",
    "valuenow",
    "valuetext",
];

pub fn check(page: &Page, found: &mut Found) {
    for element in page.dom.all() {
        if element.name() == "body" && element.attr("aria-hidden") == Some("true") {
            found.at(&rule::ARIA_HIDDEN_BODY, page, element, "");
        }
        if !element.shown() {
            continue;
        }
        if let Some(roles) = element.says("role") {
            let wrong = |role: &&str| !ROLES.contains(role) && !role.starts_with("doc-");
            let lower = roles.to_ascii_lowercase();
            if let Some(role) = lower.split_ascii_whitespace().find(wrong) {
                found.at(&rule::ARIA_ROLES, page, element, role);
            }
            if let Some(missing) = lacks(element) {
                found.at(&rule::ARIA_REQUIRED, page, element, missing);
            }
        }
        for (name, value) in element.attributes() {
            if let Some(what) = name.strip_prefix("aria-") {
                if !ATTRIBUTES.contains(&what) {
                    found.at(&rule::ARIA_ATTR, page, element, name.clone());
                } else if !allowed(element, what, value.trim()) {
                    // A reference may be filled later; a word that isn't allowed stays wrong.
                    let refers = matches!(what, "labelledby" | "describedby" | "current");
                    let rule = if refers { &rule::ARIA_REFERENCE } else { &rule::ARIA_VALUE };
                    found.at(rule, page, element, format!("{name}=\"{value}\""));
                }
            }
        }
        let covered = element.up().find(|e| e.attr("aria-hidden") == Some("true"));
        if covered.is_some() && reachable(element) {
            found.at(&rule::ARIA_HIDDEN_FOCUS, page, element, "");
        }
        nested(page, element, found);
    }
}

/// What a role must have besides (native elements bring it along).
fn lacks(element: Element<'_>) -> Option<&'static str> {
    let needed: &[&str] = match element.role()? {
        "checkbox" | "switch" | "radio" | "menuitemcheckbox" | "menuitemradio"
            if element.name() != "input" =>
        {
            &["aria-checked"]
        }
        "slider" | "meter" if !matches!(element.name(), "input" | "meter") => &["aria-valuenow"],
        "scrollbar" => &["aria-valuenow", "aria-controls"],
        "heading" if !matches!(element.name(), "h1" | "h2" | "h3" | "h4" | "h5" | "h6") => &["aria-level"],
        "combobox" if element.name() != "select" => &["aria-expanded"],
        _ => &[],
    };
    needed.iter().find(|needed| !element.has(needed)).copied()
}

fn allowed(element: Element<'_>, what: &str, value: &str) -> bool {
    let one_of = |values: &[&str]| values.contains(&value);
    match what {
        // Something that opens later may be made then; a name or a description must be there.
        "labelledby" | "describedby" => {
            value.is_empty() || value.split_ascii_whitespace().any(|id| element.dom().by_id(id).is_some())
        }
        "hidden" | "expanded" | "selected" | "disabled" | "required" | "readonly" | "modal" | "multiline"
        | "multiselectable" | "busy" | "atomic" => one_of(&["true", "false", "undefined", ""]),
        "checked" | "pressed" => one_of(&["true", "false", "mixed", "undefined", ""]),
        "current" => one_of(&["page", "step", "location", "date", "time", "true", "false", ""]),
        "live" => one_of(&["off", "polite", "assertive", ""]),
        "sort" => one_of(&["ascending", "descending", "none", "other", ""]),
        "haspopup" => one_of(&["true", "false", "menu", "listbox", "tree", "grid", "dialog", ""]),
        "orientation" => one_of(&["horizontal", "vertical", "undefined", ""]),
        "level" | "posinset" | "setsize" | "colcount" | "rowcount" | "colindex" | "rowindex" | "colspan"
        | "rowspan" => value.is_empty() || value.parse::<i64>().is_ok(),
        _ => true,
    }
}

/// A control inside a link or a button is lost to a screen reader.
fn nested(page: &Page, element: Element<'_>, found: &mut Found) {
    let control = |e: Element<'_>| {
        e.name() == "button" || e.role() == Some("button") || (e.name() == "a" && e.has("href"))
    };
    if reachable(element) && element.up().skip(1).any(control) {
        found.at(&rule::NESTED, page, element, "");
    }
}
