//! Reads a body through the core and turns its batches into values, as JavaScript does.
#![allow(dead_code)]

use hfetch::call::delivered::counter;
use hfetch::error::Class;
use hfetch::wire::batch::{
    ANY_FALSE, ANY_LIST, ANY_NULL, ANY_NUMBER, ANY_STRING, ANY_TRUE, BY_JSON, Batch, DEFINE, ORDER,
    SAME, WIDE,
};
use hfetch::wire::stream::{ChatDecoder, Mode};
use serde_json::{Value, json};

/// The record of a reader: items, the class and message of the fault, and the completion.
#[derive(Debug, PartialEq)]
pub struct Seen {
    pub items: Vec<Value>,
    pub fault: Option<(Class, String)>,
    pub folded: Value,
}

/// Bytes of the longest finish reason that a counting decoder keeps.
const LONGEST_REASON: usize = 256;

/// Reads a body that arrives in pieces. A decoder that only counts must come to the same result.
pub fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, mode: Mode) -> (Seen, ChatDecoder) {
    let pieces: Vec<&[u8]> = pieces.into_iter().collect();
    let (seen, decoder) = fold(pieces.iter().copied(), mode);
    let counting = count(pieces);
    let (account, whole) = (counting.completion(), decoder.completion());
    assert_eq!(counting.fault(), decoder.fault());
    // Compared as text, since a count that is NaN doesn't equal itself.
    assert_eq!(
        format!("{:?}", account.usage()),
        format!("{:?}", whole.usage())
    );
    match account.finish_reason() {
        // A long reason isn't kept; each of its letters may have been written as an escape.
        None => assert!(
            whole
                .finish_reason()
                .is_none_or(|reason| 6 * reason.len() > LONGEST_REASON)
        ),
        reason => assert_eq!(reason, whole.finish_reason()),
    }
    assert_eq!(account.has_finish(), whole.has_finish());
    assert_eq!(account.all_finished(), whole.all_finished());
    assert_eq!(account.choices_seen(), whole.choices_seen());
    assert_eq!(account.delivered_any(), whole.delivered_any());
    assert!(account.counted().is_some() && whole.counted().is_none());
    (seen, decoder)
}

/// Reads a body only to book it.
pub fn count<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> ChatDecoder {
    let mut decoder = ChatDecoder::counting(1 << 20, counter);
    for piece in pieces {
        decoder.push(piece, Mode::Fold);
    }
    decoder.end(Mode::Fold);
    decoder
}

fn fold<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, mode: Mode) -> (Seen, ChatDecoder) {
    let mut decoder = ChatDecoder::new(1 << 20);
    let mut templates = Vec::new();
    let mut items = Vec::new();
    for piece in pieces {
        decoder.push(piece, mode);
        items.extend(unpack(decoder.batch(), &mut templates, mode));
    }
    decoder.end(mode);
    items.extend(unpack(decoder.batch(), &mut templates, mode));
    let fault = decoder.fault();
    let fault = fault.map(|fault| (fault.error.class, fault.error.message.clone()));
    let folded = parse(&decoder.completion().to_json());
    let seen = Seen {
        items,
        fault,
        folded,
    };
    (seen, decoder)
}

/// The same with all texts joined, since the chunking decides how text is split.
pub fn joined(mut seen: Seen) -> Seen {
    let texts = seen.items.iter().map(|text| text.as_str().unwrap());
    assert!(texts.clone().all(|text| !text.is_empty()));
    seen.items = vec![json!(end_to_end(texts))];
    seen
}

/// Joins texts as JavaScript does: two halves of a surrogate pair that meet become one character.
pub fn end_to_end<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let units = texts.flat_map(str::chars).flat_map(|letter| {
        let half = u32::from(letter).checked_sub(HALVES);
        let half = half.filter(|half| (0xd800..0xe000).contains(half));
        let mut units = [half.unwrap_or_default() as u16, 0];
        let length = half.map_or_else(|| letter.encode_utf16(&mut units).len(), |_| 1);
        units.into_iter().take(length)
    });
    letters(units)
}

/// The text of units in UTF-16.
fn letters(units: impl Iterator<Item = u16>) -> String {
    let letters = char::decode_utf16(units);
    letters
        .map(|letter| letter.unwrap_or_else(|lone| half_character(lone.unpaired_surrogate())))
        .collect()
}

/// Rust strings can't contain lone surrogates, so these characters of private use stand for them.
const HALVES: u32 = 0x10_0000;

fn half_character(half: u16) -> char {
    char::from_u32(HALVES + u32::from(half)).unwrap()
}

/// How many items were made from a template.
pub fn filled(body: &[u8]) -> usize {
    let mut decoder = ChatDecoder::new(1 << 20);
    decoder.push(body, Mode::Chunks);
    (decoder.batch().items() - decoder.batch().whole()) as usize
}

/// A template as a reader outside the core knows it.
pub struct Known {
    example: Value,
    slots: Vec<Value>,
}

fn list(json: &[u8]) -> std::vec::IntoIter<Value> {
    if json.is_empty() {
        return Vec::new().into_iter();
    }
    match parse(json) {
        Value::Array(list) => list.into_iter(),
        other => panic!("no list: {other}"),
    }
}

pub fn unpack(batch: &Batch, templates: &mut Vec<Option<Known>>, mode: Mode) -> Vec<Value> {
    let mut ops = batch.ops().iter().copied();
    let (mut parsed, mut definitions) = (list(batch.json()), list(batch.definitions()));
    let mut numbers = batch.numbers().iter().copied();
    let text: Vec<u16> = std::str::from_utf8(batch.text())
        .unwrap()
        .encode_utf16()
        .collect();
    assert_eq!(text.len(), batch.units());
    let (mut at, mut items, mut before) = (0, Vec::new(), String::new());
    let mut wide = batch.wide().iter().copied();
    let mut string = |word: u32, ops: &mut dyn Iterator<Item = u32>, before: &mut String| {
        if word == WIDE {
            let length = ops.next().unwrap() as usize;
            *before = letters(wide.by_ref().take(length));
        } else if word != SAME {
            *before = String::from_utf16(&text[at..at + word as usize]).unwrap();
            at += word as usize;
        }
        json!(before)
    };
    while let Some(mut op) = ops.next() {
        if mode == Mode::Text {
            items.push(string(op, &mut ops, &mut before));
            continue;
        }
        if op == DEFINE {
            define(definitions.next().unwrap(), templates);
            op = ops.next().unwrap();
        }
        if op == 0 {
            items.push(parsed.next().unwrap());
            continue;
        }
        let is_moved = op == ORDER;
        if is_moved {
            op = ops.next().unwrap();
        }
        let known = templates[op as usize - 1].as_ref().unwrap();
        let mut chunk = known.example.clone();
        let names = chunk.as_object().unwrap().keys().cloned();
        let names: Vec<String> = names.filter(|_| is_moved).collect();
        let order: Vec<u32> = ops.by_ref().take(names.len()).collect();
        for slot in &known.slots {
            let word = ops.next().unwrap();
            let value = match (word, slot["kind"].as_u64().unwrap()) {
                (BY_JSON, _) => parsed.next().unwrap(),
                (_, 0) => string(word, &mut ops, &mut before),
                (_, 1) => number(numbers.next().unwrap()),
                (length, 2) => numbers.by_ref().take(length as usize).map(number).collect(),
                (ANY_LIST, _) => {
                    let length = ops.next().unwrap();
                    let mut element = || {
                        let word = ops.next().unwrap();
                        any(word, &mut numbers, &mut |word| {
                            string(word, &mut std::iter::empty(), &mut String::new())
                        })
                    };
                    (0..length).map(|_| element()).collect()
                }
                (word, _) => any(word, &mut numbers, &mut |word| {
                    string(word, &mut std::iter::empty(), &mut String::new())
                }),
            };
            *place(&mut chunk, &slot["path"]) = value;
        }
        if is_moved {
            let in_order = order.iter().map(|name| names[*name as usize].clone());
            chunk = in_order
                .map(|name| (name.clone(), chunk[&name].take()))
                .collect();
        }
        items.push(chunk);
    }
    assert_eq!(items.len(), batch.items() as usize);
    assert!(parsed.next().is_none() && numbers.next().is_none() && definitions.next().is_none());
    assert!(wide.next().is_none());
    items
}

/// The value for a word in a slot for any value.
fn any(
    word: u32,
    numbers: &mut dyn Iterator<Item = f64>,
    string: &mut dyn FnMut(u32) -> Value,
) -> Value {
    match word {
        ANY_NULL => Value::Null,
        ANY_TRUE => json!(true),
        ANY_FALSE => json!(false),
        ANY_NUMBER => number(numbers.next().unwrap()),
        _ => string(word - ANY_STRING),
    }
}

fn define(definition: Value, templates: &mut Vec<Option<Known>>) {
    let index = serde_json::from_value::<f64>(definition["index"].clone()).unwrap_or(0.0) as usize;
    let index = definition["index"]
        .as_u64()
        .map_or(index, |index| index as usize);
    templates.resize_with(templates.len().max(index + 1), || None);
    templates[index] = Some(Known {
        example: definition["example"].clone(),
        slots: definition["slots"].as_array().unwrap().clone(),
    });
}

fn place<'v>(chunk: &'v mut Value, path: &Value) -> &'v mut Value {
    path.as_array()
        .unwrap()
        .iter()
        .fold(chunk, |value, step| match step {
            Value::String(key) => value.get_mut(key).unwrap(),
            index => value.get_mut(index.as_u64().unwrap() as usize).unwrap(),
        })
}

/// Parses JSON as JavaScript does: numbers are f64, and a lone surrogate becomes its character among the `HALVES`.
pub fn parse(text: &[u8]) -> Value {
    let text = whole_characters(String::from_utf8(text.to_vec()).unwrap());
    as_javascript(serde_json::from_str(&text).unwrap())
}

/// JSON in which characters of private use replace lone surrogates, which serde_json refuses.
pub fn whole_characters(mut text: String) -> String {
    let half = |text: &str, at: usize| u16::from_str_radix(text.get(at + 2..at + 6)?, 16).ok();
    let mut at = 0;
    while let Some(found) = text[at..].find('\\') {
        at += found;
        let pair = (half(&text, at), half(&text, at + 6));
        let unicode = text[at..].starts_with("\\u");
        at += match pair {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000))
                if unicode && text[at + 6..].starts_with("\\u") =>
            {
                12
            }
            (Some(lone @ 0xd800..0xe000), _) if unicode => {
                let character = half_character(lone);
                text.replace_range(at..at + 6, character.encode_utf8(&mut [0; 4]));
                character.len_utf8()
            }
            _ => 2,
        };
    }
    text
}

/// The same value with every number as the f64 that JavaScript sees.
pub fn as_javascript(value: Value) -> Value {
    match value {
        Value::Number(text) => number(text.to_string().parse().unwrap()),
        Value::Array(elements) => elements.into_iter().map(as_javascript).collect(),
        Value::Object(entries) => Value::Object(
            entries
                .into_iter()
                .map(|(key, value)| (key, as_javascript(value)))
                .collect(),
        ),
        other => other,
    }
}

fn number(number: f64) -> Value {
    let whole = number as i64;
    if whole as f64 == number
        && whole.abs() < 1 << 53
        && !(number == 0.0 && number.is_sign_negative())
    {
        return json!(whole);
    }
    serde_json::Number::from_f64(number).map_or(json!(number.to_string()), Value::Number)
}
