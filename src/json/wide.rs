//! Strings as UTF-16: engines store a string with characters beyond Latin-1 in this form.

use super::text::{hex, simple_escape};

/// Appends the decoded text between two quotes as UTF-16. A lone surrogate is kept, since UTF-16 can represent it, unlike UTF-8.
///
/// ```
/// use hfetch::json::unescape_wide;
///
/// let mut units = Vec::new();
/// unescape_wide(br"\u00e9 \ud83d", &mut units);
/// assert_eq!(units, [0xe9, 0x20, 0xd83d]);
/// ```
pub fn unescape_wide(raw: &[u8], out: &mut Vec<u16>) {
    // No escape and no character has more units than bytes.
    out.reserve(raw.len());
    let mut rest = raw;
    while let Some((first, behind)) = rest.split_first() {
        rest = match first {
            b'\\' => escape(behind, out),
            0x80.. => beyond_ascii(rest, out),
            byte => {
                out.push(u16::from(*byte));
                behind
            }
        };
    }
}

/// Appends the value of the escape whose backslash is before `rest`; returns the text after the escape.
#[inline(always)]
fn escape<'r>(rest: &'r [u8], out: &mut Vec<u16>) -> &'r [u8] {
    let Some((letter, behind)) = rest.split_first() else {
        return rest;
    };
    if let (b'u', Some((digits, behind))) = (letter, behind.split_at_checked(4)) {
        out.push(hex(Some(digits)).unwrap_or_default() as u16);
        return behind;
    }
    out.push(u16::from(simple_escape(*letter).unwrap_or_default()));
    behind
}

/// Appends the characters beyond ASCII at the start of `rest`; returns the text after them.
#[inline(never)]
fn beyond_ascii<'r>(rest: &'r [u8], out: &mut Vec<u16>) -> &'r [u8] {
    let length = rest.iter().position(u8::is_ascii).unwrap_or(rest.len());
    let (characters, behind) = rest.split_at(length);
    out.extend(String::from_utf8_lossy(characters).encode_utf16());
    behind
}
