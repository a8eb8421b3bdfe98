//! What is asked of a site: the items, and how far a program can answer each.

mod kwcag;
mod service;
mod wcag;

use serde::Serialize;

use crate::page::Page;

pub use kwcag::KWCAG;
pub use service::SERVICE;
pub use wcag::WCAG;

/// A text in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Both {
    pub ko: &'static str,
    pub en: &'static str,
}

impl Both {
    pub const fn new(ko: &'static str, en: &'static str) -> Self {
        Self { ko, en }
    }

    pub fn of(self, lang: Lang) -> &'static str {
        match lang {
            Lang::Ko => self.ko,
            Lang::En => self.en,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    #[default]
    Ko,
    En,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum List {
    Kwcag,
    Wcag,
    Service,
}

impl List {
    pub fn name(self) -> Both {
        match self {
            Self::Kwcag => Both::new("한국형 웹 콘텐츠 접근성 지침 2.2", "KWCAG 2.2"),
            Self::Wcag => Both::new("WCAG 2.2 (A, AA)", "WCAG 2.2 (A, AA)"),
            Self::Service => Both::new("디지털 서비스 기준", "Digital service"),
        }
    }

    pub fn items(self) -> &'static [Item] {
        match self {
            Self::Kwcag => &KWCAG,
            Self::Wcag => &WCAG,
            Self::Service => &SERVICE,
        }
    }
}

/// How far a program can answer.
#[derive(Debug, Clone, Copy)]
pub enum Decide {
    /// The rules answer it wholly: what they don't object to is met.
    Rules,
    /// The rules find some of what is wrong; the rest takes a person.
    Person,
    /// It is about what pages may hold. Where none holds it and no script could add it, it is met; else as `Person`.
    Holds(fn(&Page) -> bool),
}

#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// `K5.1.1`, `W1.1.1`, `S1.1`: unlike over all lists.
    pub key: &'static str,
    pub level: &'static str,
    pub name: Both,
    pub decide: Decide,
    /// What a person looks at.
    pub look: Both,
}

impl Item {
    pub fn number(&self) -> &'static str {
        self.key.get(1..).unwrap_or_default()
    }
}

const fn item(
    key: &'static str,
    level: &'static str,
    ko: &'static str,
    en: &'static str,
    decide: Decide,
    look: Both,
) -> Item {
    Item { key, level, name: Both::new(ko, en), decide, look }
}

fn any(page: &Page, names: &[&str]) -> bool {
    page.dom.all().any(|e| names.contains(&e.name()))
}

/// What needs a script to be there at all.
fn nothing(_: &Page) -> bool {
    false
}

fn images(page: &Page) -> bool {
    any(page, &["img", "svg", "canvas", "object", "embed", "applet", "area", "video", "iframe"])
        || page.dom.all().any(|e| e.name() == "input" && e.attr("type") == Some("image"))
        || page.draws()
}

fn media(page: &Page) -> bool {
    any(page, &["video", "audio", "object", "embed", "applet", "iframe", "frame", "bgsound"])
}

fn frames(page: &Page) -> bool {
    any(page, &["object", "embed", "applet", "iframe", "frame"])
}

fn fields(page: &Page) -> bool {
    any(page, &["input", "select", "textarea", "iframe", "object"])
}

fn links(page: &Page) -> bool {
    any(page, &["a", "area"])
}

fn tables(page: &Page) -> bool {
    any(page, &["table", "iframe", "object"])
}

fn motion(page: &Page) -> bool {
    media(page)
        || any(page, &["marquee", "blink", "img", "svg", "canvas"])
        || page.styles().any(|(_, style)| {
            style
                .declared
                .iter()
                .any(|d| d.property.starts_with("animation") || d.property == "background-image")
        })
        || page.draws()
}

/// Names that differ from what is seen.
fn renamed(page: &Page) -> bool {
    page.dom.all().any(|e| e.has("aria-label") || e.has("aria-labelledby")) || images(page)
}
