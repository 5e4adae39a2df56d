//! An event's payload, read in one strict pass that builds no tree: where the parts stand that a completion is folded from.

use std::ops::Range;

use super::fault;
use crate::json::{Kind, Malformed, Scanner};

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
    /// `object` or another value that may make the frame an error, as it stands. A completion needs none of them.
    Object,
    /// `usage`, an object as it stands.
    Usage,
    /// The same where it is known to hold counts.
    Counts,
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
    /// `error` of a choice that has failed, the value as it stands.
    Failure,
    /// What a repeated key said before: of those the last counts, as in `JSON.parse`.
    Void,
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
        latest: [0; Part::Void as usize],
    };
    let frame = reader.chunk()?;
    reader.scanner.end()?;
    Ok(frame)
}

struct Reader<'a, 'f> {
    scanner: Scanner<'a>,
    fields: &'f mut Vec<Field>,
    /// Of each part the last field.
    latest: [usize; Part::Void as usize],
}

impl<'a> Reader<'a, '_> {
    fn push(&mut self, part: Part, span: Range<usize>) {
        if let Some(latest) = self.latest.get_mut(part as usize) {
            *latest = self.fields.len();
        }
        self.fields.push(Field { part, span });
    }

    /// Takes back what was said in the fields from `scope` on by a key that comes again.
    #[inline]
    fn forget(&mut self, scope: usize, part: Part) {
        // At most one is there, and it is the last of all. Not searched for: a key that keeps coming would search all that came.
        let latest = self.latest.get(part as usize).copied().unwrap_or_default();
        if let Some(field) = self.fields.get_mut(latest)
            && latest >= scope
            && field.part == part
        {
            field.part = Part::Void;
        }
    }

    /// The same for a key whose value holds several parts: `range` is where they are.
    #[inline]
    fn forget_all(&mut self, range: &Range<usize>) {
        let fields = self.fields.iter_mut().take(range.end).skip(range.start);
        fields.for_each(|field| field.part = Part::Void);
    }

    fn skip(&mut self) -> Result<(), Malformed> {
        self.scanner.skip().map(drop)
    }

    /// The next value as it stands, unless it is null.
    fn raw(&mut self, part: Part, scope: usize) -> Result<(), Malformed> {
        self.forget(scope, part);
        let kind = self.scanner.kind()?;
        let start = self.scanner.at();
        self.scanner.skip()?;
        if kind != Kind::Null {
            self.push(part, start..self.scanner.at());
        }
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

    fn string(&mut self, part: Part, scope: usize) -> Result<(), Malformed> {
        self.forget(scope, part);
        if let Some(span) = self.text()? {
            self.push(part, span);
        }
        Ok(())
    }

    /// Reads an object through `on_key`; anything else is skipped.
    #[inline]
    fn object(
        &mut self,
        mut on_key: impl FnMut(&mut Self, &[u8]) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        if self.scanner.kind()? != Kind::Object {
            return self.skip();
        }
        self.scanner.begin_object()?;
        while let Some(key) = self.scanner.next_key()? {
            if key.escaped {
                on_key(self, &key.decoded())?;
            } else {
                on_key(self, key.raw)?;
            }
        }
        Ok(())
    }

    /// The same, for the value of a key that may come again: `place` is where its parts were and are.
    fn nested(
        &mut self,
        place: &mut Range<usize>,
        read: fn(&mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.forget_all(place);
        place.start = self.fields.len();
        read(self)?;
        place.end = self.fields.len();
        Ok(())
    }

    fn array(
        &mut self,
        on_element: fn(&mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        if self.scanner.kind()? != Kind::Array {
            return self.skip();
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
        let (mut words, mut object) = ([false; fault::WORDS.len()], false);
        let (mut message, mut has_choices) = (false, false);
        let (mut choices, mut usage, mut groq) = (0..0, 0..0, 0..0);
        self.object(|reader, key| match key {
            b"choices" => {
                has_choices = reader.scanner.kind()? != Kind::Null;
                reader.nested(&mut choices, Self::choices)
            }
            b"usage" => reader.nested(&mut usage, Self::usage),
            b"id" => reader.raw(Part::Id, 0),
            b"created" => reader.raw(Part::Created, 0),
            b"model" => reader.raw(Part::Model, 0),
            b"system_fingerprint" => reader.raw(Part::Fingerprint, 0),
            b"object" => {
                object = reader.telling()? == b"\"error\"";
                Ok(())
            }
            // Groq's usage before it adopted the standard place.
            b"x_groq" => reader.nested(&mut groq, |reader| {
                let mut usage = 0..0;
                reader.object(|reader, key| match key {
                    b"usage" => reader.nested(&mut usage, Self::usage),
                    _ => reader.skip(),
                })
            }),
            b"error_message" => {
                message = reader.scanner.kind()? == Kind::String;
                reader.skip()
            }
            _ => {
                let known = fault::WORDS.iter().zip(&mut words);
                match known.into_iter().find(|(word, _)| **word == key) {
                    Some((word, says_so)) => *says_so = fault::says_so(word, reader.telling()?),
                    None => reader.skip()?,
                }
                Ok(())
            }
        })?;
        Ok(
            match words.contains(&true) || object || (message && !has_choices) {
                true => Frame::Error,
                false => Frame::Chunk,
            },
        )
    }

    /// A value that may say that the frame is an error: no shape of chunk is one where it changes.
    fn telling(&mut self) -> Result<&'a [u8], Malformed> {
        self.scanner.kind()?;
        let start = self.scanner.at();
        let value = self.scanner.skip()?;
        self.push(Part::Object, start..self.scanner.at());
        Ok(value)
    }

    fn usage(&mut self) -> Result<(), Malformed> {
        match self.scanner.kind()? {
            Kind::Object => self.raw(Part::Usage, self.fields.len()),
            _ => self.nothing("usage is no object"),
        }
    }

    /// An object in place of the list is a list of one.
    fn choices(&mut self) -> Result<(), Malformed> {
        match self.scanner.kind()? {
            Kind::Array => self.array(Self::element),
            Kind::Object => self.choice(),
            _ => self.nothing("choices is no list"),
        }
    }

    fn element(&mut self) -> Result<(), Malformed> {
        match self.scanner.kind()? {
            Kind::Object => self.choice(),
            _ => self.nothing("a choice is no object"),
        }
    }

    /// A value that says nothing; of one that says something else than it should nothing may be lost.
    fn nothing(&mut self, problem: &'static str) -> Result<(), Malformed> {
        let value = self.scanner.skip()?;
        match value {
            b"null" | b"false" | b"\"\"" | b"[]" => Ok(()),
            _ => Err(Malformed {
                at: self.scanner.at(),
                problem,
            }),
        }
    }

    fn choice(&mut self) -> Result<(), Malformed> {
        let scope = self.fields.len();
        let (mut delta, mut logprobs) = (0..0, 0..0);
        self.push(Part::Choice, 0..0);
        self.object(|reader, key| match key {
            b"index" => reader.index(scope),
            // A whole completion has a message where a chunk has a delta.
            b"delta" | b"message" => reader.nested(&mut delta, Self::delta),
            b"logprobs" => reader.nested(&mut logprobs, Self::logprobs),
            b"finish_reason" => reader.string(Part::FinishReason, scope),
            b"error" => reader.failure(scope),
            _ => reader.skip(),
        })
    }

    /// Some servers write `error: null`, false or "" where nothing has failed.
    fn failure(&mut self, scope: usize) -> Result<(), Malformed> {
        self.forget(scope, Part::Failure);
        self.scanner.kind()?;
        let start = self.scanner.at();
        if !matches!(self.scanner.skip()?, b"null" | b"false" | b"\"\"") {
            self.push(Part::Failure, start..self.scanner.at());
        }
        Ok(())
    }

    /// The index may come after what it orders: its place is kept.
    fn index(&mut self, place: usize) -> Result<(), Malformed> {
        let kind = self.scanner.kind()?;
        let start = self.scanner.at();
        self.scanner.skip()?;
        if let Some(field) = self.fields.get_mut(place) {
            field.span = match kind {
                Kind::Number => start..self.scanner.at(),
                _ => 0..0,
            };
        }
        Ok(())
    }

    fn logprobs(&mut self) -> Result<(), Malformed> {
        let scope = self.fields.len();
        self.object(|reader, key| match key {
            b"content" => reader.elements(Part::ContentLogprobs, scope),
            b"refusal" => reader.elements(Part::RefusalLogprobs, scope),
            _ => reader.skip(),
        })
    }

    fn elements(&mut self, part: Part, scope: usize) -> Result<(), Malformed> {
        self.forget(scope, part);
        if self.scanner.kind()? != Kind::Array {
            return self.skip();
        }
        let start = self.scanner.at() + 1;
        self.scanner.skip()?;
        self.push(part, start..self.scanner.at() - 1);
        Ok(())
    }

    fn delta(&mut self) -> Result<(), Malformed> {
        let scope = self.fields.len();
        let mut calls = 0..0;
        let (mut first, mut second, mut third) = (None, None, None);
        self.object(|reader, key| {
            match key {
                b"content" => reader.string(Part::Content, scope)?,
                b"role" => reader.string(Part::Role, scope)?,
                b"refusal" => reader.string(Part::Refusal, scope)?,
                b"reasoning" => first = reader.text()?,
                b"reasoning_content" => second = reader.text()?,
                b"reasoning_text" => third = reader.text()?,
                b"tool_calls" => {
                    reader.nested(&mut calls, |reader| reader.array(Self::tool_call))?;
                }
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        for span in [first, second, third].into_iter().flatten() {
            self.push(Part::Reasoning, span);
        }
        Ok(())
    }

    fn tool_call(&mut self) -> Result<(), Malformed> {
        let scope = self.fields.len();
        let mut function = 0..0;
        self.push(Part::Tool, 0..0);
        // Which call this is may hang on the id, so that it is applied before the rest.
        self.push(Part::ToolId, 0..0);
        self.object(|reader, key| match key {
            b"index" => reader.index(scope),
            b"id" => {
                let span = reader.text()?.unwrap_or_default();
                if let Some(field) = reader.fields.get_mut(scope + 1) {
                    field.span = span;
                }
                Ok(())
            }
            b"type" => reader.string(Part::ToolType, scope),
            b"function" => reader.nested(&mut function, Self::function),
            _ => reader.skip(),
        })
    }

    fn function(&mut self) -> Result<(), Malformed> {
        let scope = self.fields.len();
        self.object(|reader, key| match key {
            b"name" => reader.string(Part::ToolName, scope),
            b"arguments" => reader.string(Part::ToolArguments, scope),
            _ => reader.skip(),
        })
    }
}
