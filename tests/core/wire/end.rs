//! How a stream ends: only what was seen decides, whatever the order, the reader and the chunking.

use crate::reader::{end_to_end, parse, read, unpack};
use hfetch::error::Class;
use hfetch::wire::stream::{ChatDecoder, Mode};
use proptest::prelude::*;
use serde_json::Value;

const MODES: [Mode; 3] = [Mode::Chunks, Mode::Text, Mode::Fold];

fn text(content: &str) -> String {
    format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{content}\"}}}}]}}\n\n")
}

fn finish(index: u32, reason: &str) -> String {
    format!(
        "data: {{\"choices\":[{{\"index\":{index},\"delta\":{{}},\"finish_reason\":\"{reason}\"}}]}}\n\n"
    )
}

const DONE: &str = "data: [DONE]\n\n";
const USAGE: &str =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n";

/// The class and the message of a body's end, the same for every reader.
fn end_of(body: &str) -> Option<(Class, String)> {
    let [first, rest @ ..] = MODES.map(|mode| read([body.as_bytes()], mode).0.fault);
    for other in rest {
        assert_eq!(other, first, "{body}");
    }
    first
}

#[test]
fn success_is_earned() {
    let (a, stop) = (text("a"), finish(0, "stop"));
    let second = "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"b\"}}]}\n\n";
    let truncated = Some(Class::StreamTruncated);
    let table: &[(&[&str], Option<Class>)] = &[
        (&[&a, DONE], None),
        (&[&a, &stop], None),
        (&[&a, &stop, USAGE], None),
        (&[&a, second, &stop, &finish(1, "length")], None),
        (&[&a, second, &stop, DONE], None),
        (
            &[
                "data: {\"choices\":{\"delta\":{\"content\":\"a\"}}}\n\n",
                DONE,
            ],
            None,
        ),
        (&[&a], truncated),
        (&[&a, second, &stop], truncated),
        (&[&stop, second], truncated),
        (&[USAGE], truncated),
        (&["data: {}\n\n"], truncated),
        (&["data: {\"choices\":null}\n\n"], truncated),
        (&["data: {\"choices\":[]}\n\n"], truncated),
        (&["data: {\"choices\":[null]}\n\n"], truncated),
        (&[": ping\n\n"], truncated),
        (&["event: ping\ndata: now\n\n"], truncated),
        (
            &[
                &a,
                "data: {\"choices\":[{\"index\":0,\"finish_reason\":\"\"}]}\n\n",
            ],
            truncated,
        ),
        (&[DONE], Some(Class::Stream)),
        (&[USAGE, DONE], Some(Class::Stream)),
        (&["data: {}\n\n", DONE], Some(Class::Stream)),
        (&["data: {\"choices\":[]}\n\n", DONE], Some(Class::Stream)),
        (
            &[": ping\n\n", "event: ping\ndata: now\n\n", DONE],
            Some(Class::Stream),
        ),
        (
            &["{\"choices\":[{\"message\":{\"content\":\"a\"}}]}"],
            truncated,
        ),
        (
            &["{\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}"],
            None,
        ),
    ];
    for (body, class) in table {
        let body = body.concat();
        assert_eq!(end_of(&body).map(|fault| fault.0), *class, "{body}");
    }
}

#[test]
fn an_answer_that_failed_is_an_error_with_its_words_and_what_had_come() {
    let said = [
        ("data: {\"error\":{\"message\":\"its words\"}}\n\n", None),
        (
            "data: {\"errors\":[{\"code\":10000,\"message\":\"its words\"}]}\n\n",
            Some("10000"),
        ),
        (
            "data: {\"errors\":[\"its words\"],\"choices\":[]}\n\n",
            None,
        ),
        (
            "data: {\"text\":\"its words\",\"error_code\":50001}\n\n",
            Some("50001"),
        ),
        (
            "data: {\"choices\":null,\"base_resp\":{\"status_code\":1008,\"status_msg\":\"its words\"}}\n\n",
            Some("1008"),
        ),
        (
            "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"error\",\"error\":{\"code\":502,\"message\":\"its words\"}}]}\n\n",
            Some("502"),
        ),
        (
            "data: {\"choices\":[{\"index\":1,\"error\":\"its words\"}]}\n\n",
            None,
        ),
        (
            "error: {\"code\":400,\"message\":\"its words\"}\n\n",
            Some("400"),
        ),
        ("error: its words\n\n", None),
        (
            "error:{\"error\":{\"message\":\"its words\"}}\ndata: [DONE]\n\n",
            None,
        ),
        ("event: error\ndata: its words\n\n", None),
        ("event: error\ndata: {\"detail\":\"its words\"}\n\n", None),
    ];
    for (frame, code) in said {
        for before in [
            String::new(),
            text("a"),
            [text("a"), finish(0, "stop")].concat(),
        ] {
            for after in ["", DONE] {
                let body = [&before, frame, after].concat();
                let words = "its words".to_string();
                assert_eq!(end_of(&body), Some((Class::Stream, words)), "{body}");
                let (seen, decoder) = read(body.as_bytes().chunks(3), Mode::Fold);
                let fault = decoder.fault().unwrap();
                assert_eq!(fault.error.code.as_deref(), code, "{body}");
                assert!(fault.body.is_some(), "{body}");
                let content = &seen.folded["choices"][0]["message"]["content"];
                assert!(before.is_empty() || content == "a", "{body} {content}");
            }
        }
    }
}

#[test]
fn what_fails_without_words_says_at_least_that() {
    for frame in [
        finish(0, "error"),
        finish(3, "error"),
        "event: error\ndata:\n\n".to_string(),
        "event: error\ndata: {}\n\n".to_string(),
        "error:\n\n".to_string(),
        "data: {\"errors\":{\"x\":1}}\n\n".to_string(),
    ] {
        let (class, message) = end_of(&[text("a"), frame].concat()).unwrap();
        assert_eq!(class, Class::Stream);
        assert!(message.contains("gives no reason"), "{message}");
    }
}

#[test]
fn the_words_of_a_frame_without_a_choice_are_those_of_a_stream_without_an_answer() {
    let odd = "data: {\"code\":500,\"msg\":\"404 NOT_FOUND\",\"success\":false}\n\n";
    let expected = Some((Class::Stream, "404 NOT_FOUND".to_string()));
    assert_eq!(end_of(odd), expected);
    assert_eq!(end_of(&[odd, DONE].concat()), expected);
    // In a stream with an answer, this event was only odd.
    assert_eq!(end_of(&[odd, &text("a"), DONE].concat()), None);
    let (_, message) = end_of(DONE).unwrap();
    assert!(message.contains("[DONE]"), "{message}");
}

#[test]
fn a_chunk_whose_choice_failed_is_handed_on_and_no_template_hides_it() {
    for reason in ["", "x"] {
        let frame = |reason: &str, content: &str| {
            format!(
                "data: {{\"choices\":[{{\"delta\":{{\"content\":\"{content}\"}},\"error\":\"\",\"finish_reason\":\"{reason}\"}}],\"error_code\":0}}\n\n"
            )
        };
        let body: String = (0..9)
            .map(|n| frame(&[reason, &n.to_string()].concat(), &format!("w{n}")))
            .chain([frame("error", "end")])
            .collect();
        let (seen, _) = read([body.as_bytes()], Mode::Chunks);
        assert_eq!(seen.items.len(), 10);
        assert_eq!(seen.fault.map(|fault| fault.0), Some(Class::Stream));
        for odd in ["\"error\":\"boom\"", "\"error_code\":5"] {
            let key = odd.split(':').next().unwrap();
            let (from, _) = frame("z", "w")
                .split_once(key)
                .map(|(a, b)| (b.to_string(), a.to_string()))
                .unwrap();
            let value = from[1..].split([',', '}']).next().unwrap().to_string();
            let broken = frame("z", "w").replace(&format!("{key}:{value}"), odd);
            let frames: String = (0..9).map(|n| frame("", &format!("w{n}"))).collect();
            let fault = read([[frames, broken].concat().as_bytes()], Mode::Text)
                .0
                .fault;
            assert_eq!(fault.map(|fault| fault.0), Some(Class::Stream), "{odd}");
        }
    }
}

#[test]
fn one_odd_frame_does_not_kill_a_good_stream() {
    let good = [text("Hi"), finish(0, "stop"), DONE.to_string()].concat();
    let chunk = |content: &str| text(content).trim_end().to_string();
    for odd in [
        "event: ping\ndata: 2026-01-01 00:00:00\n\n",
        "event: ping\ndata: 1767225600\n\n",
        "event: ping\ndata: \"now\"\n\n",
        "event: ping\ndata: [1]\n\n",
        "event: heartbeat\ndata: one\ndata: two\n\n",
        "data: ping\nevent: keepalive\n\n",
        "data: : OPENROUTER PROCESSING\n\n",
        "data:: x\n\n",
        "data: :\n\n",
        "data: : one\ndata: : two\n\n",
    ] {
        for at in [
            0,
            text("Hi").len(),
            text("Hi").len() + finish(0, "stop").len(),
        ] {
            let (before, after) = good.split_at(at);
            let body = [before, odd, after].concat();
            assert_eq!(end_of(&body), None, "{body}");
            assert_eq!(read(body.as_bytes().chunks(2), Mode::Text).0.items, ["Hi"]);
        }
    }
    let stop = finish(0, "stop");
    let stop = stop.trim_end();
    for body in [
        format!("{}\n{}\n\n{stop}\n\n{DONE}", chunk("H"), chunk("i")),
        format!("{}\n{}\n{stop}\ndata: [DONE]\n", chunk("H"), chunk("i")),
        format!("{}\n{}\n{stop}\ndata: [DONE]", chunk("H"), chunk("i")),
        format!("{}\r\n{}\r\n{stop}\r\n", chunk("H"), chunk("i")),
        format!("{}\rid: 7\r{}\r{stop}", chunk("H"), chunk("i")),
        format!(
            "data: : x\n{}\ndata:\n{}\n\n{stop}\n\n",
            chunk("H"),
            chunk("i")
        ),
        format!(
            "event: chunk\n{}\nevent: chunk\n{}\n\n{stop}\n\n",
            chunk("H"),
            chunk("i")
        ),
    ] {
        let (seen, _) = read([body.as_bytes()], Mode::Text);
        assert_eq!(
            (seen.items, seen.fault),
            (vec!["Hi".into()], None),
            "{body}"
        );
        let (single, _) = read(body.as_bytes().chunks(1), Mode::Chunks);
        assert_eq!((single.items.len(), single.fault), (3, None), "{body}");
    }
    // The connection broke in the last line; the frames before it have arrived.
    let cut = format!("{}\n{}\ndata: {{\"choi", chunk("H"), chunk("i"));
    let (seen, _) = read([cut.as_bytes()], Mode::Chunks);
    assert_eq!(seen.items.len(), 2);
    assert_eq!(seen.fault.unwrap().0, Class::StreamTruncated);
    // A broken frame is still an error.
    for broken in [
        "data: ping\n\n",
        "data: {\"a\":1}\ndata: {\"b\":\n\n",
        "data: {\ndata: \"a\":\n\n",
    ] {
        let body = [&text("a"), broken, DONE].concat();
        assert_eq!(end_of(&body).unwrap().0, Class::Stream, "{body}");
    }
    let name = "event: chunk\ndata: {\"choices\":7}\n\n";
    assert_eq!(end_of(&[name, &good].concat()).unwrap().0, Class::Stream);
}

#[test]
fn a_stream_that_is_lost_is_whole_when_each_choice_has_finished() {
    let second = "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"b\"}}]}\n\n";
    let (a, stop) = (text("a"), finish(0, "stop"));
    for (body, whole) in [
        ([&a, ""].concat(), false),
        ([&a, stop.as_str()].concat(), true),
        ([&a, stop.as_str(), second].concat(), false),
        (
            [&a, stop.as_str(), second, &finish(1, "stop")].concat(),
            true,
        ),
        (USAGE.to_string(), false),
        (String::new(), false),
        // The text that broke off after a whole frame contains it.
        ([a.trim_end(), "\n", stop.trim_end()].concat(), true),
        ([&a, "data: [DONE]"].concat(), true),
        ([&a, "data: [DO"].concat(), false),
        (
            [a.trim_end(), "\n", &stop[..stop.len() - 8]].concat(),
            false,
        ),
    ] {
        for mode in MODES {
            let mut decoder = ChatDecoder::new(1 << 20);
            decoder.push(body.as_bytes(), mode);
            assert!(!decoder.ended());
            decoder.lose(mode);
            assert!(decoder.ended());
            assert_eq!(decoder.fault().is_none(), whole, "{body}");
        }
    }
}

/// A body that a server may send, and its text for choice 0.
#[derive(Clone, Debug)]
enum Sent {
    Text(u32, &'static str),
    Finish(u32, &'static str),
    Odd(&'static str),
    Failure(&'static str),
    Done,
}

impl Sent {
    fn data(&self) -> String {
        match self {
            Sent::Text(index, content) => format!(
                "data: {{\"choices\":[{{\"index\":{index},\"delta\":{{\"content\":\"{content}\"}}}}]}}"
            ),
            Sent::Finish(index, reason) => finish(*index, reason).trim_end().to_string(),
            Sent::Odd(frame) | Sent::Failure(frame) => frame.to_string(),
            Sent::Done => DONE.trim_end().to_string(),
        }
    }
}

fn sent() -> impl Strategy<Value = Sent> {
    // Halves of surrogate pairs, and what only looks like one.
    let content = prop::sample::select(vec![
        "a",
        "",
        "\u{e9}",
        "\u{1f600}",
        "\\ud83d",
        "\\ude00",
        "\\ud83d\\ude00",
        "\\\\ud83d",
        "\\\\\\uD83D",
        "\\n",
    ]);
    let odd = prop::sample::select(vec![
        "data: {\"choices\":[]}",
        "data: {\"choices\":null,\"error\":null}",
        "data: {}",
        "data: : comment",
        "data:",
        ": comment",
        "event: ping\ndata: now",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}",
    ]);
    let failure = prop::sample::select(vec![
        "data: {\"error\":\"words\"}",
        "data: {\"text\":\"words\",\"error_code\":1}",
        "data: {\"errors\":[\"words\"]}",
        "data: {\"base_resp\":{\"status_code\":1,\"status_msg\":\"words\"}}",
        "data: {\"choices\":[{\"index\":0,\"finish_reason\":\"error\"}]}",
        "data: {\"choices\":[{\"index\":1,\"error\":\"words\"}]}",
        "error: words",
        "event: error\ndata: words",
    ]);
    prop_oneof![
        8 => (0u32..3, content).prop_map(|(index, content)| Sent::Text(index, content)),
        4 => (0u32..3, prop::sample::select(vec!["stop", "length", ""])).prop_map(|(index, reason)| Sent::Finish(index, reason)),
        3 => odd.prop_map(Sent::Odd),
        1 => failure.prop_map(Sent::Failure),
        1 => Just(Sent::Done),
    ]
}

/// The expected end, written plainly.
fn model(frames: &[Sent]) -> (Option<Class>, String) {
    let (mut seen, mut finished, mut raw) = ([false; 3], [false; 3], String::new());
    for frame in frames {
        match frame {
            Sent::Text(index, content) => {
                seen[*index as usize] = true;
                if *index == 0 {
                    raw += content;
                }
            }
            Sent::Finish(index, reason) => {
                seen[*index as usize] = true;
                finished[*index as usize] |= !reason.is_empty();
            }
            Sent::Odd(_) => {}
            Sent::Failure(_) => return (Some(Class::Stream), raw),
            Sent::Done if seen.contains(&true) => return (None, raw),
            Sent::Done => return (Some(Class::Stream), raw),
        }
    }
    let whole = seen.contains(&true) && seen == finished;
    ((!whole).then_some(Class::StreamTruncated), raw)
}

/// Whether one piece of text ends with the first half of a pair and the next begins with the second.
fn parts_a_pair(pieces: &[Value]) -> bool {
    let [last, first] = [pieces[0].as_str().unwrap(), pieces[1].as_str().unwrap()];
    let half = |letter: Option<char>, range: std::ops::Range<u32>| {
        letter.is_some_and(|letter| range.contains(&u32::from(letter)))
    };
    half(last.chars().last(), 0x10_d800..0x10_dc00)
        && half(first.chars().next(), 0x10_dc00..0x10_e000)
}

proptest! {
    #[test]
    fn any_sequence_ends_as_the_plain_model_says(
        frames in prop::collection::vec(sent(), 0..14),
        lost in any::<bool>(),
        cuts in prop::collection::vec(any::<usize>(), 0..10),
    ) {
        let body: String = frames.iter().map(|frame| frame.data() + "\n\n").collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (body.len() + 1)).collect();
        cuts.extend([0, body.len()]);
        cuts.sort_unstable();
        let (class, raw) = model(&frames);
        for mode in MODES {
            let (mut decoder, mut templates, mut items) = (ChatDecoder::new(1 << 20), Vec::new(), Vec::new());
            for pair in cuts.windows(2) {
                decoder.push(&body.as_bytes()[pair[0]..pair[1]], mode);
                items.extend(unpack(decoder.batch(), &mut templates, mode));
            }
            if lost { decoder.lose(mode) } else { decoder.end(mode) }
            items.extend(unpack(decoder.batch(), &mut templates, mode));
            prop_assert_eq!(decoder.fault().map(|fault| fault.error.class), class, "{}", body);
            if mode == Mode::Text {
                prop_assert!(!items.windows(2).any(parts_a_pair), "{} {:?}", body, items);
                let told = end_to_end(items.iter().map(|text| text.as_str().unwrap()));
                let expected = parse(format!("\"{raw}\"").as_bytes());
                prop_assert_eq!(told, expected.as_str().unwrap(), "{}", body);
            }
        }
    }

    #[test]
    fn frames_parted_by_one_line_feed_are_the_frames(
        frames in prop::collection::vec(sent(), 1..10),
        cut in any::<usize>(),
    ) {
        // A name belongs to the whole event.
        let frames: Vec<Sent> = frames.into_iter().filter(|frame| !frame.data().starts_with('e')).collect();
        let body: String = frames.iter().map(|frame| frame.data() + "\n").collect();
        let (head, tail) = body.as_bytes().split_at(cut % (body.len() + 1));
        let (seen, decoder) = read([head, tail], Mode::Text);
        let (class, raw) = model(&frames);
        // Joined, they may be JSON or nothing.
        prop_assert_eq!(decoder.fault().map(|fault| fault.error.class), class, "{}", body);
        let told = end_to_end(seen.items.iter().map(|text| text.as_str().unwrap()));
        let expected = parse(format!("\"{raw}\"").as_bytes());
        prop_assert_eq!(told, expected.as_str().unwrap());
    }
}
