//! Just enough of CSS to read what a sheet declares: rules, their selectors, whether a query limits them.

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    pub property: String,
    /// Lower case, without `!important`.
    pub value: String,
    pub important: bool,
}

#[derive(Debug, Clone)]
pub struct Style {
    pub selectors: Vec<String>,
    pub declared: Vec<Declared>,
    /// What stands around it: `@media (min-width: 60em)`.
    pub within: Vec<String>,
    pub line: u64,
}

impl Style {
    pub fn value(&self, property: &str) -> Option<&str> {
        self.declared.iter().rev().find(|d| d.property == property).map(|d| d.value.as_str())
    }
}

#[derive(Debug, Default, Clone)]
pub struct Sheet {
    pub styles: Vec<Style>,
    /// What it loads, as written: `url(…)` and `@import`.
    pub loads: Vec<(Load, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    Sheet,
    Font,
    Image,
}

impl Sheet {
    pub fn read(text: &str) -> Self {
        let text = without_comments(text);
        let mut sheet = Self::default();
        sheet.block(&text, 1, &mut Vec::new(), 0);
        sheet
    }

    /// One level of `… { … }`; sheets nest a few times, never without end.
    fn block(&mut self, text: &str, start: u64, within: &mut Vec<String>, depth: u8) {
        if depth > 8 {
            return;
        }
        let mut rest = text;
        let mut line = start;
        while let Some(at) = rest.find(['{', ';', '}']) {
            let (head, tail) = rest.split_at(at);
            let here = line.saturating_add(newlines(
                head.get(..head.len().saturating_sub(head.trim_start().len())).unwrap_or_default(),
            ));
            let prelude = head.trim();
            line = line.saturating_add(newlines(head));
            if !tail.starts_with('{') {
                if let Some(import) = prelude.strip_prefix("@import") {
                    self.loads.extend(address(import).map(|address| (Load::Sheet, address)));
                }
                rest = tail.get(1..).unwrap_or_default();
                continue;
            }
            let (body, after) = matching(tail.get(1..).unwrap_or_default());
            let lower = prelude.to_ascii_lowercase();
            if lower.starts_with("@font-face") {
                self.urls(body, Load::Font);
            } else if lower.starts_with('@') {
                within.push(lower);
                self.block(body, line, within, depth.saturating_add(1));
                within.pop();
            } else {
                self.urls(body, Load::Image);
                self.styles.push(Style {
                    selectors: prelude.split(',').map(|s| s.trim().to_owned()).collect(),
                    declared: declarations(body),
                    within: within.clone(),
                    line: here,
                });
            }
            line = line.saturating_add(newlines(body));
            rest = after;
        }
    }

    fn urls(&mut self, body: &str, load: Load) {
        let mut rest = body;
        while let Some(at) = rest.find("url(") {
            rest = rest.get(at..).unwrap_or_default();
            if let Some(address) = address(rest) {
                // A font is named once for each of its forms; a browser takes the first it can.
                let known =
                    load == Load::Font && body.find("url(") != Some(body.len().saturating_sub(rest.len()));
                if !known && !address.starts_with("data:") && !address.starts_with('#') {
                    self.loads.push((load, address));
                }
            }
            rest = rest.get(4..).unwrap_or_default();
        }
    }
}

fn newlines(text: &str) -> u64 {
    u64::try_from(text.matches('\n').count()).unwrap_or(0)
}

/// What is up to the brace that closes, and what is behind it.
fn matching(text: &str) -> (&str, &str) {
    let mut depth = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth = depth.saturating_add(1),
            '}' if depth == 0 => {
                return (
                    text.get(..at).unwrap_or_default(),
                    text.get(at.saturating_add(1)..).unwrap_or_default(),
                );
            }
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    (text, "")
}

/// Comments become spaces, so that lines stay where they are.
fn without_comments(text: &str) -> String {
    let mut all = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("/*") {
        let (before, comment) = rest.split_at(at);
        all.push_str(before);
        let end = comment.find("*/").map_or(comment.len(), |end| end.saturating_add(2));
        let (comment, after) = comment.split_at(end);
        all.extend(comment.chars().filter(|c| *c == '\n'));
        all.push(' ');
        rest = after;
    }
    all.push_str(rest);
    all
}

/// `a: b; c: d !important`. A semicolon inside brackets or quotes separates nothing.
pub fn declarations(text: &str) -> Vec<Declared> {
    let mut parts = Vec::new();
    let (mut depth, mut quote, mut start) = (0_u32, None, 0);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(') => depth = depth.saturating_add(1),
            (None, ')') => depth = depth.saturating_sub(1),
            (None, ';') if depth == 0 => {
                parts.push(text.get(start..at).unwrap_or_default());
                start = at.saturating_add(1);
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
        .into_iter()
        .filter_map(|part| {
            let (property, value) = part.split_once(':')?;
            let value = value.trim().to_ascii_lowercase();
            let (value, important) = match value.split_once('!') {
                Some((value, mark)) if mark.trim() == "important" => (value.trim().to_owned(), true),
                _ => (value, false),
            };
            let property = property.trim().to_ascii_lowercase();
            (!property.is_empty() && !value.is_empty()).then_some(Declared { property, value, important })
        })
        .collect()
}

/// The address in `url("…")`, `url(…)` or `"…"`.
fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let inside = match text.strip_prefix("url(") {
        Some(rest) => rest.split_once(')')?.0,
        None => text,
    };
    let inside = inside.trim();
    let address = match inside.chars().next()? {
        quote @ ('"' | '\'') => inside.get(1..)?.split_once(quote)?.0,
        _ => inside.split_whitespace().next()?,
    };
    (!address.is_empty()).then(|| address.to_owned())
}

/// A length in CSS pixels, where it is one by itself.
pub fn pixels(value: &str) -> Option<f64> {
    let value = value.trim();
    let (number, factor) = match value {
        v if v.ends_with("px") => (v.strip_suffix("px")?, 1.0),
        v if v.ends_with("rem") => (v.strip_suffix("rem")?, 16.0),
        v if v.ends_with("pt") => (v.strip_suffix("pt")?, 4.0 / 3.0),
        v => (v, 1.0),
    };
    number.trim().parse::<f64>().ok().map(|n| n * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_is_read_with_its_lines_and_queries() {
        let sheet = Sheet::read(
            "@import url(a.css);\n/* a\ncomment { } */ a:focus, b { outline: 0 !important; background: url('x;y.png') }\n\
             @media (min-width: 60em) {\n  #wrap { width: 960px }\n}\n@font-face { src: url(a.woff2), url(a.woff) }",
        );
        assert_eq!(
            sheet.loads,
            [
                (Load::Sheet, "a.css".to_owned()),
                (Load::Image, "x;y.png".to_owned()),
                (Load::Font, "a.woff2".to_owned())
            ]
        );
        let [focus, wrap] = sheet.styles.as_slice() else { panic!("{sheet:?}") };
        assert_eq!(
            (focus.selectors.as_slice(), focus.line),
            (["a:focus".to_owned(), "b".to_owned()].as_slice(), 3)
        );
        assert_eq!(focus.value("outline"), Some("0"));
        assert_eq!((wrap.within.len(), wrap.line), (1, 5));
        assert_eq!(pixels("1.5rem"), Some(24.0));
    }

    #[test]
    fn a_broken_sheet_ends() {
        for text in ["a {", "}}}", "@media {{{{{{{{{{{{{{", "a{b:url(", "/*", "@import", "a{b:\"}"] {
            Sheet::read(text);
        }
    }
}
