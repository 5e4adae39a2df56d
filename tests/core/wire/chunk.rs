//! The places of a payload's parts.

use hfetch::wire::chunk::{Field, Frame, Part, read};
use std::time::Duration;

use crate::processor::processor_time;

fn parts(payload: &str) -> Vec<(Part, &str)> {
    let mut fields: Vec<Field> = Vec::new();
    read(payload.as_bytes(), &mut fields).unwrap();
    let said = fields.iter().filter(|field| field.part != Part::Void);
    said.map(|field| (field.part, &payload[field.span.clone()]))
        .collect()
}

fn frame(payload: &str) -> Frame {
    read(payload.as_bytes(), &mut Vec::new()).unwrap()
}

#[test]
fn an_ordinary_chunk() {
    let payload = r#"{"id":"c1","object":"chat.completion.chunk","created":17,"model":"m/n","choices":[{"delta":{"role":"assistant","content":"a\"b"},"index":2,"logprobs":null,"finish_reason":null}],"usage":null}"#;
    let expected = [
        (Part::Id, "\"c1\""),
        (Part::Object, "\"chat.completion.chunk\""),
        (Part::Created, "17"),
        (Part::Model, "\"m/n\""),
        (Part::Choice, "2"),
        (Part::Delta, ""),
        (Part::Role, "assistant"),
        (Part::Content, "a\\\"b"),
        (Part::ChoiceMember, "\"logprobs\":null"),
    ];
    assert_eq!(parts(payload), expected);
}

#[test]
fn tool_calls_logprobs_reasoning_and_usage() {
    let payload = r#" { "choices" : [ { "delta" : { "reasoning_content":"why", "reasoning":"", "content":null,
        "tool_calls":[{"function":{"arguments":"{}","name":"f"},"index":1,"type":"function","id":"i"},{"function":{"name":null}}] },
        "logprobs":{"content":[{"token":"a"},{"token":"b"}],"refusal":null}, "finish_reason" : "tool_calls" } ], "usage":{"prompt_tokens":1} } "#;
    let expected = [
        (Part::Choice, ""),
        (Part::Delta, ""),
        (Part::ReasoningContent, "why"),
        (Part::Reasoning, ""),
        (Part::ToolList, ""),
        (Part::Tool, "1"),
        (Part::ToolId, "\"i\""),
        (Part::ToolName, "f"),
        (Part::ToolArguments, "{}"),
        (Part::ToolType, "function"),
        (Part::Tool, ""),
        (Part::ToolId, ""),
        (Part::ToolName, ""),
        (Part::FinishReason, "tool_calls"),
        (
            Part::LogprobMember,
            r#""content":[{"token":"a"},{"token":"b"}]"#,
        ),
        (Part::LogprobMember, r#""refusal":null"#),
        (Part::Usage, r#"{"prompt_tokens":1}"#),
    ];
    assert_eq!(parts(payload), expected);
}

#[test]
fn odd_shapes_are_ordinary() {
    for payload in [
        "{}",
        r#"{"choices":[]}"#,
        r#"{"choices":null}"#,
        r#"{"choices":{},"usage":[],"x_groq":null}"#,
        r#"{"choices":{"index":0,"delta":{"content":"a list of one"}}}"#,
        r#"{"choices":[null,[]],"usage":[]}"#,
        r#"{"choices":[{"delta":null},{"delta":[]},{}]}"#,
        r#"{"choices":[{"delta":{"tool_calls":null,"content":["parts"]},"logprobs":[]}]}"#,
        r#"{"error":null,"choices":[]}"#,
        r#"{"error":false,"error_message":null}"#,
        r#"{"error":"","error_message":"of a chunk with choices","choices":[]}"#,
        r#"{"errors":[],"error_code":0,"base_resp":{"status_code":0,"status_msg":""},"choices":[]}"#,
        r#"{"errors":null,"error_code":null,"base_resp":null}"#,
        r#"{"errors":{ },"error_code":"0","base_resp":{"status_code":"0"}}"#,
        r#"{"errors":"","error_code":-0.0,"base_resp":[]}"#,
        r#"{"error_code":"","base_resp":{}}"#,
    ] {
        assert_eq!(frame(payload), Frame::Chunk, "{payload}");
    }
}

#[test]
fn the_forms_of_an_error() {
    for payload in [
        r#"{"error":{"message":"over","http_status_code":422}}"#,
        r#"{"error":"Input validation error","error_type":"validation"}"#,
        r#"{"error":{"message":"m","type":"t","code":"c","failed_generation":"","status_code":400}}"#,
        r#"{"id":"1","choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}],"error":{"code":400,"message":"m"}}"#,
        r#"{"choices":null,"error_type":"engine","error_message":"gone"}"#,
        r#"{"object":"error","message":"m","code":500}"#,
        r#"{"errors":[{"code":10000,"message":"m"}]}"#,
        r#"{"errors":{"field":["m"]},"choices":[{}]}"#,
        r#"{"text":"m","error_code":50001}"#,
        r#"{"error_code":"E12"}"#,
        r#"{"choices":null,"base_resp":{"status_code":1008,"status_msg":"m"}}"#,
        r#"{"choices":[{}],"base_resp":{"status_code":"1008"}}"#,
    ] {
        assert_eq!(frame(payload), Frame::Error, "{payload}");
    }
}

#[test]
fn of_a_repeated_key_the_last_counts() {
    let payload = r#"{"choices":[{"index":0,"delta":{"content":"never"}}],"id":"a","choices":[{"index":0,"index":1,"delta":{"content":"a","role":"r","content":"b","conten\u0074":"c"},"finish_reason":"stop","finish_reason":null}],"id":"b","usage":{"a":1},"usage":null}"#;
    let expected = [
        (Part::Choice, "1"),
        (Part::Delta, ""),
        (Part::Role, "r"),
        (Part::Content, "c"),
        (Part::Id, "\"b\""),
    ];
    let said: Vec<_> = parts(payload)
        .into_iter()
        .filter(|part| part.0 != Part::Void)
        .collect();
    assert_eq!(said, expected);
}

#[test]
fn a_key_that_keeps_coming_costs_no_search_of_all_that_came() {
    // If the list were searched each time, a quarter of a megabyte would take 16 s here.
    let many = |element: &str| vec![element; 20_000].join(",");
    for payload in [
        format!(r#"{{"choices":[{}],{}}}"#, many("{}"), many(r#""id":null"#)),
        format!(
            r#"{{"choices":[{{"delta":{{"tool_calls":[{}],{}}}}}]}}"#,
            many("{}"),
            many(r#""role":null"#)
        ),
    ] {
        let started = processor_time();
        assert_eq!(frame(&payload), Frame::Chunk);
        assert!(processor_time() - started < Duration::from_secs(1));
    }
}

#[test]
fn what_is_no_chunk() {
    for payload in [
        "",
        "null",
        "[]",
        "1",
        "\"x\"",
        "{",
        "{}{}",
        "{\"a\":01}",
        "<html>",
        "{\"choices\":[}",
    ] {
        assert!(
            read(payload.as_bytes(), &mut Vec::new()).is_err(),
            "{payload}"
        );
    }
    let deep = ["{\"choices\":", &"[".repeat(100_000)].concat();
    assert!(read(deep.as_bytes(), &mut Vec::new()).is_err());
}
