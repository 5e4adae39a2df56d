//! One choice of a completion.

use super::call::ToolCalls;
use super::count::{Counter, LONGEST_NAME, NewCounter};
use super::list::{Facts, List};
use super::members::Members;
use super::node::{Node, Say, Within, write_long};
use super::{or, replace};
use crate::json::{Scanner, inside, put, unescape, write_whole};
use crate::wire::buffer::Buffer;
use crate::wire::chunk::Part;

#[derive(Debug, Default)]
pub(super) struct Choice {
    pub(super) index: u64,
    /// Whether a delta has arrived: a whole message then contains nothing new.
    pub(super) begun: bool,
    role: Vec<u8>,
    /// Content that is a string; `None` if it comes as a list.
    pub(super) content: Option<Buffer>,
    parts: Option<Parts>,
    /// Other members of the message.
    message: Members,
    /// The name of the text that arrived last, and its index among them.
    text: Option<(Part, usize)>,
    pub(super) tool_calls: ToolCalls,
    rest: Members,
    pub(super) finish_reason: Option<Vec<u8>>,
    /// The counter, if texts are only counted.
    pub(super) counter: Option<Box<dyn Counter>>,
}

/// Content that comes as a list of parts.
#[derive(Debug, Default)]
struct Parts {
    list: List,
    /// The texts of its text parts, joined.
    text: Buffer,
}

impl Choice {
    pub(super) fn new(index: u64) -> Self {
        Choice {
            index,
            ..Choice::default()
        }
    }

    /// Adds a part; returns how many bytes of text it contained. `new`: text has arrived with it, so its tokens are new, too.
    pub(super) fn add(&mut self, part: Part, bytes: &[u8], new: bool) -> usize {
        match part {
            Part::Delta => self.begun = true,
            Part::Role if bytes.is_empty() => {}
            Part::Role => replace(&mut self.role, bytes),
            Part::Content => return self.add_content(bytes),
            Part::ContentParts => return self.add_parts(bytes),
            Part::Refusal | Part::Reasoning | Part::ReasoningContent | Part::ReasoningText => {
                return self.add_text(part, bytes);
            }
            Part::DeltaMember => return self.message.fold(bytes, Within::Delta),
            Part::LogprobMember => self.add_logprobs(bytes, new),
            Part::ChoiceMember => {
                self.rest.fold(bytes, Within::Envelope);
            }
            // An empty reason says nothing, and some servers send it with every chunk.
            Part::FinishReason if bytes.is_empty() => {}
            Part::FinishReason => replace(self.finish_reason.get_or_insert_default(), bytes),
            _ => return self.tool_calls.add(part, bytes),
        }
        0
    }

    fn add_text(&mut self, part: Part, text: &[u8]) -> usize {
        let at = match self.text {
            Some((last, at)) if last == part => at,
            _ => self.message.position(name(part)),
        };
        self.text = Some((part, at));
        self.message.at(at).map_or(0, |node| node.append(text))
    }

    fn add_content(&mut self, text: &[u8]) -> usize {
        match &mut self.parts {
            Some(parts) if !parts.list.is_empty() => {
                parts.text.push(text);
                parts.list.add_text(text);
            }
            // An empty list says nothing about what follows.
            parts => {
                *parts = None;
                let content = self.content.get_or_insert_default();
                content.push(text);
            }
        }
        text.len()
    }

    /// Adds a list of parts, or a single part in place of a list.
    fn add_parts(&mut self, value: &[u8]) -> usize {
        let mut scanner = Scanner::new(value);
        if scanner.begin_array().is_err() {
            return self.add_part(value);
        }
        let (mut said, mut any) = (0, false);
        while let Ok(true) = scanner.next_element() {
            let _ = scanner.kind();
            let part = scanner.skip().unwrap_or_default();
            any = true;
            said += match part.first() {
                Some(b'{') => self.add_part(part),
                Some(b'"') => self.add_content(inside(part)),
                _ => 0,
            };
        }
        if !any && self.content.is_none() {
            self.parts.get_or_insert_default();
        }
        said
    }

    fn add_part(&mut self, part: &[u8]) -> usize {
        let before = self.content.take();
        let parts = self.parts.get_or_insert_default();
        if let Some(text) = before {
            text.each(&mut |piece| parts.list.add_text(piece));
            parts.text = text;
        }
        if let Some(text) = Facts::of(part).text {
            parts.text.push(text);
        }
        parts.list.fold_item(part, Within::Part)
    }

    /// Adds logprobs: lists of tokens are appended. If the same tokens come again, they are new ones if text came with them,
    /// otherwise the same.
    fn add_logprobs(&mut self, member: &[u8], new: bool) {
        let within = match new {
            true => Within::Tokens,
            false => Within::Envelope,
        };
        let node = self.rest.node(b"logprobs");
        if let Some(tokens) = node.and_then(Node::object) {
            tokens.fold(member, within);
        }
    }

    /// The weight, as in [`Members::weight`].
    pub(super) fn weight(&self) -> usize {
        self.message.weight() + self.rest.weight() + self.tool_calls.weight()
    }

    /// The text of the content, as it is written between its quotes.
    fn text(&self) -> Option<&Buffer> {
        let text = self.parts.as_ref().map(|parts| &parts.text);
        text.or(self.content.as_ref())
    }

    /// The part of it that has not been set aside.
    pub(super) fn content(&self) -> &[u8] {
        self.text().map_or(&[], Buffer::as_slice)
    }

    /// Sets it aside if it is long.
    pub(super) fn put_by(&mut self) {
        let text = self.parts.as_mut().map(|parts| &mut parts.text);
        if let Some(text) = text.or(self.content.as_mut()) {
            text.put_by();
        }
    }

    /// Calls `say` with everything that the model wrote. If reasoning comes under several names, one of them counts.
    pub(super) fn said(&self, say: Say<'_>) {
        let (mut reasoning, mut longest) = (None, 0);
        for node in REASONING.iter().filter_map(|name| self.message.get(name)) {
            let length = length_of(|say| node.said(say));
            if length > longest {
                (reasoning, longest) = (Some(node), length);
            }
        }
        let text = |say: Say<'_>| {
            if let Some(text) = self.text() {
                text.each(say);
            }
        };
        let parts = self.parts.as_ref().map(|parts| &parts.list);
        let spoken = parts.map_or(0, |list| length_of(|say| list.said(say)));
        // Reasoning among the parts of the content is the same text once more.
        let has_thoughts = parts.is_some() && spoken > length_of(text);
        if let Some(node) = reasoning.filter(|_| !has_thoughts) {
            node.said(say);
        }
        match parts {
            Some(list) => list.said(say),
            None => text(say),
        }
        self.message.said(&REASONING, say);
        self.tool_calls.said(say);
    }

    /// Counts what was said and drops it. Of all choices except the first only matters whether they have finished.
    pub(super) fn let_go(&mut self, counter: NewCounter, is_first: bool) {
        let mut counts = self.counter.take();
        self.said(&mut |text| {
            if !text.is_empty() {
                counts.get_or_insert_with(counter).add(&unescape(text));
            }
        });
        if let Some(content) = &mut self.content {
            content.empty();
        }
        self.tool_calls.let_go();
        if let Some(reason) = &mut self.finish_reason
            && (!is_first || reason.len() > LONGEST_NAME)
        {
            *reason = Vec::new();
        }
        self.counter = counts;
        (self.role, self.parts, self.text) = (Vec::new(), None, None);
        self.message.empty();
        self.rest.empty();
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        self.write_index(out);
        let role = or(&self.role, b"assistant");
        let head: [&[u8]; 3] = [b",\"message\":{\"role\":\"", role, b"\",\"content\":"];
        put(out, &head);
        match (&self.parts, &self.content) {
            (Some(parts), _) => parts.list.write(out),
            (None, Some(content)) => write_long(content, out),
            (None, None) => put(out, &[b"null"]),
        }
        self.write_beside(out);
        put(out, &[b"}"]);
        self.write_rest(out);
    }

    /// Writes it as a choice of a text completion.
    pub(super) fn write_text(&self, out: &mut Vec<u8>) {
        self.write_index(out);
        put(out, &[b",\"text\":"]);
        match self.text() {
            Some(text) => write_long(text, out),
            None => put(out, &[b"\"\""]),
        }
        self.write_beside(out);
        if self.rest.get(b"logprobs").is_none() {
            put(out, &[b",\"logprobs\":null"]);
        }
        self.write_rest(out);
    }

    fn write_index(&self, out: &mut Vec<u8>) {
        put(out, &[b"{\"index\":"]);
        write_whole(self.index, out);
    }

    /// Writes the other members of the message.
    fn write_beside(&self, out: &mut Vec<u8>) {
        if self.tool_calls.is_empty() {
            self.message.write(&[], out);
        } else {
            self.message.write(&[b"tool_calls"], out);
            put(out, &[b",\"tool_calls\":["]);
            self.tool_calls.write(out);
            put(out, &[b"]"]);
        }
    }

    fn write_rest(&self, out: &mut Vec<u8>) {
        self.rest.write(&[], out);
        match &self.finish_reason {
            Some(reason) => put(out, &[b",\"finish_reason\":\"", reason, b"\"}"]),
            None => put(out, &[b",\"finish_reason\":null}"]),
        }
    }
}

/// The length of everything that is said.
fn length_of(said: impl FnOnce(Say<'_>)) -> usize {
    let mut length = 0;
    said(&mut |text| length += text.len());
    length
}

/// The names under which servers send reasoning.
const REASONING: [&[u8]; 4] = [
    b"reasoning",
    b"reasoning_content",
    b"reasoning_text",
    b"reasoning_details",
];

fn name(part: Part) -> &'static [u8] {
    match part {
        Part::Reasoning => b"reasoning",
        Part::ReasoningContent => b"reasoning_content",
        Part::ReasoningText => b"reasoning_text",
        _ => b"refusal",
    }
}
