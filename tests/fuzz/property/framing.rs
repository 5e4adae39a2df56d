//! Event streams: the same events however the bytes are split, equal to those of a literal reading of the standard.

use hfetch::wire::sse::{Event, Sink, SseDecoder, TooLarge};

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

/// The first byte is the limit; the first line holds the sizes of the pieces.
pub fn hold(data: &[u8]) {
    let (sizes, body) = super::head(data);
    let pieces = super::pieces(body, sizes);
    let single: Vec<&[u8]> = body.chunks(1).collect();
    let (events, end) = decode(&[body], 1 << 20, false);
    assert_eq!(end, Ok(()));
    assert_eq!(events, by_the_standard(body, false));
    assert_eq!(decode(&pieces, 1 << 20, false).0, events);
    let (events, _) = decode(&[body], 1 << 20, true);
    assert_eq!(events, by_the_standard(body, true));
    assert_eq!(decode(&single, 1 << 20, true).0, events);
    // With a small limit: in every chunking the same events come before it is reached, and no event is longer.
    let limit = sizes.first().map_or(16, |byte| *byte as usize + 1);
    let (whole, end) = decode(&[body], limit, false);
    assert_eq!(decode(&pieces, limit, false), (whole.clone(), end));
    assert_eq!(decode(&single, limit, false), (whole, end));
}

fn by_the_standard(input: &[u8], lenient: bool) -> Vec<Owned> {
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
                let event = if event.is_empty() { "message" } else { &event };
                events.push((event.to_string(), data, id.clone()));
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
