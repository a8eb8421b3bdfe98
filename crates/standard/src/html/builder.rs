//! Builds the tree while the parser reads, and keeps the line each element stands on.

use std::{borrow::Cow, cell::RefCell, collections::HashMap, rc::Rc};

use html5ever::{
    Attribute, ExpandedName, QualName,
    interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink},
    local_name, ns,
    tendril::StrTendril,
};

use super::{Dom, Kind, Mended, Node};

/// As deep as browsers go.
const DEEPEST: u16 = 512;

#[derive(Clone)]
pub(super) struct Handle {
    id: usize,
    name: Rc<QualName>,
}

pub(super) struct Builder {
    nodes: RefCell<Vec<Node>>,
    mended: RefCell<Vec<Mended>>,
    line: RefCell<u64>,
    /// How often something went deeper than the deepest.
    deep: RefCell<u32>,
    nameless: Rc<QualName>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            nodes: RefCell::new(vec![Node::default()]),
            mended: RefCell::default(),
            line: RefCell::new(1),
            deep: RefCell::default(),
            nameless: Rc::new(QualName::new(None, ns!(), local_name!(""))),
        }
    }
}

impl Builder {
    /// Every open element is looked through for each new one: a page that nests without end would be read without end.
    pub(super) fn too_deep(&self) -> bool {
        *self.deep.borrow() > 1000
    }

    fn add(&self, kind: Kind) -> usize {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(Node { kind, ..Node::default() });
        nodes.len().saturating_sub(1)
    }

    fn other(&self) -> Handle {
        Handle { id: self.add(Kind::Other), name: self.nameless.clone() }
    }

    fn went_deep(&self) {
        let mut deep = self.deep.borrow_mut();
        if *deep == 0 {
            let what = format!("nested deeper than {DEEPEST}");
            self.mended.borrow_mut().push(Mended { line: *self.line.borrow(), what });
        }
        *deep = deep.saturating_add(1);
    }

    fn detach(&self, id: usize) {
        let mut nodes = self.nodes.borrow_mut();
        let parent = nodes.get_mut(id).and_then(|node| node.parent.take());
        if let Some(parent) = parent.and_then(|parent| nodes.get_mut(parent)) {
            parent.children.retain(|child| *child != id);
        }
    }

    /// Puts a node or words under `parent`, at a place or at the end. Where a page nests without end it goes beside instead.
    fn put(&self, parent: usize, at: Option<usize>, child: NodeOrText<Handle>) {
        let deep =
            self.nodes.borrow().get(parent).filter(|node| node.depth >= DEEPEST).and_then(|node| node.parent);
        let (parent, at) = match deep {
            Some(up) => {
                self.went_deep();
                (up, None)
            }
            None => (parent, at),
        };
        let at = at.unwrap_or_else(|| self.nodes.borrow().get(parent).map_or(0, |node| node.children.len()));
        let id = match child {
            NodeOrText::AppendNode(handle) => {
                self.detach(handle.id);
                handle.id
            }
            NodeOrText::AppendText(text) => {
                let mut nodes = self.nodes.borrow_mut();
                let before = at.checked_sub(1);
                let before = before.and_then(|before| nodes.get(parent)?.children.get(before).copied());
                if let Some(Kind::Text(known)) =
                    before.and_then(|before| nodes.get_mut(before)).map(|node| &mut node.kind)
                {
                    known.push_str(&text);
                    return;
                }
                drop(nodes);
                self.add(Kind::Text(text.to_string()))
            }
        };
        let mut nodes = self.nodes.borrow_mut();
        let depth = nodes.get(parent).map_or(0, |node| node.depth.saturating_add(1));
        if let Some(node) = nodes.get_mut(id) {
            node.parent = Some(parent);
            node.depth = depth;
        }
        if let Some(parent) = nodes.get_mut(parent) {
            let at = at.min(parent.children.len());
            parent.children.insert(at, id);
        }
    }
}

fn plain(attributes: Vec<Attribute>) -> Vec<(String, String)> {
    attributes.into_iter().map(|a| (a.name.local.to_string(), a.value.to_string())).collect()
}

impl TreeSink for Builder {
    type Handle = Handle;
    type Output = Dom;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Dom {
        Dom {
            nodes: self.nodes.into_inner(),
            mended: self.mended.into_inner(),
            ids: HashMap::new(),
            labels: HashMap::new(),
        }
    }

    fn parse_error(&self, what: Cow<'static, str>) {
        self.mended.borrow_mut().push(Mended { line: *self.line.borrow(), what: what.into_owned() });
    }

    fn get_document(&self) -> Handle {
        Handle { id: 0, name: self.nameless.clone() }
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> ExpandedName<'a> {
        target.name.expanded()
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, flags: ElementFlags) -> Handle {
        let id = self.add(Kind::Element {
            name: name.local.to_string(),
            attributes: plain(attributes),
            line: *self.line.borrow(),
            twice: flags.had_duplicate_attributes,
        });
        Handle { id, name: Rc::new(name) }
    }

    fn create_comment(&self, _: StrTendril) -> Handle {
        self.other()
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Handle {
        self.other()
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        self.put(parent.id, None, child);
    }

    fn append_based_on_parent_node(&self, element: &Handle, before: &Handle, child: NodeOrText<Handle>) {
        let placed = self.nodes.borrow().get(element.id).is_some_and(|node| node.parent.is_some());
        if placed {
            self.append_before_sibling(element, child);
        } else {
            self.append(before, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    /// A template's contents are kept apart: nothing leads to them.
    fn get_template_contents(&self, _: &Handle) -> Handle {
        self.other()
    }

    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        x.id == y.id
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Handle, child: NodeOrText<Handle>) {
        if let NodeOrText::AppendNode(handle) = &child {
            self.detach(handle.id);
        }
        let parent = self.nodes.borrow().get(sibling.id).and_then(|node| node.parent);
        if let Some(parent) = parent {
            let at = self
                .nodes
                .borrow()
                .get(parent)
                .and_then(|node| node.children.iter().position(|child| *child == sibling.id));
            self.put(parent, at, child);
        }
    }

    fn add_attrs_if_missing(&self, target: &Handle, more: Vec<Attribute>) {
        let mut nodes = self.nodes.borrow_mut();
        if let Some(Kind::Element { attributes, .. }) = nodes.get_mut(target.id).map(|node| &mut node.kind) {
            for (name, value) in plain(more) {
                if !attributes.iter().any(|(known, _)| *known == name) {
                    attributes.push((name, value));
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &Handle) {
        self.detach(target.id);
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        let moved = self
            .nodes
            .borrow_mut()
            .get_mut(node.id)
            .map(|n| std::mem::take(&mut n.children))
            .unwrap_or_default();
        let mut nodes = self.nodes.borrow_mut();
        for child in &moved {
            if let Some(child) = nodes.get_mut(*child) {
                child.parent = Some(new_parent.id);
            }
        }
        if let Some(parent) = nodes.get_mut(new_parent.id) {
            parent.children.extend(moved);
        }
    }

    fn set_current_line(&self, line: u64) {
        *self.line.borrow_mut() = line;
    }
}
