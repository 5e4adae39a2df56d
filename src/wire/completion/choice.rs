//! One choice of a completion.

use super::call::ToolCalls;
use super::count::{Counter, LONGEST_NAME, NewCounter};
use super::list::{Facts, List};
use super::members::Members;
use super::node::{Node, Say, Within, inside, put, write_long};
use super::or;
use crate::json::{Scanner, unescape};
use crate::wire::buffer::Buffer;
use crate::wire::chunk::Part;

#[derive(Debug, Default)]
pub(super) struct Choice {
    pub(super) index: u64,
    /// A delta has come: a whole message says nothing new.
    pub(super) begun: bool,
    role: Vec<u8>,
    /// Content that is a string. Where it comes as a list, this is none.
    pub(super) content: Option<Buffer>,
    parts: Option<Parts>,
    /// Other keys of the message.
    message: Members,
    /// Where among them the text is that came last, and its name.
    text: Option<(Part, usize)>,
    pub(super) tool_calls: ToolCalls,
    rest: Members,
    pub(super) finish_reason: Option<Vec<u8>>,
    /// Where texts are counted.
    pub(super) counter: Option<Box<dyn Counter>>,
}

/// Content that comes as a list of parts.
#[derive(Debug, Default)]
struct Parts {
    list: List,
    /// The texts of its text parts, end to end.
    text: Buffer,
}

impl Choice {
    pub(super) fn new(index: u64) -> Self {
        Choice {
            index,
            ..Choice::default()
        }
    }

    /// Adds a part; gives how much text was in it. `new`: text has come with it, so that tokens are new, too.
    pub(super) fn add(&mut self, part: Part, bytes: &[u8], new: bool) -> usize {
        match part {
            Part::Delta => self.begun = true,
            Part::Role if bytes.is_empty() => {}
            Part::Role => self.role = bytes.to_vec(),
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
            // An empty one says nothing, and some servers send it with every chunk.
            Part::FinishReason if bytes.is_empty() => {}
            Part::FinishReason => self.finish_reason = Some(bytes.to_vec()),
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
            // An empty list says nothing of what follows it.
            parts => {
                *parts = None;
                let content = self.content.get_or_insert_default();
                content.push(text);
            }
        }
        text.len()
    }

    /// A list of parts, or one part where a list is due.
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
            for piece in text.pieces() {
                parts.list.add_text(piece);
            }
            parts.text = text;
        }
        if let Some(text) = Facts::of(part).text {
            parts.text.push(text);
        }
        parts.list.fold_item(part, Within::Part)
    }

    /// Lists of tokens are appended. The same tokens once more are new ones if text came with them, else the same.
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

    /// As of [`Members::weight`].
    pub(super) fn weight(&self) -> usize {
        self.message.weight() + self.rest.weight() + self.tool_calls.weight()
    }

    /// The text of the content as it stands between quotes.
    fn text(&self) -> Option<&Buffer> {
        let text = self.parts.as_ref().map(|parts| &parts.text);
        text.or(self.content.as_ref())
    }

    /// What of it has not been put by.
    pub(super) fn content(&self) -> &[u8] {
        self.text().map_or(&[], Buffer::as_slice)
    }

    /// Puts it by where it is long.
    pub(super) fn put_by(&mut self) {
        let text = self.parts.as_mut().map(|parts| &mut parts.text);
        if let Some(text) = text.or(self.content.as_mut()) {
            text.put_by();
        }
    }

    /// Says everything a model wrote. Of reasoning that comes under several names one is taken.
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
                text.pieces().for_each(say);
            }
        };
        let parts = self.parts.as_ref().map(|parts| &parts.list);
        let spoken = parts.map_or(0, |list| length_of(|say| list.said(say)));
        // Thoughts among the parts of the content are the same once more.
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

    /// Counts what was said and lets it go. Of choices but the first it is enough to know that they have finished.
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
        *self = Choice {
            index: self.index,
            begun: self.begun,
            content: self.content.take(),
            tool_calls: std::mem::take(&mut self.tool_calls),
            finish_reason: self.finish_reason.take(),
            counter: counts,
            ..Choice::default()
        };
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let role = or(&self.role, b"assistant");
        put(out, &[b"{\"index\":"]);
        write_whole(self.index, out);
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

    /// The same as a choice of a text completion.
    pub(super) fn write_text(&self, out: &mut Vec<u8>) {
        put(out, &[b"{\"index\":"]);
        write_whole(self.index, out);
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

    /// Other keys of the message.
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

/// How long all is that is said.
fn length_of(said: impl FnOnce(Say<'_>)) -> usize {
    let mut length = 0;
    said(&mut |text| length += text.len());
    length
}

/// Where servers put reasoning.
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

pub(super) fn write_whole(number: u64, out: &mut Vec<u8>) {
    if number >= 10 {
        write_whole(number / 10, out);
    }
    out.push(b'0' + (number % 10) as u8);
}
