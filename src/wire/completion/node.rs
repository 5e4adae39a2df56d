//! A value that is put together from several chunks.

use super::list::List;
use super::members::Members;
use super::replace;
use crate::json::{inside, put, write_string};
use crate::wire::buffer::Buffer;

/// The place of a value, which decides how its texts and names are folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Within {
    /// A place in the chunk or the choice, where nothing is text.
    Envelope,
    /// A place in the logprobs of a choice that has brought text, so that its tokens are new.
    Tokens,
    /// A place in a delta.
    Delta,
    /// A place in a list or an object of a delta.
    Nested,
    /// A place in the function of a call.
    Function,
    /// A place in a list of content parts, or in one of these parts.
    Part,
}

#[derive(Debug)]
pub(super) enum Node {
    /// The last value, as it is written; empty if there is none.
    Last(Vec<u8>),
    /// A text that comes in pieces, as it is written between its quotes.
    Text(Buffer),
    List(List),
    Object(Members),
}

impl Default for Node {
    fn default() -> Self {
        Node::Last(Vec::new())
    }
}

impl Within {
    /// The place of the elements and members in a key's value.
    fn inside(self, key: &[u8]) -> Self {
        match self {
            Within::Envelope | Within::Tokens | Within::Part => self,
            Within::Delta if key == b"function_call" => Within::Function,
            _ => Within::Nested,
        }
    }

    /// Whether a string that is the value of this key comes in pieces.
    pub(super) fn is_text(self, key: &[u8]) -> bool {
        match self {
            Within::Envelope | Within::Tokens => false,
            Within::Nested | Within::Part => TEXTS.contains(&key) || is_inner_text(key),
            Within::Delta | Within::Function => TEXTS.contains(&key),
        }
    }
}

/// Gets texts as they are written between their quotes, one piece after another.
pub(super) type Say<'s> = &'s mut dyn FnMut(&[u8]);

/// Keys whose value is text in a delta, at any depth.
const TEXTS: [&[u8]; 6] = [
    b"content",
    b"refusal",
    b"reasoning",
    b"reasoning_content",
    b"reasoning_text",
    b"arguments",
];

/// Keys whose value is text inside lists and objects of a delta.
const INNER_TEXTS: [&[u8]; 5] = [b"text", b"thinking", b"summary", b"data", b"transcript"];

/// Whether a key's value is text inside lists and objects of a delta.
pub(super) fn is_inner_text(key: &[u8]) -> bool {
    INNER_TEXTS.contains(&key)
}

impl Node {
    /// Folds a chunk's value of `key`; returns how many bytes of text it contained.
    #[cfg_attr(optimize_attribute, optimize(speed))]
    pub(super) fn fold(&mut self, key: &[u8], value: &[u8], within: Within) -> usize {
        let first = value.first();
        let is_text = matches!(first, Some(b'"' | b'{')) && within.is_text(key);
        match first {
            Some(b'n') if !self.is_empty() => 0,
            Some(b'"') if is_text => self.append(inside(value)),
            Some(b'"') if within == Within::Function && key == b"name" => self.name(inside(value)),
            Some(b'{') if is_text && key == b"arguments" => self.append(&json_text(value)),
            Some(b'{') => {
                let members = self.object();
                members.map_or(0, |members| members.merge(value, within.inside(key)))
            }
            Some(b'[') => {
                if !matches!(self, Node::List(_)) {
                    self.turn_into(Node::List(List::default()));
                }
                match self {
                    Node::List(list) => list.fold(value, within.inside(key)),
                    _ => 0,
                }
            }
            _ => {
                self.set(value);
                0
            }
        }
    }

    /// The object; a value of another kind is replaced by one.
    pub(super) fn object(&mut self) -> Option<&mut Members> {
        if !matches!(self, Node::Object(_)) {
            self.turn_into(Node::Object(Members::default()));
        }
        match self {
            Node::Object(members) => Some(members),
            _ => None,
        }
    }

    #[inline(never)]
    fn turn_into(&mut self, other: Node) {
        *self = other;
    }

    pub(super) fn set(&mut self, value: &[u8]) {
        match self {
            Node::Last(last) => replace(last, value),
            _ => self.turn_into(Node::Last(value.to_vec())),
        }
    }

    /// The text; a value of another kind is replaced by one.
    fn text(&mut self) -> Option<&mut Buffer> {
        if !matches!(self, Node::Text(_)) {
            self.turn_into(Node::Text(Buffer::default()));
        }
        match self {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Appends to the text.
    pub(super) fn append(&mut self, text: &[u8]) -> usize {
        if let Some(buffer) = self.text() {
            buffer.push(text);
            buffer.put_by();
        }
        text.len()
    }

    fn name(&mut self, piece: &[u8]) -> usize {
        if let Some(name) = self.text() {
            add_name(name, piece);
        }
        piece.len()
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Node::Last(last) => out.extend_from_slice(last),
            Node::Text(text) => write_long(text, out),
            Node::List(list) => list.write(out),
            Node::Object(members) => {
                out.push(b'{');
                members.write(&[], out);
                out.push(b'}');
            }
        }
    }

    /// Calls `say` with its texts; data isn't text that a model wrote as tokens.
    pub(super) fn said(&self, say: Say<'_>) {
        match self {
            Node::Last(_) => {}
            Node::Text(text) => text.each(say),
            Node::List(list) => list.said(say),
            Node::Object(members) => members.said(&[], say),
        }
    }

    pub(super) fn weight(&self) -> usize {
        match self {
            Node::Last(last) => last.len(),
            Node::Object(members) => members.weight(),
            Node::Text(_) | Node::List(_) => 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Node::Last(last) if last.is_empty())
    }
}

/// Adds one more piece of a name: the same name again, a longer one that begins with it, or its continuation.
pub(super) fn add_name(name: &mut Buffer, piece: &[u8]) {
    let known = name.as_slice();
    if piece == known {
        return;
    }
    if piece.starts_with(known) {
        name.clear();
    }
    name.push(piece);
}

/// The text of a JSON value, as it would be written between quotes.
pub(super) fn json_text(value: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(value.len() + 16);
    write_string(&String::from_utf8_lossy(value), &mut text);
    inside(&text).to_vec()
}

/// Appends a text that may be long, with quotes.
pub(super) fn write_long(text: &Buffer, out: &mut Vec<u8>) {
    out.push(b'"');
    text.write(out);
    out.push(b'"');
}

/// Appends a text, given as it is written between its quotes, with quotes.
pub(super) fn write_text(raw: &[u8], out: &mut Vec<u8>) {
    put(out, &[b"\"", raw, b"\""]);
}
