//! Options and the provider page's config block: what is accepted and what is refused, under which path.

mod any;
mod base_url;
mod key;
mod options;
mod page;
mod table;

use hfetch::config::{Config, KeySource};
use hfetch::error::{Class, Error};
use hfetch::json::{self, Value};

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
