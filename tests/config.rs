//! Options and the provider page's config block: what is taken, what is refused, and by which name.

use hfetch::config::{Config, KeySource, RequestOptions};
use hfetch::error::{Class, Error};
use hfetch::json::{self, Value};
use hfetch::policy::budget::{Budget, Per};
use hfetch::policy::cost::Pricing;
use proptest::prelude::*;

fn value(text: &str) -> Value {
    json::parse(text.as_bytes()).unwrap()
}

fn options(text: &str) -> Result<Config, Error> {
    Config::from_options(&value(text), &KeySource::None)
}

/// A valid client with one more field.
fn with(field: &str) -> Result<Config, Error> {
    options(&format!(r#"{{"apiKey": "hf_key", {field}}}"#))
}

#[track_caller]
fn assert_refused(result: Result<Config, Error>, path: &str, words: &str) {
    let error = result.expect_err(path);
    assert_eq!(error.class, Class::Config, "{error}");
    assert_eq!(error.path.as_deref(), Some(path), "{error}");
    assert!(error.message.contains(words), "{error} says {words:?}");
}

fn base_url(given: &str) -> Result<String, Error> {
    let text = serde_json::json!({"apiKey": "hf_key", "baseURL": given}).to_string();
    options(&text).map(|config| config.base_url.url)
}

#[test]
fn defaults() {
    let config = with(r#""id": "huggingface""#).unwrap();
    assert_eq!(config.base_url.url, "https://router.huggingface.co/v1");
    assert!(config.base_url.is_router);
    assert_eq!((config.batching.size, config.batching.concurrency), (32, 4));
    assert_eq!(config.retry.max_attempts, 3);
    assert_eq!(config.timeouts.connect(true), 60_000.0);
    assert_eq!(config.timeouts.connect(false), 600_000.0);
    assert_eq!(
        (config.timeouts.idle, config.timeouts.total),
        (60_000.0, None)
    );
    assert_eq!(config.max_event_bytes, 16 * 1024 * 1024);
    assert!(config.waiting.waits);
    assert_eq!(config.waiting.max_wait, 60_000.0);
    assert!(config.warnings.is_empty());
}

#[test]
fn every_field_reaches_the_config() {
    let config = options(
        r#"{"id": "mine", "apiKeys": ["hf_a", "hf_b"], "baseURL": "http://localhost:8080", "model": "org/name:fastest",
            "limits": {"requestsPerMinute": 10, "tokensPerMinute": 1000, "requestsPerMonth": 0, "maxConcurrent": 2, "onLimit": "error", "maxWait": 5},
            "budget": {"usd": 1.5, "per": "day"}, "embeddings": {"batchSize": 8, "concurrency": 1},
            "retry": {"baseDelay": 1, "maxDelay": 2, "maxLoadingWait": 3}, "maxRetries": 4,
            "timeout": {"connect": 1000, "idle": 2000, "total": 3000}, "maxEventBytes": 1024, "billTo": "acme", "headers": {"X-Trace": "1"}}"#,
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
    assert_eq!(config.waiting.max_wait, 5.0);
    assert_eq!(
        config.budget,
        Some(Budget {
            usd: 1.5,
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
        (1.0, 2.0, 3.0)
    );
    assert_eq!(
        (
            config.timeouts.connect(true),
            config.timeouts.idle,
            config.timeouts.total
        ),
        (1000.0, 2000.0, Some(3000.0))
    );
    assert_eq!(config.max_event_bytes, 1024);
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
    assert_refused(
        with(r#""organization": 1"#),
        "organization",
        "there are id, apiKey",
    );
    assert_refused(with(r#""fo": 1"#), "fo", "there are");
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
fn base_urls_have_one_spelling() {
    for (given, expected) in [
        (
            "https://router.huggingface.co/v1",
            "https://router.huggingface.co/v1",
        ),
        (
            "https://router.huggingface.co/v1///",
            "https://router.huggingface.co/v1",
        ),
        (
            "https://router.huggingface.co",
            "https://router.huggingface.co/v1",
        ),
        (
            "HTTPS://Router.HuggingFace.co/",
            "https://router.huggingface.co/v1",
        ),
        (
            "https://router.huggingface.co/v1/chat/completions",
            "https://router.huggingface.co/v1",
        ),
        (
            "https://router.huggingface.co/v1/chat/completions/",
            "https://router.huggingface.co/v1",
        ),
        ("http://localhost:8080", "http://localhost:8080/v1"),
        ("http://127.0.0.1:3000/", "http://127.0.0.1:3000/v1"),
        ("http://[::1]:3000", "http://[::1]:3000/v1"),
        ("http://[::1]", "http://[::1]/v1"),
        (
            "https://x.us-east-1.aws.endpoints.huggingface.cloud",
            "https://x.us-east-1.aws.endpoints.huggingface.cloud/v1",
        ),
        ("https://host/Some/Path/", "https://host/Some/Path"),
        ("https://host/chat/completions", "https://host"),
        (
            "https://api-inference.huggingface.co/v1",
            "https://router.huggingface.co/v1",
        ),
        (
            "https://api-inference.huggingface.co",
            "https://router.huggingface.co/v1",
        ),
        (
            "https://API-inference.huggingface.co/models/org/name",
            "https://router.huggingface.co/v1",
        ),
    ] {
        assert_eq!(base_url(given).unwrap(), expected, "{given}");
        // A spelling that was reached stays.
        assert_eq!(
            base_url(expected).unwrap(),
            if expected == "https://host" {
                "https://host/v1"
            } else {
                expected
            }
        );
    }
}

#[test]
fn what_is_no_base_url_is_refused() {
    for (given, words) in [
        ("", "empty"),
        ("router.huggingface.co/v1", "https://"),
        ("/v1", "https://"),
        ("ftp://host/v1", "https://"),
        ("javascript://host", "https://"),
        ("file:///etc/passwd", "https://"),
        ("https://", "host"),
        ("https:///v1", "host"),
        ("https://:8080", "host"),
        ("https://host:99999", "port"),
        ("https://host:0", "port"),
        ("https://host:", "port"),
        ("https://host:port", "port"),
        ("https://a:b:c", "host"),
        ("https://user:secret@host/v1", "credentials"),
        ("https://host/v1?key=secret", "query"),
        ("https://host/v1#top", "fragment"),
        ("https://host /v1", "white space"),
        ("https://host/v1\n", "white space"),
        ("https://host\\v1", "backslashes"),
    ] {
        let error = base_url(given).expect_err(given);
        assert_eq!(error.path.as_deref(), Some("baseURL"));
        assert!(error.message.contains(words), "{error} says {words:?}");
        assert!(!error.message.contains("secret"), "{error}");
    }
}

#[test]
fn the_retired_host_is_named_in_one_warning() {
    let config = with(r#""baseURL": "https://api-inference.huggingface.co/v1""#).unwrap();
    assert_eq!(config.warnings.len(), 1);
    assert!(config.warnings[0].contains("router.huggingface.co"));
    assert!(config.base_url.is_router);
}

#[test]
fn keys_are_refused_without_being_quoted() {
    for (key, words) in [
        ("", "empty"),
        ("hf_se cret", "white space"),
        ("hf_secret\n", "line break"),
        ("\rhf_secret", "line break"),
        ("hf_secret\u{0}", "printable ASCII"),
        ("hf_secr\u{e9}t", "printable ASCII"),
        ("hf_secret\u{a0}", "printable ASCII"),
        ("Bearer hf_secret", "without \"Bearer\""),
    ] {
        let one = serde_json::json!({"apiKey": key}).to_string();
        let list = serde_json::json!({"apiKeys": ["hf_good", key]}).to_string();
        let environment = KeySource::Environment(key.to_string());
        for (result, path) in [
            (options(&one), "apiKey"),
            (options(&list), "apiKeys[1]"),
            (Config::from_options(&value("{}"), &environment), "HF_TOKEN"),
        ] {
            let error = result.expect_err(path);
            assert_eq!(error.path.as_deref(), Some(path));
            assert!(error.message.contains(words), "{error} says {words:?}");
            assert!(!error.message.contains("secr"), "{error}");
        }
    }
    assert_refused(
        options(r#"{"apiKey": ["hf_a"]}"#),
        "apiKey",
        "a string or a function",
    );
    assert_refused(
        options(r#"{"apiKeys": "hf_a"}"#),
        "apiKeys",
        "must be a list",
    );
    assert_refused(options(r#"{"apiKeys": []}"#), "apiKeys", "at least one");
    assert_refused(
        options(r#"{"apiKeys": [5]}"#),
        "apiKeys[0]",
        "must be a string",
    );
}

#[test]
fn only_the_router_needs_a_key() {
    assert_refused(options("{}"), "apiKey", "HF_TOKEN");
    assert_refused(
        options(r#"{"baseURL": "https://router.huggingface.co/together/v1"}"#),
        "apiKey",
        "missing",
    );
    let local = options(r#"{"baseURL": "http://localhost:8080"}"#).unwrap();
    assert!(local.keys.is_empty() && !local.key_from_function);
}

#[test]
fn where_keys_come_from() {
    let environment = KeySource::Environment("hf_env".to_string());
    assert_eq!(
        Config::from_options(&value("{}"), &environment)
            .unwrap()
            .keys,
        ["hf_env"]
    );
    let given = value(r#"{"apiKey": "hf_own"}"#);
    assert_eq!(
        Config::from_options(&given, &environment).unwrap().keys,
        ["hf_own"]
    );
    // The same key twice would be two limits for one account.
    assert_eq!(
        options(r#"{"apiKeys": ["a", "b", "a"]}"#).unwrap().keys,
        ["a", "b"]
    );

    let picked = Config::from_options(&value("{}"), &KeySource::Function).unwrap();
    assert!(picked.key_from_function && picked.keys.is_empty());
    let function = Value::Object(vec![("apiKey".to_string(), Value::Other("function"))]);
    let left = Config::from_options(&function, &environment).unwrap();
    assert!(left.key_from_function && left.keys.is_empty());
    let both = Config::from_options(&value(r#"{"apiKeys": ["hf_a"]}"#), &KeySource::Function);
    assert_refused(both, "apiKeys", "together with apiKey");
}

#[test]
fn a_number_is_the_connect_timeout() {
    let config = with(r#""timeout": 1500"#).unwrap();
    assert_eq!(
        (
            config.timeouts.connect(true),
            config.timeouts.connect(false)
        ),
        (1500.0, 1500.0)
    );
    assert_eq!(config.timeouts.idle, 60_000.0);
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
            options.timeouts.idle,
            options.timeouts.total
        ),
        (100.0, 5.0, Some(9.0))
    );
    assert_eq!(
        (options.retry.max_attempts, options.retry.max_delay),
        (1, 7.0)
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

const PAGE: &str = r#"{"llm_providers": [{"id": "huggingface", "type": "huggingface", "api_keys": ["your-huggingface-token"],
    "base_url": "https://api-inference.huggingface.co/v1", "model": "microsoft/DialoGPT-medium",
    "pricing": {"input_token_cost": 0.0000002, "output_token_cost": 0.0000002},
    "limits": {"req_per_min": 300, "tokens_per_min": 100000}}]}"#;

fn env(name: &str) -> Option<String> {
    match name {
        "HF_ONE" => Some("hf_one".to_string()),
        "HF_BROKEN" => Some("hf_secret\n".to_string()),
        "HF_EMPTY" => Some(String::new()),
        _ => None,
    }
}

fn page_with(page: &str, id: Option<&str>, options: &str) -> Result<Config, Error> {
    Config::from_page(&value(page), id, &env, &value(options), &KeySource::None)
}

fn page(page: &str) -> Result<Config, Error> {
    page_with(page, None, "{}")
}

/// A list of one valid entry with more or other fields.
fn entry(fields: &str) -> Result<Config, Error> {
    page(&format!(
        r#"{{"llm_providers": [{{"id": "hf", "type": "huggingface", "api_keys": ["hf_key"], {fields}}}]}}"#
    ))
}

#[test]
fn the_pages_own_block() {
    let config = page(PAGE).unwrap();
    assert_eq!(config.id, "huggingface");
    assert_eq!(config.keys, ["your-huggingface-token"]);
    assert_eq!(config.base_url.url, "https://router.huggingface.co/v1");
    assert_eq!(config.model.as_deref(), Some("microsoft/DialoGPT-medium"));
    assert_eq!(config.limits.requests_per_minute, Some(300.0));
    assert_eq!(config.limits.tokens_per_minute, Some(100_000.0));
    let rates = config
        .pricing
        .as_ref()
        .and_then(|pricing| pricing.rates("any"))
        .unwrap();
    assert_eq!(
        (rates.input_per_million, rates.output_per_million),
        (2e-4, 2e-4)
    );
    let retired = config
        .warnings
        .iter()
        .filter(|warning| warning.contains("switched off"));
    assert_eq!(retired.count(), 1);
}

#[test]
fn one_entry_may_stand_alone() {
    let config = page(r#"{"id": "hf", "type": "huggingface", "api_keys": ["hf_key"]}"#).unwrap();
    assert_eq!(config.id, "hf");
    let bad = page(
        r#"{"id": "hf", "type": "huggingface", "api_keys": ["hf_key"], "limits": {"req_per_min": "many"}}"#,
    );
    assert_refused(bad, "limits.req_per_min", "must be a number");
}

#[test]
fn everything_else_in_the_file_is_skipped() {
    let config = page(
        r#"{"version": "1.0", "server": {"listen": ":2906"}, "policy": null, "llm_providers": [
            {"id": "openai", "type": "openai", "api_keys": 5, "whatever": true}, "nonsense",
            {"id": "hf", "type": "huggingface", "api_keys": ["hf_key"]}]}"#,
    );
    assert_eq!(config.unwrap().id, "hf");
}

#[test]
fn the_entry_is_selected_by_its_id() {
    let file = r#"{"llm_providers": [
        {"id": "a", "type": "huggingface", "api_keys": ["hf_a"]},
        {"id": "b", "type": "huggingface", "api_keys": ["hf_b"]},
        {"id": "c", "type": "openai", "api_keys": ["sk"]},
        {"id": "d", "api_keys": ["sk"]},
        {"id": "twice", "type": "huggingface", "api_keys": ["x"]}, {"id": "twice", "type": "openai", "api_keys": ["x"]}]}"#;
    assert_eq!(page_with(file, Some("b"), "{}").unwrap().keys, ["hf_b"]);
    assert_refused(page(file), "llm_providers", "several");
    assert_refused(
        page_with(file, Some("c"), "{}"),
        "llm_providers[2].type",
        "must be huggingface",
    );
    assert_refused(
        page_with(file, Some("d"), "{}"),
        "llm_providers[3].type",
        "missing",
    );
    assert_refused(
        page_with(file, Some("e"), "{}"),
        "llm_providers",
        "no entry with the id \"e\"",
    );
    assert_refused(
        page_with(file, Some("twice"), "{}"),
        "llm_providers",
        "several",
    );
    let alone = r#"{"id": "hf", "type": "huggingface", "api_keys": ["hf_key"]}"#;
    assert!(page_with(alone, Some("hf"), "{}").is_ok());
    assert_refused(
        page_with(alone, Some("other"), "{}"),
        "id",
        "not the selected id",
    );
}

#[test]
fn a_page_that_is_none_is_refused() {
    for (text, path, words) in [
        ("[]", "config", "must be an object"),
        ("null", "config", "must be an object, not null"),
        ("{}", "llm_providers", "missing"),
        (
            r#"{"llm_providers": []}"#,
            "llm_providers",
            "no entry of type huggingface",
        ),
        (
            r#"{"llm_providers": {}}"#,
            "llm_providers",
            "must be a list",
        ),
        (
            r#"{"llm_providers": [{"id": "x", "type": "openai"}]}"#,
            "llm_providers",
            "no entry of type huggingface",
        ),
        (
            r#"{"id": "x", "type": "openai", "api_keys": ["k"]}"#,
            "type",
            "must be huggingface",
        ),
        (r#"{"id": "x", "api_keys": ["k"]}"#, "type", "missing"),
    ] {
        assert_refused(page(text), path, words);
    }
}

#[test]
fn a_bad_field_of_the_page_is_refused_by_its_path() {
    for (fields, path, words) in [
        (r#""id": 5"#, "id", "must be a string"),
        (r#""api_keys": "hf_key""#, "api_keys", "must be a list"),
        (r#""api_keys": []"#, "api_keys", "at least one"),
        (r#""api_keys": ["a", 1]"#, "api_keys[1]", "must be a string"),
        (r#""api_keys": ["a", ""]"#, "api_keys[1]", "empty"),
        (
            r#""api_keys": ["${HF_NONE}"]"#,
            "api_keys[0]",
            "HF_NONE is not set",
        ),
        (
            r#""api_keys": ["${HF_EMPTY}"]"#,
            "api_keys[0]",
            "HF_EMPTY is not set",
        ),
        (
            r#""api_keys": ["${HF_BROKEN}"]"#,
            "api_keys[0]",
            "line break",
        ),
        (
            r#""api_keys": ["x${HF_ONE}"]"#,
            "api_keys[0]",
            "exactly ${NAME}",
        ),
        (r#""api_keys": ["${}"]"#, "api_keys[0]", "exactly ${NAME}"),
        (r#""api_keys": ["${1A}"]"#, "api_keys[0]", "exactly ${NAME}"),
        (r#""base_url": "host""#, "base_url", "https://"),
        (
            r#""base_url": null"#,
            "base_url",
            "must be a string, not null",
        ),
        (r#""model": 1"#, "model", "must be a string"),
        (
            r#""baseURL": "http://host""#,
            "baseURL",
            "did you mean base_url?",
        ),
        (r#""api_key": "k""#, "api_key", "did you mean api_keys?"),
        (r#""retry": {}"#, "retry", "is not an option"),
        (r#""limits": []"#, "limits", "must be an object"),
        (
            r#""limits": {"req_per_min": "300"}"#,
            "limits.req_per_min",
            "must be a number",
        ),
        (
            r#""limits": {"req_per_min": -1}"#,
            "limits.req_per_min",
            "at least 0",
        ),
        (
            r#""limits": {"tokens_per_min": null}"#,
            "limits.tokens_per_min",
            "not null",
        ),
        (
            r#""limits": {"req_per_minute": 1}"#,
            "limits.req_per_minute",
            "did you mean req_per_min?",
        ),
    ] {
        assert_refused(entry(fields), &format!("llm_providers[0].{path}"), words);
    }
    let without_id = r#"{"llm_providers": [{"type": "huggingface", "api_keys": ["k"]}]}"#;
    assert_refused(page(without_id), "llm_providers[0].id", "missing");
    let without_keys = r#"{"llm_providers": [{"id": "hf", "type": "huggingface"}]}"#;
    assert_refused(page(without_keys), "llm_providers[0].api_keys", "missing");
}

#[test]
fn prices_of_options_and_page() {
    let rates = |config: &Config| {
        config
            .pricing
            .as_ref()
            .and_then(|pricing| pricing.rates("org/name"))
            .unwrap()
    };
    let native = with(r#""pricing": {"inputPerMillion": 0.5, "outputPerMillion": 2}"#).unwrap();
    assert_eq!(rates(&native).output_per_million, 2.0);
    let by_model =
        with(r#""pricing": {"org/name": {"inputPerMillion": 1, "outputPerMillion": 3}}"#).unwrap();
    assert_eq!(rates(&by_model).output_per_million, 3.0);
    assert_eq!(
        with(r#""pricing": "live""#).unwrap().pricing,
        Some(Pricing::Live)
    );
    let with_unit = entry(
        r#""pricing": {"input_token_cost": 2e-7, "output_token_cost": 8e-7, "unit": "token"}"#,
    )
    .unwrap();
    assert!((rates(&with_unit).output_per_million - 0.8).abs() < 1e-12);
    assert!(with_unit.warnings.is_empty());
    for (fields, path) in [
        (r#""pricing": "live""#, "pricing"),
        (r#""pricing": {}"#, "pricing.input_token_cost"),
        (
            r#""pricing": {"input_token_cost": 1}"#,
            "pricing.output_token_cost",
        ),
        (
            r#""pricing": {"input_token_cost": "1", "output_token_cost": 1}"#,
            "pricing.input_token_cost",
        ),
        (
            r#""pricing": {"input_token_cost": 1, "output_token_cost": -1}"#,
            "pricing.output_token_cost",
        ),
        (
            r#""pricing": {"input_token_cost": 1, "output_token_cost": 1, "unit": "kg"}"#,
            "pricing.unit",
        ),
        (
            r#""pricing": {"input_token_cost": 1, "output_token_cost": 1, "currency": "USD"}"#,
            "pricing.currency",
        ),
    ] {
        assert_refused(entry(fields), &format!("llm_providers[0].{path}"), "");
    }
    assert_refused(with(r#""pricing": 5"#), "pricing", "\"live\"");
    assert_refused(
        with(r#""pricing": {"inputPerMillion": 5}"#),
        "pricing.outputPerMillion",
        "missing",
    );
}

#[test]
fn a_price_of_doubtful_unit_warns_once_and_is_refused_with_a_budget() {
    let warnings = page(PAGE).unwrap().warnings;
    let doubts: Vec<_> = warnings
        .iter()
        .filter(|warning| warning.contains("unit"))
        .collect();
    assert_eq!(doubts.len(), 1, "{warnings:?}");
    assert!(doubts[0].contains("llm_providers[0].pricing"));
    let budget = r#"{"budget": {"usd": 1, "per": "day"}}"#;
    assert_refused(
        page_with(PAGE, None, budget),
        "llm_providers[0].pricing",
        "unit",
    );
    let own = r#"{"budget": {"usd": 1, "per": "day"}, "pricing": {"inputPerMillion": 0.2, "outputPerMillion": 0.2}}"#;
    let config = page_with(PAGE, None, own).unwrap();
    assert!(
        !config
            .warnings
            .iter()
            .any(|warning| warning.contains("unit"))
    );
}

#[test]
fn keys_of_the_page_come_from_the_environment_by_name() {
    let config = entry(r#""api_keys": ["hf_literal", "${HF_ONE}"]"#).unwrap();
    assert_eq!(config.keys, ["hf_literal", "hf_one"]);
}

#[test]
fn what_has_no_meaning_here_is_named_in_one_warning() {
    let config = entry(r#""name": "Hugging Face", "limits": {"max_tokens": 8192, "session_limit": 5, "session_type": "1h"}"#).unwrap();
    assert_eq!(config.warnings.len(), 1);
    for field in [
        "name",
        "limits.max_tokens",
        "limits.session_limit",
        "limits.session_type",
    ] {
        assert!(
            config.warnings[0].contains(&format!("llm_providers[0].{field}")),
            "{:?}",
            config.warnings
        );
    }
}

#[test]
fn options_win_over_the_page() {
    let options = r#"{"id": "mine", "apiKey": "hf_own", "baseURL": "http://localhost:1", "model": "a/b",
        "limits": {"tokensPerMinute": 5, "maxConcurrent": 2}, "maxRetries": 0}"#;
    let config = page_with(PAGE, None, options).unwrap();
    assert_eq!(
        (config.id.as_str(), config.model.as_deref()),
        ("mine", Some("a/b"))
    );
    assert_eq!(config.keys, ["hf_own"]);
    assert_eq!(config.base_url.url, "http://localhost:1/v1");
    assert_eq!(config.limits.requests_per_minute, Some(300.0));
    assert_eq!(config.limits.tokens_per_minute, Some(5.0));
    assert_eq!(config.limits.max_concurrent, Some(2.0));
    assert_eq!(config.retry.max_attempts, 1);
    assert!(
        !config
            .warnings
            .iter()
            .any(|warning| warning.contains("switched off"))
    );
    assert_refused(
        page_with(PAGE, None, r#"{"model": 5}"#),
        "model",
        "must be a string",
    );
}

#[test]
fn keys_of_the_options_spare_those_of_the_page() {
    let file = r#"{"id": "hf", "type": "huggingface", "api_keys": ["${HF_NONE}"]}"#;
    assert_eq!(
        page_with(file, None, r#"{"apiKey": "hf_own"}"#)
            .unwrap()
            .keys,
        ["hf_own"]
    );
    let function =
        Config::from_page(&value(file), None, &env, &value("{}"), &KeySource::Function).unwrap();
    assert!(function.key_from_function && function.keys.is_empty());
    // The environment's default key is for clients that name none.
    let environment = KeySource::Environment("hf_env".to_string());
    assert_eq!(
        Config::from_page(&value(PAGE), None, &env, &value("{}"), &environment)
            .unwrap()
            .keys,
        ["your-huggingface-token"]
    );
}

proptest! {
    #[test]
    fn any_base_url_is_refused_or_settles(text in "(https?://)?[a-zA-Z0-9.:@/?#%\\[\\] -]{0,40}") {
        if let Ok(url) = base_url(&text) {
            prop_assert!(url.starts_with("http") && !url.ends_with('/') && !url.contains(['?', '#', '@', ' ']));
        }
    }

    #[test]
    fn any_options_are_taken_or_refused(name in "[a-zA-Z_]{0,14}", number: f64, text in "\\PC{0,12}") {
        for value in [Value::Number(number), Value::String(text.clone()), Value::Null, Value::Array(vec![Value::Number(number)])] {
            let _ = Config::from_options(&Value::Object(vec![(name.clone(), value)]), &KeySource::Function);
        }
    }
}
