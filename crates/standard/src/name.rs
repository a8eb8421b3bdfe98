//! The accessible name of an element: what a screen reader says. The parts of the standard's computation that static markup decides.

use crate::html::{Element, Piece, squeeze};

/// A name longer than this is none that anybody listens to; what would make a long one is left off.
const LONGEST: usize = 2000;

/// Empty where there is none.
pub fn of(element: Element<'_>) -> String {
    let labelled = labelled_by(element);
    if !labelled.is_empty() {
        return labelled;
    }
    if let Some(label) = element.says("aria-label") {
        return squeeze(label);
    }
    let own = match element.name() {
        "img" | "area" => element.says("alt").map(squeeze).unwrap_or_default(),
        "input" if kind(element) == "image" => {
            element.says("alt").or_else(|| element.says("value")).map(squeeze).unwrap_or_default()
        }
        "input" if matches!(kind(element).as_str(), "submit" | "reset") => match element.attr("value") {
            // Without a value the browser names it.
            None => kind(element),
            Some(value) => squeeze(value),
        },
        "input" if kind(element) == "button" => element.says("value").map(squeeze).unwrap_or_default(),
        "input" | "select" | "textarea" => label(element),
        "svg" => {
            element.children().find(|e| e.name() == "title").map(|e| squeeze(&e.raw())).unwrap_or_default()
        }
        "iframe" | "frame" => String::new(),
        _ => within(element, LONGEST),
    };
    if own.is_empty() { element.says("title").map(squeeze).unwrap_or_default() } else { own }
}

pub fn labelled_by(element: Element<'_>) -> String {
    let ids = element.says("aria-labelledby").unwrap_or_default();
    let words = ids
        .split_ascii_whitespace()
        .filter_map(|id| element.dom().by_id(id))
        .map(|e| e.says("aria-label").map(squeeze).unwrap_or_else(|| within(e, LONGEST)));
    squeeze(&words.collect::<Vec<_>>().join(" "))
}

/// The words of its labels.
pub fn label(field: Element<'_>) -> String {
    let mut words = Vec::new();
    if let Some(id) = field.says("id") {
        let labels = field.dom().labels(id).filter(|e| e.shown());
        words.extend(labels.take(10).map(|e| within(e, LONGEST)));
    }
    if let Some(around) = field.within("label") {
        words.push(within(around, LONGEST));
    }
    squeeze(&words.join(" "))
}

/// Its words, with the alternatives of the pictures in it.
pub fn content(element: Element<'_>) -> String {
    within(element, usize::MAX)
}

fn within(element: Element<'_>, most: usize) -> String {
    let mut all = String::new();
    gather(element, &mut all, most);
    squeeze(&all)
}

fn gather(element: Element<'_>, all: &mut String, most: usize) {
    for piece in element.pieces() {
        if all.len() > most {
            return;
        }
        match piece {
            Piece::Text(text) => all.push_str(text),
            Piece::Element(inner) => {
                let silent = matches!(inner.name(), "script" | "style" | "noscript" | "select" | "textarea");
                if silent || inner.attr("aria-hidden") == Some("true") || !inner.shown() {
                    continue;
                }
                all.push(' ');
                match inner.name() {
                    _ if inner.says("aria-label").is_some() => {
                        all.push_str(inner.says("aria-label").unwrap_or_default())
                    }
                    "img" | "svg" | "area" => all.push_str(&of(inner)),
                    _ => gather(inner, all, most),
                }
                all.push(' ');
            }
        }
    }
}

pub fn kind(input: Element<'_>) -> String {
    input.says("type").unwrap_or("text").to_ascii_lowercase()
}
