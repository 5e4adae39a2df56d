//! The possible cost of a body: every text in it counts, and no spelling of a maximum gets past a cap.

use hfetch::call::open::count;
use hfetch::policy::token::{Estimator, estimate_text};
use hfetch::wire::request::{Caps, ChatRequest, Defaults, chat, responses};

const DEFAULTS: Defaults<'_> = Defaults {
    id: "huggingface",
    model: Some("org/name"),
    needs_usage: false,
    max_tokens: None,
    renames: true,
    caps: Caps::NONE,
};
const FOX: &str = "the quick brown fox jumps over the lazy dog ";

type Read = fn(&str, Defaults<'_>, &mut Estimator) -> Result<ChatRequest, hfetch::error::Error>;

fn of_chat(
    body: &str,
    defaults: Defaults<'_>,
    into: &mut Estimator,
) -> Result<ChatRequest, hfetch::error::Error> {
    chat(body, defaults, &mut |piece| count(into, piece))
}

fn of_responses(
    body: &str,
    defaults: Defaults<'_>,
    into: &mut Estimator,
) -> Result<ChatRequest, hfetch::error::Error> {
    responses(body, defaults, &mut |piece| count(into, piece))
}

fn tokens(read: Read, body: &str) -> u64 {
    let mut estimator = Estimator::default();
    read(body, DEFAULTS, &mut estimator).expect(body);
    estimator.tokens()
}

#[test]
fn no_string_of_a_body_is_free_wherever_it_stands() {
    let members = [
        r#""functions":[{"name":"f","description":"BIG","parameters":{}}]"#,
        r#""tools":[{"type":"function","function":{"name":"f","parameters":{"properties":{"BIG":{}}}}}]"#,
        r#""tools":[{"function":{"parameters":{"enum":["a","BIG"]}}}]"#,
        r#""response_format":{"type":"json_schema","json_schema":{"schema":{"description":"BIG"}}}"#,
        r#""response_format":{"BIG":1}"#,
        r#""documents":[{"text":"BIG"}]"#,
        r#""documents":["BIG"]"#,
        r#""chat_template":"BIG""#,
        r#""chat_template_kwargs":{"deep":[[{"x":"BIG"}]]}"#,
        r#""guided_json":{"a":"BIG"}"#,
        r#""prediction":{"type":"content","content":"BIG"}"#,
        r#""system":"BIG""#,
        r#""suffix":"BIG""#,
        r#""nobody_knows_me":"BIG""#,
        r#""nobody_knows_me":["BIG"]"#,
        r#""BIG":1"#,
        r#""User":"BIG""#,
        r#""\u006cost":"BIG""#,
    ];
    let big = FOX.repeat(100);
    let least = estimate_text(&big) * 9 / 10;
    let of = |rest: &str| rest.replace("BIG", &big);
    for member in members {
        let body = of(&format!(
            r#"{{"messages":[{{"role":"user","content":"hi"}}],{member}}}"#
        ));
        assert!(tokens(of_chat, &body) >= least, "{member}");
        let body = of(&format!(r#"{{"input":"hi",{member}}}"#));
        assert!(
            tokens(of_responses, &body) >= least,
            "a response's {member}"
        );
    }
    let messages = [
        r#"{"role":"BIG"}"#,
        r#"{"role":"user","reasoning_content":"BIG"}"#,
        r#"{"role":"user","nobody_knows_me":{"a":["BIG"]}}"#,
        r#"{"role":"user","BIG":null}"#,
        r#"{"role":"tool","tool_call_id":"BIG","content":"x"}"#,
        r#"{"role":"user","name":"BIG"}"#,
        r#"{"role":"assistant","function_call":{"name":"f","arguments":"BIG"}}"#,
        r#"{"role":"assistant","tool_calls":[{"function":{"arguments":"BIG"}}]}"#,
        r#"{"role":"user","images":["BIG"]}"#,
        r#"{"role":"user","content":[{"type":"BIG"}]}"#,
        r#"{"role":"user","content":[{"type":"new","words":"BIG"}]}"#,
        r#"{"role":"user","content":[{"type":"text","text":"x","also":"BIG"}]}"#,
        r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"x","detail":"BIG"}}]}"#,
        r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"BIG"}}]}"#,
        r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"},"text":"BIG"}]}"#,
        r#"{"role":"user","content":[{"type":"input_audio","input_audio":{"format":"BIG"}}]}"#,
        r#"{"role":"user","content":[{"type":"file","file":{"filename":"BIG","file_id":"x"}}]}"#,
        r#"{"role":"user","content":[{"type":"file","file":{"file_data":"data:text/plain,BIG"}}]}"#,
        r#"{"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"BIG"}]}]}"#,
        r#"{"role":"user","content":[{"type":"document","citations":{"context":"BIG"}}]}"#,
    ];
    for message in messages {
        let body = of(&format!(r#"{{"messages":[{message}]}}"#));
        assert!(tokens(of_chat, &body) >= least, "{message}");
        let body = of(&format!(r#"{{"input":[{message}]}}"#));
        assert!(tokens(of_responses, &body) >= least, "an item {message}");
    }
}

#[test]
fn short_words_add_up_where_there_are_many() {
    let short = "the quick brown fox jumps over";
    let least = estimate_text(short) * 900;
    for one in [
        r#"{"role":"WORDS"}"#,
        r#"{"role":"tool","tool_call_id":"WORDS"}"#,
        r#"{"role":"user","content":[{"type":"text","text":"","id":"WORDS"}]}"#,
        r#"{"role":"user","content":[{"type":"WORDS"}]}"#,
        r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"WORDS"}}]}"#,
        r#"{"role":"user","content":[{"type":"text","WORDS":0}]}"#,
        r#"{"role":"user","WORDS":0}"#,
    ] {
        let message = one.replace("WORDS", short);
        let body = format!(r#"{{"messages":[{}]}}"#, vec![message; 1_000].join(","));
        assert!(tokens(of_chat, &body) >= least, "{one}");
    }
}

#[test]
fn names_without_a_blank_add_up_as_well() {
    let name = "the-quick-brown-fox_jumps-over";
    let least = estimate_text(name) * 700;
    for many in [
        r#"{"role":"user","content":[{"type":"text","text":"","id":"NAME"},MORE]}"#,
        r#"{"role":"user","content":"","profile":["NAME",MORE]}"#,
        r#"{"role":"user","content":"","image_names":["NAME",MORE]}"#,
        r#"{"role":"user","content":[{"type":"text","text":"","documents":["NAME",MORE]}]}"#,
        r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":["NAME",MORE]}}]}"#,
    ] {
        let at = many.find(",MORE").expect("a list");
        let from = many[..at].rfind('[').expect("a list") + 1;
        let more = format!(",{}", &many[from..at]).repeat(999);
        let message = many.replace(",MORE", &more).replace("NAME", name);
        let body = format!(r#"{{"messages":[{message}]}}"#);
        assert!(tokens(of_chat, &body) >= least, "{many}");
    }
    let calls =
        format!(r#",{{"type":"function_call","call_id":"{name}","name":"f","arguments":""}}"#);
    let body = format!(r#"{{"input":["x"{}]}}"#, calls.repeat(1_000));
    assert!(tokens(of_responses, &body) >= least);
}

#[test]
fn what_no_model_is_shown_counts_nothing() {
    let plain = r#"{"messages":[{"role":"user","content":"hi"}]}"#;
    let settings = r#"{"messages":[{"role":"user","content":"hi"}],"model":"org/name","stream":true,"temperature":0.2,
        "top_k":40,"min_p":0.1,"logprobs":true,"seed":9007199254740993,"stop":["a long word that ends the answer"],
        "user":"somebody","metadata":{"job":"nightly"},"logit_bias":{"50256":-100},"stream_options":{"include_usage":true},
        "max_tokens":5,"n":2,"store":false,"service_tier":"auto","reasoning_effort":"low"}"#;
    assert_eq!(tokens(of_chat, settings), tokens(of_chat, plain));
}

#[test]
fn bytes_of_sound_films_and_files_count() {
    let blob = "/+4A".repeat(500_000);
    for (part, least) in [
        (
            r#"{"type":"input_audio","input_audio":{"data":"BLOB","format":"mp3"}}"#,
            20_000,
        ),
        (
            r#"{"type":"audio_url","audio_url":{"url":"data:audio/wav;base64,BLOB"}}"#,
            20_000,
        ),
        (
            r#"{"type":"video_url","video_url":{"url":"data:video/mp4;base64,BLOB"}}"#,
            20_000,
        ),
        (
            r#"{"type":"file","file":{"file_data":"data:application/pdf;base64,BLOB"}}"#,
            100_000,
        ),
        (
            r#"{"type":"file","file":{"file_data":"BLOB","filename":"a.pdf"}}"#,
            100_000,
        ),
    ] {
        let body = [r#"{"messages":[{"role":"user","content":["#, part, "]}]}"].concat();
        let told = tokens(of_chat, &body.replace("BLOB", &blob));
        assert!((least..least + 100).contains(&told), "{part}: {told}");
    }
    let image = r#"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,BLOB"}}]}]}"#;
    let told = tokens(of_chat, &image.replace("BLOB", &blob));
    assert!((1_000..1_010).contains(&told), "{told}");
}

/// Every way to ask for a number of tokens, and its path.
const LENGTHS: [(&str, &str); 12] = [
    (r#""Max_Tokens":V"#, "Max_Tokens"),
    (r#""maxTokens":V"#, "maxTokens"),
    (r#""max-tokens":V"#, "max-tokens"),
    (r#""max_new_tokens":V"#, "max_new_tokens"),
    (r#""num_predict":V"#, "num_predict"),
    (r#""n_predict":V"#, "n_predict"),
    (r#""extra_body":{"max_tokens":V}"#, "extra_body.max_tokens"),
    (
        r#""extra_body":{"max_tokens":1,"max_tokens":V}"#,
        "extra_body.max_tokens",
    ),
    (
        r#""extra_body":{"max\u005ftokens":V},"extra_body":{}"#,
        "extra_body.max_tokens",
    ),
    (r#""options":{"num_predict":V}"#, "options.num_predict"),
    (
        r#""parameters":{"max_new_tokens":V}"#,
        "parameters.max_new_tokens",
    ),
    (
        r#""generation_config":{"a":[{"maxOutputTokens":V}]}"#,
        "generation_config.a.maxOutputTokens",
    ),
];
const COUNTS: [(&str, &str); 6] = [
    (r#""best_of":V"#, "best_of"),
    (r#""N":V"#, "N"),
    (r#""num_return_sequences":V"#, "num_return_sequences"),
    (r#""candidateCount":V"#, "candidateCount"),
    (r#""extra_body":{"n":V}"#, "extra_body.n"),
    (
        r#""parameters":{"num_return_sequences":V}"#,
        "parameters.num_return_sequences",
    ),
];

fn asked(given: &str, caps: Caps) -> Result<ChatRequest, hfetch::error::Error> {
    let bounded = Defaults { caps, ..DEFAULTS };
    let body =
        format!(r#"{{"messages":[{{"role":"user","content":"hi"}}],"max_tokens":5,{given}}}"#);
    of_chat(&body, bounded, &mut Estimator::default())
}

#[test]
fn a_cap_holds_for_every_spelling_of_it() {
    let capped = Caps {
        length: Some(100.0),
        count: Some(2.0),
        is_spending: false,
    };
    for (spellings, most) in [(&LENGTHS[..], 100.0), (&COUNTS[..], 2.0)] {
        for (given, path) in spellings {
            let with = |value: &str| asked(&given.replace('V', value), capped);
            for wrong in [
                "101",
                "-1",
                "1e9",
                "0",
                "1.5",
                "true",
                "\"unlimited\"",
                "\"1\"",
            ] {
                let error = with(wrong).expect_err(given);
                assert_eq!(error.path.as_deref(), Some(*path), "{given} {wrong}");
            }
            let told = with(&most.to_string()).expect(given);
            let larger = told.max_tokens == Some(100.0) || told.choices == 2.0;
            assert!(larger, "{given}: {told:?}");
            with("null").expect(given);
        }
    }
}

#[test]
fn without_a_cap_or_a_budget_a_server_s_own_words_are_its_affair() {
    for (given, path) in LENGTHS.iter().chain(&COUNTS) {
        for value in ["1000000", "-1", "0", "\"x\"", "null"] {
            asked(&given.replace('V', value), Caps::NONE).expect(path);
        }
    }
}

#[test]
fn a_budget_holds_what_any_spelling_asks_for_and_takes_none_without_an_end() {
    let spending = Caps {
        is_spending: true,
        ..Caps::NONE
    };
    for (given, path) in LENGTHS {
        let told = asked(&given.replace('V', "100000"), spending).expect(path);
        assert_eq!(told.max_tokens, Some(100_000.0), "{path}");
        let error = asked(&given.replace('V', "-1"), spending).expect_err(path);
        assert_eq!(error.path.as_deref(), Some(path));
    }
    for (given, path) in COUNTS {
        let told = asked(&given.replace('V', "9"), spending).expect(path);
        assert_eq!(told.choices, 9.0, "{path}");
        asked(&given.replace('V', "\"many\""), spending).expect_err(path);
    }
}

#[test]
fn reasoning_that_is_asked_for_is_held_beside_the_answer() {
    let capped = Caps {
        length: Some(100.0),
        ..Caps::NONE
    };
    for given in [
        r#""thinking_budget":V"#,
        r#""thinking":{"type":"enabled","budget_tokens":V}"#,
    ] {
        let with = |value: &str| asked(&given.replace('V', value), capped);
        assert_eq!(with("70").expect(given).max_tokens, Some(75.0));
        assert_eq!(with("0").expect(given).max_tokens, Some(5.0));
        with("101").expect_err(given);
        with("-1").expect_err(given);
    }
}

#[test]
fn names_inside_schemas_and_words_are_no_settings() {
    let capped = Caps {
        length: Some(1.0),
        count: Some(1.0),
        is_spending: true,
    };
    let body = r#"{"model":"a/b","max_tokens":1,"messages":[{"role":"user","content":"x","n":9}],
        "tools":[{"function":{"parameters":{"max_tokens":99,"n":9}}}],"metadata":{"n":"9"},
        "response_format":{"json_schema":{"schema":{"properties":{"n":9}}}},"x":{"n":{"type":"integer"}}}"#;
    let bounded = Defaults {
        caps: capped,
        ..DEFAULTS
    };
    of_chat(body, bounded, &mut Estimator::default()).expect("names of its writer's own");
}

#[test]
fn a_budget_sends_its_bound_and_leaves_a_maximum_under_its_name() {
    let spending = Defaults {
        max_tokens: Some("4096"),
        renames: false,
        caps: Caps {
            is_spending: true,
            ..Caps::NONE
        },
        ..DEFAULTS
    };
    let m = r#""messages":[{"role":"user","content":"hi"}]"#;
    for (given, sent, most) in [
        ("", r#","max_tokens":4096"#, 4096.0),
        (r#","max_tokens":null"#, r#","max_tokens":4096"#, 4096.0),
        (r#","max_tokens":-1"#, r#","max_tokens":4096"#, 4096.0),
        (r#","max_tokens":9000"#, r#","max_tokens":9000"#, 9000.0),
        (
            r#","max_completion_tokens":9"#,
            r#","max_completion_tokens":9"#,
            9.0,
        ),
        (
            r#","max_completion_tokens":-1"#,
            r#","max_tokens":4096"#,
            4096.0,
        ),
        (
            r#","max_tokens":7,"max_completion_tokens":-1"#,
            r#","max_tokens":7"#,
            7.0,
        ),
        (
            r#","max_new_tokens":9"#,
            r#","max_new_tokens":9,"max_tokens":4096"#,
            4096.0,
        ),
    ] {
        let body = format!(r#"{{"model":"a/b",{m}{given}}}"#);
        let request = of_chat(&body, spending, &mut Estimator::default()).expect(&body);
        assert_eq!(request.body, format!(r#"{{"model":"a/b",{m}{sent}}}"#));
        assert_eq!(request.max_tokens, Some(most), "{given}");
    }
    for wrong in ["0", "\"unlimited\"", "-2", "[]"] {
        let body = format!(r#"{{{m},"max_tokens":{wrong}}}"#);
        of_chat(&body, spending, &mut Estimator::default()).expect_err(wrong);
    }
}
