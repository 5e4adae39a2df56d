//! The rules of accumulating chunks, each in a table.

use super::{completion, folded, message, oracle, refused};
use serde_json::{Value, json};

/// The value that a key of the delta accumulates to.
fn value(pieces: &[Value]) -> Value {
    let deltas: Vec<Value> = pieces.iter().map(|piece| json!({"x": piece})).collect();
    message(&deltas)["x"].take()
}

#[test]
fn every_key_is_carried_and_none_is_added() {
    let chunks = [
        json!({"id":"","object":"chat.completion.chunk","created":0,"model":"","provider":"p","choices":[{"index":0,"delta":{"role":"assistant","reasoning_content":"I "},"logprobs":null,"native":{"a":1},"finish_reason":null}],"usage":null}),
        json!({"id":"c","created":7,"model":"m","service_tier":null,"choices":[{"index":0,"delta":{"reasoning_content":"think","audio":{"id":"a","data":"AA"}},"finish_reason":null,"native":{"b":2}}]}),
        json!({"id":"d","created":8,"model":"n","service_tier":"flex","choices":[{"index":0,"delta":{"content":"Hi","audio":{"data":"BB","expires_at":5}},"finish_reason":"stop","stop_reason":42}],"x_groq":{"id":"req"}}),
    ];
    let expected = json!({
        "id":"c","object":"chat.completion","created":7,"model":"m",
        "choices":[{
            "index":0,
            "message":{"role":"assistant","content":"Hi","reasoning_content":"I think","audio":{"id":"a","data":"AABB","expires_at":5}},
            "logprobs":null,"native":{"a":1,"b":2},"stop_reason":42,"finish_reason":"stop",
        }],
        "provider":"p","service_tier":"flex","x_groq":{"id":"req"},
    });
    assert_eq!(folded(&chunks), expected);
    assert_eq!(oracle::fold(&chunks), expected);
}

#[test]
fn a_message_has_the_names_that_its_server_gave() {
    let table = [
        (
            vec![json!({"content":"a"})],
            json!({"role":"assistant","content":"a"}),
        ),
        (
            vec![json!({"reasoning":"a"}), json!({"reasoning":"b"})],
            json!({"role":"assistant","content":null,"reasoning":"ab"}),
        ),
        (
            vec![json!({"reasoning_text":"a","reasoning":null})],
            json!({"role":"assistant","content":null,"reasoning_text":"a","reasoning":null}),
        ),
        (
            vec![
                json!({"reasoning":"a","reasoning_content":"a"}),
                json!({"reasoning":"b","reasoning_content":"b"}),
            ],
            json!({"role":"assistant","content":null,"reasoning":"ab","reasoning_content":"ab"}),
        ),
        (
            vec![
                json!({"refusal":null}),
                json!({"refusal":"no"}),
                json!({"refusal":null}),
            ],
            json!({"role":"assistant","content":null,"refusal":"no"}),
        ),
        (
            vec![json!({"tool_calls":null}), json!({"content":""})],
            json!({"role":"assistant","content":"","tool_calls":null}),
        ),
        (
            vec![
                json!([]),
                json!({"role":""}),
                json!({"role":"tool"}),
                json!({"role":""}),
            ],
            json!({"role":"tool","content":null}),
        ),
    ];
    for (deltas, expected) in table {
        assert_eq!(message(&deltas), expected, "{deltas:?}");
    }
}

#[test]
fn values_by_what_they_are() {
    let table = [
        (
            "the last that is not null",
            vec![json!(1), json!("s"), json!(null), json!(true), json!(null)],
            json!(true),
        ),
        (
            "null if nothing else came",
            vec![json!(null), json!(null)],
            json!(null),
        ),
        (
            "a string is no text by itself",
            vec![json!("a"), json!("b")],
            json!("b"),
        ),
        (
            "objects are merged",
            vec![json!({"a":1,"b":{"c":1}}), json!({"b":{"d":2},"a":null})],
            json!({"a":1,"b":{"c":1,"d":2}}),
        ),
        (
            "another kind takes the place",
            vec![json!({"a":1}), json!([1]), json!("s"), json!({"b":1})],
            json!({"b":1}),
        ),
        (
            "texts inside are joined",
            vec![
                json!({"text":"a","summary":"b","name":"n"}),
                json!({"text":"c","summary":"d","name":"m"}),
            ],
            json!({"text":"ac","summary":"bd","name":"m"}),
        ),
        (
            "lists are appended",
            vec![json!([1]), json!([2, 3]), json!([])],
            json!([1, 2, 3]),
        ),
        (
            "a list that comes again is the same",
            vec![json!([1, 2]), json!([1, 2]), json!([1, 2])],
            json!([1, 2]),
        ),
        (
            "after another one, too",
            vec![json!([1]), json!([2]), json!([2])],
            json!([1, 2]),
        ),
        (
            "and where all of them come again",
            vec![json!([1]), json!([2]), json!([1, 2])],
            json!([1, 2]),
        ),
        (
            "a longer one that begins with it takes its place",
            vec![json!(["a"]), json!(["a", "b"]), json!(["a", "b", "c"])],
            json!(["a", "b", "c"]),
        ),
        (
            "a number that only looks so doesn't",
            vec![json!([1]), json!([12])],
            json!([1, 12]),
        ),
        (
            "by index",
            vec![
                json!([{"index":1,"text":"b"}]),
                json!([{"index":0,"text":"a"},{"index":1,"text":"B","signature":"s"}]),
            ],
            json!([{"index":0,"text":"a"},{"index":1,"text":"bB","signature":"s"}]),
        ),
        (
            "and by type, where one index has two",
            vec![
                json!([{"index":0,"type":"s","summary":"a"},{"index":0,"type":"e","data":"x"}]),
                json!([{"index":0,"type":"s","summary":"b"},{"index":0,"data":"y"}]),
            ],
            json!([{"index":0,"type":"s","summary":"ab"},{"index":0,"type":"e","data":"xy"}]),
        ),
        (
            "without an index a text is an item of its own",
            vec![json!([{"text":"a"}]), json!([{"text":"b"}])],
            json!([{"text":"a"},{"text":"b"}]),
        ),
    ];
    for (rule, pieces, expected) in table {
        assert_eq!(value(&pieces), expected, "{rule}");
    }
}

#[test]
fn of_a_key_that_comes_twice_in_an_object_the_last_counts() {
    let delta =
        |x: &str| format!(r#"{{"choices":[{{"delta":{{"x":{{"text":"never"}},"x":{x}}}}}]}}"#);
    let mut whole = hfetch::wire::completion::Completion::default();
    for payload in [
        delta(r#"{"text":"n","text":"a","k":1,"k":2}"#),
        delta(r#"{"t\u0065xt":"b","k":3,"k":null}"#),
    ] {
        let mut fields = Vec::new();
        hfetch::wire::chunk::read(payload.as_bytes(), &mut fields).unwrap();
        whole.apply(payload.as_bytes(), &fields);
    }
    let whole: Value = serde_json::from_slice(&whole.to_json()).unwrap();
    assert_eq!(
        whole["choices"][0]["message"]["x"],
        json!({"text":"ab","k":2})
    );
}

#[test]
fn content_that_comes_as_parts() {
    let text = |text: &str| json!({"type":"text","text":text});
    let thinking = |text: &str| json!({"type":"thinking","thinking":[{"type":"text","text":text}]});
    let image = |url: &str| json!({"type":"image_url","image_url":{"url":url}});
    let table = [
        (
            "neighbours of a type are one",
            vec![
                json!([thinking("Okay, ")]),
                json!([thinking("so.")]),
                json!([text("Hel")]),
                json!([text("lo")]),
            ],
            json!([thinking("Okay, so."), text("Hello")]),
            "Hello",
        ),
        (
            "in one list as well",
            vec![json!([text("Hel"), text("lo"), thinking("?")])],
            json!([text("Hello"), thinking("?")]),
            "Hello",
        ),
        (
            "a string goes on with them",
            vec![json!([thinking("a")]), json!([text("Hel")]), json!("lo")],
            json!([thinking("a"), text("Hello")]),
            "Hello",
        ),
        (
            "and they with a string",
            vec![json!("Hel"), json!([text("lo")])],
            json!([text("Hello")]),
            "Hello",
        ),
        (
            "an empty one is nothing",
            vec![json!(""), json!([thinking("a")]), json!("")],
            json!([thinking("a")]),
            "",
        ),
        (
            "what has no text stands for itself",
            vec![
                json!([image("a")]),
                json!([image("b")]),
                json!([image("b")]),
            ],
            json!([image("a"), image("b"), image("b")]),
            "",
        ),
        (
            "one part where a list is due",
            vec![json!(text("a")), json!(text("b"))],
            json!([text("ab")]),
            "ab",
        ),
        (
            "a list of strings is a string",
            vec![json!(["a", "b"]), json!("c")],
            json!("abc"),
            "abc",
        ),
        ("an empty list", vec![json!([])], json!([]), ""),
        (
            "an empty list before a string",
            vec![json!([]), json!("a")],
            json!("a"),
            "a",
        ),
        (
            "by index",
            vec![
                json!([{"type":"text","text":"a","index":0}]),
                json!([{"type":"text","text":"x","index":1}]),
                json!([{"text":"b","index":0}]),
            ],
            json!([{"type":"text","text":"ab","index":0},{"type":"text","text":"x","index":1}]),
            "axb",
        ),
    ];
    for (rule, pieces, expected, spoken) in table {
        let deltas: Vec<Value> = pieces
            .iter()
            .map(|piece| json!({"content": piece}))
            .collect();
        assert_eq!(message(&deltas)["content"], expected, "{rule}");
        let completion = completion(&super::of_deltas(&deltas));
        assert_eq!(completion.content(), spoken.as_bytes(), "{rule}");
    }
}

#[test]
fn all_that_a_model_wrote_counts_once() {
    let said = |deltas: &[Value]| {
        let mut text = String::new();
        completion(&super::of_deltas(deltas)).delivered(&mut |piece| text.push_str(piece));
        text
    };
    let part = |kind: &str, key: &str, text: &str| json!({"type":kind,key:text});
    assert_eq!(
        said(&[json!({"content":[part("thinking", "thinking", "a"), part("text", "text", "b")]})]),
        "ab"
    );
    assert_eq!(
        said(&[
            json!({"reasoning":"why","reasoning_content":"why","reasoning_details":[{"index":0,"text":"why"}],"content":"b"})
        ]),
        "whyb"
    );
    assert_eq!(
        said(&[
            json!({"content":[part("thinking", "thinking", "a"), part("text", "text", "b")],"reasoning_details":[{"index":0,"text":"a"}]})
        ]),
        "ab"
    );
    assert_eq!(
        said(&[json!({"reasoning_details":[{"index":0,"text":"why","data":"AAAA"}]})]),
        "why"
    );
    assert_eq!(
        said(&[json!({"function_call":{"name":"f","arguments":"{}"}})]),
        "f{}"
    );
    assert_eq!(
        said(&[json!({"audio":{"data":"AAAA","transcript":"yes"}})]),
        "yes"
    );
}

#[test]
fn a_message_beside_a_delta_is_not_read() {
    let choice = |choice: Value| json!({"choices":[choice]});
    let part = |text: &str| json!({"role":"assistant","content":text});
    let content = |chunks: &[Value]| {
        assert_eq!(folded(chunks), oracle::fold(chunks));
        folded(chunks)["choices"][0].take()
    };
    let both = |delta: &str, message: &str, order: bool| match order {
        true => choice(
            json!({"index":0,"delta":part(delta),"message":part(message),"text":message,"finish_reason":null}),
        ),
        false => choice(
            json!({"text":message,"message":part(message),"index":0,"finish_reason":null,"delta":part(delta)}),
        ),
    };
    for order in [false, true] {
        let whole = content(&[
            both("Hel", "Hel", order),
            both("lo", "Hello", order),
            both("", "Hello", order),
        ]);
        assert_eq!(
            whole,
            json!({"index":0,"message":part("Hello"),"finish_reason":null})
        );
    }
    let odd = choice(json!({"message":"text","delta":part("a")}));
    assert_eq!(content(&[odd])["message"]["content"], "a");
    let null = choice(json!({"delta":null,"message":part("a"),"finish_reason":"stop"}));
    assert_eq!(content(&[null])["message"]["content"], "a");
    // The whole message once more after its deltas.
    let last = choice(json!({"message":part("Hello"),"finish_reason":"stop"}));
    let whole = content(&[both("Hello", "Hello", true), last]);
    assert_eq!(
        (&whole["message"]["content"], &whole["finish_reason"]),
        (&json!("Hello"), &json!("stop"))
    );
}

#[test]
fn tokens_that_come_again_with_text_are_new() {
    let token = |token: &str| json!({"token":token,"logprob":0,"bytes":null,"top_logprobs":[]});
    let chunk = |text: &str, tokens: &[&str]| json!({"choices":[{"index":0,"logprobs":{"content":tokens.iter().map(|text| token(text)).collect::<Vec<_>>(),"refusal":null},"delta":{"content":text}}]});
    let tokens = |chunks: &[Value]| {
        let whole = folded(chunks);
        assert_eq!(whole, oracle::fold(chunks));
        let tokens = whole["choices"][0]["logprobs"]["content"]
            .as_array()
            .unwrap()
            .clone();
        tokens
            .iter()
            .map(|token| token["token"].as_str().unwrap().to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        tokens(&[
            chunk("ha", &["ha"]),
            chunk("ha", &["ha"]),
            chunk("haha", &["ha", "ha"])
        ]),
        ["ha", "ha", "ha", "ha"]
    );
    // A last chunk without text repeats it.
    assert_eq!(
        tokens(&[chunk("a", &["a"]), chunk("b", &["b"]), chunk("", &["b"])]),
        ["a", "b"]
    );
    // Part of a character is a token that brings no text yet.
    assert_eq!(
        tokens(&[chunk("a", &["a"]), chunk("", &["x"]), chunk("é", &["y"])]),
        ["a", "x", "y"]
    );
}

#[test]
fn what_cannot_be_read_as_meant_is_refused() {
    let choice = |choice: Value| json!({"choices":[choice]});
    let delta = |delta: Value| choice(json!({"index":0,"delta":delta}));
    let call = |call: Value| delta(json!({"tool_calls":[call]}));
    let function = |function: Value| call(json!({"index":0,"function":function}));
    let wrong = [json!(7), json!(true), json!("x")];
    for value in &wrong {
        for chunk in [
            json!({"choices":value}),
            choice(value.clone()),
            delta(value.clone()),
            delta(json!({"tool_calls":value})),
            call(value.clone()),
            call(json!({"function":value})),
        ] {
            assert!(refused(&chunk).is_some(), "{chunk}");
        }
    }
    for value in &wrong[..2] {
        for chunk in [
            delta(json!({"content":value})),
            delta(json!({"content":[value]})),
            delta(json!({"role":value})),
            delta(json!({"reasoning":value})),
            delta(json!({"refusal":value})),
            function(json!({"name":value})),
            function(json!({"arguments":value})),
            call(json!({"type":value})),
            choice(json!({"finish_reason":value})),
        ] {
            assert!(refused(&chunk).is_some(), "{chunk}");
        }
    }
    for chunk in [
        call(json!({"id":true})),
        call(json!({"id":{}})),
        call(json!({"index":"x"})),
        choice(json!({"index":{}})),
        delta(json!([1])),
        function(json!({"arguments":[1]})),
        choice(json!({"message":"x"})),
    ] {
        assert!(refused(&chunk).is_some(), "{chunk}");
    }
    for chunk in [
        json!({"choices":{}}),
        json!({"choices":[null, []]}),
        delta(json!([])),
        delta(json!({"tool_calls":null})),
        delta(json!({"tool_calls":[null]})),
        call(json!({"id":0,"index":"1","function":null})),
        function(json!({"arguments":[]})),
        function(json!([])),
        choice(json!({"logprobs":7})),
        choice(json!({"error":null,"finish_reason":null})),
    ] {
        assert_eq!(refused(&chunk), None, "{chunk}");
    }
}

#[test]
fn one_object_where_a_list_is_due() {
    let chunk = |text: &str| json!({"choices":{"index":"0","delta":{"content":text}}});
    assert_eq!(
        folded(&[chunk("a"), chunk("b")])["choices"][0]["message"]["content"],
        "ab"
    );
    assert_eq!(completion(&[chunk("a")]).choices_seen(), 1);
}
