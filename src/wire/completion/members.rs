//! The members of an object, in the order in which they arrived.

use std::borrow::Cow;

use super::ENTRY;
use super::node::{Node, Say, Within, write_text};
use crate::json::{RawString, Scanner, inside, unescape_into, write_string};
use crate::wire::chunk::Part;

/// Objects with more keys have a hash table; in the others a key is searched.
const SMALL: usize = 16;
/// How many places of the table are tried for one key. If all are taken, by keys that were made to have the same hash, the key is
/// added anew each time it comes: its last value counts.
const TRIES: usize = 64;

#[derive(Debug)]
struct Member {
    key: Vec<u8>,
    node: Node,
    /// The number of the merge in which it was folded last.
    merge: u32,
}

#[derive(Debug, Default)]
pub(super) struct Members {
    list: Vec<Member>,
    /// Positions in the list plus one, by the hash of the key; its length is a power of two.
    table: Vec<u32>,
    /// The key that was found last; keys mostly come in the same order, or the same key comes again.
    last: usize,
    next: usize,
    merge: u32,
}

impl Members {
    /// Folds `"key":value`, as it is written.
    #[cfg_attr(optimize_attribute, optimize(speed))]
    pub(super) fn fold(&mut self, member: &[u8], within: Within) -> usize {
        let expected = match self.expected(self.next, member) {
            None => self.expected(self.last, member),
            found => found,
        };
        let (at, value) = match expected {
            Some(found) => found,
            None => {
                let mut scanner = Scanner::new(member);
                let Ok(key) = scanner.string() else {
                    return 0;
                };
                let value = member.get(scanner.at()..).unwrap_or_default();
                // A colon, with white space around it.
                let value = value.trim_ascii_start().get(1..).unwrap_or_default();
                (self.position(&canonical(key)), value)
            }
        };
        self.found(at);
        self.list.get_mut(at).map_or(0, |member| {
            let value = value.trim_ascii_start();
            member.node.fold(&member.key, value, within)
        })
    }

    /// The position of a member's key and its value, if the key is at the expected place.
    fn expected<'a>(&self, at: usize, member: &'a [u8]) -> Option<(usize, &'a [u8])> {
        let key = self.list.get(at)?.key.as_slice();
        let rest = member.get(1..)?.strip_prefix(key)?;
        Some((at, rest.strip_prefix(b"\":")?))
    }

    fn found(&mut self, at: usize) {
        self.last = at;
        let next = at + 1;
        self.next = if next < self.list.len() { next } else { 0 };
    }

    /// Folds the members of an object; of a repeated key the last value counts.
    pub(super) fn merge(&mut self, object: &[u8], within: Within) -> usize {
        let mut scanner = Scanner::new(object);
        let mut found = Vec::new();
        // A value that is folded has been checked before.
        if scanner.begin_object().is_ok() {
            while let Ok(Some(key)) = scanner.next_key() {
                let key = canonical(key);
                let at = self.position(&key);
                let _ = scanner.kind();
                found.push((at, scanner.skip().unwrap_or_default()));
            }
        }
        self.merge = self.merge.wrapping_add(1);
        let mut said = 0;
        for (at, value) in found.into_iter().rev() {
            if let Some(member) = self.list.get_mut(at)
                && member.merge != self.merge
            {
                member.merge = self.merge;
                said += member.node.fold(&member.key, value, within);
            }
        }
        said
    }

    /// The value of a key, which is created if it is missing.
    pub(super) fn node(&mut self, key: &[u8]) -> Option<&mut Node> {
        let at = self.position(key);
        self.at(at)
    }

    /// The value at a position.
    #[inline]
    pub(super) fn at(&mut self, at: usize) -> Option<&mut Node> {
        Some(&mut self.list.get_mut(at)?.node)
    }

    /// The position of a key's value, which is created if it is missing.
    pub(super) fn position(&mut self, key: &[u8]) -> usize {
        let next = self.list.get(self.next);
        let at = match next.is_some_and(|member| member.key == key) {
            true => self.next,
            false => self.find(key).unwrap_or_else(|| self.push(key)),
        };
        self.found(at);
        at
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<&Node> {
        Some(&self.list.get(self.find(key)?)?.node)
    }

    fn find(&self, key: &[u8]) -> Option<usize> {
        let known = |member: &Member| member.key == key;
        if self.list.len() <= SMALL {
            return self.list.iter().position(known);
        }
        for slot in self.slots(key) {
            // An empty place means that the key is unknown: a known key would have been put before it.
            let at = self.table.get(slot)?.checked_sub(1)? as usize;
            if self.list.get(at).is_some_and(known) {
                return Some(at);
            }
        }
        None
    }

    fn push(&mut self, key: &[u8]) -> usize {
        let at = self.list.len();
        self.list.push(Member {
            key: key.to_vec(),
            node: Node::default(),
            merge: self.merge,
        });
        if at < SMALL {
            return at;
        }
        if self.table.len() < 2 * at {
            self.table.clear();
            self.table.resize((4 * at).next_power_of_two(), 0);
            for at in 0..at {
                self.enter(at);
            }
        }
        self.enter(at);
        at
    }

    /// Puts a member's position into the table.
    fn enter(&mut self, at: usize) {
        let Some(member) = self.list.get(at) else {
            return;
        };
        let mut slots = self.slots(&member.key);
        let free = slots.find(|slot| self.table.get(*slot) == Some(&0));
        if let Some(slot) = free.and_then(|slot| self.table.get_mut(slot)) {
            *slot = at as u32 + 1;
        }
    }

    fn slots(&self, key: &[u8]) -> impl Iterator<Item = usize> + use<> {
        let mask = self.table.len().wrapping_sub(1);
        let hash = key.iter().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
        });
        let hash = (hash ^ hash >> 15) as usize;
        (0..TRIES).map(move |step| hash.wrapping_add(step) & mask)
    }

    /// Drops its members.
    #[inline(never)]
    pub(super) fn empty(&mut self) {
        *self = Members::default();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Roughly how many bytes it takes, without texts and lists, which are counted when they arrive.
    pub(super) fn weight(&self) -> usize {
        let weight = |member: &Member| ENTRY + member.key.len() + member.node.weight();
        self.list.iter().map(weight).sum()
    }

    /// Appends its members except those of `without`, with commas between them, and one before them if something precedes.
    pub(super) fn write(&self, without: &[&[u8]], out: &mut Vec<u8>) {
        for member in &self.list {
            if member.node.is_empty() || without.contains(&member.key.as_slice()) {
                continue;
            }
            if !matches!(out.last(), Some(b'{')) {
                out.push(b',');
            }
            write_text(&member.key, out);
            out.push(b':');
            member.node.write(out);
        }
    }

    /// Calls `say` with its texts, except those of `without` and data, which a model doesn't write as tokens.
    pub(super) fn said(&self, without: &[&[u8]], say: Say<'_>) {
        let counts = |key: &[u8]| key != b"data" && !without.contains(&key);
        for member in self.list.iter().filter(|member| counts(&member.key)) {
            member.node.said(say);
        }
    }
}

/// Whether in a part `"key":value` only the last value counts, whatever came before: it contains no text and no list.
pub(in crate::wire) fn last_counts(part: Part, member: &[u8]) -> bool {
    match part {
        Part::Counts => true,
        Part::ChunkMember | Part::ChoiceMember => !member.contains(&b'['),
        Part::DeltaMember | Part::ToolMember | Part::FunctionMember => {
            let may_be_text = |key: &[u8]| key.contains(&b'\\') || Within::Nested.is_text(key);
            let key = member.split(|byte| *byte == b'"').nth(1);
            !member.iter().any(|byte| matches!(byte, b'{' | b'[')) && !key.is_some_and(may_be_text)
        }
        _ => false,
    }
}

/// The form in which a key is compared: without unnecessary escapes.
fn canonical(key: RawString<'_>) -> Cow<'_, [u8]> {
    let mut text = Vec::new();
    if !key.escaped || !unescape_into(key.raw, &mut text) {
        return Cow::Borrowed(key.raw);
    }
    let mut written = Vec::new();
    write_string(&String::from_utf8_lossy(&text), &mut written);
    Cow::Owned(inside(&written).to_vec())
}
