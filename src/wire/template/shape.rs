//! The shape of a payload: the places of its values.

use std::ops::Range;

use super::SlotKind;
use crate::json::{Kind, RawString, Scanner, Stop, put, write_whole};

/// The most keys of an object that are compared with each other; a chunk's object never has more.
const MAX_KEYS: usize = 256;

/// One step of the path to a value.
#[derive(Debug)]
pub(super) enum Step<'a> {
    Key(RawString<'a>),
    Index(usize),
}

/// A sight on the walk through an event's values.
#[derive(Debug)]
pub(super) enum Sight {
    /// A value that contains no others, or an array of numbers.
    Value(SlotKind, Range<usize>),
    /// The beginning of an object or another array; what follows is inside of it.
    Opens(usize),
    /// The end of the innermost object or array.
    Closes(usize),
}

/// A function that gets each sight of a walk, and the path to it.
pub(super) type Visit<'v, 'a> = dyn FnMut(&[Step<'a>], Sight) + 'v;

/// Visits every value in order. Returns `false` if a key makes the shape unfit for a template: a repeated key, of which
/// `JSON.parse` keeps the last, or `__proto__`, which an assignment treats specially.
pub(super) fn walk<'a>(
    scanner: &mut Scanner<'a>,
    path: &mut Vec<Step<'a>>,
    visit: &mut Visit<'_, 'a>,
) -> Result<bool, Stop> {
    let kind = scanner.kind()?;
    let start = scanner.at();
    match kind {
        Kind::Null | Kind::Bool => {
            scanner.skip()?;
            visit(path, Sight::Value(SlotKind::Any, start..scanner.at()));
        }
        Kind::Number => {
            scanner.number()?;
            visit(path, Sight::Value(SlotKind::Number, start..scanner.at()));
        }
        Kind::String => {
            scanner.string()?;
            let inside = start + 1..scanner.at() - 1;
            visit(path, Sight::Value(SlotKind::String, inside));
        }
        Kind::Array => {
            let mut probe = scanner.clone();
            if numbers(&mut probe)? {
                *scanner = probe;
                visit(path, Sight::Value(SlotKind::Numbers, start..scanner.at()));
                return Ok(true);
            }
            scanner.begin_array()?;
            visit(path, Sight::Opens(start));
            let mut sound = true;
            for index in 0.. {
                if !scanner.next_element()? {
                    break;
                }
                path.push(Step::Index(index));
                sound &= walk(scanner, path, visit)?;
                path.pop();
            }
            visit(path, Sight::Closes(scanner.at()));
            return Ok(sound);
        }
        Kind::Object => {
            let mut names = Vec::new();
            let mut sound = true;
            scanner.begin_object()?;
            visit(path, Sight::Opens(start));
            while let Some(key) = scanner.next_key()? {
                let name = key.decoded();
                sound &= name != b"__proto__".as_slice()
                    && names.len() < MAX_KEYS
                    && !names.contains(&name);
                names.push(name);
                path.push(Step::Key(key));
                sound &= walk(scanner, path, visit)?;
                path.pop();
            }
            visit(path, Sight::Closes(scanner.at()));
            return Ok(sound);
        }
    }
    Ok(true)
}

/// Reads an array, if it contains only numbers and at least one.
pub(super) fn numbers(scanner: &mut Scanner<'_>) -> Result<bool, Stop> {
    let mut any = false;
    scanner.begin_array()?;
    while scanner.next_element()? {
        if scanner.kind()? != Kind::Number {
            return Ok(false);
        }
        scanner.number()?;
        any = true;
    }
    Ok(any)
}

/// Writes `{"kind":0,"path":["choices",0,"delta","content"]}`, with the kind as in [`SlotKind`] and a comma between two of them.
pub(super) fn write_slot(path: &[Step<'_>], kind: SlotKind, out: &mut Vec<u8>) {
    if !out.is_empty() {
        out.push(b',');
    }
    put(out, &[b"{\"kind\":"]);
    write_whole(kind as u64, out);
    put(out, &[b",\"path\":["]);
    for (at, step) in path.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        match step {
            Step::Key(key) => put(out, &[b"\"", key.raw, b"\""]),
            Step::Index(index) => write_whole(*index as u64, out),
        }
    }
    put(out, &[b"]}"]);
}
