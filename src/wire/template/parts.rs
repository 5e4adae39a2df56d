//! The places of a completion's parts in an event of a known shape.

use std::ops::Range;

use super::example::{Example, Primitive};
use super::{Slot, SlotKind};
use crate::wire::chunk::Part;
use crate::wire::completion::{has_counts, last_counts};

/// A position relative to the end of one of the slots before it, or to the start of the event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) slots_before: usize,
    pub(super) offset: usize,
}

impl Place {
    /// Where it is, if `end_of` gives the end of a slot by its number.
    #[inline]
    fn of(self, end_of: impl Fn(usize) -> Option<usize>) -> usize {
        let base = self.slots_before.checked_sub(1).and_then(end_of);
        base.unwrap_or_default() + self.offset
    }
}

/// When a part has to be added to a completion that has just got an event of this shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum When {
    /// Never: the part is the same in all events of this shape, and adding it twice changes nothing.
    Never,
    /// The part is added unless another event of this shape follows: only the last value counts.
    Last,
    /// The part is added for each event.
    Always,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Anchored {
    pub(super) part: Part,
    pub(super) when: When,
    pub(super) start: Place,
    pub(super) end: Place,
}

impl Anchored {
    /// The place of the part in the example, which has these slots.
    pub(super) fn span_in(&self, slots: &[Primitive]) -> Range<usize> {
        let end_of = |slot: usize| Some(slots.get(slot)?.span.end);
        self.start.of(end_of)..self.end.of(end_of)
    }

    /// The place of the part in an event in which the slots stand here.
    #[inline]
    pub(super) fn span(&self, slots: &[Slot]) -> Range<usize> {
        let end_of = |slot: usize| Some(slots.get(slot)?.span.end);
        self.start.of(end_of)..self.end.of(end_of)
    }
}

/// The place of an offset in an example. An empty slot that starts at the same offset doesn't count as before it.
fn place(slots: &[Primitive], at: usize, is_end: bool) -> Place {
    let (mut slots_before, mut base) = (0, 0);
    for slot in slots {
        let is_before = match is_end {
            true => slot.span.end <= at,
            false => slot.span.start < at,
        };
        if !is_before {
            break;
        }
        slots_before += 1;
        base = slot.span.end;
    }
    let offset = at - base;
    Place {
        slots_before,
        offset,
    }
}

/// The parts of an example, by their places among its slots.
pub(super) fn anchor(example: &Example, slots: &[Primitive]) -> Vec<Anchored> {
    let mut parts = Vec::new();
    let (mut choices, mut tools, mut tokens, mut moves, mut named) = (0, 0, 0, false, false);
    for field in &example.fields {
        let start = place(slots, field.span.start, false);
        let end = place(slots, field.span.end, true);
        let alike = start.slots_before == end.slots_before;
        match field.part {
            Part::Choice => choices += 1,
            Part::Tool => tools += 1,
            Part::ToolName => named |= !field.span.is_empty(),
            Part::LogprobMember => tokens += 1,
            _ => {}
        }
        // Three parts together decide to which call an entry belongs.
        let tells_apart = matches!(
            field.part,
            Part::Choice | Part::Tool | Part::ToolId | Part::ToolName
        );
        moves |= tells_apart && !alike;
        let bytes = example.block.get(field.span.clone()).unwrap_or_default();
        // A part that may contain any value is examined in each event.
        let is_open = slots.iter().any(|slot| {
            slot.kind == SlotKind::Any
                && field.span.start <= slot.span.start
                && slot.span.end <= field.span.end
        });
        let part = if is_open {
            field.part
        } else {
            known(field.part, bytes)
        };
        let when = match alike {
            true if stays(part, bytes) => When::Never,
            false if !is_open && last_counts(part, bytes) => When::Last,
            _ => When::Always,
        };
        if !settled(part) {
            parts.push(Anchored {
                part,
                when,
                start,
                end,
            });
        }
    }
    // A part for another choice or call than in the previous event is new. If an event has several, the last one is current
    // afterwards, not the first.
    let single = choices == 1 && tools <= 1 && !moves;
    for anchored in &mut parts {
        let again = match anchored.part {
            // Whether its tokens are new depends on the text since its beginning.
            Part::Choice => tokens > 0,
            // A repeated name may continue the current call or begin another one, to which the other parts are then new.
            Part::Tool
            | Part::ToolId
            | Part::ToolName
            | Part::ToolType
            | Part::ToolMember
            | Part::FunctionMember => named,
            _ => false,
        };
        if !single || again {
            anchored.when = When::Always;
        }
    }
    parts
}

/// Whether a completion keeps the first value of this part, which it has by now.
fn settled(part: Part) -> bool {
    matches!(
        part,
        Part::Id | Part::Created | Part::Model | Part::Object | Part::Void
    )
}

/// Whether adding the same part again changes nothing.
fn stays(part: Part, bytes: &[u8]) -> bool {
    match part {
        Part::Content
        | Part::Refusal
        | Part::Reasoning
        | Part::ReasoningContent
        | Part::ReasoningText
        | Part::ToolArguments => bytes.is_empty(),
        Part::DeltaMember | Part::ToolMember | Part::FunctionMember => last_counts(part, bytes),
        Part::ContentParts | Part::ToolObject | Part::ToolList | Part::LogprobMember => false,
        _ => true,
    }
}

/// A usage part with more precise knowledge: all events of a shape either contain counts or don't. Without counts the part is no
/// longer needed.
fn known(part: Part, bytes: &[u8]) -> Part {
    match part {
        Part::Usage if has_counts(bytes) => Part::Counts,
        Part::Usage => Part::Void,
        part => part,
    }
}
