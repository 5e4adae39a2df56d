//! Options and provider pages are accepted, or refused with the path of what is wrong. Accepted values can't inject anything, and
//! no error quotes a key.

use hfetch::config::{Config, KeySource, RequestOptions};
use hfetch::json::{self, Value};

const SECRET: &str = "hf_secret_of_the_fuzzer";

pub fn hold(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    // If a member's name is the key itself, the error quotes it, and that is right.
    if text.contains(SECRET) {
        return;
    }
    let Ok(value) = json::parse(data) else {
        return;
    };
    for source in [
        KeySource::None,
        KeySource::Function,
        KeySource::Environment(SECRET.to_string()),
    ] {
        match Config::from_options(&value, &source) {
            Ok(config) => checked(&config, &value),
            Err(error) => refused(&error.message, &value, &text),
        }
    }
    let env = |_: &str| Some(SECRET.to_string());
    let nothing = Value::Object(Vec::new());
    match Config::from_page(&value, None, &env, &nothing, &KeySource::None) {
        Ok(config) => checked(&config, &value),
        Err(error) => {
            assert!(error.path.is_some(), "{}", error.message);
            refused(&error.message, &value, &text);
        }
    }
}

fn checked(config: &Config, value: &Value) {
    for key in &config.keys {
        assert!(key.bytes().all(|byte| byte.is_ascii_graphic()), "{key:?}");
    }
    for (_, header) in &config.headers {
        assert!(!header.contains(['\r', '\n', '\0']), "{header:?}");
    }
    let url = &config.base_url.url;
    assert!(
        url.starts_with("http://") || url.starts_with("https://"),
        "{url}"
    );
    assert!(
        url.bytes().all(|byte| byte > b' ' && byte != 0x7f),
        "{url:?}"
    );
    assert!(!url.contains(['?', '#', '\\']), "{url:?}");
    let authority = url.split('/').nth(2).unwrap_or_default();
    assert!(!authority.contains('@') && !authority.is_empty(), "{url:?}");
    let _ = RequestOptions::from_value(value, config);
}

/// Strings of the input that would be keys, if they are too long to occur in a message by chance.
fn refused(message: &str, value: &Value, input: &str) {
    assert!(!message.contains(SECRET), "{message}");
    let keys = [
        value.get("apiKey"),
        value.get("apiKeys"),
        value.get("api_keys"),
    ];
    for key in keys.into_iter().flatten() {
        let texts = match key {
            Value::Array(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        };
        for text in texts.iter().filter_map(Value::as_str) {
            let only_there =
                text.starts_with("hf_") && text.len() >= 12 && input.matches(text).count() == 1;
            assert!(!only_there || !message.contains(text), "{message}");
        }
    }
}
