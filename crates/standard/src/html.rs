//! A page as a tree, with the line each element stands on. Parsed as a browser without scripts would.

mod builder;

use std::collections::HashMap;

use html5ever::{ParseOpts, parse_document, tendril::TendrilSink, tree_builder::TreeBuilderOpts};

use builder::Builder;

/// Bytes between two looks at how deep a page goes.
const STEP: usize = 8 * 1024;

#[derive(Debug, Default)]
struct Node {
    parent: Option<usize>,
    children: Vec<usize>,
    kind: Kind,
    /// How far from the document; browsers nest no deeper than this tree either.
    depth: u16,
    shown: bool,
    told: bool,
}

#[derive(Debug, Default)]
enum Kind {
    /// The document, a template's contents, a comment.
    #[default]
    Other,
    Text(String),
    Element {
        name: String,
        attributes: Vec<(String, String)>,
        line: u64,
        twice: bool,
    },
}

/// What the parser had to mend.
#[derive(Debug, Clone)]
pub struct Mended {
    pub line: u64,
    pub what: String,
}

#[derive(Debug)]
pub struct Dom {
    nodes: Vec<Node>,
    pub mended: Vec<Mended>,
    /// The first element of each id.
    ids: HashMap<String, usize>,
    /// The labels that name each id in `for`.
    labels: HashMap<String, Vec<usize>>,
}

impl Dom {
    pub fn parse(text: &str) -> Self {
        let options = ParseOpts {
            tree_builder: TreeBuilderOpts {
                scripting_enabled: false,
                exact_errors: true,
                ..TreeBuilderOpts::default()
            },
            ..ParseOpts::default()
        };
        let mut parser = parse_document(Builder::default(), options);
        let mut rest = text;
        while !rest.is_empty() && !parser.tokenizer.sink.sink.too_deep() {
            let end =
                (0..=STEP.min(rest.len())).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
            let (step, after) = rest.split_at(end.max(1));
            parser.process(step.into());
            rest = after;
        }
        let mut dom = parser.finish();
        dom.index();
        dom
    }

    /// What is asked of many elements is worked out once, or large pages would take for ever.
    fn index(&mut self) {
        let mut open = vec![(0_usize, true, true)];
        while let Some((id, shown, told)) = open.pop() {
            let element = Element { dom: self, id };
            let here = shown
                && !element.hidden_itself()
                && !matches!(element.name(), "noscript" | "template" | "head");
            let heard = told && here && element.attr("aria-hidden") != Some("true");
            let (own, names) =
                (element.says("id").map(str::to_owned), element.says("for").map(str::to_owned));
            let names = names.filter(|_| element.name() == "label");
            open.extend(self.children(id).into_iter().map(|child| (child, here, heard)));
            if let Some(node) = self.nodes.get_mut(id) {
                (node.shown, node.told) = (here, heard);
            }
            if let Some(own) = own {
                self.ids.entry(own).or_insert(id);
            }
            if let Some(names) = names {
                self.labels.entry(names).or_default().push(id);
            }
        }
    }

    /// Every element in the order of the page; what stands in a template isn't part of it.
    pub fn all(&self) -> impl Iterator<Item = Element<'_>> {
        self.below(0)
    }

    fn below(&self, root: usize) -> impl Iterator<Item = Element<'_>> {
        let mut open = self.children(root);
        std::iter::from_fn(move || {
            while let Some(id) = open.pop() {
                open.extend(self.children(id));
                let element = Element { dom: self, id };
                if element.is() {
                    return Some(element);
                }
            }
            None
        })
    }

    /// Last first, as a stack wants them.
    fn children(&self, id: usize) -> Vec<usize> {
        self.nodes.get(id).map(|node| node.children.iter().rev().copied().collect()).unwrap_or_default()
    }

    pub fn first(&self, name: &str) -> Option<Element<'_>> {
        self.all().find(|e| e.name() == name)
    }

    pub fn by_id(&self, id: &str) -> Option<Element<'_>> {
        self.ids.get(id).map(|id| Element { dom: self, id: *id })
    }

    pub fn labels(&self, id: &str) -> impl Iterator<Item = Element<'_>> {
        let labels = self.labels.get(id).map(Vec::as_slice).unwrap_or_default();
        labels.iter().map(|id| Element { dom: self, id: *id })
    }
}

/// Between these and the words beside them there is no space.
const FLOWS: [&str; 12] = ["a", "b", "em", "font", "i", "s", "small", "span", "strong", "sub", "sup", "u"];

#[derive(Debug, Clone, Copy)]
pub enum Piece<'a> {
    Text(&'a str),
    Element(Element<'a>),
}

#[derive(Debug, Clone, Copy)]
pub struct Element<'a> {
    dom: &'a Dom,
    id: usize,
}

impl PartialEq for Element<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl<'a> Element<'a> {
    fn kind(self) -> Option<&'a Kind> {
        self.dom.nodes.get(self.id).map(|node| &node.kind)
    }

    fn is(self) -> bool {
        matches!(self.kind(), Some(Kind::Element { .. }))
    }

    pub fn dom(self) -> &'a Dom {
        self.dom
    }

    pub fn name(self) -> &'a str {
        match self.kind() {
            Some(Kind::Element { name, .. }) => name,
            _ => "",
        }
    }

    pub fn line(self) -> u64 {
        match self.kind() {
            Some(Kind::Element { line, .. }) => *line,
            _ => 0,
        }
    }

    /// Whether its tag had one attribute twice.
    pub fn twice(self) -> bool {
        matches!(self.kind(), Some(Kind::Element { twice: true, .. }))
    }

    pub fn attributes(self) -> &'a [(String, String)] {
        match self.kind() {
            Some(Kind::Element { attributes, .. }) => attributes,
            _ => &[],
        }
    }

    pub fn attr(self, name: &str) -> Option<&'a str> {
        self.attributes().iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// An attribute that says something.
    pub fn says(self, name: &str) -> Option<&'a str> {
        self.attr(name).map(str::trim).filter(|value| !value.is_empty())
    }

    pub fn has(self, name: &str) -> bool {
        self.attr(name).is_some()
    }

    pub fn parent(self) -> Option<Self> {
        let id = self.dom.nodes.get(self.id)?.parent?;
        Some(Self { dom: self.dom, id }).filter(|parent| parent.is())
    }

    /// Itself first.
    pub fn up(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |element| element.parent())
    }

    pub fn within(self, name: &str) -> Option<Self> {
        self.up().skip(1).find(|element| element.name() == name)
    }

    pub fn children(self) -> impl Iterator<Item = Self> {
        self.pieces().filter_map(|piece| match piece {
            Piece::Element(element) => Some(element),
            Piece::Text(_) => None,
        })
    }

    pub fn below(self) -> impl Iterator<Item = Self> {
        self.dom.below(self.id)
    }

    /// Its own words, without those of the elements in it.
    pub fn own_text(self) -> String {
        let words = self.pieces().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text),
            Piece::Element(_) => None,
        });
        squeeze(&words.collect::<Vec<_>>().join(" "))
    }

    /// All its words, those of scripts, styles and what is hidden left out.
    pub fn text(self) -> String {
        let mut all = String::new();
        self.gather(&mut all, usize::MAX);
        squeeze(&all)
    }

    fn gather(self, all: &mut String, most: usize) {
        for piece in self.pieces() {
            if all.len() > most {
                return;
            }
            match piece {
                Piece::Text(text) => all.push_str(text),
                Piece::Element(element) => {
                    let silent = matches!(element.name(), "script" | "style" | "noscript" | "title");
                    if silent || element.hidden_itself() {
                        continue;
                    }
                    let apart = if FLOWS.contains(&element.name()) { "" } else { " " };
                    all.push_str(apart);
                    element.gather(all, most);
                    all.push_str(apart);
                }
            }
        }
    }

    pub fn pieces(self) -> impl Iterator<Item = Piece<'a>> {
        let children = self.dom.nodes.get(self.id).map(|node| node.children.as_slice()).unwrap_or_default();
        children.iter().filter_map(move |id| match self.dom.nodes.get(*id).map(|node| &node.kind) {
            Some(Kind::Text(text)) => Some(Piece::Text(text)),
            Some(Kind::Element { .. }) => Some(Piece::Element(Self { dom: self.dom, id: *id })),
            _ => None,
        })
    }

    /// What a script or a style holds, as written.
    pub fn raw(self) -> String {
        self.pieces()
            .filter_map(|piece| match piece {
                Piece::Text(text) => Some(text),
                Piece::Element(_) => None,
            })
            .collect()
    }

    fn hidden_itself(self) -> bool {
        self.has("hidden")
            || self.style("display").is_some_and(|v| v == "none")
            || self.style("visibility").is_some_and(|v| v == "hidden" || v == "collapse")
            || (self.name() == "input"
                && self.attr("type").is_some_and(|kind| kind.eq_ignore_ascii_case("hidden")))
    }

    /// Whether a visitor meets it: not hidden by its own markup, not what stands in for scripts.
    /// What a style sheet hides counts as shown, since it may be shown later.
    pub fn shown(self) -> bool {
        self.dom.nodes.get(self.id).is_some_and(|node| node.shown)
    }

    /// Shown, and told to assistive technology.
    pub fn told(self) -> bool {
        self.dom.nodes.get(self.id).is_some_and(|node| node.told)
    }

    /// What its own `style` says about a property; the last one counts.
    pub fn style(self, property: &str) -> Option<String> {
        let style = self.attr("style")?;
        crate::css::declarations(style)
            .into_iter()
            .rev()
            .find(|declared| declared.property == property)
            .map(|declared| declared.value)
    }

    pub fn role(self) -> Option<&'a str> {
        self.says("role").and_then(|roles| roles.split_ascii_whitespace().next())
    }

    /// Its tag and the beginning of its words.
    pub fn excerpt(self) -> String {
        let mut tag = format!("<{}", self.name());
        for (name, value) in self.attributes() {
            tag.push(' ');
            tag.push_str(name);
            if !value.is_empty() {
                tag.push_str("=\"");
                tag.push_str(&cut(&squeeze(value), 60));
                tag.push('"');
            }
        }
        let mut tag = cut(&tag, 140);
        tag.push('>');
        if !matches!(self.name(), "html" | "body" | "head") {
            let mut words = String::new();
            self.gather(&mut words, 400);
            tag.push_str(&cut(&squeeze(&words), 40));
        }
        tag
    }
}

/// One space between words, none around.
pub fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
