//! What a page loads: style sheets, scripts, pictures, fonts.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use super::{Reader, Web, Why, unpack};
use crate::{
    css::{Load, Sheet},
    html::Element,
    item::Lang,
    name,
    page::{Kind, Page, Resource, runs},
    text,
};

/// Things one site may load; what is beyond is left, and said to be.
const MOST: usize = 300;

/// What was asked for already, with the words of sheets and scripts.
#[derive(Default)]
pub(super) struct Kept {
    known: BTreeMap<String, (Resource, String)>,
}

impl<W: Web> Reader<'_, W> {
    /// On the first page everything, later only what decides: sheets and scripts.
    pub(super) fn loads(&mut self, page: &mut Page, first: bool) {
        let base = page.base();
        let mut due: Vec<(Kind, Url, u8)> = page
            .dom
            .all()
            .flat_map(named)
            .filter_map(|(kind, to)| Some((kind, join(&base, &to)?, 0)))
            .collect();
        for (_, sheet) in &page.sheets {
            due.extend(of_sheet(sheet, &base, 0));
        }
        let (mut index, mut seen) = (0_usize, BTreeSet::new());
        while let Some((kind, url, depth)) = due.get(index).cloned() {
            index = index.saturating_add(1);
            let address = url.to_string();
            if !seen.insert(address.clone()) {
                continue;
            }
            let wanted = first || matches!(kind, Kind::Style | Kind::Script);
            let (resource, words) =
                if wanted { self.load(kind, &url) } else { (unread(kind, &address, "–"), String::new()) };
            match kind {
                Kind::Style => {
                    let sheet = Sheet::read(&words);
                    if depth < 3 {
                        due.extend(of_sheet(&sheet, &url, depth.saturating_add(1)));
                    }
                    page.sheets.push((address, sheet));
                }
                Kind::Script => page.scripts.push((address, words)),
                _ => {}
            }
            page.loads.push(resource);
        }
    }

    fn load(&mut self, kind: Kind, url: &Url) -> (Resource, String) {
        let address = url.to_string();
        if let Some(known) = self.kept.known.get(&address) {
            return known.clone();
        }
        let got = if self.kept.known.len() >= MOST || self.web.over() {
            (unread(kind, &address, Why::Time.say(Lang::En)), String::new())
        } else {
            self.ask(kind, url)
        };
        self.kept.known.insert(address, got.clone());
        got
    }

    fn ask(&mut self, kind: Kind, url: &Url) -> (Resource, String) {
        let address = url.to_string();
        let answer = match self.fetch(url) {
            Ok((_, answer)) => answer,
            Err(why) => return (unread(kind, &address, why.say(Lang::En)), String::new()),
        };
        let sent = u64::try_from(answer.body.len()).unwrap_or(u64::MAX);
        let status = (answer.status != 200).then_some(Why::Status(answer.status));
        let words = matches!(kind, Kind::Style | Kind::Script);
        let (body, why) = match unpack(&answer) {
            Ok(body) => (body, status),
            // What can't be unpacked weighs what it weighs.
            Err(why) => (Vec::new(), if words || answer.cut { Some(why) } else { status }),
        };
        let body = if words && why.is_none() {
            text::decode(&body, answer.header("content-type").unwrap_or_default()).text
        } else {
            String::new()
        };
        (Resource { url: address, kind, sent, unread: why.map(|why| why.say(Lang::En)) }, body)
    }
}

fn unread(kind: Kind, address: &str, why: impl Into<String>) -> Resource {
    Resource { url: address.to_owned(), kind, sent: 0, unread: Some(why.into()) }
}

fn join(base: &Url, to: &str) -> Option<Url> {
    let mut url = base.join(to.trim()).ok()?;
    url.set_fragment(None);
    matches!(url.scheme(), "http" | "https").then_some(url)
}

fn of_sheet(sheet: &Sheet, base: &Url, depth: u8) -> Vec<(Kind, Url, u8)> {
    sheet
        .loads
        .iter()
        .filter_map(|(load, to)| {
            let kind = match load {
                Load::Sheet => Kind::Style,
                Load::Font => Kind::Font,
                Load::Image => Kind::Image,
            };
            Some((kind, join(base, to)?, depth))
        })
        .collect()
}

/// What an element has a browser fetch.
fn named(element: Element<'_>) -> Vec<(Kind, String)> {
    let mut all = Vec::new();
    let mut add = |kind: Kind, attribute: &str| {
        all.extend(element.says(attribute).map(|to| (kind, to.to_owned())));
    };
    match element.name() {
        "link" => {
            let rel = element.attr("rel").unwrap_or_default().to_ascii_lowercase();
            let rel: Vec<&str> = rel.split_ascii_whitespace().collect();
            if rel.contains(&"stylesheet") && !rel.contains(&"alternate") {
                add(Kind::Style, "href");
            } else if rel.contains(&"icon") {
                add(Kind::Image, "href");
            } else if rel.contains(&"preload") || rel.contains(&"modulepreload") {
                let kind = match element.attr("as") {
                    Some("font") => Kind::Font,
                    Some("image") => Kind::Image,
                    Some("style") => Kind::Style,
                    _ => Kind::Script,
                };
                add(kind, "href");
            }
        }
        "script" if runs(element) => add(Kind::Script, "src"),
        "img" => add(Kind::Image, "src"),
        "input" if name::kind(element) == "image" => add(Kind::Image, "src"),
        "video" => {
            add(Kind::Image, "poster");
            add(Kind::Other, "src");
        }
        "audio" if element.attr("preload") != Some("none") => add(Kind::Other, "src"),
        "iframe" | "frame" | "embed" => add(Kind::Other, "src"),
        "object" => add(Kind::Other, "data"),
        "body" | "table" | "td" => add(Kind::Image, "background"),
        _ => {}
    }
    if let Some(style) = element.attr("style").filter(|style| style.contains("url(")) {
        let sheet = Sheet::read(&format!("x{{{style}}}"));
        all.extend(sheet.loads.into_iter().map(|(_, to)| (Kind::Image, to)));
    }
    all
}
