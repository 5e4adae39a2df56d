//! The shape of a payload: where its strings, numbers and arrays of numbers stand.

use std::ops::Range;

use super::SlotKind;
use crate::json::{Kind, RawString, Scanner, Stop};

/// Keys of an object that are held against one another; one with more is no chunk's.
const MAX_KEYS: usize = 256;

/// One step of the way to a value.
#[derive(Debug)]
pub(super) enum Step<'a> {
    Key(RawString<'a>),
    Index(usize),
}

/// Takes a value's path, kind and place.
pub(super) type Visit<'v, 'a> = dyn FnMut(&[Step<'a>], SlotKind, Range<usize>) + 'v;

/// Visits every string, number and array of numbers in order; `false` if a key makes the shape unfit for a template:
/// a repeated one, of which `JSON.parse` keeps the last, or `__proto__`, which assignment treats in its own way.
pub(super) fn walk<'a>(
    scanner: &mut Scanner<'a>,
    path: &mut Vec<Step<'a>>,
    visit: &mut Visit<'_, 'a>,
) -> Result<bool, Stop> {
    let kind = scanner.kind()?;
    let start = scanner.at();
    match kind {
        Kind::Null | Kind::Bool => drop(scanner.skip()?),
        Kind::Number => {
            scanner.number()?;
            visit(path, SlotKind::Number, start..scanner.at());
        }
        Kind::String => {
            scanner.string()?;
            visit(path, SlotKind::String, start + 1..scanner.at() - 1);
        }
        Kind::Array => {
            let mut probe = scanner.clone();
            if numbers(&mut probe)? {
                *scanner = probe;
                visit(path, SlotKind::Numbers, start..scanner.at());
                return Ok(true);
            }
            scanner.begin_array()?;
            let mut sound = true;
            for index in 0.. {
                if !scanner.next_element()? {
                    break;
                }
                path.push(Step::Index(index));
                sound &= walk(scanner, path, visit)?;
                path.pop();
            }
            return Ok(sound);
        }
        Kind::Object => {
            let mut names = Vec::new();
            let mut sound = true;
            scanner.begin_object()?;
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
            return Ok(sound);
        }
    }
    Ok(true)
}

/// Reads an array if it is one of numbers alone, and at least one.
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

/// `{"kind":0,"path":["choices",0,"delta","content"]}`, the kind as in [`SlotKind`].
pub(super) fn write_slot(path: &[Step<'_>], kind: SlotKind, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"kind\":");
    write_index(kind as usize, out);
    out.extend_from_slice(b",\"path\":[");
    for (at, step) in path.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        match step {
            Step::Key(key) => {
                out.push(b'"');
                out.extend_from_slice(key.raw);
                out.push(b'"');
            }
            Step::Index(index) => write_index(*index, out),
        }
    }
    out.extend_from_slice(b"]}");
}

pub(super) fn write_index(index: usize, out: &mut Vec<u8>) {
    if index >= 10 {
        write_index(index / 10, out);
    }
    out.push(b'0' + (index % 10) as u8);
}
