//! The tail after the last finish reason: it must be short, whatever it looks like.

use hfetch::wire::stream::{ChatDecoder, Mode};

const LONGEST: usize = 1 << 20;

fn chunk(index: u32, finish: &str) -> String {
    format!(
        "data: {{\"choices\":[{{\"index\":{index},\"delta\":{{\"content\":\"x\"}},\"finish_reason\":{finish}}}]}}\n\n"
    )
}

/// How many bytes, in pieces of 1 kB, are read after `head` until the decoder says that the stream has ended.
fn read_behind(head: &str, piece: &str) -> (usize, ChatDecoder) {
    let mut decoder = ChatDecoder::new(64 << 20);
    decoder.push(head.as_bytes(), Mode::Fold);
    let piece = piece.repeat(1_024 / piece.len());
    let mut read = 0;
    while read < 4 << 20 && !decoder.ended() {
        decoder.push(piece.as_bytes(), Mode::Fold);
        read += piece.len();
    }
    (read, decoder)
}

#[test]
fn a_tail_that_does_not_end_is_the_end() {
    for piece in ["x", ": x\n", "data: x\n", ":\n\n", "\r", "event: x\n\n"] {
        let head = [chunk(0, "null"), chunk(0, "\"stop\"")].concat();
        let (read, decoder) = read_behind(&head, piece);
        assert!(
            (LONGEST - 4_096..LONGEST + 4_096).contains(&read),
            "{piece:?}: {read}"
        );
        assert!(
            decoder.fault().is_none(),
            "{piece:?}: {:?}",
            decoder.fault()
        );
        assert_eq!(
            decoder.completion().finish_reason().as_deref(),
            Some("stop")
        );
    }
}

#[test]
fn what_another_choice_still_says_is_no_tail() {
    let head = [chunk(0, "null"), chunk(1, "null"), chunk(0, "\"stop\"")].concat();
    let (read, decoder) = read_behind(&head, &chunk(1, "null"));
    assert_eq!(read >> 20, 4);
    assert!(!decoder.ended());
    // A choice that appears after the others have ended, with comments before it.
    let mut decoder = ChatDecoder::new(1 << 20);
    decoder.push(chunk(0, "\"stop\"").as_bytes(), Mode::Fold);
    for _ in 0..3 {
        decoder.push(": wait\n\n".repeat(100_000).as_bytes(), Mode::Fold);
        decoder.push(chunk(1, "null").as_bytes(), Mode::Fold);
    }
    assert!(!decoder.ended());
}

#[test]
fn usage_and_done_behind_a_long_tail_are_read() {
    let usage = r#"data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#;
    let tail = [
        ": wait\n\n".repeat(100_000).as_str(),
        usage,
        "\n\ndata: [DONE]\n\n",
    ]
    .concat();
    let mut decoder = ChatDecoder::new(1 << 20);
    decoder.push([chunk(0, "\"stop\""), tail].concat().as_bytes(), Mode::Fold);
    assert!(decoder.ended() && decoder.fault().is_none());
    assert_eq!(decoder.completion().usage().unwrap().total, Some(3.0));
}
