//! An event's payload, read in one strict pass that builds no tree: where the parts stand that a completion is folded from.

use std::ops::Range;

use crate::json::{Kind, Malformed, RawString, Scanner};

/// What a span of the payload is. Strings are named without their quotes, everything else as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `id`, the value as it stands.
    Id,
    /// `created`, the value as it stands.
    Created,
    /// `model`, the value as it stands.
    Model,
    /// `system_fingerprint`, the value as it stands.
    Fingerprint,
    /// `object`, the value as it stands. A completion needs none; but "error" there makes the frame one.
    Object,
    /// `usage`, an object as it stands.
    Usage,
    /// A choice begins: its `index`, empty where it has none. What follows belongs to it.
    Choice,
    /// `delta.role`
    Role,
    /// `delta.content`
    Content,
    /// `delta.refusal`
    Refusal,
    /// `delta.reasoning`, `reasoning_content` or `reasoning_text`, in this order; the first that says something counts.
    Reasoning,
    /// A tool call begins: its `index`, empty where it has none.
    Tool,
    /// `tool_calls[].id`
    ToolId,
    /// `tool_calls[].type`
    ToolType,
    /// `tool_calls[].function.name`
    ToolName,
    /// `tool_calls[].function.arguments`
    ToolArguments,
    /// `logprobs.content`, an array without its brackets.
    ContentLogprobs,
    /// `logprobs.refusal`, an array without its brackets.
    RefusalLogprobs,
    /// `finish_reason`
    FinishReason,
}

/// One part and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it is.
    pub part: Part,
    /// Offsets in the payload.
    pub span: Range<usize>,
}

/// What kind of frame a payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A chunk, whatever it lacks.
    Chunk,
    /// An error in one of the forms that servers send in the middle of a stream.
    Error,
}

/// Reads a payload and appends its parts, in an order in which they can be applied.
pub fn read(payload: &[u8], fields: &mut Vec<Field>) -> Result<Frame, Malformed> {
    let mut reader = Reader {
        scanner: Scanner::new(payload),
        fields,
    };
    let frame = reader.chunk()?;
    reader.scanner.end()?;
    Ok(frame)
}

struct Reader<'a, 'f> {
    scanner: Scanner<'a>,
    fields: &'f mut Vec<Field>,
}

impl<'a> Reader<'a, '_> {
    fn push(&mut self, part: Part, span: Range<usize>) {
        self.fields.push(Field { part, span });
    }

    /// The next value as it stands, unless it is null.
    fn raw(&mut self, part: Part) -> Result<(), Malformed> {
        if self.scanner.kind()? == Kind::Null {
            return self.scanner.null();
        }
        let start = self.scanner.at();
        self.scanner.skip()?;
        self.push(part, start..self.scanner.at());
        Ok(())
    }

    /// The next value's span between its quotes, if it is a string.
    fn text(&mut self) -> Result<Option<Range<usize>>, Malformed> {
        if self.scanner.kind()? != Kind::String {
            self.scanner.skip()?;
            return Ok(None);
        }
        let start = self.scanner.at() + 1;
        self.scanner.string()?;
        Ok(Some(start..self.scanner.at() - 1))
    }

    fn string(&mut self, part: Part) -> Result<(), Malformed> {
        if let Some(span) = self.text()? {
            self.push(part, span);
        }
        Ok(())
    }

    /// Reads an object through `on_key`; anything else is skipped.
    fn object(
        &mut self,
        mut on_key: impl FnMut(&mut Self, &[u8]) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        if self.scanner.kind()? != Kind::Object {
            return self.scanner.skip().map(drop);
        }
        self.scanner.begin_object()?;
        let mut seen = Seen::default();
        while let Some(key) = self.scanner.next_key()? {
            seen.replace(key, self.fields);
            let from = self.fields.len();
            on_key(self, &key.decoded())?;
            seen.add(key, from..self.fields.len());
        }
        Ok(())
    }

    fn array(
        &mut self,
        mut on_element: impl FnMut(&mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        if self.scanner.kind()? != Kind::Array {
            return self.scanner.skip().map(drop);
        }
        self.scanner.begin_array()?;
        while self.scanner.next_element()? {
            on_element(self)?;
        }
        Ok(())
    }

    fn chunk(&mut self) -> Result<Frame, Malformed> {
        if self.scanner.kind()? != Kind::Object {
            return Err(Malformed {
                at: self.scanner.at(),
                problem: "not an object",
            });
        }
        let (mut error, mut message, mut choices) = (false, false, false);
        self.object(|reader, key| match key {
            b"choices" => {
                choices = reader.scanner.kind()? == Kind::Array;
                reader.array(Self::choice)
            }
            b"usage" => reader.usage(),
            b"id" => reader.raw(Part::Id),
            b"created" => reader.raw(Part::Created),
            b"model" => reader.raw(Part::Model),
            b"system_fingerprint" => reader.raw(Part::Fingerprint),
            // Groq's usage before it adopted the standard place.
            b"x_groq" => reader.object(|reader, key| match key {
                b"usage" => reader.usage(),
                _ => reader.scanner.skip().map(drop),
            }),
            b"error" => {
                // Some servers write `error: null`, false or "" into every frame.
                let value = reader.scanner.skip()?;
                error = !matches!(value, b"null" | b"false" | b"\"\"");
                Ok(())
            }
            b"object" => {
                reader.scanner.kind()?;
                let start = reader.scanner.at();
                error |= reader.scanner.skip()? == b"\"error\"";
                reader.push(Part::Object, start..reader.scanner.at());
                Ok(())
            }
            b"error_message" => {
                message = reader.scanner.kind()? == Kind::String;
                reader.scanner.skip().map(drop)
            }
            _ => reader.scanner.skip().map(drop),
        })?;
        Ok(match error || (message && !choices) {
            true => Frame::Error,
            false => Frame::Chunk,
        })
    }

    fn usage(&mut self) -> Result<(), Malformed> {
        match self.scanner.kind()? {
            Kind::Object => self.raw(Part::Usage),
            _ => self.scanner.skip().map(drop),
        }
    }

    fn choice(&mut self) -> Result<(), Malformed> {
        let first = self.fields.len();
        self.push(Part::Choice, 0..0);
        self.object(|reader, key| match key {
            b"index" => reader.index(first),
            // A whole completion has a message where a chunk has a delta.
            b"delta" | b"message" => reader.delta(),
            b"logprobs" => reader.object(|reader, key| match key {
                b"content" => reader.elements(Part::ContentLogprobs),
                b"refusal" => reader.elements(Part::RefusalLogprobs),
                _ => reader.scanner.skip().map(drop),
            }),
            b"finish_reason" => reader.string(Part::FinishReason),
            _ => reader.scanner.skip().map(drop),
        })
    }

    /// The index may come after what it orders: its place is kept.
    fn index(&mut self, place: usize) -> Result<(), Malformed> {
        if self.scanner.kind()? != Kind::Number {
            return self.scanner.skip().map(drop);
        }
        let start = self.scanner.at();
        self.scanner.number()?;
        if let Some(field) = self.fields.get_mut(place) {
            field.span = start..self.scanner.at();
        }
        Ok(())
    }

    fn elements(&mut self, part: Part) -> Result<(), Malformed> {
        if self.scanner.kind()? != Kind::Array {
            return self.scanner.skip().map(drop);
        }
        let start = self.scanner.at() + 1;
        self.scanner.skip()?;
        self.push(part, start..self.scanner.at() - 1);
        Ok(())
    }

    fn delta(&mut self) -> Result<(), Malformed> {
        let mut reasoning = [None, None, None];
        self.object(|reader, key| match key {
            b"content" => reader.string(Part::Content),
            b"role" => reader.string(Part::Role),
            b"refusal" => reader.string(Part::Refusal),
            b"reasoning" => keep(&mut reasoning, 0, reader.text()?),
            b"reasoning_content" => keep(&mut reasoning, 1, reader.text()?),
            b"reasoning_text" => keep(&mut reasoning, 2, reader.text()?),
            b"tool_calls" => reader.array(Self::tool_call),
            _ => reader.scanner.skip().map(drop),
        })?;
        for span in reasoning.into_iter().flatten() {
            self.push(Part::Reasoning, span);
        }
        Ok(())
    }

    fn tool_call(&mut self) -> Result<(), Malformed> {
        let first = self.fields.len();
        self.push(Part::Tool, 0..0);
        // Which call this is may hang on the id, so that it is applied before the rest.
        self.push(Part::ToolId, 0..0);
        self.object(|reader, key| match key {
            b"index" => reader.index(first),
            b"id" => {
                let span = reader.text()?.unwrap_or_default();
                if let Some(field) = reader.fields.get_mut(first + 1) {
                    field.span = span;
                }
                Ok(())
            }
            b"type" => reader.string(Part::ToolType),
            b"function" => reader.object(|reader, key| match key {
                b"name" => reader.string(Part::ToolName),
                b"arguments" => reader.string(Part::ToolArguments),
                _ => reader.scanner.skip().map(drop),
            }),
            _ => reader.scanner.skip().map(drop),
        })
    }
}

/// The keys of one object that had parts. Of a repeated key the last counts, as in `JSON.parse`.
#[derive(Default)]
struct Seen<'a> {
    entries: [Option<(RawString<'a>, Range<usize>)>; 8],
    length: usize,
}

impl<'a> Seen<'a> {
    fn add(&mut self, key: RawString<'a>, fields: Range<usize>) {
        if fields.is_empty() {
            return;
        }
        if let Some(entry) = self.entries.get_mut(self.length) {
            *entry = Some((key, fields));
            self.length += 1;
        }
    }

    fn replace(&mut self, key: RawString<'a>, fields: &mut Vec<Field>) {
        let same = |other: &RawString| match key.escaped || other.escaped {
            true => key.decoded() == other.decoded(),
            false => key.raw == other.raw,
        };
        let mut removed = 0..0;
        for entry in self.entries.iter_mut().take(self.length) {
            if let Some((_, range)) = entry.take_if(|(other, _)| same(other)) {
                removed = range;
            }
        }
        if removed.is_empty() {
            return;
        }
        for (_, range) in self.entries.iter_mut().flatten() {
            if range.start >= removed.end {
                *range = range.start - removed.len()..range.end - removed.len();
            }
        }
        fields.drain(removed);
    }
}

fn keep(
    slots: &mut [Option<Range<usize>>; 3],
    at: usize,
    span: Option<Range<usize>>,
) -> Result<(), Malformed> {
    if let Some(slot) = slots.get_mut(at) {
        *slot = span;
    }
    Ok(())
}
