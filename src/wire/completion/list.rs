//! A list that several chunks bring.

use super::MAX_ENTRIES;
use super::node::{Node, Say, Within, is_inner_text};
use super::whole;
use crate::json::{Kind, Scanner, inside, put};
use crate::wire::buffer::LONG;

/// The index of an item without one: it comes after those that have one.
const NONE: u64 = u64::MAX;
/// Among how many items with the same index a type is looked for.
const MAX_TYPES: usize = 16;

#[derive(Debug, Default)]
pub(super) struct List {
    /// Items that are kept as they are written, with commas between them.
    plain: Vec<u8>,
    /// Long texts of earlier items that were set aside.
    before: Vec<Vec<u8>>,
    /// Where the last list begins among them.
    last: usize,
    /// Items that are folded, with their indexes.
    items: Vec<(u64, Node)>,
    /// How many of them have an index.
    indexed: usize,
}

impl List {
    /// Folds a list; returns how many bytes of text it contained.
    pub(super) fn fold(&mut self, list: &[u8], within: Within) -> usize {
        let elements = inside(list).trim_ascii();
        if within == Within::Tokens {
            self.append(elements);
            if self.plain.len() >= LONG {
                self.plain.shrink_to_fit();
                self.before.push(std::mem::take(&mut self.plain));
                self.last = 0;
            }
            return 0;
        }
        let first = elements.first().is_some_and(|byte| *byte == b'{');
        if first {
            let mut scanner = Scanner::new(elements);
            let element = Facts::of(scanner.skip().unwrap_or_default());
            if element.index.is_some() || within == Within::Part && element.has_text {
                return self.fold_items(list, within);
            }
        }
        self.repeat_or_append(elements);
        0
    }

    /// A list that repeats what has arrived, or begins with it, replaces it; any other list is appended.
    fn repeat_or_append(&mut self, elements: &[u8]) {
        let last = self.plain.get(self.last..).unwrap_or_default();
        if begins(elements, &self.plain) {
            self.plain.clear();
            self.last = 0;
        } else if begins(elements, last) {
            self.plain.truncate(self.last);
        }
        self.append(elements);
    }

    /// Appends elements without examining them.
    pub(super) fn append(&mut self, elements: &[u8]) {
        if elements.is_empty() {
            return;
        }
        if !self.plain.is_empty() && self.plain.last() != Some(&b',') {
            self.plain.push(b',');
        }
        self.last = self.plain.len();
        self.plain.extend_from_slice(elements);
    }

    /// Folds each item into the one with its index or, in content, into a neighbour of its type.
    pub(super) fn fold_items(&mut self, list: &[u8], within: Within) -> usize {
        let mut scanner = Scanner::new(list);
        let mut said = 0;
        if scanner.begin_array().is_err() {
            return self.fold_item(list, within);
        }
        while let Ok(true) = scanner.next_element() {
            let _ = scanner.kind();
            let item = scanner.skip().unwrap_or_default();
            said += self.fold_item(item, within);
        }
        said
    }

    pub(super) fn fold_item(&mut self, item: &[u8], within: Within) -> usize {
        let facts = Facts::of(item);
        let at = match facts.index {
            Some(index) => self.at(index, facts.kind),
            None if within == Within::Part && self.goes_on(&facts) => self.items.len() - 1,
            None => self.push(NONE),
        };
        let Some((_, node)) = self.items.get_mut(at) else {
            return 0;
        };
        node.fold(b"", item, within)
    }

    fn push(&mut self, index: u64) -> usize {
        self.items.push((index, Node::default()));
        self.items.len() - 1
    }

    /// The item with this index, and with this type if both have one: a summary and encrypted content may share an index.
    fn at(&mut self, index: u64, kind: &[u8]) -> usize {
        let end = self.items.partition_point(|item| item.0 <= index);
        let group = self.items.get(..end).unwrap_or_default();
        for (at, (other, node)) in group.iter().enumerate().rev().take(MAX_TYPES) {
            if *other != index {
                break;
            }
            if kind.is_empty() || kind_of(node).is_none_or(|known| known == kind) {
                return at;
            }
        }
        if self.indexed >= MAX_ENTRIES {
            return MAX_ENTRIES - 1;
        }
        self.items.insert(end, (index, Node::default()));
        self.indexed += 1;
        end
    }

    /// Whether a part without an index continues the last one.
    fn goes_on(&self, facts: &Facts<'_>) -> bool {
        match self.items.last() {
            Some((NONE, node @ Node::Object(_))) if facts.has_text => {
                kind_of(node).unwrap_or_default() == facts.kind
            }
            _ => false,
        }
    }

    /// Appends to the text of content that comes as a list.
    pub(super) fn add_text(&mut self, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        let facts = Facts {
            kind: b"\"text\"",
            has_text: true,
            ..Facts::default()
        };
        let at = match self.goes_on(&facts) {
            true => self.items.len() - 1,
            false => self.push(NONE),
        };
        if let Some((_, node)) = self.items.get_mut(at) {
            let mut part = Vec::new();
            put(&mut part, &[br#"{"type":"text","text":""#, text, b"\"}"]);
            node.fold(b"", &part, Within::Part);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.plain.is_empty() && self.before.is_empty() && self.items.is_empty()
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for elements in self.before.iter().chain([&self.plain]) {
            if !elements.is_empty() && out.last() != Some(&b'[') {
                out.push(b',');
            }
            out.extend_from_slice(elements);
        }
        for (_, node) in &self.items {
            if out.last() != Some(&b'[') {
                out.push(b',');
            }
            node.write(out);
        }
        out.push(b']');
    }

    pub(super) fn said(&self, say: Say<'_>) {
        for (_, node) in &self.items {
            node.said(say);
        }
    }
}

/// The type of an item, as it is written.
fn kind_of(node: &Node) -> Option<&[u8]> {
    match node {
        Node::Object(members) => match members.get(b"type") {
            Some(Node::Last(kind)) if kind.starts_with(b"\"") => Some(kind),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the elements of a list begin with those of another list.
#[cfg_attr(optimize_attribute, optimize(speed))]
fn begins(elements: &[u8], with: &[u8]) -> bool {
    let Some(rest) = elements.strip_prefix(with) else {
        return false;
    };
    matches!(rest.trim_ascii_start().first(), None | Some(b',')) && !elements.is_empty()
}

/// The facts that decide where an item of a list belongs.
#[derive(Default)]
pub(super) struct Facts<'a> {
    index: Option<u64>,
    /// `type`, as it is written.
    kind: &'a [u8],
    has_text: bool,
    /// Its text, as it is written between its quotes, if it is text of the answer.
    pub(super) text: Option<&'a [u8]>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(item: &'a [u8]) -> Self {
        let mut facts = Facts::default();
        let mut scanner = Scanner::new(item);
        if scanner.begin_object().is_err() {
            return facts;
        }
        while let Ok(Some(key)) = scanner.next_key() {
            let kind = scanner.kind();
            let value = scanner.skip().unwrap_or_default();
            match kind {
                Ok(Kind::Number) if key.raw == b"index" => facts.index = whole(value),
                Ok(Kind::String) if key.raw == b"type" => facts.kind = value,
                Ok(Kind::String | Kind::Array) if is_inner_text(key.raw) => {
                    facts.has_text = true;
                    if kind == Ok(Kind::String) && key.raw == b"text" {
                        facts.text = Some(inside(value));
                    }
                }
                _ => {}
            }
        }
        if ![&b""[..], b"\"text\"", b"\"output_text\""].contains(&facts.kind) {
            facts.text = None;
        }
        facts
    }
}
