//! Where two chunks of one shape differ: which of their values become slots, and of which kind.

use std::ops::Range;

use super::SlotKind;
use super::example::{Example, Primitive};
use crate::wire::chunk::{Field, Part};

/// If an object or array contains this many slots of any kind, it becomes a single slot itself: the engine reads it in one go.
const MANY: usize = 2;

/// A chunk and an older one, compared value by value.
pub(super) struct Pair<'e> {
    ours: &'e Example,
    theirs: &'e Example,
    /// The kinds of the chunk's slots, by the chunk's values; `None` for a value that isn't a slot.
    marks: Vec<Option<SlotKind>>,
}

impl<'e> Pair<'e> {
    pub(super) fn of(ours: &'e Example, theirs: &'e Example) -> Self {
        Pair {
            ours,
            theirs,
            marks: vec![None; ours.primitives.len()],
        }
    }

    /// The slots, or nothing if the two chunks have different shapes.
    pub(super) fn differences(mut self) -> Option<Vec<Option<SlotKind>>> {
        self.value(0, 0)?;
        let frame = |example: &'e Example| {
            let payload = &example.primitives.first()?.span;
            let before = example.block.get(..payload.start)?;
            Some((before, example.block.get(payload.end..)?))
        };
        (frame(self.ours)? == frame(self.theirs)?).then_some(self.marks)
    }

    /// Compares a value with an older one. Returns how many slots of any kind it contains, or nothing if a slot isn't possible
    /// there.
    fn value(&mut self, at: usize, other: usize) -> Option<usize> {
        let (ours, theirs) = (self.ours, self.theirs);
        let (a, b) = (ours.primitives.get(at)?, theirs.primitives.get(other)?);
        let values = (bytes(ours, &a.span), bytes(theirs, &b.span));
        let brackets =
            values.0.first() == values.1.first() && matches!(values.0.first(), Some(b'{' | b'['));
        if a.kind != b.kind || b.slot && b.kind == SlotKind::Any {
            return self.any(at, a);
        }
        if a.kind == SlotKind::Any && brackets {
            let slots = self.inside((at, a), (other, b))?;
            return match slots < MANY || !self.may_be_any(&a.whole()) {
                true => Some(slots),
                false => self.any(at, a),
            };
        }
        if !b.slot && values.0 == values.1 {
            return Some(0);
        }
        if a.kind == SlotKind::Any {
            return self.any(at, a);
        }
        if ours
            .fields
            .iter()
            .any(|field| field.forbids(&a.span, a.kind))
        {
            return None;
        }
        *self.marks.get_mut(at)? = Some(a.kind);
        Some(0)
    }

    /// Compares the content of two objects or arrays. One with another number of values or other keys is a slot as a whole.
    fn inside(
        &mut self,
        (at, a): (usize, &Primitive),
        (other, b): (usize, &Primitive),
    ) -> Option<usize> {
        let (ours, theirs) = (self.ours, self.theirs);
        let (mut ours_at, mut theirs_at) = (at + 1, other + 1);
        let (mut from, mut other_from) = (a.span.start, b.span.start);
        let mut slots = 0;
        loop {
            let inner = ours
                .primitives
                .get(ours_at)
                .filter(|_| ours_at <= at + a.below);
            let other_inner = theirs
                .primitives
                .get(theirs_at)
                .filter(|_| theirs_at <= other + b.below);
            let to = inner.map_or(a.span.end, |inner| inner.whole().start);
            let other_to = other_inner.map_or(b.span.end, |inner| inner.whole().start);
            if inner.is_some() != other_inner.is_some()
                || bytes(ours, &(from..to)) != bytes(theirs, &(other_from..other_to))
            {
                return self.any(at, a);
            }
            let (Some(inner), Some(other_inner)) = (inner, other_inner) else {
                return Some(slots);
            };
            slots += self.value(ours_at, theirs_at)?;
            (from, other_from) = (inner.whole().end, other_inner.whole().end);
            ours_at += 1 + inner.below;
            theirs_at += 1 + other_inner.below;
        }
    }

    /// Makes a value a slot of any kind, if that is possible.
    fn any(&mut self, at: usize, value: &Primitive) -> Option<usize> {
        if !self.may_be_any(&value.whole()) {
            return None;
        }
        self.marks.get_mut(at..=at + value.below)?.fill(None);
        *self.marks.get_mut(at)? = Some(SlotKind::Any);
        Some(1)
    }

    /// Whether the completion treats any value at this place in the same way.
    fn may_be_any(&self, slot: &Range<usize>) -> bool {
        let fields = &self.ours.fields;
        let member = fields
            .iter()
            .any(|field| field.is_open(slot, bytes(self.ours, &field.span)));
        member
            && !fields
                .iter()
                .any(|field| field.forbids(slot, SlotKind::Any))
    }
}

fn bytes<'e>(example: &'e Example, span: &Range<usize>) -> &'e [u8] {
    example.block.get(span.clone()).unwrap_or_default()
}

impl Field {
    /// Whether a slot isn't possible: in a value that may report an error, in an index that is written as a string (which must be
    /// digits), and in a value that contains a part whose place in it isn't known.
    fn forbids(&self, slot: &Range<usize>, kind: SlotKind) -> bool {
        let within = slot.start < self.span.start && self.span.end < slot.end;
        let telling = match self.part {
            Part::Object | Part::FinishReason | Part::Failure => true,
            Part::Choice | Part::Tool => kind == SlotKind::String,
            _ => false,
        };
        within || telling && self.span.start <= slot.start && slot.end <= self.span.end
    }

    /// Whether the value of this part at `slot` may be of any kind. That is so inside the value of a member, whose own kind may
    /// decide what it means; and for the value of a member of the chunk or of logprobs.
    fn is_open(&self, slot: &Range<usize>, member: &[u8]) -> bool {
        let within = self.span.start < slot.start && slot.end < self.span.end;
        let whole = self.span.start < slot.start && slot.end == self.span.end;
        match self.part {
            Part::ChunkMember => (within || whole) && !may_hold_usage(member),
            Part::LogprobMember => within || whole,
            Part::ChoiceMember
            | Part::DeltaMember
            | Part::ToolMember
            | Part::FunctionMember
            | Part::Usage => within,
            _ => false,
        }
    }
}

/// Whether a chunk's member may be one in which the usage is looked for.
fn may_hold_usage(member: &[u8]) -> bool {
    let key = member.split(|byte| *byte == b'"').nth(1);
    key.is_none_or(|key| key == b"x_groq" || key.contains(&b'\\'))
}
