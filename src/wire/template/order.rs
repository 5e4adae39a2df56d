//! Events whose members come in another order each time, as written by languages whose maps have no order. The chunk's own members
//! are then compared one by one, each with the template's member of the same key, and the chunk is built with its keys in the order
//! of its event.

use std::ops::Range;

use super::compare::starts_with;
use super::example::Example;
use super::parts::{Anchored, Place};
use super::{NOTHING, Slot, Template};
use crate::json::{Scanner, first_word};
use crate::wire::chunk::{self, Field, Part};

/// The most members of a chunk whose order may vary, one bit each. A chunk with more has a template for its own order only.
const MOST: usize = 32;

/// The largest event that is compared in another order: to write a larger one anew would take longer than reading it.
const LARGEST: usize = 4 << 10;

/// A member of an example: its place, from the key to the end of the value, and the length of its key with quotes and colon.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Member {
    span: Range<usize>,
    key: usize,
}

/// A member of a template.
#[derive(Debug)]
pub(super) struct Movable {
    span: Range<usize>,
    /// The slots inside of it.
    slots: Range<usize>,
    /// Its first bytes, as far as they belong to the key, by which it is searched; and which bits of them count.
    key: (u64, u64),
}

/// The order of the members in an event that matches a template.
#[derive(Debug, Default)]
pub struct Order {
    /// The numbers of the template's members, in the event's order.
    pub sequence: Vec<u32>,
    /// Where each member starts.
    starts: Vec<usize>,
}

/// The members of the chunk in an example. `None` if they can't come in another order: there are spaces between them, or a key
/// contains escapes or is a number, which JavaScript puts before all others.
pub(super) fn members(block: &[u8], payload: &Range<usize>) -> Option<Vec<Member>> {
    let bytes = block.get(payload.clone())?;
    let mut scanner = Scanner::new(bytes);
    let mut members = Vec::new();
    let mut end = 1;
    scanner.begin_object().ok()?;
    while let Some(key) = scanner.next_key().ok()? {
        let start = scanner.key_at();
        let is_name =
            matches!(key.raw.first(), Some(byte) if byte.is_ascii_alphabetic() || *byte == b'_');
        if start != end || key.escaped || !is_name || members.len() == MOST {
            return None;
        }
        let value = scanner.at();
        scanner.skip().ok()?;
        // After the value comes a comma, or the closing brace.
        end = scanner.at() + 1;
        members.push(Member {
            span: payload.start + start..payload.start + scanner.at(),
            key: value - start,
        });
    }
    (members.len() > 1 && end == bytes.len()).then_some(members)
}

impl Example {
    /// The same chunk with its members in the order of another one, if that has the same keys in another order.
    pub(super) fn in_order_of(&mut self, other: &mut Example) -> Option<Example> {
        let large = self.block.len().max(other.block.len()) > LARGEST;
        if large || self.fields.len() != other.fields.len() || !self.may_move() {
            return None;
        }
        self.find_members();
        other.find_members();
        let (ours, theirs) = (self.members()?, other.members()?);
        if ours.len() != theirs.len() {
            return None;
        }
        let (first, last) = (ours.first()?, ours.last()?);
        let mut block = self.block.get(..first.span.start)?.to_vec();
        let mut moved = false;
        for (at, member) in theirs.iter().enumerate() {
            let key = key_of(&other.block, member)?;
            let is_same = |ours: &&Member| key_of(&self.block, ours) == Some(key);
            let found = ours.iter().find(is_same)?;
            moved |= ours.get(at) != Some(found);
            if at > 0 {
                block.push(b',');
            }
            block.extend_from_slice(self.block.get(found.span.clone())?);
        }
        if !moved {
            return None;
        }
        block.extend_from_slice(self.block.get(last.span.end..)?);
        let mut fields = Vec::new();
        let payload = self.payload.clone();
        chunk::read(block.get(payload.clone())?, &mut fields).ok()?;
        Some(Example::new(&block, payload, &fields))
    }

    /// Whether the order of the members says nothing: of usage in two places the last one counts.
    fn may_move(&self) -> bool {
        let is_usage = |field: &&Field| matches!(field.part, Part::Usage | Part::Counts);
        self.fields.iter().filter(is_usage).count() < 2
    }
}

fn key_of<'b>(block: &'b [u8], member: &Member) -> Option<&'b [u8]> {
    block.get(member.span.start..member.span.start + member.key)
}

/// The template of a chunk that is like another one, if it is; the last argument is the credit for further studies, which only `moved` takes from.
pub(super) type Alike = fn(&mut Example, &mut Example, &mut u32) -> Option<Template>;

/// The template of a chunk that is like another one as it stands.
pub(super) fn in_order(
    example: &mut Example,
    other: &mut Example,
    _: &mut u32,
) -> Option<Template> {
    let marks = example.differences(other)?;
    Some(Template::new(std::mem::take(example), &marks))
}

/// The template of a chunk that is like another one whose members come in another order.
pub(super) fn moved(
    example: &mut Example,
    other: &mut Example,
    credit: &mut u32,
) -> Option<Template> {
    if *credit == 0 {
        return None;
    }
    let mut moved = example.in_order_of(other)?;
    // A chunk that was written anew in vain costs as much as one that was studied in vain.
    *credit -= 1;
    let marks = moved.differences(other)?;
    *credit += 1;
    Some(Template::new(moved, &marks))
}

impl Template {
    /// From now on, the members of its events may come in another order.
    pub(super) fn find_movable(&mut self) {
        self.example.find_members();
        for member in self.example.members().unwrap_or_default() {
            // The slots are in the order in which they stand in the example.
            let until = |at| self.slots.partition_point(|slot| slot.span.start < at);
            let key = key_of(&self.example.block, member).unwrap_or_default();
            self.members.push(Movable {
                key: (first_word(key), u64::MAX >> (64 - 8 * key.len().min(8))),
                slots: until(member.span.start)..until(member.span.end),
                span: member.span.clone(),
            });
        }
    }

    /// The length of the event at the start of `bytes`, if it has this shape with its members in another order.
    #[cfg_attr(optimize_attribute, optimize(speed))]
    pub(super) fn compare_moved(
        &self,
        bytes: &[u8],
        found: &mut Vec<Slot>,
        order: &mut Order,
    ) -> Option<usize> {
        let (first, last) = (self.members.first()?, self.members.last()?);
        let head = self.example.block.get(..first.span.start)?;
        if !starts_with(bytes, head) {
            return None;
        }
        order.sequence.clear();
        order.starts.clear();
        order.starts.resize(self.members.len(), 0);
        found.resize(self.slots.len(), NOTHING);
        let (mut at, mut left) = (head.len(), u32::MAX >> (MOST - self.members.len()));
        loop {
            let (member, end) = self.member(bytes, at, left, found)?;
            left &= !(1 << member);
            order.sequence.push(member);
            *order.starts.get_mut(member as usize)? = at;
            if left == 0 {
                let tail = self.example.block.get(last.span.end..)?;
                return starts_with(bytes.get(end..)?, tail).then_some(end + tail.len());
            }
            bytes.get(end).filter(|byte| **byte == b',')?;
            at = end + 1;
        }
    }

    /// The number of the member at `at`, which must be one of `left`, and its end.
    fn member(
        &self,
        bytes: &[u8],
        at: usize,
        left: u32,
        found: &mut [Slot],
    ) -> Option<(u32, usize)> {
        let here = first_word(bytes.get(at..)?);
        for (number, member) in (0..).zip(&self.members) {
            let (key, mask) = member.key;
            if left >> number & 1 == 0 || (here ^ key) & mask != 0 {
                continue;
            }
            let (span, slots) = (member.span.clone(), member.slots.clone());
            let end = self.stretch(bytes, at, span, slots, found);
            if let Some(end) = end {
                return Some((number, end));
            }
        }
        None
    }

    /// The place of a part in an event whose members come in another order.
    pub(super) fn moved(&self, anchored: &Anchored, slots: &[Slot], order: &Order) -> Range<usize> {
        let span = anchored.span_in(&self.slots);
        let holds =
            |member: &&Movable| member.span.start <= span.start && span.end <= member.span.end;
        let mut members = self.members.iter().zip(&order.starts);
        let Some((member, start)) = members.find(|(member, _)| holds(member)) else {
            // A part that only marks a beginning has no place.
            return 0..0;
        };
        let place = |place: Place, at: usize| {
            let slot = place.slots_before.wrapping_sub(1);
            match slots.get(slot).filter(|_| member.slots.contains(&slot)) {
                Some(slot) => slot.span.end + place.offset,
                None => start + at - member.span.start,
            }
        };
        place(anchored.start, span.start)..place(anchored.end, span.end)
    }
}
