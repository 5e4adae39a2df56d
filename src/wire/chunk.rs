//! An event's payload, read in one strict pass that builds no tree: where the parts stand that a completion is folded from.

use std::ops::Range;

use super::fault;
use crate::json::{Kind, Malformed, Scanner, Stop};

mod choice;

/// What a span of the payload is. Strings are named without their quotes, everything else as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `id`, the value as it stands.
    Id,
    /// `created`, the value as it stands.
    Created,
    /// `model`, the value as it stands.
    Model,
    /// `object` or another value that may make the frame an error, as it stands. A completion needs none of them.
    Object,
    /// `usage`, an object as it stands.
    Usage,
    /// The same where it is known to hold counts.
    Counts,
    /// Another key of the chunk with its value, from the key's quote to the value's end.
    ChunkMember,
    /// A choice begins: its `index`, empty where it has none. What follows belongs to it.
    Choice,
    /// It has a `delta`, whose parts follow.
    Delta,
    /// It has none, and the parts of its `message` follow, up to the next choice.
    Message,
    /// `delta.role`
    Role,
    /// `delta.content`, or the `text` of a choice that has neither a delta nor a message.
    Content,
    /// The same where it is a list of parts or one part, as it stands.
    ContentParts,
    /// `delta.refusal`
    Refusal,
    /// `delta.reasoning`
    Reasoning,
    /// `delta.reasoning_content`
    ReasoningContent,
    /// `delta.reasoning_text`
    ReasoningText,
    /// Another key of the delta with its value.
    DeltaMember,
    /// A list of several tool calls begins.
    ToolList,
    /// A tool call begins: its `index`, empty where it has none.
    Tool,
    /// `tool_calls[].id`, the value as it stands; follows each [`Part::Tool`].
    ToolId,
    /// `tool_calls[].function.name`; follows each [`Part::ToolId`].
    ToolName,
    /// `tool_calls[].type`
    ToolType,
    /// `tool_calls[].function.arguments`
    ToolArguments,
    /// The same where it is an object, as it stands.
    ToolObject,
    /// Another key of a tool call with its value.
    ToolMember,
    /// Another key of its function with its value.
    FunctionMember,
    /// A key of `logprobs` with its value; behind the parts of the delta.
    LogprobMember,
    /// Another key of the choice with its value.
    ChoiceMember,
    /// `finish_reason`
    FinishReason,
    /// `error` of a choice that has failed, the value as it stands.
    Failure,
    /// What a repeated key said before: of those the last counts, as in `JSON.parse`.
    Void,
}

/// What reading comes to: the parts are among the fields then.
type Read = Result<(), Stop>;

/// Fields that are looked through for a key that comes again; an object with more keys of its own is no chunk's.
const MAX_KEYS: usize = 16;

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
        payload,
        scanner: Scanner::new(payload),
        fields,
        keys: 0,
        latest: [0; Part::Void as usize],
    };
    let frame = reader.chunk();
    let end = frame.and_then(|frame| reader.scanner.end().map(|()| frame));
    end.map_err(|Stop| reader.scanner.malformed())
}

struct Reader<'a, 'f> {
    payload: &'a [u8],
    scanner: Scanner<'a>,
    fields: &'f mut Vec<Field>,
    /// Bits of the keys so far whose members are kept: of a key whose bit is not among them nothing is looked for.
    keys: u64,
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

    /// The value that was passed over last.
    fn push_value(&mut self, part: Part, value: &[u8]) {
        let end = self.scanner.at();
        self.push(part, end - value.len()..end);
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
        for field in self.fields.get_mut(range.clone()).unwrap_or_default() {
            field.part = Part::Void;
        }
    }

    fn skip(&mut self) -> Read {
        self.scanner.skip().map(drop)
    }

    /// The next value as it stands, unless it is null.
    fn raw(&mut self, part: Part, scope: usize) -> Read {
        self.forget(scope, part);
        let value = self.scanner.skip()?;
        if value != b"null" {
            self.push_value(part, value);
        }
        Ok(())
    }

    /// The next value's span between its quotes; none where it is null.
    fn text(&mut self, problem: &'static str) -> Result<Option<Range<usize>>, Stop> {
        let kind = self.scanner.kind()?;
        let start = self.scanner.at() + 1;
        match kind {
            Kind::String => drop(self.scanner.string()?),
            Kind::Null => {
                self.skip()?;
                return Ok(None);
            }
            _ => self.refuse(problem)?,
        }
        Ok(Some(start..self.scanner.at() - 1))
    }

    /// Reads an object through `on_key`; anything else is skipped.
    fn object(&mut self, on_key: &mut impl FnMut(&mut Self, &[u8]) -> Read) -> Read {
        if self.scanner.kind()? != Kind::Object {
            return self.skip();
        }
        self.scanner.begin_object()?;
        loop {
            match self.scanner.next_key()? {
                Some(key) if key.escaped => on_key(self, &key.decoded())?,
                Some(key) => on_key(self, key.raw)?,
                None => return Ok(()),
            }
        }
    }

    /// The same, for the value of a key that may come again: `place` is where its parts were and are.
    fn nested(
        &mut self,
        place: &mut Range<usize>,
        read: &mut dyn FnMut(&mut Self) -> Read,
    ) -> Read {
        self.forget_all(place);
        place.start = self.fields.len();
        read(self)?;
        place.end = self.fields.len();
        Ok(())
    }

    /// The key at hand with its value.
    fn member(&mut self, part: Part, scope: usize) -> Read {
        let start = self.scanner.key_at();
        let key = self.payload.get(start..self.scanner.at());
        let (payload, key) = (self.payload, key.unwrap_or_default());
        let letter = |at: usize| usize::from(key.get(at).copied().unwrap_or_default());
        let bit = 1u64 << ((letter(1) + 3 * letter(key.len() / 2) + 7 * key.len()) % 64);
        let may_come_again = self.keys & bit != 0;
        self.keys |= bit;
        if may_come_again {
            let earlier = self.fields.get_mut(scope..).unwrap_or_default();
            for field in earlier.iter_mut().rev().take(MAX_KEYS) {
                let member = payload.get(field.span.start..).unwrap_or_default();
                if field.part == part && member.starts_with(key) {
                    field.part = Part::Void;
                }
            }
        }
        self.scanner.skip()?;
        self.push(part, start..self.scanner.at());
        Ok(())
    }

    /// The elements of a list; an object where a list is due is a list of one, and null is none.
    fn list(
        &mut self,
        problem: &'static str,
        on_element: &mut dyn FnMut(&mut Self) -> Read,
    ) -> Read {
        match self.scanner.kind()? {
            Kind::Array => {
                self.scanner.begin_array()?;
                while self.scanner.next_element()? {
                    on_element(self)?;
                }
                Ok(())
            }
            Kind::Object => on_element(self),
            Kind::Null => self.skip(),
            _ => self.refuse(problem),
        }
    }

    /// Whether an object comes next; null is none, and so is an empty list, as some languages write an empty object.
    fn is_object(&mut self, problem: &'static str) -> Result<bool, Stop> {
        match self.scanner.kind()? {
            Kind::Object => return Ok(true),
            Kind::Null => self.skip()?,
            Kind::Array => {
                let value = self.scanner.skip()?;
                let inside = value.get(1..value.len().saturating_sub(1));
                if !inside.unwrap_or_default().trim_ascii().is_empty() {
                    self.refuse(problem)?;
                }
            }
            _ => self.refuse(problem)?,
        }
        Ok(false)
    }

    fn refuse(&mut self, problem: &'static str) -> Read {
        self.scanner.fail(problem)
    }

    fn chunk(&mut self) -> Result<Frame, Stop> {
        if self.scanner.kind()? != Kind::Object {
            return self.scanner.fail("not an object");
        }
        let (mut words, mut object) = ([false; fault::WORDS.len()], false);
        let (mut message, mut has_choices) = (false, false);
        let (mut choices, mut usage, mut groq) = (0..0, 0..0, 0..0);
        self.object(&mut |reader, key| match key {
            b"choices" => {
                has_choices = matches!(reader.scanner.kind()?, Kind::Array | Kind::Object);
                reader.nested(&mut choices, &mut |reader| {
                    reader.list("choices is no list", &mut Self::choice)
                })
            }
            b"usage" => reader.nested(&mut usage, &mut Self::usage),
            b"id" => reader.raw(Part::Id, 0),
            b"created" => reader.raw(Part::Created, 0),
            b"model" => reader.raw(Part::Model, 0),
            b"object" => {
                object = reader.telling()? == b"\"error\"";
                Ok(())
            }
            // Groq's usage before it adopted the standard place.
            b"x_groq" => reader.nested(&mut groq, &mut |reader| {
                let (start, mut usage) = (reader.scanner.key_at(), 0..0);
                reader.object(&mut |reader, key| match key {
                    b"usage" => reader.nested(&mut usage, &mut Self::usage),
                    _ => reader.skip(),
                })?;
                reader.push(Part::ChunkMember, start..reader.scanner.at());
                Ok(())
            }),
            b"error_message" => {
                message = reader.scanner.kind()? == Kind::String;
                reader.skip()
            }
            _ => {
                let mut known = fault::WORDS.iter().zip(&mut words);
                match known.find(|(word, _)| **word == key) {
                    Some((word, says_so)) => *says_so = reader.word(word)?,
                    None => reader.member(Part::ChunkMember, 0)?,
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
    fn telling(&mut self) -> Result<&'a [u8], Stop> {
        let value = self.scanner.skip()?;
        self.push_value(Part::Object, value);
        Ok(value)
    }

    /// A word that may say so; where it doesn't, it is a key like others.
    fn word(&mut self, word: &[u8]) -> Result<bool, Stop> {
        let start = self.scanner.key_at();
        let says_so = fault::says_so(word, self.telling()?);
        if !says_so && word != b"error" {
            self.push(Part::ChunkMember, start..self.scanner.at());
        }
        Ok(says_so)
    }

    fn usage(&mut self) -> Read {
        match self.is_object("usage is no object")? {
            true => self.raw(Part::Usage, self.fields.len()),
            false => Ok(()),
        }
    }
}
