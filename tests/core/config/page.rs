//! The provider page's config block.

use hfetch::config::{Config, KeySource};
use hfetch::error::Error;
use hfetch::policy::cost::Pricing;

use super::{assert_refused, value, with};

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

/// A list with one valid entry, in which these fields are added or replaced.
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
    // The environment's default key is only for clients that name no keys.
    let environment = KeySource::Environment("hf_env".to_string());
    assert_eq!(
        Config::from_page(&value(PAGE), None, &env, &value("{}"), &environment)
            .unwrap()
            .keys,
        ["your-huggingface-token"]
    );
}

#[test]
fn a_field_without_a_name_is_refused_by_a_path() {
    let error = page_with(r#"{"id": "hf", "type": "huggingface", "": 1}"#, None, "{}").unwrap_err();
    assert_eq!(error.path.as_deref(), Some("\"\""));
    assert!(
        error.message.starts_with("\"\": is not an option"),
        "{}",
        error.message
    );
}
