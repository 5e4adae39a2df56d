//! Where keys come from, and which texts are no keys.

use hfetch::config::{Config, KeySource, check_given_key};
use hfetch::json::Value;

use super::{assert_refused, options, value};

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
        ("hf_…", "placeholder"),
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
    assert_refused(options("{}"), "apiKey", "missing");
    let hint = options("{}").unwrap_err().hint.clone();
    assert!(hint.contains("huggingface.co/settings/tokens") && hint.contains("HF_TOKEN"));
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
    // The same key twice would get two separate limits for one account.
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
fn what_a_key_function_gives_is_named_as_such() {
    for (given, words) in [
        ("", "must not be empty"),
        ("\thf_x", "white space"),
        ("Not Found", "white space"),
        ("Bearer hf_secret", "without \"Bearer\""),
        ("<!doctype html><p>secret</p>", "HTML"),
        ("\n <html>", "HTML"),
        ("{\"token\":\"hf_secret\"}", "JSON"),
        ("\"hf_secret\"", "JSON"),
    ] {
        let error = check_given_key(given).expect_err(given);
        assert_eq!(error.path.as_deref(), Some("apiKey"));
        assert!(error.message.contains("key function"), "{error}");
        assert!(error.message.contains(words), "{error} says {words:?}");
        assert!(!error.message.contains("secret"), "{error}");
    }
    assert_eq!(check_given_key("eyJhbGciOiJIUzI1NiJ9.e30.x-_"), Ok(()));
}
