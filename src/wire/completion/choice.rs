//! One choice of a completion, and its tool calls.

use super::MAX_ENTRIES;
use crate::wire::buffer::Buffer;

#[derive(Debug, Default)]
pub(super) struct ToolCall {
    pub(super) index: u64,
    pub(super) id: Vec<u8>,
    pub(super) kind: Vec<u8>,
    pub(super) name: Vec<u8>,
    pub(super) arguments: Vec<u8>,
}

#[derive(Debug, Default)]
pub(super) struct Choice {
    pub(super) index: u64,
    pub(super) role: Vec<u8>,
    pub(super) content: Option<Buffer>,
    pub(super) refusal: Option<Vec<u8>>,
    pub(super) reasoning: Option<Vec<u8>>,
    pub(super) tool_calls: Vec<ToolCall>,
    /// The call at hand came without an index.
    pub(super) unindexed: bool,
    pub(super) content_logprobs: Option<Vec<u8>>,
    pub(super) refusal_logprobs: Option<Vec<u8>>,
    pub(super) finish_reason: Option<Vec<u8>>,
}

impl Choice {
    pub(super) fn begin_tool(&mut self, at_hand: usize, index: Option<u64>) -> usize {
        self.unindexed = index.is_none();
        match index {
            Some(index) => self.tool_at(index),
            None if self.tool_calls.is_empty() => self.tool_at(0),
            None => at_hand,
        }
    }

    fn tool_at(&mut self, index: u64) -> usize {
        match self
            .tool_calls
            .binary_search_by_key(&index, |call| call.index)
        {
            Ok(at) => at,
            Err(_) if self.tool_calls.len() >= MAX_ENTRIES => MAX_ENTRIES - 1,
            Err(at) => {
                let call = ToolCall {
                    index,
                    ..ToolCall::default()
                };
                self.tool_calls.insert(at, call);
                at
            }
        }
    }

    /// Without an index, another id means another call.
    pub(super) fn tool_id(&mut self, at_hand: usize, id: &[u8]) -> usize {
        if id.is_empty() {
            return at_hand;
        }
        let at = match self.tool_calls.get(at_hand) {
            Some(call) if self.unindexed && !call.id.is_empty() && call.id != id => {
                let known = self.tool_calls.iter().position(|call| call.id == id);
                let next = self.tool_calls.last().map_or(0, |call| call.index + 1);
                known.unwrap_or_else(|| self.tool_at(next))
            }
            _ => at_hand,
        };
        if let Some(call) = self.tool_calls.get_mut(at) {
            call.id = id.to_vec();
        }
        at
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"index\":");
        write_whole(self.index, out);
        out.extend_from_slice(b",\"message\":{\"role\":");
        let role: &[u8] = if self.role.is_empty() {
            b"assistant"
        } else {
            &self.role
        };
        write_text(Some(role), out);
        out.extend_from_slice(b",\"content\":");
        write_text(self.content.as_ref().map(Buffer::as_slice), out);
        out.extend_from_slice(b",\"refusal\":");
        write_text(self.refusal.as_deref(), out);
        if self.reasoning.is_some() {
            out.extend_from_slice(b",\"reasoning\":");
            write_text(self.reasoning.as_deref(), out);
        }
        if !self.tool_calls.is_empty() {
            out.extend_from_slice(b",\"tool_calls\":[");
            separated(&self.tool_calls, out, ToolCall::write);
            out.push(b']');
        }
        out.extend_from_slice(b"},\"logprobs\":");
        if self.content_logprobs.is_some() || self.refusal_logprobs.is_some() {
            out.extend_from_slice(b"{\"content\":");
            write_elements(self.content_logprobs.as_deref(), out);
            out.extend_from_slice(b",\"refusal\":");
            write_elements(self.refusal_logprobs.as_deref(), out);
            out.push(b'}');
        } else {
            out.extend_from_slice(b"null");
        }
        out.extend_from_slice(b",\"finish_reason\":");
        write_text(self.finish_reason.as_deref(), out);
        out.push(b'}');
    }
}

impl ToolCall {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"id\":");
        write_text(Some(&self.id), out);
        out.extend_from_slice(b",\"type\":");
        let kind: &[u8] = if self.kind.is_empty() {
            b"function"
        } else {
            &self.kind
        };
        write_text(Some(kind), out);
        out.extend_from_slice(b",\"function\":{\"name\":");
        write_text(Some(&self.name), out);
        out.extend_from_slice(b",\"arguments\":");
        write_text(Some(&self.arguments), out);
        out.extend_from_slice(b"}}");
    }
}

pub(super) fn separated<T>(items: &[T], out: &mut Vec<u8>, write: fn(&T, &mut Vec<u8>)) {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(item, out);
    }
}

fn write_text(raw: Option<&[u8]>, out: &mut Vec<u8>) {
    let Some(raw) = raw else {
        out.extend_from_slice(b"null");
        return;
    };
    out.push(b'"');
    out.extend_from_slice(raw);
    out.push(b'"');
}

fn write_elements(elements: Option<&[u8]>, out: &mut Vec<u8>) {
    let Some(elements) = elements else {
        out.extend_from_slice(b"null");
        return;
    };
    out.push(b'[');
    out.extend_from_slice(elements);
    out.push(b']');
}

fn write_whole(number: u64, out: &mut Vec<u8>) {
    if number >= 10 {
        write_whole(number / 10, out);
    }
    out.push(b'0' + (number % 10) as u8);
}
