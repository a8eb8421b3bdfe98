//! What was read of a site: pages with their headers, and what they load.

use serde::Serialize;
use url::Url;

use crate::{
    css::{Load, Sheet, Style},
    html::{Dom, Element},
    text,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Page,
    Style,
    Script,
    Image,
    Font,
    Other,
}

/// Something a page loads.
#[derive(Debug, Clone, Serialize)]
pub struct Resource {
    pub url: String,
    pub kind: Kind,
    /// Bytes as they came over the line.
    pub sent: u64,
    /// Why it isn't (wholly) known.
    pub unread: Option<String>,
}

#[derive(Debug)]
pub struct Page {
    pub url: Url,
    pub headers: Vec<(String, String)>,
    pub sent: u64,
    pub charset: &'static str,
    /// The charset it says and isn't written in; empty where it says none.
    pub miswritten: Option<String>,
    pub dom: Dom,
    /// Sheets with where they are from; those in the page first.
    pub sheets: Vec<(String, Sheet)>,
    /// Texts of scripts with where they are from.
    pub scripts: Vec<(String, String)>,
    pub loads: Vec<Resource>,
}

impl Page {
    /// From what a server sent. What it loads is added afterwards.
    pub fn read(url: Url, headers: Vec<(String, String)>, body: &[u8], sent: u64) -> Self {
        let content_type = header(&headers, "content-type").unwrap_or_default().to_owned();
        let decoded = text::decode(body, &content_type);
        let dom = Dom::parse(&decoded.text);
        let address = url.to_string();
        let sheets = dom
            .all()
            .filter(|e| e.name() == "style")
            .map(|e| {
                let mut sheet = Sheet::read(&e.raw());
                for style in &mut sheet.styles {
                    style.line = style.line.saturating_add(e.line()).saturating_sub(1);
                }
                (address.clone(), sheet)
            })
            .collect();
        let scripts =
            dom.all().filter(|e| runs(*e) && !e.has("src")).map(|e| (address.clone(), e.raw())).collect();
        Self {
            url,
            headers,
            sent,
            charset: decoded.charset,
            miswritten: decoded.wrong,
            dom,
            sheets,
            scripts,
            loads: Vec::new(),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    pub fn styles(&self) -> impl Iterator<Item = (&str, &Style)> {
        self.sheets.iter().flat_map(|(from, sheet)| sheet.styles.iter().map(move |s| (from.as_str(), s)))
    }

    /// Whether style sheets or `style` attributes draw pictures.
    pub fn draws(&self) -> bool {
        self.sheets.iter().any(|(_, sheet)| sheet.loads.iter().any(|(load, _)| *load == Load::Image))
            || self.styles().any(|(_, style)| style.declared.iter().any(|d| d.value.contains("url(")))
            || self
                .dom
                .all()
                .any(|e| e.has("background") || e.attr("style").is_some_and(|s| s.contains("url(")))
    }

    /// Whether anything on it may change it after it was sent.
    pub fn scripted(&self) -> bool {
        self.dom.all().any(|e| runs(e) || handlers(e).next().is_some() || scheme(e, "javascript"))
    }

    /// Whether it holds pages or programs of others, whose content isn't its own.
    pub fn frames(&self) -> bool {
        self.dom.all().any(|e| matches!(e.name(), "iframe" | "frame" | "object" | "embed" | "applet"))
    }

    pub fn main(&self) -> Option<Element<'_>> {
        self.dom.all().find(|e| e.name() == "main" || e.role() == Some("main"))
    }

    pub fn body(&self) -> Option<Element<'_>> {
        self.dom.first("body")
    }

    /// What relative addresses are relative to.
    pub fn base(&self) -> Url {
        let base = self.dom.first("base").and_then(|e| e.says("href"));
        base.and_then(|href| self.url.join(href).ok()).unwrap_or_else(|| self.url.clone())
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Whether a script element is a script: data in `<script type="application/json">` is none.
pub fn runs(element: Element<'_>) -> bool {
    let kind = element.says("type").unwrap_or("module").to_ascii_lowercase();
    element.name() == "script"
        && (kind == "module" || kind.contains("javascript") || kind.contains("ecmascript"))
}

/// `onclick` and the like.
pub fn handlers<'a>(element: Element<'a>) -> impl Iterator<Item = (&'a str, &'a str)> {
    let named = element.attributes().iter().map(|(name, value)| (name.as_str(), value.as_str()));
    named.filter(|(name, _)| name.len() > 4 && name.starts_with("on"))
}

pub fn scheme(element: Element<'_>, scheme: &str) -> bool {
    let leads = element.says("href").or_else(|| element.says("action"));
    leads.and_then(|leads| leads.split_once(':')).is_some_and(|(s, _)| s.trim().eq_ignore_ascii_case(scheme))
}

/// All that was read of a site, the first page first.
#[derive(Debug)]
pub struct Site {
    pub asked: Url,
    pub pages: Vec<Page>,
    /// Pages that were not read, with the reason.
    pub left: Vec<(String, crate::visit::Why)>,
    /// Whether there were more pages than were asked for.
    pub more: bool,
    /// Whether plain HTTP leads to HTTPS; asked once.
    pub plain_leads: Option<bool>,
}
