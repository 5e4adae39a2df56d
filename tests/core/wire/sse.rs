//! Event-stream framing: a table of the standard's rules, each in every chunking.

use hfetch::wire::sse::{Event, Sink, SseDecoder, TooLarge};
use proptest::prelude::*;

type Owned = (String, String, String);

#[derive(Default)]
struct Collect(Vec<Owned>);

impl Sink for Collect {
    fn event(&mut self, event: Event<'_>) -> bool {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        if let Some(at) = event.only_line {
            assert!(event.block[at..].starts_with(event.data));
        }
        self.0
            .push((text(event.name), text(event.data), text(event.id)));
        true
    }
}

fn decode(pieces: &[&[u8]], limit: usize, lenient: bool) -> (Vec<Owned>, Result<(), TooLarge>) {
    let (mut decoder, mut sink) = (SseDecoder::new(limit), Collect::default());
    for piece in pieces {
        if let Err(error) = decoder.push(piece, &mut sink) {
            return (sink.0, Err(error));
        }
    }
    if lenient {
        decoder.end_lenient(&mut sink);
    } else {
        decoder.end();
    }
    (sink.0, Ok(()))
}

/// The standard taken literally: the whole input is decoded, split into lines, and read field by field.
fn oracle(input: &[u8], lenient: bool) -> Vec<Owned> {
    let text = String::from_utf8_lossy(input).into_owned();
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<&str> = text.split('\n').collect();
    let rest = lines.pop().unwrap();
    if lenient {
        lines.extend([rest, ""]);
    }
    let (mut events, mut name, mut id) = (Vec::new(), String::new(), String::new());
    let mut data: Option<String> = None;
    for line in lines {
        if line.is_empty() {
            let event = std::mem::take(&mut name);
            if let Some(data) = data.take() {
                let event = if event.is_empty() {
                    "message".to_string()
                } else {
                    event
                };
                events.push((event, data, id.clone()));
            }
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                data = Some(match data.take() {
                    Some(before) => before + "\n" + value,
                    None => value.to_string(),
                });
            }
            "event" => name = value.to_string(),
            "id" if !value.contains('\0') => id = value.to_string(),
            _ => {}
        }
    }
    events
}

const TABLE: &[&str] = &[
    "",
    "data: a\n\n",
    "data: a\r\r",
    "data: a\r\n\r\n",
    "data: a\r\n\rdata: b\n\r\ndata: c\r\r\n",
    "data:a\n\ndata:  two spaces\n\n",
    "data\n\ndata:\n\ndata: \n\n",
    "data: 1\ndata: 2\ndata\ndata: 4\n\n",
    "event: ping\n\nevent: error\ndata: x\n\ndata: y\n\n",
    "event: a\nevent: b\ndata: x\n\nevent:\ndata: y\n\n",
    "id: 7\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
    "id: 7\n\nid: a\0b\ndata: a\n\n",
    "retry: 10\ndata: a\n\nretry: x\ndata: b\n\n",
    ": comment\n\n:\n:\ndata: a\n: inside\ndata: b\n\n:end",
    "\u{feff}data: a\n\n\u{feff}data: b\n\n",
    "\u{feff}\ndata: a\n\n",
    "\u{feff}",
    "data: é 😀 日本\n\n",
    "data : a\n\n data: b\n\nDATA: c\n\ndata: d\n\n",
    "unknown: x\nnocolon\ndata: a:b:c\n\n",
    "\n\n\ndata: a\n\n\n\n\r\r\r\ndata: b\n\n",
    "data: cut off",
    "data: cut off\n",
    "data: cut off\r",
    "data: a\n\nevent: late\ndata: b",
    ":only a comment",
    ":\rdata: a\r:\r\ndata: b\r\r:\r",
    "event: a\nid: 1\n\ndata: x\n\n",
];

#[test]
fn every_rule_at_every_split_and_byte_by_byte() {
    for input in TABLE {
        let bytes = input.as_bytes();
        for lenient in [false, true] {
            let expected = (oracle(bytes, lenient), Ok(()));
            assert_eq!(decode(&[bytes], 1 << 20, lenient), expected, "{input:?}");
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(
                decode(&single, 1 << 20, lenient),
                expected,
                "{input:?} byte by byte"
            );
            for first in 0..=bytes.len() {
                for second in first..=bytes.len() {
                    let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
                    let decoded = decode(&pieces, 1 << 20, lenient);
                    assert_eq!(decoded, expected, "{input:?} at {first}, {second}");
                }
            }
        }
    }
}

#[test]
fn a_part_of_a_byte_order_mark_is_none() {
    let (events, _) = decode(&[b"\xef", b"\xbb", b"data: a\n\ndata: b\n\n"], 99, false);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].1, "b");
}

#[test]
fn the_limit_counts_the_event_at_any_chunking() {
    for (text, fits) in [
        ("data: 123456\n\n", false),
        ("data: 12345\n\n", true),
        ("data: 12345\r\n\r\n", false),
        ("data: 1\ndata\n\n", false),
        (": a long comment is no event\n\ndata: 1\n\n", true),
        ("data: 123456789", false),
    ] {
        let bytes = text.as_bytes();
        for split in 0..=bytes.len() {
            let (_, result) = decode(&[&bytes[..split], &bytes[split..]], 12, true);
            assert_eq!(result.is_ok(), fits, "{text:?} at {split}");
        }
    }
}

#[test]
fn events_before_one_that_is_too_large_are_kept() {
    let (events, result) = decode(&[b"data: a\n\ndata: 1234567890\n\ndata: b\n\n"], 12, false);
    assert_eq!((events.len(), result), (1, Err(TooLarge)));
}

#[test]
fn a_comment_that_never_ends_needs_no_memory_and_no_limit() {
    let (mut decoder, mut sink) = (SseDecoder::new(16), Collect::default());
    for _ in 0..1000 {
        decoder.push(b": still here", &mut sink).unwrap();
    }
    decoder.push(b"\n\ndata: a\n\n", &mut sink).unwrap();
    assert_eq!(sink.0.len(), 1);
}

proptest! {
    #[test]
    fn any_bytes_at_any_chunking(
        words in prop::collection::vec(prop_oneof![
            Just("data"), Just(": "), Just(":"), Just("\n"), Just("\r"), Just("\r\n"), Just("\n\n"), Just("id"),
            Just("event"), Just("x"), Just("é"), Just("\u{feff}"), Just(" "), Just("\0"), Just("data: {}\n\n"),
        ], 0..40),
        cuts in prop::collection::vec(0usize..200, 0..8),
        lenient in any::<bool>(),
    ) {
        let text = words.concat();
        let bytes = text.as_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        prop_assert_eq!(decode(&pieces, 1 << 20, lenient), (oracle(bytes, lenient), Ok(())));
    }
}
