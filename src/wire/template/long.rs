//! A chunk with long texts, which are passed on as texts: in the chunk's JSON, the engine would have to read every byte of them
//! again.

use std::ops::Range;

use super::shape::{Sight, Step, walk, write_slot};
use super::{MAX_KNOWN, SlotKind, define};
use crate::json::Scanner;
use crate::wire::chunk::{Field, Part};

/// From this length on, building a chunk from its parts is faster than parsing it.
const LONG: usize = 16 << 10;

/// The number of the template that is defined anew for each such chunk.
pub const ONCE: usize = MAX_KNOWN;

/// Appends the definition of the template for a chunk with long texts; returns their places in the payload, or nothing if there are
/// none.
pub fn define_once(
    payload: &[u8],
    fields: &[Field],
    out: &mut Vec<u8>,
) -> Option<Vec<Range<usize>>> {
    let long = |field: &&Field| field.span.len() >= LONG && is_text(field.part);
    let mut texts = Vec::new();
    for field in fields.iter().filter(long) {
        // They are few and nearly sorted, so that a sort's code would be more than it is worth.
        let at = texts.partition_point(|text: &Range<usize>| text.start < field.span.start);
        texts.insert(at, field.span.clone());
    }
    let (mut example, mut from) = (Vec::new(), 0);
    let mut places = Vec::new();
    for text in &texts {
        example.extend_from_slice(payload.get(from..text.start)?);
        places.push(example.len());
        from = text.end;
    }
    let mut left = places.into_iter().peekable();
    left.peek()?;
    example.extend_from_slice(payload.get(from..)?);
    let (mut slots, mut is_fit) = (Vec::new(), false);
    let mut visit = |path: &[Step<'_>], sight| {
        if let Sight::Value(SlotKind::String, span) = sight
            && left.next_if_eq(&span.start).is_some()
        {
            write_slot(path, SlotKind::String, &mut slots);
        }
    };
    if let Ok(true) = walk(&mut Scanner::new(&example), &mut Vec::new(), &mut visit) {
        is_fit = left.next().is_none();
    }
    is_fit.then(|| {
        define(ONCE, &example, &slots, out);
        texts
    })
}

/// Whether a part is a string that may be long.
fn is_text(part: Part) -> bool {
    matches!(
        part,
        Part::Content
            | Part::Refusal
            | Part::Reasoning
            | Part::ReasoningContent
            | Part::ReasoningText
            | Part::ToolArguments
    )
}
