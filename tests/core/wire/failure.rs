//! The class of a response with an error status, and the hint that it gives.

use hfetch::error::{Class, Error, redact};
use hfetch::unit::Millis;
use hfetch::wire::failure::{Response, from_response, name_status, unexpected};

fn error(status: u16, body: &str) -> Error {
    said_by(true, status, body)
}

fn said_by(of_hugging_face: bool, status: u16, body: &str) -> Error {
    from_response(Response {
        status,
        body: body.as_bytes(),
        has_key: true,
        of_hugging_face,
        usable_model: "some/model",
    })
}

#[test]
fn loading_is_what_says_so_and_nothing_that_sounds_like_it() {
    let table = [
        (
            r#"{"error":"Model x is currently loading","estimated_time":20.5}"#,
            Class::ModelLoading,
            Some(20_500.0),
        ),
        (
            r#"{"error":{"message":"not ready","estimated_time":20}}"#,
            Class::ModelLoading,
            Some(20_000.0),
        ),
        (
            r#"{"error":"The endpoint is starting"}"#,
            Class::ModelLoading,
            None,
        ),
        (
            r#"{"error":"error downloading the image"}"#,
            Class::InternalServer,
            None,
        ),
        (
            r#"{"error":"the server is overloading"}"#,
            Class::InternalServer,
            None,
        ),
    ];
    for (body, class, time) in table {
        let error = error(503, body);
        assert_eq!(
            (error.class, error.estimated_time),
            (class, time.map(Millis)),
            "{body}"
        );
    }
}

#[test]
fn words_are_found_wherever_a_server_keeps_them() {
    for body in [
        r#"{"error_code":17,"error_msg":"its words"}"#,
        r#"{"error":{"error_msg":"its words"}}"#,
        r#"{"error":{"error_message":"its words"}}"#,
        r#"{"error":{"code":400,"errors":[{"message":"its words"}]}}"#,
    ] {
        assert_eq!(error(400, body).message, "400 its words", "{body}");
    }
}

#[test]
fn a_model_is_suggested_only_where_the_model_is_at_fault() {
    let table = [
        (
            r#"{"error":"Model not supported by provider hf-inference"}"#,
            true,
        ),
        (
            r#"{"error":{"message":"The requested model 'x' does not exist.","param":"model","code":"model_not_found"}}"#,
            true,
        ),
        (
            r#"{"error":{"message":"'max_tokens' is deprecated, use max_completion_tokens","param":"max_tokens"}}"#,
            false,
        ),
        (
            r#"{"error":"tool_choice 'required' is not supported by this model"}"#,
            false,
        ),
        (r#"{"error":"image url does not exist"}"#, false),
    ];
    for (body, suggested) in table {
        let told = error(400, body);
        assert_eq!(told.hint.contains("some/model"), suggested, "{told:?}");
        assert!(!told.message.contains("some/model"), "{told:?}");
    }
}

#[test]
fn what_happened_and_what_to_do_are_told_apart() {
    let table = [
        (
            401,
            "",
            "401 status code with no message",
            "Check the token, or create one at",
        ),
        (
            402,
            r#"{"error":"no credits"}"#,
            "402 no credits",
            "buy credits",
        ),
        (
            403,
            r#"{"error":"a gated repo"}"#,
            "403 a gated repo",
            "accepted on its page",
        ),
        (
            404,
            "nothing",
            "404 nothing",
            "Check baseURL and the model's name.",
        ),
        (
            413,
            "",
            "413 status code with no message",
            "embeddings.batchSize",
        ),
        (429, "slow down", "429 slow down", "Slow down, add keys"),
        (
            503,
            r#"{"error":"loading","estimated_time":20}"#,
            "503 loading",
            "in about 20 s",
        ),
        (
            502,
            "",
            "502 status code with no message",
            "pin another one",
        ),
        (
            308,
            "",
            "308 The server redirects to where this request is not sent",
            "baseURL",
        ),
        (418, "short", "418 short", ""),
    ];
    for (status, body, message, hint) in table {
        let error = error(status, body);
        assert_eq!(error.message, message);
        assert!(
            error.hint.contains(hint) && hint.is_empty() == error.hint.is_empty(),
            "{error:?}"
        );
    }
}

#[test]
fn advice_speaks_of_hugging_face_to_those_who_asked_there() {
    let bodies = [
        "",
        "Invalid username or password.",
        "This authentication method does not have sufficient permissions to call Inference Providers",
        r#"{"error":{"code":"model_not_supported","message":"not supported by any provider you have enabled"}}"#,
        r#"{"error":{"code":"model_not_found","message":"The model does not exist"}}"#,
        r#"{"error":"Model is gated: no chat template"}"#,
    ];
    let words = [
        "hugging",
        "models.list",
        "HF_TOKEN",
        "billTo",
        "model:provider",
        "some/model",
    ];
    let mut told = 0;
    for status in [400, 401, 402, 403, 404, 413, 422, 429, 500, 503] {
        for body in bodies {
            let speaks = |error: &Error| words.iter().any(|word| error.hint.contains(word));
            told += usize::from(speaks(&error(status, body)));
            let elsewhere = said_by(false, status, body);
            assert!(!speaks(&elsewhere), "{elsewhere:?}");
            let theirs = error(status, body);
            assert_eq!(
                elsewhere.hint.is_empty(),
                theirs.hint.is_empty() || status == 403,
                "{theirs:?}"
            );
        }
    }
    assert!(told > 20, "{told}");
}

#[test]
fn a_redirect_says_that_it_is_one() {
    for (status, redirects) in [(301, true), (308, true), (299, false), (418, false)] {
        let message = &error(status, "").message;
        assert_eq!(message.contains("redirects"), redirects, "{message}");
    }
}

#[test]
fn a_message_is_one_line_and_commands_no_terminal() {
    for body in [
        r#"{"error":"a\nFATAL forged\u001b[2Jb\u009bc\rd"}"#,
        "a\nFATAL forged\u{1b}[2Jb\u{9b}c\rd",
    ] {
        let message = error(418, body).message.clone();
        assert!(message.contains("FATAL forged"), "{message}");
        assert!(!message.contains(char::is_control), "{message:?}");
    }
}

#[test]
fn of_a_key_in_a_message_that_is_cut_nothing_is_left() {
    let secrets = ["hf_abcdefghijklmnopqrstuvwxyz".to_string()];
    // Escapes would hide the secret from a search in the raw body.
    let body = [
        "{\"error\":\"",
        &"a ".repeat(295),
        "hf_\\u0061bcdefghijklmnopqrstuvwxyz\"}",
    ]
    .concat();
    let error = error(401, &body);
    let clean = redact(&error.message, &secrets);
    assert!(clean.ends_with("[redacted] …"), "{clean}");
    assert!(error.hint.starts_with("Check the token"), "{error:?}");
    assert!(!clean.contains("hf_ab"), "{clean}");
}

#[test]
fn of_a_page_only_a_plain_title_is_repeated() {
    for (page, said) in [
        (
            "<title>Bad gateway</title>",
            "an HTML page titled \"Bad gateway\"",
        ),
        ("<title><b>Bad</b></title>", "an HTML page"),
        (
            "<title> </title><h1>Down</h1>",
            "an HTML page titled \"Down\"",
        ),
        ("<title>Bad", "an HTML page"),
    ] {
        assert_eq!(error(502, page).message, ["502 ", said].concat());
    }
}

#[test]
fn the_status_stands_in_a_message_once() {
    let table = [
        (418, "418 I'm a teapot", "418 I'm a teapot"),
        (418, r#"{"error":"418: short"}"#, "418 short"),
        (418, r#"{"error":"HTTP 418 - short"}"#, "418 short"),
        (418, r#"{"error":"HTTP/1.1 418 short"}"#, "418 short"),
        (
            418,
            r#"{"error":{"message":"Error code: 418 - {'a': 1}"}}"#,
            "418 {'a': 1}",
        ),
        (418, r#"{"message":"[418] short"}"#, "418 short"),
        (
            418,
            r#"{"detail":"status code 418"}"#,
            "418 status code with no message",
        ),
        (
            418,
            "<title>418 Teapot</title>",
            "418 an HTML page titled \"Teapot\"",
        ),
        (418, "<h1>418</h1>", "418 an HTML page"),
        // Another number, and one that is no status of an answer.
        (418, r#"{"error":"4180 tokens"}"#, "418 4180 tokens"),
        (
            418,
            r#"{"error":"Error 500 behind the proxy"}"#,
            "418 Error 500 behind the proxy",
        ),
        (
            418,
            r#"{"error":"at most 418 tokens"}"#,
            "418 at most 418 tokens",
        ),
        (418, r#"{"error":"… – …"}"#, "418 … – …"),
    ];
    for (status, body, said) in table {
        assert_eq!(error(status, body).message, said, "{body}");
    }
}

#[test]
fn an_answer_that_is_none_says_its_status() {
    let message = |status, body: &str| unexpected(status, body.as_bytes()).message.clone();
    assert!(message(204, "").contains("status 204"));
    assert!(message(200, "").contains("status 200"));
    assert_eq!(unexpected(206, b"{}").status, Some(206));
    for (status, before, after) in [
        (
            204,
            "the body is empty",
            "the body is empty (The response has status 204.)",
        ),
        (204, "status 204: empty", "status 204: empty"),
        (200, "the body is empty", "the body is empty"),
        (429, "429 slow down", "429 slow down"),
    ] {
        let mut error = Error::new(Class::Stream, before);
        name_status(&mut error, status);
        assert_eq!(error.message, after);
    }
}
