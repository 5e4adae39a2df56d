//! Successive events are equal except for a few values. A template knows where these are, so that the next event is compared
//! instead of parsed: literal bytes, and between them slots for strings, numbers, arrays of numbers, or values of any kind.
//!
//! A template is learned from two chunks that differ only in such values, and gets further slots when a third one differs
//! elsewhere. An event that matches is therefore JSON of the same shape: it has the same keys with the same kinds of values, except
//! in slots for any kind.

use std::ops::Range;

use super::chunk::Part;
use super::completion::Completion;
use crate::json::{Scanner, put, write_whole};

mod compare;
mod differ;
mod example;
mod learn;
mod long;
mod order;
mod parts;
mod shape;

pub(super) use compare::equal;
use compare::{starts_with, value};
use example::{Example, Primitive};
pub(super) use long::{ONCE, define_once};
use order::Movable;
pub use order::Order;
use parts::{Anchored, When, anchor};
use shape::{Sight, Step, walk, write_slot};

/// The most templates for one stream.
const MAX_KNOWN: usize = 6;
/// How many chunks may be studied in vain before a match is needed to pay for more.
const CREDIT: u32 = 10;
/// The longest event of a template: longer ones are rare, and would take memory.
const MAX_BLOCK: usize = 64 << 10;
/// The same for a decoder that must keep little of a stream.
const SMALL_BLOCK: usize = 2 << 10;

/// The kind of values in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotKind {
    /// A string; the slot is between its quotes.
    String,
    /// A number.
    Number,
    /// An array of numbers that isn't empty, including its brackets.
    Numbers,
    /// Any value.
    Any,
}

/// A slot's value in one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The kind of value.
    pub kind: SlotKind,
    /// Offsets in the event.
    pub span: Range<usize>,
    /// Whether a string has a backslash.
    pub escaped: bool,
    /// Whether a string is certainly ASCII.
    pub ascii: bool,
}

/// The state of a slot before its value was found.
const NOTHING: Slot = Slot {
    kind: SlotKind::Any,
    span: 0..0,
    escaped: false,
    ascii: false,
};

/// One shape of event.
#[derive(Debug)]
pub struct Template {
    example: Example,
    slots: Vec<Primitive>,
    /// The chunk's own members, if they may come in any order.
    members: Vec<Movable>,
    /// The parts to add to a completion, for each of [`Told`].
    parts: [Vec<Anchored>; 3],
    /// Whether some of these parts may wait for the next event of this shape.
    pub waits: bool,
    /// Whether a reader knows the template in its current form.
    pub handed_on: bool,
}

/// The shapes of one stream.
///
/// ```
/// use hfetch::wire::template::Templates;
///
/// let event = |id: u32, word: &str| format!("data: {{\"id\":{id},\"text\":\"{word}\"}}\n\n");
/// let mut templates = Templates::default();
/// for event in [event(1, "Once"), event(2, "upon")] {
///     assert!(templates.find(event.as_bytes()).is_none());
///     templates.learn(event.as_bytes(), 6..event.len() - 2, &[]);
/// }
///
/// // The third event isn't parsed: its bytes are compared, and the values are found in the slots.
/// let third = event(3, "a time");
/// let found = templates.find(third.as_bytes()).unwrap();
/// let values: Vec<&str> = found.slots.iter().map(|slot| &third[slot.span.clone()]).collect();
/// assert_eq!(values, ["3", "a time"]);
/// ```
#[derive(Debug)]
pub struct Templates {
    known: Vec<Template>,
    recent: Vec<Example>,
    /// The template that matched last, which is the likeliest.
    last: usize,
    credit: u32,
    slots: Vec<Slot>,
    order: Order,
    max_block: usize,
}

impl Default for Templates {
    fn default() -> Self {
        Templates::new(false)
    }
}

/// The completion's knowledge of an event's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Nothing: the previous event had another shape.
    Nothing,
    /// The previous event had the same shape, so parts that are equal in both are left out.
    Before,
    /// The same, and another event of this shape follows, so parts that may wait for it are left out as well.
    Late,
}

/// An event that matches a template.
#[derive(Debug)]
pub struct Match<'t> {
    /// The number of its template.
    pub index: usize,
    /// The template.
    pub template: &'t mut Template,
    /// The values of its slots.
    pub slots: &'t [Slot],
    /// The order of its chunk's members, if that differs from the template's.
    pub order: Option<&'t Order>,
    /// The length of the event, including its blank line.
    pub length: usize,
}

impl Templates {
    /// A list without any templates; `small`: templates are learned only from short events.
    pub fn new(small: bool) -> Self {
        Templates {
            known: Vec::new(),
            recent: Vec::new(),
            last: 0,
            credit: CREDIT,
            slots: Vec::new(),
            order: Order::default(),
            max_block: if small { SMALL_BLOCK } else { MAX_BLOCK },
        }
    }

    /// Compares the event at the start of `bytes` with the templates.
    #[inline]
    #[cfg_attr(optimize_attribute, optimize(speed))]
    pub fn find(&mut self, bytes: &[u8]) -> Option<Match<'_>> {
        let (index, length, is_moved) = self.search(bytes)?;
        self.last = index;
        self.credit = (self.credit + 1).min(8 * CREDIT);
        let template = self.known.get_mut(index)?;
        Some(Match {
            index,
            template,
            slots: &self.slots,
            order: is_moved.then_some(&self.order),
            length,
        })
    }

    #[inline]
    fn search(&mut self, bytes: &[u8]) -> Option<(usize, usize, bool)> {
        let slots = &mut self.slots;
        if let Some(length) = self.known.get(self.last)?.compare(bytes, slots) {
            return Some((self.last, length, false));
        }
        for (index, template) in self.known.iter().enumerate() {
            if index != self.last
                && let Some(length) = template.compare(bytes, slots)
            {
                return Some((index, length, false));
            }
        }
        let mut known = self.known.iter().enumerate();
        known.find_map(|(index, template)| {
            let length = template.compare_moved(bytes, slots, &mut self.order)?;
            Some((index, length, true))
        })
    }

    /// Adds the parts of an event that were waiting for another event of its shape, which has not come.
    pub fn late(&mut self, index: usize, bytes: &[u8], completion: &mut Completion) {
        let Some(template) = self.known.get(index) else {
            return;
        };
        let (slots, order) = (&mut self.slots, &mut self.order);
        let in_order = template.compare(bytes, slots).is_some();
        if in_order || template.compare_moved(bytes, slots, order).is_some() {
            let [all, ..] = &template.parts;
            for part in all.iter().filter(|part| part.when == When::Last) {
                let span = match in_order {
                    true => part.span(slots),
                    false => template.moved(part, slots, order),
                };
                completion.add_other(part.part, bytes.get(span).unwrap_or_default());
            }
        }
    }
}

impl Template {
    fn new(mut example: Example, marks: &[Option<SlotKind>]) -> Self {
        for (primitive, mark) in example.primitives.iter_mut().zip(marks) {
            if let Some(kind) = *mark {
                if kind == SlotKind::Any {
                    primitive.span = primitive.whole();
                }
                (primitive.slot, primitive.kind) = (true, kind);
            }
        }
        let mut slots = Vec::new();
        for primitive in example.primitives.iter().filter(|primitive| primitive.slot) {
            slots.push(primitive.clone());
        }
        let mut parts = [anchor(&example, &slots), Vec::new(), Vec::new()];
        let [all, changing, always] = &mut parts;
        for (list, least) in [(&mut *changing, When::Last), (&mut *always, When::Always)] {
            for part in all.iter() {
                if part.when >= least {
                    list.push(*part);
                }
            }
        }
        let waits = always.len() < changing.len();
        Template {
            example,
            slots,
            members: Vec::new(),
            parts,
            waits,
            handed_on: false,
        }
    }

    /// The length of the event at the start of `bytes`, if it has this shape.
    #[inline]
    fn compare(&self, bytes: &[u8], found: &mut Vec<Slot>) -> Option<usize> {
        if found.len() != self.slots.len() {
            found.resize(self.slots.len(), NOTHING);
        }
        let block = 0..self.example.block.len();
        self.stretch(bytes, 0, block, 0..self.slots.len(), found)
    }

    /// Compares `bytes` from `at` on with the part of the example that contains these slots; returns where it ends.
    #[cfg_attr(optimize_attribute, optimize(speed))]
    fn stretch(
        &self,
        bytes: &[u8],
        mut at: usize,
        stretch: Range<usize>,
        slots: Range<usize>,
        found: &mut [Slot],
    ) -> Option<usize> {
        let mut from = stretch.start;
        let found = found.get_mut(slots.clone())?;
        for (slot, found) in self.slots.get(slots)?.iter().zip(found) {
            let literal = self.example.block.get(from..slot.span.start)?;
            let rest = bytes.get(at..)?;
            if !starts_with(rest, literal) {
                return None;
            }
            at += literal.len();
            let value = value(rest.get(literal.len()..)?, slot.kind)?;
            *found = Slot {
                kind: slot.kind,
                span: at..at + value.length,
                escaped: value.escaped,
                ascii: value.ascii,
            };
            at += value.length;
            from = slot.span.end;
        }
        let tail = self.example.block.get(from..stretch.end)?;
        starts_with(bytes.get(at..)?, tail).then_some(at + tail.len())
    }

    /// Calls `visit` with the parts of an event that are still to be added, and their places.
    #[inline(always)]
    pub fn parts(&self, slots: &[Slot], told: Told, mut visit: impl FnMut(Part, Range<usize>)) {
        for anchored in self.told(told) {
            visit(anchored.part, anchored.span(slots));
        }
    }

    /// The same for an event whose members come in another order.
    #[inline(never)]
    pub fn parts_moved(
        &self,
        slots: &[Slot],
        order: &Order,
        told: Told,
        visit: &mut dyn FnMut(Part, Range<usize>),
    ) {
        for anchored in self.told(told) {
            visit(anchored.part, self.moved(anchored, slots, order));
        }
    }

    #[inline(always)]
    fn told(&self, told: Told) -> &[Anchored] {
        let [all, changing, always] = &self.parts;
        match told {
            Told::Nothing => all,
            Told::Before => changing,
            Told::Late => always,
        }
    }

    /// Appends what a reader needs to build chunks of this shape: an example, and the paths of its slots.
    pub fn define(&self, index: usize, out: &mut Vec<u8>) {
        let payload = self
            .example
            .block
            .get(self.example.payload.clone())
            .unwrap_or_default();
        let mut slots = Vec::new();
        let mut primitives = self.example.primitives.iter().peekable();
        let mut visit = |path: &[Step<'_>], sight| {
            let is_value = !matches!(sight, Sight::Closes(_));
            if let Some(primitive) = primitives.next_if(|_| is_value)
                && primitive.slot
            {
                write_slot(path, primitive.kind, &mut slots);
            }
        };
        // The example was read when it was learned, so this can't fail.
        let _ = walk(&mut Scanner::new(payload), &mut Vec::new(), &mut visit);
        define(index, payload, &slots, out);
    }
}

/// Appends a definition.
fn define(index: usize, example: &[u8], slots: &[u8], out: &mut Vec<u8>) {
    put(out, &[b"{\"index\":"]);
    write_whole(index as u64, out);
    put(
        out,
        &[b",\"example\":", example, b",\"slots\":[", slots, b"]}"],
    );
}
