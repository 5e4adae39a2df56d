//! A chunk as an example of its shape, with its values.

use std::ops::Range;

use super::SlotKind;
use super::compare::MAX_DEPTH;
use super::differ::Pair;
use super::order::{self, Member};
use super::shape::{Sight, Step, walk};
use crate::json::{self, Scanner};
use crate::wire::chunk::Field;

/// The most values in an event. A chunk with more is no chunk of text, and the record of a value is larger than many values.
const MAX_PRIMITIVES: usize = 4096;

/// A value of an example. An object or array has the kind "any", and its own values follow it.
#[derive(Clone, Debug)]
pub(super) struct Primitive {
    pub(super) kind: SlotKind,
    pub(super) span: Range<usize>,
    pub(super) slot: bool,
    /// How many values it contains, at any depth.
    pub(super) below: usize,
}

impl Primitive {
    /// Its place, including its quotes.
    pub(super) fn whole(&self) -> Range<usize> {
        let quote = (self.kind == SlotKind::String) as usize;
        self.span.start - quote..self.span.end + quote
    }
}

/// A chunk as an example of its shape.
#[derive(Debug, Default)]
pub(super) struct Example {
    pub(super) block: Vec<u8>,
    pub(super) payload: Range<usize>,
    /// Its values, and whether it may become a template, once it has been studied.
    pub(super) primitives: Vec<Primitive>,
    is_fit: Option<bool>,
    /// The chunk's own members, once they have been looked for.
    members: Option<Option<Vec<Member>>>,
    /// Places in the block.
    pub(super) fields: Vec<Field>,
}

impl Example {
    pub(super) fn new(block: &[u8], payload: Range<usize>, fields: &[Field]) -> Self {
        let mut fields = fields.to_vec();
        for Field { span, .. } in &mut fields {
            *span = span.start + payload.start..span.end + payload.start;
        }
        Example {
            block: block.to_vec(),
            payload,
            primitives: Vec::new(),
            is_fit: None,
            members: None,
            fields,
        }
    }

    /// Finds the chunk's own members, unless they are known.
    pub(super) fn find_members(&mut self) {
        let found = || order::members(&self.block, &self.payload);
        self.members.get_or_insert_with(found);
    }

    /// The members that were found, if they may come in another order.
    pub(super) fn members(&self) -> Option<&[Member]> {
        self.members.as_ref()?.as_deref()
    }

    /// Finds its values, unless they are known; returns whether it may become a template.
    fn study(&mut self) -> bool {
        if let Some(is_fit) = self.is_fit {
            return is_fit;
        }
        let (from, primitives) = (self.payload.start, &mut self.primitives);
        let (mut open, mut deep) = (Vec::new(), false);
        let mut visit = |path: &[Step<'_>], sight| {
            // The depth of a slot's value is counted from its own beginning.
            deep |= path.len() > json::MAX_DEPTH - MAX_DEPTH;
            let (kind, span) = match sight {
                Sight::Value(kind, span) => (kind, span),
                Sight::Opens(at) => {
                    open.push(primitives.len());
                    (SlotKind::Any, at..at)
                }
                Sight::Closes(at) => {
                    let opened = open.pop().unwrap_or_default();
                    let below = primitives.len() - opened - 1;
                    if let Some(primitive) = primitives.get_mut(opened) {
                        (primitive.below, primitive.span.end) = (below, at + from);
                    }
                    return;
                }
            };
            primitives.push(Primitive {
                kind,
                span: span.start + from..span.end + from,
                slot: false,
                below: 0,
            });
        };
        let payload = self.block.get(self.payload.clone()).unwrap_or_default();
        let walked = walk(&mut Scanner::new(payload), &mut Vec::new(), &mut visit);
        let few = primitives.len() <= MAX_PRIMITIVES;
        *self.is_fit.insert(few && !deep && walked == Ok(true))
    }

    /// Which values are slots, and of which kind, if this and an older example have the same shape; otherwise `None`.
    pub(super) fn differences(&mut self, older: &mut Example) -> Option<Vec<Option<SlotKind>>> {
        // This cheap check comes first: a thorough comparison would never pay for a short stream's first and last chunk.
        let same_parts = self.fields.len() == older.fields.len()
            && self
                .fields
                .iter()
                .zip(&older.fields)
                .all(|(a, b)| a.part == b.part);
        if !same_parts || !self.study() || !older.study() {
            return None;
        }
        Pair::of(self, older).differences()
    }
}
