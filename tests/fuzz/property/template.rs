//! Chat streams: each chunk is what a JSON parser makes of its event; the whole answer and its end are the same however the bytes
//! are split.

use hfetch::json;
use hfetch::wire::stream::Mode;

use super::shallow;
use crate::reader::{Seen, end_to_end, parse, read};

/// The first line holds the sizes of the pieces; each further line is the data of an event.
pub fn hold(data: &[u8]) {
    let (sizes, rest) = super::head(data);
    let payloads: Vec<&[u8]> = rest.split(|byte| *byte == b'\n').collect();
    let mut body = Vec::new();
    for payload in &payloads {
        body.extend_from_slice(b"data: ");
        body.extend_from_slice(payload);
        body.extend_from_slice(b"\n\n");
    }
    same_at_every_chunking(&body, sizes);
    same_at_every_chunking(rest, sizes);
    if !shallow(rest) {
        return;
    }
    let (seen, _) = read([body.as_slice()], Mode::Chunks);
    let expected: Vec<String> = payloads
        .iter()
        .copied()
        .take_while(|payload| payload.trim_ascii() != b"[DONE]")
        .filter(|payload| !payload.trim_ascii().starts_with(b":"))
        .map(|payload| String::from_utf8_lossy(payload).into_owned())
        .take_while(|payload| json::parse(payload.as_bytes()).is_ok())
        .map(|payload| parse(payload.as_bytes()).to_string())
        .take(seen.items.len())
        .collect();
    // A carriage return ends a line, and what follows it is another field.
    if !rest.contains(&b'\r') && !rest.starts_with(b"\xef\xbb\xbf") && !completion(&seen) {
        let items: Vec<String> = seen.items.iter().map(ToString::to_string).collect();
        let blank = payloads
            .iter()
            .any(|payload| payload.trim_ascii().is_empty());
        if !blank {
            assert_eq!(items, expected);
        }
    }
}

/// A whole completion in place of a chunk is delivered as one chunk of another form.
fn completion(seen: &Seen) -> bool {
    let message = |choice: &serde_json::Value| choice.get("message").is_some();
    let choices = |item: &serde_json::Value| {
        let choices = item.get("choices").and_then(|choices| choices.as_array());
        choices.is_some_and(|choices| choices.iter().any(message))
    };
    seen.items.iter().any(choices)
}

fn same_at_every_chunking(body: &[u8], sizes: &[u8]) {
    if !shallow(body) {
        return;
    }
    let (whole, _) = read([body], Mode::Chunks);
    let (pieces, _) = read(super::pieces(body, sizes), Mode::Chunks);
    assert_eq!(pieces, whole);
    let (single, _) = read(body.chunks(1), Mode::Fold);
    assert_eq!(
        (&single.folded, &single.fault),
        (&whole.folded, &whole.fault)
    );
    let (text, _) = read([body], Mode::Text);
    let (text_pieces, _) = read(super::pieces(body, sizes), Mode::Text);
    let joined = |seen: &Seen| end_to_end(seen.items.iter().filter_map(|item| item.as_str()));
    assert_eq!(joined(&text), joined(&text_pieces));
    assert_eq!(text.folded, whole.folded);
}
