//! Reads an event's payload in one strict pass without a tree: finds the places of the parts from which a completion is folded.

use std::ops::Range;

use super::fault;
use crate::json::{Kind, Malformed, Scanner, Stop, inside};

mod choice;

/// The meaning of a part of the payload. The span of a string is without its quotes; all other values are as they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `id`, as it is written.
    Id,
    /// `created`, as it is written.
    Created,
    /// `model`, as it is written.
    Model,
    /// `object` or another value that may make the frame an error, as it is written. A completion needs none of them.
    Object,
    /// `usage`, an object as it is written.
    Usage,
    /// The same, if it is known to contain counts.
    Counts,
    /// Another member of the chunk, from the key's quote to the value's end.
    ChunkMember,
    /// The beginning of a choice: its `index`, empty if it has none. The parts that follow belong to it.
    Choice,
    /// The choice has a `delta`, whose parts follow.
    Delta,
    /// The choice has no delta; the parts of its `message` follow, up to the next choice.
    Message,
    /// `delta.role`
    Role,
    /// `delta.content`, or the `text` of a choice without a delta and a message.
    Content,
    /// The same, if it is a list of parts or one part, as it is written.
    ContentParts,
    /// `delta.refusal`
    Refusal,
    /// `delta.reasoning`
    Reasoning,
    /// `delta.reasoning_content`
    ReasoningContent,
    /// `delta.reasoning_text`
    ReasoningText,
    /// Another member of the delta.
    DeltaMember,
    /// The beginning of a list of several tool calls.
    ToolList,
    /// The beginning of a tool call: its `index`, empty if it has none.
    Tool,
    /// `tool_calls[].id`, as it is written; follows each [`Part::Tool`].
    ToolId,
    /// `tool_calls[].function.name`; follows each [`Part::ToolId`].
    ToolName,
    /// `tool_calls[].type`
    ToolType,
    /// `tool_calls[].function.arguments`
    ToolArguments,
    /// The same, if it is an object, as it is written.
    ToolObject,
    /// Another member of a tool call.
    ToolMember,
    /// Another member of its function.
    FunctionMember,
    /// A member of `logprobs`; comes after the parts of the delta.
    LogprobMember,
    /// Another member of the choice.
    ChoiceMember,
    /// `finish_reason`
    FinishReason,
    /// `error` of a choice that has failed, as it is written.
    Failure,
    /// An earlier value of a repeated key: the last one counts, as in `JSON.parse`.
    Void,
}

/// The result of reading; the parts are among the fields.
type Read = Result<(), Stop>;

/// How many fields are searched for a repeated key. A chunk's object never has more keys of its own.
const MAX_KEYS: usize = 16;

/// One part and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The part's meaning.
    pub part: Part,
    /// Offsets in the payload.
    pub span: Range<usize>,
}

/// The kind of frame.
///
/// ```
/// use hfetch::wire::chunk::{Frame, Part, read};
///
/// let payload = br#"{"choices": [{"delta": {"content": "Hi"}}]}"#;
/// let mut fields = Vec::new();
/// assert_eq!(read(payload, &mut fields).unwrap(), Frame::Chunk);
/// // Nothing is copied: a field says where its value is.
/// let content = fields.iter().find(|field| field.part == Part::Content).unwrap();
/// assert_eq!(&payload[content.span.clone()], b"Hi");
///
/// fields.clear();
/// assert_eq!(read(br#"{"error": "out of memory"}"#, &mut fields).unwrap(), Frame::Error);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A chunk, whatever members it lacks.
    Chunk,
    /// An error, in one of the forms that servers send in the middle of a stream.
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
    /// A bit for each key so far whose member is kept: a key without its bit can't be a repeated one.
    keys: u64,
    /// The last field of each part.
    latest: [usize; Part::Void as usize],
}

impl<'a> Reader<'a, '_> {
    fn push(&mut self, part: Part, span: Range<usize>) {
        if let Some(latest) = self.latest.get_mut(part as usize) {
            *latest = self.fields.len();
        }
        self.fields.push(Field { part, span });
    }

    /// Appends the value that was skipped last.
    fn push_value(&mut self, part: Part, value: &[u8]) {
        let end = self.scanner.at();
        self.push(part, end - value.len()..end);
    }

    /// Voids what an earlier occurrence of the same key said, in the fields from `scope` on.
    #[inline]
    fn forget(&mut self, scope: usize, part: Part) {
        // There is at most one, the last of its part. It isn't searched, since a key that is repeated again and again would make
        // the search long.
        let latest = self.latest.get(part as usize).copied().unwrap_or_default();
        if let Some(field) = self.fields.get_mut(latest)
            && latest >= scope
            && field.part == part
        {
            field.part = Part::Void;
        }
    }

    /// The same for a key whose value contains several parts, at `range`.
    #[inline]
    fn forget_all(&mut self, range: &Range<usize>) {
        for field in self.fields.get_mut(range.clone()).unwrap_or_default() {
            field.part = Part::Void;
        }
    }

    fn skip(&mut self) -> Read {
        self.scanner.skip().map(drop)
    }

    /// Appends the next value as it is written, unless it is null.
    fn raw(&mut self, part: Part, scope: usize) -> Read {
        self.forget(scope, part);
        let value = self.scanner.skip()?;
        if value != b"null" {
            self.push_value(part, value);
        }
        Ok(())
    }

    /// The place of the next string between its quotes; `None` for null.
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

    /// Reads an object with `on_key`; any other value is skipped. Keys are compared and not matched with patterns, since a pattern of
    /// bytes becomes a branch for each byte.
    fn object(&mut self, on_key: &mut dyn FnMut(&mut Self, &[u8]) -> Read) -> Read {
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

    /// The same for the value of a key that may be repeated; `place` is the range of its parts.
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

    /// Appends the current key with its value.
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

    /// Reads the elements of a list. An object in place of a list counts as a list of one, and null as an empty one.
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

    /// Whether the next value is an object; null is none, and neither is an empty list, which some languages write for an empty
    /// object.
    fn is_object(&mut self, problem: &'static str) -> Result<bool, Stop> {
        match self.scanner.kind()? {
            Kind::Object => return Ok(true),
            Kind::Null => self.skip()?,
            Kind::Array => {
                let value = self.scanner.skip()?;
                if !inside(value).trim_ascii().is_empty() {
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
            _ if key == b"choices" => {
                has_choices = matches!(reader.scanner.kind()?, Kind::Array | Kind::Object);
                reader.nested(&mut choices, &mut |reader| {
                    reader.list("choices is no list", &mut Self::choice)
                })
            }
            _ if key == b"usage" => reader.nested(&mut usage, &mut Self::usage),
            _ if key == b"id" => reader.raw(Part::Id, 0),
            _ if key == b"created" => reader.raw(Part::Created, 0),
            _ if key == b"model" => reader.raw(Part::Model, 0),
            _ if key == b"object" => {
                object = reader.telling()? == b"\"error\"";
                Ok(())
            }
            // Groq's place for usage before it adopted the standard one.
            _ if key == b"x_groq" => reader.nested(&mut groq, &mut |reader| {
                let (start, mut usage) = (reader.scanner.key_at(), 0..0);
                reader.object(&mut |reader, key| match key {
                    _ if key == b"usage" => reader.nested(&mut usage, &mut Self::usage),
                    _ => reader.skip(),
                })?;
                reader.push(Part::ChunkMember, start..reader.scanner.at());
                Ok(())
            }),
            _ if key == b"error_message" => {
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

    /// Reads a value that may make the frame an error; no template has a slot there.
    fn telling(&mut self) -> Result<&'a [u8], Stop> {
        let value = self.scanner.skip()?;
        self.push_value(Part::Object, value);
        Ok(value)
    }

    /// Reads a word that may report an error; if it doesn't, it is an ordinary member.
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
