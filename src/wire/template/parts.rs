//! Where in an event of a shape the parts stand that a completion is folded from.

use std::ops::Range;

use super::{Example, Primitive, Slot};
use crate::wire::chunk::{Field, Part};
use crate::wire::completion::{has_counts, may_hold_text};

/// A position relative to the end of one of the slots before it, or to the start of the event.
#[derive(Clone, Copy, Debug)]
struct Place {
    slots_before: usize,
    offset: usize,
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

#[derive(Clone, Debug)]
pub(super) struct Anchored {
    pub(super) part: Part,
    /// It is alike in all events of this shape, and to say it twice says nothing more.
    pub(super) lasting: bool,
    start: Place,
    end: Place,
}

impl Anchored {
    #[inline]
    pub(super) fn span(&self, slots: &[Slot]) -> Range<usize> {
        self.start.of(slots)..self.end.of(slots)
    }
}

/// The parts of an example by their places among its slots.
pub(super) fn anchor(example: &Example, slots: &[Primitive]) -> Vec<Anchored> {
    let place = |at: usize, before: &dyn Fn(&Primitive) -> bool| {
        let slots_before = slots.iter().take_while(|slot| before(slot)).count();
        let base = slots_before.checked_sub(1).and_then(|last| slots.get(last));
        Place {
            slots_before,
            offset: at - base.map_or(0, |slot| slot.span.end),
        }
    };
    let count = |part| example.fields.iter().filter(|f| f.part == part).count();
    let with_tokens = count(Part::LogprobMember) > 0;
    let places = |field: &Field| {
        // An empty slot that starts here is not before it.
        let start = place(field.span.start, &|slot| slot.span.start < field.span.start);
        let end = place(field.span.end, &|slot| slot.span.end <= field.span.end);
        (start, end)
    };
    let alike = |field: &Field| {
        let (start, end) = places(field);
        start.slots_before == end.slots_before
    };
    // What stands in another choice or call than in the event before says something new, and of several in one event the
    // last is at hand afterwards, not the first. Which call an entry belongs to is decided by three parts together.
    let tells_apart = |field: &&Field| {
        use Part::{Choice, Tool, ToolId, ToolName};
        matches!(field.part, Choice | Tool | ToolId | ToolName)
    };
    let mut owners = example.fields.iter().filter(tells_apart);
    let single = count(Part::Choice) == 1 && count(Part::Tool) <= 1 && owners.all(alike);
    let anchored = |field: &Field| {
        let (start, end) = places(field);
        let bytes = example.block.get(field.span.clone()).unwrap_or_default();
        let stays = match field.part {
            // Whether its tokens are new is told from the text since it began.
            Part::Choice => !with_tokens,
            part => stays(part, bytes),
        };
        Anchored {
            part: known(field, bytes),
            lasting: single && alike(field) && stays,
            start,
            end,
        }
    };
    let parts = example.fields.iter().map(anchored);
    parts.filter(|anchored| !settled(anchored.part)).collect()
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
        Part::DeltaMember | Part::ToolMember | Part::FunctionMember => !may_hold_text(bytes),
        Part::ContentParts | Part::ToolObject | Part::ToolList | Part::LogprobMember => false,
        _ => true,
    }
}

/// Whether usage holds counts is the same for all events of a shape; where it holds none, the fold has had it.
fn known(field: &Field, bytes: &[u8]) -> Part {
    match field.part {
        Part::Usage if has_counts(bytes) => Part::Counts,
        Part::Usage => Part::Void,
        part => part,
    }
}
