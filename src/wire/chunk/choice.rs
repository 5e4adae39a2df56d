//! One choice of a chunk: its delta, its tool calls, its logprobs.

use std::ops::Range;

use super::{Field, Part, Read, Reader};
use crate::json::{Kind, Scanner, inside};
use crate::wire::fault;

const CALLS: &str = "tool_calls is no list of calls";

/// The members of a choice besides its delta, kept until it is known whether it has a delta.
#[derive(Default)]
struct Beside<'a> {
    /// A scanner at the value of `message`.
    message: Option<Scanner<'a>>,
    /// `text` with its key, and its content between the quotes if it is a string.
    text: Option<(Range<usize>, Option<Range<usize>>)>,
    /// Whether `text` is neither a string nor null.
    is_no_text: bool,
    has_delta: bool,
}

impl Reader<'_, '_> {
    fn string(&mut self, part: Part, scope: usize, problem: &'static str) -> Read {
        self.forget(scope, part);
        if let Some(span) = self.text(problem)? {
            self.push(part, span);
        }
        Ok(())
    }

    pub(super) fn choice(&mut self) -> Read {
        if !self.is_object("a choice is no object")? {
            return Ok(());
        }
        let scope = self.fields.len();
        let (mut delta, mut logprobs) = (0..0, 0..0);
        let mut beside = Beside::default();
        self.push(Part::Choice, 0..0);
        self.object(&mut |reader, key| match key {
            _ if key == b"index" => reader.index(scope),
            _ if key == b"delta" => reader.nested(&mut delta, &mut |reader| {
                beside.has_delta = reader.scanner.kind()? != Kind::Null;
                if beside.has_delta {
                    reader.push(Part::Delta, 0..0);
                }
                reader.delta()
            }),
            _ if key == b"message" => {
                let says = reader.scanner.kind()? != Kind::Null;
                beside.message = says.then(|| reader.scanner.clone());
                reader.skip()
            }
            _ if key == b"text" => {
                let (start, kind) = (reader.scanner.key_at(), reader.scanner.kind()?);
                let value = reader.scanner.at();
                reader.skip()?;
                let end = reader.scanner.at();
                let text = (kind == Kind::String).then(|| value + 1..end - 1);
                beside.text = Some((start..end, text));
                beside.is_no_text = !matches!(kind, Kind::String | Kind::Null);
                Ok(())
            }
            _ if key == b"logprobs" => reader.nested(&mut logprobs, &mut Self::logprobs),
            _ if key == b"finish_reason" => {
                reader.string(Part::FinishReason, scope, "finish_reason is no string")
            }
            _ if key == b"error" => reader.failure(scope),
            _ => reader.member(Part::ChoiceMember, scope),
        })?;
        if let (false, Some((member, text))) = (beside.has_delta, beside.text) {
            // A text completion has its text where a chat completion has a delta or a message.
            let alone = beside.message.is_none();
            match text.filter(|_| alone) {
                Some(text) => self.push(Part::Content, text),
                None if alone && beside.is_no_text => return self.refuse("text is no string"),
                None => self.push(Part::ChoiceMember, member),
            }
        }
        // Whether repeated tokens are new depends on the text that came with them.
        for at in logprobs {
            if let Some(field) = self.fields.get_mut(at) {
                let part = std::mem::replace(&mut field.part, Part::Void);
                let span = field.span.clone();
                self.fields.push(Field { part, span });
            }
        }
        if beside.has_delta {
            return Ok(());
        }
        // A whole completion has a message where a chunk has a delta.
        let Some(message) = beside.message else {
            return Ok(());
        };
        let behind = std::mem::replace(&mut self.scanner, message);
        self.push(Part::Message, 0..0);
        self.delta()?;
        self.scanner = behind;
        Ok(())
    }

    /// Reads `error`: some servers write `error: null`, false or "" if nothing has failed.
    fn failure(&mut self, scope: usize) -> Read {
        self.forget(scope, Part::Failure);
        self.scanner.kind()?;
        let start = self.scanner.at();
        self.member(Part::ChoiceMember, scope)?;
        let span = start..self.scanner.at();
        let value = self.payload.get(span.clone()).unwrap_or_default();
        if fault::says_so(b"error", value) {
            self.push(Part::Failure, span);
        }
        Ok(())
    }

    /// Reads the index, which may come after the parts that belong to it; its field is filled in at `place`.
    fn index(&mut self, place: usize) -> Read {
        let kind = self.scanner.kind()?;
        let start = self.scanner.at();
        let value = self.scanner.skip()?;
        let span = match kind {
            Kind::Number => start..self.scanner.at(),
            Kind::String if inside(value).iter().all(u8::is_ascii_digit) => {
                start + 1..self.scanner.at() - 1
            }
            Kind::Null => 0..0,
            _ => return self.refuse("an index is no number"),
        };
        self.set(place, span);
        Ok(())
    }

    fn set(&mut self, place: usize, span: Range<usize>) {
        if let Some(field) = self.fields.get_mut(place) {
            field.span = span;
        }
    }

    fn logprobs(&mut self) -> Read {
        let (scope, start) = (self.fields.len(), self.scanner.key_at());
        self.object(&mut |reader, _| reader.member(Part::LogprobMember, scope))?;
        if self.fields.len() == scope {
            self.push(Part::ChoiceMember, start..self.scanner.at());
        }
        Ok(())
    }

    fn delta(&mut self) -> Read {
        if !self.is_object("a delta or message is no object")? {
            return Ok(());
        }
        let scope = self.fields.len();
        let mut calls = 0..0;
        self.object(&mut |reader, key| match key {
            _ if key == b"content" => reader.content(scope),
            _ if key == b"role" => reader.string(Part::Role, scope, "role is no string"),
            _ if key == b"refusal" => reader.thought(Part::Refusal, scope),
            _ if key == b"reasoning" => reader.thought(Part::Reasoning, scope),
            _ if key == b"reasoning_content" => reader.thought(Part::ReasoningContent, scope),
            _ if key == b"reasoning_text" => reader.thought(Part::ReasoningText, scope),
            _ if key == b"tool_calls" => reader.nested(&mut calls, &mut Self::tool_calls),
            _ => reader.member(Part::DeltaMember, scope),
        })
    }

    fn content(&mut self, scope: usize) -> Read {
        const PROBLEM: &str = "content is neither a string nor a list of parts";
        self.forget(scope, Part::ContentParts);
        let kind = self.scanner.kind()?;
        if !matches!(kind, Kind::Array | Kind::Object) {
            return self.string(Part::Content, scope, PROBLEM);
        }
        self.forget(scope, Part::Content);
        let start = self.scanner.at();
        self.list(PROBLEM, &mut |reader| match reader.scanner.kind()? {
            Kind::Object | Kind::String | Kind::Null => reader.skip(),
            _ => reader.refuse(PROBLEM),
        })?;
        self.push(Part::ContentParts, start..self.scanner.at());
        Ok(())
    }

    /// Reads a text that some servers write in a structure of their own.
    fn thought(&mut self, part: Part, scope: usize) -> Read {
        match self.scanner.kind()? {
            Kind::String => self.string(part, scope, ""),
            Kind::Number | Kind::Bool => self.refuse("reasoning or refusal is no text"),
            _ => {
                self.forget(scope, part);
                self.member(Part::DeltaMember, scope)
            }
        }
    }

    fn tool_calls(&mut self) -> Read {
        let (scope, start) = (self.fields.len(), self.scanner.key_at());
        let mut count = 0;
        self.push(Part::ToolList, 0..0);
        self.list(CALLS, &mut |reader| {
            count += 1;
            match reader.scanner.kind()? {
                Kind::Null => reader.skip(),
                Kind::Object => reader.tool_call(),
                _ => reader.refuse(CALLS),
            }
        })?;
        if count < 2 {
            self.fields.remove(scope);
        }
        if count == 0 {
            self.push(Part::DeltaMember, start..self.scanner.at());
        }
        Ok(())
    }

    fn tool_call(&mut self) -> Read {
        let scope = self.fields.len();
        let mut function = 0..0;
        // The id and the name may decide which call this is, so they are applied before the other parts.
        self.push(Part::Tool, 0..0);
        self.push(Part::ToolId, 0..0);
        self.push(Part::ToolName, 0..0);
        self.object(&mut |reader, key| match key {
            _ if key == b"index" => reader.index(scope),
            _ if key == b"id" => {
                let kind = reader.scanner.kind()?;
                let start = reader.scanner.at();
                reader.skip()?;
                let span = match kind {
                    Kind::String | Kind::Number => start..reader.scanner.at(),
                    Kind::Null => 0..0,
                    _ => return reader.refuse("the id of a tool call is no string"),
                };
                reader.set(scope + 1, span);
                Ok(())
            }
            _ if key == b"type" => reader.string(
                Part::ToolType,
                scope,
                "the type of a tool call is no string",
            ),
            _ if key == b"function" => {
                reader.set(scope + 2, 0..0);
                reader.nested(&mut function, &mut |reader| reader.function(scope + 2))
            }
            _ => reader.member(Part::ToolMember, scope),
        })
    }

    fn function(&mut self, name: usize) -> Read {
        if !self.is_object("the function of a tool call is no object")? {
            return Ok(());
        }
        let scope = self.fields.len();
        self.object(&mut |reader, key| match key {
            _ if key == b"name" => {
                let span = reader.text("the name of a function is no string")?;
                reader.set(name, span.unwrap_or_default());
                Ok(())
            }
            _ if key == b"arguments" => reader.arguments(scope),
            _ => reader.member(Part::FunctionMember, scope),
        })
    }

    fn arguments(&mut self, scope: usize) -> Read {
        const PROBLEM: &str = "the arguments of a function are neither a string nor an object";
        self.forget(scope, Part::ToolObject);
        let kind = self.scanner.kind()?;
        if !matches!(kind, Kind::Array | Kind::Object) {
            return self.string(Part::ToolArguments, scope, PROBLEM);
        }
        self.forget(scope, Part::ToolArguments);
        let start = self.scanner.at();
        if self.is_object(PROBLEM)? {
            self.skip()?;
        }
        self.push(Part::ToolObject, start..self.scanner.at());
        Ok(())
    }
}
