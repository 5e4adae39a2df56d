//! Whole bodies in every chunking, compared with serde_json.

use crate::reader::{end_to_end, joined, parse, read};
use hfetch::error::{Class, redact};
use hfetch::wire::stream::{ChatDecoder, Mode};
use hfetch::wire::whole::{chunk_of_completion, has_message};
use proptest::prelude::*;
use serde_json::{Value, json};

fn text(content: &str) -> Value {
    json!({"id":"c","created":1,"model":"m","choices":[{"index":0,"delta":{"content":content},"finish_reason":null}]})
}

fn stop() -> Value {
    json!({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})
}

fn body(chunks: &[Value], tail: &str) -> Vec<u8> {
    let mut body: String = chunks
        .iter()
        .map(|chunk| format!("data: {chunk}\n\n"))
        .collect();
    body.push_str(tail);
    body.into_bytes()
}

#[test]
fn ends_good_and_bad() {
    let truncated = Some(Class::StreamTruncated);
    let usage =
        json!({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}});
    let table: &[(&str, Vec<u8>, Option<Class>)] = &[
        (
            "[DONE]",
            body(&[text("a"), stop()], "data: [DONE]\n\n"),
            None,
        ),
        (
            "[DONE] alone",
            body(&[text("a")], "data:[DONE]\r\n\r\n"),
            None,
        ),
        (
            "[DONE] without its blank line",
            body(&[text("a")], "data: [DONE]"),
            None,
        ),
        ("finish_reason alone", body(&[text("a"), stop()], ""), None),
        (
            "usage after finish_reason",
            body(&[text("a"), stop(), usage], ""),
            None,
        ),
        ("neither", body(&[text("a")], ""), truncated),
        ("nothing", Vec::new(), truncated),
        ("only comments", b": hello\n\n:\n\n".to_vec(), truncated),
        (
            "cut in the finish",
            body(&[text("a")], "data: {\"choices\":[{\"finish_reason\":\"st"),
            truncated,
        ),
        (
            "a last chunk without its blank line",
            body(&[text("a")], &format!("data: {}", stop())),
            None,
        ),
    ];
    for (name, body, class) in table {
        let (seen, decoder) = read([body.as_slice()], Mode::Chunks);
        assert_eq!(seen.fault.as_ref().map(|fault| fault.0), *class, "{name}");
        assert!(decoder.ended(), "{name}");
    }
}

#[test]
fn a_long_text_is_whole_for_every_reader() {
    let piece = |n: usize| format!("{n} \\ud83d\\ude00 {} ", "é".repeat(n % 50));
    let chunk = |n: usize| {
        let (text, call) = (piece(n), format!("{n},"));
        format!(
            "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\",\"reasoning\":\"{text}\",\"tool_calls\":[{{\"index\":0,\"id\":\"c\",\"function\":{{\"name\":\"f\",\"arguments\":\"{call}\"}}}}]}},\"logprobs\":{{\"content\":[{{\"token\":\"{text}\"}}]}}}}]}}\n\n"
        )
    };
    let many = 20_000;
    let mut body: String = (0..many).map(chunk).collect();
    body.push_str("data: [DONE]\n\n");
    let text: String =
        parse(format!("\"{}\"", (0..many).map(piece).collect::<String>()).as_bytes())
            .as_str()
            .unwrap()
            .to_string();
    assert!(text.len() > 1 << 20);
    for size in [997, 1 << 16, 10 << 20] {
        let (seen, _) = read(body.as_bytes().chunks(size), Mode::Text);
        assert_eq!(
            end_to_end(seen.items.iter().map(|item| item.as_str().unwrap())),
            text
        );
        let choice = &seen.folded["choices"][0];
        let message = &choice["message"];
        for key in ["content", "reasoning"] {
            assert_eq!(
                message[key].as_str(),
                Some(text.as_str()),
                "{key}, in pieces of {size}"
            );
        }
        let arguments: String = (0..many).map(|n| format!("{n},")).collect();
        let call = &message["tool_calls"][0]["function"];
        assert_eq!(call["arguments"].as_str(), Some(arguments.as_str()));
        let tokens = choice["logprobs"]["content"].as_array().unwrap();
        assert_eq!(tokens.len(), many);
    }
}

#[test]
fn usage_after_the_finish_is_read_and_what_follows_done_is_not() {
    let tail = format!(
        "data: {}\n\ndata: [DONE]\n\ndata: {}\n\n",
        json!({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}),
        text("after")
    );
    let (seen, decoder) = read([body(&[text("a"), stop()], &tail).as_slice()], Mode::Text);
    assert_eq!(seen.items, ["a"]);
    let usage = decoder.completion().usage().unwrap();
    assert_eq!((usage.prompt, usage.completion), (Some(1.0), Some(2.0)));
    assert_eq!(
        decoder.completion().finish_reason().as_deref(),
        Some("stop")
    );
}

#[test]
fn an_error_frame_ends_the_stream_with_what_came_before() {
    for (frame, message, status) in [
        (
            "data: {\"error\":{\"message\":\"over\",\"http_status_code\":422}}\n\ndata: [DONE]\n\n",
            "over",
            Some(422),
        ),
        (
            "data:{\"error\":\"too long\",\"error_type\":\"validation\"}\n\n",
            "too long",
            None,
        ),
        (
            "event: error\ndata: {\"error\":{\"message\":\"m\",\"code\":\"c\",\"status_code\":400}}\n\n",
            "m",
            Some(400),
        ),
        (
            "event: error\ndata: {\"message\":\"no error key\"}\n\n",
            "no error key",
            None,
        ),
        (
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}],\"error\":{\"code\":502,\"message\":\"upstream\"}}\n\n",
            "upstream",
            Some(502),
        ),
        (
            "data: {\"choices\":null,\"error_type\":\"engine\",\"error_message\":\"gone\"}\n\n",
            "gone",
            None,
        ),
    ] {
        let (seen, decoder) = read(
            [body(&[text("a"), text("b")], frame).as_slice()],
            Mode::Chunks,
        );
        assert_eq!(seen.items.len(), 2, "{frame}");
        assert_eq!(
            seen.fault,
            Some((Class::Stream, message.to_string())),
            "{frame}"
        );
        assert_eq!(seen.folded["choices"][0]["message"]["content"], "ab");
        let fault = decoder.fault().unwrap();
        assert_eq!(fault.error.status, status, "{frame}");
        assert!(serde_json::from_slice::<Value>(fault.body.as_deref().unwrap()).is_ok());
    }
}

#[test]
fn a_bad_frame_is_a_stream_error() {
    for frame in [
        "data: {\"a\":\n\n",
        "data: [1,2]\n\n",
        "data: hello\n\n",
        "data: {}{}\n\n",
        "event: error\ndata: boom\n\n",
    ] {
        let (seen, decoder) = read([body(&[text("a")], frame).as_slice()], Mode::Chunks);
        assert_eq!(seen.fault.unwrap().0, Class::Stream, "{frame}");
        assert_eq!(seen.items, [text("a")]);
        assert!(decoder.fault().unwrap().body.is_some());
    }
}

#[test]
fn what_is_ordinary() {
    let oddities = "data:\n\n: comment\n\ndata: {\"choices\":[]}\n\ndata: {\"choices\":null}\n\ndata: {\"choices\":[{}],\"error\":null}\n\nevent: ping\ndata: {}\n\n";
    let (seen, _) = read(
        [body(&[text("a"), stop()], oddities).as_slice()],
        Mode::Chunks,
    );
    assert_eq!(seen.fault, None);
    assert_eq!(seen.items.len(), 6);
}

#[test]
fn an_event_over_the_limit_is_a_stream_error() {
    let mut decoder = ChatDecoder::new(64);
    decoder.push(
        &body(&[json!({"a":1}), json!({"a":"x".repeat(64)})], ""),
        Mode::Chunks,
    );
    assert_eq!(decoder.batch().json(), br#"[{"a":1}]"#);
    assert_eq!(decoder.fault().unwrap().error.class, Class::Stream);
}

#[test]
fn a_whole_completion_where_a_stream_was_asked_for() {
    let whole = json!({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"all"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}});
    let (framed, _) = read([format!("data: {whole}\n\n").as_bytes()], Mode::Chunks);
    assert_eq!(
        (framed.items.as_slice(), &framed.fault),
        ([whole.clone()].as_slice(), &None)
    );
    assert_eq!(framed.folded["choices"][0]["message"]["content"], "all");
    for text in [
        whole.to_string(),
        format!("\n {}\n", serde_json::to_string_pretty(&whole).unwrap()),
    ] {
        let (plain, _) = read(text.as_bytes().chunks(7), Mode::Chunks);
        assert_eq!(plain.fault, None);
        assert_eq!(plain.items[0]["object"], "chat.completion.chunk");
        assert_eq!(
            plain.items[0]["choices"][0]["delta"],
            whole["choices"][0]["message"]
        );
        assert_eq!(plain.items[0]["choices"][0].get("message"), None);
        assert_eq!(plain.folded, framed.folded);
    }
    let (texts, _) = read([whole.to_string().as_bytes()], Mode::Text);
    assert_eq!(texts.items, ["all"]);
}

#[test]
fn another_body_is_not_what_was_asked_for() {
    for (body, said) in [
        (
            "{\"error\":{\"message\":\"no such model\"}}",
            "no such model",
        ),
        ("<html><title>502</title></html>", "no event stream"),
        ("{\"choices\":[]}", "no event stream"),
        ("{\"choices\":[{\"message\":{}}]", "no event stream"),
        ("[1]", "no event stream"),
    ] {
        let (seen, decoder) = read([body.as_bytes()], Mode::Chunks);
        let (class, message) = seen.fault.unwrap();
        assert_eq!(class, Class::Api, "{body}");
        assert!(message.contains(said), "{message}");
        assert_eq!(
            decoder.fault().unwrap().body.as_deref(),
            Some(body.as_bytes())
        );
    }
    assert_eq!(
        chunk_of_completion(b"{\"choices\":[{\"message\":\"\xff\"}]}"),
        None
    );
}

#[test]
fn a_choice_in_place_of_the_list_of_choices_is_one() {
    assert_eq!(
        chunk_of_completion(br#"{"choices":{"message":{"content":"a"}},"usage":null}"#).as_deref(),
        Some(br#"{"choices":{"delta":{"content":"a"}},"usage":null}"#.as_slice())
    );
}

#[test]
fn what_stands_before_a_body_counts_the_same_in_pieces() {
    for before in ["", " \r\n\t", "\u{c}", "\u{b}", "\u{a0}"] {
        let body = [
            before,
            "{\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}",
        ]
        .concat();
        let (whole, _) = read([body.as_bytes()], Mode::Fold);
        let (single, _) = read(body.as_bytes().chunks(1), Mode::Fold);
        assert_eq!(single, whole, "{before:?}");
        assert_eq!(
            whole.fault.is_none(),
            before.chars().all(|letter| " \r\n\t".contains(letter)),
            "{before:?}"
        );
    }
}

#[test]
fn broken_utf8_becomes_the_replacement_character() {
    let (seen, _) = read([b"data: {\"choices\":[{\"delta\":{\"content\":\"a\xe2\x82\"},\"finish_reason\":\"stop\"}]}\n\n".as_slice()], Mode::Text);
    assert_eq!(seen.items, ["a\u{fffd}"]);
    assert_eq!(seen.folded["choices"][0]["message"]["content"], "a\u{fffd}");
}

/// The expected result, written plainly.
fn oracle(body: &[u8]) -> (Vec<Value>, Vec<String>, Option<Value>) {
    let text = String::from_utf8_lossy(body).replace("\r\n", "\n");
    let (mut chunks, mut contents, mut usage) = (Vec::new(), Vec::<String>::new(), None);
    for data in text
        .split("\n\n")
        .filter_map(|event| event.strip_prefix("data:"))
    {
        if data.trim() == "[DONE]" {
            break;
        }
        let chunk = parse(data.as_bytes());
        if chunk.get("error").is_some_and(|error| !error.is_null()) {
            break;
        }
        for choice in chunk["choices"].as_array().into_iter().flatten() {
            let index = choice["index"].as_u64().unwrap() as usize;
            contents.resize(contents.len().max(index + 1), String::new());
            let content = choice["delta"]["content"].as_str().unwrap_or_default();
            contents[index].push_str(content);
        }
        usage = chunk
            .get("usage")
            .filter(|usage| usage.is_object())
            .cloned()
            .or(usage);
        chunks.push(chunk);
    }
    (chunks, contents, usage)
}

fn check(name: &str, body: &[u8], cuts: &[usize]) {
    let (chunks, contents, usage) = oracle(body);
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (body.len() + 1)).collect();
    cuts.extend([0, body.len()]);
    cuts.sort_unstable();
    let pieces = || cuts.windows(2).map(|pair| &body[pair[0]..pair[1]]);
    for mode in [Mode::Chunks, Mode::Text, Mode::Fold] {
        let (mut seen, _) = read(pieces(), mode);
        let expected = match mode {
            Mode::Chunks => chunks.clone(),
            Mode::Text => vec![json!(contents.first().cloned().unwrap_or_default())],
            Mode::Fold => Vec::new(),
        };
        if mode == Mode::Text {
            seen = joined(seen);
        }
        assert_eq!(seen.items, expected, "{name} {mode:?} {cuts:?}");
        for (at, content) in contents.iter().enumerate() {
            let choices = seen.folded["choices"].as_array().unwrap();
            let choice = choices.iter().find(|choice| choice["index"] == at);
            let folded = choice.and_then(|choice| choice["message"]["content"].as_str());
            assert_eq!(
                folded.unwrap_or_default(),
                content,
                "{name} {mode:?} {cuts:?}"
            );
        }
        assert_eq!(
            seen.folded.get("usage"),
            usage.as_ref(),
            "{name} {mode:?} {cuts:?}"
        );
    }
}

fn chunk() -> impl Strategy<Value = Value> {
    let piece = prop_oneof![
        any::<String>(),
        "[ -~]{0,12}",
        Just("\u{1f600}é\"\\".to_string())
    ];
    (piece, any::<u32>(), 0u32..3, 0u8..6).prop_map(|(piece, number, index, shape)| match shape {
        0 => json!({"id":"a","created":number,"choices":[{"index":index,"delta":{"content":piece}}],"usage":null}),
        1 => json!({"id":"a","choices":[{"index":0,"text":piece,"delta":{"token_id":number,"content":piece}}]}),
        2 => json!({"choices":[{"delta":{"content":piece},"index":index}],"usage":{"prompt_tokens":9,"completion_tokens":number}}),
        3 => json!({"id":piece,"choices":[{"index":0,"delta":{"content":piece}},{"index":1,"delta":{"content":piece}}]}),
        4 => json!({"id":"a","choices":[],"usage":{"prompt_tokens":f64::from(number) / 3.0}}),
        _ => json!({"id":"a","choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}],"x":[1,{"y":piece}]}),
    })
}

proptest! {
    #[test]
    fn any_stream_at_any_chunking(
        chunks in prop::collection::vec(chunk(), 0..24),
        repeat in 1usize..4,
        crlf in any::<bool>(),
        space in any::<bool>(),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
    ) {
        let end = if crlf { "\r\n\r\n" } else { "\n\n" };
        let colon = if space { "data: " } else { "data:" };
        let mut body = String::new();
        for chunk in chunks {
            for _ in 0..repeat {
                body += &[colon, &chunk.to_string(), end].concat();
            }
        }
        body += &[colon, "[DONE]", end].concat();
        check("generated", body.as_bytes(), &cuts);
    }

    #[test]
    fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in any::<usize>()) {
        for prefix in ["", "data: ", "data: {\"choices\":[{\"delta\":{\"content\":\"", "event: error\ndata:"] {
            let mut body = prefix.as_bytes().to_vec();
            body.extend_from_slice(&bytes);
            let (head, tail) = body.split_at(cut % (body.len() + 1));
            prop_assert_eq!(read([head, tail], Mode::Chunks).0, read([body.as_slice()], Mode::Chunks).0);
        }
    }
}

fn recordings() -> Vec<(String, Vec<u8>)> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures").to_string();
    let folders = [Some(own), std::env::var("HFETCH_FIXTURES").ok()];
    let files = folders
        .into_iter()
        .flatten()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten();
    let paths = files.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "sse"))
        .map(|path| (path.display().to_string(), std::fs::read(path).unwrap()))
        .collect()
}

#[test]
fn every_recording_at_every_kind_of_chunking() {
    let recordings = recordings();
    println!("{} recordings", recordings.len());
    for (name, body) in &recordings {
        for mode in [Mode::Chunks, Mode::Text] {
            let read = |pieces: &mut dyn Iterator<Item = &[u8]>| {
                let (mut seen, _) = read(pieces, mode);
                if mode == Mode::Text {
                    seen = joined(seen);
                }
                seen
            };
            let whole = read(&mut [body.as_slice()].into_iter());
            for size in [1, 3, 64, 287, 1000, 16384] {
                assert_eq!(
                    read(&mut body.chunks(size)),
                    whole,
                    "{name} in pieces of {size}"
                );
            }
            // Every byte of a short body; of a long one as many as time allows.
            let cuts = (200_000 / (body.len() + 1)).clamp(2, 1000);
            let stride = body.len() / cuts + 1;
            for cut in (0..body.len()).step_by(stride) {
                let (head, tail) = body.split_at(cut);
                assert_eq!(
                    read(&mut [head, tail].into_iter()),
                    whole,
                    "{name} cut at {cut}"
                );
            }
        }
    }
}

#[test]
fn a_body_without_events_says_what_it_is() {
    let table: [(&[u8], Class, &str); 8] = [
        (b"Service Unavailable", Class::Api, "Service Unavailable"),
        (b"\xEF\xBB\xBF{\"error\":\"nope\"}", Class::Api, "nope"),
        (b"", Class::StreamTruncated, "is empty"),
        (b" \n", Class::StreamTruncated, "is empty"),
        (b": ping\n\n", Class::StreamTruncated, "neither [DONE]"),
        (b"da", Class::StreamTruncated, "neither [DONE]"),
        (b"event: x", Class::StreamTruncated, "neither [DONE]"),
        (b"\xEF\xBB", Class::StreamTruncated, "neither [DONE]"),
    ];
    for (body, class, said) in table {
        for size in [1, 7, 1000] {
            let mut decoder = ChatDecoder::new(1 << 20);
            for piece in body.chunks(size) {
                decoder.push(piece, Mode::Fold);
            }
            decoder.end(Mode::Fold);
            let fault = decoder.fault().unwrap();
            assert_eq!(fault.error.class, class, "{body:?}");
            assert!(
                fault.error.message.contains(said),
                "{}",
                fault.error.message
            );
        }
    }
}

#[test]
fn of_a_key_in_a_body_that_is_cut_nothing_is_repeated() {
    let secrets = ["hf_abcdefghijklmnopqrstuvwxyz".to_string()];
    for before in 250..300 {
        let body = ["x ".repeat(before / 2), secrets.concat(), " more".repeat(9)].concat();
        let mut decoder = ChatDecoder::new(1 << 20);
        decoder.push(body.as_bytes(), Mode::Fold);
        decoder.end(Mode::Fold);
        let fault = decoder.fault().unwrap();
        let body = String::from_utf8(fault.body.clone().unwrap()).unwrap();
        for told in [fault.error.message.clone(), body] {
            let clean = redact(&told, &secrets);
            assert!(!clean.contains("hf_ab"), "{clean}");
        }
    }
}

#[test]
fn the_status_of_an_error_frame_is_one_of_http() {
    for (frame, status) in [
        (r#"{"error":{"message":"m","code":422}}"#, Some(422)),
        (r#"{"error":{"message":"m","code":5}}"#, None),
        (r#"{"error":{"message":"m","status":200}}"#, None),
        (r#"{"error":{"message":"m","status":70000}}"#, None),
    ] {
        let mut decoder = ChatDecoder::new(1 << 20);
        decoder.push(["data: ", frame, "\n\n"].concat().as_bytes(), Mode::Fold);
        assert_eq!(decoder.fault().unwrap().error.status, status, "{frame}");
    }
}

#[test]
fn reasoning_that_comes_by_a_template_is_folded_whole() {
    let events: String = (0..6)
        .map(|n| {
            format!(
                "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"reasoning\":\"w{n}\"}}}}]}}\n\n"
            )
        })
        .collect();
    let (seen, _) = read([events.as_bytes()], Mode::Fold);
    let message = &seen.folded["choices"][0]["message"];
    assert_eq!(message["reasoning"], "w0w1w2w3w4w5");
}

#[test]
fn usage_without_counts_never_replaces_counts_in_digits_or_strings() {
    for (usage, completion) in [
        (r#"{"completion_tokens":"7"}"#, 7.0),
        (r#"{"completion_tokens":7}"#, 7.0),
        (r#"{"completion_tokens":null}"#, 1.0),
        (r#"{"seconds":7}"#, 1.0),
    ] {
        let first = "data: {\"usage\":{\"completion_tokens\":1}}\n\n";
        let body = [first, "data: {\"usage\":", usage, "}\n\n"].concat();
        let (_, decoder) = read([body.as_bytes()], Mode::Fold);
        let usage = decoder.completion().usage().unwrap();
        assert_eq!(usage.completion, Some(completion), "{body}");
    }
}

#[test]
fn an_answer_holds_a_choice_with_a_message() {
    for (choice, holds) in [
        (r#"{"message":{"content":"a"}}"#, true),
        (r#"{"message":{}}"#, true),
        (r#"{"delta":{"content":"a"}}"#, true),
        (r#"{"message":null},{"message":{"content":"a"}}"#, true),
        (r#"{"message":null}"#, false),
        (
            r#"{"delta":null,"message":null,"finish_reason":"stop"}"#,
            false,
        ),
        (r#"{"text":"a"}"#, false),
        ("", false),
    ] {
        let body = format!(r#"{{"choices":[{choice}]}}"#);
        assert_eq!(has_message(body.as_bytes()), holds, "{choice}");
    }
}
