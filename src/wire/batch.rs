//! The items that one network chunk completed, in a form that JavaScript builds with few crossings: one list of numbers says what
//! comes, and the values are in a few large pieces.

use std::ops::Range;

use super::buffer::Buffer;
use super::chunk::Field;
use super::template::{Match, ONCE, SlotKind, Template, define_once, equal};
use crate::json::block::{Block16, is_ascii};
use crate::json::{closing_quote, exact_number, inside, literal, literals, unescape_wide};

/// In [`Batch::ops`]: the value is the next one of [`Batch::json`].
pub const BY_JSON: u32 = u32::MAX;
/// In [`Batch::ops`]: the string equals the previous one.
pub const SAME: u32 = u32::MAX - 1;
/// In [`Batch::ops`]: a length follows, and the string is made from the next units of [`Batch::wide`].
pub const WIDE: u32 = u32::MAX - 3;
/// In [`Batch::ops`]: the number is the next one of [`Batch::numbers`].
pub const EXACT: u32 = 0;

/// In [`Batch::ops`]: before the next item, the next one of [`Batch::definitions`] replaces an older template.
pub const DEFINE: u32 = u32::MAX - 2;

/// In a slot for any value: `null`; the numbers of these three are those of [`literal`].
pub const ANY_NULL: u32 = 0;
/// In a slot for any value: `true`.
pub const ANY_TRUE: u32 = 1;
/// In a slot for any value: `false`.
pub const ANY_FALSE: u32 = 2;
/// In a slot for any value: the number is the next one of [`Batch::numbers`].
pub const ANY_NUMBER: u32 = 3;
/// In a slot for any value: an array. Its length follows, and then a word for each element, none of which is an array.
pub const ANY_LIST: u32 = 4;
/// In a slot for any value: a string of [`Batch::text`]; its length in UTF-16 units is added to this number.
pub const ANY_STRING: u32 = 5;

/// In [`Batch::ops`]: after the template's number follows a word for each of the chunk's own keys, the key's number in the
/// template, in the order in which the chunk has them.
pub const ORDER: u32 = u32::MAX - 4;

/// From this many bytes on, a text with escapes for characters beyond ASCII is passed on as UTF-16, since writing UTF-8 that has to
/// be decoded again takes longer.
const LONG_ESCAPED: usize = 32;

/// The items of one call.
///
/// In [`Batch::ops`] a chunk is 0 (the next one of `json`), or its template's number plus one, followed by a word for each slot: a
/// string's length in UTF-16 units (the string is the next one of `text`), [`SAME`] or [`WIDE`]; [`EXACT`]; the length of an array
/// of numbers (the next ones of `numbers`); a word for a value of any kind; or [`BY_JSON`]. A text item is all of `text`, or all of
/// `wide`.
///
/// ```
/// use hfetch::wire::batch::DEFINE;
/// use hfetch::wire::stream::{ChatDecoder, Mode};
///
/// let event = |word: &str| format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{word}\"}}}}]}}\n\n");
/// let mut decoder = ChatDecoder::new(1 << 20);
/// decoder.push([event("Once"), event(" upon"), event(" a"), event(" time")].concat().as_bytes(), Mode::Chunks);
///
/// // Two chunks come as JSON. The other two are a template, which comes once, and their texts.
/// let batch = decoder.batch();
/// assert_eq!(batch.items(), 4);
/// assert_eq!(batch.ops(), [0, 0, DEFINE, 1, 2, 1, 5]);
/// assert_eq!(batch.text(), b" a time");
/// ```
#[derive(Debug, Default)]
pub struct Batch {
    ops: Vec<u32>,
    items: u32,
    whole: u32,
    text: Buffer,
    units: usize,
    wide: Vec<u16>,
    numbers: Vec<f64>,
    /// JSON arrays, without their closing brackets until `seal`.
    json: Vec<u8>,
    definitions: Vec<u8>,
}

impl Batch {
    /// Empties the batch for the next call.
    pub fn clear(&mut self) {
        self.ops.clear();
        self.items = 0;
        self.whole = 0;
        self.text.clear();
        self.units = 0;
        self.wide.clear();
        self.numbers.clear();
        self.json.clear();
        self.definitions.clear();
    }

    /// Closes the JSON arrays.
    pub fn seal(&mut self) {
        for list in [&mut self.json, &mut self.definitions] {
            if !list.is_empty() {
                list.push(b']');
            }
        }
    }

    /// The words that say what comes, in order.
    pub fn ops(&self) -> &[u32] {
        &self.ops
    }

    /// The number of items.
    pub fn items(&self) -> u32 {
        self.items
    }

    /// How many items are chunks given as JSON.
    pub fn whole(&self) -> u32 {
        self.whole
    }

    /// The strings of slots, joined, as UTF-8.
    pub fn text(&self) -> &[u8] {
        self.text.as_slice()
    }

    /// The length of all strings of [`Batch::text`] in UTF-16 units.
    pub fn units(&self) -> usize {
        self.units
    }

    /// The strings that are better passed on as UTF-16, joined.
    pub fn wide(&self) -> &[u16] {
        &self.wide
    }

    /// The numbers of slots.
    pub fn numbers(&self) -> &[f64] {
        &self.numbers
    }

    /// A JSON array or nothing: whole chunks, and values that `JSON.parse` reads faster.
    pub fn json(&self) -> &[u8] {
        &self.json
    }

    /// A JSON array or nothing: templates, each announced by [`DEFINE`].
    pub fn definitions(&self) -> &[u8] {
        &self.definitions
    }

    /// Adds a chunk as JSON or, if it contains long texts, with a template of its own.
    pub fn chunk(&mut self, payload: &[u8], fields: &[Field]) {
        self.items += 1;
        let before = self.definitions.len();
        separate(&mut self.definitions);
        let Some(texts) = define_once(payload, fields, &mut self.definitions) else {
            self.definitions.truncate(before);
            self.ops.push(0);
            self.whole += 1;
            element(&mut self.json, payload);
            return;
        };
        self.ops.extend_from_slice(&[DEFINE, ONCE as u32 + 1]);
        for text in texts {
            let raw = payload.get(text).unwrap_or_default();
            self.string(raw);
        }
    }

    /// Adds a string, given as it is written between its quotes.
    fn string(&mut self, raw: &[u8]) {
        let ascii = is_ascii(raw);
        let word = match raw.contains(&b'\\') {
            true => self.escaped(raw, ascii),
            false => self.plain(raw, 0..raw.len(), ascii),
        };
        self.ops.push(word);
    }

    /// Announces a template.
    #[cold]
    fn define(&mut self, index: usize, template: &Template) {
        self.ops.push(DEFINE);
        separate(&mut self.definitions);
        template.define(index, &mut self.definitions);
    }

    /// Adds a chunk by its template and the values of its slots.
    #[inline]
    pub fn filled(&mut self, found: Match<'_>, block: &[u8]) {
        let Match {
            index,
            template,
            slots,
            order,
            ..
        } = found;
        if !std::mem::replace(&mut template.handed_on, true) {
            self.define(index, template);
        }
        if order.is_some() {
            self.ops.push(ORDER);
        }
        self.ops.push(index as u32 + 1);
        if let Some(order) = order {
            self.ops.extend_from_slice(&order.sequence);
        }
        self.items += 1;
        let mut before: Option<&[u8]> = None;
        for slot in slots {
            let bytes = block.get(slot.span.clone()).unwrap_or_default();
            let word = match slot.kind {
                SlotKind::String if before.is_some_and(|before| equal(before, bytes)) => SAME,
                SlotKind::String => {
                    before = Some(bytes);
                    match slot.escaped {
                        true => self.escaped(bytes, slot.ascii),
                        false => self.plain(block, slot.span.clone(), slot.ascii),
                    }
                }
                SlotKind::Number => self.number(bytes),
                SlotKind::Numbers => self.list(bytes),
                SlotKind::Any => {
                    self.any(bytes);
                    continue;
                }
            };
            self.ops.push(word);
        }
    }

    /// Adds a text, given as it is written between its quotes; an empty text adds no item.
    pub fn text_item(&mut self, raw: &[u8]) {
        if raw.is_empty() {
            return;
        }
        self.items += 1;
        self.string(raw);
    }

    /// Adds a string with escapes, except for its last word, which is returned; `ascii`: all of it is ASCII as written.
    #[cfg_attr(optimize_attribute, optimize(speed))]
    fn escaped(&mut self, raw: &[u8], ascii: bool) -> u32 {
        let start = self.text.len();
        let narrow = ascii && raw.len() >= LONG_ESCAPED;
        let unescaped = self.text.append_unescaped(raw, narrow);
        if unescaped.exact {
            let units = match ascii && unescaped.ascii {
                true => unescaped.length,
                false => units(self.text().get(start..).unwrap_or_default()),
            };
            self.units += units;
            return units as u32;
        }
        let start = self.wide.len();
        unescape_wide(raw, &mut self.wide);
        self.ops.push(WIDE);
        (self.wide.len() - start) as u32
    }

    /// Appends a text without escapes; returns its length in UTF-16 units.
    #[inline(always)]
    fn plain(&mut self, block: &[u8], span: Range<usize>, ascii: bool) -> u32 {
        let units = match ascii {
            true => span.len(),
            false => units(block.get(span.clone()).unwrap_or_default()),
        };
        self.text.append(block, span);
        self.units += units;
        units as u32
    }

    /// Adds a value of any kind: directly if it contains no other values or is an array of such, otherwise as JSON.
    #[inline(never)]
    fn any(&mut self, value: &[u8]) {
        let (ops, numbers, text, units) = (
            self.ops.len(),
            self.numbers.len(),
            self.text.len(),
            self.units,
        );
        let read = match value {
            [b'[', ..] => self.elements(value),
            _ => self.scalar(value),
        };
        if read != Some(value.len()) {
            self.ops.truncate(ops);
            self.numbers.truncate(numbers);
            self.text.truncate(text);
            self.units = units;
            let word = self.by_json(value);
            self.ops.push(word);
        }
    }

    /// Adds an array without spaces, objects and arrays in it; returns its length.
    #[cfg_attr(optimize_attribute, optimize(speed))]
    fn elements(&mut self, array: &[u8]) -> Option<usize> {
        self.ops.extend_from_slice(&[ANY_LIST, 0]);
        let (place, mut at) = (self.ops.len(), 1);
        loop {
            at += literals(array.get(at..)?, |word| self.ops.push(word));
            at += self.scalar(array.get(at..)?)? + 1;
            match array.get(at - 1)? {
                b',' => {}
                b']' => break,
                _ => return None,
            }
        }
        let count = self.ops.len() - place;
        *self.ops.get_mut(place - 1)? = count as u32;
        Some(at)
    }

    /// Adds the value at the start of `rest`, which is no object or array; returns its length in bytes.
    #[cfg_attr(optimize_attribute, optimize(speed))]
    fn scalar(&mut self, rest: &[u8]) -> Option<usize> {
        let (word, length) = match rest.first()? {
            b'n' | b't' | b'f' => literal(rest)?,
            b'"' => {
                let closing = closing_quote(rest, 1).ok().filter(|end| !end.escaped)?;
                let units = self.plain(rest, 1..closing.at, closing.ascii);
                (ANY_STRING + units, closing.at + 1)
            }
            b'-' | b'0'..=b'9' => {
                let ends = |byte: &u8| matches!(byte, b',' | b']');
                let length = rest.iter().position(ends).unwrap_or(rest.len());
                self.numbers.push(exact_number(rest.get(..length)?)?);
                (ANY_NUMBER, length)
            }
            _ => return None,
        };
        self.ops.push(word);
        Some(length)
    }

    /// Adds an array of numbers, if each is exact; returns its length.
    fn list(&mut self, json: &[u8]) -> u32 {
        let start = self.numbers.len();
        let elements = inside(json);
        let mut found = self.whole_numbers(elements);
        if found.is_none() {
            self.numbers.truncate(start);
            found = self.exact_numbers(elements);
        }
        if found.is_none() {
            self.numbers.truncate(start);
            return self.by_json(json);
        }
        (self.numbers.len() - start) as u32
    }

    /// Adds a list of any numbers, if each is exact.
    #[inline(never)]
    fn exact_numbers(&mut self, elements: &[u8]) -> Option<()> {
        for text in elements.split(|byte| *byte == b',') {
            self.numbers.push(exact_number(text.trim_ascii())?);
        }
        Some(())
    }

    /// Adds the usual list: small whole numbers, such as the bytes of a token.
    fn whole_numbers(&mut self, elements: &[u8]) -> Option<()> {
        let mut number = 0;
        for byte in elements {
            match byte {
                b'0'..=b'9' if number < u32::MAX / 10 => {
                    number = number * 10 + u32::from(byte - b'0')
                }
                b',' => self.numbers.push(f64::from(std::mem::take(&mut number))),
                _ => return None,
            }
        }
        self.numbers.push(f64::from(number));
        Some(())
    }

    #[inline]
    fn number(&mut self, text: &[u8]) -> u32 {
        match exact_number(text) {
            Some(number) => {
                self.numbers.push(number);
                EXACT
            }
            None => self.by_json(text),
        }
    }

    /// Adds a value that `JSON.parse` reads faster.
    fn by_json(&mut self, value: &[u8]) -> u32 {
        element(&mut self.json, value);
        BY_JSON
    }
}

/// The length in UTF-16 units of a text in UTF-8.
fn units(utf8: &[u8]) -> usize {
    let (blocks, rest) = utf8.as_chunks();
    let wide = |byte: &u8| (*byte & 0xc0 != 0x80) as usize + (*byte >= 0xf0) as usize;
    let long = |block| Block16::new(block).units() as usize;
    blocks.iter().map(long).sum::<usize>() + rest.iter().map(wide).sum::<usize>()
}

fn element(list: &mut Vec<u8>, json: &[u8]) {
    separate(list);
    list.extend_from_slice(json);
}

fn separate(list: &mut Vec<u8>) {
    list.push(if list.is_empty() { b'[' } else { b',' });
}
