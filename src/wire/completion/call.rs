//! The tool calls of a choice, and to which of them a piece belongs.

use super::members::Members;
use super::node::{Say, Within, add_name, json_text, write_long};
use super::{ENTRY, MAX_ENTRIES, or, replace, separated, whole};
use crate::json::block::{Block16, WIDTH};
use crate::json::{self, put, unescape};
use crate::wire::buffer::Buffer;
use crate::wire::chunk::Part;

/// Arguments that are no object or list are read from the beginning each time, up to this length.
const MAX_SCALAR: usize = 256;
/// Among how many of the last calls an id is looked for.
const MAX_SEARCH: usize = 256;

#[derive(Debug, Default)]
pub(super) struct ToolCall {
    index: u64,
    /// The id as it is written.
    pub(super) id: Vec<u8>,
    kind: Vec<u8>,
    pub(super) name: Buffer,
    /// How much of the name has been counted.
    counted: usize,
    arguments: Buffer,
    /// Other members of its function.
    function: Members,
    rest: Members,
    scan: Scan,
}

/// The first facts of an entry in a chunk, which decide to which call it belongs.
#[derive(Debug, Default)]
pub(super) struct Entry {
    index: Option<u64>,
    /// Its place in a list of several entries.
    position: Option<usize>,
    pub(super) id: Vec<u8>,
}

#[derive(Debug, Default)]
pub(super) struct ToolCalls {
    /// Sorted by index; calls with the same index are in the order in which they began.
    pub(super) list: Vec<ToolCall>,
    pub(super) at_hand: usize,
    pub(super) entry: Entry,
    /// The number of entries so far in a list of several.
    position: Option<usize>,
}

impl ToolCalls {
    /// Begins a choice: its list of calls has one entry unless it says otherwise.
    pub(super) fn begin(&mut self) {
        self.position = None;
    }

    /// Adds a part of an entry; returns how many bytes of text it contained.
    pub(super) fn add(&mut self, part: Part, bytes: &[u8]) -> usize {
        match part {
            Part::ToolList => self.position = Some(0),
            Part::Tool => {
                self.entry.index = whole(bytes);
                self.entry.position = self.position;
                self.position = self.position.map(|position| position + 1);
            }
            Part::ToolId => {
                let id = if bytes == b"\"\"" { b"" } else { bytes };
                replace(&mut self.entry.id, id);
            }
            Part::ToolName => {
                self.at_hand = self.find(bytes);
                let id = self.entry.id.as_slice();
                if let Some(call) = self.list.get_mut(self.at_hand) {
                    if call.id.is_empty() {
                        call.id.extend_from_slice(id);
                    }
                    add_name(&mut call.name, bytes);
                }
                return bytes.len();
            }
            _ => {
                let call = self.list.get_mut(self.at_hand);
                return call.map_or(0, |call| call.add(part, bytes));
            }
        }
        0
    }

    /// The call to which an entry with this name belongs; it is begun if there is none yet.
    fn find(&mut self, name: &[u8]) -> usize {
        match self.entry.index {
            Some(index) => self.by_index(index, name),
            None => self.by_place(name),
        }
    }

    fn by_index(&mut self, index: u64, name: &[u8]) -> usize {
        let end = self.list.partition_point(|call| call.index <= index);
        let last = end.checked_sub(1);
        let Some((at, call)) = last.and_then(|at| Some((at, self.list.get_mut(at)?))) else {
            return self.start(0, index);
        };
        if call.index != index {
            return self.start(end, index);
        }
        let id = self.entry.id.as_slice();
        if id.is_empty() || call.id == id {
            return at;
        }
        let is_other = call.is_other(name);
        match self.known(at, Some(index)) {
            Some(before) => before,
            None if is_other => self.start(end, index),
            None => at,
        }
    }

    /// The last call before `end` with the entry's id; with an index, only among the neighbours that have it.
    fn known(&self, end: usize, index: Option<u64>) -> Option<usize> {
        let earlier = self.list.get(..end).unwrap_or_default();
        for (at, call) in earlier.iter().enumerate().rev().take(MAX_SEARCH) {
            if index.is_some_and(|index| call.index != index) {
                break;
            }
            if call.id == self.entry.id {
                return Some(at);
            }
        }
        None
    }

    /// Without an index, an entry continues the current call, or in a list of several the one at the same place, unless it has
    /// another call's id.
    fn by_place(&mut self, name: &[u8]) -> usize {
        let id = self.entry.id.as_slice();
        let at = self.entry.position.unwrap_or(self.at_hand);
        let end = self.list.len();
        let index = self.list.last().map_or(0, |call| call.index + 1);
        let Some(call) = self.list.get_mut(at) else {
            return self.start(end, index);
        };
        let goes_on = if id.is_empty() {
            // Otherwise two names would be joined, with arguments after the end of the first ones.
            name.starts_with(call.name.as_slice()) || name.is_empty() || !call.is_complete()
        } else {
            call.id == id || call.id.is_empty() && !call.is_other(name)
        };
        if goes_on {
            return at;
        }
        let known = match id.is_empty() {
            true => None,
            false => self.known(end, None),
        };
        known.unwrap_or_else(|| self.start(end, index))
    }

    fn start(&mut self, at: usize, index: u64) -> usize {
        if self.list.len() >= MAX_ENTRIES {
            return MAX_ENTRIES - 1;
        }
        let call = ToolCall {
            index,
            ..ToolCall::default()
        };
        self.list.insert(at, call);
        at
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The weight, as in [`Members::weight`].
    pub(super) fn weight(&self) -> usize {
        let weight = |call: &ToolCall| 2 * ENTRY + call.function.weight() + call.rest.weight();
        self.list.iter().map(weight).sum()
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        separated(&self.list, out, ToolCall::write);
    }

    /// Calls `say` with what the model wrote in them.
    pub(super) fn said(&self, say: Say<'_>) {
        for call in &self.list {
            let name = call.name.as_slice().get(call.counted..);
            say(name.unwrap_or_default());
            call.arguments.each(say);
        }
    }
}

impl ToolCall {
    /// Drops what has been counted, and keeps how deep in brackets it ended.
    pub(super) fn let_go(&mut self) {
        self.counted = self.name.len();
        self.scan.read_all(&self.arguments);
        (self.scan.piece, self.scan.at) = (0, 0);
        self.arguments.empty();
        self.function.empty();
        self.rest.empty();
        self.kind = Vec::new();
    }

    fn add(&mut self, part: Part, bytes: &[u8]) -> usize {
        match part {
            Part::ToolArguments => self.add_arguments(bytes),
            Part::ToolObject => {
                let object = if bytes.starts_with(b"[") {
                    b"{}"
                } else {
                    bytes
                };
                let text = json_text(object);
                self.add_arguments(&text);
            }
            Part::ToolType if bytes.is_empty() => {}
            Part::ToolType => replace(&mut self.kind, bytes),
            Part::FunctionMember => return self.function.fold(bytes, Within::Nested),
            _ => return self.rest.fold(bytes, Within::Nested),
        }
        bytes.len()
    }

    fn add_arguments(&mut self, text: &[u8]) {
        self.arguments.push(text);
        self.arguments.put_by();
    }

    /// Whether an entry with this name and an id of its own begins another call.
    fn is_other(&mut self, name: &[u8]) -> bool {
        let known = self.name.as_slice();
        !name.is_empty() && (!known.is_empty() && known != name || self.is_complete())
    }

    /// Whether the arguments are a complete JSON value. Each of their bytes is read once.
    fn is_complete(&mut self) -> bool {
        self.scan.read_all(&self.arguments);
        let arguments = self.arguments.as_slice();
        if self.scan.opened {
            return self.scan.depth == 0 && !self.scan.quoted;
        }
        self.scan.piece == 0
            && arguments.len() <= MAX_SCALAR
            && json::parse(unescape(arguments).as_bytes()).is_ok()
    }

    fn write(&self, out: &mut Vec<u8>) {
        let id = or(&self.id, b"\"\"");
        let kind = or(&self.kind, b"function");
        put(out, &[b"{\"id\":", id, b",\"type\":\"", kind, b"\""]);
        let name = self.name.as_slice();
        let said = !name.is_empty() || !self.arguments.is_empty() || !self.function.is_empty();
        if said || kind == b"function" {
            let before: &[u8] = b",\"function\":{\"name\":\"";
            put(out, &[before, name, b"\",\"arguments\":"]);
            write_long(&self.arguments, out);
            self.function.write(&[], out);
            put(out, &[b"}"]);
        }
        self.rest.write(&[], out);
        put(out, &[b"}"]);
    }
}

/// Counts how deep in brackets a growing JSON text is, which is read as it is written between the quotes of another one.
#[derive(Debug, Default)]
struct Scan {
    /// How far it has been read: the part, and the place in it.
    piece: usize,
    at: usize,
    opened: bool,
    depth: usize,
    quoted: bool,
    /// Whether the next byte follows a backslash of the text itself.
    escaped: bool,
}

impl Scan {
    /// Reads on to the end. No escape continues in another part.
    fn read_all(&mut self, text: &Buffer) {
        let mut index = 0;
        text.each(&mut |piece| {
            if index > self.piece {
                (self.piece, self.at) = (index, 0);
            }
            if index == self.piece {
                self.read(piece);
            }
            index += 1;
        });
    }

    fn read(&mut self, raw: &[u8]) {
        while let Some(rest) = raw.get(self.at..).filter(|rest| !rest.is_empty()) {
            // Most bytes of a text say nothing about its depth.
            if let Some(block) = Block16::first(rest).filter(|_| !self.escaped) {
                let brackets = if self.quoted { 0 } else { block.brackets() };
                let telling = brackets | block.equal_to(b'\\') | 1 << WIDTH;
                let plain = telling.trailing_zeros() as usize;
                self.at += plain;
                if plain > 0 {
                    continue;
                }
            }
            let (letter, length) = match rest {
                [b'\\', b'u', digits @ ..] => (ascii(digits), 6),
                [b'\\', b'n' | b't' | b'r', ..] => (b' ', 2),
                [b'\\', letter, ..] => (*letter, 2),
                _ => (rest.first().copied().unwrap_or_default(), 1),
            };
            self.at += length;
            self.take(letter);
        }
    }

    fn take(&mut self, letter: u8) {
        match letter {
            _ if self.escaped => self.escaped = false,
            b'"' => self.quoted = !self.quoted,
            b'\\' => self.escaped = self.quoted,
            b'{' | b'[' if !self.quoted => {
                self.opened = true;
                self.depth += 1;
            }
            b'}' | b']' if !self.quoted => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

/// The ASCII letter of four hexadecimal digits, if it is one.
fn ascii(digits: &[u8]) -> u8 {
    match json::hex(digits.get(..4)) {
        Some(code @ 0..0x80) => code as u8,
        _ => 0,
    }
}
