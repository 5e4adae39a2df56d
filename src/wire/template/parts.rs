//! Where in an event of a shape the parts stand that a completion is folded from.

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
    #[inline]
    fn of(self, slots: &[Slot]) -> usize {
        let base = self
            .slots_before
            .checked_sub(1)
            .and_then(|last| slots.get(last));
        base.map_or(0, |slot| slot.span.end) + self.offset
    }
}

/// When a part says something to a fold that has just taken an event of this shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum When {
    /// Never: it is alike in all events of this shape, and to say it twice says nothing more.
    Never,
    /// Unless another event of this shape follows: what came last counts.
    Last,
    /// Each time.
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
    /// Where it stands in the example.
    pub(super) fn span_in(&self, slots: &[Primitive]) -> Range<usize> {
        let at = |place: Place| {
            let last = place.slots_before.checked_sub(1);
            let base = last.and_then(|last| slots.get(last));
            base.map_or(0, |slot| slot.span.end) + place.offset
        };
        at(self.start)..at(self.end)
    }

    #[inline]
    pub(super) fn span(&self, slots: &[Slot]) -> Range<usize> {
        self.start.of(slots)..self.end.of(slots)
    }
}

/// The place of an offset in an example. An empty slot that starts where a part does is not before it.
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

/// The parts of an example by their places among its slots.
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
        // Which call an entry belongs to is decided by three parts together.
        let tells_apart = matches!(
            field.part,
            Part::Choice | Part::Tool | Part::ToolId | Part::ToolName
        );
        moves |= tells_apart && !alike;
        let bytes = example.block.get(field.span.clone()).unwrap_or_default();
        // What may hold anything is looked at each time.
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
    // What stands in another choice or call than in the event before says something new, and of several in one event the
    // last is at hand afterwards, not the first.
    let single = choices == 1 && tools <= 1 && !moves;
    for anchored in &mut parts {
        let again = match anchored.part {
            // Whether its tokens are new is told from the text since it began.
            Part::Choice => tokens > 0,
            // A name that comes again may go on in the one that is there, or begin another call, to which the rest is new.
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

/// The fold keeps the first of these, and has had it.
fn settled(part: Part) -> bool {
    matches!(
        part,
        Part::Id | Part::Created | Part::Model | Part::Object | Part::Void
    )
}

/// Whether to fold the same again changes nothing.
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

/// Whether usage holds counts is the same for all events of a shape; where it holds none, the fold has had it.
fn known(part: Part, bytes: &[u8]) -> Part {
    match part {
        Part::Usage if has_counts(bytes) => Part::Counts,
        Part::Usage => Part::Void,
        part => part,
    }
}
