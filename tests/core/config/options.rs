//! The options of a client, and those of a request that override them.

use hfetch::config::{Config, KeySource, RequestOptions};
use hfetch::json::Value;
use hfetch::policy::budget::{Budget, Per};
use hfetch::unit::{Millis, Usd};

use super::{assert_refused, options, value, with};

#[test]
fn defaults() {
    let config = with(r#""id": "huggingface""#).unwrap();
    assert_eq!(config.base_url.url, "https://router.huggingface.co/v1");
    assert!(config.base_url.is_router);
    assert_eq!((config.batching.size, config.batching.concurrency), (32, 4));
    assert_eq!(config.retry.max_attempts, 3);
    assert_eq!(config.timeouts.connect(true), Millis(300_000.0));
    assert_eq!(config.timeouts.connect(false), Millis(600_000.0));
    assert_eq!(
        (
            config.timeouts.idle_before(),
            config.timeouts.idle(),
            config.timeouts.total
        ),
        (Millis(300_000.0), Millis(120_000.0), None)
    );
    assert_eq!(config.max_event_bytes, 16 * 1024 * 1024);
    assert_eq!(config.max_answer_bytes, 64 * 1024 * 1024);
    assert!(config.waiting.waits);
    assert_eq!(config.waiting.max_wait, Millis(60_000.0));
    assert!(config.warnings.is_empty());
}

#[test]
fn every_field_reaches_the_config() {
    let config = options(
        r#"{"id": "mine", "apiKeys": ["hf_a", "hf_b"], "baseURL": "http://localhost:8080", "model": "org/name:fastest",
            "limits": {"requestsPerMinute": 10, "tokensPerMinute": 1000, "requestsPerMonth": 0, "maxConcurrent": 2, "onLimit": "error", "maxWait": 5},
            "budget": {"usd": 1.5, "per": "day"}, "embeddings": {"batchSize": 8, "concurrency": 1},
            "retry": {"baseDelay": 1, "maxDelay": 2, "maxLoadingWait": 3}, "maxRetries": 4,
            "timeout": {"connect": 1000, "idle": 2000, "total": 3000}, "maxEventBytes": 1024, "maxAnswerBytes": 2048, "billTo": "acme", "headers": {"X-Trace": "1"}}"#,
    )
    .unwrap();
    assert_eq!(config.id, "mine");
    assert_eq!(config.keys, ["hf_a", "hf_b"]);
    assert_eq!(config.base_url.url, "http://localhost:8080/v1");
    assert!(!config.base_url.is_router);
    assert_eq!(config.model.as_deref(), Some("org/name:fastest"));
    assert_eq!(config.limits.requests_per_minute, Some(10.0));
    assert_eq!(config.limits.tokens_per_minute, Some(1000.0));
    assert_eq!(config.limits.requests_per_month, Some(0.0));
    assert_eq!(config.limits.max_concurrent, Some(2.0));
    assert!(!config.waiting.waits);
    assert_eq!(config.waiting.max_wait, Millis(5.0));
    assert_eq!(
        config.budget,
        Some(Budget {
            usd: Usd(1.5),
            per: Per::Day
        })
    );
    assert_eq!((config.batching.size, config.batching.concurrency), (8, 1));
    assert_eq!(config.retry.max_attempts, 5);
    assert_eq!(
        (
            config.retry.base_delay,
            config.retry.max_delay,
            config.retry.max_loading_wait
        ),
        (Millis(1.0), Millis(2.0), Millis(3.0))
    );
    assert_eq!(
        (
            config.timeouts.connect(true),
            config.timeouts.idle(),
            config.timeouts.total
        ),
        (Millis(1000.0), Millis(2000.0), Some(Millis(3000.0)))
    );
    assert_eq!(config.max_event_bytes, 1024);
    assert_eq!(config.max_answer_bytes, 2048);
    assert_eq!(config.bill_to.as_deref(), Some("acme"));
    assert_eq!(config.headers, [("X-Trace".to_string(), "1".to_string())]);
}

#[test]
fn a_bad_field_is_refused_by_its_path() {
    for (field, path, words) in [
        (r#""id": """#, "id", "empty"),
        (r#""id": 1"#, "id", "must be a string, not a number"),
        (r#""id": "a:b""#, "id", "colon"),
        (r#""model": """#, "model", "empty"),
        (r#""model": "a b""#, "model", "white space"),
        (r#""model": null"#, "model", "not null"),
        (r#""limits": 300"#, "limits", "must be an object"),
        (
            r#""limits": {"requestsPerMinute": "300"}"#,
            "limits.requestsPerMinute",
            "must be a number, not a string",
        ),
        (
            r#""limits": {"requestsPerMinute": -1}"#,
            "limits.requestsPerMinute",
            "at least 0",
        ),
        (
            r#""limits": {"tokensPerMinute": 1.5}"#,
            "limits.tokensPerMinute",
            "whole",
        ),
        (
            r#""limits": {"requestsPerMonth": true}"#,
            "limits.requestsPerMonth",
            "not a boolean",
        ),
        (
            r#""limits": {"maxConcurrent": 1e400}"#,
            "limits.maxConcurrent",
            "whole number",
        ),
        (
            r#""limits": {"onLimit": "throw"}"#,
            "limits.onLimit",
            "\"wait\" or \"error\"",
        ),
        (
            r#""limits": {"maxWait": -5}"#,
            "limits.maxWait",
            "milliseconds",
        ),
        (
            r#""limits": {"requestPerMinute": 5}"#,
            "limits.requestPerMinute",
            "did you mean requestsPerMinute?",
        ),
        (r#""budget": {"per": "day"}"#, "budget.usd", "missing"),
        (
            r#""budget": {"usd": -1, "per": "day"}"#,
            "budget.usd",
            "dollars",
        ),
        (r#""budget": {"usd": 1}"#, "budget.per", "\"hour\""),
        (
            r#""budget": {"usd": 1, "per": "year"}"#,
            "budget.per",
            "\"hour\"",
        ),
        (r#""budget": 5"#, "budget", "must be an object"),
        (
            r#""embeddings": {"batchSize": 0}"#,
            "embeddings.batchSize",
            "at least 1",
        ),
        (
            r#""embeddings": {"batchSize": 2.5}"#,
            "embeddings.batchSize",
            "whole",
        ),
        (
            r#""embeddings": {"concurrency": "4"}"#,
            "embeddings.concurrency",
            "must be a number",
        ),
        (r#""retry": true"#, "retry", "an object or false"),
        (
            r#""retry": {"maxAttempts": 0}"#,
            "retry.maxAttempts",
            "at least 1",
        ),
        (
            r#""retry": {"baseDelay": -1}"#,
            "retry.baseDelay",
            "milliseconds",
        ),
        (
            r#""retry": {"attempts": 3}"#,
            "retry.attempts",
            "is not an option",
        ),
        (r#""maxRetries": -1"#, "maxRetries", "at least 0"),
        (r#""maxRetries": 1.5"#, "maxRetries", "whole"),
        (
            r#""retry": false, "maxRetries": 2"#,
            "maxRetries",
            "contradicts",
        ),
        (
            r#""retry": {"maxAttempts": 2}, "maxRetries": 2"#,
            "maxRetries",
            "contradicts",
        ),
        (r#""timeout": 0"#, "timeout", "above 0"),
        (
            r#""timeout": "60s""#,
            "timeout",
            "a number or an object, not a string",
        ),
        (r#""timeout": {"idle": 0}"#, "timeout.idle", "above 0"),
        (
            r#""timeout": {"total": 2147483648}"#,
            "timeout.total",
            "24.8 days",
        ),
        (
            r#""timeout": {"read": 5}"#,
            "timeout.read",
            "is not an option",
        ),
        (r#""maxEventBytes": 0"#, "maxEventBytes", "at least 1"),
        (r#""maxAnswerBytes": 0"#, "maxAnswerBytes", "at least 1"),
        (r#""billTo": "a\nb""#, "billTo", "line breaks"),
        (r#""billTo": """#, "billTo", "empty"),
        (r#""headers": ["a"]"#, "headers", "must be an object"),
        (
            r#""headers": {"X-A": 1}"#,
            "headers.X-A",
            "must be a string",
        ),
        (
            r#""headers": {"X-A": "a\r\nb"}"#,
            "headers.X-A",
            "line breaks",
        ),
        (r#""headers": {"X-A": "a\u0000"}"#, "headers.X-A", "control"),
        (r#""headers": {"X-A": "\u20ac"}"#, "headers.X-A", "Latin-1"),
        (
            r#""headers": {"X A": "1"}"#,
            "headers.X A",
            "not a header name",
        ),
        (r#""headers": {"": "1"}"#, "headers.", "not a header name"),
        (
            r#""headers": {"authorization": "Bearer x"}"#,
            "headers.authorization",
            "apiKey",
        ),
        (
            r#""headers": {"Content-Length": "1"}"#,
            "headers.Content-Length",
            "set by the request",
        ),
        (r#""fetch": "fetch""#, "fetch", "must be a function"),
        (r#""onSettled": {}"#, "onSettled", "must be a function"),
        (r#""apiKeys": ["hf_a"]"#, "apiKeys", "together with apiKey"),
    ] {
        assert_refused(with(field), path, words);
    }
}

#[test]
fn an_unknown_option_names_the_one_that_was_meant() {
    for (given, meant) in [
        ("base_url", "baseURL"),
        ("baseUrl", "baseURL"),
        ("api_key", "apiKey"),
        ("apikeys", "apiKeys"),
        ("maxRetry", "maxRetries"),
        ("max_retries", "maxRetries"),
        ("timeouts", "timeout"),
        ("modle", "model"),
        ("onsettled", "onSettled"),
        ("header", "headers"),
        ("embedding", "embeddings"),
    ] {
        let words = format!("did you mean {meant}?");
        assert_refused(with(&format!(r#""{given}": 1"#)), given, &words);
    }
    assert_refused(with(r#""project": 1"#), "project", "there are id, apiKey");
    assert_refused(with(r#""fo": 1"#), "fo", "there are");
}

#[test]
fn options_of_other_clients_are_known_by_their_names_here() {
    for (given, ours) in [
        ("accessToken", "apiKey"),
        ("token", "apiKey"),
        ("endpointUrl", "baseURL"),
        ("defaultHeaders", "headers"),
        ("fetchOptions", "fetch"),
        ("httpAgent", "fetch"),
        ("organization", "billTo"),
        ("provider", "org/name:provider"),
        ("retry_on_error", "retry"),
    ] {
        assert_refused(with(&format!(r#""{given}": true"#)), given, ours);
    }
}

#[test]
fn what_openai_wants_to_hear_in_a_page_is_warned_of() {
    for value in ["true", "false"] {
        let field = format!(r#""dangerouslyAllowBrowser": {value}"#);
        let warnings = with(&field).unwrap().warnings;
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].contains("dangerouslyAllowBrowser is not needed"));
    }
    assert!(with(r#""id": "x""#).unwrap().warnings.is_empty());
}

#[test]
fn the_time_to_the_headers_has_two_names() {
    for field in ["headers", "connect"] {
        let config = with(&format!(r#""timeout": {{"{field}": 1500}}"#)).unwrap();
        assert_eq!(config.timeouts.connect(true), Millis(1500.0));
    }
    let both = with(r#""timeout": {"headers": 1500, "connect": 1500}"#);
    assert_eq!(both.unwrap().timeouts.connect(false), Millis(1500.0));
    assert_refused(
        with(r#""timeout": {"headers": 1500, "connect": 1501}"#),
        "timeout.connect",
        "contradicts headers",
    );
    for field in ["headers", "connect"] {
        let field = format!("timeout.{field}");
        let given = format!(r#""timeout": {{"{}": 0}}"#, &field[8..]);
        assert_refused(with(&given), &field, "above 0");
    }
}

#[test]
fn undefined_is_absent_and_null_is_not() {
    let undefined = |name: &str| (name.to_string(), Value::Other("undefined"));
    let given = Value::Object(vec![
        ("apiKey".to_string(), Value::String("hf_key".to_string())),
        undefined("limits"),
        undefined("model"),
        undefined("fetch"),
        undefined("noSuchOption"),
    ]);
    assert!(Config::from_options(&given, &KeySource::None).is_ok());
    assert!(Config::from_options(&Value::Other("undefined"), &KeySource::Function).is_ok());
    assert_refused(
        with(r#""limits": null"#),
        "limits",
        "must be an object, not null",
    );
    assert_refused(options("[]"), "options", "must be an object, not a list");
    assert_refused(options("null"), "options", "not null");
}

#[test]
fn numbers_that_are_none_are_refused() {
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for name in ["maxRetries", "timeout", "maxEventBytes"] {
            let given = Value::Object(vec![
                ("apiKey".to_string(), Value::String("hf_key".to_string())),
                (name.to_string(), Value::Number(number)),
            ]);
            assert_refused(
                Config::from_options(&given, &KeySource::None),
                name,
                "must be a",
            );
        }
    }
}

#[test]
fn a_number_is_the_time_to_the_headers() {
    let config = with(r#""timeout": 1500"#).unwrap();
    assert_eq!(
        (
            config.timeouts.connect(true),
            config.timeouts.connect(false)
        ),
        (Millis(1500.0), Millis(1500.0))
    );
    assert_eq!(config.timeouts.idle, None);
}

#[test]
fn both_spellings_of_retries() {
    for (field, attempts) in [
        (r#""retry": false"#, 1),
        (r#""maxRetries": 0"#, 1),
        (r#""retry": false, "maxRetries": 0"#, 1),
        (r#""maxRetries": 2"#, 3),
        (r#""retry": {"maxAttempts": 7}"#, 7),
        (r#""retry": {"maxAttempts": 7}, "maxRetries": 6"#, 7),
        (r#""retry": {"maxDelay": 5}"#, 3),
    ] {
        assert_eq!(with(field).unwrap().retry.max_attempts, attempts, "{field}");
    }
}

#[test]
fn options_of_a_request_go_over_the_clients() {
    let client = with(r#""timeout": {"idle": 5, "total": 9}, "maxRetries": 4, "retry": {"maxDelay": 7}, "headers": {"X-A": "1", "X-B": "2"}"#).unwrap();
    let untouched = RequestOptions::from_value(&value("{}"), &client).unwrap();
    assert_eq!(untouched.timeouts, client.timeouts);
    assert_eq!(untouched.headers, client.headers);
    let given = value(
        r#"{"timeout": 100, "maxRetries": 0, "headers": {"x-a": "3"}, "metadata": {"any": [1]}}"#,
    );
    let options = RequestOptions::from_value(&given, &client).unwrap();
    assert_eq!(
        (
            options.timeouts.connect(true),
            options.timeouts.idle(),
            options.timeouts.total
        ),
        (Millis(100.0), Millis(5.0), Some(Millis(9.0)))
    );
    assert_eq!(
        (options.retry.max_attempts, options.retry.max_delay),
        (1, Millis(7.0))
    );
    let pair = |name: &str, value: &str| (name.to_string(), value.to_string());
    assert_eq!(options.headers, [pair("X-B", "2"), pair("x-a", "3")]);
    for (given, path) in [
        (r#"{"timeout": -1}"#, "timeout"),
        (r#"{"retry": 3}"#, "retry"),
        (
            r#"{"headers": {"Authorization": "x"}}"#,
            "headers.Authorization",
        ),
        (r#"{"signals": 1}"#, "signals"),
        (r#"{"apiKey": "hf_other"}"#, "apiKey"),
    ] {
        let error = RequestOptions::from_value(&value(given), &client).expect_err(given);
        assert_eq!(error.path.as_deref(), Some(path));
    }
}
